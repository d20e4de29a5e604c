//! Small files made here, with one thing unusual in each: what a load makes of them.

use super::{Db, NOW, files, folder};
use std::path::Path;
use strum::VariantArray as _;
use tempfile::TempDir;
use windowshop::filing::codes::{Metal, PlanType, Product, Program, VariantKind};
use windowshop::filing::share::ShareKind;
use windowshop::filing::{keys, limits};
use windowshop::load::problems::Fault;
use windowshop::load::{self, LoadError, LoadOptions, Provenance, Report};

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

/// The five files as lines, and two tables of geography: two silver plans of one insurer in Ohio, and a
/// county of Alaska, where rating areas go by ZIP.
pub struct Source {
    pub attributes: Vec<String>,
    pub rates: Vec<String>,
    pub service_areas: Vec<String>,
    pub benefits: Vec<String>,
    pub quality: Vec<String>,
    pub zip_county: Vec<String>,
    pub rating_areas: Vec<String>,
    year: i32,
}

pub fn attributes_row(year: i32, plan: &str, metal: &str, variant: &str, link: &str) -> String {
    let (issuer, state) = (&plan[..5], &plan[5..7]);
    format!(
        "{year},{state},{issuer},Buckeye Health,Individual,No,{plan},Plan {plan},{state}N001,{state}S001,New,HMO,{metal},Both,No,\
Allows Adult and Child-Only,\"Asthma, Pregnancy\",0.99,No,{plan}-{variant},Standard,Yes,Yes,\"$1,500 \",\"$9,000 \",No,{link},1/1/{year}"
    )
}

/// A row for each variant that a plan of this metal must have.
pub fn plan_rows(year: i32, plan: &str, metal: &str, link: &str) -> Vec<String> {
    let last = if metal == "Silver" { 6 } else { 3 };
    (0..=last).map(|code| attributes_row(year, plan, metal, &format!("0{code}"), link)).collect()
}

