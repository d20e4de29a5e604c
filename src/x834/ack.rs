//! What an insurer's system says of a file of ours: TA1 on the interchange, 999 on its group and transactions (005010X231A1).
//!
//! Called by `read`. An answer whose own numbers do not agree is refused: who was taken would be a guess.

use super::envelope::{Group, Set};
use super::segments::{Fault, Segment};

/// Versions of the answer: with and without the addenda.
pub const VERSIONS: [&str; 2] = ["005010X231A1", "005010X231"];
/// Errors that are kept of one transaction.
pub const MOST_ERRORS: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    /// Taken, although something is wrong.
    WithErrors,
    /// Of a group: some were taken.
    Partly,
    Rejected,
}

/// TA1: on the interchange as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterchangeAck {
    /// ISA13 of ours.
    pub control: u32,
    pub outcome: Outcome,
    /// TA105, three digits: `000` is no error.
    pub note: String,
}

/// 999: on a group of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupAck {
    /// GS06 of ours.
    pub control: u32,
    pub outcome: Outcome,
    /// What it says of itself: sent, received, taken.
    pub sent: u32,
    pub received: u32,
    pub accepted: u32,
    /// Of the whole group (AK905 to AK909).
    pub codes: Vec<String>,
    /// An answer may leave out what was taken.
    pub transactions: Vec<SetAck>,
}

/// On one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAck {
    /// ST02 of ours.
    pub control: String,
    pub outcome: Outcome,
    /// IK502 to IK506.
    pub codes: Vec<String>,
    pub errors: Vec<Error>,
}

/// Where one is, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// `NM1`
    pub segment: String,
    /// Counted from ST, which is 1.
    pub at: u32,
    /// 0: all of the segment.
    pub element: u32,
    /// Of the segment (IK304), or of the element (IK403).
    pub code: String,
}

fn outcome(segment: &Segment<'_>, element: usize, group: bool) -> Result<Outcome, Fault> {
    match segment.must(element)? {
        "A" => Ok(Outcome::Accepted),
        "E" => Ok(Outcome::WithErrors),
        "P" if group => Ok(Outcome::Partly),
        "R" | "M" | "W" | "X" => Ok(Outcome::Rejected),
        _ => Err(segment.fault(element, "an outcome of no list")),
    }
}

/// Codes from one element to another; what is no code is refused.
fn codes(segment: &Segment<'_>, elements: std::ops::RangeInclusive<usize>) -> Result<Vec<String>, Fault> {
    let mut all = Vec::new();
    for element in elements {
        match segment.get(element) {
            "" => {}
            code => all.push(word(segment, element, code)?),
        }
    }
    Ok(all)
}

/// A code goes into our records: letters and digits, three at most.
fn word(segment: &Segment<'_>, element: usize, code: &str) -> Result<String, Fault> {
    let fits = code.len() <= 3 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(code.to_string()) } else { Err(segment.fault(element, "no code of three letters and digits")) }
}

/// Reads a TA1.
///
/// # Errors
///
/// If something lacks or is of no list.
pub fn interchange(segment: &Segment<'_>) -> Result<InterchangeAck, Fault> {
    let outcome = match segment.must(4)? {
        "A" => Outcome::Accepted,
        "E" => Outcome::WithErrors,
        "R" => Outcome::Rejected,
        _ => return Err(segment.fault(4, "an outcome of no list")),
    };
    let note = segment.must(5)?;
    if note.len() != 3 || !note.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(segment.fault(5, "no code of three digits"));
    }
    Ok(InterchangeAck { control: segment.number_at(1)?, outcome, note: note.to_string() })
}

