//! Between the network and the handlers: headers that every answer carries, and limits.
//!
//! Called by the router. Each limit has a number, a name with its unit, and a page that says what happened.
//! Connection limits (how many, how slow) are in `serve`, because there is no request yet.

use std::any::Any;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Body as _;

use super::error::Failure;
use super::uploads;
use crate::config::Config;
use crate::floor::wire::Wire;
use crate::surge::coding::{Coding, Codings, coded};
use crate::text::assets;

/// All headers of a request together. Browsers send about 1 KB.
pub const HEADERS_BYTES_MAX: usize = 16 * 1024;
/// Below this size compression hardly helps, and the answer fits in one packet anyway.
const COMPRESS_ABOVE_BYTES: u64 = 512;
/// Above this size an answer is sent as it is, so others do not wait for its compression.
const COMPRESS_UP_TO_BYTES: u64 = 8 << 20;
/// One year, as browsers' preload lists require.
const HSTS: &str = "max-age=31536000; includeSubDomains";
/// Nothing on this site uses any of these.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
     fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

/// The content security policy: nothing, then one line per thing that pages use. No script, and of inline styles only the
/// two elements whose hashes stand here.
pub fn content_security_policy(cdn_base: &str) -> String {
    // With its trailing slash a source is a folder: exactly what was named, not the whole host.
    let from = if cdn_base.is_empty() { "'self'".to_string() } else { format!("'self' {cdn_base}/assets/") };
    [
        "default-src 'none'".to_string(),
        format!("style-src {from} {}", assets::styles_sources()),
        // Pages ask for nothing themselves; auditing tools in the browser read /robots.txt from within the page.
        "connect-src 'self'".to_string(),
        // The icon is in the page itself.
        format!("img-src {from} data:"),
        // Forms submit only to this site's own pages.
        "form-action 'self'".to_string(),
        "base-uri 'none'".to_string(),
        "frame-ancestors 'none'".to_string(),
    ]
    .join("; ")
}

/// The headers of every answer, built once at startup.
pub fn security_headers(config: &Config) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    // Addresses carry ages and a ZIP: they are sent to nobody, not even to the insurer whose link is followed.
    set("referrer-policy", "no-referrer");
    set("permissions-policy", PERMISSIONS);
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    // For browsers without frame-ancestors.
    set("x-frame-options", "DENY");
    if config.behind_tls {
        set("strict-transport-security", HSTS);
    }
    // Never freed: it is needed until the process ends, and all answers would count their references to it in one place, which
    // processors pass back and forth.
    let policy: &'static str = content_security_policy(&config.cdn_base).leak();
    if let Ok(policy) = HeaderValue::from_maybe_shared(Bytes::from_static(policy.as_bytes())) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers
}

/// Adds the security headers, except those an answer has set itself (assets for a CDN). A 304 has none: whoever asked
/// keeps those that came with the page (RFC 9110, 15.4.5).
pub fn add_headers(headers: &HeaderMap, response: &mut Response) {
    if response.status() == StatusCode::NOT_MODIFIED {
        return;
    }
    let own = response.headers_mut();
    // With the page's own and the request's ID: growing once, not with every few.
    own.reserve(headers.len() + 2);
    for (name, value) in headers {
        own.entry(name).or_insert_with(|| value.clone());
    }
}

/// Rejects addresses, headers and announced bodies over the limits, and gives up on work that takes too long.
pub async fn limits<F: Future<Output = Response>>(
    config: &Config,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    if let Some(failure) = over_limit(config, &request) {
        if uploads::carries_files(&request) {
            uploads::drain(request.into_body()).await;
        }
        return failure.into_response();
    }
    let time = match uploads::carries_files(&request) {
        true => uploads::TIME,
        false => Duration::from_secs(config.request_timeout_seconds),
    };
    match tokio::time::timeout(time, next(request)).await {
        Ok(response) => response,
        Err(_) => Failure::Unavailable(format!("no answer within {} s", time.as_secs())).into_response(),
    }
}

