//! Department of Homeland Security, Verify Lawful Presence (VLP): the first answer may be "pending"; the case is asked again
//! hours to weeks later, sent again with corrected numbers, and closed at the end.
//!
//! There is no JSON schema of it; the JSON here is the published XML, element by element (docs/hub.md).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::Date;

use super::fault::{Code, HubFault};
use super::papers::{VlpDocument, takes_words};
use super::person::{self, unsent};
use super::wire::{self, Day, Level, garbage};

/// Letters of a first and of a last name.
const FIRST_MAX: usize = 25;
const LAST_MAX: usize = 40;
const COMMENT_MAX: usize = 100;

/// What identifies a person there.
#[derive(Clone)]
pub struct VlpAsk {
    pub document: VlpDocument,
    pub first: String,
    pub middle: Option<String>,
    pub last: String,
    pub born: Date,
    /// Entered on or after 22 August 1996: whether the five-year bar applies is to be said.
    pub five_year_bar: bool,
    pub sponsor: bool,
    pub grant_date: bool,
    pub comment: Option<String>,
}

/// 15 letters and digits, the last two capital letters: what a case is known by there.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseNumber(String);

impl CaseNumber {
    pub fn parse(text: &str) -> Option<CaseNumber> {
        let fits = text.len() == 15 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        (fits && text.bytes().skip(13).all(|b| b.is_ascii_uppercase())).then(|| CaseNumber(text.to_string()))
    }

    /// The number in a sentence like "This is a duplicate case, see 0024017172229YQ at …".
    fn in_words(text: &str) -> Option<CaseNumber> {
        text.split(|c: char| !c.is_ascii_alphanumeric()).find_map(CaseNumber::parse)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CaseNumber {
    type Error = &'static str;

    fn try_from(text: String) -> Result<CaseNumber, Self::Error> {
        CaseNumber::parse(&text).ok_or("no case number")
    }
}

impl From<CaseNumber> for String {
    fn from(case: CaseNumber) -> String {
        case.0
    }
}

/// `Y`, `N`, `P`, `X`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Said {
    #[serde(rename = "Y", alias = "y")]
    Yes,
    #[serde(rename = "N", alias = "n")]
    No,
    /// To be asked again.
    #[serde(rename = "P", alias = "p")]
    Pending,
    #[serde(rename = "X", alias = "x")]
    NotApplicable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VlpAnswer {
    /// There is no such number there.
    NotFound,
    Case(Box<VlpCase>),
}

/// What is said of a case. `None`: not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VlpCase {
    /// `Y` and `X` mean lawfully present; `P` is to be asked again; `N` is an open question, never a denial.
    pub lawful: Said,
    /// `None` only while pending without one: ask the whole question again.
    pub case: Option<CaseNumber>,
    pub qualified: Option<Said>,
    pub bar_applies: Option<Said>,
    pub bar_met: Option<Said>,
    pub citizen: Option<Said>,
    /// Number and words of the eligibility statement.
    pub statement: Option<(i64, String)>,
    pub class_of_admission: Option<String>,
    pub provision_of_law: Option<String>,
    pub granted: Option<Date>,
    pub authorized_until: Option<Date>,
    pub sponsor_found: Option<bool>,
    /// What the agency asks to be done next, in its words.
    pub action: Option<String>,
}

/// What the closing of a case has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    Closed,
    /// There is no such case, or not any more.
    NotFound,
}

/// Who answers for a case: the department may call.
#[derive(Debug, Clone)]
pub struct Contact {
    pub name: String,
    /// Ten digits.
    pub phone: String,
}

fn takes_names(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, ' ' | '-')
}

