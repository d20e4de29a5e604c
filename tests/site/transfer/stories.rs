//! What becomes of people who are referred, on every engine: sent, sent back, sent again, decided; denied, with a way on; and
//! people whom an agency sends here.

use windowshop::account::people::{Delete, SignedUp, account_owner};
use windowshop::account::record as account;
use windowshop::operator::transfer::{Resent, TransferArgs, TransferCommand, command};
use windowshop::store::audit::{self, Actor};
use windowshop::transfer::sweep;
use windowshop::transfer::xml::Element;

use super::people::{Agency, applicants, at, back, decide, family, poor, response, set};
use crate::account::people::{means, sign_up};
use crate::site::TODAY;
use crate::store::engines::on_each_engine;

const JANUARY: &str = "2027-01-20T15:00:00Z";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sent_back_corrected_sent_again_and_decided() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (owner, id) = agency.send(&poor("Perez")).await;
        agency.work(bench).await;
        let lines = agency.lines(&owner, &id).await;
        let [line] = &lines[..] else { panic!("one transfer: {lines:?}") };
        assert_eq!((line.status.as_str(), line.people.as_str(), line.state.as_str()), ("sent", "1:medicaid", "OH"));
        let first = line.id.clone();
        assert_eq!(agency.files("out/OH"), [format!("{first}-001.json"), format!("{first}-001.xml")]);
        assert!(agency.files("out/OH/.staged").is_empty());
        assert_eq!(agency.told(&owner).await, ["sent"]);
        let words = agency.words(&owner, "en").await;
        assert!(words.contains("Ohio Department of Medicaid") && words.contains("1-800-324-8680"), "{words}");
        assert!(agency.words(&owner, "es").await.contains("Ohio Department of Medicaid"));

        // The system has it; the same answer again changes nothing.
        agency.drop_in("OH", &format!("{first}.response.xml"), &response("HS000000"));
        assert_eq!(agency.read().await.taken, 1);
        agency.drop_in("OH", &format!("{first}.response.xml"), &response("HS000000"));
        assert_eq!(agency.read().await.doubled, 1);
        assert_eq!(agency.lines(&owner, &id).await[0].status, "acknowledged");

        // Sent back, in a file that comes twice.
        let sent = agency.sent(0);
        let rejected = back(&sent, "OH1", "2026-12-01T15:00:00Z", "Rejected");
        assert_eq!(agency.take("a.xml", &rejected).await, (1, 0, 0));
        assert_eq!(agency.take("b.xml", &rejected).await, (0, 1, 0));
        assert_eq!(agency.lines(&owner, &id).await[0].status, "rejected");
        assert_eq!(agency.told(&owner).await, ["sent", "rejected"]);
        let mut other = rejected.clone();
        for applicant in applicants(&mut other) {
            set(applicant, "ReferralActivity/ReferralActivityStatus/ReferralActivityStatusCode", "Accepted");
        }
        assert_eq!(agency.take("c.xml", &other).await, (0, 0, 1), "another content under an ID that was here");

        // An operator has it sent again: twice asked for is once sent.
        for _ in 0..2 {
            let line = agency.lines(&owner, &id).await.remove(0);
            let resent = Resent { room: agency.world.room.clone(), line };
            agency.world.office.store.begin_write(resent).await.expect("put down");
        }
        agency.work(bench).await;
        let lines = agency.lines(&owner, &id).await;
        assert_eq!((lines.len(), lines[1].status.as_str(), lines[1].number), (2, "sent", 2));
        let names: Vec<String> = agency.files("out/OH");
        assert_eq!(names.len(), 4, "{names:?}");
        let second = agency.files("out/OH").into_iter().find(|name| name.ends_with("-002.xml")).expect("the second");
        let second = windowshop::transfer::xml::read(agency.text(&format!("out/OH/{second}")).as_bytes());
        let second = second.unwrap_or_else(|refused| panic!("{refused}"));
        assert_eq!(
            second.text_at(
                "InsuranceApplication/InsuranceApplicant/ReferralActivity/ReferralActivityStatus/ReferralActivityStatusCode"
            ),
            Some("Updated")
        );

        // Decided, before a word about the second that was on its way longer.
        let mut decided = back(&second, "OH3", JANUARY, "Accepted");
        decide(&mut decided, true, JANUARY, "2027-02-01");
        assert_eq!(agency.take("d.xml", &decided).await, (1, 0, 0));
        assert_eq!(agency.take("e.xml", &back(&second, "OH2", "2027-01-02T15:00:00Z", "Accepted")).await, (1, 0, 0));
        let lines = agency.lines(&owner, &id).await;
        assert_eq!((lines[0].status.as_str(), lines[1].status.as_str()), ("rejected", "determined"));
        assert_eq!(agency.told(&owner).await, ["sent", "rejected", "sent", "determined"], "late words are history");
        let words = agency.words(&owner, "en").await;
        assert!(words.contains("can have Medicaid from February 1, 2027"), "{words}");
        assert_eq!(bench.count("enrollment_event").await, 0);
        assert_eq!(bench.count("letter").await, 0, "paper was asked for");

        let mut connection = agency.world.office.store.read().await.expect("a connection");
        let deeds = audit::of_owner(&mut connection, &owner, 50).await.expect("rows");
        let count = |deed: &str| deeds.iter().filter(|row| row.deed == deed).count();
        assert_eq!((count("transfer_sent"), count("transfer_answered"), count("transfer_resent")), (2, 4, 2));
        let record = account::of(&mut connection, &agency.world.office.vault, &owner).await.expect("read");
        let record = record.expect("there");
        assert_eq!(record["transfers"]["files"].as_array().map(Vec::len), Some(5));
        assert!(record["transfers"]["files"][0]["document"].as_str().is_some_and(|text| text.contains("Perez")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_denied_can_choose_a_plan_and_is_told_until_when() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (owner, id) = agency.send(&family()).await;
        agency.work(bench).await;
        let line = agency.lines(&owner, &id).await.remove(0);
        assert_eq!(line.people.split(',').count(), 2, "{}", line.people);
        // Denied in February, once open enrollment is over: one of the two.
        let mut denied = back(&agency.sent(0), "OH9", "2027-02-05T15:00:00Z", "Accepted");
        decide(&mut denied, false, "2027-02-05T15:00:00Z", "");
        let mut n = 0;
        for applicant in applicants(&mut denied) {
            n += 1;
            if n > 1 {
                applicant.children.retain(|own| own.local != "ReferralActivity");
            }
        }
        assert_eq!(agency.take("a.xml", &denied).await, (1, 0, 0));
        assert_eq!(agency.take("b.xml", &denied).await, (0, 1, 0));
        assert_eq!(
            bench
                .count(
                    "enrollment_event WHERE person = 1 AND day = '2027-02-05' AND kind = \
                     'medicaid_denied_after_open_enrollment'"
                )
                .await,
            1
        );
        assert_eq!(bench.count("enrollment_event").await, 1);
        assert_eq!(agency.told(&owner).await, ["sent", "denied"]);
        let words = agency.words(&owner, "en").await;
        assert!(words.contains("outside of open enrollment, until"), "{words}");
        // During open enrollment no event is needed.
        let (other, _) = agency.send(&poor("Perez")).await;
        agency.work(bench).await;
        let sent = (0..2).map(|n| agency.sent(n)).find(|own| applicants(&mut own.clone()).count() == 1);
        let mut denied = back(&sent.expect("sent"), "OH10", "2026-12-10T15:00:00Z", "Accepted");
        decide(&mut denied, false, "2026-12-10T15:00:00Z", "");
        assert_eq!(agency.take("c.xml", &denied).await, (1, 0, 0));
        assert_eq!(bench.count("enrollment_event").await, 1);
        let words = agency.words(&other, "en").await;
        assert!(words.contains("You can choose a plan here until December 15, 2026"), "{words}");
    })
    .await;
}

