//! What somebody is told who cannot be let in just now: a page made at start, in each language, after a moment.
//!
//! Called by `admission`. It costs a copy of a pointer, because it is given when there is no time for anything else.

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
use crate::text::i18n::Lang;

/// A refusal is held back for so long at least, and up to twice more, so that those who retry at once neither keep us busy
/// nor come all together.
const DELAY: Duration = Duration::from_millis(500);
/// Refusals held back at once; further ones go out at once, and end their connection.
const DELAYED_MAX: usize = 4096;
/// `Retry-After`, from and up to, in seconds: spread, so that those who obey do not come all together either.
const RETRY_SECONDS: (u64, u64) = (5, 30);

pub struct Refusals {
    pages: Vec<(Lang, Bytes)>,
    delayed: AtomicUsize,
}

impl Refusals {
    pub fn new(app: &std::sync::Arc<App>) -> Refusals {
        let page = |lang| (lang, Bytes::from(error::busy_page(app, lang)));
        Refusals { pages: app.messages.languages().map(page).collect(), delayed: AtomicUsize::new(0) }
    }

    pub async fn answer(&self, lang: Lang, why: Refused) -> Response {
        let held_back = self.delayed.fetch_add(1, Ordering::Relaxed) < DELAYED_MAX;
        if held_back {
            tokio::time::sleep(DELAY + DELAY * u32::try_from(chance() % 200).unwrap_or(0) / 100).await;
        }
        self.delayed.fetch_sub(1, Ordering::Relaxed);
        let page = self.pages.iter().find(|(of, _)| *of == lang).map(|(_, page)| page.clone()).unwrap_or_default();
        let mut response = Response::new(Body::from(page));
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(lang.code()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let seconds = RETRY_SECONDS.0 + chance() % (RETRY_SECONDS.1 - RETRY_SECONDS.0 + 1);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        if !held_back {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response.extensions_mut().insert(Failure::Unavailable(format!("not let in: {}", why.word())));
        response
    }
}

/// Spread, not secret: a counter through a hash whose key the standard library draws at random.
fn chance() -> u64 {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    KEY.hash_one(COUNT.fetch_add(1, Ordering::Relaxed))
}
