//! What `determine` answers: outcomes per person and per tax household, each with its reasons.
//!
//! Made by `determine`; plain data for pages, CSV and JSON (schema: docs/determine.md). It must never compute
//! anything.

use serde::Serialize;
use time::Date;

use super::assumptions::Assumption;
use super::csr::Choices;
use super::reasons::Reason;
use super::rounding::{CreditRounding, Pct, Ratio};
use super::state::State;
use super::tables::{CsrLevel, MarketplaceKind};
use crate::types::Cents;

/// Dollars as a JSON number.
fn dollars<S: serde::Serializer>(amount: &Cents, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(amount.0 as f64 / 100.0)
}

fn some_dollars<S: serde::Serializer>(amount: &Option<Cents>, to: S) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => dollars(amount, to),
        None => to.serialize_none(),
    }
}

fn day<S: serde::Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(day)
}

#[derive(Debug, Clone, Serialize)]
pub struct Determination {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub plan_year: i32,
    #[serde(serialize_with = "day")]
    pub as_of: Date,
    #[serde(serialize_with = "day")]
    pub coverage_start: Date,
    pub state: State,
    pub marketplace: MarketplaceAnswer,
    pub people: Vec<PersonAnswer>,
    pub tax_households: Vec<TaxHouseholdAnswer>,
    /// What was assumed because the household did not say.
    pub assumptions: Vec<Assumption>,
}

#[derive(Debug, Clone, Serialize)]
pub struct MarketplaceAnswer {
    pub kind: MarketplaceKind,
    pub name: String,
    pub url: String,
}

/// The Medicaid group that a person belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MedicaidCategory {
    Ssi,
    Infant,
    #[serde(rename = "child_1_5")]
    Child1To5,
    #[serde(rename = "child_6_18")]
    Child6To18,
    Pregnant,
    Parent,
    FormerFosterCare,
    YoungAdult,
    Adult,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChipCategory {
    Child,
    Pregnant,
    /// From conception to birth: covers the pregnancy, not the parent.
    Unborn,
}

/// Who makes the final decision on Medicaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MedicaidDecision {
    /// The marketplace determines.
    Marketplace,
    /// The marketplace assesses, the state agency determines.
    StateAgency,
    /// A state-run marketplace, joined with the agency.
    StateMarketplace,
}

#[derive(Debug, Clone, Serialize)]
pub struct MedicaidHouseholdAnswer {
    pub members: Vec<String>,
    /// Members, plus the expected children that count.
    pub size: usize,
    #[serde(serialize_with = "dollars")]
    pub monthly_income_x12: Cents,
    pub guideline_year: i32,
    /// For the current month, rounded for display.
    pub fpl_percent: Pct,
}

#[derive(Debug, Clone, Serialize)]
pub struct PersonAnswer {
    pub id: String,
    pub age: u8,
    pub applying: bool,
    /// May buy through the marketplace (a qualified health plan).
    pub marketplace: bool,
    /// Is eligible for the premium tax credit.
    pub credit: bool,
    pub csr: CsrLevel,
    /// What a shared policy can draw on.
    #[serde(skip)]
    pub csr_choices: Choices,
    pub medicaid: Option<MedicaidCategory>,
    pub chip: Option<ChipCategory>,
    pub basic_health: bool,
    pub emergency_medicaid: bool,
    /// Too poor for the credit, in a state that did not expand Medicaid.
    pub coverage_gap: bool,
    /// May buy a catastrophic plan.
    pub catastrophic: bool,
    /// The state should consider Medicaid based on age, disability or long-term care.
    pub non_magi_referral: bool,
    pub medicaid_decision: MedicaidDecision,
    pub medicaid_household: Option<MedicaidHouseholdAnswer>,
    pub reasons: Vec<Reason>,
}

impl PersonAnswer {
    /// Medicaid, CHIP for the person, or the Basic Health Program: coverage that replaces the credit.
    pub fn public_coverage(&self) -> bool {
        self.medicaid.is_some()
            || matches!(self.chip, Some(ChipCategory::Child | ChipCategory::Pregnant))
            || self.basic_health
    }

    /// Buys a plan: may use the marketplace, is applying, and has no public coverage.
    pub fn shops(&self) -> bool {
        self.applying && self.marketplace && !self.public_coverage()
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct TaxHouseholdAnswer {
    pub filers: Vec<String>,
    pub members: Vec<String>,
    pub family_size: usize,
    #[serde(serialize_with = "dollars")]
    pub magi: Cents,
    pub guideline_year: i32,
    #[serde(serialize_with = "dollars")]
    pub guideline: Cents,
    /// Rounded half up to 0.01 for display; decisions use the exact one.
    pub fpl_percent: Pct,
    pub fpl_percent_exact: String,
    /// `null` above the last band.
    pub applicable_percentage: Option<Pct>,
    pub applicable_percentage_exact: Option<String>,
    /// The family's expected monthly contribution to the benchmark plan, rounded for display.
    #[serde(serialize_with = "some_dollars")]
    pub contribution_monthly: Option<Cents>,
    /// IDs of the members whose premiums the credit helps pay.
    pub credit_eligible: Vec<String>,
    #[serde(serialize_with = "some_dollars")]
    pub benchmark_monthly: Option<Cents>,
    /// Plans that set the benchmark, one per policy; empty if the premium was given.
    pub benchmark_plans: Vec<String>,
    /// The maximum monthly credit; `null` without a benchmark; 0 if nobody is eligible.
    #[serde(serialize_with = "some_dollars")]
    pub credit_monthly: Option<Cents>,
    /// Amount by which the credit was reduced.
    #[serde(serialize_with = "dollars")]
    pub qsehra_monthly: Cents,
    /// Cost-sharing level of one policy for all shopping members.
    pub csr_together: CsrLevel,
    /// IDs of members whose own level is more generous than that of one policy for all: separate policies keep it.
    pub csr_better_apart: Vec<String>,
    pub reasons: Vec<Reason>,
    /// Positions in the list of people: for callers within the program.
    #[serde(skip)]
    pub member_indexes: Vec<usize>,
    #[serde(skip)]
    pub eligible_indexes: Vec<usize>,
    #[serde(skip)]
    pub fpl: Ratio,
    #[serde(skip)]
    pub applicable: Option<Ratio>,
    #[serde(skip)]
    pub rounding: CreditRounding,
}

impl TaxHouseholdAnswer {
    /// The credit for a benchmark premium (monthly, for exactly the credit-eligible members): how the shop prices a
    /// household whose benchmark it has found in its own catalogue. Zero if nobody is eligible for a credit.
    pub fn credit_for(&self, benchmark_monthly: Cents) -> Cents {
        match self.applicable {
            Some(applicable) if !self.eligible_indexes.is_empty() => {
                let full = super::credit::monthly_credit(benchmark_monthly, self.magi, applicable, self.rounding);
                (full - self.qsehra_monthly).at_least_zero()
            }
            _ => Cents::ZERO,
        }
    }
}
