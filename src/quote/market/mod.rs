//! The plans sold to a household, each with its premium, its credit and the filters that it fails.
//!
//! `query` writes the one statement, `premium` what it charges, `tally` counts and orders what came back. The benchmark
//! that the credit hangs on comes from the same statement, so a price and its credit cannot disagree.

pub mod premium;
pub mod query;
pub mod tally;

use crate::catalogue::Catalogue;
use crate::eligibility::rounding;
use crate::filing::codes::{Product, VariantKind};
use crate::quote::QuoteError;
use crate::quote::ask::address::Search;
use crate::quote::ask::facets::Facets;
use crate::quote::ask::people::Household;
use crate::quote::offer::Offer;
use crate::quote::policy::{self, CreditTerms, Policy};
use crate::types::Cents;
use query::{Arg, build_query, read_offers};
use tally::Tally;

/// Pediatric dental is an essential health benefit to the end of the month in which a person turns 19
/// (45 CFR 156.110(a)(10), 156.115(a)(6)).
const CHILD_DENTAL_AGE: u8 = 19;

/// Every plan sold to the household, priced and counted.
pub async fn tally<'c>(catalogue: &'c Catalogue, search: &Search) -> Result<Tally<'c>, QuoteError> {
    let offers = offers(catalogue, search).await?;
    let terms = match search.product {
        Product::Medical => search.policy.credit.as_deref(),
        // The credit is for medical plans; what is left of it for a child's dental plan is settled when enrolling.
        Product::Dental => None,
    };
    let Some(terms) = terms else { return Ok(Tally::new(offers, None, None, &search.facets)) };
    let benchmark = benchmark(catalogue, search, terms, &offers).await?;
    let credit = benchmark.map(|benchmark| terms.answer.credit_for(benchmark));
    Ok(Tally::new(offers, benchmark, credit, &search.facets))
}

/// The benchmark premium. Most households' list is its own benchmark list; a second statement is asked only where
/// other people are on the policy than have a credit, or somebody uses tobacco.
async fn benchmark(
    catalogue: &Catalogue,
    search: &Search,
    terms: &CreditTerms,
    offers: &[Offer<'_>],
) -> Result<Option<Cents>, QuoteError> {
    let any_child = terms.eligible.covered().any(|person| person.age < CHILD_DENTAL_AGE);
    let children = any_child.then(|| terms.eligible.only(|i| terms.eligible.people()[i].age < CHILD_DENTAL_AGE));
    let for_people = |household: &Household, product| {
        let policy = Policy { household: household.clone(), credit: None, ..search.policy.clone() };
        Search { policy, product, facets: Facets::default(), ..search.clone() }
    };
    let mut dental = Vec::new();
    if let Some(children) = &children {
        for offer in self::offers(catalogue, &for_people(children, Product::Dental)).await? {
            dental.push(rounding::ehb_share(offer.premium, offer.plan.pediatric_dental_ppm));
        }
    }
    if terms.same_as_policy {
        return Ok(policy::benchmark_premium(offers, &dental, children.is_some()));
    }
    let others = self::offers(catalogue, &for_people(&terms.eligible, Product::Medical)).await?;
    Ok(policy::benchmark_premium(&others, &dental, children.is_some()))
}

/// Binds and runs the statement of a search.
async fn offers<'c>(catalogue: &'c Catalogue, search: &Search) -> Result<Vec<Offer<'c>>, QuoteError> {
    let query = build_query(search);
    // Safe: every word of the text comes from closed sets, every value is bound (see query.rs).
    let mut statement = sqlx::query_scalar(sqlx::AssertSqlSafe(query.sql));
    for arg in query.args {
        statement = match arg {
            Arg::Int(n) => statement.bind(n),
            Arg::Text(text) => statement.bind(text),
        };
    }
    let text: Option<String> = statement.fetch_one(&catalogue.pool).await?;
    let offers = read_offers(text.as_deref().unwrap_or_default());
    let offers = offers.ok_or(QuoteError::Unreadable)?;
    let (variants, family) = (search.variants(), search.policy.household.is_family());
    let known = offers.into_iter().filter_map(|offer| {
        let plan_pk = offer.0;
        let plan = catalogue.variants.plan(plan_pk)?;
        let of = |kind| catalogue.variants.variant(plan_pk, kind);
        let facts = of(variants.of_metal(plan.metal)).or_else(|| of(VariantKind::Standard))?;
        Some(Offer::new(offer, plan, facts, family))
    });
    Ok(known.collect())
}
