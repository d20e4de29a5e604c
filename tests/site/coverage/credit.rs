//! Using more or less of the credit from the next month on: the page, in both languages, with what is wrong, stale, pressed twice; what
//! the plan's page and the year's record say then.

use std::sync::Arc;

use time::macros::datetime;
use windowshop::enrollment::end_rules::EndRules;
use windowshop::enrollment::tax_year::give_out;

use super::planted::{THIS_YEAR, Told, guest, of_owner, rows};
use super::taxes::room;
use crate::apply::walk::looked_at;
use crate::office::people::World;
use crate::site::page::Page;
use crate::store::engines::on_each_engine;
use crate::web::reading::too_hard;

fn looked(page: &Page, lang: &str) {
    looked_at(page);
    assert_eq!(too_hard(page, lang), None, "{}", page.address);
    assert_eq!(page.header("cache-control"), "no-store", "{}", page.address);
}

#[tokio::test]
async fn a_part_of_the_credit_is_used_from_the_next_month_on() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &THIS_YEAR).await;
        let address = format!("/account/coverage/{id}");
        let page = browser.visit(&address).await.click("Use more or less of your tax credit").await;
        looked(&page, "en");
        page.says_all(&["uses $300.00 of tax credit", "from December 1, 2026", "Up to $300.00", "71305"]);
        looked(&browser.in_spanish().visit(&format!("{address}/credit")).await, "es");
        // What is wrong is said, and what was typed stays.
        for (typed, said) in
            [("", "Type how much"), ("300.01", "$300.00 a month at most"), ("much", "amount in dollars")]
        {
            let page = browser.visit(&format!("{address}/credit")).await;
            let wrong = page.choose("use-part").fill("part", typed).press("Use this much").await;
            assert_eq!((wrong.status, wrong.value("part").as_str()), (422, typed));
            looked(&wrong, "en");
            assert!(format!("{:?}", wrong.error_summary()).contains(said), "{:?}", wrong.error_summary());
        }
        assert_eq!(bench.count("enrollment_change").await, 1);
        let (stale, staler) =
            (browser.visit(&format!("{address}/credit")).await, browser.visit(&format!("{address}/credit")).await);
        let done = page.choose("use-part").fill("part", "125").press("Use this much").await;
        looked(&done, "en");
        done.says_all(&["From December 1, 2026 on, the credit is as you chose", "$300.00", "$150.00"]);
        done.says("From December 1, 2026 the plan costs $450.00 a month. The tax credit pays $125.00 of it. You pay $325.00 a month.");
        looked(&browser.in_spanish().visit(&address).await, "es");
        // The same from another tab is done; something else is not.
        let again = staler.choose("use-part").fill("part", "125.00").press("Use this much").await;
        again.says("This was done before");
        let other = stale.choose("use-none").press("Use this much").await;
        other.says("has changed since you opened the page");
        assert_eq!(bench.count("enrollment_change").await, 2);
        assert_eq!(bench.count("enrollment_change WHERE reason = 'chosen' AND kind = 'change' AND held = ''").await, 1);
        assert_eq!(bench.count("audit WHERE deed = 'coverage_changed'").await, 1 + 3, "beside the planted steps");
        let page = browser.visit(&format!("{address}/credit")).await;
        assert_eq!(page.value("part"), "125.00");
        assert!(page.is_ticked("use-part"));
        // None, and all of it again: the last one counts.
        page.choose("use-none").press("Use this much").await.says("No tax credit is used. You pay $450.00 a month.");
        let page = browser.visit(&format!("{address}/credit")).await;
        let page = page.choose("use-all").press("Use this much").await;
        page.says_nothing_of("No tax credit is used");
        let page = browser.visit(&format!("{address}/credit")).await;
        page.choose("use-part").fill("part", "200").press("Use this much").await;
        // Eleven months of 300 dollars and one of 200.
        let rules = Arc::new(EndRules::load().expect("whole"));
        assert_eq!(give_out(&room(&world), &rules, datetime!(2027-01-02 20:00 UTC)).await.expect("given"), 1);
        let taxes = browser.visit("/account/taxes/2026").await;
        let lines = rows(taxes.select("main table")[0]);
        assert_eq!((lines[10][3].as_str(), lines[11][3].as_str()), ("$300.00", "$200.00"));
        assert_eq!(lines[12][3], "$3,500.00");
    })
    .await;
}

#[tokio::test]
async fn where_there_is_nothing_to_use_the_page_says_so_and_strangers_find_nothing() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let none = Told { credit: 0, ..THIS_YEAR };
        let (owner, id) = guest(&world, bench, &browser, &none).await;
        browser.visit(&format!("/account/coverage/{id}")).await.says_nothing_of("Use more or less of your tax credit");
        let page = browser.visit(&format!("/account/coverage/{id}/credit")).await;
        looked(&page, "en");
        page.says("There is no tax credit that this plan could use");
        looked(&browser.in_spanish().visit(&format!("/account/coverage/{id}/credit")).await, "es");
        let sent = browser.post(&format!("/account/coverage/{id}/credit"), "use=all&version=1").await;
        assert_eq!(sent.status, 200);
        let other = of_owner(&world, &owner, &THIS_YEAR, "").await;
        let stranger = world.browser();
        crate::office::people::save(&stranger, crate::office::people::SEARCH).await;
        assert_eq!(stranger.get(&format!("/account/coverage/{other}/credit")).await.status, 404);
        assert_eq!(stranger.post(&format!("/account/coverage/{other}/credit"), "use=none").await.status, 404);
        assert_eq!(bench.count("enrollment_change").await, 2);
    })
    .await;
}
