//! Every page with everything that can be wrong with it, in both languages: each fault is said in words at its question,
//! what was typed stays, and nothing is an error page.

use windowshop::application::sheet::YOU;

use super::walk::{Answers, answered, asked, begin, looked_at, place, send, sign};
use crate::application::flow::usual;
use crate::office::people::World;
use crate::site::Site;
use crate::site::page::Page;
use crate::store::engines::benches;

/// What nobody can mean, as text and as the three boxes of a date. The last is nothing at all, so that pages are empty for
/// what is answered after.
const ODD: [(&str, [&str; 3]); 7] = [
    ("<b>&\"zz", ["13", "45", "2020"]),
    ("none,1", ["1", "", "2020"]),
    ("45,00", ["1", "1", "2199"]),
    ("-5", ["1", "1", "1850"]),
    ("R2D2", ["2", "30", "86"]),
    ("99999999999999999999", ["a", "b", "c"]),
    ("", ["", "", ""]),
];

/// Five people with everything that is asked about.
const MANY: &str = "year=2026&zip=45202&county=39061&people=40,51,11,22,71&income=60000";

fn everything(question: &str, row: u32) -> String {
    match (question, row) {
        ("first_name", row) => ["Ana", "Ben", "Cai", "Dee", "Eva"][(row as usize - 1).min(4)].into(),
        ("birth_date", 2) => "5/1/1975".into(),
        ("birth_date", 3) => "5/1/2015".into(),
        ("birth_date", 4) => "5/1/2004".into(),
        ("birth_date", 5) => "5/1/1955".into(),
        ("relation", 3 | 4) => "child".into(),
        ("relation", 5) => "parent".into(),
        ("sex", YOU | 4 | 5) => "female".into(),
        ("partners_child", _) => "yes".into(),
        ("mail_same", _) => "no".into(),
        ("mail_street", _) => "PO Box 7".into(),
        ("mail_city", _) => "Dayton".into(),
        ("mail_state" | "foster_state" | "tribe_state", _) => "OH".into(),
        ("mail_zip", _) => "45402".into(),
        ("notices_by", _) => "email".into(),
        ("email", _) => "ana@example.org".into(),
        ("phone" | "offer_phone", _) => "513 555 0100".into(),
        ("jointly", YOU) => "yes".into(),
        ("dependents", YOU) => "3,4,5".into(),
        ("ssn", row) => format!("123-45-678{row}"),
        ("no_ssn" | "no_home", _) => String::new(),
        ("suffix", _) => "jr".into(),
        ("no_ssn_why", _) => "applied".into(),
        ("citizen", row) => if row == 2 { "no" } else { "yes" }.into(),
        ("status", _) => "lawful_permanent_resident".into(),
        ("status_since", _) => "5/1/2015".into(),
        ("document", _) => "foreign_passport".into(),
        ("document_until", _) => "5/1/2030".into(),
        ("document_country", _) => "Cuba".into(),
        ("alien_number", _) => "A123456789".into(),
        ("document_number", _) => "X1234567".into(),
        ("pregnant", _) => YOU.to_string(),
        ("disabled" | "daily_care" | "student" | "foster_care" | "tribal" | "tobacco" | "caretaker", _) => "*".into(),
        ("in_custody", _) => "4".into(),
        ("babies", _) => "2".into(),
        ("foster_left_at", _) => "18".into(),
        ("foster_medicaid", _) => "unsure".into(),
        ("tribe", _) => "Shawnee".into(),
        (question, row) => money_and_coverage(question, row),
    }
}

fn money_and_coverage(question: &str, row: u32) -> String {
    match (question, row) {
        ("earners", _) => "1,2".into(),
        ("income_kinds" | "deduction_kinds", YOU) => "*".into(),
        ("net_amount", _) => "-1,200".into(),
        ("amount", _) => "1,000".into(),
        ("frequency", row) => {
            ["hourly", "daily", "weekly", "every_two_weeks", "twice_a_month", "monthly", "quarterly", "yearly", "once"]
                [row as usize % 9]
                .into()
        }
        ("hours", _) => "37.5".into(),
        ("days", _) => "5".into(),
        ("once_on", _) => "3/1/2026".into(),
        ("lasts", row) => if row % 2 == 0 { "all_year" } else { "part_of_year" }.into(),
        ("starts", _) => "2/1/2026".into(),
        ("ends", _) => "11/30/2026".into(),
        ("total_right", _) => "no".into(),
        ("total_year", _) => "61,000".into(),
        ("covered" | "medicaid_denied", _) => "1,2".into(),
        ("coverage_kinds", _) => "*".into(),
        ("coverage_ends", _) => "yes".into(),
        ("coverage_last_day", _) => "12/31/2026".into(),
        ("denied_on", _) => "10/1/2026".into(),
        ("medicare", _) => "premium".into(),
        ("offered", _) => "1,2".into(),
        ("offer_kind", row) => if row == YOU { "plan" } else { "ichra" }.into(),
        ("offer_covers", _) => "*".into(),
        ("offer_alone" | "hra_alone", _) => "150".into(),
        ("offer_family" | "hra_family", _) => "450.50".into(),
        ("offer_paid", _) => "monthly".into(),
        ("events", _) => "*".into(),
        ("event_day", _) => "11/1/2026".into(),
        ("race", _) => "*".into(),
        (question, row) => usual(question, row).to_string(),
    }
}

