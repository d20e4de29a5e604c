//! Sending on every engine: once is once, a changed draft is not sent, a poison member hurts only itself, and what a guest
//! sent goes over to their account.

use serde_json::json;
use windowshop::account::people::{Delete, Deletion, SignedUp, account_owner, guest_owner, new_id};
use windowshop::account::retention::{self, Schedule};
use windowshop::application::record::{self, Frozen, Letter, Notice, Read};
use windowshop::application::submit::{Sending, Sent, Submitter, new_reference};
use windowshop::operator::Opened;
use windowshop::sealing::Column;
use windowshop::store::audit::{self, Actor};
use windowshop::store::{StoreError, columns};

use crate::account::people::{begin, means, sign_up};
use crate::site::TODAY;
use crate::store::engines::on_each_engine;

/// An application of a draft as it was begun, ready to be frozen.
pub async fn sending(office: &Opened, guest: &str, draft: &str) -> Sending {
    let owner = guest_owner(guest);
    let mut connection = office.store.read().await.expect("a connection");
    let key = office.vault.open(&mut connection, &owner).await.expect("asked").expect("a key");
    let (id, notice) = (new_id().expect("an ID"), new_id().expect("an ID"));
    let (answers, household) = (json!({"first_name.1": "Zoë"}), json!({"people": []}));
    let frozen = Frozen { answers, household, county: String::new(), amended: None };
    let letter = Letter {
        lang: "en".into(),
        title: "Your notice".into(),
        lead: Vec::new(),
        people: Vec::new(),
        parts: Vec::new(),
    };
    let body = Notice { letters: vec![letter] };
    let at = |column: Column, row| column.at(row, &owner);
    let answers = key.seal_json(at(columns::APPLICATION_ANSWERS, &id), &frozen).expect("sealed");
    let determination = json!({"people": []});
    let determination = key.seal_json(at(columns::APPLICATION_DETERMINATION, &id), &determination).expect("sealed");
    let notice_body = key.seal_json(at(columns::NOTICE_BODY, &notice), &body).expect("sealed");
    Sending {
        id,
        draft: draft.to_string(),
        draft_version: 1,
        owner: owner.clone(),
        reference: new_reference().expect("random"),
        plan_year: 2027,
        follows: None,
        answers,
        answers_version: 1,
        determination,
        catalogue: "catalogue-2027-20261101-0a1b2c3d".into(),
        notice,
        notice_body,
        letter: None,
        jobs: Vec::new(),
        session: "5e55".into(),
    }
}

#[tokio::test]
async fn sent_twice_by_two_processes_is_one_application() {
    on_each_engine(async |bench| {
        let (one, other) = (bench.open().await, bench.open().await);
        let (guest, draft, _) = begin(&one).await;
        let ways = [&one, &other].map(|office| Submitter::start(office.store.clone(), means(office)));
        let mut tasks = Vec::new();
        for n in 0..6 {
            let (way, sending) = (ways[n % 2].clone(), sending(&one, &guest, &draft).await);
            tasks.push(tokio::spawn(async move { way.send(sending).await }));
        }
        let mut now = Vec::new();
        let mut before = Vec::new();
        for task in tasks {
            match task.await.expect("no panic").expect("answered") {
                Sent::Now { application } => now.push(application),
                Sent::Before { application } => before.push(application),
                Sent::Changed => panic!("the draft was not changed"),
            }
        }
        assert_eq!((now.len(), before.len()), (1, 5));
        assert!(before.iter().all(|application| *application == now[0]));
        assert_eq!((bench.count("application").await, bench.count("notice").await), (1, 1));
        let mut connection = one.store.read().await.expect("a connection");
        let deeds = audit::of_owner(&mut connection, &guest_owner(&guest), 10).await.expect("rows");
        let deeds: Vec<&str> = deeds.iter().map(|row| row.deed.as_str()).collect();
        assert_eq!(deeds, ["draft_begun", "application_sent"]);
    })
    .await;
}

