//! Transfers after a redetermination, on every engine: the first one of somebody who had a credit before, and word to the agency
//! that it does not have to look at somebody any more.

use serde_json::{Value, json};
use windowshop::store::{Change, StoreError, Tx, columns};
use windowshop::transfer::rules::{Of, faults};
use windowshop::transfer::sweep;
use windowshop::transfer::xml::Element;
use windowshop::verify::clock::carry_out;
use windowshop::verify::{Room, redetermine};

use super::people::{Agency, applicants, back, decide, family, poor, response};
use crate::store::engines::{Bench, on_each_engine};
use crate::verify::world::{Sim, Told};

const STATUS: &str = "ReferralActivity/ReferralActivityStatus/ReferralActivityStatusCode";
const DECEMBER: &str = "2026-12-02T15:00:00Z";

/// Their monthly income is too high for Medicaid by income, and within the credit's.
fn with_a_credit(last: &str) -> Told {
    let mut told = poor(last);
    told.household["people"][0]["incomes"][0]["amount"] = json!(28_000);
    told.say("ssn.1", "219-09-2800").say("amount.100", "2333.33");
    told
}

/// A redetermination with another household: as a reported change leaves it.
struct Changed {
    room: Room,
    owner: String,
    application: String,
    id: String,
    household: Value,
}

impl Change for Changed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (now, owner, id) = (tx.now(), self.owner.as_str(), self.id.as_str());
        let key = self.room.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let determination = redetermine::answer(&self.room.knows, &self.household)?;
        let determination = serde_json::to_value(&determination).expect("JSON");
        let counted = sqlx::query_scalar("SELECT count(*) FROM redetermination WHERE application = $1");
        let before: i64 = counted.bind(self.application.as_str()).fetch_one(tx.conn()).await?;
        sqlx::query(
            "INSERT INTO redetermination (id, application, owner, number, cause, household, determination, catalogue, \
             notice, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'catalogue-2027', '', $8)",
        )
        .bind(id)
        .bind(self.application.as_str())
        .bind(owner)
        .bind(before + 1)
        .bind(format!("change:{id}"))
        .bind(key.seal_json(columns::REDETERMINATION_HOUSEHOLD.at(id, owner), &self.household)?)
        .bind(key.seal_json(columns::REDETERMINATION_DETERMINATION.at(id, owner), &determination)?)
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// Writes down that they earn so much by now; the redetermination's ID.
async fn written(agency: &Agency, (owner, application): (&str, &str), (told, dollars): (&Told, i64)) -> String {
    let mut household = told.household.clone();
    household["people"][0]["incomes"][0]["amount"] = json!(dollars);
    let id = format!("{application}-{dollars}");
    let changed = Changed {
        room: agency.world.room.clone(),
        owner: owner.to_string(),
        application: application.to_string(),
        id: id.clone(),
        household,
    };
    agency.world.office.store.begin_write(changed).await.expect("written");
    id
}

/// The same, and sends what follows.
async fn earns(agency: &Agency, bench: &Bench, of: (&str, &str), says: (&Told, i64)) {
    written(agency, of, says).await;
    follow(agency, bench).await;
}

/// As `serve` does once a minute.
async fn follow(agency: &Agency, bench: &Bench) {
    assert_eq!(sweep::redetermined(&agency.world.room).await, Ok(1), "each redetermination is looked at");
    agency.work(bench).await;
    assert_eq!(sweep::redetermined(&agency.world.room).await, Ok(0), "once");
}

/// The n-th transfer of an application, which keeps every rule.
fn sent(agency: &Agency, n: i64) -> Element {
    let name = agency.files("out/OH").into_iter().find(|name| name.ends_with(&format!("-{n:03}.xml")));
    let text = agency.text(&format!("out/OH/{}", name.expect("a file")));
    let tree = windowshop::transfer::xml::read(text.as_bytes()).unwrap_or_else(|refused| panic!("{refused}"));
    assert!(faults(&tree, Of::Ours).is_empty(), "{:?}", faults(&tree, Of::Ours));
    tree
}

