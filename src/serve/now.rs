//! What is true right now, for monitoring: looked up at each scrape of the private port.
//!
//! Called by `private`. Names and labels are closed sets and must never include what was asked. A process that only does
//! the office's jobs shows a part of what the shop shows, under the same names.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use strum::IntoEnumIterator as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::app::{App, BUILD};
use crate::application::funnel::pages as pages_of_the_application;
use crate::catalogue::Catalogue;
use crate::floor::admission::Refused;
use crate::hub::Hub;
use crate::hub::breaker::Shown as Breaker;
use crate::hub::counts::{OfService, Outcome};
use crate::insurer::inbox::COUNTS as INSURERS_READ;
use crate::insurer::sweep::COUNTS as INSURERS_SENT;
use crate::store::{Store, counts};
use crate::surge::page_cache::PageCache;
use crate::telemetry::funnel::{Event, Funnel};
use crate::telemetry::writer::lines_lost;
use crate::transfer::inbox::COUNTS as TRANSFERS_READ;
use crate::work::counts::{Counts, Shown};

/// What is counted elsewhere and looked up at each scrape.
pub struct Now {
    pub app: Arc<App>,
    pub jobs: Jobs,
}

/// The same of a process's jobs: all that `windowshop worker` has.
#[derive(Clone)]
pub struct Jobs {
    pub store: Store,
    pub work: Arc<Counts>,
    pub hub: Hub,
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

impl Collector for Now {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        self.jobs.encode_into(&mut encoder)?;
        let out = &mut encoder;
        let app = &self.app;
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
        // Of both machines, but for the limit: the private pages' never moves.
        let (admission, office) = (&app.admission, &app.office_admission);
        gauge(out, "windowshop_running", "Requests being answered", admission.running() + office.running())?;
        gauge(out, "windowshop_limit", "Most requests answered at once, as it is now", admission.limit())?;
        gauge(out, "windowshop_waiting", "Requests waiting for a place", admission.waiting() + office.waiting())?;
        let mut refused = out.encode_descriptor(
            "windowshop_refused",
            "Requests told to come back, by cause",
            None,
            prometheus_client::metrics::MetricType::Counter,
        )?;
        for why in Refused::ALL {
            let value = ConstCounter::new(admission.refused(why) + office.refused(why));
            value.encode(refused.encode_family(&[("cause", why.word())])?)?;
        }
        if let Some(pages) = &app.pages {
            page_cache(out, pages)?;
        }
        catalogues(out, app)?;
        transfers(out)?;
        insurers(out)?;
        application(out, &app.funnel)
    }
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jobs")
    }
}

impl Collector for Jobs {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        self.encode_into(&mut encoder)
    }
}

impl Jobs {
    fn encode_into(&self, out: &mut DescriptorEncoder) -> fmt::Result {
        counter(out, "windowshop_log_lines_lost", "Log lines that were never written", lines_lost())?;
        let process = Process::look();
        gauge(out, "windowshop_resident_bytes", "Memory of this process", process.resident)?;
        gauge(out, "windowshop_file_handles", "Open file handles of this process", process.handles)?;
        store(out, &self.store)?;
        work(out, &self.work)?;
        hub(out, &self.hub)?;
        let build = out.encode_descriptor(
            "windowshop_build",
            "The build that runs",
            None,
            prometheus_client::metrics::MetricType::Gauge,
        );
        ConstGauge::new(1_i64).encode(build?.encode_family(&[("build", BUILD)])?)
    }
}

/// How often a page need not be made. Absent if the cache is off.
fn page_cache(out: &mut DescriptorEncoder, pages: &PageCache) -> fmt::Result {
    let kind = prometheus_client::metrics::MetricType::Counter;
    let help = "Requests for pages, by what the page cache did with them";
    let mut looks = out.encode_descriptor("windowshop_page_cache_requests", help, None, kind)?;
    for (result, count) in pages.counts().by_result() {
        ConstCounter::new(count).encode(looks.encode_family(&[("result", result)])?)?;
    }
    counter(out, "windowshop_page_cache_evictions", "Kept pages given up for others", pages.counts().evicted())?;
    counter(
        out,
        "windowshop_page_cache_squeezed",
        "Times a kept page was compressed harder",
        pages.counts().squeezed(),
    )?;
    gauge(out, "windowshop_page_cache_pages", "Kept pages", pages.pages())?;
    gauge(out, "windowshop_page_cache_bytes", "Memory of kept pages", usize::try_from(pages.bytes()).unwrap_or(0))?;
    gauge(
        out,
        "windowshop_page_cache_bytes_max",
        "Most memory of kept pages",
        usize::try_from(pages.bytes_max()).unwrap_or(0),
    )
}

