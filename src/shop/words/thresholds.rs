//! "What would change it": the engine's thresholds in dollars and words.
//!
//! Called by the page "How we worked this out", and by the list for the nearest one. Amounts are whole dollars on the
//! side where the answer differs from today's: the first dollar above for more income, the last dollar below for
//! less. It must never round an amount across its threshold.

use crate::eligibility::CsrLevel;
use crate::eligibility::thresholds::{Side, Threshold, Turn, What, nearest};
use crate::quote::ask::address::Search;
use crate::shop::words::search::ages_words;
use crate::types::Cents;
use crate::web::page::Cx;

use crate::shop::words::reasons::percent_words;

/// An income and what would change there.
pub struct TurningPoint {
    /// "At $62,601 or more".
    pub at: String,
    pub turns: Vec<String>,
}

/// (the nearest below and above, all), each from the lowest income to the highest.
pub fn changes(cx: &Cx, thresholds: &[Threshold], people: usize) -> (Vec<TurningPoint>, Vec<TurningPoint>) {
    let (below, above) = nearest(thresholds);
    let near = below.into_iter().chain(above).map(|threshold| change(cx, threshold, people)).collect();
    (near, thresholds.iter().map(|threshold| change(cx, threshold, people)).collect())
}

/// The first whole dollar on the other side.
pub fn dollar_beyond(threshold: &Threshold) -> Cents {
    let whole = threshold.at_most.0.div_euclid(100);
    Cents((whole + i64::from(threshold.ahead)) * 100)
}

/// The nearest turning point: "Above $84,600 a year the tax credit ends: your cheapest plan would cost $1,643.92 a month."
pub fn turning(cx: &Cx, search: &Search, threshold: &Threshold, price: Option<Cents>) -> String {
    let credit = |ahead: bool| threshold.turns.iter().any(|turn| turn.what == What::Credit) && threshold.ahead == ahead;
    let last = Cents(threshold.at_most.0.div_euclid(100) * 100).dollars();
    let ends = |turn: &Turn| turn.what != What::Credit || turn.above == Side::No;
    let price = price.map(Cents::dollars_cents);
    if let Some(price) = price.as_deref().filter(|_| threshold.turns.iter().all(ends)) {
        let key = if credit(true) { "turn.credit_ends" } else { "turn.credit_begins" };
        return cx.tf(key, &[("amount", &last), ("price", price)]);
    }
    let found = gathered(cx, threshold.turns.iter().filter(|turn| !is_implied(threshold, turn)), threshold.ahead);
    // The same people in every part are named once, before what changes for them.
    let first = found.first().map(|(persons, _)| persons.clone()).unwrap_or_default();
    let once = found.iter().all(|(persons, _)| *persons == first);
    let turns = found.into_iter().map(|(persons, words)| match some_of(cx, search, &persons) {
        Some((_, ages)) if !once => format!("{words} ({ages})"),
        _ => words,
    });
    let turns = turns.collect::<Vec<_>>().join("; ");
    let at = match some_of(cx, search, &first).filter(|_| once) {
        Some((n, ages)) => {
            let key = if n == 1 { "turn.at_for.one" } else { "turn.at_for.other" };
            cx.tf(key, &[("at", &at_words(cx, threshold)), ("people", &ages)])
        }
        None => at_words(cx, threshold),
    };
    match price {
        Some(price) => cx.tf("turn.with_price", &[("at", &at), ("turns", &turns), ("price", &price)]),
        None => cx.tf("turn.plain", &[("at", &at), ("turns", &turns)]),
    }
}

/// Where someone comes to have Medicaid, CHIP or the like, nobody asks what became of their credit: that it ends goes
/// without saying.
fn is_implied(threshold: &Threshold, turn: &Turn) -> bool {
    let to = |turn: &Turn| if threshold.ahead { turn.above } else { turn.at_or_below };
    let public = |other: &Turn| {
        matches!(other.what, What::Medicaid | What::Chip | What::BasicHealth)
            && other.person == turn.person
            && !matches!(to(other), Side::No)
    };
    let ends = match turn.what {
        What::Credit => to(turn) == Side::No,
        What::Csr => matches!(to(turn), Side::No | Side::Csr(CsrLevel::None)),
        _ => false,
    };
    ends && turn.person.is_some() && threshold.turns.iter().any(public)
}

