//! Who is let in when more is asked than can be answered.
//!
//! Called by the layer `web::admission`. Health checks and assets always go through: they cost next to nothing.
//! Everything else takes a place from a limit that adapts to how long answers take. A request that finds no place
//! waits briefly in a queue of bounded length and bytes; one that is not reached in time is told to come back. The
//! private pages have places of their own: when their store stands still, each of them waits for it, and the shop must
//! not wait with them. It must never know what was asked beyond its class.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Longest wait for a place. It keeps the slowest answer given at all within a second.
const WAIT_MAX: Duration = Duration::from_millis(750);
/// Queue length per place: as many as are reached within the wait, with a tenth of a second to spare, while answers take
/// [`GOOD_TIME`]. Whoever can be answered within a second is better off waiting than told to come back, and costs less.
const IN_LINE_PER_PLACE: usize = 64;
/// The same for the private pages: waiting for the store comes on top, and when it stands still, a longer line would only be
/// told later.
const OFFICE_WAIT_MAX: Duration = Duration::from_millis(400);
const OFFICE_IN_LINE_PER_PLACE: usize = 16;
/// Bytes of all queued requests together.
const LINE_BYTES_MAX: usize = 16 << 20;
/// With fewer than two per core, a processor would idle while a statement is handed over.
const PLACES_MIN_PER_CORE: usize = 4;
/// More than this was never faster (docs/performance.md).
const PLACES_MAX: usize = 512;
/// Private pages at once. A fixed number: they mostly wait for the store, which says nothing about the processors, and
/// whoever waits costs some kilobytes.
const OFFICE_PLACES: usize = 256;
/// Answers slower than this mean that too many are being made at once. Making one takes a millisecond of a core, so
/// more at once are no faster; they only stand in the way of what needs no place (`/healthz`, new connections).
const GOOD_TIME: Duration = Duration::from_millis(10);
/// How often the limit is adjusted.
const MOVE_EVERY: Duration = Duration::from_millis(100);
/// One client may hold as many requests, waiting ones included, as one in this many of all places, under load.
const ONE_CLIENTS_SHARE: usize = 4;

/// What a request is for, which decides how it is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Health checks, assets, files for other programs.
    Always,
    Browse,
    /// The private pages, which wait for the store.
    Office,
}

impl Class {
    pub fn of(path: &str) -> Class {
        let always = matches!(path, "/healthz" | "/readyz" | "/robots.txt" | "/favicon.ico" | "/favicon.svg");
        // Its first part, or the one after a language.
        let office = path.split('/').skip(1).take(2).any(|part| matches!(part, "account" | "desk"));
        match always || path.starts_with("/assets/") {
            true => Class::Always,
            false if office => Class::Office,
            false => Class::Browse,
        }
    }
}

/// Why a request was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The queue is full.
    LineFull,
    /// Not reached in time.
    Waited,
    /// This client already holds its share.
    Share,
    /// Too many bytes of answers are waiting to be read.
    Bytes,
}

impl Refused {
    pub const ALL: [Refused; 4] = [Refused::LineFull, Refused::Waited, Refused::Share, Refused::Bytes];

    pub fn word(self) -> &'static str {
        match self {
            Refused::LineFull => "line_full",
            Refused::Waited => "waited",
            Refused::Share => "share",
            Refused::Bytes => "bytes",
        }
    }
}

/// The places of one class.
pub struct Admission {
    /// Longest wait for a place.
    wait_max: Duration,
    in_line_per_place: usize,
    places: Arc<Semaphore>,
    /// The size of `places`, taken and free together.
    limit: AtomicUsize,
    least: usize,
    most: usize,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
    running: AtomicUsize,
    refused: [AtomicU64; 4],
    times: Mutex<Times>,
    /// Places and queue positions by client. Empty unless we can tell clients from proxies.
    clients: Option<Mutex<HashMap<IpAddr, usize>>>,
}

/// How long answers took since the limit last changed.
struct Times {
    since: Instant,
    sum: Duration,
    count: u32,
    /// Most places taken at once.
    most: usize,
}

