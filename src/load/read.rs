//! Reads one of CMS's files row by row, however it is packed: columns by name, values trimmed, lines as an editor
//! counts.
//!
//! Called by every reader in this room. It knows files, columns and lines, nothing about what a value means, and must
//! never hold more than one row of a file.

use super::kinds::{Kind, Names};
use super::lines::Lines;
use super::problems::{Effect, Fault, LoadError, Problem, Problems};
use super::progress::Meter;
use super::values;
use crate::types::hex;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::PathBuf;

/// How a text is packed, from the outside in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Which file of the zip.
    Zip(usize),
    Gzip,
}

/// One table, in the folder or packed, whose kind is known.
#[derive(Debug, Clone)]
pub struct Source {
    pub kind: Kind,
    /// As reports name it: `rate-puf.zip/Rate_PUF.csv`.
    pub name: String,
    /// The plan year of its first row; `None` if the file has no such column.
    pub year: Option<i32>,
    /// A state's own file, which contains no other state.
    pub state: Option<String>,
    pub(super) separator: u8,
    /// Rows before the header: titles, dates of release.
    pub(super) titles: usize,
    path: PathBuf,
    pub(super) layers: Vec<Layer>,
    /// Size of the text in bytes, for progress; 0 if unknown.
    pub text_bytes: u64,
}

/// A zip within a zip is unpacked into memory: none of CMS's or the states' files are larger than this.
const MOST_NESTED_BYTES: u64 = 512 << 20;

/// Most lines that one row takes. Insurers' explanations take a few; hundreds mean that a quote is not closed, and that
/// what follows would be lost in one field.
const ROW_LINES_MAX: u64 = 200;

/// What a zip can be read from: a file, or a zip unpacked in memory.
pub trait Seekable: Read + Seek + Send {}
impl<T: Read + Seek + Send> Seekable for T {}
pub type Bytes = BufReader<Box<dyn Seekable>>;

/// A source's file held open; rows are read through [`Source::table`].
pub enum Opened {
    Plain(Bytes),
    Zip(Box<zip::ZipArchive<Bytes>>, usize),
}

impl Opened {
    pub(super) fn reader<'a>(&'a mut self, source: &Source, meter: Meter) -> Result<Box<dyn Read + 'a>, LoadError> {
        let inner: Box<dyn Read + 'a> = match self {
            Opened::Plain(file) => Box::new(meter.reading(file)),
            Opened::Zip(archive, member) => {
                Box::new(meter.reading(archive.by_index(*member).map_err(|e| source.unreadable(&e))?))
            }
        };
        Ok(match source.layers.last() {
            // Several members in sequence are one text.
            Some(Layer::Gzip) => Box::new(flate2::read::MultiGzDecoder::new(inner)),
            _ => inner,
        })
    }
}

/// The header comes as a row, as there may be titles above it.
pub(super) fn csv_reader<R: Read>(reader: R, separator: u8) -> csv::Reader<R> {
    // Flexible: a row with too few fields is one bad row to report, not the end of the file.
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator).buffer_capacity(1 << 16).from_reader(reader)
}

impl Source {
    pub(super) fn new(name: String, path: PathBuf, text_bytes: u64) -> Source {
        let (kind, separator, layers) = (Kind::Rates, b',', Vec::new());
        Source { kind, name, year: None, state: None, separator, titles: 0, path, layers, text_bytes }
    }

    /// A source packed inside this one.
    pub(super) fn within(mut self, layer: Layer, name: String, text_bytes: u64) -> Source {
        self.layers.push(layer);
        Source { name, text_bytes, ..self }
    }

    pub fn open(&self) -> Result<Opened, LoadError> {
        let file = File::open(&self.path).map_err(|e| self.unreadable(&e))?;
        let mut opened = Opened::Plain(BufReader::new(Box::new(file)));
        for layer in &self.layers {
            let Layer::Zip(member) = layer else { continue };
            let bytes = match opened {
                Opened::Plain(bytes) => bytes,
                Opened::Zip(mut archive, member) => self.unpacked(&mut archive, member)?,
            };
            opened = Opened::Zip(Box::new(self.archive(bytes)?), *member);
        }
        Ok(opened)
    }

    fn archive(&self, bytes: Bytes) -> Result<zip::ZipArchive<Bytes>, LoadError> {
        zip::ZipArchive::new(bytes).map_err(|e| self.unreadable(&format!("not a whole zip file: {e}")))
    }

