//! From a result to coverage: exact prices, days, what is signed and what is frozen, with real applications, the real engine
//! and the shipped sample.

mod dates;
mod dental;
mod leaving;
mod prices;
mod signing;
mod special;
mod stories;
pub mod world;
