//! One round: what is on record goes out, what waits is written, what an operator wants is sent again, once a month everything
//! that is in force, and what insurers have laid down is read.
//!
//! Called once a minute by `serve`. Two that run at once find less to do.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use time::OffsetDateTime;

use super::inbox::{self, Report};
use super::record;
use super::send::{Cause, Insurers, Unwanted};
use crate::store::{Store, StoreError};

/// What one round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Files that went out.
    pub sent: u64,
    pub read: Report,
}

/// What waits for insurers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Changes that are in no file, or in one that is not in the folder yet.
    pub many: i64,
    /// For how long the oldest of them has waited, in milliseconds.
    pub oldest: i64,
    /// Changes that cannot be written until somebody has looked at them.
    pub unwritten: i64,
}

/// Asks the store.
///
/// # Errors
///
/// If it is away.
pub async fn waiting(store: &Store) -> Result<Waiting, StoreError> {
    let now = store.now().await?;
    let mut connection = store.read().await?;
    let asked = sqlx::query_as(
        "SELECT count(*), min(c.made_at) FROM enrollment_change c LEFT JOIN insurer_file f ON f.id = c.file \
         WHERE (c.file = '' AND c.held = '') OR (f.direction = 'out' AND f.state = 'made')",
    );
    let (many, first): (i64, Option<i64>) = asked.fetch_one(&mut *connection).await?;
    let asked = sqlx::query_scalar("SELECT count(*) FROM enrollment_change WHERE file LIKE '%-unwritten'");
    let unwritten = asked.fetch_one(&mut *connection).await?;
    Ok(Waiting { many, oldest: first.map_or(0, |first| (now - first).max(0)), unwritten })
}

/// How sending goes, for the private port: what was seen at the last round, and rounds that came to nothing.
pub struct Counts {
    many: AtomicI64,
    oldest: AtomicI64,
    unwritten: AtomicI64,
    failed: AtomicU64,
}

/// Of this process.
pub static COUNTS: Counts = Counts {
    many: AtomicI64::new(0),
    oldest: AtomicI64::new(0),
    unwritten: AtomicI64::new(0),
    failed: AtomicU64::new(0),
};

impl Counts {
    pub fn waiting(&self) -> Waiting {
        let read = |count: &AtomicI64| count.load(Ordering::Relaxed);
        Waiting { many: read(&self.many), oldest: read(&self.oldest), unwritten: read(&self.unwritten) }
    }

    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    fn saw(&self, seen: Waiting) {
        self.many.store(seen.many, Ordering::Relaxed);
        self.oldest.store(seen.oldest, Ordering::Relaxed);
        self.unwritten.store(seen.unwritten, Ordering::Relaxed);
    }
}

/// One round, counted: what waits after it is looked up whether it failed or not. A store that is away leaves what was seen last.
///
/// # Errors
///
/// As `round`.
pub async fn counted(desk: &Insurers) -> anyhow::Result<Round> {
    let done = round(desk).await;
    if done.is_err() {
        COUNTS.failed.fetch_add(1, Ordering::Relaxed);
    }
    if let Ok(seen) = waiting(&desk.room.store).await {
        COUNTS.saw(seen);
    }
    done
}

/// One round.
///
/// # Errors
///
/// If the store or the folder is away. What was done before is done.
pub async fn round(desk: &Insurers) -> anyhow::Result<Round> {
    let mut sent = release(desk).await?;
    for issuer in desk.waiting().await? {
        while make(desk, &issuer, Cause::Batch).await? {}
    }
    let mut connection = desk.room.store.read().await?;
    let again = record::wanted_again(&mut connection).await?;
    drop(connection);
    for file in again {
        let cause = Cause::Again { file: file.id.clone(), all: file.again == "all" };
        if !make(desk, &file.issuer, cause).await? {
            desk.room.store.begin_write(Unwanted { file: file.id }).await?;
        }
    }
    audit(desk).await?;
    sent += release(desk).await?;
    Ok(Round { sent, read: inbox::read_all(desk).await? })
}

/// Everything that was made beside this folder goes into it.
async fn release(desk: &Insurers) -> anyhow::Result<u64> {
    let place = desk.folder.place().await?;
    let mut connection = desk.room.store.read().await?;
    let unsent = record::unsent(&mut connection, &place).await?;
    drop(connection);
    for file in &unsent {
        desk.release(file).await?;
    }
    desk.folder.tidy().await?;
    Ok(unsent.len() as u64)
}

/// Writes one file and puts it on record; `false`: there was nothing, or another process did it.
async fn make(desk: &Insurers, issuer: &str, cause: Cause) -> anyhow::Result<bool> {
    let Some(made) = desk.draft(issuer, cause).await? else { return Ok(false) };
    let staged = made.staged.clone();
    match desk.room.store.begin_write(made).await {
        Ok(true) => Ok(true),
        Ok(false) | Err(StoreError::Stale) => {
            if !staged.is_empty() {
                desk.folder.unstage(issuer, &staged).await?;
            }
            Ok(false)
        }
        // Whether it was made is not known: it stays, and goes out if it is on record.
        Err(error) => Err(error.into()),
    }
}

/// A month's audit of every insurer who has somebody, in as many files as it takes.
async fn audit(desk: &Insurers) -> anyhow::Result<()> {
    let now = OffsetDateTime::from_unix_timestamp(desk.room.store.now().await? / 1000)?;
    let month = format!("{:04}-{:02}", now.year(), u8::from(now.month()));
    let mut connection = desk.room.store.read().await?;
    let asked = sqlx::query_scalar(
        "SELECT DISTINCT issuer FROM enrollment WHERE state IN ('sent', 'accepted', 'confirmed') AND ends >= $1",
    );
    let mut issuers: Vec<String> = asked.bind(format!("{month}-01")).fetch_all(&mut *connection).await?;
    drop(connection);
    issuers.sort();
    for issuer in issuers {
        let mut connection = desk.room.store.read().await?;
        let asked = sqlx::query_scalar(
            "SELECT count(*) FROM insurer_file WHERE issuer = $1 AND kind = 'audit' AND direction = 'out' AND made_at >= $2",
        );
        let begins = super::send::month_begins(&month).unwrap_or(0);
        let parts: i64 = asked.bind(&issuer).bind(begins).fetch_one(&mut *connection).await?;
        drop(connection);
        let mut part = usize::try_from(parts)? + 1;
        while make(desk, &issuer, Cause::Audit { month: month.clone(), part }).await? {
            part += 1;
        }
    }
    Ok(())
}
