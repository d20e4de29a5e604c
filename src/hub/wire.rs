//! What all answers share: codes at both levels, amounts, days, and what counts as garbage.
//!
//! Fields that we do not know are ignored, so that a new one of the hub stops nobody's check; all that is read is held to
//! its type, its list and its length.

use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::{Deserialize, de};
use time::Date;

use super::fault::{Code, HubFault};
use super::person::parse_day;
use crate::types::Cents;

/// No household earns more, and no number of an answer needs more: dollars.
const AMOUNT_MAX: f64 = 1e13;
/// Letters of a text that is kept.
pub const TEXT_MAX: usize = 500;

/// Not to be kept, and to be asked again. The body is added by whoever has it.
pub fn garbage(why: impl Into<String>) -> HubFault {
    HubFault::Garbage { why: why.into(), body: Vec::new() }
}

/// One JSON document. What is wrong is said by place, never by value.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, HubFault> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.inner();
        let kind = match inner.classify() {
            serde_json::error::Category::Data => "does not fit the schema",
            serde_json::error::Category::Eof => "breaks off",
            _ => "no JSON",
        };
        let place: String = error.path().to_string().chars().filter(char::is_ascii).take(120).collect();
        garbage(format!("{kind} at line {} column {} ({place})", inner.line(), inner.column()))
    })?;
    json.end().map_err(|_| garbage("more than one JSON document"))?;
    Ok(read)
}

#[derive(Deserialize)]
pub struct Metadata {
    #[serde(rename = "responseCode")]
    pub code: String,
    /// Must be there; its words are not used, and may be about a person.
    #[serde(rename = "responseText")]
    _text: String,
}

/// What a code of the hub says, other than that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Success,
    /// The source knows nobody like that: an ordinary answer.
    NotFound,
}

/// `HS`, `HE` or `HX` and six digits.
fn is_code(code: &str) -> bool {
    code.len() == 8
        && ["HS", "HE", "HX"].contains(&code.get(..2).unwrap_or_default())
        && code.bytes().skip(2).all(|b| b.is_ascii_digit())
}

/// What a code means where the service gives it no meaning of its own.
pub fn level(code: &str) -> Result<Level, HubFault> {
    match code {
        "HS000000" | "HE000000" => Ok(Level::Success),
        "HE000001" => Ok(Level::NotFound),
        // An exception at the hub or at the source behind it: HX005001, and any other.
        _ if is_code(code) && code.starts_with("HX") => Err(HubFault::Down(format!("the source is away ({code})"))),
        _ if is_code(code) => Err(HubFault::Refused(Code::new(code))),
        _ => Err(garbage("a response code that is none (HS, HE or HX and six digits)")),
    }
}

/// The metadata of a whole answer, where there is any: `true` if nobody was found.
pub fn outer(metadata: Option<&Metadata>) -> Result<Option<Level>, HubFault> {
    metadata.map(|metadata| level(&metadata.code)).transpose()
}

/// The one element of a list with one element.
pub fn only<T>(list: Option<Vec<T>>, what: &str) -> Result<T, HubFault> {
    let mut list = list.ok_or_else(|| garbage(format!("no {what}")))?;
    match (list.pop(), list.len()) {
        (Some(one), 0) => Ok(one),
        (None, _) => Err(garbage(format!("an empty {what}"))),
        (Some(_), more) => Err(garbage(format!("{} answers in {what}, where one was asked about", more + 1))),
    }
}

pub fn at_most<T>(list: &[T], most: usize, what: &str) -> Result<(), HubFault> {
    if list.len() > most {
        return Err(garbage(format!("{} elements in {what}, where at most {most} make sense", list.len())));
    }
    Ok(())
}

/// A text that is kept.
pub fn text(text: String, what: &str) -> Result<String, HubFault> {
    if text.chars().count() > TEXT_MAX || text.chars().any(char::is_control) {
        return Err(garbage(format!("{what} is no line of text")));
    }
    Ok(text)
}

/// An amount as whole cents.
#[derive(Clone, Copy)]
pub struct Amount(pub Cents);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Amount, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Amount;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an amount in dollars")
            }

            fn visit_f64<E: de::Error>(self, dollars: f64) -> Result<Amount, E> {
                if !dollars.is_finite() || dollars.abs() > AMOUNT_MAX {
                    return Err(E::custom("more than anybody has"));
                }
                // At most 1e15: a float is exact there.
                Ok(Amount(Cents((dollars * 100.0).round() as i64)))
            }

            fn visit_i64<E: de::Error>(self, dollars: i64) -> Result<Amount, E> {
                let cents = dollars.checked_mul(100).filter(|_| dollars.unsigned_abs() as f64 <= AMOUNT_MAX);
                cents.map(|cents| Amount(Cents(cents))).ok_or_else(|| E::custom("more than anybody has"))
            }

            fn visit_u64<E: de::Error>(self, dollars: u64) -> Result<Amount, E> {
                self.visit_i64(i64::try_from(dollars).map_err(|_| E::custom("more than anybody has"))?)
            }
        }
        from.deserialize_any(Number)
    }
}

/// `YYYY-MM-DD`.
#[derive(Clone, Copy)]
pub struct Day(pub Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Day, D::Error> {
        let text = String::deserialize(from)?;
        parse_day(&text).map(Day).ok_or_else(|| D::Error::custom("no day"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_codes_are_success_and_no_exception_is_an_answer() {
        assert_eq!(level("HS000000"), Ok(Level::Success));
        assert_eq!(level("HE000000"), Ok(Level::Success));
        assert_eq!(level("HE000001"), Ok(Level::NotFound));
        for away in ["HX005001", "HX009000"] {
            assert!(matches!(level(away), Err(HubFault::Down(_))), "{away}");
        }
        assert_eq!(level("HS001002"), Err(HubFault::Refused(Code::new("HS001002"))));
        // One zero too many, as in a published sample; a placeholder; none.
        for none in ["HS0000000", "Response", "", "hs000000", "HS00000é"] {
            assert!(matches!(level(none), Err(HubFault::Garbage { .. })), "{none}");
        }
    }

    #[test]
    fn amounts_become_whole_cents_or_nothing() {
        let read = |text: &str| parse::<Amount>(text.as_bytes()).ok().map(|amount| amount.0.0);
        for (text, cents) in
            [("0", 0), ("1234.5", 123_450), ("-250.01", -25_001), ("1234.56", 123_456), ("1e3", 100_000)]
        {
            assert_eq!(read(text), Some(cents), "{text}");
        }
        for bad in ["1e14", "99999999999999", "1e999", "\"5\"", "null", "18446744073709551615", "[1]"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        let fault = parse::<Metadata>(br#"{"responseCode": ["Maria Lopez"], "responseText": ""}"#).err();
        let Some(HubFault::Garbage { why, .. }) = fault else { panic!("read") };
        assert!(why.contains("responseCode") && !why.contains("Maria"), "{why}");
    }
}
