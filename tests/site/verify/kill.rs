//! A worker that ends between any two steps of any kind of job: every effect is there once. First each job of each kind at
//! each of its points, one after the other; then whole processes, killed at any moment.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use windowshop::hub::Hub;
use windowshop::verify::clock::carry_out;
use windowshop::verify::handled;
use windowshop::work::worker::Handled;

use super::stories::accept;
use super::world::{Sim, Told, World};
use crate::store::engines::{Bench, on_each_engine};
use crate::work::ends::{Ended, POINTS, ending, work_to_the_end};

const NUMBER: &str = "219-09-2800";
/// Works until nothing is due.
async fn work(world: &World, bench: &Bench, kinds: impl Fn() -> Vec<Handled>) {
    work_to_the_end((&world.office.store, &world.office.vault), bench, (4, "kind <> ''"), kinds).await;
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
    // Somebody whose issue is open reports two changes, one after the other; so does somebody who has none.
    for (at, told) in [(2, Told::alone("Jailed", NUMBER, 31_000)), (5, Told::alone("Perez", NUMBER, 31_000))] {
        let (owner, id) = sent[at].clone();
        let next = world.change((&owner, &id), &told).await;
        work(world, bench, &kinds).await;
        sent.push((owner.clone(), next.clone()));
        sent.push((owner.clone(), world.change((&owner, &next), &told.earning(32_000)).await));
        work(world, bench, &kinds).await;
    }
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
        let ended = Ended::default();
        let kinds = || ending(handled(&world.room, hub.clone()), &ended);
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
