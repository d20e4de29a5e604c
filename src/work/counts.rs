//! How the queue is doing: what waits, how old the oldest is, what is dead; what this process has done. For metrics.
//!
//! Counted by the workers; the store is asked now and then (`look`), not at each scrape, so that a store that is away
//! stops no scrape. It must never hold what a job is about.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::queue::{DEAD, READY};
use super::worker::SILENT;
use crate::store::wait::within;
use crate::store::{Millis, Store, StoreError};

/// Of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub waiting: i64,
    pub held: i64,
    pub dead: i64,
    /// For how long the oldest has been due.
    pub oldest: Millis,
}

#[derive(Debug)]
struct OfKind {
    name: &'static str,
    done: AtomicU64,
    failed: AtomicU64,
}

/// The kinds are a closed list, so the number of series is bounded.
#[derive(Debug)]
pub struct Counts {
    kinds: Vec<OfKind>,
    looked: Mutex<Vec<Waiting>>,
}

/// What is shown of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub kind: &'static str,
    pub now: Waiting,
    pub done: u64,
    pub failed: u64,
}

impl Counts {
    pub fn new(kinds: impl Iterator<Item = &'static str>) -> Counts {
        let kinds: Vec<OfKind> =
            kinds.map(|name| OfKind { name, done: AtomicU64::new(0), failed: AtomicU64::new(0) }).collect();
        let looked = Mutex::new(vec![Waiting::default(); kinds.len()]);
        Counts { kinds, looked }
    }

    pub fn done(&self, kind: &str) {
        if let Some(of) = self.of(kind) {
            of.done.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// An attempt that came to nothing.
    pub fn failed(&self, kind: &str) {
        if let Some(of) = self.of(kind) {
            of.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn of(&self, kind: &str) -> Option<&OfKind> {
        self.kinds.iter().find(|of| of.name == kind)
    }

    /// Asks the store.
    ///
    /// # Errors
    ///
    /// If it is away; then what was seen last stands.
    pub async fn look(&self, store: &Store) -> Result<(), StoreError> {
        within(SILENT, self.counted(store)).await.flatten()
    }

    async fn counted(&self, store: &Store) -> Result<(), StoreError> {
        let now = store.now().await?;
        let mut connection = store.read().await?;
        let asked = sqlx::query_as("SELECT kind, state, count(*), min(run_at) FROM job GROUP BY kind, state");
        let rows: Vec<(String, i64, i64, Millis)> = asked.fetch_all(&mut *connection).await?;
        let mut seen = vec![Waiting::default(); self.kinds.len()];
        for (kind, state, count, first) in rows {
            let Some(at) = self.kinds.iter().position(|of| of.name == kind) else { continue };
            match state {
                READY => (seen[at].waiting, seen[at].oldest) = (count, (now - first).max(0)),
                DEAD => seen[at].dead = count,
                _ => seen[at].held = count,
            }
        }
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        Ok(())
    }

    pub fn shown(&self) -> Vec<Shown> {
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let of = |(of, now): (&OfKind, &Waiting)| Shown {
            kind: of.name,
            now: *now,
            done: read(&of.done),
            failed: read(&of.failed),
        };
        self.kinds.iter().zip(looked.iter()).map(of).collect()
    }
}
