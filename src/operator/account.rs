//! `windowshop account find | end-sessions | export | delete`: what an operator does for a person who calls.
//!
//! An address is read from standard input, never from the command line, which every process of the machine may read.

use std::fs::OpenOptions;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use time::OffsetDateTime;

use super::{Opened, means, open, operator};
use crate::account::people::{Delete, Deletion};
use crate::account::record;
use crate::account::session::EndOthers;
use crate::config::OfficeArgs;
use crate::documents::stored::{self, Document};
use crate::store::audit::{Audit, Deed, Entry};
use crate::store::lookup::{self, Sought};
use crate::store::{Change, StoreError, Tx};

/// No address is longer.
const INPUT_BYTES_MAX: u64 = 4_096;

/// What an operator does for a person who calls.
#[derive(Debug, Clone, Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    pub command: AccountCommand,
}

#[derive(Debug, Clone, Args)]
pub struct Of {
    #[command(flatten)]
    pub office: OfficeArgs,
    /// As `find` prints it: account:… or guest:…
    #[arg(value_name = "OWNER")]
    pub owner: String,
}

#[derive(Debug, Clone, Subcommand)]
pub enum AccountCommand {
    /// Say whose the e-mail address on standard input is
    Find {
        #[command(flatten)]
        office: OfficeArgs,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Sign a person out everywhere
    EndSessions(Of),
    /// Write everything that there is of a person, as JSON
    Export {
        #[command(flatten)]
        of: Of,
        /// Also write their documents, each as a file, into this folder
        #[arg(long, value_name = "DIR")]
        documents: Option<PathBuf>,
    },
    /// Destroy a person's data key and rows
    Delete(Of),
}

/// A row of the audit for what changes nothing else.
struct Noted {
    audit: Audit,
    deed: Deed,
    owner: String,
}

impl Change for Noted {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let entry = Entry { actor: &operator(), deed: self.deed, owner: &self.owner, record: "", session: "" };
        self.audit.append(tx, &entry).await
    }
}

async fn note(office: &Opened, deed: Deed, owner: &str) -> anyhow::Result<()> {
    let noted = Noted { audit: office.audit.clone(), deed, owner: owner.to_string() };
    Ok(office.store.begin_write(noted).await?)
}

/// Ends with 2 if there is nobody.
///
/// # Errors
///
/// What is wrong and what to do.
pub async fn command(
    args: &AccountArgs,
    now: OffsetDateTime,
    input: &mut (dyn Read + Send),
) -> anyhow::Result<(String, u8)> {
    match &args.command {
        AccountCommand::Find { office, json } => find(&open(office, now).await?, input, *json).await,
        AccountCommand::EndSessions(of) => end_sessions(&open(&of.office, now).await?, &of.owner).await,
        AccountCommand::Export { of, documents } => {
            export(&open(&of.office, now).await?, &of.owner, documents.as_deref()).await
        }
        AccountCommand::Delete(of) => delete(&open(&of.office, now).await?, &of.owner, now).await,
    }
}

fn nobody(owner: &str) -> (String, u8) {
    (format!("There is nobody called {owner}, or they are gone.\n"), 2)
}

async fn find(office: &Opened, input: &mut (dyn Read + Send), json: bool) -> anyhow::Result<(String, u8)> {
    let mut typed = String::new();
    input.take(INPUT_BYTES_MAX).read_to_string(&mut typed).context("standard input cannot be read")?;
    let sought = Sought::email(&typed).context("standard input holds no e-mail address")?;
    let mut connection = office.store.read().await?;
    let owner = lookup::find(&mut connection, &office.vault, &sought).await?;
    drop(connection);
    let code = if owner.is_some() { 0 } else { 2 };
    if let Some(owner) = &owner {
        note(office, Deed::Found, owner).await?;
    }
    let text = match (json, owner) {
        (true, owner) => format!("{}\n", json!({ "owner": owner })),
        (false, Some(owner)) => format!("{owner}\n"),
        (false, None) => "Nobody has this address.\n".to_string(),
    };
    Ok((text, code))
}

async fn end_sessions(office: &Opened, owner: &str) -> anyhow::Result<(String, u8)> {
    let ended = office.store.begin_write(EndOthers { owner: owner.to_string(), but: Vec::new() }).await?;
    note(office, Deed::SessionsEnded, owner).await?;
    Ok((format!("{ended} sessions of {owner} have ended.\n"), 0))
}

async fn export(office: &Opened, owner: &str, folder: Option<&Path>) -> anyhow::Result<(String, u8)> {
    // Noted first: nothing leaves without a row.
    note(office, Deed::Exported, owner).await?;
    let mut connection = office.store.read().await?;
    if let Some(folder) = folder {
        for document in stored::of_owner(&mut connection, &office.vault, owner).await? {
            let found = stored::contents(&mut connection, &office.vault, (owner, &document.id)).await?;
            let Some((Document { id, kind: Some(kind), .. }, body)) = found else { continue };
            let file = folder.join(format!("{id}.{}", kind.ending()));
            private_file(&file, &body).with_context(|| format!("{} cannot be written", file.display()))?;
        }
    }
    Ok(match record::of(&mut connection, &office.vault, owner).await? {
        Some(record) => (format!("{record:#}\n"), 0),
        None => nobody(owner),
    })
}

/// A new file that its owner alone can read.
pub(super) fn private_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)?.write_all(bytes)
}

async fn delete(office: &Opened, owner: &str, now: OffsetDateTime) -> anyhow::Result<(String, u8)> {
    let (means, actor) = (means(office), operator());
    let delete = Delete { means, owner: owner.to_string(), today: now.date(), actor, session: String::new() };
    Ok(match office.store.begin_write(delete).await? {
        Deletion::Gone => (
            format!(
                "{owner} is gone: the data key is destroyed, and with it everything sealed under it, here and in every \
                 backup whose .keys file is gone.\n"
            ),
            0,
        ),
        Deletion::NotThere => nobody(owner),
        Deletion::HasPlans(plans) => (
            format!(
                "Nothing was deleted: {owner} has signed for {}, which would go on, and nobody could find it any more. \
                 It has to be cancelled or ended first, on the page of the plan, and its insurer be told.\n",
                plans.join(", ")
            ),
            1,
        ),
    })
}
