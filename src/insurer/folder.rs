//! The folder between this site and the transport that carries files to insurers and back: `out/ISSUER`, `in/ISSUER`.
//!
//! A file is laid beside `out/ISSUER` first, under a name that is used once, and goes in by a rename when the store says that
//! it was made: whoever empties the folder sees whole files only, and each once, whenever a process dies. It never looks into
//! a file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::is_issuer;
use crate::carrier::{self, Carrier, gone};
use crate::x834::segments::MOST_BYTES;

/// Files of one insurer that are read in one round.
const ROUND: usize = 100;
/// After so long nobody is about to say that a staged file was made.
const LEFT_OVER: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone)]
pub struct Folder {
    carrier: Carrier,
}

/// A file that an insurer has laid down.
pub struct Incoming {
    pub path: PathBuf,
    /// By the folder that it lies in.
    pub issuer: String,
    pub name: String,
    /// Its beginning, one byte more than is ever read.
    pub bytes: Vec<u8>,
}

/// The name of a staged file by the word that it is known by.
fn laid(word: &str) -> String {
    format!("{word}.834")
}

impl Folder {
    pub fn at(dir: PathBuf) -> Folder {
        Folder { carrier: Carrier::at(dir) }
    }

    /// See [`Carrier::place`].
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub async fn place(&self) -> io::Result<String> {
        self.carrier.place().await
    }

    /// Lays a file beside the folder; the word that it is known by there.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub async fn stage(&self, issuer: &str, text: &str) -> io::Result<String> {
        let word = carrier::random()?;
        self.carrier.stage(issuer, &[(laid(&word), text)]).await?;
        Ok(word)
    }

    /// Lets a file into the folder. What was let in already is left alone.
    ///
    /// # Errors
    ///
    /// If it cannot be renamed.
    pub async fn release(&self, issuer: &str, (word, name): (&str, &str)) -> io::Result<()> {
        self.carrier.release(issuer, &[(laid(word), format!("{name}.834"))]).await
    }

    /// Takes a staged file away that is not to go out.
    ///
    /// # Errors
    ///
    /// If it cannot be removed.
    pub async fn unstage(&self, issuer: &str, word: &str) -> io::Result<()> {
        tokio::fs::remove_file(self.carrier.staged(issuer).join(laid(word))).await.or_else(gone)
    }

    /// Takes away what processes that died have left beside the folder, once all that is on record has been let in.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub async fn tidy(&self) -> io::Result<()> {
        let mut issuers = match tokio::fs::read_dir(self.carrier.outs()).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            issuers => issuers?,
        };
        while let Some(issuer) = issuers.next_entry().await? {
            let mut entries = match tokio::fs::read_dir(carrier::staged_in(&issuer.path())).await {
                Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => {
                    continue;
                }
                entries => entries?,
            };
            while let Some(entry) = entries.next_entry().await? {
                let age = entry.metadata().await?.modified()?.elapsed().unwrap_or_default();
                if age > LEFT_OVER {
                    tokio::fs::remove_file(entry.path()).await.or_else(gone)?;
                }
            }
        }
        Ok(())
    }

    /// What insurers have laid down: whole files, a round of each insurer's. Names that end in `.part` or `.tmp` are still being
    /// written.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read. A folder that is not there holds nothing.
    pub async fn incoming(&self) -> io::Result<Vec<PathBuf>> {
        let is_whole = |path: &Path| path.extension().is_none_or(|end| end != "part" && end != "tmp");
        let mut found = Vec::new();
        let mut issuers = match tokio::fs::read_dir(self.carrier.ins()).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            issuers => issuers?,
        };
        while let Some(issuer) = issuers.next_entry().await? {
            if is_issuer(&issuer.file_name().to_string_lossy()) && issuer.file_type().await?.is_dir() {
                found.append(&mut carrier::whole_files(&issuer.path(), ROUND, is_whole).await?);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Its content is in the store: the file goes. `refused`: it stays where an operator finds it.
    ///
    /// # Errors
    ///
    /// If it cannot be moved.
    pub async fn done(&self, file: &Incoming, refused: bool) -> io::Result<()> {
        self.carrier.done(&file.path, (&file.issuer, &file.name), refused).await
    }
}

/// Opens a file; `None` if another process was faster.
///
/// # Errors
///
/// If it cannot be read, or lies in no insurer's folder.
pub async fn open(path: &Path, issuer: Option<&str>) -> io::Result<Option<Incoming>> {
    let issuer = carrier::whose(path, issuer).filter(|issuer| is_issuer(issuer));
    let issuer = issuer.ok_or_else(|| io::Error::other("it lies in no folder of an insurer: say --issuer"))?;
    let found = carrier::open(path, MOST_BYTES).await?;
    Ok(found.map(|file| Incoming { path: path.to_path_buf(), issuer, name: file.name, bytes: file.bytes }))
}
