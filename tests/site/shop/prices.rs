//! Premiums: the SQL agrees with hand-computed sums on every plan, and with what CMS quotes.

use sqlx::Row as _;
use windowshop::eligibility::CsrLevel;
use windowshop::filing::codes::VariantKind;
use windowshop::quote::ask::people::Household;
use windowshop::quote::market;
use windowshop::quote::market::tally::Tally;
use windowshop::shop::view::Card;
use windowshop::types::Cents;

use crate::site::{PLACES, Site, cents};
use crate::web::repository::texts;

/// Known facts of CMS's 2026 data (data/README.md): plans sold to one person aged 27, and aged 40, by county.
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
    let site = Site::open().await;
    for (place, at_27, at_40) in SOLD {
        assert_eq!(site.total(&format!("{place}&people=27")).await, at_27, "{place} at 27");
        assert_eq!(site.total(&format!("{place}&people=40")).await, at_40, "{place} at 40");
    }
}

/// 45 CFR 147.102 by hand, over one plan's filed rates: every adult, and of those under 21 the three oldest, each at
/// their own age and tobacco use.
fn premium_by_hand(people: &Household, row: &sqlx::sqlite::SqliteRow) -> Cents {
    assert_eq!(row.get::<i64, _>("tiered"), 0, "the sample has no family tiers");
    let rate = |age: u8, tobacco: bool| {
        let column = format!("{}{}", if tobacco { "t" } else { "a" }, age.clamp(14, 64));
        Cents(row.get::<i64, _>(column.as_str()))
    };
    let mut ages: Vec<(u8, bool)> = people.covered().map(|person| (person.age, person.tobacco)).collect();
    ages.sort();
    ages.reverse();
    let (mut sum, mut children) = (Cents::ZERO, 0);
    for (age, tobacco) in ages {
        children += usize::from(age < 21);
        if children <= 3 {
            sum += rate(age, tobacco);
        }
    }
    sum
}

#[tokio::test]
async fn the_sql_agrees_with_sums_by_hand_on_every_plan() {
    let site = Site::open().await;
    let households =
        ["0", "14", "21", "40t", "64", "90t", "40,38t,19,17,15,3", "30,5n", "20,19,18,17", "63,64,65,21,20"];
    let mut compared = 0;
    for (zip, county) in PLACES {
        for people in households {
            let search = site.search(&format!("zip={zip}&county={county}&people={people}"));
            let catalogue = site.catalogue();
            let tally = market::tally(&catalogue, &search).await.expect("a tally");
            for offer in tally.results(windowshop::filing::codes::Sort::Premium) {
                let row = sqlx::query("SELECT * FROM rate WHERE rating_area_pk = ?1 AND plan_pk = ?2")
                    .bind(search.place.rating_area_pk)
                    .bind(offer.plan_pk)
                    .fetch_one(&catalogue.pool)
                    .await
                    .expect("rates");
                let by_hand = premium_by_hand(&search.household, &row);
                assert_eq!(by_hand, offer.premium, "plan {} for {people} in {county}", offer.plan_pk);
                compared += 1;
            }
        }
    }
    assert!(compared > 5_000, "{compared} premiums were compared");
}

#[tokio::test]
async fn tobacco_and_children_follow_the_rule() {
    // 45 CFR 147.102(c)(1): the fourth child under 21 costs nothing more; 21-year-olds are all charged.
    let site = Site::open().await;
    let cheapest = async |people: &str| site.cheapest(&format!("zip=45202&people={people}")).await;
    assert_eq!(cheapest("40,10,9,8").await, cheapest("40,10,9,8,7").await);
    assert!(cheapest("45,21,21,21,21").await > cheapest("45,21,21,21").await);
    // A person who needs no coverage adds nothing.
    assert_eq!(cheapest("40,38n").await, cheapest("40").await);
}

#[tokio::test]
async fn family_amounts_are_the_familys() {
    let site = Site::open().await;
    let one = site.search("zip=45202&people=40");
    let two = site.search("zip=45202&people=40,38");
    let catalogue = site.catalogue();
    let tally = market::tally(&catalogue, &one).await.expect("a tally");
    let cards = |tally: &Tally| -> Vec<Card> {
        tally
            .results(windowshop::filing::codes::Sort::Premium)
            .into_iter()
            .map(|offer| Card::new(&catalogue, offer))
            .collect()
    };
    let (single, family) = (cards(&tally), cards(&market::tally(&catalogue, &two).await.expect("a tally")));
    for one in &single {
        let two = family.iter().find(|card| card.plan_pk == one.plan_pk).expect("sold to the family too");
        assert_eq!((one.deductible, one.moop), (one.deductible_individual, one.moop_individual), "{}", one.plan_id);
        assert_eq!((two.deductible, two.moop), (two.deductible_family, two.moop_family), "{}", two.plan_id);
    }
    assert_eq!(single.len(), 130);
}

