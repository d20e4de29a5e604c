//! The grid of an independent model: routing, sizes, percentages and cost-sharing levels. Where we differ on purpose
//! the difference is listed with its reason, and must be exactly that.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use windowshop::eligibility::Determination;

use super::{ask, word};

#[derive(Deserialize)]
struct Case {
    id: String,
    year: i32,
    state: String,
    county_fips: String,
    magi: f64,
    people: Vec<Someone>,
    size: usize,
    fpl: f64,
    applicable_percentage: Option<f64>,
    csr: String,
}

#[derive(Deserialize)]
struct Someone {
    age: u8,
    rel: String,
    #[serde(default)]
    pregnant: bool,
    medicaid: Option<String>,
    chip: Option<String>,
    credit: bool,
    medicaid_size: usize,
    medicaid_fpl: f64,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../cases/eligibility_grid.jsonl");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ours(case: &Case) -> Determination {
    let people: Vec<_> =
        case.people.iter().map(|p| json!({"age": p.age, "relationship": p.rel, "pregnant": p.pregnant})).collect();
    let household = json!({"plan_year": case.year, "state": case.state, "county_fips": case.county_fips,
                           "household_income": case.magi, "people": people});
    // The model measures Medicaid with the guideline of the coverage year: in July ours does too.
    ask(&household, &format!("{}-07-01", case.year))
}

/// The model's names of groups in ours.
fn group(theirs: Option<&str>) -> String {
    match theirs {
        None => "none".into(),
        Some("YOUNG_CHILD") => "child_1_5".into(),
        Some("OLDER_CHILD") => "child_6_18".into(),
        Some(name) => name.to_ascii_lowercase(),
    }
}

/// `(id, person, field) → (ours, theirs)` for every answer that differs.
fn differences() -> BTreeMap<(String, String, String), (String, String)> {
    let mut out = BTreeMap::new();
    for case in cases() {
        let got = ours(&case);
        let mut compare = |person: &str, field: &str, ours: String, theirs: String| {
            if ours != theirs {
                out.insert((case.id.clone(), person.to_string(), field.to_string()), (ours, theirs));
            }
        };
        let t = &got.tax_households[0];
        compare("", "size", t.family_size.to_string(), case.size.to_string());
        compare("", "fpl", t.fpl_percent.decimal(), format!("{:.2}", case.fpl));
        let theirs = case.applicable_percentage.map_or("none".into(), |p| format!("{p:.2}"));
        compare("", "applicable_percentage", t.applicable_percentage.map_or("none".into(), |p| p.decimal()), theirs);
        let best = got.people.iter().filter(|p| p.credit).map(|p| p.csr).max();
        compare("", "csr", best.map_or("none".into(), word), case.csr.clone());
        for (i, (p, q)) in got.people.iter().zip(&case.people).enumerate() {
            let who = (i + 1).to_string();
            compare(&who, "medicaid", word(p.medicaid), group(q.medicaid.as_deref()));
            compare(&who, "chip", word(p.chip), group(q.chip.as_deref()));
            compare(&who, "credit", p.credit.to_string(), q.credit.to_string());
            let m = p.medicaid_household.as_ref().unwrap();
            compare(&who, "medicaid_size", m.size.to_string(), q.medicaid_size.to_string());
            compare(&who, "medicaid_fpl", m.fpl_percent.decimal(), format!("{:.2}", q.medicaid_fpl));
        }
    }
    out
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    person: String,
    field: String,
    ours: String,
    theirs: String,
    reason: String,
}

#[test]
fn the_grid_agrees_except_where_we_say_so() {
    let text = include_str!("../../cases/eligibility_grid_differences.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut listed = BTreeMap::new();
    for row in reader.deserialize::<Listed>() {
        let row = row.unwrap();
        assert!(!row.reason.is_empty(), "{}: a difference needs its reason", row.id);
        listed.insert((row.id, row.person, row.field), (row.ours, row.theirs));
    }
    let found = differences();
    let unlisted: Vec<_> = found.iter().filter(|d| listed.get(d.0) != Some(d.1)).collect();
    assert!(unlisted.is_empty(), "{} differences are not listed:\n{unlisted:#?}", unlisted.len());
    let gone: Vec<_> = listed.iter().filter(|d| found.get(d.0) != Some(d.1)).collect();
    assert!(gone.is_empty(), "listed, but no longer so:\n{gone:#?}");
    assert_eq!(cases().len(), 138);
}
