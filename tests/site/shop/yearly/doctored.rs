//! The sample with some filings damaged, and two dental plans: what is missing is said, never counted as zero.

use std::path::{Path, PathBuf};

use serde_json::json;
use time::macros::datetime;
use tokio::sync::OnceCell;
use windowshop::load::{self, LoadOptions};

use super::filings::{ATTRIBUTES, BENEFITS, Filings, Table, answers, sample, shown};
use super::{OHIO, ids};
use crate::site::{Page, Row, Site, cents};

const NO_DRUGS: &str = "29341OH0100058";
const NO_VISITS: &str = "29341OH0100056";
const NO_HOSPITAL: &str = "29341OH0100024";
const NO_DEDUCTIBLE: &str = "31981OH0020010";
const NO_MAXIMUM: &str = "31981OH0020011";
const NO_FAMILY_DEDUCTIBLE: &str = "41047OH0010057";
/// Generic drugs are not covered.
pub(super) const UNCOVERED: &str = "64353OH0010012";
/// The emergency room does not count toward the maximum.
pub(super) const OUTSIDE: &str = "64353OH0040012";
/// Filed more than the rest of the sample, in words that are rare there.
pub(super) const RICH: &str = "64353OH0060003";

const PRIMARY: &str = "Primary Care Visit to Treat an Injury or Illness";
const SPECIALIST: &str = "Specialist Visit";
const EMERGENCY: &str = "Emergency Room Services";
const GENERIC: &str = "Generic Drugs";

/// Plans without an estimate for one person, with the reason in both languages.
const GAPS: [(&str, &str, &str); 5] = [
    (
        NO_DRUGS,
        "No estimate: the insurer filed no costs for drugs in the data we have.",
        "Sin cálculo: en los datos que tenemos, la aseguradora no presentó costos de medicamentos.",
    ),
    (
        NO_VISITS,
        "No estimate: the insurer filed no costs for doctor visits in the data we have.",
        "Sin cálculo: en los datos que tenemos, la aseguradora no presentó costos de consultas médicas.",
    ),
    (
        NO_HOSPITAL,
        "No estimate: the insurer filed no costs for hospital care in the data we have.",
        "Sin cálculo: en los datos que tenemos, la aseguradora no presentó costos de atención en el hospital.",
    ),
    (
        NO_DEDUCTIBLE,
        "No estimate: the insurer filed no deductible for one person in the data we have.",
        "Sin cálculo: en los datos que tenemos, la aseguradora no presentó un deducible para una persona.",
    ),
    (
        NO_MAXIMUM,
        "No estimate: the insurer filed no out-of-pocket maximum for one person in the data we have.",
        "Sin cálculo: en los datos que tenemos, la aseguradora no presentó un gasto máximo de bolsillo para una persona.",
    ),
];

impl Table {
    fn write(&self, path: &Path) {
        let mut writer = csv::Writer::from_path(path).expect("a file");
        writer.write_record(&self.header).expect("a header");
        for row in &self.rows {
            writer.write_record(self.header.iter().map(|column| &row[column])).expect("a row");
        }
        writer.flush().expect("it is written");
    }

    /// Drops some benefits of a plan.
    fn drop(&mut self, plan: &str, benefits: &[&str]) {
        let before = self.rows.len();
        self.rows.retain(|row| row["StandardComponentId"] != plan || !benefits.contains(&row["BenefitName"].as_str()));
        assert_eq!(self.rows.len() + benefits.len(), before, "{plan} filed them once each");
    }

    /// The standard variant of a plan; if a benefit is given, that benefit's row.
    fn row(&mut self, plan: &str, benefit: Option<&str>) -> &mut Row {
        let is = |row: &&mut Row| {
            row["PlanId"] == format!("{plan}-01") && benefit.is_none_or(|benefit| row["BenefitName"] == benefit)
        };
        self.rows.iter_mut().find(is).expect("the plan's row")
    }

