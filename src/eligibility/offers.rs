//! What is offered to a household: coverage and money from a job, and the plans to find its benchmark among.
//!
//! Part of `household`; `coverage` judges jobs' offers, `benchmark` ranks plans. It must never judge an offer itself.

use serde::Deserialize;
use time::Date;

use super::dollars::{maybe_each_money, money, some_money};
use super::household::yes;
use super::pay::Frequency;
use super::tables::day;
use crate::types::Cents;

fn monthly() -> Frequency {
    Frequency::Monthly
}

/// What a job offers: the questions of the Employer Coverage Tool.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmployerOffer {
    /// ID of the employee; `someone_else` if not in the list.
    pub employee: String,
    /// IDs of the people who could join, including the employee.
    pub covers: Vec<String>,
    /// IDs of those who have joined.
    #[serde(default)]
    pub enrolled: Vec<String>,
    /// Lowest-cost minimum-value plan for the employee alone.
    #[serde(default, deserialize_with = "some_money")]
    pub self_only_premium: Option<Cents>,
    /// Lowest-cost minimum-value plan for everyone the offer covers.
    #[serde(default, deserialize_with = "some_money")]
    pub family_premium: Option<Cents>,
    #[serde(default = "monthly")]
    pub premium_frequency: Frequency,
    /// First day of the job, or the day on which the waiting period starts.
    #[serde(default, with = "day::option")]
    pub starts: Option<Date>,
    /// Days of waiting before coverage can begin.
    #[serde(default)]
    pub waiting_days: u16,
    /// Last day of the offer.
    #[serde(default, with = "day::option")]
    pub ends: Option<Date>,
    #[serde(default = "yes")]
    pub minimum_value: bool,
    /// Default: as for the employee.
    #[serde(default)]
    pub family_minimum_value: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HraKind {
    Ichra,
    Qsehra,
}

/// Money from an employer for individual coverage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HraOffer {
    pub kind: HraKind,
    pub employee: String,
    /// IDs of the people it pays for, including the employee.
    pub covers: Vec<String>,
    /// Maximum monthly payment for the employee alone.
    #[serde(deserialize_with = "money")]
    pub self_only_monthly: Cents,
    /// Maximum monthly payment for the family (QSEHRA: reduces the credit). Default: the self-only amount.
    #[serde(default, deserialize_with = "some_money")]
    pub family_monthly: Option<Cents>,
    /// Whether the offer was accepted (individual-coverage HRA).
    #[serde(default)]
    pub accepted: bool,
    /// Monthly premium of the lowest-cost silver plan for the employee alone; for a QSEHRA of the second-lowest
    /// (26 USC 36B(c)(4)(C)(i)(I)).
    #[serde(deserialize_with = "money")]
    pub lowest_silver_self_only_monthly: Cents,
}

/// A silver plan with one premium per person in the list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilverPlanOffer {
    pub plan_id: String,
    /// Monthly premium of each person, in the order of `people`: essential health benefits only, without tobacco
    /// surcharge, before the three-children rule. `null`: the plan is not sold where that person lives.
    #[serde(deserialize_with = "maybe_each_money")]
    pub member_premiums: Vec<Option<Cents>>,
    #[serde(default = "yes")]
    pub pediatric_dental: bool,
}

/// A stand-alone dental plan: the pediatric part of each person's premium, in the order of `people`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DentalPlanOffer {
    pub plan_id: String,
    #[serde(deserialize_with = "maybe_each_money")]
    pub member_premiums: Vec<Option<Cents>>,
}
