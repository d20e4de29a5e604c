//! Appeals as people without JavaScript make them: of a first notice, of a redetermination with the help kept, too late, taken
//! back, from two tabs; and that what was typed is never lost.

use std::time::Duration;

use serde_json::Value;
use sqlx::Connection as _;
use windowshop::store::columns;
use windowshop::verify::Room;
use windowshop::verify::clock::carry_out;

use super::walk::{ALONE, begin, go, looked_at, plain, sign};
use crate::office::people::World;
use crate::proof::needs::text;
use crate::site::Site;
use crate::site::page::Page;
use crate::store::engines::{Bench, on_each_engine};
use crate::web::reading::too_hard;

const DAY: i64 = 86_400_000;
const WHY: &str = "You counted <b>overtime</b> that I do not get any more.\nI earn less.";

/// Applies in this browser; whose it is, and the notice's address.
pub async fn applied(bench: &Bench, browser: &Site) -> (String, String) {
    let (_, check) = go(begin(browser, ALONE).await, &plain).await;
    let sent = sign(check, "ana li").await;
    assert_eq!(sent.status, 200, "{}", sent.words());
    let owner = text(bench, "SELECT owner FROM application ORDER BY submitted_at DESC LIMIT 1").await;
    let notice = notice_of(bench, &owner, "eligibility").await;
    (owner, format!("/account/notice/{notice}"))
}

/// The newest notice of a kind.
pub async fn notice_of(bench: &Bench, owner: &str, kind: &str) -> String {
    let mut connection = bench.raw().await;
    let asked =
        sqlx::query_scalar("SELECT id FROM notice WHERE owner = $1 AND kind LIKE $2 ORDER BY posted_at DESC LIMIT 1");
    let id = asked.bind(owner).bind(format!("{kind}%")).fetch_one(&mut connection).await.expect(kind);
    connection.close().await.expect("it closes");
    id
}

/// Citizenship could not be confirmed, and nothing came: the end of an open issue, by the clock and the workers.
pub async fn lose(world: &World, bench: &Bench, owner: &str) -> String {
    let application = text(bench, &format!("SELECT id FROM application WHERE owner = '{owner}'")).await;
    // The checks begin by themselves: an application without them is not taken on.
    until(bench, "verification_run", 1).await;
    // What it rests on is nothing.
    bench.run_raw("DELETE FROM verification WHERE subject = 'citizenship'").await;
    let dmi = format!("{:0>32}", application.get(..8).expect("an ID"));
    bench
        .run_raw(&format!(
            "INSERT INTO dmi (id, application, owner, person, kind, state, closed_how, opened_at, noticed_at, due_at, due_day, \
             added_days, in_review, reminded, closed_at) \
             VALUES ('{dmi}', '{application}', '{owner}', 1, 'citizenship', 'open', '', 1767000000000, 1767000000000, \
             1770000000000, '2026-02-01', 0, 0, 0, NULL)"
        ))
        .await;
    let knows = crate::site::knows();
    let room = Room { store: world.opened.store.clone(), means: world.opened.means.clone(), knows };
    assert_eq!(carry_out(&room).await.expect("carried out").expired, 1);
    until(bench, "redetermination", 1).await;
    dmi
}

