//! What the notice of a change says besides: what it was before and is now, from which day, and what to do about the plan
//! (45 CFR 155.330(e), (f)).
//!
//! Called by `notice`. It only puts two answers of the engine beside each other.

use serde_json::Value;
use time::{Date, Month};

use super::notice::{About, part};
use crate::application::record::Part;
use crate::application::submit::shown;
use crate::eligibility::tables::CoverageStart;
use crate::types::Cents;
use crate::verify::words::{credit, gets, next_month};
use crate::web::page::Cx;

/// The application that a change is of.
pub struct Changed<'a> {
    pub reference: &'a str,
    /// What held until now, as JSON.
    pub before: &'a Value,
    /// What holds now, as JSON.
    pub now: &'a Value,
    /// Something that was not proved in time holds on.
    pub unproved: bool,
}

fn people(determination: &Value) -> impl Iterator<Item = &Value> {
    determination["people"].as_array().into_iter().flatten()
}

impl Changed<'_> {
    fn is_same(&self, cx: &Cx) -> bool {
        let all = |of: &Value| -> Vec<(String, Vec<String>)> {
            let one = |own: &Value| (own["id"].to_string(), gets(&cx.app.messages, cx.lang, own));
            people(of).map(one).collect()
        };
        credit(self.before) == credit(self.now) && all(self.before) == all(self.now)
    }

    pub fn lead(&self, cx: &Cx, about: &About) -> Vec<String> {
        let mut lines = vec![cx.tf("report.notice.about", &[("reference", &shown(self.reference))])];
        lines.push(match self.is_same(cx) {
            true => cx.t("verify.decided.same").to_string(),
            false => match from(about) {
                Some(day) => cx.tf("report.notice.from", &[("date", &cx.date(day))]),
                None => years(cx, about, "report.notice.year_over"),
            },
        });
        if self.unproved {
            lines.push(cx.t("report.notice.unproved").to_string());
        }
        lines
    }

    pub fn before_and_now(&self, cx: &Cx, about: &About) -> Part {
        let dollars = |of: &Value| Cents(credit(of)).dollars_cents();
        let values = [("before", &dollars(self.before)[..]), ("after", &dollars(self.now))];
        let mut lines = vec![cx.tf("verify.decided.credit", &values)];
        for person in people(self.now) {
            let id = person["id"].as_str().unwrap_or_default();
            let list = |of: &Value| gets(&cx.app.messages, cx.lang, of).join("; ");
            let old = people(self.before).find(|own| own["id"] == person["id"]);
            let line = |key: &str, list: &str| cx.tf(key, &[("list", list)]);
            let words = match old.map(list) {
                None => line("report.notice.new", &list(person)),
                Some(old) if old == list(person) => line("verify.decided.unchanged", &old),
                Some(old) => {
                    format!("{} {}", line("verify.decided.before", &old), line("verify.decided.after", &list(person)))
                }
            };
            lines.push(format!("{}. {words}", about.name(cx, id).trim_end_matches('.')));
        }
        let gone = people(self.before).filter(|old| !people(self.now).any(|own| own["id"] == old["id"])).count();
        if gone > 0 {
            lines.push(cx.n("report.notice.gone", i64::try_from(gone).unwrap_or_default()));
        }
        part(cx, "report.notice.title", lines)
    }

    /// What to do about a plan that somebody has.
    pub fn plan(&self, cx: &Cx, about: &About) -> Part {
        let line = match from(about) {
            Some(day) => cx.tf("report.notice.plan", &[("date", &cx.date(day))]),
            None => years(cx, about, "report.notice.plan_next_year"),
        };
        part(cx, "report.notice.plan_title", vec![line])
    }
}

/// From which day it holds: the first of the next month (45 CFR 155.330(f)(1)); with a birth, an adoption or a court order
/// from its day (155.330(f)(2), 155.420(b)(2)(i)); never before the plan year. `None`: the year is over by then, and nothing of
/// it changes any more.
fn from(about: &About) -> Option<Date> {
    let first = Date::from_calendar_date(about.view.year, Month::January, 1).unwrap_or(about.days.own);
    let of_its_day = |window: &crate::eligibility::enrollment::SepWindow| {
        (window.coverage_start_rule == CoverageStart::EventDay && window.coverage_start.is_some())
            .then_some(window.event)
    };
    let day = about.new_windows().iter().filter_map(of_its_day).min();
    let day = day.unwrap_or_else(|| next_month(about.days.own)).max(first);
    within(day, about.view.year)
}

/// A day after the plan year is none of it.
fn within(day: Date, year: i32) -> Option<Date> {
    (day.year() <= year).then_some(day)
}

/// Words about the plan year and the one after it.
fn years(cx: &Cx, about: &About, key: &str) -> String {
    let (year, next) = (about.view.year.to_string(), (about.view.year + 1).to_string());
    cx.tf(key, &[("year", &year), ("next", &next)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_change_of_december_changes_nothing_of_the_year() {
        assert_eq!(within(next_month(date!(2026 - 11 - 30)), 2026), Some(date!(2026 - 12 - 01)));
        assert_eq!(within(next_month(date!(2026 - 12 - 10)), 2026), None);
        assert_eq!(within(next_month(date!(2026 - 12 - 10)), 2027), Some(date!(2027 - 01 - 01)));
    }
}
