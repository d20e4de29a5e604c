//! Leaves a service alone that fails again and again, and then tries one question before it trusts it again.
//!
//! Time is the caller's. A question that is given up (its worker was stopped) counts as neither.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Of one service.
#[derive(Debug)]
pub struct Breaker {
    failures: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// With the failures in a row.
    Closed(u32),
    Open(Instant),
    /// One question is being tried.
    Trying,
}

/// For metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Closed,
    Trying,
    Open,
}

/// Permission for one question. If it is dropped without [`Pass::settle`], nothing was learned.
pub struct Pass<'a> {
    breaker: &'a Breaker,
    trying: bool,
    settled: bool,
}

impl Breaker {
    pub fn new(failures: u32, pause: Duration) -> Breaker {
        Breaker { failures, pause, state: Mutex::new(State::Closed(0)) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    ///
    /// How long the service is still left alone.
    pub fn enter(&self, now: Instant) -> Result<Pass<'_>, Duration> {
        let mut state = self.state();
        let trying = match *state {
            State::Closed(_) => false,
            State::Open(until) if now >= until => true,
            State::Open(until) => return Err(until - now),
            State::Trying => return Err(self.pause),
        };
        if trying {
            *state = State::Trying;
        }
        Ok(Pass { breaker: self, trying, settled: false })
    }

    /// Whether a question would be refused right now.
    pub fn rests(&self, now: Instant) -> bool {
        match *self.state() {
            State::Closed(_) => false,
            State::Open(until) => now < until,
            State::Trying => true,
        }
    }

    pub fn shown(&self, now: Instant) -> Shown {
        match *self.state() {
            State::Closed(_) => Shown::Closed,
            State::Open(until) if now < until => Shown::Open,
            // The next question is the one that is tried.
            State::Open(_) | State::Trying => Shown::Trying,
        }
    }
}

impl Pass<'_> {
    /// What became of the question. `wait`: the server said how long to leave it alone.
    pub fn settle(mut self, answered: bool, wait: Option<Duration>, now: Instant) {
        self.settled = true;
        let breaker = self.breaker;
        let mut state = breaker.state();
        *state = match (*state, answered) {
            // Questions that began before it opened say nothing new.
            (open @ State::Open(_), false) => open,
            (State::Trying, _) if !self.trying => State::Trying,
            (_, true) => State::Closed(0),
            (_, false) if wait.is_some() => State::Open(now + wait.unwrap_or_default()),
            (State::Closed(before), false) if before + 1 < breaker.failures => State::Closed(before + 1),
            (State::Closed(_) | State::Trying, false) => State::Open(now + breaker.pause),
        };
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.trying && !self.settled {
            // The next question is the one that is tried.
            *self.breaker.state() = State::Open(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(30);

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.enter(now).expect("closed").settle(false, None, now);
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_tries_one_question_after_the_pause() {
        let (breaker, start) = (Breaker::new(3, PAUSE), Instant::now());
        fail(&breaker, start);
        fail(&breaker, start);
        breaker.enter(start).expect("closed").settle(true, None, start);
        for _ in 0..3 {
            assert_eq!(breaker.shown(start), Shown::Closed, "an answer between starts the count again");
            fail(&breaker, start);
        }
        assert_eq!(breaker.shown(start), Shown::Open);
        assert_eq!(breaker.enter(start + PAUSE / 3).err(), Some(PAUSE - PAUSE / 3));
        assert!(breaker.rests(start + PAUSE / 3) && !breaker.rests(start + PAUSE));
        let later = start + PAUSE;
        let trial = breaker.enter(later).expect("one may try");
        assert!(breaker.enter(later).is_err() && breaker.rests(later), "but only one");
        trial.settle(false, None, later);
        assert_eq!(breaker.enter(later).err(), Some(PAUSE), "and it is left alone again");
        breaker.enter(later + PAUSE).expect("one may try").settle(true, None, later);
        assert_eq!(breaker.shown(later), Shown::Closed);
    }

    #[test]
    fn a_trial_that_is_given_up_leaves_room_for_the_next() {
        let (breaker, start) = (Breaker::new(1, PAUSE), Instant::now());
        fail(&breaker, start);
        drop(breaker.enter(start + PAUSE).expect("one may try"));
        assert!(breaker.enter(Instant::now() + PAUSE).is_ok());
    }

    #[test]
    fn a_server_that_says_how_long_is_left_alone_for_that_long() {
        let (breaker, start) = (Breaker::new(8, PAUSE), Instant::now());
        let wait = Duration::from_secs(120);
        breaker.enter(start).expect("closed").settle(false, Some(wait), start);
        assert_eq!(breaker.enter(start).err(), Some(wait));
    }

    #[test]
    fn late_failures_of_questions_from_before_do_not_end_a_trial() {
        let (breaker, start) = (Breaker::new(1, PAUSE), Instant::now());
        let (slow, quick) = (breaker.enter(start).expect("a"), breaker.enter(start).expect("b"));
        quick.settle(false, None, start);
        let trial = breaker.enter(start + PAUSE).expect("one may try");
        slow.settle(false, None, start + PAUSE);
        assert_eq!(breaker.shown(start + PAUSE), Shown::Trying);
        trial.settle(true, None, start + PAUSE);
        assert_eq!(breaker.shown(start + PAUSE), Shown::Closed);
    }
}
