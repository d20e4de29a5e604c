//! What the list says about likely yearly costs, apart from the amounts themselves.
//!
//! Called by `plans`. It must never estimate anything: `quote::yearly` does.

use crate::quote::ask::address::Search;
use crate::quote::market::tally::Tally;
use crate::shop::links::Links;
use crate::shop::words::search as words;
use crate::types::Cents;
use crate::web::page::Cx;

/// What is said about yearly costs.
pub struct YearlyPart {
    /// The care that the estimates assume.
    pub taken: String,
    /// Where more can be said; `None` if the office knows the household.
    pub care: Option<String>,
    /// The same list without care and sex; with an income, the help's own link drops these too.
    pub without: Option<String>,
    /// The upper end of the drawings' scale.
    pub scale: Cents,
    /// Words and address of the switch for notes on plans that another one matches or beats.
    pub dominated: (String, String),
}

impl YearlyPart {
    pub fn new(cx: &Cx, links: &Links, tally: &Tally) -> YearlyPart {
        let search = links.search;
        let key = if search.dominated_notes { "better.hide" } else { "better.show" };
        let turned = links.list(|wishes| wishes.dominated_notes = !wishes.dominated_notes);
        YearlyPart {
            taken: words::expected(cx, search),
            without: (search.finances.is_none() && !search.known && search.household.says_private())
                .then(|| cx.href(&format!("/plans?{}", search.with(Search::forget_private)))),
            care: (!search.known).then(|| links.all_at("/care")),
            scale: tally.year_scale(),
            dominated: (cx.t(key).to_string(), turned),
        }
    }
}
