//! From answers to what the engine reads: the household of `windowshop determine` as JSON (docs/determine.md).
//!
//! Called before submission and by the page that shows the year's sums. Made as JSON and read back by the engine's own
//! reader, so that an application and the command cannot be given different things; the same JSON is frozen with the
//! application. It must never judge: whatever is "I don't know" is left out, and the engine says what it assumed.

use serde_json::{Map, Value, json};

use super::kinds::{self, NONE, parts};
use super::sheet::{RowId, YOU};
use super::steps::people::{is_pregnant, lives_here, state};
use super::view::View;

/// The silver premium for each employee alone, in cents, that an employer's money is judged by (`SilverAlone::judging`).
pub type JudgingSilver<'a> = &'a dyn Fn(RowId) -> Option<i64>;

/// The household as the engine reads it.
pub fn household(view: &View, silver: JudgingSilver) -> Value {
    let people: Vec<Value> = view.people().map(|person| one(view, person)).collect();
    let mut all = Map::new();
    all.insert("as_of".into(), json!(view.today.to_string()));
    all.insert("plan_year".into(), json!(view.year));
    all.insert("state".into(), json!(state(view).unwrap_or_default()));
    if let Some(county) = view.county() {
        all.insert("county_fips".into(), json!(county.fips));
    }
    all.insert("people".into(), Value::Array(people));
    if view.wants_help() {
        all.insert("employer_offers".into(), Value::Array(offers(view)));
        all.insert("hra_offers".into(), Value::Array(arrangements(view, silver)));
    }
    Value::Object(all)
}

fn id(person: RowId) -> String {
    person.to_string()
}

fn one(view: &View, person: RowId) -> Value {
    let mut said = Map::new();
    let mut put = |name: &str, value: Value| drop(said.insert(name.to_string(), value));
    put("id", json!(id(person)));
    if let Some(born) = view.date("birth_date", person) {
        put("date_of_birth", json!(born.to_string()));
    }
    put("relationship", json!(relationship(view, person)));
    if let Some(spouse) = view.spouse_of(person) {
        put("spouse", json!(id(spouse)));
    }
    if let Some(parents) = parents(view, person) {
        put("parents", json!(parents));
    }
    put("lives_with_applicant", json!(lives_here(view, person)));
    put("applying", json!(view.applies(person)));
    put("uses_tobacco", json!(view.among("tobacco", person)));
    put("tribal_member", json!(view.among("tribal", person)));
    put("incarcerated", json!(custody(view, person)));
    if view.applies(person) {
        put("immigration", immigration(view, person));
    }
    if view.wants_help() {
        said.append(&mut for_help(view, person));
        said.append(&mut taxes(view, person));
        said.append(&mut money(view, person));
    }
    Value::Object(said)
}

/// As the engine names them: relatives whom no rule tells apart are one word there.
fn relationship(view: &View, person: RowId) -> &'static str {
    if person == YOU {
        return "self";
    }
    match view.relation(person) {
        "spouse" => "spouse",
        "domestic_partner" => "domestic_partner",
        "child" => "child",
        "stepchild" => "stepchild",
        "foster_child" => "foster_child",
        "grandchild" => "grandchild",
        "parent" | "stepparent" => "parent",
        "sibling" => "sibling",
        "unrelated" => "unrelated",
        _ => "other_relative",
    }
}

/// Said only where it was asked; otherwise the engine goes by the relationships.
fn parents(view: &View, person: RowId) -> Option<Vec<String>> {
    let partner = view.partner().filter(|partner| *partner != person)?;
    match (view.relation(person), view.text("partners_child", person)) {
        ("child" | "stepchild", "yes") => Some(vec![id(YOU), id(partner)]),
        ("child", "no") => Some(vec![id(YOU)]),
        _ => None,
    }
}

fn custody(view: &View, person: RowId) -> &'static str {
    match (view.among("in_custody", person), view.yes("custody_pending", person)) {
        (true, true) => "pending_disposition",
        (true, false) => "yes",
        _ => "no",
    }
}

fn immigration(view: &View, person: RowId) -> Value {
    if !view.said("citizen", person, "no") {
        return json!({"status": "us_citizen"});
    }
    let status = match view.text("status", person) {
        // Somebody who does not know has said that there is a status; which one, the papers will show.
        "" | "unsure" => "other_lawfully_present",
        said => said,
    };
    let mut said = json!({
        "status": status,
        "veteran_or_active_duty": view.yes("veteran", person),
        "tribal_born_abroad": view.among("tribal", person),
    });
    if let Some(since) = view.date("status_since", person) {
        said["since"] = json!(since.to_string());
    }
    if status == "lawful_permanent_resident" && view.yes("was_refugee", person) {
        said["adjusted_from"] = json!("refugee");
    }
    said
}

