//! Every word a person reads, in every language: `templates/messages/<code>/*.toml`, embedded at build time.
//!
//! Called by `page::Cx`, and by rooms that build sentences. The language is always an argument, never a global, so
//! two requests cannot mix. Nothing here is HTML: templates escape the output.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use foldhash::fast::RandomState;

use super::embedded::MESSAGES;
use super::languages::{LANGUAGES, Language};
use crate::types::group_thousands;

/// A language of this site: its row and its position in the list.
#[derive(Clone, Copy)]
pub struct Lang {
    row: &'static Language,
    place: usize,
}

impl PartialEq for Lang {
    fn eq(&self, other: &Lang) -> bool {
        self.place == other.place
    }
}

impl Eq for Lang {}

impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row.code)
    }
}

impl Lang {
    fn list(rows: &'static [Language]) -> impl Iterator<Item = Lang> {
        rows.iter().enumerate().map(|(place, row)| Lang { row, place })
    }

    /// The code of `lang=""`, `hreflang` and `Content-Language`.
    pub fn code(self) -> &'static str {
        self.row.code
    }

    /// The language's own name for itself, for the link to it.
    pub fn own_name(self) -> &'static str {
        self.row.name
    }

    /// The prefix of each path in this language: empty, or `/es`.
    pub fn prefix(self) -> &'static str {
        self.row.prefix
    }

    /// A path and query of this site in this language: `/plans?…` → `/es/plans?…`.
    pub fn localized(self, path_and_query: &str) -> String {
        match path_and_query.strip_prefix('/') {
            // The home page is `/es`, not `/es/`.
            Some(rest) if !self.prefix().is_empty() && (rest.is_empty() || rest.starts_with(['?', '#'])) => {
                format!("{}{rest}", self.prefix())
            }
            _ => format!("{}{path_and_query}", self.prefix()),
        }
    }

    /// The rest of a path in this language: `/es/plans` → `/plans`. `/espanol` does not match.
    fn strip(self, path: &str) -> Option<&str> {
        match path.strip_prefix(self.prefix())? {
            "" => Some("/"),
            rest => rest.starts_with('/').then_some(rest),
        }
    }
}

/// A language's files: name and text.
pub type Files<'a> = &'a [(&'a str, &'a str)];

/// A message, and where its `{name}`s open and close.
struct Message {
    text: String,
    holes: Vec<(usize, usize)>,
}

impl Message {
    fn new(text: String) -> Message {
        let close = |open: usize| text[open..].find('}').map(|length| (open, open + length));
        let holes = text.match_indices('{').filter_map(|(open, _)| close(open)).collect();
        Message { text, holes }
    }
}

/// All messages of all languages by dotted key. Built once at startup. A page looks up about three hundred, so the
/// hash is a fast one; no outsider chooses the keys.
pub struct Messages {
    languages: Vec<(Lang, HashMap<String, Message, RandomState>)>,
    missed: Mutex<HashSet<String>>,
}

impl Messages {
    /// The messages in this binary. Reports all faults at once: unreadable files, duplicate keys, keys missing from a
    /// language, placeholders that differ, plurals without all their forms, a language without a folder or a folder
    /// without a language.
    pub fn load() -> Result<Messages, Vec<String>> {
        Messages::from_files(&LANGUAGES, MESSAGES)
    }

