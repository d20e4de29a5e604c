//! The floor plan: docs/architecture.md says which room may import which, and the sources must comply.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::repository::{root, texts};

/// No room holds more than this share of the code: `1 / ROOM_SHARE`.
const ROOM_SHARE: usize = 5;

type Imports = BTreeMap<String, BTreeSet<String>>;

/// The table's rows: a room (or several of one kind), and what each may import.
fn plan() -> Imports {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("| room | may import |"));
    let rows = table.skip(2).take_while(|line| line.starts_with('|'));
    let quoted = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_string).collect::<BTreeSet<_>>();
    let mut plan = Imports::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').collect();
        for room in quoted(cells[1]) {
            assert_eq!(plan.insert(room.clone(), quoted(cells[2])), None, "{room} stands in the table twice");
        }
    }
    assert!(plan.len() > 10, "docs/architecture.md has no table of rooms: {plan:?}");
    plan
}

/// Every source with its room and its depth below `src/`.
fn sources() -> Vec<(String, usize, String, String)> {
    let src = root().join("src");
    let source = |(path, text): (String, String)| {
        let below = Path::new(&path).strip_prefix(&src).unwrap().with_extension("");
        let mut parts: Vec<&str> = below.iter().filter_map(|part| part.to_str()).collect();
        parts.pop_if(|part| *part == "mod");
        (parts[0].to_string(), parts.len(), path, text)
    };
    // `main` and `lib` are the doors: one calls the library by its name, the other lists it.
    let sources = texts("src", ".rs").into_iter().map(source);
    sources.filter(|(room, ..)| !matches!(room.as_str(), "main" | "lib")).collect()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// The names after each `crate::`, and what this reader cannot follow.
fn named(depth: usize, text: &str) -> (BTreeSet<String>, Vec<String>) {
    let (mut rooms, mut faults) = (BTreeSet::new(), Vec::new());
    let (product, _) = text.split_once("#[cfg(test)]").unwrap_or((text, ""));
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
        let word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        for after in line.split("crate::").skip(1) {
            let room: String = after.chars().take_while(word).collect();
            match room.is_empty() {
                true => faults.push(format!("line {}: name one room in a `use crate::`", at + 1)),
                false => drop(rooms.insert(room)),
            }
        }
        // A test module is one level deeper.
        let depth = depth + usize::from(at >= product.lines().count());
        if line.contains(&"super::".repeat(depth)) {
            faults.push(format!("line {}: `super` leads out of the room: say `crate::`", at + 1));
        }
    }
    (rooms, faults)
}

#[test]
fn rooms_import_what_the_table_says_and_nothing_else() {
    let plan = plan();
    let (mut found, mut faults) = (Imports::new(), Vec::new());
    for (room, depth, path, text) in sources() {
        let (rooms, unread) = named(depth, &text);
        faults.extend(unread.into_iter().map(|fault| format!("{path}: {fault}")));
        let may = plan.get(&room);
        if may.is_none() && !found.contains_key(&room) {
            faults.push(format!("{room} is no room of the table in docs/architecture.md"));
        }
        for other in rooms.iter().filter(|other| **other != room) {
            if may.is_some_and(|may| !may.contains(other)) {
                faults.push(format!("{path}: {room} may not import {other} (docs/architecture.md)"));
            }
        }
        found.entry(room.clone()).or_default().extend(rooms.into_iter().filter(|other| *other != room));
    }
    // The table must not promise less order than there is.
    for (room, may) in &plan {
        let Some(found) = found.get(room) else {
            faults.push(format!("docs/architecture.md has a room {room} that is not in src/"));
            continue;
        };
        for unused in may.difference(found) {
            faults.push(format!("docs/architecture.md lets {room} import {unused}, and nothing does"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_circle_leads_through_rooms() {
    let plan = plan();
    let mut left: BTreeMap<&str, BTreeSet<&str>> =
        plan.iter().map(|(room, may)| (room.as_str(), may.iter().map(String::as_str).collect())).collect();
    // Removes rooms that need no other, until none is left.
    while !left.is_empty() {
        let bottom: BTreeSet<&str> = left.iter().filter(|(_, may)| may.is_empty()).map(|(room, _)| *room).collect();
        assert!(!bottom.is_empty(), "these rooms import each other in a circle: {left:?}");
        left.retain(|room, _| !bottom.contains(room));
        left.values_mut().for_each(|may| may.retain(|room| !bottom.contains(room)));
    }
}

#[test]
fn no_room_holds_more_than_a_fifth_of_the_code() {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for (room, _, _, text) in sources() {
        let (product, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let code = product.lines().filter(|line| !line.trim().is_empty() && !is_comment(line));
        *lines.entry(room).or_default() += code.count();
    }
    let all: usize = lines.values().sum();
    let large: Vec<_> = lines.iter().filter(|(_, lines)| **lines * ROOM_SHARE > all).collect();
    assert!(large.is_empty(), "of {all} lines of code these rooms hold more than a fifth: {large:?}");
}

#[test]
fn the_import_reader_sees_every_form_of_import() {
    let (rooms, faults) = named(2, "use crate::web::page;\nlet x = crate::shop::open(); // crate\n/// crate::load\n");
    assert_eq!((rooms.into_iter().collect::<Vec<_>>().join(" ").as_str(), faults.len()), ("shop web", 0));
    assert_eq!(named(2, "use crate::{app, web};").1.len(), 1);
    assert_eq!(named(2, "use super::page;").1.len(), 0);
    assert_eq!(named(2, "use super::super::app;").1.len(), 1);
    assert_eq!(named(2, "#[cfg(test)]\nmod tests {\n    use super::super::page;").1.len(), 0);
    assert_eq!(named(1, "use super::app::App;").1.len(), 1);
}
