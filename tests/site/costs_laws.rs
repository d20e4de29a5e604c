//! Laws of the yearly-cost model that hold for any plan and household, tried on thousands of made-up ones.

use proptest::prelude::*;
use windowshop::costs::plan::{Amounts, CostSharing, Limits, Share};
use windowshop::costs::service::SERVICES;
use windowshop::costs::utilization::Sex;
use windowshop::costs::words::{Coinsurance, Copay, Per, Timing};
use windowshop::costs::{Estimator, Model, Person, Rules, Use};
use windowshop::types::Cents;

fn copay() -> impl Strategy<Value = Copay> {
    let per = prop_oneof![4 => Just(Per::Unit), 1 => Just(Per::Day), 1 => Just(Per::Stay)];
    let timing = prop_oneof![
        Just(Timing::Plain),
        Just(Timing::AfterDeductible),
        Just(Timing::BeforeDeductible),
        Just(Timing::WithDeductible)
    ];
    prop_oneof![
        3 => Just(Copay::NotApplicable),
        1 => Just(Copay::NoCharge),
        1 => Just(Copay::NoChargeAfterDeductible),
        3 => (0..60_000_i64, per, timing).prop_map(|(a, per, timing)| Copay::Amount { amount: Cents(a), per, timing }),
    ]
}

fn coinsurance() -> impl Strategy<Value = Coinsurance> {
    prop_oneof![
        2 => Just(Coinsurance::NotApplicable),
        1 => Just(Coinsurance::NoCharge),
        1 => Just(Coinsurance::NoChargeAfterDeductible),
        4 => (0..=10_000_u16, any::<bool>())
            .prop_map(|(basis_points, after_deductible)| Coinsurance::Rate { basis_points, after_deductible }),
    ]
}

fn share() -> impl Strategy<Value = Share> {
    prop_oneof![
        1 => Just(Share::Missing),
        1 => Just(Share::NotCovered),
        12 => (copay(), coinsurance())
            .prop_map(|(copay, coinsurance)| Share::Covered { copay, coinsurance, outside_maximum: false }),
    ]
}

/// Amounts for one person and a family, the family's from one to three times the person's.
fn amounts(most: i64) -> impl Strategy<Value = Amounts> {
    (0..most, 10..=30_i64).prop_map(|(person, times)| Amounts {
        individual: Some(Cents(person)),
        person: Some(Cents(person)),
        family: Some(Cents(person * times / 10)),
    })
}

fn limits(most: i64) -> impl Strategy<Value = Limits> {
    let combined = amounts(most).prop_map(|combined| Limits { combined, ..Limits::default() });
    let apart = (amounts(most), amounts(most / 4)).prop_map(|(medical, drug)| Limits {
        medical,
        drug,
        combined: Amounts::default(),
    });
    prop_oneof![2 => combined, 1 => apart]
}

fn plan() -> impl Strategy<Value = CostSharing> {
    let shares = proptest::collection::vec(share(), SERVICES);
    (limits(800_000), limits(1_500_000), shares, 0..4_u8, 0..4_u8, proptest::option::of(1..6_u8)).prop_map(
        |(deductible, maximum, shares, free_primary_care_visits, primary_care_copays_first, inpatient_copay_days)| {
            let mut plan = CostSharing {
                deductible,
                maximum,
                free_primary_care_visits,
                primary_care_copays_first,
                inpatient_copay_days,
                ..CostSharing::default()
            };
            plan.shares.copy_from_slice(&shares);
            plan
        },
    )
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    let sex = prop_oneof![Just(None), Just(Some(Sex::Female)), Just(Some(Sex::Male))];
    let usage = prop_oneof![
        4 => Just(Use::Any),
        1 => Just(Use::Low),
        1 => Just(Use::Medium),
        1 => Just(Use::High),
        1 => (0..10_usize).prop_map(|i| Use::Condition(windowshop::costs::utilization::Condition::ALL[i])),
    ];
    proptest::collection::vec((0..70_u8, sex, usage).prop_map(|(age, sex, usage)| Person { age, sex, usage }), 1..6)
}

