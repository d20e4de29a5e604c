//! Income as a household states it: a kind, an amount, how often it comes and from when to when.
//!
//! Part of `household`; `income` adds it up by the rules of MAGI. It must never decide what counts.

use serde::{Deserialize, Deserializer};
use time::{Date, Month};

use super::dollars::money;
use super::tables::day;
use crate::types::Cents;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    #[default]
    Yearly,
    Quarterly,
    Monthly,
    TwiceAMonth,
    EveryTwoWeeks,
    Weekly,
    /// Paid by the hour; `hours_per_week` says how many.
    Hourly,
    /// Paid by the day; `days_per_week` says how many.
    Daily,
    /// Once, in the current month or on the day given by `starts`.
    Once,
}

impl Frequency {
    /// Payments in a year; for hours and days, those of one per week.
    pub fn per_year(self) -> u32 {
        match self {
            Frequency::Yearly | Frequency::Once => 1,
            Frequency::Quarterly => 4,
            Frequency::Monthly => 12,
            Frequency::TwiceAMonth => 24,
            Frequency::EveryTwoWeeks => 26,
            Frequency::Weekly | Frequency::Hourly | Frequency::Daily => 52,
        }
    }
}

/// One source of income, or a deduction.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Income {
    /// A kind of data/rules/income_kinds.csv.
    pub kind: String,
    #[serde(deserialize_with = "money")]
    pub amount: Cents,
    #[serde(default)]
    pub frequency: Frequency,
    /// Hours in a usual week, for hourly pay; halves and quarters are allowed.
    #[serde(default, deserialize_with = "hundredths")]
    pub hours_per_week: Option<Hundredths>,
    /// Days in a usual week, for daily pay.
    #[serde(default, deserialize_with = "hundredths")]
    pub days_per_week: Option<Hundredths>,
    /// First day, if it did not come all year.
    #[serde(default, with = "day::option")]
    pub starts: Option<Date>,
    /// Last day, if it ends.
    #[serde(default, with = "day::option")]
    pub ends: Option<Date>,
}

/// A count in whole hundredths: `37.5` is `Hundredths(3_750)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hundredths(pub i64);

fn hundredths<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Hundredths>, D::Error> {
    let Some(said) = Option::<serde_json::Value>::deserialize(from)? else { return Ok(None) };
    let text = said.as_str().map_or_else(|| said.to_string(), str::to_string);
    match Cents::parse(&text) {
        Some(Cents(n)) => Ok(Some(Hundredths(n))),
        None => Err(serde::de::Error::custom(format!("`{text}` is not a number with at most two decimals"))),
    }
}

/// Parts of a month in which days of any month length are whole: the least common multiple of 28, 29, 30 and 31.
const MONTH_PARTS: i128 = 377_580;

impl Income {
    /// The amount for a whole year.
    pub fn yearly(&self) -> Cents {
        let year = i128::from(self.amount.0) * i128::from(self.frequency.per_year());
        let times = match self.frequency {
            Frequency::Hourly => self.hours_per_week.map_or(0, |n| n.0),
            Frequency::Daily => self.days_per_week.map_or(0, |n| n.0),
            _ => 100,
        };
        half_up(year * i128::from(times), 100)
    }

    /// The amount that falls into a plan year.
    pub fn in_year(&self, plan_year: i32) -> Cents {
        if self.frequency == Frequency::Once {
            let then = self.starts.is_none_or(|day| day.year() == plan_year);
            return if then { self.amount } else { Cents::ZERO };
        }
        if self.starts.is_none() && self.ends.is_none() {
            return self.yearly();
        }
        let mut parts = 0;
        for month in (1..=12).filter_map(|m| Month::try_from(m).ok()) {
            let length = month.length(plan_year);
            let day = |d| Date::from_calendar_date(plan_year, month, d);
            let (Ok(first), Ok(last)) = (day(1), day(length)) else { continue };
            let from = self.starts.map_or(first, |starts| starts.max(first));
            let to = self.ends.map_or(last, |ends| ends.min(last));
            let days = (to - from).whole_days() + 1;
            parts += i128::from(days.max(0)) * (MONTH_PARTS / i128::from(length));
        }
        half_up(i128::from(self.yearly().0) * parts, 12 * MONTH_PARTS)
    }

    /// Whether it is received on a day; for one-time income, whether in that month.
    pub fn comes(&self, day: Date) -> bool {
        if self.frequency == Frequency::Once {
            return self.starts.is_none_or(|then| (then.year(), then.month()) == (day.year(), day.month()));
        }
        self.starts.is_none_or(|starts| starts <= day) && self.ends.is_none_or(|ends| day <= ends)
    }
}

fn half_up(num: i128, den: i128) -> Cents {
    let cents = (2 * num + den).div_euclid(2 * den);
    Cents(cents.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64)
}
