//! How the people on one policy are rated together: the dated rules of 45 CFR part 147, and which of them are
//! charged.
//!
//! Called by `benchmark` (the credit) and by `quote` (every price), so that both charge the same people. Pure.

use time::Date;

use super::tables::{NumberCode, Tables};
use crate::types::Cents;

/// The numbers in the law that determine a premium, on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatingRules {
    /// 21: of those younger, only the oldest few on a policy are charged.
    pub child_under_age: u8,
    /// 3: this many of the oldest are charged.
    pub children_at_most: usize,
    /// 19: members under this age have pediatric dental.
    pub dental_under_age: u8,
    /// 26: in states with family tiers, members under this age are dependents.
    pub tier_dependent_under_age: u8,
    /// 30: catastrophic plans are sold to anyone younger; others need an exemption.
    pub catastrophic_under_age: u8,
    /// 21: child-only plans are sold only to anyone younger.
    pub child_only_under_age: u8,
}

impl RatingRules {
    /// The rules in force on a day; `None` if the tables do not cover it.
    pub fn on(tables: &Tables, day: Date) -> Option<RatingRules> {
        let number = |code| tables.number(code, day).map(|n| n.value);
        let age = |code| u8::try_from(number(code)?).ok();
        Some(RatingRules {
            child_under_age: age(NumberCode::RatedChildrenUnderAge)?,
            children_at_most: usize::try_from(number(NumberCode::RatedChildrenAtMost)?).ok()?,
            dental_under_age: age(NumberCode::PediatricDentalUnderAge)?,
            tier_dependent_under_age: age(NumberCode::TierDependentUnderAge)?,
            catastrophic_under_age: age(NumberCode::CatastrophicUnderAge)?,
            child_only_under_age: age(NumberCode::ChildOnlyUnderAge)?,
        })
    }

    /// The members of one policy who are charged: every adult, and the oldest three under 21 (45 CFR 147.102(c)(1)),
    /// by age, whatever the relationship. Each member is an age and a value to rate by; among equal ages the greater
    /// is charged, so the answer does not depend on the order in which people were listed.
    pub fn charged<T: Ord>(&self, members: impl IntoIterator<Item = (u8, T)>) -> Vec<(u8, T)> {
        let (mut children, mut charged): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|(age, _)| *age < self.child_under_age);
        children.sort_unstable_by(|a, b| b.cmp(a));
        charged.extend(children.into_iter().take(self.children_at_most));
        charged
    }

    /// The cost of a policy: the premiums of those charged.
    pub fn policy_premium(&self, members: impl IntoIterator<Item = (u8, Cents)>) -> Cents {
        self.charged(members).into_iter().map(|(_, premium)| premium).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_oldest_under_21_are_charged_whatever_the_order() {
        let tables = Tables::load().expect("the tables");
        let rules = RatingRules::on(&tables, time::macros::date!(2026 - 01 - 01)).expect("rules of 2026");
        let members = [(4, 70), (16, 86), (9, 76), (20, 97), (40, 127), (21, 100)];
        let members = members.map(|(age, premium)| (age, Cents(premium)));
        assert_eq!(rules.policy_premium(members), Cents(127 + 100 + 97 + 86 + 76));
        let backwards = members.into_iter().rev();
        assert_eq!(rules.policy_premium(backwards), Cents(127 + 100 + 97 + 86 + 76));
        // The rules are as old as the marketplaces.
        assert_eq!(RatingRules::on(&tables, time::macros::date!(2014 - 01 - 01)), Some(rules));
        assert_eq!(RatingRules::on(&tables, time::macros::date!(2013 - 12 - 31)), None);
    }
}
