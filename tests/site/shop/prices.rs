//! Premiums: the SQL and the pure function agree on every plan; both agree with what CMS quotes.

use sqlx::Row as _;
use windowshop::plans::premium::{Charge, Rates, policy_premium};
use windowshop::plans::search;
use windowshop::plans::tally::Tally;
use windowshop::plans::view::Card;
use windowshop::types::Cents;

use super::{PLACES, Shop};

/// Known to hold of CMS's 2026 data (data/README.md): plans sold to one person of 27, and of 40, by county.
const SOLD: [(&str, usize, usize); 8] = [
    ("zip=43215&county=39049", 130, 130),
    ("zip=45202&county=39061", 130, 130),
    ("zip=44114&county=39035", 119, 119),
    ("zip=46204&county=18097", 56, 55),
    ("zip=47104&county=18019", 32, 32),
    ("zip=26505&county=54061", 37, 36),
    ("zip=25701&county=54011", 37, 36),
    ("zip=25301&county=54039", 37, 36),
];

#[tokio::test]
async fn each_county_sells_the_plans_that_cms_quotes() {
    let shop = Shop::open().await;
    for (place, at_27, at_40) in SOLD {
        assert_eq!(shop.total(&format!("{place}&people=27")).await, at_27, "{place} at 27");
        assert_eq!(shop.total(&format!("{place}&people=40")).await, at_40, "{place} at 40");
    }
}

fn rates(row: &sqlx::sqlite::SqliteRow) -> Rates {
    let cents = |name: String| Cents(row.get::<i64, _>(name.as_str()));
    let tiers =
        ["couple", "one_dependent", "two_dependents", "three_dependents", "couple_one", "couple_two", "couple_three"];
    Rates {
        tiered: row.get::<i64, _>("tiered") == 1,
        by_age: std::array::from_fn(|i| cents(format!("a{}", i + 14))),
        by_age_tobacco: std::array::from_fn(|i| cents(format!("t{}", i + 14))),
        by_tier: tiers.map(|name| row.get::<Option<i64>, _>(name).map(Cents)),
    }
}

#[tokio::test]
async fn the_sql_and_the_pure_function_agree_on_every_plan() {
    let shop = Shop::open().await;
    let households =
        ["0", "14", "21", "40t", "64", "90t", "40,38t,19,17,15,3", "30,5n", "20,19,18,17", "63,64,65,21,20"];
    let mut compared = 0;
    for (zip, county) in PLACES {
        for people in households {
            let search = shop.search(&format!("zip={zip}&county={county}&people={people}"));
            let catalogue = shop.catalogue();
            let tally = search::tally(&catalogue, &search).await.expect("a tally");
            for offer in tally.results(Default::default()) {
                let row = sqlx::query("SELECT * FROM rate WHERE rating_area_pk = ?1 AND plan_pk = ?2")
                    .bind(search.place.rating_area_pk)
                    .bind(offer.plan_pk)
                    .fetch_one(&catalogue.pool)
                    .await
                    .expect("rates");
                let pure = policy_premium(&Charge::of(&search.household), &rates(&row));
                assert_eq!(pure, Some(offer.premium), "plan {} for {people} in {county}", offer.plan_pk);
                compared += 1;
            }
        }
    }
    assert!(compared > 5_000, "{compared} premiums were compared");
}

#[tokio::test]
async fn tobacco_and_children_follow_the_rule() {
    // 45 CFR 147.102(c)(1): the fourth child under 21 costs nothing more; 21-year-olds are all charged.
    let shop = Shop::open().await;
    let cheapest = async |people: &str| shop.cheapest(&format!("zip=45202&people={people}")).await;
    assert_eq!(cheapest("40,10,9,8").await, cheapest("40,10,9,8,7").await);
    assert!(cheapest("45,21,21,21,21").await > cheapest("45,21,21,21").await);
    // A person who needs no cover adds nothing.
    assert_eq!(cheapest("40,38n").await, cheapest("40").await);
}

#[tokio::test]
async fn family_amounts_are_the_familys() {
    let shop = Shop::open().await;
    let one = shop.search("zip=45202&people=40");
    let two = shop.search("zip=45202&people=40,38");
    let catalogue = shop.catalogue();
    let tally = search::tally(&catalogue, &one).await.expect("a tally");
    let cards = |tally: &Tally| -> Vec<Card> {
        tally.results(Default::default()).into_iter().map(|offer| Card::new(&catalogue, offer)).collect()
    };
    let (single, family) = (cards(&tally), cards(&search::tally(&catalogue, &two).await.expect("a tally")));
    for one in &single {
        let two = family.iter().find(|card| card.plan_pk == one.plan_pk).expect("sold to the family too");
        assert_eq!((one.deductible, one.moop), (one.deductible_individual, one.moop_individual), "{}", one.plan_id);
        assert_eq!((two.deductible, two.moop), (two.deductible_family, two.moop_family), "{}", two.plan_id);
    }
    assert_eq!(single.len(), 130);
}

#[tokio::test]
async fn every_statement_prepares() {
    use windowshop::catalogue::variants;
    use windowshop::plans::facts;
    let shop = Shop::open().await;
    let catalogue = shop.catalogue();
    for sql in [
        facts::PLAN,
        facts::VARIANT,
        facts::BENEFITS,
        facts::LIMITS,
        facts::EXAMPLES,
        variants::PLANS,
        variants::VARIANTS,
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(&catalogue.pool).await.expect(sql);
    }
    // The builder's own, with everything asked for at once.
    let everything = "zip=45202&people=40,38t&metal=silver&type=hmo&issuer=33931&premium=1-9000&deductible=-90000\
                      &moop=-90000&with=hsa,national,noreferral,standard,childdental,adultdental,new&stars=1\
                      &programs=asthma,diabetes&q=gold%20\"x*";
    let search = shop.search(everything);
    search::tally(&catalogue, &search).await.expect("the tally");
}
