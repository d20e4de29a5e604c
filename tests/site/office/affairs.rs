//! The account's own affairs: signing in and out, browsers, password, address, the app's codes, the record, the end.

use std::time::Duration;

use totp_rs::{Algorithm, Builder};

use super::people::{PASSWORD, SEARCH, World, save};
use crate::site::Site;
use crate::site::page::Page;
use crate::store::engines::on_each_engine;

const OTHER: &str = "siete gatos en el tejado";

/// Signs in with the mailed code, if one is asked for.
async fn arrive(world: &World, browser: &Site, email: &str, password: &str) -> Page {
    let letters = world.letters();
    let step = world.sign_in(browser, email, password).await;
    if step.heading() != "Type your code" {
        return step;
    }
    let code = world.code(letters + 1).await;
    step.fill("Code from our e-mail", &code).choose("I use this browser again").press("Go on").await
}

#[tokio::test]
async fn a_known_browser_needs_the_password_alone_and_another_one_a_code() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, "ana@example.org").await;
        let (session, device) = (own.jar().cookie("w").expect("a session"), own.jar().cookie("d").expect("known"));
        assert!(session.1.contains("HttpOnly") && session.1.contains("SameSite=Lax") && device.1.contains("HttpOnly"));
        own.visit("/account").await.press("Sign out").await;
        assert_eq!((own.jar().cookie("w"), own.jar().cookie("d")), (None, Some(device)));
        let home = world.sign_in(&own, "ana@example.org", PASSWORD).await;
        home.says("signed in as ana@example.org");
        assert_ne!(own.jar().cookie("w"), Some(session));

        let letters = world.letters();
        let strange = world.browser();
        let step = world.sign_in(&strange, "ana@example.org", PASSWORD).await;
        strange.visit("/account").await.says_nothing_of("ana@example.org");
        let wrong = step.fill("Code from our e-mail", "1234 5678").press("Go on").await;
        assert_eq!((wrong.status, wrong.error_summary().len()), (422, 1));
        let code = world.code(letters + 1).await;
        let letter = world.letter(letters + 1).await;
        let (head, text) = letter.split_once("\r\n\r\n").expect("a text");
        assert!(head.contains("To: ana@example.org") && head.contains("Auto-Submitted: auto-generated"), "{head}");
        assert!(!text.contains("ana") && !text.contains("http"), "nothing personal, and no link: {text}");
        let right = wrong.fill("Code from our e-mail", &code).choose("I use this browser again");
        right.press("Go on").await.says("signed in as");
        assert!(world.letter(letters + 2).await.contains("Subject: A new browser signed in"));
    })
    .await;
}

