//! One enrollment as an insurer sends it back: confirmed, cancelled, ended, or all that it has, to be compared.
//!
//! Called by `read`. What is needed to find the enrollment and to see what became of it is read; the rest is passed by. It
//! never reads a Social Security number.

use time::{Date, Month};

use super::MOST_MEMBERS;
use super::codes::{self, Extra, Kind, Line, Reason, Relation};
use super::envelope::Set;
use super::segments::{Fault, Segment};
use crate::types::Cents;

/// Characters of an ID of ours that comes back.
const MOST_ID: usize = 50;
/// Segments of the transaction (005010X220A1); others are refused.
const KNOWN: [&str; 25] = [
    "ACT", "AMT", "BGN", "COB", "DMG", "DSB", "DTP", "EC", "HD", "HLH", "ICM", "IDC", "INS", "LE", "LS", "LUI", "LX",
    "N1", "N3", "N4", "NM1", "PER", "PLA", "QTY", "REF",
];

/// A transaction 834.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// BGN02.
    pub reference: String,
    /// BGN08 `4`: all that is in force, not a change.
    pub audit: bool,
    /// REF*0F.
    pub subscriber: String,
    /// REF*1L: our number of the enrollment; empty if it is not said.
    pub policy: String,
    /// REF*CE; empty if it is not said.
    pub plan: String,
    pub line: Option<Line>,
    pub kind: Kind,
    pub reason: Option<Reason>,
    pub extra: Option<Extra>,
    pub begins: Option<Date>,
    pub ends: Option<Date>,
    pub premium: Option<Cents>,
    pub credit: Option<Cents>,
    pub owed: Option<Cents>,
    /// The subscriber first.
    pub members: Vec<Covered>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// REF*17; empty if it is not said.
    pub id: String,
    pub relation: Relation,
    pub kind: Kind,
    pub last: String,
    pub first: String,
    pub middle: String,
    pub suffix: String,
    pub born: Option<Date>,
    pub premium: Option<Cents>,
    pub begins: Option<Date>,
    pub ends: Option<Date>,
}

/// What is read of one member, before it is judged.
struct Draft<'f> {
    maintenance: &'f str,
    reason: Option<Reason>,
    subscriber: &'f str,
    policy: &'f str,
    plan: &'f str,
    line: Option<Line>,
    extra: Option<Extra>,
    totals: [Option<Cents>; 3],
    /// Whose name, address and birth date come next: the member's own?
    own_name: bool,
    /// Name of the reporting category that is open.
    category: &'f str,
    covered: Covered,
}

/// Reads a transaction.
///
/// # Errors
///
/// The first fault.
pub fn coverage(set: &Set<'_, '_>) -> Result<Coverage, Fault> {
    let body = set.body();
    let Some(begin) = body.first().filter(|first| first.id == "BGN") else {
        return Err(set.head().fault(0, "a transaction that does not begin with BGN"));
    };
    let audit = match begin.must(8)? {
        "2" => false,
        "4" => true,
        _ => return Err(begin.fault(8, "neither a change (2) nor an audit (4)")),
    };
    if !["00", "15", "22"].contains(&begin.must(1)?) {
        return Err(begin.fault(1, "a purpose of no list"));
    }
    let mut members: Vec<Draft<'_>> = Vec::new();
    for segment in body {
        if !KNOWN.contains(&segment.id) {
            return Err(segment.fault(0, "a segment that an 834 has not"));
        }
        match (segment.id, members.last_mut()) {
            ("INS", _) => {
                if members.len() == MOST_MEMBERS {
                    return Err(segment.fault(0, format!("more than {MOST_MEMBERS} members")));
                }
                let member = member(segment, members.is_empty())?;
                members.push(member);
            }
            (_, Some(member)) => member.take(segment)?,
            (_, None) => {}
        }
    }
    let Some(last) = body.last().filter(|_| !members.is_empty()) else {
        return Err(set.head().fault(0, "a transaction without a member (INS)"));
    };
    assemble(begin, audit, members, last)
}

