//! Rate PUF → one row of premiums for each plan in each rating area.
//!
//! Called by `load::gather` on a separate thread: it is by far the largest file (51 rows for each plan and rating
//! area), so it is transposed in memory, 32-bit cents by age, and must keep nothing else of a row. Rates that are not
//! in force on January 1 of the plan year are skipped. Joined on the 14-character plan ID.

use super::geo::{Counts, Geo};
use super::model::{Known, MEDICAL, Plans};
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source};
use super::values;
use super::write::{Cell, Out, Rows, cell};
use crate::filing::keys;
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// Ages 0–14, 15, … 63, 64 and over.
pub const AGES: usize = 51;
const REQUIRED: [&str; 4] = ["PlanId", "RatingAreaId", "Age", "IndividualRate"];
const OPTIONAL: [&str; 2] = ["BusinessYear", "IndividualTobaccoRate"];
const DATES: [&str; 2] = ["RateEffectiveDate", "RateExpirationDate"];
const FAMILY: [&str; 7] = [
    "Couple",
    "PrimarySubscriberAndOneDependent",
    "PrimarySubscriberAndTwoDependents",
    "PrimarySubscriberAndThreeOrMoreDependents",
    "CoupleAndOneDependent",
    "CoupleAndTwoDependents",
    "CoupleAndThreeOrMoreDependents",
];
const FAMILY_COLUMNS: [&str; 7] =
    ["couple", "one_dependent", "two_dependents", "three_dependents", "couple_one", "couple_two", "couple_three"];

/// Monthly cents of one plan in one rating area; `NONE` if nothing is filed.
#[derive(Debug, Clone)]
pub struct Rate {
    pub plan: u32,
    pub area: u32,
    pub tiered: bool,
    pub ages: [i32; AGES],
    pub tobacco: [i32; AGES],
    pub family: [i32; 7],
    /// The premium at 64 comes from a row for 65 and over, because there is none for 64.
    from_65: bool,
}

pub const NONE: i32 = -1;

/// Above any premium ever filed (the highest of 2026 is $4,894 a month); filings use 999999.00 to mean no price.
const ONE_PERSON_CENTS_MAX: i32 = 900_000;
/// A family tier, total.
const FAMILY_CENTS_MAX: i32 = 12 * ONE_PERSON_CENTS_MAX;

impl Rate {
    pub fn new(plan: u32, area: u32) -> Rate {
        Rate { plan, area, tiered: false, ages: [NONE; AGES], tobacco: [NONE; AGES], family: [NONE; 7], from_65: false }
    }

    /// Sets premiums at the ages of a row; returns false if a different premium is already there.
    fn fill(&mut self, ages: &Ages, (rate, tobacco): (i32, i32), family: [i32; 7]) -> bool {
        let last = AGES - 1;
        if ages.over_64 != self.from_65 && self.ages[last] != NONE && !ages.family {
            // Rows for 64 and for 65 and over: the catalogue has one premium for both, as the law does (45 CFR
            // 147.102(e): 64 and older are one band), and it is the one at 64.
            if ages.over_64 {
                return true;
            }
            if ages.last == last {
                self.ages[last] = NONE;
            }
        }
        let slots = ages.first..=ages.last;
        let differs = |held: i32, new: i32| held != NONE && held != new;
        let started = self.ages.iter().any(|cents| *cents != NONE);
        let twice = slots.clone().any(|i| self.ages[i] != NONE && (self.ages[i], self.tobacco[i]) != (rate, tobacco))
            || (started && self.tiered != ages.family)
            || (ages.family && self.family.iter().zip(&family).any(|(a, b)| differs(*a, *b)));
        if twice {
            return false;
        }
        if ages.last == last {
            self.from_65 = ages.over_64;
        }
        slots.clone().for_each(|i| self.ages[i] = rate);
        slots.for_each(|i| self.tobacco[i] = tobacco);
        if ages.family {
            self.tiered = true;
            self.family = family;
        }
        true
    }

    pub fn complete(&self) -> bool {
        self.ages.iter().all(|cents| *cents != NONE)
    }
}

/// All rates, and the index of each (plan, rating area).
#[derive(Debug, Default)]
pub struct Rates {
    pub list: Vec<Rate>,
    places: HashMap<(u32, u32), usize>,
}

