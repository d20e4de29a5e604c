//! The one place where the model's dollars become cents.
//!
//! The table's prices have up to 17 digits, so the calculation runs in `f64`; what leaves this room is `Cents`,
//! rounded here. Called by `estimate`, `range` and `utilization`. It must never round twice: a total is rounded once,
//! and its lines are split into cents so that they add up to exactly that total.

use crate::types::Cents;

/// Dollars to the nearest cent, halves away from zero (as CMS's program does).
pub(super) fn cents(dollars: f64) -> Cents {
    // `as` saturates; a year of care is far below the bounds.
    Cents((dollars * 100.0).round() as i64)
}

/// Splits a bill's lines into cents that add up to `total`: each is rounded down to a whole cent, and the cents left
/// over go to the lines that lost most. No line moves by a cent or more unless `total` is not their sum.
pub(super) fn split(lines: &[f64], total: Cents) -> Vec<Cents> {
    let mut whole: Vec<i64> = lines.iter().map(|x| (x * 100.0).floor() as i64).collect();
    let mut order: Vec<usize> = (0..lines.len()).filter(|i| lines[*i] > 0.0).collect();
    let lost = |i: usize| lines[i] * 100.0 - (lines[i] * 100.0).floor();
    order.sort_by(|a, b| lost(*b).total_cmp(&lost(*a)).then(a.cmp(b)));
    let over = total.0 - whole.iter().sum::<i64>();
    for i in order.into_iter().take(usize::try_from(over).unwrap_or(0)) {
        whole[i] += 1;
    }
    whole.into_iter().map(Cents).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_add_up_to_the_rounded_total() {
        let lines = [1.004, 0.0, 2.004, 3.004];
        assert_eq!(cents(lines.iter().sum()), Cents(601));
        let cut = split(&lines, Cents(601));
        assert_eq!(cut.iter().copied().sum::<Cents>(), Cents(601));
        assert_eq!(cut[1], Cents::ZERO);
        assert_eq!(cents(0.005), Cents(1));
    }
}
