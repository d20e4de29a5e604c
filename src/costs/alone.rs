//! What most people ask: the range of one person alone, kept with each variant for every age band, sex and common use.
//!
//! Filled once per variant when a catalogue is opened (`Preparer`), read by `Estimator::range`, which would find the
//! same cents: both come from the same sums. It must never be asked for a family, a condition or another price factor.

use super::household::{Lanes, Person, Use};
use super::kind::{ORDINARY, Who};
use super::money::cents;
use super::range::{Estimator, Range};
use super::rules::{Model, Rules};
use crate::types::Cents;

/// Ranges of one variant: 340 bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alone {
    factor_thousandths: u32,
    kinds: [Years; ORDINARY],
}

/// Cents out of pocket in each year of one kind of person. Low use is a good year, high use a bad one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Years {
    good: i32,
    /// The mean over the deciles.
    any: i32,
    medium: i32,
    bad: i32,
}

/// Somebody alone whose range may be kept: the kind, the use, the price factor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    kind: usize,
    usage: Use,
    factor_thousandths: u32,
}

impl Asked {
    /// `None` where nothing is kept: families, conditions, single deciles, CMS's model.
    pub(super) fn new(people: &[Person], model: Model, factor_thousandths: u32) -> Option<Asked> {
        let [person] = people else { return None };
        let common = model == Model::Shop && matches!(person.usage, Use::Any | Use::Low | Use::Medium | Use::High);
        Some(Asked { kind: person.who().ordinary().filter(|_| common)?, usage: person.usage, factor_thousandths })
    }
}

impl Alone {
    pub(super) fn range(&self, asked: &Asked) -> Option<Range> {
        if self.factor_thousandths != asked.factor_thousandths {
            return None;
        }
        let Years { good, any, medium, bad } = self.kinds[asked.kind];
        let average = match asked.usage {
            Use::Low => good,
            Use::Medium => medium,
            Use::High => bad,
            _ => any,
        };
        let [good, average, bad] = [good, average, bad].map(|c| Cents(i64::from(c)));
        Some(Range { good, average, bad })
    }
}

/// Works out what is kept with each variant; made once for all variants of a plan year.
#[derive(Debug)]
pub struct Preparer {
    factor_thousandths: u32,
    /// One household for each ordinary kind of person.
    alone: Vec<Estimator>,
}

impl Preparer {
    /// `factor_thousandths`: that of the estimators which will ask.
    pub fn new(factor_thousandths: u32) -> Preparer {
        let factor = f64::from(factor_thousandths) / 1000.0;
        let alone = Who::all().map(|who| Estimator::of(Lanes::alone(who, factor))).collect();
        Preparer { factor_thousandths, alone }
    }

    /// Keeps with the variant the ranges of people alone. Without it every range is worked out when it is asked for.
    pub fn prepare(&mut self, rules: &mut Rules) {
        rules.alone = if rules.model == Model::Shop { self.work_out(rules) } else { None };
    }

    fn work_out(&mut self, rules: &Rules) -> Option<Alone> {
        let mut kinds = [Years::default(); ORDINARY];
        for (years, estimator) in kinds.iter_mut().zip(&mut self.alone) {
            let [good, any, bad] = estimator.dollars(rules).ok()?;
            let medium = estimator.last_year(rules).ok()?;
            // A plan that leaves more than 21 million dollars to somebody is not kept.
            let [good, any, medium, bad] = [good, any, medium, bad].map(|dollars| i32::try_from(cents(dollars).0));
            *years = Years { good: good.ok()?, any: any.ok()?, medium: medium.ok()?, bad: bad.ok()? };
        }
        Some(Alone { factor_thousandths: self.factor_thousandths, kinds })
    }
}
