//! The year itself: everybody's care grows in proportion from nothing to the whole, and stops at each deductible and
//! maximum on the way.
//!
//! Called by `range` and `estimate` with the bills of a household already added up by how they are shared. It must know
//! nothing of services, plans or money other than dollars in `f64`.
//!
//! The steps are those of CMS's out-of-pocket model: a deductible is over for a person as soon as any deductible that
//! covers them is met; nothing more is paid once any maximum that covers them is met.

use super::plan::KINDS;
use super::rules::Caps;

/// One person's bills in one pool (medical or drugs), added up by how they are shared: dollars of a whole year.
/// `out_*` do not count to the out-of-pocket maximum.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Pool {
    /// Paid and counted to the deductible while it is open.
    pub deductible: f64,
    /// Paid beside the deductible while it is open.
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

/// For which share of the year (0 to 1) a person's pool was in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Times {
    /// The deductible open and the maximum not reached.
    pub deductible: f64,
    /// The maximum not reached.
    pub below_maximum: f64,
    /// The deductible open, for bills that do not count to the maximum.
    pub out_deductible: f64,
}

impl Pool {
    /// The person's share of all prices outside the deductible, which the average share is made of.
    pub(super) fn share(&self) -> f64 {
        self.after + self.always + self.out_after + self.out_always
    }

    /// What was paid out of pocket in a year of these times.
    pub(super) fn paid(&self, t: &Times) -> f64 {
        t.deductible * (self.deductible + self.beside)
            + (t.below_maximum - t.deductible) * self.after
            + t.below_maximum * self.always
            + t.out_deductible * (self.out_deductible + self.out_beside)
            + (1.0 - t.out_deductible) * self.out_after
            + self.out_always
    }
}

/// A person's year with no limits but their own.
struct Alone {
    times: Times,
    /// What the year brought to the deductible and to the maximum.
    to_deductible: f64,
    to_maximum: f64,
    reached: bool,
}

impl Pool {
    fn alone(&self, deductible: f64, maximum: f64) -> Alone {
        let (fills, pays) = (self.deductible + self.out_deductible, self.always + self.deductible + self.beside);
        let close = if deductible < MET {
            0.0
        } else if fills > deductible {
            deductible / fills
        } else {
            1.0
        };
        if maximum < MET || pays * close > maximum {
            // The maximum comes first; what does not count to it goes on filling the deductible.
            let below = if maximum < MET { 0.0 } else { maximum / pays };
            // Where both limits are the same amount, rounding may leave a hair less than nothing to fill.
            let left = (deductible - fills * below).max(0.0);
            let rest = self.out_deductible * (1.0 - below);
            let out = if deductible < MET {
                0.0
            } else if rest > left {
                below + left / self.out_deductible
            } else {
                1.0
            };
            let times = Times { deductible: below.min(out), below_maximum: below, out_deductible: out };
            let to_deductible = fills * times.deductible + self.out_deductible * (out - times.deductible);
            return Alone { times, to_deductible, to_maximum: pays * below, reached: true };
        }
        let (left, later) = (maximum - pays * close, self.always + self.after);
        let reached = later * (1.0 - close) > left;
        let below = if reached { close + left / later } else { 1.0 };
        Alone {
            times: Times { deductible: close, below_maximum: below, out_deductible: close },
            to_deductible: fills * close,
            to_maximum: pays * close + later * (below - close),
            reached,
        }
    }
}

/// A limit that is not reached yet.
#[derive(Debug, Clone, Copy)]
struct Limit {
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
    /// Yearly speed to deductibles and to maximums, by kind: medical, drugs, both.
    to_deductible: [f64; KINDS],
    to_maximum: [f64; KINDS],
}

/// A limit with less left than this is met: CMS's program rounds what is left to four decimals of a dollar.
const MET: f64 = 0.000_05;

/// The pools that a kind of limit covers: medical, drugs, both.
const COVERS: [&[usize]; KINDS] = [&[0], &[1], &[0, 1]];

/// Working memory, kept between years so that none of them allocates.
#[derive(Debug, Default)]
pub(super) struct Engine {
    limits: Vec<Limit>,
    states: Vec<State>,
    pub times: Vec<[Times; 2]>,
    pub maximum_reached: bool,
}

impl Engine {
    /// Runs one year; gives the dollars paid by everybody, and leaves `times` of each person and pool. Where all limits
    /// are combined, everything is in the first pool, `drugs` is not read, and the first pool's times stand for both.
    pub(super) fn run(&mut self, medical: &[Pool], drugs: &[Pool], caps: &Caps) -> f64 {
        if caps.all_combined {
            if !self.run_alone(medical, caps) {
                self.run_together([medical, medical], 1, caps);
                self.times.iter_mut().for_each(|t| t[1] = t[0]);
            }
            return self.times.iter().zip(medical).map(|(t, p)| p.paid(&t[0])).sum();
        }
        self.run_together([medical, drugs], 2, caps);
        let pools = medical.iter().zip(drugs);
        self.times.iter().zip(pools).map(|(t, (m, d))| m.paid(&t[0]) + d.paid(&t[1])).sum()
    }

