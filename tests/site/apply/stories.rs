//! From the shop's "Apply" to the confirmation, in both languages, on every engine: how many pages that takes, and what
//! whoever does not apply is never asked.

use windowshop::application::sheet::YOU;

use super::walk::{ALONE, begin, go, looked_at, place, plain, sign};
use crate::office::people::World;
use crate::site::page::{Page, words_of};
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn one_person_with_wages_applies_in_sixteen_pages_without_an_account() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            let page = begin(&browser, ALONE).await;
            assert_eq!(place(&page), "you/1", "{}", page.words());
            page.says("40");
            let (pages, check) = go(page, &plain).await;
            // Checking and signing are pages, too.
            assert!(pages.len() + 2 <= 16, "{} pages: {pages:?}", pages.len() + 2);
            check.says_all(&["Ana", "1 Elm Street", "•••-••-6789", "$37,650", "Elm Bakery"]).says_nothing_of("123-45");
            let sent = sign(check, "ana li").await;
            assert_eq!((sent.status, place(&sent).as_str()), (200, "sent"), "{}", sent.words());
            looked_at(&sent);
            // The checks go on meanwhile, and the page says how far.
            let reference = |page: &Page| words_of(page.select("main dl.lines dd b")[0]);
            let number = reference(&sent);

            // Loading again, and Back with a second press, find the same one application.
            let again = browser.visit("/account/apply/sent").await;
            assert_eq!(reference(&again), number);
            let open = browser.visit("/account/apply/check").await;
            assert_eq!(place(&open), "begin", "nothing is open any more");
            let twice = browser.post("/account/apply/sign", "signature.0=Ana+Li").await;
            assert_eq!(place(&browser.follow(twice).await), "sent");
            let notice = sent.select("main a[href*='/account/notice/']").first().map(|link| words_of(*link));
            let notice = sent.click(&notice.expect("a notice")).await;
            assert_eq!(notice.status, 200);
            looked_at(&notice);
            notice.says("Ana");
        }
        assert_eq!(bench.count("application").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_family_of_four_with_two_jobs_applies_in_thirty_pages() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            let page = begin(&browser, "year=2026&zip=45202&county=39061&people=40,38,11,8&income=60000").await;
            let answers = |question: &str, row| match (question, row) {
                ("first_name", 2) => "Ben".into(),
                ("first_name", 3) => "Cai".into(),
                ("first_name", 4) => "Dee".into(),
                ("birth_date", 3) => "5/1/2015".into(),
                ("birth_date", 4) => "5/1/2018".into(),
                ("relation", 3 | 4) => "child".into(),
                ("jointly", YOU) => "yes".into(),
                ("dependents", YOU) => "3,4".into(),
                ("earners", _) => "1,2".into(),
                ("ssn", row) => format!("123-45-678{row}"),
                (question, row) => plain(question, row),
            };
            let (pages, check) = go(page, &answers).await;
            assert!(pages.len() + 2 <= 30, "{} pages: {pages:?}", pages.len() + 2);
            check.says_all(&["Ana", "Ben", "Cai", "Dee"]);
            let sent = sign(check, "Ána LI").await;
            assert_eq!((sent.status, place(&sent).as_str()), (200, "sent"), "{}", sent.words());
            sent.says_all(&["Ana", "Ben", "Cai", "Dee"]);
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_does_not_apply_is_asked_for_no_number_and_no_papers() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let page = begin(&browser, "year=2026&zip=45202&county=39061&people=40,38n&income=60000").await;
        let answers = |question: &str, row| match (question, row) {
            ("first_name", 2) => "Ben".into(),
            ("applying", 2) => "no".into(),
            ("jointly", YOU) => "yes".into(),
            ("earners", _) => "2".into(),
            (question, row) => plain(question, row),
        };
        let (pages, check) = go(page, &answers).await;
        assert!(pages.contains(&"identity/1".to_string()), "{pages:?}");
        for step in ["identity", "immigration"] {
            assert!(!pages.contains(&format!("{step}/2")), "{pages:?}");
            let asked = browser.visit(&format!("/account/apply/{step}/2")).await;
            assert_eq!(place(&asked), "check", "the address alone opens nothing");
        }
        for page in pages.iter().filter(|page| *page != "identity/1") {
            let page = browser.visit(&format!("/account/apply/{page}")).await;
            assert_eq!(page.count("[name^='ssn.'], [name^='citizen.'], [name^='status.']"), 0, "{}", page.address);
        }
        assert_eq!(check.words().matches("•••-••-").count(), 1);
    })
    .await;
}

#[tokio::test]
async fn i_do_not_know_leads_on() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let page = begin(&browser, ALONE).await;
        let answers = |question: &str, row| match question {
            "files" | "claimed" | "offer_minimum_value" | "coverage_ends" | "offer_kind" => "unsure".into(),
            "offered" | "covered" => "1".into(),
            "coverage_kinds" => "employer".into(),
            question => plain(question, row),
        };
        let (pages, check) = go(page, &answers).await;
        assert!(pages.iter().any(|page| page.starts_with("offer/")), "{pages:?}");
        let sent = sign(check, "Ana Li").await;
        assert_eq!(place(&sent), "sent", "{}", sent.words());
    })
    .await;
}

#[tokio::test]
async fn without_help_nothing_about_money_is_asked() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let page = begin(&browser, "year=2026&zip=45202&county=39061&people=40").await;
        let answers = |question: &str, row| match question {
            "help" => "no".into(),
            question => plain(question, row),
        };
        let (pages, check) = go(page, &answers).await;
        let money = ["taxes", "income", "earners", "offer"];
        assert!(!pages.iter().any(|page| money.iter().any(|step| page.starts_with(step))), "{pages:?}");
        let sent = sign(check, "Ana Li").await;
        assert_eq!(place(&sent), "sent", "{}", sent.words());
    })
    .await;
}
