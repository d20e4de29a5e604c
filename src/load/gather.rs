//! One plan year's files → statements for the writer: the order in which files are read and joined.
//!
//! Called by `load::run` on a separate thread, because it reads and parses without pause. The Rate PUF, nine tenths
//! of the work, is read on a second thread while the other files are read and written. It must never publish
//! anything.

use super::census::Census;
use super::find::{Found, find_sources};
use super::geo::{Counts, Geo};
use super::kinds::Kind;
use super::model::{Extras, Plans};
use super::problems::{LoadError, Problems};
use super::progress::{Meter, Progress};
use super::rates::{self, Rates};
use super::read::Source;
use super::service_areas::{self, ServiceAreas};
use super::write::{INDEXES, Out, Rows, SCHEMA, SCHEMA_VERSION, cell};
use super::{attributes, benefits, geo, optional, plans, quality, sold};
use crate::types::hex;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One plan year's files: one of each kind, or several that hold different states.
pub type Files = BTreeMap<Kind, Vec<Source>>;

/// The files of each plan year, and the two of geography.
#[derive(Debug)]
pub struct Inventory {
    pub years: BTreeMap<i32, Files>,
    pub zip_county: Source,
    pub rating_areas: Source,
    /// Files that were skipped, in words.
    pub ignored: Vec<String>,
}

/// A plan year needs these. A year before 2019 has no Quality PUF, and a state's own files have none.
const NEEDED: [Kind; 3] = [Kind::Attributes, Kind::Rates, Kind::ServiceAreas];
/// Without these the catalogue says less, and the load reports that.
const EXPECTED: [(Kind, &str); 2] = [
    (Kind::Benefits, "what plans cover and what care costs is missing on every page"),
    (Kind::Quality, "no plan has stars"),
];

/// Finds what is in the two folders.
///
/// # Errors
///
/// If a needed file is missing (with what identifies it and what was seen), there are two files of one kind, year and
/// state, or a file has no year.
pub fn take_stock(from: &Path, geo: &Path) -> Result<Inventory, LoadError> {
    let Found { sources, unread: mut ignored } = find_sources(from)?;
    let plan_files = sources.into_iter().filter(|s| !matches!(s.kind, Kind::ZipCounty | Kind::RatingAreas));
    let (attributes, others): (Vec<Source>, Vec<Source>) =
        plan_files.partition(|source| source.kind == Kind::Attributes);
    let years: BTreeSet<i32> =
        attributes.iter().filter_map(|source| source.year.or_else(|| year_in(&source.name))).collect();
    let mut by_year: BTreeMap<i32, Files> = BTreeMap::new();
    for mut source in attributes.into_iter().chain(others) {
        let year = source.year.or_else(|| year_of(&source.name, &years)).or_else(|| year_in(&source.name));
        let Some(year) = year else {
            let kind = source.kind.name();
            let words = format!(
                "{} ({kind}) does not say its plan year: no BusinessYear in its first rows, and none in its name",
                source.name
            );
            return Err(LoadError::Input(words));
        };
        if !years.contains(&year) && source.kind != Kind::Attributes {
            ignored.push(format!("{}: of plan year {year}, which has no Plan Attributes PUF here", source.name));
            continue;
        }
        source.year = Some(year);
        let kind = source.kind;
        let held = by_year.entry(year).or_default().entry(kind).or_default();
        if let Some(first) = held.iter().find(|first| first.state == source.state) {
            let (first, second) = (first.name.clone(), source.name);
            return Err(LoadError::TwoFiles { first, second, kind: kind.name(), year });
        }
        held.push(source);
    }
    if by_year.is_empty() {
        return Err(missing(Kind::Attributes, "", from, &ignored));
    }
    for (year, files) in &by_year {
        if let Some(kind) = NEEDED.into_iter().find(|kind| !files.contains_key(kind)) {
            return Err(missing(kind, &format!(" of plan year {year}"), from, &ignored));
        }
    }
    let places = find_sources(geo)?;
    let place = |kind: Kind| {
        let found = places.sources.iter().find(|source| source.kind == kind);
        found.cloned().ok_or_else(|| missing(kind, "", geo, &places.unread))
    };
    Ok(Inventory {
        years: by_year,
        zip_county: place(Kind::ZipCounty)?,
        rating_areas: place(Kind::RatingAreas)?,
        ignored,
    })
}

/// How many seen but unread files a message lists.
const SEEN_NAMED: usize = 12;

