//! Where people live: ZIP → counties → rating area. Held in memory, read once from the catalogue.
//!
//! Called by `quote::settle` and the pages. A ZIP may span several counties, and each county may be in its own rating
//! area, so it must never guess a county: one county is an answer, several are a question.

use std::collections::{HashMap, HashSet};

use sqlx::{Row, SqlitePool};

use crate::types::{CountyFips, Zip5};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct County {
    pub fips: CountyFips,
    pub name: String,
    /// Two-letter postal code.
    pub state: String,
}

/// Where a household is rated: 45 CFR 147.102(a)(1)(ii).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub zip: Zip5,
    pub county: County,
    /// Key of `rating_area`; `None` if the tables know no rating area for the place.
    pub rating_area_pk: Option<i64>,
    /// The number CMS gave this rating area within its state.
    pub rating_area_number: Option<i64>,
}

#[derive(Debug, Default)]
pub struct Places {
    /// (ZIP, county, share of the ZIP's homes in that county in parts per million), by ZIP, largest share first.
    zips: Vec<(u32, u32, i64)>,
    counties: HashMap<u32, County>,
    area_by_county: HashMap<u32, (i64, i64)>,
    area_by_zip3: HashMap<(String, u16), (i64, i64)>,
    /// Counties where at least one plan of this catalogue is sold.
    sold: HashSet<u32>,
    /// Their states.
    states_sold: HashSet<String>,
}

impl Places {
    pub async fn load(pool: &SqlitePool) -> Result<Places, sqlx::Error> {
        let mut places = Places::default();
        let zips = "SELECT zip, county_fips, ratio_ppm FROM zip_county ORDER BY zip, ratio_ppm DESC, county_fips";
        for row in sqlx::query(zips).fetch_all(pool).await? {
            places.zips.push((row.get::<i64, _>(0) as u32, row.get::<i64, _>(1) as u32, row.get(2)));
        }
        for row in sqlx::query("SELECT county_fips, state, name FROM county").fetch_all(pool).await? {
            let number = row.get::<i64, _>(0) as u32;
            if let Some(fips) = CountyFips::parse(&format!("{number:05}")) {
                places.counties.insert(number, County { fips, state: row.get(1), name: row.get(2) });
            }
        }
        let areas = "SELECT place.state, place.county_fips, place.zip3, area.rating_area_pk, area.number \
                     FROM rating_area_place place JOIN rating_area area USING (rating_area_pk)";
        for row in sqlx::query(areas).fetch_all(pool).await? {
            let area = (row.get(3), row.get(4));
            if let Some(fips) = row.get::<Option<i64>, _>(1) {
                places.area_by_county.insert(fips as u32, area);
            } else if let Some(zip3) = row.get::<Option<i64>, _>(2) {
                places.area_by_zip3.insert((row.get(0), zip3 as u16), area);
            }
        }
        for row in sqlx::query("SELECT DISTINCT county_fips FROM sold").fetch_all(pool).await? {
            places.sold.insert(row.get::<i64, _>(0) as u32);
        }
        let sold = places.sold.iter().filter_map(|county| places.counties.get(county));
        places.states_sold = sold.map(|county| county.state.clone()).collect();
        places.drop_doubles();
        Ok(places)
    }

    /// Connecticut is in the tables twice: as the Census planning regions and as the old counties that the state
    /// rates by. A place without a rating area is not offered if the same ZIP has one with a rating area.
    fn drop_doubles(&mut self) {
        let rated: Vec<bool> = self.zips.iter().map(|(zip, county, _)| self.area(*zip, *county).is_some()).collect();
        let with: HashSet<u32> =
            self.zips.iter().zip(&rated).filter(|(_, rated)| **rated).map(|((zip, ..), _)| *zip).collect();
        let mut rated = rated.into_iter();
        self.zips.retain(|(zip, ..)| rated.next() == Some(true) || !with.contains(zip));
    }

    /// The county's own rating area if it has one: Los Angeles and four states go by three-digit ZIP instead.
    fn area(&self, zip: u32, county: u32) -> Option<(i64, i64)> {
        let by_zip = || {
            let state = self.counties.get(&county)?.state.clone();
            self.area_by_zip3.get(&(state, (zip / 100) as u16))
        };
        self.area_by_county.get(&county).or_else(by_zip).copied()
    }

    /// The counties of a ZIP, the one with most of its homes first. Empty for an unknown ZIP.
    pub fn counties(&self, zip: Zip5) -> impl Iterator<Item = &County> {
        let from = self.zips.partition_point(|(z, ..)| *z < zip.number());
        self.zips[from..]
            .iter()
            .take_while(move |(z, ..)| *z == zip.number())
            .filter_map(|(_, fips, _)| self.counties.get(fips))
    }

    /// The place, if the ZIP really is in that county.
    pub fn place(&self, zip: Zip5, county: CountyFips) -> Option<Place> {
        let county = self.counties(zip).find(|c| c.fips == county)?.clone();
        let area = self.area(zip.number(), county.fips.number());
        Some(Place { zip, rating_area_pk: area.map(|a| a.0), rating_area_number: area.map(|a| a.1), county })
    }

    /// Does this catalogue sell anything in the state?
    pub fn sells_in_state(&self, state: &str) -> bool {
        self.states_sold.contains(state)
    }

    pub fn is_sold_in(&self, county: CountyFips) -> bool {
        self.sold.contains(&county.number())
    }
}
