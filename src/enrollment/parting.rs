//! How the medical plans of a household part the credit of each of its tax households: by what their people cost in the benchmark plan
//! (45 CFR 155.340(e), 26 CFR 1.36B-3(h)).
//!
//! Called by `price`, before a plan is signed, and by `again`, when what was signed is worked out once more: so both part it alike. Pure.

use super::results::Results;
use super::share::Part;
use crate::application::sheet::RowId;
use crate::quote::fixed::in_proportion;
use crate::types::Cents;

/// How the medical plans of all groups part a tax household's credit.
pub(super) struct Parting {
    pub tax: usize,
    pub wanted: i64,
    /// By group.
    pub parts: Vec<Part>,
}

/// What a tax household's people of a group cost in the benchmark plan; 0: none of them has a credit there.
pub(super) fn weight(results: &Results, tax: usize, rows: &[RowId]) -> i64 {
    let eligible = results.tax_households[tax].eligible.iter();
    eligible.filter(|(row, _)| rows.contains(row)).map(|(_, weight)| weight).sum()
}

/// Tax households with a credit for somebody among these people.
pub(super) fn with_credit(results: &Results, rows: &[RowId]) -> Vec<usize> {
    (0..results.tax_households.len()).filter(|tax| weight(results, *tax, rows) > 0).collect()
}

/// Given who is in each group, what each group's plan could use of a credit without end (`None`: no plan has been chosen), and how much
/// of its credit each tax household wants to use.
pub(super) fn of(
    results: &Results,
    (groups, caps): (&[&[RowId]], &[Option<Cents>]),
    taxes: &[usize],
    wanted: impl Fn(usize) -> i64,
) -> Vec<Parting> {
    let of = |tax: usize| {
        let part = |(at, group): (usize, &&[RowId])| {
            let weight = self::weight(results, tax, group);
            // Of a policy that several tax households share, each pays with its credit for its own part (26 CFR 1.36B-3(h)).
            let sharing = with_credit(results, group);
            let own_part = |cap: Cents| {
                let weights: Vec<i64> = sharing.iter().map(|tax| self::weight(results, *tax, group)).collect();
                let place = sharing.iter().position(|other| *other == tax);
                place.map_or(0, |place| in_proportion(cap.0, &weights)[place])
            };
            Part { weight, cap: if weight == 0 { Some(0) } else { caps[at].map(own_part) } }
        };
        Parting { tax, wanted: wanted(tax), parts: groups.iter().enumerate().map(part).collect() }
    };
    taxes.iter().map(|tax| of(*tax)).collect()
}
