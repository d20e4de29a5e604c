//! The whole store as two files, the same from either engine: what was copied out of SQLite goes into PostgreSQL and
//! back.
//!
//! Called by `windowshop backup` and `restore`. `NAME.office` holds every table but the wrapped data keys; `NAME.keys`
//! holds those. They are apart because deleting a person destroys their data key: keep `.keys` files for days only,
//! and a deletion reaches every backup. Sealed values stay sealed; the key ring itself is in neither.
//!
//! Each file is lines of JSON: a head, then each table's name and columns and its rows as arrays, then an end with the
//! number of rows and the SHA-256 of all before it. Bytes are written as `{"b": "…"}` in base64.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::any::AnyRow;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row as _};

use super::keys;
use super::schema::{self, Kind, Table};
use super::vault::Vault;
use super::{Change, Millis, Store, StoreError, Tx};
use crate::types::hex;

const FORMAT: u32 = 1;
/// The one table of the keys file.
const KEYS_TABLE: &str = "data_key";
/// Made by migrations, so it is in no backup.
const MARKS_TABLE: &str = "store_mark";

/// The first line of both files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    windowshop: String,
    format: u32,
    /// The same in both files of a backup.
    backup: String,
    schema: i64,
    /// The store's time.
    at: Millis,
}

#[derive(Debug, Serialize, Deserialize)]
struct TableLine {
    table: String,
    columns: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct EndLine {
    rows: u64,
    sha256: String,
}

/// What was written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub rows: u64,
    pub schema: i64,
    pub at: Millis,
}

/// The two files of a backup, from its name without an ending.
pub fn files(name: &Path) -> [PathBuf; 2] {
    let with = |ending: &str| {
        let mut file = name.as_os_str().to_owned();
        file.push(ending);
        PathBuf::from(file)
    };
    [with(".office"), with(".keys")]
}

// ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Copies one moment of the store out, while others write. Never overwrites a file.
///
/// # Errors
///
/// If the store is away or a file cannot be written; nothing is left behind then.
pub async fn backup(store: &Store, name: &Path) -> anyhow::Result<Copied> {
    let [office, keys] = files(name);
    let mut id = [0; 8];
    getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("no random bytes from the system ({error})"))?;
    let head = Head {
        windowshop: "office backup".to_string(),
        format: FORMAT,
        backup: hex(&id),
        schema: store.marks().schema.min(schema::BINARY),
        at: store.now().await?,
    };
    let mut snapshot = store.snapshot().await?;
    let tables = || schema::tables().iter().filter(|table| table.name != MARKS_TABLE && table.since <= head.schema);
    let rest: Vec<&Table> = tables().filter(|table| table.name != KEYS_TABLE).collect();
    let key_table: Vec<&Table> = tables().filter(|table| table.name == KEYS_TABLE).collect();
    let rows = copy_out(&mut snapshot, &office, &head, &rest).await?;
    match copy_out(&mut snapshot, &keys, &head, &key_table).await {
        Ok(key_rows) => Ok(Copied { rows: rows + key_rows, schema: head.schema, at: head.at }),
        Err(error) => {
            let _ = std::fs::remove_file(&office);
            Err(error)
        }
    }
}

async fn copy_out(connection: &mut AnyConnection, file: &Path, head: &Head, tables: &[&Table]) -> anyhow::Result<u64> {
    let shown = file.display();
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let made = options.open(file).with_context(|| format!("cannot make {shown}"))?;
    let mut out = Lines { out: BufWriter::new(made), hash: Sha256::new(), rows: 0 };
    let copied = async {
        out.line(head)?;
        for table in tables {
            copy_table(connection, table, &mut out).await?;
        }
        out.end()
    };
    let copied = copied.await.with_context(|| format!("cannot write {shown}"));
    if copied.is_err() {
        let _ = std::fs::remove_file(file);
    }
    copied
}

