//! docs/changing.md is true, and the steps it lists are not forgotten.

use std::collections::BTreeMap;

use strum::VariantArray as _;
use windowshop::quote::filters::Facet;

use super::repository::{root, texts};

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("{file} is not there"))
}

/// What stands in backticks.
fn ticked(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The steps of the guide: section, number, cells.
fn steps(guide: &str) -> Vec<(&str, &str, Vec<&str>)> {
    let mut steps = Vec::new();
    for section in guide.split("\n## ").skip(1) {
        let (name, body) = section.split_once('\n').unwrap();
        let rows = body.lines().filter(|line| line.starts_with("| ")).skip(1);
        for row in rows {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 4, "{row}");
            steps.push((name, cells[0], cells[1..].to_vec()));
        }
    }
    steps
}

#[test]
fn every_file_place_and_test_of_the_guide_exists() {
    let guide = read("docs/changing.md");
    let steps = steps(&guide);
    let sources: Vec<(String, String)> = [texts("tests", ".rs"), texts("src", ".rs")].concat();
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for (section, number, cells) in &steps {
        let count = numbers.entry(section).or_default();
        *count += 1;
        assert_eq!(*number, count.to_string(), "{section}: steps are numbered in order");
        let [_, place, tests] = cells[..] else { unreachable!() };
        let places = ticked(place);
        let [file, words @ ..] = &places[..] else { panic!("{section} {number} names no file") };
        let text = read(file);
        assert!(!words.is_empty(), "{section} {number}: where in {file}?");
        for word in words {
            assert!(text.contains(word), "docs/changing.md, {section}, {number}: {file} has no {word}");
        }
        for test in ticked(tests) {
            let defined = format!("fn {test}(");
            let is_there = sources.iter().any(|(_, text)| text.contains(&defined));
            assert!(is_there, "docs/changing.md, {section}, {number}: no test {test}");
        }
    }
    assert!(numbers.len() >= 5 && steps.len() >= 20, "{numbers:?}");
    // Test messages that send people there.
    for (path, text) in &sources {
        for rest in text.split("docs/changing.md, ").skip(1) {
            let mut words = rest.split(['"', '{', ')']).next().unwrap_or_default().split(", ");
            let (section, number) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let known = section.is_empty() || steps.iter().any(|step| (step.0, step.1) == (section, number));
            assert!(known, "{path} sends people to docs/changing.md, {section}, {number}");
        }
    }
}

#[test]
fn every_filter_is_in_the_contract_of_addresses() {
    let contract = read("docs/addresses.md");
    let (_, filters) = contract.split_once("\n## Filters\n").expect("a section");
    for filter in Facet::VARIANTS.iter().map(|facet| facet.filter()) {
        let row = filters.lines().find(|line| line.starts_with(&format!("| `{}` |", filter.name)));
        let row = row.unwrap_or_else(|| panic!("no row for `{}`: docs/changing.md, A filter, 3", filter.name));
        let word = filter.yes_word().map_or(String::new(), |word| format!("`{word}`"));
        assert!(row.contains(&word), "{word} is not in {row}: docs/changing.md, A filter, 3");
    }
}

#[test]
fn every_page_is_known_to_the_browser_tests_and_to_the_contract() {
    let (router, browser, contract) = (read("src/router.rs"), read("tests/browser/lib.mjs"), read("docs/addresses.md"));
    let (_, pages) = router.split_once("fn pages()").expect("the table of pages");
    let pages = pages.split("\n}").next().unwrap_or_default();
    let routes: Vec<&str> = pages.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(routes.len() > 15, "{routes:?}");
    for route in routes {
        assert!(
            contract.contains(&format!("`{route}")),
            "no {route} in docs/addresses.md: docs/changing.md, A page, 6"
        );
        // Files to download are opened by journey.test.mjs.
        if route.ends_with(".csv") || route.ends_with(".ics") {
            continue;
        }
        let address = route.replace("{plan_id}", "${SILVER}");
        let seen = ["'", "?", "`"]
            .iter()
            .any(|end| browser.contains(&format!("'{address}{end}")) || browser.contains(&format!("`{address}{end}")));
        assert!(seen, "{route} is not on the list of tests/browser/lib.mjs: docs/changing.md, A page, 5");
    }
}
