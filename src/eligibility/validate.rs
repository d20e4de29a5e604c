//! Checks each field of a household by itself and against the others: places, amounts, references by ID.
//!
//! Called by `family` before anything is settled. It reports every field that cannot be used, says what was given,
//! and must change nothing.

use std::collections::HashMap;

use time::Date;

use super::family::{HIGHEST_INCOME, MOST_PEOPLE};
use super::household::{FieldError, Household};
use super::state::State;
use super::tables::{GuidelineProgram, Tables};
use crate::types::{Cents, CountyFips, Zip5};

/// The day to determine for must be covered by our tables.
pub fn check_as_of(as_of: Date, tables: &Tables, state: Option<State>, errors: &mut Vec<FieldError>) {
    let Some(area) = state.map(State::area) else { return };
    if tables.guideline(GuidelineProgram::Medicaid, as_of, area).is_none() {
        let first = tables.first_day().map_or_else(String::new, |day| format!("; ours begin on {day}"));
        errors.push(FieldError::new("as_of", format!("{as_of} was given, and we have no rules for that day{first}")));
    }
}

pub fn check_place(household: &Household, tables: &Tables, errors: &mut Vec<FieldError>) -> Option<State> {
    let state = State::parse(&household.state);
    if state.is_none() {
        let message = format!("`{}` is not the postal code of a state or DC", household.state);
        errors.push(FieldError::new("state", message));
    }
    check_county(household.county_fips.as_deref(), household.zip.as_deref(), (state, tables), "", errors);
    for (i, person) in household.people.iter().enumerate() {
        let own = person.state.as_deref().map(State::parse);
        if own == Some(None) {
            let message = "not the postal code of a state or DC";
            errors.push(FieldError::new(format!("people[{i}].state"), message));
        }
        let of = own.flatten().or(state);
        check_county(
            person.county_fips.as_deref(),
            person.zip.as_deref(),
            (of, tables),
            &format!("people[{i}]."),
            errors,
        );
        let foster = person.former_foster_care.as_ref().and_then(|f| f.state.as_deref());
        if foster.is_some_and(|text| State::parse(text).is_none()) {
            let message = "not the postal code of a state or DC";
            errors.push(FieldError::new(format!("people[{i}].former_foster_care.state"), message));
        }
    }
    state
}

fn check_county(
    county: Option<&str>,
    zip: Option<&str>,
    (state, tables): (Option<State>, &Tables),
    prefix: &str,
    errors: &mut Vec<FieldError>,
) {
    if let Some(text) = county {
        match CountyFips::parse(text) {
            None => {
                errors.push(FieldError::new(format!("{prefix}county_fips"), "a county has five digits, like 39049"))
            }
            Some(county) if state.is_some() && State::of_county(county.number()) != state => {
                errors.push(FieldError::new(format!("{prefix}county_fips"), format!("{county} is not in the state")));
            }
            Some(_) => {}
        }
    }
    let Some(text) = zip else { return };
    let path = format!("{prefix}zip");
    match Zip5::parse(text) {
        None => errors.push(FieldError::new(path, format!("`{text}` is no ZIP code; it has five digits, like 43215"))),
        Some(zip) => {
            let known = tables.zip_states(&zip.to_string());
            if let (Some(states), Some(state)) = (known, state)
                && !states.split(' ').any(|code| code == state.code())
            {
                let message = format!("{zip} is in {}, not in {state}", states.replace(' ', " and "));
                errors.push(FieldError::new(path, message));
            }
        }
    }
}

