//! What lists show about each plan and variant besides its price: held in memory, read once from the catalogue.
//!
//! Called by `Catalogue` when it opens. The country's 22,000 or so variants take a hundred megabytes at most (`costs`
//! holds what the yearly cost needs). They do not change, and fetching ten of them with every search took longer than
//! the search itself (docs/performance.md).

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};

use super::costs::{self, VariantCosts};
use crate::costs::dominance::Network;
use crate::filing::codes::{Feature, Metal, Packed, PlanType, Product, VariantKind};
use crate::filing::keys::variant_pk;
use crate::filing::share::{CostShare, Shares};
use crate::types::{Cents, PlanId};

/// The services that every card shows, by the slug of their benefit. Columns of [`VARIANTS`] have them as prefixes.
pub const CARD_SERVICES: [&str; 4] = ["primary", "specialist", "generic", "emergency"];
/// What [`VARIANTS`] has of each, in this order, from this column on: 400,000 values are read when a catalogue is opened, and
/// looking each up by its name took longer than reading it. A test compares the two.
const SERVICE_COLUMNS: [&str; 5] = ["covered", "copay_kind", "copay", "coins_kind", "coins"];
const FIRST_SERVICE: usize = 20;

/// What all variants of a plan share.
#[derive(Debug, Clone)]
pub struct PlanFacts {
    /// 14 characters.
    pub plan_id: String,
    pub name: String,
    /// `None`: a level that this build does not know.
    pub metal: Option<Metal>,
    /// NULL: no row in the Quality PUF. 0: filed as "Not Rated".
    pub stars: Option<i64>,
    /// For a dental plan: the share of its premium for children's dental care, in parts per million.
    pub pediatric_dental_ppm: u32,
    pub network: Network,
}

#[derive(Debug, Clone)]
pub struct VariantFacts {
    pub packed: Packed,
    /// HIOS issuer ID.
    pub issuer_id: u32,
    /// Share of the premium for essential health benefits, in parts per million.
    pub ehb_ppm: u32,
    pub deductible_individual: Option<Cents>,
    pub deductible_family: Option<Cents>,
    pub moop_individual: Option<Cents>,
    pub moop_family: Option<Cents>,
    /// Only if drugs have a separate deductible.
    pub drug_deductible_individual: Option<Cents>,
    pub drug_deductible_family: Option<Cents>,
    /// In the order of [`CARD_SERVICES`].
    pub services: [Shares; 4],
    /// `None`: a dental plan.
    pub costs: Option<Box<VariantCosts>>,
}

#[derive(Debug, Default)]
pub struct Variants {
    /// By `plan_pk`.
    plans: Vec<Option<PlanFacts>>,
    /// `plan_pk` by plan ID.
    by_id: HashMap<String, i64>,
    has_dental: bool,
    /// By `variant_pk` (`filing::keys`). Boxed: half of the places are empty, and a list of them would be copied as it grows.
    variants: Vec<Option<Box<VariantFacts>>>,
}

pub const PLANS: &str = "SELECT plan_pk, plan_id, name, metal, stars_overall, coalesce(pediatric_dental_ppm, 0), \
     national_network, plan_type, referral_required FROM plan";

/// The four services by their CMS names.
pub const VARIANTS: &str = "SELECT v.variant_pk, v.metal, v.plan_type, v.stars, v.programs, v.standard_design, v.hsa,
  v.national, v.referral_free, v.is_new, v.child_dental, v.adult_dental, v.issuer_id, v.ehb_ppm, v.deductible_individual,
  v.deductible_family, v.moop_individual, v.moop_family, v.drug_deductible_individual, v.drug_deductible_family,
  c1.covered AS primary_covered, c1.copay_tier1_kind AS primary_copay_kind, c1.copay_tier1_amount AS primary_copay,
  c1.coins_tier1_kind AS primary_coins_kind, c1.coins_tier1_amount AS primary_coins,
  c2.covered AS specialist_covered, c2.copay_tier1_kind AS specialist_copay_kind,
  c2.copay_tier1_amount AS specialist_copay, c2.coins_tier1_kind AS specialist_coins_kind,
  c2.coins_tier1_amount AS specialist_coins,
  c3.covered AS generic_covered, c3.copay_tier1_kind AS generic_copay_kind, c3.copay_tier1_amount AS generic_copay,
  c3.coins_tier1_kind AS generic_coins_kind, c3.coins_tier1_amount AS generic_coins,
  c4.covered AS emergency_covered, c4.copay_tier1_kind AS emergency_copay_kind,
  c4.copay_tier1_amount AS emergency_copay, c4.coins_tier1_kind AS emergency_coins_kind,
  c4.coins_tier1_amount AS emergency_coins
FROM variant v
LEFT JOIN cost_sharing c1 ON c1.plan_pk = v.plan_pk AND c1.variant_code = v.variant_code AND c1.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'primary-care-visit-to-treat-an-injury-or-illness')
LEFT JOIN cost_sharing c2 ON c2.plan_pk = v.plan_pk AND c2.variant_code = v.variant_code AND c2.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'specialist-visit')
LEFT JOIN cost_sharing c3 ON c3.plan_pk = v.plan_pk AND c3.variant_code = v.variant_code AND c3.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'generic-drugs')
LEFT JOIN cost_sharing c4 ON c4.plan_pk = v.plan_pk AND c4.variant_code = v.variant_code AND c4.benefit_id =
  (SELECT benefit_id FROM benefit WHERE slug = 'emergency-room-services')";

