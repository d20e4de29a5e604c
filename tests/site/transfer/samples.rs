//! The published samples: what holds of each, what is said of them when something is taken out or moved, and that what we
//! write has their shape.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use windowshop::transfer::rules::{Of, Required, faults, required};
use windowshop::transfer::xml::{self, Element, Space};
use windowshop::transfer::{json, shape};

use super::people::{Agency, family, poor};
use crate::store::engines::{Bench, benches};
use crate::web::repository::root;

const SAMPLES: [&str; 9] = [
    "sample",
    "sample_incarceration_payload",
    "sample_naturalization_certificate_payload",
    "simple_L_transformed_payload",
    "step_1",
    "step_2",
    "step_3",
    "step_4",
    "validator_example",
];
/// What the samples break themselves: two count their referrals wrong, one has an ID that is too long; and their Social
/// Security numbers were replaced by numbers that nobody has.
const BROKEN: [(&str, &str); 3] = [
    ("sample_incarceration_payload", "referral_count"),
    ("sample_naturalization_certificate_payload", "referral_count"),
    ("validator_example", "length"),
];

fn sample(name: &str) -> (Element, bool) {
    let bytes = std::fs::read(root().join(format!("tests/cases/transfer/{name}.xml"))).expect("a sample");
    let tree = xml::read(&bytes).unwrap_or_else(|refused| panic!("{name}: {refused}"));
    match tree.space {
        Space::Soap => (tree.child("Body").expect("a body").children[0].clone(), true),
        _ => (tree, false),
    }
}

/// Rules that a transfer breaks, each once.
fn broken(tree: &Element, of: Of) -> BTreeSet<String> {
    faults(tree, of).into_iter().map(|fault| fault.rule).collect()
}

#[test]
fn every_sample_is_read_written_and_keeps_the_rules() {
    for name in SAMPLES {
        let (tree, soap) = sample(name);
        let again = xml::read(xml::write(&tree, soap).as_bytes()).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        let again = if soap { again.child("Body").expect("a body").children[0].clone() } else { again };
        assert!(again == tree, "{name}: read(write(x)) is another");
        let same = json::read(&json::write(&tree).to_string()).unwrap_or_else(|refused| panic!("{name}: {refused}"));
        // Choices that alternate come out of JSON by name.
        assert!(same == tree || name == "validator_example", "{name}: JSON says something else");
        let known: BTreeSet<String> =
            BROKEN.iter().filter(|(own, _)| *own == name).map(|(_, rule)| rule.to_string()).collect();
        let found: BTreeSet<String> = broken(&tree, Of::Federal).into_iter().filter(|rule| rule != "form").collect();
        assert_eq!(found, known, "{name}: {:?}", faults(&tree, Of::Federal));
    }
}

/// Every element of a name, as the way to it: numbers of children.
fn places(tree: &Element, fits: &dyn Fn(&Element) -> bool) -> Vec<Vec<usize>> {
    let mut found = Vec::new();
    let mut ways = vec![(Vec::new(), tree)];
    while let Some((way, own)) = ways.pop() {
        if fits(own) {
            found.push(way.clone());
        }
        for (n, child) in own.children.iter().enumerate() {
            ways.push(([way.clone(), vec![n]].concat(), child));
        }
    }
    found
}

fn follow<'e>(tree: &'e mut Element, way: &[usize]) -> &'e mut Element {
    way.iter().fold(tree, |own, n| &mut own.children[*n])
}

/// Takes everything at a path of local names out; whether there was anything.
fn take(own: &mut Element, path: &[&str]) -> bool {
    match path {
        [last] => {
            let before = own.children.len();
            own.children.retain(|child| child.local != *last);
            own.children.len() < before
        }
        [first, rest @ ..] => {
            let mut any = false;
            for child in own.children.iter_mut().filter(|child| child.local == *first) {
                any |= take(child, rest);
            }
            any
        }
        [] => false,
    }
}

fn fits(row: &Required, own: &Element) -> bool {
    match row.inside.strip_prefix('*') {
        Some(end) => own.local.ends_with(end),
        None => own.name() == row.inside,
    }
}

/// Whether taking out what a row requires is named by its rule: (tried, named).
fn without(tree: &Element, row: &Required, of: Of) -> (usize, usize) {
    let (mut tried, mut named) = (0, 0);
    // More of them show nothing else.
    for way in places(tree, &|own| fits(row, own)).into_iter().take(3) {
        let mut less = tree.clone();
        let own = follow(&mut less, &way);
        let mut any = false;
        for path in row.needs.split('|') {
            any |= take(own, &path.split('/').collect::<Vec<_>>());
        }
        if any {
            tried += 1;
            named += usize::from(broken(&less, of).contains(&row.rule));
        }
    }
    (tried, named)
}

