//! Exact prices for a group of people who buy together: the one search by which list, plan page, comparison, what is checked,
//! and what is signed are priced.
//!
//! [`search_for`] settles the search (who, where, which variant, how much of the credit, in cents); `quote::market::tally`
//! prices it, here as in the shop. People are as determined, with their ages on the first day of coverage (45 CFR
//! 147.102(a)(1)(iii)); the level of cost sharing is the last for which all of the group are eligible (155.305(g)(3)). The
//! credit of a tax household is parted over its groups by `share` (155.340(e)); what medical plans leave of it goes, in the
//! order of the groups, to the children's part of dental plans (26 CFR 1.36B-3(k)). It must never work out a credit.

use std::sync::Arc;

use time::Date;

use super::Why;
use super::choice::{Choice, GroupChoice, Use};
use super::levels;
use super::results::{PersonResult, Results};
use super::share::{Part, parted, share_of};
use super::signed::{Signed, SignedPerson};
use crate::application::sheet::{HOUSEHOLD, RowId};
use crate::application::view::age_on;
use crate::catalogue::Catalogue;
use crate::catalogue::places::Place;
use crate::eligibility::tables::CsrLevel;
use crate::eligibility::{Tables, csr};
use crate::filing::codes::{Metal, Product, Sort};
use crate::quote::QuoteError;
use crate::quote::ask::facets::Facets;
use crate::quote::ask::people::{Household, PEOPLE_MAX, Person};
use crate::quote::ask::search::Search;
use crate::quote::fixed::{FixedCredit, FixedShare, in_proportion};
use crate::quote::market::{self, tally::Tally};
use crate::quote::only::Only;
use crate::quote::policy::{Credit, DatedRules, Policy};
use crate::types::{Cents, CountyFips, PlanId, Zip5};

/// All that prices depend on.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    pub catalogue: &'a Catalogue,
    pub tables: &'a Tables,
    pub results: &'a Results,
    /// Groups, the plans that were chosen for them so far, how much of the credit is wanted.
    pub choice: &'a Choice,
    /// The first day of coverage.
    pub start: Date,
    /// Why one may sign now; `None`: not known yet, or one may not.
    pub why: Option<&'a Why>,
}

/// Why there is no price.
#[derive(Debug, thiserror::Error)]
pub enum Unpriced {
    #[error("the home is in no county of this catalogue")]
    NoPlace,
    /// Nobody, more than can be priced, or somebody who does not buy here.
    #[error("there is no such group")]
    NoGroup,
    #[error(transparent)]
    Quote(#[from] QuoteError),
}

/// The settled search of a group: what `market::tally` prices. Facets, order and basket are the page's to set.
///
/// # Errors
///
/// See [`Unpriced`].
pub async fn search_for(asking: &Asking<'_>, (group, product): (usize, Product)) -> Result<Search, Unpriced> {
    let shares = match product {
        Product::Medical => medical_shares(asking, group).await?,
        Product::Dental => dental_shares(asking, group).await?,
    };
    search(asking, (group, product), shares)
}

/// What all of the credit would be for a group, whatever is wanted of it: the most that its plan could use.
///
/// # Errors
///
/// See [`Unpriced`].
pub async fn available(asking: &Asking<'_>, (group, product): (usize, Product)) -> Result<Cents, Unpriced> {
    let choice = Choice { credit: Vec::new(), ..asking.choice.clone() };
    let search = search_for(&Asking { choice: &choice, ..*asking }, (group, product)).await?;
    Ok(match &search.policy.credit {
        Some(Credit::Fixed(fixed)) => fixed.most(),
        _ => Cents::ZERO,
    })
}

/// Where the household lives, as the catalogue knows it.
pub fn place(catalogue: &Catalogue, results: &Results) -> Option<Place> {
    let zip = Zip5::parse(results.case.text("zip", HOUSEHOLD))?;
    let told = CountyFips::parse(results.case.text("county", HOUSEHOLD));
    let frozen = results.case.application.frozen.household["county_fips"].as_str().and_then(CountyFips::parse);
    let county = frozen.or(told)?;
    catalogue.places.place(zip, county)
}

/// A person's age on the first day of coverage.
pub fn age(person: &PersonResult, start: Date) -> u8 {
    person.born.map_or(person.age, |born| u8::try_from(age_on(born, start)).unwrap_or(0))
}

fn group_of<'a>(asking: &Asking<'a>, group: usize) -> Result<&'a GroupChoice, Unpriced> {
    asking.choice.groups.get(group).ok_or(Unpriced::NoGroup)
}