fn over_limit(config: &Config, request: &Request) -> Option<Failure> {
    if request.extensions().get::<Wire>().is_some_and(|wire| wire.hosts_wrong) {
        return Some(Failure::BadRequest("no Host header, or two".to_string()));
    }
    let uri = request.uri();
    let uri_bytes = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    if uri_bytes > config.max_url_bytes {
        return Some(Failure::UriTooLong);
    }
    let headers_bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers_bytes > HEADERS_BYTES_MAX {
        return Some(Failure::HeadersTooLarge);
    }
    let announced = request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse::<usize>().ok()?;
    let most = if uploads::carries_files(request) { uploads::BODY_BYTES_MAX } else { config.max_body_bytes };
    (announced > most).then_some(Failure::TooLarge)
}

/// The limit for bodies that do not announce their size: extractors stop reading there.
pub fn body_limit(config: &Config) -> DefaultBodyLimit {
    DefaultBodyLimit::max(config.max_body_bytes)
}

/// A panic is our fault like any other. The panic hook has logged where; the page does not mention it.
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let words = cause.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("no words");
    Failure::internal(anyhow::anyhow!("panicked: {words}")).into_response()
}

/// Compresses what was made for one client, in one go and as fast as possible: finished pages come from the page
/// cache, which compresses them harder once they are read again. Pages that know a person are left alone: compressed
/// secrets next to echoed input can be guessed from the length (BREACH).
pub async fn compression<F: Future<Output = Response>>(request: Request, next: impl FnOnce(Request) -> F) -> Response {
    let coding = Codings::of(request.headers()).fresh;
    let is_stranger = !request.headers().contains_key(header::COOKIE);
    let mut response = next(request).await;
    if response.extensions_mut().remove::<Uncompressed>().is_some() {
        return response;
    }
    let bytes = response.body().size_hint().exact();
    let worth_it = bytes.is_some_and(|bytes| (COMPRESS_ABOVE_BYTES..=COMPRESS_UP_TO_BYTES).contains(&bytes));
    if coding == Coding::Identity || !worth_it || !is_public_text(&response, is_stranger) {
        return response;
    }
    let (parts, body) = response.into_parts();
    match axum::body::to_bytes(body, usize::MAX).await {
        Ok(body) => coded(parts, body, coding),
        Err(error) => Failure::internal(error).into_response(),
    }
}

/// On a private page's answer: it is sent as it is, whatever it says.
#[derive(Clone)]
pub struct Uncompressed;

/// Text without a session's secret (BREACH needs one): it says that somebody may keep it, or what was wrong with a request
/// that came without a cookie.
fn is_public_text(response: &Response, is_stranger: bool) -> bool {
    let headers = response.headers();
    let is_fault = is_stranger && response.status().is_client_error();
    let starts = |name, with: &str| headers.get(name).is_some_and(|v| v.as_bytes().starts_with(with.as_bytes()));
    !headers.contains_key(header::CONTENT_ENCODING)
        && (is_fault || starts(header::CACHE_CONTROL, "public") || starts(header::CACHE_CONTROL, "private"))
        && (starts(header::CONTENT_TYPE, "text/html")
            || starts(header::CONTENT_TYPE, "text/csv")
            || starts(header::CONTENT_TYPE, "application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_exactly_the_named_base() {
        let own = content_security_policy("");
        assert!(own.contains("style-src 'self' 'sha256-") && !own.contains("unsafe"), "{own}");
        assert!(
            own.starts_with("default-src 'none';") && !own.contains("script"),
            "no script runs, whoever sends it: {own}"
        );
        let cdn = content_security_policy("https://cdn.example.org/ws");
        assert!(cdn.contains("style-src 'self' https://cdn.example.org/ws/assets/ 'sha256-"), "{cdn}");
    }
}
