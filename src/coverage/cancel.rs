//! `/account/coverage/ID/cancel`: giving a plan up before it begins, or before its insurer is told.

use std::sync::Arc;

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;

use super::With;
use super::end::{ending_words, finished};
use super::shown::{self, Own};
use crate::enrollment::end_rules::{Last, Reason};
use crate::enrollment::ending::End;
use crate::office::desk::{Answer, Desk};
use crate::office::view::{Field, FormPage, fault};
use crate::web::page::Cx;

fn form<'d>(desk: &'d Desk, own: &Own) -> FormPage<'d> {
    let cx = &desk.cx;
    let mut page = desk.page(cx.t("coverage.cancel.title"));
    let lead = cx.t(if own.has_begun() { "event_proof.cancel_lead" } else { "coverage.cancel.lead" });
    page = page.lead(&own.now.plan.name).lead(lead).lead(cx.t("coverage.cancel.fee"));
    if own.now.people.len() > 1 {
        page = page.lead(cx.t("coverage.leave.before"));
    }
    for words in back_again(cx, own) {
        page = page.lead(&words);
    }
    page.hidden.push(("seen".to_string(), own.enrollment.version.to_string()));
    page.field(Field::tick("sure", cx.t("coverage.cancel.sure"), false))
        .submit(cx.t("coverage.cancel.do"))
        .link(cx.t("coverage.end.keep"), &own.address())
}

/// Whether one can come back.
fn back_again(cx: &Cx, own: &Own) -> Vec<String> {
    ending_words(cx, own, None)
}

/// `None`: it can be cancelled; else the way from here.
fn elsewhere(desk: &Desk, own: &Own) -> Option<Response> {
    if !own.enrollment.state.is_live() {
        return Some(desk.go(&format!("{}?done=before", own.address())));
    }
    (!own.can_be_cancelled()).then(|| desk.go(&format!("{}/end", own.address())))
}

/// `GET /account/coverage/ID/cancel`
pub async fn show(desk: Desk, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    if let Some(response) = elsewhere(&desk, &own) {
        return Ok(response);
    }
    Ok(form(&desk, &own).with_status(StatusCode::OK))
}

/// `POST /account/coverage/ID/cancel`
pub async fn post(desk: Desk, with: Extension<With>, Path(id): Path<String>) -> Answer {
    let own = shown::one(&desk, &id).await?;
    if let Some(response) = elsewhere(&desk, &own) {
        return Ok(response);
    }
    if !desk.form.ticked("sure") {
        let words = desk.cx.t("coverage.end.fault.sure");
        return Ok(form(&desk, &own).wrong(vec![fault("sure", words)]));
    }
    let rule = with.rules.ending(Reason::Other, own.marketplace(&desk.cx), own.today);
    let change = End {
        means: desk.office.means.clone(),
        knows: Arc::clone(&with.knows),
        owner: own.enrollment.owner.clone(),
        enrollment: own.enrollment.id.clone(),
        seen: desk.form.get("seen").parse().unwrap_or_default(),
        reason: Reason::Other,
        code: rule.map(|rule| rule.code.clone()).unwrap_or_default(),
        last: Last::Never,
        session: desk.visitor.session_text(),
    };
    finished(&desk, &own, change).await
}
