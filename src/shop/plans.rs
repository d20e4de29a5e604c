//! `GET /plans`: the list. Address in, one canonical address back, then one pass over the catalogue.

use askama::Template;
use axum::response::Response;

use crate::catalogue::Catalogue;
use crate::quote::ask::address::Search;
use crate::quote::market;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::quote::yearly::{Dominance, YearlyCosts};
use crate::shop::filters::FilterForm;
use crate::shop::links::Links;
use crate::shop::open::{Instead, Keeps, Open, Page, open};
use crate::shop::panel::Panel;
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

pub struct SortLink {
    pub words: String,
    pub href: String,
    pub current: bool,
}

/// A way out of an empty list.
pub struct WayOut {
    pub words: String,
    pub href: String,
}

/// What stands above the cards about yearly costs.
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
            without: (search.finances.is_none() && search.household.says_private())
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
    /// The query in words: heading and title.
    heading: String,
    /// "Hamilton County, OH · 2 people …"
    who: String,
    change: String,
    notes: Vec<String>,
    warnings: Vec<String>,
    chips: Vec<Chip>,
    clear: String,
    form: FilterForm,
    sorts: Vec<SortLink>,
    order_words: String,
    panel: Panel,
    who_query: &'a str,
    year_words: String,
    /// What changed for the plan year.
    changes: Vec<String>,
    cards: Vec<Card>,
    /// How the yearly costs came about; `None` for dental plans.
    yearly: Option<YearlyPart>,
    range_words: String,
    products: Vec<(String, String, bool)>,
    previous: Option<String>,
    next: Option<String>,
    csv: String,
    ways_out: Vec<WayOut>,
    total: usize,
    /// Names of the deductible and the maximum: one person's own, or the whole family's.
    family: (&'static str, &'static str),
    catastrophic_note: Option<String>,
}

/// `GET /plans`, `GET /es/plans`.
pub async fn list(cx: Cx) -> Result<Response, Instead> {
    let page = Page::new("/plans", Keeps::List);
    let Open { mut search, catalogue, help, who, notes, policy, .. } = open(&cx, &page).await?;
    let mut tally = market::tally(&catalogue, &search).await?;
    let mut years = YearlyCosts::new(&search);
    if let (Some(years), true) = (&mut years, search.sort.is_by_cost()) {
        tally.estimate_years(years);
    }
    let tally = tally;
    let total = tally.total();
    let pages = total.div_ceil(PAGE_SIZE).max(1);
    // Past the end: the last page, not an empty one (a filter may have shortened the list under a kept link).
    search.page = search.page.min(pages as u32);
    let search = &search;
    let first = (search.page as usize - 1) * PAGE_SIZE;
    let shown: Vec<&Offer> = tally.results(search.sort).into_iter().skip(first).take(PAGE_SIZE).collect();
    let cards = cards(&catalogue, search, &tally, &mut years, &shown);
    let links = Links::new(cx.lang, search, &who);
    let page_link = |n: u32| links.list(|wishes| wishes.page = n);
    let template = PlansPage {
        heading: words::heading(&cx, search, total),
        who: words::who(&cx, search),
        change: links.all_at("/"),
        notes,
        warnings: words::warnings(&cx, &catalogue),
        chips: words::chips(&cx, &links, &catalogue),
        clear: links.list(|wishes| wishes.facets = Default::default()),
        form: FilterForm::new(&cx, search, &tally, &catalogue),
        sorts: words::sorts(&cx, &links),
        order_words: words::order(&cx, search, &tally),
        yearly: years.is_some().then(|| YearlyPart::new(&cx, &links, &tally)),
        range_words: words::range(&cx, first, cards.len(), total),
        products: words::products(&cx, &links),
        previous: (search.page > 1).then(|| page_link(search.page - 1)),
        next: ((search.page as usize) < pages).then(|| page_link(search.page + 1)),
        csv: links.all_at("/plans.csv"),
        ways_out: if total == 0 { words::ways_out(&cx, &links, &tally) } else { Vec::new() },
        panel: Panel::new(&cx, &links, help.as_ref(), &tally, &mut years),
        who_query: who.as_str(),
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
