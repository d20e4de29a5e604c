//! `/account/plan/dental`: dental plans are bought apart; what children have in their medical plan, and where there are none.

use super::around::{around, names};
use super::shop;
use crate::office::desk::{Answer, Desk};

/// `GET /account/plan/dental`
pub async fn show(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    let cx = &desk.cx;
    let mut page = desk.page(cx.t("choose.dental_title")).lead(cx.t("choose.dental_lead"));
    page = match around.catalogue.variants.has_dental() {
        false => page.note(cx.t("choose.dental_not_here")),
        true => around.choice.groups.iter().enumerate().fold(page, |page, (at, group)| {
            let words = cx.tf("choose.dental_for", &[("names", &names(cx, &around.results, &group.people))]);
            page.link(&words, &format!("{}/plans?product=dental", shop::base(at)))
        }),
    };
    Ok(page.lead(cx.t("choose.dental_child")).link(cx.t("choose.back"), super::ROOT).show())
}
