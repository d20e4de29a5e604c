//! Reminders of applications that are not sent, on every engine: at their marks, once, in the person's language, without a
//! word of the application; and who gets none.

use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use windowshop::account::retention::Schedule;
use windowshop::application::reminders::{Marks, Rules, carry_out};
use windowshop::eligibility::Tables;
use windowshop::store::Store;

use crate::apply::walk::{ALONE, begin};
use crate::office::people::World;
use crate::site::{Site, TODAY};
use crate::store::engines::{Bench, on_each_engine};
use crate::work::queue::until;

/// Open enrollment for 2026 ends in ten days in Ohio (January 15).
const NOW: OffsetDateTime = datetime!(2026-01-05 17:00 UTC);

fn millis(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1000
}

/// What the daily job does first, as if it were this moment.
async fn remind(world: &World, store: &Store, now: OffsetDateTime) -> u64 {
    let tables = Tables::load().unwrap_or_else(|faults| panic!("{faults:?}"));
    let schedule = Schedule::on(TODAY.date()).expect("whole");
    let marks = Marks::on(TODAY.date()).expect("whole");
    let rules = Rules { tables: &tables, schedule: &schedule, marks: &marks };
    carry_out(store, &world.opened.means, &rules, millis(now)).await.expect("carried out")
}

/// Somebody with an account begins an application. Returns their browser.
async fn ana(world: &World, bench: &Bench) -> Site {
    let browser = world.browser();
    world.sign_up(&browser, "ana@example.org").await;
    begin(&browser, ALONE).await;
    assert_eq!(bench.count("draft WHERE state = 0").await, 1);
    browser
}

async fn changed(bench: &Bench, at: OffsetDateTime) {
    bench.run_raw(&format!("UPDATE draft SET changed_at = {}", millis(at))).await;
}

/// A letter without the marks of its encoding and its line breaks.
async fn words(world: &World, number: usize) -> String {
    let letter = world.letter(number).await.replace("=\r\n", "").replace("=\n", "");
    letter.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mark_is_told_once_though_two_processes_look() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = ana(&world, bench).await;
        let list = browser.visit("/account/apply").await;
        list.says("We will remind you by e-mail before that day");
        let other = bench.open().await;
        let (mine, theirs) = (&world.opened.store, &other.store);
        let before = world.letters();

        changed(bench, NOW - Duration::days(3)).await;
        assert_eq!(remind(&world, mine, NOW).await, 0, "changed after the mark of 14 days, and kept for months");
        changed(bench, NOW - Duration::days(20)).await;
        let both = tokio::join!(remind(&world, mine, NOW), remind(&world, theirs, NOW));
        assert_eq!(both.0 + both.1, 1);
        let letter = words(&world, before + 1).await;
        assert!(letter.contains("Subject: A last day of open enrollment is near"), "{letter}");
        assert!(letter.contains("January 15, 2026 is the last day of open enrollment"), "{letter}");
        assert!(letter.contains("March 16, 2026"), "until when it is kept: {letter}");
        for word in ["45202", "Ohio", "37650", "37,650", "http://"] {
            assert!(!letter.contains(word), "{word}: {letter}");
        }
        assert_eq!(remind(&world, mine, NOW + Duration::days(1)).await, 0, "once");
        bench.run_raw("UPDATE account SET lang = 'es'").await;
        assert_eq!(remind(&world, mine, NOW + Duration::days(8)).await, 1, "the mark of three days");
        let letter = words(&world, before + 2).await;
        assert!(letter.contains("15 de enero de 2026") && letter.contains("16 de marzo de 2026"), "{letter}");

        // Open enrollment is over; what is left is the end of the draft, on March 16.
        assert_eq!(remind(&world, theirs, datetime!(2026-01-20 17:00 UTC)).await, 0);
        for (at, told) in [
            (datetime!(2026-02-13 17:00 UTC), 0),
            (datetime!(2026-02-15 17:00 UTC), 1),
            (datetime!(2026-02-16 17:00 UTC), 0),
        ] {
            assert_eq!(remind(&world, mine, at).await, told, "{at}");
        }
        let letter = words(&world, before + 3).await;
        assert!(letter.contains("16 de marzo de 2026") && !letter.contains("enero"), "{letter}");
        assert_eq!(remind(&world, mine, datetime!(2026-03-12 17:00 UTC)).await, 1, "the last week");
        assert_eq!(remind(&world, mine, datetime!(2026-03-17 17:00 UTC)).await, 0, "it is deleted now");
        world.letter(before + 4).await;
        assert_eq!(bench.count("letter WHERE template IN ('season', 'unsent') AND mailed_at IS NOT NULL").await, 4);
        assert_eq!(world.letters(), before + 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_reminded_of_what_is_sent_deleted_changed_or_cannot_reach_them() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let store = world.opened.store.clone();
        // A guest has no address that was proved.
        begin(&world.browser(), ALONE).await;
        let old = NOW - Duration::days(70);
        changed(bench, old).await;
        assert_eq!(remind(&world, &store, NOW).await, 0);
        bench.run_raw("DELETE FROM draft").await;
        let browser = ana(&world, bench).await;
        changed(bench, old).await;

        for (not, again) in [
            ("UPDATE draft SET state = 1", "UPDATE draft SET state = 0"),
            ("UPDATE account SET email_confirmed_at = NULL", "UPDATE account SET email_confirmed_at = 1"),
            (
                "INSERT INTO mail_state (owner, bounced_at, code, soft, changed_at) \
                 SELECT owner, 1, '5.1.1', 0, 1 FROM draft",
                "DELETE FROM mail_state",
            ),
        ] {
            bench.run_raw(not).await;
            assert_eq!(remind(&world, &store, NOW).await, 0, "{not}");
            bench.run_raw(again).await;
        }

        // Put down, and not sent yet: what happens until then counts.
        bench.run_raw("INSERT INTO queue_pause (kind, paused_at) VALUES ('reminder', 1)").await;
        let before = world.letters();
        assert_eq!(remind(&world, &store, NOW).await, 1);
        changed(bench, old + Duration::seconds(1)).await;
        bench.run_raw("DELETE FROM queue_pause").await;
        until(bench, "letter WHERE template = 'season' AND code = 'late' AND mailed_at IS NULL", 1).await;
        assert_eq!(world.letters(), before);

        // Without an application in it, a draft is only what was saved while browsing.
        let page = browser.visit("/account/apply/delete").await;
        page.press("Delete it now").await;
        changed(bench, NOW - Duration::days(85)).await;
        assert_eq!(remind(&world, &store, NOW).await, 0);
    })
    .await;
}
