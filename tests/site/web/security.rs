//! docs/security.md is whole and true: every requirement of the standard stands in it once, every name in it exists, and
//! what it says of the configurations that we ship holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::body::Body;
use clap::Parser as _;
use windowshop::check;
use windowshop::cli::{Cli, Command};
use windowshop::config::{Config, SettingFault};
use windowshop::types::MONEY_NAMES;

use super::repository::{root, texts};
use crate::site::{Site, config, empty_data_folder};

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("{file} is not there"))
}

/// The numbers of levels 1 and 2, in the order of the standard.
fn numbers() -> Vec<String> {
    let list = read("tests/cases/asvs_5.0.0.csv");
    let rows = list.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| row.split(',').next().unwrap_or_default().to_string()).collect()
}

/// The rows of the standard's table: what stands in the column of numbers, and in that of the state.
fn rows(page: &str) -> Vec<(&str, &str)> {
    let (_, rest) = page.split_once("\n## OWASP ASVS 5.0, level 2\n").expect("the section");
    let section = rest.split("\n## ").next().unwrap_or_default();
    let cells = section.lines().filter(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        (cells[0], *cells.last().expect("a cell"))
    });
    cells.filter(|(number, _)| number.starts_with(|c: char| c.is_ascii_digit())).collect()
}

/// `6.2.2, 6.2.3` and `6.8.1 – 6.8.4`.
fn named<'n>(cell: &str, numbers: &'n [String]) -> Vec<&'n String> {
    let place = |number: &str| {
        let at = numbers.iter().position(|known| known == number);
        at.unwrap_or_else(|| panic!("{number} is no requirement of level 1 or 2"))
    };
    let part = |part: &str| match part.split_once(" – ") {
        Some((first, last)) => place(first)..=place(last),
        None => place(part)..=place(part),
    };
    cell.split(", ").flat_map(|range| part(range.trim()).map(|at| &numbers[at])).collect()
}

#[test]
fn every_requirement_stands_in_the_table_once() {
    let (page, numbers) = (read("docs/security.md"), numbers());
    assert_eq!(numbers.len(), 253);
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 253);
    let mut seen: BTreeMap<&String, usize> = BTreeMap::new();
    for (cell, state) in rows(&page) {
        let states = ["met", "the operator's", "open", "does not apply"];
        assert!(states.iter().any(|known| state.starts_with(known)), "{cell} has no state: {state}");
        named(cell, &numbers).into_iter().for_each(|number| *seen.entry(number).or_default() += 1);
    }
    let missing: Vec<&String> = numbers.iter().filter(|number| !seen.contains_key(number)).collect();
    assert!(missing.is_empty(), "not in docs/security.md: {missing:?}");
    let twice: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "more than once in docs/security.md: {twice:?}");

    let said = page.lines().find_map(|line| line.strip_prefix("Open, in one place: ")).expect("what is open");
    let said = named(said.trim_end_matches('.'), &numbers);
    let open = rows(&page).into_iter().filter(|(_, state)| state.starts_with("open"));
    let open: Vec<&String> = open.flat_map(|(cell, _)| named(cell, &numbers)).collect();
    assert_eq!(said, open, "what is open, in one place");
}

