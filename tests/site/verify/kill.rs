//! A worker that ends between any two steps of any kind of job: every effect is there once. First each job of each kind at
//! each of its points, one after the other; then whole processes, killed at any moment.

use std::collections::BTreeMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use windowshop::hub::Hub;
use windowshop::store::{Change, StoreError, Tx};
use windowshop::verify::clock::carry_out;
use windowshop::verify::handled;
use windowshop::work::held::Effect;
use windowshop::work::worker::{Handled, Job};
use windowshop::work::{Handler, Hands, Outcome, Workers, ring};

use super::stories::accept;
use super::world::{Sim, Told, World};
use crate::store::engines::{Bench, on_each_engine};

const NUMBER: &str = "219-09-2800";
/// Before the question is asked; after its answer; in the middle of the transaction that writes it down.
const POINTS: usize = 3;

/// Ends the worker of each job at each point once; then lets it be done.
struct Ends {
    inner: Arc<dyn Handler>,
    /// How often each job has been ended, by kind and key.
    ended: Arc<Mutex<BTreeMap<(String, String), usize>>>,
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

/// Works until nothing is due; each time, what was held by a worker that ended is ready again.
async fn work(world: &World, bench: &Bench, kinds: impl Fn() -> Vec<Handled>) {
    for n in 0.. {
        let workers = Workers::start(&world.office.store, &world.office.vault, kinds(), 4).expect("workers");
        ring();
        tokio::time::sleep(Duration::from_millis(150)).await;
        workers.finish(Duration::from_secs(10)).await;
        bench.run_raw("UPDATE job SET lease_until = 1 WHERE state = 1").await;
        let now = world.office.store.now().await.expect("a time") + 2_000;
        if bench.count(&format!("job WHERE state = 1 OR (state = 0 AND run_at <= {now})")).await == 0 {
            return;
        }
        assert!(n < 200, "jobs are left");
    }
}

fn people() -> Vec<Told> {
    ["Nossn", "Noncitizen", "Jailed", "Tricare", "Insured", "Perez"]
        .map(|last| Told::alone(last, NUMBER, 28_000))
        .into_iter()
        .chain(["Unlawful", "Pending"].map(|last| Told::green_card(last, NUMBER, 28_000)))
        .chain([Told::alone("Perez", "219-09-6000", 25_000)])
        .collect()
}

/// Everything that the jobs wrote, without what differs between two people.
async fn written(world: &World, bench: &Bench, sent: &[(String, String)]) -> Vec<String> {
    let mut all = Vec::new();
    for (owner, id) in sent {
        let mut lines = world.checks(owner, id).await;
        lines.extend(
            world.dmis(owner).await.iter().map(|dmi| format!("{} {} {}", dmi.kind.word(), dmi.state, dmi.reminded)),
        );
        let notices = world.notices(owner, "en").await;
        lines.extend(notices.iter().map(|(kind, _)| kind.split(':').next().unwrap_or_default().to_string()));
        for deed in ["checked", "dmi_opened", "dmi_closed", "dmi_expired", "redetermined"] {
            let count = bench.count(&format!("audit WHERE owner = '{owner}' AND deed = '{deed}'")).await;
            lines.push(format!("{deed} {count}"));
        }
        let rows = bench.count(&format!("redetermination WHERE owner = '{owner}'")).await;
        lines.push(format!("redeterminations {rows}"));
        all.push(lines.join("\n"));
    }
    all
}

async fn story(world: &World, bench: &Bench, kinds: impl Fn() -> Vec<Handled>) -> Vec<String> {
    let mut sent = Vec::new();
    for told in people() {
        sent.push(world.send(&told).await);
    }
    work(world, bench, &kinds).await;
    for _ in 0..3 {
        world.ahead.add(Duration::from_secs(12 * 3600 + 60));
        work(world, bench, &kinds).await;
    }
    let first = world.dmis(&sent[0].0).await;
    let citizenship = first.iter().find(|dmi| dmi.kind.word() == "citizenship").expect("an issue");
    assert!(accept(world, &citizenship.id).await);
    work(world, bench, &kinds).await;
    world.days(100);
    carry_out(&world.room).await.expect("carried out");
    work(world, bench, &kinds).await;
    written(world, bench, &sent).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ended_at_each_point_of_each_job_and_every_effect_is_there_once() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let hub: Hub = sim.hub();
        let undisturbed = World::at_noon(bench).await;
        let expected = story(&undisturbed, bench, || handled(&undisturbed.room, hub.clone())).await;
        let world = World::at_noon(bench).await;
        let ended: Arc<Mutex<BTreeMap<(String, String), usize>>> = Arc::default();
        let kinds = || -> Vec<Handled> {
            let all = handled(&world.room, hub.clone()).into_iter();
            all.map(|(kind, inner)| -> Handled { (kind, Arc::new(Ends { inner, ended: Arc::clone(&ended) })) })
                .collect()
        };
        assert_eq!(story(&world, bench, kinds).await, expected);
        // Each kind was met, and each of its jobs ended at each point.
        let ended = ended.lock().expect("no panic");
        let of =
            |kind: &str| ended.iter().filter(|((own, _), _)| own == kind).map(|(_, count)| *count).collect::<Vec<_>>();
        for (kind, _) in handled(&world.room, hub.clone()) {
            let counts = of(kind.name);
            assert!(!counts.is_empty(), "no job of {} was met", kind.name);
            assert!(counts.iter().all(|count| *count > POINTS), "{}: {counts:?}", kind.name);
        }
    })
    .await;
}

