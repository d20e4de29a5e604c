//! Checks a household and settles who is who: ages, marriages, parents, who files and who claims whom.
//!
//! Called by `determine` as its first step. After it, everything refers to people by their position in the list and
//! nothing can be missing. It must report every field that cannot be used, not only the first.

use std::collections::HashMap;

use time::{Date, Month};

use super::assumptions::{Assumed, Code};
use super::household::{FieldError, Household, Person, Relationship};
use super::state::State;
use super::tables::{NumberCode, Tables, plan_year_days};
use super::{filing, validate};
use crate::types::Cents;

/// More people than this on one application is a typo.
pub const MOST_PEOPLE: usize = 40;
/// Anyone older than this is a typo.
pub const OLDEST: i32 = 120;
/// More children expected at once than this is a typo.
pub const MOST_EXPECTED: u8 = 10;
/// Nobody younger is married: there must be a typo.
const YOUNGEST_SPOUSE: u8 = 14;
/// A yearly income above this is a typo.
pub const HIGHEST_INCOME: Cents = Cents(100_000_000_000);

/// A person's role on the federal tax return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxRole {
    Filer,
    ClaimedBy(usize),
    ClaimedOutside,
    NonFiler,
}

/// A person after checking; indexes are positions in the list.
pub struct Member<'a> {
    pub said: &'a Person,
    pub id: String,
    /// Age when coverage starts: used by rates and the marketplace's rules.
    pub age: u8,
    /// Age on the day of the determination: used by Medicaid.
    pub age_now: u8,
    /// Age at the start of the plan year: used by catastrophic plans.
    pub age_at_year_start: u8,
    pub relationship: Relationship,
    pub spouse: Option<usize>,
    pub joint: bool,
    pub parents: Vec<usize>,
    pub state: State,
    pub role: TaxRole,
}

/// A checked household.
pub struct Family<'a> {
    pub said: &'a Household,
    pub members: Vec<Member<'a>>,
    pub as_of: Date,
    pub coverage_start: Date,
    pub state: State,
    pub(super) assumed: Vec<Assumed>,
}

impl Family<'_> {
    pub fn is_parent_of(&self, parent: usize, child: usize) -> bool {
        self.members[child].parents.contains(&parent)
    }

    /// Whether two people live in the same home.
    pub fn live_together(&self, a: usize, b: usize) -> bool {
        a == b || (self.members[a].said.lives_with_applicant && self.members[b].said.lives_with_applicant)
    }
}

fn whole_years(from: Date, to: Date) -> i32 {
    let years = to.year() - from.year();
    if (u8::from(to.month()), to.day()) < (u8::from(from.month()), from.day()) { years - 1 } else { years }
}

fn first_of_next_month(day: Date) -> Option<Date> {
    let month = day.month().next();
    let year = if month == Month::January { day.year() + 1 } else { day.year() };
    Date::from_calendar_date(year, month, 1).ok()
}

fn coverage_start(household: &Household, as_of: Date, first: Date, last: Date) -> Date {
    if let Some(day) = household.coverage_start {
        return day;
    }
    match first_of_next_month(as_of) {
        Some(next) if next > first => next.min(last.replace_day(1).unwrap_or(first)),
        _ => first,
    }
}

