//! `GET /compare?plan=…&plan=…`: up to three plans side by side, the same numbers as everywhere, differences in words.

use askama::Template;
use axum::response::Response;

use crate::filing::codes::Sort;
use crate::quote::ask::address::{PLANS_MAX, Search, Switch, write_query};
use crate::quote::market;
use crate::quote::market::tally::Tally;
use crate::quote::plan_record::{Benefit, PlanRecord};
use crate::quote::yearly::YearlyCosts;
use crate::shop::cards::cards_of;
use crate::shop::open::{Instead, Open, Page, open};
use crate::shop::sections::{self, SECTIONS};
use crate::shop::shares;
use crate::shop::view::{Card, stars_words};
use crate::shop::words::plan::{benefit_name, yes_no};
use crate::shop::words::search as words;
use crate::web::error::Failure;
use crate::web::page::{self, Cx};

/// Which rows the page shows.
const ONLY: Switch = Switch { name: "only", words: &["all", "differences"] };

/// One line of the comparison.
pub struct CompareRow {
    pub term: String,
    pub cells: Vec<String>,
    pub differs: bool,
}

pub struct CompareSection {
    pub heading: String,
    pub rows: Vec<CompareRow>,
}

/// One plan at the head of its column.
pub struct Column {
    pub card: Card,
    pub href: String,
    pub remove: String,
}

#[derive(Template)]
#[template(path = "compare.html")]
struct ComparePage<'a> {
    cx: &'a Cx,
    who: String,
    change: String,
    back: String,
    columns: Vec<Column>,
    sections: Vec<CompareSection>,
    warnings: Vec<String>,
    notes: Vec<String>,
    csv: String,
    /// The same comparison with all rows, or only those that differ.
    toggle: (String, String),
}

/// The plans chosen, in the order chosen, as far as the household can buy them; and notes on the others.
pub struct Compared {
    pub cards: Vec<Card>,
    pub facts: Vec<PlanRecord>,
    pub notes: Vec<String>,
}

/// Reads and prices the plans of an address.
pub async fn compared(cx: &Cx, open: &Open) -> Result<Compared, Failure> {
    let catalogue = &open.catalogue;
    let search = Search { facets: Default::default(), ..open.search.clone() };
    let mut notes = Vec::new();
    let (mut cards, mut facts) = (Vec::new(), Vec::new());
    // Medical and dental plans are two lists; each is asked for once, and only where one of its plans is compared.
    let mut lists: Vec<(Search, Tally, Option<YearlyCosts>)> = Vec::new();
    if search.basket.len() > PLANS_MAX {
        notes.push(cx.tf("compare.too_many", &[("max", &PLANS_MAX.to_string())]));
    }
    for id in search.basket.iter().take(PLANS_MAX) {
        let Some(of) = PlanRecord::read(&catalogue.pool, id, search.policy.variants()).await? else {
            notes.push(cx.tf("compare.bad_plan", &[("plan", id.as_str())]));
            continue;
        };
        let product = of.product;
        if !lists.iter().any(|(list, ..)| list.product == product) {
            // The comparison says side by side what a note on a matched plan would say.
            let list = Search { product, dominated_notes: false, ..search.clone() };
            let tally = market::tally(catalogue, &list).await?;
            let years = YearlyCosts::new(&list);
            lists.push((list, tally, years));
        }
        let found = lists.iter_mut().find(|(list, ..)| list.product == product);
        match found.and_then(|(list, tally, years)| Some((tally.find(of.plan_pk)?, list, &*tally, years))) {
            Some((offer, list, tally, years)) => {
                cards.extend(cards_of(catalogue, list, tally, years, &[offer]));
                facts.push(of);
            }
            None => {
                let county = words::county_words(cx, &search);
                notes.push(cx.tf("compare.not_sold", &[("plan", id.as_str()), ("county", &county)]));
            }
        }
    }
    Ok(Compared { cards, facts, notes })
}

/// `GET /compare`.
pub async fn compare(cx: Cx) -> Result<Response, Instead> {
    let page = Page::new("/compare").with_switch(ONLY);
    let open = open(&cx, &page)?;
    let Compared { cards, facts, notes } = compared(&cx, &open).await?;
    let Open { search, catalogue, policy, .. } = open;
    let only = open.switched != ONLY.default_word();
    let address = |without: Option<&str>, only: bool| {
        let mut other = search.clone();
        other.basket.retain(|id| Some(id.as_str()) != without);
        let mut query = other.canonical();
        page.add_switch(&mut query, ONLY.words[usize::from(only)]);
        query
    };
    let mut sections = sections(&cx, &cards, &facts);
    if only {
        sections.iter_mut().for_each(|section| section.rows.retain(|row| row.differs));
        sections.retain(|section| !section.rows.is_empty());
    }
    let toggle_key = if only { "compare.show_all" } else { "compare.show_differences" };
    let template = ComparePage {
        who: words::who(&cx, &search),
        change: cx.href(&format!("/?{}", write_query(&search.pairs()))),
        back: cx.href(&format!("/plans?{}", search.canonical())),
        csv: cx.href(&format!("/compare.csv?{}", address(None, false))),
        toggle: (cx.t(toggle_key).to_string(), cx.href(&format!("/compare?{}", address(None, !only)))),
        warnings: words::warnings(&cx, &catalogue),
        columns: cards
            .iter()
            .map(|card| Column {
                href: card.href(&cx, &search.canonical()),
                remove: cx.href(&format!("/compare?{}", address(Some(&card.plan_id), only))),
                card: card.clone(),
            })
            .collect(),
        sections,
        notes: open.notes.into_iter().chain(notes).collect(),
        cx: &cx,
    };
    Ok(page::render(&cx, template, policy))
}

