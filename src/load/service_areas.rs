//! Service Area PUF → the counties, and parts of counties, that each issuer's service areas cover.
//!
//! Called by `load::gather`; `sold` joins it with plans and rates. Small-group rows are passed over.

use super::geo::{Counts, Geo};
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source};
use super::values;
use crate::types::Zip5;
use std::collections::{BTreeMap, BTreeSet, HashMap};

const REQUIRED: [&str; 9] = [
    "BusinessYear",
    "StateCode",
    "IssuerId",
    "ServiceAreaId",
    "CoverEntireState",
    "County",
    "PartialCounty",
    "ZipCodes",
    "MarketCoverage",
];

/// A county of a service area: `None` all of it, else only these ZIP codes.
pub type Coverage = Option<BTreeSet<u32>>;

/// (state, issuer, service area id) → county → how much of it.
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

pub fn read(
    source: &Source,
    meter: Meter,
    geo: &Geo,
    problems: &mut Problems,
) -> Result<(ServiceAreas, Counts), LoadError> {
    let mut opened = source.open()?;
    let mut table = source.table(&mut opened, meter, &REQUIRED, &[])?;
    let (mut areas, mut kept) = (ServiceAreas::default(), 0);
    while let Some(row) = table.next_row(problems)? {
        if row.text("MarketCoverage") != "Individual" {
            continue;
        }
        let issuer = row.text("IssuerId");
        let Ok(Some(issuer_id)) = values::whole(&issuer) else {
            row.problem(problems, "IssuerId", &issuer, Fault::Number, "an issuer's number is wanted");
            continue;
        };
        let area = (row.text("StateCode").into_owned(), issuer_id, row.text("ServiceAreaId").into_owned());
        match values::yes_no(&row.text("CoverEntireState")) {
            Ok(Some(true)) => {
                let counties: Vec<u32> = geo.counties_of(&area.0).collect();
                if counties.is_empty() {
                    row.problem(problems, "StateCode", &area.0, Fault::Place, "no county of this state is known");
                    continue;
                }
                counties.into_iter().for_each(|county| areas.add(area.clone(), county, None));
            }
            Ok(_) => match part(&row, geo, problems) {
                Some((county, coverage)) => areas.add(area, county, coverage),
                None => continue,
            },
            Err((fault, reason)) => {
                row.problem(problems, "CoverEntireState", &row.text("CoverEntireState"), fault, reason);
                continue;
            }
        }
        kept += 1;
    }
    Ok((areas, (table.read, kept)))
}

/// The county of a row, whole or by ZIP; `None` after a fault was reported.
fn part(row: &Row, geo: &Geo, problems: &mut Problems) -> Option<(u32, Coverage)> {
    let filed = row.text("County");
    // Spreadsheets drop the leading zero of a county code.
    let county = Some(&*filed)
        .filter(|text| (4..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse::<u32>().ok())
        .filter(|county| geo.counties.contains_key(county));
    let Some(county) = county else {
        row.problem(problems, "County", &filed, Fault::Place, "no such county in the ZIP-county table");
        return None;
    };
    match values::yes_no(&row.text("PartialCounty")) {
        Ok(Some(true)) => {}
        Ok(_) => return Some((county, None)),
        Err((fault, reason)) => {
            row.problem(problems, "PartialCounty", &row.text("PartialCounty"), fault, reason);
            return None;
        }
    }
    let list = row.text("ZipCodes");
    let mut zips = BTreeSet::new();
    for word in list.split([',', ';', ' ']).filter(|word| !word.is_empty()) {
        match Zip5::parse(word) {
            Some(zip) => drop(zips.insert(zip.number())),
            None => {
                row.problem(problems, "ZipCodes", word, Fault::Place, "five-digit ZIP codes are wanted");
                return None;
            }
        }
    }
    if zips.is_empty() {
        row.problem(problems, "ZipCodes", "", Fault::Missing, "part of a county needs its ZIP codes");
        return None;
    }
    Some((county, Some(zips)))
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