#[tokio::test]
async fn browsers_are_listed_and_can_be_ended() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (own, lost) = (world.browser(), world.browser());
        world.sign_up(&own, "ana@example.org").await;
        arrive(&world, &lost, "ana@example.org", PASSWORD).await.says("signed in as");
        let page = own.visit("/account/browsers").await;
        assert_eq!(page.count("main article"), 2);
        let end = page.press("End all the others").await;
        assert_eq!(end.count("main article"), 1, "{}", end.words());
        lost.visit("/account").await.says("with or without an account");
        let step = world.sign_in(&lost, "ana@example.org", PASSWORD).await;
        assert_eq!(step.heading(), "Type your code", "it is a stranger again");

        // Ten minutes later the list asks for the password again, and goes on.
        world.ahead.add(Duration::from_secs(11 * 60));
        let again = own.visit("/account/browsers").await;
        assert_eq!(again.heading(), "Type your password to go on");
        let list = again.fill("Password", PASSWORD).press("Go on").await;
        assert_eq!(list.heading(), "Where you are signed in");
    })
    .await;
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one_and_the_others_are_signed_out() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (own, other) = (world.browser(), world.browser());
        world.sign_up(&own, "ana@example.org").await;
        arrive(&world, &other, "ana@example.org", PASSWORD).await.says("signed in as");
        let page = own.visit("/account/password").await;
        let wrong =
            page.fill("Your password now", "nope").fill("New password", "short").press("Change the password").await;
        assert_eq!(wrong.status, 422);
        assert_eq!(wrong.error_summary()[0].0, "new_password");
        let wrong =
            wrong.fill("Your password now", "nope").fill("New password", OTHER).press("Change the password").await;
        assert_eq!(wrong.error_summary()[0].0, "password");
        // Both codes and the word about the new browser are there, so that the next one is the letter of the password.
        world.letter(3).await;
        let letters = world.letters();
        let page = wrong.fill("Your password now", PASSWORD).fill("New password", OTHER);
        let page = page.leave("Forget my other browsers");
        assert_eq!(page.press("Change the password").await.heading(), "Your saved plans");
        world.letter_about(letters, "Your password was changed").await;
        other.visit("/account").await.says("with or without an account");
        own.visit("/account").await.press("Sign out").await;
        assert_eq!(world.sign_in(&own, "ana@example.org", PASSWORD).await.status, 422);
        world.sign_in(&own, "ana@example.org", OTHER).await.says("signed in as");
        world.sign_in(&other, "ana@example.org", OTHER).await.says("signed in as");

        // Once more, with the tick that the form has at first.
        let page = own.visit("/account/password").await;
        assert!(page.is_ticked("Forget my other browsers"));
        let page = page.fill("Your password now", OTHER).fill("New password", PASSWORD);
        assert_eq!(page.press("Change the password").await.heading(), "Your saved plans");
        own.visit("/account").await.press("Sign out").await;
        world.sign_in(&own, "ana@example.org", PASSWORD).await.says("signed in as");
        let step = world.sign_in(&other, "ana@example.org", PASSWORD).await;
        assert_eq!(step.heading(), "Type your code", "a browser that was known is a stranger");
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_password_is_set_by_a_mailed_code() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, "ana@example.org").await;
        let lost = world.browser();
        let letters = world.letters();
        let page =
            lost.visit("/account/reset").await.fill("E-mail address", "Ana@example.org").press("Send the code").await;
        let code = world.code(letters + 1).await;
        let form = page.fill("Code from our e-mail", "0000 0000").fill("New password", OTHER);
        let wrong = form.press("Set the new password").await;
        assert_eq!((wrong.status, wrong.error_summary()[0].0.as_str()), (422, "code"));
        let form = wrong.fill("Code from our e-mail", &code).fill("New password", OTHER);
        let done = form.press("Set the new password").await;
        assert_eq!(done.heading(), "Your new password is set", "{}", done.words());
        own.visit("/account").await.says("with or without an account");
        let step = world.sign_in(&own, "ana@example.org", OTHER).await;
        assert_eq!(step.heading(), "Type your code", "every browser is a stranger again");
    })
    .await;
}

#[tokio::test]
async fn an_address_changes_once_the_new_one_is_proved() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, "ana@example.org").await;
        let letters = world.letters();
        let page = own.visit("/account/email").await.fill("New e-mail address", "ana").press("Send the code").await;
        assert_eq!((page.status, page.value("New e-mail address").as_str()), (422, "ana"), "what was typed stays");
        let step = page.fill("New e-mail address", "ana@example.com").press("Send the code").await;
        own.visit("/account").await.says("signed in as ana@example.org");
        let code = world.code(letters + 1).await;
        assert!(world.letter(letters + 1).await.contains("To: ana@example.com"));
        let home = step.fill("Code from our e-mail", &code).press("Go on").await;
        home.says("signed in as ana@example.com");
        let told = world.letter(letters + 2).await;
        assert!(
            told.contains("To: ana@example.org") && told.contains("Subject: Your e-mail address was changed"),
            "{told}"
        );
        assert_eq!(world.sign_in(&world.browser(), "ana@example.org", PASSWORD).await.status, 422);
    })
    .await;
}

