//! What a policy costs a month: 45 CFR 147.102, as pure functions and as SQL from the same decisions.
//!
//! The rate of each member is filed per rating area, age and tobacco use, in whole cents; a policy is a
//! sum of filed rates, so nothing is ever rounded here. [`Charge`] decides who is charged and from which
//! column of `rate`; [`policy_premium`] adds the columns up in Rust and [`Charge::sql`] in SQL, and a test
//! holds the two against each other on every plan.

use crate::quote::ask::people::{Household, Person};
use crate::types::Cents;

/// Adults are charged one by one; of those under this age only the oldest [`CHILDREN_CHARGED_MAX`] are
/// (45 CFR 147.102(c)(1)).
pub const ADULT_AGE: u8 = 21;
pub const CHILDREN_CHARGED_MAX: usize = 3;
/// In family-tier states dependants are children to the end of the year in which they turn 26
/// (45 CFR 147.120); the address holds ages only, so anyone of 26 and over counts as an adult.
pub const TIER_DEPENDANT_AGE: u8 = 26;

/// Rate columns end at "64 and over" and begin at "0-14".
const YOUNGEST_COLUMN: u8 = 14;
const OLDEST_COLUMN: u8 = 64;

/// One column of the `rate` table: an age, with or without tobacco.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateColumn {
    /// 14 (stands for 0–14) … 64 (stands for 64 and over).
    pub age: u8,
    pub tobacco: bool,
}

impl RateColumn {
    fn of(person: &Person) -> RateColumn {
        RateColumn { age: person.age.clamp(YOUNGEST_COLUMN, OLDEST_COLUMN), tobacco: person.tobacco }
    }

    fn sql(self) -> String {
        format!("r.{}{}", if self.tobacco { 't' } else { 'a' }, self.age)
    }
}

/// The family-tier columns of `rate` (45 CFR 147.102(c)(3): states without age rating).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    Individual,
    Couple,
    OneDependent,
    TwoDependents,
    ThreeDependents,
    CoupleOne,
    CoupleTwo,
    CoupleThree,
}

impl Tier {
    /// In family-tier rows the single rate is the same in every age column; `a21` stands for it.
    fn sql(self) -> &'static str {
        match self {
            Tier::Individual => "r.a21",
            Tier::Couple => "r.couple",
            Tier::OneDependent => "r.one_dependent",
            Tier::TwoDependents => "r.two_dependents",
            Tier::ThreeDependents => "r.three_dependents",
            Tier::CoupleOne => "r.couple_one",
            Tier::CoupleTwo => "r.couple_two",
            Tier::CoupleThree => "r.couple_three",
        }
    }
}

/// Who of a household is charged, and from which columns: by age, and where the state has family tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// In order, so that the same people in another order make the same SQL text and share its plan.
    pub by_age: Vec<RateColumn>,
    pub by_tier: Vec<Tier>,
}

impl Charge {
    pub fn of(household: &Household) -> Charge {
        let mut by_age: Vec<RateColumn> =
            household.covered().filter(|p| p.age >= ADULT_AGE).map(RateColumn::of).collect();
        let mut young: Vec<&Person> = household.covered().filter(|p| p.age < ADULT_AGE).collect();
        // The three oldest; among equals the tobacco user, so that the answer does not hang on the order typed.
        young.sort_by_key(|p| (std::cmp::Reverse(p.age), std::cmp::Reverse(p.tobacco)));
        by_age.extend(young.into_iter().take(CHILDREN_CHARGED_MAX).map(RateColumn::of));
        by_age.sort();
        Charge { by_age, by_tier: tiers(household) }
    }

    /// The same members without the tobacco surcharge: what the benchmark and the credit look at
    /// (26 USC 36B(b)(3)(C)).
    pub fn without_tobacco(&self) -> Charge {
        let mut by_age: Vec<RateColumn> =
            self.by_age.iter().map(|column| RateColumn { tobacco: false, ..*column }).collect();
        by_age.sort();
        Charge { by_age, by_tier: self.by_tier.clone() }
    }

    /// The policy's monthly premium in cents as an SQL expression over one row of `rate` named `r`.
    /// Only column names from the closed sets above ever enter it.
    pub fn sql(&self) -> String {
        let by_age: Vec<String> = self.by_age.iter().map(|column| column.sql()).collect();
        let by_tier: Vec<&str> = self.by_tier.iter().map(|tier| tier.sql()).collect();
        format!("CASE r.tiered WHEN 0 THEN {} ELSE {} END", by_age.join("+"), by_tier.join("+"))
    }
}

/// Family tiers: one or two adults and their dependants; each further adult is a policy of one.
fn tiers(household: &Household) -> Vec<Tier> {
    let adults = household.covered().filter(|p| p.age >= TIER_DEPENDANT_AGE).count();
    let dependants = household.covered().count() - adults;
    // Nobody of 26: the oldest takes the policy out.
    let (adults, dependants) = if adults == 0 { (1, dependants - 1) } else { (adults, dependants) };
    let first = match (adults >= 2, dependants) {
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

/// One plan's rates in one rating area, as filed. Source: Rate PUF, `IndividualRate`, `IndividualTobaccoRate`.
#[derive(Debug, Clone)]
pub struct Rates {
    pub tiered: bool,
    /// Ages 0–14, 15 … 63, 64 and over.
    pub by_age: [Cents; 51],
    /// The same for tobacco users; equal where none is filed.
    pub by_age_tobacco: [Cents; 51],
    /// couple, +1, +2, +3 dependants, couple +1, +2, +3; `None` where not filed.
    pub by_tier: [Option<Cents>; 7],
}

/// The policy's monthly premium; `None` where a family tier that it needs is not filed.
pub fn policy_premium(charge: &Charge, rates: &Rates) -> Option<Cents> {
    if !rates.tiered {
        let rate = |column: &RateColumn| {
            let ages = if column.tobacco { &rates.by_age_tobacco } else { &rates.by_age };
            ages[usize::from(column.age - YOUNGEST_COLUMN)]
        };
        return Some(charge.by_age.iter().map(rate).sum());
    }
    let rate = |tier: &Tier| match tier {
        Tier::Individual => Some(rates.by_age[7]),
        Tier::Couple => rates.by_tier[0],
        Tier::OneDependent => rates.by_tier[1],
        Tier::TwoDependents => rates.by_tier[2],
        Tier::ThreeDependents => rates.by_tier[3],
        Tier::CoupleOne => rates.by_tier[4],
        Tier::CoupleTwo => rates.by_tier[5],
        Tier::CoupleThree => rates.by_tier[6],
    };
    charge.by_tier.iter().map(rate).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(people: &str) -> Charge {
        Charge::of(&Household::parse(people).expect("a household"))
    }

    fn ages(people: &str) -> Vec<u8> {
        charge(people).by_age.iter().map(|column| column.age).collect()
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
        let rates =
            Rates { tiered: true, by_age: [Cents(100); 51], by_age_tobacco: [Cents(100); 51], by_tier: [None; 7] };
        assert_eq!(policy_premium(&charge("40"), &rates), Some(Cents(100)));
        assert_eq!(policy_premium(&charge("40,41"), &rates), None);
    }
}
