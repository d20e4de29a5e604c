//! The ZIP-county and rating-area tables → places.
//!
//! Called by `load::gather` first, because service areas and rates are read against it. It holds all counties and ZIP
//! codes of the country (about 55,000 pairs); it knows nothing of plans.

use super::problems::{Fault, LoadError, Problems};
use super::progress::Progress;
use super::read::Source;
use super::values;
use super::write::{Out, Rows, cell};
use crate::types::{CountyFips, Zip5};
use std::collections::{BTreeMap, HashMap};

/// Every place of the country, and which rating area it lies in.
#[derive(Debug, Default)]
pub struct Geo {
    /// County FIPS → state and name.
    pub counties: BTreeMap<u32, (String, String)>,
    /// ZIP, county, share of the ZIP's homes in the county in ppm; ordered, without doubles.
    pub pairs: Vec<(u32, u32, i64)>,
    /// County → its ZIP codes.
    pub zips: HashMap<u32, Vec<u32>>,
    /// State and number → rating area's key.
    pub areas: BTreeMap<(String, i64), u32>,
    by_county: HashMap<u32, u32>,
    by_zip3: HashMap<(String, u16), u32>,
}

/// Which rating areas a county's residents live in.
#[derive(Debug, PartialEq, Eq)]
pub enum CountyAreas {
    /// The whole county in one.
    One(u32),
    /// By ZIP code; ZIP codes without a rating area are not in the list.
    ByZip(Vec<(u32, u32)>),
}

impl Geo {
    /// The counties of a state, in order.
    pub fn counties_of<'a>(&'a self, state: &'a str) -> impl Iterator<Item = u32> + 'a {
        self.counties.iter().filter(move |(_, (of, _))| of == state).map(|(fips, _)| *fips)
    }

    pub fn area(&self, state: &str, number: i64) -> Option<u32> {
        self.areas.get(&(state.to_string(), number)).copied()
    }

    pub fn areas_of(&self, county: u32) -> CountyAreas {
        if let Some(area) = self.by_county.get(&county) {
            return CountyAreas::One(*area);
        }
        let state = self.counties.get(&county).map(|(state, _)| state.as_str()).unwrap_or_default();
        let zips = self.zips.get(&county).map(Vec::as_slice).unwrap_or_default();
        let zip3 = |zip: u32| u16::try_from(zip / 100).unwrap_or_default();
        CountyAreas::ByZip(
            zips.iter().filter_map(|zip| Some((*zip, *self.by_zip3.get(&(state.to_string(), zip3(*zip)))?))).collect(),
        )
    }

    /// Adds invented counties of one state: code, name, rating area. Their ZIP codes are added with [`Geo::add_zip`].
    pub fn add_counties(&mut self, state: &str, counties: impl Iterator<Item = (u32, String, i64)> + Clone) {
        self.areas.extend(counties.clone().map(|(.., area)| ((state.to_string(), area), 0)));
        self.number_areas();
        for (fips, name, area) in counties {
            self.counties.insert(fips, (state.to_string(), name));
            let pk = self.area(state, area).unwrap_or_default();
            self.by_county.insert(fips, pk);
        }
    }

    pub fn add_zip(&mut self, zip: u32, county: u32, ratio_ppm: i64) {
        self.pairs.push((zip, county, ratio_ppm));
        self.zips.entry(county).or_default().push(zip);
    }

    /// Keys of rating areas count up by state and number.
    fn number_areas(&mut self) {
        for (pk, area) in (1..).zip(self.areas.values_mut()) {
            *area = pk;
        }
    }

    pub fn write(&self, out: &Out) -> Result<(), LoadError> {
        let mut rows = Rows::new(out, "county", &["county_fips", "state", "name"]);
        for (fips, (state, name)) in &self.counties {
            rows.push([cell(*fips), cell(state), cell(name)])?;
        }
        rows.finish()?;
        let mut rows = Rows::new(out, "zip_county", &["zip", "county_fips", "ratio_ppm"]);
        for (zip, county, ratio) in &self.pairs {
            rows.push([cell(*zip), cell(*county), cell(*ratio)])?;
        }
        rows.finish()?;
        let mut rows = Rows::new(out, "rating_area", &["rating_area_pk", "state", "number"]);
        for ((state, number), pk) in &self.areas {
            rows.push([cell(*pk), cell(state), cell(*number)])?;
        }
        rows.finish()?;
        let mut rows = Rows::new(out, "rating_area_place", &["state", "county_fips", "zip3", "rating_area_pk"]);
        let states: HashMap<u32, &String> = self.areas.iter().map(|((state, _), pk)| (*pk, state)).collect();
        let by_county: BTreeMap<_, _> = self.by_county.iter().collect();
        for (county, area) in by_county {
            rows.push([cell(states.get(area).map(|s| s.as_str())), cell(*county), cell(None::<i64>), cell(*area)])?;
        }
        let by_zip3: BTreeMap<_, _> = self.by_zip3.iter().collect();
        for ((state, zip3), area) in by_zip3 {
            rows.push([cell(state), cell(None::<i64>), cell(i64::from(*zip3)), cell(*area)])?;
        }
        rows.finish().map(drop)
    }
}