fn for_help(view: &View, person: RowId) -> Map<String, Value> {
    let mut said = Map::new();
    let mut put = |name: &str, value: Value| drop(said.insert(name.to_string(), value));
    if is_pregnant(view, person) {
        put("pregnant", json!(true));
        put("expected_children", json!(kinds::count(view.text("babies", person)).unwrap_or(1)));
    }
    put("blind_or_disabled", json!(view.among("disabled", person)));
    put("needs_long_term_care", json!(view.among("daily_care", person)));
    put("full_time_student", json!(view.among("student", person)));
    if view.among("caretaker", person) {
        // Whom they care for is whoever is a child here and not their own.
        let child = |other: &RowId| *other != person && view.is_younger_than(*other, 19) && lives_here(view, *other);
        put("caretaker_of", json!(view.people().filter(child).map(id).collect::<Vec<_>>()));
    }
    if view.among("foster_care", person) {
        let left = kinds::count(view.text("foster_left_at", person)).unwrap_or(18);
        let mut care = json!({"left_at_age": left, "had_medicaid": view.yes("foster_medicaid", person)});
        let state = view.text("foster_state", person);
        if !state.is_empty() {
            care["state"] = json!(state);
        }
        put("former_foster_care", care);
    }
    put("other_coverage", Value::Array(coverage(view, person)));
    if let Some(day) = view.date("denied_on", person).filter(|_| view.among("medicaid_denied", person)) {
        let because = view.yes("denied_immigration", person);
        put("medicaid_denied", json!({"date": day.to_string(), "because_of_immigration": because}));
    }
    said
}

fn coverage(view: &View, person: RowId) -> Vec<Value> {
    let mut found = Vec::new();
    if view.among("covered", person) {
        let last = view.date("coverage_last_day", person).filter(|_| view.yes("coverage_ends", person));
        for kind in parts(view.text("coverage_kinds", person)).filter(|kind| *kind != NONE) {
            let mut had = json!({"kind": kind, "state": "enrolled"});
            if let Some(last) = last {
                had["ends"] = json!(last.to_string());
            }
            found.push(had);
        }
    }
    let medicare = match view.text("medicare", person) {
        "free" => Some(("medicare_part_a_free", "eligible")),
        "premium" | "no" => Some(("medicare_none", "eligible")),
        // The engine says what it assumes from 65.
        _ => None,
    };
    found.extend(medicare.map(|(kind, state)| json!({"kind": kind, "state": state})));
    found
}

fn taxes(view: &View, person: RowId) -> Map<String, Value> {
    let mut said = Map::new();
    let mut put = |name: &str, value: Value| drop(said.insert(name.to_string(), value));
    let speakers = view.tax_speakers();
    let joint_filer = view
        .spouse_of(person)
        .filter(|other| speakers.contains(other) && view.yes("files", *other) && view.yes("jointly", *other));
    if let Some(claimer) = view.claimer(person) {
        put("claimed_by", json!(id(claimer)));
        return said;
    }
    if joint_filer.is_some() && !speakers.contains(&person) {
        put("files_taxes", json!(true));
        put("filing_status", json!("married_filing_jointly"));
        put("claimed_by", json!("nobody"));
        return said;
    }
    match view.text("files", person) {
        "yes" => put("files_taxes", json!(true)),
        "no" => put("files_taxes", json!(false)),
        // The engine works it out from age and income, and says so.
        _ => {}
    }
    if view.yes("files", person) {
        if view.yes("jointly", person) && view.spouse_of(person).is_some() {
            put("filing_status", json!("married_filing_jointly"));
        } else if view.said("jointly", person, "no") || view.yes("married", person) {
            // 26 USC 7703(b): whoever has lived apart with a child counts as not married.
            match view.text("separate_why", person) {
                "apart_with_child" => put("filing_status", json!("head_of_household")),
                why => {
                    put("filing_status", json!("married_filing_separately"));
                    if ["domestic_abuse", "spousal_abandonment"].contains(&why) {
                        put("separate_filing_exception", json!(why));
                    }
                }
            }
        }
        let years = match view.text("unreconciled", person) {
            "one_year" => 1,
            "two_years" => 2,
            _ => 0,
        };
        put("years_without_reconciling", json!(years));
    }
    match view.text("claimed", person) {
        "no" => put("claimed_by", json!("nobody")),
        "someone_else" => put("claimed_by", json!("someone_else")),
        "listed" => put("claimed_by", json!(view.text("claimed_by", person))),
        _ if view.yes("jointly", person) || view.yes("married", person) => put("claimed_by", json!("nobody")),
        _ => {}
    }
    said
}

