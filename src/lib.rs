//! Windowshop: a health-plan marketplace. Browse first, sign up last.
//!
//! One crate, one binary. `docs/architecture.md` lists the rooms and what each may import; each room opens with a
//! paragraph that says what it is for and what it must never do.

// Templates name their escaper by the same path here and in the tests (askama.toml).
extern crate self as windowshop;

pub mod account;
pub mod app;
pub mod application;
pub mod apply;
pub mod carrier;
pub mod catalogue;
pub mod check;
pub mod choose;
pub mod cli;
pub mod config;
pub mod costs;
pub mod coverage;
pub mod desk;
pub mod documents;
pub mod eligibility;
pub mod enroll;
pub mod enrollment;
pub mod filing;
pub mod floor;
pub mod hub;
pub mod hub_sim;
pub mod insurer;
pub mod load;
pub mod mail;
pub mod office;
pub mod operator;
pub mod proof;
pub mod quote;
pub mod rotate;
pub mod router;
pub mod sealing;
pub mod serve;
pub mod shop;
pub mod staff;
pub mod store;
pub mod surge;
pub mod telemetry;
pub mod text;
pub mod transfer;
pub mod types;
pub mod verify;
pub mod web;
pub mod work;
pub mod x834;

/// A page is built from several thousand small strings that are freed together: the system's allocator took a fifth
/// of the time (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
