//! A year's dollars without steps: what lists need, where the plan's limits allow it.
//!
//! Called by `range` with the bills of every kind of person added up. It gives `None` for a year that must be stepped
//! through (`engine`), and a test holds the two to each other. It must not know times or lines: those are the engine's.
//!
//! Why it works: payments only ever grow over a year, so a maximum cuts the year's sum, whenever it was reached. A
//! person's deductible is over at a share of the year that is known beforehand, unless the family's is over before;
//! that moment is found by adding up how much everybody has paid to it.

use super::engine::MET;
use super::household::{Lanes, Place};
use super::kind::ROWS;
use super::rules::{Caps, Shape};
use super::sums::{Recipe, Sums, least};

/// One row of a kind in one pool; see `engine::Pool`.
#[derive(Debug, Clone, Copy, Default)]
struct Bill {
    /// Counts to the deductible while it is open, in a whole year.
    fills: f64,
    /// Counted to it until it is over or the maximum is reached.
    filled: f64,
    /// Paid a year while the deductible is open.
    open: f64,
    /// Paid a year once it is over, without the average share.
    after: f64,
    /// Price of what takes the average share.
    averaged: f64,
    /// When the person's own deductible is over, as a share of the year.
    close: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Row {
    /// What the average share is made of: paid outside the deductible, and the price it is paid of.
    share: f64,
    price: f64,
    /// Outside every limit.
    outside: f64,
    pools: [Bill; 2],
}

/// Working memory for one household.
#[derive(Debug)]
pub(super) struct Quick {
    rows: Vec<[Row; ROWS]>,
    person_maximum: [f64; 2],
    group_maximum: [f64; 2],
    group_deductible: [f64; 2],
    shape: Shape,
}

impl Quick {
    pub(super) fn new(kinds: usize) -> Quick {
        Quick {
            rows: vec![[Row::default(); ROWS]; kinds],
            person_maximum: [0.0; 2],
            group_maximum: [0.0; 2],
            group_deductible: [0.0; 2],
            shape: Shape::Steps,
        }
    }

    /// Makes a plan's bills ready for its years.
    pub(super) fn prepare(&mut self, lanes: &Lanes, sums: &[Sums], recipe: &Recipe, caps: &Caps) {
        self.shape = if recipe.deductible_outside { Shape::Steps } else { caps.shape };
        // Where in the limits (medical care, drugs, both) those of each pool stand.
        let (deductible_at, maximum_at) = match self.shape {
            Shape::Steps => return,
            Shape::Combined => ([2, 2], [2, 2]),
            Shape::DeductiblesApart => ([0, 1], [2, 2]),
            Shape::Apart => ([0, 1], [0, 1]),
        };
        let of = |limits: &[f64; 3], at: [usize; 2]| at.map(|kind| limits[kind]);
        self.group_deductible = of(&caps.group_deductible, deductible_at);
        self.group_maximum = of(&caps.group_maximum, maximum_at);
        self.person_maximum = of(&caps.person_maximum, maximum_at);
        let mut deductible = of(&caps.person_deductible, deductible_at);
        for pool in 0..2 {
            let group = &mut self.group_deductible[pool];
            if *group < MET || group.is_infinite() && deductible[pool].is_infinite() {
                // No deductible at all is one that is met before the year begins.
                deductible[pool] = 0.0;
            }
            if lanes.people == 1 {
                // Both limits are filled by the same person; the smaller one is met first.
                deductible[pool] = deductible[pool].min(*group);
                *group = f64::INFINITY;
                self.person_maximum[pool] = self.person_maximum[pool].min(self.group_maximum[pool]);
            }
        }
        for ((rows, sums), kind) in self.rows.iter_mut().zip(sums).zip(&lanes.kinds) {
            let total = &kind.kind().total;
            for (at, row) in rows.iter_mut().enumerate() {
                (row.share, row.price, row.outside) = (0.0, total[at] - sums.free[at], 0.0);
                for pool in 0..recipe.pools {
                    let (bills, averaged) = (sums.pool(pool, at), sums.averaged[pool][at]);
                    row.share += bills.share();
                    row.price -= averaged;
                    row.outside += bills.out_always;
                    let fills = bills.deductible + averaged;
                    let open = bills.always + fills + bills.beside;
                    let limit = deductible[pool];
                    let close = if fills > limit { limit / fills } else { 1.0 };
                    let close = if limit < MET { 0.0 } else { close };
                    // With one maximum over two pools nobody can say yet which share of it either fills: see `joint`.
                    let most =
                        if self.shape == Shape::DeductiblesApart { f64::INFINITY } else { self.person_maximum[pool] };
                    let until = if open * close > most { most / open } else { close };
                    let after = bills.always + bills.after;
                    row.pools[pool] = Bill { fills, filled: fills * until, open, after, averaged, close };
                }
            }
        }
    }

