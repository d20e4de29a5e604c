//! docs/security.md against the standard: each requirement of levels 1 and 2 stands in its table exactly once.

use std::collections::BTreeMap;

use crate::web::repository::root;

type Number = [u32; 3];

/// OWASP ASVS 5.0.0, each section of each chapter: how many requirements of levels 1 and 2 it has. They come before those
/// of level 3, so a count is also the last number.
const SECTIONS: [&[u32]; 17] = [
    &[2, 9, 11, 3, 2],
    &[3, 3, 4, 1],
    &[0, 2, 4, 6, 5, 0, 2],
    &[3, 1, 2, 4],
    &[1, 3, 2, 3],
    &[3, 12, 4, 4, 5, 3, 0, 4],
    &[3, 4, 2, 5, 2, 2],
    &[2, 3, 1, 1],
    &[3, 4],
    &[2, 2, 4, 11, 5, 2, 3],
    &[2, 3, 3, 4, 1, 1],
    &[3, 2, 4],
    &[1, 5, 2, 5],
    &[2, 4, 3],
    &[3, 3, 7],
    &[1, 5, 4, 3, 3],
    &[1, 4, 2],
];
const REQUIREMENTS: usize = 253;

fn number(text: &str) -> Number {
    let parts: Vec<u32> = text.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{text}"))).collect();
    parts.try_into().unwrap_or_else(|_| panic!("{text} is no number of a requirement"))
}

fn all() -> Vec<Number> {
    let sections = (1..).zip(SECTIONS).flat_map(|(chapter, counts)| (1..).zip(counts).map(move |of| (chapter, of)));
    sections.flat_map(|(chapter, (section, count))| (1..=*count).map(move |n| [chapter, section, n])).collect()
}

/// `1.2.6 – 1.2.8, 1.3.1` as numbers; a range that leaves its section goes through all between.
fn numbers(cell: &str, all: &[Number]) -> Vec<Number> {
    let range = |text: &str| match text.split_once('–') {
        None => vec![number(text.trim())],
        Some((from, to)) => {
            let (from, to) = (number(from.trim()), number(to.trim()));
            all.iter().filter(|one| **one >= from && **one <= to).copied().collect()
        }
    };
    cell.split(',').flat_map(range).collect()
}

#[test]
fn every_requirement_of_level_two_has_one_answer() {
    let all = all();
    assert_eq!(all.len(), REQUIREMENTS);
    let text = std::fs::read_to_string(root().join("docs/security.md")).expect("the table");
    let mut answers: BTreeMap<Number, &str> = BTreeMap::new();
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit());
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, numbers_cell, _, state, _] = cells[..] else { panic!("a row with a cell too many: {row}") };
        let known = ["met", "open", "operator", "does not apply"];
        assert!(known.iter().any(|word| state.starts_with(word)), "no state: {row}");
        for one in numbers(numbers_cell, &all) {
            assert!(all.contains(&one), "{one:?} is no requirement of level 1 or 2");
            assert_eq!(answers.insert(one, state), None, "{one:?} stands there twice");
        }
    }
    let missing: Vec<&Number> = all.iter().filter(|one| !answers.contains_key(*one)).collect();
    assert!(missing.is_empty(), "without an answer: {missing:?}");

    let said =
        text.lines().find_map(|line| line.strip_prefix("Open, in one place: ")).expect("the line of what is open");
    let said: Vec<Number> = said.trim_end_matches('.').split(", ").map(number).collect();
    let open: Vec<Number> =
        answers.iter().filter(|(_, state)| state.starts_with("open")).map(|(one, _)| *one).collect();
    assert_eq!(said, open, "what is open, in one place");
}
