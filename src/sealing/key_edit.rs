//! Changes to the key file: a new key that waits, the waiting key that becomes the one that seals, an old one taken out.
//!
//! Called by `windowshop keys`. Comments and the order of the other lines stay. The file is written beside itself,
//! flushed and renamed, so that a crash leaves the old one or the new one.
//!
//! A rotation has three steps, because several hosts read the same file. First the new key is added at the end: every
//! host that has the file can open what it seals, and nothing is sealed with it yet. When all hosts have it, it goes
//! to the top and seals. When nothing names the old key any more, it is taken out.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::Date;
use zeroize::Zeroizing;

use super::keys::{KEY_BYTES, KeyFault, KeyId, KeyRing, WAITS, id_of_line, new_private_file};
use super::value::id_text;

/// Adds a new key as the last line, where it opens and does not seal. Returns its ID.
///
/// # Errors
///
/// If one waits already, the file cannot be read or written, is full of keys, or the system has no randomness.
pub fn add_waiting(file: &Path, today: Date) -> Result<KeyId, KeyFault> {
    if let Some(waiting) = KeyRing::open(file)?.waiting() {
        return Err(fault(file, format!("key {} waits already: rotate to it", id_text(waiting))));
    }
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| fault(file, format!("no random bytes from the system ({error})")))?;
    let word = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    let line = Zeroizing::new(format!("{today} {WAITS} {}", word.as_str()));
    let id = id_of_line(&line).ok_or_else(|| fault(file, "no key came about".to_string()))?;
    change(file, |lines| {
        lines.push(line.to_string());
        Ok(())
    })?;
    Ok(id)
}

/// Moves the key with this ID to the top: from now on it seals.
///
/// # Errors
///
/// If the file cannot be read or written, or has no such key.
pub fn make_first(file: &Path, id: KeyId) -> Result<(), KeyFault> {
    change(file, |lines| {
        let at = position(file, lines, id)?;
        let line = lines.remove(at).replace(&format!(" {WAITS} "), " ");
        let first = lines.iter().position(|line| id_of_line(line).is_some()).unwrap_or(lines.len());
        lines.insert(first, line);
        Ok(())
    })
}

/// Takes the key with this ID out. What it sealed never opens again.
///
/// # Errors
///
/// If the file cannot be read or written, has no such key, or it is the one that seals.
pub fn take_out(file: &Path, id: KeyId) -> Result<(), KeyFault> {
    if KeyRing::open(file)?.ids().next() == Some(id) {
        return Err(fault(file, format!("key {} is the one that seals: rotate first", id_text(id))));
    }
    change(file, |lines| {
        let at = position(file, lines, id)?;
        lines.remove(at);
        Ok(())
    })
}

fn position(file: &Path, lines: &[String], id: KeyId) -> Result<usize, KeyFault> {
    let at = lines.iter().position(|line| id_of_line(line) == Some(id));
    at.ok_or_else(|| fault(file, format!("holds no key {}", id_text(id))))
}

fn change(file: &Path, edit: impl FnOnce(&mut Vec<String>) -> Result<(), KeyFault>) -> Result<(), KeyFault> {
    KeyRing::open(file)?; // it is a key file, and ours
    let cannot = |error: std::io::Error| fault(file, format!("cannot be changed ({error})"));
    let text = Zeroizing::new(fs::read_to_string(file).map_err(cannot)?);
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    edit(&mut lines)?;
    let text = Zeroizing::new(lines.join("\n") + "\n");
    KeyRing::parse(&text).map_err(|what| fault(file, what))?;
    let beside = file.with_extension("new");
    let written = new_private_file(&beside).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        fs::rename(&beside, file)?;
        // The rename itself.
        fs::File::open(file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&beside);
        cannot(error)
    })
}

fn fault(file: &Path, what: String) -> KeyFault {
    KeyFault { file: file.to_path_buf(), what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 26);

    #[test]
    fn a_key_waits_then_seals_then_leaves() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("site.key");
        let ids = || KeyRing::open(&file).unwrap_or_else(|fault| panic!("{fault}")).ids().collect::<Vec<_>>();
        KeyRing::create(&file, TODAY).unwrap_or_else(|fault| panic!("{fault}"));
        let old = ids()[0];
        let new = add_waiting(&file, TODAY).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(ids(), [old, new], "the old one seals");
        assert!(add_waiting(&file, TODAY).expect_err("one waits").to_string().contains("waits already"));
        make_first(&file, new).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(ids(), [new, old]);
        assert_eq!(KeyRing::open(&file).unwrap_or_else(|fault| panic!("{fault}")).waiting(), None);
        let fault = take_out(&file, new).expect_err("it seals").to_string();
        assert!(fault.contains("rotate first"), "{fault}");
        take_out(&file, old).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(ids(), [new]);
        assert!(make_first(&file, old).expect_err("it is gone").to_string().contains("holds no key"));
        let text = fs::read_to_string(&file).expect("a file");
        assert!(text.starts_with("# windowshop keys"), "comments stay");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");
    }
}
