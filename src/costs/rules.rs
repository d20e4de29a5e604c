//! A variant's cost sharing prepared for the calculation: which part of each bill the person pays, and when.
//!
//! Made once per variant (`Rules::new`), because none of it depends on the household; read by `range` and `estimate`.
//! It must never fill a gap silently: what was not filed becomes a `DataNote` or a `Gap`.

use super::Model;
use super::bills::{Caps, Part, Shape};
use super::fast;
use super::plan::{CostSharing, KINDS, Share};
use super::service::Service;
use super::words::{Coinsurance, Copay, Per, behavior};

/// Why a plan has no estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    #[error("nobody to estimate for")]
    NoPeople,
    #[error("the plan filed no deductible for {0}")]
    NoDeductible(Size),
    #[error("the plan filed no out-of-pocket maximum for {0}")]
    NoMaximum(Size),
    #[error("the plan filed too little cost sharing: nothing for {0}")]
    TooFewShares(Field),
    #[error("CMS's table has no row for the copay and coinsurance words of {}", .0.code())]
    UnknownPair(Service),
}

/// A single person or a family: they have different deductibles and maximums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Individual,
    Family,
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Size::Individual { "one person" } else { "a family" })
    }
}

/// A kind of care for which a plan must file something to be estimated at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Visits,
    Hospital,
    Drugs,
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(["doctor visits", "hospital care", "drugs"][*self as usize])
    }
}

/// Something the reader of an estimate must be told about the plan's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataNote {
    /// Nothing filed: priced at the plan's average share, after the deductible.
    AverageShare(Service),
    /// Nothing filed for preventive care: free in network by law (45 CFR 147.130).
    PreventiveByLaw,
    /// A pair of words that is not in CMS's table: read by the general rule.
    GeneralRule(Service),
    /// Model `Cms` only: nothing filed, so its program repeats the previous service, or treats it as not covered.
    Repeated(Service),
}

/// A variant ready to be priced for any household.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    pub(super) model: Model,
    pub(super) parts: Box<[Part]>,
    /// Services priced at the plan's average share, one bit each.
    averaged: u32,
    deductible: [Side; KINDS],
    maximum: [Side; KINDS],
    shape: Shape,
    pub(super) fast: fast::Plan,
    notes: Box<[DataNote]>,
}

/// One kind's amounts in dollars; infinity = not filed.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Side {
    individual: f64,
    person: f64,
    family: f64,
}

impl Rules {
    /// # Errors
    ///
    /// A `Gap`: `Shop` needs something filed for visits, hospital and drugs; `Cms` needs words that its table knows.
    pub fn new(plan: &CostSharing, model: Model) -> Result<Rules, Gap> {
        if model == Model::Shop {
            enough(plan)?;
        }
        let mut rules = DraftRules { plan, model, parts: Vec::with_capacity(28), averaged: 0, notes: Vec::new() };
        let mut before = Share::Missing;
        for service in Service::all() {
            before = rules.add(service, before)?;
        }
        let sides = |limits: &super::plan::Limits| {
            limits.by_kind().map(|a| {
                let dollars = |c: Option<crate::types::Cents>| c.map_or(f64::INFINITY, |c| c.0 as f64 / 100.0);
                Side { individual: dollars(a.individual), person: dollars(a.person), family: dollars(a.family) }
            })
        };
        let shape = Shape::of(plan);
        Ok(Rules {
            model,
            fast: fast::Plan::new(&rules.parts, rules.averaged, shape == Shape::Combined),
            parts: rules.parts.into(),
            averaged: rules.averaged,
            deductible: sides(&plan.deductible),
            maximum: sides(&plan.maximum),
            shape,
            notes: rules.notes.into(),
        })
    }

    /// What the reader must be told about the plan's data.
    pub fn notes(&self) -> &[DataNote] {
        &self.notes
    }

    pub(super) fn is_averaged(&self, service: Service) -> bool {
        self.averaged & (1 << service as u32) != 0
    }

    /// The limits that bind a household of this many people.
    pub(super) fn caps(&self, people: usize) -> Result<Caps, Gap> {
        let alone = people == 1;
        let group = |sides: &[Side; KINDS]| sides.map(|s| if alone { s.individual } else { s.family });
        // CMS's program applies the per-person amounts to a single person too; filings make the two equal or the
        // second larger.
        let each = |sides: &[Side; KINDS]| {
            sides.map(|s| if alone && self.model == Model::Shop { f64::INFINITY } else { s.person })
        };
        let caps = Caps {
            shape: self.shape,
            rounded: self.model == Model::Cms,
            group_deductible: group(&self.deductible),
            group_maximum: group(&self.maximum),
            person_deductible: each(&self.deductible),
            person_maximum: each(&self.maximum),
        };
        if self.model == Model::Shop {
            let size = if alone { Size::Individual } else { Size::Family };
            let filed = |a: &[f64], b: &[f64]| a.iter().chain(b).any(|x| x.is_finite());
            if !filed(&caps.group_deductible, &caps.person_deductible) {
                return Err(Gap::NoDeductible(size));
            }
            if !filed(&caps.group_maximum, &caps.person_maximum) {
                return Err(Gap::NoMaximum(size));
            }
        }
        Ok(caps)
    }
}

