//! What must hold of an account transfer: our own list of checks, run over each one before it is sent.
//!
//! Called by `send`, and by tests over the published samples and what is left of them when something is taken out. What is
//! required, how long words may be and which codes there are, are rows of `data/transfer`; what ties elements together is
//! here. Facts from AccountTransfer-runtime.sch (as kept by ideacrew/atp_validator) and the schemas; no words of theirs.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::codes;
use super::shape;
use super::xml::Element;

/// Something that an agency would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// A word of the list.
    pub rule: String,
    /// The path of names; no word of a person.
    pub at: String,
    pub what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} {}", self.rule, self.at, self.what)
    }
}

/// Which rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// True of every transfer, whoever sends it.
    Federal,
    /// And of what this site sends.
    Ours,
}

#[derive(Deserialize)]
pub struct Required {
    pub rule: String,
    of: String,
    pub inside: String,
    pub whom: String,
    pub needs: String,
    pub when: String,
    nil: String,
}

#[derive(Deserialize)]
struct Limit {
    element: String,
    inside: String,
    least: usize,
    most: usize,
    form: String,
}

static REQUIRED: LazyLock<Vec<Required>> = LazyLock::new(|| rows(include_str!("../../data/transfer/required.csv")));
static LIMITS: LazyLock<HashMap<String, Vec<Limit>>> = LazyLock::new(|| {
    let mut limits: HashMap<String, Vec<Limit>> = HashMap::new();
    for limit in rows::<Limit>(include_str!("../../data/transfer/limits.csv")) {
        limits.entry(limit.element.clone()).or_default().push(limit);
    }
    limits
});

fn rows<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.deserialize().flatten().collect()
}

/// What is required, for whoever tests it.
pub fn required(of: Of) -> impl Iterator<Item = &'static Required> {
    REQUIRED.iter().filter(move |row| of == Of::Ours || row.of == "federal")
}

/// Every fault of a transfer, in the order of the document.
pub fn faults(root: &Element, of: Of) -> Vec<Fault> {
    let about = About::new(root, of);
    let mut found = Vec::new();
    for (at, what) in shape::misplaced(root) {
        found.push(Fault { rule: "order".to_string(), at, what });
    }
    look(root, None, &root.name(), &about, &mut found);
    together(root, &about, &mut found);
    found
}

/// What rules ask about the transfer as a whole.
struct About<'e> {
    of: Of,
    to_exchange: bool,
    tax_access: bool,
    magi_eligible: bool,
    applicants: HashSet<&'e str>,
    contacts: HashSet<&'e str>,
    members: HashSet<&'e str>,
}

impl<'e> About<'e> {
    fn new(root: &'e Element, of: Of) -> About<'e> {
        let application = root.child("InsuranceApplication");
        let people = |path: &'static str| -> HashSet<&str> {
            let found = application.map(|own| own.all(path)).into_iter().flatten();
            found.filter_map(|own| own.child("RoleOfPersonReference")?.reference.as_deref()).collect()
        };
        let households = root.all("PhysicalHousehold").flat_map(|own| own.all("HouseholdMemberReference"));
        let mut magi_eligible = false;
        root.walk(&mut |own| {
            magi_eligible |=
                own.local == "MedicaidMAGIEligibility" && own.text_at("EligibilityIndicator") == Some("true");
        });
        let recipient = root.text_at("TransferHeader/TransferActivity/RecipientTransferActivityCode");
        let access = root.text_at("InsuranceApplication/InsuranceApplicationTaxReturnAccessIndicator");
        About {
            of,
            to_exchange: recipient == Some("Exchange"),
            tax_access: access == Some("true"),
            magi_eligible,
            applicants: people("InsuranceApplicant"),
            contacts: people("SSFPrimaryContact"),
            members: households.filter_map(|own| own.reference.as_deref()).collect(),
        }
    }

    /// Whether a rule is about a person.
    fn is(&self, whom: &str, id: &str) -> bool {
        match whom {
            "applicant" => self.applicants.contains(id),
            "contact" => self.contacts.contains(id),
            "member" => self.applicants.contains(id) || self.members.contains(id),
            _ => true,
        }
    }

