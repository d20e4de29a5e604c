//! The one harness: the whole site in one process, as a person without JavaScript sees it.
//!
//! Every test of a page opens a [`Site`] here and visits it: `site.visit("/plans?…")`, then `page.heading()`,
//! `page.click("Next plans")`, `page.fill("Your ZIP code", "45202").press("See plans")`, `page.cards()`. The
//! parts are the product's own: the real loader's catalogue of the shipped sample, `App::build`, the real routes and
//! layers. What is on a page is found the way a person finds it (heading, label, words of a link), never by its
//! position in the markup; the few class names needed are in `page.rs`. The date is given: no test depends on the day
//! it runs.

pub mod form;
pub mod jar;
pub mod page;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use clap::Parser as _;
use http_body_util::BodyExt as _;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::OnceCell;
use tower::ServiceExt as _;
use windowshop::app::App;
use windowshop::catalogue::Catalogue;
use windowshop::cli::Cli;
use windowshop::config::Config;
use windowshop::filing::codes::Sort;
use windowshop::filing::marks::SCHEMA_VERSION;
use windowshop::floor::wire::Wire;
use windowshop::office::Office;
use windowshop::quote::ask::address::{Asked, Search};
use windowshop::quote::market;
use windowshop::quote::settle::{Settled, settle};
use windowshop::router;
use windowshop::types::Cents;
use windowshop::verify::Knows;
use windowshop::web::door::Door;
use windowshop::web::sealed::Said;

pub use page::{Card, Page};

/// The date in every test that names no other: open enrollment for 2027 is under way. Noon in Washington, so it is
/// the same day everywhere in the country.
pub const TODAY: OffsetDateTime = datetime!(2026-11-21 17:00 UTC);

/// The empty catalogue of [`Site::empty`].
pub const CATALOGUE: &str = "catalogue-2026-20261121-ab12cd34.db";

/// Requests come as if from a trusted proxy on this machine.
const PROXY: Wire = Wire { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), hosts_wrong: false };

/// Redirects followed before a test gives up.
const MOST_REDIRECTS: usize = 3;

/// A row of a spreadsheet, by column.
pub type Row = HashMap<String, String>;

/// The running site. A clone is the same site.
#[derive(Clone)]
pub struct Site {
    pub app: Arc<App>,
    pub router: Door,
    /// Prefix of every address that a test names: empty, or a language's.
    prefix: &'static str,
    /// The browser's cookies; the shop needs none.
    jar: Option<jar::Jar>,
    /// The network address that the proxy names; empty: none.
    network: &'static str,
    /// Deleted with the last clone.
    _folder: Option<Arc<TempDir>>,
}

// ── Opening ──────────────────────────────────────────────────────────────────────────────────────────────────────

/// Rules and words, read once for all tests.
pub fn knows() -> Arc<Knows> {
    static KNOWS: LazyLock<Arc<Knows>> = LazyLock::new(|| Arc::new(Knows::load().expect("whole")));
    Arc::clone(&KNOWS)
}

impl Site {
    /// With the shipped sample.
    pub async fn open() -> Site {
        Site::on(TODAY).await
    }

    /// With the shipped sample, on another day.
    pub async fn on(now: OffsetDateTime) -> Site {
        Site::start(with_catalogues(sample().await, &[]), now).await
    }

    /// With the catalogues of a folder.
    pub async fn of(catalogues: &Path) -> Site {
        Site::start(with_catalogues(catalogues, &[]), TODAY).await
    }

    /// With one catalogue that holds no plan, and these settings: for tests that have nothing to do with plans.
    pub async fn empty(settings: &[&str]) -> Site {
        let folder = empty_data_folder().await;
        let site = Site::start(config(folder.path(), settings), TODAY).await;
        Site { _folder: Some(Arc::new(folder)), ..site }
    }

    async fn start(config: Config, now: OffsetDateTime) -> Site {
        let app = App::build(config, move || now).await.expect("the site starts");
        Site { router: router::router(Arc::clone(&app)), app, prefix: "", jar: None, network: "", _folder: None }
    }

    /// The running site's parts, on the shipped sample, with these settings.
    pub async fn app_with(settings: &[&str]) -> Arc<App> {
        let config = with_catalogues(sample().await, settings);
        App::build(config, || TODAY).await.expect("the site starts")
    }

    /// The same on the catalogues of a folder.
    pub async fn app_of(catalogues: &Path, settings: &[&str]) -> Arc<App> {
        App::build(with_catalogues(catalogues, settings), || TODAY).await.expect("the site starts")
    }

    /// With the office beside the shop, in a browser that keeps cookies.
    pub fn with_office(app: Arc<App>, office: &Arc<Office>) -> anyhow::Result<Site> {
        let router = router::with_office(&app, office, &knows())?;
        Ok(Site { router, app, prefix: "", jar: Some(jar::Jar::default()), network: "", _folder: None })
    }

    /// The same site in another browser.
    pub fn another_browser(&self) -> Site {
        Site { jar: Some(jar::Jar::default()), ..self.clone() }
    }

