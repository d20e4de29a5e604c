//! How single values are written in CMS's files: yes and no, dates in either style, shares, amounts with words, links.
//!
//! Pure; called by the readers. Blank is always `None` ("not filed"); what cannot be read is an error with the words
//! that go into the report, never a guess and never a zero.

use super::problems::Fault;
use crate::types::Cents;

/// Why a value was not taken.
pub type Refusal = (Fault, &'static str);

/// `Yes`, `No`; blank and `Not Applicable` are not filed.
pub fn yes_no(text: &str) -> Result<Option<bool>, Refusal> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "not applicable" => Ok(None),
        "yes" => Ok(Some(true)),
        "no" => Ok(Some(false)),
        _ => Err((Fault::Word, "Yes or No is wanted")),
    }
}

/// A whole number of at most nine digits.
pub fn whole(text: &str) -> Result<Option<i64>, Refusal> {
    match text.trim() {
        "" => Ok(None),
        digits if digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit()) => Ok(digits.parse().ok()),
        _ => Err((Fault::Number, "a whole number is wanted")),
    }
}

/// A date as `1/31/2026` or `2026-01-31`, with or without a time after it, as `2026-01-31`.
pub fn date(text: &str) -> Result<Option<String>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    parse_day(day).map(Some).ok_or((Fault::Date, "a date is wanted, as 1/31/2026 or 2026-01-31"))
}

fn parse_day(day: &str) -> Option<String> {
    let separator = if day.contains('/') { '/' } else { '-' };
    let numbers: Vec<u16> = day.split(separator).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (year, month, day) = match (separator, numbers.as_slice()) {
        ('/', [month, day, year]) | ('-', [year, month, day]) => (*year, *month, *day),
        _ => return None,
    };
    let month = time::Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = time::Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;
    (year >= 1900).then(|| format!("{year:04}-{:02}-{:02}", u8::from(date.month()), date.day()))
}

/// A decimal as an integer of its `10^places` parts, rounded half up: the one place where filed decimals are rounded.
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

/// A share of the whole, `0.9997` or `99.97%`, in parts per million.
pub fn share_ppm(text: &str) -> Result<Option<i64>, Refusal> {
    share(text, 6)
}

/// A share of the whole, `0.700079495` or `70.01%`, in basis points.
pub fn share_bp(text: &str) -> Result<Option<i64>, Refusal> {
    share(text, 4)
}

fn share(text: &str, places: usize) -> Result<Option<i64>, Refusal> {
    let text = text.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("not applicable") {
        return Ok(None);
    }
    let parts = match text.strip_suffix('%') {
        Some(percent) => scaled(percent.trim(), places - 2),
        None => scaled(text, places),
    };
    let whole = 10_i64.pow(u32::try_from(places).unwrap_or(0));
    parts.filter(|n| *n <= whole).map(Some).ok_or((Fault::Number, "a share from 0 to 1, or from 0% to 100%, is wanted"))
}

/// An amount with the words CMS puts around it: `$1,200 `, `$1200 per person`, `per group not applicable`.
/// `Ok(None)`: nothing filed. `Ok(Some(None))`: filed as not applicable.
pub fn limit(text: &str) -> Result<Option<Option<i64>>, Refusal> {
    let lower = text.trim().to_ascii_lowercase();
    let amount = ["per person", "per group"]
        .into_iter()
        .find_map(|words| lower.strip_suffix(words).or_else(|| lower.strip_prefix(words)))
        .unwrap_or(&lower)
        .trim();
    match amount {
        "" if lower.is_empty() => Ok(None),
        "not applicable" => Ok(Some(None)),
        _ => match amount.strip_prefix('$').and_then(Cents::parse) {
            Some(cents) => Ok(Some(Some(cents.0))),
            None => Err((Fault::Money, "an amount such as $1,200, or Not Applicable, is wanted")),
        },
    }
}

/// An amount of money that stands alone; not applicable counts as not filed.
pub fn money(text: &str) -> Result<Option<i64>, Refusal> {
    limit(text).map(Option::flatten)
}

/// A web address that a page may link to: http or https with a host.
pub fn link(text: &str) -> Result<Option<&str>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(Some(text)),
        _ => Err((Fault::Link, "only links that start with https:// or http:// are kept")),
    }
}

/// Text as filed; blank is not filed.
pub fn words(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_either_style_become_one() {
        for text in ["1/2/2026", "01/02/2026", "2026-01-02", "2026-01-02 01:01:48", "2026-1-2T00:00:00"] {
            assert_eq!(date(text), Ok(Some("2026-01-02".into())), "{text}");
        }
        assert_eq!(date(" "), Ok(None));
        for text in ["2/30/2026", "2026", "1-2-26", "13/1/2026", "soon", "1/2/3/2026", "//"] {
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
        for text in ["1200", "$", "$12 per year", "per person", "$-1", "many"] {
            assert!(limit(text).is_err(), "{text}");
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
        for text in ["1.2", "101%", "-1", "x", "."] {
            assert!(share_bp(text).is_err(), "{text}");
        }
    }

    #[test]
    fn links_are_for_browsers_only() {
        assert_eq!(link("https://example.org/a?b=c"), Ok(Some("https://example.org/a?b=c")));
        assert_eq!(link(""), Ok(None));
        for text in
            ["ftp://example.org/x", "javascript:alert(1)", "www.example.org", "https://", "mailto:a@example.org"]
        {
            assert!(link(text).is_err(), "{text}");
        }
    }
}
