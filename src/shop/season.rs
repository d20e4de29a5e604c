//! The coming plan year: while its enrollment is open and its plans are not loaded, every list has to say so.
//!
//! Called by the list for the words, by `open` for the validator, and by the page of choosing a plan: what depends on the day must be part of a page's
//! version, so that a cached page is not served past it.

use time::Date;

use crate::eligibility::State;
use crate::eligibility::enrollment::{WindowStatus, open_enrollment};
use crate::quote::ask::address::{Search, write_query};
use crate::shop::open::days;
use crate::web::page::Cx;

/// A plan year that people can already choose plans for.
pub struct Coming {
    pub year: u16,
    /// Its plans are here.
    here: bool,
    ends: Option<Date>,
    /// Last day to choose a plan for the next start of coverage, and that start: what matters before the end does.
    select_by: Option<Date>,
    start: Option<Date>,
    state: State,
}

/// `None` if the search's own year is the one to choose for, or the plans of the next one are here and can be chosen there.
pub fn coming(cx: &Cx, search: &Search) -> Option<Coming> {
    next(cx, search.state()?, search.year).filter(|coming| !coming.here)
}

/// The year after one, if people of a state can choose plans for it today.
pub fn next(cx: &Cx, state: State, year: u16) -> Option<Coming> {
    let year = year + 1;
    let open = open_enrollment(&cx.app.tables, state, i32::from(year), days(cx, Some(state)));
    (open.status == WindowStatus::Open).then_some(Coming {
        year,
        here: cx.catalogues.get(year).is_some(),
        ends: open.ends,
        select_by: open.select_by,
        start: open.coverage_start,
        state,
    })
}

impl Coming {
    /// What to say, and the page that says more.
    pub fn words(&self, cx: &Cx) -> (String, String) {
        let year = self.year.to_string();
        let [ends, by, start] =
            [self.ends, self.select_by, self.start].map(|day| day.map(|day| cx.date(day)).unwrap_or_default());
        let key = match self.select_by {
            _ if self.here => "season.here",
            None => "season.open",
            by if by != self.ends => "season.open_steps",
            Some(_) => "season.open_until",
        };
        let words = cx.tf(key, &[("next", &year), ("ends", &ends), ("by", &by), ("start", &start)]);
        let query = write_query(&[("state", self.state.code().to_string()), ("year", year)]);
        (words, cx.href(&format!("/enroll?{query}")))
    }
}
