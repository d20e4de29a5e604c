//! Kinds of answers: what each accepts, read from what was typed.
//!
//! Called by `flow`, which asks whether a question is answered, and by `view`, which reads answers. Typed text is kept as
//! it is; reading it twice gives the same. It must know of no question.

use time::{Date, Month};
use unicode_normalization::UnicodeNormalization as _;

use super::sheet::{RowId, YOU};
use super::view::View;
use crate::eligibility::HIGHEST_INCOME;
use crate::store::lookup::Sought;
use crate::types::{AmountFault, Cents, Zip5};
use crate::x834::signs::plain;

/// Letters of one name (the federal hub takes 60).
pub const NAME_MAX: usize = 60;
/// The answer that picks nobody, or nothing, of a list.
pub const NONE: &str = "none";
/// The oldest birthday that is taken for one.
const OLDEST_YEARS: i32 = 120;

/// How an answer is given.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A name as people have it: several words, hyphens, apostrophes, marks. In the letters of U.S. documents: neither the
    /// federal hub nor an insurer takes another script, and nobody here guesses how a name is spelled.
    Name,
    /// One line, at most so many letters.
    Line(usize),
    /// A line of an address in the United States, at most so many letters.
    Address(usize),
    Email,
    Phone,
    Zip,
    /// Of the home: one where plans are sold here.
    HomeZip,
    /// Nine digits.
    Ssn,
    Date(Span),
    /// Dollars and cents, not below zero.
    Money,
    /// The same; a loss is negative.
    MoneyOrLoss,
    /// A whole number from, to.
    Count(u32, u32),
    /// A number with at most two decimals, above zero and at most this.
    Decimal(u32),
    YesNo,
    /// “I don’t know” is an answer, too.
    YesNoUnsure,
    /// One of these.
    One(&'static [&'static str]),
    /// One of what the rest of the answers and the tables say.
    OneOf(fn(&View, RowId) -> Vec<String>),
    /// Any of these, or none of them, said outright.
    Several(&'static [&'static str]),
    SeveralOf(fn(&View, RowId) -> Vec<String>),
    /// Any of these people, or nobody, said outright. Whoever joins the household later is asked about.
    People(fn(&View, RowId) -> Vec<RowId>),
    /// Must be ticked.
    Agree,
    /// May be ticked.
    Tick,
    /// The name of whoever signs, as typed above or nearly so.
    Signature,
}

/// Which days make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// A birthday: not after today, not longer ago than people live.
    Birth,
    /// Not after today.
    Past,
    Any,
}

/// Why an answer is not accepted. The page has words for each, and better ones for some questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Odd {
    Missing,
    TooLong,
    NameDigits,
    /// Of a script that neither the hub nor an insurer takes.
    Letters,
    /// A line of an address without a letter or a digit.
    AddressSigns,
    /// A sign that nobody sees, which can turn the line around.
    Hidden,
    Email,
    Phone,
    Zip,
    /// There is such a ZIP code, but not among the counties of this site.
    NotSold,
    Ssn,
    /// Part of a date is missing.
    DatePart,
    /// There is no such day.
    NoSuchDay,
    Future,
    TooLongAgo,
    NotMoney,
    /// More than anybody earns: a key was pressed too often.
    TooMuch,
    /// `45,00` or `45.000` can be read in two ways.
    TwoReadings,
    Negative,
    NotCount,
    NotDecimal,
    /// None of the answers on the page.
    NotListed,
    /// “None of these” together with one of these.
    NoneAndSome,
    MustAgree,
    /// Not the name of the contact person.
    SignatureWrong,
}

