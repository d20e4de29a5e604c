//! The shop's benchmark against the eligibility engine's, in every county: the shop ranks the plans of its one
//! statement by the policy's price; the engine gets each plan's filed rates member by member.
//!
//! Always on the shipped sample. With `WINDOWSHOP_TEST_CATALOGUES=DIR` also on the catalogues in that folder, which
//! is how the whole country is checked (docs/testing.md).

use std::path::PathBuf;

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _};
use time::macros::datetime;
use windowshop::catalogue::Catalogue;
use windowshop::eligibility::benchmark::{DentalPlan, SilverPlan, benchmark};
use windowshop::eligibility::rounding;
use windowshop::quote::ask::address::Asked;
use windowshop::quote::ask::people::Household;
use windowshop::quote::market;
use windowshop::quote::policy::Credit;
use windowshop::quote::settle::{Settled, settle};
use windowshop::types::Cents;

use crate::site::Site;

/// Households with an income at which the adults have a credit: single; smoking; a child with dental care; four
/// children, of whom three are charged; someone with other coverage, so that the policy is not the benchmark's; a
/// young adult.
const HOUSEHOLDS: [&str; 6] = [
    "people=40&income=37650",
    "people=27t,29&income=52000",
    "people=44,9&income=58000",
    "people=46,45,19,17,15,12&income=160000",
    "people=58c,60,20&income=85000",
    "people=22&income=24000",
];

#[tokio::test]
async fn the_shop_and_the_engine_find_one_benchmark_in_every_county() {
    let site = Site::open().await;
    let compared = compare(&site).await;
    assert_eq!(compared.counties, 11);
    // The sample has no dental plans: the children's part is zero on both sides.
    assert!(compared.exact > 40, "{compared:?}");
    let Some(dir) = std::env::var_os("WINDOWSHOP_TEST_CATALOGUES") else { return };
    let site = Site::of(&PathBuf::from(dir)).await;
    let compared = compare(&site).await;
    println!("{compared:?}");
    assert!(compared.counties > 2_000 && compared.exact > 10_000 && compared.with_dental > 2_000, "{compared:?}");
}

#[derive(Debug, Default)]
struct Compared {
    counties: usize,
    exact: usize,
    /// Equal except for a rounded cent per member: plans whose premium is not only for essential health benefits.
    rounded: usize,
    /// The engine was given stand-alone dental plans for a child.
    with_dental: usize,
}

async fn compare(site: &Site) -> Compared {
    let mut compared = Compared::default();
    for catalogue in site.app.catalogues.current().iter() {
        let places = "SELECT county_fips, min(zip) FROM zip_county JOIN (SELECT DISTINCT county_fips FROM sold) \
                      USING (county_fips) GROUP BY county_fips";
        let places: Vec<(i64, i64)> = sqlx::query_as(places).fetch_all(&catalogue.pool).await.expect("places");
        for (county, zip) in places {
            compared.counties += 1;
            for household in HOUSEHOLDS {
                let query = format!("year={}&zip={zip:05}&county={county:05}&{household}", catalogue.year);
                one(site, catalogue, &query, &mut compared).await;
            }
        }
    }
    compared
}

