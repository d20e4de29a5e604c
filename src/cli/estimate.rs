//! `windowshop estimate`: a plan and people as JSON in, the yearly cost line by line as JSON out.
//!
//! Called by `main`; for analysts and outside test suites. It must add nothing to what `estimate` says.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use serde_json::{Value, json};

use crate::costs::Model;
use crate::costs::estimate::{Basis, Estimate, Paid, Year};
use crate::costs::input::{Doubt, Question};
use crate::costs::price_index::{AS_THEY_ARE, price_index};
use crate::costs::range::Estimator;
use crate::costs::rules::{DataNote, Rules};
use crate::costs::utilization::PRICE_LEVEL;
use crate::types::Cents;

/// Questions in one list: answered within seconds, in memory that any machine has.
const QUESTIONS_MAX: usize = 5_000;
/// People in one question: more than any policy covers.
const PEOPLE_MAX: usize = 50;

/// Yearly cost of one plan for one household, line by line. The input is described in `docs/costs.md`.
#[derive(Debug, clap::Args)]
pub struct EstimateArgs {
    /// A JSON file with one question or a list of them; `-` reads standard input
    pub file: PathBuf,
    /// `cms` follows CMS's program exactly; `shop` is what the pages show
    #[arg(long, value_enum, default_value_t = ModelArg::Shop)]
    pub model: ModelArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ModelArg {
    Cms,
    Shop,
}

/// Reads, estimates, prints. A plan without enough filed data is an answer (`estimate` is null, `reason` says why).
///
/// # Errors
///
/// If the file cannot be read, the text is not JSON, or a field is not understood (named by its path).
pub fn command(args: &EstimateArgs) -> anyhow::Result<ExitCode> {
    let text = if args.file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read")?;
        text
    } else {
        std::fs::read_to_string(&args.file).with_context(|| format!("{} cannot be read", args.file.display()))?
    };
    let model = if args.model == ModelArg::Cms { Model::Cms } else { Model::Shop };
    let answer = answer_text(&text, model).with_context(|| args.file.display().to_string())?;
    writeln!(std::io::stdout().lock(), "{answer:#}").context("the answer cannot be written")?;
    Ok(ExitCode::SUCCESS)
}

/// Answers a JSON text: one question, or a list of them.
///
/// # Errors
///
/// As `command`.
pub fn answer_text(text: &str, model: Model) -> anyhow::Result<Value> {
    let value: Value = serde_json::from_str(text).context("this is not JSON")?;
    match value {
        Value::Array(list) => {
            let n = list.len();
            anyhow::ensure!(n <= QUESTIONS_MAX, "a list of {n} questions; at most {QUESTIONS_MAX} at once");
            let one = |(i, value)| answer(value, model).with_context(|| format!("question {i}"));
            Ok(Value::Array(list.iter().enumerate().map(one).collect::<Result<_, _>>()?))
        }
        value => answer(&value, model),
    }
}

fn answer(value: &Value, model: Model) -> anyhow::Result<Value> {
    let question = Question::read(value)?;
    let n = question.people.len();
    anyhow::ensure!(n <= PEOPLE_MAX, "a household of {n} people; at most {PEOPLE_MAX}");
    let (factor, source) = factor(&question, model);
    let mut notes: Vec<String> = question.doubts.iter().map(|d| doubt_text(d, model)).collect();
    let estimated = Rules::new(&question.plan, model).and_then(|rules| {
        notes.extend(rules.notes().iter().map(note_text));
        Estimator::new(&question.people, model, factor).estimate(&rules, question.monthly_premium)
    });
    let (estimate, reason) = match estimated {
        Ok(estimate) => (estimate_json(&estimate, model), Value::Null),
        Err(gap) => (Value::Null, json!(gap.to_string())),
    };
    Ok(json!({
        "model": if model == Model::Cms { "cms" } else { "shop" },
        "price_level": PRICE_LEVEL,
        "price_factor": f64::from(factor) / 1e6,
        "price_factor_source": source,
        "estimate": estimate,
        "reason": reason,
        "notes": notes,
    }))
}

