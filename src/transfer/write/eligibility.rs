//! What the engine said of an applicant, as eligibilities with their bases: Medicaid by income, CHIP, Medicaid for age or
//! disability, the credit, cost-sharing reductions, and plans.
//!
//! A basis is `Complete` when it was worked out, `Pending` while a source has still to be asked, `Inconsistent` while an
//! inconsistency is open, `NotApplicable` where nobody asks it of this person.

use serde_json::Value;

use super::household::dollars;
use super::{Pen, at_time, code, ee, leaf, on_day, reference, yes_no};
use crate::application::sheet::RowId;
use crate::transfer::facts::Program;
use crate::transfer::xml::{Element, Space};

const EE: Space = Space::Eligibility;

/// How far a basis is.
#[derive(Clone, Copy)]
enum Basis {
    Holds(bool),
    Pending,
    Inconsistent,
    NotApplicable,
}

impl Pen<'_> {
    /// The eligibility that a person's referral is for.
    pub(super) fn eligibility_id(&self, person: RowId) -> String {
        let answer = self.facts.answer(person);
        let kind = match (answer["medicaid"].is_null(), answer["chip"].is_null()) {
            _ if self.facts.ended_at(person) == Some(Program::Chip) => "chip",
            (false, _) => "magi",
            (_, false) => "chip",
            _ if answer["non_magi_referral"] == true => "nonmagi",
            _ => "magi",
        };
        format!("{kind}{person}")
    }

    pub(super) fn eligibilities(&self, person: RowId) -> Vec<Element> {
        let answer = self.facts.answer(person);
        let mut found = Vec::new();
        if self.facts.helped() {
            found.push(self.magi(person, answer));
            if answer["non_magi_referral"] == true {
                found.push(self.non_magi(person));
            }
            found.push(self.credit(person, answer));
            if !answer["chip"].is_null() || self.facts.ended_at(person) == Some(Program::Chip) {
                found.push(self.chip(person, answer));
            }
            let reduced = answer["csr"] != "none";
            found.push(self.eligibility("CSREligibility", (format!("csr{person}"), reduced), Vec::new()));
        }
        found.push(self.exchange(person, answer));
        found
    }

    /// What every eligibility begins with.
    fn eligibility(&self, local: &str, (id, is): (String, bool), more: Vec<Element>) -> Element {
        let mut children = Vec::new();
        if is {
            let start = self.facts.determination["coverage_start"].as_str().unwrap_or_default();
            children.push(ee("EligibilityDateRange", [on_day(Space::Niem, "StartDate", start)]));
        }
        children.push(ee("EligibilityDetermination", [at_time("ActivityDate", self.now())]));
        children.push(yes_no(EE, "EligibilityIndicator", is));
        children.push(ee("EligibilityEstablishingSystem", [code("InformationExchangeSystemCategoryCode", "Exchange")]));
        children.extend(more);
        let mut element = ee(local, children);
        element.id = Some(id);
        element
    }

    fn basis(&self, local: &str, basis: Basis, more: Option<Element>) -> Element {
        let mut children = Vec::new();
        if let Basis::Holds(is) = basis {
            children.push(yes_no(Space::Core, "StatusIndicator", is));
        }
        let status = match basis {
            Basis::Holds(_) => "Complete",
            Basis::Pending => "Pending",
            Basis::Inconsistent => "Inconsistent",
            Basis::NotApplicable => "NotApplicable",
        };
        children.push(leaf(EE, "EligibilityBasisStatusCode", status));
        children.push(ee("EligibilityBasisDetermination", [at_time("ActivityDate", self.now())]));
        children.extend(more);
        ee(local, children)
    }

    /// What a check has found; without one it is still to come.
    fn checked_basis(&self, subject: &str, person: RowId) -> Basis {
        match self.facts.check(subject, person).map(|own| own.state.as_str()) {
            Some("verified" | "resolved") => Basis::Holds(true),
            Some("inconsistent") => Basis::Inconsistent,
            Some("expired") => Basis::Holds(false),
            _ => Basis::Pending,
        }
    }

    fn status_basis(&self, person: RowId) -> Basis {
        let subject = if self.facts.yes("citizen", person) { "citizenship" } else { "lawful_presence" };
        self.checked_basis(subject, person)
    }

    fn ssn_basis(&self, person: RowId) -> Basis {
        if self.facts.text("ssn", person).is_empty() { Basis::NotApplicable } else { self.checked_basis("ssn", person) }
    }

    fn household_reference(&self, person: RowId) -> Option<Element> {
        let own = self.households.iter().find(|own| own.is_of(person))?;
        Some(reference(EE, "MedicaidHouseholdReference", &own.id))
    }

    fn magi(&self, person: RowId, answer: &Value) -> Element {
        let group = answer["medicaid"].as_str().unwrap_or_default();
        let age = self.age(person).unwrap_or_default();
        let child = age < 19;
        let is = |groups: &[&str]| groups.contains(&group);
        let female = self.facts.text("sex", person) == "female";
        let pregnant = self.facts.among("pregnant", person) == Some(true);
        let fostered = self.facts.among("foster_care", person) == Some(true);
        let citizen = self.facts.yes("citizen", person);
        let bar = if citizen { Basis::NotApplicable } else { Basis::Pending };
        let mut more: Vec<Element> = self.household_reference(person).into_iter().collect();
        let mut put = |local: &str, basis: Basis, own: Option<Element>| more.push(self.basis(local, basis, own));
        put("MedicaidMAGIIncomeEligibilityBasis", Basis::Holds(!group.is_empty()), limit(answer, "medicaid_limit"));
        put("MedicaidMAGIResidencyEligibilityBasis", Basis::Holds(true), Some(in_state()));
        put("MedicaidHouseholdSizeEligibilityBasis", Basis::Holds(true), None);
        let adult = |basis: bool| if child { Basis::NotApplicable } else { Basis::Holds(basis) };
        put("MedicaidMAGIParentCaretakerCategoryEligibilityBasis", adult(is(&["parent"])), None);
        let expects = if female { Basis::Holds(pregnant) } else { Basis::NotApplicable };
        put("MedicaidMAGIPregnancyCategoryEligibilityBasis", expects, None);
        put("MedicaidMAGIChildCategoryEligibilityBasis", Basis::Holds(child), None);
        put("MedicaidMAGIAdultGroupCategoryEligibilityBasis", adult(is(&["adult"])), None);
        put("MedicaidMAGIAdultGroupXXCategoryEligibilityBasis", Basis::NotApplicable, None);
        put("MedicaidMAGIOptionalTargetedLowIncomeChildEligibilityBasis", Basis::NotApplicable, None);
        put("MedicaidMAGICitizenOrImmigrantEligibilityBasis", self.status_basis(person), None);
        put("MedicaidMAGI-CHIPRA214EligibilityBasis", Basis::NotApplicable, None);
        put("MedicaidMAGISevenYearLimitEligibilityBasis", Basis::NotApplicable, None);
        let foster = if fostered { Basis::Holds(is(&["former_foster_care"])) } else { Basis::NotApplicable };
        put("MedicaidMAGIFormerFosterCareCategoryEligibilityBasis", foster, None);
        put("MedicaidMAGIDependentChildCoverageEligibilityBasis", Basis::NotApplicable, None);
        put("MedicaidMAGIFiveYearBarEligibilityBasis", bar, None);
        put("MedicaidMAGISSNVerificationEligibilityBasis", self.ssn_basis(person), None);
        self.eligibility("MedicaidMAGIEligibility", (format!("magi{person}"), !group.is_empty()), more)
    }

    fn non_magi(&self, person: RowId) -> Element {
        let disabled = [self.facts.among("disabled", person), self.facts.among("daily_care", person)];
        let medicare = self.age(person).is_some_and(|age| age >= 65)
            || self.facts.coverage(person).iter().any(|kind| kind.starts_with("medicare"));
        let mut more: Vec<Element> = self.household_reference(person).into_iter().collect();
        let entitled = Basis::Holds(medicare);
        more.push(self.basis("MedicaidNonMAGIMedicareEntitlementEligibilityBasis", entitled, None));
        let disabled = Basis::Holds(disabled.contains(&Some(true)));
        more.push(self.basis("MedicaidNonMAGIBlindnessOrDisabilityEligibilityBasis", disabled, None));
        // Whether they are eligible is the agency's to say: this refers them.
        let mut element = self.eligibility("MedicaidNonMAGIEligibility", (format!("nonmagi{person}"), true), more);
        element.children.retain(|own| own.local != "EligibilityIndicator");
        element
    }

    fn chip(&self, person: RowId, answer: &Value) -> Element {
        let group = answer["chip"].as_str().unwrap_or_default();
        let custody = self.facts.among("in_custody", person) == Some(true);
        let mut more = Vec::new();
        let mut put = |local: &str, basis: Basis, own: Option<Element>| more.push(self.basis(local, basis, own));
        put("CHIPIncomeEligibilityBasis", Basis::Holds(!group.is_empty()), limit(answer, "chip_limit"));
        put("CHIPMedicaidResidencyEligibilityBasis", Basis::Holds(true), Some(in_state()));
        put("CHIPIncarcerationEligibilityBasis", Basis::Holds(custody), None);
        let only = |own: &str| if group == own { Basis::Holds(true) } else { Basis::NotApplicable };
        put("CHIPPregnancyCategoryEligibilityBasis", only("pregnant"), None);
        put("CHIPTargetedLowIncomeChildEligibilityBasis", only("child"), None);
        put("CHIPUnbornChildCategoryEligibilityBasis", only("unborn"), None);
        put("CHIPStateHealthBenefitsEligibilityBasis", Basis::NotApplicable, None);
        put("CHIPWaitingPeriodEligibilityBasis", Basis::NotApplicable, None);
        put("CHIPMedicaidCitizenOrImmigrantEligibilityBasis", self.status_basis(person), None);
        put("HouseholdSizeEligibilityBasis", Basis::Holds(true), None);
        put("CHIPTraffickingVictimCategoryEligibilityBasis", Basis::NotApplicable, None);
        put("CHIPTitleIIWorkQuartersMetEligibilityBasis", Basis::NotApplicable, None);
        put("CHIP-SSNVerificationEligibilityBasis", self.ssn_basis(person), None);
        more.extend(self.household_reference(person));
        self.eligibility("CHIPEligibility", (format!("chip{person}"), !group.is_empty()), more)
    }

    fn credit(&self, person: RowId, answer: &Value) -> Element {
        let id = person.to_string();
        let is = answer["credit"] == true;
        let all = self.facts.determination["tax_households"].as_array();
        let mine =
            |own: &&Value| own["credit_eligible"].as_array().is_some_and(|list| list.iter().any(|one| *one == *id));
        // The credit is the household's: it stands with the first who can use it.
        let own = all.into_iter().flatten().find(mine).filter(|own| own["credit_eligible"][0] == *id);
        let most = own.and_then(|own| own["credit_monthly"].as_f64()).map(|amount| (amount * 100.0).round() as i64);
        let more = most.map(|most| ee("APTC", [leaf(EE, "APTCMaximumAmount", dollars(most))])).into_iter().collect();
        self.eligibility("APTCEligibility", (format!("aptc{person}"), is), more)
    }

    fn exchange(&self, person: RowId, answer: &Value) -> Element {
        let custody =
            self.facts.among("in_custody", person) == Some(true) && !self.facts.yes("custody_pending", person);
        let mut more = vec![self.basis("ExchangeQHPResidencyEligibilityBasis", Basis::Holds(true), Some(in_state()))];
        more.push(self.basis(
            "ExchangeVerifiedCitizenshipOrLawfulPresenceEligibilityBasis",
            self.status_basis(person),
            None,
        ));
        more.push(self.basis("ExchangeIncarcerationEligibilityBasis", Basis::Holds(!custody), None));
        let is = answer["marketplace"] == true;
        self.eligibility("ExchangeEligibility", (format!("exchange{person}"), is), more)
    }
}

/// The limit that income was compared with, in whole percent of the poverty line.
fn limit(answer: &Value, rule: &str) -> Option<Element> {
    let mut reasons = answer["reasons"].as_array()?.iter().rev();
    let limit = reasons.find(|own| own["rule"] == rule)?["compared"]["limit"].as_f64()?;
    let percent = (limit.round() as i64).clamp(0, 999).to_string();
    Some(leaf(EE, "IncomeEligibilityBasisStateThresholdFPLPercent", percent))
}

fn in_state() -> Element {
    yes_no(EE, "MedicaidResidencyEligibilityBasisCorrectStateIndicator", true)
}
