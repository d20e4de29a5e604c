//! The only place that knows which engine runs: what SQLite and PostgreSQL say differently.
//!
//! Called by the rest of `store`. All other SQL of the office is one text for both engines, and a test refuses words
//! of a dialect anywhere but here.

use sqlx::AnyConnection;

use super::StoreError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// May write, through `begin_write` only.
    Writer,
    /// The engine itself refuses to write.
    Reader,
}

/// The oldest PostgreSQL that is still supported by its makers as this is written.
const POSTGRES_MIN: i64 = 140_000;

impl Engine {
    pub fn of(connection: &AnyConnection) -> Engine {
        match connection.backend_name() {
            "PostgreSQL" => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        }
    }

    /// Settings of each new connection.
    ///
    /// SQLite: a commit is on the disk when it returns (WAL, FULL); deleted rows are overwritten; a lock of another
    /// process is waited for. What a statement of many rows would have to undo stays in memory, not in a file, and so do the
    /// pages of one large transaction; the log is copied by the task of `checkpoint`, and by a commit only if it is 32 MB
    /// long. PostgreSQL: nothing hangs for long, and a commit is on the disk whatever the server's
    /// default is, unless that asks for more.
    pub fn on_connect(self, role: Role) -> &'static str {
        match (self, role) {
            (Engine::Sqlite, Role::Writer) => {
                "PRAGMA busy_timeout = 1500; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF; \
                 PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 8000"
            }
            (Engine::Sqlite, Role::Reader) => {
                "PRAGMA busy_timeout = 1500; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF"
            }
            (Engine::Postgres, Role::Writer) => {
                "SET statement_timeout = '5s'; SET lock_timeout = '2s'; \
                 SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = 'warning'; \
                 SELECT set_config('synchronous_commit', 'on', false) \
                 WHERE current_setting('synchronous_commit') IN ('off', 'local')"
            }
            (Engine::Postgres, Role::Reader) => {
                "SET statement_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'; \
                 SET client_min_messages = 'warning'; SET default_transaction_read_only = 'on'"
            }
        }
    }

    /// Begins a transaction that writes. SQLite takes the write lock at once: a transaction that reads first and then
    /// wants to write fails when somebody else wrote meanwhile. PostgreSQL: each statement sees what is committed, and
    /// waits for a row that another is changing, so decisions belong in the `WHERE` of the statement that writes.
    pub fn begin_write(self) -> &'static str {
        match self {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        }
    }

    /// Begins a transaction that sees one moment of the whole store.
    pub fn begin_snapshot(self) -> &'static str {
        match self {
            Engine::Sqlite => "BEGIN DEFERRED",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        }
    }

    /// Copies what is committed from the log into the file proper, waiting for nobody; `None`: the engine does that itself.
    pub(super) fn checkpoint(self) -> Option<&'static str> {
        match self {
            Engine::Sqlite => Some("PRAGMA wal_checkpoint(PASSIVE)"),
            Engine::Postgres => None,
        }
    }

    /// Whether a place in a statement may be a bare `?`. SQLite takes `$1` for a name, and its driver looks up the name of
    /// each place in a list of all: with 640 of them that was a fourteenth of the writer's time.
    pub(super) fn has_bare_places(self) -> bool {
        matches!(self, Engine::Sqlite)
    }

    /// Milliseconds since 1970 by the store's clock: the same for all processes of a site.
    pub fn clock(self) -> &'static str {
        match self {
            Engine::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000 AS BIGINT)",
            Engine::Postgres => "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }

    /// Takes jobs of a kind (`$1`) that are due at `$2`, at most `$3`, with a lease until `$4` for a worker (`$5`). The
    /// choice is made once (MATERIALIZED): a planner that ran it again for each row would take more than asked. On
    /// PostgreSQL two workers pass each other's rows by; SQLite has one writer.
    pub fn claim(self) -> &'static str {
        match self {
            Engine::Sqlite => {
                "WITH due AS MATERIALIZED (SELECT id FROM job WHERE state = 0 AND kind = $1 AND run_at <= $2 \
                 AND kind NOT IN (SELECT kind FROM queue_pause) ORDER BY run_at, id LIMIT $3) \
                 UPDATE job SET state = 1, attempt = attempt + 1, token = token + 1, lease_until = $4, worker = $5 \
                 WHERE id IN (SELECT id FROM due) \
                 RETURNING id, kind, key, made_at, run_at, deadline, attempt, max_attempts, token, began_at, owner, \
                 payload, request_id"
            }
            Engine::Postgres => {
                "WITH due AS MATERIALIZED (SELECT id FROM job WHERE state = 0 AND kind = $1 AND run_at <= $2 \
                 AND kind NOT IN (SELECT kind FROM queue_pause) ORDER BY run_at, id LIMIT $3 \
                 FOR UPDATE SKIP LOCKED) \
                 UPDATE job SET state = 1, attempt = attempt + 1, token = token + 1, lease_until = $4, worker = $5 \
                 WHERE id IN (SELECT id FROM due) \
                 RETURNING id, kind, key, made_at, run_at, deadline, attempt, max_attempts, token, began_at, owner, \
                 payload, request_id"
            }
        }
    }

    /// Adds counts of the application's pages, a JSON array of rows (`$1`), to what is there. In order of the key on
    /// PostgreSQL: two processes that add at once wait for each other and never in a circle.
    pub fn add_counts(self) -> &'static str {
        match self {
            Engine::Sqlite => {
                "INSERT INTO funnel (day, lang, step, event, field, counted) \
                 SELECT json_extract(value, '$.day'), json_extract(value, '$.lang'), json_extract(value, '$.step'), \
                 json_extract(value, '$.event'), json_extract(value, '$.field'), json_extract(value, '$.counted') \
                 FROM json_each($1) WHERE 1 = 1 \
                 ON CONFLICT (day, lang, step, event, field) DO UPDATE SET counted = funnel.counted + excluded.counted"
            }
            Engine::Postgres => {
                "INSERT INTO funnel (day, lang, step, event, field, counted) \
                 SELECT day, lang, step, event, field, counted FROM json_to_recordset(CAST($1 AS json)) \
                 AS added (day BIGINT, lang TEXT, step TEXT, event TEXT, field TEXT, counted BIGINT) \
                 ORDER BY day, lang, step, event, field \
                 ON CONFLICT (day, lang, step, event, field) DO UPDATE SET counted = funnel.counted + excluded.counted"
            }
        }
    }

    /// Whether a table is there; its name is bound.
    fn has_table(self) -> &'static str {
        match self {
            Engine::Sqlite => "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
            Engine::Postgres => {
                "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = $1"
            }
        }
    }
}

