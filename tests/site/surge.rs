//! The page cache, in-process, with the shipped sample behind it: what is kept, for whom, and what is never kept.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use windowshop::surge::coding::Coding;
use windowshop::surge::page_cache::PageCache;

use crate::site::{Page, Site};

const LIST: &str = "/plans?year=2026&zip=45202&county=39061&people=40";
const BR: [(&str, &str); 1] = [("accept-encoding", "gzip, deflate, br, zstd")];

fn cache(shop: &Site) -> &PageCache {
    shop.app.pages.as_ref().expect("it is on unless turned off")
}

/// Fills, hits, first sightings, private requests, fills that were not kept.
fn counts(shop: &Site) -> [u64; 5] {
    let counts = cache(shop).counts();
    [&counts.fills, &counts.hits, &counts.first_sightings, &counts.private, &counts.not_kept]
        .map(|counter| counter.load(Ordering::Relaxed))
}

/// The raw bytes of a page in brotli, and its ETag.
async fn brotli(shop: &Site, uri: &str) -> (Vec<u8>, String) {
    let request = Request::get(uri).header("accept-encoding", "br").body(Body::empty()).expect("a request");
    let response = shop.router.clone().oneshot(request).await.expect("an answer");
    assert_eq!(response.headers()["content-encoding"], "br");
    let tag = response.headers()["etag"].to_str().expect("plain").to_string();
    (response.into_body().collect().await.expect("a whole body").to_bytes().to_vec(), tag)
}

fn text(coded: &[u8]) -> String {
    String::from_utf8(Coding::Brotli.expand(coded, 1 << 22).expect("brotli")).expect("UTF-8")
}

#[tokio::test]
async fn a_page_is_kept_at_its_second_sighting_and_is_the_same_page() {
    let shop = Site::open().await;
    let plain = shop.get(LIST).await;
    let (first, first_tag) = brotli(&shop, LIST).await;
    assert_eq!(counts(&shop), [0, 0, 2, 0, 0], "each coding has its own sightings");
    let (kept, kept_tag) = brotli(&shop, LIST).await;
    let (hit, hit_tag) = brotli(&shop, LIST).await;
    assert_eq!(counts(&shop), [1, 1, 2, 0, 0]);
    assert_eq!([text(&first), text(&kept), text(&hit)], [plain.text.clone(), plain.text.clone(), plain.text.clone()]);
    // The same bytes have the same strong tag; who waits for a page does not wait for fewer bytes of it.
    assert!(first_tag.ends_with("-br\""), "{first_tag}");
    assert_eq!((&first, &first_tag), (&kept, &kept_tag));
    assert_eq!((&first, &first_tag), (&hit, &hit_tag));
    let smaller = first_tag.replace("-br", "-br2");
    for known in [&first_tag, &smaller, &format!("W/{first_tag}"), &plain.header("etag").to_string()] {
        let answer = shop.get_with(LIST, &[BR[0], ("if-none-match", known)]).await;
        assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{known}");
        assert_eq!(answer.header("etag"), known.trim_start_matches("W/"), "the tag that the client has");
        assert!(answer.header("cache-control").starts_with("public") && answer.header("vary") == "accept-encoding");
    }
    let other = shop.get_with(LIST, &[BR[0], ("if-none-match", "\"0123456789ab-br2\"")]).await;
    assert_eq!(other.status, 200);
    let head = Request::head(LIST).header("accept-encoding", "br").body(Body::empty()).expect("a request");
    let head = shop.router.clone().oneshot(head).await.expect("an answer");
    let (now, now_tag) = brotli(&shop, LIST).await;
    assert!(now_tag == first_tag || now_tag == smaller, "{now_tag}");
    let length = head.headers()["content-length"].to_str().expect("digits");
    assert!([kept.len(), now.len()].map(|length| length.to_string()).contains(&length.to_string()));
    assert!(head.into_body().collect().await.expect("a body").to_bytes().is_empty());
}