fn one(ask: &VlpAsk, contact: &Contact) -> Result<Value, HubFault> {
    let mut set = json!({
        "dhsid": ask.document.write()?,
        "firstName": person::line(&ask.first, takes_names, FIRST_MAX).ok_or_else(|| unsent("firstName"))?,
        "lastName": person::line(&ask.last, takes_names, LAST_MAX).ok_or_else(|| unsent("lastName"))?,
        "dateOfBirth": person::day(ask.born),
        "fiveYearBarApplicabilityIndicator": ask.five_year_bar,
        "requestSponsorDataIndicator": ask.sponsor,
        "requestGrantDateIndicator": ask.grant_date,
        "casePOCFullName": person::line(&contact.name, takes_names, LAST_MAX).ok_or_else(|| unsent("casePOCFullName"))?,
        "casePOCPhoneNumber": contact.phone,
    });
    let more = [
        ("middleName", ask.middle.as_deref().and_then(|name| person::line(name, takes_names, FIRST_MAX))),
        (
            "requesterCommentsForHub",
            ask.comment.as_deref().and_then(|text| person::line(text, takes_words, COMMENT_MAX)),
        ),
    ];
    person::put(&mut set, more);
    Ok(set)
}

/// Step 1.
pub(super) fn write(ask: &VlpAsk, contact: &Contact) -> Result<Value, HubFault> {
    Ok(json!({ "initialVerificationRequest": { "initialVerificationRequestSet": [one(ask, contact)?] } }))
}

/// The case with corrected numbers.
pub(super) fn write_corrected(case: &CaseNumber, ask: &VlpAsk, contact: &Contact) -> Result<Value, HubFault> {
    let mut set = one(ask, contact)?;
    set["caseNumber"] = case.as_str().into();
    Ok(json!({ "resubmitRequest": set }))
}

/// How it stands with a case.
pub(super) fn write_again(case: &CaseNumber) -> Value {
    json!({ "caseDetailsRequest": { "caseNumber": case.as_str() } })
}

