//! `/account/data`: everything that there is of a person, as a page to read and as a file to keep.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use super::clock::day_and_clock;
use super::desk::{Answer, Desk, Instead};
use super::letters;
use super::view::{Bar, bar};
use crate::account::changes::NoteExport;
use crate::account::record;
use crate::web::page::{self, CachePolicy, Cx};

/// One part of what there is: a heading, and lines of each thing.
struct Part {
    title: String,
    rows: Vec<Vec<Line>>,
}

struct Line {
    name: String,
    /// It is called as in the file, which speaks English.
    as_in_file: bool,
    value: String,
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

/// The record's parts with their headings, in the order of the page.
const PARTS: [(&str, &str); 7] = [
    ("account", "office.data.account"),
    ("drafts", "office.data.drafts"),
    ("documents", "office.data.documents"),
    ("devices", "office.data.devices"),
    ("sessions", "office.data.sessions"),
    ("letters", "office.data.letters"),
    ("deeds", "office.data.deeds"),
];

/// Part, name in the file, words of the page. What has no words here is shown as it is called in the file.
const NAMES: [(&str, &str, &str); 18] = [
    ("account", "email", "office.field.email"),
    ("account", "email_confirmed_at", "office.data.confirmed_at"),
    ("account", "language", "office.data.language"),
    ("account", "made_at", "office.data.made_at"),
    ("account", "seen_at", "office.data.signed_in_at"),
    ("drafts", "made_at", "office.data.begun_at"),
    ("drafts", "changed_at", "office.data.changed_at"),
    ("devices", "name", "office.data.browser"),
    ("devices", "made_at", "office.data.known_since"),
    ("devices", "seen_at", "office.data.signed_in_at"),
    ("sessions", "made_at", "office.data.begun_at"),
    ("sessions", "seen_at", "office.data.used_at"),
    ("sessions", "expires_at", "office.data.ends_at"),
    ("sessions", "shared_computer", "office.browsers.shared"),
    ("documents", "name", "office.data.file"),
    ("documents", "sent_at", "office.data.sent_at"),
    ("documents", "id", "office.data.number"),
    ("drafts", "id", "office.data.number"),
];

/// Words of the record of deeds. One without words here is shown as it stands.
const DEEDS: [(&str, &str); 34] = [
    ("found", "office.deed.found"),
    ("draft_begun", "office.deed.draft_begun"),
    ("draft_taken", "office.deed.draft_taken"),
    ("account_made", "office.deed.account_made"),
    ("signed_in", "office.deed.signed_in"),
    ("password_changed", "office.deed.password_changed"),
    ("address_changed", "office.deed.address_changed"),
    ("second_step_added", "office.deed.second_step_added"),
    ("second_step_removed", "office.deed.second_step_removed"),
    ("recovery_code_used", "office.deed.recovery_code_used"),
    ("recovery_codes_made", "office.deed.recovery_codes_made"),
    ("exported", "office.deed.exported"),
    ("sessions_ended", "office.deed.sessions_ended"),
    ("letter_bounced", "office.deed.letter_bounced"),
    ("job_retried", "office.deed.job_retried"),
    ("job_dropped", "office.deed.job_dropped"),
    ("document_sent", "office.deed.document_sent"),
    ("item_opened", "office.deed.item_opened"),
    ("item_moved", "office.deed.item_moved"),
    ("document_opened", "office.deed.document_opened"),
    ("paper_received", "office.deed.paper_received"),
    ("notice_printed", "office.deed.notice_printed"),
    ("notice_mailed", "office.deed.notice_mailed"),
    ("document_accepted", "office.deed.document_accepted"),
    ("document_rejected", "office.deed.document_rejected"),
    ("aside_opened", "office.deed.aside_opened"),
    ("transfer_sent", "office.deed.transfer_sent"),
    ("transfer_answered", "office.deed.transfer_answered"),
    ("transfer_resent", "office.deed.transfer_resent"),
    ("transfer_shown", "office.deed.transfer_shown"),
    ("by:known_browser", "office.deed.by_known_browser"),
    ("by:app", "office.deed.by_app"),
    ("by:printed_code", "office.deed.by_printed_code"),
    ("by:mailed_code", "office.deed.by_mailed_code"),
];

/// `GET /account/data`
pub async fn show(desk: Desk) -> Answer {
    let owner = desk.fresh().await?;
    let cx = &desk.cx;
    let all = everything(&desk, owner).await?;
    let parts = PARTS.iter().map(|(part, title)| Part {
        title: cx.t(title).to_string(),
        rows: match &all[*part] {
            // Each a list of its own: two deeds of one minute have one name.
            Value::Array(rows) if *part == "deeds" => rows.iter().map(|row| vec![deed(cx, owner, row)]).collect(),
            found if *part == "letters" => {
                found["sent"].as_array().into_iter().flatten().map(|row| vec![letter(cx, row)]).collect()
            }
            Value::Array(rows) => rows.iter().map(|row| lines(cx, part, row)).collect(),
            Value::Null => Vec::new(),
            one => vec![lines(cx, part, one)],
        },
    });
    let template = DataPage { cx, bar: bar(cx, &desk.visitor), parts: parts.collect() };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// When, what it was about, and what became of it.
fn letter(cx: &Cx, row: &Value) -> Line {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let at = |name: &str| row[name].as_i64().map(|at| day_and_clock(cx, at));
    let subject = letters::subject(text("template")).map_or_else(|| text("template"), |key| cx.t(key));
    let became = match (at("bounced_at"), at("mailed_at"), text("code")) {
        (Some(when), _, _) => cx.tf("office.data.letter_back", &[("when", &when)]),
        (None, Some(when), _) => cx.tf("office.data.letter_sent", &[("when", &when)]),
        (None, None, "") => cx.t("office.data.letter_waits").to_string(),
        (None, None, _) => cx.t("office.data.letter_unsent").to_string(),
    };
    let name = day_and_clock(cx, row["queued_at"].as_i64().unwrap_or_default());
    Line { name, as_in_file: false, value: format!("{subject} ({became})") }
}

/// When, and what by whom.
fn deed(cx: &Cx, owner: &str, row: &Value) -> Line {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let words = |word: &str| DEEDS.iter().find(|(own, _)| *own == word).map(|(_, key)| cx.t(key).to_string());
    let mut value = words(text("what")).unwrap_or_else(|| text("what").to_string());
    value.extend(words(text("record")).map(|by| format!(", {by}")));
    let who = match text("who") {
        who if who == owner || who.starts_with("guest:") => None,
        who if who.starts_with("operator:") => Some(cx.t("office.deed.operator")),
        who if who.starts_with("desk:") => Some(cx.t("office.deed.desk")),
        _ => Some(cx.t("office.deed.site")),
    };
    value.extend(who.map(|who| format!(" ({who})")));
    Line { name: day_and_clock(cx, row["at"].as_i64().unwrap_or_default()), as_in_file: false, value }
}

/// A record's values by their names; times as people read them.
fn lines(cx: &Cx, part: &str, row: &Value) -> Vec<Line> {
    let mut all = Vec::new();
    flatten(cx, "", row, &mut all);
    let known = |name: &str| NAMES.iter().position(|(of, own, _)| *of == part && *own == name);
    // In the order of the list, then the rest as in the file.
    all.sort_by_key(|(name, _)| known(name).unwrap_or(NAMES.len()));
    let line = |(name, value): (String, String)| match known(&name) {
        Some(at) => Line { name: cx.t(NAMES[at].2).to_string(), as_in_file: false, value },
        None => Line { name, as_in_file: true, value },
    };
    all.into_iter().map(line).collect()
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
        // An address's pairs, so that lines can break between them.
        Value::String(text) if name.ends_with(".query") => all.push((name.to_string(), text.replace('&', " & "))),
        Value::String(text) if name == "language" => {
            let own = cx.app.messages.of_code(text).map(|lang| lang.own_name().to_string());
            all.push((name.to_string(), own.unwrap_or_else(|| text.clone())));
        }
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
