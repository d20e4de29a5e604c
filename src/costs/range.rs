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
    /// By lane, with the average share laid on: medical care (or everything, where no limit tells them apart), drugs.
    pools: [Vec<Pool>; 2],
    /// By year: the plan's average share.
    pub(super) average_share: Vec<f64>,
    pub(super) engine: Engine,
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
            pools: [vec![Pool::default(); n], vec![Pool::default(); n]],
            average_share: vec![0.0; lanes.years],
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
            let paid = self.year(year, &caps);
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
        let used = if rules.all_combined() { FIELDS } else { ROWS } * self.lanes.len();
        self.sums[..used].fill(0.0);
        self.free.fill(0.0);
        self.averaged.iter_mut().for_each(|lane| lane.fill(0.0));
        for part in &rules.parts {
            self.add(part, rules.pool(part.service));
        }
        for service in Service::all().filter(|s| rules.is_averaged(*s)) {
            let lanes = &mut self.averaged[rules.pool(service)];
            for (sum, price) in lanes.iter_mut().zip(self.lanes.price(service)) {
                *sum += price;
            }
        }
        self.lay_out(rules.all_combined());
    }

    fn add(&mut self, part: &Part, pool: usize) {
        let n = self.lanes.len();
        let (units, price) = (self.lanes.units(part.service), self.lanes.price(part.service));
        let stays = self.lanes.units(Service::InpatientPhysician);
        let first = pool * FIELDS + if part.in_maximum { 0 } else { 4 };
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
        // The plain ways, each a loop without a branch: this is where the time goes.
        let [open, beside, after, always] = rows(sums, n);
        let share = |lane: usize| part.bill(units[lane], price[lane], stays[lane]).share;
        match (part.deductible, part.before, part.is_plain_rate()) {
            (false, _, true) if part.rate == 0.0 => {}
            (false, _, true) => (0..n).for_each(|lane| always[lane] += part.rate * price[lane]),
            (false, _, false) => (0..n).for_each(|lane| always[lane] += share(lane)),
            (true, false, true) => {
                (0..n).for_each(|lane| open[lane] += price[lane]);
                (0..n).for_each(|lane| after[lane] += part.rate * price[lane]);
            }
            (true, false, false) => {
                (0..n).for_each(|lane| open[lane] += price[lane]);
                (0..n).for_each(|lane| after[lane] += share(lane));
            }
            (true, true, _) => {
                for lane in 0..n {
                    let share = share(lane);
                    open[lane] += price[lane] - share;
                    beside[lane] += share;
                    after[lane] += share;
                }
            }
        }
    }

    /// Turns the sums into everybody's pools, and lays the average share of the year on what takes it.
    fn lay_out(&mut self, all_combined: bool) {
        let (people, n) = (self.lanes.people, self.lanes.len());
        for (pools, sums) in self.pools.iter_mut().zip(self.sums.chunks(FIELDS * n)) {
            let row = |i: usize| &sums[i * n..][..n];
            let [open, beside, after, always] = [row(0), row(1), row(2), row(3)];
            let [out_open, out_beside, out_after, out_always] = [row(4), row(5), row(6), row(7)];
            for (lane, pool) in pools[..n].iter_mut().enumerate() {
                *pool = Pool {
                    deductible: open[lane],
                    beside: beside[lane],
                    after: after[lane],
                    always: always[lane],
                    out_deductible: out_open[lane],
                    out_beside: out_beside[lane],
                    out_after: out_after[lane],
                    out_always: out_always[lane],
                };
            }
            if all_combined {
                break;
            }
        }
        let used = if all_combined { 1 } else { 2 };
        for year in 0..self.lanes.years {
            let lanes = year * people..(year + 1) * people;
            let total = |of: &[f64]| of[lanes.clone()].iter().sum::<f64>();
            let averaged: f64 = self.averaged[..used].iter().map(|of| total(of)).sum();
            let price = total(&self.lanes.total) - averaged - total(&self.free);
            let shares = self.pools[..used].iter().flat_map(|pools| &pools[lanes.clone()]);
            let share: f64 = shares.map(Pool::share).sum();
            let average = if price > 0.0 { share / price } else { 0.0 };
            for (pools, averaged) in self.pools[..used].iter_mut().zip(&self.averaged) {
                for (pool, averaged) in pools[lanes.clone()].iter_mut().zip(&averaged[lanes.clone()]) {
                    pool.deductible += averaged;
                    pool.after += averaged * average;
                }
            }
            self.average_share[year] = average;
        }
    }

    /// Runs one year of what was added up; gives the dollars paid. The engine keeps the year's times.
    pub(super) fn year(&mut self, year: usize, caps: &Caps) -> f64 {
        let lanes = year * self.lanes.people..(year + 1) * self.lanes.people;
        self.engine.run(&self.pools[0][lanes.clone()], &self.pools[1][lanes], caps)
    }

    pub(super) fn times(&self, person: usize, service: Service) -> Times {
        self.engine.times[person][usize::from(service.is_drug())]
    }
}

/// The four rows that a pool's sums begin with: counted to the deductible, beside it, after it, always.
fn rows(sums: &mut [f64], n: usize) -> [&mut [f64]; 4] {
    let (open, rest) = sums.split_at_mut(n);
    let (beside, rest) = rest.split_at_mut(n);
    let (after, always) = rest.split_at_mut(n);
    [open, beside, after, &mut always[..n]]
}

/// One lane of a part into those rows.
fn add_one(part: &Part, sums: &mut [f64], n: usize, lane: usize, price: f64, share: f64) {
    let [open, beside, after, always] = rows(sums, n);
    if !part.deductible {
        always[lane] += share;
        return;
    }
    let first = if part.before { share } else { 0.0 };
    open[lane] += price - first;
    beside[lane] += first;
    after[lane] += share;
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
