//! One plan with its price, as list, plan page, comparison, print and CSV all show it: [`Card`].
//!
//! Called by all of them. Price and amounts come from the `Offer` that `query::build_query` found; a number shown
//! anywhere must come from here, so no two pages can disagree.

use crate::catalogue::Catalogue;
use crate::catalogue::variants::CARD_SERVICES;
use crate::costs::Range;
use crate::eligibility::tables::CsrLevel;
use crate::filing::codes::{Feature, Metal, Packed, PlanType};
use crate::filing::share::Shares;
use crate::quote::ask::address::Search;
use crate::quote::offer::Offer;
use crate::quote::yearly::{self, Better, YearlyCost};
use crate::shop::shares;
use crate::shop::words::costs as cost_words;
use crate::types::Cents;
use crate::web::page::Cx;

/// The messages of `CARD_SERVICES`, in their order.
const SERVICES: [&str; CARD_SERVICES.len()] =
    ["service.primary", "service.specialist", "service.generic", "service.emergency"];

#[derive(Debug, Clone)]
pub struct Card {
    pub plan_pk: i64,
    pub plan_id: String,
    pub name: String,
    pub issuer: String,
    pub packed: Packed,
    /// NULL: no row in the Quality PUF. 0: filed as "Not Rated".
    pub stars: Option<i64>,
    /// Full monthly premium.
    pub premium: Cents,
    /// What the household pays after its tax credit: the same if it has none.
    pub net: Cents,
    /// How much of the credit this plan uses.
    pub credit: Cents,
    /// The household has a credit that this (catastrophic) plan cannot use.
    pub credit_barred: bool,
    /// For this household: the individual amount, or the family's if two or more are covered.
    pub deductible: Option<Cents>,
    pub moop: Option<Cents>,
    /// Only if drugs have a separate deductible.
    pub drug_deductible: Option<Cents>,
    pub deductible_individual: Option<Cents>,
    pub deductible_family: Option<Cents>,
    pub moop_individual: Option<Cents>,
    pub moop_family: Option<Cents>,
    pub services: [Shares; 4],
    /// `None`: not estimated, or a dental plan.
    pub cost: Option<YearlyCost>,
    /// The yearly cost is an upper bound (`yearly::at_most`).
    pub cost_at_most: bool,
    /// Another plan that matches or beats this one in everything filed.
    pub better: Option<BetterPlan>,
}

/// The plan that a note names.
#[derive(Debug, Clone)]
pub struct BetterPlan {
    pub plan_id: String,
    pub name: String,
    pub issuer: String,
    /// How much less a year with it costs.
    pub less: Cents,
}

/// The yearly cost as a drawing: thousandths of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    pub premium: i64,
    pub good: i64,
    pub average: i64,
    pub bad: i64,
}

impl Bar {
    /// From the good to the bad year.
    pub fn range(&self) -> i64 {
        self.bad - self.good
    }
}

impl Card {
    pub fn new(catalogue: &Catalogue, offer: &Offer) -> Card {
        let facts = offer.facts;
        Card {
            plan_pk: offer.plan_pk,
            plan_id: offer.plan.plan_id.clone(),
            name: offer.plan.name.clone(),
            issuer: catalogue.issuer_name(facts.issuer_id),
            packed: facts.packed,
            stars: offer.plan.stars,
            premium: offer.premium,
            net: offer.net(),
            credit: offer.credit,
            credit_barred: offer.credit_barred,
            deductible: offer.deductible,
            moop: offer.moop,
            drug_deductible: offer.drug_deductible,
            deductible_individual: facts.deductible_individual,
            deductible_family: facts.deductible_family,
            moop_individual: facts.moop_individual,
            moop_family: facts.moop_family,
            services: facts.services.clone(),
            cost: offer.cost,
            cost_at_most: yearly::at_most(facts),
            better: None,
        }
    }

