//! Odd but well-meant values in small files: which are read, which are left out, and how that is reported.
//!
//! What makes a load fail is in `faults`; whole layouts of other years and states are in `layouts`.

use super::layouts::{lines, put};
use super::small::{ONE, Source, TWO, load_from, whole};
use super::{Db, folder};
use windowshop::load::LoadError;
use windowshop::load::problems::Fault;

#[tokio::test]
async fn a_bare_zero_and_other_plain_numbers_are_money_and_no_optional_value_costs_a_plan() {
    let mut source = Source::new();
    source.attributes[0].push_str(
        ",IndianPlanVariationEstimatedAdvancedPaymentAmountPerEnrollee,SBCHavingaBabyDeductible,CompositeRatingOffered",
    );
    for (i, line) in source.attributes[1..].iter_mut().enumerate() {
        line.push_str(if i < 7 { ",0,1500,No" } else { ",soon,$x,perhaps" });
        if i >= 7 {
            *line = line.replace(",New,HMO,", ",Sometimes,Prefix,");
        }
    }
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(db.number("SELECT count(*) FROM plan WHERE indian_advance_cents = 0").await, 1);
    assert_eq!(db.number("SELECT count(*) FROM sbc_example WHERE deductible = 150000").await, 7);
    // The other plan's values count as not filed; the plan is sold all the same.
    let other = format!(
        "SELECT concat_ws(' ', plan_type, is_new, indian_advance_cents, composite_rating) FROM plan WHERE plan_id = '{TWO}'"
    );
    assert_eq!(db.text(&other).await, "6 0");
    assert_eq!(db.number("SELECT count(DISTINCT plan_pk) FROM sold").await, 2);
    assert_eq!((report.problems.bad_rows(), report.problems.bad_values()), (0, 7 * 5), "{report}");
    assert_eq!(report.exit_code(), 2);
    assert!(report.to_string().contains("plans filed 2, kept 2, left out 0"), "{report}");
}

#[tokio::test]
async fn an_insurer_that_vanishes_is_said_loudly_and_counted_by_cause() {
    let mut source = Source::new();
    let gone = "22222OH0010001";
    let rows = super::small::plan_rows(2026, gone, "Silver", "");
    source.attributes.extend(rows.into_iter().map(|line| line.replace("Silver", "Tin")));
    let (_place, report, mut db) = whole(&source).await;
    let words = report.to_string();
    assert!(words.contains("INSURER MISSING: 22222 (OH) filed 1 plans and none is in the catalogue"), "{words}");
    assert!(
        words.contains("plans filed 3, kept 2, left out 1") && words.contains("insurers filed 2, kept 1, selling 1"),
        "{words}"
    );
    let meta = "SELECT group_concat(key || '=' || value, ' ') FROM meta WHERE key LIKE 'plans.left_out%' OR key LIKE 'insurers.%'";
    let meta = db.text(meta).await;
    for part in
        ["plans.left_out=1", "plans.left_out.metallevel-not-one-of-the-words-allowed=1", "insurers.left_out=22222"]
    {
        assert!(meta.contains(part), "{part} in {meta}");
    }
    // One that is read whole and has no price is not missing, but is said too.
    let mut source = Source::new();
    source.attributes.extend(super::small::plan_rows(2026, gone, "Silver", ""));
    source.service_areas.push("2026,OH,22222,OHS001,All,Yes,,,,Individual".to_string());
    let (_place, report, _db) = whole(&source).await;
    assert!(
        report.to_string().contains("INSURER NOT SOLD: Buckeye Health (22222) has 1 on-exchange plans"),
        "{report}"
    );
}

#[tokio::test]
async fn placeholder_prices_are_refused_by_name() {
    for price in ["999999", "9999.99", "9,999.00", "8888888.00"] {
        let mut source = Source::new();
        source.rates[3] = source.rates[3].replace("302.00", &format!("\"{price}\""));
        let (_place, report, mut db) = whole(&source).await;
        let fault = if price.starts_with('8') { Fault::Money } else { Fault::Placeholder };
        assert_eq!(report.problems.count(fault), 1, "{price}: {report}");
        assert_eq!(db.text("SELECT plan_id FROM sold JOIN plan USING (plan_pk)").await, TWO, "{price}");
    }
}

#[tokio::test]
async fn lines_are_those_an_editor_shows_in_files_with_cr_lf() {
    for end in ["\n", "\r\n", "\r"] {
        let mut source = Source::new();
        source.rates[3] = source.rates[3].replace("302.00", "3o2.00");
        let place = folder();
        source.write(place.path(), "\u{feff}", end);
        let report = load_from(place.path(), |_| {}).await.expect("it loads");
        assert_eq!(report.problems.shown()[0].line, 4, "{end:?}");
    }
}

