//! Going through the application: each page as it comes is looked at, answered and sent.
//!
//! Fields are found by their ids, because both languages are walked; that each has a label is looked at on every page.

use windowshop::application::sheet::RowId;

use crate::application::flow::usual;
use crate::site::Site;
use crate::site::page::{Page, css, words_of};

/// What somebody answers to a question on a row: typed text, `3/14/1986`, choices with commas, `*` for all of them; empty to
/// leave it.
pub type Answers<'a> = &'a dyn Fn(&str, RowId) -> String;

/// One person's search with an income.
pub const ALONE: &str = "year=2026&zip=45202&county=39061&people=40&income=37650";

/// What most people answer; what may be left out is.
pub fn plain(question: &str, row: RowId) -> String {
    match question {
        "middle_name" | "suffix" | "unit" | "phone" | "no_home" | "no_ssn" | "offer_phone" => String::new(),
        "last_name" => "Li".to_string(),
        question => usual(question, row).to_string(),
    }
}

/// Pages that one walk may have.
const MOST: usize = 120;

/// Presses "Apply" in the shop, reads what it takes, and begins.
pub async fn begin(browser: &Site, search: &str) -> Page {
    let first = browser.post("/account/apply/begin", search).await;
    let page = browser.follow(first).await;
    assert_eq!((page.status, place(&page).as_str()), (200, "begin"), "{}", page.words());
    looked_at(&page);
    send(page).await
}

/// `you/1`, `check`; empty on the task list.
pub fn place(page: &Page) -> String {
    let (_, rest) = page.address.split_once("/account/apply").unwrap_or(("", &page.address));
    rest.split(['?', '#']).next().unwrap_or_default().trim_matches('/').to_string()
}

/// The questions on a page, each with its row.
pub fn asked(page: &Page) -> Vec<(String, RowId)> {
    let on = page.carried().into_iter().find(|(name, _)| name == "on").map(|(_, on)| on).unwrap_or_default();
    let pairs = on.split(',').filter_map(|name| name.rsplit_once('.'));
    pairs.map(|(question, row)| (question.to_string(), row.parse().expect("a row"))).collect()
}

/// Types an answer, or picks it.
pub fn answer(page: Page, name: &str, said: &str) -> Page {
    if said.is_empty() {
        return page;
    }
    if page.has_field(&format!("{name}.m")) {
        let parts = ["m", "d", "y"].into_iter().zip(said.split('/'));
        return parts.fold(page, |page, (part, said)| page.fill(&format!("{name}.{part}"), said));
    }
    let choices: Vec<String> = page
        .select(&format!("input[name='{name}'][type=radio], input[name='{name}'][type=checkbox]"))
        .iter()
        .filter_map(|choice| choice.attr("value").map(str::to_string))
        .collect();
    match choices.is_empty() {
        true => page.fill(name, said),
        false if page.count(&format!("input[id='{name}']")) == 1 => page.choose(name),
        false => {
            let all = choices.into_iter().filter(|value| value != "none").collect::<Vec<_>>().join(",");
            let said = if said == "*" { all.as_str() } else { said };
            said.split(',').fold(page, |page, value| page.choose(&format!("{name}-{value}")))
        }
    }
}

/// Answers everything on a page.
pub fn answered(page: Page, answers: Answers) -> Page {
    let asked = asked(&page);
    asked
        .iter()
        .fold(page, |page, (question, row)| answer(page, &format!("{question}.{row}"), &answers(question, *row)))
}

/// Presses the button of the page.
pub async fn send(page: Page) -> Page {
    let words = page.select("main form p.buttons button").first().map(|button| words_of(*button));
    let words = words.unwrap_or_else(|| panic!("no button on {}: {}", page.address, page.words()));
    page.press(&words).await
}

/// Goes on until no page is left to answer; the pages that were sent, and the page where that leads.
pub async fn go(mut page: Page, answers: Answers<'_>) -> (Vec<String>, Page) {
    let mut sent: Vec<String> = Vec::new();
    for _ in 0..MOST {
        let here = place(&page);
        looked_at(&page);
        if asked(&page).is_empty() || here == "sign" {
            return (sent, page);
        }
        assert!(sent.iter().filter(|own| **own == here).count() < 4, "no way on from {here}: {}", page.words());
        if sent.last() != Some(&here) {
            sent.push(here.clone());
        }
        page = send(answered(page, answers)).await;
        assert_eq!(page.status, 200, "{here}: {:?} {}", page.error_summary(), page.words());
    }
    panic!("no end: {sent:?}");
}

/// Signs and sends: from the check page to the confirmation.
pub async fn sign(page: Page, name: &str) -> Page {
    assert_eq!(place(&page), "check", "{}", page.words());
    let words = page.select("main a.button[href*='/apply/sign']").first().map(|link| words_of(*link));
    let page = page.click(&words.unwrap_or_else(|| panic!("no way to sign: {}", page.words()))).await;
    assert_eq!(place(&page), "sign", "{}", page.words());
    looked_at(&page);
    send(answered(page, &|question, _| match question {
        "signature" => name.to_string(),
        "consent" => "5".to_string(),
        "full_medicaid" => String::new(),
        _ => "yes".to_string(),
    }))
    .await
}

/// What holds for every page: all of it has words, every field has a label, nothing is said to be sent before it is.
pub fn looked_at(page: &Page) {
    page.heading();
    let words = page.words();
    for lack in ["[…]", "{", "}", "⟦"] {
        assert!(!words.contains(lack), "{} lacks a message: {words}", page.address);
    }
    for field in page.select("main input:not([type=hidden]), main select") {
        let id = field.attr("id").unwrap_or_default();
        let labels: Vec<String> = page.html().select(&css(&format!("label[for='{id}']"))).map(words_of).collect();
        let [label] = &labels[..] else { panic!("{id} of {} has {} labels", page.address, labels.len()) };
        let raw = label.contains('_') || (label.is_ascii() && label.chars().next().is_some_and(char::is_lowercase));
        assert!(!label.is_empty() && !raw, "{id} of {} is labeled “{label}”", page.address);
    }
    for legend in page.select("main legend") {
        let words = words_of(legend);
        assert!(!words.is_empty() && !words.contains('_'), "{} asks “{words}”", page.address);
    }
    if !asked(page).is_empty() {
        assert_eq!(page.count(".unsent"), 1, "{} does not say that nothing is sent", page.address);
    }
}
