//! The loader: CMS's public files → one immutable catalogue file per plan year.
//!
//! Called by the `load`, `sample` and `synth` commands, and by `serve` on first start. It reads two folders and
//! writes to a third; it must never touch an existing catalogue, publish an incomplete one, or ask a clock: the build
//! time is an argument.
//!
//! The path through it: `gather` takes stock of the files (`find` finds them, `kinds` identifies them, `read` opens
//! them) and sends them through one reader each (`geo`, `attributes`, `rates`, `benefits`, `service_areas`,
//! `quality`, `optional`), which parse values by `values`; `plans` and `sold` make the rows; `write` puts them into
//! the new file; `catalogue::rules` checks it; `problems` says what was wrong with the input, `census` what became of
//! the plans and insurers.

pub mod attributes;
pub mod benefits;
pub mod census;
pub mod cost_share;
pub mod county_names;
pub mod find;
pub mod gather;
pub mod geo;
pub mod kinds;
pub mod limits;
pub mod lines;
pub mod model;
pub mod optional;
pub mod plans;
pub mod problems;
pub mod progress;
pub mod quality;
pub mod rates;
pub mod read;
pub mod sample;
pub mod service_areas;
pub mod shipped;
pub mod sold;
pub mod survey;
pub mod synth;
pub mod values;
pub mod write;

pub use county_names::county_name;
pub use problems::{LoadError, Problems};
pub use progress::Progress;

use gather::Gathered;
use read::Source;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use write::Build;

pub use crate::filing::marks::Provenance;

/// Build catalogues from CMS's Exchange Public Use Files.
#[derive(Debug, Clone, clap::Args)]
pub struct LoadArgs {
    /// Folder with the Plan Attributes, Rate, Benefits, Service Area and Quality PUFs, each as .zip or .csv
    #[arg(long, value_name = "DIR")]
    pub from: PathBuf,
    /// Folder with the ZIP-county and rating-area tables
    #[arg(long, value_name = "DIR")]
    pub geo: PathBuf,
    /// Folder the catalogue is written to
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub to: Option<PathBuf>,
    /// Write nothing if any row is faulty
    #[arg(long)]
    pub strict: bool,
    /// Write nothing at all: report what is in each file and how much of it can be read
    #[arg(long)]
    pub dry_run: bool,
    /// How many faults of each kind to report in full; all are counted
    #[arg(long, value_name = "N", default_value_t = MAX_ERRORS)]
    pub max_errors: usize,
    /// Origin of the premiums [default: what provenance.txt in the --from folder says, else filed]
    #[arg(long, value_enum)]
    pub rates: Option<Provenance>,
}

/// Faults of one kind shown by default.
const MAX_ERRORS: usize = 10;

/// What a load should do.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    pub from: PathBuf,
    pub geo: PathBuf,
    pub to: PathBuf,
    pub strict: bool,
    pub max_errors: usize,
    /// `None`: as `provenance.txt` in the folder says, else filed.
    pub rates: Option<Provenance>,
    pub progress: Progress,
}

impl LoadOptions {
    /// With the command line's defaults, and without progress.
    pub fn new(from: impl Into<PathBuf>, geo: impl Into<PathBuf>, to: impl Into<PathBuf>) -> LoadOptions {
        let (from, geo, to) = (from.into(), geo.into(), to.into());
        LoadOptions { from, geo, to, strict: false, max_errors: MAX_ERRORS, rates: None, progress: Progress::Quiet }
    }
}

impl From<LoadArgs> for LoadOptions {
    fn from(args: LoadArgs) -> LoadOptions {
        let LoadArgs { from, geo, to, strict, dry_run: _, max_errors, rates } = args;
        // Only a dry run has none, and it writes nothing.
        let to = to.unwrap_or_default();
        LoadOptions { from, geo, to, strict, max_errors, rates, progress: Progress::to_stderr() }
    }
}

/// A published catalogue.
#[derive(Debug, Clone)]
pub struct Built {
    pub path: PathBuf,
    pub plan_year: i32,
    /// What decides its content, as a lower-case hex sha256; the file's name has the first eight digits.
    pub hash: String,
    /// Rows of each table.
    pub counts: BTreeMap<String, i64>,
    /// How many plans and insurers were filed, kept and sold, as a sentence; blank if nothing was filed.
    pub census: String,
}

/// What a load did.
#[derive(Debug)]
pub struct Report {
    pub catalogues: Vec<Built>,
    pub problems: Problems,
}

impl Report {
    /// The command's exit code: 0 if everything was read, 2 if catalogues were written but rows or values left out.
    pub fn exit_code(&self) -> u8 {
        if self.problems.is_clean() { 0 } else { 2 }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.problems)?;
        self.catalogues.iter().try_for_each(|built| writeln!(f, "{built}"))?;
        match (self.problems.bad_rows(), self.problems.bad_values()) {
            (0, 0) => Ok(()),
            (rows, values) => writeln!(
                f,
                "rows left out for a fault: {rows}; values left out of rows that are kept: {values} (--strict would have \
                 refused them)"
            ),
        }
    }
}

impl fmt::Display for Built {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |table: &str| self.counts.get(table).copied().unwrap_or(0);
        if !self.census.is_empty() {
            writeln!(f, "plan year {}: {}", self.plan_year, self.census)?;
        }
        write!(
            f,
            "plan year {}: {} plans, {} variants, {} rates, {} county offers, {} benefits rows → {}",
            self.plan_year,
            count("plan"),
            count("variant"),
            count("rate"),
            count("sold"),
            count("cost_sharing"),
            self.path.display()
        )
    }
}

