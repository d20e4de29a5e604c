//! The engines that tests run on, each test with a store of its own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tempfile::TempDir;
use windowshop::config::OfficeArgs;
use windowshop::operator::{self, Opened};
use windowshop::store::vault::Vault;
use windowshop::store::{Change, StoreError, Tx};

use crate::site::TODAY;

/// That the store is silent is said within two seconds; this machine may be busy. PostgreSQL itself gives a statement up after
/// five.
pub const TOLD: Duration = Duration::from_secs(3);

/// A place for one store, and nothing in it.
pub struct Bench {
    pub engine: String,
    folder: TempDir,
    /// Of PostgreSQL: the server, and our own database on it.
    database: Option<(String, String)>,
}

#[expect(clippy::disallowed_methods, reason = "tests/run names the servers it has started; no setting of the product")]
pub fn servers() -> Vec<String> {
    let named = std::env::var("WINDOWSHOP_TEST_POSTGRES").unwrap_or_default();
    named.split_whitespace().map(str::to_string).collect()
}

/// A bench on each engine.
pub async fn benches() -> Vec<Bench> {
    sqlx::any::install_default_drivers();
    let mut benches = vec![Bench::new(None).await];
    for server in servers() {
        benches.push(Bench::new(Some(server)).await);
    }
    benches
}

/// Runs a test on each engine.
pub async fn on_each_engine(test: impl AsyncFn(&Bench)) {
    for bench in benches().await {
        println!("on {}", bench.engine);
        test(&bench).await;
        bench.end().await;
    }
}

impl Bench {
    pub async fn new(server: Option<String>) -> Bench {
        // For its owner alone, as an installation should be.
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).expect("its rights");
        let Some(server) = server else { return Bench { engine: "SQLite".to_string(), folder, database: None } };
        let mut id = [0; 6];
        getrandom::fill(&mut id).expect("randomness");
        let name = id.iter().fold("windowshop_test_".to_string(), |name, byte| name + &format!("{byte:02x}"));
        let made = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
        on_server(&server, made).await;
        Bench { engine: format!("PostgreSQL at {server}"), folder, database: Some((server, name)) }
    }

    pub async fn end(self) {
        if let Some((server, name)) = &self.database {
            on_server(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn database_url(&self) -> String {
        let of = |(server, name): &(String, String)| {
            let mut url = url::Url::parse(server).expect("a URL");
            url.set_path(name);
            url.to_string()
        };
        self.database.as_ref().map(of).unwrap_or_default()
    }

    /// The settings of a command on this store.
    pub fn args(&self) -> OfficeArgs {
        OfficeArgs {
            data_dir: self.folder.path().to_path_buf(),
            key_file: None,
            keys: "".parse().expect("any text"),
            database_url: self.database_url().parse().expect("any text"),
        }
    }

    /// As another process would open it.
    pub async fn open(&self) -> Opened {
        operator::open(&self.args(), TODAY).await.expect("the office opens")
    }

    /// A connection past the store, as an intruder or a careless person has it.
    pub async fn raw(&self) -> AnyConnection {
        let url = match self.database_url() {
            url if url.is_empty() => format!("sqlite://{}", self.path("office.db").display()),
            url => url,
        };
        AnyConnection::connect(&url).await.expect("a connection")
    }

    pub async fn run_raw(&self, statement: &str) -> u64 {
        let mut connection = self.raw().await;
        let ran = sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.expect(statement);
        connection.close().await.expect("it closes");
        ran.rows_affected()
    }

    /// Holds a table against everybody until the connection is closed: what asks for it hears nothing, as from a server
    /// that has fallen silent. On SQLite that is so for whoever writes; readers there never wait.
    pub async fn hold(&self, table: &str) -> AnyConnection {
        let mut connection = self.raw().await;
        let begin = match self.is_sqlite() {
            true => "BEGIN IMMEDIATE".to_string(),
            false => format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"),
        };
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut connection).await.expect("it is held");
        connection
    }

    pub fn is_sqlite(&self) -> bool {
        self.database.is_none()
    }

    pub async fn count(&self, table: &str) -> i64 {
        let mut connection = self.raw().await;
        let asked = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}")));
        let count = asked.fetch_one(&mut connection).await.expect("a number");
        connection.close().await.expect("it closes");
        count
    }
}

async fn on_server(server: &str, statement: String) {
    let mut connection = AnyConnection::connect(server).await.unwrap_or_else(|error| panic!("{server}: {error}"));
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect("the server does it");
    connection.close().await.expect("it closes");
}

/// Makes data keys.
pub struct Owners {
    pub vault: Vault,
    pub owners: Vec<String>,
}

impl Change for Owners {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for owner in &self.owners {
            self.vault.create(tx, owner).await?;
        }
        Ok(())
    }
}
