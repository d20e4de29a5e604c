//! "How we worked this out" and the income helper: they say what the engine found.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use time::macros::datetime;
use windowshop::eligibility::Rule;

use crate::site::Site;

/// Medicaid's limits and the poverty guidelines change with the calendar.
const JUNE: OffsetDateTime = datetime!(2026-06-01 12:00 UTC);

#[tokio::test]
async fn a_single_adult_sees_the_whole_sum() {
    let site = Site::on(JUNE).await;
    let who = "year=2026&zip=43215&county=39049&people=40&income=37650";
    let page = site.visit(&format!("/how?{who}")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("cache-control").starts_with("private"), "{}", page.header("cache-control"));
    page.says_all(&[
        "Person 1 (40 years old): files the tax return.",
        "Household income for the year (MAGI) $37,650.00",
        "$3,137.50, a twelfth of the year",
        "$15,650",
        "240.58%",
        "8.09%",
        "$253.92",
        "$527.69",
        "$274.00",
        "rounded up to the next whole dollar",
        "the plan pays about 73%",
        "income 240.58% of the poverty line, limit 400.00%",
        "income 235.90% of the poverty line, limit 138.00%",
        "26 USC 36B(c)(1)(A)",
        "At $39,126 or more:",
        "At $31,300 or less:",
        "At $62,601 or more: the tax credit ends.",
    ]);
    // The benchmark plan can be found in the list at exactly that price.
    let name = page.words();
    let id = name.split("Silver Complete").nth(1).and_then(|rest| rest.split(['(', ')']).nth(1)).expect("an id");
    let rows = site.rows(who).await;
    assert!(rows.iter().any(|row| row["plan_id"] == id && row["metal"] == "silver"), "{id}");
    // The link to copy has no income in it.
    let without = "/plans?year=2026&zip=43215&county=39049&people=40";
    assert!(page.links().iter().any(|link| link.href == without), "{:?}", page.links());
}

#[tokio::test]
async fn spanish_has_every_word_too() {
    let site = Site::on(JUNE).await;
    let page = site.visit("/es/how?year=2026&zip=43215&county=39049&people=40&income=37650").await;
    page.says_all(&["Cómo lo calculamos", "$274.00", "240.58%", "Con $62,601 o más: termina el crédito fiscal."]);
    for address in ["/how", "/es/how", "/income", "/es/income"] {
        let people = "year=2026&zip=43215&county=39049&people=40,38p,9,70c&income=52000&monthly=9000&offer=300";
        let page = site.get(&format!("{address}?{people}&k1=gifts&a1=5&f1=weekly")).await;
        assert!(!page.text.contains("[…]"), "{address} lacks a message");
    }
}

#[tokio::test]
async fn children_in_medicaid_are_told_apart_from_parents_who_buy() {
    let site = Site::on(JUNE).await;
    let page = site.visit("/how?zip=43215&people=40,38,9,5&income=52000").await;
    page.says_all(&[
        "is the spouse on the same tax return. You did not say so: we took it from the ages.",
        "Who the credit is for Person 1, Person 2",
        "Person 3 (9 years old) May get Medicaid. The state agency decides after you apply.",
        "Income must be within the limit of a Medicaid group: children 6 to 18 Met",
        "The tax credit is for people who cannot get Medicaid, CHIP or the Basic Health Program Not met",
        "Person 1 (40 years old) May buy a plan with the tax credit.",
        "At $128,601 or more: the tax credit ends.",
    ]);
    let saying = site.visit("/how?zip=43215&people=40,38s,9d,5d&income=52000").await;
    assert!(!saying.words().contains("You did not say so"), "what was said is not guessed");
}

#[tokio::test]
async fn without_an_income_the_page_asks_kindly() {
    let site = Site::on(JUNE).await;
    let page = site.visit("/how?zip=43215&people=40").await;
    assert_eq!(page.status, 200);
    page.says_all(&["You have not given an income", "Add your income"]);
    assert!(page.header("cache-control").starts_with("public"));
    let asked = site.visit("/how?zip=43215").await;
    assert!(asked.has_field("people"), "who is missing is asked for");
}

