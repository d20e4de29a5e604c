//! The shop floor: every open connection, what it is doing, and which one has to go when there is no room.
//!
//! Called by `serve::run` (places, stopping) and by each connection (`Visit`). It knows times and bytes, and must
//! never know what was asked. A connection being served is never closed; one that idles, or does not read its answer,
//! is, the longest first.

pub mod admission;
pub mod wire;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// An idle connection may be closed to make room only after this: a request may be on its way.
const IDLE_AT_LEAST: Duration = Duration::from_secs(1);
/// If none has been idle long enough, check again after this.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// An answer of which nothing was read for this long may be dropped to free memory.
const STALLED_AT_LEAST: Duration = Duration::from_secs(1);
/// A full socket counts as moving again once it has taken this much: less would be a trickle.
const MOVING_BYTES: u64 = 4096;

/// What the server as a whole is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Open,
    /// Told to stop: new requests are served, and each answer says it is the connection's last.
    Draining,
    /// No new connections; requests in progress are finished.
    Closing,
}

pub struct Floor {
    places: Arc<Semaphore>,
    visits: Mutex<HashMap<u64, Arc<Visit>>>,
    next: AtomicU64,
    /// Bytes of answers made but not yet read.
    bytes: AtomicUsize,
    bytes_max: usize,
    phase: watch::Sender<Phase>,
    /// Connections closed to make room, or for not reading.
    sent_away: AtomicU64,
}

impl Floor {
    pub fn new(connections_max: usize, bytes_max: usize) -> Arc<Floor> {
        Arc::new(Floor {
            places: Arc::new(Semaphore::new(connections_max.min(Semaphore::MAX_PERMITS))),
            visits: Mutex::default(),
            next: AtomicU64::new(0),
            bytes: AtomicUsize::new(0),
            bytes_max,
            phase: watch::Sender::new(Phase::Open),
            sent_away: AtomicU64::new(0),
        })
    }