/// Waits until a table has so many rows: workers write them.
pub async fn until(bench: &Bench, table: &str, count: i64) {
    for _ in 0..400 {
        if bench.count(table).await >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{table} has {} rows", bench.count(table).await);
}

/// The latest result of the only application.
pub async fn latest(world: &World, owner: &str) -> Value {
    let mut connection = world.opened.store.read().await.expect("a connection");
    let key = world.opened.means.vault.open(&mut connection, owner).await.expect("asked").expect("a key");
    let asked =
        sqlx::query_as("SELECT id, determination FROM redetermination WHERE owner = $1 ORDER BY number DESC LIMIT 1");
    let (id, sealed): (String, Vec<u8>) = asked.bind(owner).fetch_one(&mut *connection).await.expect("a row");
    key.open_json(columns::REDETERMINATION_DETERMINATION.at(&id, owner), &sealed).expect("it opens")
}

/// Fills in what has to be.
pub fn filled(page: Page) -> Page {
    page.choose("whose-1").choose("what-credit").fill("why", WHY).fill("reach", "513 555 0100")
}

/// Appeals a notice in English; the page that says so.
pub async fn appealed(browser: &Site, notice: &str, more: impl Fn(Page) -> Page) -> Page {
    let page = browser.visit(notice).await.click("I think this is wrong: appeal").await;
    let check = more(filled(page)).press("Check").await;
    assert_eq!(check.heading(), "Check your appeal", "{:?}", check.error_summary());
    let done = check.press("Send the appeal").await;
    assert_eq!((done.status, done.heading().as_str()), (200, "We have your appeal"), "{}", done.words());
    done
}

/// Wrong in several ways first, then right: the page that shows all of it before it is sent.
async fn corrected(page: Page) -> Page {
    // Sent empty, everything that is missing is said; what was typed stays.
    let wrong = page.fill("helper", "Rosa Díaz").fill("reach", "").press("Check").await;
    let fields: Vec<String> = wrong.error_summary().into_iter().map(|(field, _)| field).collect();
    assert_eq!((wrong.status, fields), (422, ["whose", "what", "why", "reach"].map(str::to_string).to_vec()));
    assert!(wrong.title().starts_with("Error: ") && wrong.value("helper") == "Rosa Díaz");
    let wrong = filled(wrong).choose("urgent").press("Check").await;
    assert_eq!(wrong.error_summary().len(), 1, "why it cannot wait");
    assert_eq!((wrong.value("why").as_str(), wrong.is_ticked("whose-1")), (WHY, true));
    let long = wrong.fill("urgent_why", &"ñ".repeat(2_001)).press("Check").await;
    assert_eq!(long.error_summary()[0].1, "Make this text shorter: 2000 letters at most. It has 2001.");
    assert_eq!(long.value("urgent_why").chars().count(), 2_001);
    let check = long.fill("urgent_why", "I am in the hospital.").press("Check").await;
    looked_at(&check);
    check.says_all(&["Nothing is sent yet", "<b>overtime</b>", "hospital", "Rosa Díaz", "The tax credit"]);
    check
}

async fn is_sealed_and_in_the_download(world: &World, bench: &Bench, owner: &str) {
    let mut connection = world.opened.store.read().await.expect("a connection");
    let all = windowshop::account::record::of(&mut connection, &world.opened.means.vault, owner).await;
    let all = all.expect("read").expect("a record").to_string();
    assert!(all.contains("overtime") && all.contains("\"state\":\"filed\""), "{all}");
    let dump = crate::account::planted::dump(bench).await;
    assert!(!crate::account::planted::holds(&dump, "overtime"), "it is sealed");
}

#[tokio::test]
async fn somebody_appeals_a_first_notice_and_two_tabs_make_one() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let (owner, notice) = applied(bench, &own).await;
        let page = own.visit(&notice).await.click("I think this is wrong: appeal").await;
        looked_at(&page);
        assert_eq!(too_hard(&page, "en"), None, "{}", page.words());
        page.says_all(&[
            "and not to HealthCare.gov",
            "It costs nothing",
            "You can appeal until",
            "465 Industrial Boulevard",
            "1-877-369-0130",
        ]);
        assert!(!page.has_field("keep-yes"), "a first notice took nothing away");
        let spanish = own.in_spanish().visit(&format!("{notice}/appeal")).await;
        looked_at(&spanish);
        assert_eq!(too_hard(&spanish, "es"), None, "{}", spanish.words());
        let check = corrected(page).await;
        assert_eq!(bench.count("appeal").await, 0);
        // One thinks again, and everything is as it was.
        let again = check.press("Change something").await;
        assert_eq!(
            (again.status, again.value("why").as_str(), again.value("reach").as_str()),
            (200, WHY, "513 555 0100")
        );
        assert!(again.is_ticked("urgent") && again.is_ticked("what-credit"));
        // Two tabs, and a double click in one of them.
        let check = again.press("Check").await;
        let other = appealed_body(&check);
        let address = format!("{notice}/appeal");
        let (one, two, three) =
            tokio::join!(own.post(&address, &other), own.post(&address, &other), own.post(&address, &other));
        assert_eq!([one.status, two.status, three.status], [303; 3], "{} {}", one.words(), two.words());
        assert_eq!(one.header("location"), two.header("location"));
        let done = own.follow(one).await;
        looked_at(&done);
        assert_eq!(too_hard(&done, "en"), None, "{}", done.words());
        done.says_all(&[
            "We have your appeal",
            "Number of your appeal",
            "We decide by",
            "We look at it first",
            "Rosa Díaz",
        ]);
        assert_eq!(bench.count("appeal").await, 1);
        assert_eq!(bench.count("notice WHERE kind LIKE 'appeal_filed:%'").await, 1);
        assert_eq!(bench.count("audit WHERE deed = 'appeal_filed'").await, 1);
        assert_eq!(bench.count("appeal WHERE urgent = 1 AND decide_by > filed_at").await, 1);
        // Back, reload and a third tab find the same one.
        let back = own.visit(&address).await;
        assert_eq!(back.address, done.address);
        let spanish = own.in_spanish().visit(&done.address).await;
        looked_at(&spanish);
        assert_eq!(too_hard(&spanish, "es"), None, "{}", spanish.words());
        own.visit("/account/apply/sent").await.says_all(&[
            "Your appeals",
            "we are looking at it",
            "We got your appeal",
        ]);
        let told = notice_of(bench, &owner, "appeal_filed:").await;
        let told = own.visit(&format!("/account/notice/{told}")).await;
        told.says_all(&["We got your appeal", "We decide by", "ask for a hearing"]).says_nothing_of("overtime");
        assert!(!told.words().contains("I think this is wrong"), "an acknowledgement is no decision");
        is_sealed_and_in_the_download(&world, bench, &owner).await;
    })
    .await;
}

