//! One test on each trap and on each rule that the outside cases do not reach.

use serde_json::{Value, json};
use windowshop::eligibility::{Determination, PersonAnswer, Rule};
use windowshop::types::Cents;

use super::{ask, word};

/// A household of plan year 2026, determined on 1 June 2026.
fn of(state: &str, income: f64, people: Value) -> Determination {
    ask(&json!({"plan_year": 2026, "state": state, "household_income": income, "people": people}), "2026-06-01")
}

fn one(state: &str, income: f64, person: Value) -> PersonAnswer {
    of(state, income, json!([person])).people.remove(0)
}

#[test]
fn the_credit_ends_one_cent_above_400_percent_and_steps_up_at_133() {
    let at = |income| of("TX", income, json!([{"age": 40}]));
    assert!(at(62_600.0).people[0].credit && !at(62_600.01).people[0].credit);
    assert_eq!(at(62_600.01).tax_households[0].credit_monthly, Some(Cents::ZERO));
    assert_eq!(at(20_814.49).tax_households[0].applicable_percentage.unwrap().decimal(), "2.10");
    assert_eq!(at(20_814.50).tax_households[0].applicable_percentage.unwrap().decimal(), "3.14");
}

#[test]
fn alaska_and_hawaii_have_their_own_line_of_the_year_before() {
    let line = |state, year| {
        let json = json!({"plan_year": year, "state": state, "household_income": 50000, "people": [{"age": 40}]});
        let t = ask(&json, "2026-11-21").tax_households.remove(0);
        (t.guideline_year, t.guideline.0 / 100)
    };
    assert_eq!(line("AK", 2026), (2025, 19_550));
    assert_eq!(line("HI", 2027), (2026, 18_360));
    assert_eq!(line("OH", 2025), (2024, 15_060));
}

#[test]
fn children_in_chip_leave_the_coverage_family_but_stay_in_the_size() {
    let parents = json!([{"age": 41}, {"age": 40, "relationship": "spouse"},
                         {"age": 9, "relationship": "child"}, {"age": 4, "relationship": "child"}]);
    let got = of("TX", 60_000.0, parents);
    let t = &got.tax_households[0];
    assert_eq!((t.family_size, t.credit_eligible.clone()), (4, vec!["1".into(), "2".into()]));
    assert!(got.people[2].chip.is_some() && got.people[3].chip.is_some());
    assert_eq!(word(t.csr_together), "87");
}

#[test]
fn the_benchmark_reads_only_eligible_members_and_three_children() {
    let people = json!([{"age": 41}, {"age": 19, "relationship": "child"}, {"age": 16, "relationship": "child"},
                        {"age": 12, "relationship": "child"}, {"age": 9, "relationship": "child", "applying": false}]);
    let premium = |scale: u32| json!([40 * scale, 30 * scale, 28 * scale, 25 * scale, 25 * scale]);
    let household = json!({"plan_year": 2026, "state": "OH", "household_income": 110000, "people": people,
        "silver_plans": [{"plan_id": "a", "member_premiums": premium(10)},
                         {"plan_id": "b", "member_premiums": premium(11)}, {"plan_id": "c", "member_premiums": premium(12)}]});
    let t = ask(&household, "2026-06-01").tax_households.remove(0);
    assert_eq!((t.family_size, t.credit_eligible.len()), (5, 4));
    // The second plan: 440 for the parent, and 330, 308 and 275 for the three children who apply.
    assert_eq!(t.benchmark_monthly, Some(Cents(135_300)));
    assert_eq!(t.benchmark_plans, ["b"]);
    let credit = t.credit_monthly.unwrap();
    assert_eq!(credit.0 % 100, 0, "the federal platform gives whole dollars");
    assert_eq!(t.credit_for(Cents(135_300)), credit);
}

#[test]
fn job_offers_are_judged_for_the_employee_and_for_the_family_apart() {
    let with = |self_only: u32, family: u32, value: bool| {
        let household = json!({"plan_year": 2026, "state": "OH", "household_income": 60000,
            "people": [{"id": "a", "age": 40}, {"id": "b", "age": 39, "relationship": "spouse"}],
            "employer_offers": [{"employee": "a", "covers": ["a", "b"], "self_only_premium": self_only,
                                 "family_premium": family, "minimum_value": value}]});
        let got = ask(&household, "2026-06-01");
        (got.people[0].credit, got.people[1].credit)
    };
    // 9.96 % of 60,000 is 5,976 a year, 498 a month.
    assert_eq!(with(498, 499, true), (false, true));
    assert_eq!(with(499, 498, true), (true, false));
    assert_eq!(with(100, 100, false), (true, true));
}