async fn ours(bench: &Bench) -> Vec<Element> {
    let agency = Agency::open(bench).await;
    // A child of Texas is assessed for CHIP.
    let mut texan = family();
    texan.household["state"] = json!("TX");
    texan.household["county_fips"] = json!("48113");
    texan.household["people"][0]["incomes"][0]["amount"] = json!(40_000);
    for mut told in [poor("Perez"), family(), texan] {
        told.say("notices_by.0", "email").say("email.0", "ana@example.org");
        agency.send(&told).await;
        agency.work(bench).await;
    }
    let mut trees = Vec::new();
    for folder in ["out/OH", "out/TX"] {
        for name in agency.files(folder).into_iter().filter(|name| name.ends_with(".xml")) {
            let tree = xml::read(agency.text(&format!("{folder}/{name}")).as_bytes());
            trees.push(tree.unwrap_or_else(|refused| panic!("{refused}")));
        }
    }
    assert_eq!(trees.len(), 3, "all are sent");
    trees
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_required_is_missed_by_its_name() {
    let bench = benches().await.remove(0);
    let own = ours(&bench).await;
    bench.end().await;
    let trees: Vec<(String, Element, Of)> = SAMPLES
        .iter()
        .map(|name| (name.to_string(), sample(name).0, Of::Federal))
        .chain(own.into_iter().map(|tree| ("ours".to_string(), tree, Of::Ours)))
        .collect();
    let mut never: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    for row in required(Of::Ours) {
        never.insert((row.rule.clone(), row.inside.clone()), (0, 0));
    }
    for (name, tree, of) in &trees {
        for row in required(*of) {
            let (tried, named) = without(tree, row, *of);
            assert!(
                named == tried || !(row.when.is_empty() && row.whom.is_empty()),
                "{name}: {} of {} that lacks {} is not said",
                row.rule,
                row.inside,
                row.needs
            );
            let sum = never.entry((row.rule.clone(), row.inside.clone())).or_default();
            (sum.0, sum.1) = (sum.0 + tried, sum.1 + named);
        }
    }
    let met: Vec<_> = never.iter().filter(|(_, (tried, named))| *tried > 0 && *named == 0).collect();
    assert!(met.is_empty(), "taken out and never missed: {met:?}");
    // No sample is an agency's own, and none is the answer of a system.
    let untried: BTreeSet<&str> =
        never.iter().filter(|(_, (tried, _))| *tried == 0).map(|((rule, _), _)| rule.as_str()).collect();
    assert_eq!(untried, BTreeSet::from(UNTRIED), "of these nothing was taken out");
}

/// Required of what none of the samples has, and we do not write.
const UNTRIED: [&str; 1] = ["response_code"];

#[test]
fn what_stands_in_another_place_or_names_what_is_not_there_is_named() {
    let (tree, _) = sample("step_4");
    let moved = |way: &dyn Fn(&mut Element)| {
        let mut tree = tree.clone();
        way(&mut tree);
        broken(&tree, Of::Federal)
    };
    assert!(moved(&|tree| tree.children.reverse()).contains("order"));
    assert!(moved(&|tree| tree.children.push(Element::new(Space::Core, "Surprise"))).contains("order"));
    let twice = moved(&|tree| {
        let header = tree.children[0].clone();
        tree.children.insert(0, header);
    });
    assert!(twice.contains("order"), "{twice:?}");
    let lost = moved(&|tree| {
        let person = tree.children.iter_mut().find(|own| own.local == "Person").expect("a person");
        person.id = Some("nobody".to_string());
    });
    assert!(lost.contains("reference"), "{lost:?}");
    let counted = moved(&|tree| {
        let count = "TransferHeader/TransferActivity/TransferActivityReferralQuantity";
        super::people::set(tree, count, "7");
    });
    assert!(counted.contains("referral_count"), "{counted:?}");
}

/// Paths of elements below the root, by local names.
fn paths(tree: &Element) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut ways = vec![(String::new(), tree)];
    while let Some((way, own)) = ways.pop() {
        for child in &own.children {
            let path = format!("{way}/{}", child.name());
            found.insert(path.clone());
            ways.push((path, child));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_we_write_has_the_shape_of_the_samples() {
    let bench = benches().await.remove(0);
    let own = ours(&bench).await;
    bench.end().await;
    let samples: Vec<BTreeSet<String>> = SAMPLES.iter().map(|name| paths(&sample(name).0)).collect();
    let everywhere: BTreeSet<String> =
        samples.iter().skip(1).fold(samples[0].clone(), |all, own| all.intersection(own).cloned().collect());
    for tree in &own {
        assert!(shape::misplaced(tree).is_empty(), "{:?}", shape::misplaced(tree));
        assert!(faults(tree, Of::Ours).is_empty(), "{:?}", faults(tree, Of::Ours));
        let written = paths(tree);
        let lacks: Vec<&String> = everywhere.difference(&written).filter(|path| !known(path)).collect();
        assert!(lacks.is_empty(), "every sample has these, and we do not: {lacks:#?}");
        let again = xml::read(xml::write(tree, true).as_bytes()).unwrap_or_else(|refused| panic!("{refused}"));
        assert!(again.child("Body").expect("a body").children[0] == *tree);
        assert!(json::read(&json::write(tree).to_string()).unwrap_or_else(|refused| panic!("{refused}")) == *tree);
    }
    // Whatever we write two of, a sample writes in the same order.
    let order = |tree: &Element| {
        let mut found: BTreeSet<(String, String, String)> = BTreeSet::new();
        let mut all = vec![tree];
        while let Some(own) = all.pop() {
            for pair in own.children.windows(2).filter(|pair| pair[0].local != pair[1].local) {
                found.insert((own.name(), pair[0].name(), pair[1].name()));
            }
            all.extend(&own.children);
        }
        found
    };
    let theirs: BTreeSet<_> = SAMPLES.iter().flat_map(|name| order(&sample(name).0)).collect();
    for (parent, first, second) in own.iter().flat_map(order) {
        let turned = (parent.clone(), second.clone(), first.clone());
        let either = theirs.contains(&(parent.clone(), first.clone(), second.clone()));
        assert!(either || !theirs.contains(&turned), "in {parent}, samples have {second} before {first}");
    }
}

/// What all samples have and we leave out on purpose.
const LEFT_OUT: [&str; 1] = ["nothing"];

fn known(path: &str) -> bool {
    LEFT_OUT.iter().any(|own| path.contains(own))
}