#[tokio::test]
async fn one_kind_of_fault_does_not_hide_another() {
    let mut source = Source::new();
    source.rates[1..].iter_mut().take(51).for_each(|line| *line = line.replace("Rating Area 4", "Rating Area 99"));
    source.service_areas.push("2026,OH,11111,OHS001,Cincinnati,No,99999,No,,Individual".to_string());
    let (_place, report, _db) = whole(&source).await;
    let words = report.to_string();
    assert!(words.contains("… and 41 more of 2026-b.csv, RatingAreaId") && words.contains("\"99999\""), "{words}");
}

#[tokio::test]
async fn stars_are_read_each_by_itself_and_by_reporting_unit() {
    let mut source = Source::new();
    source.quality[1] = format!("{},NR - New-Ineligible for Scoring,five,3,NR - Not Rated", ONE.to_lowercase());
    let (_place, report, mut db) = whole(&source).await;
    let stars = "SELECT concat_ws(' ', stars_overall, coalesce(stars_member_experience, 'none'), stars_medical_care, stars_plan_administration) FROM plan WHERE stars_overall IS NOT NULL";
    assert_eq!(db.text(stars).await, "0 none 3 0");
    assert_eq!((report.problems.bad_rows(), report.problems.bad_values()), (0, 1), "{report}");
    // 2020: a row for each insurer, state and kind of plan.
    source.quality = vec![
        "IssuerID,State,PlanType,GlobalRatingValue,EnrolleeExperienceRatingValue,PlanEfficiencyAffordabilityManagementRatingValue,ClinicalQualityManagementRatingValue".to_string(),
        "11111,OH,HMO,4,3,2,NR".to_string(),
        "11111,OH,PPO,1,1,1,1".to_string(),
        "99999,OH,HMO,1,1,1,1".to_string(),
    ];
    let (_place, report, mut db) = whole(&source).await;
    assert!(report.problems.is_clean(), "{report}");
    let stars = "SELECT DISTINCT concat_ws(' ', stars_overall, stars_member_experience, stars_medical_care, stars_plan_administration) FROM plan";
    assert_eq!(db.text(stars).await, "4 3 0 2");
}

#[tokio::test]
async fn ids_in_lower_case_and_old_county_codes_find_their_place() {
    let mut source = Source::new();
    source.rates.iter_mut().for_each(|line| *line = line.replace(ONE, &ONE.to_lowercase()));
    source.benefits.iter_mut().for_each(|line| *line = line.replace(ONE, &ONE.to_lowercase()));
    source.zip_county.push("57770,SD,46102,Oglala Lakota County,1.0".to_string());
    source.rating_areas.push("SD,46102,,1".to_string());
    source.service_areas.push("2026,OH,11111,OHS001,Cincinnati,No,46113,No,,Individual".to_string());
    let (_place, report, mut db) = whole(&source).await;
    assert!(report.problems.is_clean(), "{report}");
    assert_eq!(db.number("SELECT count(*) FROM cost_sharing").await, 2);
    assert_eq!(db.number("SELECT count(*) FROM rate").await, 2);
}

#[tokio::test]
async fn a_crosswalk_says_that_no_plan_takes_over_and_which_plans_are_dental() {
    let place = folder();
    Source::new().write(place.path(), "", "\n");
    put(place.path(), "Plan_ID_Crosswalk_PUF.CSV", lines(&[
        "State,DentalPlan,PlanID_2025,IssuerID_2025,FIPSCode,ZipCode,CrosswalkLevel,ReasonForCrosswalk,PlanID_2026,AgeOffPlanID_2026",
        &format!("OH,Y,11111OH0010009,11111,39061,00000,4,2,00000XX0000000,{ONE}"),
        &format!("OH,N,11111oh0010008,11111,9003,6103,0,1,{},", ONE.to_lowercase()),
    ]).as_bytes());
    let report = load_from(place.path(), |_| {}).await.expect("it loads");
    assert!(report.problems.is_clean(), "{report}");
    let mut db = Db::open(&report.catalogues[0].path).await;
    let rows = "SELECT group_concat(concat_ws(' ', previous_plan_id, county_fips, coalesce(zip, 'all'), coalesce(plan_id, 'none'), dental), ' / ') FROM crosswalk";
    assert_eq!(db.text(rows).await, format!("11111OH0010009 39061 all none 1 / 11111OH0010008 9003 6103 {ONE} 0"));
}

