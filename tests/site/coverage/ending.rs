//! Cancelling before it begins, ending on a day, coming back: once, whatever is pressed twice.

use windowshop::enrollment::ending::{Back, Reinstate};
use windowshop::store::audit::Actor;

use super::planted::{NEXT_YEAR, THIS_YEAR, Told, guest, of_owner, rows};
use crate::apply::walk::looked_at;
use crate::office::people::World;
use crate::proof::needs::text;
use crate::site::Site;
use crate::store::engines::{Bench, on_each_engine};
use crate::web::reading::too_hard;

async fn changes(bench: &Bench, id: &str) -> String {
    let asked = "SELECT kind || ' ' || from_day || ' ' || reason || ' ' || held FROM enrollment_change \
         WHERE enrollment = 'ID' ORDER BY number DESC LIMIT 1";
    text(bench, &asked.replace("ID", id)).await
}

async fn stands(bench: &Bench, id: &str) -> String {
    let asked = "SELECT state || ' ' || ends FROM enrollment WHERE id = 'ID'";
    text(bench, &asked.replace("ID", id)).await
}

async fn deeds(bench: &Bench, deed: &str) -> String {
    text(bench, &format!("SELECT CAST(count(*) AS TEXT) FROM audit WHERE deed = '{deed}'")).await
}

#[tokio::test]
async fn another_language_keeps_the_day_that_was_typed() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &THIS_YEAR).await;
        let page = browser.visit(&format!("/account/coverage/{id}/end")).await;
        let wrong = page.choose("reason-other").fill("day", "the 40th").press("Check what it means").await;
        assert_eq!(wrong.status, 422);
        let spanish = wrong.press("Español").await;
        looked_at(&spanish);
        assert_eq!((spanish.status, spanish.count("html[lang=es]"), spanish.count(".fault")), (200, 1, 0));
        assert_eq!((spanish.value("day").as_str(), spanish.count("#reason-other[checked]")), ("the 40th", 1));
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_has_not_begun_is_cancelled_once() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &NEXT_YEAR).await;
        let here = format!("/account/coverage/{id}");
        // It cannot be ended: it has not begun.
        assert_eq!(browser.get(&format!("{here}/end")).await.header("location"), format!("{here}/cancel"));
        for (browser, lang) in [(browser.clone(), "en"), (browser.in_spanish(), "es")] {
            let page = browser.visit(&format!("{here}/cancel")).await;
            looked_at(&page);
            assert_eq!(too_hard(&page, lang), None);
        }
        let page = browser.visit(&here).await.click("Cancel before it starts").await;
        page.says_all(&["nobody was ever covered by it", "You can choose a plan for 2027 again until"]);
        let twice = browser.visit(&format!("{here}/cancel")).await;
        let wrong = page.press("Cancel this plan").await;
        assert_eq!(wrong.status, 422);
        wrong.says("Tick the box if you want to end the plan.");
        let done = wrong.choose("sure").press("Cancel this plan").await;
        done.says_all(&["The plan is cancelled", "This plan was cancelled before it began"]);
        assert_eq!(stands(bench, &id).await, "cancelled 2027-01-01");
        // The insurer was not told of it, and is not told any more.
        assert_eq!(changes(bench, &id).await, "cancel 2027-01-01 other withdrawn");
        let again = twice.choose("sure").press("Cancel this plan").await;
        again.says("This was done before");
        assert_eq!(bench.count("enrollment_change").await, 2);
        assert_eq!(deeds(bench, "coverage_cancelled").await, "1");
        // Once the insurer knows of it, it has to know of its end.
        let told = Told { steps: &[windowshop::enrollment::step::Step::Sent], ..NEXT_YEAR };
        let owner = text(bench, "SELECT owner FROM enrollment LIMIT 1").await;
        let other = of_owner(&world, &owner, &told, "").await;
        let page = browser.visit(&format!("/account/coverage/{other}/cancel")).await;
        page.choose("sure").press("Cancel this plan").await.says("The plan is cancelled");
        assert_eq!(changes(bench, &other).await, "cancel 2027-01-01 other ");
    })
    .await;
}

