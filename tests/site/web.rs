//! The web's frame: headers, limits, error pages, caching, logs; and in separate files the settings, the repository's
//! promises about itself, and the server on a real socket.
//!
//! In-process through the same `App::build` and layers as `serve`. The catalogues here are empty: nothing in this
//! file asks about plans.

mod changing;
mod cost_words;
mod english;
pub mod fire;
mod languages;
mod messages;
mod privacy;
pub mod reading;
pub mod repository;
mod rooms;
mod security;
mod settings;
pub mod siege;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use windowshop::app::App;
use windowshop::config::LogFormat;
use windowshop::filing::marks::SCHEMA_VERSION;
use windowshop::telemetry;
use windowshop::web::error::Failure;
use windowshop::web::page::{self, CachePolicy, Cx};

use crate::site::{self, Page, Site};

// ── What the tests stand on ──────────────────────────────────────────────────────────────────────────────────────

#[derive(askama::Template)]
#[template(source = "<!doctype html><title>{{ cx.lang.code() }}</title>{{ filling }}", ext = "html")]
struct Hello<'a> {
    cx: &'a Cx,
    filling: String,
}

async fn hello(cx: Cx) -> Response {
    let policy = CachePolicy::of(cx.catalogues.newest());
    page::render(&cx, Hello { cx: &cx, filling: "words ".repeat(500) }, policy)
}

async fn private(cx: Cx) -> Response {
    page::render(&cx, Hello { cx: &cx, filling: "words ".repeat(500) }, CachePolicy::Private)
}

async fn panics() -> Response {
    panic!("a person's answer: 4520-secret")
}

async fn breaks() -> Result<Response, Failure> {
    tracing::info!(target: "windowshop", "inside the handler");
    Err(Failure::internal(anyhow::anyhow!("the inner cause").context("the outer cause")))
}

async fn sleeps() -> &'static str {
    tokio::time::sleep(Duration::from_millis(1500)).await;
    "awake"
}

async fn reads(body: Bytes) -> String {
    body.len().to_string()
}

/// Pages of every kind.
fn tried() -> Router<Arc<App>> {
    let pages = || {
        Router::new()
            .route("/hello", get(hello))
            .route("/private", get(private))
            .route("/panics", get(panics))
            .route("/breaks", get(breaks))
            .route("/sleeps", get(sleeps))
            .route("/reads", post(reads))
            .route("/to", get(async |cx: Cx| page::redirect(&cx, "/hello?page=1")))
            .route("/busy", get(async || Failure::Unavailable("full".to_string()).into_response()))
    };
    let fallback = windowshop::web::error::not_found;
    Router::new().merge(pages()).nest("/es", pages()).fallback(fallback)
}

/// The product's pages, and those of every kind behind the same layers.
async fn both(settings: &[&str]) -> (Site, Site) {
    let real = Site::empty(settings).await;
    let tried = real.serving(tried());
    (real, tried)
}

/// Pages of every kind alone.
async fn site(settings: &[&str]) -> Site {
    both(settings).await.1
}

// ── Headers, errors, limits ──────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn every_kind_of_answer_carries_the_security_headers_and_an_id() {
    let (real, tried) = both(&["--behind-tls"]).await;
    let css = real.app.assets.url("site.css").to_string();
    let long = format!("/hello?{}", "x".repeat(5000));
    let cases = [
        (&tried, "/hello", 200),
        (&tried, "/to", 303),
        (&tried, "/nowhere", 404),
        (&tried, "/reads", 405),
        (&tried, "/panics", 500),
        (&tried, "/breaks", 500),
        (&tried, "/busy", 503),
        (&tried, &long, 414),
        (&real, "/healthz", 200),
        (&real, "/readyz", 200),
        (&real, css.as_str(), 200),
        (&real, "/robots.txt", 200),
    ];
    for (site, uri, status) in cases {
        let got = site.get(uri).await;
        assert_eq!(got.status, status, "{uri}");
        assert_eq!(got.header("x-content-type-options"), "nosniff", "{uri}");
        assert_eq!(got.header("referrer-policy"), "no-referrer", "{uri}");
        assert_eq!(got.header("strict-transport-security"), "max-age=31536000; includeSubDomains", "{uri}");
        assert_eq!(got.header("x-request-id").len(), 16, "{uri}");
        assert!(got.header("permissions-policy").contains("geolocation=()"), "{uri}");
        assert!(!got.header("cross-origin-resource-policy").is_empty(), "{uri}");
        assert_eq!(got.header("cross-origin-opener-policy"), "same-origin", "{uri}");
        let policy = got.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.matches("data:").count() == 1, "{policy}");
        assert!(!got.headers.contains_key("server") && !got.headers.contains_key("set-cookie"), "{uri}");
        assert!(!got.header("cache-control").is_empty(), "{uri}");
    }
}

