//! Plan Attributes PUF → plans and variants: one row a variant, about 150 columns.
//!
//! Called by `load::run`. A plan with a faulty row is left out wholly, with all its variants, so that what is in the
//! catalogue is as filed; the fault is reported. Small-group (SHOP) rows are passed over.

use super::model::{DENTAL, Issuer, Limit, MEDICAL, Plan, Plans, Variant, code};
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source, Table};
use super::values::{self, Refusal};
use crate::filing::codes::{Metal, PlanType, Program};
use crate::types::PlanId;
use std::collections::HashMap;
use std::sync::Arc;

const REQUIRED: [&str; 27] = [
    "BusinessYear",
    "StateCode",
    "IssuerId",
    "IssuerMarketPlaceMarketingName",
    "MarketCoverage",
    "DentalOnlyPlan",
    "StandardComponentId",
    "PlanMarketingName",
    "NetworkId",
    "ServiceAreaId",
    "IsNewPlan",
    "PlanType",
    "MetalLevel",
    "QHPNonQHPTypeId",
    "IsReferralRequiredForSpecialist",
    "ChildOnlyOffering",
    "DiseaseManagementProgramsOffered",
    "EHBPercentTotalPremium",
    "NationalNetwork",
    "PlanId",
    "CSRVariationType",
    "MedicalDrugDeductiblesIntegrated",
    "MedicalDrugMaximumOutofPocketIntegrated",
    "TEHBDedInnTier1Individual",
    "TEHBInnTier1IndividualMOOP",
    "IsHSAEligible",
    "PlanBrochure",
];
const OPTIONAL: [&str; 50] = [
    "HIOSProductId",
    "FormularyId",
    "DesignType",
    "UniquePlanDesign",
    "IsNoticeRequiredForPregnancy",
    "SpecialistRequiringReferral",
    "PlanLevelExclusions",
    "IndianPlanVariationEstimatedAdvancedPaymentAmountPerEnrollee",
    "CompositeRatingOffered",
    "ChildOnlyPlanId",
    "WellnessProgramOffered",
    "EHBPediatricDentalApportionmentQuantity",
    "IsGuaranteedRate",
    "PlanEffectiveDate",
    "PlanExpirationDate",
    "OutOfCountryCoverage",
    "OutOfCountryCoverageDescription",
    "OutOfServiceAreaCoverage",
    "OutOfServiceAreaCoverageDescription",
    "URLForEnrollmentPayment",
    "FormularyURL",
    "PlanVariantMarketingName",
    "IssuerActuarialValue",
    "AVCalculatorOutputNumber",
    "MultipleInNetworkTiers",
    "FirstTierUtilization",
    "SecondTierUtilization",
    "SpecialtyDrugMaximumCoinsurance",
    "InpatientCopaymentMaximumDays",
    "BeginPrimaryCareCostSharingAfterNumberOfVisits",
    "BeginPrimaryCareDeductibleCoinsuranceAfterNumberOfCopays",
    "HSAOrHRAEmployerContribution",
    "HSAOrHRAEmployerContributionAmount",
    "URLForSummaryofBenefitsCoverage",
    "SBCHavingaBabyDeductible",
    "SBCHavingaBabyCopayment",
    "SBCHavingaBabyCoinsurance",
    "SBCHavingaBabyLimit",
    "SBCHavingDiabetesDeductible",
    "SBCHavingDiabetesCopayment",
    "SBCHavingDiabetesCoinsurance",
    "SBCHavingDiabetesLimit",
    "SBCHavingSimplefractureDeductible",
    "SBCHavingSimplefractureCopayment",
    "SBCHavingSimplefractureCoinsurance",
    "SBCHavingSimplefractureLimit",
    "CustomerServicePhoneNumber",
    "CustomerServiceTollFreeNumber",
    "CustomerServiceTTY",
    "CustomerServiceURL",
];
const EXAMPLES: [&str; 3] = ["SBCHavingaBaby", "SBCHavingDiabetes", "SBCHavingSimplefracture"];
const EXAMPLE_PARTS: [&str; 4] = ["Deductible", "Copayment", "Coinsurance", "Limit"];

