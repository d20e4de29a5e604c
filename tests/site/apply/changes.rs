//! Changing one's mind: Back, two tabs, people who come and go, a lock in between, and answers that no longer apply.

use std::time::Duration;

use windowshop::application::sheet::{PEOPLE_MAX, YOU};

use super::walk::{ALONE, answer, answered, begin, go, looked_at, place, plain, send, sign};
use crate::office::people::{PASSWORD, World};
use crate::store::engines::{benches, on_each_engine};

#[tokio::test]
async fn what_was_typed_is_kept_right_or_wrong_and_back_finds_it() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let page = begin(&browser, ALONE).await;
        let page = answer(page, "first_name.1", "Zoë-María");
        let page = answer(page, "birth_date.1", "2/30/1986");
        let wrong = send(page).await;
        assert_eq!(wrong.status, 422);
        let faults: Vec<String> = wrong.error_summary().into_iter().map(|(field, _)| field).collect();
        assert!(faults.contains(&"birth_date.1.m".to_string()), "{faults:?}");
        assert!(wrong.title().starts_with("Error"), "{}", wrong.title());
        looked_at(&wrong);

        // Another day, another computer's Back: it is there as it was typed.
        let later = browser.visit("/account/apply/you/1").await;
        assert_eq!((later.value("first_name.1"), later.value("birth_date.1.d")), ("Zoë-María".into(), "30".into()));
        let long = "Ñ".repeat(60);
        let page = answer(answer(later, "last_name.1", &long), "birth_date.1", "2/28/1986");
        let next = send(answer(answer(page, "sex.1", "female"), "applying.1", "yes")).await;
        assert_eq!((next.status, place(&next).as_str()), (200, "home"), "{}", next.words());
        let back = next.click("Back").await;
        assert_eq!((place(&back), back.value("last_name.1")), ("you/1".into(), long.clone()));
        let longer = send(answer(back, "last_name.1", &"Ñ".repeat(61))).await;
        assert_eq!(longer.status, 422);

        // The task list is where an application is found again.
        let list = browser.visit("/account/apply").await;
        looked_at(&list);
        list.says("Needs an answer");
        assert_eq!(place(&browser.visit("/account/apply/begin").await), "", "a second one is not begun");
        let home = browser.visit("/account/apply/nowhere").await;
        assert_eq!(place(&home), "you/1", "an address that is none leads to what is open");
    })
    .await;
}

#[tokio::test]
async fn two_tabs_lose_nothing_and_a_clash_shows_both() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, check) = go(begin(&browser, ALONE).await, &plain).await;
        assert_eq!(place(&check), "check");

        // Different pages: each changes its own.
        let (one, other) = (browser.visit("/account/apply/home").await, browser.visit("/account/apply/you/1").await);
        send(answer(one, "street.0", "2 Oak Street")).await;
        send(answer(other, "first_name.1", "Anna")).await;
        browser.visit("/account/apply/check").await.says_all(&["2 Oak Street", "Anna"]);

        // The same page: what came first stays until somebody has seen both.
        let one = browser.visit("/account/apply/home").await;
        let other = browser.visit("/account/apply/home").await;
        send(answer(one, "street.0", "3 Pine Street")).await;
        let clash = send(answer(other, "street.0", "4 Ash Street")).await;
        assert_eq!(clash.status, 409);
        looked_at(&clash);
        clash.says("3 Pine Street");
        assert_eq!(clash.value("street.0"), "4 Ash Street");
        browser.visit("/account/apply/check").await.says("3 Pine Street").says_nothing_of("4 Ash Street");
        let settled = send(clash).await;
        assert_eq!(settled.status, 200);
        browser.visit("/account/apply/check").await.says("4 Ash Street").says_nothing_of("3 Pine Street");

        // The same from both is no clash; neither is a page that was loaded before and sent unchanged after itself.
        let (one, other) = (browser.visit("/account/apply/home").await, browser.visit("/account/apply/home").await);
        send(answer(one, "street.0", "5 Fir Street")).await;
        assert_eq!(send(answer(other, "street.0", "5 Fir Street")).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn people_come_and_go_and_come_back_with_all_that_was_said() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, check) = go(begin(&browser, ALONE).await, &plain).await;
        assert_eq!(place(&check), "check");

        let household = browser.visit("/account/apply/household").await;
        let ben = household.press("Add a person").await;
        assert_eq!(place(&ben), "person/3", "{}", ben.words());
        // A second press makes no second stranger.
        let again = browser.visit("/account/apply/household").await.press("Add a person").await;
        assert_eq!(place(&again), "person/3");
        let with_ben = |question: &str, row| match (question, row) {
            ("first_name", 3) => "Benjamín".into(),
            ("jointly", YOU) => "yes".into(),
            ("earners", _) => "1".into(),
            (question, row) => plain(question, row),
        };
        let (pages, _) = go(ben, &with_ben).await;
        for again in ["about", "coverage", "offers"] {
            assert!(pages.iter().any(|page| page == again), "{again} is asked again for Ben: {pages:?}");
        }
        let (_, check) = go(browser.visit("/account/apply/person/3").await, &with_ben).await;
        assert_eq!(place(&check), "check");
        check.says("Benjamín");

        let household = browser.visit("/account/apply/household").await;
        let without = household.press("Take out: Benjamín Li").await;
        looked_at(&without);
        without.says("Benjamín");
        let check = browser.visit("/account/apply/check").await;
        check.says_nothing_of("Benjamín");
        assert!(check.count("main a[href*='/account/apply/sign']") == 1, "nothing is missing without Ben");
        let back = browser.visit("/account/apply/household").await.press("Put back: Benjamín Li").await;
        looked_at(&back);
        browser.visit("/account/apply/check").await.says("Benjamín");
    })
    .await;
}

