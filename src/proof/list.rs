//! `/account/proof`: everything that somebody has to send, by when, and what became of what was sent.

use askama::Template;
use axum::http::StatusCode;

use super::need::{self, Need};
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "proof/list.html")]
struct ListPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    open: Vec<Need>,
    closed: Vec<Need>,
    guest: bool,
    /// Something that is open did not match, or is an event.
    unmatched: bool,
    events: bool,
}

/// `GET /account/proof`
pub async fn show(desk: Desk) -> Answer {
    let Some(owner) = desk.owner() else { return Ok(desk.go("/account")) };
    let (open, closed): (Vec<Need>, Vec<Need>) = need::all(&desk, owner).await?.into_iter().partition(|need| need.open);
    let cx = &desk.cx;
    let guest = desk.visitor.guest().is_some();
    let (unmatched, events) = (open.iter().any(|need| !need.event), open.iter().any(|need| need.event));
    let template = ListPage { cx, bar: bar(cx, &desk.visitor), open, closed, guest, unmatched, events };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}
