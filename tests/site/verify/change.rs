//! A change that was reported: what stays as it was goes on with its own days and documents, what is new is asked about, what
//! is no longer said is withdrawn; on every engine.

use std::time::Duration;

use serde_json::{Value, json};
use windowshop::application::record;
use windowshop::verify::amend::amended;
use windowshop::verify::case::Case;
use windowshop::verify::clock::carry_out;
use windowshop::verify::{Dmi, carry, redetermine};

use super::stories::accept;
use super::world::{Sim, Told, World, nobody};
use crate::store::engines::{Bench, on_each_engine};

const NUMBER: &str = "219-09-2800";

/// A document that nobody has looked at.
async fn document(bench: &Bench, dmi: &Dmi) {
    let (owner, application, id) = (&dmi.owner, &dmi.application, &dmi.id);
    let empty = if bench.args().database_url.expose().is_empty() { "x''" } else { "''::bytea" };
    bench
        .run_raw(&format!(
            "INSERT INTO document (id, owner, application, dmi, how, kind, bytes, secret, name, mark, state, reason, sent_at, \
             reviewer) VALUES ('d-{id}', '{owner}', '{application}', '{id}', 'post', '', 0, {empty}, {empty}, {empty}, \
             'received', '', 1, '')"
        ))
        .await;
    bench.run_raw(&format!("UPDATE dmi SET in_review = 1 WHERE id = '{id}'")).await;
}

/// Works, also on what another worker stood in the way of.
async fn work_all(world: &World, bench: &Bench, sim: &Sim) {
    for _ in 0..4 {
        world.work(bench, &sim.hub()).await;
        world.ahead.add(Duration::from_secs(600));
    }
}

