//! Taking people off a plan while the others stay: what it means is said in figures before, and it is done once.

use super::planted::{THIS_YEAR, Told, guest, rows};
use crate::apply::walk::looked_at;
use crate::office::people::World;
use crate::proof::needs::text;
use crate::site::Site;
use crate::site::page::Page;
use crate::store::engines::{Bench, on_each_engine};
use crate::web::reading::too_hard;

/// A parent with two grown children: 150 dollars each.
const THREE: Told = Told { people: &["Ana", "Ben", "Cam"], ..THIS_YEAR };

/// Kind, day and reason of every change, in order.
async fn changes(bench: &Bench, id: &str) -> Vec<String> {
    let asked = "SELECT kind || ' ' || from_day || ' ' || reason FROM enrollment_change WHERE enrollment = 'ID' ORDER BY number";
    let all = asked.replace("ID", id);
    let mut connection = bench.raw().await;
    sqlx::query_scalar(sqlx::AssertSqlSafe(all)).fetch_all(&mut connection).await.expect("asked")
}

async fn asked(browser: &Site, id: &str, (who, reason, day): (&[&str], &str, &str)) -> Page {
    let mut page = browser.visit(&format!("/account/coverage/{id}/end")).await;
    for row in who {
        page = page.choose(&format!("who_{row}"));
    }
    page.choose(&format!("reason-{reason}")).fill("day", day).press("Check what it means").await
}

async fn off(browser: &Site, id: &str, wish: (&[&str], &str, &str)) -> Page {
    asked(browser, id, wish).await.choose("sure").press("Take off the plan").await
}

#[tokio::test]
async fn one_person_leaves_and_the_others_see_what_they_pay() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &THREE).await;
        let here = format!("/account/coverage/{id}");
        let page = browser.visit(&here).await.click("End this plan or take somebody off it").await;
        looked_at(&page);
        assert_eq!(too_hard(&page, "en"), None);
        let spanish = browser.in_spanish().visit(&format!("{here}/end")).await;
        looked_at(&spanish);
        assert_eq!(too_hard(&spanish, "es"), None);
        // What is wrong is said at its field, and what was ticked stays.
        let wrong = page.press("Check what it means").await;
        assert_eq!((wrong.status, wrong.error_summary().len()), (422, 3));
        wrong.says("Tick who leaves the plan.");
        let all = wrong.choose("who_1").choose("who_2").choose("who_3").choose("reason-death");
        let all = all.fill("day", "11/2/2026").press("Check what it means").await;
        all.says("Tick only who has died.");
        asked(&browser, &id, (&["2"], "other", "12/31/2026")).await.says("The plan ends on December 31, 2026 for everybody.");
        let check = asked(&browser, &id, (&["2"], "other_coverage", "11/29/2026")).await;
        looked_at(&check);
        assert_eq!((check.status, too_hard(&check, "en")), (200, None));
        check.says_all(&[
            "Leaving: Ben Zapotillo. November 29, 2026 is the last day on this plan.",
            "Staying: Ana Zapotillo, Cam Zapotillo.",
            "From November 30, 2026 the plan costs $300.00 a month. The tax credit pays $297.00 of it. You pay $3.00 a month.",
            "Until then it is $150.00.",
            // 29 of 30 days at 450 - 300, one at 300 - 297.
            "In November you pay $145.10 for the whole month",
            "Somebody who leaves the plan is still in your household.",
            "Whoever leaves cannot come back in 2026",
        ]);
        assert_eq!(check.link("Report a change"), "/account/apply/report");
        let spanish = browser.in_spanish();
        let spanish_check = spanish.visit(&format!("{here}/end")).await.choose("who_2").choose("reason-other_coverage");
        let spanish_check = spanish_check.fill("day", "11/29/2026").press("Ver qué significa").await;
        looked_at(&spanish_check);
        assert_eq!(too_hard(&spanish_check, "es"), None);
        assert_eq!(bench.count("enrollment_change").await, 1, "nothing has happened yet");
        let twice = asked(&browser, &id, (&["2"], "other_coverage", "11/29/2026")).await;
        let other_tab = asked(&browser, &id, (&["3"], "other", "11/25/2026")).await;
        let untick = check.press("Take off the plan").await;
        assert_eq!(untick.status, 422);
        let done = untick.choose("sure").press("Take off the plan").await;
        done.says_all(&["It is done.", "Ben Zapotillo, until November 29, 2026", "Paid", "You pay $3.00 a month"]);
        twice.choose("sure").press("Take off the plan").await.says("This was done before");
        other_tab.choose("sure").press("Take off the plan").await.says("This plan has changed since you opened the page");
        assert_eq!(changes(bench, &id).await, ["initial 2026-01-01 open_enrollment", "change 2026-11-30 other_coverage"]);
        assert_eq!(text(bench, "SELECT state || ' ' || ends FROM enrollment LIMIT 1").await, "confirmed 2026-12-31");
        assert_eq!(text(bench, "SELECT CAST(count(*) AS TEXT) FROM enrollment_step WHERE step = 'changed'").await, "1");
        seen_everywhere(&browser, &here).await;
    })
    .await;
}

