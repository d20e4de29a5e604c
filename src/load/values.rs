//! How single values are written in CMS's and the states' files: IDs, money, yes and no, dates, shares, links.
//!
//! Called by every reader in this room, so a value means the same whichever file, year or layout it comes from. Pure.
//! "Not filed" is `None`; what cannot be read is an error with the words for the report, and must never become a
//! guess or a zero.

use super::problems::Fault;
use crate::types::PlanId;

/// Why a value was not used.
pub type Refusal = (Fault, &'static str);

/// The ways files say that there is nothing to say.
pub fn absent(text: &str) -> bool {
    const WORDS: [&str; 11] =
        ["", "not applicable", "n/a", "na", "#n/a", "null", "nan", "none", "not available", "-", "--"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Trims all kinds of white space and invisible marks: spreadsheets leave no-break spaces and byte order marks.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0'))
}

/// `Yes`, `No`, and other exports' versions of them.
pub fn yes_no(text: &str) -> Result<Option<bool>, Refusal> {
    match trimmed(text).to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "t" | "1" | "1.0" => Ok(Some(true)),
        "no" | "n" | "false" | "f" | "0" | "0.0" => Ok(Some(false)),
        other if absent(other) => Ok(None),
        _ => Err((Fault::Word, "Yes or No is wanted")),
    }
}

/// A whole number of at most nine digits; the `.0` that spreadsheets and data frames add is dropped.
pub fn whole(text: &str) -> Result<Option<i64>, Refusal> {
    let text = trimmed(text);
    if absent(text) {
        return Ok(None);
    }
    match without_zero_decimals(text) {
        digits if (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(digits.parse().ok())
        }
        _ => Err((Fault::Number, "a whole number is wanted")),
    }
}

/// `29027.0` → `29027`.
pub fn without_zero_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if !whole.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        _ => text,
    }
}

/// An insurer's HIOS number, five digits.
pub fn issuer(text: &str) -> Result<Option<i64>, Refusal> {
    match whole(text) {
        Ok(Some(id)) if id > 99_999 => Err((Fault::Number, "an insurer's number has five digits")),
        Err(_) => Err((Fault::Number, "an insurer's number, five digits, is wanted")),
        Ok(filed) => Ok(filed.filter(|id| *id > 0)),
    }
}

/// A plan's 14-character ID, also in lower case or with a variant's suffix. All zeros mean no plan.
pub fn plan_id(text: &str) -> Result<Option<PlanId>, Refusal> {
    let text = trimmed(text);
    if absent(text) || (text.starts_with("00000") && text.bytes().all(|b| matches!(b, b'0' | b'X' | b'x' | b'-'))) {
        return Ok(None);
    }
    let id = PlanId::parse(text).or_else(|| split_variant(text).map(|(plan, _)| plan));
    id.map(Some).ok_or((Fault::PlanId, "a 14-character plan id such as 33931OH0070006 is wanted"))
}

/// The plan and the variant of a 17-character ID, `33931OH0070006-01`; also without the hyphen.
pub fn split_variant(text: &str) -> Option<(PlanId, i64)> {
    let (plan, rest) = trimmed(text).split_at_checked(14)?;
    let digits = rest.trim_start_matches(['-', ' ', '_']);
    let code =
        digits.parse::<i64>().ok().filter(|_| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()))?;
    Some((PlanId::parse(plan)?, code))
}

/// A state's two-letter code.
pub fn state(text: &str) -> Result<Option<String>, Refusal> {
    let text = trimmed(text);
    match text.as_bytes() {
        [] => Ok(None),
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => Ok(Some(text.to_ascii_uppercase())),
        _ => Err((Fault::Place, "a state's two-letter code is wanted")),
    }
}

/// Which market a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Market {
    Individual,
    SmallGroup,
    /// Not said, or said to be both: files before 2017 leave it blank for both.
    Both,
}

