//! `/account/apply`: the task list, home of an application that is not sent yet. What is ready, what needs an answer, until
//! when it is kept, how to come back.

use askama::Template;
use axum::http::StatusCode;

use super::around::{around, found, view};
use super::field::Words;
use super::marks::{SEARCH_UNUSED, address};
use crate::account::retention::Schedule;
use crate::application::flow::{self, State};
use crate::application::steps::Section;
use crate::office::clock::day_of;
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, bar};
use crate::web::page::{self, CachePolicy, Cx};
use crate::work::letters;
use strum::IntoEnumIterator as _;

struct Part {
    name: String,
    tasks: Vec<Task>,
}

struct Task {
    address: String,
    title: String,
    state: String,
    ready: bool,
}

#[derive(Template)]
#[template(path = "apply/tasks.html")]
struct TasksPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    title: String,
    parts: Vec<Part>,
    kept: String,
    /// They have an address that takes letters.
    reminded: bool,
    code: Option<String>,
    /// It is a change of an application that is sent.
    change: bool,
    /// A search led here that was not added.
    search_unused: bool,
    /// The next page that needs something; `None`: all is ready to be checked.
    next: Option<String>,
}

/// `GET /account/apply`
pub async fn show(desk: Desk) -> Answer {
    let cx = &desk.cx;
    let Some(open) = found(&desk).await? else { return Ok(desk.go("/account/apply/begin")) };
    let guest = desk.visitor.guest().is_some();
    let kept = Schedule::on(cx.today())?.time(if guest { "guest" } else { "draft" });
    let reminded = !guest && takes_letters(&desk).await?;
    let around = around(cx, &open.sheet);
    let view = view(&open.sheet, &around)?;
    let words = Words::new(cx, &view);
    let places = flow::places(&view);
    let first = flow::first_open(&view);
    let mut reached = true;
    let mut parts = Vec::new();
    for section in Section::iter() {
        let mut tasks = Vec::new();
        for place in places.iter().filter(|place| place.step.section == section) {
            let state = place.state(&view);
            let is_first = first.as_ref() == Some(place);
            let key = match state {
                State::Ready => "apply.state.ready",
                State::NeedsAnswer => "apply.state.needs_answer",
                // Pages after the first open one come by themselves.
                State::NotStarted if is_first || place.is_optional() => "apply.state.not_started",
                State::NotStarted if reached => "apply.state.again",
                State::NotStarted => "apply.state.later",
            };
            if is_first {
                reached = false;
            }
            tasks.push(Task {
                address: cx.href(&address(place)),
                title: words.title(place.step, place.row),
                state: cx.t(key).to_string(),
                ready: state == State::Ready,
            });
        }
        if !tasks.is_empty() {
            let name = cx.t(&format!("apply.section.{}", <&str>::from(section))).to_string();
            parts.push(Part { name, tasks });
        }
    }
    let template = TasksPage {
        bar: bar(cx, &desk.visitor),
        title: match open.sheet.follows() {
            Some(_) => cx.tf("report.task_title", &[("year", &view.year.to_string())]),
            None => cx.tf("apply.title", &[("year", &view.year.to_string())]),
        },
        change: open.sheet.follows().is_some(),
        parts,
        kept: cx.tf("apply.tasks.kept", &[("date", &day_of(cx, open.changed_at + kept))]),
        reminded,
        code: open.code.filter(|_| guest),
        search_unused: cx.is_marked(SEARCH_UNUSED),
        next: first.map(|place| cx.href(&address(&place))),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// Whether the account's address is known to take letters: nobody is promised a reminder that cannot come.
async fn takes_letters(desk: &Desk) -> Result<bool, Instead> {
    let Some(owner) = desk.owner() else { return Ok(false) };
    let mut connection = desk.office.read().await?;
    Ok(letters::bad_address(&mut connection, owner).await?.is_none())
}
