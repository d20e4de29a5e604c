//! The rules of what comes after signing: dated, cited tables of `data/enrollment`, read at the start with every fault told at
//! once; and the last day that follows from them.
//!
//! Called by `ending`, `amounts`, `tax_year` and the pages of coverage. Pure: the caller gives the day. It must never decide
//! whether somebody should leave a plan.

use serde::Deserialize;
use strum::{EnumIter, EnumString, IntoEnumIterator as _, IntoStaticStr};
use time::{Date, Duration};

use crate::eligibility::tables::{MarketplaceKind, day};
use crate::verify::rules::RuleFault;
use crate::verify::table::rows_in;

const FOLDER: &str = "enrollment";
const ENDINGS: (&str, &str) = ("endings", include_str!("../../data/enrollment/endings.csv"));
const PARTIAL: (&str, &str) = ("partial_months", include_str!("../../data/enrollment/partial_months.csv"));
const TIMES: (&str, &str) = ("times", include_str!("../../data/enrollment/times.csv"));

/// Every kind of marketplace needs its rows.
const MARKETPLACES: [MarketplaceKind; 3] = [MarketplaceKind::Ffm, MarketplaceKind::SbmFp, MarketplaceKind::Sbm];

/// Why people end a plan. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, IntoStaticStr, EnumString, EnumIter)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    OtherCoverage,
    Medicare,
    Medicaid,
    Death,
    Other,
}

impl Reason {
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// In the order of the page.
    pub fn all() -> impl Iterator<Item = Reason> {
        Reason::iter()
    }
}

/// What the day that somebody names is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// The last day that they want.
    Asked,
    /// The day of what happened, which is the last day.
    Event,
    /// The day of what happened; the last day is the one before.
    BeforeEvent,
}

/// What a month costs that is covered in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partial {
    ByDay,
    WholeMonth,
}

/// A row of `endings.csv`.
#[derive(Debug, Clone, Deserialize)]
pub struct Ending {
    pub reason: Reason,
    marketplace: MarketplaceKind,
    #[serde(with = "day")]
    from: Date,
    #[serde(with = "day::option")]
    to: Option<Date>,
    pub day: Named,
    pub notice_days: i64,
    /// X12 maintenance reason (INS04).
    pub code: String,
    pub citation: String,
}

#[derive(Debug, Clone, Deserialize)]
struct PartialRow {
    marketplace: MarketplaceKind,
    #[serde(with = "day")]
    from: Date,
    #[serde(with = "day::option")]
    to: Option<Date>,
    amount: Partial,
}

#[derive(Debug, Clone, Deserialize)]
struct TimeRow {
    code: String,
    #[serde(with = "day")]
    from: Date,
    #[serde(with = "day::option")]
    to: Option<Date>,
    number: i64,
}

/// The tables.
#[derive(Debug, Clone)]
pub struct EndRules {
    endings: Vec<Ending>,
    partial: Vec<PartialRow>,
    times: Vec<TimeRow>,
}

/// The enrollment that somebody asks to end, and the day on which they ask, where they live.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub today: Date,
    pub starts: Date,
    /// The last day as it is now.
    pub ends: Date,
    /// The day that was named: see [`Named`].
    pub named: Date,
}

/// What happened longer before the first day of coverage is a slip in the year: it would undo coverage that was paid for.
const EVENT_BEFORE: Duration = Duration::days(60);

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// Nobody was covered for a day.
    Never,
    Day(Date),
}

/// Why the named day cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDay {
    /// This is the first that can be asked for.
    Before(Date),
    /// It goes on no longer than this as it is.
    After(Date),
    /// It has not happened yet.
    Future,
}

pub(super) fn in_force(from: Date, to: Option<Date>, on: Date) -> bool {
    from <= on && to.is_none_or(|to| on <= to)
}

impl EndRules {
    /// # Errors
    ///
    /// Every fault, with file, line and column.
    pub fn load() -> Result<EndRules, Vec<RuleFault>> {
        EndRules::read(&[ENDINGS, PARTIAL, TIMES])
    }

