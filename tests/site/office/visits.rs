//! How a visit ends: a guest is shown the code first, hears of the end before it comes, and loses no page to it; a browser is
//! remembered only by choice.

use std::time::Duration;

use windowshop::application::sheet::YOU;

use super::people::{PASSWORD, SEARCH, World, save};
use crate::apply::walk::{ALONE, answered, begin, place, plain, send};
use crate::site::page::Page;
use crate::store::engines::on_each_engine;
use crate::web::reading::too_hard;

const MINUTE: Duration = Duration::from_secs(60);

fn code_on(page: &Page) -> String {
    page.select("p.typed").first().unwrap_or_else(|| panic!("no code: {}", page.words())).text().collect()
}

#[tokio::test]
async fn a_guest_is_shown_the_code_before_anything_is_closed_and_led_back_by_it() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for (spanish, bar, close, out, back, show) in [
            (
                false,
                "My code, or leave",
                "I have my code: close what I saved",
                "Your visit is over",
                "Come back with your code",
                "Show what I saved",
            ),
            (
                true,
                "Mi código, o salir",
                "Tengo mi código: cerrar lo que guardé",
                "Su visita terminó",
                "Volver con su código",
                "Ver lo que guardé",
            ),
        ] {
            let browser = if spanish { world.browser().in_spanish() } else { world.browser() };
            save(&browser, SEARCH).await;
            // A page that was open before, and a stranger's press: nothing is closed unseen.
            let asked = browser.post("/account/sign-out", "").await;
            let leave = browser.follow(asked).await;
            let code = code_on(&leave);
            assert_eq!(too_hard(&leave, if spanish { "es" } else { "en" }), None);
            let leave = browser.visit("/account").await.click(bar).await;
            assert_eq!(code_on(&leave), code);
            let gone = leave.press(close).await;
            assert_eq!(gone.heading(), out, "{}", gone.words());
            assert_eq!(browser.jar().cookie("w"), None);
            let form = gone.click(back).await;
            let field = if spanish { "Su código" } else { "Your code" };
            form.fill(field, &code).press(show).await.says("45202");
        }
    })
    .await;
}

#[tokio::test]
async fn a_browser_is_remembered_only_by_choice() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        world.sign_up(&world.browser(), "ana@example.org").await;
        let library = world.browser();
        let step = world.sign_in(&library, "ana@example.org", PASSWORD).await;
        assert!(!step.is_ticked("I use this browser again"), "a library computer is not remembered by going on");
        let wrong = step.fill("Code from our e-mail", "0000 0000").press("Go on").await;
        assert!(!wrong.is_ticked("I use this browser again"));
        let code = world.nth_code(2).await;
        wrong.fill("Code from our e-mail", &code).press("Go on").await.says("signed in as");
        assert_eq!(library.jar().cookie("d"), None);
        let own = world.browser();
        let step = world.sign_in(&own, "ana@example.org", PASSWORD).await.choose("I use this browser again");
        let wrong = step.fill("Code from our e-mail", "0000 0000").press("Go on").await;
        assert!(wrong.is_ticked("I use this browser again"), "as it was chosen");
        let code = world.nth_code(3).await;
        wrong.fill("Code from our e-mail", &code).press("Go on").await.says("signed in as");
        assert!(own.jar().cookie("d").is_some());
    })
    .await;
}

/// The first page of the application, filled in.
fn filled(page: Page) -> Page {
    answered(page, &|question, row| match (question, row) {
        ("first_name", YOU) => "Zenobia".into(),
        (question, row) => plain(question, row),
    })
}

