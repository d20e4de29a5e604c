//! What the plan that takes the place of somebody's costs next year, for the same people, who are a year older.
//!
//! Called by the page of renewal. The price is the shop's own (`quote::market`), so it is the one that the list shows.

use time::Date;

use super::shown::Own;
use crate::application::view::age_on;
use crate::catalogue::Catalogue;
use crate::enrollment::SignedPerson;
use crate::quote::ask::address::Asked;
use crate::quote::market;
use crate::quote::settle::{Settled, settle};
use crate::types::{Cents, PlanId};
use crate::web::error::Failure;
use crate::web::page::Cx;

/// As the shop's addresses have it: who, where, which year.
fn query(own: &Own, year: u16, first: Date) -> String {
    let person = |person: &SignedPerson| {
        format!("{}{}", age_on(person.born, first).max(0), if person.tobacco { "t" } else { "" })
    };
    let people: Vec<String> = own.now.people.iter().map(person).collect();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("year", &year.to_string());
    query.append_pair("zip", &own.now.place.zip);
    query.append_pair("county", &own.now.place.county_fips);
    query.append_pair("people", &people.join(","));
    if own.enrollment.product == "dental" {
        query.append_pair("product", "dental");
    }
    query.finish().replace("%2C", ",")
}

/// The full premium of a month; `None`: it is not sold to these people where they live.
pub async fn next(cx: &Cx, own: &Own, catalogue: &Catalogue, plan: &PlanId) -> Result<Option<Cents>, Failure> {
    let Ok(first) = Date::from_ordinal_date(i32::from(catalogue.year), 1) else { return Ok(None) };
    let mut asked = Asked::read(&query(own, catalogue.year, first));
    let Ok(Settled::Search(settlement)) = settle(&cx.catalogues, &cx.app.tables, (cx.app.clock)(), &mut asked) else {
        return Ok(None);
    };
    let tally = market::tally(catalogue, &settlement.search).await.map_err(Failure::internal)?;
    let plan_pk = catalogue.variants.find(plan);
    let offer = tally.offers().iter().find(|offer| Some(offer.plan_pk) == plan_pk);
    Ok(offer.map(|offer| offer.premium))
}
