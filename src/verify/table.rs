//! Reads one table of rules and tells every fault of it with its line and column.
//!
//! Called by `rules` here, and by `enrollment` for its own folder. What the rows mean is checked there.

use serde::de::DeserializeOwned;

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
    let mut fault = |line, column, reason| faults.push(RuleFault { folder, file, line, column, reason });
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            fault(1, None, format!("the header cannot be read: {error}"));
            return Vec::new();
        }
    };
    let citation = header.iter().position(|name| name == "citation");
    let mut out = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                fault(error.position().map_or(0, csv::Position::line), None, error.to_string());
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if citation.and_then(|at| record.get(at)).is_none_or(str::is_empty) {
            fault(line, Some("citation".into()), "name the law or source of this row".into());
        }
        match record.deserialize::<T>(Some(&header)) {
            Ok(row) => out.push(row),
            Err(error) => {
                let (column, reason) = told(&error, &header, &record);
                fault(line, column, reason);
            }
        }
    }
    if out.is_empty() {
        fault(0, None, "the table has no rows".into());
    }
    out
}

/// In which column, and what is wrong. Of a value that we have read ourselves the reader knows no column: it is the one whose
/// value the reason repeats.
fn told(error: &csv::Error, header: &csv::StringRecord, record: &csv::StringRecord) -> (Option<String>, String) {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let reason = err.kind().to_string();
            let at = err.field().and_then(|at| usize::try_from(at).ok());
            let repeated = || record.iter().position(|value| reason.contains(&format!("`{value}`")));
            let column = at.or_else(repeated).and_then(|at| header.get(at)).map(str::to_string);
            (column, reason)
        }
        _ => (None, error.to_string()),
    }
}
