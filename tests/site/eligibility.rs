//! The eligibility engine against cases from outside (tests/cases) and against its own promises.

mod aptc;
mod bad_input;
mod docs;
mod faults;
mod grid;
mod limits;
mod magi_rules;
mod promises;
mod rules;
mod tables;
mod typing;
mod who_files;

use time::Date;
use windowshop::eligibility::{Determination, FieldError, Household, Tables, determine};

pub fn tables() -> &'static Tables {
    static TABLES: std::sync::OnceLock<Tables> = std::sync::OnceLock::new();
    TABLES.get_or_init(|| Tables::load().unwrap_or_else(|faults| panic!("{faults:#?}")))
}

fn day(text: &str) -> Date {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).unwrap()
}

/// Determines a household written as JSON.
fn ask(json: &serde_json::Value, as_of: &str) -> Determination {
    try_ask(json, as_of).unwrap_or_else(|errors| panic!("{json}: {errors:?}"))
}

fn try_ask(json: &serde_json::Value, as_of: &str) -> Result<Determination, Vec<FieldError>> {
    let household = Household::from_json(&json.to_string()).map_err(|error| vec![error])?;
    let as_of = household.as_of.unwrap_or(day(as_of));
    determine(&household, tables(), as_of)
}

/// A word as it stands in the JSON answer.
fn word(value: impl serde::Serialize) -> String {
    match serde_json::to_value(value).unwrap() {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => "none".into(),
        other => other.to_string(),
    }
}
