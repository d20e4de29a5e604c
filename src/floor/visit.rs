//! One connection: what it is doing, as far as the floor has to know.
//!
//! Made by the floor for each connection, which reports here what it does and learns what it has been told. It must never decide
//! for itself that its time is up: the floor does, for all of them.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures_util::task::AtomicWaker;

use super::{Floor, IDLE_AT_LEAST, LOOK_AROUND, Patience, Phase};

/// A full socket counts as moving again once it has taken this much: less would be a trickle.
const MOVING_BYTES: u64 = 4096;

/// What a connection has been told. It gets more, and is taken back only if the connection was served before it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Told {
    Nothing,
    /// To finish what has been requested, and take no more.
    Finish,
    /// To close at once.
    Leave,
}

/// One connection: when it last did anything, and which of its answers are still unread. Times are the floor's milliseconds.
pub struct Visit {
    pub(super) floor: Arc<Floor>,
    /// When it came, then when it last did anything.
    active_ms: AtomicU64,
    has_asked: AtomicBool,
    /// Whether it may ask for several things at once (HTTP/2).
    asks_many: AtomicBool,
    /// When the socket became full, plus one; 0: it accepts what we send.
    full_ms: AtomicU64,
    /// Bytes taken since then.
    full_bytes: AtomicU64,
    /// Of an HTTP/1 answer, as much as the socket had no room for.
    held: AtomicUsize,
    /// Of answers made but not yet read.
    pub(super) bytes: AtomicUsize,
    answers: Mutex<Answers>,
    told: AtomicU8,
    waker: AtomicWaker,
}

/// Requests being worked on or answered: when each last moved, by its number. At most as many as a client may have
/// open.
#[derive(Default)]
struct Answers {
    next: u64,
    open: Vec<(u64, Option<u64>)>,
}

impl Visit {
    pub(super) fn new(floor: Arc<Floor>) -> Visit {
        Visit {
            active_ms: AtomicU64::new(floor.now_ms()),
            has_asked: AtomicBool::new(false),
            asks_many: AtomicBool::new(false),
            floor,
            full_ms: AtomicU64::new(0),
            full_bytes: AtomicU64::new(0),
            held: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            answers: Mutex::default(),
            told: AtomicU8::new(Told::Nothing as u8),
            waker: AtomicWaker::new(),
        }
    }

    /// At least this long ago. What happened since the floor last looked may have happened just before it looks again.
    fn since(&self, ms: u64) -> Duration {
        Duration::from_millis(self.floor.now_ms().saturating_sub(ms)).saturating_sub(LOOK_AROUND)
    }

