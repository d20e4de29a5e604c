//! What one variant charges for a year of care, in terms of the calculation: stretches of services with their price
//! to the person, and the limits that cap it.
//!
//! Made by `rules`, read by `engine`, `fast` and `estimate`. It must know nothing about households or filings.

use super::plan::{Amounts, CostSharing, KINDS, Limits};
use super::service::Service;

/// A limit with less than this remaining counts as met: CMS's program rounds the remainder to four decimals of a
/// dollar.
pub(super) const MET: f64 = 0.000_05;

/// One stretch of a service's units, with its price to the person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub service: Service,
    /// The units of the year, from the first to the last, that this part prices; `0.0` and infinity for all.
    pub from: f64,
    pub to: f64,
    /// Dollars per unit, and share of the price.
    pub copay: f64,
    pub rate: f64,
    /// Copays are counted per stay, or for at most `days` days.
    pub per_stay: bool,
    pub days: f64,
    /// The most the rate may take of one unit, in dollars.
    pub cap: f64,
    pub deductible: bool,
    pub before: bool,
    pub in_maximum: bool,
    pub covered: bool,
}

/// What one stretch costs in a year: its price, and the person's share of it outside the deductible.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bill {
    pub price: f64,
    pub share: f64,
}

impl Part {
    pub(super) fn is_whole(&self) -> bool {
        self.from == 0.0 && self.to == f64::INFINITY
    }

    /// The units and price that fall into this stretch.
    pub(super) fn stretch(&self, units: f64, price: f64) -> (f64, f64) {
        let within = (units.min(self.to) - self.from).max(0.0);
        (within, if units > 0.0 { price * (within / units) } else { 0.0 })
    }

    /// `stays`: admissions in the year, which is what copays per stay are counted by.
    pub(super) fn bill(&self, units: f64, price: f64, stays: f64) -> Bill {
        let counted = if self.per_stay { stays } else { units.min(self.days) };
        let share = (self.copay * counted + (self.rate * price).min(self.cap * units)).min(price);
        Bill { price, share }
    }

    /// The copay's part of a share, between 0 and 1.
    pub(super) fn copay_part(&self, units: f64, price: f64, stays: f64) -> f64 {
        let copay = self.copay * if self.per_stay { stays } else { units.min(self.days) };
        let both = copay + (self.rate * price).min(self.cap * units);
        if both > 0.0 { copay / both } else { 0.0 }
    }
}

/// How a variant's limits relate to medical care and drugs, which decides how a year can be summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// No limit is for medical care alone or drugs alone: everything is in one pool.
    Combined,
    /// Separate deductibles, one maximum.
    DeductiblesApart,
    /// Separate deductibles and separate maximums.
    Apart,
    /// Anything else: no shortcut is known.
    Steps,
}

impl Shape {
    pub(super) fn of(plan: &CostSharing) -> Shape {
        let unfiled = Amounts::default();
        let combined = |limits: &Limits| limits.medical == unfiled && limits.drug == unfiled;
        let apart = |limits: &Limits| limits.combined == unfiled;
        match (&plan.deductible, &plan.maximum) {
            (d, m) if combined(d) && combined(m) => Shape::Combined,
            (d, m) if apart(d) && combined(m) => Shape::DeductiblesApart,
            (d, m) if apart(d) && apart(m) => Shape::Apart,
            _ => Shape::Steps,
        }
    }
}

/// Deductibles and maximums that bind a household, in dollars by kind (medical, drug, combined); infinity = none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caps {
    pub group_deductible: [f64; KINDS],
    pub group_maximum: [f64; KINDS],
    pub person_deductible: [f64; KINDS],
    pub person_maximum: [f64; KINDS],
    pub shape: Shape,
    /// What is left of a limit is rounded to four decimals of a dollar at each step, as CMS's program does.
    pub rounded: bool,
}