impl Admission {
    /// `shares`: clients can be told apart, so each has its share.
    pub fn new(shares: bool) -> Arc<Admission> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let least = (cores * PLACES_MIN_PER_CORE).min(PLACES_MAX);
        let places = (least, (least * 4).min(PLACES_MAX), PLACES_MAX);
        Admission::between(places, (WAIT_MAX, IN_LINE_PER_PLACE), shares)
    }

    /// Of the private pages.
    pub fn of_office(shares: bool) -> Arc<Admission> {
        let places = (OFFICE_PLACES, OFFICE_PLACES, OFFICE_PLACES);
        Admission::between(places, (OFFICE_WAIT_MAX, OFFICE_IN_LINE_PER_PLACE), shares)
    }

    fn between(
        (least, start, most): (usize, usize, usize),
        (wait_max, in_line_per_place): (Duration, usize),
        shares: bool,
    ) -> Arc<Admission> {
        Arc::new(Admission {
            wait_max,
            in_line_per_place,
            places: Arc::new(Semaphore::new(start)),
            limit: AtomicUsize::new(start),
            least,
            most,
            waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            refused: Default::default(),
            times: Mutex::new(Times { since: Instant::now(), sum: Duration::ZERO, count: 0, most: 0 }),
            clients: shares.then(Mutex::default),
        })
    }

    pub fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    pub fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }

    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    pub fn refused(&self, why: Refused) -> u64 {
        self.refused[why as usize].load(Ordering::Relaxed)
    }

    pub fn refuse(&self, why: Refused) -> Refused {
        self.refused[why as usize].fetch_add(1, Ordering::Relaxed);
        why
    }

    /// A place, now or after a short wait.
    pub async fn place(self: &Arc<Admission>, bytes: usize, client: Option<IpAddr>) -> Result<Place, Refused> {
        let share = self.share(client).ok_or_else(|| self.refuse(Refused::Share))?;
        let permit = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.wait(bytes).await.map_err(|why| self.refuse(why))?,
        };
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        let mut times = self.times();
        times.most = times.most.max(running);
        drop(times);
        Ok(Place { admission: Arc::clone(self), permit: Some(permit), begun: Instant::now(), _share: share })
    }

    async fn wait(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Refused> {
        let in_line = InLine::new(self, bytes);
        if in_line.people > self.limit() * self.in_line_per_place || in_line.bytes_in_all > LINE_BYTES_MAX {
            return Err(Refused::LineFull);
        }
        match tokio::time::timeout(self.wait_max, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Refused::Waited),
        }
    }

    /// `None`: this client already has its share, and others are queued.
    fn share(self: &Arc<Admission>, client: Option<IpAddr>) -> Option<Option<Share>> {
        let (Some(clients), Some(client)) = (&self.clients, client) else { return Some(None) };
        let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
        let held = clients.entry(client).or_insert(0);
        let most = (self.limit() / ONE_CLIENTS_SHARE).max(1);
        if *held >= most && self.running() * 2 >= self.limit() {
            return None;
        }
        *held += 1;
        Some(Some(Share { admission: Arc::clone(self), client }))
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer took this long. The limit is adjusted ten times a second: down by a tenth while answers take too
    /// long, up by one sixteenth while they do not and the places are in use.
    fn took(&self, time: Duration) {
        let mut times = self.times();
        times.sum += time;
        times.count += 1;
        if times.since.elapsed() < MOVE_EVERY {
            return;
        }
        let mean = times.sum / times.count;
        let used = times.most;
        *times = Times { since: Instant::now(), sum: Duration::ZERO, count: 0, most: self.running() };
        drop(times);
        self.move_limit(mean, used);
    }

    fn move_limit(&self, mean: Duration, used: usize) {
        let limit = self.limit();
        let new = match mean > GOOD_TIME {
            true => limit - limit.div_ceil(10),
            false if used * 2 < limit => limit,
            false => limit + limit.div_ceil(16),
        };
        let new = new.clamp(self.least, self.most);
        match new.cmp(&limit) {
            std::cmp::Ordering::Greater => self.places.add_permits(new - limit),
            // Places in use are removed when they are returned: see `Place`.
            std::cmp::Ordering::Less => drop(self.places.forget_permits(limit - new)),
            std::cmp::Ordering::Equal => return,
        }
        self.limit.store(new, Ordering::Relaxed);
    }
}

/// A place in use.
pub struct Place {
    admission: Arc<Admission>,
    permit: Option<OwnedSemaphorePermit>,
    begun: Instant,
    _share: Option<Share>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let admission = &self.admission;
        let running = admission.running.fetch_sub(1, Ordering::Relaxed) - 1;
        admission.took(self.begun.elapsed());
        // The limit may have gone down while this place was in use: then it is not passed on.
        if let Some(permit) = self.permit.take()
            && running + admission.places.available_permits() >= admission.limit()
        {
            permit.forget();
        }
    }
}

