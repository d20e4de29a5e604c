//! Beginning without an account, coming back by the printed code, and taking everything along into an account.

use super::people::{SEARCH, World, save};
use crate::store::engines::on_each_engine;

fn printed_code(page: &crate::site::page::Page) -> String {
    let codes: Vec<String> = page.select("p.typed").iter().map(|code| code.text().collect()).collect();
    assert_eq!(codes.len(), 1, "one code on {}", page.words());
    codes[0].clone()
}

#[tokio::test]
async fn somebody_saves_prints_a_code_and_comes_back_on_another_computer() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let home = world.browser();
        let page = save(&home, &format!("{SEARCH}&plan=29341OH0100058&plan=31981OH0020010")).await;
        assert_eq!((page.status, page.heading().as_str()), (200, "Your saved plans"));
        page.says_all(&["ZIP code 45202", "Ages: 40, 38, 5", "Yearly income: $52,000", "Compare the 2 plans"]);
        page.says("without an account").says("90 more days");
        let code = printed_code(&page);
        assert_eq!(printed_code(&home.visit("/account").await), code, "it can be printed again");

        // The way back into the shop: everything is there, and the income is not readable.
        let link = page.link("See these plans");
        assert!(link.contains("zip=45202") && !link.contains("52000"), "{link}");
        assert!(world.site.said(&link).contains(&"income=52000".to_string()));
        let list = page.click("See these plans").await;
        assert_eq!(list.status, 200);
        assert!(!list.cards().is_empty());

        let library = world.browser();
        let wrong = library.visit("/account/resume").await.fill("Your code", "7KQM").press("Show what I saved").await;
        assert_eq!(wrong.status, 422);
        assert_eq!(wrong.error_summary()[0].0, "code");
        assert_eq!(wrong.value("Your code"), "", "a code is not shown again");
        let typed = code.to_lowercase().replace('-', " ");
        let back = library.visit("/account/resume").await.fill("Your code", &typed).press("Show what I saved").await;
        back.says("Ages: 40, 38, 5");

        // Saving more, and taking it away again.
        let two = save(&library, "year=2026&zip=44114&people=60").await;
        two.says_all(&["ZIP code 44114", "ZIP code 45202"]);
        let again = save(&library, "year=2026&zip=44114&people=60").await;
        assert_eq!(again.count("main article"), 2, "the same search is kept once");
        assert_eq!(home.visit("/account").await.count("main article"), 2, "one draft, two computers");
        assert_eq!(bench.count("draft").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_printed_code_is_good_for_as_long_as_its_page_says() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let home = world.browser();
        let code = printed_code(&save(&home, SEARCH).await);
        // Near its end somebody goes on, and the code with it.
        bench.run_raw("UPDATE resume_code SET expires_at = made_at + 1").await;
        let library = world.browser();
        let resumed = || async {
            let form = library.visit("/account/resume").await;
            form.fill("Your code", &code).press("Show what I saved").await.status
        };
        assert_eq!(resumed().await, 422, "it has ended");
        let page = save(&home, "year=2026&zip=44114&people=60").await;
        assert_eq!(printed_code(&page), code);
        assert_eq!(resumed().await, 200);
        let kept = bench.count("resume_code WHERE expires_at > made_at + 7689600000").await;
        assert_eq!(kept, 1);
    })
    .await;
}

#[tokio::test]
async fn an_account_takes_along_what_a_guest_saved() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let code = printed_code(&save(&browser, SEARCH).await);
        let page = world.sign_up(&browser, "ana@example.org").await;
        assert_eq!(page.heading(), "Your saved plans", "{}", page.words());
        page.says("signed in as ana@example.org").says("Ages: 40, 38, 5").says_nothing_of(&code);
        assert_eq!(bench.count("resume_code").await, 0);
        let other = world.browser().visit("/account/resume").await;
        let other = other.fill("Your code", &code).press("Show what I saved").await;
        assert_eq!(other.status, 422, "the code is used up");

        // Signed in, more is kept in the same place.
        save(&browser, "year=2026&zip=44114&people=60").await.says("ZIP code 44114").says("ZIP code 45202");
        // What a guest began elsewhere comes along by signing in.
        let laptop = world.browser();
        save(&laptop, "year=2026&zip=46204&people=30").await.says("ZIP code 46204");
        let letters = world.letters();
        let step = world.sign_in(&laptop, "ANA@example.org", super::people::PASSWORD).await;
        assert_eq!(step.heading(), "Type your code");
        let code = world.code(letters + 1).await;
        let home = step.fill("Code from our e-mail", &code).press("Go on").await;
        home.says_all(&["ZIP code 46204", "ZIP code 44114", "ZIP code 45202"]);
        assert_eq!(bench.count("resume_code").await, 0);
    })
    .await;
}

#[tokio::test]
async fn nobody_gets_an_account_under_an_address_they_cannot_read() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        save(&browser, SEARCH).await;
        let page = browser.visit("/account/sign-up").await;
        let page = page.fill("E-mail address", "not-mine@example.org").fill("Make a password", "cuatro patos verdes");
        let page = page.press("Go on").await;
        let wrong = page.fill("Code from our e-mail", "0000 0000").press("Go on").await;
        assert_eq!((wrong.status, wrong.error_summary()[0].0.as_str()), (422, "code"));
        assert_eq!(bench.count("account").await, 0);
        browser.visit("/account").await.says("without an account").says("Ages: 40, 38, 5");
        // In Spanish, too.
        let spanish = browser.in_spanish().visit("/account").await;
        spanish.says("Usted está aquí sin una cuenta").says("Edades: 40, 38, 5");
    })
    .await;
}

#[tokio::test]
async fn a_guest_can_delete_what_they_saved() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let code = printed_code(&save(&browser, SEARCH).await);
        let page = browser.visit("/account").await.click("Delete what I saved").await;
        page.says("the law makes us keep it");
        let gone = page.press("Delete everything now").await;
        assert_eq!(gone.heading(), "Everything is deleted");
        for table in ["draft", "resume_code", "session"] {
            assert_eq!(bench.count(table).await, 0, "{table}");
        }
        let page = world.browser().visit("/account/resume").await;
        assert_eq!(page.fill("Your code", &code).press("Show what I saved").await.status, 422);
    })
    .await;
}
