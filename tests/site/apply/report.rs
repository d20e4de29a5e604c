//! "Report a change", from what was sent to the notice with before and after, in both languages, on every engine: the answers
//! as they were sent, what is different beside them, one application for two sends, and nothing of it where it is canceled.

use serde_json::{Value, json};
use windowshop::application::record::{self, Application};
use windowshop::verify::words::credit;

use super::equality::printed;
use super::walk::{ALONE, answer, answered, asked, begin, go, looked_at, place, plain, send, sign};
use crate::office::people::World;
use crate::site::Site;
use crate::site::page::Page;
use crate::store::engines::{Bench, on_each_engine};

const REPORT: &str = "/account/apply/report";

/// Somebody alone with wages of $37,650 has applied.
async fn applied(browser: &Site) -> Page {
    let (_, check) = go(begin(browser, ALONE).await, &plain).await;
    let sent = sign(check, "Ana Li").await;
    assert_eq!(place(&sent), "sent", "{}", sent.words());
    sent
}

/// Begins a change, and says what has changed and from which day.
async fn changing(browser: &Site, what: &str, day: &str) -> Page {
    let page = browser.visit(REPORT).await;
    looked_at(&page);
    let page = send(page).await;
    assert_eq!(place(&page), "changed", "{}", page.words());
    looked_at(&page);
    let wrong = send(answer(page, "what_changed.0", what)).await;
    assert_eq!(wrong.status, 422, "the day is asked");
    send(answer(answer(wrong, "what_changed.0", what), "changed_on.0", day)).await
}

/// The page of the task list whose address has this part.
async fn page_of(browser: &Site, part: &str) -> Page {
    let list = browser.visit("/account/apply").await;
    let links: Vec<String> =
        list.select("main .tasks a").iter().filter_map(|link| link.attr("href").map(str::to_string)).collect();
    let found = links.iter().find(|link| link.contains(part)).unwrap_or_else(|| panic!("no {part} in {links:?}"));
    browser.visit(found.trim_start_matches("/es")).await
}

/// An owner's applications, the newest first; there is one owner.
async fn applications(world: &World, bench: &Bench) -> Vec<Application> {
    let owner: (String,) = sqlx::query_as("SELECT owner FROM application ORDER BY submitted_at DESC LIMIT 1")
        .fetch_one(&mut bench.raw().await)
        .await
        .expect("an owner");
    let mut connection = world.opened.store.read().await.expect("a connection");
    record::of(&mut connection, &world.opened.means.vault, &owner.0).await.expect("they open")
}

#[tokio::test]
async fn income_rises_the_credit_falls_and_the_notice_says_before_and_after() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for (browser, words) in [
            (
                world.browser(),
                ["What is different", "Before and now", "What changes holds from December 1, 2026", "a change of the"],
            ),
            (
                world.browser().in_spanish(),
                [
                    "Lo que es diferente",
                    "Antes y ahora",
                    "Lo que cambia vale desde el 1 de diciembre de 2026",
                    "Es un cambio en la solicitud",
                ],
            ),
        ] {
            applied(&browser).await;
            let list = changing(&browser, "income", "11/1/2026").await;
            assert_eq!(place(&list), "", "everything is answered: {}", list.words());
            looked_at(&list);
            let income = page_of(&browser, "/income/").await;
            let row = asked(&income).into_iter().find(|(name, _)| name == "amount").expect("an amount").1;
            assert_eq!(income.value(&format!("amount.{row}")), "37,650", "as it was sent");
            let list = send(answer(income, &format!("amount.{row}"), "42,000")).await;
            assert_eq!(place(&list), "", "{}", list.words());
            let check = browser.visit("/account/apply/check").await;
            looked_at(&check);
            check.says_all(&[words[0], "$37,650", "$42,000"]);
            let sent = sign(check, "ana li").await;
            looked_at(&sent);
            sent.says(words[3]);

            let found = applications(&world, bench).await;
            let [new, old] = &found[..] else { panic!("{} applications", found.len()) };
            assert_eq!((new.follows.as_deref(), old.follows.as_deref()), (Some(old.id.as_str()), None));
            assert_eq!((new.plan_year, old.frozen.answers["consent.0"].as_str()), (old.plan_year, Some("5")));
            for own in [new, old] {
                assert_eq!(own.determination, printed(&own.frozen.household), "what determine prints");
            }
            let (before, after) = (credit(&old.determination), credit(&new.determination));
            assert!(before > after && after > 0, "{before} {after}");
            let notice = browser.visit(&notice_of(&sent)).await;
            looked_at(&notice);
            let dollars = |cents: i64| format!("${}.{:02}", cents / 100, cents % 100);
            notice.says_all(&[words[1], words[2], &dollars(before), &dollars(after)]);
            // Both are there, and only the last one can be changed.
            let links = sent.select("main a[href*='report?of=']").len();
            assert_eq!(links, 1);
            let stale = browser.visit(&format!("{REPORT}?of={}", old.id)).await;
            assert_eq!(place(&stale), "sent");
        }
        assert_eq!(bench.count("application").await, 4);
        assert_eq!(bench.count("draft WHERE state = 0").await, 0);
    })
    .await;
}

/// The address of the newest application's notice.
fn notice_of(sent: &Page) -> String {
    let link = sent.select("main p.buttons a[href*='/account/notice/']");
    link[0].attr("href").expect("an address").trim_start_matches("/es").to_string()
}

