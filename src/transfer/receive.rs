//! What a state's file says: the answer of its system to a transfer of ours, or a transfer of its own.
//!
//! Called by `inbox`. It reads and judges the form, nothing else: whether anything of it is ours is looked up by the IDs that it
//! names. Everything is refused that is not an answer, or a transfer to an Exchange from the agency of the state whose folder it
//! lay in.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

use super::xml::{self, Element, Refused, Space};
use super::{json, shape};
use crate::store::Millis;

/// Codes by which a system says that it has taken a transfer (hub/response-codes: both mean success).
const TAKEN: [&str; 2] = ["HS000000", "HE000000"];
/// Of an ID in a file.
const ID_MOST: usize = 64;
const VERSIONS: [&str; 2] = ["2.3", "2.4"];

pub enum Message {
    /// The system's answer to the transfer that the file is named after.
    Response {
        transfer: String,
        code: String,
        taken: bool,
    },
    Request(Box<Request>),
}

/// A transfer of an agency.
pub struct Request {
    pub id: String,
    pub at: Millis,
    /// Numbers of the application that say they are the Exchange's.
    pub references: Vec<String>,
    pub referrals: Vec<Referral>,
    pub tree: Element,
}

/// One person's part in it.
pub struct Referral {
    pub id: String,
    pub status: Status,
    /// What the agency says is the matter: a code, never words of a person.
    pub reason: String,
    pub birth: Option<Date>,
    pub decisions: Vec<Decision>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Initiated,
    Accepted,
    Rejected,
}

/// The agency's own decision on one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub program: &'static str,
    pub eligible: bool,
    pub at: Option<Millis>,
    pub from_day: String,
}

/// Reads a file of a state's folder.
///
/// # Errors
///
/// The line and the reason.
pub fn read(bytes: &[u8], (state, name): (&str, &str)) -> Result<Message, Refused> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let root = match first {
        None => return Err(Refused::whole("empty")),
        Some(b'{') => json::read(text(bytes)?)?,
        Some(_) => payload(xml::read(bytes)?)?,
    };
    match (root.space, root.local.as_str()) {
        (Space::Exchange, "AccountTransferResponse") => response(&root, name),
        (Space::Exchange, "AccountTransferRequest") => request(root, state),
        _ => Err(Refused::whole("neither AccountTransferRequest nor AccountTransferResponse")),
    }
}

fn text(bytes: &[u8]) -> Result<&str, Refused> {
    if bytes.len() > xml::MOST_BYTES {
        return Err(Refused::whole(format!("larger than {} MB", xml::MOST_BYTES >> 20)));
    }
    std::str::from_utf8(bytes).map_err(|_| Refused::whole("not UTF-8"))
}

/// Out of its envelope.
fn payload(root: Element) -> Result<Element, Refused> {
    if root.space != Space::Soap {
        return Ok(root);
    }
    let body = root.children.into_iter().find(|own| own.space == Space::Soap && own.local == "Body");
    let mut inside = body.map(|body| body.children).unwrap_or_default();
    match (root.local.as_str(), inside.pop(), inside.is_empty()) {
        ("Envelope", Some(own), true) => Ok(own),
        _ => Err(Refused::whole("an envelope without one transfer in it")),
    }
}

/// `W0123456789ABCDE.response.xml`
fn response(root: &Element, name: &str) -> Result<Message, Refused> {
    let transfer = name.split('.').next().unwrap_or_default();
    if super::of_referral(&format!("{transfer}-1")).is_none() {
        return Err(Refused::whole("an answer whose file is not named after a transfer (ID.response.xml)"));
    }
    let code = root
        .text_at("ResponseMetadata/ResponseCode")
        .ok_or_else(|| Refused::whole("an answer without ResponseCode"))?;
    let fits = code.len() <= 16 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !fits {
        return Err(Refused::whole("an answer with a ResponseCode that is none"));
    }
    Ok(Message::Response { transfer: transfer.to_string(), code: code.to_string(), taken: TAKEN.contains(&code) })
}

