//! From what was asked to what can be priced: the plan year's catalogue, the place, the household and its help.
//!
//! Called through one opening by every page of a search; an API can call it the same way. It writes no
//! words: whatever is missing or wrong comes back typed.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::catalogue::places::{County, Place};
use crate::catalogue::{Catalogue, Catalogues};
use crate::eligibility::ages::AgeRules;
use crate::eligibility::tables::Marketplace;
use crate::eligibility::{State, Tables};
use crate::quote::QuoteError;
use crate::quote::ask::address::{Asked, Search, Unanswered};
use crate::quote::ask::facets::{Note, NoteKind};
use crate::quote::ask::money::Finances;
use crate::quote::ask::people::Household;
use crate::quote::market;
use crate::quote::policy::{self, DatedRules, Help, Policy};

/// What an address turned out to be.
pub enum Settled {
    Search(Box<Settlement>),
    Unanswered(Unanswered),
    /// Plans for this place are sold elsewhere.
    Elsewhere(Box<Elsewhere>),
}

/// A search, the catalogue that answers it, and the help its household may get.
pub struct Settlement {
    pub search: Search,
    pub catalogue: Arc<Catalogue>,
    /// `None`: no income was given.
    pub help: Option<Help>,
}

/// Address → search, in the catalogue of its plan year.
///
/// `now`, as the day of the place's state, is for what depends on a date by law (enrollment periods, rules that start
/// mid-year).
///
/// # Errors
/// If the engine refuses what our own parsing accepted, or the tables do not cover the plan year.
pub fn settle(
    catalogues: &Catalogues,
    tables: &Tables,
    now: OffsetDateTime,
    asked: &mut Asked,
) -> Result<Settled, QuoteError> {
    let catalogue = catalogue_for(catalogues, asked);
    // First of all: is this the right site for this place?
    if let Ok(zip) = asked.zip() {
        let counties: Vec<_> = catalogue.places.counties(zip).collect();
        let chosen: Vec<_> = counties.iter().copied().filter(|county| Some(county.fips) == asked.county).collect();
        let counties = if chosen.is_empty() { counties } else { chosen };
        if let Some(elsewhere) = elsewhere(tables, &catalogue, &asked.zip_typed, &counties) {
            return Ok(Settled::Elsewhere(Box::new(elsewhere)));
        }
    }
    let place = match asked.place(&catalogue.places) {
        Ok(place) => place,
        Err(unanswered) => return Ok(Settled::Unanswered(unanswered)),
    };
    // A ZIP with one county needs no choice: a county left over from another ZIP is ignored, with a note.
    if let Some(other) = asked.county.filter(|county| *county != place.county.fips) {
        let note = Note::new("county", &other.to_string(), NoteKind::BadValue);
        if !asked.notes.contains(&note) {
            asked.notes.push(note);
        }
    }
    // Mark everything that is wrong at once: read both before returning either.
    let (household, finances) = (asked.household(), asked.money());
    let (household, finances) = match (household, finances) {
        (Ok(household), Ok(finances)) => (household, finances),
        (Err(unanswered), _) | (_, Err(unanswered)) => return Ok(Settled::Unanswered(unanswered)),
    };
    // The rules on the first day of coverage, as the engine uses them for the credit.
    let rules = DatedRules::of_year(tables, catalogue.year).ok_or(QuoteError::NoRules(catalogue.year))?;
    let help = match &finances {
        Some(money) => Some(help((tables, now), &catalogue, (&place, &household, (money, rules.ages)))?),
        None => None,
    };
    let policy = match &help {
        Some(help) => Policy::with_help(&household, rules, &help.determination),
        None => Policy::at_full_price(&household, rules),
    };
    let search = Search {
        year: catalogue.year,
        place,
        household,
        finances,
        policy,
        product: asked.product,
        facets: asked.facets.clone(),
        sort: asked.sort(),
        dominated_notes: !asked.no_dominated_notes,
        grouped: !asked.no_groups,
        basket: asked.plan_ids(),
        page: asked.page,
        known: false,
    };
    Ok(Settled::Search(Box::new(Settlement { search, catalogue, help })))
}

/// Looks up what a told HRA is judged by, before the address is settled. Whatever is missing or wrong is said by [`settle`].
///
/// # Errors
/// If the catalogue cannot be read.
pub async fn look_up(catalogues: &Catalogues, tables: &Tables, asked: &mut Asked) -> Result<(), QuoteError> {
    if !asked.finances.says_hra() {
        return Ok(());
    }
    let catalogue = catalogue_for(catalogues, asked);
    let (Ok(place), Ok(household)) = (asked.place(&catalogue.places), asked.household()) else { return Ok(()) };
    let Some(rules) = DatedRules::of_year(tables, catalogue.year) else { return Ok(()) };
    asked.finances.silver_alone = market::silver_alone(&catalogue, &place, household.people()[0].age, rules).await?;
    Ok(())
}

/// The engine's answer. Whatever it refuses had passed our own parsing, so a refusal is our fault.
fn help(
    (tables, now): (&Tables, OffsetDateTime),
    catalogue: &Catalogue,
    (place, household, money): (&Place, &Household, (&Finances, AgeRules)),
) -> Result<Help, QuoteError> {
    let household = policy::eligibility_household(catalogue.year, place, household, money);
    let today = tables.days(State::parse(&place.county.state), now).own;
    policy::determine_help(tables, &household, today).map_err(QuoteError::refused)
}

/// The catalogue of the year asked for, or the newest; a year that is not loaded gets a note on the page.
pub fn catalogue_for(catalogues: &Catalogues, asked: &mut Asked) -> Arc<Catalogue> {
    let newest = || Arc::clone(catalogues.newest());
    let Some(year) = asked.year else { return newest() };
    catalogues.get(year).cloned().unwrap_or_else(|| {
        let note = Note::new("year", &year.to_string(), NoteKind::BadValue);
        // A page may look its catalogue up more than once; note it once.
        if !asked.notes.contains(&note) {
            asked.notes.push(note);
        }
        newest()
    })
}

/// Where to send people whose place is not in this catalogue.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    pub zip: String,
    pub county: County,
    pub year: u16,
    /// The marketplace that serves the state; `None` if no table knows one (territories).
    pub marketplace: Option<Marketplace>,
    /// The catalogue has plans in the state, just not in this county.
    pub state_sold: bool,
}

/// `Some` if this catalogue sells nothing in any of these counties.
fn elsewhere(tables: &Tables, catalogue: &Catalogue, zip: &str, counties: &[&County]) -> Option<Elsewhere> {
    let first = counties.first()?;
    if counties.iter().any(|county| catalogue.places.is_sold_in(county.fips)) {
        return None;
    }
    let state = State::parse(&first.state);
    let marketplace = state.and_then(|state| tables.marketplace(state, i32::from(catalogue.year))).cloned();
    let state_sold = catalogue.places.sells_in_state(&first.state);
    Some(Elsewhere { zip: zip.to_string(), county: (*first).clone(), year: catalogue.year, marketplace, state_sold })
}
