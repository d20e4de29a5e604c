//! Where appeals go by mail: rows of `data/verify/appeal_places.csv`.
//!
//! Read by `rules` with the other tables. A kind of marketplace without a row has an office of its own in each state.

use serde::Deserialize;
use time::Date;

use super::super::rules::{day, holds, some_day};
use crate::eligibility::tables::MarketplaceKind;

/// Where an appeal goes by mail, by fax, by phone.
#[derive(Debug, Clone, Deserialize)]
pub struct AppealPlace {
    marketplace: MarketplaceKind,
    #[serde(deserialize_with = "day")]
    from: Date,
    #[serde(deserialize_with = "some_day")]
    to: Option<Date>,
    lines: String,
    pub fax: String,
    pub phone: String,
}

impl AppealPlace {
    /// Of the envelope.
    pub fn lines(&self) -> Vec<String> {
        self.lines.split('|').map(str::to_string).collect()
    }

    /// Whether it is in force for a kind of marketplace on a day.
    pub fn is_of(&self, marketplace: MarketplaceKind, day: Date) -> bool {
        self.marketplace == marketplace && holds((self.from, self.to), day)
    }

    /// Of which there must be one row at a time, from when to when.
    pub fn stretch(&self) -> (String, Date, Option<Date>) {
        (format!("{:?}", self.marketplace), self.from, self.to)
    }
}
