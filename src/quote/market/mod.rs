//! The plans sold to a household, each with its premium, its credit and the filters it fails.
//!
//! Called by every page that shows a price. `query` writes the one statement, `premium` adds up the price, `tally`
//! counts and orders the results. The benchmark behind the credit comes from the same statement, so a price and its credit
//! cannot disagree.

pub mod premium;
pub mod query;
pub mod tally;

use std::collections::HashMap;

use crate::catalogue::Catalogue;
use crate::catalogue::places::Place;
use crate::catalogue::readers::Query;
use crate::eligibility::benchmark::{self, PricedPlan};
use crate::eligibility::rounding;
use crate::filing::codes::{Feature, Metal, Product, Sort, VariantKind};
use crate::quote::QuoteError;
use crate::quote::ask::address::Search;
use crate::quote::ask::facets::Facets;
use crate::quote::ask::money::SilverAlone;
use crate::quote::ask::people::{Household, Person};
use crate::quote::fixed::FixedCredit;
use crate::quote::offer::{Misses, Offer};
use crate::quote::policy::{Credit, CreditTerms, DatedRules, Policy};
use crate::types::Cents;
use premium::Charge;
use query::{build_query, read_sold};
use tally::{Benchmark, Tally};

/// Every plan sold to the household, priced and counted.
pub async fn tally<'c>(catalogue: &'c Catalogue, search: &Search) -> Result<Tally<'c>, QuoteError> {
    let mut offers = offers(catalogue, search).await?;
    let sold = offers.len();
    if let Some(way) = search.policy.only.as_ref().and_then(|only| only.way(&offers)).cloned() {
        offers.retain(|offer| way.has(offer));
    }
    let withheld = sold - offers.len();
    let mut tally = with_credit(catalogue, search, offers).await?;
    tally.withheld = withheld;
    Ok(tally)
}

/// The same for a search without filters, beside one whose tally is known: the statement is run only if it would say
/// something else.
pub async fn tally_beside<'c>(
    catalogue: &'c Catalogue,
    search: &Search,
    (known, tally): (&Search, &Tally<'c>),
) -> Result<Tally<'c>, QuoteError> {
    let unfiltered = Search { facets: Facets::default(), ..known.clone() };
    let differs = known.facets.iter().any(|(filter, _)| filter.looks_at_variant());
    if differs || asks(search) != asks(&unfiltered) {
        return self::tally(catalogue, search).await;
    }
    let sold = tally.offers().iter().map(|offer| (offer.plan_pk, offer.premium, Misses::default()));
    with_credit(catalogue, search, of_household(catalogue, search, sold)).await
}

async fn with_credit<'c>(
    catalogue: &'c Catalogue,
    search: &Search,
    offers: Vec<Offer<'c>>,
) -> Result<Tally<'c>, QuoteError> {
    let terms = match (&search.policy.credit, search.product) {
        (Some(Credit::Fixed(fixed)), _) => return with_fixed(catalogue, search, fixed, offers).await,
        (Some(Credit::OfBenchmark(terms)), Product::Medical) => Some(&**terms),
        // While somebody browses, the credit is for medical plans; what remains for a child's dental plan is settled when a
        // medical plan is chosen.
        _ => None,
    };
    let benchmark = match terms {
        Some(terms) => benchmark(catalogue, search, terms, &offers).await?,
        None => None,
    };
    let credit = terms.zip(benchmark).map(|(terms, benchmark)| terms.answer.credit_for(benchmark.monthly));
    Ok(Tally::new(offers, benchmark, credit, &search.facets))
}

/// A credit that was determined: of a medical plan it pays for essential health benefits, of a dental plan for the children's part
/// (26 CFR 1.36B-3(k)), both as filed.
async fn with_fixed<'c>(
    catalogue: &'c Catalogue,
    search: &Search,
    fixed: &FixedCredit,
    offers: Vec<Offer<'c>>,
) -> Result<Tally<'c>, QuoteError> {
    let most = Some(fixed.most());
    if search.product == Product::Medical {
        return Ok(Tally::with_credit(offers, most, |offer| fixed.applied(offer.ehb_premium()), &search.facets));
    }
    let parts = children_parts(catalogue, search).await?;
    let part = |offer: &Offer| parts.get(&offer.plan_pk).copied().unwrap_or(Cents::ZERO);
    Ok(Tally::with_credit(offers, most, |offer| fixed.applied(part(offer)), &search.facets))
}

/// The part of each dental plan's premium that is for children's essential health benefits, as filed: of those children who are
/// charged in this policy.
pub async fn children_parts(catalogue: &Catalogue, search: &Search) -> Result<HashMap<i64, Cents>, QuoteError> {
    let (policy, under) = (&search.policy, search.policy.rules.rating.dental_under_age);
    let people = policy.household.people();
    let charged: Vec<usize> = policy.charged().into_iter().filter(|i| people[*i].age < under).collect();
    if charged.is_empty() {
        return Ok(HashMap::new());
    }
    let household = policy.household.only(|i| charged.contains(&i));
    let policy = Policy { household, credit: None, ..policy.clone() };
    let children = offers(catalogue, &Search { policy, facets: Facets::default(), ..search.clone() }).await?;
    let part = |offer: &Offer| (offer.plan_pk, rounding::ehb_share(offer.premium, offer.plan.pediatric_dental_ppm));
    Ok(children.iter().map(part).collect())
}