pub fn market(text: &str) -> Result<Market, Refusal> {
    let lower = trimmed(text).to_ascii_lowercase();
    match lower.as_str() {
        other if absent(other) => Ok(Market::Both),
        "both" | "all" => Ok(Market::Both),
        other if other.starts_with("individual") => Ok(Market::Individual),
        other if other.contains("small group") || other.starts_with("shop") => Ok(Market::SmallGroup),
        _ => Err((Fault::Word, "Individual or SHOP (Small Group) is wanted")),
    }
}

/// A date like `1/31/2026`, `2026-01-31`, `01-31-2026`, `1/31/26` or `20260131`, with or without a time, `31-Jan-26`,
/// `January 31, 2026` or a spreadsheet's count of days, `46053`, returned as `2026-01-31`.
pub fn date(text: &str) -> Result<Option<String>, Refusal> {
    let text = trimmed(text);
    if absent(text) {
        return Ok(None);
    }
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    let found = parse_day(day).or_else(|| day_in_words(text)).or_else(|| day_of_spreadsheet(day));
    found.map(Some).ok_or((Fault::Date, "a date is wanted, as 1/31/2026 or 2026-01-31"))
}

/// `31-Jan-26`, `31 January 2026`, `Jan 31, 2026`.
fn day_in_words(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let mut parts = text.split([' ', '-', ',', '/']).filter(|part| !part.is_empty());
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = |part: &str| {
        let lower = part.to_ascii_lowercase();
        MONTHS.iter().position(|month| lower.starts_with(month)).map(|at| (at + 1).to_string())
    };
    let (month, day) = match month(first) {
        Some(month) => (month, second),
        None => (month(second)?, first),
    };
    parse_day(&format!("{month}/{day}/{year}"))
}

/// Days since the end of 1899, as spreadsheets count them; only days of the time of marketplaces are taken for that.
fn day_of_spreadsheet(day: &str) -> Option<String> {
    let count: i64 = without_zero_decimals(day).parse().ok().filter(|count| (40_000..80_000).contains(count))?;
    let date = time::Date::from_calendar_date(1899, time::Month::December, 30).ok()? + time::Duration::days(count);
    parse_day(&format!("{}-{}-{}", date.year(), u8::from(date.month()), date.day()))
}

fn parse_day(day: &str) -> Option<String> {
    let parts: Vec<&str> = day.split(['/', '-']).collect();
    let (year, month, day) = match parts.as_slice() {
        [whole] if whole.len() == 8 => (whole.get(..4)?, whole.get(4..6)?, whole.get(6..)?),
        [year, month, day] if year.len() == 4 => (*year, *month, *day),
        [month, day, year] => (*year, *month, *day),
        _ => return None,
    };
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse::<u16>().ok())?;
    let filed = number(year)?;
    // Plan years have two digits if a spreadsheet shortened them; none of this is before 2000.
    let year = if year.len() == 2 { filed + 2000 } else { filed };
    let month = time::Month::try_from(u8::try_from(number(month)?).ok()?).ok()?;
    let date = time::Date::from_calendar_date(i32::from(year), month, u8::try_from(number(day)?).ok()?).ok()?;
    (year >= 1900).then(|| format!("{year:04}-{:02}-{:02}", u8::from(date.month()), date.day()))
}

/// A decimal as an integer of its `10^places` parts, rounded half up: the only place where filed decimals are
/// rounded.
fn scaled(text: &str, places: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) || whole.len() > 9 {
        return None;
    }
    let mut kept: String = fraction.chars().take(places).collect();
    while kept.len() < places {
        kept.push('0');
    }
    let up = i64::from(fraction.as_bytes().get(places).is_some_and(|digit| *digit >= b'5'));
    Some(format!("0{whole}{kept}").parse::<i64>().ok()? + up)
}

/// A share of the whole, `0.9997`, `99.97%` or `99.97`, in parts per million.
pub fn share_ppm(text: &str) -> Result<Option<i64>, Refusal> {
    share(text, 6)
}

/// A share of the whole, `0.700079495`, `70.01%` or `70.01`, in basis points.
pub fn share_bp(text: &str) -> Result<Option<i64>, Refusal> {
    share(text, 4)
}

