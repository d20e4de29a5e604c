//! Files that nobody should have laid down: each is refused with segment, element and reason, and no reason repeats a word of
//! the file; what is well formed and about one enrollment alone is set apart, and stops no other.

use proptest::prelude::*;
use windowshop::x834::ack::Outcome;
use windowshop::x834::{Answer, Extra, Kind, read};

use super::people::{answer, effect, every_kind, from_insurer, head};

fn fault(text: &str) -> String {
    read(text.as_bytes()).err().unwrap_or_else(|| panic!("taken: {text}")).to_string()
}

fn confirmed() -> Vec<String> {
    effect(("4000000001", "123456789012-0001"), "CONFIRM", ("20270101", ""))
}

fn good() -> String {
    from_insurer(5, ("BE", "005010X220A1", "834"), &[confirmed(), confirmed()])
}

#[test]
fn an_envelope_that_does_not_agree_is_refused() {
    let good = good();
    assert!(read(good.as_bytes()).is_ok());
    for (from, to, why) in [
        ("IEA*1*", "IEA*2*", "segment 40, element 1: it counts 2 groups, and there are 1"),
        ("IEA*1*000000005", "IEA*1*000000006", "segment 40, element 2: another control number than ISA's"),
        ("GE*2*5", "GE*3*5", "segment 39, element 1: it counts 3 transactions, and there are 2"),
        ("GE*2*5", "GE*2*6", "segment 39, element 2: another control number than GS's"),
        ("SE*18*0001", "SE*17*0001", "segment 20, element 1: it counts 17 segments, and there are 18"),
        ("SE*18*0001", "SE*18*0009", "segment 20, element 2: another control number than ST's"),
        ("SE*18*0001", "SE*99999999999*0001", "segment 20, element 1: no number of at most nine digits"),
        ("ST*834*0002", "ST*834*0001", "segment 38, element 2: another control number than ST's"),
        ("0002", "0001", "segment 21, element 2: two transactions of the group have one control number"),
        ("ST*834*0002", "ST*834*2", "segment 21, element 2: no control number of four to nine letters and digits"),
        ("ST*834*0002", "ST*820*0002", "segment 21, element 1: a transaction that does not belong into its group"),
        ("GS*BE*", "GS*HC*", "segment 2, element 1: a kind of transaction that is not read here (834, 999)"),
        ("X*005010X220A1", "X*004010X095A1", "segment 2, element 8: of no version that is read here (005010X220A1)"),
        ("*00501*", "*00401*", "segment 1, element 12: of no version that is read here (00501)"),
        ("*0*P*", "*0*X*", "segment 1, element 15: neither P nor T"),
        ("SE*18*0001~\n", "", "segment 20: the transaction before it has no end (SE)"),
        ("GE*2*5~\n", "", "segment 39: neither a transaction (ST) nor the end of the group (GE)"),
        ("GS*BE*", "XX*BE*", "segment 2: neither a group (GS) nor the end of the interchange (IEA)"),
    ] {
        assert!(good.contains(from), "{from}");
        let many = if from == "0002" { 2 } else { 1 };
        assert_eq!(fault(&good.replacen(from, to, many)), why, "{from} -> {to}");
    }
    assert_eq!(fault(&(good.clone() + &good)), "segment 41: it stands after the end of the interchange");
    let nothing = head(1) + "IEA*0*000000001~";
    assert_eq!(fault(&nothing), "an interchange that says nothing");
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let good = good();
    let end = good.trim_end().len();
    for cut in 0..end {
        assert!(read(&good.as_bytes()[..cut]).is_err(), "taken, cut at {cut}");
    }
}

