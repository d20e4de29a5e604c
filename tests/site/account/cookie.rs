//! The cookie: its attributes when set and when removed, a new one at sign-in, and whose forms are taken.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use axum::routing::{get, post};
use serde_json::json;
use tower::ServiceExt as _;
use tower_sessions::Session;
use windowshop::account::cookie::{self, Cookie};
use windowshop::account::session::{SHAPE, Sessions};

use crate::store::engines::{Bench, on_each_engine};

const SITE: &str = "https://plans.example.org";

/// Pages that begin, deepen, read and end a session.
async fn pages(bench: &Bench, public_url: Option<&str>) -> Router {
    let sessions = Sessions::new(bench.open().await.store);
    let guest = json!({ "owner": "guest:g1", "lang": "es" });
    let signed_in = json!({ "owner": "account:a1", "lang": "es", "authenticated_at": 1 });
    let begin = async move |session: Session| session.insert(SHAPE, guest.clone()).await.expect("begun");
    let sign_in = async move |session: Session| {
        session.insert(SHAPE, signed_in.clone()).await.expect("signed in");
        session.cycle_id().await.expect("a new ID");
    };
    let read = async |session: Session| match session.get_value(SHAPE).await.expect("read") {
        Some(shape) => shape["owner"].as_str().unwrap_or_default().to_string(),
        None => "nobody".to_string(),
    };
    let end = async |session: Session| session.flush().await.expect("ended");
    let routes = Router::new()
        .route("/begin", post(begin))
        .route("/sign-in", post(sign_in))
        .route("/", get(read))
        .route("/end", post(end));
    cookie::layers(routes, (sessions, Cookie::of(public_url, false)), public_url)
        .expect("layers")
        .with_state(Arc::new(()))
}

async fn send(pages: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "internal.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    pages.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer")
}

fn set_cookie(response: &Response<Body>) -> &str {
    response.headers()[header::SET_COOKIE].to_str().expect("plain")
}

/// `name=value` of a cookie, as the browser sends it back.
fn pair(cookie: &str) -> &str {
    cookie.split(';').next().expect("a pair")
}

/// The attributes that a browser compares.
fn attributes(cookie: &str) -> BTreeSet<String> {
    let attributes = cookie.split(';').skip(1).map(|one| one.trim().to_string());
    attributes.filter(|one| !one.starts_with("Max-Age") && !one.starts_with("Expires")).collect()
}

async fn owner(pages: &Router, cookie: &str) -> String {
    let response = send(pages, "GET", "/", &[("cookie", cookie)]).await;
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let bytes = axum::body::to_bytes(response.into_body(), 1_000).await.expect("a body");
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[tokio::test]
async fn the_removal_cookie_has_the_attributes_of_the_one_it_removes() {
    on_each_engine(async |bench| {
        for (public_url, name) in [(Some(SITE), "__Host-w="), (None, "w=")] {
            let pages = pages(bench, public_url).await;
            let begun = send(&pages, "POST", "/begin", &[]).await;
            let set = set_cookie(&begun).to_string();
            assert!(set.starts_with(name), "{set}");
            let ended = send(&pages, "POST", "/end", &[("cookie", pair(&set))]).await;
            let removed = set_cookie(&ended);
            assert!(removed.starts_with(&format!("{name};")) && removed.contains("Max-Age=0"), "{removed}");
            assert_eq!(attributes(removed), attributes(&set));
            let tls = attributes(&set).contains("Secure");
            assert_eq!(tls, public_url.is_some());
            for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
                assert!(attributes(&set).contains(attribute), "{attribute}: {set}");
            }
            assert!(!set.contains("Max-Age") && !set.contains("Expires") && !set.contains("Domain"), "{set}");
            assert_eq!(owner(&pages, pair(&set)).await, "nobody", "and the row is gone");
        }
        assert_eq!(bench.count("session").await, 0);
    })
    .await;
}

#[tokio::test]
async fn signing_in_makes_a_new_id_and_the_old_one_is_nobodys() {
    on_each_engine(async |bench| {
        let (one, other) = (pages(bench, Some(SITE)).await, pages(bench, Some(SITE)).await);
        let begun = send(&one, "POST", "/begin", &[]).await;
        let guest = pair(set_cookie(&begun)).to_string();
        assert_eq!(owner(&other, &guest).await, "guest:g1", "on the other process, too");
        let signed_in = send(&other, "POST", "/sign-in", &[("cookie", &guest)]).await;
        let account = pair(set_cookie(&signed_in)).to_string();
        assert_ne!(account, guest);
        assert_eq!(owner(&one, &account).await, "account:a1");
        assert_eq!(owner(&one, &guest).await, "nobody", "whoever planted it has nothing");
        assert_eq!(bench.count("session").await, 1);
        let read = send(&one, "GET", "/", &[("cookie", &account)]).await;
        assert!(!read.headers().contains_key(header::SET_COOKIE), "reading writes no cookie");
    })
    .await;
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let bench = Bench::new(None).await;
    let pages = pages(&bench, Some(SITE)).await;
    for (headers, taken) in [
        (vec![("sec-fetch-site", "same-origin")], true),
        (vec![("sec-fetch-site", "none")], true),
        (vec![("sec-fetch-site", "cross-site")], false),
        (vec![("sec-fetch-site", "same-site")], false),
        // An old browser behind a proxy that rewrites Host.
        (vec![("origin", SITE)], true),
        (vec![("origin", "https://evil.example")], false),
        (vec![("origin", "null")], false),
        // No browser at all: nothing that a person's browser could be made to send.
        (vec![], true),
    ] {
        let status = send(&pages, "POST", "/begin", &headers).await.status();
        assert_eq!(status != StatusCode::FORBIDDEN, taken, "{headers:?}: {status}");
    }
    assert_eq!(send(&pages, "GET", "/", &[("sec-fetch-site", "cross-site")]).await.status(), StatusCode::OK);
    assert_eq!(send(&pages, "GET", "/end", &[]).await.status(), StatusCode::METHOD_NOT_ALLOWED, "nothing ends on GET");
}
