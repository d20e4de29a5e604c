//! `GET /compare?plan=…&plan=…`: up to three plans side by side, the same numbers as everywhere: first what differs,
//! then what is the same in all.
//!
//! `rows` fills the table. The plans of the address are priced here ([`compared`]), for the spreadsheet and the
//! take-away sheet too.

pub mod rows;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;

use self::rows::{Row, Section};
use crate::quote::ask::address::{PLANS_MAX, Search, Switch};
use crate::quote::market;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::quote::plan_record::PlanRecord;
use crate::quote::yearly::YearlyCosts;
use crate::shop::cards::cards_of;
use crate::shop::fixed::{Fixed, change_href, of_product};
use crate::shop::links::kept;
use crate::shop::open::{Instead, Open, Page, open};
use crate::shop::paper::Paper;
use crate::shop::view::Card;
use crate::shop::words::search as words;
use crate::types::PlanId;
use crate::web::error::Failure;
use crate::web::page::{self, Cx};

/// Which rows the page shows.
const ONLY: Switch = Switch { name: "only", words: &["all", "differences"] };
/// Plans offered beside one that stands alone, and similar plans on a plan's page: a way on, not another list.
const NEAR_MAX: usize = 3;

/// One plan at the top of its column.
pub struct Column {
    pub card: Card,
    pub href: String,
    pub remove: String,
}

/// A plan that can come into the comparison with one tap.
pub struct Other {
    pub name: String,
    pub words: String,
    pub href: String,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage<'a> {
    cx: &'a Cx,
    title: String,
    who: String,
    change: String,
    own: Option<&'a Fixed>,
    back: String,
    columns: Vec<Column>,
    /// What differs; for one plan everything.
    sections: Vec<Section>,
    same: Vec<Row>,
    /// "The same in all three (9)".
    same_words: String,
    warnings: Vec<String>,
    small_print: Vec<String>,
    notes: Vec<String>,
    /// Ticked, but more than fit.
    waiting: Vec<Other>,
    /// Beside a plan that stands alone.
    near: Vec<Other>,
    /// There is room for one more.
    room: bool,
    csv: String,
    sheet: String,
    /// The same comparison with all rows, or only those that differ.
    toggle: (String, String),
    paper: Paper,
    /// The search, for whoever wants it kept; empty if the office knows the household.
    saved: Vec<(String, String)>,
}

/// The chosen plans, in order, if the household can buy them, and notes on the others.
pub struct Compared {
    pub cards: Vec<Card>,
    pub records: Vec<Arc<PlanRecord>>,
    pub notes: Vec<String>,
    /// Those of the basket that had no room: ID and name.
    waiting: Vec<(PlanId, String)>,
    /// Near the only one in price.
    near: Vec<Card>,
}

/// Reads and prices the plans in an address.
pub async fn compared(cx: &Cx, open: &Open) -> Result<Compared, Failure> {
    let catalogue = &open.catalogue;
    let search = Search { facets: Default::default(), ..open.search.clone() };
    let mut found =
        Compared { cards: Vec::new(), records: Vec::new(), notes: Vec::new(), waiting: Vec::new(), near: Vec::new() };
    // Medical and dental plans are two lists; each is asked for once, and only where one of its plans is compared.
    let mut lists: Vec<(Search, Tally, Option<YearlyCosts>)> = Vec::new();
    if search.basket.len() > PLANS_MAX {
        found.notes.push(cx.tf("compare.too_many", &[("max", &PLANS_MAX.to_string())]));
    }
    for id in search.basket.iter().take(PLANS_MAX) {
        let variants = search.policy.variants();
        let Some(of) = catalogue.record(id, |metal| variants.of_metal(metal)).await? else {
            found.notes.push(cx.tf("compare.bad_plan", &[("plan", id.as_str())]));
            continue;
        };
        let product = of.product;
        if !lists.iter().any(|(list, ..)| list.product == product) {
            // The comparison itself shows side by side what a note on a matched plan would say.
            let list = Search { dominated_notes: false, ..of_product(cx, &search, product) };
            let tally = market::tally(catalogue, &list).await?;
            let years = YearlyCosts::new(&list);
            lists.push((list, tally, years));
        }
        let list = lists.iter_mut().find(|(list, ..)| list.product == product);
        match list.and_then(|(list, tally, years)| Some((tally.find(of.plan_pk)?, list, &*tally, years))) {
            Some((offer, list, tally, years)) => {
                found.cards.extend(cards_of(catalogue, list, tally, years, &[offer]));
                found.records.push(of);
            }
            None => {
                let county = words::county_words(cx, &search);
                found.notes.push(cx.tf("compare.not_sold", &[("plan", id.as_str()), ("county", &county)]));
            }
        }
    }
    for id in search.basket.iter().skip(PLANS_MAX) {
        let mut offers = lists.iter().flat_map(|(_, tally, _)| tally.offers());
        let name = offers.find(|offer| offer.plan.plan_id == id.as_str()).map(|offer| offer.plan.name.clone());
        found.waiting.push((id.clone(), name.unwrap_or_else(|| id.to_string())));
    }
    if let ([card], Some((list, tally, years))) =
        (&found.cards[..], lists.iter_mut().find(|(_, tally, _)| !tally.offers().is_empty()))
        && let Some(of) = tally.find(card.plan_pk)
    {
        found.near = cards_of(catalogue, list, tally, years, &nearest(tally, of));
    }
    Ok(found)
}

