//! What the pages of choosing say: whose prices, from when, what a plan loses, why not now.
//!
//! Called by every page of this room. It puts into words what `enrollment` and `quote` answer, and must never decide, price, or
//! say that one plan is better.

use super::around::{Around, names};
use crate::application::sheet::RowId;
use crate::eligibility::tables::CsrLevel;
use crate::enrollment::choice::{GroupChoice, Use};
use crate::enrollment::dates::{Closed, NotNow};
use crate::enrollment::dental::children;
use crate::enrollment::record::State;
use crate::enrollment::special_rules::SpecialRules;
use crate::filing::codes::{Feature, Metal, Product};
use crate::quote::ask::address::Search;
use crate::quote::policy::Credit;
use crate::shop::view::Card;
use crate::shop::words::search::warnings_for;
use crate::types::Cents;
use crate::web::page::Cx;
use time::Date;

/// Whose prices these are, from which day, and until when a plan can be chosen.
pub fn lead(cx: &Cx, around: &Around, search: &Search) -> Vec<String> {
    let day = around.start.as_ref().map_or(around.results.assumed_start, |start| start.day);
    let start = cx.date(day);
    // Not exact: the surcharge for tobacco is not in our data, or the premiums are made up.
    let is_exact = warnings_for(cx, &around.catalogue, search).0.is_empty();
    let first = match most(search) {
        _ if !is_exact => cx.tf("choose.lead_about", &[("start", &start)]),
        _ if search.product == Product::Dental => cx.tf("choose.lead_dental", &[("start", &start)]),
        Cents::ZERO => cx.tf("choose.lead_full", &[("start", &start)]),
        most => cx.tf("choose.lead_credit", &[("start", &start), ("credit", &most.dollars_cents())]),
    };
    let last = match &around.start {
        Ok(start) => start.sign_by.map(|by| cx.tf("choose.until", &[("by", &cx.date(by))])),
        Err(_) => Some(cx.t("choose.lead_not_now").to_string()),
    };
    [first].into_iter().chain(last).collect()
}

/// The most that a plan can use of the credit.
pub fn most(search: &Search) -> Cents {
    match &search.policy.credit {
        Some(Credit::Fixed(fixed)) => fixed.most(),
        _ => Cents::ZERO,
    }
}

/// What has to be proved before an insurer is told, in the order of the page: why, by when, what comes after it, what to send.
pub struct Proof {
    pub lines: Vec<String>,
    pub documents: Vec<String>,
}

/// Before and after signing.
pub fn proof(cx: &Cx, (kind, event): (&str, Date), due: Date) -> Proof {
    let name = cx.t(&format!("sep.{kind}.name"));
    let documents = SpecialRules::of_build().documents(kind, cx.today());
    Proof {
        lines: vec![
            cx.tf("event_proof.because", &[("event", name), ("date", &cx.date(event))]),
            cx.tf("event_proof.by", &[("date", &cx.date(due))]),
            cx.t("event_proof.only_then").to_string(),
            cx.t("event_proof.start_stays").to_string(),
        ],
        documents: documents.iter().map(|name| cx.t(&format!("proof.document.{name}")).to_string()).collect(),
    }
}

/// That not all plans can be had in this period, and how many are left out; `None`: all can.
pub fn only(cx: &Cx, around: &Around, (search, withheld): (&Search, usize)) -> Option<String> {
    let only = search.policy.only.as_ref().filter(|_| withheld > 0)?;
    let kind = around.start.as_ref().map_or("", |start| start.why.code());
    let event = cx.known(&format!("sep.{kind}.name")).unwrap_or_default();
    let key = match only.ways.first().is_some_and(|way| way.metals.is_empty()) {
        true => "choose.only_plan",
        false => "choose.only_level",
    };
    Some(cx.tf(key, &[("event", event), ("n", &withheld.to_string())]))
}

