//! Notes on plans that another one matches or beats: they have to be true, and must have no other effect.

use std::collections::HashMap;

use super::{OHIO, REDUCED, WEST_VIRGINIA, dollars};
use crate::site::{Card, Row, Site, cents};

/// The plans with a note, each with the plan it names.
fn notes(cards: &[Card]) -> HashMap<&str, &str> {
    cards.iter().filter_map(|card| Some((card.id.as_str(), card.better.as_ref()?.0.as_str()))).collect()
}

/// Dollars of a row; what was not filed is no amount.
fn filed(row: &Row, column: &str) -> Option<i64> {
    (!row[column].is_empty()).then(|| cents(row, column))
}

#[tokio::test]
async fn a_note_names_a_plan_of_the_list_that_is_no_worse_in_anything_it_shows() {
    let site = Site::open().await;
    for (who, least) in [
        (format!("{OHIO}&people=40"), 30),
        (format!("{OHIO}&people=40,38,9,5&sex=f&care=diabetes"), 30),
        (format!("{OHIO}&people=40,38,9,5&income=90000"), 30),
        (REDUCED.to_string(), 10),
        (format!("{WEST_VIRGINIA}&people=27"), 1),
    ] {
        let rows = site.rows(&who).await;
        let of = |id: &str| rows.iter().find(|row| row["plan_id"] == id).unwrap_or_else(|| panic!("{id} is not sold"));
        let shown = site.all_cards(&format!("/plans?{who}")).await;
        let notes = notes(&shown);
        assert!(notes.len() >= least && notes.len() < rows.len(), "{} notes for {who}", notes.len());
        for card in &shown {
            let Some((named, words)) = &card.better else { continue };
            let (worse, better) = (of(&card.id), of(named));
            assert!(!notes.contains_key(named.as_str()), "{named} has a note itself");
            assert!(words.contains(&format!("{}, {}.", better["name"], better["issuer"])), "{words}");
            for column in ["premium_after_credit", "deductible", "moop"] {
                assert!(cents(better, column) <= cents(worse, column), "{column}: {better:?} {worse:?}");
            }
            assert!(filed(better, "drug_deductible") <= filed(worse, "drug_deductible"), "{better:?} {worse:?}");
            let unknown = "The insurer has not provided this";
            assert!(worse["primary"] != unknown && better["primary"] != unknown, "copays decide too: {worse:?}");
            let premiums = 12 * (cents(worse, "premium_after_credit") - cents(better, "premium_after_credit"));
            let less = (cents(worse, "cost_average") - cents(better, "cost_average")).max(premiums);
            let said = format!("About {} less a year.", dollars(less));
            assert_eq!(words.contains("less a year."), less >= 50, "{words}");
            assert!(less < 50 || words.contains(&said), "{said}: {words}");
        }
    }
}

#[tokio::test]
async fn notes_are_the_same_in_any_order_under_any_filter_and_in_both_languages() {
    let site = Site::open().await;
    let who = format!("{OHIO}&people=40");
    let usual = site.all_cards(&format!("/plans?{who}")).await;
    let usual = notes(&usual);
    for list in ["/plans?SORT&sort=premium", "/plans?SORT&sort=cost_bad", "/es/plans?SORT"] {
        assert_eq!(notes(&site.all_cards(&list.replace("SORT", &who)).await), usual, "{list}");
    }
    // A filter removes plans, but does not change what is true of the others; the plan named may be one it removes.
    for filter in ["metal=silver", "premium=-500", "deductible=-3000", "q=oscar"] {
        let shown = site.all_cards(&format!("/plans?{who}&{filter}")).await;
        assert!(!shown.is_empty() && shown.len() < 130, "{filter}");
        for card in &shown {
            let named = card.better.as_ref().map(|better| better.0.as_str());
            assert_eq!(named, usual.get(card.id.as_str()).copied(), "{} under {filter}", card.id);
        }
    }
}

#[tokio::test]
async fn the_switch_takes_all_notes_away_and_brings_them_back_and_hides_no_plan() {
    let site = Site::open().await;
    for (lang, hide, show) in
        [("", "Hide the notes on plans", "Show the notes on plans"), ("/es", "Ocultar las notas", "Mostrar las notas")]
    {
        let on = format!("{lang}/plans?{OHIO}&people=40&metal=gold");
        let with = site.visit(&on).await;
        let off = with.link(hide);
        assert_eq!(off, format!("{on}&dominated=off"));
        let without = with.click(hide).await;
        assert_eq!((without.status, without.link(show)), (200, on.clone()));
        let (with, without) = (site.all_cards(&on).await, site.all_cards(&off).await);
        assert!(!notes(&with).is_empty() && notes(&without).is_empty());
        let plans = |cards: &[Card]| cards.iter().map(|card| (card.id.clone(), card.cost.clone())).collect::<Vec<_>>();
        assert_eq!(plans(&with), plans(&without), "no plan is hidden or moved");
    }
}

#[tokio::test]
async fn the_plans_own_page_has_the_same_note() {
    let site = Site::open().await;
    let who = format!("{OHIO}&people=40");
    let shown = site.all_cards(&format!("/plans?{who}")).await;
    let (noted, others): (Vec<&Card>, Vec<&Card>) = shown.iter().partition(|card| card.better.is_some());
    for card in noted.iter().step_by(7).chain(others.iter().step_by(21)) {
        let page = site.visit(&format!("/plans/{}?{who}", card.id)).await;
        assert_eq!(page.better(), card.better, "{}", card.id);
    }
}
