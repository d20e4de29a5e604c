//! What a load reports about its input: bad rows, values left out, and things worth knowing.
//!
//! Called by every reader in this room; `load::run` uses it to decide whether to publish and the command's exit code.
//! It only collects and words: it must never decide that a row is bad.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;

/// Why a load, a sample or an invented catalogue failed. Nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read {path}: {reason}")]
    Read { path: String, reason: String },
    #[error(
        "no {what} in {folder}: looked for a .csv, plain, in a .zip or as .gz, that has the columns {columns}{seen}"
    )]
    MissingFile { what: String, folder: PathBuf, columns: String, seen: String },
    #[error("{file} ({kind}) has no column {columns}: it is needed to build a catalogue")]
    MissingColumn { file: String, kind: &'static str, columns: String },
    #[error("{first} and {second} are both a {kind} of plan year {year}: keep one of them")]
    TwoFiles { first: String, second: String, kind: &'static str, year: i32 },
    #[error("{0}")]
    Input(String),
    #[error("{1}faults: {0}; --strict was asked for, so no catalogue was written")]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    FieldCount,
    Missing,
    PlanYear,
    PlanId,
    Number,
    Money,
    Placeholder,
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
    pub fn is_note(self) -> bool {
        matches!(self, Fault::Link | Fault::Wording)
    }

    pub fn words(self) -> &'static str {
        match self {
            Fault::FieldCount => "wrong number of fields",
            Fault::Missing => "value missing",
            Fault::PlanYear => "another plan year",
            Fault::PlanId => "not a plan id",
            Fault::Number => "not a number",
            Fault::Money => "not an amount of money",
            Fault::Placeholder => "a placeholder, not a price",
            Fault::Date => "not a date",
            Fault::Word => "not one of the words allowed",
            Fault::Place => "unknown place",
            Fault::RatingArea => "unknown rating area",
            Fault::UnknownPlan => "plan not in the Plan Attributes",
            Fault::Duplicate => "said twice, differently",
            Fault::Link => "link left out (not for a browser)",
            Fault::Wording => "cost-sharing words not understood (kept as filed)",
        }
    }
}

/// What a fault costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The row is left out.
    Row,
    /// Only the value is left out: it counts as not filed.
    Value,
}

/// One faulty value: where it is and why it was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    pub line: u64,
    pub column: String,
    pub value: String,
    pub fault: Fault,
    pub effect: Effect,
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { file, line, column, value, reason, .. } = self;
        write!(f, "{file}, line {line}, {column}: {value:?}: {reason}")
    }
}

/// Faults of one kind: in the same column of the same file, wrong in the same way.
#[derive(Debug, Clone)]
struct Group {
    /// The first of them in full.
    shown: Vec<Problem>,
    count: u64,
}

/// All faults of a load: the first of each kind in full, all of them counted, so no kind hides another.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    limit: usize,
    groups: Vec<Group>,
    places: HashMap<(String, String, Fault), usize>,
    counts: BTreeMap<Fault, u64>,
    warnings: Vec<String>,
    rows: u64,
    values: u64,
    /// A row with several faults is one row left out.
    last_row: Option<(String, u64)>,
}

/// Filed values longer than this are truncated in reports.
const SHOWN_VALUE_CHARS: usize = 80;

impl Problems {
    /// `limit`: how many faults of each kind are kept in full; the rest are only counted.
    pub fn new(limit: usize) -> Problems {
        Problems { limit, ..Problems::default() }
    }

    pub fn add(&mut self, mut problem: Problem) {
        *self.counts.entry(problem.fault).or_default() += 1;
        match problem.effect {
            Effect::Row => {
                let same = |(file, line): &(String, u64)| *file == problem.file && *line == problem.line;
                if !self.last_row.as_ref().is_some_and(same) {
                    self.rows += 1;
                    self.last_row = Some((problem.file.clone(), problem.line));
                }
            }
            Effect::Value if !problem.fault.is_note() => self.values += 1,
            Effect::Value => {}
        }
        let at = self.group(&problem);
        let group = &mut self.groups[at];
        group.count += 1;
        if group.shown.len() < self.limit {
            if let Some((cut, _)) = problem.value.char_indices().nth(SHOWN_VALUE_CHARS) {
                problem.value.truncate(cut);
                problem.value.push('…');
            }
            group.shown.push(problem);
        }
    }