fn json_of(world: &World, told: &Value) -> Value {
    let answer = redetermine::answer(&world.room.knows, told).expect("determined");
    serde_json::to_value(answer).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_about_what_stays_the_same_keeps_its_day_and_its_documents() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::at_noon(bench).await;
        let told = Told::alone("Noncitizen", NUMBER, 28_000);
        let (owner, id) = world.send(&told).await;
        world.work(bench, &sim.hub()).await;
        let before = world.dmis(&owner).await.remove(0);
        document(bench, &before).await;
        world.days(40);
        carry_out(&world.room).await.expect("carried out");
        let before = Dmi { reminded: world.dmis(&owner).await[0].reminded, in_review: 1, ..before };
        let asked_before = bench.count("job_done WHERE kind LIKE 'check_%'").await;

        let next = world.change((&owner, &id), &told.clone().earning(31_000)).await;
        world.work(bench, &nobody()).await;
        let after = world.dmis(&owner).await;
        assert_eq!(after, [Dmi { application: next.clone(), ..before.clone() }], "the same issue, day and documents");
        assert_eq!(bench.count(&format!("document WHERE application = '{next}' AND dmi = '{}'", before.id)).await, 1);
        // Only the income is another one, and its hub is away: nothing else waits for an answer.
        let checks = world.checks(&owner, &next).await;
        let expected = [
            "1 ssn verified",
            "1 citizenship inconsistent",
            "1 incarceration verified",
            "1 death verified",
            "1 income waiting",
            "1 employer_coverage verified",
            "1 other_coverage verified",
        ];
        assert_eq!(checks, expected);
        assert!(world.checks(&owner, &id).await.contains(&"1 citizenship carried".to_string()));
        assert_eq!(bench.count("job_done WHERE kind LIKE 'check_%'").await, asked_before);
        world.ahead.add(Duration::from_secs(3600));
        world.work(bench, &sim.hub()).await;
        assert!(world.checks(&owner, &next).await.contains(&"1 income verified".to_string()));

        // Nobody reminds twice or late, and the day is the day.
        bench.run_raw("UPDATE dmi SET in_review = 0").await;
        world.days(60);
        assert_eq!(carry_out(&world.room).await.expect("carried out").expired, 1);
        world.work(bench, &sim.hub()).await;
        let mut household = told.clone().earning(31_000).household;
        household["people"][0]["not_proved"] = json!(["status"]);
        assert_eq!(world.redetermined(&owner, &next).await, Some(json_of(&world, &household)));
        assert_eq!(world.redetermined(&owner, &id).await, None, "what was sent first is history");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_about_income_is_withdrawn_with_the_income_and_begins_again_if_the_new_one_differs_too() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::at_noon(bench).await;
        let told = Told::alone("Perez", "219-09-6000", 25_000);
        let (owner, id) = world.send(&told).await;
        world.work(bench, &sim.hub()).await;
        let first = world.dmis(&owner).await.remove(0);
        assert_eq!((first.kind.word(), first.state.as_str()), ("income", "open"));
        document(bench, &first).await;
        world.days(30);

        let second = world.change((&owner, &id), &told.clone().earning(26_000)).await;
        world.work(bench, &sim.hub()).await;
        let dmis = world.dmis(&owner).await;
        assert_eq!(dmis.len(), 2);
        let old = dmis.iter().find(|dmi| dmi.id == first.id).expect("kept");
        assert_eq!((old.state.as_str(), old.closed_how.as_str(), &old.application), ("withdrawn", "changed", &id));
        let new = dmis.iter().find(|dmi| dmi.application == second).expect("a new one");
        assert!(new.is_open() && new.due_at > first.due_at, "another income, another clock");
        assert_eq!((new.in_review, old.in_review), (1, 0), "what was sent and not looked at is proof of it, too");
        assert_eq!(bench.count(&format!("document WHERE dmi = '{}'", new.id)).await, 1);

        // What the source knows: nothing is open any more, and no document is lost.
        let third = world.change((&owner, &second), &told.clone().earning(60_000)).await;
        world.work(bench, &sim.hub()).await;
        assert!(world.checks(&owner, &third).await.contains(&"1 income verified".to_string()));
        assert!(world.dmis(&owner).await.iter().all(|dmi| dmi.state == "withdrawn"));
        assert_eq!(bench.count("document WHERE state = 'received'").await, 1);
        world.days(120);
        assert_eq!(carry_out(&world.room).await.expect("carried out").expired, 0);
        assert_eq!(bench.count("redetermination").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_proved_in_time_holds_on_and_late_proof_counts_for_the_change() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::at_noon(bench).await;
        let told = Told::alone("Noncitizen", NUMBER, 28_000);
        let (owner, id) = world.send(&told).await;
        world.work(bench, &sim.hub()).await;
        world.days(96);
        carry_out(&world.room).await.expect("carried out");
        world.work(bench, &sim.hub()).await;
        let later = told.clone().earning(31_000);
        // What the page that sends asks: the household with what was not proved, and what the engine says of it.
        let mut connection = world.office.store.read().await.expect("a connection");
        let vault = &world.office.vault;
        let old = Case::open(&mut connection, vault, (&owner, &id)).await.expect("read").expect("there");
        let knows = &world.room.knows;
        let unproved = carry::unproved(&mut connection, (vault, knows), (&old, &old));
        let unproved = unproved.await.expect("read");
        drop(connection);
        let mut household = later.household.clone();
        household["people"][0]["not_proved"] = json!(["status"]);
        let said = amended(&knows.tables, &later.household, (&old.tax_households(), &unproved));
        assert_eq!(said.expect("amended"), household);

        let next = world.change((&owner, &id), &later).await;
        // The proof comes before the change's first job has run.
        let issue = world.dmis(&owner).await.remove(0);
        assert!(accept(&world, &issue.id).await);
        work_all(&world, bench, &sim).await;
        let now = world.redetermined(&owner, &next).await;
        assert_eq!(now, Some(json_of(&world, &later.household)), "it counts for what was sent last");
        let mut connection = world.office.store.read().await.expect("a connection");
        let follows = record::follows(&mut connection, (&owner, &next)).await.expect("read");
        assert_eq!(follows.as_deref(), Some(id.as_str()));
        assert_eq!(bench.count("job WHERE state = 2").await, 0, "no job is dead");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_changes_at_once_neither_loses_the_issue_nor_begins_it_again() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::at_noon(bench).await;
        let told = Told::alone("Jailed", NUMBER, 28_000);
        let mut all = Vec::new();
        for _ in 0..4 {
            let (owner, id) = world.send(&told).await;
            all.push((owner, id));
        }
        world.work(bench, &sim.hub()).await;
        let mut expected = Vec::new();
        for (owner, id) in &all {
            let before = world.dmis(owner).await.remove(0);
            document(bench, &before).await;
            let second = world.change((owner, id), &told.clone().earning(31_000)).await;
            let third = world.change((owner, &second), &told.clone().earning(32_000)).await;
            expected.push([Dmi { application: third, in_review: 1, ..before }]);
        }
        // Whichever of the two first jobs comes first.
        world.days(20);
        work_all(&world, bench, &sim).await;
        for ((owner, _), expected) in all.iter().zip(&expected) {
            assert_eq!(world.dmis(owner).await, *expected, "one issue, its own day");
            let moved = format!("document WHERE application = '{}'", expected[0].application);
            assert_eq!(bench.count(&moved).await, 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_overtakes_the_first_checks_leaves_one_set_of_them() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let told = Told::alone("Nossn", NUMBER, 28_000);
        let (owner, id) = world.send(&told).await;
        let next = world.change((&owner, &id), &told.clone().earning(31_000)).await;
        work_all(&world, bench, &sim).await;
        let open: Vec<String> =
            world.dmis(&owner).await.iter().filter(|dmi| dmi.is_open()).map(|dmi| dmi.application.clone()).collect();
        assert_eq!(open, [next.clone(), next.clone()], "number and citizenship, once each");
        let mistyped = world.change((&owner, &next), &Told::alone("Perez", NUMBER, 31_000)).await;
        world.work(bench, &sim.hub()).await;
        let checks = world.checks(&owner, &mistyped).await;
        assert!(checks.iter().all(|line| line.ends_with(" verified")), "{checks:?}");
        assert!(world.dmis(&owner).await.iter().all(|dmi| dmi.state == "withdrawn"));
    })
    .await;
}
