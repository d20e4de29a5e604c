//! `windowshop backup` and `windowshop restore`.
//!
//! A backup that nobody has restored is a hope: `restore` ends by opening a value with the key file it was given and
//! by proving the chains of the audit, and `tests/site/store/backup.rs` is the drill.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use time::OffsetDateTime;

use super::{Opened, clock_text, open, operator, place};
use crate::config::OfficeArgs;
use crate::store::audit::{Audit, Deed, Entry};
use crate::store::backup::{self, Restore};
use crate::store::vault::{SITE, Vault};
use crate::store::{Ahead, Change, Store, StoreAddress, StoreError, Tx};

#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    #[command(flatten)]
    pub office: OfficeArgs,
    /// Name of the two files to write, without their endings .office and .keys
    #[arg(long, value_name = "NAME")]
    pub to: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    pub office: OfficeArgs,
    /// Name of the two files to read, without their endings .office and .keys
    #[arg(long, value_name = "NAME")]
    pub from: PathBuf,
    /// Prove the files and touch no store
    #[arg(long)]
    pub dry_run: bool,
}

/// A row of the audit and nothing else.
struct Noted {
    audit: Audit,
    deed: Deed,
}

impl Change for Noted {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let entry = Entry { actor: &operator(), deed: self.deed, owner: SITE, record: "", session: "" };
        self.audit.append(tx, &entry).await
    }
}

/// # Errors
///
/// If the office cannot be opened, or a file cannot be written.
pub async fn back_up(args: &BackupArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let Opened { store, audit, .. } = open(&args.office, now).await?;
    // Noted first: the backup holds its own row.
    store.begin_write(Noted { audit, deed: Deed::BackedUp }).await?;
    let copied = backup::backup(&store, &args.to).await?;
    store.close().await;
    let [office, keys] = backup::files(&args.to);
    let text = format!(
        "{} rows of {} are in {} and {}.\nKeep {} apart and for a few days only: when it is gone, so are the people \
         deleted since. Neither holds the key file: keep a copy of that elsewhere.\n",
        copied.rows,
        clock_text(copied.at),
        office.display(),
        keys.display(),
        keys.display(),
    );
    Ok((text, 0))
}

/// # Errors
///
/// If the files are not whole, the store is not empty, the keys are others, or what was restored does not open.
pub async fn restore(args: &RestoreArgs, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let proven = backup::prove(&args.from)?;
    let of = format!("{} rows of {} (schema {})", proven.rows, clock_text(proven.at), proven.schema);
    if args.dry_run {
        return Ok((format!("Both files are whole: {of}.\n"), 0));
    }
    let place = place(&args.office)?;
    std::fs::create_dir_all(&place.data_dir).with_context(|| format!("cannot make {}", place.data_dir.display()))?;
    // Keys made now would open nothing of what is restored.
    ensure!(
        place.key_path().is_none_or(|file| file.exists()),
        "there is no key file: put the copy that you keep where --key-file says, and restore again"
    );
    let vault = Vault::new(place.open_keys(now.date())?, place.key_path());
    let address = StoreAddress::of(&place);
    let early = Store::open_up_to(&address, Ahead::default(), Some(proven.schema)).await?;
    let restored = early.begin_long_write(Restore { name: args.from.clone(), vault: vault.clone() }).await;
    early.close().await;
    let (rows, opened) = match restored {
        Err(StoreError::Sealed(fault)) => bail!(
            "the key file is another: what the backup holds does not open with it ({fault}), so nothing was restored"
        ),
        // Our own words, without the store's: nothing of a statement is wrong.
        Err(StoreError::Refused(why)) if why.contains(backup::NOT_EMPTY) => bail!(
            "{why}. Nothing was changed. Restore into a new data folder (--data-dir) or a database without tables, with the key \
             file that you keep"
        ),
        restored => restored?,
    };
    ensure!(rows == proven.rows, "{rows} rows were restored of {}", proven.rows);
    // The tables that came since.
    let store = Store::open(&address, Ahead::default()).await?;
    vault.found(&store).await?;
    let audit = Audit::open(&store, &vault).await?;
    let proof = audit.prove(&store).await?;
    store.begin_write(Noted { audit, deed: Deed::Restored }).await?;
    store.close().await;
    ensure!(proof.faults.is_empty(), "restored, and the audit does not hold:\n  {}", proof.faults.join("\n  "));
    Ok((
        format!(
            "Restored {of}. One data key of each ring key opens ({opened}), and {} rows of audit hold.\n\
             What people, insurers and agencies sent or were sent after {} is not in it. Compare with each insurer \
             (windowshop insurer reconcile) before the next batch goes out.\n",
            proof.rows,
            clock_text(proven.at),
        ),
        0,
    ))
}
