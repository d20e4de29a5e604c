//! Finds CMS's files in a folder and reads them row by row: .csv or .zip, told apart by their columns, never by name.
//!
//! Called by every reader of this room. It knows files, columns and lines, nothing about what a value means, and it
//! never holds more of a file than one row.

use super::problems::{Fault, LoadError, Problem, Problems};
use super::progress::Meter;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The files a catalogue can be built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Attributes,
    Rates,
    Benefits,
    ServiceAreas,
    Quality,
    Crosswalk,
    Network,
    BusinessRules,
    ZipCounty,
    RatingAreas,
}

impl Kind {
    const ALL: [Kind; 10] = [
        Kind::Attributes,
        Kind::Rates,
        Kind::Benefits,
        Kind::ServiceAreas,
        Kind::Quality,
        Kind::Crosswalk,
        Kind::Network,
        Kind::BusinessRules,
        Kind::ZipCounty,
        Kind::RatingAreas,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Attributes => "Plan Attributes PUF",
            Kind::Rates => "Rate PUF",
            Kind::Benefits => "Benefits and Cost Sharing PUF",
            Kind::ServiceAreas => "Service Area PUF",
            Kind::Quality => "Quality PUF",
            Kind::Crosswalk => "Plan ID Crosswalk PUF",
            Kind::Network => "Network PUF",
            Kind::BusinessRules => "Business Rules PUF",
            Kind::ZipCounty => "ZIP-county table",
            Kind::RatingAreas => "rating-area table",
        }
    }

    /// Columns that no other kind has. A file with half of them is of this kind, so that a missing one can be named.
    pub fn signature(self) -> &'static [&'static str] {
        match self {
            Kind::Attributes => &["PlanMarketingName", "MetalLevel", "PlanType", "CSRVariationType", "HIOSProductId"],
            Kind::Rates => &["RatingAreaId", "Age", "IndividualRate", "RateEffectiveDate"],
            Kind::Benefits => &["BenefitName", "CopayInnTier1", "CoinsInnTier1", "IsCovered"],
            Kind::ServiceAreas => &["ServiceAreaName", "CoverEntireState", "PartialCounty", "ZipCodes"],
            Kind::Quality => &["OverallRatingValue", "MemberExperienceRatingValue", "MedicalCareRatingValue"],
            Kind::Crosswalk => &["CrosswalkLevel", "ReasonForCrosswalk", "DentalPlan"],
            Kind::Network => &["NetworkName", "NetworkURL"],
            Kind::BusinessRules => &["AgeDeterminationRule", "MinimumTobaccoFreeMonthsRule", "CohabitationRule"],
            Kind::ZipCounty => &["zip", "county_name", "ratio"],
            Kind::RatingAreas => &["zip3", "rating_area"],
        }
    }

    /// The kind of file that has this header; `None`: none of ours.
    fn of(header: &HashMap<String, usize>) -> Option<Kind> {
        let share = |kind: &Kind| {
            let columns = kind.signature();
            columns.iter().filter(|name| header.contains_key(&normal(name))).count() * 100 / columns.len()
        };
        Kind::ALL.into_iter().filter(|kind| share(kind) >= 50).max_by_key(share)
    }
}

