//! Every test person in every service: what the documentation promises is what the client gets.

use std::collections::BTreeSet;

use time::macros::date;
use windowshop::hub::ifsv::{NoData, ReturnSaid, Unreconciled};
use windowshop::hub::{
    CaseNumber, Closed, Coverage, Death, DecisionCode, EsiAnswer, HubFault, Incarceration, IncomeAnswer, Organization,
    OtherAnswer, RidpAnswers, RidpFirst, Said, SsaAnswer, SsaRecord, VlpAnswer, VlpCase,
};
use windowshop::hub_sim::people::TABLE;
use windowshop::types::Cents;

use super::sim::{Sim, esi, income, other, ridp, ssa, vlp};
use crate::web::repository::root;

fn is_down<T>(answer: &Result<T, HubFault>) -> bool {
    matches!(answer, Err(HubFault::Down(_)))
}

async fn ssa_of(hub: &windowshop::hub::Hub, last: &str) -> Box<SsaRecord> {
    match hub.ssa(&ssa(last)).await {
        Ok(SsaAnswer::Matched(record)) => record,
        other => panic!("{last}: {other:?}"),
    }
}

#[tokio::test]
async fn social_security_says_of_each_person_what_is_promised() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    let plain = ssa_of(&hub, "López").await;
    let expected = SsaRecord {
        death: Some(Death::Unconfirmed),
        citizen: Some(true),
        incarceration: Some(Incarceration::No),
        monthly: None,
        yearly: None,
        quarters: None,
    };
    assert_eq!(*plain, expected);
    assert_eq!(hub.ssa(&ssa("Nossn")).await, Ok(SsaAnswer::SsnUnmatched));
    assert_eq!(hub.ssa(&ssa("Nobody")).await, Ok(SsaAnswer::NotFound));
    assert!(is_down(&hub.ssa(&ssa("Ssadown")).await));
    assert_eq!(ssa_of(&hub, "Noncitizen").await.citizen, Some(false));
    assert_eq!(ssa_of(&hub, "Deceased").await.death, Some(Death::Confirmed));
    assert_eq!(ssa_of(&hub, "Jailed").await.incarceration, Some(Incarceration::Incarcerated { facility: 1 }));
    assert_eq!(ssa_of(&hub, "Freed").await.incarceration, Some(Incarceration::Released));
    let retired = ssa_of(&hub, "Retired").await;
    assert_eq!(retired.yearly.as_ref().map(|of| (of.year, of.amount)), Some((2026, Cents(1_800_000))));
    assert_eq!(retired.monthly.as_ref().map(|of| of.months[0].1), Some(Cents(150_000)));
    let worker = ssa_of(&hub, "Worker").await.quarters.expect("told");
    assert_eq!((worker.lifetime, worker.years.len()), (40, 10));
    // Several at once.
    let both = ssa_of(&hub, "Deceased-Noncitizen").await;
    assert_eq!((both.death, both.citizen), (Some(Death::Confirmed), Some(false)));
    // What is not asked is not kept, whatever comes.
    let mut little = ssa("Jailed Retired");
    (little.incarceration, little.monthly_income, little.yearly_income) = (false, None, None);
    let Ok(SsaAnswer::Matched(record)) = hub.ssa(&little).await else { panic!("matched") };
    assert_eq!((record.incarceration, &record.monthly, &record.yearly), (None, &None, &None));
}

async fn case_of(hub: &windowshop::hub::Hub, last: &str) -> Box<VlpCase> {
    match hub.lawful_presence(&vlp(last)).await {
        Ok(VlpAnswer::Case(case)) => case,
        other => panic!("{last}: {other:?}"),
    }
}

