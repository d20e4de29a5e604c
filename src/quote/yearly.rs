//! The likely yearly cost of a list's plans: runs `costs` for the household of a search.
//!
//! Called by list, plan page, comparison and CSV, which all take their figures from here. It computes nothing itself
//! and never fills in what a plan did not file.

use crate::catalogue::variants::VariantFacts;
use crate::costs::dominance::{self, Compared};
use crate::costs::price_index::price_index;
use crate::costs::{Estimate, Estimator, Gap, Member, Model, Range, Size};
use crate::filing::codes::{Product, Sort};
use crate::quote::ask::address::Search;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::types::Cents;

/// What a plan may cost the household in a year, or why nobody can say.
pub type YearlyCost = Result<Range, Gap>;

/// One household, ready to be estimated under any plan. Made once per page.
#[derive(Debug)]
pub struct YearlyCosts {
    estimator: Estimator,
    size: Size,
}

impl YearlyCosts {
    /// `None` for dental plans, which the model does not cover.
    pub fn new(search: &Search) -> Option<YearlyCosts> {
        let people: Vec<Member> = people(search);
        let factor = price_index(search.year).millionths;
        let size = if people.len() > 1 { Size::Family } else { Size::Individual };
        (search.product == Product::Medical)
            .then(|| YearlyCosts { estimator: Estimator::new(&people, Model::Shop, factor), size })
    }

    /// Twelve premiums after credit, and care.
    pub fn of(&mut self, offer: &Offer) -> YearlyCost {
        let rules = rules_of(offer.facts)?;
        Ok(self.estimator.range(rules)?.with_premium(offer.net()))
    }

    /// The same, line by line.
    pub fn estimate(&mut self, offer: &Offer) -> Result<Estimate, Gap> {
        self.estimator.estimate(rules_of(offer.facts)?, offer.net())
    }

    pub fn size(&self) -> Size {
        self.size
    }
}

/// The people on the policy, as the model sees them.
pub fn people(search: &Search) -> Vec<Member> {
    let person = |person: &crate::quote::ask::people::Person| Member {
        age: person.age,
        sex: person.sex,
        usage: person.expected_care(),
    };
    search.policy.household.covered().map(person).collect()
}

fn rules_of(facts: &VariantFacts) -> Result<&crate::costs::Rules, Gap> {
    // Dental plans are not estimated; a medical variant without details filed nothing at all.
    let nothing = Gap::TooFewShares(crate::costs::rules::Field::Visits);
    facts.costs.as_deref().ok_or(nothing)?.rules.as_ref().map_err(|gap| *gap)
}

/// Whether the estimate is an upper bound, because another variant's cost shares are used instead (see
/// `catalogue::costs`).
pub fn at_most(facts: &VariantFacts) -> bool {
    // Whoever pays nothing by law cannot pay less.
    let nothing = facts.moop_individual == Some(Cents::ZERO);
    !nothing && facts.costs.as_deref().is_some_and(|costs| costs.shares_of.is_some())
}

impl Sort {
    /// The year this order sorts by; `None` for an order that uses none.
    pub fn of_year(self, range: &Range) -> Option<Cents> {
        match self {
            Sort::CostAverage => Some(range.average),
            Sort::CostGood => Some(range.good),
            Sort::CostBad => Some(range.bad),
            _ => None,
        }
    }
}

/// The lowest likely yearly cost among some plans, and whether it is an upper bound; `None` if none can be estimated.
pub fn lowest<'a, 'c: 'a>(
    years: &mut YearlyCosts,
    offers: impl Iterator<Item = &'a Offer<'c>>,
) -> Option<(Cents, bool)> {
    offers.filter_map(|offer| Some((years.of(offer).ok()?.average, at_most(offer.facts)))).min()
}

/// The plan that matches or beats another, and how much less a year with it costs.
#[derive(Debug, Clone, Copy)]
pub struct Better<'t, 'c> {
    pub offer: &'t Offer<'c>,
    /// In an average year if both can be estimated, else in premiums alone; never below zero.
    pub less: Cents,
}

/// The plans of a county that another plan matches or beats in everything filed (`costs::dominance`), among all plans
/// sold to the household regardless of filters.
pub struct Dominance<'t, 'c> {
    offers: Vec<&'t Offer<'c>>,
    plans: Vec<Compared<'t>>,
    size: Size,
}

impl<'t, 'c> Dominance<'t, 'c> {
    pub fn new(tally: &'t Tally<'c>, size: Size) -> Dominance<'t, 'c> {
        let known = tally.offers().iter().filter_map(|offer| Some((offer, offer.facts.costs.as_deref()?)));
        let (offers, plans) = known
            .map(|(offer, costs)| {
                let compared = Compared { premium: offer.net(), terms: &costs.terms, network: offer.plan.network };
                (offer, compared)
            })
            .unzip();
        Dominance { offers, plans, size }
    }

    /// The plan that dominates this one, if any.
    pub fn better_than(&self, plan_pk: i64, years: &mut YearlyCosts) -> Option<Better<'t, 'c>> {
        let of = self.offers.iter().position(|offer| offer.plan_pk == plan_pk)?;
        let better = dominance::dominator(&self.plans, of, self.size)?;
        let better = *self.offers.get(better)?;
        let worse = self.offers[of];
        let premiums = (worse.net().0 - better.net().0) * 12;
        let less = match (years.of(worse), years.of(better)) {
            (Ok(worse), Ok(better)) => (worse.average.0 - better.average.0).max(premiums),
            _ => premiums,
        };
        Some(Better { offer: better, less: Cents(less) })
    }
}
