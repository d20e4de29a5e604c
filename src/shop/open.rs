//! How every page of a search opens, the same everywhere and in this order:
//!
//! 1. the address is read, with the page's own switch;
//! 2. the search is settled, or what is missing is asked, or the way leads elsewhere;
//! 3. another spelling of the address is redirected to the one canonical form;
//! 4. a browser or cache that has the page already gets a 304.
//!
//! Called by every file of this room that answers an address. It prices nothing: all four come before any work.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};

use crate::catalogue::Catalogue;
use crate::eligibility::State;
use crate::eligibility::clock::Days;
use crate::quote::QuoteError;
use crate::quote::ask::address::{Asked, Search, Switch, add_pairs, names_who, write_query};
use crate::quote::ask::facets::{Note, NoteKind};
use crate::quote::policy::Help;
use crate::quote::settle::{self, Settled, Settlement};
use crate::shop::fixed::Fixed;
use crate::shop::words::search as words;
use crate::shop::{elsewhere, home, season};
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx, NOT_OF_DATA};
use crate::web::sealed::{self, Arrival};

/// What an address is answered with instead of its page: a question, directions elsewhere, a redirect, a 304, a
/// failure.
///
/// Handlers return `Result<Response, Instead>`, so `?` returns any of them at once.
pub struct Instead(Box<Response>);

impl From<Response> for Instead {
    fn from(response: Response) -> Instead {
        Instead(Box::new(response))
    }
}

impl<E: Into<Failure>> From<E> for Instead {
    fn from(error: E) -> Instead {
        Instead::from(error.into().into_response())
    }
}

impl IntoResponse for Instead {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<QuoteError> for Failure {
    fn from(error: QuoteError) -> Failure {
        match error {
            QuoteError::Catalogue(error) => error.into(),
            ours => Failure::internal(ours),
        }
    }
}

/// What one address declares about itself.
pub struct Page<'a> {
    /// Without language: `/plans`.
    pub path: &'a str,
    pub switch: Option<Switch>,
    /// Programs fetch spreadsheets and may not follow a redirect: these answer any spelling.
    pub any_spelling: bool,
    /// The page depends on the day.
    pub on_a_day: bool,
}

impl<'a> Page<'a> {
    pub const fn new(path: &'a str) -> Page<'a> {
        Page { path, switch: None, any_spelling: false, on_a_day: false }
    }

    pub const fn with_switch(self, switch: Switch) -> Page<'a> {
        Page { switch: Some(switch), ..self }
    }

    pub const fn any_spelling(self) -> Page<'a> {
        Page { any_spelling: true, ..self }
    }

    /// The day is part of the page's version.
    pub const fn on_a_day(self) -> Page<'a> {
        Page { on_a_day: true, ..self }
    }

    /// The canonical query of this page: the whole search, so that no path from page to page loses a filter, an order
    /// or a plan ticked for comparison. `who` is the search's who and where, already written.
    fn query(&self, search: &Search, who: &str, switched: &'static str) -> String {
        let mut query = search.canonical_from(who.to_string());
        self.add_switch(&mut query, switched);
        query
    }

    /// Adds the page's switch, unless it is at its default.
    pub fn add_switch(&self, query: &mut String, word: &'static str) {
        if let Some(switch) = self.switch.filter(|switch| switch.default_word() != word) {
            add_pairs(query, &[(switch.name, word.to_string())]);
        }
    }
}

/// A settled search whose page has to be made.
pub struct Open {
    pub search: Search,
    pub catalogue: Arc<Catalogue>,
    /// `None`: no income was given.
    pub help: Option<Help>,
    /// Who and where, written out once for all links on the page.
    pub who: String,
    /// The page's canonical query.
    pub query: String,
    /// The value of the page's switch.
    pub switched: &'static str,
    /// The parts of the address that we ignored, in words.
    pub notes: Vec<String>,
    pub caching: CachePolicy,
}

/// Opens a page that needs a household.
pub async fn open(cx: &Cx, page: &Page<'_>) -> Result<Open, Instead> {
    let mut asked = read(cx, page.switch);
    if let Some(fixed) = Fixed::of(cx, asked.product) {
        let settled = fixed.settled(&mut asked);
        return opened(cx, page, asked, settled);
    }
    match settle(cx, &mut asked).await? {
        Settled::Search(settled) => opened(cx, page, asked, *settled),
        Settled::Unanswered(unanswered) => Err(home::page(cx, asked, Some(unanswered)).into()),
        Settled::Elsewhere(elsewhere) => Err(elsewhere::page(cx, &asked, *elsewhere).into()),
    }
}

/// What the request asks. Private answers that could not be opened are noted, so they are asked for again.
pub fn read(cx: &Cx, switch: Option<Switch>) -> Asked {
    let mut asked = Asked::read_with(&cx.query, switch);
    asked.notes.extend(cx.said.fault.map(|_| Note::new(sealed::NAME, "", NoteKind::PrivateGone)));
    asked
}

/// An opened page that can be shown without a household.
pub enum OpenOrBare {
    Open(Box<Open>),
    Bare(Box<Bare>),
}

/// What is known without a household.
pub struct Bare {
    pub asked: Asked,
    pub catalogue: Arc<Catalogue>,
    pub notes: Vec<String>,
    pub caching: CachePolicy,
}