    /// `load` for other languages, with their files by code.
    pub fn from_files(rows: &'static [Language], folders: &[(&str, Files)]) -> Result<Messages, Vec<String>> {
        let mut faults = Vec::new();
        let unlisted = folders.iter().filter(|(code, _)| rows.iter().all(|row| row.code != *code));
        faults.extend(unlisted.map(|(code, _)| format!("{code}/: no language of the list has this code")));
        let read = |lang: Lang, faults: &mut Vec<String>| {
            let folder = folders.iter().find(|(code, _)| *code == lang.code());
            if folder.is_none() {
                faults.push(format!("{}/: the language has no folder of messages", lang.code()));
            }
            (lang, read_language(lang.code(), folder.map_or(&[], |(_, files)| files), faults))
        };
        let languages: Vec<_> = Lang::list(rows).map(|lang| read(lang, &mut faults)).collect();
        if let Some((first, others)) = languages.split_first() {
            let stems = plural_stems(&first.1);
            faults.extend(plural_faults(&stems, first));
            for other in others {
                faults.extend(plural_faults(&stems, other));
                compare(&stems, first, other, &mut faults);
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let plain =
            |entries: Entries| entries.into_iter().map(|(key, entry)| (key, Message::new(entry.text))).collect();
        let languages = languages.into_iter().map(|(lang, entries)| (lang, plain(entries))).collect();
        Ok(Messages { languages, missed: Mutex::default() })
    }

    /// All languages, in the order of the list.
    pub fn languages(&self) -> impl Iterator<Item = Lang> {
        self.languages.iter().map(|(lang, _)| *lang)
    }

    /// Splits a path into its language and the path that all languages share: `/es/plans` → (es, `/plans`).
    pub fn of_path<'p>(&self, path: &'p str) -> (Lang, &'p str) {
        let others = self.languages().filter(|lang| !lang.prefix().is_empty());
        let found = others.into_iter().find_map(|lang| Some((lang, lang.strip(path)?)));
        found.unwrap_or((Lang { row: self.languages[0].0.row, place: 0 }, path))
    }

    /// The language with this code.
    pub fn of_code(&self, code: &str) -> Option<Lang> {
        self.languages().find(|lang| lang.code() == code)
    }

    /// The message, if there is one.
    pub fn get(&self, lang: Lang, key: &str) -> Option<&str> {
        self.message(lang, key).map(|message| message.text.as_str())
    }

    fn message(&self, lang: Lang, key: &str) -> Option<&Message> {
        self.languages.get(lang.place)?.1.get(key)
    }

    /// The message. A missing one shows as "[…]" and is logged once, because a page with one odd word is better than
    /// no page. A test looks for missing keys, so this is a last resort.
    pub fn t(&self, lang: Lang, key: &str) -> &str {
        self.get(lang, key).unwrap_or_else(|| {
            let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
            if missed.insert(key.to_string()) {
                tracing::error!(key, "a message is missing: add it to templates/messages in every language");
            }
            "[…]"
        })
    }

    /// The message with each `{name}` replaced. Values are inserted as they are (templates escape the whole text); after one that
    /// ends with a period (`EE. UU.`) the message's own period is left out.
    pub fn tf(&self, lang: Lang, key: &str, values: &[(&str, &str)]) -> String {
        let Some(message) = self.message(lang, key) else { return self.t(lang, key).to_string() };
        let mut out = String::with_capacity(message.text.len() + 32);
        let mut from = 0;
        for (open, close) in &message.holes {
            let name = &message.text[open + 1..*close];
            if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
                out.push_str(&message.text[from..*open]);
                out.push_str(value);
                from = close + 1;
                if value.ends_with('.') && message.text[from..].starts_with('.') {
                    from += 1;
                }
            }
        }
        out.push_str(&message.text[from..]);
        out
    }

    /// `November 3, 2026`, `3 de noviembre de 2026`.
    pub fn date(&self, lang: Lang, date: time::Date) -> String {
        let month = self.t(lang, &format!("month.{}", u8::from(date.month())));
        let (day, year) = (date.day().to_string(), format!("{:04}", date.year()));
        self.tf(lang, "enroll.date", &[("month", month), ("day", &day), ("year", &year)])
    }

    /// "Ana, Ben and Cai": names, or other words, as one list. Spanish says "e" before the sound of i.
    pub fn list(&self, lang: Lang, items: &[String]) -> String {
        let Some((last, before)) = items.split_last() else { return String::new() };
        if before.is_empty() {
            return last.clone();
        }
        let key = if sounds_like_i(last) { "list.and_i" } else { "list.and" };
        self.tf(lang, key, &[("first", &before.join(", ")), ("last", last)])
    }

    /// `key.one`, `key.other` …, by the language's plural rule, with `{n}` grouped (`1,234`).
    pub fn n(&self, lang: Lang, key: &str, n: i64) -> String {
        let key = format!("{key}.{}", (lang.row.plural)(n));
        self.tf(lang, &key, &[("n", &group_thousands(n))])
    }

