//! Work that waits: every test on every engine.

mod commands;
pub mod ends;
mod kill;
mod letters;
pub mod queue;
