//! Rows about marketplaces, agencies and the calendar: who runs what, and when people can enroll.
//!
//! Read by `tables::read`, served by `Tables`. Nothing here decides anything.

use serde::{Deserialize, Serialize};
use time::Date;

use super::super::rounding::CreditRounding;
use super::super::state::State;
use super::rows::{Citation, Status, day};

/// Who runs a state's marketplace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MarketplaceKind {
    #[serde(rename = "ffm")]
    Ffm,
    #[serde(rename = "sbm-fp")]
    SbmFp,
    #[serde(rename = "sbm")]
    Sbm,
}

/// The computer that takes the application and rounds the credit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    Federal,
    State,
}

impl MarketplaceKind {
    pub fn platform(self) -> Platform {
        match self {
            MarketplaceKind::Ffm | MarketplaceKind::SbmFp => Platform::Federal,
            MarketplaceKind::Sbm => Platform::State,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Marketplace {
    pub state: State,
    pub plan_year_from: i32,
    pub plan_year_to: Option<i32>,
    pub kind: MarketplaceKind,
    pub name: String,
    pub url: String,
    pub phone: String,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Rounding {
    pub platform: Platform,
    pub plan_year_from: i32,
    pub plan_year_to: Option<i32>,
    pub credit_rounding: CreditRounding,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Deserialize)]
pub struct EnrollmentSpan {
    pub plan_year: i32,
    /// `federal`, `state`, or the postal code of a state with its own dates.
    pub marketplace: String,
    #[serde(with = "day")]
    pub selected_from: Date,
    #[serde(with = "day")]
    pub selected_to: Date,
    #[serde(with = "day")]
    pub coverage_start: Date,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageStart {
    AfterLoss,
    NextMonth,
    EventDay,
    HraStart,
    AsFits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriorCoverage {
    No,
    Person,
    OneSpouse,
}

#[derive(Debug, Clone, Deserialize)]
pub struct SepKind {
    pub code: String,
    pub days_before: Option<i64>,
    pub days_after: Option<i64>,
    pub coverage_start: CoverageStart,
    pub prior_coverage: PriorCoverage,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day::option")]
    pub to: Option<Date>,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Change {
    pub plan_year: i32,
    pub message_key: String,
    #[serde(with = "day")]
    pub from: Date,
    #[serde(with = "day::option")]
    pub to: Option<Date>,
    pub citation: Citation,
    pub status: Status,
}

/// Where people of a state or territory apply for Medicaid and CHIP. A blank is not known.
#[derive(Debug, Clone, Deserialize)]
pub struct MedicaidAgency {
    /// Postal code; territories too.
    pub state: String,
    pub program: String,
    /// Medicaid of children and pregnant people, where it has another name; blank: the same.
    pub child_program: String,
    pub chip_program: String,
    pub agency: String,
    pub url: String,
    pub phone: String,
    pub citation: Citation,
    pub status: Status,
}
