//! Yearly cost: pure functions from one plan variant's cost sharing and a household to a good, an average and a bad year.
//!
//! Called by search and plan pages and by `windowshop estimate`. It must never read files, clock or network,
//! recommend a plan, or show a number for a plan whose filings do not support one. `docs/costs.md` explains the model
//! and its limits.
//!
//! From the bottom up, each file using only those before it: `service`, `words`, `utilization`, `plan`; `person`, `kind`,
//! `lanes` (the household); `bills`, `engine` (the year, step by step); `fast` (the same without steps); `rules` (the
//! variant); `range`, `prepare`, `estimate`; `dominance`; `input`.

pub mod dominance;
pub mod estimate;
pub mod input;
pub mod member;
pub mod plan;
pub mod price_index;
pub mod range;
pub mod rules;
pub mod service;
pub mod utilization;
pub mod words;

mod bills;
mod engine;
mod fast;
mod kind;
mod lanes;
mod money;
mod prepare;

pub use estimate::{Estimate, estimate};
pub use member::{Member, Use};
pub use plan::{CostSharing, Share};
pub use prepare::Preparer;
pub use range::{Estimator, Range};
pub use rules::{DataNote, Gap, Rules, Size};
pub use service::Service;

/// Which rules to follow where filings are silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// CMS's program exactly, including its known faults.
    Cms,
    /// Ours: see `docs/costs.md` for each difference.
    Shop,
}
