//! `/account/plan/start`: the first day of coverage, where the law gives a choice: of a birth or an adoption (45 CFR
//! 155.420(b)(2)(i)).

use askama::Template;
use axum::http::StatusCode;

use super::around::around;
use crate::enrollment::choice::{Begin, Choice};
use crate::enrollment::dates;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "choose/start.html")]
struct StartPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    version: i64,
    /// Value, day in words, picked.
    days: Vec<(&'static str, String, bool)>,
}

/// `GET /account/plan/start`
pub async fn show(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    let cx = &desk.cx;
    let now = (cx.app.clock)();
    let day = |begin| dates::start(&cx.app.tables, &around.results, now, begin).ok();
    let later = Begin::NextMonth;
    let is_later = around.choice.begin == later;
    let days = match day(Begin::First).zip(day(later)) {
        Some((first, next)) if first.day != next.day => {
            vec![("first", cx.date(first.day), !is_later), ("next", cx.date(next.day), is_later)]
        }
        // There is one day, or none: the page of the choice says which.
        _ => return Ok(desk.go(super::ROOT)),
    };
    let template = StartPage { bar: bar(cx, &desk.visitor), version: around.version, days, cx };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// `POST /account/plan/start`
pub async fn post(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    around.is_seen(&desk)?;
    let begin = if desk.form.get("start") == "next" { Begin::NextMonth } else { Begin::First };
    around.save(&desk, Choice { begin, ..around.choice.clone() }).await?;
    Ok(desk.go(super::ROOT))
}
