//! The ZIP-county and rating-area tables → places.
//!
//! Called by `load::gather` first, because service areas and rates are read against it. It holds all counties and ZIP
//! codes of the country (about 55,000 pairs); it must know nothing about plans.

use super::problems::{Fault, LoadError, Problems};
use super::progress::Progress;
use super::read::{Row, Source};
use super::service_areas::Coverage;
use super::values;
use super::write::{Out, Rows, cell};
use crate::types::{CountyFips, Zip5};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Every place in the country, and its rating area.
#[derive(Debug, Default)]
pub struct Geo {
    /// County FIPS → state and name.
    pub counties: BTreeMap<u32, (String, String)>,
    /// ZIP, county, share of the ZIP's homes in the county in ppm; sorted, without duplicates.
    pub pairs: Vec<(u32, u32, i64)>,
    /// County → its ZIP codes.
    pub zips: HashMap<u32, Vec<u32>>,
    /// State and number → key of the rating area.
    pub areas: BTreeMap<(String, i64), u32>,
    by_county: HashMap<u32, u32>,
    by_zip3: HashMap<(String, u16), u32>,
}

/// The rating areas of a county's residents.
#[derive(Debug, PartialEq, Eq)]
pub enum CountyAreas {
    /// The whole county is in one.
    One(u32),
    /// By ZIP code; ZIP codes without a rating area are not in the list.
    ByZip(Vec<(u32, u32)>),
}

impl Geo {
    /// The counties of a state, in order; if planning regions have replaced them, only the counties.
    pub fn counties_of<'a>(&'a self, state: &'a str) -> impl Iterator<Item = u32> + 'a {
        let of_state = self.counties.iter().filter(move |(_, (of, _))| of == state).map(|(fips, _)| *fips);
        of_state.filter(|county| !self.is_region(*county) || !self.has_old_counties())
    }

    fn has_old_counties(&self) -> bool {
        self.counties.range(9_001..9_110).next().is_some()
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

    /// Whether the county's state defines rating areas but leaves this county out. Connecticut's planning regions:
    /// prices go by the old counties, whose ZIP codes are known too.
    pub fn is_region(&self, county: u32) -> bool {
        REGIONS.contains(&county)
    }

    /// The counties that a filed code or name means today, each with how much of it: the code itself, also without
    /// its leading zero or with decimals; a retired code; a planning region, as parts of counties; or a name within
    /// the state, `Ocean`, `Ocean County`, `Ocean - 34029`. Empty if nothing matches.
    pub fn find_county(&self, state: &str, filed: &str) -> Vec<(u32, Coverage)> {
        let digits: Vec<&str> = values::without_zero_decimals(filed)
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| (4..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit()))
            .collect();
        let code = digits.first().and_then(|code| code.parse::<u32>().ok());
        if let Some(code) = code {
            return self.by_code(code);
        }
        let wanted = place_name(filed);
        // Including regions: a name says which of the two divisions of Connecticut is meant.
        let of_state = self.counties.iter().filter(|(_, (of, _))| of == state).map(|(fips, _)| *fips);
        let named = of_state.filter(|_| !wanted.is_empty());
        let mut found: Vec<u32> = named
            .filter(|county| self.counties.get(county).is_some_and(|(_, name)| place_name(name) == wanted))
            .collect();
        // Baltimore City and Baltimore County: the exact name decides, otherwise there is no match.
        if found.len() > 1 {
            found.retain(|county| {
                self.counties.get(county).is_some_and(|(_, name)| name.eq_ignore_ascii_case(filed.trim()))
            });
        }
        found.first().map(|county| self.by_code(*county)).unwrap_or_default()
    }

    fn by_code(&self, code: u32) -> Vec<(u32, Coverage)> {
        if self.is_region(code) {
            return self.counties_of_region(code);
        }
        if self.counties.contains_key(&code) {
            return vec![(code, None)];
        }
        let now = CHANGED.iter().filter(|(old, _)| *old == code).map(|(_, new)| *new);
        now.filter(|new| self.counties.contains_key(new)).map(|new| (new, None)).collect()
    }

