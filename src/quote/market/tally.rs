//! Counting and ordering: everything a list needs to know from the one pass of [`crate::quote::market::query`].

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::catalogue::variants::{PlanFacts, VariantFacts};
use crate::eligibility::credit::credit_applied;
use crate::eligibility::rounding;
use crate::filing::codes::{Feature, Metal, PlanType, Program, Sort};
use crate::quote::ask::facets::Span;
use crate::quote::market::query::{self, Facet};
use crate::quote::yearly::{YearlyCost, YearlyCosts};
use crate::types::Cents;

/// A plan sold to the household, with what the catalogue says of the variant that it would get.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'c> {
    pub plan_pk: i64,
    /// Full monthly premium of the policy.
    pub premium: Cents,
    /// What of the household's tax credit this plan uses, a month.
    pub credit: Cents,
    /// A catastrophic plan, of a household that has a credit which it cannot be used for.
    pub credit_barred: bool,
    pub miss: i64,
    pub plan: &'c PlanFacts,
    pub facts: &'c VariantFacts,
    /// Of the household: one person's own, or the family's.
    pub deductible: Option<Cents>,
    pub moop: Option<Cents>,
    pub drug_deductible: Option<Cents>,
    /// `None` until [`Tally::reckon_years`] was asked for it; dental plans never have one.
    pub cost: Option<YearlyCost>,
}

impl<'c> Offer<'c> {
    pub fn new(offer: query::Offer, plan: &'c PlanFacts, facts: &'c VariantFacts, family: bool) -> Offer<'c> {
        let (deductible, moop, drug_deductible) = match family {
            false => (facts.deductible_individual, facts.moop_individual, facts.drug_deductible_individual),
            true => (facts.deductible_family, facts.moop_family, facts.drug_deductible_family),
        };
        let query::Offer { plan_pk, premium, miss } = offer;
        Offer {
            plan_pk,
            premium,
            credit: Cents::ZERO,
            credit_barred: false,
            miss,
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
    /// What the household pays a month: never below zero, because a credit is capped at a part of the premium.
    pub fn net(&self) -> Cents {
        Cents(self.premium.0 - self.credit.0)
    }

    /// The part of the premium that is for essential health benefits: all that a credit may pay.
    pub fn ehb_premium(&self) -> Cents {
        rounding::ehb_share(self.premium, self.facts.ehb_ppm)
    }
}

/// Every plan sold to the household, with the filters that each fails.
#[derive(Debug, Clone, Default)]
pub struct Tally<'c> {
    offers: Vec<Offer<'c>>,
    /// The most that the household's credit can be, a month; `None` where it has none.
    pub credit: Option<Cents>,
    /// The benchmark premium that the credit was worked out from.
    pub benchmark: Option<Cents>,
}

/// What giving up one filter would bring: said when nothing is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relax {
    pub facet: Facet,
    /// Plans that would be shown without this filter.
    pub plans: usize,
    /// For ranges: the amount nearest to what was asked at which the first plan appears.
    pub nearest: Option<Nearest>,
}

/// How far a range has to reach for the first plan, and how many plans it holds then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest {
    pub amount: Cents,
    pub plans: usize,
}

