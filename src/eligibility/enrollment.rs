//! When people can enroll and when coverage starts: open enrollment by state and plan year, special enrollment by event.
//!
//! Pure functions over `open_enrollment.csv` and `sep_kinds.csv`; the caller gives today. The shop's banner, its
//! screener and calendar files read these answers.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month};

use super::clock::Days;
use super::household::FieldError;
use super::state::State;
use super::tables::{Citation, CoverageStart, PriorCoverage, SepKind, Status, Tables, day};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowStatus {
    NotYet,
    Open,
    Closed,
    /// We have no dates for this state and year.
    Unknown,
}

/// A plan selected from … to … starts on ….
#[derive(Debug, Clone, Serialize)]
pub struct EnrollmentStep {
    #[serde(with = "day")]
    pub selected_from: Date,
    #[serde(with = "day")]
    pub selected_to: Date,
    #[serde(with = "day")]
    pub coverage_start: Date,
}

/// Open enrollment of a state and plan year, seen from a day.
#[derive(Debug, Clone, Serialize)]
pub struct OpenEnrollment {
    pub status: WindowStatus,
    #[serde(with = "day::option")]
    pub opens: Option<Date>,
    /// Last day to select a plan.
    #[serde(with = "day::option")]
    pub ends: Option<Date>,
    /// Start of coverage for a plan selected today, or on the first day if it is not open yet.
    #[serde(with = "day::option")]
    pub coverage_start: Option<Date>,
    /// Last day to select for that start.
    #[serde(with = "day::option")]
    pub select_by: Option<Date>,
    pub steps: Vec<EnrollmentStep>,
    pub citation: Option<Citation>,
    /// `Unverified` also when any step is.
    pub verified: Status,
}

/// Open enrollment of a state and plan year on a day.
pub fn open_enrollment(tables: &Tables, state: State, plan_year: i32, days: Days) -> OpenEnrollment {
    let mut spans = tables.open_enrollment(state, plan_year);
    spans.sort_by_key(|s| s.selected_from);
    let steps: Vec<EnrollmentStep> = spans
        .iter()
        .map(|s| EnrollmentStep {
            selected_from: s.selected_from,
            selected_to: s.selected_to,
            coverage_start: s.coverage_start,
        })
        .collect();
    let (opens, ends) = (steps.first().map(|s| s.selected_from), steps.last().map(|s| s.selected_to));
    let status = match (opens, ends) {
        (Some(opens), _) if days.own < opens => WindowStatus::NotYet,
        (_, Some(ends)) if days.last > ends => WindowStatus::Closed,
        (Some(_), Some(_)) => WindowStatus::Open,
        _ => WindowStatus::Unknown,
    };
    let step = match status {
        WindowStatus::Open => steps.iter().find(|s| days.last <= s.selected_to),
        WindowStatus::NotYet => steps.first(),
        WindowStatus::Closed | WindowStatus::Unknown => None,
    };
    let all_verified = !spans.is_empty() && spans.iter().all(|s| s.status == Status::Verified);
    OpenEnrollment {
        status,
        opens,
        ends,
        coverage_start: step.map(|s| s.coverage_start),
        select_by: step.map(|s| s.selected_to),
        citation: spans.first().map(|s| s.citation.clone()),
        verified: if all_verified { Status::Verified } else { Status::Unverified },
        steps,
    }
}

/// The code of an event as it is spelled today. British spellings that addresses and files of 2026 hold stay readable.
pub fn event_code(written: &str) -> &str {
    match written {
        "medicaid_denied_after_open_enrolment" => "medicaid_denied_after_open_enrollment",
        code => code,
    }
}

/// Something that happened, or will.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// A code of sep_kinds.csv.
    pub kind: String,
    #[serde(with = "day")]
    pub date: Date,
    /// Whether the one who must have had coverage for a day of the 60 days before had it; `None`: not said.
    #[serde(default)]
    pub had_coverage: Option<bool>,
}

