//! A folder between this site and a transport, with what everybody who has one needs: `out/WHO`, `in/WHO`.
//!
//! Called by `transfer::folder` (WHO is a state) and `insurer::folder` (an insurer), which say what their files are called and
//! whom they read. A file is laid beside `out/WHO` first and goes in as a whole, so that whoever empties the folder sees whole
//! files only. Readable by the server alone. It never looks into a file.

use std::io;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt as _;

use crate::types::hex;

/// Beside what goes out; transports pass by names that begin with a period.
const STAGED: &str = ".staged";
/// What could not be read stays here until an operator takes it away.
const REFUSED: &str = "refused";
const PLACE: &str = "place";

#[derive(Debug, Clone)]
pub struct Carrier {
    dir: PathBuf,
}

impl Carrier {
    pub fn at(dir: PathBuf) -> Carrier {
        Carrier { dir }
    }

    /// Where everybody's folders of what goes out are.
    pub fn outs(&self) -> PathBuf {
        self.dir.join("out")
    }

    /// Where everybody's folders of what comes in are.
    pub fn ins(&self) -> PathBuf {
        self.dir.join("in")
    }

    /// The files of one that are laid beside what goes out.
    pub fn staged(&self, who: &str) -> PathBuf {
        staged_in(&self.outs().join(who))
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

    /// Lays files beside what goes out, by name and text, in this order. Again, they are the same files.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub async fn stage(&self, who: &str, files: &[(String, &str)]) -> io::Result<()> {
        let staged = self.staged(who);
        make_private(&staged).await?;
        for (name, text) in files {
            write_private(&staged.join(name), text.as_bytes()).await?;
        }
        sync(&staged).await
    }

    /// Lets staged files into the folder, each under its name there, in this order. What was let in already is left alone, and
    /// nothing that lies there is ever overwritten.
    ///
    /// # Errors
    ///
    /// If they cannot be let in, or another file has the name.
    pub async fn release(&self, who: &str, files: &[(String, String)]) -> io::Result<()> {
        let (out, staged) = (self.outs().join(who), self.staged(who));
        for (laid, name) in files {
            let (laid, there) = (staged.join(laid), out.join(name));
            match tokio::fs::hard_link(&laid, &there).await {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => same(&laid, &there).await?,
                linked => linked.or_else(gone)?,
            }
            tokio::fs::remove_file(&laid).await.or_else(gone)?;
        }
        sync(&out).await.or_else(gone)
    }

    /// The content of a file that came in is in the store: the file goes. `refused`: it stays where an operator finds it.
    ///
    /// # Errors
    ///
    /// If it cannot be moved.
    pub async fn done(&self, path: &Path, (who, name): (&str, &str), refused: bool) -> io::Result<()> {
        if !refused {
            return tokio::fs::remove_file(path).await.or_else(gone);
        }
        let aside = self.ins().join(who).join(REFUSED);
        make_private(&aside).await?;
        tokio::fs::rename(path, aside.join(name)).await.or_else(gone)
    }
}

/// The files that are laid beside a folder of what goes out.
pub fn staged_in(out: &Path) -> PathBuf {
    out.join(STAGED)
}

/// The first whole files of a folder by name, as many as are read in one round; a folder that is not there holds none. Names
/// that begin with a period are still being written; which others count, `is_whole` says.
///
/// # Errors
///
/// If the folder cannot be read.
pub async fn whole_files(folder: &Path, round: usize, is_whole: impl Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut entries = match tokio::fs::read_dir(folder).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && is_whole(&path) && entry.file_type().await?.is_file() {
            found.push(path);
        }
    }
    found.sort();
    found.truncate(round);
    Ok(found)
}

/// The beginning of a file that somebody has laid down.
pub struct Beginning {
    pub name: String,
    /// One byte more than is ever read.
    pub bytes: Vec<u8>,
    /// Of all of it.
    pub length: u64,
}

/// Opens a file, of which at most so many bytes are ever read; `None` if another process was faster.
///
/// # Errors
///
/// If it cannot be read.
pub async fn open(path: &Path, most: usize) -> io::Result<Option<Beginning>> {
    let file = match tokio::fs::File::open(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.metadata().await?.len();
    let mut bytes = Vec::new();
    file.take(most as u64 + 1).read_to_end(&mut bytes).await?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(Beginning { name, bytes, length }))
}

/// Whose file it is: as somebody says, or by the folder that it lies in.
pub fn whose(path: &Path, said: Option<&str>) -> Option<String> {
    let of_folder = || path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    said.map(str::to_string).or_else(of_folder)
}

/// What another process has taken away already is no fault.
///
/// # Errors
///
/// Any other fault.
pub fn gone(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Of two files with one name: what was let in and not yet taken away beside the folder is the same.
async fn same(laid: &Path, there: &Path) -> io::Result<()> {
    let ours = match tokio::fs::read(laid).await {
        Err(error) => return gone(error),
        Ok(ours) => ours,
    };
    if ours == tokio::fs::read(there).await? {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("another file lies at {}", there.display())))
}

/// A name that nobody else has.
///
/// # Errors
///
/// If the system has no randomness.
pub fn random() -> io::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
    Ok(hex(&bytes))
}

/// A folder for the server alone, with those above it; there already is well, too.
///
/// # Errors
///
/// If it cannot be made.
pub async fn make_private(folder: &Path) -> io::Result<()> {
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
