//! `/account/coverage/ID/end`: ending a plan on a day, or taking people off it, in two pages: who, why and when; then what it means, with
//! the tick that it is meant.
//!
//! The second page is the answer to the first one's form, so that no name, reason or day gets into an address.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use time::Date;

use super::With;
use super::leave;
use super::shown::{self, Own, open_until};
use crate::application::kinds;
use crate::application::sheet::RowId;
use crate::enrollment::end_rules::{Asked, Ending, Last, NoDay, Reason};
use crate::enrollment::ending::{Done, End};
use crate::enrollment::timeline::name;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, Fault, Field, bar, fault};
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "coverage/end.html")]
struct EndPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    title: &'a str,
    plan: &'a str,
    action: String,
    keep: String,
    faults: Vec<Fault>,
    /// Empty: one person is on it.
    people: Vec<Tick>,
    reasons: Vec<Choice>,
    /// As typed.
    day: String,
    who_fault: Option<String>,
    reason_fault: Option<String>,
    day_fault: Option<String>,
}

struct Choice {
    value: &'static str,
    words: String,
    hint: String,
    chosen: bool,
}

/// Somebody on the plan.
struct Tick {
    field: String,
    name: String,
    ticked: bool,
}

/// Who leaves.
pub enum Who {
    Everybody,
    Some(Vec<RowId>),
}

/// What somebody asked for, if it can be.
pub struct Wish<'r> {
    pub who: Who,
    pub reason: Reason,
    pub rule: &'r Ending,
    pub last: Last,
}

/// The name of a person's box.
pub fn field_of(row: RowId) -> String {
    format!("who_{row}")
}

/// The first page, with what was typed and what is wrong with it.
pub fn first(desk: &Desk, own: &Own, faults: Vec<Fault>) -> Response {
    let cx = &desk.cx;
    let chosen = desk.form.get("reason");
    let several = own.now.people.len() > 1;
    let choice = |reason: Reason| Choice {
        value: reason.word(),
        words: cx.t(&format!("coverage.end.reason.{}", reason.word())).to_string(),
        hint: cx.t(&format!("coverage.end.hint.{}", reason.word())).to_string(),
        chosen: reason.word() == chosen,
    };
    let people = own.now.people.iter().filter(|_| several);
    let tick = |(field, name): (String, String)| Tick { ticked: desk.form.ticked(&field), field, name };
    let words = |field: &str| faults.iter().find(|fault| fault.field == field).map(|fault| fault.words.clone());
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template = EndPage {
        bar: bar(cx, &desk.visitor),
        title: cx.t(if several { "coverage.leave.title" } else { "coverage.end.title" }),
        plan: &own.now.plan.name,
        action: cx.href(&format!("{}/end", own.address())),
        keep: cx.href(&own.address()),
        people: people.map(|person| tick((field_of(person.row), name(person)))).collect(),
        reasons: Reason::all().map(choice).collect(),
        day: desk.form.get("day").to_string(),
        who_fault: words("who"),
        reason_fault: words("reason"),
        day_fault: words("day"),
        faults,
        cx,
    };
    page::render_status(cx, status, template, CachePolicy::Private)
}

/// The second page, where everybody leaves.
fn second(desk: &Desk, own: &Own, wish: &Wish<'_>, faults: Vec<Fault>) -> Response {
    let cx = &desk.cx;
    let mut page = desk.page(cx.t("coverage.end.check_title")).lead(&own.now.plan.name);
    page = match wish.last {
        Last::Day(day) => page.lead(&cx.tf("coverage.end.last", &[("date", &cx.date(day))])),
        Last::Never => page.lead(cx.t("coverage.end.never")),
    };
    for words in ending_words(cx, own, Some(wish.last)) {
        page = page.lead(&words);
    }
    let sure = if wish.last == Last::Never { "coverage.end.sure_never" } else { "coverage.end.sure" };
    page.hidden = carried(desk, own, wish);
    let end = format!("{}/end", own.address());
    let page = page
        .to(&end)
        .field(Field::tick("sure", cx.t(sure), false))
        .submit(cx.t("coverage.end.do"))
        .link(cx.t("coverage.end.change_day"), &end)
        .link(cx.t("coverage.end.keep"), &own.address());
    if faults.is_empty() { page.show() } else { page.wrong(faults) }
}

/// What the second page's form carries along.
pub fn carried(desk: &Desk, own: &Own, wish: &Wish<'_>) -> Vec<(String, String)> {
    let mut carried = vec![
        ("reason".to_string(), wish.reason.word().to_string()),
        ("day".to_string(), desk.form.get("day").to_string()),
        ("seen".to_string(), own.enrollment.version.to_string()),
        ("checked".to_string(), "1".to_string()),
    ];
    let leaves = |row: &RowId| match &wish.who {
        Who::Everybody => own.now.people.len() > 1,
        Who::Some(rows) => rows.contains(row),
    };
    let rows = own.now.people.iter().map(|person| person.row).filter(leaves);
    carried.extend(rows.map(|row| (field_of(row), "1".to_string())));
    carried
}

/// What ending a plan means: costs, credit, coming back. `last`: `None` for one that is cancelled before it begins.
pub fn ending_words(cx: &Cx, own: &Own, last: Option<Last>) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(Last::Day(day)) = last {
        words.push(cx.t("coverage.end.no_fee").to_string());
        if day.next_day().is_some_and(|next| next.day() != 1) {
            words.push(cx.t("coverage.end.part").to_string());
        }
        if own.now.credit.0 > 0 {
            words.push(cx.t("coverage.end.credit").to_string());
        }
    }
    let year = own.enrollment.plan_year.to_string();
    words.push(match open_until(cx, own) {
        Some(until) => cx.tf("coverage.end.open", &[("year", &year), ("date", &cx.date(until))]),
        None => cx.tf("coverage.end.closed", &[("year", &year)]),
    });
    if own.enrollment.product == "medical" {
        words.push(cx.t("coverage.end.dental").to_string());
    }
    words
}

