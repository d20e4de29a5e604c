//! What the engine is given is what was answered: by kinds of households, through the engine itself.

use serde_json::Value;
use windowshop::application::household::household;
use windowshop::application::sheet::YOU;
use windowshop::eligibility::{Determination, Household, Tables, determine};

use super::flow::{Person, family_of_four, ohio, usual};

fn answer(person: &Person, tables: &Tables) -> (Value, Determination) {
    let view = person.view();
    let said = household(&view, &|_| Some(50_000));
    let read = Household::from_json(&said.to_string()).expect("a household");
    let found = determine(&read, tables, view.today).expect("an answer");
    (said, found)
}

#[test]
fn a_single_adult_gets_the_credit_of_their_wages() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    ana.go(&|question, row, _| usual(question, row).to_string());
    let (_, found) = answer(&ana, &tables);
    assert_eq!(found.tax_households[0].magi.decimal(), "37650.00");
    assert!(found.people[0].credit && found.people[0].medicaid.is_none());
}

#[test]
fn a_family_of_four_is_one_tax_household_and_its_children_get_medicaid_or_chip() {
    let tables = Tables::load().expect("the tables");
    let ana = family_of_four(&tables, |question| match question {
        "amount" => Some("2,300"),
        "frequency" => Some("monthly"),
        _ => None,
    });
    let (said, found) = answer(&ana, &tables);
    assert_eq!(found.tax_households.len(), 1);
    assert_eq!((found.tax_households[0].family_size, found.tax_households[0].magi.decimal()), (4, "55200.00".into()));
    assert_eq!(said["people"][1]["filing_status"], "married_filing_jointly");
    assert!(found.people[0].credit && found.people[1].credit, "{found:#?}");
    assert!(found.people[2].public_coverage() && found.people[3].public_coverage());
}

#[test]
fn married_and_filing_apart_has_no_credit_but_after_abuse() {
    let tables = Tables::load().expect("the tables");
    for (why, credit) in [("other", false), ("domestic_abuse", true), ("spousal_abandonment", true)] {
        let mut ana = Person::new(ohio(&tables));
        ana.go(&|question, row, _| match question {
            "married" => "yes".into(),
            "separate_why" => why.into(),
            question => usual(question, row).to_string(),
        });
        let (_, found) = answer(&ana, &tables);
        assert_eq!(found.people[0].credit, credit, "{why}");
    }
}

#[test]
fn an_affordable_job_offer_ends_the_credit_and_i_do_not_know_does_not() {
    let tables = Tables::load().expect("the tables");
    for (known, credit) in [("yes", false), ("no", true)] {
        let mut ana = Person::new(ohio(&tables));
        ana.go(&|question, row, _| match question {
            "offered" => "1".into(),
            "offer_kind" => "plan".into(),
            "offer_covers" => "none".into(),
            "offer_cost_known" => known.into(),
            "offer_alone" => "120".into(),
            "offer_paid" => "monthly".into(),
            "offer_employer" => "Elm Bakery".into(),
            question => usual(question, row).to_string(),
        });
        let (_, found) = answer(&ana, &tables);
        assert_eq!(found.people[0].credit, credit, "cost known: {known}");
    }
}

#[test]
fn coverage_that_is_held_ends_the_credit_until_its_last_day() {
    let tables = Tables::load().expect("the tables");
    for (ends, day, credit) in [("no", "", false), ("yes", "12/31/2026", false), ("yes", "11/30/2026", true)] {
        let mut ana = Person::new(ohio(&tables));
        ana.go(&|question, row, _| match question {
            "covered" => "1".into(),
            "coverage_kinds" => "retiree".into(),
            "coverage_ends" => ends.into(),
            "coverage_last_day" => day.into(),
            question => usual(question, row).to_string(),
        });
        let (_, found) = answer(&ana, &tables);
        assert_eq!(found.people[0].credit, credit, "ends {day}");
    }
}

#[test]
fn a_green_card_in_its_first_five_years_leads_past_medicaid() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    ana.go(&|question, row, _| match question {
        "citizen" | "was_refugee" | "veteran" => "no".into(),
        "status" => "lawful_permanent_resident".into(),
        "status_since" => "6/1/2024".into(),
        "document" => "i551".into(),
        "amount" => "15,000".into(),
        question => usual(question, row).to_string(),
    });
    ana.say("status_since", YOU, "6/1/2024");
    let (_, found) = answer(&ana, &tables);
    assert!(found.people[0].medicaid.is_none());
    assert!(found.people[0].marketplace);
}

#[test]
fn pay_for_part_of_the_year_counts_for_that_part() {
    let tables = Tables::load().expect("the tables");
    let mut ana = Person::new(ohio(&tables));
    ana.go(&|question, row, _| match question {
        "amount" => "20".into(),
        "frequency" => "hourly".into(),
        "hours" => "37.5".into(),
        "total_right" => "no".into(),
        "total_year" => "30,000".into(),
        question => usual(question, row).to_string(),
    });
    let (said, found) = answer(&ana, &tables);
    assert_eq!(said["people"][0]["incomes"][0]["hours_per_week"], "37.50");
    assert_eq!(found.tax_households[0].magi.decimal(), "30000.00", "their own sum stands");
    ana.say("total_right", YOU, "yes");
    let (_, found) = answer(&ana, &tables);
    assert_eq!(found.tax_households[0].magi.decimal(), "39000.00");
}
