//! How long one request has waited for the store, all that it asked together.
//!
//! A server that falls silent in the middle of a statement ends neither that statement nor its connection, and a page that
//! asks five times would wait five times. So a request has one time for all of it: [`within`] runs it, and whatever reads
//! or writes says so by holding a [`Waiting`]. Time spent on anything else (a password's hash, a file that is still coming)
//! does not count.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{StoreError, counts};

/// How long a request waits for the store before it says that it is away: with all else, an answer within two seconds.
pub const WAIT: Duration = Duration::from_millis(1_800);

tokio::task_local! {
    static WAITED: Arc<Waited>;
}

#[derive(Debug, Default)]
struct Waited(Mutex<Sum>);

#[derive(Debug, Default)]
struct Sum {
    /// What the request holds of the store now.
    holds: u32,
    /// Since when it has held anything.
    since: Option<Instant>,
    /// Before that.
    spent: Duration,
}

impl Waited {
    fn change(&self, change: impl FnOnce(&mut Sum)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn so_far(&self) -> Duration {
        let sum = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sum.spent + sum.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}

/// Waits for the store, or has a connection of it, until it is dropped.
pub struct Waiting(Arc<Waited>);

impl Waiting {
    /// `None` outside of [`within`]: a command and the work behind have time.
    pub fn begin() -> Option<Waiting> {
        let waited = WAITED.try_with(Arc::clone).ok()?;
        waited.change(|sum| {
            sum.holds += 1;
            sum.since.get_or_insert_with(Instant::now);
        });
        Some(Waiting(waited))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.change(|sum| {
            sum.holds -= 1;
            if let (0, Some(since)) = (sum.holds, sum.since) {
                sum.spent += since.elapsed();
                sum.since = None;
            }
        });
    }
}

/// Runs a request until it is done, or has waited for the store for longer than `time` in all.
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
            let silent = StoreError::Away(format!("no answer within {time:?} in all"));
            counts::error(&silent);
            return Err(silent);
        }
        // No sooner than this can it have waited for too long; it may have done something else meanwhile.
        if let Ok(done) = tokio::time::timeout(left, &mut request).await {
            return Ok(done);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const TIME: Duration = Duration::from_millis(100);

    async fn wait(millis: u64) {
        let _waiting = Waiting::begin().expect("inside of a request");
        sleep(Duration::from_millis(millis)).await;
    }

    #[tokio::test]
    async fn what_waits_for_the_store_is_counted_together() {
        assert_eq!(within(TIME, wait(20)).await, Ok(()));
        let begun = Instant::now();
        let often = async {
            for _ in 0..100 {
                wait(15).await;
            }
        };
        assert!(matches!(within(TIME, often).await, Err(StoreError::Away(_))));
        assert!(begun.elapsed() >= TIME);
        // Two at once count once.
        let both = async { tokio::join!(wait(70), wait(70)) };
        assert!(within(TIME, both).await.is_ok());
    }

    #[tokio::test]
    async fn whatever_else_a_request_does_is_not() {
        let request = async {
            wait(10).await;
            sleep(3 * TIME).await;
            wait(10).await;
        };
        assert_eq!(within(TIME, request).await, Ok(()));
        assert!(Waiting::begin().is_none(), "a command has time");
    }
}
