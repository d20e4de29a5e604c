//! Signing on every engine: once is once, nothing is signed that was not shown, and what was signed stays.

use std::sync::Arc;

use time::macros::date;
use windowshop::account::people::{Means, SignedUp, account_owner};
use windowshop::enrollment::choice::{self, Choice, Save, Use};
use windowshop::enrollment::record::{self, ChangeKind, State};
use windowshop::enrollment::sign::{Sign, Signing};
use windowshop::enrollment::step::{self, Step, Taken};
use windowshop::filing::codes::{Metal, Product};
use windowshop::store::audit::{self, Actor};
use windowshop::store::{Change, StoreError, Tx};
use windowshop::types::Cents;

use super::world::{Market, SEASON, SPRING, alone, chosen, counts, family, knows, save, send, sign, to_sign, together};
use crate::account::people::{means, sign_up};
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn signed_twice_by_two_processes_is_one_enrollment() {
    let market = Market::open().await;
    on_each_engine(async |bench| {
        let (one, other) = (bench.open().await, bench.open().await);
        let (owner, _, results, choice) = chosen(&one, &market).await;
        let version = save(&one, &results, 0, &choice).await;
        let mut tasks = Vec::new();
        for n in 0..6 {
            let office = if n % 2 == 0 { &one } else { &other };
            let sign = to_sign(office, &market, &results, (&choice, version), SEASON).await;
            let store = office.store.clone();
            tasks.push(tokio::spawn(async move { store.begin_write(sign).await }));
        }
        let (mut now, mut before) = (Vec::new(), Vec::new());
        for task in tasks {
            match task.await.expect("no panic").expect("answered") {
                Signing::Now { enrollments } => now.push(enrollments),
                Signing::Before { enrollments } => before.push(enrollments),
                Signing::Changed => panic!("nothing has changed"),
            }
        }
        assert_eq!((now.len(), before.len()), (1, 5));
        assert!(before.iter().all(|enrollments| *enrollments == now[0]));
        for (table, rows) in [("enrollment", 1), ("enrollment_change", 1), ("enrollment_step", 1), ("notice", 2)] {
            assert_eq!(bench.count(table).await, rows, "{table}");
        }
        let mut connection = one.store.read().await.expect("a connection");
        let had = record::of(&mut connection, &one.vault, &owner).await.expect("opened").remove(0);
        assert_eq!((had.state, had.starts, had.ends), (State::Signed, date!(2026 - 01 - 01), date!(2026 - 12 - 31)));
        assert_eq!(had.plan, had.signed.plan_id());
        assert_eq!((had.catalogue.as_str(), had.number.len()), (market.catalogue.version.as_str(), 10));
        let changes = record::changes(&mut connection, &had.id).await.expect("read");
        assert_eq!((changes[0].kind, changes[0].file.as_str()), (ChangeKind::Initial, ""));
        let opened = record::change_opened(&mut connection, &one.vault, &changes[0].id).await.expect("opened");
        assert!(opened.expect("there").1 == had.signed, "the change says what was signed");
        let deeds = audit::of_owner(&mut connection, &owner, 20).await.expect("rows");
        assert_eq!(deeds.iter().filter(|row| row.deed == "enrolled").count(), 1);
        let notices = windowshop::application::record::notices(&mut connection, &owner).await.expect("listed");
        let told = notices.iter().find(|notice| notice.kind.starts_with("enrolled")).expect("a notice");
        let read = windowshop::application::record::notice(&mut connection, &one.vault, (&owner, &told.id))
            .await
            .expect("read");
        for letter in read.expect("there").1.letters {
            let words = serde_json::to_string(&letter).expect("JSON");
            let (net, plan) = (had.signed.net().dollars_cents(), &had.signed.plan.name);
            assert!(words.contains(&net) && words.contains(plan.as_str()) && words.contains(&had.number), "{words}");
        }
        let proof = one.audit.prove(&one.store).await.expect("proved");
        assert_eq!(proof.faults, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn what_has_changed_since_the_page_was_shown_is_not_signed() {
    let market = Market::open().await;
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (owner, application, results, choice) = chosen(&office, &market).await;
        let version = save(&office, &results, 0, &choice).await;
        // Another tab has saved meanwhile.
        let stale = to_sign(&office, &market, &results, (&choice, version), SEASON).await;
        let less = Choice { credit: vec![(1, Use::Part { monthly: Cents(100) })], ..choice.clone() };
        let version = save(&office, &results, version, &less).await;
        assert_eq!(office.store.begin_write(stale).await, Ok(Signing::Changed));
        // The page showed another amount.
        let shown = market.check(&results, &choice, SEASON).await.expect("checked").mark();
        let checked = market.check(&results, &less, SEASON).await.expect("checked");
        let with = ((means(&office), knows()), (Arc::clone(&results), checked));
        let other = Sign::new(with.0, with.1, (version, &shown), "5e55").expect("random");
        assert_eq!(office.store.begin_write(other).await, Ok(Signing::Changed));
        // Determined again after the page was shown.
        let late = to_sign(&office, &market, &results, (&less, version), SEASON).await;
        let again = to_sign(&office, &market, &results, (&less, version), SEASON).await;
        bench
            .run_raw(&format!(
                "INSERT INTO redetermination (id, application, owner, number, cause, household, determination, \
                 catalogue, notice, made_at) SELECT 'r1', '{application}', '{owner}', 1, 'dmi_expired:d1', answers, \
                 determination, catalogue, '', 1 FROM application WHERE id = '{application}'"
            ))
            .await;
        assert_eq!(office.store.begin_write(late).await, Ok(Signing::Changed));
        assert_eq!((bench.count("enrollment").await, bench.count("enrollment_change").await), (0, 0));
        bench.run_raw("DELETE FROM redetermination").await;
        // A change was reported: a later application counts.
        let early = to_sign(&office, &market, &results, (&less, version), SEASON).await;
        let (_, later) = send(&office, &market, &alone(&market, "3/14/1986", "30,000")).await;
        bench.run_raw(&format!("UPDATE application SET follows = '{application}' WHERE id = '{later}'")).await;
        assert_eq!(office.store.begin_write(early).await, Ok(Signing::Changed));
        bench.run_raw("UPDATE application SET follows = NULL").await;
        assert!(matches!(office.store.begin_write(again).await, Ok(Signing::Now { .. })));
        // Whoever saves over a version that is gone is told so, and nobody saves for a stranger.
        for (owner, seen) in [(owner.as_str(), version), ("guest:somebody", 0)] {
            let save = Save {
                means: means(&office),
                owner: owner.to_string(),
                application: application.clone(),
                seen,
                choice: choice.clone(),
            };
            assert_eq!(office.store.begin_write(save).await, Err(StoreError::Stale));
        }
    })
    .await;
}

/// A process that ends after everything was written and before it was committed.
struct Killed(Sign);

impl Change for Killed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        assert!(matches!(self.0.run(tx).await?, Signing::Now { .. }));
        Err(StoreError::Refused("killed".to_string()))
    }
}

