//! The catalogue file being written: made next to the old one, filled in batches, checked, synced, then renamed.
//!
//! Called by `load::run`, `sample` and `synth`. Readers run on a separate thread and hand over complete statements,
//! so reading and writing overlap. Until [`Build::publish`] has succeeded a server must find nothing it could open,
//! and a dropped build deletes its file.

use super::problems::LoadError;
use crate::catalogue::rules::{self, Unsound};
use crate::catalogue::seal::seal;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{Arguments, AssertSqlSafe, Connection, SqliteConnection};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc;

pub const SCHEMA: &str = include_str!("../../sql/catalogue/schema.sql");
pub const INDEXES: &str = include_str!("../../sql/catalogue/indexes.sql");
pub const SCHEMA_VERSION: i64 = crate::filing::marks::SCHEMA_VERSION as i64;

/// Bound values per statement: enough to make the statement's own cost negligible, far below SQLite's 32,766.
const VALUES_PER_STATEMENT: usize = 4_000;
/// Statements that may queue for the writer; bounds memory.
const STATEMENTS_WAITING: usize = 32;

/// A full batch: an INSERT and its values.
pub struct Statement {
    sql: Arc<str>,
    values: SqliteArguments,
}

/// The sending end of the queue of statements, for readers.
#[derive(Clone)]
pub struct Out(mpsc::Sender<Statement>);

/// A queue from readers (blocking) to the writer (async).
pub fn queue() -> (Out, mpsc::Receiver<Statement>) {
    let (sender, receiver) = mpsc::channel(STATEMENTS_WAITING);
    (Out(sender), receiver)
}

/// One value of a row.
pub enum Cell<'a> {
    Null,
    Int(i64),
    Text(&'a str),
}

impl From<i64> for Cell<'_> {
    fn from(n: i64) -> Self {
        Cell::Int(n)
    }
}
impl From<i32> for Cell<'_> {
    fn from(n: i32) -> Self {
        Cell::Int(i64::from(n))
    }
}
impl From<u32> for Cell<'_> {
    fn from(n: u32) -> Self {
        Cell::Int(i64::from(n))
    }
}
impl From<bool> for Cell<'_> {
    fn from(yes: bool) -> Self {
        Cell::Int(i64::from(yes))
    }
}
impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Cell::Text(text)
    }
}
impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Cell::Text(text)
    }
}
impl<'a> From<&'a Option<String>> for Cell<'a> {
    fn from(text: &'a Option<String>) -> Self {
        text.as_deref().map_or(Cell::Null, Cell::Text)
    }
}
impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

/// Shorthand: `cell(x)` is a value for a row, whatever its type.
pub fn cell<'a>(value: impl Into<Cell<'a>>) -> Cell<'a> {
    value.into()
}

/// Rows for one table, sent in batches. Call [`Rows::finish`] at the end, or the last batch is lost.
pub struct Rows {
    out: Out,
    insert: String,
    columns: usize,
    full_sql: Arc<str>,
    rows_per_statement: usize,
    values: SqliteArguments,
    waiting: usize,
    pub written: u64,
}

impl Rows {
    /// `columns` are named in the order in which [`Rows::push`] receives values.
    pub fn new(out: &Out, table: &str, columns: &[&str]) -> Rows {
        let insert = format!("INSERT INTO {table} ({}) VALUES ", columns.join(", "));
        let rows_per_statement = (VALUES_PER_STATEMENT / columns.len()).max(1);
        let full_sql = Arc::from(values_sql(&insert, columns.len(), rows_per_statement));
        let (columns, values) = (columns.len(), SqliteArguments::default());
        Rows { out: out.clone(), insert, columns, full_sql, rows_per_statement, values, waiting: 0, written: 0 }
    }

