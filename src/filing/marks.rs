//! What a catalogue file says of itself, in its table `meta`: written by `load`, believed or refused by `catalogue`.

/// Of the catalogue's tables; a server refuses a file with another.
pub const SCHEMA_VERSION: u32 = 2;

/// Where the prices of a catalogue come from. Shown wherever a price is that insurers did not file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, strum::IntoStaticStr, strum::EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Provenance {
    /// As insurers filed them.
    Filed,
    /// Modelled: right in breadth, wrong in the single price.
    Illustrative,
    /// Made up, with the plans.
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
