//! Where people stop: the counts of the application's pages, added to the store, and read by an operator.
//!
//! `serve` calls [`flush`] once a minute and when it stops; `windowshop funnel` and the private port call [`Report::of`].
//! Nobody can be found in it (`sql/store/0006_funnel.sql`), and an operator's page shows no small count: a visit that is
//! known from elsewhere, and the only one to a page that day, would say that somebody was asked what that page asks.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::AnyConnection;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::steps::STEPS;
use crate::store::dialect::Engine;
use crate::store::{Change, Millis, Store, StoreError, Tx};
use crate::telemetry::funnel::{Funnel, Key};

/// The pages before and after those of the list.
pub const BEGIN: &str = "begin";
pub const CHECK: &str = "check";
pub const SIGN: &str = "sign";
/// Refused questions of a page that are named.
const FIELDS_SHOWN: usize = 5;
/// Characters of a whole bar.
const BAR: i64 = 20;
const SMALL: &str = include_str!("../../data/office/small_counts.csv");

/// Every page that is counted, in the order in which people see them.
pub fn pages() -> impl Iterator<Item = &'static str> {
    [BEGIN].into_iter().chain(STEPS.iter().map(|step| step.name)).chain([CHECK, SIGN])
}

/// Adds what waits in this process to the store, in one statement; if that fails, it waits on. A change whose end nobody has
/// seen (the connection broke in it) is added again: counts may then be a little too high, never too low.
///
/// # Errors
///
/// If the store is away.
pub async fn flush(store: &Store, funnel: &Funnel) -> Result<(), StoreError> {
    let taken = funnel.take();
    if taken.is_empty() {
        return Ok(());
    }
    let added = store.begin_write(Add { engine: store.engine(), counts: rows(&taken) }).await;
    added.inspect_err(|_| funnel.put_back(taken))
}

/// As JSON, because a statement is a literal, however many rows there are.
fn rows(counts: &[(Key, u64)]) -> String {
    let row = |(key, count): &(Key, u64)| {
        let (event, field): (&str, &str) = (key.event.into(), key.field);
        json!({ "day": key.day, "lang": key.lang, "step": key.step, "event": event, "field": field, "counted": count })
    };
    serde_json::Value::Array(counts.iter().map(row).collect()).to_string()
}

struct Add {
    engine: Engine,
    counts: String,
}

impl Change for Add {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        sqlx::query(self.engine.add_counts()).bind(self.counts.as_str()).execute(tx.conn()).await?;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Small {
    from: String,
    to: String,
    fewest: i64,
}

/// The smallest count that is shown.
///
/// # Errors
///
/// If the table has no row for this day, or two.
pub fn fewest(day: Date) -> anyhow::Result<i64> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(SMALL.as_bytes());
    let mut found = Vec::new();
    for row in reader.deserialize() {
        let row: Small = row?;
        if read_day(&row.from)? <= day && (row.to.is_empty() || day <= read_day(&row.to)?) {
            found.push(row.fewest);
        }
    }
    anyhow::ensure!(found.len() == 1, "data/office/small_counts.csv has {} rows for {day}", found.len());
    Ok(found[0])
}

/// `2026-11-01`
///
/// # Errors
///
/// If it is no day.
pub fn read_day(text: &str) -> anyhow::Result<Date> {
    let day = Date::parse(text, format_description!("[year]-[month]-[day]"));
    day.map_err(|_| anyhow::anyhow!("{text:?} is no day: write it as 2026-11-01"))
}

/// A count as an operator sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Count {
    Exact(i64),
    Fewer { fewer_than: i64 },
}

impl Count {
    fn of(count: i64, fewest: i64) -> Count {
        if count > 0 && count < fewest { Count::Fewer { fewer_than: fewest } } else { Count::Exact(count) }
    }