#[test]
fn garbage_control_signs_and_endless_elements_are_refused() {
    for (text, why) in
        [("", "empty"), ("<html><body>404</body></html>", "segment 1: no interchange: it does not begin with ISA")]
    {
        assert_eq!(fault(text), why);
    }
    let good = good();
    for (from, to, why) in [
        ("NUNEZ*ANA", "NUN\0EZ*ANA", "segment 10, element 3: a control character"),
        ("NUNEZ*ANA", "NUN\rEZ*ANA", "segment 10, element 3: a control character"),
        ("NUNEZ*ANA", "NÚÑEZ*ANA", "segment 10, element 3: not ASCII"),
        ("NM1*IL", "nm1*IL", "segment 10: it has no name of two or three letters"),
    ] {
        assert_eq!(fault(&good.replacen(from, to, 1)), why);
    }
    let long = good.replacen("*NUNEZ*", &format!("*{}*", "A".repeat(2 << 20)), 1);
    assert_eq!(fault(&long), "segment 10, element 3: longer than 512 characters");
    assert_eq!(fault(&good.replacen("NUNEZ", &"A".repeat(17 << 20), 1)), "larger than 16 MB");
    // Lines may end as they like.
    for end in ["~\r\n", "~", "~\r", "~  \n"] {
        assert!(read(good.replace("~\n", end).as_bytes()).is_ok(), "{end:?}");
    }
}

#[test]
fn one_enrollment_that_cannot_be_read_stops_no_other() {
    let two = ["INS*Y*18*021*28*A***AC", "REF*0F*123456789012-0001"];
    for (from, to, why) in [
        (
            "DTP*356*",
            &format!("{}~\n{}~\nDTP*356*", two[0], two[1])[..],
            "element 1: two subscribers in one transaction",
        ),
        ("INS*Y*18*021", "INS*N*18*021", "element 1: a dependent before the subscriber"),
        ("INS*Y*18*021", "INS*Y*19*021", "element 2: relationship 18 is the subscriber's, and nobody else's"),
        ("INS*Y*18*021", "INS*Y*18*777", "element 3: a maintenance type of no list here"),
        ("INS*Y*18*021*28", "INS*Y*18*021*ZZZZ", "element 4: a maintenance reason of no list here"),
        ("CONFIRM", "PERHAPS", "element 2: an additional reason of no list here"),
        ("DTP*348*D8*20270101", "DTP*348*D8*20270230", "element 3: no day of the calendar from 1800 to 2200"),
        ("DTP*348*D8*20270101", "DTP*348*RD8*20270101-20271231", "element 2: no single day (D8)"),
        (
            "REF*1L*4000000001",
            &format!("REF*1L*{}", "4".repeat(60)),
            "element 2: an ID that is too long, or has a blank in it",
        ),
        ("REF*1L*4000000001", "REF*1L", "element 2: REF lacks it"),
        ("HD*021**HLT", "HD*021**VIS", "element 3: a kind of coverage of no list here"),
        ("BGN*00*", "BGN*99*", "element 1: a purpose of no list"),
        ("UT***2", "UT***7", "element 8: neither a change (2) nor an audit (4)"),
        ("N1*P5*ANA NUNEZ*94*12345", "ZZ9*P5", "a segment that an 834 has not"),
        ("REF*0F*123456789012-0001", "REF*38*1", "the subscriber has no ID (REF*0F)"),
        ("NM1*IL*1*NUNEZ*ANA", "LUI*LE*ENG", "a member has no name (NM1*IL)"),
    ] {
        let mut odd: Vec<String> = confirmed();
        let at = odd.iter().position(|own| own.contains(from)).unwrap_or_else(|| panic!("{from}"));
        odd[at] = odd[at].replacen(from, to, 1);
        let split: Vec<String> = odd.iter().flat_map(|own| own.split("~\n").map(str::to_string)).collect();
        let text = from_insurer(5, ("BE", "005010X220A1", "834"), &[split, confirmed()]);
        let received = read(text.as_bytes()).unwrap_or_else(|fault| panic!("{from} -> {to}: {fault}"));
        let [Answer::Unread { fault, text }, Answer::Coverage { said, .. }] = &received.answers[..] else {
            panic!("{from} -> {to}: {:?}", received.answers)
        };
        let told = fault.to_string();
        assert!(told.starts_with("segment ") && told.ends_with(why), "{from} -> {to}: {told}");
        assert!(text.starts_with("ST*834*0001"));
        assert_eq!((said.extra, said.kind, said.policy.as_str()), (Some(Extra::Confirm), Kind::Initial, "4000000001"));
    }
}