    /// Adds a benefit to a plan, or replaces its filing.
    fn file(&mut self, plan: &str, benefit: &str, copay: &str, coinsurance: &str) {
        let mut row = self.row(plan, Some(SPECIALIST)).clone();
        self.rows.retain(|row| row["StandardComponentId"] != plan || row["BenefitName"] != benefit);
        for (column, words) in [("BenefitName", benefit), ("CopayInnTier1", copay), ("CoinsInnTier1", coinsurance)] {
            row.insert(column.to_string(), words.to_string());
        }
        self.rows.push(row);
    }
}

/// Blanks the columns of a row whose names contain all of these.
fn blank(row: &mut Row, parts: &[&str]) {
    row.iter_mut()
        .filter(|(name, _)| parts.iter().all(|part| name.contains(part)))
        .for_each(|(_, filed)| filed.clear());
}

fn spoil(benefits: &mut Table, attributes: &mut Table) {
    benefits.drop(NO_DRUGS, &[GENERIC]);
    benefits.drop(NO_VISITS, &[PRIMARY, SPECIALIST]);
    benefits.drop(NO_HOSPITAL, &[EMERGENCY]);
    benefits.row(UNCOVERED, Some(GENERIC)).insert("IsCovered".to_string(), "Not Covered".to_string());
    benefits.row(OUTSIDE, Some(EMERGENCY)).insert("IsExclFromInnMOOP".to_string(), "Yes".to_string());
    blank(attributes.row(NO_DEDUCTIBLE, None), &["EHBDed"]);
    blank(attributes.row(NO_MAXIMUM, None), &["MOOP"]);
    blank(attributes.row(NO_FAMILY_DEDUCTIBLE, None), &["EHBDed", "Family"]);

    benefits.file(RICH, EMERGENCY, "$300.00 Copay with deductible", "20.00% Coinsurance after deductible");
    benefits.file(RICH, "Inpatient Hospital Services (e.g., Hospital Stay)", "$450.00 Copay per Day", "Not Applicable");
    benefits.file(RICH, "Inpatient Physician and Surgical Services", "Not Applicable", "30.00%");
    benefits.file(RICH, "X-rays and Diagnostic Imaging", "$40.00 Copay after deductible", "Not Applicable");
    benefits.file(RICH, "Specialty Drugs", "Not Applicable", "50.00%");
    benefits.file(RICH, "Preventive Care/Screening/Immunization", "No Charge", "No Charge");
    let rich = attributes.row(RICH, None);
    for (column, filed) in [
        ("SpecialtyDrugMaximumCoinsurance", "$250 "),
        ("InpatientCopaymentMaximumDays", "2"),
        ("BeginPrimaryCareCostSharingAfterNumberOfVisits", "1"),
    ] {
        rich.insert(column.to_string(), filed.to_string());
    }
}

/// Dental plans with the prices of two medical ones.
fn add_dental(attributes: &mut Table, rates: &mut Table) {
    for (id, level, like) in [("29341OH9990001", "High", "29341OH0100013"), ("29341OH9990002", "Low", "29341OH0100050")]
    {
        let mut row = attributes.row(like, None).clone();
        for (column, filed) in [
            ("StandardComponentId", id),
            ("PlanId", &format!("{id}-01")),
            ("DentalOnlyPlan", "Yes"),
            ("MetalLevel", level),
        ] {
            row.insert(column.to_string(), filed.to_string());
        }
        attributes.rows.push(row);
        let priced: Vec<Row> = rates.rows.iter().filter(|row| row["PlanId"] == like).cloned().collect();
        rates.rows.extend(priced.into_iter().map(|mut row| {
            row.insert("PlanId".to_string(), id.to_string());
            row
        }));
    }
}