    /// The card with the note on a plan that matches or beats it.
    pub fn beside(self, catalogue: &Catalogue, better: Option<Better>) -> Card {
        let better = better.map(|better| BetterPlan {
            plan_id: better.offer.plan.plan_id.clone(),
            name: better.offer.plan.name.clone(),
            issuer: catalogue.issuer_name(better.offer.facts.issuer_id),
            less: better.less,
        });
        Card { better, ..self }
    }

    /// The plan ID in two parts, insurer with state and product: where narrow columns can break it.
    pub fn id_parts(&self) -> (&str, &str) {
        self.plan_id.split_at_checked(7).unwrap_or((&self.plan_id, ""))
    }

    pub fn range(&self) -> Option<Range> {
        self.cost.and_then(Result::ok)
    }

    /// "$5,312", or "At most $5,312".
    pub fn cost_words(&self, cx: &Cx, amount: Cents) -> String {
        let dollars = whole_dollars(amount);
        if self.cost_at_most { cx.tf("cost.at_most", &[("amount", &dollars)]) } else { dollars }
    }

    /// "$5,312": the text next to it says if that is the most.
    pub fn year_words(&self, amount: Cents) -> String {
        whole_dollars(amount)
    }

    /// One end of the drawing: "Good year $3,104", "Bad year $9,450 or less".
    pub fn end_words(&self, cx: &Cx, key: &str, amount: Cents) -> String {
        cx.tf(key, &[("amount", &self.cost_words(cx, amount))])
    }

    /// Why a card shows no copays, instead of all of them; `None` if it shows them. By law a plan without cost
    /// sharing charges nothing, and a reduced plan never more than its standard version (45 CFR 156.420).
    pub fn services_gap(&self, cx: &Cx, search: &Search) -> Option<String> {
        let catastrophic = self.metal() == Some(Metal::Catastrophic);
        if search.level() == CsrLevel::Zero && !catastrophic {
            return Some(cx.t("card.services_zero").to_string());
        }
        let silent = self.services.iter().all(|shares| *shares == Shares::default());
        (silent && self.cost_at_most).then(|| cx.t("card.services_not_in_data").to_string())
    }

    /// Why there is no estimate, if one was expected.
    pub fn gap_words(&self, cx: &Cx) -> Option<String> {
        self.cost.and_then(Result::err).map(|gap| cost_words::gap_words(cx, gap))
    }

    pub fn bar(&self, scale: &Cents) -> Option<Bar> {
        let range = self.range()?;
        let place = |amount: i64| amount * 1000 / scale.0.max(range.bad.0).max(1);
        Some(Bar {
            premium: place(self.net.0 * 12),
            good: place(range.good.0),
            average: place(range.average.0),
            bad: place(range.bad.0),
        })
    }

    /// How much less a year with the better plan costs; `None` if it costs the same.
    pub fn less_words(&self, cx: &Cx) -> Option<String> {
        let less = self.better.as_ref()?.less;
        (less.0 >= 50).then(|| cx.tf("better.less", &[("amount", &whole_dollars(less))]))
    }

    pub fn metal(&self) -> Option<Metal> {
        Metal::from_code(self.packed.metal())
    }

