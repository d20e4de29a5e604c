//! The published sample answers (tests/cases/hub/samples): XML of the hub's older interface, turned into the JSON of today by
//! rules, and read by the client like any other answer.
//!
//! Some samples are fillings of a schema ("Response", "ResponseCode1"): as they stand they are no answer, and the client must
//! say so; with the code of success in that place, everything else in them is read.

use serde_json::{Value, json};
use time::Date;
use time::macros::date;
use windowshop::hub::batch::xml::{self, Node};
use windowshop::hub::{
    CaseNumber, Closed, Coverage, Death, DecisionCode, EsiAnswer, HubFault, Incarceration, Organization, OtherAnswer,
    OtherAsk, Person, RidpAnswers, RidpFirst, Said, SsaAnswer, Ssn, VlpAnswer,
};

use super::sim::{Canned, esi, ridp, ssa, vlp};
use super::translate::{esi_json, non_esi_json, ridp_json, ssa_json, vlp_json};
use crate::hub::sim;

fn sample(name: &str) -> Node {
    let path = crate::web::repository::root().join("tests/cases/hub/samples").join(name);
    let text = std::fs::read_to_string(path).expect(name);
    // The samples' numbers were all replaced by 900xxxxxx, which no client may ask about: each becomes 512340xxx.
    xml::parse(text.replace("900000", "512340").as_bytes()).expect(name)
}

fn number(text: &str) -> Ssn {
    Ssn::parse(text).expect("a number")
}

async fn asked<T>(answer: &Value, ask: impl AsyncFnOnce(&windowshop::hub::Hub) -> T) -> T {
    ask(&Canned::start(answer.to_string()).hub()).await
}

fn is_garbage<T>(answer: &Result<T, HubFault>) -> bool {
    matches!(answer, Err(HubFault::Garbage { body, .. }) if !body.is_empty())
}

#[tokio::test]
async fn the_samples_of_social_security_are_read() {
    let mut ask = ssa("Sample");
    ask.person.ssn = number("512340003");
    let minimal = ssa_json(&sample("ssa_SSAMinimalResponse.xml"), None);
    assert!(is_garbage(&asked(&minimal, async |hub| hub.ssa(&ask).await).await), "a code that is none");
    let empty = ssa_json(&sample("ssa_SSAMinimalResponse.xml"), Some("HS000000"));
    assert!(is_garbage(&asked(&empty, async |hub| hub.ssa(&ask).await).await), "success without an answer");
    let away = ssa_json(&sample("ssa_SSAMinimalResponse.xml"), Some("HX005001"));
    assert!(matches!(asked(&away, async |hub| hub.ssa(&ask).await).await, Err(HubFault::Down(_))));
    let whole = ssa_json(&sample("ssa_SSAMinimalResponse1.xml"), None);
    assert!(is_garbage(&asked(&whole, async |hub| hub.ssa(&ask).await).await), "a code that is none");

    let full = sample("ssa_SSAVerificationResponse.xml");
    assert!(is_garbage(&asked(&ssa_json(&full, None), async |hub| hub.ssa(&ask).await).await));
    // It says that the number does not match: nothing else in it may be used.
    let unmatched = ssa_json(&full, Some("HS000000"));
    assert_eq!(asked(&unmatched, async |hub| hub.ssa(&ask).await).await, Ok(SsaAnswer::SsnUnmatched));
    let mut matched = unmatched.clone();
    *matched
        .pointer_mut("/ssaCompositeResponse/ssaCompositeIndividualResponseArray/0/ssaResponse/ssnVerificationIndicator")
        .expect("there") = true.into();
    let Ok(SsaAnswer::Matched(record)) = asked(&matched, async |hub| hub.ssa(&ask).await).await else {
        panic!("matched")
    };
    assert_eq!((record.death, record.citizen), (Some(Death::Confirmed), Some(false)));
    assert_eq!(record.incarceration, Some(Incarceration::Released));
    let monthly = record.monthly.expect("told");
    assert_eq!((monthly.disabled, monthly.months.len(), monthly.months[0].1.0), (false, 4, 0));
    assert_eq!(record.yearly.expect("told").year, 2000);
    let quarters = record.quarters.expect("told");
    assert_eq!((quarters.lifetime, quarters.years), (0, vec![(2006, 2)]));
}

