//! The household of an application for the next plan year: as it was told, with the ages and rules of that year and the
//! premiums of its plans.
//!
//! Called by the day's chore that redetermines (`verify::renew`). It asks nothing outside of this process, and changes
//! nothing that was told.

use std::sync::Arc;

use serde_json::{Value, json};
use time::Date;

use super::determine::{Undetermined, answer, premiums};
use crate::catalogue::Catalogue;
use crate::eligibility::Tables;
use crate::eligibility::household::HraKind;
use crate::quote::QuoteError;
use crate::quote::market;
use crate::quote::policy::DatedRules;
use crate::types::{CountyFips, Zip5};

/// What of a household is a plan year's own.
const OF_THE_YEAR: [&str; 5] = ["as_of", "plan_year", "silver_plans", "dental_plans", "hra_offers"];

/// The plans of one year.
#[derive(Clone)]
pub struct Plans {
    catalogue: Arc<Catalogue>,
}

impl Plans {
    pub fn of(catalogue: &Arc<Catalogue>) -> Plans {
        Plans { catalogue: Arc::clone(catalogue) }
    }

    pub fn year(&self) -> i32 {
        i32::from(self.catalogue.year)
    }

    /// The catalogue's, as it is kept with a determination.
    pub fn version(&self) -> &str {
        &self.catalogue.version
    }

    /// A household that was told for an earlier year, for this one.
    ///
    /// # Errors
    ///
    /// If nothing is sold where it lives any more, there are no rules of the year, or the engine refuses it.
    pub async fn household(
        &self,
        tables: &Tables,
        told: &Value,
        (zip, today): (&str, Date),
    ) -> Result<Value, Undetermined> {
        let county = told["county_fips"].as_str().and_then(CountyFips::parse);
        let place = Zip5::parse(zip).zip(county).and_then(|(zip, county)| self.catalogue.places.place(zip, county));
        let place = place.ok_or(Undetermined::NoPlace)?;
        let rules = DatedRules::of_year(tables, self.catalogue.year);
        let rules = rules.ok_or(QuoteError::NoRules(self.catalogue.year))?;
        let mut said = told.clone();
        (said["as_of"], said["plan_year"]) = (json!(today.to_string()), json!(self.year()));
        if let Some(said) = said.as_object_mut() {
            ["silver_plans", "dental_plans"].iter().for_each(|of_another_year| drop(said.remove(*of_another_year)));
        }
        let first = answer(tables, today, &said)?;
        let offers = said.get_mut("hra_offers").and_then(Value::as_array_mut);
        for offer in offers.into_iter().flatten() {
            let employee = first.people.iter().find(|person| offer["employee"] == json!(person.id));
            let Some(employee) = employee else { continue };
            let kind = if offer["kind"] == "qsehra" { HraKind::Qsehra } else { HraKind::Ichra };
            let silver = market::silver_alone(&self.catalogue, &place, employee.age, rules).await?;
            if let Some(lowest) = silver.map(|silver| silver.judging(kind)) {
                offer["lowest_silver_self_only_monthly"] = json!(lowest.decimal());
            }
        }
        if first.tax_households.iter().any(|tax| !tax.eligible_indexes.is_empty()) {
            let eligible = |at: usize| first.tax_households.iter().any(|tax| tax.eligible_indexes.contains(&at));
            let ages = first.people.iter().enumerate().map(|(at, person)| eligible(at).then_some(person.age));
            let ages: Vec<Option<u8>> = ages.collect();
            let (silver, dental) = premiums(&self.catalogue, &place, rules, &ages).await?;
            (said["silver_plans"], said["dental_plans"]) = (silver, dental);
        }
        Ok(said)
    }
}

/// What was told, with what another household has of a plan year's own.
pub fn of_year(told: &Value, renewed: &Value) -> Value {
    let mut said = told.clone();
    for name in OF_THE_YEAR {
        if let Some(value) = renewed.get(name) {
            said[name] = value.clone();
        }
    }
    said
}
