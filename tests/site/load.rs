//! The loader on the real sample, and on small files made here with one thing wrong or unusual in each.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use windowshop::load::problems::Fault;
use windowshop::load::sample::{self, SampleOptions};
use windowshop::load::synth::{self, SynthArgs};
use windowshop::load::{self, LoadError, LoadOptions, Provenance, Report};
use windowshop::types::CountyFips;

const NOW: OffsetDateTime = datetime!(2025-11-01 12:00:00 UTC);

fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(folder)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.filter_map(|e| Some(e.ok()?.file_name().to_string_lossy().into_owned())).collect())
        .unwrap_or_default();
    names.sort();
    names
}

/// A catalogue opened as the server opens it.
struct Db(SqliteConnection);

impl Db {
    async fn open(path: &Path) -> Db {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true);
        Db(SqliteConnection::connect_with(&options).await.expect("the catalogue opens"))
    }

    async fn number(&mut self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_string())).fetch_one(&mut self.0).await.expect(sql)
    }

    async fn text(&mut self, sql: &str) -> String {
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
        assert_eq!(held[&key][slot], row[rate].replace('.', ""), "{key:?} at {}", &row[age]);
        compared += 1;
    }
    assert_eq!(compared, 32_334);
}

// ── Small files ─────────────────────────────────────────────────────────────────────────────────────────────────

const ATTRIBUTES: &str = "BusinessYear,StateCode,IssuerId,IssuerMarketPlaceMarketingName,MarketCoverage,DentalOnlyPlan,\
StandardComponentId,PlanMarketingName,NetworkId,ServiceAreaId,IsNewPlan,PlanType,MetalLevel,QHPNonQHPTypeId,\
IsReferralRequiredForSpecialist,ChildOnlyOffering,DiseaseManagementProgramsOffered,EHBPercentTotalPremium,NationalNetwork,\
PlanId,CSRVariationType,MedicalDrugDeductiblesIntegrated,MedicalDrugMaximumOutofPocketIntegrated,\
TEHBDedInnTier1Individual,TEHBInnTier1IndividualMOOP,IsHSAEligible,PlanBrochure,PlanEffectiveDate";
const RATES: &str = "BusinessYear,StateCode,PlanId,RatingAreaId,RateEffectiveDate,RateExpirationDate,Tobacco,Age,\
IndividualRate,IndividualTobaccoRate,Couple,PrimarySubscriberAndOneDependent,PrimarySubscriberAndTwoDependents,\
PrimarySubscriberAndThreeOrMoreDependents,CoupleAndOneDependent,CoupleAndTwoDependents,CoupleAndThreeOrMoreDependents";
const SERVICE_AREAS: &str = "BusinessYear,StateCode,IssuerId,ServiceAreaId,ServiceAreaName,CoverEntireState,County,PartialCounty,ZipCodes,MarketCoverage";
const BENEFITS: &str = "BusinessYear,StandardComponentId,PlanId,BenefitName,CopayInnTier1,CopayInnTier2,CopayOutofNet,\
CoinsInnTier1,CoinsInnTier2,CoinsOutofNet,IsEHB,IsCovered,LimitQty,LimitUnit";
const QUALITY: &str =
    "PlanId,OverallRatingValue,MemberExperienceRatingValue,MedicalCareRatingValue,PlanAdministrationRatingValue";

/// The five files as lines, and two tables of geography: two silver plans of one insurer in Ohio, one of them also in
/// a state that rates by ZIP would be too much, so Alaska has its own.
struct Source {
    attributes: Vec<String>,
    rates: Vec<String>,
    service_areas: Vec<String>,
    benefits: Vec<String>,
    quality: Vec<String>,
    zip_county: Vec<String>,
    rating_areas: Vec<String>,
    year: i32,
}

