//! The shelf of catalogues: found in a folder, verified, opened read-only, and swapped when a newer one appears.
//!
//! Called by `app` (open), `serve` (watch) and pages (`Cx::catalogues`). A catalogue is an immutable SQLite file made
//! by `windowshop load`; nothing here may ever write to one.

pub mod copy;
pub mod costs;
pub mod opening;
pub mod pins;
pub mod places;
pub mod plan_record;
pub mod rates;
pub mod readers;
pub mod rules;
pub mod seal;
pub mod variants;

pub use opening::{Proof, check, prove, verify};

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use sqlx::sqlite::SqlitePool;

use pins::Pins;
use places::Places;
use plan_record::{PlanRecord, Records};
use rates::{AreaRates, Rates};
use readers::Readers;
use variants::Variants;

use crate::filing::codes::{Metal, VariantKind};
use crate::filing::marks::{Provenance, SCHEMA_VERSION};
use crate::types::PlanId;

/// Why a catalogue cannot be served. Each names the file and what to do.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Unfit {
    #[error("{}: the folder cannot be read: {cause}", .dir.display())]
    Folder { dir: PathBuf, cause: String },
    #[error("{}: no catalogue in this folder: build one with `windowshop load --to {}`", .dir.display(), .dir.display())]
    Empty { dir: PathBuf },
    #[error("{}: cannot be read as a catalogue ({cause}): build it again with `windowshop load`", .file.display())]
    Unreadable { file: PathBuf, cause: String },
    #[error("{}: was built by a newer Windowshop (schema {found}, this one reads {SCHEMA_VERSION}): update Windowshop, or build the catalogue again with this one", .file.display())]
    Newer { file: PathBuf, found: u32 },
    #[error("{}: was built by an older Windowshop (schema {found}, this one reads {SCHEMA_VERSION}): build it again with `windowshop load`", .file.display())]
    Older { file: PathBuf, found: u32 },
    #[error("{}: {cause}: copy it again from where it was built, or build it again with `windowshop load`", .file.display())]
    Seal { file: PathBuf, cause: String },
    #[error("{}: cannot be copied to {} to be served from there ({cause}): make room, or see that this user may write there", .file.display(), .to.display())]
    Copy { file: PathBuf, to: PathBuf, cause: String },
    #[error("{}: its table {table} has no rows, or other ones than were counted when it was built: build it again with `windowshop load`", .file.display())]
    Count { file: PathBuf, table: String },
    #[error("{}: it breaks its own rules: {cause}: build it again with `windowshop load`", .file.display())]
    Unsound { file: PathBuf, cause: String },
    #[error("{}: its table meta says {key} = {found:?}: build it again with `windowshop load`", .file.display())]
    Meta { file: PathBuf, key: &'static str, found: String },
    #[error("{}, line {line}: {found:?} is no version of a catalogue, or its plan year has a line already: write one like 2026-20261121-ab12cd34, or remove the file", .file.display())]
    Pins { file: PathBuf, line: usize, found: String },
    #[error("{}: version {version} is pinned but not there: put it back, or run `windowshop catalogue use --newest {year}`", .dir.display())]
    PinnedGone { dir: PathBuf, year: u16, version: String },
}

/// One plan year's plans, rates and places.
pub struct Catalogue {
    pub year: u16,
    /// `2026-20261121-ab12cd34`: plan year, build date, hash. The cache key of all pages made from it.
    pub version: String,
    /// For everything but searches.
    pub pool: SqlitePool,
    /// For the statement of every search.
    pub readers: Readers,
    /// A connection used only by [`Catalogue::probe`], so that a busy shop does not look broken.
    probe: SqlitePool,
    pub provenance: Provenance,
    /// What the builder wants to be known about this catalogue, if anything.
    pub note: Option<String>,
    /// The whole `meta` table.
    pub meta: HashMap<String, String>,
    pub places: Places,
    pub variants: Variants,
    records: Records,
    rates: Rates,
    /// Names of the insurers by HIOS issuer ID: a few hundred, read once.
    issuers: HashMap<u32, String>,
    /// SHA-256 of the file, as recorded in its seal and verified on opening.
    pub sha256: String,
    file: FoundFile,
    /// Deleted together with the catalogue.
    _copy: copy::PrivateCopy,
}

