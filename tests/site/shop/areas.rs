//! Every rating area of every state: whoever lives there sees prices, or is told where the plans are.
//!
//! Always on the shipped sample. With `WINDOWSHOP_TEST_CATALOGUES=DIR` also on the catalogues in that folder, which
//! is how the whole country is checked (docs/testing.md).

use std::path::PathBuf;

use time::macros::datetime;
use windowshop::eligibility::State;
use windowshop::filing::codes::Sort;
use windowshop::quote::ask::address::Asked;
use windowshop::quote::market;
use windowshop::quote::settle::{Settled, settle};
use windowshop::types::Cents;

use crate::site::Site;

/// One of each band of ages that rates are filed by, and a family.
const PEOPLE: [&str; 9] = ["0", "14", "15", "20", "21", "45t", "64", "70", "40,38,9,7,5,3"];

#[derive(Debug, Default)]
struct Seen {
    areas: usize,
    priced: usize,
    elsewhere: usize,
}

#[tokio::test]
async fn every_rating_area_prices_or_says_where_its_plans_are() {
    let site = Site::open().await;
    let samoa = site.visit("/plans?zip=96799&people=40").await;
    samoa.says("There is no health insurance marketplace there (42 USC 18043)");
    let seen = look(&site).await;
    assert!(seen.priced >= 9 && seen.elsewhere > 400, "{seen:?}");
    let Some(dir) = std::env::var_os("WINDOWSHOP_TEST_CATALOGUES") else { return };
    let seen = look(&Site::of(&PathBuf::from(dir)).await).await;
    println!("{seen:?}");
    assert!(seen.priced > 300, "{seen:?}");
}

async fn look(site: &Site) -> Seen {
    let mut seen = Seen::default();
    for catalogue in site.app.catalogues.current().iter() {
        // A county and a ZIP of each area, whichever way the area is drawn; one where something is sold if there is any.
        let places =
            "SELECT area, min(CASE WHEN sold THEN zip END), max(CASE WHEN sold THEN county END), min(zip), max(county)
            FROM (SELECT place.rating_area_pk AS area, pair.zip AS zip, pair.county_fips AS county,
                    pair.county_fips IN (SELECT county_fips FROM sold) AS sold
                FROM rating_area_place AS place JOIN zip_county AS pair JOIN county USING (county_fips)
                WHERE place.county_fips = pair.county_fips
                    OR (place.zip3 = pair.zip / 100 AND place.state = county.state))
            GROUP BY area, county";
        type Place = (i64, Option<i64>, Option<i64>, i64, i64);
        let rows: Vec<Place> = sqlx::query_as(places).fetch_all(&catalogue.pool).await.expect("places");
        let mut areas = std::collections::BTreeMap::new();
        for (area, zip, county, any_zip, any_county) in rows {
            let sold = zip.zip(county);
            let kept = areas.entry(area).or_insert((sold, (any_zip, any_county)));
            kept.0 = kept.0.or(sold);
        }
        for (area, (sold, any)) in areas {
            seen.areas += 1;
            let (zip, county) = sold.unwrap_or(any);
            let whose = format!("rating area {area}, ZIP {zip:05}, county {county:05}");
            for people in PEOPLE {
                let query = format!("year={}&zip={zip:05}&county={county:05}&people={people}", catalogue.year);
                let current = site.app.catalogues.current();
                let now = datetime!(2025-11-20 17:00 UTC);
                match settle(&current, &site.app.tables, now, &mut Asked::read(&query)) {
                    Ok(Settled::Search(settled)) => {
                        let tally = market::tally(catalogue, &settled.search).await.expect("a tally");
                        let results = tally.results(Sort::Premium);
                        assert!(!results.is_empty(), "{whose}: nothing for {people}");
                        assert!(
                            results.iter().all(|offer| offer.premium > Cents::ZERO),
                            "{whose}: {people} for nothing"
                        );
                    }
                    Ok(Settled::Elsewhere(elsewhere)) => {
                        // Territories have none, which the page says (42 USC 18043).
                        let named = elsewhere.marketplace.is_some() || State::parse(&elsewhere.county.state).is_none();
                        assert!(sold.is_none() && named, "{whose}: nobody named");
                    }
                    _ => panic!("{whose}: {query} is asked about"),
                }
            }
            seen.priced += usize::from(sold.is_some());
            seen.elsewhere += usize::from(sold.is_none());
        }
    }
    seen
}
