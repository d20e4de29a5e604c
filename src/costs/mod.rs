//! Yearly cost: pure functions from one plan variant's cost sharing and a household to a good, an average and a bad year.
//!
//! Called by search and plan pages and by `windowshop estimate`. It must never read files, clock or network, recommend a
//! plan, or show a number for a plan whose filings do not carry one. `docs/costs.md` explains the model and its limits.

pub mod command;
pub mod dominance;
pub mod estimate;
pub mod household;
pub mod inflation;
pub mod input;
pub mod plan;
pub mod range;
pub mod rules;
pub mod service;
pub mod utilization;
pub mod words;

mod alone;
mod engine;
mod kind;
mod money;
mod quick;
mod sums;

pub use alone::Preparer;
pub use estimate::{Estimate, estimate};
pub use household::{Person, Use};
pub use plan::{CostSharing, Share};
pub use range::{Estimator, Range};
pub use rules::{Gap, Model, Note, Rules, Size};
pub use service::Service;
