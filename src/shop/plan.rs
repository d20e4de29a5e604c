//! `GET /plans/{plan_id}`: the plan's price for the household of the address, a likely year, what common care costs,
//! the documents and the next step; then everything else that is filed (`everything`), folded away.

mod everything;

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use self::everything::Everything;
use crate::catalogue::Catalogue;
use crate::filing::codes::{Metal, Packed, PlanType, Product, Sort};
use crate::quote::ask::address::{BASKET_MAX, Search, write_query};
use crate::quote::market;
use crate::quote::plan_record::PlanRecord;
use crate::quote::policy::VariantKinds;
use crate::quote::yearly::YearlyCosts;
use crate::shop::cards::cards_of;
use crate::shop::compare::nearest;
use crate::shop::costs::YearSum;
use crate::shop::fixed::{Fixed, change_href, marked, of_product};
use crate::shop::next_step::NextStep;
use crate::shop::open::{Bare, Instead, Open, OpenOrBare, Page, open_or_bare};
use crate::shop::paper::Paper;
use crate::shop::pay;
use crate::shop::view::{Card, stars_words};
use crate::shop::words::plan::slug_name;
use crate::shop::words::search as words;
use crate::types::{Cents, PlanId};
use crate::web::error::Failure;
use crate::web::escape::escaped;
use crate::web::page::{self, Cx};

/// A term, its value in words, the glossary entry that explains it.
pub struct Line {
    pub term: String,
    pub words: String,
    pub slug: Option<&'static str>,
    /// The words are the insurer's own.
    pub filed: bool,
}

impl Line {
    pub fn new(term: &str, words: impl Into<String>, slug: Option<&'static str>) -> Line {
        Line { term: term.to_string(), words: words.into(), slug, filed: false }
    }
}

/// A document: where it is, or whose gap it is that we cannot say.
pub struct Document {
    pub name: String,
    pub href: Option<String>,
    pub missing: String,
}

/// What the page knows about a household.
struct Priced {
    card: Option<Card>,
    /// (name and insurer, premium, address).
    similar: Vec<(String, String, String)>,
    year: Option<YearSum>,
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage<'a> {
    cx: &'a Cx,
    name: String,
    issuer: String,
    subtitle: String,
    metal_key: &'static str,
    /// Price and the household's own amounts; `None` while we do not know who and where.
    card: Option<&'a Card>,
    a_month: String,
    /// No income was given: the price may not be what they would pay.
    full_price: bool,
    who: Option<String>,
    /// Why there is no price.
    no_price: Option<String>,
    back: String,
    change: String,
    /// The office knows the household: the plan can be chosen here.
    own: Option<&'a Fixed>,
    plan_id: &'a str,
    /// This plan beside those that are ticked already; and on one page to take along.
    compare: Option<String>,
    sheet: Option<String>,
    warnings: Vec<String>,
    small_print: Vec<String>,
    notes: Vec<String>,
    /// The household's limits, and the commonest care.
    common: Vec<Line>,
    /// What has to be known to read them.
    terms: Vec<String>,
    documents: Vec<Document>,
    phone: Line,
    next: Option<NextStep>,
    all: Everything,
    similar: Vec<(String, String, String)>,
    /// The yearly cost; `None` without a household, and for dental plans.
    year: Option<YearSum>,
    /// Escaped, as everything that `parts::better` gets.
    who_query: String,
    paper: Option<Paper>,
}

/// `GET /plans/{plan_id}`.
pub async fn plan(cx: Cx, Path(id): Path<String>) -> Result<Response, Instead> {
    let plan_id = PlanId::parse(&id).ok_or(Failure::NotFound)?;
    let path = format!("/plans/{plan_id}");
    match open_or_bare(&cx, &Page::new(&path).on_a_day()).await? {
        OpenOrBare::Bare(bare) => {
            let Bare { asked, catalogue, notes, caching } = *bare;
            let record = record(&catalogue, &plan_id, VariantKinds::STANDARD).await?;
            let priced = Priced { card: None, similar: Vec::new(), year: None };
            let page = build(&cx, None, &asked.pairs(), &catalogue, &record, &priced);
            Ok(page::render(&cx, PlanPage { notes, ..page }, caching))
        }
        OpenOrBare::Open(open) => {
            // The list that the visitor comes from, and goes back to.
            let Open { search, catalogue, notes, caching, .. } = *open;
            let record = record(&catalogue, &plan_id, search.policy.variants()).await?;
            let search = own_list(&cx, search, record.product);
            let mut priced = price(&cx, &catalogue, &search, &record).await?;
            let year = priced.year.take();
            let page = build(&cx, Some(&search), &search.pairs(), &catalogue, &record, &priced);
            Ok(page::render(&cx, PlanPage { notes, year, ..page }, caching))
        }
    }
}