async fn copy_table(connection: &mut AnyConnection, table: &Table, out: &mut Lines) -> anyhow::Result<()> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let columns_line: Vec<String> = columns.iter().map(ToString::to_string).collect();
    out.line(&TableLine { table: table.name.to_string(), columns: columns_line })?;
    // Names come from our own migrations.
    let statement = format!("SELECT {} FROM {}", columns.join(", "), table.name);
    let mut rows = sqlx::query(AssertSqlSafe(statement)).fetch(connection);
    while let Some(row) = rows.try_next().await.map_err(StoreError::from)? {
        let values: Result<Vec<Value>, sqlx::Error> =
            table.columns.iter().enumerate().map(|(at, column)| value_of(&row, at, column.kind)).collect();
        out.line(&values.map_err(StoreError::from)?)?;
        out.rows += 1;
    }
    Ok(())
}

fn value_of(row: &AnyRow, at: usize, kind: Kind) -> Result<Value, sqlx::Error> {
    Ok(match kind {
        Kind::Text => row.try_get::<Option<String>, _>(at)?.map_or(Value::Null, Value::from),
        Kind::Integer => row.try_get::<Option<i64>, _>(at)?.map_or(Value::Null, Value::from),
        Kind::Real => row.try_get::<Option<f64>, _>(at)?.map_or(Value::Null, Value::from),
        Kind::Bytes => {
            let bytes = row.try_get::<Option<Vec<u8>>, _>(at)?;
            bytes.map_or(Value::Null, |bytes| serde_json::json!({ "b": STANDARD.encode(bytes) }))
        }
    })
}

struct Lines {
    out: BufWriter<File>,
    hash: Sha256,
    rows: u64,
}

impl Lines {
    fn line(&mut self, line: &impl Serialize) -> anyhow::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.hash.update(&bytes);
        self.out.write_all(&bytes)?;
        Ok(())
    }

    /// The last line, flushed to the disk.
    fn end(&mut self) -> anyhow::Result<u64> {
        let end = EndLine { rows: self.rows, sha256: hex(&self.hash.finalize_reset()) };
        serde_json::to_writer(&mut self.out, &end)?;
        self.out.write_all(b"\n")?;
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        Ok(self.rows)
    }
}

// ── In ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Proves both files from end to end without touching a store.
///
/// # Errors
///
/// If one is missing, cut short or changed, they are not of one backup, or come from a newer schema.
pub fn prove(name: &Path) -> anyhow::Result<Copied> {
    let [office, keys] = files(name);
    let (head, rows) = prove_file(&office)?;
    let (keys_head, key_rows) = prove_file(&keys)?;
    ensure!(head == keys_head, "{} and {} are not of one backup", office.display(), keys.display());
    Ok(Copied { rows: rows + key_rows, schema: head.schema, at: head.at })
}

fn prove_file(file: &Path) -> anyhow::Result<(Head, u64)> {
    let shown = file.display();
    let opened = File::open(file).with_context(|| format!("{shown} cannot be read"))?;
    let (mut hash, mut head, mut before, mut rows) = (Sha256::new(), None, Vec::new(), 0);
    let mut reader = BufReader::new(opened);
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).with_context(|| format!("{shown} cannot be read"))? == 0 {
            break;
        }
        // The last line is not part of what it proves.
        hash.update(&before);
        rows += u64::from(before.starts_with(b"["));
        if head.is_none() {
            let read: Head = serde_json::from_slice(&line).with_context(|| format!("{shown} is no backup"))?;
            head = Some(read);
        }
        before = line;
    }
    let head = head.with_context(|| format!("{shown} is empty"))?;
    ensure!(head.format == FORMAT, "{shown} has format {}, and this Windowshop reads {FORMAT}", head.format);
    let newest = schema::BINARY;
    ensure!(head.schema <= newest, "{shown} has schema {}, newer than this Windowshop's {newest}", head.schema);
    let end: EndLine = serde_json::from_slice(&before)
        .ok()
        .with_context(|| format!("{shown} is cut short: its last line is no end. Copy it again"))?;
    ensure!(end.rows == rows && end.sha256 == hex(&hash.finalize()), "{shown} is damaged: its hash is another");
    Ok((head, rows))
}

/// Fills an empty store of the backup's own schema, in one transaction, which is undone if the key file does not open
/// what was filled in. `Done`: rows, and how many ring keys proved themselves.
pub struct Restore {
    pub name: PathBuf,
    pub vault: Vault,
}

impl Change for Restore {
    type Done = (u64, usize);

