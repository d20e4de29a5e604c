//! Back, another plan before signing, two tabs, a double click.

use super::people::{FAMILY, choose_first, family, list_of_one, looked_at, sent, sign_plans};
use crate::office::people::World;
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn another_plan_takes_the_place_of_the_first_and_can_be_taken_out() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let list = list_of_one(&browser).await;
        let [first, second] = [list.cards()[0].id.clone(), list.cards()[1].id.clone()];
        choose_first(list).await;
        let page = browser.visit(&format!("/account/shop/1/plans/{second}")).await;
        let home = choose_first(page).await;
        let chosen = home
            .select("main section.checked a[href*='/plans/']")
            .first()
            .and_then(|a| a.attr("href").map(str::to_string));
        assert!(chosen.as_deref().is_some_and(|href| href.ends_with(&second)), "{chosen:?}, not {first}");
        let none = home.press(&format!("Take out: {second}")).await;
        none.says("No plan chosen yet.");
        assert_eq!(none.count("main a[href$='/account/plan/check']"), 0);
        assert_eq!(bench.count("enrollment").await, 0);
    })
    .await;
}

#[tokio::test]
async fn two_tabs_do_not_sign_what_neither_has_seen() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let list = list_of_one(&browser).await;
        let second = list.cards()[1].id.clone();
        choose_first(list).await;
        let credit = browser.visit("/account/plan/credit").await;
        let check = browser.visit("/account/plan/check").await;
        // In the other tab.
        browser.post("/account/plan/choose", &format!("choice=1/{second}")).await;
        let clash = credit.choose("use.1-none").press("Save").await;
        assert_eq!(clash.status, 409);
        looked_at(&clash);
        let changed = sign_plans(check).await;
        assert_eq!(changed.status, 409, "{}", changed.words());
        looked_at(&changed);
        assert_eq!(bench.count("enrollment").await, 0);
        // A second press of the same page finds what the first one made.
        let check = browser.visit("/account/plan/check").await;
        let again = browser.visit("/account/plan/check").await;
        let done = sign_plans(check).await;
        assert!(done.address.contains("/done"), "{}", done.words());
        let twice = sign_plans(again).await;
        assert!(twice.address.contains("/done"), "{}", twice.words());
        assert_eq!(bench.count("enrollment").await, 1);
        // What is signed is not signed again; another part of the credit can be.
        let home = browser.visit("/account/plan").await;
        home.says("You signed for this plan.");
        assert_eq!(home.count("main a[href$='/account/plan/check']"), 0);
        assert!(browser.visit("/account/plan/check").await.address.ends_with("/account/plan/done"));
        let less = browser.visit("/account/plan/credit").await.choose("use.1-none").press("Save").await;
        assert_eq!(less.count("main a[href$='/account/plan/check']"), 1, "{}", less.words());
        let done = sign_plans(browser.visit("/account/plan/check").await).await;
        assert_eq!(done.count("main section.checked"), 1, "the new one takes its place: {}", done.words());
        assert_eq!(bench.count("enrollment").await, 2);
    })
    .await;
}

#[tokio::test]
async fn another_language_keeps_what_was_typed_and_signs_nothing() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        choose_first(list_of_one(&browser).await).await;
        let check = browser.visit("/account/plan/check").await;
        let wrong = check.choose("right").fill("signature", "Somebody Else").press("Sign for these plans").await;
        assert_eq!(wrong.status, 422);
        let spanish = wrong.fill("signature", "ana li").press("Español").await;
        looked_at(&spanish);
        assert_eq!((spanish.status, spanish.count("html[lang=es]"), spanish.count(".fault")), (200, 1, 0));
        assert_eq!((spanish.value("signature").as_str(), spanish.count("#right[checked]")), ("ana li", 1));
        let english = spanish.press("English").await;
        assert_eq!((english.value("signature").as_str(), english.count("#right[checked]")), ("ana li", 1));
        assert_eq!(bench.count("enrollment").await, 0);
        // Even with everything that a signature takes.
        let boxes: Vec<String> = english
            .select("main input[type=checkbox]")
            .iter()
            .filter_map(|tick| tick.attr("id"))
            .map(str::to_string)
            .collect();
        let whole = boxes.iter().fold(english, |page, id| page.choose(id));
        let spanish = whole.press("Español").await;
        assert_eq!((spanish.status, bench.count("enrollment").await), (200, 0));
        let done = spanish.press("Firmar por estos planes").await;
        assert!(done.address.contains("/es/account/plan/done"), "{}", done.words());
    })
    .await;
}

#[tokio::test]
async fn a_signature_that_ends_a_plan_says_so_and_wants_to_be_sure() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let list = list_of_one(&browser).await;
        let second = list.cards()[1].id.clone();
        choose_first(list).await;
        let first = browser.visit("/account/plan/check").await;
        assert_eq!(first.count("#ends"), 0, "nothing ends");
        sign_plans(first).await;
        browser.post("/account/plan/choose", &format!("choice=1/{second}")).await;
        for browser in [browser.clone(), browser.in_spanish()] {
            let check = browser.visit("/account/plan/check").await;
            looked_at(&check);
            assert_eq!(check.count("#ends"), 1);
        }
        let check = browser.visit("/account/plan/check").await;
        check.says("A plan ends when you sign").says("for Ana Li before it starts");
        let boxes: Vec<String> = check
            .select("main input[type=checkbox]")
            .iter()
            .filter_map(|tick| tick.attr("id").map(str::to_string))
            .collect();
        let unsure = boxes.iter().filter(|id| *id != "ends").fold(check, |check, id| check.choose(id));
        let unsure = unsure.fill("signature", "ana li").press("Sign for these plans").await;
        assert_eq!(unsure.status, 422, "{}", unsure.words());
        unsure.says("Tick the box about the plan that ends");
        assert_eq!(bench.count("enrollment").await, 1);
        let done = sign_plans(unsure).await;
        assert!(done.address.contains("/done"), "{}", done.words());
        assert_eq!(bench.count("enrollment WHERE state IN ('ended', 'cancelled')").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_plan_for_people_who_are_no_group_any_more_is_not_chosen() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        sent(&browser, FAMILY, &family).await;
        let together = browser.visit("/account/shop/1/plans").await;
        let groups = browser.visit("/account/plan/groups").await;
        let version = groups.carried().into_iter().find(|(name, _)| name == "version").map(|(_, said)| said);
        let none = browser.post("/account/plan/groups", &format!("version={}", version.expect("a version"))).await;
        assert_eq!((none.status, none.error_summary().len()), (422, 1));
        let apart = groups.select("main input[type=radio]").last().and_then(|way| way.attr("id").map(str::to_string));
        groups.choose(&apart.expect("a way")).press("Save").await;
        let clash = choose_first(together).await;
        assert_eq!(clash.status, 409, "{}", clash.words());
        for odd in ["", "choice=", "choice=1,2,3/x", "choice=9/33931OH0070006", "choice=1/33931OH9999999"] {
            let got = browser.post("/account/plan/choose", odd).await;
            assert!(matches!(got.status, 404 | 409), "{odd}: {}", got.status);
        }
    })
    .await;
}