/// Somebody whom this site has never seen, as an agency sends them.
fn stranger(sent: &Element) -> Element {
    let mut tree = back(sent, "OH77", JANUARY, "Initiated");
    decide(&mut tree, false, JANUARY, "");
    for applicant in applicants(&mut tree) {
        set(applicant, "ReferralActivity/ActivityIdentification/IdentificationID", "IDC61058121961474610");
    }
    let application = at(&mut tree, "InsuranceApplication");
    set(application, "ApplicationIdentification/IdentificationID", "OH-123");
    set(application, "ApplicationIdentification/IdentificationCategoryText", "State");
    tree
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_an_agency_sends_here_gets_a_draft_with_a_code_and_is_matched_to_nobody_by_name() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (owner, id) = agency.send(&family()).await;
        agency.work(bench).await;
        let sent = agency.sent(0);
        let came = stranger(&sent);
        assert_eq!(agency.take("a.xml", &came).await, (1, 0, 0));
        assert_eq!(agency.take("b.xml", &came).await, (0, 1, 0));
        assert_eq!(
            bench.count("transfer WHERE status = 'begun' AND application = ''").await,
            1,
            "and not Ana's, who is here"
        );
        assert_eq!(agency.told(&owner).await, ["sent"]);
        let common = || windowshop::operator::Common { office: bench.args(), json: false };
        let show =
            |content, letter| TransferCommand::Show { common: common(), id: "OH:OH77".to_string(), content, letter };
        let (code, exit) = command(&TransferArgs { command: show(false, true) }, TODAY).await.expect("shown");
        assert_eq!(exit, 0, "{code}");
        let hash = windowshop::account::codes::code_hash(code.trim());
        assert!(hash.is_some(), "a printed code: {code}");
        let (plain, _) = command(&TransferArgs { command: show(false, false) }, TODAY).await.expect("shown");
        assert!(plain.contains("status: begun") && !plain.contains("Perez"), "{plain}");
        let (content, _) = command(&TransferArgs { command: show(true, false) }, TODAY).await.expect("shown");
        assert!(content.contains("Perez"));
        assert_eq!(bench.count("audit WHERE deed = 'transfer_shown'").await, 2);
        let list = TransferCommand::List { common: common(), status: String::new(), last: 9 };
        let (list, _) = command(&TransferArgs { command: list }, TODAY).await.expect("listed");
        assert!(list.contains("OH:OH77") && list.contains("sent") && !list.contains("Perez"), "{list}");

        // With the number of an application of ours it goes to whoever sent that, and to nobody else.
        let mut ours = stranger(&sent);
        set(&mut ours, "TransferHeader/TransferActivity/ActivityIdentification/IdentificationID", "OH78");
        let reference =
            sent.text_at("InsuranceApplication/ApplicationIdentification/IdentificationID").map(str::to_string);
        let application = at(&mut ours, "InsuranceApplication");
        set(application, "ApplicationIdentification/IdentificationID", &reference.expect("a number"));
        set(application, "ApplicationIdentification/IdentificationCategoryText", "Exchange");
        assert_eq!(agency.take("c.xml", &ours).await, (1, 0, 0));
        assert_eq!(agency.told(&owner).await.len(), 2);
        assert_eq!(agency.lines(&owner, &id).await.len(), 1, "what we sent is one");
        let mut nobody = ours.clone();
        set(&mut nobody, "TransferHeader/TransferActivity/ActivityIdentification/IdentificationID", "OH79");
        set(at(&mut nobody, "InsuranceApplication"), "ApplicationIdentification/IdentificationID", "000000000000");
        assert_eq!(agency.take("d.xml", &nobody).await, (0, 0, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_referred_who_gets_neither_and_all_are_who_ask() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let mut rich = poor("Perez");
        rich.household["people"][0]["incomes"][0]["amount"] = serde_json::json!(40_000);
        let (owner, id) = agency.send(&rich).await;
        agency.work(bench).await;
        assert!(agency.lines(&owner, &id).await.is_empty());
        let (owner, id) = agency.send(rich.say("full_medicaid.0", "yes")).await;
        agency.work(bench).await;
        let lines = agency.lines(&owner, &id).await;
        assert_eq!((lines.len(), lines[0].status.as_str()), (1, "sent"), "{lines:?}");
        let reason = "InsuranceApplication/InsuranceApplicant/ReferralActivity/ReferralActivityReasonCode";
        assert_eq!(agency.sent(0).text_at(reason), Some("FullDetermination"));
        // What breaks a rule is never sent: the job is dead, with the rule's name.
        let mut nameless = poor("Perez");
        nameless.say("last_name.1", "");
        nameless.say("first_name.1", "");
        let (owner, id) = agency.send(&nameless).await;
        agency.work(bench).await;
        let lines = agency.lines(&owner, &id).await;
        let (status, code) = (lines[0].status.as_str(), lines[0].code.as_str());
        assert_eq!(status, "failed", "{lines:?}");
        assert!(["given_name", "surname", "length"].contains(&code), "{lines:?}");
        let dead = format!("job WHERE kind = 'transfer' AND state = 2 AND last_error LIKE '%a rule, {code}:%'");
        assert_eq!(bench.count(&dead).await, 1);
        assert_eq!(agency.files("out/OH").len(), 2, "nothing of it went out");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_transfers_go_over_to_the_account_and_go_with_it() {
    on_each_engine(async |bench| {
        let agency = Agency::open(bench).await;
        let (guest, id) = agency.send(&poor("Perez")).await;
        agency.work(bench).await;
        let change = sign_up(&agency.world.office, "a1", "ana@example.org", Some(guest.clone()));
        assert_eq!(agency.world.office.store.begin_write(change).await, Ok(SignedUp::Made));
        let owner = account_owner("a1");
        let mut denied = back(&agency.sent(0), "OH9", "2027-02-05T15:00:00Z", "Accepted");
        decide(&mut denied, false, "2027-02-05T15:00:00Z", "");
        assert_eq!(agency.take("a.xml", &denied).await, (1, 0, 0), "it finds whoever it is about");
        assert_eq!(agency.lines(&owner, &id).await[0].status, "denied");
        let mut connection = agency.world.office.store.read().await.expect("a connection");
        let record = account::of(&mut connection, &agency.world.office.vault, &owner).await.expect("read");
        drop(connection);
        let record = record.expect("there");
        assert_eq!(record["transfers"]["events"][0]["day"], "2027-02-05");
        assert_eq!(record["transfers"]["files"].as_array().map(Vec::len), Some(2));
        let delete = Delete {
            means: means(&agency.world.office),
            owner,
            today: crate::site::TODAY.date(),
            actor: Actor::Site,
            session: String::new(),
        };
        agency.world.office.store.begin_write(delete).await.expect("deleted");
        for table in ["transfer", "transfer_step", "enrollment_event"] {
            assert_eq!(bench.count(table).await, 0, "{table}");
        }
        assert_eq!(sweep::redetermined(&agency.world.room).await, Ok(0));
    })
    .await;
}
