//! What an answer assumed, reported along with it, so that nobody is given a number that rests on a guess they never
//! saw.
//!
//! Written by `family`, `filing`, `coverage` and `limits` while they decide; the words are rows of `assumptions.csv`. An
//! assumption must never decide anything by itself, and is never made if the household has said otherwise.

use serde::{Deserialize, Serialize};

use super::tables::{Citation, Tables};

/// The codes are stable: pages, tests and outside readers rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    FilesOwnReturn,
    FilesJointly,
    ClaimedAsDependent,
    DependentAlsoFiles,
    FilesNothing,
    NotClaimedElsewhere,
    #[serde(rename = "no_free_part_a_from_65")]
    NoFreePartAFrom65,
    #[serde(rename = "turns_65_in_year")]
    Turns65InYear,
    NoIncome,
    FamilyHsa,
    NoWorkplacePlan,
    ActiveRental,
    PartnerIsNoParent,
}

impl Code {
    pub const ALL: [Code; 13] = [
        Code::FilesOwnReturn,
        Code::FilesJointly,
        Code::ClaimedAsDependent,
        Code::DependentAlsoFiles,
        Code::FilesNothing,
        Code::NotClaimedElsewhere,
        Code::NoFreePartAFrom65,
        Code::Turns65InYear,
        Code::NoIncome,
        Code::FamilyHsa,
        Code::NoWorkplacePlan,
        Code::ActiveRental,
        Code::PartnerIsNoParent,
    ];
}

/// One assumption, by the positions of the people in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Assumed {
    pub person: Option<usize>,
    pub code: Code,
    pub other: Option<usize>,
}

impl Assumed {
    pub(super) fn of(code: Code, person: usize) -> Assumed {
        Assumed { person: Some(person), code, other: None }
    }

    pub(super) fn between(code: Code, person: usize, other: usize) -> Assumed {
        Assumed { person: Some(person), code, other: Some(other) }
    }
}

/// The same, as answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assumption {
    pub code: Code,
    /// ID of the person; `None`: the household.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// ID of the spouse or of whoever claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// In plain English.
    pub about: String,
    /// The fields that settle it.
    pub settled_by: String,
    pub citation: Citation,
    /// Positions in the list of people: for callers within the program.
    #[serde(skip)]
    pub person_index: Option<usize>,
    #[serde(skip)]
    pub other_index: Option<usize>,
}

impl Assumption {
    pub(super) fn new(tables: &Tables, assumed: Assumed, id: impl Fn(usize) -> String) -> Assumption {
        let text = tables.assumption(assumed.code);
        Assumption {
            code: assumed.code,
            person: assumed.person.map(&id),
            other: assumed.other.map(&id),
            about: text.about.clone(),
            settled_by: text.settled_by.clone(),
            citation: text.citation.clone(),
            person_index: assumed.person,
            other_index: assumed.other,
        }
    }
}