fn worker(bench: &Bench, sim: &Sim) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_windowshop"));
    program.args([
        "worker",
        "--workers",
        "8",
        "--hub-contact-phone",
        "5550100100",
        "--hub-url",
        &sim.url,
        "--data-dir",
    ]);
    program.arg(bench.path(""));
    program.env("WINDOWSHOP_DATABASE_URL", bench.args().database_url.expose());
    program.env("WINDOWSHOP_HUB_TOKEN", "training");
    program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    program.spawn().expect("it starts")
}

/// Later each time, so that starting, claiming, asking and settling are all met.
const KILLS: u32 = 7;
const STEP: Duration = Duration::from_millis(110);
const MANY: i64 = 24;

#[tokio::test]
async fn processes_killed_at_any_moment_lose_no_check_and_double_none() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for _ in 0..MANY {
            world.send(&Told::alone("Nossn", NUMBER, 28_000)).await;
        }
        let mut halfway = 0;
        for n in 1..=KILLS {
            let mut child = worker(bench, &sim);
            tokio::time::sleep(STEP * n).await;
            child.kill().expect("killed");
            child.wait().expect("gone");
            // A minute later.
            halfway += u32::from(bench.run_raw("UPDATE job SET lease_until = 1 WHERE state = 1").await > 0);
        }
        println!("{halfway} of {KILLS} kills met a worker with jobs in its hands");
        let mut last = worker(bench, &sim);
        crate::work::queue::until(bench, "verification_run WHERE done_at IS NOT NULL", MANY).await;
        crate::work::queue::until(bench, "job WHERE kind <> 'verify_notice'", 0).await;
        last.kill().expect("killed");
        last.wait().expect("gone");
        assert_eq!(bench.count("verification").await, 7 * MANY);
        assert_eq!(bench.count("dmi WHERE noticed_at IS NOT NULL").await, 2 * MANY);
        assert_eq!(bench.count("notice WHERE kind = 'dmi_opened'").await, MANY, "one each");
        assert_eq!(bench.count("notice").await, 2 * MANY);
        assert_eq!(bench.count("audit WHERE deed = 'checked'").await, 7 * MANY);
        assert_eq!(bench.count("audit WHERE deed = 'dmi_opened'").await, 2 * MANY);
    })
    .await;
}
