//! `/account/coverage/ID/change`: what it means to change to another plan, until when, and the way to choosing one.

use axum::extract::Path;

use super::shown::{self, open_until};
use crate::office::desk::{Answer, Desk};

/// `GET /account/coverage/ID/change`
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let cx = &desk.cx;
    if !own.is_live() {
        return Ok(desk.go(&own.address()));
    }
    let year = own.enrollment.plan_year.to_string();
    let until = open_until(cx, &own);
    let window = match until {
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
    if until.is_none() {
        page = page.link(cx.t("coverage.change.events"), "/enroll");
    }
    Ok(page.link(cx.t("coverage.end.keep"), &own.address()).show())
}
