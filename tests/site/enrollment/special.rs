//! Special enrollment periods: once a month for members of tribes, and the levels that people can change to who are enrolled.

use std::sync::Arc;

use time::OffsetDateTime;
use time::macros::{date, datetime};
use windowshop::enrollment::Why;
use windowshop::enrollment::check::Unfit;
use windowshop::enrollment::choice::{Choice, GroupChoice};
use windowshop::enrollment::dates::{Closed, start};
use windowshop::enrollment::price::{Asking, search_for};
use windowshop::enrollment::results::{Happened, Results};
use windowshop::filing::codes::{Metal, Product};
use windowshop::operator::Opened;
use windowshop::quote::market;

use super::world::{Market, SEASON, SPRING, chosen, counts, send, sign, together};
use crate::application::flow::usual;
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn a_member_of_a_tribe_signs_once_a_month() {
    let market = Market::open().await;
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let mut ana = market.person(SPRING);
        ana.go(&|question, row, _| match question {
            "tribal" => "1".into(),
            "tribe" | "tribe_name" => "Shawnee Tribe".into(),
            question => usual(question, row).to_string(),
        });
        let (owner, application) = send(&office, &market, &ana).await;
        let results = counts(&office, &market, (&owner, &application)).await;
        let mut choice = together(&results, "");
        choice.groups[0].medical = Some(market.lowest(&results, &choice, (0, Product::Medical), Metal::Bronze).await);
        sign(&office, &market, &results, (&choice, 0), SPRING).await;
        let results = counts(&office, &market, (&owner, &application)).await;
        let closed = start(&market.tables, &results, SPRING, choice.begin).expect_err("used");
        let used = Closed::Used { kind: "tribal_member".into(), on: date!(2026 - 03 - 20) };
        assert_eq!((closed.why, closed.opens), (used, Some(date!(2026 - 04 - 01))));
        assert!(matches!(market.check(&results, &choice, SPRING).await, Err(Unfit::NotNow(_))), "nor is it signed");
        let april =
            start(&market.tables, &results, datetime!(2026-04-01 16:00 UTC), choice.begin).expect("a new month");
        assert_eq!(april.day, date!(2026 - 05 - 01));
        // Of any metal level, though they are enrolled.
        let metals = levels(&market, &results, &choice, &april.why).await.0;
        assert!(metals.len() > 2, "{metals:?}");
    })
    .await;
}

/// Metal levels of a group's list in a period, and how many plans are left out.
async fn levels(market: &Market, results: &Results, choice: &Choice, why: &Why) -> (Vec<Metal>, usize, Vec<String>) {
    let asking = Asking { start: date!(2026 - 04 - 01), why: Some(why), ..market.asking(results, choice) };
    let search = search_for(&asking, (0, Product::Medical)).await.expect("a search");
    let tally = market::tally(&market.catalogue, &search).await.expect("priced");
    let mut metals: Vec<Metal> = tally.offers().iter().filter_map(|offer| offer.plan.metal).collect();
    metals.sort();
    metals.dedup();
    (metals, tally.withheld, tally.offers().iter().map(|offer| offer.plan.plan_id.clone()).collect())
}

fn because(kind: &str) -> Why {
    Why::Special { kind: kind.to_string(), event: date!(2026 - 03 - 10) }
}

/// Somebody who has a silver plan since January, and what counts for them with an event in March.
async fn enrolled(office: &Opened, market: &Market, kind: &str) -> (Results, Choice) {
    let (owner, application, results, choice) = chosen(office, market).await;
    sign(office, market, &results, (&choice, 0), SEASON).await;
    let mut results =
        Arc::into_inner(counts(office, market, (&owner, &application)).await).expect("nobody else has it");
    let (day, had_coverage) = (Some(date!(2026 - 03 - 10)), Some(true));
    results.events.push(Happened { kind: kind.to_string(), day, had_coverage, told_by_office: false });
    (results, choice)
}

#[tokio::test]
async fn who_is_enrolled_changes_within_the_level_and_signs_nothing_else() {
    const NOON: OffsetDateTime = SPRING;
    let market = Market::open().await;
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (results, choice) = enrolled(&office, &market, "moved").await;
        let (all, none, _) = levels(&market, &results, &choice, &Why::OpenEnrollment).await;
        assert!(all.len() > 2 && none == 0, "{all:?}");
        let (metals, withheld, shown) = levels(&market, &results, &choice, &because("moved")).await;
        assert_eq!(metals, [Metal::Silver]);
        assert!(withheld > 0 && shown.len() > 1, "{withheld} are not shown");
        let gold = market.lowest(&results, &choice, (0, Product::Medical), Metal::Gold).await;
        let other = shown.iter().find(|plan| Some(*plan) != choice.groups[0].medical.as_ref()).expect("another one");
        let refused = market.check(&results, &together(&results, &gold), NOON).await;
        assert!(matches!(refused, Err(Unfit::NotSold { .. })), "gold cannot be signed");
        assert!(market.check(&results, &together(&results, other), NOON).await.is_ok(), "silver can");
        // Whoever adds a child keeps the plan; a plan of the child's own is not limited.
        let (_, _, shown) = levels(&market, &results, &choice, &because("birth")).await;
        assert_eq!(shown, [choice.groups[0].medical.clone().expect("a plan")]);
        let alone = Results { had: Vec::new(), ..results };
        let (metals, withheld, _) = levels(&market, &alone, &choice, &because("birth")).await;
        assert!(metals.len() > 2 && withheld == 0, "whoever is not enrolled has all plans");
        let nobody = Choice { groups: vec![GroupChoice::of(alone.shoppers())], ..Choice::default() };
        assert!(levels(&market, &alone, &nobody, &because("loss_of_coverage")).await.0.len() > 2);
    })
    .await;
}
