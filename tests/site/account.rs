//! Accounts: who somebody is, and how they come back. Each story on every engine.

mod cookie;
mod guessing;
mod operator;
mod pending;
pub mod people;
mod planted;
mod retention;
mod serving;
mod sessions;
mod steps;
mod timing;
