//! An issue or a document of somebody else is not there: every route of the room, read from its source.

use super::files::pdf;
use super::needs::{guest, text};
use crate::office::people::World;
use crate::store::engines::on_each_engine;
use crate::web::repository::root;

/// Addresses of the routes in a source, each with whether it takes a form.
pub fn routes_in(file: &str) -> Vec<(String, bool)> {
    let source = std::fs::read_to_string(root().join(file)).expect(file);
    let mut routes = Vec::new();
    for part in source.split(".route(\"").skip(1) {
        let (address, rest) = part.split_once('"').expect("an address");
        let handler = rest.split(".route(").next().unwrap_or_default();
        let handler = handler.lines().next().unwrap_or_default();
        if handler.contains("get(") {
            routes.push((address.to_string(), false));
        }
        if handler.contains("post(") {
            routes.push((address.to_string(), true));
        }
    }
    routes
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let routes = routes_in("src/proof/mod.rs");
    assert!(routes.len() >= 6 && routes.contains(&("/account/proof/{id}".to_string(), true)), "{routes:?}");
    on_each_engine(async |bench| {
        let world = World::with(bench, &["--proof-address", "P.O. Box 77"]).await;
        let (own, other) = (world.browser(), world.browser());
        let needs = guest(&world, bench, &own, &["ssn"]).await;
        guest(&world, bench, &other, &["ssn"]).await;
        own.upload(&needs[0].page, &[("a.pdf", &pdf("a"))]).await;
        let document = text(bench, "SELECT id FROM document").await;
        let wrong = "0".repeat(32);
        for (address, posts) in routes.iter().filter(|(address, _)| address.contains("{id}")) {
            let own_id = if address.contains("/document/") { &document } else { &needs[0].dmi };
            for prefix in ["", "/es"] {
                for (browser, id) in [(&other, own_id), (&other, &wrong), (&own, &wrong)] {
                    let address = format!("{prefix}{}", address.replace("{id}", id));
                    let page = match posts {
                        true => browser.upload(&address, &[("b.pdf", &pdf("b"))]).await,
                        false => browser.get(&address).await,
                    };
                    assert_eq!(page.status, 404, "{address}: {}", page.words());
                    page.says_nothing_of("Zapotillo").says_nothing_of("a.pdf");
                }
                let address = format!("{prefix}{}", address.replace("{id}", own_id));
                if !posts {
                    assert_eq!(own.get(&address).await.status, 200, "{address} is its owner's");
                }
                // Whoever has nothing here is led to the door.
                let nobody = world.browser().get(&address).await;
                assert_eq!(nobody.status, 303, "{address}");
            }
        }
        assert_eq!(bench.count("document").await, 1);
    })
    .await;
}
