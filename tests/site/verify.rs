//! What is checked after an application was sent: stories on every engine, with the hub played by a process of its own.

mod amend;
mod away;
mod change;
mod clock;
mod kill;
mod renew;
mod stories;
pub mod world;
