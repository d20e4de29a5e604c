//! What people read that a template cannot say alone: sentences made from a search, its costs, reasons and thresholds.

pub mod costs;
pub mod dates;
pub mod list;
pub mod plan;
pub mod reasons;
pub mod search;
pub mod thresholds;