/// Whom a plan of a group covers.
pub fn people_of(group: &GroupChoice, product: Product) -> &[RowId] {
    match product {
        Product::Medical => &group.people,
        Product::Dental => group.with_dental(),
    }
}

/// `shares`: none if no tax household of theirs has a credit.
fn search(
    asking: &Asking<'_>,
    (group, product): (usize, Product),
    shares: Vec<FixedShare>,
) -> Result<Search, Unpriced> {
    let rows = people_of(group_of(asking, group)?, product);
    let people: Option<Vec<&PersonResult>> = rows.iter().map(|row| asking.results.person(*row)).collect();
    let people = people.filter(|people| people.len() <= PEOPLE_MAX && people.iter().all(|person| person.shops));
    let people = people.ok_or(Unpriced::NoGroup)?;
    let of = |person: &&PersonResult| Person {
        tobacco: person.tobacco,
        tribal_member: person.tribal,
        ..Person::of_age(age(person, asking.start))
    };
    let choices: Vec<csr::Choices> = people.iter().map(|person| person.choices).collect();
    let buyers = Buyers {
        people: people.iter().map(of).collect(),
        level: csr::together(&choices),
        catastrophic: people.iter().all(|person| person.catastrophic),
        only: if product == Product::Medical { levels::only(asking, rows) } else { None },
        place: place(asking.catalogue, asking.results).ok_or(Unpriced::NoPlace)?,
        product,
    };
    settled((asking.catalogue, asking.tables), buyers, shares)
}

/// Who buys what, where.
struct Buyers {
    people: Vec<Person>,
    level: CsrLevel,
    catastrophic: bool,
    /// Which plans a special period leaves open.
    only: Option<Arc<Only>>,
    place: Place,
    product: Product,
}

fn settled(
    (catalogue, tables): (&Catalogue, &Tables),
    buyers: Buyers,
    shares: Vec<FixedShare>,
) -> Result<Search, Unpriced> {
    let Buyers { people, level, catastrophic, only, place, product } = buyers;
    let household = Household::new(people).map_err(|_| Unpriced::NoGroup)?;
    let year = catalogue.year;
    let rules = DatedRules::of_year(tables, year).ok_or(QuoteError::NoRules(year))?;
    let credit = (!shares.is_empty()).then(|| Credit::Fixed(Arc::new(FixedCredit::new(shares))));
    let policy = Policy { household: household.clone(), level, rules, catastrophic, credit, only };
    Ok(Search {
        year,
        place,
        household,
        finances: None,
        policy,
        product,
        facets: Facets::default(),
        sort: Sort::Premium,
        dominated_notes: false,
        grouped: true,
        basket: Vec::new(),
        page: 1,
        known: true,
    })
}

/// The search of what is signed already, for these of its people: as old as they were on its first day, at the level and place that
/// were signed. The credit is the caller's.
pub(super) fn of_signed(
    (catalogue, tables): (&Catalogue, &Tables),
    (signed, people): (&Signed, &[SignedPerson]),
    shares: Vec<FixedShare>,
) -> Result<Search, Unpriced> {
    let product = if signed.plan.product == Product::Dental.key() { Product::Dental } else { Product::Medical };
    let zip = Zip5::parse(&signed.place.zip).ok_or(Unpriced::NoPlace)?;
    let county = CountyFips::parse(&signed.place.county_fips).ok_or(Unpriced::NoPlace)?;
    let of = |person: &SignedPerson| Person {
        tobacco: person.tobacco,
        ..Person::of_age(u8::try_from(age_on(person.born, signed.starts)).unwrap_or(0))
    };
    let buyers = Buyers {
        people: people.iter().map(of).collect(),
        level: signed.csr,
        only: None,
        catastrophic: signed.plan.metal == Metal::Catastrophic.key(),
        place: catalogue.places.place(zip, county).ok_or(Unpriced::NoPlace)?,
        product,
    };
    settled((catalogue, tables), buyers, shares)
}

