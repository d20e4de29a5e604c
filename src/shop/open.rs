//! How every page of a search opens: the address is settled, or something is asked, or the way leads elsewhere.
//!
//! Called by every file of this room that answers an address. It prices nothing.

use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::quote::QuoteError;
use crate::quote::ask::address::Asked;
use crate::quote::settle::{self, Settled, Settlement};
use crate::web::error::Failure;
use crate::web::page::{CachePolicy, Cx};

/// [`settle::settle`] with what the request knows: its catalogues, the rules, the day.
pub fn settle(cx: &Cx, asked: &mut Asked) -> Result<Settled, Failure> {
    Ok(settle::settle(&cx.catalogues, &cx.app.tables, cx.today(), asked)?)
}

pub fn catalogue_for(cx: &Cx, asked: &mut Asked) -> Arc<Catalogue> {
    settle::catalogue_for(&cx.catalogues, asked)
}

/// Who may keep a page of this search. An address with an income, a sex or expected care is for its own browser
/// only; and what help there is can change from one day to the next.
pub fn policy(cx: &Cx, settled: &Settlement) -> CachePolicy {
    match &settled.help {
        None if !settled.search.household.says_care() => CachePolicy::of(&settled.catalogue),
        None => CachePolicy::Own { version: settled.catalogue.version.clone() },
        Some(_) => CachePolicy::Own { version: format!("{}+{}", settled.catalogue.version, cx.today()) },
    }
}

impl From<QuoteError> for Failure {
    fn from(error: QuoteError) -> Failure {
        match error {
            QuoteError::Catalogue(error) => error.into(),
            ours => Failure::internal(ours),
        }
    }
}
