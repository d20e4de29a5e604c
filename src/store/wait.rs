//! How long the store has been silent toward one request.
//!
//! A server that falls silent in the middle of a statement ends neither that statement nor its connection, and a page that
//! asks again after it was let down waits again. So the time runs over everything that a request asks, from the store's
//! last answer on: [`within`] runs the request, and whatever reads or writes says so by holding a [`Waiting`]. A store that
//! answers slowly is not silent, and time spent on anything else (a password's hash, a file that is still coming) does not
//! count.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{StoreError, counts};

/// How long a request waits for a silent store before it says that it is away: with all else, an answer within two seconds.
pub const WAIT: Duration = Duration::from_millis(1_800);

tokio::task_local! {
    static WAITED: Arc<Waited>;
}

#[derive(Debug, Default)]
struct Waited(Mutex<Silence>);

#[derive(Debug, Default)]
struct Silence {
    /// What the request asks of the store now, or has of it.
    asks: u32,
    /// Since when, without an answer.
    since: Option<Instant>,
    /// What it waited before that and after the last answer.
    before: Duration,
}

impl Waited {
    fn so_far(&self) -> Duration {
        let silence = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        silence.before + silence.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// Asks the store for something, or has a connection of it, until it is dropped. Counts for nobody outside of [`within`].
pub struct Waiting(Option<Arc<Waited>>);

impl Waiting {
    /// From now on.
    pub fn begin() -> Waiting {
        let waiting = Waiting(WAITED.try_with(Arc::clone).ok());
        waiting.change(|silence| {
            silence.asks += 1;
            silence.since.get_or_insert_with(Instant::now);
        });
        waiting
    }

    fn change(&self, change: impl FnOnce(&mut Silence)) {
        if let Some(waited) = &self.0 {
            change(&mut waited.0.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// The store has said something, be it no.
    pub fn answered(&self) {
        self.change(|silence| {
            silence.since = Some(Instant::now());
            silence.before = Duration::ZERO;
        });
    }

    /// Tells by a result whether there was an answer.
    pub fn heard<T>(&self, result: &Result<T, StoreError>) {
        if !matches!(result, Err(StoreError::Away(_))) {
            self.answered();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.change(|silence| {
            silence.asks -= 1;
            if let (0, Some(since)) = (silence.asks, silence.since) {
                silence.before += since.elapsed();
                silence.since = None;
            }
        });
    }
}

/// Runs a request until it is done, or the store has been silent toward it for this time. One inside of another has a time of
/// its own.
///
/// # Errors
///
/// [`StoreError::Away`]: it was given up. A change that was under way goes on by itself, and may be done all the same.
pub async fn within<T>(time: Duration, request: impl Future<Output = T>) -> Result<T, StoreError> {
    let waited = Arc::new(Waited::default());
    let mut request = std::pin::pin!(WAITED.scope(Arc::clone(&waited), request));
    loop {
        let left = time.saturating_sub(waited.so_far());
        if left.is_zero() {
            let silent = StoreError::Away(format!("silent for {time:?}"));
            counts::error(&silent);
            return Err(silent);
        }
        // No sooner than this can it have been silent for so long; it may have answered meanwhile.
        if let Ok(done) = tokio::time::timeout(left, &mut request).await {
            return Ok(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const TIME: Duration = Duration::from_millis(200);

    async fn wait(millis: u64, answer: bool) {
        let waiting = Waiting::begin();
        assert!(waiting.0.is_some(), "inside of a request");
        sleep(Duration::from_millis(millis)).await;
        if answer {
            waiting.answered();
        }
    }

    #[tokio::test]
    async fn silence_is_counted_over_all_that_a_request_asks() {
        let begun = Instant::now();
        let again = async {
            wait(120, false).await;
            wait(10_000, false).await;
        };
        assert!(matches!(within(TIME, again).await, Err(StoreError::Away(_))));
        assert!((TIME..2 * TIME).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        // Two at once count once.
        let both = async { tokio::join!(wait(110, false), wait(110, false)) };
        assert!(within(TIME, both).await.is_ok());
    }

    #[tokio::test]
    async fn a_store_that_answers_slowly_is_not_silent() {
        let often = async {
            for _ in 0..5 {
                wait(100, true).await;
            }
            wait(100, false).await;
        };
        assert_eq!(within(TIME, often).await, Ok(()));
    }

    #[tokio::test]
    async fn whatever_else_a_request_does_does_not_count() {
        let request = async {
            wait(20, false).await;
            sleep(3 * TIME).await;
            wait(20, false).await;
        };
        assert_eq!(within(TIME, request).await, Ok(()));
        assert!(Waiting::begin().0.is_none(), "a command has time");
    }
}
