//! The yearly cost line by line: the short sum on a plan's page, and `GET /plans/{plan_id}/costs` with every line.
//!
//! Called by the router and by `plan`. For people who want to check the sum on paper, above all navigators with a
//! client. All figures come from `costs`, in cents, and add up; it must never compute anything but sums of what is
//! shown.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use crate::costs::estimate::{Basis, Paid, PersonYear, Year};
use crate::costs::{Estimate, Gap};
use crate::quote::ask::address::{Search, Switch, write_query};
use crate::quote::market;
use crate::quote::offer::Offer;
use crate::quote::yearly::{self, YearlyCosts};
use crate::shop::fixed::change_href;
use crate::shop::open::{Instead, Open, Page, open};
use crate::shop::plan::Line;
use crate::shop::shares::percent;
use crate::shop::view::{Card, to_dollars, whole_dollars};
use crate::shop::words::costs::{gap_words, note_words, service_words};
use crate::shop::words::search as words;
use crate::types::{Cents, PlanId};
use crate::web::error::Failure;
use crate::web::page::{self, Cx};

/// One line of the short sum, with its amount in a good, an average and a bad year.
pub struct SumRow {
    pub words: String,
    pub amounts: [String; 3],
    /// A sum of the lines above it.
    pub is_sum: bool,
}

/// The short sum, or why there is none.
pub struct YearSum {
    pub rows: Vec<SumRow>,
    pub notes: Vec<String>,
    /// Why there is no estimate.
    pub gap: Option<String>,
    /// The page with every line.
    pub lines: String,
    /// Where people can say more about expected care; `None` if the office knows the household.
    pub care: Option<String>,
    pub taken: String,
}

/// The part of a year shown by a line.
type Part = fn(&Year) -> Cents;

impl YearSum {
    /// `None` for dental plans.
    pub fn new(cx: &Cx, search: &Search, offer: &Offer, years: &mut Option<YearlyCosts>) -> Option<YearSum> {
        let estimate = years.as_mut()?.estimate(offer);
        let who = search.canonical();
        let mut sum = YearSum {
            rows: Vec::new(),
            notes: Vec::new(),
            gap: None,
            lines: cx.href(&format!("/plans/{}/costs?{who}", offer.plan.plan_id)),
            care: (!search.known).then(|| cx.href(&format!("/care?{}", write_query(&search.pairs())))),
            taken: words::expected(cx, search),
        };
        match estimate {
            Ok(estimate) => {
                sum.rows = rows(cx, offer, &estimate);
                sum.notes = notes(cx, offer, &estimate);
            }
            Err(gap) => sum.gap = Some(gap_words(cx, gap)),
        }
        Some(sum)
    }
}

/// Premiums and care add up to the whole, in whole dollars; then what that care would cost without insurance.
fn rows(cx: &Cx, offer: &Offer, estimate: &Estimate) -> Vec<SumRow> {
    let years = [&estimate.good, &estimate.average, &estimate.bad];
    let row = |words: &str, part: Part, is_sum: bool| SumRow {
        words: words.to_string(),
        amounts: years.map(|year| whole_dollars(part(year))),
        is_sum,
    };
    let premium = cx.tf("year.premiums", &[("premium", &offer.net().dollars_cents())]);
    vec![
        row(&premium, |year| year.premium, false),
        row(cx.t("year.care_paid"), care_paid, false),
        row(cx.t("year.total"), |year| year.total, true),
        row(cx.t("year.allowed"), |year| year.allowed, false),
    ]
}

/// What is paid for care, so that it adds up with rounded premiums to the rounded whole: a dollar from its own rounding
/// at most. Every line, to the cent, is on the page of its own.
fn care_paid(year: &Year) -> Cents {
    to_dollars(year.total) - to_dollars(year.premium)
}

