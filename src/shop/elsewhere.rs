//! Places whose plans are not in this catalogue: states with their own marketplace, counties not loaded.
//!
//! Called by `open`. Shown before anything else is asked, with the right place to go; it must never leave people
//! without one.

use askama::Template;
use axum::response::Response;

use crate::eligibility::tables::{Marketplace, MarketplaceKind};
use crate::quote::ask::address::Asked;
use crate::quote::settle::Elsewhere;
use crate::shop::open::caching_of_asked;
use crate::shop::words::search::county_name;
use crate::web::page::{self, Cx};

#[derive(Template)]
#[template(path = "elsewhere.html")]
struct ElsewherePage<'a> {
    cx: &'a Cx,
    title: String,
    words: String,
    marketplace: Option<&'a Marketplace>,
    again: String,
}

pub fn page(cx: &Cx, asked: &Asked, elsewhere: Elsewhere) -> Response {
    let Elsewhere { zip, county, year, marketplace, state_sold } = elsewhere;
    let state = cx.t(&format!("state.{}", county.state)).to_string();
    let name = marketplace.as_ref().map(|m| m.site(cx.lang.code()).0.to_string()).unwrap_or_default();
    let place = format!("{}, {}", county_name(cx, &county.name), county.state);
    let year = year.to_string();
    let values = [("zip", zip.as_str()), ("state", &state), ("place", &place), ("name", &name), ("year", &year)];
    let key = match marketplace.as_ref().map(|m| m.kind) {
        // If the state's plans are loaded, only this county has none.
        Some(MarketplaceKind::Sbm) if !state_sold => "elsewhere.state_run",
        Some(_) => "elsewhere.not_loaded",
        None => "elsewhere.no_marketplace",
    };
    let template = ElsewherePage {
        title: cx.tf(&format!("{key}_title"), &values),
        words: cx.tf(key, &values),
        marketplace: marketplace.as_ref(),
        again: cx.href("/"),
        cx,
    };
    page::render(cx, template, caching_of_asked(asked, cx.catalogues.version()))
}