pub fn missing(kind: Kind, of_year: &str, folder: &Path, seen: &[String]) -> LoadError {
    let columns = kind.signature().join(", ");
    let mut seen_words: String =
        seen.iter().take(SEEN_NAMED).map(|words| format!("\n  seen, not read: {words}")).collect();
    if seen.len() > SEEN_NAMED {
        seen_words.push_str(&format!("\n  and {} more", seen.len() - SEEN_NAMED));
    }
    let what = format!("{}{of_year}", kind.name());
    LoadError::MissingFile { what, folder: folder.to_path_buf(), columns, seen: seen_words }
}

/// The plan year in a file's name, `Rate_PUF_2014.csv`; a date in the name does not count.
fn year_in(name: &str) -> Option<i32> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let numbers = last.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 4);
    let mut years = numbers.filter_map(|digits| digits.parse().ok()).filter(|year| (2014..2100).contains(year));
    years.next()
}

/// For a file without a year of its own (the Quality PUF): the only year there is, or the one in its name.
fn year_of(name: &str, years: &BTreeSet<i32>) -> Option<i32> {
    match years.len() {
        1 => years.first().copied(),
        _ => years.iter().copied().find(|year| name.contains(&year.to_string())),
    }
}

/// Rows of `meta`.
pub type Meta = Vec<(String, String)>;

/// What [`read_all`] reports besides the rows it has sent.
#[derive(Debug)]
pub struct Gathered {
    pub problems: Problems,
    /// More rows for `meta`.
    pub meta: Meta,
    /// How many plans and insurers were filed, kept and sold, as a sentence.
    pub census: String,
}

/// Reads one plan year's files and sends every row of the catalogue to `out`.
pub fn read_all(
    files: &Files,
    (zip_county, rating_areas): (&Source, &Source),
    (year, max_errors): (i32, usize),
    progress: &Progress,
    out: &Out,
) -> Result<Gathered, LoadError> {
    let mut problems = Problems::new(max_errors);
    let mut counts: Vec<(&Source, Counts)> = Vec::new();
    let (geo, [pairs, areas]) = geo::read(zip_county, rating_areas, year, progress, &mut problems)?;
    counts.extend([(zip_county, pairs), (rating_areas, areas)]);
    for (kind, words) in EXPECTED.iter().filter(|(kind, _)| !files.contains_key(kind)) {
        problems.warn(format!("no {} of plan year {year}: {words}", kind.name()));
    }
    let mut reader = attributes::Reader::default();
    for source in of(files, Kind::Attributes) {
        counts.push((source, reader.read(source, meter(progress, source), &mut problems)?));
    }
    let (plans, census) = reader.finish();

    let sources = of(files, Kind::Rates);
    let (areas, (rates, rate_counts, rate_problems)) = std::thread::scope(|scope| {
        let rates = scope.spawn(|| {
            let mut problems = Problems::new(max_errors);
            let read = rates::read(sources, |source| meter(progress, source), (&plans, &geo), &mut problems);
            read.map(|(rates, counts)| (rates, counts, problems))
        });
        let mut rest = Rest { files, plans: &plans, geo: &geo, progress, out, counts: &mut counts };
        let areas = rest.read(&mut problems);
        // However the rest ended, wait for the thread; its own error comes second.
        let rates = rates.join().map_err(|_| LoadError::Input("the thread that reads rates stopped".to_string()));
        Ok::<_, LoadError>((areas?, rates??))
    })?;
    counts.extend(sources.iter().zip(rate_counts));
    problems.absorb(rate_problems);
    let (mut meta, sold) = finish((&plans, &geo), &areas, &rates, &mut problems, out)?;
    let (filed, census) = census_of(&census, &plans, &sold, &mut problems);
    meta.extend(filed);
    write_sources(&counts, out)?;
    Ok(Gathered { problems, meta, census })
}

fn census_of(census: &Census, plans: &Plans, sold: &BTreeSet<u32>, problems: &mut Problems) -> (Meta, String) {
    let sold = sold.iter().filter_map(|pk| plans.get(*pk)).map(|plan| plan.id.as_str()).collect();
    census.finish(&sold, problems)
}

fn of(files: &Files, kind: Kind) -> &[Source] {
    files.get(&kind).map(Vec::as_slice).unwrap_or_default()
}

fn meter(progress: &Progress, source: &Source) -> Meter {
    progress.meter(&source.name, source.text_bytes)
}