    fn active(&self) {
        self.active_ms.store(self.floor.now_ms(), Ordering::Relaxed);
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the connection has been told. `waker` is woken when that changes.
    pub fn told(&self, waker: &Waker) -> Told {
        self.waker.register(waker);
        match self.told.load(Ordering::Acquire) {
            0 => Told::Nothing,
            1 => Told::Finish,
            _ => Told::Leave,
        }
    }

    /// Whether it really leaves, having been told to: not if it has been served meanwhile.
    pub fn leaves(&self) -> bool {
        let still = self.idle_for().is_some_and(|idle| idle >= IDLE_AT_LEAST) || !self.stalled_for().is_zero();
        if !still {
            let (leave, nothing) = (Told::Leave as u8, Told::Nothing as u8);
            // It may have been told nothing more than that: there is no more.
            let _ = self.told.compare_exchange(leave, nothing, Ordering::AcqRel, Ordering::Acquire);
        }
        still
    }

    /// Returns whether this is more than it had been told.
    pub(super) fn tell(&self, told: Told) -> bool {
        let is_more = self.told.fetch_max(told as u8, Ordering::AcqRel) < told as u8;
        if is_more {
            self.waker.wake();
        }
        is_more
    }

    /// A request has arrived. `asks_many`: on a connection that may ask for several things at once.
    pub fn request(self: &Arc<Visit>, asks_many: bool) -> OpenRequest {
        self.active();
        self.has_asked.store(true, Ordering::Relaxed);
        self.asks_many.store(asks_many, Ordering::Relaxed);
        let mut answers = self.answers();
        let id = answers.next;
        answers.next += 1;
        answers.open.push((id, None));
        OpenRequest { visit: Arc::clone(self), id, bytes: 0 }
    }

    pub(super) fn has_asked(&self) -> bool {
        self.has_asked.load(Ordering::Relaxed)
    }

    /// The socket took `taken` of `offered` bytes; `None`: it is full.
    pub fn wrote(&self, offered: usize, taken: Option<usize>) {
        let was_full = self.full_ms.load(Ordering::Relaxed) > 0;
        match taken {
            None if !was_full => {
                self.full_bytes.store(0, Ordering::Relaxed);
                self.full_ms.store(self.floor.now_ms() + 1, Ordering::Relaxed);
                self.hold(offered);
            }
            Some(taken) if was_full => {
                let since = self.full_bytes.fetch_add(taken as u64, Ordering::Relaxed) + taken as u64;
                if taken == offered || since >= MOVING_BYTES {
                    // In this order: the floor may look at any moment.
                    self.active();
                    self.full_ms.store(0, Ordering::Release);
                    self.let_go();
                }
            }
            _ => {}
        }
    }

    /// The socket is full, and so much of an answer waits. HTTP/2 answers are counted from when they are made.
    fn hold(&self, bytes: usize) {
        if !self.asks_many.load(Ordering::Relaxed) {
            self.held.store(bytes, Ordering::Relaxed);
            self.count(bytes);
        }
    }

    pub(super) fn let_go(&self) {
        self.uncount(self.held.swap(0, Ordering::Relaxed));
    }

    fn count(&self, bytes: usize) {
        if bytes > 0 {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
            self.floor.bytes.0.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    fn uncount(&self, bytes: usize) {
        if bytes > 0 {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.floor.bytes.0.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// How long the connection has been idle; `None` while it is active.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let idle = self.answers().open.is_empty() && self.full_ms.load(Ordering::Acquire) == 0;
        idle.then(|| self.since(self.active_ms.load(Ordering::Relaxed)))
    }

    /// How long the client has read nothing of the answer that has waited longest.
    pub(super) fn stalled_for(&self) -> Duration {
        let full = self.full_ms.load(Ordering::Relaxed).checked_sub(1);
        let oldest = self.answers().open.iter().filter_map(|(_, moved)| *moved).min();
        full.into_iter().chain(oldest).min().map_or(Duration::ZERO, |ms| self.since(ms))
    }

    /// Whether this connection has to be closed: no first request in time, none for too long since the last answer, or an answer
    /// that is not read. What is being worked on has a time of its own.
    pub(super) fn is_over(&self, patience: &Patience) -> bool {
        let for_the_next = match (self.has_asked(), self.asks_many.load(Ordering::Relaxed)) {
            (false, _) => patience.first,
            (true, false) => patience.next,
            (true, true) => patience.next_of_many,
        };
        self.idle_for().is_some_and(|idle| idle >= for_the_next) || self.stalled_for() >= patience.stalled
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

    /// The answer is ready, and so many bytes of it will wait here until they are read: about all of them on HTTP/2; none on
    /// HTTP/1, where the connection takes them at once and says when it cannot pass them on (`Visit::wrote`).
    pub fn answered(&mut self, bytes: usize) {
        self.bytes = bytes;
        self.visit.count(bytes);
        self.moved();
    }

    /// Part of it was read.
    pub fn moved(&self) {
        let now = self.visit.floor.now_ms();
        let mut answers = self.visit.answers();
        answers.open.iter_mut().filter(|(id, _)| *id == self.id).for_each(|(_, moved)| *moved = Some(now));
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        // In this order: the floor may look at any moment.
        self.visit.active();
        self.visit.answers().open.retain(|(id, _)| *id != self.id);
        self.visit.uncount(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor() -> Arc<Floor> {
        let seconds = Duration::from_secs;
        let patience =
            Patience { first: seconds(5), next: seconds(20), next_of_many: seconds(75), stalled: seconds(30) };
        Floor::new(10, 1000, patience)
    }

    impl Floor {
        /// As if it looked around after so much time, and the one between two looks.
        fn is_over_after(&self, visit: &Visit, seconds: u64) -> bool {
            self.now.0.ms.fetch_add(seconds * 1000 + 250, Ordering::Relaxed);
            visit.is_over(&self.patience)
        }
    }

    #[test]
    fn a_connection_may_idle_for_its_time_and_no_longer() {
        let (floor, noop) = (floor(), Waker::noop());
        let guest = floor.enter();
        let visit = &guest.visit;
        assert_eq!([4, 1].map(|more| floor.is_over_after(visit, more)), [false, true], "it has asked for nothing");
        for (asks_many, time) in [(false, 20), (true, 75)] {
            let mut open = visit.request(asks_many);
            assert!(!floor.is_over_after(visit, 1000), "what is being worked on has a time of its own");
            open.answered(900);
            drop(open);
            assert_eq!([time - 1, 1].map(|more| floor.is_over_after(visit, more)), [false, true], "{asks_many}");
        }
        assert_eq!(visit.told(noop), Told::Nothing);
    }

    #[test]
    fn a_connection_that_was_served_meanwhile_stays() {
        let (floor, noop) = (floor(), Waker::noop());
        let guest = floor.enter();
        let visit = &guest.visit;
        assert!(floor.is_over_after(visit, 5) && visit.tell(Told::Leave));
        drop(visit.request(false));
        assert!(!visit.leaves());
        assert_eq!(visit.told(noop), Told::Nothing);
        assert!(floor.is_over_after(visit, 20) && visit.tell(Told::Leave));
        let open = visit.request(false);
        assert!(!visit.leaves(), "it is being served");
        drop(open);
        assert!(floor.is_over_after(visit, 20) && visit.tell(Told::Leave) && visit.leaves());
    }

    #[test]
    fn time_in_which_nobody_looked_has_not_passed() {
        let floor = floor();
        *floor.looked.lock().unwrap() -= Duration::from_secs(3600);
        floor.look_around();
        assert_eq!(floor.now_ms(), 500);
    }

    #[test]
    fn an_answer_may_be_read_slowly_but_it_must_be_read() {
        let floor = floor();
        let guest = floor.enter();
        let visit = &guest.visit;
        let mut open = visit.request(true);
        open.answered(900);
        for _ in 0..9 {
            assert!(!floor.is_over_after(visit, 29));
            open.moved();
        }
        drop(open);
        // All of it was handed over to a socket that is full.
        for _ in 0..9 {
            visit.wrote(100_000, None);
            assert!(!floor.is_over_after(visit, 29));
            visit.wrote(100_000, Some(5000));
        }
        visit.wrote(100_000, None);
        assert!(floor.is_over_after(visit, 30));
    }

    #[test]
    fn who_has_asked_finishes_when_the_floor_closes_and_who_has_not_may_still_ask() {
        let (floor, noop) = (floor(), Waker::noop());
        let (asked, not_yet) = (floor.enter(), floor.enter());
        drop(asked.visit.request(false));
        floor.set_phase(Phase::Draining);
        assert_eq!(asked.visit.told(noop), Told::Nothing);
        floor.set_phase(Phase::Closing);
        assert_eq!((asked.visit.told(noop), not_yet.visit.told(noop)), (Told::Finish, Told::Nothing));
        assert!(not_yet.visit.tell(Told::Leave) && asked.visit.tell(Told::Leave));
        assert!(!asked.visit.tell(Told::Finish), "it has been told more");
        assert_eq!(asked.visit.told(noop), Told::Leave);
    }

    #[test]
    fn a_socket_that_trickles_counts_as_full() {
        let floor = floor();
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
        let floor = floor();
        let guest = floor.enter();
        let mut open = guest.visit.request(false);
        open.answered(900);
        assert!(floor.has_room_for_an_answer());
        let mut second = guest.visit.request(false);
        second.answered(900);
        assert!(!floor.has_room_for_an_answer());
        drop(second);
        assert!(floor.has_room_for_an_answer() && floor.bytes() == 900);
        drop(open);
        assert_eq!((floor.bytes(), floor.connections()), (0, 1));
        // What a full socket has no room for counts, too, until there is room or the connection ends.
        for _ in 0..2 {
            guest.visit.wrote(700, None);
            guest.visit.wrote(700, None);
            assert_eq!(floor.bytes(), 700);
            guest.visit.wrote(700, Some(700));
            assert_eq!(floor.bytes(), 0);
        }
        guest.visit.wrote(700, None);
        drop(guest);
        assert_eq!((floor.bytes(), floor.connections()), (0, 0));
    }
}
