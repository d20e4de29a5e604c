//! `GET /plans`: the list. Address in, one canonical address back, then one pass over the catalogue.
//!
//! Called by the router. The answer comes first: how many plans, from what price, for whom. Then the cards, then what
//! explains them. It must never compute a price itself.

use askama::Template;
use axum::response::Response;

use crate::filing::codes::Product;
use crate::quote::ask::address::Search;
use crate::quote::market;
use crate::quote::yearly::YearlyCosts;
use crate::shop::cards::{ListCard, Ticked, list_cards, ticked_elsewhere};
use crate::shop::filters::FilterForm;
use crate::shop::fixed::{Fixed, marked};
use crate::shop::groups::{CardGroup, groups};
use crate::shop::links::Links;
use crate::shop::open::{Instead, Open, Page, open};
use crate::shop::panel::Panel;
use crate::shop::season;
use crate::shop::turning;
use crate::shop::words::dates::changes;
use crate::shop::words::list::{self, Chip, SortChoice, WayOut};
use crate::shop::words::search as words;
use crate::shop::yearly::YearlyPart;
use crate::web::escape::escaped;
use crate::web::page::{self, Cx};

/// Cards per page: what fits the patience of someone on a phone (and one TCP window).
const PAGE_SIZE: usize = 10;

#[derive(Template)]
#[template(path = "plans.html")]
struct PlansPage<'a> {
    cx: &'a Cx,
    search: &'a Search,
    title: String,
    /// "Ages 40, 38 · 45202, Hamilton County, OH · 2026"
    who: String,
    change: String,
    /// The office knows the household: whose prices these are, and the way back there.
    own: Option<&'a Fixed>,
    /// "130 plans, from $291.81 a month"
    heading: String,
    /// Whose price, and in which order.
    sub: String,
    /// "a month", plus whom the price is for if not for everyone.
    a_month: String,
    notes: Vec<String>,
    /// A coming year that people can already enroll for and whose plans are not here, and the page that says more.
    season: Option<(String, String)>,
    /// What must be known before reading a price.
    warnings: Vec<String>,
    /// What can be read afterwards.
    small_print: Vec<String>,
    /// The form that asks for an income: what it carries. `None` if one was given, or would be of no use.
    income: Option<Vec<(&'static str, String)>>,
    chips: Vec<Chip>,
    clear: String,
    form: FilterForm,
    sorts: Vec<SortChoice>,
    sort_now: String,
    order_words: String,
    panel: Panel,
    /// The whole search with its mark, for the links to plans; escaped, because there are fifty.
    query: String,
    year_words: String,
    /// What changed for the plan year.
    changes: Vec<String>,
    cards: Vec<ListCard<'a>>,
    /// The first card's number.
    start: usize,
    basket: Vec<Ticked>,
    /// How the yearly costs were estimated; `None` for dental plans.
    yearly: Option<YearlyPart>,
    range_words: String,
    /// The other product's list; `None` if our data has none.
    other_product: Option<(String, String)>,
    /// Words and address of the switch between grouped cards and one card per plan.
    grouping: Option<(String, String)>,
    /// The previous and next pages: number and message of each.
    turns: Vec<(u32, &'static str)>,
    csv: String,
    ways_out: Vec<WayOut>,
    none_words: &'static str,
    total: usize,
    /// Names of the deductible and the maximum: one person's, or the whole family's.
    family: (&'static str, &'static str),
    catastrophic_note: Option<String>,
    /// Glossary terms that appear on the page: slug and message.
    terms: Vec<(&'static str, &'static str)>,
}

/// `GET /plans`, `GET /es/plans`.
pub async fn plans(cx: Cx) -> Result<Response, Instead> {
    let Open { mut search, catalogue, help, who, notes, caching, .. } = open(&cx, &Page::new("/plans")).await?;
    let mut tally = market::tally(&catalogue, &search).await?;
    let mut years = YearlyCosts::new(&search);
    if let (Some(years), true) = (&mut years, search.sort.is_by_cost()) {
        tally.estimate_years(years);
    }
    let tally = tally;
    let total = tally.total();
    let all = groups(tally.results(search.sort), search.grouped);
    let alike = all.len() < total;
    let (number, pages) = (all.len(), all.len().div_ceil(PAGE_SIZE).max(1));
    // Past the end: show the last page, not an empty one (a filter may have shortened the list behind a saved link).
    search.page = search.page.min(pages as u32);
    let search = &search;
    let first = (search.page as usize - 1) * PAGE_SIZE;
    let shown: Vec<CardGroup> = all.into_iter().skip(first).take(PAGE_SIZE).collect();
    let links = Links::of(&cx, search, &who);
    let query = escaped(&marked(&search.canonical_from(who.clone())));
    let cards = list_cards(&cx, &catalogue, &links, (&tally, &mut years), &shown);
    let (warnings, small_print) = words::warnings_for(&cx, &catalogue, search);
    let turning = turning::nearest(&cx, &catalogue, search, (&tally, help.as_ref())).await?;
    let dental_unknown = search.product == Product::Dental && !catalogue.variants.has_dental();
    let own = Fixed::of(&cx, search.product);
    let template = PlansPage {
        title: words::title(&cx, search, total),
        heading: words::heading(&cx, search, &tally),
        sub: words::sub(&cx, search),
        a_month: words::a_month(&cx, search),
        who: words::who(&cx, search),
        change: own.map_or_else(|| links.all_at("/"), |fixed| cx.href(fixed.change)),
        own,
        notes,
        season: season::coming(&cx, search).filter(|_| !search.known).map(|coming| coming.words(&cx)),
        warnings,
        small_print,
        income: (search.finances.is_none() && search.product == Product::Medical && !search.known)
            .then(|| search.pairs()),
        chips: list::chips(&cx, &links, &catalogue),
        clear: links.list(|wishes| wishes.facets = Default::default()),
        form: FilterForm::new(&cx, search, &tally, &catalogue),
        sorts: list::sorts(&cx, search),
        sort_now: cx.t(search.sort.message()).to_string(),
        order_words: list::order(&cx, search, &tally),
        yearly: years.is_some().then(|| YearlyPart::new(&cx, &links, &tally)),
        range_words: list::range(&cx, (first, cards.len(), number), alike),
        other_product: list::other_product(&cx, &links, &catalogue),
        grouping: (alike || !search.grouped).then(|| list::grouping(&cx, &links)),
        turns: turns(search.page, pages),
        csv: links.results_at("/plans.csv"),
        ways_out: if total == 0 { list::ways_out(&cx, &links, &tally) } else { Vec::new() },
        none_words: if dental_unknown { "plans.none_in_data" } else { "plans.none_at_all" },
        panel: Panel::new(&cx, &links, help.as_ref(), (&tally, &mut years), turning),
        basket: ticked_elsewhere(search, &tally, &cards),
        query,
        year_words: search.year.to_string(),
        changes: changes(&cx, search.year),
        catastrophic_note: list::catastrophic(&cx, search),
        cards,
        start: first + 1,
        terms: terms(search.product),
        total,
        family: match search.policy.household.is_family() {
            false => ("card.deductible", "card.moop"),
            true => ("card.deductible_family", "card.moop_family"),
        },
        search,
        cx: &cx,
    };
    Ok(page::render(&cx, template, caching))
}

fn turns(page: u32, pages: usize) -> Vec<(u32, &'static str)> {
    let previous = (page > 1).then(|| (page - 1, "plans.previous"));
    let next = ((page as usize) < pages).then(|| (page + 1, "plans.next"));
    previous.into_iter().chain(next).collect()
}

fn terms(product: Product) -> Vec<(&'static str, &'static str)> {
    let yearly = (product == Product::Medical).then_some(("yearly-cost", "sort.cost_average"));
    let all = [
        ("premium", "card.premium"),
        ("deductible", "card.deductible"),
        ("out-of-pocket-maximum", "filter.moop"),
        ("metal-level", "filter.metal"),
        ("network", "filter.type"),
        ("hsa", "badge.hsa"),
        ("star-rating", "filter.stars"),
    ];
    yearly.into_iter().chain(all).collect()
}
