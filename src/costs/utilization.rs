//! The utilization table: what people use of each service in a year and what it costs, from CMS's public model.
//!
//! Read by `kind`, which lays the rows out for the calculation, and by pages for sentences such as "about 6 visits, 3
//! tests, 11 prescriptions". It must never invent a row: a condition that the table lacks is `None`.
//!
//! Source: CMSgov/oopc-calculations (CC0), see `data/utilization/README.md`. Prices are those of 2014; unit costs and
//! units are decimals of up to 17 digits in the source, so they are `f64` here and become cents only in `money`.

use std::sync::LazyLock;

use super::service::{Counted, SERVICES, Service};
use crate::types::Cents;

/// The year of the table's prices.
pub const PRICE_LEVEL: u16 = 2014;

/// The table's age bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgeBand {
    To5,
    To17,
    To25,
    To34,
    To44,
    To54,
    From55,
}

impl AgeBand {
    pub const ALL: [AgeBand; 7] =
        [AgeBand::To5, AgeBand::To17, AgeBand::To25, AgeBand::To34, AgeBand::To44, AgeBand::To54, AgeBand::From55];

    /// The band of an age in whole years.
    pub fn of(age: u8) -> AgeBand {
        match age {
            0..=5 => AgeBand::To5,
            6..=17 => AgeBand::To17,
            18..=25 => AgeBand::To25,
            26..=34 => AgeBand::To34,
            35..=44 => AgeBand::To44,
            45..=54 => AgeBand::To54,
            55.. => AgeBand::From55,
        }
    }

    /// The lowest age of the band.
    pub(super) fn youngest(self) -> u8 {
        [0, 6, 18, 26, 35, 45, 55][self as usize]
    }

    /// As the table writes it: `35-44`.
    pub fn label(self) -> &'static str {
        ["0-5", "6-17", "18-25", "26-34", "35-44", "45-54", "55+"][self as usize]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    Female,
    Male,
}

impl Sex {
    /// Parses `Female`, `Male`, `F`, `M` in any case.
    pub fn parse(text: &str) -> Option<Sex> {
        match text.trim().to_ascii_lowercase().as_str() {
            "f" | "female" => Some(Sex::Female),
            "m" | "male" => Some(Sex::Male),
            _ => None,
        }
    }

    /// `f` or `m`, which [`Sex::parse`] accepts.
    pub fn letter(self) -> &'static str {
        match self {
            Sex::Female => "f",
            Sex::Male => "m",
        }
    }
}

/// A condition whose care the table describes. Asthma and depression are whole years of people who have them, by age
/// and sex, low, median and high; the others are one example of the care for the condition alone, for any age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    Asthma,
    Depression,
    Maternity,
    Diabetes,
    Bipolar,
    HepatitisC,
    Hiv,
    MultipleSclerosis,
    RheumatoidArthritis,
    Schizophrenia,
}

impl Condition {
    pub const ALL: [Condition; 10] = [
        Condition::Asthma,
        Condition::Depression,
        Condition::Maternity,
        Condition::Diabetes,
        Condition::Bipolar,
        Condition::HepatitisC,
        Condition::Hiv,
        Condition::MultipleSclerosis,
        Condition::RheumatoidArthritis,
        Condition::Schizophrenia,
    ];

    /// Its word in URLs and JSON: `maternity`, `multiple-sclerosis`.
    pub fn word(self) -> &'static str {
        self.names().0
    }

    /// Whether the table gives whole years (`true`) or only the care for the condition, which is added to the rest.
    pub fn is_whole_year(self) -> bool {
        matches!(self, Condition::Asthma | Condition::Depression)
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Condition::Asthma => ("asthma", "Asth"),
            Condition::Depression => ("depression", "Depr"),
            Condition::Maternity => ("maternity", "Maternity"),
            Condition::Diabetes => ("diabetes", "Diabetes"),
            Condition::Bipolar => ("bipolar", "TPC Bipol"),
            Condition::HepatitisC => ("hepatitis-c", "TPC HCV"),
            Condition::Hiv => ("hiv", "TPC HIV"),
            Condition::MultipleSclerosis => ("multiple-sclerosis", "TPC MS"),
            Condition::RheumatoidArthritis => ("rheumatoid-arthritis", "TPC RA"),
            Condition::Schizophrenia => ("schizophrenia", "TPC Schiz"),
        }
    }
}

/// How much of a year a row describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// 1 to 10 by yearly spending; other numbers are treated as the nearest of these.
    Decile(u8),
    /// Decile 5.5, the median person.
    Median,
}

/// One person's year: units of each service and their full price in dollars, before any cost sharing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CareRow {
    pub units: [f64; SERVICES],
    pub price: [f64; SERVICES],
}

impl CareRow {
    const EMPTY: CareRow = CareRow { units: [0.0; SERVICES], price: [0.0; SERVICES] };