/// List, year's record, table, calendar.
async fn seen_everywhere(browser: &Site, here: &str) {
    browser.visit("/account/coverage").await.says("Ben Zapotillo, until November 29, 2026");
    let page = browser.visit("/account/taxes/2026").await;
    looked_at(&page);
    page.says_all(&[
        "Ana Zapotillo: from January 1, 2026 to November 30, 2026",
        "Ben Zapotillo: from January 1, 2026 to November 29, 2026",
    ]);
    // Of November 29 days with all of them, one without Ben; the benchmark of those of its first day.
    let lines = rows(page.select("main table")[0]);
    assert_eq!(lines[9], ["October", "$445.50", "$470.00", "$300.00"]);
    assert_eq!(lines[10], ["November", "$440.55", "$470.00", "$299.90"]);
    let file = browser.get(&page.link("Save as a table (CSV)")).await;
    let lines: Vec<&str> = file.text.lines().collect();
    assert!(lines[0].starts_with("year,record,policy,tax_household,people,insurer,"), "{}", lines[0]);
    assert!(lines[11].contains(",Ana Zapotillo; Ben Zapotillo (2026-11-29); Cam Zapotillo,"), "{}", lines[11]);
    let page = browser.visit(here).await;
    let calendar = browser.get(&page.link("Put the days in your calendar")).await;
    assert!(calendar.text.contains("SUMMARY:Last day for somebody on the plan: Simple Silver"), "{}", calendar.text);
    assert!(calendar.text.contains("DTSTART;VALUE=DATE:20261129") && !calendar.text.contains("Zapotillo"));
}

#[tokio::test]
async fn a_death_of_one_of_several_and_a_later_leave_stand_beside_each_other() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &THREE).await;
        off(&browser, &id, (&["2"], "medicare", "12/15/2026")).await.says("Ben Zapotillo, until December 15, 2026");
        asked(&browser, &id, (&["3"], "death", "11/22/2026")).await.says("That day has not come yet.");
        let page = asked(&browser, &id, (&["3"], "death", "11/14/2026")).await;
        page.says_all(&["November 14, 2026 is the last day", "From November 15, 2026 the plan costs $300.00"]);
        page.says("From December 16, 2026 the plan costs $150.00");
        let done = page.choose("sure").press("Take off the plan").await;
        done.says_all(&["Ben Zapotillo, until December 15, 2026", "Cam Zapotillo, until November 14, 2026"]);
        assert_eq!(
            changes(bench, &id).await,
            [
                "initial 2026-01-01 open_enrollment",
                "change 2026-12-16 medicare",
                "change 2026-11-15 death",
                "change 2026-12-16 death",
            ]
        );
        // In the end one is on it: whoever leaves then ends it.
        let page = browser.visit(&format!("/account/coverage/{id}/end")).await;
        assert!(!page.has_field("who_1"));
    })
    .await;
}

#[tokio::test]
async fn when_who_holds_the_plan_leaves_the_others_go_on_under_a_new_number() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &THREE).await;
        let page = asked(&browser, &id, (&["1"], "medicaid", "11/1/2026")).await;
        looked_at(&page);
        page.says_all(&["October 31, 2026 is the last day", "Ben Zapotillo holds the plan from then on."]);
        page.says_nothing_of("for the whole month");
        let twice = asked(&browser, &id, (&["1"], "medicaid", "11/1/2026")).await;
        page.choose("sure").press("Take off the plan").await.says("This plan ended on October 31, 2026");
        twice.choose("sure").press("Take off the plan").await.says("This was done before");
        assert_eq!(bench.count("enrollment").await, 2);
        let new = text(bench, "SELECT id FROM enrollment WHERE follows <> ''").await;
        let stands = format!("SELECT state || ' ' || starts || ' ' || ends FROM enrollment WHERE id = '{new}'");
        assert_eq!(text(bench, &stands).await, "signed 2026-11-01 2026-12-31");
        assert_eq!(changes(bench, &id).await[1], "terminate 2026-10-31 new_subscriber_medicaid");
        assert_eq!(changes(bench, &new).await, ["initial 2026-11-01 new_subscriber_medicaid"]);
        let page = browser.visit(&format!("/account/coverage/{new}")).await;
        looked_at(&page);
        page.says_all(&[
            "Ben Zapotillo and Cam Zapotillo",
            "$300.00",
            "This plan goes on without a gap",
            "with a new number",
        ]);
        page.says_nothing_of("Pay the first month").says_nothing_of("Ana Zapotillo");
        page.click("See the plan before it").await.says("Ana Zapotillo");
    })
    .await;
}

#[tokio::test]
async fn nothing_is_said_that_is_not_known() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &THREE).await;
        // One price for a family: what each adds to it is not known.
        let means = world.opened.means.clone();
        let from = time::macros::date!(2026 - 02 - 01);
        let told = Told { premium: 2, ..THREE };
        let one_price = super::planted::Changed { means, owner, enrollment: id.clone(), from, told };
        world.opened.store.begin_write(one_price).await.expect("changed");
        let page = asked(&browser, &id, (&["2"], "other", "11/29/2026")).await;
        assert_eq!(page.status, 422);
        page.says("We cannot work out what the others would pay.");
    })
    .await;
}
