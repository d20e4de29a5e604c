//! `/account/coverage/ID/days.ics`: the days of one plan, for a calendar: paying, the first day, the last one.

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};

use super::With;
use super::shown::{self, Own};
use crate::application::submit::shown;
use crate::office::desk::{Answer, Desk};
use crate::text::calendar::{self, Deadline};
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

fn days(cx: &Cx, with: &With, own: &Own) -> Vec<Deadline> {
    let enrollment = &own.enrollment;
    let plan = [("plan", own.now.plan.name.as_str())];
    let number = shown(&enrollment.number);
    let more = cx.tf("coverage.ics.pay_more", &[("number", &number)]);
    let one = |what: &str, day, summary: String, description: &str, url: Option<String>| Deadline {
        id: format!("coverage-{what}-{}", enrollment.number),
        day,
        summary,
        description: description.to_string(),
        url,
    };
    let mut days = Vec::new();
    if let Some(proof) = &own.proof {
        days.push(one("proof", proof.due_day, cx.tf("event_proof.ics", &plan), cx.t("event_proof.only_then"), None));
    }
    if let Some(pay) = shown::pay(cx, with, own) {
        let url = own.now.plan.payment.clone();
        let day = pay.due.map_or(enrollment.starts, |due| due.by);
        days.push(one("pay", day, cx.tf("coverage.ics.pay", &plan), &more, url));
    }
    if !own.has_begun() {
        days.push(one("starts", enrollment.starts, cx.tf("coverage.ics.starts", &plan), "", None));
    }
    if own.counts() {
        let leaves = own.timeline.people(enrollment.ends).into_iter();
        // No names: a calendar is often shared.
        for person in leaves.filter(|person| person.to < enrollment.ends && person.to >= own.today) {
            let what = format!("leaves-{}", person.row);
            days.push(one(&what, person.to, cx.tf("coverage.ics.leaves", &plan), "", None));
        }
        days.push(one("ends", enrollment.ends, cx.tf("coverage.ics.ends", &plan), "", None));
    }
    days
}

/// `GET /account/coverage/ID/days.ics`
pub async fn file(desk: Desk, with: Extension<With>, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    let cx = &desk.cx;
    let days = days(cx, &with, &own);
    if days.is_empty() {
        return Err(Failure::NotFound.into());
    }
    let text = calendar::file(&days, (cx.app.clock)(), cx.lang.code());
    let mut response = page::send(cx, StatusCode::OK, "text/calendar; charset=utf-8", text, CachePolicy::Private);
    let name = HeaderValue::from_static("attachment; filename=\"coverage.ics\"");
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