/// How much of the credit is used in advance; of dental plans, what health plans leave of it.
pub fn help(cx: &Cx, around: &Around, search: &Search) -> Vec<String> {
    if search.product == Product::Dental {
        let left = Some(most(search)).filter(|most| *most > Cents::ZERO);
        return left
            .map(|most| cx.tf("choose.help_dental", &[("credit", &most.dollars_cents())]))
            .into_iter()
            .collect();
    }
    let less = around.choice.credit.iter().any(|(_, wanted)| *wanted != Use::All);
    match (less, most(search)) {
        (true, Cents::ZERO) => vec![cx.t("choose.help_none").to_string()],
        (true, most) => vec![cx.tf("choose.help_part", &[("credit", &most.dollars_cents())])],
        (false, Cents::ZERO) => Vec::new(),
        (false, most) => vec![cx.tf("choose.help_all", &[("credit", &most.dollars_cents())])],
    }
}

/// What somebody should know of a chosen plan before signing: nothing is advised.
pub fn warnings(cx: &Cx, around: &Around, (search, group): (&Search, &GroupChoice), card: &Card) -> Vec<String> {
    let mut found = Vec::new();
    let silver_only = matches!(search.level(), CsrLevel::Csr73 | CsrLevel::Csr87 | CsrLevel::Csr94);
    if silver_only && card.metal() != Some(Metal::Silver) {
        found.push(match around.choice.groups.len() {
            1 => cx.t("choose.warn_silver").to_string(),
            // Others of the household can have another plan.
            _ => cx.tf(
                "choose.warn_silver_plan",
                &[("plan", &card.name), ("names", &names(cx, &around.results, &group.people))],
            ),
        });
    }
    if card.credit_barred {
        found.push(cx.t("choose.warn_catastrophic").to_string());
    }
    let has_plan = |row: &RowId| group.dental.is_some() && group.with_dental().contains(row);
    let children: Vec<RowId> = children(&around.asking(cx), group).into_iter().filter(|row| !has_plan(row)).collect();
    if !children.is_empty() && !card.packed.has(Feature::ChildDental) {
        let names = names(cx, &around.results, &children);
        let sold = around.catalogue.variants.has_dental();
        let key = if sold { "choose.warn_dental" } else { "choose.warn_dental_not_here" };
        found.push(cx.tf(key, &[("names", &names)]));
    }
    found
}

/// Why no plan can be chosen today, when that is possible again, and what would open it before.
pub fn not_now(cx: &Cx, around: &Around, closed: &NotNow) -> Vec<String> {
    let year = around.results.plan_year.to_string();
    let event = |kind: &str| cx.known(&format!("sep.{kind}.name")).unwrap_or_default().to_string();
    let mut lines = vec![match &closed.why {
        Closed::NotYet => cx.tf("choose.not_yet", &[("year", &year)]),
        Closed::Over { kind: None, on: Some(on) } => cx.tf("choose.over", &[("year", &year), ("on", &cx.date(*on))]),
        Closed::Over { kind: None, on: None } => cx.tf("choose.over_unknown", &[("year", &year)]),
        Closed::Over { kind: Some(kind), on } => {
            let on = on.map(|on| cx.date(on)).unwrap_or_default();
            cx.tf("choose.over_event", &[("event", &event(kind)), ("on", &on)])
        }
        Closed::NoPriorCoverage { kind } => cx.tf("choose.no_prior", &[("event", &event(kind))]),
        Closed::OtherYear { kind, start } => {
            let next = start.year().to_string();
            let values = [("event", &event(kind)[..]), ("start", &cx.date(*start)), ("next", &next), ("year", &year)];
            cx.tf("choose.other_year", &values)
        }
        Closed::Used { kind, on } => cx.tf("choose.used", &[("event", &event(kind)), ("on", &cx.date(*on))]),
        Closed::Decided { kind } => cx.tf("choose.decided", &[("event", &event(kind))]),
        Closed::Unknown => cx.tf("choose.unknown", &[("year", &year)]),
    }];
    lines.extend(closed.opens.map(|opens| cx.tf("choose.opens", &[("on", &cx.date(opens))])));
    lines.push(cx.t("choose.opens_before").to_string());
    lines
}

/// Where an enrollment stands.
pub fn state_words(cx: &Cx, state: State) -> &str {
    cx.t(match state {
        State::Signed => "choose.state.signed",
        State::WaitingProof => "choose.state.waiting_proof",
        State::Sent => "choose.state.sent",
        State::Accepted => "choose.state.accepted",
        State::Confirmed => "choose.state.confirmed",
        State::Ended => "choose.state.ended",
        State::Rejected => "choose.state.rejected",
        State::Cancelled => "choose.state.cancelled",
    })
}
