//! The site's key file: a few master keys, newest first, from which each use derives a key of its own.
//!
//! Called by `config`, which reads the file, and by whatever seals. Every host of a site has the same file, so an
//! address sealed on one opens on the others. The first line seals; all lines open. To rotate, add a new line at the
//! top, copy the file to every host, and remove the old line once everything it sealed has expired (docs/running.md).
//!
//! It must never show a key in words.
//!
//! ```text
//! # windowshop keys, newest first
//! 2026-11-26 3q2-7wAB…  (32 bytes, base64url without padding)
//! ```

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::{Digest as _, Sha256};
use time::Date;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a master key and of every key derived from one (AES-256).
pub const KEY_BYTES: usize = 32;
/// More keys than anyone rotates through. Each is found by its ID, so this bounds the file, not the work.
const KEYS_MAX: usize = 16;
/// A key file of [`KEYS_MAX`] keys with comments is far smaller.
const FILE_BYTES_MAX: u64 = 16_384;

/// The word on the line of a key that does not seal yet.
pub(super) const WAITS: &str = "waits";

/// Identifies the key that sealed something without revealing the key: the first bytes of its hash.
pub type KeyId = [u8; 4];

/// This site's keys. Has no `Debug` or `Display`, so it cannot end up in a log.
#[derive(Clone)]
pub struct KeyRing {
    /// Newest first; never empty.
    keys: Vec<MasterKey>,
}

#[derive(Clone)]
struct MasterKey {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    /// Added and not yet used: it opens, and seals when a rotation begins.
    waits: bool,
}

/// Why the key file cannot be used. The text names the file and the line, never a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFault {
    pub file: PathBuf,
    pub what: String,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what)
    }
}

impl std::error::Error for KeyFault {}

impl MasterKey {
    fn new(bytes: [u8; KEY_BYTES]) -> MasterKey {
        let hash = Sha256::digest(bytes);
        MasterKey { id: [hash[0], hash[1], hash[2], hash[3]], bytes: Zeroizing::new(bytes), waits: false }
    }

    fn of_line(line: &str) -> Option<MasterKey> {
        let mut words = line.split_whitespace().rev();
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(words.next()?).ok()?);
        let key = MasterKey::new(<[u8; KEY_BYTES]>::try_from(bytes.as_slice()).ok()?);
        Some(MasterKey { waits: words.any(|word| word == WAITS), ..key })
    }
}

/// The ID of the key in a line of the file; `None` for a comment or an empty line.
pub(super) fn id_of_line(line: &str) -> Option<KeyId> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    MasterKey::of_line(line).map(|key| key.id)
}

impl KeyRing {
    /// Reads the key file.
    ///
    /// # Errors
    ///
    /// If it does not exist, can be read by anyone but its owner, or has a line that is not a key.
    pub fn open(file: &Path) -> Result<KeyRing, KeyFault> {
        let fault = |what: String| KeyFault { file: file.to_path_buf(), what };
        let text = private_text(file, FILE_BYTES_MAX).map_err(fault)?;
        KeyRing::parse(&text).map_err(fault)
    }

    /// Creates a key file with one new key, readable by its owner only. Never overwrites an existing file.
    ///
    /// # Errors
    ///
    /// If the file exists or cannot be written, or the system has no randomness.
    pub fn create(file: &Path, today: Date) -> Result<KeyRing, KeyFault> {
        let fault = |what: String| KeyFault { file: file.to_path_buf(), what };
        let ring = KeyRing::in_memory().map_err(&fault)?;
        let key = Zeroizing::new(URL_SAFE_NO_PAD.encode(ring.keys[0].bytes.as_slice()));
        let mut line = format!("# windowshop keys, newest first\n{today} {}\n", key.as_str());
        let written = new_private_file(file).and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.sync_all()
        });
        line.zeroize();
        written.map_err(|error| fault(format!("cannot be made ({error})")))?;
        Ok(ring)
    }

    /// One new key that is not saved anywhere: what it seals is lost when the process ends.
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn in_memory() -> Result<KeyRing, String> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|error| format!("no random bytes from the system ({error})"))?;
        Ok(KeyRing { keys: vec![MasterKey::new(*bytes)] })
    }

    /// Reads the text of a key file, however it came.
    ///
    /// # Errors
    ///
    /// If a line is not a key, or there is none; names the line, never a key.
    pub fn parse(text: &str) -> Result<KeyRing, String> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (n, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some(key) = MasterKey::of_line(line) else {
                return Err(format!("line {n} does not end with a key: {KEY_BYTES} bytes as base64url"));
            };
            if keys.iter().any(|known| known.id == key.id) {
                return Err(format!("line {n} repeats a key: keep one"));
            }
            keys.push(key);
        }
        if let Some(at) = keys.iter().position(|key| key.waits).filter(|at| at + 1 < keys.len() || *at == 0) {
            let n = at + 1;
            return Err(format!("key {n} of the file waits and is not the last of several: the first one seals"));
        }
        match keys.len() {
            0 => Err("holds no key: take it away and one is made, or copy the file of another host".to_string()),
            1..=KEYS_MAX => Ok(KeyRing { keys }),
            n => Err(format!("holds {n} keys, more than {KEYS_MAX}: take out the oldest")),
        }
    }

    /// The current sealing key, derived for one purpose (HKDF-SHA-256): a key for one purpose reveals nothing about
    /// another.
    pub fn current(&self, purpose: &str) -> (KeyId, Zeroizing<[u8; KEY_BYTES]>) {
        (self.keys[0].id, derive(&self.keys[0], purpose))
    }

    /// The key with this ID, for the same purpose; `None` if it is not (or no longer) in the file.
    pub fn by_id(&self, id: KeyId, purpose: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        self.keys.iter().find(|key| key.id == id).map(|key| derive(key, purpose))
    }

    /// The key that waits for a rotation.
    pub fn waiting(&self) -> Option<KeyId> {
        self.keys.iter().find(|key| key.waits).map(|key| key.id)
    }

    /// In the order of the file: the first one seals.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.keys.iter().map(|key| key.id)
    }
}

