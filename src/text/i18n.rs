//! Every word a person reads, in both languages: `templates/messages/{en,es}/*.toml`, embedded at build time.
//!
//! Called by `page::Cx` (and by rooms that make words, e.g. the query's sentence). The language is always an argument,
//! never a global, so that two requests cannot mix. Nothing here is HTML: templates escape what comes out.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use foldhash::fast::RandomState;

use super::embedded::{MESSAGES_EN, MESSAGES_ES};
use crate::types::group_thousands;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lang {
    En,
    Es,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::En, Lang::Es];

    /// The code of `lang=""`, `hreflang` and `Content-Language`.
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Es => "es",
        }
    }

    /// The language's name in itself, for the link to it.
    pub fn own_name(self) -> &'static str {
        match self {
            Lang::En => "English",
            Lang::Es => "Español",
        }
    }

    /// What stands before each path in this language: nothing or `/es`.
    pub fn prefix(self) -> &'static str {
        match self {
            Lang::En => "",
            Lang::Es => "/es",
        }
    }

    pub fn other(self) -> Lang {
        match self {
            Lang::En => Lang::Es,
            Lang::Es => Lang::En,
        }
    }

    /// Splits a path into its language and the path that both languages share: `/es/plans` → (Es, `/plans`).
    /// `/espanol` is no language prefix.
    pub fn of_path(path: &str) -> (Lang, &str) {
        match path.strip_prefix("/es") {
            Some("") => (Lang::Es, "/"),
            Some(rest) if rest.starts_with('/') => (Lang::Es, rest),
            _ => (Lang::En, path),
        }
    }
}

/// All messages of both languages by dotted key. Made once at start. A page asks for some three hundred, so they are
/// hashed fast; nobody outside chooses the keys.
pub struct Messages {
    en: HashMap<String, String, RandomState>,
    es: HashMap<String, String, RandomState>,
    missed: Mutex<HashSet<String>>,
}

impl Messages {
    /// The messages in this binary. All faults at once: unreadable files, doubled keys, keys of one language only,
    /// placeholders that differ, plurals without their other half.
    pub fn load() -> Result<Messages, Vec<String>> {
        Messages::from_files(MESSAGES_EN, MESSAGES_ES)
    }

    /// `load` over files given as (name, text).
    pub fn from_files(en: &[(&str, &str)], es: &[(&str, &str)]) -> Result<Messages, Vec<String>> {
        let mut faults = Vec::new();
        let en = read_language("en", en, &mut faults);
        let es = read_language("es", es, &mut faults);
        compare(&en, &es, &mut faults);
        compare(&es, &en, &mut faults);
        faults.extend(plural_faults(&en));
        if !faults.is_empty() {
            return Err(faults);
        }
        let plain = |m: BTreeMap<String, Entry>| m.into_iter().map(|(k, e)| (k, e.text)).collect();
        Ok(Messages { en: plain(en), es: plain(es), missed: Mutex::default() })
    }

    /// The message, if there is one.
    pub fn get(&self, lang: Lang, key: &str) -> Option<&str> {
        match lang {
            Lang::En => self.en.get(key),
            Lang::Es => self.es.get(key),
        }
        .map(String::as_str)
    }

    /// The message; a missing one shows as "[…]" and is logged once, because a page with one odd word is better than
    /// no page. A test looks for missing keys, so this is a last resort.
    pub fn t(&self, lang: Lang, key: &str) -> &str {
        self.get(lang, key).unwrap_or_else(|| {
            let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
            if missed.insert(key.to_string()) {
                tracing::error!(key, "a message is missing: add it to templates/messages in both languages");
            }
            "[…]"
        })
    }