    fn holds(&self, when: &str, element: &Element) -> bool {
        match when {
            "to_agency" => !self.to_exchange,
            "to_exchange" => self.to_exchange,
            "is_agency" => {
                element.text_at("InformationExchangeSystemCategoryCode").is_some_and(|kind| kind != "Exchange")
            }
            "tax_access" => self.tax_access,
            "magi_eligible" => self.magi_eligible,
            // That of lawful presence is no program's.
            "is_eligible" => {
                element.local != "LawfulPresenceStatusEligibility"
                    && element.text_at("EligibilityIndicator") == Some("true")
            }
            "is_referred" => element.child("ReferralActivity").is_some(),
            _ => true,
        }
    }
}

fn is_inside(row: &str, element: &Element) -> bool {
    match row.strip_prefix('*') {
        Some(end) => element.local.ends_with(end) && element.local.len() > end.len(),
        None => element.name() == row,
    }
}

fn look(element: &Element, parent: Option<&Element>, path: &str, about: &About, found: &mut Vec<Fault>) {
    let id = element.id.as_deref().unwrap_or_default();
    if !element.nil {
        for row in required(about.of).filter(|row| is_inside(&row.inside, element)) {
            let asked = about.is(&row.whom, id) && about.holds(&row.when, element);
            if asked && !row.needs.split('|').any(|path| is_there(element, path, row.nil == "yes")) {
                let what = format!("lacks {}", row.needs.replace('|', " or "));
                found.push(Fault { rule: row.rule.clone(), at: path.to_string(), what });
            }
        }
    }
    words(element, parent, path, found);
    for child in &element.children {
        look(child, Some(element), &format!("{path}/{}", child.name()), about, found);
    }
}

/// Whether something is at a path; nil anywhere on it says that it was not asked.
fn is_there(element: &Element, path: &str, nil: bool) -> bool {
    let (first, rest) = path.split_once('/').map_or((path, None), |(first, rest)| (first, Some(rest)));
    element.all(first).any(|own| match (own.nil, rest) {
        (true, _) => nil,
        (false, Some(rest)) => is_there(own, rest, nil),
        (false, None) => true,
    })
}

/// Codes, lengths and forms of an element's words.
fn words(element: &Element, parent: Option<&Element>, path: &str, found: &mut Vec<Fault>) {
    if element.nil || !element.children.is_empty() {
        return;
    }
    let name = element.name();
    if !element.text.is_empty() && !codes::is_listed(&name, &element.text) {
        found.push(Fault {
            rule: "code".to_string(),
            at: path.to_string(),
            what: "holds a code of no list".to_string(),
        });
    }
    let parent = parent.map(Element::name).unwrap_or_default();
    let fits = |limit: &&Limit| limit.inside.is_empty() || limit.inside == parent;
    for limit in LIMITS.get(&name).into_iter().flatten().filter(fits) {
        let length = element.text.chars().count();
        if !(limit.least..=limit.most).contains(&length) {
            let what = format!("has {length} characters, not {} to {}", limit.least, limit.most);
            found.push(Fault { rule: "length".to_string(), at: path.to_string(), what });
        } else if !has_form(&limit.form, &element.text) {
            let what = format!("is no {}", limit.form);
            found.push(Fault { rule: "form".to_string(), at: path.to_string(), what });
        }
    }
}

fn has_form(form: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match form {
        "letters" => {
            text.chars().all(|c| c.is_alphabetic() || c.is_whitespace() || "'-.".contains(c))
                && text.chars().any(char::is_alphabetic)
        }
        "digits" => digits(text),
        "number" => text.parse::<f64>().is_ok_and(f64::is_finite),
        "boolean" => ["true", "false", "1", "0"].contains(&text),
        "zip" => {
            let (five, four) = text.split_at_checked(5).unwrap_or((text, ""));
            let four = four.strip_prefix('-').unwrap_or(four);
            digits(five) && (four.is_empty() || (four.len() == 4 && digits(four)))
        }
        "phone" => text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'),
        "ssn" => crate::application::kinds::ssn(text).is_some_and(|read| read == text),
        "email" => {
            text.contains('@')
                && !text.contains(' ')
                && !text.contains("--")
                && !text.starts_with('-')
                && !text.ends_with('-')
        }
        "date" => is_date(text.get(..10).unwrap_or_default()),
        "time" => is_date(text.get(..10).unwrap_or_default()) && text.get(10..11) == Some("T"),
        _ => true,
    }
}

