//! The pages of what people still have to send: what is needed, by whom, by when; sending files or paper, or later; what became
//! of what was sent.
//!
//! Called by the office's routes, which put session, gate and lock before them. All are below `/account/proof`, for accounts
//! and for guests. What is needed and what a document does is `verify`'s; here are only pages. An issue or a document of
//! somebody else is not there (404).

mod item;
mod list;
mod need;
mod paper;
mod send;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Extension, Router};

use crate::app::App;
use crate::verify::Knows;
use crate::web::uploads::{self, Turns};

/// What the pages need beside a request. A clone is the same.
#[derive(Clone)]
pub struct With {
    pub knows: Arc<Knows>,
    pub turns: Turns,
}

/// All pages, in one language.
pub fn pages(with: With) -> Router<Arc<App>> {
    Router::new()
        .route("/account/proof", get(list::show))
        .route("/account/proof/document/{id}", get(item::download))
        .route("/account/proof/{id}", get(item::show).post(send::post))
        .route("/account/proof/{id}/later", get(item::later))
        .route("/account/proof/{id}/paper", get(paper::show))
        .layer(DefaultBodyLimit::max(uploads::BODY_BYTES_MAX))
        .layer(Extension(with))
}
