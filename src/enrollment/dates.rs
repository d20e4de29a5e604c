//! From which day coverage starts, if a plan is signed for now: by the rows of open_enrollment.csv and sep_kinds.csv alone.
//!
//! Called by the pages of choosing and by `check`, which `sign` relies on. Several reasons can hold at once: the one with the
//! earliest start counts, and of equals open enrollment. It must never give a day that no row gives.

use time::{Date, Duration, OffsetDateTime};

use super::choice::Begin;
use super::record::Why;
use super::results::{Happened, Results};
use crate::eligibility::clock::Days;
use crate::eligibility::enrollment::{Event, SepWindow, WindowStatus, event_code, open_enrollment, special};
use crate::eligibility::tables::{CoverageStart, PriorCoverage, plan_year_days};
use crate::eligibility::{State, Tables};

/// One may sign now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The first day of coverage.
    pub day: Date,
    pub why: Why,
    /// The last day to sign for this start.
    pub sign_by: Option<Date>,
    /// Of a start in the past (a birth, an adoption): the first of the next month, on request instead (45 CFR
    /// 155.420(b)(2)(i)).
    pub next_month: Option<Date>,
}

/// One may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotNow {
    pub why: Closed,
    /// The next day on which one may, as far as the tables know.
    pub opens: Option<Date>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// The next period has not begun.
    NotYet,
    /// It is over; the code of the event whose period was the last, if there was one.
    Over { kind: Option<String>, on: Option<Date> },
    /// The event needs coverage in the 60 days before it, and there was none, or it was not said.
    NoPriorCoverage { kind: String },
    /// Coverage because of this event begins on a day of another plan year: results of that year are needed.
    OtherYear { kind: String, start: Date },
    /// The event counts once a month, and they have signed because of it on this day.
    Used { kind: String, on: Date },
    /// The marketplace decides about this event and its day: somebody has to call.
    Decided { kind: String },
    /// We have no dates for this state and year.
    Unknown,
}

/// From which day, for what counts of an application at a moment.
///
/// # Errors
///
/// Why not now, and when next.
pub fn start(tables: &Tables, results: &Results, now: OffsetDateTime, begin: Begin) -> Result<Start, NotNow> {
    let days = tables.days(Some(results.state), now);
    // What has no day is open all the time, once a month (45 CFR 155.420(d)(8)).
    let used = |event: &Happened| if event.day.is_none() { results.used(&event.kind, days.own) } else { None };
    let left: Vec<Happened> = results.events.iter().filter(|event| used(event).is_none()).cloned().collect();
    let found = start_of(tables, (results.state, results.plan_year), &left, days, begin);
    let (Err(closed), Some((kind, on))) =
        (&found, results.events.iter().find_map(|event| used(event).map(|on| (event.kind.clone(), on))))
    else {
        return found;
    };
    let within = |day: &Date| day.year() <= results.plan_year;
    let opens = first_of_next_month(days.own).filter(within).into_iter().chain(closed.opens).min();
    Err(NotNow { why: Closed::Used { kind, on }, opens })
}

/// The same from what it depends on.
///
/// # Errors
///
/// As [`start`].
pub fn start_of(
    tables: &Tables,
    (state, plan_year): (State, i32),
    events: &[Happened],
    days: Days,
    begin: Begin,
) -> Result<Start, NotNow> {
    let season = open_enrollment(tables, state, plan_year, days);
    let mut starts: Vec<Start> = Vec::new();
    if let (WindowStatus::Open, Some(day)) = (season.status, season.coverage_start) {
        starts.push(Start { day, why: Why::OpenEnrollment, sign_by: season.select_by, next_month: None });
    }
    let mut closed: Vec<NotNow> = Vec::new();
    for event in events {
        match of_event(tables, plan_year, event, days, begin) {
            Some(Ok(start)) => starts.push(start),
            Some(Err(why)) => closed.push(why),
            None => {}
        }
    }
    // The first of equals: open enrollment.
    if let Some(first) = starts.into_iter().reduce(|best, other| if other.day < best.day { other } else { best }) {
        return Ok(first);
    }
    let opens = match season.status {
        WindowStatus::NotYet => season.opens,
        _ => open_enrollment(tables, state, plan_year + 1, days).opens.filter(|opens| *opens > days.own),
    };
    let opens = closed.iter().filter_map(|closed| closed.opens).chain(opens).min();
    if let Some(event) = closed.into_iter().next() {
        return Err(NotNow { opens, ..event });
    }
    let why = match season.status {
        WindowStatus::NotYet => Closed::NotYet,
        WindowStatus::Unknown => Closed::Unknown,
        _ => Closed::Over { kind: None, on: season.ends },
    };
    Err(NotNow { why, opens })
}