impl Catalogue {
    /// Whether the file still answers.
    pub async fn probe(&self) -> Result<(), sqlx::Error> {
        if self.pool.is_closed() {
            return Err(sqlx::Error::PoolClosed);
        }
        sqlx::query("SELECT key FROM meta LIMIT 1").fetch_one(&self.probe).await.map(drop)
    }

    /// Everything filed about a plan, in the variant `wanted` for its metal level, or the standard one where that was
    /// not filed; `None`: no plan of this catalogue.
    ///
    /// # Errors
    ///
    /// Any SQLite error.
    pub async fn record(
        &self,
        plan: &PlanId,
        wanted: impl Fn(Option<Metal>) -> VariantKind,
    ) -> Result<Option<Arc<PlanRecord>>, sqlx::Error> {
        let Some(plan_pk) = self.variants.find(plan) else { return Ok(None) };
        let wanted = wanted(self.variants.plan(plan_pk).and_then(|facts| facts.metal));
        let filed = self.variants.variant(plan_pk, wanted).is_some();
        let kind = if filed { wanted } else { VariantKind::Standard };
        self.records.of(&self.pool, plan_pk, kind).await.map(Some)
    }

    /// What is filed for a rating area.
    ///
    /// # Errors
    ///
    /// Any SQLite error.
    pub async fn rates(&self, rating_area_pk: i64) -> Result<Arc<AreaRates>, sqlx::Error> {
        self.rates.of(&self.pool, rating_area_pk).await
    }

    /// An insurer's telephone and site, as filed; neither if the catalogue does not know it.
    ///
    /// # Errors
    ///
    /// Any SQLite error.
    pub async fn insurer(&self, issuer_id: u32) -> Result<(Option<String>, Option<String>), sqlx::Error> {
        let asked = sqlx::query_as("SELECT phone, url FROM issuer WHERE issuer_id = ?1");
        let found: Option<(Option<String>, Option<String>)> =
            asked.bind(i64::from(issuer_id)).fetch_optional(&self.pool).await?;
        Ok(found.unwrap_or_default())
    }

    /// What the Plan ID Crosswalk PUF says of a plan of the year before, in a place: the plan that takes over, and the one for those
    /// who are too old for it. The row about the fewest people counts: of the ZIP code, of the county, of the state. `None`:
    /// nothing is filed.
    ///
    /// # Errors
    ///
    /// Any SQLite error.
    pub async fn crosswalk(
        &self,
        before: &PlanId,
        (state, county, zip): (&str, i64, i64),
    ) -> Result<Option<(Option<PlanId>, Option<PlanId>)>, sqlx::Error> {
        type Row = (Option<i64>, Option<i64>, Option<String>, Option<String>);
        let asked = sqlx::query_as(
            "SELECT county_fips, zip, plan_id, age_off_plan_id FROM crosswalk WHERE previous_plan_id = ?1 AND state = ?2",
        );
        let rows: Vec<Row> = asked.bind(before.as_str()).bind(state).fetch_all(&self.pool).await?;
        let here = |own: &Row| own.0.is_none_or(|own| own == county) && own.1.is_none_or(|own| own == zip);
        let row = rows.into_iter().filter(here).min_by_key(|row| (row.1.is_none(), row.0.is_none()));
        let plan = |id: Option<String>| id.as_deref().and_then(PlanId::parse);
        Ok(row.map(|(_, _, next, age_off)| (plan(next), plan(age_off))))
    }

    /// The insurer's name, or its number if the catalogue does not know it (from an old link, for example).
    pub fn issuer_name(&self, issuer_id: u32) -> String {
        self.issuers.get(&issuer_id).cloned().unwrap_or_else(|| format!("{issuer_id:05}"))
    }
}

impl fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Catalogue({})", self.version)
    }
}

/// The newest catalogue of each plan year. Never empty.
#[derive(Debug)]
pub struct Catalogues {
    by_year: Vec<Arc<Catalogue>>,
    newest: Arc<Catalogue>,
    version: String,
}