async fn record(catalogue: &Catalogue, plan_id: &PlanId, variants: VariantKinds) -> Result<Arc<PlanRecord>, Failure> {
    catalogue.record(plan_id, |metal| variants.of_metal(metal)).await?.ok_or(Failure::NotFound)
}

/// Of a household that the office knows, a dental plan can have fewer people than a health plan: they are its page's.
fn own_list(cx: &Cx, list: Search, product: Product) -> Search {
    if cx.below.is_none() || list.product == product {
        return list;
    }
    Search { facets: Default::default(), sort: Sort::usual(product), ..of_product(cx, &list, product) }
}

/// The plan among all that are sold to the household.
async fn price(cx: &Cx, catalogue: &Catalogue, list: &Search, record: &PlanRecord) -> Result<Priced, Failure> {
    // The plan's own product decides which list it is looked up in.
    let search = Search { facets: Default::default(), ..of_product(cx, list, record.product) };
    let tally = market::tally(catalogue, &search).await?;
    let Some(offer) = tally.find(record.plan_pk) else {
        return Ok(Priced { card: None, similar: Vec::new(), year: None });
    };
    let mut years = YearlyCosts::new(&search);
    let link =
        |card: &Card| (format!("{} · {}", card.name, card.issuer), card.net_words(), card.href(cx, &list.canonical()));
    Ok(Priced {
        card: cards_of(catalogue, &search, &tally, &mut years, &[offer]).pop(),
        similar: nearest(&tally, offer).into_iter().map(|near| link(&Card::new(catalogue, near))).collect(),
        year: YearSum::new(cx, list, offer, &mut years),
    })
}

fn build<'a>(
    cx: &'a Cx,
    search: Option<&Search>,
    pairs: &[(&'static str, String)],
    catalogue: &Catalogue,
    record: &'a PlanRecord,
    priced: &'a Priced,
) -> PlanPage<'a> {
    let card = priced.card.as_ref();
    let packed = catalogue.variants.variant(record.plan_pk, record.kind).map(|facts| facts.packed);
    let no_price = match (search, card) {
        (_, Some(_)) => None,
        (Some(search), None) => Some(cx.tf("plan.not_sold", &[("county", &words::county_words(cx, search))])),
        (None, None) => Some(cx.t("plan.no_household").to_string()),
    };
    let bought = card.and(search);
    let with = bought.map(|search| ticked(search, record));
    let (warnings, small_print) = match search {
        Some(search) => words::warnings_for(cx, catalogue, search),
        None => (words::warnings_without_price(cx, catalogue), Vec::new()),
    };
    PlanPage {
        name: record.name.clone(),
        issuer: record.issuer.clone(),
        subtitle: subtitle(cx, packed, record),
        metal_key: packed.and_then(|packed| Metal::from_code(packed.metal())).map_or("unknown", Metal::key),
        a_month: bought.map(|search| words::a_month(cx, search)).unwrap_or_default(),
        full_price: bought.is_some_and(|search| search.finances.is_none() && !search.known) && !record.is_dental(),
        who: search.map(|search| words::who(cx, search)),
        no_price,
        back: cx.href(&match search {
            Some(search) => format!("/plans?{}", search.canonical()),
            None => "/".to_string(),
        }),
        change: match search {
            Some(search) => change_href(cx, search),
            None => cx.href(&format!("/?{}", write_query(pairs))),
        },
        own: Fixed::of(cx, record.product),
        plan_id: &record.plan_id,
        compare: with.as_ref().map(|with| cx.href(&format!("/compare?{}", with.canonical()))),
        sheet: bought.map(|search| cx.href(&format!("/sheet?{}", first(search, record).canonical()))),
        warnings,
        small_print,
        notes: Vec::new(),
        common: common(cx, catalogue, bought, record),
        terms: pay::terms(cx, record),
        documents: documents(cx, record),
        phone: phone(cx, record),
        next: bought.filter(|search| !search.known).and_then(|search| NextStep::new(cx, search)),
        all: Everything::new(cx, record, packed),
        similar: priced.similar.clone(),
        year: None,
        who_query: search.map(|search| escaped(&marked(&search.canonical()))).unwrap_or_default(),
        paper: bought.map(|search| Paper::new(cx, catalogue, search, &[&record.plan_id])),
        card,
        cx,
    }
}

