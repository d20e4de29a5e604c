//! THE route table, on one screen: what answers which address, then the layers, outermost last.
//!
//! Called by `serve` and by every test. Public pages look at no cookie; pages that know a person belong in a separate
//! router. It must never answer anything itself.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use time::Date;
use tower::layer::layer_fn;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::application::submit::Submitter;
use crate::apply;
use crate::choose::{self, Insurers};
use crate::coverage;
use crate::desk::{self, Desk};
use crate::enroll;
use crate::enrollment::end_rules::EndRules;
use crate::enrollment::renewal_rules::RenewalRules;
use crate::enrollment::special_rules::SpecialRules;
use crate::floor::Phase;
use crate::floor::wire::Wire;
use crate::office::{self, Office};
use crate::proof::{self, With};
use crate::shop::{care, compare, costs, csv, home, how, income, plan, plans, sheet};
use crate::surge::page_cache::{self, Front};
use crate::telemetry::{self, Watch};
use crate::verify::Knows;
use crate::verify::rules::RuleFault;
use crate::web::admission::{self, House};
use crate::web::page::legal_day;
use crate::web::privacy::{self, Keep};
use crate::web::shared::Shared;
use crate::web::uploads::Turns;
use crate::web::{assets, content, error, guard, sealed};

/// Pages, each in every language.
fn pages() -> Router<Arc<App>> {
    Router::new()
        // --- the shop ---
        .route("/", get(home::home).post(home::home))
        .route("/plans", get(plans::plans).post(plans::plans))
        .route("/plans.csv", get(csv::plans))
        .route("/plans/{plan_id}", get(plan::plan))
        .route("/plans/{plan_id}/costs", get(costs::costs))
        .route("/compare", get(compare::compare))
        .route("/compare.csv", get(csv::comparison))
        .route("/sheet", get(sheet::sheet))
        .route("/how", get(how::how))
        .route("/income", get(income::income).post(income::income))
        .route("/care", get(care::care).post(care::care))
        .route("/enroll", get(enroll::enroll).post(enroll::enroll))
        .route("/enroll/deadline.ics", get(enroll::deadline))
        // --- words ---
        .route("/glossary", get(content::glossary))
        .route("/about-prices", get(content::about_prices))
        .route("/about-costs", get(content::about_costs))
        .route("/accessibility", get(content::accessibility))
        .route("/privacy", get(content::privacy))
        .route("/away", get(content::away))
}

/// The shop alone: tests of it, and the trial of a catalogue.
pub fn router(app: Arc<App>) -> Router {
    with(&app, Router::new())
}

fn not_whole(faults: Vec<RuleFault>) -> anyhow::Error {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("the rules of this build are not whole:\n  {}", faults.join("\n  "))
}

/// The shop, and the office beside it.
///
/// # Errors
///
/// If the public URL is no origin that a browser sends.
pub fn with_office(app: &Arc<App>, office: &Arc<Office>, knows: &Arc<Knows>) -> anyhow::Result<Router> {
    let submitter = Submitter::start(office.store.clone(), office.means.clone());
    let insurers = app.config.insurers.is_some();
    let proofs = With { knows: Arc::clone(knows), turns: Turns::default() };
    let choosing = choose::pages(app, Arc::clone(knows), Insurers(insurers));
    let rules = Arc::new(EndRules::load().map_err(not_whole)?);
    let renewals = Arc::new(RenewalRules::load().map_err(not_whole)?);
    SpecialRules::load().map_err(not_whole)?;
    let covered = coverage::With { rules, renewals, knows: Arc::clone(knows), insurers };
    let others = apply::pages(submitter, Arc::clone(knows)).merge(proof::pages(proofs));
    let others = others.merge(choosing).merge(coverage::pages(covered));
    Ok(with(app, office::routes(app, office, &others)?))
}

/// The desk alone, for the address that only an operator's people reach: no page of the shop, none of an account.
///
/// # Errors
///
/// If the desk's own address is no origin that a browser sends.
pub fn of_desk(app: &Arc<App>, desk: &Arc<Desk>) -> anyhow::Result<Router> {
    Ok(layers(desk::routes(desk, &app.config)?, app).with_state(Arc::clone(app)))
}

fn with(app: &Arc<App>, private: Router<Arc<App>>) -> Router {
    // Read form bodies, and never leave private answers readable in an address.
    let answered = || pages().layer(from_fn_with_state(Arc::clone(app), sealed::forms));
    let languages = app.messages.languages().map(|lang| lang.prefix());
    let routes = languages.fold(Router::new(), |routes, prefix| match prefix {
        "" => routes.merge(answered()),
        prefix => routes.nest(prefix, answered()),
    });
    let routes = routes
        // --- the office: private, behind layers of its own ---
        .merge(private)
        // --- files ---
        .route("/assets/{file}", get(assets::serve))
        .route("/robots.txt", get(assets::root_file))
        .route("/favicon.ico", get(assets::root_file))
        .route("/favicon.svg", get(assets::root_file))
        // --- for machines ---
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .fallback(error::not_found);
    layers(routes, app).with_state(Arc::clone(app))
}

