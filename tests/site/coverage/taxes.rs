//! The year's record for the tax return: month by month, given out in January, corrected and kept.

use std::sync::Arc;

use time::macros::{date, datetime};
use windowshop::enrollment::end_rules::EndRules;
use windowshop::enrollment::tax_year::give_out;
use windowshop::verify::Room;

use super::planted::{Changed, EndedByInsurer, NEXT_YEAR, THIS_YEAR, Told, guest, of_owner, rows};
use crate::apply::walk::looked_at;
use crate::office::people::World;
use crate::proof::needs::text;
use crate::site::page::Page;
use crate::store::engines::on_each_engine;
use crate::web::reading::too_hard;

/// The rows of the first table: month, A, B, C.
fn first(page: &Page) -> Vec<Vec<String>> {
    rows(page.select("main table")[0])
}

pub fn room(world: &World) -> Room {
    Room { store: world.opened.store.clone(), means: world.opened.means.clone(), knows: crate::site::knows() }
}

async fn given(world: &World, now: time::OffsetDateTime) -> u64 {
    give_out(&room(world), &Arc::new(EndRules::load().expect("whole")), now).await.expect("given out")
}

async fn changed(world: &World, (owner, id): (&str, &str), (from, told): (time::Date, Told)) {
    let means = world.opened.means.clone();
    let (owner, enrollment) = (owner.to_string(), id.to_string());
    world.opened.store.begin_write(Changed { means, owner, enrollment, from, told }).await.expect("changed");
}

async fn ended(world: &World, id: &str, (day, code): (time::Date, &'static str)) {
    let (means, enrollment) = (world.opened.means.clone(), id.to_string());
    world.opened.store.begin_write(EndedByInsurer { means, enrollment, day, code }).await.expect("ended");
}

#[tokio::test]
async fn a_record_follows_a_change_of_credit_and_keeps_what_it_said_before() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &THIS_YEAR).await;
        let half = Told { credit: 12_500, ..THIS_YEAR };
        changed(&world, (&owner, &id), (date!(2026 - 07 - 01), half)).await;
        let page = browser.visit("/account/taxes/2026").await;
        looked_at(&page);
        assert_eq!(too_hard(&page, "en"), None);
        page.says_all(&["It is not Form 1095-A", "2026 is not over", "No record has been given out for 2026 yet"]);
        let lines = first(&page);
        assert_eq!(lines[0], ["January", "$445.50", "$470.00", "$300.00"]);
        assert_eq!(lines[5][3], "$300.00");
        assert_eq!(lines[6], ["July", "$445.50", "$470.00", "$125.00"]);
        assert_eq!(lines[10][1], "$445.50", "November, in which we are");
        assert_eq!(lines[11], ["December", "not covered", "", ""]);
        let spanish = browser.in_spanish().visit("/account/taxes/2026").await;
        looked_at(&spanish);
        assert_eq!(too_hard(&spanish, "es"), None);
        assert_eq!(first(&spanish)[11][..2], ["diciembre", "sin cobertura"]);
        // Nothing is given out before the year is over.
        assert_eq!(given(&world, datetime!(2026-12-31 20:00 UTC)).await, 0);
        assert_eq!(given(&world, datetime!(2027-01-02 20:00 UTC)).await, 1);
        assert_eq!(given(&world, datetime!(2027-01-03 20:00 UTC)).await, 0, "once");
        let page = browser.visit("/account/taxes/2026").await;
        page.says_all(&["Record 1 of", "The first record for this year"]);
        assert_eq!(first(&page)[11][3], "$125.00", "December is in it");
        assert_eq!(first(&page)[12], ["Whole year", "$5,346.00", "$5,640.00", "$2,550.00"]);
        // Something is found out later: a correction, and the first one stays.
        let more = Told { credit: 20_000, ..THIS_YEAR };
        changed(&world, (&owner, &id), (date!(2026 - 10 - 01), more)).await;
        assert_eq!(given(&world, datetime!(2027-03-01 20:00 UTC)).await, 1);
        let page = browser.visit("/account/taxes/2026").await;
        page.says_all(&["Record 2 of", "A correction", "Records before it", "Record 1 of"]);
        assert_eq!(first(&page)[12][3], "$2,775.00");
        let before = page.select("main details table");
        assert_eq!(rows(before[0])[12][3], "$2,550.00");
        assert_eq!(text(bench, "SELECT CAST(count(*) AS TEXT) FROM audit WHERE deed = 'tax_record_made'").await, "2");
        for word in ["Zapotillo", "Simple Silver"] {
            let like = format!("SELECT CAST(count(*) AS TEXT) FROM tax_record WHERE application LIKE '%{word}%'");
            assert_eq!(text(bench, &like).await, "0");
        }
    })
    .await;
}

