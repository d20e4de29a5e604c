//! `/account/coverage/ID/end`: ending a plan on a day, in two pages: why and when; then what it means, with the tick that it is
//! meant.
//!
//! The second page is the answer to the first one's form, so that neither reason nor day gets into an address.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use time::Date;

use super::With;
use super::shown::{self, Own, open_until};
use crate::application::kinds;
use crate::enrollment::end_rules::{Asked, Ending, Last, NoDay, Reason};
use crate::enrollment::ending::{Done, End};
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, Fault, Field, bar, fault};
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "coverage/end.html")]
struct EndPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    plan: &'a str,
    action: String,
    keep: String,
    faults: Vec<Fault>,
    reasons: Vec<Choice>,
    /// As typed.
    day: String,
    reason_fault: Option<String>,
    day_fault: Option<String>,
}

struct Choice {
    value: &'static str,
    words: String,
    hint: String,
    chosen: bool,
}

/// What somebody asked for, if it can be.
struct Wish<'r> {
    reason: Reason,
    rule: &'r Ending,
    last: Last,
}

/// The first page, with what was typed and what is wrong with it.
fn first(desk: &Desk, own: &Own, faults: Vec<Fault>) -> Response {
    let cx = &desk.cx;
    let chosen = desk.form.get("reason");
    let choice = |reason: Reason| Choice {
        value: reason.word(),
        words: cx.t(&format!("coverage.end.reason.{}", reason.word())).to_string(),
        hint: cx.t(&format!("coverage.end.hint.{}", reason.word())).to_string(),
        chosen: reason.word() == chosen,
    };
    // Of several people one who died is taken off by a change: the others stay covered.
    let fits = |reason: &Reason| *reason != Reason::Death || own.now.people.len() == 1;
    let words = |field: &str| faults.iter().find(|fault| fault.field == field).map(|fault| fault.words.clone());
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template = EndPage {
        bar: bar(cx, &desk.visitor),
        plan: &own.now.plan.name,
        action: cx.href(&format!("{}/end", own.address())),
        keep: cx.href(&own.address()),
        reasons: Reason::all().filter(fits).map(choice).collect(),
        day: desk.form.get("day").to_string(),
        reason_fault: words("reason"),
        day_fault: words("day"),
        faults,
        cx,
    };
    page::render_status(cx, status, template, CachePolicy::Private)
}

/// The second page.
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
    for (name, value) in [
        ("reason", wish.reason.word().to_string()),
        ("day", desk.form.get("day").to_string()),
        ("seen", own.enrollment.version.to_string()),
        ("checked", "1".to_string()),
    ] {
        page.hidden.push((name.to_string(), value));
    }
    let end = format!("{}/end", own.address());
    let page = page
        .to(&end)
        .field(Field::tick("sure", cx.t(sure), false))
        .submit(cx.t("coverage.end.do"))
        .link(cx.t("coverage.end.change_day"), &end)
        .link(cx.t("coverage.end.keep"), &own.address());
    if faults.is_empty() { page.show() } else { page.wrong(faults) }
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

/// What was asked for, or what is wrong with it.
fn wish<'r>(desk: &Desk, with: &'r With, own: &Own) -> Result<Wish<'r>, Vec<Fault>> {
    let cx = &desk.cx;
    let mut faults = Vec::new();
    let reason = desk.form.get("reason").parse::<Reason>().ok();
    let reason = reason.filter(|reason| *reason != Reason::Death || own.now.people.len() == 1);
    if reason.is_none() {
        faults.push(fault("reason", cx.t("coverage.end.fault.reason")));
    }
    let named = kinds::day(desk.form.get("day"));
    if named.is_none() {
        faults.push(fault("day", cx.t("coverage.end.fault.day")));
    }
    let (Some(reason), Some(named)) = (reason, named) else { return Err(faults) };
    let Some(rule) = with.rules.ending(reason, own.marketplace(cx), own.today) else {
        return Err(vec![fault("day", cx.t("coverage.end.fault.unknown"))]);
    };
    let asked = Asked { today: own.today, starts: own.enrollment.starts, ends: own.enrollment.ends, named };
    let date = |key: &str, date: Date| vec![fault("day", &cx.tf(key, &[("date", &cx.date(date))]))];
    match rule.last_day(&asked) {
        Ok(last) => Ok(Wish { reason, rule, last }),
        Err(NoDay::Before(day)) => Err(date("coverage.end.fault.early", day)),
        Err(NoDay::After(day)) => Err(date("coverage.end.fault.late", day)),
        Err(NoDay::Future) => Err(vec![fault("day", cx.t("coverage.end.fault.future"))]),
    }
}

/// `None`: it can be ended; else the way from here.
fn elsewhere(desk: &Desk, own: &Own) -> Option<Response> {
    if !own.enrollment.state.is_live() {
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
    let wish = match wish(&desk, &with, &own) {
        Ok(wish) => wish,
        Err(faults) => return Ok(first(&desk, &own, faults)),
    };
    if !desk.form.ticked("checked") {
        return Ok(second(&desk, &own, &wish, Vec::new()));
    }
    if !desk.form.ticked("sure") {
        let faults = vec![fault("sure", desk.cx.t("coverage.end.fault.sure"))];
        return Ok(second(&desk, &own, &wish, faults));
    }
    let change = End {
        means: desk.office.means.clone(),
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
    let word = match desk.office.write(change).await? {
        Done::Now => word,
        Done::Before => "before",
        Done::Changed => "changed",
    };
    Ok(desk.go(&format!("{}?done={word}", own.address())))
}
