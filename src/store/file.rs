//! The file of SQLite's store: made once, alone, for its owner only; and whether it is still there.
//!
//! Called when a store is opened, and by each reading and writing of it. The engine goes on with a file that was moved,
//! deleted or replaced, and everything that it says is on the disk would be gone with the process.

use std::fs::{OpenOptions, TryLockError};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{LOCK_PAUSE, StoreError, counts};

/// A store was made in this folder once, and is not there.
pub fn gone(file: &Path) -> Option<String> {
    let lock = lock_of(file);
    (!file.exists() && lock.exists()).then(|| {
        format!(
            "{} is gone, and {} says that a store was made here: put it back, or restore a backup (windowshop restore); \
             to begin with an empty store, delete {}",
            file.display(),
            lock.display(),
            lock.display()
        )
    })
}

/// Stays when the store is closed.
fn lock_of(file: &Path) -> PathBuf {
    file.with_extension("lock")
}

/// The file as it was opened.
pub struct Opened {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Opened {
    /// # Errors
    ///
    /// If it cannot be looked at.
    pub fn of(path: &Path) -> std::io::Result<Opened> {
        let seen = std::fs::metadata(path)?;
        Ok(Opened { path: path.to_path_buf(), device: seen.dev(), inode: seen.ino() })
    }

    /// # Errors
    ///
    /// [`StoreError::Away`] if another file or none is there now.
    pub fn stands(&self) -> Result<(), StoreError> {
        let seen = std::fs::metadata(&self.path).map(|seen| (seen.dev(), seen.ino()));
        match seen {
            Ok(seen) if seen == (self.device, self.inode) => Ok(()),
            _ => {
                let file = self.path.display();
                let what = format!("{file} is not the file that was opened: it was moved, deleted or replaced");
                tracing::error!(%file, "the store's file was moved, deleted or replaced: stop, put it back, start again");
                let away = StoreError::Away(what);
                counts::error(&away);
                Err(away)
            }
        }
    }
}

/// Creates the file readable by its owner only (SQLite gives its companions the same rights), and keeps other
/// processes from creating tables in it until the returned lock is dropped.
pub async fn made(file: &Path) -> std::io::Result<std::fs::File> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    private(file)?;
    let lock = private(&lock_of(file))?;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn private(file: &Path) -> std::io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(file)
}
