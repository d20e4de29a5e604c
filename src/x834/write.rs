//! Writing a file of enrollments.
//!
//! Called by `insurer`. Deterministic. Words of people go through `signs`; numbers and codes are checked, and what does not
//! fit is named and stops the writing: half a file is no file. Left out, because insurers' systems refuse them: numbers and
//! phones of one repeated digit; employment of anybody but the subscriber. Never written: what we do not know, such as
//! Medicare, marriage, or an advance for cost sharing, which nobody has been paid since October 2017.

use std::fmt;

use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::signs::{ELEMENT, PART, REPEAT, SEGMENT, plain, plain_within};
use super::{
    Insurer, Interchange, Kind, MOST_CONTROL, MOST_MEMBERS, MOST_TRANSACTIONS, Member, Place, Relation, Transaction,
    VERSION, codes,
};

const DAY: StaticFormatDescription = format_description!("[year][month][day]");
const SHORT_DAY: StaticFormatDescription = format_description!("[year repr:last_two][month][day]");
const MINUTE: StaticFormatDescription = format_description!("[hour][minute]");
const SECOND: StaticFormatDescription = format_description!("[year][month][day][hour][minute][second]");

/// Most characters of elements (X12.3, 005010).
const LAST_NAME: usize = 60;
const FIRST_NAME: usize = 35;
const MIDDLE_NAME: usize = 25;
const SUFFIX: usize = 10;
const STREET: usize = 55;
const CITY: usize = 30;
const ORGANIZATION: usize = 60;
const EMAIL: usize = 256;
const ID: usize = 50;

/// What cannot stand in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwritable {
    /// BGN02 of the transaction; 0: the file itself.
    pub reference: u32,
    /// The member, counted from 1; 0: the policy.
    pub member: usize,
    /// The field, in our words.
    pub what: &'static str,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.reference, self.member) {
            (0, _) => write!(out, "the file: {}", self.what),
            (reference, 0) => write!(out, "transaction {reference}: {}", self.what),
            (reference, member) => write!(out, "transaction {reference}, member {member}: {}", self.what),
        }
    }
}

type Written = Result<(), &'static str>;

/// Writes a file.
///
/// # Errors
///
/// The first thing that cannot stand in it.
pub fn write(file: &Interchange) -> Result<String, Unwritable> {
    let of_file = |what| Unwritable { reference: 0, member: 0, what };
    let mut out = Out::default();
    out.open(file).map_err(of_file)?;
    for (at, transaction) in file.transactions.iter().enumerate() {
        out.transaction(file, (at + 1, transaction)).map_err(|(member, what)| Unwritable {
            reference: transaction.reference,
            member,
            what,
        })?;
    }
    out.close(file);
    Ok(out.text)
}

/// ST02 of the transaction at a place of its file, counted from 1.
pub fn set_control(at: usize) -> String {
    format!("{at:04}")
}

/// The text, and how many segments the open transaction has.
#[derive(Default)]
struct Out {
    text: String,
    segments: usize,
}

impl Out {
    /// Elements after the last that is not empty are left out. Each is clean already.
    fn put(&mut self, elements: &[&str]) {
        let used = elements.iter().rposition(|element| !element.is_empty()).map_or(0, |at| at + 1);
        for (at, element) in elements[..used].iter().enumerate() {
            if at > 0 {
                self.text.push(ELEMENT);
            }
            self.text += element;
        }
        self.text.push(SEGMENT);
        self.text.push('\n');
        self.segments += 1;
    }

    fn date(&mut self, qualifier: &str, day: Date) {
        self.put(&["DTP", qualifier, "D8", &of_day(day)]);
    }

    fn open(&mut self, file: &Interchange) -> Written {
        party(&file.sender)?;
        party(&file.receiver)?;
        if !(1..=MOST_CONTROL).contains(&file.control) {
            return Err("its control number");
        }
        if file.transactions.is_empty() || file.transactions.len() > MOST_TRANSACTIONS {
            return Err("how many transactions it has");
        }
        let control = format!("{:09}", file.control);
        let (short, minute) = (moment(file.made_at, SHORT_DAY)?, moment(file.made_at, MINUTE)?);
        let (sender, receiver) = (format!("{:<15}", file.sender), format!("{:<15}", file.receiver));
        let blank = " ".repeat(10);
        let (repeat, part) = (REPEAT.to_string(), PART.to_string());
        let usage = if file.test { "T" } else { "P" };
        self.put(&[
            "ISA", "00", &blank, "00", &blank, "ZZ", &sender, "ZZ", &receiver, &short, &minute, &repeat, "00501",
            &control, "0", usage, &part,
        ]);
        let day = moment(file.made_at, DAY)?;
        let group = file.control.to_string();
        self.put(&["GS", "BE", &file.sender, &file.receiver, &day, &minute, &group, "X", VERSION]);
        Ok(())
    }

