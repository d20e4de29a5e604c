//! Why a quote failed although the question was fine: always our fault, never the visitor's.
//!
//! Returned by `settle` and `market`; pages turn it into an error page. Its text must never reach a person.

use crate::eligibility::FieldError;

/// What went wrong while pricing. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum QuoteError {
    /// The engine refused a household that our own parsing had accepted.
    #[error("the eligibility engine refused {0}")]
    Refused(String),
    #[error("the tables of rules do not say how people are rated in {0}: see data/rules/dated_rules.csv")]
    NoRules(u16),
    #[error("the catalogue did not answer")]
    Catalogue(#[from] sqlx::Error),
    #[error("the search and its reader disagree about the form of an answer")]
    Unreadable,
}

impl QuoteError {
    /// The engine's refusal, listing the fields it names.
    pub fn refused(faults: Vec<FieldError>) -> QuoteError {
        let paths: Vec<String> = faults.into_iter().map(|fault| fault.path).collect();
        QuoteError::Refused(paths.join(", "))
    }
}