/// Where the damaged files are; `catalogues` is next to them.
pub(super) async fn files() -> &'static PathBuf {
    static FILES: OnceCell<PathBuf> = OnceCell::const_new();
    FILES
        .get_or_init(async || {
            let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("doctored-{}", std::process::id()));
            std::fs::create_dir_all(dir.join("catalogues")).expect("a folder");
            let [mut benefits, mut attributes, mut rates] =
                [BENEFITS, ATTRIBUTES, "rate-puf"].map(|name| Table::read(&sample(), name));
            spoil(&mut benefits, &mut attributes);
            add_dental(&mut attributes, &mut rates);
            for (name, table) in [(BENEFITS, benefits), (ATTRIBUTES, attributes), ("rate-puf", rates)] {
                table.write(&dir.join(format!("{name}.csv")));
            }
            for name in ["service-area-puf.zip", "quality-puf.zip", "provenance.txt"] {
                std::fs::copy(sample().join(name), dir.join(name)).expect("a copy");
            }
            let geo = sample().parent().expect("the data folder").join("geo");
            let options = LoadOptions::new(&dir, geo, dir.join("catalogues"));
            let report = load::run(&options, datetime!(2025-11-01 12:00:00 UTC)).await.expect("it loads");
            assert_eq!((report.problems.bad_rows(), report.catalogues[0].counts["plan"]), (0, 250), "{report}");
            dir
        })
        .await
}

pub(super) async fn shop() -> Site {
    Site::of(&files().await.join("catalogues")).await
}

fn years(row: &Row) -> [&str; 3] {
    ["cost_good", "cost_average", "cost_bad"].map(|column| row[column].as_str())
}

#[tokio::test]
async fn plans_without_an_estimate_come_last_and_their_cells_are_empty() {
    let site = shop().await;
    for sort in ["", "&sort=cost_good", "&sort=cost_bad"] {
        let query = format!("{OHIO}&people=40{sort}");
        let rows = site.rows(&query).await;
        let (known, unknown) = rows.split_at(rows.len() - GAPS.len());
        assert!(known.len() == 125 && known.iter().all(|row| cents(row, "cost_good") > 0), "{sort}");
        for row in unknown {
            assert_eq!(years(row), [""; 3], "{row:?}");
            assert!(GAPS.iter().any(|gap| gap.0 == row["plan_id"]), "{row:?}");
        }
        assert!(unknown.is_sorted_by_key(|row| cents(row, "premium")), "then the lowest premium");
        let shown = site.all_cards(&format!("/plans?{query}")).await;
        assert_eq!(shown.iter().map(|card| card.id.as_str()).collect::<Vec<_>>(), ids(&rows));
    }
    let by_premium = site.rows(&format!("{OHIO}&people=40&sort=premium")).await;
    assert!(by_premium.is_sorted_by_key(|row| cents(row, "premium")), "an order of its own");
    assert!(!years(&by_premium[by_premium.len() - 1]).concat().is_empty());
}

#[tokio::test]
async fn every_page_says_why_there_is_no_estimate() {
    let site = shop().await;
    let who = format!("{OHIO}&people=40");
    for (lang, heading) in [("", "What a year may cost"), ("/es", "Lo que puede costar un año")] {
        let shown = site.all_cards(&format!("{lang}/plans?{who}")).await;
        for (plan, en, es) in GAPS {
            let why = if lang.is_empty() { en } else { es };
            let card = shown.iter().find(|card| card.id == plan).expect("a card");
            assert_eq!(card.cost, why);
            let page = site.visit(&format!("{lang}/plans/{plan}?{who}")).await;
            assert!(page.words().contains(&format!("{heading} {why}")), "{}", page.words());
            assert_eq!(page.count("table.sum"), 0, "nothing is estimated for {plan}");
            let lines = site.visit(&format!("{lang}/plans/{plan}/costs?{who}&case=bad")).await;
            assert!(lines.status == 200 && lines.words().contains(why), "{}", lines.words());
            assert_eq!(lines.count("table"), 0, "{plan}");
            let noted = site.visit(&format!("{lang}/plans/{plan}/costs?{who}&care=often")).await.words();
            assert!(noted.contains("“care=often”") && noted.contains(why), "{noted}");
            let compare = site.visit(&format!("{lang}/compare?{who}&plan={plan}&plan={UNCOVERED}")).await;
            assert_eq!(compare.words().matches(why).count(), 3, "good, average and bad year of {plan}");
        }
    }
    for (plan, ..) in GAPS {
        let rows = site.visit(&format!("/compare.csv?{who}&plan={plan}&plan={UNCOVERED}")).await.rows();
        assert_eq!(years(&rows[0]), [""; 3]);
        assert!(cents(&rows[1], "cost_average") > 0);
    }
}

