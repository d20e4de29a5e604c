//! The yearly-cost model against answers of CMS's own program, its published example, and sums done on paper.

use serde_json::{Value, json};
use windowshop::costs::Model;
use windowshop::costs::command::answer_text;

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
