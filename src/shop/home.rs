//! `GET /`: the questions. Also what `/plans` shows while an answer is missing or wrong.
//!
//! Called by the router and by `open`. ZIP, ages and income fit on one screen, with the ages in one field. Someone
//! with more to say about a person, or who comes back having said it, gets one box per person. A ZIP that spans
//! several counties asks for the county on a separate page. Whatever is missing is asked for, and everything typed is
//! kept. It must never ask anything that the result does not need.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::catalogue::Catalogue;
use crate::eligibility::State;
use crate::quote::ask::address::{Asked, Unanswered, write_query};
use crate::quote::ask::money::NAMES;
use crate::quote::ask::people::PEOPLE_MAX;
use crate::quote::ask::rows::{PersonRow, row_pairs};
use crate::quote::policy::DatedRules;
use crate::quote::settle::catalogue_for;
use crate::shop::open::caching_of_asked;
use crate::shop::words::dates::changes;
use crate::shop::words::search as words;
use crate::types::Zip5;
use crate::web::page::{self, Cx};

/// A fault, and the field it is about.
pub struct FieldFault {
    pub field: String,
    pub words: String,
}

/// One optional amount of money.
pub struct MoneyField {
    pub name: &'static str,
    pub label: String,
    pub hint: String,
    pub typed: String,
    pub fault: Option<String>,
}

/// One person's box.
pub struct PersonBox {
    pub n: usize,
    pub row: PersonRow,
    pub fault: Option<String>,
    /// Old enough for Medicare, if the age can be read.
    pub medicare: bool,
}

#[derive(Template)]
#[template(path = "ask.html")]
struct AskPage<'a> {
    cx: &'a Cx,
    title: &'a str,
    /// The home page welcomes; `/plans` only asks for what is missing.
    home: bool,
    zip: &'a str,
    zip_fault: Option<String>,
    /// The county chosen earlier, in words, with the page that asks for another.
    county: Option<(String, String)>,
    /// One box per person instead of the single field.
    each: bool,
    people: String,
    boxes: Vec<PersonBox>,
    people_fault: Option<String>,
    year_words: String,
    /// What changed for the plan year.
    changes: Vec<String>,
    money: Vec<MoneyField>,
    /// Whether the collapsed box holds something typed.
    money_open: bool,
    /// The page that helps add up an income.
    faults: Vec<FieldFault>,
    notes: Vec<String>,
    /// Plan years to choose from, if several are loaded: (year, chosen).
    years: Vec<(u16, bool)>,
    /// What the form carries hidden: county, expected care, filters, order, plans ticked.
    carried: Vec<(&'static str, String)>,
    can_add: bool,
}

#[derive(Template)]
#[template(path = "county.html")]
struct CountyPage<'a> {
    cx: &'a Cx,
    zip: &'a str,
    /// (county, the page that follows).
    counties: Vec<(String, String)>,
    /// Who can look up an address whose county is not offered: the marketplaces of the ZIP's states.
    lookups: Vec<String>,
    again: String,
    notes: Vec<String>,
}

/// `GET /`, `GET /es`.
pub async fn home(cx: Cx) -> Response {
    let asked = crate::shop::open::read(&cx, None);
    page(&cx, asked, None)
}

/// The questions, with faults marked where they are.
pub fn page(cx: &Cx, mut asked: Asked, unanswered: Option<Unanswered>) -> Response {
    let catalogue = catalogue_for(&cx.catalogues, &mut asked);
    let caching = caching_of_asked(&asked, cx.catalogues.version());
    if let (None, Some(unchanged)) = (&unanswered, page::not_modified(cx, &caching)) {
        return unchanged;
    }
    if unanswered.is_none() {
        return page::render(cx, build(cx, &asked, &catalogue, None, true), caching);
    }
    // The place may be settled while the people are not, and vice versa: report everything at once.
    let place_fault = asked.place(&catalogue.places).err();
    // Reading marks the fields that are wrong; the kind of fault is always the same.
    let faults = [asked.household().err(), asked.money().err()];
    let people_are_fine = !faults.iter().flatten().any(Unanswered::is_fault);
    if place_fault == Some(Unanswered::CountyMissing) && people_are_fine {
        return page::render(cx, county_page(cx, &asked, &catalogue), caching);
    }
    let is_fault = place_fault.iter().chain(faults.iter().flatten()).any(Unanswered::is_fault);
    let template = build(cx, &asked, &catalogue, place_fault, false);
    match is_fault {
        true => page::render_status(cx, StatusCode::UNPROCESSABLE_ENTITY, template, caching),
        false => page::render(cx, template, caching),
    }
}