/// Column names are compared without case, spaces, underscores and the byte-order mark.
fn normal(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn header_of(record: &csv::ByteRecord) -> HashMap<String, usize> {
    record.iter().enumerate().map(|(i, name)| (normal(&String::from_utf8_lossy(name)), i)).collect()
}

/// One CSV, in the folder or inside a zip, whose kind is known.
#[derive(Debug, Clone)]
pub struct Source {
    pub kind: Kind,
    /// As reports name it: `rate-puf.zip/Rate_PUF.csv`.
    pub name: String,
    /// The plan year of its first row; `None` where the file has no such column.
    pub year: Option<i32>,
    path: PathBuf,
    /// Which file of the zip; `None` for a plain .csv.
    member: Option<usize>,
    /// Size of the text in bytes, for progress.
    pub text_bytes: u64,
}

/// Every CSV under `folder` (not in its subfolders) that is one of ours, and the names of those that are not.
///
/// # Errors
/// A folder, file or zip that cannot be read.
pub fn find_sources(folder: &Path) -> Result<(Vec<Source>, Vec<String>), LoadError> {
    let unreadable = |path: &Path, e: &dyn std::fmt::Display| LoadError::Read {
        path: path.display().to_string(),
        reason: e.to_string(),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| unreadable(folder, &e))? {
        paths.push(entry.map_err(|e| unreadable(folder, &e))?.path());
    }
    paths.sort();
    let (mut found, mut ignored) = (Vec::new(), Vec::new());
    for path in paths {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let extension = path.extension().map(|e| e.to_ascii_lowercase()).unwrap_or_default();
        if extension == "csv" {
            let text_bytes = path.metadata().map_err(|e| unreadable(&path, &e))?.len();
            let source = Source { kind: Kind::Rates, name, year: None, path, member: None, text_bytes };
            identify(source, &mut found, &mut ignored)?;
        } else if extension == "zip" {
            let mut archive = open_zip(&path, &name)?;
            for member in 0..archive.len() {
                let file = archive.by_index(member).map_err(|e| unreadable(&path, &e))?;
                let inside = file.name().map_err(|e| unreadable(&path, &e))?.into_owned();
                if inside.to_ascii_lowercase().ends_with(".csv") && !inside.starts_with("__MACOSX") {
                    let name = format!("{name}/{inside}");
                    let (path, text_bytes) = (path.clone(), file.size());
                    let source = Source { kind: Kind::Rates, name, year: None, path, member: Some(member), text_bytes };
                    identify(source, &mut found, &mut ignored)?;
                }
            }
        }
    }
    Ok((found, ignored))
}

fn open_zip(path: &Path, name: &str) -> Result<zip::ZipArchive<BufReader<File>>, LoadError> {
    let unreadable = |reason: String| LoadError::Read { path: name.to_string(), reason };
    let file = File::open(path).map_err(|e| unreadable(e.to_string()))?;
    zip::ZipArchive::new(BufReader::new(file)).map_err(|e| unreadable(format!("not a whole zip file: {e}")))
}

/// Reads the header and the first row, and files the source under its kind.
fn identify(mut source: Source, found: &mut Vec<Source>, ignored: &mut Vec<String>) -> Result<(), LoadError> {
    let mut opened = source.open()?;
    let mut reader = csv_reader(opened.reader(&source, Meter::silent())?);
    let unreadable = |e: csv::Error| LoadError::Read { path: source.name.clone(), reason: e.to_string() };
    let header = header_of(reader.byte_headers().map_err(unreadable)?);
    let Some(kind) = Kind::of(&header) else {
        ignored.push(source.name);
        return Ok(());
    };
    let mut first = csv::ByteRecord::new();
    reader.read_byte_record(&mut first).map_err(unreadable)?;
    drop(reader);
    let column = |name: &str| header.get(&normal(name)).and_then(|i| first.get(*i));
    source.year = match kind {
        // Its columns carry the years: PlanID_2025 and PlanID_2026. The later one is the plan year.
        Kind::Crosswalk => header.keys().filter_map(|name| name.strip_prefix("planid")?.parse().ok()).max(),
        _ => column("BusinessYear").and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok()),
    };
    source.kind = kind;
    found.push(source);
    Ok(())
}

fn csv_reader<R: Read>(reader: R) -> csv::Reader<R> {
    // Flexible: a row with too few fields is one bad row to report, not the end of the file.
    csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 16).from_reader(reader)
}

/// A source's file held open; rows are read through [`Source::table`].
pub enum Opened {
    Plain(File),
    Zip(Box<zip::ZipArchive<BufReader<File>>>),
}

impl Opened {
    fn reader<'a>(&'a mut self, source: &Source, meter: Meter) -> Result<Box<dyn Read + 'a>, LoadError> {
        Ok(match self {
            Opened::Plain(file) => Box::new(meter.reading(file)),
            Opened::Zip(archive) => {
                let member = archive.by_index(source.member.unwrap_or(0));
                let unreadable =
                    |e: zip::result::ZipError| LoadError::Read { path: source.name.clone(), reason: e.to_string() };
                Box::new(meter.reading(member.map_err(unreadable)?))
            }
        })
    }
}

impl Source {
    pub fn open(&self) -> Result<Opened, LoadError> {
        if self.member.is_some() {
            return Ok(Opened::Zip(Box::new(open_zip(&self.path, &self.name)?)));
        }
        let file = File::open(&self.path);
        Ok(Opened::Plain(file.map_err(|e| LoadError::Read { path: self.name.clone(), reason: e.to_string() })?))
    }

    /// The rows of the opened file, with `required` and `optional` columns found by name.
    ///
    /// # Errors
    /// Every required column that is missing, in one error.
    pub fn table<'a>(
        &'a self,
        opened: &'a mut Opened,
        meter: Meter,
        required: &[&'static str],
        optional: &[&'static str],
    ) -> Result<Table<'a>, LoadError> {
        let mut reader = csv_reader(opened.reader(self, meter)?);
        let header = reader.byte_headers().map_err(|e| self.unreadable(&e))?;
        let (width, names) = (header.len(), header_of(header));
        let missing: Vec<&str> = required.iter().copied().filter(|name| !names.contains_key(&normal(name))).collect();
        if !missing.is_empty() {
            let columns = missing.join(", ");
            return Err(LoadError::MissingColumn { file: self.name.clone(), kind: self.kind.name(), columns });
        }
        let columns: HashMap<&'static str, usize> =
            required.iter().chain(optional).filter_map(|name| Some((*name, *names.get(&normal(name))?))).collect();
        let year = columns.get("BusinessYear").copied();
        let record = csv::ByteRecord::new();
        let text = self.year.map(|year| year.to_string()).unwrap_or_default();
        let expected_year = year.map(|column| (column, text));
        Ok(Table { source: self, reader, record, columns, names, width, expected_year, read: 0, bad: 0 })
    }

