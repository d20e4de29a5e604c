//! The filed cost sharing of every medical variant, typed and prepared for `costs`: read once, held in memory.
//!
//! Called by `variants`. SQLite returns one text per variant, as in a search, because a full year of filings has one
//! and a half million rows. It must never fill in what was not filed, with one exception, which is marked:
//! [`VariantCosts::shares_of`].

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlitePool};

use crate::costs::dominance::Terms;
use crate::costs::plan::{Amounts, CostSharing, Limits, Share};
use crate::costs::price_index::price_index;
use crate::costs::{Gap, Model, Preparer, Rules, Service};
use crate::filing::codes::VariantKind;
use crate::filing::keys::{kind_of_variant, sibling, variant_pk};
use crate::filing::limits;
use crate::filing::share::{Coinsurance, Copay, CostShare};
use crate::types::Cents;

/// What the yearly cost and the plan comparison know about one variant.
#[derive(Debug, Clone)]
pub struct VariantCosts {
    /// Each as filed.
    pub deductible: Limits,
    pub maximum: Limits,
    /// Everything that was filed, in comparable form: for `costs::dominance`.
    pub terms: Terms,
    /// Ready to be priced, or why it cannot be.
    pub rules: Result<Rules, Gap>,
    /// The variant whose shares are used because this one filed none: a plan variation may not ask more of a person
    /// than the standard plan or any variation with a lower actuarial value (45 CFR 156.420(d), (e)), so the estimate
    /// is then an upper bound. Deductibles and maximums are always the variant's own.
    pub shares_of: Option<VariantKind>,
}

/// Variants prepared before yielding: a newer catalogue is opened while pages are being served.
const PREPARED_AT_ONCE: usize = 200;

/// Cost sharing by `variant_pk`.
pub type ByVariant = HashMap<i64, Box<VariantCosts>>;

/// What was filed for a variant: for the services that are priced, and by [`Benefits`] for all others, as far as any is.
/// Boxed, because a table of them copies a kilobyte each whenever it grows.
type Filed = HashMap<i64, Box<(CostSharing, Vec<Share>)>>;

/// Everything a variant filed for one kind of care: benefit, covered, copay kind and amount, coinsurance kind and
/// amount, outside the maximum; blank if not filed.
pub const SHARES: &str = "SELECT plan_pk, variant_code, group_concat(benefit_id || ':' || ifnull(covered, '') || ':' ||
  ifnull(copay_tier1_kind, '') || ':' || ifnull(copay_tier1_amount, '') || ':' || ifnull(coins_tier1_kind, '') || ':' ||
  ifnull(coins_tier1_amount, '') || ':' || ifnull(excluded_in_moop, ''))
  FROM cost_sharing WHERE variant_code > 0 GROUP BY plan_pk, variant_code";
/// Kind, scope, network, who and cents of each deductible and maximum: in network (tier 1), and in and out of network
/// combined.
pub const LIMITS: &str = "SELECT plan_pk, variant_code,
  group_concat(kind || ':' || scope || ':' || network || ':' || who || ':' || cents)
  FROM cost_limit WHERE variant_code > 0 AND network IN (1, 4) AND cents IS NOT NULL GROUP BY plan_pk, variant_code";
pub const DETAILS: &str = "SELECT d.plan_pk, d.variant_code, d.specialty_drug_max_coinsurance,
  d.inpatient_copay_max_days, d.primary_care_visits_before_cost_sharing, d.primary_care_copays_before_deductible
  FROM variant_detail d JOIN plan p USING (plan_pk) WHERE p.product = 0 AND d.variant_code > 0";
pub const BENEFITS: &str = "SELECT benefit_id, name FROM benefit ORDER BY benefit_id";

