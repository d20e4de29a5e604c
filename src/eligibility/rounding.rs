//! Every rounding in the eligibility rules, and the exact fractions being rounded.
//!
//! Called by income, credit, benchmark and reasons. Income over a poverty line and the applicable percentage stay
//! fractions until a person sees them or a law names the cent. Never a float; nothing else in this room may round.

use std::cmp::Ordering;

use crate::types::Cents;

/// A percentage in whole hundredths of a percent: `133 %` is `Pct(13_300)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pct(pub i64);

impl Pct {
    /// Parses `133`, `26.4`, `10.22`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Pct> {
        Cents::parse(text).map(|c| Pct(c.0))
    }
    /// `26.40`: always two decimals.
    pub fn decimal(self) -> String {
        Cents(self.0).decimal()
    }
}

impl serde::Serialize for Pct {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.0 as f64 / 100.0)
    }
}

impl<'de> serde::Deserialize<'de> for Pct {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Pct, D::Error> {
        let text = String::deserialize(from)?;
        Pct::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a percentage with at most two decimals")))
    }
}

/// An exact fraction; the denominator is positive.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    pub num: i128,
    pub den: i128,
}

impl Ratio {
    /// `amount` as a percentage of `whole`; `whole` must be positive (a poverty guideline).
    pub fn percent_of(amount: Cents, whole: Cents) -> Ratio {
        Ratio { num: i128::from(amount.0) * 100, den: i128::from(whole.0.max(1)) }
    }

    /// Compares with a percentage by cross multiplication.
    pub fn cmp_pct(self, other: Pct) -> Ordering {
        (self.num * 100).cmp(&(i128::from(other.0) * self.den))
    }

    /// `at most` as in the law: 400.00 % is at most 400 %, one cent more is not.
    pub fn at_most(self, limit: Pct) -> bool {
        self.cmp_pct(limit) != Ordering::Greater
    }

    pub fn at_least(self, limit: Pct) -> bool {
        self.cmp_pct(limit) != Ordering::Less
    }

    /// The percentage as shown to people: nearest 0.01, halves up (26 CFR 1.36B-3(g)(1)).
    pub fn shown(self) -> Pct {
        Pct(clamp(half_up(self.num * 100, self.den)))
    }

    /// The fraction in lowest terms, `764/3`: lets an auditor repeat the calculation.
    pub fn exact(self) -> String {
        let g = gcd(self.num.unsigned_abs(), self.den.unsigned_abs()).max(1) as i128;
        format!("{}/{}", self.num / g, self.den / g)
    }
}

/// How a marketplace rounds the monthly credit after computing it exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CreditRounding {
    /// Up to the next whole dollar: HealthCare.gov.
    UpToDollar,
    /// To the nearest cent, halves up: state-run marketplaces.
    NearestCent,
}

/// The monthly credit from its exact value in cents: never below zero.
pub fn credit(exact_cents: Ratio, rounding: CreditRounding) -> Cents {
    if exact_cents.num <= 0 {
        return Cents::ZERO;
    }
    Cents(clamp(match rounding {
        CreditRounding::UpToDollar => {
            let dollar = exact_cents.den * 100;
            exact_cents.num.div_euclid(dollar) * 100 + if exact_cents.num.rem_euclid(dollar) == 0 { 0 } else { 100 }
        }
        CreditRounding::NearestCent => half_up(exact_cents.num, exact_cents.den),
    }))
}

/// A monthly contribution for display: nearest cent, halves up. Never used to compute the credit.
pub fn shown_cents(exact_cents: Ratio) -> Cents {
    Cents(clamp(half_up(exact_cents.num, exact_cents.den)))
}

/// The essential-health-benefits part of a premium: `ehb_ppm` parts per million, nearest cent, halves up.
pub fn ehb_share(premium: Cents, ehb_ppm: u32) -> Cents {
    Cents(clamp(half_up(i128::from(premium.0) * i128::from(ehb_ppm), 1_000_000)))
}

/// A yearly amount from one paid `per_year` times a year (weekly: 52): exact, whole cents.
pub fn yearly(amount: Cents, per_year: u32) -> Cents {
    amount * i64::from(per_year)
}

/// The highest whole cent of yearly income that is at most `percent` of `whole`: where a threshold is drawn.
pub fn income_at_most(percent: Pct, whole: Cents) -> Cents {
    Cents(clamp((i128::from(percent.0) * i128::from(whole.0)).div_euclid(10_000)))
}

/// The highest whole cent of yearly income that is less than `percent` of `whole`.
pub fn income_below(percent: Pct, whole: Cents) -> Cents {
    Cents(clamp((i128::from(percent.0) * i128::from(whole.0) - 1).div_euclid(10_000)))
}

fn half_up(num: i128, den: i128) -> i128 {
    (2 * num + den).div_euclid(2 * den)
}

fn clamp(n: i128) -> i64 {
    n.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

fn gcd(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_percent_is_at_most_and_one_cent_more_is_not() {
        let line = Cents(1_565_000);
        assert!(Ratio::percent_of(Cents(6_260_000), line).at_most(Pct(40_000)));
        assert!(!Ratio::percent_of(Cents(6_260_001), line).at_most(Pct(40_000)));
        assert_eq!(income_at_most(Pct(40_000), line), Cents(6_260_000));
        assert_eq!(income_below(Pct(13_300), line), Cents(2_081_449));
    }

    #[test]
    fn credits_round_up_to_dollars_or_to_the_nearest_cent() {
        let exact = Ratio { num: 2_730_101, den: 100 };
        assert_eq!(credit(exact, CreditRounding::UpToDollar), Cents(27_400));
        assert_eq!(credit(exact, CreditRounding::NearestCent), Cents(27_301));
        assert_eq!(credit(Ratio { num: 27_300, den: 1 }, CreditRounding::UpToDollar), Cents(27_300));
        assert_eq!(credit(Ratio { num: -5, den: 1 }, CreditRounding::UpToDollar), Cents::ZERO);
    }

    #[test]
    fn shown_percentages_round_halves_up() {
        assert_eq!(Ratio { num: 8_594_999, den: 1_000_000 }.shown(), Pct(859));
        assert_eq!(Ratio { num: 8_595, den: 1_000 }.shown(), Pct(860));
        assert_eq!(Ratio { num: 764, den: 6 }.exact(), "382/3");
        assert_eq!(ehb_share(Cents(50_001), 995_000), Cents(49_751));
    }
}
