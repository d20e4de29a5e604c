//! The statement of a search: the connections that run it, and what it found.
//!
//! Called by `quote::market`, which alone writes statements. A catalogue never changes, so the same statement finds the same
//! plans: without filters, everybody in a place asks the same one, whatever their ages. What was found is kept within a limit;
//! what holds a text that somebody typed is not.
//!
//! The driver's pool checks each connection that comes back by asking its thread for a sign of life: for a statement of a tenth
//! of a millisecond, one more journey to another thread and back (docs/performance.md). Nothing is left on these that would
//! have to be checked: the file cannot change, and nobody begins a transaction.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::Semaphore;

/// A bound value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Arg {
    Int(i64),
    Text(String),
}

/// A statement that returns one text, and what is bound to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Query {
    pub sql: String,
    pub args: Vec<Arg>,
}

/// Memory for what was found: some thousand places, each with some filters.
const FOUND_BYTES: u64 = 16 << 20;
/// Roughly one, with its statement, to size the table.
const ONE_FOUND_BYTES: u64 = 3 << 10;

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Query, Arc<str>> for ByBytes {
    fn weight(&self, query: &Query, found: &Arc<str>) -> u64 {
        (query.sql.len() + size_of_val(&*query.args) + found.len() + 2 * size_of::<Query>()) as u64
    }
}

pub struct Readers {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<SqliteConnection>>,
    places: Semaphore,
    most: usize,
    /// How long a request waits for a connection before it is told that the site is busy.
    patience: Duration,
    found: Cache<Query, Arc<str>, ByBytes>,
}

impl Readers {
    /// `most`: connections at once. All are opened here, so that no visitor waits for it.
    ///
    /// # Errors
    ///
    /// If one cannot be opened.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        most: usize,
        patience: Duration,
    ) -> Result<Readers, sqlx::Error> {
        let mut idle = Vec::with_capacity(most);
        for _ in 0..most {
            idle.push(options.connect().await?);
        }
        let items = usize::try_from(FOUND_BYTES / ONE_FOUND_BYTES).unwrap_or(usize::MAX);
        let found = Cache::with_weighter(items, FOUND_BYTES, ByBytes);
        Ok(Readers { options, idle: Mutex::new(idle), places: Semaphore::new(most), most, patience, found })
    }

    /// What a statement finds, from memory or run once for all who ask at the same time; empty for NULL.
    ///
    /// # Errors
    ///
    /// [`sqlx::Error::PoolTimedOut`] if no connection came back in time, or any SQLite error.
    pub async fn find(&self, query: &Query) -> Result<Arc<str>, sqlx::Error> {
        match query.args.iter().any(|arg| matches!(arg, Arg::Text(_))) {
            true => self.run(query).await,
            false => self.found.get_or_insert_async(query, self.run(query)).await,
        }
    }

    /// A connection on which a statement failed, or was given up, is not used again.
    async fn run(&self, query: &Query) -> Result<Arc<str>, sqlx::Error> {
        // Safe: all text comes from closed sets, and every value is bound (`quote::market::query`).
        let mut statement = sqlx::query_scalar(sqlx::AssertSqlSafe(query.sql.clone()));
        for arg in &query.args {
            statement = match arg {
                Arg::Int(n) => statement.bind(*n),
                Arg::Text(text) => statement.bind(text.clone()),
            };
        }
        let place = tokio::time::timeout(self.patience, self.places.acquire()).await;
        let _place = place.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let found: Option<String> = statement.fetch_one(&mut connection).await?;
        // Before the place is given back.
        self.idle().push(connection);
        Ok(found.unwrap_or_default().into())
    }

    /// Connections at once.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Of those, how many nobody uses.
    pub fn free(&self) -> usize {
        self.places.available_permits()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;

    fn query(sql: &str, args: &[Arg]) -> Query {
        Query { sql: sql.to_string(), args: args.to_vec() }
    }

    #[tokio::test]
    async fn what_was_found_is_kept_unless_somebody_typed_a_part_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SqliteConnectOptions::new().filename(folder.path().join("x.db")).create_if_missing(true);
        // No catalogue ever changes; this file does, so that one can tell what was read again.
        let mut writer = SqliteConnection::connect_with(&options).await.expect("a file");
        let write = async |writer: &mut SqliteConnection, sql: &'static str| {
            sqlx::raw_sql(sql).execute(writer).await.expect("written");
        };
        write(&mut writer, "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)").await;
        let readers = Readers::open(options, 2, Duration::from_secs(5)).await.expect("readers");
        let plain = query("SELECT group_concat(a) FROM t WHERE a < ?1", &[Arg::Int(9)]);
        let typed = query("SELECT group_concat(a) FROM t WHERE ?1 = 'x'", &[Arg::Text("x".into())]);
        let none = query("SELECT group_concat(a) FROM t WHERE a > ?1", &[Arg::Int(9)]);
        let find = async |query: &Query| readers.find(query).await.map(|found| found.to_string()).ok();
        assert_eq!([find(&plain).await, find(&typed).await, find(&none).await], ["1", "1", ""].map(|s| Some(s.into())));
        write(&mut writer, "INSERT INTO t VALUES (2)").await;
        assert_eq!([find(&plain).await, find(&typed).await], ["1", "1,2"].map(|s| Some(s.into())));
        let wrong = query("SELECT group_concat(b) FROM t", &[]);
        assert_eq!([find(&wrong).await, find(&wrong).await, find(&wrong).await], [None, None, None]);
        assert_eq!(find(&typed).await.as_deref(), Some("1,2"), "there is always another connection");
        assert_eq!((readers.free(), readers.most()), (2, 2));
    }
}