#[test]
fn health_reimbursement_arrangements_shut_out_or_reduce() {
    let with = |kind: &str, amount: u32, accepted: bool| {
        let household = json!({"plan_year": 2026, "state": "OH", "household_income": 40000, "benchmark_monthly": 600,
            "people": [{"id": "a", "age": 40}],
            "hra_offers": [{"kind": kind, "employee": "a", "covers": ["a"], "self_only_monthly": amount,
                            "accepted": accepted, "lowest_silver_self_only_monthly": 550}]});
        let got = ask(&household, "2026-06-01");
        (got.people[0].credit, got.tax_households[0].credit_monthly.unwrap().0)
    };
    // 9.96 % of 40,000 is 332 a month: 550 less 218 is affordable.
    assert_eq!(with("ichra", 218, false), (false, 0));
    let full = with("ichra", 217, false);
    assert!(full.0 && full.1 > 21_700);
    assert_eq!(with("ichra", 217, true), (false, 0));
    assert_eq!(with("qsehra", 217, false), (true, full.1 - 21_700));
}

#[test]
fn other_coverage_shuts_out_when_its_kind_says_so() {
    let with = |kind: &str, state: &str| {
        one("OH", 40_000.0, json!({"age": 40, "other_coverage": [{"kind": kind, "state": state}]})).credit
    };
    assert!(!with("tricare", "eligible") && !with("veterans", "enrolled") && with("veterans", "eligible"));
    assert!(with("limited_benefit", "enrolled") && !with("medicare_part_a_free", "eligible"));
    let ended = json!([{"kind": "employer", "state": "enrolled", "ends": "2026-06-30"}]);
    assert!(one("OH", 40_000.0, json!({"age": 40, "other_coverage": ended})).credit);
}

#[test]
fn who_files_apart_is_claimed_or_files_nothing_has_no_credit() {
    let couple = |own: Value| {
        let mut first = json!({"age": 40, "filing_status": "married_filing_separately"});
        first.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let spouse = json!({"age": 40, "relationship": "spouse", "filing_status": "married_filing_separately"});
        of("OH", 40_000.0, json!([first, spouse])).people.remove(0)
    };
    let apart = couple(json!({}));
    assert!(!apart.credit && apart.marketplace);
    assert!(couple(json!({"separate_filing_exception": "domestic_abuse"})).credit);
    assert!(couple(json!({"filing_status": "head_of_household"})).credit);
    let claimed = one("OH", 40_000.0, json!({"age": 23, "claimed_by": "someone_else"}));
    assert!(!claimed.credit && claimed.reasons.iter().any(|r| r.rule == Rule::ClaimedBySomeoneElse));
    let nothing = one("OH", 40_000.0, json!({"age": 40, "files_taxes": false}));
    assert!(!nothing.credit && nothing.reasons.iter().any(|r| r.rule == Rule::MustFile));
    assert!(!one("OH", 40_000.0, json!({"age": 40, "years_without_reconciling": 2})).credit);
    assert!(one("OH", 40_000.0, json!({"age": 40, "years_without_reconciling": 1})).credit);
}

fn immigrant(status: &str, year: i32, income: u32, as_of: &str) -> PersonAnswer {
    let household = json!({"plan_year": year, "state": "OR", "household_income": income,
                           "people": [{"age": 40, "immigration": {"status": status}}]});
    ask(&household, as_of).people.remove(0)
}