pub async fn has_table(connection: &mut AnyConnection, table: &str) -> Result<bool, StoreError> {
    let statement = Engine::of(connection).has_table();
    let count: i64 = sqlx::query_scalar(statement).bind(table).fetch_one(connection).await?;
    Ok(count > 0)
}

/// What makes this server unfit, in words; `None` if nothing does.
pub async fn unfit(connection: &mut AnyConnection) -> Result<Option<String>, StoreError> {
    match Engine::of(connection) {
        // Its own version is built in, and a damaged file does not open.
        Engine::Sqlite => Ok(None),
        Engine::Postgres => {
            let asked = "SELECT CAST(current_setting('server_version_num') AS BIGINT), \
                         current_setting('server_encoding'), current_setting('fsync')";
            let (version, encoding, fsync): (i64, String, String) =
                sqlx::query_as(asked).fetch_one(&mut *connection).await?;
            Ok(match (version, encoding.as_str(), fsync.as_str()) {
                (..POSTGRES_MIN, ..) => Some(format!(
                    "PostgreSQL {} is too old: {} or newer is needed",
                    version / 10_000,
                    POSTGRES_MIN / 10_000
                )),
                (_, "UTF8", "on") => None,
                (_, "UTF8", _) => {
                    Some("the server runs with fsync off and would lose what it confirmed: switch it on".to_string())
                }
                (_, other, _) => Some(format!("the database's encoding is {other}: create one with UTF8")),
            })
        }
    }
}
