//! Who of a group can get its dental plan, and what each way costs: shown in numbers, never recommended.
//!
//! Called by the page of dental plans. Prices are `price`'s. It must never choose.

use super::choice::{Choice, GroupChoice};
use super::price::{Asking, Unpriced, age, people_of, search_for};
use crate::application::sheet::RowId;
use crate::filing::codes::Product;
use crate::quote::market;
use crate::quote::policy::DatedRules;
use crate::types::{Cents, PlanId};

/// Some of a group, on a dental plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// In the order of the group; never empty.
    pub people: Vec<RowId>,
    /// The lowest price after the credit, a month; `None`: no plan is sold to them.
    pub lowest: Option<Cents>,
    /// That of the plan that is chosen; `None`: none is, or it is not sold to them.
    pub chosen: Option<Cents>,
}

/// Those of a group who are children where a dentist's care is an essential health benefit: by `pediatric_dental_under_age`.
pub fn children(asking: &Asking<'_>, group: &GroupChoice) -> Vec<RowId> {
    let Some(rules) = DatedRules::of_year(asking.tables, asking.catalogue.year) else { return Vec::new() };
    let under = rules.rating.dental_under_age;
    let child = |row: &&RowId| asking.results.person(**row).is_some_and(|person| age(person, asking.start) < under);
    group.people.iter().filter(child).copied().collect()
}

/// These people of a group as a choice has them, in the group's order: empty if that is all of them.
pub fn kept(group: &GroupChoice, people: &[RowId]) -> Vec<RowId> {
    let kept: Vec<RowId> = group.people.iter().copied().filter(|row| people.contains(row)).collect();
    if kept == group.people { Vec::new() } else { kept }
}

/// What the dental plan costs if it is for these people of a group.
///
/// # Errors
///
/// See [`Unpriced`].
pub async fn way(asking: &Asking<'_>, at: usize, people: &[RowId]) -> Result<Way, Unpriced> {
    let group = asking.choice.groups.get(at).ok_or(Unpriced::NoGroup)?;
    let mut choice = Choice::clone(asking.choice);
    choice.groups[at].dental_people = kept(group, people);
    let search = search_for(&Asking { choice: &choice, ..*asking }, (at, Product::Dental)).await?;
    let tally = market::tally(asking.catalogue, &search).await?;
    let chosen = group.dental.as_deref().and_then(PlanId::parse);
    let chosen = chosen.and_then(|plan| asking.catalogue.variants.find(&plan)).and_then(|plan_pk| tally.find(plan_pk));
    Ok(Way {
        people: people_of(&choice.groups[at], Product::Dental).to_vec(),
        lowest: tally.offers().iter().map(|offer| offer.net()).min(),
        chosen: chosen.map(|offer| offer.net()),
    })
}