    fn close(&mut self, file: &Interchange) {
        let group = file.control.to_string();
        self.put(&["GE", &file.transactions.len().to_string(), &group]);
        self.put(&["IEA", "1", &format!("{:09}", file.control)]);
    }

    fn transaction(
        &mut self,
        file: &Interchange,
        (at, own): (usize, &Transaction),
    ) -> Result<(), (usize, &'static str)> {
        let of_policy = |what| (0, what);
        sound(file, own)?;
        let control = set_control(at);
        self.segments = 0;
        self.put(&["ST", "834", &control, VERSION]);
        self.header(file, own).map_err(of_policy)?;
        for (at, member) in own.members.iter().enumerate() {
            self.member(own, member, at == 0).map_err(|what| (at + 1, what))?;
        }
        let segments = (self.segments + 1).to_string();
        self.put(&["SE", &segments, &control]);
        Ok(())
    }

    fn header(&mut self, file: &Interchange, own: &Transaction) -> Written {
        let reference = format!("{:09}", own.reference);
        let original = own.original.map(|number| format!("{number:09}")).unwrap_or_default();
        let (day, minute) = (moment(file.made_at, DAY)?, moment(file.made_at, MINUTE)?);
        let action = if file.audit { "4" } else { "2" };
        self.put(&["BGN", file.purpose.code(), &reference, &day, &minute, "UT", &original, "", action]);
        let all = own.members.len();
        self.put(&["QTY", "TO", &all.to_string()]);
        if all > 1 {
            self.put(&["QTY", "DT", &(all - 1).to_string()]);
        }
        self.put(&["QTY", "ET", "1"]);
        // The sponsor of an individual policy is the subscriber.
        let first = &own.members[0];
        let (last, name) = names((&first.last, &first.first))?;
        let sponsor = if name.is_empty() { last } else { format!("{name} {last}") };
        let sponsor = sponsor.get(..ORGANIZATION).map_or(sponsor.as_str(), str::trim_end);
        match number(first) {
            Some(ssn) => self.put(&["N1", "P5", sponsor, "FI", ssn]),
            None => self.put(&["N1", "P5", sponsor, "94", &own.subscriber]),
        }
        let Insurer { id, name } = &file.insurer;
        let name = words(name, ORGANIZATION, "the insurer's name")?;
        self.put(&["N1", "IN", &name, "94", id]);
        Ok(())
    }

    fn member(&mut self, policy: &Transaction, own: &Member, subscriber: bool) -> Written {
        let kind = own.own.unwrap_or(policy.kind);
        let ends = matches!(kind, Kind::Cancel | Kind::Terminate);
        let employed = match (subscriber, ends) {
            (false, _) => "",
            (true, true) => "TE",
            (true, false) => "AC",
        };
        let who = if subscriber { "Y" } else { "N" };
        self.put(&["INS", who, own.relation.code(), kind.code(), policy.reason.code(), "A", "", "", employed]);
        self.put(&["REF", "0F", &policy.subscriber]);
        self.put(&["REF", "17", &own.id]);
        let last_day = last_day(policy, own, kind);
        match kind {
            Kind::Change => self.date("303", policy.effective),
            _ => self.date("356", begins(policy, own)),
        }
        if let Some(day) = last_day.filter(|_| ends) {
            self.date("357", day);
        }
        self.person(own, subscriber)?;
        self.coverage(policy, own, (kind, last_day))?;
        self.reports(policy, own, subscriber)
    }

    fn person(&mut self, own: &Member, subscriber: bool) -> Written {
        let (last, first) = names((&own.last, &own.first))?;
        let middle = words(&own.middle, MIDDLE_NAME, "the middle name")?;
        let suffix = words(&own.suffix, SUFFIX, "the suffix of the name")?;
        match number(own) {
            Some(ssn) => self.put(&["NM1", "IL", "1", &last, &first, &middle, "", &suffix, "34", ssn]),
            None => self.put(&["NM1", "IL", "1", &last, &first, &middle, "", &suffix]),
        }
        self.reached("IP", (own.phone.as_deref(), own.email.as_deref()))?;
        if let Some(home) = &own.home {
            self.place(home)?;
        } else if subscriber {
            return Err("the subscriber's address");
        }
        let races = races(own)?;
        self.put(&["DMG", "D8", &of_day(own.born), own.sex.code(), "", &races]);
        if let Some(uses) = own.tobacco {
            self.put(&["HLH", if uses { "T" } else { "N" }]);
        }
        if let Some(language) = &own.language {
            if language.len() != 3 || !language.bytes().all(|byte| byte.is_ascii_uppercase()) {
                return Err("the language");
            }
            // To be written to in it.
            self.put(&["LUI", "LE", language, "", "6"]);
        }
        if let Some(mailing) = &own.mailing {
            self.put(&["NM1", "31", "1"]);
            self.place(&Place { county: String::new(), ..mailing.clone() })?;
        }
        if let Some(responsible) = &own.responsible {
            let (last, first) = names((&responsible.last, &responsible.first))?;
            self.put(&["NM1", "QD", "1", &last, &first]);
            self.reached("RP", (responsible.phone.as_deref(), responsible.email.as_deref()))?;
            self.place(&Place { county: String::new(), ..responsible.home.clone() })?;
        }
        Ok(())
    }