fn attributes_row(year: i32, plan: &str, metal: &str, variant: &str, link: &str) -> String {
    let (issuer, state) = (&plan[..5], &plan[5..7]);
    format!(
        "{year},{state},{issuer},Buckeye Health,Individual,No,{plan},Plan {plan},{state}N001,{state}S001,New,HMO,{metal},Both,No,\
Allows Adult and Child-Only,\"Asthma, Pregnancy\",0.99,No,{plan}-{variant},Standard,Yes,Yes,\"$1,500 \",\"$9,000 \",No,{link},1/1/{year}"
    )
}

fn rates_rows(year: i32, plan: &str, area: u32, ages: &[&str]) -> Vec<String> {
    let row = |(i, age): (usize, &&str)| {
        let (state, cents) = (&plan[5..7], 30_000 + i * 100);
        format!(
            "{year},{state},{plan},Rating Area {area},1/1/{year},12/31/{year},No Preference,{age},{}.{:02},,,,,,,,",
            cents / 100,
            cents % 100
        )
    };
    ages.iter().enumerate().map(row).collect()
}

fn modern_ages() -> Vec<String> {
    ["0-14".to_string()]
        .into_iter()
        .chain((15..=63).map(|age| age.to_string()))
        .chain(["64 and over".to_string()])
        .collect()
}

const ONE: &str = "11111OH0010001";
const TWO: &str = "11111OH0010002";

impl Source {
    fn new() -> Source {
        Source::of_year(2026)
    }

    fn of_year(year: i32) -> Source {
        let ages = modern_ages();
        let ages: Vec<&str> = ages.iter().map(String::as_str).collect();
        let mut rates = vec![RATES.to_string()];
        let mut attributes = vec![ATTRIBUTES.to_string()];
        for plan in [ONE, TWO] {
            rates.extend(rates_rows(year, plan, 4, &ages));
            attributes.push(attributes_row(year, plan, "Silver", "00", "https://example.org/b"));
            attributes.push(attributes_row(year, plan, "Silver", "01", "https://example.org/b"));
        }
        Source {
            attributes,
            rates,
            service_areas: vec![
                SERVICE_AREAS.to_string(),
                format!("{year},OH,11111,OHS001,Cincinnati,No,39061,No,,Individual"),
            ],
            benefits: vec![
                BENEFITS.to_string(),
                format!(
                    "{year},{ONE},{ONE}-01,Specialist Visit,$40.00 Copay after deductible,,Not Applicable,Not Applicable,,100.00%,Yes,Covered,2.0,Visit(s) per Year"
                ),
                format!("{year},{ONE},{ONE}-01,Basic Dental Care - Child,$5.00,,,,,,Yes,Covered,,"),
            ],
            quality: vec![QUALITY.to_string(), format!("{ONE},4,Not Rated,3,5")],
            zip_county: [
                "zip,state,county_fips,county_name,ratio",
                "45202,OH,39061,Hamilton County,1.0",
                "45203,OH,39061,Hamilton County,0.75",
                "45203,OH,39017,Butler County,0.25",
                "99501,AK,02020,Anchorage Municipality,1.0",
                "99701,AK,02020,Anchorage Municipality,0.5",
            ]
            .map(str::to_string)
            .to_vec(),
            rating_areas: [
                "state,county_fips,zip3,rating_area",
                "OH,39061,,4",
                "OH,39017,,4",
                "AK,,995,1",
                "AK,,997,2",
            ]
            .map(str::to_string)
            .to_vec(),
            year,
        }
    }

    /// Writes the files, each line ended as asked, under names that say nothing.
    fn write(&self, folder: &Path, start: &str, end: &str) {
        let plan_files = [&self.attributes, &self.rates, &self.service_areas, &self.benefits, &self.quality];
        for (name, lines) in ["a", "b", "c", "d", "e"].iter().zip(plan_files) {
            let text = format!("{start}{}{end}", lines.join(end));
            std::fs::write(folder.join(format!("{}-{name}.csv", self.year)), text).expect("a file");
        }
        let geo = folder.join("geo");
        std::fs::create_dir_all(&geo).expect("a folder");
        std::fs::write(geo.join("1.csv"), self.zip_county.join(end)).expect("a file");
        std::fs::write(geo.join("2.csv"), self.rating_areas.join(end)).expect("a file");
    }

