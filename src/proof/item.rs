//! `/account/proof/ID`: one thing to prove, with the form for files; sending it later; one's own documents back.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::With;
use super::need::{self, Need};
use crate::documents::handed::attachment;
use crate::documents::stored;
use crate::office::desk::{Answer, Desk, Instead};
use crate::office::view::{Bar, Fault, bar};
use crate::verify::rules::Rules;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "proof/item.html")]
struct ItemPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    need: &'a Need,
    /// Each is enough alone.
    alone: Vec<String>,
    /// One of these together with one of the others.
    together: Vec<String>,
    beside: Vec<String>,
    notes: Vec<String>,
    faults: Vec<Fault>,
    mail: bool,
}

/// The page of one thing to prove.
pub fn page(
    desk: &Desk,
    (need, rules): (&Need, &Rules),
    (notes, faults): (Vec<String>, Vec<Fault>),
    status: StatusCode,
) -> Response {
    let cx = &desk.cx;
    let [alone, together, beside] = need.to_send(cx, rules);
    let template = ItemPage {
        bar: bar(cx, &desk.visitor),
        alone,
        together,
        beside,
        need,
        notes,
        faults,
        mail: cx.app.config.proof_address.is_some(),
        cx,
    };
    page::render_status(cx, status, template, CachePolicy::Private)
}

/// What somebody has to prove, by the ID in the address; another's is not there.
pub async fn need_of(desk: &Desk, id: &str) -> Result<Need, Instead> {
    let Some(owner) = desk.owner() else { return Err(desk.go("/account").into()) };
    let found = need::one(desk, owner, id).await?;
    found.ok_or_else(|| Failure::NotFound.into())
}

/// `GET /account/proof/ID`
pub async fn show(desk: Desk, with: Extension<With>, Path(id): Path<String>) -> Answer {
    let need = need_of(&desk, &id).await?;
    let cx = &desk.cx;
    let count = |name: &str| {
        let mut pairs = form_urlencoded::parse(cx.query.as_bytes());
        pairs.find(|(own, _)| own == name).and_then(|(_, n)| n.parse::<i64>().ok()).filter(|n| (1..100).contains(n))
    };
    let mut notes = Vec::new();
    notes.extend(count("received").map(|n| cx.n("proof.received", n)));
    notes.extend(count("before").map(|n| cx.n("proof.before", n)));
    Ok(page(&desk, (&need, &with.knows.rules), (notes, Vec::new()), StatusCode::OK))
}

#[derive(Template)]
#[template(path = "proof/later.html")]
struct LaterPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    need: Need,
    guest: bool,
}

/// `GET /account/proof/ID/later`: the place is kept; by when.
pub async fn later(desk: Desk, Path(id): Path<String>) -> Answer {
    let need = need_of(&desk, &id).await?;
    let cx = &desk.cx;
    let guest = desk.visitor.guest().is_some();
    let template = LaterPage { cx, bar: bar(cx, &desk.visitor), need, guest };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}

/// `GET /account/proof/document/ID`: one's own document, as it was sent.
pub async fn download(desk: Desk, Path(id): Path<String>) -> Answer {
    let Some(owner) = desk.owner() else { return Ok(desk.go("/account")) };
    let mut connection = desk.office.read().await?;
    let found = stored::contents(&mut connection, &desk.office.means.vault, (owner, &id)).await?;
    drop(connection);
    match found {
        Some((document, body)) => Ok(attachment(&document, &body)?),
        None => Err(Failure::NotFound.into()),
    }
}
