//! What most people ask: the range for a single person, stored with each variant for every age band, sex and common
//! use.
//!
//! Filled once per variant when a catalogue is opened (`Preparer`), read by `Estimator::range`, which would compute
//! the same cents: both come from the same sums. It must never be used for a family, a condition or another price
//! factor.

use crate::costs::Model;
use crate::costs::kind::{ORDINARY, Who};
use crate::costs::member::{Member, Use};
use crate::types::Cents;

/// Ranges of one variant: 340 bytes.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::costs) struct Kept {
    factor_millionths: u32,
    kinds: [Years; ORDINARY],
}

/// Cents out of pocket in each year for one kind of person. Low use is a good year, high use a bad one.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::costs) struct Years {
    pub good: i32,
    /// The mean over the deciles.
    pub any: i32,
    pub medium: i32,
    pub bad: i32,
}

/// A single person whose range may be stored: kind, use, price factor.
#[derive(Debug, Clone, Copy)]
pub(in crate::costs) struct KeptKey {
    kind: usize,
    usage: Use,
    factor_millionths: u32,
}

impl KeptKey {
    /// `None` if nothing is stored: families, conditions, single deciles, CMS's model.
    pub(in crate::costs) fn new(people: &[Member], model: Model, factor_millionths: u32) -> Option<KeptKey> {
        let [person] = people else { return None };
        let common = model == Model::Shop && matches!(person.usage, Use::Any | Use::Low | Use::Medium | Use::High);
        Some(KeptKey { kind: Who::of(person).ordinary().filter(|_| common)?, usage: person.usage, factor_millionths })
    }
}

impl Kept {
    pub(in crate::costs) fn new(factor_millionths: u32, kinds: [Years; ORDINARY]) -> Kept {
        Kept { factor_millionths, kinds }
    }

    /// Good, average and bad.
    pub(in crate::costs) fn years(&self, key: &KeptKey) -> Option<[Cents; 3]> {
        if self.factor_millionths != key.factor_millionths {
            return None;
        }
        let Years { good, any, medium, bad } = self.kinds[key.kind];
        let average = match key.usage {
            Use::Low => good,
            Use::Medium => medium,
            Use::High => bad,
            _ => any,
        };
        Some([good, average, bad].map(|c| Cents(i64::from(c))))
    }
}