#[tokio::test]
async fn a_guest_at_a_library_hears_of_the_end_before_it_and_loses_no_page_to_it() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let library = world.browser();
        let page = begin(&library, ALONE).await;
        page.says_nothing_of("shared computer");
        let said = library.visit("/account").await.press("Yes, this is a shared computer").await;
        said.says("If you stop, your visit ends at");
        let code = code_on(&said);

        // Somebody who stops: the page that was typed waits for the code.
        let page = filled(library.visit("/account/apply/you/1").await);
        world.ahead.add(16 * MINUTE);
        let over = send(page).await;
        assert_eq!(over.heading(), "Type your code to go on", "{}", over.words());
        over.says("What you just sent is kept").says_nothing_of("Zenobia");
        assert_eq!(too_hard(&over, "en"), None);
        let wrong = over.fill("Your code", "7KQM").press("Go on").await;
        assert_eq!(wrong.status, 422);
        let on = wrong.fill("Your code", &code).press("Show what I saved").await;
        assert_eq!(place(&on), "home", "it was saved: {}", on.words());
        library.visit("/account/apply/you/1").await.says("shared computer");
        assert_eq!(library.visit("/account/apply/you/1").await.value("first_name.1"), "Zenobia");

        // Four hours of steady work, with a word before they are over.
        let typed = || async { library.visit("/account/apply/home").await };
        for _ in 0..21 {
            world.ahead.add(10 * MINUTE);
            typed().await.says_nothing_of("in 30 minutes");
        }
        world.ahead.add(10 * MINUTE);
        typed().await.says("Your visit ends at").says("write down your code");
        let spanish = library.in_spanish().visit("/account/apply/home").await;
        spanish.says("Su visita termina a las");
        world.ahead.add(10 * MINUTE);
        let page = typed().await;
        world.ahead.add(12 * MINUTE);
        let over = send(answered(page, &plain)).await;
        assert_eq!(over.heading(), "Type your code to go on", "{}", over.words());
        // A page that only is looked at comes back, too; and in Spanish.
        let looked = library.in_spanish().visit("/account/apply/home").await;
        assert_eq!(looked.heading(), "Escriba su código para seguir");
        let on = looked.fill("Su código", &code).press("Seguir").await;
        assert_eq!(place(&on), "contact", "the page before was kept: {}", on.words());

        // Whoever comes next begins something of their own.
        world.ahead.add(16 * MINUTE);
        library.visit("/account/apply").await.says_nothing_of("Zenobia");
        let next = save(&library, "year=2026&zip=44114&people=60").await;
        next.says("ZIP code 44114").says_nothing_of("45202");
        let other = world.browser();
        let form = other.visit("/account/resume").await.fill("Your code", &code).press("Show what I saved").await;
        assert_eq!(form.status, 200, "nothing is lost");
    })
    .await;
}

#[tokio::test]
async fn an_accounts_page_that_is_sent_after_the_end_is_saved_by_signing_in() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        world.sign_up(&browser, "ana@example.org").await;
        world.sign_up(&world.browser(), "ben@example.org").await;
        // At a library, where a code comes between.
        let library = world.browser();
        let step = world.sign_in(&library, "ana@example.org", PASSWORD).await;
        step.fill("Code from our e-mail", &world.nth_code(3).await).press("Go on").await;
        begin(&library, ALONE).await;
        let page = filled(library.visit("/account/apply/you/1").await);
        world.ahead.add(13 * 60 * MINUTE);
        let over = send(page).await;
        assert_eq!(over.heading(), "Your visit is over", "{}", over.words());
        over.says("What you just sent is kept");
        let form = over.click("Sign in again").await;
        let step = form.fill("E-mail address", "ana@example.org").fill("Password", PASSWORD).press("Sign in").await;
        let on = step.fill("Code from our e-mail", &world.nth_code(4).await).press("Go on").await;
        assert_eq!(place(&on), "home", "it was saved: {}", on.words());
        assert_eq!(library.visit("/account/apply/you/1").await.value("first_name.1"), "Zenobia");
        // Somebody else who signs in there gets nothing of it.
        let page = library.visit("/account/apply/you/1").await;
        world.ahead.add(13 * 60 * MINUTE);
        send(page).await;
        let step = world.sign_in(&library, "ben@example.org", PASSWORD).await;
        let home = step.fill("Code from our e-mail", &world.nth_code(5).await).press("Go on").await;
        home.says("signed in as ben@example.org");
        assert_eq!(bench.count("pending").await, 1, "it still waits for its owner");
    })
    .await;
}
