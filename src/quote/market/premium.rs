//! What a policy costs per month: 45 CFR 147.102, as a sum of filed rates.
//!
//! Called by `market::offers` alone. Each member's rate is filed per rating area, age and tobacco use, in whole cents. A
//! policy is a sum of filed rates, so nothing must ever be rounded here. [`Charge`] says which rates to add;
//! `eligibility::rating` decides who is charged, by the dated rules. A test compares it with hand-computed sums on every
//! plan.

use crate::catalogue::rates::{FiledRates, OLDEST, Tier, YOUNGEST};
use crate::eligibility::rating::RatingRules;
use crate::quote::ask::people::Household;
use crate::types::Cents;

/// Which members are charged, by age and tobacco use, and for states with family tiers as which kinds of family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Ages as filed: 14 means 0–14, 64 means 64 and over. Sorted, so that the same people in another order are the same
    /// charge.
    pub by_age: Vec<(u8, bool)>,
    pub by_tier: Vec<Tier>,
}

impl Charge {
    pub fn of(household: &Household, rules: &RatingRules) -> Charge {
        let members = household.covered().map(|person| (person.age, person.tobacco));
        let charged = rules.charged(members).into_iter();
        let mut by_age: Vec<(u8, bool)> =
            charged.map(|(age, tobacco)| (age.clamp(YOUNGEST, OLDEST), tobacco)).collect();
        by_age.sort_unstable();
        Charge { by_age, by_tier: tiers(household, rules) }
    }

    /// The policy's monthly premium for a plan; `None` if its insurer has not filed a price for this kind of family.
    pub fn premium(&self, filed: &FiledRates) -> Option<Cents> {
        match filed.is_tiered() {
            true => self.by_tier.iter().map(|tier| filed.of_family(*tier)).sum(),
            false => Some(self.by_age.iter().map(|(age, tobacco)| filed.of_member(*age, *tobacco)).sum()),
        }
    }
}

/// Family tiers: one or two adults and their dependents; each further adult is a policy of one. Dependents are
/// children until the end of the year in which they turn 26; the address holds only ages, so anyone of that age
/// counts as an adult.
fn tiers(household: &Household, rules: &RatingRules) -> Vec<Tier> {
    let adults = household.covered().filter(|p| p.age >= rules.tier_dependent_under_age).count();
    let dependents = household.covered().count() - adults;
    // No adult: the oldest person is the subscriber.
    let (adults, dependents) = if adults == 0 { (1, dependents - 1) } else { (adults, dependents) };
    let first = match (adults >= 2, dependents) {
        (false, 0) => Tier::Individual,
        (false, 1) => Tier::OneDependent,
        (false, 2) => Tier::TwoDependents,
        (false, _) => Tier::ThreeDependents,
        (true, 0) => Tier::Couple,
        (true, 1) => Tier::CoupleOne,
        (true, 2) => Tier::CoupleTwo,
        (true, _) => Tier::CoupleThree,
    };
    std::iter::once(first).chain(std::iter::repeat_n(Tier::Individual, adults.saturating_sub(2))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(people: &str) -> Charge {
        Charge::of(&Household::parse(people).expect("a household"), &crate::quote::policy::tests::rules().rating)
    }

    fn ages(people: &str) -> Vec<u8> {
        charge(people).by_age.iter().map(|(age, _)| *age).collect()
    }

    #[test]
    fn adults_are_charged_one_by_one_and_of_children_the_three_oldest() {
        assert_eq!(ages("40,38,19,17,15,3"), [15, 17, 19, 38, 40]);
        assert_eq!(ages("45,22,21,20,19,18,17"), [18, 19, 20, 21, 22, 45]);
        assert_eq!(ages("70,8"), [14, 64]);
        assert_eq!(ages("40,5n"), [40]);
    }

    #[test]
    fn order_typed_does_not_change_the_charge() {
        assert_eq!(charge("5,38t,40"), charge("40,5,38t"));
        assert_eq!(charge("18,18t,17,17"), charge("17,18t,17,18"));
    }

    #[test]
    fn family_tiers_follow_the_filed_columns() {
        assert_eq!(charge("40").by_tier, [Tier::Individual]);
        assert_eq!(charge("40,38,25,3").by_tier, [Tier::CoupleTwo]);
        assert_eq!(charge("40,1,2,3,4").by_tier, [Tier::ThreeDependents]);
        assert_eq!(charge("19,18").by_tier, [Tier::OneDependent]);
        assert_eq!(charge("60,58,30").by_tier, [Tier::Couple, Tier::Individual]);
    }

    #[test]
    fn a_tier_that_was_not_filed_has_no_price() {
        let filed = FiledRates::by_tier(100, [None; 7]);
        for (people, premium) in [("40", Some(100)), ("40,41", None)] {
            assert_eq!(charge(people).premium(&filed), premium.map(Cents), "{people}");
        }
        let (couple, three) = (charge("40,41"), charge("60,58,30"));
        let filed = FiledRates::by_tier(100, [Some(180), None, None, None, None, None, None]);
        assert_eq!([couple, three].map(|charge| charge.premium(&filed)), [180, 280].map(|cents| Some(Cents(cents))));
    }
}
