//! Bad input: each is a plain error by its field, or a sensible reading; never a panic.

use serde_json::{Value, json};

use super::{ask, try_ask};

const DAY: &str = "2026-06-01";

fn household(change: impl Fn(&mut Value)) -> Value {
    let mut json = json!({"plan_year": 2026, "state": "OH", "household_income": 37650, "people": [{"age": 40}]});
    change(&mut json);
    json
}

/// The path and message of the only error.
fn error(change: impl Fn(&mut Value)) -> (String, String) {
    let json = household(change);
    let errors = try_ask(&json, DAY).expect_err(&json.to_string());
    assert_eq!(errors.len(), 1, "{errors:?}");
    (errors[0].path.clone(), errors[0].message.clone())
}

#[test]
fn amounts_are_read_kindly_or_refused_by_name() {
    for (said, dollars) in [
        (json!(40000), 40_000.0),
        (json!("$40,000.50"), 40_000.5),
        (json!(37650.25), 37_650.25),
        (json!("1500,50"), 1500.5),
        (json!("40k"), 40_000.0),
        (json!("４５\u{a0}０００"), 45_000.0),
    ] {
        let got = ask(&household(|h| h["household_income"] = said.clone()), DAY);
        assert_eq!(got.tax_households[0].magi.0 as f64 / 100.0, dollars, "{said}");
    }
    for bad in [
        json!("40 grand"),
        json!("45,00"),
        json!("45.000"),
        json!("45,000,00"),
        json!(""),
        json!("1e6"),
        json!(1.234),
        json!(true),
        json!([1]),
    ] {
        let (path, message) = error(|h| h["household_income"] = bad.clone());
        assert_eq!(path, "household_income", "{bad}");
        assert!(message.contains("is not an amount of money"), "{message}");
    }
    for bad in [json!(-1), json!("-37650")] {
        let said = error(|h| h["household_income"] = bad.clone());
        assert_eq!(said, ("household_income".into(), "must be zero or more".into()));
    }
    assert!(error(|h| h["household_income"] = json!(99_999_999_999_i64)).1.contains("check the amount"));
    assert!(error(|h| h["household_income"] = json!(i64::MAX)).1.contains("is not an amount of money"));
}

#[test]
fn places_and_years_that_we_do_not_know_are_named() {
    assert_eq!(error(|h| h["state"] = json!("PR")).0, "state");
    assert_eq!(error(|h| h["state"] = json!("")).0, "state");
    assert_eq!(
        error(|h| h["county_fips"] = json!("54039")),
        ("county_fips".into(), "54039 is not in the state".into())
    );
    assert_eq!(error(|h| h["county_fips"] = json!("390")).0, "county_fips");
    assert_eq!(error(|h| h["zip"] = json!("4320")).0, "zip");
    let (path, message) = error(|h| h["plan_year"] = json!(2031));
    assert_eq!((&path[..], &message[..]), ("plan_year", "we have rules for plan years 2024, 2025, 2026, 2027"));
    assert_eq!(error(|h| h["coverage_start"] = json!("2027-01-01")).0, "coverage_start");
    assert_eq!(error(|h| h["coverage_start"] = json!("soon")).0, "coverage_start");
}

#[test]
fn people_are_checked_one_by_one() {
    for age in [json!(130), json!(-1), json!(121)] {
        assert_eq!(error(|h| h["people"][0]["age"] = age.clone()).0, "people[0].age");
    }
    assert_eq!(error(|h| h["people"][0]["expected_children"] = json!(11)).0, "people[0].expected_children");
    assert_eq!(error(|h| h["people"][0] = json!({})).1, "give age or date_of_birth");
    assert_eq!(error(|h| h["people"][0] = json!({"date_of_birth": "1880-01-01"})).0, "people[0].date_of_birth");
    assert_eq!(error(|h| h["people"] = json!([])).0, "people");
    assert_eq!(error(|h| h["people"] = json!([{"age": 40}, {"age": 9}])).0, "people[1].relationship");
    assert_eq!(error(|h| h["people"][0]["flavor"] = json!("red")).0, "people[0].flavor");
    assert_eq!(error(|h| h["people"][0]["claimed_by"] = json!("x")).0, "people[0].claimed_by");
    assert_eq!(
        error(|h| h["people"][0]["filing_status"] = json!("married_filing_jointly")).0,
        "people[0].filing_status"
    );
    let kinds = json!([{"kind": "lottery", "amount": 5}]);
    let own = |h: &mut Value| {
        h["household_income"] = Value::Null;
        h["people"][0]["incomes"] = kinds.clone();
    };
    assert!(error(own).1.contains("`lottery` is not a kind we know; use one of "));
    let twice = |h: &mut Value| h["people"][0]["projected_annual_income"] = json!(5);
    assert_eq!(error(twice).1, "household_income covers this person already: give one or the other");
    let coverage = json!([{"kind": "magic", "state": "enrolled"}]);
    assert_eq!(error(|h| h["people"][0]["other_coverage"] = coverage.clone()).0, "people[0].other_coverage[0].kind");
    let plans = json!([{"plan_id": "a", "member_premiums": [1, 2]}]);
    assert_eq!(error(|h| h["silver_plans"] = plans.clone()).0, "silver_plans[0].member_premiums");
}

#[test]
fn all_errors_come_at_once_and_thirty_people_are_fine() {
    let many = |n: usize| {
        let mut people = vec![json!({"age": 45})];
        people.extend((1..n).map(|i| json!({"age": i % 20, "relationship": "child"})));
        household(|h| h["people"] = json!(people))
    };
    let got = ask(&many(30), DAY);
    assert_eq!((got.people.len(), got.tax_households[0].family_size), (30, 30));
    assert_eq!(try_ask(&many(41), DAY).unwrap_err()[0].path, "people");
    let bad = household(|h| {
        h["people"] = json!([{"age": 130}, {"age": 131, "relationship": "child", "claimed_by": "9"}]);
    });
    assert_eq!(try_ask(&bad, DAY).unwrap_err().len(), 2);
}