#[tokio::test]
async fn the_samples_of_employer_coverage_are_read() {
    let mut ask = esi("Sample");
    let two = sample("esi_MaxResponse.xml");
    let mut people = Vec::new();
    two.all("ApplicantResponse", &mut people);
    assert_eq!(people.len(), 2);
    ask.person.ssn = number("512340001");
    assert!(
        is_garbage(&asked(&esi_json(&people, Some("HS000000")), async |hub| hub.employer_coverage(&ask).await).await),
        "two"
    );
    assert!(
        is_garbage(&asked(&esi_json(&people[..1], None), async |hub| hub.employer_coverage(&ask).await).await),
        "a code"
    );
    for (one, own) in people.iter().zip(["512340001", "512340002"]) {
        ask.person.ssn = number(own);
        let answer = esi_json(&[one], Some("HS000000"));
        let Ok(EsiAnswer::Found(record)) = asked(&answer, async |hub| hub.employer_coverage(&ask).await).await else {
            panic!("{own}")
        };
        assert!(!record.is_evidence() && !record.inconsistent && record.monthly_premium.is_some_and(|of| of.0 == 0));
        ask.person.ssn = number("512349999");
        assert!(is_garbage(&asked(&answer, async |hub| hub.employer_coverage(&ask).await).await), "somebody else");
    }
    // A code with one zero too many, as published.
    let long = sample("esi_TestResponse.xml");
    let mut people = Vec::new();
    long.all("ApplicantResponse", &mut people);
    ask.person.ssn = number("512340001");
    assert!(is_garbage(&asked(&esi_json(&people, None), async |hub| hub.employer_coverage(&ask).await).await));
    let mended = asked(&esi_json(&people, Some("HS000000")), async |hub| hub.employer_coverage(&ask).await).await;
    assert!(matches!(mended, Ok(EsiAnswer::Found(record)) if !record.is_evidence()));
    let none = sample("esi_TestResponse2.xml");
    let mut people = Vec::new();
    none.all("ApplicantResponse", &mut people);
    ask.person.ssn = number("512340006");
    let answer = asked(&esi_json(&people, None), async |hub| hub.employer_coverage(&ask).await).await;
    assert_eq!(answer, Ok(EsiAnswer::NotFound));
}

#[tokio::test]
async fn the_samples_of_other_coverage_are_read() {
    use Organization::{BasicHealth, Chip, Medicaid, Medicare, PeaceCorps, Tricare, Veterans};
    for (name, covering) in [("non_esi_MaxResponse.xml", vec![PeaceCorps]), ("non_esi_TestResponse.xml", vec![])] {
        let json = non_esi_json(&sample(name));
        let of = &json["verifyNonESIMECResponse"]["individualResponseArray"][0];
        let told = |name: &str| of[name].as_str().expect("told").to_string();
        let born: Vec<i32> = told("personBirthDate").split('-').map(|part| part.parse().expect("a number")).collect();
        let month = time::Month::try_from(born[1] as u8).expect("a month");
        let person = Person {
            ssn: number(&told("personSocialSecurityNumber")),
            first: told("personGivenName"),
            middle: None,
            last: told("personSurName"),
            suffix: None,
            born: Date::from_calendar_date(born[0], month, born[2] as u8).expect("a day"),
        };
        let ask = OtherAsk {
            person,
            organizations: vec![Medicare, Medicaid, Chip, Tricare, Veterans, PeaceCorps, BasicHealth],
            ..sim::other("Sample")
        };
        let answer = asked(&json, async |hub| hub.other_coverage(&ask).await).await.expect(name);
        assert_eq!(answer.covering(date!(2021 - 06 - 01)), covering, "{name}");
        assert_eq!(answer.away(), [], "{name}");
        let OtherAnswer::Told(told) = answer else { panic!("{name}: not found") };
        assert_eq!(told.len(), 7);
        assert!(matches!(told[0].1, Coverage::NoMatch(_)), "{name}: Medicare has something else: {:?}", told[0]);
        let mut stranger = ask.clone();
        stranger.person.born = date!(1990 - 01 - 01);
        assert!(is_garbage(&asked(&json, async |hub| hub.other_coverage(&stranger).await).await), "{name}");
    }
}

