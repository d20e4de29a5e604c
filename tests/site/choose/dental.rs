//! A dental plan for the children, for everybody, for some: who gets it is asked where it can be bought, with the exact price.

use windowshop::application::sheet::RowId;
use windowshop::enrollment::record::Enrollment;
use windowshop::types::Cents;

use super::kinds::{save, sign};
use super::people::{FAMILY, alone, cents, choose_first, family, looked_at, sent};
use crate::enrollment::world::with_dental;
use crate::load::small::whole;
use crate::office::people::World;
use crate::site::Site;
use crate::site::page::{Page, words_of};
use crate::store::engines::{Bench, on_each_engine};

/// Somebody of 63 with a child: the credit is more than the lowest-priced plan costs.
const SEARCH: &str = "year=2026&zip=45202&county=39061&people=63,11&income=46800";
const PAGE: &str = "/account/plan/dental";

fn with_child(question: &str, row: RowId) -> String {
    match (question, row) {
        ("first_name", 2) => "Cai".into(),
        ("birth_date", 1) => "3/14/1963".into(),
        ("birth_date", _) => "5/1/2015".into(),
        ("relation", _) => "child".into(),
        ("dependents", 1) => "2".into(),
        ("earners", _) => "1".into(),
        ("amount", _) => "46,800".into(),
        ("ssn", row) => format!("123-45-678{row}"),
        _ => alone(question, row),
    }
}

async fn selling(bench: &Bench, story: impl AsyncFn(&World)) {
    let (folder, report, _) = whole(&with_dental()).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    story(&World::selling(bench, &folder.path().join("to")).await).await;
}

/// What a way costs, as its hint says.
fn said(page: &Page, value: &str) -> i64 {
    let label = page.select(&format!("label[for='who.0-{value}'] .hint"));
    let hint = words_of(*label.first().unwrap_or_else(|| panic!("no price of {value}: {}", page.words())));
    let dollars = hint.split('$').nth(1).and_then(|rest| rest.split(' ').next());
    cents(&format!("${}", dollars.unwrap_or_else(|| panic!("no amount: {hint}"))))
}

async fn choose_for(browser: &Site, value: &str, ticks: &[&str]) -> Page {
    let page = browser.visit(PAGE).await;
    let page = page.choose(&format!("who.0-{value}"));
    save(ticks.iter().fold(page, |page, tick| page.choose(tick))).await
}

#[tokio::test]
async fn a_child_alone_gets_a_dental_plan_and_what_is_left_of_the_credit_pays_for_it() {
    on_each_engine(async |bench| {
        selling(bench, async |world| {
            for browser in [world.browser(), world.browser().in_spanish()] {
                sent(&browser, SEARCH, &with_child).await;
                let before = browser.visit(PAGE).await;
                looked_at(&before);
                assert_eq!(before.count("main p.note"), 1, "the health plan first: {}", before.words());
                let home = choose_first(browser.visit("/account/shop/1/plans?metal=bronze").await).await;
                home.says("dentist");
                let page = browser.visit(PAGE).await;
                looked_at(&page);
                assert!(page.is_ticked("who.0-all") && said(&page, "children") < said(&page, "all"));
                let lowest = said(&page, "children");
                let list = choose_for(&browser, "children", &[]).await;
                assert!(list.address.ends_with("/account/shop/1/plans?product=dental"), "{}", list.address);
                let who = words_of(list.select("main .you span")[0]);
                assert!(who.starts_with("Cai ·"), "{who}");
                assert_eq!(cents(&words_of(list.select("article .price b")[0])), lowest, "as the page said");
                let home = choose_first(list).await;
                looked_at(&home);
                home.says_nothing_of("dentist");
                let all = sign(world, bench, &browser).await;
                let dental = |one: &&Enrollment| one.signed.plan.product == "dental";
                let dental = &all.iter().find(dental).expect("a dental plan").signed;
                assert_eq!((dental.people.len(), dental.people[0].first.as_str()), (1, "Cai"));
                assert_eq!((dental.net().0, dental.credit > Cents::ZERO), (lowest, true));
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn who_gets_the_dental_plan_can_be_changed_and_what_is_odd_changes_nothing() {
    on_each_engine(async |bench| {
        selling(bench, async |world| {
            let browser = world.browser();
            sent(&browser, FAMILY, &family).await;
            choose_first(browser.visit("/account/shop/1/plans").await).await;
            let none = choose_for(&browser, "some", &[]).await;
            assert_eq!((none.status, none.error_summary().len()), (422, 1), "{}", none.words());
            assert!(none.is_ticked("who.0-some"));
            looked_at(&none);
            // Everybody, with the plan; then two of three; the child is without one, and that is said.
            choose_for(&browser, "all", &[]).await;
            let home = choose_first(browser.visit("/account/shop/1/plans?product=dental").await).await;
            home.says("The dental plan is for Ana, Ben and Cai.");
            let page = browser.visit(PAGE).await;
            let (all, children) = (said(&page, "all"), said(&page, "children"));
            assert!(page.words().contains("With the plan you chose") && children < all);
            let old = browser.visit(PAGE).await;
            let home = choose_for(&browser, "some", &["with.1", "with.2"]).await;
            assert!(home.address.ends_with("/account/plan"), "{}", home.address);
            home.says("The dental plan is for Ana and Ben.").says("does not cover a dentist for Cai");
            let page = browser.visit(PAGE).await;
            assert!(page.is_ticked("who.0-some") && page.is_ticked("with.1") && !page.is_ticked("with.3"));
            assert_eq!(said(&page, "some") + children, all, "each person adds a rate");
            // Another tab, and what no form of ours sends.
            assert_eq!(save(old.choose("who.0-children")).await.status, 409);
            let version = page.carried().into_iter().find(|(name, _)| name == "version").expect("a version").1;
            for (odd, status) in [
                (format!("version={version}&group=1,2,3&who=nobody"), 404),
                (format!("version={version}&group=1,2&who=all"), 409),
                (format!("version={version}&group=1,2,3&who=some&with.9=yes"), 422),
                ("group=1,2,3&who=all".to_string(), 409),
            ] {
                assert_eq!(browser.post(PAGE, &odd).await.status, status, "{odd}");
            }
            assert!(browser.visit(PAGE).await.is_ticked("with.2"), "nothing has changed");
            let signed = sign(world, bench, &browser).await;
            let mut people: Vec<_> = signed.iter().map(|one| one.signed.people.len()).collect();
            people.sort_unstable();
            assert_eq!(people, [2, 3]);
        })
        .await;
    })
    .await;
}
