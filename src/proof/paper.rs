//! `/account/proof/ID/paper`: the cover page for what is sent by post. Its number is written for people and as a picture for the
//! machine that opens the envelope.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;

use super::item::need_of;
use super::need::Need;
use crate::office::app_codes::picture;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::web::page::{self, CachePolicy, Cx};

/// What the picture says before the number: a scanner types both at the desk.
pub const MARK: &str = "DMI-";

#[derive(Template)]
#[template(path = "proof/paper.html")]
struct PaperPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    need: Need,
    /// Where to send it, line by line; empty: this site takes no paper.
    address: Vec<String>,
    side: i32,
    path: String,
}

/// `GET /account/proof/ID/paper`
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    let need = need_of(&desk, &id).await?;
    let cx = &desk.cx;
    let (side, path) = picture(&format!("{MARK}{}", need.id.to_ascii_uppercase()))?;
    let address = cx.app.config.proof_address.clone().unwrap_or_default();
    let template = PaperPage { cx, bar: bar(cx, &desk.visitor), need, address, side, path };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}
