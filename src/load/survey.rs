//! `windowshop load --dry-run`: what is in a folder and how much of it can be read, by file and plan year.
//!
//! Called only by the command. It needs no complete set of files, joins nothing and must write nothing; faults are
//! reported as in a load. A file that holds several plan years, as extracts do, is split by year.

use super::geo::{self, Geo};
use super::kinds::Kind;
use super::problems::{LoadError, Problems};
use super::progress::{Meter, Progress};
use super::read::{Row, Source};
use super::service_areas::{self, ServiceAreas};
use super::{LoadOptions, attributes, find, rates, values};
use std::collections::BTreeMap;
use std::fmt;

/// What one plan year of one file holds.
#[derive(Debug, Default)]
struct Seen {
    rows: u64,
    kept: u64,
    /// Plans and insurers by ID: whether any of their rows is kept.
    plans: BTreeMap<String, bool>,
    insurers: BTreeMap<String, bool>,
}

impl Seen {
    fn note(&mut self, plan: Option<String>, insurer: Option<String>, kept: bool) {
        self.rows += 1;
        self.kept += u64::from(kept);
        for (ids, id) in [(&mut self.plans, plan), (&mut self.insurers, insurer)] {
            if let Some(id) = id {
                *ids.entry(id).or_default() |= kept;
            }
        }
    }
}

#[derive(Debug)]
pub struct Survey {
    lines: Vec<String>,
    pub problems: Problems,
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.problems)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Reads everything in the folder.
///
/// # Errors
///
/// If a file cannot be read at all, or lacks a column that its kind needs.
pub fn run(options: &LoadOptions) -> Result<Survey, LoadError> {
    let mut problems = Problems::new(options.max_errors);
    let found = find::find_sources(&options.from)?;
    let places = find::find_sources(&options.geo)?;
    let mut lines: Vec<String> = found.unread.iter().map(|words| format!("not read: {words}")).collect();
    for source in found.sources.iter().filter(|s| !matches!(s.kind, Kind::ZipCounty | Kind::RatingAreas)) {
        options.progress.say(&format!("reading {}", source.name));
        let geo = match source.kind {
            Kind::ServiceAreas => geo_of(&places.sources, source.year.unwrap_or_default())?,
            _ => Geo::default(),
        };
        for (year, seen) in years(source, &geo, &mut problems)? {
            lines.push(line(source, &year, &seen));
        }
    }
    Ok(Survey { lines, problems })
}

fn line(source: &Source, year: &str, seen: &Seen) -> String {
    let kept = |ids: &BTreeMap<String, bool>| ids.values().filter(|kept| **kept).count();
    let year = if year.is_empty() { "no plan year".to_string() } else { format!("plan year {year}") };
    let mut line = format!("{} ({}, {year}): rows {}, kept {}", source.name, source.kind.name(), seen.rows, seen.kept);
    for (words, ids) in [("plans", &seen.plans), ("insurers", &seen.insurers)] {
        if !ids.is_empty() {
            line.push_str(&format!("; {words} {}, kept {}", ids.len(), kept(ids)));
        }
    }
    line
}

/// The places of a plan year, for the counties that service areas name.
fn geo_of(sources: &[Source], year: i32) -> Result<Geo, LoadError> {
    let of = |kind: Kind| sources.iter().find(|source| source.kind == kind);
    let (Some(zips), Some(areas)) = (of(Kind::ZipCounty), of(Kind::RatingAreas)) else {
        return Err(LoadError::Input("--geo has no ZIP-county or no rating-area table".to_string()));
    };
    Ok(geo::read(zips, areas, year, &Progress::Quiet, &mut Problems::new(0))?.0)
}

const COLUMNS: [&str; 18] = [
    "BusinessYear",
    "StateCode",
    "IssuerId",
    "PlanId",
    "StandardComponentId",
    "BenefitName",
    "ServiceAreaId",
    "CoverEntireState",
    "County",
    "CountyName",
    "PartialCounty",
    "ZipCodes",
    "MarketCoverage",
    "Age",
    "RatingAreaId",
    "IndividualRate",
    "MetalLevel",
    "NetworkName",
];

/// One pass over a file; small-group rows are ignored.
fn years(source: &Source, geo: &Geo, problems: &mut Problems) -> Result<BTreeMap<String, Seen>, LoadError> {
    let mut years: BTreeMap<String, Seen> = BTreeMap::new();
    if source.kind == Kind::Attributes {
        // The load's own reader; it also says what was left out and why.
        let mut reader = attributes::Reader::default();
        let (rows, kept) = reader.read(source, Meter::silent(), problems)?;
        let (_, census) = reader.finish();
        let (plans, insurers) = census.by_id();
        let year = source.year.map(|year| year.to_string()).unwrap_or_default();
        years.insert(year, Seen { rows, kept, plans, insurers });
        return Ok(years);
    }
    // If the file has no year of its own, no row belongs to another year.
    let mut any_year = source.clone();
    any_year.year = None;
    let mut opened = any_year.open()?;
    let mut table = any_year.table(&mut opened, Meter::silent(), &[], &COLUMNS)?;
    let mut areas = ServiceAreas::default();
    while let Some(row) = table.next_row(problems)? {
        if values::market(&row.text("MarketCoverage")) == Ok(values::Market::SmallGroup) {
            continue;
        }
        let year = row.text("BusinessYear");
        let year = values::without_zero_decimals(&year).to_string();
        let year = if year.is_empty() { source.year.map(|year| year.to_string()).unwrap_or_default() } else { year };
        let kept = match source.kind {
            Kind::ServiceAreas => service_areas::take(&row, geo, &mut areas, problems),
            Kind::Rates => plan(&row).is_some() && rates::is_price(&row),
            Kind::Benefits => {
                values::split_variant(&row.text("PlanId")).is_some() && !row.text("BenefitName").is_empty()
            }
            Kind::Quality => plan(&row).is_some() || insurer(&row).is_some(),
            _ => insurer(&row).is_some(),
        };
        years.entry(year).or_default().note(plan(&row), insurer(&row), kept);
    }
    Ok(years)
}

fn plan(row: &Row) -> Option<String> {
    let id = |column| values::plan_id(&row.text(column)).ok().flatten().map(|id| id.to_string());
    id("PlanId").or_else(|| id("StandardComponentId"))
}

fn insurer(row: &Row) -> Option<String> {
    let filed = values::issuer(&row.text("IssuerId")).ok().flatten().map(|id| format!("{id:05}"));
    filed.or_else(|| Some(plan(row)?[..5].to_string()))
}

/// Insurers of a census by ID, for [`Seen`].
pub type ById = BTreeMap<String, bool>;

/// Every ID once, kept if any of its rows is.
pub fn by_id<'a>(rows: impl Iterator<Item = (&'a str, i64, bool)>) -> (ById, ById) {
    let (mut plans, mut insurers) = (ById::new(), ById::new());
    for (plan, insurer, kept) in rows {
        *plans.entry(plan.to_string()).or_default() |= kept;
        *insurers.entry(format!("{insurer:05}")).or_default() |= kept;
    }
    (plans, insurers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn an_insurer_is_kept_if_any_of_its_plans_is() {
        let rows =
            [("11111OH0010001", 11_111, false), ("11111OH0010002", 11_111, true), ("22222OH0010001", 22_222, false)];
        let (plans, insurers) = by_id(rows.into_iter());
        let kept: BTreeSet<&str> = insurers.iter().filter(|(_, kept)| **kept).map(|(id, _)| id.as_str()).collect();
        assert_eq!((plans.len(), insurers.len(), kept), (3, 2, BTreeSet::from(["11111"])));
    }
}
