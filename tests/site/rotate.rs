//! The morning rotation: what is published, what is stopped and how that is reported, and that nothing is ever half
//! done.
//!
//! Every catalogue here is made by the real loader, from small files made here or from the shipped sample.

mod hard;
mod shelf;

use std::io::Read as _;
use std::path::Path;

use clap::Parser as _;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use windowshop::catalogue::{Shelf, Unfit};
use windowshop::cli::{Cli, Command};
use windowshop::config::Config;
use windowshop::load::Progress;
use windowshop::rotate::{self, Report, RotateArgs, Verdict};
use windowshop::serve::trial;

use crate::load::small::{ONE, Source, TWO, modern_ages, plan_rows, rates_rows};
use crate::load::{NOW, data, files, folder};

/// Another insurer's plan, in the same county.
const OTHER: &str = "22222OH0010001";

/// The small source with a second insurer.
fn source() -> Source {
    let mut source = Source::new();
    let ages = modern_ages();
    let ages: Vec<&str> = ages.iter().map(String::as_str).collect();
    source.attributes.extend(plan_rows(2026, OTHER, "Gold", ""));
    source.rates.extend(rates_rows(2026, OTHER, 4, &ages));
    source.service_areas.push("2026,OH,22222,OHS001,Cincinnati,No,39061,No,,Individual".to_string());
    source
}

/// Without one plan: its rows are gone from all files.
fn without(mut source: Source, plan: &str) -> Source {
    for lines in [&mut source.attributes, &mut source.rates, &mut source.benefits, &mut source.quality] {
        lines.retain(|line| !line.contains(plan));
    }
    source
}

/// A folder of downloads and a shelf.
struct Site {
    downloads: TempDir,
    shelf: TempDir,
    private: TempDir,
}

/// As the command does it, with real pages asked of the new file.
async fn rotate(args: &RotateArgs, now: OffsetDateTime) -> anyhow::Result<Report> {
    let cli = Cli::try_parse_from(["windowshop", "--log-level", "error"]).expect("the defaults");
    let (config, faults) = Config::read(&cli.serve);
    assert!(faults.is_empty(), "{faults:?}");
    rotate::run(args, Progress::Quiet, now, async |dir: &Path| trial::pages(&config, dir).await).await
}

/// What a running server holds.
async fn open(site: &Site) -> Result<Shelf, Vec<Unfit>> {
    Shelf::open(site.shelf.path(), site.private.path()).await
}

impl Site {
    fn new() -> Site {
        Site { downloads: folder(), shelf: folder(), private: folder() }
    }

    /// With yesterday's catalogue of these files.
    async fn with(source: &Source) -> Site {
        let site = Site::new();
        site.download(source);
        assert_eq!(site.rotate(0, &["--first"]).await.exit_code(), 0);
        site
    }

    fn download(&self, source: &Source) {
        source.write(self.downloads.path(), "", "\n");
    }

    fn args(&self, more: &[&str]) -> RotateArgs {
        args_of(self.downloads.path(), self.shelf.path(), more)
    }

    /// This many days after the first.
    async fn rotate(&self, day: i64, more: &[&str]) -> Report {
        rotate(&self.args(more), on(day)).await.expect("a rotation")
    }

    /// Files of catalogues; anything else in the folder is a fault.
    fn catalogues(&self) -> Vec<String> {
        let all = files(self.shelf.path());
        let (catalogues, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|name| name.starts_with("catalogue-"));
        assert!(others.iter().all(|name| name == ".rotation.lock" || name == "pinned"), "{others:?}");
        catalogues
    }
}

