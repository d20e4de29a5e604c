//! The next year of a plan: which plan takes its place if people do nothing (45 CFR 155.335(j)), by the Plan ID Crosswalk PUF
//! that the next year's catalogue was made from.
//!
//! Called by the page of renewal. It must never guess: where the file says nothing, it is not known.

use crate::catalogue::Catalogue;
use crate::enrollment::record::Signed;
use crate::types::PlanId;

/// What takes the place of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// It goes on under its own ID.
    Same,
    /// Another plan of the same insurer.
    Other(PlanId),
    /// The insurer does not go on; the exchange has chosen a plan of another (45 CFR 155.335(j)(3)).
    OtherInsurer(PlanId),
    /// Nothing does.
    Gone,
    /// Our data does not say.
    Unknown,
}

impl Next {
    /// The plan that takes its place.
    pub fn plan<'n>(&'n self, own: &'n PlanId) -> Option<&'n PlanId> {
        match self {
            Next::Same => Some(own),
            Next::Other(plan) | Next::OtherInsurer(plan) => Some(plan),
            Next::Gone | Next::Unknown => None,
        }
    }
}

/// What the next year's catalogue says of a plan. `aged_off`: somebody on it is too old for a plan of its kind next year
/// (catastrophic plans, 45 CFR 156.155).
///
/// # Errors
///
/// Any SQLite error.
pub async fn next(catalogue: &Catalogue, signed: &Signed, aged_off: bool) -> Result<Next, sqlx::Error> {
    let Some(own) = PlanId::parse(&signed.plan.id) else { return Ok(Next::Unknown) };
    let county: i64 = signed.place.county_fips.parse().unwrap_or_default();
    let zip: i64 = signed.place.zip.parse().unwrap_or_default();
    let here = (signed.place.state.as_str(), county, zip);
    let Some((plan, age_off)) = catalogue.crosswalk(&own, here).await? else {
        // Without a file the same ID next year is the same plan (45 CFR 155.335(j)(1)).
        return Ok(if catalogue.variants.find(&own).is_some() { Next::Same } else { Next::Unknown });
    };
    let plan = age_off.filter(|_| aged_off).or(plan);
    Ok(match plan {
        None => Next::Gone,
        Some(plan) if plan == own => Next::Same,
        Some(plan) if plan.as_str().get(..5) == own.as_str().get(..5) => Next::Other(plan),
        Some(plan) => Next::OtherInsurer(plan),
    })
}
