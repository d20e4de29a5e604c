//! What the services answer, as plain JSON: the shapes are written here a second time, apart from the client's, so that an
//! error in one shows.

use serde_json::{Value, json};

use super::people::Name;

pub const NOT_FOUND: &str = "HE000001";
pub const AWAY: &str = "HX005001";
const FINE: &str = "HS000000";

/// Code and words.
pub fn said(code: &str) -> Value {
    let text = match code {
        "HS000000" => "Success",
        "HE000001" => "Applicant Not Found",
        "HX005001" => "Unexpected Exception Occurred at Trusted Data Source",
        "HE000050" => "Cannot formulate questions for this consumer. Please reference Final Decision Code.",
        "HE007001" => "Service Not Provided",
        "HE040008" => "SSN does not match",
        "HE020001" => "Systemic error",
        "HE020002" => "Authentication issue, no data",
        "HE020003" => "Spouse mismatch, no income data",
        "HE020004" => "Return information unavailable",
        "HE020009" => "Valid filing extension, credit not reconciled",
        "HE020010" => "Return filed, credit not reconciled",
        _ => "Field error",
    };
    json!({ "responseCode": code, "responseText": text })
}

/// The whole answer is a code.
pub fn whole(root: &str, code: &str) -> Value {
    match root {
        "ifsvResponse" => json!({ root: { "responseMetadataArray": [{ "responseMetadata": said(code) }] } }),
        _ if root == "initialVerificationResponse"
            || root.starts_with("caseDetails")
            || root.starts_with("resubmit") =>
        {
            json!({ root: { "responseMetadata": vlp_said(code) } })
        }
        "closeCaseResponse" => json!({ root: { "responseMetadata": vlp_said(code) } }),
        _ => json!({ root: { "responseMetadata": said(code) } }),
    }
}

/// VLP has other words for the same.
pub fn vlp_said(code: &str) -> Value {
    let of = said(code);
    json!({ "responseCode": of["responseCode"], "responseDescriptionText": of["responseText"] })
}

pub fn ssa(request: &Value) -> Value {
    let list = request["ssaCompositeRequest"]["ssaCompositeIndividualRequestArray"].as_array();
    let one = |of: &Value| {
        let name = Name::of(&of["personSurName"]);
        let number = &of["personSocialSecurityNumber"];
        if name.is("ssadown") || name.is("nobody") {
            let code = if name.is("nobody") { NOT_FOUND } else { AWAY };
            return json!({ "responseMetadata": said(code), "personSocialSecurityNumber": number });
        }
        json!({
            "responseMetadata": said(FINE),
            "personSocialSecurityNumber": number,
            "ssaResponse": ssa_response(of, &name),
        })
    };
    let answers: Vec<Value> = list.into_iter().flatten().map(one).collect();
    json!({ "ssaCompositeResponse": { "ssaCompositeIndividualResponseArray": answers } })
}

fn ssa_response(of: &Value, name: &Name) -> Value {
    let asked = |what: &str| of[what] == Value::Bool(true);
    if name.is("nossn") {
        return json!({ "ssnVerificationIndicator": false });
    }
    let dead = if name.is("deceased") { "Confirmed" } else { "Unconfirmed" };
    let mut said = json!({ "ssnVerificationIndicator": true, "deathConfirmationCode": dead });
    if asked("requestCitizenshipVerificationIndicator") {
        said["personUSCitizenIndicator"] = (!name.is("noncitizen")).into();
    }
    if asked("requestIncarcerationVerificationIndicator") {
        let known = name.is("jailed") || name.is("freed");
        said["personIncarcerationInformationIndicator"] = known.into();
        if known {
            said["ssaIncarcerationInformation"] = prison(name.is("jailed"));
        }
    }
    let retired = name.is("retired");
    if asked("requestTitleIIMonthlyIncomeVerificationIndicator") {
        said["ssaTitleIIMonthlyIncomeInformationIndicator"] = retired.into();
        if retired {
            let month = |month: &str| {
                json!({
                    "incomeMonthYear": month, "benefitCreditedAmount": 1500, "paymentInSuspenseIndicator": false,
                    "netMonthlyBenefitCreditedAmount": 1500.00, "monthlyIncomeAmount": 1500.0,
                })
            };
            let asked = of["requestTitleIIMonthlyIncomeDate"].as_str().unwrap_or_default();
            said["ssaTitleIIMonthlyIncome"] =
                json!({ "personDisabledIndicator": false, "requestedMonthInformation": month(asked) });
        }
    }
    if asked("requestTitleIIAnnualIncomeVerificationIndicator") {
        said["ssaTitleIIAnnualIncomeInformationIndicator"] = retired.into();
        if retired {
            said["ssaTitleIIYearlyIncome"] =
                json!({ "incomeYear": of["requestTitleIIAnnualIncomeDate"], "yearlyIncomeAmount": 18000 });
        }
    }
    if asked("requestQuartersOfCoverageVerificationIndicator") {
        let worked = name.is("worker");
        said["ssaQuartersOfCoverageInformationIndicator"] = worked.into();
        if worked {
            let years: Vec<Value> =
                (2010..2020).map(|year| json!({ "qualifyingYear": year, "qualifyingQuarter": 4 })).collect();
            said["ssaQuartersOfCoverage"] =
                json!({ "lifeTimeQuarterQuantity": 40, "qualifyingYearAndQuarterArray": years });
        }
    }
    said
}