/// Plans of the same level nearest in price.
pub fn nearest<'t, 'c>(tally: &'t Tally<'c>, this: &Offer) -> Vec<&'t Offer<'c>> {
    let same_level = |offer: &&Offer| offer.facts.packed.metal() == this.facts.packed.metal();
    let others = tally.offers().iter().filter(|offer| offer.plan_pk != this.plan_pk);
    let mut near: Vec<&Offer> = others.filter(same_level).collect();
    near.sort_by_key(|offer| ((offer.net().0 - this.net().0).abs(), offer.net(), offer.plan_pk));
    near.truncate(NEAR_MAX);
    near
}

/// `GET /compare`.
pub async fn compare(cx: Cx) -> Result<Response, Instead> {
    let page = Page::new("/compare").with_switch(ONLY);
    let open = open(&cx, &page).await?;
    let found = compared(&cx, &open).await?;
    let only = open.switched != ONLY.default_word();
    let template = build(&cx, &page, &open, &found, only);
    Ok(page::render(&cx, template, open.caching.clone()))
}

fn build<'a>(cx: &'a Cx, page: &Page, open: &Open, found: &Compared, only: bool) -> ComparePage<'a> {
    let search = &open.search;
    let address = |change: &dyn Fn(&mut Vec<PlanId>), only: bool| {
        let mut other = search.clone();
        change(&mut other.basket);
        let mut query = other.canonical();
        page.add_switch(&mut query, ONLY.words[usize::from(only)]);
        query
    };
    let here = |query: String| cx.href(&format!("/compare?{query}"));
    let cards = &found.cards;
    let sections = rows::sections(cx, search, cards, &found.records);
    let (sections, same) = if cards.len() > 1 { rows::fold(sections) } else { (sections, Vec::new()) };
    let toggle_key = if only { "compare.show_all" } else { "compare.show_differences" };
    let many = if cards.len() == 2 { "compare.same_two" } else { "compare.same_three" };
    let ids: Vec<&str> = cards.iter().map(|card| card.plan_id.as_str()).collect();
    let (warnings, small_print) = words::warnings_for(cx, &open.catalogue, search);
    ComparePage {
        title: match cards.len() {
            0 => cx.t("compare.title").to_string(),
            n => cx.n("compare.heading", n as i64),
        },
        who: words::who(cx, search),
        change: change_href(cx, search),
        own: Fixed::of(cx, search.product),
        back: cx.href(&format!("/plans?{}", search.canonical())),
        csv: cx.href(&format!("/compare.csv?{}", address(&|_| {}, false))),
        sheet: cx.href(&format!("/sheet?{}", search.canonical())),
        saved: if search.known { Vec::new() } else { kept(search) },
        toggle: (cx.t(toggle_key).to_string(), here(address(&|_| {}, !only))),
        warnings,
        small_print,
        columns: cards
            .iter()
            .map(|card| Column {
                href: card.href(cx, &search.canonical()),
                remove: here(address(&|basket| basket.retain(|id| id.as_str() != card.plan_id), only)),
                card: card.clone(),
            })
            .collect(),
        sections,
        same_words: cx.tf(many, &[("n", &same.len().to_string())]),
        same: if only { Vec::new() } else { same },
        notes: open.notes.iter().chain(&found.notes).cloned().collect(),
        waiting: waiting(cx, found, &|id| here(address(&|basket| put_third(basket, id), only))),
        near: found
            .near
            .iter()
            .map(|card| near(cx, card, &|id| here(address(&|basket| basket.push(id.clone()), only))))
            .collect(),
        room: cards.len() < PLANS_MAX,
        paper: Paper::new(cx, &open.catalogue, search, &ids),
        cx,
    }
}

/// The plan comes into view; whichever it displaces waits.
fn put_third(basket: &mut Vec<PlanId>, id: &PlanId) {
    basket.retain(|other| other != id);
    basket.insert(PLANS_MAX.min(basket.len() + 1) - 1, id.clone());
}

fn waiting(cx: &Cx, found: &Compared, href: &dyn Fn(&PlanId) -> String) -> Vec<Other> {
    let last = found.cards.last().map(|card| card.name.clone()).unwrap_or_default();
    let words = cx.tf("compare.instead", &[("plan", &last)]);
    let other = |(id, name): &(PlanId, String)| Other { name: name.clone(), words: words.clone(), href: href(id) };
    found.waiting.iter().map(other).collect()
}

/// "Gold Elite, Oscar: $430.90 a month".
fn near(cx: &Cx, card: &Card, href: &dyn Fn(&PlanId) -> String) -> Other {
    let month = cx.tf("plans.twin_month", &[("amount", &card.net_words())]);
    let address = PlanId::parse(&card.plan_id).map(|id| href(&id));
    Other { name: card.name.clone(), words: format!("{} · {month}", card.issuer), href: address.unwrap_or_default() }
}
