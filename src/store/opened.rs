//! The store with what makes it readable: its keys and its record of deeds.
//!
//! Called by `serve`, through `account::office`, and by the operator's commands.

use anyhow::Context as _;
use time::Date;

use super::audit::Audit;
use super::vault::{SITE, Vault};
use super::{Ahead, Seen, Store, StoreAddress, file};
use crate::config::{OfficePlace, SettingFault};
use crate::sealing::{SealFault, value};

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
        let address = StoreAddress::of(place);
        if let Some(gone) = address.file().and_then(file::gone) {
            anyhow::bail!(gone);
        }
        let store = Store::open(&address, ahead).await?;
        vault.found(&store).await.context("the keys do not fit this store")?;
        let audit = Audit::open(&store, &vault).await?;
        Ok(Opened { place: place.clone(), store, vault, audit })
    }
}

/// Everything that would keep the office from opening, looked for without changing anything. A store or a key file that
/// is not there yet is no fault, unless the other one is.
pub async fn faults(place: &OfficePlace) -> Vec<SettingFault> {
    let mut faults: Vec<SettingFault> =
        place.key_fault().into_iter().map(|fault| SettingFault::new("key-file", fault.to_string())).collect();
    let address = StoreAddress::of(place);
    let flag = match address.file() {
        Some(file) if !file.exists() => {
            faults.extend(file::gone(file).map(|gone| SettingFault::new("data-dir", gone)));
            return faults;
        }
        Some(_) => "data-dir",
        None => "database-url",
    };
    match Store::look(&address).await {
        Err(fault) => faults.push(SettingFault::new(flag, fault.to_string())),
        Ok(Some(Seen { site_key: Some(wrapped), .. })) if faults.is_empty() => {
            faults.extend(key_does_not_fit(place, &address, &wrapped));
        }
        Ok(_) => {}
    }
    faults
}

/// The wrong key file, or a new one, would leave everything that people said unreadable.
fn key_does_not_fit(place: &OfficePlace, address: &StoreAddress, wrapped: &[u8]) -> Option<SettingFault> {
    let what = match place.ring_if_there() {
        Err(fault) => fault.to_string(),
        Ok(None) => format!(
            "{address} was filled with a key file that is not here: put the copy that you keep where this setting says"
        ),
        Ok(Some(ring)) => match value::unwrap_bytes(&ring, SITE, wrapped) {
            Ok(_) => return None,
            Err(SealFault::KeyGone(id)) => format!(
                "{address} needs key {}, which is not in the key file: put the copy that you keep where this setting \
                 says",
                value::id_text(id)
            ),
            Err(fault) => format!("{address} does not open: {fault}"),
        },
    };
    Some(SettingFault::new("key-file", what))
}
