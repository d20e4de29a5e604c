//! The office's store: people's data, in an embedded SQLite file or in PostgreSQL, by one set of statements.
//!
//! Called by `account` and by the operator's commands. The shop never imports it and goes on without it. Reads go
//! through [`Store::read`], whose connections cannot write; writes through [`Store::begin_write`] and nothing else.
//! What could tell anything about a person lies in it sealed (`columns`). It must never log a value, and no statement
//! of it is put together from what somebody typed.
//!
//! Rules for its SQL are at the head of `sql/store/0001_begin.sql`; `tests/site/store` holds them.

pub mod address;
pub mod audit;
pub mod backup;
mod checkpoint;
pub mod columns;
pub mod counts;
pub mod dialect;
mod error;
mod file;
pub mod keys;
pub mod lookup;
pub mod many;
pub mod opened;
mod reading;
pub mod schema;
pub mod vault;
pub mod wait;
pub mod write;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyConnection, AnyPool, Connection as _, Transaction};
use tokio::sync::watch;

pub use address::StoreAddress;
pub use error::StoreError;
pub use reading::Reading;
pub use write::{Change, Tx};

use counts::Counts;
use dialect::{Engine, Role};
use schema::Marks;
use wait::Waiting;

/// Milliseconds since 1970, by the store's clock.
pub type Millis = i64;

/// How long a request waits for a connection. With the rest of an answer it stays below two seconds.
const ACQUIRE: Duration = Duration::from_millis(1_500);
/// A server that is there has answered by then: no statement of ours lasts longer than five seconds (`dialect.rs`). Later
/// than that it is gone, and nobody has said so.
const LOST: Duration = Duration::from_secs(7);
/// How long a start waits for the store.
const CONNECT: Duration = Duration::from_secs(10);
/// Between two looks at a lock that another process holds while it makes tables.
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// PostgreSQL: more connections gained nothing on two cores (docs/office.md).
const POSTGRES_CONNECTIONS: u32 = 8;
/// SQLite: readers beside the one writer.
const SQLITE_READERS: u32 = 8;

/// The open store. A clone is the same store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    writer: AnyPool,
    readers: AnyPool,
    ahead: Ahead,
    marks: Marks,
    counts: Counts,
    /// Told of each commit; `None` if the engine needs no help with its log.
    written: Option<watch::Sender<()>>,
    /// SQLite: the file as it was opened.
    file: Option<file::Opened>,
}

/// How far the store's clock is said to be ahead of its engine's. Zero but in tests of what happens after hours.
#[derive(Debug, Clone, Default)]
pub struct Ahead(Arc<AtomicI64>);

