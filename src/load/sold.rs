//! Plans × service areas × rates → which plans a county's residents can buy.
//!
//! Called by `load::gather` and `synth` once all three are complete. A plan must never be sold where it lacks a price
//! for any age; that is a warning, and the plan is not offered there.

use super::geo::{CountyAreas, Geo};
use super::model::{Plan, Plans};
use super::problems::{LoadError, Problems};
use super::rates::Rates;
use super::service_areas::{Coverage, ServiceAreas};
use super::write::{Out, Rows, cell};
use std::collections::BTreeSet;

/// On-exchange plans sold nowhere, or not everywhere they are filed, by cause, for `meta` and warnings.
#[derive(Debug, Default)]
pub struct Unsold {
    pub no_standard_variant: Vec<String>,
    pub no_service_area: Vec<String>,
    pub no_rates: Vec<String>,
    pub no_county: Vec<String>,
    /// Plan-county pairs left out because a rating area there has no price for the plan.
    pub counties_without_rates: Vec<String>,
    /// Plan-county pairs that span rating areas and have a price in some of them.
    pub counties_partly_rated: Vec<String>,
}

impl Unsold {
    fn causes(&self) -> [(&'static str, &'static str, &Vec<String>); 6] {
        [
            (
                "unsold.no_standard_variant",
                "on-exchange plans not sold because they have no standard variant (-01)",
                &self.no_standard_variant,
            ),
            (
                "unsold.no_service_area",
                "plans not sold because the Service Area PUF lacks their area",
                &self.no_service_area,
            ),
            (
                "unsold.no_rates",
                "plans not sold because the Rate PUF has no whole set of premiums for them",
                &self.no_rates,
            ),
            ("unsold.no_county", "plans not sold because no county of theirs could be used", &self.no_county),
            (
                "unsold.counties_without_rates",
                "plans left out of a county where they lack premiums, each county counted",
                &self.counties_without_rates,
            ),
            (
                "sold.counties_partly_rated",
                "plans sold only in those ZIP codes of a county where they have premiums, each county counted",
                &self.counties_partly_rated,
            ),
        ]
    }

    /// Counts for the catalogue's `meta` table.
    pub fn meta(&self) -> Vec<(String, String)> {
        self.causes().iter().map(|(key, _, list)| (key.to_string(), list.len().to_string())).collect()
    }

    pub fn warn(&self, problems: &mut Problems) {
        for (_, words, list) in self.causes() {
            if let Some(first) = list.first() {
                problems.warn(format!("{words}: {} (the first: {first})", list.len()));
            }
        }
    }
}

/// Writes `sold` and `sold_zip`; returns the plans that are sold anywhere.
pub fn write(
    (plans, geo): (&Plans, &Geo),
    areas: &ServiceAreas,
    rates: &Rates,
    out: &Out,
) -> Result<(Unsold, BTreeSet<u32>), LoadError> {
    let mut unsold = Unsold::default();
    let rated: std::collections::HashSet<u32> = rates.list.iter().filter(|r| r.complete()).map(|r| r.plan).collect();
    let (mut sold, mut zips) = (Vec::new(), Vec::new());
    for (pk, plan) in plans.each().filter(|(_, plan)| plan.on_exchange()) {
        if !plan.variants.iter().any(|v| v.code == 1) {
            unsold.no_standard_variant.push(plan.id.clone());
            continue;
        }
        let area = plan.service_area_id.as_deref().unwrap_or_default();
        let Some(counties) = areas.find(&plan.state, plan.issuer_id, area) else {
            unsold.no_service_area.push(plan.id.clone());
            continue;
        };
        if !rated.contains(&pk) {
            unsold.no_rates.push(plan.id.clone());
            continue;
        }
        let before = sold.len();
        for (county, coverage) in counties {
            match sold_where(geo, rates, (pk, plan), *county, coverage, &mut unsold) {
                SoldWhere::Nowhere => {}
                SoldWhere::Whole => sold.push((*county, plan.product, pk, plan, false)),
                SoldWhere::In(some) => {
                    sold.push((*county, plan.product, pk, plan, true));
                    zips.extend(some.into_iter().map(|zip| (*county, pk, zip)));
                }
            }
        }
        if sold.len() == before {
            unsold.no_county.push(plan.id.clone());
        }
    }
    let plans_sold = sold.iter().map(|(_, _, plan, ..)| *plan).collect();
    sold.sort_unstable_by_key(|(county, product, plan_pk, ..)| (*county, *product, *plan_pk));
    zips.sort_unstable();
    let mut rows = Rows::new(out, "sold", &["county_fips", "product", "plan_pk", "metal", "by_zip", "child_only"]);
    for (county, product, plan_pk, plan, by_zip) in sold {
        let child_only = plan.child_only == "child";
        rows.push([cell(county), cell(product), cell(plan_pk), cell(plan.metal), cell(by_zip), cell(child_only)])?;
    }
    rows.finish()?;
    let mut rows = Rows::new(out, "sold_zip", &["county_fips", "plan_pk", "zip"]);
    for (county, plan, zip) in zips {
        rows.push([cell(county), cell(plan), cell(zip)])?;
    }
    rows.finish()?;
    Ok((unsold, plans_sold))
}

enum SoldWhere {
    Nowhere,
    Whole,
    In(Vec<u32>),
}

fn sold_where(
    geo: &Geo,
    rates: &Rates,
    (pk, plan): (u32, &Plan),
    county: u32,
    coverage: &Coverage,
    unsold: &mut Unsold,
) -> SoldWhere {
    let here = || format!("{} in county {county:05}", plan.id);
    let covered = |zip: &u32| coverage.as_ref().is_none_or(|zips| zips.contains(zip));
    match geo.areas_of(county) {
        CountyAreas::One(area) if !rates.priced(pk, area) => {
            unsold.counties_without_rates.push(here());
            SoldWhere::Nowhere
        }
        CountyAreas::One(_) if coverage.is_none() && geo.zips.contains_key(&county) => SoldWhere::Whole,
        CountyAreas::One(_) => {
            let zips: Vec<u32> = geo.zips.get(&county).into_iter().flatten().copied().filter(covered).collect();
            if zips.is_empty() { SoldWhere::Nowhere } else { SoldWhere::In(zips) }
        }
        CountyAreas::ByZip(places) => {
            let covered: Vec<&(u32, u32)> = places.iter().filter(|(zip, _)| covered(zip)).collect();
            let priced: Vec<u32> =
                covered.iter().filter(|(_, area)| rates.priced(pk, *area)).map(|(zip, _)| *zip).collect();
            if priced.is_empty() {
                unsold.counties_without_rates.push(here());
                return SoldWhere::Nowhere;
            }
            if priced.len() < covered.len() {
                unsold.counties_partly_rated.push(here());
            }
            if priced.len() == places.len() { SoldWhere::Whole } else { SoldWhere::In(priced) }
        }
    }
}
