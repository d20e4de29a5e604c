//! Steps about coverage: what people have, what jobs offer, what happened that lets them enroll outside of the season.

use super::{Per, Section, Step, ask};
use crate::application::kinds::{Kind, Span};
use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::application::view::View;
use crate::eligibility::tables::PriorCoverage;

/// Kinds of `coverage_kinds.csv` that people have. Jobs' offers are asked apart, because they are judged by their cost.
pub const KINDS: &[&str] = &[
    "employer",
    "medicaid",
    "chip",
    "medicare_part_a_free",
    "medicare_part_a_premium",
    "tricare",
    "veterans",
    "cobra",
    "retiree",
    "marketplace",
    "individual_outside_marketplace",
    "student",
    "peace_corps",
    "basic_health",
    "limited_benefit",
    "other_full_benefit",
];
const MEDICARE: &[&str] = &["free", "premium", "no", "unsure"];
const OFFER_KINDS: &[&str] = &["plan", "ichra", "qsehra", "unsure"];
const PAID: &[&str] = &["weekly", "every_two_weeks", "twice_a_month", "monthly", "quarterly", "yearly"];

fn applicants(view: &View, _: RowId) -> Vec<RowId> {
    view.applicants().collect()
}

/// Old enough for Medicare in the plan year.
fn may_have_medicare(view: &View, person: RowId) -> bool {
    view.wants_help() && view.age_at_end(person).is_some_and(|age| age >= i32::from(view.ages.medicare_from))
}

pub static NOW: Step = Step {
    name: "coverage",
    section: Section::Coverage,
    per: Per::Household,
    questions: &[
        ask("covered", Kind::People(applicants)).when(|view, _| view.applicants().next().is_some()),
        ask("medicaid_denied", Kind::People(applicants))
            .when(|view, _| view.wants_help() && view.applicants().next().is_some()),
        ask("medicare", Kind::One(MEDICARE)).of_each(applicants).when(may_have_medicare),
    ],
};

fn detailed(view: &View) -> Vec<RowId> {
    let has = |person: &RowId| view.among("covered", *person) || view.among("medicaid_denied", *person);
    view.applicants().filter(has).collect()
}

fn is_covered(view: &View, row: RowId) -> bool {
    view.among("covered", row)
}

fn was_denied(view: &View, row: RowId) -> bool {
    view.wants_help() && view.among("medicaid_denied", row)
}

pub static DETAILS: Step = Step {
    name: "coverage-kinds",
    section: Section::Coverage,
    per: Per::Each(detailed),
    questions: &[
        ask("coverage_kinds", Kind::Several(KINDS)).when(is_covered),
        ask("coverage_ends", Kind::YesNoUnsure).when(is_covered),
        ask("coverage_last_day", Kind::Date(Span::Any))
            .when(|view, row| is_covered(view, row) && view.yes("coverage_ends", row)),
        ask("denied_on", Kind::Date(Span::Past)).when(was_denied),
        ask("denied_immigration", Kind::YesNo).when(was_denied),
    ],
};

fn adults(view: &View, _: RowId) -> Vec<RowId> {
    view.people().filter(|person| !view.is_younger_than(*person, view.ages.youngest_paid)).collect()
}

pub static OFFERS: Step = Step {
    name: "offers",
    section: Section::Coverage,
    per: Per::Each(|view| if view.wants_help() { vec![HOUSEHOLD] } else { Vec::new() }),
    questions: &[ask("offered", Kind::People(adults))],
};

fn is_plan(view: &View, row: RowId) -> bool {
    view.said("offer_kind", row, "plan")
}

fn is_hra(view: &View, row: RowId) -> bool {
    ["ichra", "qsehra"].contains(&view.text("offer_kind", row))
}

fn knows_cost(view: &View, row: RowId) -> bool {
    is_plan(view, row) && view.yes("offer_cost_known", row)
}

fn everybody(view: &View, _: RowId) -> Vec<RowId> {
    view.people().collect()
}

fn covers_others(view: &View, row: RowId) -> bool {
    view.people().any(|person| person != row && view.among_of("offer_covers", row, person))
}

/// The questions of the Employer Coverage Tool (CMS; 26 CFR 1.36B-2(c)(3)).
pub static OFFER: Step = Step {
    name: "offer",
    section: Section::Coverage,
    per: Per::Each(|view| if view.wants_help() { view.offered() } else { Vec::new() }),
    questions: &[
        ask("offer_employer", Kind::Line(100)),
        ask("offer_phone", Kind::Phone).optional(),
        ask("offer_kind", Kind::One(OFFER_KINDS)),
        ask("offer_covers", Kind::People(everybody)).when(|view, row| is_plan(view, row) || is_hra(view, row)),
        ask("offer_minimum_value", Kind::YesNoUnsure).when(is_plan),
        ask("offer_cost_known", Kind::YesNo).when(is_plan),
        ask("offer_alone", Kind::Money).when(knows_cost),
        ask("offer_family", Kind::Money).when(|view, row| knows_cost(view, row) && covers_others(view, row)),
        ask("offer_paid", Kind::One(PAID)).when(knows_cost),
        ask("hra_alone", Kind::Money).when(is_hra),
        ask("hra_family", Kind::Money).when(|view, row| is_hra(view, row) && covers_others(view, row)),
        ask("hra_accepted", Kind::YesNo).when(|view, row| view.said("offer_kind", row, "ichra")),
    ],
};

fn events(view: &View, _: RowId) -> Vec<String> {
    view.around.tables.sep_kinds(view.today).map(|kind| kind.code.clone()).collect()
}

pub static EVENTS: Step = Step {
    name: "events",
    section: Section::Coverage,
    per: Per::Household,
    questions: &[ask("events", Kind::SeveralOf(events))],
};

fn asks_prior_coverage(view: &View, row: RowId) -> bool {
    let kind = view.around.tables.sep_kind(view.text("kind", row), view.today);
    kind.is_some_and(|kind| kind.prior_coverage != PriorCoverage::No)
}

/// A kind that is open all the time has no day.
pub fn has_a_day(view: &View, row: RowId) -> bool {
    let kind = view.around.tables.sep_kind(view.text("kind", row), view.today);
    kind.is_some_and(|kind| kind.days_after.is_some())
}

pub static EVENT: Step = Step {
    name: "event",
    section: Section::Coverage,
    per: Per::Each(|view| {
        view.events().filter(|row| has_a_day(view, *row) || asks_prior_coverage(view, *row)).collect()
    }),
    questions: &[
        ask("event_day", Kind::Date(Span::Any)).when(has_a_day),
        ask("event_covered_before", Kind::YesNo).when(asks_prior_coverage),
    ],
};