#[tokio::test]
async fn the_table_for_a_spreadsheet_has_the_same_numbers_in_every_language() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, id) = guest(&world, bench, &browser, &THIS_YEAR).await;
        ended(&world, &id, (date!(2026 - 04 - 10), "TERM-OTH")).await;
        let page = browser.visit("/account/taxes/2026").await;
        page.says("Ana Zapotillo: from January 1, 2026 to April 10, 2026");
        let file = browser.get(&page.link("Save as a table (CSV)")).await;
        assert_eq!((file.status, file.header("cache-control")), (200, "no-store"));
        let lines: Vec<&str> = file.text.lines().collect();
        assert_eq!(lines.len(), 13);
        assert_eq!(
            lines[0],
            "year,record,policy,tax_household,people,insurer,plan,month,days,premium_a,benchmark_b,credit_c"
        );
        assert!(lines[3].ends_with(",Buckeye Health,Simple Silver,03,31,445.50,470.00,300.00"), "{}", lines[3]);
        assert!(lines[4].ends_with(",04,10,148.50,470.00,100.00"), "ten days of thirty: {}", lines[4]);
        assert!(lines[5].ends_with(",05,0,0.00,,0.00"), "{}", lines[5]);
        let spanish = browser.in_spanish().get("/account/taxes/2026/record.csv").await;
        assert_eq!(spanish.text, file.text);
    })
    .await;
}

#[tokio::test]
async fn what_was_not_paid_or_never_began_is_not_counted() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let unpaid = Told { starts: date!(2026 - 01 - 01), ..NEXT_YEAR };
        let (owner, id) = guest(&world, bench, &browser, &unpaid).await;
        let page = browser.visit("/account/taxes/2026").await;
        looked_at(&page);
        page.says_all(&["nobody has told us that the first month is paid", "There is no month in 2026"]);
        assert_eq!(page.count("main table"), 0);
        assert_eq!(given(&world, datetime!(2027-01-02 20:00 UTC)).await, 0, "there is nothing to give out");
        // Somebody who lost a plan with a credit, because they did not pay for May (45 CFR 156.270(d)).
        let lost = of_owner(&world, &owner, &THIS_YEAR, &id).await;
        ended(&world, &lost, (date!(2026 - 05 - 31), "TERM")).await;
        let page = browser.visit("/account/taxes/2026").await;
        assert_eq!(first(&page)[3], ["April", "$445.50", "$470.00", "$300.00"]);
        assert_eq!(first(&page)[4], ["May", "$0.00", "$0.00", "$300.00"]);
        assert_eq!(first(&page)[5][1], "not covered");
        assert_eq!(given(&world, datetime!(2027-01-02 20:00 UTC)).await, 1);
        // It turns out that it never began: the record is void, and what it said is kept.
        bench.run_raw("UPDATE enrollment SET state = 'cancelled'").await;
        assert_eq!(given(&world, datetime!(2027-02-02 20:00 UTC)).await, 1);
        let page = browser.visit("/account/taxes/2026").await;
        page.says_all(&["Record 2 of", "This record is empty", "Record 1 of"]);
        assert_eq!(browser.get("/account/taxes/2025").await.status, 404);
        assert_eq!(browser.get("/account/taxes/soon").await.status, 404);
    })
    .await;
}

