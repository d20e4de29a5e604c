//! What the operator sees: structured logs with one ID per request, and a closed list of fields.
//!
//! Called by `main` (start) and the door (around every request). It must never log a query string, the values in a
//! path, a header, or anything a person typed: a request is identified by its route's pattern, `/plans/{plan_id}`.

pub mod funnel;
pub mod metrics;
pub mod top;
pub mod writer;

use std::cell::Cell;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use ipnet::IpNet;
use tracing::{Instrument as _, Span};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use self::metrics::Metrics;
use crate::config::LogFormat;
use crate::floor::wire::Wire;
use crate::types;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Starts logging to `writer` for the whole process. Fails if logging was already started.
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

/// The subscriber that `start` installs; tests install it for a single thread.
pub fn subscriber<W>(
    format: LogFormat,
    level: &str,
    writer: W,
) -> anyhow::Result<Box<dyn tracing::Subscriber + Send + Sync>>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // Libraries log only warnings, whatever our own level; sqlx never logs statements, whose text contains ages.
    let filter = EnvFilter::try_new(format!("warn,sqlx::query=off,windowshop={level}"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match format {
        LogFormat::Text => Box::new(lines.with_ansi(false).with_target(false).finish()),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(true).with_span_list(false);
            Box::new(lines.with_target(false).finish())
        }
    })
}

/// The ID that connects a request's log lines, its answer's header and its error page.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// For a request that is made from another one.
    pub fn again(id: &str) -> RequestId {
        RequestId(HeaderValue::from_str(id).unwrap_or_else(|_| new_id()))
    }

    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("")
    }

    /// A trusted proxy's ID if it is 8 to 64 letters, digits and hyphens (so it cannot forge a log line), else a new
    /// one.
    fn of(headers: &HeaderMap, trusted: bool) -> RequestId {
        let given = if trusted { headers.get(REQUEST_ID) } else { None };
        let sane = |id: &&HeaderValue| {
            let id = id.as_bytes();
            (8..=64).contains(&id.len()) && id.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        };
        RequestId(given.filter(sane).cloned().unwrap_or_else(new_id))
    }
}

/// Why a request failed, in words for the log only: whoever makes the error page adds it to the answer's extensions.
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

/// 16 hex digits: a thread's own counter, hashed with a key of its own that the standard library draws at random. IDs need to be
/// distinct, not secret, so the system's randomness is needed only once; hashed, because a plain counter would tell everybody how
/// many requests there are.
fn new_id() -> HeaderValue {
    thread_local! {
        static KEY_AND_COUNT: (RandomState, Cell<u64>) = (RandomState::new(), Cell::new(0));
    }
    let number = KEY_AND_COUNT.with(|(key, count)| key.hash_one(count.replace(count.get().wrapping_add(1))));
    HeaderValue::try_from(types::hex(&number.to_be_bytes())).unwrap_or(HeaderValue::from_static(""))
}

/// A trace started by a proxy (W3C Trace Context), for the log and for calls that a request makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(Arc<str>);

impl TraceParent {
    /// `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`, neither of the first two all zeros; anything else is
    /// ignored.
    fn of(headers: &HeaderMap) -> Option<TraceParent> {
        let mut values = headers.get_all(HeaderName::from_static("traceparent")).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let text = value.to_str().ok()?;
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace, parent, flags] = parts[..] else { return None };
        let hex = |part: &str, digits| {
            part.len() == digits && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let some = |part: &str| part.bytes().any(|b| b != b'0');
        let whole =
            version == "00" && hex(trace, 32) && hex(parent, 16) && hex(flags, 2) && some(trace) && some(parent);
        whole.then(|| TraceParent(text.into()))
    }

    /// The trace's ID, by which a collector groups what belongs together.
    pub fn id(&self) -> &str {
        &self.0[3..35]
    }

    /// As received: passed on to other services.
    pub fn header(&self) -> &str {
        &self.0
    }
}

/// What the door needs.
pub struct Watch {
    pub metrics: Arc<Metrics>,
    /// Proxies whose IDs and traces are trusted.
    pub trusted: Vec<IpNet>,
    pub slow_ms: u64,
}

/// A request at the door, outside of everything: it has its ID, and will be counted and logged when it is answered.
pub struct Arrived {
    id: RequestId,
    trace: Option<TraceParent>,
    method: &'static str,
    begun: Instant,
}

impl Arrived {
    pub fn new<B>(watch: &Watch, request: &axum::http::Request<B>, wire: Option<&Wire>) -> Arrived {
        let begun = Instant::now();
        let trusted = wire.is_some_and(|wire| wire.is_trusted(&watch.trusted));
        let id = RequestId::of(request.headers(), trusted);
        let trace = trusted.then(|| TraceParent::of(request.headers())).flatten();
        Arrived { id, trace, method: known_method(request.method().as_str()), begun }
    }