fn args_of(from: &Path, against: &Path, more: &[&str]) -> RotateArgs {
    let fixed = ["windowshop", "rotate", "--from", path(from), "--against", path(against)];
    let cli = Cli::try_parse_from(fixed.iter().chain(more)).expect("arguments");
    match cli.command {
        Some(Command::Rotate(args)) => args,
        other => panic!("{other:?}"),
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn on(day: i64) -> OffsetDateTime {
    NOW + Duration::days(day)
}

fn verdicts(report: &Report) -> Vec<Verdict> {
    report.years.iter().map(|year| year.verdict.clone()).collect()
}

#[tokio::test]
async fn a_first_catalogue_needs_a_persons_approval_and_the_same_files_change_nothing() {
    let site = Site::new();
    site.download(&source());
    let report = site.rotate(0, &[]).await;
    assert_eq!((report.exit_code(), verdicts(&report)), (3, vec![Verdict::Stopped]));
    assert!(report.to_string().contains("--first"), "{report}");
    assert_eq!(site.catalogues(), [""; 0]);
    let report = site.rotate(0, &["--first"]).await;
    assert_eq!((report.exit_code(), verdicts(&report)), (0, vec![Verdict::Published]));
    assert_eq!(site.catalogues().len(), 1);
    let report = site.rotate(1, &[]).await;
    assert_eq!((report.exit_code(), verdicts(&report)), (0, vec![Verdict::Same]));
    assert_eq!(site.catalogues().len(), 1, "a new name for the same words would empty every cache");
}

#[tokio::test]
async fn a_small_change_is_published_and_a_running_server_picks_it_up() {
    let site = Site::with(&source()).await;
    let shelf = open(&site).await.expect("a shelf");
    let before = shelf.current().version();
    let mut today = source();
    let line = today.rates.iter_mut().find(|line| line.contains(ONE) && line.contains(",40,")).expect("a rate");
    *line = line.replace(",326.00", ",330.00");
    assert!(line.contains("330.00"), "{line}");
    site.download(&today);
    let dry = site.rotate(1, &["--dry-run", "--max-state-change", "5"]).await;
    assert_eq!((dry.exit_code(), verdicts(&dry), site.catalogues().len()), (0, vec![Verdict::Good], 1));
    let report = site.rotate(1, &["--max-state-change", "5"]).await;
    assert_eq!((report.exit_code(), verdicts(&report)), (0, vec![Verdict::Published]), "{report}");
    let state = &report.years[0].found.states["OH"];
    assert_eq!((state.premiums, state.premiums_changed, state.premiums_jumped), (3, 1, 0));
    assert!(report.to_string().contains("1 of 3"), "{report}");
    assert!(shelf.look_again().await);
    assert_eq!(shelf.current().version(), report.years[0].new);
    assert_ne!(shelf.current().version(), before);
}

#[tokio::test]
async fn an_insurer_gone_stops_and_the_report_says_who_and_how_to_let_it_pass() {
    let site = Site::with(&source()).await;
    let before = site.catalogues();
    site.download(&without(source(), OTHER));
    let report = site.rotate(1, &[]).await;
    assert_eq!((report.exit_code(), verdicts(&report)), (3, vec![Verdict::Stopped]));
    assert_eq!(site.catalogues(), before);
    let words = report.to_string();
    assert!(words.contains("STOPPED: nothing was published"), "{words}");
    assert!(words.contains("OH 22222 Buckeye Health (plans: 1)"), "{words}");
    assert!(words.contains("OH: 1 of 3 (33.34 %)"), "{words}");
    // The flags of the report, used as printed, let it pass.
    let accept = words.lines().skip_while(|line| !line.starts_with("If all of this is right")).nth(1).expect("flags");
    let accept: Vec<&str> = accept.split_whitespace().collect();
    let report = site.rotate(1, &accept).await;
    assert_eq!((report.exit_code(), verdicts(&report)), (0, vec![Verdict::Published]), "{accept:?}: {report}");
    assert_eq!(site.catalogues().len(), 2);
}

#[tokio::test]
async fn each_limit_stops_what_it_is_for() {
    type Change = fn(&mut Source);
    let cases: [(&str, &str, Change); 7] = [
        ("a premium ten times as high", "--max-jumps 33.34", |source| {
            let line = source.rates.iter_mut().find(|line| line.contains(TWO) && line.contains(",64 and over,"));
            let line = line.expect("a rate");
            *line = line.replace(",350.00", ",3500.00");
        }),
        ("every premium a little higher", "--max-state-change 5", |source| {
            let raise = |line: &mut String| *line = line.replace(",326.00", ",342.30");
            source.rates.iter_mut().for_each(raise);
        }),
        ("deductibles that vanished", "--max-amounts-changed 100", |source| {
            source.attributes.iter_mut().for_each(|line| *line = line.replace("$1,500 ", "Not Applicable"));
        }),
        ("benefits that are not there", "--max-rows-lost 50", |source| {
            source.benefits.pop();
        }),
        ("a county no longer served", "--max-counties-emptied 1", |source| {
            source.service_areas.iter_mut().for_each(|line| *line = line.replace("39061", "39017"));
        }),
        ("a plan that is sold no more", "--max-plans-gone 33.34", |source| {
            source.attributes.retain(|line| !line.contains(TWO));
            source.rates.retain(|line| !line.contains(TWO));
        }),
        ("faulty rows", "--max-faulty-rows 101", |source| {
            let line = source.rates.iter().find(|line| line.contains(ONE)).expect("a rate").replace("300.00", "three");
            source.rates.extend((0..101).map(|_| line.clone()));
        }),
    ];
    for (what, flag, change) in cases {
        let site = Site::with(&source()).await;
        let before = site.catalogues();
        let mut today = source();
        change(&mut today);
        site.download(&today);
        let report = site.rotate(1, &[]).await;
        assert_eq!((report.exit_code(), site.catalogues()), (3, before), "{what}: {report}");
        let accept: Vec<&str> = report.years[0].findings.iter().map(|finding| finding.accept.as_str()).collect();
        assert!(accept.contains(&flag), "{what}: {accept:?}\n{report}");
    }
}

/// The shipped sample's file without some of its lines, and with others changed.
fn sample_file(name: &str, to: &Path, change: impl Fn(&str) -> Option<String>) {
    let file = std::fs::File::open(data("sample").join(format!("{name}.zip"))).expect("the sample");
    let mut archive = zip::ZipArchive::new(file).expect("a zip");
    let mut text = String::new();
    archive.by_index(0).expect("a file in it").read_to_string(&mut text).expect("UTF-8");
    let lines: Vec<String> = text.lines().filter_map(change).collect();
    std::fs::write(to.join(format!("{name}.csv")), lines.join("\n")).expect("a file");
}

/// Real files: Indiana's rates quadrupled in one plan, and one of two insurers gone from West Virginia.
#[tokio::test]
async fn the_real_sample_is_compared_state_by_state() {
    let (downloads, shelf) = (folder(), folder());
    let geo = data("geo");
    let more = ["--geo", path(&geo)];
    let first = args_of(&data("sample"), shelf.path(), &[&more[..], &["--first"]].concat());
    let report = rotate(&first, NOW).await.expect("a rotation");
    assert_eq!(report.exit_code(), 0, "{report}");
    let plan = {
        let served = report.years[0].new.clone();
        let file = shelf.path().join(format!("catalogue-{served}.db"));
        let mut db = crate::load::Db::open(&file).await;
        db.text("SELECT min(plan_id) FROM plan JOIN sold USING (plan_pk) WHERE state = 'IN' AND plan.product = 0").await
    };
    for name in ["benefits-and-cost-sharing-puf", "service-area-puf", "quality-puf"] {
        sample_file(name, downloads.path(), |line| Some(line.to_string()));
    }
    std::fs::copy(data("sample").join("provenance.txt"), downloads.path().join("provenance.txt")).expect("a copy");
    sample_file("plan-attributes-puf", downloads.path(), |line| {
        (!line.starts_with("2026,WV,31274,")).then(|| line.to_string())
    });
    sample_file("rate-puf", downloads.path(), |line| {
        let fourfold = line.contains(&plan);
        (!line.contains("31274WV")).then(|| if fourfold { fourfold_rate(line) } else { line.to_string() })
    });
    let args = args_of(downloads.path(), shelf.path(), &more);
    let report = rotate(&args, on(1)).await.expect("a rotation");
    let words = report.to_string();
    assert_eq!(report.exit_code(), 3, "{words}");
    let gone = &report.years[0].found.insurers_gone;
    assert_eq!(gone.iter().map(|gone| (gone.state.as_str(), gone.issuer_id)).collect::<Vec<_>>(), [("WV", 31_274)]);
    let jump = &report.years[0].found.jumps[0];
    assert_eq!((jump.plan_id.as_str(), jump.change.to_string().as_str()), (plan.as_str(), "300"));
    assert_eq!(report.years[0].found.states["OH"].plans_gone, 0);
    assert_eq!(report.years[0].found.states["OH"].premiums_changed, 0);
    assert!(words.contains(&format!("    {plan} area ")), "{words}");
}

/// The rate file's line with four times its premium: ten times would be rejected as not being a premium.
fn fourfold_rate(line: &str) -> String {
    let mut fields: Vec<String> = line.split(',').map(str::to_string).collect();
    let rate = fields.iter().position(|field| field.parse::<f64>().is_ok_and(|n| n > 50.0) && field.contains('.'));
    let at = rate.unwrap_or_else(|| panic!("no rate in {line}"));
    let cents = windowshop::types::Cents::parse(&fields[at]).expect("a premium");
    fields[at] = windowshop::types::Cents(cents.0 * 4).decimal();
    fields.join(",")
}
