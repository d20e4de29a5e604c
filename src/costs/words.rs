//! What each pair of a filed copay and a filed coinsurance does to a bill. `filing::share` parses their words.
//!
//! Called by `rules` and `dominance` for the pairs that `plan` holds. It must never read an unknown pair as free. The
//! behavior follows the copay and coinsurance table of CMS's out-of-pocket model (CMSgov/oopc-calculations, CC0).

pub use crate::filing::share::{Coinsurance, Copay, Per, Timing};

/// What a pair of words does: which of the two amounts is paid, and how the deductible comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behavior {
    pub copay: bool,
    pub coinsurance: bool,
    pub deductible: bool,
    /// The share is paid on top of the deductible from the first bill on.
    pub before: bool,
}

/// What the pair does. `known` is false if CMS's table has no row for the pair: its program stops there, ours applies
/// the general rule.
pub fn behavior(copay: Copay, coinsurance: Coinsurance) -> (Behavior, bool) {
    use Coinsurance as R;
    use Timing::{BeforeDeductible as Before, Plain, WithDeductible as With};
    let (copay, with) = match copay {
        Copay::Amount { amount, per, timing: With } => (Copay::Amount { amount, per, timing: Before }, true),
        other => (other, false),
    };
    let timing = match copay {
        Copay::Amount { timing, .. } => Some(timing),
        _ => None,
    };
    let rate = matches!(coinsurance, R::Rate { .. });
    let general = Behavior {
        copay: timing.is_some(),
        coinsurance: rate,
        deductible: timing.is_some_and(|t| t != Plain)
            || copay == Copay::NoChargeAfterDeductible
            || coinsurance == R::NoChargeAfterDeductible
            || matches!(coinsurance, R::Rate { after_deductible: true, .. }),
        before: timing == Some(Before) && !rate,
    };
    let Copay::Amount { per, .. } = copay else { return (general, true) };
    let ruled = match (per, timing, coinsurance) {
        // Five rows of the table do not follow the general rule and are listed as they are.
        (Per::Unit, Some(Before), R::Rate { .. })
        | (Per::Day, Some(Before), R::Rate { after_deductible: true, .. }) => Behavior { copay: false, ..general },
        (Per::Stay, Some(Plain), R::Rate { after_deductible: false, .. }) => {
            Behavior { coinsurance: false, deductible: true, ..general }
        }
        (Per::Day, Some(Before), R::NotApplicable) => Behavior { before: false, ..general },
        _ => general,
    };
    let plain_rate = matches!(coinsurance, R::Rate { after_deductible: false, .. });
    let absent = match (per, timing) {
        (Per::Unit, _) | (_, Some(Plain) | None) => false,
        (Per::Stay, Some(Timing::AfterDeductible)) => plain_rate,
        (Per::Day | Per::Stay, _) => plain_rate || coinsurance == R::NoCharge,
    };
    (ruled, !absent && !with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Cents;

    fn read(copay: &str, coinsurance: &str) -> (Copay, Coinsurance) {
        // In CMS's table an empty word means a plain amount.
        let copay = match copay {
            "" => "$30.00".to_string(),
            words if words.starts_with("Copay") => format!("$30.00 {words}"),
            words => words.to_string(),
        };
        let coinsurance = match coinsurance {
            "" => "20.00%".to_string(),
            "Coinsurance after deductible" => "20.00% Coinsurance after deductible".to_string(),
            words => words.to_string(),
        };
        (Copay::parse(&copay).unwrap(), Coinsurance::parse(&coinsurance).unwrap())
    }

    /// All rows of the copay and coinsurance table of CMS's program: copay words, coinsurance words, then copay paid,
    /// coinsurance paid, subject to the deductible, applied before it.
    const TABLE: &str = "\
        No Charge|No Charge|----;No Charge|Not Applicable|----;Not Applicable|No Charge|----;\
        Not Applicable|Not Applicable|----;No Charge|No Charge after deductible|--d-;\
        No Charge after deductible|No Charge|--d-;No Charge after deductible|No Charge after deductible|--d-;\
        No Charge after deductible|Not Applicable|--d-;Not Applicable|No Charge after deductible|--d-;\
        No Charge||-r--;Not Applicable||-r--;Copay before deductible||-rd-;\
        Copay before deductible|Coinsurance after deductible|-rd-;No Charge|Coinsurance after deductible|-rd-;\
        No Charge after deductible|Coinsurance after deductible|-rd-;No Charge after deductible||-rd-;\
        Not Applicable|Coinsurance after deductible|-rd-;|No Charge|c---;|Not Applicable|c---;\
        Copay after deductible|No Charge|c-d-;Copay after deductible|No Charge after deductible|c-d-;\
        Copay after deductible|Not Applicable|c-d-;|No Charge after deductible|c-d-;\
        Copay before deductible|No Charge|c-db;Copay before deductible|No Charge after deductible|c-db;\
        Copay before deductible|Not Applicable|c-db;||cr--;\
        Copay after deductible|Coinsurance after deductible|crd-;Copay after deductible||crd-;\
        |Coinsurance after deductible|crd-;Copay per Day||cr--;Copay per Day|No Charge|c---;\
        Copay per Day|Not Applicable|c---;Copay per Day|Coinsurance after deductible|crd-;\
        Copay per Day|No Charge after deductible|c-d-;\
        Copay per Day after deductible|No Charge after deductible|c-d-;\
        Copay per Day after deductible|Not Applicable|c-d-;\
        Copay per Day after deductible|Coinsurance after deductible|crd-;Copay per Stay||c-d-;\
        Copay per Stay|No Charge|c---;Copay per Stay|Not Applicable|c---;\
        Copay per Stay|No Charge after deductible|c-d-;Copay per Stay|Coinsurance after deductible|crd-;\
        Copay per Stay after deductible|No Charge|c-d-;\
        Copay per Stay after deductible|No Charge after deductible|c-d-;\
        Copay per Stay after deductible|Not Applicable|c-d-;\
        Copay per Stay before deductible|No Charge after deductible|c-db;\
        Copay per Stay before deductible|Not Applicable|c-db;\
        Copay per Stay after deductible|Coinsurance after deductible|crd-;\
        Copay per Stay before deductible|Coinsurance after deductible|crd-;\
        Copay per Day before deductible|Coinsurance after deductible|-rd-;\
        Copay per Day before deductible|No Charge after deductible|c-db;\
        Copay per Day before deductible|Not Applicable|c-d-";

    const COPAYS: [&str; 12] = [
        "Not Applicable",
        "No Charge",
        "No Charge after deductible",
        "",
        "Copay after deductible",
        "Copay before deductible",
        "Copay per Day",
        "Copay per Day after deductible",
        "Copay per Day before deductible",
        "Copay per Stay",
        "Copay per Stay after deductible",
        "Copay per Stay before deductible",
    ];
    const RATES: [&str; 5] =
        ["Not Applicable", "No Charge", "No Charge after deductible", "", "Coinsurance after deductible"];

    #[test]
    fn every_pair_does_what_the_table_of_cms_says_and_only_those_pairs_are_known() {
        let mut rows = 0;
        for copay in COPAYS {
            for rate in RATES {
                let (found, known) = {
                    let (c, r) = read(copay, rate);
                    behavior(c, r)
                };
                let row = TABLE.split(';').find_map(|row| row.strip_prefix(&format!("{copay}|{rate}|")[..]));
                assert_eq!(known, row.is_some(), "{copay}..{rate}");
                let Some(row) = row else { continue };
                rows += 1;
                let flags =
                    [(found.copay, 'c'), (found.coinsurance, 'r'), (found.deductible, 'd'), (found.before, 'b')];
                let written: String = flags.iter().map(|(on, c)| if *on { *c } else { '-' }).collect();
                assert_eq!(written, row, "{copay}..{rate}");
            }
        }
        assert_eq!(rows, TABLE.split(';').count());
    }

    #[test]
    fn copay_with_deductible_is_copay_before_deductible_but_unknown_to_cms() {
        let (with, none) = read("Copay with deductible", "Not Applicable");
        let (before, _) = read("Copay before deductible", "Not Applicable");
        assert_eq!(behavior(with, none), (behavior(before, none).0, false));
    }

    #[test]
    fn unknown_words_and_impossible_amounts_are_refused() {
        for bad in ["", "30", "$", "$-5", "$30 Copay after lunch", "$30 per Year", "é", "$1.234"] {
            assert_eq!(Copay::parse(bad), None, "{bad}");
        }
        for bad in ["", "30", "130%", "-5%", "30% Coinsurance before noon", "30.123%"] {
            assert_eq!(Coinsurance::parse(bad), None, "{bad}");
        }
        assert_eq!(
            Copay::parse(" $1,200.50 Copay per Stay with deductible"),
            Some(Copay::Amount { amount: Cents(120_050), per: Per::Stay, timing: Timing::WithDeductible })
        );
        assert_eq!(
            Coinsurance::parse("12.5%"),
            Some(Coinsurance::Rate { basis_points: 1250, after_deductible: false })
        );
    }
}
