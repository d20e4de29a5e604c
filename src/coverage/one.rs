//! `/account/coverage/ID`: one plan, how it stands, what to pay and where, what happened, what can be done.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;

use super::With;
use super::renew::{Say, say};
use super::shown::{self, Cover, Own, Pay, cover, history, pay};
use crate::enrollment::renewing::renewed_by;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "coverage/one.html")]
struct OnePage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    cover: Cover,
    notes: Vec<String>,
    not_told: bool,
    paid: bool,
    /// What to send before the insurer is told: words, and the address of its page.
    proof: Option<(Vec<String>, String)>,
    pay: Option<Pay>,
    history: Vec<(String, String)>,
    /// The plan that it took the place of, or that it goes on from.
    before: Option<String>,
    renewed: bool,
    /// What it goes on as in the next year.
    after: Option<String>,
    say: Option<Say>,
    ways: Vec<(String, String)>,
}

/// What can be done, each with its address.
fn ways(cx: &Cx, own: &Own) -> Vec<(String, String)> {
    let year = own.enrollment.plan_year;
    let way = |end: &str, words: String| (cx.href(&format!("{}/{end}", own.address())), words);
    let mut ways = Vec::new();
    if own.counts() {
        ways.push(way("days.ics", cx.t("coverage.calendar").to_string()));
    }
    if own.enrollment.state.is_live() {
        ways.push(way("change", cx.t("coverage.change.title").to_string()));
        ways.push(match own.can_be_cancelled() {
            false if own.now.people.len() > 1 => way("end", cx.t("coverage.leave.title").to_string()),
            false => way("end", cx.t("coverage.end.title").to_string()),
            true if own.has_begun() => way("cancel", cx.t("coverage.cancel.title").to_string()),
            true => way("cancel", cx.t("coverage.cancel.way").to_string()),
        });
        ways.push(way("renew", cx.tf("coverage.renew", &[("year", &(year + 1).to_string())])));
    }
    let taxes = cx.tf("coverage.taxes", &[("year", &year.to_string())]);
    ways.push((cx.href(&format!("/account/taxes/{year}")), taxes));
    ways
}

/// `GET /account/coverage/ID`
pub async fn show(desk: Desk, with: Extension<With>, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let cx = &desk.cx;
    let say = say(&desk, &own).await?;
    let mut connection = desk.office.read().await?;
    let after = renewed_by(&mut connection, &own.enrollment.id).await?;
    drop(connection);
    let after = after.map(|id| cx.href(&format!("/account/coverage/{id}")));
    let did = |what: &str| cx.query.split('&').any(|pair| pair == what);
    let mut notes = Vec::new();
    if did("done=cancelled") {
        notes.push(cx.t("coverage.cancel.done").to_string());
    }
    if did("done=ended") {
        notes.push(cx.tf("coverage.end.done", &[("date", &cx.date(own.enrollment.ends))]));
    }
    if did("done=left") {
        notes.push(cx.t("coverage.leave.done").to_string());
    }
    if did("done=before") {
        notes.push(cx.t("coverage.end.done_before").to_string());
    }
    if did("done=changed") {
        notes.push(cx.t("coverage.end.changed").to_string());
    }
    let template = OnePage {
        bar: bar(cx, &desk.visitor),
        cover: cover(cx, &own),
        notes,
        not_told: !with.insurers && own.enrollment.state.is_live(),
        paid: own.is_paid(),
        proof: own.proof.as_ref().map(|proof| {
            let by = cx.tf("event_proof.by", &[("date", &cx.date(proof.due_day))]);
            let rest = ["event_proof.only_then", "event_proof.start_stays"].map(|key| cx.t(key).to_string());
            let review = (proof.in_review > 0).then(|| cx.t("proof.in_review").to_string());
            let lines = [by].into_iter().chain(rest).chain(review).collect();
            (lines, cx.href(&format!("/account/proof/{}", proof.id)))
        }),
        pay: pay(cx, &with, &own),
        history: history(cx, &own),
        renewed: own.enrollment.signed.is_renewed(),
        after,
        say,
        before: own.enrollment.follows.as_ref().map(|id| cx.href(&format!("/account/coverage/{id}"))),
        ways: ways(cx, &own),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}
