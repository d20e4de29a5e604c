//! `windowshop top`: what a running server is doing, from its private port, as a table that keeps refreshing.
//!
//! Called by `main`. It reads `/metrics` and nothing else, so it shows the same as the operator's own graphs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Show what a running server is doing.
#[derive(Debug, Clone, clap::Args)]
pub struct TopArgs {
    /// The server's private port
    #[arg(long, env = "WINDOWSHOP_METRICS_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:9464")]
    pub metrics_listen: SocketAddr,
    /// Seconds between two refreshes
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub every: u64,
    /// Sample twice, print once, and exit
    #[arg(long)]
    pub once: bool,
}

/// Refreshes until Ctrl-C, or prints once.
pub fn run(args: &TopArgs, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    let mut before = Look::at(args.metrics_listen)?;
    loop {
        std::thread::sleep(Duration::from_secs(args.every));
        let now = Look::at(args.metrics_listen)?;
        let table = table(&before, &now)?;
        // Cursor home, and clear what is below: no flicker.
        let start = if args.once { "" } else { "\x1b[H\x1b[J" };
        match write!(out, "{start}{table}").and_then(|()| out.flush()) {
            // For example `top | head`.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            done => done?,
        }
        if args.once {
            return Ok(());
        }
        before = now;
    }
}

/// One scrape.
struct Look {
    at: Instant,
    /// Value by name with labels, as written.
    values: BTreeMap<String, f64>,
}

impl Look {
    fn at(address: SocketAddr) -> anyhow::Result<Look> {
        let asking = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = asking().with_context(|| format!("no metrics from {address}: is --metrics-listen set there?"))?;
        let (head, text) = answer.split_once("\r\n\r\n").context("an answer without end of headers")?;
        anyhow::ensure!(head.contains(" 200 "), "{}", head.lines().next().unwrap_or(""));
        let line = |line: &str| {
            let (name, value) = line.rsplit_once(' ')?;
            (!line.starts_with('#')).then(|| Some((name.to_string(), value.parse().ok()?)))?
        };
        Ok(Look { at: Instant::now(), values: text.lines().filter_map(line).collect() })
    }

    fn get(&self, name: &str) -> f64 {
        self.values.get(name).copied().unwrap_or(0.0)
    }

    /// All series with a name: labels and value.
    fn series<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let labeled = self.values.range(format!("{name}{{")..format!("{name}|"));
        labeled.map(move |(key, value)| (&key[name.len()..], *value))
    }
}

fn label<'a>(labels: &'a str, name: &str) -> &'a str {
    labels.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("")
}

