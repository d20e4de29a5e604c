//! Words made safe for HTML: what `"`, `&`, `'`, `<` and `>` are written as.
//!
//! Called by every template (askama.toml). It must write the same bytes as askama's own escaper (a test compares them):
//! that one looks at one byte after another, which was a tenth of the work of a list.

use std::fmt::{self, Write};

/// Bytes looked at together.
const WORD: usize = size_of::<u64>();

/// The escaper of HTML.
#[derive(Clone, Copy)]
pub struct Html;

impl askama::filters::Escaper for Html {
    /// All five are ASCII, so `words` is never cut within a character.
    fn write_escaped_str<W: Write>(&self, mut to: W, words: &str) -> fmt::Result {
        let bytes = words.as_bytes();
        let mut from = 0;
        while let Some(at) = next_special(bytes, from) {
            to.write_str(&words[from..at])?;
            to.write_str(match bytes[at] {
                b'"' => "&#34;",
                b'&' => "&#38;",
                b'\'' => "&#39;",
                b'<' => "&#60;",
                _ => "&#62;",
            })?;
            from = at + 1;
        }
        to.write_str(&words[from..])
    }
}

/// Words made safe once, for what a page writes many times: templates take it as it is (`|safe`).
pub fn escaped(words: &str) -> String {
    let mut safe = String::with_capacity(words.len() + 32);
    // A text that grows takes everything.
    let _ = askama::filters::Escaper::write_escaped_str(&Html, &mut safe, words);
    safe
}

/// Where the first special byte is, from `from` on.
#[inline]
fn next_special(bytes: &[u8], from: usize) -> Option<usize> {
    let (whole, rest) = bytes[from..].as_chunks::<WORD>();
    for (i, word) in whole.iter().enumerate() {
        let found = marks(u64::from_le_bytes(*word));
        if found != 0 {
            return Some(from + i * WORD + found.trailing_zeros() as usize / 8);
        }
    }
    let at = match bytes.last_chunk() {
        _ if rest.is_empty() => None,
        // The last word, without what was looked at before: zeros, which are not special, come in from above.
        Some(last) => {
            let found = marks(u64::from_le_bytes(*last) >> (8 * (WORD - rest.len())));
            (found != 0).then(|| found.trailing_zeros() as usize / 8)
        }
        None => rest.iter().position(|byte| matches!(byte, b'"' | b'&' | b'\'' | b'<' | b'>')),
    };
    at.map(|at| bytes.len() - rest.len() + at)
}

/// A word whose lowest bit set lies in the first special byte; 0 if there is none. Bits above that one mean nothing.
///
/// `&` and `'` differ in one bit, as do `<` and `>`: with that bit set, three comparisons do for five bytes. Each looks for
/// a byte that is zero after XOR: subtracting one borrows into its highest bit.
fn marks(word: u64) -> u64 {
    let each = |byte: u8| u64::from_le_bytes([byte; WORD]);
    let zero = |word: u64| word.wrapping_sub(each(0x01)) & !word & each(0x80);
    zero(word ^ each(b'"')) | zero((word | each(0x01)) ^ each(b'\'')) | zero((word | each(0x02)) ^ each(b'>'))
}

#[cfg(test)]
mod tests {
    use askama::filters::{self, Escaper as _};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_bytes_are_those_of_askama(words in r#"([ -~]|["&'<>]|[áñ€🙂]){0,80}"#) {
            let mut ours = String::new();
            Html.write_escaped_str(&mut ours, &words).expect("strings take everything");
            let theirs = filters::escape(&words, filters::Html).expect("words").to_string();
            prop_assert_eq!(ours, theirs);
        }
    }
}
