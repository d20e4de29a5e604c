//! Files of insurers that are garbage, hostile, late, doubled, out of order or about nobody: each is kept with its reason,
//! counted, and stops nothing else.

use windowshop::enrollment::record::State;
use windowshop::insurer::inbox::Read;

use super::people::{Desk, ELM, OAK, person, signed, word};
use crate::store::engines::on_each_engine;
use crate::x834::people::{answer, from_insurer};

const BASE: u64 = 4_000_000_000;
const KIND: (&str, &str, &str) = ("BE", "005010X220A1", "834");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_is_kept_with_its_reason_and_the_next_is_taken() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let id = desk.enroll(BASE + 1, signed(ELM, vec![person(1, "Perez")])).await;
        desk.round().await;
        let good = from_insurer(5, KIND, &[word(BASE + 1, "CONFIRM", "")]);
        let bad = [
            ("a", String::new(), "empty"),
            ("b", "Dear Sir or Madam".to_string(), "does not begin with ISA"),
            ("c", good[..good.len() / 2].to_string(), "cut off"),
            ("d", good.replacen("GE*1*5", "GE*2*5", 1), "it counts 2 transactions"),
            ("e", good.replacen("ZZ*12345  ", "ZZ*99999  ", 1), "another insurer than the folder's"),
            ("f", good.replacen("WINDOWSHOP     ", "SOMEBODYELSE   ", 1), "not addressed to this Exchange"),
            ("g", good.replacen("*0*P*", "*0*T*", 1), "a test"),
            ("h", good.replacen("NUNEZ", "NUN\0EZ", 1), "a control character"),
        ];
        for (name, text, _) in &bad {
            desk.drop_in(ELM, name, text.as_bytes());
        }
        desk.drop_in(ELM, "zz", good.as_bytes());
        desk.drop_in(ELM, "half.part", b"half a file");
        let read = desk.round().await.read;
        assert_eq!((read.taken, read.refused, read.doubled), (1, bad.len() as u64, 0));
        assert_eq!(desk.state(&id).await, State::Confirmed);
        assert_eq!(desk.files("in/12345"), ["half.part"]);
        assert_eq!(desk.files("in/12345/refused").len(), bad.len());
        assert_eq!(bench.count("aside WHERE source = 'insurer'").await, bad.len() as i64);
        for (name, text, reason) in bad {
            let Read::Refused(why) = desk.take(ELM, &text).await else { panic!("{name} was taken") };
            assert!(why.contains(reason) && !why.contains("NUNEZ"), "{name}: {why}");
        }
        assert_eq!(bench.count("aside WHERE source = 'insurer'").await, 8, "each is kept once");
        // The same number with other content; in another insurer's folder.
        let other = good.replacen("CONFIRM", "CANCEL", 1);
        let Read::Refused(why) = desk.take(ELM, &other).await else { panic!("taken") };
        assert!(why.contains("control number came before"), "{why}");
        assert!(matches!(desk.take(OAK, &good).await, Read::Refused(_)));
        assert_eq!(desk.state(&id).await, State::Confirmed);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_doubled_of_nobody_and_out_of_order() {
    on_each_engine(async |bench| {
        let desk = Desk::open(bench).await;
        let one = desk.enroll(BASE + 1, signed(ELM, vec![person(1, "Perez")])).await;
        let other = desk.enroll(BASE + 2, signed(OAK, vec![person(1, "Perez")])).await;
        // Before anything was sent.
        let early = desk.tally(ELM, &from_insurer(1, KIND, &[word(BASE + 1, "CONFIRM", "")])).await;
        assert_eq!((early.moved, early.aside), (0, 1));
        assert_eq!(desk.state(&one).await, State::Signed);
        desk.round().await;

        let mut stranger = word(BASE + 1, "CONFIRM", "");
        stranger.iter_mut().for_each(|own| *own = own.replace("123456789012-0001", "999999999999-0001"));
        let mut unclear = word(BASE + 1, "CONFIRM", "");
        unclear[3] = "INS*Y*18*777*28*A".to_string();
        let mut plan = word(BASE + 1, "CONFIRM", "");
        plan.iter_mut().for_each(|own| *own = own.replace("12345OH001000104", "12345OH001000204"));
        let set = [
            word(BASE + 77, "CONFIRM", ""),
            word(BASE + 2, "CONFIRM", ""),
            stranger,
            unclear,
            plan,
            word(BASE + 1, "TERM", "20281231"),
            word(BASE + 1, "CONFIRM", ""),
            word(BASE + 1, "CONFIRM", ""),
        ];
        let tally = desk.tally(ELM, &from_insurer(2, KIND, &set)).await;
        assert_eq!((tally.moved, tally.known, tally.aside), (1, 1, 6), "the one that is clear is taken all the same");
        assert_eq!(desk.state(&one).await, State::Confirmed);
        assert_eq!(desk.state(&other).await, State::Sent, "another insurer's word is none");
        for reason in
            ["have not", "another insurer", "another subscriber", "maintenance type", "another plan", "not in force"]
        {
            let kept = format!("aside WHERE source = 'insurer' AND reason LIKE '12345: %{reason}%'");
            assert_eq!(bench.count(&kept).await, 1, "{reason}");
        }
        // Doubled, in a file of its own.
        let again = desk.tally(ELM, &from_insurer(3, KIND, &[word(BASE + 1, "CONFIRM", "")])).await;
        assert_eq!((again.moved, again.known), (0, 1));
        // Cancelled; then a confirmation that was on its way comes.
        desk.tally(ELM, &from_insurer(4, KIND, &[word(BASE + 1, "CANCEL-OTH", "20270101")])).await;
        assert_eq!(desk.state(&one).await, State::Cancelled);
        let late = desk.tally(ELM, &from_insurer(5, KIND, &[word(BASE + 1, "TERM", "20270630")])).await;
        assert_eq!((late.moved, late.aside), (0, 1));
        assert_eq!(desk.state(&one).await, State::Cancelled, "what is over stays over");
        // Answers to files that we never sent, or that have other transactions.
        for text in [
            answer(6, 77, (1, &[])),
            answer(7, 1, (5, &[])),
            answer(8, 1, (1, &[])).replace("*0001*005010X220A1~\nIK5", "*0009*005010X220A1~\nIK5"),
        ] {
            let tally = desk.tally(ELM, &text).await;
            assert_eq!((tally.accepted, tally.aside), (0, 1), "{text}");
        }
        // TA1: nothing of the file was taken.
        let ta1 = crate::x834::people::head(9) + "TA1*000000001*261127*2305*R*009~\nIEA*0*000000009~\n";
        let tally = desk.tally(ELM, &ta1).await;
        assert_eq!(tally.rejected, 1);
        assert_eq!(desk.lines("834-12345-000000001").await[0].code, "TA1:009");
    })
    .await;
}
