//! The hub's services that answer while we wait: one row each in `data/hub/services.csv`.

use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;
use strum::{EnumCount, EnumIter, IntoEnumIterator as _, IntoStaticStr};

/// In the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, EnumCount, EnumIter, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Service {
    Ssa,
    Vlp,
    VlpAgain,
    VlpCorrected,
    VlpClose,
    Ridp,
    Fars,
    Esi,
    NonEsi,
    Ifsv,
}

/// What we keep to with a service.
#[derive(Debug, Clone, Deserialize)]
pub struct Row {
    pub service: Service,
    /// The hub's own name of it.
    pub code: String,
    /// Below the hub's base address.
    pub path: String,
    /// Questions of one process at once.
    pub at_once: usize,
    /// So many failures in a row, and it is left alone …
    pub failures: u32,
    /// … for so long; then one question is tried.
    pub pause_seconds: u64,
}

impl Row {
    pub fn pause(&self) -> Duration {
        Duration::from_secs(self.pause_seconds)
    }
}

static ROWS: LazyLock<Result<Vec<Row>, String>> = LazyLock::new(|| {
    let file = include_str!("../../data/hub/services.csv");
    let rows: Result<Vec<Row>, csv::Error> = csv::Reader::from_reader(file.as_bytes()).deserialize().collect();
    let rows = rows.map_err(|error| format!("data/hub/services.csv: {error}"))?;
    let whole = rows.iter().map(|row| row.service).eq(Service::iter());
    let fit = rows.iter().all(|row| row.at_once > 0 && row.failures > 0 && row.pause_seconds > 0);
    if whole && fit {
        Ok(rows)
    } else {
        Err("data/hub/services.csv: a service is missing, or a number is 0".to_string())
    }
});

/// All of them; what is wrong with the file, which a test reads.
pub fn rows() -> Result<&'static [Row], &'static str> {
    ROWS.as_deref().map_err(String::as_str)
}

impl Service {
    pub fn word(self) -> &'static str {
        self.into()
    }
}