/// What an app shows for the key on the page.
pub fn apps_code(page: &Page, world_seconds: u64) -> String {
    let key: String = page.select("p.typed").iter().flat_map(|key| key.text()).collect();
    let key = totp_rs::Secret::try_from_base32(key.replace(' ', "")).expect("a key");
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30).with_secret(key);
    totp.build().expect("an app").generate(world_seconds).to_string()
}

#[tokio::test]
async fn an_app_is_set_up_used_lost_and_turned_off() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, "ana@example.org").await;
        let seconds = async || u64::try_from(world.opened.store.now().await.expect("a time") / 1000).expect("late");
        let setup = own.visit("/account/app").await.press("Set up an app").await;
        assert_eq!(setup.count("svg[role=img] path"), 1);
        let shown = apps_code(&setup, seconds().await);
        let wrong = setup.fill("Code from your app", "000000").press("Turn it on").await;
        assert_eq!((wrong.status, wrong.error_summary()[0].0.as_str()), (422, "code"));
        let codes = wrong.fill("Code from your app", &shown).press("Turn it on").await;
        assert_eq!(codes.heading(), "Printed codes", "{}", codes.words());
        let printed: Vec<String> = codes.select("ol.typed li").iter().map(|code| code.text().collect()).collect();
        assert_eq!(printed.len(), 10);
        own.visit("/account/codes").await.says(&printed[0]);
        world.ahead.add(Duration::from_secs(31 * 60));
        let later = own.visit("/account/codes").await.fill("Password", PASSWORD).press("Go on").await;
        later.says("You have 10 printed codes left").says_nothing_of(&printed[0]);

        // Elsewhere: no letter, but the app, or a printed code once.
        let letters = world.letters();
        let phone = world.browser();
        let step = world.sign_in(&phone, "ana@example.org", PASSWORD).await;
        let home = step.fill("Code from your app, or a printed code", &printed[3]).press("Go on").await;
        home.says("signed in as");
        let again = world.sign_in(&world.browser(), "ana@example.org", PASSWORD).await;
        let again = again.fill("Code from your app, or a printed code", &printed[3]).press("Go on").await;
        assert_eq!(again.status, 422, "each works once");
        assert_eq!(world.letters(), letters + 1, "one letter, about the new browser");

        let off = phone.visit("/account/app").await;
        off.says("You have 9 printed codes left");
        let off = off.press("Turn off codes from an app").await;
        assert!(off.words().contains("Set up an app"), "{}", off.words());
        assert_eq!((bench.count("totp").await, bench.count("recovery_code").await), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn everything_can_be_read_saved_as_a_file_and_deleted() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        save(&own, SEARCH).await;
        world.sign_up(&own, "ana@example.org").await;
        let page = own.visit("/account/data").await;
        page.says_all(&["ana@example.org", "income=52000", "The account was made"]).says_nothing_of("account_made");
        own.in_spanish().visit("/account/data").await.says("Se creó la cuenta");
        let file = own.post("/account/data", "").await;
        assert!(file.header("content-disposition").contains("attachment"));
        let json: serde_json::Value = serde_json::from_str(&file.text).expect("JSON");
        assert_eq!(json["account"]["email"], "ana@example.org");
        own.visit("/account/data").await.says("handed out as a file");

        let page = own.visit("/account/delete").await.fill("Password", "nope").press("Delete everything now").await;
        assert_eq!(page.status, 422);
        let letters = world.letters();
        let gone = page.fill("Password", PASSWORD).press("Delete everything now").await;
        assert_eq!(gone.heading(), "Everything is deleted");
        assert!(world.letter(letters + 1).await.contains("Subject: Your account is deleted"));
        for table in ["account", "session", "draft", "device", "lookup", "pending"] {
            assert_eq!(bench.count(table).await, 0, "{table}");
        }
        assert_eq!((own.jar().cookie("w"), own.jar().cookie("d")), (None, None));
        assert_eq!(world.sign_in(&own, "ana@example.org", PASSWORD).await.status, 422);
    })
    .await;
}