    /// The short way, open to nine plans in ten: everybody's year on their own, without steps. Gives `false` where the
    /// family's deductible or maximum would have stopped somebody, and the year must be run together.
    fn run_alone(&mut self, people: &[Pool], caps: &Caps) -> bool {
        let one = people.len() == 1;
        let (group_deductible, group_maximum) = (caps.group_deductible[2], caps.group_maximum[2]);
        let (mut deductible, mut maximum) = (caps.person_deductible[2], caps.person_maximum[2]);
        if one {
            // Both limits are filled by the same person; the smaller one is met first.
            (deductible, maximum) = (deductible.min(group_deductible), maximum.min(group_maximum));
        }
        if group_deductible < MET || deductible.is_infinite() && group_deductible.is_infinite() {
            // No deductible at all is one that is met before the year begins.
            deductible = 0.0;
        }
        if group_maximum < MET {
            maximum = 0.0;
        }
        self.times.clear();
        self.maximum_reached = false;
        let (mut to_deductible, mut to_maximum) = (0.0, 0.0);
        for pool in people {
            let alone = pool.alone(deductible, maximum);
            to_deductible += alone.to_deductible;
            to_maximum += alone.to_maximum;
            self.maximum_reached |= alone.reached;
            self.times.push([alone.times; 2]);
        }
        // A limit that is met on the last step stops nobody: two people often fill their family's exactly.
        one || (deductible < MET || to_deductible < group_deductible + MET) && to_maximum < group_maximum + MET
    }

    /// Steps from limit to limit, for any set of them: medical, drugs and both, each for the family and each person.
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
                limit.left -= speed(limit, &self.states) * step;
            }
            self.meet();
        }
    }

    /// Sets every limit of the household, and the states they begin with.
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
                    self.limits.push(Limit { left: *left, person: FAMILY, kind, deductible });
                } else {
                    self.limits.extend((0..people as u32).map(|person| Limit {
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

    /// Takes the limits that are met off the list, with what follows for those they cover.
    fn meet(&mut self) {
        let mut i = 0;
        while i < self.limits.len() {
            let Limit { left, person, kind, deductible } = self.limits[i];
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

    /// How fast everybody comes nearer to their limits; gives the family's sums.
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
    use proptest::prelude::*;

    const NONE: f64 = f64::INFINITY;

    fn pool() -> impl Strategy<Value = Pool> {
        proptest::array::uniform8(prop_oneof![Just(0.0), 0.0..20_000.0]).prop_map(|x: [f64; 8]| Pool {
            deductible: x[0],
            beside: x[1],
            // Never more than what is due while the deductible is open.
            after: x[2].min(x[0] + x[1]),
            always: x[3],
            out_deductible: x[4],
            out_beside: x[5],
            out_after: x[6].min(x[4] + x[5]),
            out_always: x[7],
        })
    }

    fn limit() -> impl Strategy<Value = f64> {
        prop_oneof![Just(NONE), Just(0.0), 0.0..20_000.0, 20_000.0..200_000.0]
    }

    #[test]
    fn a_deductible_as_high_as_the_maximum_is_paid_once_whatever_the_bills() {
        for limit in [5500.0, 7250.0, 7300.0, 10_600.0] {
            for cents in (600_000..9_000_000).step_by(7919) {
                let price = f64::from(cents) / 100.0 + 1.0 / 3.0;
                let care = [
                    Pool { deductible: price, after: price * 0.4, ..Pool::default() },
                    Pool { deductible: price - 120.0, always: 120.0, ..Pool::default() },
                ];
                let caps = |x| [NONE, NONE, x];
                let caps = Caps {
                    group_deductible: caps(limit),
                    group_maximum: caps(limit),
                    person_deductible: caps(NONE),
                    person_maximum: caps(NONE),
                    all_combined: true,
                };
                for pool in care {
                    let paid = Engine::default().run(&[pool], &[Pool::default()], &caps);
                    assert!((paid - price.min(limit)).abs() < 0.001, "{paid} of {price}, limit {limit}");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_short_way_for_combined_limits_is_the_long_way(
            people in proptest::collection::vec(pool(), 1..5),
            [gd, gm, pd, pm] in [limit(), limit(), limit(), limit()],
        ) {
            let all = |x| [NONE, NONE, x];
            let caps = Caps {
                group_deductible: all(gd),
                group_maximum: all(gm),
                person_deductible: all(pd),
                person_maximum: all(pm),
                all_combined: true,
            };
            let none = vec![Pool::default(); people.len()];
            let (mut short, mut long) = (Engine::default(), Engine::default());
            let a = short.run(&people, &none, &caps);
            let b = long.run(&people, &none, &Caps { all_combined: false, ..caps });
            prop_assert!((a - b).abs() < 0.001, "{a} {b}");
            prop_assert_eq!(short.maximum_reached, long.maximum_reached);
            for (short, long) in short.times.iter().zip(&long.times) {
                prop_assert!((short[0].deductible - long[0].deductible).abs() < 1e-6);
                prop_assert!((short[0].below_maximum - long[0].below_maximum).abs() < 1e-6);
            }
        }
    }
}
