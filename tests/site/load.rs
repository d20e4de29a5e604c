//! The loader on the real sample, samples of it, and invented catalogues; small files are in `small` and `faults`.

mod faults;
pub mod layouts;
mod odd;
mod places;
pub mod small;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use windowshop::load::sample::{self, SampleOptions};
use windowshop::load::synth::{self, SynthArgs};
use windowshop::load::{self, LoadOptions, Report};
use windowshop::types::{Cents, CountyFips};

pub const NOW: OffsetDateTime = datetime!(2025-11-01 12:00:00 UTC);

pub fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(folder)
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned())).collect())
        .unwrap_or_default();
    names.sort();
    names
}

/// A catalogue opened as the server opens it.
pub struct Db(SqliteConnection);

impl Db {
    pub async fn open(path: &Path) -> Db {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
        Db(SqliteConnection::connect_with(&options).await.expect("the catalogue opens"))
    }

    pub async fn number(&mut self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_string())).fetch_one(&mut self.0).await.expect(sql)
    }

    pub async fn text(&mut self, sql: &str) -> String {
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(sql.to_string())).fetch_all(&mut self.0).await.expect(sql);
        rows.join(" ")
    }
}

async fn load_sample(to: &Path) -> Report {
    load::run(&LoadOptions::new(data("sample"), data("geo"), to), NOW).await.expect("the sample loads")
}

#[tokio::test]
async fn the_shipped_sample_sells_what_is_sold_in_each_county() {
    let to = folder();
    let report = load_sample(to.path()).await;
    assert_eq!((report.exit_code(), report.catalogues.len()), (0, 1));
    let built = &report.catalogues[0];
    assert_eq!(files(to.path()), [format!("catalogue-2026-20251101-{}.db", &built.hash[..8])]);
    let counts = ["plan", "variant", "rate", "cost_sharing"].map(|table| built.counts[table]);
    assert_eq!(counts, [248, 1258, 634, 2755]);

    let mut db = Db::open(&built.path).await;
    // (county, plans for a 27-year-old, plans for a 40-year-old, who may not buy catastrophic ones)
    let known = [
        (39049, 130, 130),
        (39061, 130, 130),
        (39035, 119, 119),
        (18097, 56, 55),
        (18163, 56, 55),
        (18019, 32, 32),
        (18043, 32, 32),
        (54011, 37, 36),
        (54039, 37, 36),
        (54061, 37, 36),
        (54099, 37, 36),
    ];
    for (county, at_27, at_40) in known {
        let sold =
            format!("FROM sold JOIN variant USING (plan_pk) WHERE variant_code = 1 AND sold.county_fips = {county}");
        assert_eq!(db.number(&format!("SELECT count(*) {sold}")).await, at_27, "{county}");
        assert_eq!(db.number(&format!("SELECT count(*) {sold} AND variant.metal <> 1")).await, at_40, "{county}");
    }
    assert_eq!(db.number("SELECT count(DISTINCT county_fips) FROM sold").await, 11);
    assert_eq!(db.text("SELECT value FROM meta WHERE key = 'rates_provenance'").await, "filed");
    assert!(db.text("SELECT value FROM meta WHERE key = 'note'").await.contains("age_curve"));
    assert_eq!(db.text("SELECT value FROM meta WHERE key = 'built_at'").await, "2025-11-01T12:00:00Z");
    assert_eq!(db.number("SELECT count(*) FROM plan_fts WHERE plan_fts MATCH 'oscar*'").await, {
        let by_name = "SELECT count(*) FROM plan JOIN issuer USING (issuer_id) WHERE plan.name LIKE '%oscar%' OR issuer.name LIKE '%oscar%'";
        db.number(by_name).await
    });
    assert_eq!(db.number("SELECT count(*) FROM cost_sharing WHERE 0 IN (copay_tier1_kind, coins_tier1_kind)").await, 0);
}

