//! Choosing a plan after an application: the shop with a household's own prices, and the pages up to the signature.

mod dental;
mod kinds;
pub mod people;
mod private;
mod second_thoughts;
mod stories;
