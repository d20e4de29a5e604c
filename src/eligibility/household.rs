//! What a household can say: the input of `determine`, in the words of the application.
//!
//! Built by `quote::policy` from an address, and read from JSON by `windowshop determine` (schema: docs/determine.md).
//! Income is in `pay`, what employers and plans offer in `offers`. It only holds what was said and must never judge it:
//! `family` checks it.

use serde::Deserialize;
use time::Date;

use super::dollars::some_money;
pub use super::offers::{DentalPlanOffer, EmployerOffer, HraKind, HraOffer, SilverPlanOffer};
pub use super::pay::{Frequency, Hundredths, Income};
use super::tables::{ImmigrationStatus, day};
use crate::types::Cents;

/// What is wrong with one field, and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("{path}: {message}")]
pub struct FieldError {
    /// `people[2].age`
    pub path: String,
    pub message: String,
}

impl FieldError {
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> FieldError {
        FieldError { path: path.into(), message: message.into() }
    }
}

pub(super) fn yes() -> bool {
    true
}

fn one() -> u8 {
    1
}

/// One application: everyone whose income or coverage matters together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Household {
    /// Returned with the answer.
    #[serde(default)]
    pub id: Option<String>,
    pub plan_year: i32,
    /// The day to determine for, when read by `windowshop determine`; callers within the program pass their own.
    #[serde(default, with = "day::option")]
    pub as_of: Option<Date>,
    /// Default: January 1 of the plan year, or the first of the month after `as_of` once the year has begun.
    #[serde(default, with = "day::option")]
    pub coverage_start: Option<Date>,
    /// Postal code of the state where the first person lives.
    pub state: String,
    #[serde(default)]
    pub county_fips: Option<String>,
    #[serde(default)]
    pub zip: Option<String>,
    pub people: Vec<Person>,
    /// Projected yearly MAGI of the first person's tax household, if known as a single sum.
    #[serde(default, deserialize_with = "some_money")]
    pub household_income: Option<Cents>,
    /// The same for the current month (Medicaid and CHIP). Default: a twelfth of the year.
    #[serde(default, deserialize_with = "some_money")]
    pub household_income_monthly: Option<Cents>,
    #[serde(default)]
    pub employer_offers: Vec<EmployerOffer>,
    #[serde(default)]
    pub hra_offers: Vec<HraOffer>,
    /// The benchmark premium of the first person's credit-eligible members, if known.
    #[serde(default, deserialize_with = "some_money")]
    pub benchmark_monthly: Option<Cents>,
    /// Silver plans to find the benchmark among.
    #[serde(default)]
    pub silver_plans: Vec<SilverPlanOffer>,
    /// Stand-alone dental plans, for silver plans without pediatric dental.
    #[serde(default)]
    pub dental_plans: Vec<DentalPlanOffer>,
}

/// Relationship to the first person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    #[serde(rename = "self")]
    #[default]
    Applicant,
    Spouse,
    DomesticPartner,
    Child,
    Stepchild,
    FosterChild,
    Grandchild,
    Parent,
    Sibling,
    OtherRelative,
    Unrelated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FilingStatus {
    Single,
    HeadOfHousehold,
    MarriedFilingJointly,
    MarriedFilingSeparately,
    QualifyingSurvivingSpouse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeparateFilingException {
    DomesticAbuse,
    SpousalAbandonment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Incarceration {
    #[default]
    No,
    Yes,
    /// In custody, charges pending: may still use the marketplace.
    PendingDisposition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommunityEngagement {
    Meets,
    Exempt,
    DoesNotMeet,
}

/// Why the work rule of 2027 does not apply to a person, beyond what the rest of the household says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommunityEngagementExemption {
    /// Parent, guardian, caretaker relative or family caregiver of a child aged 13 or younger, or of a disabled
    /// person.
    Caregiver,
    /// A veteran with a disability rated as total.
    DisabledVeteran,
    /// Medically frail: blind, disabled, substance use, a disabling mental disorder, a serious or complex condition.
    MedicallyFrail,
    /// In a drug addiction or alcoholic treatment program.
    TreatmentProgram,
    /// Meets the work requirement of TANF or SNAP.
    TanfOrSnapWork,
    /// In a correctional institution within the last three months.
    RecentlyIncarcerated,
    /// A short-term hardship that the state has accepted.
    ShortTermHardship,
}

/// What somebody had to prove in time and did not: then the rule decides as if it were not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotProved {
    /// Citizenship, immigration status or the Social Security number (45 CFR 155.315(f)(5)).
    Status,
    /// The income of a filer of whom no tax data is at hand (45 CFR 155.320(c)(3)(vi)(G)).
    Income,
}

/// Citizenship or immigration. Default: a U.S. citizen.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Immigration {
    pub status: ImmigrationStatus,
    /// Start of qualified status: the five-year bar is counted from here.
    #[serde(default, with = "day::option")]
    pub since: Option<Date>,
    /// The status held before permanent residence; a former refugee or asylee has no five-year bar.
    #[serde(default)]
    pub adjusted_from: Option<ImmigrationStatus>,
    /// An American Indian born in Canada, or a member of an Indian tribe who is not a citizen: no five-year bar.
    #[serde(default)]
    pub tribal_born_abroad: bool,
    /// Veteran, on active duty, or spouse or child of one: no five-year bar.
    #[serde(default)]
    pub veteran_or_active_duty: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CoverageState {
    Eligible,
    Enrolled,
}

/// Coverage other than a job offer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherCoverage {
    /// A kind of data/rules/coverage_kinds.csv.
    pub kind: String,
    pub state: CoverageState,
    /// Last day of coverage: after that day it rules nothing out.
    #[serde(default, with = "day::option")]
    pub ends: Option<Date>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormerFosterCare {
    pub left_at_age: u8,
    pub had_medicaid: bool,
    /// Postal code of the state of foster care. Default: the state where the person lives.
    #[serde(default)]
    pub state: Option<String>,
}

/// A decision of the state that this person cannot have Medicaid or CHIP.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MedicaidDenial {
    #[serde(with = "day")]
    pub date: Date,
    #[serde(default)]
    pub because_of_immigration: bool,
}