fn row(term: &str, cells: Vec<String>) -> CompareRow {
    CompareRow { term: term.to_string(), differs: cells.windows(2).any(|pair| pair[0] != pair[1]), cells }
}

fn sections(cx: &Cx, cards: &[Card], facts: &[PlanRecord]) -> Vec<CompareSection> {
    let by_card = |say: &dyn Fn(&Card) -> String| cards.iter().map(say).collect::<Vec<_>>();
    let by_facts = |say: &dyn Fn(&PlanRecord) -> String| facts.iter().map(say).collect::<Vec<_>>();
    let helped = cards.iter().any(|card| card.credit.0 > 0);
    let full = row(cx.t("compare.full_premium"), by_card(&Card::premium_words));
    let credit = row(cx.t("compare.credit"), by_card(&|card| card.credit.dollars_cents()));
    let mut costs = vec![
        row(cx.t(if helped { "compare.net_premium" } else { "card.premium" }), by_card(&Card::net_words)),
        row(cx.t("plan.deductible_individual"), by_card(&|c| Card::amount_words(cx, c.deductible_individual))),
        row(cx.t("plan.deductible_family"), by_card(&|c| Card::amount_words(cx, c.deductible_family))),
        row(
            cx.t("plan.drug_deductible"),
            by_card(&|c| {
                c.drug_deductible.map_or_else(|| cx.t("compare.no_drug_deductible").to_string(), |d| d.dollars())
            }),
        ),
        row(cx.t("plan.moop_individual"), by_card(&|c| Card::amount_words(cx, c.moop_individual))),
        row(cx.t("plan.moop_family"), by_card(&|c| Card::amount_words(cx, c.moop_family))),
    ];
    if helped {
        costs.splice(1..1, [full, credit]);
    }
    costs.splice(0..0, year_rows(cx, cards));
    let kind = vec![
        row(cx.t("card.issuer"), by_card(&|c| c.issuer.clone())),
        row(cx.t("filter.metal"), by_card(&|c| c.metal_words(cx).to_string())),
        row(cx.t("filter.type"), by_card(&|c| c.type_words(cx).to_string())),
        row(cx.t("plan.hsa"), by_facts(&|f| yes_no(cx, f.hsa).to_string())),
        row(cx.t("plan.national_network"), by_facts(&|f| yes_no(cx, f.national_network).to_string())),
        row(cx.t("plan.referral"), by_facts(&|f| yes_no(cx, f.referral_required).to_string())),
        row(cx.t("stars.overall"), by_facts(&|f| stars_words(cx, f.stars.overall))),
        row(cx.t("stars.member_experience"), by_facts(&|f| stars_words(cx, f.stars.member_experience))),
        row(cx.t("stars.medical_care"), by_facts(&|f| stars_words(cx, f.stars.medical_care))),
        row(cx.t("stars.plan_administration"), by_facts(&|f| stars_words(cx, f.stars.plan_administration))),
    ];
    let mut sections = vec![
        CompareSection { heading: cx.t("compare.costs").to_string(), rows: costs },
        CompareSection { heading: cx.t("compare.kind").to_string(), rows: kind },
    ];
    for (number, (key, _)) in SECTIONS.iter().enumerate() {
        let rows = benefit_rows(cx, facts, number);
        if !rows.is_empty() {
            sections.push(CompareSection { heading: cx.t(&format!("section.{key}")).to_string(), rows });
        }
    }
    sections
}

/// The yearly cost in an average, a good and a bad year; nothing for dental plans.
fn year_rows(cx: &Cx, cards: &[Card]) -> Vec<CompareRow> {
    if cards.iter().all(|card| card.cost.is_none()) {
        return Vec::new();
    }
    let cell = |card: &Card, sort: Sort| match card.range().and_then(|range| sort.of_year(&range)) {
        Some(amount) => card.cost_words(cx, amount),
        None => card.gap_words(cx).unwrap_or_else(|| cx.t("share.not_applicable").to_string()),
    };
    [Sort::CostAverage, Sort::CostGood, Sort::CostBad]
        .map(|sort| {
            let cells = cards.iter().map(|card| cell(card, sort)).collect();
            row(cx.t(&format!("sort.{}", sort.key())), cells)
        })
        .into()
}

/// Every benefit that at least one of the plans files, in the sections' order.
fn benefit_rows(cx: &Cx, facts: &[PlanRecord], section: usize) -> Vec<CompareRow> {
    let mut benefits: Vec<&Benefit> = Vec::new();
    for benefit in facts.iter().flat_map(|facts| sections::of(&facts.benefits, section)) {
        if !benefits.iter().any(|known| known.slug == benefit.slug) {
            benefits.push(benefit);
        }
    }
    sections::sort(&mut benefits);
    let cell = |facts: &PlanRecord, slug: &str| match facts.benefits.iter().find(|benefit| benefit.slug == slug) {
        Some(benefit) => cx.tf(
            "compare.in_and_out",
            &[("in", &shares::words(&benefit.in_network, cx)), ("out", &shares::words(&benefit.out_of_network, cx))],
        ),
        None => cx.t("share.not_provided").to_string(),
    };
    benefits
        .iter()
        .map(|benefit| row(&benefit_name(cx, benefit), facts.iter().map(|facts| cell(facts, &benefit.slug)).collect()))
        .collect()
}
