//! An event is proved before the insurer is told: from the signature over the documents and the desk to the insurer, with a clock; each
//! story on every engine.

use windowshop::enrollment::end_rules::EndRules;
use windowshop::enrollment::proof_clock::{Clock, Report, carry_out};
use windowshop::operator::desk::RoleArg;
use windowshop::store::{Change, StoreError, Tx};

use super::people::Worker;
use crate::apply::walk;
use crate::choose::people::{FAMILY, choose_first, family, list_of_one, looked_at, sent, sign_plans};
use crate::coverage::taxes::room;
use crate::office::people::World;
use crate::proof::files::{jpeg, pdf};
use crate::proof::needs::text;
use crate::site::page::Page;
use crate::site::{Site, TODAY};
use crate::store::engines::{Bench, on_each_engine};
use crate::web::reading::too_hard;

const DAY: i64 = 24 * 3_600_000;

/// One person who has signed because of lost coverage: the page after it.
async fn signed(browser: &Site) -> Page {
    choose_first(list_of_one(browser).await).await;
    sign_plans(browser.visit("/account/plan/check").await).await
}

async fn proof_of(bench: &Bench) -> String {
    format!("/account/proof/{}", text(bench, "SELECT id FROM event_proof").await)
}

/// `waiting_proof proof`: where every enrollment stands, and what holds its first change.
async fn stands(bench: &Bench) -> String {
    text(
        bench,
        "SELECT min(e.state || ' ' || c.held) || ', ' || max(e.state || ' ' || c.held) FROM enrollment e \
         JOIN enrollment_change c ON c.enrollment = e.id AND c.kind = 'initial'",
    )
    .await
}

async fn clock(world: &World) -> Report {
    carry_out(&room(world), &EndRules::load().expect("whole"), TODAY).await.expect("carried out")
}

/// Moves the last day: so many days are left of it; less than nothing: it is over.
async fn days_left(world: &World, bench: &Bench, days: i64) {
    let due = world.opened.store.now().await.expect("a time") + days * DAY - 60_000;
    bench.run_raw(&format!("UPDATE event_proof SET due_at = {due}")).await;
}

/// Opens what waits at the desk, by its number.
async fn opened(worker: &Worker, bench: &Bench) -> Page {
    let id = text(bench, "SELECT id FROM event_proof").await;
    let page = worker.browser.visit(&format!("/desk/item/{id}")).await;
    match page.words().contains("Open it") {
        true => page.press("Open it").await,
        false => page,
    }
}

async fn notices(bench: &Bench, like: &str) -> i64 {
    bench.count(&format!("notice WHERE kind LIKE '{like}:%'")).await
}

/// A notice of a kind reads well in both languages.
async fn reads_well(browser: &Site, bench: &Bench, (kind, english, spanish): (&str, &str, &str)) -> Page {
    let id = text(bench, &format!("SELECT id FROM notice WHERE kind LIKE '{kind}:%'")).await;
    let address = format!("/account/notice/{id}");
    let page = browser.in_spanish().visit(&address).await;
    page.says(spanish);
    assert_eq!(too_hard(&page, "es"), None, "{}", page.words());
    let page = browser.visit(&address).await;
    page.says(english);
    assert_eq!(too_hard(&page, "en"), None, "{}", page.words());
    page
}

/// The list, the plan's page and the calendar.
async fn says_that_it_waits(own: &Site, here: &str) {
    for (browser, lang, said) in
        [(own.clone(), "en", "Waiting for proof"), (own.in_spanish(), "es", "Falta un comprobante")]
    {
        let page = browser.visit(here).await;
        walk::looked_at(&page);
        page.says(said);
        assert_eq!(too_hard(&page, lang), None);
        browser.visit("/account/coverage").await.says(said);
    }
    let page = own.visit(here).await;
    page.says("Send proof of it by").says_nothing_of("You are not covered until you pay");
    let days = own.get(&page.link("Put the days in your calendar")).await;
    assert!(days.text.contains("SUMMARY:Last day to send proof") && !days.text.contains("Pay the first month"));
}

async fn another_needs_no_proof(own: &Site, bench: &Bench) {
    // Another plan under the event that is proved needs no second proof.
    own.visit("/account/plan/credit").await.choose("use.1-none").press("Save").await;
    let check = own.visit("/account/plan/check").await;
    check.says_nothing_of("First prove why you can enroll now");
    sign_plans(check).await.says_nothing_of("Do not pay yet");
    assert_eq!(bench.count("enrollment WHERE state = 'waiting_proof'").await, 0);
    assert_eq!((bench.count("event_proof").await, bench.count("enrollment").await), (1, 2));
}

