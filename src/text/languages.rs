//! The list of languages. A further one is a row here and a folder of messages (docs/language.md).
//!
//! Called by `i18n`, which reads each row's folder. Nothing else in the program knows how many languages there are.

/// The first is spoken where an address names none.
pub const LANGUAGES: [Language; 2] = [
    Language { code: "en", name: "English", prefix: "", plurals: &["one", "other"], plural: one_or_other },
    Language { code: "es", name: "Español", prefix: "/es", plurals: &["one", "other"], plural: one_or_other },
];

#[derive(Clone, Copy)]
pub struct Language {
    /// Of `lang=""`, `hreflang`, `Content-Language`, and the name of its folder in `templates/messages`.
    pub code: &'static str,
    /// In itself, for the link to it.
    pub name: &'static str,
    /// What stands before each path: nothing, or `/es`.
    pub prefix: &'static str,
    /// The forms that a message with a number has, by CLDR's names: `x.one`, `x.other`.
    pub plurals: &'static [&'static str],
    /// Which of them a number takes.
    pub plural: fn(i64) -> &'static str,
}

/// English, and Spanish below a million.
fn one_or_other(n: i64) -> &'static str {
    if n == 1 { "one" } else { "other" }
}
