//! What may stand where in an account transfer, and in which order: the rows of `data/transfer/elements.csv`.
//!
//! Called by `json` (which needs the names), `rules` (order and names of what goes out) and `write` (what can be nil).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::xml::{Element, Space};

const TABLE: &str = include_str!("../../data/transfer/elements.csv");

#[derive(Deserialize)]
struct Row {
    parent: String,
    child: String,
    same_place: String,
    many: String,
    nillable: String,
}

/// An element in its parent.
pub struct Kid {
    pub space: Space,
    pub local: String,
    /// Elements of one place come in any order.
    pub place: usize,
    pub many: bool,
    pub nillable: bool,
}

/// By the parent's name, `hix-core:Person`.
static SHAPES: LazyLock<HashMap<String, Vec<Kid>>> = LazyLock::new(|| {
    let mut shapes: HashMap<String, Vec<Kid>> = HashMap::new();
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(TABLE.as_bytes());
    // A test reads the same rows and names what is wrong with them.
    for row in reader.deserialize::<Row>().flatten() {
        let Some((prefix, local)) = row.child.split_once(':') else { continue };
        let Some(space) = Space::of_prefix(prefix) else { continue };
        let kids = shapes.entry(row.parent).or_default();
        let last = kids.last().map(|kid| kid.place);
        let place = if row.same_place == "yes" { last.unwrap_or(0) } else { last.map_or(0, |last| last + 1) };
        let (many, nillable) = (row.many == "many", row.nillable == "yes");
        kids.push(Kid { space, local: local.to_string(), place, many, nillable });
    }
    shapes
});

/// What may stand in an element; `None`: only words, or nothing we know of.
pub fn kids(parent: &Element) -> Option<&'static [Kid]> {
    SHAPES.get(&parent.name()).map(Vec::as_slice)
}

/// One child of an element, by both names: `hix-core:Person`, `PersonSexText`.
pub fn kid_of(parent: &str, local: &str) -> Option<&'static Kid> {
    SHAPES.get(parent)?.iter().find(|kid| kid.local == local)
}

/// One child of an element, by its local name.
pub fn kid(parent: &Element, local: &str) -> Option<&'static Kid> {
    kids(parent)?.iter().find(|kid| kid.local == local)
}

/// Letters and digits alone: what may be shown, logged and kept outside of sealed columns.
pub fn is_word(text: &str) -> bool {
    text.len() <= 35 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// What is wrong with the order and the names below an element: path and words.
pub fn misplaced(root: &Element) -> Vec<(String, String)> {
    let mut found = Vec::new();
    look(root, root.name(), &mut found);
    found
}

fn look(parent: &Element, path: String, found: &mut Vec<(String, String)>) {
    let mut place = 0;
    let mut before = "";
    for child in &parent.children {
        let at = format!("{path}/{}", child.name());
        match kids(parent).and_then(|kids| kids.iter().find(|kid| kid.space == child.space && kid.local == child.local))
        {
            None => found.push((at.clone(), "may not stand here".to_string())),
            Some(kid) => {
                if kid.place < place {
                    found.push((at.clone(), format!("stands after {before}")));
                }
                if !kid.many && parent.all(&child.local).count() > 1 && before != child.local {
                    found.push((at.clone(), "stands here more than once".to_string()));
                }
                if child.nil && !kid.nillable {
                    found.push((at.clone(), "cannot be nil".to_string()));
                }
                place = place.max(kid.place);
            }
        }
        before = &child.local;
        look(child, at, found);
    }
}
