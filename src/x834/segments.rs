//! A file's bytes as segments and elements: separators by the interchange header, limits, and where a fault is.
//!
//! Called by `envelope`. Everything is bounded before it is understood. A fault names segment, element and reason in words of
//! ours: it never repeats what the file holds, because that may be a person's.

use std::fmt;

/// Bytes of a file.
pub const MOST_BYTES: usize = 16 << 20;
/// Segments of a file.
pub const MOST_SEGMENTS: usize = 500_000;
/// Elements of a segment.
pub const MOST_ELEMENTS: usize = 40;
/// Characters of an element. The longest that we read, a communication number, has 256.
pub const MOST_CHARACTERS: usize = 512;

/// Bytes of the interchange header: every element has a fixed length.
const HEADER: usize = 106;
/// Lengths of its elements.
const LENGTHS: [usize; 16] = [2, 10, 2, 10, 2, 15, 2, 15, 6, 4, 1, 5, 9, 1, 1, 1];

/// Why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1 in the file; 0: all of it.
    pub segment: usize,
    /// Counted from 1 in its segment; 0: all of it.
    pub element: usize,
    pub reason: String,
}

impl Fault {
    pub fn whole(reason: impl Into<String>) -> Fault {
        Fault { segment: 0, element: 0, reason: reason.into() }
    }

    pub fn at(segment: usize, element: usize, reason: impl Into<String>) -> Fault {
        Fault { segment, element, reason: reason.into() }
    }
}

/// `segment 12, element 3: the reason`
impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.segment, self.element) {
            (0, _) => write!(out, "{}", self.reason),
            (segment, 0) => write!(out, "segment {segment}: {}", self.reason),
            (segment, element) => write!(out, "segment {segment}, element {element}: {}", self.reason),
        }
    }
}

/// What separates; given by the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    pub element: u8,
    pub part: u8,
    pub repeat: u8,
    pub segment: u8,
}

/// `INS*Y*18`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<'f> {
    /// Counted from 1 in the file.
    pub number: usize,
    /// `INS`
    pub id: &'f str,
    elements: Vec<&'f str>,
    /// All of it, without its terminator.
    pub text: &'f str,
}

impl<'f> Segment<'f> {
    /// An element, counted from 1; empty if it is not there.
    pub fn get(&self, element: usize) -> &'f str {
        element.checked_sub(1).and_then(|at| self.elements.get(at)).copied().unwrap_or_default()
    }

    pub fn fault(&self, element: usize, reason: impl Into<String>) -> Fault {
        Fault::at(self.number, element, reason)
    }

    /// An element that must be there.
    ///
    /// # Errors
    ///
    /// If it is empty.
    pub fn must(&self, element: usize) -> Result<&'f str, Fault> {
        match self.get(element) {
            "" => Err(self.fault(element, format!("{} lacks it", self.id))),
            text => Ok(text),
        }
    }

    /// A whole number without a sign.
    ///
    /// # Errors
    ///
    /// If it is none, or has more than nine digits.
    pub fn number_at(&self, element: usize) -> Result<u32, Fault> {
        let text = self.must(element)?;
        let digits = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { text.parse().ok() } else { None };
        number.ok_or_else(|| self.fault(element, "no number of at most nine digits"))
    }
}

/// All segments of a file, with what separates its elements.
#[derive(Debug)]
pub struct Segments<'f> {
    pub separators: Separators,
    pub all: Vec<Segment<'f>>,
}

/// Takes a file apart.
///
/// # Errors
///
/// The first fault of its form.
pub fn split(bytes: &[u8]) -> Result<Segments<'_>, Fault> {
    if bytes.is_empty() {
        return Err(Fault::whole("empty"));
    }
    if bytes.len() > MOST_BYTES {
        return Err(Fault::whole(format!("larger than {} MB", MOST_BYTES >> 20)));
    }
    let separators = header(bytes)?;
    let mut all = Vec::new();
    let mut rest = bytes;
    loop {
        // Lines are for whoever looks at it.
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ')).count();
        rest = &rest[blank..];
        if rest.is_empty() {
            break;
        }
        let number = all.len() + 1;
        if number > MOST_SEGMENTS {
            return Err(Fault::at(number, 0, format!("more than {MOST_SEGMENTS} segments")));
        }
        let Some(length) = rest.iter().position(|byte| *byte == separators.segment) else {
            return Err(Fault::at(number, 0, "cut off: it has no end"));
        };
        all.push(segment(&rest[..length], separators, number)?);
        rest = &rest[length + 1..];
    }
    Ok(Segments { separators, all })
}