/// The factor asked for; otherwise 1 for `cms`, which calculates in 2014 prices, or the year's index for `shop`.
fn factor(question: &Question, model: Model) -> (u32, String) {
    match (question.factor_millionths, model) {
        (Some(factor), _) => (factor, "given in the input".to_string()),
        (None, Model::Cms) => (AS_THEY_ARE, "the table's own prices".to_string()),
        (None, Model::Shop) => {
            let row = price_index(question.plan_year.unwrap_or(u16::MAX));
            let source = format!(
                "premium adjustment percentage of plan year {} (45 CFR 156.130(e)): {}",
                row.plan_year, row.citation
            );
            (row.millionths, source)
        }
    }
}

fn doubt_text(doubt: &Doubt, model: Model) -> String {
    let open = if model == Model::Cms { "medium use is taken" } else { "any year is taken as possible" };
    match doubt {
        Doubt::NoSex { person } => format!("people[{person}]: no sex given; the mean of both sexes is taken"),
        Doubt::UnknownSex { person, given } => {
            format!("people[{person}]: the table has no sex \"{given}\"; the mean of both sexes is taken")
        }
        Doubt::UnknownUse { person, given } => {
            format!("people[{person}]: no use level or condition \"{given}\"; {open}")
        }
    }
}

fn note_text(note: &DataNote) -> String {
    match note {
        DataNote::AverageShare(s) => format!("{}: nothing filed; the plan's average share is taken", s.code()),
        DataNote::PreventiveByLaw => "op_prev: nothing filed; free in network by law (45 CFR 147.130)".to_string(),
        DataNote::GeneralRule(s) => {
            format!("{}: CMS's table does not have this pair of words; read by the general rule", s.code())
        }
        DataNote::Repeated(s) => format!("{}: nothing filed; CMS's program repeats the service before it", s.code()),
    }
}

fn estimate_json(estimate: &Estimate, model: Model) -> Value {
    if model == Model::Cms {
        return json!({ "year": year_json(&estimate.average) });
    }
    json!({
        "good": year_json(&estimate.good),
        "average": year_json(&estimate.average),
        "bad": year_json(&estimate.bad),
        "filed_share": f64::from(estimate.filed_share) / 10_000.0,
    })
}

/// Dollars with at most two decimals.
fn dollars(cents: Cents) -> Value {
    json!(cents.0 as f64 / 100.0)
}

fn paid_json(paid: &Paid) -> Value {
    json!({
        "deductible": dollars(paid.deductible),
        "copays": dollars(paid.copays),
        "coinsurance": dollars(paid.coinsurance),
        "uncovered": dollars(paid.uncovered),
        "out_of_pocket": dollars(paid.total()),
    })
}

fn year_json(year: &Year) -> Value {
    let people = year.people.iter().map(|person| {
        let lines = person.lines.iter().map(|line| {
            json!({
                "service": line.service.code(),
                "units": (line.units * 1000.0).round() / 1000.0,
                "allowed": dollars(line.allowed),
                "paid": paid_json(&line.paid),
                "plan_pays": dollars(line.allowed - line.paid.total()),
                "basis": match line.basis {
                    Basis::Filed => "filed",
                    Basis::Average => "average share",
                    Basis::NotCovered => "not covered",
                },
            })
        });
        json!({ "paid": paid_json(&person.paid), "services": lines.collect::<Vec<_>>() })
    });
    json!({
        "premium": dollars(year.premium),
        "allowed": dollars(year.allowed),
        "paid": paid_json(&year.paid),
        "out_of_pocket": dollars(year.paid.total()),
        "total": dollars(year.total),
        "years": year.years,
        "maximum_reached_in": year.maximum_reached,
        "people": people.collect::<Vec<_>>(),
    })
}
