//! The tables of geography that are shipped: every county has a rating area in every plan year, and known places are right.

use super::small::{ONE, Source};
use super::{Db, data, folder};
use std::collections::BTreeSet;
use windowshop::load::{self, LoadOptions};

/// Small plan files of one year with the shipped geography.
async fn of_year(year: i32, area: u32) -> (tempfile::TempDir, load::Report, Db) {
    let place = folder();
    let mut source = Source::of_year(year);
    source.rates.iter_mut().for_each(|line| *line = line.replace("Rating Area 4", &format!("Rating Area {area}")));
    source.write(place.path(), "", "\n");
    let options = LoadOptions::new(place.path(), data("geo"), place.path().join("to"));
    let report = load::run(&options, super::NOW).await.expect("it loads");
    let db = Db::open(&report.catalogues[0].path).await;
    (place, report, db)
}

async fn area(db: &mut Db, county: u32) -> i64 {
    db.number(&format!(
        "SELECT number FROM rating_area_place JOIN rating_area USING (rating_area_pk) WHERE county_fips = {county}"
    ))
    .await
}

#[tokio::test]
async fn every_county_of_every_state_has_a_rating_area_in_every_plan_year() {
    for year in [2014, 2021, 2022, 2023, 2026] {
        let (_place, report, mut db) = of_year(year, 4).await;
        assert!(!report.to_string().contains("counties without a rating area"), "{year}: {report}");
        // Each ZIP of each county, but for the planning regions, which are there to be understood and not to be rated by.
        let without = "SELECT county.county_fips || ' ' || zip FROM county JOIN zip_county USING (county_fips)
            WHERE county.county_fips NOT BETWEEN 9110 AND 9190
              AND county.county_fips NOT IN (SELECT county_fips FROM rating_area_place WHERE county_fips IS NOT NULL)
              AND NOT EXISTS (SELECT 1 FROM rating_area_place AS place WHERE place.state = county.state AND place.zip3 = zip / 100)";
        assert_eq!(db.text(without).await, "", "{year}");
    }
}

/// 45 CFR 155.305(a)(3): people apply where they live, so a ZIP code of two states is right in both. `windowshop determine`
/// checks it against its own table, which must know every pair that a catalogue is loaded with.
#[tokio::test]
async fn every_zip_code_is_known_in_each_of_its_states() {
    let (_place, _report, mut db) = of_year(2026, 4).await;
    let pairs = db.text("SELECT group_concat(DISTINCT printf('%05d', zip) || state) FROM zip_county JOIN county USING (county_fips)").await;
    let tables = windowshop::eligibility::Tables::load().expect("the tables are whole");
    let unknown = |pair: &&str| {
        let (zip, state) = pair.split_at(5);
        tables.zip_states(zip).is_some_and(|states| !states.split(' ').any(|known| known == state))
    };
    assert!(pairs.split(',').count() > 39_000);
    assert_eq!(pairs.split(',').filter(unknown).collect::<Vec<_>>(), [""; 0]);
}

/// Facts of the states' own rules: Texas 28 TAC 3.504, California Health and Safety Code 1357.512(a)(2), and CMS's pages of
/// state rating areas for counties that earlier tables lacked.
#[tokio::test]
async fn known_counties_lie_in_their_rating_area() {
    let (_place, _report, mut db) = of_year(2026, 4).await;
    let known = [
        (13_017, 15),
        (13_029, 14),
        (13_085, 10),
        (13_167, 11),
        (13_279, 11),
        (21_049, 5),
        (21_057, 4),
        (22_059, 6),
        (28_001, 6),
        (28_019, 6),
        (28_099, 6),
        (28_147, 6),
        (32_001, 4),
        (35_013, 3),
        (35_028, 5),
        (37_121, 1),
        (37_139, 12),
        (46_102, 1),
        (48_023, 24),
        (48_197, 24),
        (48_211, 2),
        (48_247, 12),
        (48_267, 17),
        (48_383, 17),
        (48_001, 21),
        (6_059, 18),
        (6_027, 13),
        (6_051, 13),
        (6_031, 11),
        (6_107, 10),
        (9_001, 1),
        (9_015, 8),
    ];
    for (county, number) in known {
        assert_eq!(area(&mut db, county).await, number, "{county}");
    }
    // Los Angeles goes by ZIP, east and west.
    let by_zip = "SELECT group_concat(number, ' ') FROM (SELECT number FROM rating_area_place AS place JOIN rating_area USING (rating_area_pk)
        WHERE place.state = 'CA' AND zip3 IN (900, 910, 935) ORDER BY zip3)";
    assert_eq!(db.text(by_zip).await, "16 15 15");
    assert_eq!(db.number("SELECT count(*) FROM rating_area_place WHERE county_fips = 6037").await, 0);
    let (_place, _report, mut db) = of_year(2022, 4).await;
    assert_eq!((area(&mut db, 48_001).await, area(&mut db, 48_023).await), (26, 26));
}

#[tokio::test]
async fn zip_codes_once_missing_are_there_and_border_zips_have_all_their_counties() {
    let (_place, _report, mut db) = of_year(2026, 4).await;
    for (zip, county) in [(79_168, 48_375), (33_608, 12_057), (60_094, 17_031), (7_184, 34_013), (6_720, 9_009)] {
        let there = format!("SELECT count(*) FROM zip_county WHERE zip = {zip} AND county_fips = {county}");
        assert_eq!(db.number(&there).await, 1, "{zip}");
    }
    for (zip, counties) in [(42_223, "21047 47125"), (65_761, "5089 29153 29213"), (57_638, "38001 46031 46105")] {
        let of = format!(
            "SELECT group_concat(county_fips, ' ') FROM (SELECT county_fips FROM zip_county WHERE zip = {zip} ORDER BY county_fips)"
        );
        assert_eq!(db.text(&of).await, counties, "{zip}");
    }
    // Every ZIP of Connecticut has an old county, by which it is rated.
    let without = "SELECT count(*) FROM (SELECT zip FROM zip_county WHERE county_fips BETWEEN 9000 AND 9999 GROUP BY zip HAVING min(county_fips) > 9100)";
    assert_eq!(db.number(without).await, 0);
}

#[tokio::test]
async fn the_counties_of_a_zip_are_those_that_can_be_rated() {
    let (_place, report, _db) = of_year(2026, 4).await;
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(&report.catalogues[0].path).read_only(true).immutable(true);
    let pool = sqlx::SqlitePool::connect_with(options).await.expect("it opens");
    let places = windowshop::catalogue::places::Places::load(&pool).await.expect("places");
    let counties = |zip: &str| -> BTreeSet<String> {
        places.counties(windowshop::types::Zip5::parse(zip).expect("a ZIP")).map(|county| county.name.clone()).collect()
    };
    assert_eq!(counties("06103"), BTreeSet::from(["Hartford County".to_string()]));
    assert!(
        counties("06250").len() > 1 && !counties("06250").iter().any(|name| name.contains("Region")),
        "{:?}",
        counties("06250")
    );
    assert_eq!(counties("45202"), BTreeSet::from(["Hamilton County".to_string()]));
    assert!(ONE.contains("OH") && places.sells_in_state("OH") && !places.sells_in_state("CT"));
}