    /// At error level, so the ID is on every line whatever the log level.
    fn span(&self) -> Span {
        let span = tracing::error_span!("request", id = %self.id.as_str(), trace = tracing::field::Empty);
        if let Some(trace) = &self.trace {
            span.record("trace", trace.id());
        }
        span
    }

    /// Answered with what was there: nothing further in works for it, or logs anything.
    pub fn answered_at_once(self, watch: &Watch, mut response: Response, route: Option<&MatchedPath>) -> Response {
        watch.metrics.answered(route_of(route), response.status(), self.begun.elapsed(), false);
        if tracing::enabled!(tracing::Level::INFO) {
            let span = self.span();
            span.in_scope(|| tracing::info!(method = self.method, route = route_of(route), "request"));
            self.sign(&mut response);
            return self.logged(response, route.cloned(), span);
        }
        response.headers_mut().insert(REQUEST_ID, self.id.0);
        response
    }

    /// Answered by `next`. The end is logged when the last byte has been handed over (or the client is gone), so time and
    /// bytes are accurate.
    pub async fn answered<F: Future<Output = Response>>(
        self,
        watch: &Watch,
        mut request: Request,
        next: impl FnOnce(Request) -> F,
    ) -> Response {
        let span = self.span();
        request.extensions_mut().insert(self.id.clone());
        self.trace.clone().map(|trace| request.extensions_mut().insert(trace));
        let mut response = types::as_request(self.id.as_str().into(), next(request)).instrument(span.clone()).await;
        let made = self.begun.elapsed();
        let slow = made.as_millis() >= u128::from(watch.slow_ms);
        let matched: Option<MatchedPath> = response.extensions_mut().remove();
        let route = route_of(matched.as_ref());
        watch.metrics.answered(route, response.status(), made, slow);
        if slow {
            let (method, status, ms) = (self.method, response.status().as_u16(), made.as_millis());
            span.in_scope(|| tracing::warn!(method, route, status, ms, "slow answer"));
        }
        self.sign(&mut response);
        self.logged(response, matched, span)
    }

    fn sign(&self, response: &mut Response) {
        response.headers_mut().insert(REQUEST_ID, self.id.0.clone());
    }

    fn logged(self, mut response: Response, matched: Option<MatchedPath>, span: Span) -> Response {
        let cause = response.extensions_mut().remove();
        let exit = Exit { method: self.method, matched, status: response.status(), cause, begun: self.begun, span };
        response.map(|inner| Body::new(Logged { inner, bytes: 0, whole: false, exit }))
    }
}

/// Around the handlers, where the route is known: logs the start, and tells the door which route it was.
pub async fn routed<F: Future<Output = Response>>(request: Request, next: impl FnOnce(Request) -> F) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    tracing::info!(method = known_method(request.method().as_str()), route = route_of(matched.as_ref()), "request");
    let mut response = next(request).await;
    matched.map(|matched| response.extensions_mut().insert(matched));
    response
}

/// The pattern of the route that answers; closed, unlike addresses.
fn route_of(matched: Option<&MatchedPath>) -> &str {
    matched.map_or("(none)", MatchedPath::as_str)
}

/// Clients send methods, and may make up long ones.
fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("(other)")
}

/// The closed list of fields in the exit line.
struct Exit {
    method: &'static str,
    matched: Option<MatchedPath>,
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
        let Exit { method, matched, status, cause, begun, span } = &self.exit;
        let route = route_of(matched.as_ref());
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
    fn only_a_well_formed_id_is_accepted() {
        let from = |id: &str, trusted| {
            RequestId::of(Request::builder().header(REQUEST_ID, id).body(Body::empty()).unwrap().headers(), trusted)
        };
        let with = |id: &str| from(id, true);
        assert_ne!(from("abc-123-DEF", false).as_str(), "abc-123-DEF", "anyone could send it");
        assert_eq!(with("abc-123-DEF").as_str(), "abc-123-DEF");
        for bad in ["short", "has space in it", "a\tb\tc\td\te", &"x".repeat(65), "semi;colon;id"] {
            let made = with(bad);
            let made = made.as_str();
            assert!(made.len() == 16 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{bad} → {made}");
        }
        assert_ne!(with("").as_str(), with("").as_str());
    }

    #[test]
    fn only_a_complete_trace_is_accepted() {
        let of = |text: &'static str| {
            TraceParent::of(&HeaderMap::from_iter([(
                HeaderName::from_static("traceparent"),
                HeaderValue::from_static(text),
            )]))
        };
        let whole = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let trace = of(whole).unwrap();
        assert_eq!((trace.id(), trace.header()), ("4bf92f3577b34da6a3ce929d0e0e4736", whole));
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        ] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