fn member<'f>(segment: &Segment<'f>, first: bool) -> Result<Draft<'f>, Fault> {
    let subscriber = match segment.must(1)? {
        "Y" => true,
        "N" => false,
        _ => return Err(segment.fault(1, "neither Y nor N")),
    };
    let relation =
        Relation::parse(segment.must(2)?).ok_or_else(|| segment.fault(2, "a relationship of no list here"))?;
    match (subscriber, first) {
        (true, false) => return Err(segment.fault(1, "two subscribers in one transaction")),
        (false, true) => return Err(segment.fault(1, "a dependent before the subscriber")),
        _ => {}
    }
    if subscriber != (relation == Relation::Own) {
        return Err(segment.fault(2, "relationship 18 is the subscriber's, and nobody else's"));
    }
    let maintenance = segment.must(3)?;
    let kind = Kind::parse(maintenance, false).ok_or_else(|| segment.fault(3, "a maintenance type of no list here"))?;
    let reason = match segment.get(4) {
        "" => None,
        code => Some(Reason::parse(code).ok_or_else(|| segment.fault(4, "a maintenance reason of no list here"))?),
    };
    let covered = Covered {
        id: String::new(),
        relation,
        kind,
        last: String::new(),
        first: String::new(),
        middle: String::new(),
        suffix: String::new(),
        born: None,
        premium: None,
        begins: None,
        ends: None,
    };
    Ok(Draft {
        maintenance,
        reason,
        subscriber: "",
        policy: "",
        plan: "",
        line: None,
        extra: None,
        totals: [None; 3],
        own_name: false,
        category: "",
        covered,
    })
}

impl<'f> Draft<'f> {
    fn take(&mut self, segment: &Segment<'f>) -> Result<(), Fault> {
        match segment.id {
            "NM1" => {
                self.own_name = matches!(segment.must(1)?, "IL" | "74");
                if self.own_name {
                    let own = &mut self.covered;
                    own.last = segment.must(3)?.to_string();
                    own.first = segment.get(4).to_string();
                    own.middle = segment.get(5).to_string();
                    own.suffix = segment.get(7).to_string();
                }
            }
            "DMG" if self.own_name => self.covered.born = Some(day(segment, 1, 2)?),
            "HD" => {
                self.own_name = false;
                self.line = Some(
                    Line::parse(segment.must(3)?)
                        .ok_or_else(|| segment.fault(3, "a kind of coverage of no list here"))?,
                );
            }
            "DTP" => self.date(segment)?,
            "LX" | "LE" => self.category = "",
            "N1" if segment.get(1) == "75" => self.category = segment.must(2)?,
            "REF" => self.reference(segment)?,
            _ => {}
        }
        Ok(())
    }

    fn date(&mut self, segment: &Segment<'f>) -> Result<(), Fault> {
        let place = match segment.must(1)? {
            "348" | "356" => &mut self.covered.begins,
            "349" | "357" => &mut self.covered.ends,
            _ => return Ok(()),
        };
        *place = Some(day(segment, 2, 3)?);
        Ok(())
    }

    fn reference(&mut self, segment: &Segment<'f>) -> Result<(), Fault> {
        if !self.category.is_empty() {
            return self.reported(segment);
        }
        let place = match segment.must(1)? {
            "0F" => &mut self.subscriber,
            "1L" => &mut self.policy,
            "CE" => &mut self.plan,
            "17" => {
                self.covered.id = id(segment)?.to_string();
                return Ok(());
            }
            _ => return Ok(()),
        };
        *place = id(segment)?;
        Ok(())
    }