#[tokio::test]
async fn somebody_who_was_added_and_never_named_is_in_nobodys_way() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, check) = go(begin(&browser, ALONE).await, &plain).await;
        assert_eq!(place(&check), "check");
        let stranger = browser.visit("/account/apply/household").await.press("Add a person").await;
        looked_at(&stranger);
        assert_eq!(place(&stranger), "person/3");
        // An empty page is told what it needs, and still nobody.
        let empty = send(stranger).await;
        assert_eq!(empty.status, 422, "{}", empty.words());
        let list = empty.click("Back").await;
        assert_eq!((place(&list).as_str(), list.count(".people li")), ("household", 1), "{}", list.words());
        looked_at(&list);
        let ready = browser.visit("/account/apply/check").await;
        assert_eq!(ready.count("main a[href*='/account/apply/sign']"), 1, "nothing is missing: {}", ready.words());

        // One answer, though without a name, and they are somebody: the list has them, and the page asks for the rest.
        let stranger = browser.visit("/account/apply/person/3").await;
        assert_eq!(send(answer(stranger, "birth_date.3", "3/14/2015")).await.status, 422);
        let list = browser.visit("/account/apply/household").await;
        assert_eq!(list.count(".people li"), 2);
        let open = browser.visit("/account/apply/check").await;
        assert_eq!(open.count("main a[href*='/account/apply/sign']"), 0);
        // Another one has a page of their own.
        assert_eq!(place(&list.press("Add a person").await), "person/4");

        let out = browser.post("/account/apply/people/remove", "row=3").await;
        let list = browser.follow(out).await;
        assert_eq!(list.count(".people li"), 1, "{}", list.words());
        // Who is in it was said before; somebody has come since.
        let (_, check) = go(list, &plain).await;
        assert_eq!(place(&sign(check, "Ana Li").await), "sent", "the one who was never named stops nothing");
    })
    .await;
}

