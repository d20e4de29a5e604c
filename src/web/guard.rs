//! What stands between the network and the handlers: headers that every answer carries, and limits.
//!
//! Called by the router as layers. Each limit has a number, a name with its unit and a page that says what happened.
//! The limits of a connection (how many, how slow) are in `serve`, because there is no request yet.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};

use super::error::Failure;
use crate::app::App;
use crate::config::Config;
use crate::text::assets;

/// All headers of a request together. Browsers send about 1 KB; the store of a session cookie is far below this.
pub const HEADERS_BYTES_MAX: usize = 16 * 1024;
/// Below this a compressed answer is hardly smaller, and fits in one packet anyway.
const COMPRESS_ABOVE_BYTES: u64 = 512;
/// Brotli 4: near gzip's time and a fifth smaller. Higher levels cost more time than a page takes to make.
const COMPRESSION_QUALITY: i32 = 4;
/// One year, as browsers' preload lists ask.
const HSTS: &str = "max-age=31536000; includeSubDomains";
/// Nothing on this site uses any of these.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
     fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
     picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

/// The content security policy: nothing, then one line per thing that pages use. No inline script anywhere, and of inline
/// styles only the two elements whose hashes stand here.
pub fn content_security_policy(cdn_base: &str) -> String {
    // With its last slash a source is a folder: exactly what was named, not the whole host.
    let from = if cdn_base.is_empty() { "'self'".to_string() } else { format!("'self' {cdn_base}/assets/") };
    [
        "default-src 'none'".to_string(),
        format!("style-src {from} {}", assets::styles_sources()),
        format!("script-src {from}"),
        // The icon stands in the page itself.
        format!("img-src {from} data:"),
        // Forms lead to this site's own pages.
        "form-action 'self'".to_string(),
        "base-uri 'none'".to_string(),
        "frame-ancestors 'none'".to_string(),
    ]
    .join("; ")
}

/// The headers of every answer, made once at start.
pub fn security_headers(config: &Config) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: &'static str| {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    };
    set("x-content-type-options", "nosniff");
    // Addresses carry ages and a ZIP: they go to nobody, not even to the insurer whose link is followed.
    set("referrer-policy", "no-referrer");
    set("permissions-policy", PERMISSIONS);
    set("cross-origin-opener-policy", "same-origin");
    set("cross-origin-resource-policy", "same-origin");
    // For browsers that know no frame-ancestors.
    set("x-frame-options", "DENY");
    if config.behind_tls {
        set("strict-transport-security", HSTS);
    }
    if let Ok(policy) = HeaderValue::try_from(content_security_policy(&config.cdn_base)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers
}

/// Adds the security headers, except those that an answer has set otherwise (assets for a CDN).
pub async fn headers(State(headers): State<Arc<HeaderMap>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in headers.iter() {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}

/// Refuses addresses, headers and announced bodies over the limits, and gives up on work that takes too long.
pub async fn limits(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if let Some(failure) = over_limit(&app.config, &request) {
        return failure.into_response();
    }
    let time = Duration::from_secs(app.config.request_timeout_seconds);
    match tokio::time::timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::Unavailable(format!("no answer within {} s", time.as_secs())).into_response(),
    }
}

fn over_limit(config: &Config, request: &Request) -> Option<Failure> {
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
    (announced > config.max_body_bytes).then_some(Failure::TooLarge)
}

/// The limit for bodies that do not announce their size: extractors stop reading there.
pub fn body_limit(config: &Config) -> DefaultBodyLimit {
    DefaultBodyLimit::max(config.max_body_bytes)
}

/// A panic is a fault of ours like any other. The panic hook has logged its place; the page gets no word of it.
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let words = cause.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("no words");
    Failure::internal(anyhow::anyhow!("panicked: {words}")).into_response()
}

/// Compresses public text. Pages that know a person are left alone: compressed secrets beside echoed input can be
/// guessed by their length (BREACH).
pub fn compression() -> CompressionLayer<impl Predicate> {
    let public_text = |_: axum::http::StatusCode, _: axum::http::Version, headers: &HeaderMap, _: &_| {
        let starts = |name, with: &str| headers.get(name).is_some_and(|v| v.as_bytes().starts_with(with.as_bytes()));
        // A page that echoes nothing secret: there is no cookie and no token on any of these (BREACH needs one).
        (starts(header::CACHE_CONTROL, "public") || starts(header::CACHE_CONTROL, "private"))
            && (starts(header::CONTENT_TYPE, "text/html")
                || starts(header::CONTENT_TYPE, "text/csv")
                || starts(header::CONTENT_TYPE, "application/json"))
    };
    CompressionLayer::new()
        .quality(CompressionLevel::Precise(COMPRESSION_QUALITY))
        .compress_when(SizeAbove::new(COMPRESS_ABOVE_BYTES).and(public_text))
}

/// A strong ETag names bytes, so each coding needs its own: `"x"` becomes `"x-br"` or `"x-gz"` when compressed above.
pub async fn etag_by_coding(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let suffix = match response.headers().get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        Some(b"br") => "-br",
        Some(b"gzip") => "-gz",
        _ => return response,
    };
    let tag = response.headers().get(header::ETAG).and_then(|v| v.to_str().ok()?.strip_suffix('"'));
    let coded = tag.filter(|tag| !tag.ends_with(suffix)).map(|tag| format!("{tag}{suffix}\""));
    if let Some(coded) = coded.and_then(|coded| HeaderValue::try_from(coded).ok()) {
        response.headers_mut().insert(header::ETAG, coded);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_allows_exactly_the_named_base() {
        let own = content_security_policy("");
        assert!(own.contains("style-src 'self' 'sha256-") && !own.contains("unsafe"), "{own}");
        let cdn = content_security_policy("https://cdn.example.org/ws");
        assert!(cdn.contains("style-src 'self' https://cdn.example.org/ws/assets/ 'sha256-"), "{cdn}");
    }
}