/// Which catalogues are being served, how old they are, how busy their connections.
fn catalogues(out: &mut DescriptorEncoder, app: &App) -> fmt::Result {
    let now = (app.clock)();
    let current = app.catalogues.current();
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Catalogue) -> i64| {
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
    each("windowshop_pool_connections", "Connections to the catalogue", &|catalogue| {
        i64::try_from(catalogue.readers.most()).unwrap_or(i64::MAX)
    })?;
    each("windowshop_pool_idle", "Connections to the catalogue that nobody uses", &|catalogue| {
        i64::try_from(catalogue.readers.free()).unwrap_or(i64::MAX)
    })
}

/// The office's queue, by kind of job.
fn work(out: &mut DescriptorEncoder, work: &Counts) -> fmt::Result {
    use prometheus_client::metrics::MetricType::{Counter, Gauge};
    let shown = work.shown();
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Shown) -> i64| -> fmt::Result {
        let mut family = out.encode_descriptor(name, help, None, Gauge)?;
        for of in &shown {
            ConstGauge::new(value(of)).encode(family.encode_family(&[("kind", of.kind)])?)?;
        }
        Ok(())
    };
    each("windowshop_jobs_waiting", "Jobs that wait, by kind", &|of| of.now.waiting)?;
    each("windowshop_jobs_held", "Jobs that a worker holds, by kind", &|of| of.now.held)?;
    each("windowshop_jobs_dead", "Jobs that an operator has to look at, by kind", &|of| of.now.dead)?;
    each("windowshop_jobs_oldest_seconds", "For how long the oldest job that waits has been due, by kind", &|of| {
        of.now.oldest / 1000
    })?;
    let mut each = |name: &str, help: &str, value: &dyn Fn(&Shown) -> u64| -> fmt::Result {
        let mut family = out.encode_descriptor(name, help, None, Counter)?;
        for of in &shown {
            ConstCounter::new(value(of)).encode(family.encode_family(&[("kind", of.kind)])?)?;
        }
        Ok(())
    };
    each("windowshop_jobs_done", "Jobs that this process has done, by kind", &|of| of.done)?;
    each("windowshop_jobs_failed", "Attempts of this process that came to nothing, by kind", &|of| of.failed)
}

/// What this process asked the federal hub, by service.
fn hub(out: &mut DescriptorEncoder, hub: &Hub) -> fmt::Result {
    use prometheus_client::metrics::MetricType::{Counter, Gauge};
    let shown = hub.shown();
    let help = "Questions to the federal hub, by service and what came of them";
    let mut questions = out.encode_descriptor("windowshop_hub_questions", help, None, Counter)?;
    for of in &shown {
        for outcome in Outcome::iter() {
            let labels = [("service", of.service), ("outcome", outcome.into())];
            ConstCounter::new(of.count(outcome)).encode(questions.encode_family(&labels)?)?;
        }
    }
    let help = "Time spent on questions to the federal hub, by service";
    let mut seconds = out.encode_descriptor("windowshop_hub_seconds", help, None, Counter)?;
    for of in &shown {
        ConstCounter::new(of.seconds).encode(seconds.encode_family(&[("service", of.service)])?)?;
    }
    let mut each = |name: &str, help: &str, value: &dyn Fn(&OfService) -> i64| -> fmt::Result {
        let mut family = out.encode_descriptor(name, help, None, Gauge)?;
        for of in &shown {
            ConstGauge::new(value(of)).encode(family.encode_family(&[("service", of.service)])?)?;
        }
        Ok(())
    };
    each("windowshop_hub_under_way", "Questions to the federal hub right now, by service", &|of| {
        i64::try_from(of.under_way).unwrap_or(i64::MAX)
    })?;
    let help =
        "Whether a service of the federal hub is left alone after failures: 0 no, 1 one question tries it, 2 yes";
    each("windowshop_hub_breaker", help, &|of| match of.breaker {
        Breaker::Closed => 0,
        Breaker::Trying => 1,
        Breaker::Open => 2,
    })
}