/// What stands in backticks and can be looked up: files by their ending, names of code by their form.
#[test]
fn every_name_in_the_security_page_exists() {
    const ENDINGS: [&str; 11] =
        [".rs", ".md", ".csv", ".conf", ".vcl", ".service", ".toml", ".lock", ".json", ".sql", "Dockerfile"];
    let page = read("docs/security.md");
    let sources = [texts("src", ".rs"), texts("tests", ".rs"), vec![(String::new(), read("Cargo.toml"))]].concat();
    let code: String = sources.into_iter().map(|(_, text)| text).collect();
    let words: BTreeSet<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let mut files: Vec<String> = ["src", "tests", "docs", "data", "sql"]
        .iter()
        .flat_map(|folder| ENDINGS.iter().flat_map(|end| texts(folder, end)))
        .map(|(path, _)| path)
        .collect();
    files.extend(["Cargo.toml", "Cargo.lock", "deny.toml", "Dockerfile", ".dockerignore"].map(String::from));
    let flags: String =
        texts("docs", ".md").into_iter().filter(|(path, _)| !path.ends_with("security.md")).map(|(_, t)| t).collect();
    let mut looked = 0;
    for word in page.split('`').skip(1).step_by(2) {
        let is_name = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if word.contains([' ', '=']) {
            continue;
        }
        if ENDINGS.iter().any(|end| word.ends_with(end)) {
            let there = files.iter().any(|file| Path::new(file).ends_with(word)) || root().join(word).exists();
            assert!(there, "docs/security.md names the file {word}, which is not there");
        } else if word.starts_with("--") {
            assert!(flags.contains(&format!("`{word}")), "docs/security.md names {word}, which is no setting");
        } else if let Some((_, name)) = word.rsplit_once("::") {
            assert!(words.contains(name), "docs/security.md names {word}, and nothing is called {name}");
        } else if is_name(word) && word.matches('_').count() >= 3 && word.chars().all(|c| !c.is_ascii_uppercase()) {
            assert!(
                code.contains(&format!("fn {word}(")),
                "docs/security.md names the test {word}, which is not there"
            );
        } else if is_name(word) && (word.contains('_') || word.starts_with(|c: char| c.is_ascii_uppercase())) {
            assert!(words.contains(word), "docs/security.md names {word}, and nothing is called so");
        } else {
            continue;
        }
        looked += 1;
    }
    assert!(looked > 150, "only {looked} names were looked up");
}

/// The names that `web::sealed` seals: amounts of money, and its own list.
fn private_names() -> Vec<String> {
    let source = read("src/web/sealed.rs");
    let (_, list) = source.split_once("\nconst PRIVATE: [").expect("the list");
    let list = list.split("];").next().unwrap_or_default();
    let own = list.split('"').skip(1).step_by(2);
    let names: Vec<String> = MONEY_NAMES.into_iter().chain(own).map(str::to_string).collect();
    assert!(names.len() >= 12 && names.contains(&"event".to_string()), "{names:?}");
    names
}

#[test]
fn caches_in_front_pass_private_pages_on() {
    for file in ["docs/cdn/nginx/windowshop.conf", "docs/cdn/varnish/windowshop.vcl"] {
        let text = read(file);
        let list = text.split("(?:my|").nth(1).or_else(|| text.split("(my|").nth(1));
        let list: Vec<&str> =
            list.expect("the list of private names").split(')').next().unwrap_or_default().split('|').collect();
        for name in private_names() {
            assert!(list.contains(&name.as_str()), "{file} keeps addresses with {name}");
        }
        assert!(text.contains("[pmcbglz]") && text.contains("/account("), "{file}");
    }
}

#[test]
fn a_proxy_passes_on_nothing_that_a_client_may_claim() {
    let nginx = read("docs/cdn/nginx/windowshop.conf");
    for line in ["X-Forwarded-For $remote_addr;", "X-Request-Id $request_id;", "traceparent \"\";"] {
        assert!(nginx.contains(&format!("proxy_set_header {line}")), "{line}");
    }
    // In one place: nginx forgets all of them where a location sets one of its own.
    let (_, server) = nginx.split_once("\nserver {").expect("the server");
    let (top, locations) = server.split_once("    location ").expect("a location");
    assert!(top.matches("proxy_set_header").count() > 6 && !locations.contains("proxy_set_header"));
    let varnish = read("docs/cdn/varnish/windowshop.vcl");
    for name in ["X-Request-Id", "traceparent"] {
        assert!(varnish.contains(&format!("unset req.http.{name};")), "{name}");
    }
}

#[test]
fn the_nginx_example_speaks_no_old_tls() {
    let nginx = read("docs/cdn/nginx/windowshop.conf");
    assert!(nginx.contains("    ssl_protocols TLSv1.2 TLSv1.3;\n"));
    let suites = nginx.lines().find_map(|line| line.trim().strip_prefix("ssl_ciphers ")).expect("the suites");
    for suite in suites.trim_end_matches(';').split(':') {
        let good = suite.starts_with("ECDHE-") && (suite.contains("GCM") || suite.contains("CHACHA20-POLY1305"));
        assert!(good, "{suite} has no forward secrecy, or is not authenticated");
    }
    let site = read("docs/cdn/nginx/windowshop-server.conf");
    assert!(!site.contains("listen 80"), "nothing answers without TLS");
    assert!(site.lines().any(|line| line.starts_with("error_log ") && line.ends_with(" crit;")), "requests are quoted");
}