impl<'c> Tally<'c> {
    /// `premium` is the filter on what the household would pay, which only now can be told.
    pub fn new(
        mut offers: Vec<Offer<'c>>,
        benchmark: Option<Cents>,
        credit: Option<Cents>,
        premium: Span,
    ) -> Tally<'c> {
        for offer in &mut offers {
            let catastrophic = offer.facts.packed.metal() == Metal::Catastrophic.code();
            offer.credit = credit.map_or(Cents::ZERO, |most| credit_applied(most, offer.ehb_premium(), catastrophic));
            offer.credit_barred = catastrophic && credit.is_some_and(|most| most.0 > 0);
            if !premium.holds(offer.net()) {
                offer.miss |= Facet::Premium.bit();
            }
        }
        Tally { offers, credit, benchmark }
    }

    pub fn offers(&self) -> &[Offer<'c>] {
        &self.offers
    }

    /// Plans sold to the household whatever the filters.
    pub fn sold(&self) -> usize {
        self.offers.len()
    }

    /// The plan among those sold, whether or not it meets the filters.
    pub fn find(&self, plan_pk: i64) -> Option<&Offer<'c>> {
        self.offers.iter().find(|offer| offer.plan_pk == plan_pk)
    }

    pub fn total(&self) -> usize {
        self.offers.iter().filter(|offer| offer.miss == 0).count()
    }

    /// Works out the yearly cost of every result: before an order by cost, or where all are shown.
    pub fn reckon_years(&mut self, years: &mut YearlyCosts) {
        for offer in self.offers.iter_mut().filter(|offer| offer.miss == 0) {
            offer.cost = Some(years.of(offer));
        }
    }

    /// The end of the scale on which a list's yearly costs are drawn: the dearest year that any result allows, twelve
    /// premiums and the maximum. The same on every page and in every order of one list.
    pub fn year_scale(&self) -> Cents {
        let most = |offer: &Offer| Cents(offer.net().0 * 12 + offer.moop.unwrap_or(Cents::ZERO).0);
        self.offers.iter().filter(|offer| offer.miss == 0).map(most).max().unwrap_or(Cents::ZERO)
    }

    /// The results in order; those by cost need [`Tally::reckon_years`] first. Ties: what is paid, the full premium, then the catalogue's order (plan ID), so that a list never shuffles.
    /// What is not filed sorts last.
    pub fn results(&self, sort: Sort) -> Vec<&Offer<'c>> {
        let mut results: Vec<&Offer<'c>> = self.offers.iter().filter(|offer| offer.miss == 0).collect();
        let last = |amount: Option<Cents>| amount.unwrap_or(Cents(i64::MAX));
        results.sort_by_key(|offer| {
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

    /// Plans that count for a filter's own choices: they meet every other filter.
    pub fn beside(&self, facet: Facet) -> impl Iterator<Item = &Offer<'c>> {
        self.offers.iter().filter(move |offer| offer.miss & !facet.bit() == 0)
    }

    pub fn metals(&self) -> Vec<(Metal, usize)> {
        let counts = self.count_by(Facet::Metal, |offer| offer.facts.packed.metal());
        Metal::ALL.into_iter().filter_map(|m| counts.get(&m.code()).map(|n| (m, *n))).collect()
    }

    pub fn types(&self) -> Vec<(PlanType, usize)> {
        let counts = self.count_by(Facet::Type, |offer| offer.facts.packed.plan_type());
        PlanType::ALL.into_iter().filter_map(|t| counts.get(&t.code()).map(|n| (t, *n))).collect()
    }

    /// (issuer id, plans), by id.
    pub fn issuers(&self) -> Vec<(u32, usize)> {
        self.count_by(Facet::Issuer, |offer| i64::from(offer.facts.issuer_id))
            .into_iter()
            .map(|(id, n)| (id as u32, n))
            .collect()
    }

    /// How many plans would be left with this feature asked for.
    pub fn feature(&self, feature: Feature) -> usize {
        self.beside(Facet::of_feature(feature)).filter(|offer| offer.facts.packed.has(feature)).count()
    }

    /// Plans with at least so many stars, for 5, 4, 3, 2, 1.
    pub fn stars(&self) -> Vec<(u8, usize)> {
        let least =
            |stars: u8| self.beside(Facet::Stars).filter(|o| o.facts.packed.stars() >= i64::from(stars)).count();
        (1..=5).rev().map(|stars| (stars, least(stars))).collect()
    }

    /// How many plans offer each programme besides those already asked for.
    pub fn programs(&self, chosen: &[Program]) -> Vec<(Program, usize)> {
        let mask: i64 = chosen.iter().map(|p| p.bit()).sum();
        let offers = |program: Program| {
            let wanted = mask | program.bit();
            self.beside(Facet::Programs).filter(|o| o.facts.packed.programs() & wanted == wanted).count()
        };
        Program::ALL.into_iter().map(|program| (program, offers(program))).collect()
    }

    /// Least and greatest amount among the plans that meet every other filter.
    pub fn range(&self, facet: Facet) -> Option<(Cents, Cents)> {
        let amounts = || self.beside(facet).filter_map(|offer| amount(offer, facet));
        Some((amounts().min()?, amounts().max()?))
    }

    /// Which single filter stands in the way, the one that brings most plans first.
    pub fn relax(&self, asked: &crate::quote::ask::facets::Facets) -> Vec<Relax> {
        let mut ways: Vec<Relax> = Facet::ALL
            .into_iter()
            .filter_map(|facet| {
                let plans = self.beside(facet).count();
                let span = match facet {
                    Facet::Premium => Some(asked.premium),
                    Facet::Deductible => Some(asked.deductible),
                    Facet::Moop => Some(asked.moop),
                    _ => None,
                };
                let nearest = span.and_then(|span| {
                    let asked = |dollars: Option<u32>| dollars.map(|d| i64::from(d) * 100);
                    let distance = |cents: &Cents| {
                        let over = asked(span.max).map_or(0, |max| cents.0 - max);
                        let under = asked(span.min).map_or(0, |min| min - cents.0);
                        over.max(under)
                    };
                    let amounts = || self.beside(facet).filter_map(|offer| amount(offer, facet));
                    let amount = amounts().min_by_key(distance)?;
                    let wider = span.reaching(amount);
                    Some(Nearest { amount, plans: amounts().filter(|amount| wider.holds(*amount)).count() })
                });
                (plans > 0).then_some(Relax { facet, plans, nearest })
            })
            .collect();
        ways.sort_by_key(|way| (Reverse(way.plans), way.facet));
        ways
    }

    fn count_by(&self, facet: Facet, value: impl Fn(&Offer<'c>) -> i64) -> BTreeMap<i64, usize> {
        let mut counts = BTreeMap::new();
        for offer in self.beside(facet) {
            *counts.entry(value(offer)).or_insert(0) += 1;
        }
        counts
    }
}

fn amount(offer: &Offer, facet: Facet) -> Option<Cents> {
    match facet {
        Facet::Deductible => offer.deductible,
        Facet::Moop => offer.moop,
        _ => Some(offer.net()),
    }
}
