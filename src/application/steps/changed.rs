//! The first step of a change that is reported: what has changed, and from which day. What of it lets people enroll outside
//! of the season is told on the pages of events, which it fills in.

use super::{Per, Section, Step, ask};
use crate::application::kinds::{Kind, Span};
use crate::application::sheet::HOUSEHOLD;

/// What people have to report (45 CFR 155.330(b), 155.305).
pub const CHANGES: &[&str] = &[
    "income",
    "birth",
    "adoption",
    "pregnancy",
    "marriage",
    "divorce_or_death",
    "people",
    "moved",
    "coverage_lost",
    "coverage_new",
    "status",
    "custody",
    "taxes",
    "name",
    "tobacco",
    "other",
];
/// The event that a change can be (`sep_kinds.csv`).
pub const EVENTS: &[(&str, &str)] = &[
    ("birth", "birth"),
    ("adoption", "adoption_or_foster_care"),
    ("marriage", "marriage"),
    ("divorce_or_death", "divorce_or_death"),
    ("moved", "moved"),
    ("coverage_lost", "loss_of_coverage"),
    ("status", "gained_lawful_presence"),
    ("custody", "released_from_incarceration"),
];

/// The events that the changes that were picked can be.
pub fn events(picked: &[String]) -> Vec<&'static str> {
    let is_picked = |change: &str| picked.iter().any(|own| own == change);
    EVENTS.iter().filter(|(change, _)| is_picked(change)).map(|(_, event)| *event).collect()
}

pub static CHANGED: Step = Step {
    name: "changed",
    section: Section::You,
    per: Per::Each(|view| if view.sheet.follows().is_some() { vec![HOUSEHOLD] } else { Vec::new() }),
    questions: &[ask("what_changed", Kind::Several(CHANGES)), ask("changed_on", Kind::Date(Span::Any))],
};