async fn one(site: &Site, catalogue: &Catalogue, query: &str, compared: &mut Compared) {
    let mut asked = Asked::read(query);
    let settled = settle(&site.app.catalogues.current(), &site.app.tables, datetime!(2025-11-20 17:00 UTC), &mut asked);
    let Ok(Settled::Search(settled)) = settled else { panic!("{query} is a search") };
    let search = &settled.search;
    let found = market::tally(catalogue, search).await.expect("a tally").benchmark;
    let Some(terms) = search.policy.credit.as_ref().and_then(Credit::terms) else {
        assert_eq!(found, None, "{query}: no credit, no benchmark");
        return;
    };
    let eligible = &terms.eligible;
    let children = eligible.only(|i| eligible.people()[i].age < 19);
    let child = eligible.covered().any(|person| person.age < 19);
    let silver = plans(catalogue, search, "p.product = 0 AND p.metal = 4", eligible).await;
    let dental = match child {
        true => plans(catalogue, search, "p.product = 1", eligible).await,
        false => Vec::new(),
    };
    let ages: Vec<u8> = eligible.covered().map(|person| person.age).collect();
    let all: Vec<usize> = (0..ages.len()).collect();
    let silver: Vec<SilverPlan> = silver
        .iter()
        .map(|plan| SilverPlan {
            plan_id: &plan.id,
            member_premiums: plan.members.iter().map(|rate| Some(rounding::ehb_share(*rate, plan.ehb_ppm))).collect(),
            pediatric_dental: plan.child_dental,
        })
        .collect();
    let dental: Vec<DentalPlan> = dental
        .iter()
        .map(|plan| DentalPlan {
            plan_id: &plan.id,
            member_premiums: plan
                .members
                .iter()
                .map(|rate| Some(rounding::ehb_share(*rate, plan.dental_ppm)))
                .collect(),
        })
        .collect();
    compared.with_dental += usize::from(child && !dental.is_empty());
    let rules = search.policy.rules.rating;
    let by_engine = benchmark(&ages, &[all], &silver, &dental, rules).map(|found| found.monthly);
    match (found.map(|found| found.monthly), by_engine) {
        (shop, engine) if shop == engine => compared.exact += 1,
        (Some(shop), Some(engine)) => {
            let most = (eligible.covered().count() + children.covered().count()) as i64;
            let off = (shop.0 - engine.0).abs();
            assert!(off <= most, "{query}: the shop finds {shop:?}, the engine {engine:?}");
            compared.rounded += 1;
        }
        (shop, engine) => panic!("{query}: the shop finds {shop:?}, the engine {engine:?}"),
    }
}

struct Plan {
    id: String,
    /// Without tobacco, in the order of the members.
    members: Vec<Cents>,
    ehb_ppm: u32,
    dental_ppm: u32,
    child_dental: bool,
}

/// Plans sold to these people in this place, read plainly.
async fn plans(
    catalogue: &Catalogue,
    search: &windowshop::quote::ask::address::Search,
    which: &str,
    people: &Household,
) -> Vec<Plan> {
    // Child-only plans are for children alone; all of these households have an adult, but dental plans are bought for
    // the children among them.
    let sql = format!(
        "SELECT p.plan_id, p.ehb_ppm, p.pediatric_dental_ppm, v.child_dental, p.child_only, r.* \
         FROM plan p JOIN sold s USING (plan_pk) JOIN variant v ON v.plan_pk = p.plan_pk AND v.variant_code = 1 \
         JOIN rate r ON r.plan_pk = p.plan_pk AND r.rating_area_pk = ?1 \
         WHERE {which} AND s.county_fips = ?2 AND (p.product = 1 OR p.child_only <> 'child') \
         AND (s.by_zip = 0 OR EXISTS (SELECT 1 FROM sold_zip z WHERE z.county_fips = s.county_fips \
         AND z.plan_pk = p.plan_pk AND z.zip = ?3)) ORDER BY p.plan_id"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(search.place.rating_area_pk)
        .bind(i64::from(search.place.county.fips.number()))
        .bind(i64::from(search.place.zip.number()))
        .fetch_all(&catalogue.pool)
        .await
        .expect("plans");
    let plan = |row: &SqliteRow| {
        assert_eq!(row.get::<i64, _>("tiered"), 0, "no family tiers in the federal marketplaces");
        let rate = |age: u8| Cents(row.get::<i64, _>(format!("a{}", age.clamp(14, 64)).as_str()));
        let ppm = |name: &str, unfiled: i64| row.get::<Option<i64>, _>(name).unwrap_or(unfiled) as u32;
        Plan {
            id: row.get("plan_id"),
            members: people.covered().map(|person| rate(person.age)).collect(),
            ehb_ppm: ppm("ehb_ppm", 1_000_000),
            dental_ppm: ppm("pediatric_dental_ppm", 0),
            child_dental: row.get::<i64, _>("child_dental") == 1,
        }
    };
    rows.iter().map(plan).collect()
}
