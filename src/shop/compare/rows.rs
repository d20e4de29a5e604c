//! The rows of a comparison: what each plan says on one thing, whether they differ, and which amount is the lowest.
//!
//! Amounts come from `view` and `pay`, the words of list and plan page. "Lowest" is only said where every plan has a
//! plain amount, and none of the others could still turn out lower.

use std::sync::Arc;

use crate::costs::Range;
use crate::filing::codes::Sort;
use crate::quote::ask::address::Search;
use crate::quote::plan_record::{Benefit, PlanRecord};
use crate::shop::pay::{self, Pay};
use crate::shop::sections::{self, SECTIONS};
use crate::shop::view::{Card, stars_words};
use crate::shop::words::plan::{benefit_name, yes_no};
use crate::types::Cents;
use crate::web::page::Cx;

pub struct Cell {
    pub words: String,
    pub lowest: bool,
}

/// One line of the comparison.
pub struct Row {
    pub term: String,
    pub cells: Vec<Cell>,
    pub differs: bool,
    /// All cells are figures: they stand at the right.
    pub figures: bool,
    /// The words are the insurers' own.
    pub filed: bool,
}

impl Row {
    /// What all plans say, where they say the same.
    pub fn common(&self) -> &str {
        self.cells.first().map_or("", |cell| cell.words.as_str())
    }
}

pub struct Section {
    pub heading: String,
    /// Its rows need the heading to be understood.
    named: bool,
    pub rows: Vec<Row>,
}

/// A row of words.
fn said(term: &str, cells: Vec<String>) -> Row {
    row(term, cells.into_iter().map(Pay::said).collect())
}

/// A row of amounts.
fn row(term: &str, cells: Vec<Pay>) -> Row {
    let lowest = lowest(&cells);
    Row {
        term: term.to_string(),
        differs: cells.windows(2).any(|pair| pair[0].words != pair[1].words),
        figures: cells.iter().all(|cell| cell.figure.is_some()),
        filed: false,
        cells: cells
            .into_iter()
            .map(|cell| Cell { lowest: lowest.is_some() && cell.figure == lowest, words: cell.words })
            .collect(),
    }
}

/// The lowest figure, if it is certain and not everybody's.
fn lowest(cells: &[Pay]) -> Option<Cents> {
    let figures = cells.iter().map(|cell| cell.figure).collect::<Option<Vec<Cents>>>()?;
    let lowest = *figures.iter().min()?;
    let others = || cells.iter().filter(|cell| cell.figure != Some(lowest));
    // "$500 or less" may be lower than the lowest that we know.
    (others().count() > 0 && others().all(|cell| !cell.at_most)).then_some(lowest)
}

fn amount(cx: &Cx, amount: Option<Cents>) -> Pay {
    Pay { figure: amount, ..Pay::said(Card::amount_words(cx, amount)) }
}

/// What differs, in its sections, and what is the same.
pub fn fold(sections: Vec<Section>) -> (Vec<Section>, Vec<Row>) {
    let (mut different, mut same) = (Vec::new(), Vec::new());
    for section in sections {
        let (differing, common): (Vec<Row>, Vec<Row>) = section.rows.into_iter().partition(|row| row.differs);
        let heading = &section.heading;
        // Away from its heading, "Specialist visit" would be the one in the network.
        let full = |row: Row| if section.named { Row { term: format!("{heading}: {}", row.term), ..row } } else { row };
        same.extend(common.into_iter().map(full));
        if !differing.is_empty() {
            different.push(Section { rows: differing, ..section });
        }
    }
    (different, same)
}

pub fn sections(cx: &Cx, search: &Search, cards: &[Card], records: &[Arc<PlanRecord>]) -> Vec<Section> {
    let section =
        |key: &str, rows: Vec<Row>| Section { heading: cx.t(key).to_string(), named: key == "compare.outside", rows };
    let all = [
        section("compare.costs", costs(cx, search, cards)),
        section("compare.care", care(cx, records)),
        section("compare.kind", kind(cx, cards, records)),
        section("compare.outside", outside(cx, records)),
    ];
    all.into_iter().filter(|section| !section.rows.is_empty()).collect()
}

