//! What a file is, decided by its bytes: which of the four kinds that are taken, or why it is not taken.
//!
//! Called by uploads, on a whole file in memory. It looks at the frame of a file and never decodes or unpacks what is in it,
//! so no file can make it work for long or fill the memory. A name, or what a browser says of a file, counts for nothing.
//! One file is one thing: what could also be read as a page, a script or an archive is refused.

use strum::{EnumIter, EnumString, IntoStaticStr};

/// The most that a file may have: a phone's largest pictures, a scan of some dozen pages.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// Pixels of a picture: above what cameras make, below what brings a viewer down.
const PIXELS_MAX: u64 = 300_000_000;
/// The end of a PDF is looked for here (Adobe's implementation note 18), and nothing much may follow it.
const PDF_END_BYTES: usize = 1_024;
/// The record that ends an archive lies within this many bytes of the end.
const ZIP_END_BYTES: usize = 65_557;

/// Kinds that are taken. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    Pdf,
    Jpeg,
    Png,
    Heic,
}

impl Kind {
    /// The only types that a document is ever sent with.
    pub fn content_type(self) -> &'static str {
        match self {
            Kind::Pdf => "application/pdf",
            Kind::Jpeg => "image/jpeg",
            Kind::Png => "image/png",
            Kind::Heic => "image/heic",
        }
    }

    /// What its name ends with.
    pub fn ending(self) -> &'static str {
        match self {
            Kind::Pdf => "pdf",
            Kind::Jpeg => "jpg",
            Kind::Png => "png",
            Kind::Heic => "heic",
        }
    }
}

/// Why a file is not taken. Each has its message, `proof.odd.…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Odd {
    Empty,
    TooLarge,
    /// A page or a script: what a browser would run.
    WebPage,
    /// What a computer would run.
    Program,
    /// Word, Excel and the like.
    Office,
    Archive,
    /// A picture, but of another kind.
    OtherPicture,
    Video,
    Text,
    /// It begins as one of ours and is not whole.
    Damaged,
    /// It is one of ours and something else, too.
    Mixed,
    /// A PDF that would start something.
    Active,
    /// More pixels than a viewer can hold.
    TooManyPixels,
    Unknown,
}

impl Odd {
    /// What nobody sends by mistake: kept aside for an operator to look at.
    pub fn is_hostile(self) -> bool {
        matches!(self, Odd::WebPage | Odd::Program | Odd::Mixed | Odd::Active | Odd::TooManyPixels)
    }
}

/// What a file is.
///
/// # Errors
///
/// Why it is not taken.
pub fn judge(bytes: &[u8]) -> Result<Kind, Odd> {
    if bytes.is_empty() {
        return Err(Odd::Empty);
    }
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Odd::TooLarge);
    }
    let kind = match bytes {
        [0x25, b'P', b'D', b'F', b'-', ..] => Kind::Pdf,
        [0xff, 0xd8, 0xff, ..] => Kind::Jpeg,
        [0x89, b'P', b'N', b'G', ..] => Kind::Png,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => return heic(bytes).and_then(|()| alone(bytes, Kind::Heic)),
        _ => return Err(other(bytes)),
    };
    match kind {
        Kind::Pdf => pdf(bytes)?,
        Kind::Jpeg => jpeg(bytes)?,
        Kind::Png => png(bytes)?,
        Kind::Heic => {}
    }
    alone(bytes, kind)
}

