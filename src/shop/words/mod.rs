//! What people read that a template cannot say by itself: sentences made from a search, its costs, reasons and
//! thresholds.
//!
//! Called by the pages of the shop. It must never decide or compute anything.

pub mod assumed;
pub mod costs;
pub mod dates;
pub mod list;
pub mod plan;
pub mod reasons;
pub mod search;
pub mod thresholds;