impl Kind {
    /// Whether a text answers; an empty one is [`Odd::Missing`].
    ///
    /// # Errors
    ///
    /// Why it does not.
    pub fn check(self, text: &str, view: &View, row: RowId) -> Result<(), Odd> {
        if text.is_empty() {
            return Err(if matches!(self, Kind::Agree) { Odd::MustAgree } else { Odd::Missing });
        }
        match self {
            Kind::Name => name(text),
            Kind::Line(most) => line(text, most),
            Kind::Address(most) => address(text, most),
            Kind::Email => email(text),
            Kind::Phone => digits(text, 10).map(drop).ok_or(Odd::Phone),
            Kind::Zip => Zip5::parse(text).map(drop).ok_or(Odd::Zip),
            Kind::HomeZip => match Zip5::parse(text) {
                None => Err(Odd::Zip),
                Some(_) if view.around.counties.is_empty() => Err(Odd::NotSold),
                Some(_) => Ok(()),
            },
            Kind::Ssn => ssn(text).map(drop).ok_or(Odd::Ssn),
            Kind::Date(span) => day_in(text, span, view.today).map(drop),
            Kind::Money => money(text).and_then(|cents| if cents.0 < 0 { Err(Odd::Negative) } else { Ok(()) }),
            Kind::MoneyOrLoss => money(text).map(drop),
            Kind::Count(least, most) => {
                count(text).filter(|n| (least..=most).contains(n)).map(drop).ok_or(Odd::NotCount)
            }
            Kind::Decimal(most) => {
                decimal(text).filter(|n| (1..=i64::from(most) * 100).contains(n)).map(drop).ok_or(Odd::NotDecimal)
            }
            Kind::YesNo => listed(text, |said| ["yes", "no"].contains(&said)),
            Kind::YesNoUnsure => listed(text, |said| ["yes", "no", "unsure"].contains(&said)),
            Kind::One(answers) => listed(text, |said| answers.contains(&said)),
            Kind::OneOf(answers) => listed(text, |said| answers(view, row).iter().any(|own| own == said)),
            Kind::Several(answers) => several(text, |said| answers.contains(&said)),
            Kind::SeveralOf(answers) => several(text, |said| answers(view, row).iter().any(|own| own == said)),
            // Whoever has left the household since is no fault.
            Kind::People(_) => several(text, |said| said.parse::<RowId>().is_ok()),
            Kind::Agree | Kind::Tick => listed(text, |said| said == "yes"),
            Kind::Signature => signature(text, view),
        }
    }
}

/// Middle name and suffix may be left out.
fn signature(text: &str, view: &View) -> Result<(), Odd> {
    let short = format!("{} {}", view.text("first_name", YOU), view.text("last_name", YOU));
    if is_name(text, &[view.name(YOU), short]) { Ok(()) } else { Err(Odd::SignatureWrong) }
}

