//! From the shop's "Apply" to the file in the folder: what the pages ask is enough for every federal rule, and the page after
//! sending says each step.

use std::time::Duration;

use windowshop::transfer::rules::{Of, faults};
use windowshop::transfer::xml;

use crate::apply::walk::{begin, go, plain, sign};
use crate::office::people::World;
use crate::store::engines::on_each_engine;
use crate::transfer::people::files_in;

fn names(folder: &std::path::Path) -> Vec<String> {
    files_in(folder).into_iter().filter(|name| name.ends_with(".xml")).collect()
}

#[tokio::test]
async fn a_family_whose_child_can_have_medicaid_is_sent_on_and_told_so() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let out = bench.path("transfer").join("out/OH");
        for (n, (browser, words)) in [
            (world.browser(), ["Medicaid and CHIP", "Sent to Ohio Department of Medicaid on", "1-800-324-8680"]),
            (world.browser().in_spanish(), ["Medicaid y CHIP", "Ohio Department of Medicaid", "1-800-324-8680"]),
        ]
        .into_iter()
        .enumerate()
        {
            let page = begin(&browser, "year=2026&zip=45202&county=39061&people=40,8&income=20000").await;
            let answers = |question: &str, row| match (question, row) {
                ("first_name", 2) => "Cai".into(),
                ("birth_date", 2) => "5/1/2018".into(),
                ("relation", 2) => "child".into(),
                ("dependents", 1) => "2".into(),
                ("ssn", row) => format!("123-45-678{row}"),
                ("earners", _) => "1".into(),
                ("amount", _) => "1,600".into(),
                (question, row) => plain(question, row),
            };
            let (_, check) = go(page, &answers).await;
            let sent = sign(check, "ana li").await;
            assert_eq!(sent.status, 200, "{}", sent.words());
            let mut tries = 0;
            while names(&out).len() <= n {
                tries += 1;
                assert!(tries < 400, "no transfer: {}", browser.visit("/account/apply/sent").await.words());
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            let mut page = browser.visit("/account/apply/sent").await;
            for _ in 0..200 {
                if page.words().contains(words[1]) && !page.words().contains("about to send") {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
                page = browser.visit("/account/apply/sent").await;
            }
            page.says_all(&words);
        }
        for name in names(&out) {
            let tree = xml::read(&std::fs::read(out.join(&name)).expect("a file"));
            let tree = tree.unwrap_or_else(|refused| panic!("{refused}"));
            assert!(faults(&tree, Of::Ours).is_empty(), "{:?}", faults(&tree, Of::Ours));
            assert_eq!(tree.text_at("TransferHeader/TransferActivity/TransferActivityReferralQuantity"), Some("2"));
        }
    })
    .await;
}
