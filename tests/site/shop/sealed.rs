//! Private answers travel sealed: no address, link or form of a page shows one, and none is lost on the way.

use axum::body::Body;

use crate::site::{Page, Site};

const WHO: &str = "year=2026&zip=45202&county=39061";
const PRIVATE: &str = "people=40p,38m,9&sex=f,m&care=diabetes,low&income=60000&monthly=4000&offer=150";
/// What must never be readable in an address: names of private pairs, and letters p, m and c after an age.
const NEVER: [&str; 9] = ["income=", "monthly=", "offer=", "sex=", "care=", "a1=", "p1=", "40p", "38m"];

fn pages() -> Vec<String> {
    let mut pages: Vec<String> =
        ["/plans?", "/plans?metal=gold&page=2&", "/plans?product=dental&", "/plans?premium=1-2&"]
            .map(|start| format!("{start}{WHO}&{PRIVATE}"))
            .into();
    for path in ["/", "/care", "/how", "/income", "/plans/29341OH0100024", "/plans/29341OH0100024/costs"] {
        pages.push(format!("{path}?{WHO}&{PRIVATE}"));
    }
    pages.push(format!("/compare?{WHO}&{PRIVATE}&plan=29341OH0100024&plan=29341OH0100050"));
    pages.push(format!("/plans?zip=10001&{PRIVATE}"));
    pages.push("/plans?zip=45202&people=40&income=lots".to_string());
    pages
}

#[tokio::test]
async fn no_address_on_any_page_shows_a_private_answer() {
    let site = Site::open().await;
    for site in [site.clone(), site.in_spanish()] {
        for address in pages() {
            let page = site.visit(&address).await;
            assert!([200, 422].contains(&page.status), "{address}: {}", page.status);
            let shows = |address: &str| NEVER.iter().any(|name| address.contains(name));
            assert!(!shows(&page.address), "{address} → {}", page.address);
            for link in page.links() {
                assert!(!shows(&link.href), "{address}: {}", link.href);
            }
            for form in page.select("form") {
                let method = form.attr("method").unwrap_or("get");
                for field in form.select(&crate::site::page::css("input[name]")) {
                    let name = field.attr("name").unwrap_or_default();
                    let typed = !matches!(field.attr("type"), Some("hidden"));
                    let private = NEVER.contains(&format!("{name}=").as_str()) || name.starts_with("offer");
                    // A private field is typed into a form that is posted, and no form carries it along.
                    assert!(!private || method == "post", "{address}: {name} would stand in an address");
                    assert!(!private || typed, "{address}: {name} is carried readable");
                }
            }
            assert!(!page.header("cache-control").contains("public"), "{address}");
        }
    }
}

#[tokio::test]
async fn nothing_is_lost_on_the_way_through_a_seal() {
    let site = Site::open().await;
    let page = site.visit(&format!("/plans?{WHO}&{PRIVATE}")).await;
    let said = site.said(&page.address);
    for kept in ["people=40p,38m,9", "sex=f,m", "care=diabetes,low", "income=60000", "monthly=4000", "offer=150"] {
        assert!(said.contains(&kept.to_string()), "{kept} not in {said:?}");
    }
    // The same answers on the same day give one address, and the browser already has the page.
    let again = site.visit(&format!("/plans?{WHO}&{PRIVATE}")).await;
    assert_eq!(page.address, again.address);
    let cached = site.get_with(&page.address, &[("if-none-match", page.header("etag"))]).await;
    assert_eq!((cached.status, cached.body.len()), (304, 0));
    // The link without private answers is there, and public.
    let bare = site.visit(&page.link("without")).await;
    assert!(!bare.address.contains("my="), "{}", bare.address);
    assert!(bare.header("cache-control").starts_with("public"));
}

async fn post(site: &Site, path: &str, body: &str) -> Page {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    site.send("POST", path, &headers, Body::from(body.to_string())).await
}

#[tokio::test]
async fn a_posted_form_is_answered_by_an_address_and_keeps_what_is_wrong() {
    let site = Site::open().await;
    let sent = post(&site, "/plans", "zip=45202&age1=40&p1=1&income=37%2C650&metal=gold").await;
    assert_eq!(sent.status, 303);
    assert_eq!(sent.header("cache-control"), "no-store");
    let to = sent.header("location").to_string();
    assert!(to.starts_with("/plans?year=2026&zip=45202&county=39061&people=40&metal=gold&my="), "{to}");
    assert_eq!(site.get(&to).await.status, 200);
    // Public answers alone get a plain address.
    let plain = post(&site, "/es/plans", "zip=45202&age1=40&income=").await;
    assert_eq!(plain.header("location"), "/es/plans?year=2026&zip=45202&county=39061&people=40");
    let wrong = post(&site, "/plans", "zip=45202&age1=40&income=lots").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("value=\"lots\"") && wrong.header("cache-control").contains("no-store"));
    for (kind, body, status) in [("text/plain", "zip=1", 400), ("application/x-www-form-urlencoded", "\u{fffd}", 303)] {
        let answer = site.send("POST", "/plans", &[("content-type", kind)], Body::from(body)).await;
        assert!(answer.status == status || answer.status == 200, "{kind}: {}", answer.status);
    }
    let bytes = site
        .send(
            "POST",
            "/plans",
            &[("content-type", "application/x-www-form-urlencoded")],
            Body::from(vec![0xff_u8, 0xfe]),
        )
        .await;
    assert_eq!(bytes.status, 400);
}

#[tokio::test]
async fn a_seal_that_does_not_open_asks_again_kindly() {
    let (site, other) = (Site::empty(&[]).await, Site::open().await);
    drop(site);
    let sealed = other.visit(&format!("/plans?{WHO}&people=40&income=37650")).await.address;
    let cut = &sealed[..sealed.len() - 4];
    for (site, said) in [(other.clone(), "Please give them again"), (other.in_spanish(), "escríbalas de nuevo")] {
        let page = site.get(cut).await;
        assert_eq!(page.status, 200, "{cut}");
        page.says(said);
        assert!(!page.header("cache-control").contains("public"));
    }
}

#[tokio::test]
async fn spreadsheets_for_programs_take_readable_answers() {
    let site = Site::open().await;
    for path in ["/plans.csv", "/compare.csv"] {
        let plans = if path == "/plans.csv" { "" } else { "&plan=29341OH0100024" };
        let answer = site.get(&format!("{path}?{WHO}&people=40&income=37650{plans}")).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.header("cache-control").contains("public"), "{path}");
        assert!(!answer.rows().is_empty(), "{path}");
    }
}