impl Catalogues {
    /// `None` if there are none.
    fn new(mut all: Vec<Arc<Catalogue>>) -> Option<Catalogues> {
        all.sort_by_key(|c| c.year);
        let newest = Arc::clone(all.last()?);
        let version = all.iter().map(|c| c.version.as_str()).collect::<Vec<_>>().join("+");
        Some(Catalogues { by_year: all, newest, version })
    }

    pub fn get(&self, year: u16) -> Option<&Arc<Catalogue>> {
        self.by_year.iter().find(|c| c.year == year)
    }

    /// The catalogue of the latest plan year.
    pub fn newest(&self) -> &Arc<Catalogue> {
        &self.newest
    }

    pub fn years(&self) -> impl Iterator<Item = u16> {
        self.by_year.iter().map(|c| c.year)
    }

    /// By plan year, earliest first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Catalogue>> {
        self.by_year.iter()
    }

    /// All versions joined: the cache key of pages that do not depend on one plan year.
    pub fn version(&self) -> String {
        self.version.clone()
    }
}

/// A file with the name of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    pub path: PathBuf,
    pub year: u16,
    built: u32,
    pub version: String,
    modified: SystemTime,
    pub bytes: u64,
}

impl FoundFile {
    /// Among one plan year's files the greatest is the newest: latest build date, then latest modification time.
    pub fn age_key(&self) -> (u32, SystemTime) {
        (self.built, self.modified)
    }
}

/// `catalogue-2026-20261121-ab12cd34.db` → (2026, 20261121, `2026-20261121-ab12cd34`).
fn parse_name(name: &str) -> Option<(u16, u32, &str)> {
    let version = name.strip_prefix("catalogue-")?.strip_suffix(".db")?;
    let mut parts = version.split('-');
    let (year, built, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |s: &str, n| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
    let hexadecimal = hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    if parts.next().is_some() || !digits(year, 4) || !digits(built, 8) || !hexadecimal {
        return None;
    }
    Some((year.parse().ok()?, built.parse().ok()?, version))
}

/// The catalogue file at this path.
fn found(path: &Path) -> Result<FoundFile, Unfit> {
    let unreadable = |cause: String| Unfit::Unreadable { file: path.to_path_buf(), cause };
    let name = path.file_name().and_then(|name| name.to_str());
    let (year, built, version) = name.and_then(parse_name).ok_or_else(|| {
        unreadable("its name is not of the form catalogue-<plan year>-<day built>-<hash>.db".to_string())
    })?;
    let data = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    let modified = data.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let version = version.to_string();
    Ok(FoundFile { path: path.to_path_buf(), year, built, version, modified, bytes: data.len() })
}

/// Every catalogue file in `dir`, in no particular order.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn files(dir: &Path) -> Result<Vec<FoundFile>, Unfit> {
    let unreadable = |cause: std::io::Error| Unfit::Folder { dir: dir.to_path_buf(), cause: cause.to_string() };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(unreadable)? {
        // Files with other names are not ours; one that vanishes between listing and reading is no fault: a newer one
        // has replaced it.
        files.extend(found(&entry.map_err(unreadable)?.path()));
    }
    Ok(files)
}

/// What is served for each plan year in `dir`: the pinned file, else the newest.
///
/// # Errors
///
/// If the folder or the file of pins cannot be read, or a pinned file does not exist.
pub fn find(dir: &Path) -> Result<Vec<FoundFile>, Unfit> {
    let pins = Pins::read(dir)?;
    let mut chosen: BTreeMap<u16, FoundFile> = BTreeMap::new();
    for file in files(dir)? {
        let passed_over = pins.version(file.year).is_some_and(|version| version != file.version);
        if !passed_over && chosen.get(&file.year).is_none_or(|best| best.age_key() < file.age_key()) {
            chosen.insert(file.year, file);
        }
    }
    if let Some((year, version)) = pins.iter().find(|(year, _)| !chosen.contains_key(year)) {
        return Err(Unfit::PinnedGone { dir: dir.to_path_buf(), year, version: version.to_string() });
    }
    Ok(chosen.into_values().collect())
}

