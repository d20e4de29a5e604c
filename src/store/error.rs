//! Why the store did not do something, in the few kinds that callers treat differently.
//!
//! Made from the engine's own words in one place, for both engines. It must never hold a value: an engine's details
//! ("Failing row contains …") stay behind.

use sqlx::error::DatabaseError;

use super::counts;
use crate::sealing::SealFault;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The engine cannot be reached, is full or read-only, or had no connection free in time. Worth retrying later.
    #[error("the store does not answer: {0}")]
    Away(String),
    /// Two writers met. `begin_write` tries again by itself; a caller sees this after several tries.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// A value that may be there once is already there, in this table.
    #[error("already there: {table}")]
    Taken { table: String },
    /// Somebody else changed it since it was read.
    #[error("changed meanwhile")]
    Stale,
    /// A sealed value does not open, or its key is gone.
    #[error("{0}")]
    Sealed(#[from] SealFault),
    /// Our own fault: a statement that the engine does not accept, or a row that is not as the schema says.
    #[error("the store refused a statement: {0}")]
    Refused(String),
}

/// What an engine's code means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Away,
    Busy,
    Refused,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> StoreError {
        let ours = match &error {
            sqlx::Error::Database(said) => of_database(said.as_ref()),
            sqlx::Error::PoolTimedOut => StoreError::Away("no connection was free in time".to_string()),
            // What is no PostgreSQL answers for it: a balancer without a server behind it, or one that broke off.
            sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => StoreError::Away(error.to_string()),
            _ => StoreError::Refused(error.to_string()),
        };
        counts::error(&ours);
        ours
    }
}

fn of_database(said: &dyn DatabaseError) -> StoreError {
    if said.is_unique_violation() {
        // PostgreSQL names the table; SQLite says "UNIQUE constraint failed: table.column".
        let table = said.table().map(str::to_string).or_else(|| {
            let (_, place) = said.message().split_once("failed: ")?;
            place.split('.').next().map(str::to_string)
        });
        return StoreError::Taken { table: table.unwrap_or_default() };
    }
    let code = said.code().unwrap_or_default();
    let words = format!("{} ({code})", said.message());
    match kind_of(&code) {
        Kind::Away => StoreError::Away(words),
        Kind::Busy => StoreError::Busy(words),
        Kind::Refused => StoreError::Refused(words),
    }
}

/// PostgreSQL's codes have five characters, SQLite's are numbers below 10,000 whose low byte is the primary code.
fn kind_of(code: &str) -> Kind {
    match code {
        // Serialization failure, deadlock, lock not available.
        "40001" | "40P01" | "55P03" => return Kind::Busy,
        // Statement timeout, the server stops or starts, disk full, too many connections, read-only server.
        "57014" | "57P01" | "57P02" | "57P03" | "53100" | "53200" | "53300" | "25006" => return Kind::Away,
        _ if code.len() == 5 && code.starts_with("08") => return Kind::Away,
        _ if code.len() == 5 => return Kind::Refused,
        _ => {}
    }
    match code.parse::<u32>().map(|code| code & 0xff) {
        // SQLITE_BUSY, SQLITE_LOCKED.
        Ok(5 | 6) => Kind::Busy,
        // Permission, out of memory, read-only, interrupted, I/O error, corrupt, full, cannot open, not a database.
        Ok(3 | 7 | 8 | 9 | 10 | 11 | 13 | 14 | 26) => Kind::Away,
        _ => Kind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_both_engines_mean_the_same() {
        for (code, kind) in [
            ("40001", Kind::Busy),
            ("40P01", Kind::Busy),
            ("5", Kind::Busy),
            ("517", Kind::Busy), // SQLITE_BUSY_SNAPSHOT
            ("262", Kind::Busy), // SQLITE_LOCKED_SHAREDCACHE
            ("57P01", Kind::Away),
            ("08006", Kind::Away),
            ("53100", Kind::Away),
            ("13", Kind::Away),
            ("778", Kind::Away),  // SQLITE_IOERR_WRITE
            ("1032", Kind::Away), // SQLITE_READONLY_DBMOVED
            ("42601", Kind::Refused),
            ("1", Kind::Refused),
            ("787", Kind::Refused), // SQLITE_CONSTRAINT_FOREIGNKEY
            ("23503", Kind::Refused),
            ("", Kind::Refused),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
    }
}
