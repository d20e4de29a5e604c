//! Who files and who is claimed is worked out from ages, relations and incomes, and said; the order of people is not read.

use proptest::prelude::*;
use serde_json::{Value, json};
use windowshop::eligibility::Determination;

use super::{ask, try_ask, word};

fn of(income: u32, people: Value) -> Determination {
    let household = json!({"plan_year": 2026, "state": "OH", "household_income": income, "people": people, "benchmark_monthly": 900});
    ask(&household, "2026-06-01")
}

/// (code, person, other).
fn assumed(answer: &Determination) -> Vec<(String, String, String)> {
    let id = |id: &Option<String>| id.clone().unwrap_or_default();
    answer.assumptions.iter().map(|a| (word(a.code), id(&a.person), id(&a.other))).collect()
}

fn has(answer: &Determination, code: &str, person: &str, other: &str) -> bool {
    assumed(answer).contains(&(code.into(), person.into(), other.into()))
}

#[test]
fn a_child_who_comes_first_is_claimed_by_the_parent_who_comes_second() {
    let first =
        of(60_000, json!([{"age": 3}, {"age": 38, "relationship": "parent"}, {"age": 14, "relationship": "sibling"}]));
    let second =
        of(60_000, json!([{"age": 38}, {"age": 14, "relationship": "child"}, {"age": 3, "relationship": "child"}]));
    let of = |a: &Determination| {
        let t = &a.tax_households[0];
        (t.family_size, t.credit_monthly, t.magi)
    };
    assert_eq!(of(&first), of(&second));
    assert_eq!(first.tax_households[0].filers, ["2"]);
    assert!(has(&first, "claimed_as_dependent", "1", "2") && has(&first, "claimed_as_dependent", "3", "2"));
    assert!(has(&first, "files_own_return", "2", ""));
}

#[test]
fn a_grown_child_is_claimed_unless_they_earn_too_much() {
    let young = of(40_000, json!([{"age": 25}, {"age": 50, "relationship": "parent"}]));
    assert_eq!((young.tax_households.len(), &young.tax_households[0].filers[0][..]), (1, "2"));
    let earning = json!({"plan_year": 2026, "state": "OH", "people": [{"age": 50, "projected_annual_income": 40000},
        {"age": 25, "relationship": "child", "projected_annual_income": 5300}]});
    let apart = ask(&earning, "2026-06-01");
    assert_eq!(apart.tax_households.len(), 2);
    assert!(has(&apart, "files_own_return", "2", ""));
    let little = json!({"plan_year": 2026, "state": "OH", "people": [{"age": 50, "projected_annual_income": 40000},
        {"age": 25, "relationship": "child", "projected_annual_income": 5299}]});
    assert_eq!(ask(&little, "2026-06-01").tax_households[0].family_size, 2);
    // A parent without an income is claimed by the grown child who has one, whoever comes first.
    for people in [
        json!([{"id": "c", "age": 45, "projected_annual_income": 60000}, {"id": "p", "age": 75, "relationship": "parent"}]),
        json!([{"id": "p", "age": 75}, {"id": "c", "age": 45, "relationship": "child", "projected_annual_income": 60000}]),
    ] {
        let answer = ask(&json!({"plan_year": 2026, "state": "OH", "people": people}), "2026-06-01");
        assert_eq!(
            (answer.tax_households[0].filers.clone(), answer.tax_households[0].family_size),
            (vec!["c".into()], 2),
            "{people}"
        );
    }
}

