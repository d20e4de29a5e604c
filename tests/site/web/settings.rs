//! All faults in the settings at once, and the shelf: which catalogues are served, refused, swapped.

use clap::Parser as _;
use windowshop::catalogue::Shelf;
use windowshop::check;
use windowshop::cli::{Cli, Command};
use windowshop::config::{Config, LogFormat};
use windowshop::filing::marks::SCHEMA_VERSION;
use windowshop::serve;

use super::Log;
use crate::site::{CATALOGUE, config, empty_data_folder, make_catalogue};

#[tokio::test]
async fn all_faults_are_reported_at_once_with_flag_and_variable() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let cli = Cli::try_parse_from([
        "windowshop",
        "check",
        "--listen",
        "nowhere",
        "--catalogues",
        dir.path().join("missing").to_str().unwrap(),
        "--data-dir",
        file.join("below").to_str().unwrap(),
        "--insurer-dir",
        file.join("insurer").to_str().unwrap(),
        "--public-url",
        "plans.example.org",
        "--cdn-base",
        "http://cdn.example.org/a;b?c",
        "--behind-tls=maybe",
        "--log-format",
        "xml",
        "--log-level",
        "loud",
        "--request-timeout-seconds",
        "soon",
        "--max-body-bytes",
        "0",
        "--max-connections",
        "1.5",
    ]);
    let Some(Command::Check(args)) = cli.unwrap().command else { panic!("check") };
    let (config, mut faults) = Config::read(&args);
    faults.extend(check::validate(&config).await);
    let told = serve::refuse_on(&faults).unwrap_err().to_string();
    for flag in [
        "listen",
        "catalogues",
        "data-dir",
        "insurer-dir",
        "public-url",
        "cdn-base",
        "behind-tls",
        "log-format",
        "log-level",
        "request-timeout-seconds",
        "max-body-bytes",
        "max-connections",
    ] {
        let variable = flag.to_ascii_uppercase().replace('-', "_");
        assert!(told.contains(&format!("--{flag} (WINDOWSHOP_{variable}): ")), "{flag} is not in\n{told}");
    }
    for words in ["is not https", "more than a host and a path", "signs other than", "14 things are wrong"] {
        assert!(told.contains(words), "{words} is not in\n{told}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_everyone_may_write_is_refused_and_one_that_others_read_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = empty_data_folder().await;
    let insurers = dir.path().join("insurers");
    let settings = ["--insurer-dir", insurers.to_str().expect("UTF-8")];
    let set = config(dir.path(), &settings);
    assert_eq!(check::validate(&set).await, []);
    let mode = |mode| std::fs::set_permissions(&insurers, std::fs::Permissions::from_mode(mode)).expect("set");
    assert_eq!(std::fs::metadata(&insurers).expect("made").permissions().mode() & 0o777, 0o700);
    mode(0o777);
    let faults = serve::refuse_on(&check::validate(&set).await).unwrap_err().to_string();
    assert!(faults.contains("--insurer-dir") && faults.contains("chmod 700"), "{faults}");
    mode(0o770);
    assert_eq!(check::validate(&set).await, []);
    let lines = check::state::of(&set, crate::site::TODAY).await;
    let line = lines.iter().find(|line| line.what == "folders").expect("a line");
    assert!(!line.good && line.words.contains("--insurer-dir"), "{line}");
}

#[tokio::test]
async fn listeners_on_one_port_are_all_named_before_anything_starts() {
    let dir = empty_data_folder().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("bound").to_string();
    let mut set = config(dir.path(), &["--metrics-listen", &free, "--desk-listen", &free]);
    set.listen = free.parse().expect("an address");
    let faults = serve::refuse_on(&check::validate(&set).await).unwrap_err().to_string();
    for flag in ["--listen", "--metrics-listen", "--desk-listen"] {
        assert!(faults.contains(&format!("{flag} {free}")), "{faults}");
    }
}

#[tokio::test]
async fn a_good_configuration_has_no_fault_and_a_first_start_wants_the_sample() {
    let dir = empty_data_folder().await;
    let good = config(dir.path(), &[]);
    assert!(!check::wants_sample(&good));
    assert_eq!(check::validate(&good).await, []);
    let empty = tempfile::tempdir().unwrap();
    let first = config(empty.path(), &[]);
    assert!(check::wants_sample(&first));
    assert_eq!(check::validate(&first).await, []);
    let named = config(empty.path(), &["--catalogues", empty.path().to_str().unwrap()]);
    assert!(!check::wants_sample(&named), "a folder that somebody named is never filled behind their back");
    assert!(check::validate(&named).await[0].what.contains("no catalogue in this folder"));
}

#[tokio::test]
async fn unfit_catalogues_say_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let named = config(dir.path(), &["--catalogues", dir.path().to_str().unwrap()]);
    let at = |year: u16| dir.path().join(format!("catalogue-{year}-20261121-ab12cd34.db"));
    make_catalogue(&at(2024), "0", "2024").await;
    make_catalogue(&at(2025), &(SCHEMA_VERSION + 1).to_string(), "2025").await;
    make_catalogue(&at(2026), &SCHEMA_VERSION.to_string(), "2025").await;
    std::fs::write(at(2027), "this is no database, and long enough to be looked at as one by SQLite").unwrap();
    std::fs::write(dir.path().join("notes.txt"), "not a catalogue by its name").unwrap();
    let told: Vec<String> = check::validate(&named).await.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 4, "{told:#?}");
    for (fault, words) in told.iter().zip(["older Windowshop", "newer Windowshop", "plan_year", "has no seal"]) {
        assert!(fault.contains(words) && fault.starts_with("--catalogues"), "{words} not in {fault}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn open_keys_and_files_that_anyone_may_change_are_faults() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = empty_data_folder().await;
    let set = |name: &str, mode| {
        let path = dir.path().join(name);
        std::fs::File::options().create(true).append(true).open(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("session.key", 0o640);
    set("good.key", 0o600);
    set("turkey.txt", 0o644);
    set(&format!("catalogues/{CATALOGUE}"), 0o666);
    let told: Vec<String> = check::validate(&config(dir.path(), &[])).await.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("session.key: others may read") && told[0].contains("chmod 600"), "{told:?}");
    assert!(told[1].contains("everyone on this machine may change it"), "{told:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_for_letters_that_cannot_sign_is_a_fault_with_all_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = empty_data_folder().await;
    let key = dir.path().join("letters");
    let named = key.to_str().unwrap();
    let told = async |settings: &[&str]| -> Vec<String> {
        let Some(Command::Check(args)) = Cli::try_parse_from(
            [&["windowshop", "check", "--data-dir", dir.path().to_str().unwrap()], settings].concat(),
        )
        .unwrap()
        .command
        else {
            panic!("check")
        };
        let (mut config, mut faults) = Config::read(&args);
        config.listen = ([127, 0, 0, 1], 0).into();
        faults.extend(check::validate(&config).await);
        faults.iter().map(ToString::to_string).collect()
    };
    let from = ["--mail-from", "no-reply@plans.example.org"];
    let good = [&["--dkim-key", named, "--dkim-selector", "2026a"], from.as_slice()].concat();
    let all =
        [&["--dkim-key", named, "--dkim-selector", "a b", "--dkim-domain", "example.com"], from.as_slice()].concat();
    let faults = told(&all).await;
    assert_eq!(faults.len(), 3, "{faults:#?}");
    for words in ["--dkim-selector (WINDOWSHOP_DKIM_SELECTOR): \"a b\" is no name", "nor above it", "cannot be read"] {
        assert!(faults.iter().any(|fault| fault.contains(words)), "{words} not in {faults:#?}");
    }
    for (text, mode, words) in [
        ("a word", 0o644, "run `chmod 600` on it"),
        ("a word", 0o600, "holds no private key in PEM"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0o600, "RSA of 2,048 to 4,096 bits"),
    ] {
        std::fs::write(&key, text).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let faults = told(&good).await;
        assert!(faults.len() == 1 && faults[0].contains(words) && !faults[0].contains("a word"), "{faults:#?}");
    }
    let alone = told(&["--dkim-selector", "2026a"]).await;
    assert!(alone.len() == 1 && alone[0].contains("without --dkim-key"), "{alone:#?}");
}

#[tokio::test]
async fn a_taken_port_is_a_fault() {
    let dir = empty_data_folder().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config(dir.path(), &[]);
    config.listen = taken.local_addr().unwrap();
    let faults = check::validate(&config).await;
    assert!(faults.len() == 1 && faults[0].to_string().contains("--listen (WINDOWSHOP_LISTEN): "), "{faults:?}");
    assert!(faults[0].what.contains("is taken"), "{faults:?}");
}

#[tokio::test]
async fn the_newest_of_each_year_is_served_and_swapped_whole() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(format!("catalogue-{name}.db"));
    make_catalogue(&at("2025-20251101-00000001"), &SCHEMA_VERSION.to_string(), "2025").await;
    make_catalogue(&at("2026-20261101-00000002"), &SCHEMA_VERSION.to_string(), "2026").await;
    make_catalogue(&at("2026-20261019-00000003"), &SCHEMA_VERSION.to_string(), "2026").await;
    let private = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(dir.path(), private.path()).await.unwrap();
    assert_eq!(shelf.current().version(), "2025-20251101-00000001+2026-20261101-00000002");
    assert!(!shelf.look_again().await, "nothing is new");

    let held = shelf.current();
    make_catalogue(&at("2026-20261102-00000004"), &SCHEMA_VERSION.to_string(), "2026").await;
    std::fs::write(at("2027-20261102-00000005"), "half a copy").unwrap();
    let (log, _guard) = Log::keep(LogFormat::Text);
    assert!(shelf.look_again().await);
    assert!(!shelf.look_again().await);
    assert_eq!(log.text().matches("cannot be served").count(), 1, "a bad file is told once:\n{}", log.text());
    assert_eq!(shelf.current().newest().version, "2026-20261102-00000004");
    assert_eq!(shelf.current().get(2025).unwrap().version, "2025-20251101-00000001");
    assert!(shelf.current().get(2027).is_none());

    let old = sqlx::query("SELECT count(*) FROM meta").fetch_one(&held.newest().pool).await;
    assert!(old.is_ok(), "an answer under way keeps its catalogue");

    std::fs::remove_file(at("2026-20261102-00000004")).unwrap();
    assert!(shelf.look_again().await);
    assert_eq!(shelf.current().newest().version, "2026-20261101-00000002", "taking a file away goes back");
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    assert!(!shelf.look_again().await);
    assert_eq!(shelf.current().newest().version, "2026-20261101-00000002", "an empty folder stops nothing");
}

#[tokio::test]
async fn faults_in_the_settings_of_the_hub_are_told_at_once_and_never_repeat_the_token() {
    let told = async |args: &[&str]| {
        let dir = empty_data_folder().await;
        let data = dir.path().to_str().expect("text");
        let first = ["windowshop", "check", "--data-dir", data, "--listen", "127.0.0.1:0"];
        let cli = Cli::try_parse_from([first.as_slice(), args].concat());
        let Some(Command::Check(args)) = cli.expect("arguments").command else { panic!("check") };
        let (config, mut faults) = Config::read(&args);
        faults.extend(check::check_hub(&config));
        faults.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let bad = [
        ["--hub-url", "http://hub.example.gov/api"],
        ["--hub-token", "geheim 7"],
        ["--hub-timeout-seconds", "0"],
        ["--hub-contact-name", "Desk 7"],
        ["--hub-contact-phone", "555-010"],
    ];
    let faults = told(&bad.concat()).await;
    for ([flag, _], words) in bad.iter().zip(["readable", "no token", "from 1 to 300", "letters", "ten digits"]) {
        let fault = faults.iter().find(|fault| fault.starts_with(&format!("{flag} (")));
        assert!(fault.is_some_and(|fault| fault.contains(words)), "{flag}: {faults:#?}");
    }
    assert!(!faults.concat().contains("geheim"), "{faults:#?}");
    let url = ["--hub-url", "https://hub.example.gov/api"];
    assert!(told(&url).await.concat().contains("--hub-token (WINDOWSHOP_HUB_TOKEN): is missing"));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("hub.token");
    let named = file.to_str().unwrap();
    assert!(told(&[url, ["--hub-token-file", named]].concat()).await.concat().contains("cannot be read"));
    std::fs::write(&file, "geheim7\n").unwrap();
    assert_eq!(told(&[url, ["--hub-token-file", named]].concat()).await, Vec::<String>::new());
    let both = told(&[url, ["--hub-token-file", named], ["--hub-token", "geheim7"]].concat()).await.concat();
    assert!(both.contains("both given") && !both.contains("geheim"), "{both}");
    for user in ["https://me:geheim7@hub.example.gov/", "https://hub.example.gov/?x=geheim7", "nonsense"] {
        let faults = told(&["--hub-url", user, "--hub-token-file", named]).await;
        assert!(faults.len() == 1 && !faults[0].contains("geheim"), "{faults:#?}");
    }
    let local =
        ["--hub-url", "http://127.0.0.1:9470", "--hub-token", "training", "--hub-contact-phone", "(555) 010-0100"];
    assert_eq!(told(&local).await, Vec::<String>::new());
}