    /// # Errors
    ///
    /// If a row has the wrong width, or the writer is gone (its own error says why).
    pub fn push<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) -> Result<(), LoadError> {
        let before = self.values.len();
        for value in cells {
            let added = match value {
                Cell::Null => self.values.add(None::<i64>),
                Cell::Int(n) => self.values.add(n),
                Cell::Text(text) => self.values.add(text),
            };
            added.map_err(|e| LoadError::Input(format!("a value cannot be bound: {e}")))?;
        }
        if self.values.len() - before != self.columns {
            let (got, wanted) = (self.values.len() - before, self.columns);
            return Err(LoadError::Input(format!("{} got a row of {got} values instead of {wanted}", self.insert)));
        }
        self.waiting += 1;
        self.written += 1;
        if self.waiting == self.rows_per_statement { self.send(Arc::clone(&self.full_sql)) } else { Ok(()) }
    }

    fn send(&mut self, sql: Arc<str>) -> Result<(), LoadError> {
        self.waiting = 0;
        let statement = Statement { sql, values: std::mem::take(&mut self.values) };
        self.out.0.blocking_send(statement).map_err(|_| LoadError::Stopped)
    }

    /// Sends what is left; returns how many rows the table received in total.
    pub fn finish(mut self) -> Result<u64, LoadError> {
        if self.waiting > 0 {
            self.send(Arc::from(values_sql(&self.insert, self.columns, self.waiting)))?;
        }
        Ok(self.written)
    }
}

fn values_sql(insert: &str, columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    format!("{insert}{}", vec![row; rows].join(","))
}

/// A catalogue being built. If dropped without [`Build::publish`], its file is deleted.
pub struct Build {
    folder: PathBuf,
    file: TemporaryFile,
    connection: SqliteConnection,
}

struct TemporaryFile(PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        for suffix in ["", "-journal"] {
            let mut path = self.0.clone().into_os_string();
            path.push(suffix);
            // Already renamed, or never created: nothing to clean up.
            std::fs::remove_file(path).unwrap_or_default();
        }
    }
}

/// A killed build could not clean up after itself: the next one does, if the process is certainly gone.
fn remove_abandoned(folder: &Path) {
    let processes = Path::new("/proc");
    if !processes.join("self").exists() {
        return;
    }
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let of =
            name.to_str().and_then(|name| name.strip_prefix(".building-")?.strip_suffix(".tmp")?.rsplit('-').next());
        if of.is_some_and(|process| !processes.join(process).exists()) {
            std::fs::remove_file(entry.path()).unwrap_or_default();
        }
    }
}

impl Build {
    /// Creates the folder if needed, and an empty catalogue under a temporary name in it.
    pub async fn start(folder: &Path, plan_year: i32) -> Result<Build, LoadError> {
        let unwritable = |e: std::io::Error| LoadError::Write { path: folder.to_path_buf(), reason: e.to_string() };
        std::fs::create_dir_all(folder).map_err(unwritable)?;
        remove_abandoned(folder);
        let path = folder.join(format!(".building-{plan_year}-{}.tmp", std::process::id()));
        let file = TemporaryFile(path.clone());
        // Two builds in one process must not write to each other's file.
        std::fs::File::create_new(&path).map_err(unwritable)?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .page_size(8192)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .locking_mode(SqliteLockingMode::Exclusive)
            .foreign_keys(false)
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory");
        let connection =
            SqliteConnection::connect_with(&options).await.map_err(|e| failed("opening the new file", e))?;
        let mut build = Build { folder: folder.to_path_buf(), file, connection };
        build.run("BEGIN").await?;
        build.run(SCHEMA).await?;
        Ok(build)
    }

    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Runs static SQL, one statement or several.
    pub async fn run(&mut self, sql: &'static str) -> Result<(), LoadError> {
        sqlx::raw_sql(sql).execute(&mut self.connection).await.map_err(|e| failed(first_words(sql), e))?;
        Ok(())
    }

