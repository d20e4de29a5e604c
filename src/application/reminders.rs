//! Telling people that an application is not sent, before it is deleted and before open enrollment ends.
//!
//! Called once a day by whatever carries out the retention schedule (`serve`, `windowshop retention`), before anything is
//! deleted. When: dated, cited rows (`data/office/reminders.csv`). Who: accounts with a proved address that takes letters. A
//! letter's key is the draft, the mark and the day it is about, so two processes put down one. The letter says two dates
//! and nothing that was answered; whether it is still true is looked at again when it is sent (`work::letters`).

use serde::Deserialize;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::saved::{self, Open};
use super::sheet::{HOUSEHOLD, Sheet};
use crate::account::people::{Means, OPEN};
use crate::account::retention::{DAY, Schedule};
use crate::eligibility::enrollment::{WindowStatus, open_enrollment};
use crate::eligibility::{State, Tables};
use crate::store::{Change, Millis, Store, StoreError, Tx};
use crate::types;
use crate::work::letters::{OfDraft, Posted, REMINDER, Said};
use crate::work::ring;

const TABLE: &str = include_str!("../../data/office/reminders.csv");
/// Drafts are looked at by when they were changed, so much at once: a busy hour's do not all lie in memory.
const SLICE: Millis = 5 * 60_000;
/// Letters put down in one transaction.
const BATCH: usize = 100;
/// By whose wall a day is told to people who have not said where they are; as on the pages of the office.
const WALL: &str = "NY";

/// What a mark counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Before {
    Deletion,
    EnrollmentEnd,
}

/// A row of the table.
#[derive(Debug, Clone, Deserialize)]
struct Mark {
    mark: String,
    from: String,
    to: String,
    days: i64,
    before: Before,
    citation: String,
}

/// The marks in force on a day.
#[derive(Debug, Clone)]
pub struct Marks(Vec<Mark>);

impl Marks {
    /// # Errors
    ///
    /// If the table cannot be read, or has a mark without a citation or twice.
    pub fn on(day: Date) -> anyhow::Result<Marks> {
        Marks::read(TABLE, day)
    }

    fn read(text: &str, day: Date) -> anyhow::Result<Marks> {
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let date = |text: &str| Date::parse(text, format_description!("[year]-[month]-[day]"));
        let mut marks: Vec<Mark> = Vec::new();
        for row in reader.deserialize() {
            let row: Mark = row?;
            anyhow::ensure!(!row.citation.is_empty(), "data/office/reminders.csv: {} has no citation", row.mark);
            anyhow::ensure!(row.days > 0, "data/office/reminders.csv: {} is {} days before", row.mark, row.days);
            let over = !row.to.is_empty() && date(&row.to)? < day;
            if date(&row.from)? <= day && !over {
                anyhow::ensure!(
                    marks.iter().all(|own| own.mark != row.mark),
                    "data/office/reminders.csv has two rows for {} on {day}",
                    row.mark
                );
                marks.push(row);
            }
        }
        Ok(Marks(marks))
    }

    /// The first that is told, in days before.
    fn longest(&self, before: Before) -> i64 {
        self.0.iter().filter(|mark| mark.before == before).map(|mark| mark.days).max().unwrap_or(0)
    }

    /// The latest mark that is due when so many days are left and so many were when the draft was changed.
    fn due(&self, before: Before, left: i64, left_at_change: i64) -> Option<&Mark> {
        let due = |mark: &&Mark| mark.before == before && left <= mark.days && mark.days < left_at_change;
        self.0.iter().filter(due).min_by_key(|mark| mark.days)
    }
}

/// What the reminders of a day follow from.
pub struct Rules<'a> {
    pub tables: &'a Tables,
    pub schedule: &'a Schedule,
    pub marks: &'a Marks,
}

