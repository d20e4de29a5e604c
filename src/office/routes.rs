//! The office's route table, then its layers. Called by the router.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use super::gate::{self, Gate};
use super::{
    Office, address, app_codes, begin, browsers, codes, data, delete, home, leave, out, password, reset, sign_in,
    sign_up, step, unlock,
};
use crate::account::cookie;
use crate::app::App;

/// Private pages, each in every language.
fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/account", get(home::show))
        // --- beginning without an account ---
        .route("/account/save", get(begin::show).post(begin::save))
        .route("/account/drop", post(home::drop_search))
        .route("/account/resume", get(begin::resume_page).post(begin::resume))
        // --- in and out ---
        .route("/account/sign-up", get(sign_up::show).post(sign_up::post))
        .route("/account/sign-in", get(sign_in::show).post(sign_in::post))
        .route("/account/step", get(step::show).post(step::post))
        .route("/account/step/again", post(step::again))
        .route("/account/unlock", get(unlock::show).post(unlock::post))
        .route("/account/leave", get(leave::show))
        .route("/account/sign-out", post(out::post))
        .route("/account/out", get(out::show))
        .route("/account/shared", post(out::shared))
        // --- forgotten ---
        .route("/account/reset", get(reset::show).post(reset::post))
        .route("/account/reset/code", get(reset::code_page).post(reset::code))
        .route("/account/reset/done", get(reset::done))
        // --- the account's own affairs ---
        .route("/account/browsers", get(browsers::show).post(browsers::end))
        .route("/account/password", get(password::show).post(password::post))
        .route("/account/email", get(address::show).post(address::post))
        .route("/account/app", get(app_codes::show).post(app_codes::prove))
        .route("/account/app/start", post(app_codes::start))
        .route("/account/app/off", post(app_codes::off))
        .route("/account/codes", get(codes::show).post(codes::renew))
        .route("/account/data", get(data::show).post(data::download))
        .route("/account/delete", get(delete::show).post(delete::post))
        .route("/account/gone", get(delete::gone))
}

/// All private pages behind their layers: cookie, who may send a form, the gate. `others`: those of the rooms that build on
/// this one.
///
/// # Errors
///
/// If the public URL is no origin that a browser sends.
pub fn routes(app: &Arc<App>, office: &Arc<Office>, others: &Router<Arc<App>>) -> anyhow::Result<Router<Arc<App>>> {
    let languages = app.messages.languages().map(|lang| lang.prefix());
    let all = || pages().merge(others.clone());
    let routes = languages.fold(Router::new(), |routes, prefix| match prefix {
        "" => routes.merge(all()),
        prefix => routes.nest(prefix, all()),
    });
    let gate = Arc::new(Gate { app: Arc::clone(app), office: Arc::clone(office) });
    let routes = routes.layer(from_fn_with_state(gate, gate::gate));
    let routes = cookie::layers(routes, (office.sessions.clone(), office.cookie), app.config.public_url.as_deref())?;
    let routes = routes.layer(from_fn(gate::held));
    // A clone for forms that waited behind a lock; set once, the same for every caller.
    let _ = office.again.set(routes.clone().with_state(Arc::clone(app)));
    Ok(routes)
}