    /// A place for one more connection. If there is none, the connection that has been idle longest is closed.
    pub async fn place(&self) -> OwnedSemaphorePermit {
        loop {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                return place;
            }
            self.make_room();
            let waiting = Arc::clone(&self.places).acquire_owned();
            if let Ok(Ok(place)) = tokio::time::timeout(LOOK_AGAIN, waiting).await {
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
        if self.bytes.load(Ordering::Relaxed) <= self.bytes_max {
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
        if !visit.leaving.swap(true, Ordering::Relaxed) {
            self.sent_away.fetch_add(1, Ordering::Relaxed);
            visit.leave.notify_one();
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
        self.bytes.load(Ordering::Relaxed)
    }

    pub fn sent_away(&self) -> u64 {
        self.sent_away.load(Ordering::Relaxed)
    }

    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub fn set_phase(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    pub fn watch_phase(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
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
        self.visit.floor.visits().remove(&self.id);
    }
}

/// One connection: when it last did anything, and which of its answers are still unread.
pub struct Visit {
    floor: Arc<Floor>,
    born: Instant,
    /// Milliseconds from `born` to the last activity, plus one; 0: no request yet.
    active_ms: AtomicU64,
    /// Milliseconds from `born` to when the socket became full, plus one; 0: it accepts what we send.
    full_ms: AtomicU64,
    /// Bytes taken since then.
    full_bytes: AtomicU64,
    bytes: AtomicUsize,
    answers: Mutex<Answers>,
    leaving: AtomicBool,
    leave: Notify,
}

/// Requests being worked on or answered: when each last moved, by its number. At most as many as a client may have
/// open.
#[derive(Default)]
struct Answers {
    next: u64,
    open: Vec<(u64, Option<u64>)>,
}

impl Visit {
    fn new(floor: Arc<Floor>) -> Visit {
        Visit {
            floor,
            born: Instant::now(),
            active_ms: AtomicU64::new(0),
            full_ms: AtomicU64::new(0),
            full_bytes: AtomicU64::new(0),
            bytes: AtomicUsize::new(0),
            answers: Mutex::default(),
            leaving: AtomicBool::new(false),
            leave: Notify::new(),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    fn since(&self, ms: u64) -> Duration {
        Duration::from_millis(self.now_ms().saturating_sub(ms))
    }

    fn active(&self) {
        self.active_ms.store(self.now_ms() + 1, Ordering::Relaxed);
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has arrived.
    pub fn request(self: &Arc<Visit>) -> OpenRequest {
        self.active();
        let mut answers = self.answers();
        let id = answers.next;
        answers.next += 1;
        answers.open.push((id, None));
        OpenRequest { visit: Arc::clone(self), id, bytes: 0 }
    }

    pub fn has_asked(&self) -> bool {
        self.active_ms.load(Ordering::Relaxed) > 0
    }

    /// The socket took `taken` of `offered` bytes; `None`: it is full.
    pub fn wrote(&self, offered: usize, taken: Option<usize>) {
        match taken {
            None if self.full_ms.load(Ordering::Relaxed) == 0 => {
                self.full_bytes.store(0, Ordering::Relaxed);
                self.full_ms.store(self.now_ms() + 1, Ordering::Relaxed);
            }
            None => {}
            Some(taken) if self.full_ms.load(Ordering::Relaxed) > 0 => {
                let since = self.full_bytes.fetch_add(taken as u64, Ordering::Relaxed) + taken as u64;
                if taken == offered || since >= MOVING_BYTES {
                    self.full_ms.store(0, Ordering::Relaxed);
                }
            }
            Some(_) => {}
        }
    }

    /// Whether a request is being read or worked on.
    fn is_asked(&self) -> bool {
        self.answers().open.iter().any(|(_, moved)| moved.is_none())
    }

    /// How long the connection has been idle; `None` while it is active.
    fn idle_for(&self) -> Option<Duration> {
        let idle = self.answers().open.is_empty() && self.full_ms.load(Ordering::Relaxed) == 0;
        idle.then(|| self.since(self.active_ms.load(Ordering::Relaxed).saturating_sub(1)))
    }

    /// How long the client has read nothing of the answer that has waited longest.
    fn stalled_for(&self) -> Duration {
        let full = self.full_ms.load(Ordering::Relaxed).checked_sub(1);
        let oldest = self.answers().open.iter().filter_map(|(_, moved)| *moved).min();
        full.into_iter().chain(oldest).min().map_or(Duration::ZERO, |ms| self.since(ms))
    }

    /// Resolves when this connection has to be closed: no first request in time, none for too long since the last, an
    /// answer that is not read, or no room.
    pub async fn over(&self, patience: &Patience) {
        let mut phase = self.floor.watch_phase();
        loop {
            let closing = *phase.borrow_and_update() == Phase::Closing;
            let patience = if closing { patience.when_closing() } else { *patience };
            let quiet = match self.active_ms.load(Ordering::Relaxed) {
                0 => patience.first.saturating_sub(self.born.elapsed()),
                // What is being worked on has a time of its own.
                _ if self.is_asked() => patience.idle,
                ms => patience.idle.saturating_sub(self.since(ms - 1)),
            };
            let left = quiet.min(patience.stalled.saturating_sub(self.stalled_for()));
            if left.is_zero() {
                return;
            }
            // An answer that starts to stall brings the deadline forward: check in between.
            tokio::select! {
                () = tokio::time::sleep(left.min(patience.stalled / 2)) => {}
                () = self.leave.notified() => return,
                changed = phase.changed() => if changed.is_err() { return },
            }
        }
    }
}

/// How long to wait for a connection.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For its first request.
    pub first: Duration,
    /// For the next one.
    pub idle: Duration,
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

/// A request until its answer has been read in full, or given up.
pub struct OpenRequest {
    visit: Arc<Visit>,
    id: u64,
    bytes: usize,
}

impl OpenRequest {
    pub fn phase(&self) -> Phase {
        self.visit.floor.phase()
    }

    /// The answer is ready and has about this many bytes.
    pub fn answered(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.visit.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.visit.floor.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.moved();
    }

    /// Part of it was read.
    pub fn moved(&self) {
        let now = self.visit.now_ms();
        let mut answers = self.visit.answers();
        answers.open.iter_mut().filter(|(id, _)| *id == self.id).for_each(|(_, moved)| *moved = Some(now));
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.visit.answers().open.retain(|(id, _)| *id != self.id);
        self.visit.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.visit.floor.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
        self.visit.active();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_trickles_counts_as_full() {
        let floor = Floor::new(10, 1000);
        let guest = floor.enter();
        let visit = &guest.visit;
        visit.wrote(100, None);
        visit.wrote(10_000, Some(1));
        assert!(visit.full_ms.load(Ordering::Relaxed) > 0, "one byte of many is no progress");
        visit.wrote(10_000, Some(4096));
        assert_eq!(visit.full_ms.load(Ordering::Relaxed), 0);
        visit.wrote(10, None);
        visit.wrote(10, Some(10));
        assert_eq!(visit.full_ms.load(Ordering::Relaxed), 0, "all that there was is out");
    }

    #[test]
    fn bytes_of_answers_are_returned() {
        let floor = Floor::new(10, 1000);
        let guest = floor.enter();
        let mut open = guest.visit.request();
        open.answered(900);
        assert!(floor.has_room_for_an_answer());
        let mut second = guest.visit.request();
        second.answered(900);
        assert!(!floor.has_room_for_an_answer());
        drop(second);
        assert!(floor.has_room_for_an_answer() && floor.bytes() == 900);
        drop(open);
        assert_eq!((floor.bytes(), floor.connections()), (0, 1));
        drop(guest);
        assert_eq!(floor.connections(), 0);
    }
}
