//! Order and place follow from the answers: how many pages there are, what a change makes needed, what it sets aside.

use std::collections::BTreeSet;

use time::macros::date;
use windowshop::application::flow::{self, Place, State};
use windowshop::application::sheet::{HOUSEHOLD, RowId, Sheet, Table, YOU};
use windowshop::application::steps::STEPS;
use windowshop::application::view::{County, Surroundings, View};
use windowshop::eligibility::Tables;

/// Everything around the answers of a household in Ohio on November 26, 2026.
pub fn ohio(tables: &Tables) -> Surroundings<'_> {
    let county = County { fips: "39061".into(), name: "Hamilton".into(), state: "OH".into() };
    Surroundings {
        today: date!(2026 - 11 - 26),
        tables,
        years: vec![2026],
        counties: vec![county],
        languages: vec!["en".into(), "es".into()],
    }
}

/// Somebody who answers: each page as it comes, with these answers, until nothing is open.
pub struct Person<'a> {
    pub sheet: Sheet,
    pub around: Surroundings<'a>,
    pub seen: Vec<String>,
}

impl<'a> Person<'a> {
    pub fn new(around: Surroundings<'a>) -> Person<'a> {
        Person { sheet: Sheet::default(), around, seen: Vec::new() }
    }

    pub fn view(&self) -> View<'_> {
        View::new(&self.sheet, &self.around).expect("rules of the year")
    }

    pub fn say(&mut self, question: &str, row: RowId, answer: &str) {
        self.sheet.set(question, row, answer);
        let asked: Vec<String> = self.sheet.rows(Table::People).map(|person| person.to_string()).collect();
        self.sheet.set(&flow::asked_name(question), row, &asked.join(","));
    }

    pub fn add(&mut self) -> RowId {
        self.sheet.add(Table::People).expect("room")
    }

    /// Goes from page to page; `answers` says what to answer to a question on a row. A page with nothing to say is a fault.
    pub fn go(&mut self, answers: &dyn Fn(&str, RowId, &Person) -> String) {
        for _ in 0..200 {
            let Some(place) = flow::first_open(&self.view()) else { return };
            let address = place.address();
            self.seen.push(address.clone());
            // A page may ask more once it has an answer; that is the same page.
            for _ in 0..8 {
                let open: Vec<(&str, RowId)> =
                    place.faults(&self.view()).iter().map(|fault| (fault.question.name, fault.row)).collect();
                if open.is_empty() {
                    break;
                }
                for (question, row) in open {
                    let answer = answers(question, row, self);
                    assert!(!answer.is_empty(), "no answer to {question} of {row} on {address}");
                    self.say(question, row, &answer);
                }
            }
            flow::follow_up(&mut self.sheet, place.step, place.row);
            assert!(place.state(&self.view()) == State::Ready, "{address} cannot be answered");
        }
        panic!("no end: {:?}", self.seen);
    }
}

/// What most people answer.
pub fn usual(question: &str, row: RowId) -> &'static str {
    match question {
        "first_name" => "Ana",
        "birth_date" => "3/14/1986",
        "sex" => "male",
        "street" => "1 Elm Street",
        "city" => "Cincinnati",
        "zip" => "45202",
        "notices_by" => "mail",
        "spoken" => "english",
        "written" => "en",
        "jointly" | "married" | "another" | "coverage_ends" => "no",
        "claimed" | "unreconciled" => "no",
        // Everybody has their own.
        "ssn" => ["123-45-6788", "123-45-6789", "123-45-6782", "123-45-6783", "123-45-6784"][row as usize % 5],
        "income_kinds" => "wages",
        "employer" => "Elm Bakery",
        "amount" => "37,650",
        "frequency" => "yearly",
        "lasts" => "all_year",
        "relation" => "spouse",
        "deduction_kinds" | "events" | "pregnant" | "disabled" | "daily_care" | "student" | "foster_care" => "none",
        "caretaker" | "in_custody" | "tribal" | "tobacco" | "covered" | "medicaid_denied" | "offered" => "none",
        _ => "yes",
    }
}

/// Ana, who answers for herself, her spouse Ben and their two children; what `answers` leaves out is as usual.
pub fn family_of_four<'a>(tables: &'a Tables, answers: impl Fn(&str) -> Option<&'static str>) -> Person<'a> {
    let mut ana = Person::new(ohio(tables));
    let (ben, cai, dee) = (ana.add(), ana.add(), ana.add());
    ana.go(&|question, row, _| match (question, row) {
        ("birth_date", row) if row == cai => "5/1/2015".into(),
        ("birth_date", row) if row == dee => "5/1/2018".into(),
        ("relation", row) if row == cai || row == dee => "child".into(),
        ("jointly", YOU) => "yes".into(),
        ("dependents", YOU) => format!("{cai},{dee}"),
        ("earners", _) => format!("{YOU},{ben}"),
        (question, row) => answers(question).unwrap_or_else(|| usual(question, row)).to_string(),
    });
    ana
}

