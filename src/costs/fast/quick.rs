//! A year's dollars without stepping: what lists need, if the plan's limits allow it.
//!
//! Called through `fast` with the bills of every kind of person added up. It returns `None` for a year that must be
//! stepped through (`engine`), and a test checks the two against each other. It must not know times or lines: those
//! are the engine's.
//!
//! Why it works: payments only ever grow over a year, so a maximum caps the year's sum, whenever it was reached. A
//! person's deductible ends at a share of the year that is known beforehand, unless the family's ends first; that
//! moment is found by adding up how much everybody has paid toward it. As long as it does not come, a person's year
//! is `base + slope × average share`, and both are known before any year is looked at.

use super::sums::{Recipe, Sums, least};
use crate::costs::bills::{Caps, MET, Shape};
use crate::costs::kind::{ROWS, Rows};
use crate::costs::lanes::{Lanes, Place};

/// One pool's bills for a kind, row by row; see `engine::Pool`.
#[derive(Debug, Clone, Copy)]
struct Bills {
    /// Counts toward the deductible while it is open, in a whole year.
    fills: Rows,
    /// Counted toward it until it is over or the maximum is reached.
    filled: Rows,
    /// Paid per year while the deductible is open.
    open: Rows,
    /// Paid per year once it is over, without the average share.
    after: Rows,
    /// Price of whatever uses the average share.
    averaged: Rows,
    /// When the person's own deductible is over, as a share of the year.
    close: Rows,
    /// A year under only the person's own deductible, and what the average share adds to it.
    base: Rows,
    slope: Rows,
}

/// What a family's years need from one row, side by side.
#[derive(Debug, Clone, Copy, Default)]
struct YearRow {
    /// Paid outside the deductible, and the price it is paid on, which give the average share; counted toward the
    /// deductibles.
    sums: [f64; 4],
    /// Outside every limit.
    outside: f64,
    /// For each pool.
    base: [f64; 2],
    slope: [f64; 2],
}

const NONE: Rows = [0.0; ROWS];
const NO_BILLS: Bills =
    Bills { fills: NONE, filled: NONE, open: NONE, after: NONE, averaged: NONE, close: NONE, base: NONE, slope: NONE };

/// Working memory for one household.
#[derive(Debug)]
pub(super) struct Quick {
    shape: Shape,
    person_maximum: [f64; 2],
    group_maximum: [f64; 2],
    group_deductible: [f64; 2],
    /// By kind.
    bills: Vec<[Bills; 2]>,
    /// By kind, then row.
    rows: Vec<YearRow>,
    /// What each row costs a single person.
    alone: Rows,
}

impl Quick {
    pub(super) fn new(kinds: usize) -> Quick {
        Quick {
            shape: Shape::Steps,
            person_maximum: [0.0; 2],
            group_maximum: [0.0; 2],
            group_deductible: [0.0; 2],
            bills: vec![[NO_BILLS; 2]; kinds],
            rows: vec![YearRow::default(); ROWS * kinds],
            alone: NONE,
        }
    }

    /// Prepares a plan's bills for its years.
    pub(super) fn prepare(&mut self, lanes: &Lanes, sums: &[Sums], recipe: &Recipe, caps: &Caps) {
        self.shape = if recipe.deductible_outside { Shape::Steps } else { caps.shape };
        // The index of each pool's limits (medical care, drugs, both).
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
        for (pool, deductible) in deductible.iter_mut().enumerate() {
            let group = self.group_deductible[pool];
            if group < MET || group.is_infinite() && deductible.is_infinite() {
                // No deductible is a deductible that is met before the year begins.
                *deductible = 0.0;
            }
            if lanes.people == 1 {
                // Both limits are filled by the same person; the smaller one is met first.
                *deductible = least(*deductible, group);
                self.person_maximum[pool] = least(self.person_maximum[pool], self.group_maximum[pool]);
            }
        }
        // With one maximum over two pools, the share each pool fills is not known yet: see `cut_short`.
        let known = self.shape != Shape::DeductiblesApart;
        let most = if known { self.person_maximum } else { [f64::INFINITY; 2] };
        for (i, (sums, kind)) in sums.iter().zip(&lanes.kinds).enumerate() {
            let total = &kind.kind().total;
            let (mut share, mut outside) = (NONE, NONE);
            let mut price: Rows = std::array::from_fn(|i| total[i] - sums.free[i]);
            for pool in 0..recipe.pools {
                let ([_, _, after, always], [_, _, _, out]) = sums.fields(pool);
                for i in 0..ROWS {
                    share[i] += after[i] + always[i] + out[i];
                    price[i] -= sums.averaged[pool][i];
                    outside[i] += out[i];
                }
                self.bills[i][pool].lay_out(sums, pool, deductible[pool], most[pool]);
            }
            if lanes.people == 1 {
                self.sum_up_alone(&share, &price, &outside);
            } else {
                self.lay_side_by_side(i, &share, &price, &outside);
            }
        }
    }

