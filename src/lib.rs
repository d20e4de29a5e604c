//! Windowshop: a health-plan marketplace. Browse first, sign up last.
//!
//! One crate, one binary. The rooms and what may call what are drawn in `docs/architecture.md`;
//! each room opens with a paragraph that says what it is for and what it must never do.

pub mod app;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod config;
pub mod costs;
pub mod eligibility;
pub mod enroll;
pub mod filing;
pub mod floor;
pub mod load;
pub mod quote;
pub mod rotate;
pub mod router;
pub mod serve;
pub mod shop;
pub mod telemetry;
pub mod text;
pub mod types;
pub mod web;

/// A page is made of some thousand small strings that all end with it: a fifth of its time went to the system's
/// allocator (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
