//! The name of a file: as people may see it, and as a header may carry it.
//!
//! Called by uploads, which keep the cleaned name sealed, and by whatever sends a document. It must never let a name lead to
//! a folder, turn text around, or end with anything but its own kind.

use super::kinds::Kind;

/// Characters of a name that is kept.
const CHARS_MAX: usize = 80;

/// What browsers say of a file, as one line that can be shown: without folders, without signs that cannot be seen or that
/// turn text around, not too long. Empty if nothing is left.
pub fn cleaned(typed: &str) -> String {
    let last = typed.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = |c: char| !c.is_control() && !turns(c) && !matches!(c, '"' | '<' | '>' | ':' | '|' | '?' | '*');
    let words: String = last.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| seen(*c)).collect();
    let words = words.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let words = words.trim_start_matches('.');
    match words.chars().count() {
        0..=CHARS_MAX => words.to_string(),
        // The end tells what it is.
        chars => {
            let tail: String = words.chars().skip(chars - 12).collect();
            words.chars().take(CHARS_MAX - 13).chain(['…']).chain(tail.chars()).collect()
        }
    }
}

/// Signs of Unicode that reorder, join or hide text.
fn turns(c: char) -> bool {
    const SIGNS: [std::ops::RangeInclusive<char>; 8] = [
        '\u{ad}'..='\u{ad}',
        '\u{61c}'..='\u{61c}',
        '\u{200b}'..='\u{200f}',
        '\u{2028}'..='\u{202e}',
        '\u{2060}'..='\u{206f}',
        '\u{feff}'..='\u{feff}',
        '\u{fff9}'..='\u{fffb}',
        '\u{e0000}'..='\u{e007f}',
    ];
    SIGNS.iter().any(|signs| signs.contains(&c))
}

/// The name under which it is saved: what it was called, with the ending of what it is.
pub fn saved_as(name: &str, kind: Kind) -> String {
    let own = match kind {
        Kind::Jpeg => &["jpg", "jpeg", "jpe"][..],
        Kind::Pdf => &["pdf"],
        Kind::Png => &["png"],
        Kind::Heic => &["heic", "heif"],
    };
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if own.contains(&ending.to_ascii_lowercase().as_str()) => stem,
        _ => name,
    };
    let stem = if stem.is_empty() { "document" } else { stem };
    format!("{stem}.{}", kind.ending())
}

/// `attachment; filename="document.pdf"; filename*=UTF-8''n%C3%B3mina.pdf` (RFC 6266): always to be saved, never shown.
pub fn disposition(name: &str, kind: Kind) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let name: String = saved_as(name, kind)
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("attachment; filename=\"document.{}\"; filename*=UTF-8''{name}", kind.ending())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_without_folders_and_tricks() {
        for (typed, shown) in [
            ("nómina julio.pdf", "nómina julio.pdf"),
            ("C:\\Users\\ana\\pay stub.PDF", "pay stub.PDF"),
            ("../../etc/passwd", "passwd"),
            ("..", ""),
            (".htaccess", "htaccess"),
            ("a\r\nSet-Cookie x.pdf", "a Set-Cookie x.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("<b>\"x\"</b>.png", "b.png"),
            ("", ""),
        ] {
            assert_eq!(cleaned(typed), shown, "{typed:?}");
        }
        let long = cleaned(&format!("{}.heic", "ñ".repeat(300)));
        assert!(long.chars().count() == CHARS_MAX && long.ends_with(".heic"), "{long}");
    }

    #[test]
    fn a_document_is_saved_as_what_it_is() {
        assert_eq!(saved_as("photo.JPEG", Kind::Jpeg), "photo.jpg");
        assert_eq!(saved_as("evil.html", Kind::Pdf), "evil.html.pdf");
        assert_eq!(saved_as("", Kind::Png), "document.png");
        assert_eq!(
            disposition("nómina \"1\".pdf", Kind::Pdf),
            "attachment; filename=\"document.pdf\"; filename*=UTF-8''n%C3%B3mina%20%221%22.pdf"
        );
    }
}
