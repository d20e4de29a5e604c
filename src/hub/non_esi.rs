//! Coverage by public programs (Non-ESI MEC, RJ31): Medicare, Medicaid, CHIP, TRICARE, veterans, Peace Corps, basic health
//! programs. One person a question; each organization answers for itself, and some may be away while others answer.

use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Date;

use super::fault::{Code, HubFault};
use super::person::{self, Person, Sex};
use super::wire::{self, Day, Level, Metadata, at_most, garbage};

/// Periods that one organization tells.
const PERIODS_MAX: usize = 100;

#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
pub enum Organization {
    #[serde(rename = "MEDI")]
    #[strum(serialize = "MEDI")]
    Medicare,
    #[serde(rename = "MEDC")]
    #[strum(serialize = "MEDC")]
    Medicaid,
    #[serde(rename = "CHIP")]
    #[strum(serialize = "CHIP")]
    Chip,
    #[serde(rename = "TRIC")]
    #[strum(serialize = "TRIC")]
    Tricare,
    #[serde(rename = "VHPC")]
    #[strum(serialize = "VHPC")]
    Veterans,
    #[serde(rename = "PECO")]
    #[strum(serialize = "PECO")]
    PeaceCorps,
    #[serde(rename = "BHPC")]
    #[strum(serialize = "BHPC")]
    BasicHealth,
}

#[derive(Clone)]
pub struct OtherAsk {
    pub person: Person,
    pub sex: Option<Sex>,
    /// Two letters.
    pub state: String,
    pub from: Date,
    pub to: Date,
    pub organizations: Vec<Organization>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherAnswer {
    /// Nobody knows such a person.
    NotFound,
    /// One entry for each organization that was asked, in that order.
    Told(Vec<(Organization, Coverage)>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// For these periods; a period without an end goes on. No period: for all that was asked.
    Covered(Vec<(Date, Option<Date>)>),
    /// Covered, but not with all that counts as minimum essential coverage.
    Partly(Vec<(Date, Option<Date>)>),
    NotCovered,
    NotFound,
    /// The state has no such program.
    NoProgram,
    /// The organization has another number or name: no evidence.
    NoMatch(Code),
    /// It did not answer: not a "no". To be asked again.
    Away,
}

impl OtherAnswer {
    /// The organizations that must be asked again.
    pub fn away(&self) -> Vec<Organization> {
        let OtherAnswer::Told(told) = self else { return Vec::new() };
        told.iter().filter(|(_, said)| *said == Coverage::Away).map(|(organization, _)| *organization).collect()
    }

    /// The organizations that cover this person on this day.
    pub fn covering(&self, day: Date) -> Vec<Organization> {
        let OtherAnswer::Told(told) = self else { return Vec::new() };
        let within = |(from, to): &(Date, Option<Date>)| *from <= day && to.is_none_or(|to| day <= to);
        let covers = |said: &Coverage| match said {
            Coverage::Covered(periods) => periods.is_empty() || periods.iter().any(within),
            _ => false,
        };
        told.iter().filter(|(_, said)| covers(said)).map(|(organization, _)| *organization).collect()
    }
}

pub(super) fn write(ask: &OtherAsk) -> Result<serde_json::Value, HubFault> {
    if ask.organizations.is_empty() {
        return Err(person::unsent("organizationCodeArray"));
    }
    let mut one = person::covered(&ask.person, ask.sex, &ask.state)?;
    one["insurancePolicyEffectiveDate"] = person::day(ask.from).into();
    one["insurancePolicyExpirationDate"] = person::day(ask.to).into();
    one["organizationCodeArray"] = json!(ask.organizations);
    Ok(json!({ "verifyNonESIMECRequest": { "individualRequestArray": [one] } }))
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "verifyNonESIMECResponse")]
    outer: Outer,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer {
    response_metadata: Option<Metadata>,
    individual_response_array: Option<Vec<Individual>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Individual {
    person_social_security_number: String,
    person_birth_date: Day,
    other_coverage_array: Vec<Other>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Other {
    organization_code: Organization,
    mec_coverage: Option<Mec>,
    response_metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mec {
    mec_verification_code: Verified,
    insurance_array: Option<Vec<Period>>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
enum Verified {
    Y,
    N,
    P,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Period {
    insurance_policy_effective_date: Day,
    insurance_policy_expiration_date: Option<Day>,
}

pub(super) fn read(body: &[u8], ask: &OtherAsk) -> Result<OtherAnswer, HubFault> {
    let outer = wire::parse::<Envelope>(body)?.outer;
    if wire::outer(outer.response_metadata.as_ref())? == Some(Level::NotFound) {
        return Ok(OtherAnswer::NotFound);
    }
    let one = wire::only(outer.individual_response_array, "individualResponseArray")?;
    if one.person_social_security_number != ask.person.ssn.digits() || one.person_birth_date.0 != ask.person.born {
        return Err(garbage("an answer about another person"));
    }
    let mut told: Vec<(Organization, Coverage)> = Vec::with_capacity(ask.organizations.len());
    for other in one.other_coverage_array {
        let organization = other.organization_code;
        if !ask.organizations.contains(&organization) {
            return Err(garbage("an organization that was not asked"));
        }
        if told.iter().any(|(before, _)| *before == organization) {
            return Err(garbage("an organization answers twice"));
        }
        told.push((organization, coverage(&other)?));
    }
    // Whoever says nothing did not answer in time (partialResponseIndicator).
    let of = |organization: &Organization| {
        let said = told.iter().find(|(who, _)| who == organization).map(|(_, said)| said.clone());
        (*organization, said.unwrap_or(Coverage::Away))
    };
    let all: Vec<(Organization, Coverage)> = ask.organizations.iter().map(of).collect();
    if all.iter().all(|(_, said)| *said == Coverage::Away) {
        return Err(HubFault::Down("none of the organizations answered".to_string()));
    }
    Ok(OtherAnswer::Told(all))
}

/// The state has no such program.
const NO_PROGRAM: &str = "HE007001";
/// Medicare knows somebody with another number, name, sex or birth date: `HE040008`, `HE040010` and their like.
const NO_MATCH: &str = "HE0400";

fn coverage(other: &Other) -> Result<Coverage, HubFault> {
    let code = other.response_metadata.code.as_str();
    let level = match wire::level(code) {
        Err(HubFault::Down(_)) => return Ok(Coverage::Away),
        Err(HubFault::Refused(_)) if code == NO_PROGRAM => return Ok(Coverage::NoProgram),
        Err(HubFault::Refused(code)) if code.as_str().starts_with(NO_MATCH) => return Ok(Coverage::NoMatch(code)),
        other => other?,
    };
    if level == Level::NotFound {
        return Ok(Coverage::NotFound);
    }
    let mec = other.mec_coverage.as_ref().ok_or_else(|| garbage("success without mecCoverage"))?;
    let periods = mec.insurance_array.as_deref().unwrap_or_default();
    at_most(periods, PERIODS_MAX, "insuranceArray")?;
    let period =
        |of: &Period| (of.insurance_policy_effective_date.0, of.insurance_policy_expiration_date.map(|to| to.0));
    let periods: Vec<(Date, Option<Date>)> = periods.iter().map(period).collect();
    if periods.iter().any(|(from, to)| to.is_some_and(|to| to < *from)) {
        return Err(garbage("coverage that ends before it begins"));
    }
    Ok(match mec.mec_verification_code {
        Verified::Y => Coverage::Covered(periods),
        Verified::P => Coverage::Partly(periods),
        Verified::N => Coverage::NotCovered,
    })
}