    /// The same browser in another network.
    pub fn in_network(&self, address: &'static str) -> Site {
        Site { network: address, ..self.clone() }
    }

    /// Another router of the same site, in a browser that has been nowhere yet.
    pub fn behind(&self, router: Door) -> Site {
        Site { router, ..self.another_browser() }
    }

    /// A form with files, as a browser on this site sends it; the first answer.
    pub async fn upload(&self, address: &str, files: &[(&str, &[u8])]) -> Page {
        let mut body = Vec::new();
        for (name, bytes) in files {
            body.extend(b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"");
            body.extend(name.as_bytes());
            body.extend(b"\"\r\ncontent-type: application/octet-stream\r\n\r\n");
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--edge--\r\n");
        let length = body.len().to_string();
        let headers = [
            ("content-type", "multipart/form-data; boundary=edge"),
            ("content-length", length.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send("POST", &self.localized(address), &headers, Body::from(body)).await
    }

    /// The browser's cookies.
    pub fn jar(&self) -> &jar::Jar {
        self.jar.as_ref().expect("a browser that keeps cookies")
    }

    /// The same site, with Spanish addresses.
    pub fn in_spanish(&self) -> Site {
        Site { prefix: "/es", ..self.clone() }
    }

    pub fn is_spanish(&self) -> bool {
        !self.prefix.is_empty()
    }

    /// A test's own pages behind the product's layers, instead of the product's pages.
    pub fn serving(&self, routes: Router<Arc<App>>) -> Site {
        let router = Door::new(routes, &self.app);
        Site { router, ..self.clone() }
    }
}

/// The shipped sample, loaded once for all tests of this binary.
async fn sample() -> &'static PathBuf {
    static SAMPLE: OnceCell<PathBuf> = OnceCell::const_new();
    SAMPLE
        .get_or_init(async || {
            // Kept as long as the process runs; named after it, so that two runs do not collide.
            let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sample-{}", std::process::id()));
            windowshop::serve::build_sample_into(&dir).await.expect("the shipped sample loads");
            dir
        })
        .await
}

fn with_catalogues(catalogues: &Path, settings: &[&str]) -> Config {
    let named = ["--catalogues", catalogues.to_str().expect("UTF-8")];
    settings_of(&[&named, settings].concat())
}

/// Settings with this data folder.
pub fn config(data_dir: &Path, settings: &[&str]) -> Config {
    let named = ["--data-dir", data_dir.to_str().expect("UTF-8")];
    settings_of(&[&named, settings].concat())
}

fn settings_of(settings: &[&str]) -> Config {
    let fixed = ["windowshop", "--listen", "127.0.0.1:0", "--trusted-proxies", "127.0.0.1"];
    let cli = Cli::try_parse_from(fixed.iter().chain(settings)).expect("settings");
    let (config, faults) = Config::read(&cli.serve);
    assert_eq!(faults, []);
    config
}

/// A data folder with one empty catalogue for 2026.
pub async fn empty_data_folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("catalogues")).expect("a folder");
    make_catalogue(&folder.path().join("catalogues").join(CATALOGUE), &SCHEMA_VERSION.to_string(), "2026").await;
    folder
}

/// A catalogue in which no plan can be looked up, with any schema and year that a test wants written in it.
pub async fn make_catalogue(path: &Path, schema: &str, year: &str) {
    const SCHEMA: &str = include_str!("../../sql/catalogue/schema.sql");
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(false);
    let options = options.pragma("ignore_check_constraints", "on");
    let mut db = SqliteConnection::connect_with(&options).await.expect("a file");
    sqlx::raw_sql(sqlx::AssertSqlSafe(SCHEMA)).execute(&mut db).await.expect("the schema");
    for (key, value) in [("schema_version", schema), ("plan_year", year), ("rates_provenance", "filed")] {
        let insert = sqlx::query("INSERT INTO meta VALUES ($1, $2)").bind(key).bind(value);
        insert.execute(&mut db).await.expect("a row");
    }
    for table in ["county", "zip_county", "rating_area", "issuer", "plan", "variant", "rate", "sold"] {
        let insert = sqlx::query("INSERT INTO meta VALUES ($1, '1')").bind(format!("count.{table}"));
        insert.execute(&mut db).await.expect("a row");
        // One row of ones: something is there, and no test looks at what.
        let columns = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM pragma_table_info($1)").bind(table);
        let columns = columns.fetch_one(&mut db).await.expect("its columns");
        let ones = vec!["1"; usize::try_from(columns).expect("few")].join(", ");
        let insert = sqlx::AssertSqlSafe(format!("INSERT INTO {table} VALUES ({ones})"));
        sqlx::query(insert).execute(&mut db).await.expect("a row");
    }
    db.close().await.expect("it closes");
    windowshop::catalogue::seal::seal(path).expect("a seal");
}

// ── Visiting ─────────────────────────────────────────────────────────────────────────────────────────────────────

