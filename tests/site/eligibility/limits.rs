//! Deductions and losses come off up to what the law allows, however they are written down.

use proptest::prelude::*;
use serde_json::{Value, json};
use windowshop::eligibility::{Rule, sum_of};

use super::{ask, tables};

/// MAGI of the first tax household in dollars.
fn magi(people: Value) -> f64 {
    let household = json!({"plan_year": 2026, "state": "OH", "people": people});
    ask(&household, "2026-06-01").tax_households[0].magi.0 as f64 / 100.0
}

fn single(age: u8, incomes: Value) -> f64 {
    magi(json!([{"age": age, "incomes": incomes}]))
}

fn wages(amount: u32) -> Value {
    json!({"kind": "wages", "amount": amount})
}

#[test]
fn student_loan_interest_is_2500_a_return_and_phases_out() {
    let with = |pay: u32, interest: u32| {
        single(37, json!([wages(pay), {"kind": "student_loan_interest", "amount": interest}]))
    };
    assert_eq!(with(60_000, 10_000), 57_500.0);
    assert_eq!(with(60_000, 1_000), 59_000.0);
    // Half of the way from 85,000 to 100,000 takes half of it.
    assert_eq!(with(92_500, 2_500), 91_250.0);
    assert_eq!(with(100_000, 2_500), 100_000.0);
    let couple = magi(json!([
        {"age": 40, "incomes": [wages(30_000), {"kind": "student_loan_interest", "amount": 2_000}]},
        {"age": 40, "relationship": "spouse", "incomes": [wages(30_000), {"kind": "student_loan_interest", "amount": 2_000}]}]));
    assert_eq!(couple, 57_500.0);
    let apart = json!([{"age": 40, "filing_status": "married_filing_separately",
        "incomes": [wages(30_000), {"kind": "student_loan_interest", "amount": 2_000}]},
        {"age": 40, "relationship": "spouse", "filing_status": "married_filing_separately"}]);
    assert_eq!(magi(apart), 30_000.0);
}

#[test]
fn educators_savings_accounts_and_retirement_have_their_own_limits() {
    assert_eq!(single(40, json!([wages(60_000), {"kind": "educator_expenses", "amount": 900}])), 59_650.0);
    let hsa = |age: u8| single(age, json!([wages(60_000), {"kind": "hsa_contribution", "amount": 20_000}]));
    assert_eq!((hsa(40), hsa(55)), (55_600.0, 54_600.0));
    // Rev. Proc. 2026-24: 4,500 and 9,000 in 2027.
    let next = |people: Value| {
        let household = json!({"plan_year": 2027, "state": "OH", "people": people});
        ask(&household, "2027-06-01").tax_households[0].magi.0 / 100
    };
    let saver = json!({"age": 40, "incomes": [wages(60_000), {"kind": "hsa_contribution", "amount": 20_000}]});
    assert_eq!(next(json!([saver])), 55_500);
    assert_eq!(next(json!([saver, {"age": 9, "relationship": "child"}])), 51_000);
    let family = magi(json!([{"age": 40, "incomes": [wages(60_000), {"kind": "hsa_contribution", "amount": 20_000}]},
                             {"age": 9, "relationship": "child"}]));
    assert_eq!(family, 51_250.0);
    let ira = |age: u8, pay: u32| single(age, json!([wages(pay), {"kind": "ira_contribution", "amount": 30_000}]));
    assert_eq!((ira(40, 60_000), ira(50, 60_000), ira(40, 5_000)), (52_500.0, 51_400.0, 0.0));
    // A spouse without pay may contribute from the other's.
    let spouse = magi(json!([{"age": 40, "incomes": [wages(60_000)]},
        {"age": 40, "relationship": "spouse", "incomes": [{"kind": "ira_contribution", "amount": 7_000}]}]));
    assert_eq!(spouse, 53_000.0);
    let pension =
        single(60, json!([{"kind": "pension", "amount": 30_000}, {"kind": "ira_contribution", "amount": 5_000}]));
    assert_eq!(pension, 30_000.0);
    let own = |kind: &str, amount: u32| {
        single(40, json!([{"kind": "self_employment", "amount": 10_000}, {"kind": kind, "amount": amount}]))
    };
    assert_eq!(own("self_employed_health_insurance", 15_000), 0.0);
    assert_eq!(own("self_employment_tax", 5_000), 9_293.0);
}

/// 26 USC 1211(b), 469(i), 461(l).
#[test]
fn losses_take_other_income_down_only_so_far() {
    let with = |pay: u32, kind: &str, loss: i64| single(40, json!([wages(pay), {"kind": kind, "amount": loss}]));
    assert_eq!(with(45_000, "self_employment", -20_000), 25_000.0);
    assert_eq!(with(45_000, "farming_fishing", -20_000), 25_000.0);
    assert_eq!(with(45_000, "capital_gains", -20_000), 42_000.0);
    assert_eq!(with(45_000, "rental_royalty", -20_000), 25_000.0);
    assert_eq!(with(60_000, "rental_royalty", -40_000), 35_000.0);
    assert_eq!(with(120_000, "rental_royalty", -40_000), 105_000.0);
    assert_eq!(with(150_000, "rental_royalty", -40_000), 150_000.0);
    assert_eq!(with(400_000, "self_employment", -300_000), 144_000.0);
    let netted = single(
        40,
        json!([wages(45_000), {"kind": "capital_gains", "amount": -20_000}, {"kind": "capital_gains", "amount": 19_000}]),
    );
    assert_eq!(netted, 44_000.0);
}

