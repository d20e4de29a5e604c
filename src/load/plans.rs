//! Plans, variants and what belongs to them → rows of the catalogue.
//!
//! Called by `load::run` and `synth` once the plans are complete: benefits and stars are already in them. It must
//! decide nothing; the choices behind the hot columns are in `model`.

use super::model::{Extras, Plan, Plans, Variant, code};
use super::problems::LoadError;
use super::write::{Cell, Out, Rows, cell};
use crate::filing::keys;

/// Writes issuer, plan, variant and the tables that belong to a variant.
pub fn write(plans: &Plans, extras: &Extras, out: &Out) -> Result<(), LoadError> {
    let mut rows = Rows::new(out, "issuer", &["issuer_id", "state", "name", "phone", "tty", "url"]);
    for (id, issuer) in &plans.issuers {
        let texts = [&issuer.phone, &issuer.tty, &issuer.url];
        rows.push([cell(*id), cell(&issuer.state), cell(&issuer.name)].into_iter().chain(texts.map(cell)))?;
    }
    rows.finish()?;
    write_plans(plans, extras, out)?;
    write_variants(plans, extras, out)?;
    write_details(plans, out)?;
    write_money(plans, out)
}

const PLAN_COLUMNS: [&str; 45] = [
    "plan_pk",
    "plan_id",
    "state",
    "issuer_id",
    "name",
    "product",
    "metal",
    "plan_type",
    "qhp_type",
    "on_exchange",
    "design",
    "unique_design",
    "is_new",
    "hsa",
    "national_network",
    "referral_required",
    "referral_specialists",
    "exclusions",
    "pregnancy_notice",
    "ehb_ppm",
    "pediatric_dental_ppm",
    "child_only",
    "child_only_plan_id",
    "composite_rating",
    "wellness",
    "disease_programs",
    "out_of_country",
    "out_of_country_description",
    "out_of_service_area",
    "out_of_service_area_description",
    "network_id",
    "service_area_id",
    "formulary_id",
    "formulary_url",
    "brochure_url",
    "payment_url",
    "hios_product_id",
    "effective_date",
    "expiration_date",
    "guaranteed_rate",
    "indian_advance_cents",
    "stars_overall",
    "stars_member_experience",
    "stars_medical_care",
    "stars_plan_administration",
];

fn write_plans(plans: &Plans, extras: &Extras, out: &Out) -> Result<(), LoadError> {
    let mut rows = Rows::new(out, "plan", &PLAN_COLUMNS);
    for (pk, plan) in plans.each() {
        rows.push(plan_cells(pk, plan, extras.stars.get(&pk)))?;
    }
    rows.finish().map(drop)
}

fn plan_cells<'a>(pk: u32, plan: &'a Plan, stars: Option<&[Option<i64>; 4]>) -> [Cell<'a>; 45] {
    let star = |which: usize| cell(stars.and_then(|stars| stars[which]));
    [
        cell(pk),
        cell(&plan.id),
        cell(&plan.state),
        cell(plan.issuer_id),
        cell(&plan.name),
        cell(plan.product),
        cell(plan.metal),
        cell(plan.plan_type),
        cell(&plan.qhp_type),
        cell(plan.on_exchange()),
        cell(&plan.design),
        cell(plan.unique_design),
        cell(plan.is_new),
        cell(plan.hsa),
        cell(plan.national_network),
        cell(plan.referral_required),
        cell(&plan.referral_specialists),
        cell(&plan.exclusions),
        cell(plan.pregnancy_notice),
        cell(plan.ehb_ppm),
        cell(plan.pediatric_dental_ppm),
        cell(plan.child_only),
        cell(&plan.child_only_plan_id),
        cell(plan.composite_rating),
        cell(plan.wellness),
        cell(&plan.disease_programs),
        cell(plan.out_of_country),
        cell(&plan.out_of_country_description),
        cell(plan.out_of_service_area),
        cell(&plan.out_of_service_area_description),
        cell(&plan.network_id),
        cell(&plan.service_area_id),
        cell(&plan.formulary_id),
        cell(&plan.formulary_url),
        cell(&plan.brochure_url),
        cell(&plan.payment_url),
        cell(&plan.hios_product_id),
        cell(&plan.effective_date),
        cell(&plan.expiration_date),
        cell(plan.guaranteed_rate),
        cell(plan.indian_advance_cents),
        star(0),
        star(1),
        star(2),
        star(3),
    ]
}

const VARIANT_COLUMNS: [&str; 23] = [
    "variant_pk",
    "plan_pk",
    "variant_code",
    "product",
    "metal",
    "plan_type",
    "issuer_id",
    "standard_design",
    "hsa",
    "national",
    "referral_free",
    "is_new",
    "child_dental",
    "adult_dental",
    "stars",
    "programs",
    "ehb_ppm",
    "deductible_individual",
    "deductible_family",
    "moop_individual",
    "moop_family",
    "drug_deductible_individual",
    "drug_deductible_family",
];
/// The value of `variant.ehb_ppm` if nothing is filed: the whole premium is for essential health benefits.
const WHOLE_PREMIUM_PPM: i64 = 1_000_000;

