//! A household's good, average and bad year under a plan, as totals: what lists, sorts and cards need.
//!
//! `Estimator` is made once per household and asked for each plan; `estimate` asks it for the same totals, so a list
//! and a page can never differ. It must allocate nothing per plan.

use super::Model;
use super::bills::Caps;
use super::engine::{Engine, Pool, Times};
use super::fast::{KeptKey, Sheet};
use super::lanes::Lanes;
use super::member::Member;
use super::money::cents;
use super::rules::{Gap, Rules};
use super::service::Service;
use crate::types::Cents;

/// Out of pocket in a good, an average and a bad year, without the premium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Low use: decile 3 of spending for everybody.
    pub good: Cents,
    /// The mean over all deciles (or the chosen use).
    pub average: Cents,
    /// High use: decile 10 for everybody.
    pub bad: Cents,
}

impl Range {
    /// The range with twelve premiums after credit.
    pub fn with_premium(self, monthly: Cents) -> Range {
        let year = monthly * 12;
        Range { good: self.good + year, average: self.average + year, bad: self.bad + year }
    }
}

/// One household, ready to be priced under any plan.
#[derive(Debug)]
pub struct Estimator {
    pub(super) lanes: Lanes,
    /// A single person, whose range may be stored with the plan.
    kept_key: Option<KeptKey>,
    sheet: Sheet,
    /// Medical care (or everything, if no limit separates the two) and drugs of the year being stepped through.
    pools: [Vec<Pool>; 2],
    /// The plan's average share in that year.
    pub(super) average_share: f64,
    pub(super) engine: Engine,
}

impl Estimator {
    /// `factor_millionths`: from the table's prices to the desired ones (1,000,000 = unchanged); see `price_index`.
    pub fn new(people: &[Member], model: Model, factor_millionths: u32) -> Estimator {
        let lanes = Lanes::new(people, model, f64::from(factor_millionths) / 1e6);
        Estimator { kept_key: KeptKey::new(people, model, factor_millionths), ..Estimator::of(lanes) }
    }

    pub(super) fn of(lanes: Lanes) -> Estimator {
        Estimator {
            kept_key: None,
            sheet: Sheet::new(lanes.kinds.len()),
            pools: [Vec::new(), Vec::new()],
            average_share: 0.0,
            engine: Engine::default(),
            lanes,
        }
    }

    /// Out of pocket under a plan, in cents.
    ///
    /// # Errors
    ///
    /// A `Gap`: nobody in the household, or no deductible or maximum filed for its size.
    pub fn range(&mut self, rules: &Rules) -> Result<Range, Gap> {
        let kept = self.kept_key.as_ref().and_then(|key| rules.fast.kept.as_ref()?.years(key));
        if let Some([good, average, bad]) = kept {
            return Ok(Range { good, average, bad });
        }
        let [good, average, bad] = self.dollars(rules)?;
        Ok(Range { good: cents(good), average: cents(average), bad: cents(bad) })
    }

    /// The same before rounding: good, average, bad.
    pub(super) fn dollars(&mut self, rules: &Rules) -> Result<[f64; 3], Gap> {
        let caps = self.caps(rules)?;
        self.add_up(rules, &caps);
        let (mut average, mut good, mut bad) = (0.0, 0.0, 0.0);
        for year in 0..self.lanes.years {
            let paid = self.paid(year, rules, &caps);
            average += if year < self.lanes.average { paid } else { 0.0 };
            good = if year == self.lanes.good { paid } else { good };
            bad = if year == self.lanes.bad { paid } else { bad };
        }
        Ok([good, average / self.lanes.average as f64, bad])
    }

    /// Dollars of the last of the years, after `dollars` for the same plan.
    pub(super) fn last_year(&mut self, rules: &Rules) -> Result<f64, Gap> {
        let caps = self.caps(rules)?;
        Ok(self.paid(self.lanes.years - 1, rules, &caps))
    }

    pub(super) fn caps(&self, rules: &Rules) -> Result<Caps, Gap> {
        if self.lanes.people == 0 { Err(Gap::NoPeople) } else { rules.caps(self.lanes.people) }
    }

    /// Adds up the bills of every kind of person by how the plan shares them.
    pub(super) fn add_up(&mut self, rules: &Rules, caps: &Caps) {
        self.sheet.add_up(&self.lanes, &rules.fast, caps);
    }

