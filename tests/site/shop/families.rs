//! Households as people type them: the order does not matter, Medicare is thought of, losses and limits count.

use super::Shop;

#[tokio::test]
async fn the_order_of_people_changes_nothing() {
    let shop = Shop::open().await;
    let nets = async |people: &str| {
        let csv = shop
            .page(&format!("/plans.csv?zip=45202&county=39061&people={people}&income=60000&sort=premium&bom=no"))
            .await;
        let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
        let net = reader.headers().unwrap().iter().position(|h| h == "premium_after_credit").unwrap();
        let mut all: Vec<String> = reader
            .records()
            .map(|r| {
                let r = r.unwrap();
                format!("{} {}", &r[0], &r[net])
            })
            .collect();
        all.sort();
        all
    };
    for [one, other] in [["38,14,3", "3,38,14"], ["50,25", "25,50"], ["40,38,9", "9,40,38"], ["40,38", "38,40"]] {
        assert_eq!(nets(one).await, nets(other).await, "{one} and {other}");
    }
    let words = shop.page("/plans?zip=45202&county=39061&people=3,38,14&income=60000").await.words();
    assert!(words.contains("person 2 files it"), "{words}");
    let married = shop.page("/plans?zip=45202&county=39061&people=8,40s&income=60000").await.words();
    assert!(married.contains("person 2 files it"), "a spouse of eight years is not followed: {married}");
}

/// 26 CFR 1.36B-2(c)(2)(i): being able to have part A without a premium is enough to have no credit.
#[tokio::test]
async fn from_65_medicare_is_thought_of_and_said() {
    let shop = Shop::open().await;
    let who = "zip=45202&county=39061&income=40000&people";
    let old = shop.page(&format!("/plans?{who}=66")).await.words();
    assert!(old.contains("Medicare Part A free") && !old.contains("may get a tax credit of up to"), "{old}");
    let none = shop.page(&format!("/plans?{who}=66w")).await.words();
    assert!(!none.contains("We take it that people of 65"), "{none}");
    let net = async |people: &str| {
        let csv = shop.page(&format!("/plans.csv?{who}={people}")).await;
        let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
        let at = reader.headers().unwrap().iter().position(|h| h == "credit_applied").unwrap();
        let first = reader.records().next().unwrap().unwrap();
        first[at].to_string()
    };
    assert_eq!(net("66").await, "0.00");
    assert_ne!(net("66w").await, "0.00");
}

#[tokio::test]
async fn losses_and_limits_count_on_the_page_that_adds_up() {
    let shop = Shop::open().await;
    let loss = "/income?k1=wages&a1=45000&f1=yearly&k2=self_employment&a2=-20,000&f2=yearly";
    assert!(shop.page(loss).await.words().contains("$25,000"), "a loss of a business counts");
    let hsa = shop.page("/income?k1=wages&a1=60000&f1=yearly&k2=hsa_contribution&a2=20000&f2=yearly").await.words();
    assert!(hsa.contains("$55,600") && hsa.contains("223(b)"), "{hsa}");
    assert_eq!(shop.get("/income?k1=wages&a1=-5&f1=yearly").await.status, 422);
    assert_eq!(shop.get("/income?k1=wages&a1=45,00&f1=yearly").await.status, 422);
}

/// Excel for Windows reads accents only behind a byte-order mark.
#[tokio::test]
async fn spreadsheets_open_right_and_programs_can_do_without_the_mark() {
    let shop = Shop::open().await;
    let marked = shop.page("/plans.csv?zip=45202&county=39061&people=40").await.text;
    let bare = shop.page("/plans.csv?zip=45202&county=39061&people=40&bom=no").await.text;
    assert_eq!(marked.strip_prefix('\u{feff}'), Some(&bare[..]));
    assert!(bare.starts_with("plan_id,"));
}

/// The shop's age of Medicare is that of the rules' table.
#[test]
fn the_age_of_medicare_is_the_one_of_the_rules() {
    use windowshop::eligibility::Tables;
    use windowshop::eligibility::tables::NumberCode;
    let tables = Tables::load().expect("the tables are whole");
    let row = tables.number(NumberCode::MedicareAge, time::macros::date!(2026 - 01 - 01)).expect("a row");
    assert_eq!(row.value, i64::from(windowshop::quote::policy::MEDICARE_FROM));
}
