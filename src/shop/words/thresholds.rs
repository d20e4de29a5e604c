//! "What would change it": the engine's thresholds in dollars and words.
//!
//! Called by the page "How we worked this out". Amounts are whole dollars on the side where the answer differs from
//! today's: the first dollar above for more income, the last dollar below for less.

use crate::eligibility::CsrLevel;
use crate::eligibility::thresholds::{Side, Threshold, Turn, What, nearest};
use crate::types::Cents;
use crate::web::page::Cx;

use crate::shop::words::reasons::percent_words;

/// An income and what it would turn.
pub struct Change {
    /// "At $62,601 or more".
    pub at: String,
    pub turns: Vec<String>,
}

/// (the nearest below and above, all), each from the lowest income to the highest.
pub fn changes(cx: &Cx, thresholds: &[Threshold], people: usize) -> (Vec<Change>, Vec<Change>) {
    let (below, above) = nearest(thresholds);
    let near = below.into_iter().chain(above).map(|threshold| change(cx, threshold, people)).collect();
    (near, thresholds.iter().map(|threshold| change(cx, threshold, people)).collect())
}

fn change(cx: &Cx, threshold: &Threshold, people: usize) -> Change {
    let whole = threshold.at_most.0.div_euclid(100);
    let (key, dollars) = match threshold.ahead {
        true => ("how.at_or_more", whole + 1),
        false => ("how.at_or_less", whole),
    };
    let turns = gathered(cx, threshold).into_iter().map(|(persons, words)| {
        // Nobody in particular, or everyone: no names.
        if persons.is_empty() || persons.len() == people {
            return words;
        }
        let names: Vec<String> = persons.iter().map(|n| cx.tf("how.person", &[("n", n)])).collect();
        format!("{}: {words}", names.join(", "))
    });
    Change { at: cx.tf(key, &[("amount", &Cents(dollars * 100).dollars())]), turns: turns.collect() }
}

/// What turns, with the people whom it turns for: the same words are said once.
fn gathered<'t>(cx: &Cx, threshold: &'t Threshold) -> Vec<(Vec<&'t str>, String)> {
    let mut out: Vec<(Vec<&str>, String)> = Vec::new();
    for turn in &threshold.turns {
        let words = turn_words(cx, turn, threshold.ahead);
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
            cx.tf("how.turn_csr", &[("from", &level(from)), ("to", &level(to))])
        }
        (_, Side::Percent(from), Side::Percent(to)) => {
            cx.tf("how.turn_percentage", &[("from", &percent_words(cx, from)), ("to", &percent_words(cx, to))])
        }
        (What::Credit | What::Csr | What::ApplicablePercentage, ..) => begins_or_ends("credit"),
    }
}
