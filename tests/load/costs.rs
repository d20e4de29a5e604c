//! How long a plan's yearly cost takes, and the search for plans that are plainly better, one list's worth at a time.
//!
//! `cargo bench --bench costs`. The plans are the 24 filed variants of the official cases, repeated up to a county's
//! 130: as filed (every benefit), with only a few benefits, and with separate limits for drugs. The best of many
//! rounds is printed, because other programs share the machine; figures are never judged.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};
use windowshop::costs::dominance::{Compared, Network, Terms, dominator};
use windowshop::costs::input::Question;
use windowshop::costs::price_index::AS_THEY_ARE;
use windowshop::costs::utilization::{Condition, Sex};
use windowshop::costs::{CostSharing, Estimator, Member, Model, Preparer, Rules, Size, Use};
use windowshop::types::Cents;

/// Plans in a county that has many.
const PLANS: usize = 130;
/// Cards on a page.
const SHOWN: usize = 10;
const ROUNDS: usize = 60;

/// The benefits of a plan that filed little, but enough for an estimate.
const FEW: [&str; 5] = [
    "Primary Care Visit to Treat an Injury or Illness",
    "Specialist Visit",
    "Emergency Room Services",
    "Generic Drugs",
    "Mental/Behavioral Health Outpatient Services",
];

fn main() -> anyhow::Result<()> {
    let sets = [
        ("all benefits", plans(|_| ())?),
        ("five benefits", plans(few)?),
        ("drug deductible apart", plans(|plan| apart(plan, &["deductible"]))?),
        ("drug limits apart", plans(|plan| apart(plan, &["deductible", "maximum"]))?),
    ];
    print!("{:<36}{:>9}", "ns a variant, but new in µs", "new");
    sets.iter().for_each(|(name, _)| print!("{name:>23}"));
    println!();
    let mut preparer = Preparer::new(AS_THEY_ARE);
    for (kept, name, people) in households() {
        let new = measure(1, || drop(black_box(Estimator::new(black_box(&people), Model::Shop, AS_THEY_ARE)))) / 1000.0;
        print!("{name:<36}{new:>9.2}");
        let mut estimator = Estimator::new(&people, Model::Shop, AS_THEY_ARE);
        for (_, plans) in &sets {
            let mut rules: Vec<Rules> =
                plans.iter().map(|plan| Rules::new(plan, Model::Shop)).collect::<Result<_, _>>()?;
            if kept {
                rules.iter_mut().for_each(|rules| preparer.prepare(rules));
            }
            let ns = measure(PLANS, || {
                for rules in &rules {
                    let _ = black_box(estimator.range(black_box(rules)));
                }
            });
            print!("{ns:>23.0}");
        }
        println!();
    }
    for (name, plans) in &sets[..2] {
        let rules = measure(PLANS, || {
            for plan in plans {
                let _ = black_box(Rules::new(black_box(plan), Model::Shop));
            }
        });
        let mut made: Vec<Rules> = plans.iter().filter_map(|plan| Rules::new(plan, Model::Shop).ok()).collect();
        let kept = measure(PLANS, || made.iter_mut().for_each(|rules| preparer.prepare(rules)));
        println!("{name}: Rules::new {rules:.0} ns a variant, Preparer::prepare {kept:.0} ns");
        dominance(name, plans);
    }
    Ok(())
}

/// What a page asks: which of the county's plans dominates each of the ten shown.
fn dominance(name: &str, plans: &[CostSharing]) {
    let made = measure(PLANS, || plans.iter().for_each(|plan| drop(black_box(Terms::new(plan, &plan.shares)))));
    let terms: Vec<Terms> = plans.iter().map(|plan| Terms::new(plan, &plan.shares)).collect();
    let compared: Vec<Compared> = terms
        .iter()
        .enumerate()
        .map(|(i, terms)| Compared {
            // Premiums in no particular order, so that about half of the plans cost no more than a plan shown.
            premium: Cents(30_000 + (i as i64 * 7919) % 40_000),
            terms,
            network: Network { national: Some(i % 3 == 0), ..Network::default() },
        })
        .collect();
    let shown = || (0..PLANS).step_by(PLANS / SHOWN).take(SHOWN);
    let us = measure(1, || {
        for of in shown() {
            let _ = black_box(dominator(black_box(&compared), of, Size::Individual));
        }
    }) / 1000.0;
    let bytes = terms.iter().map(Terms::bytes).sum::<usize>() / PLANS;
    println!("{name}: Terms::new {made:.0} ns a variant of {bytes} bytes; dominance of {SHOWN} of {PLANS} {us:.2} µs");
}

/// One plan for each slot in the county; `change` turns the filed plan into the desired one.
fn plans(change: impl Fn(&mut Value)) -> anyhow::Result<Vec<CostSharing>> {
    let file: Value = serde_json::from_str(include_str!("../cases/yearly_cost_plans.json"))?;
    let filed: Vec<&Value> = file["plans"].as_object().context("no plans")?.values().collect();
    let plan = |i: usize| {
        let mut plan = filed[i % filed.len()].clone();
        change(&mut plan);
        Ok(Question::read(&json!({ "plan": plan, "people": [{ "age": 40 }] }))?.plan)
    };
    (0..PLANS).map(plan).collect()
}

fn few(plan: &mut Value) {
    if let Some(services) = plan["services"].as_object_mut() {
        services.retain(|name, _| FEW.contains(&&name[..]));
    }
}

/// Drugs get an eighth of each limit for themselves, medical care the rest.
fn apart(plan: &mut Value, limits: &[&str]) {
    for limit in limits {
        let combined = plan[limit]["combined"].clone();
        let part = |eighths: f64| {
            let size = |name: &str| combined[name].as_f64().unwrap_or(0.0) * eighths / 8.0;
            json!({ "individual": size("individual"), "person": size("person"), "family": size("family") })
        };
        plan[limit] = json!({ "medical": part(7.0), "drug": part(1.0) });
    }
}

/// Whether what `Preparer` stores applies, a name, the people.
fn households() -> Vec<(bool, &'static str, Vec<Member>)> {
    let open = |age| Member { age, sex: None, usage: Use::Any };
    let said = |usage| Member { sex: Some(Sex::Female), usage, ..open(40) };
    vec![
        (true, "one, said nothing, kept", vec![open(40)]),
        (true, "one, said sex and low use, kept", vec![said(Use::Low)]),
        (false, "one, said nothing", vec![open(40)]),
        (false, "one, said sex", vec![said(Use::Any)]),
        (false, "one, said sex and medium use", vec![said(Use::Medium)]),
        (false, "one, said a birth", vec![said(Use::Condition(Condition::Maternity))]),
        (false, "two, said nothing", vec![open(40), open(38)]),
        (false, "five, said nothing", [40, 38, 10, 7, 1].map(open).to_vec()),
        (false, "five of five bands, said nothing", [60, 40, 20, 7, 1].map(open).to_vec()),
    ]
}

/// Nanoseconds per item, for a call that handles this many: the best of many rounds.
fn measure(pieces: usize, mut call: impl FnMut()) -> f64 {
    let calls = (2000 / pieces).max(1);
    let round = |_| {
        let start = Instant::now();
        (0..calls).for_each(|_| call());
        start.elapsed().as_secs_f64() * 1e9 / (calls * pieces) as f64
    };
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}