#[test]
fn traps_are_said() {
    let roommate = of(40_000, json!([{"age": 30}, {"age": 31, "relationship": "unrelated"}]));
    assert_eq!(roommate.tax_households[0].family_size, 1);
    assert!(has(&roommate, "files_own_return", "2", ""));
    let teen = of(60_000, json!([{"age": 45}, {"age": 17, "relationship": "child", "files_taxes": true}]));
    assert_eq!(teen.tax_households[0].family_size, 2);
    assert!(has(&teen, "dependent_also_files", "2", "1"));
    let student = of(20_000, json!([{"age": 21}]));
    assert!(has(&student, "not_claimed_elsewhere", "1", ""));
    assert!(assumed(&of(20_000, json!([{"age": 21, "claimed_by": "nobody"}]))).is_empty());
    assert!(assumed(&of(20_000, json!([{"age": 40}]))).is_empty());
    let couple = of(60_000, json!([{"age": 40}, {"age": 41, "relationship": "spouse"}]));
    assert_eq!(assumed(&couple), [("files_jointly".into(), "1".into(), "2".into())]);
    let old = of(40_000, json!([{"age": 66}]));
    assert!(old.people[0].credit && has(&old, "no_free_part_a_from_65", "1", ""));
    let worked = of(40_000, json!([{"age": 66, "work_quarters": 40}]));
    assert!(!worked.people[0].credit && worked.assumptions.is_empty());
    let new = of(40_000, json!([{"age": 66, "work_quarters": 39}]));
    assert!(new.people[0].credit && new.assumptions.is_empty());
    assert!(has(&of(40_000, json!([{"date_of_birth": "1961-09-01"}])), "turns_65_in_year", "1", ""));
    let nothing = ask(&json!({"plan_year": 2026, "state": "OH", "people": [{"age": 40}]}), "2026-06-01");
    assert!(has(&nothing, "no_income", "", ""));
    let text = serde_json::to_value(&couple).unwrap();
    assert_eq!(text["assumptions"][0]["settled_by"], "spouse; filing_status");
    assert!(text["assumptions"][0]["about"].as_str().unwrap().contains("married"));
}

/// A roommate, a spouse who files apart, somebody claimed elsewhere: an income that nobody said is none, and that is said.
#[test]
fn an_income_that_was_not_said_is_named_with_its_person() {
    let roommate = of(40_000, json!([{"age": 30}, {"age": 31, "relationship": "unrelated"}]));
    assert!(has(&roommate, "no_income", "2", "") && !has(&roommate, "no_income", "1", ""));
    let told = ask(
        &json!({"plan_year": 2026, "state": "OH", "people": [{"age": 30, "projected_annual_income": 40000},
        {"age": 31, "relationship": "unrelated", "projected_annual_income": 0}]}),
        "2026-06-01",
    );
    assert!(!assumed(&told).iter().any(|(code, ..)| code == "no_income"));
    let elsewhere = ask(
        &json!({"plan_year": 2026, "state": "OH", "people": [{"age": 45, "projected_annual_income": 40000},
        {"age": 20, "relationship": "sibling", "claimed_by": "someone_else"}]}),
        "2026-06-01",
    );
    assert!(has(&elsewhere, "no_income", "2", ""));
}

/// 42 CFR 435.603(f)(2)(ii): with both parents at home who file no joint return, Medicaid counts both.
#[test]
fn an_unmarried_partner_is_taken_for_no_parent_and_that_is_said() {
    let child = |more: Value| {
        let mut child = json!({"id": "c", "age": 3, "relationship": "child"});
        child.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let people = json!([{"id": "a", "age": 30, "projected_annual_income": 30000},
            {"id": "b", "age": 31, "relationship": "domestic_partner", "projected_annual_income": 30000}, child]);
        ask(&json!({"plan_year": 2026, "state": "OH", "people": people}), "2026-06-01")
    };
    let size = |answer: &Determination| answer.people[2].medicaid_household.as_ref().unwrap().size;
    let unsaid = child(json!({}));
    assert_eq!((size(&unsaid), has(&unsaid, "partner_is_no_parent", "c", "b")), (2, true));
    let said = child(json!({"parents": ["a", "b"]}));
    assert_eq!((size(&said), has(&said, "partner_is_no_parent", "c", "b")), (3, false));
}

#[test]
fn a_child_cannot_be_married_and_an_early_day_is_named() {
    let people = json!([{"age": 8}, {"age": 40, "relationship": "spouse"}]);
    let errors = try_ask(&json!({"plan_year": 2026, "state": "OH", "people": people}), "2026-06-01").unwrap_err();
    assert_eq!(errors[0].message, "a person of 8 years cannot be married");
    let early = try_ask(&json!({"plan_year": 2026, "state": "OH", "people": [{"age": 40}]}), "2019-06-01").unwrap_err();
    assert_eq!((&early[0].path[..], early[0].message.contains("2019-06-01 was given")), ("as_of", true), "{early:?}");
}

/// What a person gets, whatever their place in the list.
fn outcome(answer: &Determination) -> Vec<String> {
    let mut out: Vec<String> = answer
        .people
        .iter()
        .map(|p| format!("{} {:?} {:?} {} {} {}", p.id, p.medicaid, p.chip, p.credit, word(p.csr), p.coverage_gap))
        .collect();
    out.sort();
    let mut money: Vec<String> = answer
        .tax_households
        .iter()
        .map(|t| format!("{} {} {:?} {:?}", t.family_size, t.magi.0, t.credit_monthly, word(t.csr_together)))
        .collect();
    money.sort();
    out.extend(money);
    out
}

