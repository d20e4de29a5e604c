//! The filters: every choice that would change the list, with its count, ticked where it is asked for. Fields of the
//! list's own form.

use crate::catalogue::Catalogue;
use crate::filing::codes::{Feature, Product};
use crate::quote::ask::address::Search;
use crate::quote::ask::facets::Span;
use crate::quote::market::query::Facet;
use crate::quote::market::tally::Tally;
use crate::web::page::Cx;

/// One tick box.
pub struct Choice {
    pub value: String,
    pub words: String,
    pub count: usize,
    pub ticked: bool,
}

/// A group of tick boxes under one legend.
pub struct Group {
    pub name: &'static str,
    pub legend: String,
    /// Slug of the glossary entry that explains the group.
    pub term: Option<&'static str>,
    pub choices: Vec<Choice>,
}

/// Least and greatest amount as two fields.
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
    /// Hidden fields: who, where, product and order go with every change of the filters.
    pub carried: Vec<(&'static str, String)>,
    pub groups: Vec<Group>,
    pub ranges: Vec<RangeFields>,
    pub text: String,
    pub stars: Vec<Choice>,
    /// How many filters are set, in words: said on the closed box.
    pub set: Option<String>,
}

impl FilterForm {
    pub fn new(cx: &Cx, search: &Search, tally: &Tally, catalogue: &Catalogue) -> FilterForm {
        let facets = &search.facets;
        let mut groups =
            vec![metals(cx, search, tally), types(cx, search, tally), issuers(cx, search, tally, catalogue)];
        groups.push(features(cx, search, tally));
        if search.product == Product::Medical {
            groups.push(programs(cx, search, tally));
        }
        for group in &mut groups {
            let of = |value: &str| tally.beside(facet_of(group.name, value)).count();
            // A choice that every plan meets already changes nothing.
            group.choices.retain(|choice| choice.ticked || choice.count < of(&choice.value));
        }
        groups.retain(|group| !group.choices.is_empty());
        let ranges = [
            ("premium", "premium", Facet::Premium, &facets.premium),
            ("deductible", "deductible", Facet::Deductible, &facets.deductible),
            ("moop", "out-of-pocket-maximum", Facet::Moop, &facets.moop),
        ];
        let ranges = ranges.into_iter().filter_map(|(name, term, facet, span)| range(cx, tally, (name, term), (facet, span)));
        let rated = tally.beside(Facet::Stars).count();
        let stars = tally.stars().into_iter();
        let stars =
            stars.filter(|(stars, count)| (*count > 0 && *count < rated) || facets.stars_min == Some(*stars));
        FilterForm {
            carried: search.carried(),
            groups,
            ranges: ranges.collect(),
            text: facets.text.clone().unwrap_or_default(),
            stars: stars
                .map(|(stars, count)| Choice {
                    value: stars.to_string(),
                    words: cx.n("stars.at_least", i64::from(stars)),
                    count,
                    ticked: facets.stars_min == Some(stars),
                })
                .collect(),
            set: (!facets.is_empty()).then(|| cx.n("plans.filters_count", facets.pairs().len() as i64)),
        }
    }
}

/// A choice stays visible while it is ticked, even when nothing is left of it.
fn choices<T: Copy + PartialEq + Ord>(
    counted: Vec<(T, usize)>,
    ticked: &[T],
    describe: impl Fn(T) -> (String, String),
) -> Vec<Choice> {
    let mut all = counted;
    all.extend(ticked.iter().filter(|t| !all.iter().any(|(a, _)| a == *t)).map(|t| (*t, 0)).collect::<Vec<_>>());
    all.into_iter()
        .filter(|(item, count)| *count > 0 || ticked.contains(item))
        .map(|(item, count)| {
            let (value, words) = describe(item);
            Choice { value, words, count, ticked: ticked.contains(&item) }
        })
        .collect()
}

fn metals(cx: &Cx, search: &Search, tally: &Tally) -> Group {
    let describe = |m: crate::filing::codes::Metal| (m.key().to_string(), cx.t(m.message()).to_string());
    let legend = match search.product {
        Product::Medical => cx.t("filter.metal"),
        Product::Dental => cx.t("filter.dental_level"),
    };
    let term = if search.product == Product::Medical { "metal-level" } else { "dental-plan" };
    let choices = choices(tally.metals(), &search.facets.metals, describe);
    Group { name: "metal", legend: legend.to_string(), term: Some(term), choices }
}

fn types(cx: &Cx, search: &Search, tally: &Tally) -> Group {
    let describe = |t: crate::filing::codes::PlanType| (t.key().to_string(), cx.t(t.message()).to_string());
    let choices = choices(tally.types(), &search.facets.types, describe);
    Group { name: "type", legend: cx.t("filter.type").to_string(), term: Some("network"), choices }
}

fn issuers(cx: &Cx, search: &Search, tally: &Tally, catalogue: &Catalogue) -> Group {
    let describe = |id: u32| (id.to_string(), catalogue.issuer_name(id));
    let mut choices = choices(tally.issuers(), &search.facets.issuers, describe);
    choices.sort_by_cached_key(|choice| (choice.words.to_lowercase(), choice.value.clone()));
    Group { name: "issuer", legend: cx.t("filter.issuer").to_string(), term: None, choices }
}

fn features(cx: &Cx, search: &Search, tally: &Tally) -> Group {
    let all: &[Feature] = match search.product {
        Product::Medical => &Feature::ALL,
        // The others are qualities of medical plans.
        Product::Dental => &[Feature::NationalNetwork, Feature::NewPlan],
    };
    let counted = all.iter().map(|feature| (*feature, tally.feature(*feature))).collect();
    let describe = |f: Feature| (f.key().to_string(), cx.t(f.message()).to_string());
    let choices = choices(counted, &search.facets.features, describe);
    Group { name: "with", legend: cx.t("filter.with").to_string(), term: None, choices }
}

fn programs(cx: &Cx, search: &Search, tally: &Tally) -> Group {
    let describe = |p: crate::filing::codes::Program| (p.key().to_string(), cx.t(p.message()).to_string());
    let choices = choices(tally.programs(&search.facets.programs), &search.facets.programs, describe);
    Group { name: "programs", legend: cx.t("filter.programs").to_string(), term: Some("disease-management"), choices }
}

/// The filter that a choice belongs to.
fn facet_of(group: &str, value: &str) -> Facet {
    match group {
        "metal" => Facet::Metal,
        "type" => Facet::Type,
        "issuer" => Facet::Issuer,
        "programs" => Facet::Programs,
        _ => Feature::from_key(value).map_or(Facet::Text, Facet::of_feature),
    }
}

/// `None` where all plans have one amount, or none, and nothing was asked.
fn range(
    cx: &Cx,
    tally: &Tally,
    (name, term): (&'static str, &'static str),
    (facet, span): (Facet, &Span),
) -> Option<RangeFields> {
    let write = |dollars: Option<u32>| dollars.map(|d| d.to_string()).unwrap_or_default();
    let ends = tally.range(facet);
    if span.is_open() && ends.is_none_or(|(low, high)| low == high) {
        return None;
    }
    let hint = match ends {
        Some((low, high)) => cx.tf("filter.range_hint", &[("low", &low.dollars()), ("high", &high.dollars())]),
        None => cx.t("filter.range_none").to_string(),
    };
    let legend = cx.t(&format!("filter.{name}")).to_string();
    Some(RangeFields { name, legend, term, min: write(span.min), max: write(span.max), hint })
}