    /// A zip within a zip, in memory.
    fn unpacked(&self, archive: &mut zip::ZipArchive<Bytes>, member: usize) -> Result<Bytes, LoadError> {
        let file = archive.by_index(member).map_err(|e| self.unreadable(&e))?;
        let mut bytes = Vec::new();
        file.take(MOST_NESTED_BYTES + 1).read_to_end(&mut bytes).map_err(|e| self.unreadable(&e))?;
        if bytes.len() as u64 > MOST_NESTED_BYTES {
            return Err(self.unreadable(&"a zip within a zip, and too large to unpack in memory: unpack the outer one"));
        }
        Ok(BufReader::new(Box::new(Cursor::new(bytes))))
    }

    /// The files in a zip: index, name, size of the text.
    pub(super) fn members(&self) -> Result<Vec<(usize, String, u64)>, LoadError> {
        let bytes = match self.open()? {
            Opened::Plain(bytes) => bytes,
            Opened::Zip(mut archive, member) => self.unpacked(&mut archive, member)?,
        };
        let mut archive = self.archive(bytes)?;
        let mut members = Vec::new();
        for member in 0..archive.len() {
            let file = archive.by_index_raw(member).map_err(|e| self.unreadable(&e))?;
            if !file.is_dir() {
                let name = file.name().map_err(|e| self.unreadable(&e))?.into_owned();
                members.push((member, name, file.size()));
            }
        }
        Ok(members)
    }

    /// The rows of the opened file, with `required` and `optional` columns found by name.
    ///
    /// # Errors
    ///
    /// All missing required columns, in one error.
    pub fn table<'a>(
        &'a self,
        opened: &'a mut Opened,
        meter: Meter,
        required: &[&'static str],
        optional: &[&'static str],
    ) -> Result<Table<'a>, LoadError> {
        let lines = Lines::default();
        let counted: Box<dyn Read + 'a> = Box::new(lines.reading(opened.reader(self, meter)?));
        let mut reader = csv_reader(counted, self.separator);
        let mut header = csv::ByteRecord::new();
        for _ in 0..=self.titles {
            reader.read_byte_record(&mut header).map_err(|e| self.broken(&e))?;
        }
        let (width, names) = (header.len(), Names::of(&header));
        let place = |name: &str| names.index(self.kind, name);
        let missing: Vec<&str> = required.iter().copied().filter(|name| place(name).is_none()).collect();
        if !missing.is_empty() {
            let columns = missing.join(", ");
            return Err(LoadError::MissingColumn { file: self.name.clone(), kind: self.kind.name(), columns });
        }
        let columns: HashMap<&'static str, usize> =
            required.iter().chain(optional).filter_map(|name| Some((*name, place(name)?))).collect();
        let expected_year = place("BusinessYear").zip(self.year);
        let record = csv::ByteRecord::new();
        Ok(Table { source: self, reader, record, lines, columns, names, width, expected_year, read: 0, bad: 0 })
    }

    fn unreadable(&self, reason: &dyn std::fmt::Display) -> LoadError {
        LoadError::Read { path: self.name.clone(), reason: reason.to_string() }
    }

    fn broken(&self, error: &csv::Error) -> LoadError {
        let line = error.position().map(|p| format!(" (after line {})", p.line())).unwrap_or_default();
        self.unreadable(&format!("{error}{line}"))
    }

    /// The sha256 of the file as given (lower-case hex) and its size.
    pub fn fingerprint(&self) -> Result<(String, u64), LoadError> {
        let mut file = File::open(&self.path).map_err(|e| self.unreadable(&e))?;
        let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0);
        loop {
            let n = file.read(&mut buffer).map_err(|e| self.unreadable(&e))?;
            if n == 0 {
                return Ok((hex(&hash.finalize()), bytes));
            }
            hash.update(&buffer[..n]);
            bytes += n as u64;
        }
    }
}

/// A file being read. `next_row` returns the rows whose shape and plan year are right and reports the others.
pub struct Table<'a> {
    source: &'a Source,
    reader: csv::Reader<Box<dyn Read + 'a>>,
    record: csv::ByteRecord,
    lines: Lines,
    columns: HashMap<&'static str, usize>,
    names: Names,
    width: usize,
    expected_year: Option<(usize, i32)>,
    pub read: u64,
    /// Rows already reported and left out by `next_row`.
    pub bad: u64,
}

/// One row: values by column name, trimmed; blank if the file has no such column.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    source: &'r Source,
    record: &'r csv::ByteRecord,
    lines: &'r Lines,
    columns: &'r HashMap<&'static str, usize>,
}