/// One special enrollment period.
#[derive(Debug, Clone, Serialize)]
pub struct SepWindow {
    pub kind: String,
    #[serde(with = "day")]
    pub event: Date,
    /// First day to select a plan; `None`: open all the time, once a month.
    #[serde(with = "day::option")]
    pub opens: Option<Date>,
    #[serde(with = "day::option")]
    pub closes: Option<Date>,
    pub status: WindowStatus,
    /// Start of coverage for a plan selected today, or on the first day if it is not open yet. `None`: the
    /// marketplace decides, or the window is closed.
    #[serde(with = "day::option")]
    pub coverage_start: Option<Date>,
    pub coverage_start_rule: CoverageStart,
    /// Who must have had coverage before, and whether that was said.
    pub prior_coverage: PriorCoverage,
    pub had_coverage: Option<bool>,
    pub citation: Citation,
    pub verified: Status,
}

/// The window of each event, in the order given.
///
/// # Errors
/// An event whose kind is not a special enrollment period in force today.
pub fn special(tables: &Tables, events: &[Event], days: Days) -> Result<Vec<SepWindow>, FieldError> {
    events.iter().enumerate().map(|(i, event)| window(tables, i, event, days)).collect()
}

fn window(tables: &Tables, i: usize, event: &Event, days: Days) -> Result<SepWindow, FieldError> {
    let kind = tables.sep_kind(event_code(&event.kind), days.last).ok_or_else(|| {
        let known: Vec<_> = tables.sep_kinds(days.last).map(|k| k.code.as_str()).collect();
        let message = format!("`{}` opens no special enrollment today; use one of {}", event.kind, known.join(", "));
        FieldError::new(format!("events[{i}].kind"), message)
    })?;
    let opens = kind.days_before.and_then(|days| event.date.checked_sub(Duration::days(days)));
    let closes = kind.days_after.and_then(|days| event.date.checked_add(Duration::days(days)));
    let status = match (opens, closes) {
        (Some(opens), _) if days.own < opens => WindowStatus::NotYet,
        (_, Some(closes)) if days.last > closes => WindowStatus::Closed,
        _ => WindowStatus::Open,
    };
    let selected = match status {
        WindowStatus::NotYet => opens.unwrap_or(days.own),
        _ => days.own,
    };
    let coverage_start = if status == WindowStatus::Closed { None } else { start(kind, event.date, selected) };
    Ok(SepWindow {
        kind: kind.code.clone(),
        event: event.date,
        opens,
        closes,
        status,
        coverage_start,
        coverage_start_rule: kind.coverage_start,
        prior_coverage: kind.prior_coverage,
        had_coverage: event.had_coverage,
        citation: kind.citation.clone(),
        verified: kind.status,
    })
}

/// Start of coverage for a plan selected on a day (45 CFR 155.420(b)).
fn start(kind: &SepKind, event: Date, selected: Date) -> Option<Date> {
    match kind.coverage_start {
        CoverageStart::NextMonth => first_of_next_month(selected),
        CoverageStart::AfterLoss => first_of_next_month(selected.max(event)),
        CoverageStart::EventDay => Some(event),
        // Selected in time, coverage begins with the arrangement if that is the first of a month.
        CoverageStart::HraStart if selected < event && event.day() == 1 => Some(event),
        CoverageStart::HraStart => first_of_next_month(selected.max(event)),
        CoverageStart::AsFits => None,
    }
}