pub(super) fn write_close(case: &CaseNumber) -> Value {
    json!({ "closeCaseRequest": { "caseNumber": case.as_str() } })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    response_code: String,
    response_description_text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Errors {
    error_response_metadata: Vec<ErrorMetadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ErrorMetadata {
    error_response_code: String,
}

/// The answer to step 1, to the corrected case, and to asking again: the same within.
#[derive(Deserialize)]
enum Envelope {
    #[serde(rename = "initialVerificationResponse", alias = "resubmitResponse", alias = "caseDetailsResponse")]
    Answer(Outer),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer {
    response_metadata: Option<Metadata>,
    initial_verification_response_set: Option<Set>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Set {
    initial_verification_individual_response: Option<Vec<Individual>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Individual {
    response_metadata: Metadata,
    array_of_error_response_metadata: Option<Errors>,
    lawful_presence_verified_code: Said,
    initial_verification_individual_response_set: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    case_number: String,
    non_cit_birth_date: Option<Day>,
    non_cit_coa_code: Option<String>,
    non_cit_prov_of_law: Option<String>,
    non_cit_eads_expire_date: Option<Day>,
    elig_statement_cd: i64,
    elig_statement_txt: String,
    grant_date: Option<Day>,
    sponsor_data_found_indicator: Option<bool>,
    agency_action: Option<String>,
    five_year_bar_apply_code: Said,
    qualified_non_citizen_code: Said,
    five_year_bar_met_code: Said,
    #[serde(rename = "usCitizenCode")]
    us_citizen_code: Said,
}

/// What an answer must be about.
pub(super) enum About<'a> {
    Ask(&'a VlpAsk),
    Case(&'a CaseNumber),
}

/// A duplicate case at this or another exchange: the number is in the words.
const DUPLICATE: &str = "HE004000";

pub(super) fn read(body: &[u8], about: &About) -> Result<VlpAnswer, HubFault> {
    let Envelope::Answer(outer) = wire::parse(body)?;
    let whole = outer.response_metadata.map(|metadata| wire::level(&metadata.response_code)).transpose()?;
    if whole == Some(Level::NotFound) {
        return Ok(VlpAnswer::NotFound);
    }
    let set = outer.initial_verification_response_set.and_then(|set| set.initial_verification_individual_response);
    let one = wire::only(set, "initialVerificationIndividualResponse")?;
    if one.response_metadata.response_code == DUPLICATE {
        let case = CaseNumber::in_words(&one.response_metadata.response_description_text);
        let case = case.ok_or_else(|| garbage("a duplicate case without its number"))?;
        return Ok(VlpAnswer::Case(Box::new(pending(Some(case)))));
    }
    match wire::level(&one.response_metadata.response_code)? {
        Level::NotFound => return Ok(VlpAnswer::NotFound),
        Level::Success => refused(one.array_of_error_response_metadata)?,
    }
    let case = match (one.initial_verification_individual_response_set, one.lawful_presence_verified_code) {
        (Some(details), lawful) => details_of(details, lawful, about)?,
        (None, Said::Pending) => pending(None),
        (None, _) => return Err(garbage("a decision without its case")),
    };
    Ok(VlpAnswer::Case(Box::new(case)))
}

/// Field errors beside success.
fn refused(errors: Option<Errors>) -> Result<(), HubFault> {
    let codes: Vec<String> =
        errors.into_iter().flat_map(|all| all.error_response_metadata).map(|e| e.error_response_code).collect();
    let wrong: Vec<&str> = codes.iter().map(String::as_str).filter(|code| *code != "HS000000").collect();
    // Each must be a code; one that says the source is away is one.
    for code in &wrong {
        if let Err(fault @ (HubFault::Garbage { .. } | HubFault::Down(_))) = wire::level(code) {
            return Err(fault);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(HubFault::Refused(Code::new(&wrong.join(",")))) }
}

fn pending(case: Option<CaseNumber>) -> VlpCase {
    VlpCase {
        lawful: Said::Pending,
        case,
        qualified: None,
        bar_applies: None,
        bar_met: None,
        citizen: None,
        statement: None,
        class_of_admission: None,
        provision_of_law: None,
        granted: None,
        authorized_until: None,
        sponsor_found: None,
        action: None,
    }
}

fn details_of(of: Details, lawful: Said, about: &About) -> Result<VlpCase, HubFault> {
    let case = CaseNumber::parse(&of.case_number).ok_or_else(|| garbage("caseNumber is none"))?;
    let other = match about {
        About::Case(asked) => **asked != case,
        About::Ask(ask) => of.non_cit_birth_date.is_some_and(|born| born.0 != ask.born),
    };
    if other {
        return Err(garbage("an answer about another person"));
    }
    let kept = |text: Option<String>, what: &str| text.map(|text| wire::text(text, what)).transpose();
    Ok(VlpCase {
        lawful,
        case: Some(case),
        qualified: Some(of.qualified_non_citizen_code),
        bar_applies: Some(of.five_year_bar_apply_code),
        bar_met: Some(of.five_year_bar_met_code),
        citizen: Some(of.us_citizen_code),
        statement: Some((of.elig_statement_cd, wire::text(of.elig_statement_txt, "eligStatementTxt")?)),
        class_of_admission: kept(of.non_cit_coa_code, "nonCitCoaCode")?,
        provision_of_law: kept(of.non_cit_prov_of_law, "nonCitProvOfLaw")?,
        granted: of.grant_date.map(|day| day.0),
        authorized_until: of.non_cit_eads_expire_date.map(|day| day.0),
        sponsor_found: of.sponsor_data_found_indicator,
        action: kept(of.agency_action, "agencyAction")?,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloseEnvelope {
    close_case_response: CloseOuter,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloseOuter {
    response_metadata: Metadata,
    array_of_error_response_metadata: Option<Errors>,
}

/// Success may come with field errors beside it (`HS001001` to `HS001004`): then nothing was closed.
pub(super) fn read_close(body: &[u8]) -> Result<Closed, HubFault> {
    let outer = wire::parse::<CloseEnvelope>(body)?.close_case_response;
    match wire::level(&outer.response_metadata.response_code)? {
        Level::NotFound => Ok(Closed::NotFound),
        Level::Success => refused(outer.array_of_error_response_metadata).map(|()| Closed::Closed),
    }
}
