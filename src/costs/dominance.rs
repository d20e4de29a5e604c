//! Plans that are plainly worse than another for one household: dearer or no cheaper, and no better in anything filed.
//!
//! Called by search for the plans of a county, one household size and one CSR level. It must never recommend: it says
//! only which plan is at least as good in everything that is known. What is not known of both plans decides nothing for
//! either, so a plan is never called worse on a guess.

use super::plan::{Amounts, CostSharing, Limits, Share};
use super::rules::Size;
use super::words::{Coinsurance, Copay, Per, behaviour};
use crate::types::Cents;

/// What is known of a plan's network; `None` = not filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Network {
    pub national: Option<bool>,
    /// PPO, POS and indemnity plans pay something out of network, HMO and EPO plans nothing.
    pub out_of_network: Option<bool>,
    pub no_referral_needed: Option<bool>,
}

/// One plan as far as it is compared.
#[derive(Debug, Clone, Copy)]
pub struct PlanFacts<'a> {
    /// A month, after credit, for the household.
    pub premium: Cents,
    pub cost_sharing: &'a CostSharing,
    /// Shares of benefits that the model does not use, in the same order for every plan; missing ones at the end may be
    /// left out.
    pub other_shares: &'a [Share],
    pub network: Network,
}

/// For each plan the index of one that is no dearer, at least as good in everything and better in something; among
/// several the one with the lowest premium that is not itself dominated. Equal plans do not dominate each other. A plan
/// that filed no share at all takes no part: premium and limits alone do not say what care costs.
pub fn dominated(plans: &[PlanFacts], size: Size) -> Vec<Option<usize>> {
    let filed = |i: &usize| plans[*i].cost_sharing.shares.iter().any(|share| *share != Share::Missing);
    let mut order: Vec<usize> = (0..plans.len()).filter(filed).collect();
    order.sort_by_key(|i| (plans[*i].premium, *i));
    let mut better: Vec<Option<usize>> = vec![None; plans.len()];
    for &worse in &order {
        let mut no_dearer = order.iter().copied().take_while(|i| plans[*i].premium <= plans[worse].premium);
        better[worse] = no_dearer.find(|i| *i != worse && dominates(&plans[*i], &plans[worse], size));
    }
    // A plan that dominates one that dominates a third dominates the third too, so each chain may be followed to its end.
    (0..plans.len())
        .map(|i| {
            let mut end = better[i]?;
            while let Some(next) = better[end] {
                end = next;
            }
            Some(end)
        })
        .collect()
}

/// What a comparison found in one thing: no better, equal, or better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Worse,
    Equal,
    Better,
}

fn dominates(a: &PlanFacts, b: &PlanFacts, size: Size) -> bool {
    let mut better = a.premium < b.premium;
    let mut holds = |rank: Rank| {
        better |= rank == Rank::Better;
        rank != Rank::Worse
    };
    let (x, y) = (a.cost_sharing, b.cost_sharing);
    let others = a.other_shares.len().max(b.other_shares.len());
    let other = |plan: &PlanFacts, i: usize| plan.other_shares.get(i).copied().unwrap_or_default();
    a.premium <= b.premium
        && holds(limits(&x.deductible, &y.deductible, size))
        && holds(limits(&x.maximum, &y.maximum, size))
        && x.shares.iter().zip(&y.shares).all(|(x, y)| holds(share(x, y)))
        && (0..others).all(|i| holds(share(&other(a, i), &other(b, i))))
        && holds(at_least(x.free_primary_care_visits, y.free_primary_care_visits))
        && holds(at_least(x.primary_care_copays_first, y.primary_care_copays_first))
        && holds(at_most(x.inpatient_copay_days.unwrap_or(u8::MAX), y.inpatient_copay_days.unwrap_or(u8::MAX)))
        && holds(at_most(cap(x), cap(y)))
        && holds(known(a.network.national, b.network.national))
        && holds(known(a.network.out_of_network, b.network.out_of_network))
        && holds(known(a.network.no_referral_needed, b.network.no_referral_needed))
        && better
}

