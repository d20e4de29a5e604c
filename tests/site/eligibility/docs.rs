//! The documents say what the engine does: their examples run, every field is named, every unverified row is counted.

use windowshop::eligibility::tables::Sources;
use windowshop::eligibility::{Household, determine};

use super::{day, tables};

const SCHEMA: &str = include_str!("../../../docs/determine.md");
const ENGINE: &str = include_str!("../../../docs/eligibility.md");

#[test]
fn every_json_example_of_the_schema_is_determined() {
    let mut examples = 0;
    for block in SCHEMA.split("```json\n").skip(1) {
        let json = block.split("```").next().unwrap();
        let household = Household::from_json(json).unwrap_or_else(|error| panic!("{error}\n{json}"));
        let as_of = household.as_of.unwrap_or(day("2026-06-01"));
        determine(&household, tables(), as_of).unwrap_or_else(|errors| panic!("{errors:?}\n{json}"));
        examples += 1;
    }
    assert_eq!(examples, 3);
}

/// The fields that a place takes: what the parser offers when one is unknown.
fn fields(json: &str) -> Vec<String> {
    let message = Household::from_json(json).unwrap_err().message;
    let offered = message.split_once("expected one of ").unwrap_or_else(|| panic!("{message}")).1;
    offered.split(", ").map(|f| f.trim_matches('`').to_string()).collect()
}

#[test]
fn every_field_is_in_the_schema_with_an_example() {
    let places = [
        r#"{"?":1}"#,
        r#"{"people":[{"?":1}]}"#,
        r#"{"people":[{"immigration":{"?":1}}]}"#,
        r#"{"people":[{"incomes":[{"?":1}]}]}"#,
        r#"{"people":[{"other_coverage":[{"?":1}]}]}"#,
        r#"{"employer_offers":[{"?":1}]}"#,
        r#"{"hra_offers":[{"?":1}]}"#,
        r#"{"silver_plans":[{"?":1}]}"#,
    ];
    for place in places {
        for field in fields(place) {
            assert!(
                SCHEMA.contains(&format!("\"{field}\":")),
                "{field} of {place} has no example in docs/determine.md"
            );
        }
    }
}

#[test]
fn the_book_counts_the_unverified_rows_of_each_table() {
    for (file, text) in Sources::embedded().0 {
        // These two are kept by others and say in their own comments what was read.
        if matches!(file, "marketplaces" | "medicaid_agencies") {
            continue;
        }
        let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
        let status = reader.headers().unwrap().iter().position(|h| h == "status").unwrap();
        let rows: Vec<_> = reader.records().map(|r| r.unwrap()).collect();
        let unverified = rows.iter().filter(|r| &r[status] == "unverified").count();
        let line = format!("| `{file}.csv` | {} | {unverified} |", rows.len());
        assert!(ENGINE.contains(&line), "docs/eligibility.md should say: {line}");
    }
}

#[test]
fn the_book_names_every_difference_from_the_grid() {
    let text = include_str!("../../cases/eligibility_grid_differences.csv");
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let id = row.unwrap()[0].to_string();
        assert!(ENGINE.contains(&id), "docs/eligibility.md does not name {id}");
    }
}
