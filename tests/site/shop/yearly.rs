//! The likely yearly cost on the pages: order, help, reduced plans. What it is checked against is in the files next
//! to this one.

mod addresses;
mod doctored;
mod dominated;
mod filings;
mod paper;

use crate::site::{Row, Site, cents};

const OHIO: &str = "year=2026&zip=45202&county=39061";
const WEST_VIRGINIA: &str = "year=2026&zip=25301&county=54039";
/// At 40 and 192 % of the poverty line: silver plans come in variant 05.
const REDUCED: &str = "year=2026&zip=45202&county=39061&people=40&income=30000";

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row["plan_id"].as_str()).collect()
}

/// Dollars as a card writes them.
fn dollars(cents: i64) -> String {
    windowshop::types::Cents((cents + 50) / 100 * 100).dollars()
}

#[tokio::test]
async fn the_list_is_in_the_order_of_the_average_year_unless_another_is_asked_for() {
    let site = Site::open().await;
    for (sort, column, said, dicho) in [
        ("", "cost_average", "Lowest likely yearly cost first", "Primero el costo anual probable más bajo"),
        (
            "&sort=cost_good",
            "cost_good",
            "Lowest cost in a good year first",
            "Primero el costo más bajo en un año bueno",
        ),
        ("&sort=cost_bad", "cost_bad", "Lowest cost in a bad year first", "Primero el costo más bajo en un año malo"),
        ("&sort=premium", "premium_after_credit", "Lowest monthly premium first", "Primero la prima mensual más baja"),
    ] {
        for who in ["people=40", "people=40,38&sex=f&income=60000"] {
            let query = format!("{OHIO}&{who}{sort}");
            let rows = site.rows(&query).await;
            let order = |row: &Row| (cents(row, column), cents(row, "premium_after_credit"), cents(row, "premium"));
            assert!(rows.len() > 100 && rows.is_sorted_by_key(order), "{query}");
            let first = site.visit(&format!("/plans?{query}")).await;
            assert!(first.words().contains(said), "{query}: {}", first.words());
            assert!(site.visit(&format!("/es/plans?{query}")).await.words().contains(dicho), "{query}");
            let shown = site.all_cards(&format!("/plans?{query}")).await;
            assert_eq!(shown.iter().map(|card| card.id.as_str()).collect::<Vec<_>>(), ids(&rows), "{query}");
            for (card, row) in shown.iter().zip(&rows) {
                let [good, average, bad] =
                    ["cost_good", "cost_average", "cost_bad"].map(|year| dollars(cents(row, year)));
                assert!(card.cost.ends_with(&format!("Good year {good} Bad year {bad}")), "{}: {row:?}", card.cost);
                assert!(card.cost.split(' ').any(|word| word == average), "{}: {row:?}", card.cost);
            }
        }
    }
}

#[tokio::test]
async fn the_three_orders_differ() {
    let site = Site::open().await;
    let mut orders = Vec::new();
    for sort in ["cost_average", "cost_good", "cost_bad", "premium"] {
        let rows = site.rows(&format!("{OHIO}&people=40&sort={sort}")).await;
        orders.push(ids(&rows).join(" "));
    }
    orders.sort();
    orders.dedup();
    assert_eq!(orders.len(), 4, "an order that is never another's cannot be tried");
}

#[tokio::test]
async fn with_an_income_the_year_has_twelve_premiums_after_credit() {
    let site = Site::open().await;
    let mut free = 0;
    for (place, who, income, buyers) in [
        (OHIO, "people=40", 45_000, "people=40"),
        (OHIO, "people=40", 30_000, "people=40"),
        (OHIO, "people=60", 17_500 + 7_000, "people=60"),
        (WEST_VIRGINIA, "people=27", 30_000, "people=27"),
        // The children have Medicaid, so only the parents' years count.
        (OHIO, "people=40,38,10,4&sex=f,m", 48_000, "people=40,38&sex=f,m"),
    ] {
        let full = site.rows(&format!("{place}&{buyers}")).await;
        let helped = site.rows(&format!("{place}&{who}&income={income}")).await;
        assert_eq!(full.len(), helped.len());
        let mut unchanged = 0;
        for row in &helped {
            let plain = full.iter().find(|plain| plain["plan_id"] == row["plan_id"]).expect("the same plans");
            let (credit, net) = (cents(row, "credit_applied"), cents(row, "premium_after_credit"));
            free += usize::from(net == 0);
            for year in ["cost_good", "cost_average", "cost_bad"] {
                assert!(net >= 0 && cents(row, year) >= 12 * net, "{row:?}");
                // Silver plans may come in another variant, which asks less for care; others never do.
                if row["metal"] != "silver" {
                    assert_eq!(cents(row, year), cents(plain, year) - 12 * credit, "{year} of {row:?}");
                    unchanged += 1;
                }
            }
            assert_eq!(row["metal"] == "catastrophic", credit == 0, "{row:?}");
        }
        assert!(unchanged > 50, "{unchanged} figures were compared for {who}");
    }
    assert!(free > 0, "the floor of zero was not tried");
}

