//! A change that is reported while a special enrollment period runs takes nothing away and gives nothing twice.

use super::people::{alone, choose_first, sent, sign_plans};
use crate::apply::walk::{ALONE, answer, looked_at, place, send, sign};
use crate::office::people::World;
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn a_loss_of_coverage_still_opens_its_period_after_another_income_was_reported() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for browser in [world.browser(), world.browser().in_spanish()] {
            sent(&browser, ALONE, &alone).await;
            let begun = send(browser.visit("/account/apply/report").await).await;
            assert_eq!(place(&begun), "changed");
            let page = answer(answer(begun, "what_changed.0", "income"), "changed_on.0", "11/20/2026");
            let list = send(page).await;
            assert_eq!(place(&list), "", "everything is answered: {}", list.words());
            let events = browser.visit("/account/apply/events").await;
            assert!(events.is_ticked("events.0-loss_of_coverage") && !events.is_ticked("events.0-none"));
            let check = browser.visit("/account/apply/check").await;
            looked_at(&check);
            check.says(if browser.is_spanish() { "10 de noviembre de 2026" } else { "November 10, 2026" });
            let done = sign(check, "ana li").await;
            assert_eq!(place(&done), "sent", "{}", done.words());
            let home = browser.visit("/account/plan").await;
            assert_eq!(home.count("main a[href$='/enroll']"), 0, "one can choose: {}", home.words());
            choose_first(browser.visit("/account/shop/1/plans").await).await;
            let done = sign_plans(browser.visit("/account/plan/check").await).await;
            assert!(done.address.contains("/account/plan/done"), "{}", done.words());
        }
        assert_eq!(bench.count("enrollment").await, 2);
    })
    .await;
}

/// Told again, it is a new event; taken back, the old day is there again.
#[tokio::test]
async fn an_event_that_is_told_again_has_the_new_day_and_the_old_one_comes_back() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        sent(&browser, ALONE, &alone).await;
        let begun = send(browser.visit("/account/apply/report").await).await;
        let page = answer(answer(begun, "what_changed.0", "coverage_lost"), "changed_on.0", "11/18/2026");
        send(page).await;
        browser.visit("/account/apply/check").await.says("November 18, 2026");
        let page = browser.visit("/account/apply/changed").await;
        let page = page.leave("what_changed.0-coverage_lost");
        send(answer(page, "what_changed.0", "income")).await;
        browser.visit("/account/apply/check").await.says("November 10, 2026");
        assert_eq!(bench.count("application").await, 1);
    })
    .await;
}
