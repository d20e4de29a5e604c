//! Writing: one way, for both engines.
//!
//! A change of the store is a value that implements [`Change`]. [`Store::begin_write`] runs it in a transaction and
//! commits, or undoes all of it. It must never talk to the network: a transaction that stays open stops others.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::{Any, AnyConnection, Transaction};
use tracing::Instrument as _;

use super::wait::{WAIT, Waiting, within};
use super::{LOST, Millis, Store, StoreError};
use crate::types;

/// How often a change that met another is tried.
const TRIES: u32 = 4;
/// The pause before the second try; doubles each time.
const PAUSE: Duration = Duration::from_millis(10);
/// How long one statement of a command may take (a restore). PostgreSQL itself gives each five seconds.
const LONG_STATEMENT: Duration = Duration::from_secs(10 * 60);

/// Something to be done in one transaction, audit rows included.
///
/// It may run several times (after meeting another writer), so it must draw what is random before it begins. What it
/// decides, it decides in the `WHERE` of the statement that writes, or by a row that it has locked by writing to it.
pub trait Change: Send + Sync + 'static {
    type Done: Send + 'static;

    /// An error undoes all of it.
    fn run(&self, tx: &mut Tx) -> impl Future<Output = Result<Self::Done, StoreError>> + Send;
}

/// An open transaction that writes.
pub struct Tx {
    inner: Transaction<'static, Any>,
    now: Millis,
    waiting: Waiting,
}

impl Tx {
    /// The store's time when the transaction began.
    pub fn now(&self) -> Millis {
        self.now
    }

    pub fn conn(&mut self) -> &mut AnyConnection {
        // Whoever has another question had an answer to the last.
        self.waiting.answered();
        &mut self.inner
    }
}

impl Store {
    /// Runs a change and commits it. The only way to write.
    ///
    /// It runs in a task of its own: a visitor who closes the connection does not stop it halfway.
    ///
    /// # Errors
    ///
    /// The change's own, or that the store is away. After [`StoreError::Away`] it may have been done all the same.
    pub async fn begin_write<C: Change>(&self, change: C) -> Result<C::Done, StoreError> {
        self.begin_write_within(change, WAIT).await
    }

    /// The same with more time, for what is large.
    ///
    /// # Errors
    ///
    /// As [`begin_write`](Store::begin_write).
    pub async fn begin_write_within<C: Change>(&self, change: C, wait: Duration) -> Result<C::Done, StoreError> {
        let waiting = Waiting::begin();
        // When nobody waits for it any more, it must not hold its place for as long as a lost server is silent.
        let done = tokio::time::timeout(wait, self.by_itself(change, LOST)).await;
        let done = done.unwrap_or_else(|_| Err(StoreError::Away(format!("no answer within {wait:?}"))));
        waiting.heard(&done);
        done
    }

    /// The same for commands and the work behind, which have time.
    ///
    /// # Errors
    ///
    /// As [`begin_write`](Store::begin_write).
    pub async fn begin_long_write<C: Change>(&self, change: C) -> Result<C::Done, StoreError> {
        self.by_itself(change, LONG_STATEMENT).await
    }

    /// In a task of its own, which gives up when the store is silent for so long.
    async fn by_itself<C: Change>(&self, change: C, silent: Duration) -> Result<C::Done, StoreError> {
        let store = self.clone();
        let work = async move { within(silent, store.write_until_alone(&change)).await.flatten() };
        let work = types::as_request(types::request_id(), work.instrument(tracing::Span::current()));
        match tokio::spawn(work).await {
            Ok(done) => done,
            Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            Err(_) => Err(StoreError::Away("the process is stopping".to_string())),
        }
    }

    async fn write_until_alone<C: Change>(&self, change: &C) -> Result<C::Done, StoreError> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.write_once(change).await {
                Err(StoreError::Busy(why)) => {
                    self.inner.counts.again.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(why, "two writers met, trying again");
                }
                done => return done,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        match self.write_once(change).await {
            Err(StoreError::Busy(why)) => Err(StoreError::Away(why)),
            done => done,
        }
    }

    async fn write_once<C: Change>(&self, change: &C) -> Result<C::Done, StoreError> {
        self.stands()?;
        let waiting = Waiting::begin();
        let mut inner = self.inner.writer.begin_with(self.inner.engine.begin_write()).await?;
        let now = self.clock(&mut inner).await?;
        let mut tx = Tx { inner, now, waiting };
        match change.run(&mut tx).await {
            Ok(done) => {
                self.stands()?;
                tx.inner.commit().await?;
                self.inner.counts.writes.fetch_add(1, Ordering::Relaxed);
                if let Some(written) = &self.inner.written {
                    written.send_replace(());
                }
                Ok(done)
            }
            Err(error) => {
                // If this fails, the connection is broken, and the engine undoes by itself.
                let _ = tx.inner.rollback().await;
                Err(error)
            }
        }
    }
}
