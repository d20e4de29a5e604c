//! Adds up the bills for a kind of person by how a plan shares them, in all rows at once.
//!
//! Called through `fast`. `Recipe` is made once per variant with its `Rules`; `Sums` once per kind of person and
//! plan, which is where most of a list's time goes. Services that are shared alike have their prices added before
//! anything is multiplied, and every inner loop runs over a fixed number of rows without a branch. It must know
//! nothing about years or limits.

use crate::costs::bills::Part;
use crate::costs::engine::Pool;
use crate::costs::kind::{Kind, ROWS, Rows};
use crate::costs::service::{SERVICES, Service};

/// A variant's parts, sorted by how much work they are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recipe {
    /// Services where a share of the price is paid.
    groups: Box<[Group]>,
    /// Services with a copay or a cap.
    visits: Box<[Visit]>,
    /// Stretches of a service's units.
    stretches: Box<[Part]>,
    /// Services at the plan's average share, one bit each, by pool.
    averaged: [u32; 2],
    /// One pool for everything, or separate ones for medical care and drugs.
    pub pools: usize,
    /// A deductible that outlives the maximum: what is paid toward it does not count toward the maximum.
    pub deductible_outside: bool,
}

/// Services with one rate, one bit each.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Group {
    services: u32,
    rate: f64,
    way: Way,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Visit {
    service: Service,
    /// The service whose units the copay is paid for.
    counted: Service,
    way: Way,
    copay: f64,
    days: f64,
    rate: f64,
    cap: f64,
}

/// Where a share is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    pool: u8,
    in_maximum: bool,
    deductible: bool,
    before: bool,
}

impl Recipe {
    pub(super) fn new(parts: &[Part], averaged: u32, all_combined: bool) -> Recipe {
        let pool = |service: Service| u8::from(service.is_drug() && !all_combined);
        let (mut groups, mut visits, mut stretches) = (Vec::<Group>::new(), Vec::new(), Vec::new());
        for part in parts {
            let plain = part.copay == 0.0 && (part.cap == f64::INFINITY || part.rate == 0.0);
            // If nothing is paid, nothing is paid on top of the deductible either.
            let before = part.before && !(plain && part.rate == 0.0);
            let (in_maximum, deductible) = (part.in_maximum, part.deductible);
            let way = Way { pool: pool(part.service), in_maximum, deductible, before };
            if !part.is_whole() {
                stretches.push(*part);
            } else if plain && !before {
                if part.rate == 0.0 && !part.deductible {
                    continue;
                }
                let bit = 1 << part.service as u32;
                match groups.iter_mut().find(|g| g.rate == part.rate && g.way == way) {
                    Some(group) => group.services |= bit,
                    None => groups.push(Group { services: bit, rate: part.rate, way }),
                }
            } else {
                let counted = if part.per_stay { Service::InpatientPhysician } else { part.service };
                // The largest number means no cap: times no units it is zero, which infinity would not be.
                let cap = part.cap.min(f64::MAX);
                let days = if part.per_stay { f64::MAX } else { part.days };
                visits.push(Visit {
                    service: part.service,
                    counted,
                    way,
                    copay: part.copay,
                    days,
                    rate: part.rate,
                    cap,
                });
            }
        }
        let drugs = Service::all().filter(|s| pool(*s) == 1).fold(0, |bits, s| bits | 1 << s as u32);
        Recipe {
            groups: groups.into(),
            visits: visits.into(),
            stretches: stretches.into(),
            averaged: [averaged & !drugs, averaged & drugs],
            pools: if all_combined { 1 } else { 2 },
            deductible_outside: parts.iter().any(|p| p.deductible && !p.in_maximum),
        }
    }
}

/// The fields of a `Pool`: four that count toward the maximum, and the same four outside it.
type Fields = [[Rows; 4]; 2];
const NONE: Fields = [[[0.0; ROWS]; 4]; 2];

/// One kind of person's bills under one plan: dollars of a whole year by row, medical care and drugs.
#[derive(Debug, Clone)]
pub(super) struct Sums {
    fields: [Fields; 2],
    /// Price of services at the average share.
    pub averaged: [Rows; 2],
    /// Price of free visits, which count toward neither limits nor the average share.
    pub free: Rows,
}

impl Sums {
    pub(super) fn new() -> Sums {
        Sums { fields: [NONE; 2], averaged: [[0.0; ROWS]; 2], free: [0.0; ROWS] }
    }

