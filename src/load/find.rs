//! Finds CMS's files in a folder: plain, gzipped, in zips and in zips within zips, identified by their columns.
//!
//! Called by `gather` and `synth`. It opens every file once to look at its header; what it does not take it lists,
//! with the reason, so a folder that yields nothing explains itself. It must never read past the first rows.

use super::kinds::{Kind, Names};
use super::problems::LoadError;
use super::progress::Meter;
use super::read::{Layer, Source, csv_reader};
use super::values;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Found {
    pub sources: Vec<Source>,
    /// Files that are not read, in words: name and reason.
    pub unread: Vec<String>,
}

/// Depth of folders to search; deeper is a mistake or a loop of links.
const MOST_DEPTH: usize = 6;
/// Zips within zips within zips; states' files come in one zip per state, in a zip of all.
const MOST_NESTED: usize = 3;
/// Bytes of a text read to identify it: the longest header is below 6 KB.
const LOOKED_AT_BYTES: u64 = 64 * 1024;
/// Rows searched for the plan year and the state.
const ROWS_LOOKED_AT: usize = 50;
/// Rows that may stand above the header.
const TITLES_MAX: usize = 10;
const SEPARATORS: [u8; 4] = [b',', b'\t', b'|', b';'];

/// Every table under `folder` that is one of ours, and what is not.
///
/// # Errors
///
/// If a folder, file or zip cannot be read.
pub fn find_sources(folder: &Path) -> Result<Found, LoadError> {
    let mut found = Found::default();
    let mut paths = Vec::new();
    walk(folder, 0, &mut paths, &mut found)?;
    paths.sort();
    for path in paths {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let text_bytes = path.metadata().map_or(0, |data| data.len());
        look_at(Source::new(name, path, text_bytes), &mut found)?;
    }
    Ok(found)
}

fn walk(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>, found: &mut Found) -> Result<(), LoadError> {
    let unreadable = |e: std::io::Error| LoadError::Read { path: folder.display().to_string(), reason: e.to_string() };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // What this program writes, and what systems hide.
        if name.starts_with(['.', '~']) || name == "__MACOSX" || name.ends_with(".db") {
            continue;
        }
        let Ok(data) = path.metadata() else {
            found.unread.push(format!("{name}: a link that leads nowhere"));
            continue;
        };
        if data.is_dir() {
            match depth < MOST_DEPTH {
                true => walk(&path, depth + 1, paths, found)?,
                false => found.unread.push(format!("{}: folders are nested too deeply", path.display())),
            }
        } else if data.is_file() {
            paths.push(path);
        } else {
            found.unread.push(format!("{name}: not a file"));
        }
    }
    Ok(())
}

