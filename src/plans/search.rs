//! `GET /plans`: the list. Address in, one canonical address back, then one pass over the catalogue.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;

use super::address::{Asked, Search, Unanswered};
use super::ask;
use super::codes::Product;
use super::elsewhere::{self, Elsewhere};
use super::facets::Facets;
use super::filters::FilterForm;
use super::finances::Finances;
use super::household::Household;
use super::links::Links;
use super::panel::Panel;
use super::query::{Arg, build_query, read_offers};
use super::savings::{self, CreditTerms, Help, Policy};
use super::tally::{Offer, Tally};
use super::view::Card;
use super::words;
use super::yearly::{Dominance, YearlyCosts};
use crate::catalogue::Catalogue;
use crate::catalogue::places::Place;
use crate::eligibility::rounding;
use crate::types::Cents;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// Cards on one page: what fits the first view of a phone's patience (and one TCP window).
pub const PAGE_SIZE: usize = 10;
/// Pediatric dental is an essential health benefit to the end of the month in which a person turns 19
/// (45 CFR 156.110(a)(10), 156.115(a)(6)).
const CHILD_DENTAL_AGE: u8 = 19;

/// What an address turned out to be.
pub enum Settled {
    Search(Box<Settlement>),
    Unanswered(Unanswered),
    /// The plans of this place are to be found somewhere else.
    Elsewhere(Box<Elsewhere>),
}

/// A search with the catalogue it is asked of, and what help its household may get.
pub struct Settlement {
    pub search: Search,
    pub catalogue: Arc<Catalogue>,
    /// `None`: no income was given.
    pub help: Option<Help>,
}

impl Settlement {
    /// Who may keep a page of this search. An address with an income, a sex or expected care is for its own browser
    /// only; and what help there is can change from one day to the next.
    pub fn policy(&self, cx: &Cx) -> CachePolicy {
        match &self.help {
            None if !self.search.household.says_care() => CachePolicy::of(&self.catalogue),
            None => CachePolicy::Own { version: self.catalogue.version.clone() },
            Some(_) => CachePolicy::Own { version: format!("{}+{}", self.catalogue.version, cx.today()) },
        }
    }
}

/// Address → search, in the catalogue of its plan year.
pub fn settle(cx: &Cx, asked: &mut Asked) -> Result<Settled, Failure> {
    let catalogue = catalogue_for(cx, asked);
    // Before anything more is asked: is this the right place at all?
    if let Ok(zip) = asked.zip() {
        let counties: Vec<_> = catalogue.places.counties(zip).collect();
        let chosen: Vec<_> = counties.iter().copied().filter(|county| Some(county.fips) == asked.county).collect();
        let counties = if chosen.is_empty() { counties } else { chosen };
        if let Some(elsewhere) = elsewhere::find(cx, &catalogue, &asked.zip_typed, &counties) {
            return Ok(Settled::Elsewhere(Box::new(elsewhere)));
        }
    }
    let place = match asked.place(&catalogue.places) {
        Ok(place) => place,
        Err(unanswered) => return Ok(Settled::Unanswered(unanswered)),
    };
    // All that is wrong is marked at once, so both are read before either is given back.
    let (household, finances) = (asked.household(), asked.money());
    let (household, finances) = match (household, finances) {
        (Ok(household), Ok(finances)) => (household, finances),
        (Err(unanswered), _) | (_, Err(unanswered)) => return Ok(Settled::Unanswered(unanswered)),
    };
    let help = match &finances {
        Some(money) => Some(help(cx, &catalogue, (&place, &household, money))?),
        None => None,
    };
    let policy = match &help {
        Some(help) => Policy::with_help(&household, &help.determination),
        None => Policy::at_full_price(&household),
    };
    let search = Search {
        year: catalogue.year,
        place,
        household,
        finances,
        policy,
        product: asked.product,
        facets: asked.facets.clone(),
        sort: asked.sort(),
        dominated_notes: !asked.no_dominated_notes,
        page: asked.page,
    };
    Ok(Settled::Search(Box::new(Settlement { search, catalogue, help })))
}

/// The engine's answer. What it refuses was let through by our own reading of the address, so it is our fault.
fn help(cx: &Cx, catalogue: &Catalogue, of: (&Place, &Household, &Finances)) -> Result<Help, Failure> {
    let (place, household, money) = of;
    let household = savings::eligibility_household(catalogue.year, place, household, money);
    savings::determine_help(&cx.app.tables, &household, cx.today()).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(|fault| fault.path.clone()).collect();
        Failure::internal(anyhow::anyhow!("the engine refused {}", faults.join(", ")))
    })
}

/// The catalogue of the year asked for, else the newest; a year that is not loaded is noted on the page.
pub fn catalogue_for(cx: &Cx, asked: &mut Asked) -> Arc<Catalogue> {
    use super::facets::{Note, NoteKind};
    let newest = || Arc::clone(cx.catalogues.newest());
    let Some(year) = asked.year else { return newest() };
    cx.catalogues.get(year).cloned().unwrap_or_else(|| {
        asked.notes.push(Note::new("year", &year.to_string(), NoteKind::BadValue));
        newest()
    })
}

