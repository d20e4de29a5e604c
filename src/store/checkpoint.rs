//! SQLite: what was committed goes from its log into the file proper beside the writer, not in the middle of a commit.
//!
//! Started when a store is opened; a task that each commit wakes. It waits for nobody and stops nobody: the engine's
//! passive checkpoint copies what no reader needs any more. If it falls behind, the writer does the rest as before, once the
//! log is as long as `Engine::on_connect` says. What is acknowledged is on the disk before either.

use std::time::Duration;

use sqlx::AnyPool;
use tokio::sync::watch;

/// After a commit: those that follow it at once are copied with it, and pages that they share only once.
const PAUSE: Duration = Duration::from_millis(100);

/// Starts the task. Whoever has the sender tells it of commits; it ends when the sender is gone.
pub(super) fn start(readers: AnyPool, statement: &'static str) -> watch::Sender<()> {
    let (written, mut heard) = watch::channel(());
    tokio::spawn(async move {
        while heard.changed().await.is_ok() {
            tokio::time::sleep(PAUSE).await;
            heard.mark_unchanged();
            // A pool that is closed has no more to give; what is left is copied by the last connection that closes.
            let Ok(mut connection) = readers.acquire().await else { continue };
            if let Err(error) = sqlx::raw_sql(statement).execute(&mut *connection).await {
                tracing::debug!(%error, "the store's log was not copied");
            }
        }
    });
    written
}