#[tokio::test]
async fn ended_in_the_middle_nothing_is_there_and_signing_again_does_it_once() {
    let market = Market::open().await;
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (_, _, results, choice) = chosen(&office, &market).await;
        let version = save(&office, &results, 0, &choice).await;
        let tables = ["enrollment", "enrollment_change", "enrollment_step", "notice", "audit"];
        let mut before = Vec::new();
        for table in tables {
            before.push(bench.count(table).await);
        }
        let killed = Killed(to_sign(&office, &market, &results, (&choice, version), SEASON).await);
        assert!(office.store.begin_write(killed).await.is_err());
        for (table, rows) in tables.into_iter().zip(before) {
            assert_eq!(bench.count(table).await, rows, "{table}");
        }
        let again = to_sign(&office, &market, &results, (&choice, version), SEASON).await;
        assert!(matches!(office.store.begin_write(again).await, Ok(Signing::Now { .. })));
        assert_eq!(bench.count("enrollment").await, 1);
    })
    .await;
}

#[tokio::test]
async fn another_plan_ends_the_one_before_or_it_never_begins() {
    let market = Market::open().await;
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let mut person = family(&market, SEASON, &[], "2,600");
        person.say("tribal", 0, "1");
        let (owner, application) = send(&office, &market, &person).await;
        let results = counts(&office, &market, (&owner, &application)).await;
        let mut choice = together(&results, "");
        choice.groups[0].medical = Some(market.lowest(&results, &choice, (0, Product::Medical), Metal::Silver).await);
        let first = sign(&office, &market, &results, (&choice, 0), SEASON).await;
        // In the same season: the first one never begins.
        choice.groups[0].medical = Some(market.lowest(&results, &choice, (0, Product::Medical), Metal::Gold).await);
        let second = sign(&office, &market, &results, (&choice, 2), SEASON).await;
        // In spring, as a member of a tribe: the second one ends the day before.
        choice.groups[0].medical = Some(market.lowest(&results, &choice, (0, Product::Medical), Metal::Bronze).await);
        let third = sign(&office, &market, &results, (&choice, 4), SPRING).await;
        let mut connection = office.store.read().await.expect("a connection");
        let of = |id: &str| (owner.clone(), id.to_string());
        let mut had = Vec::new();
        for (owner, id) in [of(&first[0]), of(&second[0]), of(&third[0])] {
            let one = record::one(&mut connection, &office.vault, (&owner, &id)).await.expect("opened").expect("there");
            let changes = record::changes(&mut connection, &id).await.expect("read");
            let kinds: Vec<&str> = changes.iter().map(|change| change.kind.word()).collect();
            had.push((one.state, one.ends, one.follows, kinds));
        }
        let year = date!(2026 - 12 - 31);
        assert_eq!(had[0], (State::Cancelled, year, None, vec!["initial", "cancel"]));
        let ended = (State::Ended, date!(2026 - 03 - 31), Some(first[0].clone()), vec!["initial", "terminate"]);
        assert_eq!(had[1], ended);
        assert_eq!(had[2], (State::Signed, year, Some(second[0].clone()), vec!["initial"]));
        let steps = step::of(&mut connection, &second[0]).await.expect("read");
        assert!(steps.iter().any(|line| line.step == "ended" && line.from_day == "2026-03-31"));
    })
    .await;
}