#[tokio::test]
async fn a_family_needs_the_familys_limits() {
    let site = shop().await;
    for (people, why) in [("40", None), ("40,38", Some("no deductible for a family")), ("40,38n", None)] {
        let who = format!("{OHIO}&people={people}");
        let rows = site.rows(&who).await;
        let row = rows.iter().find(|row| row["plan_id"] == NO_FAMILY_DEDUCTIBLE).expect("it is sold");
        assert_eq!(years(row).concat().is_empty(), why.is_some(), "{row:?}");
        let words = site.visit(&format!("/plans/{NO_FAMILY_DEDUCTIBLE}?{who}")).await.words();
        assert_eq!(words.contains("No estimate"), why.is_some());
        assert!(words.contains(why.unwrap_or("The whole year")), "{words}");
    }
}

#[tokio::test]
async fn a_list_without_any_estimate_says_which_order_is_left() {
    let site = shop().await;
    for (lang, said) in
        [("", "so the lowest monthly premium comes first"), ("/es", "por eso va primero la prima mensual más baja")]
    {
        let list = site.visit(&format!("{lang}/plans?{OHIO}&people=40&q={NO_DRUGS}")).await;
        list.says(said);
        assert_eq!(list.cards().len(), 1);
    }
}

#[tokio::test]
async fn rare_filings_are_read_as_the_command_reads_their_words() {
    let (site, filings) = (shop().await, Filings::read(files().await));
    for (who, people) in [
        ("people=40", json!([{ "age": 40 }])),
        (
            "people=61,60&sex=m&care=high,rheumatoid-arthritis",
            json!([
                { "age": 61, "sex": "Male", "use": "high" },
                { "age": 60, "use": "rheumatoid-arthritis" },
            ]),
        ),
    ] {
        let rows = site.rows(&format!("{OHIO}&{who}")).await;
        let of = |plan: &str| rows.iter().find(|row| row["plan_id"] == plan).expect("it is sold");
        for plan in [UNCOVERED, OUTSIDE, RICH] {
            let variant = format!("{plan}-01");
            let question = json!({
                "plan": filings.plan(&variant, &variant),
                "people": people,
                "monthly_premium": of(plan)["premium"],
                "plan_year": 2026,
            });
            assert_eq!(shown(of(plan)), answers(vec![question])[0], "{plan} for {who}");
        }
    }
}

#[tokio::test]
async fn dental_plans_have_no_yearly_cost_and_no_order_by_it() {
    let site = shop().await;
    let dental = format!("{OHIO}&people=40&product=dental");
    let rows = site.rows(&dental).await;
    assert_eq!(ids(&rows), ["29341OH9990002", "29341OH9990001"], "the lowest premium first");
    assert!(rows.iter().all(|row| years(row) == [""; 3]));
    for (lang, noted) in [("", "We did not use “sort=cost_bad”"), ("/es", "No usamos “sort=cost_bad”")] {
        let plain = site.visit(&format!("{lang}/plans?{dental}")).await;
        assert!(plain.cards().iter().all(|card| card.cost.is_empty() && card.better.is_none()));
        assert_eq!(plain.count("svg"), 0, "no drawing of a yearly cost");
        for mark in ["/care?", "sort=cost", "dominated="] {
            assert!(!plain.text.contains(mark), "{mark} on the dental list");
        }
        let asked = site.visit(&format!("{lang}/plans?{dental}&sort=cost_bad")).await;
        asked.says(noted);
        let order = |page: &Page| page.cards().into_iter().map(|card| card.id).collect::<Vec<_>>();
        assert_eq!(order(&asked), order(&plain));
        plain.says_nothing_of("sort=cost_bad");
        let page = site.visit(&format!("{lang}/plans/29341OH9990001?{OHIO}&people=40")).await;
        assert!(page.status == 200 && !page.text.contains("/costs?") && page.count("table.sum") == 0);
    }
    assert_eq!(site.visit(&format!("/plans.csv?{dental}&sort=cost_bad")).await.text.lines().count(), 3);
}
