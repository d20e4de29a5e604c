//! What a household can say: the input of `determine`, in the words of the application.
//!
//! Built by the shop from its URL, by the application from its answers, and read from JSON by
//! `windowshop determine` (schema: docs/determine.md). It holds what was said; `family` checks it.

use serde::{Deserialize, Deserializer};
use time::{Date, Month};

use super::tables::{ImmigrationStatus, day};
use crate::types::{AmountFault, Cents};

/// What is wrong with one field, and how to put it right.
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

/// Dollars from JSON: a number with at most two decimals, or text as people write it (`"$40,000.50"`).
fn money<'de, D: Deserializer<'de>>(from: D) -> Result<Cents, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Whole(i64),
        Decimal(f64),
        Text(String),
    }
    let bad = |text: &str| {
        let message = format!("`{text}` is not an amount of money; write dollars, for example 40000 or \"40,000.50\"");
        serde::de::Error::custom(message)
    };
    let neither = |_| {
        serde::de::Error::custom(
            "what is neither a number nor text is not an amount of money (JSON has no NaN and no Infinity); write \
             dollars, for example 40000 or \"40,000.50\"",
        )
    };
    match Said::deserialize(from).map_err(neither)? {
        Said::Whole(dollars) => dollars.checked_mul(100).map(Cents).ok_or_else(|| bad(&dollars.to_string())),
        Said::Decimal(dollars) => Cents::read(&dollars.to_string()).map_err(|_| bad(&dollars.to_string())),
        Said::Text(text) => Cents::read(&text).map_err(|fault| match fault {
            AmountFault::NotANumber => bad(&text),
            AmountFault::TwoReadings => serde::de::Error::custom(format!(
                "`{text}` is not an amount of money that has one reading; write thousands as 45,000 or 45000 and cents as 45.50"
            )),
        }),
    }
}

fn some_money<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Cents>, D::Error> {
    #[derive(Deserialize)]
    struct Dollars(#[serde(deserialize_with = "money")] Cents);
    Ok(Option::<Dollars>::deserialize(from)?.map(|d| d.0))
}

fn maybe_each_money<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Option<Cents>>, D::Error> {
    #[derive(Deserialize)]
    struct Dollars(#[serde(deserialize_with = "money")] Cents);
    Ok(Vec::<Option<Dollars>>::deserialize(from)?.into_iter().map(|d| d.map(|d| d.0)).collect())
}

fn yes() -> bool {
    true
}

fn one() -> u8 {
    1
}

/// One application: everyone whose income or coverage matters together.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Household {
    /// Given back with the answer.
    #[serde(default)]
    pub id: Option<String>,
    pub plan_year: i32,
    /// The day to determine for, when `windowshop determine` reads it; callers in the program pass theirs.
    #[serde(default, with = "day::option")]
    pub as_of: Option<Date>,
    /// Default: 1 January of the plan year, or the first of the month after `as_of` once the year has begun.
    #[serde(default, with = "day::option")]
    pub coverage_start: Option<Date>,
    /// Postal code of the state where the first person lives.
    pub state: String,
    #[serde(default)]
    pub county_fips: Option<String>,
    #[serde(default)]
    pub zip: Option<String>,
    pub people: Vec<Person>,
    /// Projected MAGI of the year of the first person's tax household, when it is known as one sum.
    #[serde(default, deserialize_with = "some_money")]
    pub household_income: Option<Cents>,
    /// The same for the current month (Medicaid and CHIP). Default: a twelfth of the year.
    #[serde(default, deserialize_with = "some_money")]
    pub household_income_monthly: Option<Cents>,
    #[serde(default)]
    pub employer_offers: Vec<EmployerOffer>,
    #[serde(default)]
    pub hra_offers: Vec<HraOffer>,
    /// The benchmark premium of the first person's credit-eligible members, when it is known.
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
    /// In custody, charges not decided: the marketplace stays open.
    PendingDisposition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommunityEngagement {
    Meets,
    Exempt,
    DoesNotMeet,
}

/// Why the work rule of 2027 does not ask a person, beyond what the rest of the household says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommunityEngagementExemption {
    /// Parent, guardian, caretaker relative or family caregiver of a child of 13 or less, or of a disabled person.
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

/// Citizenship or immigration. Default: a U.S. citizen.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Immigration {
    pub status: ImmigrationStatus,
    /// Since when in qualified status: the five-year bar is counted from here.
    #[serde(default, with = "day::option")]
    pub since: Option<Date>,
    /// The status held before permanent residence; a former refugee or asylee has no five-year bar.
    #[serde(default)]
    pub adjusted_from: Option<ImmigrationStatus>,
    /// An American Indian born in Canada, or a member of an Indian tribe who is no citizen: no five-year bar.
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
    /// Last day of it: after that day it shuts nothing out.
    #[serde(default, with = "day::option")]
    pub ends: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    #[default]
    Yearly,
    Quarterly,
    Monthly,
    TwiceAMonth,
    EveryTwoWeeks,
    Weekly,
    /// Paid by the hour; `hours_per_week` says how many.
    Hourly,
    /// Paid by the day; `days_per_week` says how many.
    Daily,
    /// Once, in the current month or on the day that `starts` names.
    Once,
}

impl Frequency {
    /// Payments in a year; of hours and days those of one an each week.
    pub fn per_year(self) -> u32 {
        match self {
            Frequency::Yearly | Frequency::Once => 1,
            Frequency::Quarterly => 4,
            Frequency::Monthly => 12,
            Frequency::TwiceAMonth => 24,
            Frequency::EveryTwoWeeks => 26,
            Frequency::Weekly | Frequency::Hourly | Frequency::Daily => 52,
        }
    }
}

fn monthly() -> Frequency {
    Frequency::Monthly
}

/// One source of income, or a deduction.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Income {
    /// A kind of data/rules/income_kinds.csv.
    pub kind: String,
    #[serde(deserialize_with = "money")]
    pub amount: Cents,
    #[serde(default)]
    pub frequency: Frequency,
    /// Hours of a usual week, for pay by the hour; halves and quarters may be said.
    #[serde(default, deserialize_with = "hundredths")]
    pub hours_per_week: Option<Hundredths>,
    /// Days of a usual week, for pay by the day.
    #[serde(default, deserialize_with = "hundredths")]
    pub days_per_week: Option<Hundredths>,
    /// First day of it, if it has not come all year.
    #[serde(default, with = "day::option")]
    pub starts: Option<Date>,
    /// Last day of it, if it ends.
    #[serde(default, with = "day::option")]
    pub ends: Option<Date>,
}