/// The text of a file with a key, which must be its owner's alone.
///
/// # Errors
///
/// What is wrong with the file, without its name.
pub fn private_text(file: &Path, bytes_max: u64) -> Result<Zeroizing<String>, String> {
    let data = std::fs::metadata(file).map_err(|error| format!("cannot be read ({error})"))?;
    if !data.is_file() || data.len() > bytes_max {
        return Err(format!("is no key file of at most {bytes_max} bytes"));
    }
    if let Some(what) = not_ours_alone(file, &data) {
        return Err(what);
    }
    std::fs::read_to_string(file).map(Zeroizing::new).map_err(|error| format!("cannot be read ({error})"))
}

fn derive(key: &MasterKey, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
    let mut derived = Zeroizing::new([0; KEY_BYTES]);
    let expanded = Hkdf::<Sha256>::new(None, key.bytes.as_slice()).expand(purpose.as_bytes(), derived.as_mut_slice());
    debug_assert!(expanded.is_ok(), "32 bytes are always to be had from HKDF-SHA-256");
    derived
}

/// systemd puts credentials here, each for its service alone. They belong to root and show a group's rights that are
/// an access list for the service, so owner and mode say nothing.
const CREDENTIALS: &str = "/run/credentials/";

#[cfg(unix)]
fn not_ours_alone(file: &Path, data: &std::fs::Metadata) -> Option<String> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    if std::fs::canonicalize(file).is_ok_and(|file| file.starts_with(CREDENTIALS)) {
        return None;
    }
    let (owner, us) = (data.uid(), rustix::process::geteuid().as_raw());
    if owner != us {
        return Some(format!("belongs to user {owner}, and this program runs as user {us}: run `chown` on it"));
    }
    let mode = data.permissions().mode();
    (mode & 0o077 != 0).then(|| format!("others may read or write it (mode {:o}): run `chmod 600` on it", mode & 0o777))
}

#[cfg(not(unix))]
fn not_ours_alone(_: &Path, _: &std::fs::Metadata) -> Option<String> {
    None
}

pub(super) fn new_private_file(file: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn a_made_file_opens_again_with_the_same_keys() {
        let folder = folder();
        let file = folder.path().join("site.key");
        let made = KeyRing::create(&file, date!(2026 - 11 - 26)).expect("made");
        let read = KeyRing::open(&file).expect("read");
        assert_eq!(made.current("a"), read.current("a"));
        assert_ne!(made.current("a").1, made.current("b").1, "each purpose has its own key");
        assert!(KeyRing::create(&file, date!(2026 - 11 - 26)).is_err(), "an existing file is not written over");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder();
        let file = folder.path().join("site.key");
        KeyRing::create(&file, date!(2026 - 11 - 26)).expect("made");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("set");
        let fault = KeyRing::open(&file).err().expect("refused").to_string();
        assert!(fault.contains("chmod 600"), "{fault}");
    }

    #[test]
    fn faults_name_the_line_and_never_the_key() {
        let key = URL_SAFE_NO_PAD.encode([7; KEY_BYTES]);
        for (text, words) in [
            ("# nothing\n".to_string(), "no key"),
            (format!("{key}\nabc\n"), "line 2"),
            (format!("a {key}\n\nb {key}\n"), "line 3 repeats"),
            (format!("{key}x\n"), "line 1"),
        ] {
            let fault = KeyRing::parse(&text).err().expect("refused");
            assert!(fault.contains(words), "{fault}");
            assert!(!fault.contains(&key));
        }
    }

    #[test]
    fn old_keys_open_and_the_newest_seals() {
        let line = |n: u8| format!("k {}\n", URL_SAFE_NO_PAD.encode([n; KEY_BYTES]));
        let old = KeyRing::parse(&line(1)).unwrap_or_else(|fault| panic!("{fault}"));
        let both = KeyRing::parse(&(line(2) + &line(1))).unwrap_or_else(|fault| panic!("{fault}"));
        let (id, key) = old.current("p");
        assert_eq!(both.by_id(id, "p"), Some(key));
        assert_ne!(both.current("p").0, id);
        assert!(old.by_id(both.current("p").0, "p").is_none());
    }
}
