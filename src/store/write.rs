//! Writing: one way, for both engines.
//!
//! A change of the store is a value that implements [`Change`]. [`Store::begin_write`] runs it in a transaction and
//! commits, or undoes all of it. It must never talk to the network: a transaction that stays open stops others.

use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::{Any, AnyConnection, Transaction};
use tracing::Instrument as _;

use super::wait::{WAIT, Waiting};
use super::{LOST, Millis, Store, StoreError};
use crate::types;

/// How often a change that met another is tried.
const TRIES: u32 = 4;
/// The pause before the second try; doubles each time.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a command of an operator waits for its change (a restore).
const LONG_WAIT: Duration = Duration::from_secs(24 * 3600);

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
}

impl Tx {
    /// The store's time when the transaction began.
    pub fn now(&self) -> Millis {
        self.now
    }

    pub fn conn(&mut self) -> &mut AnyConnection {
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
        self.write_within(change, WAIT).await
    }

    /// The same for commands, which have time.
    ///
    /// # Errors
    ///
    /// As [`begin_write`](Store::begin_write).
    pub async fn begin_long_write<C: Change>(&self, change: C) -> Result<C::Done, StoreError> {
        self.write_within(change, LONG_WAIT).await
    }

    async fn write_within<C: Change>(&self, change: C, wait: Duration) -> Result<C::Done, StoreError> {
        let waiting = Waiting::begin();
        let store = self.clone();
        let away = move |_| StoreError::Away(format!("no answer within {wait:?}"));
        let work = async move {
            // Nobody waits for it any more by then, and it must not hold its place for as long as a lost server is silent.
            let done = tokio::time::timeout(wait + LOST, store.write_until_alone(&change)).await;
            done.map_err(away)?
        };
        let work = types::as_request(types::request_id(), work.instrument(tracing::Span::current()));
        let done = match tokio::time::timeout(wait, tokio::spawn(work)).await {
            Ok(Ok(done)) => done,
            Ok(Err(ended)) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
            Ok(Err(_)) => Err(StoreError::Away("the process is stopping".to_string())),
            Err(late) => Err(away(late)),
        };
        Waiting::heard(waiting.as_ref(), &done);
        done
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
        let mut inner = self.inner.writer.begin_with(self.inner.engine.begin_write()).await?;
        let now = self.clock(&mut inner).await?;
        let mut tx = Tx { inner, now };
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
