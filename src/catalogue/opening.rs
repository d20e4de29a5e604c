//! How a catalogue is opened: verified first, then copied, then read.
//!
//! Called by [`super::Shelf`] (serve), by `windowshop check` ([`check`]) and by `windowshop catalogue verify`
//! ([`verify`]). It must never trust anything in a file before its seal is verified.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use super::copy::PrivateCopy;
use super::places::Places;
use super::plan_record::Records;
use super::rates::Rates;
use super::readers::Readers;
use super::seal::{self, Broken, Sealed};
use super::variants::Variants;
use super::{Catalogue, FoundFile, Provenance, SCHEMA_VERSION, Unfit, find, found};

/// How much of the file may be memory-mapped: more than any catalogue, so pages are read without copying.
const MMAP_BYTES_MAX: &str = "1073741824";
/// Prepared statements kept per connection. Each set of facets gives the search another shape, so there are many.
const STATEMENTS_KEPT: usize = 256;
/// How long a request waits for a connection before it is told that the site is busy.
const CONNECTION_WAIT: std::time::Duration = std::time::Duration::from_secs(5);
/// Without rows in each of these tables there is nothing to show.
const NEVER_EMPTY: [&str; 8] = ["county", "zip_county", "rating_area", "issuer", "plan", "variant", "rate", "sold"];

/// What was verified about a catalogue file.
#[derive(Debug, Clone)]
pub struct Proof {
    pub path: PathBuf,
    pub year: u16,
    /// `2026-20261121-ab12cd34`.
    pub version: String,
    pub sealed: Sealed,
    pub provenance: Provenance,
    /// The whole `meta` table.
    pub meta: HashMap<String, String>,
    /// Rows of each table, as counted when the catalogue was built.
    pub counts: BTreeMap<String, i64>,
}

/// Verifies what is served for each plan year: before a start, and for `windowshop check`. Reports all faults at
/// once. Only [`super::Shelf::open`] reads what is held in memory.
pub async fn check(dir: &Path) -> Vec<Unfit> {
    let files = match find(dir) {
        Ok(files) if files.is_empty() => return vec![Unfit::Empty { dir: dir.to_path_buf() }],
        Ok(files) => files,
        Err(fault) => return vec![fault],
    };
    let mut faults = Vec::new();
    for file in files {
        if let Err(fault) = prove(&file).await {
            faults.push(fault);
        }
    }
    faults
}

/// Verifies a catalogue file as thoroughly as the loader did before publishing it: its seal, its metadata, the rows
/// of every table, and every rule of `sql/catalogue/checks.sql`. Takes seconds on a national one.
pub async fn verify(path: &Path) -> Result<Proof, Unfit> {
    let file = found(path)?;
    let proof = prove(&file).await?;
    let unreadable = |error: sqlx::Error| Unfit::Unreadable { file: file.path.clone(), cause: error.to_string() };
    let pool = connect(&file.path, 1).await.map_err(unreadable)?;
    for (table, counted) in &proof.counts {
        // The seal guarantees that the name is one of the file's own tables; a quote in it would end the statement.
        let sql = AssertSqlSafe(format!("SELECT count(*) FROM \"{}\"", table.replace('"', "")));
        let rows: i64 = sqlx::query_scalar(sql).fetch_one(&pool).await.map_err(unreadable)?;
        if rows != *counted {
            return Err(Unfit::Count { file: file.path.clone(), table: table.clone() });
        }
    }
    let mut connection = pool.acquire().await.map_err(unreadable)?;
    let rules = super::rules::run(&mut connection).await;
    drop(connection);
    pool.close().await;
    match rules {
        Ok(_) => Ok(proof),
        Err(fault) => Err(Unfit::Unsound { file: file.path.clone(), cause: fault.to_string().replace('\n', "; ") }),
    }
}

/// Verifies the seal and the metadata. Makes no copy.
pub async fn prove(file: &FoundFile) -> Result<Proof, Unfit> {
    let path = file.path.clone();
    let sealed = blocking(move || seal::prove(&path, &mut std::io::sink())).await;
    let sealed = sealed.map_err(|broken| seal_fault(file, &broken))?;
    let unreadable = |error: sqlx::Error| Unfit::Unreadable { file: file.path.clone(), cause: error.to_string() };
    let pool = connect(&file.path, 1).await.map_err(unreadable)?;
    let said = believe(file, &pool).await;
    pool.close().await;
    let Said { provenance, counts, meta } = said?;
    Ok(Proof {
        path: file.path.clone(),
        year: file.year,
        version: file.version.clone(),
        sealed,
        provenance,
        meta,
        counts,
    })
}

