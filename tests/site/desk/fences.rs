//! Who reaches what: every route of the desk, read from its source; people's pages and the desk know nothing of each other.

use std::time::Instant;

use sqlx::Connection as _;
use windowshop::operator::desk::RoleArg;

use super::people::{Worker, desk};
use crate::office::people::World;
use crate::proof::fences::routes_in;
use crate::proof::files::pdf;
use crate::proof::needs::{guest, text};
use crate::store::engines::{TOLD, on_each_engine};

/// Open to whoever is not signed in.
const DOORS: [&str; 4] = ["/", "/desk.css", "/desk/sign-in", "/desk/begin"];
const SUPERVISORS: [&str; 3] = ["/desk/accounts", "/desk/aside", "/desk/record"];

#[tokio::test]
async fn every_page_of_the_desk_is_behind_its_door() {
    let routes = routes_in("src/desk/mod.rs");
    assert!(routes.len() > 20, "{routes:?}");
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let needs = guest(&world, bench, &own, &["ssn"]).await;
        own.upload(&needs[0].page, &[("a.pdf", &pdf("a")), ("bad.pdf", b"MZ\x90")]).await;
        let document = text(bench, "SELECT id FROM document").await;
        let aside = text(bench, "SELECT id FROM aside").await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let user = text(bench, "SELECT id FROM desk_user").await;
        let of = |address: &str| {
            let id = match address {
                address if address.contains("/document/") => &document,
                address if address.contains("/aside/") => &aside,
                address if address.contains("/accounts/") => &user,
                _ => &needs[0].dmi,
            };
            address.replace("{id}", id)
        };
        let nobody = desk(&world);
        for (address, posts) in &routes {
            let address = of(address);
            let page = match posts {
                true => nobody.post(&address, "").await,
                false => nobody.get(&address).await,
            };
            page.says_nothing_of("Zapotillo").says_nothing_of("a.pdf");
            assert_eq!(page.header("cache-control"), "no-store", "{address}");
            if !DOORS.contains(&address.as_str()) {
                assert_eq!(
                    (page.status, page.header("location").split('?').next()),
                    (303, Some("/desk/sign-in")),
                    "{address}"
                );
            }
            // A public browser has no such page, in no language.
            for prefix in ["", "/es"] {
                let address = format!("{prefix}{address}");
                if address.contains("/desk") {
                    assert_eq!(own.get(&address).await.status, 404, "{address}");
                    assert_eq!(own.post(&address, "").await.status, 404, "{address}");
                }
            }
        }
        // Signed in, what does not exist is not there, and nothing is opened by an address alone.
        for (address, posts) in routes.iter().filter(|(address, _)| address.contains("{id}")) {
            let supervisors = SUPERVISORS.iter().any(|page| address.starts_with(page)) || address.ends_with("/move");
            let missing = address.replace("{id}", &"0".repeat(32));
            let page = match posts {
                true => maria.browser.post(&missing, "reason=locked").await,
                false => maria.browser.get(&missing).await,
            };
            let told = page.header("location").contains("note=gone");
            assert!(page.status == if supervisors { 403 } else { 404 } || told, "{missing}: {}", page.status);
        }
        let closed = maria.browser.get(&format!("/desk/item/{}", needs[0].dmi)).await;
        closed.says_nothing_of("Zapotillo").says_nothing_of("a.pdf");
        for page in SUPERVISORS {
            let refused = maria.browser.get(page).await;
            assert_eq!(refused.status, 403, "{page}");
        }
        // From another site nothing is taken.
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
        let forged = maria.browser.send("POST", "/desk/sign-out", &headers, axum::body::Body::empty()).await;
        assert_eq!(forged.status, 403);
        assert_eq!(maria.browser.get("/desk").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_session_of_one_side_is_none_of_the_other() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        world.sign_up(&own, "ana@example.org").await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Supervisor).await;
        // The desk's cookie, whatever it is called, at people's pages; and the other way round.
        let desk_token = maria.browser.jar().cookie("k").expect("a cookie").0;
        let own_token = own.jar().cookie("w").expect("a cookie").0;
        for name in ["k", "w", "__Host-w", "__Host-k"] {
            let cookie = format!("{name}={desk_token}");
            let page = world.browser().get_with("/account/proof", &[("cookie", &cookie)]).await;
            assert_eq!((page.status, page.header("location")), (303, "/account"), "{name}");
            let cookie = format!("{name}={own_token}");
            let page = desk(&world).get_with("/desk", &[("cookie", &cookie)]).await;
            assert_eq!((page.status, page.header("location")), (303, "/desk/sign-in"), "{name}");
        }
        for page in ["/account", "/account/proof", "/plans", "/es/account"] {
            assert_eq!(maria.browser.get(page).await.status, 404, "{page} is no page of the desk");
        }
    })
    .await;
}

#[tokio::test]
async fn supervisors_see_accounts_what_was_set_aside_and_the_record() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let own = world.browser();
        let needs = guest(&world, bench, &own, &["ssn"]).await;
        let bad = b"<html>\ntamarindo".to_vec();
        own.upload(&needs[0].page, &[("page.pdf", &bad)]).await;
        let chief = Worker::new(&world, bench, "chief", RoleArg::Supervisor).await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let asides = chief.browser.visit("/desk/aside").await;
        asides.says("upload").says("web page").says_nothing_of("tamarindo");
        let aside = text(bench, "SELECT id FROM aside").await;
        let file = chief.browser.post(&format!("/desk/aside/{aside}"), "").await;
        assert_eq!((file.body.as_slice(), file.header("content-type")), (bad.as_slice(), "application/octet-stream"));
        assert!(file.header("content-disposition").starts_with("attachment"));
        let accounts = chief.browser.visit("/desk/accounts").await;
        accounts.says_all(&["chief", "supervisor", "maria", "reviewer", "active"]);
        let done = accounts.press("Disable maria").await;
        done.says("disabled and signed out");
        assert_eq!(maria.browser.get("/desk").await.header("location"), "/desk/sign-in");
        let record = chief.browser.visit("/desk/record").await;
        record.says_all(&["chief (desk)", "aside opened", "desk user disabled", "desk user added"]);
    })
    .await;
}

#[tokio::test]
async fn the_desk_does_not_wait_for_a_store_that_has_fallen_silent() {
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let maria = Worker::new(&world, bench, "maria", RoleArg::Reviewer).await;
        let held = bench.hold("desk_session").await;
        let began = Instant::now();
        let page = maria.browser.visit("/desk").await;
        assert!(began.elapsed() < TOLD, "{:?}", began.elapsed());
        // Whoever reads on SQLite waits for nobody.
        match bench.is_sqlite() {
            true => assert_eq!(page.heading(), "Documents that wait"),
            false => {
                assert_eq!((page.status, page.header("cache-control")), (503, "no-store"));
                assert!(!page.header("retry-after").is_empty());
                page.says("The store is away");
            }
        }
        held.close().await.expect("it closes");
        assert_eq!(maria.browser.visit("/desk").await.heading(), "Documents that wait");
    })
    .await;
}