/// What must be known to trust the sum: the maximum, and the gaps in the filing.
fn notes(cx: &Cx, offer: &Offer, estimate: &Estimate) -> Vec<String> {
    let mut notes = Vec::new();
    let average = &estimate.average;
    notes.push(match (average.years, average.maximum_reached, estimate.bad.maximum_reached) {
        (10, reached @ 1.., _) => cx.tf("year.maximum_average", &[("n", &reached.to_string())]),
        (_, _, 1..) => cx.t("year.maximum_bad").to_string(),
        _ => cx.t("year.maximum_never").to_string(),
    });
    if yearly::at_most(offer.facts) {
        notes.push(cx.t("year.at_most").to_string());
    }
    if estimate.filed_share < 10_000 {
        let share = percent(i64::from(estimate.filed_share) / 100 * 100);
        notes.push(cx.tf("year.filed_share", &[("share", &share)]));
    }
    let rules = offer.facts.costs.as_deref().and_then(|costs| costs.rules.as_ref().ok());
    notes.extend(rules.map(|rules| note_words(cx, rules.notes())).unwrap_or_default());
    notes
}

/// One service of one person.
pub struct LineView {
    pub service: String,
    /// What the price is based on, if not on the filing.
    pub basis: Option<String>,
    pub units: String,
    pub allowed: String,
    pub paid: [PartView; 4],
    pub total: String,
}

/// What is paid for one reason; a narrow screen leaves out what is nothing.
pub struct PartView {
    /// Message of its name.
    pub key: &'static str,
    pub words: String,
    pub none: bool,
}

pub struct PersonLines {
    pub name: String,
    pub lines: Vec<LineView>,
    pub paid: [PartView; 4],
    pub total: String,
}

/// One of the three years, and whether it is the one shown.
struct CaseLink {
    words: String,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "year.html")]
struct YearPage<'a> {
    cx: &'a Cx,
    name: String,
    who: String,
    change: String,
    back: String,
    /// The parts of the address that we ignored.
    not_followed: Vec<String>,
    /// What must be known to trust the sum.
    notes: Vec<String>,
    warnings: Vec<String>,
    small_print: Vec<String>,
    cases: Vec<CaseLink>,
    about_case: String,
    gap: Option<String>,
    people: Vec<PersonLines>,
    sum: Vec<Line>,
    limits: Vec<Line>,
    taken: String,
}

/// Which year the page shows.
const CASE: Switch = Switch { name: "case", words: &["average", "good", "bad"] };

/// `GET /plans/{plan_id}/costs`: every line of the sum for the household of the address; `case=good`, `average`, `bad`.
pub async fn costs(cx: Cx, Path(id): Path<String>) -> Result<Response, Instead> {
    let plan_id = PlanId::parse(&id).ok_or(Failure::NotFound)?;
    let path = format!("/plans/{plan_id}/costs");
    let page = Page::new(&path).with_switch(CASE);
    let Open { mut search, catalogue, switched: case, notes, caching, .. } = open(&cx, &page).await?;
    let all = search.canonical();
    let change = change_href(&cx, &search);
    search.facets = Default::default();
    let plan_pk = catalogue.variants.find(&plan_id).ok_or(Failure::NotFound)?;
    let plan = catalogue.variants.plan(plan_pk).ok_or(Failure::NotFound)?;
    let tally = market::tally(&catalogue, &search).await?;
    let offer = tally.find(plan_pk);
    let estimate = match (YearlyCosts::new(&search), offer) {
        (Some(mut years), Some(offer)) => Some(years.estimate(offer)),
        _ => None,
    };
    let cases = CASE.words.iter().map(|word| {
        let mut query = all.clone();
        page.add_switch(&mut query, word);
        let href = cx.href(&format!("{path}?{query}"));
        CaseLink { words: cx.t(&format!("year.{word}")).to_string(), href, current: *word == case }
    });
    let (warnings, small_print) = words::warnings_for(&cx, &catalogue, &search);
    let mut template = YearPage {
        name: plan.name.clone(),
        who: words::who(&cx, &search),
        change,
        back: cx.href(&format!("/plans/{plan_id}?{all}")),
        not_followed: notes,
        notes: Vec::new(),
        warnings,
        small_print,
        cases: cases.collect(),
        about_case: cx.t(&format!("year.{case}_about")).to_string(),
        gap: None,
        people: Vec::new(),
        sum: Vec::new(),
        limits: Vec::new(),
        taken: words::expected(&cx, &search),
        cx: &cx,
    };
    fill(&mut template, &search, case, offer.zip(estimate));
    Ok(page::render(&cx, template, caching))
}

