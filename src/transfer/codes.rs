//! The codes of an account transfer: rows of `data/transfer`, from our words and back.
//!
//! Called by `write` and `draft`. A test holds that each kind of ours has a row, and that each code is one of its list.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::Date;
use time::macros::format_description;

#[derive(Deserialize)]
pub struct IncomeKind {
    pub kind: String,
    pub income: String,
    pub expense: String,
    pub text: String,
    back: String,
}

#[derive(Deserialize)]
struct Frequency {
    frequency: String,
    code: String,
}

#[derive(Deserialize)]
pub struct Document {
    pub document: String,
    /// Empty: said in words.
    pub code: String,
    /// What its own number is called.
    pub number: String,
    pub text: String,
}

#[derive(Deserialize)]
struct Source {
    kind: String,
    code: String,
}

#[derive(Deserialize)]
pub struct Relationship {
    pub relation: String,
    /// What the person is to the contact person.
    pub is: String,
    /// What the contact person is to them.
    pub has: String,
}

#[derive(Deserialize)]
struct Pair {
    first: String,
    second: String,
    partners_child: String,
    code: String,
}

#[derive(Deserialize)]
pub struct Checked {
    pub subject: String,
    pub code: String,
    pub authority: String,
    pub text: String,
}

#[derive(Deserialize)]
pub struct HowFar {
    pub state: String,
    pub code: String,
    pub indicator: String,
    pub status: String,
}

#[derive(Deserialize)]
pub struct Listed {
    pub element: String,
    pub code: String,
}

/// How an agency takes a transfer.
#[derive(Deserialize, Clone)]
struct AgencyRow {
    state: String,
    unasked: String,
    envelope: String,
    from: String,
    to: String,
    citation: String,
}

/// The same as values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// What was not asked is said to be nil; otherwise it is left out.
    pub nil: bool,
    pub soap: bool,
}

/// A row that cannot be read is left out here; a test reads them all.
fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    reader.deserialize().flatten().collect()
}

struct Codes {
    income: Vec<IncomeKind>,
    frequencies: Vec<Frequency>,
    documents: Vec<Document>,
    sources: Vec<Source>,
    relationships: Vec<Relationship>,
    pairs: Vec<Pair>,
    checked: Vec<Checked>,
    how_far: Vec<HowFar>,
    listed: Vec<Listed>,
    agencies: Vec<AgencyRow>,
}

static CODES: LazyLock<Codes> = LazyLock::new(|| Codes {
    income: rows(include_str!("../../data/transfer/income_kinds.csv")),
    frequencies: rows(include_str!("../../data/transfer/frequencies.csv")),
    documents: rows(include_str!("../../data/transfer/immigration_documents.csv")),
    sources: rows(include_str!("../../data/transfer/insurance_sources.csv")),
    relationships: rows(include_str!("../../data/transfer/relationships.csv")),
    pairs: rows(include_str!("../../data/transfer/relationship_pairs.csv")),
    checked: rows(include_str!("../../data/transfer/verification_kinds.csv")),
    how_far: rows(include_str!("../../data/transfer/verification_codes.csv")),
    listed: rows(include_str!("../../data/transfer/code_lists.csv")),
    agencies: rows(include_str!("../../data/transfer/agencies.csv")),
});

pub fn income_kind(kind: &str) -> Option<&'static IncomeKind> {
    CODES.income.iter().find(|row| row.kind == kind)
}

/// Our kind of income that a state's code means.
pub fn income_of_code(code: &str) -> Option<&'static str> {
    CODES.income.iter().find(|row| row.income == code && row.back == "yes").map(|row| row.kind.as_str())
}

pub fn frequency(frequency: &str) -> Option<&'static str> {
    CODES.frequencies.iter().find(|row| row.frequency == frequency).map(|row| row.code.as_str())
}

pub fn frequency_of_code(code: &str) -> Option<&'static str> {
    CODES.frequencies.iter().find(|row| row.code == code).map(|row| row.frequency.as_str())
}

pub fn document(document: &str) -> Option<&'static Document> {
    CODES.documents.iter().find(|row| row.document == document)
}

pub fn source(kind: &str) -> Option<&'static str> {
    CODES.sources.iter().find(|row| row.kind == kind).map(|row| row.code.as_str())
}

pub fn relationship(relation: &str) -> Option<&'static Relationship> {
    CODES.relationships.iter().find(|row| row.relation == relation)
}

/// Our relation whose code a state has given for somebody, seen from the contact person.
pub fn relation_of_code(code: &str) -> Option<&'static str> {
    CODES.relationships.iter().find(|row| row.is == code).map(|row| row.relation.as_str())
}

