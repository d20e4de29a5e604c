//! Social Security Administration, composite service (SSAC): number, death, citizenship, incarceration, Title II income,
//! quarters of coverage. One person a question.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::fault::HubFault;
use super::person::{self, Person, YearMonth};
use super::wire::{self, Amount, Level, Metadata, at_most, garbage};
use crate::types::Cents;

/// Years with quarters of coverage that a life can have.
const QUARTER_YEARS_MAX: usize = 109;

/// Who is asked about, and what besides the number.
#[derive(Clone)]
pub struct SsaAsk {
    pub person: Person,
    pub citizenship: bool,
    pub incarceration: bool,
    /// Social Security benefits of this month and the three before.
    pub monthly_income: Option<YearMonth>,
    /// Social Security benefits of this year.
    pub yearly_income: Option<i32>,
    pub quarters: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SsaAnswer {
    /// The source knows nobody like that.
    NotFound,
    /// Number, name and birth date do not belong together: nothing else that came may be used, and nothing is kept.
    SsnUnmatched,
    Matched(Box<SsaRecord>),
}

/// Of a person whose number, name and birth date belong together. `None`: not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SsaRecord {
    pub death: Option<Death>,
    /// `Some(false)` is an open question about citizenship, never a denial.
    pub citizen: Option<bool>,
    pub incarceration: Option<Incarceration>,
    pub monthly: Option<TitleIIMonthly>,
    pub yearly: Option<TitleIIYearly>,
    pub quarters: Option<Quarters>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Death {
    Confirmed,
    /// Not known to be dead.
    Unconfirmed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Incarceration {
    /// Nothing known.
    No,
    /// A facility reported this person, who is not there any more.
    Released,
    /// With the kind of facility, `01` to `10`.
    Incarcerated { facility: u8 },
}

/// Social Security benefits, month by month, the asked one first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleIIMonthly {
    pub disabled: bool,
    pub months: Vec<(YearMonth, Cents)>,
}

/// Social Security benefits of a year.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleIIYearly {
    pub year: i32,
    pub amount: Cents,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarters {
    pub lifetime: u32,
    /// How many quarters of a year.
    pub years: Vec<(i32, u8)>,
}

/// Amounts are not printed.
impl fmt::Debug for TitleIIMonthly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TitleIIMonthly({} months)", self.months.len())
    }
}

/// Amounts are not printed.
impl fmt::Debug for TitleIIYearly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TitleIIYearly({})", self.year)
    }
}

