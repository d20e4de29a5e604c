//! `/account/leave`: a guest's code to come back, before anything is closed. Nobody who has not seen it is sent away.
//!
//! Called by the bar on top of a guest's pages, and by signing out. It changes nothing; the button does.

use askama::Template;
use axum::http::StatusCode;

use super::clock::day_of;
use super::desk::{Answer, Desk};
use super::view::{Bar, bar};
use crate::account::drafts;
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "office/leave.html")]
struct LeavePage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    /// The code, and until when it is good; `None`: not with us, they came with it.
    code: Option<(String, String)>,
    /// Where the code is typed, for paper.
    resume_at: Option<String>,
    shared: bool,
}

/// `GET /account/leave`
pub async fn show(desk: Desk) -> Answer {
    let Some(owner) = desk.visitor.guest() else { return Ok(desk.go("/account")) };
    let mut connection = desk.office.read().await?;
    let drafts = drafts::of(&mut connection, &desk.office.means.vault, owner).await?;
    let code = drafts::code_of(&mut connection, owner, &drafts).await?;
    drop(connection);
    let cx = &desk.cx;
    let template = LeavePage {
        bar: bar(cx, &desk.visitor),
        code: code.map(|(code, until)| (code, day_of(cx, until))),
        resume_at: resume_at(cx),
        shared: desk.visitor.is_shared(),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// Where a code is typed; `None` if nobody has said what the site is called.
pub fn resume_at(cx: &Cx) -> Option<String> {
    cx.app.config.public_url.as_ref().map(|base| base.clone() + &cx.href("/account/resume"))
}
