//! Answers as facts: who is in the household, who applies, who is married to whom, what is earned.
//!
//! Made once a request from the document and what surrounds it (the day, the rules, the counties of the ZIP code). Called
//! by `steps`, `flow` and `household`. An answer that cannot be read counts as none here; `flow` says that it is missing.

use std::sync::OnceLock;

use time::Date;

use super::flow::Place;
use super::kinds::{self, NONE};
use super::sheet::{HOUSEHOLD, RowId, Sheet, Table, YOU};
use crate::eligibility::Tables;
use crate::eligibility::ages::AgeRules;
use crate::types::Cents;

/// A county that the ZIP code of the home can mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct County {
    pub fips: String,
    pub name: String,
    /// Postal code.
    pub state: String,
}

/// What surrounds the answers.
pub struct Surroundings<'a> {
    /// Today where the household lives.
    pub today: Date,
    pub tables: &'a Tables,
    /// Plan years that can be applied for, the newest first.
    pub years: Vec<i32>,
    /// Of the home's ZIP code; empty if it has none of ours.
    pub counties: Vec<County>,
    /// Codes of the languages that notices are written in.
    pub languages: Vec<String>,
}

pub struct View<'a> {
    pub sheet: &'a Sheet,
    pub around: &'a Surroundings<'a>,
    pub today: Date,
    pub year: i32,
    pub ages: AgeRules,
    /// Worked out once: many questions ask for it of each person.
    speakers: OnceLock<Vec<RowId>>,
    /// The same: `flow::places`.
    pub(super) places: OnceLock<Vec<Place>>,
}

impl<'a> View<'a> {
    /// `None` if the rules do not cover the plan year, which the caller must not offer then.
    pub fn new(sheet: &'a Sheet, around: &'a Surroundings<'a>) -> Option<View<'a>> {
        let said = sheet.get("plan_year", HOUSEHOLD).parse().ok().filter(|year| around.years.contains(year));
        let year = said.or_else(|| around.years.first().copied())?;
        let first = Date::from_calendar_date(year, time::Month::January, 1).ok()?;
        let ages = AgeRules::on(around.tables, first)?;
        let (speakers, places) = (OnceLock::new(), OnceLock::new());
        Some(View { sheet, around, today: around.today, year, ages, speakers, places })
    }

    pub fn text(&self, question: &str, row: RowId) -> &'a str {
        self.sheet.get(question, row)
    }

    /// Whether exactly this was answered.
    pub fn said(&self, question: &str, row: RowId, answer: &str) -> bool {
        self.text(question, row) == answer
    }

    pub fn yes(&self, question: &str, row: RowId) -> bool {
        self.said(question, row, "yes")
    }

    /// Whether this is among the answers that were picked.
    pub fn picked(&self, question: &str, row: RowId, answer: &str) -> bool {
        kinds::parts(self.text(question, row)).any(|part| part == answer)
    }

    /// Whether a person is among those picked in a question about the household.
    pub fn among(&self, question: &str, person: RowId) -> bool {
        self.among_of(question, HOUSEHOLD, person)
    }

    /// The same in a question about one row.
    pub fn among_of(&self, question: &str, row: RowId, person: RowId) -> bool {
        kinds::parts(self.text(question, row)).any(|part| part.parse() == Ok(person))
    }

    pub fn date(&self, question: &str, row: RowId) -> Option<Date> {
        kinds::day(self.text(question, row))
    }

    pub fn money(&self, question: &str, row: RowId) -> Option<Cents> {
        kinds::money(self.text(question, row)).ok()
    }