#[tokio::test]
async fn every_rule_and_every_input_has_words_in_both_languages() {
    let site = Site::open().await;
    let mut keys: BTreeSet<String> = Rule::ALL.iter().map(|rule| format!("rule.{}", rule.code())).collect();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/eligibility");
    for file in std::fs::read_dir(folder).expect("the engine's sources") {
        let path = file.expect("an entry").path();
        if path.extension().is_none_or(|ext| ext != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        for part in text.split(".input(").skip(1) {
            let name = part.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            keys.extend(name.map(|name| format!("input.{name}")));
        }
    }
    keys.extend(site.app.tables.income_kinds().iter().map(|kind| format!("income_kind.{}", kind.kind)));
    assert!(keys.contains("input.poverty_line") && keys.len() > Rule::ALL.len() + 60, "{keys:?}");
    for lang in site.app.messages.languages() {
        let missing: Vec<_> = keys.iter().filter(|key| site.app.messages.get(lang, key).is_none()).collect();
        assert!(missing.is_empty(), "{lang:?}: {missing:?}");
    }
}

#[tokio::test]
async fn the_helper_adds_up_what_counts_and_names_what_does_not() {
    let site = Site::on(JUNE).await;
    let rows = "k1=wages&a1=%241%2C500&f1=every_two_weeks&k2=gifts&a2=200&f2=monthly\
                &k3=student_loan_interest&a3=600&f3=yearly&k4=lump_sum_taxable&a4=1200&f4=once";
    let page = site.visit(&format!("/income?zip=43215&people=40&income=1&{rows}")).await;
    assert_eq!(page.status, 200);
    assert!(page.header("cache-control").starts_with("private"));
    // 39,000 − 600 + 1,200; this month 3,250 − 50 + 1,200.
    page.says_all(&[
        "Income for the year that counts for the tax credit $39,600.00",
        "Income this month that counts for Medicaid and CHIP $4,400.00",
        "Left out, because it does not count: Gifts.",
        "$600.00 a year, subtracted",
        "Continue with $39,600 a year",
        "There is no longer a cap on it (P.L. 119-21",
    ]);
    for (name, value) in [("zip", "43215"), ("people", "40"), ("income", "39600"), ("monthly", "4400")] {
        assert!(page.carries(name, value), "{name}: {:?}", page.carried());
    }
    // A steady income needs no separate month: one twelfth of the year is exact.
    let steady = site.visit("/income?zip=43215&k1=wages&a1=40000&f1=yearly").await;
    assert!(steady.carries("income", "40000") && !steady.carries("monthly", "3333.33"));
    let losing = site.visit("/income?k1=other_adjustment&a1=500&f1=yearly").await;
    losing.says_all(&["more than the income, so we take $0"]);
}

#[tokio::test]
async fn the_helper_refuses_at_the_field_and_keeps_what_was_typed() {
    let site = Site::on(JUNE).await;
    let wrong = site.visit("/income?zip=43215&k1=wages&a1=lots&f1=weekly&k2=&a2=5&f2=&k3=tips&a3=-5&f3=yearly").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.header("cache-control").contains("no-store"));
    wrong.says_all(&[
        "There is a problem",
        "“lots” is not an amount",
        "Choose what kind of money",
        "Choose how often",
        "“-5” is below zero",
    ]);
    for (field, kept) in [("a1", "lots"), ("f1", "weekly"), ("k3", "tips")] {
        assert_eq!(wrong.value(field), kept, "{field}");
    }
    let summary = wrong.error_summary();
    assert!(["a1", "k2"].iter().all(|field| summary.iter().any(|line| line.0 == *field)), "{summary:?}");
    assert_eq!(wrong.count("[name=income]"), 0, "nothing to go on with");
    let huge = site.visit("/income?k1=wages&a1=9000000&f1=weekly").await;
    huge.says_all(&["more than we can calculate with"]);
    // One more row, and no complaint about unfinished ones; never more than eight.
    let more = site.visit("/income?k1=wages&a1=&f1=&k2=&a2=&f2=&add_row=1").await;
    assert_eq!((more.status, more.count("fieldset")), (200, 3));
    let full = site.visit("/income?a8=5&add_row=1").await;
    assert_eq!(full.count("fieldset"), 8);
    assert_eq!(full.count("[name=add_row]"), 0);
}
