//! The field's own small types, shared by every room: money, places, plan identifiers.
//!
//! Each can only be made from something valid, so what holds one need not check it again.

use std::fmt;

/// An amount of money in whole US cents. Never a float: rates, credits and cost sharing are law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    pub const ZERO: Cents = Cents(0);

    /// This amount, or zero if it is below.
    pub fn at_least_zero(self) -> Cents {
        self.max(Cents::ZERO)
    }

    /// `1234.50`: plain decimals for CSV and JSON, no sign of currency, no grouping.
    pub fn decimal(self) -> String {
        let mut out = String::with_capacity(16);
        out.push_str(if self.0 < 0 { "-" } else { "" });
        out.push_str(&(self.0.unsigned_abs() / 100).to_string());
        self.push_cents(&mut out);
        out
    }

    /// `$1,234.50`, and `$1,234` where there are no cents: how both languages write US money.
    pub fn dollars(self) -> String {
        match self.0 % 100 {
            0 => self.whole_dollars(),
            _ => self.dollars_cents(),
        }
    }

    /// `$1,234.50` always with its cents: for premiums, which people compare digit by digit.
    pub fn dollars_cents(self) -> String {
        let mut out = self.whole_dollars();
        self.push_cents(&mut out);
        out
    }

    fn push_cents(self, out: &mut String) {
        let cents = self.0.unsigned_abs() % 100;
        out.extend(['.', digit(cents / 10), digit(cents % 10)]);
    }

    /// Written by hand, as `group_thousands` is: a page has a hundred amounts, and `format!` takes four times as long.
    fn whole_dollars(self) -> String {
        let mut out = String::with_capacity(16);
        out.push_str(if self.0 < 0 { "-$" } else { "$" });
        push_grouped(&mut out, self.0.unsigned_abs() / 100);
        out
    }

    /// Reads `1234.5`, `$1,234.50`, ` 12 `; `None` for anything else. More than two decimals are refused.
    pub fn parse(text: &str) -> Option<Cents> {
        let text: String = text.trim().chars().filter(|c| !matches!(c, '$' | ',' | ' ')).collect();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty())
            || !digits(whole)
            || !digits(fraction)
            || whole.len() > 12
            || fraction.len() > 2
        {
            return None;
        }
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let fraction: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<2}").parse().ok()? };
        Some(Cents(whole * 100 + fraction))
    }
}

