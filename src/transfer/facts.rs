//! What a transfer is written from: an application as it was frozen, what the engine said of it, what was checked since.
//!
//! Made by `send`, read by `write`. Everything comes from the store; the same rows give the same facts, so a transfer that is
//! written again after a crash has the same bytes.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::application::kinds::{self, NONE, parts};
use crate::application::sheet::{HOUSEHOLD, RowId, YOU, key};
use crate::store::Millis;

/// The agency's program that somebody is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Program {
    Medicaid,
    Chip,
}

impl Program {
    /// As `transfer.people` has it.
    pub fn word(self) -> &'static str {
        match self {
            Program::Medicaid => "medicaid",
            Program::Chip => "chip",
        }
    }

    pub fn parse(word: &str) -> Option<Program> {
        [Program::Medicaid, Program::Chip].into_iter().find(|own| own.word() == word)
    }
}

/// What a check has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub person: RowId,
    pub subject: String,
    pub state: String,
    pub at: Millis,
}

/// Has no `Debug`.
pub struct Facts {
    /// The transfer's own ID, and which of the application's transfers it is.
    pub transfer: String,
    pub number: i64,
    pub made_at: Millis,
    pub reference: String,
    pub created_at: Millis,
    pub submitted_at: Millis,
    pub state: String,
    /// The county of the home, by name.
    pub county: String,
    pub answers: Value,
    pub household: Value,
    pub determination: Value,
    pub verified: Vec<Verified>,
    /// Who was referred before and is not any more, with the agency that has to know.
    pub ended: Vec<(RowId, Program)>,
}

/// A moment as the schemas have it.
pub fn moment(at: Millis) -> String {
    let time = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}

