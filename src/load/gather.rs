//! One plan year's files → statements for the writer: the order in which files are read and joined.
//!
//! Called by `load::run` on a thread of its own, because it reads and parses without pause. The Rate PUF, nine tenths of
//! the work, is read on a second thread while the other files are read and written.

use super::geo::{Counts, Geo};
use super::model::{Extras, Plans};
use super::problems::{LoadError, Problems};
use super::progress::{Meter, Progress};
use super::rates::{self, Rates};
use super::read::{Kind, Source, find_sources, hex};
use super::service_areas::{self, ServiceAreas};
use super::write::{INDEXES, Out, Rows, SCHEMA, SCHEMA_VERSION, cell};
use super::{attributes, benefits, geo, optional, plans, quality, sold};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The files of each plan year, and the two of geography.
#[derive(Debug)]
pub struct Inventory {
    pub years: BTreeMap<i32, BTreeMap<Kind, Source>>,
    pub zip_county: Source,
    pub rating_areas: Source,
    /// Files that were passed over, in words.
    pub ignored: Vec<String>,
}

/// A plan year cannot do without these.
const NEEDED: [Kind; 5] = [Kind::Attributes, Kind::Rates, Kind::Benefits, Kind::ServiceAreas, Kind::Quality];

/// Finds what is in the two folders.
///
/// # Errors
/// A needed file that is missing, with what it is known by; two files of one kind and year; a file without a year.
pub fn take_stock(from: &Path, geo: &Path) -> Result<Inventory, LoadError> {
    let (found, unknown) = find_sources(from)?;
    let mut ignored: Vec<String> = unknown.into_iter().map(|name| format!("{name}: not one of CMS's files")).collect();
    let plan_files = found.into_iter().filter(|s| !matches!(s.kind, Kind::ZipCounty | Kind::RatingAreas));
    let (attributes, others): (Vec<Source>, Vec<Source>) =
        plan_files.partition(|source| source.kind == Kind::Attributes);
    let years: BTreeSet<i32> = attributes.iter().filter_map(|source| source.year).collect();
    let mut by_year: BTreeMap<i32, BTreeMap<Kind, Source>> = BTreeMap::new();
    for mut source in attributes.into_iter().chain(others) {
        let Some(year) = source.year.or_else(|| year_of(&source.name, &years)) else {
            let kind = source.kind.name();
            let words = format!(
                "{} ({kind}) does not say its plan year: no BusinessYear in its first row, and none in its name",
                source.name
            );
            return Err(LoadError::Input(words));
        };
        if !years.contains(&year) && source.kind != Kind::Attributes {
            ignored.push(format!("{}: of plan year {year}, which has no Plan Attributes PUF here", source.name));
            continue;
        }
        source.year = Some(year);
        let (kind, second) = (source.kind, source.name.clone());
        if let Some(first) = by_year.entry(year).or_default().insert(kind, source) {
            return Err(LoadError::TwoFiles { first: first.name, second, kind: kind.name(), year });
        }
    }
    if by_year.is_empty() {
        return Err(missing(Kind::Attributes, "", from));
    }
    for (year, files) in &by_year {
        if let Some(kind) = NEEDED.into_iter().find(|kind| !files.contains_key(kind)) {
            return Err(missing(kind, &format!(" of plan year {year}"), from));
        }
    }
    let (places, _) = find_sources(geo)?;
    let place =
        |kind: Kind| places.iter().find(|source| source.kind == kind).cloned().ok_or_else(|| missing(kind, "", geo));
    Ok(Inventory {
        years: by_year,
        zip_county: place(Kind::ZipCounty)?,
        rating_areas: place(Kind::RatingAreas)?,
        ignored,
    })
}

pub fn missing(kind: Kind, of_year: &str, folder: &Path) -> LoadError {
    let columns = kind.signature().join(", ");
    LoadError::MissingFile { what: format!("{}{of_year}", kind.name()), folder: folder.to_path_buf(), columns }
}

/// A file without a year of its own (the Quality PUF): the only year there is, or the one in its name.
fn year_of(name: &str, years: &BTreeSet<i32>) -> Option<i32> {
    match years.len() {
        1 => years.first().copied(),
        _ => years.iter().copied().find(|year| name.contains(&year.to_string())),
    }
}

/// What [`read_all`] has to say besides the rows it has sent.
#[derive(Debug)]
pub struct Gathered {
    pub problems: Problems,
    /// More rows for `meta`.
    pub meta: Vec<(String, String)>,
}

