//! What a load has to say about its input: bad rows, values left out, and things worth knowing.
//!
//! Every reader in this room reports here; `load::run` decides by it whether to publish and what the command's exit
//! code is. It only collects and words: it never decides that a row is bad.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Why a load, a sample or an invented catalogue was not made. Nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read {path}: {reason}")]
    Read { path: String, reason: String },
    #[error("no {what} in {folder}: looked for a .csv, or a .zip with one, that has the columns {columns}")]
    MissingFile { what: String, folder: PathBuf, columns: String },
    #[error("{file} ({kind}) has no column {columns}: it is needed to build a catalogue")]
    MissingColumn { file: String, kind: &'static str, columns: String },
    #[error("{first} and {second} are both a {kind} of plan year {year}: keep one of them")]
    TwoFiles { first: String, second: String, kind: &'static str, year: i32 },
    #[error("{0}")]
    Input(String),
    #[error("{1}rows with a fault: {0}; --strict was asked for, so no catalogue was written")]
    Strict(u64, Box<Problems>),
    #[error("the catalogue is not whole, so it was not published:\n{0}")]
    NotWhole(String),
    #[error("cannot write {path}: {reason}")]
    Write { path: PathBuf, reason: String },
    #[error("SQLite, {doing}: {source}")]
    Database { doing: String, source: sqlx::Error },
    #[error("stopped")]
    Stopped,
}

/// What is wrong with a value, for the summary by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    FieldCount,
    Missing,
    PlanYear,
    PlanId,
    Number,
    Money,
    Date,
    Word,
    Place,
    RatingArea,
    UnknownPlan,
    Duplicate,
    Link,
    Wording,
}

impl Fault {
    /// Faults that cost a value, not a row; `--strict` lets them pass.
    fn is_note(self) -> bool {
        matches!(self, Fault::Link | Fault::Wording)
    }

    fn words(self) -> &'static str {
        match self {
            Fault::FieldCount => "wrong number of fields",
            Fault::Missing => "value missing",
            Fault::PlanYear => "another plan year",
            Fault::PlanId => "not a plan id",
            Fault::Number => "not a number",
            Fault::Money => "not an amount of money",
            Fault::Date => "not a date",
            Fault::Word => "not one of the words allowed",
            Fault::Place => "unknown place",
            Fault::RatingArea => "unknown rating area",
            Fault::UnknownPlan => "plan not in the Plan Attributes",
            Fault::Duplicate => "said twice, differently",
            Fault::Link => "link left out (not http or https)",
            Fault::Wording => "cost-sharing words not understood (kept as filed)",
        }
    }
}

/// One faulty value: where it is and why it was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    pub line: u64,
    pub column: String,
    pub value: String,
    pub fault: Fault,
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { file, line, column, value, reason, .. } = self;
        write!(f, "{file}, line {line}, {column}: {value:?}: {reason}")
    }
}

/// All faults of a load: the first of them in full, all of them counted.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    limit: usize,
    shown: Vec<Problem>,
    counts: BTreeMap<Fault, u64>,
    warnings: Vec<String>,
}

/// A filed value longer than this is cut in reports.
const SHOWN_VALUE_CHARS: usize = 80;

impl Problems {
    /// `limit`: how many faults are kept in full; the rest are only counted.
    pub fn new(limit: usize) -> Problems {
        Problems { limit, ..Problems::default() }
    }

    pub fn add(&mut self, mut problem: Problem) {
        *self.counts.entry(problem.fault).or_default() += 1;
        if self.shown.len() < self.limit {
            if let Some((cut, _)) = problem.value.char_indices().nth(SHOWN_VALUE_CHARS) {
                problem.value.truncate(cut);
                problem.value.push('…');
            }
            self.shown.push(problem);
        }
    }

    /// Something a person should know that is no fault of a row, e.g. plans that no county's service area names.
    pub fn warn(&mut self, words: impl Into<String>) {
        self.warnings.push(words.into());
    }

    pub fn absorb(&mut self, other: Problems) {
        for (fault, count) in other.counts {
            *self.counts.entry(fault).or_default() += count;
        }
        let room = self.limit.saturating_sub(self.shown.len());
        self.shown.extend(other.shown.into_iter().take(room));
        self.warnings.extend(other.warnings);
    }

    /// Rows that were left out.
    pub fn bad_rows(&self) -> u64 {
        self.counts.iter().filter(|(fault, _)| !fault.is_note()).map(|(_, n)| n).sum()
    }

    pub fn count(&self, fault: Fault) -> u64 {
        self.counts.get(&fault).copied().unwrap_or(0)
    }

    pub fn shown(&self) -> &[Problem] {
        &self.shown
    }

    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for problem in &self.shown {
            writeln!(f, "{problem}")?;
        }
        let all: u64 = self.counts.values().sum();
        if all > self.shown.len() as u64 {
            writeln!(f, "… and {} more", all - self.shown.len() as u64)?;
        }
        for (fault, count) in &self.counts {
            writeln!(f, "{count:>9}  {}", fault.words())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(fault: Fault, value: &str) -> Problem {
        let reason = "not an amount".to_string();
        Problem {
            file: "Rate_PUF.csv".into(),
            line: 7,
            column: "IndividualRate".into(),
            value: value.into(),
            fault,
            reason,
        }
    }

    #[test]
    fn only_the_first_are_kept_in_full_but_all_are_counted() {
        let mut problems = Problems::new(2);
        for i in 0..5 {
            problems.add(problem(Fault::Money, &format!("x{i}")));
        }
        problems.add(problem(Fault::Link, "ftp://x"));
        assert_eq!((problems.shown().len(), problems.bad_rows(), problems.count(Fault::Link)), (2, 5, 1));
        let words = problems.to_string();
        assert!(words.contains("Rate_PUF.csv, line 7, IndividualRate: \"x0\": not an amount"), "{words}");
        assert!(words.contains("… and 4 more") && words.contains("5  not an amount of money"), "{words}");
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let mut problems = Problems::new(1);
        problems.add(problem(Fault::Word, &"é".repeat(200)));
        assert_eq!(problems.shown()[0].value.chars().count(), SHOWN_VALUE_CHARS + 1);
    }
}