#[test]
fn the_answer_says_which_limit_bound_and_the_page_is_told_too() {
    let people = json!([{"age": 40, "incomes": [wages(60_000), {"kind": "hsa_contribution", "amount": 20_000}]}]);
    let answer = ask(&json!({"plan_year": 2026, "state": "OH", "people": people}), "2026-06-01");
    let reason = answer.tax_households[0].reasons.iter().find(|r| r.rule == Rule::DeductionLimit).unwrap();
    assert!(reason.citation.text.contains("223(b)"), "{reason:?}");
    let items: Vec<windowshop::eligibility::household::Income> =
        serde_json::from_value(people[0]["incomes"].clone()).unwrap();
    let sum = sum_of(&items, tables(), 2026, &[40]).unwrap();
    assert_eq!((sum.income.year.0, sum.bounds[0].said.0, sum.bounds[0].allowed.0), (5_560_000, 2_000_000, 440_000));
}

#[test]
fn pay_by_the_hour_and_what_starts_or_ends_counts_for_its_time() {
    let one = |income: Value| single(40, json!([income]));
    assert_eq!(one(json!({"kind": "wages", "amount": 15.5, "frequency": "hourly", "hours_per_week": 37.5})), 30_225.0);
    assert_eq!(one(json!({"kind": "wages", "amount": 100, "frequency": "daily", "days_per_week": 3})), 15_600.0);
    let monthly = |from: Value, to: Value| {
        one(json!({"kind": "wages", "amount": 2000, "frequency": "monthly", "starts": from, "ends": to}))
    };
    assert_eq!(monthly(Value::Null, json!("2026-06-30")), 12_000.0);
    assert_eq!(monthly(json!("2026-10-01"), Value::Null), 6_000.0);
    assert_eq!(monthly(json!("2026-04-16"), json!("2026-04-30")), 1_000.0);
    assert_eq!(monthly(json!("2027-01-01"), Value::Null), 0.0);
    // A job that has ended is no income of the month, though it counts for the year.
    let household = json!({"plan_year": 2026, "state": "OH", "people": [{"age": 40,
        "incomes": [{"kind": "wages", "amount": 8000, "frequency": "monthly", "ends": "2026-05-15"}]}]});
    let answer = ask(&household, "2026-06-01");
    assert!(answer.people[0].medicaid.is_some() && answer.tax_households[0].magi.0 > 3_500_000);
}

/// A kind, its dollars, and how the sum is cut into rows.
fn source() -> impl Strategy<Value = (&'static str, i64, Vec<i64>)> {
    let kinds = vec![
        "wages",
        "self_employment",
        "capital_gains",
        "rental_royalty",
        "pension",
        "student_loan_interest",
        "hsa_contribution",
        "ira_contribution",
        "educator_expenses",
        "self_employment_tax",
        "self_employed_health_insurance",
        "farming_fishing",
        "tax_exempt_interest",
        "social_security",
        "scholarship_for_living_costs",
    ];
    let loss = |kind: &str| matches!(kind, "self_employment" | "farming_fishing" | "capital_gains" | "rental_royalty");
    (prop::sample::select(kinds), -40_000_i64..120_000, prop::collection::vec(0_i64..30_000, 0..3))
        .prop_map(move |(kind, sum, cuts)| (kind, if loss(kind) { sum } else { sum.abs() }, cuts))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn splitting_a_sum_over_rows_never_changes_an_answer(
        sources in prop::collection::vec(source(), 1..6),
        year in 2024_i32..=2027,
        couple in any::<bool>(),
        plan in any::<bool>(),
    ) {
        let row = |kind: &str, amount: i64| json!({"kind": kind, "amount": amount});
        let whole: Vec<Value> = sources.iter().map(|(kind, sum, _)| row(kind, *sum)).collect();
        let mut split = Vec::new();
        for (kind, sum, cuts) in &sources {
            let mut left = sum.abs();
            for cut in cuts {
                let part = (*cut).min(left);
                split.push(row(kind, part * sum.signum()));
                left -= part;
            }
            split.push(row(kind, left * sum.signum()));
        }
        split.reverse();
        let of = |incomes: Vec<Value>| {
            let mut people = vec![json!({"age": 52, "incomes": incomes, "workplace_plan": plan})];
            if couple {
                let own = json!([row("wages", 21_000), row("ira_contribution", 3_000), row("capital_gains", -2_000)]);
                people.push(json!({"age": 49, "relationship": "spouse", "incomes": own}));
            }
            let answer = ask(&json!({"plan_year": year, "state": "OH", "people": people}), "2026-06-01");
            (answer.tax_households[0].magi, answer.people[0].medicaid, answer.people[0].credit)
        };
        prop_assert_eq!(of(split), of(whole));
    }
}