    /// `self × a + other × b`, service by service: the mean of two sexes, a condition added to a year, higher prices.
    pub(super) fn blend(&self, a: f64, other: &CareRow, b: f64) -> CareRow {
        let mix = |x: &[f64; SERVICES], y: &[f64; SERVICES]| std::array::from_fn(|i| x[i] * a + y[i] * b);
        CareRow { units: mix(&self.units, &other.units), price: mix(&self.price, &other.price) }
    }

    /// The full price of the year, in dollars.
    pub fn allowed(&self) -> f64 {
        self.price.iter().sum()
    }
}

/// Columns of a band and sex: deciles 1–10, the median, then low, median and high of asthma and of depression.
const COLUMNS: usize = 17;
const MEDIAN: usize = 10;

struct Table {
    people: Vec<[CareRow; COLUMNS]>,
    conditions: Vec<CareRow>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let text = include_str!("../../data/utilization/utilization.csv");
    read(text).expect("the table is compiled in, and a test reads all of it")
});

/// The row of a band, sex and level. Deciles with hardly any spending share one row, as CMS published them.
pub fn row(band: AgeBand, sex: Sex, level: Level) -> &'static CareRow {
    let column = match level {
        Level::Decile(d) => usize::from(d.clamp(1, 10)) - 1,
        Level::Median => MEDIAN,
    };
    &TABLE.people[band as usize * 2 + sex as usize][column]
}

/// The row of a condition that has whole years (asthma, depression): low 0, median 1, high 2.
fn condition_year(band: AgeBand, sex: Sex, condition: Condition, step: usize) -> &'static CareRow {
    let first = MEDIAN + 1 + if condition == Condition::Asthma { 0 } else { 3 };
    &TABLE.people[band as usize * 2 + sex as usize][first + step]
}

/// How a condition shapes a person's year: `Err` is the care for the condition alone, to be added to the rest. Level
/// low means decile 5 and below, high decile 10.
pub(super) fn condition(
    band: AgeBand,
    sex: Sex,
    condition: Condition,
    year: YearKind,
) -> Result<&'static CareRow, &'static CareRow> {
    if condition.is_whole_year() {
        return Ok(condition_year(band, sex, condition, year as usize));
    }
    Err(&TABLE.conditions[condition as usize])
}

/// Which year of the range a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YearKind {
    Good,
    Average,
    Bad,
}

/// The average year is the mean of these deciles.
pub const DECILES: std::ops::RangeInclusive<u8> = 1..=10;
/// The decile of a good year: HealthCare.gov's "low use".
pub const GOOD: u8 = 3;
/// The decile of a bad year: HealthCare.gov's "high use".
pub const BAD: u8 = 10;

/// A year of use in units a person can picture. Whole numbers, halves rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub visits: u32,
    pub tests: u32,
    pub prescriptions: u32,
    pub hospital_days: u32,
    /// Everything else (emergency room, surgery, equipment …), at the table's price level.
    pub other: Cents,
    /// The full price of the year, at the table's price level.
    pub allowed: Cents,
}

/// The sentence's numbers for one row: "about 6 visits, 3 tests, 11 prescriptions".
pub fn summary(row: &CareRow) -> Summary {
    let sum = |kind: Counted, of: &[f64; SERVICES]| -> f64 {
        Service::all().filter(|s| s.counted() == kind).map(|s| of[s as usize]).sum()
    };
    // The numbers of a year are far below u32::MAX, and `as` saturates.
    let count = |kind| sum(kind, &row.units).round() as u32;
    Summary {
        visits: count(Counted::Visit),
        tests: count(Counted::Test),
        prescriptions: count(Counted::Prescription),
        hospital_days: count(Counted::HospitalDay),
        other: super::money::cents(sum(Counted::Other, &row.price)),
        allowed: super::money::cents(row.allowed()),
    }
}

/// Parses the whole table; an error names the line.
fn read(text: &str) -> Result<Table, String> {
    let mut filed = vec![[None::<CareRow>; COLUMNS]; AgeBand::ALL.len() * 2];
    let mut conditions = vec![CareRow::EMPTY; Condition::ALL.len()];
    for (line, record) in csv::Reader::from_reader(text.as_bytes()).records().enumerate() {
        let record = record.map_err(|e| e.to_string())?;
        let field = |i: usize| record.get(i).unwrap_or_default();
        let wrong = |what: &str| format!("utilization.csv line {}: {what} {:?}", line + 2, record);
        let Some(service) = Service::from_code(field(5)) else {
            // Listed next to the facility fee, and unused in every row that is read.
            if field(5) == "op_er_prof" { continue } else { return Err(wrong("unknown service")) }
        };
        let number = |i: usize| field(i).parse::<f64>().map_err(|_| wrong("no number"));
        let (unit_cost, units) = (number(6)?, number(7)?);
        let row = if field(0) == "NA" {
            match Condition::ALL.iter().find(|c| c.names().1 == field(3)) {
                Some(c) => &mut conditions[*c as usize],
                None => continue,
            }
        } else {
            let band = AgeBand::ALL.iter().find(|b| b.label() == field(0)).ok_or_else(|| wrong("unknown age band"))?;
            let sex = Sex::parse(field(1)).ok_or_else(|| wrong("unknown sex"))?;
            let column = column(field(3)).ok_or_else(|| wrong("unknown level"))?;
            filed[*band as usize * 2 + sex as usize][column].get_or_insert(CareRow::EMPTY)
        };
        row.units[service as usize] = units;
        row.price[service as usize] = unit_cost * units;
    }
    let people = filed.iter().map(complete).collect::<Option<_>>().ok_or("utilization.csv: a level is missing")?;
    Ok(Table { people, conditions })
}

