//! What the words of the Benefits and Cost Sharing PUF mean: `$35.00 Copay after deductible` as a kind and an amount.
//!
//! Pure; called by `load::benefits`, and by whoever needs the meaning of filed words. It never guesses: words it does
//! not know are an error, and the caller keeps them as they are.

use crate::types::Cents;

/// How an amount is charged. The integers are those of the catalogue's `share_kind` table: never renumber them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ShareKind {
    /// Words that this release does not know; shown as filed.
    Unparsed = 0,
    NotApplicable = 1,
    NoCharge = 2,
    NoChargeAfterDeductible = 3,
    /// The deductible does not apply.
    Amount = 4,
    AmountAfterDeductible = 5,
    /// Filed "with deductible": charged first, then the deductible applies.
    AmountBeforeDeductible = 6,
    PerStay = 7,
    PerStayAfterDeductible = 8,
    PerStayBeforeDeductible = 9,
    PerDay = 10,
    PerDayAfterDeductible = 11,
    PerDayBeforeDeductible = 12,
}

impl ShareKind {
    pub const ALL: [ShareKind; 13] = [
        ShareKind::Unparsed,
        ShareKind::NotApplicable,
        ShareKind::NoCharge,
        ShareKind::NoChargeAfterDeductible,
        ShareKind::Amount,
        ShareKind::AmountAfterDeductible,
        ShareKind::AmountBeforeDeductible,
        ShareKind::PerStay,
        ShareKind::PerStayAfterDeductible,
        ShareKind::PerStayBeforeDeductible,
        ShareKind::PerDay,
        ShareKind::PerDayAfterDeductible,
        ShareKind::PerDayBeforeDeductible,
    ];

    pub fn code(self) -> i64 {
        self as i64
    }

    /// `None` for a code no release has used.
    pub fn from_code(code: i64) -> Option<ShareKind> {
        ShareKind::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A typed copay (`amount` in cents) or coinsurance (`amount` in basis points of the bill); 0 where the kind has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostShare {
    pub kind: ShareKind,
    pub amount: i64,
}

/// Words this release does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cost share that this release understands")]
pub struct UnknownWords;

/// Reads a copay; `amount` is cents. Blank is `Ok(None)`: nothing filed.
pub fn parse_copay(filed: &str) -> Result<Option<CostShare>, UnknownWords> {
    parse(filed, "copay", |digits| Cents::parse(digits.strip_prefix('$')?).map(|cents| cents.0))
}

/// Reads a coinsurance, the member's part of the bill; `amount` is basis points. Blank is `Ok(None)`.
pub fn parse_coinsurance(filed: &str) -> Result<Option<CostShare>, UnknownWords> {
    parse(filed, "coinsurance", |digits| {
        // A percentage has as many decimals as money, so cents of a dollar read as basis points.
        Cents::parse(digits.strip_suffix('%')?).map(|bp| bp.0).filter(|bp| *bp <= 10_000)
    })
}

fn parse(filed: &str, noun: &str, amount: impl Fn(&str) -> Option<i64>) -> Result<Option<CostShare>, UnknownWords> {
    let lower = filed.trim().to_ascii_lowercase();
    let plain = |kind| Ok(Some(CostShare { kind, amount: 0 }));
    match lower.as_str() {
        "" => return Ok(None),
        "not applicable" => return plain(ShareKind::NotApplicable),
        "no charge" => return plain(ShareKind::NoCharge),
        "no charge after deductible" => return plain(ShareKind::NoChargeAfterDeductible),
        _ => {}
    }
    let (digits, words) = lower.split_once(' ').unwrap_or((&lower, ""));
    let amount = amount(digits).ok_or(UnknownWords)?;
    let words = words.trim();
    let words = words.strip_prefix(noun).unwrap_or(words).trim();
    let (unit, deductible) = ["per stay", "per day"]
        .into_iter()
        .find_map(|unit| words.strip_prefix(unit).map(|rest| (unit, rest.trim())))
        .unwrap_or(("", words));
    let kind = match (unit, deductible) {
        ("", "") => ShareKind::Amount,
        ("", "after deductible") => ShareKind::AmountAfterDeductible,
        ("", "with deductible" | "before deductible") => ShareKind::AmountBeforeDeductible,
        ("per stay", "") => ShareKind::PerStay,
        ("per stay", "after deductible") => ShareKind::PerStayAfterDeductible,
        ("per stay", "with deductible" | "before deductible") => ShareKind::PerStayBeforeDeductible,
        ("per day", "") => ShareKind::PerDay,
        ("per day", "after deductible") => ShareKind::PerDayAfterDeductible,
        ("per day", "with deductible" | "before deductible") => ShareKind::PerDayBeforeDeductible,
        _ => return Err(UnknownWords),
    };
    Ok(Some(CostShare { kind, amount }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_insurers_file_is_understood() {
        let copays = [
            ("$40.00", ShareKind::Amount, 4_000),
            ("$1000.00 Copay after deductible", ShareKind::AmountAfterDeductible, 100_000),
            ("$850.00 Copay with deductible", ShareKind::AmountBeforeDeductible, 85_000),
            ("$350.00 Copay per Stay", ShareKind::PerStay, 35_000),
            ("$600.00 Copay per Stay after deductible", ShareKind::PerStayAfterDeductible, 60_000),
            ("$250 Copay per Stay with deductible", ShareKind::PerStayBeforeDeductible, 25_000),
            ("$2,500.00 Copay per Day", ShareKind::PerDay, 250_000),
            ("$75.00 Copay per Day after Deductible", ShareKind::PerDayAfterDeductible, 7_500),
            ("$75.00 Copay per Day before deductible", ShareKind::PerDayBeforeDeductible, 7_500),
            ("No Charge", ShareKind::NoCharge, 0),
            (" No Charge after deductible ", ShareKind::NoChargeAfterDeductible, 0),
            ("Not Applicable", ShareKind::NotApplicable, 0),
        ];
        for (words, kind, amount) in copays {
            assert_eq!(parse_copay(words), Ok(Some(CostShare { kind, amount })), "{words}");
        }
        let shares = [
            ("50.00%", ShareKind::Amount, 5_000),
            ("0.00% Coinsurance after deductible", ShareKind::AmountAfterDeductible, 0),
            ("12.5% Coinsurance after deductible", ShareKind::AmountAfterDeductible, 1_250),
            ("100.00%", ShareKind::Amount, 10_000),
            ("No Charge", ShareKind::NoCharge, 0),
        ];
        for (words, kind, amount) in shares {
            assert_eq!(parse_coinsurance(words), Ok(Some(CostShare { kind, amount })), "{words}");
        }
        assert_eq!((parse_copay(""), parse_coinsurance("  ")), (Ok(None), Ok(None)));
    }

    #[test]
    fn words_nobody_knows_are_not_guessed_at() {
        for words in ["$40 sometimes", "forty", "$", "$-5", "$40.00 Copay per Week", "40", "20%", "$5 after"] {
            assert_eq!(parse_copay(words), Err(UnknownWords), "{words}");
        }
        for words in ["$40.00", "120%", "%", "20", "20% of the rest"] {
            assert_eq!(parse_coinsurance(words), Err(UnknownWords), "{words}");
        }
    }

    #[test]
    fn codes_are_those_of_the_schema() {
        for kind in ShareKind::ALL {
            assert_eq!(ShareKind::from_code(kind.code()), Some(kind));
            assert!(crate::load::write::SCHEMA.contains(&format!("({}, '", kind.code())), "{kind:?}");
        }
        assert_eq!(ShareKind::from_code(13), None);
    }
}