/// What an insurer's file says about an enrollment.
struct Came(Means, String, Step);

impl Change for Came {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let taken = Taken { step: self.2, from_day: date!(2026 - 01 - 01), code: "", actor: &Actor::Site, session: "" };
        step::apply(tx, &self.0, &self.1, &taken).await
    }
}

#[tokio::test]
async fn what_a_guest_signed_goes_over_to_the_account_and_steps_go_on() {
    let market = Market::open().await;
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, application, results, choice) = chosen(&office, &market).await;
        let ids = sign(&office, &market, &results, (&choice, 0), SEASON).await;
        let made = sign_up(&office, "a1", "ana@example.org", Some(guest.clone()));
        assert_eq!(office.store.begin_write(made).await, Ok(SignedUp::Made));
        let owner = account_owner("a1");
        let mut connection = office.store.read().await.expect("a connection");
        assert!(record::of(&mut connection, &office.vault, &guest).await.expect("asked").is_empty());
        let had = record::one(&mut connection, &office.vault, (&owner, &ids[0])).await.expect("opened").expect("there");
        let kept = choice::load(&mut connection, &office.vault, (&owner, &application)).await.expect("opened");
        assert_eq!(kept.choice, choice);
        drop(connection);
        // The insurer's answers find it under its new owner; what comes late or twice changes nothing.
        for (step, new) in [
            (Step::Sent, true),
            (Step::Confirmed, true),
            (Step::Sent, false),
            (Step::Accepted, true),
            (Step::Confirmed, false),
        ] {
            let came = Came(means(&office), ids[0].clone(), step);
            assert_eq!(office.store.begin_write(came).await, Ok(new), "{step:?}");
        }
        let mut connection = office.store.read().await.expect("a connection");
        let now = record::one(&mut connection, &office.vault, (&owner, &ids[0])).await.expect("opened").expect("there");
        assert_eq!(now.state, State::Confirmed);
        assert!(now.signed == had.signed, "what was signed stays");
        let all = windowshop::account::record::of(&mut connection, &office.vault, &owner).await.expect("opened");
        let coverage = &all.expect("there")["coverage"];
        assert_eq!(coverage["enrollments"][0]["id"], ids[0].as_str());
        assert_eq!(coverage["signed"][0]["document"]["signature"], "Ana Li");
    })
    .await;
}
