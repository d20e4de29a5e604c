//! The kept pages, by bytes, and which ones get in: the part of the page cache that knows nothing about HTTP servers.
//!
//! Called by `page_cache`. A page gets in the second time it is seen (landing pages the first time), so a crawler
//! that reads every address once evicts nothing; among pages that are in, quick_cache keeps those that are read
//! again.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::MatchedPath;
use axum::http::{HeaderMap, HeaderValue, header};
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Lifecycle, OptionsBuilder, Weighter};
use time::Date;

use super::coding::{Coding, Codings, Effort};

/// Addresses remembered as seen once: 4 bytes each. A later address overwrites an earlier one.
const SIGHTINGS: usize = 1 << 16;
/// Rough size of a kept page including headers and bookkeeping; used only to size tables.
const PAGE_BYTES: u64 = 6 * 1024;
/// Per entry, beyond body, address and header values.
const ENTRY_BYTES: usize = 512;

/// What all pages of a moment are made from. The build is fixed by the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Edition {
    /// `Shelf::edition`.
    pub catalogues: u64,
    /// What lists say of a coming year depends on it.
    pub day: Date,
}

/// Identifies a kept page. Two addresses with the same key are the same page, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Path and query; the language is part of the path.
    pub address: Arc<str>,
    pub codings: Codings,
    pub edition: Edition,
}

/// The same, borrowed from a request.
#[derive(Debug, Clone, Copy, Hash)]
pub struct Wanted<'a> {
    pub address: &'a str,
    pub codings: Codings,
    pub edition: Edition,
}

impl Wanted<'_> {
    pub fn key(&self) -> Key {
        Key { address: self.address.into(), codings: self.codings, edition: self.edition }
    }
}

impl Equivalent<Key> for Wanted<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        (self.address, self.codings, self.edition) == (&key.address, key.codings, key.edition)
    }
}

/// Home and the pages of words: few, and what everybody sees first.
pub fn is_landing(address: &str) -> bool {
    // `/es` and `/es/…` belong to a language.
    let (first, rest) = address.split_at_checked(3).unwrap_or((address, ""));
    let is_language = first.len() == 3 && first.bytes().skip(1).all(|b| b.is_ascii_lowercase());
    let path = if is_language && (rest.is_empty() || rest.starts_with('/')) { rest } else { address };
    !path.contains('?') && path.bytes().skip(1).all(|b| b != b'/')
}

/// A finished page.
#[derive(Debug)]
pub struct Kept {
    /// All but the length, which the server adds; with an empty place for the one that each answer gets a value of its own for
    /// (`Front::own_header`).
    pub headers: HeaderMap,
    /// The route that made it, for logs and metrics.
    pub route: Option<MatchedPath>,
    /// The page's validator without its coding.
    pub tag: String,
    /// The body's actual coding: plain text if compression gained nothing.
    pub coding: Coding,
    pub effort: Effort,
    pub body: Bytes,
    pub hits: AtomicU32,
}

impl Kept {
    /// `tag`: the page's validator, and that of these bytes.
    pub fn new(
        mut headers: HeaderMap,
        route: Option<MatchedPath>,
        (tag, etag): (String, HeaderValue),
        (coding, effort, body): (Coding, Effort, Bytes),
    ) -> Kept {
        headers.insert(header::ETAG, etag);
        headers.remove(header::CONTENT_LENGTH);
        if let Some(name) = coding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Kept { headers, route, tag, coding, effort, body, hits: AtomicU32::new(0) }
    }
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Key, Arc<Kept>> for ByBytes {
    fn weight(&self, key: &Key, kept: &Arc<Kept>) -> u64 {
        let headers: usize = kept.headers.values().map(HeaderValue::len).sum();
        (kept.body.len() + headers + key.address.len() + ENTRY_BYTES) as u64
    }
}

/// What the cache has done since startup. Plain counters, for whoever exports them.
#[derive(Debug, Default)]
pub struct Counts {
    /// Answered from the cache, including 304s.
    pub hits: AtomicU64,
    /// 304s among the hits.
    pub not_modified: AtomicU64,
    /// Seen for the first time: made for this client alone.
    pub first_sightings: AtomicU64,
    /// Made to be kept.
    pub fills: AtomicU64,
    /// Waited for another client's fill, and got it.
    pub shared: AtomicU64,
    /// Fills that turned out not to be public, or not a page.
    pub not_kept: AtomicU64,
    /// Compressed again because they were read: a page counts each time.
    pub squeezed: AtomicU64,
    /// Requests that no shared cache may answer.
    pub private: AtomicU64,
    /// Kept pages that had to make room for others.
    pub evicted: AtomicU64,
}

impl Counts {
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Every request that reached the cache, once, by what became of it.
    pub fn by_result(&self) -> [(&'static str, u64); 6] {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("hit", read(&self.hits)),
            ("shared", read(&self.shared)),
            ("first_sighting", read(&self.first_sightings)),
            ("fill", read(&self.fills)),
            ("not_kept", read(&self.not_kept)),
            ("private", read(&self.private)),
        ]
    }

