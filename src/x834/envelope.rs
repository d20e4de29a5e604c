//! The envelopes of a file: interchange, groups, transactions, with all their numbers and counts.
//!
//! Called by `read`. A count or a number that does not agree means that something is missing or doubled: the whole file is
//! refused, because nobody can say what.

use super::segments::{Fault, Segment, Segments};

/// From ISA to IEA.
#[derive(Debug)]
pub struct Envelope<'s, 'f> {
    pub sender: String,
    pub receiver: String,
    pub control: u32,
    pub test: bool,
    /// TA1.
    pub acknowledgments: Vec<&'s Segment<'f>>,
    pub groups: Vec<Group<'s, 'f>>,
}

/// From GS to GE.
#[derive(Debug)]
pub struct Group<'s, 'f> {
    pub head: &'s Segment<'f>,
    /// GS01: `BE` holds 834s, `FA` 999s.
    pub kind: &'f str,
    pub version: &'f str,
    pub control: u32,
    pub transactions: Vec<Set<'s, 'f>>,
}

/// From ST to SE, with both.
#[derive(Debug)]
pub struct Set<'s, 'f> {
    /// ST01: `834`.
    pub kind: &'f str,
    /// ST02, as it is written.
    pub control: &'f str,
    pub segments: &'s [Segment<'f>],
}

impl<'s, 'f> Set<'s, 'f> {
    pub fn head(&self) -> &'s Segment<'f> {
        &self.segments[0]
    }

    /// Without ST and SE.
    pub fn body(&self) -> &'s [Segment<'f>] {
        &self.segments[1..self.segments.len() - 1]
    }
}

/// Reads the envelopes.
///
/// # Errors
///
/// If a number or a count does not agree, or something stands where it may not.
pub fn open<'s, 'f>(file: &'s Segments<'f>) -> Result<Envelope<'s, 'f>, Fault> {
    let head = &file.all[0];
    let version = head.get(12);
    if version != "00501" {
        return Err(head.fault(12, "of no version that is read here (00501)"));
    }
    let test = match head.get(15) {
        "P" => false,
        "T" => true,
        _ => return Err(head.fault(15, "neither P nor T")),
    };
    let mut envelope = Envelope {
        sender: head.get(6).trim_end().to_string(),
        receiver: head.get(8).trim_end().to_string(),
        control: head.number_at(13)?,
        test,
        acknowledgments: Vec::new(),
        groups: Vec::new(),
    };
    let mut rest = &file.all[1..];
    loop {
        let [first, after @ ..] = rest else {
            return Err(Fault::at(file.all.len(), 0, "cut off: the interchange has no end (IEA)"));
        };
        match first.id {
            "TA1" if envelope.groups.is_empty() => {
                envelope.acknowledgments.push(first);
                rest = after;
            }
            "GS" => {
                let (group, left) = group(rest)?;
                if envelope.groups.iter().any(|other| other.control == group.control) {
                    return Err(group.head.fault(6, "two groups have one control number"));
                }
                envelope.groups.push(group);
                rest = left;
            }
            "IEA" => {
                counted(first, 1, envelope.groups.len(), "groups")?;
                if first.number_at(2)? != envelope.control {
                    return Err(first.fault(2, "another control number than ISA's"));
                }
                return match after.first() {
                    None => Ok(envelope),
                    Some(more) => Err(more.fault(0, "it stands after the end of the interchange")),
                };
            }
            _ => return Err(first.fault(0, "neither a group (GS) nor the end of the interchange (IEA)")),
        }
    }
}

fn counted(segment: &Segment<'_>, element: usize, found: usize, what: &str) -> Result<(), Fault> {
    let said = segment.number_at(element)?;
    if usize::try_from(said) == Ok(found) {
        return Ok(());
    }
    Err(segment.fault(element, format!("it counts {said} {what}, and there are {found}")))
}

/// A group and what follows it. The first segment is its GS.
fn group<'s, 'f>(all: &'s [Segment<'f>]) -> Result<(Group<'s, 'f>, &'s [Segment<'f>]), Fault> {
    let head = &all[0];
    let (kind, version, control) = (head.must(1)?, head.must(8)?, head.number_at(6)?);
    let mut group = Group { head, kind, version, control, transactions: Vec::new() };
    let mut seen = std::collections::HashSet::new();
    let mut rest = &all[1..];
    loop {
        let [first, after @ ..] = rest else {
            return Err(all[all.len() - 1].fault(0, "cut off: the group has no end (GE)"));
        };
        match first.id {
            "ST" => {
                let (set, left) = set(rest)?;
                if !seen.insert(set.control) {
                    return Err(first.fault(2, "two transactions of the group have one control number"));
                }
                group.transactions.push(set);
                rest = left;
            }
            "GE" => {
                counted(first, 1, group.transactions.len(), "transactions")?;
                if first.number_at(2)? != group.control {
                    return Err(first.fault(2, "another control number than GS's"));
                }
                return Ok((group, after));
            }
            _ => return Err(first.fault(0, "neither a transaction (ST) nor the end of the group (GE)")),
        }
    }
}

/// A transaction and what follows it. The first segment is its ST.
fn set<'s, 'f>(all: &'s [Segment<'f>]) -> Result<(Set<'s, 'f>, &'s [Segment<'f>]), Fault> {
    let head = &all[0];
    let (kind, control) = (head.must(1)?, head.must(2)?);
    if !(4..=9).contains(&control.len()) || !control.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(head.fault(2, "no control number of four to nine letters and digits"));
    }
    for (at, one) in all.iter().enumerate().skip(1) {
        match one.id {
            "SE" => {
                counted(one, 1, at + 1, "segments")?;
                if one.get(2) != control {
                    return Err(one.fault(2, "another control number than ST's"));
                }
                return Ok((Set { kind, control, segments: &all[..=at] }, &all[at + 1..]));
            }
            "ST" | "GE" | "GS" | "IEA" | "ISA" => return Err(one.fault(0, "the transaction before it has no end (SE)")),
            _ => {}
        }
    }
    Err(all[all.len() - 1].fault(0, "cut off: the transaction has no end (SE)"))
}
