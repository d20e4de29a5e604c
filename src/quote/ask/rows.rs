//! The rows of the people form: as typed, right or wrong, so nothing typed is lost.
//!
//! Called by `address` alone, which turns them into a [`Household`] or marks what is wrong in each.

use crate::costs::Use;
use crate::costs::utilization::{Condition, Sex};
use crate::quote::ask::facets::{Note, NoteKind};
use crate::quote::ask::people::{AGE_MAX, Household, PEOPLE_MAX, Person, Relation, care_pairs};
use crate::types::plain_characters;

/// One row of the people form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonRow {
    pub age: String,
    pub tobacco: bool,
    pub pregnant: bool,
    pub tribal_member: bool,
    pub no_cover: bool,
    pub other_coverage: bool,
    pub no_free_part_a: bool,
    pub relation: Relation,
    pub sex: Option<Sex>,
    pub care: Option<Use>,
    /// Message key of what is wrong with this row.
    pub fault: Option<&'static str>,
}

impl PersonRow {
    /// Whether anything but an age was said: then people are shown one at a time.
    pub fn says_more(&self) -> bool {
        let ticks = [self.tobacco, self.pregnant, self.tribal_member, self.no_cover, self.other_coverage];
        ticks.contains(&true) || self.no_free_part_a || self.relation != Relation::Unsaid
    }

    pub fn is_spouse(&self) -> bool {
        self.relation == Relation::Spouse
    }

    pub fn is_dependent(&self) -> bool {
        self.relation == Relation::Dependent
    }

    /// The hidden fields that the form carries: (name, value).
    pub fn carried(&self, number: usize) -> Vec<(String, String)> {
        let sex = self.sex.map(|sex| (format!("x{number}"), sex.letter().to_string()));
        let care = self.care.map(|care| (format!("u{number}"), care.word()));
        sex.into_iter().chain(care).collect()
    }

    pub fn is_blank(&self) -> bool {
        self.age.trim().is_empty() && !(PersonRow { relation: Relation::Unsaid, ..self.clone() }).says_more()
    }

    pub fn of(person: &Person) -> PersonRow {
        PersonRow {
            age: person.age.to_string(),
            tobacco: person.tobacco,
            pregnant: person.pregnant,
            tribal_member: person.tribal_member,
            no_cover: !person.needs_cover,
            other_coverage: person.other_coverage,
            no_free_part_a: person.no_free_part_a,
            relation: person.relation,
            sex: person.sex,
            care: person.care,
            fault: None,
        }
    }

    pub fn read(&mut self) -> Option<Person> {
        let plain = plain_characters(&self.age);
        let digits: String = plain.chars().filter(|c| !c.is_whitespace()).collect();
        // "40.0" is forty.
        let digits = digits.strip_suffix(".0").map_or(digits.clone(), str::to_string);
        self.fault = match digits.parse::<u32>() {
            _ if digits.is_empty() => Some("ask.age_missing"),
            Ok(age) if age <= u32::from(AGE_MAX) => return Some(self.person(age as u8)),
            Ok(_) => Some("ask.age_too_high"),
            Err(_) => Some("ask.age_not_number"),
        };
        None
    }

    /// The row's answers, for a person of this age.
    fn person(&self, age: u8) -> Person {
        Person {
            tobacco: self.tobacco,
            pregnant: self.pregnant,
            tribal_member: self.tribal_member,
            needs_cover: !self.no_cover,
            relation: self.relation,
            other_coverage: self.other_coverage,
            no_free_part_a: self.no_free_part_a,
            sex: self.sex,
            care: self.care,
            ..Person::of_age(age)
        }
    }

    /// The age as typed followed by the letters, as `people=` writes it.
    pub fn word(&self) -> String {
        format!("{}{}", self.age.trim(), self.person(0).letters())
    }
}

/// `people=` and its companion lists, from rows right or wrong.
pub fn row_pairs(rows: &[PersonRow]) -> Vec<(&'static str, String)> {
    let people: Vec<String> = rows.iter().map(PersonRow::word).collect();
    let mut pairs = vec![("people", people.join(","))];
    pairs.extend(care_pairs(rows.iter().map(|row| (row.sex, row.care))));
    pairs
}

