//! `/account/coverage`: everything that somebody has signed for, and how it stands.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;

use super::With;
use super::shown::{self, Cover, cover};
use crate::enrollment::tax_year;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::web::page::{self, CachePolicy, Cx};

#[derive(Template)]
#[template(path = "coverage/list.html")]
struct ListPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    now: Vec<Cover>,
    over: Vec<Cover>,
    /// No insurer is told of anything here.
    not_told: bool,
    /// Address and words of each year's record.
    years: Vec<(String, String)>,
}

/// `GET /account/coverage`
pub async fn show(desk: Desk, with: Extension<With>) -> Answer {
    let all = shown::all(&desk).await?;
    let cx = &desk.cx;
    let mut connection = desk.office.read().await?;
    let years = tax_year::years(&mut connection, desk.owner().unwrap_or_default()).await?;
    drop(connection);
    let not_told = !with.insurers && all.iter().any(|own| own.is_live());
    let (now, over): (Vec<Cover>, Vec<Cover>) = all.iter().map(|own| cover(cx, own)).partition(|cover| !cover.over);
    let year = |year: i32| {
        let words = cx.tf("coverage.taxes", &[("year", &year.to_string())]);
        (cx.href(&format!("/account/taxes/{year}")), words)
    };
    let template =
        ListPage { bar: bar(cx, &desk.visitor), now, over, not_told, years: years.into_iter().map(year).collect(), cx };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}