    /// Writes everything that comes through the queue, until its last sender is gone.
    pub async fn drain(&mut self, queue: &mut mpsc::Receiver<Statement>) -> Result<(), LoadError> {
        while let Some(Statement { sql, values }) = queue.recv().await {
            // Only table and column names of this room are formatted into it; values are bound.
            let query = sqlx::query_with(AssertSqlSafe(sql.to_string()), values);
            query.execute(&mut self.connection).await.map_err(|e| failed(first_words(&sql), e))?;
        }
        Ok(())
    }

    pub async fn meta(&mut self, key: &str, value: &str) -> Result<(), LoadError> {
        let query = sqlx::query("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").bind(key).bind(value);
        query.execute(&mut self.connection).await.map_err(|e| failed("writing meta", e))?;
        Ok(())
    }

    /// Indexes, counts, statistics, checks; returns the rows of each table and the warnings of the checks.
    pub async fn complete(&mut self) -> Result<(Vec<(String, i64)>, Vec<String>), LoadError> {
        self.run("INSERT INTO plan_fts (rowid, name, issuer) SELECT plan_pk, plan.name, issuer.name FROM plan JOIN issuer USING (issuer_id) ORDER BY plan_pk").await?;
        self.run("INSERT INTO plan_fts (plan_fts) VALUES ('optimize')").await?;
        self.run(INDEXES).await?;
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'plan_fts%' AND name NOT LIKE 'sqlite%' ORDER BY name";
        let tables: Vec<String> = sqlx::query_scalar(tables)
            .fetch_all(&mut self.connection)
            .await
            .map_err(|e| failed("listing tables", e))?;
        let mut counts = Vec::new();
        for table in tables.into_iter().filter(|table| table != "meta") {
            // The name comes from the schema above.
            let sql = AssertSqlSafe(format!("SELECT count(*) FROM \"{table}\""));
            let count: i64 = sqlx::query_scalar(sql)
                .fetch_one(&mut self.connection)
                .await
                .map_err(|e| failed("counting rows", e))?;
            self.meta(&format!("count.{table}"), &count.to_string()).await?;
            counts.push((table, count));
        }
        self.run("ANALYZE main").await?;
        // With samples of values SQLite plans again for each bound value: an eighth of a search's time, for nothing,
        // since the search fixes its own order of tables (docs/performance.md).
        self.run("DROP TABLE IF EXISTS sqlite_stat4").await?;
        let warnings = rules::run(&mut self.connection).await.map_err(|unsound| match unsound {
            Unsound::Broken(rules) => LoadError::NotWhole(rules),
            Unsound::Unread { rule, source } => failed(rule, source),
        })?;
        self.run("COMMIT").await?;
        Ok((counts, warnings))
    }

    /// Seals and syncs the file and gives it its name; from here on a server may open it.
    pub async fn publish(self, name: &str) -> Result<PathBuf, LoadError> {
        let Build { folder, file, connection } = self;
        connection.close().await.map_err(|e| failed("closing the new file", e))?;
        let path = folder.join(name);
        let put_in_place = || -> std::io::Result<()> {
            seal(&file.0)?;
            std::fs::File::open(&file.0)?.sync_all()?;
            std::fs::rename(&file.0, &path)?;
            std::fs::File::open(&folder)?.sync_all()
        };
        put_in_place().map_err(|e| LoadError::Write { path: path.clone(), reason: e.to_string() })?;
        Ok(path)
    }
}

/// `catalogue-2026-20251101-1a2b3c4d.db`; the hash is the first eight digits of `hash`.
pub fn file_name(plan_year: i32, built: time::OffsetDateTime, hash: &str) -> String {
    let day = built.to_offset(time::UtcOffset::UTC).date();
    let hash = hash.get(..8).unwrap_or(hash);
    format!("catalogue-{plan_year}-{:04}{:02}{:02}-{hash}.db", day.year(), u8::from(day.month()), day.day())
}

pub fn failed(doing: &str, source: sqlx::Error) -> LoadError {
    LoadError::Database { doing: doing.to_string(), source }
}

fn first_words(sql: &str) -> &str {
    sql.char_indices().nth(60).map_or(sql, |(cut, _)| &sql[..cut])
}