fn prison(there: bool) -> Value {
    json!({
        "prisonerIdentification": "A12345",
        "prisonerConfinementDate": "20240101",
        "reportingPersonText": "Reporting Person",
        "supervisionFacility": {
            "facilityName": "Example State Prison",
            "facilityLocationStreet": "1 Example Road",
            "facilityLocationCityName": "Exampleville",
            "facilityLocationStateCode": "OH",
            "facilityLocationPostalCode": "43004",
            "facilityContactPersonFullName": "Example Warden",
            "facilityContactTelephoneNumber": "6145550100",
            "facilityContactFaxNumber": "6145550101",
            "facilityCategoryCode": "01",
        },
        "inmateStatusIndicator": there,
    })
}

pub fn esi(request: &Value) -> Value {
    let one = |of: &Value| {
        let name = Name::of(&of["personSurName"]);
        let number = &of["personSocialSecurityNumber"];
        if name.is("esidown") {
            return json!({ "personSocialSecurityNumber": number, "responseMetadata": said(AWAY) });
        }
        let code = if name.is("nobody") { NOT_FOUND } else { FINE };
        let mut information = json!({
            "requestedCoveragePeriod": of["requestedCoveragePeriod"],
            "applicantEligibleESIIndicator": name.is("employed") || name.is("insured"),
            "applicantInsuredIndicator": name.is("insured"),
            "inconsistencyIndicator": name.is("inconsistent"),
        });
        if name.is("employed") {
            information["employeeMonthlyPremiumAmount"] = 150.0.into();
        }
        json!({
            "personSocialSecurityNumber": number,
            "applicantMECInformation": information,
            "responseMetadata": said(code),
        })
    };
    let list = request["esiMECRequest"]["applicantRequestArray"].as_array();
    let answers: Vec<Value> = list.into_iter().flatten().map(one).collect();
    json!({ "esiMECResponse": { "applicantResponseArray": answers } })
}

/// A program, and the part of a name that is covered by it.
const PROGRAMS: [(&str, &str); 7] = [
    ("MEDI", "medicare"),
    ("MEDC", "medicaid"),
    ("CHIP", "chip"),
    ("TRIC", "tricare"),
    ("VHPC", "veteran"),
    ("PECO", "peacecorps"),
    ("BHPC", "basichealth"),
];

pub fn non_esi(request: &Value) -> Value {
    let one = |of: &Value| {
        let name = Name::of(&of["personSurName"]);
        let every: Vec<Value> = PROGRAMS.iter().map(|(code, _)| Value::from(*code)).collect();
        let asked = of["organizationCodeArray"].as_array().cloned().unwrap_or(every);
        let late = |code: &str| name.is("partial") && matches!(code, "TRIC" | "VHPC");
        let told: Vec<Value> = asked
            .iter()
            .filter_map(Value::as_str)
            .filter(|code| !late(code))
            .map(|code| program(code, of, &name))
            .collect();
        let mut answer = json!({
            "personSocialSecurityNumber": of["personSocialSecurityNumber"],
            "personGivenName": of["personGivenName"],
            "personSurName": of["personSurName"],
            "personBirthDate": of["personBirthDate"],
            "partialResponseIndicator": told.len() < asked.len(),
            "otherCoverageArray": told,
        });
        if let Some(sex) = of.get("personSexCode") {
            answer["personSexCode"] = sex.clone();
        }
        answer
    };
    let list = request["verifyNonESIMECRequest"]["individualRequestArray"].as_array();
    let answers: Vec<Value> = list.into_iter().flatten().map(one).collect();
    json!({ "verifyNonESIMECResponse": { "individualResponseArray": answers } })
}

