//! The next year: a plan that goes on at another price, one that another takes the place of, an insurer that leaves; with two
//! plan years of the real loader.

use std::path::Path;

use tempfile::TempDir;
use windowshop::load::{self, LoadOptions};

use super::planted::{NEXT_YEAR, THIS_YEAR, Told, guest, of_owner, rows};
use crate::apply::walk::looked_at;
use crate::load::small::{ONE, Source, TWO, modern_ages, plan_rows, rates_rows};
use crate::load::{NOW, folder};
use crate::office::people::World;
use crate::site::page::Page;
use crate::store::engines::on_each_engine;
use crate::web::reading::too_hard;

/// A plan of an insurer that comes.
pub const OTHER: &str = "22222OH0010001";
/// Plans of this year that are not sold next year.
const MERGED: &str = "11111OH0010009";
pub const LEFT: &str = "33333OH0010001";
pub const GONE: &str = "44444OH0010001";

/// Next year's files: the rates of one plan are twice as high, and what takes the place of what.
pub async fn two_years() -> TempDir {
    let place = folder();
    let this = Source::of_year(2026);
    let mut next = Source::of_year(2027);
    let ages = modern_ages();
    let ages: Vec<&str> = ages.iter().map(String::as_str).collect();
    next.attributes.extend(plan_rows(2027, OTHER, "Silver", ""));
    next.rates.extend(rates_rows(2027, OTHER, 4, &ages));
    next.service_areas.push("2027,OH,22222,OHS001,Cincinnati,No,39061,No,,Individual".to_string());
    for line in &mut next.rates {
        *line = raised(line);
    }
    this.write(place.path(), "", "\n");
    next.write(place.path(), "", "\n");
    let rows = [
        "State,DentalPlan,PlanID_2026,FIPSCode,ZipCode,CrosswalkLevel,ReasonForCrosswalk,PlanID_2027,AgeOffPlanID_2027"
            .to_string(),
        format!("OH,No,{ONE},39061,00000,0,0,{ONE},00000000000000"),
        format!("OH,No,{MERGED},39061,00000,1,2,{ONE},00000000000000"),
        format!("OH,No,{MERGED},39061,45202,3,2,{TWO},00000000000000"),
        format!("OH,No,{LEFT},39061,00000,2,4,{OTHER},00000000000000"),
        format!("OH,No,{GONE},39061,00000,4,5,00000000000000,00000000000000"),
    ];
    std::fs::write(place.path().join("crosswalk.csv"), rows.join("\n")).expect("a file");
    let to = place.path().join("to");
    load(place.path(), &to).await;
    place
}

/// `120.07` becomes `220.07` in a row of rates of plan ONE.
fn raised(line: &str) -> String {
    if !line.contains(ONE) {
        return line.to_string();
    }
    let cell = |cell: &str| match cell.parse::<f64>() {
        Ok(rate) if cell.contains('.') => format!("{:.2}", rate + 100.0),
        _ => cell.to_string(),
    };
    line.split(',').map(cell).collect::<Vec<_>>().join(",")
}

async fn load(from: &Path, to: &Path) {
    load::run(&LoadOptions::new(from, from.join("geo"), to), NOW).await.expect("it loads");
}

fn next_of(page: &Page, row: usize) -> String {
    rows(page.select("main table")[0])[row].last().cloned().unwrap_or_default()
}

#[tokio::test]
async fn the_next_year_is_shown_beside_this_one() {
    let years = two_years().await;
    on_each_engine(async |bench| {
        let world = World::selling(bench, &years.path().join("to")).await;
        let browser = world.browser();
        let (owner, id) = guest(&world, bench, &browser, &Told { plan: ONE, ..THIS_YEAR }).await;
        let page = browser.visit(&format!("/account/coverage/{id}")).await.click("What comes in 2027").await;
        looked_at(&page);
        assert_eq!(too_hard(&page, "en"), None);
        page.says_all(&[
            "Your plan goes on in 2027 under the same ID",
            "Choose a plan by December 15, 2026 to have it on January 1, 2027",
            "If you do nothing",
            "has not been worked out yet",
        ]);
        // What the list says for somebody of forty, who is what Ana is on January 1, 2027.
        let list = browser.visit("/plans?year=2027&zip=45202&county=39061&people=40").await;
        let premium = next_of(&page, 2);
        assert!(premium.starts_with('$') && list.text.contains(&premium), "{premium}: {}", list.words());
        let before = browser.visit("/plans?year=2026&zip=45202&county=39061&people=40").await;
        assert!(!before.text.contains(&premium), "another price");
        assert_eq!(next_of(&page, 3), "not known");
        for (plan, said, named) in [
            (MERGED, "Another plan takes its place", Some(TWO)),
            (LEFT, "Your insurer does not go on", Some(OTHER)),
            (GONE, "no plan takes its place", None),
            ("55555OH0010001", "is not in our data", None),
        ] {
            let id = of_owner(&world, &owner, &Told { plan, ..THIS_YEAR }, "").await;
            let page = browser.visit(&format!("/account/coverage/{id}/renew")).await;
            looked_at(&page);
            page.says(said);
            match named {
                Some(named) => assert!(next_of(&page, 0).contains(named), "{plan}: {}", next_of(&page, 0)),
                None => assert_eq!(page.count("main thead th"), 1, "{plan}"),
            }
            let spanish = browser.in_spanish().visit(&format!("/account/coverage/{id}/renew")).await;
            looked_at(&spanish);
            assert_eq!(too_hard(&spanish, "es"), None);
        }
        // The year after is not loaded.
        let id = of_owner(&world, &owner, &Told { plan: ONE, ..NEXT_YEAR }, "").await;
        let page = browser.visit(&format!("/account/coverage/{id}/renew")).await;
        page.says("The plans of 2028 are not in our data yet");
    })
    .await;
}
