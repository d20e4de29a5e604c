//! Reporting a change (45 CFR 155.330(b), within 30 days): the answers of an application that was sent, opened again as a draft.
//! What was sent stays as it is; sending the change makes an application of its own that follows it.
//!
//! Called by the pages. One change at a time, and only of what nothing follows yet. It must take nothing away from the
//! earlier application.

use std::collections::BTreeMap;

use serde_json::Value;
use time::{Date, Duration};

use super::flow::asked_name;
use super::kinds::{self, Kind, NONE};
use super::record::{self, Application};
use super::sheet::{HOUSEHOLD, RowId, Sheet, Table, YOU, key};
use super::steps::{STEPS, income, sending};
use crate::account::drafts::{self, Place};
use crate::account::people::Means;
use crate::eligibility::Tables;
use crate::eligibility::enrollment::event_code;
use crate::sealing::SealFault;
use crate::store::{Change, StoreError, Tx, columns};

/// How far back the page of events asks (`apply.q.events`): what was told and is no older is told again.
const ASKED_BACK: i64 = 90;
/// The day of an event as it was sent, beside one that came over into a change.
pub const TOLD_ON: &str = "told_on";

/// The answers as they were sent, to be changed for a plan year: all of them but what was signed, what the last change was about, and
/// events that are over. An event that can still open a period, or that the page of events asks about, stays with its day.
pub fn sheet_of(sent: &Application, year: i32, (tables, today): (&Tables, Date)) -> Sheet {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in sent.frozen.answers.as_object().into_iter().flatten() {
        values.extend(value.as_str().map(|text| (name.clone(), text.to_string())));
    }
    let of = |name: &str| rows_of(&values, name);
    let is_income = |row: &RowId| {
        let kind = values.get(&key("kind", *row)).map_or("", String::as_str);
        income::INCOMES.iter().chain(income::DEDUCTIONS).any(|own| *own == kind)
    };
    let (incomes, events): (Vec<RowId>, Vec<RowId>) = of("kind").into_iter().partition(is_income);
    let told: Vec<String> =
        kinds::parts(values.get(&key("events", HOUSEHOLD)).map_or("", String::as_str)).map(str::to_string).collect();
    let stays = |row: &RowId| {
        let of = |question: &str| values.get(&key(question, *row)).map_or("", String::as_str);
        told.iter().any(|kind| kind == of("kind")) && is_near(tables, (of("kind"), kinds::day(of("event_day"))), today)
    };
    let (near, over): (Vec<RowId>, Vec<RowId>) = events.into_iter().partition(stays);
    let people = people_of(&sent.frozen.household);
    let of_keys = values.keys().filter_map(|name| name.rsplit_once('.')?.1.parse().ok());
    let last = of_keys.chain(people.iter().copied()).max().unwrap_or(YOU);
    let told_then = |name: &str| {
        let (question, row) = name.rsplit_once('.').unwrap_or((name, ""));
        let signed = sending::SIGN.questions.iter().find(|own| own.name == question);
        let signed = signed.is_some_and(|own| matches!(own.kind, Kind::Agree | Kind::Signature));
        let of_event = row.parse().is_ok_and(|row| over.contains(&row));
        signed || of_event || ["events", "what_changed", "changed_on"].contains(&question)
    };
    let gone: Vec<String> = values.keys().filter(|name| told_then(name)).cloned().collect();
    gone.iter().for_each(|name| drop(values.remove(name)));
    let kept: Vec<String> = near.iter().filter_map(|row| values.get(&key("kind", *row)).cloned()).collect();
    if !kept.is_empty() {
        values.insert(key("events", HOUSEHOLD), kept.join(","));
    }
    for row in &near {
        let day = values.get(&key("event_day", *row)).cloned().unwrap_or_default();
        values.insert(key(TOLD_ON, *row), if day.is_empty() { NONE.to_string() } else { day });
    }
    // Whoever joins the household now is asked about; the others were.
    let asked = people.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let about_people = STEPS.iter().flat_map(|step| step.questions).filter(|own| matches!(own.kind, Kind::People(_)));
    for question in about_people {
        for row in rows_of(&values, question.name) {
            values.insert(key(&asked_name(question.name), row), asked.clone());
        }
    }
    values.insert(key("plan_year", HOUSEHOLD), year.to_string());
    let rows = BTreeMap::from([(Table::People, people), (Table::Incomes, incomes), (Table::Events, near)]);
    Sheet::again((&sent.id, last), rows, values)
}

/// Whether an event can still open a period, or is no older than what the page of events asks for.
fn is_near(tables: &Tables, (kind, day): (&str, Option<Date>), today: Date) -> bool {
    let Some(kind) = tables.sep_kind(event_code(kind), today) else { return false };
    let last = |day: Date| day.checked_add(Duration::days(kind.days_after.unwrap_or_default().max(ASKED_BACK)));
    // Of a kind that is open all the time there is no day.
    day.is_none_or(|day| last(day).is_none_or(|last| today <= last))
}

/// Rows for which a question has an answer.
fn rows_of(values: &BTreeMap<String, String>, question: &str) -> Vec<RowId> {
    let row = |name: &String| name.strip_prefix(question)?.strip_prefix('.')?.parse().ok();
    let mut rows: Vec<RowId> = values.keys().filter_map(row).collect();
    rows.sort_unstable();
    rows
}