/// The name of what is none of ours, so that people know what to do.
fn other(bytes: &[u8]) -> Odd {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    // Marks in front, behind white space or a byte order mark.
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let begin = text.get(..text.len().min(512)).unwrap_or_default();
    let is_markup = [&b"<?xml"[..], b"<svg", b"<body"].iter().any(|mark| begin.to_ascii_lowercase().starts_with(mark));
    if is_markup || runs(begin) {
        return Odd::WebPage;
    }
    if starts(b"MZ")
        || starts(b"\x7fELF")
        || starts(b"\xca\xfe\xba\xbe")
        || starts(b"\xcf\xfa\xed\xfe")
        || starts(b"#!")
    {
        return Odd::Program;
    }
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        let names = bytes.get(..bytes.len().min(4_096)).unwrap_or_default();
        let is_office = [&b"[Content_Types].xml"[..], b"word/", b"xl/", b"ppt/", b"mimetypeapplication/vnd.oasis"];
        return if is_office.iter().any(|name| holds(names, name)) { Odd::Office } else { Odd::Archive };
    }
    if starts(b"\xd0\xcf\x11\xe0") || starts(b"{\\rtf") {
        return Odd::Office;
    }
    if starts(b"Rar!") || starts(b"7z\xbc\xaf") || starts(b"\x1f\x8b") || starts(b"BZh") || starts(b"\xfd7zXZ") {
        return Odd::Archive;
    }
    let is_webp = starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    if starts(b"GIF8") || starts(b"BM") || starts(b"II*\0") || starts(b"MM\0*") || is_webp {
        return Odd::OtherPicture;
    }
    if starts(b"RIFF") || starts(b"\x1aE\xdf\xa3") {
        return Odd::Video;
    }
    // A PDF with something before it is no PDF: that is how one file is made to be two.
    if holds(bytes.get(..bytes.len().min(PDF_END_BYTES)).unwrap_or_default(), b"%PDF-") {
        return Odd::Mixed;
    }
    let looks_typed = |byte: &u8| *byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r');
    if bytes.iter().take(4_096).all(looks_typed) { Odd::Text } else { Odd::Unknown }
}

/// Whether these bytes hold what a browser would run. Marks of five letters and more: in millions of bytes of a picture the
/// shorter ones come by chance.
fn runs(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 6] = [b"<script", b"<html", b"<!doctype", b"<?php", b"<iframe", b"javascript:"];
    let small = bytes.to_ascii_lowercase();
    MARKS.iter().any(|mark| holds(&small, mark))
}

fn holds(bytes: &[u8], sought: &[u8]) -> bool {
    find(bytes, sought).is_some()
}