fn cap(plan: &CostSharing) -> i64 {
    plan.specialty_drug_cap.map_or(i64::MAX, |cents| cents.0)
}

fn at_most<T: Ord>(a: T, b: T) -> Rank {
    match a.cmp(&b) {
        std::cmp::Ordering::Less => Rank::Better,
        std::cmp::Ordering::Equal => Rank::Equal,
        std::cmp::Ordering::Greater => Rank::Worse,
    }
}

fn at_least<T: Ord>(a: T, b: T) -> Rank {
    at_most(b, a)
}

/// Two known answers compare; an answer that only one plan has does not.
fn known(a: Option<bool>, b: Option<bool>) -> Rank {
    match (a, b) {
        (Some(a), Some(b)) => at_least(a, b),
        (None, None) => Rank::Equal,
        _ => Rank::Worse,
    }
}

/// Several ranks as one: worse in one is worse.
fn all(ranks: impl IntoIterator<Item = Rank>) -> Rank {
    let mut sum = Rank::Equal;
    for rank in ranks {
        match rank {
            Rank::Worse => return Rank::Worse,
            Rank::Better => sum = Rank::Better,
            Rank::Equal => {}
        }
    }
    sum
}

/// Limits compare kind by kind; a plan with one combined limit and a plan with separate ones do not.
fn limits(a: &Limits, b: &Limits, size: Size) -> Rank {
    let amounts = |a: &Amounts, b: &Amounts| match size {
        Size::Individual => amount(a.individual, b.individual),
        Size::Family => all([amount(a.person, b.person), amount(a.family, b.family)]),
    };
    all(a.by_kind().iter().zip(&b.by_kind()).map(|(a, b)| amounts(a, b)))
}

fn amount(a: Option<Cents>, b: Option<Cents>) -> Rank {
    match (a, b) {
        (Some(a), Some(b)) => at_most(a, b),
        (None, None) => Rank::Equal,
        _ => Rank::Worse,
    }
}

fn share(a: &Share, b: &Share) -> Rank {
    match (a, b) {
        (Share::Missing, Share::Missing) | (Share::NotCovered, Share::NotCovered) => Rank::Equal,
        (Share::Covered { .. }, Share::NotCovered) => Rank::Better,
        (
            Share::Covered { copay: a, coinsurance: x, outside_maximum: a_outside },
            Share::Covered { copay: b, coinsurance: y, outside_maximum: b_outside },
        ) => all([covered((*a, *x), (*b, *y)), at_most(*a_outside, *b_outside)]),
        _ => Rank::Worse,
    }
}

