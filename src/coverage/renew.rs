//! `/account/coverage/ID/renew`: what comes next year: which plan takes the place of this one, what it costs beside what is paid
//! now, what happens if people do nothing, and by when to choose.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;

use super::shown::{self, Own};
use crate::catalogue::Catalogue;
use crate::eligibility::enrollment::open_enrollment;
use crate::enrollment::renewal::{self, Next};
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Bar, bar};
use crate::types::{Cents, PlanId};
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// A plan in a column.
struct Column {
    plan: String,
    issuer: String,
    premium: String,
    credit: String,
    net: String,
    /// Its page in the shop.
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "coverage/renew.html")]
struct RenewPage<'a> {
    cx: &'a Cx,
    bar: Option<Bar>,
    year: String,
    back: String,
    lead: String,
    /// What takes its place.
    fate: String,
    now: Column,
    next: Option<Column>,
    notes: Vec<String>,
    by: Option<String>,
    /// Its plans can be chosen here.
    loaded: bool,
}

fn as_now(own: &Own) -> Column {
    let now = &own.now;
    Column {
        plan: now.plan.name.clone(),
        issuer: now.plan.issuer_name.clone(),
        premium: now.premium.dollars_cents(),
        credit: now.credit.dollars_cents(),
        net: now.net().dollars_cents(),
        page: None,
    }
}

fn fate(next: &Next) -> &'static str {
    match next {
        Next::Same => "renew.same",
        Next::Other(_) => "renew.crosswalk",
        Next::OtherInsurer(_) => "renew.other_insurer",
        Next::Gone => "renew.gone",
        Next::Unknown => "renew.unknown",
    }
}

/// The plan of next year with its price for the same people, who are a year older.
async fn as_next(
    (cx, own): (&Cx, &Own),
    catalogue: &Catalogue,
    plan: &PlanId,
    notes: &mut Vec<String>,
) -> Result<Option<Column>, Failure> {
    let found = catalogue.record(plan, |_| crate::filing::codes::VariantKind::Standard).await;
    let Some(record) = found.map_err(Failure::internal)? else { return Ok(None) };
    let priced = super::priced::next(cx, own, catalogue, plan).await?;
    let year = catalogue.year.to_string();
    let money = |amount: Option<Cents>| amount.map(Cents::dollars_cents).unwrap_or_default();
    match &priced {
        None => notes.push(cx.tf("renew.not_sold", &[("year", &year)])),
        Some(priced) if priced.credit.is_none() => notes.push(cx.tf("renew.credit_unknown", &[("year", &year)])),
        Some(_) => {}
    }
    Ok(Some(Column {
        plan: record.name.clone(),
        issuer: record.issuer.clone(),
        premium: money(priced.as_ref().map(|priced| priced.premium)),
        credit: money(priced.as_ref().and_then(|priced| priced.credit)),
        net: money(priced.as_ref().and_then(|priced| Some(priced.premium - priced.credit?))),
        page: Some(cx.href(&format!("/plans/{plan}?year={year}"))),
    }))
}

/// `GET /account/coverage/ID/renew`
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let cx = &desk.cx;
    let year = own.plan_year() + 1;
    let year_words = year.to_string();
    let of_year = [("year", year_words.as_str())];
    let catalogue = u16::try_from(year).ok().and_then(|year| cx.catalogues.get(year).cloned());
    let (mut notes, mut next_column, mut fate_words) = (Vec::new(), None, cx.tf("renew.not_loaded", &of_year));
    if let Some(catalogue) = &catalogue {
        let next = renewal::next(catalogue, &own.now, false).await.map_err(Failure::internal)?;
        fate_words = cx.tf(fate(&next), &of_year);
        if let Some(plan) = PlanId::parse(&own.now.plan.id).as_ref().and_then(|plan| next.plan(plan)) {
            next_column = as_next((cx, &own), catalogue, plan, &mut notes).await?;
            notes.push(cx.t("renew.nothing").to_string());
        }
    }
    let open = own.place().map(|place| open_enrollment(&cx.app.tables, place, year, own.days));
    let by = open.and_then(|open| {
        let (by, start) = (cx.date(open.select_by?), cx.date(open.coverage_start?));
        Some(cx.tf("renew.by", &[("date", &by), ("start", &start)]))
    });
    let template = RenewPage {
        bar: bar(cx, &desk.visitor),
        back: cx.href(&own.address()),
        lead: cx.tf("renew.lead", &[("end", &cx.date(own.enrollment.ends)), ("year", &year_words)]),
        fate: fate_words,
        now: as_now(&own),
        next: next_column,
        notes,
        by,
        loaded: catalogue.is_some(),
        year: year_words,
        cx,
    };
    Ok(page::render_status(cx, StatusCode::OK, template, CachePolicy::Private))
}