    /// Every key of the first language, sorted. For tests.
    pub fn keys(&self) -> BTreeSet<&str> {
        self.languages[0].1.keys().map(String::as_str).collect()
    }
}

struct Entry {
    /// `en/shop.toml`, for the text of the fault.
    file: String,
    text: String,
}

type Entries = BTreeMap<String, Entry>;

fn read_language(code: &str, files: Files, faults: &mut Vec<String>) -> Entries {
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
fn flatten(prefix: &str, table: &toml::Table, file: &str, entries: &mut Entries, faults: &mut Vec<String>) {
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

/// Keys that one language has and the other lacks, and placeholders that differ. Each language has its own plural
/// forms.
fn compare(stems: &BTreeSet<String>, first: &(Lang, Entries), other: &(Lang, Entries), faults: &mut Vec<String>) {
    let ((first, ours), (other, theirs)) = (first, other);
    for (key, entry) in ours.iter().filter(|(key, _)| stem_of(stems, key).is_none()) {
        let Some(their) = theirs.get(key) else {
            faults.push(format!("{}: `{key}` is not in {}: add it there", entry.file, other.code()));
            continue;
        };
        let (ours, theirs) = (placeholders(&entry.text), placeholders(&their.text));
        if ours != theirs {
            let code = first.code();
            faults.push(format!("{}: `{key}` has placeholders {theirs:?}, {code} has {ours:?}", their.file));
        }
    }
    for (key, entry) in theirs {
        let ours = ours.get(&stem_of(stems, key).map_or(key.clone(), |stem| format!("{stem}.other")));
        match ours {
            None => faults.push(format!("{}: `{key}` is not in {}: add it there", entry.file, first.code())),
            // The form for one or two may spell the number out.
            Some(ours) if stem_of(stems, key).is_some() => {
                let (ours, theirs) = (placeholders(&ours.text), placeholders(&entry.text));
                if !theirs.is_subset(&ours) || !ours.iter().all(|name| *name == "n" || theirs.contains(name)) {
                    faults.push(format!("{}: `{key}` has placeholders {theirs:?}, not {ours:?}", entry.file));
                }
            }
            Some(_) => {}
        }
    }
}

/// Messages with a number: `plans.found` for `plans.found.one`.
fn plural_stems(entries: &Entries) -> BTreeSet<String> {
    entries.keys().filter_map(|key| key.strip_suffix(".one")).map(str::to_string).collect()
}

/// The message with a number that this key is a form of.
fn stem_of<'k>(stems: &BTreeSet<String>, key: &'k str) -> Option<&'k str> {
    let (stem, form) = key.rsplit_once('.')?;
    (matches!(form, "zero" | "one" | "two" | "few" | "many" | "other") && stems.contains(stem)).then_some(stem)
}

/// Every message with a number must have all the forms of its language.
fn plural_faults(stems: &BTreeSet<String>, (lang, entries): &(Lang, Entries)) -> Vec<String> {
    let forms = stems.iter().flat_map(|stem| lang.row.plurals.iter().map(move |form| format!("{stem}.{form}")));
    forms
        .filter(|key| !entries.contains_key(key))
        .map(|key| format!("{}/: `{key}` is missing: a plural needs all its forms", lang.code()))
        .collect()
}

