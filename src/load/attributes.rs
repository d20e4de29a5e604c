//! Plan Attributes PUF → plans and variants: one row per variant, about 150 columns.
//!
//! Called by `gather`. A row without its plan, metal level or market is left out, and its variant with it; the plan
//! stays as long as one of its rows is complete. Any other value that cannot be read counts as not filed. Everything
//! left out must be reported. Small-group (SHOP) rows are skipped.

use super::census::Census;
use super::geo::Counts;
use super::limits::{MoneyColumns, Words};
use super::model::{DENTAL, Issuer, MEDICAL, Plan, Plans, Variant};
use super::problems::{Fault, LoadError, Problems};
use super::progress::Meter;
use super::read::{Row, Source};
use super::values::{self, Market, Refusal};
use crate::filing::codes::{Metal, PlanType, Program};
use std::collections::{HashMap, HashSet};

/// Without these a plan cannot be identified or priced. Anything else may be missing.
const REQUIRED: [&str; 3] = ["PlanId", "MetalLevel", "ServiceAreaId"];
const OPTIONAL: [&str; 72] = [
    "PlanMarketingName",
    "BusinessYear",
    "StateCode",
    "IssuerId",
    "IssuerMarketPlaceMarketingName",
    "MarketCoverage",
    "DentalOnlyPlan",
    "StandardComponentId",
    "NetworkId",
    "IsNewPlan",
    "PlanType",
    "QHPNonQHPTypeId",
    "IsReferralRequiredForSpecialist",
    "ChildOnlyOffering",
    "DiseaseManagementProgramsOffered",
    "EHBPercentTotalPremium",
    "NationalNetwork",
    "CSRVariationType",
    "MedicalDrugDeductiblesIntegrated",
    "MedicalDrugMaximumOutofPocketIntegrated",
    "IsHSAEligible",
    "PlanBrochure",
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

/// Reads one file after another; plans are complete only once all files of a year are read.
#[derive(Default)]
pub struct Reader {
    plans: Plans,
    by_id: HashMap<String, usize>,
    words: Words,
    census: Census,
}

impl Reader {
    /// Reads a file; returns how many rows were read and kept.
    pub fn read(&mut self, source: &Source, meter: Meter, problems: &mut Problems) -> Result<Counts, LoadError> {
        let mut opened = source.open()?;
        let mut table = source.table(&mut opened, meter, &REQUIRED, &OPTIONAL)?;
        let columns = MoneyColumns::of(&table);
        // A file that names no market is about the one that has a marketplace.
        let unsaid = if table.has("MarketCoverage") { Market::Both } else { Market::Individual };
        let mut kept = 0;
        while let Some(row) = table.next_row(problems)? {
            let mut fields = Fields { row, problems, lost: None };
            kept += u64::from(self.row(&mut fields, &columns, unsaid));
        }
        Ok((table.read, kept))
    }

    /// Takes in a row; returns false if it is skipped or faulty.
    fn row(&mut self, fields: &mut Fields, columns: &MoneyColumns, unsaid: Market) -> bool {
        let Some((id, code)) = ids(fields) else {
            self.census.nameless += 1;
            return false;
        };
        match fields.must("MarketCoverage", |text| values::market(text).map(Some)) {
            Some(Market::Individual) => {}
            Some(Market::SmallGroup) => {
                self.census.small_group.insert(id.clone());
                self.plans.left_out.insert(id);
                return false;
            }
            // Only the individual market has cost-sharing reductions (45 CFR 156.420).
            Some(Market::Both) if code >= 2 || unsaid == Market::Individual => {}
            Some(Market::Both) => {
                fields.lose("MarketCoverage", "", (Fault::Missing, "Individual or SHOP (Small Group) is wanted"));
            }
            None => {}
        }
        let plan = plan(fields, &id);
        if (4..=6).contains(&code) && plan.metal != SILVER && fields.lost.is_none() {
            let filed = fields.row.text("PlanId").into_owned();
            let reason = "cost-sharing reductions (04, 05, 06) are silver only (45 CFR 156.420)";
            fields.lose("PlanId", &filed, (Fault::PlanId, reason));
        }
        let at = *self.by_id.entry(id.clone()).or_insert_with(|| {
            self.plans.list.push(Plan { id: id.clone(), ..Plan::default() });
            self.plans.list.len() - 1
        });
        let held = &mut self.plans.list[at];
        if held.variants.iter().any(|v| v.code == code) {
            fields.lose("PlanId", &format!("{id}-0{code}"), (Fault::Duplicate, "this variant has a row already"));
        }
        let lost = fields.lost.take();
        let whole = lost.is_none();
        self.census.row(&plan, lost);
        if !whole {
            self.plans.lost_variants.insert(format!("{id}-0{code}"));
            return false;
        }
        let variant = variant(fields, (&id, code), columns, &mut self.words);
        // The plan's own data comes from the on-exchange variant; until that is seen, from the lowest.
        let lowest = held.variants.iter().map(|v| v.code).min();
        if code == 1 || lowest.is_none_or(|lowest| lowest != 1 && code < lowest) {
            let variants = std::mem::take(&mut held.variants);
            let issuer = issuer(fields, &plan);
            self.plans.issuers.insert(plan.issuer_id, issuer);
            *held = Plan { variants, ..plan };
        }
        held.variants.push(variant);
        true
    }

    /// The plans in order, and what became of everything that was filed.
    pub fn finish(self) -> (Plans, Census) {
        let Reader { mut plans, mut census, .. } = self;
        plans.list.retain(|plan| !plan.variants.is_empty());
        for plan in &mut plans.list {
            plan.variants.sort_by_key(|variant| variant.code);
            // Not said, or not readable: it is sold on the exchange if it has a variant for it.
            if plan.qhp_type.is_empty() {
                let (on, off) = (plan.variants.iter().any(|v| v.code > 0), plan.variants.iter().any(|v| v.code == 0));
                plan.qhp_type = if on && off {
                    "Both"
                } else if on {
                    "On the Exchange"
                } else {
                    "Off the Exchange"
                }
                .into();
            }
        }
        let kept: HashSet<&str> = plans.list.iter().map(|plan| plan.id.as_str()).collect();
        plans.left_out.extend(census.filed().filter(|id| !kept.contains(id)).map(str::to_string));
        plans.left_out.retain(|id| !kept.contains(id.as_str()));
        let issuers: HashSet<i64> = plans.list.iter().map(|plan| plan.issuer_id).collect();
        plans.issuers.retain(|id, _| issuers.contains(id));
        plans.in_order();
        census.kept(&plans);
        (plans, census)
    }
}

/// A row whose faults are reported as they are found.
pub struct Fields<'r, 'p> {
    pub row: Row<'r>,
    problems: &'p mut Problems,
    /// Why the row is left out: column and fault.
    lost: Option<(String, Fault)>,
}

impl Fields<'_, '_> {
    /// Leaves the row out.
    fn lose(&mut self, column: &str, value: &str, (fault, reason): Refusal) {
        self.row.problem(self.problems, column, value, fault, reason);
        self.lost.get_or_insert_with(|| (column.to_string(), fault));
    }

    /// Leaves the value out.
    pub fn note(&mut self, column: &str, value: &str, (fault, reason): Refusal) {
        self.row.value_problem(self.problems, column, value, fault, reason);
    }

    fn take<T>(&mut self, column: &str, parse: impl Fn(&str) -> Result<Option<T>, Refusal>) -> Option<T> {
        let value = self.row.text(column);
        parse(&value).unwrap_or_else(|refusal| {
            self.note(column, &value, refusal);
            None
        })
    }

    /// A value without which a plan cannot be kept.
    fn must<T>(&mut self, column: &str, parse: impl Fn(&str) -> Result<Option<T>, Refusal>) -> Option<T> {
        let value = self.row.text(column);
        match parse(&value) {
            Ok(None) => self.lose(column, &value, (Fault::Missing, "a value is needed here")),
            Ok(found) => return found,
            Err(refusal) => self.lose(column, &value, refusal),
        }
        None
    }

    fn text(&self, column: &str) -> Option<String> {
        values::words(&self.row.text(column)).map(str::to_string)
    }

    fn yes_no(&mut self, column: &str) -> Option<bool> {
        self.take(column, values::yes_no)
    }

    fn link(&mut self, column: &str) -> Option<String> {
        self.take(column, values::link)
    }
}

/// Compares words ignoring case, spaces and punctuation: `Expanded bronze`, `EXPANDED BRONZE`.
fn same(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    plain(a) == plain(b)
}

const NO_SUCH_WORD: Refusal = (Fault::Word, "no such word in the Plan Attributes PUF's dictionary");

/// Looks a word up in a short list of (word, meaning).
fn meaning<T: Copy>(list: &[(&str, T)], value: &str) -> Result<Option<T>, Refusal> {
    if value.is_empty() {
        return Ok(None);
    }
    list.iter().find(|(word, _)| same(word, value)).map(|(_, meaning)| Some(*meaning)).ok_or(NO_SUCH_WORD)
}

/// The plan's 14-character ID and its variant. The variant is the end of `PlanId`; if a file has only the plan's ID
/// there, `CSRVariationType` names it.
fn ids(fields: &mut Fields) -> Option<(String, i64)> {
    let filed = fields.row.text("PlanId");
    let both = filed.as_ref();
    let both = if both.is_empty() { fields.row.text("StandardComponentId") } else { filed.clone() };
    let found = match values::split_variant(&both) {
        Some((plan, code)) => Some((plan, Some(code))),
        None => {
            values::plan_id(&both).ok().flatten().map(|plan| (plan, variant_of(&fields.row.text("CSRVariationType"))))
        }
    };
    match found {
        Some((plan, Some(code))) if (0..=6).contains(&code) => {
            let standard = fields.row.text("StandardComponentId");
            if !standard.is_empty() && values::plan_id(&standard).ok().flatten().is_some_and(|other| other != plan) {
                let reason = "it is another plan than PlanId says";
                fields.lose("StandardComponentId", &standard, (Fault::PlanId, reason));
                return None;
            }
            Some((plan.to_string(), code))
        }
        _ => {
            fields.lose("PlanId", &both, (Fault::PlanId, "a plan's 14-character id and -00 to -06 is wanted"));
            None
        }
    }
}

/// The variant named by `CSRVariationType`.
fn variant_of(words: &str) -> Option<i64> {
    let lower = words.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    let marks = [("zero cost", 2), ("limited cost", 3), ("73%", 4), ("87%", 5), ("94%", 6), ("off exchange", 0)];
    let found = marks.into_iter().find(|(mark, _)| has(mark)).map(|(_, code)| code);
    found.or_else(|| has("on exchange").then_some(1))
}

const SILVER: i64 = 4;
/// The catalogue's code for a plan type that is not filed, or in unknown words.
const OTHER_PLAN_TYPE: i64 = 6;

fn metal(value: &str) -> Result<Option<i64>, Refusal> {
    let place = (1..).zip(Metal::FILED).find(|(_, word)| same(word, value));
    match place {
        Some((code, _)) => Ok(Some(code)),
        None if value.is_empty() => Ok(None),
        // California's word.
        None if same(value, "Minimum Coverage") => Ok(Some(1)),
        None if same(value, "Bronze Expanded") => Ok(Some(3)),
        None => Err(NO_SUCH_WORD),
    }
}

/// `HMO`, also within other words: `Health Maintenance Organization (HMO)`.
pub fn plan_type(value: &str) -> Result<Option<i64>, Refusal> {
    let upper = value.to_ascii_uppercase();
    let words = || upper.split(|c: char| !c.is_ascii_alphanumeric());
    let place = (1..).zip(PlanType::FILED).find(|(_, known)| words().any(|word| word == known.to_ascii_uppercase()));
    match place {
        Some((code, _)) => Ok(Some(code)),
        None if value.is_empty() => Ok(None),
        None => Err(NO_SUCH_WORD),
    }
}

fn plan(fields: &mut Fields, id: &str) -> Plan {
    const OFFERED_TO: [(&str, &str); 3] =
        [("Allows Adult and Child-Only", "both"), ("Allows Child-Only", "child"), ("Allows Adult-Only", "adult")];
    const QHP: [(&str, &str); 5] = [
        ("Both", "Both"),
        ("On the Exchange", "On the Exchange"),
        ("Off the Exchange", "Off the Exchange"),
        ("On Exchange", "On the Exchange"),
        ("Off Exchange", "Off the Exchange"),
    ];
    const NEW: [(&str, bool); 4] = [("New", true), ("Existing", false), ("Yes", true), ("No", false)];
    const GUARANTEED: [(&str, bool); 4] =
        [("Guaranteed Rate", true), ("Estimated Rate", false), ("Yes", true), ("No", false)];
    let metal = fields.must("MetalLevel", metal).unwrap_or_default();
    let dental = fields.yes_no("DentalOnlyPlan").unwrap_or(metal >= 7);
    if metal > 0 && (metal >= 7) != dental {
        let filed = fields.row.text("MetalLevel").into_owned();
        fields.lose("MetalLevel", &filed, (Fault::Word, "Low and High are for dental plans, and only those"));
    }
    let name = fields.text("PlanMarketingName").or_else(|| fields.text("PlanVariantMarketingName"));
    Plan {
        // Other files join on the ID; columns that repeat its parts may be missing or wrong.
        state: id[5..7].to_string(),
        issuer_id: id[..5].parse().unwrap_or_default(),
        name: name.unwrap_or_else(|| id.to_string()),
        id: id.to_string(),
        product: if dental { DENTAL } else { MEDICAL },
        metal,
        plan_type: fields.take("PlanType", plan_type).unwrap_or(OTHER_PLAN_TYPE),
        qhp_type: fields.take("QHPNonQHPTypeId", |value| meaning(&QHP, value)).unwrap_or_default().to_string(),
        design: fields
            .text("DesignType")
            .filter(|design| !["Not Applicable", "None", "No"].iter().any(|no| same(no, design))),
        unique_design: fields.yes_no("UniquePlanDesign"),
        is_new: fields.take("IsNewPlan", |value| meaning(&NEW, value)).unwrap_or_default(),
        hsa: fields.yes_no("IsHSAEligible"),
        national_network: fields.yes_no("NationalNetwork"),
        referral_required: fields.yes_no("IsReferralRequiredForSpecialist"),
        referral_specialists: fields.text("SpecialistRequiringReferral"),
        exclusions: fields.text("PlanLevelExclusions"),
        pregnancy_notice: fields.yes_no("IsNoticeRequiredForPregnancy"),
        ehb_ppm: fields.take("EHBPercentTotalPremium", values::share_ppm),
        pediatric_dental_ppm: fields.take("EHBPediatricDentalApportionmentQuantity", values::share_ppm),
        child_only: fields.take("ChildOnlyOffering", |value| meaning(&OFFERED_TO, value)).unwrap_or("both"),
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
        service_area_id: fields.text("ServiceAreaId").map(|id| id.to_ascii_uppercase()),
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
        variants: Vec::new(),
    }
}

/// Programs as bits; a program that this release does not know is kept in words only.
fn programs(fields: &mut Fields) -> i64 {
    let filed = fields.row.text("DiseaseManagementProgramsOffered");
    let mut bits = 0;
    for name in filed.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match Program::FILED.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            Some(place) => bits |= 1 << place,
            None => fields.note("DiseaseManagementProgramsOffered", name, (Fault::Wording, "kept in words only")),
        }
    }
    bits
}