    fn exact(self) -> Option<i64> {
        match self {
            Count::Exact(count) => Some(count),
            Count::Fewer { .. } => None,
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Count::Exact(count) => f.pad(&crate::types::group_thousands(*count)),
            Count::Fewer { fewer_than } => f.pad(&format!("fewer than {fewer_than}")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    pub field: String,
    pub refused: Count,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    pub step: String,
    pub shown: Count,
    pub answered: Count,
    pub refused: Count,
    /// Shown less answered; `None` if either is too small to be shown.
    pub left: Option<Count>,
    /// Answered of a hundred shown; `None` for the same reason, or if it was never shown.
    pub going_on: Option<i64>,
    /// The most often refused first.
    pub fields: Vec<Field>,
}

impl Page {
    /// Prints, and needs no color.
    pub fn bar(&self) -> String {
        self.going_on.map(|share| "█".repeat(usize::try_from(share * BAR / 100).unwrap_or(0))).unwrap_or_default()
    }

    pub fn share(&self) -> String {
        if self.shown == Count::Exact(0) {
            return "not shown".to_string();
        }
        self.going_on.map_or_else(|| "not said".to_string(), |share| format!("{share}%"))
    }

    pub fn gone(&self) -> String {
        self.left.map_or_else(|| "not said".to_string(), |left| left.to_string())
    }
}

/// A day's beginnings and sendings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    pub day: String,
    pub begun: Count,
    pub sent: Count,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The first day that counts.
    pub since: String,
    /// Empty: all languages.
    pub lang: String,
    pub fewest: i64,
    pub pages: Vec<Page>,
    pub days: Vec<Day>,
}

/// Of the fields of all pages: by page and event, then by page and field.
type Sums = (BTreeMap<(String, String), i64>, BTreeMap<String, Vec<(String, i64)>>);

impl Report {
    /// What was counted since a day, in a language or (empty) in all. Pages that this binary does not know come last.
    ///
    /// # Errors
    ///
    /// If the store is away, or the table of small counts is not whole.
    pub async fn of(connection: &mut AnyConnection, since: Date, lang: &str, today: Date) -> anyhow::Result<Report> {
        let (fewest, from) = (fewest(today)?, since.midnight().assume_utc().unix_timestamp() * 1000);
        let asked = sqlx::query_as(
            "SELECT step, event, field, CAST(sum(counted) AS BIGINT) FROM funnel \
             WHERE day >= $1 AND ($2 = '' OR lang = $2) GROUP BY step, event, field",
        );
        let rows: Vec<(String, String, String, i64)> = asked.bind(from).bind(lang).fetch_all(&mut *connection).await?;
        let (mut sums, mut fields): Sums = Sums::default();
        for (step, event, field, count) in rows {
            match field.as_str() {
                "" => drop(sums.insert((step, event), count)),
                _ => fields.entry(step).or_default().push((field, count)),
            }
        }
        let mut steps: Vec<String> = pages().map(str::to_string).collect();
        let others: Vec<String> =
            sums.keys().map(|(step, _)| step.clone()).filter(|step| !steps.contains(step)).collect();
        steps.extend(others);
        steps.dedup();
        let page = |step: String| {
            let sum = |event: &str| sums.get(&(step.clone(), event.to_string())).copied().unwrap_or(0);
            let of = fields.get(&step).cloned().unwrap_or_default();
            page(step.clone(), [sum("shown"), sum("answered"), sum("refused")], of, fewest)
        };
        let pages = steps.into_iter().map(page).collect();
        let days = days(connection, (from, lang), fewest).await?;
        Ok(Report { since: since.to_string(), lang: lang.to_string(), fewest, pages, days })
    }

    pub fn is_empty(&self) -> bool {
        self.pages.iter().all(|page| page.shown == Count::Exact(0) && page.answered == Count::Exact(0))
    }
}

fn page(step: String, [shown, answered, refused]: [i64; 3], mut fields: Vec<(String, i64)>, fewest: i64) -> Page {
    let of = |count| Count::of(count, fewest);
    fields.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    fields.truncate(FIELDS_SHOWN);
    let both = of(shown).exact().zip(of(answered).exact());
    Page {
        step,
        shown: of(shown),
        answered: of(answered),
        refused: of(refused),
        left: both.map(|(shown, answered)| of((shown - answered).max(0))),
        going_on: both.and_then(|(shown, answered)| Some((answered * 100).checked_div(shown)?.min(100))),
        fields: fields.into_iter().map(|(field, count)| Field { field, refused: of(count) }).collect(),
    }
}

async fn days(
    connection: &mut AnyConnection,
    (from, lang): (Millis, &str),
    fewest: i64,
) -> Result<Vec<Day>, StoreError> {
    let asked = sqlx::query_as(
        "SELECT day, step, CAST(sum(counted) AS BIGINT) FROM funnel WHERE day >= $1 AND ($2 = '' OR lang = $2) \
         AND event = 'answered' AND step IN ('begin', 'sign') GROUP BY day, step ORDER BY day",
    );
    let rows: Vec<(Millis, String, i64)> = asked.bind(from).bind(lang).fetch_all(connection).await?;
    let mut of: BTreeMap<Millis, [i64; 2]> = BTreeMap::new();
    for (day, step, count) in rows {
        of.entry(day).or_default()[usize::from(step == SIGN)] = count;
    }
    let day = |(at, [begun, sent]): (Millis, [i64; 2])| Day {
        day: OffsetDateTime::from_unix_timestamp(at / 1000).map(|at| at.date().to_string()).unwrap_or_default(),
        begun: Count::of(begun, fewest),
        sent: Count::of(sent, fewest),
    };
    Ok(of.into_iter().map(day).collect())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lang = if self.lang.is_empty() { "all languages" } else { &self.lang };
        writeln!(f, "The application's pages since {} (UTC), {lang}", self.since)?;
        if self.is_empty() {
            return writeln!(f, "No page was counted. `serve` adds its counts once a minute.");
        }
        writeln!(
            f,
            "{:<16} {:>14} {:>14} {:>14} {:>14} {:>9}",
            "page", "shown", "answered", "refused", "left", "go on"
        )?;
        for page in &self.pages {
            let numbers = format!("{:>14} {:>14} {:>14}", page.shown, page.answered, page.refused);
            let rest = format!("{:>14} {:>9}  {}", page.gone(), page.share(), page.bar());
            writeln!(f, "{:<16} {numbers} {}", page.step, rest.trim_end())?;
            for field in &page.fields {
                writeln!(f, "{:<16} {:>14} {:>14} {:>14}", format!("  {}", field.field), "", "", field.refused)?;
            }
        }
        writeln!(f, "\n{:<16} {:>14} {:>14}", "day", "begun", "sent")?;
        self.days.iter().try_for_each(|day| writeln!(f, "{:<16} {:>14} {:>14}", day.day, day.begun, day.sent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_small_count_is_not_shown_nor_what_it_could_be_worked_out_from() {
        let fewest = fewest(date!(2026 - 11 - 27)).expect("a row");
        assert_eq!(fewest, 11);
        let said = page("home".into(), [200, 10, 11], vec![("zip".into(), 10), ("county".into(), 12)], fewest);
        assert_eq!((said.answered, said.left, said.going_on), (Count::Fewer { fewer_than: 11 }, None, None));
        assert_eq!((said.refused, said.shown), (Count::Exact(11), Count::Exact(200)));
        assert_eq!(said.fields[0].field, "county");
        assert_eq!(said.fields[1].refused, Count::Fewer { fewer_than: 11 });
        let said = page("home".into(), [200, 150, 0], Vec::new(), fewest);
        assert_eq!((said.left, said.going_on, said.bar().chars().count()), (Some(Count::Exact(50)), Some(75), 15));
        let never = page("home".into(), [0, 0, 0], Vec::new(), fewest);
        assert_eq!((never.shown, never.going_on), (Count::Exact(0), None));
        assert!(super::fewest(date!(2025 - 12 - 31)).is_err());
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        assert_eq!(read_day("2026-11-01").expect("a day"), date!(2026 - 11 - 01));
        let fault = read_day("11/1/2026").expect_err("none").to_string();
        assert!(fault.contains("write it as 2026-11-01"), "{fault}");
    }
}
