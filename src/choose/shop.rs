//! `/account/shop/1/plans`, `…/compare` and so on: the shop's own pages, with the prices of the first group of people who buy
//! together.
//!
//! The request that the shop's handlers get holds the address without who and where, and the household: no cookie, no session,
//! no store. Answers are `no-store`. It must never let one owner see another's: the household is always the session's own.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::Uri;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use tower::ServiceExt as _;

use super::around::{Around, around, key_of, names};
use super::words;
use crate::app::App;
use crate::application::sheet::RowId;
use crate::costs::utilization::Sex;
use crate::enrollment::price::people_of;
use crate::filing::codes::Product;
use crate::office::desk::{Answer, Desk, Instead};
use crate::quote::ask::address::Search;
use crate::quote::ask::people::{Household, Person};
use crate::quote::market;
use crate::quote::policy::Policy;
use crate::shop::fixed::{Both, Fixed, PAGES};
use crate::shop::words::search::county_words;
use crate::shop::{compare, costs, csv, plan, plans, sheet};
use crate::web::error::Failure;
use crate::web::page::{Below, Cx};

/// The shop's handlers, at their own addresses.
#[derive(Clone)]
pub struct Inner(Router);

impl Inner {
    pub fn new(app: &Arc<App>) -> Inner {
        let router = Router::new()
            .route("/plans", get(plans::plans))
            .route("/plans.csv", get(csv::plans))
            .route("/plans/{plan_id}", get(plan::plan))
            .route("/plans/{plan_id}/costs", get(costs::costs))
            .route("/compare", get(compare::compare))
            .route("/compare.csv", get(csv::comparison))
            .route("/sheet", get(sheet::sheet))
            .fallback(async || Failure::NotFound.into_response());
        Inner(router.with_state(Arc::clone(app)))
    }
}

/// `GET /account/shop/{group}/{*page}`: groups are counted from 1.
pub async fn show(
    desk: Desk,
    Extension(Inner(shop)): Extension<Inner>,
    Path((group, page)): Path<(String, String)>,
) -> Answer {
    let around = around(&desk).await?;
    let at = group.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    // The number of a group that is no more: people have been put together another way meanwhile.
    let Some(at) = at.filter(|at| *at < around.choice.groups.len()) else { return Ok(desk.go(super::ROOT)) };
    let both = both(&desk.cx, &around, at).await?;
    let path = format!("/{page}");
    let below = Below::new(desk.cx.lang, &base(at), PAGES, Box::new(both));
    Ok(ask(shop, &path, desk.cx.within(&path, below)).await)
}

/// `/account/shop/1`, without language.
pub fn base(at: usize) -> String {
    format!("/account/shop/{}", at + 1)
}

/// Asks the shop: with nothing of the request but what `Cx` holds.
async fn ask(shop: Router, path: &str, cx: Cx) -> Response {
    // A path that was decoded may hold what no address can: no such page.
    let Ok(uri) = path.parse::<Uri>() else { return Failure::NotFound.into_response() };
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    request.extensions_mut().insert(cx);
    match shop.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// With what likely costs of a year depend on, as it was told: prices do not.
fn of_the_year(around: &Around, at: usize, search: Search) -> Search {
    let case = &around.results.case;
    let rows = &around.choice.groups[at].people;
    let one = |(person, row): (&Person, &RowId)| Person {
        sex: match case.text("sex", *row) {
            "female" => Some(Sex::Female),
            "male" => Some(Sex::Male),
            _ => None,
        },
        pregnant: case.among("pregnant", *row),
        ..*person
    };
    let people: Vec<Person> = search.household.people().iter().zip(rows).map(one).collect();
    match Household::new(people) {
        Ok(household) => {
            Search { policy: Policy { household: household.clone(), ..search.policy }, household, ..search }
        }
        Err(_) => search,
    }
}

async fn both(cx: &Cx, around: &Around, at: usize) -> Result<Both, Instead> {
    let group = &around.choice.groups[at];
    let of = |search: Search| {
        let place = format!("{}, {}", search.place.zip, county_words(cx, &search));
        let people = names(cx, &around.results, people_of(group, search.product));
        Fixed {
            lead: words::lead(cx, around, &search),
            help: words::help(cx, around, &search),
            can_choose: around.start.is_ok(),
            who: [people, place, search.year.to_string()].join(" · "),
            catalogue: Arc::clone(&around.catalogue),
            people: (search.product == Product::Dental && group.people.len() > 1).then_some("/account/plan/dental"),
            change: "/account/apply/sent",
            choose: "/account/plan/choose",
            home: super::ROOT,
            group: key_of(&group.people),
            search,
        }
    };
    let medical = of_the_year(around, at, around.search(cx, at, Product::Medical).await?);
    // The whole list: filters of the address do not change what the rule leaves out.
    let withheld = match medical.policy.only {
        Some(_) => market::tally(&around.catalogue, &medical).await.map_err(anyhow::Error::from)?.withheld,
        None => 0,
    };
    let only = words::only(cx, around, (&medical, withheld));
    let mut medical = of(medical);
    medical.lead.extend(only);
    Ok(Both { medical, dental: of(around.search(cx, at, Product::Dental).await?) })
}
