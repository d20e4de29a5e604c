//! Small files with one thing wrong in each: what is reported, and that nothing half-made is published.

use super::small::{ONE, Source, TWO, attributes_row, load_from, plan_rows, whole};
use super::{Db, NOW, data, files, folder};
use windowshop::load::problems::Fault;
use windowshop::load::{self, LoadOptions};

#[tokio::test]
async fn a_missing_column_or_file_says_what_was_looked_for() {
    let mut source = Source::new();
    source.attributes[0] = source.attributes[0].replace("MetalLevel", "Metall").replace("ServiceAreaId", "Area");
    let (place, done) = source.load(|_| {}).await;
    let words = done.expect_err("a column is missing").to_string();
    assert!(words.contains("2026-a.csv (Plan Attributes PUF) has no column MetalLevel, ServiceAreaId"), "{words}");
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
    assert!(report.to_string().contains("rows left out for a fault: 1;"), "{report}");
}

/// It fitted into the file, but not into a search: the plan showed another one's price.
#[tokio::test]
async fn a_rate_that_no_search_could_carry_is_refused() {
    for (absurd, fault) in [("999999.00", Fault::Placeholder), ("9000.01", Fault::Money)] {
        let mut source = Source::new();
        source.rates[3] = source.rates[3].replace("302.00", absurd);
        let (_place, report, mut db) = whole(&source).await;
        assert_eq!((report.problems.shown()[0].fault, report.problems.shown()[0].line), (fault, 4));
        assert_eq!(db.text("SELECT plan_id FROM sold JOIN plan USING (plan_pk)").await, TWO);
    }
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
async fn a_plan_without_a_whole_attributes_row_is_left_out_with_all_that_belongs_to_it() {
    let mut source = Source::new();
    source.attributes[1..=7].iter_mut().for_each(|line| *line = line.replace("Silver", "Tin"));
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!(report.problems.bad_rows(), 7, "{report}");
    let (problem, counts) = (&report.problems.shown()[0], &report.catalogues[0].counts);
    assert_eq!((problem.column.as_str(), problem.value.as_str(), problem.line), ("MetalLevel", "Tin", 2));
    assert_eq!(["plan", "variant", "rate", "cost_sharing"].map(|table| counts[table]), [1, 7, 1, 0]);
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

/// A zip of 3 MB held 3 GB without a line end, which filled the memory.
#[tokio::test]
async fn a_row_that_does_not_end_is_refused_with_its_file_and_line() {
    let place = folder();
    let source = Source::new();
    source.write(place.path(), "", "\n");
    let path = place.path().join("2026-b.csv");
    let rates = std::fs::read_to_string(&path).expect("the rates");
    let open_quote = rates.replacen("302.00", "\"302.00", 1);
    let few = "2026,x\n".repeat(1_000);
    let much = "x".repeat(3 << 20);
    for (text, words) in [
        (format!("{rates}{much}"), "a row of more than 1048576 bytes"),
        (format!("{open_quote}{much}"), "a row of more than 1048576 bytes"),
        (format!("{open_quote}{few}"), "a row of more than 200 lines: a quote (\") in it is not closed"),
    ] {
        std::fs::write(&path, &text).expect("rates");
        let refused = load_from(place.path(), |_| {}).await.expect_err("no rows").to_string();
        let line = if text.starts_with(&rates) { rates.lines().count() + 1 } else { 4 };
        assert!(refused.contains(&format!("2026-b.csv: line {line}: {words}")), "{refused}");
        assert!(files(&place.path().join("to")).is_empty());
    }
}

/// Opening it waited for a writer that never came.
#[tokio::test]
async fn a_pipe_among_the_files_is_named_and_not_read() {
    let place = folder();
    Source::new().write(place.path(), "", "\n");
    std::fs::remove_file(place.path().join("2026-b.csv")).expect("a file less");
    let made = std::process::Command::new("mkfifo").arg(place.path().join("rates.csv")).status().expect("mkfifo");
    assert!(made.success());
    let loading = load_from(place.path(), |_| {});
    let done = tokio::time::timeout(std::time::Duration::from_secs(20), loading).await.expect("it does not hang");
    let words = done.expect_err("no rates").to_string();
    assert!(words.contains("no Rate PUF of plan year 2026") && words.contains("rates.csv: not a file"), "{words}");
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
    drop(source.attributes.splice(1..=7, plan_rows(2026, ONE, "Silver", "ftp://example.org/b")));
    let (_place, done) = source.load(|options| options.strict = true).await;
    let report = done.expect("a link is no bad row");
    assert_eq!((report.problems.count(Fault::Link), report.exit_code()), (7, 0));
    assert!(report.to_string().contains("PlanBrochure: \"ftp://example.org/b\""), "{report}");
    let mut db = Db::open(&report.catalogues[0].path).await;
    assert_eq!(db.text("SELECT plan_id FROM plan WHERE brochure_url IS NULL").await, ONE);
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
async fn a_catalogue_that_is_not_whole_is_not_published() {
    let mut source = Source::new();
    source.service_areas.truncate(1);
    source.service_areas.push("2026,OH,11111,OHS009,Elsewhere,No,39061,No,,Individual".to_string());
    let (place, done) = source.load(|_| {}).await;
    let words = done.expect_err("nothing is sold").to_string();
    assert!(
        words.contains("nothing is sold")
            && words.contains("plans not sold because the Service Area PUF lacks their area: 2"),
        "{words}"
    );
    assert!(files(&place.path().join("to")).is_empty());
}

#[tokio::test]
async fn a_cost_sharing_reduction_on_a_gold_plan_is_left_out_and_the_plan_stays() {
    let mut source = Source::new();
    let gold = "11111OH0010003";
    source.attributes.extend(["01", "02", "03", "04"].map(|code| attributes_row(2026, gold, "Gold", code, "")));
    let (_place, report, mut db) = whole(&source).await;
    assert_eq!((report.problems.count(Fault::PlanId), report.problems.bad_rows()), (1, 1), "{report}");
    assert_eq!(db.number("SELECT count(*) FROM variant JOIN plan USING (plan_pk) WHERE plan.metal = 5").await, 3);
}

#[tokio::test]
async fn what_a_killed_build_left_behind_is_cleaned_up_by_the_next() {
    let (place, done) = Source::new().load(|_| {}).await;
    done.expect("good files pass");
    let to = place.path().join("to");
    // No process has such a number; this one is building now.
    let (gone, here) = (".building-2026-999999999.tmp", format!(".building-2025-{}.tmp", std::process::id()));
    for name in [gone, &here] {
        std::fs::write(to.join(name), "half").expect("written");
    }
    load_from(place.path(), |_| {}).await.expect("it loads again");
    let left = files(&to);
    assert!(!left.iter().any(|name| name == gone) && left.contains(&here), "{left:?}");
}

#[test]
fn the_command_line_holds_together_and_only_a_dry_run_needs_no_place_to_write_to() {
    use clap::{CommandFactory as _, Parser as _};
    use windowshop::cli::Cli;
    Cli::command().debug_assert();
    let load = ["windowshop", "load", "--from", "a", "--geo", "b"];
    assert!(Cli::try_parse_from(load).is_err());
    assert!(Cli::try_parse_from(load.into_iter().chain(["--dry-run"])).is_ok());
    assert!(Cli::try_parse_from(load.into_iter().chain(["--to", "c"])).is_ok());
}
