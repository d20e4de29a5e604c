//! Steps about people: you, your home, who else is in the household, taxes, citizenship, what programs ask about.

use super::{Per, Question, Section, Step, ask};
use crate::application::kinds::{Kind, Span};
use crate::application::sheet::{RowId, YOU};
use crate::application::view::View;

pub const SUFFIXES: &[&str] = &["none", "jr", "sr", "ii", "iii", "iv", "v"];
pub const SEXES: &[&str] = &["female", "male"];
/// To the contact person. The hub and the account transfer know more; these are the ones that change an answer.
pub const RELATIONS: &[&str] = &[
    "spouse",
    "domestic_partner",
    "child",
    "stepchild",
    "foster_child",
    "grandchild",
    "parent",
    "stepparent",
    "grandparent",
    "sibling",
    "niece_nephew",
    "aunt_uncle",
    "in_law",
    "other_relative",
    "unrelated",
];
const SPOKEN: &[&str] = &[
    "english",
    "spanish",
    "chinese",
    "vietnamese",
    "korean",
    "tagalog",
    "arabic",
    "haitian_creole",
    "portuguese",
    "french",
    "russian",
    "other",
];
/// As in `immigration.csv`; `unsure` leads to the documents that show it.
pub const STATUSES: &[&str] = &[
    "lawful_permanent_resident",
    "refugee",
    "asylee",
    "cuban_haitian_entrant",
    "compact_of_free_association",
    "temporary_protected_status",
    "nonimmigrant",
    "pending_asylum",
    "parolee_one_year",
    "battered_noncitizen",
    "trafficking_victim",
    "special_immigrant_juvenile_applicant",
    "withholding_of_removal",
    "conditional_entrant",
    "amerasian",
    "deferred_action",
    "daca",
    "other_lawfully_present",
    "unsure",
    "not_lawfully_present",
];
/// What the Department of Homeland Security can look up (VLP; shared list of document kinds).
const DOCUMENTS: &[&str] = &[
    "i551",
    "temporary_i551",
    "i327",
    "i571",
    "i766",
    "i94",
    "foreign_passport",
    "i20",
    "ds2019",
    "i797",
    "other",
    "none_now",
];
const CLAIMED: &[&str] = &["no", "listed", "someone_else", "unsure"];
const SEPARATE: &[&str] = &["domestic_abuse", "spousal_abandonment", "apart_with_child", "other"];
const UNRECONCILED: &[&str] = &["no", "one_year", "two_years", "unsure"];
const NO_SSN: &[&str] = &["applied", "cannot_get", "religious", "newborn", "other"];

/// At these ages somebody is asked about pregnancy: nobody younger or older is known to bear children but for single cases.
const PREGNANT_AGES: std::ops::RangeInclusive<i32> = 9..=65;
/// Older than this nobody is asked about being in school.
const SCHOOL_UNDER: u8 = 23;
/// Former foster care opens Medicaid up to 26 (42 USC 1396a(a)(10)(A)(i)(IX)).
const FOSTER_UNDER: u8 = 26;
/// 42 CFR 435.4: children whose parents and caretakers have a group of their own.
const CHILD_UNDER: u8 = 19;

fn everybody(view: &View, _: RowId) -> Vec<RowId> {
    view.people().collect()
}

fn applicants(view: &View, _: RowId) -> Vec<RowId> {
    view.applicants().collect()
}

const NAMES: [Question; 4] = [
    ask("first_name", Kind::Name),
    ask("middle_name", Kind::Name).optional(),
    ask("last_name", Kind::Name).optional(),
    ask("suffix", Kind::One(SUFFIXES)).optional(),
];
const BIRTH_DATE: Question = ask("birth_date", Kind::Date(Span::Birth));
const SEX: Question = ask("sex", Kind::One(SEXES));
const APPLYING: Question = ask("applying", Kind::YesNo);

pub static YOU_STEP: Step = Step {
    name: "you",
    section: Section::You,
    per: Per::Each(|_| vec![YOU]),
    questions: &[NAMES[0], NAMES[1], NAMES[2], NAMES[3], BIRTH_DATE, SEX, APPLYING],
};