#[test]
fn the_unit_of_the_server_names_settings_that_exist_and_takes_rights_away() {
    let unit = read("docs/systemd/windowshop.service");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("a command");
    let parsed = Cli::try_parse_from(start.split_whitespace()).expect("it parses");
    assert!(matches!(parsed.command, Some(Command::Serve(_))));
    for line in
        ["NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "IPAddressDeny=any", "UMask=0077"]
    {
        assert!(unit.lines().any(|own| own == line), "{line}");
    }
    assert!(unit.contains("LoadCredential=site.key:") && start.contains("--key-file %d/site.key"));
}

#[tokio::test]
async fn methods_that_no_page_has_are_refused() {
    let site = Site::empty(&[]).await;
    for method in ["TRACE", "TRACK", "DELETE", "PUT", "OPTIONS", "CONNECT"] {
        for address in ["/", "/plans", "/glossary", "/healthz"] {
            let got = site.send(method, address, &[("x-secret", "37651")], Body::empty()).await;
            assert_eq!(got.status, 405, "{method} {address}");
            assert!(!got.text.contains("37651"), "{method} {address} echoes");
        }
    }
}

#[tokio::test]
async fn every_text_says_its_charset() {
    let site = Site::open().await;
    let who = "year=2026&zip=45202&county=39061&people=40";
    let mut addresses: Vec<String> =
        ["/", "/es", "/glossary", "/nowhere", "/healthz", "/readyz", "/robots.txt", "/favicon.svg"]
            .map(String::from)
            .into();
    addresses.extend([
        format!("/plans?{who}"),
        format!("/plans.csv?{who}"),
        "/enroll/deadline.ics?year=2027".to_string(),
    ]);
    addresses.extend(site.app.assets.names().into_iter().map(|name| site.app.assets.url(name).to_string()));
    for address in addresses {
        let got = site.get(&address).await;
        let kind = got.header("content-type");
        let is_text = kind.starts_with("text/") || kind.contains("xml");
        assert!(is_text && kind.ends_with("; charset=utf-8"), "{address}: {kind}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_store_that_others_may_read_is_a_fault() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = empty_data_folder().await;
    let path = dir.path().join("office.db-wal");
    std::fs::write(&path, "").expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("set");
    let told: Vec<String> = check::validate(&config(dir.path(), &[])).await.iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].contains("office.db-wal: others may read"), "{told:#?}");
}

#[test]
fn a_database_elsewhere_must_say_how_it_is_encrypted() {
    let faults = |url: &str| {
        let cli = Cli::try_parse_from(["windowshop", "check", "--database-url", url]).expect("it parses");
        let Some(Command::Check(args)) = cli.command else { panic!("check") };
        Config::read(&args).1
    };
    for fit in [
        "postgres://office@localhost/office",
        "postgres://office@127.0.0.1:5433/office",
        "postgres://office@%2Fvar%2Frun%2Fpostgresql/office",
        "postgres://office@db.example.org/office?sslmode=verify-full",
        "postgres://office@db.example.org/office?sslrootcert=ca.pem&sslmode=verify-ca",
        "postgres://office@10.0.0.5/office?sslmode=disable",
    ] {
        assert_eq!(faults(fit), [], "{fit}");
    }
    for unfit in [
        "postgres://office:geheim@db.example.org/office",
        "postgres://office:geheim@10.0.0.5/office?sslmode=prefer",
        "postgres://office:geheim@localhost.example.org/office?sslmode=require",
        "postgres://office:geheim@db.example.org/office?sslmode=verify-full&sslmode=allow",
    ] {
        let told: Vec<String> = faults(unfit).iter().map(SettingFault::to_string).collect();
        assert!(told.len() == 1 && told[0].contains("sslmode=verify-full"), "{unfit}: {told:?}");
        assert!(!told[0].contains("geheim"), "{told:?}");
    }
}