#[tokio::test]
async fn a_plan_ends_on_a_day_and_what_it_means_is_said_before() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &THIS_YEAR).await;
        let here = format!("/account/coverage/{id}");
        assert_eq!(browser.get(&format!("{here}/cancel")).await.header("location"), format!("{here}/end"));
        let page = browser.visit(&here).await.click("End this plan").await;
        looked_at(&page);
        assert_eq!(too_hard(&page, "en"), None);
        assert_eq!(too_hard(&browser.in_spanish().visit(&format!("{here}/end")).await, "es"), None);
        // What is wrong is said at its field, and what was typed stays.
        let wrong = page.fill("day", "11/31/2026").press("Check what it means").await;
        assert_eq!(wrong.status, 422);
        assert_eq!(wrong.error_summary().len(), 2);
        assert_eq!(wrong.value("day"), "11/31/2026");
        let early = wrong.choose("reason-other_coverage").fill("day", "11/20/2026").press("Check what it means").await;
        early.says("The first day that you can choose is November 21, 2026.");
        let late = early.fill("day", "1/1/2027").press("Check what it means").await;
        late.says("This plan ends on December 31, 2026 as it is.");
        let check = late.fill("day", "11/29/2026").press("Check what it means").await;
        assert_eq!(check.status, 200);
        looked_at(&check);
        check.says_all(&[
            "November 29, 2026 is the last day that you are covered",
            "There is no fee",
            "The last month costs only the days",
            "The tax credit for this plan ends on the same day",
            "you cannot come back in 2026, unless something happens",
        ]);
        assert_eq!(stands(bench, &id).await, "confirmed 2026-12-31", "nothing has happened yet");
        let twice = browser.visit(&format!("{here}/end")).await;
        let twice = twice.choose("reason-other_coverage").fill("day", "11/29/2026").press("Check what it means").await;
        let untick = check.press("End this plan").await;
        assert_eq!(untick.status, 422);
        let done = untick.choose("sure").press("End this plan").await;
        done.says_all(&["November 29, 2026 is the last day", "Ends soon", "This plan ends on November 29, 2026"]);
        assert_eq!(stands(bench, &id).await, "ended 2026-11-29");
        assert_eq!(changes(bench, &id).await, "terminate 2026-11-29 other_coverage ");
        twice.choose("sure").press("End this plan").await.says("This was done before");
        assert_eq!(deeds(bench, "coverage_ended").await, "1");
        back_and_again(&world, bench, &browser, (&owner, &id)).await;
    })
    .await;
}

/// Brought back to the end of the year without a gap, and ended on the same day as before.
async fn back_and_again(world: &World, bench: &Bench, browser: &Site, (owner, id): (&str, &str)) {
    let back = async || {
        let change = Reinstate {
            means: world.opened.means.clone(),
            owner: owner.to_string(),
            enrollment: id.to_string(),
            actor: Actor::Operator("uid 0".to_string()),
        };
        world.opened.store.begin_write(change).await.expect("written")
    };
    assert_eq!(back().await, Back::Now);
    assert_eq!(stands(bench, id).await, "confirmed 2026-12-31", "as it stood before");
    assert_eq!(changes(bench, id).await, "reinstate 2026-11-30 reinstated ");
    assert_eq!(back().await, Back::Live);
    assert_eq!(deeds(bench, "coverage_reinstated").await, "1");
    browser.visit(&format!("/account/coverage/{id}")).await.says("It was brought back from November 30, 2026");
    let november = async || {
        let page = browser.visit("/account/taxes/2026").await;
        rows(page.select("main table")[0])[10].clone()
    };
    assert_eq!(november().await, ["November", "$445.50", "$470.00", "$300.00"], "there is no gap");
    let page = browser.visit(&format!("/account/coverage/{id}/end")).await;
    let page = page.choose("reason-other").fill("day", "11/29/2026").press("Check what it means").await;
    page.choose("sure").press("End this plan").await.says("November 29, 2026 is the last day");
    assert_eq!(stands(bench, id).await, "ended 2026-11-29");
    assert_eq!(deeds(bench, "coverage_ended").await, "2");
    assert_eq!(november().await, ["November", "$430.65", "$470.00", "$290.00"], "29 days of 30");
}

