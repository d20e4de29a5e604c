//! `/account/apply/packet`: the application on paper, blank or with a person's own answers, from the same list of steps as
//! the pages; and the sheet that an employer fills in.

use askama::Template;
use axum::http::StatusCode;

use super::around::{around, found, view};
use super::check::lines;
use super::field::{Control, Field, Words};
use crate::application::flow;
use crate::application::sheet::{HOUSEHOLD, RowId, Sheet, Table, YOU};
use crate::application::steps::{Of, Per, Question, STEPS, coverage};
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::web::page::{self, CachePolicy, Cx};

/// People that a blank packet has room for, and the most that one is printed for.
const PEOPLE: usize = 2;
const PEOPLE_MAX: usize = 12;

/// One page of questions.
struct Sheetful {
    title: String,
    lead: Option<String>,
    blank: Vec<Field>,
    /// Question and answer.
    answers: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "apply/packet.html")]
struct PacketPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    title: String,
    lead: String,
    /// Empty, or with one's own answers.
    which: String,
    /// The other of the two: its address and words.
    other: Option<(String, String)>,
    sheets: Vec<Sheetful>,
}

/// `GET /account/apply/packet`: `?blank=N` for N people; else one's own answers, or a blank one.
pub async fn show(desk: Desk) -> Answer {
    let cx = &desk.cx;
    let blank = cx.said_of("blank");
    let own = match blank {
        Some(_) => None,
        None => found(&desk).await?,
    };
    let has_own = own.is_some() || found(&desk).await?.is_some();
    let (sheet, is_blank) = match own {
        Some(open) => (open.sheet.clone(), false),
        None => (blank_for(blank.and_then(|n| n.parse().ok()).unwrap_or(PEOPLE)), true),
    };
    let around = around(cx, &sheet);
    let view = view(&sheet, &around)?;
    let words = Words::new(cx, &view);
    let sheets = match is_blank {
        true => blank_pages(&words),
        false => flow::places(&view)
            .iter()
            .map(|place| Sheetful {
                title: words.title(place.step, place.row),
                lead: None,
                blank: Vec::new(),
                answers: lines(&words, place),
            })
            .collect(),
    };
    let template = PacketPage {
        bar: bar(cx, &desk.visitor),
        title: cx.t("apply.packet.title").to_string(),
        lead: cx.t("apply.packet.lead").to_string(),
        which: cx.t(if is_blank { "apply.packet.blank" } else { "apply.packet.own" }).to_string(),
        other: match is_blank {
            true => has_own.then(|| (cx.href("/account/apply/packet"), cx.t("apply.packet.own").to_string())),
            false => {
                let people = view.people().count();
                let address = cx.href(&format!("/account/apply/packet?blank={people}"));
                Some((address, cx.t("apply.packet.blank").to_string()))
            }
        },
        sheets,
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// A document with so many people and nothing said.
fn blank_for(people: usize) -> Sheet {
    let mut sheet = Sheet::default();
    for _ in 1..people.clamp(1, PEOPLE_MAX) {
        sheet.add(Table::People);
    }
    sheet
}

/// Every question of every step, for each person: on paper nothing can be left out because of another answer.
fn blank_pages(words: &Words) -> Vec<Sheetful> {
    let people: Vec<_> = words.view.people().collect();
    let mut sheets = Vec::new();
    // What has changed is asked of whoever has sent an application already.
    for step in STEPS.iter().filter(|step| step.name != "changed") {
        let rows = match (step.per, step.name) {
            (Per::Household, _) => vec![HOUSEHOLD],
            (Per::Each(_), "you") => vec![YOU],
            (Per::Each(_), "person") => people.iter().copied().filter(|row| *row != YOU).collect(),
            (Per::Each(_), "earners" | "income-total" | "offers" | "event") => vec![HOUSEHOLD],
            (Per::Each(_), "income") => vec![HOUSEHOLD],
            (Per::Each(_), _) => people.clone(),
        };
        for row in rows {
            let of = |question: &'static Question| {
                let rows = match question.of {
                    Of::Page => vec![row],
                    Of::Each(_) => people.clone(),
                };
                rows.into_iter().map(|row| words.field(question, row, None)).collect::<Vec<_>>()
            };
            sheets.push(Sheetful {
                // Of which kind, is for them to write.
                title: match step.name {
                    "income" => words.cx.t("apply.packet_income").to_string(),
                    "event" => words.cx.t("apply.packet_event").to_string(),
                    _ => words.title(step, row),
                },
                lead: words.lead(step, row),
                blank: step.questions.iter().flat_map(of).collect(),
                answers: Vec::new(),
            });
        }
    }
    sheets
}

/// `GET /account/apply/employer`: what a job offers, for somebody at work to fill in. A sheet for each person whose job
/// offers something, as far as it is known who that is.
pub async fn employer(desk: Desk) -> Answer {
    let cx = &desk.cx;
    let own = found(&desk).await?.map(|open| open.sheet);
    let sheet = own.filter(|sheet| !sheet.get("first_name", YOU).is_empty()).unwrap_or_else(|| unnamed(cx));
    let around = around(cx, &sheet);
    let view = view(&sheet, &around)?;
    let words = Words { cx, view: &view, for_others: true };
    let offered = view.offered();
    let rows = if offered.is_empty() { vec![YOU] } else { offered };
    let sheetful = |row: &RowId| {
        // What only the employee can say is not asked of the employer.
        let of_employer = |question: &&Question| !["offer_cost_known", "hra_accepted"].contains(&question.name);
        let questions = coverage::OFFER.questions.iter().filter(of_employer);
        let questions = questions.map(|question| words.field(question, *row, None));
        Sheetful {
            title: words.title(&coverage::OFFER, *row),
            lead: Some(cx.t("apply.employer.who").to_string()),
            blank: questions.chain([line(cx.t("apply.employer.filled_in"))]).collect(),
            answers: Vec::new(),
        }
    };
    let template = PacketPage {
        bar: bar(cx, &desk.visitor),
        title: cx.t("apply.employer.title").to_string(),
        lead: cx.t("apply.employer.lead").to_string(),
        which: String::new(),
        other: None,
        sheets: rows.iter().map(sheetful).collect(),
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// An employee with a family, nobody by name.
fn unnamed(cx: &Cx) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.set("first_name", YOU, cx.t("apply.employer.employee"));
    for family in ["apply.employer.spouse", "apply.employer.dependents"] {
        if let Some(row) = sheet.add(Table::People) {
            sheet.set("first_name", row, cx.t(family));
        }
    }
    sheet
}

/// A line to write on that is no question of the application.
fn line(label: &str) -> Field {
    let control = Control::Text { value: String::new(), kind: "text", mode: "", complete: "off", money: false };
    let label = label.to_string();
    Field { id: String::new(), label, hint: None, fault: None, other: None, optional: false, control }
}
