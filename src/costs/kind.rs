//! Kinds of people: everybody of an age band and sex has the same rows of care, laid out service by service so that a
//! plan's sums run over all rows of a service at once.
//!
//! Made by `lanes`, read by `fast` and `estimate`. The ordinary kinds are laid out once and shared; a condition or a
//! price factor makes a separate kind. It must know nothing about plans.

use std::sync::LazyLock;

use super::member::{Member, Use};
use super::service::SERVICES;
use super::utilization::{AgeBand, CareRow, Condition, DECILES, Sex, YearKind};

/// Rows of a kind. For whole-year conditions they are the good, the average and the bad year; otherwise deciles 1 to
/// 10 and the median. The last is empty: twelve fill whole registers.
pub(super) const ROWS: usize = 12;
pub(super) type Rows = [f64; ROWS];

/// What decides the rows of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Who {
    pub band: AgeBand,
    pub sex: Option<Sex>,
    pub condition: Option<Condition>,
}

/// How many kinds have no condition: unspecified sex, female, male, in each age band.
pub(super) const ORDINARY: usize = 3 * AgeBand::ALL.len();

impl Who {
    pub(super) fn of(person: &Member) -> Who {
        let condition = if let Use::Condition(c) = person.usage { Some(c) } else { None };
        Who { band: AgeBand::of(person.age), sex: person.sex, condition }
    }

    /// The index among the ordinary kinds; `None` with a condition.
    pub(super) fn ordinary(&self) -> Option<usize> {
        let sex = self.sex.map_or(0, |sex| 1 + sex as usize);
        self.condition.is_none().then_some(self.band as usize * 3 + sex)
    }

    /// All ordinary kinds, in index order.
    pub(super) fn all() -> impl Iterator<Item = Who> {
        let sexes = [None, Some(Sex::Female), Some(Sex::Male)];
        AgeBand::ALL.into_iter().flat_map(move |band| sexes.map(|sex| Who { band, sex, condition: None }))
    }
}

/// Units of each service in each row, and their full price in dollars.
#[derive(Debug, Clone)]
pub(super) struct Kind {
    pub units: [Rows; SERVICES],
    pub price: [Rows; SERVICES],
    /// The price of everything.
    pub total: Rows,
    /// Services with a price in any row, one bit each.
    pub used: u32,
}

/// A kind that everybody shares, or one made for this household.
#[derive(Debug, Clone)]
pub(super) enum Care {
    Shared(&'static Kind),
    Own(Box<Kind>),
}

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| Who::all().map(Kind::new).collect());

impl Care {
    pub(super) fn new(who: Who, factor: f64) -> Care {
        match who.ordinary() {
            Some(place) if factor == 1.0 => Care::Shared(&KINDS[place]),
            Some(place) => Care::Own(Box::new(KINDS[place].clone().priced(factor))),
            None => Care::Own(Box::new(Kind::new(who).priced(factor))),
        }
    }

    pub(super) fn kind(&self) -> &Kind {
        match self {
            Care::Shared(kind) => kind,
            Care::Own(kind) => kind,
        }
    }
}

impl Kind {
    /// The row of the median person.
    pub(super) const MEDIAN: u16 = 10;

    fn new(who: Who) -> Kind {
        let mut kind =
            Kind { units: [[0.0; ROWS]; SERVICES], price: [[0.0; ROWS]; SERVICES], total: [0.0; ROWS], used: 0 };
        let usage = who.condition.map_or(Use::Any, Use::Condition);
        let person = |usage| Member { age: who.band.youngest(), sex: who.sex, usage };
        if who.condition.is_some_and(Condition::is_whole_year) {
            for year in [YearKind::Good, YearKind::Average, YearKind::Bad] {
                kind.set(year as usize, &person(usage).row(year, 0));
            }
            return kind;
        }
        for decile in DECILES {
            kind.set(usize::from(decile) - 1, &person(usage).row(YearKind::Average, decile));
        }
        if who.condition.is_none() {
            kind.set(usize::from(Kind::MEDIAN), &person(Use::Medium).row(YearKind::Average, 0));
        }
        kind
    }

    fn set(&mut self, at: usize, row: &CareRow) {
        for service in 0..SERVICES {
            self.units[service][at] = row.units[service];
            self.price[service][at] = row.price[service];
            self.used |= u32::from(row.price[service] > 0.0) << service;
        }
        self.total[at] = row.allowed();
    }

    fn priced(mut self, factor: f64) -> Kind {
        let prices = self.price.iter_mut().flatten();
        prices.chain(&mut self.total).for_each(|price| *price *= factor);
        self
    }
}