/// Checks the household.
///
/// # Errors
///
/// Every field that cannot be used.
pub fn resolve<'a>(household: &'a Household, tables: &Tables, as_of: Date) -> Result<Family<'a>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let year = household.plan_year;
    if !tables.years_supported().contains(&year) {
        let years: Vec<_> = tables.years_supported().iter().map(i32::to_string).collect();
        errors.push(FieldError::new("plan_year", format!("we have rules for plan years {}", years.join(", "))));
    }
    let state = validate::check_place(household, tables, &mut errors);
    validate::check_as_of(as_of, tables, state, &mut errors);
    validate::check_counts_and_money(household, tables, &mut errors);
    let (Some((first, last)), Some(state)) = (plan_year_days(year), state) else { return Err(errors) };
    if !errors.is_empty() {
        return Err(errors);
    }
    let start = coverage_start(household, as_of, first, last);
    if start < first || start > last {
        errors.push(FieldError::new("coverage_start", format!("must be a day of {year}")));
    }
    let ids = ids(household, &mut errors);
    let mut members = Vec::with_capacity(household.people.len());
    for (i, person) in household.people.iter().enumerate() {
        if person.expected_children > MOST_EXPECTED {
            let message = format!("at most {MOST_EXPECTED}");
            errors.push(FieldError::new(format!("people[{i}].expected_children"), message));
        }
        let place = person.state.as_deref().map_or(Some(state), State::parse);
        let Some(age) = age_on(person, i, start, &mut errors) else { continue };
        members.push(Member {
            said: person,
            id: person.id.clone().unwrap_or_else(|| (i + 1).to_string()),
            age,
            age_now: age_on(person, i, as_of.min(start), &mut errors).unwrap_or(age),
            age_at_year_start: age_on(person, i, first, &mut errors).unwrap_or(age),
            relationship: person.relationship.unwrap_or_default(),
            spouse: None,
            joint: false,
            parents: Vec::new(),
            state: place.unwrap_or(state),
            role: TaxRole::NonFiler,
        });
    }
    let mut assumed = Vec::new();
    if members.len() == household.people.len() {
        marry(&mut members, &ids, &mut errors);
        find_parents(&mut members, &ids, &mut errors);
        filing::settle(&mut members, household, tables, first, &ids, (&mut errors, &mut assumed));
        validate::check_references(household, &ids, &mut errors);
        note_partners(&members, tables, as_of, &mut assumed);
        note_birthdays(&members, tables, (first, last), &mut assumed);
    }
    if errors.is_empty() {
        Ok(Family { said: household, members, as_of, coverage_start: start, state, assumed })
    } else {
        errors.sort_by(|a, b| a.path.cmp(&b.path));
        errors.dedup();
        Err(errors)
    }
}

fn ids(household: &Household, errors: &mut Vec<FieldError>) -> HashMap<String, usize> {
    let mut out = HashMap::with_capacity(household.people.len());
    for (i, person) in household.people.iter().enumerate() {
        let id = person.id.clone().unwrap_or_else(|| (i + 1).to_string());
        if id.is_empty() || matches!(id.as_str(), "nobody" | "someone_else") {
            errors.push(FieldError::new(format!("people[{i}].id"), "must be a name of its own"));
        } else if out.insert(id, i).is_some() {
            errors.push(FieldError::new(format!("people[{i}].id"), "another person has this id"));
        }
        match (i, person.relationship) {
            (0, None | Some(Relationship::Applicant)) => {}
            (0, Some(_)) => {
                errors.push(FieldError::new("people[0].relationship", "the first person is `self`"));
            }
            (_, None) => {
                let message = "say how this person is related to the first, for example child";
                errors.push(FieldError::new(format!("people[{i}].relationship"), message));
            }
            (_, Some(Relationship::Applicant)) => {
                errors.push(FieldError::new(format!("people[{i}].relationship"), "only the first person is `self`"));
            }
            _ => {}
        }
    }
    out
}

fn age_on(person: &Person, i: usize, day: Date, errors: &mut Vec<FieldError>) -> Option<u8> {
    let (field, age) = match (person.age, person.date_of_birth) {
        (Some(age), None) => ("age", age),
        (None, Some(born)) if born > day => {
            // A child born later counts from birth; a birth after the plan year is a typo.
            if born.year() > day.year() + 1 {
                errors.push(FieldError::new(format!("people[{i}].date_of_birth"), "is in the future"));
                return None;
            }
            ("date_of_birth", 0)
        }
        (None, Some(born)) => ("date_of_birth", whole_years(born, day)),
        (Some(_), Some(_)) => {
            errors.push(FieldError::new(format!("people[{i}].age"), "give age or date_of_birth, not both"));
            return None;
        }
        (None, None) => {
            errors.push(FieldError::new(format!("people[{i}].age"), "give age or date_of_birth"));
            return None;
        }
    };
    match u8::try_from(age) {
        Ok(years) if age <= OLDEST => Some(years),
        _ => {
            let message = format!("must be between 0 and {OLDEST} years");
            errors.push(FieldError::new(format!("people[{i}].{field}"), message));
            None
        }
    }
}

