//! `/account/apply/check` and `/account/apply/sign`: every answer that will be sent, with a way to change it; then what is
//! agreed to, the signature, and sending.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;

use super::around::{around, count, open, refused, save, view};
use super::differs::{Differs, differs};
use super::disagreed::{Told, told};
use super::earlier::Earlier;
use super::field::Words;
use super::marks::{CHECK_PAGE, FROM_CHECK, NOT_SAVED, SET_ASIDE, address, marked};
use super::send::{Draft, send, sent_again};
use super::step::page_of;
use crate::application::determine;
use crate::application::disagree;
use crate::application::flow::{self, Place, State};
use crate::application::funnel::{CHECK, SIGN};
use crate::application::kinds::Kind;
use crate::application::saved::{Edit, Saved};
use crate::application::sheet::{HOUSEHOLD, Sheet, YOU, key};
use crate::application::steps::Question;
use crate::application::submit::Submitter;
use crate::application::view::View;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::telemetry::funnel::Came;
use crate::verify::Knows;
use crate::web::page::{self, CachePolicy, Cx};

struct Checked {
    title: String,
    change: String,
    /// Question and answer.
    lines: Vec<(String, String)>,
    ready: bool,
}

#[derive(Template)]
#[template(path = "apply/check.html")]
struct CheckPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    pages: Vec<Checked>,
    /// The first page that still needs something.
    open: Option<String>,
    /// Pages whose answers the engine refuses together, although each does by itself.
    unfit: Vec<(String, String)>,
    /// Answers that cannot both be true.
    disagree: Vec<Told>,
    /// It is a change: what is other than it was sent.
    differs: Option<Vec<Differs>>,
    /// A change that led here has set other answers aside.
    aside: bool,
    /// What was typed on a page that is gone could not be kept.
    lost: bool,
}

