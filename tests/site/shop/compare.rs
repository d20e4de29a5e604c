//! Stories of comparing, of a plan's page, and of what is taken along on paper.

use time::macros::datetime;

use crate::site::page::{inside, words_of};
use crate::site::{Page, Site, cents};

const WHO: &str = "year=2026&zip=45202&county=39061&people=40";
/// Zero cost sharing: a member of a tribe below 300 % of the poverty level.
const TRIBE: &str = "year=2026&zip=45202&county=39061&people=40m&income=30000";
const NOT_FILED: &str = "The insurer has not provided this";

/// The first silver and gold plans, and the first of the list.
async fn plans(site: &Site) -> [String; 3] {
    let rows = site.rows(WHO).await;
    let of = |metal: &str| rows.iter().find(|row| row["metal"] == metal).expect("a plan")["plan_id"].clone();
    [rows[0]["plan_id"].clone(), of("silver"), of("gold")]
}

/// The rows of the table: name, then a cell for each plan.
fn table(page: &Page) -> Vec<(String, Vec<String>)> {
    let rows = page.select("table.compare tbody tr").into_iter();
    // A heading between the rows has no name of its own.
    let named = rows.filter_map(|row| Some((row, *inside(row, "th").first()?)));
    named.map(|(row, name)| (words_of(name), inside(row, "td").into_iter().map(words_of).collect())).collect()
}

/// The cells of one row.
#[track_caller]
fn row(page: &Page, name: &str) -> Vec<String> {
    let rows = table(page);
    let found = rows.iter().find(|(term, _)| term == name);
    found.unwrap_or_else(|| panic!("{name} in {rows:#?}")).1.clone()
}

#[tokio::test]
async fn a_comparison_begins_on_a_plan_and_grows_without_losing_anything() {
    let site = Site::open().await;
    let [first, _, gold] = plans(&site).await;
    let plan = site.visit(&format!("/plans/{first}?{WHO}&metal=expanded_bronze&sort=premium&page=2")).await;
    let alone = plan.click("Compare with other plans").await;
    assert_eq!(alone.heading(), "Compare this plan");
    assert!(alone.address.contains(&format!("plan={first}")) && alone.address.contains("metal=expanded_bronze"));
    // One of the nearest with one tap, or any other from the list, where this one stays ticked.
    let near = alone.links().into_iter().find(|link| link.words.starts_with("Compare with ")).expect("a plan nearby");
    let two = site.visit(&near.href).await;
    assert_eq!((two.heading().as_str(), two.count("table.compare thead th")), ("Compare 2 plans", 2));
    let list = two.click("Add another plan from the list").await;
    assert!(list.address.contains("metal=expanded_bronze") && list.address.contains("sort=premium"));
    assert!(list.address.contains("page=2") && list.address.contains(&format!("plan={first}")), "{}", list.address);
    // From another plan's page: beside those that are ticked.
    let query = two.address.split_once('?').expect("a query").1;
    let three = site.visit(&format!("/plans/{gold}?{query}")).await.click("Compare with other plans").await;
    assert_eq!(three.heading(), "Compare 3 plans");
    let removed = three.links().into_iter().find(|link| link.words.starts_with("Remove ")).expect("a way out");
    assert_eq!(site.visit(&removed.href).await.heading(), "Compare 2 plans");
}

#[tokio::test]
async fn more_plans_than_fit_wait_to_be_swapped_in() {
    let site = Site::open().await;
    let rows = site.rows(WHO).await;
    let ids: Vec<&str> = rows.iter().take(5).map(|row| row["plan_id"].as_str()).collect();
    let basket: String = ids.iter().map(|id| format!("&plan={id}")).collect();
    let page = site.visit(&format!("/compare?{WHO}{basket}")).await;
    assert_eq!(page.count("table.compare thead th"), 3);
    page.says("3 plans at a time").says(&rows[3]["name"]).says(&rows[4]["name"]);
    let swap = page.links().into_iter().rfind(|link| link.words.starts_with("show in place of")).expect("a swap");
    let swapped = site.visit(&swap.href).await;
    assert!(words_of(swapped.select("table.compare thead")[0]).contains(&rows[4]["name"]));
    assert_eq!(swapped.address.matches("plan=").count(), 5, "nobody is lost: {}", swapped.address);
}

