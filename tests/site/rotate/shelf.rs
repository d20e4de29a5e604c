//! What a person does with the shelf: list, verify, pin, roll back; and that an older plan year keeps its addresses.

use std::path::Path;

use clap::Parser as _;
use windowshop::cli::{Cli, Command};
use windowshop::rotate::{Verdict, shelf};

use super::{Site, open, path, source, verdicts};
use crate::load::small::{Source, TWO};

async fn catalogue(dir: &Path, args: &[&str]) -> Result<(String, u8), String> {
    let fixed = ["windowshop", "catalogue", args[0], "--catalogues", path(dir)];
    let cli = Cli::try_parse_from(fixed.iter().chain(&args[1..])).map_err(|error| error.to_string())?;
    let Some(Command::Catalogue(args)) = cli.command else { panic!("no such command") };
    shelf::command(&args).await.map_err(|error| format!("{error:#}"))
}

/// This many catalogues of one plan year, one per day; in each, one rate differs by a cent.
async fn days(n: i64) -> Site {
    let site = Site::with(&source()).await;
    for day in 1..n {
        let mut today = source();
        let line = today.rates.iter_mut().find(|line| line.contains(TWO) && line.contains(",21,")).expect("a rate");
        *line = line.replace(",307.00", &format!(",307.{day:02}"));
        site.download(&today);
        assert_eq!(verdicts(&site.rotate(day, &[]).await), [Verdict::Published]);
    }
    site
}

fn versions(site: &Site) -> Vec<String> {
    let version = |name: &String| name["catalogue-".len()..name.len() - ".db".len()].to_string();
    site.catalogues().iter().map(version).collect()
}

#[tokio::test]
async fn going_back_is_one_command_and_rotations_wait_for_the_person() {
    let site = days(3).await;
    let dir = site.shelf.path();
    let versions = versions(&site);
    let server = open(&site).await.expect("a shelf");
    assert_eq!(server.current().version(), versions[2]);
    let (said, code) = catalogue(dir, &["rollback"]).await.expect("a version to go back to");
    assert!(said.contains(&format!("Back from {} to {}", versions[2], versions[1])) && code == 0, "{said}");
    assert!(server.look_again().await);
    assert_eq!(server.current().version(), versions[1]);
    let (list, _) = catalogue(dir, &["list"]).await.expect("a list");
    let line = list.lines().find(|line| line.starts_with(&versions[1])).expect("a line");
    assert!(line.ends_with("served, pinned") && list.matches("served").count() == 1, "{list}");
    // A rotation is compared with what is served, goes on the shelf and waits.
    site.download(&source());
    let mut another = source();
    another.rates.iter_mut().for_each(|line| *line = line.replace(",308.00", ",308.09"));
    site.download(&another);
    let report = site.rotate(4, &[]).await;
    assert_eq!(verdicts(&report), [Verdict::Held { pinned: versions[1].clone() }], "{report}");
    assert_eq!(report.exit_code(), 3);
    assert!(!server.look_again().await);
    let (said, _) = catalogue(dir, &["use", "--newest", "2026"]).await.expect("the pin is taken away");
    assert!(said.contains(&report.years[0].new), "{said}");
    assert!(server.look_again().await);
    assert_eq!(server.current().version(), report.years[0].new);
    // Rolling back twice goes two versions back.
    catalogue(dir, &["rollback", "--year", "2026"]).await.expect("back");
    catalogue(dir, &["rollback", "--year", "2026"]).await.expect("back");
    assert!(server.look_again().await);
    assert_eq!(server.current().version(), versions[1]);
    catalogue(dir, &["use", &versions[0]]).await.expect("any version can be named");
    let fault = catalogue(dir, &["rollback"]).await.expect_err("nothing is older");
    assert!(fault.contains("nothing older than"), "{fault}");
    let fault = catalogue(dir, &["use", "2026-20200101-00000000"]).await.expect_err("no such version");
    assert!(fault.contains("there are: ") && fault.contains(&versions[0]), "{fault}");
}

