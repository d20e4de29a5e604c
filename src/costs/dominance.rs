//! Plans that are plainly worse than another for one household: no cheaper, and no better in anything filed.
//!
//! Called by search for the plans of a county, one household size and one CSR level. It must never recommend: it only
//! says which plan is at least as good in everything that is known. What is not known for both plans decides nothing
//! for either, so a plan is never called worse on a guess.
//!
//! `Terms` holds a variant's filing as small numbers where less is better, made once per variant. One plan beats
//! another if it filed the same things and none of its numbers is larger and at least one is smaller. So beating is
//! transitive, and there are no cycles.

use super::plan::{CostSharing, Share};
use super::rules::Size;
use super::service::SERVICES;
use super::words::{Coinsurance, Copay, behavior};
use crate::types::Cents;

/// What is known about a plan's network; `None` = not filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Network {
    pub national: Option<bool>,
    /// PPO, POS and indemnity plans pay something out of network, HMO and EPO plans nothing.
    pub out_of_network: Option<bool>,
    pub no_referral_needed: Option<bool>,
}

/// One plan, as filed, as far as it is compared.
#[derive(Debug, Clone, Copy)]
pub struct FiledPlan<'a> {
    /// Monthly, after credit, for the household.
    pub premium: Cents,
    pub cost_sharing: &'a CostSharing,
    /// Shares of benefits that the model does not use, in the same order for every plan; missing ones at the end may
    /// be omitted.
    pub other_shares: &'a [Share],
    pub network: Network,
}

/// The same, with its filing prepared.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// Monthly, after credit, for the household.
    pub premium: Cents,
    pub terms: &'a Terms,
    pub network: Network,
}

/// The `dominator` of each plan.
pub fn dominated(plans: &[FiledPlan], size: Size) -> Vec<Option<usize>> {
    let terms: Vec<Terms> = plans.iter().map(|plan| Terms::new(plan.cost_sharing, plan.other_shares)).collect();
    let compared = |(plan, terms): (&FiledPlan, _)| Compared { premium: plan.premium, terms, network: plan.network };
    let plans: Vec<Compared> = plans.iter().zip(&terms).map(compared).collect();
    (0..plans.len()).map(|of| dominator(&plans, of, size)).collect()
}

/// The plan that costs no more than plan `of`, is at least as good in everything and better in something; among
/// several the one with the lowest premium that is not itself dominated. Equal plans do not dominate each other. A
/// plan that filed no share for a service that the model prices takes no part: premium and limits alone do not say
/// what care costs.
///
/// # Panics
///
/// If there is no plan `of`.
pub fn dominator(plans: &[Compared], of: usize, size: Size) -> Option<usize> {
    // Whatever dominates the cheapest dominator also dominates this plan, at the same premium, and comes later in the
    // list.
    let mut end = cheapest(plans, of, size)?;
    while let Some(next) = cheapest(plans, end, size) {
        end = next;
    }
    Some(end)
}

/// The first of the cheapest plans that dominate plan `of`.
fn cheapest(plans: &[Compared], of: usize, size: Size) -> Option<usize> {
    let worse = &plans[of];
    if !worse.terms.takes_part() {
        return None;
    }
    let mut found = None;
    let mut most = worse.premium + Cents(1);
    for (i, plan) in plans.iter().enumerate() {
        if plan.premium < most && plan.terms.takes_part() && plan.dominates(worse, size) {
            (found, most) = (Some(i), plan.premium);
        }
    }
    found
}

/// A variant's filing, ready to be compared: about 150 bytes, plus 8 for each benefit filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    alone: Numbers<10>,
    family: Numbers<16>,
    /// Which benefits were filed, one bit each, without empty words at the end.
    filed: Box<[u64]>,
    /// The shares of those benefits, in their order.
    shares: Box<[Shared]>,
}

/// Cents of deductibles and maximums for one household size, 0 for those not filed; then free visits and first copays
/// counted down from the most there can be, copay days, and the cap of a specialty drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers<const N: usize> {
    /// Which limits were filed, one bit each.
    filed: u32,
    of: [i32; N],
}

/// One share as a number, so equal ones are recognized at once. From the top: 32 bits for the copay's cents, 16 for
/// the rate, 8 for what the copay is paid for, 8 for properties that make it worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shared(u64);

