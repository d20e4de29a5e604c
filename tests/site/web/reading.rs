//! A smoke alarm: no page is harder to read than a twelve-year-old can bear, in either language.
//!
//! English by the grade of Flesch and Kincaid, Spanish by the scale of Szigriszt (INFLESZ). Counted are the sentences
//! that we write: names, numbers and what insurers filed (marked with its language) are left out, and so are tables,
//! labels of fewer than four words and the items of lists as short. A good score proves nothing; a bad one names the
//! sentences to look at (docs/language.md).

use scraper::{ElementRef, Node};

use super::languages::PAGES;
use crate::site::Site;
use crate::site::page::{INLINE, Page};

/// The grade that no page may exceed.
const HARDEST_GRADE: f64 = 6.0;
/// "Fairly easy" on the scale begins here.
const LOWEST_EASE: f64 = 65.0;
/// Fewer words are a label.
const SENTENCE: usize = 4;
/// Fewer words on a page say nothing about it.
const ENOUGH: usize = 60;

/// The words of a page as its blocks stand, one a line.
fn blocks(element: ElementRef, all: &mut String) {
    for child in element.children() {
        match child.value() {
            Node::Text(text) => all.push_str(&text.split('\n').collect::<Vec<_>>().join(" ")),
            Node::Element(_) => {
                let child = ElementRef::wrap(child).expect("an element");
                let name = child.value().name();
                let not_ours =
                    child.attr("lang").is_some() || matches!(name, "script" | "style" | "svg" | "option" | "table");
                let edge = if INLINE.contains(&name) { ' ' } else { '\n' };
                all.push(edge);
                if !not_ours {
                    blocks(child, all);
                }
                all.push(edge);
            }
            _ => {}
        }
    }
}

/// The sentences of a text, each as its words without names and numbers.
fn sentences(text: &str) -> Vec<Vec<String>> {
    let parts = text
        .lines()
        .flat_map(|line| line.split(". ").flat_map(|part| part.split("; ")).flat_map(|part| part.split(['?', '!'])));
    let words = |part: &str| -> Vec<String> {
        let all: Vec<&str> = part.split_whitespace().collect();
        let counts = |(place, word): (usize, &&str)| {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            let name = place > 0 && word.starts_with(char::is_uppercase);
            let plain = !word.is_empty() && word.chars().all(|c| c.is_alphabetic() || "'’-".contains(c));
            (plain && !name).then(|| word.to_lowercase())
        };
        if all.len() < SENTENCE { Vec::new() } else { all.iter().enumerate().filter_map(counts).collect() }
    };
    parts.map(words).filter(|words| !words.is_empty()).collect()
}

/// Groups of vowels, less the silent e at the end.
fn english_syllables(word: &str) -> usize {
    let is_vowel = |c: char| "aeiouy".contains(c);
    let letters: Vec<char> = word.chars().filter(char::is_ascii_lowercase).collect();
    let starts = (0..letters.len()).filter(|&i| is_vowel(letters[i]) && (i == 0 || !is_vowel(letters[i - 1]))).count();
    let silent = letters.len() > 3
        && (letters.ends_with(&['e']) && !letters.ends_with(&['l', 'e'])
            || letters.ends_with(&['e', 'd']) && !matches!(letters[letters.len() - 3], 't' | 'd'));
    starts.saturating_sub(usize::from(silent)).max(1)
}

/// Each strong or accented vowel is a syllable; a weak one joins the vowel beside it.
fn spanish_syllables(word: &str) -> usize {
    let letters: Vec<char> = word.chars().collect();
    let strong = |i: usize| letters.get(i).is_some_and(|c| "aeoáéóíú".contains(*c));
    let weak = |i: usize| letters.get(i).is_some_and(|c| "iuü".contains(*c));
    let alone = |i: usize| weak(i) && !strong(i + 1) && !weak(i + 1) && (i == 0 || !strong(i - 1));
    (0..letters.len()).filter(|&i| strong(i) || alone(i)).count().max(1)
}

/// Words per sentence and syllables per word.
fn averages(sentences: &[Vec<String>], syllables: fn(&str) -> usize) -> (f64, f64) {
    let words: usize = sentences.iter().map(Vec::len).sum();
    let spoken: usize = sentences.iter().flatten().map(|word| syllables(word)).sum();
    (words as f64 / sentences.len() as f64, spoken as f64 / words as f64)
}