fn has_home(view: &View, row: RowId) -> bool {
    !view.yes("no_home", row)
}

fn mail_elsewhere(view: &View, row: RowId) -> bool {
    view.said("mail_same", row, "no") || view.yes("no_home", row)
}

fn counties(view: &View, _: RowId) -> Vec<String> {
    view.around.counties.iter().map(|county| county.fips.clone()).collect()
}

pub static HOME: Step = Step {
    name: "home",
    section: Section::You,
    per: Per::Household,
    questions: &[
        ask("no_home", Kind::Tick).optional(),
        ask("street", Kind::Address(100)).when(has_home),
        ask("unit", Kind::Address(40)).when(has_home).optional(),
        ask("city", Kind::Address(60)),
        ask("zip", Kind::HomeZip),
        // A ZIP code with one county needs no choice.
        ask("county", Kind::OneOf(counties)).when(|view, _| view.around.counties.len() > 1),
        ask("mail_same", Kind::YesNo).when(has_home),
        ask("mail_street", Kind::Address(100)).when(mail_elsewhere),
        ask("mail_unit", Kind::Address(40)).when(mail_elsewhere).optional(),
        ask("mail_city", Kind::Address(60)).when(mail_elsewhere),
        ask("mail_state", Kind::OneOf(states)).when(mail_elsewhere),
        ask("mail_zip", Kind::Zip).when(mail_elsewhere),
    ],
};

fn states(_: &View, _: RowId) -> Vec<String> {
    crate::eligibility::State::all().map(|state| state.to_string()).collect()
}

pub static CONTACT: Step = Step {
    name: "contact",
    section: Section::You,
    per: Per::Household,
    questions: &[
        ask("notices_by", Kind::One(&["email", "mail"])),
        ask("email", Kind::Email).when(|view, row| view.said("notices_by", row, "email")),
        ask("phone", Kind::Phone).optional(),
        ask("spoken", Kind::One(SPOKEN)),
        ask("written", Kind::OneOf(|view, _| view.around.languages.clone())),
    ],
};

/// Its page lists the people and adds more.
pub static HOUSEHOLD_STEP: Step = Step {
    name: "household",
    section: Section::Household,
    per: Per::Household,
    questions: &[ask("everyone", Kind::Agree)],
};

fn others(view: &View) -> Vec<RowId> {
    view.people().filter(|person| *person != YOU).collect()
}

/// A child of yours may be your partner's, too.
fn may_be_partners(view: &View, person: RowId) -> bool {
    let child = ["child", "stepchild"].contains(&view.relation(person));
    child && view.partner().is_some_and(|partner| partner != person)
}

pub static PERSON: Step = Step {
    name: "person",
    section: Section::Household,
    per: Per::Each(others),
    questions: &[
        NAMES[0],
        NAMES[1],
        NAMES[2],
        NAMES[3],
        ask("relation", Kind::One(RELATIONS)),
        ask("partners_child", Kind::YesNo).when(may_be_partners),
        BIRTH_DATE,
        SEX,
        ask("lives_with_you", Kind::YesNo),
        APPLYING,
    ],
};

fn files(view: &View, row: RowId) -> bool {
    view.yes("files", row)
}

/// Married, and the spouse is in the list.
fn could_file_jointly(view: &View, row: RowId) -> bool {
    files(view, row) && view.spouse_of(row).is_some()
}

/// Not in the list, but there may be one.
fn may_have_spouse(view: &View, row: RowId) -> bool {
    let grown = !view.is_younger_than(row, view.ages.adult_from);
    files(view, row) && view.spouse_of(row).is_none() && grown
}

fn files_apart(view: &View, row: RowId) -> bool {
    files(view, row) && (view.said("jointly", row, "no") || view.yes("married", row))
}

/// Who can be a dependent of this filer: neither the joint filer nor anybody who claims or is claimed already.
pub fn claimable(view: &View, row: RowId) -> Vec<RowId> {
    let joint = if view.yes("jointly", row) { view.spouse_of(row) } else { None };
    let before: Vec<RowId> = view.tax_speakers().iter().copied().take_while(|speaker| *speaker != row).collect();
    let free = |person: &RowId| {
        *person != row && Some(*person) != joint && !before.contains(person) && Some(*person) != view.spouse_of(row)
    };
    view.people().filter(free).collect()
}

