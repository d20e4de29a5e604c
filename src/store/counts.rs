//! How the store is doing: writes, errors by kind, connections, whether it answered when last asked. For metrics.
//!
//! Counted where it happens; read by `serve` at each scrape. It must never hold what a statement was about.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Store, StoreError, wait};

/// Errors of the whole process since its start, because a [`StoreError`] is made where no store is at hand.
static AWAY: AtomicU64 = AtomicU64::new(0);
static BUSY: AtomicU64 = AtomicU64::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// An engine's error became ours.
pub(super) fn error(error: &StoreError) {
    let counter = match error {
        StoreError::Away(_) => &AWAY,
        StoreError::Busy(_) => &BUSY,
        StoreError::Refused(_) => &REFUSED,
        // Values, not faults: an address that is taken, a row that has changed.
        StoreError::Taken { .. } | StoreError::Stale | StoreError::Sealed(_) => return,
    };
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Errors by kind; the kinds are a closed set.
pub fn errors() -> [(&'static str, u64); 3] {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    [("away", read(&AWAY)), ("busy", read(&BUSY)), ("refused", read(&REFUSED))]
}

/// Of one store.
#[derive(Debug)]
pub(super) struct Counts {
    pub writes: AtomicU64,
    pub again: AtomicU64,
    pub answers: AtomicBool,
}

impl Counts {
    /// It has just been opened.
    pub fn new() -> Counts {
        Counts { writes: AtomicU64::new(0), again: AtomicU64::new(0), answers: AtomicBool::new(true) }
    }
}

/// The connections of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    pub name: &'static str,
    pub open: u32,
    pub idle: usize,
}

impl Store {
    /// Changes committed.
    pub fn writes(&self) -> u64 {
        self.inner.counts.writes.load(Ordering::Relaxed)
    }

    /// Changes tried again because two writers met.
    pub fn tried_again(&self) -> u64 {
        self.inner.counts.again.load(Ordering::Relaxed)
    }

    pub fn pools(&self) -> [Pool; 2] {
        let of = |name, pool: &sqlx::AnyPool| Pool { name, open: pool.size(), idle: pool.num_idle() };
        [of("writers", &self.inner.writer), of("readers", &self.inner.readers)]
    }

    /// Whether the store answered when it was last asked by [`probe`](Store::probe).
    pub fn answers(&self) -> bool {
        self.inner.counts.answers.load(Ordering::Relaxed)
    }

    /// Asks the store for its time, and remembers whether it answered.
    ///
    /// # Errors
    ///
    /// If it is away.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let asked = wait::within(wait::WAIT, self.now()).await.flatten();
        self.inner.counts.answers.store(asked.is_ok(), Ordering::Relaxed);
        asked.map(drop)
    }
}
