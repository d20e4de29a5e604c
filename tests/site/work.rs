//! Work that waits: every test on every engine.

mod commands;
mod kill;
mod letters;
pub mod queue;
