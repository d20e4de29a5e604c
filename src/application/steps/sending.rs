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

const CONSENT: &[&str] = &["5", "4", "3", "2", "1", "0"];

/// Somebody may get Medicaid: their state then collects from others who must pay for care (42 CFR 433.145).
fn helped(view: &View, _: RowId) -> bool {
    view.wants_help()
}

/// The last page: what is agreed to (45 CFR 155.310(d), 155.330(b), 155.335(k)), and the name typed as a signature
/// (45 CFR 155.405; 42 CFR 435.907(f)). Not in the list of steps: it comes after everything has been checked.
pub static SIGN: Step = Step {
    name: "sign",
    section: Section::Sending,
    per: Per::Household,
    questions: &[
        ask("consent", Kind::One(CONSENT)).when(helped),
        ask("true_answers", Kind::Agree),
        ask("changes", Kind::Agree),
        ask("third_party", Kind::Agree).when(helped),
        ask("custody", Kind::Agree),
        ask("use_of_answers", Kind::Agree),
        // The agency then decides for everybody who applies, whatever was worked out (45 CFR 155.302(b)(4)).
        ask("full_medicaid", Kind::Tick).when(helped).optional(),
        ask("signature", Kind::Signature),
    ],
};
