//! The field's own small types, shared by every room: money, places, plan identifiers.
//!
//! Each can only be built from valid input, so code that holds one never has to check it again.

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;

/// Names of the amounts a household may give, in the order of an address. Each of them is private.
pub const MONEY_NAMES: [&str; 9] =
    ["income", "monthly", "offer", "offer_family", "offer2", "offer2_family", "hra", "hra_family", "qsehra"];

tokio::task_local! {
    static REQUEST: Arc<str>;
}

/// The ID of the request that this task answers, or works for after the answer; empty if there is none.
pub fn request_id() -> Arc<str> {
    REQUEST.try_with(Arc::clone).unwrap_or_default()
}

/// Runs for a request: within it, [`request_id`] is this.
pub fn as_request<F: Future>(id: Arc<str>, work: F) -> impl Future<Output = F::Output> {
    REQUEST.scope(id, work)
}

/// Longest address by RFC 5321, 4.5.3.1.
const EMAIL_BYTES_MAX: usize = 254;

/// An e-mail address as mail servers take it: spaces around it cut off, the name in NFC, the domain in ASCII, lower case, and
/// without the dot of its root. `None` if no letter can be written to it. A name in quotation marks is allowed by RFC 5322 and
/// had by nobody: it is a slip of the finger.
pub fn email(typed: &str) -> Option<lettre::Address> {
    let typed = typed.trim();
    let (local, domain) = typed.rsplit_once('@')?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || "@\"".contains(c);
    let url::Host::Domain(domain) = url::Host::parse(domain).ok()? else { return None };
    let domain = domain.strip_suffix('.').unwrap_or(&domain);
    if local.contains(odd) || typed.len() > EMAIL_BYTES_MAX || !domain.contains('.') {
        return None;
    }
    lettre::Address::new(local.nfc().collect::<String>(), domain).ok()
}

/// An amount of money in whole US cents. Never a float: rates, credits and cost sharing are law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    pub const ZERO: Cents = Cents(0);

    /// This amount, or zero if it is negative.
    pub fn at_least_zero(self) -> Cents {
        self.max(Cents::ZERO)
    }

    /// `1234.50`: plain decimals for CSV and JSON, no currency sign, no grouping.
    pub fn decimal(self) -> String {
        let mut out = String::with_capacity(16);
        out.push_str(if self.0 < 0 { "-" } else { "" });
        out.push_str(&(self.0.unsigned_abs() / 100).to_string());
        self.push_cents(&mut out);
        out
    }

    /// `$1,234.50`, or `$1,234` if there are no cents: how both languages write US money.
    pub fn dollars(self) -> String {
        match self.0 % 100 {
            0 => self.whole_dollars(),
            _ => self.dollars_cents(),
        }
    }

    /// `$1,234.50`, always with cents: for premiums, which people compare digit by digit.
    pub fn dollars_cents(self) -> String {
        let mut out = self.whole_dollars();
        self.push_cents(&mut out);
        out
    }

    fn push_cents(self, out: &mut String) {
        let cents = self.0.unsigned_abs() % 100;
        out.extend(['.', digit(cents / 10), digit(cents % 10)]);
    }

    /// Hand-written, as is `group_thousands`: a page has a hundred amounts, and `format!` takes four times as long.
    fn whole_dollars(self) -> String {
        let mut out = String::with_capacity(16);
        out.push_str(if self.0 < 0 { "-$" } else { "$" });
        push_grouped(&mut out, self.0.unsigned_abs() / 100);
        out
    }

    /// Parses `1234.5`, `$1,234.50`, ` 12 `; `None` for anything else, including negative amounts.
    pub fn parse(text: &str) -> Option<Cents> {
        let plain = plain_characters(text);
        let number = plain.trim().strip_prefix('$').unwrap_or(plain.trim());
        read_number(number.trim()).ok()
    }

    /// Parses an amount as people write it in English and Spanish: `$40,000.50`, `40 000`, `1.234,50`, `40k`, `40
    /// mil`, `-250`, `(250)`, also with full-width digits and no-break spaces. Ambiguous input is refused, not
    /// guessed: `45,00` may be a truncated thousand, `45.000` may be forty-five dollars.
    ///
    /// # Errors
    ///
    /// Why it cannot be parsed.
    pub fn read(text: &str) -> Result<Cents, AmountFault> {
        let plain = plain_characters(text).to_lowercase();
        let mut rest = plain.trim();
        let mut negative = false;
        if let Some(inner) = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')) {
            (rest, negative) = (inner.trim(), true);
        }
        // The sign may be on either side of the currency.
        for _ in 0..3 {
            for currency in ["us$", "usd", "$"] {
                rest = rest.strip_prefix(currency).unwrap_or(rest).trim_start();
            }
            if let Some(positive) = rest.strip_prefix('-').filter(|_| !negative) {
                (rest, negative) = (positive.trim_start(), true);
            }
        }
        for words in ["dollars", "dólares", "dolares", "usd", "$"] {
            rest = rest.strip_suffix(words).unwrap_or(rest).trim_end();
        }
        let (number, times) = match rest.strip_suffix("mil").or_else(|| rest.strip_suffix('k')) {
            Some(thousands) => (thousands.trim_end(), 1000),
            None => (rest, 1),
        };
        let amount = read_number(number)? * times;
        Ok(if negative { -amount } else { amount })
    }
}