    fn group(&mut self, problem: &Problem) -> usize {
        let key = (problem.file.clone(), problem.column.clone(), problem.fault);
        *self.places.entry(key).or_insert_with(|| {
            self.groups.push(Group { shown: Vec::new(), count: 0 });
            self.groups.len() - 1
        })
    }

    /// Something a person should know that is no fault of a row, e.g. plans that no county's service area names.
    pub fn warn(&mut self, words: impl Into<String>) {
        self.warnings.push(words.into());
    }

    pub fn absorb(&mut self, other: Problems) {
        for (fault, count) in other.counts {
            *self.counts.entry(fault).or_default() += count;
        }
        let mut places: Vec<_> = other.places.into_iter().collect();
        places.sort_unstable_by_key(|(_, at)| *at);
        for (key, at) in places {
            let more = &other.groups[at];
            let here = *self.places.entry(key).or_insert_with(|| {
                self.groups.push(Group { shown: Vec::new(), count: 0 });
                self.groups.len() - 1
            });
            let group = &mut self.groups[here];
            group.count += more.count;
            let room = self.limit.saturating_sub(group.shown.len());
            group.shown.extend(more.shown.iter().take(room).cloned());
        }
        self.warnings.extend(other.warnings);
        self.rows += other.rows;
        self.values += other.values;
    }

    /// Rows that were left out.
    pub fn bad_rows(&self) -> u64 {
        self.rows
    }

    /// Values left out of rows that are kept: they count as not filed.
    pub fn bad_values(&self) -> u64 {
        self.values
    }

    /// Whether nothing had to be left out. Links and wordings do not count.
    pub fn is_clean(&self) -> bool {
        self.rows == 0 && self.values == 0
    }

    pub fn count(&self, fault: Fault) -> u64 {
        self.counts.get(&fault).copied().unwrap_or(0)
    }

    pub fn shown(&self) -> Vec<&Problem> {
        self.groups.iter().flat_map(|group| &group.shown).collect()
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
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        groups.sort_by_key(|group| group.shown.first().map(|problem| (problem.file.clone(), problem.line)));
        for group in groups {
            group.shown.iter().try_for_each(|problem| writeln!(f, "{problem}"))?;
            let more = group.count - group.shown.len() as u64;
            match group.shown.first() {
                Some(first) if more > 0 => {
                    writeln!(f, "… and {more} more of {}, {}: {}", first.file, first.column, first.fault.words())?;
                }
                _ => {}
            }
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
            effect: Effect::Row,
            reason,
        }
    }

    #[test]
    fn the_first_of_each_kind_are_kept_in_full_and_all_are_counted() {
        let mut problems = Problems::new(2);
        for i in 0..5 {
            problems.add(Problem { line: 7 + i, ..problem(Fault::Money, &format!("x{i}")) });
        }
        // Two faults of one row are one row, and a fault of another kind is shown even if the first kind is full.
        problems.add(Problem { line: 11, ..problem(Fault::Date, "soon") });
        problems.add(Problem { effect: Effect::Value, ..problem(Fault::Link, "ftp://x") });
        problems.add(Problem {
            effect: Effect::Value,
            column: "IsHSAEligible".into(),
            ..problem(Fault::Word, "maybe")
        });
        assert_eq!((problems.shown().len(), problems.bad_rows(), problems.count(Fault::Link)), (5, 5, 1));
        assert_eq!((problems.bad_values(), problems.is_clean()), (1, false));
        let mut all = Problems::new(3);
        all.absorb(problems.clone());
        all.absorb(problems.clone());
        assert_eq!((all.shown().len(), all.bad_rows(), all.bad_values(), all.count(Fault::Money)), (9, 10, 2, 10));
        let words = problems.to_string();
        assert!(words.contains("Rate_PUF.csv, line 7, IndividualRate: \"x0\": not an amount"), "{words}");
        assert!(
            words.contains("… and 3 more of Rate_PUF.csv, IndividualRate")
                && words.contains("5  not an amount of money"),
            "{words}"
        );
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let mut problems = Problems::new(1);
        problems.add(problem(Fault::Word, &"é".repeat(200)));
        assert_eq!(problems.shown()[0].value.chars().count(), SHOWN_VALUE_CHARS + 1);
    }
}
