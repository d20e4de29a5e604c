//! The file `pinned` in a folder of catalogues: which version of a plan year to serve although a newer one is there.
//!
//! Written by `windowshop catalogue use` and `rollback`, read at every check of the folder, so a running server
//! follows within `--reload-seconds`. A pin is a person's decision: the morning rotation must never change one.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use super::{Unfit, parse_name};

pub const FILE: &str = "pinned";
const HEAD: &str = "# Plan years that are served from this version, whatever else is in this folder.\n\
                    # Written by `windowshop catalogue use` and `rollback`; `use --newest YEAR` takes a line away.\n";

/// Pinned versions by plan year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins(BTreeMap<u16, String>);

impl Pins {
    /// Without a file there are no pins.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, a line is not a version, or two lines name the same plan year.
    pub fn read(dir: &Path) -> Result<Pins, Unfit> {
        let path = dir.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Pins::default()),
            Err(error) => return Err(Unfit::Folder { dir: path, cause: error.to_string() }),
        };
        let mut pins = Pins::default();
        for (number, line) in (1..).zip(text.lines()) {
            let version = line.trim();
            if version.is_empty() || version.starts_with('#') {
                continue;
            }
            let year = year_of(version);
            if year.is_none_or(|year| pins.0.insert(year, version.to_string()).is_some()) {
                return Err(Unfit::Pins { file: path, line: number, found: version.to_string() });
            }
        }
        Ok(pins)
    }

    pub fn version(&self, year: u16) -> Option<&str> {
        self.0.get(&year).map(String::as_str)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u16, &str)> {
        self.0.iter().map(|(year, version)| (*year, version.as_str()))
    }

    /// Pins the plan year of this version; does nothing if it is not a version.
    pub fn pin(&mut self, version: &str) {
        if let Some(year) = year_of(version) {
            self.0.insert(year, version.to_string());
        }
    }

    /// Returns whether there was one.
    pub fn unpin(&mut self, year: u16) -> bool {
        self.0.remove(&year).is_some()
    }

    /// Replaces the file in one step: a server that looks meanwhile reads the old one or the new one.
    ///
    /// # Errors
    ///
    /// Disk errors; the old file is then unchanged.
    pub fn write(&self, dir: &Path) -> std::io::Result<()> {
        let mut text = HEAD.to_string();
        self.0.values().for_each(|version| text += &format!("{version}\n"));
        let beside = dir.join(format!(".{FILE}-{}", std::process::id()));
        let put = || {
            let mut file = std::fs::File::create(&beside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&beside, dir.join(FILE))?;
            std::fs::File::open(dir)?.sync_all()
        };
        put().inspect_err(|_| std::fs::remove_file(&beside).unwrap_or_default())
    }
}

fn year_of(version: &str) -> Option<u16> {
    parse_name(&format!("catalogue-{version}.db")).map(|(year, ..)| year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_as_they_were_written_and_bad_lines_are_named() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Pins::read(dir.path()).unwrap(), Pins::default());
        let mut pins = Pins::default();
        for version in ["2027-20261121-ab12cd34", "2026-20261120-00000000", "2026-20261121-11111111"] {
            pins.pin(version);
        }
        pins.write(dir.path()).unwrap();
        assert_eq!(Pins::read(dir.path()).unwrap(), pins);
        assert_eq!(pins.version(2026), Some("2026-20261121-11111111"));
        for bad in ["2026", "2026-20261121-ab12cd34\n2026-20261121-ab12cd35", "catalogue-2026-20261121-ab12cd34.db"] {
            std::fs::write(dir.path().join(FILE), bad).unwrap();
            assert!(matches!(Pins::read(dir.path()), Err(Unfit::Pins { .. })), "{bad}");
        }
    }
}