/// The benchmark of the credit-eligible members, from `eligibility::benchmark`. For most households the list doubles
/// as the benchmark list; a second statement runs only if the policy covers other people than the credit does, or
/// somebody uses tobacco.
async fn benchmark(
    catalogue: &Catalogue,
    search: &Search,
    terms: &CreditTerms,
    offers: &[Offer<'_>],
) -> Result<Option<Benchmark>, QuoteError> {
    let for_people = |household: &Household, product| {
        let policy = Policy { household: household.clone(), credit: None, ..search.policy.clone() };
        Search { policy, product, facets: Facets::default(), ..search.clone() }
    };
    let child = |person: &Person| person.age < search.policy.rules.rating.dental_under_age;
    let dental = match terms.eligible.covered().any(child) {
        false => Cents::ZERO,
        true => {
            let children = terms.eligible.only(|i| child(&terms.eligible.people()[i]));
            let plans = self::offers(catalogue, &for_people(&children, Product::Dental)).await?;
            let pediatric = |offer: &Offer| rounding::ehb_share(offer.premium, offer.plan.pediatric_dental_ppm);
            benchmark::second_lowest_dental(plans.iter().map(pediatric))
        }
    };
    let others = match terms.same_as_policy {
        true => None,
        false => Some(self::offers(catalogue, &for_people(&terms.eligible, Product::Medical)).await?),
    };
    let silver = others.as_deref().unwrap_or(offers).iter().filter(|offer| offer.plan.metal == Some(Metal::Silver));
    let priced = silver.map(|offer| PricedPlan {
        plan: offer.plan_pk,
        premium: offer.ehb_premium(),
        pediatric_dental: offer.facts.packed.has(Feature::ChildDental),
    });
    let found = benchmark::second_lowest(priced, dental);
    Ok(found.map(|(monthly, plan_pk)| Benchmark { monthly, plan_pk }))
}

/// Silver premiums for one person alone in a place, by which an employer's HRA is judged.
///
/// # Errors
///
/// If the catalogue cannot be read.
pub async fn silver_alone(
    catalogue: &Catalogue,
    place: &Place,
    age: u8,
    rules: DatedRules,
) -> Result<Option<SilverAlone>, QuoteError> {
    let offers = for_one(catalogue, place, (age, Product::Medical), rules).await?;
    let silver = offers.iter().filter(|offer| offer.plan.metal == Some(Metal::Silver));
    Ok(SilverAlone::among(silver.map(|offer| offer.premium)))
}

/// Every plan of a product with its premium for one person alone, of this age, without tobacco.
///
/// # Errors
///
/// If the catalogue cannot be read.
pub async fn for_one<'c>(
    catalogue: &'c Catalogue,
    place: &Place,
    (age, product): (u8, Product),
    rules: DatedRules,
) -> Result<Vec<Offer<'c>>, QuoteError> {
    let Ok(household) = Household::new(vec![Person::of_age(age)]) else { return Ok(Vec::new()) };
    let search = Search {
        year: catalogue.year,
        place: place.clone(),
        policy: Policy::at_full_price(&household, rules),
        household,
        finances: None,
        product,
        facets: Facets::default(),
        sort: Sort::Premium,
        dominated_notes: false,
        page: 1,
        basket: Default::default(),
        grouped: false,
        known: false,
    };
    offers(catalogue, &search).await
}

/// All that decides which plans come back and at what price.
fn asks(search: &Search) -> (Query, Option<i64>, Charge) {
    let Policy { household, rules, .. } = &search.policy;
    (build_query(search), search.place.rating_area_pk, Charge::of(household, &rules.rating))
}

/// What the statement of a search finds, each plan with its price.
async fn offers<'c>(catalogue: &'c Catalogue, search: &Search) -> Result<Vec<Offer<'c>>, QuoteError> {
    let (query, rating_area, charge) = asks(search);
    // A place without a rating area has no price for anything.
    let Some(rating_area) = rating_area else { return Ok(Vec::new()) };
    let rates = catalogue.rates(rating_area).await?;
    let found = catalogue.readers.find(&query).await?;
    let sold = read_sold(&found).ok_or(QuoteError::Unreadable)?;
    let priced = |(plan_pk, misses)| Some((plan_pk, charge.premium(rates.of(plan_pk)?)?, misses));
    Ok(of_household(catalogue, search, sold.into_iter().filter_map(priced)))
}

/// Plans sold to a household, each in the variant that it would get.
fn of_household<'c>(
    catalogue: &'c Catalogue,
    search: &Search,
    sold: impl Iterator<Item = (i64, Cents, Misses)>,
) -> Vec<Offer<'c>> {
    let (variants, family) = (search.variants(), search.policy.household.is_family());
    let known = sold.filter_map(|offer| {
        let plan_pk = offer.0;
        let plan = catalogue.variants.plan(plan_pk)?;
        let of = |kind| catalogue.variants.variant(plan_pk, kind);
        let facts = of(variants.of_metal(plan.metal)).or_else(|| of(VariantKind::Standard))?;
        Some(Offer::new(offer, plan, facts, family))
    });
    known.collect()
}
