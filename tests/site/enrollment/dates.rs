//! Never a day that the law does not allow: over days, states and events, the day is one that a row of the tables gives, read
//! here from the files themselves.

use std::sync::LazyLock;

use proptest::prelude::*;
use time::{Date, Duration, Month};
use windowshop::eligibility::clock::Days;
use windowshop::eligibility::{State, Tables};
use windowshop::enrollment::choice::Begin;
use windowshop::enrollment::dates::start_of;
use windowshop::enrollment::record::{Why, day_of};
use windowshop::enrollment::results::Happened;

use crate::web::repository::root;

struct Season {
    year: i32,
    whose: String,
    from: Date,
    to: Date,
    start: Date,
}

struct Kind {
    code: String,
    before: Option<i64>,
    after: Option<i64>,
    start: String,
    prior: String,
    from: Date,
    to: Option<Date>,
}

fn rows(name: &str) -> Vec<csv::StringRecord> {
    let text = std::fs::read_to_string(root().join("data/rules").join(name)).expect("a table");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.records().map(|row| row.expect("a row")).collect()
}

fn seasons() -> Vec<Season> {
    let of = |row: &csv::StringRecord| Season {
        year: row[0].parse().expect("a year"),
        whose: row[1].to_string(),
        from: day_of(&row[2]).expect("a day"),
        to: day_of(&row[3]).expect("a day"),
        start: day_of(&row[4]).expect("a day"),
    };
    rows("open_enrollment.csv").iter().map(of).collect()
}

fn kinds() -> Vec<Kind> {
    let of = |row: &csv::StringRecord| Kind {
        code: row[0].to_string(),
        before: row[2].parse().ok(),
        after: row[3].parse().ok(),
        start: row[4].to_string(),
        prior: row[5].to_string(),
        from: day_of(&row[6]).expect("a day"),
        to: day_of(&row[7]),
    };
    rows("sep_kinds.csv").iter().map(of).collect()
}

fn next_month(day: Date) -> Date {
    let (year, month) = match day.month() {
        Month::December => (day.year() + 1, Month::January),
        month => (day.year(), month.next()),
    };
    Date::from_calendar_date(year, month, 1).expect("a day")
}

/// Every start that the law gives for an event and a day.
fn allowed(kind: &Kind, event: Date, today: Date) -> Vec<Date> {
    match kind.start.as_str() {
        "next_month" => vec![next_month(today)],
        "after_loss" => vec![next_month(today.max(event))],
        "event_day" => vec![event, next_month(today)],
        "hra_start" if today < event && event.day() == 1 => vec![event],
        "hra_start" => vec![next_month(today.max(event))],
        _ => Vec::new(),
    }
}

const STATES: [&str; 8] = ["OH", "TX", "FL", "CA", "NJ", "NY", "ID", "VA"];

fn first() -> Date {
    Date::from_calendar_date(2025, Month::November, 1).expect("a day")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]

    #[test]
    fn a_start_is_always_one_that_a_row_gives(
        after in 0_i64..520, year in 2026_i32..=2027, state in 0_usize..STATES.len(),
        picked in proptest::collection::vec((0_usize..60, -90_i64..100, 0_u8..3), 0..3), later in any::<bool>(),
    ) {
        static READ: LazyLock<(Tables, Vec<Kind>, Vec<Season>)> =
            LazyLock::new(|| (Tables::load().expect("the tables"), kinds(), seasons()));
        let (tables, kinds, seasons) = &*READ;
        let today = first() + Duration::days(after);
        let events: Vec<Happened> = picked
            .iter()
            .map(|(kind, days, had)| {
                let kind = &kinds[kind % kinds.len()];
                Happened {
                    kind: kind.code.clone(),
                    day: (kind.after.is_some()).then(|| today + Duration::days(*days)),
                    had_coverage: [None, Some(true), Some(false)][*had as usize],
                    told_by_office: false,
                }
            })
            .collect();
        let own = State::parse(STATES[state]).expect("a state");
        let begin = if later { Begin::NextMonth } else { Begin::First };
        let found = start_of(tables, (own, year), &events, Days::both(today), begin);
        let in_season: Vec<Date> = seasons
            .iter()
            .filter(|row| row.year == year && (row.from..=row.to).contains(&today))
            .filter(|row| [STATES[state], "federal", "state"].contains(&row.whose.as_str()))
            .map(|row| row.start)
            .collect();
        let of_events: Vec<(&str, Date, Vec<Date>)> = events
            .iter()
            .filter_map(|event| {
                let kind = kinds.iter().find(|kind| {
                    kind.code == event.kind && kind.from <= today && kind.to.is_none_or(|to| today <= to)
                })?;
                let day = event.day.unwrap_or(today);
                let from = kind.before.map(|days| day - Duration::days(days));
                let to = kind.after.map(|days| day + Duration::days(days));
                let open = from.is_none_or(|from| from <= today) && to.is_none_or(|to| today <= to);
                let entitled = kind.prior == "no" || event.had_coverage == Some(true);
                (open && entitled).then(|| (kind.code.as_str(), day, allowed(kind, day, today)))
            })
            .collect();
        match found {
            Ok(start) => {
                prop_assert_eq!(start.day.year(), year, "in the plan year");
                match &start.why {
                    Why::OpenEnrollment => prop_assert!(in_season.contains(&start.day), "{start:?} {in_season:?}"),
                    Why::Renewal => prop_assert!(false, "nobody signs for a renewal"),
                    Why::Special { kind, event } => {
                        let fits = of_events.iter().any(|(code, day, starts)| {
                            code == kind && day == event && starts.contains(&start.day)
                        });
                        prop_assert!(fits, "{start:?} is none of {of_events:?} on {today}");
                    }
                }
                prop_assert!(start.sign_by.is_none_or(|by| by >= today), "{start:?} on {today}");
            }
            Err(why) => {
                // Somebody who may start in this year is never turned away.
                let may = of_events.iter().any(|(.., starts)| starts.iter().any(|day| day.year() == year));
                prop_assert!(!may, "{why:?} on {today}: {of_events:?}");
                prop_assert!(why.opens.is_none_or(|opens| opens > today), "{why:?} on {today}");
            }
        }
    }
}