/// The lowest bits of `Shared`.
const DEDUCTIBLE: u64 = 1;
const BEFORE: u64 = 2;
const OUTSIDE: u64 = 4;

/// The value of a service that is not covered.
const NOT_COVERED: Shared = Shared(u64::MAX);

impl Terms {
    /// `other_shares`: see `FiledPlan`.
    pub fn new(plan: &CostSharing, other_shares: &[Share]) -> Terms {
        let rest = [
            i32::from(u8::MAX - plan.free_primary_care_visits),
            i32::from(u8::MAX - plan.primary_care_copays_first),
            i32::from(plan.inpatient_copay_days.unwrap_or(u8::MAX)),
            plan.specialty_drug_cap.map_or(i32::MAX, whole),
        ];
        let kinds = || plan.deductible.by_kind().into_iter().chain(plan.maximum.by_kind());
        let alone = Numbers::new(kinds().map(|a| a.individual), rest);
        let family = Numbers::new(kinds().flat_map(|a| [a.person, a.family]), rest);
        let mut filed = vec![0_u64; (plan.shares.len() + other_shares.len()).div_ceil(64)];
        let mut shares = Vec::new();
        for (i, share) in plan.shares.iter().chain(other_shares).enumerate() {
            if let Some(shared) = Shared::new(*share) {
                filed[i / 64] |= 1 << (i % 64);
                shares.push(shared);
            }
        }
        filed.truncate(filed.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1));
        Terms { alone, family, filed: filed.into(), shares: shares.into() }
    }

    fn takes_part(&self) -> bool {
        self.filed.first().is_some_and(|first| first & ((1 << SERVICES) - 1) != 0)
    }

    /// Bytes used, for capacity planning.
    pub fn bytes(&self) -> usize {
        size_of::<Terms>() + size_of_val(&*self.filed) + size_of_val(&*self.shares)
    }
}

/// Cents of an amount; 21 million dollars and more are treated as equal.
fn whole(amount: Cents) -> i32 {
    i32::try_from(amount.0.max(0)).unwrap_or(i32::MAX - 1)
}

impl<const N: usize> Numbers<N> {
    fn new(limits: impl Iterator<Item = Option<Cents>>, rest: [i32; 4]) -> Numbers<N> {
        let mut numbers = Numbers { filed: 0, of: [0; N] };
        for (i, limit) in limits.enumerate() {
            numbers.filed |= u32::from(limit.is_some()) << i;
            numbers.of[i] = limit.map_or(0, whole);
        }
        numbers.of[N - 4..].copy_from_slice(&rest);
        numbers
    }

    /// Whether a number is smaller; `None` if one is larger or the filed limits differ. All numbers are compared
    /// before deciding, which is faster than stopping early.
    fn no_worse(&self, than: &Numbers<N>) -> Option<bool> {
        let (mut larger, mut smaller) = (self.filed != than.filed, false);
        for (a, b) in self.of.iter().zip(&than.of) {
            larger |= a > b;
            smaller |= a < b;
        }
        (!larger).then_some(smaller)
    }
}

impl Shared {
    fn new(share: Share) -> Option<Shared> {
        let (copay, coinsurance, outside) = match share {
            Share::Missing => return None,
            Share::NotCovered => return Some(NOT_COVERED),
            Share::Covered { copay, coinsurance, outside_maximum } => (copay, coinsurance, outside_maximum),
        };
        let (does, _) = behavior(copay, coinsurance);
        let (copay, per) = match copay {
            Copay::Amount { amount, per, .. } if does.copay && amount > Cents::ZERO => {
                (u64::from(whole(amount).unsigned_abs()), 1 + per as u64)
            }
            _ => (0, 0),
        };
        let rate = match coinsurance {
            Coinsurance::Rate { basis_points, .. } if does.coinsurance => u64::from(basis_points),
            _ => 0,
        };
        let bit = |on: bool, bit: u64| if on { bit } else { 0 };
        let worse = bit(does.deductible, DEDUCTIBLE) | bit(does.before, BEFORE) | bit(outside, OUTSIDE);
        Some(Shared(copay << 32 | rate << 16 | per << 8 | worse))
    }

