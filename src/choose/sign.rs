//! Signing: what is on the page becomes enrollments, once, and then 303 to the page that says so.
//!
//! It must never say that somebody is enrolled before the store has said so.

use std::sync::Arc;

use axum::Extension;
use axum::http::StatusCode;
use axum::response::Response;

use super::around::{Around, around};
use super::check::{Typed, checked, ends_mark, had, page, signs, to_agree};
use super::words;
use crate::enrollment::replaced::replaced;
use crate::enrollment::sign::{Sign, Signing};
use crate::office::desk::{Answer, Desk};
use crate::verify::Knows;

/// `POST /account/plan/check`
pub async fn post(desk: Desk, Extension(knows): Extension<Arc<Knows>>) -> Answer {
    let around = around(&desk).await?;
    // The page was open until after the last day: its own words, not only those of the page of choosing.
    if let (Err(closed), true) = (&around.start, around.signed.is_empty()) {
        let cx = &desk.cx;
        let page = desk.page(cx.t("choose.late_title")).lead(cx.t("choose.late"));
        let page = words::not_now(cx, &around, closed).iter().fold(page, |page, words| page.lead(words));
        return Ok(page.link(cx.t("choose.back"), super::ROOT).with_status(StatusCode::CONFLICT));
    }
    let signature = desk.form.get("signature").to_string();
    // A second press: what the first one made is there, and is not what this one would end.
    let before = desk.form.get("version").parse().ok();
    if around.signed.iter().any(|own| Some(own.choice) == before) {
        return Ok(desk.go("/account/plan/done"));
    }
    let found = checked(&desk, &around, &signature).await?;
    let had = had(&desk, &around).await?;
    let ends = replaced(&found, &around.results, &had);
    if ends_mark(&ends) != desk.form.get("ends_mark") {
        return Ok(changed(&desk));
    }
    let wanted = to_agree(&found, &ends);
    let ticked: Vec<&'static str> = wanted.iter().copied().filter(|name| desk.form.ticked(name)).collect();
    // The version that the page was made from: what was signed before is found by it.
    let seen = desk.form.get("version").parse().unwrap_or(around.version);
    let only_switches = desk.only_switches();
    if only_switches || ticked.len() < wanted.len() || !signs(&around, &signature) {
        let typed = Typed { ticked, signature, judged: !only_switches };
        return page(&desk, &around, (&found, around.version, &had), &typed).await;
    }
    let Around { results, .. } = around;
    let means = (desk.office.means.clone(), knows);
    let shown = desk.form.get("mark");
    let session = desk.visitor.session_text();
    let sign = Sign::new(means, (Arc::new(results), found), (seen, shown), &session).map_err(anyhow::Error::from)?;
    match desk.office.write(sign).await? {
        Signing::Now { .. } => Ok(desk.go("/account/plan/done?new=1")),
        Signing::Before { .. } => Ok(desk.go("/account/plan/done")),
        Signing::Changed => Ok(changed(&desk)),
    }
}

/// It is not as the page showed it: it has to be checked again.
fn changed(desk: &Desk) -> Response {
    let cx = &desk.cx;
    let page = desk.page(cx.t("choose.clash_title")).lead(cx.t("choose.changed"));
    page.link(cx.t("choose.check_title"), "/account/plan/check").with_status(StatusCode::CONFLICT)
}