/// Rooms whose statements are not for an open catalogue.
const OTHER_ROOMS: [&str; 17] = [
    "enrollment",
    "insurer",
    "load",
    "rotate",
    "store",
    "account",
    "application",
    "apply",
    "work",
    "office",
    "operator",
    "verify",
    "documents",
    "proof",
    "staff",
    "desk",
    "transfer",
];

/// The statements written out whole in the sources of whatever serves. Those built from pieces are the builder's
/// (below) and the opening's, which every test runs. The office's are for its own store (`tests/site/store/lint.rs`).
fn statements() -> Vec<String> {
    let served = texts("src", ".rs")
        .into_iter()
        .filter(|(path, _)| !OTHER_ROOMS.iter().any(|room| path.contains(&format!("/src/{room}/"))));
    let product = served.map(|(_, text)| text.split("#[cfg(test)]").next().unwrap_or_default().replace("\\\"", "'"));
    let literals = product.flat_map(|text| {
        let literals = text.split("\"SELECT ").skip(1).filter_map(|rest| rest.split('"').next());
        literals.map(|sql| format!("SELECT {}", sql.replace("\\\n", " "))).collect::<Vec<_>>()
    });
    literals.filter(|sql| !sql.contains('{')).collect()
}

#[tokio::test]
async fn every_statement_prepares() {
    let site = Site::open().await;
    let catalogue = site.catalogue();
    let statements = statements();
    assert!(statements.len() >= 18, "{statements:#?}");
    for sql in statements {
        let explained = sqlx::query(sqlx::AssertSqlSafe(format!("EXPLAIN {sql}"))).fetch_all(&catalogue.pool).await;
        assert!(explained.is_ok(), "{sql}: {explained:?}");
    }
    // The builder's own, with everything requested at once.
    let everything = "zip=45202&people=40,38t&metal=silver&type=hmo&issuer=33931&premium=1-9000&deductible=-90000\
                      &moop=-90000&with=hsa,national,noreferral,standard,childdental,adultdental,new&stars=1\
                      &programs=asthma,diabetes&q=gold%20\"x*";
    let search = site.search(everything);
    market::tally(&catalogue, &search).await.expect("the tally");
}

/// A column that the record names and the catalogue lacks, or has with another type, is an error and not "not filed".
#[tokio::test]
async fn every_plan_of_the_sample_has_a_whole_record_in_every_variant() {
    use windowshop::quote::policy::VariantKinds;
    use windowshop::types::PlanId;
    let site = Site::open().await;
    let catalogue = site.catalogue();
    let plans = "SELECT plan_id FROM plan WHERE on_exchange = 1 ORDER BY plan_pk";
    let plans: Vec<String> = sqlx::query_scalar(plans).fetch_all(&catalogue.pool).await.expect("plans");
    let (mut read, mut reduced, mut filed) = (0, 0, [0; 4]);
    for plan in &plans {
        let id = PlanId::parse(plan).expect("a plan ID");
        for level in [CsrLevel::None, CsrLevel::Zero, CsrLevel::Limited, CsrLevel::Csr94] {
            let record = catalogue.record(&id, |metal| VariantKinds::of_level(level).of_metal(metal)).await;
            let record = record.unwrap_or_else(|fault| panic!("{plan}: {fault}")).expect("the plan is there");
            assert_eq!(&record.plan_id, plan);
            read += 1;
            reduced += usize::from(record.kind != VariantKind::Standard);
            let some = [
                record.variant.is_some(),
                !record.benefits.is_empty(),
                !record.limits.is_empty(),
                record.national_network.is_some(),
            ];
            filed.iter_mut().zip(some).for_each(|(filed, some)| *filed += usize::from(some));
        }
    }
    assert!(read > 500 && reduced > 300, "{read} records, {reduced} of reduced variants");
    // Benefits are filed for some of the plans only.
    assert!(filed.iter().all(|filed| *filed > read / 3), "of {read}: {filed:?}");
}

