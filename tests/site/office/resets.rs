//! A forgotten password: nobody else can keep the owner from a new one, and no code is used up before all of them are
//! right.

use std::time::Duration;

use super::affairs::apps_code;
use super::people::World;
use crate::site::Site;
use crate::site::page::Page;
use crate::store::engines::on_each_engine;

const OTHER: &str = "siete gatos en el tejado";
const EMAIL: &str = "ana@example.org";

async fn ask(browser: &Site) -> Page {
    browser.visit("/account/reset").await.fill("E-mail address", EMAIL).press("Send the code").await
}

async fn set(form: Page, code: &str, app_code: &str) -> Page {
    let form = form.fill("Code from our e-mail", code).fill("New password", OTHER);
    form.fill("Code from your app, or a printed code", app_code).press("Set the new password").await
}

#[tokio::test]
async fn one_network_cannot_have_strangers_mailed() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let mut closed = 0;
        for n in 0..23 {
            let browser = world.browser().in_network("192.0.2.77");
            let page = browser.visit("/account/reset").await.fill("E-mail address", &format!("person{n}@example.org"));
            closed += usize::from(page.press("Send the code").await.status == 429);
        }
        assert_eq!(closed, 3, "twenty letters an hour to addresses that anybody can type");
        assert_eq!(ask(&world.browser().in_network("192.0.2.78")).await.status, 200, "others are not held");
        for odd in ["a@b..org", "ana,ruiz@example.org"] {
            let page = world.browser().in_network("192.0.2.79").visit("/account/reset").await;
            assert_eq!(page.fill("E-mail address", odd).press("Send the code").await.status, 422, "{odd}");
        }
    })
    .await;
}

#[tokio::test]
async fn strangers_cannot_keep_the_owner_from_a_new_password() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, EMAIL).await;

        // The owner asks; then somebody elsewhere asks and guesses all day long, a new browser each time.
        let lost = world.browser().in_network("192.0.2.1");
        let mine = ask(&lost).await;
        let code = world.nth_code(2).await;
        let mut closed = 0;
        for n in 0..15 {
            let stranger = world.browser().in_network("192.0.2.66");
            let page = ask(&stranger).await;
            closed += usize::from(page.status == 429);
            if page.status == 429 {
                assert_eq!(page.value("E-mail address"), EMAIL);
                continue;
            }
            let mut guess = page;
            for _ in 0..n + 3 {
                guess = set(guess, "0000 0000", "").await;
                assert!(matches!(guess.status, 422 | 429), "{}", guess.status);
            }
        }
        assert_eq!(closed, 10, "five letters from one network");
        let done = set(mine, &code, "").await;
        assert_eq!(done.heading(), "Your new password is set", "{}", done.words());

        // From many networks: the mailbox is spared in the end, and a browser that is known still gets a code.
        world.ahead.add(Duration::from_secs(3600));
        let known = world.browser();
        let step = world.sign_in(&known, EMAIL, OTHER).await;
        let code = world.nth_code(8).await;
        let step = step.fill("Code from our e-mail", &code).choose("I use this browser again");
        step.press("Go on").await.says("signed in as");
        known.visit("/account").await.press("Sign out").await;
        let networks = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14", "192.0.2.15"];
        let mut sent = 0;
        for network in networks {
            for _ in 0..5 {
                let page = ask(&world.browser().in_network(network)).await;
                sent += usize::from(page.status == 200);
            }
        }
        assert_eq!(sent, 20, "letters to one address in an hour");
        ask(&world.browser().in_network("192.0.2.99")).await.says("can still ask for one");
        let form = ask(&known).await;
        let code = world.nth_code(8 + 20 + 1).await;
        let done = set(form, &code, "").await;
        assert_eq!(done.heading(), "Your new password is set", "{}", done.words());
        assert!(bench.count("sent_code").await <= 21, "rows of codes are few");
    })
    .await;
}

#[tokio::test]
async fn both_codes_are_judged_before_one_is_used_up() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, EMAIL).await;
        let setup = own.visit("/account/app").await.press("Set up an app").await;
        let seconds = async || u64::try_from(world.opened.store.now().await.expect("a time") / 1000).expect("late");
        let (first, app) = (apps_code(&setup, seconds().await), apps_code(&setup, seconds().await + 60));
        let codes = setup.fill("Code from your app", &first).press("Turn it on").await;
        let printed: Vec<String> = codes.select("ol.typed li").iter().map(|code| code.text().collect()).collect();
        world.ahead.add(Duration::from_secs(60));

        let lost = world.browser();
        let mut form = ask(&lost).await;
        let mailed = world.nth_code(2).await;
        for (mail, app) in [("0000 0000", app.as_str()), (&mailed, "000000"), (&mailed, ""), ("1111 1111", &printed[0])]
        {
            form = set(form, mail, app).await;
            assert_eq!((form.status, form.error_summary()[0].0.as_str()), (422, "code"));
            form.says("A code is not right");
        }
        // A password that is refused costs nothing either.
        let weak = form.fill("Code from our e-mail", &mailed).fill("New password", "ana@example.org");
        let weak = weak.fill("Code from your app, or a printed code", &app).press("Set the new password").await;
        assert_eq!((weak.status, weak.error_summary()[0].0.as_str()), (422, "new_password"));
        let done = set(weak, &mailed, &app).await;
        assert_eq!(done.heading(), "Your new password is set", "{}", done.words());
        let again = set(lost.visit("/account/reset/code").await, &mailed, &printed[0]).await;
        assert_eq!(again.status, 422, "each code is good once");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_locked_out_by_the_clock_can_set_a_new_password() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, EMAIL).await;
        world.ahead.add(Duration::from_secs(16 * 60));
        let locked = own.visit("/account").await;
        assert_eq!(locked.heading(), "Type your password to go on");
        let page = locked.click("I forgot my password").await;
        let form = page.fill("E-mail address", EMAIL).press("Send the code").await;
        let done = set(form, &world.nth_code(2).await, "").await;
        assert_eq!(done.heading(), "Your new password is set", "{}", done.words());
        own.visit("/account").await.says("with or without an account");
    })
    .await;
}
