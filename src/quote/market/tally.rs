//! Counting and ordering: everything a list needs to know from one pass of [`crate::quote::market::query`].
//!
//! Made by `market::tally`, read by the list, the filter form and the spreadsheet. It must never ask the catalogue again.

use std::cmp::Reverse;

use crate::eligibility::credit::credit_applied;
use crate::filing::codes::{Metal, Sort};
use crate::quote::ask::facets::{Facets, Wish};
use crate::quote::filters::{Facet, Filter, Rule, YES};
use crate::quote::offer::Offer;
use crate::quote::yearly::YearlyCosts;
use crate::types::Cents;

/// Every plan sold to the household, with the filters each one fails.
#[derive(Debug, Clone, Default)]
pub struct Tally<'c> {
    offers: Vec<Offer<'c>>,
    /// The household's maximum monthly credit; `None` if it has none.
    pub credit: Option<Cents>,
    /// What the credit was computed from.
    pub benchmark: Option<Benchmark>,
    /// Plans that are sold to the household and that it cannot have now ([`crate::quote::only::Only`]).
    pub withheld: usize,
}

/// The benchmark premium, and the plan that sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Benchmark {
    pub monthly: Cents,
    pub plan_pk: i64,
}

/// What dropping one filter would show: offered when nothing is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relax {
    pub facet: Facet,
    /// Plans that would be shown without this filter.
    pub plans: usize,
    /// For ranges: the amount closest to the one asked for at which the first plan appears.
    pub nearest: Option<Nearest>,
}

/// How far a range has to reach for the first plan, and how many plans it then includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    pub amount: Cents,
    pub plans: usize,
}

