//! The page cache: finished public pages, compressed, in memory. It stands before everything that makes pages.
//!
//! Called by the router. It answers what it has; if many clients ask for the same page at once, one request makes it
//! and all get it, even if that client disconnects. It keeps an answer only if its address says nothing about a
//! person and the answer itself says `public`, and it must never invent what a header says. A new catalogue makes new keys, so
//! nothing is ever purged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use tokio::sync::{oneshot, watch};
use tracing::Instrument as _;

use super::coding::{Coding, Codings, Effort, coded};
use super::squeeze::Squeezers;
use super::store::{Counts, Edition, Kept, Key, Store, Wanted, is_landing};
use super::validators::{SURROGATE_KEY, etag, etag_matches, joined};

/// A page or spreadsheet larger than this is not kept.
pub const LONGEST_PAGE: u64 = 2 << 20;
/// Concurrent fills; beyond this each client makes its own.
const FILLS: usize = 256;
/// Addresses that are not pages: kept elsewhere, or never.
const NO_PAGES: [&str; 6] = ["/assets/", "/healthz", "/readyz", "/robots.txt", "/favicon.ico", "/favicon.svg"];
/// Page headers that a 304 repeats (RFC 9110, 15.4.5), plus those a CDN needs.
const OF_A_304: [HeaderName; 3] = [header::CACHE_CONTROL, header::VARY, SURROGATE_KEY];

/// How a fill ended, for those waiting for it.
#[derive(Debug, Clone)]
enum Landed {
    Kept(Arc<Kept>),
    NotKept,
}

type Flights = HashMap<Key, watch::Receiver<Option<Landed>>>;

pub struct PageCache {
    store: Arc<Store>,
    squeezers: Squeezers,
    flights: Mutex<Flights>,
}

impl PageCache {
    /// `None` if smaller than one page: no cache.
    pub fn new(bytes: u64) -> Option<PageCache> {
        let store = Arc::new(Store::new(bytes)?);
        Some(PageCache { squeezers: Squeezers::start(&store), store, flights: Mutex::default() })
    }

    pub fn counts(&self) -> &Counts {
        &self.store.counts
    }

    /// Bytes used by kept pages.
    pub fn bytes(&self) -> u64 {
        self.store.bytes()
    }

    /// Most bytes used by kept pages.
    pub fn bytes_max(&self) -> u64 {
        self.store.bytes_max()
    }

    /// Number of kept pages.
    pub fn pages(&self) -> usize {
        self.store.len()
    }

    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records a read, and hands over a page that has become worth squeezing.
    fn read(&self, kept: &Kept, key: impl Fn() -> Key) {
        let hits = kept.hits.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
        self.squeezers.after(hits, kept, key);
    }
}

/// What it is told about the site.
#[derive(Clone)]
pub struct Front {
    /// `None`: nothing is kept.
    pub cache: Option<Arc<PageCache>>,
    pub edition: Arc<dyn Fn() -> Edition + Send + Sync>,
    /// A header that each answer gets a value of its own for. Kept pages have a place for it: a list of headers that has none is
    /// copied twice.
    pub own_header: HeaderName,
    /// Whether the answer to this request is public.
    pub is_everybodys: fn(&Request) -> bool,
}

impl Front {
    /// The page and the answer with it, if it is kept; `own_header` is still empty. Only pages for everybody are, so nothing else has
    /// to be asked.
    pub fn kept<B>(&self, request: &axum::http::Request<B>) -> Option<(Arc<Kept>, Response)> {
        let cache = self.cache.as_ref()?;
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let codings = Codings::of(request.headers());
        let wanted = Wanted { address: address(request), codings, edition: (self.edition)() };
        let kept = cache.store.kept(&wanted)?;
        Counts::add(&cache.counts().hits);
        cache.read(&kept, || wanted.key());
        let response = answer(&kept, request.headers(), request.method(), cache.counts());
        Some((kept, response))
    }
}