impl Site {
    /// What a browser shows at an address: redirects are followed.
    pub async fn visit(&self, address: &str) -> Page {
        let first = self.get(address).await;
        self.follow(first).await
    }

    /// The first answer, even if it is a redirect.
    pub async fn get(&self, address: &str) -> Page {
        self.get_with(address, &[]).await
    }

    pub async fn get_with(&self, address: &str, headers: &[(&str, &str)]) -> Page {
        self.send("GET", &self.localized(address), headers, Body::empty()).await
    }

    /// The first answer to a form's body, as a browser on this site sends it.
    pub async fn post(&self, address: &str, body: &str) -> Page {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        self.send("POST", &self.localized(address), &headers, Body::from(body.to_string())).await
    }

    /// `/plans?…` → `/es/plans?…`, `/?…` → `/es?…`.
    fn localized(&self, address: &str) -> String {
        match (self.prefix, address.strip_prefix('/')) {
            ("", _) => address.to_string(),
            (prefix, Some(rest)) if rest.is_empty() || rest.starts_with('?') => format!("{prefix}{rest}"),
            (prefix, _) => format!("{prefix}{address}"),
        }
    }

    pub(crate) async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..MOST_REDIRECTS {
            if !(300..400).contains(&page.status) || page.header("location").is_empty() {
                return page;
            }
            let to = page.header("location").to_string();
            page = self.send("GET", &to, &[], Body::empty()).await;
        }
        panic!("redirects without end: {}", page.address);
    }

    /// Any request, at exactly this address.
    pub async fn send(&self, method: &str, address: &str, headers: &[(&str, &str)], body: Body) -> Page {
        let mut request = Request::builder().method(method).uri(address);
        if let Some(cookies) = self.jar.as_ref().and_then(jar::Jar::line) {
            request = request.header("cookie", cookies);
        }
        if !self.network.is_empty() {
            request = request.header("x-forwarded-for", self.network);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.extension(PROXY).body(body).expect("a request"))
            .await
            .expect("an answer");
        let (parts, body) = response.into_parts();
        if let Some(jar) = &self.jar {
            jar.keep(&parts.headers);
        }
        let body = body.collect().await.expect("a whole body").to_bytes().to_vec();
        Page::new(self.clone(), address, (parts.status, parts.headers), body)
    }
}

// ── A search ─────────────────────────────────────────────────────────────────────────────────────────────────────

impl Site {
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(self.app.catalogues.current().newest())
    }

    /// What the query of an address settles to.
    pub fn search(&self, query: &str) -> Search {
        let (catalogues, now) = (self.app.catalogues.current(), (self.app.clock)());
        match settle(&catalogues, &self.app.tables, now, &mut Asked::read(query)) {
            Ok(Settled::Search(settlement)) => settlement.search,
            _ => panic!("{query} is no search"),
        }
    }

    /// The pairs of an address, private ones opened, sorted; `?a=b` or a whole address.
    pub fn said(&self, address: &str) -> Vec<String> {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let today = (self.app.clock)().to_offset(time::macros::offset!(-10)).date();
        let said = Said::read(query, None, &self.app.sealer, today).query;
        let mut pairs: Vec<String> = form_urlencoded::parse(said.as_bytes()).map(|(n, v)| format!("{n}={v}")).collect();
        pairs.sort();
        pairs
    }

    /// How many plans the list holds.
    pub async fn total(&self, query: &str) -> usize {
        market::tally(&self.catalogue(), &self.search(query)).await.expect("a tally").total()
    }

    /// The lowest premium of the list.
    pub async fn cheapest(&self, query: &str) -> Cents {
        let (catalogue, search) = (self.catalogue(), self.search(query));
        let tally = market::tally(&catalogue, &search).await.expect("a tally");
        tally.results(Sort::Premium)[0].premium
    }

    /// The plans of a search as in the spreadsheet: all of them, in list order.
    pub async fn rows(&self, query: &str) -> Vec<Row> {
        self.visit(&format!("/plans.csv?{query}")).await.rows()
    }

    /// The cards of a list on all its pages, one a plan. `list`: `/plans?…`.
    pub async fn all_cards(&self, list: &str) -> Vec<Card> {
        let mut all = Vec::new();
        for number in 1.. {
            let page = self.visit(&format!("{list}&group=off&page={number}")).await;
            all.extend(page.cards());
            if !page.turns_to(number + 1) {
                break;
            }
        }
        all
    }
}

/// A cell with money in it.
#[track_caller]
pub fn cents(row: &Row, column: &str) -> i64 {
    Cents::parse(&row[column]).unwrap_or_else(|| panic!("{column} is money: {row:?}")).0
}

/// ZIPs of the sample that are in one county only, with that county.
pub const PLACES: [(&str, &str); 8] = [
    ("43215", "39049"),
    ("45202", "39061"),
    ("44114", "39035"),
    ("46204", "18097"),
    ("47104", "18019"),
    ("26505", "54061"),
    ("25701", "54011"),
    ("25301", "54039"),
];
