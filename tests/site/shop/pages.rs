//! Stories: what people type, and what they get.

use super::{PLACES, Shop};

#[tokio::test]
async fn a_zip_and_an_age_are_enough() {
    let shop = Shop::open().await;
    let form = shop.get("/plans?zip=45202&age1=40&age2=&wanted=").await;
    assert_eq!((form.status, form.header("location")), (303, "/plans?year=2026&zip=45202&county=39061&people=40"));
    let list = shop.get(form.header("location")).await;
    assert_eq!(list.status, 200);
    let words = list.words();
    for said in [
        "130 health plans in Hamilton County, OH",
        "130 plans, from $",
        "Age 40 · 45202, Hamilton County, OH · 2026",
        "Cards 1 to 10 of",
        "a month",
        "Catastrophic plans are not listed",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
    assert_eq!(list.text.matches("<article").count(), 10);
    let spanish = shop.get("/es/plans?year=2026&zip=45202&county=39061&people=40").await;
    assert!(spanish.words().contains("130 planes de salud en condado de Hamilton, OH"));
    assert!(spanish.text.contains("<html lang=\"es\">"));
}

#[tokio::test]
async fn missing_answers_are_asked_for_and_wrong_ones_kept() {
    let shop = Shop::open().await;
    // Only asked: no error.
    let asked = shop.get("/plans?zip=45202").await;
    assert_eq!(asked.status, 200);
    assert!(asked.text.contains("value=\"45202\"") && !asked.words().contains("There is a problem"));
    // Typed wrong: all faults at once, all typed kept.
    let wrong = shop.get("/plans?zip=4520&age1=forty&age2=38&t2=1&metal=gold").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.header("cache-control").contains("no-store"));
    let words = wrong.words();
    for said in ["There is a problem", "“4520” is not a ZIP code", "Person 1: Enter the age as a number of years"] {
        assert!(words.contains(said), "{said}: {words}");
    }
    for kept in
        ["value=\"4520\"", "value=\"forty\"", "value=\"38\"", "id=\"t2\" checked", "name=\"metal\" value=\"gold\""]
    {
        assert!(wrong.text.contains(kept), "{kept}: {}", wrong.text);
    }
    assert!(wrong.text.contains("<title>Error: "));
    let unknown = shop.get("/plans?zip=00000&people=40").await;
    assert_eq!(unknown.status, 422);
    assert!(unknown.words().contains("We do not know the ZIP code 00000"));
}

#[tokio::test]
async fn a_zip_of_several_counties_asks_which() {
    let shop = Shop::open().await;
    let asked = shop.get("/plans?zip=45241&people=40").await;
    assert_eq!(asked.status, 200);
    let words = asked.words();
    for county in ["Hamilton County, Ohio", "Butler County, Ohio", "Warren County, Ohio"] {
        assert!(words.contains(county), "{county}: {words}");
    }
    assert!(asked.text.contains("county=39061&#38;people=40"), "one tap leads on, with the age: {}", asked.text);
    let chosen = shop.page("/plans?zip=45241&county=39061&people=40").await;
    assert!(chosen.words().contains("130 health plans in Hamilton County, OH"));
    // A county left over from another ZIP is no dead end: asked again, or taken from the ZIP where it has only one.
    let left_over = shop.get("/plans?zip=45241&county=39049&people=40").await;
    assert!(left_over.status == 200 && left_over.words().contains("Which county do you live in?"));
    let moved = shop.get("/plans?zip=46204&county=39061&people=40").await;
    assert_eq!(moved.header("location"), "/plans?year=2026&zip=46204&county=18097&people=40");
}

#[tokio::test]
async fn states_with_their_own_marketplace_are_named_before_anything_is_asked() {
    let shop = Shop::open().await;
    let kentucky = shop.get("/plans?zip=40202").await;
    assert_eq!(kentucky.status, 200);
    assert!(kentucky.words().contains("Kentucky has its own marketplace"), "{}", kentucky.words());
    assert!(kentucky.text.contains("https://kynect.ky.gov"));
    let texas = shop.get("/plans?zip=77002&people=40").await;
    assert!(texas.words().contains("We have no plans for Harris County, TX yet"), "{}", texas.words());
    assert!(texas.text.contains("https://www.healthcare.gov"));
}

#[tokio::test]
async fn what_we_do_not_follow_is_said() {
    let shop = Shop::open().await;
    let answer = shop.page("/plans?year=2026&zip=45202&county=39061&people=40&metal=tin&colour=red").await;
    let words = answer.words();
    assert_eq!(answer.status, 200);
    assert!(words.contains("metal=tin") && words.contains("colour=red"), "{words}");
    assert!(words.contains("130 health plans"));
}

