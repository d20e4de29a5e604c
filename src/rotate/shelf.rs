//! `windowshop catalogue list | verify | use | rollback`: what a person does with the shelf.
//!
//! Called only by the command. A running server follows within `--reload-seconds`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use crate::catalogue::pins::Pins;
use crate::catalogue::{self, FoundFile};
use crate::types::group_thousands;

/// Manage the catalogues on the shelf.
#[derive(Debug, Clone, clap::Args)]
pub struct CatalogueArgs {
    #[command(subcommand)]
    pub command: CatalogueCommand,
}

#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// Folder with the catalogues [default: catalogues in the data folder]
    #[arg(long, env = "WINDOWSHOP_CATALOGUES", value_name = "DIR")]
    pub catalogues: Option<PathBuf>,
    /// Folder for everything Windowshop writes
    #[arg(long, env = "WINDOWSHOP_DATA_DIR", value_name = "DIR", default_value = "var")]
    pub data_dir: PathBuf,
}

impl Place {
    fn dir(&self) -> PathBuf {
        self.catalogues.clone().unwrap_or_else(|| self.data_dir.join("catalogues"))
    }
}

#[derive(Debug, Clone, clap::Subcommand)]
pub enum CatalogueCommand {
    /// List the catalogues, and which are being served
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Check whole files: readable, unbroken, every rule of a catalogue holds
    Verify {
        #[command(flatten)]
        place: Place,
        /// Versions such as 2026-20261121-ab12cd34 [default: all]
        #[arg(value_name = "VERSION")]
        versions: Vec<String>,
    },
    /// Serve this version until told otherwise
    Use {
        #[command(flatten)]
        place: Place,
        /// A version such as 2026-20261121-ab12cd34
        #[arg(value_name = "VERSION", required_unless_present = "newest")]
        version: Option<String>,
        /// Go back to serving the newest of this plan year, now and after each rotation
        #[arg(long, value_name = "YEAR", conflicts_with = "version")]
        newest: Option<u16>,
    },
    /// Serve the version before the one being served until told otherwise
    Rollback {
        #[command(flatten)]
        place: Place,
        /// For this plan year [default: the latest]
        #[arg(long, value_name = "YEAR")]
        year: Option<u16>,
    },
}

/// What to print, and the exit code.
///
/// # Errors
///
/// If the folder cannot be read, a version does not exist or is not fit, or the disk cannot be written.
pub async fn command(args: &CatalogueArgs) -> anyhow::Result<(String, u8)> {
    match &args.command {
        CatalogueCommand::List { place } => Ok((list(&place.dir()).await?, 0)),
        CatalogueCommand::Verify { place, versions } => verify(&place.dir(), versions).await,
        CatalogueCommand::Use { place, version: Some(version), .. } => Ok((pin(&place.dir(), version).await?, 0)),
        CatalogueCommand::Use { place, version: None, newest } => {
            let year = newest.context("say a version, or --newest YEAR")?;
            Ok((unpin(&place.dir(), year)?, 0))
        }
        CatalogueCommand::Rollback { place, year } => Ok((rollback(&place.dir(), *year).await?, 0)),
    }
}

const SOON: &str = "Running servers follow within --reload-seconds, or at once after SIGHUP.\n";

/// All files, by plan year, newest first.
fn in_order(dir: &Path) -> anyhow::Result<Vec<FoundFile>> {
    let mut files = catalogue::files(dir)?;
    files.sort_by_key(|file| (file.year, std::cmp::Reverse(file.age_key())));
    Ok(files)
}

async fn list(dir: &Path) -> anyhow::Result<String> {
    let pins = Pins::read(dir)?;
    // A pin that leads nowhere is reported below the list, not instead of it.
    let (served, fault) = match catalogue::find(dir) {
        Ok(served) => (served, None),
        Err(fault) => (Vec::new(), Some(fault)),
    };
    let mut text = format!("{:<24} {:>8} {:>7}  {:<12}  {:<16}\n", "version", "size", "plans", "rates", "built");
    for file in in_order(dir)? {
        let proof = catalogue::prove(&file).await;
        let said = |key: &str| proof.as_ref().ok().and_then(|proof| proof.meta.get(key)).map_or("?", String::as_str);
        let size = format!("{} MB", group_thousands(i64::try_from(file.bytes / 1_000_000).unwrap_or(0)));
        let plans = said("count.plan").parse().map_or("?".to_string(), group_thousands);
        // 2026-11-26T06:00, UTC.
        let (rates, built) = (said("rates_provenance"), said("built_at").get(..16).unwrap_or("?"));
        let mut mark = String::new();
        if served.iter().any(|one| one.path == file.path) {
            mark += "served";
        }
        if pins.version(file.year) == Some(&file.version) {
            mark += ", pinned";
        }
        if let Err(fault) = &proof {
            mark += &format!(" NOT FIT: {fault}");
        }
        let line = format!("{:<24} {size:>8} {plans:>7}  {rates:<12}  {built:<16}  {mark}", file.version);
        writeln!(text, "{}", line.trim_end())?;
    }
    if let Some(fault) = fault {
        writeln!(text, "Nothing new can be served: {fault}")?;
    }
    Ok(text)
}

