//! Where people of each state apply for Medicaid and CHIP: `data/rules/medicaid_agencies.csv`.
//!
//! A blank is not known, and said so; nothing is decided from this table.

use serde::Deserialize;

use super::super::state::State;
use super::read::{self, TableFault};

const FILE: &str = "medicaid_agencies";

#[derive(Debug, Clone, Deserialize)]
pub struct MedicaidAgency {
    pub state: String,
    /// What the state calls Medicaid.
    pub programme: String,
    /// What it calls CHIP, or Medicaid for children where it has no separate programme.
    pub chip_programme: String,
    pub agency: String,
    pub url: String,
    pub phone: String,
}

#[derive(Debug, Default)]
pub struct Agencies(Vec<MedicaidAgency>);

impl Agencies {
    /// # Errors
    /// Every row that cannot be read.
    pub fn load() -> Result<Agencies, Vec<TableFault>> {
        let mut faults = Vec::new();
        let rows = read::rows(FILE, include_str!("../../../data/rules/medicaid_agencies.csv"), &mut faults);
        if faults.is_empty() { Ok(Agencies(rows.into_iter().map(|row| row.data).collect())) } else { Err(faults) }
    }

    pub fn of(&self, state: State) -> Option<&MedicaidAgency> {
        self.0.iter().find(|agency| agency.state == state.code())
    }
}
