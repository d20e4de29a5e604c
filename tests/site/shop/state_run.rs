//! A state-run marketplace's own files, loaded and shopped: prices, list, plan page, and the words for other places.

use crate::load::layouts::{self, jersey_and_connecticut};
use crate::site::Site;

async fn shop() -> (tempfile::TempDir, Site) {
    let place = tempfile::tempdir().expect("a temporary folder");
    // Ocean County is sold whole; Essex is also in New Jersey, and has no plan.
    jersey_and_connecticut(place.path(), &["false,Ocean - 34029,Ocean,false,"], &["true,,,,"]);
    layouts::load(place.path()).await;
    let shop = Site::of(&place.path().join("to")).await;
    (place, shop)
}

#[tokio::test]
async fn a_state_s_own_plans_are_listed_at_their_price_and_nobody_is_sent_away() {
    let (_place, shop) = shop().await;
    let list = shop.visit("/plans?zip=08723&people=40,64").await;
    assert_eq!(list.status, 200);
    let words = list.words();
    assert!(words.contains("Choice Silver") && words.contains("HIOS 91661"), "{words}");
    // 381.93 at 40 and 781.93 at 64.
    assert!(words.contains("$1,163.86"), "{words}");
    assert!(!words.contains("has its own marketplace"), "{words}");
    let plan = shop.visit(&format!("/plans/{}?zip=08723&people=40", layouts::NJ)).await;
    assert!(
        plan.status == 200 && plan.words().contains("$381.93") && plan.words().contains("$19,600"),
        "{}",
        plan.words()
    );
    let helped = shop.visit("/plans?zip=08723&people=40&income=40000").await;
    assert!(helped.status == 200 && helped.words().contains("Choice Silver"), "{}", helped.words());
    for page in ["/compare", "/plans.csv"] {
        let answer = shop.visit(&format!("{page}?zip=08723&people=40&plan={}", layouts::NJ)).await;
        assert_eq!(answer.status, 200, "{page}");
    }
}

#[tokio::test]
async fn a_county_of_the_state_without_plans_is_said_to_have_none_here() {
    let (_place, shop) = shop().await;
    let words = shop.visit("/plans?zip=07102&people=40").await.words();
    assert!(words.contains("We have no plans for Essex County, NJ yet"), "{words}");
    assert!(!words.contains("has its own marketplace"), "{words}");
}

#[tokio::test]
async fn a_zip_of_several_counties_asks_for_one_and_says_what_to_do_without() {
    let (_place, shop) = shop().await;
    let words = shop.visit("/plans?zip=06250&people=40").await.words();
    assert!(words.contains("Windham County, Connecticut") && words.contains("Tolland County, Connecticut"), "{words}");
    assert!(!words.contains("Planning Region"), "{words}");
    assert!(
        words.contains("My county is not here") && words.contains("Access Health CT can look up your address"),
        "{words}"
    );
    let spanish = shop.visit("/es/plans?zip=06250&people=40").await.words();
    assert!(spanish.contains("Mi condado no está aquí"), "{spanish}");
    // By planning region: if only one old county is possible it is taken, if several they are asked for.
    let one = shop.visit("/plans?zip=06103&county=09110&people=40").await;
    assert!(one.status == 200 && one.words().contains("Hartford County"), "{}", one.words());
    let several = shop.visit("/plans?zip=06250&county=09110&people=40").await;
    assert!(several.words().contains("Which county do you live in?"), "{}", several.words());
}

#[tokio::test]
async fn a_county_of_another_zip_is_a_note_where_the_zip_has_only_one() {
    let (_place, shop) = shop().await;
    let list = shop.visit("/plans?zip=08723&county=47125&people=40").await;
    assert_eq!(list.status, 200);
    assert!(list.words().contains("Ocean County") && list.words().contains("Choice Silver"), "{}", list.words());
}