/// A count in whole hundredths: `37.5` is `Hundredths(3_750)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hundredths(pub i64);

fn hundredths<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Hundredths>, D::Error> {
    let Some(said) = Option::<serde_json::Value>::deserialize(from)? else { return Ok(None) };
    let text = said.as_str().map_or_else(|| said.to_string(), str::to_string);
    match Cents::parse(&text) {
        Some(Cents(n)) => Ok(Some(Hundredths(n))),
        None => Err(serde::de::Error::custom(format!("`{text}` is not a number with at most two decimals"))),
    }
}

/// Parts of a month that days of every length of month make whole: the least common multiple of 28, 29, 30 and 31.
const MONTH_PARTS: i128 = 377_580;

impl Income {
    /// What a whole year of it brings.
    pub fn yearly(&self) -> Cents {
        let year = i128::from(self.amount.0) * i128::from(self.frequency.per_year());
        let times = match self.frequency {
            Frequency::Hourly => self.hours_per_week.map_or(0, |n| n.0),
            Frequency::Daily => self.days_per_week.map_or(0, |n| n.0),
            _ => 100,
        };
        half_up(year * i128::from(times), 100)
    }

    /// What of it falls into a plan year.
    pub fn in_year(&self, plan_year: i32) -> Cents {
        if self.frequency == Frequency::Once {
            let then = self.starts.is_none_or(|day| day.year() == plan_year);
            return if then { self.amount } else { Cents::ZERO };
        }
        if self.starts.is_none() && self.ends.is_none() {
            return self.yearly();
        }
        let mut parts = 0;
        for month in (1..=12).filter_map(|m| Month::try_from(m).ok()) {
            let length = month.length(plan_year);
            let day = |d| Date::from_calendar_date(plan_year, month, d);
            let (Ok(first), Ok(last)) = (day(1), day(length)) else { continue };
            let from = self.starts.map_or(first, |starts| starts.max(first));
            let to = self.ends.map_or(last, |ends| ends.min(last));
            let days = (to - from).whole_days() + 1;
            parts += i128::from(days.max(0)) * (MONTH_PARTS / i128::from(length));
        }
        half_up(i128::from(self.yearly().0) * parts, 12 * MONTH_PARTS)
    }

    /// Whether it comes on a day; what comes once, whether in that month.
    pub fn comes(&self, day: Date) -> bool {
        if self.frequency == Frequency::Once {
            return self.starts.is_none_or(|then| (then.year(), then.month()) == (day.year(), day.month()));
        }
        self.starts.is_none_or(|starts| starts <= day) && self.ends.is_none_or(|ends| day <= ends)
    }
}

