//! The special-enrollment screener in words: what to tick, which dates to ask for, what each event opens.
//!
//! Called by `enroll`. Kinds and their windows are rows of `sep_kinds.csv`; this file only holds their order on the
//! page and their words, and must never decide what a kind opens.

use super::query::{EnrollQuery, EventAsked, needs_coverage_answer, needs_date};
use super::{days, days_left, marketplace_url};
use crate::eligibility::State;
use crate::eligibility::enrollment::{self, Event, SepWindow, WindowStatus};
use crate::eligibility::law::law;
use crate::eligibility::tables::{CoverageStart, PriorCoverage};
use crate::text::calendar::Deadline;
use crate::web::page::Cx;

/// The order of kinds on the page: the most common losses first. A kind in no group comes last, so a new row of the
/// table is never hidden.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "lost",
        &[
            "loss_of_coverage",
            "loss_of_medicaid_or_chip",
            "cobra_subsidy_ends",
            "plan_year_ends",
            "loss_of_pregnancy_medicaid",
            "loss_of_medically_needy",
        ],
    ),
    (
        "family",
        &[
            "marriage",
            "birth",
            "adoption_or_foster_care",
            "court_order",
            "divorce_or_death",
            "domestic_abuse_or_abandonment",
        ],
    ),
    ("life", &["moved", "gained_lawful_presence", "released_from_incarceration", "tribal_member"]),
    (
        "money",
        &[
            "employer_plan_no_longer_affordable",
            "new_hra_offer",
            "newly_eligible_or_ineligible_for_credit",
            "left_coverage_gap",
            "medicaid_denied_after_open_enrollment",
            "low_income_monthly",
        ],
    ),
    (
        "other",
        &[
            "marketplace_error",
            "plan_broke_contract",
            "plan_data_error",
            "data_matching_resolved",
            "exceptional_circumstances",
        ],
    ),
];

/// Where a kind stands among all; unknown ones come last.
pub fn known_place(kind: &str) -> usize {
    let mut all = GROUPS.iter().flat_map(|(_, kinds)| kinds.iter());
    all.position(|known| *known == kind).unwrap_or(usize::MAX)
}

pub struct KindGroup {
    pub legend: String,
    pub kinds: Vec<KindTick>,
}

pub struct KindTick {
    pub kind: String,
    pub name: String,
    pub help: String,
    pub ticked: bool,
}

/// Every kind in force today, to tick.
pub fn groups(cx: &Cx, asked: &EnrollQuery) -> Vec<KindGroup> {
    let today = cx.today();
    let tick = |kind: &str| KindTick {
        kind: kind.to_string(),
        name: name(cx, kind),
        help: cx.t(&format!("sep.{kind}.help")).to_string(),
        ticked: asked.events.iter().any(|event| event.kind == kind),
    };
    let in_force = |kind: &&str| cx.app.tables.sep_kind(kind, today).is_some();
    let mut groups: Vec<KindGroup> = GROUPS
        .iter()
        .map(|(group, kinds)| KindGroup {
            legend: cx.t(&format!("sep_group.{group}")).to_string(),
            kinds: kinds.iter().copied().filter(in_force).map(tick).collect(),
        })
        .collect();
    let rest = cx.app.tables.sep_kinds(today).map(|kind| kind.code.as_str());
    let rest = rest.filter(|kind| known_place(kind) == usize::MAX).map(tick);
    if let Some(last) = groups.last_mut() {
        last.kinds.extend(rest);
    }
    groups
}

fn name(cx: &Cx, kind: &str) -> String {
    cx.t(&format!("sep.{kind}.name")).to_string()
}

/// What is wrong with a kind that opens nothing: it ended, or it never existed.
pub fn unknown_words(cx: &Cx, kind: &str) -> String {
    match cx.known(&format!("sep.{kind}.name")) {
        Some(name) => cx.tf("enroll.kind_ended", &[("name", name)]),
        None => cx.tf("enroll.kind_unknown", &[("typed", kind)]),
    }
}

/// What is asked about a ticked event: its date, and prior coverage if the rule requires it.
pub struct EventQuestion {
    pub kind: String,
    pub name: String,
    /// (name, label's key, what was typed, width in characters) of month, day and year: in this order in both
    /// languages, as on the forms that people know in the United States.
    pub fields: [(&'static str, &'static str, String, u8); 3],
    pub fault: Option<String>,
    /// Still to be answered.
    pub open: bool,
    pub coverage: Option<String>,
    pub had_coverage: Option<bool>,
}

pub fn questions(cx: &Cx, asked: &EnrollQuery) -> Vec<EventQuestion> {
    let question = |event: &EventAsked| {
        let kind = cx.app.tables.sep_kind(&event.kind, cx.today()).filter(|kind| needs_date(kind))?;
        let coverage = match kind.prior_coverage {
            PriorCoverage::No => None,
            PriorCoverage::Person => Some(cx.t("enroll.had_person").to_string()),
            PriorCoverage::OneSpouse => Some(cx.t("enroll.had_one_spouse").to_string()),
        };
        Some(EventQuestion {
            kind: event.kind.clone(),
            name: name(cx, &event.kind),
            fields: [
                ("month", "enroll.month", event.month.clone(), 4),
                ("day", "enroll.day", event.day.clone(), 4),
                ("year", "enroll.year_field", event.year.clone(), 6),
            ],
            fault: event.fault.map(|key| cx.t(key).to_string()),
            open: event.date.is_none(),
            coverage: coverage.filter(|_| needs_coverage_answer(kind)),
            had_coverage: event.had_coverage,
        })
    };
    asked.events.iter().filter_map(question).collect()
}