/// Copays compare with copays for the same unit, rates with rates; less subject to the deductible is better.
fn covered(a: (Copay, Coinsurance), b: (Copay, Coinsurance)) -> Rank {
    let ((x, _), (y, _)) = (behaviour(a.0, a.1), behaviour(b.0, b.1));
    let copay = |copay: Copay, paid: bool| match copay {
        Copay::Amount { amount, per, .. } if paid && amount > Cents::ZERO => (amount, Some(per)),
        _ => (Cents::ZERO, None::<Per>),
    };
    let rate = |rate: Coinsurance, paid: bool| match rate {
        Coinsurance::Rate { basis_points, .. } if paid => basis_points,
        _ => 0,
    };
    let ((a_copay, a_per), (b_copay, b_per)) = (copay(a.0, x.copay), copay(b.0, y.copay));
    if a_per.is_some() && a_per != b_per {
        return Rank::Worse;
    }
    all([
        at_most(a_copay, b_copay),
        at_most(rate(a.1, x.coinsurance), rate(b.1, y.coinsurance)),
        at_most(x.deductible, y.deductible),
        at_most(x.before, y.before),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::service::Service;

    fn plan(deductible: i64, copay: &str) -> CostSharing {
        let amounts = |dollars: i64| Amounts { individual: Some(Cents(dollars * 100)), ..Amounts::default() };
        let mut plan = CostSharing::default();
        plan.deductible.combined = amounts(deductible);
        plan.maximum.combined = amounts(9000);
        let copay = Copay::parse(copay).unwrap();
        plan.file(
            Service::PrimaryCare.benefit(),
            Share::Covered { copay, coinsurance: Coinsurance::NotApplicable, outside_maximum: false },
        );
        plan
    }

    fn facts(premium: i64, cost_sharing: &CostSharing) -> PlanFacts<'_> {
        PlanFacts { premium: Cents(premium * 100), cost_sharing, other_shares: &[], network: Network::default() }
    }

    fn one(plans: &[PlanFacts]) -> Vec<Option<usize>> {
        dominated(plans, Size::Individual)
    }

    #[test]
    fn dearer_and_no_better_is_dominated_and_equal_is_not() {
        let (good, worse) = (plan(1000, "$20"), plan(1500, "$20"));
        assert_eq!(one(&[facts(300, &good), facts(300, &worse)]), [None, Some(0)]);
        assert_eq!(one(&[facts(301, &good), facts(300, &worse)]), [None, None]);
        assert_eq!(one(&[facts(300, &good), facts(300, &good)]), [None, None]);
        assert_eq!(one(&[facts(300, &good), facts(310, &good)]), [None, Some(0)]);
    }

    #[test]
    fn one_thing_that_is_better_saves_a_plan() {
        let good = plan(1000, "$20");
        for rescue in ["$10", "No Charge"] {
            assert_eq!(one(&[facts(300, &good), facts(400, &plan(5000, rescue))]), [None, None]);
        }
        assert_eq!(one(&[facts(300, &good), facts(400, &plan(5000, "$10 Copay after deductible"))]), [None, None]);
        assert_eq!(one(&[facts(300, &good), facts(400, &plan(5000, "$20 Copay after deductible"))]), [None, Some(0)]);
        let national =
            PlanFacts { network: Network { national: Some(true), ..Network::default() }, ..facts(400, &good) };
        assert_eq!(one(&[facts(300, &good), national]), [None, None]);
    }

    #[test]
    fn what_only_one_plan_filed_decides_nothing() {
        let (filed, mut unfiled) = (plan(1000, "$20"), plan(1000, "$20"));
        unfiled.shares[Service::PrimaryCare as usize] = Share::Missing;
        assert_eq!(one(&[facts(300, &filed), facts(400, &unfiled)]), [None, None]);
        assert_eq!(one(&[facts(300, &unfiled), facts(400, &filed)]), [None, None]);
        let mut dearer = unfiled.clone();
        dearer.deductible.combined.individual = Some(Cents(900_000));
        assert_eq!(one(&[facts(300, &unfiled), facts(400, &dearer)]), [None, None]);
        let extra = [Share::NotCovered];
        let with_extra = PlanFacts { other_shares: &extra, ..facts(400, &filed) };
        assert_eq!(one(&[facts(300, &filed), with_extra]), [None, None]);
    }

    #[test]
    fn the_better_plan_named_is_the_end_of_the_chain() {
        let (a, b, c) = (plan(3000, "$30"), plan(2000, "$20"), plan(1000, "$10"));
        assert_eq!(one(&[facts(300, &a), facts(300, &b), facts(300, &c)]), [Some(2), Some(2), None]);
    }

    #[test]
    fn copays_for_different_units_do_not_compare_unless_they_are_nothing() {
        let shares = |copay: &str| (Copay::parse(copay).unwrap(), Coinsurance::NotApplicable);
        assert_eq!(covered(shares("$100 Copay per Day"), shares("$500 Copay per Stay")), Rank::Worse);
        assert_eq!(covered(shares("No Charge"), shares("$500 Copay per Stay")), Rank::Better);
        assert_eq!(covered(shares("$0 Copay per Day"), shares("No Charge")), Rank::Equal);
    }

    #[test]
    fn families_compare_family_amounts() {
        let (mut a, b) = (plan(1000, "$20"), plan(1500, "$20"));
        a.deductible.combined.family = Some(Cents(200_000));
        let plans = [facts(300, &a), facts(300, &b)];
        assert_eq!(dominated(&plans, Size::Family), [None, None]);
        assert_eq!(dominated(&plans, Size::Individual), [None, Some(0)]);
    }
}
