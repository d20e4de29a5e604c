//! The pages of what somebody has after signing for a plan: how it stands, paying, cancelling, ending, changing, the calendar,
//! the year's record for the tax return, the next year.
//!
//! Called by the office's routes, which put session, gate and lock before them. All are below `/account/coverage` and
//! `/account/taxes`, for accounts and for guests. What follows from a wish is `enrollment`'s; here are only pages. An enrollment of
//! somebody else is not there (404).

mod calendar;
mod cancel;
mod change;
mod end;
mod leave;
mod list;
mod one;
mod priced;
mod renew;
mod shown;
mod taxes;

use std::sync::Arc;

use axum::routing::get;
use axum::{Extension, Router};

use crate::app::App;
use crate::enrollment::end_rules::EndRules;
use crate::enrollment::renewal_rules::RenewalRules;
use crate::verify::Knows;

/// What the pages need beside a request. A clone is the same.
#[derive(Clone)]
pub struct With {
    pub rules: Arc<EndRules>,
    pub knows: Arc<Knows>,
    pub renewals: Arc<RenewalRules>,
    /// There is a way to insurers; without one the pages say that no insurer is told.
    pub insurers: bool,
}

/// All pages, in one language.
pub fn pages(with: With) -> Router<Arc<App>> {
    Router::new()
        .route("/account/coverage", get(list::show))
        .route("/account/coverage/{id}", get(one::show))
        .route("/account/coverage/{id}/days.ics", get(calendar::file))
        .route("/account/coverage/{id}/cancel", get(cancel::show).post(cancel::post))
        .route("/account/coverage/{id}/end", get(end::show).post(end::post))
        .route("/account/coverage/{id}/change", get(change::show))
        .route("/account/coverage/{id}/renew", get(renew::show).post(renew::post))
        .route("/account/taxes/{year}", get(taxes::show))
        .route("/account/taxes/{year}/record.csv", get(taxes::csv))
        .layer(Extension(with))
}
