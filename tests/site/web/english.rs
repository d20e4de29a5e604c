//! The words that docs/language.md tells us not to use stand nowhere in the repository.

use super::repository::texts;

/// Everything that people read or write here, by folder and ending. Files of others are not ours to correct.
const OURS: [(&str, &[&str]); 7] = [
    ("src", &[".rs"]),
    ("tests", &[".rs", ".mjs", ".md", "differences.csv", "run", "everything-down"]),
    ("templates", &[".html", ".toml"]),
    ("docs", &[".md", ".conf", ".vcl", ".yml", ".service", ".timer", "warm"]),
    ("data", &["README.md", ".csv"]),
    ("sql", &[".sql"]),
    ("assets", &[".css"]),
];
/// Files at the root.
const AT_THE_ROOT: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "Cargo.toml",
    "Dockerfile",
    "build.rs",
    "clippy.toml",
    "deny.toml",
    ".ci/run",
];
/// The page that lists the words, other languages, and what others published.
const NOT_OURS: [&str; 5] = ["docs/language.md", "templates/messages/es/", "data/sample/", "data/geo/", "tests/cases/"];

/// The section of docs/language.md: the words of its table, and the codes in its last paragraph, which may stay.
fn section() -> (Vec<String>, Vec<String>) {
    let page = std::fs::read_to_string("docs/language.md").expect("the page");
    let section = page.split("\n## ").find(|part| part.starts_with("Words we do not use")).expect("the section");
    let row = |line: &str| Some(line.strip_prefix("| ")?.split(" | ").next()?.to_string());
    let rows = section.lines().filter_map(row).skip(1);
    let words = rows.flat_map(|cell| cell.split(", ").map(str::to_string).collect::<Vec<_>>()).collect();
    let last = section.trim_end().rsplit("\n\n").next().expect("a paragraph");
    let codes = last.split('`').skip(1).step_by(2).map(str::to_string).collect();
    (words, codes)
}

/// The lines in which one of the words stands by itself, with the word.
fn found<'w>(text: &str, words: &'w [String], codes: &[String]) -> Vec<(usize, &'w str)> {
    let mut lines = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let mut line = line.to_lowercase();
        codes.iter().for_each(|code| line = line.replace(code.as_str(), ""));
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_ascii_alphabetic());
        let stands = |word: &&String| {
            line.match_indices(word.as_str())
                .any(|(at, _)| edge(line[..at].chars().next_back()) && edge(line[at + word.len()..].chars().next()))
        };
        lines.extend(words.iter().filter(stands).map(|word| (n + 1, word.as_str())));
    }
    lines
}

#[test]
fn words_that_the_page_rules_out_are_nowhere() {
    let (words, codes) = section();
    assert!(words.len() > 80, "the table is not read: {words:?}");
    let mut files: Vec<(String, String)> = OURS
        .iter()
        .flat_map(|(folder, ends)| ends.iter().flat_map(|end| texts(folder, end)))
        .filter(|(path, _)| !NOT_OURS.iter().any(|other| path.contains(other)))
        .collect();
    files.extend(AT_THE_ROOT.map(|path| (path.to_string(), std::fs::read_to_string(path).expect(path))));
    assert!(files.len() > 300, "only {} files are read", files.len());
    let said: Vec<String> = files
        .iter()
        .flat_map(|(path, text)| {
            found(text, &words, &codes).into_iter().map(move |(line, word)| format!("{path}:{line}: {word}"))
        })
        .collect();
    assert!(said.is_empty(), "docs/language.md has a plainer word for each of these:\n{}", said.join("\n"));
}

#[test]
fn a_word_is_found_by_itself_in_names_and_in_any_case() {
    let words = ["zounds".to_string(), "by my troth".to_string()];
    let text = "Zounds\nit_is_zounds()\nzoundser\nby my troth.\nold_zounds_code";
    let said = found(text, &words, &["old_zounds_code".to_string()]);
    assert_eq!(said, [(1, "zounds"), (2, "zounds"), (4, "by my troth")]);
}