fn request(root: Element, state: &str) -> Result<Message, Refused> {
    let lacks = |what: &str| Refused::whole(format!("it lacks {what}"));
    if !root.version.as_deref().is_some_and(|version| VERSIONS.contains(&version)) {
        return Err(Refused::whole("of no version that is read here (2.3, 2.4)"));
    }
    let activity = root.at("TransferHeader/TransferActivity").ok_or_else(|| lacks("TransferActivity"))?;
    let id =
        activity.text_at("ActivityIdentification/IdentificationID").ok_or_else(|| lacks("the ID of the transfer"))?;
    let plain = |id: &str| id.len() <= ID_MOST && id.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain(id) {
        return Err(Refused::whole("its ID is too long, or has other signs than letters and digits"));
    }
    let at =
        activity.text_at("ActivityDate/DateTime").and_then(moment).ok_or_else(|| lacks("the time of the transfer"))?;
    if activity.text_at("RecipientTransferActivityCode") != Some("Exchange") {
        return Err(Refused::whole("not addressed to an Exchange"));
    }
    let sender = root.child("Sender").ok_or_else(|| lacks("Sender"))?;
    match sender.text_at("InformationExchangeSystemCategoryCode") {
        Some("MedicaidAgency" | "CHIPAgency") => {}
        _ => return Err(Refused::whole("not sent by a Medicaid or CHIP agency")),
    }
    if sender.text_at("InformationExchangeSystemStateCode") != Some(state) {
        return Err(Refused::whole("sent by the agency of another state than the folder's"));
    }
    let application = root.child("InsuranceApplication").ok_or_else(|| lacks("InsuranceApplication"))?;
    let own = application.all("ApplicationIdentification");
    // One number may be the state's: only what is called the Exchange's is looked for.
    let references = own
        .filter(|own| own.text_at("IdentificationCategoryText") == Some("Exchange"))
        .filter_map(|own| own.text_at("IdentificationID"))
        .filter(|id| plain(id))
        .map(str::to_string)
        .collect();
    let mut referrals = Vec::new();
    for applicant in application.all("InsuranceApplicant") {
        if let Some(own) = applicant.child("ReferralActivity") {
            referrals.push(referral(&root, applicant, own)?);
        }
    }
    if referrals.is_empty() {
        return Err(lacks("a referral"));
    }
    let id = id.to_string();
    Ok(Message::Request(Box::new(Request { id, at, references, referrals, tree: root })))
}

fn referral(root: &Element, applicant: &Element, own: &Element) -> Result<Referral, Refused> {
    let lacks = |what: &str| Refused::whole(format!("a referral lacks {what}"));
    let id = own.text_at("ActivityIdentification/IdentificationID").ok_or_else(|| lacks("its ID"))?;
    if id.len() > ID_MOST {
        return Err(Refused::whole("a referral's ID is too long"));
    }
    let status = match own.text_at("ReferralActivityStatus/ReferralActivityStatusCode") {
        Some("Initiated") => Status::Initiated,
        Some("Accepted" | "ProvisionallyAccepted" | "Updated") => Status::Accepted,
        Some("Rejected" | "PartiallyRejected") => Status::Rejected,
        Some(_) => return Err(Refused::whole("a referral has a status of no list")),
        None => return Err(lacks("its status")),
    };
    let person = applicant.child("RoleOfPersonReference").and_then(|own| own.reference.as_deref());
    let person = root.all("Person").find(|own| own.id.is_some() && own.id.as_deref() == person);
    let birth = person.and_then(|own| own.text_at("PersonBirthDate/Date")).and_then(day);
    let reason = own.text_at("ReferralActivityReasonCode").unwrap_or_default();
    let reason = if shape::is_word(reason) { reason } else { "" };
    let decisions = ["MedicaidMAGIEligibility", "MedicaidNonMAGIEligibility", "CHIPEligibility"];
    let decisions = decisions.into_iter().flat_map(|kind| applicant.all(kind)).filter_map(decision).collect();
    Ok(Referral { id: id.to_string(), status, reason: reason.to_string(), birth, decisions })
}

/// Only what the agency itself has established: it sends our own assessment back, too.
fn decision(own: &Element) -> Option<Decision> {
    let by = own.text_at("EligibilityEstablishingSystem/InformationExchangeSystemCategoryCode")?;
    if !["MedicaidAgency", "CHIPAgency"].contains(&by) {
        return None;
    }
    let eligible = matches!(own.text_at("EligibilityIndicator")?, "true" | "1");
    let program = if own.local.starts_with("CHIP") { "chip" } else { "medicaid" };
    let from = own.text_at("EligibilityDateRange/StartDate/Date").and_then(day).map(|day| day.to_string());
    let at = own.text_at("EligibilityDetermination/ActivityDate/DateTime").and_then(moment);
    Some(Decision { program, eligible, at, from_day: from.unwrap_or_default() })
}

/// `2026-11-27`, with or without an offset.
pub fn day(text: &str) -> Option<Date> {
    Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()
}

fn moment(text: &str) -> Option<Millis> {
    let with_offset = OffsetDateTime::parse(text, &Rfc3339).ok();
    let bare = || {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
        PrimitiveDateTime::parse(text.get(..19)?, format).ok().map(PrimitiveDateTime::assume_utc)
    };
    let at = with_offset.or_else(bare)?;
    (1900..=2200).contains(&at.year()).then(|| at.unix_timestamp() * 1000)
}