/// Every plan sold to the household, priced and counted.
pub async fn tally<'c>(catalogue: &'c Catalogue, search: &Search) -> Result<Tally<'c>, Failure> {
    let offers = offers(catalogue, search).await?;
    let terms = match search.product {
        Product::Medical => search.policy.credit.as_deref(),
        // The credit is for medical plans; what is left of it for a child's dental plan is settled when enrolling.
        Product::Dental => None,
    };
    let Some(terms) = terms else { return Ok(Tally::new(offers, None, None, search.facets.premium)) };
    let benchmark = benchmark(catalogue, search, terms, &offers).await?;
    let credit = benchmark.map(|benchmark| terms.answer.credit_for(benchmark));
    Ok(Tally::new(offers, benchmark, credit, search.facets.premium))
}

/// The benchmark premium. Most households' list is its own benchmark list; a second statement is asked only where
/// other people are on the policy than have a credit, or somebody uses tobacco.
async fn benchmark(
    catalogue: &Catalogue,
    search: &Search,
    terms: &CreditTerms,
    offers: &[Offer<'_>],
) -> Result<Option<Cents>, Failure> {
    let any_child = terms.eligible.covered().any(|person| person.age < CHILD_DENTAL_AGE);
    let children = any_child.then(|| terms.eligible.only(|i| terms.eligible.people()[i].age < CHILD_DENTAL_AGE));
    let for_people = |household: &Household, product| {
        let policy = Policy { household: household.clone(), credit: None, ..search.policy.clone() };
        Search { policy, product, facets: Facets::default(), ..search.clone() }
    };
    let mut dental = Vec::new();
    if let Some(children) = &children {
        for offer in self::offers(catalogue, &for_people(children, Product::Dental)).await? {
            dental.push(rounding::ehb_share(offer.premium, offer.plan.pediatric_dental_ppm));
        }
    }
    if terms.same_as_policy {
        return Ok(savings::benchmark_premium(offers, &dental, children.is_some()));
    }
    let others = self::offers(catalogue, &for_people(&terms.eligible, Product::Medical)).await?;
    Ok(savings::benchmark_premium(&others, &dental, children.is_some()))
}

/// Binds and runs the statement of a search.
async fn offers<'c>(catalogue: &'c Catalogue, search: &Search) -> Result<Vec<Offer<'c>>, Failure> {
    let query = build_query(search);
    // Safe: every word of the text comes from closed sets, every value is bound (see query.rs).
    let mut statement = sqlx::query_scalar(sqlx::AssertSqlSafe(query.sql));
    for arg in query.args {
        statement = match arg {
            Arg::Int(n) => statement.bind(n),
            Arg::Text(text) => statement.bind(text),
        };
    }
    let text: Option<String> = statement.fetch_one(&catalogue.pool).await?;
    let offers = read_offers(text.as_deref().unwrap_or_default());
    let offers = offers.ok_or_else(|| Failure::internal(anyhow::anyhow!("the search and its reader disagree")))?;
    let (variants, family) = (search.variants(), search.policy.household.is_family());
    let known = offers.into_iter().filter_map(|offer| {
        let plan = catalogue.variants.plan(offer.plan_pk)?;
        let of = |code| catalogue.variants.variant(offer.plan_pk, code);
        let facts = of(variants.of_metal(plan.metal)).or_else(|| of(1))?;
        Some(Offer::new(offer, plan, facts, family))
    });
    Ok(known.collect())
}

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

/// What is said of the yearly costs above the cards.
pub struct YearlyPart {
    /// What we took of everybody's care.
    pub taken: String,
    /// Where more can be said.
    pub care: String,
    /// The same list without what was said of care and sex; with an income, the help's own link drops these too.
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
pub async fn list(cx: Cx) -> Result<Response, Failure> {
    let mut asked = Asked::read(&cx.query);
    let mut settled = match settle(&cx, &mut asked)? {
        Settled::Search(settled) => *settled,
        Settled::Unanswered(unanswered) => return ask::page(&cx, asked, Some(unanswered)),
        Settled::Elsewhere(elsewhere) => return Ok(elsewhere::page(&cx, *elsewhere)),
    };
    // A wish that we could not follow stays in the address, so that the note about it stays on the page.
    let who = settled.search.who_query();
    let canonical = settled.search.canonical_from(who.clone());
    if asked.notes.is_empty() && canonical != cx.query {
        return Ok(page::redirect(&cx, &format!("/plans?{canonical}")));
    }
    let policy = settled.policy(&cx);
    if let Some(unchanged) = page::not_modified(&cx, &policy) {
        return Ok(unchanged);
    }
    let (catalogue, help) = (settled.catalogue, settled.help);
    let search = &mut settled.search;
    let mut tally = tally(&catalogue, search).await?;
    let mut years = YearlyCosts::new(search);
    if let (Some(years), true) = (&mut years, search.sort.is_by_cost()) {
        tally.reckon_years(years);
    }
    let tally = tally;
    let total = tally.total();
    let pages = total.div_ceil(PAGE_SIZE).max(1);
    // Past the end: the last page, not an empty one (a filter may have shortened the list under a kept link).
    search.page = search.page.min(pages as u32);
    let search = &*search;
    let first = (search.page as usize - 1) * PAGE_SIZE;
    let shown: Vec<&Offer> = tally.results(search.sort).into_iter().skip(first).take(PAGE_SIZE).collect();
    let cards = cards(&catalogue, search, &tally, &mut years, &shown);
    let links = Links::new(cx.lang, search, &who);
    let page_link = |n: u32| links.list(|wishes| wishes.page = n);
    let template = PlansPage {
        heading: words::heading(&cx, search, total),
        who: words::who(&cx, search),
        change: links.all_at("/"),
        notes: words::notes(&cx, &asked.notes),
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
        changes: super::enroll::changes(&cx, search.year),
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