#[tokio::test]
async fn reduced_plans_without_filed_shares_say_at_most_and_keep_their_own_limits() {
    let site = Site::open().await;
    let plain = site.rows(&format!("{OHIO}&people=40")).await;
    for (list, at_most, good_year) in [("/plans", " or less", "Good year"), ("/es/plans", " o menos", "Año bueno")] {
        let shown = site.all_cards(&format!("{list}?{REDUCED}")).await;
        let rows = site.rows(REDUCED).await;
        let mut silver = 0;
        for card in &shown {
            let row = rows.iter().find(|row| row["plan_id"] == card.id).expect("in the CSV too");
            assert!(card.cost.contains(good_year), "{}", card.cost);
            assert_eq!(card.cost.contains(at_most), row["metal"] == "silver", "{}: {row:?}", card.cost);
            silver += usize::from(row["metal"] == "silver");
        }
        assert!(silver > 20 && silver < shown.len(), "{silver}");
        assert!(site.all_cards(&format!("{list}?{OHIO}&people=40")).await.iter().all(|c| !c.cost.contains(at_most)));
        for row in rows.iter().filter(|row| row["metal"] == "silver") {
            let full = plain.iter().find(|full| full["plan_id"] == row["plan_id"]).expect("the same plans");
            assert!(cents(row, "moop") < cents(full, "moop"), "{row:?}");
            let most = 12 * cents(row, "premium_after_credit") + cents(row, "moop");
            assert!(cents(row, "cost_bad") <= most, "nothing is uncovered, so the maximum holds: {row:?}");
        }
    }
}

#[tokio::test]
async fn the_pages_of_a_reduced_plan_say_why_it_is_the_most() {
    let site = Site::open().await;
    let rows = site.rows(REDUCED).await;
    let of = |metal: &str| rows.iter().find(|row| row["metal"] == metal).expect("a plan")["plan_id"].clone();
    let (silver, gold) = (of("silver"), of("gold"));
    for (lang, at_most, why) in [
        (
            "",
            " or less",
            "(“or less”). The data we have lack the copays of this reduced version of the plan, so we took those of the next version.",
        ),
        (
            "/es",
            " o menos",
            "(“o menos”). En los datos que tenemos faltan los copagos de esta versión reducida del plan;",
        ),
    ] {
        for page in ["", "/costs"] {
            let words = site.visit(&format!("{lang}/plans/{silver}{page}?{REDUCED}")).await.words();
            assert!(words.contains(why) && words.contains("45 CFR 156.420"), "{words}");
            let unreduced = [format!("{gold}{page}?{REDUCED}"), format!("{silver}{page}?{OHIO}&people=40")];
            for uri in unreduced {
                let words = site.visit(&format!("{lang}/plans/{uri}")).await.words();
                assert!(!words.contains("156.420") && !words.contains(at_most), "{uri}: {words}");
            }
        }
        let compare = site.visit(&format!("{lang}/compare?{REDUCED}&plan={silver}&plan={gold}")).await.words();
        assert_eq!(compare.matches(at_most).count(), 3, "the three years of the silver plan alone");
    }
}

#[tokio::test]
async fn filtering_out_silver_says_what_that_may_cost() {
    let site = Site::open().await;
    let lowest = async |metal: &str| {
        let rows = site.rows(&format!("{REDUCED}&metal={metal}")).await;
        dollars(rows.iter().map(|row| cents(row, "cost_average")).min().expect("plans"))
    };
    let (silver, gold) = (lowest("silver").await, lowest("gold").await);
    for (lang, said) in [
        ("", format!("is {silver} or less among silver plans, and {gold} among the plans shown")),
        ("/es", format!("es {silver} o menos entre los planes plata, y {gold} entre los planes que se muestran")),
    ] {
        let words = site.visit(&format!("{lang}/plans?{REDUCED}&metal=gold")).await.words();
        assert!(words.contains(&said), "{said}: {words}");
    }
}