impl Rates {
    /// The rate to fill for a plan in a rating area.
    pub fn at(&mut self, plan: u32, area: u32) -> usize {
        *self.places.entry((plan, area)).or_insert_with(|| {
            self.list.push(Rate::new(plan, area));
            self.list.len() - 1
        })
    }

    /// Whether the plan has a price for every age there.
    pub fn priced(&self, plan: u32, area: u32) -> bool {
        self.places.get(&(plan, area)).is_some_and(|at| self.list[*at].complete())
    }

    /// Writes the complete ones; returns the incomplete ones.
    pub fn write(&self, out: &Out) -> Result<Vec<&Rate>, LoadError> {
        let ages = |letter: char| (14..14 + AGES).map(move |age| format!("{letter}{age}"));
        let names: Vec<String> = ["rate_pk", "rating_area_pk", "plan_pk", "tiered", "tobacco_rated"]
            .into_iter()
            .map(str::to_string)
            .chain(ages('a'))
            .chain(ages('t'))
            .chain(FAMILY_COLUMNS.map(str::to_string))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut order: Vec<&Rate> = self.list.iter().collect();
        order.sort_unstable_by_key(|rate| (rate.area, rate.plan));
        let (complete, incomplete): (Vec<&Rate>, Vec<&Rate>) = order.into_iter().partition(|rate| rate.complete());
        let mut rows = Rows::new(out, "rate", &names);
        for rate in complete {
            let tobacco_rated = rate.tobacco.iter().any(|cents| *cents != NONE);
            let tobacco = rate.tobacco.iter().zip(&rate.ages).map(|(t, a)| cell(if *t == NONE { *a } else { *t }));
            let key = keys::rate_pk(i64::from(rate.area), i64::from(rate.plan));
            let keys: [Cell; 5] = [cell(key), cell(rate.area), cell(rate.plan), cell(rate.tiered), cell(tobacco_rated)];
            let family = rate.family.iter().map(|cents| cell(Some(*cents).filter(|cents| *cents != NONE)));
            rows.push(keys.into_iter().chain(rate.ages.iter().map(|a| cell(*a))).chain(tobacco).chain(family))?;
        }
        rows.finish()?;
        Ok(incomplete)
    }
}

/// Reads the files against the known plans and rating areas; rows read and kept of each.
pub fn read(
    sources: &[Source],
    meter: impl Fn(&Source) -> Meter,
    (plans, geo): (&Plans, &Geo),
    problems: &mut Problems,
) -> Result<(Rates, Vec<Counts>), LoadError> {
    let (mut rates, mut counts) = (Rates::default(), Vec::new());
    for source in sources {
        let mut opened = source.open()?;
        let optional: Vec<&'static str> = OPTIONAL.into_iter().chain(DATES).chain(FAMILY).collect();
        let mut table = source.table(&mut opened, meter(source), &REQUIRED, &optional)?;
        let place = |name: &str| table.index(name).unwrap_or(usize::MAX);
        let columns = Columns {
            plan: place("PlanId"),
            area: place("RatingAreaId"),
            age: place("Age"),
            rate: place("IndividualRate"),
            tobacco: place("IndividualTobaccoRate"),
            dates: DATES.map(place),
            family: FAMILY.map(place),
        };
        let january = format!("{:04}-01-01", source.year.unwrap_or_default());
        let mut reader = Reader { columns, plans, geo, january, rates: &mut rates, last: Last::default() };
        let mut kept = 0;
        while let Some(row) = table.next_row(problems)? {
            kept += u64::from(reader.row(&row, problems));
        }
        counts.push((table.read, kept));
    }
    Ok((rates, counts))
}

struct Columns {
    plan: usize,
    area: usize,
    age: usize,
    rate: usize,
    tobacco: usize,
    dates: [usize; 2],
    family: [usize; 7],
}

/// What the last row said and meant: rows are sorted, so most of a row repeats the one before.
#[derive(Default)]
struct Last {
    plan: Vec<u8>,
    area: Vec<u8>,
    at: Option<usize>,
    dates: [Vec<u8>; 2],
    in_force: bool,
}

struct Reader<'a> {
    columns: Columns,
    plans: &'a Plans,
    geo: &'a Geo,
    january: String,
    rates: &'a mut Rates,
    last: Last,
}

