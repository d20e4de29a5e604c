//! A household from JSON, and what is wrong with it in words: the field, what was given, what is read there.
//!
//! Called by `Household::from_json`. It must never guess: what can be read is checked by `determine`.

use serde_json::Value;
use serde_json::error::Category;

use super::household::{FieldError, Household};

/// Fields that hold a day.
const DAYS: [&str; 7] = ["as_of", "coverage_start", "date_of_birth", "since", "date", "starts", "ends"];
/// Characters of what was given that are said back.
const SAID_BACK: usize = 40;

pub(super) fn read(text: &str) -> Result<Household, FieldError> {
    let given = match text.trim_start().chars().next() {
        None => Some("nothing was given; give one household as an object { … }"),
        Some('[') => Some("a list was given; give one household as an object { … }, or one household a line"),
        Some('"') => Some("a text in quotes was given; give one household as an object { … }"),
        _ => None,
    };
    if let Some(message) = given {
        return Err(FieldError::new("household", message));
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let household = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match error.classify() {
            Category::Data => {
                let message = data_words(&path, &bare(&error), text);
                FieldError::new(if path == "." { "household" } else { &path }, message)
            }
            Category::Eof => {
                FieldError::new("household", "this ends too early: a bracket, a quote or a value is missing")
            }
            Category::Syntax | Category::Io => FieldError::new("household", syntax_words(&error)),
        }
    })?;
    json.end().map_err(|error| FieldError::new("household", syntax_words(&error)))?;
    Ok(household)
}

/// The parser's words without its line and column.
fn bare(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.clone(), |(words, _)| words.to_string())
}

fn syntax_words(error: &serde_json::Error) -> String {
    format!("this is not JSON: {} (line {}, column {} of this household)", bare(error), error.line(), error.column())
}

fn data_words(path: &str, message: &str, text: &str) -> String {
    let field = path.rsplit('.').next().unwrap_or(path);
    let day = DAYS.contains(&field).then(|| value_at(path, text)).flatten().filter(|value| !value.is_object());
    if let Some(value) = day {
        return format!("{} was given; a day is read as YYYY-MM-DD, for example 2026-03-01", short(&value.to_string()));
    }
    let unfit = ["invalid type: ", "invalid value: "].into_iter().find_map(|start| message.strip_prefix(start));
    if let Some((given, expected)) = unfit.and_then(|words| words.split_once(", expected ")) {
        return format!("{} was given; {} is read here", short(&given_words(given)), expected_words(expected));
    }
    match message.strip_prefix("unknown variant ").and_then(|m| m.split_once(", expected ")) {
        Some((given, expected)) => format!("{} is not read here; {} is", short(given), expected),
        None => message.to_string(),
    }
}

/// `string "2026"` → the text "2026".
fn given_words(given: &str) -> String {
    match given.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "boolean", value)) => value.trim_matches('`').to_string(),
        Some(("floating", value)) => value.trim_start_matches("point ").trim_matches('`').to_string(),
        _ => match given {
            "map" => "an object { … }".into(),
            "sequence" => "a list [ … ]".into(),
            other => other.to_string(),
        },
    }
}

fn expected_words(expected: &str) -> String {
    match expected {
        "i32" | "i64" | "u8" | "u16" | "u32" | "usize" => "a whole number, without quotes,".into(),
        "a boolean" => "true or false, without quotes,".into(),
        "a string" => "a text in quotes".into(),
        "a sequence" => "a list [ … ]".into(),
        expected if expected.starts_with("struct ") => "an object { … }".into(),
        expected => expected.to_string(),
    }
}

/// No more than a reader needs in order to find it.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(SAID_BACK) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

/// What stands at a path like `people[0].incomes[1].starts`.
fn value_at(path: &str, text: &str) -> Option<Value> {
    let whole: Value = serde_json::from_str(text).ok()?;
    let pointer = format!("/{}", path.replace('[', "/").replace(']', "").replace('.', "/"));
    whole.pointer(&pointer).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_the_field_what_was_given_and_what_is_read() {
        let with = |field: &str| format!("{{\"plan_year\":2026,\"state\":\"OH\",\"people\":[{{\"age\":40}}],{field}}}");
        let person = |field: &str| format!("{{\"plan_year\":2026,\"state\":\"OH\",\"people\":[{{{field}}}]}}");
        let cases = [
            ("".to_string(), "household", "nothing was given"),
            ("{".into(), "household", "ends too early"),
            ("null".into(), "household", "null was given; an object { … } is read here"),
            ("{\"plan_year\": 2026,, }".into(), "household", "this is not JSON"),
            (with("\"as_of\":\"02/03/2026\""), "as_of", "\"02/03/2026\" was given; a day is read as YYYY-MM-DD"),
            (with("\"as_of\":\"2026-02-30\""), "as_of", "\"2026-02-30\" was given"),
            (with("\"coverage_start\":2026"), "coverage_start", "2026 was given; a day is read as"),
            (
                person("\"age\":\"40\""),
                "people[0].age",
                "the text \"40\" was given; a whole number, without quotes, is read here",
            ),
            (person("\"age\":40.5"), "people[0].age", "40.5 was given"),
            (person("\"age\":40,\"pregnant\":\"yes\""), "people[0].pregnant", "true or false"),
            (
                person("\"age\":40,\"incomes\":{}"),
                "people[0].incomes",
                "an object { … } was given; a list [ … ] is read here",
            ),
            (
                person("\"age\":40,\"incarcerated\":\"maybe\""),
                "people[0].incarcerated",
                "`maybe` is not read here; one of `no`, `yes`, `pending_disposition` is",
            ),
        ];
        for (json, path, words) in cases {
            let error = read(&json).unwrap_err();
            assert_eq!(error.path, path, "{json}");
            assert!(error.message.contains(words), "{json}: {}", error.message);
        }
    }
}
