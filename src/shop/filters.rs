//! The filters: every choice that would change the list, with its count, ticked if it is set. Fields of the list's
//! own form.
//!
//! Called by `plans`. It must never decide what a filter means: that is in `quote::filters`.

use crate::catalogue::Catalogue;
use crate::filing::codes::Product;
use crate::quote::ask::address::Search;
use crate::quote::ask::facets::Span;
use crate::quote::filters::{FILTERS, Facet, Filter, Rule, Values};
use crate::quote::market::tally::Tally;
use crate::shop::words::search::value_words;
use crate::web::page::Cx;

/// One checkbox.
pub struct Choice {
    pub value: String,
    pub words: String,
    pub count: usize,
    pub ticked: bool,
}

/// A group of checkboxes under one legend.
pub struct ChoiceGroup {
    pub name: &'static str,
    pub legend: String,
    /// Slug of the glossary entry that explains the group.
    pub term: Option<&'static str>,
    pub choices: Vec<Choice>,
}

/// Lowest and highest amount as two fields.
pub struct RangeFields {
    pub name: &'static str,
    pub legend: String,
    pub term: &'static str,
    pub min: String,
    pub max: String,
    /// "Plans here: $0 to $9,200".
    pub hint: String,
}

pub struct FilterForm {
    /// Hidden fields: who, where, product and order accompany every change of filters.
    pub carried: Vec<(&'static str, String)>,
    pub groups: Vec<ChoiceGroup>,
    pub ranges: Vec<RangeFields>,
    pub text: String,
    pub stars: Vec<Choice>,
    /// How many filters are set, in words: shown on the collapsed box.
    pub set: Option<String>,
}

impl FilterForm {
    pub fn new(cx: &Cx, search: &Search, tally: &Tally, catalogue: &Catalogue) -> FilterForm {
        let facets = &search.facets;
        let mut form = FilterForm {
            carried: search.carried(),
            groups: Vec::new(),
            ranges: Vec::new(),
            text: facets.text().to_string(),
            stars: Vec::new(),
            set: (!facets.is_empty()).then(|| facets.pairs().len().to_string()),
        };
        for filter in FILTERS.iter().filter(|filter| filter.dental || search.product == Product::Medical) {
            if filter.is_range() {
                form.ranges.extend(range(cx, tally, filter, facets.span(filter.facet)));
                continue;
            }
            let choices = choices(cx, tally, catalogue, filter, facets.codes(filter.facet));
            match (&filter.rule, form.groups.last_mut()) {
                _ if choices.is_empty() => {}
                (Rule::AtLeast { .. }, _) => form.stars = choices,
                // Yes/no filters are grouped together.
                (_, Some(group)) if group.name == filter.name => group.choices.extend(choices),
                _ => form.groups.push(group(cx, search.product, filter, choices)),
            }
        }
        form
    }
}

impl FilterForm {
    /// Whether a minimum number of stars is set.
    pub fn stars_chosen(&self) -> bool {
        self.stars.iter().any(|choice| choice.ticked)
    }
}

fn group(cx: &Cx, product: Product, filter: &Filter, choices: Vec<Choice>) -> ChoiceGroup {
    // Dental plans have two coverage levels instead of metals.
    let (legend, term) = match (filter.facet, product) {
        (Facet::Metal, Product::Dental) => ("filter.dental_level", Some("dental-plan")),
        _ => (filter.legend, filter.term),
    };
    ChoiceGroup { name: filter.name, legend: cx.t(legend).to_string(), term, choices }
}

/// Only choices that change something: none that no plan meets, or that all meet already. A ticked choice stays
/// visible even if it has no plans left.
fn choices(cx: &Cx, tally: &Tally, catalogue: &Catalogue, filter: &Filter, ticked: &[i64]) -> Vec<Choice> {
    let mut counted = tally.choices(filter.facet, ticked);
    let unseen = |code: &i64| !counted.iter().any(|(other, _)| other == code);
    let unseen: Vec<_> = ticked.iter().copied().filter(unseen).map(|code| (code, 0)).collect();
    counted.extend(unseen);
    let beside = tally.beside(filter.facet).count();
    counted.retain(|(code, count)| (*count > 0 && *count < beside) || ticked.contains(code));
    let choice = |(code, count)| Choice {
        value: filter.word(code),
        words: value_words(cx, filter, code, Some(catalogue)),
        count,
        ticked: ticked.contains(&code),
    };
    let mut choices: Vec<Choice> = counted.into_iter().map(choice).collect();
    if let Rule::AnyOf { values: Values::Issuers { .. }, .. } = filter.rule {
        choices.sort_by_cached_key(|choice| (choice.words.to_lowercase(), choice.value.clone()));
    }
    choices
}

/// `None` if all plans have the same amount, or none, and nothing was set.
fn range(cx: &Cx, tally: &Tally, filter: &Filter, span: Span) -> Option<RangeFields> {
    let write = |dollars: Option<u32>| dollars.map(|d| d.to_string()).unwrap_or_default();
    let ends = tally.range(filter.facet);
    if span.is_open() && ends.is_none_or(|(low, high)| low == high) {
        return None;
    }
    let hint = match ends {
        Some((low, high)) => cx.tf("filter.range_hint", &[("low", &low.dollars()), ("high", &high.dollars())]),
        None => cx.t("filter.range_none").to_string(),
    };
    Some(RangeFields {
        name: filter.name,
        legend: cx.t(filter.legend).to_string(),
        term: filter.term.unwrap_or_default(),
        min: write(span.min),
        max: write(span.max),
        hint,
    })
}
