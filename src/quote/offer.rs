//! One plan sold to a household: its premium, its credit, the filters it fails, and what was filed about it.
//!
//! Made by `market` from the result of the one statement and the facts that the catalogue holds in memory; read by
//! `filters`, `yearly` and every page that shows a price. It never queries the catalogue itself.

use crate::catalogue::variants::{PlanFacts, VariantFacts};
use crate::eligibility::rounding;
use crate::quote::yearly::YearlyCost;
use crate::types::Cents;

/// The filters a plan fails: how many, and the sum of their numbers.
///
/// Counting only needs "none", "exactly this one" or "several": when the count is one, the sum identifies the filter.
/// So two small numbers serve any number of filters, whereas one bit per filter would soon fill the integer that
/// carries each plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Misses(i64);

impl Misses {
    /// Room for the sum of 90 filter numbers (4,095), and above it for the count (127).
    const SUM_BITS: u32 = 12;
    const COUNT_BITS: u32 = 7;
    pub const BITS: u32 = Misses::SUM_BITS + Misses::COUNT_BITS;
    /// Filters are numbered from 1 up to at most this, so that the sum of all of them still fits.
    pub const FILTERS_MAX: i64 = 90;

    /// What failing one filter adds.
    pub const fn weight(number: i64) -> i64 {
        (1 << Misses::SUM_BITS) + number
    }

    /// As summed by the statement.
    pub const fn of_sum(weights: i64) -> Misses {
        Misses(weights)
    }

    pub fn add(&mut self, number: i64) {
        self.0 += Misses::weight(number);
    }

    /// The plan meets every filter: it is a result.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The plan meets every filter except possibly this one: it counts for this filter's own choices.
    pub fn none_but(self, number: i64) -> bool {
        self.0 == 0 || self.0 == Misses::weight(number)
    }
}

const _: () = {
    let all = Misses::FILTERS_MAX * (Misses::FILTERS_MAX + 1) / 2;
    assert!(all < 1 << Misses::SUM_BITS && Misses::FILTERS_MAX < 1 << Misses::COUNT_BITS);
};

/// A plan sold to the household, with the catalogue's facts about the variant it would get.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'c> {
    pub plan_pk: i64,
    /// Full monthly premium of the policy.
    pub premium: Cents,
    /// How much of the household's tax credit this plan uses, per month.
    pub credit: Cents,
    /// A catastrophic plan, for a household whose credit cannot be used for it.
    pub credit_barred: bool,
    pub misses: Misses,
    pub plan: &'c PlanFacts,
    pub facts: &'c VariantFacts,
    /// For this household: the individual amount, or the family's.
    pub deductible: Option<Cents>,
    pub moop: Option<Cents>,
    pub drug_deductible: Option<Cents>,
    /// `None` until `Tally::estimate_years` has run; always `None` for dental plans.
    pub cost: Option<YearlyCost>,
}

impl<'c> Offer<'c> {
    /// At full price. `family`: two or more people are on the policy.
    pub fn new(
        (plan_pk, premium, misses): (i64, Cents, Misses),
        plan: &'c PlanFacts,
        facts: &'c VariantFacts,
        family: bool,
    ) -> Offer<'c> {
        let (deductible, moop, drug_deductible) = match family {
            false => (facts.deductible_individual, facts.moop_individual, facts.drug_deductible_individual),
            true => (facts.deductible_family, facts.moop_family, facts.drug_deductible_family),
        };
        Offer {
            plan_pk,
            premium,
            credit: Cents::ZERO,
            credit_barred: false,
            misses,
            plan,
            facts,
            deductible,
            moop,
            drug_deductible,
            cost: None,
        }
    }
}

impl Offer<'_> {
    /// What the household pays per month: never below zero, because a credit is capped at part of the premium.
    pub fn net(&self) -> Cents {
        Cents(self.premium.0 - self.credit.0)
    }

    /// The part of the premium for essential health benefits: the most a credit may pay.
    pub fn ehb_premium(&self) -> Cents {
        rounding::ehb_share(self.premium, self.facts.ehb_ppm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_miss_is_distinguished_from_none_and_from_several_with_the_same_sum() {
        let misses = |numbers: &[i64]| {
            let mut misses = Misses::default();
            numbers.iter().for_each(|number| misses.add(*number));
            misses
        };
        assert!(misses(&[]).is_empty() && misses(&[]).none_but(3));
        assert!(!misses(&[3]).is_empty() && misses(&[3]).none_but(3) && !misses(&[3]).none_but(2));
        // 1 + 2 = 3, and yet two filters are not the third.
        assert!(!misses(&[1, 2]).none_but(3));
        let all: Vec<i64> = (1..=Misses::FILTERS_MAX).collect();
        assert!(misses(&all).0 < 1 << Misses::BITS);
    }
}
