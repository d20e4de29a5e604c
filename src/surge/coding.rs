//! Content codings (br, gzip): which ones a client gets, and compressing a whole body in one go.
//!
//! Called by the page cache, and by `web` for responses made fresh. Compression levels were measured:
//! docs/performance.md. It must never know whose page it compresses.

use std::cell::RefCell;
use std::io::Read as _;

use axum::body::Bytes;
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use libdeflater::{CompressionLvl, Compressor, crc32};

use super::heads;
use super::validators::etag;

/// The coding a client gets a body in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    Identity,
    Gzip,
    Brotli,
}

/// How hard something is compressed, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// While a client waits: a tenth of a millisecond for a list.
    Fresh,
    /// For what is read a few times: a millisecond for a list.
    Kept,
    /// For what is read over and over, or never changes: 90 ms for a list.
    Strong,
}

/// The codings that a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Codings {
    /// While it waits: gzip if accepted, because it takes less time than brotli for a few more bytes.
    pub fresh: Coding,
    /// The one it prefers, or brotli if it prefers several equally.
    pub kept: Coding,
}

/// What browsers send, to the letter: not worth looking through for each request.
const BROWSERS: [&str; 2] = ["gzip, deflate, br, zstd", "gzip, deflate, br"];

impl Codings {
    /// From `Accept-Encoding`. A client that refuses all codings still gets plain text: an answer is better than a 406.
    pub fn of(headers: &HeaderMap) -> Codings {
        let mut values = headers.get_all(header::ACCEPT_ENCODING).iter();
        if let (Some(value), None) = (values.next(), values.next())
            && BROWSERS.iter().any(|browsers| value == browsers)
        {
            return Codings { fresh: Coding::Gzip, kept: Coding::Brotli };
        }
        let (fresh, kept) = match likings(headers) {
            (0, 0) => (Coding::Identity, Coding::Identity),
            (_, 0) => (Coding::Brotli, Coding::Brotli),
            (brotli, gzip) if brotli >= gzip => (Coding::Gzip, Coding::Brotli),
            _ => (Coding::Gzip, Coding::Gzip),
        };
        Codings { fresh, kept }
    }

    pub fn at(self, effort: Effort) -> Coding {
        if effort == Effort::Fresh { self.fresh } else { self.kept }
    }
}

impl Coding {
    /// The value of `Content-Encoding`.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
            Coding::Brotli => Some("br"),
        }
    }

    /// The body in this coding; `None` for plain text, and if it would not get smaller.
    pub fn compress(self, plain: &[u8], effort: Effort) -> Option<Bytes> {
        let coded = match self {
            Coding::Identity => return None,
            Coding::Brotli => brotli(plain, effort)?,
            Coding::Gzip => gzip(plain, effort)?,
        };
        // Without the room to spare that a compressor leaves: a kept page would hold it, and nobody would count it.
        (coded.len() < plain.len()).then(|| Bytes::from(coded.into_boxed_slice()))
    }

    /// The plain text again, at most `limit` bytes of it; `None` if the input is not in this coding.
    pub fn expand(self, coded: &[u8], limit: u64) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        let read = match self {
            Coding::Identity => return Some(coded.to_vec()),
            Coding::Brotli => brotli::Decompressor::new(coded, 4096).take(limit).read_to_end(&mut plain),
            Coding::Gzip => flate2::read::GzDecoder::new(coded).take(limit).read_to_end(&mut plain),
        };
        read.ok().map(|_| plain)
    }
}