    /// `party`: whose it is (PER01).
    fn reached(&mut self, party: &str, (phone, email): (Option<&str>, Option<&str>)) -> Written {
        let phone = phone.filter(|phone| !repeated(phone));
        if phone.is_some_and(|phone| phone.len() != 10 || !digits(phone)) {
            return Err("the phone number");
        }
        let email = email.and_then(|email| {
            // A sign of ours in an address would change it: then it is left out.
            let whole = plain(email)?;
            (whole == email && whole.len() <= EMAIL && !whole.is_empty()).then_some(whole)
        });
        match (phone, email) {
            (Some(phone), Some(email)) => self.put(&["PER", party, "", "TE", phone, "EM", &email]),
            (Some(phone), None) => self.put(&["PER", party, "", "TE", phone]),
            (None, Some(email)) => self.put(&["PER", party, "", "EM", &email]),
            (None, None) => {}
        }
        Ok(())
    }

    fn place(&mut self, place: &Place) -> Written {
        let street = words(&place.street, STREET, "the street")?;
        if street.is_empty() {
            return Err("the street");
        }
        let more = words(&place.more, STREET, "the second line of the address")?;
        let city = words(&place.city, CITY, "the city")?;
        if city.len() < 2 {
            return Err("the city");
        }
        let state = place.state.as_str();
        if state.len() != 2 || !state.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err("the state");
        }
        let zip = place.zip.as_str();
        if ![5, 9].contains(&zip.len()) || !digits(zip) || repeated(zip) {
            return Err("the ZIP code");
        }
        self.put(&["N3", &street, &more]);
        match place.county.as_str() {
            "" => self.put(&["N4", &city, state, zip]),
            county if county.len() == 5 && digits(county) => self.put(&["N4", &city, state, zip, "", "CY", county]),
            _ => return Err("the county"),
        }
        Ok(())
    }

    fn coverage(&mut self, policy: &Transaction, own: &Member, (kind, last_day): (Kind, Option<Date>)) -> Written {
        let level = if policy.members.len() > 1 { "FAM" } else { "IND" };
        self.put(&["HD", kind.code(), "", policy.line.code(), "", level]);
        self.date("348", begins(policy, own));
        if let Some(day) = last_day {
            self.date("349", day);
        }
        if kind == Kind::Change {
            self.date("303", policy.effective);
        }
        self.put(&["REF", "CE", &policy.plan]);
        self.put(&["REF", "1L", &policy.policy]);
        Ok(())
    }

    /// Loop 2750: amounts of the member; of the policy with the subscriber alone.
    fn reports(&mut self, policy: &Transaction, own: &Member, subscriber: bool) -> Written {
        let amounts = policy.amounts;
        let mut all = vec![(codes::PREMIUM_OF_MEMBER, own.premium.decimal())];
        if subscriber {
            let (state, area) = &policy.rating_area;
            all.push((codes::PREMIUM_OF_ALL, amounts.premium.decimal()));
            all.push((codes::RATING_AREA, format!("R-{state}{area:03}")));
            all.push((codes::CREDIT, amounts.credit.decimal()));
            all.push((codes::OWED, amounts.owed().decimal()));
            all.push((codes::EXCHANGE, policy.exchange.clone()));
            all.push((codes::SUBMITTED, moment(policy.submitted_at, SECOND)?));
            all.push((codes::APPLICATION, format!("{}-{}", policy.application, policy.origin)));
            all.extend(policy.special.map(|own| (codes::SPECIAL, own.code().to_string())));
            all.extend(policy.extra.map(|own| (codes::EXTRA, own.code().to_string())));
        }
        self.put(&["LS", "2700"]);
        for (at, ((name, qualifier), value)) in all.iter().enumerate() {
            self.put(&["LX", &(at + 1).to_string()]);
            self.put(&["N1", "75", name]);
            self.put(&["REF", qualifier, value]);
            self.date("007", policy.effective);
        }
        self.put(&["LE", "2700"]);
        Ok(())
    }
}

