//! Reads one table of rules and tells every fault of it with its line and column.
//!
//! Called by `rules` here, and by `enrollment` for its own folder. What the rows mean is checked there.

use serde::de::DeserializeOwned;

use crate::eligibility::tables::read_rows;

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("data/{folder}/{file}.csv line {line}{}: {reason}", .column.as_ref().map(|c| format!(", {c}")).unwrap_or_default())]
pub struct RuleFault {
    /// Below `data`.
    pub folder: &'static str,
    pub file: &'static str,
    /// From 1; 0 when the fault is a row that is not there.
    pub line: u64,
    pub column: Option<String>,
    pub reason: String,
}

/// Reads a table of this room. Rows that cannot be read become faults.
pub(super) fn rows<T: DeserializeOwned>(table: (&'static str, &str), faults: &mut Vec<RuleFault>) -> Vec<T> {
    rows_in("verify", table, faults)
}

/// Reads a table of a folder. Rows that cannot be read become faults; each needs a citation.
pub fn rows_in<T: DeserializeOwned>(
    folder: &'static str,
    (file, text): (&'static str, &str),
    faults: &mut Vec<RuleFault>,
) -> Vec<T> {
    let fault = |line, column, reason| faults.push(RuleFault { folder, file, line, column, reason });
    read_rows(text, fault).into_iter().map(|row| row.data).collect()
}
