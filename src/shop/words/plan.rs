//! What was filed about a plan, in words: yes or no, benefits, limits on quantity.
//!
//! Called by the plan page and the comparison. It must never leave out what was not filed: it says so, and whose it
//! is to provide.

use crate::filing::slug::slug;
use crate::quote::plan_record::Benefit;
use crate::web::page::Cx;

/// Yes, no, or that the insurer has not said.
pub fn yes_no(cx: &Cx, filed: Option<bool>) -> &str {
    cx.t(match filed {
        Some(true) => "words.yes",
        Some(false) => "words.no",
        None => "share.not_provided",
    })
}

/// In the page's language if we know the benefit, else as filed.
pub fn benefit_name(cx: &Cx, benefit: &Benefit) -> String {
    cx.known(&format!("benefit.{}", benefit.slug)).unwrap_or(&benefit.name).to_string()
}

/// A kind of care by its slug, which we have words for.
pub fn slug_name(cx: &Cx, slug: &str) -> String {
    cx.known(&format!("benefit.{slug}")).unwrap_or(slug).to_string()
}

/// "2 visit(s) per year"; `None` where no limit is filed.
pub fn benefit_limit(cx: &Cx, benefit: &Benefit) -> Option<String> {
    let (quantity, unit) = benefit.limit.as_ref()?;
    let slug = slug(unit);
    let unit = cx.known(&format!("limit_unit.{slug}")).unwrap_or(unit);
    Some(cx.tf("plan.limit", &[("qty", quantity), ("unit", unit)]))
}
