//! The open application of whoever is at the desk, with what surrounds its answers.
//!
//! Called by every page of this room.

use super::marks::{NOT_SAVED, marked};
use crate::account::people::new_id;
use crate::application::flow::Fault;
use crate::application::saved::{self, Edit, Guard, Open, Save, Saved};
use crate::application::sheet::{HOUSEHOLD, Sheet};
use crate::application::view::{County, Surroundings, View};
use crate::eligibility::State;
use crate::eligibility::tables::MarketplaceKind;
use crate::office::desk::{Desk, Instead};
use crate::quote::policy::DatedRules;
use crate::telemetry::funnel::Came;
use crate::types::Zip5;
use crate::web::page::Cx;

/// The day, the rules, the counties of the home.
pub fn around<'a>(cx: &'a Cx, sheet: &Sheet) -> Surroundings<'a> {
    let tables = &cx.app.tables;
    let this_year = cx.today().year();
    let ruled = |year: &u16| i32::from(*year) >= this_year && DatedRules::of_year(tables, *year).is_some();
    let mut years: Vec<i32> = cx.catalogues.years().filter(ruled).map(i32::from).collect();
    if years.is_empty() {
        years.push(i32::from(cx.catalogues.newest().year));
    }
    years.sort_unstable_by_key(|year| std::cmp::Reverse(*year));
    let said = sheet.get("plan_year", HOUSEHOLD).parse::<u16>().ok();
    // A change is of the year that was applied for.
    if let Some(year) = said.filter(|_| sheet.follows().is_some()) {
        years = vec![i32::from(year)];
    }
    let catalogue = said.and_then(|year| cx.catalogues.get(year)).unwrap_or_else(|| cx.catalogues.newest());
    let counties: Vec<County> = Zip5::parse(sheet.get("zip", HOUSEHOLD))
        .map(|zip| {
            let of = |county: &crate::catalogue::places::County| County {
                fips: county.fips.to_string(),
                name: county.name.clone(),
                state: county.state.clone(),
            };
            let sold = |county: &&crate::catalogue::places::County| catalogue.places.is_sold_in(county.fips);
            catalogue.places.counties(zip).filter(sold).map(of).collect()
        })
        .unwrap_or_default();
    let state = counties.first().and_then(|county| State::parse(&county.state));
    let languages = cx.app.messages.languages().map(|lang| lang.code().to_string()).collect();
    Surroundings { today: tables.days(state, (cx.app.clock)()).own, tables, years, counties, languages }
}

/// The answers as facts.
///
/// # Errors
///
/// If the tables do not cover the plan year, which is our fault.
pub fn view<'a>(sheet: &'a Sheet, around: &'a Surroundings<'a>) -> Result<View<'a>, Instead> {
    let view = View::new(sheet, around);
    view.ok_or_else(|| anyhow::anyhow!("no rules for the plan year of an application").into())
}

/// The open application, or the way to where one begins.
///
/// # Errors
///
/// That way; or the store is away.
pub async fn open(desk: &Desk) -> Result<Open, Instead> {
    found(desk).await?.ok_or_else(|| desk.go(&begin_address(desk)).into())
}

/// Where an application begins; whoever comes with a page of answers is told there that they could not be kept.
pub fn begin_address(desk: &Desk) -> String {
    let begin = "/account/apply/begin".to_string();
    marked(begin, [(!desk.form.get("on").is_empty()).then_some(NOT_SAVED)])
}

/// The open application, if there is one.
///
/// # Errors
///
/// If the store is away.
pub async fn found(desk: &Desk) -> Result<Option<Open>, Instead> {
    let Some(owner) = desk.owner() else { return Ok(None) };
    let mut connection = desk.office.read().await?;
    Ok(saved::open(&mut connection, &desk.office.means.vault, owner).await?)
}

/// Changes the application of an owner.
///
/// # Errors
///
/// If the store is away.
pub async fn save(
    desk: &Desk,
    owner: &str,
    begin: bool,
    (guard, edit): (impl Fn() -> Option<Guard>, impl Fn() -> Edit),
) -> Result<Saved, Instead> {
    let new_draft = new_id()?;
    let change = || Save {
        means: desk.office.means.clone(),
        owner: owner.to_string(),
        new_draft: new_draft.clone(),
        session: desk.visitor.session_text(),
        begin,
        guard: guard(),
        edit: edit(),
    };
    Ok(desk.office.write_again(change).await?)
}

/// Who sells plans where this application is from, and that nothing sent here reaches them: nobody may take this site for
/// theirs.
pub fn place_words(cx: &Cx, state: Option<State>, year: i32) -> String {
    let of = |state| cx.app.tables.marketplace(state, year);
    // Without a place, the one that serves most states.
    let federal = || State::all().filter_map(of).find(|market| market.kind == MarketplaceKind::Ffm);
    let marketplace = state.and_then(of).or_else(federal);
    let (name, url, _) = marketplace.map_or(("", "", false), |market| market.site(cx.lang.code()));
    let phone = marketplace.map_or("", |market| market.phone.as_str());
    let key = if cx.app.config.is_connected() { "apply.where_connected" } else { "apply.where" };
    cx.tf(key, &[("name", name), ("url", url), ("phone", phone)]).trim_end_matches([' ', ',']).to_string()
}

/// Counts what a page has come to; of nobody.
pub fn count(cx: &Cx, step: &'static str, came: Came<'_>) {
    cx.app.funnel.count((cx.app.clock)(), cx.lang.code(), step, came);
}

/// The questions that were refused, each once.
pub fn refused(faults: &[Fault]) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = faults.iter().map(|fault| fault.question.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}
