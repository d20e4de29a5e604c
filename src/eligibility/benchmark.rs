//! The benchmark: the second-lowest-cost silver plan for exactly the credit-eligible members (26 CFR 1.36B-3(f)).
//!
//! A pure function over priced plans. Called by the shop with the plans of its catalogue at the policy's own price
//! ([`second_lowest`]), and by `determine` with those of the household, priced member by member ([`benchmark`]). It
//! ranks plans, not distinct prices: two plans at the lowest price make the benchmark that price. (The other reading,
//! by distinct price, is not used; see docs/eligibility.md.) It must never read tobacco or full premiums.

pub use super::rating::RatingRules;
use crate::types::Cents;

/// One silver plan with the premium of each credit-eligible member, in an agreed order.
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

/// A silver plan with the cost of one policy in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PricedPlan<P> {
    /// Identifies the plan; plans at the same price are ranked by it.
    pub plan: P,
    /// Monthly, essential health benefits only, without tobacco.
    pub premium: Cents,
    /// Covers pediatric dental as an essential health benefit.
    pub pediatric_dental: bool,
}

/// The benchmark of one policy: the second-lowest plan, or the only one if there is just one (1.36B-3(f)(6)).
///
/// A plan without pediatric dental competes with `dental` added, the pediatric part of [`second_lowest_dental`] for
/// the policy's children (1.36B-3(f)(3)); zero without children.
pub fn second_lowest<P: Ord + Copy>(
    plans: impl IntoIterator<Item = PricedPlan<P>>,
    dental: Cents,
) -> Option<(Cents, P)> {
    let with_dental = |plan: PricedPlan<P>| match plan.pediatric_dental {
        true => (plan.premium, plan.plan),
        false => (plan.premium + dental, plan.plan),
    };
    second(plans.into_iter().map(with_dental))
}

/// The pediatric part of the second-lowest dental plan for the children of a policy; zero if none is sold.
pub fn second_lowest_dental(premiums: impl IntoIterator<Item = Cents>) -> Cents {
    second(premiums.into_iter()).unwrap_or(Cents::ZERO)
}

fn second<T: Ord + Copy>(all: impl Iterator<Item = T>) -> Option<T> {
    let (mut lowest, mut second) = (None, None);
    for this in all {
        if lowest.is_none_or(|lowest| this < lowest) {
            (lowest, second) = (Some(this), lowest);
        } else if second.is_none_or(|second| this < second) {
            second = Some(this);
        }
    }
    second.or(lowest)
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Benchmark {
    pub monthly: Cents,
    /// The plans that set it, one per policy.
    pub plans: Vec<String>,
}

/// Finds the benchmark for members of these ages.
///
/// `groups` holds positions in `ages` of members that one policy may cover, one group per rating place. A group that
/// no single plan covers is split into the largest policies that some plan covers. `None` if there is nobody, or a
/// member that no plan covers.
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
            let one = of_policy(ages, &policy, plans, dental, rules)?;
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

/// The benchmark of one policy among plans with a premium per member.
fn of_policy<'p>(
    ages: &[u8],
    policy: &[usize],
    plans: &'p [SilverPlan<'_>],
    dental: &[DentalPlan<'_>],
    rules: RatingRules,
) -> Option<(Cents, &'p str)> {
    let children: Vec<usize> =
        policy.iter().copied().filter(|&m| ages.get(m).is_some_and(|&age| age < rules.dental_under_age)).collect();
    let dental = match children.is_empty() {
        true => Cents::ZERO,
        false => {
            let premiums = dental.iter().map(|plan| policy_premium(ages, &children, &plan.member_premiums, rules));
            second_lowest_dental(premiums.flatten())
        }
    };
    let priced = plans.iter().filter_map(|plan| {
        let premium = policy_premium(ages, policy, &plan.member_premiums, rules)?;
        Some(PricedPlan { plan: plan.plan_id, premium, pediatric_dental: plan.pediatric_dental })
    });
    second_lowest(priced, dental)
}

/// `None` if a member has no premium.
fn policy_premium(ages: &[u8], policy: &[usize], premiums: &[Option<Cents>], rules: RatingRules) -> Option<Cents> {
    let members: Option<Vec<(u8, Cents)>> =
        policy.iter().map(|&m| Some((*ages.get(m)?, (*premiums.get(m)?)?))).collect();
    Some(rules.policy_premium(members?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: RatingRules = RatingRules {
        child_under_age: 21,
        children_at_most: 3,
        dental_under_age: 19,
        tier_dependent_under_age: 26,
        catastrophic_under_age: 30,
        child_only_under_age: 21,
    };

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
