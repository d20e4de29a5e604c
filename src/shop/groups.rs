//! Near-twins: plans of one insurer, metal level and type share a card in the list, which expands to all of them.
//!
//! Called by `plans`. It must leave nothing out and judge nothing: a card takes the position of its first plan in the
//! chosen order, the others follow in the same order, and every count remains a count of plans.

use crate::quote::ask::address::Search;
use crate::quote::ask::facets::Facets;
use crate::quote::filters::Facet;
use crate::quote::offer::Offer;
use crate::shop::links::Links;
use crate::shop::view::whole_dollars;
use crate::types::Cents;
use crate::web::page::Cx;

/// Rows in an expanded card: if there are more, they get their own list.
const TWINS_MAX: usize = 12;

/// The plan the card belongs to, and those that share it.
pub struct CardGroup<'t, 'c> {
    pub first: &'t Offer<'c>,
    pub others: Vec<&'t Offer<'c>>,
}

/// One plan's row in an expanded card.
pub struct Twin<'t> {
    pub plan_pk: i64,
    pub plan_id: &'t str,
    pub name: &'t str,
    /// "$298.04 a month, $5,988 a year"
    pub words: String,
    pub ticked: bool,
}

/// The other plans on a card.
pub struct Twins<'t> {
    /// "5 more like this, $5,988 to $6,099 a year"
    pub summary: String,
    /// A plan ticked for comparison is never hidden.
    pub open: bool,
    pub rows: Vec<Twin<'t>>,
    /// The list of all of them, if there are more than the card shows.
    pub all: Option<(String, String)>,
}

/// Results in order, as cards.
pub fn groups<'t, 'c>(results: Vec<&'t Offer<'c>>, together: bool) -> Vec<CardGroup<'t, 'c>> {
    let alike = |offer: &Offer| (offer.facts.issuer_id, offer.facts.packed.metal(), offer.facts.packed.plan_type());
    // Each beside what its plans have in common.
    let mut groups: Vec<(_, CardGroup)> = Vec::new();
    for offer in results {
        let kind = alike(offer);
        match groups.iter_mut().find(|(known, _)| together && *known == kind) {
            Some((_, group)) => group.others.push(offer),
            None => groups.push((kind, CardGroup { first: offer, others: Vec::new() })),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

impl<'t> Twins<'t> {
    /// `None` for a card with a single plan.
    pub fn new(cx: &Cx, links: &Links, group: &CardGroup<'t, '_>) -> Option<Twins<'t>> {
        if group.others.is_empty() {
            return None;
        }
        let search = links.search;
        let row = |offer: &&'t Offer| Twin {
            plan_pk: offer.plan_pk,
            plan_id: &offer.plan.plan_id,
            name: &offer.plan.name,
            words: amounts(cx, offer),
            ticked: is_ticked(search, offer),
        };
        let rows: Vec<Twin> = group.others.iter().take(TWINS_MAX).map(row).collect();
        let count = group.others.len();
        Some(Twins {
            summary: summary(cx, &group.others),
            open: rows.iter().any(|twin| twin.ticked),
            all: (count > rows.len()).then(|| {
                let words = cx.n("plans.twins_all", (count + 1) as i64);
                (words, links.list(|wishes| (wishes.facets, wishes.grouped) = (like(search, group.first), false)))
            }),
            rows,
        })
    }
}

pub fn is_ticked(search: &Search, offer: &Offer) -> bool {
    search.basket.iter().any(|id| id.as_str() == offer.plan.plan_id)
}

/// The filters that leave only the plans of one card.
fn like(search: &Search, offer: &Offer) -> Facets {
    let mut facets = search.facets.clone();
    for (facet, code) in [
        (Facet::Issuer, i64::from(offer.facts.issuer_id)),
        (Facet::Metal, offer.facts.packed.metal()),
        (Facet::Type, offer.facts.packed.plan_type()),
    ] {
        facets.clear(facet);
        facets.tick(facet, code);
    }
    facets
}

fn year(offer: &Offer) -> Option<Cents> {
    offer.cost.and_then(Result::ok).map(|range| range.average)
}

fn amounts(cx: &Cx, offer: &Offer) -> String {
    let mut words = cx.tf("plans.twin_month", &[("amount", &offer.net().dollars_cents())]);
    if let Some(year) = year(offer) {
        words.push_str(", ");
        words.push_str(&cx.tf("plans.twin_year", &[("amount", &whole_dollars(year))]));
    }
    words
}

/// By the likely year if the list is in that order, else by the monthly price.
fn summary(cx: &Cx, others: &[&Offer]) -> String {
    let years: Vec<Cents> = others.iter().filter_map(|offer| year(offer)).collect();
    let (key, amounts, words): (_, _, fn(Cents) -> String) = match years.len() == others.len() {
        true => ("plans.twins_year", years, whole_dollars),
        false => ("plans.twins_month", others.iter().map(|offer| offer.net()).collect(), Cents::dollars_cents),
    };
    let low = amounts.iter().min().copied().map(words).unwrap_or_default();
    let high = amounts.iter().max().copied().map(words).unwrap_or_default();
    let range = if low == high { low } else { cx.tf("plans.twins_range", &[("low", &low), ("high", &high)]) };
    let more = cx.n("plans.twins", others.len() as i64);
    cx.tf(key, &[("more", &more), ("range", &range)])
}