    async fn run(&self, tx: &mut Tx) -> Result<(u64, usize), StoreError> {
        let mut rows = 0;
        // Whoever refers to a key comes after it.
        for file in files(&self.name).iter().rev() {
            rows += copy_in(tx, file).await.map_err(|error| match error.downcast::<StoreError>() {
                Ok(error) => error,
                Err(error) => StoreError::Refused(format!("{error:#}")),
            })?;
        }
        let opened = keys::open_each(tx.conn(), &self.vault).await?;
        Ok((rows, opened))
    }
}

/// How the refusal of a store that is in use begins.
pub const NOT_EMPTY: &str = "the store is not empty";

async fn copy_in(tx: &mut Tx, file: &Path) -> anyhow::Result<u64> {
    let shown = file.display();
    let opened = File::open(file).with_context(|| format!("{shown} cannot be read"))?;
    let (mut rows, mut into): (u64, Option<(String, Vec<Kind>)>) = (0, None);
    for (at, line) in BufReader::new(opened).lines().enumerate().skip(1) {
        let line = line.with_context(|| format!("{shown} cannot be read"))?;
        let place = || format!("{shown}, line {}", at + 1);
        if line.starts_with('[') {
            let values: Vec<Value> = serde_json::from_str(&line).with_context(place)?;
            let (statement, kinds) = into.as_ref().with_context(|| format!("{}: a row without a table", place()))?;
            ensure!(values.len() == kinds.len(), "{}: {} values for {} columns", place(), values.len(), kinds.len());
            let mut insert = sqlx::query(AssertSqlSafe(statement.clone()));
            for (value, kind) in values.into_iter().zip(kinds) {
                insert = bound(insert, value, *kind).with_context(place)?;
            }
            insert.execute(tx.conn()).await.map_err(StoreError::from)?;
            rows += 1;
        } else if line.starts_with("{\"table\"") {
            let table: TableLine = serde_json::from_str(&line).with_context(place)?;
            into = Some(insert_into(tx, &table).await.with_context(place)?);
        }
    }
    Ok(rows)
}

/// The statement and the columns' types, all names held against our own migrations. Refuses a table with rows.
async fn insert_into(tx: &mut Tx, line: &TableLine) -> anyhow::Result<(String, Vec<Kind>)> {
    let Some(table) = schema::tables().iter().find(|table| table.name == line.table) else {
        bail!("no table is called {}", line.table);
    };
    let filled: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {}", table.name)))
        .fetch_one(tx.conn())
        .await
        .map_err(StoreError::from)?;
    ensure!(filled == 0, "{NOT_EMPTY}: {filled} rows in {}", table.name);
    let mut kinds = Vec::new();
    for name in &line.columns {
        let column = table.columns.iter().find(|column| column.name == name);
        kinds.push(column.with_context(|| format!("{} has no column {name}", table.name))?.kind);
    }
    let places: Vec<String> = (1..=kinds.len()).map(|n| format!("${n}")).collect();
    let (columns, places) = (line.columns.join(", "), places.join(", "));
    Ok((format!("INSERT INTO {} ({columns}) VALUES ({places})", table.name), kinds))
}

type Insert<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

fn bound(insert: Insert<'_>, value: Value, kind: Kind) -> anyhow::Result<Insert<'_>> {
    Ok(match (kind, value) {
        (Kind::Text, Value::Null) => insert.bind(None::<String>),
        (Kind::Text, Value::String(text)) => insert.bind(text),
        (Kind::Integer, Value::Null) => insert.bind(None::<i64>),
        (Kind::Integer, Value::Number(number)) => insert.bind(number.as_i64().context("no whole number")?),
        // sqlx 0.9.0 sends this as a NULL of the shorter kind, which both engines take.
        (Kind::Real, Value::Null) => insert.bind(None::<f64>),
        (Kind::Real, Value::Number(number)) => insert.bind(number.as_f64().context("no number")?),
        (Kind::Bytes, Value::Null) => insert.bind(None::<Vec<u8>>),
        (Kind::Bytes, Value::Object(held)) => {
            let text = held.get("b").and_then(Value::as_str).context("no bytes")?;
            insert.bind(STANDARD.decode(text).context("no base64")?)
        }
        (kind, _) => bail!("a value that is no {kind:?}"),
    })
}