fn address<B>(request: &axum::http::Request<B>) -> &str {
    request.uri().path_and_query().map_or("/", |address| address.as_str())
}

/// The answer to a request whose page is not kept: from `next`, which makes pages, or from another client's.
pub async fn pages<N, F>(front: &Front, request: Request, next: N) -> Response
where
    N: FnOnce(Request) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let Some(cache) = &front.cache else { return next(request).await };
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let address = address(&request);
    if !is_read || NO_PAGES.iter().any(|other| address.starts_with(other)) {
        return next(request).await;
    }
    let counts = cache.counts();
    if !(front.is_everybodys)(&request) {
        Counts::add(&counts.private);
        return next(request).await;
    }
    let wanted = Wanted { address, codings: Codings::of(request.headers()), edition: (front.edition)() };
    if cache.store.is_worth_keeping(&wanted) && *request.method() == Method::GET {
        let key = wanted.key();
        return fly(front, cache, key, request, next).await;
    }
    Counts::add(&counts.first_sightings);
    next(request).await
}

/// The kept page, or the 304 if the client has it in any coding and effort.
fn answer(kept: &Kept, asked: &HeaderMap, method: &Method, counts: &Counts) -> Response {
    let known = joined(asked, header::IF_NONE_MATCH);
    if let Some(known) = known.and_then(|known| etag_matches(&known, &kept.tag)) {
        Counts::add(&counts.not_modified);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        let headers = response.headers_mut();
        for name in &OF_A_304 {
            kept.headers.get(name).map(|value| headers.insert(name, value.clone()));
        }
        if let Ok(known) = HeaderValue::try_from(format!("\"{known}\"")) {
            headers.insert(header::ETAG, known);
        }
        return response;
    }
    let is_head = *method == Method::HEAD;
    let mut response = Response::new(if is_head { Body::empty() } else { Body::from(kept.body.clone()) });
    *response.headers_mut() = kept.headers.clone();
    if is_head {
        // Of a body that is sent, the server knows the length anyway.
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(kept.body.len()));
    }
    response
}

/// Makes the page, or waits for whoever is making it. Runs as its own task, so it continues for the others if the
/// first client leaves.
async fn fly<N, F>(front: &Front, cache: &Arc<PageCache>, key: Key, request: Request, next: N) -> Response
where
    N: FnOnce(Request) -> F + Clone + Send + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    let (parts, body) = request.into_parts();
    let (mut flight, mut made_for_me) = (None, None);
    {
        let mut flights = cache.flights();
        if let Some(running) = flights.get(&key) {
            flight = Some(running.clone());
        } else if flights.len() < FILLS {
            let (landed, running) = watch::channel(None);
            let (mine, for_me) = oneshot::channel();
            flights.insert(key.clone(), running.clone());
            (flight, made_for_me) = (Some(running), Some(for_me));
            let made = next.clone()(plain(&parts));
            let fill = fill((front.clone(), Arc::clone(cache)), key, made, landed, mine);
            tokio::spawn(fill.in_current_span());
        }
    }
    let is_mine = made_for_me.is_some();
    if let Some(for_me) = made_for_me
        && let Ok(response) = for_me.await
    {
        return response;
    }
    let landed = match &mut flight {
        Some(flight) => flight.wait_for(Option::is_some).await.ok().and_then(|landed| landed.clone()),
        None => None,
    };
    match landed {
        Some(Landed::Kept(kept)) => {
            if !is_mine {
                Counts::add(&cache.counts().shared);
            }
            let mut response = answer(&kept, &parts.headers, &parts.method, cache.counts());
            kept.route.clone().map(|route| response.extensions_mut().insert(route));
            response
        }
        _ => next(Request::from_parts(parts, body)).await,
    }
}

/// The same request, asking for an uncompressed body, to be compressed here.
fn plain(parts: &Parts) -> Request {
    let mut parts = parts.clone();
    parts.headers.remove(header::ACCEPT_ENCODING);
    Request::from_parts(parts, Body::empty())
}