#[test]
fn a_person_alone_with_wages_is_asked_fourteen_pages_before_checking_and_signing() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    ana.go(&|question, row, _| usual(question, row).to_string());
    let pages = [
        "you/1",
        "home",
        "contact",
        "household",
        "help",
        "taxes/1",
        "identity/1",
        "about",
        "income-kinds/1",
        "income/2",
        "income-total",
        "coverage",
        "offers",
        "events",
    ];
    assert_eq!(ana.seen, pages);
}

#[test]
fn a_family_of_four_with_two_jobs_is_asked_fewer_than_thirty_pages() {
    let tables = Tables::load().expect("the tables");
    let ana = family_of_four(&tables, |_| None);
    assert!(ana.seen.len() <= 27, "{} pages: {:?}", ana.seen.len(), ana.seen);
    assert_eq!(ana.seen.iter().filter(|page| page.starts_with("taxes")).count(), 1, "the others are spoken for");
}

#[test]
fn whoever_does_not_apply_is_never_asked_for_citizenship_or_a_social_security_number() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    let ben = ana.add();
    ana.go(&|question, row, _| match (question, row) {
        ("applying", row) if row == ben => "no".into(),
        ("jointly", YOU) => "yes".into(),
        ("earners" | "dependents", _) => "none".into(),
        (question, row) => usual(question, row).to_string(),
    });
    let view = ana.view();
    for place in flow::places(&view) {
        for (question, row) in place.step.asked(&view, place.row) {
            let private = ["ssn", "no_ssn", "citizen", "status", "document", "alien_number"].contains(&question.name);
            assert!(!private || row != ben, "{} is asked of somebody who does not apply", question.name);
        }
    }
    assert!(ana.seen.contains(&"identity/1".to_string()));
}

#[test]
fn who_joins_later_is_asked_about_and_who_leaves_takes_their_pages_along() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    ana.go(&|question, row, _| usual(question, row).to_string());
    let pages = |ana: &Person| flow::places(&ana.view()).iter().map(Place::address).collect::<BTreeSet<_>>();
    let before = pages(&ana);
    let ben = ana.add();
    ana.seen.clear();
    ana.go(&|question, row, _| match question {
        "jointly" => "yes".into(),
        "earners" => "1".into(),
        "dependents" => "none".into(),
        question => usual(question, row).to_string(),
    });
    for asked in ["about", "coverage", "offers", "earners", &format!("person/{ben}"), &format!("identity/{ben}")] {
        assert!(ana.seen.iter().any(|page| page == asked), "{asked} was not asked again: {:?}", ana.seen);
    }
    ana.sheet.take_out(ben);
    assert_eq!(pages(&ana), before);
    assert!(flow::first_open(&ana.view()).is_none(), "nothing has to be answered twice");
    ana.sheet.put_back(ben);
    assert!(flow::first_open(&ana.view()).is_none(), "nothing was lost");
}

#[test]
fn an_answer_that_no_longer_applies_is_set_aside_and_comes_back() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    ana.go(&|question, row, _| usual(question, row).to_string());
    let all = flow::answered(&ana.view());
    ana.say("help", HOUSEHOLD, "no");
    let fewer = flow::answered(&ana.view());
    assert!(fewer.len() < all.len() && !fewer.iter().any(|key| key.starts_with("amount.")));
    assert_eq!(ana.sheet.get("amount", 2), "37,650");
    ana.say("help", HOUSEHOLD, "yes");
    assert_eq!(flow::answered(&ana.view()), all);
}

#[test]
fn another_job_is_another_page_and_only_once() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    ana.go(&|question, row, _| match (question, row) {
        ("another", 2) => "yes".into(),
        (question, row) => usual(question, row).to_string(),
    });
    assert_eq!(ana.view().incomes().count(), 2);
    let income = flow::place(&ana.view(), "income", 2).expect("its page").step;
    flow::follow_up(&mut ana.sheet, income, 2);
    assert_eq!(ana.view().incomes().count(), 2);
}

#[test]
fn back_and_on_are_each_others_opposite_and_a_page_that_is_none_leads_to_the_first_open_one() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    ana.go(&|question, row, _| usual(question, row).to_string());
    let view = ana.view();
    let places = flow::places(&view);
    for pair in places.windows(2) {
        assert!(flow::before(&view, &pair[1]) == Some(pair[0]));
    }
    assert!(flow::place(&view, "person", 99).is_none() && flow::place(&view, "nowhere", 0).is_none());
    let names: BTreeSet<&str> = STEPS.iter().map(|step| step.name).collect();
    assert_eq!(names.len(), STEPS.len());
}
