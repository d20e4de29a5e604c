//! `windowshop keys status | new | rotate | retire`: the rotation of the key ring, one careful step a command.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use time::OffsetDateTime;

use super::{Opened, open, operator};
use crate::account::renewal;
use crate::config::OfficeArgs;
use crate::sealing::value::id_text;
use crate::sealing::{KeyRing, key_edit};
use crate::store::audit::{Audit, Deed, Entry};
use crate::store::keys::{self, BATCH, KeyUse, Rewrap};
use crate::store::lookup::Forget;
use crate::store::vault::{SITE, Vault};
use crate::store::{Change, StoreError, Tx};
use crate::types::group_thousands;

/// The rotation of the key ring.
#[derive(Debug, Clone, Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    pub command: KeysCommand,
}

#[derive(Debug, Clone, Subcommand)]
pub enum KeysCommand {
    /// Say which keys there are and what needs them
    Status {
        #[command(flatten)]
        office: OfficeArgs,
    },
    /// Add a new key that opens and does not seal yet; then give the file to every host
    New {
        #[command(flatten)]
        office: OfficeArgs,
    },
    /// Seal with the newest key from now on, and wrap every data key under it; killed, it goes on next time
    Rotate {
        #[command(flatten)]
        office: OfficeArgs,
    },
    /// Take a key out of the file that nothing needs any more
    Retire {
        #[command(flatten)]
        office: OfficeArgs,
        /// Its ID, eight hexadecimal digits
        #[arg(value_name = "ID")]
        key: String,
    },
}

/// # Errors
///
/// What is wrong and what to do.
pub async fn command(args: &KeysArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let text = match &args.command {
        KeysCommand::Status { office } => status(&open(office, now).await?).await?,
        KeysCommand::New { office } => add(&open(office, now).await?, now)?,
        KeysCommand::Rotate { office } => rotate(&open(office, now).await?).await?,
        KeysCommand::Retire { office, key } => retire(&open(office, now).await?, key).await?,
    };
    Ok((text, 0))
}

async fn status(office: &Opened) -> anyhow::Result<String> {
    let mut text = format!("{:<10} {:<10} {:>12} {:>14}\n", "key", "state", "data keys", "only look-ups");
    for used in keys::uses(&office.store, &office.vault).await? {
        let state = match used {
            KeyUse { seals: true, .. } => "seals",
            KeyUse { waits: true, .. } => "waits",
            KeyUse { known: true, .. } => "opens",
            _ => "MISSING",
        };
        let (wraps, finds) = (group_thousands(used.wraps), group_thousands(used.finds));
        let _ = writeln!(text, "{:<10} {state:<10} {wraps:>12} {finds:>14}", id_text(used.id));
    }
    Ok(text)
}

/// The key file, which must be one that this command may change.
fn file_of(office: &Opened) -> anyhow::Result<PathBuf> {
    office.place.key_path().context("the keys come from the environment: change them there")
}

fn add(office: &Opened, now: OffsetDateTime) -> anyhow::Result<String> {
    let file = file_of(office)?;
    let id = key_edit::add_waiting(&file, now.date())?;
    Ok(format!(
        "Key {} is in {}, where it opens and does not seal yet.\nGive the file to every host of this site and \
         restart them one after the other. Then: windowshop keys rotate\n",
        id_text(id),
        file.display()
    ))
}

/// A note that the ring turns, or that a rotation goes on, before any row shows it.
struct NoteRotation {
    audit: Audit,
    key: String,
}

impl Change for NoteRotation {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let record = format!("key:{}", self.key);
        let entry = Entry { actor: &operator(), deed: Deed::KeysRotated, owner: SITE, record: &record, session: "" };
        self.audit.append(tx, &entry).await
    }
}

async fn rotate(office: &Opened) -> anyhow::Result<String> {
    let Opened { store, audit, .. } = office;
    let mut vault = office.vault.clone();
    let uses = keys::uses(store, &vault).await?;
    let under_way = uses.iter().any(|used| !used.seals && used.wraps > 0);
    let unfound = uses.iter().any(|used| !used.seals && used.finds > 0);
    match vault.ring().waiting() {
        // A rotation that was killed is finished first.
        _ if under_way => {
            let key = vault.ring().ids().next().map(id_text).unwrap_or_default();
            store.begin_write(NoteRotation { audit: audit.clone(), key }).await?;
        }
        // Made meanwhile by a process that had the old file.
        None if unfound => {}
        None => bail!("no key waits to be used: windowshop keys new"),
        Some(key) => {
            let file = file_of(office)?;
            // Noted first: killed in between, it is noted twice rather than never.
            store.begin_write(NoteRotation { audit: audit.clone(), key: id_text(key) }).await?;
            key_edit::make_first(&file, key)?;
            vault = Vault::new(KeyRing::open(&file)?, Some(file));
        }
    }
    let mut all = 0;
    loop {
        let done = store.begin_long_write(Rewrap { vault: vault.clone(), batch: BATCH }).await?;
        all += done;
        if done == 0 {
            break;
        }
    }
    let found = renewal::carry_out(store, &vault).await?;
    let seals = vault.ring().ids().next().map(id_text).unwrap_or_default();
    Ok(format!(
        "{all} data keys are now wrapped under {seals}, and {found} more accounts are found by it; no value was touched.\nGive the key file to every host again. \
         Addresses that people keep were sealed under the old key: retire it after two weeks.\n"
    ))
}

async fn retire(office: &Opened, key: &str) -> anyhow::Result<String> {
    let uses = keys::uses(&office.store, &office.vault).await?;
    let used = uses.iter().find(|used| id_text(used.id) == key.to_ascii_lowercase());
    let used = used.with_context(|| format!("no key {key}: windowshop keys status lists them"))?;
    ensure!(
        used.wraps == 0,
        "{} data keys are wrapped under {key}, and would never open again: windowshop keys rotate",
        used.wraps
    );
    ensure!(used.finds == 0, "{} addresses are found by {key} alone: windowshop keys rotate", used.finds);
    ensure!(used.known, "{key} is not in the key file");
    let file = file_of(office)?;
    key_edit::take_out(&file, used.id)?;
    office.store.begin_long_write(Forget { key: used.id }).await?;
    Ok(format!("Key {key} is out of {}. Take it out on every host.\n", file.display()))
}
