//! The newest application of whoever is at the desk, what counts of it now, and what was chosen so far.
//!
//! Called by every page of this room.

use std::sync::Arc;

use axum::http::StatusCode;

use crate::application::record;
use crate::application::sheet::RowId;
use crate::catalogue::Catalogue;
use crate::enrollment::choice::{self, Choice, GroupChoice, Save, Saved};
use crate::enrollment::dates::{self, NotNow, Start};
use crate::enrollment::groups::default_groups;
use crate::enrollment::price::{Asking, search_for};
use crate::enrollment::record::{self as enrolled, Enrollment};
use crate::enrollment::results::{self, Results};
use crate::filing::codes::Product;
use crate::office::desk::{Desk, Instead};
use crate::quote::ask::address::Search;
use crate::quote::market;
use crate::shop::view::Card;
use crate::store::StoreError;
use crate::types::{Cents, PlanId};
use crate::web::page::Cx;

/// Everything that a page of choosing needs. Has no `Debug`: it holds what people typed.
pub struct Around {
    pub results: Results,
    /// With groups, whether or not any were saved.
    pub choice: Choice,
    /// Of the choice as saved; 0: nothing was.
    pub version: i64,
    /// Of the plan year, that prices.
    pub catalogue: Arc<Catalogue>,
    pub start: Result<Start, NotNow>,
    /// What was signed for this application, and is there or on its way.
    pub signed: Vec<Enrollment>,
}

/// Opens the newest application, or leads to where there is something to do first.
///
/// # Errors
///
/// That way; or the store is away.
pub async fn around(desk: &Desk) -> Result<Around, Instead> {
    let cx = &desk.cx;
    let Some(owner) = desk.owner() else { return Err(desk.go("/account").into()) };
    let vault = &desk.office.means.vault;
    let mut connection = desk.office.read().await?;
    let applications = record::of(&mut connection, vault, owner).await?;
    let Some(newest) = applications.first() else { return Err(nothing_sent(desk)) };
    let about = (owner, newest.id.as_str());
    let results = results::of(&mut connection, vault, &cx.app.tables, about).await?;
    let Saved { choice, version } = choice::load(&mut connection, vault, about).await?;
    let mut signed = enrolled::of(&mut connection, vault, owner).await?;
    drop(connection);
    // What was renewed for the next year stands with the same application.
    signed.retain(|own| own.application == newest.id && own.plan_year == newest.plan_year && own.state.is_live());
    let Some(results) = results else { return Err(nothing_sent(desk)) };
    let catalogue = u16::try_from(results.plan_year).ok().and_then(|year| cx.catalogues.get(year).cloned());
    let Some(catalogue) = catalogue else { return Err(no_prices(desk, &results)) };
    if results.shoppers().is_empty() {
        return Err(nobody_buys(desk, &results));
    }
    let start = dates::start(&cx.app.tables, &results, (cx.app.clock)(), choice.begin);
    let choice = with_groups(choice, &results);
    Ok(Around { results, choice, version, catalogue, start, signed })
}

fn nothing_sent(desk: &Desk) -> Instead {
    let cx = &desk.cx;
    let page = desk.page(cx.t("choose.title")).lead(cx.t("choose.nothing_sent"));
    page.link(cx.t("apply.link"), "/account/apply").show().into()
}

fn no_prices(desk: &Desk, results: &Results) -> Instead {
    let cx = &desk.cx;
    let lead = cx.tf("choose.no_prices", &[("year", &results.plan_year.to_string())]);
    desk.page(cx.t("choose.title")).lead(&lead).link(cx.t("choose.to_sent"), "/account/apply/sent").show().into()
}

/// Whoever can get Medicaid or CHIP buys no plan here; nor does anybody who did not apply.
fn nobody_buys(desk: &Desk, results: &Results) -> Instead {
    let cx = &desk.cx;
    let public: Vec<RowId> =
        results.people.iter().filter(|person| person.applying && person.public_coverage).map(|p| p.row).collect();
    let mut page = desk.page(cx.t("choose.nobody_title"));
    page = match public.is_empty() {
        true => page.lead(cx.t("choose.nobody")),
        false => page.lead(&cx.tf("choose.nobody_public", &[("names", &names(cx, results, &public))])),
    };
    page.link(cx.t("choose.to_sent"), "/account/apply/sent").show().into()
}