/// What the second is to the first, neither of them the contact person.
pub fn between(first: &str, second: &str, partners_child: bool) -> &'static str {
    let pair = |row: &&Pair| row.first == first && row.second == second;
    let said = if partners_child { "yes" } else { "" };
    let exact = CODES.pairs.iter().filter(pair).find(|row| row.partners_child == said);
    let found = exact.or_else(|| CODES.pairs.iter().filter(pair).find(|row| row.partners_child.is_empty()));
    match found {
        Some(row) => &row.code,
        None if [first, second].contains(&"unrelated") => "G8",
        None => "G9",
    }
}

pub fn checked(subject: &str) -> Option<&'static Checked> {
    CODES.checked.iter().find(|row| row.subject == subject)
}

pub fn how_far(state: &str) -> Option<&'static HowFar> {
    CODES.how_far.iter().find(|row| row.state == state)
}

/// Whether an element has a list of codes, and this is one of them.
pub fn is_listed(element: &str, code: &str) -> bool {
    let mut of = CODES.listed.iter().filter(|row| row.element == element).peekable();
    of.peek().is_none() || of.any(|row| row.code == code)
}

/// How the agency of a state takes transfers on a day.
pub fn manner(state: &str, day: Date) -> Manner {
    let date = |text: &str| Date::parse(text, format_description!("[year]-[month]-[day]")).ok();
    // A row without a source is none.
    let holds = |row: &&AgencyRow| {
        let begun = date(&row.from).is_none_or(|from| from <= day);
        begun && date(&row.to).is_none_or(|to| day <= to) && !row.citation.is_empty()
    };
    let row = [state, "*"].iter().find_map(|who| CODES.agencies.iter().filter(holds).find(|row| row.state == *who));
    Manner { nil: row.is_none_or(|row| row.unasked == "nil"), soap: row.is_some_and(|row| row.envelope == "soap") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::steps::{coverage, income, people};

    #[test]
    fn every_kind_of_ours_has_a_code_that_is_one_of_its_list() {
        for kind in income::INCOMES {
            let row = income_kind(kind).unwrap_or_else(|| panic!("no row for {kind}"));
            assert!(is_listed("hix-core:IncomeCategoryCode", &row.income) && !row.income.is_empty(), "{kind}");
        }
        for kind in income::DEDUCTIONS {
            let row = income_kind(kind).unwrap_or_else(|| panic!("no row for {kind}"));
            assert!(row.income.is_empty() && !(row.expense.is_empty() && row.text.is_empty()), "{kind}");
        }
        for kind in coverage::KINDS {
            let code = source(kind).unwrap_or_else(|| panic!("no row for {kind}"));
            assert!(is_listed("hix-ee:InsurancePolicySourceCode", code), "{kind}");
        }
        for relation in people::RELATIONS {
            let row = relationship(relation).unwrap_or_else(|| panic!("no row for {relation}"));
            for code in [&row.is, &row.has] {
                assert!(is_listed("hix-core:FamilyRelationshipCode", code), "{relation}");
            }
        }
        for row in &CODES.pairs {
            assert!(is_listed("hix-core:FamilyRelationshipCode", &row.code), "{} {}", row.first, row.second);
        }
        for row in &CODES.frequencies {
            assert!(is_listed("hix-core:FrequencyCode", &row.code), "{}", row.frequency);
        }
        for row in CODES.documents.iter().filter(|row| !row.code.is_empty()) {
            assert!(is_listed("hix-ee:LawfulPresenceDocumentCategoryCode", &row.code), "{}", row.document);
        }
        for row in &CODES.checked {
            assert!(is_listed("hix-core:VerificationCategoryCode", &row.code), "{}", row.subject);
            assert!(is_listed("hix-core:VerificationAuthorityTDS-FEPS-AlphaCode", &row.authority), "{}", row.subject);
        }
        for row in &CODES.how_far {
            assert!(is_listed("hix-core:FFEVerificationCode", &row.code), "{}", row.state);
        }
        assert!(CODES.agencies.iter().all(|row| !row.citation.is_empty()), "an agency's row has no citation");
    }

    #[test]
    fn two_relatives_of_the_contact_person_are_each_others_relatives() {
        assert_eq!((between("child", "child", false), between("parent", "child", false)), ("14", "05"));
        assert_eq!((between("spouse", "child", true), between("spouse", "child", false)), ("19", "17"));
        assert_eq!((between("child", "in_law", false), between("unrelated", "child", false)), ("G9", "G8"));
    }
}
