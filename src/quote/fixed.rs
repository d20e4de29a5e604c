//! A tax credit that was determined, in cents: what of it each plan can use.
//!
//! Made by `enrollment::price` for a group of people who buy together; applied by `market`, so that list, plan page and what is
//! signed agree. It must never work out who may have a credit, or how much.

use crate::types::Cents;

/// What the tax households on one policy can use together, a month.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FixedCredit {
    shares: Vec<FixedShare>,
}

/// What one tax household can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedShare {
    pub most: Cents,
    /// By which the premium is parted among tax households: what their people cost in the benchmark plan (26 CFR 1.36B-3(h)).
    pub weight: i64,
}

impl FixedCredit {
    pub fn new(shares: Vec<FixedShare>) -> FixedCredit {
        FixedCredit { shares }
    }

    /// The most that any plan can use.
    pub fn most(&self) -> Cents {
        self.shares.iter().map(|share| share.most.at_least_zero()).sum()
    }

    /// What a plan uses of each share, given the part of its premium for essential health benefits: nobody's credit pays for
    /// more than their own part of the premium.
    pub fn applied_each(&self, ehb: Cents) -> Vec<Cents> {
        let weights: Vec<i64> = self.shares.iter().map(|share| share.weight).collect();
        let parts = in_proportion(ehb.at_least_zero().0, &weights);
        self.shares.iter().zip(parts).map(|(share, part)| share.most.at_least_zero().min(Cents(part))).collect()
    }

    /// The sum of it.
    pub fn applied(&self, ehb: Cents) -> Cents {
        self.applied_each(ehb).into_iter().sum()
    }
}

/// Parts a whole number of cents in proportion: each gets its part without fractions, and the cents that are left go to the
/// largest remainders, the first of equals first. The parts add up to the whole. Weights below one count as none; if all do,
/// everybody has the same.
pub fn in_proportion(whole: i64, weights: &[i64]) -> Vec<i64> {
    let mut weights: Vec<i128> = weights.iter().map(|weight| i128::from((*weight).max(0))).collect();
    if weights.iter().all(|weight| *weight == 0) {
        weights.iter_mut().for_each(|weight| *weight = 1);
    }
    let (whole, all) = (i128::from(whole.max(0)), weights.iter().sum::<i128>());
    let mut parts: Vec<i128> = weights.iter().map(|weight| whole * weight / all).collect();
    let left = usize::try_from(whole - parts.iter().sum::<i128>()).unwrap_or_default();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(whole * weights[*i] % all), *i));
    for i in order.into_iter().take(left) {
        parts[i] += 1;
    }
    parts.into_iter().map(|part| i64::try_from(part).unwrap_or(i64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cents_that_are_left_go_to_the_largest_remainders() {
        assert_eq!(in_proportion(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(in_proportion(100, &[1, 2]), [33, 67]);
        assert_eq!(in_proportion(5, &[0, 0]), [3, 2]);
        assert_eq!(in_proportion(0, &[3, 4]), [0, 0]);
        assert!(in_proportion(7, &[]).is_empty());
    }

    #[test]
    fn nobodys_credit_pays_for_more_than_their_own_part_of_the_premium() {
        let share = |most, weight| FixedShare { most: Cents(most), weight };
        let alone = FixedCredit::new(vec![share(30_000, 1)]);
        assert_eq!((alone.applied(Cents(40_000)), alone.applied(Cents(20_000))), (Cents(30_000), Cents(20_000)));
        let two = FixedCredit::new(vec![share(30_000, 1), share(0, 1)]);
        assert_eq!((two.most(), two.applied(Cents(40_000))), (Cents(30_000), Cents(20_000)));
        assert_eq!(FixedCredit::new(vec![share(-5, 1)]).applied(Cents(100)), Cents::ZERO);
    }

    proptest::proptest! {
        #[test]
        fn parts_add_up_and_are_off_by_less_than_a_cent(
            whole in 0_i64..10_000_000, weights in proptest::collection::vec(0_i64..1_000_000, 1..8),
        ) {
            let parts = in_proportion(whole, &weights);
            proptest::prop_assert_eq!(parts.iter().sum::<i64>(), whole);
            let all: i64 = weights.iter().sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| all > 0) {
                let off = i128::from(*part) * i128::from(all) - i128::from(whole) * i128::from(*weight);
                proptest::prop_assert!(off.abs() < i128::from(all));
            }
        }
    }
}
