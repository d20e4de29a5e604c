//! The connections over which every search runs its statement.
//!
//! Called by `quote::market`. The driver's pool checks each connection that comes back by asking its thread for a sign of
//! life: for a statement of a tenth of a millisecond, one more journey to another thread and back (docs/performance.md).
//! Nothing is left on these that would have to be checked: the file cannot change, and nobody begins a transaction.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::query::QueryScalar;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, FromRow, Sqlite};
use tokio::sync::Semaphore;

pub struct Readers {
    options: SqliteConnectOptions,
    idle: Mutex<Vec<SqliteConnection>>,
    places: Semaphore,
    most: usize,
    /// How long a request waits for a connection before it is told that the site is busy.
    patience: Duration,
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
        Ok(Readers { options, idle: Mutex::new(idle), places: Semaphore::new(most), most, patience })
    }

    /// The one value that a statement returns. A connection on which one failed, or was given up, is not used again.
    ///
    /// # Errors
    ///
    /// [`sqlx::Error::PoolTimedOut`] if no connection came back in time, or any SQLite error.
    pub async fn one<'q, O>(&self, query: QueryScalar<'q, Sqlite, O, SqliteArguments>) -> Result<O, sqlx::Error>
    where
        O: Send + Unpin,
        (O,): Send + Unpin + for<'r> FromRow<'r, SqliteRow>,
    {
        let place = tokio::time::timeout(self.patience, self.places.acquire()).await;
        let _place = place.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let found = query.fetch_one(&mut connection).await?;
        // Before the place is given back.
        self.idle().push(connection);
        Ok(found)
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
