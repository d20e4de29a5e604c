//! The list of languages. To add one: a row here and a folder of messages (docs/language.md).
//!
//! Called by `i18n`, which reads each row's folder. No other code may know how many languages there are.

/// The first is used when an address names none.
pub const LANGUAGES: [Language; 2] = [
    Language { code: "en", name: "English", prefix: "", plurals: &["one", "other"], plural: one_or_other },
    Language { code: "es", name: "Español", prefix: "/es", plurals: &["one", "other"], plural: one_or_other },
];

#[derive(Clone, Copy)]
pub struct Language {
    /// For `lang=""`, `hreflang`, `Content-Language`, and the name of its folder in `templates/messages`.
    pub code: &'static str,
    /// In the language itself, for the link to it.
    pub name: &'static str,
    /// Path prefix: empty, or `/es`.
    pub prefix: &'static str,
    /// The forms of a message with a number, by CLDR's names: `x.one`, `x.other`.
    pub plurals: &'static [&'static str],
    /// Which form a number takes.
    pub plural: fn(i64) -> &'static str,
}

/// English, and Spanish below a million.
fn one_or_other(n: i64) -> &'static str {
    if n == 1 { "one" } else { "other" }
}
