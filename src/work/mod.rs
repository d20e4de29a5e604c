//! Work that waits: jobs in the office's store, done after the answer, by workers that may die at any moment.
//!
//! A job is put down in the transaction of what it follows from (`queue`), and done by `worker`: inside `serve`, or as
//! `windowshop worker`. Whoever starts the workers says which kinds there are and who handles each. This room must never
//! know what an application or a plan is, keep a transaction open over a call to another server, or log a payload.

pub mod bounce;
pub mod counts;
pub mod desk;
pub mod held;
pub mod letters;
pub mod queue;
pub mod worker;

pub use queue::{Kind, NewJob, Repeats, enqueue, ring};
pub use worker::{Handler, Hands, Outcome, Workers};
