//! The cases of the table: which requests each sends, and what the goal is.
//!
//! Called by `serve`. Fresh cases send each address once, so that nothing comes from the page cache: ages, places and
//! plans are combined. Addresses with private answers are sealed by the server first, as a form's answer would be.

use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;

use anyhow::Context as _;

use crate::client::{Line, Requests, fetch, request};

/// What browsers send. What is kept goes out in brotli, what is made fresh in gzip.
pub const BROWSER: &str = "gzip, deflate, br, zstd";
/// Places whose plans are looked up for the cases about plans.
const PLACES: usize = 1_000;
/// Distinct public addresses in a fresh case: more than are asked in one run.
const PUBLIC: usize = 45_000;
/// Distinct sealed addresses: these are never kept, so they may be asked again.
const SEALED: usize = 2_500;

/// The case whose rate, as browsers ask, is what the site can carry.
pub const CAPACITY: &str = "list of two, fresh";

pub struct Case {
    pub name: &'static str,
    pub coding: &'static str,
    pub address: SocketAddr,
    pub requests: Requests,
    pub status: u16,
    /// A rate, or a share of the small fixed answer.
    pub goal: &'static str,
}

impl Case {
    /// The same request again and again.
    pub fn same(name: &'static str, address: SocketAddr, coding: &'static str, path: &str) -> Case {
        let requests = Arc::new(vec![request(path, coding, "")]);
        Case { name, coding, address, requests, status: 200, goal: "" }
    }

    /// How answers are packed, in a word.
    pub fn coding(&self) -> &'static str {
        if self.coding == BROWSER { "browser" } else { self.coding }
    }

    /// Whether its goal is a share of what the small fixed answer reaches.
    pub fn is_a_share_of_small(&self) -> bool {
        self.goal.ends_with('%')
    }

    pub fn goal(self, goal: &'static str) -> Case {
        Case { goal, ..self }
    }
}

/// Where plans are sold, and which.
pub struct Place {
    /// `year=…&zip=…&county=…`
    query: String,
    plans: Vec<String>,
}

/// Places of the catalogue that the server serves, from its own pages.
pub async fn places(site: SocketAddr, pairs: &[(i64, i64, i64)]) -> anyhow::Result<Vec<Place>> {
    let step = (pairs.len() / PLACES).max(1);
    let mut places = Vec::new();
    for (year, zip, county) in pairs.iter().step_by(step) {
        let query = format!("year={year}&zip={zip:05}&county={county:05}");
        let (line, answer) = fetch(site, &format!("/plans?{query}&people=64"), "").await?;
        let page = String::from_utf8_lossy(line.body(&answer)).into_owned();
        let mut plans: Vec<String> =
            page.split("/plans/").skip(1).filter_map(|rest| Some(rest.get(..14)?.to_string())).collect();
        plans.sort_unstable();
        plans.dedup();
        if plans.len() >= 3 {
            places.push(Place { query, plans });
        }
    }
    anyhow::ensure!(!places.is_empty(), "this catalogue sells nothing");
    Ok(places)
}

/// What the n-th request of a fresh case asks.
type Ask = fn(&Place, usize) -> String;

fn one(place: &Place, n: usize) -> String {
    format!("/plans?{}&people={}", place.query, 18 + n % 46)
}

/// More distinct addresses than one person's ages and the places give: a couple's.
fn couple(place: &Place, n: usize) -> String {
    format!("/plans?{}&people={},{}", place.query, 18 + n % 46, 18 + n / 46 % 46)
}

fn credit(place: &Place, n: usize) -> String {
    format!("{}&income={}", one(place, n), 20_000 + n % 40_000)
}

fn family(place: &Place, n: usize) -> String {
    let (a, b, c) = (25 + n % 40, 24 + n % 37, n % 18);
    format!("/plans?{}&people={a},{b},{c},{},{}&income={}", place.query, c / 2, c / 3, 90_000 + n % 60_000)
}

fn six_filters(place: &Place, n: usize) -> String {
    let filters = "metal=expanded_bronze,silver,gold&type=hmo,ppo";
    let most = 400 + n % 400;
    format!("{}&{filters}&premium=-{most}&moop=-10000&stars=2&sort=deductible", one(place, n))
}

fn search(place: &Place, n: usize) -> String {
    const WORDS: [&str; 5] = ["blue", "silver", "health", "hmo", "care"];
    format!("{}&q={}", one(place, n), WORDS[n % WORDS.len()])
}

fn plan_at(place: &Place, n: usize, page: &str) -> String {
    let plan = &place.plans[n % place.plans.len()];
    // A person and a child: more distinct addresses than one person's ages.
    format!("/plans/{plan}{page}?{}&people={},{}", place.query, 18 + n % 46, n / 46 % 18)
}

fn plan(place: &Place, n: usize) -> String {
    plan_at(place, n, "")
}