/// The interchange header says what separates.
fn header(bytes: &[u8]) -> Result<Separators, Fault> {
    if !bytes.starts_with(b"ISA") {
        return Err(Fault::at(1, 0, "no interchange: it does not begin with ISA"));
    }
    if bytes.len() < HEADER {
        return Err(Fault::at(1, 0, "cut off in the interchange header"));
    }
    let element = bytes[3];
    let mut at = 3;
    for (n, length) in LENGTHS.iter().enumerate() {
        if bytes[at] != element {
            return Err(Fault::at(1, n, "the interchange header's elements have not the lengths that they must have"));
        }
        at += length + 1;
    }
    let separators = Separators { element, part: bytes[104], repeat: bytes[82], segment: bytes[105] };
    let all = [element, separators.part, separators.repeat, separators.segment];
    let odd = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b' ' || !byte.is_ascii();
    let line_end = matches!(separators.segment, b'\r' | b'\n');
    if all.iter().any(odd)
        || all[..3].iter().any(|byte| !byte.is_ascii_graphic())
        || !(separators.segment.is_ascii_graphic() || line_end)
    {
        return Err(Fault::at(1, 0, "a separator is a letter, a digit, a blank or no sign that may be one"));
    }
    if all.iter().enumerate().any(|(at, one)| all[..at].contains(one)) {
        return Err(Fault::at(1, 0, "two separators are the same"));
    }
    Ok(separators)
}

fn segment(bytes: &[u8], separators: Separators, number: usize) -> Result<Segment<'_>, Fault> {
    let mut elements: Vec<&str> = Vec::new();
    for (element, part) in bytes.split(|byte| *byte == separators.element).enumerate() {
        if element > MOST_ELEMENTS {
            return Err(Fault::at(number, element, format!("more than {MOST_ELEMENTS} elements")));
        }
        if part.len() > MOST_CHARACTERS {
            return Err(Fault::at(number, element, format!("longer than {MOST_CHARACTERS} characters")));
        }
        if !part.iter().all(|byte| matches!(byte, b' '..=b'~')) {
            let reason = if part.is_ascii() { "a control character" } else { "not ASCII" };
            return Err(Fault::at(number, element, reason));
        }
        elements.push(std::str::from_utf8(part).map_err(|_| Fault::at(number, element, "not ASCII"))?);
    }
    let id = elements.remove(0);
    let fits = (2..=3).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !fits {
        return Err(Fault::at(number, 0, "it has no name of two or three letters"));
    }
    // Of ASCII alone, as was seen above.
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::at(number, 0, "not ASCII"))?;
    Ok(Segment { number, id, elements, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "ISA*00*          *00*          *ZZ*12345          *ZZ*WINDOWSHOP     *261127*1200*^*00501*000000001*0*P*:~";

    fn fault(bytes: &[u8]) -> String {
        split(bytes).err().unwrap_or_else(|| panic!("taken: {}", String::from_utf8_lossy(bytes))).to_string()
    }

    #[test]
    fn separators_are_the_header_s_and_lines_do_not_count() {
        for (from, to) in
            [("~", "~\r\n"), ("~", "~\n"), ("~", "~ \n"), ("~", "\n"), ("~", "\r"), ("*", "|"), (":", ">")]
        {
            let file = format!("{HEAD}IEA*0*000000001~").replace(from, to);
            let found = split(file.as_bytes()).unwrap_or_else(|fault| panic!("{to:?}: {fault}"));
            assert_eq!(found.all.len(), 2, "{to:?}");
            assert_eq!((found.all[1].id, found.all[1].get(2), found.all[1].get(9)), ("IEA", "000000001", ""));
            assert_eq!(found.all[0].get(6).trim(), "12345");
        }
    }

    #[test]
    fn each_fault_has_its_place_and_reason() {
        let with = |rest: &str| [HEAD, rest].concat().into_bytes();
        assert_eq!(fault(b""), "empty");
        assert_eq!(fault(b"Dear Sir or Madam"), "segment 1: no interchange: it does not begin with ISA");
        assert_eq!(fault(&HEAD.as_bytes()[..90]), "segment 1: cut off in the interchange header");
        assert_eq!(fault(&with("GS*BE*")), "segment 2: cut off: it has no end");
        assert_eq!(fault(&with("GS*B\0E~")), "segment 2, element 1: a control character");
        assert_eq!(fault(&with("NM1*IL*1*B\r\nE~")), "segment 2, element 3: a control character");
        assert_eq!(fault(&with("NM1*IL*1*Núñez~")), "segment 2, element 3: not ASCII");
        assert_eq!(fault(&with("ins*Y~")), "segment 2: it has no name of two or three letters");
        assert_eq!(fault(&with("~")), "segment 2: it has no name of two or three letters");
        let long = with(&format!("N3*{}~", "A".repeat(1 << 20)));
        assert_eq!(fault(&long), "segment 2, element 1: longer than 512 characters");
        assert_eq!(fault(&with(&format!("N3{}~", "*A".repeat(41)))), "segment 2, element 41: more than 40 elements");
        assert_eq!(fault(&vec![b'I'; MOST_BYTES + 1]), "larger than 16 MB");
        assert_eq!(
            fault(&with(&"LX*1~".repeat(MOST_SEGMENTS))),
            format!("segment {}: more than {MOST_SEGMENTS} segments", MOST_SEGMENTS + 1)
        );
        for (from, to) in [("*^*", "*:*"), ("*:~", "*:*"), ("*^*", "*U*"), ("*:~", "* ~"), ("*:~", "*:\0")] {
            let file = HEAD.replace(from, to) + "IEA*0*000000001~";
            assert!(fault(file.as_bytes()).contains("separator"), "{to:?}");
        }
        let moved = HEAD.replace("WINDOWSHOP     *", "WINDOWSHOP      *");
        assert!(fault(moved.as_bytes()).contains("lengths"), "{}", fault(moved.as_bytes()));
    }
}
