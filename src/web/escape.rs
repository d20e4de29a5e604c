//! Text made safe for HTML, as askama's own escaper writes it, in less than half the time.
//!
//! Called by every template (askama.toml names it). Half of a list page is text that comes through here, and askama looks
//! at one byte after another; sixteen bytes together are one step of the processor.

use std::fmt;

use askama::filters::Escaper;

/// Bytes looked at together.
const STEP: usize = 16;

#[derive(Debug, Clone, Copy, Default)]
pub struct Html;

impl Escaper for Html {
    fn write_escaped_str<W: fmt::Write>(&self, mut out: W, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = special(rest.as_bytes()) {
            // All five are one byte, so both cuts are between characters.
            let (plain, from) = rest.split_at(at);
            out.write_str(plain)?;
            out.write_str(match from.as_bytes()[0] {
                b'"' => "&#34;",
                b'&' => "&#38;",
                b'\'' => "&#39;",
                b'<' => "&#60;",
                _ => "&#62;",
            })?;
            rest = &from[1..];
        }
        out.write_str(rest)
    }
}

const fn is_special(byte: u8) -> bool {
    // Compared one by one and without `||`, so that the compiler can do it for many bytes at once.
    (byte == b'"') | (byte == b'&') | (byte == b'\'') | (byte == b'<') | (byte == b'>')
}

/// [`is_special`] of each byte, for where they are looked at one by one.
static SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_special(byte as u8);
        byte += 1;
    }
    table
};

/// Where the first byte stands that HTML reads as more than itself.
fn special(bytes: &[u8]) -> Option<usize> {
    // A fold and not `any`: a way out in the middle would have to look at one byte after another.
    let plain = |chunk: &&[u8; STEP]| chunk.iter().fold(0, |found, byte| found | u8::from(is_special(*byte))) == 0;
    let (chunks, _) = bytes.as_chunks::<STEP>();
    let from = chunks.iter().take_while(plain).count() * STEP;
    bytes[from..].iter().position(|byte| SPECIAL[usize::from(*byte)]).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_writes_what_askama_writes(text in "([ -~é\\n]|[&<>\"']|plain text of some length){0,60}") {
            let (mut ours, mut theirs) = (String::new(), String::new());
            Html.write_escaped_str(&mut ours, &text).expect("a string takes all");
            askama::filters::Html.write_escaped_str(&mut theirs, &text).expect("a string takes all");
            prop_assert_eq!(ours, theirs);
        }
    }
}