#[tokio::test]
async fn a_loss_is_proved_and_the_insurer_is_told_with_the_day_that_was_signed() {
    on_each_engine(async |bench| {
        let insurers = bench.path("insurers");
        let world = World::with(bench, &["--insurer-dir", insurers.to_str().expect("UTF-8")]).await;
        let own = world.browser();
        choose_first(list_of_one(&own).await).await;
        // Before signing: what has to be sent, by when, and what comes after it.
        let check = own.visit("/account/plan/check").await;
        check.says_all(&[
            "First prove why you can enroll now",
            "Send proof of it by December 21, 2026",
            "We tell the insurer about you only after that",
            "still starts on the day you signed for",
            "A letter from the employer with the day",
        ]);
        looked_at(&own.in_spanish().visit("/account/plan/check").await);
        let done = sign_plans(check).await;
        looked_at(&done);
        looked_at(&own.in_spanish().visit("/account/plan/done").await);
        done.says_all(&["Do not pay yet", "First prove why you can enroll now"])
            .says_nothing_of("Pay the first month to");
        assert_eq!(stands(bench).await, "waiting_proof proof, waiting_proof proof");
        assert_eq!(bench.count("enrollment_change WHERE file = '' AND held = ''").await, 0, "nobody is told");
        let starts = text(bench, "SELECT starts FROM enrollment").await;
        let here = format!("/account/coverage/{}", text(bench, "SELECT id FROM enrollment").await);
        says_that_it_waits(&own, &here).await;
        // One is not good enough, the next one is.
        let page = own.visit(&proof_of(bench).await).await;
        walk::looked_at(&page);
        page.says_all(&[
            "Lost health coverage",
            "A letter about COBRA",
            "We tell the insurer about you only after that",
        ]);
        walk::looked_at(&own.in_spanish().visit(&proof_of(bench).await).await);
        own.upload(&proof_of(bench).await, &[("dark.jpg", &jpeg("dark"))]).await;
        own.visit("/account/proof").await.says("dark.jpg").says("Some plans wait for proof");
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let line = maria.browser.visit("/desk").await;
        line.says("Lost health coverage").says_nothing_of("dark.jpg");
        let item = opened(&maria, bench).await;
        item.says_all(&["Ana Li", "dark.jpg", "A letter from the employer with the day"]);
        let why = "We could not read it. Take a new photo in good light, with all four corners in the picture.";
        item.choose(&format!("Reject dark.jpg: what its owner will read: {why}")).press("Reject: dark.jpg").await;
        assert_eq!(stands(bench).await, "waiting_proof proof, waiting_proof proof");
        let told = ("document_rejected", "Your plan still waits for proof", "Su plan sigue en espera");
        reads_well(&own, bench, told).await.says("dark.jpg");
        own.upload(&proof_of(bench).await, &[("letter.pdf", &pdf("letter"))]).await;
        let item = opened(&maria, bench).await;
        item.press("Accept: it settles the issue: letter.pdf").await.says("Accepted");
        assert_eq!(stands(bench).await, "signed , signed ");
        assert_eq!(text(bench, "SELECT state FROM event_proof").await, "accepted");
        assert_eq!(text(bench, "SELECT starts FROM enrollment").await, starts, "it does not move");
        let told = ("event_proved", "You proved why you can enroll now", "Usted comprobó por qué");
        reads_well(&own, bench, told).await;
        let waiting = bench.count("enrollment_change WHERE file = '' AND held = '' AND from_day = '2026-12-01'").await;
        assert_eq!(waiting, 1, "the insurer is told, from the first day");
        own.visit(&here).await.says_all(&["You proved why you can enroll now", "You are not covered until you pay"]);
        own.visit(&proof_of(bench).await).await.says("This is proved");
        // Twice changes nothing, and the clock has nothing to do.
        let document = text(bench, "SELECT id FROM document WHERE state = 'accepted'").await;
        let twice = maria.browser.post(&format!("/desk/document/{document}/accept"), "").await;
        maria.browser.follow(twice).await.says("not open with you any more");
        days_left(&world, bench, -1).await;
        assert_eq!((clock(&world).await, notices(bench, "event_proved").await), (Report::default(), 1));
        another_needs_no_proof(&own, bench).await;
    })
    .await;
}

