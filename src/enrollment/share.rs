//! One tax household's credit over several policies (45 CFR 155.340(e)): in proportion to what its people cost in the benchmark
//! plan, no policy more than it can use, and what one cannot use goes to the others.
//!
//! Called by `price`. Whole cents: each cent goes to the policy that has the fewest for its weight so far (the first of equals
//! first) and can still use one. So a policy's share does not depend on its own plan but for the cap: what the list shows for a
//! plan is what is signed for it. Pure.

/// A policy: what its people of this tax household cost in the benchmark plan, and the most that it can use; `None`: no plan
/// has been chosen for it, it may use any amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub weight: i64,
    pub cap: Option<i64>,
}

/// Steps into which the level of cents for a weight is divided while it is searched for.
const FINE: i128 = 1_000_000;

/// What each policy uses of an amount: together all of it, if they can use it.
pub fn parted(whole: i64, parts: &[Part]) -> Vec<i64> {
    let whole = whole.max(0);
    let weight = |part: &Part| i128::from(part.weight.max(1));
    let cap = |part: &Part| part.cap.map_or(whole, |cap| cap.clamp(0, whole));
    let at = |level: i128| -> Vec<i64> {
        let filled = |part: &Part| i64::try_from((level * weight(part) / FINE).min(i128::from(cap(part)))).unwrap_or(0);
        parts.iter().map(filled).collect()
    };
    let most: i128 = parts.iter().map(|part| i128::from(cap(part))).sum();
    if most <= i128::from(whole) {
        return parts.iter().map(cap).collect();
    }
    // The highest level that does not give out more than there is.
    let (mut low, mut high) = (0, (i128::from(whole) + 1) * FINE);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let given: i128 = at(middle).iter().map(|cents| i128::from(*cents)).sum();
        if given <= i128::from(whole) { low = middle } else { high = middle }
    }
    let mut given = at(low);
    // The few cents between two levels, one by one.
    for _ in 0..whole - given.iter().sum::<i64>() {
        let open = (0..parts.len()).filter(|i| given[*i] < cap(&parts[*i]));
        // The fewest for its weight: the next cent's number over the weight, compared without fractions.
        let next = open.reduce(|best, i| {
            let (mine, its) = (i128::from(given[i]) + 1, i128::from(given[best]) + 1);
            if mine * weight(&parts[best]) < its * weight(&parts[i]) { i } else { best }
        });
        match next {
            Some(i) => given[i] += 1,
            None => break,
        }
    }
    given
}

/// The most that one policy can use, whatever plan is chosen for it, while the others stay as they are.
pub fn share_of(whole: i64, parts: &[Part], own: usize) -> i64 {
    let free = |(i, part): (usize, &Part)| if i == own { Part { cap: None, ..*part } } else { *part };
    let parts: Vec<Part> = parts.iter().enumerate().map(free).collect();
    parted(whole, &parts).get(own).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(weight: i64, cap: Option<i64>) -> Part {
        Part { weight, cap }
    }

    #[test]
    fn in_proportion_and_what_one_cannot_use_goes_to_the_others() {
        assert_eq!(parted(300, &[part(100, None), part(200, None)]), [100, 200]);
        assert_eq!(parted(300, &[part(100, None), part(200, Some(50))]), [250, 50]);
        assert_eq!(parted(300, &[part(100, Some(20)), part(200, Some(50))]), [20, 50]);
        assert_eq!(parted(100, &[part(1, None), part(1, None), part(1, None)]), [34, 33, 33]);
        assert_eq!(parted(0, &[part(1, None)]), [0]);
        assert_eq!(parted(500, &[part(1, Some(-3)), part(0, None)]), [0, 500]);
        assert!(parted(5, &[]).is_empty());
    }

    proptest::proptest! {
        /// All of it is used if it can be; and what is shown for a policy before its plan is chosen is what is signed.
        #[test]
        fn shares_add_up_and_do_not_depend_on_ones_own_plan(
            whole in 0_i64..400_000,
            parts in proptest::collection::vec((0_i64..200_000, proptest::option::of(0_i64..300_000)), 1..6),
        ) {
            let parts: Vec<Part> = parts.into_iter().map(|(weight, cap)| part(weight, cap)).collect();
            let given = parted(whole, &parts);
            let can: i64 = parts.iter().map(|part| part.cap.unwrap_or(whole).min(whole)).sum();
            proptest::prop_assert_eq!(given.iter().sum::<i64>(), whole.min(can));
            for (i, part) in parts.iter().enumerate() {
                let share = share_of(whole, &parts, i);
                proptest::prop_assert_eq!(given[i], part.cap.map_or(share, |cap| share.min(cap)), "{}", i);
            }
        }
    }
}
