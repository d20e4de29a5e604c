//! From the page after sending to a signature: alone with part of the credit, a family in two plans, nobody who has to choose.

use super::people::{FAMILY, alone, cents, choose_first, family, line, list_of_one, looked_at, sent, sign_plans};
use crate::apply::walk::{ALONE, plain};
use crate::office::people::World;
use crate::site::page::words_of;
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn one_person_goes_from_the_result_to_a_signed_plan_with_part_of_the_credit() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            let sent = sent(&browser, ALONE, &alone).await;
            assert_eq!(sent.count("main a[href$='/account/plan']"), 1, "{}", sent.words());
            let home = browser.visit("/account/plan").await;
            looked_at(&home);
            assert_eq!(home.status, 200);
            let list = home.select("main section a.button").first().map(|link| words_of(*link)).expect("a list");
            let list = home.click(&list).await;
            list.says("Ana").says("2026");
            let net = list.select("article .price b").first().map(|b| words_of(*b)).expect("a price");
            let chosen = choose_first(list).await;
            assert!(chosen.address.ends_with("/account/plan"), "{}", chosen.address);
            chosen.says(&net);

            let credit = browser.visit("/account/plan/credit").await;
            looked_at(&credit);
            credit.says("71305");
            let wrong = credit.choose("use.1-part").fill("part.1", "999999").press(button(&browser)).await;
            assert_eq!((wrong.status, wrong.value("part.1").as_str()), (422, "999999"));
            assert_eq!(wrong.error_summary().len(), 1);
            let saved = wrong.fill("part.1", "50").press(button(&browser)).await;
            assert_eq!(saved.status, 200, "{}", saved.words());

            let check = browser.visit("/account/plan/check").await;
            looked_at(&check);
            let said: Vec<String> = check.select("main dl.lines dd").iter().map(|dd| words_of(*dd)).collect();
            let amounts: Vec<i64> =
                said.iter().filter(|words| words.starts_with('$')).map(|words| cents(words)).collect();
            assert_eq!(amounts.len(), 3, "{said:?}");
            assert_eq!((amounts[1], amounts[0] - amounts[1]), (5_000, amounts[2]), "{said:?}");
            assert!(amounts[2] > cents(&net), "less credit costs more a month");
            // Extra savings are said of the plan that is signed, not of another one.
            let silver = check.count("main .note.warn") == 0;
            assert_eq!(said.iter().any(|words| words.contains("73%")), silver, "{said:?}");

            let empty = check.press(submit(&browser)).await;
            assert_eq!((empty.status, empty.error_summary().len()), (422, 4), "{:?}", empty.error_summary());
            looked_at(&empty);
            let other = empty.choose("right").fill("signature", "Somebody Else").press(submit(&browser)).await;
            assert_eq!((other.status, other.value("signature").as_str()), (422, "Somebody Else"));
            assert!(other.is_ticked("right"));
            let done = sign_plans(other).await;
            assert!(done.address.contains("/account/plan/done"), "{} {}", done.address, done.words());
            looked_at(&done);
            done.says(said.iter().find(|words| cents_of(words) == Some(amounts[2])).expect("what is paid"));
        }
        assert_eq!(bench.count("enrollment").await, 2);
    })
    .await;
}

/// An amount, where words are one.
fn cents_of(words: &str) -> Option<i64> {
    words.starts_with('$').then(|| cents(words))
}

/// The button that saves.
fn button(browser: &crate::site::Site) -> &'static str {
    if browser.is_spanish() { "Guardar" } else { "Save" }
}

/// The button that signs.
fn submit(browser: &crate::site::Site) -> &'static str {
    if browser.is_spanish() { "Firmar por estos planes" } else { "Sign for these plans" }
}

#[tokio::test]
async fn a_family_buys_in_two_plans_and_each_list_is_priced_for_its_own_people() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        sent(&browser, FAMILY, &family).await;
        let groups = browser.visit("/account/plan/groups").await;
        looked_at(&groups);
        groups.says("Ana, Ben and Cai").says("a month in all");
        let apart = groups.select("main input[type=radio]").last().and_then(|way| way.attr("id").map(str::to_string));
        let home = groups.choose(&apart.expect("a way")).press("Save").await;
        assert_eq!(home.count("main section.checked"), 3, "{}", home.words());
        let ana = choose_first(browser.visit("/account/shop/1/plans").await).await;
        assert_eq!(ana.status, 200);
        let ben = browser.visit("/account/shop/2/plans").await;
        ben.says("Ben");
        choose_first(ben).await;
        let check = browser.visit("/account/plan/check").await;
        check.says("No health plan is chosen for Cai");
        let done = sign_plans(check).await;
        assert_eq!(done.count("main section.checked"), 2, "{}", done.words());
        done.says("You are not covered until you pay the first month");
        assert_eq!(bench.count("enrollment").await, 2);
        let gone = browser.visit("/account/shop/9/plans").await;
        assert!(gone.address.ends_with("/account/plan"), "a group that is no more leads to the choice");
    })
    .await;
}

