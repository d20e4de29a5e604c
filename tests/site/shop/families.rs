//! Households as people type them: the order does not matter, Medicare is thought of, losses and limits count.

use std::collections::BTreeMap;

use windowshop::eligibility::Tables;
use windowshop::eligibility::tables::NumberCode;
use windowshop::quote::ask::people::MEDICARE_AGE;

use crate::site::{Site, cents};

const CINCINNATI: &str = "zip=45202&county=39061";

/// What each plan costs after the credit.
async fn nets(site: &Site, query: &str) -> BTreeMap<String, i64> {
    let rows = site.rows(&format!("{CINCINNATI}&{query}")).await;
    assert!(!rows.is_empty(), "{query} has plans");
    rows.iter().map(|row| (row["plan_id"].clone(), cents(row, "premium_after_credit"))).collect()
}

#[tokio::test]
async fn the_order_of_people_changes_nothing() {
    let site = Site::open().await;
    for [one, other] in [["38,14,3", "3,38,14"], ["50,25", "25,50"], ["40,38,9", "9,40,38"], ["40,38", "38,40"]] {
        let of = async |people| nets(&site, &format!("people={people}&income=60000")).await;
        assert_eq!(of(one).await, of(other).await, "{one} and {other}");
    }
    site.visit(&format!("/plans?{CINCINNATI}&people=3,38,14&income=60000")).await.says("person 2 files it");
    // A spouse of eight years is a slip: nobody means it.
    site.visit(&format!("/plans?{CINCINNATI}&people=8,40s&income=60000")).await.says("person 2 files it");
}

/// 26 CFR 1.36B-2(c)(2)(i): being able to have Part A without a premium is enough to have no credit.
#[tokio::test]
async fn from_65_medicare_is_thought_of_and_said() {
    let site = Site::open().await;
    let credit = async |people: &str| {
        let rows = site.rows(&format!("{CINCINNATI}&people={people}&income=40000")).await;
        rows.iter().map(|row| cents(row, "credit_applied")).max().expect("plans")
    };
    assert_eq!(credit("66").await, 0);
    assert!(credit("66b").await > 0);
    assert!(credit("64").await > 0);
    let taken = site.visit(&format!("/plans?{CINCINNATI}&people=66&income=40000")).await;
    taken.says("most people have Medicare with Part A free").says("Would you have to pay for Part A?");
    let denied = site.visit(&format!("/plans?{CINCINNATI}&people=66b&income=40000")).await;
    denied.says("pays for Medicare Part A").says_nothing_of("most people have Medicare");
    // Who would have to pay for it belongs to nobody else: the letter travels sealed.
    assert!(denied.address.contains("people=66&") && denied.address.contains("&my="), "{}", denied.address);
    assert!(site.said(&denied.address).contains(&"people=66b".to_string()));
    let form = site.visit(&denied.link("Change")).await;
    assert!(form.is_ticked("b1"));
}

/// 26 USC 62, 165(f), 223(b): a loss comes off, a deduction up to its limit; which limit bound is said with its law.
#[tokio::test]
async fn losses_and_limits_count_on_the_page_that_adds_up() {
    let site = Site::open().await;
    let loss = "k1=wages&a1=45000&f1=yearly&k2=self_employment&a2=-20,000&f2=yearly";
    site.visit(&format!("/income?{loss}")).await.says("$25,000");
    let hsa = "k1=wages&a1=60000&f1=yearly&k2=hsa_contribution&a2=20000&f2=yearly";
    site.visit(&format!("/income?{hsa}")).await.says_all(&["$55,600", "223(b)"]);
    // 52 weeks of 37.5 hours at $20.
    site.visit("/income?k1=wages&a1=20&f1=hourly&h1=37.5").await.says("$39,000");
    site.visit("/income?k1=wages&a1=20&f1=hourly").await.says("hours a week");
    for wrong in ["a1=-5", "a1=45,00"] {
        assert_eq!(site.visit(&format!("/income?k1=wages&{wrong}&f1=yearly")).await.status, 422, "{wrong}");
    }
}

/// Excel for Windows reads accents only behind a byte-order mark.
#[tokio::test]
async fn spreadsheets_open_right_and_programs_can_do_without_the_mark() {
    let site = Site::open().await;
    let marked = site.visit(&format!("/plans.csv?{CINCINNATI}&people=40")).await.text;
    let bare = site.visit(&format!("/plans.csv?{CINCINNATI}&people=40&bom=no")).await.text;
    assert_eq!(marked.strip_prefix('\u{feff}'), Some(&bare[..]));
    assert!(bare.starts_with("plan_id,"));
}

/// The shop's age of Medicare is that of the rules' table.
#[test]
fn the_age_of_medicare_is_the_one_of_the_rules() {
    let tables = Tables::load().expect("the tables are whole");
    let row = tables.number(NumberCode::MedicareAge, time::macros::date!(2026 - 01 - 01)).expect("a row");
    assert_eq!(row.value, i64::from(MEDICARE_AGE));
}