#[tokio::test]
async fn what_differs_comes_first_and_the_lowest_is_said() {
    let site = Site::open().await;
    let ids = plans(&site).await;
    let query = format!("{WHO}&plan={}&plan={}&plan={}", ids[0], ids[1], ids[2]);
    let (page, sheet) = (site.visit(&format!("/compare?{query}")).await, site.rows(WHO).await);
    for (name, cells) in table(&page) {
        let plain: Vec<String> = cells.iter().map(|cell| cell.replace(" lowest", "")).collect();
        assert!(plain.windows(2).any(|pair| pair[0] != pair[1]), "{name} differs: {cells:?}");
    }
    let premium = |id: &str| cents(sheet.iter().find(|row| row["plan_id"] == id).expect("it is sold"), "premium");
    let lowest = ids.iter().map(|id| premium(id)).min();
    for (id, cell) in ids.iter().zip(row(&page, "Premium a month")) {
        assert_eq!(cell.ends_with(" lowest"), Some(premium(id)) == lowest, "{id} {cell}");
    }
    let same = page.select("details.same")[0];
    let folded = inside(same, "dt").len();
    assert!(words_of(same).starts_with(&format!("The same in all three ({folded})")), "{}", words_of(same));
    let only = site.visit(&format!("/compare?{query}&only=differences")).await;
    assert_eq!((table(&only), only.count("details.same")), (table(&page), 0));
    // One person needs no family's amounts, a family does.
    page.says_nothing_of("whole family");
    site.visit(&format!("/compare?{}", query.replace("people=40", "people=40,38"))).await.says("whole family");
}

#[tokio::test]
async fn the_law_our_data_and_the_insurer_are_never_mixed_up() {
    let site = Site::open().await;
    let [first, silver, gold] = plans(&site).await;
    let zero = format!("{TRIBE}&plan={first}&plan={gold}");
    for (site, by_law, not_in_data, not_filed) in [
        (site.clone(), "$0 by law", "Not in our data", NOT_FILED),
        (site.in_spanish(), "$0 por ley", "No está en nuestros datos", "La aseguradora no lo ha indicado"),
    ] {
        let plan = site.visit(&format!("/plans/{gold}?{TRIBE}")).await;
        assert!(plan.words().matches(by_law).count() >= 8, "each kind of common care: {}", plan.words());
        plan.says_nothing_of(not_filed);
        let compared = site.visit(&format!("/compare?{zero}")).await;
        compared.says(by_law).says_nothing_of(not_filed);
        for row in site.visit(&format!("/plans.csv?{TRIBE}")).await.rows() {
            let cells = ["primary", "specialist", "generic", "emergency"].map(|name| row[name].as_str());
            assert!(row["metal"] == "catastrophic" || cells == [by_law; 4], "{row:?}");
        }
        // The sample has 13 kinds of care: a gap among the others is our data's.
        let usual = site.visit(&format!("/plans/{gold}?{WHO}")).await;
        assert_eq!(usual.words().matches(by_law).count(), 1, "preventive care");
        usual.says(not_in_data).says_nothing_of(not_filed);
    }
    // A reduced version shows the next one's copays, as the most.
    let reduced = site.visit(&format!("/plans/{silver}?{WHO}&income=30000")).await;
    reduced.says(" or less").says("by law yours are never higher (45 CFR 156.420)").says_nothing_of(NOT_FILED);
}

