//! The name of a county by its code, from the ZIP-county table in the binary: for whoever has a code and no catalogue.
//!
//! Called by the worker that writes account transfers, for applications that were frozen before the name was kept with them.
//! Read once, when it is first asked for (about 3,200 names of 55,000 rows). It knows nothing about plans.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::LazyLock;

use super::shipped::ZIP_COUNTY;
use crate::types::CountyFips;

/// Empty only if the embedded table is broken, which a test would show.
static NAMES: LazyLock<BTreeMap<u32, String>> = LazyLock::new(|| names().unwrap_or_default());

/// `Franklin County` for 39049, as the Census names it; `None` for a code that the table does not have.
pub fn county_name(county: CountyFips) -> Option<&'static str> {
    NAMES.get(&county.number()).map(String::as_str)
}

fn names() -> Option<BTreeMap<u32, String>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(ZIP_COUNTY)).ok()?;
    let mut table = csv::Reader::from_reader(archive.by_index(0).ok()?);
    let headers = table.headers().ok()?.clone();
    let column = |name: &str| headers.iter().position(|own| own == name);
    let (code, name) = (column("county_fips")?, column("county_name")?);
    let mut names = BTreeMap::new();
    for row in table.records() {
        let row = row.ok()?;
        let county = CountyFips::parse(row.get(code)?)?;
        names.entry(county.number()).or_insert_with(|| row.get(name).unwrap_or_default().to_string());
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_county_of_the_shipped_table_has_its_name() {
        let name = |code: &str| county_name(CountyFips::parse(code).expect("a code"));
        assert_eq!(name("39049"), Some("Franklin County"));
        assert_eq!(name("72117"), Some("Rincón Municipio"));
        assert_eq!(name("99999"), None);
        assert!(NAMES.len() > 3_200 && NAMES.values().all(|name| !name.is_empty()), "{}", NAMES.len());
    }
}
