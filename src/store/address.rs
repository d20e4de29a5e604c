//! Where the store is: a file, or a PostgreSQL database. Knows a password and shows none.
//!
//! Made from settings at start. `--database-url` empty means the file `office.db` in the data folder.

use std::fmt;
use std::path::{Path, PathBuf};

use sqlx::ConnectOptions as _;
use sqlx::any::AnyConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use url::Url;

use crate::config::{Hidden, OfficePlace};

/// In the data folder.
const FILE: &str = "office.db";

#[derive(Clone)]
pub enum StoreAddress {
    Sqlite(PathBuf),
    Postgres(Hidden),
}

impl StoreAddress {
    pub fn of(place: &OfficePlace) -> StoreAddress {
        match &place.database_url {
            Some(url) => StoreAddress::Postgres(url.clone()),
            None => StoreAddress::Sqlite(place.data_dir.join(FILE)),
        }
    }

    pub fn file(&self) -> Option<&Path> {
        match self {
            StoreAddress::Sqlite(file) => Some(file),
            StoreAddress::Postgres(_) => None,
        }
    }

    pub(super) fn options(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        sqlx::any::install_default_drivers();
        let url = match self {
            StoreAddress::Sqlite(file) => {
                let file = std::path::absolute(file).map_err(sqlx::Error::Io)?;
                SqliteConnectOptions::new().filename(file).to_url_lossy()
            }
            StoreAddress::Postgres(url) => {
                Url::parse(url.expose()).map_err(|error| sqlx::Error::Configuration(error.into()))?
            }
        };
        // The engine's own slow-statement lines hold the statement, never what is bound to it.
        AnyConnectOptions::from_url(&url)
    }
}

/// Without name and password.
impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreAddress::Sqlite(file) => write!(f, "{}", file.display()),
            StoreAddress::Postgres(url) => match Url::parse(url.expose()) {
                Ok(url) => {
                    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
                    write!(f, "postgres://{}{port}{}", url.host_str().unwrap_or_default(), url.path())
                }
                Err(_) => write!(f, "postgres://"),
            },
        }
    }
}