#[tokio::test]
async fn a_baby_is_asked_about_like_everybody_and_holds_from_the_day_of_birth() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        applied(&browser).await;
        changing(&browser, "birth", "11/10/2026").await;
        let list = browser.visit("/account/apply/household").await;
        let added = list.press("Add a person").await;
        let answers = |question: &str, row| match (question, row) {
            ("first_name", row) if row != 1 => "Cai".into(),
            ("birth_date", row) if row != 1 => "11/10/2026".into(),
            ("relation", _) => "child".into(),
            ("no_ssn", row) if row != 1 => "yes".into(),
            ("no_ssn_why", _) => "newborn".into(),
            ("ssn", row) if row != 1 => String::new(),
            ("dependents", _) => "*".into(),
            ("earners", _) => "1".into(),
            (question, row) => plain(question, row),
        };
        // Page by page as they come, until the list is whole again.
        let mut page = added;
        for _ in 0..20 {
            assert_eq!(page.status, 200, "{:?}", page.error_summary());
            if asked(&page).is_empty() {
                break;
            }
            page = send(answered(page, &answers)).await;
        }
        let check = browser.visit("/account/apply/check").await;
        check.says_all(&["Cai", "New:"]);
        let sent = sign(check, "Ana Li").await;
        let found = applications(&world, bench).await;
        let [new, old] = &found[..] else { panic!("{} applications: {}", found.len(), sent.words()) };
        assert_eq!(new.frozen.household["people"].as_array().map(Vec::len), Some(2));
        assert_eq!(new.determination, printed(&new.frozen.household));
        assert_ne!(new.determination["tax_households"], old.determination["tax_households"]);
        let (answers, kind) = (&new.frozen.answers, json!("birth"));
        assert!(
            answers.as_object().expect("answers").iter().any(|(name, said)| name.starts_with("kind.") && *said == kind)
        );
        assert_eq!(answers["events.0"], kind);
        browser.visit(&notice_of(&sent)).await.says_all(&["What changes holds from November 10, 2026", "Cai", "New:"]);
    })
    .await;
}

#[tokio::test]
async fn a_change_is_sent_once_and_canceled_without_a_trace() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        applied(&browser).await;
        let before = applications(&world, bench).await.remove(0);
        // Two presses and a second tab open one change.
        changing(&browser, "tobacco", "11/1/2026").await;
        let twice = browser.post(REPORT, "").await;
        assert_eq!(place(&browser.follow(twice).await), "changed");
        assert_eq!(bench.count("draft").await, 2);
        browser.visit(REPORT).await.says("You have begun this change");
        let list = browser.visit("/account/apply").await;
        list.says_all(&["Your change for 2026", "Cancel this change"]);
        // Canceled: what was sent is as it was, and a change can be begun again.
        let sure = browser.visit("/account/apply/delete").await;
        sure.says("The application that you sent stays as it is");
        sure.press("Cancel it now").await;
        let after = applications(&world, bench).await;
        assert_eq!((after.len(), &after[0].frozen.answers), (1, &before.frozen.answers));
        assert_eq!(place(&browser.visit("/account/apply").await), "begin");

        changing(&browser, "name", "11/1/2026").await;
        let you = browser.visit("/account/apply/you/1").await;
        send(answer(you, "last_name.1", "Perez")).await;
        let check = browser.visit("/account/apply/check").await;
        let sent = sign(check, "Ana Perez").await;
        assert_eq!(place(&sent), "sent", "{}", sent.words());
        // Sent again, from Back or from another tab: the same one.
        let again = browser.post("/account/apply/sign", "signature.0=Ana+Perez").await;
        browser.follow(again).await.says("We already had this application");
        let found = applications(&world, bench).await;
        assert_eq!((found.len(), found[0].follows.as_deref()), (2, Some(before.id.as_str())));
        // The next change is of the change.
        changing(&browser, "other", "11/2/2026").await;
        let sent = sign(browser.visit("/account/apply/check").await, "Ana Perez").await;
        assert_eq!(place(&sent), "sent");
        let newest = applications(&world, bench).await.remove(0);
        assert_eq!(newest.follows.as_deref(), Some(found[0].id.as_str()));
        assert_eq!(newest.frozen.answers["last_name.1"], Value::from("Perez"));
    })
    .await;
}

#[tokio::test]
async fn another_application_that_is_open_is_kept_and_another_persons_is_not_found() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (browser, stranger) = (world.browser(), world.browser());
        applied(&browser).await;
        let own = applications(&world, bench).await.remove(0);
        // Nobody is here yet, or has not sent anything.
        assert_eq!(stranger.visit(REPORT).await.status, 200);
        begin(&stranger, ALONE).await;
        for page in [
            stranger.visit(&format!("{REPORT}?of={}", own.id)).await,
            stranger.post(REPORT, &format!("of={}", own.id)).await,
        ] {
            assert_eq!(page.status, 404, "{}", page.words());
        }
        begin(&browser, ALONE).await;
        browser.visit(REPORT).await.says("You have another application that is not sent");
        let refused = browser.post(REPORT, "").await;
        browser.follow(refused).await.says("You have another application that is not sent");
        assert_eq!(bench.count("draft WHERE state = 0").await, 2);
    })
    .await;
}
