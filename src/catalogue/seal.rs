//! The seal: the last line of a catalogue file, with the length and the SHA-256 of everything before it.
//!
//! Written by the loader when the file is complete, verified on every opening, so a flipped bit, a short copy or a
//! hand-edited row is found before anybody sees a price. SQLite takes its page count from the file's header and ignores
//! anything after the last page, so the line disturbs no reader. `head -c -128 FILE | sha256sum` verifies it without
//! Windowshop.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::types::hex;

/// The whole line, including line ends.
pub const SEAL_BYTES: usize = 128;
const MARK: &str = "\nwindowshop seal 1 sha256=";
/// Read size: large enough that the disk is the slower part.
const CHUNK_BYTES: usize = 1 << 20;

/// Why a file's seal is not valid.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("it has no seal at its end: it was cut short, changed by another program, or built by an older Windowshop")]
    Missing,
    #[error("its content is not what its seal says: it was changed or damaged after it was built")]
    Content,
}

/// The contents of a valid seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Lower-case hex, of the file without its seal.
    pub sha256: String,
    /// Size of the file with its seal.
    pub bytes: u64,
}

fn line(sha256: &str, bytes: u64) -> String {
    let line = format!("{MARK}{sha256} bytes={bytes}");
    format!("{line:<width$}\n", width = SEAL_BYTES - 1)
}

/// Seals a complete file; replaces an existing seal.
pub fn seal(path: &Path) -> std::io::Result<Sealed> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut length = file.metadata()?.len();
    if let Some(body) = length.checked_sub(SEAL_BYTES as u64)
        && last_line(&mut file, body)?.starts_with(MARK.as_bytes())
    {
        file.set_len(body)?;
        length = body;
    }
    file.seek(SeekFrom::Start(0))?;
    let sha256 = hash(&mut file, length, &mut std::io::sink())?;
    file.seek(SeekFrom::Start(length))?;
    file.write_all(line(&sha256, length).as_bytes())?;
    Ok(Sealed { sha256, bytes: length + SEAL_BYTES as u64 })
}

/// Verifies the seal while copying the file to `copy`: what is served from there is exactly what was verified here.
pub fn prove(path: &Path, copy: &mut impl Write) -> Result<Sealed, Broken> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let body = bytes.checked_sub(SEAL_BYTES as u64).ok_or(Broken::Missing)?;
    let last = last_line(&mut file, body)?;
    if !last.starts_with(MARK.as_bytes()) {
        return Err(Broken::Missing);
    }
    file.seek(SeekFrom::Start(0))?;
    let sha256 = hash(&mut file, body, copy)?;
    if last != line(&sha256, body).as_bytes() {
        return Err(Broken::Content);
    }
    copy.write_all(&last)?;
    copy.flush()?;
    Ok(Sealed { sha256, bytes })
}

fn last_line(file: &mut File, from: u64) -> std::io::Result<[u8; SEAL_BYTES]> {
    let mut last = [0; SEAL_BYTES];
    file.seek(SeekFrom::Start(from))?;
    file.read_exact(&mut last)?;
    Ok(last)
}

fn hash(file: &mut impl Read, bytes: u64, copy: &mut impl Write) -> std::io::Result<String> {
    let mut sha256 = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = bytes;
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        file.read_exact(&mut chunk[..want])?;
        sha256.update(&chunk[..want]);
        copy.write_all(&chunk[..want])?;
        left -= want as u64;
    }
    Ok(hex(&sha256.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_holds_until_anything_changes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let plain = b"SQLite format 3\0 and the rest".repeat(1000);
        std::fs::write(&path, &plain).unwrap();
        assert!(matches!(prove(&path, &mut std::io::sink()), Err(Broken::Missing)));
        let sealed = seal(&path).unwrap();
        let mut copy = Vec::new();
        assert_eq!(prove(&path, &mut copy).unwrap(), sealed);
        assert_eq!((copy, sealed.bytes), (std::fs::read(&path).unwrap(), plain.len() as u64 + 128));
        assert_eq!(seal(&path).unwrap(), sealed, "sealing again changes nothing");
        let whole = std::fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(997).chain([whole.len() - 1, plain.len(), plain.len() + 40]) {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, flipped).unwrap();
            assert!(prove(&path, &mut std::io::sink()).is_err(), "a bit at {at}");
        }
        for cut in [0, 1, 127, 128, 129, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(prove(&path, &mut std::io::sink()).is_err(), "cut to {cut}");
        }
    }
}
