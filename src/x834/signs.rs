//! The signs that a file may hold, and how a person's words come to them.
//!
//! Called by `write`. The rule, in order: a letter with a mark loses the mark (`ñ` is `n`), letters of Latin script that have
//! no parts have a stated spelling (`ß` is `ss`); typographic apostrophes, quotes and dashes become plain ones; a separator of
//! the file becomes a blank, and any white space, too; a sign that is no letter and not of X12's extended set is left out.
//! A letter that has no spelling here makes the word unwritable: nobody guesses how a name is pronounced. What a person
//! typed stays as it is wherever we keep it.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Between elements, parts of an element, repetitions, segments.
pub const ELEMENT: char = '*';
pub const PART: char = ':';
pub const REPEAT: char = '^';
pub const SEGMENT: char = '~';

/// Signs of the extended set besides letters, digits and the blank (X12.6, 005010), without our separators.
const EXTENDED: &str = "!\"&'()+,-./;?=%@[]_{}\\|<>`#$";

/// Whether a sign may stand in an element of a file that we write.
pub fn fits(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || sign == ' ' || EXTENDED.contains(sign)
}

/// A letter or sign whose parts do not lead to ASCII.
fn spelled(sign: char) -> Option<&'static str> {
    Some(match sign {
        'ß' => "ss",
        'ẞ' => "SS",
        'Æ' | 'Ǽ' => "AE",
        'æ' | 'ǽ' => "ae",
        'Œ' => "OE",
        'œ' => "oe",
        'Ø' => "O",
        'ø' => "o",
        'Đ' | 'Ð' | 'Ɖ' => "D",
        'đ' | 'ð' | 'ɖ' => "d",
        'Ł' => "L",
        'ł' => "l",
        'Þ' => "Th",
        'þ' => "th",
        'Ħ' => "H",
        'ħ' => "h",
        'ı' => "i",
        'Ŋ' => "Ng",
        'ŋ' => "ng",
        'ĸ' => "k",
        'Ŧ' => "T",
        'ŧ' => "t",
        'Ƶ' => "Z",
        'ƶ' => "z",
        // Turned comma, glottal stop, modifier apostrophes: of Hawaiian, Navajo and others.
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{02bb}' | '\u{02bc}' | '\u{02bd}' | '\u{02be}' | '\u{02bf}'
        | '\u{00b4}' | '\u{2032}' => "'",
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{00ab}' | '\u{00bb}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{2044}' => "/",
        _ => return None,
    })
}

/// A person's words as a file has them; `None`: a letter has no spelling here. Empty words stay empty.
pub fn plain(words: &str) -> Option<String> {
    let mut out = String::with_capacity(words.len());
    let mut put = |text: &str| {
        for sign in text.chars() {
            match sign {
                ELEMENT | PART | REPEAT | SEGMENT => out.push(' '),
                sign if sign.is_whitespace() => out.push(' '),
                sign if fits(sign) => out.push(sign),
                _ => {}
            }
        }
    };
    for sign in words.chars() {
        if let Some(text) = spelled(sign) {
            put(text);
            continue;
        }
        for part in std::iter::once(sign).nfkd() {
            match spelled(part) {
                Some(text) => put(text),
                None if part.is_ascii() => put(part.encode_utf8(&mut [0; 4])),
                None if part.is_whitespace() => put(" "),
                // The mark of a letter whose base has been written.
                None if is_combining_mark(part) => {}
                None if part.is_alphabetic() || part.is_numeric() => return None,
                None => {}
            }
        }
    }
    Some(out.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
}

/// [`plain`], cut to the most that an element holds.
pub fn plain_within(words: &str, most: usize) -> Option<String> {
    let whole = plain(words)?;
    Some(whole.get(..most).map_or(whole.as_str(), str::trim_end).to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_many_tongues() {
        for (words, file) in [
            ("Núñez", Some("Nunez")),
            ("Nu\u{301}n\u{303}ez", Some("Nunez")),
            ("O’Brien", Some("O'Brien")),
            ("Kealiʻi", Some("Keali'i")),
            ("D'Angelo-Smith Jr.", Some("D'Angelo-Smith Jr.")),
            ("Strauß", Some("Strauss")),
            ("Søren Łukasz", Some("Soren Lukasz")),
            ("Đặng", Some("Dang")),
            ("İpek Işık", Some("Ipek Isik")),
            ("Łódź – Æsir", Some("Lodz - AEsir")),
            ("Ｆｕｌｌ", Some("Full")),
            ("  two \u{a0}\t blanks\n", Some("two blanks")),
            ("Apt: 3*4~5^6", Some("Apt 3 4 5 6")),
            ("Unit №7 ½ 🏠°", Some("Unit No7 1/2")),
            ("a\u{0}b\u{7f}c\u{1b}d", Some("abcd")),
            ("Влад", None),
            ("李", None),
            ("عمر", None),
            ("", Some("")),
            ("***", Some("")),
            ("🏠", Some("")),
        ] {
            assert_eq!(plain(words).as_deref(), file, "{words:?}");
        }
        assert_eq!(plain_within("Wolfeschlegelstein hausen", 19).as_deref(), Some("Wolfeschlegelstein"));
    }

    proptest! {
        #[test]
        fn nothing_that_somebody_types_is_a_separator(words in "\\PC{0,80}|[*:~^\r\n\0a-zñ ]{0,80}") {
            if let Some(file) = plain(&words) {
                prop_assert!(file.chars().all(fits), "{file:?}");
                prop_assert_eq!(plain(&file), Some(file.clone()));
                prop_assert!(!file.starts_with(' ') && !file.ends_with(' ') && !file.contains("  "));
            }
        }
    }
}