    pub fn metal_key(&self) -> &'static str {
        self.metal().map_or("unknown", Metal::key)
    }

    pub fn type_key(&self) -> &'static str {
        PlanType::from_code(self.packed.plan_type()).map_or("unknown", PlanType::key)
    }

    pub fn metal_words<'a>(&self, cx: &'a Cx) -> &'a str {
        cx.t(self.metal().map_or("metal.unknown", Metal::message))
    }

    pub fn type_words<'a>(&self, cx: &'a Cx) -> &'a str {
        cx.t(PlanType::from_code(self.packed.plan_type()).map_or("plan_type.unknown", PlanType::message))
    }

    pub fn premium_words(&self) -> String {
        self.premium.dollars_cents()
    }

    /// What the household pays: $0.00 is a price like any other.
    pub fn net_words(&self) -> String {
        self.net.dollars_cents()
    }

    /// "Full price $512.10, tax credit $274.00", or why there is none; `None` for a household without a credit.
    pub fn full_words(&self, cx: &Cx) -> Option<String> {
        if self.credit_barred {
            return Some(cx.t("help.credit_none_catastrophic").to_string());
        }
        let (premium, credit) = (self.premium.dollars_cents(), self.credit.dollars_cents());
        (self.credit.0 > 0).then(|| cx.tf("help.full", &[("premium", &premium), ("credit", &credit)]))
    }

    /// An amount, or that the insurer has not provided it: never $0 for missing.
    pub fn amount_words(cx: &Cx, amount: Option<Cents>) -> String {
        amount.map_or_else(|| cx.t("share.not_provided").to_string(), Cents::dollars)
    }

    pub fn deductible_words(&self, cx: &Cx) -> String {
        let main = Card::amount_words(cx, self.deductible);
        match self.drug_deductible {
            Some(drug) => cx.tf("card.plus_drug_deductible", &[("medical", &main), ("drug", &drug.dollars())]),
            None => main,
        }
    }

    pub fn moop_words(&self, cx: &Cx) -> String {
        Card::amount_words(cx, self.moop)
    }

    /// "4 out of 5", "Not rated": an unrated plan is not a bad one.
    pub fn stars_words(&self, cx: &Cx) -> String {
        stars_words(cx, self.stars)
    }

    /// (name of the service, what a person pays).
    pub fn service_words<'a>(&self, cx: &'a Cx) -> Vec<(&'a str, String)> {
        SERVICES
            .iter()
            .zip(&self.services)
            .map(|(service, shares)| (cx.t(service), shares::words(shares, cx)))
            .collect()
    }

    /// The same for a spreadsheet: $0 by law, not in our data, or as filed.
    pub fn service_cells(&self, cx: &Cx, search: &Search) -> Vec<String> {
        if self.services_gap(cx, search).is_none() {
            return self.service_words(cx).into_iter().map(|(_, words)| words).collect();
        }
        let key = if search.level() == CsrLevel::Zero { "share.by_law" } else { "share.not_in_data" };
        vec![cx.t(key).to_string(); SERVICES.len()]
    }

    pub fn badges<'a>(&self, cx: &'a Cx) -> Vec<&'a str> {
        [Feature::Hsa, Feature::NationalNetwork, Feature::StandardDesign, Feature::NoReferral, Feature::NewPlan]
            .into_iter()
            .filter(|feature| self.packed.has(*feature))
            .map(|feature| cx.t(feature.badge()))
            .collect()
    }

    /// The plan's page for the household of `who` (see `Search::who_query`).
    pub fn href(&self, cx: &Cx, who: &str) -> String {
        let mark = if who.is_empty() { "" } else { "?" };
        [cx.shop(), "/plans/", &self.plan_id, mark, &cx.sealed(who)].concat()
    }
}

/// An estimate to the nearest dollar: cents would promise a precision that no estimate has.
pub fn whole_dollars(amount: Cents) -> String {
    to_dollars(amount).dollars()
}

/// Rounded half away from zero.
pub fn to_dollars(amount: Cents) -> Cents {
    Cents((amount.0 + amount.0.signum() * 50) / 100 * 100)
}

/// Stars out of five in words. `None` and 0 are both "not rated", and said to be.
pub fn stars_words(cx: &Cx, stars: Option<i64>) -> String {
    match stars {
        Some(n @ 1..=5) => cx.tf("stars.of_five", &[("n", &n.to_string())]),
        Some(_) => cx.t("stars.not_rated").to_string(),
        None => cx.t("stars.not_provided").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_of_a_card_has_its_own_words() {
        assert_eq!(SERVICES.to_vec(), CARD_SERVICES.map(|service| format!("service.{service}")));
    }
}