/// What an address says about people, as read so far: form fields and lists, in any order.
#[derive(Debug, Default)]
pub struct RowFields {
    rows: [PersonRow; PEOPLE_MAX],
    /// From `sex=`, `care=`, `x1=`, `u1=` …, by position; they belong to the form's rows or to `people=`, whichever
    /// is given.
    sex: [Option<Sex>; PEOPLE_MAX],
    care: [Option<Use>; PEOPLE_MAX],
}

impl RowFields {
    /// Takes one pair: `age1=40`, `t1=1`, `sex=f,m` … Returns `false` if the name is not a field of this form.
    pub fn take(&mut self, name: &str, value: &str, notes: &mut Vec<Note>) -> bool {
        if matches!(name, "sex" | "care") {
            for (i, word) in value.split(',').take(PEOPLE_MAX).enumerate() {
                self.take_care(name == "sex", i, (name, word), notes);
            }
            return true;
        }
        let at = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
        let (field, number) = name.split_at(at);
        let place = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|i| *i < PEOPLE_MAX);
        let Some(i) = place else { return false };
        let (row, ticked) = (&mut self.rows[i], !value.is_empty());
        match field {
            "age" => row.age = value.trim().chars().take(20).collect(),
            "t" => row.tobacco = ticked,
            "p" => row.pregnant = ticked,
            "m" => row.tribal_member = ticked,
            "n" => row.no_cover = ticked,
            "c" => row.other_coverage = ticked,
            "b" => row.no_free_part_a = ticked,
            "r" => {
                row.relation = match value {
                    "s" => Relation::Spouse,
                    "d" => Relation::Dependent,
                    _ => Relation::Unsaid,
                }
            }
            "x" | "u" => self.take_care(field == "x", i, (name, value), notes),
            _ => return false,
        }
        true
    }

    /// Blank and `any` say nothing. An unknown word says nothing either, and is noted.
    fn take_care(&mut self, sex: bool, i: usize, pair: (&str, &str), notes: &mut Vec<Note>) {
        let word = pair.1.trim();
        let known = match (sex, word) {
            (_, "") | (true, "any") => true,
            (true, word) => {
                self.sex[i] = Sex::parse(word);
                self.sex[i].is_some()
            }
            (false, word) => {
                self.care[i] = Use::parse(word);
                self.care[i].is_some()
            }
        };
        if !known {
            notes.push(Note::new(pair.0, word, NoteKind::BadValue));
        }
    }

    /// The form's rows that say anything, with each person's care.
    pub fn rows(&mut self) -> Vec<PersonRow> {
        let mut rows = std::mem::take(&mut self.rows);
        rows.iter_mut().enumerate().for_each(|(i, row)| self.mark(i, row));
        rows.into_iter().filter(|row| !row.is_blank()).collect()
    }

    /// The same for the rows of `people=`. List entries for people who do not exist are noted.
    pub fn rows_of(&self, household: &Household, notes: &mut Vec<Note>) -> Vec<PersonRow> {
        let mut rows: Vec<PersonRow> = household.people().iter().map(PersonRow::of).collect();
        rows.iter_mut().enumerate().for_each(|(i, row)| self.mark(i, row));
        for i in rows.len()..PEOPLE_MAX {
            let entries =
                [("sex", self.sex[i].map(|sex| sex.letter().to_string())), ("care", self.care[i].map(Use::word))];
            let left_over = entries.into_iter().filter_map(|(name, word)| Some((name, word?)));
            notes.extend(left_over.map(|(name, word)| Note::new(name, &word, NoteKind::BadValue)));
        }
        rows
    }

    fn mark(&self, i: usize, row: &mut PersonRow) {
        row.sex = self.sex[i];
        // Drop defaults: any year, or a birth for someone who is pregnant.
        let usual = if row.pregnant { Use::Condition(Condition::Maternity) } else { Use::Any };
        row.care = self.care[i].filter(|care| *care != usual);
    }
}
