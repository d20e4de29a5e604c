//! The open office: what private pages and the jobs of `serve` share. Assembled once, beside `App`.
//!
//! Made by `serve` and by tests; the shop's router never sees it. After the start it never changes; when the store goes
//! away, each use of it says so within two seconds ([`StoreError::Away`](crate::store::StoreError::Away)).

use std::num::NonZero;

use anyhow::Context as _;
use time::Date;

use super::cookie::Cookie;
use super::guessing::Buckets;
use super::password::Hashers;
use super::people::Means;
use super::session::Sessions;
use crate::config::OfficePlace;
use crate::store::opened::Opened;
use crate::store::{Ahead, Store};

/// Has no `Debug`: it holds keys.
pub struct Office {
    pub store: Store,
    /// Data keys and the record of deeds: what a change needs.
    pub means: Means,
    /// The counters against guessing.
    pub buckets: Buckets,
    /// The bounded pool that hashes passwords.
    pub hashers: Hashers,
    /// The store behind tower-sessions; for `cookie::layers`.
    pub sessions: Sessions,
    pub cookie: Cookie,
}

impl Office {
    /// Opens store, keys and record; makes what a first start lacks.
    ///
    /// # Errors
    ///
    /// What is wrong and what to do.
    pub async fn open(
        place: &OfficePlace,
        (public_url, behind_tls): (Option<&str>, bool),
        today: Date,
    ) -> anyhow::Result<Office> {
        Office::ahead(place, (public_url, behind_tls), today, Ahead::default()).await
    }

    /// The same for tests of what happens after hours.
    ///
    /// # Errors
    ///
    /// As [`open`](Office::open).
    pub async fn ahead(
        place: &OfficePlace,
        (public_url, behind_tls): (Option<&str>, bool),
        today: Date,
        ahead: Ahead,
    ) -> anyhow::Result<Office> {
        let Opened { store, vault, audit, .. } = Opened::ahead(place, today, ahead).await?;
        let buckets = Buckets::open(&store, &vault).await.context("the site's own key does not open")?;
        Ok(Office {
            means: Means { vault, audit },
            buckets,
            hashers: Hashers::new(hashing_cores())?,
            sessions: Sessions::new(store.clone()),
            cookie: Cookie::of(public_url, behind_tls),
            store,
        })
    }
}

/// Half of the cores, so that a storm of sign-ins leaves the shop the others.
fn hashing_cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get).div_ceil(2)
}
