//! Files as CMS has published them since 2014, and as states publish theirs: one small fixture of each layout, made here
//! from the names of the columns and the ways of writing values, and what the catalogue makes of it.

use super::small::{ONE, Source, load_from, whole};
use super::{Db, folder};
use std::io::Write as _;
use std::path::Path;
use windowshop::load::{self, LoadOptions, Report};
use zip::write::SimpleFileOptions;

pub fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a place in the zip");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("written");
    gzip.finish().expect("gzipped")
}

pub fn lines(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

/// Two rates that cover all ages of a plan, in a federal file.
fn rates(year: i32, plan: &str) -> String {
    let state = &plan[5..7];
    lines(&[
        "BusinessYear,StateCode,IssuerId,SourceName,VersionNum,ImportDate,IssuerId2,FederalTIN,RateEffectiveDate,\
         RateExpirationDate,PlanId,RatingAreaId,Tobacco,Age,IndividualRate,IndividualTobaccoRate,Couple,RowNumber",
        &format!(
            "{year},{state},1,HIOS,6,2014-03-19,1,,{year}-01-01,{year}-12-31,{plan},Rating Area 4,No Preference,0-20,\"1,050.00\",,,14"
        ),
        &format!(
            "{year},{state},1,HIOS,6,2014-03-19,1,,{year}-01-01,{year}-12-31,{plan},Rating Area 4,No Preference,21-63,200.00,,,15"
        ),
        &format!(
            "{year},{state},1,HIOS,6,2014-03-19,1,,{year}-01-01,{year}-12-31,{plan},Rating Area 4,No Preference,65 and over,610.00,,,17"
        ),
        &format!(
            "{year},{state},1,HIOS,6,2014-03-19,1,,{year}-01-01,{year}-12-31,{plan},Rating Area 4,No Preference,64,600.00,,,16"
        ),
    ])
}

/// The federal files of 2014: no marketing name, no crosswalk, no Quality PUF, families in one column.
fn of_2014(folder: &Path) {
    put(folder, "Plan_Attributes_PUF_2014_2015-03-09.csv", lines(&[
        "BusinessYear,StateCode,IssuerId,SourceName,VersionNum,ImportDate,BenefitPackageId,IssuerId2,StateCode2,MarketCoverage,\
         DentalOnlyPlan,TIN,StandardComponentId,PlanMarketingName,HIOSProductId,HPID,NetworkId,ServiceAreaId,FormularyId,\
         IsNewPlan,PlanType,MetalLevel,UniquePlanDesign,QHPNonQHPTypeId,ChildOnlyOffering,EHBPercentPremiumS4,IsHSAEligible,\
         PlanEffictiveDate,NationalNetwork,PlanId,CSRVariationType,IssuerActuarialValue,MedicalDrugDeductiblesIntegrated,\
         MedicalDrugMaximumOutofPocketIntegrated,FirstTierUtilization,SBCHavingaBabyDeductible,SBCHavingDiabetesLimit,\
         TEHBInnTier1IndividualMOOP,TEHBInnTier1FamilyMOOP,TEHBDedInnTier1Individual,TEHBDedInnTier1Family,RowNumber",
        &format!("2014,OH,11111,HIOS,6,2014-03-19 07:06:49,1,11111,OH,Individual,No,12-3456789,{ONE},Silver One,11111OH001,,OHN001,\
         OHS001,,New,HMO,Silver,No,Both,Allows Adult and Child-Only,97.4%,No,2014-01-01,No,{ONE}-01,Standard Silver On Exchange Plan,\
         70%,Yes,Yes,100%,1500,0,\"$6,350\",\"$12,700\",\"$1,500\",\"$3,000\",14"),
    ]).as_bytes());
    put(folder, "Rate_PUF_2014.csv", rates(2014, ONE).as_bytes());
    put(folder, "ServiceArea_PUF_2014.csv", lines(&[
        "BusinessYear,StateCode,IssuerId,SourceName,VersionNum,ImportDate,IssuerId2,StateCode2,ServiceAreaId,ServiceAreaName,\
         CoverEntireState,County,PartialCounty,ZipCodes,PartialCountyJustification,RowNumber,MarketCoverage,DentalOnly",
        "2014,OH,11111,HIOS,2,2013-11-27,11111,OH,OHS001,Central,No,39061.0,No,,,27,,",
        "2014,OH,11111,HIOS,2,2013-11-27,11111,OH,OHS001,Central,No,39017.0,No,,,28,SHOP (Small Group),",
    ]).as_bytes());
    put(folder, "Benefits_Cost_Sharing_PUF.csv", lines(&[
        "BusinessYear,StateCode,IssuerId,SourceName,VersionNum,ImportDate,IssuerId2,StateCode2,StandardComponentId,PlanId,\
         BenefitName,CopayInnTier1,CopayInnTier2,CopayOutofNet,CoinsInnTier1,CoinsInnTier2,CoinsOutofNet,IsEHB,IsStateMandate,\
         IsCovered,QuantLimitOnSvc,LimitQty,LimitUnit,MinimumStay,IsExclFromInnMOOP,IsSubjToDedTier1,IsSubjToDedTier2",
        &format!("2014,OH,11111,HIOS,6,,11111,OH,{ONE},{ONE}-01,Specialist Visit,$45,,,No Charge,,,Yes,,Covered,No,,,,no,Yes,no"),
        &format!("2014,OH,11111,HIOS,6,,11111,OH,{ONE},{ONE}-01,Generic Drugs,$10,,,No Charge,,,Yes,,Not covered,No,12.0,,,No,No,No"),
    ]).as_bytes());
}

/// Ohio's places under their names, and a few of Connecticut and New Jersey.
fn geo(folder: &Path) {
    put(
        folder,
        "geo/zips.csv",
        lines(&[
            "zip,state,county_fips,county_name,ratio",
            "45202,OH,39061,Hamilton County,1.0",
            "45203,OH,39017,Butler County,1.0",
            "08701,NJ,34029,Ocean County,1.0",
            "08723,NJ,34029,Ocean County,1.0",
            "07102,NJ,34013,Essex County,1.0",
            "06103,CT,09003,Hartford County,1.0",
            "06103,CT,09110,Capitol Planning Region,1.0",
            "06250,CT,09015,Windham County,0.4",
            "06250,CT,09013,Tolland County,0.6",
            "06250,CT,09110,Capitol Planning Region,1.0",
            "57770,SD,46102,Oglala Lakota County,1.0",
        ])
        .as_bytes(),
    );
    put(
        folder,
        "geo/areas.csv",
        lines(&[
            "state,county_fips,zip3,rating_area,first_year,last_year",
            "OH,39061,,9,,2013",
            "OH,39061,,4,2014,",
            "OH,39017,,4,,",
            "NJ,34029,,1,,",
            "NJ,34013,,1,,",
            "CT,9003,,2,,",
            "CT,9013,,2,,",
            "CT,9015,,8,,",
            "SD,46102,,1,,",
        ])
        .as_bytes(),
    );
}

pub async fn load(folder: &Path) -> Report {
    let options = LoadOptions::new(folder, folder.join("geo"), folder.join("to"));
    load::run(&options, super::NOW).await.expect("it loads")
}

#[tokio::test]
async fn the_federal_files_of_2014_load_without_a_fault() {
    let place = folder();
    of_2014(place.path());
    geo(place.path());
    let report = load(place.path()).await;
    assert!(report.problems.is_clean(), "{report}");
    assert!(report.to_string().contains("no Quality PUF of plan year 2014"), "{report}");
    let mut db = Db::open(&report.catalogues[0].path).await;
    // The insurer's number stands in for its name; the share of 2014 is that of today; a family is in one column.
    assert_eq!(db.text("SELECT name FROM issuer").await, "HIOS 11111");
    assert_eq!(db.text("SELECT ehb_ppm || ' ' || effective_date FROM plan").await, "974000 2014-01-01");
    let family =
        "SELECT concat_ws(' ', deductible_individual, deductible_family, moop_individual, moop_family) FROM variant";
    assert_eq!(db.text(family).await, "150000 300000 635000 1270000");
    assert_eq!(
        db.text("SELECT deductible || ' ' || example FROM sbc_example WHERE example = 'baby'").await,
        "150000 baby"
    );
    // A blank market counts for both; small group does not.
    assert_eq!(db.text("SELECT group_concat(county_fips, ' ') FROM sold").await, "39061");
    // $45 with the deductible filed apart is $45 after it.
    let shares =
        "SELECT group_concat(copay_tier1_kind || '/' || coins_tier1_kind, ' ') FROM cost_sharing ORDER BY benefit_id";
    assert_eq!(db.text(shares).await, "5/2 4/2");
    assert_eq!(db.number("SELECT covered FROM cost_sharing WHERE limit_qty = '12'").await, 0);
    // 64 has a row of its own, in whichever order; thousands have commas.
    assert_eq!(db.text("SELECT concat_ws(' ', a14, a63, a64) FROM rate").await, "105000 20000 60000");
    let meta = "SELECT group_concat(value, ' ') FROM (SELECT value FROM meta WHERE key IN ('plans.filed', 'plans.kept', 'insurers.filed', 'insurers.kept', 'insurers.selling') ORDER BY key)";
    assert_eq!(db.text(meta).await, "1 1 1 1 1");
}

/// A state-based exchange's own files, as New Jersey and Connecticut publish them.
fn state_files(state: &str, plan: &str, service_areas: &[&str]) -> Vec<(String, Vec<u8>)> {
    let issuer = &plan[..5];
    let area = if state == "CT" { 2 } else { 1 };
    let plans = lines(&[
        "BUSINESS YEAR,STATE CODE,ISSUER NAME,ISSUER ID,SOURCE NAME,VERSION NUMBER,IMPORT DATE,BENEFIT PACKAGE ID,MARKET COVERAGE,\
         DENTAL ONLY PLAN,TIN,STANDARD COMPONENT ID,PLAN MARKETING NAME,HIOS PRODUCT ID,HPID,NETWORK ID,SERVICE AREA ID,\
         FORMULARY ID,IS IT A NEW PLAN,PLAN TYPE,METAL LEVEL,UNIQUE PLAN DESIGN,QHP NONQHP TYPE ID,IS NOTICE REQUIRED FOR PREGNACY,\
         IS HSA ELIGIBLE,CHILD ONLY OFFERING,IS GUARANTEED RATE?,PLAN EFFECTIVE DATE,PLAN EXPIRATION DATE,PLAN ID,CSR VARIATION TYPE,\
         ISSUER ACTUARIAL VALUE,MEDICAL DRUG DEDUCTIBLES INTEGRATED,MEDICAL DRUG MAXIMUM OUT OF POCKET INTEGRATED,\
         MULTIPLE NETWORK TIERS,FIRST TIER UTILIZATION,TEHB INN TIER 1 INDIVIDUAL MOOP,TEHB INN TIER 1 FAMILY MOOP,\
         TEHB DED INN TIER 1 INDIVIDUAL,TEHB DED INN TIER 1 FAMILY,MEHB DED INN TIER1 COINSURNACE,EHB PERCENT PREMIUM,\
         PLAN DESIGN TYPE,PLAN VARIANT MARKETING NAME",
        &format!(
            "2026,{state},,{issuer},SERFF,1,2/12/2026,,Individual,No,,{plan},Choice Silver,{issuer}{state}001,,{state}N001,{state}S001,\
         ,Existing,EPO,Silver,Yes,Both,No,false,Allows Adult and Child-Only,,1/1/2026,12/31/2026,{plan}-01,\
         Standard Silver On Exchange Plan,70.97%,Yes,Yes,true,100,\"$9,800 \",$9800 per person | $19600 per group,\
         \"$2,500 \",$2500 per person | $5000 per group,50.00%,99%,Not Applicable,Choice Silver"
        ),
    ]);
    let rates = lines(&[
        "BUSINESS YEAR,STATE CODE,ISSUER ID,SOURCE NAME,VERSION NUMBER,IMPORT DATE,FEDERAL TIN,RATE EXPIRATION,RATE EFFECTIVE DATE,\
         PLAN ID,RATING AREA ID,TOBACCO,AGE,QHP_NON_QHP_TYPE_ID,INDIVIDUAL RATE,INDIVIDUAL TOBACCO RATE,COUPLE",
        &format!(
            "2026,{state},{issuer},SERFF,1,02-12-2026,,2026-12-31,2026-01-01,{plan},Rating Area {area},No Preference,0-63,Both,381.93,,"
        ),
        &format!(
            "2026,{state},{issuer},SERFF,1,02-12-2026,,2026-12-31,2026-01-01,{plan},Rating Area {area},No Preference,64 and over,Both,781.93,,"
        ),
    ]);
    let head = "BUSINESS YEAR,STATE CODE,ISSUER ID,SOURCE NAME,VERSION NUMBER,IMPORT DATE,SERVICE AREA ID,SERVICE AREA NAME,\
                COVER ENTIRE STATE,COUNTY,COUNTY NAME,PARTIAL COUNTY,ZIP CODE,PARTIAL COUNTY JUSTIFICATION,MARKET COVERAGE,DENTAL PLAN ONLY";
    let areas: Vec<String> = service_areas
        .iter()
        .map(|rest| {
            format!("2026,{state},{issuer},SERFF,1,02-12-2026,{state}S001,Service Area 1,{rest},,Individual,No")
        })
        .collect();
    let areas = lines(&[head].into_iter().chain(areas.iter().map(String::as_str)).collect::<Vec<_>>());
    let benefits = lines(&[
        "BUSINESS YEAR,STATE CODE,ISSUER ID,SOURCE NAME,VERSION NUMBER,IMPORT DATE,STANDARD COMPONENT ID,PLAN ID,BENEFIT NAME,IS EHB,\
         IS STATE MANDATE,IS COVERED,QUANTITY LIMIT ON SVC,LIMIT QUANTITY,LIMIT UNIT,MINIMUM STAY,EXCLUSIONS,EXPLANATION,EHB VAR REASON,\
         IS SUBJECTED TO DED TIER 1,IS SUBJECTED TO DED TIER 2,IS EXCLUDED FROM INN MOOP,IS EXCLUDED FROM OON MOOP",
        &format!(
            "2026,{state},{issuer},SERFF,1,2/12/2026,{plan},{plan}-01,Habilitation Services,Yes,,Yes,Yes,40,Visit(s) per Year,,,,,,,No,No"
        ),
    ]);
    let networks = lines(&[
        "BUSINESS YEAR,STATE CODE,ISSUER ID,SOURCE NAME,VERSION NUMBER,IMPORT DATE,NETWORK ID,NETWORK NAME,NETWORK URL,MARKET COVERAGE,DENTAL PLAN ONLY",
        &format!("2026,{state},{issuer},SERFF,1,02-12-2026,{state}N001,Choice,www.example.org/find,Individual,No"),
        &format!("2026,{state},{issuer},SERFF,1,02-12-2026,{state}N001,Choice SHOP,,SHOP (Small Group),No"),
    ]);
    [("Plans", plans), ("Rates", rates), ("ServiceAreas", areas), ("Benefits", benefits), ("Networks", networks)]
        .map(|(name, text)| (format!("{state}{name}05072026.csv"), text.into_bytes()))
        .to_vec()
}

fn state_zip(state: &str, plan: &str, service_areas: &[&str]) -> Vec<u8> {
    let files = state_files(state, plan, service_areas);
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    zipped(&files)
}

/// Two states in one zip, and their places.
pub fn jersey_and_connecticut(folder: &Path, jersey: &[&str], connecticut: &[&str]) {
    let (jersey, connecticut) = (state_zip("NJ", NJ, jersey), state_zip("CT", CT, connecticut));
    put(folder, "sbe-puf-2026.zip", &zipped(&[("NJ.zip", &jersey), ("CT.zip", &connecticut)]));
    geo(folder);
}

pub const NJ: &str = "91661NJ0010001";
const CT: &str = "76962CT0010001";

#[tokio::test]
async fn the_files_of_two_states_load_together_one_zip_within_another() {
    let place = folder();
    let jersey = ["false,Ocean - 34029,Ocean,true,\"8701, 8723\"", "false,,Essex,false,"];
    jersey_and_connecticut(place.path(), &jersey, &["true,,,,"]);
    let report = load(place.path()).await;
    assert!(report.problems.is_clean(), "{report}");
    let mut db = Db::open(&report.catalogues[0].path).await;
    let plans = "SELECT group_concat(concat_ws(' ', state, plan_type, ehb_ppm, is_new, hsa), ' / ') FROM plan";
    assert_eq!(db.text(plans).await, "CT 3 990000 0 0 / NJ 3 990000 0 0");
    let money = "SELECT concat_ws(' ', deductible_individual, deductible_family, moop_individual, moop_family) FROM variant WHERE plan_pk = 2";
    assert_eq!(db.text(money).await, "250000 500000 980000 1960000");
    assert_eq!(db.number("SELECT tier1_utilization_bp FROM variant_detail WHERE plan_pk = 2").await, 10_000);
    assert_eq!(db.number("SELECT basis_points FROM default_coinsurance WHERE plan_pk = 2").await, 5_000);
    // Part of Ocean County by ZIP, Essex whole; Connecticut is sold by its old counties, not twice over.
    let sold = "SELECT group_concat(county_fips || ':' || by_zip, ' ') FROM sold";
    assert_eq!(db.text(sold).await, "9003:0 9013:0 34013:0 34029:1");
    assert_eq!(
        db.number("SELECT covered FROM cost_sharing WHERE plan_pk = 2 AND copay_tier1 IS NULL AND limit_qty = '40'")
            .await,
        1
    );
    let network = "SELECT name || ' ' || url FROM network WHERE network_id = 'NJN001'";
    assert_eq!(db.text(network).await, "Choice https://www.example.org/find");
}

#[tokio::test]
async fn two_files_of_the_same_state_are_refused_by_name() {
    let place = folder();
    put(place.path(), "NJ.zip", &state_zip("NJ", NJ, &["true,,,,"]));
    put(place.path(), "NJ-again.zip", &state_zip("NJ", NJ, &["true,,,,"]));
    geo(place.path());
    let words = load_from(place.path(), |_| {}).await.expect_err("twice").to_string();
    assert!(words.contains("NJ-again.zip/NJPlans05072026.csv and NJ.zip/NJPlans05072026.csv are both"), "{words}");
}

#[tokio::test]
async fn connecticut_is_understood_by_planning_region_and_by_old_county() {
    let sold = async |area: &str| {
        let place = folder();
        put(place.path(), "CT.zip", &state_zip("CT", CT, &[area]));
        geo(place.path());
        let report = load(place.path()).await;
        assert!(report.problems.is_clean(), "{report}");
        let mut db = Db::open(&report.catalogues[0].path).await;
        db.text("SELECT group_concat(county_fips || ':' || by_zip, ' ') FROM sold").await
    };
    assert_eq!(sold("false,9003,,false,").await, "9003:0");
    assert_eq!(sold("false,Hartford,,false,").await, "9003:0");
    // The region reaches into three counties; one of them has no price here.
    assert_eq!(sold("false,09110,Capitol Planning Region,false,").await, "9003:1 9013:1");
    assert_eq!(sold("false,Capitol Planning Region,,false,").await, "9003:1 9013:1");
}

#[tokio::test]
async fn gzipped_files_subfolders_and_other_separators_are_read_and_the_rest_is_named() {
    let plain = Source::new();
    let place = folder();
    plain.write(place.path(), "", "\n");
    let move_to = |name: &str, change: &dyn Fn(Vec<u8>) -> (String, Vec<u8>)| {
        let path = place.path().join(name);
        let (to, bytes) = change(std::fs::read(&path).expect("a file"));
        std::fs::remove_file(path).expect("moved");
        put(place.path(), &to, &bytes);
    };
    move_to("2026-a.csv", &|bytes| ("puf/attributes.csv.gz".to_string(), gzipped(&bytes)));
    move_to("2026-b.csv", &|bytes| {
        ("rates.txt".to_string(), String::from_utf8(bytes).expect("text").replace(',', "|").into_bytes())
    });
    move_to("2026-c.csv", &|bytes| ("deep/down/SERVICE.CSV".to_string(), bytes));
    move_to("2026-d.csv", &|bytes| {
        ("benefits.zip".to_string(), zipped(&[("b/benefits.csv.gz", &gzipped(&bytes)), ("read me.txt", b"hello")]))
    });
    put(place.path(), "transparency.xlsx", b"PK\x03\x04");
    put(place.path(), "page.csv", b"<!DOCTYPE html><html>not found</html>");
    put(place.path(), "unicode.csv", b"\xff\xfeB\0u\0");
    put(place.path(), "empty.csv", b"");
    put(place.path(), "provenance.txt", b"invented\n");
    let report = load_from(place.path(), |_| {}).await.expect("it loads");
    assert!(report.problems.is_clean(), "{report}");
    let (_place, expected, _db) = whole(&plain).await;
    assert_eq!(report.catalogues[0].counts, expected.catalogues[0].counts);
    let words = report.to_string();
    for seen in [
        "transparency.xlsx: a workbook: save its sheet as CSV",
        "page.csv: a web page or XML",
        "unicode.csv: text in UTF-16",
        "empty.csv: empty",
        "benefits.zip/read me.txt: not one of CMS's files",
    ] {
        assert!(words.contains(&format!("passed over {seen}")), "{seen} in {words}");
    }
    assert!(!words.contains("provenance"), "{words}");
    // What was seen and not read is also said when a needed file is missing.
    std::fs::remove_file(place.path().join("rates.txt")).expect("a file less");
    let words = load_from(place.path(), |_| {}).await.expect_err("no rates").to_string();
    assert!(words.contains("no Rate PUF") && words.contains("seen, not read: transparency.xlsx"), "{words}");
}

#[tokio::test]
async fn landscape_files_are_passed_over_by_name() {
    let place = folder();
    Source::new().write(place.path(), "", "\n");
    put(place.path(), "2014_QHP_Landscape_NM.csv", lines(&[
        "State,County,Metal Level,Issuer Name,Plan ID - Standard Component,Plan Marketing Name,Plan Type,Rating Area,Premium Child,\
         Premium Adult Individual Age 21,Premium Adult Individual Age 27",
        "NM,BERNALILLO,Gold,Molina,19722NM0010001,Gold Plan,HMO,Rating Area 1,$118.42,$186.49,$195.45",
    ]).as_bytes());
    let report = load_from(place.path(), |_| {}).await.expect("it loads");
    assert!(report.to_string().contains("2014_QHP_Landscape_NM.csv: a QHP landscape file"), "{report}");
}

#[tokio::test]
async fn a_dry_run_says_of_each_file_and_year_what_is_in_it_and_writes_nothing() {
    let place = folder();
    of_2014(place.path());
    geo(place.path());
    // An extract of two years in one file, as data frames write it; without prices no catalogue could be made of it.
    let areas = "BusinessYear,StateCode,IssuerId,ServiceAreaId,CoverEntireState,County\n2015.0,OH,22222,OHS001,No,39061.0\n2016.0,OH,33333.0,OHS002,No,nowhere\n";
    put(
        place.path(),
        "sample.csv",
        areas
            .replace("BusinessYear", "PartialCounty,ServiceAreaName,BusinessYear")
            .replace("\n20", "\n,x,20")
            .as_bytes(),
    );
    put(place.path(), "notes.txt", b"hello");
    let options = LoadOptions::new(place.path(), place.path().join("geo"), place.path().join("to"));
    let words = load::survey::run(&options).expect("it is read").to_string();
    for part in [
        "Plan_Attributes_PUF_2014_2015-03-09.csv (Plan Attributes PUF, plan year 2014): rows 1, kept 1; plans 1, kept 1; insurers 1, kept 1",
        "Rate_PUF_2014.csv (Rate PUF, plan year 2014): rows 4, kept 4; plans 1, kept 1",
        "sample.csv (Service Area PUF, plan year 2015): rows 1, kept 1; insurers 1, kept 1",
        "sample.csv (Service Area PUF, plan year 2016): rows 1, kept 0; insurers 1, kept 0",
        "not read: notes.txt: not one of CMS's files",
        "line 3, County: \"nowhere\"",
    ] {
        assert!(words.contains(part), "{part} in {words}");
    }
    assert!(!place.path().join("to").exists());
}
