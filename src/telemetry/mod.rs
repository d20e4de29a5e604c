//! What the operator sees: structured logs with one id per request, and a closed list of fields.
//!
//! Called by `main` (start) and the router (the outermost layer). It must never log a query string, the values in a
//! path, a header, or anything a person typed: a request is named by its route's pattern, `/plans/{plan_id}`.

pub mod writer;

use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tracing::{Instrument as _, Span};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::LogFormat;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Starts logging to `writer` for the whole process. Fails if it was started before.
pub fn start<W>(format: LogFormat, level: &str, writer: W) -> anyhow::Result<()>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing::subscriber::set_global_default(subscriber(format, level, writer)?)?;
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
    Ok(())
}

/// The subscriber that `start` installs; tests use it for one thread.
pub fn subscriber<W>(
    format: LogFormat,
    level: &str,
    writer: W,
) -> anyhow::Result<Box<dyn tracing::Subscriber + Send + Sync>>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // Libraries speak only when something is wrong, whatever our own level: sqlx would log statements.
    let filter = EnvFilter::try_new(format!("warn,windowshop={level}"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match format {
        LogFormat::Text => Box::new(lines.with_ansi(false).with_target(false).finish()),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(true).with_span_list(false);
            Box::new(lines.with_target(false).finish())
        }
    })
}

/// The id by which the log, the answer's header and the error page name one request.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// A proxy's id if it is 8 to 64 letters, digits and hyphens (so that it cannot forge a log line), else a new one.
    fn of(request: &Request) -> RequestId {
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let sane =
            |id: &&str| (8..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        RequestId(given.filter(sane).map_or_else(new_id, Arc::from))
    }
}

/// Why an answer is none, in words for the log only: whoever makes the error page puts it among the answer's extensions.
#[derive(Debug, Clone)]
pub struct Cause(Arc<str>);

impl Cause {
    pub fn new(cause: &impl std::fmt::Display) -> Cause {
        Cause(cause.to_string().into())
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// 16 hex digits: a counter through a hash whose key the standard library draws at random for this process. Ids need to
/// be distinct, not secret, so this asks the system for randomness once and not per request.
fn new_id() -> Arc<str> {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{:016x}", KEY.hash_one(COUNT.fetch_add(1, Ordering::Relaxed))).into()
}

/// The outermost layer: gives the request its id and span, and logs its entry and its exit. The exit is logged when the
/// last byte has been handed over (or the client is gone), so that time and bytes are what they were.
pub async fn requests(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    let route = request.extensions().get::<MatchedPath>().map_or("(none)", MatchedPath::as_str).to_string();
    let method = known_method(request.method().as_str());
    // At error level, so that the id is on every line whatever the level.
    let span = tracing::error_span!("request", id = %id.0);
    span.in_scope(|| tracing::info!(method, route, "request"));
    let begun = Instant::now();
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let exit =
        Exit { method, route, status: response.status(), cause: response.extensions_mut().remove(), begun, span };
    response.map(|inner| Body::new(Logged { inner, bytes: 0, whole: false, exit }))
}

/// Methods are sent by clients, who may invent long ones.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("(other)")
}

/// The closed list of what the exit line says.
struct Exit {
    method: &'static str,
    route: String,
    status: StatusCode,
    cause: Option<Cause>,
    begun: Instant,
    span: Span,
}

/// A body that counts its bytes and logs when it is dropped: sent, or given up.
struct Logged {
    inner: Body,
    bytes: u64,
    whole: bool,
    exit: Exit,
}

impl HttpBody for Logged {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => this.bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            Poll::Ready(None) => this.whole = true,
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let Exit { method, route, status, cause, begun, span } = &self.exit;
        let status = status.as_u16();
        let ms = u64::try_from(begun.elapsed().as_micros()).map_or(0.0, |us| us as f64 / 1000.0);
        let (bytes, whole) = (self.bytes, self.whole || self.inner.is_end_stream() || *method == "HEAD");
        let _in_span = span.enter();
        match cause {
            Some(cause) if status >= 500 => {
                tracing::error!(method, route, status, ms, bytes, whole, %cause, "answered");
            }
            _ => tracing::info!(method, route, status, ms, bytes, whole, "answered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sane_id_is_taken_over() {
        let with = |id: &str| RequestId::of(&Request::builder().header(REQUEST_ID, id).body(Body::empty()).unwrap());
        assert_eq!(&*with("abc-123-DEF").0, "abc-123-DEF");
        for bad in ["short", "has space in it", "a\tb\tc\td\te", &"x".repeat(65), "semi;colon;id"] {
            let made = with(bad).0;
            assert!(made.len() == 16 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{bad} → {made}");
        }
        assert_ne!(with("").0, with("").0);
    }
}