fn column(level: &str) -> Option<usize> {
    if let Some(decile) = level.strip_prefix("Decile ") {
        return if decile == "5.5" { Some(MEDIAN) } else { decile.parse::<usize>().ok()?.checked_sub(1) };
    }
    let (name, step) = level.split_once(' ')?;
    let first = [("Asth", MEDIAN + 1), ("Depr", MEDIAN + 4)].iter().find(|(n, _)| *n == name)?.1;
    Some(first + ["Low", "Med", "High"].iter().position(|s| *s == step)?)
}

/// Fills in deciles that were merged into a higher one; `None` if anything else is missing.
fn complete(filed: &[Option<CareRow>; COLUMNS]) -> Option<[CareRow; COLUMNS]> {
    let mut rows = [CareRow::EMPTY; COLUMNS];
    for (i, row) in rows.iter_mut().enumerate() {
        *row = if i < MEDIAN { filed[i..MEDIAN].iter().find_map(|r| *r)? } else { filed[i]? };
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_the_known_totals() {
        let allowed = |band, sex, level| row(band, sex, level).allowed().round();
        assert_eq!(allowed(AgeBand::To44, Sex::Female, Level::Decile(GOOD)), 660.0);
        assert_eq!(allowed(AgeBand::To44, Sex::Female, Level::Median), 1972.0);
        assert_eq!(allowed(AgeBand::To44, Sex::Female, Level::Decile(BAD)), 46_357.0);
        let mean: f64 =
            DECILES.map(|d| row(AgeBand::From55, Sex::Male, Level::Decile(d)).allowed()).sum::<f64>() / 10.0;
        // 12,107 if deciles are weighted by their observations, which differ by one person.
        assert!((mean - 12_107.0).abs() < 1.0);
    }

    #[test]
    fn merged_deciles_are_the_row_they_were_merged_into() {
        let men = |d| row(AgeBand::To25, Sex::Male, Level::Decile(d));
        assert_eq!(men(1), men(4));
        assert_ne!(men(4), men(5));
        assert_eq!(men(0), men(1));
        assert_eq!(men(200), men(10));
    }

    #[test]
    fn the_median_woman_of_40_is_the_published_sentence() {
        let s = summary(row(AgeBand::of(40), Sex::Female, Level::Median));
        assert_eq!((s.visits, s.tests, s.prescriptions, s.hospital_days), (6, 3, 11, 0));
        // "and $300 in other allowed medical expenses", which CMS rounds to the hundred.
        assert_eq!((s.other.0 as f64 / 10_000.0).round(), 3.0);
    }

    #[test]
    fn conditions_are_whole_years_or_care_on_top() {
        let year =
            condition(AgeBand::To44, Sex::Female, Condition::Asthma, YearKind::Average).map(|r| r.allowed().round());
        assert_eq!(year, Ok(6582.0));
        let birth =
            condition(AgeBand::To34, Sex::Female, Condition::Maternity, YearKind::Bad).map_err(|r| r.allowed().round());
        assert_eq!(birth, Err(7140.0));
    }

    #[test]
    fn ages_fall_into_their_bands() {
        assert_eq!(
            [0, 5, 6, 17, 18, 25, 26, 34, 35, 54, 55, 255].map(|a| AgeBand::of(a).label()),
            ["0-5", "0-5", "6-17", "6-17", "18-25", "18-25", "26-34", "26-34", "35-44", "45-54", "55+", "55+"]
        );
        assert!(AgeBand::ALL.iter().all(|band| AgeBand::of(band.youngest()) == *band));
    }

    #[test]
    fn a_broken_table_names_the_line() {
        let head = "Age Group,Gender,Gender L,Utilization Level,No Obs,Service,Unit Cost,Utilization (PMPY),Units,Annual Cost\n";
        let error = |line: &str| read(&format!("{head}{line}\n")).err().unwrap_or_default();
        assert!(error("0-5,F,Female,Decile 1,1,op_lab,x,0,Lab Tests,0").contains("line 2"));
        assert!(error("0-9,F,Female,Decile 1,1,op_lab,1,0,Lab Tests,0").contains("age band"));
        assert!(error("0-5,F,Female,Decile 1,1,op_lab,1,0,Lab Tests,0").contains("missing"));
    }
}
