//! Filed copays and coinsurance as the loader stores them: blank, understood (`filing::share`), or unknown words.
//!
//! Called by `load::benefits` and `synth`. It must never guess: unknown words are an error, and the caller keeps them
//! as they are.

use crate::filing::share::{Coinsurance, Copay};
pub use crate::filing::share::{CostShare, ShareKind};

/// Words this release does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cost share that this release understands")]
pub struct UnknownWords;

/// Parses a copay; `amount` is cents. Blank is `Ok(None)`: nothing filed.
pub fn parse_copay(filed: &str) -> Result<Option<CostShare>, UnknownWords> {
    read(filed, |words| Copay::parse(words).map(CostShare::from))
}

/// Parses a coinsurance, the member's part of the bill; `amount` is basis points. Blank is `Ok(None)`.
pub fn parse_coinsurance(filed: &str) -> Result<Option<CostShare>, UnknownWords> {
    read(filed, |words| Coinsurance::parse(words).map(CostShare::from))
}

fn read(filed: &str, parse: impl Fn(&str) -> Option<CostShare>) -> Result<Option<CostShare>, UnknownWords> {
    match filed.trim() {
        "" => Ok(None),
        words => parse(words).map(Some).ok_or(UnknownWords),
    }
}

/// What a copay and a coinsurance mean if the filing says separately that the deductible applies (`IsSubjToDedTier1`
/// of 2014 and 2015). If the words of either mention the deductible, they win: they are more precise. Otherwise what
/// is charged is charged after the deductible, and a benefit without a charge is free after it. "No Charge" next to a
/// charge is how those years wrote "not applicable", and stays.
pub fn subject_to_deductible(pair: [Option<CostShare>; 2]) -> [Option<CostShare>; 2] {
    use ShareKind::{Amount, AmountAfterDeductible, NoCharge, NoChargeAfterDeductible, NotApplicable, Unparsed};
    use ShareKind::{PerDay, PerDayAfterDeductible, PerStay, PerStayAfterDeductible};
    let plain = [Amount, NoCharge, PerDay, PerStay, NotApplicable, Unparsed];
    if pair.iter().flatten().any(|share| !plain.contains(&share.kind)) {
        return pair;
    }
    let charges = pair.iter().flatten().any(|share| share.amount > 0);
    pair.map(|share| {
        share.map(|share| {
            let kind = match share.kind {
                kind if charges && share.amount == 0 => kind,
                Amount => AmountAfterDeductible,
                PerDay => PerDayAfterDeductible,
                PerStay => PerStayAfterDeductible,
                NoCharge => NoChargeAfterDeductible,
                kind => kind,
            };
            CostShare { kind, ..share }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_nothing_filed_and_unknown_words_are_an_error() {
        assert_eq!((parse_copay(""), parse_coinsurance("  ")), (Ok(None), Ok(None)));
        assert_eq!(parse_copay("$40 sometimes"), Err(UnknownWords));
        assert_eq!(parse_coinsurance("20"), Err(UnknownWords));
        assert_eq!(parse_copay(" $40 "), Ok(Some(CostShare { kind: ShareKind::Amount, amount: 4_000 })));
    }

    #[test]
    fn a_deductible_filed_apart_is_added_where_the_words_say_nothing_of_it() {
        use ShareKind::*;
        let of = |copay: &str, coinsurance: &str| {
            let pair = [parse_copay(copay).unwrap(), parse_coinsurance(coinsurance).unwrap()];
            subject_to_deductible(pair).map(|share| share.map_or(Unparsed, |share| share.kind))
        };
        // The pairs of 2014 and 2015 marked "Yes", most frequent first.
        assert_eq!(of("No Charge", "20% Coinsurance after deductible"), [NoCharge, AmountAfterDeductible]);
        assert_eq!(of("$0", "0%"), [AmountAfterDeductible; 2]);
        assert_eq!(of("No Charge", "No Charge"), [NoChargeAfterDeductible; 2]);
        assert_eq!(of("$45", "No Charge"), [AmountAfterDeductible, NoCharge]);
        assert_eq!(of("$45", ""), [AmountAfterDeductible, Unparsed]);
        assert_eq!(of("No Charge", "20%"), [NoCharge, AmountAfterDeductible]);
        assert_eq!(of("$0", "20%"), [Amount, AmountAfterDeductible]);
        assert_eq!(of("$500 Copay per Day", "No Charge"), [PerDayAfterDeductible, NoCharge]);
        assert_eq!(of("$45 Copay before deductible", "0%"), [AmountBeforeDeductible, Amount]);
        assert_eq!(of("$45", "20% Coinsurance after deductible"), [Amount, AmountAfterDeductible]);
    }
}