#[tokio::test]
async fn medicaid_and_death_have_their_own_last_day() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &THIS_YEAR).await;
        let page = browser.visit(&format!("/account/coverage/{id}/end")).await;
        let page = page.choose("reason-death").fill("day", "11/22/2026").press("Check what it means").await;
        page.says("That day has not come yet.");
        let page = page.choose("reason-medicaid").fill("day", "11/1/2026").press("Check what it means").await;
        page.says("October 31, 2026 is the last day").says_nothing_of("The last month costs only the days");
        page.choose("sure").press("End this plan").await.says("This plan ended on October 31, 2026");
        assert_eq!(changes(bench, &id).await, "terminate 2026-10-31 medicaid ");
        // Found eligible from the first day on: nobody was covered.
        let other = of_owner(&world, &owner, &THIS_YEAR, "").await;
        let page = browser.visit(&format!("/account/coverage/{other}/end")).await;
        let page = page.choose("reason-medicaid").fill("day", "1/1/2026").press("Check what it means").await;
        page.says("The plan is then cancelled from its first day");
        page.choose("sure").press("End this plan").await.says("Cancelled");
        assert_eq!(stands(bench, &other).await, "cancelled 2026-01-01");
    })
    .await;
}

#[tokio::test]
async fn fourteen_days_of_notice_hold_where_the_state_runs_its_own_marketplace() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &Told { state: "PA", ..THIS_YEAR }).await;
        let page = browser.visit(&format!("/account/coverage/{id}/end")).await;
        let page = page.choose("reason-other").fill("day", "11/30/2026").press("Check what it means").await;
        page.says("The first day that you can choose is December 5, 2026.");
    })
    .await;
}

#[tokio::test]
async fn changing_to_another_plan_says_until_when_and_what_it_means() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &NEXT_YEAR).await;
        for (browser, lang) in [(browser.clone(), "en"), (browser.in_spanish(), "es")] {
            let page = browser.visit(&format!("/account/coverage/{id}/change")).await;
            looked_at(&page);
            assert_eq!(too_hard(&page, lang), None, "{}", page.address);
        }
        let page = browser.visit(&format!("/account/coverage/{id}")).await.click("Change to another plan").await;
        page.says_all(&["You can choose a plan for 2027 until December 15, 2026", "this one is cancelled"]);
        assert_eq!(page.link("Choose another plan"), "/account/plan");
        let this = of_owner(&world, &owner, &THIS_YEAR, &id).await;
        let page = browser.visit(&format!("/account/coverage/{this}/change")).await;
        page.says_all(&["Open enrollment for 2026 is over", "you begin a new deductible", "See what lets you enroll"]);
        let page = browser.visit(&format!("/account/coverage/{this}")).await;
        page.says("It takes the place of another plan").click("See the plan before it").await.says("January 1, 2027");
    })
    .await;
}

#[tokio::test]
async fn who_has_signed_for_a_plan_deletes_everything_only_once_it_is_over() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &NEXT_YEAR).await;
        for (browser, lang) in [(browser.clone(), "en"), (browser.in_spanish(), "es")] {
            let page = browser.visit("/account/delete").await;
            looked_at(&page);
            assert_eq!(too_hard(&page, lang), None);
            assert_eq!(page.count("main a[href$='/account/coverage']"), 1);
        }
        browser.visit("/account/delete").await.says("Deleting what you saved here would not end it");
        assert_eq!(browser.post("/account/delete", "sure=yes").await.status, 409);
        assert_eq!(bench.count("enrollment").await, 1);
        let cancel = browser.visit(&format!("/account/coverage/{id}/cancel")).await;
        cancel.choose("sure").press("Cancel this plan").await.says("The plan is cancelled");
        let gone = browser.visit("/account/delete").await.press("Delete everything now").await;
        assert_eq!(gone.heading(), "Everything is deleted", "{}", gone.words());
        for table in ["enrollment", "enrollment_change", "enrollment_step"] {
            assert_eq!(bench.count(table).await, 0, "{table}");
        }
    })
    .await;
}
