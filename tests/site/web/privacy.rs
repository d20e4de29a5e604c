//! What an address says about a household stays between the visitor and us: every route, every private parameter,
//! every kind of answer. Generated, so a new page is covered from its first day.

use super::*;

/// Every page and file of the route table, a plan's ID filled in.
fn routes() -> Vec<String> {
    let table = include_str!("../../../src/router.rs");
    let named: Vec<String> = table
        .split(".route(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("{plan_id}", "29341OH0100058").replace("{file}", "x.css"))
        .collect();
    assert!(named.len() > 15 && named.iter().any(|path| path == "/plans"), "{named:?}");
    let spanish = named.iter().map(|path| format!("/es{}", path.trim_end_matches('/')));
    spanish.chain(named.iter().cloned()).chain(["/nowhere".to_string(), "/es/".to_string()]).collect()
}

/// Each says something about money, care, sex, pregnancy, tribe or coverage, in a word that can be searched for.
const PRIVATE: [&str; 26] = [
    "income=37651",
    "income=%2437%2C651",
    "%69ncome=37651",
    "monthly=3137",
    "offer=411.37",
    "offer_family=977.31",
    "care=hiv",
    "care=%20hiv",
    "sex=f",
    "sex=,m",
    "people=40p",
    "people=40m",
    "people=38,40tp",
    "people=40c",
    "age1=40&p1=1",
    "age1=40&m1=1",
    "age1=40&c1=1",
    "age1=40&x1=f",
    "age1=40&u1=maternity",
    "k1=job&a1=37651&f1=year",
    "event=pregnancy.2026-11-03",
    "programs=pregnancy",
    "q=hiv+doctor",
    "my=c2VhbGVkLWFuc3dlcnM",
    "tribe=37651",
    "sort=%E2%82%AC37651",
];

/// Where: sold here, sold elsewhere, a county still to be asked for, nothing, nonsense.
const PLACES: [&str; 5] = [
    "year=2026&zip=45202&county=39061&people=40",
    "zip=10001&people=40",
    "zip=45202&county=39061",
    "",
    "zip=nonsense&people=400",
];

#[tokio::test]
async fn no_answer_to_a_private_address_is_for_a_shared_cache_or_in_the_log() {
    let site = Site::open().await;
    let (log, _guard) = Log::keep(LogFormat::Json);
    let mut seen = std::collections::BTreeMap::new();
    for route in routes() {
        for private in PRIVATE {
            for (i, place) in PLACES.iter().enumerate() {
                // The private part both first and last: what comes later in an address must not undo it.
                let query = if i % 2 == 0 { format!("{place}&{private}") } else { format!("{private}&{place}") };
                let uri = format!("{route}?{}", query.trim_matches('&'));
                let got = site.get(&uri).await;
                let caching = got.header("cache-control").to_ascii_lowercase();
                assert!(!caching.is_empty(), "{uri} says nothing");
                assert!(
                    !caching.contains("public") && !caching.contains("s-maxage"),
                    "{uri}: {} {caching}",
                    got.status
                );
                *seen.entry(got.status).or_insert(0) += 1;
                if got.header("etag").is_empty() {
                    continue;
                }
                let again = site.get_with(&uri, &[("if-none-match", got.header("etag"))]).await;
                // A spreadsheet is generated again.
                assert!(matches!(again.status, 304 | 200), "{uri}: {}", again.status);
                assert!(!again.header("cache-control").contains("public"), "{uri}: {}", again.status);
                *seen.entry(again.status).or_insert(0) += 1;
            }
        }
    }
    assert!([200, 303, 304, 404, 422].iter().all(|status| seen.contains_key(status)), "every kind was met: {seen:?}");
    // Times, lengths and IDs are digits too.
    let plain = |line: &str| {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        ["timestamp", "ms", "bytes", "span"].iter().for_each(|name| drop(line.as_object_mut().unwrap().remove(*name)));
        line.to_string()
    };
    let lines: Vec<String> = log.text().lines().map(plain).collect();
    assert!(lines.len() > 1000);
    for said in ["37651", "3137", "411.37", "977.31", "hiv", "maternity", "pregnancy", "40p", "c2Vh", "45202", "10001"]
    {
        assert_eq!(lines.iter().find(|line| line.contains(said)), None, "{said} is in the log");
    }
}

#[tokio::test]
async fn public_addresses_stay_cacheable_and_their_redirects_too() {
    let site = Site::open().await;
    for (uri, status) in [
        ("/plans?year=2026&zip=45202&county=39061&people=40", 200),
        ("/es/plans?year=2026&zip=45202&county=39061&people=40,38t&metal=silver", 200),
        ("/plans?zip=45202&county=39061&age1=40&t1=&income=&offer=&care=", 303),
        ("/plans/?zip=45202", 308),
        ("/glossary", 200),
        ("/", 200),
    ] {
        let got = site.get(uri).await;
        assert_eq!(got.status, status, "{uri}");
        assert!(got.header("cache-control").starts_with("public, max-age="), "{uri}: {}", got.header("cache-control"));
    }
}

#[tokio::test]
async fn a_private_page_cannot_be_guessed_from_its_tag() {
    use sha2::{Digest as _, Sha256};
    let site = Site::open().await;
    let query = "year=2026&zip=45202&county=39061&people=40&income=37651";
    let got = site.get(&format!("/plans?{query}")).await;
    // What anyone could work out by testing incomes against a tag seen in a proxy's log.
    for version in [got.header("etag").to_string(), site.app.catalogues.current().newest().version.clone()] {
        let mut hash = Sha256::new();
        for part in [site.app.build, &version, "en", "/plans", query] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        let tag: String = hash.finalize().iter().take(12).map(|b| format!("{b:02x}")).collect();
        assert!(!got.header("etag").contains(&tag));
    }
}

#[tokio::test]
async fn a_client_that_refuses_every_coding_gets_the_plain_page() {
    let site = Site::open().await;
    for uri in ["/plans?year=2026&zip=45202&county=39061&people=40", site.app.assets.url("site.css"), "/nowhere"] {
        let plain = site.get(uri).await;
        for refusing in ["identity;q=0", "*;q=0", "identity;q=0, br;q=0"] {
            let got = site.get_with(uri, &[("accept-encoding", refusing)]).await;
            assert_eq!((got.status, got.header("content-encoding")), (plain.status, ""), "{uri} {refusing}");
            if plain.status == 200 {
                assert_eq!(got.body, plain.body, "{uri}");
            }
        }
    }
}

#[tokio::test]
async fn a_star_matches_no_page() {
    let site = Site::open().await;
    let unknown = site.get_with("/plans/99999ZZ9999999?year=2026", &[("if-none-match", "*")]).await;
    assert_eq!(unknown.status, 404);
    let known = site.get_with("/glossary", &[("if-none-match", "*")]).await;
    assert_eq!((known.status, known.body.is_empty()), (200, false));
}

/// sqlx logs statements that take over a second with their text, in which column names reveal a household's ages.
#[tokio::test]
async fn a_slow_statement_is_not_in_the_log() {
    let site = Site::open().await;
    let (log, _guard) = Log::keep(LogFormat::Json);
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
                SELECT count(*) AS a14 FROM n WHERE i % 2 + i % 3 + i % 5 + i % 7 > 20";
    let (catalogues, mut rows, mut took) = (site.app.catalogues.current(), 2_000_000, Duration::ZERO);
    while took < Duration::from_millis(1100) {
        let begun = std::time::Instant::now();
        sqlx::query(slow).bind(rows).fetch_one(&catalogues.newest().pool).await.unwrap();
        (rows, took) = (rows * 2, begun.elapsed());
    }
    assert!(!log.text().contains("a14"), "{}", log.text());
}
