//! People leave a plan while others stay, plans end and come back: what insurers are told, what people are told, once.

use std::sync::Arc;

use time::Date;
use time::macros::date;
use windowshop::enrollment::end_rules::{Last, Reason};
use windowshop::enrollment::ending::{Done, End};
use windowshop::enrollment::leave::{Leave, Wish};
use windowshop::enrollment::leaving::{self, By};
use windowshop::enrollment::record::State;
use windowshop::enrollment::timeline::{self, Timeline};
use windowshop::insurer::member;
use windowshop::types::Cents;
use windowshop::x834::coverage::Coverage;
use windowshop::x834::{Extra, Kind, Relation, write};

use super::people::{Desk, ELM, person, signed, word};
use crate::store::engines::on_each_engine;
use crate::x834::oracle::judged;
use crate::x834::people::{effect, file, from_insurer};

const BASE: u64 = 4_000_000_000;
const KIND: (&str, &str, &str) = ("BE", "005010X220A1", "834");

async fn timeline_of(desk: &Desk, id: &str) -> Timeline {
    let enrollment = desk.enrollment(id).await;
    let mut connection = desk.world.office.store.read().await.expect("a connection");
    let vault = &desk.world.office.vault;
    timeline::of(&mut connection, vault, &enrollment, |_| true).await.expect("read")
}

/// As the pages do it.
async fn leave(desk: &Desk, id: &str, (who, reason, last): (&[u32], Reason, Last)) -> Done {
    let (enrollment, timeline) = (desk.enrollment(id).await, timeline_of(desk, id).await);
    let room = &desk.world.room;
    let by = By { catalogue: None, tables: &room.knows.tables, results: None };
    let wish = leaving::Wish { who, last, reason };
    let left = leaving::worked_out(by, (&enrollment, &timeline), wish).await.expect("known");
    let meant = Wish {
        owner: desk.owner.clone(),
        enrollment: id.to_string(),
        seen: enrollment.version,
        who: who.to_vec(),
        reason,
        code: "07".to_string(),
        last,
        session: String::new(),
    };
    let change = Leave::new((room.means.clone(), Arc::clone(&room.knows)), meant, left).expect("random");
    desk.world.office.store.begin_write(change).await.expect("written")
}

/// Notices that a plan ends, in a language.
async fn told(desk: &Desk, lang: &str) -> Vec<String> {
    let notices = desk.world.notices(&desk.owner, lang).await.into_iter();
    notices.filter(|(kind, _)| kind.starts_with("coverage_ended:")).map(|(_, words)| words).collect()
}

/// Everything that lies in the folder passes the outside validator.
fn valid(desk: &Desk) {
    let names = desk.files(&format!("out/{ELM}"));
    let texts: Vec<String> = names.iter().map(|name| desk.text(&format!("out/{ELM}/{name}"))).collect();
    for (name, (valid, _, errors)) in names.iter().zip(judged(&texts)) {
        assert!(valid, "{name}: {errors}");
    }
}

type OfMember = (String, Kind, Option<Date>, Cents);

fn members(said: &Coverage) -> Vec<OfMember> {
    let own = |own: &windowshop::x834::coverage::Covered| {
        (own.id[13..].to_string(), own.kind, own.ends, own.premium.unwrap_or_default())
    };
    said.members.iter().map(own).collect()
}

