//! A filed cost share: its words, their meaning, its code in the catalogue. Parsed and written only here.
//!
//! Called by the loader, which parses words ([`Copay::parse`], [`Coinsurance::parse`]) and stores codes ([`CostShare`]), and
//! by the catalogue, which turns codes back into meaning ([`CostShare::copay`], [`CostShare::coinsurance`]); `costs` applies
//! a pair to a bill, and `shop` words it in the visitor's language. Pure. An unknown word must never be read as zero.

use crate::types::Cents;

/// How an amount is charged: the integers of the catalogue's `share_kind`. Never renumber them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::FromRepr, strum::VariantArray)]
#[repr(i64)]
pub enum ShareKind {
    /// Words this release does not know; shown as filed.
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
    pub fn code(self) -> i64 {
        self as i64
    }

    /// `None` for a code that no release has used.
    pub fn from_code(code: i64) -> Option<ShareKind> {
        ShareKind::from_repr(code)
    }

    /// Whether this kind comes with an amount.
    pub fn has_amount(self) -> bool {
        use ShareKind::{NoCharge, NoChargeAfterDeductible, NotApplicable, Unparsed};
        !matches!(self, Unparsed | NotApplicable | NoCharge | NoChargeAfterDeductible)
    }
}

/// A share as the catalogue stores it: cents for a copay, basis points of the bill for a coinsurance; 0 if the kind
/// has no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostShare {
    pub kind: ShareKind,
    pub amount: i64,
}

impl CostShare {
    /// From the two columns; `None` if nothing was filed, or the code is unknown to this release.
    pub fn from_columns(kind: Option<i64>, amount: Option<i64>) -> Option<CostShare> {
        let kind = ShareKind::from_code(kind?)?;
        Some(CostShare { kind, amount: amount.unwrap_or(0) })
    }

    /// Its meaning as a copay; `None` if its words were not understood.
    pub fn copay(self) -> Option<Copay> {
        use ShareKind as K;
        let (per, timing) = match self.kind {
            K::Unparsed => return None,
            K::NotApplicable => return Some(Copay::NotApplicable),
            K::NoCharge => return Some(Copay::NoCharge),
            K::NoChargeAfterDeductible => return Some(Copay::NoChargeAfterDeductible),
            K::Amount => (Per::Unit, Timing::Plain),
            K::AmountAfterDeductible => (Per::Unit, Timing::AfterDeductible),
            K::AmountBeforeDeductible => (Per::Unit, Timing::WithDeductible),
            K::PerStay => (Per::Stay, Timing::Plain),
            K::PerStayAfterDeductible => (Per::Stay, Timing::AfterDeductible),
            K::PerStayBeforeDeductible => (Per::Stay, Timing::WithDeductible),
            K::PerDay => (Per::Day, Timing::Plain),
            K::PerDayAfterDeductible => (Per::Day, Timing::AfterDeductible),
            K::PerDayBeforeDeductible => (Per::Day, Timing::WithDeductible),
        };
        Some(Copay::Amount { amount: Cents(self.amount), per, timing })
    }

    /// Its meaning as a coinsurance; `None` if its words were not understood.
    pub fn coinsurance(self) -> Option<Coinsurance> {
        let after_deductible = match self.kind {
            ShareKind::NotApplicable => return Some(Coinsurance::NotApplicable),
            ShareKind::NoCharge => return Some(Coinsurance::NoCharge),
            ShareKind::NoChargeAfterDeductible => return Some(Coinsurance::NoChargeAfterDeductible),
            ShareKind::Amount => false,
            ShareKind::AmountAfterDeductible => true,
            // Amounts per day or stay, or before the deductible, are copays.
            _ => return None,
        };
        Some(Coinsurance::Rate { basis_points: u16::try_from(self.amount).ok()?, after_deductible })
    }
}

