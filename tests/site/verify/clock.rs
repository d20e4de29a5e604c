//! The clock of data-matching issues: what is decided when nothing came, kind by kind, with the engine's own answer over a
//! household written by hand; reminders; what waits for an operator; coming back late.

use std::time::Duration;

use serde_json::{Value, json};
use windowshop::store::{Change, StoreError, Tx};
use windowshop::verify::clock::{Report, carry_out};
use windowshop::verify::{dmi, redetermine};

use super::stories::accept;
use super::world::{Sim, Told, World};
use crate::store::engines::on_each_engine;

const NUMBER: &str = "219-09-2800";

/// A story: who, about what it is, and what of the household is otherwise when nothing came.
struct Story {
    kind: &'static str,
    told: Told,
    change: fn(&mut Value),
}

fn stories() -> Vec<Story> {
    let alone = |last: &str| Told::alone(last, NUMBER, 28_000);
    let mut tribal = alone("Perez");
    tribal.say("tribal.0", "1");
    tribal.household["people"][0]["tribal_member"] = json!(true);
    vec![
        Story {
            kind: "citizenship",
            told: alone("Noncitizen"),
            change: |person| person["not_proved"] = json!(["status"]),
        },
        Story {
            kind: "lawful_presence",
            told: Told::green_card("Unlawful", NUMBER, 28_000),
            change: |person| person["not_proved"] = json!(["status"]),
        },
        Story { kind: "incarceration", told: alone("Jailed"), change: |person| person["incarcerated"] = json!("yes") },
        Story { kind: "death", told: alone("Deceased"), change: |person| person["applying"] = json!(false) },
        Story {
            kind: "income",
            told: Told::alone("Perez", "219-09-6000", 25_000),
            change: |person| person["projected_annual_income"] = json!(60_000),
        },
        Story {
            kind: "employer_coverage",
            told: alone("Insured"),
            change: |person| person["other_coverage"] = json!([{ "kind": "employer", "state": "enrolled" }]),
        },
        Story {
            kind: "other_coverage",
            told: alone("Tricare"),
            change: |person| person["other_coverage"] = json!([{ "kind": "tricare", "state": "enrolled" }]),
        },
        Story { kind: "tribe", told: tribal, change: |person| person["tribal_member"] = json!(false) },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nothing_comes_each_kind_is_decided_as_its_rule_says() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::at_noon(bench).await;
        let mut sent = Vec::new();
        for story in stories() {
            let (owner, id) = world.send(&story.told).await;
            sent.push((story, owner, id));
        }
        world.work(bench, &sim.hub()).await;
        for (story, owner, _) in &sent {
            let kinds: Vec<&str> = world.dmis(owner).await.iter().map(|dmi| dmi.kind.word()).collect();
            assert_eq!(kinds, [story.kind]);
        }
        // On the last day everything is as it was; the day after it is not.
        world.days(95);
        carry_out(&world.room).await.expect("carried out");
        world.days(1);
        carry_out(&world.room).await.expect("carried out");
        world.work(bench, &sim.hub()).await;
        for (story, owner, id) in &sent {
            let kind = story.kind;
            let found = world.redetermined(owner, id).await.unwrap_or_else(|| panic!("{kind} is decided"));
            let mut household = story.told.household.clone();
            (story.change)(&mut household["people"][0]);
            let expected = redetermine::answer(&world.room.knows, &household).expect("determined");
            assert_eq!(found, serde_json::to_value(&expected).expect("JSON"), "{kind}");
            let before = redetermine::answer(&world.room.knows, &story.told.household).expect("determined");
            assert_ne!(found, serde_json::to_value(&before).expect("JSON"), "{kind} changes something");
            let notices = world.notices(owner, "en").await;
            let (last, words) = notices.last().expect("a notice");
            assert!(last.starts_with("redetermined:") && words.contains("Nothing came by"), "{kind}: {words}");
            assert!(words.contains("Tax credit a month: $") || kind == "tribe", "{kind}: {words}");
            assert!(!words.contains("60,000"), "what tax data says is shown to nobody");
        }
        assert_eq!(carry_out(&world.room).await.expect("carried out"), Report::default(), "once");
        assert_eq!(bench.count("redetermination").await, 8);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_names_a_day_that_ends_where_the_household_lives() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::at_noon(bench).await;
        let (owner, _) = world.send(&Told::alone("Jailed", NUMBER, 28_000)).await;
        world.work(bench, &sim.hub()).await;
        let dmi = world.dmis(&owner).await.remove(0);
        // Midnight in Ohio is four or five hours later in UTC.
        let of_day = dmi.due_at.rem_euclid(86_400_000) / 3_600_000;
        assert!(of_day == 4 || of_day == 5, "{of_day}");
        let left = |at: i64| Duration::from_millis(u64::try_from(at).expect("later"));
        let now = world.office.store.now().await.expect("a time");
        world.ahead.add(left(dmi.due_at - now - 60_000));
        assert_eq!(carry_out(&world.room).await.expect("carried out").expired, 0, "a minute before");
        world.ahead.add(Duration::from_secs(61));
        assert_eq!(carry_out(&world.room).await.expect("carried out").expired, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mark_is_told_once_though_two_processes_look() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::at_noon(bench).await;
        let (owner, _) = world.send(&Told::alone("Noncitizen-Insured", NUMBER, 28_000)).await;
        world.work(bench, &sim.hub()).await;
        let mut told = Vec::new();
        for day in 1..=95 {
            world.days(1);
            let (one, other) = tokio::join!(carry_out(&world.room), carry_out(&world.room));
            let (one, other) = (one.expect("carried out"), other.expect("carried out"));
            if one.reminders + other.reminders > 0 {
                told.push((day, one.reminders + other.reminders));
            }
        }
        // Citizenship has 95 days, the job's coverage 90: one is told five days before the other.
        let days: Vec<u64> = told.iter().map(|(day, _)| *day).collect();
        assert_eq!(days, [6, 31, 36, 61, 66, 77, 82], "{told:?}");
        assert!(told.iter().all(|(_, count)| *count == 1));
        let notices = world.notices(&owner, "es").await;
        let reminders = notices.iter().filter(|(kind, _)| kind.starts_with("dmi_reminder:"));
        assert!(reminders.clone().count() == 7 && reminders.clone().all(|(_, words)| words.contains("Recordatorio")));
    })
    .await;
}

