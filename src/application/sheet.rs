//! What was answered: one document, every answer as it was typed.
//!
//! Kept sealed in the draft (`account::drafts`), frozen at submission. Answers that no longer apply stay here, so that a
//! change of mind loses nothing; what applies is decided by `steps`, never stored. It must judge nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use crate::types::hex;

/// The shape of the document. A change of it comes with a step in [`upcast`] and a fixture of the old one.
pub const ANSWERS_VERSION: i64 = 1;
/// The row of questions about all of the household.
pub const HOUSEHOLD: RowId = 0;
/// The contact person.
pub const YOU: RowId = 1;
/// Rows of one draft, removed ones included: nobody gets a document without end.
pub const ROWS_MAX: RowId = 400;
/// People of one household: the engine takes no more.
pub const PEOPLE_MAX: usize = crate::eligibility::MOST_PEOPLE;
/// Of one answer, in bytes.
pub const ANSWER_MAX: usize = 2_000;

/// A person, a source of income, a job's offer, an event: numbered through the whole document, never used twice.
pub type RowId = u32;

/// What there can be several of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Table {
    People,
    Incomes,
    Events,
}

/// Has no `Debug`: it holds what people typed.
#[derive(Clone, Serialize, Deserialize)]
pub struct Sheet {
    version: i64,
    rows: BTreeMap<Table, Vec<RowId>>,
    /// People who were taken out, and can be put back.
    #[serde(default)]
    gone: Vec<RowId>,
    /// People whose page was opened and who have no answer yet: in no list until they have one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    begun: Vec<RowId>,
    next: RowId,
    /// `birth_date.2` → as typed.
    values: BTreeMap<String, String>,
    /// The application that these answers are a change of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    follows: Option<String>,
}

impl Drop for Sheet {
    fn drop(&mut self) {
        self.values.values_mut().for_each(|value| value.zeroize());
    }
}

impl Default for Sheet {
    fn default() -> Sheet {
        let rows = BTreeMap::from([(Table::People, vec![YOU])]);
        Sheet {
            version: ANSWERS_VERSION,
            rows,
            gone: Vec::new(),
            begun: Vec::new(),
            next: YOU + 1,
            values: BTreeMap::new(),
            follows: None,
        }
    }
}

/// The name of an answer in the document and in forms.
pub fn key(question: &str, row: RowId) -> String {
    format!("{question}.{row}")
}

impl Sheet {
    /// Reads a document of any version that was ever written.
    ///
    /// # Errors
    ///
    /// If it is none, or a newer binary's.
    pub fn read(document: Value) -> Result<Sheet, Unreadable> {
        let version = document.get("version").and_then(Value::as_i64).ok_or(Unreadable)?;
        let document = upcast(document, version)?;
        serde_json::from_value(document).map_err(|_| Unreadable)
    }

    /// The answers of an application that was sent, to be changed: its rows keep their numbers, and new ones come after
    /// `last`.
    pub fn again(
        (follows, last): (&str, RowId),
        rows: BTreeMap<Table, Vec<RowId>>,
        values: BTreeMap<String, String>,
    ) -> Sheet {
        let follows = Some(follows.to_string());
        Sheet { version: ANSWERS_VERSION, rows, gone: Vec::new(), begun: Vec::new(), next: last + 1, values, follows }
    }

    /// The application that these answers are a change of.
    pub fn follows(&self) -> Option<&str> {
        self.follows.as_deref()
    }

    /// # Errors
    ///
    /// Never in practice: every part of it is JSON.
    pub fn write(&self) -> Result<Value, Unreadable> {
        serde_json::to_value(self).map_err(|_| Unreadable)
    }

    /// The answer as typed; empty if there is none.
    pub fn get(&self, question: &str, row: RowId) -> &str {
        self.values.get(&key(question, row)).map_or("", String::as_str)
    }