impl<'c> Tally<'c> {
    /// Applies the credit, and the filters on the price after it, which can only be decided now
    /// (`Rule::WithinAfterCredit`).
    pub fn new(
        offers: Vec<Offer<'c>>,
        benchmark: Option<Benchmark>,
        credit: Option<Cents>,
        facets: &Facets,
    ) -> Tally<'c> {
        let most = credit.unwrap_or(Cents::ZERO);
        let tally = Tally::with_credit(offers, credit, |offer| most.min(offer.ehb_premium()), facets);
        Tally { benchmark, ..tally }
    }

    /// The same where what each plan can use of the credit is not the most of it and the plan's premium alone. Catastrophic
    /// plans use nothing.
    pub fn with_credit(
        mut offers: Vec<Offer<'c>>,
        credit: Option<Cents>,
        usable: impl Fn(&Offer<'c>) -> Cents,
        facets: &Facets,
    ) -> Tally<'c> {
        for offer in &mut offers {
            let catastrophic = offer.facts.packed.metal() == Metal::Catastrophic.code();
            offer.credit = credit.map_or(Cents::ZERO, |most| credit_applied(most, usable(offer), catastrophic));
            offer.credit_barred = catastrophic && credit.is_some_and(|most| most.0 > 0);
            for (filter, wish) in facets.iter() {
                if let (Rule::WithinAfterCredit { of }, Wish::Range(span)) = (&filter.rule, wish)
                    && !span.holds(of(offer))
                {
                    offer.misses.add(filter.facet.number());
                }
            }
        }
        Tally { offers, credit, benchmark: None, withheld: 0 }
    }

    pub fn offers(&self) -> &[Offer<'c>] {
        &self.offers
    }

    /// Plans sold to the household regardless of filters.
    pub fn sold(&self) -> usize {
        self.offers.len()
    }

    /// A plan among those sold, whether or not it meets the filters.
    pub fn find(&self, plan_pk: i64) -> Option<&Offer<'c>> {
        self.offers.iter().find(|offer| offer.plan_pk == plan_pk)
    }

    pub fn total(&self) -> usize {
        self.offers.iter().filter(|offer| offer.misses.is_empty()).count()
    }

    /// Computes the yearly cost of every result: needed before sorting by cost, or when all are shown.
    pub fn estimate_years(&mut self, years: &mut YearlyCosts) {
        for offer in self.offers.iter_mut().filter(|offer| offer.misses.is_empty()) {
            offer.cost = Some(years.of(offer));
        }
    }

    /// The upper end of the scale for a list's yearly costs: the most expensive year any result allows (twelve
    /// premiums plus the maximum). The same on every page and in every order of one list.
    pub fn year_scale(&self) -> Cents {
        let most = |offer: &Offer| Cents(offer.net().0 * 12 + offer.moop.unwrap_or(Cents::ZERO).0);
        self.offers.iter().filter(|offer| offer.misses.is_empty()).map(most).max().unwrap_or(Cents::ZERO)
    }

    /// The results in order; sorting by cost needs [`Tally::estimate_years`] first. Ties: price paid, full premium,
    /// then the catalogue's order (plan ID), so a list never shuffles. What is not filed sorts last.
    pub fn results(&self, sort: Sort) -> Vec<&Offer<'c>> {
        let mut results: Vec<&Offer<'c>> = self.offers.iter().filter(|offer| offer.misses.is_empty()).collect();
        let last = |amount: Option<Cents>| amount.unwrap_or(Cents(i64::MAX));
        // Each key once: comparing 130 plans takes a thousand.
        results.sort_by_cached_key(|offer| {
            let first = match sort {
                Sort::CostAverage | Sort::CostGood | Sort::CostBad => {
                    last(offer.cost.and_then(Result::ok).and_then(|range| sort.of_year(&range)))
                }
                Sort::Premium => Cents::ZERO,
                Sort::Deductible => last(offer.deductible),
                Sort::Moop => last(offer.moop),
                Sort::Stars => Cents(-offer.facts.packed.stars()),
            };
            (first, offer.net(), offer.premium, offer.plan_pk)
        });
        results
    }

    /// Plans that count for a filter's own choices: those that meet every other filter.
    pub fn beside(&self, facet: Facet) -> impl Iterator<Item = &Offer<'c>> {
        self.offers.iter().filter(move |offer| offer.misses.none_but(facet.number()))
    }

    /// The choices of a filter, each with the number of plans it would show, from plans that meet every other filter.
    /// `ticked` are the values already chosen.
    pub fn choices(&self, facet: Facet, ticked: &[i64]) -> Vec<(i64, usize)> {
        let beside = || self.beside(facet);
        match &facet.filter().rule {
            Rule::AnyOf { of, .. } => {
                // A handful of values: looking along them is quicker than any map.
                let mut counts: Vec<(i64, usize)> = Vec::new();
                for code in beside().map(of) {
                    match counts.iter_mut().find(|(known, _)| *known == code) {
                        Some((_, count)) => *count += 1,
                        None => counts.push((code, 1)),
                    }
                }
                counts.sort_unstable();
                counts
            }
            // With this value in addition to those ticked.
            Rule::AllOf { of, .. } => {
                let held: Vec<i64> = beside().map(of).collect();
                let (mask, all): (i64, i64) = (ticked.iter().sum(), held.iter().fold(0, |all, bits| all | bits));
                let bits = (0..i64::BITS - 1).map(|bit| 1_i64 << bit).filter(|bit| all & bit != 0);
                let meets = |wanted: i64| held.iter().filter(|bits| *bits & wanted == wanted).count();
                bits.map(|bit| (bit, meets(mask | bit))).collect()
            }
            // Highest first.
            Rule::AtLeast { most, of, .. } => {
                (1..=*most).rev().map(|least| (least, beside().filter(|offer| of(offer) >= least).count())).collect()
            }
            Rule::Holds { of, .. } => vec![(YES, beside().filter(|offer| of(offer)).count())],
            Rule::Within { .. } | Rule::WithinAfterCredit { .. } | Rule::Names { .. } => Vec::new(),
        }
    }

    /// Lowest and highest amount among the plans that meet every other filter.
    pub fn range(&self, facet: Facet) -> Option<(Cents, Cents)> {
        let filter = facet.filter();
        let amounts = self.beside(facet).filter_map(|offer| filter.amount(offer)).map(|amount| (amount, amount));
        amounts.reduce(|(low, high), (amount, _)| (low.min(amount), high.max(amount)))
    }

    /// The single filters that stand in the way, those that bring back the most plans first.
    pub fn relax(&self, asked: &Facets) -> Vec<Relax> {
        let way = |(filter, wish): (&Filter, &Wish)| {
            let plans = self.beside(filter.facet).count();
            let nearest = match wish {
                Wish::Range(span) => {
                    let (min, max) = span.cents();
                    let distance = |cents: &Cents| {
                        let over = max.map_or(0, |max| cents.0 - max.0);
                        let under = min.map_or(0, |min| min.0 - cents.0);
                        over.max(under)
                    };
                    let amounts = || self.beside(filter.facet).filter_map(|offer| filter.amount(offer));
                    let nearest = |amount: Cents| {
                        let wider = span.reaching(amount);
                        Nearest { amount, plans: amounts().filter(|amount| wider.holds(*amount)).count() }
                    };
                    amounts().min_by_key(distance).map(nearest)
                }
                Wish::Codes(_) | Wish::Text(_) => None,
            };
            (plans > 0).then_some(Relax { facet: filter.facet, plans, nearest })
        };
        let mut ways: Vec<Relax> = asked.iter().filter_map(way).collect();
        ways.sort_by_key(|way| (Reverse(way.plans), way.facet));
        ways
    }
}
