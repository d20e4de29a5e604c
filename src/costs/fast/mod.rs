//! The shortcut to a household's years: bills added up by how they are shared, and years summed up without stepping.
//!
//! Called by `range`, which asks here first and steps through a year (`engine`) if the answer is `None`; a test checks the
//! two against each other. It is the only door of this folder: `Plan` is what a variant stores for it, `Sheet` the working
//! memory of one household. It must never give an amount that the steps would not give: it exists for speed alone
//! (`docs/costs.md`).

mod kept;
mod quick;
mod sums;

pub(super) use kept::{Kept, KeptKey, Years};
use quick::Quick;
use sums::{Recipe, Sums};

use super::bills::{Caps, Part};
use super::engine::Pool;
use super::lanes::{Lanes, Place};

/// What a variant keeps ready: its parts sorted by how much work they are, and the stored answers for single people.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    recipe: Recipe,
    /// Set by `Preparer`.
    pub(super) kept: Option<Kept>,
}

impl Plan {
    pub(super) fn new(parts: &[Part], averaged: u32, all_combined: bool) -> Plan {
        Plan { recipe: Recipe::new(parts, averaged, all_combined), kept: None }
    }
}

/// One household's bills under one plan after another.
#[derive(Debug)]
pub(super) struct Sheet {
    /// By kind of person.
    sums: Vec<Sums>,
    quick: Quick,
}

impl Sheet {
    pub(super) fn new(kinds: usize) -> Sheet {
        Sheet { sums: vec![Sums::new(); kinds], quick: Quick::new(kinds) }
    }

    /// Adds up the bills of every kind of person by how the plan shares them.
    pub(super) fn add_up(&mut self, lanes: &Lanes, plan: &Plan, caps: &Caps) {
        for (sums, kind) in self.sums.iter_mut().zip(&lanes.kinds) {
            sums.add_up(&plan.recipe, kind.kind());
        }
        self.quick.prepare(lanes, &self.sums, &plan.recipe, caps);
    }

    /// Dollars paid by everybody in a year; `None` = step through it.
    pub(super) fn year(&self, places: &[Place]) -> Option<f64> {
        self.quick.year(places)
    }

    /// The bills of a year as `engine` steps through them, person by person: medical care (or everything, if no limit
    /// separates the two) and drugs. Returns the plan's average share, which is applied to whatever uses it.
    pub(super) fn pools(&self, lanes: &Lanes, year: usize, plan: &Plan, into: &mut [Vec<Pool>; 2]) -> f64 {
        let used = plan.recipe.pools;
        let (mut share, mut price) = (0.0, 0.0);
        into.iter_mut().for_each(Vec::clear);
        for place in lanes.year(year) {
            let (sums, row) = (&self.sums[usize::from(place.kind)], usize::from(place.row));
            price += lanes.kind(*place).total[row] - sums.free[row];
            for (pool, pools) in into[..used].iter_mut().enumerate() {
                let bills = sums.pool(pool, row);
                share += bills.share();
                price -= sums.averaged[pool][row];
                pools.push(bills);
            }
        }
        let average = if price > 0.0 { share / price } else { 0.0 };
        for (pool, pools) in into[..used].iter_mut().enumerate() {
            for (bills, place) in pools.iter_mut().zip(lanes.year(year)) {
                let averaged = self.sums[usize::from(place.kind)].averaged[pool][usize::from(place.row)];
                bills.deductible += averaged;
                bills.after += averaged * average;
            }
        }
        average
    }
}