/// What the button of the page that checks sends.
fn appealed_body(check: &Page) -> String {
    let pairs = check.select("main form input[type=hidden]").into_iter().filter_map(|field| {
        Some((field.attr("name")?.to_string(), field.attr("value").unwrap_or_default().to_string()))
    });
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).append_pair("do", "send").finish()
}

#[tokio::test]
async fn who_appeals_a_redetermination_keeps_what_they_had_until_it_is_over() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let (owner, _) = applied(bench, &own).await;
        lose(&world, bench, &owner).await;
        assert_eq!(latest(&world, &owner).await["people"][0]["marketplace"], Value::Bool(false), "it is lost");
        let notice = format!("/account/notice/{}", notice_of(bench, &owner, "redetermined:").await);
        own.visit(&notice).await.says("choose “I think this is wrong”");
        let page = own.visit(&format!("{notice}/appeal")).await;
        let missing = filled(page).press("Check").await;
        assert_eq!(missing.error_summary(), [("keep".to_string(), "Say if you want to keep what you had".to_string())]);
        let done = appealed(&own, &notice, |page| page.choose("keep-yes")).await;
        done.says("Yes, keep it");
        until(bench, "redetermination", 2).await;
        let kept = latest(&world, &owner).await;
        assert_eq!(kept["people"][0]["marketplace"], Value::Bool(true), "{kept}");
        assert_eq!(text(bench, "SELECT state FROM dmi").await, "expired", "nothing is proved by it");
        let told = format!("/account/notice/{}", notice_of(bench, &owner, "redetermined:").await);
        let told = own.visit(&told).await;
        told.says("You appealed, and you keep what you had");
        assert!(!told.words().contains("I think this is wrong"), "that is no new decision");
        assert_eq!(own.get(&format!("{}/appeal", told.address)).await.status, 404);
        // They take it back: on a page that says what follows, and only once.
        let leave = done.click("Take this appeal back").await;
        looked_at(&leave);
        leave.says("What you kept because of the appeal ends");
        let over = leave.press("Yes, take it back").await;
        over.says("You took this appeal back");
        looked_at(&over);
        until(bench, "redetermination", 3).await;
        assert_eq!(latest(&world, &owner).await["people"][0]["marketplace"], Value::Bool(false), "it is over");
        let twice = own.post(&format!("{}/withdraw", done.address), "").await;
        own.follow(twice).await.says("This appeal is not open any more");
        assert_eq!(bench.count("notice WHERE kind LIKE 'appeal_withdrawn:%'").await, 1);
        assert_eq!(bench.count("audit WHERE deed = 'appeal_withdrawn'").await, 1);
        let told = notice_of(bench, &owner, "appeal_withdrawn:").await;
        own.visit(&format!("/account/notice/{told}"))
            .await
            .says_all(&["You took your appeal back", "Was that a mistake?"]);
        // One notice has one appeal, also one that was taken back.
        assert_eq!(own.visit(&format!("{notice}/appeal")).await.address, done.address);
        assert_eq!(bench.count("redetermination").await, 3);
    })
    .await;
}