impl From<Copay> for CostShare {
    fn from(copay: Copay) -> CostShare {
        use ShareKind as K;
        let (kind, amount) = match copay {
            Copay::NotApplicable => (K::NotApplicable, 0),
            Copay::NoCharge => (K::NoCharge, 0),
            Copay::NoChargeAfterDeductible => (K::NoChargeAfterDeductible, 0),
            Copay::Amount { amount, per, timing } => {
                let [plain, after, before] = match per {
                    Per::Unit => [K::Amount, K::AmountAfterDeductible, K::AmountBeforeDeductible],
                    Per::Stay => [K::PerStay, K::PerStayAfterDeductible, K::PerStayBeforeDeductible],
                    Per::Day => [K::PerDay, K::PerDayAfterDeductible, K::PerDayBeforeDeductible],
                };
                let kind = match timing {
                    Timing::Plain => plain,
                    Timing::AfterDeductible => after,
                    // Two wordings with the same meaning: stored as one.
                    Timing::BeforeDeductible | Timing::WithDeductible => before,
                };
                (kind, amount.0)
            }
        };
        CostShare { kind, amount }
    }
}

impl From<Coinsurance> for CostShare {
    fn from(coinsurance: Coinsurance) -> CostShare {
        let (kind, amount) = match coinsurance {
            Coinsurance::NotApplicable => (ShareKind::NotApplicable, 0),
            Coinsurance::NoCharge => (ShareKind::NoCharge, 0),
            Coinsurance::NoChargeAfterDeductible => (ShareKind::NoChargeAfterDeductible, 0),
            Coinsurance::Rate { basis_points, after_deductible } => match after_deductible {
                false => (ShareKind::Amount, i64::from(basis_points)),
                true => (ShareKind::AmountAfterDeductible, i64::from(basis_points)),
            },
        };
        CostShare { kind, amount }
    }
}

/// What a copay is paid for. Only hospital stays are billed by day or stay; elsewhere a unit is a visit, test or prescription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    Unit,
    Day,
    Stay,
}

/// How a copay relates to the deductible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// The deductible does not apply.
    Plain,
    AfterDeductible,
    /// The copay first; the rest of the bill counts toward the deductible.
    BeforeDeductible,
    /// "Copay with deductible", the newer wording of the same thing, missing from CMS's table.
    WithDeductible,
}

/// A filed copay, tier 1 in network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copay {
    NotApplicable,
    NoCharge,
    NoChargeAfterDeductible,
    Amount { amount: Cents, per: Per, timing: Timing },
}

/// A filed coinsurance, tier 1 in network; the rate in basis points (3000 = 30%).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coinsurance {
    NotApplicable,
    NoCharge,
    NoChargeAfterDeductible,
    Rate { basis_points: u16, after_deductible: bool },
}

impl Copay {
    /// Reads `Not Applicable`, `No Charge`, `$30.00`, `$500 Copay per Stay after deductible`, …; `None` for anything else.
    pub fn parse(text: &str) -> Option<Copay> {
        let text = text.trim().to_ascii_lowercase();
        match &text[..] {
            "not applicable" => return Some(Copay::NotApplicable),
            "no charge" => return Some(Copay::NoCharge),
            "no charge after deductible" => return Some(Copay::NoChargeAfterDeductible),
            _ => {}
        }
        let (amount, words) = text.split_once(' ').unwrap_or((&text, ""));
        let amount = Cents::parse(amount.strip_prefix('$')?)?;
        let words = words.trim().strip_prefix("copay").unwrap_or(words).trim();
        let (per, words) = match words.strip_prefix("per ") {
            None => (Per::Unit, words),
            Some(rest) if rest.starts_with("day") => (Per::Day, rest[3..].trim()),
            Some(rest) if rest.starts_with("stay") => (Per::Stay, rest[4..].trim()),
            Some(_) => return None,
        };
        let timing = match words {
            "" => Timing::Plain,
            "after deductible" => Timing::AfterDeductible,
            "before deductible" => Timing::BeforeDeductible,
            "with deductible" => Timing::WithDeductible,
            _ => return None,
        };
        Some(Copay::Amount { amount, per, timing })
    }
}

