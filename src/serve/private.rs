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
use crate::app::App;
use crate::router::{healthz, readyz};
use crate::telemetry::metrics::CONTENT_TYPE;

/// Starts the thread and returns its address. It ends with the process.
pub fn start(app: &Arc<App>, listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen} for metrics"))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(Arc::clone(app));
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

async fn metrics(State(app): State<Arc<App>>) -> Response {
    match app.metrics.text(Now { app: Arc::clone(&app) }) {
        Ok(text) => ([(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
