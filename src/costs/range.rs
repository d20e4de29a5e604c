//! A household's good, average and bad year under a plan, in whole: what lists, sorts and cards need.
//!
//! `Estimator` is made once per household and asked for each plan; `estimate` asks it for the same totals, so that a
//! list and a page can never differ. It must allocate nothing per plan.

use super::engine::{Engine, Pool, Times};
use super::household::{Lanes, Person};
use super::money::cents;
use super::rules::{Caps, Gap, Model, Part, Rules};
use super::service::Service;
use crate::types::Cents;

/// Out of pocket in a good, an average and a bad year, without the premium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Low use: decile 3 of spending for everybody.
    pub good: Cents,
    /// The mean over all deciles (or the use that was chosen).
    pub average: Cents,
    /// High use: decile 10 for everybody.
    pub bad: Cents,
}

impl Range {
    /// The range with twelve premiums after credit.
    pub fn with_premium(self, monthly: Cents) -> Range {
        let year = Cents(monthly.0.saturating_mul(12));
        Range { good: self.good + year, average: self.average + year, bad: self.bad + year }
    }
}

/// Fields of a `Pool`, and of its two pools: the rows of the sums.
const FIELDS: usize = 8;
const ROWS: usize = 2 * FIELDS;

/// One household, ready to be priced under any plan.
#[derive(Debug)]
pub struct Estimator {
    pub(super) lanes: Lanes,
    pub(super) persons: Vec<Person>,
    sums: Vec<f64>,
    /// Price of services at the average share, medical and drugs, by lane.
    averaged: [Vec<f64>; 2],
    /// Price of visits that are free, which count neither to limits nor to the average share.
    free: Vec<f64>,
    pub(super) pools: Vec<[Pool; 2]>,
    pub(super) engine: Engine,
}

/// One calculated year: the average share of other services, and what was paid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub average_share: f64,
    pub paid: f64,
}

impl Estimator {
    /// `factor_thousandths`: from the table's prices to those wanted (1000 = as they are); see `inflation`.
    pub fn new(people: &[Person], model: Model, factor_thousandths: u32) -> Estimator {
        let lanes = Lanes::new(people, model, f64::from(factor_thousandths) / 1000.0);
        let n = lanes.len();
        Estimator {
            persons: people.to_vec(),
            sums: vec![0.0; ROWS * n],
            averaged: [vec![0.0; n], vec![0.0; n]],
            free: vec![0.0; n],
            pools: vec![[Pool::default(); 2]; people.len()],
            engine: Engine::default(),
            lanes,
        }
    }

    /// Out of pocket under a plan, in cents.
    ///
    /// # Errors
    /// A `Gap`: nobody in the household, or no deductible or maximum filed for its size.
    pub fn range(&mut self, rules: &Rules) -> Result<Range, Gap> {
        let [good, average, bad] = self.dollars(rules)?;
        Ok(Range { good: cents(good), average: cents(average), bad: cents(bad) })
    }

    /// The same before rounding: good, average, bad.
    pub(super) fn dollars(&mut self, rules: &Rules) -> Result<[f64; 3], Gap> {
        let caps = self.caps(rules)?;
        self.add_up(rules);
        let (mut average, mut good, mut bad) = (0.0, 0.0, 0.0);
        for year in 0..self.lanes.years {
            let paid = self.year(year, &caps).paid;
            average += if year < self.lanes.average { paid } else { 0.0 };
            good = if year == self.lanes.good { paid } else { good };
            bad = if year == self.lanes.bad { paid } else { bad };
        }
        Ok([good, average / self.lanes.average as f64, bad])
    }

    pub(super) fn caps(&self, rules: &Rules) -> Result<Caps, Gap> {
        if self.lanes.people == 0 { Err(Gap::NoPeople) } else { rules.caps(self.lanes.people) }
    }

    /// Adds up the bills of every lane by how the plan shares them.
    pub(super) fn add_up(&mut self, rules: &Rules) {
        self.sums.fill(0.0);
        self.free.fill(0.0);
        self.averaged.iter_mut().for_each(|lane| lane.fill(0.0));
        for part in &rules.parts {
            self.add(part);
        }
        for service in Service::all().filter(|s| rules.is_averaged(*s)) {
            let lanes = &mut self.averaged[usize::from(service.is_drug())];
            for (sum, price) in lanes.iter_mut().zip(self.lanes.price(service)) {
                *sum += price;
            }
        }
    }

