//! The year itself: everybody's care grows in proportion from zero to the whole year, and stops at each deductible
//! and maximum on the way.
//!
//! Called by `estimate`, which needs the times of every phase, and by `range` for years that `fast` cannot sum up,
//! with the bills of a household already added up by how they are shared. It must know nothing about services, plans
//! or money other than dollars in `f64`.
//!
//! The steps are those of CMS's out-of-pocket model: a deductible is over for a person as soon as any deductible that
//! covers them is met; nothing more is paid once any maximum that covers them is met.
//! covers them is met; nothing more is paid once any maximum that covers them is met.

use super::bills::{Caps, MET, Shape};
use super::plan::KINDS;

/// One person's bills in one pool (medical or drugs), added up by how they are shared: dollars of a whole year.
/// `out_*` do not count toward the out-of-pocket maximum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Pool {
    /// Paid, and counted toward the deductible, while it is open.
    pub deductible: f64,
    /// Paid on top of the deductible while it is open.
    pub beside: f64,
    /// Paid once the deductible is over.
    pub after: f64,
    /// Paid from the first bill on; the deductible does not apply.
    pub always: f64,
    pub out_deductible: f64,
    pub out_beside: f64,
    pub out_after: f64,
    pub out_always: f64,
}

/// The share of the year (0 to 1) a person's pool spent in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Times {
    /// Deductible open, maximum not reached.
    pub deductible: f64,
    /// Maximum not reached.
    pub below_maximum: f64,
    /// Deductible open, for bills that do not count toward the maximum.
    pub out_deductible: f64,
}

impl Pool {
    /// The person's share of all prices outside the deductible; the average share is computed from these.
    pub(super) fn share(&self) -> f64 {
        self.after + self.always + self.out_after + self.out_always
    }

    /// What was paid out of pocket in a year with these times.
    pub(super) fn paid(&self, t: &Times) -> f64 {
        t.deductible * (self.deductible + self.beside)
            + (t.below_maximum - t.deductible) * self.after
            + t.below_maximum * self.always
            + t.out_deductible * (self.out_deductible + self.out_beside)
            + (1.0 - t.out_deductible) * self.out_after
            + self.out_always
    }
}

/// A limit that is not reached yet.
#[derive(Debug, Clone, Copy)]
struct Limit {
    whole: f64,
    used: f64,
    left: f64,
    /// `FAMILY`, or the person it covers.
    person: u32,
    kind: u8,
    deductible: bool,
}
const FAMILY: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, Default)]
struct State {
    open: [bool; 2],
    reached: [bool; 2],
    /// Yearly rate toward deductibles and toward maximums, by kind: medical, drugs, both.
    to_deductible: [f64; KINDS],
    to_maximum: [f64; KINDS],
}

/// The pools each kind of limit covers: medical, drugs, both.
const COVERS: [&[usize]; KINDS] = [&[0], &[1], &[0, 1]];

/// Working memory, kept between years so that no year allocates.
#[derive(Debug, Default)]
pub(super) struct Engine {
    limits: Vec<Limit>,
    states: Vec<State>,
    pub times: Vec<[Times; 2]>,
    pub maximum_reached: bool,
}

impl Engine {
    /// Runs one year; returns the dollars paid by everybody, and leaves `times` of each person and pool. If all
    /// limits are combined, everything is in the first pool, `drugs` is not read, and the first pool's times apply to
    /// both.
    pub(super) fn run(&mut self, medical: &[Pool], drugs: &[Pool], caps: &Caps) -> f64 {
        if caps.shape == Shape::Combined {
            self.run_together([medical, medical], 1, caps);
            self.times.iter_mut().for_each(|t| t[1] = t[0]);
            return self.times.iter().zip(medical).map(|(t, p)| p.paid(&t[0])).sum();
        }
        self.run_together([medical, drugs], 2, caps);
        let pools = medical.iter().zip(drugs);
        self.times.iter().zip(pools).map(|(t, (m, d))| m.paid(&t[0]) + d.paid(&t[1])).sum()
    }

    /// Steps from limit to limit, for any combination: medical, drugs and both, each for the family and each person.
    fn run_together(&mut self, pools: [&[Pool]; 2], used: usize, caps: &Caps) {
        self.start(pools[0].len(), caps);
        let mut at = 0.0;
        loop {
            let (to_deductible, to_maximum) = self.speeds(&pools[..used]);
            let speed = |l: &Limit, states: &[State]| match (l.deductible, l.person) {
                (true, FAMILY) => to_deductible[l.kind as usize],
                (false, FAMILY) => to_maximum[l.kind as usize],
                (true, p) => states[p as usize].to_deductible[l.kind as usize],
                (false, p) => states[p as usize].to_maximum[l.kind as usize],
            };
            let mut step = 1.0 - at;
            let mut stopped = false;
            for limit in &self.limits {
                let speed = speed(limit, &self.states);
                if speed * step > limit.left {
                    step = limit.left / speed;
                    stopped = true;
                }
            }
            for (times, state) in self.times.iter_mut().zip(&self.states) {
                for (pool, times) in times.iter_mut().enumerate() {
                    times.below_maximum += if state.reached[pool] { 0.0 } else { step };
                    times.deductible += if state.open[pool] && !state.reached[pool] { step } else { 0.0 };
                    times.out_deductible += if state.open[pool] { step } else { 0.0 };
                }
            }
            if !stopped {
                break;
            }
            at += step;
            for limit in &mut self.limits {
                limit.used += speed(limit, &self.states) * step;
                limit.left = limit.whole - limit.used;
                if caps.rounded {
                    limit.left = (limit.left * 1e4).round() / 1e4;
                }
            }
            self.meet();
        }
    }

