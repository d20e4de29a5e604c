//! The pages of the application: beginning, the task list, one page a step, checking, signing, and what came of it.
//!
//! Called by the office's routes, which put session, gate and lock before them. All are below `/account/apply`, but for notices and
//! appeals; every page
//! saves what was typed, right or wrong. What is asked and in which order is `application`'s; here are only pages. The
//! shop never imports this room.

mod appeal;
mod around;
mod begin;
mod changed;
mod check;
mod checked;
mod differs;
mod disagreed;
mod earlier;
mod field;
mod marks;
mod notice;
mod packet;
mod people;
mod referred;
mod report;
mod send;
mod sent;
mod step;
mod tasks;

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::app::App;
use crate::application::submit::Submitter;
use crate::verify::Knows;

/// The task list, and the root of all other pages.
pub const ROOT: &str = "/account/apply";

/// All pages, in one language.
pub fn pages(submitter: Submitter, knows: Arc<Knows>) -> Router<Arc<App>> {
    Router::new()
        .route("/account/apply", get(tasks::show))
        .route("/account/apply/begin", get(begin::show).post(begin::post))
        .route("/account/apply/delete", get(begin::delete_page).post(begin::delete))
        .route("/account/apply/check", get(check::show))
        .route("/account/apply/sign", get(check::sign_page).post(check::sign))
        .route("/account/apply/packet", get(packet::show))
        .route("/account/apply/employer", get(packet::employer))
        .route("/account/apply/sent", get(sent::sent))
        .route("/account/apply/report", get(report::show).post(report::begin))
        .route("/account/apply/people/add", post(people::add))
        .route("/account/apply/people/remove", post(people::remove))
        .route("/account/apply/people/back", post(people::put_back))
        .route("/account/apply/{step}", get(step::show_household).post(step::save_household))
        .route("/account/apply/{step}/{row}", get(step::show).post(step::save))
        .route("/account/notice/{id}", get(sent::notice))
        .route("/account/notice/{id}/appeal", get(appeal::show).post(appeal::post))
        .route("/account/appeal/{id}", get(appeal::page))
        .route("/account/appeal/{id}/withdraw", get(appeal::withdraw_page).post(appeal::withdraw))
        .layer(Extension(knows))
        .layer(Extension(submitter))
}
