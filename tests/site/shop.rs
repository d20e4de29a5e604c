//! The shop, in-process: the real loader's catalogue of the shipped sample, the real router.
//!
//! The sample's truths (which counties, how many plans) are CMS's, not ours: see data/README.md.

mod benchmark;
mod care;
mod counting;
mod enroll;
mod families;
mod how;
mod opening;
mod pages;
mod prices;
mod yearly;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use clap::Parser as _;
use http_body_util::BodyExt as _;
use tokio::sync::OnceCell;
use tower::ServiceExt as _;
use windowshop::app::App;
use windowshop::catalogue::Catalogue;
use windowshop::cli::Cli;
use windowshop::config::Config;
use windowshop::eligibility::rating::RatingRules;
use windowshop::eligibility::tables::plan_year_days;
use windowshop::quote::ask::address::{Asked, Search};
use windowshop::quote::market;
use windowshop::quote::policy::Policy;
use windowshop::router;
use windowshop::types::Cents;

/// The shipped sample, loaded once for all tests of this binary.
static SAMPLE: OnceCell<PathBuf> = OnceCell::const_new();

async fn sample() -> &'static PathBuf {
    SAMPLE
        .get_or_init(async || {
            // Kept for the process's life; named after it, so that two runs do not meet.
            let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("sample-{}", std::process::id()));
            windowshop::serve::build_sample_into(&dir).await.expect("the shipped sample loads");
            dir
        })
        .await
}

pub struct Shop {
    pub app: Arc<App>,
    router: Router,
}

pub struct Answer {
    pub status: u16,
    headers: axum::http::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("plain"))
    }

    /// The words of the page without its markup, spaces folded.
    fn words(&self) -> String {
        plain(&self.text)
    }
}

/// A piece of a page, likewise.
fn plain(text: &str) -> String {
    let (mut words, mut inside) = (String::new(), false);
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                words.push(' ');
            }
            c if !inside => words.push(c),
            _ => {}
        }
    }
    let words = words.replace("&#34;", "\"").replace("&#38;", "&").replace("&#39;", "'");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Shop {
    pub(crate) async fn open() -> Shop {
        Shop::of(sample().await).await
    }

    /// Of the catalogues in a folder.
    pub async fn of(dir: &Path) -> Shop {
        let dir = dir.to_str().expect("UTF-8");
        let cli =
            Cli::try_parse_from(["windowshop", "--listen", "127.0.0.1:0", "--catalogues", dir]).expect("settings");
        let (config, faults) = Config::read(&cli.serve);
        assert_eq!(faults, []);
        let app = App::build(config).await.expect("the site starts");
        Shop { router: router::router(Arc::clone(&app)), app }
    }

    pub async fn get(&self, uri: &str) -> Answer {
        self.get_with(uri, &[]).await
    }

    pub async fn get_with(&self, uri: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    /// Follows redirects to the page itself.
    pub async fn page(&self, uri: &str) -> Answer {
        let mut uri = uri.to_string();
        for _ in 0..3 {
            let answer = self.get(&uri).await;
            if !(300..400).contains(&answer.status) {
                return answer;
            }
            uri = answer.header("location").to_string();
        }
        panic!("redirects without end: {uri}");
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(self.app.catalogues.current().newest())
    }

    /// The search of an address.
    fn search(&self, query: &str) -> Search {
        let catalogue = self.catalogue();
        let mut asked = Asked::read(query);
        let household = asked.household().expect("a household");
        let (first_day, _) = plan_year_days(i32::from(catalogue.year)).expect("a year");
        let rating = RatingRules::on(&self.app.tables, first_day).expect("the rules reach the year");
        Search {
            year: catalogue.year,
            place: asked.place(&catalogue.places).expect("a place"),
            policy: Policy::at_full_price(&household, rating),
            household,
            finances: asked.money().expect("amounts"),
            product: asked.product,
            facets: asked.facets.clone(),
            sort: asked.sort(),
            dominated_notes: !asked.no_dominated_notes,
            page: asked.page,
        }
    }

    /// Plans of the list and how many are sold, at full price.
    async fn total(&self, query: &str) -> usize {
        let search = self.search(query);
        market::tally(&self.catalogue(), &search).await.expect("a tally").total()
    }

    /// The premium of the first plan of the list.
    async fn cheapest(&self, query: &str) -> Cents {
        let search = self.search(query);
        let catalogue = self.catalogue();
        let tally = market::tally(&catalogue, &search).await.expect("a tally");
        tally.results(windowshop::filing::codes::Sort::Premium)[0].premium
    }
}

/// ZIPs of the sample that lie in one county only, with that county.
const PLACES: [(&str, &str); 8] = [
    ("43215", "39049"),
    ("45202", "39061"),
    ("44114", "39035"),
    ("46204", "18097"),
    ("47104", "18019"),
    ("26505", "54061"),
    ("25701", "54011"),
    ("25301", "54039"),
];
