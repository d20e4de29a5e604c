//! A server's private copy of a catalogue: what is being served cannot be changed underneath it.
//!
//! Called by `catalogue::opening`. A catalogue is read through a memory map. If another program overwrites the file
//! (`cp new.db catalogue-….db`) or truncates it, the map turns into different prices, or kills the process (SIGBUS).
//! So `catalogue::open` copies the file, verifying its seal on the way, into a folder only this program knows about,
//! and serves from there. On file systems that share blocks, and in the page cache, this costs little
//! (docs/performance.md). The copy is deleted with its catalogue; whatever a killed process left behind is deleted at
//! the next start.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::seal::{self, Broken, Sealed};

/// Held while a copy is being made or old ones are removed, so that a new copy is never mistaken for an abandoned
/// one.
const LOCK: &str = ".lock";

/// Deletes its file when dropped. Locked while it lives: that tells other processes that it is in use.
#[derive(Debug)]
pub struct PrivateCopy {
    path: PathBuf,
    file: File,
}

impl PrivateCopy {
    /// Copies `from` into `folder`, which is created if needed, and verifies its seal.
    pub fn make(from: &Path, folder: &Path, version: &str) -> Result<(PrivateCopy, Sealed), Broken> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("catalogue-{version}.{}-{count}.copy", std::process::id()));
        make_folder(folder)?;
        let copy = {
            let _alone = lock(folder)?;
            let file = File::create_new(&path)?;
            file.lock()?;
            PrivateCopy { path, file }
        };
        let mut out = BufWriter::new(&copy.file);
        let sealed = seal::prove(from, &mut out)?;
        out.flush()?;
        drop(out);
        Ok((copy, sealed))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for PrivateCopy {
    fn drop(&mut self) {
        // Already gone, or the folder is no longer writable: the next start removes it.
        std::fs::remove_file(&self.path).unwrap_or_default();
    }
}

/// Removes copies whose process is gone.
pub fn remove_forgotten(folder: &Path) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    let _alone = lock(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let ours = path.extension().is_some_and(|extension| extension == "copy");
        if ours && File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn lock(folder: &Path) -> std::io::Result<File> {
    let lock = File::options().create(true).append(true).open(folder.join(LOCK))?;
    lock.lock()?;
    Ok(lock)
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}