async fn look(hub: &windowshop::hub::Hub, case: &CaseNumber) -> Said {
    match hub.lawful_presence_again(case).await {
        Ok(VlpAnswer::Case(case)) => case.lawful,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn lawful_presence_goes_its_steps_for_each_person() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    let plain = case_of(&hub, "López").await;
    assert_eq!((plain.lawful, plain.bar_applies, plain.qualified), (Said::Yes, Some(Said::No), Some(Said::Yes)));
    assert_eq!(plain.granted, Some(date!(2015 - 03 - 01)));
    let number = plain.case.clone().expect("a number");
    assert_eq!(hub.close_case(&number).await, Ok(Closed::Closed));
    assert_eq!(hub.close_case(&CaseNumber::parse("0000000000000ZZ").expect("a number")).await, Ok(Closed::NotFound));
    for (last, course) in [("Pending", [Said::Pending, Said::Yes]), ("Pendingno", [Said::Pending, Said::No])] {
        let case = case_of(&hub, last).await;
        assert_eq!(case.lawful, Said::Pending, "{last}");
        let number = case.case.expect("a number");
        for said in course {
            assert_eq!(look(&hub, &number).await, said, "{last}");
        }
    }
    let long = case_of(&hub, "Pendinglong").await.case.expect("a number");
    for _ in 0..5 {
        assert_eq!(look(&hub, &long).await, Said::Pending);
    }
    // A pending case is decided at once if it is sent again with other numbers.
    let pending = case_of(&hub, "Pending-Smith").await.case.expect("a number");
    let Ok(VlpAnswer::Case(again)) = hub.lawful_presence_corrected(&pending, &vlp("Pending-Smith")).await else {
        panic!("a case")
    };
    assert_eq!((again.lawful, again.case), (Said::Yes, Some(pending)));
    assert_eq!(case_of(&hub, "Unlawful").await.lawful, Said::No);
    let barred = case_of(&hub, "Fiveyear").await;
    assert_eq!((barred.lawful, barred.bar_applies, barred.bar_met), (Said::Yes, Some(Said::Yes), Some(Said::No)));
    assert_eq!(case_of(&hub, "Barmet").await.bar_met, Some(Said::Yes));
    let citizen = case_of(&hub, "Naturalized").await;
    assert_eq!((citizen.lawful, citizen.citizen), (Said::NotApplicable, Some(Said::Yes)));
    let duplicate = case_of(&hub, "Duplicate").await;
    assert_eq!((duplicate.lawful, duplicate.statement), (Said::Pending, None));
    assert_eq!(look(&hub, &duplicate.case.expect("their number")).await, Said::Pending);
    let stubborn = case_of(&hub, "Cantclose").await.case.expect("a number");
    let Err(HubFault::Refused(code)) = hub.close_case(&stubborn).await else { panic!("refused") };
    assert_eq!(code.as_str(), "HS001001,HS001002");
    assert_eq!(hub.lawful_presence(&vlp("Nobody")).await, Ok(VlpAnswer::NotFound));
    assert!(is_down(&hub.lawful_presence(&vlp("Vlpdown")).await));
}

#[tokio::test]
async fn identity_proofing_asks_decides_and_is_followed_up() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    let ask = async |last: &str, answers: [u8; 3]| {
        let Ok(RidpFirst::Questions(of)) = hub.ridp_first(&ridp(last)).await else { panic!("{last}: no questions") };
        assert_eq!((of.questions.len(), of.questions[0].choices.len()), (3, 3));
        let answers = (1..).zip(answers).collect();
        let second = RidpAnswers { session: of.session, reference: of.reference, answers };
        hub.ridp_second(&second).await.expect("a decision")
    };
    assert_eq!(ask("López", [1, 1, 1]).await.code, DecisionCode::Accepted);
    assert_eq!(ask("López", [1, 2, 1]).await.code, DecisionCode::MoreFacts);
    for (last, code, followed) in [
        ("Callcenter", DecisionCode::CallCenter, Some(DecisionCode::Accepted)),
        ("Callpending", DecisionCode::CallCenter, None),
        ("Morefacts", DecisionCode::MoreFacts, Some(DecisionCode::MoreFacts)),
        ("Refusedthree", DecisionCode::Refused3, Some(DecisionCode::Refused3)),
        ("Refusedfour", DecisionCode::Refused4, Some(DecisionCode::Refused4)),
    ] {
        let decision = ask(last, [1, 1, 1]).await;
        assert_eq!(decision.code, code, "{last}");
        let reference = decision.reference.expect("a number for the help desk");
        let follow_up = hub.fars(&reference).await.expect("an answer");
        assert_eq!(follow_up.map(|decision| decision.code), followed, "{last}");
    }
    assert_eq!(hub.fars("unheard of").await, Ok(None));
    for (last, code) in [("Proofed", DecisionCode::Accepted), ("Noquestions", DecisionCode::CallCenter)] {
        let Ok(RidpFirst::Decided(decision)) = hub.ridp_first(&ridp(last)).await else { panic!("{last}") };
        assert_eq!(decision.code, code, "{last}");
    }
    assert!(hub.ridp_first(&ridp("Ridpdown")).await.is_err_and(|fault| matches!(fault, HubFault::Down(_))));
    let mut spanish = ridp("López");
    spanish.spanish = true;
    let Ok(RidpFirst::Questions(of)) = hub.ridp_first(&spanish).await else { panic!("no questions") };
    assert!(of.questions[0].text.starts_with('¿'), "{}", of.questions[0].text);
}