async fn verify(dir: &Path, versions: &[String]) -> anyhow::Result<(String, u8)> {
    let files = in_order(dir)?;
    for version in versions {
        anyhow::ensure!(files.iter().any(|file| file.version == *version), no_such(dir, version, &files));
    }
    let wanted = |file: &&FoundFile| versions.is_empty() || versions.contains(&file.version);
    let (mut text, mut code) = (String::new(), 0);
    for file in files.iter().filter(wanted) {
        match faults(file).await {
            faults if faults.is_empty() => writeln!(text, "{}: whole", file.version)?,
            faults => {
                code = 1;
                writeln!(text, "{}: NOT FIT", file.version)?;
                faults.iter().try_for_each(|fault| writeln!(text, "  {}", fault.replace('\n', "\n  ")))?;
            }
        }
    }
    Ok((text, code))
}

/// What is wrong with one file, read from end to end: its seal, its rows, the rules the loader applied to it, and
/// SQLite's own structures.
async fn faults(file: &FoundFile) -> Vec<String> {
    if let Err(fault) = catalogue::verify(&file.path).await {
        return vec![fault.to_string()];
    }
    match integrity(file).await {
        Ok(lines) => lines.into_iter().filter(|line| line != "ok").collect(),
        Err(error) => vec![error.to_string()],
    }
}

async fn integrity(file: &FoundFile) -> sqlx::Result<Vec<String>> {
    let options = SqliteConnectOptions::new().filename(&file.path).read_only(true).immutable(true);
    let mut db = SqliteConnection::connect_with(&options).await?;
    let lines = sqlx::query_scalar("PRAGMA integrity_check(5)").fetch_all(&mut db).await?;
    db.close().await?;
    Ok(lines)
}

fn no_such(dir: &Path, version: &str, files: &[FoundFile]) -> String {
    let there: Vec<&str> = files.iter().map(|file| file.version.as_str()).collect();
    format!("{}: no version {version}; there are: {}", dir.display(), there.join(", "))
}

async fn pin(dir: &Path, version: &str) -> anyhow::Result<String> {
    let files = in_order(dir)?;
    let file = files.iter().find(|file| file.version == version).with_context(|| no_such(dir, version, &files))?;
    let faults = faults(file).await;
    anyhow::ensure!(faults.is_empty(), "{version} is not fit to be served: {}", faults.join("; "));
    let mut pins = Pins::read(dir)?;
    pins.pin(version);
    pins.write(dir).with_context(|| format!("the pin cannot be written in {}", dir.display()))?;
    Ok(format!(
        "Plan year {}: {version} is pinned. Rotations go on, but theirs wait on the shelf until\n  \
         windowshop catalogue use --newest {}\n{SOON}",
        file.year, file.year
    ))
}

fn unpin(dir: &Path, year: u16) -> anyhow::Result<String> {
    let mut pins = Pins::read(dir)?;
    let newest = in_order(dir)?.into_iter().find(|file| file.year == year);
    let newest = newest.with_context(|| format!("{}: no catalogue of plan year {year}", dir.display()))?;
    if !pins.unpin(year) {
        return Ok(format!("Plan year {year}: nothing was pinned; the newest, {}, is served.\n", newest.version));
    }
    pins.write(dir).with_context(|| format!("the pin cannot be taken away in {}", dir.display()))?;
    Ok(format!("Plan year {year}: the newest is served again, {}.\n{SOON}", newest.version))
}

async fn rollback(dir: &Path, year: Option<u16>) -> anyhow::Result<String> {
    let served = catalogue::find(dir)?;
    let now = match year {
        Some(year) => served.iter().find(|file| file.year == year),
        None => served.last(),
    };
    let now = now.with_context(|| format!("{}: no catalogue to roll back from", dir.display()))?;
    let older = in_order(dir)?.into_iter().find(|file| file.year == now.year && file.age_key() < now.age_key());
    let older = older.with_context(|| {
        format!(
            "{}: nothing older than {} to roll back to: use `windowshop catalogue list`",
            dir.display(),
            now.version
        )
    })?;
    let said = pin(dir, &older.version).await?;
    Ok(format!("Back from {} to {}.\n{said}", now.version, older.version))
}
