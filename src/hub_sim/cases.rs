//! Lawful presence and identity proofing: what goes over several calls. What a case or a session will come to is written in
//! its number, so a restart forgets only how often a case was looked at.

use serde_json::{Value, json};

use super::answers::{NOT_FOUND, said, vlp_said, whole};
use super::people::Name;

/// The last two letters of our case numbers.
const OURS: &str = "WS";
/// Of the second number of a duplicate case, as it would be at another exchange.
const THEIRS: &str = "YQ";
/// Looks at a pending case until it is decided.
const LOOKS: u32 = 2;

/// First letter of a case number: what it will come to.
const COURSES: [(&str, char); 9] = [
    ("unlawful", 'N'),
    ("pendinglong", 'S'),
    ("pendingno", 'R'),
    ("pending", 'P'),
    ("fiveyear", 'F'),
    ("barmet", 'M'),
    ("naturalized", 'C'),
    ("cantclose", 'E'),
    ("duplicate", 'D'),
];

/// `P19840229` and four signs that tell people apart, then the two letters.
fn case_number(of: &Value, course: char, end: &str) -> String {
    let born: String = of["dateOfBirth"].as_str().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    let names = format!("{}{}{}", of["firstName"], of["lastName"], of["dhsid"]);
    let sum = names.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("{course}{born:0>8}{:04X}{end}", sum & 0xffff)
}

/// Step 1.
pub fn vlp(request: &Value) -> Value {
    let one = |of: &Value| {
        let name = Name::of(&of["lastName"]);
        if name.is("vlpdown") || name.is("nobody") {
            let code = if name.is("nobody") { NOT_FOUND } else { super::answers::AWAY };
            return json!({ "responseMetadata": vlp_said(code), "lawfulPresenceVerifiedCode": "P" });
        }
        let course = name.pick(&COURSES, 'Y');
        if course == 'D' {
            let text = format!("This is a duplicate case, see {} at Exchange One v32", case_number(of, 'P', THEIRS));
            let said = json!({ "responseCode": "HE004000", "responseDescriptionText": text });
            return json!({ "responseMetadata": said, "lawfulPresenceVerifiedCode": "P" });
        }
        let mut answer = decided(&case_number(of, course, OURS), 0);
        let details = &mut answer["initialVerificationIndividualResponseSet"];
        details["nonCitLastName"] = of["lastName"].clone();
        details["nonCitFirstName"] = of["firstName"].clone();
        details["nonCitBirthDate"] = of["dateOfBirth"].clone();
        answer
    };
    let list = request["initialVerificationRequest"]["initialVerificationRequestSet"].as_array();
    let answers: Vec<Value> = list.into_iter().flatten().map(one).collect();
    in_envelope("initialVerificationResponse", &answers)
}

fn in_envelope(root: &str, answers: &[Value]) -> Value {
    json!({ root: { "initialVerificationResponseSet": { "initialVerificationIndividualResponse": answers } } })
}

/// A look at a case; `looks`: how often it was looked at before.
pub fn again(root: &str, case: &str, looks: u32) -> Value {
    if !case.ends_with(OURS) && !case.ends_with(THEIRS) {
        return whole(root, NOT_FOUND);
    }
    in_envelope(root, &[decided(case, looks + 1)])
}

/// How a case stands after so many looks.
fn decided(case: &str, looks: u32) -> Value {
    let course = case.chars().next().unwrap_or_default();
    let waits = looks < LOOKS;
    // Lawful, qualified, bar applies, bar met, citizen, statement.
    let (codes, statement) = match course {
        'N' => (["N", "N", "X", "X", "X"], (20, "NOT LAWFULLY PRESENT")),
        'S' => (["P", "P", "P", "P", "P"], (5, "INSTITUTE ADDITIONAL VERIFICATION")),
        'P' | 'R' if waits => (["P", "P", "P", "P", "P"], (5, "INSTITUTE ADDITIONAL VERIFICATION")),
        'R' => (["N", "N", "X", "X", "X"], (20, "NOT LAWFULLY PRESENT")),
        'F' => (["Y", "Y", "Y", "N", "X"], (1, "LAWFUL PERMANENT RESIDENT - EMPLOYMENT AUTHORIZED")),
        'M' => (["Y", "Y", "Y", "Y", "X"], (1, "LAWFUL PERMANENT RESIDENT - EMPLOYMENT AUTHORIZED")),
        'C' => (["X", "X", "X", "X", "Y"], (73, "UNITED STATES CITIZEN")),
        _ => (["Y", "Y", "N", "X", "X"], (1, "LAWFUL PERMANENT RESIDENT - EMPLOYMENT AUTHORIZED")),
    };
    let action = match codes[0] {
        "P" => "Wait for the answer of an officer.",
        _ => "Invoke CloseCase Web method to close the case.",
    };
    let mut details = json!({
        "caseNumber": case,
        "eligStatementCd": statement.0,
        "eligStatementTxt": statement.1,
        "webServSftwrVer": "37",
        "sponsorDataFoundIndicator": false,
        "agencyAction": action,
        "qualifiedNonCitizenCode": codes[1],
        "fiveYearBarApplyCode": codes[2],
        "fiveYearBarMetCode": codes[3],
        "usCitizenCode": codes[4],
    });
    if codes[0] == "Y" {
        details["nonCitCoaCode"] = "IR6".into();
        let granted = if course == 'F' { "2025-03-01" } else { "2015-03-01" };
        details["grantDate"] = granted.into();
    }
    json!({
        "responseMetadata": vlp_said("HS000000"),
        "lawfulPresenceVerifiedCode": codes[0],
        "initialVerificationIndividualResponseSet": details,
    })
}

