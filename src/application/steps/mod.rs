//! The one list of what is asked: each step is a page, of whom it is asked, when, and its questions.
//!
//! Called by `flow` (order and state), by the pages, by the paper packet. To ask something new, add a row here and its
//! words to `templates/messages`; to read it, see `household`. Content: CMS's single streamlined application
//! (OMB 0938-1191) with the questions of 42 CFR 435.603, 26 CFR 1.36B-2 and 45 CFR 155.305 to 155.420.

pub mod changed;
pub mod coverage;
pub mod income;
pub mod people;
pub mod sending;

use super::kinds::Kind;
use super::sheet::{HOUSEHOLD, RowId};
use super::view::View;

/// Parts of the task list, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Section {
    You,
    Household,
    Taxes,
    Applicants,
    Income,
    Coverage,
    Sending,
}

/// Of whom a step is asked: one page for all, or one for each row.
#[derive(Clone, Copy)]
pub enum Per {
    Household,
    Each(fn(&View) -> Vec<RowId>),
}

/// Of what a question on a page is asked: of the page's own row, or once for each of several people.
#[derive(Clone, Copy)]
pub enum Of {
    Page,
    Each(fn(&View, RowId) -> Vec<RowId>),
}

#[derive(Clone, Copy)]
pub struct Question {
    /// The start of its key, and of its messages: `apply.q.NAME.label`.
    pub name: &'static str,
    pub kind: Kind,
    pub must: bool,
    pub of: Of,
    pub applies: fn(&View, RowId) -> bool,
}

pub struct Step {
    /// Its address, and the start of its messages: `apply.step.NAME.title`.
    pub name: &'static str,
    pub section: Section,
    pub per: Per,
    pub questions: &'static [Question],
}

/// A question that must be answered.
const fn ask(name: &'static str, kind: Kind) -> Question {
    Question { name, kind, must: true, of: Of::Page, applies: always }
}

impl Question {
    /// May be left empty.
    const fn optional(self) -> Question {
        Question { must: false, ..self }
    }

    /// Asked only then.
    const fn when(self, applies: fn(&View, RowId) -> bool) -> Question {
        Question { applies, ..self }
    }

    /// Asked once for each of these on the same page.
    const fn of_each(self, rows: fn(&View, RowId) -> Vec<RowId>) -> Question {
        Question { of: Of::Each(rows), ..self }
    }

    /// The rows that it is asked of, on the page of `row`.
    pub fn rows(&self, view: &View, row: RowId) -> Vec<RowId> {
        let rows = match self.of {
            Of::Page => vec![row],
            Of::Each(rows) => rows(view, row),
        };
        rows.into_iter().filter(|row| (self.applies)(view, *row)).collect()
    }
}

impl Step {
    /// The rows that have a page of this step now.
    pub fn rows(&self, view: &View) -> Vec<RowId> {
        match self.per {
            Per::Household => vec![HOUSEHOLD],
            Per::Each(rows) => rows(view),
        }
    }

    /// Every question on the page of a row, with the row that it is asked of.
    pub fn asked(&self, view: &View, row: RowId) -> Vec<(&'static Question, RowId)> {
        let of = |question: &'static Question| {
            question.rows(view, row).into_iter().map(move |row| (question, row)).collect::<Vec<_>>()
        };
        self.questions.iter().flat_map(of).collect()
    }
}

fn always(_: &View, _: RowId) -> bool {
    true
}

/// The step with this name.
pub fn named(name: &str) -> Option<&'static Step> {
    STEPS.iter().copied().find(|step| step.name == name)
}

/// All steps in the order in which they are asked.
pub static STEPS: &[&Step] = &[
    &changed::CHANGED,
    &people::YOU_STEP,
    &people::HOME,
    &people::CONTACT,
    &people::HOUSEHOLD_STEP,
    &people::PERSON,
    &sending::HELP,
    &people::TAXES,
    &people::IDENTITY,
    &people::IMMIGRATION,
    &people::ABOUT,
    &people::DETAILS,
    &income::EARNERS,
    &income::KINDS,
    &income::INCOME,
    &income::TOTAL,
    &coverage::NOW,
    &coverage::DETAILS,
    &coverage::OFFERS,
    &coverage::OFFER,
    &coverage::EVENTS,
    &coverage::EVENT,
    &sending::OPTIONAL,
];