#[test]
fn immigration_rules_change_by_date() {
    let daca = |year: i32, as_of: &str| immigrant("daca", year, 40_000, as_of).marketplace;
    assert!(!daca(2024, "2024-09-15") && daca(2024, "2024-10-15"), "coverage from 1 November 2024");
    assert!(daca(2025, "2025-07-01") && !daca(2025, "2025-08-25"));
    let in_kansas = json!({"plan_year": 2025, "state": "KS", "household_income": 40000,
                           "people": [{"age": 40, "immigration": {"status": "daca"}}]});
    assert!(!ask(&in_kansas, "2025-07-01").people[0].marketplace);
    for (status, still) in [
        ("refugee", false),
        ("temporary_protected_status", false),
        ("lawful_permanent_resident", true),
        ("compact_of_free_association", true),
        ("cuban_haitian_entrant", true),
    ] {
        assert!(immigrant(status, 2026, 40_000, "2026-09-01").credit, "{status} in 2026");
        let next = immigrant(status, 2027, 40_000, "2026-11-21");
        assert_eq!((next.credit, next.marketplace), (still, true), "{status} in 2027");
    }
    assert!(immigrant("refugee", 2026, 40_000, "2027-03-01").credit, "looking back on 2026");
    assert!(immigrant("refugee", 2026, 9_000, "2026-09-30").medicaid.is_some());
    let after = immigrant("refugee", 2026, 9_000, "2026-10-01");
    assert!(after.medicaid.is_none() && after.emergency_medicaid);
    assert!(immigrant("compact_of_free_association", 2026, 9_000, "2026-10-01").medicaid.is_some());
    assert!(!immigrant("not_lawfully_present", 2026, 40_000, "2026-09-01").marketplace);
}

#[test]
fn below_the_poverty_line_lawfully_present_people_had_a_credit_until_2025() {
    let with = |year: i32| {
        let household = json!({"plan_year": year, "state": "TX", "household_income": 9000, "people":
            [{"age": 40, "immigration": {"status": "lawful_permanent_resident", "since": "2024-01-01"}}]});
        ask(&household, &format!("{year}-06-01")).people.remove(0)
    };
    assert_eq!((with(2025).credit, word(with(2025).csr)), (true, "94".into()));
    assert!(!with(2026).credit && !with(2026).coverage_gap);
    // A parent without lawful presence opens nothing for a citizen of the household.
    let mixed = json!({"plan_year": 2025, "state": "TX", "household_income": 9000, "people":
        [{"age": 40, "immigration": {"status": "not_lawfully_present"}}, {"age": 20, "relationship": "child"}]});
    assert!(ask(&mixed, "2025-06-01").people.iter().all(|p| !p.credit));
    let refused = json!({"plan_year": 2025, "state": "TX", "household_income": 9000, "people":
        [{"age": 40, "immigration": {"status": "nonimmigrant"},
          "medicaid_denied": {"date": "2024-06-01", "because_of_immigration": true}}]});
    assert!(ask(&refused, "2025-06-01").people[0].credit);
}

#[test]
fn the_coverage_gap_is_where_medicaid_was_not_expanded() {
    assert!(one("TX", 12_000.0, json!({"age": 40})).coverage_gap);
    assert!(!one("TX", 15_650.0, json!({"age": 40})).coverage_gap);
    assert!(one("WI", 12_000.0, json!({"age": 40})).medicaid.is_some());
    assert_eq!(one("OH", 12_000.0, json!({"age": 40})).medicaid.map(word), Some("adult".into()));
}

#[test]
fn a_basic_health_program_takes_the_place_of_the_credit() {
    let got = one("OR", 25_040.0, json!({"age": 30}));
    assert!(got.basic_health && !got.credit && got.medicaid.is_none());
    assert!(!one("OR", 31_500.0, json!({"age": 30})).basic_health);
}

#[test]
fn yearly_income_below_the_line_fills_the_gap_above_the_monthly_limit() {
    let monthly = |income: u32, month: u32| {
        let household = json!({"plan_year": 2026, "state": "OH", "household_income": income,
                               "household_income_monthly": month, "people": [{"age": 40}]});
        ask(&household, "2026-06-01").people.remove(0)
    };
    let filled = monthly(12_000, 3_000);
    assert_eq!(filled.medicaid.map(word), Some("adult".into()));
    assert!(filled.reasons.iter().any(|r| r.rule == Rule::GapFilling));
    assert!(monthly(30_000, 3_000).medicaid.is_none());
    assert!(monthly(30_000, 1_500).medicaid.is_some(), "Medicaid looks at the current month");
}

