//! A worker that ends between any two steps of its job, once at each point; for the tests of every kind of job.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use windowshop::store::vault::Vault;
use windowshop::store::{Change, Store, StoreError, Tx};
use windowshop::work::held::Effect;
use windowshop::work::worker::{Handled, Job};
use windowshop::work::{Handler, Hands, Outcome, Workers, ring};

use crate::store::engines::Bench;

/// Before anything is done; after all of it was; in the middle of the transaction that writes it down.
pub const POINTS: usize = 3;

/// How often each job has been ended, by kind and key.
pub type Ended = Arc<Mutex<BTreeMap<(String, String), usize>>>;

/// Each kind with a handler whose worker ends at each point once, and then lets it be done.
pub fn ending(kinds: Vec<Handled>, ended: &Ended) -> Vec<Handled> {
    let one = |(kind, inner)| -> Handled { (kind, Arc::new(Ends { inner, ended: Arc::clone(ended) })) };
    kinds.into_iter().map(one).collect()
}

struct Ends {
    inner: Arc<dyn Handler>,
    ended: Ended,
}

/// What a worker that ended has written: nothing.
struct Nothing(Option<Arc<dyn Effect>>);

impl Change for Nothing {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        if let Some(effect) = &self.0 {
            effect.apply(tx).await?;
        }
        // The transaction ends with its process, and the job is still held.
        Err(StoreError::Stale)
    }
}

#[async_trait]
impl Handler for Ends {
    async fn work(&self, job: &Job, hands: &Hands) -> Outcome {
        let point = {
            let mut ended = self.ended.lock().expect("no panic");
            let count = ended.entry((job.held.kind.clone(), job.held.key.clone())).or_default();
            *count += 1;
            *count
        };
        match point {
            1 => Outcome::done(Nothing(None)),
            2 => {
                drop(self.inner.work(job, hands).await);
                Outcome::done(Nothing(None))
            }
            POINTS => match self.inner.work(job, hands).await {
                Outcome::Done(effect) => Outcome::done(Nothing(Some(effect))),
                other => other,
            },
            _ => self.inner.work(job, hands).await,
        }
    }
}

/// Whether a job that meets the condition is held, or due. What is put down in the moment between the two questions is due,
/// too; what is postponed is so for longer.
pub async fn is_left(store: &Store, bench: &Bench, condition: &str) -> bool {
    let now = store.now().await.expect("a time") + 2_000;
    bench.count(&format!("job WHERE {condition} AND (state = 1 OR (state = 0 AND run_at <= {now}))")).await > 0
}

/// Works until nothing is left; each time, what was held by a worker that ended is ready again.
pub async fn work_to_the_end(
    (store, vault): (&Store, &Vault),
    bench: &Bench,
    (places, condition): (usize, &str),
    kinds: impl Fn() -> Vec<Handled>,
) {
    for n in 0.. {
        let workers = Workers::start(store, vault, kinds(), places).expect("workers");
        ring();
        tokio::time::sleep(Duration::from_millis(150)).await;
        workers.finish(Duration::from_secs(10)).await;
        bench.run_raw("UPDATE job SET lease_until = 1 WHERE state = 1").await;
        if !is_left(store, bench, condition).await {
            return;
        }
        assert!(n < 200, "jobs are left");
    }
}