#[tokio::test]
async fn coverage_by_employers_and_by_programs_is_told_for_each_person() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    for (last, evidence, premium, inconsistent) in [
        ("López", false, None, false),
        ("Employed", true, Some(Cents(15_000)), false),
        ("Insured", true, None, false),
        ("Inconsistent", false, None, true),
    ] {
        let Ok(EsiAnswer::Found(record)) = hub.employer_coverage(&esi(last)).await else { panic!("{last}") };
        let said = (record.is_evidence(), record.monthly_premium, record.inconsistent);
        assert_eq!(said, (evidence, premium, inconsistent), "{last}");
    }
    assert_eq!(hub.employer_coverage(&esi("Nobody")).await, Ok(EsiAnswer::NotFound));
    assert!(is_down(&hub.employer_coverage(&esi("Esidown")).await));

    let january = date!(2027 - 01 - 15);
    for (last, covering) in [
        ("López", None),
        ("Medicare", Some(Organization::Medicare)),
        ("Medicaid", Some(Organization::Medicaid)),
        ("Chip", Some(Organization::Chip)),
        ("Tricare", Some(Organization::Tricare)),
        ("Veteran", Some(Organization::Veterans)),
        ("Peacecorps", Some(Organization::PeaceCorps)),
        ("Basichealth", Some(Organization::BasicHealth)),
        ("Pastmedicare", None),
        ("Halfcovered", None),
        ("Medimismatch", None),
    ] {
        let answer = hub.other_coverage(&other(last)).await.expect(last);
        assert_eq!(answer.covering(january), Vec::from_iter(covering), "{last}");
        assert_eq!(answer.away(), [], "{last}");
    }
    let said = async |last: &str, of: Organization| {
        let Ok(OtherAnswer::Told(told)) = hub.other_coverage(&other(last)).await else { panic!("{last}") };
        told.into_iter().find(|(who, _)| *who == of).expect("asked").1
    };
    assert_eq!(said("López", Organization::BasicHealth).await, Coverage::NoProgram);
    assert_eq!(said("López", Organization::Tricare).await, Coverage::NotFound);
    assert_eq!(said("López", Organization::Medicare).await, Coverage::NotCovered);
    assert_eq!(said("Halfcovered", Organization::Medicaid).await, Coverage::Partly(Vec::new()));
    assert!(matches!(said("Medimismatch", Organization::Medicare).await, Coverage::NoMatch(_)));
    let past = vec![(date!(2019 - 01 - 01), Some(date!(2020 - 12 - 31)))];
    assert_eq!(said("Pastmedicare", Organization::Medicare).await, Coverage::Covered(past));
    // Whoever is silent or away is asked again, and is never a "no".
    let partial = hub.other_coverage(&other("Partial")).await.expect("an answer");
    assert_eq!(partial.away(), [Organization::Tricare, Organization::Veterans]);
    let one = hub.other_coverage(&other("Medicaiddown")).await.expect("an answer");
    assert_eq!(one.away(), [Organization::Medicaid]);
    assert!(is_down(&hub.other_coverage(&other("Mecdown")).await));
}

#[tokio::test]
async fn income_is_told_for_each_household() {
    let sim = Sim::start(&[]);
    let hub = sim.hub();
    let told = async |last: &str| match hub.income(&income(last)).await {
        Ok(IncomeAnswer::Told(record)) => record,
        other => panic!("{last}: {other:?}"),
    };
    for (last, dollars, unreconciled) in [
        ("López", 42_000, None),
        ("Extension", 42_000, Some(Unreconciled::Extension)),
        ("Unsettled", 42_000, Some(Unreconciled::Filed)),
        ("Loss", -5_000, None),
        ("Adjusted", 84_000, None),
    ] {
        let record = told(last).await;
        let one = &record.returns[0];
        let ReturnSaid::Return(of) = &one.said else { panic!("{last}: no return") };
        assert_eq!(of.counted(), Some(Cents(dollars * 100)), "{last}");
        assert_eq!(record.total, Some(Cents(dollars * 100)), "{last}");
        assert_eq!(
            (one.person, one.spouse, one.dependent, one.unreconciled),
            (0, Some(1), false, unreconciled),
            "{last}"
        );
        assert_eq!((of.filing_status, of.exemptions), (Some(2), Some(3)), "{last}");
    }
    for (last, none) in [
        ("Noreturn", NoData::Unavailable),
        ("Badname", NoData::Unauthenticated),
        ("Spousemismatch", NoData::SpouseMismatch),
    ] {
        let record = told(last).await;
        assert!(
            record.total.is_none() && matches!(record.returns[0].said, ReturnSaid::NoData(of) if of == none),
            "{last}"
        );
    }
    assert_eq!(hub.income(&income("Nobody")).await, Ok(IncomeAnswer::NotFound));
    for last in ["Systemic", "Ifsvdown"] {
        assert!(is_down(&hub.income(&income(last)).await), "{last}");
    }
    // Nothing of it can be printed by accident.
    let printed = format!("{:?}", told("López").await);
    assert!(!printed.contains("4200"), "{printed}");
}

#[test]
fn the_documentation_lists_every_test_person() {
    let docs = std::fs::read_to_string(root().join("docs/hub.md")).expect("docs/hub.md");
    let mut rows = BTreeSet::new();
    for row in csv::Reader::from_reader(TABLE.as_bytes()).records() {
        let row = row.expect("a row");
        let line = format!("| `{}` | {} | {} |", &row[0], &row[1], &row[2]);
        assert!(docs.contains(&line), "docs/hub.md lacks: {line}");
        assert!(rows.insert(row[0].to_ascii_lowercase()), "{} stands there twice", &row[0]);
    }
    // And every one of them is a name that identity proofing takes, too.
    assert!(rows.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase())) && rows.len() > 50);
    let tested = [include_str!("people.rs"), include_str!("faults.rs")].concat();
    for name in rows {
        let mut named = name.clone();
        named[..1].make_ascii_uppercase();
        assert!(tested.contains(&named), "no test asks about {named}");
    }
}
