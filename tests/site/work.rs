//! Work that waits: every test on every engine.

mod queue;