/// What stands up to the end of the styles is compressed once (`surge::heads`): nothing there may differ.
#[tokio::test]
async fn pages_of_a_kind_begin_alike() {
    let shop = Site::open().await;
    for site in [&shop, &shop.in_spanish()] {
        let mut heads = std::collections::BTreeSet::new();
        for uri in
            ["/", "/glossary", "/privacy", "/nowhere", LIST, &format!("{LIST},38"), &LIST.replace("/plans", "/care")]
        {
            let page = site.get(uri).await.text;
            let end = page.rfind("</style>").expect("styles");
            heads.insert(page[..end].to_string());
        }
        assert_eq!(heads.len(), 2, "one with the styles of lists and one without: {heads:?}");
    }
}

/// Headers of a kept page are those of a fresh one, except for the request's own.
#[tokio::test]
async fn a_kept_page_has_the_headers_of_a_fresh_one() {
    let shop = Site::open().await;
    let names = |answer: &Page| {
        let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        names
    };
    let (fresh, _, kept) = (shop.get(LIST).await, shop.get(LIST).await, shop.get(LIST).await);
    assert_eq!(counts(&shop)[1], 1);
    // The server adds the length of what it sends (`web::siege` reads it on the wire).
    let of_the_page =
        |names: Vec<String>| names.into_iter().filter(|name| name != "content-length").collect::<Vec<_>>();
    assert_eq!(of_the_page(names(&fresh)), of_the_page(names(&kept)));
    for name in of_the_page(names(&fresh)).iter().filter(|name| *name != "x-request-id") {
        assert_eq!(fresh.header(name), kept.header(name), "{name}");
    }
    let version = shop.app.catalogues.current().version();
    assert_eq!(kept.header("surrogate-key"), format!("windowshop catalogue-{version}"));
}

#[tokio::test]
async fn an_error_page_is_compressed_at_every_sighting() {
    let shop = Site::open().await;
    for sighting in ["first", "second", "third"] {
        let answer = shop.get_with("/plans?zip=00000&people=40", &BR).await;
        assert_eq!(answer.status, 422, "{sighting}");
        assert!(matches!(answer.header("content-encoding"), "br" | "gzip"), "{sighting}");
    }
    assert_eq!(counts(&shop)[1], 0, "none is kept");
}

#[tokio::test]
async fn an_answer_that_is_not_public_is_never_kept() {
    let shop = Site::open().await;
    let said = ["income=37650", "income=0", "care=hiv", "sex=f", "offer=200", "q=Cincinnati", "unheard=of"];
    let mut addresses: Vec<String> = said.iter().map(|said| format!("{LIST}&{said}")).collect();
    addresses.extend(["40p", "40m", "40c"].map(|who| LIST.replace("people=40", &format!("people={who}"))));
    addresses.push("/?care=hiv".to_string());
    addresses.push("/es/how?year=2026&zip=45202&county=39061&people=40&income=37650".to_string());
    // Redirects and errors say nothing about a person here, but are not pages.
    addresses.extend(
        ["/plans?zip=45202&county=39061&people=40", "/no-such-page", "/plans/00000XX0000000"].map(str::to_string),
    );
    for address in &addresses {
        for _ in 0..4 {
            let answer = shop.get_with(address, &BR).await;
            assert!(answer.header("surrogate-key").is_empty() || answer.header("cache-control").starts_with("public"));
        }
    }
    assert_eq!(cache(&shop).pages(), 0, "{addresses:?}");
    let [fills, hits, _, private, not_kept] = counts(&shop);
    assert_eq!((fills, hits), (0, 0));
    assert!(private >= 4 * 12 && not_kept > 0, "{private} private, {not_kept} not kept");
}

