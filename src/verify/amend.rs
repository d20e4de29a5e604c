//! The household as it was told, amended by what was not proved in time: what the engine is asked again with.
//!
//! Called by `redetermine`. What was frozen stays as it is; nothing here looks at a clock or a store.

use serde_json::{Value, json};

use super::case::TaxHousehold;
use super::rules::Expiry;
use crate::application::sheet::RowId;

/// Something that was not proved in time.
pub struct Unproved {
    pub person: RowId,
    pub expiry: Expiry,
    /// What the check rested on.
    pub basis: Value,
}

/// A copy of the household in which each of these is decided as the rule says.
pub fn amended(household: &Value, taxes: &[TaxHousehold], unproved: &[Unproved]) -> Value {
    let mut said = household.clone();
    for one in unproved {
        match one.expiry {
            Expiry::NoCoverage => not_proved(&mut said, one.person, "status"),
            Expiry::InCustody => set(&mut said, one.person, "incarcerated", json!("yes")),
            Expiry::NotApplying => set(&mut said, one.person, "applying", json!(false)),
            Expiry::NoTribalSavings => no_tribe(&mut said, one.person),
            Expiry::HasCoverage => has_coverage(&mut said, one),
            Expiry::IncomeByData => {
                if let Some(tax) = taxes.iter().find(|tax| tax.filers.first() == Some(&one.person)) {
                    income_by_data(&mut said, tax, one.basis["data_cents"].as_i64());
                }
            }
        }
    }
    said
}

fn person(said: &mut Value, row: RowId) -> Option<&mut Value> {
    let id = row.to_string();
    said["people"].as_array_mut()?.iter_mut().find(|person| person["id"] == json!(id))
}

fn set(said: &mut Value, row: RowId, field: &str, value: Value) {
    if let Some(person) = person(said, row) {
        person[field] = value;
    }
}

fn push(said: &mut Value, row: RowId, field: &str, value: Value) {
    let Some(person) = person(said, row) else { return };
    match person[field].as_array_mut() {
        Some(list) if list.contains(&value) => {}
        Some(list) => list.push(value),
        None => person[field] = json!([value]),
    }
}

fn not_proved(said: &mut Value, row: RowId, what: &str) {
    push(said, row, "not_proved", json!(what));
}

fn no_tribe(said: &mut Value, row: RowId) {
    set(said, row, "tribal_member", json!(false));
    if let Some(person) = person(said, row)
        && person["immigration"].is_object()
    {
        person["immigration"]["tribal_born_abroad"] = json!(false);
    }
}

fn has_coverage(said: &mut Value, one: &Unproved) {
    let kinds: Vec<Value> = one.basis["kinds"].as_array().cloned().unwrap_or_default();
    for kind in kinds {
        push(said, one.person, "other_coverage", json!({ "kind": kind, "state": "enrolled" }));
    }
}

/// The year's income is what tax data says of all of the household together. The month's, which decides about Medicaid and
/// CHIP, stays as it was told: that is for the state to check.
fn income_by_data(said: &mut Value, tax: &TaxHousehold, data_cents: Option<i64>) {
    let Some(data) = data_cents else {
        tax.filers.iter().for_each(|filer| not_proved(said, *filer, "income"));
        return;
    };
    for (at, member) in tax.members.iter().enumerate() {
        let first = tax.filers.first() == Some(member) || (tax.filers.is_empty() && at == 0);
        let own = if first { data } else { 0 };
        set(said, *member, "projected_annual_income", json!(format!("{}.{:02}", own / 100, own % 100)));
    }
}
