//! What holds for any household: property tests over made-up families, incomes, states and days.

use proptest::prelude::*;
use serde_json::json;
use windowshop::eligibility::benchmark::{RatingRules, SilverPlan, benchmark};
use windowshop::eligibility::credit::{applicable_percentage, credit_applied, monthly_credit};
use windowshop::eligibility::rounding::{CreditRounding, Ratio};
use windowshop::eligibility::{Determination, Household, State, determine};
use windowshop::types::Cents;

use super::{ask, day, tables};

fn rules() -> RatingRules {
    RatingRules::on(tables(), day("2026-01-01")).expect("rules of 2026")
}

/// The credit of one person at an income, by the 2025 guideline, whatever other doors say.
fn credit(magi: i64, year: i32, rounding: CreditRounding) -> Option<Cents> {
    let fpl = Ratio::percent_of(Cents(magi), Cents(1_565_000));
    let (applicable, _) = applicable_percentage(tables().bands(year), fpl)?;
    Some(monthly_credit(Cents(65_000), Cents(magi), applicable, rounding))
}

fn relationship() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "spouse",
        "domestic_partner",
        "child",
        "stepchild",
        "foster_child",
        "grandchild",
        "parent",
        "sibling",
        "other_relative",
        "unrelated",
        "child",
        "child",
        "child",
        "child",
        "child",
        "self",
    ])
}