#[tokio::test]
async fn a_pin_that_leads_nowhere_is_reported_and_the_server_keeps_running() {
    let site = days(2).await;
    let dir = site.shelf.path();
    let server = open(&site).await.expect("a shelf");
    let before = server.current().version();
    catalogue(dir, &["rollback"]).await.expect("back");
    std::fs::remove_file(dir.join(site.catalogues().remove(0))).expect("the pinned file");
    assert!(!server.look_again().await);
    assert_eq!(server.current().version(), before);
    let fault = open(&site).await.err().expect("at start a person is watching")[0].to_string();
    assert!(fault.contains("is pinned but not there") && fault.contains("use --newest 2026"), "{fault}");
    let (list, _) = catalogue(dir, &["list"]).await.expect("a list all the same");
    assert!(list.contains("Nothing new can be served"), "{list}");
    catalogue(dir, &["use", "--newest", "2026"]).await.expect("the way out");
    assert!(open(&site).await.is_ok());
}

#[tokio::test]
async fn verify_reads_every_byte_and_an_unfit_version_is_not_used() {
    let site = days(2).await;
    let dir = site.shelf.path();
    let (said, code) = catalogue(dir, &["verify"]).await.expect("verified");
    assert_eq!((said.matches(": whole").count(), code), (2, 0), "{said}");
    // Emptied tables: a file that opens, and sells nothing.
    let file = dir.join(&site.catalogues()[0]);
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
    let mut db = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.expect("a file");
    sqlx::raw_sql("DELETE FROM rate").execute(&mut db).await.expect("emptied");
    sqlx::Connection::close(db).await.expect("closed");
    let first = versions(&site).remove(0);
    let (said, code) = catalogue(dir, &["verify", &first]).await.expect("looked at");
    assert!(code == 1 && said.contains("NOT FIT") && said.contains("its content is not what its seal says"), "{said}");
    let fault = catalogue(dir, &["rollback"]).await.expect_err("not to that one");
    assert!(fault.contains("not fit to be served"), "{fault}");
}

#[tokio::test]
async fn old_files_are_cleared_away_but_never_what_is_served() {
    let site = days(4).await;
    let dir = site.shelf.path();
    let all = versions(&site);
    catalogue(dir, &["use", &all[0]]).await.expect("the oldest");
    let mut today = source();
    today.rates.iter_mut().for_each(|line| *line = line.replace(",309.00", ",309.09"));
    site.download(&today);
    let report = site.rotate(5, &["--keep", "2"]).await;
    assert_eq!(report.removed, [all[2].clone(), all[1].clone()], "{report}");
    assert_eq!(versions(&site), [&all[0], &all[3], &report.years[0].new].map(String::clone));
}

#[tokio::test]
async fn an_older_plan_year_keeps_its_own_addresses() {
    let site = Site::with(&source()).await;
    let query = "zip=45202&county=39061&people=40";
    let shop = crate::site::Site::of(site.shelf.path()).await;
    let old = shop.visit(&format!("/plans?year=2026&{query}")).await;
    assert!(old.status == 200 && old.text.contains(TWO), "{}", old.text);
    // A link kept from before: without a year it means the newest year, with its year it stays.
    site.download(&source());
    Source::of_year(2027).write(site.downloads.path(), "", "\n");
    let report = site.rotate(30, &["--first"]).await;
    assert_eq!(verdicts(&report), [Verdict::Same, Verdict::Published], "{report}");
    assert!(shop.app.catalogues.look_again().await);
    let again = shop.get(&format!("/plans?year=2026&{query}")).await;
    // But for the note that another year's plans are not here, where the season is on.
    let noted = |text: &str| text.contains("<p class=\"sub season\">");
    let bare = |text: &str| match text.split_once("<p class=\"sub season\">") {
        Some((before, rest)) => before.to_string() + rest.split_once("</p>\n").map_or("", |(_, after)| after),
        None => text.replacen("</p>\n\n", "</p>\n", 1),
    };
    assert_eq!(again.status, 200);
    assert!(!noted(&again.text), "both years are here");
    let squeezed = |text: &str| bare(text).split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(squeezed(&again.text), squeezed(&old.text), "the same page for the same address");
    assert_eq!(again.header("etag") == old.header("etag"), !noted(&old.text), "and caches know it");
    let next = shop.get(&format!("/plans?{query}")).await;
    assert!(next.header("location").contains("year=2027"), "{}", next.header("location"));
}
