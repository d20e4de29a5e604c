//! Steps around the application itself: which year, whether help with costs is asked for, and what may be told besides.
//! Checking and signing are pages of their own (`apply`), because they ask nothing about the household.

use super::{Per, Section, Step, ask};
use crate::application::kinds::Kind;
use crate::application::sheet::RowId;
use crate::application::view::View;

/// Standards of the Office of Management and Budget for race and ethnicity (SPD 15, 2024).
const RACES: &[&str] =
    &["american_indian", "asian", "black", "hispanic", "middle_eastern", "pacific_islander", "white", "no_answer"];

fn years(view: &View, _: RowId) -> Vec<String> {
    view.around.years.iter().map(ToString::to_string).collect()
}

pub static HELP: Step = Step {
    name: "help",
    section: Section::Household,
    per: Per::Household,
    questions: &[
        ask("plan_year", Kind::OneOf(years)).when(|view, _| view.around.years.len() > 1),
        ask("help", Kind::YesNo),
    ],
};

/// Nobody has to come here: the task list leads to it, and the page says why it is asked.
pub static OPTIONAL: Step = Step {
    name: "optional",
    section: Section::Sending,
    per: Per::Household,
    questions: &[ask("race", Kind::Several(RACES)).of_each(|view, _| view.applicants().collect()).optional()],
};
