//! Words with addresses and phone numbers in them, in pieces: what can be tapped is a link.
//!
//! Called by templates that show sentences written elsewhere, such as a notice. The words themselves are not changed.

/// A piece of a sentence; `href` is empty where it is only words.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'w> {
    pub words: &'w str,
    pub href: String,
    /// Of a phone number: the sign that follows, which stays on its line.
    pub after: &'w str,
}

/// The sentence in pieces, which together are the sentence.
pub fn pieces(words: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut from = 0;
    for part in words.split_inclusive(' ') {
        let start = part.as_ptr() as usize - words.as_ptr() as usize;
        let bare = part.trim_end_matches([' ', '.', ',', ';', ':', ')']);
        let own = bare.trim_start_matches('(');
        let Some(href) = href(own) else { continue };
        let at = start + bare.len() - own.len();
        let end = at + own.len();
        let after = if href.starts_with("tel:") { words[end..start + part.len()].trim_end() } else { "" };
        out.push(Piece { words: &words[from..at], href: String::new(), after: "" });
        out.push(Piece { words: own, href, after });
        from = end + after.len();
    }
    out.push(Piece { words: &words[from..], href: String::new(), after: "" });
    out.retain(|piece| !piece.words.is_empty());
    out
}

fn href(word: &str) -> Option<String> {
    if word.starts_with("https://") {
        return Some(word.to_string());
    }
    // 1-800-318-2596: numbers are written this way in all of our data and messages.
    let groups: Vec<usize> = word.split('-').map(str::len).collect();
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    let is_phone = groups == [1, 3, 3, 4] && digits.len() == 11;
    is_phone.then(|| format!("tel:+{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_phones_are_links_and_the_sentence_stays() {
        let words = "Ask (https://www.healthcare.gov/x), 1-800-318-2596. Before 2026-11-27, $1-2.";
        let found = pieces(words);
        assert_eq!(found.iter().flat_map(|piece| [piece.words, piece.after]).collect::<String>(), words);
        assert_eq!(found.iter().map(|piece| piece.after).filter(|after| !after.is_empty()).collect::<Vec<_>>(), ["."]);
        let links: Vec<(&str, &str)> =
            found.iter().filter(|p| !p.href.is_empty()).map(|p| (p.words, p.href.as_str())).collect();
        let (site, phone) = ("https://www.healthcare.gov/x", "1-800-318-2596");
        assert_eq!(links, [(site, site), (phone, "tel:+18003182596")]);
        assert_eq!(pieces("ñ é 1-8OO-318-2596").len(), 1);
        assert_eq!(pieces(""), []);
    }
}