    async fn load(&self, options: impl Fn(&mut LoadOptions)) -> (TempDir, Result<Report, LoadError>) {
        let place = folder();
        self.write(place.path(), "", "\n");
        let done = load_from(place.path(), options).await;
        (place, done)
    }
}

async fn load_from(place: &Path, change: impl Fn(&mut LoadOptions)) -> Result<Report, LoadError> {
    let mut options = LoadOptions::new(place, place.join("geo"), place.join("to"));
    change(&mut options);
    load::run(&options, NOW).await
}

async fn whole(source: &Source) -> (TempDir, Report, Db) {
    let (place, done) = source.load(|_| {}).await;
    let report = done.expect("it loads");
    let db = Db::open(&report.catalogues[0].path).await;
    (place, report, db)
}

#[tokio::test]
async fn small_files_become_a_catalogue_and_all_is_where_the_search_looks() {
    let (_place, report, mut db) = whole(&Source::new()).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    // metal 4, HMO 1, stars 4, referral-free, new, child dental, programmes asthma (1) and pregnancy (128).
    let packed = 4 | 1 << 4 | 4 << 7 | 1 << 13 | 1 << 14 | 1 << 15 | (1 + 128) << 18;
    assert_eq!(db.number("SELECT packed FROM variant WHERE plan_pk = 1 AND variant_code = 1").await, packed);
    assert_eq!(db.number("SELECT stars_member_experience FROM plan WHERE plan_pk = 1").await, 0);
    assert_eq!(db.number("SELECT count(*) FROM plan WHERE plan_pk = 2 AND stars_overall IS NULL").await, 1);
    assert_eq!(
        db.text(
            "SELECT deductible_individual || ' ' || moop_individual FROM variant WHERE plan_pk = 1 AND variant_code = 1"
        )
        .await,
        "150000 900000"
    );
    assert_eq!(
        db.text("SELECT filed FROM cost_limit WHERE plan_pk = 1 AND variant_code = 1 AND kind = 1").await,
        "$1,500"
    );
    let share = "SELECT copay_tier1 || '/' || copay_tier1_kind || '/' || copay_tier1_amount || '/' || limit_qty FROM cost_sharing WHERE benefit_id = 1";
    assert_eq!(db.text(share).await, "$40.00 Copay after deductible/5/4000/2");
    assert_eq!(db.text("SELECT slug FROM benefit ORDER BY 1").await, "basic-dental-care-child specialist-visit");
    assert_eq!(
        db.text("SELECT plan_id FROM plan WHERE plan_pk IN (SELECT rowid FROM plan_fts WHERE plan_fts MATCH 'buck*')")
            .await,
        format!("{ONE} {TWO}")
    );
    assert_eq!(db.number("SELECT a14 + a64 + t40 FROM rate WHERE plan_pk = 1").await, 30_000 + 35_000 + 32_600);
}

#[tokio::test]
async fn byte_order_marks_line_ends_extra_columns_and_either_date_style_change_nothing() {
    let plain = Source::new();
    let mut odd = Source::new();
    let extra = |line: &mut String, i: usize| line.push_str(if i == 0 { ",Extra" } else { ",x" });
    odd.rates.iter_mut().enumerate().for_each(|(i, line)| extra(line, i));
    odd.rates.iter_mut().for_each(|line| *line = line.replace("1/1/2026,12/31/2026", "2026-01-01,2026-12-31 23:59:59"));
    odd.attributes.iter_mut().for_each(|line| *line = line.replace("1/1/2026", "2026-01-01"));
    let place = folder();
    odd.write(place.path(), "\u{feff}", "\r\n");
    let report = load_from(place.path(), |_| {}).await.expect("it loads");
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    let (_place, expected, mut a) = whole(&plain).await;
    assert_eq!(expected.catalogues[0].counts, report.catalogues[0].counts);
    let mut b = Db::open(&report.catalogues[0].path).await;
    for sql in ["SELECT effective_date FROM plan", "SELECT concat_ws(',', plan_pk, a14, a40, a64, t64) FROM rate"] {
        assert_eq!(a.text(sql).await, b.text(sql).await);
    }
    assert_eq!(b.text("SELECT DISTINCT effective_date FROM plan").await, "2026-01-01");
}