impl Reader<'_> {
    /// Takes in a row; returns false if it is skipped or faulty.
    fn row(&mut self, row: &Row, problems: &mut Problems) -> bool {
        if !self.in_force(row, problems) {
            return false;
        }
        let Some(at) = self.place(row, problems) else { return false };
        let age = row.bytes(self.columns.age);
        let Some(ages) = ages(age) else {
            let words = String::from_utf8_lossy(age);
            row.problem(
                problems,
                "Age",
                &words,
                Fault::Word,
                "0-14, 0-20, 15 to 64, 64 and over, or Family Option is wanted",
            );
            return false;
        };
        let may_be_zero =
            self.plans.get(self.rates.list[at].plan).is_some_and(|p| p.product != MEDICAL || p.child_only == "child");
        let least = if may_be_zero { 0 } else { 1 };
        let Ok(rate) = self.amount(row, self.columns.rate, "IndividualRate", least..=ONE_PERSON_CENTS_MAX, problems)
        else {
            return false;
        };
        let Some(rate) = rate else {
            row.problem(problems, "IndividualRate", "", Fault::Missing, "a premium is needed here");
            return false;
        };
        let Ok(tobacco) =
            self.amount(row, self.columns.tobacco, "IndividualTobaccoRate", least..=ONE_PERSON_CENTS_MAX, problems)
        else {
            return false;
        };
        let mut family = [NONE; 7];
        if ages.family {
            for (i, cents) in family.iter_mut().enumerate() {
                match self.amount(row, self.columns.family[i], FAMILY[i], least..=FAMILY_CENTS_MAX, problems) {
                    Ok(filed) => *cents = filed.unwrap_or(NONE),
                    Err(()) => return false,
                }
            }
        }
        let tobacco = tobacco.unwrap_or(NONE);
        if self.rates.list[at].fill(&ages, (rate, tobacco), family) {
            return true;
        }
        let value = String::from_utf8_lossy(row.bytes(self.columns.rate)).into_owned();
        let reason = "this plan, area and age has another rate already";
        row.problem(problems, "IndividualRate", &value, Fault::Duplicate, reason);
        false
    }

    fn in_force(&mut self, row: &Row, problems: &mut Problems) -> bool {
        let dates = self.columns.dates.map(|column| row.bytes(column));
        if self.last.dates[0] == dates[0] && self.last.dates[1] == dates[1] && !self.last.dates[0].is_empty() {
            return self.last.in_force;
        }
        let mut days = [const { None }; 2];
        for (i, filed) in dates.into_iter().enumerate() {
            let filed = String::from_utf8_lossy(filed);
            match values::date(&filed) {
                Ok(day) => days[i] = day,
                Err((fault, reason)) => {
                    row.problem(problems, DATES[i], &filed, fault, reason);
                    return false;
                }
            }
        }
        let [from, to] = days;
        self.last.dates = dates.map(<[u8]>::to_vec);
        self.last.in_force = from.is_none_or(|day| day <= self.january) && to.is_none_or(|day| day >= self.january);
        self.last.in_force
    }

    /// Which rate the row belongs to.
    fn place(&mut self, row: &Row, problems: &mut Problems) -> Option<usize> {
        let (plan, area) = (row.bytes(self.columns.plan), row.bytes(self.columns.area));
        if self.last.at.is_some() && self.last.plan == plan && self.last.area == area {
            return self.last.at;
        }
        let id = String::from_utf8_lossy(plan);
        let pk = match self.plans.find(&id) {
            Known::Plan(pk) => pk,
            Known::LeftOut => return None,
            Known::Never => {
                row.problem(problems, "PlanId", &id, Fault::UnknownPlan, "the Plan Attributes PUF has no such plan");
                return None;
            }
        };
        let words = String::from_utf8_lossy(area);
        let state = self.plans.get(pk).map(|plan| plan.state.as_str()).unwrap_or_default();
        let known = area_number(&words).and_then(|number| self.geo.area(state, number));
        let Some(key) = known else {
            row.problem(problems, "RatingAreaId", &words, Fault::RatingArea, "the rating-area table has no such area");
            return None;
        };
        self.last.plan = plan.to_vec();
        self.last.area = area.to_vec();
        self.last.at = Some(self.rates.at(pk, key));
        self.last.at
    }

    /// `Ok(None)`: blank. `Err` after a fault was reported.
    fn amount(
        &self,
        row: &Row,
        at: usize,
        name: &str,
        limits: RangeInclusive<i32>,
        problems: &mut Problems,
    ) -> Result<Option<i32>, ()> {
        let filed = row.bytes(at);
        if filed.is_empty() {
            return Ok(None);
        }
        let (fault, reason) = match values::cents(filed) {
            Some(cents) if values::is_placeholder(cents) => {
                (Fault::Placeholder, "a number of nines stands for no price: the row is left out")
            }
            Some(cents) if cents > i64::from(*limits.end()) => {
                (Fault::Money, "more than any monthly premium: the row is left out")
            }
            Some(cents) if cents >= i64::from(*limits.start()) => return Ok(i32::try_from(cents).ok()),
            None if std::str::from_utf8(filed).is_ok_and(values::absent) => return Ok(None),
            _ => (Fault::Money, "a monthly premium above zero, such as 285.75, is wanted"),
        };
        row.problem(problems, name, &String::from_utf8_lossy(filed), fault, reason);
        Err(())
    }
}

