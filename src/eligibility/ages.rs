//! Ages in the law that the shop needs before the engine is asked: who is likely to file, who may be claimed, who can
//! have Medicare.
//!
//! Read from `dated_rules.csv`, so that no page has a number of its own. It must decide nothing.

use time::Date;

use super::tables::{NumberCode, Tables};

/// Whole years of age, on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeRules {
    /// 65: from this age people can have Medicare, most of them Part A without a premium (42 USC 426(a)).
    pub medicare_from: u8,
    /// 18: younger people do not file the household's return while an adult is on it.
    pub adult_from: u8,
    /// 19: from this age somebody is a dependent only by earning little, or as a student (26 USC 152(c)(3), (d)).
    pub qualifying_child_under: u8,
    /// 24: parents may claim a student under this age (26 USC 152(c)(3)(A)(ii)).
    pub student_child_under: u8,
    /// 14: younger children have no pay that could oblige them to file (29 CFR 570.2(a)).
    pub youngest_paid: u8,
}

impl AgeRules {
    /// The rules in force on a day; `None` if the tables do not cover it.
    pub fn on(tables: &Tables, day: Date) -> Option<AgeRules> {
        let age = |code| u8::try_from(tables.number(code, day)?.value).ok();
        Some(AgeRules {
            medicare_from: age(NumberCode::MedicareAge)?,
            adult_from: age(NumberCode::AdultFromAge)?,
            qualifying_child_under: age(NumberCode::QualifyingChildUnderAge)?,
            student_child_under: age(NumberCode::StudentChildUnderAge)?,
            youngest_paid: age(NumberCode::YoungestPaidAge)?,
        })
    }
}