impl Ahead {
    pub fn add(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

/// Why the store cannot be opened: what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{address}: {what}")]
pub struct StartFault {
    /// Without a password.
    pub address: String,
    pub what: String,
}

impl Store {
    /// Opens the store, creates or extends its tables, and refuses what this binary must not touch.
    ///
    /// # Errors
    ///
    /// If it cannot be reached, is unfit, or was made by a newer binary that says so.
    pub async fn open(address: &StoreAddress, ahead: Ahead) -> Result<Store, StartFault> {
        Store::open_up_to(address, ahead, None).await
    }

    /// The same with the tables of an earlier migration, for a restore.
    ///
    /// # Errors
    ///
    /// As [`open`](Store::open).
    pub async fn open_up_to(address: &StoreAddress, ahead: Ahead, up_to: Option<i64>) -> Result<Store, StartFault> {
        let fault = |what: String| StartFault { address: address.to_string(), what };
        let first = tokio::time::timeout(CONNECT, Store::prepare(address, up_to));
        let (engine, marks) = match first.await {
            Ok(prepared) => prepared.map_err(fault)?,
            Err(_) => return Err(fault(format!("no answer within {} s: is the server running?", CONNECT.as_secs()))),
        };
        let (writers, readers) = match engine {
            Engine::Sqlite => (1, SQLITE_READERS),
            Engine::Postgres => (POSTGRES_CONNECTIONS, POSTGRES_CONNECTIONS),
        };
        let pool = |role, connections| {
            let options = AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE);
            // At the end of its life the pool would part from a connection as from a lost one, see below.
            let options = options.max_lifetime(None);
            let options = options.after_release(|connection, _| Box::pin(fit_to_lend(connection)));
            let options = options.after_connect(move |connection, _| {
                Box::pin(async move { sqlx::raw_sql(engine.on_connect(role)).execute(connection).await.map(drop) })
            });
            address.options().map(|connect| options.connect_lazy_with(connect))
        };
        let writer = pool(Role::Writer, writers).map_err(|error| fault(error.to_string()))?;
        let readers = pool(Role::Reader, readers).map_err(|error| fault(error.to_string()))?;
        let written = engine.checkpoint().map(|statement| checkpoint::start(readers.clone(), statement));
        let counts = Counts::new();
        let file = address.file().map(file::Opened::of).transpose().map_err(|error| fault(error.to_string()))?;
        Ok(Store { inner: Arc::new(Inner { engine, writer, readers, ahead, marks, counts, written, file }) })
    }

    /// Looks at the store and changes nothing: can it be reached, is it fit, may this binary open it? `None` if the store
    /// is new.
    ///
    /// # Errors
    ///
    /// What is wrong and what to do.
    pub async fn look(address: &StoreAddress) -> Result<Option<Seen>, StartFault> {
        let looking = async {
            let (mut connection, engine) = Store::reach(address, Role::Reader).await?;
            let seen = match schema::may_open(&mut connection).await? {
                Some(marks) => Some(seen(&mut connection, engine, marks).await.map_err(|error| error.to_string())?),
                None => None,
            };
            let _ = connection.close().await;
            Ok::<_, String>(seen)
        };
        let looked = tokio::time::timeout(CONNECT, looking).await;
        looked
            .unwrap_or_else(|_| Err(format!("no answer within {} s: is the server running?", CONNECT.as_secs())))
            .map_err(|what| StartFault { address: address.to_string(), what })
    }

    /// One connection before all others: is the server fit, is the schema ours.
    async fn prepare(address: &StoreAddress, up_to: Option<i64>) -> Result<(Engine, Marks), String> {
        let _alone = match address.file() {
            Some(file) => Some(file::made(file).await.map_err(|error| {
                format!("cannot be made ({error}): name a folder that this user may write with --data-dir")
            })?),
            None => None,
        };
        let (mut connection, engine) = Store::reach(address, Role::Writer).await?;
        let marks = schema::bring_up(&mut connection, up_to).await?;
        let _ = connection.close().await;
        Ok((engine, marks))
    }

    async fn reach(address: &StoreAddress, role: Role) -> Result<(AnyConnection, Engine), String> {
        let reach = |error: sqlx::Error| match address.file() {
            Some(_) => format!("cannot be opened ({error}): it must be a store of Windowshop that this user may write"),
            None => {
                format!("cannot be reached ({error}): is the server running, and are host, name and password right?")
            }
        };
        let options = address.options().map_err(|error| error.to_string())?;
        let mut connection = AnyConnection::connect_with(&options).await.map_err(reach)?;
        let engine = Engine::of(&connection);
        let setup = sqlx::raw_sql(engine.on_connect(role));
        setup.execute(&mut connection).await.map_err(|error| format!("is not fit ({})", StoreError::from(error)))?;
        match dialect::unfit(&mut connection).await.map_err(|error| error.to_string())? {
            Some(unfit) => Err(unfit),
            None => Ok((connection, engine)),
        }
    }

    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    /// What the store was when this process opened it.
    pub fn marks(&self) -> Marks {
        self.inner.marks
    }

    /// Whether the file is still the one that was opened: what is written to one that was moved or deleted is lost.
    fn stands(&self) -> Result<(), StoreError> {
        self.inner.file.as_ref().map_or(Ok(()), file::Opened::stands)
    }

    /// A connection for reading; the engine refuses to write through it.
    ///
    /// # Errors
    ///
    /// If the store is away.
    pub async fn read(&self) -> Result<Reading, StoreError> {
        self.stands()?;
        let waiting = Waiting::begin();
        Ok(Reading::of(self.inner.readers.acquire().await?, waiting))
    }

    /// The whole store at one moment, for reading.
    ///
    /// # Errors
    ///
    /// If the store is away.
    pub async fn snapshot(&self) -> Result<Transaction<'static, Any>, StoreError> {
        self.stands()?;
        Ok(self.inner.readers.begin_with(self.inner.engine.begin_snapshot()).await?)
    }

    /// The store's time.
    ///
    /// # Errors
    ///
    /// If the store is away.
    pub async fn now(&self) -> Result<Millis, StoreError> {
        let mut connection = self.read().await?;
        self.clock(&mut connection).await
    }

    async fn clock(&self, connection: &mut AnyConnection) -> Result<Millis, StoreError> {
        let now: Millis = sqlx::query_scalar(self.inner.engine.clock()).fetch_one(connection).await?;
        Ok(now.saturating_add(self.inner.ahead.0.load(Ordering::Relaxed)))
    }

    /// Ends all connections, the last changes written to the file proper.
    pub async fn close(&self) {
        self.inner.readers.close().await;
        self.inner.writer.close().await;
    }
}

/// Whether a connection that comes back may be lent again.
async fn fit_to_lend(connection: &mut AnyConnection) -> sqlx::Result<bool> {
    // A full disk makes SQLite undo a transaction by itself. The driver's own undoing then fails, and it takes the
    // transaction for open for good: such a connection is closed, and the next change gets a new one.
    if connection.is_in_transaction() {
        return Ok(false);
    }
    if let Ok(heard) = tokio::time::timeout(LOST, connection.ping()).await {
        return heard.map(|()| true);
    }
    // The pool would say goodbye to the lost server and, with TLS, wait for its answer, with the place taken. It is given
    // another connection to say goodbye to; the lost one is dropped without a word.
    *connection = AnyConnection::connect("sqlite::memory:").await?;
    Ok(false)
}

/// A store that was looked at and not opened.
pub struct Seen {
    pub schema: i64,
    /// The site's own data key as it is wrapped.
    pub site_key: Option<Vec<u8>>,
    /// When it was last copied out; `None` if never.
    pub backed_up_at: Option<Millis>,
    pub now: Millis,
}

async fn seen(connection: &mut AnyConnection, engine: Engine, marks: Marks) -> Result<Seen, StoreError> {
    let site_key = vault::wrapped(connection, vault::SITE).await?;
    let backed_up_at = audit::last(connection, vault::SITE, audit::Deed::BackedUp).await?;
    let now = sqlx::query_scalar(engine.clock()).fetch_one(connection).await?;
    Ok(Seen { schema: marks.schema, site_key, backed_up_at, now })
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.inner.engine.name())
    }
}