/// Sends the page with everything that can be wrong, and leaves it empty.
async fn tried(browser: &Site, page: Page) -> Page {
    let here = place(&page);
    let mut page = page;
    for (text, date) in ODD {
        let fields = asked(&page);
        let carried = page.carried();
        let of = |name: &str| carried.iter().find(|(own, _)| own == name).expect("carried").1.clone();
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.append_pair("on", &of("on")).append_pair("seen", &of("seen"));
        for (question, row) in &fields {
            let name = format!("{question}.{row}");
            body.append_pair(&name, text);
            for (part, text) in ["m", "d", "y"].into_iter().zip(date) {
                body.append_pair(&format!("{name}.{part}"), text);
            }
        }
        let address = page.address.split('?').next().unwrap_or_default().to_string();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        let sent = browser.send("POST", &address, &headers, axum::body::Body::from(body.finish())).await;
        assert!([200, 303, 422].contains(&sent.status), "{here} with {text}: {} {}", sent.status, sent.words());
        if sent.status == 422 {
            looked_at(&sent);
            let summary = sent.error_summary();
            assert!(!summary.is_empty() && summary.iter().all(|(_, words)| words.len() > 4), "{here}: {summary:?}");
            assert_eq!(sent.count("[aria-invalid=true]"), summary.len(), "{here}: each at its question");
            assert!(!sent.text.contains("<b>&\"zz"), "{here} escapes what was typed");
        }
        let again = browser.send("GET", &address, &[], axum::body::Body::empty()).await;
        page = browser.follow(again).await;
        assert_eq!(place(&page), here, "the page is still there");
        looked_at(&page);
    }
    page
}

async fn everything_is_tried(browser: &Site, answers: Answers<'_>) -> (Vec<String>, Page) {
    let mut page = begin(browser, MANY).await;
    let mut seen = Vec::new();
    for _ in 0..150 {
        let here = place(&page);
        if asked(&page).is_empty() {
            return (seen, page);
        }
        // Of kinds of which there are many pages, a few are tried.
        let kind = here.split('/').next().unwrap_or_default().to_string();
        if seen.iter().filter(|own: &&String| own.starts_with(&format!("{kind}/"))).count() < 2 && !seen.contains(&here)
        {
            page = tried(browser, page).await;
        }
        seen.push(here.clone());
        assert!(seen.iter().filter(|own| **own == here).count() < 6, "no way on from {here}: {}", page.words());
        page = send(answered(page, answers)).await;
        looked_at(&page);
        assert_eq!(page.status, 200, "{here}: {:?}", page.error_summary());
    }
    panic!("no end: {seen:?}");
}

#[tokio::test]
async fn every_page_says_what_is_wrong_in_both_languages_and_whoever_answers_everything_gets_a_result() {
    let bench = benches().await.remove(0);
    let world = World::open(&bench).await;
    for browser in [world.browser(), world.browser().in_spanish()] {
        let (pages, check) = everything_is_tried(&browser, &everything).await;
        let steps: std::collections::BTreeSet<&str> =
            pages.iter().map(|page| page.split('/').next().unwrap_or_default()).collect();
        assert!(steps.len() >= 20, "only {steps:?}");
        let optional = browser.visit("/account/apply/optional").await;
        looked_at(&optional);
        let check = match place(&optional).as_str() {
            "optional" => send(answered(optional, &everything)).await,
            _ => check,
        };
        looked_at(&check);
        let check = browser.visit("/account/apply/check").await;
        looked_at(&check);
        // Signed wrongly, it says so and keeps what was ticked.
        let wrong = sign(check, "Somebody Else").await;
        assert_eq!((wrong.status, place(&wrong).as_str()), (422, "sign"), "{}", wrong.words());
        looked_at(&wrong);
        let sent = send(super::walk::answer(wrong, "signature.0", "ANA YES")).await;
        assert_eq!((sent.status, place(&sent).as_str()), (200, "sent"), "{}", sent.words());
        looked_at(&sent);
    }
    bench.end().await;
}