#[tokio::test]
async fn a_missing_column_or_file_says_what_was_looked_for() {
    let mut source = Source::new();
    source.attributes[0] = source.attributes[0].replace("MetalLevel", "Metall").replace("IsHSAEligible", "Hsa");
    let (place, done) = source.load(|_| {}).await;
    let words = done.expect_err("a column is missing").to_string();
    assert!(words.contains("2026-a.csv (Plan Attributes PUF) has no column MetalLevel, IsHSAEligible"), "{words}");
    assert!(files(&place.path().join("to")).is_empty());

    let place = folder();
    Source::new().write(place.path(), "", "\n");
    std::fs::remove_file(place.path().join("2026-b.csv")).expect("a file less");
    let words = load_from(place.path(), |_| {}).await.expect_err("a file is missing").to_string();
    assert!(words.starts_with("no Rate PUF of plan year 2026 in ") && words.contains("RatingAreaId"), "{words}");
}

#[tokio::test]
async fn a_bad_rate_is_reported_where_it_is_and_the_plan_is_not_sold_without_it() {
    let mut source = Source::new();
    source.rates[3] = source.rates[3].replace("302.00", "3o2.00");
    let (_place, report, mut db) = whole(&source).await;
    let problem = &report.problems.shown()[0];
    assert_eq!((problem.file.as_str(), problem.line, problem.column.as_str()), ("2026-b.csv", 4, "IndividualRate"));
    assert_eq!((problem.value.as_str(), problem.fault, report.exit_code()), ("3o2.00", Fault::Money, 2));
    assert_eq!(db.text("SELECT plan_id FROM sold JOIN plan USING (plan_pk)").await, TWO);
    assert_eq!(db.number("SELECT count(*) FROM rate").await, 1);
    assert!(report.to_string().contains("1 faulty rows were left out"), "{report}");
}

#[tokio::test]
async fn strict_refuses_any_bad_row_and_what_was_there_stays() {
    let (place, done) = Source::new().load(|options| options.strict = true).await;
    let first = done.expect("good files pass").catalogues.remove(0);
    let mut source = Source::new();
    source.rates[3] = source.rates[3].replace("302.00", "");
    source.write(place.path(), "", "\n");
    let words = load_from(place.path(), |options| options.strict = true).await.expect_err("strict").to_string();
    assert!(words.contains("--strict") && words.contains("line 4"), "{words}");
    let name = first.path.file_name().expect("a name").to_string_lossy().into_owned();
    assert_eq!(files(&place.path().join("to")), [name]);
    assert_eq!(Db::open(&first.path).await.number("SELECT count(*) FROM sold").await, 2);
}

#[tokio::test]
async fn faults_are_shown_up_to_the_limit_and_all_counted() {
    let mut source = Source::new();
    source.rates[1..].iter_mut().take(20).for_each(|line| *line = line.replace("Rating Area 4", "Rating Area 99"));
    let (_place, done) = source.load(|options| options.max_errors = 3).await;
    let report = done.expect("the other plan is whole");
    assert_eq!((report.problems.shown().len(), report.problems.count(Fault::RatingArea)), (3, 20));
    assert!(report.to_string().contains("… and 17 more"), "{report}");
}