/// What a transaction must be before anything of it is written.
fn sound(file: &Interchange, own: &Transaction) -> Result<(), (usize, &'static str)> {
    let of_policy = |what| Err((0, what));
    if !(1..=MOST_CONTROL).contains(&own.reference) {
        return of_policy("its reference number");
    }
    if own.members.is_empty() || own.members.len() > MOST_MEMBERS {
        return of_policy("how many members it has");
    }
    for (at, member) in own.members.iter().enumerate() {
        if (at == 0) != (member.relation == Relation::Own) {
            return Err((at + 1, "the relationship: the subscriber is first, and only one"));
        }
        if !is_id(&member.id) {
            return Err((at + 1, "the ID of the member"));
        }
        if member.premium.0 < 0 {
            return Err((at + 1, "the premium"));
        }
    }
    for (text, what) in [
        (&own.subscriber, "the ID of the subscriber"),
        (&own.policy, "the number of the enrollment"),
        (&own.application, "the number of the application"),
        (&own.exchange, "the ID of the exchange"),
        (&file.insurer.id, "the ID of the insurer"),
    ] {
        if !is_id(text) {
            return of_policy(what);
        }
    }
    if own.plan.len() != 16 || !own.plan.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return of_policy("the plan with its variant");
    }
    let (state, area) = &own.rating_area;
    if state.len() != 2 || !state.bytes().all(|byte| byte.is_ascii_uppercase()) || !(1..=999).contains(area) {
        return of_policy("the rating area");
    }
    if own.amounts.credit.0 < 0 || own.amounts.owed().0 < 0 {
        return of_policy("the amounts");
    }
    if own.ends.is_some_and(|day| day < own.begins) {
        return of_policy("an end before the beginning");
    }
    match own.kind {
        Kind::Cancel if own.ends != Some(own.begins) => of_policy("a cancellation ends on its first day"),
        Kind::Terminate if own.ends.is_none() => of_policy("a termination without its last day"),
        Kind::Audit if !file.audit => of_policy("an audit in a file of changes"),
        kind if file.audit && kind != Kind::Audit => of_policy("a change in an audit"),
        _ => Ok(()),
    }
}

/// The first day of a member's coverage: who is added comes on the day of the change.
fn begins(policy: &Transaction, own: &Member) -> Date {
    if own.own == Some(Kind::Initial) { policy.effective } else { policy.begins }
}

/// The last day of a member's coverage: who is taken off is covered until the day before the change.
fn last_day(policy: &Transaction, own: &Member, kind: Kind) -> Option<Date> {
    match (policy.kind, kind) {
        (Kind::Cancel | Kind::Terminate, _) => policy.ends,
        (_, Kind::Cancel) => Some(policy.begins),
        (_, Kind::Terminate) => policy.effective.previous_day(),
        _ => own.until.or(policy.ends),
    }
}

/// Last and first name; of somebody with one name, that one is the last.
fn names((last, first): (&str, &str)) -> Result<(String, String), &'static str> {
    let of_two = words(last, LAST_NAME, "the last name")?;
    let alone = of_two.is_empty();
    let last = if alone { words(first, LAST_NAME, "the first name")? } else { of_two };
    match (last.is_empty(), alone) {
        (true, _) => Err("the name"),
        (false, true) => Ok((last, String::new())),
        (false, false) => Ok((last, words(first, FIRST_NAME, "the first name")?)),
    }
}

fn words(text: &str, most: usize, what: &'static str) -> Result<String, &'static str> {
    plain_within(text, most).ok_or(what)
}

/// A Social Security number that insurers' systems take.
fn number(own: &Member) -> Option<&str> {
    own.ssn.as_deref().filter(|ssn| ssn.len() == 9 && digits(ssn) && !repeated(ssn))
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `00000`, `9999999999`
fn repeated(text: &str) -> bool {
    text.bytes().all(|byte| Some(byte) == text.bytes().next())
}

/// `:RET:2106-3^:RET:2186-5`
fn races(own: &Member) -> Result<String, &'static str> {
    if own.races.len() > codes::MOST_RACES || own.races.iter().any(|code| !codes::RACES.contains(&code.as_str())) {
        return Err("race and ethnicity");
    }
    let all: Vec<String> = own.races.iter().map(|code| format!("{PART}RET{PART}{code}")).collect();
    Ok(all.join(&REPEAT.to_string()))
}

/// ISA06 and the like: two to fifteen letters and digits.
fn party(id: &str) -> Written {
    let fits = (2..=15).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(()) } else { Err("the ID of sender or receiver") }
}

/// N104, REF02: what we give ourselves has letters, digits and hyphens.
fn is_id(text: &str) -> bool {
    (2..=ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn of_day(day: Date) -> String {
    day.format(DAY).unwrap_or_default()
}

fn moment(at: OffsetDateTime, form: StaticFormatDescription) -> Result<String, &'static str> {
    at.to_offset(time::UtcOffset::UTC).format(form).map_err(|_| "a moment")
}
