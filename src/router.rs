//! THE route table, on one screen: what answers which address, then the layers, outermost last.
//!
//! Called by `serve` and by every test. Public pages look at no cookie; whatever knows a person goes into a router of
//! its own.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{extract::State, http::StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::enroll;
use crate::floor::Phase;
use crate::shop::{care, compare, costs, csv, home, how, income, plan, plans};
use crate::telemetry;
use crate::web::{assets, content, error, guard};

/// Pages, each in every language.
fn pages() -> Router<Arc<App>> {
    Router::new()
        // --- the shop ---
        .route("/", get(home::home))
        .route("/plans", get(plans::list))
        .route("/plans.csv", get(csv::plans))
        .route("/plans/{plan_id}", get(plan::plan))
        .route("/plans/{plan_id}/costs", get(costs::costs))
        .route("/compare", get(compare::compare))
        .route("/compare.csv", get(csv::comparison))
        .route("/how", get(how::how))
        .route("/income", get(income::income))
        .route("/care", get(care::care))
        .route("/enroll", get(enroll::enroll))
        .route("/enroll/deadline.ics", get(enroll::deadline))
        // --- words ---
        .route("/glossary", get(content::glossary))
        .route("/about-prices", get(content::about_prices))
        .route("/about-costs", get(content::about_costs))
        .route("/accessibility", get(content::accessibility))
        .route("/privacy", get(content::privacy))
}

pub fn router(app: Arc<App>) -> Router {
    let languages = app.messages.languages().map(|lang| lang.prefix());
    let routes = languages.fold(Router::new(), |routes, prefix| match prefix {
        "" => routes.merge(pages()),
        prefix => routes.nest(prefix, pages()),
    });
    let routes = routes
        // --- files ---
        .route("/assets/{file}", get(assets::serve))
        .route("/robots.txt", get(assets::root_file))
        .route("/favicon.ico", get(assets::root_file))
        .route("/favicon.svg", get(assets::root_file))
        // --- for machines ---
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .fallback(error::not_found);
    layers(routes, &app).with_state(app)
}

/// From the inside out.
pub fn layers(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes
        // Stops extractors that read a body without announced size.
        .layer(guard::body_limit(&app.config))
        // A panic in a handler costs one answer, not the connection.
        .layer(CatchPanicLayer::custom(guard::panicked))
        // Address, headers, body, time: each with its page.
        .layer(from_fn_with_state(Arc::clone(app), guard::limits))
        // Writes the page of whatever failed further in.
        .layer(from_fn_with_state(Arc::clone(app), error::pages))
        // Public text only.
        .layer(guard::compression())
        // Outside of compression, whose result it names.
        .layer(from_fn(guard::etag_by_coding))
        // On every answer, errors too.
        .layer(from_fn_with_state(Arc::new(guard::security_headers(&app.config)), guard::headers))
        // Sees everything; gives the id that all inner lines carry.
        .layer(from_fn(telemetry::requests))
}

/// The process runs and answers.
async fn healthz() -> Response {
    words(StatusCode::OK, "ok\n".to_string())
}

/// Every catalogue answers a query, and nobody has told us to stop: this host may be sent requests.
async fn readyz(State(app): State<Arc<App>>) -> Response {
    if app.floor.phase() > Phase::Open {
        return words(StatusCode::SERVICE_UNAVAILABLE, "not ready: stopping\n".to_string());
    }
    let mut said = String::new();
    for catalogue in app.catalogues.current().iter() {
        if let Err(error) = sqlx::query("SELECT key FROM meta LIMIT 1").fetch_one(&catalogue.pool).await {
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
