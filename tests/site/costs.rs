//! The yearly-cost model against answers from CMS's own program, its published example, and sums worked out on paper.

use serde_json::{Value, json};
use windowshop::cli::estimate::answer_text;
use windowshop::costs::Model;

fn file(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn out_of_pocket(question: &Value, model: Model) -> f64 {
    let answer = answer_text(&question.to_string(), model).unwrap();
    answer["estimate"]["year"]["out_of_pocket"].as_f64().unwrap_or_else(|| panic!("{answer}"))
}

#[test]
fn all_official_cases_agree_to_the_cent() {
    let plans = file(include_str!("../cases/yearly_cost_plans.json"));
    let cases = file(include_str!("../cases/yearly_cost_official.json"));
    let cases = cases["cases"].as_array().unwrap();
    let mut wrong = Vec::new();
    for case in cases {
        let plan = &plans["plans"][case["plan_id"].as_str().unwrap()];
        let found = out_of_pocket(&json!({ "plan": plan, "people": case["people"] }), Model::Cms);
        if (found - case["out_of_pocket"].as_f64().unwrap()).abs() > 0.001 {
            wrong.push(format!("{} {} {found}", case["id"], case["out_of_pocket"]));
        }
    }
    assert_eq!(cases.len(), 336);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every service of the model under one share, unless another is given for it.
fn plan(share: &str, limits: Value, other: &[(&str, &str)]) -> Value {
    let words = |text: &str| match text.contains('%') {
        true => json!({ "copay": "Not Applicable", "coinsurance": text }),
        false => json!({ "copay": text, "coinsurance": "Not Applicable" }),
    };
    let codes = "ip_fac ip_prof op_ambulance op_chiro op_ct_mri op_diagnostic_cardiology op_dialysis op_dme op_er_fac \
                 op_eye op_jcode op_lab op_mh op_op_fac op_prev op_primcare op_rehab op_speccare op_surg op_ultrasound \
                 op_xray rx_generic rx_npbrand rx_pbrand rx_specialty";
    let mut services: serde_json::Map<_, _> =
        codes.split_whitespace().map(|code| (code.to_string(), words(share))).collect();
    services.extend(other.iter().map(|(code, share)| (code.to_string(), words(share))));
    json!({ "deductible": limits["deductible"], "maximum": limits["maximum"], "services": services })
}

fn woman(usage: &str) -> Value {
    json!({ "age": 40, "sex": "Female", "use": usage })
}

fn man(usage: &str) -> Value {
    json!({ "age": 40, "sex": "Male", "use": usage })
}

fn on_paper(plan: Value, people: Value) -> f64 {
    out_of_pocket(&json!({ "plan": plan, "people": people }), Model::Cms)
}

const FIFTH: &str = "20% Coinsurance after deductible";

/// The sums of `docs/costs.md`, section "By hand", worked out there with pencil and paper.
#[test]
fn sums_on_paper_come_out_the_same() {
    let high = json!({ "combined": { "individual": 50_000, "family": 50_000 } });
    let alone = |deductible: Value, maximum: &Value| json!({ "deductible": deductible, "maximum": maximum });

    let deductible = alone(json!({ "combined": { "individual": 1000 } }), &high);
    assert_eq!(on_paper(plan(FIFTH, deductible, &[]), json!([woman("medium")])), 1194.42);

    let family = alone(json!({ "combined": { "person": 1500, "family": 1500 } }), &high);
    assert_eq!(on_paper(plan(FIFTH, family, &[]), json!([woman("medium"), man("medium")])), 1751.56);
    let each = alone(json!({ "combined": { "person": 1000, "family": 2000 } }), &high);
    assert_eq!(on_paper(plan(FIFTH, each, &[]), json!([woman("medium"), man("medium")])), 1980.14);

    let maximum = json!({ "combined": { "individual": 1100 } });
    let reached = alone(json!({ "combined": { "individual": 1000 } }), &maximum);
    assert_eq!(on_paper(plan(FIFTH, reached, &[]), json!([woman("medium")])), 1100.0);

    let copay = alone(json!({ "combined": { "individual": 100 } }), &high);
    let copay = plan("No Charge", copay, &[("op_primcare", "$30 Copay after deductible")]);
    assert_eq!(on_paper(copay, json!([woman("medium")])), 132.49);

    let apart = alone(json!({ "medical": { "individual": 500 }, "drug": { "individual": 200 } }), &high);
    let half = "50% Coinsurance after deductible";
    let drugs = ["rx_generic", "rx_npbrand", "rx_pbrand", "rx_specialty"].map(|code| (code, half));
    assert_eq!(on_paper(plan(FIFTH, apart, &drugs), json!([woman("medium")])), 1041.14);
}

/// In the table's own prices, so that sums can be followed.
fn shop(question: &Value) -> Value {
    let mut question = question.clone();
    question["plan_year"] = json!(2014);
    answer_text(&question.to_string(), Model::Shop).unwrap()
}

fn simple() -> Value {
    let limits = json!({
        "deductible": { "combined": { "individual": 1000, "person": 1000, "family": 2000 } },
        "maximum": { "combined": { "individual": 5000, "person": 5000, "family": 10_000 } },
    });
    plan(FIFTH, limits, &[("op_eye", "30%")])
}

#[test]
fn the_shop_gives_a_good_an_average_and_a_bad_year_with_twelve_premiums() {
    let answer = shop(&json!({ "plan": simple(), "people": [{ "age": 40, "sex": "F" }], "monthly_premium": 312.45 }));
    let total = |year: &str| answer["estimate"][year]["total"].as_f64().unwrap();
    assert!(total("good") < total("average") && total("average") < total("bad"), "{answer}");
    assert_eq!(answer["estimate"]["bad"]["premium"], 3749.4);
    assert_eq!(total("bad"), 8749.4);
    assert_eq!(answer["estimate"]["bad"]["maximum_reached_in"], 1);
    assert_eq!(answer["estimate"]["average"]["years"], 10);
    assert_eq!(answer["notes"], json!([]));
}

/// 45 CFR 156.130(e): spending is raised by the index that raises the limits; CMS's own model stays at 2014.
#[test]
fn a_plan_year_takes_its_index_and_cms_none() {
    let ask = |year: u16, model| {
        let question = json!({ "plan": simple(), "people": [woman("medium")], "plan_year": year });
        answer_text(&question.to_string(), model).unwrap()
    };
    let allowed = |answer: &Value, year: &str| answer["estimate"][year]["allowed"].as_f64().unwrap();
    let (now, then) = (ask(2026, Model::Shop), ask(2014, Model::Shop));
    assert_eq!(now["price_factor"], 1.672677);
    assert!(now["price_factor_source"].as_str().unwrap().contains("45 CFR 156.130(e)"));
    assert!((allowed(&now, "average") / allowed(&then, "average") - 1.672677).abs() < 0.0001);
    let cms = ask(2026, Model::Cms);
    assert_eq!((cms["price_factor"].clone(), allowed(&cms, "year")), (json!(1.0), 1972.08));
}

#[test]
fn what_the_plan_did_not_file_is_said_and_too_little_gives_no_number() {
    let mut plan = simple();
    let people = json!([{ "age": 40, "sex": "F" }]);
    let services = plan["services"].as_object_mut().unwrap();
    services.remove("op_lab");
    services.remove("op_prev");
    let answer = shop(&json!({ "plan": plan, "people": people }));
    assert!(answer["estimate"]["filed_share"].as_f64().unwrap() < 0.97);
    let notes = answer["notes"].to_string();
    assert!(notes.contains("op_lab: nothing filed") && notes.contains("45 CFR 147.130"), "{notes}");

    plan["services"].as_object_mut().unwrap().retain(|code, _| !code.starts_with("rx_"));
    let answer = shop(&json!({ "plan": plan, "people": people }));
    assert_eq!(answer["estimate"], Value::Null);
    assert!(answer["reason"].as_str().unwrap().contains("nothing for drugs"));

    for (limit, words) in [("maximum", "maximum for a family"), ("deductible", "deductible for a family")] {
        let mut plan = simple();
        plan[limit] = json!({ "combined": { "individual": 1000 } });
        let answer = shop(&json!({ "plan": plan, "people": [woman("low"), man("low")] }));
        assert!(answer["reason"].as_str().unwrap().contains(words), "{answer}");
    }
}

#[test]
fn open_sex_and_unknown_use_fall_back_with_a_note() {
    let ask = |person: Value| shop(&json!({ "plan": simple(), "people": [person] }));
    let plain = ask(json!({ "age": 40, "sex": "F" }));
    let odd = ask(json!({ "age": 40, "sex": "F", "use": "extreme" }));
    assert_eq!(plain["estimate"], odd["estimate"]);
    assert!(odd["notes"][0].as_str().unwrap().contains("no use level or condition \"extreme\""));
    let open = ask(json!({ "age": 40 }));
    assert!(open["notes"][0].as_str().unwrap().contains("mean of both sexes"));
    let allowed = |answer: &Value| answer["estimate"]["average"]["allowed"].as_f64().unwrap();
    let man = ask(json!({ "age": 40, "sex": "M" }));
    assert!((allowed(&open) - (allowed(&plain) + allowed(&man)) / 2.0).abs() < 0.02);
    let birth = ask(json!({ "age": 40, "sex": "F", "use": "maternity" }));
    assert!((allowed(&birth) - allowed(&plain) - 7140.27).abs() < 0.02);
}

#[test]
fn faults_of_the_input_name_their_field() {
    let fault = |question: Value| format!("{:#}", answer_text(&question.to_string(), Model::Shop).unwrap_err());
    let people = json!([{ "age": 40 }]);
    let mut plan = simple();
    plan["services"]["op_lab"] = json!({ "copay": "$30 maybe" });
    for (question, words) in [
        (json!([{ "people": people }]), "question 0: input: missing field `plan`"),
        (json!({ "plan": plan, "people": people }), "plan.services.op_lab.copay: not the words of a copay"),
        (
            json!({ "plan": { "services": { "op_magic": "not covered" } }, "people": people }),
            "plan.services.op_magic: no service",
        ),
        (
            json!({ "plan": { "deductible": { "combined": { "person": -1 } } }, "people": people }),
            "plan.deductible.combined.person: give dollars",
        ),
        (json!({ "plan": {}, "people": [{ "age": 200 }] }), "people[0].age: give a whole number from 0 to 120"),
        (json!({ "plan": {}, "people": [] }), "people: give at least one person"),
        (json!({ "plan": {}, "people": people, "premium": 5 }), "premium: unknown field `premium`"),
        (
            json!({ "plan": { "services": { "op_lab": "maybe" } }, "people": people }),
            "plan.services.op_lab: write \"not",
        ),
        (
            json!({ "plan": { "services": { "op_lab": { "copay": 30 } } }, "people": people }),
            "op_lab.copay: give a text",
        ),
        (json!({ "plan": "x", "people": people }), "plan: invalid type: string \"x\", expected an object"),
        (json!({ "plan": {}, "people": [{ "age": 40, "name": "Ann" }] }), "people[0].name: unknown field `name`"),
    ] {
        let found = fault(question);
        assert!(found.contains(words), "{found}");
    }
    assert!(answer_text("{", Model::Shop).is_err());
}

/// `windowshop estimate … | head -1` and the same for `determine`: the reader has enough and leaves.
#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    let question = json!({ "plan": simple(), "people": [{ "age": 40 }] });
    let household = json!({ "plan_year": 2026, "state": "OH", "people": [{ "age": 40 }] }).to_string();
    for (command, text) in [
        ("estimate", Value::Array(vec![question; 200]).to_string()),
        ("determine", [household.as_str(); 500].join("\n")),
    ] {
        let file = folder.path().join(command);
        std::fs::write(&file, text).unwrap();
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_windowshop"))
            .arg(command)
            .arg(&file)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        assert_eq!(
            (done.status.code(), String::from_utf8(done.stderr).unwrap()),
            (Some(0), String::new()),
            "{command}"
        );
    }
}
