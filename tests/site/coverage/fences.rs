//! A plan or a year of somebody else is not there: every route of the room, read from its source.

use super::planted::{NEXT_YEAR, THIS_YEAR, guest};
use crate::office::people::World;
use crate::proof::fences::routes_in;
use crate::store::engines::on_each_engine;

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let routes = routes_in("src/coverage/mod.rs");
    assert!(routes.len() >= 10 && routes.contains(&("/account/coverage/{id}/end".to_string(), true)), "{routes:?}");
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (own, other) = (world.browser(), world.browser());
        let (_, id) = guest(&world, bench, &own, &THIS_YEAR).await;
        guest(&world, bench, &other, &NEXT_YEAR).await;
        let wrong = "0".repeat(32);
        let form = "reason=other&day=11/30/2026&checked=1&sure=1&seen=4";
        for (address, posts) in routes.iter().filter(|(address, _)| address.contains('{')) {
            for prefix in ["", "/es"] {
                for (browser, id) in [(&other, &id), (&other, &wrong), (&own, &wrong)] {
                    // Whoever has a year of this number sees their own: there is none of 2026 but for its owner.
                    let year = if std::ptr::eq(browser, &own) { "2024" } else { "2026" };
                    let address = format!("{prefix}{}", address.replace("{id}", id).replace("{year}", year));
                    let page = match posts {
                        true => browser.post(&address, form).await,
                        false => browser.get(&address).await,
                    };
                    assert_eq!(page.status, 404, "{address}: {}", page.words());
                    page.says_nothing_of("Zapotillo").says_nothing_of("Simple Silver");
                }
                // Whoever has nothing here is led to the door.
                let address = format!("{prefix}{}", address.replace("{id}", &id).replace("{year}", "2026"));
                assert_eq!(world.browser().get(&address).await.status, 303, "{address}");
            }
        }
        assert_eq!(bench.count("enrollment_change").await, 2, "nothing was done");
    })
    .await;
}
