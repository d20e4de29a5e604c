//! What pages of the desk are made of. They are not kept, not compressed, and have no script.

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::here::{Answer, Here, Instead};
use crate::staff::people::Role;
use crate::staff::session::Stage;
use crate::store::Millis;
use crate::store::wait::{self, WAIT};
use crate::verify::rules::Subject;
use crate::verify::words::subject_key;
use crate::web::guard::Uncompressed;

/// When a browser may try again, in seconds.
const RETRY_AFTER: u16 = 20;

/// The line at the top: who is signed in, and until when.
pub struct Top {
    pub login: String,
    pub supervisor: bool,
    pub until: String,
}

/// `None`: nobody is.
pub fn top(here: &Here) -> Option<Top> {
    let seat = here.seat.as_ref().filter(|seat| seat.stage == Stage::Open)?;
    Some(Top {
        login: seat.person.login.clone(),
        supervisor: seat.person.role == Role::Supervisor,
        until: clock(seat.ends_at),
    })
}

/// What an issue is about, in English.
pub fn about(here: &Here, kind: Subject) -> String {
    let messages = &here.app.messages;
    capital(messages.t(messages.of_path("/").0, &subject_key(kind)))
}

/// With a capital letter first.
pub fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `2026-11-27 16:05 UTC`
pub fn clock(at: Millis) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let time = time::OffsetDateTime::from_unix_timestamp(at / 1000).ok();
    time.and_then(|time| time.format(format).ok()).unwrap_or_default()
}

pub fn page(status: StatusCode, template: impl Template) -> Response {
    match template.render() {
        Ok(text) => html(status, text),
        Err(error) => {
            tracing::error!(%error, "a page of the desk did not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn html(status: StatusCode, text: String) -> Response {
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
    (status, kind, text).into_response()
}

#[derive(Template)]
#[template(path = "operator/desk/words.html")]
struct WordsPage<'a> {
    top: Option<Top>,
    title: &'a str,
    words: &'a str,
}

/// A page that says one thing.
pub fn words(status: StatusCode, title: &str, words: &str) -> Response {
    page(status, WordsPage { top: None, title, words })
}

/// A page that says why nothing can be done now.
pub fn later(title: &str, said: &str) -> Response {
    let mut response = words(StatusCode::SERVICE_UNAVAILABLE, title, said);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    response
}

/// 303 to a page of the desk.
pub fn go(path: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

pub fn not_there() -> Response {
    words(StatusCode::NOT_FOUND, "Not here", "There is nothing at this address, or it is not yours to see.")
}

/// Whatever is no page of the desk.
pub async fn nowhere() -> Response {
    not_there()
}

/// Every answer of the desk: kept by nobody, sent as it is. What a layer has refused without a word gets one.
pub async fn finished(request: Request, next: Next) -> Response {
    let answer = wait::within(WAIT, next.run(request)).await;
    let mut response = answer.unwrap_or_else(|silent| Instead::Away(silent).into_response());
    let silent = !response.headers().contains_key(header::CONTENT_TYPE);
    if response.status() == StatusCode::METHOD_NOT_ALLOWED && silent {
        response = words(StatusCode::METHOD_NOT_ALLOWED, "Not so", "This address is not opened in this way.");
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.extensions_mut().insert(Uncompressed);
    response
}

/// A note at the top of the next page, by its name in the address: nothing that was typed.
pub fn note(here: &Here) -> Option<&'static str> {
    let (_, name) = here.query.iter().find(|(name, _)| name == "note")?;
    let notes = [
        ("accepted", "Accepted. The issue is settled, and its owner is told."),
        ("rejected", "Rejected. Its owner has a message that says why."),
        ("before", "Somebody has decided about this document already. Nothing was done twice."),
        ("gone", "This issue is not open with you any more. Nothing was changed."),
        ("back", "The issue is back in the line."),
        ("moved", "The issue was handed over."),
        ("paper", "The paper is on record as received. Decide about it like any document."),
        ("reason", "Pick a reason first: it becomes words for the person."),
        ("disabled", "The account is disabled and signed out everywhere."),
        ("same", "Nothing was changed."),
        ("out", "You are signed out."),
        ("appeal_decided", "Decided. The person has a notice that says so."),
        ("appeal_back", "The appeal is back in the line."),
        ("appeal_gone", "This appeal is not open with you any more. Nothing was changed."),
        ("closed", "The issue was closed meanwhile. The document stays as it is."),
    ];
    notes.iter().find(|(own, _)| own == name).map(|(_, words)| *words)
}

/// The page that stands in for one that needs no answer.
pub fn done(path: &str, note: &str) -> Answer {
    Ok(go(&format!("{path}?note={note}")))
}