#[tokio::test]
async fn list_plan_comparison_and_csv_show_the_same_numbers() {
    let shop = Shop::open().await;
    for (zip, county) in PLACES {
        let who = format!("year=2026&zip={zip}&county={county}&people=40,38,10");
        let csv = shop.page(&format!("/plans.csv?{who}")).await;
        assert!(csv.header("content-type").starts_with("text/csv"));
        let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("a record")).collect();
        let list = shop.page(&format!("/plans?{who}")).await.words();
        for record in records.iter().take(3) {
            let premium = windowshop::types::Cents::parse(&record[5]).expect("money").dollars_cents();
            assert!(list.contains(&premium), "{premium} in the list of {county}");
            let plan = shop.page(&format!("/plans/{}?{who}", &record[0])).await.words();
            assert!(plan.contains(&premium), "{premium} on the page of {}", &record[0]);
            let compare =
                shop.page(&format!("/compare?{who}&plan={}&plan={}", &record[0], &records[4][0])).await.words();
            assert!(compare.contains(&premium), "{premium} in the comparison of {}", &record[0]);
        }
    }
}

#[tokio::test]
async fn catastrophic_plans_are_for_those_who_may_buy_them() {
    let shop = Shop::open().await;
    let young = shop.page("/plans.csv?zip=46204&people=27").await.text;
    assert_eq!(young.matches(",catastrophic,").count(), 1);
    let old = shop.page("/plans.csv?zip=46204&people=40").await.text;
    assert_eq!(old.matches(",catastrophic,").count(), 0);
    // One of thirty in the household is enough; one who needs no cover does not matter.
    assert_eq!(shop.page("/plans.csv?zip=46204&people=27,30").await.text.matches(",catastrophic,").count(), 0);
    assert_eq!(shop.page("/plans.csv?zip=46204&people=27,30n").await.text.matches(",catastrophic,").count(), 1);
}

#[tokio::test]
async fn a_plan_page_works_without_a_household_and_says_what_is_missing() {
    let shop = Shop::open().await;
    let id = shop.page("/plans.csv?zip=45202&people=40").await.text.lines().nth(1).expect("a plan")[..14].to_string();
    let bare = shop.get(&format!("/plans/{id}")).await;
    assert_eq!(bare.status, 200);
    let words = bare.words();
    assert!(words.contains("To see the price of this plan, tell us where you live"), "{words}");
    for section in ["Highlights", "Star rating", "Deductibles and out-of-pocket maximums", "Examples of costs"] {
        assert!(words.contains(section), "{section}: {words}");
    }
    // Lower case and a variant's suffix lead to the one address.
    let odd = shop.get(&format!("/plans/{}-01", id.to_lowercase())).await;
    assert_eq!((odd.status, odd.header("location").to_string()), (303, format!("/plans/{id}")));
    // Not sold there: said, not priced.
    let elsewhere = shop.page(&format!("/plans/{id}?zip=46204&county=18097&people=40")).await;
    assert!(elsewhere.words().contains("not sold to your household in Marion County, IN"), "{}", elsewhere.words());
    assert_eq!(shop.get("/plans/12345XX0000000").await.status, 404);
    assert_eq!(shop.get("/plans/nonsense").await.status, 404);
}

#[tokio::test]
async fn public_pages_set_no_cookie_and_answer_304() {
    let shop = Shop::open().await;
    for uri in
        ["/", "/es", "/plans?year=2026&zip=45202&county=39061&people=40", "/glossary", "/privacy", "/es/about-prices"]
    {
        let first = shop.get(uri).await;
        assert_eq!(first.status, 200, "{uri}");
        assert_eq!(first.header("set-cookie"), "", "{uri}");
        assert!(first.header("cache-control").starts_with("public"), "{uri}");
        assert_eq!(shop.get(uri).await.text, first.text, "{uri} is the same bytes for the same address");
        let again = shop.get_with(uri, &[("if-none-match", first.header("etag"))]).await;
        assert_eq!((again.status, again.text.len()), (304, 0), "{uri}");
    }
}

#[tokio::test]
async fn rude_addresses_get_a_page() {
    let shop = Shop::open().await;
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
        let answer = shop.page(uri).await;
        assert!([200, 422].contains(&answer.status), "{uri}: {}", answer.status);
        assert!(!answer.text.contains("<script>"), "{uri}");
    }
    let many = format!("/plans?zip=45202&people={}", "40,".repeat(30));
    let answer = shop.page(&many).await;
    assert_eq!(answer.status, 422);
    assert!(answer.words().contains("up to 12 people"), "{}", answer.words());
}