/// The question as JSON.
pub(super) fn write(ask: &SsaAsk) -> Result<serde_json::Value, HubFault> {
    let of = &ask.person;
    let mut one = json!({
        "personSocialSecurityNumber": of.ssn.digits(),
        "personSurName": person::name(&of.last, "personSurName")?,
        "personBirthDate": person::day(of.born),
        "requestCitizenshipVerificationIndicator": ask.citizenship,
        "requestIncarcerationVerificationIndicator": ask.incarceration,
        "requestTitleIIMonthlyIncomeVerificationIndicator": ask.monthly_income.is_some(),
        "requestTitleIIAnnualIncomeVerificationIndicator": ask.yearly_income.is_some(),
        "requestQuartersOfCoverageVerificationIndicator": ask.quarters,
    });
    let more = [
        ("personGivenName", person::maybe_name(Some(&of.first))),
        ("personMiddleName", person::maybe_name(of.middle.as_deref())),
        ("requestTitleIIMonthlyIncomeDate", ask.monthly_income.map(YearMonth::code)),
        ("requestTitleIIAnnualIncomeDate", ask.yearly_income.map(|year| format!("{year:04}"))),
    ];
    person::put(&mut one, more);
    Ok(json!({ "ssaCompositeRequest": { "ssaCompositeIndividualRequestArray": [one] } }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    ssa_composite_response: Outer,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer {
    response_metadata: Option<Metadata>,
    ssa_composite_individual_response_array: Option<Vec<Individual>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Individual {
    response_metadata: Metadata,
    person_social_security_number: String,
    ssa_response: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    ssn_verification_indicator: Option<bool>,
    death_confirmation_code: Option<Death>,
    #[serde(rename = "personUSCitizenIndicator")]
    person_us_citizen_indicator: Option<bool>,
    person_incarceration_information_indicator: Option<bool>,
    ssa_incarceration_information: Option<InPrison>,
    #[serde(rename = "ssaTitleIIMonthlyIncome")]
    monthly: Option<Monthly>,
    #[serde(rename = "ssaTitleIIYearlyIncome")]
    yearly: Option<Yearly>,
    ssa_quarters_of_coverage: Option<Coverage>,
}

/// Who reported it, where and since when is not ours to keep.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InPrison {
    supervision_facility: Facility,
    inmate_status_indicator: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Facility {
    facility_category_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Monthly {
    person_disabled_indicator: bool,
    requested_month_information: Option<Month>,
    requested_month_minus_one_information: Option<Month>,
    requested_month_minus_two_information: Option<Month>,
    requested_month_minus_three_information: Option<Month>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Month {
    income_month_year: String,
    monthly_income_amount: Amount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Yearly {
    income_year: String,
    yearly_income_amount: Amount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Coverage {
    life_time_quarter_quantity: u32,
    qualifying_year_and_quarter_array: Option<Vec<QuarterYear>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuarterYear {
    qualifying_year: i32,
    qualifying_quarter: u8,
}

/// The answer to a question about this person.
pub(super) fn read(body: &[u8], ask: &SsaAsk) -> Result<SsaAnswer, HubFault> {
    let outer = wire::parse::<Envelope>(body)?.ssa_composite_response;
    if wire::outer(outer.response_metadata.as_ref())? == Some(Level::NotFound) {
        return Ok(SsaAnswer::NotFound);
    }
    let one = wire::only(outer.ssa_composite_individual_response_array, "ssaCompositeIndividualResponseArray")?;
    if one.person_social_security_number != ask.person.ssn.digits() {
        return Err(garbage("an answer about another person"));
    }
    if wire::level(&one.response_metadata.code)? == Level::NotFound {
        return Ok(SsaAnswer::NotFound);
    }
    let said = one.ssa_response.ok_or_else(|| garbage("success without ssaResponse"))?;
    match said.ssn_verification_indicator {
        None => Err(garbage("success without ssnVerificationIndicator")),
        Some(false) => Ok(SsaAnswer::SsnUnmatched),
        Some(true) => Ok(SsaAnswer::Matched(Box::new(record(said, ask)?))),
    }
}

/// What was not asked is not kept.
fn record(said: Response, ask: &SsaAsk) -> Result<SsaRecord, HubFault> {
    let incarceration = match (said.ssa_incarceration_information, said.person_incarceration_information_indicator) {
        _ if !ask.incarceration => None,
        (Some(there), _) => Some(in_prison(&there)?),
        (None, Some(true)) => return Err(garbage("incarceration is said to be told, and is not")),
        (None, told) => told.map(|_| Incarceration::No),
    };
    Ok(SsaRecord {
        death: said.death_confirmation_code,
        citizen: said.person_us_citizen_indicator.filter(|_| ask.citizenship),
        incarceration,
        monthly: said.monthly.filter(|_| ask.monthly_income.is_some()).map(monthly).transpose()?,
        yearly: said.yearly.filter(|_| ask.yearly_income.is_some()).map(|of| yearly(&of)).transpose()?,
        quarters: said.ssa_quarters_of_coverage.filter(|_| ask.quarters).map(quarters).transpose()?,
    })
}

fn in_prison(there: &InPrison) -> Result<Incarceration, HubFault> {
    let code = &there.supervision_facility.facility_category_code;
    let facility = code.parse().ok().filter(|kind| code.len() == 2 && (1..=10).contains(kind));
    let facility = facility.ok_or_else(|| garbage("facilityCategoryCode is none of 01 to 10"))?;
    Ok(if there.inmate_status_indicator { Incarceration::Incarcerated { facility } } else { Incarceration::Released })
}

fn monthly(said: Monthly) -> Result<TitleIIMonthly, HubFault> {
    let months = [
        said.requested_month_information,
        said.requested_month_minus_one_information,
        said.requested_month_minus_two_information,
        said.requested_month_minus_three_information,
    ];
    let month = |of: Month| {
        let month = YearMonth::parse(&of.income_month_year).ok_or_else(|| garbage("incomeMonthYear is no month"))?;
        Ok((month, of.monthly_income_amount.0))
    };
    let months = months.into_iter().flatten().map(month).collect::<Result<_, HubFault>>()?;
    Ok(TitleIIMonthly { disabled: said.person_disabled_indicator, months })
}

fn yearly(said: &Yearly) -> Result<TitleIIYearly, HubFault> {
    let year = said.income_year.parse().ok().filter(|year| (2000..=9999).contains(year));
    let year = year.ok_or_else(|| garbage("incomeYear is no year"))?;
    Ok(TitleIIYearly { year, amount: said.yearly_income_amount.0 })
}

fn quarters(said: Coverage) -> Result<Quarters, HubFault> {
    let years = said.qualifying_year_and_quarter_array.unwrap_or_default();
    at_most(&years, QUARTER_YEARS_MAX, "qualifyingYearAndQuarterArray")?;
    if years.iter().any(|of| !(1937..=2045).contains(&of.qualifying_year) || !(1..=4).contains(&of.qualifying_quarter))
    {
        return Err(garbage("a year or a number of quarters that cannot be"));
    }
    let years = years.into_iter().map(|of| (of.qualifying_year, of.qualifying_quarter)).collect();
    Ok(Quarters { lifetime: said.life_time_quarter_quantity, years })
}