/// Reads one plan year's files and sends every row of the catalogue to `out`.
pub fn read_all(
    files: &BTreeMap<Kind, Source>,
    (zip_county, rating_areas): (&Source, &Source),
    max_errors: usize,
    progress: &Progress,
    out: &Out,
) -> Result<Gathered, LoadError> {
    let mut problems = Problems::new(max_errors);
    let mut counts: Vec<(&Source, Counts)> = Vec::new();
    let (geo, [pairs, areas]) = geo::read(zip_county, rating_areas, progress, &mut problems)?;
    counts.extend([(zip_county, pairs), (rating_areas, areas)]);
    let source = needed(files, Kind::Attributes)?;
    let meter = progress.meter(&source.name, source.text_bytes);
    let (plans, read, kept) = attributes::read(source, meter, &mut problems)?;
    counts.push((source, (read, kept)));

    let source = needed(files, Kind::Rates)?;
    let (areas, (rates, rate_counts, rate_problems)) = std::thread::scope(|scope| {
        let rates = scope.spawn(|| {
            let mut problems = Problems::new(max_errors);
            let meter = progress.meter(&source.name, source.text_bytes);
            let read = rates::read(source, meter, (&plans, &geo), &mut problems);
            read.map(|(rates, counts)| (rates, counts, problems))
        });
        let mut rest = Rest { files, plans: &plans, geo: &geo, progress, out, counts: &mut counts };
        let areas = rest.read(&mut problems);
        // Whatever the rest came to, the thread is waited for; its own error comes second.
        let rates = rates.join().map_err(|_| LoadError::Input("the thread that reads rates stopped".to_string()));
        Ok::<_, LoadError>((areas?, rates??))
    })?;
    counts.push((source, rate_counts));
    problems.absorb(rate_problems);
    let meta = finish((&plans, &geo), &areas, &rates, &mut problems, out)?;
    write_sources(&counts, out)?;
    Ok(Gathered { problems, meta })
}

fn needed(files: &BTreeMap<Kind, Source>, kind: Kind) -> Result<&Source, LoadError> {
    files.get(&kind).ok_or_else(|| LoadError::Input(format!("no {}", kind.name())))
}

/// Writes what rates decide: the rates themselves and where plans are sold.
pub fn finish(
    (plans, geo): (&Plans, &Geo),
    areas: &ServiceAreas,
    rates: &Rates,
    problems: &mut Problems,
    out: &Out,
) -> Result<Vec<(String, String)>, LoadError> {
    let incomplete = rates.write(out)?;
    if let Some(first) = incomplete.first() {
        let id = plans.get(first.plan).map(|plan| plan.id.as_str()).unwrap_or_default();
        let n = incomplete.len();
        problems.warn(format!("plans that lack the premium of some age in a rating area: {n} (the first: {id})"));
    }
    let unsold = sold::write((plans, geo), areas, rates, out)?;
    unsold.warn(problems);
    let mut meta = unsold.meta();
    meta.push(("unsold.incomplete_rates".to_string(), incomplete.len().to_string()));
    Ok(meta)
}

/// Everything but rates, read while the rates are.
struct Rest<'a, 'c> {
    files: &'a BTreeMap<Kind, Source>,
    plans: &'a Plans,
    geo: &'a Geo,
    progress: &'a Progress,
    out: &'a Out,
    counts: &'c mut Vec<(&'a Source, Counts)>,
}

impl<'a> Rest<'a, '_> {
    fn read(&mut self, problems: &mut Problems) -> Result<ServiceAreas, LoadError> {
        let (files, plans, out) = (self.files, self.plans, self.out);
        self.geo.write(out)?;
        let mut extras = Extras::default();
        let source = needed(files, Kind::Quality)?;
        let read = quality::read(source, self.meter(source), plans, &mut extras, problems)?;
        self.counts.push((source, read));
        let source = needed(files, Kind::ServiceAreas)?;
        let (areas, read) = service_areas::read(source, self.meter(source), self.geo, problems)?;
        self.counts.push((source, read));
        let source = needed(files, Kind::Benefits)?;
        let read = benefits::read(source, self.meter(source), (plans, &mut extras), problems, out)?;
        self.counts.push((source, read));
        for kind in [Kind::Crosswalk, Kind::Network, Kind::BusinessRules] {
            let Some(source) = files.get(&kind) else { continue };
            let meter = self.meter(source);
            let read = match kind {
                Kind::Crosswalk => optional::crosswalk(source, meter, problems, out)?,
                Kind::Network => optional::network(source, meter, plans, problems, out)?,
                _ => optional::business_rules(source, meter, plans, problems, out)?,
            };
            self.counts.push((source, read));
        }
        plans::write(plans, &extras, out)?;
        Ok(areas)
    }

    fn meter(&self, source: &Source) -> Meter {
        self.progress.meter(&source.name, source.text_bytes)
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
    }
}