#[test]
fn dependents_count_with_their_income_only_if_they_must_file() {
    let with = |wage: u32| {
        let household = json!({"plan_year": 2026, "state": "OH", "people": [
            {"age": 45, "incomes": [{"kind": "wages", "amount": 2000, "frequency": "every_two_weeks"},
                                    {"kind": "child_support", "amount": 500, "frequency": "monthly"},
                                    {"kind": "student_loan_interest", "amount": 1000}]},
            {"age": 17, "relationship": "child", "incomes": [{"kind": "wages", "amount": wage}]}]});
        ask(&household, "2026-06-01").tax_households[0].magi.0 / 100
    };
    assert_eq!(with(16_100), 51_000);
    assert_eq!(with(16_101), 51_000 + 16_101);
}

#[test]
fn medicaid_households_follow_the_exceptions() {
    let size = |people: Value, i: usize| of("OH", 30_000.0, people).people[i].medicaid_household.clone().unwrap().size;
    // Claimed by a grandparent: the child stands with those it lives with by the non-filer rules: alone.
    assert_eq!(size(json!([{"age": 60}, {"age": 8, "relationship": "grandchild"}]), 1), 1);
    assert_eq!(size(json!([{"age": 60}, {"age": 8, "relationship": "grandchild"}]), 0), 2);
    // Both parents at home without a joint return: the child counts both.
    let unmarried = json!([{"id": "m", "age": 30}, {"id": "f", "age": 31, "relationship": "domestic_partner"},
                           {"age": 5, "relationship": "child", "parents": ["m", "f"]}]);
    assert_eq!((size(unmarried.clone(), 0), size(unmarried.clone(), 1), size(unmarried, 2)), (2, 1, 3));
    // Twins on the way count for their mother, and once for the others.
    let expecting =
        json!([{"age": 30, "pregnant": true, "expected_children": 2}, {"age": 31, "relationship": "spouse"}]);
    assert_eq!((size(expecting.clone(), 0), size(expecting, 1)), (4, 2));
}

/// P.L. 119-21 s. 71119 (42 USC 1396a(xx)).
#[test]
fn work_requirements_begin_in_2027_and_shut_out_the_credit_too() {
    let with = |engagement: &str, income: u32, own: Value, as_of: &str| {
        let mut person = json!({"age": 40, "community_engagement": engagement});
        person.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let household = json!({"plan_year": 2027, "state": "OH", "household_income": income, "coverage_start": "2027-03-01",
            "people": [person]});
        let p = ask(&household, as_of).people.remove(0);
        (p.medicaid.is_some(), p.credit)
    };
    assert_eq!(with("does_not_meet", 6_000, json!({}), "2026-12-31"), (true, false));
    assert_eq!(with("does_not_meet", 6_000, json!({}), "2027-01-01"), (false, false));
    assert_eq!(with("meets", 6_000, json!({}), "2027-01-01"), (true, false));
    assert_eq!(with("exempt", 6_000, json!({}), "2027-01-01"), (true, false));
    // 80 hours at the federal minimum wage of 7.25 are 580 a month, 6,960 a year.
    assert_eq!(with("does_not_meet", 6_959, json!({}), "2027-01-01"), (false, false));
    assert_eq!(with("does_not_meet", 6_960, json!({}), "2027-01-01"), (true, false));
    for own in [
        json!({"half_time_student": true}),
        json!({"blind_or_disabled": true}),
        json!({"tribal_member": true}),
        json!({"postpartum": true}),
        json!({"incarcerated": "pending_disposition"}),
        json!({"community_engagement_exemptions": ["treatment_program"]}),
        json!({"community_engagement_exemptions": ["tanf_or_snap_work"]}),
        json!({"community_engagement_exemptions": ["recently_incarcerated"]}),
        json!({"community_engagement_exemptions": ["disabled_veteran"]}),
        json!({"community_engagement_exemptions": ["medically_frail"]}),
    ] {
        assert!(with("does_not_meet", 6_000, own.clone(), "2027-01-01").0, "{own}");
    }
    let carer = |child: Value| {
        let people =
            json!([{"id": "g", "age": 50, "community_engagement": "does_not_meet", "caretaker_of": ["k"]}, child]);
        let household = json!({"plan_year": 2027, "state": "OH", "household_income": 6000, "people": people});
        ask(&household, "2027-02-01").people.remove(0).medicaid.map(word)
    };
    let grandchild = |age: u8| json!({"id": "k", "age": age, "relationship": "grandchild"});
    // The adult group begins where the parent limit (95 % in Ohio) ends; at 6,000 either takes them in.
    assert!(carer(grandchild(13)).is_some());
    assert!(carer(json!({"id": "k", "age": 40, "relationship": "sibling", "blind_or_disabled": true})).is_some());
    assert!(carer(json!({"id": "k", "age": 40, "relationship": "sibling"})).is_none());
}

