//! Laws of the yearly-cost model that hold for any plan and household, tried on thousands of generated ones.

use proptest::prelude::*;
use windowshop::costs::dominance::{Compared, FiledPlan, Network, Terms, dominated, dominator};
use windowshop::costs::plan::{Amounts, CostSharing, Limits, Share};
use windowshop::costs::price_index::AS_THEY_ARE;
use windowshop::costs::service::SERVICES;
use windowshop::costs::utilization::Sex;
use windowshop::costs::words::{Coinsurance, Copay, Per, Timing, behavior};
use windowshop::costs::{Estimator, Member, Model, Rules, Size, Use};
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

fn people() -> impl Strategy<Value = Vec<Member>> {
    let sex = prop_oneof![Just(None), Just(Some(Sex::Female)), Just(Some(Sex::Male))];
    let usage = prop_oneof![
        4 => Just(Use::Any),
        1 => Just(Use::Low),
        1 => Just(Use::Medium),
        1 => Just(Use::High),
        1 => (0..10_usize).prop_map(|i| Use::Condition(windowshop::costs::utilization::Condition::ALL[i])),
    ];
    proptest::collection::vec((0..70_u8, sex, usage).prop_map(|(age, sex, usage)| Member { age, sex, usage }), 1..6)
}

/// Out of pocket in the good, average and bad year, if the plan can be estimated.
fn cost(plan: &CostSharing, people: &[Member]) -> Option<[i64; 3]> {
    let range = Estimator::new(people, Model::Shop, AS_THEY_ARE).range(&Rules::new(plan, Model::Shop).ok()?).ok()?;
    Some([range.good.0, range.average.0, range.bad.0])
}

/// The most that the limits let a household pay for what counts toward them.
fn most(maximum: &Limits, people: usize) -> i64 {
    let of = |a: &Amounts| match people {
        1 => a.individual.map_or(0, |c| c.0),
        n => a.family.map_or(0, |c| c.0).min(a.person.map_or(0, |c| c.0) * n as i64),
    };
    of(&maximum.medical) + of(&maximum.drug) + of(&maximum.combined)
}