#[tokio::test]
async fn a_change_from_the_check_page_returns_there_and_says_what_was_set_aside() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, check) = go(begin(&browser, ALONE).await, &plain).await;
        let change = check.links().into_iter().find(|link| link.href.contains("/apply/contact?from=check"));
        let page = check.click(&change.expect("a way to change it").words).await;
        let page = send(answer(page, "phone.0", "513 555 0100")).await;
        assert_eq!(place(&page), "check", "{}", page.words());
        page.says("513 555 0100");

        let page = browser.visit("/account/apply/income-kinds/1?from=check").await;
        assert!(page.is_ticked("income_kinds.1-wages"));
        // Nothing any more: the job's answers no longer count.
        let body = format!(
            "on=income_kinds.1%2Cdeduction_kinds.1&seen={}&from=check&income_kinds.1=none&deduction_kinds.1=none",
            page.carried().into_iter().find(|(name, _)| name == "seen").expect("a word").1
        );
        let after = browser.follow(browser.post("/account/apply/income-kinds/1", &body).await).await;
        assert!(after.address.contains("aside=1"), "{}", after.address);
        looked_at(&after);
        browser.visit("/account/apply/check").await.says_nothing_of("Elm Bakery");
        let page = answer(browser.visit("/account/apply/income-kinds/1").await, "income_kinds.1", "wages");
        let none = page.is_ticked("income_kinds.1-none");
        assert!(none, "both are ticked now, and that is said");
        assert_eq!(send(page).await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn a_page_sent_while_locked_is_saved_after_the_password() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        world.sign_up(&browser, "ana@example.org").await;
        let page = begin(&browser, ALONE).await;
        let page = answered(page, &|question, row| match question {
            "first_name" => "Zoë".to_string(),
            question => plain(question, row),
        });
        world.ahead.add(Duration::from_secs(16 * 60));
        let locked = send(page).await;
        assert_eq!(locked.heading(), "Type your password to go on");
        locked.says_nothing_of("Zoë");
        let done = locked.fill("Password", PASSWORD).press("Go on").await;
        assert_eq!(place(&done), "home", "{}", done.words());
        assert_eq!(browser.visit("/account/apply/you/1").await.value("first_name.1"), "Zoë");
        assert_eq!(bench.count("draft").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_helper_goes_on_with_the_printed_code_and_the_packet_has_all_questions() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let page = begin(&browser, ALONE).await;
        send(answered(page, &plain)).await;
        let code: String =
            browser.visit("/account/apply").await.select("p.typed").iter().flat_map(|code| code.text()).collect();
        let clinic = world.browser();
        clinic.visit("/account/resume").await.fill("Your code", &code).press("Show what I saved").await;
        assert_eq!(clinic.visit("/account/apply/you/1").await.value("first_name.1"), "Ana");

        let own = clinic.visit("/account/apply/packet").await;
        looked_at(&own);
        own.says("Ana");
        for browser in [&world.browser(), &world.browser().in_spanish()] {
            let blank = browser.visit("/account/apply/packet?blank=4").await;
            looked_at(&blank);
            assert!(blank.count(".paper-page") > 30, "{} pages", blank.count(".paper-page"));
            assert_eq!(blank.count("main input"), 0);
            blank.says_nothing_of("Ana");
            looked_at(&browser.visit("/account/apply/employer").await);
        }

        // Giving it up takes two presses, and takes the answers.
        let sure = clinic.visit("/account/apply/delete").await;
        looked_at(&sure);
        send(sure).await;
        assert_eq!(place(&browser.visit("/account/apply").await), "begin");
    })
    .await;
}

#[tokio::test]
async fn a_household_has_an_end_and_the_page_says_so() {
    let bench = benches().await.remove(0);
    let world = World::open(&bench).await;
    let browser = world.browser();
    begin(&browser, ALONE).await;
    for _ in 1..PEOPLE_MAX {
        let page = browser.visit("/account/apply/household").await.press("Add a person").await;
        let row = place(&page).trim_start_matches("person/").to_string();
        send(answer(page, &format!("first_name.{row}"), "Li")).await;
    }
    let full = browser.visit("/account/apply/household").await;
    looked_at(&full);
    full.says("No more people fit in one application").says_nothing_of("Add a person");
    assert_eq!(full.count(".people li"), PEOPLE_MAX);
    browser.follow(browser.post("/account/apply/people/add", "").await).await;
    let again = browser.visit("/account/apply/household").await;
    assert_eq!(again.count(".people li"), PEOPLE_MAX);
    looked_at(&browser.visit("/account/apply/check").await);
    bench.end().await;
}