#[tokio::test]
async fn when_the_day_is_over_and_nothing_waits_the_plan_is_cancelled_once() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        signed(&own).await;
        assert_eq!(clock(&world).await, Report::default());
        days_left(&world, bench, 7).await;
        assert_eq!(clock(&world).await, Report { reminders: 1, expired: 0 });
        assert_eq!(clock(&world).await, Report::default(), "once");
        let told = ("event_proof_reminder", "these plans are cancelled", "estos planes se cancelan");
        reads_well(&own, bench, told).await.says("A letter from the employer with the day");
        // What waits for somebody at the desk on the last day does not expire.
        own.upload(&proof_of(bench).await, &[("dark.jpg", &jpeg("dark"))]).await;
        days_left(&world, bench, -1).await;
        assert_eq!(clock(&world).await, Report::default());
        assert_eq!(stands(bench).await, "waiting_proof proof, waiting_proof proof");
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let document = text(bench, "SELECT id FROM document").await;
        opened(&maria, bench).await;
        maria.browser.post(&format!("/desk/document/{document}/reject"), "reason=unreadable").await;
        // A process that ends before it is done has done nothing.
        let id = text(bench, "SELECT id FROM event_proof").await;
        let killed = Killed(Clock { room: room(&world), id, over: true });
        assert!(world.opened.store.begin_write(killed).await.is_err());
        assert_eq!(stands(bench).await, "waiting_proof proof, waiting_proof proof");
        let room = room(&world);
        let rules = EndRules::load().expect("whole");
        let (one, other) = tokio::join!(carry_out(&room, &rules, TODAY), carry_out(&room, &rules, TODAY));
        assert_eq!(one.expect("done").expired + other.expect("done").expired, 1, "of two at once");
        assert_eq!(stands(bench).await, "cancelled withdrawn, cancelled withdrawn");
        assert_eq!(notices(bench, "event_not_proved").await, 1);
        assert_eq!(bench.count("enrollment_step WHERE step = 'cancelled' AND code = 'not_proved'").await, 1);
        assert_eq!(bench.count("enrollment_change WHERE file = '' AND held = ''").await, 0, "nobody is told of it");
        let told = ("event_not_proved", "no proof came in time", "no llegó un comprobante a tiempo");
        let notice = reads_well(&own, bench, told).await;
        notice.says("If you think that this is wrong, you can appeal");
        let appeal = own.visit(&format!("{}/appeal", notice.address)).await;
        assert_eq!(appeal.status, 200, "{}", appeal.words());
        let here = format!("/account/coverage/{}", text(bench, "SELECT id FROM enrollment").await);
        own.visit(&here).await.says_all(&["This plan was cancelled, because no proof came in time"]);
        own.in_spanish().visit(&here).await.says("no llegó un comprobante a tiempo");
        let page = own.visit(&proof_of(bench).await).await;
        page.says("The last day to send this has passed");
        assert_eq!(page.count("input[type=file]"), 0);
        own.upload(&proof_of(bench).await, &[("late.pdf", &pdf("late"))]).await;
        assert_eq!(bench.count("document").await, 1, "too late");
        // Signed again because of the same event: the same proof is asked for again, with its whole time.
        let check = own.visit("/account/plan/check").await;
        sign_plans(check).await.says("First prove why you can enroll now");
        assert_eq!(text(bench, "SELECT state FROM event_proof").await, "open");
        assert_eq!(bench.count("enrollment WHERE state = 'waiting_proof'").await, 1);
    })
    .await;
}

/// A process that ends after everything was written and before it was committed.
struct Killed(Clock);

impl Change for Killed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        assert!(self.0.run(tx).await?);
        Err(StoreError::Refused("killed".to_string()))
    }
}

#[tokio::test]
async fn two_plans_of_one_event_are_released_by_one_paper_that_came_by_post() {
    on_each_engine(async |bench| {
        let world = World::with(bench, &["--proof-address", "P.O. Box 77|London"]).await;
        let own = world.browser();
        sent(&own, FAMILY, &family).await;
        let groups = own.visit("/account/plan/groups").await;
        let apart = groups.select("main input[type=radio]").last().and_then(|way| way.attr("id").map(str::to_string));
        groups.choose(&apart.expect("a way")).press("Save").await;
        let lists = own.visit("/account/plan").await.count("main section.checked");
        for group in 1..=lists {
            choose_first(own.visit(&format!("/account/shop/{group}/plans")).await).await;
        }
        sign_plans(own.visit("/account/plan/check").await).await;
        let waiting = bench.count("enrollment WHERE state = 'waiting_proof'").await;
        assert!(waiting > 1, "{waiting} plans");
        assert_eq!(bench.count("event_proof").await, 1);
        let cover = own.visit(&format!("{}/paper", proof_of(bench).await)).await;
        cover.says("Number of this page").says("Lost health coverage");
        own.visit(&format!("{}/later", proof_of(bench).await)).await.says("Your place is kept");
        let id = text(bench, "SELECT id FROM event_proof").await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let found = maria.browser.visit(&format!("/desk?number={}", id[..12].to_ascii_uppercase())).await;
        found.says("Lost health coverage");
        let item = opened(&maria, bench).await.press("Paper with this number has come").await;
        item.press("Accept: it settles the issue: paper, by post").await.says("Accepted");
        assert_eq!(stands(bench).await, "signed , signed ");
        assert_eq!(
            (bench.count("enrollment WHERE state = 'signed'").await, notices(bench, "event_proved").await),
            (waiting, 1)
        );
    })
    .await;
}

