//! What can go wrong around a rotation: killed halfway, a full disk, two at once, files that cannot be loaded; and
//! the unit files of docs/systemd, which must name commands that exist.

use std::os::unix::process::CommandExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use clap::Parser as _;
use windowshop::cli::{Cli, Command};
use windowshop::load::Progress;
use windowshop::rotate::{self, Verdict};

use super::{OTHER, Site, on, open, path, source, verdicts, without};
use crate::load::small::ONE;
use crate::load::{data, files, folder};

const PROGRAM: &str = env!("CARGO_BIN_EXE_windowshop");

/// The program itself, on the shipped sample's files.
fn rotation(shelf: &std::path::Path) -> Process {
    let mut process = Process::new(PROGRAM);
    let (from, geo) = (data("sample"), data("geo"));
    process.args(["rotate", "--first", "--from", path(&from), "--geo", path(&geo), "--against", path(shelf)]);
    process.stdout(Stdio::piped()).stderr(Stdio::piped());
    process
}

#[tokio::test]
async fn a_rotation_killed_halfway_leaves_the_old_catalogue_and_the_next_one_cleans_up() {
    let site = Site::with(&source()).await;
    let before = site.catalogues();
    let staging = site.shelf.path().join(".rotation");
    let mut process = rotation(site.shelf.path()).spawn().expect("the program starts");
    let begun = Instant::now();
    // The new file is being written: hidden, in the staging folder.
    while files(&staging).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60) && process.try_wait().expect("a process").is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    process.kill().expect("it can be killed");
    let status = process.wait().expect("it ends");
    assert_eq!(status.signal(), Some(9), "it was too fast to be killed");
    assert!(staging.is_dir(), "killed halfway");
    let shelf = open(&site).await.expect("a server starts beside it");
    assert_eq!(format!("catalogue-{}.db", shelf.current().version()), before[0]);

    let done = rotation(site.shelf.path()).arg("--max-insurers-gone=99").output().expect("the program runs");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(said.contains("killed halfway"), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(site.catalogues(), before, "the sample is not the small source: it stops, and clears up");
    assert_eq!(done.status.code(), Some(3), "{said}");
}

#[tokio::test]
async fn a_full_disk_says_so_and_changes_nothing() {
    let site = Site::with(&source()).await;
    let before = site.catalogues();
    // No file may grow beyond 1 MB, and the signal that would kill the process is ignored: writes fail as on a full
    // disk.
    let limited = rotation(site.shelf.path());
    let args: Vec<_> = limited.get_args().collect();
    let mut process = Process::new("sh");
    process.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"", PROGRAM]).args(args);
    let done = process.output().expect("the program runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("today's catalogue could not be built; the old one stays"), "{said}");
    assert_eq!(site.catalogues(), before);
}

#[tokio::test]
async fn a_stop_by_the_service_manager_takes_the_files_along() {
    let shelf = folder();
    // In its own process group, so that the signal reaches only this process.
    let mut process = rotation(shelf.path()).process_group(0).spawn().expect("the program starts");
    let staging = shelf.path().join(".rotation");
    let begun = Instant::now();
    while files(&staging).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60) && process.try_wait().expect("a process").is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    let told = Process::new("kill").args(["-TERM", &process.id().to_string()]).status().expect("kill runs");
    assert!(told.success());
    assert_eq!(process.wait().expect("it ends").code(), Some(143));
    assert_eq!(files(shelf.path()), [".rotation.lock"]);
}

#[tokio::test]
async fn two_rotations_never_run_at_once() {
    let site = Site::with(&source()).await;
    let lock = std::fs::File::create(site.shelf.path().join(".rotation.lock")).expect("the lock");
    lock.lock().expect("held here");
    let fault = rotate::run(&site.args(&[]), Progress::Quiet, on(1)).await.expect_err("one at a time");
    assert!(fault.to_string().contains("another rotation is running"), "{fault:#}");
    drop(lock);
    assert_eq!(verdicts(&site.rotate(1, &[]).await), [Verdict::Same]);
}

#[tokio::test]
async fn files_that_cannot_be_loaded_change_nothing() {
    let site = Site::with(&source()).await;
    let before = site.catalogues();
    std::fs::remove_file(site.downloads.path().join("2026-b.csv")).expect("the rates");
    let fault = rotate::run(&site.args(&[]), Progress::Quiet, on(1)).await.expect_err("no rates");
    assert!(format!("{fault:#}").contains("the old one stays: no Rate PUF"), "{fault:#}");
    // Half a download: the rates end in the middle of a plan.
    let mut half = source();
    half.rates.truncate(60);
    site.download(&half);
    let report = site.rotate(1, &[]).await;
    assert_eq!((report.exit_code(), site.catalogues()), (3, before), "{report}");
}

#[tokio::test]
async fn of_two_plan_years_none_is_published_while_one_is_stopped() {
    let site = Site::with(&source()).await;
    let before = site.catalogues();
    let next = crate::load::small::Source::of_year(2027);
    next.write(site.downloads.path(), "", "\n");
    // The new plan year is the first of its kind, which may pass; the old one has lost an insurer.
    site.download(&without(source(), OTHER));
    let report = site.rotate(1, &["--first"]).await;
    assert_eq!((report.exit_code(), verdicts(&report)), (3, vec![Verdict::Stopped, Verdict::Waiting]), "{report}");
    assert_eq!(site.catalogues(), before);
    site.download(&without(source(), ONE));
    let report =
        site.rotate(1, &["--first", "--max-plans-gone=50", "--max-offers-gone=50", "--max-rows-lost=100"]).await;
    assert_eq!((report.exit_code(), site.catalogues().len()), (0, 3), "{report}");
}

#[test]
fn the_unit_files_name_commands_and_settings_that_exist() {
    let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let service = std::fs::read_to_string(docs.join("systemd/windowshop-rotate.service")).expect("the unit");
    let start = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    let words: Vec<&str> = start.split_whitespace().collect();
    assert!(matches!(Cli::try_parse_from(&words).expect("it parses").command, Some(Command::Rotate(_))));
    let timer = std::fs::read_to_string(docs.join("systemd/windowshop-rotate.timer")).expect("the timer");
    assert!(timer.contains("OnCalendar=") && timer.contains("WantedBy=timers.target"));
    let words = std::fs::read_to_string(docs.join("rotation.md")).expect("the page");
    let cron = words.lines().find(|line| line.contains("* * * windowshop ")).expect("a cron line");
    let command = cron.split_once(" windowshop ").expect("a user").1.split('>').next().expect("a command").trim();
    let command: Vec<&str> = command.split_whitespace().collect();
    assert!(matches!(Cli::try_parse_from(&command).expect("it parses").command, Some(Command::Rotate(_))));
    // Every limit is in the page's table, with its variable and its default.
    let clap = <Cli as clap::CommandFactory>::command();
    let rotate = clap.find_subcommand("rotate").expect("the command");
    for flag in rotate.get_arguments().filter(|arg| arg.get_long().is_some_and(|long| long != "help")) {
        let long = flag.get_long().unwrap_or_default();
        assert!(words.contains(&format!("`--{long}`")), "docs/rotation.md does not tell of --{long}");
        for default in flag.get_default_values() {
            let row = words.lines().find(|line| line.starts_with(&format!("| `--{long}`"))).expect("a row");
            assert!(row.contains(&format!("| {} |", default.to_string_lossy())), "--{long}: {row}");
        }
    }
}