/// Writes what depends on rates: the rates themselves and where plans are sold. Returns rows for `meta` and the plans
/// that are sold anywhere.
pub fn finish(
    (plans, geo): (&Plans, &Geo),
    areas: &ServiceAreas,
    rates: &Rates,
    problems: &mut Problems,
    out: &Out,
) -> Result<(Meta, BTreeSet<u32>), LoadError> {
    let incomplete = rates.write(out)?;
    if let Some(first) = incomplete.first() {
        let id = plans.get(first.plan).map(|plan| plan.id.as_str()).unwrap_or_default();
        let n = incomplete.len();
        problems.warn(format!("plans that lack the premium of some age in a rating area: {n} (the first: {id})"));
    }
    let (unsold, sold) = sold::write((plans, geo), areas, rates, out)?;
    unsold.warn(problems);
    let mut meta = unsold.meta();
    meta.push(("unsold.incomplete_rates".to_string(), incomplete.len().to_string()));
    Ok((meta, sold))
}

/// Everything except rates, read while the rates are.
struct Rest<'a, 'c> {
    files: &'a Files,
    plans: &'a Plans,
    geo: &'a Geo,
    progress: &'a Progress,
    out: &'a Out,
    counts: &'c mut Vec<(&'a Source, Counts)>,
}

impl<'a> Rest<'a, '_> {
    fn read(&mut self, problems: &mut Problems) -> Result<ServiceAreas, LoadError> {
        let (plans, out) = (self.plans, self.out);
        self.geo.write(out)?;
        let (mut extras, mut areas) = (Extras::default(), ServiceAreas::default());
        self.each(Kind::Quality, |source, meter| quality::read(source, meter, plans, &mut extras, problems))?;
        let geo = self.geo;
        self.each(Kind::ServiceAreas, |source, meter| service_areas::read(source, meter, (geo, &mut areas), problems))?;
        let mut benefits = benefits::Reader::new(plans, out);
        self.each(Kind::Benefits, |source, meter| benefits.read(source, meter, &mut extras, problems))?;
        benefits.finish(out)?;
        self.each(Kind::Crosswalk, |source, meter| optional::crosswalk(source, meter, problems, out))?;
        let mut networks = optional::Networks::default();
        self.each(Kind::Network, |source, meter| networks.read(source, meter, plans, problems))?;
        networks.write(out)?;
        self.each(Kind::BusinessRules, |source, meter| optional::business_rules(source, meter, plans, problems, out))?;
        plans::write(plans, &extras, out)?;
        Ok(areas)
    }

    /// Reads the files of a kind one after another, and keeps their counts.
    fn each(
        &mut self,
        kind: Kind,
        mut read: impl FnMut(&Source, Meter) -> Result<Counts, LoadError>,
    ) -> Result<(), LoadError> {
        for source in of(self.files, kind) {
            let counts = read(source, meter(self.progress, source))?;
            self.counts.push((source, counts));
        }
        Ok(())
    }
}

fn write_sources(counts: &[(&Source, Counts)], out: &Out) -> Result<(), LoadError> {
    let columns = ["name", "kind", "sha256", "bytes", "rows_read", "rows_kept", "rows_skipped"];
    let mut rows = Rows::new(out, "source_file", &columns);
    for (source, (read, kept)) in counts {
        let (sha256, bytes) = source.fingerprint()?;
        let number = |n: u64| cell(i64::try_from(n).unwrap_or(i64::MAX));
        let skipped = read.saturating_sub(*kept);
        let texts = [cell(&source.name), cell(source.kind.name()), cell(&sha256)];
        rows.push(texts.into_iter().chain([number(bytes), number(*read), number(*kept), number(skipped)]))?;
    }
    rows.finish().map(drop)
}

/// What decides a catalogue's content, as one hash: the schema, the files, and what was said about the prices.
pub fn content_hash<'a>(sources: impl IntoIterator<Item = &'a Source>, words: &[&str]) -> Result<String, LoadError> {
    let mut hash = Sha256::new();
    hash.update(SCHEMA_VERSION.to_be_bytes());
    for text in [SCHEMA, INDEXES].iter().chain(words) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    for source in sources {
        let (sha256, _) = source.fingerprint()?;
        hash.update(format!("{}\n{sha256}\n", source.kind.name()));
    }
    Ok(hex(&hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_year_belongs_to_the_only_one_or_to_the_one_in_its_name() {
        let years = BTreeSet::from([2025, 2026]);
        assert_eq!(year_of("quality-puf.csv", &BTreeSet::from([2026])), Some(2026));
        assert_eq!(year_of("py2025-quality.zip/quality.csv", &years), Some(2025));
        assert_eq!(year_of("quality.csv", &years), None);
        assert_eq!(year_in("puf/Plan_Attributes_PUF_2014_2015-03-09.csv"), Some(2014));
        assert_eq!((year_in("2026/NJRates05072026.csv"), year_in("rate-puf.csv")), (None, None));
    }
}