#[tokio::test]
async fn a_plan_with_a_bad_attributes_row_is_left_out_with_all_that_belongs_to_it() {
    let mut source = Source::new();
    source.attributes[1] = source.attributes[1].replace("Silver", "Tin");
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.bad_rows(), 1, "{report}");
    let (problem, counts) = (&report.problems.shown()[0], &report.catalogues[0].counts);
    assert_eq!((problem.column.as_str(), problem.value.as_str(), problem.line), ("MetalLevel", "Tin", 2));
    assert_eq!(["plan", "variant", "rate", "cost_sharing"].map(|table| counts[table]), [1, 2, 1, 0]);
    assert_eq!(db.text("SELECT plan_id FROM plan").await, TWO);
}

#[tokio::test]
async fn a_row_with_too_few_fields_is_one_bad_row() {
    let mut source = Source::new();
    source.quality.push("11111OH0010002,4".to_string());
    let (_place, report, _db) = whole(&source).await;
    assert_eq!(report.problems.count(Fault::FieldCount), 1);
}

#[tokio::test]
async fn a_broken_zip_is_an_error_that_names_it_and_leaves_nothing() {
    let place = folder();
    for name in files(&data("sample")) {
        std::fs::copy(data("sample").join(&name), place.path().join(&name)).expect("a copy");
    }
    let path = place.path().join("rate-puf.zip");
    let mut bytes = std::fs::read(&path).expect("a zip");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0);
    std::fs::write(&path, &bytes).expect("a broken zip");
    let mut options = LoadOptions::new(place.path(), data("geo"), place.path().join("to"));
    let words = load::run(&options, NOW).await.expect_err("broken").to_string();
    assert!(words.contains("rate-puf.zip/Rate_PUF.csv"), "{words}");
    assert!(files(&place.path().join("to")).is_empty());

    std::fs::write(&path, &bytes[..middle]).expect("half a zip");
    options.to = place.path().join("to2");
    let words = load::run(&options, NOW).await.expect_err("half").to_string();
    assert!(words.contains("rate-puf.zip: not a whole zip file"), "{words}");
}

#[tokio::test]
async fn rows_of_another_plan_year_are_faults_and_a_file_of_another_year_is_missing() {
    let mut source = Source::new();
    source.service_areas.push("2025,OH,11111,OHS001,Cincinnati,No,39017,No,,Individual".to_string());
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.count(Fault::PlanYear), 1);
    assert_eq!(db.number("SELECT count(DISTINCT county_fips) FROM sold").await, 1);

    let mut source = Source::new();
    source.rates = Source::of_year(2025).rates;
    let (_place, done) = source.load(|_| {}).await;
    let words = done.expect_err("rates of another year").to_string();
    assert!(words.contains("no Rate PUF of plan year 2026"), "{words}");
}

#[tokio::test]
async fn each_plan_year_becomes_its_own_catalogue() {
    let place = folder();
    Source::of_year(2025).write(place.path(), "", "\n");
    Source::of_year(2026).write(place.path(), "", "\n");
    let report = load_from(place.path(), |_| {}).await.expect("both load");
    let years: Vec<i32> = report.catalogues.iter().map(|built| built.plan_year).collect();
    assert_eq!((years, files(&place.path().join("to")).len()), (vec![2025, 2026], 2));
    assert_ne!(report.catalogues[0].hash, report.catalogues[1].hash);
}

#[tokio::test]
async fn two_files_of_one_kind_are_refused_by_name() {
    let place = folder();
    Source::new().write(place.path(), "", "\n");
    std::fs::copy(place.path().join("2026-b.csv"), place.path().join("again.csv")).expect("a copy");
    let words = load_from(place.path(), |_| {}).await.expect_err("two of a kind").to_string();
    assert!(words.contains("2026-b.csv and again.csv are both a Rate PUF"), "{words}");
}