    fn sum_up_alone(&mut self, share: &Rows, price: &Rows, outside: &Rows) {
        let average: Rows = std::array::from_fn(|i| if price[i] > 0.0 { share[i] / price[i] } else { 0.0 });
        let [first, second] = &self.bills[0];
        let paid = |of: &Bills, i: usize| of.base[i] + of.slope[i] * average[i];
        let [most, second_most] = self.person_maximum;
        self.alone = match self.shape {
            Shape::Combined | Shape::Steps => std::array::from_fn(|i| outside[i] + least(paid(first, i), most)),
            Shape::DeductiblesApart => {
                std::array::from_fn(|i| outside[i] + least(paid(first, i) + paid(second, i), most))
            }
            Shape::Apart => {
                std::array::from_fn(|i| outside[i] + least(paid(first, i), most) + least(paid(second, i), second_most))
            }
        };
    }

    fn lay_side_by_side(&mut self, kind: usize, share: &Rows, price: &Rows, outside: &Rows) {
        let [first, second] = &self.bills[kind];
        for (i, row) in self.rows[kind * ROWS..][..ROWS].iter_mut().enumerate() {
            *row = YearRow {
                sums: [share[i], price[i], first.filled[i], second.filled[i]],
                outside: outside[i],
                base: [first.base[i], second.base[i]],
                slope: [first.slope[i], second.slope[i]],
            };
        }
    }

    /// Dollars paid by everybody in a year; `None` = step through it.
    pub(super) fn year(&self, places: &[Place]) -> Option<f64> {
        if self.shape == Shape::Steps {
            return None;
        }
        if let [place] = places {
            return Some(self.alone[usize::from(place.row)]);
        }
        let (mut sums, mut outside) = ([0.0; 4], 0.0);
        for row in self.rows(places) {
            sums.iter_mut().zip(row.sums).for_each(|(sum, more)| *sum += more);
            outside += row.outside;
        }
        let [share, price, filled @ ..] = sums;
        let average = if price > 0.0 { share / price } else { 0.0 };
        let paid = match self.shape {
            Shape::Combined => self.apart(0, places, filled, average),
            Shape::Apart => self.apart(0, places, filled, average) + self.apart(1, places, filled, average),
            _ => self.joint(places, filled, average)?,
        };
        Some(outside + paid)
    }

    fn rows(&self, places: &[Place]) -> impl Iterator<Item = &YearRow> {
        places.iter().map(|place| &self.rows[usize::from(place.at)])
    }

    fn bills(&self, places: &[Place]) -> impl Iterator<Item = (&[Bills; 2], usize)> {
        places.iter().map(|place| (&self.bills[usize::from(place.kind)], usize::from(place.row)))
    }

    /// One pool with its own limits.
    fn apart(&self, pool: usize, places: &[Place], filled: [f64; 2], average: f64) -> f64 {
        let most = self.person_maximum[pool];
        let paid: f64 = if filled[pool] < self.group_deductible[pool] + MET {
            self.rows(places).map(|row| least(row.base[pool] + row.slope[pool] * average, most)).sum()
        } else {
            let over = self.over(pool, places);
            self.bills(places).map(|(bills, row)| least(bills[pool].paid(row, over, average), most)).sum()
        };
        least(paid, self.group_maximum[pool])
    }

