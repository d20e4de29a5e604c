//! Everything that can come instead of an answer, and what the client makes of it: the hub is away, our question is wrong,
//! or what came is kept aside. Never an answer.

use std::time::{Duration, Instant};

use serde_json::json;
use strum::IntoEnumIterator as _;
use windowshop::config::HubSettings;
use windowshop::hub::breaker::Shown;
use windowshop::hub::counts::Outcome;
use windowshop::hub::{CaseNumber, Hub, HubFault, RidpAnswers, Service, Ssn};
use windowshop::hub_sim::people::Trouble;

use super::sim::{Canned, Sim, esi, income, other, ridp, settings, ssa, vlp};
use crate::web::Log;

/// Every service once, with the name of its fault; `fine` if it answered.
async fn every_service(hub: &Hub, last: &str) -> Vec<(Service, Result<(), HubFault>)> {
    let case = CaseNumber::parse("P198402290000WS").expect("a number");
    let second = RidpAnswers {
        session: "Q-Q000000000000.ws-1".to_string(),
        reference: "Q-0000".to_string(),
        answers: vec![(1, 1), (2, 1), (3, 1)],
    };
    vec![
        (Service::Ssa, hub.ssa(&ssa(last)).await.map(drop)),
        (Service::Vlp, hub.lawful_presence(&vlp(last)).await.map(drop)),
        (Service::VlpAgain, hub.lawful_presence_again(&case).await.map(drop)),
        (Service::VlpCorrected, hub.lawful_presence_corrected(&case, &vlp(last)).await.map(drop)),
        (Service::VlpClose, hub.close_case(&case).await.map(drop)),
        (Service::Ridp, hub.ridp_first(&ridp(last)).await.map(drop)),
        (Service::Ridp, hub.ridp_second(&second).await.map(drop)),
        (Service::Fars, hub.fars("Q-0000").await.map(drop)),
        (Service::Esi, hub.employer_coverage(&esi(last)).await.map(drop)),
        (Service::NonEsi, hub.other_coverage(&other(last)).await.map(drop)),
        (Service::Ifsv, hub.income(&income(last)).await.map(drop)),
    ]
}

/// What a fault must be for every service.
fn expected(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Away | Trouble::Error | Trouble::Busy | Trouble::TooMany | Trouble::Locked | Trouble::Moved => "down",
        Trouble::Hang | Trouble::Cut => "down",
        Trouble::Refused => "refused",
        _ => "garbage",
    }
}

/// Answers in which nothing says who they are about, or in which there is no number, flag or list to spoil.
fn cannot_show(service: Service, trouble: Trouble, first_call: bool) -> bool {
    match trouble {
        Trouble::Stranger => service == Service::VlpClose || (service == Service::Ridp && first_call),
        Trouble::HugeNumber => matches!(service, Service::VlpClose | Service::Ridp | Service::Fars),
        Trouble::Doubled => {
            matches!(service, Service::VlpClose | Service::Fars) || (service == Service::Ridp && !first_call)
        }
        _ => false,
    }
}

#[tokio::test]
async fn no_fault_of_any_kind_passes_for_an_answer_of_any_service() {
    let sim = Sim::start(&[]);
    for trouble in Trouble::iter() {
        let word: &str = trouble.into();
        sim.control(&json!({ "trouble": { "all": word } }));
        // A client of its own for each: failures in a row would be left alone.
        let mut own = settings(sim.address);
        own.timeout = if trouble == Trouble::Hang { Duration::from_millis(150) } else { own.timeout };
        let hub = Hub::new(&own);
        let mut first_call = true;
        for (service, answer) in every_service(&hub, "López").await {
            if !cannot_show(service, trouble, first_call) {
                let fault = answer.expect_err(&format!("{service:?}: {trouble:?} passed for an answer"));
                assert_eq!(fault.word(), expected(trouble), "{service:?}, {trouble:?}: {fault}");
                if let HubFault::Garbage { why, body } = &fault {
                    assert!(
                        !body.is_empty() && body.len() <= 1 << 20,
                        "{service:?}, {trouble:?}: what came is not kept"
                    );
                    assert!(!why.is_empty());
                }
            }
            first_call &= service != Service::Ridp;
        }
    }
    sim.control(&json!({}));
    for (service, answer) in every_service(&sim.hub(), "López").await {
        assert!(answer.is_ok(), "{service:?}: {answer:?}");
    }
}

