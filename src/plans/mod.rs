//! The shop: anyone sees the real plans of a county at real prices, with nothing but an address.
//!
//! Called by the public routes only. It reads the immutable catalogue and nothing else: never a cookie, a
//! session, the store, or a clock that changes the answer. All state is in the URL (docs/addresses.md).
//!
//! An answer is made in this order: `address` (what is asked) → `search` (settle place and household) →
//! `query` (the one SQL builder) → `tally` (count, order) → `view` (one plan with its price) → a template.

pub mod address;
pub mod ask;
pub mod calendar;
pub mod care;
pub mod codes;
pub mod compare;
pub mod cost_words;
pub mod detail;
pub mod download;
pub mod elsewhere;
pub mod enroll;
pub mod facets;
pub mod facts;
pub mod filters;
pub mod finances;
pub mod household;
pub mod how;
pub mod income;
pub mod links;
pub mod panel;
pub mod person_rows;
pub mod premium;
pub mod query;
pub mod reason_words;
pub mod savings;
pub mod search;
pub mod sections;
pub mod shares;
pub mod tally;
pub mod threshold_words;
pub mod view;
pub mod words;
pub mod year_sum;
pub mod yearly;