#[tokio::test]
async fn what_an_office_has_told_needs_no_proof() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        choose_first(list_of_one(&own).await).await;
        own.visit("/account/plan/check").await.says("First prove why you can enroll now");
        bench
            .run_raw(
                "INSERT INTO enrollment_event (id, owner, application, person, kind, day, source, made_at) \
                 SELECT 'e1', owner, id, 1, 'loss_of_coverage', '2026-11-10', 'transfer:t1', 1 FROM application",
            )
            .await;
        let check = own.visit("/account/plan/check").await;
        check.says_nothing_of("First prove why you can enroll now");
        sign_plans(check).await;
        assert_eq!((stands(bench).await.as_str(), bench.count("event_proof").await), ("signed , signed ", 0));
    })
    .await;
}

#[tokio::test]
async fn while_it_waits_it_can_be_given_up_changed_or_taken_to_an_account() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        signed(&own).await;
        // Another plan: what waited is cancelled, and no insurer hears of either.
        own.visit("/account/plan/credit").await.choose("use.1-none").press("Save").await;
        sign_plans(own.visit("/account/plan/check").await).await.says("First prove why you can enroll now");
        assert_eq!(stands(bench).await, "cancelled withdrawn, waiting_proof proof");
        assert_eq!(bench.count("event_proof WHERE state = 'open'").await, 1);
        assert_eq!(bench.count("enrollment_change WHERE file = '' AND held = ''").await, 0);
        // An account takes it over.
        own.upload(&proof_of(bench).await, &[("letter.pdf", &pdf("letter"))]).await;
        world.sign_up(&own, "ana@example.org").await;
        own.visit(&proof_of(bench).await).await.says("letter.pdf");
        assert_eq!(bench.count("event_proof WHERE owner LIKE 'account:%'").await, 1);
        let file = own.post("/account/data", "").await;
        assert!(file.text.contains("\"event_proofs\"") && file.text.contains("\"loss_of_coverage\""), "{}", file.text);
        // Given up while somebody looks at a document: the clock closes it without a word.
        let id = text(bench, "SELECT id FROM enrollment WHERE state = 'waiting_proof'").await;
        let cancel = own.visit(&format!("/account/coverage/{id}/cancel")).await;
        cancel.choose("sure").press("Cancel this plan").await.says("The plan is cancelled");
        assert_eq!(text(bench, "SELECT state FROM event_proof").await, "open");
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let document = text(bench, "SELECT id FROM document").await;
        opened(&maria, bench).await;
        maria.browser.post(&format!("/desk/document/{document}/reject"), "reason=wrong_kind").await;
        days_left(&world, bench, -1).await;
        clock(&world).await;
        assert_eq!(text(bench, "SELECT state FROM event_proof").await, "withdrawn");
        assert_eq!(notices(bench, "event_not_proved").await, 0);
        assert_eq!(bench.count("enrollment_change WHERE file = '' AND held = ''").await, 0);
    })
    .await;
}

#[tokio::test]
async fn acceptance_and_the_end_of_the_last_day_at_once_come_to_one_of_them() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        signed(&own).await;
        own.upload(&proof_of(bench).await, &[("letter.pdf", &pdf("letter"))]).await;
        days_left(&world, bench, -1).await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        opened(&maria, bench).await;
        let document = text(bench, "SELECT id FROM document").await;
        let accept = format!("/desk/document/{document}/accept");
        let (accepted, report) = tokio::join!(maria.browser.post(&accept, ""), clock(&world));
        assert_eq!((accepted.status, report.expired), (303, 0), "what is looked at does not expire");
        assert_eq!(stands(bench).await, "signed , signed ");
        assert_eq!((notices(bench, "event_proved").await, notices(bench, "event_not_proved").await), (1, 0));
    })
    .await;
}
