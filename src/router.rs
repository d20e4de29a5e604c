//! THE route table, on one screen: what answers which address, then the layers, outermost last.
//!
//! Called by `serve` and by every test. Public pages look at no cookie; pages that know a person belong in a separate
//! router. It must never answer anything itself.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{extract::State, http::StatusCode};
use tower::layer::layer_fn;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::enroll;
use crate::floor::Phase;
use crate::floor::wire::Wire;
use crate::office::{self, Office};
use crate::shop::{care, compare, costs, csv, home, how, income, plan, plans, sheet};
use crate::surge::page_cache::{self, Front};
use crate::telemetry::{self, Watch};
use crate::web::admission::{self, House};
use crate::web::page::legal_day;
use crate::web::privacy::{self, Keep};
use crate::web::shared::Shared;
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

/// The shop, and the office beside it.
///
/// # Errors
///
/// If the public URL is no origin that a browser sends.
pub fn with_office(app: &Arc<App>, office: &Arc<Office>) -> anyhow::Result<Router> {
    Ok(with(app, office::routes(app, office)?))
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

/// From the inside out.
pub fn layers(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes
        // Stops extractors that read a body without an announced size.
        .layer(guard::body_limit(&app.config))
        // A panic in a handler costs one answer, not the connection.
        .layer(CatchPanicLayer::custom(guard::panicked))
        // Limits on address, headers, body and time, each with its page.
        .layer(from_fn_with_state(Arc::clone(app), guard::limits))
        // Writes the page for whatever failed further in.
        .layer(from_fn_with_state(Arc::clone(app), error::pages))
        // Public text only.
        .layer(from_fn(guard::compression))
        // What is not let in, and what is kept, need not pay for the layers above.
        .layer(layer_fn(Shared::new))
        // Lets in as many as can be answered and tells the rest when to come back. Outside of compression, because
        // that is work.
        .layer(from_fn_with_state(House::new(app), admission::admit))
        // Outside of anything that says `public`: the address alone decides who may keep an answer.
        .layer(from_fn(privacy::keep))
        // Finished public pages, compressed: they need nothing further in, so they need no place either.
        .layer(layer_fn(Shared::new))
        .layer(from_fn_with_state(front(app), page_cache::pages))
        // On every answer, errors too.
        .layer(from_fn_with_state(Arc::new(guard::security_headers(&app.config)), guard::headers))
        // Sees everything, and assigns the ID that all inner log lines carry.
        .layer(from_fn_with_state(watch(app), telemetry::requests))
}

/// What the outermost layer needs to know.
fn watch(app: &App) -> Arc<Watch> {
    let (metrics, trusted) = (Arc::clone(&app.metrics), app.config.trusted_proxies.clone());
    Arc::new(Watch { metrics, trusted, slow_ms: app.config.slow_ms })
}

/// What the page cache needs to know about the site.
fn front(app: &Arc<App>) -> Front {
    let site = Arc::clone(app);
    Front {
        cache: app.pages.clone(),
        // What lists say of a coming year depends on the day.
        edition: Arc::new(move || format!("{}+{}", site.catalogues.current().edition(), legal_day(&site)).into()),
        is_everybodys: |request| {
            let hosts_wrong = request.extensions().get::<Wire>().is_some_and(|wire| wire.hosts_wrong);
            !hosts_wrong && privacy::who_may_keep(request.uri().query().unwrap_or("")) == Keep::Anyone
        },
    }
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