/// What stands between the network and the routes.
///
/// One layer whose parts are plain functions, each of which calls the next. As ten layers of a router they cost more
/// than the answer to a health check: each copies all those further in, and boxes what they return.
pub fn layers(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes
        // Stops extractors that read a body without an announced size.
        .layer(guard::body_limit(&app.config))
        // A panic in a handler costs one answer, not the connection.
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(layer_fn(Shared::new))
        .layer(from_fn_with_state(Arc::new(Outside::new(app)), outside))
}

/// What the parts of the layer need.
struct Outside {
    house: House,
    headers: HeaderMap,
    front: Front,
    watch: Watch,
}

impl Outside {
    fn new(app: &Arc<App>) -> Outside {
        let (metrics, trusted) = (Arc::clone(&app.metrics), app.config.trusted_proxies.clone());
        Outside {
            house: House::new(app),
            headers: guard::security_headers(&app.config),
            front: front(app),
            watch: Watch { metrics, trusted, slow_ms: app.config.slow_ms },
        }
    }
}

/// For every request: from the outside in.
async fn outside(State(outside): State<Arc<Outside>>, request: Request, next: Next) -> Response {
    let Outside { front, headers, watch, .. } = &*outside;
    let inner = Arc::clone(&outside);
    // Sees everything, and assigns the ID that all inner log lines carry.
    telemetry::requests(watch, request, async |request| {
        // Finished public pages, compressed: they need nothing further in, so they need no place either.
        let mut response = page_cache::pages(front, request, move |request| inside(inner, request, next)).await;
        // On every answer, errors too.
        guard::add_headers(headers, &mut response);
        response
    })
    .await
}

/// For what the page cache does not have.
async fn inside(outside: Arc<Outside>, request: Request, next: Next) -> Response {
    let house = &outside.house;
    let app = &house.app;
    // Outside of anything that says `public`: the address alone decides who may keep an answer.
    privacy::keep(request, async |request| {
        // Lets in as many as can be answered and tells the rest when to come back. Outside of compression, because
        // that is work.
        admission::admit(house, request, async |request| {
            // Public text only.
            guard::compression(request, async |request| {
                // Writes the page for whatever failed further in.
                error::pages(app, request, async |request| {
                    // Limits on address, headers, body and time, each with its page.
                    guard::limits(&app.config, request, |request| next.run(request)).await
                })
                .await
            })
            .await
        })
        .await
    })
    .await
}

/// The catalogues and the day of an edition, and the edition.
type Edition = (Arc<str>, Date, Arc<str>);

/// What the page cache needs to know about the site.
fn front(app: &Arc<App>) -> Front {
    let site = Arc::clone(app);
    let last: Mutex<Option<Edition>> = Mutex::default();
    Front {
        cache: app.pages.clone(),
        // What lists say of a coming year depends on the day. Written out again only if either has changed.
        edition: Arc::new(move || {
            let (catalogues, day) = (site.catalogues.current().edition(), legal_day(&site));
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            match &*last {
                Some((of, on, edition)) if (of, *on) == (&catalogues, day) => Arc::clone(edition),
                _ => {
                    let edition: Arc<str> = format!("{catalogues}+{day}").into();
                    *last = Some((catalogues, day, Arc::clone(&edition)));
                    edition
                }
            }
        }),
        is_everybodys: |request| {
            let hosts_wrong = request.extensions().get::<Wire>().is_some_and(|wire| wire.hosts_wrong);
            let (path, query) = (request.uri().path(), request.uri().query().unwrap_or(""));
            !hosts_wrong && !is_of_the_office(path) && privacy::who_may_keep(query) == Keep::Anyone
        },
    }
}

/// `/account…`, in any language, and the desk: made for one visitor. The cache would find that out by making the page twice, and would let
/// a visitor wait for another's page of the same address.
fn is_of_the_office(path: &str) -> bool {
    path.split('/').skip(1).take(2).any(|part| matches!(part, "account" | "desk"))
}

/// The process is running and answers.
pub async fn healthz() -> Response {
    words(StatusCode::OK, "ok\n".to_string())
}

/// Every catalogue answers a query, and nobody has told us to stop: this host is ready for requests.
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.floor.phase() > Phase::Open {
        return words(StatusCode::SERVICE_UNAVAILABLE, "not ready: stopping\n".to_string());
    }
    let mut said = String::new();
    for catalogue in app.catalogues.current().iter() {
        if let Err(error) = catalogue.probe().await {
            tracing::error!(version = %catalogue.version, %error, "a catalogue does not answer");
            let not = format!("not ready: catalogue {} does not answer\n", catalogue.version);
            return words(StatusCode::SERVICE_UNAVAILABLE, not);
        }
        said += &format!("ready: plan year {}, catalogue {}\n", catalogue.year, catalogue.version);
    }
    words(StatusCode::OK, said)
}

fn words(status: StatusCode, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, text).into_response()
}