/// Files of states' agencies that this process has read.
fn transfers(out: &mut DescriptorEncoder) -> fmt::Result {
    use prometheus_client::metrics::MetricType::Counter;
    let help = "Files of states' Medicaid agencies that this process has read, by what came of them";
    let mut files = out.encode_descriptor("windowshop_transfer_files", help, None, Counter)?;
    for (outcome, count) in TRANSFERS_READ.all() {
        ConstCounter::new(count).encode(files.encode_family(&[("outcome", outcome)])?)?;
    }
    Ok(())
}

/// What waits for insurers, files of theirs that this process has read, and what in them needs an operator.
fn insurers(out: &mut DescriptorEncoder) -> fmt::Result {
    use prometheus_client::metrics::MetricType::Counter;
    let waiting = INSURERS_SENT.waiting();
    let number = |value: i64| usize::try_from(value).unwrap_or(0);
    let help = "Signed changes that are not in an insurer's folder yet, as the last round left them";
    gauge(out, "windowshop_insurer_waiting", help, number(waiting.many))?;
    let help = "For how long the oldest of them has waited, as the last round left it";
    gauge(out, "windowshop_insurer_oldest_seconds", help, number(waiting.oldest / 1000))?;
    let help = "Signed changes that cannot be written for an insurer until somebody has looked at them";
    gauge(out, "windowshop_insurer_unwritten", help, number(waiting.unwritten))?;
    let help = "Rounds of this process in which not everything was sent or read";
    counter(out, "windowshop_insurer_rounds_failed", help, INSURERS_SENT.failed())?;
    let help = "Files of insurers that this process has read, by what came of them";
    let mut files = out.encode_descriptor("windowshop_insurer_files", help, None, Counter)?;
    for (outcome, count) in INSURERS_READ.files() {
        ConstCounter::new(count).encode(files.encode_family(&[("outcome", outcome)])?)?;
    }
    let help = "Enrollments that an insurer's system rejected, and answers of insurers that were kept aside";
    let mut answers = out.encode_descriptor("windowshop_insurer_answers", help, None, Counter)?;
    for (outcome, count) in INSURERS_READ.answers() {
        ConstCounter::new(count).encode(answers.encode_family(&[("outcome", outcome)])?)?;
    }
    Ok(())
}

/// The application's pages, of this process. No language, no question: few series, and none that few people are in.
fn application(out: &mut DescriptorEncoder, funnel: &Funnel) -> fmt::Result {
    use prometheus_client::metrics::MetricType::Counter;
    let help = "Pages of the application shown, answered and refused, since this process began";
    let mut pages = out.encode_descriptor("windowshop_application_pages", help, None, Counter)?;
    for page in pages_of_the_application() {
        for event in [Event::Shown, Event::Answered, Event::Refused] {
            let labels = [("page", page), ("event", event.into())];
            ConstCounter::new(funnel.ever(page, event)).encode(pages.encode_family(&labels)?)?;
        }
    }
    let waiting = "Different counts of the application's pages that wait for the store";
    gauge(out, "windowshop_application_counts_waiting", waiting, funnel.waiting())?;
    let lost = "Counts of the application's pages for which there was no room";
    counter(out, "windowshop_application_counts_lost", lost, funnel.given_up())
}

/// The office's store.
fn store(out: &mut DescriptorEncoder, store: &Store) -> fmt::Result {
    use prometheus_client::metrics::MetricType::{Counter, Gauge};
    gauge(out, "windowshop_store_up", "Whether the office's store answered when last asked", store.answers().into())?;
    counter(out, "windowshop_store_writes", "Changes of the office's store", store.writes())?;
    counter(out, "windowshop_store_writes_again", "Changes tried again after meeting another", store.tried_again())?;
    let mut errors = out.encode_descriptor("windowshop_store_errors", "Errors of the store, by kind", None, Counter)?;
    for (kind, count) in counts::errors() {
        ConstCounter::new(count).encode(errors.encode_family(&[("kind", kind)])?)?;
    }
    let mut each = |name: &str, help: &str, value: &dyn Fn(&counts::Pool) -> i64| {
        let mut family = out.encode_descriptor(name, help, None, Gauge)?;
        for pool in store.pools() {
            ConstGauge::new(value(&pool)).encode(family.encode_family(&[("pool", pool.name)])?)?;
        }
        Ok(())
    };
    each("windowshop_store_connections", "Connections to the store", &|pool| i64::from(pool.open))?;
    each("windowshop_store_idle", "Connections to the store that nobody uses", &|pool| {
        i64::try_from(pool.idle).unwrap_or(i64::MAX)
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

/// What the system reports about this process; zeros if it reports nothing.
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
