//! `GET /sheet?plan=…`: one page to take along: who it is for, the plans, their prices and how they were made, whom to
//! call, what to do by when. A navigator prints it and hands it over.
//!
//! The numbers are the comparison's. The page says the day it was made, so only the browser that requested it keeps it; the
//! address printed on it holds nothing private.

use askama::Template;
use axum::response::Response;

use crate::quote::plan_record::PlanRecord;
use crate::shop::compare::{Compared, compared};
use crate::shop::links::kept;
use crate::shop::next_step::NextStep;
use crate::shop::open::{Instead, Page, days, open};
use crate::shop::paper::Paper;
use crate::shop::plan::phone;
use crate::shop::view::{Card, whole_dollars};
use crate::shop::words::search as words;
use crate::web::page::{self, CachePolicy, Cx};

/// One plan of the sheet.
struct Plan {
    card: Card,
    /// "$5,950; good year $3,722, bad year $13,700".
    year: Option<String>,
    phone: String,
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage<'a> {
    cx: &'a Cx,
    day: String,
    who: String,
    back: String,
    plans: Vec<Plan>,
    /// Deductible and maximum are the family's.
    family: bool,
    dental: bool,
    /// How the prices were made.
    made: Vec<String>,
    warnings: Vec<String>,
    small_print: Vec<String>,
    notes: Vec<String>,
    next: Option<NextStep>,
    paper: Paper,
    /// The search, for whoever wants it kept; empty if the office knows the household.
    saved: Vec<(String, String)>,
}

/// `GET /sheet`, `GET /es/sheet`.
pub async fn sheet(cx: Cx) -> Result<Response, Instead> {
    let open = open(&cx, &Page::new("/sheet").on_a_day()).await?;
    let Compared { cards, records, notes, .. } = compared(&cx, &open).await?;
    let search = &open.search;
    let day = days(&cx, search.state()).own;
    // Paper is printed for one household: no shared cache keeps it.
    let caching = match open.caching {
        CachePolicy::Public { version } | CachePolicy::Own { version } => CachePolicy::Own { version },
        CachePolicy::Private => CachePolicy::Private,
    };
    let ids: Vec<&str> = cards.iter().map(|card| card.plan_id.as_str()).collect();
    let paper = Paper::new(&cx, &open.catalogue, search, &ids);
    let (warnings, small_print) = words::warnings_for(&cx, &open.catalogue, search);
    let template = SheetPage {
        day: cx.date(day),
        who: words::who(&cx, search),
        back: cx.href(&format!("/compare?{}", search.canonical())),
        family: search.policy.household.is_family(),
        dental: cards.iter().all(|card| card.cost.is_none()),
        made: made(&cx, search.finances.is_some() || search.known, &cards),
        warnings,
        small_print,
        notes: open.notes.iter().chain(&notes).cloned().collect(),
        next: if search.known { None } else { NextStep::new(&cx, search) },
        plans: cards.into_iter().zip(&records).map(|(card, record)| plan(&cx, card, record)).collect(),
        saved: if search.known { Vec::new() } else { kept(search) },
        paper,
        cx: &cx,
    };
    Ok(page::render(&cx, template, caching))
}

fn plan(cx: &Cx, card: Card, record: &PlanRecord) -> Plan {
    let year = match card.range() {
        Some(range) => Some(cx.tf(
            "sheet.year",
            &[
                ("average", &card.cost_words(cx, range.average)),
                ("good", &whole_dollars(range.good)),
                ("bad", &whole_dollars(range.bad)),
            ],
        )),
        None => card.gap_words(cx),
    };
    Plan { year, phone: phone(cx, record).words, card }
}

/// What a price rests on: ages and place; the income and the credit that we estimate; and who decides.
fn made(cx: &Cx, with_income: bool, cards: &[Card]) -> Vec<String> {
    let helped = cards.iter().any(|card| card.credit.0 > 0);
    let credit = match (with_income, helped) {
        (_, true) => "sheet.made_credit",
        (true, false) => "sheet.made_no_credit",
        (false, false) => "sheet.made_full",
    };
    ["sheet.made_premium", credit].map(|key| cx.t(key).to_string()).into()
}
