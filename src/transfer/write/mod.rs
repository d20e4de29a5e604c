//! An account transfer from its facts: header, systems, application, households, people, what was checked.
//!
//! Called by `send`. Elements come in the order of the schemas; what was not asked is nil where the schema lets it be, and
//! never false. It must not read a clock, the store or a file.

mod applicant;
mod eligibility;
mod household;
mod person;

use super::codes::{self, Manner};
use super::facts::{Facts, Program, moment};
use super::shape;
use super::xml::{Element, Space};
use crate::application::sheet::{HOUSEHOLD, RowId, YOU};

/// Of the account-transfer schemas.
pub const VERSION: &str = "2.4";
pub const MEDICAID: &str = "medicaidReceiver";
pub const CHIP: &str = "chipReceiver";
const SENDER: &str = "Sender";

/// Writes a transfer.
pub fn transfer(facts: &Facts, manner: Manner) -> Element {
    let pen = Pen { facts, manner, households: household::medicaid(facts) };
    let mut root = Element::new(Space::Exchange, "AccountTransferRequest");
    root.version = Some(VERSION.to_string());
    root.children.push(pen.header());
    root.children.extend(pen.systems());
    root.children.push(pen.application());
    root.children.extend(pen.households.iter().map(|own| own.element()));
    root.children.extend(facts.people().into_iter().map(|person| pen.person(person)));
    root.children.extend(pen.tax_returns());
    root.children.extend(pen.checks());
    root.children.push(pen.physical_household());
    root
}

/// What the parts of a transfer share while it is written.
struct Pen<'f> {
    facts: &'f Facts,
    manner: Manner,
    households: Vec<household::Medicaid>,
}

/// The ID of a person's element.
fn person_id(person: RowId) -> String {
    format!("pe{person}")
}

fn leaf(space: Space, local: &str, text: impl Into<String>) -> Element {
    let mut element = Element::new(space, local);
    element.text = text.into();
    element
}

fn all(space: Space, local: &str, children: impl IntoIterator<Item = Element>) -> Element {
    let mut element = Element::new(space, local);
    element.children = children.into_iter().collect();
    element
}

fn ext(local: &str, children: impl IntoIterator<Item = Element>) -> Element {
    all(Space::Extension, local, children)
}

fn core(local: &str, children: impl IntoIterator<Item = Element>) -> Element {
    all(Space::Core, local, children)
}

fn ee(local: &str, children: impl IntoIterator<Item = Element>) -> Element {
    all(Space::Eligibility, local, children)
}

fn nc(local: &str, children: impl IntoIterator<Item = Element>) -> Element {
    all(Space::Niem, local, children)
}

fn reference(space: Space, local: &str, id: &str) -> Element {
    let mut element = Element::new(space, local);
    element.reference = Some(id.to_string());
    element
}

fn yes_no(space: Space, local: &str, is: bool) -> Element {
    leaf(space, local, if is { "true" } else { "false" })
}

fn at_time(local: &str, time: String) -> Element {
    nc(local, [leaf(Space::Niem, "DateTime", time)])
}

fn on_day(space: Space, local: &str, day: impl Into<String>) -> Element {
    all(space, local, [leaf(Space::Niem, "Date", day)])
}

fn code(local: &str, code: &str) -> Element {
    leaf(Space::Core, local, code)
}