    /// Dollars paid by everybody in a year; `None` = step through it.
    pub(super) fn year(&self, places: &[Place]) -> Option<f64> {
        let rows = || places.iter().map(|at| &self.rows[usize::from(at.kind)][usize::from(at.row)]);
        let (mut share, mut price, mut outside) = (0.0, 0.0, 0.0);
        for row in rows() {
            share += row.share;
            price += row.price;
            outside += row.outside;
        }
        let average = if price > 0.0 { share / price } else { 0.0 };
        let apart = |pool: usize| {
            let over = self.over(pool, rows().map(|row| &row.pools[pool]));
            let paid: f64 =
                rows().map(|row| least(row.pools[pool].paid(over, average), self.person_maximum[pool])).sum();
            least(paid, self.group_maximum[pool])
        };
        match self.shape {
            Shape::Steps => None,
            Shape::Combined => Some(outside + apart(0)),
            Shape::Apart => Some(outside + apart(0) + apart(1)),
            Shape::DeductiblesApart => {
                let over = [0, 1].map(|pool| self.over(pool, rows().map(|row| &row.pools[pool])));
                let mut paid = 0.0;
                for row in rows() {
                    if (0..2).any(|pool| over[pool] < 1.0 && self.cut_short(row, pool, over, average)) {
                        return None;
                    }
                    let both = row.pools[0].paid(over[0], average) + row.pools[1].paid(over[1], average);
                    paid += least(both, self.person_maximum[0]);
                }
                Some(outside + least(paid, self.group_maximum[0]))
            }
        }
    }

    /// When the family's deductible is over, as a share of the year; 1 where nobody is spared anything by it.
    fn over<'a>(&self, pool: usize, bills: impl Iterator<Item = &'a Bill> + Clone) -> f64 {
        let limit = self.group_deductible[pool];
        if bills.clone().map(|bill| bill.filled).sum::<f64>() < limit + MET {
            return 1.0;
        }
        // Everybody fills it at their speed until they are done. Taking those as done who are done at the moment found
        // so far, the next moment can only be later; it stands still once nobody else is.
        let mut moment = 0.0;
        loop {
            let (mut speed, mut done) = (0.0, 0.0);
            for bill in bills.clone() {
                let filling = bill.fills * moment < bill.filled;
                speed += if filling { bill.fills } else { 0.0 };
                done += if filling { 0.0 } else { bill.filled };
            }
            let next = (limit - done) / speed;
            // Nor is it later where nobody is filling any more, and `next` is no number.
            if next > moment {
                moment = next;
            } else {
                return moment;
            }
        }
    }

    /// Whether the person's maximum over both pools is reached while the pool's deductible is open: then they fill the
    /// family's deductible for a shorter time than was reckoned.
    fn cut_short(&self, row: &Row, pool: usize, over: [f64; 2], average: f64) -> bool {
        let end = least(row.pools[pool].close, over[pool]);
        let paid = |pool: usize| {
            let bill = &row.pools[pool];
            let open = least(least(bill.close, over[pool]), end);
            bill.open * open + (bill.after + bill.averaged * average) * (end - open)
        };
        row.pools[pool].fills > 0.0 && paid(0) + paid(1) > self.person_maximum[0]
    }
}

impl Bill {
    /// What a year costs without a maximum; `over`: when the family's deductible is over.
    fn paid(&self, over: f64, average: f64) -> f64 {
        let close = least(self.close, over);
        self.open * close + (self.after + self.averaged * average) * (1.0 - close)
    }
}