/// Why an amount cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountFault {
    NotANumber,
    /// Two readings a thousandfold apart: ask.
    TwoReadings,
}

/// Replaces full-width characters and the various spaces and minus signs with their plain equivalents; marks that nobody
/// sees, which come along when text is copied from a page, are left out.
pub fn plain_characters(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\t' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' => '-',
        c => c,
    };
    let unseen = |c: &char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    text.chars().filter(|c| !unseen(c)).map(plain).collect()
}

/// Digits, with thousands in groups of three and at most two decimals.
fn read_number(text: &str) -> Result<Cents, AmountFault> {
    let grouped = |text: &str, by: char| {
        let mut groups = text.split(by);
        let first = groups.next().is_some_and(|g| (1..=3).contains(&g.len()) && !g.starts_with('0'));
        first && groups.all(|g| g.len() == 3)
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ' '))
        || !text.contains(|c: char| c.is_ascii_digit())
    {
        return Err(AmountFault::NotANumber);
    }
    let last = text.rfind(['.', ',']);
    let (whole, fraction) = match (last, text.matches('.').count(), text.matches(',').count()) {
        (None, ..) => (text, ""),
        // One kind of mark, used more than once: thousands.
        (Some(_), n, 0) | (Some(_), 0, n) if n > 1 => (text, ""),
        (Some(at), 1, 0) => (&text[..at], &text[at + 1..]),
        (Some(at), 0, 1) if text.len() - at == 4 && grouped(text, ',') => (text, ""),
        (Some(at), 0, 1) if at < 4 => {
            return Err(if text.len() - at <= 4 { AmountFault::TwoReadings } else { AmountFault::NotANumber });
        }
        (Some(at), ..) => (&text[..at], &text[at + 1..]),
    };
    if fraction.len() > 2 {
        let thousands = fraction.len() == 3 && !whole.contains([',', ' ']) && digits(fraction);
        return Err(if thousands { AmountFault::TwoReadings } else { AmountFault::NotANumber });
    }
    let mark = whole.chars().find(|c| !c.is_ascii_digit());
    let clean: String = whole.chars().filter(char::is_ascii_digit).collect();
    // The thousands mark is never the same as the cents mark.
    let cents_mark = last.filter(|_| !fraction.is_empty()).and_then(|at| text[at..].chars().next());
    let well = mark.is_none_or(|mark| {
        Some(mark) != cents_mark && grouped(whole, mark) && whole.chars().all(|c| c.is_ascii_digit() || c == mark)
    });
    if !well || !digits(fraction) || clean.len() > 12 {
        return Err(AmountFault::NotANumber);
    }
    let whole: i64 = if clean.is_empty() { 0 } else { clean.parse().map_err(|_| AmountFault::NotANumber)? };
    let fraction: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<2}").parse().unwrap_or(0) };
    Ok(Cents(whole * 100 + fraction))
}

/// Sums saturate instead of wrapping around: an absurd input must never become a plausible answer.
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

/// Lower-case hexadecimal. Every request has an ID of it, every page a tag: `format!` takes ten times as long.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from(b"0123456789abcdef"[usize::from(four)]);
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        out.push(digit(byte >> 4));
        out.push(digit(byte & 15));
    }
    out
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
    /// Parses `45202`, `45202-1234`, `45202 1234` and `452021234` (the last four digits are dropped: no rate depends
    /// on them), with any kind of dash, also in full-width digits.
    pub fn parse(text: &str) -> Option<Zip5> {
        let plain = plain_characters(text);
        let text = plain.trim();
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let (five, four) = text.split_at_checked(5)?;
        let four = four.trim_start().strip_prefix('-').unwrap_or(four.trim_start()).trim_start();
        let ends_well = match four.len() {
            0 => text.len() == 5,
            4 => digits(four),
            _ => false,
        };
        (digits(five) && ends_well).then(|| Zip5(five.parse().unwrap_or(0)))
    }
    pub fn number(self) -> u32 {
        self.0
    }
    /// The first three digits, by which AK, ID, MA, NE and Los Angeles define rating areas.
    pub fn zip3(self) -> u16 {
        (self.0 / 100) as u16
    }
}

