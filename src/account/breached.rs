//! The operator's file of passwords that are known from breaches (ASVS 5.0, 6.2.12): SHA-1 hashes of 20 bytes each, one
//! behind the other, in ascending order, as Have I Been Pwned's list is ordered.
//!
//! Called by whatever takes a new password. A hash is looked for where the file lies, by some thirty reads; nothing is
//! loaded, so a list of a billion costs no memory. It must never say which password was looked for.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use sha1::{Digest as _, Sha1};

use super::password::Password;

const BYTES: usize = 20;
/// Records that are compared with the one before, evenly spread: a file in another order shows at once.
const SAMPLES: u64 = 1_024;
const HOW: &str = "make it from the list that is ordered by hash: cut -c1-40 pwned-passwords-sha1-ordered-by-hash.txt | \
                   xxd -r -p > breached.sha1";

type Hash = [u8; BYTES];

/// An open file. A clone is the same one.
#[derive(Clone)]
pub struct Breached {
    file: Arc<File>,
    records: u64,
}

impl Breached {
    /// # Errors
    ///
    /// Why the file cannot be used, and what to do.
    pub fn open(path: &Path) -> Result<Breached, String> {
        let fault = |what: &str| format!("{}: {what}", path.display());
        let read = |error: std::io::Error| fault(&format!("cannot be read ({error})"));
        let file = File::open(path).map_err(read)?;
        let about = file.metadata().map_err(read)?;
        if !about.is_file() {
            return Err(fault("is no file"));
        }
        let records = about.len() / BYTES as u64;
        let breached = Breached { file: Arc::new(file), records };
        let first = if records == 0 { [0; BYTES] } else { breached.record(0).map_err(read)? };
        if first.iter().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(fault(&format!("holds text, not hashes of {BYTES} bytes: {HOW}")));
        }
        if records == 0 || about.len() % BYTES as u64 != 0 {
            return Err(fault(&format!("its length is no multiple of {BYTES} bytes, or it is empty: {HOW}")));
        }
        let mut before = None;
        for sample in 0..SAMPLES.min(records) {
            let at = (u128::from(sample) * u128::from(records) / u128::from(SAMPLES.min(records))) as u64;
            let hash = breached.record(at).map_err(read)?;
            if before.is_some_and(|before| before >= hash) {
                return Err(fault(&format!("hash {} is not above those before it: {HOW}", at + 1)));
            }
            before = Some(hash);
        }
        Ok(breached)
    }

    /// How many passwords it knows.
    pub fn records(&self) -> u64 {
        self.records
    }

    fn record(&self, at: u64) -> std::io::Result<Hash> {
        let mut hash = [0; BYTES];
        self.file.read_exact_at(&mut hash, at * BYTES as u64)?;
        Ok(hash)
    }

    /// Whether the password is in it. Reads a disk: not for a thread that serves.
    ///
    /// # Errors
    ///
    /// If the file cannot be read any more.
    pub fn holds(&self, password: &Password) -> std::io::Result<bool> {
        let sought: Hash = Sha1::digest(password.bytes()).into();
        let (mut least, mut beyond) = (0, self.records);
        while least < beyond {
            let middle = least + (beyond - least) / 2;
            match self.record(middle)?.cmp(&sought) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => least = middle + 1,
                std::cmp::Ordering::Greater => beyond = middle,
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::Secret;

    fn typed(text: &str) -> Password {
        Password::typed(&Secret::new(text.to_string())).expect("not empty")
    }

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("written");
        file
    }

    fn hashes(words: &[String]) -> Vec<Hash> {
        let mut hashes: Vec<Hash> = words.iter().map(|word| Sha1::digest(word.as_bytes()).into()).collect();
        hashes.sort_unstable();
        hashes
    }

    #[test]
    fn every_password_of_the_list_is_found_and_no_other() {
        // RFC 3174, 7.3: the order and form of the list are those of SHA-1.
        let abc: Hash = Sha1::digest(b"abc").into();
        assert_eq!(abc[..4], [0xa9, 0x99, 0x3e, 0x36]);
        for many in [1, 2, 3, 1_000, 3_001] {
            let words: Vec<String> = (0..many).map(|n| format!("word {n}")).collect();
            let file = file(&hashes(&words).concat());
            let breached = Breached::open(file.path()).expect("it opens");
            assert_eq!(breached.records(), many);
            assert!(words.iter().all(|word| breached.holds(&typed(word)).expect("read")));
            for other in ["word", "word -1", "Word 0", "x"] {
                assert!(!breached.holds(&typed(other)).expect("read"), "{other}");
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_searched_is_refused_with_the_reason() {
        let words: Vec<String> = (0..100).map(|n| format!("word {n}")).collect();
        let good = hashes(&words);
        let mut turned = good.clone();
        turned.reverse();
        let text = b"000000005AD76BD555C1D6D771DE417A4B87E4B4:10\r\n0000000A0E3B9F25FF41DE4B5AC238C2D545C7A8:15\r\n";
        for (bytes, words) in [
            (Vec::new(), "it is empty"),
            (good.concat()[1..].to_vec(), "its length"),
            (turned.concat(), "is not above those before it"),
            (text.to_vec(), "holds text"),
        ] {
            let file = file(&bytes);
            let fault = Breached::open(file.path()).err().expect("refused");
            assert!(fault.contains(words) && fault.contains("xxd -r -p"), "{fault}");
        }
        let missing = Breached::open(Path::new("/nowhere/breached.sha1")).err().expect("refused");
        assert!(missing.starts_with("/nowhere/breached.sha1: cannot be read"), "{missing}");
    }
}