/// The same plan with every amount and share reduced to `tenths`.
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
        let estimate = Estimator::new(&people, Model::Shop, AS_THEY_ARE).estimate(&rules, Cents(10_000)).unwrap();
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
    fn a_plan_better_in_every_amount_never_costs_more((plan, people) in (plan(), people()), tenths in 0..10_i64) {
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

/// A plan that differs from others by one of a few small changes, so that one often dominates another.
fn near_plan() -> impl Strategy<Value = (i64, CostSharing, Vec<Share>, Network)> {
    let some = |most: i64| proptest::option::weighted(0.9, (0..most).prop_map(Cents));
    let amounts = move || {
        (some(3), some(2), some(2)).prop_map(|(individual, person, family)| Amounts { individual, person, family })
    };
    let limits = move || {
        (amounts(), amounts(), 0..4_u8).prop_map(|(a, b, which)| match which {
            0 => Limits { medical: a, drug: b, ..Limits::default() },
            _ => Limits { combined: a, ..Limits::default() },
        })
    };
    let words = ["Not Applicable", "No Charge", "$0", "$10", "$10 Copay per Day", "$10 Copay with deductible"];
    let rates = ["Not Applicable", "20%", "20% Coinsurance after deductible"];
    let share = move || {
        (0..words.len(), 0..rates.len(), 0..12_u8).prop_map(move |(copay, rate, other)| match other {
            0 => Share::Missing,
            1 => Share::NotCovered,
            _ => Share::Covered {
                copay: Copay::parse(words[copay]).unwrap(),
                coinsurance: Coinsurance::parse(rates[rate]).unwrap(),
                outside_maximum: other == 2,
            },
        })
    };
    let known = || prop_oneof![8 => Just(None), 1 => Just(Some(false)), 1 => Just(Some(true))];
    let rest = (0..2_u8, proptest::option::of(2..4_u8), proptest::option::of((0..2_i64).prop_map(Cents)));
    let filed = (limits(), limits(), share(), share(), rest);
    let others = prop_oneof![Just(vec![]), proptest::collection::vec(share(), 0..3)];
    (0..3_i64, filed, others, (known(), known())).prop_map(|(premium, filed, others, (national, referral))| {
        let (deductible, maximum, first, last, (free, days, cap)) = filed;
        let mut plan = CostSharing { deductible, maximum, ..CostSharing::default() };
        (plan.shares[0], plan.shares[SERVICES - 1]) = (first, last);
        (plan.free_primary_care_visits, plan.inpatient_copay_days, plan.specialty_drug_cap) = (free, days, cap);
        (premium, plan, others, Network { national, no_referral_needed: referral, ..Network::default() })
    })
}

/// Less is better; if only one of the plans filed it, the question stays open. `None` = worse, or not comparable.
fn less<T: Ord>(a: Option<T>, b: Option<T>) -> Option<bool> {
    match (a, b) {
        (Some(a), Some(b)) => (a <= b).then(|| a < b),
        (None, None) => Some(false),
        _ => None,
    }
}

fn share_less(a: &Share, b: &Share) -> Option<bool> {
    let (Share::Covered { copay, coinsurance, outside_maximum }, Share::Covered { .. }) = (a, b) else {
        return if a == b { Some(false) } else { (*b == Share::NotCovered && *a != Share::Missing).then_some(true) };
    };
    let Share::Covered { copay: other_copay, coinsurance: other_rate, outside_maximum: other_outside } = b else {
        return None;
    };
    let (x, y) = (behavior(*copay, *coinsurance).0, behavior(*other_copay, *other_rate).0);
    let amount = |copay: &Copay, paid: bool| match copay {
        Copay::Amount { amount, per, .. } if paid && *amount > Cents::ZERO => (*amount, Some(*per)),
        _ => (Cents::ZERO, None),
    };
    let rate = |rate: &Coinsurance, paid: bool| match rate {
        Coinsurance::Rate { basis_points, .. } if paid => *basis_points,
        _ => 0,
    };
    let ((paid, per), (other_paid, other_per)) = (amount(copay, x.copay), amount(other_copay, y.copay));
    if per.is_some() && per != other_per {
        return None;
    }
    let each = [
        less(Some(paid), Some(other_paid)),
        less(Some(rate(coinsurance, x.coinsurance)), Some(rate(other_rate, y.coinsurance))),
        less(Some(x.deductible), Some(y.deductible)),
        less(Some(x.before), Some(y.before)),
        less(Some(outside_maximum), Some(other_outside)),
    ];
    each.into_iter().try_fold(false, |better, one| Some(better | one?))
}

/// The rule of `docs/costs.md` written out, without anything prepared.
fn dominates(a: &FiledPlan, b: &FiledPlan, size: Size) -> bool {
    let (x, y) = (a.cost_sharing, b.cost_sharing);
    // Premium and limits alone do not say what care costs.
    if [x, y].iter().any(|plan| plan.shares.iter().all(|share| *share == Share::Missing)) {
        return false;
    }
    let mut each = vec![less(Some(a.premium), Some(b.premium))];
    for (x, y) in [(&x.deductible, &y.deductible), (&x.maximum, &y.maximum)] {
        for (x, y) in [(x.medical, y.medical), (x.drug, y.drug), (x.combined, y.combined)] {
            match size {
                Size::Individual => each.push(less(x.individual, y.individual)),
                Size::Family => each.extend([less(x.person, y.person), less(x.family, y.family)]),
            }
        }
    }
    each.extend(x.shares.iter().zip(&y.shares).map(|(x, y)| share_less(x, y)));
    let other = |of: &[Share], i: usize| of.get(i).copied().unwrap_or_default();
    let others = a.other_shares.len().max(b.other_shares.len());
    each.extend((0..others).map(|i| share_less(&other(a.other_shares, i), &other(b.other_shares, i))));
    let most = |plan: &CostSharing| {
        let days = plan.inpatient_copay_days.unwrap_or(u8::MAX);
        (days, plan.specialty_drug_cap.map_or(i64::MAX, |cap| cap.0), plan.free_primary_care_visits)
    };
    let ((days, cap, free), (other_days, other_cap, other_free)) = (most(x), most(y));
    each.extend([less(Some(days), Some(other_days)), less(Some(cap), Some(other_cap))]);
    each.push(less(Some(other_free), Some(free)));
    let network = |a: Option<bool>, b: Option<bool>| less(b, a);
    each.push(network(a.network.national, b.network.national));
    each.push(network(a.network.no_referral_needed, b.network.no_referral_needed));
    each.into_iter().try_fold(false, |better, one| Some(better | one?)) == Some(true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_dominator_is_the_cheapest_plan_that_is_no_worse_in_anything_filed(
        seeds in proptest::collection::vec(near_plan(), 2..4),
        picks in proptest::collection::vec((0..3_usize, 0..3_i64, 0..5_u8), 2..9),
        family in any::<bool>(),
    ) {
        let size = if family { Size::Family } else { Size::Individual };
        // Copies of a few plans, each with one thing changed.
        let made: Vec<_> = picks
            .iter()
            .map(|(pick, by, what)| {
                let (mut premium, mut plan, others, network) = seeds[pick % seeds.len()].clone();
                match what {
                    0 => plan.deductible.combined.person = Some(Cents(*by)),
                    1 => plan.maximum.combined.individual = Some(Cents(*by)),
                    2 => plan.shares[0] = Share::NotCovered,
                    3 => plan.shares[0] = Share::Missing,
                    _ => premium += by,
                }
                (premium, plan, others, network)
            })
            .collect();
        let facts: Vec<FiledPlan> = made
            .iter()
            .map(|(premium, cost_sharing, other_shares, network)| FiledPlan {
                premium: Cents(*premium),
                cost_sharing,
                other_shares,
                network: *network,
            })
            .collect();
        let terms: Vec<Terms> = facts.iter().map(|f| Terms::new(f.cost_sharing, f.other_shares)).collect();
        let compared: Vec<Compared> = facts
            .iter()
            .zip(&terms)
            .map(|(f, terms)| Compared { premium: f.premium, terms, network: f.network })
            .collect();
        let beats = |a: usize, b: usize| a != b && dominates(&facts[a], &facts[b], size);
        let all = 0..facts.len();
        for of in all.clone() {
            let found = dominator(&compared, of, size);
            prop_assert_eq!(found, dominated(&facts, size)[of]);
            // No other plan lies between the plan named and the one asked about.
            let best = all.clone().filter(|i| beats(*i, of) && !all.clone().any(|j| beats(j, *i)));
            prop_assert_eq!(found.map(|i| facts[i].premium), best.clone().map(|i| facts[i].premium).min());
            prop_assert!(found.is_none_or(|found| best.clone().any(|i| i == found)));
            prop_assert_eq!(found.is_some(), all.clone().any(|i| beats(i, of)));
            for (a, b) in all.clone().flat_map(|a| all.clone().map(move |b| (a, b))) {
                prop_assert!(!(beats(a, b) && beats(b, of)) || beats(a, of), "{a} {b} {of}");
            }
        }
    }
}