fn family() -> windowshop::enrollment::Signed {
    signed(ELM, vec![person(1, "Perez"), person(2, "Perez"), person(3, "Perez")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_insurer_is_told_who_leaves_and_people_are_told_once() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let id = desk.enroll(BASE + 1, family()).await;
        desk.round().await;
        let wish = (&[2][..], Reason::Medicaid, Last::Day(date!(2027 - 05 - 31)));
        assert_eq!(leave(&desk, &id, wish).await, Done::Now);
        desk.round().await;
        let said = desk.delivered(ELM).pop().expect("a change");
        assert_eq!((said.kind, said.extra), (Kind::Change, Some(Extra::FinancialChange)));
        assert_eq!((said.premium, said.credit), (Some(Cents(46_250)), Some(Cents(20_000))));
        let (may, december) = (Some(date!(2027 - 05 - 31)), Some(date!(2027 - 12 - 31)));
        let row = str::to_string;
        assert_eq!(
            members(&said),
            [
                (row("0001"), Kind::Change, december, Cents(31_250)),
                (row("0003"), Kind::Change, december, Cents(15_000)),
                (row("0002"), Kind::Terminate, may, Cents::ZERO),
            ]
        );
        let text = desk.text("out/12345/834-12345-000000002.834");
        assert!(text.contains("INS*N*19*024*07*A") && text.contains("DTP*303*D8*20270601"), "{text}");
        // Somebody else dies earlier: those who are on it then stay as they are.
        assert_eq!(leave(&desk, &id, (&[3], Reason::Death, Last::Day(date!(2027 - 03 - 14)))).await, Done::Now);
        desk.round().await;
        let said = desk.delivered(ELM);
        let (third, fourth) = (&said[2], &said[3]);
        let gone = (row("0003"), Kind::Terminate, Some(date!(2027 - 03 - 14)), Cents::ZERO);
        assert_eq!(members(third)[1..], [(row("0002"), Kind::Change, december, Cents(15_000)), gone]);
        assert_eq!(members(fourth)[1..], [(row("0002"), Kind::Terminate, may, Cents::ZERO)]);
        assert_eq!(fourth.premium, Some(Cents(31_250)));
        valid(&desk);
        let words = told(&desk, "en").await;
        assert_eq!(words.len(), 2);
        assert!(words.iter().any(|own| own.contains("The last day of coverage is May 31, 2027")), "{words:?}");
        assert!(words.iter().any(|own| own.contains("We are sorry for your loss")), "{words:?}");
        let spanish = told(&desk, "es").await;
        assert!(spanish.iter().any(|own| own.contains("Alguien deja su plan") && own.contains("31 de mayo de 2027")));
        // An audit of April says who leaves in May.
        let (own, timeline) = (desk.enrollment(&id).await, timeline_of(&desk, &id).await);
        let audited = member::audited(&own, (&timeline, date!(2027 - 04 - 01)), 9).expect("written");
        let last: Vec<_> = audited.members.iter().map(|own| own.until).collect();
        assert_eq!(last, [None, may]);
        let text = write(&file(7, true, vec![audited])).expect("written");
        assert!(text.contains("DTP*349*D8*20270531") && judged(&[text])[0].0);
        assert_eq!(desk.enrollment(&id).await.signed.people.len(), 3, "what was signed is as it was");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_who_holds_a_plan_leaves_an_insurer_gets_a_new_policy_in_its_place() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let id = desk.enroll(BASE + 1, family()).await;
        desk.round().await;
        desk.tally(ELM, &from_insurer(1, KIND, &[word(BASE + 1, "CONFIRM", "")])).await;
        assert_eq!(leave(&desk, &id, (&[1], Reason::Death, Last::Day(date!(2027 - 03 - 14)))).await, Done::Now);
        desk.round().await;
        let said = desk.delivered(ELM);
        let (old, new) = (&said[1], &said[2]);
        assert_eq!(
            (old.kind, old.extra, old.ends),
            (Kind::Terminate, Some(Extra::TermReplaced), Some(date!(2027 - 03 - 14)))
        );
        assert_eq!(
            (new.kind, new.extra, new.begins),
            (Kind::Initial, Some(Extra::Replaced), Some(date!(2027 - 03 - 15)))
        );
        assert_eq!((new.subscriber.as_str(), new.members.len()), ("123456789012-0002", 2));
        assert_eq!((new.members[0].relation, new.premium), (Relation::Own, Some(Cents(30_000))));
        assert_ne!(new.policy, old.policy);
        let text = desk.text("out/12345/834-12345-000000002.834");
        assert!(text.contains("INS*Y*18*024*03*A"), "{text}");
        valid(&desk);
        assert_eq!((desk.state(&id).await, told(&desk, "en").await.len()), (State::Ended, 1));
        // The insurer has the new one, too.
        let confirmed = effect((&new.policy, &new.subscriber), "CONFIRM", ("20270315", ""));
        let tally = desk.tally(ELM, &from_insurer(2, KIND, &[confirmed])).await;
        assert_eq!((tally.moved, tally.aside), (1, 0));
        // What was replaced does not come back.
        let back = effect((&old.policy, &old.subscriber), "ISSUER - REINSTATEMENT", ("20270101", ""));
        let tally = desk.tally(ELM, &from_insurer(3, KIND, &[back])).await;
        assert_eq!((tally.moved, tally.aside), (0, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_was_found_eligible_from_the_first_day_was_never_on_it() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let id = desk.enroll(BASE + 1, family()).await;
        desk.round().await;
        assert_eq!(leave(&desk, &id, (&[2], Reason::Medicaid, Last::Never)).await, Done::Now);
        desk.round().await;
        let said = desk.delivered(ELM).pop().expect("a change");
        let first = Some(date!(2027 - 01 - 01));
        assert_eq!((members(&said)[2].2, said.members[2].begins), (first, first));
        valid(&desk);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_when_a_plan_ends_by_them_or_by_its_insurer() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let mut ids = Vec::new();
        for number in 1..=4 {
            ids.push(desk.enroll(BASE + number, signed(ELM, vec![person(1, "Perez")])).await);
        }
        desk.round().await;
        let set = [
            word(BASE + 1, "TERM", "20270531"),
            word(BASE + 2, "TERM-OTH", "20270630"),
            word(BASE + 3, "CANCEL", "20270101"),
        ];
        for control in [1, 2] {
            let tally = desk.tally(ELM, &from_insurer(control, KIND, &set)).await;
            assert_eq!((tally.moved, tally.known), if control == 1 { (3, 0) } else { (0, 3) });
        }
        let enrollment = desk.enrollment(&ids[3]).await;
        let end = || End {
            means: desk.world.room.means.clone(),
            knows: Arc::clone(&desk.world.room.knows),
            owner: desk.owner.clone(),
            enrollment: ids[3].clone(),
            seen: enrollment.version,
            reason: Reason::OtherCoverage,
            code: "07".to_string(),
            last: Last::Day(date!(2027 - 08 - 31)),
            session: String::new(),
        };
        let store = &desk.world.office.store;
        assert_eq!(store.begin_write(end()).await, Ok(Done::Now));
        assert_eq!(store.begin_write(end()).await, Ok(Done::Before));
        let words = told(&desk, "en").await;
        assert_eq!(words.len(), 4, "each once");
        let of = |number: &str| words.iter().find(|own| own.contains(number)).expect("a notice").as_str();
        for (number, says, not) in [
            ("4000 0000 01", "did not get the payment", "You have until"),
            ("4000 0000 02", "You have until August 29, 2027", "did not get the payment"),
            ("4000 0000 03", "Nobody was covered by it", "You have until"),
            ("4000 0000 04", "You asked us for this", "call the insurer"),
        ] {
            assert!(of(number).contains(says) && !of(number).contains(not), "{}", of(number));
        }
        assert_eq!(told(&desk, "es").await.len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_insurer_brings_back_stands_where_it_stood() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (paid, unpaid) = (BASE + 1, BASE + 2);
        let one = desk.enroll(paid, signed(ELM, vec![person(1, "Perez")])).await;
        let other = desk.enroll(unpaid, signed(ELM, vec![person(1, "Perez")])).await;
        desk.round().await;
        desk.tally(ELM, &from_insurer(1, KIND, &[word(paid, "CONFIRM", "")])).await;
        let back = |number: u64, day: &str| {
            let own = word(number, "ISSUER - REINSTATEMENT", "");
            own.iter().map(|line| line.replace("20270101", day)).collect::<Vec<_>>()
        };
        // Ended on a day, brought back, ended on the same day again, and brought back again.
        for round in 0..2 {
            let tally = desk.tally(ELM, &from_insurer(10 + round, KIND, &[word(paid, "TERM", "20270531")])).await;
            assert_eq!((tally.moved, desk.state(&one).await), (1, State::Ended), "{round}");
            let tally = desk.tally(ELM, &from_insurer(20 + round, KIND, &[back(paid, "20270601")])).await;
            let own = desk.enrollment(&one).await;
            assert_eq!((tally.moved, own.state, own.ends), (1, State::Confirmed, date!(2027 - 12 - 31)), "{round}");
            let again = desk.tally(ELM, &from_insurer(30 + round, KIND, &[back(paid, "20270601")])).await;
            assert_eq!((again.moved, again.known), (0, 1));
        }
        assert_eq!(told(&desk, "en").await.len(), 2, "each end is told");
        // Never paid for, cancelled, and brought back: its insurer has it, and no more.
        let set = [word(unpaid, "CANCEL", "20270101")];
        desk.tally(ELM, &from_insurer(40, KIND, &set)).await;
        assert_eq!(desk.state(&other).await, State::Cancelled);
        desk.tally(ELM, &from_insurer(41, KIND, &[back(unpaid, "20270101")])).await;
        assert_eq!(desk.state(&other).await, State::Sent);
        let own = desk.enrollment(&other).await;
        assert_eq!((own.starts, own.ends), (date!(2027 - 01 - 01), date!(2027 - 12 - 31)));
    })
    .await;
}