/// A spouse is nobody's dependent of the other one.
fn claimers(view: &View, row: RowId) -> Vec<String> {
    let other = |person: &RowId| *person != row && Some(*person) != view.spouse_of(row);
    view.people().filter(other).map(|person| person.to_string()).collect()
}

/// Whoever files for themselves is asked whether anybody claims them; jointly filing spouses are nobody's dependents.
fn may_be_claimed(view: &View, row: RowId) -> bool {
    !view.yes("jointly", row) && !view.yes("married", row)
}

pub static TAXES: Step = Step {
    name: "taxes",
    section: Section::Taxes,
    per: Per::Each(|view| if view.wants_help() { view.tax_speakers().to_vec() } else { Vec::new() }),
    questions: &[
        ask("files", Kind::YesNoUnsure),
        ask("jointly", Kind::YesNo).when(could_file_jointly),
        ask("married", Kind::YesNo).when(may_have_spouse),
        ask("separate_why", Kind::One(SEPARATE)).when(files_apart),
        ask("dependents", Kind::People(claimable))
            .when(|view, row| files(view, row) && !claimable(view, row).is_empty()),
        ask("claimed", Kind::One(CLAIMED)).when(may_be_claimed),
        ask("claimed_by", Kind::OneOf(claimers)).when(|view, row| view.said("claimed", row, "listed")),
        ask("unreconciled", Kind::One(UNRECONCILED)).when(files),
    ],
};

fn no_ssn(view: &View, row: RowId) -> bool {
    view.yes("no_ssn", row)
}

/// Citizenship and Social Security numbers are asked of nobody who does not apply (45 CFR 155.310(a)(2), 155.315(i)).
pub static IDENTITY: Step = Step {
    name: "identity",
    section: Section::Applicants,
    per: Per::Each(|view| view.applicants().collect()),
    questions: &[
        ask("ssn", Kind::Ssn).when(|view, row| !no_ssn(view, row)),
        ask("no_ssn", Kind::Tick).optional(),
        ask("no_ssn_why", Kind::One(NO_SSN)).when(no_ssn),
        ask("citizen", Kind::YesNo),
    ],
};

fn noncitizens(view: &View) -> Vec<RowId> {
    view.applicants().filter(|person| view.said("citizen", *person, "no")).collect()
}

/// Somebody without a status that opens coverage is asked for no papers.
fn has_papers(view: &View, row: RowId) -> bool {
    let status = view.text("status", row);
    !status.is_empty() && status != "not_lawfully_present"
}

fn has_a_document(view: &View, row: RowId) -> bool {
    has_papers(view, row) && !["", "none_now"].contains(&view.text("document", row))
}

pub static IMMIGRATION: Step = Step {
    name: "immigration",
    section: Section::Applicants,
    per: Per::Each(noncitizens),
    questions: &[
        ask("status", Kind::One(STATUSES)),
        ask("status_since", Kind::Date(Span::Past)).when(has_papers).optional(),
        ask("was_refugee", Kind::YesNo).when(|view, row| view.said("status", row, "lawful_permanent_resident")),
        ask("veteran", Kind::YesNo).when(has_papers),
        ask("document", Kind::One(DOCUMENTS)).when(has_papers),
        ask("alien_number", Kind::Line(12)).when(has_a_document).optional(),
        ask("document_number", Kind::Line(20)).when(has_a_document).optional(),
        ask("document_country", Kind::Line(60))
            .when(|view, row| view.said("document", row, "foreign_passport"))
            .optional(),
        ask("document_until", Kind::Date(Span::Any)).when(has_a_document).optional(),
        ask("document_name", Kind::YesNo).when(has_a_document),
    ],
};

fn maybe_pregnant(view: &View, _: RowId) -> Vec<RowId> {
    view.people().filter(|person| may_be_pregnant(view, *person)).collect()
}

fn may_be_pregnant(view: &View, person: RowId) -> bool {
    view.said("sex", person, "female") && view.age(person).is_none_or(|age| PREGNANT_AGES.contains(&age))
}