pub fn close(case: &str) -> Value {
    if !case.ends_with(OURS) && !case.ends_with(THEIRS) {
        return whole("closeCaseResponse", NOT_FOUND);
    }
    let mut answer = json!({ "responseMetadata": vlp_said("HS000000") });
    if case.starts_with('E') {
        let error = |code: &str| json!({ "errorResponseCode": code, "errorResponseDescriptionText": "Error" });
        answer["arrayOfErrorResponseMetadata"] =
            json!({ "errorResponseMetadata": [error("HS001001"), error("HS001002")] });
    } else {
        answer["closeCaseResponseSet"] = json!({ "webServSftwrVer": "37" });
    }
    json!({ "closeCaseResponse": answer })
}

/// What a session comes to: letter, decision, decision of the follow-up.
const SESSIONS: [(&str, char); 5] =
    [("callcenter", 'A'), ("callpending", 'B'), ("morefacts", 'C'), ("refusedthree", 'D'), ("refusedfour", 'E')];

fn decision_of(letter: char) -> Option<&'static str> {
    Some(match letter {
        'A' | 'B' => "RF1",
        'C' => "RF2",
        'D' => "RF3",
        'E' => "RF4",
        'Q' => "ACC",
        _ => return None,
    })
}

/// Identity proofing. In the second call the first choice is the right one for everybody.
pub fn ridp(request: &Value) -> Value {
    let of = &request["ridpRequest"];
    match (of.get("primaryRequest"), of.get("secondaryRequest")) {
        (Some(first), None) => json!({ "ridpResponse": ridp_first(first) }),
        (None, Some(second)) => json!({ "ridpResponse": ridp_second(second) }),
        _ => whole("ridpResponse", "HS001001"),
    }
}

fn ridp_first(of: &Value) -> Value {
    let person = &of["person"];
    let name = Name::of(&person["personSurName"]);
    let letter = name.pick(&SESSIONS, 'Q');
    let mark = case_number(
        &json!({ "firstName": person["personGivenName"], "lastName": person["personSurName"] }),
        letter,
        "",
    );
    let (session, reference) = (format!("{letter}-{mark}.ws-1"), format!("{letter}-{}", &mark[9..]));
    if name.is("ridpdown") {
        return json!({ "responseMetadata": said(super::answers::AWAY) });
    }
    if name.is("proofed") || name.is("noquestions") {
        let (decision, code) = if name.is("proofed") { ("ACC", "HS000000") } else { ("RF1", "HE000050") };
        return json!({
            "sessionIdentification": session, "finalDecisionCode": decision, "hubReferenceNumber": reference,
            "responseMetadata": said(code),
        });
    }
    let spanish = person["personPreferredLanguage"] == "spa";
    let questions: Vec<Value> = QUESTIONS.iter().map(|(en, es)| question(if spanish { es } else { en })).collect();
    json!({
        "sessionIdentification": session, "verificationQuestionArray": questions, "hubReferenceNumber": reference,
        "responseMetadata": said("HS000000"),
    })
}

/// A question with its choices, the right one first; English and Spanish.
type Texts = [&'static str; 4];
const QUESTIONS: [(Texts, Texts); 3] = [
    (
        ["Which car do you drive?", "Ford", "Honda", "None of the above"],
        ["¿Qué modelo de coche conduce usted?", "Ford", "Honda", "Ninguna de las anteriores"],
    ),
    (
        ["What year is your car?", "2013", "2009", "None of the above"],
        ["¿De qué año es su coche?", "2013", "2009", "Ninguna de las anteriores"],
    ),
    (
        ["In which city did you live before?", "Springfield", "Richmond", "None of the above"],
        ["¿En qué ciudad vivió antes?", "Springfield", "Richmond", "Ninguna de las anteriores"],
    ),
];

fn question(texts: &Texts) -> Value {
    let choices: Vec<Value> = texts[1..].iter().map(|text| json!({ "verificationAnswerChoiceText": text })).collect();
    json!({ "verificationQuestionSet": {
        "verificationQuestionText": texts[0], "verificationAnswerChoiceArray": choices,
    } })
}

fn ridp_second(of: &Value) -> Value {
    let session = of["sessionIdentification"].as_str().unwrap_or_default();
    let letter = session.chars().next().filter(|_| session.ends_with(".ws-1"));
    let Some(decision) = letter.and_then(decision_of) else { return json!({ "responseMetadata": said("HS001001") }) };
    let answers = of["verificationAnswerArray"].as_array();
    let answer = |item: &Value| item["verificationAnswerSet"]["verificationAnswer"].clone();
    let right = answers.into_iter().flatten().map(answer).all(|answer| answer == "1" || answer == "01");
    let decision = if decision == "ACC" && !right { "RF2" } else { decision };
    json!({
        "sessionIdentification": session, "finalDecisionCode": decision,
        "hubReferenceNumber": of["hubReferenceNumber"], "responseMetadata": said("HS000000"),
    })
}

pub fn fars(request: &Value) -> Value {
    let number = request["farsRequest"]["hubReferenceNumber"].as_str().unwrap_or_default();
    let letter = number.chars().next().filter(|_| number.get(1..2) == Some("-"));
    let Some(decision) = letter.and_then(decision_of) else { return whole("farsResponse", NOT_FOUND) };
    let mut answer = json!({ "hubReferenceNumber": number, "responseMetadata": said("HS000000") });
    match letter {
        Some('A') => answer["finalDecisionCode"] = "ACC".into(),
        Some('B') => {}
        _ => answer["finalDecisionCode"] = decision.into(),
    }
    json!({ "farsResponse": answer })
}
