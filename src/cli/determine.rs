//! `windowshop determine`: households as JSON in, determinations with reasons as JSON out, one per line.
//!
//! Called by `main`, for analysts, auditors and outside test suites; schema in docs/determine.md. The caller supplies
//! today's date, and this file must add nothing to what the engine says.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::Serialize;
use time::Date;

use crate::eligibility::household::{FieldError, Household};
use crate::eligibility::tables::Tables;
use crate::eligibility::thresholds::{Threshold, thresholds};
use crate::eligibility::{Determination, determine};

/// Arguments of `windowshop determine`.
#[derive(Debug, Clone, clap::Args)]
pub struct DetermineArgs {
    /// A file with one household as JSON, or one household per line; `-` reads standard input.
    pub file: PathBuf,
    /// Determine as of this day (YYYY-MM-DD) if a household has no `as_of` of its own. Default: today.
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    pub as_of: Option<Date>,
    /// Add the incomes at which an answer would change.
    #[arg(long)]
    pub thresholds: bool,
}

fn parse_day(text: &str) -> Result<Date, String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    Date::parse(text, format).map_err(|_| format!("`{text}` is not a day like 2026-11-21"))
}

/// One line of output.
#[derive(Serialize)]
struct Line<'a> {
    line: usize,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    determination: Option<Determination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thresholds: Option<Vec<Threshold>>,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

/// Runs the command. Exit code 0 if every household was determined, 2 if any has errors.
///
/// # Errors
///
/// If the file cannot be read, the output cannot be written, or the rules cannot be used.
pub fn command(
    args: &DetermineArgs,
    today: Date,
    input: &mut dyn Read,
    output: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let tables = Tables::load().map_err(|faults| {
        let faults: Vec<_> = faults.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the rules cannot be used:\n{}", faults.join("\n"))
    })?;
    let text = super::input_text(&args.file, input)?;
    let as_of = args.as_of.unwrap_or(today);
    let mut all_well = true;
    // Windows starts UTF-8 files with a byte order mark, which is not JSON.
    for (line, json) in documents(text.strip_prefix('\u{feff}').unwrap_or(&text)) {
        all_well &= one(&tables, json, line, (as_of, args.thresholds), output).context("writing the answer")?;
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

/// The households in a text with the line each starts on: one document across many lines, or one per line.
fn documents(text: &str) -> Vec<(usize, &str)> {
    let lines = || text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()).map(|(i, l)| (i + 1, l));
    let whole = |l: &str| serde_json::from_str::<serde::de::IgnoredAny>(l).is_ok();
    match lines().next() {
        // A first line that is complete JSON by itself: one household per line, each with its own errors.
        Some((_, first)) if whole(first) => lines().collect(),
        Some((line, _)) => vec![(line, text)],
        None => vec![(1, text)],
    }
}

fn one(
    tables: &Tables,
    json: &str,
    line: usize,
    (as_of, with_thresholds): (Date, bool),
    output: &mut dyn Write,
) -> anyhow::Result<bool> {
    let answer = Household::from_json(json).map_err(|error| vec![error]).and_then(|household| {
        let as_of = household.as_of.unwrap_or(as_of);
        let determination = determine(&household, tables, as_of)?;
        let turns = if with_thresholds { Some(thresholds(&household, tables, as_of)?) } else { None };
        Ok((determination, turns))
    });
    let well = answer.is_ok();
    let line = match &answer {
        Ok((determination, turns)) => {
            Line { line, determination: Some(determination.clone()), thresholds: turns.clone(), errors: &[] }
        }
        Err(errors) => Line { line, determination: None, thresholds: None, errors },
    };
    serde_json::to_writer(&mut *output, &line)?;
    output.write_all(b"\n")?;
    Ok(well)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn run(text: &str) -> (String, ExitCode) {
        let args = DetermineArgs { file: "-".into(), as_of: None, thresholds: false };
        let mut out = Vec::new();
        let code = command(&args, date!(2026 - 11 - 21), &mut text.as_bytes(), &mut out).unwrap();
        (String::from_utf8(out).unwrap(), code)
    }

    #[test]
    fn answers_each_line_and_names_the_field_that_is_wrong() {
        let good = r#"{"id":"a","plan_year":2026,"state":"OH","household_income":37650,"people":[{"age":40}]}"#;
        let bad = r#"{"plan_year":2026,"state":"OH","people":[{"age":40},{"age":"x","relationship":"child"}]}"#;
        let (out, code) = run(&format!("{good}\n\n{bad}\nnot json\n"));
        let lines: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines[0]["people"][0]["credit"], true);
        assert_eq!(lines[0]["tax_households"][0]["applicable_percentage"], 8.09);
        assert_eq!(lines[1]["errors"][0]["path"], "people[1].age");
        assert_eq!((&lines[2]["line"], &lines[2]["errors"][0]["path"]), (&4.into(), &"household".into()));
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(2)));
    }

    #[test]
    fn what_is_no_number_in_json_is_said_in_words() {
        for bad in ["NaN", "-Infinity", "1e999", "true"] {
            let (out, _) = run(&format!(
                "{{\"plan_year\":2026,\"state\":\"OH\",\"household_income\":{bad},\"people\":[{{\"age\":40}}]}}"
            ));
            let said: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
            let error = &said["errors"][0];
            assert_eq!(error["path"], "household_income", "{out}");
            assert!(error["message"].as_str().unwrap().contains("JSON has no NaN"), "{out}");
        }
    }

    #[test]
    fn reads_one_household_over_many_lines() {
        let (out, code) = run("{\n \"plan_year\": 2026,\n \"state\": \"OH\",\n \"people\": [{\"age\": 40}]\n}\n");
        assert_eq!(out.lines().count(), 1);
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::SUCCESS));
    }
}