fn costs(cx: &Cx, search: &Search, cards: &[Card]) -> Vec<Row> {
    let by = |say: &dyn Fn(&Card) -> Pay| cards.iter().map(say).collect::<Vec<_>>();
    let money = |figure: Cents| Pay { figure: Some(figure), ..Pay::said(figure.dollars_cents()) };
    let helped = cards.iter().any(|card| card.credit.0 > 0);
    let mut rows =
        vec![row(cx.t(if helped { "compare.net_premium" } else { "compare.premium" }), by(&|card| money(card.net)))];
    if helped {
        rows.push(row(cx.t("compare.full_premium"), by(&|card| money(card.premium))));
        // The lowest credit is nothing that anybody looks for.
        rows.push(said(cx.t("compare.credit"), cards.iter().map(|card| card.credit.dollars_cents()).collect()));
    }
    rows.splice(0..0, year_rows(cx, cards));
    rows.push(row(cx.t("plan.deductible_individual"), by(&|card| amount(cx, card.deductible_individual))));
    rows.push(row(cx.t("plan.moop_individual"), by(&|card| amount(cx, card.moop_individual))));
    if search.policy.household.is_family() {
        rows.push(row(cx.t("plan.deductible_family"), by(&|card| amount(cx, card.deductible_family))));
        rows.push(row(cx.t("plan.moop_family"), by(&|card| amount(cx, card.moop_family))));
    }
    let none = || Pay::said(cx.t("compare.no_drug_deductible"));
    let drugs = by(&|card| card.drug_deductible.map_or_else(none, |cents| amount(cx, Some(cents))));
    rows.push(row(cx.t("plan.drug_deductible"), drugs));
    rows
}

/// The yearly cost in an average, a good and a bad year; nothing for dental plans. Why there is none is said once.
fn year_rows(cx: &Cx, cards: &[Card]) -> Vec<Row> {
    if cards.iter().all(|card| card.cost.is_none()) {
        return Vec::new();
    }
    let cell = |card: &Card, sort: Sort| match card.range().and_then(|range: Range| sort.of_year(&range)) {
        Some(amount) => Pay { words: card.cost_words(cx, amount), figure: Some(amount), at_most: card.cost_at_most },
        None if sort == Sort::CostAverage => {
            Pay::said(card.gap_words(cx).unwrap_or_else(|| cx.t("cost.none").to_string()))
        }
        None => Pay::said(cx.t("cost.none")),
    };
    let rows = [Sort::CostAverage, Sort::CostGood, Sort::CostBad];
    rows.map(|sort| row(cx.t(sort.message()), cards.iter().map(|card| cell(card, sort)).collect())).into()
}

fn kind(cx: &Cx, cards: &[Card], records: &[Arc<PlanRecord>]) -> Vec<Row> {
    let by_card = |say: &dyn Fn(&Card) -> String| cards.iter().map(say).collect::<Vec<_>>();
    let by_record = |say: &dyn Fn(&PlanRecord) -> String| records.iter().map(|record| say(record)).collect::<Vec<_>>();
    let answer = |say: fn(&PlanRecord) -> Option<bool>| by_record(&|record| yes_no(cx, say(record)).to_string());
    vec![
        Row { filed: true, ..said(cx.t("card.issuer"), by_card(&|card| card.issuer.clone())) },
        said(cx.t("filter.metal"), by_card(&|card| card.metal_words(cx).to_string())),
        said(cx.t("filter.type"), by_card(&|card| card.type_words(cx).to_string())),
        said(cx.t("plan.hsa"), answer(|record| record.hsa)),
        said(cx.t("plan.national_network"), answer(|record| record.national_network)),
        said(cx.t("plan.referral"), answer(|record| record.referral_required)),
        said(cx.t("stars.overall"), by_record(&|record| stars_words(cx, record.stars.overall))),
        said(cx.t("stars.member_experience"), by_record(&|record| stars_words(cx, record.stars.member_experience))),
        said(cx.t("stars.medical_care"), by_record(&|record| stars_words(cx, record.stars.medical_care))),
        said(cx.t("stars.plan_administration"), by_record(&|record| stars_words(cx, record.stars.plan_administration))),
    ]
}

