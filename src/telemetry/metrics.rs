//! What can be watched: counts and times, on the private port, in the form that Prometheus reads.
//!
//! Called by the request layer (each answer), by the private port (each scrape). The number of series is bounded: labels
//! are route patterns, classes of status and words of closed sets, never anything that was asked. Histograms have buckets
//! of their own, so that hosts can be added up, and hold no samples, so that nobody has to scrape for memory to stay flat.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::writer::lines_lost;
use crate::app::App;
use crate::serve::admission::Refused;

/// As Prometheus is to be told.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Seconds. A 304 takes a tenth of a millisecond, a list with brotli half of one; the last admitted answer one second.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    /// The route's pattern without its language; `(none)` where no route fits.
    route: String,
    /// `2xx` …
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

pub struct Metrics {
    registry: Registry,
    answers: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    slow: Counter,
    /// Set once, when all parts are put together.
    app: Arc<OnceLock<Weak<App>>>,
}

impl Metrics {
    pub fn new() -> Metrics {
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
        let app = Arc::new(OnceLock::new());
        registry.register_collector(Box::new(Now { app: Arc::clone(&app) }));
        Metrics { registry, answers, seconds, slow, app }
    }

    /// From now on a scrape tells of this app.
    pub fn watch(&self, app: &Arc<App>) {
        self.app.get_or_init(|| Arc::downgrade(app));
    }

    /// An answer was made.
    pub fn answered(&self, pattern: &str, status: StatusCode, time: Duration, slow: bool) {
        let route = match pattern.strip_prefix("/es") {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => pattern,
        };
        let status = match status.as_u16() {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        self.answers.get_or_create(&Answered { route: route.to_string(), status }).inc();
        self.seconds.get_or_create(&Route { route: route.to_string() }).observe(time.as_secs_f64());
        if slow {
            self.slow.inc();
        }
    }

    /// Everything, as text.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics::new()
    }
}

/// What is counted elsewhere and looked up at each scrape.
struct Now {
    app: Arc<OnceLock<Weak<App>>>,
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

impl Collector for Now {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let out = &mut encoder;
        counter(out, "windowshop_log_lines_lost", "Log lines that were never written", lines_lost())?;
        let process = Process::look();
        gauge(out, "windowshop_resident_bytes", "Memory of this process", process.resident)?;
        gauge(out, "windowshop_file_handles", "Open file handles of this process", process.handles)?;
        let Some(app) = self.app.get().and_then(Weak::upgrade) else { return Ok(()) };
        let floor = &app.floor;
        gauge(out, "windowshop_connections", "Open connections", floor.connections())?;
        gauge(out, "windowshop_connections_max", "Most connections at once", app.config.max_connections)?;
        gauge(out, "windowshop_answer_bytes", "Bytes of answers made and not yet taken", floor.bytes())?;
        counter(
            out,
            "windowshop_connections_sent_away",
            "Connections closed to make room, or because their client let answers lie",
            floor.sent_away(),
        )?;
        let admission = &app.admission;
        gauge(out, "windowshop_running", "Requests being answered", admission.running())?;
        gauge(out, "windowshop_limit", "Most requests answered at once, as it is now", admission.limit())?;
        gauge(out, "windowshop_waiting", "Requests waiting for a place", admission.waiting())?;
        let mut refused = out.encode_descriptor(
            "windowshop_refused",
            "Requests told to come back, by cause",
            None,
            prometheus_client::metrics::MetricType::Counter,
        )?;
        for why in Refused::ALL {
            let value = ConstCounter::new(admission.refused(why));
            value.encode(refused.encode_family(&[("cause", why.word())])?)?;
        }
        catalogues(out, &app)?;
        let build = out.encode_descriptor(
            "windowshop_build",
            "The build that runs",
            None,
            prometheus_client::metrics::MetricType::Gauge,
        );
        ConstGauge::new(1_i64).encode(build?.encode_family(&[("build", app.build)])?)
    }
}

/// Which catalogues are served, how old they are, how busy their connections.
fn catalogues(out: &mut DescriptorEncoder, app: &App) -> fmt::Result {
    let now = (app.clock)();
    let current = app.catalogues.current();
    let mut each = |name: &str, help: &str, value: &dyn Fn(&crate::catalogue::Catalogue) -> i64| {
        let kind = prometheus_client::metrics::MetricType::Gauge;
        let mut family = out.encode_descriptor(name, help, None, kind)?;
        for catalogue in current.iter() {
            let year = catalogue.year.to_string();
            let labels = [("year", year.as_str()), ("version", catalogue.version.as_str())];
            ConstGauge::new(value(catalogue)).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    };
    each("windowshop_catalogue_age_seconds", "Time since the catalogue was built", &|catalogue| {
        let built = catalogue.meta.get("built_at").and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
        built.map_or(-1, |built| (now - built).whole_seconds())
    })?;
    each("windowshop_pool_connections", "Connections to the catalogue", &|catalogue| i64::from(catalogue.pool.size()))?;
    each("windowshop_pool_idle", "Connections to the catalogue that nobody uses", &|catalogue| {
        i64::try_from(catalogue.pool.num_idle()).unwrap_or(i64::MAX)
    })
}

fn gauge(out: &mut DescriptorEncoder, name: &str, help: &str, value: usize) -> fmt::Result {
    let value = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    value.encode(out.encode_descriptor(name, help, None, prometheus_client::metrics::MetricType::Gauge)?)
}

fn counter(out: &mut DescriptorEncoder, name: &str, help: &str, value: u64) -> fmt::Result {
    let kind = prometheus_client::metrics::MetricType::Counter;
    ConstCounter::new(value).encode(out.encode_descriptor(name, help, None, kind)?)
}

/// What the system says of this process; zeros where it does not say.
struct Process {
    resident: usize,
    handles: usize,
}

impl Process {
    fn look() -> Process {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
        let handles = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Process { resident: kilobytes.unwrap_or(0) * 1024, handles }
    }
}
