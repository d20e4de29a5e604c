//! What this process asked the hub, and what came: for the private port. Closed lists, no person.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use strum::{EnumCount, EnumIter, IntoStaticStr};
use tokio::time::Instant;

use super::Hub;
use super::breaker::Shown;
use super::fault::HubFault;

#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumCount, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    Answered,
    Down,
    Refused,
    Garbage,
    /// Not asked: the service is left alone after failures.
    Open,
    /// Not asked: too many questions at once.
    Crowded,
}

impl Outcome {
    pub(super) fn of(fault: &HubFault) -> Outcome {
        match fault {
            HubFault::Down(_) => Outcome::Down,
            HubFault::Refused(_) => Outcome::Refused,
            HubFault::Garbage { .. } => Outcome::Garbage,
        }
    }
}

#[derive(Default)]
pub(super) struct Counts {
    outcomes: [AtomicU64; Outcome::COUNT],
    micros: AtomicU64,
}

impl Counts {
    pub(super) fn add(&self, outcome: Outcome, took: Option<Duration>) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        let micros = took.map_or(0, |took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// One service at a moment.
pub struct OfService {
    pub service: &'static str,
    counts: [u64; Outcome::COUNT],
    /// Time spent on questions that were asked.
    pub seconds: f64,
    pub under_way: usize,
    pub breaker: Shown,
}

impl OfService {
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.counts[outcome as usize]
    }
}

impl Hub {
    /// Every service, for metrics.
    pub fn shown(&self) -> Vec<OfService> {
        let of = |of: &super::OfService| OfService {
            service: of.row.service.word(),
            counts: std::array::from_fn(|i| of.counts.outcomes[i].load(Ordering::Relaxed)),
            seconds: of.counts.micros.load(Ordering::Relaxed) as f64 / 1e6,
            under_way: of.row.at_once.saturating_sub(of.places.available_permits()),
            breaker: of.breaker.shown(Instant::now()),
        };
        self.inner.services.iter().map(of).collect()
    }
}
