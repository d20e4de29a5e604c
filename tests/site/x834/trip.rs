//! What is written comes back as it was: every kind, random people with every sign that somebody can type.

use proptest::prelude::*;
use time::{Date, Duration, macros::date};
use windowshop::types::Cents;
use windowshop::x834::coverage::Coverage;
use windowshop::x834::segments::split;
use windowshop::x834::signs::{fits, plain, plain_within};
use windowshop::x834::{Answer, Kind, Member, Place, Relation, Sex, Transaction, read, write};

use super::people::{ana, child, every_kind, file, place, policy};

fn back(text: &str) -> Vec<Coverage> {
    let received = read(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{text}"));
    let said = |own| match own {
        Answer::Coverage { said, text } => {
            assert!(text.starts_with("ST*834*") && text.contains("SE*"), "{text}");
            *said
        }
        other => panic!("{other:?}"),
    };
    received.answers.into_iter().map(said).collect()
}

fn same(own: &Transaction, said: &Coverage, audit: bool) {
    assert_eq!(said.reference.parse(), Ok(own.reference));
    assert_eq!((&said.subscriber, &said.policy, &said.plan), (&own.subscriber, &own.policy, &own.plan));
    assert_eq!((said.audit, said.kind, said.line), (audit, own.kind, Some(own.line)));
    assert_eq!((said.reason, said.extra), (Some(own.reason), own.extra));
    assert_eq!((said.begins, said.ends), (Some(own.begins), own.ends));
    assert_eq!((said.premium, said.credit), (Some(own.amounts.premium), Some(own.amounts.credit)));
    assert_eq!(said.owed, Some(own.amounts.owed()));
    assert_eq!(said.members.len(), own.members.len());
    for (own, said) in own.members.iter().zip(&said.members) {
        assert_eq!((&said.id, said.relation, said.born), (&own.id, own.relation, Some(own.born)));
        assert_eq!(said.premium, Some(own.premium));
        let (last, first) = match plain(&own.last).as_deref() {
            Some("") => (plain_within(&own.first, 60), Some(String::new())),
            _ => (plain_within(&own.last, 60), plain_within(&own.first, 35)),
        };
        assert_eq!((Some(&said.last), Some(&said.first)), (last.as_ref(), first.as_ref()));
        assert_eq!(Some(&said.middle), plain_within(&own.middle, 25).as_ref());
        assert_eq!(Some(&said.suffix), plain_within(&own.suffix, 10).as_ref());
    }
}

#[test]
fn every_kind_comes_back_as_it_was() {
    for (name, own) in every_kind() {
        let text = write(&own).unwrap_or_else(|odd| panic!("{name}: {odd}"));
        assert_eq!(write(&own).as_ref(), Ok(&text), "{name}: twice the same");
        let said = back(&text);
        assert_eq!(said.len(), own.transactions.len(), "{name}");
        for (own_one, said) in own.transactions.iter().zip(&said) {
            same(own_one, said, own.audit);
        }
    }
}

#[test]
fn who_is_added_begins_with_the_change_and_who_leaves_is_covered_until_then() {
    let (mut added, mut gone) = (child(2), child(3));
    added.own = Some(Kind::Initial);
    gone.own = Some(Kind::Terminate);
    let own = file(8, false, vec![policy(2, Kind::Change, vec![ana(), added, gone])]);
    let said = back(&write(&own).expect("written")).remove(0);
    let days: Vec<_> = said.members.iter().map(|own| (own.kind, own.begins, own.ends)).collect();
    let (first, last, june) = (Some(date!(2027 - 01 - 01)), Some(date!(2027 - 12 - 31)), Some(date!(2027 - 06 - 01)));
    assert_eq!(days[0], (Kind::Change, first, last));
    assert_eq!(days[1], (Kind::Initial, june, last));
    assert_eq!(days[2], (Kind::Terminate, first, Some(date!(2027 - 05 - 31))));
}

#[test]
fn races_are_repetitions_of_one_element_and_at_most_ten() {
    let races = |many: usize| {
        let mut own = ana();
        own.races = windowshop::x834::codes::RACES.iter().take(many).map(ToString::to_string).collect();
        write(&file(1, false, vec![policy(1, Kind::Initial, vec![own])]))
    };
    assert!(races(0).expect("written").contains("DMG*D8*19860228*F~"));
    assert!(races(2).expect("written").contains("DMG*D8*19860228*F**:RET:1002-5^:RET:2028-9~"));
    let ten = races(10).expect("written");
    assert_eq!(ten.matches(":RET:").count(), 10);
    assert_eq!(back(&ten)[0].members[0].born, Some(date!(1986 - 02 - 28)));
    assert_eq!(races(11).expect_err("too many").to_string(), "transaction 1, member 1: race and ethnicity");
}

#[test]
fn what_insurers_refuse_is_left_out_and_what_cannot_be_written_is_named() {
    let mut own = ana();
    own.ssn = Some("111111111".to_string());
    own.phone = Some("5555555555".to_string());
    own.email = Some("a*b~c@example.org".to_string());
    let text = write(&file(1, false, vec![policy(1, Kind::Initial, vec![own])])).expect("written");
    for part in ["111111111", "5555555555", "*34*", "PER*", "example.org"] {
        assert!(!text.contains(part), "{part} in {text}");
    }
    let odd = |change: &dyn Fn(&mut Transaction)| {
        let mut own = policy(1, Kind::Initial, vec![ana(), child(2)]);
        change(&mut own);
        write(&file(1, false, vec![own])).expect_err("not to be written").to_string()
    };
    assert_eq!(odd(&|own| own.members[1].last = "李".to_string()), "transaction 1, member 2: the last name");
    assert_eq!(
        odd(&|own| own.members[1].relation = Relation::Own),
        "transaction 1, member 2: the relationship: the subscriber is first, and only one"
    );
    assert_eq!(odd(&|own| own.members.clear()), "transaction 1: how many members it has");
    assert_eq!(odd(&|own| own.members[0].home = None), "transaction 1, member 1: the subscriber's address");
    let of_place = |change: &dyn Fn(&mut Place)| odd(&|own| change(own.members[0].home.as_mut().expect("a home")));
    for (what, change) in [
        ("the ZIP code", (&|own: &mut Place| own.zip = "00000".to_string()) as &dyn Fn(&mut Place)),
        ("the ZIP code", &|own| own.zip = "4321".to_string()),
        ("the street", &|own| own.street = "~*".to_string()),
        ("the city", &|own| own.city = "A".to_string()),
        ("the state", &|own| own.state = "oh".to_string()),
        ("the county", &|own| own.county = "*".to_string()),
    ] {
        assert_eq!(of_place(change), format!("transaction 1, member 1: {what}"));
    }
    assert_eq!(odd(&|own| own.amounts.credit = Cents(99_999)), "transaction 1: the amounts");
    assert_eq!(odd(&|own| own.plan = "12345OH0010001-04".to_string()), "transaction 1: the plan with its variant");
    assert_eq!(odd(&|own| own.policy = "1*2".to_string()), "transaction 1: the number of the enrollment");
    assert_eq!(odd(&|own| own.kind = Kind::Cancel), "transaction 1: a cancellation ends on its first day");
    assert_eq!(
        odd(&|own| own.reference = 0),
        "transaction 1: its reference number".replace('1', "0").replace("transaction 0", "the file")
    );
    let of_file = |control, many| {
        let all = (1..=many).map(|at| policy(at, Kind::Initial, vec![ana()])).collect();
        write(&file(control, false, all)).expect_err("not to be written").to_string()
    };
    assert_eq!(of_file(0, 1), "the file: its control number");
    assert_eq!(of_file(1_000_000_000, 1), "the file: its control number");
    assert_eq!(of_file(1, 0), "the file: how many transactions it has");
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-zÀ-ÖØ-öø-ÿĀ-ſ'’ʻ .-]{1,70}", "[*:~^\r\n\t\0|<>A-Za-z0-9]{1,40}", "\\PC{1,20}",]
}

fn day() -> impl Strategy<Value = Date> {
    (0_i64..40_000).prop_map(|days| date!(1920 - 01 - 01) + Duration::days(days))
}

prop_compose! {
    fn member(row: u16)(
        (first, middle, last, suffix) in (word(), word(), word(), "[A-Za-z.*]{0,14}"),
        born in day(),
        sex in prop_oneof![Just(Sex::Female), Just(Sex::Male), Just(Sex::Unknown)],
        ssn in proptest::option::of("[0-9]{9}"),
        email in proptest::option::of("[a-z*~:.+]{1,20}@[a-z]{1,20}\\.org"),
        tobacco in proptest::option::of(any::<bool>()),
        premium in 0_i64..200_000,
    ) -> Member {
        let (subscriber, base) = (row == 1, child(row));
        Member {
            relation: if subscriber { Relation::Own } else { Relation::Child },
            home: subscriber.then(place),
            first, middle, last, suffix, born, sex, ssn, email, tobacco, premium: Cents(premium), ..base
        }
    }
}

proptest! {
    #[test]
    fn random_people_come_back_and_nothing_that_they_typed_separates(
        one in member(1),
        two in member(2),
        (street, city) in (word(), word()),
        credit in 0_i64..100_000,
        kind in 0_usize..6,
    ) {
        let kind = Kind::ALL[kind];
        let mut one = one;
        if let Some(home) = one.home.as_mut() {
            (home.street, home.city) = (street, city);
        }
        let mut own = policy(1, kind, vec![one, two]);
        own.amounts.credit = Cents(credit.min(own.amounts.premium.0));
        let file = file(3, kind == Kind::Audit, vec![own.clone()]);
        match write(&file) {
            Ok(text) => {
                prop_assert!(text.is_ascii());
                let found = split(text.as_bytes()).expect("well formed");
                // As many segments as lines: nobody's word has ended one.
                prop_assert_eq!(found.all.len(), text.lines().count());
                prop_assert!(found.all.iter().skip(1).all(|own| own.text.replace(['*', ':', '^'], "").chars().all(fits)));
                same(&own, &back(&text)[0], kind == Kind::Audit);
            }
            Err(odd) => {
                // A name or a place of another script, or nothing left of it.
                let words = |own: &Member| [&own.first, &own.middle, &own.last, &own.suffix].into_iter().cloned().collect::<Vec<_>>();
                let home = own.members[0].home.clone().expect("a home");
                let all = [words(&own.members[0]), words(&own.members[1]), vec![home.street, home.city]].concat();
                let of_other_script = all.iter().any(|text| plain(text).is_none_or(|own| own.len() < 2));
                prop_assert!(of_other_script, "{}", odd);
            }
        }
    }
}
