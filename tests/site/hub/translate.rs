//! Rules that turn the hub's older XML into the JSON of today, service by service: names in lower camel case, and what moved.

use serde_json::{Map, Value, json};
use windowshop::hub::batch::xml::Node;

/// `SSATitleIIMonthlyIncome` → `ssaTitleIIMonthlyIncome`.
fn lower(name: &str) -> String {
    let capitals = name.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = name.as_bytes().get(capitals);
    let many = match rest {
        Some(next) if next.is_ascii_lowercase() && capitals > 1 => capitals - 1,
        _ => capitals,
    };
    name[..many].to_ascii_lowercase() + &name[many..]
}

/// Names that occur several times, in JSON always lists.
const LISTS: [&str; 4] =
    ["initialVerificationIndividualResponse", "errorResponseMetadata", "sponsorshipData", "qualifyingYearAndQuarter"];

/// Element by element; flags and amounts by their names.
fn to_json(of: &Node) -> Value {
    if of.children.is_empty() {
        let text = of.text.trim();
        let number = ["Amount", "Quantity", "QualifyingYear", "QualifyingQuarter", "EligStatementCd"];
        return match text {
            "true" => true.into(),
            "false" => false.into(),
            _ if number.iter().any(|end| of.name.ends_with(end)) => serde_json::from_str(text).expect("a number"),
            _ => text.into(),
        };
    }
    let mut fields = Map::new();
    for child in &of.children {
        let (name, value) = (lower(&child.name), to_json(child));
        if LISTS.contains(&name.as_str()) {
            let list = fields.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut().expect("a list").push(value);
        } else {
            fields.insert(name, value);
        }
    }
    fields.into()
}

fn text(of: &Node, path: &[&str]) -> Value {
    of.below(path).map_or(Value::Null, Value::from)
}

fn flag(of: &Node, path: &[&str]) -> Value {
    of.below(path).map_or(Value::Null, |text| (text == "true").into())
}

