//! The desk: where an operator's people look at what was sent, and accept it or say why not.
//!
//! Called by `serve`, on an address of its own (`--desk-listen`): the public router has no page of it, and its router has no
//! page of people's accounts. Everybody signs in with password and app (`staff`); a person's data is shown to whoever has
//! opened their issue, and that is written down. English only. It must never show a document but as an attachment, or decide
//! anything twice.

mod appeals;
mod decide;
mod here;
mod item;
mod matter;
mod oversee;
mod queue;
mod sign_in;
mod view;

use std::sync::Arc;

use axum::http::{HeaderValue, header};
use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::account::cookie;
use crate::account::guessing::Buckets;
use crate::account::office::Office as Opened;
use crate::account::password::Hashers;
use crate::app::App;
use crate::config::Config;
use crate::verify::{Knows, Room};

const STYLES: &str = include_str!("../../templates/operator/desk/desk.css");

/// The open desk. Has no `Debug`.
pub struct Desk {
    room: Room,
    hashers: Hashers,
    buckets: Buckets,
    /// The cookie is for TLS only.
    secure: bool,
}

impl Desk {
    pub fn new(opened: &Opened, knows: &Arc<Knows>, config: &Config) -> Arc<Desk> {
        Arc::new(Desk {
            room: Room { store: opened.store.clone(), means: opened.means.clone(), knows: Arc::clone(knows) },
            hashers: opened.hashers.clone(),
            buckets: opened.buckets.clone(),
            secure: config.desk_url.as_deref().is_some_and(|url| url.starts_with("https://")),
        })
    }
}

/// Every page, behind its layers: who may send a form, what nobody keeps.
///
/// # Errors
///
/// If the desk's address is no origin that a browser sends.
pub fn routes(desk: &Arc<Desk>, config: &Config) -> anyhow::Result<Router<Arc<App>>> {
    let routes = Router::new()
        .route("/desk", get(queue::show))
        // --- in and out ---
        .route("/desk/sign-in", get(sign_in::show).post(sign_in::post))
        .route("/desk/begin", get(sign_in::begin_page).post(sign_in::begin))
        .route("/desk/app", get(sign_in::app_page).post(sign_in::prove))
        .route("/desk/sign-out", post(sign_in::out))
        // --- one issue ---
        .route("/desk/item/{id}", get(item::show))
        .route("/desk/item/{id}/open", post(item::open))
        .route("/desk/item/{id}/back", post(item::back))
        .route("/desk/item/{id}/paper", post(item::paper))
        .route("/desk/item/{id}/move", post(item::hand_over))
        .route("/desk/document/{id}", post(item::document))
        .route("/desk/document/{id}/accept", post(item::accept))
        .route("/desk/document/{id}/reject", post(item::reject))
        // --- appeals ---
        .route("/desk/appeals", get(appeals::line))
        .route("/desk/appeal/{id}", get(appeals::show))
        .route("/desk/appeal/{id}/open", post(appeals::open))
        .route("/desk/appeal/{id}/back", post(appeals::back))
        .route("/desk/appeal/{id}/decide", post(appeals::decide))
        // --- supervisors ---
        .route("/desk/accounts", get(oversee::accounts))
        .route("/desk/accounts/{id}/disable", post(oversee::disable))
        .route("/desk/aside", get(oversee::asides))
        .route("/desk/aside/{id}", post(oversee::aside))
        .route("/desk/record", get(oversee::record));
    let files = Router::new().route("/desk.css", get(styles)).route("/", get(queue::front));
    Ok(routes
        .merge(files)
        .fallback(view::nowhere)
        .layer(Extension(Arc::clone(desk)))
        .layer(from_fn(view::finished))
        .layer(cookie::own_forms(config.desk_url.as_deref())?))
}

async fn styles() -> ([(header::HeaderName, HeaderValue); 1], &'static str) {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"))], STYLES)
}