/// How many people, and their ages; `None` if it is nobody in particular, or everyone.
fn some_of(cx: &Cx, search: &Search, persons: &[&str]) -> Option<(usize, String)> {
    let all = search.household.people();
    let places = persons.iter().filter_map(|n| n.parse::<usize>().ok());
    let ages: Vec<u8> = places.filter_map(|n| Some(all.get(n.checked_sub(1)?)?.age)).collect();
    (!ages.is_empty() && ages.len() < all.len()).then(|| (ages.len(), ages_words(cx, &ages)))
}

/// "At $62,601 or more".
fn at_words(cx: &Cx, threshold: &Threshold) -> String {
    let key = if threshold.ahead { "how.at_or_more" } else { "how.at_or_less" };
    cx.tf(key, &[("amount", &dollar_beyond(threshold).dollars())])
}

fn change(cx: &Cx, threshold: &Threshold, people: usize) -> TurningPoint {
    let turns = gathered(cx, threshold.turns.iter(), threshold.ahead).into_iter().map(|(persons, words)| {
        // Nobody in particular, or everyone: no names.
        if persons.is_empty() || persons.len() == people {
            return words;
        }
        let names: Vec<String> = persons.iter().map(|n| cx.tf("how.person", &[("n", n)])).collect();
        format!("{}: {words}", names.join(", "))
    });
    TurningPoint { at: at_words(cx, threshold), turns: turns.collect() }
}

/// What changes, with the people it changes for: identical words are said once.
fn gathered<'t>(cx: &Cx, turns: impl Iterator<Item = &'t Turn>, ahead: bool) -> Vec<(Vec<&'t str>, String)> {
    let mut out: Vec<(Vec<&str>, String)> = Vec::new();
    for turn in turns {
        let words = turn_words(cx, turn, ahead);
        match out.iter_mut().find(|(_, other)| *other == words) {
            Some((persons, _)) => persons.extend(turn.person.as_deref()),
            None => out.push((turn.person.as_deref().into_iter().collect(), words)),
        }
    }
    out
}

fn turn_words(cx: &Cx, turn: &Turn, ahead: bool) -> String {
    let (from, to) = match ahead {
        true => (turn.at_or_below, turn.above),
        false => (turn.above, turn.at_or_below),
    };
    let begins_or_ends = |what: &str| {
        let how = match (from, to) {
            (Side::No, _) => "begins",
            (_, Side::No) => "ends",
            _ => "differs",
        };
        cx.t(&format!("how.turn_{what}_{how}")).to_string()
    };
    match (turn.what, from, to) {
        (What::Medicaid, ..) => begins_or_ends("medicaid"),
        (What::Chip, ..) => begins_or_ends("chip"),
        (What::BasicHealth, ..) => begins_or_ends("basic_health"),
        (What::CoverageGap, ..) => begins_or_ends("gap"),
        (_, Side::Csr(from), Side::Csr(to)) => {
            let level = |level: CsrLevel| cx.t(&format!("how.level_{}", level.word())).to_string();
            cx.tf(csr_key(from, to), &[("from", &level(from)), ("to", &level(to))])
        }
        (_, Side::Percent(from), Side::Percent(to)) => {
            cx.tf("how.turn_percentage", &[("from", &percent_words(cx, from)), ("to", &percent_words(cx, to))])
        }
        (What::Credit | What::Csr | What::ApplicablePercentage, ..) => begins_or_ends("credit"),
    }
}

/// Tribal levels lie beside the others, not above or below them.
fn csr_key(from: CsrLevel, to: CsrLevel) -> &'static str {
    let share = |level: CsrLevel| match level {
        CsrLevel::Csr73 => Some(73),
        CsrLevel::Csr87 => Some(87),
        CsrLevel::Csr94 => Some(94),
        CsrLevel::None | CsrLevel::Limited | CsrLevel::Zero => None,
    };
    match (from, to, share(from).zip(share(to))) {
        (CsrLevel::None, ..) => "how.turn_csr_begins",
        (_, CsrLevel::None, _) => "how.turn_csr_ends",
        (.., Some((from, to))) if from < to => "how.turn_csr_rises",
        (.., Some(_)) => "how.turn_csr_falls",
        _ => "how.turn_csr",
    }
}
