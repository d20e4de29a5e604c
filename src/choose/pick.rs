//! Choosing a plan for a group, and taking it out again: buttons of the shop's pages and of the page of the choice.

use super::around::{Around, around, clash, key_of};
use crate::enrollment::choice::{Choice, GroupChoice};
use crate::filing::codes::{Metal, Product};
use crate::office::desk::{Answer, Desk, Instead};
use crate::types::PlanId;
use crate::web::error::Failure;

/// `POST /account/plan/choose`: `choice=1,2/33931OH0070006`, the group's people and the plan.
pub async fn choose(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    // The page of the choice says why nothing can be chosen today.
    if around.start.is_err() {
        return Ok(desk.go(super::ROOT));
    }
    let (at, plan) = asked(&desk, &around)?;
    let plan = PlanId::parse(plan).ok_or(Failure::NotFound)?;
    let pk = around.catalogue.variants.find(&plan).ok_or(Failure::NotFound)?;
    let product =
        around.catalogue.variants.plan(pk).and_then(|plan| plan.metal).map_or(Product::Medical, Metal::product);
    if around.priced(&desk.cx, at, (product, plan.as_str())).await?.is_none() {
        let cx = &desk.cx;
        let only = around.search(cx, at, product).await?.policy.only.is_some();
        let key = if only { "choose.not_now_level" } else { "choose.not_sold" };
        let page = desk.page(cx.t("choose.not_sold_title")).lead(cx.t(key));
        return Ok(page.link(cx.t("choose.back"), super::ROOT).with_status(axum::http::StatusCode::CONFLICT));
    }
    put(&desk, &around, at, (product, Some(plan.to_string()))).await
}

/// `POST /account/plan/remove`: `choice=1,2/medical`.
pub async fn remove(desk: Desk) -> Answer {
    let around = around(&desk).await?;
    let (at, word) = asked(&desk, &around)?;
    let products = [Product::Medical, Product::Dental];
    let product = products.into_iter().find(|product| product.key() == word).ok_or(Failure::NotFound)?;
    put(&desk, &around, at, (product, None)).await
}

/// The group, and what is said of it.
fn asked<'d>(desk: &'d Desk, around: &Around) -> Result<(usize, &'d str), Instead> {
    let (people, said) = desk.form.get("choice").split_once('/').ok_or(Failure::NotFound)?;
    let at = around.choice.groups.iter().position(|group| key_of(&group.people) == people);
    // Another tab has put people together another way.
    at.map(|at| (at, said)).ok_or_else(|| clash(desk))
}

async fn put(desk: &Desk, around: &Around, at: usize, (product, plan): (Product, Option<String>)) -> Answer {
    let groups = around.choice.groups.iter().enumerate().map(|(i, group)| match (i == at, product) {
        (false, _) => group.clone(),
        (true, Product::Medical) => GroupChoice { medical: plan.clone(), ..group.clone() },
        (true, Product::Dental) => GroupChoice { dental: plan.clone(), ..group.clone() },
    });
    let choice = Choice { groups: groups.collect(), ..around.choice.clone() };
    if choice != around.choice || around.version == 0 {
        around.save(desk, choice).await?;
    }
    Ok(desk.go(super::ROOT))
}