fn person(first: bool) -> impl Strategy<Value = serde_json::Value> {
    let word = |words: &[&'static str]| prop::sample::select(words.to_vec());
    let statuses = word(&[
        "us_citizen",
        "us_citizen",
        "us_citizen",
        "lawful_permanent_resident",
        "refugee",
        "daca",
        "nonimmigrant",
        "compact_of_free_association",
        "not_lawfully_present",
    ]);
    let claims = word(&["", "", "", "", "", "", "", "nobody", "someone_else", "1", "2"]);
    let filings =
        word(&["", "", "", "", "", "", "married_filing_separately", "head_of_household", "married_filing_jointly"]);
    let coverages = prop_oneof![
        30 => word(&["", "", "medicaid", "employer", "medicare_part_a_free"]),
        1 => word(&["nonsense"]),
    ];
    let ages = prop_oneof![30 => 0_i32..100, 1 => -2_i32..135];
    let incomes = prop_oneof![30 => 0_i64..30_000_000, 1 => -10_000_i64..200_000_000_000];
    let flags = prop::collection::vec(any::<bool>(), 10);
    (ages, relationship(), statuses, claims, filings, coverages, flags, incomes).prop_map(
        move |(age, rel, status, claimed, filing, coverage, flags, income)| {
            let mut p = json!({"age": age, "immigration": {"status": status}, "pregnant": flags[0],
                "applying": flags[1] || flags[2], "tribal_member": flags[3] && flags[4], "receives_ssi": flags[5] && flags[6],
                "lives_with_applicant": flags[7] || flags[8], "resident": flags[9] || flags[1]});
            if !first {
                p["relationship"] = json!(rel);
            }
            for (field, said) in [("claimed_by", claimed), ("filing_status", filing)] {
                if !said.is_empty() {
                    p[field] = json!(said);
                }
            }
            if !coverage.is_empty() {
                p["other_coverage"] = json!([{"kind": coverage, "state": "enrolled"}]);
            }
            p["projected_annual_income"] = json!(income as f64 / 100.0);
            p
        },
    )
}

/// Any family at all, sensible or not.
fn anything() -> impl Strategy<Value = serde_json::Value> {
    let states: Vec<&'static str> = State::all().map(State::code).chain(["PR", "", "ZZ"]).collect();
    let others = prop::collection::vec(person(false), 0..6);
    (
        prop_oneof![20 => 2024_i32..=2027, 1 => 2022_i32..2029],
        prop::sample::select(states),
        person(true),
        others,
        0_i64..500_000,
    )
        .prop_map(|(year, state, first, others, benchmark)| {
            let people: Vec<_> = std::iter::once(first).chain(others).collect();
            json!({"plan_year": year, "state": state, "people": people, "benchmark_monthly": benchmark as f64 / 100.0})
        })
}

/// A plain family that always has an answer.
fn family() -> impl Strategy<Value = (i32, &'static str, u8, Option<u8>, Vec<u8>, i64)> {
    let states: Vec<&'static str> = State::all().map(State::code).collect();
    let spouse = prop::option::of(19_u8..90);
    (
        2024..=2027,
        prop::sample::select(states),
        19_u8..90,
        spouse,
        prop::collection::vec(0_u8..25, 0..6),
        0..30_000_000_i64,
    )
}

fn answer((year, state, age, spouse, children, income): &(i32, &str, u8, Option<u8>, Vec<u8>, i64)) -> Determination {
    let mut people = vec![json!({"id": "first", "age": age})];
    people.extend(spouse.map(|age| json!({"id": "spouse", "age": age, "relationship": "spouse"})));
    for (i, age) in children.iter().enumerate() {
        people.push(json!({"id": format!("child{i}"), "age": age, "relationship": "child"}));
    }
    let household = json!({"plan_year": year, "state": state, "people": people, "benchmark_monthly": 1500,
                           "household_income": *income as f64 / 100.0});
    ask(&household, &format!("{year}-05-01"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_input_has_an_answer_or_field_errors(json in anything(), month in 1_u8..13, year in 2023_i32..2029) {
        if let Ok(household) = Household::from_json(&json.to_string()) {
            match determine(&household, tables(), day(&format!("{year}-{month:02}-28"))) {
                Ok(answer) => {
                    prop_assert_eq!(answer.people.len(), household.people.len());
                    for p in &answer.people {
                        prop_assert!(!(p.credit && p.public_coverage()), "credit beside public coverage: {}", json);
                        prop_assert!(!p.credit || (p.marketplace && p.applying));
                        prop_assert!(!p.reasons.is_empty());
                    }
                    for t in &answer.tax_households {
                        prop_assert!(t.credit_monthly.is_none_or(|c| c.0 >= 0 && c.0 <= t.benchmark_monthly.map_or(0, |b| b.0 + 99)));
                        prop_assert!(t.reasons.iter().all(|r| !r.citation.text.is_empty()));
                    }
                }
                Err(errors) => prop_assert!(errors.iter().all(|e| !e.path.is_empty() && !e.message.is_empty())),
            }
        }
    }

    #[test]
    fn garbage_is_refused_by_name(text in "\\PC{0,200}") {
        prop_assert!(Household::from_json(&text).is_err());
    }

    #[test]
    fn the_credit_never_grows_with_income(year in 2024_i32..=2027, a in 0_i64..9_000_000, more in 0_i64..3_000_000) {
        for rounding in [CreditRounding::UpToDollar, CreditRounding::NearestCent] {
            let (less, greater) = (credit(a, year, rounding), credit(a + more, year, rounding));
            // Above the last band there is no credit at all: no step ever goes up.
            prop_assert!(greater.unwrap_or(Cents::ZERO) <= less.unwrap_or(Cents::ZERO), "{a} and {more} more in {year}");
        }
    }

    #[test]
    fn what_a_plan_uses_is_never_more_than_its_premium(credit in 0_i64..300_000, premium in 0_i64..300_000, catastrophic: bool) {
        let used = credit_applied(Cents(credit), Cents(premium), catastrophic);
        prop_assert!(used.0 >= 0 && used.0 <= premium && used.0 <= credit);
        prop_assert!(!catastrophic || used == Cents::ZERO);
    }

    #[test]
    fn another_member_never_lowers_the_benchmark(
        ages in prop::collection::vec(0_u8..65, 1..7),
        premiums in prop::collection::vec(prop::collection::vec(1_i64..200_000, 7), 1..8),
    ) {
        let ids: Vec<String> = (0..premiums.len()).map(|i| format!("p{i}")).collect();
        // An older child is never cheaper than a younger one: the shape of every filed rate table.
        let rate = |p: &Vec<i64>, m: usize| Cents(p[0] * (10 + i64::from(ages[m])));
        let plans: Vec<_> = premiums.iter().zip(&ids).map(|(p, plan_id)| SilverPlan {
            plan_id, member_premiums: (0..ages.len()).map(|m| Some(rate(p, m))).collect(), pediatric_dental: true,
        }).collect();
        let of = |n: usize| benchmark(&ages, &[(0..n).collect()], &plans, &[], rules()).map(|b| b.monthly);
        for n in 1..ages.len() {
            prop_assert!(of(n + 1) >= of(n), "{ages:?}");
        }
        // And the order of members does not matter.
        let backwards: Vec<usize> = (0..ages.len()).rev().collect();
        prop_assert_eq!(benchmark(&ages, &[backwards], &plans, &[], rules()).map(|b| b.monthly), of(ages.len()));
    }

    #[test]
    fn the_order_of_people_does_not_matter(mut family in family(), turn in 0_usize..6) {
        let key = |answer: &Determination| {
            let mut people: Vec<_> = answer.people.iter()
                .map(|p| (p.age, p.medicaid.map(super::word), p.chip.map(super::word), p.credit, super::word(p.csr), p.catastrophic))
                .collect();
            people.sort();
            (people, answer.tax_households[0].credit_monthly, answer.tax_households[0].family_size)
        };
        let before = key(&answer(&family));
        if !family.4.is_empty() {
            let turn = turn % family.4.len();
            family.4.rotate_left(turn);
        }
        if let Some(spouse) = family.3 {
            family.3 = Some(family.2);
            family.2 = spouse;
        }
        prop_assert_eq!(key(&answer(&family)), before);
    }
}