    pub fn squeezed(&self) -> u64 {
        self.squeezed.load(Ordering::Relaxed)
    }

    pub fn evicted(&self) -> u64 {
        self.evicted.load(Ordering::Relaxed)
    }
}

/// See the module.
pub struct Store {
    /// By a fast hash with a seed of this process: whoever could make addresses collide would slow down a look into one part of
    /// a list whose length is bounded.
    pages: Cache<Key, Arc<Kept>, ByBytes, foldhash::fast::RandomState, Evictions>,
    sightings: Box<[AtomicU32]>,
    secret: RandomState,
    /// Held while a page is replaced by a smaller form of itself.
    smaller: Mutex<()>,
    pub counts: Arc<Counts>,
}

/// Counts the pages that make room. The cache reports a page that is replaced by a smaller form of itself, too.
#[derive(Debug, Clone)]
struct Evictions(Arc<Counts>);

impl Lifecycle<Key, Arc<Kept>> for Evictions {
    /// Whether a page only takes the place of a larger form of itself.
    type RequestState = bool;

    fn on_evict(&self, only_replaces: &mut bool, _: Key, _: Arc<Kept>) {
        if !*only_replaces {
            Counts::add(&self.0.evicted);
        }
    }
}

impl Store {
    /// `None` if smaller than one page.
    pub fn new(bytes: u64) -> Option<Store> {
        let items = usize::try_from(bytes / PAGE_BYTES).unwrap_or(usize::MAX);
        let options = OptionsBuilder::new().estimated_items_capacity(items).weight_capacity(bytes).build().ok()?;
        let counts = Arc::new(Counts::default());
        let evictions = Evictions(Arc::clone(&counts));
        let pages = Cache::with_options(options, ByBytes, foldhash::fast::RandomState::default(), evictions);
        let sightings = (0..SIGHTINGS).map(|_| AtomicU32::new(0)).collect();
        (items > 0).then(|| Store { pages, sightings, secret: RandomState::new(), smaller: Mutex::default(), counts })
    }

    /// The page, if it is kept.
    pub fn kept(&self, wanted: &Wanted<'_>) -> Option<Arc<Kept>> {
        self.pages.get(wanted)
    }

    /// Whether a page that is not kept should be from now on; remembers that it was asked for.
    pub fn is_worth_keeping(&self, wanted: &Wanted<'_>) -> bool {
        is_landing(wanted.address) || self.seen_before(wanted)
    }

    /// The page, without counting as a read.
    pub fn peek(&self, key: &Key) -> Option<Arc<Kept>> {
        self.pages.peek(key)
    }

    pub fn keep(&self, key: Key, kept: Arc<Kept>) {
        self.pages.insert(key, kept);
    }

    /// Replaces a page that is still kept by the same page, compressed harder, which is no read of it. Returns whether it did.
    pub fn replace(&self, key: Key, smaller: Arc<Kept>) -> bool {
        // Two threads compress: what takes longer may be there before what takes less.
        let _only_one = self.smaller.lock().unwrap_or_else(PoisonError::into_inner);
        let is_worse = self.peek(&key).is_some_and(|kept| kept.tag == smaller.tag && kept.effort < smaller.effort);
        is_worse && self.pages.replace_with_lifecycle(key, smaller, true, &mut true).is_ok()
    }

    /// Bytes used by kept pages.
    pub fn bytes(&self) -> u64 {
        self.pages.weight()
    }

    /// The limit.
    pub fn bytes_max(&self) -> u64 {
        self.pages.capacity()
    }

    pub fn len(&self) -> usize {
        self.pages.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pages.is_empty()
    }

