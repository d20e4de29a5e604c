//! Medicare for many people at once: before renewal (RRV) and twice a year (PVC). Both have the same files.

use serde::{Deserialize, Serialize};
use time::Date;

use super::xml::{self, Node, Xml};
use crate::hub::fault::HubFault;
use crate::hub::person::{self, Person, Sex, Ssn, parse_day};
use crate::hub::wire::garbage;

/// One person of a question.
#[derive(Clone)]
pub struct MedicareAsk {
    pub person: Person,
    pub sex: Sex,
    pub from: Date,
    pub to: Date,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MedicareSaid {
    /// Since when, and until when if it ended or will.
    Covered { from: Date, until: Option<Date> },
    /// Known, and not covered in the time that was asked about.
    NotCovered,
    /// Medicare has something else on file: no evidence.
    NoMatch(Mismatch),
    /// A code that is not known: something for an operator.
    Other(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// 7000
    Sex,
    /// 7304
    Ssn,
    /// 7312
    FirstName,
}

/// # Errors
///
/// If a name cannot be sent.
pub fn write(people: &[MedicareAsk]) -> Result<Vec<u8>, HubFault> {
    let fitted = |ask: &MedicareAsk| {
        let of = &ask.person;
        Ok((person::name(&of.first, "PersonGivenName")?, person::name(&of.last, "PersonSurName")?))
    };
    let names = people.iter().map(fitted).collect::<Result<Vec<_>, HubFault>>()?;
    let mut xml = Xml::begin();
    xml.open("EESDSHBatchRequestData", |xml| {
        xml.open("IndividualRequests", |xml| {
            for (ask, (first, last)) in people.iter().zip(&names) {
                xml.open("IndividualRequest", |xml| one(xml, ask, first, last));
            }
        });
    });
    Ok(xml.done())
}

fn one(xml: &mut Xml, ask: &MedicareAsk, first: &str, last: &str) {
    let of = &ask.person;
    xml.open("Applicant", |xml| {
        xml.text("PersonSSNIdentification", of.ssn.digits());
        xml.open("PersonName", |xml| {
            xml.text("PersonGivenName", first);
            xml.maybe("PersonMiddleName", person::maybe_name(of.middle.as_deref()).as_deref());
            xml.text("PersonSurName", last);
            xml.maybe("PersonNameSuffixText", person::suffix(of.suffix.as_deref()).as_deref());
        });
        xml.text("PersonBirthDate", &person::day(of.born));
        xml.text("PersonSexCode", ask.sex.code());
    });
    xml.open("InsurancePolicy", |xml| {
        xml.text("InsurancePolicyEffectiveDate", &person::day(ask.from));
        xml.text("InsurancePolicyExpirationDate", &person::day(ask.to));
    });
}

/// What is said of each of these people, in their order; `None`: nothing, to be asked again.
///
/// # Errors
///
/// If it is no such file, or is about somebody else.
pub fn read(bytes: &[u8], asked: &[Ssn]) -> Result<Vec<Option<MedicareSaid>>, HubFault> {
    let root = xml::parse(bytes)?;
    if root.name != "EESDSHBatchResponseData" {
        return Err(garbage("no EESDSHBatchResponseData"));
    }
    let places: std::collections::HashMap<&str, usize> =
        asked.iter().enumerate().map(|(i, ssn)| (ssn.digits(), i)).collect();
    let mut said: Vec<Option<MedicareSaid>> = vec![None; asked.len()];
    for of in root.child("IndividualResponses").into_iter().flat_map(|all| &all.children) {
        if of.name != "IndividualResponse" {
            continue;
        }
        let number = of.below(&["PersonSSNIdentification"]).unwrap_or_default();
        let place = places.get(number).ok_or_else(|| garbage("an answer about another person"))?;
        if said[*place].replace(said_of(of)?).is_some() {
            return Err(garbage("two answers about one person"));
        }
    }
    Ok(said)
}

fn said_of(of: &Node) -> Result<MedicareSaid, HubFault> {
    let code = of.below(&["OrganizationResponseCode"]).unwrap_or_default();
    let day = |name: &str| match of.below(&["Insurance", name]) {
        None => Ok(None),
        Some(text) => parse_day(text).map(Some).ok_or_else(|| garbage(format!("{name} is no day"))),
    };
    Ok(match code {
        "0000" => match (day("InsuranceEffectiveDate")?, day("InsuranceEndDate")?) {
            (Some(from), until) if until.is_none_or(|until| from <= until) => MedicareSaid::Covered { from, until },
            (None, None) => MedicareSaid::NotCovered,
            _ => return Err(garbage("coverage that ends before it begins, or has no beginning")),
        },
        "7000" => MedicareSaid::NoMatch(Mismatch::Sex),
        "7304" => MedicareSaid::NoMatch(Mismatch::Ssn),
        "7312" => MedicareSaid::NoMatch(Mismatch::FirstName),
        other if other.len() == 4 && other.bytes().all(|b| b.is_ascii_digit()) => {
            MedicareSaid::Other(other.to_string())
        }
        _ => return Err(garbage("OrganizationResponseCode is no four digits")),
    })
}
