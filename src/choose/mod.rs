//! The pages of choosing a plan: who buys together, the shop with the household's own prices, how much of the credit, check,
//! sign, and what happens next.
//!
//! Called by the office's routes, which put session, gate and lock before them. All are below `/account/plan`, and the shop's
//! own pages once more below `/account/shop`, for accounts and for guests. A page here never works out a price: the same
//! function prices list, plan page, check page and record (`enrollment::price`). It must never say that somebody is covered.

mod around;
mod check;
mod credit;
mod dental;
mod done;
mod groups;
mod home;
mod pick;
mod shop;
mod sign;
mod start;
mod words;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};

use self::shop::Inner;
use crate::app::App;
use crate::verify::Knows;

/// Where everything of a choice is; the root of all other pages.
pub const ROOT: &str = "/account/plan";

/// There is a way to insurers; without one the pages say that no insurer is told.
#[derive(Debug, Clone, Copy)]
pub struct Insurers(pub bool);

/// All pages, in one language.
pub fn pages(app: &Arc<App>, knows: Arc<Knows>, insurers: Insurers) -> Router<Arc<App>> {
    Router::new()
        .route("/account/plan", get(home::show))
        .route("/account/plan/choose", post(pick::choose))
        .route("/account/plan/remove", post(pick::remove))
        .route("/account/plan/groups", get(groups::show).post(groups::post))
        .route("/account/plan/credit", get(credit::show).post(credit::post))
        .route("/account/plan/dental", get(dental::show).post(dental::post))
        .route("/account/plan/start", get(start::show).post(start::post))
        .route("/account/plan/check", get(check::show).post(sign::post))
        .route("/account/plan/done", get(done::show))
        // --- the shop, for a household that is known ---
        .route("/account/shop/{group}/{*page}", get(shop::show))
        .layer(Extension(Inner::new(app)))
        .layer(Extension(knows))
        .layer(Extension(insurers))
}
