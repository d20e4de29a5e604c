//! The client of the federal data services hub: one typed question and one typed answer for each of its services.
//!
//! Called by `verify`, from jobs, never while somebody waits. What an answer means for a person is not known here. Success
//! is checked at both levels (the whole answer, and the person or organization in it); a source that is away is never an
//! answer; an answer about somebody else is garbage. Bodies are never logged.

pub mod batch;
pub mod breaker;
pub mod counts;
pub mod esi;
pub mod fault;
pub mod ifsv;
pub mod non_esi;
pub mod papers;
pub mod person;
pub mod ridp;
pub mod service;
pub mod ssa;
pub mod transport;
pub mod vlp;
mod wire;

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use self::esi::{EsiAnswer, EsiAsk, EsiRecord};
pub use self::fault::{Code, HubFault};
pub use self::ifsv::{IncomeAnswer, IncomeAsk, IncomeRecord, TaxPerson, TaxRole};
pub use self::non_esi::{Coverage, Organization, OtherAnswer, OtherAsk};
pub use self::papers::{DocumentKind, VlpDocument};
pub use self::person::{Person, Sex, Ssn, YearMonth};
pub use self::ridp::{Decision, DecisionCode, RidpAnswers, RidpAsk, RidpFirst};
pub use self::service::Service;
pub use self::ssa::{Death, Incarceration, SsaAnswer, SsaAsk, SsaRecord};
pub use self::vlp::{CaseNumber, Closed, Said, VlpAnswer, VlpAsk, VlpCase};
/// What the hub's codes mean: those of account transfers are the same.
pub use self::wire::{Level, level};

use self::breaker::Breaker;
use self::counts::{Counts, Outcome};
use self::service::Row;
use self::transport::{Failed, Transport};
use self::vlp::{About, Contact};
use crate::config::HubSettings;

/// The hub, as this process knows it. A clone is the same one.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

struct Inner {
    /// Or why nothing can be asked.
    transport: Result<Transport, String>,
    contact: Contact,
    services: Vec<OfService>,
}

struct OfService {
    row: &'static Row,
    places: Semaphore,
    breaker: Breaker,
    counts: Counts,
}