fn first_of_next_month(day: Date) -> Option<Date> {
    let month = day.month().next();
    let year = if month == Month::January { day.year() + 1 } else { day.year() };
    Date::from_calendar_date(year, month, 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn opened(state: &str, year: i32, today: Date) -> (WindowStatus, String, String) {
        let o = open_enrollment(&Tables::load().unwrap(), State::parse(state).unwrap(), year, Days::both(today));
        let show = |d: Option<Date>| d.map_or("-".into(), |d| d.to_string());
        (o.status, show(o.ends), show(o.coverage_start))
    }

    #[test]
    fn open_enrollment_knows_its_steps_and_each_states_own() {
        // 90 FR 27074 would have closed it after 15 December: City of Columbus v. Kennedy (D. Md., 12 June 2026).
        let open = (WindowStatus::Open, "2027-01-15".into(), "2027-01-01".into());
        assert_eq!(opened("OH", 2027, date!(2026 - 12 - 15)), open);
        let next = (WindowStatus::Open, "2027-01-15".into(), "2027-02-01".into());
        assert_eq!(opened("OH", 2027, date!(2026 - 12 - 16)), next);
        assert_eq!(opened("OH", 2027, date!(2027 - 01 - 16)).0, WindowStatus::Closed);
        // California, New Jersey and Virginia start in January what is chosen by 31 December.
        for (state, ends) in [("CA", "2026-01-31"), ("NJ", "2026-01-31"), ("VA", "2026-01-30")] {
            let january = (WindowStatus::Open, ends.to_string(), "2026-01-01".into());
            assert_eq!(opened(state, 2026, date!(2025 - 12 - 31)), january, "{state}");
            assert_eq!(opened(state, 2026, date!(2026 - 01 - 01)).2, "2026-02-01", "{state}");
        }
        assert_eq!(opened("ID", 2027, date!(2026 - 12 - 16)).0, WindowStatus::Closed);
        let late = (WindowStatus::Open, "2026-01-15".into(), "2026-02-01".into());
        assert_eq!(opened("OH", 2026, date!(2025 - 12 - 16)), late);
        assert_eq!(opened("CA", 2026, date!(2026 - 01 - 31)).0, WindowStatus::Open);
        assert_eq!(opened("ID", 2026, date!(2025 - 12 - 16)).0, WindowStatus::Closed);
        assert_eq!(opened("OH", 2027, date!(2026 - 10 - 31)).0, WindowStatus::NotYet);
        assert_eq!(opened("OH", 2031, date!(2026 - 10 - 31)).0, WindowStatus::Unknown);
    }

    fn one(kind: &str, date: Date, today: Date) -> SepWindow {
        let event = Event { kind: kind.into(), date, had_coverage: None };
        special(&Tables::load().unwrap(), &[event], Days::both(today)).unwrap().remove(0)
    }

    #[test]
    fn coverage_follows_the_loss_or_the_selection_whichever_is_later() {
        let w = one("loss_of_coverage", date!(2026 - 12 - 31), date!(2026 - 11 - 21));
        assert_eq!(
            (w.status, w.opens, w.closes),
            (WindowStatus::Open, Some(date!(2026 - 11 - 01)), Some(date!(2027 - 03 - 01)))
        );
        assert_eq!(w.coverage_start, Some(date!(2027 - 01 - 01)));
        let after = one("loss_of_medicaid_or_chip", date!(2026 - 09 - 30), date!(2026 - 12 - 29));
        assert_eq!((after.status, after.coverage_start), (WindowStatus::Open, Some(date!(2027 - 01 - 01))));
        assert_eq!(one("loss_of_coverage", date!(2026 - 09 - 30), date!(2026 - 12 - 29)).status, WindowStatus::Closed);
    }

    #[test]
    fn a_birth_is_covered_from_its_day_and_a_marriage_ends_after_60_days() {
        let birth = one("birth", date!(2026 - 11 - 05), date!(2026 - 11 - 21));
        assert_eq!(birth.coverage_start, Some(date!(2026 - 11 - 05)));
        let marriage = one("marriage", date!(2026 - 02 - 15), date!(2026 - 02 - 16));
        assert_eq!(marriage.closes, Some(date!(2026 - 04 - 16)));
        assert_eq!(marriage.prior_coverage, PriorCoverage::OneSpouse);
        let tribal = one("tribal_member", date!(2026 - 02 - 15), date!(2026 - 11 - 21));
        assert_eq!((tribal.status, tribal.closes), (WindowStatus::Open, None));
    }

    #[test]
    fn the_old_spelling_of_an_event_is_read_and_the_new_one_given_back() {
        let w = one("medicaid_denied_after_open_enrolment", date!(2026 - 11 - 05), date!(2026 - 11 - 21));
        assert_eq!((w.status, &w.kind[..]), (WindowStatus::Open, "medicaid_denied_after_open_enrollment"));
    }

    #[test]
    fn the_low_income_period_ended_in_august_2025() {
        let tables = Tables::load().unwrap();
        let event = Event { kind: "low_income_monthly".into(), date: date!(2025 - 08 - 01), had_coverage: None };
        assert!(special(&tables, std::slice::from_ref(&event), Days::both(date!(2025 - 08 - 24))).is_ok());
        let error = special(&tables, &[event], Days::both(date!(2025 - 08 - 25))).unwrap_err();
        assert_eq!(error.path, "events[0].kind");
    }
}