impl Rules<'_> {
    fn kept(&self) -> Millis {
        self.schedule.time("draft")
    }

    /// Whether open enrollment ends anywhere within the first of its marks: only then is each draft opened.
    fn a_season_ends(&self, now: Millis) -> bool {
        let longest = self.marks.longest(Before::EnrollmentEnd);
        State::all().any(|state| self.season(state, None, now).is_some_and(|(left, _)| left <= longest))
    }

    /// The last day of the open enrollment that is open in a state to choose for the next start of coverage, and how
    /// many days are left: who waits for the end of the season is covered later.
    fn season(&self, state: State, year: Option<i32>, now: Millis) -> Option<(i64, Date)> {
        let days = self.tables.days(Some(state), moment(now));
        let years = year.map_or_else(|| vec![days.own.year(), days.own.year() + 1], |year| vec![year]);
        let open = |year| {
            let season = open_enrollment(self.tables, state, year, days);
            season.select_by.filter(|_| season.status == WindowStatus::Open)
        };
        let ends = years.into_iter().find_map(open)?;
        Some(((ends - days.own).whole_days(), ends))
    }

    /// What an application has to be told of now; the nearer day first.
    fn due(&self, open: &Open, now: Millis) -> Option<Told> {
        let deleted_at = open.changed_at + self.kept();
        let until = wall(self.tables, deleted_at);
        let left = (deleted_at - now) / DAY;
        let deletion = self.marks.due(Before::Deletion, left, self.kept() / DAY).filter(|_| deleted_at > now);
        let deletion = deletion.map(|mark| (left, Told { mark: mark.mark.clone(), until, ends: None }));
        // Whoever reports a change has an application that is sent.
        let apart = open.sheet.follows().is_some();
        let season = state_of(self.tables, &open.sheet).filter(|_| !apart).and_then(|state| {
            let (left, ends) = self.season(state, year_of(&open.sheet), now)?;
            let changed = self.tables.days(Some(state), moment(open.changed_at)).own;
            let mark = self.marks.due(Before::EnrollmentEnd, left, (ends - changed).whole_days())?;
            Some((left, Told { mark: mark.mark.clone(), until, ends: Some(ends) }))
        });
        deletion.into_iter().chain(season).min_by_key(|(left, _)| *left).map(|(_, told)| told)
    }
}

/// What a letter tells.
struct Told {
    mark: String,
    /// Until when the draft is kept.
    until: Date,
    /// The last day of open enrollment for the next start of coverage, if it is about that.
    ends: Option<Date>,
}

fn moment(at: Millis) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn wall(tables: &Tables, at: Millis) -> Date {
    tables.wall(State::parse(WALL), moment(at)).date()
}

/// Where the household lives: of its county, or of a ZIP code that lies in one state.
fn state_of(tables: &Tables, sheet: &Sheet) -> Option<State> {
    let county = sheet.get("county", HOUSEHOLD).parse().ok().and_then(State::of_county);
    county.or_else(|| State::parse(tables.zip_states(sheet.get("zip", HOUSEHOLD).trim())?))
}

fn year_of(sheet: &Sheet) -> Option<i32> {
    sheet.get("plan_year", HOUSEHOLD).parse().ok()
}

/// [`carry_out`] with the marks of a day, at this moment of the store.
///
/// # Errors
///
/// If the table of marks is not whole, or the store is away.
pub async fn of_day(
    (store, means): (&Store, &Means),
    (tables, schedule): (&Tables, &Schedule),
    day: Date,
) -> anyhow::Result<u64> {
    let rules = Rules { tables, schedule, marks: &Marks::on(day)? };
    Ok(carry_out(store, means, &rules, store.now().await?).await?)
}

/// Puts down every letter that is due, and says how many are new. `now`: by the store's clock.
///
/// # Errors
///
/// If the store is away. What was put down before that is there.
pub async fn carry_out(store: &Store, means: &Means, rules: &Rules<'_>, now: Millis) -> Result<u64, StoreError> {
    // Without a season that ends, only drafts that are deleted soon can be meant.
    let young = rules.kept() - rules.marks.longest(Before::Deletion) * DAY;
    let until = if rules.a_season_ends(now) { now } else { now - young };
    let (mut after, mut new) = (now - rules.kept(), 0);
    let mut connection = store.read().await?;
    loop {
        let first = sqlx::query_scalar(
            "SELECT min(changed_at) FROM draft WHERE state = $1 AND changed_at > $2 AND changed_at <= $3",
        );
        let first: Option<Millis> = first.bind(OPEN).bind(after).bind(until).fetch_one(&mut *connection).await?;
        let Some(first) = first else { break };
        after = (first + SLICE).min(until);
        let found = sqlx::query_as(
            "SELECT draft.id, draft.owner FROM draft JOIN account ON account.id = substr(draft.owner, 9) \
             WHERE draft.state = $1 AND draft.changed_at >= $2 AND draft.changed_at <= $3 \
             AND substr(draft.owner, 1, 8) = 'account:' AND account.email_confirmed_at IS NOT NULL \
             AND draft.owner NOT IN (SELECT owner FROM mail_state WHERE bounced_at IS NOT NULL)",
        );
        let found: Vec<(String, String)> = found.bind(OPEN).bind(first).bind(after).fetch_all(&mut *connection).await?;
        let mut due = Vec::new();
        for (id, owner) in found {
            let open = match saved::open(&mut connection, &means.vault, &owner).await {
                Ok(open) => open.filter(|open| open.id == id),
                // One person's document that does not open keeps nobody else from their letter.
                Err(StoreError::Sealed(error)) => {
                    tracing::error!(%error, "reminders: a draft does not open");
                    None
                }
                Err(error) => return Err(error),
            };
            due.extend(open.and_then(|open| Some(posted(means, &owner, &open, rules.due(&open, now)?))));
        }
        for batch in due.chunks(BATCH) {
            new += store.begin_long_write(Remind { letters: batch.to_vec() }).await?;
        }
    }
    if new > 0 {
        ring();
    }
    Ok(new)
}