/// Whether a folder holds any catalogue, good or bad. A missing folder holds none.
pub fn any_in(dir: &Path) -> bool {
    files(dir).is_ok_and(|files| !files.is_empty())
}

/// What is being served, and where to look for newer ones.
pub struct Shelf {
    dir: PathBuf,
    /// Folder of the copies being served.
    private: PathBuf,
    connections: u32,
    current: RwLock<Arc<Catalogues>>,
    edition: AtomicU64,
    /// Files found unfit, so that each is logged once and not on every look.
    refused: Mutex<Vec<FoundFile>>,
}

impl Shelf {
    /// Opens the newest catalogue of each plan year in `dir`, through copies in `private`.
    ///
    /// # Errors
    ///
    /// Each one that is unfit: at startup a person is watching.
    pub async fn open(dir: &Path, private: &Path) -> Result<Shelf, Vec<Unfit>> {
        if let Err(error) = copy::remove_forgotten(private) {
            tracing::warn!(%error, "copies that a killed process left behind cannot be removed");
        }
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let connections = u32::try_from(cores * 2).unwrap_or(8);
        let (mut all, mut unfit) = (Vec::new(), Vec::new());
        for file in find(dir).map_err(|fault| vec![fault])? {
            match opening::open(file, private, connections).await {
                Ok(catalogue) => all.push(Arc::new(catalogue)),
                Err(fault) => unfit.push(fault),
            }
        }
        if !unfit.is_empty() {
            return Err(unfit);
        }
        let catalogues = Catalogues::new(all).ok_or_else(|| vec![Unfit::Empty { dir: dir.to_path_buf() }])?;
        let current = RwLock::new(Arc::new(catalogues));
        let (dir, private) = (dir.to_path_buf(), private.to_path_buf());
        Ok(Shelf { dir, private, connections, current, edition: AtomicU64::new(0), refused: Mutex::default() })
    }

    /// The catalogues to answer a request from. Hold on to it for the whole answer: a swap does not disturb it.
    pub fn current(&self) -> Arc<Catalogues> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A number that grows twice with each swap: before and after. What was made between two looks at the same even number was
    /// made from the same catalogues. An odd one is of the moment of a swap, when either may be read, and never comes again.
    pub fn edition(&self) -> u64 {
        self.edition.load(Ordering::SeqCst)
    }

    /// Checks the folder again and serves the newest; returns whether anything was swapped. An unfit file is logged
    /// once and the old one stays; the same if the folder is empty or gone.
    pub async fn look_again(&self) -> bool {
        let files = match find(&self.dir) {
            Ok(files) => files,
            Err(fault) => {
                tracing::warn!(%fault, "cannot look for newer catalogues; serving the old ones");
                return false;
            }
        };
        let current = self.current();
        let mut all = Vec::new();
        let mut swapped = false;
        for file in files {
            let old = current.get(file.year);
            match old {
                Some(old) if old.file == file => all.push(Arc::clone(old)),
                old => match self.open_or_refuse(file).await {
                    Some(new) => {
                        tracing::info!(version = %new.version, "a new catalogue is being served");
                        swapped = true;
                        all.push(Arc::new(new));
                    }
                    None => all.extend(old.cloned()),
                },
            }
        }
        // A plan year whose last file was removed stays until the next start: its pages are being read.
        all.extend(current.iter().filter(|old| !all.iter().any(|c| c.year == old.year)).cloned().collect::<Vec<_>>());
        if swapped && let Some(catalogues) = Catalogues::new(all) {
            self.edition.fetch_add(1, Ordering::SeqCst);
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogues);
            self.edition.fetch_add(1, Ordering::SeqCst);
        }
        swapped
    }

    async fn open_or_refuse(&self, file: FoundFile) -> Option<Catalogue> {
        if self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(&file) {
            return None;
        }
        match opening::open(file.clone(), &self.private, self.connections).await {
            Ok(catalogue) => Some(catalogue),
            Err(fault) => {
                tracing::error!(%fault, "a new catalogue cannot be served; the old one stays");
                self.refused.lock().unwrap_or_else(PoisonError::into_inner).push(file);
                None
            }
        }
    }
}