/// A position in the queue.
struct InLine<'a> {
    admission: &'a Admission,
    bytes: usize,
    /// Including this one.
    people: usize,
    bytes_in_all: usize,
}

impl InLine<'_> {
    fn new(admission: &Admission, bytes: usize) -> InLine<'_> {
        let people = admission.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes_in_all = admission.waiting_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        InLine { admission, bytes, people, bytes_in_all }
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.admission.waiting.fetch_sub(1, Ordering::Relaxed);
        self.admission.waiting_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

struct Share {
    admission: Arc<Admission>,
    client: IpAddr,
}

impl Drop for Share {
    fn drop(&mut self) {
        let Some(clients) = &self.admission.clients else { return };
        let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = clients.get_mut(&self.client) {
            *held -= 1;
            if *held == 0 {
                clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_limit_goes_down_while_answers_are_slow_and_up_when_they_are_not() {
        let admission = Admission::new(false);
        let start = admission.limit();
        for _ in 0..100 {
            admission.move_limit(Duration::from_millis(500), 10_000);
        }
        assert_eq!(admission.limit(), admission.least);
        assert_eq!(admission.places.available_permits(), admission.least);
        for _ in 0..5 {
            admission.move_limit(Duration::from_millis(5), 1);
        }
        assert_eq!(admission.limit(), admission.least, "nobody needs more");
        for _ in 0..500 {
            admission.move_limit(Duration::from_millis(5), 10_000);
        }
        assert!(admission.limit() == PLACES_MAX && start < PLACES_MAX);
        assert_eq!(admission.places.available_permits(), PLACES_MAX);
    }

    #[tokio::test]
    async fn private_pages_have_places_of_their_own_however_slow_they_are() {
        for path in ["/account", "/account/apply/sign", "/es/account", "/es/account/notice/1"] {
            assert_eq!(Class::of(path), Class::Office, "{path}");
        }
        for path in ["/", "/plans", "/es/plans", "/accounts", "/plans/1/account"] {
            assert_eq!(Class::of(path), Class::Browse, "{path}");
        }
        let admission = Admission::of_office(false);
        admission.move_limit(Duration::from_secs(2), 10_000);
        admission.move_limit(Duration::from_millis(1), 10_000);
        assert_eq!((admission.limit(), admission.places.available_permits()), (OFFICE_PLACES, OFFICE_PLACES));
    }

    #[tokio::test]
    async fn places_in_use_when_the_limit_fell_are_not_reused() {
        let admission = Admission::new(false);
        let mut taken = Vec::new();
        for _ in 0..admission.limit() {
            taken.push(admission.place(0, None).await.ok().unwrap());
        }
        for _ in 0..100 {
            admission.move_limit(Duration::from_millis(500), 10_000);
        }
        drop(taken);
        assert_eq!(admission.places.available_permits(), admission.limit());
        assert_eq!(admission.running(), 0);
    }

    #[tokio::test]
    async fn a_request_not_reached_in_time_is_refused_and_the_queue_is_bounded() {
        let admission = Admission::new(false);
        let mut taken = Vec::new();
        for _ in 0..admission.limit() {
            taken.push(admission.place(0, None).await.ok().unwrap());
        }
        let begun = Instant::now();
        assert_eq!(admission.place(0, None).await.err(), Some(Refused::Waited));
        assert!(begun.elapsed() >= WAIT_MAX && begun.elapsed() < 3 * WAIT_MAX);
        assert_eq!(admission.place(LINE_BYTES_MAX + 1, None).await.err(), Some(Refused::LineFull));
        assert_eq!((admission.waiting(), admission.refused(Refused::LineFull)), (0, 1));
        let waits = tokio::spawn({
            let admission = Arc::clone(&admission);
            async move { admission.place(0, None).await.is_ok() }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        // More than one: the limit may drop at the same moment and take places with it.
        taken.truncate(1);
        assert!(waits.await.unwrap(), "a place that is given back goes to whoever is next");
    }

    #[tokio::test]
    async fn one_client_cannot_take_all_places() {
        let admission = Admission::new(true);
        let greedy: IpAddr = "192.0.2.1".parse().unwrap();
        let mut taken = Vec::new();
        while let Ok(place) = admission.place(0, Some(greedy)).await {
            taken.push(place);
        }
        assert!(taken.len() < admission.limit(), "{} of {}", taken.len(), admission.limit());
        assert!(admission.place(0, Some("192.0.2.2".parse().unwrap())).await.is_ok());
        drop(taken);
        assert!(admission.place(0, Some(greedy)).await.is_ok());
    }
}