/// The variants whose shares may be used for another, closest first (45 CFR 156.420).
pub fn stand_ins(kind: VariantKind) -> &'static [VariantKind] {
    use VariantKind::{LimitedCostSharing, OffExchange, Silver73, Silver87, Silver94, Standard, ZeroCostSharing};
    match kind {
        ZeroCostSharing | LimitedCostSharing | Silver73 => &[Standard],
        Silver87 => &[Silver73, Standard],
        Silver94 => &[Silver87, Silver73, Standard],
        Standard | OffExchange => &[],
    }
}

/// Reads all medical variants, row by row: the texts of a full year together are hundreds of megabytes.
///
/// # Errors
///
/// Any SQLite error. A text that is not in the form of [`SHARES`] or [`LIMITS`] counts as not filed.
pub async fn load(pool: &SqlitePool, plan_year: u16) -> Result<ByVariant, sqlx::Error> {
    let benefits = Benefits::load(pool).await?;
    let pk = |row: &SqliteRow| Ok::<i64, sqlx::Error>(variant_pk(row.try_get(0)?, row.try_get(1)?));
    let mut filed = Filed::new();
    let mut rows = sqlx::query(DETAILS).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        let count = |column| row.try_get::<Option<i64>, _>(column).map(|n| n.and_then(|n| u8::try_from(n).ok()));
        let sharing = CostSharing {
            specialty_drug_cap: row.try_get::<Option<i64>, _>(2)?.map(Cents),
            inpatient_copay_days: count(3)?.filter(|days| *days > 0),
            free_primary_care_visits: count(4)?.unwrap_or(0),
            primary_care_copays_first: count(5)?.unwrap_or(0),
            ..CostSharing::default()
        };
        filed.insert(pk(&row)?, Box::new((sharing, Vec::new())));
    }
    let mut rows = sqlx::query(LIMITS).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        if let Some((sharing, _)) = filed.get_mut(&pk(&row)?).map(|filed| &mut **filed) {
            take_limits(sharing, row.try_get(2)?);
        }
    }
    let mut rows = sqlx::query(SHARES).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        if let Some((sharing, others)) = filed.get_mut(&pk(&row)?).map(|filed| &mut **filed) {
            shares(sharing, others, &benefits, row.try_get(2)?);
        }
    }
    let mut preparer = Preparer::new(price_index(plan_year).millionths);
    let mut all = ByVariant::with_capacity(filed.len());
    for (i, variant_pk) in filed.keys().enumerate() {
        if i % PREPARED_AT_ONCE == 0 {
            tokio::task::yield_now().await;
        }
        let mut costs = ready(&filed, *variant_pk);
        if let Ok(rules) = &mut costs.rules {
            preparer.prepare(rules);
        }
        all.insert(*variant_pk, Box::new(costs));
    }
    Ok(all)
}

fn ready(filed: &Filed, variant_pk: i64) -> VariantCosts {
    let (sharing, others) = &*filed[&variant_pk];
    let silent = |sharing: &CostSharing| sharing.shares.iter().all(|share| *share == Share::Missing);
    let shares_of = kind_of_variant(variant_pk).map_or(&[][..], stand_ins).iter().copied().find(|kind| {
        let other = filed.get(&sibling(variant_pk, *kind));
        silent(sharing) && other.is_some_and(|other| !silent(&other.0))
    });
    let rules = match shares_of.and_then(|kind| filed.get(&sibling(variant_pk, kind))) {
        Some(other) => {
            let lent = CostSharing { deductible: sharing.deductible, maximum: sharing.maximum, ..other.0.clone() };
            Rules::new(&lent, Model::Shop)
        }
        None => Rules::new(sharing, Model::Shop),
    };
    let CostSharing { deductible, maximum, .. } = *sharing;
    VariantCosts { deductible, maximum, terms: Terms::new(sharing, others), rules, shares_of }
}

/// Which services each benefit prices, or its position among those that price none.
struct Benefits {
    by_id: HashMap<i64, Priced>,
    others: usize,
}

enum Priced {
    Services(Vec<Service>),
    Other(usize),
}