fn find(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    let (first, rest) = sought.split_first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| byte == first) {
        let at = from + at;
        if bytes.get(at + 1..at + sought.len()) == Some(rest) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// Nothing but its own kind: no archive ends where it ends.
fn alone(bytes: &[u8], kind: Kind) -> Result<Kind, Odd> {
    let from = bytes.len().saturating_sub(ZIP_END_BYTES);
    let end = bytes.get(from..).unwrap_or_default();
    let mut at = 0;
    while let Some(found) = end.get(at..).and_then(|rest| find(rest, b"PK\x05\x06")) {
        let record = &end[at + found..];
        // The record says how long the comment after it is: by chance that fits once in 65,536 such chances.
        let comment = record.get(20..22).map(|length| usize::from(u16::from_le_bytes([length[0], length[1]])));
        if comment.is_some_and(|length| record.len() == 22 + length) {
            return Err(Odd::Mixed);
        }
        at += found + 4;
    }
    Ok(kind)
}

fn pdf(bytes: &[u8]) -> Result<(), Odd> {
    let version = bytes.get(5..8).unwrap_or_default();
    if !(matches!(version, [b'1' | b'2', b'.', digit] if digit.is_ascii_digit())) {
        return Err(Odd::Damaged);
    }
    let end = bytes.get(bytes.len().saturating_sub(PDF_END_BYTES)..).unwrap_or_default();
    let last = end.windows(5).rposition(|five| five == b"%%EOF").ok_or(Odd::Damaged)?;
    if !holds(bytes, b"startxref") {
        return Err(Odd::Damaged);
    }
    if runs(&end[last..]) || runs(bytes.get(..bytes.len().min(256)).unwrap_or_default()) {
        return Err(Odd::Mixed);
    }
    // Names of what starts something, where they are readable. Packed ones are not looked for: we never unpack.
    const STARTS: [&[u8]; 4] = [b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia"];
    if STARTS.iter().any(|name| holds(bytes, name)) {
        return Err(Odd::Active);
    }
    Ok(())
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn fits(width: u64, height: u64) -> Result<(), Odd> {
    match width * height {
        0 => Err(Odd::Damaged),
        1..=PIXELS_MAX => Ok(()),
        _ => Err(Odd::TooManyPixels),
    }
}

fn png(bytes: &[u8]) -> Result<(), Odd> {
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Err(Odd::Damaged);
    }
    let (mut at, mut first) = (8, true);
    loop {
        let length = usize::try_from(number(bytes, at).ok_or(Odd::Damaged)?).map_err(|_| Odd::Damaged)?;
        let kind = bytes.get(at + 4..at + 8).ok_or(Odd::Damaged)?;
        let data = length.checked_add(at + 8).and_then(|end| bytes.get(at + 8..end)).ok_or(Odd::Damaged)?;
        if !kind.iter().all(u8::is_ascii_alphabetic) || (first != (kind == b"IHDR")) {
            return Err(Odd::Damaged);
        }
        match kind {
            b"IHDR" => {
                let side = |at| number(data, at).map(u64::from).ok_or(Odd::Damaged);
                if length != 13 {
                    return Err(Odd::Damaged);
                }
                fits(side(0)?, side(4)?)?;
            }
            b"IDAT" => {}
            _ if runs(data) => return Err(Odd::Mixed),
            _ => {}
        }
        // The check sum behind the data.
        at += 12 + length;
        if at > bytes.len() {
            return Err(Odd::Damaged);
        }
        if kind == b"IEND" {
            return if bytes[at..].iter().all(|byte| *byte == 0) { Ok(()) } else { Err(Odd::Mixed) };
        }
        first = false;
    }
}

fn jpeg(bytes: &[u8]) -> Result<(), Odd> {
    let (mut at, mut sized) = (2, false);
    // Segments with their lengths, up to the picture itself.
    loop {
        let [0xff, marker] = *bytes.get(at..at + 2).ok_or(Odd::Damaged)? else { return Err(Odd::Damaged) };
        if marker == 0xff {
            at += 1;
            continue;
        }
        let length = bytes.get(at + 2..at + 4).ok_or(Odd::Damaged)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let data = length.checked_sub(2).and_then(|_| bytes.get(at + 4..at + 2 + length)).ok_or(Odd::Damaged)?;
        match marker {
            0xda => break,
            // A frame: how large the picture is.
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let [_, h1, h2, w1, w2, ..] = *data else { return Err(Odd::Damaged) };
                let side = |high, low| u64::from(u16::from_be_bytes([high, low]));
                fits(side(w1, w2), side(h1, h2))?;
                sized = true;
            }
            0xc4 | 0xcc | 0xdb..=0xef | 0xfe => {
                if runs(data) {
                    return Err(Odd::Mixed);
                }
            }
            _ => return Err(Odd::Damaged),
        }
        at += 2 + length;
    }
    let end = find(&bytes[at..], b"\xff\xd9").ok_or(Odd::Damaged)?;
    if !sized {
        return Err(Odd::Damaged);
    }
    let rest = &bytes[at + end + 2..];
    // Phones put more behind a picture: zeros, a second picture, a second of film, notes of their own.
    let more = rest.iter().all(|byte| *byte == 0)
        || rest.starts_with(b"\xff\xd8\xff")
        || rest.get(4..8) == Some(b"ftyp")
        || rest.ends_with(b"SEFT")
        || rest.ends_with(b"\xff\xd9");
    match more && !runs(rest) && !holds(rest, b"%PDF-") {
        true => Ok(()),
        false => Err(Odd::Mixed),
    }
}

/// Boxes, one after the other, up to the end of the file.
fn heic(bytes: &[u8]) -> Result<(), Odd> {
    const BRANDS: [&[u8]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];
    let brand = bytes.get(8..12).ok_or(Odd::Damaged)?;
    if !BRANDS.contains(&brand) {
        return Err(if brand == b"avif" { Odd::OtherPicture } else { Odd::Video });
    }
    let (mut at, mut meta, mut data) = (0, false, false);
    while at < bytes.len() {
        let kind = bytes.get(at + 4..at + 8).ok_or(Odd::Damaged)?;
        let length = match number(bytes, at).ok_or(Odd::Damaged)? {
            // Up to the end.
            0 => bytes.len() - at,
            // A long one says so behind its name.
            1 => {
                let long = bytes.get(at + 8..at + 16).and_then(|long| <[u8; 8]>::try_from(long).ok());
                usize::try_from(long.map(u64::from_be_bytes).ok_or(Odd::Damaged)?).map_err(|_| Odd::Damaged)?
            }
            length => usize::try_from(length).map_err(|_| Odd::Damaged)?,
        };
        let end = at.checked_add(length).filter(|end| *end <= bytes.len()).ok_or(Odd::Damaged)?;
        if length < 8 || !kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') {
            return Err(Odd::Damaged);
        }
        meta |= kind == b"meta";
        data |= kind == b"mdat";
        if kind != b"mdat" && runs(&bytes[at..end]) {
            return Err(Odd::Mixed);
        }
        at = end;
    }
    if meta && data { Ok(()) } else { Err(Odd::Damaged) }
}
