//! What becomes of people who have signed: sent, taken, one of a hundred rejected and sent again, paid, changed, ended; and
//! what an insurer has, compared with what we have.

use time::macros::date;
use windowshop::enrollment::record::{ChangeKind, State};
use windowshop::insurer::reconcile::{Report, What};
use windowshop::insurer::sweep;
use windowshop::operator::Common;
use windowshop::operator::insurer::{Again, InsurerArgs, InsurerCommand, command};
use windowshop::types::Cents;
use windowshop::x834::{Extra, Kind, Relation};

use super::people::{Desk, ELM, OAK, person, signed, word};
use crate::site::TODAY;
use crate::store::engines::on_each_engine;
use crate::x834::people::{answer, from_insurer};

const BASE: u64 = 4_000_000_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_a_hundred_is_rejected_told_and_sent_again() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let mut ids = Vec::new();
        for number in 1..=100 {
            ids.push(desk.enroll(BASE + number, signed(ELM, vec![person(1, "Núñez")])).await);
        }
        desk.enroll(BASE + 101, signed(OAK, vec![person(1, "Perez")])).await;
        assert_eq!(desk.round().await.sent, 2, "one for each insurer");
        assert_eq!(desk.delivered(ELM).len(), 100);
        assert_eq!(desk.delivered(OAK).len(), 1);
        assert_eq!(desk.delivered(ELM)[0].members[0].last, "Nunez", "as the file can say it");
        assert_eq!(desk.enrollment(&ids[0]).await.signed.people[0].last, "Núñez", "ours is as typed");
        assert_eq!(desk.round().await.sent, 0, "nothing twice");

        let rejected = answer(1, 1, (100, &[42]));
        let tally = desk.tally(ELM, &rejected).await;
        assert_eq!((tally.accepted, tally.rejected, tally.aside), (99, 1, 0));
        assert_eq!(bench.count("enrollment WHERE state = 'accepted'").await, 99);
        let line = desk.lines("834-12345-000000001").await.remove(41);
        assert_eq!((line.answer.as_str(), line.code.as_str()), ("rejected", "IK5:5 NM1:4"));
        let odd = line.enrollment;
        assert_eq!(desk.state(&odd).await, State::Rejected);
        assert_eq!(desk.changes(&odd).await[0].code, "IK5:5 NM1:4");
        assert_eq!(desk.told().await, 1, "one is told, once");
        let notices = desk.world.notices(&desk.owner, "es").await;
        assert!(notices.iter().any(|(_, words)| words.to_string().contains("La culpa no es suya")));

        // The same answer in another file, and the same file again.
        let tally = desk.tally(ELM, &answer(2, 1, (100, &[42]))).await;
        assert_eq!((tally.accepted, tally.rejected, tally.known), (0, 0, 100));
        assert_eq!(desk.told().await, 1);

        // An operator has it sent again: asked for twice, it is once.
        for _ in 0..2 {
            let again = Again { room: desk.world.room.clone(), file: "834-12345-000000001".to_string(), all: false };
            assert_eq!(desk.world.office.store.begin_write(again).await, Ok(1));
        }
        assert_eq!(desk.round().await.sent, 1);
        assert_eq!(desk.round().await.sent, 0);
        let text = desk.text("out/12345/834-12345-000000002.834");
        assert!(text.contains("BGN*15*000000101*"), "{text}");
        assert!(text.contains("*UT*000000042**2~"), "with the number that it had: {text}");
        assert_eq!(desk.delivered(ELM).len(), 101);
        assert_eq!(desk.state(&odd).await, State::Sent);
        assert_eq!(bench.count("enrollment_step WHERE step = 'rejected'").await, 0, "it begins again");
        // A late answer to the first file changes nothing of it any more.
        let late = desk.tally(ELM, &answer(3, 1, (100, &[]))).await;
        assert_eq!((late.accepted, late.known), (1, 99));
        assert_eq!(desk.state(&odd).await, State::Sent);
        let taken = desk.tally(ELM, &answer(4, 2, (1, &[]))).await;
        assert_eq!(taken.accepted, 1);
        assert_eq!(desk.changes(&odd).await[0].answer, "accepted");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paid_changed_ended_and_cancelled() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let (one, two) = (BASE + 1, BASE + 2);
        let first = desk.enroll(one, signed(ELM, vec![person(1, "Perez"), person(2, "Perez")])).await;
        let second = desk.enroll(two, signed(ELM, vec![person(1, "Perez")])).await;
        desk.round().await;
        // The first payment is known before the system's own answer: order does not matter.
        let set = [word(one, "CONFIRM", ""), word(two, "CANCEL", "20270101")];
        let tally = desk.tally(ELM, &from_insurer(1, ("BE", "005010X220A1", "834"), &set)).await;
        assert_eq!((tally.moved, tally.aside), (2, 0));
        assert_eq!(desk.state(&first).await, State::Confirmed);
        assert_eq!(desk.state(&second).await, State::Cancelled);
        desk.tally(ELM, &answer(2, 1, (2, &[]))).await;
        assert_eq!(desk.state(&first).await, State::Confirmed, "what is paid for stays so");
        assert_eq!(desk.changes(&first).await[0].answer, "confirmed");

        // A child leaves and another comes, with new amounts.
        let mut now = signed(ELM, vec![person(1, "Perez"), person(3, "Perez")]);
        now.credit = Cents(10_000);
        desk.more(&first, ChangeKind::Change, date!(2027 - 06 - 01), now.clone()).await;
        desk.round().await;
        let said = desk.delivered(ELM).pop().expect("a change");
        assert_eq!(
            (said.kind, said.extra, said.credit),
            (Kind::Change, Some(Extra::FinancialChange), Some(Cents(10_000)))
        );
        let people: Vec<_> = said.members.iter().map(|own| (own.id.as_str(), own.kind, own.begins, own.ends)).collect();
        let (june, january) = (Some(date!(2027 - 06 - 01)), Some(date!(2027 - 01 - 01)));
        assert_eq!(people[1], ("123456789012-0003", Kind::Initial, june, Some(date!(2027 - 12 - 31))));
        assert_eq!(people[2], ("123456789012-0002", Kind::Terminate, january, Some(date!(2027 - 05 - 31))));
        assert_eq!(said.members[2].relation, Relation::Child);

        // They end it, and come back.
        desk.more(&first, ChangeKind::Terminate, date!(2027 - 08 - 31), now.clone()).await;
        desk.more(&first, ChangeKind::Reinstate, date!(2027 - 09 - 01), now).await;
        desk.round().await;
        let said = desk.delivered(ELM);
        let kinds: Vec<_> = said.iter().map(|own| (own.kind, own.ends)).collect();
        assert_eq!(kinds[3], (Kind::Terminate, Some(date!(2027 - 08 - 31))));
        assert_eq!(kinds[4], (Kind::Reinstate, Some(date!(2027 - 12 - 31))));

        // No longer paid for.
        let set = [word(one, "TERM", "20271031")];
        let tally = desk.tally(ELM, &from_insurer(3, ("BE", "005010X220A1", "834"), &set)).await;
        assert_eq!(tally.moved, 1);
        let own = desk.enrollment(&first).await;
        assert_eq!((own.state, own.ends), (State::Ended, date!(2027 - 10 - 31)));
        assert_eq!(bench.count("enrollment_step WHERE step = 'ended' AND code = 'TERM'").await, 1);
        assert_eq!(bench.count("audit WHERE deed = 'insurer_file_taken'").await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_waits_for_an_operator_and_stops_nobody() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let odd = desk.enroll(BASE + 1, signed(ELM, vec![person(1, "李")])).await;
        let good = desk.enroll(BASE + 2, signed(ELM, vec![person(1, "O’Brien")])).await;
        desk.round().await;
        assert_eq!(desk.delivered(ELM).len(), 1);
        assert_eq!((desk.state(&odd).await, desk.state(&good).await), (State::Rejected, State::Sent));
        let change = desk.changes(&odd).await.remove(0);
        assert_eq!((change.file.as_str(), change.code.as_str()), ("12345-unwritten", "the last name"));
        assert_eq!(desk.told().await, 1);
        desk.round().await;
        assert_eq!(bench.count("insurer_file").await, 1, "it is not tried every minute");
        let again = Again { room: desk.world.room.clone(), file: "12345-unwritten".to_string(), all: false };
        assert_eq!(desk.world.office.store.begin_write(again).await, Ok(1));
        desk.round().await;
        assert_eq!(desk.changes(&odd).await[0].file, "12345-unwritten", "it still cannot be written");
        assert_eq!(desk.told().await, 1, "and is not told twice");
        let left = sweep::waiting(&desk.world.office.store).await.expect("looked");
        assert_eq!((left.many, left.unwritten), (0, 1));

        // A reported change spells the name: it goes out as it was signed, with these letters.
        let mut told = crate::transfer::people::poor("Perez");
        told.answers.insert("last_name.1".to_string(), "Lee".into());
        desk.world.change((&desk.owner, &desk.application), &told).await;
        let again = Again { room: desk.world.room.clone(), file: "12345-unwritten".to_string(), all: false };
        assert_eq!(desk.world.office.store.begin_write(again).await, Ok(1));
        desk.round().await;
        assert_eq!(desk.state(&odd).await, State::Sent);
        let file = desk.changes(&odd).await[0].file.clone();
        assert!(desk.text(&format!("out/12345/{file}.834")).contains("*Lee*"), "{file}");
        let left = sweep::waiting(&desk.world.office.store).await.expect("looked");
        assert_eq!((left.many, left.unwritten), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_a_month_all_that_is_in_force_goes_out_and_comes_back_compared() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        for number in 1..=4 {
            desk.enroll(BASE + number, signed(ELM, vec![person(1, "Perez"), person(2, "Perez")])).await;
        }
        // Whenever this test runs, they are in force.
        bench.run_raw("UPDATE enrollment SET ends = '2199-12-31'").await;
        desk.round().await;
        assert_eq!(bench.count("insurer_file WHERE kind = 'audit'").await, 0, "made in this month");
        desk.world.days(40);
        assert_eq!(desk.round().await.sent, 1);
        assert_eq!(desk.round().await.sent, 0, "once a month");
        let name = "out/12345/834-12345-000000002.834";
        let text = desk.text(name);
        assert_eq!(text.matches("UT***4~").count(), 4, "{text}");
        assert_eq!(
            bench.count("enrollment_change WHERE file = '834-12345-000000001'").await,
            4,
            "changes are where they were"
        );

        // The insurer has the same: back with its own name on it.
        let back = |control: u32, text: &str| {
            let text =
                text.replace("*ZZ*WINDOWSHOP     *ZZ*12345          *", "*ZZ*12345          *ZZ*WINDOWSHOP     *");
            text.replace("*000000002*0*P", &format!("*{control:09}*0*P"))
                .replace("IEA*1*000000002", &format!("IEA*1*{control:09}"))
        };
        let tally = desk.tally(ELM, &back(7, &text)).await;
        assert_eq!((tally.audited, tally.aside), (4, 0));
        let common = || Common { office: bench.args(), json: true };
        let asked = |file| InsurerArgs {
            command: InsurerCommand::Reconcile { common: common(), issuer: ELM.to_string(), file },
        };
        let report = async |file| {
            let (text, code) = command(&asked(file), TODAY).await.expect("compared");
            let report: Report = serde_json::from_str(&text).expect("JSON");
            assert!(report.adds_up() && text.contains("\"adds_up\":true"));
            (report, code)
        };
        let (same, code) = report(None).await;
        assert_eq!((same.alike, same.differ.len(), code), (4, 0, 0));
        assert_eq!((same.ours, same.theirs.premium), (same.theirs, Cents(4 * 46_250)));

        // One has another amount, one is missing, one is nobody's.
        let start = text.find("ST*834*0002").expect("a second");
        let odd = text[..start].to_string() + &text[start..].replacen("REF*9V*200.00", "REF*9V*150.00", 1);
        let odd = odd.replacen("REF*1L*4000000003", "REF*1L*4000000009", 2);
        let tally = desk.tally(ELM, &back(8, &odd)).await;
        assert_eq!(tally.audited, 4);
        let (differs, code) = report(None).await;
        let what: Vec<(&str, &What)> = differs.differ.iter().map(|own| (own.number.as_str(), &own.what[0])).collect();
        assert_eq!(what, [("4000000002", &What::Credit), ("4000000003", &What::Missing), ("4000000009", &What::Extra)]);
        assert_eq!((code, differs.alike), (2, 2));
        let path = bench.path("theirs.txt");
        std::fs::write(&path, back(9, &odd)).expect("written");
        assert_eq!(report(Some(path)).await.0.differ, differs.differ, "a file by hand says the same");
        let list = InsurerCommand::List { common: common(), issuer: ELM.to_string(), last: 9 };
        let (list, _) = command(&InsurerArgs { command: list }, TODAY).await.expect("listed");
        assert!(list.contains("834-12345-000000002") && !list.contains("Perez"), "{list}");
        let show = InsurerCommand::Show { common: common(), file: "834-12345-000000001".to_string() };
        let (show, _) = command(&InsurerArgs { command: show }, TODAY).await.expect("shown");
        assert!(show.contains("\"reference\":4"), "{show}");
    })
    .await;
}