    /// Whether this is the second sighting; remembers the first. A 32-bit fingerprint in one of 65,536 slots: an
    /// unrelated address with the same fingerprint gets in one sighting early, which costs only its slot.
    fn seen_before(&self, wanted: &Wanted<'_>) -> bool {
        let hash = self.secret.hash_one(wanted);
        let print = (hash >> 32) as u32 | 1;
        let place = hash as usize % SIGHTINGS;
        self.sightings[place].swap(print, Ordering::Relaxed) == print
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDITION: Edition = Edition { catalogues: 2, day: time::macros::date!(2026 - 11 - 26) };
    const BROWSER: Codings = Codings { fresh: Coding::Gzip, kept: Coding::Brotli };
    const GZIP: Codings = Codings { fresh: Coding::Gzip, kept: Coding::Gzip };

    fn page(bytes: usize) -> Arc<Kept> {
        let tags = (String::new(), HeaderValue::from_static("\"\""));
        Arc::new(Kept::new(HeaderMap::new(), None, tags, (Coding::Gzip, Effort::Fresh, Bytes::from(vec![0; bytes]))))
    }

    /// Asks as a visitor would; returns whether it came from the cache.
    fn ask(store: &Store, address: &str) -> bool {
        let wanted = Wanted { address, codings: BROWSER, edition: EDITION };
        if store.kept(&wanted).is_some() {
            return true;
        }
        if store.is_worth_keeping(&wanted) {
            store.keep(wanted.key(), page(5_000));
        }
        false
    }

    #[test]
    fn landing_pages_get_in_at_once_and_others_at_their_second_sighting() {
        let store = Store::new(1 << 20).unwrap();
        for landing in ["/", "/es", "/es/glossary", "/privacy"] {
            assert_eq!([ask(&store, landing), ask(&store, landing)], [false, true], "{landing}");
        }
        for other in ["/plans?zip=45202", "/plans/33931OH0070006", "/es/plans/33931OH0070006", "/?zip=45202"] {
            assert_eq!([ask(&store, other), ask(&store, other), ask(&store, other)], [false, false, true], "{other}");
        }
    }

    #[test]
    fn another_edition_or_coding_is_another_page() {
        let store = Store::new(1 << 20).unwrap();
        store.keep(Wanted { address: "/", codings: BROWSER, edition: EDITION }.key(), page(1));
        let next_day = Edition { day: time::macros::date!(2026 - 11 - 27), ..EDITION };
        let swapped = Edition { catalogues: 4, ..EDITION };
        for (codings, edition) in [(GZIP, EDITION), (BROWSER, next_day), (BROWSER, swapped)] {
            let wanted = Wanted { address: "/", codings, edition };
            assert!(store.kept(&wanted).is_none(), "{wanted:?}");
        }
    }

    #[test]
    fn a_smaller_form_replaces_only_a_larger_one_of_a_page_that_is_still_kept() {
        let store = Store::new(1 << 20).unwrap();
        let key = || Wanted { address: "/", codings: BROWSER, edition: EDITION }.key();
        let form = |effort, bytes| {
            let tags = (String::new(), HeaderValue::from_static("\"\""));
            let body = (Coding::Brotli, effort, Bytes::from(vec![0; bytes]));
            Arc::new(Kept::new(HeaderMap::new(), None, tags, body))
        };
        assert!(!store.replace(key(), form(Effort::Strong, 3)) && store.is_empty(), "it has made room for others");
        store.keep(key(), form(Effort::Fresh, 5));
        assert!(store.replace(key(), form(Effort::Strong, 3)));
        assert!(!store.replace(key(), form(Effort::Kept, 4)), "the thread that took longer to begin");
        assert_eq!(store.peek(&key()).map(|kept| kept.body.len()), Some(3));
        assert_eq!(store.counts.evicted(), 0, "it made room for nobody");
    }

    #[test]
    fn it_stays_within_its_bytes() {
        let store = Store::new(1 << 20).unwrap();
        (0..2_000).for_each(|n| {
            store.keep(Wanted { address: &format!("/{n}"), codings: GZIP, edition: EDITION }.key(), page(5_000))
        });
        assert!(store.bytes() <= 1 << 20 && store.len() > 100, "{} bytes, {}", store.bytes(), store.len());
        assert!(Store::new(0).is_none());
    }

    /// Pseudo-random numbers from a seed.
    struct Numbers(u64);

    impl Numbers {
        fn share(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// The hit rate of visitors who read 20,000 addresses by Zipf's law, with `crawled` unrelated addresses between
    /// each two.
    fn hit_share(crawled: u64) -> f64 {
        let weights: Vec<f64> = (1..=20_000).map(|rank| 1.0 / f64::from(rank)).collect();
        let sum: f64 = weights.iter().sum();
        let mut so_far = 0.0;
        let up_to: Vec<f64> = weights
            .iter()
            .map(|weight| {
                so_far += weight / sum;
                so_far
            })
            .collect();
        let (store, mut numbers, mut strange) = (Store::new(4 << 20).unwrap(), Numbers(7), 0u64);
        let (mut hits, mut asked) = (0u32, 0u32);
        for round in 0..60_000 {
            let share = numbers.share();
            let rank = up_to.partition_point(|sum| *sum < share);
            let hit = ask(&store, &format!("/plans?link={rank}"));
            if round >= 20_000 {
                asked += 1;
                hits += u32::from(hit);
            }
            for _ in 0..crawled {
                strange += 1;
                ask(&store, &format!("/plans?crawled={strange}"));
            }
        }
        f64::from(hits) / f64::from(asked)
    }

    #[test]
    fn a_crawler_of_every_address_evicts_nothing_popular() {
        let (alone, crawled) = (hit_share(0), hit_share(4));
        assert!(alone > 0.55, "{alone}");
        assert!(crawled > alone * 0.9, "{alone} alone, {crawled} with four crawled addresses for each visitor's");
    }
}
