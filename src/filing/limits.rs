//! The four codes that identify a deductible or maximum: `cost_limit.kind`, `scope`, `network`, `who` of the
//! catalogue.
//!
//! Written by `load`, read by `catalogue` and the plan's record; a test checks them against the catalogue's code
//! tables.

pub const DEDUCTIBLE: u8 = 1;
/// Maximum out-of-pocket: the most a person pays in a year.
pub const MOOP: u8 = 2;

pub const MEDICAL: u8 = 1;
pub const DRUG: u8 = 2;
/// Medical and drug combined.
pub const COMBINED: u8 = 3;

pub const TIER1: u8 = 1;
pub const TIER2: u8 = 2;
pub const OUT: u8 = 3;
pub const IN_AND_OUT: u8 = 4;

pub const INDIVIDUAL: u8 = 1;
pub const FAMILY_PER_PERSON: u8 = 2;
pub const FAMILY_PER_GROUP: u8 = 3;
