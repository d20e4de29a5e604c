//! The benchmark: the second-lowest-cost silver plan for exactly the credit-eligible members (26 CFR 1.36B-3(f)).
//!
//! A pure function over candidate plans given as data; the shop gathers them from its catalogue, `determine` from the
//! household. Ranks plans, not distinct prices: two plans at the lowest price make the benchmark that price. (The
//! other reading, by distinct price, is not used; see docs/eligibility.md.) It never reads tobacco or full premiums.

use time::Date;

use super::tables::{NumberCode, Tables};
use crate::types::Cents;

/// One silver plan with the premium of each credit-eligible member, in one agreed order.
#[derive(Debug, Clone)]
pub struct SilverPlan<'a> {
    pub plan_id: &'a str,
    /// Monthly, essential health benefits only, without tobacco; `None`: not sold to this member.
    pub member_premiums: Vec<Option<Cents>>,
    /// Covers pediatric dental as an essential health benefit.
    pub pediatric_dental: bool,
}

/// One stand-alone dental plan with the pediatric part of each member's premium.
#[derive(Debug, Clone)]
pub struct DentalPlan<'a> {
    pub plan_id: &'a str,
    pub member_premiums: Vec<Option<Cents>>,
}

/// How members are rated together in one policy.
#[derive(Debug, Clone, Copy)]
pub struct RatingRules {
    /// 21: younger members are children for the rule below.
    pub child_under_age: u8,
    /// 3: the oldest so many children of a policy are charged.
    pub children_at_most: usize,
    /// 19: members under this age have pediatric dental.
    pub dental_under_age: u8,
}