#[tokio::test]
async fn the_samples_of_identity_proofing_are_read() {
    let answer = ridp_json(&sample("ridp_RIDPPrimaryResponse.xml"));
    let Ok(RidpFirst::Questions(of)) = asked(&answer, async |hub| hub.ridp_first(&ridp("Sample")).await).await else {
        panic!("no questions")
    };
    assert_eq!((of.questions.len(), of.questions[2].choices.len()), (3, 5));
    assert_eq!(of.questions[0].text, "¿Qué modelo de coche Ud. conduce?");
    assert_eq!((of.session.as_str(), of.reference.as_str()), ("AB.##.KYQD", "a22a-97-7c28"));
    let answer = ridp_json(&sample("ridp_RIDPPrimaryNegativeResponse.xml"));
    let Ok(RidpFirst::Decided(of)) = asked(&answer, async |hub| hub.ridp_first(&ridp("Sample")).await).await else {
        panic!("no decision")
    };
    assert_eq!((of.code, of.reference.as_deref()), (DecisionCode::CallCenter, Some("877f-d8-973a")));
    let answer = ridp_json(&sample("ridp_RIDPSecondaryResponse.xml"));
    let mut second = RidpAnswers {
        session: "RS9BJ7Z39POFGCLFC8RB5UET.pidd2v-210716093805417312402".to_string(),
        reference: "359e-33-7a6c".to_string(),
        answers: vec![(1, 1), (2, 2), (3, 5)],
    };
    let of = asked(&answer, async |hub| hub.ridp_second(&second).await).await.expect("a decision");
    assert_eq!((of.code, of.reference.as_deref()), (DecisionCode::MoreFacts, Some("359e-33-7a6c")));
    second.session = "another".to_string();
    assert!(is_garbage(&asked(&answer, async |hub| hub.ridp_second(&second).await).await));
}

#[tokio::test]
async fn the_samples_of_lawful_presence_are_read() {
    let mut ask = vlp("Benstce");
    ask.born = date!(1979 - 10 - 15);
    let answer = vlp_json(&sample("vlp_VLPInitialVerificationResponse.xml"), None, 0);
    let Ok(VlpAnswer::Case(of)) = asked(&answer, async |hub| hub.lawful_presence(&ask).await).await else {
        panic!("no case")
    };
    assert_eq!((of.lawful, of.qualified, of.citizen), (Said::Yes, Some(Said::No), Some(Said::NotApplicable)));
    assert_eq!(of.case, CaseNumber::parse("6000060033064OC"));
    assert_eq!(of.statement, Some((10, "TEMPORARY EMPLOYMENT AUTHORIZED".to_string())));
    assert_eq!((of.authorized_until, of.sponsor_found), (Some(date!(2025 - 01 - 02)), Some(false)));
    ask.born = date!(1979 - 10 - 16);
    assert!(is_garbage(&asked(&answer, async |hub| hub.lawful_presence(&ask).await).await), "somebody else");

    let answer = vlp_json(&sample("vlp_rx142_initial_verification_InitialVerificationErrorResponse.xml"), None, 0);
    let Ok(VlpAnswer::Case(of)) = asked(&answer, async |hub| hub.lawful_presence(&ask).await).await else {
        panic!("no case")
    };
    assert_eq!((of.lawful, of.case), (Said::Pending, CaseNumber::parse("0024017172229YQ")), "a duplicate");

    let two = sample("vlp_rx142_initial_verification_InitialVerificationResponse.xml");
    ask.born = date!(2006 - 05 - 04);
    assert!(is_garbage(&asked(&vlp_json(&two, None, 0), async |hub| hub.lawful_presence(&ask).await).await));
    for only in 0..2 {
        let answer = vlp_json(&two, Some("HS000000"), only);
        let Ok(VlpAnswer::Case(of)) = asked(&answer, async |hub| hub.lawful_presence(&ask).await).await else {
            panic!("no case")
        };
        assert_eq!(
            (of.lawful, of.bar_applies, of.class_of_admission.as_deref()),
            (Said::No, Some(Said::No), Some("Non"))
        );
        assert_eq!(of.granted, Some(date!(2006 - 05 - 04)));
    }
    let case = CaseNumber::parse("6000060033064OC").expect("a number");
    let closed = vlp_json(&sample("vlp_rx142_close_case_CloseCaseResponse.xml"), None, 0);
    assert_eq!(asked(&closed, async |hub| hub.close_case(&case).await).await, Ok(Closed::Closed));
    let refused = vlp_json(&sample("vlp_rx142_close_case_CloseCaseErrorResponse.xml"), None, 0);
    let Err(HubFault::Refused(code)) = asked(&refused, async |hub| hub.close_case(&case).await).await else {
        panic!("closed")
    };
    assert_eq!(code.as_str(), "HS001001,HS001002,HS001003,HS001004");
}

/// Failures in a row (data/hub/services.csv).
const LEFT_ALONE_AFTER: u32 = 8;

/// Every place in it.
fn places(of: &Value, at: String, into: &mut Vec<String>) {
    match of {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| places(value, format!("{at}/{name}"), into)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, value)| places(value, format!("{at}/{i}"), into)),
        _ => {}
    }
    into.push(at);
}