fn is_date(text: &str) -> bool {
    time::Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).is_ok()
}

/// What ties elements together.
fn together(root: &Element, about: &About, found: &mut Vec<Fault>) {
    let mut say = |rule: &str, at: &str, what: &str| {
        found.push(Fault { rule: rule.to_string(), at: at.to_string(), what: what.to_string() });
    };
    let application = root.child("InsuranceApplication");
    let applicants: Vec<&Element> = application.map(|own| own.all("InsuranceApplicant").collect()).unwrap_or_default();
    let referrals = applicants.iter().filter(|own| own.child("ReferralActivity").is_some()).count();
    let said = root.text_at("TransferHeader/TransferActivity/TransferActivityReferralQuantity");
    if said.is_some_and(|said| said.parse() != Ok(referrals) || referrals == 0) {
        say("referral_count", "TransferActivityReferralQuantity", "is not the number of referrals");
    }
    references(root, &mut say);
    for applicant in &applicants {
        status(root, applicant, about, &mut say);
    }
    root.walk(&mut |own| {
        let is_basis = own.local.ends_with("Basis") && !own.local.starts_with("MedicaidNonMAGI");
        if is_basis && own.child("EligibilityBasisStatusCode").is_some() {
            let complete = own.text_at("EligibilityBasisStatusCode") == Some("Complete");
            if complete != own.child("StatusIndicator").is_some() {
                say("basis_complete", &own.name(), "says whether it holds only if it is complete, and then always");
            }
        }
        if own.local == "PersonIncome" {
            income(own, &mut say);
        }
        if own.local == "VerificationMetadata" {
            let ssa = own.text_at("VerificationAuthorityTDS-FEPS-AlphaCode") == Some("SSA");
            if ssa && own.child("VerificationIndicator").is_none() {
                say("verification_indicator", &own.name(), "lacks VerificationIndicator");
            }
            let dhs = own.text_at("VerificationAuthorityTDS-FEPS-AlphaCode") == Some("DHS");
            let save =
                own.children.iter().any(|child| child.local.starts_with("DHS-") && child.local.ends_with("Code"));
            if dhs != save {
                say("verification_dhs", &own.name(), "has a code of Homeland Security only if that was asked");
            }
        }
    });
    for person in root.all("Person") {
        one(person, root, about, &mut say);
    }
}

type Say<'s> = dyn FnMut(&str, &str, &str) + 's;

/// Each reference leads to something of the right kind; no two things have one name.
fn references(root: &Element, say: &mut Say) {
    let mut named: HashMap<&str, &str> = HashMap::new();
    let mut doubled = Vec::new();
    root.walk(&mut |own| {
        if let Some(id) = &own.id
            && named.insert(id, &own.local).is_some()
        {
            doubled.push(own.name());
        }
    });
    doubled.iter().for_each(|at| say("id_twice", at, "has an ID that another element has"));
    root.walk(&mut |own| {
        let leads = own.reference.as_deref().map(|id| named.get(id).copied());
        let right = |kind: &str| match own.local.as_str() {
            "RoleOfPersonReference" | "HouseholdMemberReference" | "PersonReference" => kind == "Person",
            "ReferralActivitySenderReference" => kind == "Sender",
            "ReferralActivityReceiverReference" => kind == "Receiver",
            "MedicaidHouseholdReference" => kind == "MedicaidHousehold",
            "AuthorizedRepresentativeReference" => kind == "AuthorizedRepresentative",
            "InsuranceApplicationAssisterReference" => kind == "Assister",
            "IncomeSourceOrganizationReference" => kind == "Employer" || kind == "Organization",
            "ReferralActivityEligibilityReasonReference" => kind.ends_with("Eligibility"),
            _ => true,
        };
        match leads {
            Some(Some(kind)) if right(kind) => {}
            Some(_) => say("reference", &own.name(), "leads to nothing of its kind"),
            None if own.local.ends_with("Reference") => say("reference", &own.name(), "has no niem-s:ref"),
            None => {}
        }
        if own.metadata.as_deref().is_some_and(|id| named.get(id) != Some(&"VerificationMetadata")) {
            say("reference", &own.name(), "names metadata that is not there");
        }
    });
}

