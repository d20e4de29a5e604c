//! What a catalogue file says about itself in its `meta` table: written by `load`, accepted or refused by
//! `catalogue`.

/// Version of the catalogue's tables; a server refuses a file with any other.
pub const SCHEMA_VERSION: u32 = 3;

/// Where the prices of a catalogue come from. Shown next to any price that insurers did not file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Provenance {
    /// As insurers filed them.
    Filed,
    /// Modeled: realistic overall, wrong for any single price.
    Illustrative,
    /// Made up, and so are the plans.
    Invented,
}

impl Provenance {
    pub fn word(self) -> &'static str {
        self.into()
    }

    pub fn parse(word: &str) -> Option<Provenance> {
        word.trim().parse().ok()
    }
}