#[tokio::test]
async fn after_the_last_day_a_reason_is_asked_for_and_it_is_taken() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let (_, notice) = applied(bench, &own).await;
        // The page was opened in time, and sent when the last day was over.
        let page = filled(own.visit(&format!("{notice}/appeal")).await).press("Check").await;
        let body = appealed_body(&page);
        bench.run_raw(&format!("UPDATE notice SET posted_at = posted_at - {}", 91 * DAY)).await;
        let late = own.post(&format!("{notice}/appeal"), &body).await;
        assert_eq!((late.status, late.error_summary()[0].0.as_str()), (422, "late_why"), "{}", late.words());
        assert_eq!(late.value("why"), WHY, "nothing is lost");
        late.says("The last day to appeal was");
        assert_eq!(bench.count("appeal").await, 0);
        let check = late.fill("late_why", "The notice came back to you. I had moved.").press("Check").await;
        let done = check.press("Send the appeal").await;
        done.says_all(&["We have your appeal", "It came after the last day", "I had moved"]);
        assert_eq!(bench.count("appeal WHERE filed_at >= due_at").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_last_day_ends_where_the_household_lives() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let (_, notice) = applied(bench, &own).await;
        appealed(&own, &notice, |page| page).await;
        let due = text(bench, "SELECT CAST(due_at AS TEXT) FROM appeal").await.parse::<i64>().expect("a moment");
        let posted = "SELECT CAST(posted_at AS TEXT) FROM notice WHERE kind = 'eligibility'";
        let posted = text(bench, posted).await.parse::<i64>().expect("a moment");
        let hour = due.rem_euclid(DAY) / 3_600_000;
        assert!(hour == 4 || hour == 5, "midnight in Ohio, in UTC: {hour}");
        assert!((90..=91).contains(&((due - posted) / DAY)), "{} days", (due - posted) / DAY);
    })
    .await;
}

#[tokio::test]
async fn a_guest_who_makes_an_account_takes_the_appeal_along() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let (_, notice) = applied(bench, &own).await;
        let done = appealed(&own, &notice, |page| page).await;
        world.sign_up(&own, "ana@example.org").await;
        own.visit(&done.address).await.says("overtime").says("We have your appeal");
        assert_eq!(bench.count("appeal WHERE owner LIKE 'account:%'").await, 1);
        // Whoever deletes everything deletes it, too: the rows by owner are held by a test of their own.
        let stranger = world.browser().get(&done.address).await;
        assert_eq!((stranger.status, stranger.header("location")), (303, "/account"));
    })
    .await;
}
