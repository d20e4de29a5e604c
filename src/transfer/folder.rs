//! The folder between this site and the transport that carries transfers to states and back: `out/STATE`, `in/STATE`.
//!
//! A transfer is laid beside `out/STATE` first, and goes in by a rename once the store says that it was made: whoever empties
//! the folder sees whole files only, and each once, whenever a process dies. It never looks into a file.

use std::io;
use std::path::{Path, PathBuf};

use crate::carrier::{self, Carrier};
use crate::eligibility::State;
use crate::transfer::xml::MOST_BYTES;

/// Files of one state that are read in one round.
const ROUND: usize = 200;

#[derive(Debug, Clone)]
pub struct Folder {
    carrier: Carrier,
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

    /// Lays a transfer beside the folder: its XML, and the same as JSON. Again, it is the same two files.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub async fn stage(&self, state: &str, name: &str, (xml, json): (&str, &str)) -> io::Result<()> {
        self.carrier.stage(state, &[(format!("{name}.json"), json), (format!("{name}.xml"), xml)]).await
    }

    /// Lets a transfer into the folder: the XML last. What was let in already is left alone.
    ///
    /// # Errors
    ///
    /// If it cannot be renamed.
    pub async fn release(&self, state: &str, name: &str) -> io::Result<()> {
        let files = ["json", "xml"].map(|end| format!("{name}.{end}")).map(|file| (file.clone(), file));
        self.carrier.release(state, &files).await
    }

    /// What states have laid down: whole files of names that end in `.xml` or `.json`, a round of each state's.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read. A folder that is not there holds nothing.
    pub async fn incoming(&self) -> io::Result<Vec<PathBuf>> {
        let ends = |path: &Path| path.extension().is_some_and(|end| end == "xml" || end == "json");
        let mut found = Vec::new();
        for state in State::all() {
            found.append(&mut carrier::whole_files(&self.carrier.ins().join(state.code()), ROUND, ends).await?);
        }
        Ok(found)
    }

    /// Where states lay their files, for whoever sets a transport up; made if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub async fn inbox(&self, state: &str) -> io::Result<PathBuf> {
        let inbox = self.carrier.ins().join(state);
        carrier::make_private(&inbox).await?;
        Ok(inbox)
    }

    /// Its content is in the store: the file goes. `refused`: it stays where an operator finds it.
    ///
    /// # Errors
    ///
    /// If it cannot be moved.
    pub async fn done(&self, file: &Incoming, refused: bool) -> io::Result<()> {
        self.carrier.done(&file.path, (&file.state, &file.name), refused).await
    }
}

/// Opens a file; `None` if another process was faster.
///
/// # Errors
///
/// If it cannot be read, or lies in no state's folder.
pub async fn open(path: &Path, state: Option<&str>) -> io::Result<Option<Incoming>> {
    let state = carrier::whose(path, state).filter(|code| State::parse(code).is_some());
    let state = state.ok_or_else(|| io::Error::other("it lies in no folder of a state: say --state"))?;
    let found = carrier::open(path, MOST_BYTES).await?;
    Ok(found.map(|file| Incoming {
        path: path.to_path_buf(),
        state,
        name: file.name,
        bytes: file.bytes,
        length: file.length,
    }))
}
