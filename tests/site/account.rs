//! Accounts: who somebody is, and how they come back. Each story on every engine.

mod cookie;
mod guessing;
mod operator;
mod pending;
pub mod people;
pub mod planted;
mod renewal;
mod retention;
mod serving;
mod sessions;
mod state;
mod steps;
mod timing;