/// Sums stop at the largest amount instead of wrapping round: an absurd input must never become a plausible answer.
impl std::ops::Add for Cents {
    type Output = Cents;
    fn add(self, other: Cents) -> Cents {
        Cents(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for Cents {
    type Output = Cents;
    fn sub(self, other: Cents) -> Cents {
        Cents(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Mul<i64> for Cents {
    type Output = Cents;
    fn mul(self, times: i64) -> Cents {
        Cents(self.0.saturating_mul(times))
    }
}

impl std::ops::Neg for Cents {
    type Output = Cents;
    fn neg(self) -> Cents {
        Cents(self.0.saturating_neg())
    }
}

impl std::ops::AddAssign for Cents {
    fn add_assign(&mut self, other: Cents) {
        *self = *self + other;
    }
}

impl std::ops::SubAssign for Cents {
    fn sub_assign(&mut self, other: Cents) {
        *self = *self - other;
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Cents>>(amounts: I) -> Cents {
        amounts.fold(Cents::ZERO, |sum, amount| sum + amount)
    }
}

/// `12345` → `12,345`.
pub fn group_thousands(n: i64) -> String {
    let mut out = String::with_capacity(16);
    if n < 0 {
        out.push('-');
    }
    push_grouped(&mut out, n.unsigned_abs());
    out
}

fn push_grouped(out: &mut String, n: u64) {
    let (before, last) = (n / 1000, n % 1000);
    if before > 0 {
        push_grouped(out, before);
        out.push(',');
    }
    if before > 0 || last >= 100 {
        out.push(digit(last / 100));
    }
    if before > 0 || last >= 10 {
        out.push(digit(last / 10 % 10));
    }
    out.push(digit(last % 10));
}

fn digit(n: u64) -> char {
    char::from(b'0' + n as u8)
}

/// A five-digit ZIP code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zip5(u32);

impl Zip5 {
    /// Reads `45202` and `45202-1234` (the last four digits are dropped: no rate depends on them).
    pub fn parse(text: &str) -> Option<Zip5> {
        let text = text.trim();
        let five = match text.split_once('-') {
            Some((five, four)) if four.len() == 4 && four.bytes().all(|b| b.is_ascii_digit()) => five,
            Some(_) => return None,
            None => text,
        };
        (five.len() == 5 && five.bytes().all(|b| b.is_ascii_digit())).then(|| Zip5(five.parse().unwrap_or(0)))
    }
    pub fn number(self) -> u32 {
        self.0
    }
    /// The first three digits, by which AK, ID, MA, NE and Los Angeles draw rating areas.
    pub fn zip3(self) -> u16 {
        (self.0 / 100) as u16
    }
}

impl fmt::Display for Zip5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}", self.0)
    }
}

/// The highest monthly premium of a policy that a search can carry, in cents: 24 bits (`quote::market::query`).
pub const PREMIUM_CENTS_MAX: i64 = (1 << 24) - 1;

/// A county by its five-digit FIPS code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountyFips(u32);

impl CountyFips {
    pub fn parse(text: &str) -> Option<CountyFips> {
        let text = text.trim();
        (text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit())).then(|| CountyFips(text.parse().unwrap_or(0)))
    }
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for CountyFips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}", self.0)
    }
}

/// A plan's 14-character HIOS standard component id, `33931OH0070006`: issuer (5), state (2), product (3), plan (4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(String);

impl PlanId {
    /// Lower case is taken as upper, a variant's suffix (`-01`) is dropped.
    pub fn parse(text: &str) -> Option<PlanId> {
        let text = text.trim().to_ascii_uppercase();
        let id = match text.len() {
            14 => &text[..],
            17 if text.is_char_boundary(14) && text.as_bytes()[14] == b'-' => &text[..14],
            _ => return None,
        };
        let b = id.as_bytes();
        let shaped = b[..5].iter().all(u8::is_ascii_digit)
            && b[5..7].iter().all(u8::is_ascii_uppercase)
            && b[7..].iter().all(u8::is_ascii_digit);
        shaped.then(|| PlanId(id.to_string()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_and_read_the_same_way() {
        assert_eq!(Cents(123_456_789).dollars_cents(), "$1,234,567.89");
        assert_eq!(Cents(100_000).dollars(), "$1,000");
        assert_eq!(Cents(-150).dollars(), "-$1.50");
        assert_eq!(Cents(-5).dollars_cents(), "-$0.05");
        assert_eq!(
            [0, 10, 999, 1_000, 10_010, -1_000_001].map(group_thousands).join(" "),
            "0 10 999 1,000 10,010 -1,000,001"
        );
        assert_eq!(group_thousands(i64::MIN), "-9,223,372,036,854,775,808");
        assert_eq!(Cents(5).decimal(), "0.05");
        assert_eq!(Cents(-123_456).decimal(), "-1234.56");
        assert_eq!(Cents::parse(" $1,234.5 "), Some(Cents(123_450)));
        for bad in ["", ".", "1.234", "-5", "1e3", "abc", "9999999999999"] {
            assert_eq!(Cents::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn identifiers_are_read_kindly_and_only_when_whole() {
        assert_eq!(Zip5::parse("45202-1234").unwrap().to_string(), "45202");
        assert_eq!(Zip5::parse("00601").unwrap().to_string(), "00601");
        assert!(Zip5::parse("4520").is_none() && Zip5::parse("45202-12").is_none());
        assert_eq!(PlanId::parse("33931oh0070006-01").unwrap().as_str(), "33931OH0070006");
        assert!(PlanId::parse("33931OH00700é6").is_none());
        assert_eq!(CountyFips::parse("02170").unwrap().to_string(), "02170");
    }
}