#[tokio::test]
async fn every_premium_of_the_sample_is_the_filed_one() {
    let to = folder();
    let report = load_sample(to.path()).await;
    let mut db = Db::open(&report.catalogues[0].path).await;
    let ages: Vec<String> = (14..=64).map(|age| format!("a{age}")).collect();
    let sql = format!(
        "SELECT plan_id || ' ' || number || ' ' || concat_ws(' ', {}) FROM rate JOIN plan USING (plan_pk) JOIN rating_area USING (rating_area_pk)",
        ages.join(", ")
    );
    let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut db.0).await.expect("rates");
    let mut held: HashMap<(String, String), Vec<String>> = HashMap::new();
    for row in rows {
        let mut words = row.split(' ').map(str::to_string);
        let key = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        held.insert(key, words.collect());
    }
    let file = std::fs::File::open(data("sample").join("rate-puf.zip")).expect("the sample's rates");
    let mut archive = zip::ZipArchive::new(file).expect("a zip");
    let mut reader = csv::Reader::from_reader(archive.by_index(0).expect("a file in it"));
    let header = reader.headers().expect("a header").clone();
    let at = |name: &str| header.iter().position(|h| h == name).expect(name);
    let (plan, area, age, rate) = (at("PlanId"), at("RatingAreaId"), at("Age"), at("IndividualRate"));
    let mut compared = 0;
    for row in reader.records() {
        let row = row.expect("a row");
        let key = (row[plan].to_string(), row[area].replace("Rating Area ", ""));
        let slot = match &row[age] {
            "0-14" => 0,
            "64 and over" => 50,
            age => age.parse::<usize>().expect("an age") - 14,
        };
        let cents = Cents::parse(&row[rate]).expect("a premium").0;
        assert_eq!(held[&key][slot], cents.to_string(), "{key:?} at {}", &row[age]);
        compared += 1;
    }
    assert_eq!(compared, 32_334);
}

#[tokio::test]
async fn a_sample_of_two_counties_is_a_whole_catalogue() {
    let to = folder();
    let report = load_sample(to.path()).await;
    let counties: Vec<CountyFips> = ["39061", "54039"].iter().filter_map(|code| CountyFips::parse(code)).collect();
    let mut options = SampleOptions { from: report.catalogues[0].path.clone(), counties, to: to.path().join("small") };
    let built = sample::run(&options, NOW).await.expect("a sample");
    assert_eq!((built.plan_year, built.counts["sold"], built.counts["zip_county"]), (2026, 130 + 37, 55_570));
    let mut db = Db::open(&built.path).await;
    assert_eq!(db.number("SELECT count(*) FROM rate").await, 130 + 37);
    assert_eq!(db.text("SELECT value FROM meta WHERE key = 'sample_counties'").await, "39061 54039");
    assert_eq!(db.text("SELECT value FROM meta WHERE key = 'rates_provenance'").await, "filed");
    let of_plans = "SELECT count(*) FROM plan_fts WHERE plan_fts MATCH 'silver'";
    assert!(db.number(of_plans).await > 10);
    options.counties = CountyFips::parse("48201").into_iter().collect();
    let words = sample::run(&options, NOW).await.expect_err("not sold there").to_string();
    assert!(words.contains("sells no plan in county 48201"), "{words}");
    options.from = data("geo").join("zip-county.zip");
    assert!(sample::run(&options, NOW).await.expect_err("not a catalogue").to_string().contains("zip-county.zip"));
    assert_eq!(files(&options.to).len(), 1);
}

#[tokio::test]
async fn an_invented_catalogue_is_whole_marked_and_the_same_each_time() {
    let to = folder();
    let mut options =
        SynthArgs { plans: 300, counties: 40, to: to.path().to_path_buf(), seed: 7, year: 2026, geo: None };
    let built = synth::run(&options, NOW).await.expect("an invention");
    assert_eq!((built.counts["plan"], built.counts["county"]), (300, 40));
    let mut db = Db::open(&built.path).await;
    assert_eq!(db.text("SELECT value FROM meta WHERE key = 'rates_provenance'").await, "invented");
    let content = "SELECT group_concat(concat_ws(',', rating_area_pk, plan_pk, a14, a21, a64, t64), ' ') FROM rate";
    let first = db.text(content).await;
    assert_eq!(db.number("SELECT count(DISTINCT county_fips) FROM sold").await, 40);
    let again = synth::run(&options, NOW).await.expect("again");
    assert_eq!(again.path, built.path);
    assert_eq!(Db::open(&again.path).await.text(content).await, first);
    options.geo = Some(data("geo"));
    options.seed = 8;
    let real = synth::run(&options, NOW).await.expect("in real counties");
    assert_ne!(real.hash, built.hash);
    assert_eq!(real.counts["zip_county"], 55_570);
    options.plans = 0;
    assert!(synth::run(&options, NOW).await.is_err());
}
