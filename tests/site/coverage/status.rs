//! How a plan stands, in words; paying; the calendar; in both languages.

use time::macros::date;
use windowshop::enrollment::step::Step;

use super::planted::{NEXT_YEAR, THIS_YEAR, Told, guest, of_owner};
use crate::apply::walk::looked_at;
use crate::office::people::{SEARCH, World, save};
use crate::site::page::Page;
use crate::store::engines::on_each_engine;
use crate::web::reading::too_hard;

fn looked(page: &Page, lang: &str) {
    assert_eq!(page.status, 200, "{}", page.address);
    looked_at(page);
    assert_eq!(too_hard(page, lang), None, "{}", page.address);
    assert!(page.body.len() < 60_000, "{} is light", page.address);
    assert_eq!(page.header("cache-control"), "no-store", "{}", page.address);
}

#[tokio::test]
async fn whoever_has_signed_for_nothing_is_led_to_choosing() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        assert_eq!(browser.get("/account/coverage").await.header("location"), "/account");
        save(&browser, SEARCH).await;
        let page = browser.visit("/account/coverage").await;
        looked(&page, "en");
        page.says("You have not signed for a plan yet.");
        assert_eq!(page.link("Choose a plan"), "/account/plan");
    })
    .await;
}

#[tokio::test]
async fn a_plan_shows_who_what_when_and_that_no_insurer_is_told_here() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &NEXT_YEAR).await;
        let page = browser.visit("/account").await.click("Your coverage").await;
        looked(&page, "en");
        page.says_all(&["Simple Silver", "In progress", "Ana Zapotillo", "Nobody has told the insurer about you"]);
        let page = page.click("See this plan: Simple Silver").await;
        looked(&page, "en");
        page.says_all(&[
            "29341OH0070002-04",
            "Buckeye Health",
            "January 1, 2027",
            "December 31, 2027",
            "$450.00",
            "$300.00",
            "$150.00",
            "You signed for this plan.",
        ]);
        // Nothing to pay where nobody was told.
        page.says_nothing_of("Pay the first month");
        let spanish = browser.in_spanish();
        for address in ["/account/coverage".to_string(), format!("/account/coverage/{id}")] {
            let page = spanish.visit(&address).await;
            looked(&page, "es");
            page.says_all(&["Simple Silver", "Ana Zapotillo"]).says("Nadie le ha hablado de usted a la compañía");
        }
        // A plan that goes on, paid, and one that is over.
        of_owner(&world, &owner, &THIS_YEAR, "").await;
        let list = browser.visit("/account/coverage").await;
        list.says_all(&["Paid", "You are covered", "Record for your 2026 taxes", "Record for your 2027 taxes"]);
    })
    .await;
}

#[tokio::test]
async fn where_insurers_are_told_the_page_says_how_and_until_when_to_pay() {
    on_each_engine(async |bench| {
        let folder = bench.path("insurers");
        let world = World::with(bench, &["--insurer-dir", folder.to_str().expect("UTF-8")]).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &NEXT_YEAR).await;
        browser.visit("/account/coverage").await.says_nothing_of("Nobody has told the insurer");
        let page = browser.visit(&format!("/account/coverage/{id}")).await;
        looked(&page, "en");
        page.says_all(&[
            "You are not covered until you pay",
            "Pay by January 1, 2027",
            "never later than January 31, 2027",
        ]);
        assert_eq!(page.link("Pay at the insurer’s site"), "https://pay.example.org/first");
        assert_eq!(page.link("1-800-555-0100"), "tel:+18005550100");
        looked(&browser.in_spanish().visit(&format!("/account/coverage/{id}")).await, "es");
        let file = browser.get(&page.link("Put the days in your calendar")).await;
        assert!(file.text.contains("SUMMARY:Pay the first month: Simple Silver"), "{}", file.text);
        // What was not filed is said.
        for (payment, phone, said) in [
            (None, Some("1-800-555-0100"), "A page to pay on is not in our data"),
            (None, None, "Neither a page to pay on nor a phone number is in our data"),
        ] {
            let id = of_owner(&world, &owner, &Told { payment, phone, ..NEXT_YEAR }, "").await;
            let page = browser.visit(&format!("/account/coverage/{id}")).await;
            looked(&page, "en");
            page.says(said).says_nothing_of("Pay at the insurer’s site");
        }
        // It began before the insurer heard of it: no last day before the signature, on the page nor in the calendar.
        let back = Told { starts: date!(2026 - 11 - 10), steps: &[Step::Sent], ..NEXT_YEAR };
        let id = of_owner(&world, &owner, &back, "").await;
        let page = browser.visit(&format!("/account/coverage/{id}")).await;
        looked(&page, "en");
        page.says("at least until").says("the days since November 10, 2026").says_nothing_of("Pay by November 10");
        looked(&browser.in_spanish().visit(&format!("/account/coverage/{id}")).await, "es");
        let file = browser.get(&page.link("Put the days in your calendar")).await;
        let begins: Vec<&str> = file.text.lines().filter(|line| line.starts_with("DTSTART")).collect();
        assert!(!begins.iter().any(|line| line.contains("20261110")), "{begins:?}");
        // Nobody who has paid is asked again.
        let paid = of_owner(&world, &owner, &THIS_YEAR, "").await;
        let page = browser.visit(&format!("/account/coverage/{paid}")).await;
        page.says("the first month is paid").says_nothing_of("Pay by");
    })
    .await;
}