#[tokio::test]
async fn a_plan_page_says_what_to_do_by_when() {
    let id = plans(&Site::open().await).await[0].clone();
    let plan = async |now, lang: &str| Site::on(now).await.visit(&format!("{lang}/plans/{id}?{WHO}")).await;
    let open = plan(datetime!(2025-12-01 17:00 UTC), "").await;
    open.says("Choose this plan at HealthCare.gov by December 15, 2025, and coverage starts January 1, 2026.");
    open.says("The last day for 2026 is January 15, 2026.").says("HealthCare.gov: 1-800-318-2596");
    let later = plan(datetime!(2025-12-16 17:00 UTC), "").await;
    later.says("by January 15, 2026. Coverage for 2026 starts February 1, 2026.");
    assert_ne!(open.header("etag"), later.header("etag"), "a page of another day is another page");
    assert!(open.header("cache-control").starts_with("public"), "the day is everybody's");
    let closed = plan(datetime!(2026-11-21 17:00 UTC), "").await;
    closed.says_all(&[
        "ended on January 15, 2026",
        "Enrollment for 2027 is open. Choose by December 15, 2026 for coverage from January 1, 2027.",
    ]);
    let spanish = plan(datetime!(2025-12-01 17:00 UTC), "/es").await;
    spanish.says("Elija este plan en CuidadoDeSalud.gov hasta el 15 de diciembre de 2025");
    assert!(spanish.links().iter().any(|link| link.href.starts_with("https://www.cuidadodesalud.gov")));
    let site = Site::open().await;
    site.visit(&format!("/plans/{id}?{TRIBE}"))
        .await
        .says("Members of a federally recognized tribe can enroll in any month");
}

#[tokio::test]
async fn a_sheet_says_all_that_is_needed_and_nothing_private_in_its_address() {
    let site = Site::open().await;
    let ids = plans(&site).await;
    let people = "year=2026&zip=45202&county=39061&people=40,38tm,9p&income=52000&sex=f&care=diabetes";
    let basket: String = ids.iter().map(|id| format!("&plan={id}")).collect();
    let compared = site.visit(&format!("/compare?{people}{basket}")).await;
    let sheet = compared.click("One page to take with you").await;
    assert_eq!(sheet.status, 200);
    assert!(sheet.header("cache-control").starts_with("private"), "a page of a day");
    sheet.says_all(&[
        "November 21, 2026",
        "Ages 40, 38",
        "$52,000 a year",
        "HealthCare.gov: 1-800-318-2596",
        "How the prices are made",
    ]);
    ids.iter().for_each(|id| {
        sheet.says(id);
    });
    let typed = words_of(sheet.select(".typed")[0]);
    assert_eq!(typed, format!("/compare?zip=45202&people=40,38t,9&plan={}", ids.join(",")));
    // The address leads to the same plans.
    let again = site.visit(&typed).await;
    assert_eq!((again.status, again.count("table.compare thead th")), (200, 3));
    let one = site.visit(&format!("/plans/{}?{WHO}", ids[1])).await.click("One page to take with you").await;
    assert_eq!(words_of(one.select(".typed")[0]), format!("/plans/{}?zip=45202&people=40", ids[1]));
    let none = site.visit(&format!("/sheet?{WHO}")).await;
    none.says("You have not chosen a plan");
}

#[tokio::test]
async fn what_insurers_filed_is_marked_as_english_in_spanish() {
    let site = Site::open().await;
    let [first, _, gold] = plans(&site).await;
    let pages = [
        (format!("/plans/{first}?{WHO}"), "h1[lang=en]"),
        (format!("/plans/{first}/costs?{WHO}"), "h1 [lang=en]"),
        (format!("/compare?{WHO}&plan={first}&plan={gold}"), "thead a[lang=en]"),
        (format!("/sheet?{WHO}&plan={first}"), "thead th[lang=en]"),
    ];
    for (address, filed) in pages {
        assert!(site.in_spanish().visit(&address).await.count(filed) > 0, "{address}");
        assert_eq!(site.visit(&address).await.count("main [lang=en]"), 0, "{address}: all of it is English");
    }
}
