//! Stories: what people type, and what they get.

use windowshop::types::Cents;

use crate::site::{PLACES, Site, cents};

#[tokio::test]
async fn a_zip_and_an_age_are_enough() {
    let site = Site::open().await;
    let form = site.get("/plans?zip=45202&age1=40&age2=&wanted=").await;
    assert_eq!((form.status, form.header("location")), (303, "/plans?year=2026&zip=45202&county=39061&people=40"));
    let home = site.visit("/").await;
    let list = home.fill("Your ZIP code", "45202").fill("people", "40").press("See plans").await;
    assert_eq!((list.status, list.address.as_str()), (200, form.header("location")));
    assert_eq!(list.title(), "130 health plans in Hamilton County, OH | Windowshop");
    assert!(list.heading().starts_with("130 plans, from $"), "{}", list.heading());
    list.says_all(&[
        "Age 40 · 45202, Hamilton County, OH · 2026",
        "Cards 1 to 10 of",
        "Catastrophic plans are not listed",
    ]);
    assert_eq!(list.cards().len(), 10);
    assert!(list.cards().iter().all(|card| card.words.contains("a month")));
    let spanish = list.click("Español").await;
    assert_eq!(spanish.address, format!("/es{}", list.address));
    assert_eq!(spanish.title(), "130 planes de salud en condado de Hamilton, OH | Windowshop");
    assert_eq!(spanish.attr("html", "lang").as_deref(), Some("es"));
}

#[tokio::test]
async fn missing_answers_are_asked_for_and_wrong_ones_kept() {
    let site = Site::open().await;
    // Merely asked: no error.
    let asked = site.get("/plans?zip=45202").await;
    assert_eq!(asked.status, 200);
    assert!(asked.value("zip") == "45202" && asked.error_summary().is_empty());
    asked.says_nothing_of("There is a problem");
    // Typed wrong: all faults at once, everything typed is kept.
    let wrong = site.get("/plans?zip=4520&age1=forty&age2=38&t2=1&metal=gold").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.header("cache-control").contains("no-store"));
    wrong.says("There is a problem");
    let summary = wrong.error_summary();
    assert!(summary[0].0 == "zip" && summary[0].1.contains("“4520” is not a ZIP code"), "{summary:?}");
    assert!(summary[1].0 == "age1" && summary[1].1.contains("Person 1: Enter the age as a number"), "{summary:?}");
    for (field, kept) in [("zip", "4520"), ("age1", "forty"), ("age2", "38")] {
        assert_eq!(wrong.value(field), kept, "{field}");
    }
    assert!(wrong.is_ticked("t2") && wrong.carries("metal", "gold"));
    assert!(wrong.title().starts_with("Error: "));
    let unknown = site.get("/plans?zip=00000&people=40").await;
    assert_eq!(unknown.status, 422);
    unknown.says("We do not know the ZIP code 00000");
}

#[tokio::test]
async fn a_zip_of_several_counties_asks_which() {
    let site = Site::open().await;
    let asked = site.get("/plans?zip=45241&people=40").await;
    assert_eq!(asked.status, 200);
    for county in ["Hamilton County, Ohio", "Butler County, Ohio", "Warren County, Ohio"] {
        assert!(asked.link(county).contains("people=40"), "{county}: the age is kept");
    }
    let chosen = asked.click("Hamilton County, Ohio").await;
    chosen.says("Age 40 · 45241, Hamilton County, OH · 2026");
    // A county left over from another ZIP is no dead end: asked again, or taken from the ZIP where it has only one.
    let left_over = site.get("/plans?zip=45241&county=39049&people=40").await;
    assert_eq!((left_over.status, left_over.heading().as_str()), (200, "Which county do you live in?"));
    let moved = chosen.click("Change").await.fill("Your ZIP code", "46204").press("See plans").await;
    assert_eq!(moved.address, "/plans?year=2026&zip=46204&county=18097&people=40");
    moved.says_nothing_of("We did not use");
}

#[tokio::test]
async fn states_with_their_own_marketplace_are_named_before_anything_is_asked() {
    let site = Site::open().await;
    let kentucky = site.get("/plans?zip=40202").await;
    assert_eq!(kentucky.status, 200);
    kentucky.says("Kentucky has its own marketplace");
    assert!(kentucky.links().iter().any(|link| link.href.starts_with("https://kynect.ky.gov")));
    let texas = site.get("/plans?zip=77002&people=40").await;
    texas.says("We have no plans for Harris County, TX yet");
    assert!(texas.links().iter().any(|link| link.href.starts_with("https://www.healthcare.gov")));
}