/// Reads a 999.
///
/// # Errors
///
/// If something lacks, is of no list, stands where it may not, or counts what is not there.
pub fn group(group: &Group<'_, '_>, set: &Set<'_, '_>) -> Result<GroupAck, Fault> {
    if !VERSIONS.contains(&group.version) {
        return Err(group.head.fault(8, "of no version that is read here (005010X231A1, 005010X231)"));
    }
    let body = set.body();
    let [first, middle @ .., last] = body else {
        return Err(set.head().fault(0, "an answer without AK1 and AK9"));
    };
    if first.id != "AK1" {
        return Err(first.fault(0, "an answer that does not begin with AK1"));
    }
    if last.id != "AK9" {
        return Err(last.fault(0, "an answer that does not end with AK9"));
    }
    if first.must(1)? != "BE" {
        return Err(first.fault(1, "about a group of another kind than ours (BE)"));
    }
    let transactions = transactions(middle)?;
    let mut ack = GroupAck {
        control: first.number_at(2)?,
        outcome: outcome(last, 1, true)?,
        sent: last.number_at(2)?,
        received: last.number_at(3)?,
        accepted: last.number_at(4)?,
        codes: codes(last, 5..=9)?,
        transactions,
    };
    agrees(&ack, last)?;
    match ack.outcome {
        // The group itself is at fault: of none of its transactions was anything taken.
        Outcome::Rejected if !ack.codes.is_empty() => {
            ack.transactions.iter_mut().for_each(|own| own.outcome = Outcome::Rejected);
        }
        // Some systems call a group rejected in which one transaction was; their counts say how many were taken.
        Outcome::Rejected if ack.accepted > 0 => ack.outcome = Outcome::Partly,
        _ => {}
    }
    Ok(ack)
}

fn transactions(segments: &[Segment<'_>]) -> Result<Vec<SetAck>, Fault> {
    let mut all: Vec<SetAck> = Vec::new();
    // The one that has no IK5 yet.
    let mut open: Option<(String, Vec<Error>)> = None;
    for segment in segments {
        match (segment.id, open.as_mut()) {
            ("AK2", None) => {
                if segment.must(1)? != "834" {
                    return Err(segment.fault(1, "about a transaction of another kind than ours (834)"));
                }
                let control = segment.must(2)?;
                if all.iter().any(|other| other.control == control) {
                    return Err(segment.fault(2, "it answers to one transaction twice"));
                }
                open = Some((control.to_string(), Vec::new()));
            }
            ("IK3", Some((_, errors))) => {
                let code = word(segment, 4, segment.get(4))?;
                let named = word(segment, 1, segment.must(1)?)?;
                push(errors, Error { segment: named, at: segment.number_at(2)?, element: 0, code });
            }
            ("IK4", Some((_, errors))) => {
                let position = segment.must(1)?.split(|sign: char| !sign.is_ascii_digit()).next().unwrap_or_default();
                let element = position.parse().map_err(|_| segment.fault(1, "no position"))?;
                let code = word(segment, 3, segment.must(3)?)?;
                let Some((named, at)) = errors.last().map(|own| (own.segment.clone(), own.at)) else {
                    return Err(segment.fault(0, "an element's error without its segment (IK3)"));
                };
                push(errors, Error { segment: named, at, element, code });
            }
            ("CTX", Some(_)) => {}
            ("IK5", Some(_)) => {
                let (outcome, codes) = (outcome(segment, 1, false)?, codes(segment, 2..=6)?);
                if let Some((control, errors)) = open.take() {
                    all.push(SetAck { control, outcome, codes, errors });
                }
            }
            _ => return Err(segment.fault(0, "it stands where an answer has no such segment")),
        }
    }
    match open {
        None => Ok(all),
        Some(_) => Err(segments[segments.len() - 1].fault(0, "the last transaction has no outcome (IK5)")),
    }
}

fn push(errors: &mut Vec<Error>, error: Error) {
    if errors.len() < MOST_ERRORS {
        errors.push(error);
    }
}

/// Its numbers among themselves.
fn agrees(ack: &GroupAck, last: &Segment<'_>) -> Result<(), Fault> {
    let rejected = ack.transactions.iter().filter(|own| own.outcome == Outcome::Rejected).count() as u64;
    let (sent, received, accepted) = (u64::from(ack.sent), u64::from(ack.received), u64::from(ack.accepted));
    let listed = ack.transactions.len() as u64;
    if accepted > received || received > sent || listed > sent {
        return Err(last.fault(4, "more were taken than received, or received than sent"));
    }
    let agrees = match ack.outcome {
        Outcome::Accepted | Outcome::WithErrors => rejected == 0 && accepted == sent,
        Outcome::Rejected if !ack.codes.is_empty() => true,
        // Some answers name no transaction if none was taken.
        Outcome::Rejected if accepted == 0 => rejected == listed,
        Outcome::Rejected => accepted < sent && rejected + accepted == sent,
        Outcome::Partly => accepted > 0 && accepted < sent && rejected + accepted == sent,
    };
    if agrees { Ok(()) } else { Err(last.fault(1, "its outcome does not agree with its transactions")) }
}
