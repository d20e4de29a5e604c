//! To which health plans people can change in a special enrollment period who are enrolled already (45 CFR 155.420(a)(4)), by the rows of
//! level_limits.csv.
//!
//! Called by `price`, so that list, plan page, what is checked and what is signed have the same plans. Dental plans have no metal level
//! and are not limited. It must never limit whoever is not enrolled.

use std::sync::Arc;

use super::price::Asking;
use super::record::{Enrollment, SignedPerson, State};
use super::results::Results;
use super::special_rules::{Limit, SpecialRules};
use super::{Signed, Why};
use crate::application::sheet::RowId;
use crate::eligibility::csr;
use crate::eligibility::tables::CsrLevel;
use crate::filing::codes::Metal;
use crate::quote::only::{Only, Way};
use crate::types::{Cents, PlanId};

/// From the least to the most that a plan pays; both kinds of bronze are one level.
const LEVELS: [&[Metal]; 5] = [
    &[Metal::Catastrophic],
    &[Metal::Bronze, Metal::ExpandedBronze],
    &[Metal::Silver],
    &[Metal::Gold],
    &[Metal::Platinum],
];

/// The plans that a group can have; `None`: any.
pub(super) fn only(asking: &Asking<'_>, people: &[RowId]) -> Option<Arc<Only>> {
    let (Some(Why::Special { kind, event }), results) = (asking.why, asking.results) else { return None };
    let marketplace = asking.tables.marketplace(results.state, results.plan_year)?.kind;
    let limit = SpecialRules::of_build().limit(kind, marketplace, asking.start);
    let tribal = people.iter().any(|row| results.person(*row).is_some_and(|person| person.tribal));
    if limit == Limit::Any || tribal {
        return None;
    }
    // What was signed because of the same event is no plan that somebody had before it.
    let same = Why::Special { kind: kind.clone(), event: *event };
    let had =
        |old: &&Enrollment| old.signed.why_now != same && has_now(results, old, asking) && covers(results, old, people);
    let had: Vec<&Signed> = results.had.iter().filter(had).map(|old| &old.signed).collect();
    if had.is_empty() {
        return None;
    }
    let ways = match limit {
        Limit::Any => return None,
        Limit::Level => by_level(&had),
        Limit::Plan => [vec![the_plan(&had)], by_level(&had)].concat(),
        Limit::Help => by_help(results, (&had, people))?,
    };
    Some(Arc::new(Only { ways }))
}

/// Enrolled in a health plan of that year, and not only waiting for it.
fn has_now(results: &Results, old: &Enrollment, asking: &Asking<'_>) -> bool {
    old.state.is_live()
        && old.state != State::WaitingProof
        && old.product == "medical"
        && old.plan_year == i64::from(results.plan_year)
        && old.ends >= asking.start
}

fn covers(results: &Results, old: &Enrollment, people: &[RowId]) -> bool {
    let same = old.application == results.application;
    let is = |had: &SignedPerson, row: RowId| match same {
        true => had.row == row,
        // Another application numbers its rows for itself.
        false => {
            let first = results.case.text("first_name", row).trim().to_lowercase();
            results.person(row).and_then(|person| person.born) == Some(had.born)
                && had.first.trim().to_lowercase() == first
        }
    };
    old.signed.people.iter().any(|had| people.iter().any(|row| is(had, *row)))
}

fn plans(had: &[&Signed]) -> Vec<PlanId> {
    had.iter().filter_map(|signed| PlanId::parse(&signed.plan.id)).collect()
}

fn the_plan(had: &[&Signed]) -> Way {
    Way { plans: plans(had), metals: Vec::new() }
}

/// Places in [`LEVELS`] of the plans that they have.
fn places(had: &[&Signed]) -> Vec<usize> {
    let of = |signed: &&Signed| {
        let metal = Metal::from_key(&signed.plan.metal)?;
        LEVELS.iter().position(|level| level.contains(&metal))
    };
    had.iter().filter_map(of).collect()
}

fn metals(places: impl Iterator<Item = usize>) -> Vec<Metal> {
    let mut found: Vec<Metal> =
        places.filter_map(|at| LEVELS.get(at)).flat_map(|level| level.iter().copied()).collect();
    found.sort();
    found.dedup();
    found
}

/// The level that they have; one higher or lower where nothing of it is sold.
fn by_level(had: &[&Signed]) -> Vec<Way> {
    let own = places(had);
    let beside = own.iter().flat_map(|at| [at.checked_sub(1), at.checked_add(1)]).flatten();
    vec![
        Way { plans: plans(had), metals: metals(own.iter().copied()) },
        Way { plans: plans(had), metals: metals(beside) },
    ]
}

/// By what became of extra savings and the credit; `None`: any plan.
fn by_help(results: &Results, (had, people): (&[&Signed], &[RowId])) -> Option<Vec<Way>> {
    let choices: Vec<csr::Choices> =
        people.iter().filter_map(|row| results.person(*row)).map(|own| own.choices).collect();
    let of_income = |level: CsrLevel| matches!(level, CsrLevel::Csr73 | CsrLevel::Csr87 | CsrLevel::Csr94);
    let has = of_income(csr::together(&choices));
    let silver = had.iter().all(|signed| signed.plan.metal == Metal::Silver.key());
    let with = |metals: Vec<Metal>| Way { plans: plans(had), metals };
    if has && !silver {
        return Some(vec![with(vec![Metal::Silver])]);
    }
    let credit = results
        .tax_households
        .iter()
        .any(|tax| tax.credit > Cents::ZERO && tax.eligible.iter().any(|(row, _)| people.contains(row)));
    if !credit && had.iter().any(|signed| signed.credit_available > Cents::ZERO) {
        return None;
    }
    if silver && !has && had.iter().any(|signed| of_income(signed.csr)) {
        return Some(vec![with(metals(1..4))]);
    }
    Some(by_level(had))
}
