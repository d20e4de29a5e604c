//! THE route table, on one screen: what answers which address. What stands before the routes is `web::door`.
//!
//! Called by `serve` and by every test. Public pages look at no cookie; pages that know a person belong in a separate
//! router. It must never answer anything itself.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

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
use crate::office::{self, Office};
use crate::proof::{self, With};
use crate::shop::{care, compare, costs, csv, home, how, income, plan, plans, sheet};
use crate::verify::Knows;
use crate::verify::rules::RuleFault;
use crate::web::door::Door;
use crate::web::uploads::Turns;
use crate::web::{assets, content, error, sealed};

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
pub fn router(app: Arc<App>) -> Door {
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
pub fn with_office(app: &Arc<App>, office: &Arc<Office>, knows: &Arc<Knows>) -> anyhow::Result<Door> {
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
pub fn of_desk(app: &Arc<App>, desk: &Arc<Desk>) -> anyhow::Result<Door> {
    Ok(Door::new(desk::routes(desk, &app.config)?, app))
}

fn with(app: &Arc<App>, private: Router<Arc<App>>) -> Door {
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
    Door::new(routes, app)
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