    /// Sets every limit of the household and the initial states.
    fn start(&mut self, people: usize, caps: &Caps) {
        self.limits.clear();
        self.maximum_reached = false;
        self.times.clear();
        self.times.resize(people, [Times::default(); 2]);
        let opens = |pool: usize| {
            let exists = |limits: &[f64; KINDS]| limits[pool].is_finite() || limits[2].is_finite();
            exists(&caps.group_deductible) || exists(&caps.person_deductible)
        };
        let begin = State { open: [opens(0), opens(1)], ..State::default() };
        self.states.clear();
        self.states.resize(people, begin);
        let all = [
            (true, &caps.group_deductible, true),
            (false, &caps.group_maximum, true),
            (true, &caps.person_deductible, false),
            (false, &caps.person_maximum, false),
        ];
        for (deductible, limits, group) in all {
            for (kind, left) in limits.iter().enumerate().filter(|(_, left)| left.is_finite()) {
                let kind = kind as u8;
                if group {
                    self.limits.push(Limit { whole: *left, used: 0.0, left: *left, person: FAMILY, kind, deductible });
                } else {
                    self.limits.extend((0..people as u32).map(|person| Limit {
                        whole: *left,
                        used: 0.0,
                        left: *left,
                        person,
                        kind,
                        deductible,
                    }));
                }
            }
        }
        self.meet();
    }

    /// Removes limits that are met, and applies what follows for the people they cover.
    fn meet(&mut self) {
        let mut i = 0;
        while i < self.limits.len() {
            let Limit { left, person, kind, deductible, .. } = self.limits[i];
            if left >= MET {
                i += 1;
                continue;
            }
            self.limits.swap_remove(i);
            self.maximum_reached |= !deductible;
            let covered = if person == FAMILY {
                &mut self.states[..]
            } else {
                &mut self.states[person as usize..=person as usize]
            };
            for state in covered {
                for &pool in COVERS[kind as usize] {
                    if deductible {
                        state.open[pool] = false;
                    } else {
                        state.reached[pool] = true;
                    }
                }
            }
        }
    }

    /// How fast everybody approaches their limits; returns the family's sums.
    fn speeds(&mut self, pools: &[&[Pool]]) -> ([f64; KINDS], [f64; KINDS]) {
        let (mut to_deductible, mut to_maximum) = ([0.0; KINDS], [0.0; KINDS]);
        for (person, state) in self.states.iter_mut().enumerate() {
            for (i, pool) in pools.iter().map(|of| &of[person]).enumerate() {
                let (open, reached) = (state.open[i], state.reached[i]);
                let counted = if reached { 0.0 } else { pool.deductible };
                state.to_deductible[i] = if open { counted + pool.out_deductible } else { 0.0 };
                let shared = if open { pool.deductible + pool.beside } else { pool.after };
                state.to_maximum[i] = if reached { 0.0 } else { pool.always + shared };
            }
            state.to_deductible[2] = state.to_deductible[0] + state.to_deductible[1];
            state.to_maximum[2] = state.to_maximum[0] + state.to_maximum[1];
            for kind in 0..KINDS {
                to_deductible[kind] += state.to_deductible[kind];
                to_maximum[kind] += state.to_maximum[kind];
            }
        }
        (to_deductible, to_maximum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CMS's program rounds what is left of a limit to four decimals of a dollar at every step (oopc.go, step 3b): 12.34
    /// less the 12.3333… paid when the deductible is over leaves 0.0067, not 0.00666….
    #[test]
    fn what_is_left_is_rounded_only_where_the_program_of_cms_is_followed() {
        let none = [f64::INFINITY; KINDS];
        let both = |dollars: f64| [f64::INFINITY, f64::INFINITY, dollars];
        let run = |rounded: bool| {
            let caps = Caps {
                group_deductible: both(10.0),
                group_maximum: both(12.34),
                person_deductible: none,
                person_maximum: none,
                shape: Shape::Combined,
                rounded,
            };
            let bills = Pool { deductible: 30.0, beside: 7.0, after: 20.0, ..Pool::default() };
            Engine::default().run(&[bills], &[], &caps)
        };
        assert!((run(false) - 12.34).abs() < 1e-9, "{}", run(false));
        assert!((run(true) - (10.0 + 7.0 / 3.0 + 0.0067)).abs() < 1e-9, "{}", run(true));
    }
}
