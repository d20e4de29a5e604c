//! `/account/data`: everything that there is of a person, as a page to read and as a file to keep.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::clock::day_and_clock;
use super::desk::{Answer, Desk, Instead};
use super::view::{Bar, bar};
use crate::account::changes::NoteExport;
use crate::account::record;
use crate::web::page::{self, CachePolicy, Cx};

/// One part of what there is: a heading, and lines of name and value.
struct Part {
    title: String,
    rows: Vec<Vec<(String, String)>>,
}

#[derive(Template)]
#[template(path = "office/data.html")]
struct DataPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    parts: Vec<Part>,
}

async fn everything(desk: &Desk, owner: &str) -> Result<Value, Instead> {
    let mut connection = desk.office.read().await?;
    let found = record::of(&mut connection, &desk.office.means.vault, owner).await?;
    let mut all: Value = found.ok_or_else(|| Instead::from(desk.go("/account/sign-in")))?;
    // The printed code of what a guest began opens nothing once it is an account's.
    for draft in all["drafts"].as_array_mut().into_iter().flatten() {
        draft["answers"].as_object_mut().map(|answers| answers.remove("resume_code"));
    }
    Ok(all)
}

/// The words of the record's parts, in the order of the page.
const PARTS: [(&str, &str); 5] = [
    ("account", "office.data.account"),
    ("drafts", "office.data.drafts"),
    ("devices", "office.data.devices"),
    ("sessions", "office.data.sessions"),
    ("deeds", "office.data.deeds"),
];

/// `GET /account/data`
pub async fn show(desk: Desk) -> Answer {
    let owner = desk.fresh().await?;
    let cx = &desk.cx;
    let all = everything(&desk, owner).await?;
    let parts = PARTS.iter().map(|(name, title)| Part {
        title: cx.t(title).to_string(),
        rows: match &all[*name] {
            Value::Array(rows) => rows.iter().map(|row| lines(cx, row)).collect(),
            Value::Null => Vec::new(),
            one => vec![lines(cx, one)],
        },
    });
    let template = DataPage { cx, bar: bar(cx, &desk.visitor), parts: parts.collect() };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// A record's values by their names in the file; times as people read them.
fn lines(cx: &Cx, row: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    flatten(cx, "", row, &mut all);
    all
}

fn flatten(cx: &Cx, name: &str, value: &Value, all: &mut Vec<(String, String)>) {
    let inner = |key: &str| if name.is_empty() { key.to_string() } else { format!("{name}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(cx, &inner(key), value, all)),
        Value::Array(items) => {
            items.iter().zip(1..).for_each(|(item, n)| flatten(cx, &inner(&n.to_string()), item, all));
        }
        Value::Number(at) if name == "at" || name.ends_with("_at") || name.ends_with(".at") => {
            all.push((name.to_string(), at.as_i64().map(|at| day_and_clock(cx, at)).unwrap_or_default()));
        }
        Value::Bool(yes) => all.push((name.to_string(), cx.t(if *yes { "words.yes" } else { "words.no" }).to_string())),
        Value::String(text) => all.push((name.to_string(), text.clone())),
        Value::Number(number) => all.push((name.to_string(), number.to_string())),
        Value::Null => {}
    }
}

/// `POST /account/data`: the same as a file. It is noted that it was handed out.
pub async fn download(desk: Desk) -> Answer {
    let owner = desk.fresh().await?.to_string();
    let all = everything(&desk, &owner).await?;
    let (means, session) = (desk.office.means.clone(), desk.visitor.session_text());
    desk.office.write(NoteExport { means, owner, session }).await?;
    let text = serde_json::to_string_pretty(&all).map_err(anyhow::Error::new)?;
    let mut response = page::send(&desk.cx, StatusCode::OK, "application/json", text, CachePolicy::Private);
    let name = HeaderValue::from_static("attachment; filename=\"windowshop-my-data.json\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
