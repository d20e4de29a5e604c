//! Account transfers with states' Medicaid and CHIP agencies: the published samples and what is left of them, stories on every
//! engine, hostile files, workers that die.

mod after;
mod hostile;
mod kill;
pub mod people;
mod samples;
mod stories;
mod walk;