impl Hub {
    /// Without a hub in the settings every question is [`HubFault::Down`].
    pub fn new(settings: &HubSettings) -> Hub {
        let rows = service::rows();
        let of = |row: &'static Row| OfService {
            row,
            places: Semaphore::new(row.at_once),
            breaker: Breaker::new(row.failures, row.pause()),
            counts: Counts::default(),
        };
        let transport = rows.map_err(str::to_string).and_then(|_| Transport::open(settings));
        let services = rows.unwrap_or_default().iter().map(of).collect();
        let contact = Contact { name: settings.contact_name.clone(), phone: settings.contact_phone.clone() };
        Hub { inner: Arc::new(Inner { transport, contact, services }) }
    }

    /// Why nothing can be asked; `None` if there is a hub.
    pub fn unset(&self) -> Option<&str> {
        self.inner.transport.as_ref().err().map(String::as_str)
    }

    /// Social Security Administration: number, death, citizenship, incarceration, benefits, quarters.
    ///
    /// # Errors
    ///
    /// As [`HubFault`] says; the same for all questions.
    pub async fn ssa(&self, ask: &SsaAsk) -> Result<SsaAnswer, HubFault> {
        self.call(Service::Ssa, ssa::write(ask)?, |body| ssa::read(body, ask)).await
    }

    /// Lawful presence, step 1.
    pub async fn lawful_presence(&self, ask: &VlpAsk) -> Result<VlpAnswer, HubFault> {
        let body = vlp::write(ask, &self.inner.contact)?;
        self.call(Service::Vlp, body, |body| vlp::read(body, &About::Ask(ask))).await
    }

    /// How it stands with a case that was pending.
    pub async fn lawful_presence_again(&self, case: &CaseNumber) -> Result<VlpAnswer, HubFault> {
        self.call(Service::VlpAgain, vlp::write_again(case), |body| vlp::read(body, &About::Case(case))).await
    }

    /// A case once more, with numbers that were corrected.
    pub async fn lawful_presence_corrected(&self, case: &CaseNumber, ask: &VlpAsk) -> Result<VlpAnswer, HubFault> {
        let body = vlp::write_corrected(case, ask, &self.inner.contact)?;
        self.call(Service::VlpCorrected, body, |body| vlp::read(body, &About::Case(case))).await
    }

    /// Nothing more will be asked about a case.
    pub async fn close_case(&self, case: &CaseNumber) -> Result<Closed, HubFault> {
        self.call(Service::VlpClose, vlp::write_close(case), vlp::read_close).await
    }

    /// Identity proofing, first call: questions, or a decision.
    pub async fn ridp_first(&self, ask: &RidpAsk) -> Result<RidpFirst, HubFault> {
        self.call(Service::Ridp, ridp::write_first(ask)?, ridp::read_first).await
    }

    /// Second call: what was answered.
    pub async fn ridp_second(&self, ask: &RidpAnswers) -> Result<Decision, HubFault> {
        self.call(Service::Ridp, ridp::write_second(ask)?, |body| ridp::read_second(body, ask)).await
    }

    /// What has become of a refusal that is being settled by telephone; `None`: nothing yet.
    pub async fn fars(&self, reference: &str) -> Result<Option<Decision>, HubFault> {
        let body = ridp::write_follow_up(reference)?;
        self.call(Service::Fars, body, |body| ridp::read_follow_up(body, reference)).await
    }

    /// Coverage by an employer.
    pub async fn employer_coverage(&self, ask: &EsiAsk) -> Result<EsiAnswer, HubFault> {
        self.call(Service::Esi, esi::write(ask)?, |body| esi::read(body, ask)).await
    }

    /// Coverage by public programs.
    pub async fn other_coverage(&self, ask: &OtherAsk) -> Result<OtherAnswer, HubFault> {
        self.call(Service::NonEsi, non_esi::write(ask)?, |body| non_esi::read(body, ask)).await
    }

    /// Income and family size of a tax household.
    pub async fn income(&self, ask: &IncomeAsk) -> Result<IncomeAnswer, HubFault> {
        self.call(Service::Ifsv, ifsv::write(ask)?, |body| ifsv::read(body, ask)).await
    }

    /// Whether a service is left alone right now: a question to it would only be put off.
    pub fn rests(&self, service: Service) -> bool {
        self.inner.services[service as usize].breaker.rests(Instant::now())
    }

    async fn call<T>(
        &self,
        service: Service,
        body: Value,
        read: impl FnOnce(&[u8]) -> Result<T, HubFault>,
    ) -> Result<T, HubFault> {
        let transport = self.inner.transport.as_ref().map_err(|why| HubFault::Down(why.clone()))?;
        let of = &self.inner.services[service as usize];
        let Ok(Ok(_place)) = tokio::time::timeout(transport.timeout(), of.places.acquire()).await else {
            of.counts.add(Outcome::Crowded, None);
            return Err(HubFault::Down(format!("{} questions of this process are already under way", of.row.at_once)));
        };
        let pass = of.breaker.enter(Instant::now()).map_err(|wait| {
            of.counts.add(Outcome::Open, None);
            HubFault::Down(format!("left alone for {} s after failures in a row", wait.as_secs().max(1)))
        })?;
        let begun = Instant::now();
        let answered = transport.post(&of.row.path, body.to_string().into_bytes()).await;
        let read = answered.and_then(|body| read(&body).map_err(|fault| Failed::from(with_body(fault, body))));
        let took = begun.elapsed();
        let (answer, wait) = match read {
            Ok(answer) => (Ok(answer), None),
            Err(failed) => (Err(failed.fault), failed.wait),
        };
        let outcome = answer.as_ref().map_or_else(Outcome::of, |_| Outcome::Answered);
        pass.settle(matches!(outcome, Outcome::Answered | Outcome::Refused), wait, Instant::now());
        of.counts.add(outcome, Some(took));
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let service = service.word();
        match &answer {
            Ok(_) => tracing::debug!(service, ms, "the hub answered"),
            Err(fault) => tracing::warn!(service, ms, %fault, "no answer of the hub"),
        }
        answer
    }
}

/// Garbage is kept with what came.
fn with_body(fault: HubFault, body: Vec<u8>) -> HubFault {
    match fault {
        HubFault::Garbage { why, .. } => HubFault::Garbage { why, body },
        other => other,
    }
}
