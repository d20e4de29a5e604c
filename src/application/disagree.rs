//! Answers that each do by themselves and cannot both be true: somebody is claimed by a filer who does not list them, an
//! income ends before it starts.
//!
//! Called by the pages, which say it where it is answered and on the check page; nothing is sent until one of the two is
//! changed. It must never take sides, and never call odd what can be.

use std::collections::BTreeSet;

use super::flow::{self, Place};
use super::kinds::{NONE, count, parts, ssn};
use super::sheet::{RowId, YOU, key};
use super::steps::people::claimable;
use super::view::View;

/// What is wrong between two answers. Its words: `apply.disagree.NAME`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum What {
    /// Claimed by somebody whose list of dependents is without them.
    NotListed,
    /// Claimed by somebody who files no return.
    ClaimerFilesNot,
    /// Claimed by somebody who is a dependent (26 USC 152(b)(1)).
    ClaimerIsClaimed,
    /// A dependent with dependents (26 USC 152(b)(1)).
    DependentClaims,
    /// On two returns.
    ClaimedTwice,
    /// One of a couple files with the other, who does not.
    JointlyDiffers,
    /// The same, of somebody who files nothing.
    JointNeedsBoth,
    TwoSpouses,
    ChildOlder,
    ParentYounger,
    /// Two people with one Social Security number.
    SameSsn,
    EndsFirst,
    BeforeBirth,
    FosterAge,
    MedicareDiffers,
}

/// One answer: a question and the row it is asked of.
pub type Answered = (&'static str, RowId);

/// Two answers that do not go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disagreement {
    pub what: What,
    pub one: Answered,
    pub other: Answered,
    /// Whom it is about, and who else.
    pub name: RowId,
    pub with: RowId,
}

impl Disagreement {
    /// Whether one of the answers is on a page.
    pub fn is_on(&self, view: &View, place: &Place) -> bool {
        let asked = place.step.asked(view, place.row);
        asked.iter().any(|(question, row)| [self.one, self.other].contains(&(question.name, *row)))
    }
}

/// All that there are, by page; only of answers that are asked for now.
pub fn all(view: &View) -> Vec<Disagreement> {
    let mut found = families(view);
    found.extend(numbers(view));
    found.extend(days(view));
    if view.wants_help() {
        found.extend(returns(view));
        found.extend(medicare(view));
    }
    let asked: BTreeSet<String> = flow::answered(view);
    found.retain(|own| [own.one, own.other].iter().all(|(question, row)| asked.contains(&key(question, *row))));
    found
}

/// Of tax returns: who files with whom, who claims whom.
fn returns(view: &View) -> Vec<Disagreement> {
    let speakers = view.tax_speakers();
    let mut found = Vec::new();
    let mut add = |what, one, other, name, with| found.push(Disagreement { what, one, other, name, with });
    for &person in speakers {
        if let Some((what, other, by)) = claimed_by(view, person) {
            add(what, ("claimed_by", person), other, person, by);
        }
        let claimed = ["listed", "someone_else"].contains(&view.text("claimed", person));
        if claimed && parts(view.text("dependents", person)).any(|part| part != NONE) {
            add(What::DependentClaims, ("claimed", person), ("dependents", person), person, person);
        }
    }
    let lists = |speaker: RowId, person| view.yes("files", speaker) && view.among_of("dependents", speaker, person);
    for person in view.people() {
        let mut on = speakers.iter().copied().filter(|speaker| lists(*speaker, person));
        if let (Some(first), Some(second)) = (on.next(), on.next()) {
            add(What::ClaimedTwice, ("dependents", first), ("dependents", second), person, second);
        }
    }
    if let Some(spouse) = view.spouse().filter(|spouse| speakers.contains(spouse)) {
        if view.said("jointly", YOU, "no") && view.yes("jointly", spouse) {
            add(What::JointlyDiffers, ("jointly", YOU), ("jointly", spouse), YOU, spouse);
        }
        if view.said("files", YOU, "no") && view.yes("jointly", spouse) {
            add(What::JointNeedsBoth, ("files", YOU), ("jointly", spouse), YOU, spouse);
        }
    }
    found
}