    /// A planning region as parts of the old counties: the ZIP codes that are in both.
    fn counties_of_region(&self, region: u32) -> Vec<(u32, Coverage)> {
        let zips: BTreeSet<u32> = self.zips.get(&region).into_iter().flatten().copied().collect();
        let old = self.counties_of("CT").filter(|county| !self.is_region(*county));
        let parts = old.filter_map(|county| {
            let here: BTreeSet<u32> =
                self.zips.get(&county)?.iter().copied().filter(|zip| zips.contains(zip)).collect();
            (!here.is_empty()).then_some((county, Some(here)))
        });
        parts.collect()
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

    /// In a state with rating areas every county is in one (45 CFR 147.102(b)): one without is a gap in the table,
    /// and nothing can be sold there.
    fn warn_of_gaps(&self, problems: &mut Problems) {
        let states: BTreeSet<&str> = self.areas.keys().map(|(state, _)| state.as_str()).collect();
        let covered = |county: u32| match self.areas_of(county) {
            CountyAreas::One(_) => true,
            CountyAreas::ByZip(zips) => zips.len() == self.zips.get(&county).map_or(0, Vec::len),
        };
        let gaps = self.counties.iter().filter(|(county, (state, _))| {
            states.contains(state.as_str())
                && !(self.is_region(**county) && self.has_old_counties())
                && !covered(**county)
        });
        let gaps: Vec<String> = gaps.map(|(county, (state, name))| format!("{county:05} {name}, {state}")).collect();
        if !gaps.is_empty() {
            let words = "counties without a rating area in the rating-area table, where nothing can be sold";
            problems.warn(format!("{words}: {}: {}", gaps.len(), gaps.join("; ")));
        }
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

/// Rows read and kept from one file.
pub type Counts = (u64, u64);

/// Connecticut's nine planning regions, county equivalents of the Census since 2022 (87 FR 34235). The state's rating
/// areas are its eight old counties.
const REGIONS: [u32; 9] = [9_110, 9_120, 9_130, 9_140, 9_150, 9_160, 9_170, 9_180, 9_190];

/// Retired county codes and their successors (Census Bureau, "Substantial Changes to Counties and County Equivalent
/// Entities: 1970-Present"): files of older years still have them.
const CHANGED: [(u32, u32); 14] = [
    (2_201, 2_198),
    (2_232, 2_105),
    (2_232, 2_230),
    (2_261, 2_063),
    (2_261, 2_066),
    (2_270, 2_158),
    (2_280, 2_195),
    (2_280, 2_275),
    (12_025, 12_086),
    (30_113, 30_031),
    (46_113, 46_102),
    (51_515, 51_019),
    (51_560, 51_005),
    (51_780, 51_083),
];

/// A place's name without its kind: `Ocean County` and `OCEAN` are the same, `St. Louis city` is not `St. Louis
/// County`.
fn place_name(name: &str) -> String {
    const KINDS: [&str; 8] = [
        "county",
        "parish",
        "city and borough",
        "borough",
        "census area",
        "municipality",
        "municipio",
        "planning region",
    ];
    let lower = name.to_lowercase().replace("saint ", "st ").replace('.', "");
    let lower = lower.trim();
    let short = KINDS.iter().find_map(|kind| lower.strip_suffix(kind)).unwrap_or(lower);
    short.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Reads both tables; of the rating areas, those in force in the plan year.
pub fn read(
    zip_county: &Source,
    rating_areas: &Source,
    year: i32,
    progress: &Progress,
    problems: &mut Problems,
) -> Result<(Geo, [Counts; 2]), LoadError> {
    let mut geo = Geo::default();
    let pairs = read_pairs(zip_county, &mut geo, progress, problems)?;
    let areas = read_areas(rating_areas, &mut geo, year, progress, problems)?;
    geo.warn_of_gaps(problems);
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
        let Some(zip) = Zip5::parse(&format!("{zip:0>5}")) else {
            row.problem(problems, "zip", &zip, Fault::Place, "a five-digit ZIP code is wanted");
            continue;
        };
        let Some(county) = CountyFips::parse(&format!("{:0>5}", values::without_zero_decimals(&county))) else {
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
    year: i32,
    progress: &Progress,
    problems: &mut Problems,
) -> Result<Counts, LoadError> {
    let mut opened = source.open()?;
    let meter = progress.meter(&source.name, source.text_bytes);
    let optional = ["county_fips", "zip3", "first_year", "last_year"];
    let mut table = source.table(&mut opened, meter, &["state", "rating_area"], &optional)?;
    let mut places: BTreeMap<Area, i64> = BTreeMap::new();
    while let Some(row) = table.next_row(problems)? {
        let Some((place, area)) = area(&row, year, problems) else { continue };
        if *places.entry(place).or_insert(area) != area {
            let number = row.text("rating_area");
            let reason = "this place has another rating area already";
            row.problem(problems, "rating_area", &number, Fault::Duplicate, reason);
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

/// State, and a county or the first three digits of a ZIP code.
type Area = (String, Option<u32>, Option<u16>);

/// The place of a row and its rating area's number; `None` if it applies to other plan years, or a fault was
/// reported.
fn area(row: &Row, year: i32, problems: &mut Problems) -> Option<(Area, i64)> {
    for (column, holds) in [("first_year", i64::lt as fn(&i64, &i64) -> bool), ("last_year", i64::gt)] {
        let filed = row.text(column);
        match values::whole(&filed) {
            Ok(None) => {}
            Ok(Some(bound)) if holds(&i64::from(year), &bound) => return None,
            Ok(Some(_)) => {}
            Err((fault, reason)) => {
                row.problem(problems, column, &filed, fault, reason);
                return None;
            }
        }
    }
    let (state, county, zip3) = (row.text("state"), row.text("county_fips"), row.text("zip3"));
    let number = row.text("rating_area");
    let Some(area) = super::rates::area_number(&number) else {
        row.problem(problems, "rating_area", &number, Fault::Number, "a rating area's number is wanted");
        return None;
    };
    let code = values::without_zero_decimals(&county);
    let fips = CountyFips::parse(&format!("{code:0>5}")).map(CountyFips::number).filter(|_| !code.is_empty());
    let digits = Some(&*zip3).filter(|z| z.len() == 3).and_then(|z| z.parse::<u16>().ok());
    match (fips, digits) {
        (Some(fips), None) if zip3.is_empty() => Some(((state.to_string(), Some(fips), None), area)),
        (None, Some(digits)) if county.is_empty() => Some(((state.to_string(), None, Some(digits)), area)),
        _ => {
            let value = format!("{county} {zip3}");
            let reason = "either a five-digit county code or the first three digits of a ZIP code is wanted";
            row.problem(problems, "county_fips, zip3", &value, Fault::Place, reason);
            None
        }
    }
}
