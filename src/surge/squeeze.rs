//! The later stages of compression: a page that is read again is compressed harder, and one that is read over and over as
//! hard as possible, by threads that take at most a tenth of a core each.
//!
//! Called by the page cache, which reports reads. The bytes differ from those before, so they get another ETag. It must
//! never hold up a request.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::coding::{Coding, Effort};
use super::page_cache::LONGEST_PAGE;
use super::store::{Counts, Kept, Key, Store};
use super::validators::etag;

/// Number of reads after which a page is worth [`Effort::Strong`]. [`Effort::Kept`] is worth it at the first.
const WORTH_IT: u32 = 20;
/// Queue length; pages beyond it are handed over again by a later reader.
const WAITING: usize = 256;
/// Seconds of rest per second of work.
const REST: u32 = 9;

/// One thread for each effort: what takes a millisecond must not wait for what takes a hundred.
pub struct Squeezers {
    kept: Option<Squeezer>,
    strong: Option<Squeezer>,
}

/// Where keys are handed over. Dropping it ends the thread.
type Squeezer = SyncSender<Key>;

impl Squeezers {
    /// If a thread cannot be started, pages stay as they are.
    pub fn start(store: &Arc<Store>) -> Squeezers {
        Squeezers { kept: start(store, Effort::Kept), strong: start(store, Effort::Strong) }
    }

    /// A page has been read this often. If there was no room in a queue, a later reader hands it over: when the number has
    /// doubled.
    pub fn after(&self, hits: u32, kept: &Kept, key: impl Fn() -> Key) {
        let has_doubled = hits.is_power_of_two();
        let kept_is_due = kept.effort < Effort::Kept && has_doubled;
        let strong_is_due = kept.effort < Effort::Strong && (hits == WORTH_IT || hits > WORTH_IT && has_doubled);
        for (squeezer, due) in [(&self.kept, kept_is_due), (&self.strong, strong_is_due)] {
            if let Some(squeezer) = squeezer
                && due
                && kept.coding != Coding::Identity
            {
                let _ = squeezer.try_send(key());
            }
        }
    }
}

fn start(store: &Arc<Store>, effort: Effort) -> Option<Squeezer> {
    let (sender, receiver) = sync_channel(WAITING);
    let store = Arc::downgrade(store);
    std::thread::Builder::new().name("squeeze".to_string()).spawn(move || work(&store, &receiver, effort)).ok()?;
    Some(sender)
}

fn work(store: &Weak<Store>, keys: &Receiver<Key>, effort: Effort) {
    for key in keys {
        let Some(store) = store.upgrade() else { return };
        let begun = Instant::now();
        if let Some(squeezed) = store.peek(&key).and_then(|kept| squeeze(&key, &kept, effort))
            && store.replace(key, Arc::new(squeezed))
        {
            Counts::add(&store.counts.squeezed);
        }
        drop(store);
        std::thread::sleep(begun.elapsed() * REST);
    }
}

/// The same page in fewer bytes; `None` if there is nothing to save.
fn squeeze(key: &Key, kept: &Kept, effort: Effort) -> Option<Kept> {
    // It may have been handed over twice.
    if effort <= kept.effort {
        return None;
    }
    let coding = key.codings.at(effort);
    let plain = kept.coding.expand(&kept.body, LONGEST_PAGE)?;
    let body = coding.compress(&plain, effort).filter(|body| body.len() < kept.body.len())?;
    let tags = (kept.tag.clone(), etag(&kept.tag, coding, effort)?);
    let squeezed = Kept::new(kept.headers.clone(), kept.route.clone(), tags, (coding, effort, body));
    Some(Kept { hits: kept.hits.load(Ordering::Relaxed).into(), ..squeezed })
}