    /// Everybody of the household, you first.
    pub fn people(&self) -> impl Iterator<Item = RowId> + use<'a> {
        self.sheet.rows(Table::People)
    }

    pub fn alone(&self) -> bool {
        self.people().nth(1).is_none()
    }

    pub fn applies(&self, person: RowId) -> bool {
        self.yes("applying", person)
    }

    pub fn applicants(&self) -> impl Iterator<Item = RowId> + use<'_, 'a> {
        self.people().filter(|person| self.applies(*person))
    }

    /// The name as typed, given names first; empty if none was.
    pub fn name(&self, person: RowId) -> String {
        let parts = ["first_name", "middle_name", "last_name"].map(|part| self.text(part, person).trim());
        let mut name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let suffix = self.text("suffix", person);
        if !suffix.is_empty() && suffix != NONE && !name.is_empty() {
            name.push(' ');
            name.push_str(match suffix {
                "jr" => "Jr.",
                "sr" => "Sr.",
                "ii" => "II",
                "iii" => "III",
                "iv" => "IV",
                other => other,
            });
        }
        name
    }

    /// Whole years of age today.
    pub fn age(&self, person: RowId) -> Option<i32> {
        Some(age_on(self.date("birth_date", person)?, self.today))
    }

    /// Age on the last day of the plan year.
    pub fn age_at_end(&self, person: RowId) -> Option<i32> {
        Some(self.year - self.date("birth_date", person)?.year())
    }

    pub fn is_younger_than(&self, person: RowId, years: u8) -> bool {
        self.age(person).is_some_and(|age| age < i32::from(years))
    }

    pub fn relation(&self, person: RowId) -> &'a str {
        self.text("relation", person)
    }

    /// Your spouse in the list.
    pub fn spouse(&self) -> Option<RowId> {
        self.people().find(|person| self.relation(*person) == "spouse")
    }

    /// Your spouse or partner in the list.
    pub fn partner(&self) -> Option<RowId> {
        self.people().find(|person| ["spouse", "domestic_partner"].contains(&self.relation(*person)))
    }

    /// Whom a person is married to, in the list.
    pub fn spouse_of(&self, person: RowId) -> Option<RowId> {
        match self.spouse() {
            Some(spouse) if person == YOU => Some(spouse),
            Some(spouse) if person == spouse => Some(YOU),
            _ => None,
        }
    }

    /// Whether help with costs is asked for; until it is said, yes.
    pub fn wants_help(&self) -> bool {
        !self.said("help", HOUSEHOLD, "no")
    }

    /// Who says for themselves how they file: neither the joint filer nor a dependent of somebody before them.
    pub fn tax_speakers(&self) -> &[RowId] {
        self.speakers.get_or_init(|| self.find_speakers())
    }

    fn find_speakers(&self) -> Vec<RowId> {
        let mut speakers: Vec<RowId> = Vec::new();
        for person in self.people() {
            let spoken_for = speakers.iter().any(|speaker| self.speaks_for(*speaker, person));
            if !spoken_for {
                speakers.push(person);
            }
        }
        speakers
    }

    fn speaks_for(&self, speaker: RowId, person: RowId) -> bool {
        let files = self.yes("files", speaker);
        let joint = self.yes("jointly", speaker) && self.spouse_of(speaker) == Some(person);
        files && (joint || self.among_of("dependents", speaker, person))
    }

    /// Whoever claims a person, in the list.
    pub fn claimer(&self, person: RowId) -> Option<RowId> {
        let claims = |speaker: &RowId| {
            *speaker != person && self.yes("files", *speaker) && self.among_of("dependents", *speaker, person)
        };
        self.tax_speakers().iter().copied().find(claims)
    }

    /// Whoever has income or deductions, as said; alone that is not asked.
    pub fn earners(&self) -> Vec<RowId> {
        let earns = |person: &RowId| self.alone() || self.among("earners", *person);
        self.people().filter(earns).collect()
    }

    pub fn owner(&self, row: RowId) -> RowId {
        self.text("person", row).parse().unwrap_or(YOU)
    }

    /// Sources of income and deductions whose owner still has them.
    pub fn incomes(&self) -> impl Iterator<Item = RowId> + use<'_, 'a> {
        let earners = self.earners();
        self.sheet.rows(Table::Incomes).filter(move |row| {
            let (owner, kind) = (self.owner(*row), self.text("kind", *row));
            let ticked = self.picked("income_kinds", owner, kind) || self.picked("deduction_kinds", owner, kind);
            earners.contains(&owner) && ticked
        })
    }

    pub fn incomes_of(&self, person: RowId) -> impl Iterator<Item = RowId> + use<'_, 'a> {
        self.incomes().filter(move |row| self.owner(*row) == person)
    }

    /// Events that are still ticked.
    pub fn events(&self) -> impl Iterator<Item = RowId> + use<'_, 'a> {
        self.sheet.rows(Table::Events).filter(|row| self.picked("events", HOUSEHOLD, self.text("kind", *row)))
    }

    /// Who could get coverage through a job, as said.
    pub fn offered(&self) -> Vec<RowId> {
        self.people().filter(|person| self.among("offered", *person)).collect()
    }

    /// The county of the home: picked, or the only one of the ZIP code.
    pub fn county(&self) -> Option<&'a County> {
        let counties = &self.around.counties;
        let picked = self.text("county", HOUSEHOLD);
        counties.iter().find(|county| county.fips == picked).or(match &counties[..] {
            [only] => Some(only),
            _ => None,
        })
    }
}

/// Whole years between two days.
pub fn age_on(born: Date, day: Date) -> i32 {
    let before = (day.month() as u8, day.day()) < (born.month() as u8, born.day());
    day.year() - born.year() - i32::from(before)
}