    /// Separate deductibles under one maximum.
    fn joint(&self, places: &[Place], filled: [f64; 2], average: f64) -> Option<f64> {
        let most = self.person_maximum[0];
        let open = |pool: usize| filled[pool] < self.group_deductible[pool] + MET;
        if open(0) && open(1) {
            let slope = |row: &YearRow| (row.slope[0] + row.slope[1]) * average;
            let paid = self.rows(places).map(|row| least(row.base[0] + row.base[1] + slope(row), most)).sum();
            return Some(least(paid, self.group_maximum[0]));
        }
        let over = [0, 1].map(|pool| if open(pool) { 1.0 } else { self.over(pool, places) });
        let mut paid = 0.0;
        for (bills, row) in self.bills(places) {
            if (0..2).any(|pool| !open(pool) && cut_short(bills, row, pool, (over, average, most))) {
                return None;
            }
            paid += least(bills[0].paid(row, over[0], average) + bills[1].paid(row, over[1], average), most);
        }
        Some(least(paid, self.group_maximum[0]))
    }

    /// When the family's deductible is over, as a share of the year.
    fn over(&self, pool: usize, places: &[Place]) -> f64 {
        let limit = self.group_deductible[pool];
        // Everybody fills it at their rate until they are done. Treating those as done who are done at the moment
        // found so far, the next moment can only be later; it stays put once nobody else is.
        let mut moment = 0.0;
        loop {
            let (mut speed, mut done) = (0.0, 0.0);
            for (bills, row) in self.bills(places) {
                let (fills, filled) = (bills[pool].fills[row], bills[pool].filled[row]);
                let filling = fills * moment < filled;
                speed += if filling { fills } else { 0.0 };
                done += if filling { 0.0 } else { filled };
            }
            let next = (limit - done) / speed;
            // It is also no later if nobody is filling it any more and `next` is NaN.
            if next > moment {
                moment = next;
            } else {
                return moment;
            }
        }
    }
}

/// Whether somebody's maximum over both pools is reached while the pool's deductible is open: then they fill the
/// family's deductible for a shorter time than counted. Takes when the family's deductibles are over, the average
/// share and the maximum.
fn cut_short(bills: &[Bills; 2], row: usize, pool: usize, (over, average, most): ([f64; 2], f64, f64)) -> bool {
    let end = least(bills[pool].close[row], over[pool]);
    let paid = |bills: &Bills, over: f64| {
        let open = least(least(bills.close[row], over), end);
        bills.open[row] * open + (bills.after[row] + bills.averaged[row] * average) * (end - open)
    };
    bills[pool].fills[row] > 0.0 && paid(&bills[0], over[0]) + paid(&bills[1], over[1]) > most
}

impl Bills {
    /// One pool's bills under a person's own deductible and maximum.
    fn lay_out(&mut self, sums: &Sums, pool: usize, deductible: f64, maximum: f64) {
        let ([open, beside, after, always], _) = sums.fields(pool);
        self.averaged = sums.averaged[pool];
        for i in 0..ROWS {
            self.fills[i] = open[i] + self.averaged[i];
            self.open[i] = always[i] + beside[i] + self.fills[i];
            self.after[i] = always[i] + after[i];
        }
        if deductible < MET {
            (self.close, self.filled, self.base, self.slope) = (NONE, NONE, self.after, self.averaged);
            return;
        }
        for i in 0..ROWS {
            // Nothing to fill it with: then the limit's share is NaN or too large, and `least` returns its second
            // argument.
            let close = least(deductible / self.fills[i], 1.0);
            self.close[i] = close;
            self.base[i] = self.open[i] * close + self.after[i] * (1.0 - close);
            self.slope[i] = self.averaged[i] * (1.0 - close);
            self.filled[i] = self.fills[i] * least(maximum / self.open[i], close);
        }
    }

    /// What a year costs without a maximum; `over`: when the family's deductible is over.
    fn paid(&self, row: usize, over: f64, average: f64) -> f64 {
        let close = least(self.close[row], over);
        self.open[row] * close + (self.after[row] + self.averaged[row] * average) * (1.0 - close)
    }
}