#[tokio::test]
async fn links_that_are_not_for_browsers_are_left_out_and_reported() {
    let mut source = Source::new();
    for (row, variant) in [(1, "00"), (2, "01")] {
        source.attributes[row] = attributes_row(2026, ONE, "Silver", variant, "ftp://example.org/b");
    }
    let (_place, done) = source.load(|options| options.strict = true).await;
    let report = done.expect("a link is no bad row");
    assert_eq!((report.problems.count(Fault::Link), report.exit_code()), (2, 0));
    assert!(report.to_string().contains("PlanBrochure: \"ftp://example.org/b\""), "{report}");
    let mut db = Db::open(&report.catalogues[0].path).await;
    assert_eq!(db.text(&format!("SELECT plan_id FROM plan WHERE brochure_url IS NULL")).await, ONE);
    assert_eq!(db.text("SELECT brochure_url FROM plan WHERE plan_pk = 2").await, "https://example.org/b");
}

#[tokio::test]
async fn a_rate_said_twice_is_a_fault_only_when_it_differs() {
    let mut source = Source::new();
    source.rates.push(source.rates[1].clone());
    let (_place, report, _db) = whole(&source).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    let again = source.rates[1].replace("300.00", "301.00");
    source.rates.push(again);
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.count(Fault::Duplicate), 1);
    assert_eq!(db.number("SELECT a14 FROM rate WHERE plan_pk = 1").await, 30_000);
}

#[tokio::test]
async fn rates_not_in_force_on_the_first_of_january_are_passed_over() {
    let mut source = Source::new();
    let later = source.rates[1].replace("1/1/2026,12/31/2026", "4/1/2026,6/30/2026").replace("300.00", "999.00");
    source.rates.push(later);
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    assert_eq!(
        db.text("SELECT rows_read || ' ' || rows_kept || ' ' || rows_skipped FROM source_file WHERE kind = 'Rate PUF'")
            .await,
        "103 102 1"
    );
}

#[tokio::test]
async fn a_catalogue_that_is_not_whole_is_not_published() {
    let (place, done) = Source::new().load(|_| {}).await;
    let before = done.expect("it loads").catalogues.remove(0);
    let mut source = Source::new();
    // A cost-sharing reduction on a gold plan cannot be.
    source.attributes.extend(["01", "04"].map(|variant| attributes_row(2026, "11111OH0010003", "Gold", variant, "")));
    source.write(place.path(), "", "\n");
    let words = load_from(place.path(), |_| {}).await.expect_err("not whole").to_string();
    assert!(words.contains("cost-sharing reductions") && words.contains("11111OH0010003 variant 4"), "{words}");
    assert_eq!(files(&place.path().join("to")).len(), 1);
    assert!(before.path.is_file());

    let mut source = Source::new();
    source.service_areas.truncate(1);
    source.service_areas.push("2026,OH,11111,OHS009,Elsewhere,No,39061,No,,Individual".to_string());
    let (place, done) = source.load(|_| {}).await;
    let words = done.expect_err("nothing is sold").to_string();
    assert!(
        words.contains("nothing is sold") && words.contains("2 plans are not sold: the Service Area PUF"),
        "{words}"
    );
    assert!(files(&place.path().join("to")).is_empty());
}

#[tokio::test]
async fn the_same_files_give_the_same_hash_and_other_words_another() {
    let place = folder();
    Source::new().write(place.path(), "", "\n");
    let hash = async |rates: Option<Provenance>| {
        let report = load_from(place.path(), |options| options.rates = rates).await.expect("it loads");
        report.catalogues[0].hash.clone()
    };
    let first = hash(None).await;
    assert_eq!(first, hash(Some(Provenance::Filed)).await);
    assert_ne!(first, hash(Some(Provenance::Illustrative)).await);
    std::fs::write(place.path().join("provenance.txt"), "illustrative\r\nModelled.\r\n").expect("a file");
    assert_ne!(first, hash(None).await);
    let words = load_from(place.path(), |options| options.rates = Some(Provenance::Filed)).await;
    let words = words.expect_err("the file says otherwise").to_string();
    assert!(words.contains("illustrative") && words.contains("--rates"), "{words}");
}