/// Files before 2021 and some states' files do not name the insurer: its number is used instead.
fn issuer(fields: &mut Fields, plan: &Plan) -> Issuer {
    Issuer {
        state: plan.state.clone(),
        name: fields.text("IssuerMarketPlaceMarketingName").unwrap_or_else(|| unnamed(plan.issuer_id)),
        phone: fields.text("CustomerServicePhoneNumber").or_else(|| fields.text("CustomerServiceTollFreeNumber")),
        tty: fields.text("CustomerServiceTTY"),
        url: fields.link("CustomerServiceURL"),
    }
}

pub fn unnamed(issuer: i64) -> String {
    format!("HIOS {issuer:05}")
}

fn variant(fields: &mut Fields, (id, code): (&str, i64), columns: &MoneyColumns, words: &mut Words) -> Variant {
    let mut variant = Variant {
        code,
        id: format!("{id}-0{code}"),
        hsa: values::yes_no(&fields.row.text("IsHSAEligible")).unwrap_or_default(),
        national_network: values::yes_no(&fields.row.text("NationalNetwork")).unwrap_or_default(),
        referral_required: values::yes_no(&fields.row.text("IsReferralRequiredForSpecialist")).unwrap_or_default(),
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
        brochure_url: values::link(&fields.row.text("PlanBrochure")).unwrap_or_default(),
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
