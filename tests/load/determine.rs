//! How long it takes to determine a household, against a ceiling measured in the same run.
//!
//! `cargo bench --bench determine`. The ceiling is reading the same household from JSON, which every caller of
//! `windowshop determine` pays for anyway. Figures are printed, never judged.

use std::hint::black_box;
use std::time::{Duration, Instant};

use time::macros::date;
use windowshop::eligibility::household::Household;
use windowshop::eligibility::{Tables, determine, thresholds};

const HOUSEHOLDS: [(&str, &str); 3] = [
    (
        "one adult with a credit",
        r#"{"plan_year":2026,"state":"OH","people":[{"age":40}],"household_income":37650,"benchmark_monthly":527.69}"#,
    ),
    (
        "a family of five, children in Medicaid",
        r#"{"plan_year":2026,"state":"OH","household_income":52000,"benchmark_monthly":1042.17,"people":[{"age":40},
           {"age":38,"relationship":"spouse"},{"age":10,"relationship":"child"},{"age":7,"relationship":"child"},
           {"age":1,"relationship":"child"}]}"#,
    ),
    (
        "a job's offer for the family, a tribal member",
        r#"{"plan_year":2026,"state":"OK","household_income":61000,"people":[{"age":45,"tribal_member":true},
           {"age":44,"relationship":"spouse","tribal_member":true}],"employer_offers":[{"employee":"1",
           "covers":["1","2"],"self_only_premium":210,"family_premium":790}]}"#,
    ),
];

/// Long enough that the timer's resolution does not matter.
const A_WHILE: Duration = Duration::from_millis(800);

fn main() -> anyhow::Result<()> {
    let whole = |faults: Vec<_>| anyhow::anyhow!("{faults:?}");
    let tables = Tables::load().map_err(whole)?;
    let as_of = date!(2026 - 11 - 21);
    println!("{:<48} {:>12} {:>12} {:>12}", "µs a household", "read JSON", "determine", "thresholds");
    for (name, json) in HOUSEHOLDS {
        let household = Household::from_json(json)?;
        determine(&household, &tables, as_of).map_err(|faults| anyhow::anyhow!("{name}: {faults:?}"))?;
        let read = measure(|| drop(black_box(Household::from_json(black_box(json)))));
        let determined = measure(|| drop(black_box(determine(black_box(&household), &tables, as_of))));
        let turned = measure(|| drop(black_box(thresholds::thresholds(black_box(&household), &tables, as_of))));
        println!("{name:<48} {read:>12.2} {determined:>12.2} {turned:>12.2}");
    }
    Ok(())
}

/// Microseconds per call.
fn measure(call: impl Fn()) -> f64 {
    let (start, mut calls) = (Instant::now(), 0_u32);
    while start.elapsed() < A_WHILE {
        for _ in 0..100 {
            call();
        }
        calls += 100;
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
}