fn share(text: &str, places: usize) -> Result<Option<i64>, Refusal> {
    let text = trimmed(text);
    if absent(text) {
        return Ok(None);
    }
    let whole = 10_i64.pow(u32::try_from(places).unwrap_or(0));
    let parts = match text.strip_suffix('%') {
        Some(percent) => scaled(percent.trim(), places - 2),
        // A share is at most the whole, so a plain number from 2 up must be a percentage (states file `100`); between
        // 1 and 2 it could be either.
        None => scaled(text, places).and_then(|n| match n {
            n if n >= 2 * whole => scaled(text, places - 2),
            n => Some(n),
        }),
    };
    parts.filter(|n| *n <= whole).map(Some).ok_or((Fault::Number, "a share from 0 to 1, or from 0% to 100%, is wanted"))
}

/// Digits of an amount before the point, not counting grouping commas.
const MOST_WHOLE_DIGITS: usize = 9;

/// `$1,234.50`, `1234.5`, `0` in cents. Commas only if they group thousands; further decimals only if they are zeros;
/// no sign. Works on bytes, because millions of premiums pass through it.
pub fn cents(text: &[u8]) -> Option<i64> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"$").unwrap_or(text).trim_ascii_start();
    let (whole, fraction) = match text.iter().position(|b| *b == b'.') {
        Some(dot) => (&text[..dot], &text[dot + 1..]),
        None => (text, &[][..]),
    };
    if (whole.is_empty() && fraction.is_empty()) || !grouped(whole) {
        return None;
    }
    let (mut cents, mut digits) = (0_i64, 0);
    for digit in whole.iter().filter(|b| **b != b',') {
        cents = cents * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        digits += 1;
        if digits > MOST_WHOLE_DIGITS {
            return None;
        }
    }
    for place in 0..fraction.len().max(2) {
        let digit = fraction.get(place).copied().unwrap_or(b'0');
        match place {
            0 | 1 => cents = cents * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?),
            _ if digit == b'0' => {}
            _ => return None,
        }
    }
    Some(cents)
}