impl Facts {
    /// An answer as typed; empty if there is none.
    pub fn text(&self, question: &str, row: RowId) -> &str {
        self.answers.get(key(question, row)).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn has(&self, question: &str, row: RowId) -> bool {
        self.answers.get(key(question, row)).is_some()
    }

    pub fn yes(&self, question: &str, row: RowId) -> bool {
        self.text(question, row) == "yes"
    }

    /// Whether a person is among those picked in a question about the household; `None` if it was not asked.
    pub fn among(&self, question: &str, person: RowId) -> Option<bool> {
        let said = self.has(question, HOUSEHOLD).then(|| self.text(question, HOUSEHOLD))?;
        Some(parts(said).any(|part| part.parse() == Ok(person)))
    }

    pub fn date(&self, question: &str, row: RowId) -> Option<Date> {
        kinds::day(self.text(question, row))
    }

    pub fn helped(&self) -> bool {
        self.text("help", HOUSEHOLD) != "no"
    }

    /// Everybody of the household, the contact person first.
    pub fn people(&self) -> Vec<RowId> {
        let all = self.determination["people"].as_array().into_iter().flatten();
        all.filter_map(|person| person["id"].as_str()?.parse().ok()).collect()
    }

    /// What the engine said of a person.
    pub fn answer(&self, person: RowId) -> &Value {
        answer(&self.determination, person)
    }

    /// What the engine was told of a person.
    pub fn told(&self, person: RowId) -> &Value {
        let id = person.to_string();
        let all = self.household["people"].as_array().into_iter().flatten();
        all.into_iter().find(|own| own["id"].as_str() == Some(&id)).unwrap_or(&Value::Null)
    }

    pub fn applies(&self, person: RowId) -> bool {
        applies(&self.determination, person)
    }

    pub fn lives_here(&self, person: RowId) -> bool {
        person == YOU || self.text("lives_with_you", person) != "no"
    }

    pub fn relation(&self, person: RowId) -> &str {
        self.text("relation", person)
    }

    /// Sources of income and deductions of a person: rows of the document.
    pub fn incomes(&self, person: RowId) -> Vec<RowId> {
        let all = self.answers.as_object().into_iter().flatten();
        let rows = all.filter_map(|(name, _)| name.strip_prefix("kind.")?.parse().ok());
        let mut rows: Vec<RowId> = rows
            .filter(|row| self.text("person", *row).parse().unwrap_or(YOU) == person)
            .filter(|row| self.has("frequency", *row))
            .collect();
        rows.sort_unstable();
        rows
    }

    /// How far a check of a person has come.
    pub fn check(&self, subject: &str, person: RowId) -> Option<&Verified> {
        self.verified.iter().find(|own| own.subject == subject && own.person == person)
    }

    /// Somebody asked that the agency decides for everybody (45 CFR 155.302(b)(4)).
    pub fn asks_full(&self) -> bool {
        self.yes("full_medicaid", HOUSEHOLD)
    }

    /// Whom the transfer has a referral for, and to which program: who is referred, then who is not any more.
    pub fn referrals(&self) -> Vec<(RowId, Program)> {
        let mut all = referred(&self.determination, self.asks_full());
        all.extend(&self.ended);
        all
    }

    /// The program whose agency has to know that a person is not referred any more.
    pub fn ended_at(&self, person: RowId) -> Option<Program> {
        self.ended.iter().find(|(own, _)| *own == person).map(|(_, program)| *program)
    }

    /// The day of the signature, where the household lives.
    pub fn signed_on(&self) -> String {
        self.household["as_of"].as_str().unwrap_or_default().to_string()
    }

    /// The name as an agency takes it: 45 letters, spaces, hyphens, apostrophes and periods.
    pub fn name(&self, question: &str, person: RowId) -> String {
        let plain = |c: char| match c {
            '’' | '‘' | '`' | '´' => Some('\''),
            '‐' | '‑' | '–' | '—' => Some('-'),
            c if c.is_alphabetic() || " -'.".contains(c) => Some(c),
            c if c.is_whitespace() => Some(' '),
            _ => None,
        };
        let name: String = self.text(question, person).trim().chars().filter_map(plain).take(45).collect();
        name.trim().to_string()
    }

    /// Jr., III.
    pub fn suffix(&self, person: RowId) -> Option<&'static str> {
        Some(match self.text("suffix", person) {
            "jr" => "Jr.",
            "sr" => "Sr.",
            "ii" => "II",
            "iii" => "III",
            "iv" => "IV",
            "v" => "V",
            _ => return None,
        })
    }

    /// Kinds of coverage that a person has.
    pub fn coverage(&self, person: RowId) -> Vec<&str> {
        if self.among("covered", person) != Some(true) {
            return Vec::new();
        }
        parts(self.text("coverage_kinds", person)).filter(|kind| *kind != NONE).collect()
    }
}

fn answer(determination: &Value, person: RowId) -> &Value {
    let id = person.to_string();
    let all = determination["people"].as_array().into_iter().flatten();
    all.into_iter().find(|own| own["id"].as_str() == Some(&id)).unwrap_or(&Value::Null)
}

/// Whether a person applies, as a determination has it.
pub fn applies(determination: &Value, person: RowId) -> bool {
    answer(determination, person)["applying"].as_bool().unwrap_or_default()
}

/// Who of a determination is referred to an agency: assessed or found eligible for Medicaid or CHIP, to be looked at for age or
/// disability, or everybody who applies, if that was asked for.
pub fn referred(determination: &Value, full: bool) -> Vec<(RowId, Program)> {
    let one = |person: &Value| {
        let row = person["id"].as_str()?.parse().ok()?;
        let is = |name: &str| !person[name].is_null();
        let program = match (is("medicaid"), is("chip")) {
            (true, _) => Program::Medicaid,
            (_, true) => Program::Chip,
            _ if full || person["non_magi_referral"] == true => Program::Medicaid,
            _ => return None,
        };
        (person["applying"] == true).then_some((row, program))
    };
    determination["people"].as_array().into_iter().flatten().filter_map(one).collect()
}
