//! Plans as the loader holds them between reading and writing, with the choices that make the hot columns.
//!
//! Filled by `attributes`, and by `quality` and `benefits` (or invented by `synth`), written by `plans`. No I/O.

use super::values;
use crate::filing::codes::Product;
use std::collections::HashMap;
use std::sync::Arc;

pub const MEDICAL: i64 = Product::Medical.code();
pub const DENTAL: i64 = Product::Dental.code();

pub use crate::filing::limits as code;

/// A plan and its variants. Field names and units are those of the catalogue's `plan` table.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub id: String,
    pub state: String,
    pub issuer_id: i64,
    pub name: String,
    pub product: i64,
    pub metal: i64,
    pub plan_type: i64,
    pub qhp_type: String,
    pub design: Option<String>,
    pub unique_design: Option<bool>,
    pub is_new: bool,
    pub hsa: Option<bool>,
    pub national_network: Option<bool>,
    pub referral_required: Option<bool>,
    pub referral_specialists: Option<String>,
    pub exclusions: Option<String>,
    pub pregnancy_notice: Option<bool>,
    pub ehb_ppm: Option<i64>,
    pub pediatric_dental_ppm: Option<i64>,
    pub child_only: &'static str,
    pub child_only_plan_id: Option<String>,
    pub composite_rating: Option<bool>,
    pub wellness: Option<bool>,
    pub disease_programs: Option<String>,
    pub programs: i64,
    pub out_of_country: Option<bool>,
    pub out_of_country_description: Option<String>,
    pub out_of_service_area: Option<bool>,
    pub out_of_service_area_description: Option<String>,
    pub network_id: Option<String>,
    pub service_area_id: Option<String>,
    pub formulary_id: Option<String>,
    pub formulary_url: Option<String>,
    pub brochure_url: Option<String>,
    pub payment_url: Option<String>,
    pub hios_product_id: Option<String>,
    pub effective_date: Option<String>,
    pub expiration_date: Option<String>,
    pub guaranteed_rate: Option<bool>,
    pub indian_advance_cents: Option<i64>,
    pub variants: Vec<Variant>,
}

impl Plan {
    pub fn on_exchange(&self) -> bool {
        matches!(self.qhp_type.as_str(), "Both" | "On the Exchange")
    }
}

/// One variant of a plan; `hsa` … are filed per variant and may differ from the plan's.
#[derive(Debug, Clone, Default)]
pub struct Variant {
    pub code: i64,
    pub id: String,
    pub hsa: Option<bool>,
    pub national_network: Option<bool>,
    pub referral_required: Option<bool>,
    pub name: Option<String>,
    pub csr_type: Option<String>,
    pub issuer_av_bp: Option<i64>,
    pub av_calculator_bp: Option<i64>,
    pub deductibles_integrated: Option<bool>,
    pub moop_integrated: Option<bool>,
    pub multiple_tiers: Option<bool>,
    pub tier1_utilization_bp: Option<i64>,
    pub tier2_utilization_bp: Option<i64>,
    pub specialty_drug_max_coinsurance: Option<i64>,
    pub inpatient_copay_max_days: Option<i64>,
    pub primary_care_visits_before_cost_sharing: Option<i64>,
    pub primary_care_copays_before_deductible: Option<i64>,
    pub hsa_employer_contribution: Option<bool>,
    pub hsa_employer_contribution_cents: Option<i64>,
    pub sbc_url: Option<String>,
    pub brochure_url: Option<String>,
    pub limits: Vec<Limit>,
    /// Scope, network, basis points.
    pub coinsurance: Vec<(u8, u8, i64)>,
    /// Baby, diabetes, fracture: deductible, copay, coinsurance, limits and exclusions; all `None`: not filed.
    pub examples: [[Option<i64>; 4]; 3],
}

/// A deductible or maximum as filed.
#[derive(Debug, Clone)]
pub struct Limit {
    pub kind: u8,
    pub scope: u8,
    pub network: u8,
    pub who: u8,
    /// `None`: filed as not applicable.
    pub cents: Option<i64>,
    pub filed: Arc<str>,
}

impl Variant {
    /// The amount shown for this variant in lists: in network tier 1, or in and out of network combined if tier 1 has
    /// none; medical and drug combined if they are integrated, else medical.
    pub fn headline(&self, kind: u8, who: u8) -> Option<i64> {
        let integrated = if kind == code::DEDUCTIBLE { self.deductibles_integrated } else { self.moop_integrated };
        let combined =
            integrated.unwrap_or_else(|| self.limits.iter().any(|l| l.kind == kind && l.scope == code::COMBINED));
        self.amount(kind, if combined { code::COMBINED } else { code::MEDICAL }, who)
    }

