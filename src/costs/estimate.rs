//! One plan's year for one household, line by line, so it can be checked on paper.
//!
//! Called by the plan page and the `estimate` command; lists use `range`, which gives the same totals. It must never
//! show a line that does not add up: every subtotal is a sum of lines in cents, and the lines add up to the total.

use super::Model;
use super::bills::{Caps, Part};
use super::engine::Times;
use super::member::Member;
use super::money::{cents, split};
use super::plan::CostSharing;
use super::range::Estimator;
use super::rules::{Gap, Rules};
use super::service::{SERVICES, Service};
use crate::types::Cents;

/// Where a line's price to the person comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    Filed,
    /// The plan filed nothing for it: the plan's average share.
    Average,
    NotCovered,
}

/// What was paid out of pocket, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paid {
    pub deductible: Cents,
    pub copays: Cents,
    /// Coinsurance, and the average share of services without filed cost sharing.
    pub coinsurance: Cents,
    /// For services that the plan does not cover; outside every limit.
    pub uncovered: Cents,
}

impl Paid {
    pub fn total(&self) -> Cents {
        self.deductible + self.copays + self.coinsurance + self.uncovered
    }

    fn and(self, other: &Paid) -> Paid {
        Paid {
            deductible: self.deductible + other.deductible,
            copays: self.copays + other.copays,
            coinsurance: self.coinsurance + other.coinsurance,
            uncovered: self.uncovered + other.uncovered,
        }
    }
}

/// One service of one person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub service: Service,
    /// Units in the year as the table counts them; a mean, so rarely whole.
    pub units: f64,
    /// The full price.
    pub allowed: Cents,
    pub paid: Paid,
    pub basis: Basis,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PersonYear {
    /// Services that are used at all.
    pub lines: Vec<Line>,
    pub paid: Paid,
}

/// One year of the household.
#[derive(Debug, Clone, PartialEq)]
pub struct Year {
    /// Twelve premiums after credit.
    pub premium: Cents,
    /// The full price of the care.
    pub allowed: Cents,
    pub paid: Paid,
    /// Premium plus everything paid.
    pub total: Cents,
    pub people: Vec<PersonYear>,
    /// How many years this is the mean of: 10 for an average year, else 1.
    pub years: u32,
    /// In how many of them somebody's or the family's out-of-pocket maximum was reached.
    pub maximum_reached: u32,
}

/// A good, an average and a bad year under one plan. `Model::Cms` has one year, returned three times.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    pub good: Year,
    pub average: Year,
    pub bad: Year,
    /// Basis points of the average year's price that rest on filed cost sharing; the rest uses the average share.
    pub filed_share: u32,
}

/// The whole estimate of one plan for one household.
///
/// # Errors
///
/// A `Gap` that says why there is none.
pub fn estimate(
    plan: &CostSharing,
    people: &[Member],
    model: Model,
    factor_millionths: u32,
    monthly_premium: Cents,
) -> Result<Estimate, Gap> {
    Estimator::new(people, model, factor_millionths).estimate(&Rules::new(plan, model)?, monthly_premium)
}

impl Estimator {
    /// Line by line; the totals are those of `range` plus twelve premiums.
    ///
    /// # Errors
    ///
    /// As `range`.
    pub fn estimate(&mut self, rules: &Rules, monthly_premium: Cents) -> Result<Estimate, Gap> {
        let caps = self.caps(rules)?;
        let [good, average, bad] = self.dollars(rules)?;
        let premium = monthly_premium * 12;
        let (g, b) = (self.lanes.good, self.lanes.bad);
        let all = 0..self.lanes.average;
        let mean = self.lines(rules, &caps, all);
        let priced: f64 = mean.lines.iter().map(|l| l.allowed).sum();
        let averaged: f64 = mean.lines.iter().filter(|l| rules.is_averaged(l.service)).map(|l| l.allowed).sum();
        let filed_share = if priced > 0.0 { ((1.0 - averaged / priced) * 10_000.0).round() as u32 } else { 10_000 };
        Ok(Estimate {
            good: self.lines(rules, &caps, g..g + 1).year(good, premium, rules),
            average: mean.year(average, premium, rules),
            bad: self.lines(rules, &caps, b..b + 1).year(bad, premium, rules),
            filed_share,
        })
    }

    /// The mean of several years, person by person and service by service, in dollars.
    fn lines(&mut self, rules: &Rules, caps: &Caps, years: std::ops::Range<usize>) -> DraftYear {
        let weight = 1.0 / years.len() as f64;
        let people = self.lanes.people;
        let blank = |service| DraftLine { service, units: 0.0, allowed: 0.0, paid: [0.0; 4] };
        let lines = (0..people).flat_map(|_| Service::all().map(blank)).collect();
        let mut draft = DraftYear { lines, years: years.len() as u32, maximum_reached: 0 };
        for year in years {
            self.step(year, rules, caps);
            draft.maximum_reached += u32::from(self.engine.maximum_reached);
            for (i, line) in draft.lines.iter_mut().enumerate() {
                let (units, price) = self.used(year, i / SERVICES, line.service);
                line.units += units * weight;
                line.allowed += price * weight;
            }
            for person in 0..people {
                let lines = &mut draft.lines[person * SERVICES..][..SERVICES];
                self.pay(rules, year, person, |service, kind, dollars| {
                    lines[service as usize].paid[kind] += dollars * weight;
                });
            }
        }
        draft
    }