fn maybe_in_school(view: &View, _: RowId) -> Vec<RowId> {
    view.people().filter(|person| view.is_younger_than(*person, SCHOOL_UNDER)).collect()
}

fn maybe_in_foster_care(view: &View, _: RowId) -> Vec<RowId> {
    let adult = |person: &RowId| !view.is_younger_than(*person, view.ages.adult_from);
    view.applicants().filter(|person| adult(person) && view.is_younger_than(*person, FOSTER_UNDER)).collect()
}

fn maybe_smoking(view: &View, _: RowId) -> Vec<RowId> {
    view.applicants().filter(|person| !view.is_younger_than(*person, view.ages.adult_from)).collect()
}

/// Adults who live with a child that is not their own in this list.
fn maybe_caretakers(view: &View, _: RowId) -> Vec<RowId> {
    let children = view.people().any(|person| view.is_younger_than(person, CHILD_UNDER));
    let adult = |person: &RowId| !view.is_younger_than(*person, CHILD_UNDER);
    view.applicants().filter(|person| children && adult(person)).collect()
}

fn helped(view: &View, _: RowId) -> bool {
    view.wants_help()
}

/// What programs ask about, once for everybody: most households answer "nobody" to most of it.
pub static ABOUT: Step = Step {
    name: "about",
    section: Section::Applicants,
    per: Per::Household,
    questions: &[
        ask("pregnant", Kind::People(maybe_pregnant))
            .when(|view, row| helped(view, row) && !maybe_pregnant(view, row).is_empty()),
        ask("disabled", Kind::People(applicants)).when(helped),
        ask("daily_care", Kind::People(applicants)).when(helped),
        ask("student", Kind::People(maybe_in_school))
            .when(|view, row| helped(view, row) && !maybe_in_school(view, row).is_empty()),
        ask("foster_care", Kind::People(maybe_in_foster_care))
            .when(|view, row| helped(view, row) && !maybe_in_foster_care(view, row).is_empty()),
        ask("caretaker", Kind::People(maybe_caretakers))
            .when(|view, row| helped(view, row) && !maybe_caretakers(view, row).is_empty()),
        ask("in_custody", Kind::People(applicants)),
        ask("tribal", Kind::People(everybody)),
        ask("tobacco", Kind::People(maybe_smoking)).when(|view, row| !maybe_smoking(view, row).is_empty()),
    ],
};

/// Ticked, and still asked: sex or birthday may have been put right since.
pub fn is_pregnant(view: &View, row: RowId) -> bool {
    view.wants_help() && view.among("pregnant", row) && may_be_pregnant(view, row)
}

fn was_in_foster_care(view: &View, row: RowId) -> bool {
    view.wants_help() && view.among("foster_care", row)
}

fn detailed(view: &View) -> Vec<RowId> {
    let has = |person: &RowId| {
        is_pregnant(view, *person)
            || was_in_foster_care(view, *person)
            || view.among("in_custody", *person)
            || view.among("tribal", *person)
    };
    view.people().filter(has).collect()
}

pub static DETAILS: Step = Step {
    name: "details",
    section: Section::Applicants,
    per: Per::Each(detailed),
    questions: &[
        ask("babies", Kind::Count(1, 8)).when(is_pregnant),
        ask("foster_left_at", Kind::Count(14, 26)).when(was_in_foster_care),
        ask("foster_medicaid", Kind::YesNoUnsure).when(was_in_foster_care),
        ask("foster_state", Kind::OneOf(states)).when(was_in_foster_care),
        ask("custody_pending", Kind::YesNo).when(|view, row| view.among("in_custody", row)),
        ask("tribe", Kind::Line(80)).when(|view, row| view.among("tribal", row)),
        ask("tribe_state", Kind::OneOf(states)).when(|view, row| view.among("tribal", row)).optional(),
    ],
};

/// Whoever is said to live at the address of the household.
pub fn lives_here(view: &View, person: RowId) -> bool {
    person == YOU || !view.said("lives_with_you", person, "no")
}

/// The state that the application is for.
pub fn state<'a>(view: &View<'a>) -> Option<&'a str> {
    let county = view.county().map(|county| county.state.as_str());
    county.or_else(|| view.around.counties.first().map(|county| county.state.as_str()))
}