    fn read(files: &[(&'static str, &str); 3]) -> Result<EndRules, Vec<RuleFault>> {
        let mut faults = Vec::new();
        let rules = EndRules {
            endings: rows_in(FOLDER, files[0], &mut faults),
            partial: rows_in(FOLDER, files[1], &mut faults),
            times: rows_in(FOLDER, files[2], &mut faults),
        };
        if faults.is_empty() {
            rules.check(&mut faults);
        }
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    fn check(&self, faults: &mut Vec<RuleFault>) {
        let mut fault =
            |file, reason: String| faults.push(RuleFault { folder: FOLDER, file, line: 0, column: None, reason });
        for marketplace in MARKETPLACES {
            for reason in Reason::all() {
                let open = |row: &&Ending| (row.reason, row.marketplace, row.to) == (reason, marketplace, None);
                if self.endings.iter().filter(open).count() != 1 {
                    fault(ENDINGS.0, format!("{} needs one row in force for {marketplace:?}", reason.word()));
                }
            }
            if self.partial.iter().filter(|row| (row.marketplace, row.to) == (marketplace, None)).count() != 1 {
                fault(PARTIAL.0, format!("{marketplace:?} needs one row in force"));
            }
        }
        if let Some(row) = self.endings.iter().find(|row| !(0..=60).contains(&row.notice_days)) {
            fault(ENDINGS.0, format!("{}: a notice of {} days", row.reason.word(), row.notice_days));
        }
        let codes = [
            "first_payment_days",
            "first_payment_days_back",
            "pay_reminder_days",
            "tax_record_month",
            "proof_reminder_days",
        ];
        for code in codes {
            if self.times.iter().filter(|row| row.code == code && row.to.is_none()).count() != 1 {
                fault(TIMES.0, format!("{code} needs one row in force"));
            }
        }
    }

    /// The rule of a reason on a day; `None` before our rules begin.
    pub fn ending(&self, reason: Reason, marketplace: MarketplaceKind, on: Date) -> Option<&Ending> {
        let of =
            |row: &&Ending| row.reason == reason && row.marketplace == marketplace && in_force(row.from, row.to, on);
        self.endings.iter().find(of)
    }

    /// How months are counted of which only some days are covered; by day before our rules begin, as it has been in most of the
    /// country since 2014.
    pub fn partial(&self, marketplace: MarketplaceKind, on: Date) -> Partial {
        let of = |row: &&PartialRow| row.marketplace == marketplace && in_force(row.from, row.to, on);
        self.partial.iter().find(of).map_or(Partial::ByDay, |row| row.amount)
    }

    fn time(&self, code: &str, on: Date) -> Option<i64> {
        self.times.iter().find(|row| row.code == code && in_force(row.from, row.to, on)).map(|row| row.number)
    }

    /// Until when the first payment is due. `told`: the day on which the insurer got the enrollment; until it has, the day of
    /// the signature.
    pub fn pay_by(&self, starts: Date, told: Date) -> Option<PayBy> {
        let back = starts < told;
        let days = self.time(if back { "first_payment_days_back" } else { "first_payment_days" }, starts)?;
        let last = if back { told } else { starts }.checked_add(Duration::days(days))?;
        Some(PayBy { by: if back { last } else { starts }, last, back })
    }

    /// Days before the first day of coverage at which somebody is reminded to pay.
    pub fn pay_reminder(&self, on: Date) -> Option<i64> {
        self.time("pay_reminder_days", on)
    }

    /// Days before the last day at which somebody who has to prove an event is reminded.
    pub fn proof_reminder(&self, on: Date) -> Option<i64> {
        self.time("proof_reminder_days", on)
    }

    /// The month of the next year in which a year's record is given out.
    pub fn tax_record_month(&self, on: Date) -> Option<u8> {
        u8::try_from(self.time("tax_record_month", on)?).ok()
    }
}

/// The days of the first payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayBy {
    /// The day to pay by, whatever the insurer sets.
    pub by: Date,
    /// Of coverage that is still to begin, the latest day that an insurer may set; of one that began before the insurer heard
    /// of it, the earliest.
    pub last: Date,
    /// It began before the insurer heard of it.
    pub back: bool,
}

impl PayBy {
    /// The message that says it, of `start` and `last`.
    pub fn words(&self) -> &'static str {
        if self.back { "coverage.pay_when_back" } else { "coverage.pay_when" }
    }
}

impl Ending {
    /// The first day that can be asked for as the last one; `None` where it follows from what happened.
    pub fn first(&self, today: Date) -> Option<Date> {
        (self.day == Named::Asked).then(|| today.saturating_add(Duration::days(self.notice_days)))
    }