    /// Copays compare with copays for the same unit, rates with rates; being less subject to the deductible is
    /// better, and anything is better than no coverage.
    fn no_worse(self, than: Shared) -> bool {
        let parts = |Shared(bits)| (bits >> 32, bits >> 16 & 0xFFFF, bits >> 8 & 0xFF, bits & 0xFF);
        let ((copay, rate, per, worse), (other_copay, other_rate, other_per, other_worse)) = (parts(self), parts(than));
        // No copay is as good as any, whatever it would be paid for.
        than == NOT_COVERED
            || (per == 0 || per == other_per) && copay <= other_copay && rate <= other_rate && worse & !other_worse == 0
    }
}

impl Compared<'_> {
    fn dominates(&self, than: &Compared, size: Size) -> bool {
        let (a, b) = (self.terms, than.terms);
        let numbers = match size {
            Size::Individual => a.alone.no_worse(&b.alone),
            Size::Family => a.family.no_worse(&b.family),
        };
        let (Some(numbers), Some(network)) = (numbers, self.network.no_worse(&than.network)) else { return false };
        if a.filed != b.filed {
            return false;
        }
        let mut better = self.premium < than.premium || numbers || network;
        for (a, b) in a.shares.iter().zip(&b.shares) {
            if a != b {
                if !a.no_worse(*b) {
                    return false;
                }
                better = true;
            }
        }
        better
    }
}

impl Network {
    /// Whether something is better; `None` if something is worse, or known for only one plan.
    fn no_worse(&self, than: &Network) -> Option<bool> {
        let each = [
            (self.national, than.national),
            (self.out_of_network, than.out_of_network),
            (self.no_referral_needed, than.no_referral_needed),
        ];
        let worse = |(a, b): (Option<bool>, Option<bool>)| a.is_some() != b.is_some() || a < b;
        (!each.into_iter().any(worse)).then(|| each.into_iter().any(|(a, b)| a > b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::plan::Amounts;
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

    fn facts(premium: i64, cost_sharing: &CostSharing) -> FiledPlan<'_> {
        FiledPlan { premium: Cents(premium * 100), cost_sharing, other_shares: &[], network: Network::default() }
    }

    fn one(plans: &[FiledPlan]) -> Vec<Option<usize>> {
        dominated(plans, Size::Individual)
    }

    #[test]
    fn more_expensive_and_no_better_is_dominated_and_equal_is_not() {
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
            FiledPlan { network: Network { national: Some(true), ..Network::default() }, ..facts(400, &good) };
        assert_eq!(one(&[facts(300, &good), national]), [None, None]);
    }

    #[test]
    fn what_only_one_plan_filed_decides_nothing() {
        let (filed, mut unfiled) = (plan(1000, "$20"), plan(1000, "$20"));
        unfiled.shares[Service::PrimaryCare as usize] = Share::Missing;
        assert_eq!(one(&[facts(300, &filed), facts(400, &unfiled)]), [None, None]);
        assert_eq!(one(&[facts(300, &unfiled), facts(400, &filed)]), [None, None]);
        let mut pricier = unfiled.clone();
        pricier.deductible.combined.individual = Some(Cents(900_000));
        assert_eq!(one(&[facts(300, &unfiled), facts(400, &pricier)]), [None, None]);
        let extra = [Share::NotCovered];
        let with_extra = FiledPlan { other_shares: &extra, ..facts(400, &filed) };
        assert_eq!(one(&[facts(300, &filed), with_extra]), [None, None]);
    }

    #[test]
    fn the_better_plan_named_is_the_end_of_the_chain() {
        let (a, b, c) = (plan(3000, "$30"), plan(2000, "$20"), plan(1000, "$10"));
        assert_eq!(one(&[facts(300, &a), facts(300, &b), facts(300, &c)]), [Some(2), Some(2), None]);
    }

    #[test]
    fn copays_for_different_units_do_not_compare_unless_they_are_nothing() {
        let share = |copay: &str| {
            let copay = Copay::parse(copay).unwrap();
            let coinsurance = Coinsurance::NotApplicable;
            Shared::new(Share::Covered { copay, coinsurance, outside_maximum: false }).unwrap()
        };
        let no_worse = |a: &str, b: &str| share(a).no_worse(share(b));
        assert!(!no_worse("$100 Copay per Day", "$500 Copay per Stay"));
        assert!(no_worse("No Charge", "$500 Copay per Stay"));
        assert_eq!(share("$0 Copay per Day"), share("No Charge"));
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