impl Pen<'_> {
    /// What may not have been asked: nil, where the schema lets it be and the agency takes it.
    fn unasked(&self, space: Space, parent: &str, local: &str) -> Option<Element> {
        let nillable = shape::kid_of(parent, local).is_some_and(|kid| kid.nillable);
        (self.manner.nil && nillable).then(|| {
            let mut element = Element::new(space, local);
            element.nil = true;
            element
        })
    }

    fn asked(&self, space: Space, parent: &str, local: &str, said: Option<bool>) -> Option<Element> {
        match said {
            Some(is) => Some(yes_no(space, local, is)),
            None => self.unasked(space, parent, local),
        }
    }

    fn now(&self) -> String {
        moment(self.facts.made_at)
    }

    fn header(&self) -> Element {
        let id = leaf(Space::Niem, "IdentificationID", self.facts.transfer.as_str());
        let quantity = self.facts.referrals().len().to_string();
        let activity = ext(
            "TransferActivity",
            [
                nc("ActivityIdentification", [id]),
                at_time("ActivityDate", self.now()),
                leaf(Space::Extension, "TransferActivityReferralQuantity", quantity),
                leaf(Space::Extension, "RecipientTransferActivityCode", "MedicaidCHIP"),
                leaf(Space::Extension, "RecipientTransferActivityStateCode", self.facts.state.as_str()),
            ],
        );
        ext("TransferHeader", [activity])
    }

    fn systems(&self) -> Vec<Element> {
        let system = |local: &str, id: &str, kind: &str| {
            let state = code("InformationExchangeSystemStateCode", &self.facts.state);
            let mut system = core(local, [code("InformationExchangeSystemCategoryCode", kind), state]);
            system.id = Some(id.to_string());
            system
        };
        let referrals = self.facts.referrals();
        let to = |program: Program| referrals.iter().any(|(_, own)| *own == program);
        let mut systems = vec![system("Sender", SENDER, "Exchange")];
        systems.extend(to(Program::Medicaid).then(|| system("Receiver", MEDICAID, "MedicaidAgency")));
        systems.extend(to(Program::Chip).then(|| system("Receiver", CHIP, "CHIPAgency")));
        systems
    }

    fn application(&self) -> Element {
        let facts = self.facts;
        let made = |local: &str, at| core(local, [at_time("ActivityDate", moment(at))]);
        let id = [
            leaf(Space::Niem, "IdentificationID", facts.reference.as_str()),
            leaf(Space::Niem, "IdentificationCategoryText", "Exchange"),
        ];
        let mut children =
            vec![made("ApplicationCreation", facts.created_at), made("ApplicationSubmission", facts.submitted_at)];
        if facts.number > 1 {
            children.push(made("ApplicationUpdate", facts.made_at));
        }
        children.push(core("ApplicationIdentification", id));
        children.extend(facts.people().into_iter().filter(|own| facts.applies(*own)).map(|own| self.applicant(own)));
        let years: u8 = facts.text("consent", HOUSEHOLD).parse().unwrap_or_default();
        let consented = facts.has("consent", HOUSEHOLD).then_some(years > 0);
        let parent = "hix-ee:InsuranceApplication";
        let ee_space = Space::Eligibility;
        children.push(yes_no(ee_space, "InsuranceApplicationRequestingFinancialAssistanceIndicator", facts.helped()));
        match years {
            0 => children.extend(self.unasked(ee_space, parent, "InsuranceApplicationCoverageRenewalYearQuantity")),
            years => {
                children.push(leaf(ee_space, "InsuranceApplicationCoverageRenewalYearQuantity", years.to_string()));
            }
        }
        children.push(self.signer());
        children.push(yes_no(ee_space, "InsuranceApplicationRequestingMedicaidIndicator", true));
        children.push(ee(
            "SSFPrimaryContact",
            [
                reference(Space::Core, "RoleOfPersonReference", &person_id(YOU)),
                leaf(
                    ee_space,
                    "SSFPrimaryContactPreferenceCode",
                    if self.email().is_some() { "Email" } else { "Mail" },
                ),
            ],
        ));
        children.extend(self.asked(ee_space, parent, "InsuranceApplicationTaxReturnAccessIndicator", consented));
        ee("InsuranceApplication", children)
    }

    /// The address, if letters are wanted there and agencies can take it.
    fn email(&self) -> Option<&str> {
        let email = self.facts.text("email", HOUSEHOLD);
        let fits = (5..=63).contains(&email.len()) && !email.contains("--") && !email.starts_with('-');
        (self.facts.text("notices_by", HOUSEHOLD) == "email" && fits && !email.ends_with('-')).then_some(email)
    }

    fn signer(&self) -> Element {
        let facts = self.facts;
        let name: String = facts.text("signature", HOUSEHOLD).trim().chars().take(100).collect();
        let signature = ee(
            "Signature",
            [
                core("SignatureName", [leaf(Space::Niem, "PersonFullName", name)]),
                on_day(Space::Core, "SignatureDate", facts.signed_on()),
            ],
        );
        ee(
            "SSFSigner",
            [reference(Space::Core, "RoleOfPersonReference", &person_id(YOU)), signature, self.attestations()],
        )
    }

    /// What was ticked over the signature.
    fn attestations(&self) -> Element {
        let facts = self.facts;
        let parent = "hix-ee:SSFAttestation";
        let ticked = |question: &str| facts.has(question, HOUSEHOLD).then(|| facts.yes(question, HOUSEHOLD));
        let pending = facts.people().into_iter().any(|person| facts.yes("custody_pending", person));
        let said = [
            ("SSFAttestationCollectionsAgreementIndicator", ticked("third_party")),
            ("SSFAttestationMedicaidObligationsIndicator", ticked("third_party")),
            ("SSFAttestationNonPerjuryIndicator", ticked("true_answers")),
            ("SSFAttestationNotIncarceratedIndicator", ticked("custody")),
            ("SSFAttestationPrivacyAgreementIndicator", ticked("use_of_answers")),
            ("SSFAttestationPendingChargesIndicator", Some(pending)),
            ("SSFAttestationInformationChangesIndicator", ticked("changes")),
            ("SSFAttestationApplicationTermsIndicator", Some(!facts.text("signature", HOUSEHOLD).is_empty())),
        ];
        let one = |(local, said)| self.asked(Space::Eligibility, parent, local, said);
        ee("SSFAttestation", said.into_iter().filter_map(one))
    }

    /// What was checked, and how far that has come.
    fn checks(&self) -> Vec<Element> {
        let one = |own: &super::facts::Verified| {
            let (kind, far) = (codes::checked(&own.subject)?, codes::how_far(&own.state)?);
            let mut metadata = core(
                "VerificationMetadata",
                [
                    code("FFEVerificationCode", &far.code),
                    code("VerificationAuthorityTDS-FEPS-AlphaCode", &kind.authority),
                    core("VerificationDate", [leaf(Space::Niem, "DateTime", moment(own.at))]),
                    core("VerificationRequestingSystem", [code("InformationExchangeSystemCategoryCode", "Exchange")]),
                    code("VerificationIndicator", &far.indicator),
                    code("VerificationDescriptionText", &kind.text),
                    core("VerificationStatus", [code("VerificationStatusCode", &far.status)]),
                    code("VerificationCategoryCode", &kind.code),
                ],
            );
            metadata.id = Some(check_id(&own.subject, own.person));
            Some(metadata)
        };
        self.facts.verified.iter().filter_map(one).collect()
    }

    /// The metadata of an element whose truth was checked.
    fn checked(&self, subject: &str, person: RowId) -> Option<String> {
        let own = self.facts.check(subject, person)?;
        (codes::checked(subject).is_some() && codes::how_far(&own.state).is_some()).then(|| check_id(subject, person))
    }
}

fn check_id(subject: &str, person: RowId) -> String {
    format!("vm-{subject}-{person}")
}