fn money(view: &View, person: RowId) -> Map<String, Value> {
    let mut said = Map::new();
    let incomes: Vec<Value> = view.incomes_of(person).filter_map(|row| income(view, row)).collect();
    said.insert("incomes".into(), Value::Array(incomes));
    let own = view.money("total_year", person).filter(|_| view.said("total_right", person, "no"));
    if let Some(year) = own {
        said.insert("projected_annual_income".into(), cents(year.0));
    }
    said
}

/// `None` until there is an amount.
fn income(view: &View, row: RowId) -> Option<Value> {
    let amount = match super::steps::income::may_be_loss(view, row) {
        true => view.money("net_amount", row),
        false => view.money("amount", row),
    }?;
    let frequency = Some(view.text("frequency", row)).filter(|said| !said.is_empty())?;
    let mut said = json!({"kind": view.text("kind", row), "amount": cents(amount.0), "frequency": frequency});
    let hundredths = |question| kinds::decimal(view.text(question, row)).map(cents);
    match frequency {
        "hourly" => said["hours_per_week"] = hundredths("hours")?,
        "daily" => said["days_per_week"] = hundredths("days")?,
        _ => {}
    }
    let days = match (frequency, view.said("lasts", row, "part_of_year")) {
        ("once", _) => (view.date("once_on", row), None),
        (_, true) => (view.date("starts", row), view.date("ends", row)),
        _ => (None, None),
    };
    if let Some(starts) = days.0 {
        said["starts"] = json!(starts.to_string());
    }
    if let Some(ends) = days.1 {
        said["ends"] = json!(ends.to_string());
    }
    Some(said)
}

/// Cents as text in dollars: no number of JSON that would be rounded.
fn cents(amount: i64) -> Value {
    let sign = if amount < 0 { "-" } else { "" };
    json!(format!("{sign}{}.{:02}", amount.unsigned_abs() / 100, amount.unsigned_abs() % 100))
}

fn covered_by(view: &View, row: RowId) -> Vec<String> {
    // The employee always is.
    let covers = |person: &RowId| *person == row || view.among_of("offer_covers", row, *person);
    view.people().filter(covers).map(id).collect()
}

fn offers(view: &View) -> Vec<Value> {
    let plans = view.offered().into_iter().filter(|row| view.said("offer_kind", *row, "plan"));
    let offer = |row: RowId| {
        let mut said = json!({
            "employee": id(row),
            "covers": covered_by(view, row),
            // Not known is taken as yes: nearly all large employers' plans meet it, and the notice says how to find out.
            "minimum_value": !view.said("offer_minimum_value", row, "no"),
        });
        let enrolled =
            |person: &RowId| view.among("covered", *person) && view.picked("coverage_kinds", *person, "employer");
        let covered = covered_by(view, row);
        let enrolled: Vec<String> = view.people().filter(enrolled).map(id).filter(|id| covered.contains(id)).collect();
        said["enrolled"] = json!(enrolled);
        if view.yes("offer_cost_known", row) {
            if let Some(alone) = view.money("offer_alone", row) {
                said["self_only_premium"] = cents(alone.0);
            }
            if let Some(family) = view.money("offer_family", row) {
                said["family_premium"] = cents(family.0);
            }
            let paid = view.text("offer_paid", row);
            said["premium_frequency"] = json!(if paid.is_empty() { "monthly" } else { paid });
        }
        said
    };
    plans.map(offer).collect()
}

fn arrangements(view: &View, silver: JudgingSilver) -> Vec<Value> {
    let kind = |row: RowId| ["ichra", "qsehra"].into_iter().find(|kind| view.said("offer_kind", row, kind));
    let of = |row: RowId| {
        let (kind, alone) = (kind(row)?, view.money("hra_alone", row)?);
        let mut said = json!({
            "kind": kind,
            "employee": id(row),
            "covers": covered_by(view, row),
            "self_only_monthly": cents(alone.0),
            "accepted": kind == "ichra" && view.yes("hra_accepted", row),
            "lowest_silver_self_only_monthly": cents(silver(row)?),
        });
        if let Some(family) = view.money("hra_family", row) {
            said["family_monthly"] = cents(family.0);
        }
        Some(said)
    };
    view.offered().into_iter().filter_map(of).collect()
}
