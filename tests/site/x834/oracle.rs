//! An outside validator (pyx12, by tests/run) judges what we write, and we read its answers.
//!
//! Of repeated elements it knows nothing: the people here have one code of race and ethnicity at most (`trip` has more).

use std::process::Command;

use serde_json::Value;
use windowshop::x834::ack::Outcome;
use windowshop::x834::{Answer, Kind, read, write};

use super::people::{ana, every_kind, file, policy};

/// What it says of files: valid or not, its 999, its errors.
pub fn judged(files: &[String]) -> Vec<(bool, String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    let name = |at: usize| folder.path().join(format!("{at:04}.834"));
    for (at, text) in files.iter().enumerate() {
        std::fs::write(name(at), text).expect("written");
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/x12/validate");
    let mut asked = Command::new("python3");
    asked.arg(script).args((0..files.len()).map(name));
    let output = asked.output().expect("python3");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nothing was validated: tests/run installs what is needed: {said}");
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), files.len(), "each file is judged");
    let text = |value: &Value| value.as_str().expect("text").to_string();
    lines.iter().map(|one| (one["valid"] == true, text(&one["answer"]), text(&one["errors"]))).collect()
}

#[test]
fn every_kind_that_we_write_is_valid_and_its_answer_can_be_read() {
    let all = every_kind();
    let texts: Vec<String> =
        all.iter().map(|(name, own)| write(own).unwrap_or_else(|odd| panic!("{name}: {odd}"))).collect();
    for ((name, own), (valid, answer, errors)) in all.iter().zip(judged(&texts)) {
        assert!(valid, "{name}: {errors}");
        let received = read(answer.as_bytes()).unwrap_or_else(|fault| panic!("{name}: {fault}\n{answer}"));
        assert_eq!((received.sender.as_str(), received.receiver.as_str()), ("12345", "WINDOWSHOP"));
        let [Answer::Group(ack)] = &received.answers[..] else { panic!("{name}: {:?}", received.answers) };
        assert_eq!((ack.control, ack.outcome), (own.control, Outcome::Accepted), "{name}");
        assert_eq!((ack.sent as usize, ack.accepted as usize), (own.transactions.len(), own.transactions.len()));
        let controls: Vec<&str> = ack.transactions.iter().map(|own| own.control.as_str()).collect();
        let ours: Vec<String> = (1..=own.transactions.len()).map(|at| format!("{at:04}")).collect();
        assert_eq!(controls, ours, "{name}");
    }
}

/// A change that makes a file wrong, by what it replaces with what.
const WRONG: [(&str, &str); 16] = [
    ("INS*Y*18*021*", "INS*Y*18*099*"),
    ("INS*Y*18*021*EC", "INS*Y*18*021*Q7"),
    ("INS*Y*18", "INS*Y*98"),
    ("DTP*356*D8*20270101", "DTP*356*D8*20270231"),
    ("DTP*356*D8*20270101", "DTP*999*D8*20270101"),
    ("NM1*IL*1*Nunez", "NM1*IL*1*"),
    ("DMG*D8*19860228*F", "DMG*D8*19860228*Q"),
    ("HD*021**HLT", "HD*021**XYZ"),
    ("REF*0F*123456789012-0001~\n", ""),
    ("BGN*00*", "BGN*77*"),
    ("N1*IN*Elm Health Plan of Ohio*94*12345~\n", ""),
    ("REF*CE*", "REF*Q1*"),
    ("N4*Columbus*OH*43215", "N4*Columbus*OHIO*43215"),
    ("QTY*TO*1", "QTY*TO*one"),
    ("LX*1~", "LX*one~"),
    ("GE*1*7", "GE*2*7"),
];

#[test]
fn the_validator_refuses_what_is_wrong() {
    let good = write(&file(7, false, vec![policy(1, Kind::Initial, vec![ana()])])).expect("written");
    let texts: Vec<String> = WRONG
        .iter()
        .map(|(from, to)| {
            assert!(good.contains(from), "{from} is not in the file:\n{good}");
            good.replacen(from, to, 1)
        })
        .collect();
    for ((from, to), (valid, answer, _)) in WRONG.iter().zip(judged(&texts)) {
        assert!(!valid, "{from} -> {to} is wrong, and was taken");
        // A removed segment makes SE01 wrong as well; either way nobody is taken.
        if answer.is_empty() {
            continue;
        }
        let received = read(answer.as_bytes()).unwrap_or_else(|fault| panic!("{from} -> {to}: {fault}\n{answer}"));
        for own in received.answers {
            match own {
                Answer::Group(ack) => assert_ne!(ack.outcome, Outcome::Accepted, "{from} -> {to}: {answer}"),
                Answer::Interchange(ack) => assert_ne!(ack.outcome, Outcome::Accepted, "{from} -> {to}: {answer}"),
                other => panic!("{from} -> {to}: {other:?}"),
            }
        }
    }
}

#[test]
fn one_wrong_of_a_hundred_is_rejected_alone() {
    let (_, own) = every_kind().pop().expect("a hundred");
    let good = write(&own).expect("written");
    let cut = good.find("ST*834*0042").expect("the forty-second");
    let (before, after) = good.split_at(cut);
    let wrong = before.to_string() + &after.replacen("DMG*D8*19860228*F", "DMG*D8*19861328*F", 1);
    let (valid, answer, errors) = judged(&[wrong]).remove(0);
    assert!(!valid, "{errors}");
    let received = read(answer.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{answer}"));
    let [Answer::Group(ack)] = &received.answers[..] else { panic!("{:?}", received.answers) };
    assert_eq!((ack.outcome, ack.sent, ack.accepted), (Outcome::Partly, 100, 99));
    let rejected: Vec<_> = ack.transactions.iter().filter(|own| own.outcome == Outcome::Rejected).collect();
    let [one] = &rejected[..] else { panic!("{rejected:?}") };
    assert_eq!(one.control, "0042");
    assert_eq!(one.errors.last().map(|own| own.segment.as_str()), Some("DMG"));
}