fn build<'a>(
    cx: &'a Cx,
    asked: &'a Asked,
    catalogue: &Catalogue,
    place_fault: Option<Unanswered>,
    home: bool,
) -> AskPage<'a> {
    let say = |key: &str| cx.tf(key, &[("zip", &asked.zip_typed), ("max", &PEOPLE_MAX.to_string())]);
    let zip_fault = match place_fault {
        Some(Unanswered::ZipMissing) => Some(say("ask.zip_missing")),
        Some(Unanswered::ZipUnreadable) => Some(say("ask.zip_unreadable")),
        Some(Unanswered::ZipUnknown) => Some(say("ask.zip_unknown")),
        _ => None,
    };
    let each = one_at_a_time(asked);
    let boxes = boxes(cx, asked, catalogue.year);
    let people_fault = people_fault(cx, asked, each);
    let mut faults = Vec::new();
    let mut fault = |field: &str, words: &Option<String>| {
        if let Some(words) = words {
            faults.push(FieldFault { field: field.to_string(), words: words.clone() });
        }
    };
    fault("zip", &zip_fault);
    fault(if each { "age1" } else { "people" }, &people_fault);
    for person in boxes.iter().filter(|_| each) {
        let n = person.n.to_string();
        let named = person.fault.as_ref().map(|w| cx.tf("ask.person_fault", &[("n", &n), ("fault", w)]));
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
        money,
        cx,
        title: cx.t(if home { "home.title" } else { "ask.title" }),
        home,
        zip: &asked.zip_typed,
        zip_fault,
        county: county(cx, asked, catalogue),
        can_add: boxes.len() < PEOPLE_MAX,
        people: match &asked.people_typed {
            Some(typed) if people_fault.is_some() => typed.clone(),
            _ => asked.rows.iter().map(PersonRow::word).collect::<Vec<_>>().join(", "),
        },
        each,
        boxes,
        people_fault,
        faults,
        notes: words::notes(cx, &asked.notes),
        years: years(cx, catalogue.year),
        carried: carried(asked, each),
    }
}

/// Whether each person gets a box: it was requested, or one of them has more to say than an age.
fn one_at_a_time(asked: &Asked) -> bool {
    let from_boxes = !asked.rows.is_empty() && asked.people_typed.is_none();
    asked.each || asked.add_person || from_boxes || asked.rows.iter().any(PersonRow::says_more)
}

fn boxes(cx: &Cx, asked: &Asked, year: u16) -> Vec<PersonBox> {
    let medicare_from = DatedRules::of_year(&cx.app.tables, year).map(|rules| rules.ages.medicare_from);
    let old = |typed: &str| typed.trim().parse().is_ok_and(|age: u8| medicare_from.is_some_and(|from| age >= from));
    let mut rows: Vec<PersonRow> = asked.rows.clone();
    let wanted = (rows.len() + usize::from(asked.add_person)).clamp(1, PEOPLE_MAX);
    rows.resize(wanted, PersonRow::default());
    let boxed = |(n, row): (usize, PersonRow)| PersonBox {
        n,
        fault: row.fault.map(|key| cx.t(key).to_string()),
        medicare: row.no_free_part_a || old(&row.age),
        row,
    };
    (1..).zip(rows).map(boxed).collect()
}

/// What is wrong with the people as a whole; in the single field, also the first one that cannot be read.
fn people_fault(cx: &Cx, asked: &Asked, each: bool) -> Option<String> {
    if let Some(key) = asked.people_fault {
        return Some(cx.tf(key, &[("max", &PEOPLE_MAX.to_string())]));
    }
    let wrong = asked.rows.iter().find(|row| row.fault.is_some()).filter(|_| !each)?;
    let fault = cx.t(wrong.fault.unwrap_or_default());
    Some(cx.tf("ask.people_fault", &[("typed", &wrong.age), ("fault", fault)]))
}

/// What no field of the form shows.
fn carried(asked: &Asked, each: bool) -> Vec<(&'static str, String)> {
    let mut pairs: Vec<_> = asked.county.map(|county| ("county", county.to_string())).into_iter().collect();
    // In boxes, expected care belongs to its person, who may move up when another is removed.
    let care = row_pairs(&asked.rows).into_iter().filter(|(name, _)| *name != "people" && !each);
    pairs.extend(care);
    pairs.extend(asked.wishes());
    pairs
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

/// The counties of a ZIP that spans several, each with the list it leads to.
fn county_page<'a>(cx: &'a Cx, asked: &'a Asked, catalogue: &Catalogue) -> CountyPage<'a> {
    let zip = Zip5::parse(&asked.zip_typed);
    let counties = zip.into_iter().flat_map(|zip| catalogue.places.counties(zip));
    let choice = |county: &crate::catalogue::places::County| {
        let chosen = Asked { county: Some(county.fips), ..asked.clone() };
        let state = cx.t(&format!("state.{}", county.state));
        let words = cx.tf("ask.county_choice", &[("county", &words::county_name(cx, &county.name)), ("state", state)]);
        (words::sentence(&words), cx.href(&format!("/plans?{}", write_query(&chosen.pairs()))))
    };
    CountyPage {
        cx,
        zip: &asked.zip_typed,
        counties: counties.map(choice).collect(),
        lookups: lookups(cx, asked, catalogue),
        again: cx.href(&format!("/?{}", write_query(&asked.pairs()))),
        notes: words::notes(cx, &asked.notes),
    }
}

/// The county chosen, and the page that asks for another: only if there is a choice.
fn county(cx: &Cx, asked: &Asked, catalogue: &Catalogue) -> Option<(String, String)> {
    let zip = Zip5::parse(&asked.zip_typed)?;
    let counties: Vec<_> = catalogue.places.counties(zip).collect();
    let chosen = counties.iter().find(|county| Some(county.fips) == asked.county).filter(|_| counties.len() > 1)?;
    let open = Asked { county: None, ..asked.clone() };
    let name = words::sentence(&words::county_name(cx, &chosen.name));
    Some((name, cx.href(&format!("/plans?{}", write_query(&open.pairs())))))
}

/// The marketplaces of a ZIP's states, by name and telephone: they know addresses that the ZIP table does not.
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
