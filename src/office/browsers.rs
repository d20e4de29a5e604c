//! `/account/browsers`: where somebody is signed in, and the way to end one or all of them.

use askama::Template;
use axum::http::StatusCode;

use super::clock::day_and_clock;
use super::desk::{Answer, Desk};
use super::view::{Bar, bar};
use super::visitor::unhex;
use crate::account::changes::{self, EndSessions, Which};
use crate::types::hex;
use crate::web::page::{self, CachePolicy, Cx};

struct Browser {
    id: String,
    name: String,
    began: String,
    seen: String,
    here: bool,
    shared: bool,
}

#[derive(Template)]
#[template(path = "office/browsers.html")]
struct BrowsersPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    browsers: Vec<Browser>,
    others: bool,
}

/// `GET /account/browsers`
pub async fn show(desk: Desk) -> Answer {
    let owner = desk.fresh().await?;
    let cx = &desk.cx;
    let mut connection = desk.office.read().await?;
    let found = changes::signed_in(&mut connection, &desk.office.means.vault, owner, desk.visitor.now).await?;
    drop(connection);
    let browser = |one: changes::SignedIn| Browser {
        id: hex(&one.id_hash),
        name: if one.name.is_empty() { cx.t("office.browsers.unnamed").to_string() } else { one.name.to_string() },
        began: cx.tf("office.browsers.began", &[("when", &day_and_clock(cx, one.made_at))]),
        seen: cx.tf("office.browsers.seen", &[("when", &day_and_clock(cx, one.seen_at))]),
        here: one.id_hash == desk.visitor.hash,
        shared: one.shared,
    };
    let browsers: Vec<Browser> = found.into_iter().map(browser).collect();
    let template = BrowsersPage { bar: bar(cx, &desk.visitor), others: browsers.len() > 1, browsers, cx };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// `POST /account/browsers`: ends one, or all but this one.
pub async fn end(desk: Desk) -> Answer {
    let owner = desk.fresh().await?;
    let which = match (desk.form.get("one"), unhex(desk.form.get("one"))) {
        ("", _) => Which::Others(desk.visitor.hash.clone()),
        (_, Some(hash)) => Which::One(hash),
        // Nothing that this page has sent.
        (_, None) => return Ok(desk.go("/account/browsers")),
    };
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    desk.office.write(EndSessions { means, owner: owner.to_string(), which, session }).await?;
    Ok(desk.go("/account/browsers"))
}