/// Rows read and kept of one file.
pub type Counts = (u64, u64);

/// Reads both tables.
pub fn read(
    zip_county: &Source,
    rating_areas: &Source,
    progress: &Progress,
    problems: &mut Problems,
) -> Result<(Geo, [Counts; 2]), LoadError> {
    let mut geo = Geo::default();
    let pairs = read_pairs(zip_county, &mut geo, progress, problems)?;
    let areas = read_areas(rating_areas, &mut geo, progress, problems)?;
    Ok((geo, [pairs, areas]))
}

fn read_pairs(
    source: &Source,
    geo: &mut Geo,
    progress: &Progress,
    problems: &mut Problems,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let meter = progress.meter(&source.name, source.text_bytes);
    let mut table = source.table(&mut opened, meter, &["zip", "state", "county_fips", "county_name", "ratio"], &[])?;
    while let Some(row) = table.next_row(problems)? {
        let (zip, county, ratio) = (row.text("zip"), row.text("county_fips"), row.text("ratio"));
        let (state, name) = (row.text("state"), row.text("county_name"));
        let Some(zip) = Zip5::parse(&zip) else {
            row.problem(problems, "zip", &zip, Fault::Place, "a five-digit ZIP code is wanted");
            continue;
        };
        let Some(county) = CountyFips::parse(&county) else {
            row.problem(problems, "county_fips", &county, Fault::Place, "a five-digit county code is wanted");
            continue;
        };
        let Ok(Some(ppm)) = values::share_ppm(&ratio) else {
            row.problem(problems, "ratio", &ratio, Fault::Number, "a share from 0 to 1 is wanted");
            continue;
        };
        if state.len() != 2 || name.is_empty() {
            row.problem(problems, "state", &state, Fault::Missing, "a state's code and the county's name are wanted");
            continue;
        }
        geo.counties.entry(county.number()).or_insert_with(|| (state.into_owned(), name.into_owned()));
        geo.pairs.push((zip.number(), county.number(), ppm));
    }
    geo.pairs.sort_unstable();
    geo.pairs.dedup_by_key(|(zip, county, _)| (*zip, *county));
    for (zip, county, _) in &geo.pairs {
        geo.zips.entry(*county).or_default().push(*zip);
    }
    Ok((table.read, geo.pairs.len() as u64))
}

fn read_areas(
    source: &Source,
    geo: &mut Geo,
    progress: &Progress,
    problems: &mut Problems,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let meter = progress.meter(&source.name, source.text_bytes);
    let mut table = source.table(&mut opened, meter, &["state", "county_fips", "zip3", "rating_area"], &[])?;
    let mut places: BTreeMap<(String, Option<u32>, Option<u16>), i64> = BTreeMap::new();
    while let Some(row) = table.next_row(problems)? {
        let (state, county, zip3) = (row.text("state"), row.text("county_fips"), row.text("zip3"));
        let number = row.text("rating_area");
        let Ok(Some(area)) = values::whole(&number) else {
            row.problem(problems, "rating_area", &number, Fault::Number, "a rating area's number is wanted");
            continue;
        };
        let fips = CountyFips::parse(&county).map(CountyFips::number);
        let digits = Some(&*zip3).filter(|z| z.len() == 3).and_then(|z| z.parse::<u16>().ok());
        let place = match (fips, digits) {
            (Some(fips), None) if zip3.is_empty() => (state.to_string(), Some(fips), None),
            (None, Some(digits)) if county.is_empty() => (state.to_string(), None, Some(digits)),
            _ => {
                let value = format!("{county} {zip3}");
                let reason = "either a five-digit county code or the first three digits of a ZIP code is wanted";
                row.problem(problems, "county_fips, zip3", &value, Fault::Place, reason);
                continue;
            }
        };
        if *places.entry(place).or_insert(area) != area {
            row.problem(
                problems,
                "rating_area",
                &number,
                Fault::Duplicate,
                "this place has another rating area already",
            );
        }
    }
    geo.areas = places.iter().map(|((state, ..), number)| ((state.clone(), *number), 0)).collect();
    geo.number_areas();
    let kept = places.len() as u64;
    for ((state, county, zip3), number) in places {
        let pk = geo.area(&state, number).unwrap_or_default();
        match (county, zip3) {
            (Some(county), _) => drop(geo.by_county.insert(county, pk)),
            (None, Some(zip3)) => drop(geo.by_zip3.insert((state, zip3), pk)),
            (None, None) => {}
        }
    }
    Ok((table.read, kept))
}
