//! The store with what makes it readable: its keys and its record of deeds.
//!
//! Called by `serve`, through `account::office`, and by the operator's commands.

use anyhow::Context as _;
use time::Date;

use super::audit::Audit;
use super::vault::Vault;
use super::{Ahead, Store, StoreAddress};
use crate::config::OfficePlace;

/// Has no `Debug`.
#[derive(Clone)]
pub struct Opened {
    pub place: OfficePlace,
    pub store: Store,
    pub vault: Vault,
    pub audit: Audit,
}

impl Opened {
    /// Makes what is not there yet: folder, key file, store, tables, the site's own data key.
    ///
    /// # Errors
    ///
    /// What is wrong and what to do.
    pub async fn at(place: &OfficePlace, today: Date) -> anyhow::Result<Opened> {
        Opened::ahead(place, today, Ahead::default()).await
    }

    /// The same for tests of what happens after hours.
    ///
    /// # Errors
    ///
    /// As [`at`](Opened::at).
    pub async fn ahead(place: &OfficePlace, today: Date, ahead: Ahead) -> anyhow::Result<Opened> {
        std::fs::create_dir_all(&place.data_dir)
            .with_context(|| format!("cannot make {}", place.data_dir.display()))?;
        let vault = Vault::new(place.open_keys(today)?, place.key_path());
        let store = Store::open(&StoreAddress::of(place), ahead).await?;
        vault.found(&store).await.context("the keys do not fit this store")?;
        let audit = Audit::open(&store, &vault).await?;
        Ok(Opened { place: place.clone(), store, vault, audit })
    }
}
