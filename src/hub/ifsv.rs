//! Internal Revenue Service, income and family size (IFSV, RJ9T): one question for a tax household. What comes is federal tax
//! information (IRS Publication 1075): it is sealed, decides, and is shown to nobody, nor printed.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fault::{Code, HubFault};
use super::person::{self, Ssn, unsent};
use super::wire::{self, Amount, Level, Metadata, at_most, garbage};
use crate::types::Cents;

/// People of one question, returns of one answer.
const PEOPLE_MAX: usize = 99;
/// Nine digits.
const REQUEST_ID_MAX: u32 = 999_999_999;

#[derive(Clone)]
pub struct IncomeAsk {
    /// Comes back with the answer; any number of at most nine digits.
    pub request_id: u32,
    pub people: Vec<TaxPerson>,
}

#[derive(Clone)]
pub struct TaxPerson {
    pub ssn: Ssn,
    pub first: String,
    pub middle: Option<String>,
    pub last: String,
    pub suffix: Option<String>,
    pub role: TaxRole,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaxRole {
    Primary,
    Spouse,
    Dependent,
}

/// What is known of a household's taxes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncomeAnswer {
    /// Nobody of the household is known there.
    NotFound,
    Told(IncomeRecord),
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncomeRecord {
    /// Of all returns of the household, as the source adds them up.
    pub total: Option<Cents>,
    /// At most one for each person; people of whom nothing is said are missing.
    pub returns: Vec<ReturnOf>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnOf {
    /// Which of the people who were asked about.
    pub person: usize,
    /// Who filed jointly.
    pub spouse: Option<usize>,
    /// As a dependent of the household.
    pub dependent: bool,
    pub said: ReturnSaid,
    /// The credit of an earlier year was not settled.
    pub unreconciled: Option<Unreconciled>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnSaid {
    Return(TaxReturn),
    NoData(NoData),
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxReturn {
    pub year: Option<i32>,
    /// `0` to `7`.
    pub filing_status: Option<u8>,
    /// Modified adjusted gross income.
    pub income: Option<Cents>,
    /// The same after an adjusted return: where it is there, it counts.
    pub adjusted_income: Option<Cents>,
    pub taxable_social_security: Option<Cents>,
    pub exemptions: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoData {
    /// HE000001: nobody like that.
    NotFound,
    /// HE020002: number and name do not belong together.
    Unauthenticated,
    /// HE020003: not filed with this spouse.
    SpouseMismatch,
    /// HE020004: no return.
    Unavailable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreconciled {
    /// HE020009: the return is late by a valid extension.
    Extension,
    /// HE020010: the return was filed without settling the credit.
    Filed,
}

impl TaxReturn {
    /// The income that counts.
    pub fn counted(&self) -> Option<Cents> {
        self.adjusted_income.or(self.income)
    }
}

/// Nothing of it is printed.
impl fmt::Debug for IncomeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IncomeRecord({} returns)", self.returns.len())
    }
}

pub(super) fn write(ask: &IncomeAsk) -> Result<Value, HubFault> {
    if ask.people.is_empty() || ask.people.len() > PEOPLE_MAX {
        return Err(unsent("applicantArray"));
    }
    if ask.request_id > REQUEST_ID_MAX {
        return Err(unsent("requestID"));
    }
    let one = |of: &TaxPerson| {
        let mut one = json!({
            "personGivenName": person::name(&of.first, "personGivenName")?,
            "personSurName": person::name(&of.last, "personSurName")?,
            "personSocialSecurityNumber": of.ssn.digits(),
            "taxFilerCategoryCode": of.role,
        });
        let more = [
            ("personMiddleName", person::maybe_name(of.middle.as_deref())),
            ("personNameSuffix", person::suffix(of.suffix.as_deref())),
        ];
        person::put(&mut one, more);
        Ok(one)
    };
    let people = ask.people.iter().map(one).collect::<Result<Vec<Value>, HubFault>>()?;
    Ok(json!({ "ifsvRequest": { "requestID": ask.request_id.to_string(), "applicantArray": people } }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    ifsv_response: Outer,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer {
    response_metadata_array: Option<Vec<MetadataItem>>,
    #[serde(rename = "requestID")]
    request_id: Option<String>,
    household: Option<Household>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetadataItem {
    response_metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Household {
    aggregate_tax_return_income_amount: Option<Amount>,
    applicant_verification_array: Option<Vec<Verification>>,
    dependent_verification_array: Option<Vec<Verification>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Verification {
    tax_return: Told,
    response_metadata_array: Option<Vec<MetadataItem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    #[serde(rename = "taxFilerSSN")]
    tax_filer_ssn: String,
    #[serde(rename = "spouseSSN")]
    spouse_ssn: Option<String>,
    tax_return_year: Option<i32>,
    tax_return_filing_status_code: Option<String>,
    adjusted_tax_return_income_amount: Option<Amount>,
    tax_return_income_amount: Option<Amount>,
    taxable_social_security_benefits_amount: Option<Amount>,
    total_exemptions_quantity: Option<u32>,
}

/// What several codes of one level say together.
enum Codes {
    Data(Option<Unreconciled>),
    NoData(NoData),
}

/// A systemic error at the source.
const SYSTEMIC: &str = "HE020001";

fn codes(items: &[MetadataItem]) -> Result<Codes, HubFault> {
    let (mut none, mut unreconciled) = (None, None);
    for MetadataItem { response_metadata: of } in items {
        match of.code.as_str() {
            SYSTEMIC => return Err(HubFault::Down(format!("the source is away ({SYSTEMIC})"))),
            "HE020002" => none = Some(NoData::Unauthenticated),
            "HE020003" => none = Some(NoData::SpouseMismatch),
            "HE020004" => none = Some(NoData::Unavailable),
            "HE020009" => unreconciled = Some(Unreconciled::Extension),
            "HE020010" => unreconciled = Some(Unreconciled::Filed),
            code => match wire::level(code)? {
                Level::Success => {}
                Level::NotFound => none = Some(NoData::NotFound),
            },
        }
    }
    Ok(none.map_or(Codes::Data(unreconciled), Codes::NoData))
}

pub(super) fn read(body: &[u8], ask: &IncomeAsk) -> Result<IncomeAnswer, HubFault> {
    let outer = wire::parse::<Envelope>(body)?.ifsv_response;
    if let Some(items) = outer.response_metadata_array.as_deref().filter(|items| !items.is_empty()) {
        // At this level there is no person whom the other codes could be about.
        if let Codes::NoData(none) = codes(items)? {
            return match none {
                NoData::NotFound => Ok(IncomeAnswer::NotFound),
                _ => Err(HubFault::Refused(Code::new(&items[0].response_metadata.code))),
            };
        }
    }
    if outer.request_id != Some(ask.request_id.to_string()) {
        return Err(garbage("an answer to another question (requestID)"));
    }
    let household = outer.household.ok_or_else(|| garbage("success without a household"))?;
    let mut returns: Vec<ReturnOf> = Vec::new();
    let (applicants, dependents) = (household.applicant_verification_array, household.dependent_verification_array);
    for (dependent, list) in [(false, applicants), (true, dependents)] {
        let list = list.unwrap_or_default();
        at_most(&list, PEOPLE_MAX, "applicantVerificationArray or dependentVerificationArray")?;
        for told in list {
            let one = return_of(told, dependent, ask)?;
            if returns.iter().any(|before| before.person == one.person) {
                return Err(garbage("two answers about one person"));
            }
            returns.push(one);
        }
    }
    if returns.is_empty() {
        return Err(garbage("a household without anybody"));
    }
    let total = household.aggregate_tax_return_income_amount.map(|amount| amount.0);
    Ok(IncomeAnswer::Told(IncomeRecord { total, returns }))
}

fn return_of(told: Verification, dependent: bool, ask: &IncomeAsk) -> Result<ReturnOf, HubFault> {
    let who = |number: &str| {
        let found = ask.people.iter().position(|person| person.ssn.digits() == number);
        found.ok_or_else(|| garbage("an answer about another person"))
    };
    let of = told.tax_return;
    let person = who(&of.tax_filer_ssn)?;
    let spouse = of.spouse_ssn.as_deref().map(who).transpose()?;
    let (said, unreconciled) = match codes(told.response_metadata_array.as_deref().unwrap_or_default())? {
        Codes::NoData(none) => (ReturnSaid::NoData(none), None),
        Codes::Data(unreconciled) => {
            let status = of.tax_return_filing_status_code.map(|code| {
                let status = code.parse().ok().filter(|status| code.len() == 1 && *status <= 7);
                status.ok_or_else(|| garbage("taxReturnFilingStatusCode is none of 0 to 7"))
            });
            if of.tax_return_year.is_some_and(|year| !(1000..=9999).contains(&year)) {
                return Err(garbage("taxReturnYear is no year"));
            }
            let data = TaxReturn {
                year: of.tax_return_year,
                filing_status: status.transpose()?,
                income: of.tax_return_income_amount.map(|amount| amount.0),
                adjusted_income: of.adjusted_tax_return_income_amount.map(|amount| amount.0),
                taxable_social_security: of.taxable_social_security_benefits_amount.map(|amount| amount.0),
                exemptions: of.total_exemptions_quantity,
            };
            (ReturnSaid::Return(data), unreconciled)
        }
    };
    Ok(ReturnOf { person, spouse, dependent, said, unreconciled })
}
