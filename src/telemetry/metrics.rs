//! What can be monitored: counts and times, on the private port, in Prometheus format.
//!
//! Called by the request layer (each answer) and by the private port (each scrape). The number of series is bounded:
//! labels are route patterns, status classes and words from closed sets, and must never contain anything that was
//! asked. Histograms have fixed buckets, so hosts can be added up, and hold no samples, so memory stays flat even if
//! nobody scrapes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::StatusCode;
use foldhash::fast::RandomState;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// What Prometheus expects.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Seconds. A 304 takes a tenth of a millisecond, a list a third of one; the slowest admitted answer takes
/// less than a second.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    /// The route's pattern without its language; `(none)` if no route matches.
    route: String,
    /// `2xx` …
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Uploaded {
    /// `kept`, or why not.
    outcome: &'static str,
}

pub struct Metrics {
    registry: Registry,
    answers: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    slow: Counter,
    uploads: Family<Uploaded, Counter>,
    prefixes: Vec<&'static str>,
    /// By a route's pattern as the router has it: finding the two series of an answer by their labels would copy
    /// and hash the route twice for each request.
    routes: RwLock<HashMap<String, OfRoute, RandomState>>,
}

/// The series of one route.
struct OfRoute {
    /// Without its language.
    route: String,
    /// By class of status, each made with its first answer.
    answers: [OnceLock<Counter>; CLASSES.len()],
    seconds: Histogram,
}

/// By the first digit of a status, less one.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl Metrics {
    /// `prefixes`: what paths of other languages begin with (`/es`); a route is one in all of them.
    pub fn new(prefixes: Vec<&'static str>) -> Metrics {
        let mut registry = Registry::with_prefix("windowshop");
        let answers = Family::default();
        registry.register("answers", "Answers, by route and class of status", answers.clone());
        let seconds = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        registry.register(
            "answer_seconds",
            "Time from a request's headers until its answer was made, by route",
            seconds.clone(),
        );
        let slow = Counter::default();
        registry.register("slow_answers", "Answers that took longer to make than --slow-ms", slow.clone());
        let uploads = Family::default();
        registry.register("uploads", "Files that were sent as proof, by what became of them", uploads.clone());
        Metrics { registry, answers, seconds, slow, uploads, prefixes, routes: RwLock::default() }
    }

    /// An answer was sent.
    pub fn answered(&self, pattern: &str, status: StatusCode, time: Duration, slow: bool) {
        // Whatever is shared costs something to touch: the list is read in place, what it leads to is not handed out.
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(of) = routes.get(pattern) {
            return self.count(of, status, time, slow);
        }
        drop(routes);
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let of = routes.entry(pattern.to_string()).or_insert_with(|| self.of_route(pattern));
        self.count(of, status, time, slow);
    }

    fn count(&self, of: &OfRoute, status: StatusCode, time: Duration, slow: bool) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        let series = || Answered { route: of.route.clone(), status: CLASSES[class] };
        of.answers[class].get_or_init(|| self.answers.get_or_create(&series()).clone()).inc();
        of.seconds.observe(time.as_secs_f64());
        if slow {
            self.slow.inc();
        }
    }

    /// A file was sent. `outcome`: a word of a closed list.
    pub fn uploaded(&self, outcome: &'static str) {
        self.uploads.get_or_create(&Uploaded { outcome }).inc();
    }

    fn of_route(&self, pattern: &str) -> OfRoute {
        let rest = self.prefixes.iter().find_map(|prefix| pattern.strip_prefix(prefix));
        let route = match rest {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => pattern,
        };
        let seconds = self.seconds.get_or_create(&Route { route: route.to_string() }).clone();
        OfRoute { route: route.to_string(), answers: Default::default(), seconds }
    }

    /// Everything as text, plus what `now` reports about this moment.
    pub fn text(&self, now: impl Collector) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        Ok(text + &moment(now)?)
    }
}

/// What `now` reports about this moment, as text.
///
/// # Errors
///
/// If `now` cannot be written.
pub fn moment(now: impl Collector) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let mut moment = Registry::default();
    moment.register_collector(Box::new(now));
    encode(&mut text, &moment)?;
    Ok(text)
}
