//! The rules of renewing without a signature: a dated, cited table of `data/enrollment`, and the days that follow from it.
//!
//! Called by `outlook`, the day's chore and the page of renewal. Pure: the caller gives the day.

use serde::Deserialize;
use time::{Date, Duration, Month};

use super::end_rules::in_force;
use crate::eligibility::clock::Days;
use crate::eligibility::enrollment::open_enrollment;
use crate::eligibility::tables::{MarketplaceKind, day};
use crate::eligibility::{State, Tables};
use crate::verify::rules::RuleFault;
use crate::verify::table::rows_in;

const FOLDER: &str = "enrollment";
const RENEWALS: (&str, &str) = ("renewals", include_str!("../../data/enrollment/renewals.csv"));
const BATCH: &str = "batch_after_days";
const CHILD: &str = "child_until_age";

#[derive(Debug, Clone, Deserialize)]
struct Row {
    code: String,
    marketplace: MarketplaceKind,
    #[serde(with = "day")]
    from: Date,
    #[serde(with = "day::option")]
    to: Option<Date>,
    number: i64,
}

/// The table.
#[derive(Debug, Clone)]
pub struct RenewalRules {
    rows: Vec<Row>,
}

impl RenewalRules {
    /// # Errors
    ///
    /// Every fault, with file, line and column.
    pub fn load() -> Result<RenewalRules, Vec<RuleFault>> {
        let mut faults = Vec::new();
        let rules = RenewalRules { rows: rows_in(FOLDER, RENEWALS, &mut faults) };
        for code in [BATCH, CHILD] {
            for kind in [MarketplaceKind::Ffm, MarketplaceKind::SbmFp, MarketplaceKind::Sbm] {
                let open = |row: &&Row| row.code == code && (row.marketplace, row.to) == (kind, None);
                if rules.rows.iter().filter(open).count() != 1 {
                    let reason = format!("{code} needs one row in force for {kind:?}");
                    faults.push(RuleFault { folder: FOLDER, file: RENEWALS.0, line: 0, column: None, reason });
                }
            }
        }
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    fn number(&self, code: &str, marketplace: MarketplaceKind, on: Date) -> Option<i64> {
        let of = |row: &&Row| row.code == code && row.marketplace == marketplace && in_force(row.from, row.to, on);
        self.rows.iter().find(of).map(|row| row.number)
    }

    /// The age at which a child cannot be on a parent's plan any more, on the first day of the year.
    pub fn child_until(&self, marketplace: MarketplaceKind, on: Date) -> Option<u8> {
        self.number(CHILD, marketplace, on).and_then(|age| u8::try_from(age).ok())
    }

    /// The day from which plans are renewed for a year; `None`: no season is known.
    pub fn begins(&self, tables: &Tables, (state, year): (State, i32), days: Days) -> Option<Date> {
        let opens = open_enrollment(tables, state, year, days).opens?;
        let kind = tables.marketplace(state, year).map_or(MarketplaceKind::Ffm, |own| own.kind);
        opens.checked_add(Duration::days(self.number(BATCH, kind, days.own)?))
    }

    /// Whether plans of the year before are renewed today: from that day to the last one of their year, where the household lives.
    /// Nothing is renewed into a year that has begun.
    pub fn is_time(&self, tables: &Tables, (state, year): (State, i32), days: Days) -> bool {
        let begins = self.begins(tables, (state, year), days);
        let new_year = Date::from_calendar_date(year, Month::January, 1).ok();
        begins.zip(new_year).is_some_and(|(begins, new_year)| begins <= days.own && days.last < new_year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn plans_are_renewed_from_the_first_day_of_the_season_to_the_end_of_the_year() {
        let rules = RenewalRules::load().expect("whole");
        let tables = Tables::load().expect("the tables");
        let ohio = State::parse("OH").expect("Ohio");
        let on = |day| rules.is_time(&tables, (ohio, 2027), Days::both(day));
        assert!(!on(date!(2026 - 10 - 31)) && on(date!(2026 - 11 - 01)));
        assert!(on(date!(2026 - 12 - 31)) && !on(date!(2027 - 01 - 01)));
        assert_eq!(rules.child_until(MarketplaceKind::Ffm, date!(2026 - 11 - 01)), Some(26));
    }
}