#[tokio::test]
async fn what_could_not_be_written_is_said_as_it_is_and_nothing_is_to_be_paid() {
    on_each_engine(async |bench| {
        let folder = bench.path("insurers");
        let world = World::with(bench, &["--insurer-dir", folder.to_str().expect("UTF-8")]).await;
        let browser = world.browser();
        let told = Told { steps: &[Step::Rejected], ..NEXT_YEAR };
        let (_, id) = guest(&world, bench, &browser, &told).await;
        bench.run_raw("UPDATE enrollment_step SET code = 'unwritten' WHERE step = 'rejected'").await;
        let address = format!("/account/coverage/{id}");
        let page = browser.visit(&address).await;
        looked(&page, "en");
        page.says_all(&[
            "Not sent yet",
            "the insurer does not know you",
            "Report a change",
            "A person here looks at it",
        ]);
        page.says_nothing_of("Pay by").says_nothing_of("The insurer could not take").says_nothing_of("nothing to do");
        let page = browser.in_spanish().visit(&address).await;
        looked(&page, "es");
        page.says_all(&["Aún no se envió", "Informe un cambio", "No hay nada que pagar"]);
    })
    .await;
}

#[tokio::test]
async fn each_step_has_its_words_in_both_languages() {
    const STORIES: [(&[Step], &str, &str); 6] = [
        (&[], "In progress", "En trámite"),
        (&[Step::WaitingProof], "Waiting for proof", "Falta un comprobante"),
        (&[Step::Sent], "Sent to the insurer", "Enviado a la compañía de seguros"),
        (&[Step::Sent, Step::Accepted], "Taken by the insurer", "Recibido por la compañía de seguros"),
        (&[Step::Sent, Step::Rejected], "The insurer has a question", "La compañía de seguros tiene una pregunta"),
        (
            &[Step::Sent, Step::Accepted, Step::Confirmed],
            "Coverage begins on January 1, 2027",
            "empieza el 1 de enero de 2027",
        ),
    ];
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        save(&browser, SEARCH).await;
        let owner = crate::proof::needs::newest_owner(bench, "guest:%").await;
        for (steps, english, spanish) in STORIES {
            let id = of_owner(&world, &owner, &Told { steps, ..NEXT_YEAR }, "").await;
            let address = format!("/account/coverage/{id}");
            let page = browser.visit(&address).await;
            looked(&page, "en");
            page.says(english);
            let page = browser.in_spanish().visit(&address).await;
            looked(&page, "es");
            page.says(spanish);
        }
    })
    .await;
}

#[tokio::test]
async fn the_days_go_into_a_calendar() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &NEXT_YEAR).await;
        let page = browser.visit(&format!("/account/coverage/{id}")).await;
        let file = browser.get(&page.link("Put the days in your calendar")).await;
        assert_eq!((file.status, file.header("content-type")), (200, "text/calendar; charset=utf-8"));
        assert_eq!(file.header("cache-control"), "no-store");
        for part in
            ["DTSTART;VALUE=DATE:20270101", "DTSTART;VALUE=DATE:20271231", "SUMMARY:Coverage begins: Simple Silver"]
        {
            assert!(file.text.contains(part), "{}", file.text);
        }
        assert!(!file.text.contains("Zapotillo"));
    })
    .await;
}