fn every_line(place: &Place, n: usize) -> String {
    plan_at(place, n, "/costs")
}

fn compare(place: &Place, n: usize) -> String {
    let plans: String = (0..3).map(|i| format!("&plan={}", place.plans[(n + i) % place.plans.len()])).collect();
    format!("/compare?{}&people={},{}{plans}", place.query, 18 + n % 46, n / 46 % 18)
}

fn asks(places: &[Place], ask: Ask, which: Range<usize>) -> impl Iterator<Item = String> {
    // The place moves fastest; the number that ages and plans come from moves on after each round.
    which.map(move |n| ask(&places[n % places.len()], n / places.len() * 7919 + n % places.len()))
}

/// Every case about the site itself.
pub async fn of_the_site(site: SocketAddr, places: &[Place], list: &str, tag: &str) -> anyhow::Result<Vec<Case>> {
    let fresh = |name, coding, goal, ask| {
        let mut paths: Vec<String> = asks(places, ask, 0..PUBLIC).collect();
        paths.sort_unstable();
        paths.dedup();
        // Sorted addresses would ask one place after another.
        let paths = (0..paths.len()).map(|n| &paths[(n * 7919) % paths.len()]);
        let requests = Arc::new(paths.map(|path| request(path, coding, "")).collect());
        Case { name, coding, address: site, requests, status: 200, goal }
    };
    let credits = sealed(site, asks(places, credit, 0..SEALED)).await?;
    let families = sealed(site, asks(places, family, 0..SEALED)).await?;
    let found = sealed(site, asks(places, search, 0..SEALED)).await?;
    let private = |name, coding, goal, paths: &[String]| {
        let requests = Arc::new(paths.iter().map(|path| request(path, coding, "")).collect());
        Case { name, coding, address: site, requests, status: 200, goal }
    };
    let not_modified = request(list, BROWSER, &format!("if-none-match: {tag}\r\n"));
    let compared = tagged(site, asks(places, compare, 0..400)).await?;
    Ok(vec![
        Case::same("health", site, "", "/healthz"),
        Case::same("home, kept", site, BROWSER, "/").goal("70 %"),
        Case::same("list, kept", site, BROWSER, list).goal("70 %"),
        Case::same("list, kept", site, "gzip", list).goal("70 %"),
        Case { requests: Arc::new(vec![not_modified]), status: 304, ..Case::same("list, 304", site, BROWSER, list) }
            .goal("35,000"),
        Case { requests: compared, status: 304, ..Case::same("comparison, 304", site, BROWSER, list) },
        fresh("list of one, fresh", BROWSER, "5,000", one as Ask),
        fresh(CAPACITY, BROWSER, "5,000", couple),
        fresh(CAPACITY, "br", "", couple),
        fresh(CAPACITY, "", "", couple),
        private("list with a credit", BROWSER, "5,000", &credits),
        private("list with a credit", "br", "", &credits),
        private("family of five with a credit", BROWSER, "3,000", &families),
        private("family of five with a credit", "br", "", &families),
        fresh("six filters, sorted", BROWSER, "", six_filters),
        private("text search", BROWSER, "", &found),
        fresh("comparison of three", BROWSER, "3,000", compare),
        fresh("plan page", BROWSER, "4,000", plan),
        fresh("every-line page", BROWSER, "", every_line),
    ])
}

/// So many fresh lists, none of which another case has asked for, if there are places enough: at its second sighting a page is
/// kept, which is another kind of work.
pub fn fresh_lists(places: &[Place], count: usize) -> Requests {
    Arc::new(asks(places, couple, PUBLIC..PUBLIC + count).map(|path| request(&path, BROWSER, "")).collect())
}

/// The addresses that the server leads these to.
async fn sealed(site: SocketAddr, paths: impl Iterator<Item = String>) -> anyhow::Result<Vec<String>> {
    let mut line = Line::open(site).await?;
    let mut sealed = Vec::new();
    for path in paths {
        let answer = line.ask(&request(&path, "", "")).await?;
        let to = match answer.status {
            200 => path,
            303 => line.header(&answer, "location").context("a redirect to nowhere")?.to_string(),
            status => anyhow::bail!("{path}: {status}"),
        };
        sealed.push(to);
    }
    Ok(sealed)
}

/// Requests for these addresses by a browser that has the pages.
async fn tagged(site: SocketAddr, paths: impl Iterator<Item = String>) -> anyhow::Result<Requests> {
    let mut line = Line::open(site).await?;
    let mut requests = Vec::new();
    for path in paths {
        let answer = line.ask(&request(&path, BROWSER, "")).await?;
        anyhow::ensure!(answer.status == 200, "{path}: {}", answer.status);
        let tag = line.header(&answer, "etag").context("no ETag")?;
        requests.push(request(&path, BROWSER, &format!("if-none-match: {tag}\r\n")));
    }
    Ok(Arc::new(requests))
}