impl Benefits {
    async fn load(pool: &SqlitePool) -> Result<Benefits, sqlx::Error> {
        let mut benefits = Benefits { by_id: HashMap::new(), others: 0 };
        for row in sqlx::query(BENEFITS).fetch_all(pool).await? {
            let (id, name): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
            let services: Vec<Service> = Service::of_benefit(&name).collect();
            let priced = match services.is_empty() {
                false => Priced::Services(services),
                true => {
                    benefits.others += 1;
                    Priced::Other(benefits.others - 1)
                }
            };
            benefits.by_id.insert(id, priced);
        }
        Ok(benefits)
    }
}

/// The numbers of one entry; blanks are `None`.
fn numbers(entry: &str) -> [Option<i64>; 7] {
    let mut numbers = [None; 7];
    entry.split(':').zip(&mut numbers).for_each(|(text, number)| *number = text.parse().ok());
    numbers
}

fn shares(sharing: &mut CostSharing, others: &mut Vec<Share>, benefits: &Benefits, text: &str) {
    for entry in text.split(',') {
        let [Some(benefit), covered, copay_kind, copay, coinsurance_kind, coinsurance, outside] = numbers(entry) else {
            continue;
        };
        let share = share(covered, (copay_kind, copay), (coinsurance_kind, coinsurance), outside == Some(1));
        match benefits.by_id.get(&benefit) {
            Some(Priced::Services(services)) => {
                services.iter().for_each(|service| sharing.shares[*service as usize] = share);
            }
            Some(Priced::Other(place)) => {
                others.resize(others.len().max(place + 1), Share::Missing);
                others[*place] = share;
            }
            None => {}
        }
    }
}

/// Codes and amounts as the catalogue stores them (`share_kind`). Words that could not be parsed count as not filed.
fn share(
    covered: Option<i64>,
    copay: (Option<i64>, Option<i64>),
    coinsurance: (Option<i64>, Option<i64>),
    outside_maximum: bool,
) -> Share {
    let filed = |(kind, amount)| CostShare::from_columns(kind, amount);
    match (covered, filed(copay), filed(coinsurance)) {
        (Some(0), _, _) => Share::NotCovered,
        (_, None, None) => Share::Missing,
        (_, copay, coinsurance) => {
            let copay = copay.map_or(Some(Copay::NotApplicable), CostShare::copay);
            match (copay, coinsurance.map_or(Some(Coinsurance::NotApplicable), CostShare::coinsurance)) {
                (Some(copay), Some(coinsurance)) => Share::Covered { copay, coinsurance, outside_maximum },
                _ => Share::Missing,
            }
        }
    }
}

/// In network, tier 1; if none is filed, in and out of network combined.
fn take_limits(sharing: &mut CostSharing, text: &str) {
    for network in [limits::IN_AND_OUT, limits::TIER1].map(i64::from) {
        for entry in text.split(',') {
            let [Some(kind), Some(scope), Some(of), Some(who), Some(cents), ..] = numbers(entry) else { continue };
            if of != network {
                continue;
            }
            let of_kind = match kind == i64::from(limits::DEDUCTIBLE) {
                true => &mut sharing.deductible,
                false => &mut sharing.maximum,
            };
            if let Some(amount) = amount(of_kind, scope, who) {
                *amount = Some(Cents(cents));
            }
        }
    }
}