/// `GET /account/apply/check`
pub async fn show(desk: Desk) -> Answer {
    let cx = &desk.cx;
    let open = open(&desk).await?;
    let around = around(cx, &open.sheet);
    let view = view(&open.sheet, &around)?;
    let words = Words::new(cx, &view);
    count(cx, CHECK, Came::Shown);
    let checked = |place: &Place| Checked {
        title: words.title(place.step, place.row),
        change: cx.href(&from_check(place)),
        lines: lines(&words, place),
        ready: place.state(&view) == State::Ready,
    };
    let first = flow::first_open(&view);
    let disagree: Vec<Told> = disagree::all(&view).iter().map(|own| told(&words, own, "")).collect();
    // What is said above need not be said again as the engine sees it.
    let unfit = if first.is_none() && disagree.is_empty() { unfit(cx, &words) } else { Vec::new() };
    let differs = match Earlier::of(&desk, desk.owner().unwrap_or_default(), &view).await? {
        Some(earlier) => Some(differs(cx, &view, &earlier.case.application)?),
        None => None,
    };
    let template = CheckPage {
        bar: bar(cx, &desk.visitor),
        pages: flow::places(&view).iter().map(checked).collect(),
        open: first.map(|place| cx.href(&from_check(&place))),
        unfit,
        disagree,
        differs,
        aside: cx.is_marked(SET_ASIDE),
        lost: cx.is_marked(NOT_SAVED),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// The address of a page that leads back here.
fn from_check(place: &Place) -> String {
    marked(address(place), [Some(FROM_CHECK)])
}

/// The pages that the engine's refusals are about: what to look at again, and where it is.
fn unfit(cx: &Cx, words: &Words) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for fault in determine::unfit(&cx.app.tables, words.view) {
        let (at, field) = fault.path.strip_prefix("people[").and_then(|rest| rest.split_once(']')).unwrap_or_default();
        let row = at.parse().ok().and_then(|at| words.view.people().nth(at)).unwrap_or(YOU);
        let step = match field.trim_start_matches('.').split(['.', '[']).next().unwrap_or_default() {
            "claimed_by" | "filing_status" | "files_taxes" | "separate_filing_exception" => "taxes",
            "incomes" | "projected_annual_income" => "income-kinds",
            "immigration" => "immigration",
            _ if row == YOU => "you",
            _ => "person",
        };
        // The path holds no answer. It tells a developer which page accepted what the engine refuses.
        tracing::warn!(path = fault.path, "the engine refuses what the pages accept");
        let place = flow::place(words.view, step, row).or_else(|| flow::place(words.view, "household", HOUSEHOLD));
        let Some(place) = place else { continue };
        let line = (words.title(place.step, place.row), cx.href(&from_check(&place)));
        if !found.contains(&line) {
            found.push(line);
        }
    }
    found
}

/// The answers of a page; what nobody had to answer and did not is said, too. A box that was not ticked says nothing.
pub fn lines(words: &Words, place: &Place) -> Vec<(String, String)> {
    let unticked =
        |question: &Question, row| matches!(question.kind, Kind::Tick) && !words.view.yes(question.name, row);
    let asked = place.step.asked(words.view, place.row).into_iter();
    let asked = asked.filter(|(question, row)| !unticked(question, *row));
    let line = |(question, row): (&'static Question, _)| {
        let answer = words.answer(question, row);
        let answer = answer.unwrap_or_else(|| words.cx.t("apply.check.unanswered").to_string());
        (words.label(question, row), answer)
    };
    asked.map(line).collect()
}

/// Something is missing, or does not go together: the check page says what.
fn is_unready(desk: &Desk, view: &View<'_>) -> bool {
    let disagree = || !disagree::all(view).is_empty();
    flow::first_open(view).is_some() || disagree() || !determine::unfit(&desk.cx.app.tables, view).is_empty()
}

/// `GET /account/apply/sign`
pub async fn sign_page(desk: Desk) -> Answer {
    let open = open(&desk).await?;
    let around = around(&desk.cx, &open.sheet);
    let view = view(&open.sheet, &around)?;
    if is_unready(&desk, &view) {
        return Ok(desk.go(CHECK_PAGE));
    }
    // Whoever signs has gone on from the check page.
    count(&desk.cx, CHECK, Came::Answered);
    count(&desk.cx, SIGN, Came::Shown);
    Ok(show_sign(&desk, &view, false))
}

fn show_sign(desk: &Desk, view: &View<'_>, judged: bool) -> axum::response::Response {
    let cx = &desk.cx;
    let mut page = page_of(desk, view, &flow::sign(), (Vec::new(), judged, false));
    page.title = cx.t("apply.sign.title").to_string();
    page.lead = Some(cx.t("apply.sign.lead").to_string());
    page.action = cx.href("/account/apply/sign");
    page.submit = cx.t("apply.sign.submit").to_string();
    page.back = cx.href(CHECK_PAGE);
    let status = if judged { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    page::render_status(cx, status, page, CachePolicy::Private)
}

/// `POST /account/apply/sign`: keeps what was signed, and sends.
pub async fn sign(
    desk: Desk,
    Extension(submitter): Extension<Submitter>,
    Extension(knows): Extension<Arc<Knows>>,
) -> Answer {
    let Some(owner) = desk.owner().map(str::to_string) else {
        return Ok(desk.go(&sent_again()));
    };
    let signed = signed(&desk);
    let edit = || {
        let signed = signed.clone();
        let edit = move |sheet: &mut Sheet| {
            signed.iter().for_each(|(question, answer)| sheet.set(question, HOUSEHOLD, answer));
        };
        Box::new(edit) as Edit
    };
    let Saved::Done(_) = save(&desk, &owner, false, (|| None, edit)).await? else {
        // Sent already, from here or from another tab: that page says so.
        return Ok(desk.go(&sent_again()));
    };
    // As it stands now: what is sent is what is on record, and its version.
    let Some(open) = super::around::found(&desk).await? else {
        return Ok(desk.go(&sent_again()));
    };
    let around = around(&desk.cx, &open.sheet);
    let view = view(&open.sheet, &around)?;
    if is_unready(&desk, &view) {
        return Ok(desk.go(CHECK_PAGE));
    }
    if flow::sign().state(&view) != State::Ready {
        count(&desk.cx, SIGN, Came::Refused(&refused(&flow::sign().faults(&view))));
        return Ok(show_sign(&desk, &view, true));
    }
    send(&desk, (&submitter, &knows), &Draft { id: &open.id, version: open.version, owner: &owner }, &view).await
}

/// What the form says of each question of the page; those that it did not ask are empty.
fn signed(desk: &Desk) -> BTreeMap<&'static str, String> {
    let answer = |name: &'static str| (name, desk.form.get(&key(name, HOUSEHOLD)).to_string());
    flow::sign().step.questions.iter().map(|question| answer(question.name)).collect()
}
