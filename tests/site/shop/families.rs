//! Households as people type them: the order does not matter, Medicare is thought of, losses and limits count.

use std::collections::BTreeMap;

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
    taken.says("most people can have Part A free").says("Would you have to pay for Part A?");
    let denied = site.visit(&format!("/plans?{CINCINNATI}&people=66b&income=40000")).await;
    denied.says("pays for Medicare Part A").says_nothing_of("most people can have Part A");
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
    site.visit("/income?k1=wages&a1=20&f1=hourly").await.says("hours you usually work in a week");
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

/// 26 CFR 1.36B-2(c)(3)(v)(A): a job of the second person's reaches that person by its own premium, the others on the
/// return by the family's.
#[tokio::test]
async fn the_second_persons_job_counts_for_whom_it_covers() {
    let site = Site::open().await;
    let credit = async |offers: &str| {
        let rows = site.rows(&format!("{CINCINNATI}&people=40,38s&income=60000{offers}")).await;
        rows.iter().map(|row| cents(row, "credit_applied")).max().expect("plans")
    };
    let both = credit("").await;
    let second = credit("&offer2=50").await;
    assert!(0 < second && second < both, "the first person keeps a credit of their own: {second} of {both}");
    assert_eq!(credit("&offer2=50&offer2_family=150").await, 0);
    assert_eq!(credit("&offer2=50&offer2_family=3000").await, second, "a family plan out of reach bars nobody else");
    assert_eq!(credit("&offer=50&offer2=50").await, 0);
    let lone = site.visit(&format!("/plans?{CINCINNATI}&people=40,38s&income=60000&offer2_family=150")).await;
    assert_eq!(lone.status, 422);
    assert_eq!(lone.error_summary()[0].0, "offer2");
}

/// 26 USC 152, 36B(c)(1)(D): a roommate, an unmarried partner or a grown child on a return of their own is not in this one's
/// family; what is assumed of others is said.
#[tokio::test]
async fn who_is_on_no_return_here_is_neither_dependent_nor_helped() {
    let site = Site::open().await;
    let taken = site.visit(&format!("/plans?{CINCINNATI}&people=50,25&income=40000")).await;
    taken.says("Person 2 is counted as a dependent");
    taken.says("If a dependent has to file a tax return");
    let own = site.visit(&format!("/plans?{CINCINNATI}&people=50,25o&income=40000")).await;
    own.says("Person 2 is on no tax return with you").says_nothing_of("counted as a dependent");
    assert!(own.address.contains("people=50,25o"), "{}", own.address);
    // The first person's credit is that of one person alone.
    let [alone, beside] = ["50", "50,25o"].map(|people| format!("{CINCINNATI}&people={people}&income=40000"));
    let most = async |query: &str| site.rows(query).await.iter().map(|row| cents(row, "credit_applied")).max();
    assert_eq!(most(&alone).await, most(&beside).await);
    assert!(site.cheapest(&beside).await > site.cheapest(&alone).await, "both are on the policy");
    site.visit(&format!("/plans?{CINCINNATI}&people=20&income=30000")).await.says("nobody claims you");
    site.visit(&format!("/plans?{CINCINNATI}&people=30&income=30000")).await.says_nothing_of("nobody claims you");
    let how = site.visit(&format!("/how?{CINCINNATI}&people=50,25&income=40000")).await;
    how.says("Person 2 is counted as a dependent");
}

/// 8 USC 1613(a), 45 CFR 155.305(a)(1): a new green card has no Medicaid, another lawful status neither, no status no plan.
#[tokio::test]
async fn immigration_decides_for_each_person_alone() {
    let site = Site::open().await;
    let low = |people: &str| format!("/plans?{CINCINNATI}&year=2026&people={people}&income=20000");
    site.visit(&low("40")).await.says("free or at low cost");
    for people in ["40g", "40l"] {
        let page = site.visit(&low(people)).await;
        page.says("Tax credit: up to").says_nothing_of("free or at low cost");
        assert!(page.address.contains("people=40&") && page.address.contains("my="), "{}", page.address);
    }
    let none = site.rows(&format!("{CINCINNATI}&year=2026&people=40,38z&income=60000")).await;
    let alone = site.rows(&format!("{CINCINNATI}&year=2026&people=40,38n&income=60000")).await;
    assert_eq!(none[0]["premium"], alone[0]["premium"], "no plan of the marketplace for who is not lawfully present");
}

#[tokio::test]
async fn a_babys_age_is_read_in_months() {
    let site = Site::open().await;
    for (typed, age) in [("6 months", "0"), ("18 meses", "1"), ("40.0", "40"), ("４０", "40")] {
        let form = form_urlencoded::byte_serialize(typed.as_bytes()).collect::<String>();
        let page = site.visit(&format!("/plans?{CINCINNATI}&age1={form}")).await;
        assert!(page.address.ends_with(&format!("people={age}")), "{typed}: {}", page.address);
    }
}

/// 26 CFR 1.36B-2(c)(5): an HRA that leaves the lowest silver plan affordable rules out the credit of whom it covers;
/// 26 USC 36B(c)(4): one of a small employer that does not, comes off the credit.
#[tokio::test]
async fn an_hra_is_judged_by_the_lowest_silver_plan_and_a_small_employers_by_the_second() {
    let site = Site::open().await;
    let credit = async |people: &str, told: &str| {
        let rows = site.rows(&format!("{CINCINNATI}&year=2026&people={people}&income=40000{told}")).await;
        rows.iter().map(|row| cents(row, "credit_applied")).max().expect("plans")
    };
    let without = credit("40", "").await;
    assert!(without > 0);
    let silver = site.rows(&format!("{CINCINNATI}&year=2026&people=40&metal=silver&sort=premium")).await;
    let (silver, second) = (cents(&silver[0], "premium"), cents(&silver[1], "premium"));
    // 9.96 % of 40,000 is 332 a month (Rev. Proc. 2025-25): what the plan may cost after the HRA.
    let enough = (silver - 33_200) / 100 + 1;
    assert!(enough > 1, "the lowest silver plan costs more than is affordable: {silver}");
    assert_eq!(credit("40", &format!("&hra={enough}")).await, 0);
    assert_eq!(
        credit("40", &format!("&hra={}", enough - 2)).await,
        without,
        "not affordable: declined, the credit stays"
    );
    let lowered = credit("40", &format!("&qsehra={}", enough - 2)).await;
    assert!(lowered < without, "{lowered} of {without}");
    // That of a small employer is judged by the second-lowest (26 USC 36B(c)(4)(C)(i)(I)).
    assert!(second > silver, "two silver plans of one premium tell nothing here");
    assert!(credit("40", &format!("&qsehra={enough}")).await > 0, "the second-lowest plan is not affordable yet");
    let second_enough = (second - 33_200) / 100 + 1;
    assert_eq!(credit("40", &format!("&qsehra={second_enough}")).await, 0);
    // For the first person alone it leaves the spouse's credit; for the family it leaves none.
    let pair = credit("40,38s", &format!("&income=50000&hra={enough}")).await;
    assert!(pair > 0);
    assert_eq!(credit("40,38s", "&income=50000&hra=2000&hra_family=3000").await, 0);
}