    /// The message with each `{name}` replaced. Values are put in as they are (templates escape the whole).
    pub fn tf(&self, lang: Lang, key: &str, values: &[(&str, &str)]) -> String {
        let message = self.t(lang, key);
        let mut out = String::with_capacity(message.len() + 32);
        let mut rest = message;
        while let Some(open) = rest.find('{') {
            let after = &rest[open + 1..];
            let found = after.find('}').and_then(|close| {
                values.iter().find(|(name, _)| *name == &after[..close]).map(|(_, value)| (close, value))
            });
            match found {
                Some((close, value)) => {
                    out.push_str(&rest[..open]);
                    out.push_str(value);
                    rest = &after[close + 1..];
                }
                None => {
                    out.push_str(&rest[..=open]);
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    /// `key.one` for 1, else `key.other`, with `{n}` grouped (`1,234`): both our languages count so.
    pub fn n(&self, lang: Lang, key: &str, n: i64) -> String {
        let key = format!("{key}.{}", if n == 1 { "one" } else { "other" });
        self.tf(lang, &key, &[("n", &group_thousands(n))])
    }

    /// Every key, sorted. For tests.
    pub fn keys(&self) -> BTreeSet<&str> {
        self.en.keys().map(String::as_str).collect()
    }
}

struct Entry {
    /// `en/shop.toml`, for the fault's words.
    file: String,
    text: String,
}

fn read_language(code: &str, files: &[(&str, &str)], faults: &mut Vec<String>) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".toml")) {
        let file = format!("{code}/{name}");
        match text.parse::<toml::Table>() {
            Ok(table) => flatten("", &table, &file, &mut entries, faults),
            Err(error) => faults.push(format!("{file}: not readable as TOML: {}", error.to_string().trim_end())),
        }
    }
    entries
}

/// Nested tables become dotted keys: `[error.404] title = "…"` is `error.404.title`.
fn flatten(
    prefix: &str,
    table: &toml::Table,
    file: &str,
    entries: &mut BTreeMap<String, Entry>,
    faults: &mut Vec<String>,
) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, file, entries, faults),
            toml::Value::String(text) if text.trim().is_empty() => {
                faults.push(format!("{file}: `{key}` is empty: write its text"));
            }
            toml::Value::String(text) => {
                if let Some(first) = entries.get(&key) {
                    faults.push(format!("{file}: `{key}` is also in {}: keep one", first.file));
                } else {
                    entries.insert(key, Entry { file: file.to_string(), text: text.trim().to_string() });
                }
            }
            _ => faults.push(format!("{file}: `{key}` is not a text: put it in quotes")),
        }
    }
}

/// What `a` has and `b` lacks, and (once, from the English side) placeholders that differ.
fn compare(a: &BTreeMap<String, Entry>, b: &BTreeMap<String, Entry>, faults: &mut Vec<String>) {
    for (key, entry) in a {
        match b.get(key) {
            None => faults.push(format!("{}: `{key}` is not in the other language: add it there", entry.file)),
            Some(other) if entry.file.starts_with("en/") => {
                let (ours, theirs) = (placeholders(&entry.text), placeholders(&other.text));
                // A singular may say "one" instead of {n}.
                if ours != theirs && !key.ends_with(".one") {
                    faults.push(format!("{}: `{key}` has placeholders {theirs:?}, English has {ours:?}", other.file));
                }
            }
            Some(_) => {}
        }
    }
}

fn plural_faults(entries: &BTreeMap<String, Entry>) -> Vec<String> {
    let halves = entries.keys().filter_map(|key| key.strip_suffix(".one"));
    halves
        .filter(|stem| !entries.contains_key(&format!("{stem}.other")))
        .map(|stem| format!("`{stem}.one` has no `{stem}.other`: a plural needs both"))
        .collect()
}

/// The names in braces: `{n}` and `{max_cost}`, not `{ }`.
pub fn placeholders(text: &str) -> BTreeSet<&str> {
    let named = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).filter(|n| named(n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_messages_are_whole_in_both_languages() {
        if let Err(faults) = Messages::load() {
            panic!("{}", faults.join("\n"));
        }
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let en = [
            ("a.toml", "one = 'x {n}'\nonly_en = 'x'\nempty = ' '\nnumber = 3"),
            ("b.toml", "one = 'y'"),
            ("c.toml", "= bad"),
        ];
        let es = [("a.toml", "one = 'x {m}'\n[only]\nes = 'x'\n[few]\none = 'x'")];
        let faults = Messages::from_files(&en, &es).err().unwrap().join("\n");
        for word in
            ["`only_en`", "`only.es`", "`empty` is empty", "`number`", "also in en/a.toml", "en/c.toml", "{\"m\"}"]
        {
            assert!(faults.contains(word), "{word} not in\n{faults}");
        }
        let halved = [("a.toml", "[few]\none = 'x'")];
        assert!(Messages::from_files(&halved, &halved).err().unwrap()[0].contains("few.other"));
    }

    #[test]
    fn placeholders_and_plurals_are_filled() {
        let en = [("a.toml", "hello = 'Hi {name}, {odd} {name}{'\n[plans]\none = 'one plan'\nother = '{n} plans'")];
        let m = Messages::from_files(&en, &en).ok().unwrap();
        assert_eq!(m.tf(Lang::Es, "hello", &[("name", "{odd}")]), "Hi {odd}, {odd} {odd}{");
        assert_eq!(m.n(Lang::En, "plans", 1), "one plan");
        assert_eq!(m.n(Lang::En, "plans", 1234), "1,234 plans");
        assert_eq!(m.t(Lang::En, "[…]"), "[…]");
    }

    #[test]
    fn the_language_is_read_from_the_path() {
        assert_eq!(Lang::of_path("/es"), (Lang::Es, "/"));
        assert_eq!(Lang::of_path("/es/plans"), (Lang::Es, "/plans"));
        assert_eq!(Lang::of_path("/espanol"), (Lang::En, "/espanol"));
        assert_eq!(Lang::of_path("/"), (Lang::En, "/"));
    }
}