impl<'a> Table<'a> {
    /// # Errors
    ///
    /// If a file breaks off or is not a CSV. Bad rows are not errors: they go to `problems`.
    pub fn next_row(&mut self, problems: &mut Problems) -> Result<Option<Row<'_>>, LoadError> {
        loop {
            self.lines.forget_before(self.reader.position().byte());
            if !self.reader.read_byte_record(&mut self.record).map_err(|e| self.source.broken(&e))? {
                return Ok(None);
            }
            let begun = self.record.position().map_or(0, csv::Position::line);
            if self.reader.position().line() - begun > ROW_LINES_MAX {
                let line = self.record.position().map_or(0, |position| self.lines.of(position.byte()));
                return Err(self.source.unreadable(&format!(
                    "line {line}: a row of more than {ROW_LINES_MAX} lines: a quote (\") in it is not closed; correct the \
                     line, or download the file again"
                )));
            }
            // Spreadsheets write rows of separators below a table.
            if self.record.iter().all(|field| field.trim_ascii().is_empty()) {
                continue;
            }
            self.read += 1;
            let row = Row { source: self.source, record: &self.record, lines: &self.lines, columns: &self.columns };
            if !row.fits(self.width) {
                let value = self.record.len().to_string();
                row.problem(problems, "(row)", &value, Fault::FieldCount, &format!("{} fields are wanted", self.width));
            } else if let Some((column, year)) = self.expected_year
                && !row.is_of(column, year)
            {
                let value = row.at(column).into_owned();
                let reason = format!("the file starts with plan year {year}");
                row.problem(problems, "BusinessYear", &value, Fault::PlanYear, &reason);
            } else {
                break;
            }
            self.bad += 1;
        }
        Ok(Some(Row { source: self.source, record: &self.record, lines: &self.lines, columns: &self.columns }))
    }

    /// Where a column is whose name is only known at run time; `None` if the file has none of that name.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.index(self.source.kind, name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.index(name).is_some()
    }
}

impl<'r> Row<'r> {
    /// As many fields as the header, or more that are blank.
    fn fits(&self, width: usize) -> bool {
        let fields = self.record.len();
        fields == width || (fields > width && (width..fields).all(|at| self.bytes(at).is_empty()))
    }

    fn is_of(&self, column: usize, year: i32) -> bool {
        let filed = self.bytes(column);
        let plain = filed
            .iter()
            .try_fold(0, |n: i32, b| b.is_ascii_digit().then(|| n.wrapping_mul(10).wrapping_add(i32::from(b - b'0'))));
        plain == Some(year) || values::whole(&self.at(column)) == Ok(Some(i64::from(year)))
    }

    /// The value of a column by name.
    pub fn text(&self, column: &str) -> Cow<'r, str> {
        self.columns.get(column).map(|index| self.at(*index)).unwrap_or_default()
    }

    /// The value of a column by position. Text that is not UTF-8 is decoded as Windows-1252, as older files were
    /// written.
    pub fn at(&self, index: usize) -> Cow<'r, str> {
        let bytes = self.bytes(index);
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(values::trimmed(text)),
            Err(_) => Cow::Owned(values::trimmed(&windows_1252(bytes)).to_string()),
        }
    }

    /// The same without decoding, for the millions of rates.
    pub fn bytes(&self, index: usize) -> &'r [u8] {
        let field = self.record.get(index).unwrap_or_default().trim_ascii();
        // No-break spaces and other invisible marks of spreadsheets; most fields begin and end in ASCII.
        match (field.first(), field.last()) {
            (Some(first), Some(last)) if !first.is_ascii() || !last.is_ascii() => {
                std::str::from_utf8(field).map_or(field, |text| values::trimmed(text).as_bytes())
            }
            _ => field,
        }
    }

    pub fn line(&self) -> u64 {
        self.record.position().map_or(0, |position| self.lines.of(position.byte()))
    }

    /// Reports a fault that costs the row.
    pub fn problem(&self, problems: &mut Problems, column: &str, value: &str, fault: Fault, reason: &str) {
        self.report(problems, column, value, (fault, Effect::Row), reason);
    }

    /// Reports a fault that costs the value only.
    pub fn value_problem(&self, problems: &mut Problems, column: &str, value: &str, fault: Fault, reason: &str) {
        self.report(problems, column, value, (fault, Effect::Value), reason);
    }

    fn report(
        &self,
        problems: &mut Problems,
        column: &str,
        value: &str,
        (fault, effect): (Fault, Effect),
        reason: &str,
    ) {
        problems.add(Problem {
            file: self.source.name.clone(),
            line: self.line(),
            column: column.to_string(),
            value: value.to_string(),
            fault,
            effect,
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

    #[test]
    fn old_files_in_windows_1252_keep_their_signs() {
        assert_eq!(windows_1252(b"Caf\xe9 Silver\x99"), "Café Silver™");
    }
}