#[tokio::test]
async fn the_older_age_bands_and_tobacco_rates_fill_every_age() {
    let mut source = Source::new();
    let ages: Vec<String> = ["0-20".to_string()]
        .into_iter()
        .chain((21..=63).map(|age| age.to_string()))
        .chain(["65 and over".to_string()])
        .collect();
    let ages: Vec<&str> = ages.iter().map(String::as_str).collect();
    source.rates.truncate(1 + 51);
    source.rates.extend(rates_rows(2026, TWO, 4, &ages));
    let with_tobacco = |line: &String| line.replace(",40,320.00,,", ",40,320.00,400.00,");
    source.rates = source.rates.iter().map(with_tobacco).collect();
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    let rate =
        "SELECT concat_ws(' ', a14, a20, a21, a64, t39, a40, t40, tobacco_rated, tiered) FROM rate WHERE plan_pk = 2";
    assert_eq!(db.text(rate).await, "30000 30000 30100 34400 31900 32000 40000 1 0");
    assert_eq!(db.number("SELECT count(*) FROM sold WHERE plan_pk = 2").await, 1);
}

#[tokio::test]
async fn family_tiers_keep_their_whole_prices() {
    let mut source = Source::new();
    source.rates.truncate(1 + 51);
    source.rates.push(format!(
        "2026,OH,{TWO},Rating Area 4,1/1/2026,12/31/2026,No Preference,Family Option,100.00,,200.00,170.00,240.00,240.00,285.00,285.00,285.50"
    ));
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    let rate = "SELECT concat_ws(' ', tiered, a14, a64, couple, one_dependent, two_dependents, three_dependents, couple_one, couple_two, couple_three) FROM rate WHERE plan_pk = 2";
    assert_eq!(db.text(rate).await, "1 10000 10000 20000 17000 24000 24000 28500 28500 28550");
    assert_eq!(db.number("SELECT count(*) FROM rate WHERE tiered = 0 AND couple IS NULL").await, 1);
}

#[tokio::test]
async fn part_of_a_county_is_sold_by_zip() {
    let mut source = Source::new();
    source.service_areas.push("2026,OH,11111,OHS001,Cincinnati,No,39017,Yes,\"45203, 45299\",Individual".to_string());
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    let sold = "SELECT group_concat(county_fips || ':' || plan_pk || ':' || by_zip, ' ') FROM sold";
    assert_eq!(db.text(sold).await, "39017:1:1 39017:2:1 39061:1:0 39061:2:0");
    // 45299 does not reach into the county.
    assert_eq!(
        db.text("SELECT concat_ws(':', county_fips, plan_pk, zip) FROM sold_zip").await,
        "39017:1:45203 39017:2:45203"
    );
}

#[tokio::test]
async fn where_rating_areas_go_by_zip_a_plan_is_sold_where_it_has_a_price() {
    let mut source = Source::new();
    let plan = "22222AK0010001";
    let ages = modern_ages();
    let ages: Vec<&str> = ages.iter().map(String::as_str).collect();
    source.attributes.push(attributes_row(2026, plan, "Silver", "01", ""));
    source.service_areas.push("2026,AK,22222,AKS001,Alaska,Yes,,,,Individual".to_string());
    source.rates.extend(rates_rows(2026, plan, 1, &ages));
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(db.text("SELECT concat_ws(':', county_fips, by_zip) FROM sold WHERE plan_pk = 1").await, "2020:1");
    assert_eq!(db.text("SELECT concat_ws(':', zip) FROM sold_zip").await, "99501");
    assert!(report.to_string().contains("only in the ZIP codes of a county"), "{report}");
    source.rates.extend(rates_rows(2026, plan, 2, &ages));
    let (_place, _report, mut db) = whole(&source).await;
    assert_eq!(db.text("SELECT concat_ws(':', county_fips, by_zip) FROM sold WHERE plan_pk = 1").await, "2020:0");
}

