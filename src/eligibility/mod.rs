//! Eligibility: what each person of a household can have — a marketplace plan, the premium tax credit, cost-sharing
//! reductions, Medicaid, CHIP — and why.
//!
//! Pure functions over dated, cited tables (`data/rules/`): no I/O, no clock, no floats in a decision. The shop, the
//! application and `windowshop determine` call [`determine`]; each may also call the sums by themselves
//! ([`credit`], [`csr`], [`benchmark`], [`enrollment`], [`clock`]). Nothing here may log or remember what a household said.

pub mod ages;
pub mod benchmark;
pub mod clock;

pub mod credit;
pub mod csr;
pub mod enrollment;

pub mod household;
pub mod law;
pub mod rating;
pub mod rounding;
pub mod tables;
pub mod thresholds;

mod assumptions;
mod coverage;
mod determination;
mod determine;
mod dollars;
mod family;
mod filing;
mod household_credit;
mod immigration;
mod income;
mod json;
mod limits;
mod medicaid;
mod medicaid_household;
mod offers;
mod pay;
mod reasons;
mod state;
mod validate;
mod work_rule;

pub use assumptions::{Assumption, Code as AssumptionCode};
pub use determination::{
    ChipCategory, Determination, MarketplaceAnswer, MedicaidCategory, MedicaidDecision, MedicaidHouseholdAnswer,
    PersonAnswer, TaxHouseholdAnswer,
};
pub use determine::determine;
pub use family::{HIGHEST_INCOME, MOST_PEOPLE, OLDEST};
pub use household::{FieldError, Household, Person};
pub use income::{PersonIncome, Summed, counted, sum_of};
pub use limits::Bound;
pub use reasons::{Compared, Input, Outcome, Reason, Rule, Value};
pub use state::{Area, State};
pub use tables::{CsrLevel, TableFault, Tables};