fn table(before: &Look, now: &Look) -> Result<String, std::fmt::Error> {
    let seconds = (now.at - before.at).as_secs_f64();
    let a_second = |key: &str| (now.get(key) - before.get(key)).max(0.0) / seconds;
    let mut text = String::new();
    for (labels, _) in now.series("windowshop_build") {
        writeln!(text, "windowshop {}", label(labels, "build"))?;
    }
    writeln!(
        text,
        "running {:.0} of {:.0}, waiting {:.0}   connections {:.0} of {:.0}   untaken {:.1} MB   memory {:.0} MB",
        now.get("windowshop_running"),
        now.get("windowshop_limit"),
        now.get("windowshop_waiting"),
        now.get("windowshop_connections"),
        now.get("windowshop_connections_max"),
        now.get("windowshop_answer_bytes") / 1e6,
        now.get("windowshop_resident_bytes") / 1e6,
    )?;
    let refused: Vec<String> = now
        .series("windowshop_refused_total")
        .map(|(labels, _)| {
            let key = format!("windowshop_refused_total{labels}");
            format!("{} {:.1}", label(labels, "cause"), a_second(&key))
        })
        .collect();
    writeln!(
        text,
        "a second: refused {}; sent away {:.1}; log lines lost {:.1}; slow {:.1}",
        refused.join(", "),
        a_second("windowshop_connections_sent_away_total"),
        a_second("windowshop_log_lines_lost_total"),
        a_second("windowshop_slow_answers_total"),
    )?;
    let of_cache = |result: &str| a_second(&format!("windowshop_page_cache_requests_total{{result=\"{result}\"}}"));
    let (hits, misses) = (of_cache("hit") + of_cache("shared"), of_cache("first_sighting") + of_cache("fill"));
    writeln!(
        text,
        "page cache: {:.0} % of {:.1} public pages a second; {:.0} pages, {:.1} of {:.1} MB",
        100.0 * hits / (hits + misses).max(f64::MIN_POSITIVE),
        hits + misses,
        now.get("windowshop_page_cache_pages"),
        now.get("windowshop_page_cache_bytes") / 1e6,
        now.get("windowshop_page_cache_bytes_max") / 1e6,
    )?;
    for (labels, age) in now.series("windowshop_catalogue_age_seconds") {
        let age = if age < 0.0 { "age unknown".to_string() } else { format!("built {:.1} days ago", age / 86_400.0) };
        writeln!(text, "catalogue {}, {age}", label(labels, "version"))?;
    }
    writeln!(text, "{}", office(now, &a_second))?;
    writeln!(text, "{}", jobs(now))?;
    writeln!(text, "\n{:<28} {:>9} {:>9} {:>9} {:>9}", "route", "a second", "errors", "p50 ms", "p99 ms")?;
    let routes: std::collections::BTreeSet<&str> =
        now.series("windowshop_answers_total").map(|(labels, _)| label(labels, "route")).collect();
    for route in routes {
        let of_status = |wanted: fn(&str) -> bool| -> f64 {
            let mine = now
                .series("windowshop_answers_total")
                .filter(|(labels, _)| label(labels, "route") == route && wanted(label(labels, "status")));
            mine.map(|(labels, _)| a_second(&format!("windowshop_answers_total{labels}"))).sum()
        };
        let (all, errors) = (of_status(|_| true), of_status(|status| status == "5xx"));
        let times = [0.5, 0.99].map(|part| match quantile(before, now, route, part) {
            Some(ms) => format!("{ms:.1}"),
            None => "-".to_string(),
        });
        writeln!(text, "{route:<28} {all:>9.1} {errors:>9.1} {:>9} {:>9}", times[0], times[1])?;
    }
    Ok(text)
}

/// The office's store in one line.
fn office(now: &Look, a_second: &dyn Fn(&str) -> f64) -> String {
    let state = if now.get("windowshop_store_up") > 0.0 { "answers" } else { "DOES NOT ANSWER" };
    let errors: f64 = now
        .series("windowshop_store_errors_total")
        .map(|(labels, _)| a_second(&format!("windowshop_store_errors_total{labels}")))
        .sum();
    let sum = |name| now.series(name).map(|(_, value)| value).sum::<f64>();
    format!(
        "office: its store {state}; {:.1} writes, {errors:.1} errors a second; {:.0} of {:.0} connections in use",
        a_second("windowshop_store_writes_total"),
        sum("windowshop_store_connections") - sum("windowshop_store_idle"),
        sum("windowshop_store_connections"),
    )
}

/// The office's queue in one line, all kinds together.
fn jobs(now: &Look) -> String {
    let values = |name| now.series(name).map(|(_, value)| value);
    let sum = |name| values(name).sum::<f64>();
    format!(
        "jobs: {:.0} wait, the oldest for {:.0} s; {:.0} held, {:.0} DEAD; {:.0} done here",
        sum("windowshop_jobs_waiting"),
        values("windowshop_jobs_oldest_seconds").fold(0.0, f64::max),
        sum("windowshop_jobs_held"),
        sum("windowshop_jobs_dead"),
        sum("windowshop_jobs_done_total"),
    )
    .replace(" 0 DEAD", " none dead")
}

/// The upper end, in milliseconds, of the bucket that contains this quantile of the answers between two scrapes.
fn quantile(before: &Look, now: &Look, route: &str, part: f64) -> Option<f64> {
    let name = "windowshop_answer_seconds_bucket";
    let mut buckets: Vec<(f64, f64)> = now
        .series(name)
        .filter(|(labels, _)| label(labels, "route") == route)
        .map(|(labels, count)| {
            let end = label(labels, "le").parse().unwrap_or(f64::INFINITY);
            (end, count - before.get(&format!("{name}{labels}")))
        })
        .collect();
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all = buckets.last().map(|(_, count)| *count).filter(|count| *count > 0.0)?;
    buckets.iter().find(|(_, count)| *count >= part * all).map(|(end, _)| end * 1000.0)
}