#[tokio::test]
async fn credits_are_those_of_healthcare_gov_on_every_plan() {
    // HealthCare.gov's own answers for 2026: a single adult, by county.
    let site = Site::open().await;
    let cases = [
        ("zip=43215&county=39049&people=40&income=37650", 27_400),
        ("zip=25301&county=54039&people=27&income=60240", 39_700),
    ];
    for (query, credit) in cases {
        let rows = site.rows(query).await;
        assert!(rows.len() > 30);
        for row in &rows {
            let (premium, net, applied) =
                (cents(row, "premium"), cents(row, "premium_after_credit"), cents(row, "credit_applied"));
            assert_eq!(premium - applied, net, "{row:?}");
            match row["metal"].as_str() {
                "catastrophic" => assert_eq!(applied, 0, "{row:?}"),
                // Capped at the premium's share for essential health benefits, which for nearly all plans is the
                // whole premium.
                _ => assert!(applied == credit || applied <= premium.min(credit) && net < premium / 20, "{row:?}"),
            }
        }
        assert!(rows.iter().filter(|row| cents(row, "credit_applied") == credit).count() > 30, "{query}");
        let (full, _) = query.split_once("&income").expect("an income");
        assert!(site.rows(full).await.iter().all(|row| row["credit_applied"] == "0.00"), "no income, no credit");
    }
}

#[tokio::test]
async fn silver_plans_show_the_variant_of_the_household_everywhere() {
    let site = Site::open().await;
    let place = "zip=43215&county=39049&people=40";
    let standard = site.rows(&format!("{place}&metal=silver")).await;
    // 160 % of the poverty line: the 87 % level, variant 05.
    let reduced = site.rows(&format!("{place}&metal=silver&income=25040")).await;
    assert_eq!(standard.len(), reduced.len(), "no plan is lost");
    let mut lower = 0;
    for row in &reduced {
        let plain = standard.iter().find(|plain| plain["plan_id"] == row["plan_id"]).expect("the same plans");
        assert!(cents(row, "moop") <= 350_000, "45 CFR 156.420: the reduced maximum of 2026: {row:?}");
        lower += usize::from(cents(row, "moop") < cents(plain, "moop"));
        let page = site.visit(&format!("/plans/{}?{place}&income=25040", row["plan_id"])).await.words();
        assert!(page.contains(&Cents(cents(row, "moop")).dollars()), "{}: {page}", row["plan_id"]);
    }
    assert_eq!(lower, reduced.len());
    // Other metals are unchanged.
    let gold =
        (site.rows(&format!("{place}&metal=gold")).await, site.rows(&format!("{place}&metal=gold&income=25040")).await);
    assert!(gold.0.iter().all(|row| gold.1.iter().any(|r| r["plan_id"] == row["plan_id"] && r["moop"] == row["moop"])));
}

#[tokio::test]
async fn children_in_medicaid_leave_the_policy_and_stay_in_the_family() {
    let site = Site::open().await;
    // Ohio, four people at 149 % of the poverty line: the children have Medicaid, the parents buy with a credit.
    let query = "zip=43215&county=39049&people=40,38,10,4&income=48000";
    let words = site.visit(&format!("/plans?{query}")).await.words();
    for said in ["For ages 10 and 4: likely Ohio Medicaid, free or at low cost", "a month, ages 40 and 38", "94% level"]
    {
        assert!(words.contains(said), "{said}: {words}");
    }
    let two = site.rows("zip=43215&county=39049&people=40,38").await;
    for row in site.rows(query).await {
        let plain = two.iter().find(|plain| plain["plan_id"] == row["plan_id"]).expect("sold to the parents");
        assert_eq!(plain["premium"], row["premium"], "the parents' premium");
    }
}

#[tokio::test]
async fn filters_on_amounts_look_at_the_variant_of_the_household() {
    let site = Site::open().await;
    // At 160 % of the poverty line every silver plan's maximum is below $3,500; at full price none is.
    let query = "zip=43215&county=39049&people=40&metal=silver&moop=-3500";
    assert_eq!(site.rows(query).await.len(), 0);
    let reduced = site.rows(&format!("{query}&income=25040")).await;
    assert!(reduced.len() > 20, "{}", reduced.len());
    assert!(reduced.iter().all(|row| cents(row, "moop") <= 350_000));
    let by_deductible = site.rows("zip=43215&county=39049&people=40&income=25040&sort=deductible").await;
    let amounts: Vec<i64> = by_deductible.iter().map(|row| cents(row, "deductible")).collect();
    assert!(amounts.is_sorted(), "{amounts:?}");
}
