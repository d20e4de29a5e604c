//! Rows about income and tax returns: what counts, who must file, and how far deductions and losses go.
//!
//! Read by `tables::read`, served by `Tables`. A row must never decide anything.

use serde::{Deserialize, Serialize};

use super::super::rounding::Pct;
use super::rows::{Citation, Status, optional_dollars, optional_pct, whole_dollars, yes_no};
use crate::types::Cents;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncomeNature {
    Earned,
    Unearned,
    Deduction,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountsForMedicaid {
    Yes,
    No,
    Month,
}

#[derive(Debug, Clone, Deserialize)]
pub struct IncomeKind {
    pub kind: String,
    pub nature: IncomeNature,
    #[serde(deserialize_with = "yes_no")]
    pub counts_for_credit: bool,
    pub counts_for_medicaid: CountsForMedicaid,
    #[serde(deserialize_with = "yes_no")]
    pub counts_for_filing: bool,
    /// A net loss may be said.
    #[serde(deserialize_with = "yes_no")]
    pub may_be_loss: bool,
    pub citation: Citation,
    pub status: Status,
}

#[derive(Debug, Clone, Deserialize)]
pub struct FilingThreshold {
    pub plan_year: i32,
    pub tax_year: i32,
    #[serde(deserialize_with = "whole_dollars")]
    pub earned_over: Cents,
    #[serde(deserialize_with = "whole_dollars")]
    pub unearned_over: Cents,
    #[serde(deserialize_with = "whole_dollars")]
    pub earned_cap: Cents,
    #[serde(deserialize_with = "whole_dollars")]
    pub earned_plus: Cents,
    /// More for people of 65 or older.
    #[serde(deserialize_with = "whole_dollars")]
    pub aged_more: Cents,
    /// Gross income from which a single person whom nobody claims must file.
    #[serde(deserialize_with = "whole_dollars")]
    pub alone_from: Cents,
    /// Gross income below which a relative can be claimed who is no qualifying child.
    #[serde(deserialize_with = "whole_dollars")]
    pub relative_under: Cents,
    pub citation: Citation,
    pub status: Status,
}

/// Whether a limit is for each person or for each return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    Person,
    Return,
}

/// What a deduction can never be above.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    Pay,
    SelfEmployment,
    /// Profit minus the deduction for self-employment tax.
    SelfEmploymentNet,
}

/// The most that a deduction can take off income in a year.
#[derive(Debug, Clone, Deserialize)]
pub struct DeductionLimit {
    pub kind: String,
    pub plan_year_from: i32,
    pub plan_year_to: Option<i32>,
    pub per: Per,
    #[serde(deserialize_with = "optional_dollars")]
    pub amount: Option<Cents>,
    #[serde(deserialize_with = "optional_dollars")]
    pub family_amount: Option<Cents>,
    pub catch_up_age: Option<u8>,
    #[serde(deserialize_with = "optional_dollars")]
    pub catch_up: Option<Cents>,
    pub of: Option<Base>,
    #[serde(deserialize_with = "optional_pct")]
    pub percent_of: Option<Pct>,
    #[serde(deserialize_with = "optional_dollars")]
    pub phase_out_from: Option<Cents>,
    #[serde(deserialize_with = "optional_dollars")]
    pub phase_out_to: Option<Cents>,
    #[serde(deserialize_with = "optional_dollars")]
    pub joint_phase_out_from: Option<Cents>,
    #[serde(deserialize_with = "optional_dollars")]
    pub joint_phase_out_to: Option<Cents>,
    /// Married people who file apart may take it.
    #[serde(deserialize_with = "yes_no")]
    pub separate: bool,
    /// People claimed by somebody else may take it.
    #[serde(deserialize_with = "yes_no")]
    pub dependent: bool,
    /// People enrolled in Medicare may take it.
    #[serde(deserialize_with = "yes_no")]
    pub medicare: bool,
    /// Kinds that the income of the phase-out does not hold, between spaces.
    pub income_without: String,
    pub citation: Citation,
    pub status: Status,
}

/// Whose pension plan at work shrinks a retirement contribution, and on which return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanAtWork {
    Alone,
    Joint,
    Separate,
    /// Only the spouse on a joint return has one.
    Spouse,
}

/// Where a pension plan at work shrinks the deduction for a retirement contribution.
#[derive(Debug, Clone, Deserialize)]
pub struct WorkplacePlanLimit {
    pub plan_year_from: i32,
    pub plan_year_to: Option<i32>,
    pub who: PlanAtWork,
    #[serde(deserialize_with = "whole_dollars")]
    pub phase_out_from: Cents,
    #[serde(deserialize_with = "whole_dollars")]
    pub phase_out_to: Cents,
    /// What is left, if anything is.
    #[serde(deserialize_with = "whole_dollars")]
    pub at_least: Cents,
    pub citation: Citation,
    pub status: Status,
}

/// How far losses of some kinds can take other income down in a year.
#[derive(Debug, Clone, Deserialize)]
pub struct LossLimit {
    pub group: String,
    /// The kinds netted together, between spaces.
    pub kinds: String,
    pub plan_year_from: i32,
    pub plan_year_to: Option<i32>,
    #[serde(deserialize_with = "whole_dollars")]
    pub amount: Cents,
    #[serde(deserialize_with = "whole_dollars")]
    pub joint_amount: Cents,
    #[serde(deserialize_with = "whole_dollars")]
    pub separate_amount: Cents,
    #[serde(deserialize_with = "optional_dollars")]
    pub phase_out_from: Option<Cents>,
    #[serde(deserialize_with = "optional_dollars")]
    pub phase_out_to: Option<Cents>,
    /// Kinds that the income of the phase-out does not hold, between spaces.
    pub income_without: String,
    pub citation: Citation,
    pub status: Status,
}
