//! What a policy costs per month: 45 CFR 147.102, as an SQL expression over the filed rates.
//!
//! Called by `query` alone. Each member's rate is filed per rating area, age and tobacco use, in whole cents. A policy is a
//! sum of filed rates, so nothing must ever be rounded here. [`Charge`] lists the columns of `rate` to add;
//! `eligibility::rating` decides who is charged, by the dated rules. A test checks the SQL against hand-computed sums on
//! every plan.

use crate::eligibility::rating::RatingRules;
use crate::quote::ask::people::Household;

/// Rate columns start at "0-14" and end at "64 and over".
const YOUNGEST_COLUMN: u8 = 14;
const OLDEST_COLUMN: u8 = 64;

/// One column of the `rate` table: an age, with or without tobacco.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RateColumn {
    /// 14 (means 0–14) … 64 (means 64 and over).
    pub age: u8,
    pub tobacco: bool,
}

impl RateColumn {
    fn of(age: u8, tobacco: bool) -> RateColumn {
        RateColumn { age: age.clamp(YOUNGEST_COLUMN, OLDEST_COLUMN), tobacco }
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

/// Which members are charged, and from which columns: by age, and for states with family tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Sorted, so the same people in another order produce the same SQL text and share its prepared statement.
    pub by_age: Vec<RateColumn>,
    pub by_tier: Vec<Tier>,
}

impl Charge {
    pub fn of(household: &Household, rules: &RatingRules) -> Charge {
        let members = household.covered().map(|person| (person.age, person.tobacco));
        let charged = rules.charged(members).into_iter();
        let mut by_age: Vec<RateColumn> = charged.map(|(age, tobacco)| RateColumn::of(age, tobacco)).collect();
        by_age.sort();
        Charge { by_age, by_tier: tiers(household, rules) }
    }

    /// The policy's monthly premium in cents, as an SQL expression over one row of `rate` named `r`. Contains only
    /// column names from the closed sets above.
    pub fn sql(&self) -> String {
        let by_age: Vec<String> = self.by_age.iter().map(|column| column.sql()).collect();
        let by_tier: Vec<&str> = self.by_tier.iter().map(|tier| tier.sql()).collect();
        format!("CASE r.tiered WHEN 0 THEN {} ELSE {} END", by_age.join("+"), by_tier.join("+"))
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

    #[tokio::test]
    async fn a_tier_that_was_not_filed_has_no_price() {
        use sqlx::Connection as _;
        let mut db = sqlx::SqliteConnection::connect("sqlite::memory:").await.expect("SQLite");
        let filed = "(SELECT 1 AS tiered, 100 AS a21, NULL AS couple) r";
        for (people, premium) in [("40", Some(100)), ("40,41", None)] {
            // A tiered plan does not use the age columns; they only have to exist.
            let sql = charge(people).sql().replace("r.a40+r.a41", "1").replace("r.a40", "1");
            let sql = sqlx::AssertSqlSafe(format!("SELECT {sql} FROM {filed}"));
            let priced: Option<i64> = sqlx::query_scalar(sql).fetch_one(&mut db).await.expect("a premium");
            assert_eq!(priced, premium, "{people}");
        }
    }
}
