//! People who have sent an application and can choose a plan now.

use windowshop::application::sheet::YOU;

use crate::apply::walk::{self, ALONE, begin, go, plain, sign};
use crate::site::Site;
use crate::site::page::{Page, words_of};
use crate::web::reading::too_hard;

/// A couple with a child, all of whom buy.
pub const FAMILY: &str = "year=2026&zip=45202&county=39061&people=40,38,9&income=90000";

/// Lost coverage, so that there is a period now.
pub fn alone(question: &str, row: u32) -> String {
    match question {
        "events" => "loss_of_coverage".into(),
        "event_day" => "11/10/2026".into(),
        _ => plain(question, row),
    }
}

pub fn family(question: &str, row: u32) -> String {
    match (question, row) {
        ("first_name", 2) => "Ben".into(),
        ("first_name", 3) => "Cai".into(),
        ("birth_date", 3) => "5/1/2017".into(),
        ("relation", 3) => "child".into(),
        ("jointly", YOU) => "yes".into(),
        ("dependents", YOU) => "3".into(),
        ("earners", _) => "1".into(),
        ("amount", _) => "90,000".into(),
        ("ssn", row) => format!("123-45-678{row}"),
        _ => alone(question, row),
    }
}

/// What holds for every page of choosing: as in the application, and it can be read by a twelve-year-old.
pub fn looked_at(page: &Page) {
    walk::looked_at(page);
    let lang = page.attr("html", "lang").expect("a language");
    assert_eq!(too_hard(page, &lang), None, "{}", page.address);
}

/// Goes from the shop to the page after sending.
pub async fn sent(browser: &Site, search: &str, answers: &dyn Fn(&str, u32) -> String) -> Page {
    let first = begin(browser, search).await;
    let (_, check) = go(first, &|question, row| answers(question, row)).await;
    let sent = sign(check, "ana li").await;
    assert_eq!(sent.status, 200, "{}", sent.words());
    sent
}

/// One person who can choose now: from the page after sending to the list of plans.
pub async fn list_of_one(browser: &Site) -> Page {
    sent(browser, ALONE, &alone).await;
    browser.visit("/account/shop/1/plans").await
}

/// Presses the button that chooses the first plan of a page.
pub async fn choose_first(page: Page) -> Page {
    let words = page.select("main button[name=choice]").first().map(|button| words_of(*button));
    page.press(&words.expect("a plan to choose")).await
}

/// Signs what is chosen.
pub async fn sign_plans(check: Page) -> Page {
    let boxes: Vec<String> = check
        .select("main input[type=checkbox]")
        .iter()
        .filter_map(|tick| tick.attr("id").map(str::to_string))
        .collect();
    let check = boxes.iter().fold(check, |check, id| check.choose(id));
    let words = check.select("main p.buttons button").first().map(|button| words_of(*button));
    check.fill("signature", "ana li").press(&words.expect("a button")).await
}

/// `$1,234.50` → 123450
pub fn cents(words: &str) -> i64 {
    let amount = words.rsplit('$').next().unwrap_or_default();
    let digits: String = amount.chars().filter(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_else(|_| panic!("{words} is no amount"))
}

/// The answer beside a word on a page of lines.
pub fn line(page: &Page, term: &str) -> String {
    let lines = page.select("main dl.lines > div");
    let found = lines.iter().find(|line| words_of(**line).starts_with(term));
    let found = found.unwrap_or_else(|| panic!("no {term} on {}: {}", page.address, page.words()));
    words_of(*found)
}
