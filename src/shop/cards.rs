//! Plans as cards with their yearly costs; on the list, with the plans that share a card and the plans ticked.
//!
//! Called by `plans`, `plan` and `compare`. Numbers come from `view`, so the list must never show a different number
//! from any other page.

use crate::catalogue::Catalogue;
use crate::quote::ask::address::Search;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::quote::yearly::{Dominance, YearlyCosts};
use crate::shop::groups::{CardGroup, Twins, is_ticked};
use crate::shop::links::Links;
use crate::shop::view::Card;
use crate::web::page::Cx;

/// A plan in the basket that no card on this page shows.
pub struct Ticked {
    pub plan_id: String,
    pub words: String,
}

/// One card, with the plans that share it.
pub struct ListCard<'t> {
    pub card: Card,
    pub ticked: bool,
    pub twins: Option<Twins<'t>>,
}

pub fn list_cards<'t>(
    cx: &Cx,
    catalogue: &Catalogue,
    links: &Links,
    (tally, years): (&Tally, &mut Option<YearlyCosts>),
    shown: &[CardGroup<'t, '_>],
) -> Vec<ListCard<'t>> {
    let firsts: Vec<&Offer> = shown.iter().map(|group| group.first).collect();
    let cards = cards_of(catalogue, links.search, tally, years, &firsts).into_iter();
    let card = |(card, group): (Card, &CardGroup<'t, '_>)| ListCard {
        card,
        ticked: is_ticked(links.search, group.first),
        twins: Twins::new(cx, links, group),
    };
    cards.zip(shown).map(card).collect()
}

/// The plans in the basket that are not on any card of this page, by name if they are sold to the household.
pub fn ticked_elsewhere(search: &Search, tally: &Tally, cards: &[ListCard]) -> Vec<Ticked> {
    let here = |id: &str| {
        let twin = |card: &ListCard| card.twins.iter().flat_map(|twins| &twins.rows).any(|twin| twin.plan_id == id);
        cards.iter().any(|card| card.card.plan_id == id || twin(card))
    };
    let name = |id: &str| tally.offers().iter().find(|offer| offer.plan.plan_id == id).map(|o| o.plan.name.clone());
    let basket = search.basket.iter().map(|id| id.as_str()).filter(|id| !here(id));
    basket.map(|id| Ticked { plan_id: id.to_string(), words: name(id).unwrap_or_else(|| id.to_string()) }).collect()
}

/// The cards of some of a tally's plans, with their yearly costs and the notes on plans that match or beat them.
pub fn cards_of(
    catalogue: &Catalogue,
    search: &Search,
    tally: &Tally,
    years: &mut Option<YearlyCosts>,
    shown: &[&Offer],
) -> Vec<Card> {
    let Some(years) = years else { return shown.iter().map(|offer| Card::new(catalogue, offer)).collect() };
    let dominance = search.dominated_notes.then(|| Dominance::new(tally, years.size()));
    let card = |offer: &&Offer| {
        let offer = Offer { cost: Some(offer.cost.unwrap_or_else(|| years.of(offer))), ..**offer };
        let better = dominance.as_ref().and_then(|dominance| dominance.better_than(offer.plan_pk, years));
        Card::new(catalogue, &offer).beside(catalogue, better)
    };
    shown.iter().map(card).collect()
}
