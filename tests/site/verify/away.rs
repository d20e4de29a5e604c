//! The hub is away for hours while a thousand people apply: each is taken, nobody waits, nobody is denied, and when it is back each
//! question is answered once and whoever has to prove something is told so once.
//!
//! A third of them on each engine, so that the whole does not take minutes; `AWAY_PEOPLE=1000` for all of them on each.

use std::time::{Duration, Instant};

use windowshop::hub::{Hub, Service};

use super::world::{Told, World, nobody};
use crate::hub::sim::Sim;
use crate::store::engines::{Bench, on_each_engine};

const PEOPLE: usize = 334;
/// People who send at the same moment.
const AT_ONCE: usize = 8;
/// Of ten, one has a number that does not match, and has to be told so.
const OF: usize = 10;
/// Number, citizenship, prison, death, income, job, programs.
const CHECKS: i64 = 7;
const ASKED: [Service; 4] = [Service::Ssa, Service::Esi, Service::NonEsi, Service::Ifsv];
const NUMBER: &str = "219-09-2800";
const PLACES: usize = 8;
const LONGEST: Duration = Duration::from_secs(300);
const DUE: &str = "kind <> ''";
const NO_QUESTION: &str = "kind NOT LIKE 'check_%'";

#[expect(clippy::disallowed_methods, reason = "whoever tries more people says how many; no setting of the product")]
fn many() -> usize {
    std::env::var("AWAY_PEOPLE").map_or(PEOPLE, |text| text.parse().expect("AWAY_PEOPLE is a number"))
}

async fn sends(world: &World, lane: usize) {
    for n in (lane..many()).step_by(AT_ONCE) {
        let last = if n % OF == 0 { "Nossn" } else { "Perez" };
        world.send(&Told::alone(last, NUMBER, 28_000)).await;
    }
}

/// Until every service has failed so often that it is left alone: its jobs stay in the queue then, and cost nothing.
async fn given_up(hub: &Hub) {
    let began = Instant::now();
    while !ASKED.iter().all(|service| hub.rests(*service)) {
        assert!(began.elapsed() < LONGEST, "a service that is away is asked and asked");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// What must hold for as long as nobody answers.
async fn nobody_is_harmed(bench: &Bench, all: i64) {
    let waiting = "verification WHERE state = 'waiting'";
    assert_eq!((bench.count("application").await, bench.count("verification_run").await), (all, all));
    assert_eq!(bench.count(waiting).await, CHECKS * all, "away is no answer");
    assert_eq!(bench.count("job WHERE kind LIKE 'check_%'").await, ASKED.len() as i64 * all, "each question waits");
    assert_eq!(bench.count("job WHERE attempt > 0 OR state <> 0").await, 0, "and it costs no attempt");
    assert_eq!((bench.count("dmi").await, bench.count("notice WHERE kind <> 'eligibility'").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_people_apply_while_the_hub_is_down_for_hours() {
    on_each_engine(async |bench| {
        let all = i64::try_from(many()).expect("not too many");
        let wrong = i64::try_from(many().div_ceil(OF)).expect("not too many");
        let right = all - wrong;
        let (world, sim) = (World::open(bench).await, Sim::start(&[]));
        let (mut took, mut lap) = (Vec::new(), Instant::now());
        let mut note = |what: &str| {
            took.push(format!("{what} {:.1} s", lap.elapsed().as_secs_f64()));
            lap = Instant::now();
        };
        // Workers ask, and nobody answers, while people send.
        let hub = nobody();
        let workers = world.workers(&hub, PLACES);
        let lane = |lane| sends(&world, lane);
        tokio::join!(lane(0), lane(1), lane(2), lane(3), lane(4), lane(5), lane(6), lane(7));
        note("sent in");
        given_up(&hub).await;
        world.finish(bench, workers, (NO_QUESTION, LONGEST)).await;
        note("the rest of what can be done meanwhile");
        nobody_is_harmed(bench, all).await;
        world.ahead.add(Duration::from_secs(3600));
        let hub = nobody();
        let workers = world.workers(&hub, PLACES);
        given_up(&hub).await;
        world.finish(bench, workers, (NO_QUESTION, LONGEST)).await;
        nobody_is_harmed(bench, all).await;
        note("an hour later");

        world.ahead.add(Duration::from_secs(3600));
        world.finish(bench, world.workers(&sim.hub(), PLACES), (DUE, LONGEST)).await;
        note("all answered in");
        let asked = ASKED.map(|service| sim.asked(service.word()));
        assert_eq!(asked, [many() as u64; ASKED.len()], "each question is asked once");
        let state = async |state: &str| bench.count(&format!("verification WHERE state = '{state}'")).await;
        // Of an answer without a match nothing else is believed: number and citizenship are open, prison and death as told.
        assert_eq!(state("verified").await, CHECKS * right + (CHECKS - 4) * wrong);
        assert_eq!((state("inconsistent").await, state("withdrawn").await), (2 * wrong, 2 * wrong));
        assert_eq!(bench.count("audit WHERE deed = 'checked'").await, CHECKS * all, "each answer is written once");
        assert_eq!(bench.count("verification_run WHERE done_at IS NOT NULL").await, all);
        assert_eq!(bench.count("aside").await, 0);
        let told = "notice WHERE kind = 'dmi_opened'";
        assert_eq!(
            (bench.count("dmi WHERE noticed_at IS NOT NULL").await, bench.count(told).await),
            (2 * wrong, wrong)
        );
        let owners = "(SELECT DISTINCT owner FROM notice WHERE kind = 'dmi_opened') AS told";
        assert_eq!(bench.count(owners).await, wrong, "one each");

        // A day later there is nothing else to tell anybody, and nobody was denied anything.
        world.days(2);
        world.finish(bench, world.workers(&sim.hub(), PLACES), (DUE, LONGEST)).await;
        note("a day later");
        assert_eq!((bench.count("job").await, bench.count("notice").await), (0, all + wrong));
        assert_eq!(bench.count("redetermination").await, 0, "nobody is denied");
        println!("{all} people on {}: {}", bench.engine, took.join(", "));
    })
    .await;
}