    /// Counted toward the deductible, on top of it, after it, always: first what counts toward the maximum, then what
    /// does not.
    pub(super) fn fields(&self, pool: usize) -> (&[Rows; 4], &[Rows; 4]) {
        (&self.fields[pool][0], &self.fields[pool][1])
    }

    /// The bills of a row, before the average share is applied.
    pub(super) fn pool(&self, pool: usize, row: usize) -> Pool {
        let [inside, outside] = &self.fields[pool];
        Pool {
            deductible: inside[0][row],
            beside: inside[1][row],
            after: inside[2][row],
            always: inside[3][row],
            out_deductible: outside[0][row],
            out_beside: outside[1][row],
            out_after: outside[2][row],
            out_always: outside[3][row],
        }
    }

    pub(super) fn add_up(&mut self, recipe: &Recipe, kind: &Kind) {
        self.fields[..recipe.pools].fill(NONE);
        self.free = [0.0; ROWS];
        for group in &recipe.groups {
            let price = prices(kind, group.services);
            let [open, _, after, always] = self.way(group.way);
            if group.way.deductible {
                each(open, |i| price[i]);
            }
            each(if group.way.deductible { after } else { always }, |i| group.rate * price[i]);
        }
        for visit in &recipe.visits {
            let (price, share) = (&kind.price[visit.service as usize], visit.share(kind));
            let [open, beside, after, always] = self.way(visit.way);
            match (visit.way.deductible, visit.way.before) {
                (false, _) => each(always, |i| share[i]),
                (true, false) => {
                    each(open, |i| price[i]);
                    each(after, |i| share[i]);
                }
                (true, true) => {
                    each(open, |i| price[i] - share[i]);
                    each(beside, |i| share[i]);
                    each(after, |i| share[i]);
                }
            }
        }
        for part in &recipe.stretches {
            self.stretch(part, kind, recipe.pools);
        }
        for (averaged, services) in self.averaged.iter_mut().zip(recipe.averaged).take(recipe.pools) {
            *averaged = prices(kind, services);
        }
    }

    /// Counted toward the deductible, on top of it, after it, always.
    fn way(&mut self, way: Way) -> &mut [Rows; 4] {
        &mut self.fields[usize::from(way.pool & 1)][usize::from(!way.in_maximum)]
    }

    fn stretch(&mut self, part: &Part, kind: &Kind, pools: usize) {
        let (units, price) = (&kind.units[part.service as usize], &kind.price[part.service as usize]);
        let stays = &kind.units[Service::InpatientPhysician as usize];
        let pool = u8::from(part.service.is_drug() && pools == 2);
        let Part { in_maximum, deductible, before, .. } = *part;
        for row in 0..ROWS {
            let (u, p) = part.stretch(units[row], price[row]);
            let bill = part.bill(u, p, stays[row]);
            let [open, beside, after, always] = self.way(Way { pool, in_maximum, deductible, before });
            if deductible {
                let first = if before { bill.share } else { 0.0 };
                open[row] += bill.price - first;
                beside[row] += first;
                after[row] += bill.share;
            } else {
                always[row] += bill.share;
            }
            // Whatever precedes the first stretch is free; a second stretch takes its own part back.
            self.free[row] += if part.to == f64::INFINITY { price[row] - p } else { -p };
        }
    }
}

impl Visit {
    fn share(&self, kind: &Kind) -> Rows {
        let (units, price) = (&kind.units[self.service as usize], &kind.price[self.service as usize]);
        let counted = &kind.units[self.counted as usize];
        if self.rate == 0.0 {
            return std::array::from_fn(|i| least(self.copay * least(counted[i], self.days), price[i]));
        }
        std::array::from_fn(|i| {
            let rate = least(self.rate * price[i], self.cap * units[i]);
            least(self.copay * least(counted[i], self.days) + rate, price[i])
        })
    }
}

/// The prices of several services, added up.
fn prices(kind: &Kind, services: u32) -> Rows {
    let mut sum = [0.0; ROWS];
    let mut left = services & kind.used;
    while left != 0 {
        let price = &kind.price[left.trailing_zeros() as usize % SERVICES];
        each(&mut sum, |i| price[i]);
        left &= left - 1;
    }
    sum
}

fn each(to: &mut Rows, more: impl Fn(usize) -> f64) {
    for (i, to) in to.iter_mut().enumerate() {
        *to += more(i);
    }
}

/// The smaller of two numbers, as one instruction: `f64::min` also checks for NaN.
pub(super) fn least(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}