#[tokio::test]
async fn hsts_is_sent_only_behind_tls() {
    let site = site(&[]).await;
    assert_eq!(site.get("/hello").await.header("strict-transport-security"), "");
}

#[tokio::test]
async fn failures_are_pages_in_the_language_of_their_address() {
    let site = site(&[]).await;
    let long = "x".repeat(5000);
    let large = vec![b'x'; 70_000];
    let many = "h".repeat(20_000);
    for lang in site.app.messages.languages() {
        let at = |path: &str| format!("{}{path}", lang.prefix());
        let asked = [
            (site.send("GET", &at("/nowhere"), &[], Body::empty()).await, 404),
            (site.send("DELETE", &at("/hello"), &[], Body::empty()).await, 405),
            (site.send("POST", &at("/reads"), &[("content-length", "70000")], Body::empty()).await, 413),
            (site.send("POST", &at("/reads"), &[], Body::from(large.clone())).await, 413),
            (site.get(&format!("{}?{long}", at("/hello"))).await, 414),
            (site.get_with(&at("/hello"), &[("x-many", &many)]).await, 431),
            (site.get(&at("/panics")).await, 500),
            (site.get(&at("/busy")).await, 503),
        ];
        for (got, status) in asked {
            let html = &got.text;
            assert_eq!(got.status, status);
            assert_eq!(got.header("content-type"), "text/html; charset=utf-8", "{status}");
            assert_eq!(got.header("content-language"), lang.code(), "{status}");
            assert_eq!(got.header("cache-control"), "no-store", "{status}");
            assert!(!got.headers.contains_key("etag"), "{status}");
            assert!(html.contains(&format!("<html lang=\"{}\"", lang.code())), "{status}: {html}");
            for part in ["title", "what", "answers", "next"] {
                let key = format!("error.{status}.{part}");
                assert!(site.app.messages.get(lang, &key).is_some(), "{key} is missing in {lang:?}");
                assert!(!html.contains(&key), "{key}");
            }
            assert!(html.contains(got.header("x-request-id")), "{status}: the reference is the request's id");
            assert!(!html.contains("secret") && !html.contains("panicked"), "{html}");
            assert_eq!(got.header("allow").is_empty(), status != 405);
            assert_eq!(got.header("retry-after").is_empty(), status != 503);
        }
    }
}

#[tokio::test]
async fn a_body_within_the_limit_is_read() {
    let site = site(&[]).await;
    let got = site.send("POST", "/reads", &[], Body::from(vec![b'x'; 60_000])).await;
    assert_eq!((got.status, got.text.as_str()), (200, "60000"));
}

#[tokio::test]
async fn work_that_takes_too_long_is_given_up() {
    let site = site(&["--request-timeout-seconds", "1"]).await;
    let got = site.get("/sleeps").await;
    assert_eq!((got.status, got.header("retry-after")), (503, "30"));
}

#[tokio::test]
async fn a_final_slash_leads_to_the_address_without_and_never_away() {
    let site = site(&[]).await;
    for (from, to) in [("/hello/?page=1", "/hello?page=1"), ("/es/hello/", "/es/hello"), ("/es/", "/es")] {
        let got = site.get(from).await;
        assert_eq!((got.status, got.header("location")), (308, to), "{from}");
    }
    for away in ["//evil.example/", "/es//evil.example/", "/.//evil.example/"] {
        let got = site.get(away).await;
        assert_eq!((got.status, got.header("location")), (404, ""), "{away}");
    }
    assert_eq!(site.get("/es/to").await.header("location"), "/es/hello?page=1");
}

#[tokio::test]
async fn the_cdn_is_allowed_by_name_and_asset_links_lead_there() {
    let site = site(&["--cdn-base", "https://cdn.example.org/ws/"]).await;
    let got = site.get("/nowhere").await;
    let policy = got.header("content-security-policy");
    assert!(policy.contains("style-src 'self' https://cdn.example.org/ws/assets/ 'sha256-"), "{policy}");
    assert!(got.text.contains("https://cdn.example.org/ws/assets/more."));
}

