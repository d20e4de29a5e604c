//! Files between this Exchange and insurers, as X12 writes them: enrollments out (834, 005010X220A1), answers in (834, 999, TA1).
//!
//! Called by `insurer`. Pure: no store, no clock, no file; the same input gives the same bytes. What is written passes an
//! outside validator; what is read is taken whole or refused with the segment, the element and the reason. It must never let
//! a word that somebody typed act as a separator, and never say in a reason what a file holds.
//!
//! Sources: X12 005010X220A1, 005010X231A1; CMS, "Companion Guide for the Federally Facilitated Exchange: 834", 7.2 (2024).

pub mod ack;
pub mod codes;
pub mod coverage;
pub mod envelope;
pub mod read;
pub mod segments;
pub mod signs;
pub mod write;

use time::{Date, OffsetDateTime};

use crate::types::Cents;
pub use codes::{Extra, Kind, Line, Reason, Relation, SpecialReason};
pub use read::{Answer, Received, read};
pub use segments::Fault;
pub use write::{Unwritable, write};

/// Version of the enrollment transaction: GS08, ST03.
pub const VERSION: &str = "005010X220A1";
/// Most people in one enrollment.
pub const MOST_MEMBERS: usize = 50;
/// Most enrollments in one file.
pub const MOST_TRANSACTIONS: usize = 10_000;
/// The highest control number that nine digits can say.
pub const MOST_CONTROL: u32 = 999_999_999;

/// One file: one interchange with one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interchange {
    /// Our ID, 2 to 15 letters and digits (ISA06, GS02).
    pub sender: String,
    /// The insurer's ID as it wants to be called (ISA08, GS03).
    pub receiver: String,
    /// 1 to [`MOST_CONTROL`] (ISA13, GS06): each number once for each insurer.
    pub control: u32,
    /// In UTC.
    pub made_at: OffsetDateTime,
    /// Not for production (ISA15 `T`).
    pub test: bool,
    pub purpose: Purpose,
    /// All that is in force, to be compared (BGN08 `4`), not a change (`2`).
    pub audit: bool,
    pub insurer: Insurer,
    /// 1 to [`MOST_TRANSACTIONS`].
    pub transactions: Vec<Transaction>,
}

/// Why a file is sent (BGN01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Original,
    /// Was sent before, and not taken.
    Resubmission,
    Copy,
}

impl Purpose {
    pub fn code(self) -> &'static str {
        match self {
            Purpose::Original => "00",
            Purpose::Resubmission => "15",
            Purpose::Copy => "22",
        }
    }
}

/// Who is to cover people (N1*IN).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Insurer {
    /// HIOS, five digits.
    pub id: String,
    pub name: String,
}

/// One enrollment: a subscriber and who is covered with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// BGN02, nine digits: each once for each insurer.
    pub reference: u32,
    /// BGN06: of the transaction that this one sends again.
    pub original: Option<u32>,
    pub kind: Kind,
    pub reason: Reason,
    /// REF*0F: the subscriber's, given by the Exchange; all members carry it.
    pub subscriber: String,
    /// REF*1L: the enrollment's, given by the Exchange.
    pub policy: String,
    /// REF*CE: the plan with its variant, `12345OH001000104`.
    pub plan: String,
    pub line: Line,
    /// The first day of coverage.
    pub begins: Date,
    /// The last day. Of a cancellation it is the first day, too.
    pub ends: Option<Date>,
    /// The day from which this holds: of a change, the day of the new amounts.
    pub effective: Date,
    /// The subscriber first.
    pub members: Vec<Member>,
    pub amounts: Amounts,
    /// State and number: `("OH", 4)` is `R-OH004`.
    pub rating_area: (String, u16),
    /// SOURCE EXCHANGE ID: `OH0`.
    pub exchange: String,
    /// REQUEST SUBMIT TIMESTAMP, in UTC.
    pub submitted_at: OffsetDateTime,
    pub special: Option<SpecialReason>,
    pub extra: Option<Extra>,
    /// Number of the application; how it came in is said after a dash.
    pub application: String,
    pub origin: u8,
}

/// Monthly amounts of the whole policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    pub premium: Cents,
    /// Credit paid ahead, never more than the premium.
    pub credit: Cents,
}

impl Amounts {
    /// What the people pay themselves.
    pub fn owed(self) -> Cents {
        Cents(self.premium.0 - self.credit.0)
    }
}

/// One covered person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// REF*17: the Exchange's ID of the person.
    pub id: String,
    /// To the subscriber; the subscriber's own is [`Relation::Own`].
    pub relation: Relation,
    /// What happens to this person, where that is not what happens to the policy: added to it, taken off it.
    pub own: Option<Kind>,
    /// The last day of this person, where it is not the policy's: known to leave it later.
    pub until: Option<Date>,
    pub first: String,
    pub middle: String,
    /// Of somebody with one name, that name.
    pub last: String,
    pub suffix: String,
    pub born: Date,
    pub sex: Sex,
    /// Nine digits.
    pub ssn: Option<String>,
    /// Ten digits; only of the subscriber.
    pub phone: Option<String>,
    pub email: Option<String>,
    pub home: Option<Place>,
    /// If letters go elsewhere.
    pub mailing: Option<Place>,
    /// CDC's codes, `2106-3`, at most ten.
    pub races: Vec<String>,
    /// `None`: not asked.
    pub tobacco: Option<bool>,
    /// What they want to read: `ENG`, `SPA` (ISO 639-2).
    pub language: Option<String>,
    /// This person's part of the monthly premium.
    pub premium: Cents,
    /// Who answers for a subscriber that is a child.
    pub responsible: Option<Responsible>,
}

/// Who answers for somebody (loop 2100G).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responsible {
    pub first: String,
    /// Of somebody with one name, that name.
    pub last: String,
    /// Ten digits.
    pub phone: Option<String>,
    pub email: Option<String>,
    pub home: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    Female,
    Male,
    Unknown,
}

impl Sex {
    pub fn code(self) -> &'static str {
        match self {
            Sex::Female => "F",
            Sex::Male => "M",
            Sex::Unknown => "U",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    pub street: String,
    /// Apartment and the like; may be empty.
    pub more: String,
    pub city: String,
    /// Postal code of the state.
    pub state: String,
    /// Five or nine digits.
    pub zip: String,
    /// FIPS, five digits; empty if it is not known.
    pub county: String,
}