/// `Isabel`, `Hilda`; not `Hiedra`, `Ian`.
fn sounds_like_i(word: &str) -> bool {
    let letters: String = word.chars().take(3).flat_map(char::to_lowercase).collect();
    let letters = letters.strip_prefix('h').unwrap_or(&letters);
    let begins = |start: &str| letters.starts_with(start);
    (begins("i") || begins("í")) && !["ia", "ie", "io", "iu"].iter().any(|start| begins(start))
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
    fn the_shipped_messages_are_whole_in_every_language() {
        if let Err(faults) = Messages::load() {
            panic!("{}", faults.join("\n"));
        }
    }

    #[test]
    fn names_are_one_list_in_each_language() {
        let messages = Messages::load().unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
        let words = |code: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            messages.list(messages.of_code(code).expect("a language"), &names)
        };
        assert_eq!(words("en", &["Ana Li", "Bo Li", "Isa"]), "Ana Li, Bo Li and Isa");
        assert_eq!(words("es", &["Ana", "Bo"]), "Ana y Bo");
        assert_eq!(
            (words("es", &["Ana", "Isa"]), words("es", &["Ana", "Hilda"])),
            ("Ana e Isa".into(), "Ana e Hilda".into())
        );
        assert_eq!((words("es", &["Ana", "Ian"]), words("en", &["Ana"])), ("Ana y Ian".into(), "Ana".into()));
    }

    #[test]
    fn a_value_that_ends_with_a_period_ends_the_sentence() {
        let messages = Messages::load().unwrap_or_else(|faults| panic!("{}", faults.join("\n")));
        let spanish = messages.languages().find(|lang| lang.code() == "es").expect("Spanish");
        let subject = messages.t(spanish, "verify.subject.citizenship");
        let values = [("name", "Ana"), ("subject", subject), ("date", "2 de marzo")];
        let words = messages.tf(spanish, "verify.page.need_by", &values);
        assert_eq!(words, "Ana: ciudadanía de EE. UU. Envíe la prueba a más tardar el 2 de marzo.");
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let en = [
            ("a.toml", "one = 'x {n}'\nonly_en = 'x'\nempty = ' '\nnumber = 3"),
            ("b.toml", "one = 'y'"),
            ("c.toml", "= bad"),
        ];
        let es = [("a.toml", "one = 'x {m}'\n[only]\nes = 'x'")];
        let faults = |folders: &[(&str, Files)]| Messages::from_files(&LANGUAGES, folders).err().unwrap().join("\n");
        let told = faults(&[("en", &en), ("es", &es)]);
        for word in
            ["`only_en`", "`only.es`", "`empty` is empty", "`number`", "also in en/a.toml", "en/c.toml", "{\"m\"}"]
        {
            assert!(told.contains(word), "{word} not in\n{told}");
        }
        let halved = [("a.toml", "[few]\none = 'x'")];
        let told = faults(&[("en", &halved), ("xx", &halved)]);
        for word in ["en/: `few.other`", "xx/: no language", "es/: the language has no folder"] {
            assert!(told.contains(word), "{word} not in\n{told}");
        }
        let counted = [("a.toml", "[few]\none = 'x {a}'\nother = '{n} {a}'")];
        let odd = [("a.toml", "[few]\none = 'x'\nother = '{n} {a}'\nmany = '{m}'")];
        let told = faults(&[("en", &counted), ("es", &odd)]);
        assert!(told.contains("`few.one` has") && told.contains("`few.many` has"), "{told}");
    }

    #[test]
    fn placeholders_and_plurals_are_filled() {
        let en = [("a.toml", "hello = 'Hi {name}, {odd} {name}{'\n[plans]\none = 'one plan'\nother = '{n} plans'")];
        let m = Messages::from_files(&LANGUAGES, &[("en", &en), ("es", &en)]).ok().unwrap();
        let (en, es) = (m.of_code("en").unwrap(), m.of_code("es").unwrap());
        assert_eq!(m.tf(es, "hello", &[("name", "{odd}")]), "Hi {odd}, {odd} {odd}{");
        assert_eq!(m.n(en, "plans", 1), "one plan");
        assert_eq!(m.n(en, "plans", 1234), "1,234 plans");
        assert_eq!(m.t(en, "[…]"), "[…]");
    }

    #[test]
    fn the_language_is_read_from_the_path_and_written_into_it() {
        let messages = Messages::load().ok().unwrap();
        let of = |path| {
            let (lang, rest) = messages.of_path(path);
            (lang.code(), rest)
        };
        assert_eq!(of("/es"), ("es", "/"));
        assert_eq!(of("/es/plans"), ("es", "/plans"));
        assert_eq!(of("/espanol"), ("en", "/espanol"));
        assert_eq!(of("/"), ("en", "/"));
        let (en, es) = (messages.of_code("en").unwrap(), messages.of_code("es").unwrap());
        assert_eq!(es.localized("/"), "/es");
        assert_eq!(es.localized("/?zip=45202"), "/es?zip=45202");
        assert_eq!(es.localized("/plans?zip=45202#list"), "/es/plans?zip=45202#list");
        assert_eq!(en.localized("/plans"), "/plans");
        assert_eq!(en.localized("/"), "/");
    }
}