/// Without commas, or with one before every third digit from the end.
fn grouped(whole: &[u8]) -> bool {
    if !whole.contains(&b',') {
        return true;
    }
    let mut groups = whole.split(|b| *b == b',');
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

/// A number of nines that means "no price": 9999, 9,999.99, 999999 and so on. Nobody's premium is that.
pub fn is_placeholder(cents: i64) -> bool {
    let dollars = cents / 100;
    dollars >= 9_999 && dollars.to_string().bytes().all(|digit| digit == b'9') && matches!(cents % 100, 0 | 99)
}

/// An amount with the words CMS puts around it: `$1,200 `, `1200`, `$1200 per person`, `per group not applicable`.
/// `Ok(None)`: nothing filed. `Ok(Some(None))`: filed as not applicable.
pub fn limit(text: &str) -> Result<Option<Option<i64>>, Refusal> {
    let lower = trimmed(text).to_ascii_lowercase();
    let amount = ["per person", "per group", "/person", "/group", "/family"]
        .into_iter()
        .find_map(|words| lower.strip_suffix(words).or_else(|| lower.strip_prefix(words)))
        .unwrap_or(&lower)
        .trim();
    match amount {
        "" if lower.is_empty() => Ok(None),
        "" => Err((Fault::Money, MONEY_WANTED)),
        words if absent(words) => Ok(Some(None)),
        _ => cents(amount.as_bytes()).map(|cents| Some(Some(cents))).ok_or((Fault::Money, MONEY_WANTED)),
    }
}

const MONEY_WANTED: &str = "an amount such as $1,200, or Not Applicable, is wanted";

/// A family's amounts in one column, `$9800 per person | $19600 per group`: what one person and what the whole family
/// pays. A single amount without words is the whole family's, as in columns before 2016.
pub fn family_limit(text: &str) -> Result<[Option<Option<i64>>; 2], Refusal> {
    let mut amounts = [None; 2];
    for part in trimmed(text).split('|') {
        let who = usize::from(!part.to_ascii_lowercase().contains("person"));
        if let Some(filed) = limit(part)? {
            amounts[who] = Some(filed);
        }
    }
    Ok(amounts)
}

/// A standalone amount of money; not applicable counts as not filed.
pub fn money(text: &str) -> Result<Option<i64>, Refusal> {
    limit(text).map(Option::flatten)
}

/// A web address that a page may link to: http or https with a host. Without a scheme https is assumed.
pub fn link(text: &str) -> Result<Option<String>, Refusal> {
    let text = trimmed(text);
    if absent(text) {
        return Ok(None);
    }
    let good =
        |text: &str| url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if good(text) {
        return Ok(Some(text.to_string()));
    }
    let host = text.split(['/', '?', '#']).next().unwrap_or_default();
    let named = host.contains('.') && !host.contains([':', '@', ' ']) && !host.starts_with('.') && !host.ends_with('.');
    let whole = format!("https://{text}");
    if named && !text.contains(char::is_whitespace) && good(&whole) {
        return Ok(Some(whole));
    }
    Err((Fault::Link, "only links for browsers, such as https://example.org, are kept"))
}

/// Text as filed; blank is not filed.
pub fn words(text: &str) -> Option<&str> {
    Some(trimmed(text)).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_either_style_become_one() {
        let styles = ["1/2/2026", "01/02/2026", "2026-01-02", "2026-01-02 01:01:48", "2026-1-2T00:00:00"];
        for text in styles.into_iter().chain(["01-02-2026", "1/2/26", "20260102", "\u{a0}1/2/2026 "]) {
            assert_eq!(date(text), Ok(Some("2026-01-02".into())), "{text}");
        }
        for text in ["2-Jan-26", "02-JAN-2026", "January 2, 2026", "Jan 2 2026", "2 January 2026", "46024", "46024.0"] {
            assert_eq!(date(text), Ok(Some("2026-01-02".into())), "{text}");
        }
        assert_eq!(date(" "), Ok(None));
        for text in
            ["2/30/2026", "2026", "13/1/2026", "soon", "1/2/3/2026", "//", "2026-+1-02", "39999", "Jan 2026", "2-Jun"]
        {
            assert!(date(text).is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_come_with_their_words() {
        assert_eq!(limit("$1,200 "), Ok(Some(Some(120_000))));
        assert_eq!(limit("$1800 per group"), Ok(Some(Some(180_000))));
        assert_eq!(limit("$0 per person"), Ok(Some(Some(0))));
        for text in ["Not Applicable", "per person not applicable", "per group not applicable"] {
            assert_eq!(limit(text), Ok(Some(None)), "{text}");
        }
        assert_eq!(limit("  "), Ok(None));
        for text in ["0", "0.00", "$0", " $0.00 "] {
            assert_eq!(limit(text), Ok(Some(Some(0))), "{text}");
        }
        assert_eq!(limit("1200"), Ok(Some(Some(120_000))));
        assert_eq!(limit("6350.0000"), Ok(Some(Some(635_000))));
        assert_eq!(limit("999999999.99"), Ok(Some(Some(99_999_999_999))));
        let long = "9".repeat(400);
        for text in
            ["$", "$12 per year", "per person", "$-1", "many", "1,23", "12,3456", "1.005", "($5)", "1000000000", &long]
        {
            assert!(limit(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_family_column_holds_one_amount_or_two() {
        let two = Ok([Some(Some(980_000)), Some(Some(1_960_000))]);
        assert_eq!(family_limit("$9800 per person | $19600 per group"), two);
        assert_eq!(family_limit("$12,700"), Ok([None, Some(Some(1_270_000))]));
        let none = Ok([Some(None), Some(None)]);
        assert_eq!(family_limit("per person not applicable | per group not applicable"), none);
        assert_eq!(family_limit(" "), Ok([None, None]));
        assert!(family_limit("$9800 per person | lots").is_err());
    }

    #[test]
    fn every_way_of_saying_yes_and_no_is_read() {
        for text in ["Yes", "yes ", "Y", "true", "TRUE", "1"] {
            assert_eq!(yes_no(text), Ok(Some(true)), "{text}");
        }
        for text in ["No", "no", "N", "false", "0"] {
            assert_eq!(yes_no(text), Ok(Some(false)), "{text}");
        }
        for text in ["", "Not Applicable", "N/A", "NaN", "\u{a0}"] {
            assert_eq!(yes_no(text), Ok(None), "{text}");
        }
        assert!(yes_no("perhaps").is_err());
    }

    #[test]
    fn ids_are_read_whatever_their_case_and_ending() {
        for text in ["71837tx0010001", "71837TX0010001 ", "71837TX0010001-01", "71837TX001000101"] {
            assert_eq!(plan_id(text).unwrap().unwrap().as_str(), "71837TX0010001", "{text}");
        }
        for text in ["", "00000XX0000000", "00000xx0000000-00", "N/A"] {
            assert_eq!(plan_id(text), Ok(None), "{text}");
        }
        assert!(plan_id("71837TX001").is_err());
        assert_eq!(split_variant("71837tx0010001-05").map(|(_, code)| code), Some(5));
        assert_eq!(split_variant("71837TX0010001-0x"), None);
        assert_eq!((whole("29027.0"), whole("12"), issuer("00123")), (Ok(Some(29_027)), Ok(Some(12)), Ok(Some(123))));
        assert!(issuer("123456").is_err() && whole("1.5").is_err() && whole(".0").is_err());
        assert_eq!(market(""), Ok(Market::Both));
        assert_eq!(market("SHOP (Small Group)"), Ok(Market::SmallGroup));
    }

    #[test]
    fn numbers_of_nines_are_no_prices() {
        for text in ["9999", "9999.99", "9,999.00", "99999", "999999", "999999.99"] {
            assert!(is_placeholder(cents(text.as_bytes()).unwrap()), "{text}");
        }
        for text in ["999.99", "9998", "9989.99", "9999.50", "0"] {
            assert!(!is_placeholder(cents(text.as_bytes()).unwrap()), "{text}");
        }
    }

    #[test]
    fn shares_are_rounded_half_up_once() {
        assert_eq!(share_ppm("0.9997"), Ok(Some(999_700)));
        assert_eq!(share_ppm("1"), Ok(Some(1_000_000)));
        assert_eq!(share_ppm("99.97%"), Ok(Some(999_700)));
        assert_eq!(share_bp("0.700079495"), Ok(Some(7_001)));
        assert_eq!(share_bp("70.88%"), Ok(Some(7_088)));
        assert_eq!(share_bp(".70005"), Ok(Some(7_001)));
        assert_eq!(share_bp("100%"), Ok(Some(10_000)));
        assert_eq!(share_bp("100"), Ok(Some(10_000)));
        assert_eq!(share_bp("97.4"), Ok(Some(9_740)));
        assert_eq!(share_bp("1"), Ok(Some(10_000)));
        for text in ["1.2", "101", "101%", "-1", "x", "."] {
            assert!(share_bp(text).is_err(), "{text}");
        }
    }

    #[test]
    fn links_are_for_browsers_only() {
        assert_eq!(link("https://example.org/a?b=c"), Ok(Some("https://example.org/a?b=c".to_string())));
        assert_eq!(link("www.example.org/find"), Ok(Some("https://www.example.org/find".to_string())));
        assert_eq!(link("example.org"), Ok(Some("https://example.org".to_string())));
        assert_eq!(link(""), Ok(None));
        for text in [
            "ftp://example.org/x",
            "javascript:alert(1)",
            "https://",
            "mailto:a@example.org",
            "data.x:alert(1)",
            "see our site",
            "directory",
        ] {
            assert!(link(text).is_err(), "{text}");
        }
    }
}