/// Each place of a good answer is given each of these values in turn: nothing panics, nothing about somebody else and no
/// code that is not success leaves the good answer standing.
async fn bend<A: PartialEq>(good: Value, ask: impl AsyncFn(&windowshop::hub::Hub) -> Result<A, HubFault>) -> usize {
    let values = [
        Value::Null,
        json!("x"),
        json!("HX005001"),
        json!("HE000001"),
        json!("512349999"),
        json!(-1),
        json!(1e300),
        json!(true),
        json!([]),
        json!([1, [2]]),
        json!({ "x": 1 }),
        json!("y".repeat(10_000)),
    ];
    let canned = Canned::start(good.to_string());
    let hub = canned.hub();
    let as_it_was = ask(&hub).await.unwrap_or_else(|fault| panic!("{fault}: {good}"));
    let mut all = Vec::new();
    places(&good, String::new(), &mut all);
    let (mut tried, mut failed) = (0, 0);
    for place in &all {
        for value in &values {
            let mut bent = good.clone();
            *bent.pointer_mut(place).expect("there") = value.clone();
            *canned.answer.lock().expect("free") = bent.to_string().into_bytes();
            let answer = ask(&hub).await;
            let telling = ["responseCode", "personSocialSecurityNumber", "taxFilerSSN", "requestID", "caseNumber"];
            if telling.iter().any(|name| place.ends_with(name)) {
                let same = answer.as_ref().is_ok_and(|answer| *answer == as_it_was);
                assert!(!same, "{place} as {value} changes nothing");
            }
            tried += 1;
            failed = if answer.is_err() { failed + 1 } else { 0 };
            if failed == LEFT_ALONE_AFTER - 2 {
                *canned.answer.lock().expect("free") = good.to_string().into_bytes();
                assert!(ask(&hub).await.is_ok_and(|answer| answer == as_it_was));
                failed = 0;
            }
        }
    }
    tried
}

#[tokio::test]
async fn an_answer_that_is_bent_anywhere_neither_panics_nor_passes() {
    let mut of_ssa = ssa("Sample");
    of_ssa.person.ssn = number("512340003");
    let mut good = ssa_json(&sample("ssa_SSAVerificationResponse.xml"), Some("HS000000"));
    *good
        .pointer_mut("/ssaCompositeResponse/ssaCompositeIndividualResponseArray/0/ssaResponse/ssnVerificationIndicator")
        .expect("there") = true.into();
    let mut tried = bend(good, async |hub| hub.ssa(&of_ssa).await).await;
    let mut of_esi = esi("Sample");
    of_esi.person.ssn = number("512340001");
    let two = sample("esi_MaxResponse.xml");
    let mut people = Vec::new();
    two.all("ApplicantResponse", &mut people);
    let good = esi_json(&people[..1], Some("HS000000"));
    tried += bend(good, async |hub| hub.employer_coverage(&of_esi).await).await;
    let mut of_vlp = vlp("Sample");
    of_vlp.born = date!(2006 - 05 - 04);
    let two = sample("vlp_rx142_initial_verification_InitialVerificationResponse.xml");
    let good = vlp_json(&two, Some("HS000000"), 0);
    tried += bend(good, async |hub| hub.lawful_presence(&of_vlp).await).await;
    let returned = json!({ "taxReturn": {
        "taxFilerSSN": "123454200", "spouseSSN": "123450001", "taxReturnYear": 2025, "taxReturnFilingStatusCode": "2",
        "taxReturnIncomeAmount": 42000.5, "taxableSocialSecurityBenefitsAmount": 0, "totalExemptionsQuantity": 3,
    }, "responseMetadataArray": [{ "responseMetadata": { "responseCode": "HS000000", "responseText": "" } }] });
    let household = json!({ "aggregateTaxReturnIncomeAmount": 42000.5, "applicantVerificationArray": [returned] });
    let good = json!({ "ifsvResponse": { "requestID": "7", "household": household } });
    tried += bend(good, async |hub| hub.income(&sim::income("Sample")).await).await;
    assert!(tried > 1000, "{tried}");
}

#[test]
fn every_sample_is_read_by_a_test() {
    let folder = crate::web::repository::root().join("tests/cases/hub/samples");
    let tests = [include_str!("samples.rs"), include_str!("batches.rs")].concat();
    let mut many = 0;
    for file in std::fs::read_dir(folder).expect("the folder") {
        let name = file.expect("a file").file_name().into_string().expect("text");
        assert!(tests.contains(&name), "no test reads {name}");
        many += 1;
    }
    assert_eq!(many, 19, "16 answers, a Medicare file, two manifests");
}
