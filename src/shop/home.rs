//! `GET /`: the questions. Also what `/plans` shows while an answer is missing or wrong.
//!
//! One page asks for ZIP and people; each part also works alone, because whatever is missing is asked for
//! next, with all that was typed kept. Nothing is asked that the result does not need.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::catalogue::Catalogue;
use crate::eligibility::State;
use crate::quote::ask::address::{Asked, Unanswered, write_query};
use crate::quote::ask::money::NAMES;
use crate::quote::ask::people::PEOPLE_MAX;
use crate::quote::ask::rows::PersonRow;
use crate::quote::settle::catalogue_for;
use crate::shop::open::policy_of_asked;
use crate::shop::words::dates::changes;
use crate::shop::words::search as words;
use crate::types::{CountyFips, Zip5};
use crate::web::page::{self, Cx};

/// One county of a ZIP that lies in several.
pub struct CountyChoice {
    pub fips: CountyFips,
    pub words: String,
    pub ticked: bool,
}

/// A fault, and the field that it is about.
pub struct Fault {
    pub field: String,
    pub words: String,
}

/// One amount of money, all of them optional.
pub struct MoneyField {
    pub name: &'static str,
    pub label: String,
    pub hint: String,
    pub typed: String,
    pub fault: Option<String>,
}

#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage<'a> {
    cx: &'a Cx,
    title: &'a str,
    /// The home page welcomes; `/plans` only asks what is missing.
    home: bool,
    /// The first ZIP question is still open: people are asked on the same page all the same.
    zip: &'a str,
    zip_fault: Option<String>,
    counties: Vec<CountyChoice>,
    county_fault: Option<String>,
    /// Who can look an address up when its county is not among the choices: the marketplaces of the ZIP's states.
    lookups: Vec<String>,
    rows: Vec<(usize, PersonRow, Option<String>)>,
    people_fault: Option<String>,
    year_words: String,
    /// What changed for the plan year.
    changes: Vec<String>,
    money: Vec<MoneyField>,
    /// Whether the closed box holds something typed.
    money_open: bool,
    /// The page that helps to add an income up.
    income_helper: String,
    faults: Vec<Fault>,
    notes: Vec<String>,
    /// Choices of plan year, when several are loaded: (year, chosen).
    years: Vec<(u16, bool)>,
    /// Filters and order chosen before, carried along.
    wishes: Vec<(&'static str, String)>,
    can_add: bool,
}

/// `GET /`, `GET /es`.
pub async fn home(cx: Cx) -> Response {
    let asked = crate::shop::open::read(&cx, None);
    page(&cx, asked, None)
}

/// The questions, with what is wrong marked where it is wrong.
pub fn page(cx: &Cx, mut asked: Asked, unanswered: Option<Unanswered>) -> Response {
    let catalogue = catalogue_for(&cx.catalogues, &mut asked);
    let policy = policy_of_asked(&asked, cx.catalogues.version());
    if let (None, Some(unchanged)) = (&unanswered, page::not_modified(cx, &policy)) {
        return unchanged;
    }
    // The place may be settled while the people are not, and the other way round: say all at once.
    let place_fault = match &unanswered {
        Some(_) => asked.place(&catalogue.places).err().filter(|fault| *fault != Unanswered::CountyMissing),
        None => None,
    };
    let people_fault = match &unanswered {
        Some(_) => asked.household().err(),
        None => None,
    };
    // Reading marks what is wrong on the fields; the kind of fault is always the same.
    let money_fault = match &unanswered {
        Some(_) => asked.money().err(),
        None => None,
    };
    let is_fault = [&place_fault, &people_fault, &money_fault].into_iter().flatten().any(Unanswered::is_fault);
    let template = build(cx, &asked, &catalogue, place_fault, people_fault, unanswered.is_none());
    match is_fault {
        true => page::render_status(cx, StatusCode::UNPROCESSABLE_ENTITY, template, policy),
        false => page::render(cx, template, policy),
    }
}

