//! Transfers that follow from a redetermination: found by looking, because the room `verify` knows nothing of agencies.
//!
//! Called once a minute by `serve`. A redetermination is looked at once: the job's key names it.

use super::after;
use crate::store::{Change, Millis, StoreError, Tx};
use crate::verify::Room;
use crate::work::{enqueue, ring};

/// How far back is looked: as long as a job that was done is known.
const BACK: Millis = 25 * 24 * 3_600_000;
/// In one round.
const ROUND: i64 = 200;

/// Puts down a job for each redetermination that has none. Returns how many.
///
/// # Errors
///
/// If the store is away.
pub async fn redetermined(room: &Room) -> Result<usize, StoreError> {
    let since = room.store.now().await? - BACK;
    let mut connection = room.store.read().await?;
    let asked = sqlx::query_as(
        "SELECT r.id, r.application, r.owner FROM redetermination r WHERE r.made_at > $1 \
         AND NOT EXISTS (SELECT 1 FROM job_done d WHERE d.key = r.id) \
         AND NOT EXISTS (SELECT 1 FROM job j WHERE j.key = r.id) \
         ORDER BY r.made_at LIMIT $2",
    );
    let found: Vec<(String, String, String)> = asked.bind(since).bind(ROUND).fetch_all(&mut *connection).await?;
    drop(connection);
    let many = found.len();
    if many > 0 {
        room.store.begin_write(PutDown { room: room.clone(), found }).await?;
        ring();
    }
    Ok(many)
}

struct PutDown {
    room: Room,
    found: Vec<(String, String, String)>,
}

impl Change for PutDown {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let vault = &self.room.means.vault;
        for (id, application, owner) in &self.found {
            // Somebody who is gone meanwhile has no key.
            if vault.open(tx.conn(), owner).await?.is_none() {
                continue;
            }
            enqueue(tx, vault, &after(application, id).of(owner)).await?;
        }
        Ok(())
    }
}
