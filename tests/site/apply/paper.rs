//! Notices on paper: listed without a word of anybody, printed with their address, mailed once and then seen by their owner.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use windowshop::operator::Common;
use windowshop::operator::notices::{NoticesArgs, NoticesCommand, command};

use super::walk::{ALONE, begin, go, place, plain, sign};
use crate::office::people::World;
use crate::site::TODAY;
use crate::store::engines::{Bench, on_each_engine};

async fn said(command_: NoticesCommand) -> (Value, u8) {
    let (text, code) = command(&NoticesArgs { command: command_ }, TODAY).await.expect("it runs");
    (serde_json::from_str(&text).expect("JSON"), code)
}

fn common(bench: &Bench, json: bool) -> Common {
    Common { office: bench.args(), json }
}

async fn waiting(bench: &Bench) -> Vec<String> {
    let (listed, code) = said(NoticesCommand::List { common: common(bench, true), most: 100 }).await;
    assert_eq!(code, 0);
    for typed in ["Ana", "Elm Street", "45202"] {
        assert!(!listed.to_string().contains(typed), "{listed}");
    }
    let lines = listed["notices"].as_array().expect("a list").clone();
    lines.iter().map(|line| line["notice"].as_str().expect("an ID").to_string()).collect()
}

#[tokio::test]
async fn a_notice_on_paper_waits_until_somebody_says_that_it_is_mailed() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (paper, mail) = (world.browser(), world.browser());
        let (_, check) = go(begin(&paper, ALONE).await, &plain).await;
        let sent = sign(check, "Ana Li").await;
        assert_eq!(place(&sent), "sent", "{}", sent.words());
        sent.says("You asked for letters on paper");
        // Whoever wants e-mail is in no list of paper.
        let by_mail = |question: &str, row| match question {
            "notices_by" => "email".to_string(),
            "email" => "ana@example.org".to_string(),
            question => plain(question, row),
        };
        let (_, check) = go(begin(&mail, ALONE).await, &by_mail).await;
        assert_eq!(place(&sign(check, "Ana Li").await), "sent");

        let found = waiting(bench).await;
        let [notice] = &found[..] else { panic!("{found:?}") };
        let page = paper.visit(&format!("/account/notice/{notice}")).await;
        let title = page.heading();
        page.says_nothing_of("mailed to you on paper");

        let to = bench.path("paper");
        std::fs::create_dir(&to).expect("a folder");
        let (print, mailed) = (
            |notices: Vec<String>| NoticesCommand::Print { common: common(bench, true), to: to.clone(), notices },
            |notices: Vec<String>| NoticesCommand::Mailed { common: common(bench, true), notices },
        );
        let (printed, code) = said(print(found.clone())).await;
        assert_eq!((&printed["notices"][0]["outcome"], code), (&Value::from("printed"), 0));
        let file = to.join(format!("{notice}.html"));
        let text = std::fs::read_to_string(&file).expect("a file");
        assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        for part in ["<address>Ana Li<br>1 Elm Street<br>Cincinnati, OH 45202</address>", "lang=\"en\"", &title] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
        assert_eq!(waiting(bench).await, found, "printed is not mailed");

        assert_eq!(said(mailed(found.clone())).await.1, 0);
        assert!(waiting(bench).await.is_empty());
        let (again, code) = said(mailed(found.clone())).await;
        assert_eq!((&again["notices"][0]["outcome"], code), (&Value::from("before"), 2));
        paper.visit(&format!("/account/notice/{notice}")).await.says("mailed to you on paper on");
        let unknown = vec!["00".to_string()];
        assert_eq!((said(mailed(unknown.clone())).await.1, said(print(unknown)).await.1), (2, 2));
        for (deed, times) in [("notice_printed", 1), ("notice_mailed", 1)] {
            let rows = format!("audit WHERE deed = '{deed}' AND record = 'notice:{notice}'");
            assert_eq!(bench.count(&rows).await, times, "{deed}");
        }
        let list = NoticesCommand::List { common: common(bench, false), most: 100 };
        let (text, _) = command(&NoticesArgs { command: list }, TODAY).await.expect("it runs");
        assert_eq!(text, "no notice waits to be mailed\n");
    })
    .await;
}
