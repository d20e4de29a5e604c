//! `/account/plan/credit`: all, part or none of the tax credit in advance, for each tax household that has one; and what tax time
//! makes of it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::around::{Around, around, names};
use crate::application::sheet::RowId;
use crate::enrollment::choice::{Choice, PartFault, Use};
use crate::enrollment::results::TaxResult;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::shop::home::FieldFault;
use crate::types::Cents;
use crate::web::page::{self, CachePolicy, Cx};

/// One tax household's question.
struct Question {
    /// Of the first filer: fields are `use.1` and `part.1`.
    row: RowId,
    legend: String,
    /// `all`, `part`, `none`.
    picked: &'static str,
    amount: String,
    hint: String,
    fault: Option<String>,
}

#[derive(Template)]
#[template(path = "choose/credit.html")]
struct CreditPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    version: i64,
    questions: Vec<Question>,
    faults: Vec<FieldFault>,
}

/// `GET /account/plan/credit`
pub async fn show(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    let questions = with_credit(&around).map(|(row, tax)| as_saved(&desk.cx, &around, row, tax)).collect();
    Ok(page(&desk, &around, questions))
}

/// Tax households that have a credit, each by its first filer.
fn with_credit(around: &Around) -> impl Iterator<Item = (RowId, &TaxResult)> {
    let named = |tax: &TaxResult| tax.filers.first().or(tax.members.first()).copied();
    let with = around.results.tax_households.iter().filter(|tax| tax.credit > Cents::ZERO);
    with.filter_map(move |tax| Some((named(tax)?, tax)))
}

fn question(cx: &Cx, around: &Around, row: RowId, tax: &TaxResult) -> Question {
    let eligible: Vec<RowId> = tax.eligible.iter().map(|(row, _)| *row).collect();
    let (names, most) = (names(cx, &around.results, &eligible), tax.credit.dollars_cents());
    Question {
        row,
        legend: cx.tf("choose.credit_legend", &[("names", &names), ("most", &most)]),
        picked: "all",
        amount: String::new(),
        hint: cx.tf("choose.credit_hint", &[("most", &most)]),
        fault: None,
    }
}

fn as_saved(cx: &Cx, around: &Around, row: RowId, tax: &TaxResult) -> Question {
    let (picked, amount) = match around.choice.wants(Some(row)) {
        Use::All => ("all", String::new()),
        Use::None => ("none", String::new()),
        Use::Part { monthly } => ("part", monthly.decimal()),
    };
    Question { picked, amount, ..question(cx, around, row, tax) }
}

fn page(desk: &Desk, around: &Around, questions: Vec<Question>) -> Response {
    let cx = &desk.cx;
    let fault = |question: &Question| {
        let words = question.fault.clone()?;
        Some(FieldFault { field: format!("part.{}", question.row), words })
    };
    let faults: Vec<FieldFault> = questions.iter().filter_map(fault).collect();
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let template = CreditPage { bar: bar(cx, &desk.visitor), version: around.version, questions, faults, cx };
    page::render_status(cx, status, template, CachePolicy::Private)
}

/// `POST /account/plan/credit`
pub async fn post(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    around.is_seen(&desk)?;
    let cx = &desk.cx;
    let mut questions = Vec::new();
    let mut credit = Vec::new();
    for (row, tax) in with_credit(&around) {
        let typed = desk.form.get(&format!("part.{row}")).to_string();
        let picked = match desk.form.get(&format!("use.{row}")) {
            "none" => "none",
            "part" => "part",
            _ => "all",
        };
        let wanted = match picked {
            "none" => Ok(Use::None),
            // All of it, typed as a part, is all of it.
            "part" => part(cx, &typed, tax.credit).map(|wanted| match wanted {
                Use::Part { monthly } if monthly == tax.credit => Use::All,
                wanted => wanted,
            }),
            _ => Ok(Use::All),
        };
        let fault = wanted.as_ref().err().cloned();
        credit.extend(wanted.ok().map(|wanted| (row, wanted)));
        questions.push(Question { picked, amount: typed, fault, ..question(cx, &around, row, tax) });
    }
    if questions.iter().any(|question| question.fault.is_some()) {
        return Ok(page(&desk, &around, questions));
    }
    around.save(&desk, Choice { credit, ..around.choice.clone() }).await?;
    Ok(desk.go(super::ROOT))
}

/// What was typed as a part of the credit, or what is wrong with it.
fn part(cx: &Cx, typed: &str, most: Cents) -> Result<Use, String> {
    let most_words = most.dollars_cents();
    Use::part(typed, most).map_err(|fault| match fault {
        PartFault::Missing => cx.tf("choose.credit_missing", &[("most", &most_words)]),
        PartFault::Over => cx.tf("choose.credit_over", &[("most", &most_words)]),
        PartFault::Odd => cx.t("choose.credit_odd").to_string(),
    })
}