    /// The last day of coverage.
    ///
    /// # Errors
    ///
    /// Why the named day cannot be.
    pub fn last_day(&self, asked: &Asked) -> Result<Last, NoDay> {
        let earliest = asked.starts.saturating_sub(EVENT_BEFORE);
        if self.day != Named::Asked && asked.named < earliest {
            return Err(NoDay::Before(earliest));
        }
        let last = match self.day {
            Named::Asked => asked.named,
            Named::Event if asked.named > asked.today => return Err(NoDay::Future),
            Named::Event => asked.named,
            Named::BeforeEvent => asked.named.previous_day().unwrap_or(asked.named),
        };
        if let Some(first) = self.first(asked.today)
            && last < first
        {
            return Err(NoDay::Before(first));
        }
        if last > asked.ends {
            return Err(NoDay::After(asked.ends));
        }
        Ok(if last < asked.starts { Last::Never } else { Last::Day(last) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn last(reason: Reason, marketplace: MarketplaceKind, named: Date) -> Result<Last, NoDay> {
        let rules = EndRules::load().expect("whole");
        let asked =
            Asked { today: date!(2027 - 05 - 10), starts: date!(2027 - 01 - 01), ends: date!(2027 - 12 - 31), named };
        rules.ending(reason, marketplace, asked.today).expect("a rule").last_day(&asked)
    }

    /// 45 CFR 155.430(d)(2)(i), (iii), (iv), (d)(7).
    #[test]
    fn the_last_day_follows_from_the_reason() {
        use MarketplaceKind::{Ffm, Sbm};
        let day = |day| Ok(Last::Day(day));
        assert_eq!(last(Reason::OtherCoverage, Ffm, date!(2027 - 05 - 10)), day(date!(2027 - 05 - 10)), "the same day");
        assert_eq!(last(Reason::Other, Ffm, date!(2027 - 05 - 31)), day(date!(2027 - 05 - 31)));
        assert_eq!(last(Reason::Other, Ffm, date!(2027 - 05 - 09)), Err(NoDay::Before(date!(2027 - 05 - 10))));
        assert_eq!(last(Reason::Medicare, Sbm, date!(2027 - 05 - 23)), Err(NoDay::Before(date!(2027 - 05 - 24))));
        assert_eq!(last(Reason::Medicare, Sbm, date!(2027 - 05 - 24)), day(date!(2027 - 05 - 24)), "14 days' notice");
        assert_eq!(last(Reason::Medicaid, Ffm, date!(2027 - 05 - 01)), day(date!(2027 - 04 - 30)), "the day before");
        assert_eq!(last(Reason::Medicaid, Ffm, date!(2027 - 01 - 01)), Ok(Last::Never));
        assert_eq!(last(Reason::Death, Ffm, date!(2027 - 03 - 14)), day(date!(2027 - 03 - 14)), "also in the past");
        assert_eq!(last(Reason::Death, Ffm, date!(2027 - 05 - 11)), Err(NoDay::Future));
        assert_eq!(last(Reason::Death, Ffm, date!(2026 - 12 - 30)), Ok(Last::Never));
        assert_eq!(
            last(Reason::Medicaid, Ffm, date!(2026 - 05 - 01)),
            Err(NoDay::Before(date!(2026 - 11 - 02))),
            "a slip"
        );
        assert_eq!(last(Reason::Other, Ffm, date!(2028 - 01 - 01)), Err(NoDay::After(date!(2027 - 12 - 31))));
    }

    #[test]
    fn the_first_payment_has_thirty_days_after_the_first_day() {
        let rules = EndRules::load().expect("whole");
        let (first, last) = (date!(2027 - 01 - 01), date!(2027 - 01 - 31));
        let ahead = Some(PayBy { by: first, last, back: false });
        assert_eq!((rules.pay_by(first, date!(2026 - 12 - 10)), rules.pay_by(first, first)), (ahead, ahead));
        assert_eq!(rules.tax_record_month(date!(2027 - 01 - 01)), Some(1));
    }

    #[test]
    fn what_began_before_the_insurer_heard_of_it_is_paid_within_thirty_days_from_then() {
        let rules = EndRules::load().expect("whole");
        let last = date!(2026 - 12 - 27);
        let by = rules.pay_by(date!(2026 - 11 - 10), date!(2026 - 11 - 27));
        assert_eq!(by, Some(PayBy { by: last, last, back: true }), "never before the signature");
    }

    #[test]
    fn a_fault_names_file_line_and_column() {
        let told = |files: [(&'static str, &str); 3]| -> Vec<String> {
            EndRules::read(&files).expect_err("refused").iter().map(ToString::to_string).collect()
        };
        let broken = ENDINGS.1.replacen("other,sbm,2024-01-01,,asked,14", "other,sbm,2024-01-01,,asked,soon", 1);
        let line = 1 + ENDINGS.1.lines().position(|line| line.starts_with("other,sbm,")).expect("the row");
        let faults = told([("endings", &broken), PARTIAL, TIMES]);
        assert!(
            faults[0].starts_with(&format!("data/enrollment/endings.csv line {line}, notice_days: ")),
            "{faults:?}"
        );
        let gone = PARTIAL.1.replacen("sbm,2024-01-01,,", "sbm,2024-01-01,2026-12-31,", 1);
        assert_eq!(
            told([ENDINGS, ("partial_months", &gone), TIMES]),
            ["data/enrollment/partial_months.csv line 0: Sbm needs one row in force"]
        );
        let uncited =
            TIMES.1.replace("26 CFR 1.36B-5(d)(1): the statement of a year goes out by January 31 of the next one", "");
        let faults = told([ENDINGS, PARTIAL, ("times", &uncited)]);
        assert!(faults[0].contains(", citation: name the law"), "{faults:?}");
    }
}
