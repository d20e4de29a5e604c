//! Whoever applies: what programs ask about, papers, other coverage, what the engine said, and the referral.

use super::{CHIP, MEDICAID, Pen, SENDER, at_time, ee, leaf, nc, on_day, person_id, reference, yes_no};
use crate::application::kinds;
use crate::application::sheet::RowId;
use crate::transfer::codes;
use crate::transfer::facts::Program;
use crate::transfer::xml::{Element, Space};

const APPLICANT: &str = "hix-ee:InsuranceApplicant";
const EE: Space = Space::Eligibility;

impl Pen<'_> {
    pub(super) fn applicant(&self, person: RowId) -> Element {
        let facts = self.facts;
        let ask = |local: &str, said: Option<bool>| self.asked(EE, APPLICANT, local, said);
        let mut children = vec![reference(Space::Core, "RoleOfPersonReference", &person_id(person))];
        children.extend(ask("InsuranceApplicantBlindnessOrDisabilityIndicator", facts.among("disabled", person)));
        let fixed = !facts.yes("no_home", crate::application::sheet::HOUSEHOLD);
        children.push(yes_no(EE, "InsuranceApplicantFixedAddressIndicator", fixed && facts.lives_here(person)));
        if let Some(custody) = facts.among("in_custody", person) {
            let mut element =
                ee("InsuranceApplicantIncarceration", [yes_no(Space::Core, "IncarcerationIndicator", custody)]);
            element.metadata = self.checked("incarceration", person);
            children.push(element);
        }
        children.extend(self.lawful_presence(person));
        children.extend(ask("InsuranceApplicantLongTermCareIndicator", facts.among("daily_care", person)));
        children.extend(self.other_coverage(person));
        children.extend(ask("InsuranceApplicantParentCaretakerIndicator", self.cares(person)));
        children.extend(ask("InsuranceApplicantStudentIndicator", self.studies(person)));
        children.extend(self.job_coverage(person));
        children.extend(self.eligibilities(person));
        children.extend(self.foster_care(person));
        children.extend(self.referral(person));
        let fostered = facts.among("foster_care", person).filter(|_| self.age(person).is_some_and(|age| age >= 18));
        children.extend(ask("InsuranceApplicantFosterCareIndicator", fostered));
        ee("InsuranceApplicant", children)
    }

    pub(super) fn age(&self, person: RowId) -> Option<u64> {
        self.facts.answer(person)["age"].as_u64()
    }

    /// Only whoever is young enough is asked.
    fn studies(&self, person: RowId) -> Option<bool> {
        self.facts.among("student", person).filter(|_| self.age(person).is_some_and(|age| age < 23))
    }

    /// A parent or caretaker of a child on the application.
    fn cares(&self, person: RowId) -> Option<bool> {
        let facts = self.facts;
        if facts.told(person)["caretaker_of"].is_array() || facts.answer(person)["medicaid"] == "parent" {
            return Some(true);
        }
        facts.among("caretaker", person)
    }

    fn lawful_presence(&self, person: RowId) -> Option<Element> {
        let facts = self.facts;
        if !facts.has("citizen", person) || facts.yes("citizen", person) {
            let parent = "hix-ee:InsuranceApplicantLawfulPresenceStatus";
            let unasked = self.unasked(EE, parent, "LawfulPresenceStatusEligibility")?;
            return Some(ee("InsuranceApplicantLawfulPresenceStatus", [unasked]));
        }
        let mut children = Vec::new();
        children.extend(self.document(person));
        let lawful = facts.text("status", person) != "not_lawfully_present";
        children.push(ee("LawfulPresenceStatusEligibility", [yes_no(EE, "EligibilityIndicator", lawful)]));
        let mut element = ee("InsuranceApplicantLawfulPresenceStatus", children);
        element.metadata = self.checked("lawful_presence", person);
        Some(element)
    }

    fn document(&self, person: RowId) -> Option<Element> {
        let facts = self.facts;
        let kind = codes::document(facts.text("document", person))?;
        let text = |question: &str| facts.text(question, person).trim().chars().take(18).collect::<String>();
        let identified = |local: &str, id: String, called: &str| {
            ee(
                local,
                [leaf(Space::Niem, "IdentificationID", id), leaf(Space::Niem, "IdentificationCategoryText", called)],
            )
        };
        let (number, alien) = (text("document_number"), text("alien_number"));
        let mut children = Vec::new();
        let until = facts.date("document_until", person);
        children.extend(until.map(|day| on_day(EE, "LawfulPresenceDocumentExpirationDate", day.to_string())));
        if !number.is_empty() {
            children.push(identified("LawfulPresenceDocumentNumber", number.clone(), &kind.number));
        }
        match alien.as_str() {
            // Wherever there is the one there must be the other.
            "" if !number.is_empty() => {
                children.push(identified("LawfulPresenceDocumentPersonIdentification", number, &kind.number));
            }
            "" => {}
            _ => children.push(identified("LawfulPresenceDocumentPersonIdentification", alien, "Alien Number")),
        }
        let named = facts.has("document_name", person).then(|| facts.yes("document_name", person));
        children.extend(named.map(|is| yes_no(EE, "LawfulPresenceDocumentSameNameIndicator", is)));
        children.push(match kind.code.as_str() {
            "" => leaf(EE, "LawfulPresenceDocumentCategoryText", kind.text.as_str()),
            code => leaf(EE, "LawfulPresenceDocumentCategoryCode", code),
        });
        Some(ee("LawfulPresenceStatusImmigrationDocument", children))
    }

    /// Coverage that comes from no job.
    fn other_coverage(&self, person: RowId) -> Vec<Element> {
        let facts = self.facts;
        let kinds: Vec<&str> = facts.coverage(person).into_iter().filter(|kind| *kind != "employer").collect();
        let asked = facts.among("covered", person).map(|_| !kinds.is_empty());
        let mut found = Vec::new();
        found.extend(self.asked(EE, APPLICANT, "InsuranceApplicantNonESICoverageIndicator", asked));
        let last = facts.date("coverage_last_day", person).filter(|_| facts.yes("coverage_ends", person));
        found.extend(kinds.into_iter().filter_map(codes::source).map(|source| {
            let mut children = vec![leaf(EE, "InsurancePolicySourceCode", source)];
            let ends = last.map(|day| on_day(Space::Niem, "EndDate", day.to_string()));
            children.extend(ends.map(|ends| ee("InsurancePolicyAppliedEffectiveDateRange", [ends])));
            ee("InsuranceApplicantNonESIPolicy", children)
        }));
        found
    }

    fn job_coverage(&self, person: RowId) -> Vec<Element> {
        let facts = self.facts;
        let offers = self.offers(person);
        let enrolled = facts.coverage(person).contains(&"employer");
        let unknown = offers.iter().any(|row| facts.text("offer_kind", *row) == "unsure");
        let one = ee(
            "InsuranceApplicantESIAssociation",
            [
                yes_no(EE, "InsuranceApplicantESIEligibleIndicator", !offers.is_empty() && !unknown),
                yes_no(EE, "InsuranceApplicantESIEnrolledIndicator", enrolled),
                yes_no(EE, "InsuranceApplicantESIEligibilityUnknownIndicator", unknown),
            ],
        );
        if offers.is_empty() && !enrolled { Vec::new() } else { vec![one] }
    }

    fn foster_care(&self, person: RowId) -> Vec<Element> {
        let facts = self.facts;
        if facts.among("foster_care", person) != Some(true) {
            return Vec::new();
        }
        let mut found = Vec::new();
        let left = kinds::count(facts.text("foster_left_at", person));
        found.extend(left.map(|age| leaf(EE, "InsuranceApplicantAgeLeftFosterCare", age.to_string())));
        let state = facts.text("foster_state", person);
        found.extend((!state.is_empty()).then(|| leaf(EE, "InsuranceApplicantFosterCareState", state)));
        let had = match facts.text("foster_medicaid", person) {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        found.extend(had.map(|is| yes_no(EE, "InsuranceApplicantHadMedicaidDuringFosterCareIndicator", is)));
        found
    }

    /// To the agency of the program; the ID comes back with each answer. Whoever is not referred any more has one, too: the format
    /// has no word for taking back, but a referral that is `Updated` and leads to an eligibility that says no.
    fn referral(&self, person: RowId) -> Option<Element> {
        let facts = self.facts;
        let (_, program) = facts.referrals().into_iter().find(|(own, _)| *own == person)?;
        let receiver = if program == Program::Medicaid { MEDICAID } else { CHIP };
        let begun = if facts.number > 1 { "Updated" } else { "Initiated" };
        let open = facts.verified.iter().any(|own| !["verified", "resolved"].contains(&own.state.as_str()));
        let all = if facts.verified.is_empty() || open { "P" } else { "Y" };
        let id = crate::transfer::referral_id(&facts.transfer, person);
        let mut children = vec![
            nc("ActivityIdentification", [leaf(Space::Niem, "IdentificationID", id)]),
            at_time("ActivityDate", self.now()),
            reference(EE, "ReferralActivitySenderReference", SENDER),
            reference(EE, "ReferralActivityReceiverReference", receiver),
            ee(
                "ReferralActivityStatus",
                [
                    leaf(EE, "ReferralActivityStatusCode", begun),
                    leaf(EE, "ReferralActivityOverallVerificationStatusCode", all),
                ],
            ),
        ];
        children.extend(self.reason(person).map(|reason| leaf(EE, "ReferralActivityReasonCode", reason)));
        children.push(reference(EE, "ReferralActivityEligibilityReasonReference", &self.eligibility_id(person)));
        Some(ee("ReferralActivity", children))
    }

    fn reason(&self, person: RowId) -> Option<&'static str> {
        let answer = self.facts.answer(person);
        let met = |rule: &str| {
            let mut reasons = answer["reasons"].as_array().into_iter().flatten();
            reasons.any(|own| own["rule"] == rule && own["outcome"] == "met")
        };
        if self.facts.asks_full() {
            Some("FullDetermination")
        } else if met("gap_filling") {
            Some("GapFilling")
        } else {
            None
        }
    }
}