/// Everybody of a frozen household, you first.
fn people_of(household: &Value) -> Vec<RowId> {
    let all = household["people"].as_array().into_iter().flatten();
    let mut rows: Vec<RowId> = all.filter_map(|person| person["id"].as_str()?.parse().ok()).collect();
    if !rows.contains(&YOU) {
        rows.insert(0, YOU);
    }
    rows
}

/// The newest application that can be changed: nothing follows it. `applications`: an owner's, the newest first.
pub fn newest(applications: &[Application]) -> Option<&Application> {
    applications.iter().find(|own| is_last(applications, &own.id))
}

/// Whether nothing follows this application of an owner's.
pub fn is_last(applications: &[Application], id: &str) -> bool {
    !applications.iter().any(|other| other.follows.as_deref() == Some(id))
}

/// What came of beginning a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It is open: from now on, or from before.
    Open,
    /// Another application is open and not sent.
    Other,
    /// A change of it has been sent.
    Followed,
}

/// Opens a change of an application.
pub struct Begin {
    pub means: Means,
    pub owner: String,
    /// [`sheet_of`] the application, as a document.
    pub document: Value,
    /// The application.
    pub of: String,
    /// The ID of a draft that has to be made.
    pub new_draft: String,
    pub session: String,
}

impl Change for Begin {
    type Done = Begun;

    async fn run(&self, tx: &mut Tx) -> Result<Begun, StoreError> {
        if record::followed_by(tx.conn(), (&self.owner, &self.of)).await?.is_some() {
            return Ok(Begun::Followed);
        }
        let place = Place { owner: &self.owner, new_draft: &self.new_draft, session: &self.session };
        let mut outcome = Ok(Begun::Open);
        drafts::edit(tx, &self.means, &place, |answers, _| {
            let open = answers.application.as_ref().map(|document| Sheet::read(document.clone()));
            match open {
                None => {
                    answers.application = Some(self.document.clone());
                    return Some(());
                }
                // Pressed twice, or in another tab.
                Some(Ok(open)) if open.follows() == Some(self.of.as_str()) => {}
                Some(Ok(_)) => outcome = Ok(Begun::Other),
                Some(Err(_)) => {
                    let place = columns::DRAFT_ANSWERS;
                    outcome = Err(SealFault::Unreadable { table: place.table, column: place.column }.into());
                }
            }
            None
        })
        .await?;
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::record::Frozen;
    use serde_json::json;
    use time::macros::date;

    fn sent() -> Application {
        let answers = json!({
            "first_name.1": "Ana", "first_name.2": "Ben", "pregnant.0": "none", "income_kinds.1": "wages", "kind.4": "wages",
            "person.4": "1", "amount.4": "37650", "kind.6": "marriage", "person.6": "0", "event_day.6": "5/1/2026",
            "events.0": "marriage", "signature.0": "Ana", "true_answers.0": "yes", "consent.0": "5",
        });
        Application {
            id: "a1".to_string(),
            reference: "123456789012".to_string(),
            plan_year: 2026,
            submitted_at: 0,
            catalogue: String::new(),
            frozen: Frozen {
                answers,
                household: json!({ "people": [{ "id": "1" }, { "id": "2" }] }),
                county: String::new(),
                amended: None,
            },
            determination: Value::Null,
            follows: None,
        }
    }

    /// A change of something else takes no period away, and no day becomes another one.
    #[test]
    fn an_event_that_is_still_near_stays_with_its_day() {
        let tables = Tables::load().expect("the tables");
        let sheet = sheet_of(&sent(), 2026, (&tables, date!(2026 - 05 - 20)));
        assert_eq!(sheet.rows(Table::Events).collect::<Vec<_>>(), [6]);
        assert_eq!((sheet.get("events", HOUSEHOLD), sheet.get("event_day", 6)), ("marriage", "5/1/2026"));
        assert_eq!(sheet.get(TOLD_ON, 6), "5/1/2026");
        assert_eq!(sheet_of(&sent(), 2026, (&tables, date!(2026 - 07 - 30))).rows(Table::Events).count(), 1, "day 90");
        assert_eq!(sheet_of(&sent(), 2026, (&tables, date!(2026 - 07 - 31))).rows(Table::Events).count(), 0);
    }

    #[test]
    fn answers_come_back_without_what_was_signed_and_what_had_happened() {
        let tables = Tables::load().expect("the tables");
        let mut sheet = sheet_of(&sent(), 2026, (&tables, date!(2026 - 08 - 01)));
        assert_eq!(sheet.follows(), Some("a1"));
        assert_eq!(sheet.rows(Table::People).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(sheet.rows(Table::Incomes).collect::<Vec<_>>(), [4]);
        assert_eq!(sheet.rows(Table::Events).count(), 0);
        assert_eq!((sheet.get("amount", 4), sheet.get("consent", HOUSEHOLD)), ("37650", "5"));
        for gone in ["signature", "true_answers", "events"] {
            assert_eq!(sheet.get(gone, HOUSEHOLD), "", "{gone}");
        }
        // Rows are never used twice.
        assert_eq!(sheet.add(Table::People), Some(7));
        assert_eq!(sheet.get(&asked_name("pregnant"), HOUSEHOLD), "1,2", "whoever joins is asked about");
        assert_eq!(sheet.get("plan_year", HOUSEHOLD), "2026");
    }
}
