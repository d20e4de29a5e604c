//! The morning rotation: build a catalogue from last night's files, compare it with the one being served, then
//! publish it or stop with a report that a person can read. Plus the commands with which a person manages the shelf.
//!
//! Called by `windowshop rotate` and `windowshop catalogue`. It must never change a catalogue, publish one that
//! exceeds a limit, remove one that is being served, or leave anything behind when it is killed: the new file is made
//! in a folder `.rotation` and reaches its place by a single rename.

pub mod compare;
pub mod judge;
pub mod limits;
pub mod report;
pub mod shelf;

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::catalogue::pins::Pins;
use crate::catalogue::{self, FoundFile, Shelf};
use crate::load::{self, Built, LoadOptions, Progress, Provenance};
use compare::Differences;
use judge::Finding;
use limits::Limits;
pub use report::{Report, Verdict, Year};

/// Where the new file is made, in the catalogues' folder so that a rename puts it in place.
const STAGING: &str = ".rotation";
/// Held while a rotation runs; the empty file stays.
const LOCK: &str = ".rotation.lock";
/// Where the copies used to try out the new file are kept, in the staging folder.
const PRIVATE: &str = "tried";
/// Faulty rows that the report shows in full; all are counted.
const FAULTS_SHOWN: usize = 10;

/// Build today's catalogue, compare it with yesterday's, publish it or stop with a report.
#[derive(Debug, Clone, clap::Args)]
pub struct RotateArgs {
    /// Folder with last night's files, as for `load`
    #[arg(long, value_name = "DIR", env = "WINDOWSHOP_ROTATE_FROM")]
    pub from: PathBuf,
    /// Folder with the catalogues being served; the new one is compared with them and published there
    #[arg(long, value_name = "DIR", env = "WINDOWSHOP_ROTATE_AGAINST")]
    pub against: PathBuf,
    /// Folder with the ZIP-county and rating-area tables [default: `geo` in the --from folder]
    #[arg(long, value_name = "DIR", env = "WINDOWSHOP_ROTATE_GEO")]
    pub geo: Option<PathBuf>,
    /// Origin of the premiums [default: what provenance.txt in the --from folder says, else filed]
    #[arg(long, value_enum)]
    pub rates: Option<Provenance>,
    /// How many catalogues of a plan year to keep on the shelf for a rollback
    #[arg(long, value_name = "N", env = "WINDOWSHOP_ROTATE_KEEP", default_value_t = 7, value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub keep: u32,
    /// Build and compare, but publish nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub limits: Limits,
}

/// Can be dropped at any point: what was served before is still served.
///
/// # Errors
///
/// If files cannot be loaded, the disk cannot be written, or another rotation is running. Then nothing was published,
/// except that with several plan years those before the disk's fault are in place.
pub async fn run(args: &RotateArgs, progress: Progress, now: OffsetDateTime) -> anyhow::Result<Report> {
    let shelf = &args.against;
    std::fs::create_dir_all(shelf).with_context(|| format!("cannot make {}", shelf.display()))?;
    let _lock = lock(shelf)?;
    let (staging, mut notes) = Staging::make(shelf)?;
    let geo = args.geo.clone().unwrap_or_else(|| args.from.join("geo"));
    let (rates, max_errors) = (args.rates, FAULTS_SHOWN);
    let options = LoadOptions { rates, max_errors, progress, ..LoadOptions::new(&args.from, geo, &staging.0) };
    let loaded = load::run(&options, now).await.context("today's catalogue could not be built; the old one stays")?;
    // As a server opens it, with everything held in memory.
    drop(
        Shelf::open(&staging.0, &staging.0.join(PRIVATE))
            .await
            .context("today's catalogue cannot be served; the old one stays")?,
    );

    let faulty_rows = i64::try_from(loaded.problems.bad_rows()).unwrap_or(i64::MAX);
    let pins = Pins::read(shelf)?;
    let mut years = Vec::new();
    for built in &loaded.catalogues {
        years.push(look_at(args, built, faulty_rows, &pins).await?);
    }
    let mut removed = Vec::new();
    if years.iter().any(|year| year.verdict == Verdict::Stopped) {
        years
            .iter_mut()
            .filter(|year| year.verdict == Verdict::Published)
            .for_each(|year| year.verdict = Verdict::Waiting);
    } else if args.dry_run {
        years
            .iter_mut()
            .filter(|year| year.verdict == Verdict::Published)
            .for_each(|year| year.verdict = Verdict::Good);
    } else {
        for (year, built) in years.iter_mut().zip(&loaded.catalogues) {
            publish(shelf, built, year, &pins)?;
            removed.extend(clear_away(shelf, year.year, args.keep, &mut notes)?);
        }
    }
    let when = now.format(format_description!("[year]-[month]-[day] [hour]:[minute] UTC")).unwrap_or_default();
    Ok(Report { when, years, problems: loaded.problems.to_string(), removed, notes })
}