/// Reads the file; returns the plans in order, and how many rows were read and kept.
pub fn read(source: &Source, meter: Meter, problems: &mut Problems) -> Result<(Plans, u64, u64), LoadError> {
    let mut opened = source.open()?;
    let mut table = source.table(&mut opened, meter, &REQUIRED, &OPTIONAL)?;
    let columns = MoneyColumns::of(&table);
    let mut plans = Plans::default();
    let mut by_id: HashMap<String, usize> = HashMap::new();
    let mut words = Words::default();
    while let Some(row) = table.next_row(problems)? {
        let id = row.text("StandardComponentId");
        if row.text("MarketCoverage") != "Individual" {
            if row.text("MarketCoverage").is_empty() {
                row.problem(
                    problems,
                    "MarketCoverage",
                    "",
                    Fault::Missing,
                    "Individual or SHOP (Small Group) is wanted",
                );
            }
            plans.left_out.insert(id.into_owned());
            continue;
        }
        let mut fields = Fields { row, problems, bad: false };
        let (plan, variant) = (plan(&mut fields), variant(&mut fields, &columns, &mut words));
        let issuer = issuer(&mut fields);
        let at = *by_id.entry(plan.id.clone()).or_insert_with(|| {
            plans.list.push(Plan { id: plan.id.clone(), ..Plan::default() });
            plans.list.len() - 1
        });
        let held = &mut plans.list[at];
        if held.variants.iter().any(|v| v.code == variant.code) {
            fields.refuse("PlanId", &variant.id, (Fault::Duplicate, "this variant has a row already"));
        }
        if fields.bad {
            plans.left_out.insert(if plan.id.is_empty() { id.into_owned() } else { plan.id });
            continue;
        }
        // The plan's own words are those of the on-exchange variant; before it is seen, those of the lowest.
        if variant.code == 1 || held.variants.is_empty() {
            let variants = std::mem::take(&mut held.variants);
            plans.issuers.insert(plan.issuer_id, issuer);
            *held = Plan { variants, ..plan };
        }
        held.variants.push(variant);
    }
    let read = table.read;
    let left_out = &plans.left_out;
    plans.list.retain(|plan| !plan.id.is_empty() && !left_out.contains(&plan.id) && !plan.variants.is_empty());
    for plan in &mut plans.list {
        plan.variants.sort_by_key(|variant| variant.code);
    }
    let issuers: std::collections::HashSet<i64> = plans.list.iter().map(|plan| plan.issuer_id).collect();
    plans.issuers.retain(|id, _| issuers.contains(id));
    plans.in_order();
    let kept = plans.list.iter().map(|plan| plan.variants.len() as u64).sum();
    Ok((plans, read, kept))
}

/// A row whose faults are reported as they are met; `bad` once there was one.
struct Fields<'r, 'p> {
    row: Row<'r>,
    problems: &'p mut Problems,
    bad: bool,
}

impl Fields<'_, '_> {
    fn refuse(&mut self, column: &str, value: &str, (fault, reason): Refusal) {
        self.row.problem(self.problems, column, value, fault, reason);
        self.bad |= fault != Fault::Link && fault != Fault::Wording;
    }

    fn take<T>(&mut self, column: &str, parse: impl Fn(&str) -> Result<Option<T>, Refusal>) -> Option<T> {
        let value = self.row.text(column);
        parse(&value).unwrap_or_else(|refusal| {
            self.refuse(column, &value, refusal);
            None
        })
    }

    fn must<T: Default>(&mut self, column: &str, parse: impl Fn(&str) -> Result<Option<T>, Refusal>) -> T {
        let before = self.bad;
        let value = self.take(column, parse);
        if value.is_none() && self.bad == before {
            self.refuse(column, "", (Fault::Missing, "a value is needed here"));
        }
        value.unwrap_or_default()
    }

    fn text(&self, column: &str) -> Option<String> {
        values::words(&self.row.text(column)).map(str::to_string)
    }

    fn yes_no(&mut self, column: &str) -> Option<bool> {
        self.take(column, values::yes_no)
    }

    fn link(&mut self, column: &str) -> Option<String> {
        self.take(column, |text| Ok(values::link(text)?.map(str::to_string)))
    }
}

fn text(value: &str) -> Result<Option<String>, Refusal> {
    Ok(values::words(value).map(str::to_string))
}