/// Whether a row has a readable age and premium. For a survey, which knows no plans.
pub fn is_price(row: &Row) -> bool {
    let filed = values::cents(row.text("IndividualRate").as_bytes());
    ages(row.text("Age").as_bytes()).is_some() && filed.is_some_and(|cents| !values::is_placeholder(cents))
}

/// The number in `Rating Area 4`, also as `4`, `RatingArea4` or `Rating Area 04`.
pub fn area_number(words: &str) -> Option<i64> {
    let digits = values::without_zero_decimals(words).trim_start_matches(|c: char| !c.is_ascii_digit());
    let label: String = words.chars().filter(char::is_ascii_alphabetic).collect();
    let labeled = label.is_empty() || label.eq_ignore_ascii_case("RatingArea");
    values::whole(digits).ok().flatten().filter(|_| labeled)
}

/// Which ages a row is for, as indexes in [`Rate::ages`].
struct Ages {
    first: usize,
    last: usize,
    family: bool,
    /// For 65 and over only, which some files have in addition to 64.
    over_64: bool,
}

fn ages(filed: &[u8]) -> Option<Ages> {
    let band = |first: u32, last: u32| {
        let slot = |age: u32| usize::try_from(age.clamp(14, 64) - 14).ok();
        (first <= last).then_some(())?;
        Some(Ages { first: slot(first)?, last: slot(last)?, family: false, over_64: first > 64 })
    };
    let text = values::without_zero_decimals(std::str::from_utf8(filed).ok()?);
    if let Ok(age) = text.parse::<u32>() {
        return if age <= 64 { band(age, age) } else { None };
    }
    let lower = text.to_ascii_lowercase();
    if lower == "family option" {
        return Some(Ages { first: 0, last: AGES - 1, family: true, over_64: false });
    }
    let ending = |endings: &[&str]| endings.iter().find_map(|ending| lower.strip_suffix(ending)?.trim().parse().ok());
    if let Some(age) = ending(&["and over", "and older", "and above", "or older", "+"]) {
        return band(age, age.max(64));
    }
    if let Some(age) = ending(&["and under", "and younger"]) {
        return band(0, age);
    }
    let (first, last) = lower.split_once('-').or_else(|| lower.split_once(" to "))?;
    band(first.trim().parse().ok()?, last.trim().parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(filed: &str) -> Option<(usize, usize, bool)> {
        ages(filed.as_bytes()).map(|a| (a.first, a.last, a.family))
    }

    #[test]
    fn every_way_of_writing_an_age_finds_its_place() {
        assert_eq!(slots("0-14"), Some((0, 0, false)));
        assert_eq!(slots("0-20"), Some((0, 6, false)));
        assert_eq!(slots("15"), Some((1, 1, false)));
        assert_eq!(slots("63"), Some((49, 49, false)));
        assert_eq!([slots("0 to 14"), slots("14 and under")], [Some((0, 0, false)); 2]);
        for last in ["64", "64 and over", "65 and over", "64+", "65 and older"] {
            assert_eq!(slots(last), Some((50, 50, false)), "{last}");
        }
        assert_eq!(slots("Family Option"), Some((0, 50, true)));
        for bad in ["", "65", "20-0", "old", "-3", "1-2-3"] {
            assert_eq!(slots(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_rating_area_is_known_by_its_number() {
        for words in ["Rating Area 4", "4", "RatingArea4", "Rating Area 04", "rating area 4.0"] {
            assert_eq!(area_number(words), Some(4), "{words}");
        }
        assert_eq!([area_number("Area 4 of 5"), area_number(""), area_number("Region 4")], [None; 3]);
    }
}