fn build<'a>(
    cx: &'a Cx,
    asked: &'a Asked,
    catalogue: &Catalogue,
    place_fault: Option<Unanswered>,
    people_fault: Option<Unanswered>,
    home: bool,
) -> AskPage<'a> {
    let say = |key: &str| cx.tf(key, &[("zip", &asked.zip_typed), ("max", &PEOPLE_MAX.to_string())]);
    let zip_fault = match place_fault {
        Some(Unanswered::ZipMissing) => Some(say("ask.zip_missing")),
        Some(Unanswered::ZipUnreadable) => Some(say("ask.zip_unreadable")),
        Some(Unanswered::ZipUnknown) => Some(say("ask.zip_unknown")),
        _ => None,
    };
    let county_fault = (place_fault == Some(Unanswered::CountyNotInZip)).then(|| say("ask.county_not_in_zip"));
    let counties = counties(cx, asked, catalogue);
    let mut rows: Vec<PersonRow> = asked.rows.clone();
    let wanted = (rows.len() + usize::from(asked.add_person)).clamp(1, PEOPLE_MAX);
    rows.resize(wanted, PersonRow::default());
    let rows: Vec<_> = rows
        .into_iter()
        .enumerate()
        .map(|(i, row)| {
            let fault = row.fault.map(say);
            (i + 1, row, fault)
        })
        .collect();
    let mut faults = Vec::new();
    let mut fault = |field: &str, words: &Option<String>| {
        if let Some(words) = words {
            faults.push(Fault { field: field.to_string(), words: words.clone() });
        }
    };
    fault("zip", &zip_fault);
    fault("county", &county_fault);
    let people_words = match (asked.people_fault, people_fault) {
        (Some(key), _) => Some(say(key)),
        // Only asked now: the page is a question, not an error.
        (None, _) => None,
    };
    fault("age1", &people_words);
    for (n, _, words) in &rows {
        let named = words.as_ref().map(|w| cx.tf("ask.person_fault", &[("n", &n.to_string()), ("fault", w)]));
        fault(&format!("age{n}"), &named);
    }
    let money: Vec<MoneyField> = NAMES.into_iter().map(|name| money_field(cx, asked, name)).collect();
    for field in &money {
        fault(field.name, &field.fault);
    }
    AskPage {
        year_words: catalogue.year.to_string(),
        changes: changes(cx, catalogue.year),
        money_open: money.iter().skip(1).any(|field| !field.typed.is_empty() || field.fault.is_some()),
        income_helper: cx.href(&format!("/income?{}", write_query(&asked.pairs()))),
        money,
        cx,
        title: cx.t(if home { "home.title" } else { "ask.title" }),
        home,
        zip: &asked.zip_typed,
        zip_fault,
        lookups: if counties.is_empty() { Vec::new() } else { lookups(cx, asked, catalogue) },
        counties,
        county_fault,
        can_add: rows.len() < PEOPLE_MAX,
        rows,
        people_fault: people_words,
        faults,
        notes: words::notes(cx, &asked.notes),
        years: years(cx, catalogue.year),
        wishes: asked.wishes(),
    }
}

fn money_field(cx: &Cx, asked: &Asked, name: &'static str) -> MoneyField {
    let typed = asked.finances.pairs().into_iter().find(|(known, _)| *known == name).map(|(_, typed)| typed);
    let fault = asked.finances.faults.iter().find(|(field, _)| *field == name);
    MoneyField {
        name,
        label: cx.t(&format!("money.{name}")).to_string(),
        hint: cx.t(&format!("money.{name}_hint")).to_string(),
        fault: fault.map(|(_, key)| cx.tf(key, &[("typed", typed.as_deref().unwrap_or_default())])),
        typed: typed.unwrap_or_default(),
    }
}

/// Only a ZIP of several counties asks which.
fn counties(cx: &Cx, asked: &Asked, catalogue: &Catalogue) -> Vec<CountyChoice> {
    let Some(zip) = Zip5::parse(&asked.zip_typed) else { return Vec::new() };
    let choices: Vec<CountyChoice> = catalogue
        .places
        .counties(zip)
        .map(|county| CountyChoice {
            fips: county.fips,
            words: cx.tf(
                "ask.county_choice",
                &[("county", &county.name), ("state", cx.t(&format!("state.{}", county.state)))],
            ),
            ticked: asked.county == Some(county.fips),
        })
        .collect();
    if choices.len() > 1 { choices } else { Vec::new() }
}

/// The marketplaces of a ZIP's states, by name and telephone: they know addresses that the table of ZIP codes does not.
fn lookups(cx: &Cx, asked: &Asked, catalogue: &Catalogue) -> Vec<String> {
    let Some(zip) = Zip5::parse(&asked.zip_typed) else { return Vec::new() };
    let mut words = Vec::new();
    for county in catalogue.places.counties(zip) {
        let Some(state) = State::parse(&county.state) else { continue };
        let Some(marketplace) = cx.app.tables.marketplace(state, i32::from(catalogue.year)) else { continue };
        let values = [("name", marketplace.site(cx.lang.code()).0), ("phone", marketplace.phone.as_str())];
        let said =
            cx.tf(if marketplace.phone.is_empty() { "ask.county_lookup" } else { "ask.county_lookup_phone" }, &values);
        if !words.contains(&said) {
            words.push(said);
        }
    }
    words
}

fn years(cx: &Cx, chosen: u16) -> Vec<(u16, bool)> {
    let years: Vec<_> = cx.catalogues.years().map(|year| (year, year == chosen)).collect();
    if years.len() > 1 { years } else { Vec::new() }
}