/// The place of a word in a list, counted from 1: the catalogue's code for it.
fn code_of(list: &[&str], value: &str) -> Result<Option<i64>, Refusal> {
    if value.is_empty() {
        return Ok(None);
    }
    let place = (1..).zip(list).find(|(_, word)| word.eq_ignore_ascii_case(value));
    place.map(|(code, _)| Some(code)).ok_or((Fault::Word, "no such word in the Plan Attributes PUF's dictionary"))
}

/// The meaning of a word out of a short list of (word, meaning).
fn meaning<T: Copy>(list: &[(&str, T)], value: &str) -> Result<Option<T>, Refusal> {
    if value.is_empty() {
        return Ok(None);
    }
    let found = list.iter().find(|(word, _)| word.eq_ignore_ascii_case(value));
    found
        .map(|(_, meaning)| Some(*meaning))
        .ok_or((Fault::Word, "no such word in the Plan Attributes PUF's dictionary"))
}

fn plan_id(value: &str) -> Result<Option<String>, Refusal> {
    match PlanId::parse(value) {
        Some(id) => Ok(Some(id.to_string())),
        None if value.is_empty() => Ok(None),
        None => Err((Fault::PlanId, "a 14-character plan id such as 33931OH0070006 is wanted")),
    }
}

fn state(value: &str) -> Result<Option<String>, Refusal> {
    match value.as_bytes() {
        [] => Ok(None),
        [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Some(value.to_string())),
        _ => Err((Fault::Place, "a state's two-letter code is wanted")),
    }
}

fn plan(fields: &mut Fields) -> Plan {
    const OFFERED_TO: [(&str, &str); 3] =
        [("Allows Adult and Child-Only", "both"), ("Allows Child-Only", "child"), ("Allows Adult-Only", "adult")];
    const QHP: [(&str, &str); 3] =
        [("Both", "Both"), ("On the Exchange", "On the Exchange"), ("Off the Exchange", "Off the Exchange")];
    const NEW: [(&str, bool); 2] = [("New", true), ("Existing", false)];
    const GUARANTEED: [(&str, bool); 2] = [("Guaranteed Rate", true), ("Estimated Rate", false)];
    let plan = Plan {
        id: fields.must("StandardComponentId", plan_id),
        state: fields.must("StateCode", state),
        issuer_id: fields.must("IssuerId", values::whole),
        name: fields.must("PlanMarketingName", text),
        product: if fields.must("DentalOnlyPlan", values::yes_no) { DENTAL } else { MEDICAL },
        metal: fields.must("MetalLevel", |value| code_of(&Metal::FILED, value)),
        plan_type: fields.must("PlanType", |value| code_of(&PlanType::FILED, value)),
        qhp_type: fields.must("QHPNonQHPTypeId", |value| meaning(&QHP, value)).to_string(),
        design: fields.text("DesignType").filter(|design| !design.eq_ignore_ascii_case("not applicable")),
        unique_design: fields.yes_no("UniquePlanDesign"),
        is_new: fields.must("IsNewPlan", |value| meaning(&NEW, value)),
        hsa: fields.yes_no("IsHSAEligible"),
        national_network: fields.yes_no("NationalNetwork"),
        referral_required: fields.yes_no("IsReferralRequiredForSpecialist"),
        referral_specialists: fields.text("SpecialistRequiringReferral"),
        exclusions: fields.text("PlanLevelExclusions"),
        pregnancy_notice: fields.yes_no("IsNoticeRequiredForPregnancy"),
        ehb_ppm: fields.take("EHBPercentTotalPremium", values::share_ppm),
        pediatric_dental_ppm: fields.take("EHBPediatricDentalApportionmentQuantity", values::share_ppm),
        child_only: fields.must("ChildOnlyOffering", |value| meaning(&OFFERED_TO, value)),
        child_only_plan_id: fields.text("ChildOnlyPlanId"),
        composite_rating: fields.yes_no("CompositeRatingOffered"),
        wellness: fields.yes_no("WellnessProgramOffered"),
        disease_programs: fields.text("DiseaseManagementProgramsOffered"),
        programs: programs(fields),
        out_of_country: fields.yes_no("OutOfCountryCoverage"),
        out_of_country_description: fields.text("OutOfCountryCoverageDescription"),
        out_of_service_area: fields.yes_no("OutOfServiceAreaCoverage"),
        out_of_service_area_description: fields.text("OutOfServiceAreaCoverageDescription"),
        network_id: fields.text("NetworkId"),
        service_area_id: fields.text("ServiceAreaId"),
        formulary_id: fields.text("FormularyId"),
        formulary_url: fields.link("FormularyURL"),
        brochure_url: fields.link("PlanBrochure"),
        payment_url: fields.link("URLForEnrollmentPayment"),
        hios_product_id: fields.text("HIOSProductId"),
        effective_date: fields.take("PlanEffectiveDate", values::date),
        expiration_date: fields.take("PlanExpirationDate", values::date),
        guaranteed_rate: fields.take("IsGuaranteedRate", |value| meaning(&GUARANTEED, value)),
        indian_advance_cents: fields
            .take("IndianPlanVariationEstimatedAdvancedPaymentAmountPerEnrollee", values::money),
        ..Plan::default()
    };
    let belongs = plan.id.starts_with(&format!("{:05}{}", plan.issuer_id, plan.state));
    if !fields.bad && !belongs {
        fields.refuse("StandardComponentId", &plan.id, (Fault::PlanId, "it starts with another issuer or state"));
    }
    if !fields.bad && (plan.metal >= 7) != (plan.product == DENTAL) {
        let metal = fields.row.text("MetalLevel");
        fields.refuse("MetalLevel", &metal, (Fault::Word, "Low and High are for dental plans, and only those"));
    }
    plan
}

