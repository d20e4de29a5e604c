//! Reads one CSV table and reports every fault of it with its line, so that one start shows all that is wrong.
//!
//! Called by `Tables::load`, and by `verify::table` for tables of other folders. It knows the shape that all tables
//! share: a header, `#` comment lines, a `citation` in every row. What the numbers mean is checked by its callers.

use serde::de::DeserializeOwned;
use time::Date;

/// One fault of a rules table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("data/rules/{file}.csv line {line}: {reason}")]
pub struct TableFault {
    pub file: &'static str,
    /// Line in the file, from 1; 0 when the fault is a row that is not there.
    pub line: u64,
    pub reason: String,
}

/// A row and its line.
pub struct Row<T> {
    pub line: u64,
    pub data: T,
}

/// Reads a table. Rows that cannot be read become faults and are left out.
pub fn rows<T: DeserializeOwned>(file: &'static str, text: &str, faults: &mut Vec<TableFault>) -> Vec<Row<T>> {
    read_rows(text, |line, column, reason| {
        let reason = column.into_iter().chain([reason]).collect::<Vec<_>>().join(": ");
        faults.push(TableFault { file, line, reason });
    })
}

/// Reads the rows that can be read. `fault` is told the line (0 for a row that is not there), the column where it is
/// known, and the reason.
pub fn read_rows<T: DeserializeOwned>(text: &str, mut fault: impl FnMut(u64, Option<String>, String)) -> Vec<Row<T>> {
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
            Ok(data) => out.push(Row { line, data }),
            Err(error) => {
                let (column, reason) = column_and_reason(&error, &header, &record);
                fault(line, column, reason);
            }
        }
    }
    if out.is_empty() {
        fault(0, None, "the table has no rows".into());
    }
    out
}

/// The reader does not name the column of a value that our own code parsed: it is the one whose value the reason repeats.
fn column_and_reason(
    error: &csv::Error,
    header: &csv::StringRecord,
    record: &csv::StringRecord,
) -> (Option<String>, String) {
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

/// A stretch of days (or of years as days) that a row holds for.
pub struct Stretch {
    pub key: String,
    pub from: Date,
    pub to: Option<Date>,
    pub line: u64,
}

/// Reports overlaps, and gaps between rows of one key. `stretches` may come in any order.
pub fn check_stretches(file: &'static str, mut stretches: Vec<Stretch>, faults: &mut Vec<TableFault>) {
    stretches.sort_by(|a, b| a.key.cmp(&b.key).then(a.from.cmp(&b.from)));
    for s in &stretches {
        if s.to.is_some_and(|to| to < s.from) {
            faults.push(TableFault { file, line: s.line, reason: format!("{}: ends before it begins", s.key) });
        }
    }
    for pair in stretches.windows(2) {
        let [before, after] = pair else { continue };
        if before.key != after.key {
            continue;
        }
        match before.to {
            Some(to) if after.from > to => {
                if to.next_day() != Some(after.from) {
                    let reason = format!("{}: gap between {to} (line {}) and {}", after.key, before.line, after.from);
                    faults.push(TableFault { file, line: after.line, reason });
                }
            }
            _ => {
                let reason = format!("{}: overlaps the row of line {}", after.key, before.line);
                faults.push(TableFault { file, line: after.line, reason });
            }
        }
    }
}