/// The answer with its body in this coding, if that is smaller, and with the tag of those bytes.
pub fn coded(mut parts: Parts, plain: Bytes, coding: Coding) -> Response {
    let (Some(body), Some(name)) = (coding.compress(&plain, Effort::Fresh), coding.name()) else {
        return Response::from_parts(parts, plain.into());
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    parts.headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let tag = parts.headers.get(header::ETAG).and_then(|tag| tag.to_str().ok()?.strip_prefix('"')?.strip_suffix('"'));
    if let Some(tag) = tag.and_then(|tag| etag(tag, coding, Effort::Fresh)) {
        parts.headers.insert(header::ETAG, tag);
    }
    Response::from_parts(parts, body.into())
}

/// The qualities, in thousandths, that `Accept-Encoding` gives brotli and gzip; 0: refused, or not named.
fn likings(headers: &HeaderMap) -> (u32, u32) {
    let (mut brotli, mut gzip, mut of_all_others) = (None, None, 0);
    // Byte by byte: finding the end of a word this short by any faster way takes longer, and every request asks.
    let items =
        headers.get_all(header::ACCEPT_ENCODING).iter().flat_map(|value| value.as_bytes().split(|b| *b == b','));
    for item in items {
        let end = item.iter().position(|b| *b == b';').unwrap_or(item.len());
        let quality = if end == item.len() { 1000 } else { quality(&item[end + 1..]) };
        match item[..end].trim_ascii() {
            name if name.eq_ignore_ascii_case(b"br") => drop(brotli.get_or_insert(quality)),
            name if name.eq_ignore_ascii_case(b"gzip") => drop(gzip.get_or_insert(quality)),
            b"*" => of_all_others = quality,
            _ => {}
        }
    }
    (brotli.unwrap_or(of_all_others), gzip.unwrap_or(of_all_others))
}

/// `q=0.5` → 500.
fn quality(parameters: &[u8]) -> u32 {
    let mut parts = parameters.split(|b| *b == b';').map(<[u8]>::trim_ascii);
    let quality = parts.find_map(|part| part.strip_prefix(b"q=").or_else(|| part.strip_prefix(b"Q=")));
    let number = |text| std::str::from_utf8(text).ok()?.parse::<f32>().ok();
    // NaN becomes 0 here.
    (quality.map_or(1.0, |text| number(text).unwrap_or(0.0)).clamp(0.0, 1.0) * 1000.0) as u32
}

fn brotli(plain: &[u8], effort: Effort) -> Option<Vec<u8>> {
    let quality = match effort {
        Effort::Fresh => 2,
        Effort::Kept => 5,
        Effort::Strong => 11,
    };
    // No larger window than the page needs: clearing the memory of a large one takes longer than compressing the
    // page. Nor a smaller one than 2^17: quality 5 then takes another way, forty times as long.
    let bits = usize::BITS - plain.len().leading_zeros();
    let lgwin = i32::try_from(bits).unwrap_or(22).clamp(17, 22);
    let params = brotli::enc::BrotliEncoderParams { quality, lgwin, size_hint: plain.len(), ..Default::default() };
    let mut out = Vec::with_capacity(plain.len() / 4);
    brotli::BrotliCompress(&mut &plain[..], &mut out, &params).ok()?;
    Some(out)
}

/// Levels of libdeflate.
const FRESH: i32 = 1;
/// For a fresh page that does not fit the first ten segments of a connection otherwise: one more round trip on a slow link
/// takes longer than this.
const FRESH_LONG: i32 = 5;
const KEPT: i32 = 7;
const STRONG: i32 = 12;
/// More than this does not fit those ten segments, beside a kilobyte of headers.
const WINDOW_BYTES: usize = 13 << 10;

/// A gzip member (RFC 1952): no name, no time, system unknown.
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

fn gzip(plain: &[u8], effort: Effort) -> Option<Vec<u8>> {
    // What is kept can take the time to look for repeats across the seam, in fewer bytes.
    let head = (effort == Effort::Fresh).then(|| heads::head(plain)).flatten();
    let (before, rest) = match &head {
        Some(head) => (&head.deflated[..], &plain[head.plain.len()..]),
        None => (&[][..], plain),
    };
    let rest = match effort {
        // Few do not fit, and which cannot be told from their length.
        Effort::Fresh => match deflate(rest, FRESH)? {
            fits if before.len() + fits.len() <= WINDOW_BYTES => fits,
            _ => deflate(rest, FRESH_LONG)?,
        },
        Effort::Kept => deflate(rest, KEPT)?,
        Effort::Strong => deflate(rest, STRONG)?,
    };
    let length = u32::try_from(plain.len()).ok()?;
    Some([&GZIP_HEADER, before, &rest, &crc32(plain).to_le_bytes(), &length.to_le_bytes()].concat())
}

/// Compressors by level, and room for what they write.
type Tools = (Vec<(i32, Compressor)>, Vec<u8>);

/// With a compressor and room for its output that each thread keeps: new ones for each page would be hundreds of
/// kilobytes of memory to fetch and clear.
fn deflate(plain: &[u8], level: i32) -> Option<Vec<u8>> {
    thread_local! {
        static KEPT: RefCell<Tools> = const { RefCell::new((Vec::new(), Vec::new())) };
    }
    let compress = |compressor: &mut Compressor, room: &mut Vec<u8>| {
        let most = compressor.deflate_compress_bound(plain.len());
        room.resize(room.len().max(most), 0);
        let length = compressor.deflate_compress(plain, room).ok()?;
        Some(room[..length].to_vec())
    };
    let new = || CompressionLvl::new(level).ok().map(Compressor::new);
    if level == STRONG {
        // Rare, and its compressor is megabytes.
        return compress(&mut new()?, &mut Vec::new());
    }
    KEPT.with_borrow_mut(|(compressors, room)| {
        let place = match compressors.iter().position(|(of, _)| *of == level) {
            Some(place) => place,
            None => {
                compressors.push((level, new()?));
                compressors.len() - 1
            }
        };
        let coded = compress(&mut compressors[place].1, room);
        if room.len() > ROOM_BYTES_MAX {
            *room = Vec::new();
        }
        coded
    })
}

/// Room for output that a thread keeps from page to page; beyond this it is given back.
const ROOM_BYTES_MAX: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn codings(value: &str) -> Codings {
        Codings::of(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_str(value).unwrap())]))
    }

    #[test]
    fn what_browsers_send_is_read_as_if_it_were_looked_through() {
        for browsers in BROWSERS {
            assert_eq!(codings(browsers), codings(&format!("{browsers},")));
        }
    }

    #[test]
    fn the_preferred_coding_is_chosen() {
        let (chosen, fresh) = (|value| codings(value).kept, |value| codings(value).fresh);
        let browsers = "gzip, deflate, br, zstd";
        assert_eq!(chosen(browsers), Coding::Brotli);
        assert_eq!([chosen("gzip, BR;q=0.5"), chosen("br;q=0, gzip"), chosen("gzip")], [Coding::Gzip; 3]);
        assert_eq!([chosen("*"), chosen("*;q=0.5"), chosen("gzip;q=0.2, *")], [Coding::Brotli; 3]);
        for none in ["", "identity", "identity;q=0", "br;q=0", "br;q=nan", "brotli", "*;q=0"] {
            assert_eq!(chosen(none), Coding::Identity, "{none}");
        }
        assert_eq!(Codings::of(&HeaderMap::new()).kept, Coding::Identity);
        assert_eq!(
            [fresh(browsers), fresh("br"), fresh("gzip;q=0, br")],
            [Coding::Gzip, Coding::Brotli, Coding::Brotli]
        );
    }

    #[test]
    fn what_is_compressed_expands_to_the_same() {
        let plain = "A plan with a deductible of $1,500. ".repeat(400);
        for coding in [Coding::Brotli, Coding::Gzip] {
            for effort in [Effort::Fresh, Effort::Kept, Effort::Strong] {
                let coded = coding.compress(plain.as_bytes(), effort).expect("smaller");
                // The thread's compressor starts from scratch.
                assert_eq!(coding.compress(plain.as_bytes(), effort).as_ref(), Some(&coded));
                assert_eq!(coding.expand(&coded, 1 << 20).as_deref(), Some(plain.as_bytes()));
                assert_eq!(coding.expand(&coded, 10).map(|plain| plain.len()), Some(10), "no more than asked for");
            }
            assert_eq!(coding.compress(b"x", Effort::Kept), None, "nothing is gained by squeezing this");
        }
    }

    #[test]
    fn a_page_is_put_together_from_its_head_and_the_rest() {
        let head = format!("<!DOCTYPE html><style>{}</style>", "a { color: var(--ink); }".repeat(99));
        for rest in ["", "<p>One.</p>", &"<p>A plan with a deductible of $1,500.</p>".repeat(2_000)] {
            let page = format!("{head}{rest}");
            let coded = Coding::Gzip.compress(page.as_bytes(), Effort::Fresh).expect("smaller");
            assert_eq!(Coding::Gzip.expand(&coded, 1 << 20).as_deref(), Some(page.as_bytes()));
        }
        assert!(heads::head(head.as_bytes()).is_some_and(|found| found.plain == head.as_bytes()));
        assert!(heads::head(b"<style></style>").is_none(), "no page");
    }
}
