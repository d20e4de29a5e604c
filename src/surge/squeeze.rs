//! The second stage of compression: a page that is read over and over is compressed as hard as possible, once, by a
//! separate thread that takes at most a tenth of a core.
//!
//! Called by the page cache, which hands over keys. The bytes differ from those before, so they get another ETag. It
//! must never hold up a request.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::coding::{Coding, Effort};
use super::page_cache::{LONGEST_PAGE, Stage, etag};
use super::store::{Counts, Kept, Key, Store};

/// Number of reads after which a page is worth it.
pub const WORTH_IT: u32 = 20;
/// Queue length; pages beyond it are requested again by their next reader.
const WAITING: usize = 256;
/// Seconds of rest per second of work.
const REST: u32 = 9;

/// Where keys are handed over. Dropping it ends the thread.
pub struct Squeezer(SyncSender<Key>);

impl Squeezer {
    /// `None` if no thread can be started: pages then stay as they are.
    pub fn start(store: &Arc<Store>) -> Option<Squeezer> {
        let (sender, receiver) = sync_channel(WAITING);
        let store = Arc::downgrade(store);
        std::thread::Builder::new().name("squeeze".to_string()).spawn(move || work(&store, &receiver)).ok()?;
        Some(Squeezer(sender))
    }

    /// Whether the page is now queued.
    pub fn ask(&self, key: Key) -> bool {
        !matches!(self.0.try_send(key), Err(TrySendError::Full(_) | TrySendError::Disconnected(_)))
    }
}

fn work(store: &Weak<Store>, keys: &Receiver<Key>) {
    for key in keys {
        let Some(store) = store.upgrade() else { return };
        let begun = Instant::now();
        if let Some(squeezed) = store.peek(&key).and_then(|kept| squeeze(&kept)) {
            store.keep(key, Arc::new(squeezed));
            Counts::add(&store.counts.squeezed);
        }
        drop(store);
        std::thread::sleep(begun.elapsed() * REST);
    }
}

/// The same page in fewer bytes; `None` if there is nothing to save.
fn squeeze(kept: &Kept) -> Option<Kept> {
    if kept.coding == Coding::Identity {
        return None;
    }
    let plain = kept.coding.expand(&kept.body, LONGEST_PAGE)?;
    let body = kept.coding.compress(&plain, Effort::Strong).filter(|body| body.len() < kept.body.len())?;
    let tags = (kept.tag.clone(), etag(&kept.tag, kept.coding, Stage::Squeezed)?);
    let squeezed = Kept::new(kept.headers.clone(), kept.route.clone(), tags, (kept.coding, body));
    Some(Kept { hits: kept.hits.load(Ordering::Relaxed).into(), ..squeezed })
}
