//! What comes after choosing: where and how a plan is bought in the state of a search, and by when.
//!
//! Called by the plan page and the take-away sheet. Dates come from the rules' tables, the day from the one clock: a
//! page that says this is a page of that day (`Page::on_a_day`).

use time::Date;

use crate::eligibility::State;
use crate::eligibility::enrollment::{OpenEnrollment, WindowStatus, open_enrollment};
use crate::eligibility::tables::Status;
use crate::quote::ask::address::{Search, write_query};
use crate::shop::open::days;
use crate::shop::season;
use crate::web::page::Cx;

/// A marketplace as people call it in this language.
pub struct Place {
    pub name: String,
    /// Empty where we know none.
    pub url: String,
    pub phone: String,
}

pub struct NextStep {
    /// What to do, by when; the most pressing first.
    pub lines: Vec<String>,
    pub marketplace: Option<Place>,
    /// The page with all dates and reasons.
    pub more: String,
    /// Where an application begins, with this search.
    pub apply: String,
}

/// Who sells the plans of a search.
pub fn marketplace(cx: &Cx, search: &Search) -> Option<Place> {
    let state = search.state()?;
    let row = cx.app.tables.marketplace(state, i32::from(search.year))?;
    let (name, url, _) = row.site(cx.lang.code());
    Some(Place { name: name.to_string(), url: url.to_string(), phone: row.phone.clone() })
}

impl NextStep {
    /// `None` where we know no marketplace.
    pub fn new(cx: &Cx, search: &Search) -> Option<NextStep> {
        let state = search.state()?;
        let place = marketplace(cx, search);
        let name = place.as_ref().map(|place| place.name.clone()).unwrap_or_default();
        let open = open_enrollment(&cx.app.tables, state, i32::from(search.year), days(cx, Some(state)));
        let mut lines = vec![verdict(cx, search, state, &open, &name)];
        if matches!(open.status, WindowStatus::Open | WindowStatus::NotYet) {
            lines.push(cx.t("enroll.first_premium").to_string());
        }
        let tribal = search.policy.household.covered().any(|person| person.tribal_member);
        lines.extend(tribal.then(|| cx.t("next.tribal").to_string()));
        if open.status == WindowStatus::Closed {
            lines.extend(season::coming(cx, search).map(|coming| coming.words(cx).0));
        }
        if open.verified == Status::Unverified && open.status != WindowStatus::Unknown {
            lines.push(cx.tf("next.check", &[("name", &name)]));
        }
        let year = search.year.to_string();
        let query = write_query(&[("state", state.code().to_string()), ("year", year)]);
        let apply = cx.href(&format!("/account/apply/begin?{}", search.canonical()));
        Some(NextStep { lines, marketplace: place, more: cx.href(&format!("/enroll?{query}")), apply })
    }
}

/// Whether, and until when, a plan of this year can be chosen.
fn verdict(cx: &Cx, search: &Search, state: State, open: &OpenEnrollment, name: &str) -> String {
    let date = |date: Option<Date>| date.map(|day| cx.date(day)).unwrap_or_default();
    let year = search.year.to_string();
    let rows = cx.app.tables.open_enrollment(state, i32::from(search.year));
    let key = match open.status {
        // All we know of some states is what most of them keep.
        WindowStatus::Open if rows.first().is_some_and(|row| row.marketplace == "state") => "next.open_usual",
        WindowStatus::Open if open.select_by != open.ends => "next.open_steps",
        WindowStatus::Open => "next.open",
        WindowStatus::NotYet => "next.not_yet",
        WindowStatus::Closed => "next.closed",
        WindowStatus::Unknown => "next.unknown",
    };
    let values = [
        ("name", name),
        ("year", &year),
        ("opens", &date(open.opens)),
        ("by", &date(open.select_by)),
        ("start", &date(open.coverage_start)),
        ("ends", &date(open.ends)),
    ];
    cx.tf(key, &values)
}