// ── Caching ──────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_public_page_is_the_same_for_all_and_known_by_its_tag() {
    let site = site(&[]).await;
    let plain = site.get("/hello?page=1").await;
    let again = site.get_with("/hello?page=1", &[("cookie", "a=b"), ("x-request-id", "another-id")]).await;
    assert_eq!((&plain.body, plain.header("etag")), (&again.body, again.header("etag")));
    assert!(plain.header("cache-control").starts_with("public, max-age="));
    assert_eq!(plain.header("vary"), "accept-encoding");

    let tag = plain.header("etag").trim_matches('"').to_string();
    for (encoding, suffix) in [("br", "-br"), ("gzip", "-gz"), ("identity", "")] {
        let got = site.get_with("/hello?page=1", &[("accept-encoding", encoding)]).await;
        assert_eq!(got.header("etag"), format!("\"{tag}{suffix}\""));
        assert_eq!(got.header("vary"), "accept-encoding", "said once");
        assert_eq!(unpack(&got), plain.body);
        let head = site.send("HEAD", "/hello?page=1", &[("accept-encoding", encoding)], Body::empty()).await;
        assert_eq!((head.status, head.header("etag")), (200, got.header("etag")));
        assert!(head.body.is_empty());
        for known in [got.header("etag").to_string(), format!("W/\"{tag}\""), format!("\"x\", \"{tag}-gz\"")] {
            let asked = [("accept-encoding", encoding), ("if-none-match", known.as_str())];
            let unchanged = site.get_with("/hello?page=1", &asked).await;
            assert_eq!(unchanged.status, 304, "{encoding} {known}");
            assert!(unchanged.body.is_empty() && unchanged.header("etag").contains(&tag));
            assert!(unchanged.header("cache-control").starts_with("public") && !unchanged.header("vary").is_empty());
        }
    }
    let known = format!("\"{tag}\"");
    for other in ["/hello?page=2", "/es/hello?page=1", "/hello"] {
        assert_eq!(site.get_with(other, &[("if-none-match", &known)]).await.status, 200, "{other}");
    }
}

fn unpack(got: &Page) -> Vec<u8> {
    let mut plain = Vec::new();
    match got.header("content-encoding") {
        "br" => brotli::BrotliDecompress(&mut &got.body[..], &mut plain).unwrap(),
        "gzip" => {
            std::io::copy(&mut flate2::read::GzDecoder::new(&got.body[..]), &mut plain).unwrap();
        }
        _ => plain.clone_from(&got.body),
    }
    plain
}

#[tokio::test]
async fn a_new_catalogue_changes_the_tag() {
    let site = site(&[]).await;
    let before = site.get("/hello").await;
    let newer = site.app.config.catalogues_dir().join("catalogue-2026-20261122-ab12cd34.db");
    site::make_catalogue(&newer, &SCHEMA_VERSION.to_string(), "2026").await;
    assert!(site.app.catalogues.look_again().await);
    let after = site.get_with("/hello", &[("if-none-match", before.header("etag"))]).await;
    assert_eq!(after.status, 200);
    assert_ne!(after.header("etag"), before.header("etag"));
}

#[tokio::test]
async fn private_pages_are_neither_kept_nor_compressed() {
    let site = site(&[]).await;
    let got = site.get_with("/private", &[("accept-encoding", "br, gzip")]).await;
    assert_eq!((got.header("cache-control"), got.header("content-encoding"), got.header("etag")), ("no-store", "", ""));
}

#[tokio::test]
async fn assets_are_cached_forever_under_their_hash_and_nowhere_else() {
    let site = Site::empty(&[]).await;
    for name in site.app.assets.names() {
        let url = site.app.assets.url(name);
        let plain = site.get(url).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, ""), "{url}");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(plain.header("access-control-allow-origin"), "*");
        let squeezed = site.get_with(url, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(unpack(&squeezed), plain.body);
        if !squeezed.header("content-encoding").is_empty() {
            assert!(squeezed.body.len() < plain.body.len());
            assert_ne!(squeezed.header("etag"), plain.header("etag"));
        }
        let unchanged = site.get_with(url, &[("if-none-match", squeezed.header("etag"))]).await;
        assert_eq!(unchanged.status, 304);
        let head = site.send("HEAD", url, &[], Body::empty()).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
    let css = site.app.assets.url("site.css");
    let (hash, _) = css.strip_prefix("/assets/site.").unwrap().split_once('.').unwrap();
    assert!(hash.len() >= 10);
    let br = site.get_with(css, &[("accept-encoding", "br")]).await;
    assert_eq!((br.header("content-encoding"), br.header("content-type")), ("br", "text/css; charset=utf-8"));
    for wrong in ["/assets/site.000000000000.css", "/assets/site.css", "/assets/..%2f..%2fCargo.toml", "/assets/"] {
        let status = site.get(wrong).await.status;
        assert!(matches!(status, 404 | 308), "{wrong}: {status}");
    }
    assert_eq!(site.get(&css.replace(hash, "000000000000")).await.status, 404);
}