/// Whoever claims a person by their word, and what that one says to it.
fn claimed_by(view: &View, person: RowId) -> Option<(What, Answered, RowId)> {
    let by: RowId = view.text("claimed_by", person).parse().ok().filter(|_| view.said("claimed", person, "listed"))?;
    let speakers = view.tax_speakers();
    // One of a couple with one return is spoken for by the other.
    let joint = view.spouse_of(by).filter(|spouse| speakers.contains(spouse) && view.yes("jointly", *spouse));
    let filer = if speakers.contains(&by) { Some(by) } else { joint };
    let Some(filer) = filer else {
        let on = view.claimer(by)?;
        return Some((What::ClaimerIsClaimed, ("dependents", on), by));
    };
    if view.said("files", filer, "no") {
        return Some((What::ClaimerFilesNot, ("files", filer), by));
    }
    let asked = view.yes("files", filer) && claimable(view, filer).contains(&person);
    let left_out = asked && !view.among_of("dependents", filer, person);
    left_out.then_some((What::NotListed, ("dependents", filer), by))
}

/// Of relations and birthdays.
fn families(view: &View) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let mut spouses = view.people().filter(|person| *person != YOU && view.relation(*person) == "spouse");
    if let (Some(one), Some(other)) = (spouses.next(), spouses.next()) {
        let (what, one_of, other_of) = (What::TwoSpouses, ("relation", one), ("relation", other));
        found.push(Disagreement { what, one: one_of, other: other_of, name: one, with: other });
    }
    let Some(yours) = view.date("birth_date", YOU) else { return found };
    for person in view.people().filter(|person| *person != YOU) {
        let Some(born) = view.date("birth_date", person) else { continue };
        let what = match view.relation(person) {
            "child" | "grandchild" if born < yours => What::ChildOlder,
            "parent" | "grandparent" if born > yours => What::ParentYounger,
            _ => continue,
        };
        let (one, other) = (("birth_date", person), ("birth_date", YOU));
        found.push(Disagreement { what, one, other, name: person, with: YOU });
    }
    found
}

/// Of Social Security numbers: each is one person's.
fn numbers(view: &View) -> Vec<Disagreement> {
    let number = |person: RowId| ssn(view.text("ssn", person)).filter(|_| !view.yes("no_ssn", person));
    let people: Vec<(RowId, String)> = view.people().filter_map(|person| Some((person, number(person)?))).collect();
    let mut found = Vec::new();
    for (at, (person, own)) in people.iter().enumerate() {
        let Some((first, _)) = people[..at].iter().find(|(_, number)| number == own) else { continue };
        let (one, other) = (("ssn", *first), ("ssn", *person));
        found.push(Disagreement { what: What::SameSsn, one, other, name: *first, with: *person });
    }
    found
}

/// Of days and ages.
fn days(view: &View) -> Vec<Disagreement> {
    let mut found = Vec::new();
    for person in view.people() {
        let mut add = |what, one, other| {
            found.push(Disagreement { what, one: (one, person), other: (other, person), name: person, with: person });
        };
        if let Some(born) = view.date("birth_date", person) {
            for question in ["status_since", "denied_on", "coverage_last_day"] {
                if view.date(question, person).is_some_and(|day| day < born) {
                    add(What::BeforeBirth, "birth_date", question);
                }
            }
        }
        let left = count(view.text("foster_left_at", person)).and_then(|age| i32::try_from(age).ok());
        if left.zip(view.age(person)).is_some_and(|(left, age)| left > age) {
            add(What::FosterAge, "birth_date", "foster_left_at");
        }
    }
    for income in view.incomes() {
        let (starts, ends) = (view.date("starts", income), view.date("ends", income));
        if starts.zip(ends).is_some_and(|(starts, ends)| ends < starts) {
            let (one, other, name) = (("starts", income), ("ends", income), view.owner(income));
            found.push(Disagreement { what: What::EndsFirst, one, other, name, with: name });
        }
    }
    found
}

/// Medicare among what somebody has, and what they say of Part A.
fn medicare(view: &View) -> Vec<Disagreement> {
    let differs = |person: &RowId| {
        let has = |kind| view.picked("coverage_kinds", *person, kind);
        let (free, premium) = (has("medicare_part_a_free"), has("medicare_part_a_premium"));
        match view.text("medicare", *person) {
            "no" => free || premium,
            "free" => premium && !free,
            "premium" => free && !premium,
            _ => false,
        }
    };
    let (one, other) = ("coverage_kinds", "medicare");
    let of = |person| Disagreement {
        what: What::MedicareDiffers,
        one: (one, person),
        other: (other, person),
        name: person,
        with: person,
    };
    view.applicants().filter(differs).map(of).collect()
}
