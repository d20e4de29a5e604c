//! `/account/appeal/ID`: an appeal as it stands, to be printed and mailed with papers; taking it back.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use time::Date;

use super::super::around::place_words;
use super::super::marks::{OVER, marked};
use super::{Elsewhere, lines, number, room};
use crate::application::submit::shown;
use crate::office::clock::day_and_clock;
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::store::Millis;
use crate::verify::Knows;
use crate::verify::appeal::change::Withdraw;
use crate::verify::appeal::{self, Appeal};
use crate::verify::case::Case;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};
use crate::work;

#[derive(Template)]
#[template(path = "apply/appeal_shown.html")]
struct ShownPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    id: &'a str,
    open: bool,
    /// It was not open any more when somebody took it back.
    over: bool,
    title: &'a str,
    number: String,
    reference: String,
    came: String,
    lines: Vec<(String, String)>,
    /// What happens next, or what came of it.
    next: Vec<String>,
    /// The reviewer's own words.
    own_words: String,
    place: String,
    /// Where this site takes paper, line by line; empty: nowhere.
    post: Vec<String>,
    elsewhere: Elsewhere,
    notice: String,
}

async fn find(desk: &Desk, id: &str) -> Result<(Appeal, Case), Instead> {
    let Some(owner) = desk.owner() else { return Err(desk.go("/account").into()) };
    let vault = &desk.office.means.vault;
    let mut connection = desk.office.read().await?;
    let not_there = || Instead::from(Failure::NotFound);
    let appeal = appeal::one(&mut connection, vault, (owner, id)).await?.ok_or_else(not_there)?;
    let case = Case::open(&mut connection, vault, (owner, &appeal.application)).await?.ok_or_else(not_there)?;
    Ok((appeal, case))
}

fn day(knows: &Knows, case: &Case, at: Millis) -> Date {
    case.day(&knows.tables, at)
}

fn next(cx: &Cx, knows: &Knows, (appeal, case): (&Appeal, &Case)) -> Vec<String> {
    let mut next = Vec::new();
    match &appeal.said.decision {
        Some(decision) => {
            next.push(cx.t(&format!("appeal.outcome.{}", <&str>::from(decision.reason.outcome()))).to_string());
            next.push(cx.t(&format!("appeal.reason.{}", <&str>::from(decision.reason))).to_string());
        }
        None if appeal.is_open() => {
            let by = cx.date(day(knows, case, appeal.decide_by - 1));
            next.push(cx.tf("appeal.notice.by", &[("date", &by)]));
            if !appeal.said.urgent.is_empty() {
                next.push(cx.t("appeal.notice.urgent").to_string());
            }
            if !appeal.said.late.is_empty() {
                next.push(cx.t("appeal.notice.late").to_string());
            }
            next.push(cx.t("appeal.notice.ask").to_string());
        }
        None => next.push(cx.t("appeal.notice.withdrawn_lead").to_string()),
    }
    next
}

/// `GET /account/appeal/ID`
pub async fn page(desk: Desk, knows: Extension<Arc<Knows>>, Path(id): Path<String>) -> Answer {
    let (appeal, case) = find(&desk, &id).await?;
    let cx = &desk.cx;
    let again = appeal.said.keep || !appeal.said.kept.is_empty();
    let own_words = appeal.said.decision.as_ref().map(|decision| decision.words.clone()).unwrap_or_default();
    let template = ShownPage {
        bar: bar(cx, &desk.visitor),
        id: &appeal.id,
        open: appeal.is_open(),
        over: cx.is_marked(OVER),
        title: cx.t(&format!("appeal.shown.{}", appeal.state)),
        number: number(&appeal.id),
        reference: shown(&case.application.reference),
        came: day_and_clock(cx, appeal.filed_at),
        lines: lines(cx, &case, &appeal.said, again),
        next: next(cx, &knows, (&appeal, &case)),
        own_words,
        place: place_words(cx, case.state(), case.plan_year()),
        post: cx.app.config.proof_address.clone().unwrap_or_default(),
        elsewhere: Elsewhere::of(cx, &knows, &case, appeal.filed_at),
        notice: cx.href(&format!("/account/notice/{}", appeal.notice)),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// `GET /account/appeal/ID/withdraw`: what follows from it.
pub async fn withdraw_page(desk: Desk, Path(id): Path<String>) -> Answer {
    let (appeal, _) = find(&desk, &id).await?;
    let (cx, back) = (&desk.cx, format!("/account/appeal/{id}"));
    if !appeal.is_open() {
        return Ok(desk.go(&marked(back, [Some(OVER)])));
    }
    let form = desk.page(cx.t("appeal.shown.withdraw"));
    let form = form.lead(cx.t("appeal.shown.withdraw_lead")).submit(cx.t("appeal.shown.withdraw_submit"));
    Ok(form.link(cx.t("appeal.shown.keep_it"), &back).show())
}

/// `POST /account/appeal/ID/withdraw`
pub async fn withdraw(desk: Desk, knows: Extension<Arc<Knows>>, Path(id): Path<String>) -> Answer {
    let (appeal, case) = find(&desk, &id).await?;
    let change = Withdraw { room: room(&desk, &knows), case, id: appeal.id, session: desk.visitor.session_text() };
    let was_open = desk.office.write(change).await?;
    work::ring();
    Ok(desk.go(&marked(format!("/account/appeal/{id}"), [(!was_open).then_some(OVER)])))
}
