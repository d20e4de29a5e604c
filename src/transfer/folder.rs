//! The folder between this site and the transport that carries transfers to states and back: `out/STATE`, `in/STATE`.
//!
//! A transfer is laid beside `out/STATE` first, and goes in by a rename once the store says that it was made: whoever empties
//! the folder sees whole files only, and each once, whenever a process dies. Readable by the server alone. It never looks
//! into a file.

use std::io;
use std::path::{Path, PathBuf};

use tokio::io::AsyncReadExt as _;

use crate::eligibility::State;
use crate::transfer::xml::MOST_BYTES;

/// Beside what goes out; transports pass by names that begin with a period.
const STAGED: &str = ".staged";
/// What could not be read stays here until an operator takes it away.
const REFUSED: &str = "refused";
const PLACE: &str = "place";
/// Files of one state that are read in one round.
const ROUND: usize = 200;

#[derive(Debug, Clone)]
pub struct Folder {
    dir: PathBuf,
}

/// A file that a state has laid down.
pub struct Incoming {
    pub path: PathBuf,
    /// By the folder that it lies in.
    pub state: String,
    pub name: String,
    /// Its beginning, one byte more than is ever read.
    pub bytes: Vec<u8>,
    /// All of it.
    pub length: u64,
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
            let mut bytes = [0; 8];
            getrandom::fill(&mut bytes).map_err(|_| io::Error::other("no randomness"))?;
            let word = crate::types::hex(&bytes);
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

    fn out(&self, state: &str) -> PathBuf {
        self.dir.join("out").join(state)
    }

    /// Lays a transfer beside the folder: its XML, and the same as JSON. Again, it is the same two files.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub async fn stage(&self, state: &str, name: &str, (xml, json): (&str, &str)) -> io::Result<()> {
        let staged = self.out(state).join(STAGED);
        make_private(&staged).await?;
        write_private(&staged.join(format!("{name}.json")), json.as_bytes()).await?;
        write_private(&staged.join(format!("{name}.xml")), xml.as_bytes()).await?;
        sync(&staged).await
    }

    /// Lets a transfer into the folder: the XML last. What was let in already is left alone.
    ///
    /// # Errors
    ///
    /// If it cannot be renamed.
    pub async fn release(&self, state: &str, name: &str) -> io::Result<()> {
        let (out, staged) = (self.out(state), self.out(state).join(STAGED));
        for end in ["json", "xml"] {
            let file = format!("{name}.{end}");
            match tokio::fs::rename(staged.join(&file), out.join(&file)).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match sync(&out).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// What states have laid down: whole files of names that end in `.xml` or `.json`, a round of each state's.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read. A folder that is not there holds nothing.
    pub async fn incoming(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for state in State::all() {
            let mut names = Vec::new();
            let mut entries = match tokio::fs::read_dir(self.dir.join("in").join(state.code())).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            while let Some(entry) = entries.next_entry().await? {
                let path = entry.path();
                let ends = path.extension().is_some_and(|end| end == "xml" || end == "json");
                let hidden = entry.file_name().to_string_lossy().starts_with('.');
                if ends && !hidden && entry.file_type().await?.is_file() {
                    names.push(path);
                }
            }
            names.sort();
            names.truncate(ROUND);
            found.append(&mut names);
        }
        Ok(found)
    }

    /// Where states lay their files, for whoever sets a transport up; made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub async fn inbox(&self, state: &str) -> io::Result<PathBuf> {
        let inbox = self.dir.join("in").join(state);
        make_private(&inbox).await?;
        Ok(inbox)
    }

    /// Its content is in the store: the file goes. `None`: it stays where an operator finds it.
    ///
    /// # Errors
    ///
    /// If it cannot be moved.
    pub async fn done(&self, file: &Incoming, refused: bool) -> io::Result<()> {
        let gone = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) };
        if !refused {
            return tokio::fs::remove_file(&file.path).await.or_else(gone);
        }
        let aside = self.dir.join("in").join(&file.state).join(REFUSED);
        make_private(&aside).await?;
        tokio::fs::rename(&file.path, aside.join(&file.name)).await.or_else(gone)
    }
}

/// Opens a file; `None` if another process was faster.
///
/// # Errors
///
/// If it cannot be read, or lies in no state's folder.
pub async fn open(path: &Path, state: Option<&str>) -> io::Result<Option<Incoming>> {
    let of_folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let state = state.map(str::to_string).or(of_folder).filter(|code| State::parse(code).is_some());
    let state = state.ok_or_else(|| io::Error::other("it lies in no folder of a state: say --state"))?;
    let file = match tokio::fs::File::open(path).await {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.metadata().await?.len();
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).await?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Some(Incoming { path: path.to_path_buf(), state, name, bytes, length }))
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