fn program(code: &str, of: &Value, name: &Name) -> Value {
    let covered = PROGRAMS.iter().any(|(own, part)| *own == code && name.is(part));
    let answer = |said: Value, verified: &str| json!({ "organizationCode": code, "responseMetadata": said, "mecCoverage": { "mecVerificationCode": verified } });
    let state = ["MEDC", "CHIP", "BHPC"].contains(&code);
    let mut one = match code {
        _ if name.is("mecdown") || (code == "MEDC" && name.is("medicaiddown")) => {
            return json!({ "organizationCode": code, "responseMetadata": said(AWAY) });
        }
        "MEDI" if name.is("medimismatch") => answer(said("HE040008"), "N"),
        "MEDI" if name.is("pastmedicare") => answer(said(FINE), "Y"),
        "MEDC" if name.is("halfcovered") => answer(said(FINE), "P"),
        _ if covered => answer(said(FINE), "Y"),
        "BHPC" => answer(said("HE007001"), "N"),
        _ if name.is("nobody") => answer(said(NOT_FOUND), "N"),
        // As most sources do for people they do not know.
        "TRIC" | "VHPC" | "PECO" => answer(said(NOT_FOUND), "N"),
        // The other code of success.
        _ => answer(said("HE000000"), "N"),
    };
    if code == "MEDI" && covered {
        one["mecCoverage"]["insuranceArray"] = json!([{ "insurancePolicyEffectiveDate": "2020-01-01" }]);
    }
    if code == "MEDI" && name.is("pastmedicare") {
        let past = json!({
            "insurancePolicyEffectiveDate": "2019-01-01", "insurancePolicyExpirationDate": "2020-12-31",
        });
        one["mecCoverage"]["insuranceArray"] = json!([past]);
    }
    if state {
        one["mecCoverage"]["usStateCode"] = of["usStateCode"].clone();
    }
    one
}

/// Income of a return: the last four digits of the number, times $10. A household has one number that counts, the
/// primary's; a spouse files jointly.
pub fn ifsv(request: &Value, tax_year: i32) -> Value {
    let of = &request["ifsvRequest"];
    let people: Vec<&Value> = of["applicantArray"].as_array().into_iter().flatten().collect();
    let primary = people.iter().find(|person| person["taxFilerCategoryCode"] == "PRIMARY").or(people.first());
    let Some(primary) = primary else { return whole("ifsvResponse", "HS001001") };
    let name = Name::of(&primary["personSurName"]);
    let code = [("nobody", NOT_FOUND), ("systemic", "HE020001"), ("ifsvdown", AWAY)];
    if let Some((_, code)) = code.iter().find(|(part, _)| name.is(part)) {
        return whole("ifsvResponse", code);
    }
    let spouse = people.iter().find(|person| person["taxFilerCategoryCode"] == "SPOUSE");
    let mut told = json!({ "taxFilerSSN": primary["personSocialSecurityNumber"] });
    if let Some(spouse) = spouse {
        told["spouseSSN"] = spouse["personSocialSecurityNumber"].clone();
    }
    let codes = [
        ("noreturn", "HE020004"),
        ("badname", "HE020002"),
        ("spousemismatch", "HE020003"),
        ("extension", "HE020009"),
        ("unsettled", "HE020010"),
    ];
    let code = name.pick(&codes, FINE);
    let dollars = if name.is("loss") { -5000 } else { dollars(primary) };
    let mut household = json!({});
    if !matches!(code, "HE020002" | "HE020003" | "HE020004") {
        let size = people.len();
        told["taxReturnYear"] = tax_year.into();
        told["taxReturnFilingStatusCode"] = if spouse.is_some() { "2" } else { "1" }.into();
        told["taxReturnIncomeAmount"] = dollars.into();
        told["taxableSocialSecurityBenefitsAmount"] = json!(0.0);
        told["totalExemptionsQuantity"] = size.into();
        let mut counted = dollars;
        if name.is("adjusted") {
            counted *= 2;
            told["adjustedTaxReturnIncomeAmount"] = counted.into();
        }
        household["aggregateTaxReturnIncomeAmount"] = counted.into();
    }
    household["applicantVerificationArray"] =
        json!([{ "taxReturn": told, "responseMetadataArray": [{ "responseMetadata": said(code) }] }]);
    json!({ "ifsvResponse": { "requestID": of["requestID"], "household": household } })
}

fn dollars(person: &Value) -> i64 {
    let number = person["personSocialSecurityNumber"].as_str().unwrap_or_default();
    number.get(5..).and_then(|serial| serial.parse::<i64>().ok()).unwrap_or_default() * 10
}