/// The search with this plan among those to compare.
fn ticked(search: &Search, record: &PlanRecord) -> Search {
    let mut search = search.clone();
    let id = PlanId::parse(&record.plan_id);
    if let Some(id) = id.filter(|id| !search.basket.contains(id)) {
        // In a full basket the newest is replaced: the plan just chosen must not be lost.
        search.basket.truncate(BASKET_MAX - 1);
        search.basket.push(id);
    }
    search
}

/// The same with this plan before all others.
fn first(search: &Search, record: &PlanRecord) -> Search {
    let mut search = ticked(search, record);
    search.basket.sort_by_key(|id| id.as_str() != record.plan_id);
    search
}

/// "Silver · HMO · 4 of 5 stars · 33931OH0070006".
fn subtitle(cx: &Cx, packed: Option<Packed>, record: &PlanRecord) -> String {
    let metal = packed.and_then(|packed| Metal::from_code(packed.metal())).map(|m| cx.t(m.message()).to_string());
    let kind = packed.and_then(|packed| PlanType::from_code(packed.plan_type())).map(|t| cx.t(t.message()).to_string());
    let stars = (!record.is_dental()).then(|| stars_words(cx, record.stars.overall));
    let parts: Vec<String> = [metal, kind, stars].into_iter().flatten().chain([record.plan_id.clone()]).collect();
    parts.join(" · ")
}

/// The deductible and the most that is paid, for one person or for the family, and what common care costs.
fn common(cx: &Cx, catalogue: &Catalogue, search: Option<&Search>, record: &PlanRecord) -> Vec<Line> {
    let family = search.is_none_or(|search| search.policy.household.is_family());
    let mut lines = Vec::new();
    if let Some(facts) = catalogue.variants.variant(record.plan_pk, record.kind) {
        let mut line = |key: &str, amount: Option<Cents>, slug| {
            lines.push(Line::new(cx.t(key), Card::amount_words(cx, amount), Some(slug)));
        };
        line("plan.deductible_individual", facts.deductible_individual, "deductible");
        if family {
            line("plan.deductible_family", facts.deductible_family, "deductible");
        }
        if facts.drug_deductible_individual.is_some() {
            line("plan.drug_deductible", facts.drug_deductible_individual, "deductible");
        }
        line("plan.moop_individual", facts.moop_individual, "out-of-pocket-maximum");
        if family {
            line("plan.moop_family", facts.moop_family, "out-of-pocket-maximum");
        }
    }
    if !record.is_dental() {
        let of = |slug: &str| Line::new(&slug_name(cx, slug), pay::in_network(cx, record, slug).words, None);
        lines.extend(pay::COMMON.map(of));
    }
    lines
}

fn documents(cx: &Cx, record: &PlanRecord) -> Vec<Document> {
    let document = |key: &str, href: Option<&String>, known: bool| Document {
        name: cx.t(key).to_string(),
        href: href.cloned(),
        missing: cx.t(if known { "share.not_provided" } else { "share.not_in_data" }).to_string(),
    };
    let sbc = record.variant.as_ref().and_then(|variant| variant.sbc_url.as_ref());
    let mut documents = vec![
        document("document.sbc", sbc, true),
        document("document.brochure", record.brochure(), true),
        document("document.providers", record.network_url.as_ref(), record.extent.has_networks),
    ];
    if !record.is_dental() {
        documents.push(document("document.formulary", record.formulary_url.as_ref(), true));
    }
    documents
}

pub(super) fn phone(cx: &Cx, record: &PlanRecord) -> Line {
    let tty = record.tty.as_ref().map(|tty| format!(" (TTY {tty})")).unwrap_or_default();
    let words = match &record.phone {
        Some(phone) => format!("{phone}{tty}"),
        None => cx.t("plan.phone_not_published").to_string(),
    };
    Line::new(cx.t("plan.phone"), words, None)
}
