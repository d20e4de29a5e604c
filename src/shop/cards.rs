//! Plans as cards with their yearly costs; on the list, with the plans that share a card and what is ticked.
//!
//! Called by `plans`, `plan` and `compare`. Numbers come from `view`, so that the list shows what every other page shows.

use crate::catalogue::Catalogue;
use crate::quote::ask::address::Search;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::quote::yearly::{Dominance, YearlyCosts};
use crate::shop::groups::{Group, Twins, is_ticked};
use crate::shop::links::Links;
use crate::shop::view::Card;
use crate::web::page::Cx;

/// A plan of the basket that no card of this page shows.
pub struct Ticked {
    pub plan_id: String,
    pub words: String,
}

/// One card, with the plans that share it.
pub struct ListCard {
    pub card: Card,
    pub ticked: bool,
    pub twins: Option<Twins>,
}

pub fn list_cards(
    cx: &Cx,
    catalogue: &Catalogue,
    links: &Links,
    (tally, years): (&Tally, &mut Option<YearlyCosts>),
    (shown, query): (&[Group], &str),
) -> Vec<ListCard> {
    let firsts: Vec<&Offer> = shown.iter().map(|group| group.first).collect();
    let cards = cards_of(catalogue, links.search, tally, years, &firsts).into_iter();
    let card = |(card, group): (Card, &Group)| ListCard {
        card,
        ticked: is_ticked(links.search, group.first),
        twins: Twins::new(cx, links, group, query),
    };
    cards.zip(shown).map(card).collect()
}

/// The plans of the basket that stand on no card of this page, by name where they are sold to the household.
pub fn ticked_elsewhere(search: &Search, tally: &Tally, cards: &[ListCard]) -> Vec<Ticked> {
    let here = |id: &str| {
        let twin = |card: &ListCard| card.twins.iter().flat_map(|twins| &twins.rows).any(|twin| twin.plan_id == id);
        cards.iter().any(|card| card.card.plan_id == id || twin(card))
    };
    let name = |id: &str| tally.offers().iter().find(|offer| offer.plan.plan_id == id).map(|o| o.plan.name.clone());
    let basket = search.basket.iter().map(|id| id.as_str()).filter(|id| !here(id));
    basket.map(|id| Ticked { plan_id: id.to_string(), words: name(id).unwrap_or_else(|| id.to_string()) }).collect()
}

/// The cards of some plans of a tally, with their yearly costs and the notes on plans that match or beat them.
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