#[tokio::test]
async fn ignored_values_are_reported() {
    let site = Site::open().await;
    let answer = site.visit("/plans?year=2026&zip=45202&county=39061&people=40&metal=tin&flavor=red").await;
    assert_eq!(answer.status, 200);
    answer.says("metal=tin").says("flavor=red").says("130 plans, from");
}

#[tokio::test]
async fn list_plan_comparison_and_csv_show_the_same_numbers() {
    let site = Site::open().await;
    for (zip, county) in PLACES {
        let who = format!("year=2026&zip={zip}&county={county}&people=40,38,10");
        let rows = site.rows(&who).await;
        let list = site.visit(&format!("/plans?{who}")).await;
        for row in rows.iter().take(3) {
            let (id, premium) = (&row["plan_id"], Cents(cents(row, "premium")).dollars_cents());
            list.says(&premium);
            site.visit(&format!("/plans/{id}?{who}")).await.says(&premium);
            let other = &rows[4]["plan_id"];
            site.visit(&format!("/compare?{who}&plan={id}&plan={other}")).await.says(&premium);
        }
    }
}

#[tokio::test]
async fn catastrophic_plans_are_for_those_who_may_buy_them() {
    let site = Site::open().await;
    let sold_to = async |people: &str| {
        let rows = site.rows(&format!("zip=46204&people={people}")).await;
        rows.iter().filter(|row| row["metal"] == "catastrophic").count()
    };
    assert_eq!(sold_to("27").await, 1);
    assert_eq!(sold_to("40").await, 0);
    // One person of thirty in the household is enough; one who needs no coverage does not matter.
    assert_eq!(sold_to("27,30").await, 0);
    assert_eq!(sold_to("27,30n").await, 1);
}

#[tokio::test]
async fn a_plan_page_works_without_a_household_and_says_what_is_missing() {
    let site = Site::open().await;
    let id = &site.rows("zip=45202&people=40").await[0]["plan_id"];
    let bare = site.get(&format!("/plans/{id}")).await;
    assert_eq!(bare.status, 200);
    bare.says("To see the price of this plan, tell us where you live");
    bare.says_all(&["Highlights", "Star rating", "Deductibles and out-of-pocket maximums", "Examples of costs"]);
    // Lower case and a variant's suffix redirect to the canonical address.
    let odd = site.get(&format!("/plans/{}-01", id.to_lowercase())).await;
    assert_eq!((odd.status, odd.header("location").to_string()), (303, format!("/plans/{id}")));
    // Not sold there: say so, and show no price.
    let elsewhere = site.visit(&format!("/plans/{id}?zip=46204&county=18097&people=40")).await;
    elsewhere.says("not sold to your household in Marion County, IN");
    assert_eq!(site.get("/plans/12345XX0000000").await.status, 404);
    assert_eq!(site.get("/plans/nonsense").await.status, 404);
}

#[tokio::test]
async fn public_pages_set_no_cookie_and_answer_304() {
    let site = Site::open().await;
    for uri in
        ["/", "/es", "/plans?year=2026&zip=45202&county=39061&people=40", "/glossary", "/privacy", "/es/about-prices"]
    {
        let first = site.get(uri).await;
        assert_eq!(first.status, 200, "{uri}");
        assert_eq!(first.header("set-cookie"), "", "{uri}");
        assert!(first.header("cache-control").starts_with("public"), "{uri}");
        assert_eq!(site.get(uri).await.text, first.text, "{uri} is the same bytes for the same address");
        let again = site.get_with(uri, &[("if-none-match", first.header("etag"))]).await;
        assert_eq!((again.status, again.text.len()), (304, 0), "{uri}");
    }
}

#[tokio::test]
async fn malformed_addresses_get_a_page() {
    let site = Site::open().await;
    for uri in [
        "/plans?people=,,,,",
        "/plans?zip=%FF%FE&people=40",
        "/plans?zip=45202&people=40&page=0",
        "/plans?zip=45202&people=40&page=99999999999",
        "/plans?zip=45202&people=40&q=%27%3B%20DROP%20TABLE%20plan%3B--",
        "/plans?zip=45202&people=40&premium=9999999999999999999-",
        "/compare?zip=45202&people=40&plan=%3Cscript%3E",
        "/plans?zip=45202&people=40&year=1999",
        "/plans?age1=%00&zip=45202",
    ] {
        let answer = site.visit(uri).await;
        assert!([200, 422].contains(&answer.status), "{uri}: {}", answer.status);
        assert_eq!(answer.count("script"), 0, "{uri}");
    }
    let many = format!("/plans?zip=45202&people={}", "40,".repeat(30));
    let answer = site.visit(&many).await;
    assert_eq!(answer.status, 422);
    answer.says("up to 12 people");
}