/// Out of pocket of the good, average and bad year, if the plan can be estimated.
fn cost(plan: &CostSharing, people: &[Person]) -> Option<[i64; 3]> {
    let range = Estimator::new(people, Model::Shop, 1000).range(&Rules::new(plan, Model::Shop).ok()?).ok()?;
    Some([range.good.0, range.average.0, range.bad.0])
}

/// The most that the limits let a household pay for what counts to them.
fn most(maximum: &Limits, people: usize) -> i64 {
    let of = |a: &Amounts| match people {
        1 => a.individual.map_or(0, |c| c.0),
        n => a.family.map_or(0, |c| c.0).min(a.person.map_or(0, |c| c.0) * n as i64),
    };
    of(&maximum.medical) + of(&maximum.drug) + of(&maximum.combined)
}

/// The same plan with every amount and share cut to `tenths`.
fn better(plan: &CostSharing, tenths: i64) -> CostSharing {
    let cut = |c: Option<Cents>| c.map(|c| Cents(c.0 * tenths / 10));
    let each = |a: Amounts| Amounts { individual: cut(a.individual), person: cut(a.person), family: cut(a.family) };
    let all = |l: Limits| Limits { medical: each(l.medical), drug: each(l.drug), combined: each(l.combined) };
    let mut better = CostSharing { deductible: all(plan.deductible), maximum: all(plan.maximum), ..plan.clone() };
    for share in &mut better.shares {
        let Share::Covered { copay, coinsurance, .. } = share else { continue };
        if let Copay::Amount { amount, .. } = copay {
            *amount = Cents(amount.0 * tenths / 10);
        }
        if let Coinsurance::Rate { basis_points, .. } = coinsurance {
            *basis_points = (i64::from(*basis_points) * tenths / 10) as u16;
        }
    }
    better
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_add_up_to_the_list_and_never_pass_the_maximum((plan, people) in (plan(), people())) {
        let Some(listed) = cost(&plan, &people) else { return Ok(()) };
        let rules = Rules::new(&plan, Model::Shop).unwrap();
        let estimate = Estimator::new(&people, Model::Shop, 1000).estimate(&rules, Cents(10_000)).unwrap();
        for (year, listed) in [&estimate.good, &estimate.average, &estimate.bad].into_iter().zip(listed) {
            let paid = year.paid;
            prop_assert_eq!(paid.total().0, listed);
            prop_assert_eq!(year.total.0, listed + 120_000);
            let inside = paid.total().0 - paid.uncovered.0;
            prop_assert!(inside <= most(&plan.maximum, people.len()) + 1, "{inside}");
            let lines: i64 = year.people.iter().flat_map(|p| &p.lines).map(|l| l.paid.total().0).sum();
            prop_assert_eq!(lines, listed);
            for line in year.people.iter().flat_map(|p| &p.lines) {
                let parts = [line.paid.deductible, line.paid.copays, line.paid.coinsurance, line.paid.uncovered];
                prop_assert!(parts.iter().all(|c| c.0 >= 0), "{line:?}");
                // Each of the four parts is cut to a whole cent.
                prop_assert!(line.paid.total().0 <= line.allowed.0 + 4, "{line:?}");
            }
        }
    }

    #[test]
    fn a_plan_better_in_every_amount_is_never_dearer((plan, people) in (plan(), people()), tenths in 0..10_i64) {
        let Some(before) = cost(&plan, &people) else { return Ok(()) };
        let after = cost(&better(&plan, tenths), &people).unwrap();
        for (before, after) in before.into_iter().zip(after) {
            prop_assert!(after <= before + 1, "{before} {after}");
        }
    }

    #[test]
    fn the_order_of_people_does_not_matter((plan, people) in (plan(), people()), turn in 0..5_usize) {
        let Some(before) = cost(&plan, &people) else { return Ok(()) };
        let mut turned = people.clone();
        turned.rotate_left(turn % people.len());
        let after = cost(&plan, &turned).unwrap();
        for (before, after) in before.into_iter().zip(after) {
            prop_assert!((after - before).abs() <= 1, "{before} {after}");
        }
    }
}