pub fn rates_rows(year: i32, plan: &str, area: u32, ages: &[&str]) -> Vec<String> {
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

pub fn modern_ages() -> Vec<String> {
    ["0-14".to_string()]
        .into_iter()
        .chain((15..=63).map(|age| age.to_string()))
        .chain(["64 and over".to_string()])
        .collect()
}

pub const ONE: &str = "11111OH0010001";
pub const TWO: &str = "11111OH0010002";

impl Source {
    pub fn new() -> Source {
        Source::of_year(2026)
    }

    pub fn of_year(year: i32) -> Source {
        let ages = modern_ages();
        let ages: Vec<&str> = ages.iter().map(String::as_str).collect();
        let mut rates = vec![RATES.to_string()];
        let mut attributes = vec![ATTRIBUTES.to_string()];
        for plan in [ONE, TWO] {
            rates.extend(rates_rows(year, plan, 4, &ages));
            attributes.extend(plan_rows(year, plan, "Silver", "https://example.org/b"));
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
    pub fn write(&self, folder: &Path, start: &str, end: &str) {
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

    pub async fn load(&self, options: impl Fn(&mut LoadOptions)) -> (TempDir, Result<Report, LoadError>) {
        let place = folder();
        self.write(place.path(), "", "\n");
        let done = load_from(place.path(), options).await;
        (place, done)
    }
}

pub async fn load_from(place: &Path, change: impl Fn(&mut LoadOptions)) -> Result<Report, LoadError> {
    let mut options = LoadOptions::new(place, place.join("geo"), place.join("to"));
    change(&mut options);
    load::run(&options, NOW).await
}

pub async fn whole(source: &Source) -> (TempDir, Report, Db) {
    let (place, done) = source.load(|_| {}).await;
    let report = done.expect("it loads");
    let db = Db::open(&report.catalogues[0].path).await;
    (place, report, db)
}

#[tokio::test]
async fn small_files_become_a_catalogue_and_all_is_where_the_search_looks() {
    let (_place, report, mut db) = whole(&Source::new()).await;
    assert_eq!(report.problems.bad_rows(), 0, "{report}");
    // metal 4, HMO 1, stars 4, referral-free, new, child dental, programs asthma (1) and pregnancy (128).
    let asked = "SELECT metal || ' ' || plan_type || ' ' || stars || ' ' || programs || ' ' || standard_design || hsa \
                 || national || referral_free || is_new || child_dental || adult_dental \
                 FROM variant WHERE plan_pk = 1 AND variant_code = 1";
    assert_eq!(db.text(asked).await, "4 1 4 129 0001110");
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
    std::fs::write(place.path().join("provenance.txt"), "illustrative\r\nModeled.\r\n").expect("a file");
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
    source.attributes.extend(plan_rows(2026, plan, "Silver", ""));
    source.service_areas.push("2026,AK,22222,AKS001,Alaska,Yes,,,,Individual".to_string());
    source.rates.extend(rates_rows(2026, plan, 1, &ages));
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(db.text("SELECT concat_ws(':', county_fips, by_zip) FROM sold WHERE plan_pk = 1").await, "2020:1");
    assert_eq!(db.text("SELECT concat_ws(':', zip) FROM sold_zip").await, "99501");
    assert!(report.to_string().contains("sold only in those ZIP codes of a county"), "{report}");
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

/// The integers and words of the catalogue's code tables are those of `filing`, which everything else reads.
#[tokio::test]
async fn the_code_tables_are_those_of_the_vocabulary() {
    let (_place, _report, mut db) = whole(&Source::new()).await;
    let by_code = |names: &[&str], code: &dyn Fn(usize) -> i64| {
        let row = |(i, name): (usize, &&str)| format!("{} {name}", code(i));
        names.iter().enumerate().map(row).collect::<Vec<_>>().join(", ")
    };
    for (table, key, wanted) in [
        ("metal", "code", by_code(&Metal::FILED, &|i| Metal::ALL[i].code())),
        // The sixth is for what is not filed, or in words that no one knows.
        ("plan_type", "code", by_code(&PlanType::FILED, &|i| PlanType::ALL[i].code()) + ", 6 Other or not filed"),
        ("disease_program", "bit", by_code(&Program::FILED, &|i| Program::ALL[i].bit())),
    ] {
        let sql =
            format!("SELECT group_concat({key} || ' ' || name, ', ') FROM (SELECT * FROM {table} ORDER BY {key})");
        assert_eq!(db.text(&sql).await, wanted, "{table}");
    }
    let codes = |codes: Vec<i64>| codes.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let limit = |codes: &[u8]| codes.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
    for (table, wanted) in [
        ("product", codes(Product::VARIANTS.iter().map(|product| product.code()).collect())),
        ("variant_kind", codes(VariantKind::ALL.iter().map(|kind| kind.code()).collect())),
        ("share_kind", codes(ShareKind::VARIANTS.iter().map(|kind| kind.code()).collect())),
        ("limit_kind", limit(&[limits::DEDUCTIBLE, limits::MOOP])),
        ("limit_scope", limit(&[limits::MEDICAL, limits::DRUG, limits::COMBINED])),
        ("limit_network", limit(&[limits::TIER1, limits::TIER2, limits::OUT, limits::IN_AND_OUT])),
        ("limit_who", limit(&[limits::INDIVIDUAL, limits::FAMILY_PER_PERSON, limits::FAMILY_PER_GROUP])),
    ] {
        let sql = format!("SELECT group_concat(code) FROM (SELECT code FROM {table} ORDER BY code)");
        assert_eq!(db.text(&sql).await, wanted, "{table}");
    }
    // Keys made of keys.
    for (sql, key) in [
        ("SELECT plan_pk, variant_code, variant_pk FROM variant", keys::variant_pk as fn(i64, i64) -> i64),
        ("SELECT rating_area_pk, plan_pk, rate_pk FROM rate", keys::rate_pk),
    ] {
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(sql).fetch_all(&mut db.0).await.expect(sql);
        assert!(!rows.is_empty() && rows.iter().all(|(a, b, made)| key(*a, *b) == *made), "{sql}");
    }
}