/// Anybody beside the first person: relation, age, income, and what else is said.
fn other() -> impl Strategy<Value = Value> {
    let relation = prop::sample::select(vec![
        "child",
        "child",
        "child",
        "stepchild",
        "parent",
        "sibling",
        "unrelated",
        "domestic_partner",
        "grandchild",
        "other_relative",
    ]);
    let claims = prop::sample::select(vec!["", "", "", "nobody", "someone_else", "me"]);
    let income = prop::option::of(0_u32..90_000);
    (relation, income, claims, any::<[bool; 5]>()).prop_map(|(relation, income, claimed, [pregnant, student, insured, away, files])| {
        let mut person = json!({"relationship": relation, "pregnant": pregnant && insured, "full_time_student": student,
            "lives_with_applicant": !(away && pregnant)});
        if let Some(income) = income {
            person["projected_annual_income"] = json!(income);
        }
        if !claimed.is_empty() {
            person["claimed_by"] = json!(claimed);
        }
        if insured && away {
            person["other_coverage"] = json!([{"kind": "employer", "state": "enrolled"}]);
        }
        if files && student {
            person["files_taxes"] = json!(true);
        }
        person
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any family, sensible or not: the places of those after the first change nothing, errors included.
    #[test]
    fn the_places_of_the_others_change_nothing(
        first in (0_u8..80, 0_u32..90_000),
        others in prop::collection::vec(other(), 1..6),
        ages in prop::sample::subsequence((0_u8..90).collect::<Vec<_>>(), 6).prop_shuffle(),
        order in Just((0_usize..6).collect::<Vec<_>>()).prop_shuffle(),
        state in prop::sample::select(vec!["OH", "TX", "NY", "WI", "GA", "MO"]),
        year in 2025_i32..=2027,
    ) {
        let me = json!({"id": "me", "age": first.0, "projected_annual_income": first.1});
        let others: Vec<Value> = others.into_iter().zip(&ages).enumerate().map(|(i, (mut person, age))| {
            person["id"] = json!(format!("p{i}"));
            person["age"] = json!(age);
            person
        }).collect();
        let of = |order: &[usize]| {
            let people: Vec<Value> = std::iter::once(me.clone()).chain(order.iter().filter_map(|&i| others.get(i).cloned())).collect();
            let household = json!({"plan_year": year, "state": state, "people": people});
            try_ask(&household, &format!("{year}-02-10")).map(|answer| {
                let mut said = assumed(&answer);
                // A couple's line names both, in the order in which they were given.
                for (code, one, other) in &mut said {
                    if code == "files_jointly" && *other < *one {
                        std::mem::swap(one, other);
                    }
                }
                said.sort();
                (outcome(&answer), said)
            }).map_err(|errors| errors.len())
        };
        prop_assert_eq!(of(&order), of(&[0, 1, 2, 3, 4, 5]));
    }

    /// A couple or one parent with children, told from each of them, in any order.
    #[test]
    fn whoever_comes_first_everybody_gets_the_same(
        parents in prop::collection::vec(24_u8..64, 1..3),
        children in prop::collection::vec(0_u8..19, 1..4),
        income in 0_u32..150_000,
        state in prop::sample::select(vec!["OH", "TX", "NY", "WI"]),
        turn in 0_usize..5,
    ) {
        let all: Vec<(String, u8, bool)> = parents.iter().enumerate().map(|(i, age)| (format!("p{i}"), *age, true))
            .chain(children.iter().enumerate().map(|(i, age)| (format!("c{i}"), *age, false))).collect();
        let told_from = |first: usize| {
            let mut order: Vec<usize> = (0..all.len()).collect();
            order.rotate_left(first);
            let of_parent = all[first].2;
            let people: Vec<Value> = order.iter().map(|&i| {
                let (id, age, parent) = &all[i];
                let relationship = match (i == first, of_parent, *parent) {
                    (true, ..) => "self",
                    (_, true, true) => "spouse",
                    (_, true, false) => "child",
                    (_, false, true) => "parent",
                    (_, false, false) => "sibling",
                };
                json!({"id": id, "age": age, "relationship": relationship})
            }).collect();
            let household = json!({"plan_year": 2026, "state": state, "household_income": income, "people": people});
            outcome(&ask(&household, "2026-06-01"))
        };
        prop_assert_eq!(told_from(turn % all.len()), told_from(0));
    }
}
