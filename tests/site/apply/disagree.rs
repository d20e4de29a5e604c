//! Answers that cannot both be true: said where they are answered and on the check page, in both languages; nothing is sent
//! until one is changed. What does not disagree is sent as ever.

use windowshop::application::sheet::YOU;

use super::walk::{answer, begin, go, looked_at, place, plain, send, sign};
use crate::office::people::World;
use crate::site::Site;
use crate::site::page::{Page, words_of};
use crate::store::engines::on_each_engine;

const TWO: &str = "year=2026&zip=45202&county=39061&people=44,20&income=37650";

/// Ana with a grown child, Bo.
fn two(question: &str, row: u32) -> String {
    match (question, row) {
        ("first_name", 2) => "Bo".into(),
        ("birth_date", 2) => "5/1/2006".into(),
        ("relation", 2) => "child".into(),
        ("ssn", row) => format!("123-45-678{row}"),
        ("married", _) => "no".into(),
        ("dependents", _) => "none".into(),
        ("earners", _) => "1".into(),
        (question, row) => plain(question, row),
    }
}

/// Changes one answer of a page and sends it.
async fn change(browser: &Site, address: &str, name: &str, said: &str) -> Page {
    let page = browser.visit(&format!("/account/apply/{address}")).await;
    send(answer(page, name, said)).await
}

fn warnings(page: &Page) -> Vec<String> {
    page.select("main section.warn").iter().map(|note| words_of(*note)).collect()
}

#[tokio::test]
async fn somebody_claimed_by_a_filer_who_does_not_list_them_is_asked_which_is_right() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        for (lang, lead, claimed, dependents, go_on) in [
            ("en", "cannot both be right", "Who will claim", "Who will be a dependent", "Go on to sign"),
            ("es", "no pueden ser correctas a la vez", "reclamar", "dependiente", "Seguir para firmar"),
        ] {
            let own = world.browser();
            let browser = if lang == "es" { own.in_spanish() } else { own };
            let page = begin(&browser, TWO).await;
            let claims = |question: &str, row| match (question, row) {
                ("claimed", 2) => "listed".into(),
                ("claimed_by", 2) => "1".into(),
                (question, row) => two(question, row),
            };
            let (pages, check) = go(page, &claims).await;
            let taxes = pages.iter().filter(|page| *page == "taxes/2").count();
            assert!(taxes >= 1, "{pages:?}");
            let said = warnings(&check);
            assert_eq!(said.len(), 1, "{said:?}");
            for words in [lead, claimed, dependents, "Ana", "Bo"] {
                assert!(said[0].contains(words), "{words}: {said:?}");
            }
            check.says_nothing_of(go_on);
            looked_at(&check);
            let ways = check.count("main section.warn a[href*='/account/apply/taxes/']");
            assert_eq!(ways, 2, "a way to each of the two");
            // The address of the page that signs leads back, and what it would send is not taken.
            assert_eq!(place(&browser.visit("/account/apply/sign").await), "check");
            let sent = browser.post("/account/apply/sign", "signature.0=Ana+Li").await;
            assert_eq!(place(&browser.follow(sent).await), "check");
            // Where it is answered, too: the page of either says so.
            for row in [YOU, 2] {
                let page = browser.visit(&format!("/account/apply/taxes/{row}")).await;
                assert_eq!(warnings(&page).len(), 1, "{}", page.words());
                assert_eq!(page.count("main section.warn a"), 1, "a way to the other page");
            }
            // One of the two is put right.
            let page = change(&browser, "taxes/2?from=check", "claimed.2", "no").await;
            assert_eq!(place(&page), "check", "{}", page.words());
            assert!(warnings(&page).is_empty(), "{:?}", warnings(&page));
            assert_eq!(place(&sign(page, "Ana Li").await), "sent");
        }
    })
    .await;
}

#[tokio::test]
async fn each_thing_that_cannot_be_is_said_once_and_gone_when_it_is_put_right() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (_, check) = go(begin(&browser, TWO).await, &two).await;
        assert_eq!((place(&check).as_str(), warnings(&check)), ("check", Vec::new()));
        for (page, name, odd, right, words) in [
            ("you/1", "birth_date.1", "3/14/2007", "3/14/1982", "was born before you"),
            ("identity/2", "ssn.2", "123456781", "123456782", "the same Social Security number"),
            ("taxes/1", "files.1", "no", "yes", "Only somebody who files can claim"),
        ] {
            if name == "files.1" {
                let claimed = change(&browser, "taxes/2", "claimed.2", "listed").await;
                send(answer(claimed, "claimed_by.2", "1")).await;
            }
            let said = change(&browser, page, name, odd).await;
            assert_eq!(place(&said), page, "said where it was answered: {}", said.words());
            let said = warnings(&said).join(" ");
            assert!(said.contains(words), "{said}");
            let check = browser.visit("/account/apply/check").await;
            assert!(warnings(&check).join(" ").contains(words), "{}", check.words());
            change(&browser, page, name, right).await;
            let check = browser.visit("/account/apply/check").await;
            assert!(!warnings(&check).join(" ").contains(words), "{}", check.words());
        }
        // An income that ends before it starts.
        let page = browser.visit("/account/apply/check").await;
        let income = page.select("main a[href*='/account/apply/income/']");
        let address = income.first().and_then(|link| link.attr("href")).expect("an income").to_string();
        let income = address.split("/account/apply/").nth(1).and_then(|at| at.split('?').next()).expect("its page");
        let row = income.split('/').nth(1).expect("its row");
        change(&browser, income, &format!("lasts.{row}"), "part_of_year").await;
        let page = browser.visit(&format!("/account/apply/{income}")).await;
        let page = answer(page, &format!("starts.{row}"), "6/1/2026");
        let page = send(answer(page, &format!("ends.{row}"), "3/31/2026")).await;
        assert_eq!(place(&page), income);
        assert!(warnings(&page).join(" ").contains("ends before it starts"), "{}", page.words());
        assert_eq!(page.count("main section.warn a"), 0, "both are on this page");
    })
    .await;
}