#[tokio::test]
async fn people_with_a_name_for_it_have_the_same_faults() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    for (last, word) in [
        ("Down", "down"),
        ("Broken", "garbage"),
        ("Stranger", "garbage"),
        ("Doubled", "garbage"),
        ("Huge", "garbage"),
        ("Rejected", "refused"),
    ] {
        let fault = hub.ssa(&ssa(last)).await.expect_err(last);
        assert_eq!(fault.word(), word, "{last}: {fault}");
    }
    let mut hasty = settings(sim.address);
    hasty.timeout = Duration::from_millis(200);
    let begun = Instant::now();
    let fault = Hub::new(&hasty).ssa(&ssa("Hang")).await.expect_err("it hangs");
    assert_eq!(fault.word(), "down");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_token_that_is_wrong_and_a_hub_that_is_down_are_asked_again_later() {
    let sim = Sim::start(&["--token", "another"]);
    let Err(HubFault::Down(why)) = sim.hub().ssa(&ssa("López")).await else { panic!("let in") };
    assert!(why.contains("token"), "{why}");
    let scheduled = Sim::start(&["--down", "00:00-23:59,23:59-00:00"]);
    assert!(matches!(scheduled.hub().ssa(&ssa("López")).await, Err(HubFault::Down(_))));
    sim.control(&json!({ "down": true }));
    assert!(matches!(sim.hub().ssa(&ssa("López")).await, Err(HubFault::Down(_))));
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port");
    let Err(HubFault::Down(why)) = Hub::new(&settings(nowhere)).ssa(&ssa("López")).await else { panic!("answered") };
    assert!(why.contains("no connection"), "{why}");
    let none = Hub::new(&HubSettings::none());
    let Err(HubFault::Down(why)) = none.ssa(&ssa("López")).await else { panic!("answered") };
    assert!(why.contains("--hub-url") && none.unset().is_some(), "{why}");
}

fn shown(hub: &Hub) -> windowshop::hub::counts::OfService {
    hub.shown().into_iter().find(|of| of.service == "ssa").expect("a service")
}

#[tokio::test]
async fn a_service_that_fails_is_left_alone_and_the_others_are_not() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    let failures = u64::from(windowshop::hub::service::rows().expect("rows")[0].failures);
    sim.control(&json!({ "trouble": { "ssa": "error" } }));
    for _ in 0..failures + 5 {
        assert!(matches!(hub.ssa(&ssa("López")).await, Err(HubFault::Down(_))));
    }
    assert_eq!(sim.asked("ssa"), failures, "after {failures} failures nothing is asked");
    assert_eq!((shown(&hub).breaker, shown(&hub).count(Outcome::Open)), (Shown::Open, 5));
    assert_eq!(shown(&hub).count(Outcome::Down), failures);
    assert!(hub.employer_coverage(&esi("López")).await.is_ok(), "each service has its own");
}

#[tokio::test]
async fn a_server_that_says_how_long_is_left_alone_so_long_and_then_tried_once() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    sim.control(&json!({ "trouble": { "ssa": "busy" } }));
    for _ in 0..4 {
        assert!(hub.ssa(&ssa("López")).await.is_err());
    }
    assert_eq!(sim.asked("ssa"), 1, "503 with Retry-After: 1");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (one, other) = (ssa("López"), ssa("Pérez"));
    let both = tokio::join!(hub.ssa(&one), hub.ssa(&other));
    assert!(both.0.is_err() && both.1.is_err());
    assert_eq!(sim.asked("ssa"), 2, "one question tries it");
    sim.control(&json!({}));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert!(hub.ssa(&ssa("López")).await.is_ok());
    assert_eq!(shown(&hub).breaker, Shown::Closed);
}

