//! The office's store: every test on every engine.
//!
//! SQLite is always there. `WINDOWSHOP_TEST_POSTGRES` names PostgreSQL servers (`postgres://user@host:port/postgres`,
//! separated by spaces); tests/run starts two of them and sets it.

mod audit;
mod backup;
pub mod engines;
mod keys;
mod kill;
mod lint;
mod lost;
mod schema;
mod write;