/// Two people who are not married and file for themselves, on one plan of $600.00, of which $594.00 is for essential benefits. The
/// benchmark costs $320.00 for Ana and $160.00 for Ben: two thirds and one third of the premium (26 CFR 1.36B-3(h)).
const SHARED: Told = Told {
    premium: 60_000,
    essential: 59_400,
    credit: 25_001,
    benchmark: Some(72_000),
    people: &["Ana", "Ben"],
    households: &[("Ana Zapotillo", 1, 32_000, 20_000, 48_000), ("Ben Zapotillo", 2, 16_000, 5_001, 24_000)],
    ..THIS_YEAR
};

#[tokio::test]
async fn two_tax_households_on_one_plan_have_a_record_each() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &SHARED).await;
        let page = browser.visit("/account/taxes/2026").await;
        looked_at(&page);
        assert_eq!(too_hard(&page, "en"), None);
        page.says_all(&[
            "Each household has its own record",
            "Tax household of Ana Zapotillo",
            "Tax household of Ben Zapotillo",
        ]);
        let spanish = browser.in_spanish().visit("/account/taxes/2026").await;
        looked_at(&spanish);
        assert_eq!(too_hard(&spanish, "es"), None);
        spanish.says("Hogar tributario de Ben Zapotillo");
        let tables = page.select("main table");
        assert_eq!(tables.len(), 2);
        let (ana, ben) = (rows(tables[0]), rows(tables[1]));
        assert_eq!(ana[0], ["January", "$396.00", "$480.00", "$200.00"]);
        assert_eq!(ben[0], ["January", "$198.00", "$240.00", "$50.01"]);
        // Ben leaves at the end of June; Ana stays, with a plan for her alone.
        let alone = Told {
            premium: 40_000,
            essential: 39_600,
            credit: 20_000,
            benchmark: Some(48_000),
            people: &["Ana"],
            households: &[("Ana Zapotillo", 1, 32_000, 20_000, 48_000)],
            ..THIS_YEAR
        };
        assert_eq!(given(&world, datetime!(2027-01-02 20:00 UTC)).await, 1);
        changed(&world, (&owner, &id), (date!(2026 - 07 - 01), alone)).await;
        assert_eq!(given(&world, datetime!(2027-01-03 20:00 UTC)).await, 1, "a correction");
        let page = browser.visit("/account/taxes/2026").await;
        page.says("Ben Zapotillo: from January 1, 2026 to June 30, 2026");
        let tables = page.select("main table");
        let (ana, ben) = (rows(tables[0]), rows(tables[1]));
        assert_eq!((ana[5][1].as_str(), ana[6][1].as_str(), ben[5][1].as_str()), ("$396.00", "$396.00", "$198.00"));
        assert_eq!(ben[6][1], "not covered");
        assert_eq!(ben[12], ["Whole year", "$1,188.00", "$1,440.00", "$300.06"]);
        assert_eq!(ana[12], ["Whole year", "$4,752.00", "$5,760.00", "$2,400.00"]);
        // What was given out first stays as it was.
        let before: Vec<_> = page.select("main details table").into_iter().map(rows).collect();
        assert_eq!(before.len(), 2);
        assert_eq!(before[1][12], ["Whole year", "$2,376.00", "$2,880.00", "$600.12"]);
        let file = browser.get(&page.link("Save as a table (CSV)")).await;
        let lines: Vec<&str> = file.text.lines().collect();
        assert_eq!(lines.len(), 25);
        assert!(
            lines[1].contains(",Ana Zapotillo,") && lines[1].ends_with(",01,31,396.00,480.00,200.00"),
            "{}",
            lines[1]
        );
        assert!(
            lines[13].contains(",Ben Zapotillo,") && lines[13].ends_with(",01,31,198.00,240.00,50.01"),
            "{}",
            lines[13]
        );
    })
    .await;
}
