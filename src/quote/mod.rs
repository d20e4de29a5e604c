//! A household's plans and their prices: what an address asks for, who may buy, on what terms, at what premium.
//!
//! Called by the shop's pages; an API and the application will call the same functions, so a household has the same
//! price everywhere. It reads the immutable catalogue and the dated tables and nothing else. It must never know about
//! HTTP, a page's context or the words people read: faults are typed, and the only text it returns is message keys.
//!
//! In order: `ask` (what is asked, as typed) → `settle` (place, household, help) → `market` (the one SQL builder,
//! then premium, credit and counts) → `yearly` (what a year may cost).

pub mod ask;
pub mod error;
pub mod filters;
pub mod fixed;
pub mod market;
pub mod offer;
pub mod only;
pub mod policy;
pub mod settle;
pub mod yearly;

pub use crate::catalogue::plan_record;
pub use error::QuoteError;
