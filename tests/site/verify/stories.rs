//! What an answer of the hub comes to, for people, on every engine.

use std::time::Duration;

use serde_json::json;
use windowshop::account::people::{Delete, SignedUp, account_owner};
use windowshop::account::record;
use windowshop::store::audit::{self, Actor};
use windowshop::store::{Change, StoreError, Tx};
use windowshop::verify::dmi::{self, How};
use windowshop::work::ring;

use super::world::{Sim, Told, World, nobody};
use crate::account::people::{means, sign_up};
use crate::store::engines::on_each_engine;

/// A number whose last four digits say, times ten, what the Internal Revenue Service knows: $28,000.
const OF_28000: &str = "219-09-2800";

/// An operator accepts a document, as the desk does it.
struct Accept {
    means: windowshop::account::people::Means,
    dmi: String,
}

impl Change for Accept {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        dmi::resolve(tx, &self.means, &self.dmi, (How::Document, &Actor::Operator("ada".to_string()))).await
    }
}

pub async fn accept(world: &World, dmi: &str) -> bool {
    let change = Accept { means: means(&world.office), dmi: dmi.to_string() };
    let done = world.office.store.begin_write(change).await.expect("closed");
    ring();
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_number_is_asked_about_once_and_closed_by_a_document() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (owner, id) = world.send(&Told::alone("Nossn", OF_28000, 28_000)).await;
        world.work(bench, &sim.hub()).await;
        let checks = world.checks(&owner, &id).await;
        let expected = [
            "1 ssn inconsistent",
            "1 citizenship inconsistent",
            "1 incarceration withdrawn",
            "1 death withdrawn",
            "1 income verified",
            "1 employer_coverage verified",
            "1 other_coverage verified",
        ];
        assert_eq!(checks, expected, "nothing else of an answer without a match is believed");
        let notices = world.notices(&owner, "en").await;
        assert_eq!(notices.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["eligibility", "dmi_opened"]);
        let words = &notices[1].1;
        for part in [
            "Ana Nossn: Social Security number",
            "Ana Nossn: U.S. citizenship",
            "Social Security card",
            "U.S. passport",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        let spanish = &world.notices(&owner, "es").await[1].1;
        assert!(
            spanish.contains("Envíe la prueba a más tardar el") && spanish.contains("pasaporte de EE. UU."),
            "{spanish}"
        );
        let dmis = world.dmis(&owner).await;
        let days = |at: usize| (dmis[at].due_at - dmis[at].noticed_at.expect("noticed")) / 86_400_000;
        let mut all: Vec<(&str, i64)> = (0..dmis.len()).map(|at| (dmis[at].kind.word(), days(at))).collect();
        all.sort_unstable();
        assert_eq!(all, [("citizenship", 95), ("ssn", 90)]);
        for dmi in &dmis {
            assert!(accept(&world, &dmi.id).await && !accept(&world, &dmi.id).await, "once");
        }
        world.work(bench, &sim.hub()).await;
        assert!(world.dmis(&owner).await.iter().all(|dmi| dmi.state == "resolved" && dmi.closed_how == "document"));
        let notices = world.notices(&owner, "en").await;
        assert_eq!(notices.len(), 4, "one for each that was proved");
        assert!(
            notices[2].1.contains("This is proved now") && notices[2].1.contains("Your results stay as they were.")
        );
        assert_eq!(
            (bench.count("redetermination").await, bench.count("redetermination WHERE number = 2").await),
            (2, 1)
        );
        let mut connection = world.office.store.read().await.expect("a connection");
        let deeds = audit::of_owner(&mut connection, &owner, 50).await.expect("rows");
        let count = |deed: &str| deeds.iter().filter(|row| row.deed == deed).count();
        assert_eq!((count("checked"), count("dmi_opened"), count("dmi_closed"), count("redetermined")), (7, 2, 2, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn income_below_the_data_is_asked_about_beyond_the_limits_of_the_marketplace() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        // Told $35,000, known $50,000: 30 % below. HealthCare.gov accepts it; a state's own marketplace asks.
        let ohio = Told::alone("Perez", "219-09-5000", 35_000);
        let mut california = ohio.clone();
        california.household["state"] = json!("CA");
        california.household["county_fips"] = json!("06037");
        // More than half below, and by more than $12,000.
        let far = Told::alone("Perez", "219-09-6000", 25_000);
        let above = Told::alone("Perez", "219-09-2000", 35_000);
        let no_return = Told::alone("Noreturn", "219-09-5000", 35_000);
        for (told, state) in [
            (&ohio, "verified"),
            (&california, "inconsistent"),
            (&far, "inconsistent"),
            (&above, "verified"),
            (&no_return, "verified"),
        ] {
            let (owner, id) = world.send(told).await;
            world.work(bench, &sim.hub()).await;
            let checks = world.checks(&owner, &id).await;
            assert!(checks.contains(&format!("1 income {state}")), "{checks:?}");
            let notices = world.notices(&owner, "en").await;
            assert!(notices.iter().all(|(_, words)| !words.contains("60,000") && !words.contains("50,000")));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pending_status_is_looked_for_and_harms_nobody_until_papers_are_asked_for() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let pending = Told::green_card("Pending", OF_28000, 28_000);
        let (owner, id) = world.send(&pending).await;
        world.work(bench, &sim.hub()).await;
        assert!(world.checks(&owner, &id).await.contains(&"1 lawful_presence pending".to_string()));
        assert_eq!(world.dmis(&owner).await, []);
        for _ in 0..3 {
            world.ahead.add(Duration::from_secs(12 * 3600 + 60));
            world.work(bench, &sim.hub()).await;
        }
        assert!(world.checks(&owner, &id).await.contains(&"1 lawful_presence verified".to_string()));
        assert_eq!((world.dmis(&owner).await.len(), bench.count("job").await), (0, 0));

        let (owner, id) = world.send(&Told::green_card("Pendinglong", "219-09-2801", 28_010)).await;
        world.work(bench, &sim.hub()).await;
        for _ in 0..11 {
            world.days(1);
            world.work(bench, &sim.hub()).await;
        }
        assert!(world.checks(&owner, &id).await.contains(&"1 lawful_presence inconsistent".to_string()));
        let dmis = world.dmis(&owner).await;
        assert_eq!(
            dmis.iter().map(|dmi| (dmi.kind.word(), dmi.state.as_str())).collect::<Vec<_>>(),
            [("lawful_presence", "open")]
        );
        // It is looked for all the same, until it is closed.
        assert_eq!(bench.count("job WHERE kind = 'check_status_again'").await, 1);
        assert!(accept(&world, &dmis[0].id).await);
        world.days(1);
        world.work(bench, &sim.hub()).await;
        assert_eq!(bench.count("job").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_more_than_the_rules_let_us() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        // A parent who does not apply, and a newborn without a number.
        let mut told = Told::alone("Perez", "", 45_000);
        told.household["people"][0]["applying"] = json!(false);
        told.say("applying.1", "no").answers.remove("citizen.1");
        let child = json!({
            "id": "2", "date_of_birth": "2026-10-01", "relationship": "child", "applying": true, "claimed_by": "1",
            "immigration": { "status": "us_citizen" }, "tribal_member": true, "incarcerated": "no", "other_coverage": [],
        });
        told.household["people"].as_array_mut().expect("people").push(child);
        told.household["silver_plans"] = json!([]);
        told.say("first_name.2", "Luz").say("last_name.2", "Perez").say("birth_date.2", "10/1/2026").say("citizen.2", "yes");
        told.say("no_ssn.2", "yes").say("no_ssn_why.2", "newborn").say("tribal.0", "2");
        let (owner, id) = world.send(&told).await;
        world.work(bench, &sim.hub()).await;
        let checks = world.checks(&owner, &id).await;
        assert_eq!(checks, ["2 ssn verified", "2 citizenship inconsistent", "2 tribe inconsistent"], "{checks:?}");
        // What no source can say is asked for at once, in one notice.
        let notices = world.notices(&owner, "en").await;
        assert_eq!(notices.len(), 2);
        assert!(notices[1].1.contains("Luz Perez: membership in a tribe"), "{}", notices[1].1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_or_is_refused_is_kept_for_an_operator_and_stops_nothing_else() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (broken, of_broken) = world.send(&Told::alone("Broken", OF_28000, 28_000)).await;
        let (rejected, of_rejected) = world.send(&Told::alone("Rejected", OF_28000, 28_000)).await;
        let (fine, of_fine) = world.send(&Told::alone("Perez", OF_28000, 28_000)).await;
        world.work(bench, &sim.hub()).await;
        assert!(world.checks(&fine, &of_fine).await.iter().all(|check| check.ends_with("verified")));
        let asides = bench.count(&format!("aside WHERE owner = '{broken}'")).await;
        assert!(asides >= 4, "one for each question, and one for each time that it was asked again: {asides}");
        assert_eq!(bench.count(&format!("aside WHERE owner = '{rejected}'")).await, 4);
        assert_eq!(bench.count(&format!("job WHERE owner = '{rejected}' AND state = 2")).await, 4, "for an operator");
        assert_eq!(bench.count(&format!("job WHERE owner = '{broken}' AND state = 2")).await, 0, "asked again later");
        for (owner, id) in [(&broken, &of_broken), (&rejected, &of_rejected)] {
            assert!(
                world.checks(owner, id).await.iter().all(|check| check.ends_with("waiting")),
                "no answer is no denial"
            );
        }
        world.days(2);
        world.work(bench, &sim.hub()).await;
        assert_eq!((bench.count("dmi").await, bench.count("notice WHERE kind <> 'eligibility'").await), (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_checks_go_over_to_the_account_and_go_with_it() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (guest, id) = world.send(&Told::alone("Noncitizen", OF_28000, 28_000)).await;
        world.work(bench, &nobody()).await;
        let change = sign_up(&world.office, "a1", "ana@example.org", Some(guest.clone()));
        assert_eq!(world.office.store.begin_write(change).await, Ok(SignedUp::Made));
        let owner = account_owner("a1");
        world.ahead.add(Duration::from_secs(3600));
        world.work(bench, &sim.hub()).await;
        let checks = world.checks(&owner, &id).await;
        assert!(checks.contains(&"1 citizenship inconsistent".to_string()), "{checks:?}");
        assert!(checks.iter().all(|check| !check.ends_with("waiting")), "no question is lost: {checks:?}");
        assert_eq!((world.dmis(&guest).await.len(), world.dmis(&owner).await.len()), (0, 1));
        let mut connection = world.office.store.read().await.expect("a connection");
        let all = record::of(&mut connection, &world.office.vault, &owner).await.expect("read").expect("there");
        drop(connection);
        assert_eq!(all["checks"]["data_matching_issues"][0]["kind"], "citizenship");
        assert_eq!(all["checks"]["made"].as_array().map(Vec::len), Some(7));
        let delete = Delete {
            means: means(&world.office),
            owner,
            today: crate::site::TODAY.date(),
            actor: Actor::Site,
            session: String::new(),
        };
        world.office.store.begin_write(delete).await.expect("deleted");
        for table in ["verification_run", "verification", "dmi", "redetermination", "job", "notice"] {
            assert_eq!(bench.count(table).await, 0, "{table}");
        }
    })
    .await;
}