/// 42 CFR 435.4: under 18 everywhere; students of 18, or everybody under 19, where the state chose so.
#[test]
fn whose_parents_are_in_the_parents_group_follows_the_states_choice() {
    let parent = |state: &str, age: u8, student: bool| {
        let child = json!({"age": age, "relationship": "child", "full_time_student": student});
        let medicaid = of(state, 2_400.0, json!([{"age": 45}, child])).people.remove(0).medicaid;
        medicaid.map(word).is_some_and(|group| group == "parent")
    };
    for (states, by_age, by_school) in [
        (["AL", "GA", "KS", "MA"], true, true),
        (["FL", "MS", "WY", "WY"], false, false),
        (["MO", "SC", "TN", "TX"], false, true),
    ] {
        for state in states {
            assert!(parent(state, 17, false), "{state}");
            assert_eq!((parent(state, 18, false), parent(state, 18, true)), (by_age, by_school), "{state}");
            assert!(!parent(state, 19, true), "{state}");
        }
    }
}

#[test]
fn tribal_members_custody_and_catastrophic_plans() {
    let tribal = |income| word(one("OK", income, json!({"age": 40, "tribal_member": true})).csr);
    assert_eq!((tribal(46_950.0), tribal(46_950.01)), ("zero".into(), "limited".into()));
    assert_eq!(tribal(200_000.0), "limited");
    assert!(!one("OH", 40_000.0, json!({"age": 40, "incarcerated": "yes"})).marketplace);
    assert!(one("OH", 40_000.0, json!({"age": 40, "incarcerated": "pending_disposition"})).credit);
    let young = |born: &str| one("OH", 40_000.0, json!({"date_of_birth": born})).catastrophic;
    assert!(young("1996-01-02") && !young("1996-01-01"));
    assert!(one("OH", 80_000.0, json!({"age": 50})).catastrophic, "no credit by income, from 2026");
    assert!(one("OH", 40_000.0, json!({"age": 50, "hardship_exemption": true})).catastrophic);
    assert!(!one("OH", 40_000.0, json!({"age": 50})).catastrophic);
}

#[test]
fn every_answer_says_why_and_cites_the_row_that_it_read() {
    let got = of("OH", 62_600.01, json!([{"age": 40}]));
    let t = &got.tax_households[0];
    let range = t.reasons.iter().find(|r| r.rule == Rule::CreditIncomeRange).unwrap();
    let json = serde_json::to_value(range).unwrap();
    assert_eq!(json["outcome"], "not_met");
    assert_eq!((&json["compared"]["amount"], &json["compared"]["limit"]), (&json!(62600.01), &json!(62600.0)));
    assert_eq!(json["citation"], "26 USC 36B(c)(1)(A); P.L. 119-21 s. 71302");
}

/// The three cheapest silver plans of a county for one age, essential health benefits only (CMS Rate and Plan
/// Attributes PUF 2026), and the credit that HealthCare.gov answered.
#[test]
fn healthcare_gov_answers_of_2026_are_met_to_the_cent() {
    let asked = |state: &str, county: &str, age: u8, income: u32, plans: [(&str, f64); 3]| {
        let plans: Vec<_> = plans.iter().map(|(id, p)| json!({"plan_id": id, "member_premiums": [p]})).collect();
        let household = json!({"plan_year": 2026, "state": state, "county_fips": county, "household_income": income,
                               "people": [{"age": age}], "silver_plans": plans});
        ask(&household, "2025-11-21").tax_households[0].credit_monthly
    };
    let franklin = [("31981OH0020021", 527.68), ("31981OH0020020", 527.69), ("29341OH0100052", 538.05)];
    assert_eq!(asked("OH", "39049", 40, 37_650, franklin), Some(Cents(27_400)));
    let kanawha = [("31274WV0560008", 865.65), ("50328WV0020021", 896.65), ("50328WV0010021", 897.08)];
    assert_eq!(asked("WV", "54039", 27, 60_240, kanawha), Some(Cents(39_700)));
}