impl Variants {
    pub async fn load(pool: &SqlitePool, plan_year: u16) -> Result<Variants, sqlx::Error> {
        let mut all = Variants::default();
        // Row by row, as in `costs`: all together they would be several times the size of what is kept.
        let mut rows = sqlx::query(PLANS).fetch(pool);
        while let Some(row) = rows.try_next().await? {
            let facts = PlanFacts {
                plan_id: row.try_get(1)?,
                name: row.try_get(2)?,
                metal: Metal::from_code(row.try_get(3)?),
                stars: row.try_get(4)?,
                pediatric_dental_ppm: row.try_get::<i64, _>(5)? as u32,
                network: network(row.try_get(6)?, row.try_get(7)?, row.try_get(8)?),
            };
            let plan_pk = row.try_get(0)?;
            all.by_id.insert(facts.plan_id.clone(), plan_pk);
            all.has_dental |= facts.metal.is_some_and(|metal| metal.product() == Product::Dental);
            put(&mut all.plans, plan_pk, facts);
        }
        // Side by side: each of the two waits for a thread of the database.
        let (mut costs, ()) = tokio::try_join!(costs::load(pool, plan_year), read_variants(pool, &mut all.variants))?;
        for (variant_pk, facts) in all.variants.iter_mut().enumerate() {
            if let Some(facts) = facts {
                facts.costs = costs.remove(&(variant_pk as i64));
            }
        }
        Ok(all)
    }

    /// The plan's key.
    pub fn find(&self, plan: &PlanId) -> Option<i64> {
        self.by_id.get(plan.as_str()).copied()
    }

    /// Whether there is any dental plan at all: a catalogue without them must not say that none is sold.
    pub fn has_dental(&self) -> bool {
        self.has_dental
    }

    pub fn plan(&self, plan_pk: i64) -> Option<&PlanFacts> {
        self.plans.get(usize::try_from(plan_pk).ok()?)?.as_ref()
    }

    pub fn variant(&self, plan_pk: i64, kind: VariantKind) -> Option<&VariantFacts> {
        self.variants.get(usize::try_from(variant_pk(plan_pk, kind.code())).ok()?)?.as_deref()
    }
}

/// All but what a year costs.
async fn read_variants(pool: &SqlitePool, variants: &mut Vec<Option<Box<VariantFacts>>>) -> Result<(), sqlx::Error> {
    let mut rows = sqlx::query(VARIANTS).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        put(variants, row.try_get(0)?, Box::new(read_variant(&row)?));
    }
    Ok(())
}

/// PPO, POS and indemnity plans pay something out of network, HMO and EPO plans nothing.
fn network(national: Option<i64>, plan_type: i64, referral_required: Option<i64>) -> Network {
    let out_of_network = match PlanType::from_code(plan_type) {
        Some(PlanType::Ppo | PlanType::Pos | PlanType::Indemnity) => Some(true),
        Some(PlanType::Hmo | PlanType::Epo) => Some(false),
        None => None,
    };
    Network {
        national: national.map(|filed| filed == 1),
        out_of_network,
        no_referral_needed: referral_required.map(|filed| filed == 0),
    }
}

fn put<T>(list: &mut Vec<Option<T>>, place: i64, item: T) {
    let place = usize::try_from(place).unwrap_or(0);
    if list.len() <= place {
        list.resize_with(place + 1, || None);
    }
    list[place] = Some(item);
}

fn packed(row: &SqliteRow) -> Result<Packed, sqlx::Error> {
    let mut features = Vec::new();
    for feature in Feature::ALL {
        if row.try_get::<i64, _>(feature.column())? == 1 {
            features.push(*feature);
        }
    }
    let code = |column| row.try_get(column);
    let (metal, plan_type) = (code("metal")?, code("plan_type")?);
    Ok(Packed::new(metal, plan_type, code("stars")?, code("programs")?, features.into_iter()))
}

fn read_variant(row: &SqliteRow) -> Result<VariantFacts, sqlx::Error> {
    let cents = |name: &str| row.try_get::<Option<i64>, _>(name).map(|cents| cents.map(Cents));
    let mut services: [Shares; 4] = Default::default();
    for (i, service) in services.iter_mut().enumerate() {
        let first = FIRST_SERVICE + i * SERVICE_COLUMNS.len();
        let share = |at: usize| -> Result<Option<CostShare>, sqlx::Error> {
            Ok(CostShare::from_columns(row.try_get(first + at)?, row.try_get(first + at + 1)?))
        };
        let covered: Option<i64> = row.try_get(first)?;
        *service = Shares {
            covered: covered.map(|covered| covered == 1),
            copay: share(1)?,
            coinsurance: share(3)?,
            ..Shares::default()
        };
    }
    Ok(VariantFacts {
        packed: packed(row)?,
        issuer_id: row.try_get::<i64, _>("issuer_id")? as u32,
        ehb_ppm: row.try_get::<i64, _>("ehb_ppm")? as u32,
        deductible_individual: cents("deductible_individual")?,
        deductible_family: cents("deductible_family")?,
        moop_individual: cents("moop_individual")?,
        moop_family: cents("moop_family")?,
        drug_deductible_individual: cents("drug_deductible_individual")?,
        drug_deductible_family: cents("drug_deductible_family")?,
        services,
        costs: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_read_from_their_columns() {
        let list = VARIANTS.strip_prefix("SELECT ").and_then(|rest| rest.split("FROM").next()).expect("a list");
        let name = |column: &str| column.trim().rsplit([' ', '.']).next().unwrap_or_default().to_string();
        let listed: Vec<String> = list.split(',').map(name).collect();
        let wanted = CARD_SERVICES.iter().flat_map(|service| SERVICE_COLUMNS.map(|what| format!("{service}_{what}")));
        assert_eq!(listed[FIRST_SERVICE..], wanted.collect::<Vec<_>>());
    }
}
