//! `GET /plans`: the list. Address in, one canonical address back, then one pass over the catalogue.
//!
//! The answer comes first: how many plans, from what price, for whom. Then the cards. What explains them comes after.

use askama::Template;
use axum::response::Response;

use crate::catalogue::Catalogue;
use crate::filing::codes::Product;
use crate::quote::ask::address::Search;
use crate::quote::market;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::quote::yearly::{Dominance, YearlyCosts};
use crate::shop::filters::FilterForm;
use crate::shop::groups::{Group, Twins, groups, is_ticked};
use crate::shop::links::Links;
use crate::shop::open::{Instead, Open, Page, open};
use crate::shop::panel::Panel;
use crate::shop::season;
use crate::shop::turning;
use crate::shop::view::Card;
use crate::shop::words::dates::changes;
use crate::shop::words::search as words;
use crate::types::Cents;
use crate::web::page::{self, Cx};

/// Cards on one page: what fits the first view of a phone's patience (and one TCP window).
pub const PAGE_SIZE: usize = 10;

/// The cards of some plans of a tally, with their yearly costs and the notes on plans that match or beat them.
pub fn cards(
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

/// What stands about yearly costs.
pub struct YearlyPart {
    /// The care that the estimates assume.
    pub taken: String,
    /// Where more can be said.
    pub care: String,
    /// The same list without care and sex; with an income, the help's own link drops these too.
    pub without: Option<String>,
    /// The end of the drawings' scale.
    pub scale: Cents,
    /// Words and address of the switch of the notes on plans that another one matches or beats.
    pub dominated: (String, String),
}

impl YearlyPart {
    fn new(cx: &Cx, links: &Links, tally: &Tally) -> YearlyPart {
        let search = links.search;
        let key = if search.dominated_notes { "better.hide" } else { "better.show" };
        let turned = links.list(|wishes| wishes.dominated_notes = !wishes.dominated_notes);
        YearlyPart {
            taken: words::expected(cx, search),
            without: (search.finances.is_none() && search.household.says_care())
                .then(|| cx.href(&format!("/plans?{}", search.with(Search::forget_private)))),
            care: links.all_at("/care"),
            scale: tally.year_scale(),
            dominated: (cx.t(key).to_string(), turned),
        }
    }
}

#[derive(Template)]
#[template(path = "plans.html")]
struct PlansPage<'a> {
    cx: &'a Cx,
    search: &'a Search,
    title: String,
    /// "Ages 40, 38 · 45202, Hamilton County, OH · 2026"
    who: String,
    change: String,
    /// "130 plans, from $291.81 a month"
    heading: String,
    /// Whose price, and in which order.
    sub: String,
    /// "a month", with whom the price is for where it is not for everyone.
    a_month: String,
    notes: Vec<String>,
    /// A coming year that people can enroll for now, whose plans are not here; and the page that says more.
    season: Option<(String, String)>,
    /// What must be known before a price is read.
    warnings: Vec<String>,
    /// What can be read after them.
    small_print: Vec<String>,
    /// The form that asks for an income: what it carries. `None` where one was given, or none is of use.
    income: Option<Vec<(&'static str, String)>>,
    chips: Vec<Chip>,
    clear: String,
    form: FilterForm,
    sorts: Vec<SortChoice>,
    sort_now: String,
    order_words: String,
    panel: Panel,
    /// The whole search, for the links to plans.
    query: String,
    year_words: String,
    /// What changed for the plan year.
    changes: Vec<String>,
    cards: Vec<ListCard>,
    basket: Vec<Ticked>,
    /// How the yearly costs came about; `None` for dental plans.
    yearly: Option<YearlyPart>,
    range_words: String,
    /// The other product's list; `None` where our data has none of it.
    other_product: Option<(String, String)>,
    /// Words and address of the switch between cards of alike plans and one card a plan.
    grouping: Option<(String, String)>,
    previous: Option<u32>,
    next: Option<u32>,
    csv: String,
    ways_out: Vec<WayOut>,
    none_words: &'static str,
    total: usize,
    /// Names of the deductible and the maximum: one person's own, or the whole family's.
    family: (&'static str, &'static str),
    catastrophic_note: Option<String>,
}

/// `GET /plans`, `GET /es/plans`.
pub async fn list(cx: Cx) -> Result<Response, Instead> {
    let Open { mut search, catalogue, help, who, notes, policy, .. } = open(&cx, &Page::new("/plans"))?;
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
    // Past the end: the last page, not an empty one (a filter may have shortened the list under a kept link).
    search.page = search.page.min(pages as u32);
    let search = &search;
    let first = (search.page as usize - 1) * PAGE_SIZE;
    let shown: Vec<Group> = all.into_iter().skip(first).take(PAGE_SIZE).collect();
    let links = Links::new(cx.lang, search, &who);
    let query = search.canonical_from(who.clone());
    let cards = list_cards(&cx, &catalogue, &links, (&tally, &mut years), (&shown, &query));
    let (warnings, small_print) = words::warnings_for(&cx, &catalogue, search);
    let turning = if help.is_some() { turning::nearest(&cx, &catalogue, search).await? } else { None };
    let dental_unknown = search.product == Product::Dental && !catalogue.variants.has_dental();
    let template = PlansPage {
        title: words::title(&cx, search, total),
        heading: words::heading(&cx, search, &tally),
        sub: words::sub(&cx, search),
        a_month: words::a_month(&cx, search),
        who: words::who(&cx, search),
        change: links.all_at("/"),
        notes,
        season: season::coming(&cx, search).map(|coming| coming.words(&cx)),
        warnings,
        small_print,
        income: (search.finances.is_none() && search.product == Product::Medical).then(|| search.pairs()),
        chips: words::chips(&cx, &links, &catalogue),
        clear: links.list(|wishes| wishes.facets = Default::default()),
        form: FilterForm::new(&cx, search, &tally, &catalogue),
        sorts: words::sorts(&cx, search),
        sort_now: cx.t(search.sort.message()).to_string(),
        order_words: words::order(&cx, search, &tally),
        yearly: years.is_some().then(|| YearlyPart::new(&cx, &links, &tally)),
        range_words: words::range(&cx, (first, cards.len(), number), alike),
        other_product: words::other_product(&cx, &links, &catalogue),
        grouping: (alike || !search.grouped).then(|| words::grouping(&cx, &links)),
        previous: (search.page > 1).then(|| search.page - 1),
        next: ((search.page as usize) < pages).then(|| search.page + 1),
        csv: links.results_at("/plans.csv"),
        ways_out: if total == 0 { words::ways_out(&cx, &links, &tally) } else { Vec::new() },
        none_words: if dental_unknown { "plans.none_in_data" } else { "plans.none_at_all" },
        panel: Panel::new(&cx, &links, help.as_ref(), (&tally, &mut years), turning),
        basket: elsewhere(search, &tally, &cards),
        query,
        year_words: search.year.to_string(),
        changes: changes(&cx, search.year),
        catastrophic_note: words::catastrophic(&cx, search),
        cards,
        total,
        family: match search.policy.household.is_family() {
            false => ("card.deductible", "card.moop"),
            true => ("card.deductible_family", "card.moop_family"),
        },
        search,
        cx: &cx,
    };
    Ok(page::render(&cx, template, policy))
}

fn list_cards(
    cx: &Cx,
    catalogue: &Catalogue,
    links: &Links,
    (tally, years): (&Tally, &mut Option<YearlyCosts>),
    (shown, query): (&[Group], &str),
) -> Vec<ListCard> {
    let firsts: Vec<&Offer> = shown.iter().map(|group| group.first).collect();
    let cards = cards(catalogue, links.search, tally, years, &firsts).into_iter();
    let card = |(card, group): (Card, &Group)| ListCard {
        card,
        ticked: is_ticked(links.search, group.first),
        twins: Twins::new(cx, links, group, query),
    };
    cards.zip(shown).map(card).collect()
}

/// The plans of the basket that stand on no card of this page, by name where they are sold to the household.
fn elsewhere(search: &Search, tally: &Tally, cards: &[ListCard]) -> Vec<Ticked> {
    let here = |id: &str| {
        let twin = |card: &ListCard| card.twins.iter().flat_map(|twins| &twins.rows).any(|twin| twin.plan_id == id);
        cards.iter().any(|card| card.card.plan_id == id || twin(card))
    };
    let name = |id: &str| tally.offers().iter().find(|offer| offer.plan.plan_id == id).map(|o| o.plan.name.clone());
    let basket = search.basket.iter().map(|id| id.as_str()).filter(|id| !here(id));
    basket.map(|id| Ticked { plan_id: id.to_string(), words: name(id).unwrap_or_else(|| id.to_string()) }).collect()
}
