//! The folder between this site and the transport that carries files to insurers and back: `out/ISSUER`, `in/ISSUER`.
//!
//! A file is laid beside `out/ISSUER` first, under a name that is used once, and goes in by a rename when the store says that
//! it was made: whoever empties the folder sees whole files only, and each once, whenever a process dies. Readable by the
//! server alone. It never looks into a file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;

use super::is_issuer;
use crate::x834::segments::MOST_BYTES;

/// Beside what goes out; transports pass by names that begin with a period.
const STAGED: &str = ".staged";
/// What could not be read stays here until an operator takes it away.
const REFUSED: &str = "refused";
const PLACE: &str = "place";
/// Files of one insurer that are read in one round.
const ROUND: usize = 100;
/// After so long nobody is about to say that a staged file was made.
const LEFT_OVER: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone)]
pub struct Folder {
    dir: PathBuf,
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

impl Folder {
    pub fn at(dir: PathBuf) -> Folder {
        Folder { dir }
    }

    /// A word that is this folder's alone: another host's folder has another one.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub async fn place(&self) -> io::Result<String> {
        make_private(&self.dir).await?;
        let path = self.dir.join(PLACE);
        for _ in 0..2 {
            match tokio::fs::read_to_string(&path).await {
                Ok(word) if !word.trim().is_empty() => return Ok(word.trim().to_string()),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let word = random()?;
            let hidden = self.dir.join(format!(".{PLACE}-{word}"));
            write_private(&hidden, word.as_bytes()).await?;
            // Only the first of two processes that begin at once names the folder.
            let named = tokio::fs::hard_link(&hidden, &path).await;
            tokio::fs::remove_file(&hidden).await?;
            match named {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        Err(io::Error::other("the folder has no name"))
    }

    fn out(&self, issuer: &str) -> PathBuf {
        self.dir.join("out").join(issuer)
    }

    fn staged(&self, issuer: &str, word: &str) -> PathBuf {
        self.out(issuer).join(STAGED).join(format!("{word}.834"))
    }

    /// Lays a file beside the folder; the word that it is known by there.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub async fn stage(&self, issuer: &str, text: &str) -> io::Result<String> {
        let (folder, word) = (self.out(issuer).join(STAGED), random()?);
        make_private(&folder).await?;
        write_private(&self.staged(issuer, &word), text.as_bytes()).await?;
        sync(&folder).await?;
        Ok(word)
    }

    /// Lets a file into the folder. What was let in already is left alone.
    ///
    /// # Errors
    ///
    /// If it cannot be renamed.
    pub async fn release(&self, issuer: &str, (word, name): (&str, &str)) -> io::Result<()> {
        let out = self.out(issuer);
        match tokio::fs::rename(self.staged(issuer, word), out.join(format!("{name}.834"))).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        match sync(&out).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes a staged file away that is not to go out.
    ///
    /// # Errors
    ///
    /// If it cannot be removed.
    pub async fn unstage(&self, issuer: &str, word: &str) -> io::Result<()> {
        tokio::fs::remove_file(self.staged(issuer, word)).await.or_else(gone)
    }

    /// Takes away what processes that died have left beside the folder, once all that is on record has been let in.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub async fn tidy(&self) -> io::Result<()> {
        let mut issuers = match tokio::fs::read_dir(self.dir.join("out")).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            issuers => issuers?,
        };
        while let Some(issuer) = issuers.next_entry().await? {
            let mut entries = match tokio::fs::read_dir(issuer.path().join(STAGED)).await {
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

    /// What insurers have laid down: whole files, a round of each insurer's. Names that begin with a period, or end in `.part`
    /// or `.tmp`, are still being written.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read. A folder that is not there holds nothing.
    pub async fn incoming(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        let mut issuers = match tokio::fs::read_dir(self.dir.join("in")).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            issuers => issuers?,
        };
        while let Some(issuer) = issuers.next_entry().await? {
            if !is_issuer(&issuer.file_name().to_string_lossy()) || !issuer.file_type().await?.is_dir() {
                continue;
            }
            let mut names = Vec::new();
            let mut entries = tokio::fs::read_dir(issuer.path()).await?;
            while let Some(entry) = entries.next_entry().await? {
                let path = entry.path();
                let unfinished = path.extension().is_some_and(|end| end == "part" || end == "tmp");
                let hidden = entry.file_name().to_string_lossy().starts_with('.');
                if !unfinished && !hidden && entry.file_type().await?.is_file() {
                    names.push(path);
                }
            }
            names.sort();
            names.truncate(ROUND);
            found.append(&mut names);
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
        if !refused {
            return tokio::fs::remove_file(&file.path).await.or_else(gone);
        }
        let aside = self.dir.join("in").join(&file.issuer).join(REFUSED);
        make_private(&aside).await?;
        tokio::fs::rename(&file.path, aside.join(&file.name)).await.or_else(gone)
    }
}

/// Opens a file; `None` if another process was faster.
///
/// # Errors
///
/// If it cannot be read, or lies in no insurer's folder.
pub async fn open(path: &Path, issuer: Option<&str>) -> io::Result<Option<Incoming>> {
    let of_folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let issuer = issuer.map(str::to_string).or(of_folder).filter(|issuer| is_issuer(issuer));
    let issuer = issuer.ok_or_else(|| io::Error::other("it lies in no folder of an insurer: say --issuer"))?;
    let file = match tokio::fs::File::open(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).await?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(Incoming { path: path.to_path_buf(), issuer, name, bytes }))
}

fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn random() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(crate::types::hex(&bytes))
}

async fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = tokio::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder).await
}

async fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(path).await?;
    tokio::io::AsyncWriteExt::write_all(&mut file, bytes).await?;
    file.sync_all().await
}

/// A rename is there after a power cut only if its folder is.
async fn sync(folder: &Path) -> io::Result<()> {
    tokio::fs::File::open(folder).await?.sync_all().await
}
