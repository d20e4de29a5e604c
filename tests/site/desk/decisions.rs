//! Open, accept, reject, paper, two at once: and what the person sees of it.

use windowshop::operator::desk::RoleArg;
use windowshop::store::audit;

use super::people::{Worker, desk};
use crate::office::people::World;
use crate::proof::files::{jpeg, pdf};
use crate::proof::needs::{guest, text};
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn a_document_is_opened_and_accepted_and_settles_the_issue() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let needs = guest(&world, bench, &own, &["ssn"]).await;
        let card = jpeg("card");
        own.upload(&needs[0].page, &[("card.jpg", &card)]).await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let line = maria.browser.visit("/desk").await;
        line.says("Social Security number")
            .says("2027-02-25")
            .says("nobody")
            .says_nothing_of("Zapotillo")
            .says_nothing_of("card.jpg");
        let item = line.click("Look at Social Security number").await;
        item.says_nothing_of("Zapotillo").says_nothing_of("card.jpg");
        let item = item.press("Open it").await;
        item.says_all(&["Ana Zapotillo", "•••-••-6789", "1986", "card.jpg"]).says_nothing_of("123-45");
        let document = text(bench, "SELECT id FROM document").await;
        let file = maria.browser.post(&format!("/desk/document/{document}"), "").await;
        assert_eq!((file.body.as_slice(), file.header("content-type")), (card.as_slice(), "image/jpeg"));
        assert!(file.header("content-disposition").starts_with("attachment; "));
        assert_eq!(file.header("content-security-policy"), "default-src 'none'; sandbox");
        let done = item.press("Accept: it settles the issue: card.jpg").await;
        done.says("Accepted. The issue is settled").says("Nothing waits");
        assert_eq!(text(bench, "SELECT state FROM dmi").await, "resolved");
        assert_eq!(text(bench, "SELECT closed_how FROM dmi").await, "document");
        assert_eq!(text(bench, "SELECT CAST(in_review AS TEXT) FROM dmi").await, "0");
        assert_eq!(bench.count("desk_item").await, 0);
        // Twice changes nothing, and is said.
        let twice = maria.browser.post(&format!("/desk/document/{document}/accept"), "").await;
        maria.browser.follow(twice).await.says("not open with you any more");
        own.visit("/account/proof").await.says_all(&["Accepted", "This is settled"]);
        own.in_spanish().visit(&needs[0].page).await.says("Esto está resuelto");
        let mut connection = world.opened.store.read().await.expect("a connection");
        let deeds = audit::of_owner(&mut connection, &needs[0].owner, 50).await.expect("rows");
        let by_desk: Vec<&str> =
            deeds.iter().filter(|row| row.actor.starts_with("desk:")).map(|row| row.deed.as_str()).collect();
        assert_eq!(by_desk, ["item_opened", "document_opened", "dmi_closed", "document_accepted"]);
    })
    .await;
}

#[tokio::test]
async fn a_rejection_becomes_words_in_every_language_and_the_clock_goes_on() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let needs = guest(&world, bench, &own, &["income"]).await;
        own.upload(&needs[0].page, &[("dark.jpg", &jpeg("dark"))]).await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let item = maria.browser.visit(&format!("/desk/item/{}", needs[0].dmi)).await.press("Open it").await;
        let nothing = item.press("Reject: dark.jpg").await;
        nothing.says("Pick a reason first");
        let why = "We could not read it. Take a new photo in good light, with all four corners in the picture.";
        let item = maria.browser.visit(&format!("/desk/item/{}", needs[0].dmi)).await;
        let done =
            item.choose(&format!("Reject dark.jpg: what its owner will read: {why}")).press("Reject: dark.jpg").await;
        done.says("Rejected. Its owner has a message");
        assert_eq!(text(bench, "SELECT state FROM dmi").await, "open");
        assert_eq!(text(bench, "SELECT CAST(in_review AS TEXT) FROM dmi").await, "0");
        own.visit(&needs[0].page).await.says_all(&["We could not use this", why, "February 25, 2027"]);
        own.in_spanish().visit(&needs[0].page).await.says("No se puede leer. Tome otra foto con buena luz");
        let notice = text(bench, "SELECT id FROM notice WHERE kind LIKE 'document_rejected:%'").await;
        let page = own.visit(&format!("/account/notice/{notice}")).await;
        page.says_all(&["We could not use a document you sent", "dark.jpg", "yearly income", why, "February 25, 2027"]);
        own.in_spanish().visit(&format!("/account/notice/{notice}")).await.says("No pudimos usar un documento");
        let letter = world.letter(1).await;
        assert!(letter.contains("ana@example.org") && !letter.contains("dark.jpg"), "{letter}");
        // Another one, and the issue is in the line again.
        let first = own.upload(&needs[0].page, &[("good.pdf", &pdf("good"))]).await;
        own.follow(first).await.says_all(&["dark.jpg", "good.pdf"]);
        maria.browser.visit("/desk").await.says("Yearly income");
    })
    .await;
}

