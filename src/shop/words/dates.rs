//! Dates, and what changes on them, in words.
//!
//! Called by the enrollment pages and by the banner of the list and the home page. It must never read a clock: the
//! caller passes the date, or the plan year.

use time::{Date, Month};

use crate::eligibility::law::law;
use crate::eligibility::tables::{Change, Status};
use crate::web::page::Cx;

/// One thing that changed, for people.
pub struct ChangeWords {
    pub title: String,
    pub words: String,
    pub citation: String,
    pub verified: bool,
}

impl ChangeWords {
    fn new(cx: &Cx, change: &Change) -> ChangeWords {
        ChangeWords {
            title: said(cx, change, "title").to_string(),
            words: said(cx, change, "words").to_string(),
            citation: law(&change.citation.text),
            verified: change.status == Status::Verified,
        }
    }
}

fn said<'a>(cx: &'a Cx, change: &Change, part: &str) -> &'a str {
    cx.t(&format!("{}.{part}", change.message_key))
}

/// What changed for a plan year, as of today, in full.
pub fn changes_page(cx: &Cx, plan_year: u16) -> Vec<ChangeWords> {
    cx.app.tables.changes(i32::from(plan_year), cx.today()).map(|change| ChangeWords::new(cx, change)).collect()
}

/// What changed for a plan year, as of its first day: one or two sentences each, for the banner of public pages,
/// which must not look at a clock.
pub fn changes(cx: &Cx, plan_year: u16) -> Vec<String> {
    let Ok(day) = Date::from_calendar_date(i32::from(plan_year), Month::January, 1) else { return Vec::new() };
    let changes = cx.app.tables.changes(i32::from(plan_year), day);
    changes.map(|change| format!("{}. {}", said(cx, change, "title"), said(cx, change, "words"))).collect()
}