pub(super) async fn open(file: FoundFile, private: &Path, connections: u32) -> Result<Catalogue, Unfit> {
    let unreadable = |error: sqlx::Error| Unfit::Unreadable { file: file.path.clone(), cause: error.to_string() };
    let (from, to, version) = (file.path.clone(), private.to_path_buf(), file.version.clone());
    let made = blocking(move || PrivateCopy::make(&from, &to, &version)).await;
    let (copy, sealed) = made.map_err(|broken| match broken {
        Broken::Io(error) => {
            Unfit::Copy { file: file.path.clone(), to: private.to_path_buf(), cause: error.to_string() }
        }
        broken => seal_fault(&file, &broken),
    })?;
    let pool = connect(copy.path(), connections).await.map_err(unreadable)?;
    let readers = Readers::open(options(copy.path()), connections as usize, CONNECTION_WAIT).await;
    let readers = readers.map_err(unreadable)?;
    let probe = connect(copy.path(), 1).await.map_err(unreadable)?;
    let Said { provenance, meta, .. } = believe(&file, &pool).await?;
    let places = Places::load(&pool)
        .await
        .map_err(|error| Unfit::Unreadable { file: file.path.clone(), cause: format!("{error:#}") })?;
    let issuers = read_issuers(&pool).await.map_err(unreadable)?;
    let variants = Variants::load(&pool, file.year).await.map_err(unreadable)?;
    let note = meta.get("note").filter(|note| !note.trim().is_empty()).cloned();
    Ok(Catalogue {
        year: file.year,
        version: file.version.clone(),
        pool,
        readers,
        probe,
        provenance,
        note,
        meta,
        places,
        variants,
        records: Records::default(),
        rates: Rates::default(),
        issuers,
        sha256: sealed.sha256,
        file,
        _copy: copy,
    })
}

fn seal_fault(file: &FoundFile, broken: &Broken) -> Unfit {
    match broken {
        Broken::Io(error) => Unfit::Unreadable { file: file.path.clone(), cause: error.to_string() },
        broken => Unfit::Seal { file: file.path.clone(), cause: broken.to_string() },
    }
}

/// Reading a national catalogue from a cold disk takes a second: keep it off the threads that answer people.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Broken> + Send + 'static) -> Result<T, Broken> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(stopped) => Err(Broken::Io(std::io::Error::other(stopped))),
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        // Nobody writes to this file, so SQLite need not lock it or check whether it has changed.
        .immutable(true)
        .pragma("mmap_size", MMAP_BYTES_MAX)
        .statement_cache_capacity(STATEMENTS_KEPT)
        // A statement reveals by its shape what a household filters for, so its text must not be logged; a slow one shows up
        // through its request (`telemetry`).
        .disable_statement_logging()
}

async fn connect(path: &Path, connections: u32) -> Result<SqlitePool, sqlx::Error> {
    SqlitePoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .acquire_timeout(CONNECTION_WAIT)
        // A connection to a file does not go stale: no ping, no maximum age.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options(path))
        .await
}

async fn read_meta(pool: &SqlitePool) -> Result<HashMap<String, String>, sqlx::Error> {
    let rows = sqlx::query("SELECT key, value FROM meta").fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn read_issuers(pool: &SqlitePool) -> Result<HashMap<u32, String>, sqlx::Error> {
    let rows = sqlx::query("SELECT issuer_id, name FROM issuer").fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.try_get::<i64, _>(0)? as u32, row.try_get(1)?))).collect()
}

struct Said {
    provenance: Provenance,
    counts: BTreeMap<String, i64>,
    meta: HashMap<String, String>,
}

/// The file's metadata, if this build can read it and there is something to show.
async fn believe(file: &FoundFile, pool: &SqlitePool) -> Result<Said, Unfit> {
    let unreadable = |error: sqlx::Error| Unfit::Unreadable { file: file.path.clone(), cause: error.to_string() };
    let said = said(file, read_meta(pool).await.map_err(unreadable)?)?;
    for table in NEVER_EMPTY {
        let sql = AssertSqlSafe(format!("SELECT EXISTS (SELECT 1 FROM {table})"));
        let any: bool = sqlx::query_scalar(sql).fetch_one(pool).await.map_err(unreadable)?;
        if !any || said.counts.get(table).is_none_or(|rows| *rows <= 0) {
            return Err(Unfit::Count { file: file.path.clone(), table: table.to_string() });
        }
    }
    Ok(said)
}

fn said(file: &FoundFile, meta: HashMap<String, String>) -> Result<Said, Unfit> {
    let value = |key: &str| meta.get(key).map_or("", String::as_str);
    let wrong = |key: &'static str| Unfit::Meta { file: file.path.clone(), key, found: value(key).to_string() };
    let schema: u32 = value("schema_version").parse().map_err(|_| wrong("schema_version"))?;
    match schema.cmp(&SCHEMA_VERSION) {
        std::cmp::Ordering::Greater => return Err(Unfit::Newer { file: file.path.clone(), found: schema }),
        std::cmp::Ordering::Less => return Err(Unfit::Older { file: file.path.clone(), found: schema }),
        std::cmp::Ordering::Equal => {}
    }
    if value("plan_year").parse() != Ok(file.year) {
        return Err(wrong("plan_year"));
    }
    let provenance = Provenance::parse(value("rates_provenance")).ok_or_else(|| wrong("rates_provenance"))?;
    let count = |(key, value): (&String, &String)| Some((key.strip_prefix("count.")?.to_string(), value.parse().ok()?));
    let counts: BTreeMap<String, i64> = meta.iter().filter_map(count).collect();
    Ok(Said { provenance, counts, meta })
}
