//! The shop below `/account/shop`: nothing about who and where in an address, nothing kept, nothing that leads back to the questions,
//! and nobody else's.

use super::people::{FAMILY, family, list_of_one, sent};
use crate::office::people::World;
use crate::site::page::{Page, words_of};
use crate::store::engines::on_each_engine;

/// Names of an address that say who or where, or something private.
const WHO: [&str; 8] = ["zip=", "county=", "people=", "income=", "year=", "my=", "sex=", "care="];
/// Ways out of the private pages that ask for nothing.
const OUT: [&str; 6] = ["/account", "/glossary", "/about-", "/enroll", "/accessibility", "/privacy"];

#[tokio::test]
async fn every_page_keeps_its_household_out_of_addresses_and_caches() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            let list = list_of_one(&browser).await;
            let [a, b] = [list.cards()[0].id.clone(), list.cards()[1].id.clone()];
            let pages = [
                "plans".to_string(),
                "plans?metal=silver&sort=premium&page=2".to_string(),
                "plans?group=off&dominated=off&q=oscar".to_string(),
                "plans?product=dental".to_string(),
                format!("plans?plan={a}&plan={b}"),
                format!("plans/{a}"),
                format!("plans/{a}?metal=gold&plan={b}"),
                format!("plans/{a}/costs?case=bad"),
                format!("compare?plan={a}&plan={b}"),
                format!("compare?plan={a}"),
                format!("sheet?plan={a}"),
                "plans.csv?metal=gold".to_string(),
                format!("compare.csv?plan={a}"),
            ];
            for page in pages {
                let got = browser.visit(&format!("/account/shop/1/{page}")).await;
                assert_eq!(got.status, 200, "{page}");
                assert_eq!(got.header("cache-control"), "no-store", "{page}");
                assert!(got.header("etag").is_empty() && got.header("content-encoding").is_empty(), "{page}");
                assert!(!WHO.iter().any(|name| got.address.contains(name)), "{}", got.address);
                for link in got.links().iter().filter(|link| link.href.starts_with('/')) {
                    let said = WHO.iter().find(|name| link.href.contains(*name));
                    assert_eq!(said, None, "{page} links to {}", link.href);
                }
                for link in got.select("main a[href^='/']") {
                    let href = link.attr("href").unwrap_or_default();
                    let own = href.strip_prefix("/es").unwrap_or(href);
                    assert!(OUT.iter().any(|out| own.starts_with(out)), "{page} links to {href}");
                }
                for form in got.select("main form") {
                    let action = form.attr("action").unwrap_or_default();
                    assert!(action.contains("/account/"), "{page} sends to {action}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn each_plan_of_the_list_can_be_chosen_there_also_those_that_share_a_card() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            let list = list_of_one(&browser).await;
            assert!(list.count(".twins li input[name=plan]") > 5, "plans share cards");
            let values = |page: &Page, of: &str, name: &str| -> Vec<String> {
                let all = page.select(of).into_iter().filter_map(|one| one.attr(name).map(str::to_string));
                all.map(|value| value.rsplit('/').next().unwrap_or_default().to_string()).collect()
            };
            let ticks = values(&list, "article input[name=plan]", "value");
            let mut buttons = values(&list, "article button[name=choice]", "value");
            buttons.sort_unstable();
            let mut sorted = ticks.clone();
            sorted.sort_unstable();
            assert_eq!(buttons, sorted, "a button for each");
            let twin = list.select(".twins li button[name=choice]").into_iter().next_back().expect("a twin");
            let (words, value) = (words_of(twin), twin.attr("value").unwrap_or_default().to_string());
            let home = list.press(&words).await;
            assert!(home.address.ends_with("/account/plan"), "{} {}", home.address, home.words());
            let plan = value.rsplit('/').next().expect("a plan").to_string();
            assert_eq!(home.count(&format!("main section.checked a[href$='/plans/{plan}']")), 1, "{}", home.words());
        }
    })
    .await;
}

#[tokio::test]
async fn what_an_address_says_of_a_household_is_not_read() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let list = list_of_one(&browser).await;
        let plan = list.cards()[0].id.clone();
        for page in ["plans", &format!("plans/{plan}"), "compare", "sheet"] {
            for private in
                ["zip=10001&people=60", "income=5000", "people=40p,5", "my=c2VhbGVk", "sex=f&care=hiv", "year=2019"]
            {
                let address = format!("/account/shop/1/{page}?{private}&metal=gold");
                let got = browser.get(&address).await;
                assert_eq!(got.header("cache-control"), "no-store", "{address}");
                let got = browser.follow(got).await;
                assert_eq!(got.status, 200, "{address}");
                got.says("Ana").says("45202");
                assert!(
                    !WHO.iter().any(|name| got.address.contains(name)) || got.address.contains("my="),
                    "{}",
                    got.address
                );
            }
        }
        // Filters, order and basket are in the address, and stay on the way.
        let gold = browser.visit("/account/shop/1/plans?metal=gold&sort=premium").await;
        assert!(gold.address.ends_with("/account/shop/1/plans?metal=gold&sort=premium"), "{}", gold.address);
        let es = gold.select("header nav a").first().and_then(|link| link.attr("href").map(str::to_string));
        assert_eq!(es.as_deref(), Some("/es/account/shop/1/plans?metal=gold&sort=premium"));
        let plain = browser.get("/account/shop/1/plans?sort=premium&metal=gold").await;
        assert_eq!((plain.status, plain.header("location")), (303, "/account/shop/1/plans?metal=gold&sort=premium"));
        for odd in ["plans/none", "how", "care", "income", "plans/33931OH9999999", "%E2%82%AC", "..%2F..%2Fhealthz"] {
            let page = browser.get(&format!("/account/shop/1/{odd}")).await;
            assert_eq!(page.status, 404, "{odd}");
            assert_eq!(page.header("cache-control"), "no-store", "{odd}");
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_anothers_prices() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (ana, other, stranger) = (world.browser(), world.browser(), world.browser());
        list_of_one(&ana).await.says("Ana");
        sent(&other, FAMILY, &family).await;
        other.visit("/account/shop/1/plans").await.says("Ana, Ben and Cai");
        for page in ["/account/shop/1/plans", "/account/plan", "/account/plan/check", "/account/plan/done"] {
            let page = stranger.visit(page).await;
            assert!(page.address.ends_with("/account"), "{} {}", page.address, page.words());
        }
        let own = ana.visit("/account/shop/1/plans").await;
        own.says("Ana").says_nothing_of("Cai");
    })
    .await;
}

#[tokio::test]
async fn a_public_list_is_what_it_was_before_and_after_somebody_shops_in_private() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let address = "/plans?year=2026&zip=45202&county=39061&people=40";
        let before = browser.visit(address).await;
        list_of_one(&browser).await;
        let after = browser.visit(address).await;
        assert_eq!(before.text, after.text);
        assert!(after.header("cache-control").starts_with("public"));
        assert_eq!(after.count("button[name=choice], .own"), 0);
    })
    .await;
}