fn english_grade(sentences: &[Vec<String>]) -> f64 {
    let (length, spoken) = averages(sentences, english_syllables);
    0.39 * length + 11.8 * spoken - 15.59
}

fn spanish_ease(sentences: &[Vec<String>]) -> f64 {
    let (length, spoken) = averages(sentences, spanish_syllables);
    206.835 - 62.3 * spoken - length
}

/// The three sentences that a writer should look at first.
fn worst(sentences: &[Vec<String>], hardness: impl Fn(&[Vec<String>]) -> f64) -> String {
    let mut all: Vec<(f64, String)> =
        sentences.iter().map(|words| (hardness(std::slice::from_ref(words)), words.join(" "))).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.dedup();
    all.into_iter().take(3).map(|(_, words)| format!("\n    {words}")).collect()
}

/// The sentences of a page; `None` if there are too few to say anything.
fn words_in(page: &Page) -> Option<Vec<Vec<String>>> {
    let mut text = String::new();
    page.select("main").iter().for_each(|main| blocks(*main, &mut text));
    let sentences = sentences(&text);
    (sentences.iter().map(Vec::len).sum::<usize>() >= ENOUGH).then_some(sentences)
}

/// A page's score and what to look at first, if it is too hard.
pub fn too_hard(page: &Page, lang: &str) -> Option<String> {
    let sentences = words_in(page)?;
    let (score, hard) = match lang {
        "en" => (english_grade(&sentences), english_grade(&sentences) > HARDEST_GRADE),
        _ => (spanish_ease(&sentences), spanish_ease(&sentences) < LOWEST_EASE),
    };
    println!("{lang} {score:5.1} {}", page.address);
    let first = || match lang {
        "en" => worst(&sentences, english_grade),
        _ => worst(&sentences, |one| -spanish_ease(one)),
    };
    hard.then(|| format!("{score:.1}; look first at{}", first()))
}

#[tokio::test]
async fn every_page_can_be_read_by_a_twelve_year_old() {
    let site = Site::open().await;
    let who = "year=2026&zip=45202&county=39061&people=40,38t,5";
    let rows = site.rows(who).await;
    let (plan, other) = (&rows[0]["plan_id"], &rows[1]["plan_id"]);
    let (mut faults, mut read) = (Vec::new(), 0);
    for (_, address, _) in PAGES {
        let address = address.replace("HELPED", &format!("{who}&income=48000")).replace("WHO", who);
        let address = address.replace("PLAN", plan).replace("OTHER", other);
        for (lang, prefix) in [("en", ""), ("es", "/es")] {
            let whole = if prefix.is_empty() && address.is_empty() { "/" } else { &format!("{prefix}{address}") };
            let page = site.visit(whole).await;
            read += usize::from(words_in(&page).is_some());
            faults.extend(too_hard(&page, lang).map(|hard| format!("{prefix}{address}: {hard}")));
        }
    }
    assert!(read > 30, "only {read} pages have words");
    assert!(
        faults.is_empty(),
        "at most grade {HARDEST_GRADE} in English, at least {LOWEST_EASE} in Spanish:\n{}",
        faults.join("\n")
    );
}

#[test]
fn hard_words_and_long_sentences_count() {
    let easy = sentences("You pay the rest. The plan pays the doctor.");
    let hard = sentences(
        "Eligibility determinations necessitate documentation of anticipated modifications in household circumstances.",
    );
    assert!(english_grade(&easy) < 3.0 && english_grade(&hard) > 15.0);
    let easy = sentences("Usted paga el resto. El plan le paga al médico.");
    let hard = sentences(
        "La determinación administrativa necesita documentación complementaria de modificaciones anticipadas.",
    );
    assert!(
        spanish_ease(&easy) > 80.0 && spanish_ease(&hard) < 40.0,
        "{} {}",
        spanish_ease(&easy),
        spanish_ease(&hard)
    );
    let counted = ["ciudad", "estadía", "cuenta", "cualquier", "educación"].map(spanish_syllables);
    assert_eq!(counted, [2, 4, 2, 2, 4]);
    assert_eq!(["payment", "care", "visited", "table", "you"].map(english_syllables), [2, 1, 3, 2, 1]);
    // Names, numbers and labels are left out.
    assert_eq!(sentences("Anthem Blue Cross pays $40 of it.\nTwo words"), [vec!["anthem", "pays", "of", "it"]]);
}