#[tokio::test]
async fn only_so_many_questions_are_under_way_at_once() {
    let sim = Sim::start(&["--latency-ms", "100"]);
    let hub = sim.hub();
    let at_once = windowshop::hub::service::rows().expect("rows")[0].at_once;
    let begun = Instant::now();
    let many = at_once * 3;
    let asking: Vec<_> = (0..many)
        .map(|_| {
            tokio::spawn({
                let hub = hub.clone();
                async move { hub.ssa(&ssa("López")).await.is_ok() }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(shown(&hub).under_way, at_once);
    for one in asking {
        assert!(one.await.expect("no panic"));
    }
    assert!(begun.elapsed() >= Duration::from_millis(300), "three rounds: {:?}", begun.elapsed());
    assert_eq!((shown(&hub).under_way, shown(&hub).count(Outcome::Answered)), (0, many as u64));
    // Whoever finds no place in time is told so, and it counts against nobody.
    let mut hasty = settings(sim.address);
    hasty.timeout = Duration::from_millis(250);
    let hub = Hub::new(&hasty);
    sim.control(&json!({ "trouble": { "ssa": "hang" } }));
    let asking: Vec<_> = (0..at_once + 1)
        .map(|_| {
            tokio::spawn({
                let hub = hub.clone();
                async move { hub.ssa(&ssa("López")).await.is_err() }
            })
        })
        .collect();
    for one in asking {
        assert!(one.await.expect("no panic"));
    }
    let of = shown(&hub);
    assert_eq!(of.count(Outcome::Down) + of.count(Outcome::Crowded) + of.count(Outcome::Open), at_once as u64 + 1);
}

#[tokio::test]
async fn what_would_be_refused_is_never_sent() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    let refused = |answer: Result<(), HubFault>, field: &str| match answer {
        Err(HubFault::Refused(code)) => assert_eq!(code.unsent_field(), Some(field)),
        other => panic!("{field}: {other:?}"),
    };
    refused(hub.ssa(&ssa("王")).await.map(drop), "personSurName");
    let mut elsewhere = esi("López");
    elsewhere.state = "Ohio".to_string();
    refused(hub.employer_coverage(&elsewhere).await.map(drop), "usStateCode");
    let mut nobody = other("López");
    nobody.organizations.clear();
    refused(hub.other_coverage(&nobody).await.map(drop), "organizationCodeArray");
    let mut alone = income("López");
    alone.people.clear();
    refused(hub.income(&alone).await.map(drop), "applicantArray");
    let mut paper = vlp("López");
    paper.document.alien_number = Some("12".to_string());
    assert_eq!(paper.document.unfit(), Some("alienNumber"));
    refused(hub.lawful_presence(&paper).await.map(drop), "alienNumber");
    assert!(Ssn::parse("900121234").is_none());
    for service in ["ssa", "esi", "non_esi", "ifsv", "vlp"] {
        assert_eq!(sim.asked(service), 0, "{service}");
    }
}

/// What would say who was asked about.
const TELLING: [&str; 9] =
    ["123454200", "4200", "López", "Lopez", "José", "Jose", "1984-02-29", "012345678", "SRC0123456789"];

#[tokio::test]
async fn no_log_line_of_any_level_tells_who_was_asked_about_or_what_came() {
    let sim = Sim::start(&[]);
    let (log, _keep) = Log::keep_all();
    let hub = sim.hub();
    for (service, answer) in every_service(&hub, "López").await {
        assert!(answer.is_ok(), "{service:?}");
    }
    for trouble in Trouble::iter().filter(|trouble| *trouble != Trouble::Hang) {
        let word: &str = trouble.into();
        sim.control(&json!({ "trouble": { "all": word } }));
        every_service(&sim.hub(), "López").await;
    }
    let text = log.text();
    assert!(text.contains("no answer of the hub") && text.contains("the hub answered"), "{text}");
    for telling in TELLING {
        // Behind the time, whose digits may be any.
        let line = text.lines().find(|line| line.split_once(' ').is_some_and(|(_, said)| said.contains(telling)));
        assert!(line.is_none(), "{telling}: {line:?}");
    }
    assert!(!text.contains(super::sim::TOKEN), "the token");
}

#[tokio::test]
async fn each_question_carries_the_token_and_the_id_of_what_it_is_for() {
    let canned = Canned::start("{}");
    let hub = canned.hub();
    let asked = windowshop::types::as_request("00abcdef".into(), async { hub.ssa(&ssa("López")).await });
    assert_eq!(asked.await.expect_err("no answer").word(), "garbage");
    let question = canned.questions.lock().expect("free")[0].to_ascii_lowercase();
    assert!(question.starts_with("post /ssac http/1.1"), "{question}");
    assert!(question.contains("authorization: bearer training\r\n"), "{question}");
    assert!(question.contains("x-request-id: 00abcdef\r\n"), "{question}");
    assert!(question.contains("\"personsurname\":\"lopez\""), "{question}");
}
