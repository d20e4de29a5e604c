//! From which day another credit or level of cost sharing holds for what somebody has: dated rows by cause and kind of marketplace.
//!
//! Asked by the notices of this room and by `enrollment`, which changes plans from that day: so both say the same one. Pure. It must
//! never give a day that is over.

use serde::Deserialize;
use strum::{EnumIter, IntoEnumIterator as _, IntoStaticStr};
use time::{Date, Duration};

use super::rules::RuleFault;
use super::table::rows_in;
use super::words::next_month;
use crate::eligibility::tables::{MarketplaceKind, day};

const FOLDER: &str = "verify";
const FILE: (&str, &str) = ("effective", include_str!("../../data/verify/effective.csv"));
const MARKETPLACES: [MarketplaceKind; 3] = [MarketplaceKind::Ffm, MarketplaceKind::SbmFp, MarketplaceKind::Sbm];
/// Days of a month of which each month has one.
const MONTH_DAYS: u8 = 28;
const LEAST_DAYS_MAX: i64 = 90;

/// Why something is different. The words are for good: rows of changes hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, IntoStaticStr, EnumIter)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Cause {
    Reported,
    Found,
    Expired,
    Appeal,
    Renewed,
    Chosen,
}

impl Cause {
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Of a redetermination, by its own cause.
    pub fn of(redetermination: &str) -> Cause {
        match redetermination.split([':', '@']).next().unwrap_or_default() {
            "reported" => Cause::Reported,
            "dmi_expired" => Cause::Expired,
            "rules" => Cause::Renewed,
            what if what.starts_with("appeal") => Cause::Appeal,
            _ => Cause::Found,
        }
    }

    /// Whether a word of a change's row is one of a redetermination: not of what somebody wished.
    pub fn is_found(word: &str) -> bool {
        Cause::iter().any(|cause| cause != Cause::Chosen && cause.word() == word)
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Row {
    cause: Cause,
    marketplace: MarketplaceKind,
    #[serde(with = "day")]
    from: Date,
    #[serde(with = "day::option")]
    to: Option<Date>,
    least_days: i64,
    after_day: Option<u8>,
}

/// The table.
#[derive(Debug, Clone)]
pub struct Effective {
    rows: Vec<Row>,
}

impl Effective {
    /// # Errors
    ///
    /// Every fault, with file, line and column.
    pub fn load() -> Result<Effective, Vec<RuleFault>> {
        Effective::read(FILE)
    }

    fn read(file: (&'static str, &str)) -> Result<Effective, Vec<RuleFault>> {
        let mut faults = Vec::new();
        let rules = Effective { rows: rows_in(FOLDER, file, &mut faults) };
        let mut fault = |reason: String| {
            faults.push(RuleFault { folder: FOLDER, file: FILE.0, line: 0, column: None, reason });
        };
        for (cause, marketplace) in Cause::iter().flat_map(|cause| MARKETPLACES.map(|kind| (cause, kind))) {
            let open = |row: &&Row| (row.cause, row.marketplace, row.to) == (cause, marketplace, None);
            if rules.rows.iter().filter(open).count() != 1 {
                fault(format!("{} needs one row in force for {marketplace:?}", cause.word()));
            }
        }
        let fits = |row: &&Row| {
            (0..=LEAST_DAYS_MAX).contains(&row.least_days)
                && row.after_day.is_none_or(|day| (1..=MONTH_DAYS).contains(&day))
        };
        if let Some(row) = rules.rows.iter().find(|row| !fits(row)) {
            fault(format!("{}: days that cannot be", row.cause.word()));
        }
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    /// The day for what is decided or told today; the first of the next month before our rules begin, or where the marketplace is not
    /// known.
    pub fn day(&self, cause: Cause, marketplace: Option<MarketplaceKind>, today: Date) -> Date {
        let of = |row: &&Row| {
            let in_force = row.from <= today && row.to.is_none_or(|to| today <= to);
            row.cause == cause && Some(row.marketplace) == marketplace && in_force
        };
        let Some(row) = self.rows.iter().find(of) else { return next_month(today) };
        let least = today.saturating_add(Duration::days(row.least_days));
        let first = if least.day() == 1 && least > today { least } else { next_month(least) };
        if row.after_day.is_some_and(|day| today.day() > day) { next_month(first) } else { first }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const OHIO: Option<MarketplaceKind> = Some(MarketplaceKind::Ffm);

    #[test]
    fn a_change_holds_from_the_first_of_the_next_month() {
        let rules = Effective::load().expect("whole");
        for (today, from) in [
            (date!(2027 - 05 - 01), date!(2027 - 06 - 01)),
            (date!(2027 - 05 - 31), date!(2027 - 06 - 01)),
            (date!(2027 - 12 - 31), date!(2028 - 01 - 01)),
        ] {
            assert_eq!(rules.day(Cause::Reported, OHIO, today), from);
            assert_eq!(rules.day(Cause::Reported, None, today), from);
        }
    }

    /// 45 CFR 155.315(f)(5)(ii).
    #[test]
    fn what_was_not_proved_counts_ten_days_after_its_notice_at_the_earliest() {
        let rules = Effective::load().expect("whole");
        assert_eq!(rules.day(Cause::Expired, OHIO, date!(2027 - 05 - 21)), date!(2027 - 06 - 01), "eleven days");
        assert_eq!(rules.day(Cause::Expired, OHIO, date!(2027 - 05 - 22)), date!(2027 - 06 - 01), "ten days");
        assert_eq!(rules.day(Cause::Expired, OHIO, date!(2027 - 05 - 23)), date!(2027 - 07 - 01));
    }

    #[test]
    fn a_marketplace_can_have_a_day_after_which_it_is_a_month_later() {
        let text = FILE.1.replacen("reported,sbm,2024-01-01,,0,,", "reported,sbm,2024-01-01,,0,15,", 1);
        let rules = Effective::read(("effective", &text)).expect("whole");
        let sbm = Some(MarketplaceKind::Sbm);
        assert_eq!(rules.day(Cause::Reported, sbm, date!(2027 - 05 - 15)), date!(2027 - 06 - 01));
        assert_eq!(rules.day(Cause::Reported, sbm, date!(2027 - 05 - 16)), date!(2027 - 07 - 01));
        let gone = FILE.1.replacen("reported,sbm,2024-01-01,,", "reported,sbm,2024-01-01,2026-12-31,", 1);
        assert!(Effective::read(("effective", &gone)).is_err());
    }

    #[test]
    fn each_cause_of_a_redetermination_is_one_of_these() {
        for (cause, expected) in [
            ("dmi_expired:1", Cause::Expired),
            ("dmi_expired:1@2028", Cause::Expired),
            ("dmi_resolved:1", Cause::Found),
            ("appeal_kept:1", Cause::Appeal),
            ("appeal:1", Cause::Appeal),
            ("rules:2028", Cause::Renewed),
            ("reported", Cause::Reported),
        ] {
            assert_eq!(Cause::of(cause), expected, "{cause}");
        }
        assert!(Cause::is_found("expired") && !Cause::is_found("chosen") && !Cause::is_found("open_enrollment"));
    }
}
