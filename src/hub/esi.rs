//! Employer-sponsored coverage known to the federal government as an employer and to others (ESI MEC, RJ14). One person a
//! question, so that one person's trouble is nobody else's.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;

use super::fault::HubFault;
use super::person::{self, Person, Sex};
use super::wire::{self, Amount, Level, Metadata, garbage};
use crate::types::Cents;

#[derive(Clone)]
pub struct EsiAsk {
    pub person: Person,
    pub sex: Option<Sex>,
    /// Two letters.
    pub state: String,
    /// First and last day of the coverage that is asked about.
    pub from: Date,
    pub to: Date,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EsiAnswer {
    /// The source knows nobody like that: no evidence of coverage.
    NotFound,
    Found(EsiRecord),
}

/// Either of the first two being true is evidence against the credit.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EsiRecord {
    pub eligible: Option<bool>,
    pub insured: Option<bool>,
    /// The source's own data do not agree.
    pub inconsistent: bool,
    /// What the employee pays a month for self-only coverage.
    pub monthly_premium: Option<Cents>,
}

impl EsiRecord {
    /// Whether it speaks against the credit.
    pub fn is_evidence(&self) -> bool {
        self.eligible == Some(true) || self.insured == Some(true)
    }
}

/// The amount is not printed.
impl fmt::Debug for EsiRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EsiRecord(eligible {:?}, insured {:?}, inconsistent {})",
            self.eligible, self.insured, self.inconsistent
        )
    }
}

pub(super) fn write(ask: &EsiAsk) -> Result<serde_json::Value, HubFault> {
    let mut one = person::covered(&ask.person, ask.sex, &ask.state)?;
    one["requestedCoveragePeriod"] = json!({ "startDate": person::day(ask.from), "endDate": person::day(ask.to) });
    Ok(json!({ "esiMECRequest": { "applicantRequestArray": [one] } }))
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "esiMECResponse")]
    outer: Outer,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer {
    response_metadata: Option<Metadata>,
    applicant_response_array: Option<Vec<Applicant>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Applicant {
    response_metadata: Metadata,
    person_social_security_number: String,
    #[serde(rename = "applicantMECInformation")]
    information: Option<Information>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Information {
    #[serde(rename = "applicantEligibleESIIndicator")]
    eligible: Option<bool>,
    #[serde(rename = "applicantInsuredIndicator")]
    insured: Option<bool>,
    inconsistency_indicator: bool,
    employee_monthly_premium_amount: Option<Amount>,
}

pub(super) fn read(body: &[u8], ask: &EsiAsk) -> Result<EsiAnswer, HubFault> {
    let outer = wire::parse::<Envelope>(body)?.outer;
    if wire::outer(outer.response_metadata.as_ref())? == Some(Level::NotFound) {
        return Ok(EsiAnswer::NotFound);
    }
    let one = wire::only(outer.applicant_response_array, "applicantResponseArray")?;
    if one.person_social_security_number != ask.person.ssn.digits() {
        return Err(garbage("an answer about another person"));
    }
    if wire::level(&one.response_metadata.code)? == Level::NotFound {
        return Ok(EsiAnswer::NotFound);
    }
    let of = one.information.ok_or_else(|| garbage("success without applicantMECInformation"))?;
    if of.eligible.is_none() && of.insured.is_none() {
        return Err(garbage("success without either indicator"));
    }
    Ok(EsiAnswer::Found(EsiRecord {
        eligible: of.eligible,
        insured: of.insured,
        inconsistent: of.inconsistency_indicator,
        monthly_premium: of.employee_monthly_premium_amount.map(|amount| amount.0),
    }))
}
