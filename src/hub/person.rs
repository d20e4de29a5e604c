//! People as the hub takes them: numbers and names that fit its schemas. What a person typed stays with the caller.
//!
//! Nothing here can be printed, logged or serialized as a whole.

use serde_json::{Value, json};
use time::Date;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use zeroize::Zeroizing;

use super::fault::{Code, HubFault};

/// Letters of one name.
pub const NAME_MAX: usize = 50;
/// The same for identity proofing, which takes only letters.
pub const PROOFING_NAME_MAX: usize = 32;
/// Letters of a suffix (Jr, III).
const SUFFIX_MAX: usize = 3;

/// A Social Security number that could have been given out: `123456789`.
#[derive(Clone, PartialEq, Eq)]
pub struct Ssn(Zeroizing<String>);

impl Ssn {
    /// Nine digits, as the hub's schemas take them: no area 000, 666 or 900 to 999, no group 00, no serial 0000.
    pub fn parse(digits: &str) -> Option<Ssn> {
        let nine = digits.len() == 9 && digits.bytes().all(|b| b.is_ascii_digit());
        let (area, group, serial) = (digits.get(..3)?, digits.get(3..5)?, digits.get(5..)?);
        let never = area == "000" || area == "666" || area.starts_with('9') || group == "00" || serial == "0000";
        (nine && !never).then(|| Ssn(Zeroizing::new(digits.to_string())))
    }

    pub(super) fn digits(&self) -> &str {
        &self.0
    }
}

/// Somebody who is asked about. Names as they were typed: they are fitted to the hub when a question is written.
#[derive(Clone)]
pub struct Person {
    pub ssn: Ssn,
    pub first: String,
    pub middle: Option<String>,
    pub last: String,
    /// `Jr`, `III`; left out where the hub would not take it.
    pub suffix: Option<String>,
    pub born: Date,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    Female,
    Male,
    Unknown,
}

impl Sex {
    pub(super) fn code(self) -> &'static str {
        match self {
            Sex::Female => "F",
            Sex::Male => "M",
            Sex::Unknown => "U",
        }
    }
}

/// `YYYYMM` of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct YearMonth {
    pub year: i32,
    pub month: u8,
}

impl YearMonth {
    pub fn of(day: Date) -> YearMonth {
        YearMonth { year: day.year(), month: day.month().into() }
    }

    pub(super) fn code(self) -> String {
        format!("{:04}{:02}", self.year, self.month)
    }

    pub(super) fn parse(code: &str) -> Option<YearMonth> {
        let digits = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
        let (year, month) = (code.get(..4)?.parse().ok()?, code.get(4..)?.parse().ok()?);
        (digits && (2000..=9999).contains(&year) && (1..=12).contains(&month)).then_some(YearMonth { year, month })
    }
}

/// A name for the sources behind the hub, which keep basic Latin letters: marks are taken off (`Núñez` → `Nunez`), the
/// signs that the schemas exclude (`& ' " ! # < >`, two hyphens in a row) are left out, and so is what has no Latin letter.
fn fitted(name: &str, takes: fn(char) -> bool, most: usize) -> String {
    let mut out = String::with_capacity(name.len());
    let latin = name.chars().flat_map(|c| in_latin(c).unwrap_or("").chars().chain(in_latin(c).is_none().then_some(c)));
    for c in latin.collect::<String>().nfd().filter(|c| !is_combining_mark(*c)) {
        let c = if c.is_whitespace() { ' ' } else { c };
        let again = matches!(c, ' ' | '-') && out.ends_with([' ', '-']);
        if takes(c) && !again {
            out.push(c);
        }
    }
    let out: String = out.trim_matches([' ', '-', '.', ',']).chars().take(most).collect();
    out.trim_end_matches([' ', '-', '.', ',']).to_string()
}

/// Letters that do not come apart into a basic one and a mark.
fn in_latin(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'ł' => "l",
        'Ł' => "L",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'þ' => "th",
        'Þ' => "TH",
        'ı' => "i",
        'ħ' => "h",
        'Ħ' => "H",
        // A typographic hyphen.
        '\u{2010}' | '\u{2011}' | '\u{2013}' => "-",
        _ => return None,
    })
}

fn takes_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.' | ',')
}

fn takes_letters(c: char) -> bool {
    c.is_ascii_alphabetic()
}

fn takes_surname(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, ' ' | '-')
}