/// Every benefit that at least one of the plans files, in the sections' order.
fn benefits(records: &[Arc<PlanRecord>]) -> Vec<&Benefit> {
    let mut all: Vec<&Benefit> = Vec::new();
    for section in 0..SECTIONS.len() {
        let mut of: Vec<&Benefit> = Vec::new();
        for benefit in records.iter().flat_map(|record| sections::of(&record.benefits, section)) {
            if !of.iter().any(|known| known.slug == benefit.slug) {
                of.push(benefit);
            }
        }
        sections::sort(&mut of);
        all.extend(of);
    }
    all
}

/// What is paid in network.
fn care(cx: &Cx, records: &[Arc<PlanRecord>]) -> Vec<Row> {
    let cells = |slug: &str| records.iter().map(|record| pay::in_network(cx, record, slug)).collect();
    benefits(records).into_iter().map(|benefit| row(&benefit_name(cx, benefit), cells(&benefit.slug))).collect()
}

/// What is paid out of network. What holds for most kinds of care is said once, for all that are not named.
fn outside(cx: &Cx, records: &[Arc<PlanRecord>]) -> Vec<Row> {
    let of = |record: &PlanRecord, slug: &str| match record.benefit(slug) {
        Some(benefit) => pay::outside(cx, record, benefit),
        None => pay::in_network(cx, record, slug),
    };
    let cells = |slug: &str| records.iter().map(|record| of(record, slug)).collect();
    let rows = benefits(records).into_iter().map(|benefit| row(&benefit_name(cx, benefit), cells(&benefit.slug)));
    let rows: Vec<Row> = rows.collect();
    let same = |row: &Row, other: &Row| row.cells.iter().zip(&other.cells).all(|(a, b)| a.words == b.words);
    let like = |row: &Row| rows.iter().filter(|other| same(row, other)).count();
    let Some(usual) = rows.iter().max_by_key(|row| like(row)).filter(|row| like(row) > 1) else { return rows };
    let key = if like(usual) == rows.len() { "compare.outside_all" } else { "compare.outside_other" };
    let others = said(cx.t(key), usual.cells.iter().map(|cell| cell.words.clone()).collect());
    let named: Vec<bool> = rows.iter().map(|row| !same(usual, row)).collect();
    let named = rows.into_iter().zip(named).filter(|(_, named)| *named).map(|(row, _)| row);
    named.chain([others]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pay(cents: Option<i64>, at_most: bool) -> Pay {
        Pay { figure: cents.map(Cents), at_most, ..Pay::said("") }
    }

    #[test]
    fn the_lowest_is_said_only_where_it_is_certain() {
        let (exact, bound, words) = (|cents| pay(Some(cents), false), |cents| pay(Some(cents), true), pay(None, false));
        assert_eq!(lowest(&[exact(300), exact(200), exact(200)]), Some(Cents(200)));
        assert_eq!(lowest(&[exact(300), bound(200)]), Some(Cents(200)), "200 or less is below 300");
        assert_eq!(lowest(&[exact(200), bound(300)]), None, "300 or less may be 100");
        assert_eq!(lowest(&[exact(200), words]), None, "a share of the bill is no amount");
        assert_eq!(lowest(&[exact(200), exact(200)]), None, "nobody is lower");
        assert_eq!(lowest(&[exact(200)]), None);
    }
}
