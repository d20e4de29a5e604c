//! A redetermination by tax data: the year's income of a household becomes what the data says of all of it together (45 CFR
//! 155.320(c)(3)); the month's income, and what its other members have, stays as it was told.

use serde_json::{Value, json};
use windowshop::eligibility::{Determination, Household, determine};
use windowshop::verify::amend::{Unproved, amended};
use windowshop::verify::case::TaxHousehold;
use windowshop::verify::rules::Expiry;

use crate::eligibility::tables;

fn household(people: &Value) -> Value {
    json!({ "plan_year": 2027, "as_of": "2026-11-26", "state": "OH", "people": people })
}

fn wages(dollars: i64) -> Value {
    json!([{ "kind": "wages", "amount": dollars, "frequency": "yearly" }])
}

fn determined(household: &Value) -> Determination {
    let read = Household::from_json(&household.to_string()).expect("a household");
    determine(&read, tables(), read.as_of.expect("a day")).expect("an answer")
}

/// The household when the income of its first tax household was not proved, of which tax data says so many dollars.
fn by_data(household: &Value, filers: &[u32], dollars: Option<i64>) -> Value {
    let members = (1..=3).filter(|row| household["people"].get(*row - 1).is_some());
    let members: Vec<u32> = members.map(|row| u32::try_from(row).expect("few")).collect();
    let tax = TaxHousehold { filers: filers.to_vec(), eligible: members.clone(), members, magi: 0 };
    let basis = json!({ "data_cents": dollars.map(|dollars| dollars * 100) });
    let unproved = Unproved { person: filers[0], expiry: Expiry::IncomeByData, basis };
    amended(tables(), household, (&[tax], &[unproved])).expect("amended")
}

/// For each person: which Medicaid group, and whether CHIP.
fn public(found: &Determination) -> Vec<String> {
    found.people.iter().map(|person| format!("{:?} {:?}", person.medicaid, person.chip)).collect()
}

#[test]
fn data_counts_for_the_year_once_and_not_for_the_month_though_the_first_filer_has_no_income() {
    let told = household(&json!([
        { "id": "1", "age": 40, "incomes": [], "filing_status": "married_filing_jointly", "files_taxes": true },
        { "id": "2", "age": 41, "incomes": wages(30_000), "relationship": "spouse", "files_taxes": true,
          "filing_status": "married_filing_jointly" },
        { "id": "3", "age": 8, "incomes": [], "relationship": "child", "claimed_by": "1" },
    ]));
    let before = determined(&told);
    assert_eq!(before.tax_households[0].magi.decimal(), "30000.00");
    assert!(before.people[2].public_coverage(), "a child at $2,500 a month");
    let after = determined(&by_data(&told, &[1, 2], Some(70_000)));
    assert_eq!(after.tax_households[0].magi.decimal(), "70000.00");
    assert_eq!(public(&after), public(&before), "the month is the state's to check");
}

#[test]
fn a_dependent_who_need_not_file_keeps_the_income_that_medicaid_counts() {
    let pension = json!([{ "kind": "social_security", "amount": 26_000, "frequency": "yearly" }]);
    let told = household(&json!([
        { "id": "1", "age": 35, "incomes": wages(10_000), "files_taxes": true, "claimed_by": "nobody" },
        { "id": "2", "age": 60, "incomes": pension, "relationship": "parent", "claimed_by": "1" },
    ]));
    let before = determined(&told);
    assert!(!before.people[1].public_coverage(), "$2,167 a month for one");
    let said = by_data(&told, &[1], Some(20_000));
    assert_eq!(said["people"][1], told["people"][1]);
    let after = determined(&said);
    assert_eq!(after.tax_households[0].magi.decimal(), "20000.00", "below the poverty line of two");
    assert_eq!(public(&after), public(&before), "still $26,000 a year (42 CFR 435.603(i))");
}

#[test]
fn what_a_dependent_who_must_file_earns_is_part_of_what_data_says() {
    let told = household(&json!([
        { "id": "1", "age": 45, "incomes": wages(20_000), "files_taxes": true, "claimed_by": "nobody" },
        { "id": "2", "age": 20, "incomes": wages(18_000), "relationship": "child", "claimed_by": "1" },
    ]));
    assert_eq!(determined(&told).tax_households[0].magi.decimal(), "38000.00");
    let said = by_data(&told, &[1], Some(90_000));
    assert_eq!(said["people"][1], told["people"][1]);
    let after = determined(&said);
    assert_eq!(after.tax_households[0].magi.decimal(), "90000.00");
    assert_eq!(public(&after), public(&determined(&told)));
}

#[test]
fn without_data_no_filer_has_proved_the_income() {
    let told = household(&json!([
        { "id": "1", "age": 40, "incomes": wages(20_000), "filing_status": "married_filing_jointly" },
        { "id": "2", "age": 41, "incomes": [], "relationship": "spouse", "filing_status": "married_filing_jointly" },
    ]));
    let mut expected = told.clone();
    for person in 0..2 {
        expected["people"][person]["not_proved"] = json!(["income"]);
    }
    assert_eq!(by_data(&told, &[1, 2], None), expected);
}
