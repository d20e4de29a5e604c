//! Service Area PUF → the counties, and parts of counties, that each issuer's service areas cover.
//!
//! Called by `load::gather`; `sold` joins it with plans and rates. Small-group rows are skipped. It must never widen
//! an area that cannot be read.

use super::geo::{Counts, Geo};
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source};
use super::values::{self, Market};
use crate::types::Zip5;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const REQUIRED: [&str; 3] = ["IssuerId", "ServiceAreaId", "CoverEntireState"];
const OPTIONAL: [&str; 7] =
    ["BusinessYear", "StateCode", "County", "CountyName", "PartialCounty", "ZipCodes", "MarketCoverage"];

/// How much of a county a service area covers: `None` all of it, else only these ZIP codes.
pub type Coverage = Option<BTreeSet<u32>>;

/// (state, issuer, service area ID) → county → how much of it.
#[derive(Debug, Default)]
pub struct ServiceAreas(HashMap<(String, i64, String), BTreeMap<u32, Coverage>>);

impl ServiceAreas {
    /// `None`: the file has no such service area.
    pub fn find(&self, state: &str, issuer: i64, id: &str) -> Option<&BTreeMap<u32, Coverage>> {
        self.0.get(&(state.to_string(), issuer, id.to_string()))
    }

    /// Adds a county; several rows for one county add up.
    pub fn add(&mut self, area: (String, i64, String), county: u32, coverage: Coverage) {
        let counties = self.0.entry(area).or_default();
        match (counties.get_mut(&county), coverage) {
            (Some(Some(held)), Some(more)) => held.extend(more),
            (Some(None), _) => {}
            (_, coverage) => drop(counties.insert(county, coverage)),
        }
    }
}

/// Reads one file after the other into `areas`.
pub fn read(
    source: &Source,
    meter: Meter,
    (geo, areas): (&Geo, &mut ServiceAreas),
    problems: &mut Problems,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let mut table = source.table(&mut opened, meter, &REQUIRED, &OPTIONAL)?;
    let mut kept = 0;
    while let Some(row) = table.next_row(problems)? {
        kept += u64::from(take(&row, geo, areas, problems));
    }
    Ok((table.read, kept))
}

/// Takes a row in; false when it is passed over or faulty.
pub fn take(row: &Row, geo: &Geo, areas: &mut ServiceAreas, problems: &mut Problems) -> bool {
    let market = row.text("MarketCoverage");
    match values::market(&market) {
        // A row without a market is for both: half of the rows of 2014 to 2016.
        Ok(Market::Individual | Market::Both) => {}
        Ok(Market::SmallGroup) => return false,
        Err((fault, reason)) => {
            row.problem(problems, "MarketCoverage", &market, fault, reason);
            return false;
        }
    }
    let issuer = row.text("IssuerId");
    let Ok(Some(issuer)) = values::issuer(&issuer) else {
        row.problem(problems, "IssuerId", &issuer, Fault::Number, "an insurer's number is wanted");
        return false;
    };
    let id = row.text("ServiceAreaId").to_ascii_uppercase();
    // The id starts with the state; files without a column for it lean on that.
    let state = values::state(&row.text("StateCode")).ok().flatten().or_else(|| Some(id.get(..2)?.to_string()));
    let area = (state.unwrap_or_default(), issuer, id);
    let entire = row.text("CoverEntireState");
    match values::yes_no(&entire) {
        Ok(Some(true)) => {
            let counties: Vec<u32> = geo.counties_of(&area.0).collect();
            if counties.is_empty() {
                row.problem(problems, "StateCode", &area.0, Fault::Place, "no county of this state is known");
                return false;
            }
            counties.into_iter().for_each(|county| areas.add(area.clone(), county, None));
            true
        }
        Ok(_) => {
            let Some(parts) = part(row, geo, &area.0, problems) else { return false };
            parts.into_iter().for_each(|(county, coverage)| areas.add(area.clone(), county, coverage));
            true
        }
        Err((fault, reason)) => {
            row.problem(problems, "CoverEntireState", &entire, fault, reason);
            false
        }
    }
}

/// The county of a row, whole or by ZIP; several if the code has since been divided. `None` after a fault was
/// reported.
fn part(row: &Row, geo: &Geo, state: &str, problems: &mut Problems) -> Option<Vec<(u32, Coverage)>> {
    let (filed, name) = (row.text("County"), row.text("CountyName"));
    let wanted = if filed.is_empty() { &name } else { &filed };
    let counties = geo.find_county(state, wanted);
    if counties.is_empty() {
        let reason = if wanted.is_empty() { "a county is wanted" } else { "no such county in the ZIP-county table" };
        row.problem(problems, "County", wanted, Fault::Place, reason);
        return None;
    }
    let partial = row.text("PartialCounty");
    let partial = values::yes_no(&partial).unwrap_or_else(|(fault, reason)| {
        row.value_problem(problems, "PartialCounty", &partial, fault, reason);
        None
    });
    let zips = zips(row, problems);
    match (partial, zips) {
        // Filed as partial, but without a readable ZIP code: the whole county would promise too much.
        (Some(true), zips) if zips.is_empty() => {
            row.problem(
                problems,
                "ZipCodes",
                &row.text("ZipCodes"),
                Fault::Missing,
                "part of a county needs its ZIP codes",
            );
            None
        }
        (Some(true), zips) => {
            Some(counties.into_iter().map(|(county, part)| (county, Some(within(part, &zips)))).collect())
        }
        _ => Some(counties),
    }
}

/// The ZIP codes of a list that are in a part of a county.
fn within(part: Coverage, zips: &BTreeSet<u32>) -> BTreeSet<u32> {
    part.map_or_else(|| zips.clone(), |part| part.intersection(zips).copied().collect())
}

/// ZIP codes in a list with any separator; those that spreadsheets have shortened get their zeros back.
fn zips(row: &Row, problems: &mut Problems) -> BTreeSet<u32> {
    let list = row.text("ZipCodes");
    let mut zips = BTreeSet::new();
    for word in
        list.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '/')).filter(|word| !word.is_empty())
    {
        let digits = values::without_zero_decimals(word);
        let whole = if digits.len() < 5 { format!("{digits:0>5}") } else { digits.to_string() };
        match Zip5::parse(&whole).filter(|_| digits.len() >= 3) {
            Some(zip) => drop(zips.insert(zip.number())),
            None => row.value_problem(problems, "ZipCodes", word, Fault::Place, "five-digit ZIP codes are wanted"),
        }
    }
    zips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_for_one_county_add_up_and_a_whole_county_wins() {
        let mut areas = ServiceAreas::default();
        let key = || ("OH".to_string(), 12345, "OHS001".to_string());
        areas.add(key(), 39061, Some([45202].into()));
        areas.add(key(), 39061, Some([45203].into()));
        assert_eq!(areas.find("OH", 12345, "OHS001").unwrap()[&39061], Some([45202, 45203].into()));
        areas.add(key(), 39061, None);
        areas.add(key(), 39061, Some([45204].into()));
        assert_eq!(areas.find("OH", 12345, "OHS001").unwrap()[&39061], None);
    }
}