/// A document came in, or was looked at, as the desk does it.
struct Documents {
    dmi: String,
    came: bool,
}

impl Change for Documents {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match self.came {
            true => dmi::received(tx, &self.dmi).await,
            false => dmi::reviewed(tx, &self.dmi).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_has_not_looked_at_does_not_run_out_and_late_proof_brings_people_back() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::at_noon(bench).await;
        let (owner, id) = world.send(&Told::alone("Noncitizen", NUMBER, 28_000)).await;
        world.work(bench, &sim.hub()).await;
        let dmi = world.dmis(&owner).await.remove(0);
        let came = |came| Documents { dmi: dmi.id.clone(), came };
        world.office.store.begin_write(came(true)).await.expect("counted");
        world.days(120);
        assert_eq!(carry_out(&world.room).await.expect("carried out").expired, 0, "we are late, not they");
        world.office.store.begin_write(came(false)).await.expect("counted");
        assert_eq!(carry_out(&world.room).await.expect("carried out").expired, 1);
        world.work(bench, &sim.hub()).await;
        let lost = world.redetermined(&owner, &id).await.expect("decided");
        assert_eq!((&lost["people"][0]["marketplace"], &lost["people"][0]["credit"]), (&json!(false), &json!(false)));
        let words = world.notices(&owner, "en").await.pop().expect("a notice").1;
        assert!(words.contains("special enrollment period of 60 days"), "{words}");
        assert!(words.contains("Now: no coverage through the marketplace"), "{words}");
        assert!(accept(&world, &dmi.id).await);
        world.work(bench, &sim.hub()).await;
        let back = world.redetermined(&owner, &id).await.expect("decided");
        let first = redetermine::answer(&world.room.knows, &Told::alone("Noncitizen", NUMBER, 28_000).household);
        assert_eq!(back, serde_json::to_value(first.expect("determined")).expect("JSON"), "everything is as it was");
    })
    .await;
}