fn marry(members: &mut [Member<'_>], ids: &HashMap<String, usize>, errors: &mut Vec<FieldError>) {
    let spouses: Vec<usize> = (1..members.len()).filter(|&i| members[i].relationship == Relationship::Spouse).collect();
    if let [first, second, ..] = spouses[..] {
        let message = format!("people[{first}] is the spouse already");
        errors.push(FieldError::new(format!("people[{second}].relationship"), message));
    }
    if let Some(&i) = spouses.first() {
        members[0].spouse = Some(i);
        members[i].spouse = Some(0);
    }
    marry_parents(members);
    for i in 0..members.len() {
        let Some(name) = members[i].said.spouse.as_deref() else { continue };
        let path = format!("people[{i}].spouse");
        match ids.get(name) {
            None => errors.push(FieldError::new(path, format!("nobody here has the id `{name}`"))),
            Some(&k) if k == i => errors.push(FieldError::new(path, "is the same person")),
            Some(&k) if members[k].spouse.is_some_and(|s| s != i) || members[i].spouse.is_some_and(|s| s != k) => {
                errors.push(FieldError::new(path, "is married to someone else here"));
            }
            Some(&k) => {
                members[i].spouse = Some(k);
                members[k].spouse = Some(i);
            }
        }
    }
    for (i, member) in members.iter().enumerate() {
        if member.spouse.is_some() && member.age < YOUNGEST_SPOUSE {
            let message = format!("a person of {} years cannot be married", member.age);
            errors.push(FieldError::new(format!("people[{i}].spouse"), message));
        }
    }
}

/// If a child is listed first, their two parents are a couple, as they would be if one of them were first.
fn marry_parents(members: &mut [Member<'_>]) {
    let parents: Vec<usize> = (1..members.len()).filter(|&i| members[i].relationship == Relationship::Parent).collect();
    let [a, b] = parents[..] else { return };
    let open =
        |m: &Member<'_>| m.said.spouse.is_none() && m.said.filing_status.is_none() && m.said.files_taxes.is_none();
    if open(&members[a]) && open(&members[b]) {
        members[a].spouse = Some(b);
        members[b].spouse = Some(a);
    }
}

/// Reports who turns 65 within the plan year, or might: Medicare can begin then.
fn note_birthdays(members: &[Member<'_>], tables: &Tables, (first, last): (Date, Date), assumed: &mut Vec<Assumed>) {
    let Some(old) = tables.number(NumberCode::MedicareAge, first).map(|n| n.value) else { return };
    for (i, member) in members.iter().enumerate() {
        let turns = match member.said.date_of_birth {
            Some(born) => i64::from(whole_years(born, first)) < old && i64::from(whole_years(born, last)) >= old,
            None => i64::from(member.age) + 1 == old,
        };
        if turns {
            assumed.push(Assumed::of(Code::Turns65InYear, i));
        }
    }
}

/// Reports children who would have two parents at home if the first person's unmarried partner were one; with each, if
/// more than one partner was named, so that the order of people says nothing.
fn note_partners(members: &[Member<'_>], tables: &Tables, as_of: Date, assumed: &mut Vec<Assumed>) {
    let under = tables.number(NumberCode::ChildUnderAge, as_of).map_or(0, |n| n.value);
    let is_partner = |m: &Member<'_>| m.relationship == Relationship::DomesticPartner;
    let partners: Vec<usize> = (0..members.len()).filter(|&i| is_partner(&members[i])).collect();
    for (i, member) in members.iter().enumerate() {
        let child = matches!(member.relationship, Relationship::Child | Relationship::Stepchild);
        if child && member.said.parents.is_none() && i64::from(member.age_now) < under {
            assumed.extend(partners.iter().map(|&partner| Assumed::between(Code::PartnerIsNoParent, i, partner)));
        }
    }
}

fn find_parents(members: &mut [Member<'_>], ids: &HashMap<String, usize>, errors: &mut Vec<FieldError>) {
    let couple: Vec<usize> = std::iter::once(0).chain(members[0].spouse).collect();
    let parents: Vec<usize> = (0..members.len()).filter(|&i| members[i].relationship == Relationship::Parent).collect();
    for (i, member) in members.iter_mut().enumerate() {
        let found = match &member.said.parents {
            Some(names) => {
                let mut found = Vec::with_capacity(names.len());
                for (k, name) in names.iter().enumerate() {
                    match ids.get(name) {
                        Some(&p) if p != i => found.push(p),
                        _ => {
                            let message = format!("nobody else here has the id `{name}`");
                            errors.push(FieldError::new(format!("people[{i}].parents[{k}]"), message));
                        }
                    }
                }
                found
            }
            None => match member.relationship {
                Relationship::Child | Relationship::Stepchild => couple.clone(),
                Relationship::Applicant | Relationship::Sibling => parents.clone(),
                _ => Vec::new(),
            },
        };
        member.parents = found;
    }
}
