//! Words made safe for HTML: what `"`, `&`, `'`, `<` and `>` are written as.
//!
//! Called by every template (askama.toml). It must write the same bytes as askama's own escaper (a test compares them):
//! that one looks at one byte after another, which was a tenth of the work of a list.

use std::fmt::{self, Write};

/// Looked at together: the compiler makes a few vector instructions of it.
const BLOCK: usize = 16;

/// The escaper of HTML.
#[derive(Clone, Copy)]
pub struct Html;

impl askama::filters::Escaper for Html {
    fn write_escaped_str<W: Write>(&self, mut to: W, words: &str) -> fmt::Result {
        let mut written = 0;
        let (blocks, rest) = words.as_bytes().as_chunks::<BLOCK>();
        for (i, block) in blocks.iter().enumerate() {
            if block.iter().fold(false, |found, byte| found | is_special(*byte)) {
                escape(&mut to, words, (i * BLOCK, block), &mut written)?;
            }
        }
        escape(&mut to, words, (words.len() - rest.len(), rest), &mut written)?;
        to.write_str(&words[written..])
    }
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'&' | b'\'' | b'<' | b'>')
}

/// Writes everything before each special byte of `part`, and the byte as its number. All five are ASCII, so `words` is
/// never cut within a character.
fn escape(to: &mut impl Write, words: &str, (start, part): (usize, &[u8]), written: &mut usize) -> fmt::Result {
    for (i, byte) in part.iter().enumerate() {
        let number = match byte {
            b'"' => "&#34;",
            b'&' => "&#38;",
            b'\'' => "&#39;",
            b'<' => "&#60;",
            b'>' => "&#62;",
            _ => continue,
        };
        to.write_str(&words[*written..start + i])?;
        to.write_str(number)?;
        *written = start + i + 1;
    }
    Ok(())
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