/// What one event opens.
pub struct EventAnswer {
    pub kind: String,
    pub name: String,
    /// "You can enroll now. The last day … 39 days left."
    pub verdict: String,
    /// When coverage starts, on what condition, which documents may be requested.
    pub lines: Vec<String>,
    pub citation: String,
    /// Open today, as far as we were told.
    pub open: bool,
    /// Address of its calendar file; `None` if there is no last day, or it has passed.
    pub ics: Option<String>,
}

/// The window of each settled event, and without a date for kinds that are always open.
fn windows(cx: &Cx, asked: &EnrollQuery, state: Option<State>) -> Vec<SepWindow> {
    let (tables, days) = (&cx.app.tables, days(cx, state));
    let window = |event: &EventAsked| {
        let kind = tables.sep_kind(&event.kind, days.last)?;
        let date = if needs_date(kind) { event.date? } else { days.own };
        let event = Event { kind: event.kind.clone(), date, had_coverage: event.had_coverage };
        enrollment::special(tables, &[event], days).ok()?.pop()
    };
    asked.events.iter().filter_map(window).collect()
}

pub fn answers(cx: &Cx, asked: &EnrollQuery, state: Option<State>) -> Vec<EventAnswer> {
    windows(cx, asked, state).into_iter().map(|window| answer(cx, window, state)).collect()
}

fn answer(cx: &Cx, window: SepWindow, state: Option<State>) -> EventAnswer {
    let date = |date: Option<time::Date>| date.map(|d| cx.date(d)).unwrap_or_default();
    let (event, opens, closes) = (date(Some(window.event)), date(window.opens), date(window.closes));
    let left = window.closes.map(|closes| days_left(cx, days(cx, state), closes)).unwrap_or_default();
    let values = [("event", event.as_str()), ("opens", &opens), ("closes", &closes), ("left", &left)];
    let refused = window.prior_coverage != PriorCoverage::No && window.had_coverage == Some(false);
    let key = match (window.status, window.closes) {
        (WindowStatus::Closed, _) => "enroll.sep_closed",
        _ if refused => "enroll.sep_refused",
        (WindowStatus::NotYet, _) => "enroll.sep_not_yet",
        (_, None) => "enroll.sep_always",
        (_, Some(_)) => "enroll.sep_open",
    };
    let alive = window.status != WindowStatus::Closed;
    let mut lines = Vec::new();
    if alive {
        if refused {
            lines.push(cx.t("enroll.had_exceptions").to_string());
        } else {
            lines.extend(condition(cx, &window));
            lines.push(start(cx, &window));
        }
        lines.push(cx.tf("enroll.proof", &[("proof", cx.t(&format!("sep.{}.proof", window.kind)))]));
    }
    EventAnswer {
        name: name(cx, &window.kind),
        verdict: cx.tf(key, &values),
        lines,
        citation: law(&window.citation.text),
        open: window.status == WindowStatus::Open && !refused,
        ics: (alive && !refused && window.closes.is_some()).then(|| ics(cx, &window, state)),
        kind: window.kind,
    }
}

/// The condition of prior coverage, if it was not answered.
fn condition(cx: &Cx, window: &SepWindow) -> Option<String> {
    let key = match (window.prior_coverage, window.had_coverage) {
        (PriorCoverage::No, _) | (_, Some(_)) => return None,
        (PriorCoverage::Person, None) => "enroll.only_if_person",
        (PriorCoverage::OneSpouse, None) => "enroll.only_if_one_spouse",
    };
    Some(cx.t(key).to_string())
}

fn start(cx: &Cx, window: &SepWindow) -> String {
    let Some(start) = window.coverage_start else { return cx.t("enroll.start_as_fits").to_string() };
    let key = match (window.coverage_start_rule, window.status) {
        (CoverageStart::EventDay, _) => "enroll.start_event_day",
        (_, WindowStatus::NotYet) => "enroll.start_first_day",
        _ => "enroll.start_today",
    };
    cx.tf(key, &[("start", &cx.date(start))])
}

fn ics(cx: &Cx, window: &SepWindow, state: Option<State>) -> String {
    let mut pairs: Vec<_> = state.map(|s| ("state", s.code().to_string())).into_iter().collect();
    pairs.push(("event", format!("{}.{}", window.kind, super::query::iso(window.event))));
    cx.href(&format!("/enroll/deadline.ics?{}", super::write_query(&pairs)))
}

/// The last day of each event that has one.
pub fn deadlines(cx: &Cx, asked: &EnrollQuery, state: Option<State>) -> Vec<Deadline> {
    let one = |window: SepWindow| {
        let day = window.closes?;
        let values = [("name", name(cx, &window.kind))];
        Some(Deadline {
            id: format!("special-enrollment-{}-{}", window.kind.replace('_', "-"), super::query::iso(day)),
            day,
            summary: cx.t("enroll.ics_special").to_string(),
            description: format!(
                "{} {}",
                cx.tf("enroll.ics_reason", &values.each_ref().map(|(k, v)| (*k, v.as_str()))),
                cx.t("enroll.ics_check")
            ),
            url: state.and_then(|state| marketplace_url(cx, state, day.year())),
        })
    };
    windows(cx, asked, state).into_iter().filter_map(one).collect()
}
