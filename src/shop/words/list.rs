//! What leads on from a list, in words: filters that can be taken away, orders, the other product, ways out of an empty
//! list.

use crate::catalogue::Catalogue;
use crate::filing::codes::{Product, Sort};
use crate::quote::ask::address::Search;
use crate::quote::ask::facets::Facets;
use crate::quote::filters::Facet;
use crate::quote::market::tally::{Relax, Tally};
use crate::shop::links::{Links, Wishes};
use crate::shop::words::search::{filter_words, span_words};
use crate::types::group_thousands;
use crate::web::page::Cx;

/// A filter in words, with the address of the same list without it.
pub struct Chip {
    pub words: String,
    pub remove: String,
}

/// A button of the list's form, so that what is ticked stays ticked.
pub struct SortChoice {
    pub words: String,
    pub value: &'static str,
    pub current: bool,
}

/// A way out of an empty list.
pub struct WayOut {
    pub words: String,
    pub href: String,
}

/// The filters that are set, each with the address of the list without it.
pub fn chips(cx: &Cx, links: &Links, catalogue: &Catalogue) -> Vec<Chip> {
    filter_words(cx, links.search, Some(catalogue))
        .into_iter()
        .map(|(facet, words)| Chip { words, remove: remove_href(links, facet) })
        .collect()
}

fn remove_href(links: &Links, facet: Facet) -> String {
    links.list(|wishes| wishes.facets.clear(facet))
}

pub fn sorts(cx: &Cx, search: &Search) -> Vec<SortChoice> {
    let choice = |sort: Sort| SortChoice {
        words: cx.t(sort.message()).to_string(),
        value: sort.key(),
        current: search.sort == sort,
    };
    Sort::ALL.iter().copied().filter(|sort| sort.fits(search.product)).map(choice).collect()
}

/// How the order was made.
pub fn order(cx: &Cx, search: &Search, tally: &Tally) -> String {
    let estimated = || tally.offers().iter().any(|offer| offer.cost.is_some_and(|cost| cost.is_ok()));
    match search.sort.is_by_cost() && tally.total() > 0 && !estimated() {
        // The order that is left where no plan has an estimate.
        true => cx.t("cost.none_here").to_string(),
        false => cx.t(&format!("sort.{}_explained", search.sort.key())).to_string(),
    }
}

/// Words and address of the other product's list: medical and dental plans are two. Where our data has no dental plan,
/// no list of them is offered.
pub fn other_product(cx: &Cx, links: &Links, catalogue: &Catalogue) -> Option<(String, String)> {
    let other = match links.search.product {
        Product::Medical if !catalogue.variants.has_dental() => return None,
        Product::Medical => Product::Dental,
        Product::Dental => Product::Medical,
    };
    let change = |wishes: &mut Wishes| {
        // Filters of one product mean little for the other.
        wishes.facets = Facets::default();
        wishes.product = other;
        wishes.sort = Sort::usual(other);
    };
    Some((cx.t(&format!("product.see_{}", other.key())).to_string(), links.list(change)))
}

/// The switch between cards of alike plans and one card a plan.
pub fn grouping(cx: &Cx, links: &Links) -> (String, String) {
    let key = if links.search.grouped { "plans.group_off" } else { "plans.group_on" };
    (cx.t(key).to_string(), links.list(|wishes| wishes.grouped = !wishes.grouped))
}

/// "Plans 11 to 20 of 47"; where plans share cards, of the cards.
pub fn range(cx: &Cx, (first, shown, total): (usize, usize, usize), alike: bool) -> String {
    let number = |n: usize| group_thousands(n as i64);
    let key = if alike { "plans.range_groups" } else { "plans.range" };
    cx.tf(key, &[("first", &number(first + 1)), ("last", &number(first + shown)), ("total", &number(total))])
}

/// Why catastrophic plans are not in the list.
pub fn catastrophic(cx: &Cx, search: &Search) -> Option<String> {
    let hidden = search.product == Product::Medical && !search.policy.catastrophic;
    hidden.then(|| cx.t("plans.catastrophic_hidden").to_string())
}

/// Which filter to relax, and by how much, when nothing is found.
pub fn ways_out(cx: &Cx, links: &Links, tally: &Tally) -> Vec<WayOut> {
    let search = links.search;
    let set = filter_words(cx, search, None);
    let mut ways: Vec<WayOut> = tally
        .relax(&search.facets)
        .into_iter()
        .filter_map(|relax| {
            let (_, words) = set.iter().find(|(facet, _)| *facet == relax.facet)?;
            Some(way_out(cx, links, &relax, words))
        })
        .collect();
    if ways.is_empty() && !search.facets.is_empty() {
        // No single filter is to blame.
        let href = links.list(|wishes| wishes.facets = Facets::default());
        let words = cx.n("plans.way_out_all", tally.sold() as i64);
        ways.push(WayOut { words, href });
    }
    ways
}

/// What a tap does, and how many plans it shows.
fn way_out(cx: &Cx, links: &Links, relax: &Relax, filter: &str) -> WayOut {
    let Some(nearest) = relax.nearest else {
        let plans = cx.n("plans.count", relax.plans as i64);
        let words = cx.tf("plans.way_out", &[("filter", filter), ("plans", &plans)]);
        return WayOut { words, href: remove_href(links, relax.facet) };
    };
    let what = cx.t(relax.facet.filter().legend);
    let span = links.search.facets.span(relax.facet).reaching(nearest.amount);
    let wider = span_words(cx, what, &span).unwrap_or_else(|| cx.tf("filter.any", &[("what", what)]));
    let plans = cx.n("plans.count", nearest.plans as i64);
    let words = cx.tf("plans.way_out_amount", &[("filter", &wider), ("plans", &plans)]);
    WayOut { words, href: links.list(|wishes| wishes.facets.set_span(relax.facet, span)) }
}