    fn add(&mut self, part: &Part) {
        let n = self.lanes.len();
        let (units, price) = (self.lanes.units(part.service), self.lanes.price(part.service));
        let stays = self.lanes.units(Service::InpatientPhysician);
        let first = usize::from(part.service.is_drug()) * ROWS / 2 + if part.in_maximum { 0 } else { 4 };
        let sums = &mut self.sums[first * n..][..4 * n];
        if !part.is_whole() {
            for lane in 0..n {
                let (u, p) = part.stretch(units[lane], price[lane]);
                let bill = part.bill(u, p, stays[lane]);
                add_one(part, sums, n, lane, bill.price, bill.share);
                // What lies before the first stretch costs nothing; a second stretch takes its own part of it back.
                self.free[lane] -= p;
            }
            if part.to == f64::INFINITY {
                self.free.iter_mut().zip(price).for_each(|(free, price)| *free += price);
            }
            return;
        }
        // The three plain ways, each a loop without a branch: this is where the time goes.
        if part.before {
            for lane in 0..n {
                let bill = part.bill(units[lane], price[lane], stays[lane]);
                add_one(part, sums, n, lane, bill.price, bill.share);
            }
        } else if part.deductible {
            let (open, rest) = sums.split_at_mut(n);
            let after = &mut rest[n..2 * n];
            for lane in 0..n {
                let bill = part.bill(units[lane], price[lane], stays[lane]);
                open[lane] += bill.price;
                after[lane] += bill.share;
            }
        } else if part.copay > 0.0 || part.rate > 0.0 {
            let always = &mut sums[3 * n..];
            for lane in 0..n {
                always[lane] += part.bill(units[lane], price[lane], stays[lane]).share;
            }
        }
    }

    /// Runs one year; the engine keeps its times.
    pub(super) fn year(&mut self, year: usize, caps: &Caps) -> Outcome {
        let (people, n) = (self.lanes.people, self.lanes.len());
        let first = year * people;
        let (mut price, mut share) = (0.0, 0.0);
        for person in 0..people {
            let lane = first + person;
            let at = |row: usize| self.sums[row * n + lane];
            let pool = |r: usize| Pool {
                deductible: at(r),
                beside: at(r + 1),
                after: at(r + 2),
                always: at(r + 3),
                out_deductible: at(r + 4),
                out_beside: at(r + 5),
                out_after: at(r + 6),
                out_always: at(r + 7),
            };
            let pools = [pool(0), pool(FIELDS)];
            for p in &pools {
                share += p.after + p.always + p.out_after + p.out_always;
            }
            price += self.lanes.total[lane] - self.averaged[0][lane] - self.averaged[1][lane] - self.free[lane];
            self.pools[person] = pools;
        }
        let average_share = if price > 0.0 { share / price } else { 0.0 };
        for person in 0..people {
            for (pool, averaged) in self.pools[person].iter_mut().zip(&self.averaged) {
                pool.deductible += averaged[first + person];
                pool.after += averaged[first + person] * average_share;
            }
        }
        Outcome { average_share, paid: self.engine.run(&self.pools, caps) }
    }

    pub(super) fn times(&self, person: usize, service: Service) -> Times {
        self.engine.times[person][usize::from(service.is_drug())]
    }
}

/// One lane of a part into the four rows of its pool: counted to the deductible, beside it, after it, always.
fn add_one(part: &Part, sums: &mut [f64], n: usize, lane: usize, price: f64, share: f64) {
    if !part.deductible {
        sums[3 * n + lane] += share;
        return;
    }
    let beside = if part.before { share } else { 0.0 };
    sums[lane] += price - beside;
    sums[n + lane] += beside;
    sums[2 * n + lane] += share;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::costs::household::Use;
    use crate::costs::plan::{CostSharing, Share};
    use crate::costs::utilization::Sex;
    use crate::costs::words::{Coinsurance, Copay, Per, Timing};

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
        let person = |sex| Person { age: 60, sex: Some(sex), usage: Use::Medium };
        let mut estimator = Estimator::new(&[person(Sex::Male), person(Sex::Female)], Model::Cms, 1000);
        let paid = estimator.dollars(&Rules::new(&plan, Model::Cms).unwrap()).unwrap()[1];
        let expected = |name: &str| example["expected"][name].as_f64().unwrap();
        assert!((paid - expected("oopc")).abs() < 1e-9, "{paid}");
        let allowed: f64 = estimator.lanes.total.iter().sum();
        assert!((allowed - expected("total_cost")).abs() < 1e-9, "{allowed}");
    }
}