#[tokio::test]
async fn of_two_reviewers_one_decides_and_the_other_is_told() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let needs = guest(&world, bench, &own, &["ssn"]).await;
        own.upload(&needs[0].page, &[("card.jpg", &jpeg("card"))]).await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let jose = Worker::new(&world, bench, "jose", RoleArg::Reviewer).await;
        let chief = Worker::new(&world, bench, "chief", RoleArg::Supervisor).await;
        let address = format!("/desk/item/{}", needs[0].dmi);
        let open = format!("{address}/open");
        let (one, other) = tokio::join!(maria.browser.post(&open, ""), jose.browser.post(&open, ""));
        assert_eq!((one.status, other.status), (303, 303));
        let pages = [maria.browser.visit(&address).await, jose.browser.visit(&address).await];
        let has: Vec<bool> = pages.iter().map(|page| page.words().contains("Zapotillo")).collect();
        assert_eq!(has.iter().filter(|has| **has).count(), 1, "one of them has it");
        let (first, second) = if has[0] { (&maria, &jose) } else { (&jose, &maria) };
        second.browser.visit(&address).await.says(&format!("{} has this open since", first.login));
        let document = text(bench, "SELECT id FROM document").await;
        for deed in ["", "/accept", "/reject"] {
            let refused = second.browser.post(&format!("/desk/document/{document}{deed}"), "reason=locked").await;
            let page = second.browser.follow(refused).await;
            page.says("not open with you any more").says_nothing_of("Zapotillo");
        }
        // A supervisor hands it over; whoever had it finds it gone.
        let moved = chief.browser.visit(&address).await.fill("To", &second.login).press("Hand over").await;
        moved.says("handed over").says(&format!("{} has this open", second.login));
        let late = first.browser.post(&format!("/desk/document/{document}/accept"), "").await;
        first.browser.follow(late).await.says("Nothing was changed");
        // Both decide at once: one decision.
        let [accept, reject] = ["accept", "reject"].map(|deed| format!("/desk/document/{document}/{deed}"));
        let (accepted, rejected) =
            tokio::join!(second.browser.post(&accept, ""), second.browser.post(&reject, "reason=locked"));
        assert_eq!((accepted.status, rejected.status), (303, 303), "{} {}", accepted.words(), rejected.words());
        let state = text(bench, "SELECT state FROM document").await;
        let notices = bench.count("notice WHERE kind LIKE 'document_rejected:%'").await;
        match state.as_str() {
            "accepted" => assert_eq!((notices, text(bench, "SELECT state FROM dmi").await.as_str()), (0, "resolved")),
            "rejected" => assert_eq!((notices, text(bench, "SELECT state FROM dmi").await.as_str()), (1, "open")),
            other => panic!("{other}"),
        }
    })
    .await;
}

#[tokio::test]
async fn paper_is_found_by_its_number_taken_in_and_accepted() {
    on_each_engine(async |bench| {
        let world = World::with(bench, &["--proof-address", "P.O. Box 77|London"]).await;
        let own = world.browser();
        let needs = guest(&world, bench, &own, &["citizenship"]).await;
        own.visit(&format!("{}/paper", needs[0].page)).await.says("Number of this page");
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        maria.browser.visit("/desk").await.says("Nothing waits");
        let typed = needs[0].dmi[..12].to_ascii_uppercase();
        let reference = text(bench, "SELECT reference FROM application").await;
        for number in [typed.clone(), format!("DMI-{}", needs[0].dmi.to_ascii_uppercase()), reference] {
            let found = maria.browser.visit(&format!("/desk?number={number}")).await;
            found.says("U.S. citizenship").says_nothing_of("Zapotillo");
        }
        for wrong in ["123", "%25%25%25%25%25%25%25%25%25", "ffffffffffff", "'%20or%201=1"] {
            maria.browser.visit(&format!("/desk?number={wrong}")).await.says("no issue with this number");
        }
        let found = maria.browser.visit(&format!("/desk?number={typed}")).await;
        let item = found.click("Look at U.S. citizenship").await.press("Open it").await;
        let item = item.press("Paper with this number has come").await;
        item.says("The paper is on record").says("paper, by post");
        own.visit(&needs[0].page).await.says("Papers by mail").says("Received");
        assert_eq!(text(bench, "SELECT CAST(in_review AS TEXT) FROM dmi").await, "1");
        item.press("Accept: it settles the issue: paper, by post").await.says("Accepted");
        own.visit(&needs[0].page).await.says("This is settled");
        // Put back and empty hands.
        let needs = guest(&world, bench, &world.browser(), &["tribe"]).await;
        let item = maria.browser.visit(&format!("/desk/item/{}", needs[0].dmi)).await.press("Open it").await;
        item.press("Put it back into the line").await.says("back in the line");
        assert_eq!(bench.count("desk_item").await, 0);
        assert_eq!(desk(&world).get("/desk").await.header("location"), "/desk/sign-in");
    })
    .await;
}
