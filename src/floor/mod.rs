//! The shop floor: every open connection, what it is doing, and which one has to go when there is no room.
//!
//! Called by `serve::run` (places, looking around, stopping) and by each connection (`Visit`). It knows times and bytes, and
//! must never know what was asked. A connection being served is never closed; one that idles, or does not read its answer, is,
//! the longest first.
//!
//! No connection has a clock or a timer of its own: the floor looks at all of them a few times a second. Several timers each,
//! set again with each request, took longer than finding a kept page (docs/performance.md).

pub mod admission;
mod visit;
pub mod wire;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::visit::{OpenRequest, Told, Visit};

/// How often the floor looks around: no time here is more exact than this.
const LOOK_AROUND: Duration = Duration::from_millis(250);
/// An idle connection may be closed to make room only after this: a request may be on its way.
const IDLE_AT_LEAST: Duration = Duration::from_secs(1);
/// An answer of which nothing was read for this long may be dropped to free memory.
const STALLED_AT_LEAST: Duration = Duration::from_secs(1);

/// What the server as a whole is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Open,
    /// Told to stop: new requests are served, and each answer says it is the connection's last.
    Draining,
    /// No new connections; requests in progress are finished.
    Closing,
}

/// How long to wait for a connection.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For its first request.
    pub first: Duration,
    /// For the next one on HTTP/1, until its headers have arrived.
    pub next: Duration,
    /// For the next one on HTTP/2, whose clients show that they are there without asking for anything.
    pub next_of_many: Duration,
    /// For a sign that an answer is being read.
    pub stalled: Duration,
}

impl Patience {
    /// A server that is shutting down does not wait for idle clients.
    fn when_closing(self) -> Patience {
        const AT_THE_END: Duration = Duration::from_secs(2);
        Patience { first: self.first.min(AT_THE_END), stalled: self.stalled.min(AT_THE_END), ..self }
    }
}

pub struct Floor {
    places: Arc<Semaphore>,
    visits: Mutex<HashMap<u64, Arc<Visit>>>,
    next: AtomicU64,
    patience: Patience,
    /// Of the last look around, or when the floor was opened.
    looked: Mutex<Instant>,
    now: Apart<Now>,
    /// Bytes of answers made but not yet read.
    bytes: Apart<AtomicUsize>,
    bytes_max: usize,
    /// Connections closed to make room, or for not reading.
    sent_away: AtomicU64,
}

/// What every request reads, and only the floor itself writes.
struct Now {
    /// Milliseconds that have passed here, as of the last look around.
    ms: AtomicU64,
    phase: AtomicU8,
}

/// In a cache line of its own, so that who only reads it need not wait for who writes what is beside it.
#[repr(align(128))]
struct Apart<T>(T);

impl Floor {
    pub fn new(connections_max: usize, bytes_max: usize, patience: Patience) -> Arc<Floor> {
        Arc::new(Floor {
            places: Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS))),
            visits: Mutex::default(),
            next: AtomicU64::new(0),
            patience,
            looked: Mutex::new(Instant::now()),
            now: Apart(Now { ms: AtomicU64::new(0), phase: AtomicU8::new(Phase::Open as u8) }),
            bytes: Apart(AtomicUsize::new(0)),
            bytes_max,
            sent_away: AtomicU64::new(0),
        })
    }

    /// Looks around for as long as the server runs. Without it no time passes here.
    pub async fn keep_order(&self) {
        loop {
            tokio::time::sleep(LOOK_AROUND).await;
            self.look_around();
        }
    }

    /// Sees what time it is, and tells every connection whose time is up to leave.
    fn look_around(&self) {
        self.tick();
        let closing = self.phase() == Phase::Closing;
        let patience = if closing { self.patience.when_closing() } else { self.patience };
        for visit in self.visits().values() {
            if visit.is_over(&patience) {
                visit.tell(Told::Leave);
            } else if closing && visit.has_asked() {
                // If it has not asked yet, its first request may be on the way, and the answer will say that it is the last.
                visit.tell(Told::Finish);
            }
        }
    }

    /// Moves the clock on. If nobody has looked for long (this process was stopped, or has only begun to serve), that time has not
    /// passed for those who are here: their requests may have arrived meanwhile.
    fn tick(&self) {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let passed = (now - *looked).min(2 * LOOK_AROUND);
        *looked = now;
        self.now.0.ms.fetch_add(u64::try_from(passed.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }

    /// A place for one more connection. If there is none, the connection that has been idle longest is closed.
    pub async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return place;
            }
            self.make_room();
            let waiting = Arc::clone(&self.places).acquire_owned();
            // If none has been idle long enough, look again.
            if let Ok(Ok(place)) = tokio::time::timeout(LOOK_AROUND, waiting).await {
                return place;
            }
        }
    }

    /// Closes the connection that has been idle longest. Returns whether there was one.
    pub fn make_room(&self) -> bool {
        let visits = self.visits();
        let idle = visits.values().filter_map(|visit| Some((visit.idle_for()?, visit)));
        let longest = idle.filter(|(idle, _)| *idle >= IDLE_AT_LEAST).max_by_key(|(idle, _)| *idle);
        self.send_away(longest.map(|(_, visit)| visit))
    }

    /// Whether another answer may be made. If too many bytes of answers are waiting to be read, the client with the
    /// most of them is disconnected first.
    pub fn has_room_for_an_answer(&self) -> bool {
        if self.bytes() <= self.bytes_max {
            return true;
        }
        let visits = self.visits();
        let stalled = visits.values().filter(|visit| visit.stalled_for() >= STALLED_AT_LEAST);
        let heaviest = stalled.max_by_key(|visit| visit.bytes.load(Ordering::Relaxed));
        self.send_away(heaviest);
        false
    }

    fn send_away(&self, visit: Option<&Arc<Visit>>) -> bool {
        let Some(visit) = visit else { return false };
        if visit.tell(Told::Leave) {
            self.sent_away.fetch_add(1, Ordering::Relaxed);
        }
        true
    }

    /// A new connection. It leaves when the guard is dropped.
    pub fn enter(self: &Arc<Floor>) -> Guest {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let visit = Arc::new(Visit::new(Arc::clone(self)));
        self.visits().insert(id, Arc::clone(&visit));
        Guest { id, visit }
    }

    pub fn connections(&self) -> usize {
        self.visits().len()
    }

    pub fn bytes(&self) -> usize {
        self.bytes.0.load(Ordering::Relaxed)
    }

    pub fn sent_away(&self) -> u64 {
        self.sent_away.load(Ordering::Relaxed)
    }

    pub fn phase(&self) -> Phase {
        match self.now.0.phase.load(Ordering::Acquire) {
            0 => Phase::Open,
            1 => Phase::Draining,
            _ => Phase::Closing,
        }
    }

    /// Tells all connections, too.
    pub fn set_phase(&self, phase: Phase) {
        self.now.0.phase.store(phase as u8, Ordering::Release);
        self.look_around();
    }

    fn now_ms(&self) -> u64 {
        self.now.0.ms.load(Ordering::Relaxed)
    }

    fn visits(&self) -> MutexGuard<'_, HashMap<u64, Arc<Visit>>> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's entry in the list of all connections.
pub struct Guest {
    id: u64,
    pub visit: Arc<Visit>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.visit.let_go();
        self.visit.floor.visits().remove(&self.id);
    }
}