#[tokio::test]
async fn a_burst_on_one_link_is_made_once_even_if_the_first_client_leaves() {
    let shop = Site::open().await;
    shop.get_with(LIST, &BR).await;
    let ask = || {
        let request = Request::get(LIST).header("accept-encoding", "br").body(Body::empty()).expect("a request");
        tokio::spawn(shop.router.clone().oneshot(request))
    };
    let first = ask();
    let others: Vec<_> = (0..50).map(|_| ask()).collect();
    // Each is waiting by now, or has its answer; the first one leaves.
    tokio::task::yield_now().await;
    first.abort();
    for other in others {
        assert_eq!(other.await.expect("no panic").expect("an answer").status(), 200);
    }
    let [fills, ..] = counts(&shop);
    let shared = cache(&shop).counts().shared.load(Ordering::Relaxed) + counts(&shop)[1];
    assert_eq!(fills, 1);
    assert!(shared >= 49, "{shared} of 50 had the page of the first");
}

/// Reads a page until its tag ends like this.
async fn read_until(shop: &Site, uri: &str, browser: &str, end: &str) -> Page {
    let begun = Instant::now();
    loop {
        let page = shop.get_with(uri, &[("accept-encoding", browser)]).await;
        if page.header("etag").ends_with(end) {
            return page;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "its tag is still {}", page.header("etag"));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn what_is_read_again_gets_smaller_and_what_is_read_over_and_over_as_small_as_can_be() {
    let shop = Site::open().await;
    let whole = shop.get(LIST).await.text;
    for (browser, codings) in [("gzip, br", ["gz", "br", "br"]), ("br", ["br"; 3]), ("gzip", ["gz"; 3])] {
        let mut before: Option<Page> = None;
        for (coding, effort) in codings.iter().zip(["", "2", "3"]) {
            let page = read_until(&shop, LIST, browser, &format!("-{coding}{effort}\"")).await;
            let is = if *coding == "br" { Coding::Brotli } else { Coding::Gzip };
            assert_eq!(page.header("content-encoding"), is.name().expect("a coding"));
            assert_eq!(is.expand(&page.body, 1 << 22).as_deref(), Some(whole.as_bytes()));
            if let Some(before) = before {
                assert!(page.body.len() < before.body.len(), "{browser}: {coding}{effort} is no smaller");
                let known = [("accept-encoding", browser), ("if-none-match", before.header("etag"))];
                let answer = shop.get_with(LIST, &known).await;
                let (status, tag) = (answer.status, answer.header("etag"));
                assert_eq!((status, tag), (304, before.header("etag")), "nobody fetches again for that");
            }
            before = Some(page);
        }
    }
}

/// A cache in front goes on holding what it was warmed with.
#[tokio::test]
async fn a_landing_page_is_small_from_the_start() {
    let shop = Site::open().await;
    for (browser, end) in [("gzip, br", "-br2\""), ("br", "-br2\""), ("gzip", "-gz2\"")] {
        let page = shop.get_with("/", &[("accept-encoding", browser)]).await;
        assert!(page.header("etag").ends_with(end), "{browser}: {}", page.header("etag"));
    }
}

#[tokio::test]
async fn a_new_catalogue_makes_new_pages_and_no_cache_is_no_cache() {
    let dir = tempfile::tempdir().expect("a folder");
    windowshop::serve::build_sample_into(dir.path()).await.expect("the sample");
    let shop = Site::of(dir.path()).await;
    for _ in 0..3 {
        shop.get("/").await;
    }
    assert_eq!(counts(&shop)[..2], [1, 2]);
    let before = shop.get("/").await.header("etag").to_string();
    // The same content under a later day's name.
    let old = std::fs::read_dir(dir.path()).expect("a folder").find_map(|entry| {
        let path = entry.expect("an entry").path();
        path.extension().is_some_and(|end| end == "db").then_some(path)
    });
    std::fs::copy(old.expect("a catalogue"), dir.path().join("catalogue-2026-20991231-0123abcd.db")).expect("a copy");
    assert!(shop.app.catalogues.look_again().await);
    let after = shop.get("/").await;
    assert_ne!(after.header("etag"), before);
    assert_eq!(after.header("surrogate-key"), "windowshop catalogue-2026-20991231-0123abcd");
    assert_eq!(counts(&shop)[0], 2);
    assert!(PageCache::new(0).is_none());
}