#[tokio::test]
async fn whoever_gets_medicaid_is_told_that_there_is_nothing_to_choose() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            let answers = |question: &str, row| match question {
                "amount" => "1,000".into(),
                _ => alone(question, row),
            };
            let sent = sent(&browser, ALONE, &answers).await;
            assert_eq!(sent.count("main a[href$='/account/plan']"), 0, "{}", sent.words());
            for page in ["/account/plan", "/account/shop/1/plans", "/account/plan/check"] {
                let page = browser.visit(page).await;
                assert_eq!(page.status, 200);
                looked_at(&page);
                page.says("Medicaid");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn outside_of_a_period_prices_are_shown_and_nothing_can_be_chosen() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            sent(&browser, ALONE, &plain).await;
            let home = browser.visit("/account/plan").await;
            looked_at(&home);
            home.says("2026");
            assert_eq!(home.count("main a[href$='/enroll']"), 1);
            let list = browser.visit("/account/shop/1/plans").await;
            assert!(list.count("article") > 5 && list.count("button[name=choice]") == 0);
            let plan = list.cards()[0].id.clone();
            let sent = browser.post("/account/plan/choose", &format!("choice=1/{plan}")).await;
            assert_eq!(sent.status, 303);
            let check = browser.visit("/account/plan/check").await;
            assert!(check.address.ends_with("/account/plan"), "{}", check.address);
        }
        assert_eq!(bench.count("plan_choice").await, 0);
    })
    .await;
}

/// A loss whose coverage would begin in the next year.
fn loses_it_on_new_years_eve(question: &str, row: u32) -> String {
    match question {
        "event_day" => "12/31/2026".into(),
        _ => alone(question, row),
    }
}

/// A wedding of somebody who had no coverage before it.
fn weds_without_coverage(question: &str, row: u32) -> String {
    match question {
        "events" => "marriage".into(),
        "event_day" => "11/20/2026".into(),
        "event_covered_before" => "no".into(),
        _ => plain(question, row),
    }
}

#[tokio::test]
async fn the_notice_and_the_page_of_choosing_say_the_same_of_an_event_that_opens_nothing() {
    type Answers = fn(&str, u32) -> String;
    let told: [(Answers, [&str; 2]); 2] = [
        (
            loses_it_on_new_years_eve,
            ["coverage starts on January 1, 2027", "la cobertura empieza el 1 de enero de 2027"],
        ),
        (
            weds_without_coverage,
            ["That helps only if someone had coverage", "Eso solo ayuda si alguien tenía cobertura"],
        ),
    ];
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for (answers, words) in told {
            for (browser, words) in [world.browser(), world.browser().in_spanish()].into_iter().zip(words) {
                let sent = sent(&browser, ALONE, &answers).await;
                let address = sent.links().into_iter().map(|link| link.href).find(|href| href.contains("/notice/"));
                let notice = browser.visit(&address.expect("a link to the notice")).await;
                let home = browser.visit("/account/plan").await;
                looked_at(&home);
                for page in [notice, home] {
                    page.says(words);
                    // Enrollment for the next year is open that day, as every public list says.
                    page.says("2027").says_nothing_of("choose a plan by").says_nothing_of("elija un plan a más");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_price_of_a_plan_is_the_same_on_every_page_up_to_the_record() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let list = list_of_one(&browser).await;
        let card = list.cards()[0].id.clone();
        let net = list.select("article .price b").first().map(|b| words_of(*b)).expect("a price");
        for page in ["plans/PLAN", "compare?plan=PLAN", "sheet?plan=PLAN", "plans/PLAN/costs"] {
            let page = browser.visit(&format!("/account/shop/1/{}", page.replace("PLAN", &card))).await;
            assert_eq!(page.status, 200);
            page.says(&net);
        }
        let csv = browser.visit("/account/shop/1/plans.csv").await;
        let row = csv.rows().into_iter().find(|row| row["plan_id"] == card).expect("the plan");
        assert_eq!(format!("${}", row["premium_after_credit"]), net.replace(',', ""));
        choose_first(list).await.says(&net);
        let check = browser.visit("/account/plan/check").await;
        assert_eq!(cents(&line(&check, "You pay a month")), cents(&net));
        let done = sign_plans(check).await;
        assert_eq!(cents(&line(&done, "You pay a month")), cents(&net));
        done.says(&card);
    })
    .await;
}