/// What a tax household's people of a group cost in the benchmark plan; 0: none of them has a credit there.
pub(super) fn weight(asking: &Asking<'_>, tax: usize, rows: &[RowId]) -> i64 {
    let eligible = asking.results.tax_households[tax].eligible.iter();
    eligible.filter(|(row, _)| rows.contains(row)).map(|(_, weight)| weight).sum()
}

/// How much of its credit a tax household wants to use, a month.
fn wanted(asking: &Asking<'_>, tax: usize) -> i64 {
    let tax = &asking.results.tax_households[tax];
    let most = tax.credit.at_least_zero().0;
    match asking.choice.wants(tax.filers.first().copied()) {
        Use::All => most,
        Use::None => 0,
        Use::Part { monthly } => monthly.at_least_zero().0.min(most),
    }
}

/// Tax households with a credit for somebody among these people.
pub(super) fn with_credit(asking: &Asking<'_>, rows: &[RowId]) -> Vec<usize> {
    (0..asking.results.tax_households.len()).filter(|tax| weight(asking, *tax, rows) > 0).collect()
}

/// What of a credit without end the chosen plan of a group could use: the part of its premium that a credit may pay. `None`: no
/// plan has been chosen; zero: a catastrophic plan, none is wanted, or it is not sold any more.
async fn usable(asking: &Asking<'_>, (group, product): (usize, Product)) -> Result<Option<Cents>, Unpriced> {
    let chosen = group_of(asking, group)?;
    let plan = match product {
        Product::Medical if chosen.no_medical => return Ok(Some(Cents::ZERO)),
        Product::Medical => &chosen.medical,
        Product::Dental => &chosen.dental,
    };
    let Some(plan) = plan.as_deref().and_then(PlanId::parse) else { return Ok(None) };
    let Some(plan_pk) = asking.catalogue.variants.find(&plan) else { return Ok(Some(Cents::ZERO)) };
    let tally = without_end(asking, (group, product)).await?;
    Ok(Some(tally.find(plan_pk).map_or(Cents::ZERO, |offer| offer.credit)))
}

/// Every plan sold to a group, each with what it could use of a credit without end.
pub(super) async fn without_end<'a>(
    asking: &Asking<'a>,
    (group, product): (usize, Product),
) -> Result<Tally<'a>, Unpriced> {
    let share = FixedShare { most: Cents(i64::from(i32::MAX)), weight: 1 };
    let search = search(asking, (group, product), vec![share])?;
    Ok(market::tally(asking.catalogue, &search).await?)
}

/// What the medical plans of all groups use of all credits, given what each could use (see [`without_end`]).
pub(super) fn used(asking: &Asking<'_>, caps: &[Option<Cents>]) -> Vec<Cents> {
    let mut used = vec![Cents::ZERO; asking.choice.groups.len()];
    let all: Vec<usize> = (0..asking.results.tax_households.len()).collect();
    for parting in partings_of(asking, &all, caps) {
        let parts = parted(parting.wanted, &parting.parts);
        used.iter_mut().zip(parts).for_each(|(sum, part)| sum.0 += part);
    }
    used
}

/// How the medical plans of all groups part a tax household's credit.
struct Parting {
    tax: usize,
    wanted: i64,
    /// By group.
    parts: Vec<Part>,
}

/// For each of these tax households. `own`: a group whose plan is not looked at.
async fn partings(asking: &Asking<'_>, taxes: &[usize], own: Option<usize>) -> Result<Vec<Parting>, Unpriced> {
    let groups = &asking.choice.groups;
    let mut caps: Vec<Option<Cents>> = Vec::with_capacity(groups.len());
    for (at, group) in groups.iter().enumerate() {
        let matters = own != Some(at) && taxes.iter().any(|tax| weight(asking, *tax, &group.people) > 0);
        caps.push(if matters { usable(asking, (at, Product::Medical)).await? } else { None });
    }
    Ok(partings_of(asking, taxes, &caps))
}