/// What both questions about coverage say of a person.
pub(super) fn covered(of: &Person, sex: Option<Sex>, state_code: &str) -> Result<Value, HubFault> {
    let mut one = json!({
        "personSocialSecurityNumber": of.ssn.digits(),
        "personGivenName": name(&of.first, "personGivenName")?,
        "personSurName": name(&of.last, "personSurName")?,
        "personBirthDate": day(of.born),
        "usStateCode": state(state_code)?,
    });
    let more = [
        ("personMiddleName", maybe_name(of.middle.as_deref())),
        ("personSuffixName", suffix(of.suffix.as_deref())),
        ("personSexCode", sex.map(|sex| sex.code().to_string())),
    ];
    put(&mut one, more);
    Ok(one)
}

/// Fields that are left out where there is nothing to say.
pub(super) fn put(to: &mut Value, fields: impl IntoIterator<Item = (&'static str, Option<String>)>) {
    for (field, value) in fields {
        if let Some(value) = value {
            to[field] = value.into();
        }
    }
}

/// Two capital letters: the list of the schemas is the Postal Service's.
pub(super) fn state(code: &str) -> Result<&str, HubFault> {
    let fits = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    fits.then_some(code).ok_or_else(|| unsent("usStateCode"))
}

/// A name that must be there.
pub(super) fn name(text: &str, field: &str) -> Result<String, HubFault> {
    Some(fitted(text, takes_plain, NAME_MAX)).filter(|name| !name.is_empty()).ok_or_else(|| unsent(field))
}

/// A name that may be missing; one of which nothing is left is missing.
pub(super) fn maybe_name(text: Option<&str>) -> Option<String> {
    text.map(|text| fitted(text, takes_plain, NAME_MAX)).filter(|name| !name.is_empty())
}

/// Suffixes are letters, at most three; another one is left out.
pub(super) fn suffix(text: Option<&str>) -> Option<String> {
    let fits = |text: &String| (1..=SUFFIX_MAX).contains(&text.len());
    text.map(|text| fitted(text, takes_letters, NAME_MAX)).filter(fits)
}

/// Identity proofing takes first names of letters only.
pub(super) fn proofing_name(text: &str) -> Option<String> {
    Some(fitted(text, takes_letters, PROOFING_NAME_MAX)).filter(|name| !name.is_empty())
}

pub(super) fn proofing_surname(text: &str) -> Option<String> {
    Some(fitted(text, takes_surname, PROOFING_NAME_MAX)).filter(|name| !name.is_empty())
}

/// Any other text: what `takes` lets through, at most so many letters.
pub(super) fn line(text: &str, takes: fn(char) -> bool, most: usize) -> Option<String> {
    Some(fitted(text, takes, most)).filter(|line| !line.is_empty())
}

/// This field would be refused, so nothing is sent.
pub(super) fn unsent(field: &str) -> HubFault {
    HubFault::Refused(Code::unsent(field))
}

/// `YYYY-MM-DD`.
pub(super) fn day(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

pub(super) fn parse_day(text: &str) -> Option<Date> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    (text.len() == 10).then(|| Date::parse(text, format).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_never_given_out_is_not_sent() {
        for never in
            ["000121234", "666121234", "900121234", "123001234", "123450000", "12345678", "1234567890", "12345678x"]
        {
            assert!(Ssn::parse(never).is_none(), "{never}");
        }
        assert!(Ssn::parse("123456789").is_some() && Ssn::parse("899999999").is_some());
        assert!(Ssn::parse("12345678é").is_none());
    }

    #[test]
    fn names_are_fitted_to_the_schemas() {
        for (typed, sent) in [
            ("Núñez", "Nunez"),
            ("O'Brien", "OBrien"),
            ("O’Brien", "OBrien"),
            ("Smith--Jones", "Smith-Jones"),
            ("Anne - Marie", "Anne Marie"),
            ("  Groß  ", "Gross"),
            ("Ødegård", "Odegard"),
            ("<script>&\"#!", "script"),
            ("Nguyễn", "Nguyen"),
            ("Jr.", "Jr"),
        ] {
            assert_eq!(name(typed, "x").ok().as_deref(), Some(sent), "{typed}");
        }
        assert_eq!(name(&"ab".repeat(40), "x").expect("cut").len(), NAME_MAX);
        assert_eq!(name("王", "personSurName"), Err(HubFault::Refused(Code::unsent("personSurName"))));
        assert_eq!(proofing_name("Mary Ann").as_deref(), Some("MaryAnn"));
        assert_eq!(proofing_surname("De la Cruz-Ó").as_deref(), Some("De la Cruz-O"));
        assert_eq!(suffix(Some("Jr.")).as_deref(), Some("Jr"));
        assert_eq!(suffix(Some("the Third")), None);
    }

    #[test]
    fn a_month_is_six_digits() {
        assert_eq!(YearMonth::parse("202613"), None);
        assert_eq!(YearMonth::parse("202612"), Some(YearMonth { year: 2026, month: 12 }));
        assert_eq!(YearMonth { year: 2026, month: 1 }.code(), "202601");
    }
}