/// Programmes as bits; a programme this release does not know is kept in words only.
fn programs(fields: &mut Fields) -> i64 {
    let filed = fields.row.text("DiseaseManagementProgramsOffered");
    let mut bits = 0;
    for name in filed.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match Program::FILED.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            Some(place) => bits |= 1 << place,
            None => fields.refuse("DiseaseManagementProgramsOffered", name, (Fault::Wording, "kept in words only")),
        }
    }
    bits
}

fn issuer(fields: &mut Fields) -> Issuer {
    Issuer {
        state: fields.text("StateCode").unwrap_or_default(),
        name: fields.must("IssuerMarketPlaceMarketingName", text),
        phone: fields.text("CustomerServicePhoneNumber").or_else(|| fields.text("CustomerServiceTollFreeNumber")),
        tty: fields.text("CustomerServiceTTY"),
        url: fields.link("CustomerServiceURL"),
    }
}

fn variant(fields: &mut Fields, columns: &MoneyColumns, words: &mut Words) -> Variant {
    let id: String = fields.must("PlanId", text);
    let digits = id.strip_prefix(&*fields.row.text("StandardComponentId")).and_then(|rest| rest.strip_prefix("-0"));
    let code = digits.and_then(|digit| digit.parse().ok()).filter(|code| (0..=6).contains(code));
    if code.is_none() && !id.is_empty() {
        fields.refuse("PlanId", &id, (Fault::PlanId, "the plan's StandardComponentId and -00 to -06 is wanted"));
    }
    let mut variant = Variant {
        code: code.unwrap_or_default(),
        id,
        hsa: fields.yes_no("IsHSAEligible"),
        national_network: fields.yes_no("NationalNetwork"),
        referral_required: fields.yes_no("IsReferralRequiredForSpecialist"),
        name: fields.text("PlanVariantMarketingName"),
        csr_type: fields.text("CSRVariationType"),
        issuer_av_bp: fields.take("IssuerActuarialValue", values::share_bp),
        av_calculator_bp: fields.take("AVCalculatorOutputNumber", values::share_bp),
        deductibles_integrated: fields.yes_no("MedicalDrugDeductiblesIntegrated"),
        moop_integrated: fields.yes_no("MedicalDrugMaximumOutofPocketIntegrated"),
        multiple_tiers: fields.yes_no("MultipleInNetworkTiers"),
        tier1_utilization_bp: fields.take("FirstTierUtilization", values::share_bp),
        tier2_utilization_bp: fields.take("SecondTierUtilization", values::share_bp),
        specialty_drug_max_coinsurance: fields.take("SpecialtyDrugMaximumCoinsurance", values::money),
        inpatient_copay_max_days: fields.take("InpatientCopaymentMaximumDays", values::whole),
        primary_care_visits_before_cost_sharing: fields
            .take("BeginPrimaryCareCostSharingAfterNumberOfVisits", values::whole),
        primary_care_copays_before_deductible: fields
            .take("BeginPrimaryCareDeductibleCoinsuranceAfterNumberOfCopays", values::whole),
        hsa_employer_contribution: fields.yes_no("HSAOrHRAEmployerContribution"),
        hsa_employer_contribution_cents: fields.take("HSAOrHRAEmployerContributionAmount", values::money),
        sbc_url: fields.link("URLForSummaryofBenefitsCoverage"),
        brochure_url: values::link(&fields.row.text("PlanBrochure")).ok().flatten().map(str::to_string),
        ..Variant::default()
    };
    for (example, column) in variant.examples.iter_mut().zip(EXAMPLES) {
        for (amount, part) in example.iter_mut().zip(EXAMPLE_PARTS) {
            *amount = fields.take(&format!("{column}{part}"), values::money);
        }
    }
    columns.read(fields, words, &mut variant);
    variant
}