/// What a file is, by its first bytes.
enum Form {
    Zip,
    Gzip,
    Text,
    Unread(&'static str),
}

fn form(name: &str, start: &[u8]) -> Form {
    let lower = name.to_ascii_lowercase();
    let ends = |ending: &str| lower.ends_with(ending);
    match start {
        // Office files are zips too, but contain no CSV.
        _ if ends(".xlsx") || ends(".xlsm") || ends(".xls") || ends(".xlsb") || ends(".ods") => {
            Form::Unread("a workbook: save its sheet as CSV (UTF-8)")
        }
        _ if ends(".docx") || ends(".pptx") => Form::Unread("an office document"),
        _ if ends(".tar.gz") || ends(".tgz") => Form::Unread("a tar archive: unpack it"),
        [] => Form::Unread("empty"),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Form::Zip,
        [0x1f, 0x8b, ..] => Form::Gzip,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Form::Unread("text in UTF-16: save it as CSV (UTF-8)"),
        [b'%', b'P', b'D', b'F', ..] => Form::Unread("a PDF document"),
        [b'7', b'z', 0xbc, 0xaf, ..] | [b'R', b'a', b'r', b'!', ..] | [b'B', b'Z', b'h', ..] => {
            Form::Unread("packed in a way that is not read: unpack it, or pack it as .zip or .gz")
        }
        _ if ends(".zip") => Form::Zip,
        _ if start.trim_ascii_start().first() == Some(&b'<') => {
            Form::Unread("a web page or XML, not a CSV: the download may have failed")
        }
        _ if start.contains(&0) => Form::Unread("not text"),
        _ => Form::Text,
    }
}

/// Takes a file, or what is in it, into stock.
fn look_at(source: Source, found: &mut Found) -> Result<(), LoadError> {
    let start = source.start(LOOKED_AT_BYTES)?;
    match form(&source.name, &start) {
        Form::Zip => look_into_zip(source, found),
        Form::Gzip => {
            let name = source.name.clone();
            let gzipped = source.layers.contains(&Layer::Gzip);
            match gzipped {
                true => found.unread.push(format!("{name}: gzipped twice")),
                false => look_at(source.within(Layer::Gzip, name, 0), found)?,
            }
            Ok(())
        }
        Form::Text => {
            identify(source, &start, found);
            Ok(())
        }
        Form::Unread(reason) => {
            found.unread.push(format!("{}: {reason}", source.name));
            Ok(())
        }
    }
}

fn look_into_zip(source: Source, found: &mut Found) -> Result<(), LoadError> {
    let nested = source.layers.iter().filter(|layer| matches!(layer, Layer::Zip(_))).count();
    if nested >= MOST_NESTED {
        found.unread.push(format!("{}: zips are nested too deeply", source.name));
        return Ok(());
    }
    let members = source.members()?;
    if members.is_empty() {
        found.unread.push(format!("{}: an empty zip", source.name));
    }
    for (place, inside, bytes) in members {
        let last = inside.rsplit('/').next().unwrap_or_default();
        if inside.starts_with("__MACOSX") || last.starts_with('.') || last.is_empty() {
            continue;
        }
        let name = format!("{}/{inside}", source.name);
        look_at(source.clone().within(Layer::Zip(place), name, bytes), found)?;
    }
    Ok(())
}

/// Files the source under its kind, by its header; plan year and state come from its first rows.
fn identify(mut source: Source, start: &[u8], found: &mut Found) {
    let header = |separator: u8| {
        let rows = csv_reader(start, separator).into_byte_records().take(TITLES_MAX + 1).map_while(Result::ok);
        let mut named = rows.map(|row| (Names::of(&row), row)).enumerate();
        named.find_map(|(titles, (names, row))| Some((separator, Kind::of(&names)?, names, titles, row)))
    };
    let known = SEPARATORS.into_iter().find_map(header);
    let Some((separator, kind, names, titles, header)) = known else {
        let first = csv_reader(start, b',').into_byte_records().next().and_then(Result::ok);
        let landscape = first.is_some_and(|row| Names::of(&row).is_landscape());
        let name = source.name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        if landscape {
            found.unread.push(format!(
                "{}: a QHP landscape file (premiums by county, for display); plans are read from the Plan Attributes PUF",
                source.name
            ));
        } else if !name.starts_with("provenance") {
            found.unread.push(format!("{}: not one of CMS's files", source.name));
        }
        return;
    };
    source.kind = kind;
    source.separator = separator;
    source.titles = titles;
    // Its columns carry the years: PlanID_2025 and PlanID_2026. The later one is the plan year.
    let by_column = names.each().filter_map(|name| name.strip_prefix("planid")?.parse().ok()).max();
    source.year = by_column.filter(|_| kind == Kind::Crosswalk);
    let mut reader = csv_reader(start, separator);
    let (year, state) = (names.index(kind, "BusinessYear"), names.index(kind, "StateCode"));
    for record in reader.byte_records().skip(titles + 1).take(ROWS_LOOKED_AT).map_while(Result::ok) {
        let value = |place: Option<usize>| place.and_then(|at| std::str::from_utf8(record.get(at)?).ok());
        source.year = source.year.or_else(|| {
            let filed = values::whole(value(year)?).ok()??;
            i32::try_from(filed).ok().filter(|year| (1900..3000).contains(year))
        });
        // Federal headers have no spaces; a state's own file contains no other state.
        if source.state.is_none() && spaced(&header) {
            source.state = value(state).and_then(|text| values::state(text).ok()?);
        }
    }
    found.sources.push(source);
}

/// Whether the header is written like those of the states' files, `BUSINESS YEAR`.
fn spaced(header: &csv::ByteRecord) -> bool {
    header.iter().any(|name| String::from_utf8_lossy(name).to_ascii_uppercase().contains("BUSINESS YEAR"))
}

impl Source {
    /// The first bytes of the text, or of what is packed.
    fn start(&self, most: u64) -> Result<Vec<u8>, LoadError> {
        let mut opened = self.open()?;
        let mut start = Vec::new();
        let read = opened.reader(self, Meter::silent())?.take(most).read_to_end(&mut start);
        read.map_err(|e| LoadError::Read { path: self.name.clone(), reason: e.to_string() })?;
        Ok(start)
    }
}