/// What is not there is left out.
fn without_nulls(mut of: Value) -> Value {
    match &mut of {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(|value| *value = without_nulls(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| *value = without_nulls(value.take())),
        _ => {}
    }
    of
}

/// `ResponseDescriptionText` is `responseText` in JSON.
fn metadata(of: &Node, code: Option<&str>) -> Value {
    let code = code.map_or_else(|| text(of, &["ResponseMetadata", "ResponseCode"]), Value::from);
    json!({
        "responseCode": code,
        "responseText": text(of, &["ResponseMetadata", "ResponseDescriptionText"]),
        "tdsResponseText": text(of, &["ResponseMetadata", "TDSResponseDescriptionText"]),
    })
}

pub fn ssa_json(root: &Node, code: Option<&str>) -> Value {
    let one = |of: &Node| {
        let mut said = of.child("SSAResponse").map_or(Value::Null, to_json);
        if let Some(place) = said.pointer_mut("/ssaIncarcerationInformation") {
            place["prisonerConfinementDate"] =
                place["prisonerConfinementDate"].as_str().expect("a day").replace('-', "").into();
            let at = place["supervisionFacility"].take();
            let (location, contact) = (&at["facilityLocation"], &at["facilityContactInformation"]);
            place["supervisionFacility"] = json!({
                "facilityName": at["facilityName"],
                "facilityLocationStreet": location["locationStreet"],
                "facilityLocationCityName": location["locationCityName"],
                "facilityLocationStateCode": location["locationStateUSPostalServiceCode"],
                "facilityLocationPostalCode": location["locationPostalCode"],
                "facilityContactPersonFullName": contact["personFullName"],
                "facilityContactTelephoneNumber": contact["contactTelephoneNumber"],
                "facilityContactFaxNumber": contact["contactFaxNumber"],
                "facilityCategoryCode": at["facilityCategoryCode"],
            });
        }
        if let Some(Value::Object(months)) = said.get_mut("ssaTitleIIMonthlyIncome") {
            for month in months.values_mut().filter(|value| value.is_object()) {
                // New in JSON: the hub adds them up.
                let of = |name: &str| month[name].as_f64().unwrap_or_default();
                let net = of("benefitCreditedAmount") - of("overpaymentDeductionAmount");
                let all = net + of("priorMonthAccrualAmount");
                month["netMonthlyBenefitCreditedAmount"] = net.into();
                month["monthlyIncomeAmount"] = all.into();
            }
        }
        if let Some(year) = said.get_mut("ssaTitleIIYearlyIncome") {
            let of = year["titleIIRequestedYearInformation"].take();
            *year = json!({ "incomeYear": of["incomeDate"], "yearlyIncomeAmount": of["yearlyIncomeAmount"] });
        }
        if let Some(quarters) = said.get_mut("ssaQuartersOfCoverage").and_then(Value::as_object_mut) {
            let list = quarters.remove("qualifyingYearAndQuarter").expect("a list");
            quarters.insert("qualifyingYearAndQuarterArray".to_string(), list);
        }
        json!({
            "responseMetadata": metadata(of, code),
            "personSocialSecurityNumber": text(of, &["PersonSSNIdentification"]),
            "ssaResponse": said,
        })
    };
    let people: Vec<Value> =
        root.children.iter().filter(|child| child.name == "SSACompositeIndividualResponse").map(one).collect();
    let outer = match people.is_empty() {
        true => json!({ "responseMetadata": metadata(root, code) }),
        false => json!({ "ssaCompositeIndividualResponseArray": people }),
    };
    without_nulls(json!({ "ssaCompositeResponse": outer }))
}

pub fn esi_json(people: &[&Node], code: Option<&str>) -> Value {
    let one = |of: &&Node| {
        let inside = ["ApplicantMECInformation", "InsuranceApplicantResponse"];
        let at = |rest: &[&'static str]| [inside.as_slice(), rest].concat();
        let coverage = "InsuranceApplicantRequestedCoverage";
        let premium =
            ["ApplicantMECInformation", "MonthlyPremiumAmount", "EmployeePremiumAmount", "InsurancePremiumAmount"];
        json!({
            "personSocialSecurityNumber": text(of, &["ResponsePerson", "PersonSSNIdentification", "IdentificationID"]),
            "responseMetadata": metadata(of, code),
            "applicantMECInformation": {
                "requestedCoveragePeriod": {
                    "startDate": text(of, &at(&[coverage, "StartDate", "Date"])),
                    "endDate": text(of, &at(&[coverage, "EndDate", "Date"])),
                },
                "applicantEligibleESIIndicator":
                    flag(of, &at(&["InsuranceApplicantEligibleEmployerSponsoredInsuranceIndicator"])),
                "applicantInsuredIndicator": flag(of, &at(&["InsuranceApplicantInsuredIndicator"])),
                "inconsistencyIndicator": flag(of, &["ApplicantMECInformation", "InconsistencyIndicator"]),
                "employeeMonthlyPremiumAmount":
                    of.below(&premium).map(|text| serde_json::from_str::<Value>(text).expect("a number")),
            },
        })
    };
    let people: Vec<Value> = people.iter().map(one).collect();
    without_nulls(json!({ "esiMECResponse": { "applicantResponseArray": people } }))
}

pub fn non_esi_json(root: &Node) -> Value {
    let mut people = Vec::new();
    root.all("IndividualResponse", &mut people);
    let other = |of: &Node| {
        let periods: Vec<Value> = of.child("MECCoverage").map_or(Vec::new(), |mec| {
            let insurances = mec.children.iter().filter(|child| child.name == "Insurance");
            let period = |of: &Node| {
                json!({
                    "insurancePolicyEffectiveDate": text(of, &["InsuranceEffectiveDate", "Date"]),
                    "insurancePolicyExpirationDate": text(of, &["InsuranceEndDate", "Date"]),
                })
            };
            insurances.map(period).collect()
        });
        json!({
            "organizationCode": text(of, &["OrganizationCode"]),
            "responseMetadata": metadata(of, None),
            "mecCoverage": {
                "usStateCode": text(of, &["MECCoverage", "LocationStateUSPostalServiceCode"]),
                "mecVerificationCode": text(of, &["MECCoverage", "MECVerificationCode"]),
                "insuranceArray": if periods.is_empty() { Value::Null } else { periods.into() },
            },
        })
    };
    let one = |of: &&Node| {
        let all: Vec<Value> = of.children.iter().filter(|child| child.name == "OtherCoverage").map(other).collect();
        json!({
            "personSocialSecurityNumber": text(of, &["Applicant", "PersonSSNIdentification"]),
            "personGivenName": text(of, &["Applicant", "PersonName", "PersonGivenName"]),
            "personSurName": text(of, &["Applicant", "PersonName", "PersonSurName"]),
            "personBirthDate": text(of, &["Applicant", "PersonBirthDate", "Date"]),
            "personSexCode": text(of, &["Applicant", "PersonSexCode"]),
            "partialResponseIndicator": flag(of, &["PartialResponseIndicator"]),
            "otherCoverageArray": all,
        })
    };
    let people: Vec<Value> = people.iter().map(one).collect();
    without_nulls(json!({ "verifyNonESIMECResponse": { "individualResponseArray": people } }))
}

pub fn ridp_json(root: &Node) -> Value {
    let of = root.child("VerificationResponse").expect("there");
    let mut sets = Vec::new();
    of.all("VerificationQuestionSet", &mut sets);
    let question = |set: &&Node| {
        let choices = set.children.iter().filter(|child| child.name == "VerificationAnswerChoiceText");
        let choices: Vec<Value> =
            choices.map(|choice| json!({ "verificationAnswerChoiceText": choice.text.trim() })).collect();
        json!({ "verificationQuestionSet": {
            "verificationQuestionText": text(set, &["VerificationQuestionText"]),
            "verificationAnswerChoiceArray": choices,
        } })
    };
    let questions: Vec<Value> = sets.iter().map(question).collect();
    without_nulls(json!({ "ridpResponse": {
        "responseMetadata": metadata(root, None),
        "sessionIdentification": text(of, &["SessionIdentification"]),
        "verificationQuestionArray": if questions.is_empty() { Value::Null } else { questions.into() },
        "finalDecisionCode": text(of, &["FinalDecisionCode"]),
        "hubReferenceNumber": text(of, &["DSHReferenceNumber"]),
    } }))
}

/// VLP: nothing but names; `only`: of several people one.
pub fn vlp_json(root: &Node, code: Option<&str>, only: usize) -> Value {
    let mut json = to_json(root);
    let place = "/initialVerificationResponseSet/initialVerificationIndividualResponse";
    if let Some(Value::Array(people)) = json.pointer_mut(place) {
        let mut one = people.swap_remove(only);
        if let Some(code) = code {
            one["responseMetadata"]["responseCode"] = code.into();
            let errors = one.pointer_mut("/arrayOfErrorResponseMetadata/errorResponseMetadata");
            for error in errors.and_then(Value::as_array_mut).into_iter().flatten() {
                error["errorResponseCode"] = code.into();
            }
        }
        *people = vec![one];
    }
    json!({ lower(&root.name): json })
}