#[test]
fn an_answer_that_contradicts_itself_is_refused_whole() {
    let good = answer(9, 7, (3, &[2]));
    let received = read(good.as_bytes()).expect("read");
    let [Answer::Group(ack)] = &received.answers[..] else { panic!("{received:?}") };
    assert_eq!((ack.control, ack.outcome, ack.accepted), (7, Outcome::Partly, 2));
    assert_eq!(ack.transactions[1].codes, ["5"]);
    assert_eq!((ack.transactions[1].errors[1].segment.as_str(), ack.transactions[1].errors[1].element), ("NM1", 9));
    // Some systems call the group rejected in which one transaction was; a group's own fault is everybody's.
    for (outcome, means, taken) in [("R*3*3*2", Outcome::Partly, 2), ("R*3*3*2*5", Outcome::Rejected, 0)] {
        let received = read(good.replacen("P*3*3*2", outcome, 1).as_bytes()).expect("read");
        let [Answer::Group(ack)] = &received.answers[..] else { panic!("{received:?}") };
        let accepted = ack.transactions.iter().filter(|own| own.outcome == Outcome::Accepted).count();
        assert_eq!((ack.outcome, accepted), (means, taken));
    }
    for (from, to, why) in [
        ("AK9*P*3*3*2", "AK9*P*3*3*3", "its outcome does not agree with its transactions"),
        ("AK9*P*3*3*2", "AK9*A*3*3*3", "its outcome does not agree with its transactions"),
        ("AK9*P*3*3*2", "AK9*R*3*3*0", "its outcome does not agree with its transactions"),
        ("AK9*P*3*3*2", "AK9*P*3*2*3", "more were taken than received, or received than sent"),
        ("AK9*P*3*3*2", "AK9*Q*3*3*2", "an outcome of no list"),
        ("AK2*834*0003", "AK2*834*0001", "it answers to one transaction twice"),
        ("AK2*834*0003", "AK2*837*0003", "about a transaction of another kind than ours (834)"),
        ("AK1*BE*", "AK1*HC*", "about a group of another kind than ours (BE)"),
        ("AK1*BE*7", "AK1*BE*seven", "no number of at most nine digits"),
        ("IK5*R*5", "IK5*R*DROP TABLE", "no code of three letters and digits"),
        ("IK5*R*5", "ZZ9*R*5", "it stands where an answer has no such segment"),
        ("IK3*NM1*12**8", "CTX*X", "an element's error without its segment (IK3)"),
    ] {
        assert!(good.contains(from), "{from}");
        let told = fault(&good.replacen(from, to, 1));
        assert!(told.ends_with(why), "{from} -> {to}: {told}");
    }
}

#[test]
fn an_interchange_as_a_whole_is_acknowledged_or_refused() {
    let with = |ta1: &str| format!("{}{ta1}~\nIEA*0*000000004~\n", head(4));
    let received = read(with("TA1*000000007*261127*2305*R*009").as_bytes()).expect("read");
    let [Answer::Interchange(ack)] = &received.answers[..] else { panic!("{received:?}") };
    assert_eq!((ack.control, ack.outcome, ack.note.as_str()), (7, Outcome::Rejected, "009"));
    assert_eq!(received.control, 4);
    for ta1 in ["TA1*7*261127*2305*Q*000", "TA1**261127*2305*A*000", "TA1*7*261127*2305*A*12345", "TA1*7*261127*2305*A"]
    {
        assert!(fault(&with(ta1)).starts_with("segment 2, element "), "{ta1}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_bring_it_down(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
        let _ = read(&[head(1).as_bytes(), &bytes].concat());
    }

    #[test]
    fn one_changed_byte_is_read_as_something_or_refused(at in 0_usize..900, byte in any::<u8>()) {
        let mut text = good().into_bytes();
        let place = at % text.len();
        text[place] = byte;
        if let Err(fault) = read(&text) {
            // Never a word of the file.
            let told = fault.to_string();
            prop_assert!(!told.contains("NUNEZ") && !told.contains("4000000001"), "{told}");
        }
    }
}

#[test]
fn our_own_files_of_every_kind_can_be_cut_and_changed_without_panic() {
    for (_, own) in every_kind().into_iter().take(4) {
        let text = windowshop::x834::write(&own).expect("written");
        let lines: Vec<&str> = text.lines().collect();
        for skipped in 0..lines.len() {
            let rest: Vec<&str> =
                lines.iter().enumerate().filter(|(at, _)| *at != skipped).map(|(_, line)| *line).collect();
            assert!(read(rest.join("\n").as_bytes()).is_err(), "a segment is missing: {}", lines[skipped]);
        }
    }
}