/// Builds one catalogue for each plan year in `options.from`, and publishes them once all of them are complete.
///
/// `now` is the time recorded in the files' names and `meta`. Can be dropped at any point: nothing is left behind.
///
/// # Errors
///
/// Any [`LoadError`]; the folder is then unchanged.
pub async fn run(options: &LoadOptions, now: OffsetDateTime) -> Result<Report, LoadError> {
    let provenance = provenance(&options.from, options.rates)?;
    let (from, geo) = (options.from.clone(), options.geo.clone());
    let stock = blocking(move || gather::take_stock(&from, &geo)).await?;
    let mut problems = Problems::new(options.max_errors);
    for words in &stock.ignored {
        // Say it now too: if the load fails later, this may be why.
        options.progress.say(&format!("passed over {words}"));
        problems.warn(format!("passed over {words}"));
    }
    let mut ready = Vec::new();
    for (year, files) in stock.years {
        let places = (stock.zip_county.clone(), stock.rating_areas.clone());
        let (build, built, found) = build(options, (year, files), places, &provenance, now).await?;
        problems.absorb(found);
        ready.push((build, built));
    }
    if options.strict && !problems.is_clean() {
        return Err(LoadError::Strict(problems.bad_rows() + problems.bad_values(), Box::new(problems)));
    }
    let mut catalogues = Vec::new();
    for (build, mut built) in ready {
        let name = write::file_name(built.plan_year, now, &built.hash);
        built.path = build.publish(&name).await?;
        catalogues.push(built);
    }
    Ok(Report { catalogues, problems })
}

async fn build(
    options: &LoadOptions,
    (year, files): (i32, gather::Files),
    places: (Source, Source),
    (provenance, note): &(Provenance, Option<String>),
    now: OffsetDateTime,
) -> Result<(Build, Built, Problems), LoadError> {
    let progress = options.progress.clone();
    let words = [year.to_string(), provenance.word().to_string(), note.clone().unwrap_or_default()];
    let mut build = Build::start(&options.to, year).await?;
    let (out, mut queue) = write::queue();
    let max_errors = options.max_errors;
    let reader = blocking(move || {
        let words = words.each_ref().map(String::as_str);
        let hash = gather::content_hash(files.values().flatten().chain([&places.0, &places.1]), &words)?;
        let gathered = gather::read_all(&files, (&places.0, &places.1), (year, max_errors), &progress, &out)?;
        Ok((gathered, hash))
    });
    let reader = tokio::spawn(reader);
    let written = build.drain(&mut queue).await;
    // A failed writer leaves the reader with nowhere to send to; it stops by itself.
    drop(queue);
    let read = reader.await.map_err(|e| LoadError::Input(format!("the reader stopped: {e}")))?;
    written?;
    let (Gathered { problems, meta, census }, hash) = read?;
    options.progress.say("indexing and checking");
    for (key, value) in &meta {
        build.meta(key, value).await?;
    }
    describe(&mut build, year, &hash, *provenance, now).await?;
    if let Some(note) = note {
        build.meta("note", note).await?;
    }
    let mut problems = problems;
    let (counts, warnings) = match build.complete().await {
        // The faults explain why the catalogue is incomplete.
        Err(LoadError::NotWhole(rules)) => return Err(LoadError::NotWhole(format!("{rules}\n{problems}"))),
        done => done?,
    };
    warnings.into_iter().for_each(|words| problems.warn(words));
    let built = Built { path: PathBuf::new(), plan_year: year, hash, counts: counts.into_iter().collect(), census };
    Ok((build, built, problems))
}

/// The rows of `meta` that every catalogue has.
async fn describe(
    build: &mut Build,
    year: i32,
    hash: &str,
    provenance: Provenance,
    now: OffsetDateTime,
) -> Result<(), LoadError> {
    let built_at = rfc3339(now)?;
    build.meta("schema_version", &write::SCHEMA_VERSION.to_string()).await?;
    build.meta("plan_year", &year.to_string()).await?;
    build.meta("built_at", &built_at).await?;
    build.meta("hash", hash).await?;
    build.meta("rates_provenance", provenance.word()).await?;
    build.meta("loader", env!("CARGO_PKG_VERSION")).await
}

fn rfc3339(now: OffsetDateTime) -> Result<String, LoadError> {
    let text = now.to_offset(time::UtcOffset::UTC).format(&Rfc3339);
    text.map_err(|e| LoadError::Input(format!("the time of the build cannot be written: {e}")))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| LoadError::Input(format!("a reader stopped: {e}")))?
}

/// The word and the note of `provenance.txt` (or `PROVENANCE`) in the folder, and the flag.
fn provenance(from: &Path, flag: Option<Provenance>) -> Result<(Provenance, Option<String>), LoadError> {
    let Some(path) = ["provenance.txt", "PROVENANCE", "PROVENANCE.txt"]
        .map(|name| from.join(name))
        .into_iter()
        .find(|p| p.is_file())
    else {
        return Ok((flag.unwrap_or(Provenance::Filed), None));
    };
    let text = std::fs::read_to_string(&path)
        .map_err(|e| LoadError::Read { path: path.display().to_string(), reason: e.to_string() })?;
    let (word, note) = text.trim_start_matches('\u{feff}').split_once('\n').unwrap_or((&text, ""));
    let Some(said) = Provenance::parse(word) else {
        let words = "its first line must be filed, illustrative or invented";
        return Err(LoadError::Read { path: path.display().to_string(), reason: words.to_string() });
    };
    if flag.is_some_and(|flag| flag != said) {
        let words = format!(
            "{} says the rates are {}, --rates says otherwise: change one of them",
            path.display(),
            said.word()
        );
        return Err(LoadError::Input(words));
    }
    let note = note.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok((said, Some(note).filter(|note| !note.is_empty())))
}