    /// Dollars paid in one year of what was added up.
    pub(super) fn paid(&mut self, year: usize, rules: &Rules, caps: &Caps) -> f64 {
        // CMS's program rounds what is left of a limit at each step: only steps can follow it.
        match self.sheet.year(self.lanes.year(year)).filter(|_| !caps.rounded) {
            Some(paid) => paid,
            None => self.step(year, rules, caps),
        }
    }

    /// The same step by step. The engine keeps the year's times, and `average_share` is the year's.
    pub(super) fn step(&mut self, year: usize, rules: &Rules, caps: &Caps) -> f64 {
        self.average_share = self.sheet.pools(&self.lanes, year, &rules.fast, &mut self.pools);
        self.engine.run(&self.pools[0], &self.pools[1], caps)
    }

    pub(super) fn times(&self, person: usize, service: Service) -> Times {
        self.engine.times[person][usize::from(service.is_drug())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::Preparer;
    use crate::costs::member::Use;
    use crate::costs::plan::{Amounts, CostSharing, Limits, Share};
    use crate::costs::price_index::AS_THEY_ARE;
    use crate::costs::service::SERVICES;
    use crate::costs::utilization::Sex;
    use crate::costs::words::{Coinsurance, Copay, Per, Timing};
    use proptest::prelude::*;

    /// The worked example saved in CMS's workbook, to the last digits it prints.
    #[test]
    fn the_published_worked_example_is_met() {
        let example: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/cases/yearly_cost_example.json")).unwrap();
        let mut plan = CostSharing::default();
        let amount = |v: &serde_json::Value| Cents((v.as_f64().unwrap() * 100.0).round() as i64);
        let maximum = &example["plan"]["moop"];
        plan.maximum.combined.individual = Some(amount(&maximum["individual"]));
        plan.maximum.combined.person = Some(amount(&maximum["family_per_person"]));
        plan.maximum.combined.family = Some(amount(&maximum["family"]));
        for service in Service::all().filter(|s| *s != Service::Other) {
            let filed = &example["services"][service.code()];
            assert_eq!(filed["coins"], 0.0);
            let per = if service == Service::InpatientFacility { Per::Stay } else { Per::Unit };
            let copay = Copay::Amount { amount: amount(&filed["copay"]), per, timing: Timing::Plain };
            let coinsurance = Coinsurance::NotApplicable;
            plan.shares[service as usize] = Share::Covered { copay, coinsurance, outside_maximum: false };
        }
        let person = |sex| Member { age: 60, sex: Some(sex), usage: Use::Medium };
        let mut estimator = Estimator::new(&[person(Sex::Male), person(Sex::Female)], Model::Cms, AS_THEY_ARE);
        let paid = estimator.dollars(&Rules::new(&plan, Model::Cms).unwrap()).unwrap()[1];
        let expected = |name: &str| example["expected"][name].as_f64().unwrap();
        assert!((paid - expected("oopc")).abs() < 1e-9, "{paid}");
        let lanes = &estimator.lanes;
        let allowed: f64 = lanes.year(0).iter().map(|at| lanes.kind(*at).total[usize::from(at.row)]).sum();
        assert!((allowed - expected("total_cost")).abs() < 1e-9, "{allowed}");
    }

    /// A rounding error once left slightly less than zero of such a deductible, and a year seemed to cost only its
    /// premiums.
    #[test]
    fn a_deductible_as_high_as_the_maximum_is_paid_once() {
        for dollars in (50..12_000).step_by(37) {
            let limit = Cents(dollars * 100);
            let amount = Some(limit);
            let combined = Amounts { individual: amount, person: amount, family: amount };
            let mut plan = CostSharing::default();
            (plan.deductible.combined, plan.maximum.combined) = (combined, combined);
            for service in Service::all() {
                let rate = if service.is_drug() { "20%" } else { "40% Coinsurance after deductible" };
                let coinsurance = Coinsurance::parse(rate).unwrap();
                plan.shares[service as usize] =
                    Share::Covered { copay: Copay::NotApplicable, coinsurance, outside_maximum: false };
            }
            let rules = Rules::new(&plan, Model::Shop).unwrap();
            for people in [1, 2] {
                let high = Member { age: 58, sex: None, usage: Use::High };
                let mut estimator = Estimator::new(&vec![high; people], Model::Shop, AS_THEY_ARE);
                let bad = estimator.range(&rules).unwrap().bad;
                assert_eq!(estimator.estimate(&rules, Cents::ZERO).unwrap().bad.total, bad);
                // A tenth decile costs far more than twelve thousand dollars.
                assert_eq!(bad, limit, "{people} people, {dollars}");
            }
        }
    }

    fn plan() -> impl Strategy<Value = CostSharing> {
        let amounts = |most: i64| {
            let some =
                (prop_oneof![Just(0), 0..most], 10..=30_i64, 0..20_u8).prop_map(|(person, times, left_out)| Amounts {
                    individual: Some(Cents(person)),
                    person: Some(Cents(person)).filter(|_| left_out != 1),
                    family: Some(Cents(person * times / 10)).filter(|_| left_out != 2),
                });
            prop_oneof![1 => Just(Amounts::default()), 5 => some]
        };
        let limits = move |most: i64| {
            let combined = amounts(most).prop_map(|combined| Limits { combined, ..Limits::default() });
            let apart = (amounts(most), amounts(most / 4));
            let apart = apart.prop_map(|(medical, drug)| Limits { medical, drug, ..Limits::default() });
            prop_oneof![combined, apart]
        };
        let words =
            ["$30", "$300 Copay after deductible", "$90 Copay before deductible", "No Charge", "Not Applicable"];
        let rates = ["Not Applicable", "20%", "30% Coinsurance after deductible", "No Charge after deductible"];
        let share = (0..words.len(), 0..rates.len(), 0..30_u8).prop_map(move |(copay, rate, other)| match other {
            0 => Share::Missing,
            1 | 2 => Share::NotCovered,
            _ => Share::Covered {
                copay: Copay::parse(words[copay]).unwrap(),
                coinsurance: Coinsurance::parse(rates[rate]).unwrap(),
                outside_maximum: other == 3,
            },
        });
        let shares = proptest::collection::vec(share, SERVICES);
        (limits(800_000), limits(1_500_000), shares, 0..3_u8).prop_map(|(deductible, maximum, shares, free)| {
            let mut plan =
                CostSharing { deductible, maximum, free_primary_care_visits: free, ..CostSharing::default() };
            plan.shares.copy_from_slice(&shares);
            plan
        })
    }

    fn person() -> impl Strategy<Value = Member> {
        let uses = [Use::Any, Use::Any, Use::Any, Use::Low, Use::Medium, Use::High];
        let sexes = [None, Some(Sex::Female), Some(Sex::Male)];
        (0..70_u8, 0..sexes.len(), 0..uses.len()).prop_map(move |(age, sex, usage)| Member {
            age,
            sex: sexes[sex],
            usage: uses[usage],
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

        /// Lists sum up a year; pages step through it.
        #[test]
        fn the_short_way_is_the_long_way(
            (plan, people) in (plan(), proptest::collection::vec(person(), 1..7)),
            cms in any::<bool>(),
        ) {
            let model = if cms { Model::Cms } else { Model::Shop };
            let Ok(rules) = Rules::new(&plan, model) else { return Ok(()) };
            let mut estimator = Estimator::new(&people, model, AS_THEY_ARE);
            let Ok(caps) = estimator.caps(&rules) else { return Ok(()) };
            estimator.add_up(&rules, &caps);
            for year in 0..estimator.lanes.years {
                let (short, long) = (estimator.paid(year, &rules, &caps), estimator.step(year, &rules, &caps));
                prop_assert!((short - long).abs() < 0.001, "{short} {long} in year {year}");
            }
        }

        #[test]
        fn stored_ranges_are_those_that_would_be_computed((plan, person) in (plan(), person())) {
            let Ok(mut rules) = Rules::new(&plan, Model::Shop) else { return Ok(()) };
            for factor in [AS_THEY_ARE, 1_138_000] {
                let mut estimator = Estimator::new(&[person], Model::Shop, AS_THEY_ARE);
                let worked_out = estimator.range(&rules);
                Preparer::new(factor).prepare(&mut rules);
                prop_assert_eq!(rules.fast.kept.is_some(), worked_out.is_ok());
                prop_assert_eq!(estimator.range(&rules), worked_out);
            }
        }
    }
}
