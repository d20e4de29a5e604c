//! `/account/coverage/ID/change`: what it means to change to another plan, until when, and the way to choosing one.

use axum::extract::Path;

use time::Date;

use super::shown::{self, Own, open_until};
use crate::application::record;
use crate::enrollment::choice::Begin;
use crate::enrollment::{dates, results};
use crate::office::desk::{Answer, Desk, Instead};

/// Until when something that was told lets them choose in this plan year: as the page of choosing has it.
async fn special_until(desk: &Desk, own: &Own) -> Result<Option<Date>, Instead> {
    let Some(owner) = desk.owner() else { return Ok(None) };
    let vault = &desk.office.means.vault;
    let mut connection = desk.office.read().await?;
    let Some(newest) = record::of(&mut connection, vault, owner).await?.into_iter().next() else { return Ok(None) };
    let tables = &desk.cx.app.tables;
    let Some(results) = results::of(&mut connection, vault, tables, (owner, newest.id.as_str())).await? else {
        return Ok(None);
    };
    let start = dates::start(tables, &results, (desk.cx.app.clock)(), Begin::default());
    Ok(start.ok().filter(|_| results.plan_year == own.plan_year()).and_then(|start| start.sign_by))
}

/// `GET /account/coverage/ID/change`
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let cx = &desk.cx;
    if !own.is_live() {
        return Ok(desk.go(&own.address()));
    }
    let year = own.enrollment.plan_year.to_string();
    let until = open_until(cx, &own);
    // A special period that is open on the application's own page is open here.
    let special = if until.is_none() { special_until(&desk, &own).await? } else { None };
    let window = match until.or(special) {
        Some(until) => cx.tf("coverage.change.open", &[("year", &year), ("date", &cx.date(until))]),
        None => cx.tf("coverage.change.closed", &[("year", &year)]),
    };
    let mut page = desk.page(cx.t("coverage.change.title"));
    page = page.lead(&own.now.plan.name).lead(&window).lead(cx.t("coverage.change.lead"));
    if !own.has_begun() {
        page = page.lead(cx.t("coverage.change.never"));
    }
    page = page.lead(cx.t("coverage.change.paid"));
    if own.has_begun() {
        page = page.lead(cx.t("coverage.change.deductible"));
    }
    page = page.lead(cx.t("coverage.change.how")).link(cx.t("coverage.change.go"), "/account/plan");
    if until.is_none() && special.is_none() {
        page = page.link(cx.t("coverage.change.events"), "/enroll");
    }
    Ok(page.link(cx.t("coverage.end.keep"), &own.address()).show())
}