#[tokio::test]
async fn a_draft_that_was_changed_after_the_check_is_not_sent() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, draft, _) = begin(&office).await;
        let way = Submitter::start(office.store.clone(), means(&office));
        let old = Sending { draft_version: 0, ..sending(&office, &guest, &draft).await };
        assert_eq!(way.send(old).await, Ok(Sent::Changed));
        let strangers = Sending { owner: "guest:somebody".into(), ..sending(&office, &guest, &draft).await };
        assert_eq!(way.send(strangers).await, Ok(Sent::Changed), "nobody sends another's draft");
        assert_eq!(bench.count("application").await, 0);
        assert!(matches!(way.send(sending(&office, &guest, &draft).await).await, Ok(Sent::Now { .. })));
    })
    .await;
}

#[tokio::test]
async fn many_at_once_are_all_on_record_and_one_that_cannot_be_hurts_only_itself() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let way = Submitter::start(office.store.clone(), means(&office));
        let mut sendings = Vec::new();
        for _ in 0..40 {
            let (guest, draft, _) = begin(&office).await;
            sendings.push(sending(&office, &guest, &draft).await);
        }
        // Two with one reference number: one of them cannot be.
        sendings[7].reference = sendings[23].reference.clone();
        let tasks: Vec<_> = sendings
            .into_iter()
            .map(|sending| {
                let way = way.clone();
                tokio::spawn(async move { way.send(sending).await })
            })
            .collect();
        let mut taken = 0;
        for task in tasks {
            match task.await.expect("no panic") {
                Ok(Sent::Now { .. }) => {}
                Err(StoreError::Taken { .. }) => taken += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((taken, bench.count("application").await), (1, 39));
        let proof = office.audit.prove(&office.store).await.expect("proved");
        assert_eq!(proof.faults, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn what_a_guest_sent_goes_over_to_the_account_and_goes_with_it() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, draft, _) = begin(&office).await;
        let way = Submitter::start(office.store.clone(), means(&office));
        way.send(sending(&office, &guest, &draft).await).await.expect("sent");
        let change = sign_up(&office, "a1", "ana@example.org", Some(guest_owner(&guest)));
        assert_eq!(office.store.begin_write(change).await, Ok(SignedUp::Made));
        let owner = account_owner("a1");
        let mut connection = office.store.read().await.expect("a connection");
        let found = record::of(&mut connection, &office.vault, &owner).await.expect("opened");
        assert_eq!(found[0].frozen.answers["first_name.1"], "Zoë");
        let posted = record::notices(&mut connection, &owner).await.expect("listed");
        let read = Read { owner: owner.clone(), notice: posted[0].id.clone() };
        office.store.begin_write(read).await.expect("read");
        let (posted, notice) = record::notice(&mut connection, &office.vault, (&owner, &posted[0].id))
            .await
            .expect("asked")
            .expect("there");
        assert!(posted.read_at.is_some() && notice.letters[0].title == "Your notice");
        drop(connection);
        let gone = Delete {
            means: means(&office),
            owner,
            today: crate::site::TODAY.date(),
            actor: Actor::Site,
            session: String::new(),
        };
        assert_eq!(office.store.begin_write(gone).await, Ok(Deletion::Gone));
        assert_eq!((bench.count("application").await, bench.count("notice").await), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_guest_who_sent_something_stays_when_drafts_go() {
    on_each_engine(async |bench| {
        let office = bench.open().await;
        let (guest, draft, _) = begin(&office).await;
        begin(&office).await;
        let way = Submitter::start(office.store.clone(), means(&office));
        way.send(sending(&office, &guest, &draft).await).await.expect("sent");
        bench.run_raw("UPDATE draft SET changed_at = 0").await;
        let schedule = Schedule::on(TODAY.date()).expect("a schedule");
        let report = retention::carry_out(&office.store, &office.audit, &schedule).await.expect("carried out");
        assert_eq!((report.guests, bench.count("draft").await, bench.count("application").await), (1, 1, 1));
    })
    .await;
}
