//! What an operator does with an enrollment whose number a caller says: sees how it stands, brings it back.

use windowshop::operator::Common;
use windowshop::operator::coverage::{CoverageArgs, CoverageCommand, command};

use super::planted::{NEXT_YEAR, THIS_YEAR, guest, of_owner};
use crate::office::people::World;
use crate::proof::needs::text;
use crate::site::TODAY;
use crate::store::engines::{Bench, on_each_engine};

async fn run(bench: &Bench, json: bool, of: impl Fn(Common) -> CoverageCommand) -> (String, u8) {
    let common = Common { office: bench.args(), json };
    command(&CoverageArgs { command: of(common) }, TODAY).await.expect("it runs")
}

async fn show(bench: &Bench, number: &str, json: bool) -> (String, u8) {
    run(bench, json, |common| CoverageCommand::Show { common, number: number.to_string() }).await
}

async fn reinstate(bench: &Bench, number: &str, json: bool) -> (String, u8) {
    run(bench, json, |common| CoverageCommand::Reinstate { common, number: number.to_string() }).await
}

#[tokio::test]
async fn an_operator_sees_how_one_stands_and_brings_it_back_once() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &THIS_YEAR).await;
        let number = text(bench, "SELECT number FROM enrollment LIMIT 1").await;
        let spaced = format!("{} {} {}", &number[..4], &number[4..8], &number[8..]);
        let (said, code) = show(bench, &spaced, false).await;
        assert_eq!(code, 0);
        for part in [&id, &owner, "state: confirmed", "starts: 2026-01-01", "ends: 2026-12-31", "29341OH0070002-04"] {
            assert!(said.contains(part), "{part}: {said}");
        }
        for word in ["Zapotillo", "Ana", "450"] {
            assert!(!said.contains(word), "no name, no amount: {said}");
        }
        let (said, _) = show(bench, &number, true).await;
        let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!((json["state"].as_str(), json["steps"].as_array().map(Vec::len)), (Some("confirmed"), Some(4)));
        for nobody in ["4000000000", "", "x"] {
            assert_eq!(show(bench, nobody, false).await, (format!("{nobody}: there is no such enrollment\n"), 2));
            assert_eq!(reinstate(bench, nobody, false).await.1, 2);
        }
        // It has not ended.
        assert_eq!(reinstate(bench, &number, false).await, (format!("{number}: it has not ended\n"), 2));
        let page = browser.visit(&format!("/account/coverage/{id}/end")).await;
        let page = page.choose("reason-other").fill("day", "11/29/2026").press("Check what it means").await;
        page.choose("sure").press("End this plan").await.says("It is done.");
        let back = format!("{number}: it is in force again, and its insurer will be told\n");
        assert_eq!(reinstate(bench, &spaced, false).await, (back.replace(&number, &spaced), 0));
        assert_eq!(reinstate(bench, &number, false).await.1, 2, "once");
        assert!(show(bench, &number, false).await.0.contains("state: confirmed\nstarts: 2026-01-01\nends: 2026-12-31"));
        let actor = "SELECT actor FROM audit WHERE deed = 'coverage_reinstated'";
        assert!(text(bench, actor).await.starts_with("operator:uid "));
        assert_eq!(
            bench.count("enrollment_change WHERE kind = 'reinstate' AND held = ''").await,
            1,
            "its insurer is told"
        );
        // One whose insurer was never told comes back as new; one that another plan has replaced does not.
        let fresh = of_owner(&world, &owner, &NEXT_YEAR, "").await;
        let page = browser.visit(&format!("/account/coverage/{fresh}/cancel")).await;
        page.choose("sure").press("Cancel this plan").await.says("The plan is cancelled");
        let asked = format!("SELECT number FROM enrollment WHERE id = '{fresh}'");
        let number = text(bench, &asked).await;
        let (said, code) = reinstate(bench, &number, true).await;
        let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!((json["done"].as_bool(), json["id"].as_str(), code), (Some(true), Some(fresh.as_str()), 0));
        assert!(show(bench, &number, false).await.0.contains("state: signed"), "as it stood before");
        let waits = format!("enrollment_change WHERE enrollment = '{fresh}' AND held = '' AND file = ''");
        assert_eq!(bench.count(&waits).await, 1, "the first one, and nothing else");
        let page = browser.visit(&format!("/account/coverage/{fresh}/cancel")).await;
        page.choose("sure").press("Cancel this plan").await.says("The plan is cancelled");
        of_owner(&world, &owner, &NEXT_YEAR, &fresh).await;
        let (said, code) = reinstate(bench, &number, false).await;
        assert_eq!((said.contains("another plan has taken its place"), code), (true, 2), "{said}");
    })
    .await;
}
