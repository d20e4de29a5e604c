//! The shop: its pages on the real loader's catalogue of the shipped sample.
//!
//! The facts about the sample (which counties, how many plans) are CMS's, not ours: see data/README.md.

mod benchmark;
mod care;
mod counting;
mod enroll;
mod families;
mod how;
mod opening;
mod pages;
mod prices;
mod sealed;
mod state_run;
mod yearly;
