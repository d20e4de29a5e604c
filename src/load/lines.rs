//! Which line of a text a byte is on, as an editor counts: line ends are LF, CR LF, or CR if a text has no other.
//!
//! Called by `read`, whose CSV reader only knows the position of a row in bytes. It must not hold more than the bytes
//! that may still be asked for: the reader's buffer and one row.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Read;
use std::rc::Rc;

#[derive(Debug, Default)]
struct Seen {
    /// Where each chunk starts, how many line ends precede it, and its bytes.
    chunks: VecDeque<(u64, u64, Vec<u8>)>,
    bytes: u64,
    ends: u64,
    /// Decided by the first line end, for a text without LF.
    by_cr: Option<bool>,
    /// The last byte was a CR: only the next byte tells whether it ends a line by itself.
    last_cr: bool,
    counted_cr: bool,
    /// Nothing before this position will be asked for.
    from: u64,
}

impl Seen {
    fn add(&mut self, bytes: &[u8]) {
        while self.chunks.front().is_some_and(|(start, _, held)| start + held.len() as u64 <= self.from) {
            self.chunks.pop_front();
        }
        self.ends += self.decide(bytes);
        self.chunks.push_back((self.bytes, self.ends, bytes.to_vec()));
        self.ends += self.count(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Looks at what ends the first line; returns how many line ends before these bytes were not counted because it
    /// was not known yet.
    fn decide(&mut self, bytes: &[u8]) -> u64 {
        let before = self.last_cr;
        for byte in bytes {
            if self.by_cr.is_some() {
                break;
            }
            match (self.last_cr, byte) {
                (_, b'\n') => self.by_cr = Some(false),
                (true, _) => self.by_cr = Some(true),
                _ => {}
            }
            self.last_cr = *byte == b'\r';
        }
        let late = before && self.by_cr == Some(true) && !self.counted_cr;
        self.counted_cr |= self.by_cr.is_some();
        u64::from(late)
    }

    fn count(&self, bytes: &[u8]) -> u64 {
        let end = if self.by_cr == Some(true) { b'\r' } else { b'\n' };
        bytes.iter().filter(|byte| **byte == end).count() as u64
    }
}

/// Line numbers of a text that is being read through [`Lines::reading`].
#[derive(Debug, Clone, Default)]
pub struct Lines(Rc<RefCell<Seen>>);

impl Lines {
    pub fn reading<R: Read>(&self, inner: R) -> impl Read + use<R> {
        Counted { inner, lines: self.clone() }
    }

    /// From now on only this position and what follows will be asked for.
    pub fn forget_before(&self, byte: u64) {
        self.0.borrow_mut().from = byte;
    }

    /// The line, counted from 1, where the row that starts at this byte begins. A reader may place it at the
    /// preceding line end, so line ends at that position are skipped.
    pub fn of(&self, byte: u64) -> u64 {
        let seen = self.0.borrow();
        let mut line = None;
        for (start, ends, held) in &seen.chunks {
            let skip = usize::try_from(byte.saturating_sub(*start)).unwrap_or(usize::MAX);
            let Some(rest) = held.get(skip..).filter(|_| byte < start + held.len() as u64) else { continue };
            let here = *line.get_or_insert_with(|| ends + seen.count(&held[..skip]));
            let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            line = Some(here + seen.count(&rest[..blank]));
            if blank < rest.len() {
                break;
            }
        }
        line.unwrap_or(seen.ends) + 1
    }
}

struct Counted<R> {
    inner: R,
    lines: Lines,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.lines.0.borrow_mut().add(&buffer[..n]);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of all rows, read in pieces of `piece` bytes.
    fn lines(text: &str, piece: usize) -> Vec<u64> {
        let lines = Lines::default();
        let source = lines.reading(text.as_bytes());
        let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(piece).from_reader(source);
        let (mut record, mut found) = (csv::ByteRecord::new(), Vec::new());
        reader.byte_headers().unwrap();
        loop {
            lines.forget_before(reader.position().byte());
            if !reader.read_byte_record(&mut record).unwrap() {
                return found;
            }
            found.push(lines.of(record.position().unwrap().byte()));
        }
    }

    #[test]
    fn lines_are_those_an_editor_shows_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,2", "3,4", "", "5,\"6", "more\"", "7,8", ""].join(end);
            for piece in [1, 2, 3, 7, 64, 4096] {
                assert_eq!(lines(&text, piece), [2, 3, 5, 7], "{end:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_stray_cr_in_a_field_ends_no_line() {
        assert_eq!(lines("a,b\r\n1,\"x\ry\"\r\n2,3\r\n", 4), [2, 3]);
    }
}
