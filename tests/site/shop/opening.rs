//! Every page of a search opens the same way: settled, or asked, or sent elsewhere; one spelling; a 304 before any
//! work.

use crate::site::Site;

const WHO: &str = "year=2026&zip=45202&county=39061&people=40";

/// Every address of a search, with what it needs besides who and where, and whether it requires the canonical
/// spelling.
fn pages(plan: &str) -> [(String, String, bool); 8] {
    let pages = [
        ("/plans", "", true),
        ("/plans.csv", "", false),
        ("/care", "", true),
        ("/how", "", true),
        ("/plans/PLAN", "", true),
        ("/plans/PLAN/costs", "&case=bad", true),
        ("/compare", "&plan=PLAN&only=differences", true),
        ("/compare.csv", "&plan=PLAN", false),
    ];
    pages.map(|(path, own, canonical)| (path.replace("PLAN", plan), own.replace("PLAN", plan), canonical))
}

async fn a_plan(site: &Site) -> String {
    site.rows(WHO).await[0]["plan_id"].clone()
}

#[tokio::test]
async fn every_page_answers_304_to_clients_that_have_it() {
    let site = Site::open().await;
    for (path, own, _) in pages(&a_plan(&site).await) {
        for (money, caching) in [("", "public"), ("&income=30000", "private")] {
            let uri = format!("{path}?{WHO}{money}{own}");
            let first = site.visit(&uri).await;
            assert_eq!(first.status, 200, "{uri}");
            assert!(first.header("cache-control").starts_with(caching), "{uri}: {}", first.header("cache-control"));
            let again = site.get_with(&first.address, &[("if-none-match", first.header("etag"))]).await;
            assert_eq!((again.status, again.text.len()), (304, 0), "{uri}");
        }
    }
}

#[tokio::test]
async fn every_page_has_one_spelling_and_spreadsheets_take_any() {
    let site = Site::open().await;
    for (path, own, canonical) in pages(&a_plan(&site).await) {
        let to = format!("{path}?{WHO}{own}");
        let other = format!("{path}?zip=45202&age1=40{own}&monthly=");
        let answer = site.get(&other).await;
        match canonical {
            true => assert_eq!((answer.status, answer.header("location")), (303, to.as_str()), "{other}"),
            false => assert_eq!(answer.status, 200, "{other}"),
        }
        let spanish = site.get(&format!("/es{other}")).await;
        assert_eq!(spanish.header("location"), if canonical { format!("/es{to}") } else { String::new() }, "{other}");
    }
}

#[tokio::test]
async fn ignored_values_are_reported_once_and_stay_in_the_address() {
    let site = Site::open().await;
    for (path, own, canonical) in pages(&a_plan(&site).await) {
        let uri = format!("{path}?{WHO}{own}&color=red&year=1999");
        let answer = site.get(&uri).await;
        assert_eq!(answer.status, 200, "{uri}");
        if canonical {
            let words = answer.words();
            assert_eq!(words.matches("color=red").count(), 1, "{uri}: {words}");
            assert_eq!(words.matches("year=1999").count(), 1, "{uri}: {words}");
        }
    }
    for (uri, said) in [
        ("/plans/PLAN/costs?WHO&case=worst", "case=worst"),
        ("/compare?WHO&plan=PLAN&only=some", "only=some"),
        ("/compare?WHO&plan=PLAN,nonsense", "“nonsense”"),
        ("/compare?WHO&plan=PLAN,12345XX0000001", "“12345XX0000001”"),
        ("/compare?WHO&plan=12345XX0000001,12345XX0000002,12345XX0000003,12345XX0000004", "3 plans at a time"),
    ] {
        let uri = uri.replace("PLAN", &a_plan(&site).await).replace("WHO", WHO);
        let answer = site.visit(&uri).await;
        assert_eq!((answer.status, answer.words().matches(said).count()), (200, 1), "{uri}");
    }
}

#[tokio::test]
async fn every_page_asks_for_what_is_missing_and_leads_elsewhere() {
    let site = Site::open().await;
    for (path, own, _) in pages(&a_plan(&site).await) {
        // A plan's page also works without a household.
        let asks = path.ends_with("/costs") || !path.starts_with("/plans/");
        let wrong = if asks { 422 } else { 200 };
        let asked = site.visit(&format!("{path}?people=40{own}")).await;
        assert_eq!(asked.status, 200, "{path}");
        assert!(!asked.heading().is_empty() && (!asks || asked.has_field("Your ZIP code")), "{path}");
        let asked = site.visit(&format!("{path}?zip=45202&people=forty{own}")).await;
        assert_eq!(asked.status, wrong, "{path}");
        let private = site.visit(&format!("{path}?zip=90001&people=40&income=30000{own}")).await;
        assert_eq!(private.status, 200, "{path}");
        assert!(private.header("cache-control").starts_with("private"), "{path}: an income is for its own browser");
        if asks {
            private.says("Covered California");
        }
    }
}
