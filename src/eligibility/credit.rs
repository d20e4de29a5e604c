//! The premium tax credit: applicable percentage, expected contribution, monthly credit, and how much of it a plan
//! uses.
//!
//! Called by `determine`, and by the shop for each plan's price. Pure arithmetic on exact fractions. It must never
//! decide who may have a credit: that is done in `coverage`, `immigration` and `determine`.

use super::rounding::{self, CreditRounding, Pct, Ratio};
use super::tables::ApplicableBand;
use crate::types::Cents;

/// The applicable percentage at an exact FPL percentage, and its band; `None` above the last band.
///
/// Linear between the ends of the band (26 CFR 1.36B-3(g)); the result is in percent.
pub fn applicable_percentage(bands: &[ApplicableBand], fpl: Ratio) -> Option<(Ratio, &ApplicableBand)> {
    let last = bands.last()?;
    let band = bands.iter().find(|band| {
        let below_end = match band.fpl_to {
            None => true,
            Some(to) if std::ptr::eq(*band, last) => fpl.at_most(to),
            Some(to) => !fpl.at_least(to),
        };
        fpl.at_least(band.fpl_from) && below_end
    })?;
    let (from, initial) = (i128::from(band.fpl_from.0), i128::from(band.initial_percent.0));
    let rise = i128::from(band.final_percent.0) - initial;
    let width = band.fpl_to.map_or(1, |to| i128::from(to.0) - from);
    // In hundredths of a percent: initial + (fpl - from) / width * rise.
    let num = initial * fpl.den * width + (fpl.num * 100 - from * fpl.den) * rise;
    Some((Ratio { num, den: fpl.den * width * 100 }, band))
}

/// One twelfth of household income times applicable percentage: exact, in cents.
pub fn contribution_monthly(magi: Cents, applicable: Ratio) -> Ratio {
    Ratio { num: i128::from(magi.0) * applicable.num, den: applicable.den * 1200 }
}

/// Benchmark minus contribution, rounded the way the marketplace does, never below zero.
pub fn monthly_credit(benchmark: Cents, magi: Cents, applicable: Ratio, rounding: CreditRounding) -> Cents {
    let pay = contribution_monthly(magi, applicable);
    rounding::credit(Ratio { num: i128::from(benchmark.0) * pay.den - pay.num, den: pay.den }, rounding)
}

/// How much of the credit one plan uses: at most the essential-health-benefits part of its premium, and nothing for a
/// catastrophic plan (26 USC 36B(b)(2)(A), (c)(3)(A)).
///
/// `plan_ehb_premium` is the policy's own monthly premium, essential health benefits only.
pub fn credit_applied(max_credit: Cents, plan_ehb_premium: Cents, catastrophic: bool) -> Cents {
    if catastrophic { Cents::ZERO } else { max_credit.min(plan_ehb_premium).at_least_zero() }
}

/// Whether a yearly cost is affordable: at most `percent` of household income.
pub fn affordable(yearly_cost: Cents, percent: Pct, magi: Cents) -> bool {
    i128::from(yearly_cost.0) * 10_000 <= i128::from(percent.0) * i128::from(magi.0)
}

#[cfg(test)]
mod tests {
    use super::super::tables::Tables;
    use super::*;

    fn shown(year: i32, magi: i64, line: i64) -> Option<String> {
        let tables = Tables::load().unwrap();
        let fpl = Ratio::percent_of(Cents(magi), Cents(line));
        applicable_percentage(tables.bands(year), fpl).map(|(p, _)| p.shown().decimal())
    }

    #[test]
    fn the_percentage_steps_up_at_133_and_ends_after_400() {
        assert_eq!(shown(2026, 2_081_449, 1_565_000).unwrap(), "2.10");
        assert_eq!(shown(2026, 2_081_450, 1_565_000).unwrap(), "3.14");
        assert_eq!(shown(2026, 6_260_000, 1_565_000).unwrap(), "9.96");
        assert_eq!(shown(2026, 6_260_001, 1_565_000), None);
        assert_eq!(shown(2025, 99_999_999, 1_565_000).unwrap(), "8.50");
        assert_eq!(shown(2026, 8_198_200, 3_215_000).unwrap(), "8.59");
    }

    #[test]
    fn a_plan_uses_no_more_than_its_premium_and_catastrophic_plans_none() {
        assert_eq!(credit_applied(Cents(92_100), Cents(86_771), false), Cents(86_771));
        assert_eq!(credit_applied(Cents(92_100), Cents(96_771), false), Cents(92_100));
        assert_eq!(credit_applied(Cents(92_100), Cents(86_771), true), Cents::ZERO);
    }
}