fn fill(page: &mut YearPage, search: &Search, case: &str, found: Option<(&Offer, Result<Estimate, Gap>)>) {
    let cx = page.cx;
    let Some((offer, estimate)) = found else {
        page.gap = Some(cx.tf("plan.not_sold", &[("county", &words::county_words(cx, search))]));
        return;
    };
    let estimate = match estimate {
        Ok(estimate) => estimate,
        Err(gap) => {
            page.gap = Some(gap_words(cx, gap));
            return;
        }
    };
    let year = match case {
        "good" => &estimate.good,
        "bad" => &estimate.bad,
        _ => &estimate.average,
    };
    let covered = search.policy.household.people().iter().zip(1..).filter(|(person, _)| person.needs_cover);
    page.people = covered
        .zip(&year.people)
        .map(|((person, n), of)| person_view(cx, words::person(cx, n, person.age), of))
        .collect();
    let line = |key: &str, amount: Cents| amount_line(cx, key, amount.dollars_cents());
    let premium = cx.tf("year.premiums", &[("premium", &offer.net().dollars_cents())]);
    page.sum = vec![
        Line::new(&premium, year.premium.dollars_cents(), Some("premium")),
        line("year.deductible", year.paid.deductible),
        line("year.copays", year.paid.copays),
        line("year.coinsurance", year.paid.coinsurance),
        line("year.uncovered", year.paid.uncovered),
        line("year.total", year.total),
    ];
    page.limits = limits(cx, offer);
    page.notes = notes(cx, offer, &estimate);
}

fn amount_line(cx: &Cx, key: &str, words: String) -> Line {
    Line::new(cx.t(key), words, None)
}

/// The amounts that cap the sum, as filed for the household's variant.
fn limits(cx: &Cx, offer: &Offer) -> Vec<Line> {
    let Some(costs) = offer.facts.costs.as_deref() else { return Vec::new() };
    let mut lines = Vec::new();
    for (kind, of) in [("deductible", &costs.deductible), ("moop", &costs.maximum)] {
        for (scope, amounts) in [("combined", of.combined), ("medical", of.medical), ("drug", of.drug)] {
            let whose =
                [("individual", amounts.individual), ("per_person", amounts.person), ("family", amounts.family)];
            for (who, amount) in whose {
                let Some(amount) = amount else { continue };
                let term = format!("{} · {}", cx.t(&format!("limit.{kind}_{scope}")), cx.t(&format!("limit.{who}")));
                lines.push(Line::new(&term, Card::amount_words(cx, Some(amount)), None));
            }
        }
    }
    lines
}

fn kinds(paid: &Paid) -> [PartView; 4] {
    let part = |key, cents: Cents| PartView { key, words: cents.dollars_cents(), none: cents == Cents::ZERO };
    [
        part("year.deductible", paid.deductible),
        part("year.copays", paid.copays),
        part("year.coinsurance", paid.coinsurance),
        part("year.uncovered", paid.uncovered),
    ]
}

fn person_view(cx: &Cx, name: String, of: &PersonYear) -> PersonLines {
    let lines = of.lines.iter().map(|line| LineView {
        service: service_words(cx, line.service).to_string(),
        basis: match line.basis {
            Basis::Filed => None,
            Basis::Average => Some(cx.t("year.basis_average").to_string()),
            Basis::NotCovered => Some(cx.t("year.basis_not_covered").to_string()),
        },
        units: units(line.units),
        allowed: line.allowed.dollars_cents(),
        paid: kinds(&line.paid),
        total: line.paid.total().dollars_cents(),
    });
    PersonLines { name, lines: lines.collect(), paid: kinds(&of.paid), total: of.paid.total().dollars_cents() }
}

/// A mean number of units, rarely whole: two decimals, without trailing zeros.
fn units(units: f64) -> String {
    let text = format!("{units:.2}");
    match text.as_str() {
        "0.00" => "< 0.01".to_string(),
        text => text.trim_end_matches('0').trim_end_matches('.').to_string(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn units_are_written_as_short_as_they_can_be() {
        assert_eq!([1.624, 2.0, 0.001, 10.5].map(super::units), ["1.62", "2", "< 0.01", "10.5"]);
    }
}