#[tokio::test]
async fn small_group_plans_and_their_rows_are_passed_over_without_fault() {
    let mut source = Source::new();
    let shop = "11111OH0020001";
    source.attributes.push(attributes_row(2026, shop, "Gold", "01", "").replace("Individual", "SHOP (Small Group)"));
    source.rates.push(source.rates[1].replace(ONE, shop));
    source.benefits.push(source.benefits[1].replace(ONE, shop));
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    assert_eq!(db.number("SELECT count(*) FROM plan").await, 2);
    assert_eq!(db.number("SELECT rows_skipped FROM source_file WHERE kind = 'Plan Attributes PUF'").await, 1);
    // A plan nobody has heard of is a fault.
    source.rates.push(source.rates[1].replace(ONE, "11111OH0090009"));
    let (_place, report, _db) = whole(&source).await;
    assert_eq!(report.problems.count(Fault::UnknownPlan), 1);
}

#[tokio::test]
async fn the_optional_files_are_taken_when_they_are_there() {
    let place = folder();
    Source::new().write(place.path(), "", "\n");
    let put = |name: &str, text: &str| std::fs::write(place.path().join(name), text).expect("a file");
    put(
        "x.csv",
        &format!(
            "State,DentalPlan,PlanID_2025,FIPSCode,ZipCode,CrosswalkLevel,ReasonForCrosswalk,PlanID_2026,AgeOffPlanID_2026\nOH,No,11111OH0010009,39061,00000,1,2,{ONE},\n"
        ),
    );
    put(
        "y.csv",
        "BusinessYear,StateCode,IssuerId,NetworkName,NetworkId,NetworkURL,MarketCoverage\n2026,OH,11111,River Network,OHN001,https://example.org/find,Individual\n2026,OH,11111,River Network,OHN001,https://example.org/find,SHOP (Small Group)\n",
    );
    put(
        "z.csv",
        "BusinessYear,IssuerId,ProductId,StandardComponentId,AgeDeterminationRule,MinimumTobaccoFreeMonthsRule,CohabitationRule,MarketCoverage\n2026,11111,11111OH001,,Age on effective date,6,\"Spouse,Yes\",Individual\n",
    );
    let report = load_from(place.path(), |_| {}).await.expect("it loads");
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    let mut db = Db::open(&report.catalogues[0].path).await;
    assert_eq!(db.text("SELECT concat_ws(' ', previous_plan_id, county_fips, level, reason, plan_id, dental) FROM crosswalk WHERE zip IS NULL").await, format!("11111OH0010009 39061 1 2 {ONE} 0"));
    assert_eq!(db.text("SELECT name || ' ' || url FROM network").await, "River Network https://example.org/find");
    assert_eq!(
        db.text("SELECT age_determination_rule || ' ' || tobacco_free_months FROM business_rule").await,
        "Age on effective date 6"
    );
}

#[tokio::test]
async fn a_sample_of_two_counties_is_a_whole_catalogue() {
    let to = folder();
    let report = load_sample(to.path()).await;
    let counties: Vec<CountyFips> = ["39061", "54039"].iter().filter_map(|code| CountyFips::parse(code)).collect();
    let mut options = SampleOptions { from: report.catalogues[0].path.clone(), counties, to: to.path().join("small") };
    let built = sample::run(&options, NOW).await.expect("a sample");
    assert_eq!((built.plan_year, built.counts["sold"], built.counts["zip_county"]), (2026, 130 + 37, 54_560));
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
    assert_eq!(real.counts["zip_county"], 54_560);
    options.plans = 0;
    assert!(synth::run(&options, NOW).await.is_err());
}
