//! The shop for one household that the office knows: exact prices, nothing about who and where in an address, and a button to
//! choose each plan.
//!
//! Made by the room `choose`, which answers the shop's addresses a second time below its own (`web::page::Below`). The
//! pages ask here for what differs; for everybody's shop the answer is always none. It must never look anything up: the
//! shop is given a household, not a person.

use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::filing::codes::Product;
use crate::quote::ask::address::{Asked, Search, write_query};
use crate::quote::settle::Settlement;
use crate::web::page::Cx;

/// The pages of the shop that are there for a known household too: first parts of their addresses. All others ask for what
/// is known, or work it out again.
pub const PAGES: &[&str] = &["/plans", "/compare", "/sheet"];

/// A household whose help is settled, for each product: a dental plan can be for fewer people, and what is left of a credit
/// differs.
pub struct Both {
    pub medical: Fixed,
    pub dental: Fixed,
}

/// For one product.
pub struct Fixed {
    /// With no wishes.
    pub search: Search,
    pub catalogue: Arc<Catalogue>,
    /// The people and the place in words: `Ana, Ben · 45202, Hamilton County, OH · 2027`.
    pub who: String,
    /// Whose prices these are, and until when a plan can be chosen: sentences above every price.
    pub lead: Vec<String>,
    /// `Your credit: $X a month`, and what else help means here.
    pub help: Vec<String>,
    /// The page of the office that settles who gets the plan, where that is not all of the group.
    pub people: Option<&'static str>,
    /// Addresses of the office, without language: where answers are changed, where a choice is sent, where to go back to.
    pub change: &'static str,
    pub choose: &'static str,
    pub home: &'static str,
    /// A plan can be chosen today.
    pub can_choose: bool,
    /// The people of this policy, as the choice names them: sent along with the plan.
    pub group: String,
}

impl Fixed {
    /// `None` in everybody's shop.
    pub fn of(cx: &Cx, product: Product) -> Option<&Fixed> {
        let both: &Both = cx.below.as_ref()?.of.downcast_ref()?;
        Some(match product {
            Product::Medical => &both.medical,
            Product::Dental => &both.dental,
        })
    }

    /// The search of an address that says only what is wished for. Who and where are not read from it.
    pub fn settled(&self, asked: &mut Asked) -> Settlement {
        let search = Search {
            product: asked.product,
            facets: asked.facets.clone(),
            sort: asked.sort(),
            dominated_notes: !asked.no_dominated_notes,
            grouped: !asked.no_groups,
            basket: asked.plan_ids(),
            page: asked.page,
            known: true,
            ..self.search.clone()
        };
        Settlement { search, catalogue: Arc::clone(&self.catalogue), help: None }
    }

    /// What is sent to choose a plan.
    pub fn choice(&self, plan_id: &str) -> String {
        format!("{}/{plan_id}", self.group)
    }
}

/// The same search for plans of a product: a known household may have another credit for it, and other people.
pub fn of_product(cx: &Cx, search: &Search, product: Product) -> Search {
    match Fixed::of(cx, product) {
        Some(Fixed { search: own, .. }) => {
            Search { product, policy: own.policy.clone(), household: own.household.clone(), ..search.clone() }
        }
        None => Search { product, ..search.clone() },
    }
}

/// Where people change what prices rest on.
pub fn change_href(cx: &Cx, search: &Search) -> String {
    match Fixed::of(cx, search.product) {
        Some(fixed) => cx.href(fixed.change),
        None => cx.href(&format!("/?{}", write_query(&search.pairs()))),
    }
}

/// The words of the link there.
pub fn change_words(cx: &Cx) -> &str {
    cx.t(if cx.below.is_some() { "choose.change" } else { "plans.change" })
}

/// A query with its mark, or nothing.
pub fn marked(query: &str) -> String {
    if query.is_empty() { String::new() } else { format!("?{query}") }
}
