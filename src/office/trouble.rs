//! The store is away, or too many people sign in at once: a page that says so, and holds everything typed but secrets, so
//! that one press tries again.
//!
//! Called by the gate alone.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::form::Form;
use super::view::{Bar, Field, bar};
use super::visitor::Visitor;
use crate::store::StoreError;
use crate::telemetry::Cause;
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Debug, Clone)]
pub enum Trouble {
    Away(StoreError),
    /// No place in the line for a hash.
    Crowded,
}

/// When a browser or a program should try again, in seconds.
const RETRY_AFTER: u16 = 20;

#[derive(Template)]
#[template(path = "office/trouble.html")]
struct TroublePage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    title: &'a str,
    what: &'a str,
    answers: &'a str,
    next: &'a str,
    /// What was sent, to be sent again; empty after a GET.
    kept: Vec<(String, String)>,
    secrets: Vec<Field>,
    /// Where it goes.
    action: String,
    posted: bool,
}

pub fn page(cx: &Cx, visitor: Option<&Visitor>, trouble: &Trouble, form: &Form) -> Response {
    let (title, what) = match trouble {
        Trouble::Away(_) => (cx.t("office.away.title"), cx.t("office.away.what")),
        Trouble::Crowded => (cx.t("office.crowded.title"), cx.t("office.crowded.what")),
    };
    // Files have to be chosen again, on the page that takes them.
    let posted = form.posted && !form.files;
    let secrets = form.secrets().map(|name| {
        let label = match name {
            "password" => cx.t("office.field.password"),
            "new_password" => cx.t("office.field.new_password"),
            "code" => cx.t("office.field.code"),
            _ => cx.t("office.field.app_code"),
        };
        match name {
            "password" => Field::password(name, label, "current-password"),
            "new_password" => Field::password(name, label, "new-password"),
            _ => Field::code(name, label),
        }
    });
    let template = TroublePage {
        bar: visitor.and_then(|visitor| bar(cx, visitor)),
        title,
        what,
        answers: match (posted, form.files) {
            (true, _) => cx.t("office.away.kept"),
            (_, true) => cx.t("office.away.files"),
            _ => cx.t("office.away.nothing_lost"),
        },
        next: cx.t("office.away.next"),
        kept: form.kept(),
        secrets: secrets.collect(),
        action: cx.href(&cx.path),
        posted,
        cx,
    };
    let mut response = page::render_status(cx, StatusCode::SERVICE_UNAVAILABLE, template, CachePolicy::Private);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    let cause = match trouble {
        Trouble::Away(error) => Cause::new(error),
        Trouble::Crowded => Cause::new(&"no place in the line for a hash"),
    };
    response.extensions_mut().insert(cause);
    response
}