impl fmt::Display for Zip5 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}", self.0)
    }
}

/// A county, by its five-digit FIPS code.
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

/// A plan's 14-character HIOS standard component ID, `33931OH0070006`: issuer (5), state (2), product (3), plan (4).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(String);

impl PlanId {
    /// Accepts lower case, and drops a variant's suffix (`-01`).
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
        for bad in ["", ".", "1.234", "-5", "1e3", "abc", "9999999999999", "1500,5,0", "45,00", "40k"] {
            assert_eq!(Cents::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn amounts_are_read_as_people_write_them_in_both_languages() {
        for (typed, cents) in [
            ("1500.50", 150_050),
            ("1500,50", 150_050),
            ("1,500.50", 150_050),
            ("1.500,50", 150_050),
            ("1 500.5", 150_050),
            ("45,000", 4_500_000),
            ("1.234.567", 123_456_700),
            ("1,234,567", 123_456_700),
            ("45\u{a0}000", 4_500_000),
            ("45\u{202f}000,25", 4_500_025),
            ("４５０００", 4_500_000),
            ("$ 45，000", 4_500_000),
            ("US$45000", 4_500_000),
            ("45000 USD", 4_500_000),
            ("45,000 dólares", 4_500_000),
            ("40k", 4_000_000),
            ("40.5 K", 4_050_000),
            ("40 mil", 4_000_000),
            ("-250", -25_000),
            ("−20000", -2_000_000),
            ("(20,000)", -2_000_000),
            ("-$5", -500),
            ("$-5", -500),
            (".5", 50),
        ] {
            assert_eq!(Cents::read(typed), Ok(Cents(cents)), "{typed}");
        }
        for typed in ["45,00", "350,50", "45.000", "1,5", "40,5k", "0,125"] {
            assert_eq!(Cents::read(typed), Err(AmountFault::TwoReadings), "{typed}");
        }
        for typed in [
            "",
            "lots",
            "45,000,00",
            "4 5",
            "1,2345",
            "1.2.3",
            "1.234.56",
            "1,234,5",
            "12,34,567",
            "1e6",
            "--5",
            "5-",
            "$",
            "k",
        ] {
            assert_eq!(Cents::read(typed), Err(AmountFault::NotANumber), "{typed}");
        }
    }

    proptest::proptest! {
        /// However an amount is typed, it is the same amount.
        #[test]
        fn the_style_of_typing_never_changes_an_amount(cents in 100_000_i64..100_000_000_000) {
            let amount = Cents(cents);
            let english = amount.dollars_cents();
            let spanish: String = english.chars().map(|c| match c { ',' => '.', '.' => ',', c => c }).collect();
            let wide: String = amount.decimal().chars().map(|c| char::from_u32(c as u32 + 0xfee0).unwrap()).collect();
            let styles = [
                amount.decimal(),
                english.replace('$', ""),
                english.replace(',', " "),
                english.replace(',', "\u{a0}"),
                english.replace('$', "US$ "),
                english.replace('$', "") + " dólares",
                spanish,
                wide,
                format!("  {english}\t"),
            ];
            for typed in styles {
                proptest::prop_assert_eq!(Cents::read(&typed), Ok(amount), "{}", typed);
                proptest::prop_assert_eq!(Cents::read(&format!("-{}", typed.trim())), Ok(-amount), "-{}", typed);
            }
        }
    }

    #[test]
    fn sums_of_money_stop_instead_of_wrapping() {
        assert_eq!(Cents(i64::MAX) + Cents(1), Cents(i64::MAX));
        assert_eq!(Cents(i64::MIN) - Cents(1), Cents(i64::MIN));
        assert_eq!([Cents(5), Cents(-7)].into_iter().sum::<Cents>().at_least_zero(), Cents::ZERO);
        assert_eq!(-(Cents(5) * 3), Cents(-15));
    }

    #[test]
    fn identifiers_are_read_kindly_and_only_when_whole() {
        assert_eq!(Zip5::parse("45202-1234").unwrap().to_string(), "45202");
        assert_eq!(Zip5::parse("00601").unwrap().to_string(), "00601");
        for nine in ["452021234", "45202 1234", "45202\u{2013}1234", "45202 - 1234", "４５２０２"] {
            assert_eq!(Zip5::parse(nine).unwrap().to_string(), "45202", "{nine}");
        }
        for bad in ["4520", "45202-12", "45202-", "4520212345", "45 202", "é5202"] {
            assert!(Zip5::parse(bad).is_none(), "{bad}");
        }
        assert_eq!(PlanId::parse("33931oh0070006-01").unwrap().as_str(), "33931OH0070006");
        assert!(PlanId::parse("33931OH00700é6").is_none());
        assert_eq!(CountyFips::parse("02170").unwrap().to_string(), "02170");
    }
}