fn posted(means: &Means, owner: &str, open: &Open, told: Told) -> Posted {
    let said = Said {
        template: match (told.ends.is_some(), open.sheet.follows().is_some()) {
            (true, _) => "season",
            (_, true) => "unsent_change",
            _ => "unsent",
        }
        .to_string(),
        lang: String::new(),
        to: String::new(),
        code: String::new(),
        good_until: None,
        of_draft: Some(OfDraft {
            id: open.id.clone(),
            changed_at: open.changed_at,
            kept_until: told.until.to_string(),
            season_ends: told.ends.map(|ends| ends.to_string()).unwrap_or_default(),
        }),
    };
    Posted {
        kind: &REMINDER,
        vault: means.vault.clone(),
        key: format!("reminder:{}:{}:{}", open.id, told.mark, told.ends.unwrap_or(told.until)),
        owner: owner.to_string(),
        own_address: true,
        said,
        lasts: None,
        request_id: types::request_id(),
    }
}

/// Puts letters down, each if its draft is still as it was read.
struct Remind {
    letters: Vec<Posted>,
}

impl Change for Remind {
    type Done = u64;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let mut new = 0;
        for letter in &self.letters {
            let Some(of) = &letter.said.of_draft else { continue };
            if of.is_as_it_was(tx.conn(), &letter.owner).await? && letter.run(tx).await? {
                new += 1;
            }
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn the_table_is_whole_dated_and_cited() {
        let marks = Marks::on(date!(2026 - 11 - 27)).expect("whole");
        assert_eq!((marks.longest(Before::Deletion), marks.longest(Before::EnrollmentEnd)), (30, 14));
        assert_eq!(Marks::on(date!(2025 - 12 - 31)).expect("nothing yet").0.len(), 0);
        let twice = format!("{TABLE}deletion_7,2026-06-01,,7,deletion,x,y\n");
        assert!(Marks::read(&twice, date!(2026 - 11 - 27)).is_err());
        assert!(Marks::read(&TABLE.replace(",our rule", ","), date!(2026 - 11 - 27)).is_err());
    }

    /// A job's key is forgotten after a while (`job_done`): no mark may be due for longer than that.
    #[test]
    fn no_mark_is_due_for_longer_than_its_key_is_known() {
        let day = date!(2026 - 11 - 27);
        let (marks, schedule) = (Marks::on(day).expect("whole"), Schedule::on(day).expect("whole"));
        for mark in &marks.0 {
            let next = marks.0.iter().filter(|other| other.before == mark.before && other.days < mark.days);
            let due_for = mark.days - next.map(|next| next.days).max().unwrap_or(0);
            assert!(due_for * DAY < schedule.time("job_done"), "{}", mark.mark);
            assert!(mark.days * DAY < schedule.time("draft"), "{}", mark.mark);
        }
    }

    #[test]
    fn the_latest_mark_is_told_and_none_that_came_before_the_change() {
        let marks = Marks::on(date!(2026 - 11 - 27)).expect("whole");
        let due = |left, at_change| {
            marks.due(Before::EnrollmentEnd, left, at_change).map(|mark| mark.mark.as_str()).unwrap_or_default()
        };
        assert_eq!(
            [due(15, 40), due(14, 40), due(4, 40), due(3, 40)],
            ["", "enrollment_14", "enrollment_14", "enrollment_3"]
        );
        assert_eq!([due(9, 14), due(9, 10), due(3, 10), due(0, 2)], ["", "", "enrollment_3", ""]);
    }
}