    /// The separate drug deductible; `None` if there is none.
    pub fn drug_deductible(&self, who: u8) -> Option<i64> {
        if self.deductibles_integrated == Some(true) { None } else { self.amount(code::DEDUCTIBLE, code::DRUG, who) }
    }

    fn amount(&self, kind: u8, scope: u8, who: u8) -> Option<i64> {
        let filed = |network| {
            let wanted = |l: &&Limit| (l.kind, l.scope, l.network, l.who) == (kind, scope, network, who);
            self.limits.iter().find(wanted).and_then(|limit| limit.cents)
        };
        filed(code::TIER1).or_else(|| filed(code::IN_AND_OUT))
    }
}

/// An insurer as the Plan Attributes name it.
#[derive(Debug, Clone, Default)]
pub struct Issuer {
    pub state: String,
    pub name: String,
    pub phone: Option<String>,
    pub tty: Option<String>,
    pub url: Option<String>,
}

/// All plans of a catalogue, ordered by (state, product, ID): a plan's key is its position, counted from 1.
#[derive(Debug, Default)]
pub struct Plans {
    pub list: Vec<Plan>,
    pub issuers: std::collections::BTreeMap<i64, Issuer>,
    by_id: HashMap<String, u32>,
    /// Plans of the source that are left out on purpose: small-group plans, and plans with a faulty row.
    pub left_out: std::collections::HashSet<String>,
    /// 17-character IDs of variants whose row was left out, for plans that are kept.
    pub lost_variants: std::collections::HashSet<String>,
}

/// What is known about a plan ID that another file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Its key.
    Plan(u32),
    LeftOut,
    Never,
}

impl Plans {
    /// Sorts the plans and gives them their keys.
    pub fn in_order(&mut self) {
        self.list.sort_by(|a, b| (&a.state, a.product, &a.id).cmp(&(&b.state, b.product, &b.id)));
        self.by_id = (1..).zip(&self.list).map(|(pk, plan)| (plan.id.clone(), pk)).collect();
    }

    /// Looks up an ID as other files write it: usually as it is here, else in lower case or with a variant's suffix.
    pub fn find(&self, id: &str) -> Known {
        let here = |id: &str| match self.by_id.get(id) {
            Some(pk) => Known::Plan(*pk),
            None if self.left_out.contains(id) => Known::LeftOut,
            None => Known::Never,
        };
        match here(id) {
            Known::Never => values::plan_id(id).ok().flatten().map_or(Known::Never, |id| here(id.as_str())),
            known => known,
        }
    }

    pub fn get(&self, pk: u32) -> Option<&Plan> {
        self.list.get((pk as usize).checked_sub(1)?)
    }

    /// Keys and plans, in order.
    pub fn each(&self) -> impl Iterator<Item = (u32, &Plan)> {
        (1..).zip(&self.list)
    }
}

/// What files other than the Plan Attributes PUF say about plans, by the plan's key.
#[derive(Debug, Default)]
pub struct Extras {
    /// Overall, member experience, medical care, plan administration: 0 'Not Rated', 1 to 5; absent: no row.
    pub stars: HashMap<u32, [Option<i64>; 4]>,
    /// Plans that cover dental check-ups or basic dental care for children, in any variant.
    pub child_dental: std::collections::HashSet<u32>,
    /// Plans that cover routine dental services or basic dental care for adults, in any variant.
    pub adult_dental: std::collections::HashSet<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(scope: u8, network: u8, cents: Option<i64>) -> Limit {
        Limit { kind: code::DEDUCTIBLE, scope, network, who: code::INDIVIDUAL, cents, filed: "".into() }
    }

    #[test]
    fn the_headline_deductible_follows_integration_and_falls_back_to_in_and_out() {
        let limits = vec![
            limit(code::MEDICAL, code::TIER1, Some(100)),
            limit(code::COMBINED, code::TIER1, None),
            limit(code::COMBINED, code::IN_AND_OUT, Some(300)),
            limit(code::DRUG, code::TIER1, Some(50)),
        ];
        let mut variant = Variant { limits, deductibles_integrated: Some(true), ..Variant::default() };
        assert_eq!(variant.headline(code::DEDUCTIBLE, code::INDIVIDUAL), Some(300));
        assert_eq!(variant.drug_deductible(code::INDIVIDUAL), None);
        variant.deductibles_integrated = Some(false);
        assert_eq!(variant.headline(code::DEDUCTIBLE, code::INDIVIDUAL), Some(100));
        assert_eq!(variant.drug_deductible(code::INDIVIDUAL), Some(50));
        variant.limits.retain(|l| l.scope == code::MEDICAL);
        variant.deductibles_integrated = None; // dental plans file nothing about it
        assert_eq!(variant.headline(code::DEDUCTIBLE, code::INDIVIDUAL), Some(100));
        assert_eq!(variant.headline(code::MOOP, code::INDIVIDUAL), None);
    }
}