#[tokio::test]
async fn health_checks_say_what_is_served() {
    let site = Site::empty(&[]).await;
    let health = site.get("/healthz").await;
    assert_eq!((health.text.as_str(), health.header("cache-control")), ("ok\n", "no-store"));
    let ready = site.get("/readyz").await;
    assert_eq!(ready.text, "ready: plan year 2026, catalogue 2026-20261121-ab12cd34\n");
    site.app.catalogues.current().newest().pool.close().await;
    let not_ready = site.get("/readyz").await;
    assert_eq!(not_ready.status, 503);
    assert!(not_ready.text.contains("catalogue 2026-20261121-ab12cd34 does not answer"));
}

// ── Logs ─────────────────────────────────────────────────────────────────────────────────────────────────────────

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Captures what this thread logs while the guard lives.
    ///
    /// Behind it, a subscriber that accepts everything and writes nothing is installed for the whole process: without
    /// one, a log line first reached by another test's thread, where nobody listens, may be cached as disabled.
    pub fn keep(format: LogFormat) -> (Log, tracing::subscriber::DefaultGuard) {
        let (log, writer) = Log::listen();
        let subscriber = telemetry::subscriber(format, "info", move || writer.clone()).unwrap();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The same for every line of every library, down to what none of them should say.
    pub fn keep_all() -> (Log, tracing::subscriber::DefaultGuard) {
        let (log, writer) = Log::listen();
        let lines = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        (log, tracing::subscriber::set_default(lines.with_writer(move || writer.clone()).finish()))
    }

    /// The same without spans, for tests with so much work in threads of the SQLite driver's that one of them drops a span of
    /// ours: it would look for it in the subscriber of its own thread, which never had it, and end.
    pub fn keep_all_events() -> (Log, tracing::subscriber::DefaultGuard) {
        use tracing_subscriber::layer::SubscriberExt as _;
        let (log, writer) = Log::listen();
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || writer.clone());
        let events = tracing_subscriber::filter::filter_fn(|about| !about.is_span());
        (log, tracing::subscriber::set_default(tracing_subscriber::registry().with(events).with(lines)))
    }

    fn listen() -> (Log, Log) {
        static LISTENS: std::sync::Once = std::sync::Once::new();
        LISTENS.call_once(|| {
            tracing::subscriber::set_global_default(tracing_subscriber::registry()).expect("the only one");
        });
        let log = Log::default();
        (log.clone(), log)
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn every_log_line_of_a_request_has_its_id_and_none_has_its_query() {
    let site = site(&[]).await;
    for format in [LogFormat::Json, LogFormat::Text] {
        let (log, _guard) = Log::keep(format);
        let id = [("x-request-id", "Proxy-12345678")];
        let got = site.get_with("/breaks?zip=45202&people=40t", &id).await;
        assert_eq!(got.header("x-request-id"), "Proxy-12345678");
        site.get_with("/nowhere/45202?zip=45202", &id).await;
        site.get_with(&format!("/hello?zip=45202{}", "0".repeat(5000)), &id).await;
        let lines = log.text();
        assert_eq!(lines.lines().count(), 7, "entry and exit of each, and one line from inside:\n{lines}");
        for line in lines.lines() {
            assert!(line.contains("Proxy-12345678"), "{line}");
            assert!(!line.contains("45202") && !line.contains("zip") && !line.contains("40t"), "{line}");
        }
        assert!(lines.contains("the outer cause: the inner cause") && !got.text.contains("the inner cause"), "{lines}");
        assert!(lines.contains("/breaks") && lines.contains("(none)") && !lines.contains("nowhere"), "{lines}");
    }
}

#[tokio::test]
async fn the_exit_line_has_a_closed_list_of_fields() {
    let site = site(&[]).await;
    let (log, _guard) = Log::keep(LogFormat::Json);
    let got = site.get("/hello").await;
    let lines = log.text();
    let exit: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let mut fields: Vec<&str> = exit.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["bytes", "level", "message", "method", "ms", "route", "span", "status", "timestamp", "whole"]);
    assert_eq!((exit["status"].as_u64(), exit["bytes"].as_u64()), (Some(200), Some(got.body.len() as u64)));
    assert_eq!((exit["route"].as_str(), exit["method"].as_str()), (Some("/hello"), Some("GET")));
    assert_eq!(exit["span"]["id"].as_str(), Some(got.header("x-request-id")));
}

#[tokio::test]
async fn an_id_that_could_forge_a_log_line_is_replaced() {
    let site = site(&[]).await;
    for bad in ["short", "a b c d e f g h", "x; status=200;;;"] {
        let got = site.get_with("/hello", &[("x-request-id", bad)]).await;
        assert_ne!(got.header("x-request-id"), bad);
    }
}