/// The groups as saved, as long as they are still exactly the people who buy; else all that the rules put together.
fn with_groups(choice: Choice, results: &Results) -> Choice {
    let mut saved: Vec<RowId> = choice.groups.iter().flat_map(|group| group.people.iter().copied()).collect();
    let mut buy = results.shoppers();
    saved.sort_unstable();
    buy.sort_unstable();
    if saved == buy {
        return choice;
    }
    Choice { groups: default_groups(results).into_iter().map(GroupChoice::of).collect(), ..choice }
}

/// "Ana, Ben and Cai": first names; the whole name if two share it.
pub fn names(cx: &Cx, results: &Results, rows: &[RowId]) -> String {
    let first = |row: RowId| results.case.text("first_name", row).trim();
    let shared = |row: RowId| results.people.iter().filter(|other| first(other.row) == first(row)).count() > 1;
    let name = |row: &RowId| if shared(*row) { results.case.name(*row) } else { first(*row).to_string() };
    cx.list(&rows.iter().map(name).collect::<Vec<_>>())
}

/// A group as addresses of forms name it: its rows.
pub fn key_of(people: &[RowId]) -> String {
    people.iter().map(RowId::to_string).collect::<Vec<_>>().join(",")
}

/// The plan that a group has chosen of a product.
pub fn chosen(group: &GroupChoice, product: Product) -> Option<&str> {
    match product {
        Product::Medical => group.medical.as_deref(),
        Product::Dental => group.dental.as_deref(),
    }
}

impl Around {
    /// What every price depends on. Where nobody can sign today: from the day that the result was made for.
    pub fn asking<'a>(&'a self, cx: &'a Cx) -> Asking<'a> {
        Asking {
            catalogue: &self.catalogue,
            tables: &cx.app.tables,
            results: &self.results,
            choice: &self.choice,
            start: self.start.as_ref().map_or(self.results.assumed_start, |start| start.day),
            why: self.start.as_ref().ok().map(|start| &start.why),
        }
    }

    /// The search that prices plans for a group.
    ///
    /// # Errors
    ///
    /// If the catalogue cannot be read.
    pub async fn search(&self, cx: &Cx, at: usize, product: Product) -> Result<Search, Instead> {
        let search = search_for(&self.asking(cx), (at, product)).await.map_err(anyhow::Error::from)?;
        Ok(Search { known: true, ..search })
    }

    /// A plan as a group would pay for it; `None` if it is not sold to them.
    ///
    /// # Errors
    ///
    /// If the catalogue cannot be read.
    pub async fn priced(&self, cx: &Cx, at: usize, (product, id): (Product, &str)) -> Result<Option<Card>, Instead> {
        let search = self.search(cx, at, product).await?;
        let tally = market::tally(&self.catalogue, &search).await.map_err(anyhow::Error::from)?;
        let plan_pk = PlanId::parse(id).and_then(|id| self.catalogue.variants.find(&id));
        let offer = plan_pk.and_then(|plan_pk| tally.find(plan_pk));
        Ok(offer.map(|offer| Card::new(&self.catalogue, offer)))
    }

    /// Whether these people have signed for a plan at this price already: signing again would change nothing.
    pub fn has_signed(&self, people: &[RowId], plan: &str, net: Cents) -> bool {
        self.signed.iter().any(|enrollment| {
            let signed = &enrollment.signed;
            signed.plan.id == plan && signed.net() == net && signed.people.iter().map(|person| &person.row).eq(people)
        })
    }

    /// Keeps a changed choice; its new version.
    ///
    /// # Errors
    ///
    /// The page that says that another tab was faster; or the store is away.
    pub async fn save(&self, desk: &Desk, choice: Choice) -> Result<i64, Instead> {
        let save = Save {
            means: desk.office.means.clone(),
            owner: self.results.owner.clone(),
            application: self.results.application.clone(),
            seen: self.version,
            choice,
        };
        match desk.office.write(save).await {
            Err(StoreError::Stale) => Err(clash(desk)),
            saved => Ok(saved?),
        }
    }

    /// Whether a form was made from the choice as it is now.
    ///
    /// # Errors
    ///
    /// The page that says it was not.
    pub fn is_seen(&self, desk: &Desk) -> Result<(), Instead> {
        if desk.form.get("version") == self.version.to_string() { Ok(()) } else { Err(clash(desk)) }
    }
}

/// Another tab has changed the choice: nothing of this page was kept, and the choice is shown as it is.
pub fn clash(desk: &Desk) -> Instead {
    let cx = &desk.cx;
    let page = desk.page(cx.t("choose.clash_title")).lead(cx.t("choose.clash"));
    page.link(cx.t("choose.back"), super::ROOT).with_status(StatusCode::CONFLICT).into()
}