fn half_up(num: i128, den: i128) -> Cents {
    let cents = (2 * num + den).div_euclid(2 * den);
    Cents(cents.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
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
    /// How others refer to this person. Default: the place in the list, from `"1"`.
    pub id: Option<String>,
    pub age: Option<i32>,
    #[serde(with = "day::option")]
    pub date_of_birth: Option<Date>,
    /// Default: `self` for the first person; everyone else must say.
    pub relationship: Option<Relationship>,
    /// Id of the spouse. Default: the first person and the one who is `spouse` are married.
    pub spouse: Option<String>,
    /// Ids of parents in the list (step-parents too). Default: from the relationships.
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
    /// Files a federal return. Default: worked out from age, relation and income (`filing`).
    pub files_taxes: Option<bool>,
    pub filing_status: Option<FilingStatus>,
    pub separate_filing_exception: Option<SeparateFilingException>,
    /// Id of the filer who claims this person, `nobody`, or `someone_else` (outside this list).
    pub claimed_by: Option<String>,
    /// Whether the filer reconciled past credits: years in a row without doing so.
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
    /// Ids of children under 19 whom this person cares for, beyond own children in the home.
    pub caretaker_of: Vec<String>,
    pub former_foster_care: Option<FormerFosterCare>,
    pub other_coverage: Vec<OtherCoverage>,
    pub medicaid_denied: Option<MedicaidDenial>,
    pub community_engagement: Option<CommunityEngagement>,
    pub community_engagement_exemptions: Vec<CommunityEngagementExemption>,
    /// In school or training at least half-time: meets the work rule.
    pub half_time_student: bool,
    /// Quarters of work under Social Security, own or a spouse's: 40 give Medicare part A without a premium.
    pub work_quarters: Option<u16>,
    /// Whether the health savings account goes with family coverage. Default: yes for more than one person.
    pub hsa_family_coverage: Option<bool>,
    pub hardship_exemption: bool,
    /// Sources of income; or the two sums below.
    pub incomes: Vec<Income>,
    /// Projected MAGI of the year. Wins over `incomes`.
    #[serde(deserialize_with = "some_money")]
    pub projected_annual_income: Option<Cents>,
    /// MAGI of the current month. Default: from `incomes`, else a twelfth of the year.
    #[serde(deserialize_with = "some_money")]
    pub current_monthly_income: Option<Cents>,
    /// For dependents: whether their income obliges them to file. Default: worked out.
    pub required_to_file: Option<bool>,
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
            hardship_exemption: false,
            incomes: Vec::new(),
            projected_annual_income: None,
            current_monthly_income: None,
            required_to_file: None,
        }
    }
}

/// What a job offers: the questions of the Employer Coverage Tool.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmployerOffer {
    /// Id of the employee; `someone_else` if not in the list.
    pub employee: String,
    /// Ids of the people who could join, the employee included.
    pub covers: Vec<String>,
    /// Ids of those who have joined.
    #[serde(default)]
    pub enrolled: Vec<String>,
    /// Lowest-cost minimum-value plan for the employee alone.
    #[serde(default, deserialize_with = "some_money")]
    pub self_only_premium: Option<Cents>,
    /// Lowest-cost minimum-value plan for all whom the offer covers.
    #[serde(default, deserialize_with = "some_money")]
    pub family_premium: Option<Cents>,
    #[serde(default = "monthly")]
    pub premium_frequency: Frequency,
    /// First day of the job, or the day from which the waiting period runs.
    #[serde(default, with = "day::option")]
    pub starts: Option<Date>,
    /// Days of waiting until coverage could begin.
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
    /// Ids of the people it pays for, the employee included.
    pub covers: Vec<String>,
    /// The most it pays in a month for the employee alone.
    #[serde(deserialize_with = "money")]
    pub self_only_monthly: Cents,
    /// The most it pays in a month for the family (QSEHRA: lowers the credit). Default: the self-only amount.
    #[serde(default, deserialize_with = "some_money")]
    pub family_monthly: Option<Cents>,
    /// Whether the offer was taken (individual-coverage HRA).
    #[serde(default)]
    pub accepted: bool,
    /// Monthly premium of the lowest-cost silver plan for the employee alone.
    #[serde(deserialize_with = "money")]
    pub lowest_silver_self_only_monthly: Cents,
}

/// A silver plan with one premium per person of the list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilverPlanOffer {
    pub plan_id: String,
    /// Monthly premium of each person, in the order of `people`: essential health benefits only, without tobacco
    /// surcharge, before the rule of three children. `null`: the plan is not sold where that person lives.
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

impl Household {
    /// Reads one household from JSON.
    ///
    /// # Errors
    /// The first field that cannot be read, by its path. What can be read is checked by `determine`.
    pub fn from_json(text: &str) -> Result<Household, FieldError> {
        let given = match text.trim_start().chars().next() {
            Some('[') => Some("a list was given; give one household as an object { … }, or one household a line"),
            Some('"') => Some("a text in quotes was given; give one household as an object { … }"),
            _ => None,
        };
        if let Some(message) = given {
            return Err(FieldError::new("household", message));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let household = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = match error.path().to_string() {
                path if path == "." => "household".to_string(),
                path => path,
            };
            // The path says where; the parser's line and column only confuse beside it.
            let message = error.into_inner().to_string();
            let words = message.rsplit_once(" at line ").map_or(&message[..], |(words, _)| words);
            FieldError::new(path, words)
        })?;
        json.end().map_err(|error| FieldError::new("household", error.to_string()))?;
        Ok(household)
    }
}
