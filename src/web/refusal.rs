//! What people are told when they cannot be let in right now: a page built at startup, in each language, sent after a
//! short delay.
//!
//! Called by `admission`. It must cost no more than copying a pointer, because it is sent when there is no time for
//! anything else.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::error::{self, Failure};
use crate::app::App;
use crate::floor::admission::Refused;
use crate::surge::coding::{Coding, Effort};
use crate::text::i18n::Lang;

/// A refusal is delayed by at least this much, and by up to three times as much, so clients that retry immediately
/// neither keep us busy nor all come back together.
const DELAY: Duration = Duration::from_secs(1);
/// Refusals delayed at once; beyond this they are sent immediately and close their connection.
const DELAYED_MAX: usize = 4096;
/// `Retry-After` range in seconds: spread out, so clients that obey do not all come back together either.
const RETRY_SECONDS: (u64, u64) = (5, 30);

pub struct Refusals {
    /// As text and in gzip.
    pages: Vec<(Lang, [Bytes; 2])>,
    delayed: AtomicUsize,
}

impl Refusals {
    pub fn new(app: &std::sync::Arc<App>) -> Refusals {
        let page = |lang| {
            let plain = Bytes::from(error::busy_page(app, lang));
            let coded = Coding::Gzip.compress(&plain, Effort::Kept).unwrap_or_else(|| plain.clone());
            (lang, [plain, coded])
        };
        Refusals { pages: app.messages.languages().map(page).collect(), delayed: AtomicUsize::new(0) }
    }

    pub async fn answer(&self, lang: Lang, coding: Coding, why: Refused) -> Response {
        let held_back = self.delayed.fetch_add(1, Ordering::Relaxed) < DELAYED_MAX;
        if held_back {
            tokio::time::sleep(DELAY + DELAY * u32::try_from(chance() % 200).unwrap_or(0) / 100).await;
        }
        self.delayed.fetch_sub(1, Ordering::Relaxed);
        let pages = self.pages.iter().find(|(of, _)| *of == lang).map(|(_, pages)| pages);
        let is_coded = coding == Coding::Gzip && pages.is_some_and(|[plain, coded]| coded.len() < plain.len());
        let page = pages.map(|pages| pages[usize::from(is_coded)].clone()).unwrap_or_default();
        let mut response = Response::new(Body::from(page));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if is_coded {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        let seconds = RETRY_SECONDS.0 + chance() % (RETRY_SECONDS.1 - RETRY_SECONDS.0 + 1);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        if !held_back {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(Failure::Unavailable(format!("not let in: {}", why.word())));
        response
    }
}

/// Spread, not secret: a counter hashed with a key that the standard library draws at random.
fn chance() -> u64 {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    KEY.hash_one(COUNT.fetch_add(1, Ordering::Relaxed))
}