/// Opens a page that works without a household. Without one, its address keeps who and where, not the wishes of a list.
pub async fn open_or_bare(cx: &Cx, page: &Page<'_>) -> Result<OpenOrBare, Instead> {
    if cx.below.is_some() {
        return Ok(OpenOrBare::Open(Box::new(open(cx, page).await?)));
    }
    let mut asked = read(cx, page.switch);
    let says_who = !asked.zip_typed.is_empty() || !asked.rows.is_empty();
    if says_who && let Settled::Search(settled) = settle(cx, &mut asked).await? {
        return Ok(OpenOrBare::Open(Box::new(opened(cx, page, asked, *settled)?)));
    }
    let catalogue = settle::catalogue_for(&cx.catalogues, &mut asked);
    let pairs: Vec<_> = asked.pairs().into_iter().filter(|(name, _)| names_who(name)).collect();
    follow(cx, &asked.notes, page.path, &write_query(&pairs))?;
    let caching = caching_of_asked(&asked, catalogue.version.clone());
    unchanged(cx, &caching)?;
    let notes = words::notes(cx, &asked.notes);
    Ok(OpenOrBare::Bare(Box::new(Bare { asked, catalogue, notes, caching })))
}

/// Steps 3 and 4.
fn opened(cx: &Cx, page: &Page, asked: Asked, settled: Settlement) -> Result<Open, Instead> {
    let caching = caching_of(cx, &settled, page.on_a_day);
    let Settlement { search, catalogue, help } = settled;
    let switched = asked.switched.or(page.switch.map(|switch| switch.default_word())).unwrap_or_default();
    let who = search.who_query();
    let query = page.query(&search, &who, switched);
    if !page.any_spelling {
        follow(cx, &asked.notes, page.path, &query)?;
    }
    unchanged(cx, &caching)?;
    let notes = words::notes(cx, &asked.notes);
    let (who, query) = (cx.sealed(&who).into_owned(), cx.sealed(&query).into_owned());
    Ok(Open { search, catalogue, help, who, query, switched, notes, caching })
}

/// [`settle::settle`] with what the request knows: its catalogues, the rules, the time.
async fn settle(cx: &Cx, asked: &mut Asked) -> Result<Settled, Failure> {
    // The questions carry a county as a hidden field. It means nothing once another ZIP has been typed.
    if cx.said.arrival == Arrival::Form
        && let (Ok(zip), Some(county)) = (asked.zip(), asked.county)
        && settle::catalogue_for(&cx.catalogues, asked).places.place(zip, county).is_none()
    {
        asked.county = None;
    }
    settle::look_up(&cx.catalogues, &cx.app.tables, asked).await?;
    Ok(settle::settle(&cx.catalogues, &cx.app.tables, (cx.app.clock)(), asked)?)
}

/// Redirects any other spelling of a page's address to the canonical one. An address with a part that we ignored
/// stays as it is, so the note about it stays on the page.
pub fn follow(cx: &Cx, notes: &[Note], path: &str, query: &str) -> Result<(), Instead> {
    if cx.path == path && cx.said.is_at(query) {
        return Ok(());
    }
    if !notes.is_empty() {
        return match cx.said.arrival {
            // Nothing typed is lost, and the address says as much as before, but not readably.
            Arrival::Form => Err(page::redirect_unkept(cx, &cx.path_and_query()).into()),
            _ => Ok(()),
        };
    }
    let mark = if query.is_empty() { "" } else { "?" };
    Err(page::redirect(cx, &format!("{path}{mark}{query}")).into())
}

/// Answers 304 if the client already has the page.
pub fn unchanged(cx: &Cx, caching: &CachePolicy) -> Result<(), Instead> {
    page::not_modified(cx, caching).map_or(Ok(()), |response| Err(response.into()))
}

/// Who may keep a page of this search. An address with an income, a sex or expected care is for its own browser only,
/// and the help available can change from one day to the next. Whether another year's enrollment is open is part of
/// the version, because lists say so. Of a household that the office knows nobody keeps anything.
fn caching_of(cx: &Cx, settled: &Settlement, on_a_day: bool) -> CachePolicy {
    let Settlement { search, catalogue, help } = settled;
    if search.known {
        return CachePolicy::Private;
    }
    let mut version = match season::coming(cx, search) {
        Some(coming) => format!("{}{NOT_OF_DATA}{}", catalogue.version, coming.year),
        None => catalogue.version.clone(),
    };
    if on_a_day || help.is_some() {
        version = self::version(cx, &version, search.state());
    }
    match help.is_some() || search.household.says_private() {
        true => CachePolicy::Own { version },
        false => CachePolicy::Public { version },
    }
}

/// Today's dates, by the only clock, in a state or where none is known.
pub fn days(cx: &Cx, state: Option<State>) -> Days {
    cx.app.tables.days(state, (cx.app.clock)())
}

/// The version of a page that depends on the day: it changes with the state's own day and with the generous one.
pub fn version(cx: &Cx, catalogue: &str, state: Option<State>) -> String {
    let days = days(cx, state);
    format!("{catalogue}+{}+{}", days.own, days.last)
}

/// The same for a page about what was only typed.
pub fn caching_of_asked(asked: &Asked, version: String) -> CachePolicy {
    match asked.says_private() {
        true => CachePolicy::Own { version },
        false => CachePolicy::Public { version },
    }
}
