//! A state's marketplace as this language says it.
//!
//! Called by every page that names one. HealthCare.gov has a Spanish site with a name of its own; the marketplaces that
//! states run keep theirs, which are names. The rows of `data/rules` stay as they are.

use crate::eligibility::State;
use crate::eligibility::tables::Marketplace;
use crate::web::page::Cx;

/// The federal platform's name in the tables.
const FEDERAL: &str = "HealthCare.gov";

/// The marketplace of a state in a plan year.
pub fn marketplace(cx: &Cx, state: State, year: i32) -> Option<Marketplace> {
    cx.app.tables.marketplace(state, year).map(|marketplace| said(cx, marketplace))
}

/// Name and address for people who read this language.
pub fn said(cx: &Cx, marketplace: &Marketplace) -> Marketplace {
    match marketplace.name == FEDERAL {
        true => Marketplace {
            name: cx.t("site.healthcare").to_string(),
            url: cx.t("site.healthcare_url").to_string(),
            ..marketplace.clone()
        },
        false => marketplace.clone(),
    }
}
