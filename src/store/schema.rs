//! The tables: which migrations there are, what a store says of itself, and who may open it.
//!
//! A store carries two numbers. `schema` is the newest migration that ran; `min_binary` is the oldest binary that may
//! still work with it. So during a rolling restart the old binary goes on beside the new schema, and a binary that
//! would do harm refuses to start.

use std::borrow::Cow;
use std::sync::LazyLock;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, SqlSafeStr as _};

use super::dialect;

/// All migrations, in order: number, name, text.
pub const MIGRATIONS: [(i64, &str, &str); 14] = [
    (1, "begin", include_str!("../../sql/store/0001_begin.sql")),
    (2, "account", include_str!("../../sql/store/0002_account.sql")),
    (3, "work", include_str!("../../sql/store/0003_work.sql")),
    (4, "application", include_str!("../../sql/store/0004_application.sql")),
    (5, "codes", include_str!("../../sql/store/0005_codes.sql")),
    (6, "funnel", include_str!("../../sql/store/0006_funnel.sql")),
    (7, "verify", include_str!("../../sql/store/0007_verify.sql")),
    (8, "documents", include_str!("../../sql/store/0008_documents.sql")),
    (9, "transfer", include_str!("../../sql/store/0009_transfer.sql")),
    (10, "enrollment", include_str!("../../sql/store/0010_enrollment.sql")),
    (11, "insurer", include_str!("../../sql/store/0011_insurer.sql")),
    (12, "appeal", include_str!("../../sql/store/0012_appeal.sql")),
    (13, "event_proof", include_str!("../../sql/store/0013_event_proof.sql")),
    (14, "renewal", include_str!("../../sql/store/0014_renewal.sql")),
];

/// What this binary knows: the number of its newest migration.
pub const BINARY: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    pub schema: i64,
    pub min_binary: i64,
}

/// The four types of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Real,
    Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// May be NULL.
    pub optional: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub columns: Vec<Column>,
    /// The migration that made it.
    pub since: i64,
}

/// All tables of this binary, in the order in which they were made: a table refers only to earlier ones.
pub fn tables() -> &'static [Table] {
    static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| read_tables(&MIGRATIONS));
    &TABLES
}

/// The tables and columns that these migrations make. Understands the plain style of our own files: one column a line.
fn read_tables(migrations: &[(i64, &str, &'static str)]) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for &(since, _, text) in migrations {
        let mut inside = false;
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix("CREATE TABLE ").and_then(|rest| rest.strip_suffix(" (")) {
                tables.push(Table { name, columns: Vec::new(), since });
                inside = true;
            } else if line == ");" {
                inside = false;
            } else if let Some(rest) = line.strip_prefix("ALTER TABLE ") {
                let added = rest.trim_end_matches(';').split_once(" ADD COLUMN ");
                let Some((name, column)) = added else { continue };
                let table = tables.iter_mut().find(|table| table.name == name);
                if let (Some(table), Some(column)) = (table, read_column(column)) {
                    table.columns.push(column);
                }
            } else if let (true, Some(table), Some(column)) = (inside, tables.last_mut(), read_column(line)) {
                table.columns.push(column);
            }
        }
    }
    tables
}

fn read_column(line: &'static str) -> Option<Column> {
    let (name, rest) = line.split_once(' ')?;
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    let kind = match rest.split([' ', ',']).next()? {
        "TEXT" => Kind::Text,
        "BIGINT" => Kind::Integer,
        "DOUBLE" => Kind::Real,
        "BYTEA" => Kind::Bytes,
        _ => return None,
    };
    starts.then(|| Column { name, kind, optional: !rest.contains("NOT NULL") })
}

/// What the store says of itself; `None` if it is new.
async fn marks(connection: &mut AnyConnection) -> Result<Option<Marks>, String> {
    let told = |error: sqlx::Error| super::StoreError::from(error).to_string();
    if !dialect::has_table(connection, "store_mark").await.map_err(|error| error.to_string())? {
        return Ok(None);
    }
    let rows = sqlx::query_as::<_, (String, i64)>("SELECT name, value FROM store_mark");
    let rows = rows.fetch_all(connection).await.map_err(told)?;
    let value = |name: &str| rows.iter().find(|row| row.0 == name).map(|row| row.1);
    match (value("schema"), value("min_binary")) {
        (Some(schema), Some(min_binary)) => Ok(Some(Marks { schema, min_binary })),
        _ => Err("has no schema number: this is not a store of Windowshop, or it is damaged".to_string()),
    }
}

/// What the store says of itself, if this binary may open it.
///
/// # Errors
///
/// If it was changed by a newer binary that forbids this one, or is no store of ours.
pub async fn may_open(connection: &mut AnyConnection) -> Result<Option<Marks>, String> {
    let found = marks(connection).await?;
    match found {
        Some(found) if found.min_binary > BINARY => Err(format!(
            "was changed by a newer Windowshop (schema {}, for binaries from {} on; this one is {BINARY}): start the \
             newer one",
            found.schema, found.min_binary
        )),
        found => Ok(found),
    }
}

/// Brings the tables up to this binary, or to an earlier migration for a restore, and says what the store then is.
///
/// # Errors
///
/// In words with what to do: a newer binary is needed, a migration was changed or failed, or the store is away.
pub async fn bring_up(connection: &mut AnyConnection, up_to: Option<i64>) -> Result<Marks, String> {
    if let Some(found) = may_open(connection).await?.filter(|found| found.schema > BINARY) {
        tracing::warn!(schema = found.schema, binary = BINARY, "the store is newer than this binary, and allows it");
        return Ok(found);
    }
    let migrations = MIGRATIONS.into_iter().map(|(number, name, text)| {
        let text = text.into_sql_str();
        Migration::new(number, Cow::Borrowed(name), MigrationType::Simple, text, false)
    });
    let migrator = Migrator::with_migrations(migrations.collect());
    // sqlx's own way around `run`, whose future the compiler does not let move between threads.
    let ran = migrator.run_direct(up_to, &mut *connection, false).await;
    ran.map_err(|error| format!("the tables cannot be brought up to date ({error})"))?;
    marks(connection).await?.ok_or_else(|| "has no tables after its migrations".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_of_tables_knows_our_style() {
        let text = "CREATE TABLE a (\n    -- word TEXT\n    id TEXT NOT NULL PRIMARY KEY,\n    n BIGINT,\n    \
                    share DOUBLE PRECISION NOT NULL,\n    PRIMARY KEY (id)\n);\nCREATE INDEX a_n ON a (n);\n\
                    ALTER TABLE a ADD COLUMN late BYTEA;\n";
        let tables = read_tables(&[(7, "x", text)]);
        let column = |name, kind, optional| Column { name, kind, optional };
        let columns = vec![
            column("id", Kind::Text, false),
            column("n", Kind::Integer, true),
            column("share", Kind::Real, false),
            column("late", Kind::Bytes, true),
        ];
        assert_eq!(tables, [Table { name: "a", columns, since: 7 }]);
    }

    #[test]
    fn every_table_of_the_files_is_read() {
        let made: usize = MIGRATIONS.iter().map(|(_, _, text)| text.matches("CREATE TABLE ").count()).sum();
        assert_eq!(tables().len(), made);
        assert!(tables().iter().all(|table| !table.columns.is_empty()), "{:?}", tables());
        assert!(MIGRATIONS.is_sorted_by(|a, b| a.0 < b.0), "each number once, in order");
    }
}
