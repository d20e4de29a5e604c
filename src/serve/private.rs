//! The private port: metrics, health and one page of counts, on a separate thread, so they answer however busy the shop is.
//!
//! Called by `serve` and by `worker` if `--metrics-listen` is set; a worker has neither shop nor pages to count. It is for the operator's own machines: it must never be reachable from
//! outside, and no page on it knows a person.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context as _;
use askama::Template as _;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use time::Duration;
use tokio::runtime::Handle;

use super::now::{Jobs, Now};
use crate::account::office::Office;
use crate::app::App;
use crate::application::funnel::{Report, read_day};
use crate::hub::Hub;
use crate::router::{healthz, readyz};
use crate::telemetry::metrics::{self, CONTENT_TYPE};
use crate::work::counts::Counts;

/// A line for each plan year.
const READY_BYTES_MAX: usize = 64 * 1024;
const OFFICE_READY: &str = "office: its store answers\n";
const OFFICE_AWAY: &str = "office: its store does not answer; the shop goes on\n";

const CSS: &str = "text/css; charset=utf-8";
const FUNNEL_STYLES: &str = include_str!("../../templates/operator/funnel.css");
/// What the page of counts shows unless it is told otherwise.
const FUNNEL_DAYS: Duration = Duration::days(30);
/// A page without a script, a picture, or anything from elsewhere.
const FUNNEL_HEADERS: [(header::HeaderName, HeaderValue); 5] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
    ),
];

/// Starts the thread of `serve` and returns its address. It ends with the process.
///
/// # Errors
///
/// If the address is taken.
pub fn start(
    app: &Arc<App>,
    (office, work, hub): (&Arc<Office>, &Arc<Counts>, &Hub),
    listen: SocketAddr,
) -> anyhow::Result<SocketAddr> {
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(ready))
        .route("/funnel", get(funnel))
        .route("/funnel.css", get(async || ([(header::CONTENT_TYPE, HeaderValue::from_static(CSS))], FUNNEL_STYLES)))
        .with_state(Both {
            app: Arc::clone(app),
            office: Arc::clone(office),
            jobs: Jobs { store: office.store.clone(), work: Arc::clone(work), hub: hub.clone() },
            main: Handle::current(),
        });
    spawn(routes, listen)
}

/// The same of `worker`.
///
/// # Errors
///
/// As [`start`].
pub fn start_worker(jobs: Jobs, listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    let routes = Router::new()
        .route("/metrics", get(async |State(jobs): State<Jobs>| text(metrics::moment(jobs))))
        .route("/healthz", get(healthz))
        .route("/readyz", get(worker_ready))
        .with_state(jobs);
    spawn(routes, listen)
}

fn spawn(routes: Router, listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen} for metrics"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("private".to_string()).spawn(move || {
        runtime.block_on(async {
            let served = match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => axum::serve(listener, routes).await,
                Err(error) => Err(error),
            };
            if let Err(error) = served {
                tracing::error!(%error, "the private port is closed");
            }
        });
    })?;
    Ok(address)
}

/// Shop and office.
#[derive(Clone)]
struct Both {
    app: Arc<App>,
    office: Arc<Office>,
    jobs: Jobs,
    /// The runtime of the store's connections.
    main: Handle,
}

async fn metrics(State(Both { app, jobs, .. }): State<Both>) -> Response {
    text(app.metrics.text(Now { app: Arc::clone(&app), jobs }))
}

fn text(made: Result<String, std::fmt::Error>) -> Response {
    match made {
        Ok(text) => ([(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

#[derive(askama::Template)]
#[template(path = "operator/funnel.html")]
struct FunnelPage {
    report: Report,
    languages: Vec<&'static str>,
}

/// `GET /funnel?since=2026-11-01&lang=es`
async fn funnel(State(Both { app, office, main, .. }): State<Both>, RawQuery(query): RawQuery) -> Response {
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let said = |name: &str| pairs.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.as_str());
    let today = (app.clock)().date();
    let since = match said("since") {
        "" => today - FUNNEL_DAYS,
        text => match read_day(text) {
            Ok(day) => day,
            Err(error) => return (StatusCode::BAD_REQUEST, format!("since: {error}\n")).into_response(),
        },
    };
    let languages: Vec<&'static str> = app.messages.languages().map(|lang| lang.code()).collect();
    let lang = said("lang").to_string();
    if !lang.is_empty() && !languages.contains(&lang.as_str()) {
        let words = format!("lang: use one of {}, or leave it empty\n", languages.join(", "));
        return (StatusCode::BAD_REQUEST, words).into_response();
    }
    let asked = main.spawn(async move {
        let mut connection = office.store.read().await?;
        Report::of(&mut connection, since, &lang, today).await
    });
    let report = match asked.await {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => {
            tracing::error!(%error, "the counts of the application's pages cannot be read");
            return (StatusCode::SERVICE_UNAVAILABLE, OFFICE_AWAY).into_response();
        }
        Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    };
    match (FunnelPage { report, languages }).render() {
        Ok(text) => (FUNNEL_HEADERS, text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

/// The shop decides whether this host is ready: it sells without the office, so a store that is away is said, and
/// takes no host out of service.
async fn ready(State(Both { app, office, .. }): State<Both>) -> Response {
    let shop = readyz(State(app)).await;
    let (parts, body) = shop.into_parts();
    let said = axum::body::to_bytes(body, READY_BYTES_MAX).await.unwrap_or_default();
    let office = if office.store.answers() { OFFICE_READY } else { OFFICE_AWAY };
    Response::from_parts(parts, [said.as_ref(), office.as_bytes()].concat().into())
}

/// A worker without its store can do nothing: not ready, and ready again by itself.
async fn worker_ready(State(jobs): State<Jobs>) -> Response {
    let (status, said) = match jobs.store.answers() {
        true => (StatusCode::OK, "ready: the office's store answers\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not ready: the office's store does not answer\n"),
    };
    (status, [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], said).into_response()
}
