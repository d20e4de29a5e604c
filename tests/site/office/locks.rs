//! The lock after fifteen idle minutes: nothing that was sent is lost, and nobody gets longer than twelve hours by it.

use std::time::Duration;

use super::people::{PASSWORD, World, save};
use crate::store::engines::on_each_engine;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_was_sent_while_locked_is_done_after_the_password() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let home = world.sign_up(&browser, "ana@example.org").await;
        home.says("we ask for your password again at").says("Eastern time");
        let before = browser.jar().cookie("w").expect("a session");
        world.ahead.add(16 * MINUTE);

        let locked = save(&browser, "year=2026&zip=44114&people=60").await;
        assert_eq!(locked.heading(), "Type your password to go on");
        locked.says("What you sent is kept").says_nothing_of("44114");
        assert_eq!(browser.jar().cookie("w"), Some(before.clone()), "the cookie stays: it is locked, not over");
        let wrong = locked.fill("Password", "something else entirely").press("Go on").await;
        assert_eq!((wrong.status, wrong.error_summary()[0].0.as_str()), (422, "password"));
        assert_eq!(wrong.value("Password"), "");
        let done = wrong.fill("Password", PASSWORD).press("Go on").await;
        assert_eq!(done.heading(), "Your saved plans", "{}", done.words());
        done.says("ZIP code 44114");
        let after = browser.jar().cookie("w").expect("a session");
        assert_ne!(after.0, before.0, "a new ID");
        assert_eq!(after.1, before.1, "with the same attributes");
        assert_eq!(bench.count("pending").await, 0);

        // Only once.
        browser.visit("/account").await.says("ZIP code 44114");
        // Twelve hours after signing in it is over, however often it was unlocked.
        for _ in 0..47 {
            world.ahead.add(14 * MINUTE);
            browser.visit("/account").await;
        }
        world.ahead.add(60 * MINUTE);
        assert_eq!(browser.visit("/account").await.heading(), "Your saved plans");
        browser.visit("/account").await.says("You can do that with or without an account");
    })
    .await;
}

#[tokio::test]
async fn a_locked_page_comes_back_after_the_password_and_a_stranger_can_only_leave() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        world.sign_up(&browser, "ana@example.org").await;
        world.ahead.add(16 * MINUTE);
        let locked = browser.visit("/account/password").await;
        locked.says_nothing_of("ana@example.org");
        let back = locked.fill("Password", PASSWORD).press("Go on").await;
        assert_eq!(back.heading(), "Change your password");

        world.ahead.add(16 * MINUTE);
        let out = browser.visit("/account").await.press("Sign out").await;
        assert_eq!(out.heading(), "You are signed out");
        assert_eq!(browser.jar().cookie("w"), None);
        assert_eq!(bench.count("session").await, 0, "the row is gone, too");
    })
    .await;
}

#[tokio::test]
async fn a_code_that_comes_too_late_leads_to_a_way_on_and_pressing_twice_does_no_harm() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let late = world.browser();
        let page = late.visit("/account/sign-up").await;
        let page =
            page.fill("E-mail address", "ana@example.org").fill("Make a password", PASSWORD).press("Go on").await;
        let code = world.nth_code(1).await;
        world.ahead.add(11 * MINUTE);
        let page = page.fill("Code from our e-mail", &code).press("Go on").await;
        assert_eq!(page.status, 422);
        page.says("it is too old");
        world.ahead.add(20 * MINUTE);
        let over = page.fill("Code from our e-mail", &code).press("Go on").await;
        assert_eq!((over.status, over.heading().as_str()), (200, "No code is asked for here"));
        over.click("Make an account").await.says("With an account you can");

        // The same form twice: the second finds that the first has signed in.
        let own = world.browser();
        let page = own.visit("/account/sign-up").await;
        page.fill("E-mail address", "ana@example.org").fill("Make a password", PASSWORD).press("Go on").await;
        let body = format!("code={}&known=1", world.nth_code(2).await.replace(' ', "+"));
        let first = own.post("/account/step", &body).await;
        own.follow(first).await.says("signed in as ana@example.org");
        let second = own.post("/account/step", &body).await;
        own.follow(second).await.says("signed in as ana@example.org");
        assert_eq!(bench.count("account").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_shared_computer_locks_sooner_and_is_cleared_at_the_end() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        world.sign_up(&world.browser(), "ana@example.org").await;
        let library = world.browser();
        let page = library.visit("/account/sign-in").await;
        let page = page.fill("E-mail address", "ana@example.org").fill("Password", PASSWORD);
        let step = page.choose("This is a shared computer").press("Sign in").await;
        assert!(!step.has_field("I use this browser again"), "a shared computer is never remembered");
        let code = world.nth_code(2).await;
        let home = step.fill("Code from our e-mail", &code).press("Go on").await;
        assert_eq!(library.jar().cookie("d"), None);
        home.says_nothing_of("Is this a shared computer?");
        let left = library.post("/account/sign-out", "").await;
        assert_eq!(left.header("clear-site-data"), "\"cache\", \"cookies\", \"storage\"");
        assert_eq!(left.header("location"), "/account/out");

        // Somebody who says so later.
        let other = world.browser();
        let code = {
            let step = world.sign_in(&other, "ana@example.org", PASSWORD).await;
            let code = world.nth_code(3).await;
            let step = step.fill("Code from our e-mail", &code).choose("I use this browser again");
            step.press("Go on").await.says("signed in as");
            other.jar().cookie("d")
        };
        assert!(code.is_some(), "this browser was remembered");
        let shared = other.visit("/account").await.press("Yes, this is a shared computer").await;
        shared.says("End and clear this computer");
        assert_eq!(other.jar().cookie("d"), None);
        world.ahead.add(6 * MINUTE);
        assert_eq!(other.visit("/account").await.heading(), "Type your password to go on");
    })
    .await;
}
