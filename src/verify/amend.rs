//! The household as it was told, amended by what was not proved in time: what the engine is asked again with.
//!
//! Called by `redetermine`. What was frozen stays as it is; nothing here looks at a clock or a store.

use serde_json::{Value, json};

use super::case::TaxHousehold;
use super::redetermine::{read, refused};
use super::rules::Expiry;
use crate::application::sheet::RowId;
use crate::eligibility::rounding::{Ratio, shown_cents};
use crate::eligibility::{PersonIncome, Tables, counted};
use crate::store::StoreError;
use crate::types::Cents;

/// Something that was not proved in time.
pub struct Unproved {
    pub person: RowId,
    pub expiry: Expiry,
    /// What the check rested on.
    pub basis: Value,
}

/// A copy of the household in which each of these is decided as the rule says.
///
/// # Errors
///
/// If the engine refuses the household.
pub fn amended(
    tables: &Tables,
    household: &Value,
    (taxes, unproved): (&[TaxHousehold], &[Unproved]),
) -> Result<Value, StoreError> {
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
                    match one.basis["data_cents"].as_i64() {
                        Some(data) => income_by_data(tables, &mut said, (tax, one.person), Cents(data))?,
                        None => tax.filers.iter().for_each(|filer| not_proved(&mut said, *filer, "income")),
                    }
                }
            }
        }
    }
    Ok(said)
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

/// The year's income of the household becomes what tax data says of all of it together: the first filer's is what the others
/// leave of that. What the others have stays as it was told, and so does the month's income, which decides about Medicaid and
/// CHIP: that is for the state to check.
fn income_by_data(
    tables: &Tables,
    said: &mut Value,
    (tax, first): (&TaxHousehold, RowId),
    data: Cents,
) -> Result<(), StoreError> {
    let (household, today) = read(said)?;
    let (incomes, _) = counted(&household, tables, today).map_err(|faults| refused(&faults))?;
    let rows = household.people.iter().map(|person| person.id.as_deref().and_then(|id| id.parse().ok()));
    let told: Vec<(RowId, PersonIncome)> = rows.zip(incomes).filter_map(|(row, own)| Some((row?, own))).collect();
    let counts = |(row, own): &&(RowId, PersonIncome)| {
        *row != first && (tax.filers.contains(row) || (tax.members.contains(row) && own.must_file))
    };
    let others: Cents = told.iter().filter(counts).map(|(_, own)| own.year).sum();
    let month_x12 = told.iter().find(|(row, _)| *row == first).map(|(_, own)| own.medicaid_month_x12);
    let Some(person) = person(said, first) else { return Ok(()) };
    person["projected_annual_income"] = json!((data - others).decimal());
    // Of somebody without a source of income the engine would take a twelfth of the year for the month.
    let has_sources = person["incomes"].as_array().is_some_and(|sources| !sources.is_empty());
    if !has_sources && person["current_monthly_income"].is_null() {
        let month = Ratio { num: i128::from(month_x12.unwrap_or_default().0), den: 12 };
        person["current_monthly_income"] = json!(shown_cents(month).decimal());
    }
    Ok(())
}
