//! What stands on a printed page besides its words: an address that can be typed, the day of the data, whom to call.
//!
//! Called by comparison, plan page and take-away sheet. The address on paper holds nothing private: paper is passed on.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::catalogue::Catalogue;
use crate::quote::ask::address::{Search, write_query};
use crate::quote::ask::people::{Household, Person};
use crate::shop::fixed::Fixed;
use crate::shop::next_step::marketplace;
use crate::web::page::Cx;

pub struct Paper {
    pub address: String,
    /// "Plan data of November 21, 2026. HealthCare.gov: 1-800-318-2596."
    pub words: String,
}

impl Paper {
    pub fn new(cx: &Cx, catalogue: &Catalogue, search: &Search, ids: &[&str]) -> Paper {
        let phone = marketplace(cx, search).filter(|place| !place.phone.is_empty());
        let phone = phone.map(|place| cx.tf("paper.phone", &[("name", &place.name), ("phone", &place.phone)]));
        Paper {
            address: address(cx, search, ids),
            words: data_of(cx, catalogue).into_iter().chain(phone).collect::<Vec<_>>().join(" "),
        }
    }
}

/// When the data was put together.
fn data_of(cx: &Cx, catalogue: &Catalogue) -> Option<String> {
    let built = OffsetDateTime::parse(catalogue.meta.get("built_at")?, &Rfc3339).ok()?;
    Some(cx.tf("paper.data", &[("date", &cx.date(built.date()))]))
}

/// The shortest address that shows these plans: ZIP and ages, no income, health or tribe. The county only where the ZIP
/// has several, the year only where it is not the newest. For a household that the office knows: where they sign in.
pub fn address(cx: &Cx, search: &Search, ids: &[&str]) -> String {
    let base = cx.app.config.public_url.as_deref().unwrap_or_default();
    let base = base.trim_start_matches("https://").trim_start_matches("http://");
    if let Some(fixed) = Fixed::of(cx, search.product) {
        return format!("{base}{}", cx.href(fixed.home));
    }
    let zip = search.place.zip;
    let newest = cx.catalogues.newest();
    let county = newest.places.counties(zip).count() > 1;
    let mut pairs = Vec::new();
    if search.year != newest.year {
        pairs.push(("year", search.year.to_string()));
    }
    pairs.push(("zip", zip.to_string()));
    if county {
        pairs.push(("county", search.place.county.fips.to_string()));
    }
    pairs.push(("people", public_people(&search.household)));
    let path = match ids {
        [one] => format!("/plans/{one}"),
        several => {
            pairs.push(("plan", several.join(",")));
            "/compare".to_string()
        }
    };
    format!("{base}{}?{}", cx.lang.localized(&path), write_query(&pairs))
}

/// Ages, tobacco and who needs no coverage: what a price depends on, and may stand in any address.
fn public_people(household: &Household) -> String {
    let people = household.without_private();
    people.people().iter().map(Person::to_string).collect::<Vec<_>>().join(",")
}
