//! The engine's reasons in words: the rule, what it read, what it compared, its outcome, the law.
//!
//! Called by the page "How we worked this out". It must say only what `eligibility` decided; citations are data and
//! stay the same in both languages.

use crate::eligibility::law::law;
use crate::eligibility::rounding::Pct;
use crate::eligibility::tables::Status;
use crate::eligibility::{Compared, Input, Outcome, Reason, Rule, Value};
use crate::web::page::Cx;

/// One reason, ready to print.
pub struct Step {
    pub rule: String,
    /// "Met", "Not met", or "Used in the numbers".
    pub outcome: String,
    /// "income 240.58% of the poverty line, limit 400.00%".
    pub compared: Option<String>,
    /// "family size: 1; poverty line: $15,650".
    pub read: Option<String>,
    /// The law that the row names; empty: it names none.
    pub citation: String,
    /// Why the citation should be read with care.
    pub unverified: Option<String>,
}

/// `fpl`: income as a percentage of the poverty line, for rules that compare dollars with a limit based on it.
/// `alone`: nobody else is on the list, so a person is "you".
pub fn steps(cx: &Cx, reasons: &[Reason], fpl: Option<Pct>, alone: bool) -> Vec<Step> {
    reasons.iter().map(|reason| step(cx, reason, fpl, alone)).collect()
}

/// A person of the list by number.
pub fn numbered(cx: &Cx, id: &str, alone: bool) -> String {
    match alone {
        true => cx.t("ask.person_you").to_string(),
        false => cx.tf("how.person", &[("n", id)]),
    }
}

fn step(cx: &Cx, reason: &Reason, fpl: Option<Pct>, alone: bool) -> Step {
    let outcome = match reason.outcome {
        Outcome::Met => "how.met",
        Outcome::NotMet => "how.not_met",
        Outcome::Noted => "how.noted",
    };
    // The group is part of the rule's name: the same rule is applied to several groups in turn.
    let (group, inputs): (Vec<&Input>, Vec<&Input>) = reason.inputs.iter().partition(|input| input.name == "group");
    let inputs: Vec<String> = inputs.into_iter().map(|input| input_words(cx, input, alone)).collect();
    let mut rule = cx.t(&format!("rule.{}", reason.rule.code())).to_string();
    for input in group {
        rule.push_str(": ");
        rule.push_str(&value_words(cx, &input.value));
    }
    Step {
        rule,
        outcome: cx.t(outcome).to_string(),
        compared: reason.compared.as_ref().map(|compared| compared_words(cx, reason, compared, fpl)),
        read: (!inputs.is_empty()).then(|| inputs.join("; ")),
        citation: law(&reason.citation.text),
        unverified: (reason.status == Status::Unverified).then(|| cx.t("how.unverified").to_string()),
    }
}

fn input_words(cx: &Cx, input: &Input, alone: bool) -> String {
    let name = match cx.known(&format!("input.{}", input.name)) {
        Some(words) => words.to_string(),
        None => tidy(input.name),
    };
    // These two refer to a person in the list by number.
    let words = match (&input.value, input.name) {
        (Value::Text(id), "person" | "child") => numbered(cx, id, alone),
        _ => value_words(cx, &input.value),
    };
    format!("{name}: {words}")
}

fn compared_words(cx: &Cx, reason: &Reason, compared: &Compared, fpl: Option<Pct>) -> String {
    let (amount, limit) = (value_words(cx, &compared.amount), value_words(cx, &compared.limit));
    let drawn = reason.inputs.iter().find_map(|input| match (input.name, &input.value) {
        ("maximum_fpl" | "minimum_fpl", Value::Percent(limit)) => Some(*limit),
        _ => None,
    });
    if let (Rule::CreditIncomeRange, Some(fpl), Some(drawn)) = (reason.rule, fpl, drawn) {
        let key = format!("how.compared_range_{}", compared.relation);
        let (percent, drawn) = (percent_words(cx, fpl), percent_words(cx, drawn));
        return cx
            .tf(&key, &[("percent", &percent), ("limit_percent", &drawn), ("amount", &amount), ("limit", &limit)]);
    }
    let key = match (reason.rule, &compared.amount) {
        (Rule::EmployerOffer, _) => "how.compared_offer".to_string(),
        (_, Value::Percent(_)) => "how.compared_fpl".to_string(),
        _ => format!("how.compared_{}", compared.relation),
    };
    cx.tf(&key, &[("amount", &amount), ("limit", &limit)])
}

/// A value as people read it.
pub fn value_words(cx: &Cx, value: &Value) -> String {
    match value {
        Value::Money(amount) => amount.dollars(),
        Value::Percent(percent) => percent_words(cx, *percent),
        // Some of these are years: no grouping.
        Value::Number(n) => n.to_string(),
        Value::YesNo(yes) => cx.t(if *yes { "words.yes" } else { "words.no" }).to_string(),
        Value::Word(word) => word_words(cx, word),
        Value::Text(word) => word_words(cx, word),
        Value::Day(day) => cx.tf(
            "how.date",
            &[
                ("month", cx.t(&format!("month.{}", u8::from(day.month())))),
                ("day", &day.day().to_string()),
                ("year", &day.year().to_string()),
            ],
        ),
    }
}

/// `240.58%`.
pub fn percent_words(cx: &Cx, percent: Pct) -> String {
    cx.tf("how.percent", &[("n", &percent.decimal())])
}

fn word_words(cx: &Cx, word: &str) -> String {
    cx.known(&format!("value.{word}"))
        .or_else(|| cx.known(&format!("income_kind.{word}")))
        .or_else(|| cx.known(&format!("apply.q.status.{word}")))
        .or_else(|| cx.known(&format!("apply.coverage.{word}")))
        .map_or_else(|| tidy(word), str::to_string)
}

/// `other_full_benefit` → `other full benefit`: for a name without a message.
fn tidy(name: &str) -> String {
    name.replace('_', " ")
}