/// The same, given what each group's plan could use.
fn partings_of(asking: &Asking<'_>, taxes: &[usize], caps: &[Option<Cents>]) -> Vec<Parting> {
    let groups = &asking.choice.groups;
    let of = |tax: usize| {
        let part = |(at, group): (usize, &GroupChoice)| {
            let weight = self::weight(asking, tax, &group.people);
            // Of a policy that several tax households share, each pays with its credit for its own part (26 CFR 1.36B-3(h)).
            let sharing = with_credit(asking, &group.people);
            let own_part = |cap: Cents| {
                let weights: Vec<i64> = sharing.iter().map(|tax| self::weight(asking, *tax, &group.people)).collect();
                let place = sharing.iter().position(|other| *other == tax);
                place.map_or(0, |place| in_proportion(cap.0, &weights)[place])
            };
            Part { weight, cap: if weight == 0 { Some(0) } else { caps[at].map(own_part) } }
        };
        Parting { tax, wanted: wanted(asking, tax), parts: groups.iter().enumerate().map(part).collect() }
    };
    taxes.iter().map(|tax| of(*tax)).collect()
}

async fn medical_shares(asking: &Asking<'_>, group: usize) -> Result<Vec<FixedShare>, Unpriced> {
    let rows = &group_of(asking, group)?.people;
    let partings = partings(asking, &with_credit(asking, rows), Some(group)).await?;
    let share = |parting: &Parting| FixedShare {
        most: Cents(share_of(parting.wanted, &parting.parts, group)),
        weight: weight(asking, parting.tax, rows),
    };
    Ok(partings.iter().map(share).collect())
}

/// What the medical plans and the dental plans of earlier groups leave. Nothing as long as a medical plan is not chosen that could
/// use it.
async fn dental_shares(asking: &Asking<'_>, group: usize) -> Result<Vec<FixedShare>, Unpriced> {
    let rows = group_of(asking, group)?.with_dental();
    let all: Vec<usize> = (0..asking.results.tax_households.len()).collect();
    let mut left: Vec<i64> = Vec::with_capacity(all.len());
    for parting in partings(asking, &all, None).await? {
        left.push(parting.wanted - parted(parting.wanted, &parting.parts).iter().sum::<i64>());
    }
    let shares = |left: &[i64], rows: &[RowId]| -> Vec<FixedShare> {
        let share = |tax: usize| FixedShare { most: Cents(left[tax]), weight: weight(asking, tax, rows) };
        with_credit(asking, rows).into_iter().map(share).collect()
    };
    for (at, earlier) in asking.choice.groups.iter().enumerate().take(group) {
        let rows = earlier.with_dental();
        let Some(part) = usable(asking, (at, Product::Dental)).await? else { continue };
        let used = FixedCredit::new(shares(&left, rows)).applied_each(part);
        for (tax, used) in with_credit(asking, rows).into_iter().zip(used) {
            left[tax] -= used.0;
        }
    }
    Ok(shares(&left, rows))
}

/// What each person adds to the premium of a plan, in the order of the group; together the premium. A child who is not charged
/// adds nothing (45 CFR 147.102(c)(1)); where a plan has one price for a family, all of it stands with the subscriber.
///
/// # Errors
///
/// If the catalogue cannot be read.
pub async fn by_person(
    catalogue: &Catalogue,
    search: &Search,
    (plan_pk, premium): (i64, Cents),
) -> Result<Vec<Cents>, QuoteError> {
    let mut each = vec![Cents::ZERO; search.policy.household.people().len()];
    for i in search.policy.charged() {
        let household = search.policy.household.only(|other| other == i);
        let policy = Policy { household, credit: None, only: None, ..search.policy.clone() };
        let alone = Search { policy, ..search.clone() };
        let tally = market::tally(catalogue, &alone).await?;
        each[i] = tally.find(plan_pk).map_or(Cents::ZERO, |offer| offer.premium);
    }
    if each.iter().copied().sum::<Cents>() != premium {
        each.iter_mut().enumerate().for_each(|(i, own)| *own = if i == 0 { premium } else { Cents::ZERO });
    }
    Ok(each)
}