    fn unreadable(&self, error: &csv::Error) -> LoadError {
        let line = error.position().map(|p| format!(" (after line {})", p.line())).unwrap_or_default();
        LoadError::Read { path: self.name.clone(), reason: format!("{error}{line}") }
    }

    /// The sha256 of the file as given (lower-case hex) and its size.
    pub fn fingerprint(&self) -> Result<(String, u64), LoadError> {
        let unreadable = |e: std::io::Error| LoadError::Read { path: self.name.clone(), reason: e.to_string() };
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0);
        loop {
            let n = file.read(&mut buffer).map_err(unreadable)?;
            if n == 0 {
                return Ok((hex(&hash.finalize()), bytes));
            }
            hash.update(&buffer[..n]);
            bytes += n as u64;
        }
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A file being read. `next_row` gives the rows whose shape and plan year are right and reports the others.
pub struct Table<'a> {
    source: &'a Source,
    reader: csv::Reader<Box<dyn Read + 'a>>,
    record: csv::ByteRecord,
    columns: HashMap<&'static str, usize>,
    names: HashMap<String, usize>,
    width: usize,
    expected_year: Option<(usize, String)>,
    pub read: u64,
    /// Rows already reported and left out by `next_row`.
    pub bad: u64,
}

/// One row: values by column name, trimmed; blank where the file has no such column.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    source: &'r Source,
    record: &'r csv::ByteRecord,
    columns: &'r HashMap<&'static str, usize>,
}

impl<'a> Table<'a> {
    /// # Errors
    /// A file that breaks off or is not a CSV. Bad rows are no error: they go to `problems`.
    pub fn next_row(&mut self, problems: &mut Problems) -> Result<Option<Row<'_>>, LoadError> {
        loop {
            if !self.reader.read_byte_record(&mut self.record).map_err(|e| self.source.unreadable(&e))? {
                return Ok(None);
            }
            self.read += 1;
            let row = Row { source: self.source, record: &self.record, columns: &self.columns };
            if self.record.len() != self.width {
                let value = self.record.len().to_string();
                row.problem(problems, "(row)", &value, Fault::FieldCount, &format!("{} fields are wanted", self.width));
            } else if let Some((column, year)) = &self.expected_year
                && row.bytes(*column) != year.as_bytes()
            {
                let value = row.at(*column).into_owned();
                let reason = format!("the file starts with plan year {year}");
                row.problem(problems, "BusinessYear", &value, Fault::PlanYear, &reason);
            } else {
                break;
            }
            self.bad += 1;
        }
        Ok(Some(Row { source: self.source, record: &self.record, columns: &self.columns }))
    }

    /// Where a column is whose name is only known at run time; `None` when the file has none of that name.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.get(&normal(name)).copied()
    }
}

impl<'r> Row<'r> {
    /// The value of a column by name.
    pub fn text(&self, column: &str) -> Cow<'r, str> {
        self.columns.get(column).map(|index| self.at(*index)).unwrap_or_default()
    }

    /// The value of a column by position. Text that is not UTF-8 is read as Windows-1252, as older files were written.
    pub fn at(&self, index: usize) -> Cow<'r, str> {
        let bytes = self.bytes(index);
        std::str::from_utf8(bytes).map(Cow::Borrowed).unwrap_or_else(|_| Cow::Owned(windows_1252(bytes)))
    }

    /// The same without decoding, for the millions of rates.
    pub fn bytes(&self, index: usize) -> &'r [u8] {
        self.record.get(index).unwrap_or_default().trim_ascii()
    }

    pub fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    pub fn problem(&self, problems: &mut Problems, column: &str, value: &str, fault: Fault, reason: &str) {
        problems.add(Problem {
            file: self.source.name.clone(),
            line: self.line(),
            column: column.to_string(),
            value: value.to_string(),
            fault,
            reason: reason.to_string(),
        });
    }
}

/// Code points of the bytes 0x80 to 0x9F in Windows-1252; elsewhere it equals Latin-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|b| if (0x80..0xa0).contains(b) { WINDOWS_1252[usize::from(b - 0x80)] } else { char::from(*b) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(header: &str) -> Option<Kind> {
        Kind::of(&header_of(&csv::ByteRecord::from(header.split(',').collect::<Vec<_>>())))
    }

    #[test]
    fn a_file_is_known_by_its_columns_even_when_some_are_missing() {
        assert_eq!(kind("BusinessYear,PlanId,RatingAreaId,Age,Tobacco"), Some(Kind::Rates));
        assert_eq!(kind("\u{feff}zip,state,county_fips,county_name,ratio"), Some(Kind::ZipCounty));
        assert_eq!(kind("state,county_fips,zip3,rating_area"), Some(Kind::RatingAreas));
        assert_eq!(kind("PLAN MARKETING NAME,metal_level,PlanType,Extra"), Some(Kind::Attributes));
        assert_eq!(kind("name,address,age"), None);
    }

    #[test]
    fn old_files_in_windows_1252_keep_their_signs() {
        assert_eq!(windows_1252(b"Caf\xe9 Silver\x99"), "Café Silver™");
    }
}