impl Coinsurance {
    /// Reads `Not Applicable`, `No Charge`, `30%`, `30.00% Coinsurance after deductible`, …; `None` for anything else
    /// and for rates above 100%.
    pub fn parse(text: &str) -> Option<Coinsurance> {
        let text = text.trim().to_ascii_lowercase();
        match &text[..] {
            "not applicable" => return Some(Coinsurance::NotApplicable),
            "no charge" => return Some(Coinsurance::NoCharge),
            "no charge after deductible" => return Some(Coinsurance::NoChargeAfterDeductible),
            _ => {}
        }
        let (rate, words) = text.split_once('%')?;
        // A percentage with two decimals looks like an amount of money, and its hundredths are basis points.
        let basis_points = u16::try_from(Cents::parse(rate)?.0).ok().filter(|bp| *bp <= 10_000)?;
        let words = words.trim();
        let after_deductible = match words.strip_prefix("coinsurance").unwrap_or(words).trim() {
            "" => false,
            "after deductible" => true,
            _ => return None,
        };
        Some(Coinsurance::Rate { basis_points, after_deductible })
    }
}

/// What is filed for one service on one side of the network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shares {
    /// `Some(false)`: not covered. `None`: not said.
    pub covered: Option<bool>,
    pub copay: Option<CostShare>,
    pub coinsurance: Option<CostShare>,
    /// The words as filed, shown if they are not understood.
    pub copay_filed: Option<String>,
    pub coinsurance_filed: Option<String>,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_form_that_insurers_file_is_understood_and_keeps_its_meaning_in_the_catalogue() {
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
            let copay = Copay::parse(words).unwrap_or_else(|| panic!("{words}"));
            assert_eq!(CostShare::from(copay), CostShare { kind, amount }, "{words}");
            // "Before" comes back as "with", its other wording.
            let back = CostShare { kind, amount }.copay().map(CostShare::from);
            assert_eq!(back, Some(CostShare { kind, amount }), "{words}");
        }
        let shares = [
            ("50.00%", ShareKind::Amount, 5_000),
            ("0.00% Coinsurance after deductible", ShareKind::AmountAfterDeductible, 0),
            ("12.5% Coinsurance after deductible", ShareKind::AmountAfterDeductible, 1_250),
            ("100.00%", ShareKind::Amount, 10_000),
            ("No Charge", ShareKind::NoCharge, 0),
        ];
        for (words, kind, amount) in shares {
            let rate = Coinsurance::parse(words).unwrap_or_else(|| panic!("{words}"));
            assert_eq!(CostShare::from(rate), CostShare { kind, amount }, "{words}");
            assert_eq!(CostShare { kind, amount }.coinsurance(), Some(rate), "{words}");
        }
    }

    #[test]
    fn words_nobody_knows_are_not_guessed_at() {
        for words in ["$40 sometimes", "forty", "$", "$-5", "$40.00 Copay per Week", "40", "20%", "$5 after"] {
            assert_eq!(Copay::parse(words), None, "{words}");
        }
        for words in ["$40.00", "120%", "%", "20", "20% of the rest"] {
            assert_eq!(Coinsurance::parse(words), None, "{words}");
        }
    }

    #[test]
    fn codes_come_back_and_only_those_that_are_used() {
        for kind in ShareKind::VARIANTS {
            assert_eq!(ShareKind::from_code(kind.code()), Some(*kind));
        }
        assert_eq!((ShareKind::from_code(13), CostShare::from_columns(None, Some(5))), (None, None));
        let unparsed = CostShare { kind: ShareKind::Unparsed, amount: 0 };
        assert_eq!((unparsed.copay(), unparsed.coinsurance()), (None, None));
    }
}