/// Filed words that repeat by the thousand, held once.
#[derive(Default)]
struct Words(HashMap<String, Arc<str>>);

impl Words {
    fn hold(&mut self, words: &str) -> Arc<str> {
        match self.0.get(words) {
            Some(held) => Arc::clone(held),
            None => Arc::clone(self.0.entry(words.to_string()).or_insert_with(|| Arc::from(words))),
        }
    }
}

/// Where the columns of deductibles, maximums and default coinsurance are, by the rule that their names follow.
struct MoneyColumns {
    /// Place, name, and (kind, scope, network, who).
    limits: Vec<(usize, String, [u8; 4])>,
    /// Place, name, scope, network.
    coinsurance: Vec<(usize, String, u8, u8)>,
}

impl MoneyColumns {
    fn of(table: &Table) -> MoneyColumns {
        let scopes = [("MEHB", code::MEDICAL), ("DEHB", code::DRUG), ("TEHB", code::COMBINED)];
        let networks = [
            ("InnTier1", code::TIER1),
            ("InnTier2", code::TIER2),
            ("OutOfNet", code::OUT),
            ("CombInnOon", code::IN_AND_OUT),
        ];
        let people = [
            ("Individual", code::INDIVIDUAL),
            ("FamilyPerPerson", code::FAMILY_PER_PERSON),
            ("FamilyPerGroup", code::FAMILY_PER_GROUP),
        ];
        let (mut limits, mut coinsurance) = (Vec::new(), Vec::new());
        for (kind, middle, end) in [(code::DEDUCTIBLE, "Ded", ""), (code::MOOP, "", "MOOP")] {
            for (scope, scope_code) in scopes {
                for (network, network_code) in networks {
                    for (who, who_code) in people {
                        let name = format!("{scope}{middle}{network}{who}{end}");
                        let place = table.index(&name);
                        limits.extend(place.map(|at| (at, name, [kind, scope_code, network_code, who_code])));
                    }
                    let name = format!("{scope}Ded{network}Coinsurance");
                    let place = table.index(&name).filter(|_| kind == code::DEDUCTIBLE);
                    coinsurance.extend(place.map(|at| (at, name, scope_code, network_code)));
                }
            }
        }
        MoneyColumns { limits, coinsurance }
    }

    fn read(&self, fields: &mut Fields, words: &mut Words, variant: &mut Variant) {
        for (place, name, [kind, scope, network, who]) in &self.limits {
            let filed = fields.row.at(*place);
            match values::limit(&filed) {
                Ok(None) => {}
                Ok(Some(cents)) => {
                    let (kind, scope, network, who) = (*kind, *scope, *network, *who);
                    variant.limits.push(Limit { kind, scope, network, who, cents, filed: words.hold(&filed) });
                }
                Err(refusal) => fields.refuse(name, &filed, refusal),
            }
        }
        for (place, name, scope, network) in &self.coinsurance {
            let filed = fields.row.at(*place);
            match values::share_bp(&filed) {
                Ok(share) => variant.coinsurance.extend(share.map(|bp| (*scope, *network, bp))),
                Err(refusal) => fields.refuse(name, &filed, refusal),
            }
        }
    }
}