/// Codes of `limit_scope` and `limit_who`.
fn amount(limits: &mut Limits, scope: i64, who: i64) -> Option<&mut Option<Cents>> {
    let code = |code: i64| u8::try_from(code).ok();
    let amounts: &mut Amounts = match code(scope)? {
        limits::MEDICAL => &mut limits.medical,
        limits::DRUG => &mut limits.drug,
        limits::COMBINED => &mut limits.combined,
        _ => return None,
    };
    match code(who)? {
        limits::INDIVIDUAL => Some(&mut amounts.individual),
        limits::FAMILY_PER_PERSON => Some(&mut amounts.person),
        limits::FAMILY_PER_GROUP => Some(&mut amounts.family),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_what_the_words_of_the_filing_mean() {
        let of = |copay: (i64, i64), rate: (i64, i64)| {
            share(Some(1), (Some(copay.0), Some(copay.1)), (Some(rate.0), Some(rate.1)), false)
        };
        let words = |copay: &str, rate: &str| {
            let (copay, coinsurance) = (Copay::parse(copay).unwrap(), Coinsurance::parse(rate).unwrap());
            Share::Covered { copay, coinsurance, outside_maximum: false }
        };
        assert_eq!(of((4, 3000), (1, 0)), words("$30", "Not Applicable"));
        assert_eq!(of((9, 25_000), (2, 0)), words("$250 Copay per Stay with deductible", "No Charge"));
        assert_eq!(of((1, 0), (5, 4000)), words("Not Applicable", "40% Coinsurance after deductible"));
        assert_eq!(of((11, 7500), (3, 0)), words("$75 Copay per Day after deductible", "No Charge after deductible"));
        assert_eq!(of((0, 0), (5, 4000)), Share::Missing);
        assert_eq!(share(Some(1), (None, None), (None, None), false), Share::Missing);
        assert_eq!(share(Some(0), (Some(1), None), (Some(1), None), false), Share::NotCovered);
        let half = share(None, (None, None), (Some(4), Some(2000)), true);
        let (copay, coinsurance) = (Copay::NotApplicable, Coinsurance::parse("20%").unwrap());
        assert_eq!(half, Share::Covered { copay, coinsurance, outside_maximum: true });
    }

    #[test]
    fn tier_one_comes_before_in_and_out_together() {
        let mut sharing = CostSharing::default();
        take_limits(&mut sharing, "1:3:1:1:150000,1:3:4:1:999900,2:3:4:3:1800000,2:1:1:2:5000");
        assert_eq!(sharing.deductible.combined.individual, Some(Cents(150_000)));
        assert_eq!(sharing.maximum.combined.family, Some(Cents(1_800_000)));
        assert_eq!(sharing.maximum.medical.person, Some(Cents(5000)));
        assert_eq!(sharing.deductible.combined.family, None);
    }

    #[test]
    fn a_variant_without_shares_borrows_from_the_nearest_that_is_no_more_generous() {
        let share = |copay: &str| Share::Covered {
            copay: Copay::parse(copay).unwrap(),
            coinsurance: Coinsurance::NotApplicable,
            outside_maximum: false,
        };
        let mut filed = Filed::new();
        for (code, copay) in [(1_i64, Some("$40")), (4, Some("$30")), (5, None), (6, None), (2, None)] {
            let mut sharing = CostSharing::default();
            let dollars = Some(Cents(code * 10_000));
            sharing.deductible.combined.individual = dollars;
            sharing.maximum.combined.individual = dollars;
            if let Some(copay) = copay {
                for service in [Service::PrimaryCare, Service::EmergencyRoom, Service::GenericDrugs] {
                    sharing.shares[service as usize] = share(copay);
                }
            }
            filed.insert(8 + code, Box::new((sharing, Vec::new())));
        }
        let of = |code: i64| ready(&filed, 8 + code);
        let (silver73, standard) = (Some(VariantKind::Silver73), Some(VariantKind::Standard));
        assert_eq!([1, 4, 5, 6, 2].map(|code| of(code).shares_of), [None, None, silver73, silver73, standard]);
        assert!([1, 4, 5, 6, 2].into_iter().all(|code| of(code).rules.is_ok()));
        // The comparison still uses what was filed.
        let own = |code: i64| Terms::new(&filed[&(8 + code)].0, &[]);
        assert!(of(6).terms == own(6) && own(6) != own(4));
    }
}
