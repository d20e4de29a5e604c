//! The office's private pages, one file an address: beginning without an account, signing up and in, what is saved, the
//! account's own affairs.
//!
//! Called by the router. Every page is its visitor's alone: a session cookie, `no-store`, uncompressed, without a
//! script; a form is answered by a redirect or by itself with what is wrong, and nothing changes on GET. A page must
//! never tell whether an address has an account, log what was typed, or lose it: not to a lock, a crowd, or a store that
//! is away. The shop never imports this room.

mod address;
pub mod app_codes;
pub mod begin;
mod browsers;
pub mod clock;
mod codes;
mod data;
mod delete;
pub mod desk;
pub mod form;
mod gate;
mod home;
mod leave;
mod letters;
mod out;
mod over;
mod password;
mod reset;
mod routes;
mod sign_in;
mod sign_up;
mod step;
mod trouble;
mod unlock;
pub mod view;
pub mod visitor;
mod waiting;

use std::sync::{Arc, OnceLock};

use axum::Router;

use crate::account::breached::Breached;
use crate::account::cookie::Cookie;
use crate::account::guessing::Buckets;
use crate::account::office::Office as Opened;
use crate::account::password::Hashers;
use crate::account::people::Means;
use crate::account::session::Sessions;
use crate::config::Config;
use crate::store::{Change, Reading, Store, StoreError};

pub use letters::words as words_of_letter;
pub use routes::routes;

/// All private pages are below this address, in every language: caches in front pass it on unread.
pub const ROOT: &str = "/account";
/// How often a change that another tab made stale is tried.
const TRIES: u32 = 4;

/// The open office. Has no `Debug`.
pub struct Office {
    pub(crate) store: Store,
    pub(crate) means: Means,
    hashers: Hashers,
    pub(crate) buckets: Buckets,
    breached: Option<Breached>,
    sessions: Sessions,
    cookie: Cookie,
    /// The finished routes, for a form that is done after its session was unlocked.
    again: OnceLock<Router>,
}

impl Office {
    /// Private pages over an open store, with a way for letters.
    ///
    /// # Errors
    ///
    /// What is wrong with the settings of letters or of breached passwords.
    pub fn new(opened: &Opened, config: &Config) -> anyhow::Result<Arc<Office>> {
        Ok(Arc::new(Office {
            store: opened.store.clone(),
            means: opened.means.clone(),
            hashers: opened.hashers.clone(),
            buckets: opened.buckets.clone(),
            breached: config
                .breached_passwords
                .as_deref()
                .map(Breached::open)
                .transpose()
                .map_err(anyhow::Error::msg)?,
            sessions: opened.sessions.clone(),
            cookie: opened.cookie,
            again: OnceLock::new(),
        }))
    }

    /// # Errors
    ///
    /// As [`Store::begin_write`].
    pub async fn write<C: Change>(&self, change: C) -> Result<C::Done, StoreError> {
        self.store.begin_write(change).await
    }

    /// Writes a change that another tab can make stale by saving first; made again for each try.
    ///
    /// # Errors
    ///
    /// As `write`; [`StoreError::Stale`] if others were faster each time.
    pub async fn write_again<C: Change>(&self, make: impl Fn() -> C) -> Result<C::Done, StoreError> {
        for _ in 1..TRIES {
            match self.write(make()).await {
                Err(StoreError::Stale) => {}
                done => return done,
            }
        }
        self.write(make()).await
    }

    /// # Errors
    ///
    /// As [`Store::read`].
    pub async fn read(&self) -> Result<Reading, StoreError> {
        self.store.read().await
    }
}