    /// REF of a reporting category.
    fn reported(&mut self, segment: &Segment<'f>) -> Result<(), Fault> {
        let names = [codes::PREMIUM_OF_ALL.0, codes::CREDIT.0, codes::OWED.0];
        if let Some(at) = names.iter().position(|name| *name == self.category) {
            self.totals[at] = Some(amount(segment, 2)?);
        } else if self.category == codes::PREMIUM_OF_MEMBER.0 {
            self.covered.premium = Some(amount(segment, 2)?);
        } else if self.category == codes::EXTRA.0 {
            let extra = Extra::parse(segment.must(2)?);
            self.extra = Some(extra.ok_or_else(|| segment.fault(2, "an additional reason of no list here"))?);
        }
        Ok(())
    }
}

/// An ID goes into our records: signs that one can see, and not many.
fn id<'f>(segment: &Segment<'f>) -> Result<&'f str, Fault> {
    let text = segment.must(2)?;
    let fits = text.len() <= MOST_ID && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(text) } else { Err(segment.fault(2, "an ID that is too long, or has a blank in it")) }
}

/// `D8`, `20270101`
fn day(segment: &Segment<'_>, form: usize, element: usize) -> Result<Date, Fault> {
    if segment.must(form)? != "D8" {
        return Err(segment.fault(form, "no single day (D8)"));
    }
    date(segment.must(element)?).ok_or_else(|| segment.fault(element, "no day of the calendar from 1800 to 2200"))
}

/// `20270101`
pub fn date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year: i32 = text.get(..4)?.parse().ok().filter(|year| (1800..=2200).contains(year))?;
    let month = Month::try_from(text.get(4..6)?.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year, month, text.get(6..)?.parse().ok()?).ok()
}

/// `312.5`, `0.00`
fn amount(segment: &Segment<'_>, element: usize) -> Result<Cents, Fault> {
    let text = segment.must(element)?;
    let (whole, cents) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, most| (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 7) || !digits(cents, 2) {
        return Err(segment.fault(element, "no amount of dollars and cents"));
    }
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    let tens = if cents.len() == 1 { 10 } else { 1 };
    Ok(Cents(number(whole) * 100 + number(cents) * tens))
}

/// What the members say together.
fn assemble(begin: &Segment<'_>, audit: bool, members: Vec<Draft<'_>>, last: &Segment<'_>) -> Result<Coverage, Fault> {
    let first = &members[0];
    if first.subscriber.is_empty() {
        return Err(last.fault(0, "the subscriber has no ID (REF*0F)"));
    }
    if members.iter().any(|own| own.subscriber != first.subscriber) {
        return Err(last.fault(0, "a member has another subscriber's ID, or none (REF*0F)"));
    }
    if members.iter().any(|own| own.covered.last.is_empty()) {
        return Err(last.fault(0, "a member has no name (NM1*IL)"));
    }
    if members.iter().any(|own| !own.policy.is_empty() && own.policy != first.policy) {
        return Err(last.fault(0, "a member has another enrollment's number (REF*1L)"));
    }
    let never_began = first.extra.is_some_and(Extra::cancels)
        || (first.covered.begins.is_some() && first.covered.begins == first.covered.ends);
    let mut coverage = Coverage {
        reference: begin.must(2)?.to_string(),
        audit,
        subscriber: first.subscriber.to_string(),
        policy: first.policy.to_string(),
        plan: first.plan.to_string(),
        line: first.line,
        kind: Kind::parse(first.maintenance, never_began).unwrap_or(first.covered.kind),
        reason: first.reason,
        extra: first.extra,
        begins: first.covered.begins,
        ends: first.covered.ends,
        premium: first.totals[0],
        credit: first.totals[1],
        owed: first.totals[2],
        members: Vec::new(),
    };
    for own in members {
        let never = own.covered.begins.is_some() && own.covered.begins == own.covered.ends;
        let kind = Kind::parse(own.maintenance, never || never_began).unwrap_or(own.covered.kind);
        coverage.members.push(Covered { kind, ..own.covered });
    }
    Ok(coverage)
}
