//! A worker that ends between any two steps of a transfer: one file, one row, one step and one notice each.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use windowshop::store::{StoreError, Tx};
use windowshop::transfer::inbox::{Read, Report, read_one};
use windowshop::transfer::xml;
use windowshop::work::held::Effect;
use windowshop::work::worker::{Handled, Job};
use windowshop::work::{Handler, Hands, Outcome, Workers, ring};

use super::people::{Agency, back, poor};
use crate::store::engines::{Bench, on_each_engine};

/// Before anything; after the files were touched; in the middle of the transaction that writes it down.
const POINTS: usize = 3;

struct Ends {
    inner: Arc<dyn Handler>,
    ended: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// What a worker that ended has written: nothing.
struct Nothing(Option<Arc<dyn Effect>>);

impl Effect for Nothing {
    fn apply<'a>(&'a self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>> {
        Box::pin(async move {
            if let Some(effect) = &self.0 {
                effect.apply(tx).await?;
            }
            Err(StoreError::Stale)
        })
    }
}

#[async_trait]
impl Handler for Ends {
    async fn work(&self, job: &Job, hands: &Hands) -> Outcome {
        let point = {
            let mut ended = self.ended.lock().expect("no panic");
            let count = ended.entry(job.held.key.clone()).or_default();
            *count += 1;
            *count
        };
        match point {
            1 => Outcome::Done(Arc::new(Nothing(None))),
            2 => {
                drop(self.inner.work(job, hands).await);
                Outcome::Done(Arc::new(Nothing(None)))
            }
            POINTS => match self.inner.work(job, hands).await {
                Outcome::Done(effect) => Outcome::Done(Arc::new(Nothing(Some(effect)))),
                other => other,
            },
            _ => self.inner.work(job, hands).await,
        }
    }
}

/// Works until nothing is due; what was held by a worker that ended is ready again.
async fn work(agency: &Agency, bench: &Bench, kinds: impl Fn() -> Vec<Handled>) {
    let office = &agency.world.office;
    for n in 0.. {
        let workers = Workers::start(&office.store, &office.vault, kinds(), 2).expect("workers");
        ring();
        tokio::time::sleep(Duration::from_millis(150)).await;
        workers.finish(Duration::from_secs(10)).await;
        bench.run_raw("UPDATE job SET lease_until = 1 WHERE state = 1").await;
        let now = office.store.now().await.expect("a time") + 1_000;
        let due = format!("job WHERE kind = 'transfer' AND (state = 1 OR (state = 0 AND run_at <= {now}))");
        if bench.count(&due).await == 0 {
            return;
        }
        assert!(n < 200, "jobs are left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_at_each_point_and_there_is_one_file_one_step_and_one_notice() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (owner, id) = agency.send(&poor("Perez")).await;
        let ended: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
        let kinds = || -> Vec<Handled> {
            let all = agency.kinds().into_iter();
            all.map(|(kind, inner)| -> Handled { (kind, Arc::new(Ends { inner, ended: Arc::clone(&ended) })) })
                .collect()
        };
        work(&agency, bench, kinds).await;
        let counts: Vec<usize> = ended.lock().expect("no panic").values().copied().collect();
        assert_eq!(counts, [POINTS + 1, POINTS + 1], "both jobs were ended at each point");
        let line = agency.lines(&owner, &id).await.remove(0);
        assert_eq!(line.status, "sent");
        let name = format!("{}-001", line.id);
        assert_eq!(agency.files("out/OH"), [format!("{name}.json"), format!("{name}.xml")]);
        assert!(agency.files("out/OH/.staged").is_empty());
        let steps: Vec<String> = agency.steps(&line.id).await.into_iter().map(|own| own.step).collect();
        assert_eq!(steps, ["made", "sent"]);
        assert_eq!(agency.told(&owner).await, ["sent"]);
        assert_eq!(bench.count("audit WHERE deed = 'transfer_sent'").await, 1);
        // The carrier has taken it away; a job that comes again puts nothing there.
        let transfer = agency.text(&format!("out/OH/{name}.xml"));
        for end in ["xml", "json"] {
            std::fs::remove_file(agency.place().join(format!("out/OH/{name}.{end}"))).expect("taken");
        }
        agency.put((&owner, &id), "submitted").await;
        work(&agency, bench, || agency.kinds()).await;
        assert!(agency.files("out/OH").is_empty(), "never twice");

        // A reader that ended after its transaction and before the file was gone: the file is there again.
        let sent = xml::read(transfer.as_bytes()).unwrap_or_else(|refused| panic!("{refused}"));
        let answer = back(&sent, "OH1", "2026-12-01T15:00:00Z", "Accepted");
        agency.drop_in("OH", "a.xml", xml::write(&answer, false).as_bytes());
        let file = agency.place().join("in/OH/a.xml");
        let read = read_one(&agency.world.room, &agency.folder, (&file, None), false).await.expect("read");
        assert!(matches!(read, Read::Taken(_)), "{read:?}");
        assert_eq!(agency.read().await, Report { taken: 0, doubled: 1, refused: 0 });
        assert!(agency.files("in/OH").is_empty());
        assert_eq!(agency.told(&owner).await, ["sent", "accepted"]);
    })
    .await;
}
