//! The cost sharing of one plan variant, typed: what the yearly-cost model needs to know about a plan.
//!
//! Made by `catalogue::costs` from filed data and by the `estimate` command from JSON; read by `rules` and
//! `dominance`. It must never hold a zero for something that was not filed: missing amounts are `None`, missing
//! services `Missing`.

use super::service::{SERVICES, Service};
use super::words::{Coinsurance, Copay};
use crate::types::Cents;

/// How one benefit is shared, tier 1 in network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Share {
    /// Nothing was filed.
    #[default]
    Missing,
    /// The plan does not pay for it: the person pays everything, and none of it counts toward a deductible or
    /// maximum.
    NotCovered,
    /// `outside_maximum`: what is paid does not count toward the out-of-pocket maximum (PUF `IsExclFromInnMOOP`).
    Covered { copay: Copay, coinsurance: Coinsurance, outside_maximum: bool },
}

/// One deductible or maximum: for a single person, for each person in a family, for the whole family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    pub individual: Option<Cents>,
    pub person: Option<Cents>,
    pub family: Option<Cents>,
}

/// The deductibles, or the maximums, of a variant: medical, drugs, or both combined. Tier 1 in network; if none is
/// filed, the amount for in and out of network combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    pub medical: Amounts,
    pub drug: Amounts,
    pub combined: Amounts,
}

/// Everything about one plan variant that the yearly-cost model uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CostSharing {
    pub deductible: Limits,
    pub maximum: Limits,
    /// By `Service as usize`; the entry of `Service::Other` is not read.
    pub shares: [Share; SERVICES],
    /// `BeginPrimaryCareCostSharingAfterNumberOfVisits`: visits per person that cost nothing. 0 = none.
    pub free_primary_care_visits: u8,
    /// `BeginPrimaryCareDeductibleCoinsuranceAfterNumberOfCopays`: visits paid by copay alone before the deductible
    /// and coinsurance begin. 0 = none.
    pub primary_care_copays_first: u8,
    /// `InpatientCopaymentMaximumDays`: days per year with a copay per day. `None` (filed as 0) = all.
    pub inpatient_copay_days: Option<u8>,
    /// `SpecialtyDrugMaximumCoinsurance`: the most coinsurance may take for one prescription.
    pub specialty_drug_cap: Option<Cents>,
}

impl CostSharing {
    /// Files a share under every service that the benefit prices; `false` if the model does not use that benefit.
    pub fn file(&mut self, benefit: &str, share: Share) -> bool {
        let mut used = false;
        for service in Service::of_benefit(benefit) {
            self.shares[service as usize] = share;
            used = true;
        }
        used
    }
}

/// Medical, drug, combined: the three pools a deductible or maximum can be filed for, in this order.
pub(super) const KINDS: usize = 3;

impl Limits {
    pub(super) fn by_kind(&self) -> [Amounts; KINDS] {
        [self.medical, self.drug, self.combined]
    }
}
