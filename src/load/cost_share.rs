//! Filed copays and coinsurance as the loader stores them: blank, understood (`filing::share`), or unknown words.
//!
//! Called by `load::benefits` and `synth`. It never guesses: words that are not known are an error, and the caller keeps
//! them as they are.

use crate::filing::share::{Coinsurance, Copay};
pub use crate::filing::share::{CostShare, ShareKind};

/// Words this release does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cost share that this release understands")]
pub struct UnknownWords;

/// Reads a copay; `amount` is cents. Blank is `Ok(None)`: nothing filed.
pub fn parse_copay(filed: &str) -> Result<Option<CostShare>, UnknownWords> {
    read(filed, |words| Copay::parse(words).map(CostShare::from))
}

/// Reads a coinsurance, the member's part of the bill; `amount` is basis points. Blank is `Ok(None)`.
pub fn parse_coinsurance(filed: &str) -> Result<Option<CostShare>, UnknownWords> {
    read(filed, |words| Coinsurance::parse(words).map(CostShare::from))
}

fn read(filed: &str, parse: impl Fn(&str) -> Option<CostShare>) -> Result<Option<CostShare>, UnknownWords> {
    match filed.trim() {
        "" => Ok(None),
        words => parse(words).map(Some).ok_or(UnknownWords),
    }
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
}