/// The plan filed something for visits, for hospital care and for drugs.
fn enough(plan: &CostSharing) -> Result<(), Gap> {
    use Service as S;
    let any = |of: &[S]| of.iter().any(|s| plan.shares[*s as usize] != Share::Missing);
    let needs = [
        (Field::Visits, &[S::PrimaryCare, S::Specialist][..]),
        (Field::Hospital, &[S::InpatientFacility, S::EmergencyRoom, S::OutpatientFacility][..]),
        (Field::Drugs, &[S::GenericDrugs, S::PreferredBrand][..]),
    ];
    needs.iter().find(|(_, of)| !any(of)).map_or(Ok(()), |(field, _)| Err(Gap::TooFewShares(*field)))
}

struct DraftRules<'a> {
    plan: &'a CostSharing,
    model: Model,
    parts: Vec<Part>,
    averaged: u32,
    notes: Vec<DataNote>,
}

impl DraftRules<'_> {
    /// Adds one service; returns the share that CMS's program would repeat if the next one is missing.
    fn add(&mut self, service: Service, before: Share) -> Result<Share, Gap> {
        let filed = self.plan.shares[service as usize];
        if service == Service::Other {
            self.averaged |= 1 << service as u32;
            return Ok(Share::NotCovered);
        }
        let share = match (filed, self.model) {
            (Share::Missing, Model::Cms) => {
                self.notes.push(DataNote::Repeated(service));
                if before == Share::Missing { Share::NotCovered } else { before }
            }
            (Share::Missing, Model::Shop) if service == Service::Preventive => {
                self.notes.push(DataNote::PreventiveByLaw);
                Share::Covered { copay: Copay::NoCharge, coinsurance: Coinsurance::NoCharge, outside_maximum: false }
            }
            (Share::Missing, Model::Shop) => {
                self.averaged |= 1 << service as u32;
                self.notes.push(DataNote::AverageShare(service));
                return Ok(Share::Missing);
            }
            (filed, _) => filed,
        };
        match share {
            Share::Covered { copay, coinsurance, outside_maximum } => {
                self.covered(service, copay, coinsurance, !outside_maximum)?;
            }
            Share::Missing | Share::NotCovered => {
                let mut part = self.blank(service);
                (part.rate, part.covered) = (1.0, false);
                if self.model == Model::Shop {
                    part.cap = f64::INFINITY;
                }
                self.parts.push(part);
            }
        }
        Ok(share)
    }

    fn covered(&mut self, service: Service, copay: Copay, rate: Coinsurance, in_maximum: bool) -> Result<(), Gap> {
        let (does, known) = behavior(copay, rate);
        if !known && self.model == Model::Cms {
            return Err(Gap::UnknownPair(service));
        }
        if !known {
            self.notes.push(DataNote::GeneralRule(service));
        }
        let mut part = Part { in_maximum, deductible: does.deductible, before: does.before, ..self.blank(service) };
        if let (true, Copay::Amount { amount, per, .. }) = (does.copay, copay) {
            part.copay = amount.0 as f64 / 100.0;
            let inpatient = service == Service::InpatientFacility;
            part.per_stay = inpatient && per == Per::Stay;
            if let (true, Per::Day, Some(days)) = (inpatient, per, self.plan.inpatient_copay_days) {
                part.days = f64::from(days);
            }
        }
        if let (true, Coinsurance::Rate { basis_points, .. }) = (does.coinsurance, rate) {
            part.rate = f64::from(basis_points) / 10_000.0;
        }
        let first = self.plan.primary_care_copays_first;
        if service == Service::PrimaryCare && self.model == Model::Shop && first > 0 && part.copay > 0.0 {
            let to = part.from + f64::from(first);
            self.parts.push(Part { to, rate: 0.0, deductible: false, before: false, ..part });
            (part.from, part.copay) = (to, 0.0);
        }
        self.parts.push(part);
        Ok(())
    }

    /// A service paid in full by the plan, with the plan's own caps and free visits.
    fn blank(&self, service: Service) -> Part {
        let drug_cap = self.plan.specialty_drug_cap.filter(|_| service == Service::SpecialtyDrugs);
        let free = if service == Service::PrimaryCare { self.plan.free_primary_care_visits } else { 0 };
        Part {
            service,
            from: f64::from(free),
            to: f64::INFINITY,
            copay: 0.0,
            rate: 0.0,
            per_stay: false,
            days: f64::INFINITY,
            cap: drug_cap.map_or(f64::INFINITY, |c| c.0 as f64 / 100.0),
            deductible: false,
            before: false,
            in_maximum: false,
            covered: true,
        }
    }
}