/// Who was ticked; of a plan with one person, that one is everybody.
fn who(desk: &Desk, own: &Own) -> Option<Who> {
    let rows: Vec<RowId> = own.now.people.iter().map(|person| person.row).collect();
    if rows.len() == 1 {
        return Some(Who::Everybody);
    }
    let ticked: Vec<RowId> = rows.iter().filter(|row| desk.form.ticked(&field_of(**row))).copied().collect();
    match ticked.len() {
        0 => None,
        all if all == rows.len() => Some(Who::Everybody),
        _ => Some(Who::Some(ticked)),
    }
}

/// What was asked for, or what is wrong with it.
fn wish<'r>(desk: &Desk, with: &'r With, own: &Own) -> Result<Wish<'r>, Vec<Fault>> {
    let cx = &desk.cx;
    let mut faults = Vec::new();
    let who = who(desk, own);
    let reason = desk.form.get("reason").parse::<Reason>().ok();
    match (&who, reason) {
        (None, _) => faults.push(fault("who", cx.t("coverage.leave.fault.who"))),
        (Some(Who::Everybody), Some(Reason::Death)) if own.now.people.len() > 1 => {
            faults.push(fault("who", cx.t("coverage.leave.fault.death")));
        }
        _ => {}
    }
    if reason.is_none() {
        faults.push(fault("reason", cx.t("coverage.end.fault.reason")));
    }
    let named = kinds::day(desk.form.get("day"));
    if named.is_none() {
        faults.push(fault("day", cx.t("coverage.end.fault.day")));
    }
    let (Some(who), Some(reason), Some(named), true) = (who, reason, named, faults.is_empty()) else {
        return Err(faults);
    };
    let Some(rule) = with.rules.ending(reason, own.marketplace(cx), own.today) else {
        return Err(vec![fault("day", cx.t("coverage.end.fault.unknown"))]);
    };
    let asked = Asked { today: own.today, starts: own.enrollment.starts, ends: own.enrollment.ends, named };
    let date = |key: &str, date: Date| vec![fault("day", &cx.tf(key, &[("date", &cx.date(date))]))];
    match rule.last_day(&asked) {
        // Nothing is different if somebody leaves on the plan's own last day.
        Ok(Last::Day(day)) if matches!(who, Who::Some(_)) && day >= own.enrollment.ends => {
            Err(date("coverage.leave.fault.late", own.enrollment.ends))
        }
        Ok(last) => Ok(Wish { who, reason, rule, last }),
        Err(NoDay::Before(day)) => Err(date("coverage.end.fault.early", day)),
        Err(NoDay::After(day)) => Err(date("coverage.end.fault.late", day)),
        Err(NoDay::Future) => Err(vec![fault("day", cx.t("coverage.end.fault.future"))]),
    }
}

/// `None`: it can be ended; else the way from here.
fn elsewhere(desk: &Desk, own: &Own) -> Option<Response> {
    if !own.is_live() {
        return Some(desk.go(&format!("{}?done=before", own.address())));
    }
    (!own.has_begun()).then(|| desk.go(&format!("{}/cancel", own.address())))
}

/// `GET /account/coverage/ID/end`
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    Ok(elsewhere(&desk, &own).unwrap_or_else(|| first(&desk, &own, Vec::new())))
}

/// `POST /account/coverage/ID/end`
pub async fn post(desk: Desk, with: Extension<With>, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    if let Some(response) = elsewhere(&desk, &own) {
        return Ok(response);
    }
    if let Some(response) = leave::done_before(&desk, &own) {
        return Ok(response);
    }
    if desk.only_switches() {
        return Ok(first(&desk, &own, Vec::new()));
    }
    let wish = match wish(&desk, &with, &own) {
        Ok(wish) => wish,
        Err(faults) => return Ok(first(&desk, &own, faults)),
    };
    if let Who::Some(rows) = &wish.who {
        return leave::post(&desk, &with, &own, (&wish, rows)).await;
    }
    if !desk.form.ticked("checked") {
        return Ok(second(&desk, &own, &wish, Vec::new()));
    }
    if !desk.form.ticked("sure") {
        let faults = vec![fault("sure", desk.cx.t("coverage.end.fault.sure"))];
        return Ok(second(&desk, &own, &wish, faults));
    }
    let change = End {
        means: desk.office.means.clone(),
        knows: Arc::clone(&with.knows),
        owner: own.enrollment.owner.clone(),
        enrollment: own.enrollment.id.clone(),
        seen: desk.form.get("seen").parse().unwrap_or_default(),
        reason: wish.reason,
        code: wish.rule.code.clone(),
        last: wish.last,
        session: desk.visitor.session_text(),
    };
    finished(&desk, &own, change).await
}

/// Writes it, and leads to the page that says so.
pub async fn finished(desk: &Desk, own: &Own, change: End) -> Answer {
    let word = match change.last {
        Last::Never => "cancelled",
        Last::Day(_) => "ended",
    };
    let done = desk.office.write(change).await?;
    Ok(said(desk, own, done, word))
}

/// The way to the page that says what became of it.
pub fn said(desk: &Desk, own: &Own, done: Done, word: &str) -> Response {
    let word = match done {
        Done::Now => word,
        Done::Before => "before",
        Done::Changed => "changed",
    };
    desk.go(&format!("{}?done={word}", own.address()))
}