impl RatingRules {
    /// The rules in force on a day; `None` when the tables do not reach it.
    pub fn on(tables: &Tables, day: Date) -> Option<RatingRules> {
        let number = |code| tables.number(code, day).map(|n| n.value);
        Some(RatingRules {
            child_under_age: u8::try_from(number(NumberCode::RatedChildrenUnderAge)?).ok()?,
            children_at_most: usize::try_from(number(NumberCode::RatedChildrenAtMost)?).ok()?,
            dental_under_age: u8::try_from(number(NumberCode::PediatricDentalUnderAge)?).ok()?,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Benchmark {
    pub monthly: Cents,
    /// The plan that sets it, one per policy.
    pub plans: Vec<String>,
}

/// Finds the benchmark for members of these ages.
///
/// `groups` holds places of members in `ages` that one policy may cover, one group per rating place. A group that no
/// plan covers whole is split into the largest policies that some plan covers. `None` if nobody, or a member whom no
/// plan covers.
pub fn benchmark(
    ages: &[u8],
    groups: &[Vec<usize>],
    plans: &[SilverPlan<'_>],
    dental: &[DentalPlan<'_>],
    rules: RatingRules,
) -> Option<Benchmark> {
    let mut total = Benchmark::default();
    for group in groups {
        let mut left = group.clone();
        while !left.is_empty() {
            let policy = largest_policy(&left, plans)?;
            let one = second_lowest(ages, &policy, plans, dental, rules)?;
            total.monthly += one.0;
            total.plans.push(one.1.to_string());
            left.retain(|m| !policy.contains(m));
        }
    }
    if total.plans.is_empty() { None } else { Some(total) }
}

fn covered(plan: &SilverPlan<'_>, member: usize) -> bool {
    plan.member_premiums.get(member).is_some_and(Option::is_some)
}

/// The most members of `left` that one plan covers.
fn largest_policy(left: &[usize], plans: &[SilverPlan<'_>]) -> Option<Vec<usize>> {
    let mut best: Vec<usize> = Vec::new();
    for plan in plans {
        let count = left.iter().filter(|&&m| covered(plan, m)).count();
        if count > best.len() {
            best = left.iter().copied().filter(|&m| covered(plan, m)).collect();
        }
        if best.len() == left.len() {
            break;
        }
    }
    if best.is_empty() { None } else { Some(best) }
}

/// The second-lowest plan for a policy; the only one where there is but one (1.36B-3(f)(6)).
fn second_lowest<'p>(
    ages: &[u8],
    policy: &[usize],
    plans: &'p [SilverPlan<'_>],
    dental: &[DentalPlan<'_>],
    rules: RatingRules,
) -> Option<(Cents, &'p str)> {
    let dental_extra = second_lowest_dental(ages, policy, dental, rules);
    let mut lowest: Option<(Cents, &str)> = None;
    let mut second: Option<(Cents, &str)> = None;
    for plan in plans.iter().filter(|plan| policy.iter().all(|&m| covered(plan, m))) {
        let mut premium = policy_premium(ages, policy, &plan.member_premiums, rules)?;
        if !plan.pediatric_dental {
            premium += dental_extra;
        }
        let this = Some((premium, plan.plan_id));
        if lowest.is_none_or(|l| (premium, plan.plan_id) < l) {
            second = lowest;
            lowest = this;
        } else if second.is_none_or(|s| (premium, plan.plan_id) < s) {
            second = this;
        }
    }
    second.or(lowest)
}

/// The pediatric part of the second-lowest dental plan for the children of a policy; zero without children or plans.
fn second_lowest_dental(ages: &[u8], policy: &[usize], dental: &[DentalPlan<'_>], rules: RatingRules) -> Cents {
    let children: Vec<usize> =
        policy.iter().copied().filter(|&m| ages.get(m).is_some_and(|&a| a < rules.dental_under_age)).collect();
    let mut sums: Vec<Cents> =
        dental.iter().filter_map(|plan| policy_premium(ages, &children, &plan.member_premiums, rules)).collect();
    sums.sort_unstable();
    if children.is_empty() { Cents::ZERO } else { sums.get(1).or(sums.first()).copied().unwrap_or(Cents::ZERO) }
}

/// Premium of one policy: every adult, and the oldest three under 21 (45 CFR 147.102(c)(1)) — by age, whatever the
/// relationship. `None` if a member has no premium.
pub fn policy_premium(
    ages: &[u8],
    policy: &[usize],
    member_premiums: &[Option<Cents>],
    rules: RatingRules,
) -> Option<Cents> {
    let mut sum = Cents::ZERO;
    let mut children: Vec<(u8, Cents)> = Vec::new();
    for &m in policy {
        let premium = (*member_premiums.get(m)?)?;
        let age = *ages.get(m)?;
        if age < rules.child_under_age {
            children.push((age, premium));
        } else {
            sum += premium;
        }
    }
    // Oldest first; among equals the dearer, so that premiums already zeroed by the caller stay zeroed.
    children.sort_unstable_by(|a, b| b.cmp(a));
    Some(sum + children.into_iter().take(rules.children_at_most).map(|(_, premium)| premium).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: RatingRules = RatingRules { child_under_age: 21, children_at_most: 3, dental_under_age: 19 };

    fn plan<'a>(plan_id: &'a str, premiums: &[i64]) -> SilverPlan<'a> {
        let member_premiums = premiums.iter().map(|&p| (p >= 0).then_some(Cents(p))).collect();
        SilverPlan { plan_id, member_premiums, pediatric_dental: true }
    }

    #[test]
    fn ranks_plans_so_two_at_the_lowest_price_set_it() {
        let plans = [plan("a", &[300]), plan("b", &[300]), plan("c", &[400])];
        let found = benchmark(&[40], &[vec![0]], &plans, &[], RULES).unwrap();
        assert_eq!((found.monthly, found.plans), (Cents(300), vec!["b".to_string()]));
        assert_eq!(benchmark(&[40], &[vec![0]], &plans[2..], &[], RULES).unwrap().monthly, Cents(400));
        assert_eq!(benchmark(&[40], &[vec![0]], &[], &[], RULES), None);
    }

    #[test]
    fn charges_the_three_oldest_under_21_whatever_the_order() {
        let ages = [4, 16, 9, 20, 40];
        let premiums: Vec<_> = [70, 86, 76, 97, 127].into_iter().map(|p| Some(Cents(p))).collect();
        assert_eq!(policy_premium(&ages, &[0, 1, 2, 3, 4], &premiums, RULES), Some(Cents(127 + 97 + 86 + 76)));
    }

    #[test]
    fn splits_where_no_plan_covers_all_and_sums_over_places() {
        let plans = [plan("a", &[100, -1]), plan("b", &[120, -1]), plan("c", &[-1, 50]), plan("d", &[-1, 60])];
        assert_eq!(benchmark(&[40, 41], &[vec![0, 1]], &plans, &[], RULES).unwrap().monthly, Cents(180));
        assert_eq!(benchmark(&[40, 41], &[vec![0], vec![1]], &plans, &[], RULES).unwrap().monthly, Cents(180));
    }

    #[test]
    fn plans_without_pediatric_dental_compete_with_the_dental_added() {
        let mut plans = [plan("a", &[300, 100]), plan("b", &[310, 100]), plan("c", &[315, 100])];
        plans[0].pediatric_dental = false;
        let dental = [("x", 20), ("y", 30)]
            .map(|(plan_id, p)| DentalPlan { plan_id, member_premiums: vec![None, Some(Cents(p))] });
        let found = benchmark(&[40, 10], &[vec![0, 1]], &plans, &dental, RULES).unwrap();
        assert_eq!((found.monthly, &found.plans[0][..]), (Cents(415), "c"));
        assert_eq!(benchmark(&[40, 10], &[vec![0]], &plans, &dental, RULES).unwrap().monthly, Cents(310));
    }
}