/// Lawful presence of whoever is no citizen, and what a state's own referral is for.
fn status(root: &Element, applicant: &Element, about: &About, say: &mut Say) {
    let id = applicant.child("RoleOfPersonReference").and_then(|own| own.reference.as_deref());
    let person = root.all("Person").find(|person| person.id.as_deref() == id);
    let citizen = person.and_then(|person| person.text_at("PersonUSCitizenIndicator"));
    if citizen == Some("false") {
        let said = applicant.at("InsuranceApplicantLawfulPresenceStatus/LawfulPresenceStatusEligibility");
        if !said.is_some_and(|own| own.nil || own.child("EligibilityIndicator").is_some()) {
            say("lawful_presence", "hix-ee:InsuranceApplicant", "lacks LawfulPresenceStatusEligibility");
        }
    }
    let is = |name: &str| applicant.child(name).and_then(|own| own.text_at("EligibilityIndicator"));
    let neither = is("CHIPEligibility") == Some("false") && is("MedicaidMAGIEligibility") == Some("false");
    if neither && applicant.child("InsuranceApplicantNonESICoverageIndicator").is_none() {
        say("other_coverage", "hix-ee:InsuranceApplicant", "lacks InsuranceApplicantNonESICoverageIndicator");
    }
    let Some(referral) = applicant.child("ReferralActivity") else { return };
    let begun = referral.text_at("ReferralActivityStatus/ReferralActivityStatusCode") == Some("Initiated");
    if about.to_exchange && begun && referral.child("ReferralActivityEligibilityReasonReference").is_none() {
        say("referral_reason", "hix-ee:ReferralActivity", "lacks ReferralActivityEligibilityReasonReference");
    }
}

fn income(own: &Element, say: &mut Say) {
    let wages = own.text_at("IncomeCategoryCode") == Some("Wages");
    let frequency = own.text_at("IncomeFrequency/FrequencyCode");
    let current = own.child("IncomeDate").is_none_or(|date| date.nil) && own.metadata.is_none();
    let at = "hix-core:PersonIncome";
    let some = own.text_at("IncomeAmount").and_then(|text| text.parse::<f64>().ok()).is_some_and(|amount| amount > 0.0);
    for (rule, lacks, asked) in [
        ("income_kind", "IncomeCategoryCode", current && some),
        ("income_frequency", "IncomeFrequency", current && (some || wages)),
        ("income_amount", "IncomeAmount", current && wages),
        ("income_hours", "IncomeHoursPerWeekMeasure", current && wages && frequency == Some("Hourly")),
        ("income_days", "IncomeDaysPerWeekMeasure", current && wages && frequency == Some("Daily")),
        (
            "income_description",
            "IncomeEmploymentDescriptionText",
            current && own.text_at("IncomeCategoryCode") == Some("SelfEmployment"),
        ),
        ("income_hours", "IncomeHoursPerPayPeriodMeasure", own.at("IncomeDate/Date").is_some()),
    ] {
        if asked && own.child(lacks).is_none() {
            say(rule, at, &format!("lacks {lacks}"));
        }
    }
}