/// Of each applicant: the status of the referral, and whether Medicaid by income fits.
fn said(tree: &Element) -> Vec<(String, String)> {
    let mut tree = tree.clone();
    let word = |own: &Element, path: &str| own.text_at(path).unwrap_or("none").to_string();
    applicants(&mut tree)
        .map(|own| (word(own, STATUS), word(own, "MedicaidMAGIEligibility/EligibilityIndicator")))
        .collect()
}

fn county(tree: &Element) -> Option<String> {
    let mut found = None;
    tree.walk(&mut |own| {
        if own.local == "LocationCountyName" && found.is_none() {
            found = Some(own.text.clone());
        }
    });
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_with_a_credit_whom_medicare_covers_is_sent_on_when_their_time_is_over() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (owner, id) = agency.send(&with_a_credit("Medicare")).await;
        agency.work(bench).await;
        assert!(agency.lines(&owner, &id).await.is_empty(), "nobody is referred at first");
        agency.world.work(bench, &sim.hub()).await;
        agency.world.days(92);
        carry_out(&agency.world.room).await.expect("carried out");
        agency.world.work(bench, &sim.hub()).await;
        follow(&agency, bench).await;
        let lines = agency.lines(&owner, &id).await;
        let [line] = &lines[..] else { panic!("one transfer: {lines:?}") };
        assert_eq!((line.status.as_str(), line.people.as_str(), line.number), ("sent", "1:medicaid", 1), "{lines:?}");
        let tree = sent(&agency, 1);
        // They were frozen without the county's name: it comes from the code.
        assert_eq!(county(&tree).as_deref(), Some("Franklin County"));
        assert_eq!(
            said(&tree),
            [("Initiated".to_string(), "false".to_string())],
            "for age or disability, not by income"
        );
        agency.drop_in("OH", &format!("{}.response.xml", line.id), &response("HS000000"));
        assert_eq!(agency.read().await.taken, 1);
        assert_eq!(agency.take("a.xml", &back(&tree, "OH1", "2027-03-02T15:00:00Z", "Accepted")).await, (1, 0, 0));
        assert_eq!(agency.lines(&owner, &id).await[0].status, "accepted");
        assert_eq!(agency.told(&owner).await, ["sent", "accepted"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_earns_less_is_sent_on_and_who_earns_more_again_is_taken_back() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let told = with_a_credit("Perez");
        let (owner, id) = agency.send(&told).await;
        let whose = (owner.as_str(), id.as_str());
        agency.work(bench).await;
        assert!(agency.lines(&owner, &id).await.is_empty());
        earns(&agency, bench, whose, (&told, 12_000)).await;
        let first = sent(&agency, 1);
        assert_eq!(said(&first), [("Initiated".to_string(), "true".to_string())]);
        assert_eq!(county(&first).as_deref(), Some("Franklin County"));
        assert_eq!(agency.take("a.xml", &back(&first, "OH1", DECEMBER, "Accepted")).await, (1, 0, 0));

        // A credit again: the agency has them and has not decided, so it is told.
        earns(&agency, bench, whose, (&told, 30_000)).await;
        let second = sent(&agency, 2);
        assert_eq!(said(&second), [("Updated".to_string(), "false".to_string())]);
        let number = "InsuranceApplication/ApplicationIdentification/IdentificationID";
        assert_eq!(second.text_at(number), first.text_at(number), "of the same application");
        assert_eq!(second.text_at("TransferHeader/TransferActivity/TransferActivityReferralQuantity"), Some("1"));
        let lines = agency.lines(&owner, &id).await;
        assert_eq!((lines[1].status.as_str(), lines[1].people.as_str()), ("sent", "1:ended"));
        let (en, es) = (agency.words(&owner, "en").await, agency.words(&owner, "es").await);
        assert!(en.contains("By our rules Ana Perez does not fit Medicaid or CHIP any more"), "{en}");
        assert!(en.contains("ask if it still needs them") && es.contains("ya no cumple los requisitos"), "{es}");
        // That it has read so is no news; earning a little more is none for the agency.
        assert_eq!(agency.take("b.xml", &back(&second, "OH2", DECEMBER, "Accepted")).await, (1, 0, 0));
        earns(&agency, bench, whose, (&told, 31_000)).await;
        assert_eq!(agency.lines(&owner, &id).await.len(), 2);
        assert_eq!(agency.told(&owner).await, ["sent", "accepted", "sent"]);

        // Medicaid once more, and the agency decides: then it is told nothing else.
        earns(&agency, bench, whose, (&told, 11_000)).await;
        let third = sent(&agency, 3);
        assert_eq!(said(&third), [("Updated".to_string(), "true".to_string())]);
        let mut decided = back(&third, "OH3", "2026-12-20T15:00:00Z", "Accepted");
        decide(&mut decided, true, "2026-12-20T15:00:00Z", "2027-01-01");
        assert_eq!(agency.take("c.xml", &decided).await, (1, 0, 0));
        earns(&agency, bench, whose, (&told, 32_000)).await;
        assert_eq!(agency.lines(&owner, &id).await.len(), 3, "the agency has decided");
        assert_eq!(bench.count("job WHERE kind = 'transfer'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_family_one_cannot_prove_citizenship_and_the_other_goes_on() {
    let sim = Sim::start();
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let mut told = family();
        told.say("last_name.1", "Noncitizen");
        let (owner, id) = agency.send(&told).await;
        agency.work(bench).await;
        let line = agency.lines(&owner, &id).await.remove(0);
        assert_eq!(line.people.matches("medicaid").count(), 2, "{}", line.people);
        agency.world.work(bench, &sim.hub()).await;
        agency.world.days(97);
        carry_out(&agency.world.room).await.expect("carried out");
        agency.world.work(bench, &sim.hub()).await;
        follow(&agency, bench).await;
        let lines = agency.lines(&owner, &id).await;
        assert_eq!((lines.len(), lines[1].people.as_str()), (2, "2:medicaid,1:ended"), "{lines:?}");
        let mut statuses = said(&sent(&agency, 2));
        statuses.sort();
        assert_eq!(statuses, [("Updated", "false"), ("Updated", "true")].map(|(a, b)| (a.to_string(), b.to_string())));
        let words = agency.words(&owner, "en").await;
        assert!(words.contains("By our rules Ana Noncitizen does not fit Medicaid or CHIP any more"), "{words}");
        assert!(words.contains("We sent this application to the agency for Luz Perez."), "{words}");
    })
    .await;
}

/// What was determined for a year that has not begun takes nobody back before it begins, and sends on whoever is new.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn results_for_the_next_year_take_nobody_back_before_it_begins() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (told, rich) = (poor("Bell"), 90_000);
        let (owner, id) = agency.send(&told).await;
        agency.work(bench).await;
        assert_eq!(agency.lines(&owner, &id).await.len(), 1, "referred at first");
        // The year after the application's, of which nothing has begun.
        determined(&agency, bench, (&owner, &id), (&told, rich), "rules:2028").await;
        assert_eq!(agency.lines(&owner, &id).await.len(), 1, "nobody is taken back");
        // The other way round: somebody who is referred by the next year's results alone.
        let other = with_a_credit("Cole");
        let (owner, id) = agency.send(&other).await;
        agency.work(bench).await;
        assert!(agency.lines(&owner, &id).await.is_empty());
        determined(&agency, bench, (&owner, &id), (&other, 9_000), "rules:2028").await;
        let lines = agency.lines(&owner, &id).await;
        assert_eq!(lines.iter().map(|line| line.people.as_str()).collect::<Vec<_>>(), ["1:medicaid"]);
    })
    .await;
}

/// A redetermination of this cause for whoever earns so much, and what is sent after it.
async fn determined(agency: &Agency, bench: &Bench, of: (&str, &str), says: (&Told, i64), cause: &str) {
    let id = written(agency, of, says).await;
    bench.run_raw(&format!("UPDATE redetermination SET cause = '{cause}' WHERE id = '{id}'")).await;
    follow(agency, bench).await;
}