fn write_variants(plans: &Plans, extras: &Extras, out: &Out) -> Result<(), LoadError> {
    let mut rows = Rows::new(out, "variant", &VARIANT_COLUMNS);
    for (pk, plan) in plans.each() {
        for variant in &plan.variants {
            let family = code::FAMILY_PER_GROUP;
            rows.push([
                cell(keys::variant_pk(i64::from(pk), variant.code)),
                cell(pk),
                cell(variant.code),
                cell(plan.product),
                cell(plan.metal),
                cell(plan.plan_type),
                cell(plan.issuer_id),
                cell(plan.design.is_some()),
                cell(variant.hsa == Some(true)),
                cell(variant.national_network == Some(true)),
                cell(variant.referral_required == Some(false)),
                cell(plan.is_new),
                cell(extras.child_dental.contains(&pk)),
                cell(extras.adult_dental.contains(&pk)),
                cell(extras.stars.get(&pk).and_then(|stars| stars[0]).unwrap_or(0)),
                cell(plan.programs),
                cell(plan.ehb_ppm.unwrap_or(WHOLE_PREMIUM_PPM)),
                cell(variant.headline(code::DEDUCTIBLE, code::INDIVIDUAL)),
                cell(variant.headline(code::DEDUCTIBLE, family)),
                cell(variant.headline(code::MOOP, code::INDIVIDUAL)),
                cell(variant.headline(code::MOOP, family)),
                cell(variant.drug_deductible(code::INDIVIDUAL)),
                cell(variant.drug_deductible(family)),
            ])?;
        }
    }
    rows.finish().map(drop)
}

const DETAIL_COLUMNS: [&str; 20] = [
    "plan_pk",
    "variant_code",
    "plan_variant_id",
    "name",
    "csr_type",
    "issuer_av_bp",
    "av_calculator_bp",
    "deductibles_integrated",
    "moop_integrated",
    "multiple_tiers",
    "tier1_utilization_bp",
    "tier2_utilization_bp",
    "specialty_drug_max_coinsurance",
    "inpatient_copay_max_days",
    "primary_care_visits_before_cost_sharing",
    "primary_care_copays_before_deductible",
    "hsa_employer_contribution",
    "hsa_employer_contribution_cents",
    "sbc_url",
    "brochure_url",
];

fn write_details(plans: &Plans, out: &Out) -> Result<(), LoadError> {
    let mut rows = Rows::new(out, "variant_detail", &DETAIL_COLUMNS);
    for (pk, plan) in plans.each() {
        for v in &plan.variants {
            rows.push([
                cell(pk),
                cell(v.code),
                cell(&v.id),
                cell(&v.name),
                cell(&v.csr_type),
                cell(v.issuer_av_bp),
                cell(v.av_calculator_bp),
                cell(v.deductibles_integrated),
                cell(v.moop_integrated),
                cell(v.multiple_tiers),
                cell(v.tier1_utilization_bp),
                cell(v.tier2_utilization_bp),
                cell(v.specialty_drug_max_coinsurance),
                cell(v.inpatient_copay_max_days),
                cell(v.primary_care_visits_before_cost_sharing),
                cell(v.primary_care_copays_before_deductible),
                cell(v.hsa_employer_contribution),
                cell(v.hsa_employer_contribution_cents),
                cell(&v.sbc_url),
                cell(v.brochure_url.as_deref().filter(|url| plan.brochure_url.as_deref() != Some(url))),
            ])?;
        }
    }
    rows.finish().map(drop)
}

const EXAMPLES: [&str; 3] = ["baby", "diabetes", "fracture"];

/// Limits, default coinsurance and worked examples, each table in key order.
fn write_money(plans: &Plans, out: &Out) -> Result<(), LoadError> {
    let columns = ["plan_pk", "variant_code", "kind", "scope", "network", "who", "cents", "filed"];
    let mut limits = Rows::new(out, "cost_limit", &columns);
    each_variant(plans, |pk, v| {
        for limit in &v.limits {
            let codes = [limit.kind, limit.scope, limit.network, limit.who].map(|code| cell(i64::from(code)));
            let keys = [cell(pk), cell(v.code)].into_iter().chain(codes);
            limits.push(keys.chain([cell(limit.cents), cell(&*limit.filed)]))?;
        }
        Ok(())
    })?;
    limits.finish()?;
    let columns = ["plan_pk", "variant_code", "scope", "network", "basis_points"];
    let mut shares = Rows::new(out, "default_coinsurance", &columns);
    each_variant(plans, |pk, v| {
        for (scope, network, bp) in &v.coinsurance {
            shares.push([cell(pk), cell(v.code), cell(i64::from(*scope)), cell(i64::from(*network)), cell(*bp)])?;
        }
        Ok(())
    })?;
    shares.finish()?;
    let columns = ["plan_pk", "variant_code", "example", "deductible", "copay", "coinsurance", "limit_exclusions"];
    let mut examples = Rows::new(out, "sbc_example", &columns);
    each_variant(plans, |pk, v| {
        for (name, amounts) in
            EXAMPLES.iter().zip(&v.examples).filter(|(_, amounts)| amounts.iter().any(Option::is_some))
        {
            examples.push([cell(pk), cell(v.code), cell(*name)].into_iter().chain(amounts.map(cell)))?;
        }
        Ok(())
    })?;
    examples.finish().map(drop)
}

fn each_variant(plans: &Plans, mut write: impl FnMut(u32, &Variant) -> Result<(), LoadError>) -> Result<(), LoadError> {
    plans.each().try_for_each(|(pk, plan)| plan.variants.iter().try_for_each(|variant| write(pk, variant)))
}
