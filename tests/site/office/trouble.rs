//! The store goes away while the site serves: the shop is unhurt, and the office says so within two seconds, with what
//! was typed still in the page.

use std::time::{Duration, Instant};

use sqlx::Connection as _;

use super::people::{SEARCH, World, save};
use crate::store::engines::{TOLD, on_each_engine};

#[tokio::test]
async fn what_was_typed_stays_in_the_page_while_the_store_is_away() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        save(&browser, SEARCH).await;
        let sign_up = browser.visit("/account/sign-up").await;
        world.opened.store.close().await;

        let began = Instant::now();
        let page = sign_up.fill("E-mail address", "ana@example.org").fill("Make a password", "four words in a row");
        let page = page.press("Go on").await;
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!((page.status, page.header("cache-control")), (503, "no-store"));
        assert!(!page.header("retry-after").is_empty());
        page.says("What you typed is still here").says("Plans and prices still work");
        assert!(page.carried().contains(&("email".to_string(), "ana@example.org".to_string())));
        assert!(!page.text.contains("four words in a row"), "a secret is typed again");
        assert!(page.has_field("New password"));
        // The button leads back to the same form.
        assert_eq!(page.attr("form[action$='sign-up']", "method").as_deref(), Some("post"));

        let saved = save(&browser, SEARCH).await;
        assert_eq!(saved.status, 503);
        assert!(saved.carried().contains(&("zip".to_string(), "45202".to_string())));
        let spanish = browser.in_spanish().visit("/account").await;
        assert_eq!(spanish.status, 503);
        spanish.says("Ahora no podemos llegar a lo que guardó");

        let list = browser.visit(&format!("/plans?{SEARCH}")).await;
        assert_eq!(list.status, 200);
        assert!(!list.cards().is_empty());
    })
    .await;
}

/// The page was made, and the store went away before the session could be written.
#[tokio::test]
async fn a_session_that_cannot_be_written_loses_nothing_that_was_typed() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        bench.run_raw("ALTER TABLE session RENAME TO session_away").await;
        let page = save(&browser, SEARCH).await;
        assert_eq!((page.status, page.header("cache-control")), (503, "no-store"));
        assert!(!page.header("retry-after").is_empty());
        page.says("What you typed is still here");
        assert!(page.carried().contains(&("zip".to_string(), "45202".to_string())));
        bench.run_raw("ALTER TABLE session_away RENAME TO session").await;
        let saved = page.press("Try again").await;
        assert_eq!(saved.status, 200, "{}", saved.words());
    })
    .await;
}

/// No connection is lost and no statement fails: nothing comes back.
#[tokio::test]
async fn a_store_that_falls_silent_is_given_up_in_time() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        save(&browser, SEARCH).await;
        let sign_up = browser.visit("/account/sign-up").await;
        let held = bench.hold("session").await;

        let began = Instant::now();
        let page = sign_up.fill("E-mail address", "ana@example.org").fill("Make a password", "four words in a row");
        let page = page.press("Go on").await;
        assert!(began.elapsed() < TOLD, "{:?}", began.elapsed());
        assert_eq!((page.status, page.header("cache-control")), (503, "no-store"));
        assert!(!page.header("retry-after").is_empty());
        page.says("What you typed is still here");
        assert!(page.carried().contains(&("email".to_string(), "ana@example.org".to_string())));
        assert!(!page.text.contains("four words in a row"), "a secret is typed again");

        if !bench.is_sqlite() {
            let began = Instant::now();
            let (list, files) = tokio::join!(
                browser.visit("/account"),
                browser.upload("/account/proof/1", &[("july.pdf", b"%PDF-1.7 and more")])
            );
            assert!(began.elapsed() < TOLD, "{:?}", began.elapsed());
            assert_eq!((list.status, files.status), (503, 503));
            list.says("Plans and prices still work");
            files.says("Choose the others again");
        }
        held.close().await.expect("it closes");
        let again = page.fill("New password", "four words in a row").press("Try again").await;
        assert_eq!(again.status, 200, "{}", again.words());
        assert_eq!(browser.visit("/account").await.status, 200);
    })
    .await;
}
