//! The desk as an operator's people use it: signing in, deciding, and who sees what; each story on every engine.

mod appeals;
mod decisions;
mod event_proof;
mod fences;
pub mod people;
mod signs;
