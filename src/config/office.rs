//! Where a site's data and keys are: the settings that `serve` and the operator's commands share.
//!
//! Flattened into the arguments of each. A password or a key given here is never shown.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;

use super::SettingFault;
use crate::sealing::{KeyFault, KeyRing, Secret};

/// The key file's name in the data folder.
const KEY_FILE: &str = "site.key";

#[derive(Debug, Clone, Args)]
pub struct OfficeArgs {
    /// Folder for everything Windowshop writes
    #[arg(long, env = "WINDOWSHOP_DATA_DIR", value_name = "DIR", default_value = "var")]
    pub data_dir: PathBuf,
    /// Key file: what people say is sealed under it; the same on every host of a site
    /// [default: DATA_DIR/site.key, made at the first start]
    #[arg(long, env = "WINDOWSHOP_KEY_FILE", value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The text of a key file, where there can be no file; from the environment only
    #[arg(long, env = "WINDOWSHOP_KEYS", value_name = "TEXT", default_value = "", hide_env_values = true)]
    pub keys: Hidden,
    /// PostgreSQL database of the office, postgres://user@host/name; empty: the file office.db in the data folder
    #[arg(long, env = "WINDOWSHOP_DATABASE_URL", value_name = "URL", default_value = "", hide_env_values = true)]
    pub database_url: Hidden,
}

/// A setting that must not be shown. Wiped when dropped.
#[derive(Clone)]
pub struct Hidden(Arc<Secret<String>>);

impl Hidden {
    pub fn new(text: &str) -> Hidden {
        Hidden(Arc::new(Secret::new(text.to_string())))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn given(&self) -> Option<Hidden> {
        (!self.expose().is_empty()).then(|| self.clone())
    }
}

impl FromStr for Hidden {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Hidden, Self::Err> {
        Ok(Hidden::new(text))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// The same as values.
#[derive(Debug, Clone)]
pub struct OfficePlace {
    pub data_dir: PathBuf,
    /// As given; see `open_keys`.
    pub key_file: Option<PathBuf>,
    keys: Option<Hidden>,
    /// `None`: an SQLite file in the data folder.
    pub database_url: Option<Hidden>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encrypted {
    /// It does not leave this machine.
    Here,
    Yes,
    /// Somebody has said so.
    No,
    NotSaid,
}

/// By itself the engine's driver goes on without TLS if the server has none, and believes any certificate.
fn encrypted(url: &url::Url) -> Encrypted {
    let host = url.host_str().unwrap_or_default();
    // `%2F`: a socket in a folder.
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.starts_with("%2F");
    let mode = url.query_pairs().filter(|(name, _)| matches!(name.as_ref(), "sslmode" | "ssl-mode")).last();
    match mode.as_ref().map(|(_, mode)| &**mode) {
        _ if here => Encrypted::Here,
        Some("verify-full" | "verify-ca") => Encrypted::Yes,
        Some("disable") => Encrypted::No,
        _ => Encrypted::NotSaid,
    }
}

impl OfficePlace {
    /// A setting that cannot be read is a fault and gets its default.
    pub fn read(args: &OfficeArgs, faults: &mut Vec<SettingFault>) -> OfficePlace {
        if args.keys.given().is_some() && args.key_file.is_some() {
            faults.push(SettingFault::new("keys", "and --key-file are both given: keep the file"));
        }
        let database_url = args.database_url.given().filter(|url| {
            let what = match url::Url::parse(url.expose()) {
                // The text may hold a password, so it is not repeated.
                Err(error) => Some(format!("is no URL ({error})")),
                Ok(url) if !matches!(url.scheme(), "postgres" | "postgresql") => {
                    Some(format!("begins with {:?}", url.scheme()))
                }
                Ok(url) if url.host_str().is_none_or(str::is_empty) || url.path().len() < 2 => {
                    Some("names no host or no database".to_string())
                }
                Ok(url) if encrypted(&url) == Encrypted::NotSaid => Some(
                    "leads to another machine and does not say how that is encrypted. Add ?sslmode=verify-full (and \
                     sslrootcert=FILE for an authority of your own), or ?sslmode=disable if the network itself is encrypted"
                        .to_string(),
                ),
                Ok(_) => None,
            };
            let fit = what.is_none();
            let example = "write one like postgres://office@db.example.org/office?sslmode=verify-full, or leave it empty for a file";
            faults.extend(what.map(|what| SettingFault::new("database-url", format!("{what}: {example}"))));
            fit
        });
        OfficePlace {
            data_dir: args.data_dir.clone(),
            key_file: args.key_file.clone(),
            keys: args.keys.given(),
            database_url,
        }
    }

    /// Whether the database is on another machine and reached without TLS.
    pub fn database_is_plain(&self) -> bool {
        let url = self.database_url.as_ref().and_then(|url| url::Url::parse(url.expose()).ok());
        url.is_some_and(|url| encrypted(&url) == Encrypted::No)
    }

    /// A folder with a key of its own, for a trial that must touch neither the site's key nor its store.
    pub fn only_in(data_dir: PathBuf) -> OfficePlace {
        OfficePlace { data_dir, key_file: None, keys: None, database_url: None }
    }

    /// The key file; `None` if the keys come from the environment.
    pub fn key_path(&self) -> Option<PathBuf> {
        match (&self.key_file, &self.keys) {
            (Some(file), _) => Some(file.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(self.data_dir.join(KEY_FILE)),
        }
    }

    /// The site's keys. They are created at the first start, but only if no keys were configured.
    ///
    /// # Errors
    ///
    /// If the file cannot be used: its name, the reason and the fix.
    pub fn open_keys(&self, today: time::Date) -> Result<KeyRing, KeyFault> {
        match self.key_path() {
            Some(file) if self.key_file.is_some() || file.exists() => KeyRing::open(&file),
            Some(own) => {
                let ring = KeyRing::create(&own, today)?;
                tracing::warn!(
                    file = %own.display(),
                    "made a new key file: without it nothing that people say can be read again. Keep a copy where you \
                     keep other secrets, not with the backups, and give it to every host of this site"
                );
                Ok(ring)
            }
            None => {
                tracing::warn!("the keys come from the environment, where other programs may see them: use a file");
                self.parse_keys()
            }
        }
    }

    /// The site's keys if they are there; `None` if a first start will make them.
    ///
    /// # Errors
    ///
    /// As [`open_keys`](OfficePlace::open_keys).
    pub fn ring_if_there(&self) -> Result<Option<KeyRing>, KeyFault> {
        match self.key_path() {
            Some(file) if self.key_file.is_some() || file.exists() => KeyRing::open(&file).map(Some),
            Some(_) => Ok(None),
            None => self.parse_keys().map(Some),
        }
    }

    /// What keeps the keys from being used; nothing if they will be made.
    pub fn key_fault(&self) -> Option<KeyFault> {
        self.ring_if_there().err()
    }

    fn parse_keys(&self) -> Result<KeyRing, KeyFault> {
        let text = self.keys.as_ref().map_or("", Hidden::expose);
        KeyRing::parse(text).map_err(|what| KeyFault { file: PathBuf::from("WINDOWSHOP_KEYS"), what })
    }
}