#[tokio::test]
async fn without_benefits_and_stars_a_catalogue_is_made_and_says_so() {
    let place = folder();
    Source::new().write(place.path(), "", "\n");
    for name in ["2026-d.csv", "2026-e.csv"] {
        std::fs::remove_file(place.path().join(name)).expect("a file less");
    }
    let report = load_from(place.path(), |options| options.strict = true).await.expect("it loads");
    let words = report.to_string();
    assert!(
        words.contains("no Benefits and Cost Sharing PUF of plan year 2026") && words.contains("no Quality PUF"),
        "{words}"
    );
}

#[tokio::test]
async fn rows_that_are_whole_are_kept_when_a_row_of_the_plan_is_not() {
    let mut source = Source::new();
    // A comma that was not quoted shifts a row; another variant's row lacks its end.
    source.attributes[1] = source.attributes[1].replace("Plan 11111", "Plan, 11111");
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!((report.problems.count(Fault::FieldCount), report.problems.bad_rows()), (1, 1), "{report}");
    let kept = format!("SELECT count(*) FROM variant JOIN plan USING (plan_pk) WHERE plan_id = '{ONE}'");
    assert_eq!(db.number(&kept).await, 6);
    assert_eq!(db.number("SELECT count(DISTINCT plan_pk) FROM sold").await, 2);
}

#[tokio::test]
async fn a_county_without_a_rating_area_is_named_and_areas_go_by_plan_year() {
    let mut source = Source::new();
    source.rating_areas = [
        "state,county_fips,zip3,rating_area,first_year,last_year",
        "OH,39061,,4,2023,",
        "OH,39061,,26,,2022",
        "AK,,995,1,,",
        "AK,,997,2,,",
    ]
    .map(str::to_string)
    .to_vec();
    let (_place, report, mut db) = whole(&source).await;
    assert!(report.to_string().contains("counties without a rating area in the rating-area table, where nothing can be sold: 1: 39017 Butler County, OH"), "{report}");
    assert_eq!(db.number("SELECT count(*) FROM sold").await, 2);
    // 26 was its number until 2022: prices under it are none for 2026.
    source.rates.iter_mut().for_each(|line| *line = line.replace("Rating Area 4", "Rating Area 26"));
    let (_place, done) = source.load(|_| {}).await;
    assert!(matches!(done, Err(LoadError::NotWhole(_))));
}

/// What spreadsheets and data frames make of CMS's files: titles above the header, days in words or as a count, `NULL`
/// where nothing was filed, no-break spaces at the ends. Nothing of it changes the catalogue, and lines stay an editor's.
#[tokio::test]
async fn what_spreadsheets_make_of_a_file_changes_nothing() {
    let plain = Source::new();
    for days in ["1-Jan-26,31-Dec-26", "\"January 1, 2026\",\"December 31, 2026\"", "46023,46387"] {
        let mut odd = Source::new();
        odd.rates[1..].iter_mut().for_each(|line| {
            *line = line.replace("1/1/2026,12/31/2026", days).replace(",,,,,,,,", "\u{a0},NULL,N/A,,-,,,,");
        });
        odd.attributes[1..].iter_mut().for_each(|line| *line = line.replace(",HMO,", ",\u{a0}HMO\u{a0},"));
        let place = folder();
        odd.write(place.path(), "\u{feff}\"Exchange PUF, plan year 2026\"\r\nReleased,2025-10-15\r\n\r\n", "\r\n");
        let report = load_from(place.path(), |_| {}).await.expect("it loads");
        assert!(report.problems.is_clean(), "{days}: {report}");
        let (_place, expected, mut a) = whole(&plain).await;
        assert_eq!(expected.catalogues[0].counts, report.catalogues[0].counts);
        let mut b = Db::open(&report.catalogues[0].path).await;
        let sql = "SELECT concat_ws(',', plan_pk, a14, a40, a64, t64, plan_type) FROM rate JOIN plan USING (plan_pk)";
        assert_eq!(a.text(sql).await, b.text(sql).await, "{days}");
    }
    let mut faulty = Source::new();
    faulty.rates[1] = faulty.rates[1].replace("300.00", "lots");
    let place = folder();
    faulty.write(place.path(), "Exchange PUF\r\n\r\nReleased,2025-10-15\r\n", "\r\n");
    let report = load_from(place.path(), |_| {}).await.expect("it loads").to_string();
    assert!(report.contains("2026-b.csv, line 5, IndividualRate: \"lots\""), "{report}");
}