    /// Reports what one person paid in the year just run: service, kind (deductible, copay, coinsurance, uncovered),
    /// dollars.
    fn pay(&self, rules: &Rules, year: usize, person: usize, mut tell: impl FnMut(Service, usize, f64)) {
        let (stays, _) = self.used(year, person, Service::InpatientPhysician);
        for part in &rules.parts {
            let (units, price) = self.used(year, person, part.service);
            let (units, price) = if part.is_whole() { (units, price) } else { part.stretch(units, price) };
            let share = part.bill(units, price, stays).share;
            if !part.covered {
                tell(part.service, UNCOVERED, share);
                continue;
            }
            let (deductible, shared) = phases(part, price, share, &self.times(person, part.service));
            let copay = shared * part.copay_part(units, price, stays);
            tell(part.service, DEDUCTIBLE, deductible);
            tell(part.service, COPAY, copay);
            tell(part.service, COINSURANCE, shared - copay);
        }
        for service in Service::all().filter(|s| rules.is_averaged(*s)) {
            let (times, (_, price)) = (self.times(person, service), self.used(year, person, service));
            tell(service, DEDUCTIBLE, price * times.deductible);
            tell(service, COINSURANCE, price * self.average_share * (times.below_maximum - times.deductible));
        }
    }

    /// Units of a service that a person uses in a year, and their full price.
    fn used(&self, year: usize, person: usize, service: Service) -> (f64, f64) {
        let place = self.lanes.year(year)[person];
        let (kind, row) = (self.lanes.kind(place), usize::from(place.row));
        (kind.units[service as usize][row], kind.price[service as usize][row])
    }
}

const DEDUCTIBLE: usize = 0;
const COPAY: usize = 1;
const COINSURANCE: usize = 2;
const UNCOVERED: usize = 3;

/// What was paid toward the deductible and as a share, given how much of the year each applied.
fn phases(part: &Part, price: f64, share: f64, times: &Times) -> (f64, f64) {
    let (open, below) =
        if part.in_maximum { (times.deductible, times.below_maximum) } else { (times.out_deductible, 1.0) };
    match (part.deductible, part.before) {
        (false, _) => (0.0, share * below),
        (true, false) => (price * open, share * (below - open)),
        (true, true) => ((price - share) * open, share * below),
    }
}

/// A year's lines in dollars, before rounding to cents.
struct DraftYear {
    /// `SERVICES` for each person.
    lines: Vec<DraftLine>,
    years: u32,
    maximum_reached: u32,
}

struct DraftLine {
    service: Service,
    units: f64,
    allowed: f64,
    paid: [f64; 4],
}

impl DraftYear {
    /// What was paid, by kind and line. The total is split first into kinds, then people, then lines, so that what
    /// counts toward a maximum is never off by more than a cent.
    fn cents(&self, total: Cents) -> [Vec<Cents>; 4] {
        let sums: [f64; 4] = std::array::from_fn(|kind| self.lines.iter().map(|l| l.paid[kind]).sum());
        let kinds = split(&sums, total);
        std::array::from_fn(|kind| {
            let dollars: Vec<f64> = self.lines.iter().map(|l| l.paid[kind]).collect();
            let each: Vec<f64> = dollars.chunks(SERVICES).map(|lines| lines.iter().sum()).collect();
            let people = split(&each, kinds[kind]);
            dollars.chunks(SERVICES).zip(people).flat_map(|(lines, cents)| split(lines, cents)).collect()
        })
    }

    /// `out_of_pocket`: the same total as in lists, into which the lines are split.
    fn year(self, out_of_pocket: f64, premium: Cents, rules: &Rules) -> Year {
        let paid = self.cents(cents(out_of_pocket));
        let prices: Vec<f64> = self.lines.iter().map(|l| l.allowed).collect();
        let allowed = split(&prices, cents(prices.iter().sum()));
        let line = |i: usize, l: &DraftLine| Line {
            service: l.service,
            units: l.units,
            allowed: allowed[i],
            paid: Paid {
                deductible: paid[DEDUCTIBLE][i],
                copays: paid[COPAY][i],
                coinsurance: paid[COINSURANCE][i],
                uncovered: paid[UNCOVERED][i],
            },
            basis: rules.basis(l.service),
        };
        let lines: Vec<Line> = self.lines.iter().enumerate().map(|(i, l)| line(i, l)).collect();
        let people: Vec<PersonYear> = lines
            .chunks(SERVICES)
            .map(|lines| PersonYear {
                paid: lines.iter().fold(Paid::default(), |sum, l| sum.and(&l.paid)),
                lines: lines.iter().filter(|l| l.units > 0.0).copied().collect(),
            })
            .collect();
        let paid = people.iter().fold(Paid::default(), |sum, p| sum.and(&p.paid));
        Year {
            premium,
            allowed: allowed.iter().copied().sum(),
            total: premium + paid.total(),
            paid,
            people,
            years: self.years,
            maximum_reached: self.maximum_reached,
        }
    }
}

impl Rules {
    fn basis(&self, service: Service) -> Basis {
        if self.is_averaged(service) {
            Basis::Average
        } else if self.parts.iter().any(|p| p.service == service && !p.covered) {
            Basis::NotCovered
        } else {
            Basis::Filed
        }
    }
}