    /// Keeps an answer; an empty one takes it away. Longer than [`ANSWER_MAX`] is cut at a letter.
    pub fn set(&mut self, question: &str, row: RowId, text: &str) {
        let mut end = text.len().min(ANSWER_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let key = key(question, row);
        match &text[..end] {
            "" => drop(self.values.remove(&key)),
            text => drop(self.values.insert(key, text.to_string())),
        }
    }

    /// Rows that are there, in the order in which they came.
    pub fn rows(&self, table: Table) -> impl Iterator<Item = RowId> {
        let rows = self.rows.get(&table).map_or(&[][..], Vec::as_slice);
        rows.iter().copied().filter(|row| !self.gone.contains(row) && !self.begun.contains(row))
    }

    pub fn has(&self, table: Table, row: RowId) -> bool {
        self.rows(table).any(|own| own == row)
    }

    /// A new row; `None` if there are too many.
    pub fn add(&mut self, table: Table) -> Option<RowId> {
        if self.next > ROWS_MAX || (table == Table::People && self.is_full()) {
            return None;
        }
        let row = self.next;
        self.next += 1;
        self.rows.entry(table).or_default().push(row);
        Some(row)
    }

    /// The row of somebody who may come in, the same until they do; `None` if there is no room.
    pub fn begin_person(&mut self) -> Option<RowId> {
        if self.rows(Table::People).count() >= PEOPLE_MAX {
            return None;
        }
        match self.begun.first() {
            Some(row) => Some(*row),
            None => {
                let row = self.add(Table::People)?;
                self.begun.push(row);
                Some(row)
            }
        }
    }

    /// Their page is open to them, and nothing on it was answered.
    pub fn is_begun(&self, row: RowId) -> bool {
        self.begun.contains(&row) && self.rows(Table::People).count() < PEOPLE_MAX
    }

    /// They are in the household from now on; `false` if they were, or there is no room.
    pub fn join(&mut self, row: RowId) -> bool {
        let joins = self.is_begun(row);
        if joins {
            self.begun.retain(|begun| *begun != row);
        }
        joins
    }

    /// Nobody else can be added.
    pub fn is_full(&self) -> bool {
        self.next > ROWS_MAX || self.rows(Table::People).count() >= PEOPLE_MAX
    }

    /// Sets a person aside. The contact person stays.
    pub fn take_out(&mut self, row: RowId) {
        if row != YOU && self.has(Table::People, row) {
            self.gone.push(row);
        }
    }

    pub fn put_back(&mut self, row: RowId) {
        if self.rows(Table::People).count() >= PEOPLE_MAX {
            return;
        }
        self.gone.retain(|gone| *gone != row);
    }

    /// People who were taken out.
    pub fn gone(&self) -> &[RowId] {
        &self.gone
    }

    /// A short word over these answers: whether another tab has changed them since a page was shown.
    pub fn word_over<'a>(&self, keys: impl Iterator<Item = &'a str>) -> String {
        let mut word = Sha256::new();
        for key in keys {
            for part in [key, self.values.get(key).map_or("", String::as_str)] {
                word.update((part.len() as u64).to_be_bytes());
                word.update(part.as_bytes());
            }
        }
        hex(&word.finalize()[..8])
    }

    /// Every answer that is kept, for freezing: only those of these keys.
    pub fn only(&self, keys: impl Fn(&str) -> bool) -> BTreeMap<&str, &str> {
        self.values.iter().filter(|(key, _)| keys(key)).map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }
}

/// The document is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a document of answers cannot be read")]
pub struct Unreadable;

/// From any earlier shape to this one, a version at a time.
fn upcast(document: Value, version: i64) -> Result<Value, Unreadable> {
    match version {
        ANSWERS_VERSION => Ok(document),
        _ => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_is_taken_out_can_be_put_back_with_all_answers() {
        let mut sheet = Sheet::default();
        let second = sheet.add(Table::People).expect("room");
        sheet.set("first_name", second, "Ben");
        sheet.take_out(second);
        sheet.take_out(YOU);
        assert_eq!((sheet.rows(Table::People).collect::<Vec<_>>(), sheet.gone()), (vec![YOU], &[second][..]));
        sheet.put_back(second);
        assert_eq!((sheet.has(Table::People, second), sheet.get("first_name", second)), (true, "Ben"));
    }

    #[test]
    fn somebody_whose_page_was_only_opened_is_nobody_yet() {
        let mut sheet = Sheet::default();
        let ben = sheet.begin_person().expect("room");
        assert_eq!(
            (sheet.begin_person(), sheet.has(Table::People, ben), sheet.is_begun(ben)),
            (Some(ben), false, true)
        );
        let mut later = Sheet::read(sheet.write().expect("a document")).expect("readable");
        assert!(later.is_begun(ben) && later.join(ben) && !later.join(ben));
        assert!(later.has(Table::People, ben) && later.begin_person() != Some(ben));
        // Others have taken the last places meanwhile.
        while sheet.add(Table::People).is_some() {}
        assert!(!sheet.is_begun(ben) && !sheet.join(ben) && sheet.begin_person().is_none());
        assert_eq!(sheet.rows(Table::People).count(), PEOPLE_MAX);
    }

    #[test]
    fn a_document_comes_back_as_it_was_and_one_of_a_newer_binary_is_refused() {
        let mut sheet = Sheet::default();
        sheet.set("first_name", YOU, "Zoë Núñez-O’Brien");
        let mut document = sheet.write().expect("a document");
        let read = Sheet::read(document.clone()).expect("readable");
        assert_eq!(read.get("first_name", YOU), "Zoë Núñez-O’Brien");
        document["version"] = 99.into();
        assert!(Sheet::read(document).is_err() && Sheet::read(Value::Null).is_err());
    }

    #[test]
    fn an_answer_has_an_end_and_rows_do_too() {
        let mut sheet = Sheet::default();
        sheet.set("note", HOUSEHOLD, &"ñ".repeat(ANSWER_MAX));
        assert_eq!(sheet.get("note", HOUSEHOLD).len(), ANSWER_MAX);
        while sheet.add(Table::People).is_some() {}
        assert!(sheet.is_full());
        assert_eq!(sheet.rows(Table::People).count(), PEOPLE_MAX);
        while sheet.add(Table::Incomes).is_some() {}
        assert_eq!(sheet.rows(Table::Incomes).count(), ROWS_MAX as usize - PEOPLE_MAX);
    }

    #[test]
    fn the_word_changes_with_an_answer() {
        let mut sheet = Sheet::default();
        let word = |sheet: &Sheet| sheet.word_over(["first_name.1", "last_name.1"].into_iter());
        let before = word(&sheet);
        sheet.set("last_name", YOU, "Li");
        assert_ne!(word(&sheet), before);
    }
}