/// One rotation at a time: the timer and a person may collide. The system releases the lock when the process ends.
fn lock(shelf: &Path) -> anyhow::Result<File> {
    let path = shelf.join(LOCK);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("another rotation is running in {}: wait for it, or end it", shelf.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

/// The folder in which the new file is made. Deleted on drop; one left by a killed rotation is removed.
struct Staging(PathBuf);

impl Staging {
    fn make(shelf: &Path) -> anyhow::Result<(Staging, Vec<String>)> {
        let dir = shelf.join(STAGING);
        let mut notes = Vec::new();
        if dir.exists() {
            std::fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
            notes.push("The last rotation was killed halfway; what it left was removed.".to_string());
        }
        std::fs::create_dir(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok((Staging(dir), notes))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // Whatever remains is removed by the next rotation.
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// The verdict on one plan year, before anything is published.
async fn look_at(args: &RotateArgs, built: &Built, faulty_rows: i64, pins: &Pins) -> anyhow::Result<Year> {
    let plan_year = u16::try_from(built.plan_year).context("the plan year is no year")?;
    let new = version_of(&built.path)?;
    let mut year = Year {
        year: plan_year,
        old: None,
        new,
        verdict: Verdict::Published,
        findings: Vec::new(),
        not_compared: None,
        found: Differences::default(),
    };
    let served = catalogue::find(&args.against)?.into_iter().find(|file| file.year == plan_year);
    let fault = match &served {
        None => Some(format!("There is no catalogue of plan year {plan_year} to compare it with.")),
        Some(old) => {
            year.old = Some(old.version.clone());
            match catalogue::prove(old).await {
                Err(fault) => Some(format!("It cannot be compared with the old one. {fault}")),
                Ok(proof) if says_the_same(&proof.meta, built) => {
                    year.verdict = Verdict::Same;
                    return Ok(year);
                }
                Ok(_) => {
                    year.found = compare::compare(&old.path, &built.path, args.limits.jump).await?;
                    year.findings = judge::judge(&year.found, faulty_rows, &args.limits);
                    None
                }
            }
        }
    };
    if let Some(why) = fault {
        if !args.limits.first {
            year.findings.push(nothing_to_compare(&why));
        }
        year.not_compared = Some(why);
    }
    if !year.findings.is_empty() {
        year.verdict = Verdict::Stopped;
    } else if let Some(pinned) = pins.version(plan_year) {
        year.verdict = Verdict::Held { pinned: pinned.to_string() };
    }
    Ok(year)
}

fn nothing_to_compare(why: &str) -> Finding {
    Finding {
        what: "Nothing to compare with",
        found: why.to_string(),
        limit: "a person's word for a plan year's first catalogue".to_string(),
        accept: "--first".to_string(),
        details: Vec::new(),
    }
}

/// The same files through the same loader.
fn says_the_same(meta: &HashMap<String, String>, built: &Built) -> bool {
    meta.get("hash") == Some(&built.hash) && meta.get("loader").map(String::as_str) == Some(env!("CARGO_PKG_VERSION"))
}

fn version_of(path: &Path) -> anyhow::Result<String> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let version = name.strip_prefix("catalogue-").and_then(|name| name.strip_suffix(".db"));
    version.map(str::to_string).with_context(|| format!("{name} is not the name of a catalogue"))
}

/// Puts the file on the shelf. From here on a server may open it.
fn publish(shelf: &Path, built: &Built, year: &Year, pins: &Pins) -> anyhow::Result<()> {
    if !matches!(year.verdict, Verdict::Published | Verdict::Held { .. }) {
        return Ok(());
    }
    let name = built.path.file_name().context("a catalogue without a name")?;
    let place = shelf.join(name);
    anyhow::ensure!(
        pins.version(year.year) != Some(&year.new),
        "{} is pinned and being served; pages are cached by its name, so no other file may take it",
        year.new
    );
    let put = || {
        std::fs::rename(&built.path, &place)?;
        File::open(shelf)?.sync_all()
    };
    put().with_context(|| format!("cannot put {} in place", place.display()))
}

/// Removes the oldest files of a plan year beyond `keep`; the one being served stays.
fn clear_away(shelf: &Path, year: u16, keep: u32, notes: &mut Vec<String>) -> anyhow::Result<Vec<String>> {
    let served: Vec<PathBuf> = catalogue::find(shelf)?.into_iter().map(|file| file.path).collect();
    let mut files: Vec<FoundFile> = catalogue::files(shelf)?.into_iter().filter(|file| file.year == year).collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.age_key()));
    let mut removed = Vec::new();
    for file in files.into_iter().skip(keep as usize).filter(|file| !served.contains(&file.path)) {
        match std::fs::remove_file(&file.path) {
            Ok(()) => removed.push(file.version),
            Err(error) => notes.push(format!("{} could not be removed: {error}", file.path.display())),
        }
    }
    Ok(removed)
}
