//! `/account/notice/ID/appeal`: what an appeal is and until when, what else may be faster, the questions; then everything again
//! to be checked; then it is sent, once.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use strum::IntoEnumIterator as _;

use super::super::around::place_words;
use super::typed::Typed;
use super::{About, Elsewhere, lines, people, room};
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, Fault, bar};
use crate::verify::Knows;
use crate::verify::appeal::change::{File, Filed};
use crate::verify::appeal::{TEXT_MAX, What};
use crate::web::page::{self, CachePolicy, Cx};
use crate::work;

/// Something to pick.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

/// Something to type.
struct Text {
    id: &'static str,
    label: String,
    hint: Option<String>,
    value: String,
    fault: Option<String>,
    complete: &'static str,
}

#[derive(Template)]
#[template(path = "apply/appeal.html")]
struct AskPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    faults: Vec<Fault>,
    id: &'a str,
    until: String,
    place: String,
    elsewhere: Elsewhere,
    whose: Vec<Choice>,
    what: Vec<Choice>,
    why: Text,
    urgent: bool,
    urgent_why: Text,
    /// Only of what has changed what somebody had.
    keep: Vec<Choice>,
    late_why: Option<Text>,
    helper: Text,
    reach: Text,
}

impl AskPage<'_> {
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.words.as_str())
    }
}

#[derive(Template)]
#[template(path = "apply/appeal_check.html")]
struct CheckPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    id: &'a str,
    lines: Vec<(String, String)>,
    carried: Vec<(&'static str, String)>,
    until: String,
}

fn until(cx: &Cx, about: &About) -> String {
    let key = if about.is_late() { "appeal.late" } else { "appeal.until" };
    cx.tf(key, &[("date", &cx.date(about.window.last))])
}

fn form(desk: &Desk, knows: &Knows, (about, typed): (&About, &Typed), faults: Vec<Fault>) -> Response {
    let cx = &desk.cx;
    let text = |id: &'static str, hint: Option<String>, value: &str, complete| Text {
        label: cx.t(&format!("appeal.{id}")).to_string(),
        fault: faults.iter().find(|fault| fault.field == id).map(|fault| fault.words.clone()),
        value: value.to_string(),
        id,
        hint,
        complete,
    };
    let choice =
        |value: &str, label: &str, chosen| Choice { value: value.to_string(), label: label.to_string(), chosen };
    let letters = TEXT_MAX.to_string();
    let all = people(cx, &about.case);
    let keep = ["yes", "no"].into_iter().filter(|_| about.of.again);
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template = AskPage {
        bar: bar(cx, &desk.visitor),
        id: &about.notice.id,
        until: until(cx, about),
        place: place_words(cx, about.case.state(), about.case.plan_year()),
        elsewhere: Elsewhere::of(cx, knows, &about.case, about.now),
        whose: all.iter().map(|(row, name)| choice(&row.to_string(), name, typed.people.contains(row))).collect(),
        what: What::iter()
            .map(|what| choice(what.into(), cx.t(&format!("appeal.choice.{what}")), typed.what.contains(&what)))
            .collect(),
        why: text("why", Some(cx.tf("appeal.why_hint", &[("n", &letters)])), &typed.why, "off"),
        urgent: typed.urgent,
        urgent_why: text("urgent_why", Some(cx.t("appeal.urgent_why_hint").to_string()), &typed.urgent_why, "off"),
        keep: keep.map(|word| choice(word, cx.t(&format!("appeal.keep_{word}")), typed.keep == word)).collect(),
        late_why: about.is_late().then(|| text("late_why", None, &typed.late_why, "off")),
        helper: text("helper", Some(cx.t("appeal.helper_hint").to_string()), &typed.helper, "off"),
        reach: text("reach", None, &typed.reach, "tel"),
        faults,
        cx,
    };
    page::render_status(cx, status, template, CachePolicy::Private)
}

/// `GET /account/notice/ID/appeal`; where there is one, that.
pub async fn show(desk: Desk, knows: Extension<Arc<Knows>>, Path(id): Path<String>) -> Answer {
    let about = About::find(&desk, &knows, &id).await?;
    if let Some(filed) = &about.filed {
        return Ok(desk.go(&format!("/account/appeal/{}", filed.id)));
    }
    Ok(form(&desk, &knows, (&about, &Typed::nothing(&about)), Vec::new()))
}

/// `POST /account/notice/ID/appeal`: to be checked, to be changed, or to be sent.
pub async fn post(desk: Desk, knows: Extension<Arc<Knows>>, Path(id): Path<String>) -> Answer {
    let about = About::find(&desk, &knows, &id).await?;
    if let Some(filed) = &about.filed {
        return Ok(desk.go(&format!("/account/appeal/{}", filed.id)));
    }
    let (cx, typed) = (&desk.cx, Typed::of(&desk.form));
    let faults = typed.faults(cx, &about);
    match desk.form.get("do") {
        "change" => return Ok(form(&desk, &knows, (&about, &typed), Vec::new())),
        _ if !faults.is_empty() => return Ok(form(&desk, &knows, (&about, &typed), faults)),
        "send" => {}
        _ => return Ok(check(&desk, &about, &typed)),
    }
    let file = File {
        room: room(&desk, &knows),
        notice: about.notice.id.clone(),
        said: typed.said(cx, &about),
        window: about.window,
        session: desk.visitor.session_text(),
        case: about.case,
    };
    let filed = desk.office.write(file).await?;
    work::ring();
    match filed {
        Filed::Now(appeal) | Filed::Before(appeal) => Ok(desk.go(&format!("/account/appeal/{appeal}"))),
        // The last day ended while the page was open: it asks why, with everything that was typed.
        Filed::Late => {
            let about = About::find(&desk, &knows, &id).await?;
            let faults = typed.faults(cx, &about);
            Ok(form(&desk, &knows, (&about, &typed), faults))
        }
    }
}

fn check(desk: &Desk, about: &About, typed: &Typed) -> Response {
    let cx = &desk.cx;
    let template = CheckPage {
        bar: bar(cx, &desk.visitor),
        id: &about.notice.id,
        lines: lines(cx, &about.case, &typed.said(cx, about), about.of.again),
        carried: typed.pairs(),
        until: until(cx, about),
        cx,
    };
    page::render_status(cx, StatusCode::OK, template, CachePolicy::Private)
}
