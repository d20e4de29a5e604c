//! The next plan year: each application in force is asked about again with that year's plans, once; a notice says before and
//! after; without consent there is no credit; on every engine.

use serde_json::{Value, json};
use time::macros::datetime;
use windowshop::application::renewal::Plans;
use windowshop::verify::redetermine;
use windowshop::verify::renew::{Report, carry_out};

use super::world::{Told, World};
use crate::site::Site;
use crate::store::engines::on_each_engine;

/// Before open enrollment for 2026, within it, and after it.
const TOO_EARLY: i64 = datetime!(2025-09-20 17:00 UTC).unix_timestamp() * 1000;
const IN_TIME: i64 = datetime!(2025-11-20 17:00 UTC).unix_timestamp() * 1000;
const TOO_LATE: i64 = datetime!(2026-03-20 17:00 UTC).unix_timestamp() * 1000;

/// Somebody in Cincinnati who applied for 2025, and let us look at tax data for so many years.
fn told(consent: &str) -> Told {
    let mut told = Told::alone("Perez", "219-09-2800", 28_000);
    told.household["as_of"] = json!("2024-12-01");
    told.household["plan_year"] = json!(2025);
    told.household["county_fips"] = json!("39061");
    told.say("zip.0", "45202").say("consent.0", consent);
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_year_is_worked_out_once_and_told_with_before_and_after() {
    let site = Site::open().await;
    let plans = Plans::of(&site.catalogue());
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (owner, id) = world.send(&told("5")).await;
        let (silent, other) = world.send(&told("0")).await;
        let nothing = Report::default();
        for moment in [TOO_EARLY, TOO_LATE] {
            assert_eq!(carry_out(&world.room, &plans, moment).await.expect("carried out"), nothing);
        }
        // Two processes at once.
        let both = tokio::join!(carry_out(&world.room, &plans, IN_TIME), carry_out(&world.room, &plans, IN_TIME));
        let (one, two) = (both.0.expect("carried out"), both.1.expect("carried out"));
        assert_eq!((one.told + two.told, one.same + two.same, one.failed + two.failed), (2, 0, 0));
        assert_eq!(carry_out(&world.room, &plans, IN_TIME).await.expect("carried out"), nothing, "once");
        assert_eq!(bench.count("redetermination WHERE cause = 'rules:2026' AND number = 1").await, 2);

        // The same engine over the household of the year, as the command reads it.
        let tables = &world.room.knows.tables;
        let today = tables.days(None, datetime!(2025-11-20 17:00 UTC)).own;
        let household = plans.household(tables, &told("5").household, ("45202", today)).await.expect("priced");
        assert_eq!((&household["plan_year"], &household["people"]), (&json!(2026), &told("5").household["people"]));
        let json_of = |household: &Value| {
            let answer = redetermine::answer(&world.room.knows, household).expect("determined");
            serde_json::to_value(answer).expect("JSON")
        };
        let renewed = world.redetermined(&owner, &id).await.expect("renewed");
        assert_eq!(renewed, json_of(&household));
        assert_eq!(renewed["people"][0]["credit"], json!(true));
        let mut without = household.clone();
        without["people"][0]["not_proved"] = json!(["income"]);
        let renewed = world.redetermined(&silent, &other).await.expect("renewed");
        assert_eq!(renewed, json_of(&without));
        assert_eq!(renewed["people"][0]["credit"], json!(false));

        for (lang, words) in [
            ("en", ["Your results for 2026", "Tax credit a month: $", "no tax credit for that year yet"]),
            ("es", ["Sus resultados para 2026", "Crédito fiscal al mes: antes $", "todavía no hay crédito"]),
        ] {
            let with = world.notices(&owner, lang).await.pop().expect("a notice").1;
            assert!(words[..2].iter().all(|part| with.contains(part)) && !with.contains(words[2]), "{with}");
            let without = world.notices(&silent, lang).await.pop().expect("a notice").1;
            assert!(without.contains(words[0]) && without.contains(words[2]), "{without}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_followed_or_applied_for_already_is_left_and_the_same_result_is_told_to_nobody() {
    let site = Site::open().await;
    let plans = Plans::of(&site.catalogue());
    on_each_engine(async |bench| {
        let world = World::open(bench).await;
        let (owner, id) = world.send(&told("5")).await;
        let next = world.change((&owner, &id), &told("5").earning(30_000)).await;
        // Somebody who gets nothing in either year: their record is kept, and there is nothing to tell.
        let mut rich = told("5").earning(900_000);
        rich.household["people"][0]["incarcerated"] = json!("yes");
        let (quiet, _) = world.send(&rich).await;
        let done = carry_out(&world.room, &plans, IN_TIME).await.expect("carried out");
        assert_eq!((done.told, done.same, done.failed), (1, 1, 0));
        assert_eq!(world.redetermined(&owner, &id).await, None);
        assert!(world.redetermined(&owner, &next).await.is_some());
        assert_eq!(world.notices(&quiet, "en").await.len(), 1, "only that of the application");
        assert_eq!(bench.count("redetermination WHERE notice = ''").await, 1);
    })
    .await;
}
