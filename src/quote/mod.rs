//! A household's plans and their prices: what an address asks for, who may buy, on what terms, at what premium.
//!
//! Called by the shop's pages; an API and the application ask the same functions, so that one household has one price
//! everywhere. It reads the immutable catalogue and the dated tables and nothing else. It must never know of HTTP, of a
//! page's context or of words that people read: faults are typed, and message keys are all it says.
//!
//! In order: `ask` (what is asked, as typed) → `settle` (place, household, help) → `market` (the one SQL builder, then
//! premium, credit and counts) → `yearly` (what a year may cost).

pub mod ask;
pub mod error;
pub mod filters;
pub mod market;
pub mod offer;
pub mod plan_record;
pub mod policy;
pub mod settle;
pub mod yearly;

pub use error::QuoteError;
