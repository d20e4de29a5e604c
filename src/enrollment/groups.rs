//! Who may buy together, and what each way of parting a household costs and loses: shown in numbers, never recommended.
//!
//! Called by the page of groups. It must never choose.

use super::choice::{Choice, GroupChoice};
use super::price::{Asking, Unpriced, used, without_end};
use super::results::Results;
use crate::application::sheet::RowId;
use crate::eligibility::csr;
use crate::eligibility::tables::CsrLevel;
use crate::filing::codes::{Metal, Product};
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::types::Cents;

/// A way of parting the household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    pub groups: Vec<Parted>,
    /// The lowest premiums of all groups after the credit, a month; `None`: a group has no plan.
    pub lowest: Option<Cents>,
    /// The same with silver plans alone.
    pub lowest_silver: Option<Cents>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parted {
    pub people: Vec<RowId>,
    /// The level of cost sharing that one policy for them has.
    pub csr: CsrLevel,
    /// Who would have a better level with people of their own level, and which.
    pub loses: Vec<(RowId, CsrLevel)>,
}

/// Who buys together if nothing else is said: those of one tax household, and everybody of none together.
pub fn default_groups(results: &Results) -> Vec<Vec<RowId>> {
    let mut groups: Vec<(Option<usize>, Vec<RowId>)> = Vec::new();
    for person in results.people.iter().filter(|person| person.shops) {
        match groups.iter_mut().find(|(tax, _)| *tax == person.tax_household) {
            Some((_, people)) => people.push(person.row),
            None => groups.push((person.tax_household, vec![person.row])),
        }
    }
    groups.into_iter().map(|(_, people)| people).collect()
}

/// Each way once: all together, as by default, by level of cost sharing, everybody apart.
pub fn ways(results: &Results) -> Vec<Vec<Vec<RowId>>> {
    let shoppers = results.shoppers();
    if shoppers.is_empty() {
        return Vec::new();
    }
    let apart: Vec<Vec<RowId>> = shoppers.iter().map(|row| vec![*row]).collect();
    let mut ways: Vec<Vec<Vec<RowId>>> = Vec::new();
    for way in [vec![shoppers], default_groups(results), by_level(results), apart] {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    ways
}

/// Default groups, each parted by the level that its people have by themselves.
fn by_level(results: &Results) -> Vec<Vec<RowId>> {
    let mut parted = Vec::new();
    for group in default_groups(results) {
        let mut levels: Vec<(CsrLevel, Vec<RowId>)> = Vec::new();
        for row in group {
            let level = own_level(results, row);
            match levels.iter_mut().find(|(own, _)| *own == level) {
                Some((_, people)) => people.push(row),
                None => levels.push((level, vec![row])),
            }
        }
        parted.extend(levels.into_iter().map(|(_, people)| people));
    }
    parted
}

fn own_level(results: &Results, row: RowId) -> CsrLevel {
    results.person(row).map_or(CsrLevel::None, |person| csr::together(&[person.choices]))
}

/// What one policy for these people has and loses.
pub fn parted(results: &Results, people: &[RowId]) -> Parted {
    let choices: Vec<csr::Choices> =
        people.iter().filter_map(|row| results.person(*row)).map(|person| person.choices).collect();
    let level = csr::together(&choices);
    let own = people.iter().map(|row| (*row, own_level(results, *row)));
    Parted { people: people.to_vec(), csr: level, loses: own.filter(|(_, own)| *own > level).collect() }
}

/// Every way with its numbers. `asking`: how much of the credit is wanted and from which day; its groups are not looked at.
///
/// # Errors
///
/// If the catalogue cannot be read, or the home is in none of its counties.
pub async fn splits(asking: &Asking<'_>) -> Result<Vec<Split>, Unpriced> {
    let mut splits = Vec::new();
    for way in ways(asking.results) {
        let groups: Vec<GroupChoice> = way.iter().cloned().map(GroupChoice::of).collect();
        let choice = Choice { groups, ..asking.choice.clone() };
        splits.push(split(&Asking { choice: &choice, ..*asking }).await?);
    }
    Ok(splits)
}

/// The numbers of one way.
async fn split(asking: &Asking<'_>) -> Result<Split, Unpriced> {
    let mut tallies = Vec::with_capacity(asking.choice.groups.len());
    for at in 0..asking.choice.groups.len() {
        tallies.push(without_end(asking, (at, Product::Medical)).await?);
    }
    let groups = asking.choice.groups.iter().map(|group| parted(asking.results, &group.people));
    Ok(Split {
        lowest: lowest(asking, &tallies, |_| true),
        lowest_silver: lowest(asking, &tallies, |offer| offer.plan.metal == Some(Metal::Silver)),
        groups: groups.collect(),
    })
}

/// What the lowest-priced plans of all groups cost together, after the credit.
fn lowest(asking: &Asking<'_>, tallies: &[Tally<'_>], keep: impl Fn(&&Offer<'_>) -> bool) -> Option<Cents> {
    // As if no plan was chosen anywhere: by this each group's lowest is found.
    let shares = used(asking, &vec![None; tallies.len()]);
    let one = |(tally, share): (&Tally<'_>, Cents)| {
        let offers = tally.offers().iter().filter(&keep);
        offers.map(|offer| (offer.premium.0 - share.min(offer.credit).0, offer.premium, offer.credit)).min()
    };
    let chosen = tallies.iter().zip(shares).map(one).collect::<Option<Vec<_>>>()?;
    let premiums: Cents = chosen.iter().map(|(_, premium, _)| *premium).sum();
    let caps: Vec<Option<Cents>> = chosen.iter().map(|(_, _, cap)| Some(*cap)).collect();
    let credit: Cents = used(asking, &caps).into_iter().sum();
    Some(Cents(premiums.0 - credit.0))
}