pub fn check_counts_and_money(household: &Household, tables: &Tables, errors: &mut Vec<FieldError>) {
    if household.people.is_empty() {
        errors.push(FieldError::new("people", "list at least one person"));
    }
    if household.people.len() > MOST_PEOPLE {
        errors.push(FieldError::new("people", format!("at most {MOST_PEOPLE} people on one application")));
    }
    let mut amount = |path: String, amount: Option<Cents>, may_be_loss: bool| {
        let Some(amount) = amount else { return };
        if amount < Cents::ZERO && !may_be_loss {
            errors.push(FieldError::new(path, "must be zero or more"));
        } else if amount.0.unsigned_abs() > HIGHEST_INCOME.0.unsigned_abs() {
            errors.push(FieldError::new(path, format!("more than {}: check the amount", HIGHEST_INCOME.dollars())));
        }
    };
    amount("household_income".into(), household.household_income, false);
    amount("household_income_monthly".into(), household.household_income_monthly, false);
    amount("benchmark_monthly".into(), household.benchmark_monthly, false);
    for (i, person) in household.people.iter().enumerate() {
        amount(format!("people[{i}].projected_annual_income"), person.projected_annual_income, true);
        amount(format!("people[{i}].current_monthly_income"), person.current_monthly_income, true);
        for (k, income) in person.incomes.iter().enumerate() {
            let loss = tables.income_kind(&income.kind).is_some_and(|kind| kind.may_be_loss);
            amount(format!("people[{i}].incomes[{k}].amount"), Some(income.amount), loss);
        }
    }
    for (i, offer) in household.employer_offers.iter().enumerate() {
        amount(format!("employer_offers[{i}].self_only_premium"), offer.self_only_premium, false);
        amount(format!("employer_offers[{i}].family_premium"), offer.family_premium, false);
    }
    for (i, offer) in household.hra_offers.iter().enumerate() {
        amount(format!("hra_offers[{i}].self_only_monthly"), Some(offer.self_only_monthly), false);
        amount(format!("hra_offers[{i}].family_monthly"), offer.family_monthly, false);
        let lowest = Some(offer.lowest_silver_self_only_monthly);
        amount(format!("hra_offers[{i}].lowest_silver_self_only_monthly"), lowest, false);
    }
    let silver =
        household.silver_plans.iter().enumerate().map(|(i, p)| (format!("silver_plans[{i}]"), &p.member_premiums));
    let dental =
        household.dental_plans.iter().enumerate().map(|(i, p)| (format!("dental_plans[{i}]"), &p.member_premiums));
    for (plan, premiums) in silver.chain(dental) {
        for (k, premium) in premiums.iter().enumerate() {
            amount(format!("{plan}.member_premiums[{k}]"), *premium, false);
        }
    }
}

pub fn check_references(household: &Household, ids: &HashMap<String, usize>, errors: &mut Vec<FieldError>) {
    let mut known = |path: String, name: &str, outside: bool| {
        let stands_outside = outside && name == "someone_else";
        if !stands_outside && !ids.contains_key(name) {
            errors.push(FieldError::new(path, format!("nobody here has the id `{name}`")));
        }
    };
    for (i, person) in household.people.iter().enumerate() {
        for (k, name) in person.caretaker_of.iter().enumerate() {
            known(format!("people[{i}].caretaker_of[{k}]"), name, false);
        }
    }
    for (i, offer) in household.employer_offers.iter().enumerate() {
        known(format!("employer_offers[{i}].employee"), &offer.employee, true);
        for (k, name) in offer.covers.iter().enumerate() {
            known(format!("employer_offers[{i}].covers[{k}]"), name, false);
        }
        for (k, name) in offer.enrolled.iter().enumerate() {
            known(format!("employer_offers[{i}].enrolled[{k}]"), name, false);
        }
    }
    for (i, offer) in household.hra_offers.iter().enumerate() {
        known(format!("hra_offers[{i}].employee"), &offer.employee, true);
        for (k, name) in offer.covers.iter().enumerate() {
            known(format!("hra_offers[{i}].covers[{k}]"), name, false);
        }
    }
    let people = household.people.len();
    let message = format!("must have one entry for each of the {people} people");
    for (i, plan) in household.silver_plans.iter().enumerate() {
        if plan.member_premiums.len() != people {
            errors.push(FieldError::new(format!("silver_plans[{i}].member_premiums"), message.clone()));
        }
    }
    for (i, plan) in household.dental_plans.iter().enumerate() {
        if plan.member_premiums.len() != people {
            errors.push(FieldError::new(format!("dental_plans[{i}].member_premiums"), message.clone()));
        }
    }
}