fn one(person: &Element, root: &Element, about: &About, say: &mut Say) {
    let at = "hix-core:Person";
    let id = person.id.as_deref().unwrap_or_default();
    let Some(more) = person.child("PersonAugmentation") else { return };
    let contacts: Vec<&Element> = more.all("PersonContactInformationAssociation").collect();
    let of_kind = |kind: &'static str| {
        let kind = move |own: &&&Element| own.text_at("ContactInformationCategoryCode") == Some(kind);
        contacts
            .iter()
            .filter(kind)
            .filter_map(|own| own.at("ContactInformation/ContactMailingAddress/StructuredAddress"))
    };
    let application = root.child("InsuranceApplication");
    let applicant = application.and_then(|own| {
        own.all("InsuranceApplicant")
            .find(|own| own.child("RoleOfPersonReference").and_then(|own| own.reference.as_deref()) == Some(id))
    });
    let fixed = applicant.and_then(|own| own.text_at("InsuranceApplicantFixedAddressIndicator")) == Some("true");
    if fixed {
        for lacks in ["LocationStreet", "LocationCityName", "LocationStateUSPostalServiceCode", "LocationPostalCode"] {
            if !of_kind("Home").any(|own| own.child(lacks).is_some()) {
                say("home_address", at, &format!("has no home address with {lacks}"));
            }
        }
    }
    let where_they_live = of_kind("Home").chain(of_kind("Residency"));
    if about.of == Of::Ours && about.members.contains(id) {
        for lacks in ["LocationCountyName", "LocationCountyCode"] {
            if where_they_live.clone().all(|own| own.child(lacks).is_none()) {
                say("county", at, &format!("has no address with {lacks}"));
            }
        }
    }
    if (about.applicants.contains(id) || about.contacts.contains(id))
        && of_kind("Home").chain(of_kind("Mailing")).next().is_none()
    {
        say("address", at, "has neither a home nor a mailing address");
    }
    if about.contacts.contains(id) {
        let wants = application.and_then(|own| own.text_at("SSFPrimaryContact/SSFPrimaryContactPreferenceCode"));
        for (wish, lacks) in [("Email", "ContactEmailID"), ("TextMessage", "ContactTelephoneNumber")] {
            let has = contacts.iter().any(|own| own.at(&format!("ContactInformation/{lacks}")).is_some());
            if wants == Some(wish) && !has {
                say("contact_way", at, &format!("lacks {lacks}, which the preference asks for"));
            }
        }
        if of_kind("Home").count() > 1 || of_kind("Mailing").count() > 1 {
            say("address_twice", at, "has two addresses of one kind");
        }
    }
    let first =
        contacts.iter().filter(|own| own.text_at("ContactInformationIsPrimaryIndicator") == Some("true")).count();
    if first > 1 {
        say("primary_twice", at, "has two primary ways to be reached");
    }
    let wages = more.all("PersonIncome").any(|own| own.text_at("IncomeCategoryCode") == Some("Wages"));
    if wages && more.at("PersonEmploymentAssociation/Employer").is_none() {
        say("employer", at, "has wages and no employer");
    }
    let female = person.text_at("PersonSexText") == Some("Female");
    let pregnancy = more.child("PersonPregnancyStatus");
    let age = person.text_at("PersonAgeMeasure/MeasurePointValue").and_then(|text| text.parse::<f64>().ok());
    let asked = female && about.members.contains(id) && age.is_some_and(|age| (9.0..=66.0).contains(&age));
    if asked && !pregnancy.is_some_and(|own| own.nil || own.child("StatusIndicator").is_some()) {
        say("pregnancy", at, "lacks PersonPregnancyStatus");
    }
    if !female && pregnancy.is_some_and(|own| own.text_at("StatusIndicator") == Some("true")) {
        say("pregnancy", at, "is pregnant and not female");
    }
    kin(person, root, about, say);
}

/// A dependent who applies is related to whoever files the return.
fn kin(person: &Element, root: &Element, about: &About, say: &mut Say) {
    let id = person.id.as_deref().unwrap_or_default();
    if !about.applicants.contains(id) {
        return;
    }
    let refers = |own: &Element| own.child("RoleOfPersonReference").and_then(|own| own.reference.clone());
    for household in root.all("TaxReturn").filter_map(|own| own.child("TaxHousehold")) {
        if !household.all("TaxDependent").any(|own| refers(own).as_deref() == Some(id)) {
            continue;
        }
        let filers: Vec<String> = household.all("PrimaryTaxFiler").filter_map(refers).collect();
        let related = person.child("PersonAugmentation").is_some_and(|more| {
            more.all("PersonAssociation").any(|own| {
                let other = own.child("PersonReference").and_then(|own| own.reference.clone());
                other.is_some_and(|other| filers.contains(&other)) && own.child("FamilyRelationshipCode").is_some()
            })
        });
        if !related {
            say("relationship", "hix-core:Person", "is a dependent without a relationship to the filer");
        }
    }
}