/// Whether what was typed is one of these names. Case, accents, spaces and marks do not matter.
pub fn is_name(typed: &str, names: &[String]) -> bool {
    let plain = |text: &str| -> String {
        let letters = text.nfd().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let typed = plain(typed);
    !typed.is_empty() && names.iter().any(|name| plain(name) == typed)
}

fn name(text: &str) -> Result<(), Odd> {
    line(text, NAME_MAX)?;
    if text.chars().any(|c| c.is_numeric()) || !text.chars().any(char::is_alphabetic) {
        return Err(Odd::NameDigits);
    }
    plain(text).map(drop).ok_or(Odd::Letters)
}

fn line(text: &str, most: usize) -> Result<(), Odd> {
    if text.contains(is_hidden) {
        Err(Odd::Hidden)
    } else if text.chars().count() > most {
        Err(Odd::TooLong)
    } else {
        Ok(())
    }
}

fn address(text: &str, most: usize) -> Result<(), Odd> {
    line(text, most)?;
    let sent = plain(text).ok_or(Odd::Letters)?;
    if sent.contains(|c: char| c.is_ascii_alphanumeric()) { Ok(()) } else { Err(Odd::AddressSigns) }
}

/// Control characters, and those of Unicode's category Cf that are typed by no key: among them the ones that turn the line
/// around (Unicode Standard Annex 9), which would let a name read as another.
fn is_hidden(c: char) -> bool {
    let unseen = ['\u{00ad}', '\u{061c}', '\u{180e}', '\u{feff}'];
    c.is_control()
        || unseen.contains(&c)
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One address, judged as for an account. Whether it exists, only a letter can tell.
fn email(text: &str) -> Result<(), Odd> {
    Sought::email(text).map(drop).ok_or(Odd::Email)
}

/// The digits of a number that people group as they like; `None` unless there are so many of them.
pub fn digits(text: &str, many: usize) -> Option<String> {
    if text.contains(|c: char| !(c.is_ascii_digit() || " -()./+".contains(c))) {
        return None;
    }
    let found: String = text.chars().filter(char::is_ascii_digit).collect();
    // A country code before ten digits.
    let found = match found.strip_prefix('1') {
        Some(rest) if many == 10 && rest.len() == 10 => rest.to_string(),
        _ => found,
    };
    (found.len() == many).then_some(found)
}

/// A Social Security number: nine digits, and none that was never given out (area 000, 666, 900 to 999; group 00; serial
/// 0000: Social Security Administration, RM 10201.035).
pub fn ssn(text: &str) -> Option<String> {
    let found = digits(text, 9)?;
    let (area, group, serial) = (&found[..3], &found[3..5], &found[5..]);
    let never = area == "000" || area == "666" || area.starts_with('9') || group == "00" || serial == "0000";
    (!never).then_some(found)
}

/// `3/14/1985`, as the three boxes of a date are kept.
pub fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('/').map(str::trim);
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

fn day_in(text: &str, span: Span, today: Date) -> Result<Date, Odd> {
    if text.split('/').filter(|part| !part.trim().is_empty()).count() < 3 {
        return Err(Odd::DatePart);
    }
    let day = day(text).ok_or(Odd::NoSuchDay)?;
    let future = span != Span::Any && day > today;
    let old = day.year() < today.year() - OLDEST_YEARS || (span == Span::Any && day.year() > today.year() + 10);
    match (future, old) {
        (true, _) => Err(Odd::Future),
        (_, true) => Err(Odd::TooLongAgo),
        _ => Ok(day),
    }
}

/// Dollars as people write them.
///
/// # Errors
///
/// If it is none, or could be two.
pub fn money(text: &str) -> Result<Cents, Odd> {
    let cents = Cents::read(text).map_err(|fault| match fault {
        AmountFault::TwoReadings => Odd::TwoReadings,
        _ => Odd::NotMoney,
    })?;
    // The engine takes no more; nor can a sum of so many overflow.
    if cents.0.unsigned_abs() > HIGHEST_INCOME.0.unsigned_abs() { Err(Odd::TooMuch) } else { Ok(cents) }
}

pub fn count(text: &str) -> Option<u32> {
    text.parse().ok()
}

/// In hundredths.
pub fn decimal(text: &str) -> Option<i64> {
    Cents::parse(text).map(|n| n.0)
}

fn listed(text: &str, is: impl Fn(&str) -> bool) -> Result<(), Odd> {
    if is(text) { Ok(()) } else { Err(Odd::NotListed) }
}

/// The parts of an answer that may have several.
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').filter(|part| !part.is_empty())
}

fn several(text: &str, is: impl Fn(&str) -> bool) -> Result<(), Odd> {
    let none = parts(text).any(|part| part == NONE);
    match (none, parts(text).count()) {
        (true, 1) => Ok(()),
        (true, _) => Err(Odd::NoneAndSome),
        _ if parts(text).all(is) => Ok(()),
        _ => Err(Odd::NotListed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn names_are_taken_as_people_have_them() {
        for (odd, why) in [
            ("王", Odd::Letters),
            ("Влад", Odd::Letters),
            ("Ana\u{202e}iL", Odd::Hidden),
            ("\u{2066}Ana\u{2069}", Odd::Hidden),
            ("Ana\u{0}", Odd::Hidden),
        ] {
            assert_eq!(name(odd), Err(why), "{odd:?}");
        }
        assert_eq!(address("12 Elm Street, Apt. #4", 100), Ok(()));
        assert_eq!(address("***", 100), Err(Odd::AddressSigns));
        assert_eq!(address("城", 60), Err(Odd::Letters));
        assert_eq!(address(&"a".repeat(61), 60), Err(Odd::TooLong));
        assert_eq!(line("Elm\u{200e}", 100), Err(Odd::Hidden));
        assert_eq!((email("a@b.org"), email("a@b..org")), (Ok(()), Err(Odd::Email)));
        for good in ["Li", "O’Brien", "Núñez-Pérez", "van der Berg", "José María", "Đặng", "Kealiʻi"] {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        assert_eq!(
            (name("R2D2"), name("--"), name(&"a".repeat(61))),
            (Err(Odd::NameDigits), Err(Odd::NameDigits), Err(Odd::TooLong))
        );
    }

    #[test]
    fn numbers_are_read_however_they_are_grouped() {
        assert_eq!(digits("+1 (513) 555-0100", 10).as_deref(), Some("5135550100"));
        assert_eq!((digits("513555010", 10), digits("513 555 01OO", 10)), (None, None));
        assert_eq!(ssn("123-45-6789").as_deref(), Some("123456789"));
        for never in ["000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "12345678"] {
            assert_eq!(ssn(never), None, "{never}");
        }
    }

    #[test]
    fn a_day_is_a_real_one() {
        let today = date!(2026 - 11 - 26);
        assert_eq!(day("2/29/2024"), Some(date!(2024 - 02 - 29)));
        assert_eq!(day_in("2/29/2025", Span::Any, today), Err(Odd::NoSuchDay));
        assert_eq!(day_in("2//2025", Span::Any, today), Err(Odd::DatePart));
        assert_eq!(day_in("11/27/2026", Span::Birth, today), Err(Odd::Future));
        assert_eq!(day_in("1/1/1880", Span::Birth, today), Err(Odd::TooLongAgo));
        assert_eq!(day("1/2/85"), None, "which century is not guessed");
    }

    #[test]
    fn nobody_and_somebody_together_are_no_answer() {
        assert_eq!(several("1,2", |_| true), Ok(()));
        assert_eq!(several("none", |_| false), Ok(()));
        assert_eq!(several("none,1", |_| true), Err(Odd::NoneAndSome));
    }
}