/// `None`: it opens nothing today, and nothing is to be said of it.
fn of_event(
    tables: &Tables,
    plan_year: i32,
    event: &Happened,
    days: Days,
    begin: Begin,
) -> Option<Result<Start, NotNow>> {
    let kind = event_code(&event.kind).to_string();
    let said = Event { kind: kind.clone(), date: event.day.unwrap_or(days.own), had_coverage: event.had_coverage };
    let window = special(tables, std::slice::from_ref(&said), days).ok()?.into_iter().next()?;
    let not_now = |why, opens| Some(Err(NotNow { why, opens }));
    match window.status {
        WindowStatus::NotYet => return not_now(Closed::NotYet, window.opens),
        WindowStatus::Closed => return not_now(Closed::Over { kind: Some(kind), on: window.closes }, None),
        WindowStatus::Unknown => return None,
        WindowStatus::Open => {}
    }
    // A kind with a window and no day: it was not said when.
    if event.day.is_none() && (window.opens.is_some() || window.closes.is_some()) {
        return None;
    }
    if window.prior_coverage != PriorCoverage::No && window.had_coverage != Some(true) {
        return not_now(Closed::NoPriorCoverage { kind }, None);
    }
    if window.coverage_start_rule == CoverageStart::AsFits {
        return not_now(Closed::Decided { kind }, None);
    }
    if let Some(start) = open_now(&window, (plan_year, kind.clone()), days, begin) {
        return Some(Ok(start));
    }
    let start = window.coverage_start.filter(|start| start.year() > plan_year)?;
    not_now(Closed::OtherYear { kind, start }, None)
}

/// A period that is open; `None`: coverage would start in another plan year.
fn open_now(window: &SepWindow, (plan_year, kind): (i32, String), days: Days, begin: Begin) -> Option<Start> {
    let (first, last) = plan_year_days(plan_year)?;
    let within = |day: &Date| (first..=last).contains(day);
    let next = first_of_next_month(days.own);
    let event_day = window.coverage_start_rule == CoverageStart::EventDay;
    let of_rule = window.coverage_start.filter(within);
    let later = next.filter(|_| event_day).filter(within);
    let day = match begin {
        Begin::NextMonth => later.or(of_rule),
        Begin::First => of_rule.or(later),
    }?;
    // A start by the month holds for what is signed until the month is over, of a loss ahead until the loss.
    let by_month = (!event_day || Some(day) == later).then(|| day.checked_sub(Duration::days(1))).flatten();
    let sign_by = [by_month, window.closes].into_iter().flatten().min();
    let next_month = later.filter(|later| *later != day && event_day);
    Some(Start { day, why: Why::Special { kind, event: window.event }, sign_by, next_month })
}

fn first_of_next_month(day: Date) -> Option<Date> {
    let month = day.month().next();
    let year = if month == time::Month::January { day.year() + 1 } else { day.year() };
    Date::from_calendar_date(year, month, 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn at(today: Date, year: i32, events: &[(&str, Date)], begin: Begin) -> Result<Start, NotNow> {
        let tables = Tables::load().expect("the tables");
        let event = |(kind, day): &(&str, Date)| Happened {
            kind: kind.to_string(),
            day: Some(*day),
            had_coverage: None,
            told_by_office: false,
        };
        let events: Vec<Happened> = events.iter().map(event).collect();
        let state = State::parse("OH").expect("Ohio");
        start_of(&tables, (state, year), &events, Days::both(today), begin)
    }

    #[test]
    fn a_birth_is_covered_from_its_day_or_on_request_from_the_next_month() {
        let born = [("birth", date!(2027 - 03 - 09))];
        let first = at(date!(2027 - 04 - 20), 2027, &born, Begin::First).expect("a start");
        assert_eq!((first.day, first.next_month), (date!(2027 - 03 - 09), Some(date!(2027 - 05 - 01))));
        assert_eq!(first.sign_by, Some(date!(2027 - 05 - 08)));
        let later = at(date!(2027 - 04 - 20), 2027, &born, Begin::NextMonth).expect("a start");
        assert_eq!((later.day, later.sign_by), (date!(2027 - 05 - 01), Some(date!(2027 - 04 - 30))));
        let over = at(date!(2027 - 05 - 09), 2027, &born, Begin::First).expect_err("over");
        assert_eq!(over.why, Closed::Over { kind: Some("birth".into()), on: Some(date!(2027 - 05 - 08)) });
    }

    #[test]
    fn a_birth_in_the_year_before_does_not_start_the_next_years_plan() {
        let born = [("birth", date!(2026 - 12 - 20))];
        let season = at(date!(2026 - 12 - 22), 2027, &born, Begin::First).expect("a start");
        assert_eq!(
            (season.day, season.why),
            (date!(2027 - 01 - 01), Why::Special { kind: "birth".into(), event: date!(2026 - 12 - 20) })
        );
        let old = at(date!(2026 - 12 - 22), 2026, &born, Begin::First).expect("a start");
        assert_eq!((old.day, old.next_month), (date!(2026 - 12 - 20), None));
    }

    #[test]
    fn an_event_that_needs_coverage_before_opens_nothing_without_it() {
        let moved = at(date!(2027 - 03 - 10), 2027, &[("moved", date!(2027 - 03 - 01))], Begin::First);
        assert_eq!(moved.expect_err("no").why, Closed::NoPriorCoverage { kind: "moved".into() });
        let error = at(date!(2027 - 03 - 10), 2027, &[("marketplace_error", date!(2027 - 03 - 01))], Begin::First);
        assert_eq!(error.expect_err("no").why, Closed::Decided { kind: "marketplace_error".into() });
    }

    #[test]
    fn an_event_whose_coverage_begins_in_the_next_year_says_so() {
        let lost = at(date!(2026 - 11 - 27), 2026, &[("loss_of_coverage", date!(2026 - 12 - 31))], Begin::First);
        let why = Closed::OtherYear { kind: "loss_of_coverage".into(), start: date!(2027 - 01 - 01) };
        assert_eq!(lost.expect_err("another year's plan").why, why);
    }
}
