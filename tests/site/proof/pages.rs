//! The pages around uploading: what is needed, later, by post.

use super::needs::guest;
use crate::apply::walk::looked_at;
use crate::office::people::{SEARCH, World, save};
use crate::store::engines::on_each_engine;
use crate::web::reading::too_hard;

const KINDS: [&str; 9] = [
    "ssn",
    "citizenship",
    "lawful_presence",
    "incarceration",
    "death",
    "income",
    "employer_coverage",
    "other_coverage",
    "tribe",
];

#[tokio::test]
async fn every_kind_says_what_to_send_by_when_in_both_languages() {
    on_each_engine(async |bench| {
        let world =
            World::with(bench, &["--proof-address", "Windowshop documents | P.O. Box 77 | London, KY 40742"]).await;
        let browser = world.browser();
        let needs = guest(&world, bench, &browser, &KINDS).await;
        for (browser, lang, date) in
            [(browser.clone(), "en", "February 25, 2027"), (browser.in_spanish(), "es", "25 de febrero de 2027")]
        {
            let mut pages = vec![browser.visit("/account/proof").await];
            for need in &needs {
                let page = browser.visit(&need.page).await;
                assert!(page.count("main ul li") > 2, "{}", page.words());
                assert_eq!(page.count("input[type=file][multiple]"), 1);
                pages.push(page);
                pages.push(browser.visit(&format!("{}/later", need.page)).await);
                pages.push(browser.visit(&format!("{}/paper", need.page)).await);
            }
            for page in pages {
                assert_eq!(page.status, 200, "{}", page.address);
                looked_at(&page);
                page.says("Ana Zapotillo").says(date);
                assert_eq!(too_hard(&page, lang), None, "{}", page.address);
                assert!(page.body.len() < 60_000, "{} is light", page.address);
            }
        }
        let need = &needs[0];
        let paper = browser.visit(&format!("{}/paper", need.page)).await;
        let number = need.dmi[..12].to_ascii_uppercase();
        paper.says(&format!("{} {} {}", &number[..4], &number[4..8], &number[8..]));
        paper.says_all(&["P.O. Box 77", "London, KY 40742", "Your reference number"]);
        assert_eq!(paper.count("svg[role=img] path"), 1);
    })
    .await;
}

#[tokio::test]
async fn without_an_address_there_is_no_post_and_without_needs_nothing_to_do() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let nobody = world.browser();
        assert_eq!(nobody.get("/account/proof").await.header("location"), "/account");
        let browser = world.browser();
        save(&browser, SEARCH).await;
        browser.visit("/account/proof").await.says("There is nothing to send right now");
        let own = world.browser();
        let needs = guest(&world, bench, &own, &["ssn"]).await;
        let page = own.visit(&needs[0].page).await;
        page.says_nothing_of("Send it by mail");
        own.visit(&format!("{}/paper", needs[0].page)).await.says("This site does not take papers by mail");
        own.visit("/account").await.click("What we still need").await.says("Ana Zapotillo: Social Security number");
    })
    .await;
}

#[tokio::test]
async fn the_home_says_how_the_checks_stand_and_hides_what_there_is_nothing_of() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        save(&browser, SEARCH).await;
        let home = browser.visit("/account").await;
        home.says_nothing_of("What we still need").says_nothing_of("Your last application");
        guest(&world, bench, &browser, &["income", "ssn"]).await;
        let home = browser.visit("/account").await;
        home.says("Your last application: we need proof from you by February 25, 2027.").says("What we still need");
        assert!(home.link("How the checks stand").ends_with("/account/apply/sent#checks"));
        let spanish = browser.in_spanish().visit("/account").await;
        spanish.says("necesitamos una prueba de usted a más tardar el 25 de febrero de 2027");
        // What was sent is for others to look at.
        bench.run_raw("UPDATE dmi SET in_review = 1").await;
        browser.visit("/account").await.says("the checks are still going on");
        bench.run_raw("UPDATE dmi SET state = 'resolved', in_review = 0").await;
        let home = browser.visit("/account").await;
        home.says("the checks are finished").says("What we still need");
        bench.run_raw("DELETE FROM verification_run").await;
        browser.visit("/account").await.says("the checks are still going on");
    })
    .await;
}
