//! A [`Search`]: everything a page of plans needs, already validated, and its canonical address.
//!
//! Made by `quote::settle` from what `address` read; written by every page into its links and forms. One search has
//! exactly one address: what is at its default is left out, and the order of the parts never changes.

use crate::catalogue::places::Place;
use crate::eligibility::State;
use crate::eligibility::tables::CsrLevel;
use crate::filing::codes::{Product, Sort};
use crate::quote::ask::facets::Facets;
use crate::quote::ask::money::{self, Finances};
use crate::quote::ask::people::Household;
use crate::quote::policy::{Policy, VariantKinds};
use crate::types::PlanId;

/// Everything a search needs, already validated.
#[derive(Debug, Clone)]
pub struct Search {
    pub year: u16,
    pub place: Place,
    /// As typed.
    pub household: Household,
    /// `None`: show full prices.
    pub finances: Option<Finances>,
    /// Who buys, and on what terms: derived from the fields above and the rules.
    pub policy: Policy,
    pub product: Product,
    pub facets: Facets,
    pub sort: Sort,
    /// Mark plans that another plan matches or beats (`costs::dominance`).
    pub dominated_notes: bool,
    /// Plans of one insurer, metal and type share a card.
    pub grouped: bool,
    /// Plans ticked for comparison, in order: they go along with every link.
    pub basket: Vec<PlanId>,
    /// Starts at 1.
    pub page: u32,
    /// Who buys and where they live is known to whoever asks: no address says so.
    pub known: bool,
}

impl Search {
    /// Who and where: the part of the address that all pages of the shop share. Empty if it is known anyway.
    pub fn who_and_where(&self) -> Vec<(&'static str, String)> {
        if self.known {
            return Vec::new();
        }
        let mut pairs = vec![
            ("year", self.year.to_string()),
            ("zip", self.place.zip.to_string()),
            ("county", self.place.county.fips.to_string()),
            ("people", self.household.to_string()),
        ];
        pairs.extend(self.household.care_pairs());
        pairs.extend(self.finances.iter().flat_map(Finances::pairs));
        pairs
    }

    /// [`Search::who_and_where`] as a query string, made once per page for all its links (`links.rs`).
    pub fn who_query(&self) -> String {
        write_query(&self.who_and_where())
    }

    /// The household's cost-sharing reductions on these plans. Dental plans have none.
    pub fn level(&self) -> CsrLevel {
        match self.product {
            Product::Medical => self.policy.level,
            Product::Dental => CsrLevel::None,
        }
    }

    /// The state where the household shops.
    pub fn state(&self) -> Option<State> {
        State::parse(&self.place.county.state)
    }

    /// Which variants of the plans this household would get.
    pub fn variants(&self) -> VariantKinds {
        VariantKinds::of_level(self.level())
    }

    /// Everything but the page number: what a form has to carry along.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.who_and_where();
        pairs.extend(self.wishes());
        pairs.extend(self.ticked());
        pairs
    }

    /// Who, where, product and order: what the list's own form must keep. Its filters and ticks are fields of it.
    pub fn carried(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.who_and_where();
        pairs.extend(wishes(self.product, &Facets::default(), self.sort, (self.dominated_notes, self.grouped)));
        pairs
    }

    fn wishes(&self) -> Vec<(&'static str, String)> {
        wishes(self.product, &self.facets, self.sort, (self.dominated_notes, self.grouped))
    }

    /// The plans ticked for comparison.
    pub fn ticked(&self) -> Vec<(&'static str, String)> {
        self.basket.iter().map(|id| ("plan", id.to_string())).collect()
    }

    /// Removes what only the visitor should keep in an address: money, sex, expected care.
    pub fn forget_private(&mut self) {
        self.finances = None;
        self.household = self.household.without_private();
    }

    /// The canonical query string.
    pub fn canonical(&self) -> String {
        self.canonical_from(self.who_query())
    }

    /// The same, given who and where as already written.
    pub fn canonical_from(&self, who: String) -> String {
        let mut query = who;
        add_pairs(&mut query, &self.wishes());
        add_pairs(&mut query, &self.ticked());
        if self.page > 1 {
            add_pairs(&mut query, &[("page", self.page.to_string())]);
        }
        query
    }

    /// The canonical query of this search after a change, back on its first page.
    pub fn with(&self, change: impl FnOnce(&mut Search)) -> String {
        let mut other = self.clone();
        other.page = 1;
        change(&mut other);
        other.canonical()
    }
}

/// Preferences, apart from who and where: product, filters, order; then the notes on matched plans, and whether plans that
/// are much alike share a card.
pub fn wishes(
    product: Product,
    facets: &Facets,
    sort: Sort,
    (dominated_notes, grouped): (bool, bool),
) -> Vec<(&'static str, String)> {
    let mut pairs = Vec::new();
    if product != Product::default() {
        pairs.push(("product", product.key().to_string()));
    }
    pairs.extend(facets.pairs());
    pairs.extend((sort != Sort::usual(product)).then(|| ("sort", sort.key().to_string())));
    pairs.extend((!dominated_notes).then(|| ("dominated", "off".to_string())));
    pairs.extend((!grouped).then(|| ("group", "off".to_string())));
    pairs
}

/// Names whose values are for the visitor's own browser only: income, sex, expected care.
pub fn is_private(name: &str) -> bool {
    money::NAMES.contains(&name) || matches!(name, "sex" | "care")
}

/// Names that say who and where, not what is wished for.
pub fn names_who(name: &str) -> bool {
    matches!(name, "year" | "zip" | "county" | "people") || is_private(name)
}

/// Pairs as a query string.
pub fn write_query(pairs: &[(&'static str, String)]) -> String {
    let mut query = String::new();
    add_pairs(&mut query, pairs);
    query
}

/// Appends pairs to a query, or to an address that ends where its query begins. Names are our own constants. Commas are left unescaped: they are legal in a query, and
/// people read addresses.
pub fn add_pairs(query: &mut String, pairs: &[(&'static str, String)]) {
    for (name, value) in pairs {
        if !query.is_empty() && !query.ends_with('?') {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        for (i, part) in value.split(',').enumerate() {
            if i > 0 {
                query.push(',');
            }
            query.extend(form_urlencoded::byte_serialize(part.as_bytes()));
        }
    }
}
