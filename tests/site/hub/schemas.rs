//! The 13 schemas of the hub: every question that the client writes and every answer that the simulator gives fits them.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use strum::IntoEnumIterator as _;
use time::macros::date;
use windowshop::hub::{CaseNumber, DocumentKind, Hub, RidpAnswers, RidpFirst, VlpDocument};
use windowshop::hub_sim::people::TABLE;
use windowshop::hub_sim::schema::Schemas;

use super::sim::{Sim, esi, income, message, other, ridp, settings, ssa, vlp};

/// Path, question, answer.
type Heard = Arc<Mutex<Vec<(String, Value, Value)>>>;

/// Stands between client and simulator and writes down what both say. One exchange a connection.
fn between(sim: &Sim) -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (address, heard, to) = (listener.local_addr().expect("an address"), Heard::default(), sim.address);
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut client) = stream else { break };
            let question = message(&mut client);
            let mut server = TcpStream::connect(to).expect("the simulator");
            let closing = question.replacen("\r\n", "\r\nConnection: close\r\n", 1);
            server.write_all(closing.as_bytes()).expect("sent");
            let answer = message(&mut server);
            client.write_all(answer.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes()).expect("sent");
            let body = |text: &str| text.split_once("\r\n\r\n").map(|(_, body)| body.to_string()).unwrap_or_default();
            let path = question.split(' ').nth(1).unwrap_or_default().to_string();
            let json = |text: &str| serde_json::from_str(&body(text)).unwrap_or(Value::Null);
            kept.lock().expect("free").push((path, json(&question), json(&answer)));
        }
    });
    (address, heard)
}

/// By path: schema of questions, of answers.
const BY_PATH: [(&str, &str, &str); 10] = [
    ("/ssac", "SSAC-Request-Schema.json", "SSAC-Response-Schema.json"),
    ("/esi-mec", "ESIMEC-Request-schema.json", "ESIMEC-Response-schema.json"),
    ("/non-esi-mec", "VerifyNonESIMEC-Request-schema.json", "VerifyNonESIMEC-Response-schema.json"),
    ("/ifsv", "IFSV-Request-schema.json", "IFSV-Response-schema.json"),
    ("/ridp", "RIDP-Request-schema.json", "RIDP-Response-schema.json"),
    ("/fars", "fars.json#farsRequest", "fars.json#farsResponse"),
    ("/vlp/initial-verification", "vlp.json#initialVerificationRequest", "vlp.json#initialVerificationResponse"),
    ("/vlp/case-details", "vlp.json#caseDetailsRequest", "vlp.json#caseDetailsResponse"),
    ("/vlp/resubmit", "vlp.json#resubmitRequest", "vlp.json#resubmitResponse"),
    ("/vlp/close-case", "vlp.json#closeCaseRequest", "vlp.json#closeCaseResponse"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_question_and_every_answer_about_every_test_person_fits_the_schemas() {
    let sim = Sim::start(&[]);
    let (address, heard) = between(&sim);
    let hub = Hub::new(&settings(address));
    let case = CaseNumber::parse("P198402290000WS").expect("a number");
    // Their troubles are not answers: tests/site/hub/faults.rs.
    let spoiled = ["Hang", "Broken", "Stranger", "Doubled", "Huge", "Rejected", "Down"];
    let people: Vec<String> = csv::Reader::from_reader(TABLE.as_bytes())
        .records()
        .map(|row| row.expect("a row")[0].to_string())
        .filter(|name| !spoiled.contains(&name.as_str()))
        .chain(["De la Cruz-Ñandú".to_string(), "O'Brien--Smith & Sons".to_string()])
        .collect();
    for last in &people {
        let mut long = ssa(last);
        long.person.first = "Wolfeschlegelsteinhausenbergerdorff".repeat(2);
        long.person.middle = Some("\"<#!>\"".to_string());
        // A client leaves a service alone after failures in a row: one for each.
        let hub = Hub::new(&settings(address));
        drop(hub.ssa(&long).await);
        drop(hub.lawful_presence(&vlp(last)).await);
        drop(hub.employer_coverage(&esi(last)).await);
        drop(hub.other_coverage(&other(last)).await);
        drop(hub.income(&income(last)).await);
        if let Ok(RidpFirst::Questions(of)) = hub.ridp_first(&ridp(last)).await {
            let answers = vec![(1, 1), (2, 5), (3, 1)];
            let second = RidpAnswers { session: of.session, reference: of.reference, answers };
            let decision = hub.ridp_second(&second).await.expect("a decision");
            drop(hub.fars(&decision.reference.expect("a number")).await);
        }
    }
    for kind in DocumentKind::iter() {
        let mut ask = vlp("López");
        ask.document = full(kind);
        assert!(hub.lawful_presence(&ask).await.is_ok(), "{kind:?}");
        assert!(hub.lawful_presence_corrected(&case, &ask).await.is_ok(), "{kind:?}");
    }
    drop(hub.lawful_presence_again(&case).await);
    drop(hub.close_case(&case).await);
    drop(hub.close_case(&CaseNumber::parse("E198402290000WS").expect("a number")).await);
    let schemas = Schemas::load().expect("schemas");
    let heard = heard.lock().expect("free");
    for (path, question, answer) in heard.iter() {
        let (_, of_question, of_answer) = BY_PATH.iter().find(|(of, ..)| of == path).expect("a service");
        assert_eq!(schemas.faults(of_question, question), Vec::<String>::new(), "{path}: {question}");
        assert_eq!(schemas.faults(of_answer, answer), Vec::<String>::new(), "{path}: {answer}");
    }
    for (path, ..) in BY_PATH {
        assert!(heard.iter().any(|(heard, ..)| heard == path), "{path} was not asked");
    }
    assert!(heard.len() > people.len() * 6, "{}", heard.len());
}

/// A document with every number that there is.
fn full(kind: DocumentKind) -> VlpDocument {
    VlpDocument {
        kind,
        alien_number: Some("A1234567".to_string()),
        i94_number: Some("123-456789 A1".to_string()),
        receipt_number: Some("ioe0123456789".to_string()),
        certificate_number: Some("C-1234567".to_string()),
        visa_number: Some("12345678".to_string()),
        passport_number: Some("PA 0123456".to_string()),
        country: Some("mex".to_string()),
        sevis_id: Some("N0012345678".to_string()),
        expires: Some(date!(2030 - 06 - 30)),
        description: Some("Carta de aprobación (I-797)".to_string()),
    }
}

#[test]
fn all_thirteen_schemas_are_there_and_unchanged() {
    let names: Vec<&str> = Schemas::names().filter(|name| name.contains("chema")).collect();
    assert_eq!(names.len(), 13);
    assert!(Schemas::load().is_ok());
}
