//! The private port: metrics and health, on a separate thread, so they answer however busy the shop is.
//!
//! Called by `serve` if `--metrics-listen` is set. It is for the operator's own machines and has no page: it must
//! never be reachable from outside.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::now::Now;
use crate::account::office::Office;
use crate::app::App;
use crate::router::{healthz, readyz};
use crate::telemetry::metrics::CONTENT_TYPE;
use crate::work::counts::Counts;

/// A line for each plan year.
const READY_BYTES_MAX: usize = 64 * 1024;
const OFFICE_READY: &str = "office: its store answers\n";
const OFFICE_AWAY: &str = "office: its store does not answer; the shop goes on\n";

/// Starts the thread and returns its address. It ends with the process.
pub fn start(
    app: &Arc<App>,
    (office, work): (&Arc<Office>, &Arc<Counts>),
    listen: SocketAddr,
) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen} for metrics"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(ready))
        .with_state(Both { app: Arc::clone(app), office: Arc::clone(office), work: Arc::clone(work) });
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
    work: Arc<Counts>,
}

async fn metrics(State(Both { app, office, work }): State<Both>) -> Response {
    let now = Now { app: Arc::clone(&app), store: office.store.clone(), work };
    match app.metrics.text(now) {
        Ok(text) => ([(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))], text).into_response(),
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
