//! The parts of one policy that belong to different tax households: who of them is on it, how the premium is parted, whose credit
//! it is.
//!
//! Called by `check`, which freezes the parts with what is signed, and by `tax_year`: each tax household has a record of its own
//! (26 CFR 1.36B-5). The credit is parted by `price` and only copied here. Pure.

use super::amounts::Monthly;
use super::choice::GroupChoice;
use super::price::{Asking, weight, with_credit};
use super::record::{Signed, SignedHousehold, SignedPerson};
use crate::application::sheet::RowId;
use crate::quote::ask::search::Search;
use crate::quote::fixed::in_proportion;
use crate::quote::policy::Credit;
use crate::types::Cents;

/// The tax households with somebody on a policy. `rows`: whom the plan covers; `essential`: the part of its premium that a credit
/// may pay; `credit`: what it uses.
pub fn of(
    asking: &Asking<'_>,
    (search, group, rows): (&Search, &GroupChoice, &[RowId]),
    (essential, credit): (Cents, Cents),
    people: &[SignedPerson],
) -> Vec<SignedHousehold> {
    let results = asking.results;
    let mut found: Vec<(Option<usize>, Vec<RowId>)> = Vec::new();
    for row in rows {
        let tax = results.person(*row).and_then(|person| person.tax_household);
        match found.iter_mut().find(|(own, _)| *own == tax) {
            Some((_, people)) => people.push(*row),
            None => found.push((tax, vec![*row])),
        }
    }
    let with_credit = with_credit(asking, rows);
    let each = match &search.policy.credit {
        Some(Credit::Fixed(fixed)) if credit > Cents::ZERO => fixed.applied_each(essential),
        _ => vec![Cents::ZERO; with_credit.len()],
    };
    let own_credit = |tax: Option<usize>| {
        let place = with_credit.iter().position(|own| Some(*own) == tax);
        place.and_then(|place| each.get(place)).copied().unwrap_or(Cents::ZERO)
    };
    // Where a household has no benchmark, all are parted by what their people cost in the plan itself: the ages are the same.
    let benchmarks: Vec<i64> =
        found.iter().map(|(tax, people)| tax.map_or(0, |tax| weight(asking, tax, people))).collect();
    let all_known = benchmarks.iter().all(|weight| *weight > 0);
    let cost = |rows: &[RowId]| -> i64 {
        people.iter().filter(|person| rows.contains(&person.row)).map(|person| person.premium.0).sum()
    };
    let one = |((tax, people), benchmark): ((Option<usize>, Vec<RowId>), i64)| {
        let tax_result = tax.map(|tax| &results.tax_households[tax]);
        let helped = tax_result.filter(|tax| tax.eligible.iter().any(|(row, _)| group.people.contains(row)));
        let filers = tax_result.map_or(&[][..], |tax| &tax.filers);
        SignedHousehold {
            filers: filers.iter().map(|row| results.case.name(*row)).collect(),
            weight: if all_known { benchmark } else { cost(&people) },
            credit: own_credit(tax),
            benchmark: helped.and_then(|tax| tax.benchmark),
            people,
        }
    };
    found.into_iter().zip(benchmarks).map(one).collect()
}

/// One household's months.
pub struct Share {
    /// Empty: nobody said, or nobody files for them.
    pub filers: Vec<String>,
    pub people: Vec<RowId>,
    pub monthly: Monthly,
}

/// A policy parted among its tax households; all of it together if there is one, or if it was signed before they were kept.
pub fn shares(signed: &Signed) -> Vec<Share> {
    let is_on = |row: &RowId| signed.people.iter().any(|person| person.row == *row);
    let parts: Vec<(&SignedHousehold, Vec<RowId>)> = signed
        .households
        .iter()
        .map(|own| (own, own.people.iter().copied().filter(is_on).collect::<Vec<_>>()))
        .filter(|(_, people)| !people.is_empty())
        .collect();
    let essential = signed.essential.unwrap_or(signed.premium);
    if parts.len() < 2 {
        let monthly =
            Monthly { premium: signed.premium, essential, credit: signed.credit, benchmark: signed.benchmark };
        let filers = parts.first().map(|(own, _)| own.filers.clone()).unwrap_or_default();
        return vec![Share { filers, people: signed.people.iter().map(|person| person.row).collect(), monthly }];
    }
    let weights: Vec<i64> = parts.iter().map(|(own, _)| own.weight).collect();
    let credits: Vec<i64> = parts.iter().map(|(own, _)| own.credit.0).collect();
    // Whoever changed the credit of the policy without saying whose: as it was parted before.
    let credits =
        if credits.iter().sum::<i64>() == signed.credit.0 { credits } else { in_proportion(signed.credit.0, &credits) };
    let premiums = in_proportion(signed.premium.0, &weights);
    let essentials = in_proportion(essential.0, &weights);
    let one = |(at, (own, people)): (usize, (&SignedHousehold, Vec<RowId>))| Share {
        filers: own.filers.clone(),
        people,
        monthly: Monthly {
            premium: Cents(premiums[at]),
            essential: Cents(essentials[at]),
            credit: Cents(credits[at]),
            benchmark: own.benchmark,
        },
    };
    parts.into_iter().enumerate().map(one).collect()
}
