//! Computes what a variant stores for single people (`fast::Kept`).
//!
//! Called when a catalogue is opened, once per variant. It must never store anything but what `Estimator` would find.

use super::Model;
use super::fast::{Kept, Years};
use super::kind::{ORDINARY, Who};
use super::lanes::Lanes;
use super::money::cents;
use super::range::Estimator;
use super::rules::Rules;

/// Computes what is stored with each variant; made once for all variants of a plan year.
#[derive(Debug)]
pub struct Preparer {
    factor_millionths: u32,
    /// One household for each ordinary kind of person.
    alone: Vec<Estimator>,
}

impl Preparer {
    /// `factor_millionths`: that of the estimators that will read it.
    pub fn new(factor_millionths: u32) -> Preparer {
        let factor = f64::from(factor_millionths) / 1e6;
        let alone = Who::all().map(|who| Estimator::of(Lanes::alone(who, factor))).collect();
        Preparer { factor_millionths, alone }
    }

    /// Stores the ranges of single people with the variant. Without it every range is computed on demand.
    pub fn prepare(&mut self, rules: &mut Rules) {
        rules.fast.kept = if rules.model == Model::Shop { self.work_out(rules) } else { None };
    }

    fn work_out(&mut self, rules: &Rules) -> Option<Kept> {
        let mut kinds = [Years::default(); ORDINARY];
        for (years, estimator) in kinds.iter_mut().zip(&mut self.alone) {
            let [good, any, bad] = estimator.dollars(rules).ok()?;
            let medium = estimator.last_year(rules).ok()?;
            // A plan that leaves somebody with more than 21 million dollars is not stored.
            let [good, any, medium, bad] = [good, any, medium, bad].map(|dollars| i32::try_from(cents(dollars).0));
            *years = Years { good: good.ok()?, any: any.ok()?, medium: medium.ok()?, bad: bad.ok()? };
        }
        Some(Kept::new(self.factor_millionths, kinds))
    }
}