/// One person. Everything has a default but `age` or `date_of_birth`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Person {
    /// How others refer to this person. Default: the position in the list, starting with `"1"`.
    pub id: Option<String>,
    pub age: Option<i32>,
    #[serde(with = "day::option")]
    pub date_of_birth: Option<Date>,
    /// Default: `self` for the first person; everyone else must say.
    pub relationship: Option<Relationship>,
    /// ID of the spouse. Default: the first person and whoever is `spouse` are married.
    pub spouse: Option<String>,
    /// IDs of parents in the list (including step-parents). Default: from the relationships.
    pub parents: Option<Vec<String>>,
    #[serde(default = "yes")]
    pub lives_with_applicant: bool,
    /// Where this person lives, if elsewhere.
    pub state: Option<String>,
    pub county_fips: Option<String>,
    pub zip: Option<String>,
    /// Intends to stay in the state.
    #[serde(default = "yes")]
    pub resident: bool,
    #[serde(default = "yes")]
    pub applying: bool,
    /// Files a federal return. Default: derived from age, relation and income (`filing`).
    pub files_taxes: Option<bool>,
    pub filing_status: Option<FilingStatus>,
    pub separate_filing_exception: Option<SeparateFilingException>,
    /// ID of the filer who claims this person, `nobody`, or `someone_else` (outside this list).
    pub claimed_by: Option<String>,
    /// Number of years in a row in which the filer did not reconcile past credits.
    pub years_without_reconciling: u8,
    pub pregnant: bool,
    #[serde(default = "one")]
    pub expected_children: u8,
    /// Within the postpartum period that Medicaid covers.
    pub postpartum: bool,
    pub uses_tobacco: bool,
    pub tribal_member: bool,
    pub immigration: Immigration,
    pub incarcerated: Incarceration,
    pub blind_or_disabled: bool,
    pub needs_long_term_care: bool,
    pub receives_ssi: bool,
    pub full_time_student: bool,
    /// IDs of children under 19 this person cares for, other than their own children in the home.
    pub caretaker_of: Vec<String>,
    pub former_foster_care: Option<FormerFosterCare>,
    pub other_coverage: Vec<OtherCoverage>,
    pub medicaid_denied: Option<MedicaidDenial>,
    pub community_engagement: Option<CommunityEngagement>,
    pub community_engagement_exemptions: Vec<CommunityEngagementExemption>,
    /// In school or training at least half-time: meets the work rule.
    pub half_time_student: bool,
    /// Quarters of work under Social Security, their own or a spouse's: 40 give Medicare Part A without a premium.
    pub work_quarters: Option<u16>,
    /// Whether the health savings account goes with family coverage. Default: yes for more than one person.
    pub hsa_family_coverage: Option<bool>,
    /// Whether this person takes part in a pension plan at work, which can shrink the deduction of `ira_contribution`.
    pub workplace_plan: Option<bool>,
    pub hardship_exemption: bool,
    /// Sources of income; alternatively the two sums below.
    pub incomes: Vec<Income>,
    /// Projected MAGI for the year. Overrides `incomes`.
    #[serde(deserialize_with = "some_money")]
    pub projected_annual_income: Option<Cents>,
    /// MAGI of the current month. Default: from `incomes`, else a twelfth of the year.
    #[serde(deserialize_with = "some_money")]
    pub current_monthly_income: Option<Cents>,
    /// For dependents: whether their income requires them to file. Default: derived.
    pub required_to_file: Option<bool>,
    /// Default: nothing is open any more.
    pub not_proved: Vec<NotProved>,
}

impl Default for Person {
    fn default() -> Person {
        Person {
            id: None,
            age: None,
            date_of_birth: None,
            relationship: None,
            spouse: None,
            parents: None,
            lives_with_applicant: true,
            state: None,
            county_fips: None,
            zip: None,
            resident: true,
            applying: true,
            files_taxes: None,
            filing_status: None,
            separate_filing_exception: None,
            claimed_by: None,
            years_without_reconciling: 0,
            pregnant: false,
            expected_children: 1,
            postpartum: false,
            uses_tobacco: false,
            tribal_member: false,
            immigration: Immigration::default(),
            incarcerated: Incarceration::No,
            blind_or_disabled: false,
            needs_long_term_care: false,
            receives_ssi: false,
            full_time_student: false,
            caretaker_of: Vec::new(),
            former_foster_care: None,
            other_coverage: Vec::new(),
            medicaid_denied: None,
            community_engagement: None,
            community_engagement_exemptions: Vec::new(),
            half_time_student: false,
            work_quarters: None,
            hsa_family_coverage: None,
            workplace_plan: None,
            hardship_exemption: false,
            incomes: Vec::new(),
            projected_annual_income: None,
            current_monthly_income: None,
            required_to_file: None,
            not_proved: Vec::new(),
        }
    }
}

impl Household {
    /// Parses one household from JSON.
    ///
    /// # Errors
    ///
    /// The first field that cannot be parsed, by its path. What can be parsed is checked by `determine`.
    pub fn from_json(text: &str) -> Result<Household, FieldError> {
        super::json::read(text)
    }
}
