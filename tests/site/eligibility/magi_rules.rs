//! Unit cases of the public MAGI rules service, translated into households: one rule at a time.

use serde::Deserialize;
use windowshop::eligibility::tables::Sources;
use windowshop::eligibility::{Household, Tables, determine};

use super::{day, tables};

#[derive(Deserialize)]
struct Case {
    case: String,
    /// The service's own output and its value: Y, N, or X for "does not apply".
    output: String,
    expected: String,
    household: Household,
    as_of: String,
    #[serde(default)]
    person: usize,
    /// Of the person's answer, as JSON.
    field: String,
    value: serde_json::Value,
    /// Whether `field` must be `value`.
    holds: bool,
    /// Options that the case sets for a state: (state, option, value).
    #[serde(default)]
    options: Vec<(String, String, String)>,
}

fn with_options(options: &[(String, String, String)]) -> Tables {
    let embedded = Sources::embedded();
    let mut text = embedded.text("state_options").to_string();
    for (state, option, value) in options {
        text.push_str(&format!("{state},{option},{value},2024-01-01,,the case itself,unverified\n"));
    }
    Tables::from_sources(&embedded.with("state_options", &text)).unwrap()
}

#[test]
fn every_mapped_rule_gives_the_expected_indicator() {
    let mut checked = 0;
    for line in include_str!("../../cases/magi_rules.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let own = (!case.options.is_empty()).then(|| with_options(&case.options));
        let answer = determine(&case.household, own.as_ref().unwrap_or(tables()), day(&case.as_of)).unwrap();
        let person = serde_json::to_value(&answer.people[case.person]).unwrap();
        let is = person[&case.field] == case.value;
        let said = format!("{}\n{} = {}\n{person:#}", case.case, case.output, case.expected);
        assert_eq!(is, case.holds, "{} is {}: {said}", case.field, person[&case.field]);
        checked += 1;
    }
    assert_eq!(checked, 78);
}

#[test]
fn every_case_is_mapped_or_listed_with_a_reason() {
    let mapped: std::collections::BTreeSet<String> = include_str!("../../cases/magi_rules.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Case>(line).unwrap().case)
        .collect();
    let text = include_str!("../../cases/magi_rules_unmapped.csv");
    let mut unmapped = 0;
    for row in csv::Reader::from_reader(text.as_bytes()).deserialize::<(String, String)>() {
        let (case, reason) = row.unwrap();
        assert!(!reason.is_empty() && !mapped.contains(&case), "{case}");
        unmapped += 1;
    }
    assert_eq!(mapped.len() + unmapped, 160);
}