/// Removes the flight from the list when it ends, even by a panic.
struct Ending<'a> {
    cache: &'a PageCache,
    key: &'a Key,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.cache.flights().remove(self.key);
    }
}

async fn fill(
    (front, cache): (Front, Arc<PageCache>),
    key: Key,
    made: impl Future<Output = Response>,
    landed: watch::Sender<Option<Landed>>,
    mine: oneshot::Sender<Response>,
) {
    let ending = Ending { cache: &cache, key: &key };
    let made = finish(&front, &key, made.await).await;
    // Those who waited may have left; then there is nobody to tell.
    match made {
        Ok(kept) => {
            Counts::add(&cache.counts().fills);
            let kept = Arc::new(kept);
            cache.store.keep(key.clone(), Arc::clone(&kept));
            drop(ending);
            landed.send_replace(Some(Landed::Kept(kept)));
        }
        Err(response) => {
            Counts::add(&cache.counts().not_kept);
            drop(ending);
            landed.send_replace(Some(Landed::NotKept));
            // A page that is not public was made plain, for us: request it again as it came, to be compressed further
            // in.
            if response.status() != StatusCode::OK {
                drop(mine.send(squeezed(response, key.codings.fresh).await));
            }
        }
    }
}

/// An answer that nobody keeps (an error) and that was made plain for us, in the client's coding.
async fn squeezed(response: Response, coding: Coding) -> Response {
    let length = hyper::body::Body::size_hint(response.body()).exact();
    if !length.is_some_and(|bytes| (1..=LONGEST_PAGE).contains(&bytes)) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST_PAGE as usize).await else {
        return Response::from_parts(parts, Body::empty());
    };
    coded(parts, body, coding)
}

/// The answer as a page to keep, or the unchanged answer if it is not public.
async fn finish(front: &Front, key: &Key, response: Response) -> Result<Kept, Response> {
    let bytes = hyper::body::Body::size_hint(response.body()).exact();
    let tag = tag_of(&response).map(str::to_string);
    let route = response.extensions().get::<MatchedPath>().cloned();
    // If a catalogue was swapped meanwhile, this page belongs to another edition.
    let same_edition = (front.edition)() == key.edition;
    let (true, true, Some(tag)) = (same_edition, bytes.is_some_and(|bytes| bytes <= LONGEST_PAGE), tag) else {
        return Err(response);
    };
    let (mut parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST_PAGE as usize).await else {
        // Its length was known, so this body was never complete; it ends as it would have without us.
        return Err(Response::from_parts(parts, Body::empty()));
    };
    // Clients are waiting: it gets smaller once it has been read again (`squeeze`). Except those that caches in front are
    // warmed with, and that go on holding what they got: there are few, and each is made once for a catalogue.
    let effort = if is_landing(&key.address) { Effort::Kept } else { Effort::Fresh };
    let coding = key.codings.at(effort);
    let coded = coding.compress(&body, effort);
    let coding = if coded.is_some() { coding } else { Coding::Identity };
    let Some(etag) = etag(&tag, coding, effort) else { return Err(Response::from_parts(parts, Body::from(body))) };
    parts.headers.insert(front.own_header.clone(), HeaderValue::from_static(""));
    Ok(Kept::new(parts.headers, route, (tag, etag), (coding, effort, coded.unwrap_or(body))))
}

/// The validator of an answer that may be kept; `None` for any other.
fn tag_of(response: &Response) -> Option<&str> {
    let value = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
    let is_kept = response.status() == StatusCode::OK
        && value(header::CACHE_CONTROL).is_some_and(|control| control.starts_with("public"))
        && !response.headers().contains_key(header::SET_COOKIE)
        && !response.headers().contains_key(header::CONTENT_ENCODING);
    let etag = is_kept.then(|| value(header::ETAG)).flatten()?;
    etag.strip_prefix('"')?.strip_suffix('"')
}
