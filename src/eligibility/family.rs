//! Checks a household and settles who is who: ages, marriages, parents, who files and who is claimed by whom.
//!
//! The first step of `determine`. After it, everything refers to people by their place in the list and nothing can
//! be missing. It reports every field that cannot be used, not only the first.

use std::collections::HashMap;

use time::{Date, Month};

use super::household::{FieldError, FilingStatus, Household, Person, Relationship};
use super::state::State;
use super::tables::{Tables, plan_year_days};
use crate::types::{Cents, CountyFips, Zip5};

/// More people than this on one application is a slip of the pen.
pub const MOST_PEOPLE: usize = 40;
/// Older than this is a slip of the pen.
pub const OLDEST: i32 = 120;
/// More children expected at once than this is a slip of the pen.
pub const MOST_EXPECTED: u8 = 10;
/// A yearly income above this is a slip of the pen.
pub const HIGHEST_INCOME: Cents = Cents(100_000_000_000);

/// How a person stands to the federal tax return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxRole {
    Filer,
    ClaimedBy(usize),
    ClaimedOutside,
    NonFiler,
}

/// A person after checking; indexes are places in the list.
pub struct Member<'a> {
    pub said: &'a Person,
    pub id: String,
    /// Age when coverage starts: what rates and the marketplace's rules read.
    pub age: u8,
    /// Age on the day of the determination: what Medicaid reads.
    pub age_now: u8,
    /// Age at the start of the plan year: what catastrophic plans read.
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
}

impl Family<'_> {
    pub fn is_parent_of(&self, parent: usize, child: usize) -> bool {
        self.members[child].parents.contains(&parent)
    }

    /// Whether two people live in one home.
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
/// Every field that cannot be used.
pub fn resolve<'a>(household: &'a Household, tables: &Tables, as_of: Date) -> Result<Family<'a>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let year = household.plan_year;
    if !tables.years_supported().contains(&year) {
        let years: Vec<_> = tables.years_supported().iter().map(i32::to_string).collect();
        errors.push(FieldError::new("plan_year", format!("we have rules for plan years {}", years.join(", "))));
    }
    let state = check_place(household, &mut errors);
    check_counts_and_money(household, &mut errors);
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
    if members.len() == household.people.len() {
        marry(&mut members, &ids, &mut errors);
        find_parents(&mut members, &ids, &mut errors);
        settle_taxes(&mut members, &ids, &mut errors);
        check_references(household, &ids, &mut errors);
    }
    if errors.is_empty() {
        Ok(Family { said: household, members, as_of, coverage_start: start, state })
    } else {
        errors.sort_by(|a, b| a.path.cmp(&b.path));
        errors.dedup();
        Err(errors)
    }
}

fn check_place(household: &Household, errors: &mut Vec<FieldError>) -> Option<State> {
    let state = State::parse(&household.state);
    if state.is_none() {
        let message = format!("`{}` is not the postal code of a state or DC", household.state);
        errors.push(FieldError::new("state", message));
    }
    check_county(household.county_fips.as_deref(), household.zip.as_deref(), state, "", errors);
    for (i, person) in household.people.iter().enumerate() {
        let own = person.state.as_deref().map(State::parse);
        if own == Some(None) {
            let message = "not the postal code of a state or DC";
            errors.push(FieldError::new(format!("people[{i}].state"), message));
        }
        let of = own.flatten().or(state);
        check_county(person.county_fips.as_deref(), person.zip.as_deref(), of, &format!("people[{i}]."), errors);
    }
    state
}

fn check_county(
    county: Option<&str>,
    zip: Option<&str>,
    state: Option<State>,
    prefix: &str,
    errors: &mut Vec<FieldError>,
) {
    if let Some(text) = county {
        match CountyFips::parse(text) {
            None => {
                errors.push(FieldError::new(format!("{prefix}county_fips"), "a county has five digits, like 39049"))
            }
            Some(county) if state.is_some() && State::of_county(county.number()) != state => {
                errors.push(FieldError::new(format!("{prefix}county_fips"), format!("{county} is not in the state")));
            }
            Some(_) => {}
        }
    }
    if zip.is_some_and(|zip| Zip5::parse(zip).is_none()) {
        errors.push(FieldError::new(format!("{prefix}zip"), "a ZIP code has five digits, like 43215"));
    }
}

fn check_counts_and_money(household: &Household, errors: &mut Vec<FieldError>) {
    if household.people.is_empty() {
        errors.push(FieldError::new("people", "list at least one person"));
    }
    if household.people.len() > MOST_PEOPLE {
        errors.push(FieldError::new("people", format!("at most {MOST_PEOPLE} people on one application")));
    }
    let mut amount = |path: String, amount: Option<Cents>, may_be_loss: bool| {
        let Some(amount) = amount else { return };
        if amount.0 < 0 && !may_be_loss {
            errors.push(FieldError::new(path, "must be zero or more"));
        } else if amount.0.unsigned_abs() > HIGHEST_INCOME.0.unsigned_abs() {
            errors.push(FieldError::new(path, format!("more than {}: check the amount", HIGHEST_INCOME.dollars())));
        }
    };
    amount("household_income".into(), household.household_income, false);
    amount("household_income_monthly".into(), household.household_income_monthly, false);
    amount("benchmark_monthly".into(), household.benchmark_monthly, false);
    for (i, person) in household.people.iter().enumerate() {
        amount(format!("people[{i}].projected_annual_income"), person.projected_annual_income, false);
        amount(format!("people[{i}].current_monthly_income"), person.current_monthly_income, false);
        for (k, income) in person.incomes.iter().enumerate() {
            let loss = matches!(
                income.kind.as_str(),
                "self_employment" | "farming_fishing" | "capital_gains" | "rental_royalty" | "other_taxable"
            );
            amount(format!("people[{i}].incomes[{k}].amount"), Some(income.amount), loss);
        }
    }
    for (i, offer) in household.employer_offers.iter().enumerate() {
        amount(format!("employer_offers[{i}].self_only_premium"), offer.self_only_premium, false);
        amount(format!("employer_offers[{i}].family_premium"), offer.family_premium, false);
    }
    for (i, offer) in household.hra_offers.iter().enumerate() {
        amount(format!("hra_offers[{i}].self_only_monthly"), Some(offer.self_only_monthly), false);
        amount(format!("hra_offers[{i}].family_monthly"), offer.family_monthly, false);
        let lowest = Some(offer.lowest_silver_self_only_monthly);
        amount(format!("hra_offers[{i}].lowest_silver_self_only_monthly"), lowest, false);
    }
    let silver =
        household.silver_plans.iter().enumerate().map(|(i, p)| (format!("silver_plans[{i}]"), &p.member_premiums));
    let dental =
        household.dental_plans.iter().enumerate().map(|(i, p)| (format!("dental_plans[{i}]"), &p.member_premiums));
    for (plan, premiums) in silver.chain(dental) {
        for (k, premium) in premiums.iter().enumerate() {
            amount(format!("{plan}.member_premiums[{k}]"), *premium, false);
        }
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
            // A child born later counts from birth; a birth after the plan year is a slip.
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

/// What a person said about taxes, or the default: the first person, spouse and domestic partner file; the first
/// person claims everyone else.
fn tax_role(
    member: &Member<'_>,
    i: usize,
    first_files: bool,
    ids: &HashMap<String, usize>,
) -> Result<TaxRole, FieldError> {
    let said = member.said;
    let adult_of_the_house =
        matches!(member.relationship, Relationship::Applicant | Relationship::Spouse | Relationship::DomesticPartner);
    match said.claimed_by.as_deref() {
        Some("someone_else") => Ok(TaxRole::ClaimedOutside),
        Some("nobody") if said.files_taxes == Some(false) => Ok(TaxRole::NonFiler),
        Some("nobody") => Ok(TaxRole::Filer),
        Some(name) => match ids.get(name) {
            Some(&k) if k != i => Ok(TaxRole::ClaimedBy(k)),
            _ => {
                let message = format!("`{name}` is neither the id of another person nor nobody nor someone_else");
                Err(FieldError::new(format!("people[{i}].claimed_by"), message))
            }
        },
        None => Ok(match said.files_taxes {
            Some(true) => TaxRole::Filer,
            None if adult_of_the_house => TaxRole::Filer,
            _ if adult_of_the_house || !first_files => TaxRole::NonFiler,
            _ => TaxRole::ClaimedBy(0),
        }),
    }
}

fn settle_taxes(members: &mut [Member<'_>], ids: &HashMap<String, usize>, errors: &mut Vec<FieldError>) {
    let mut first_files = false;
    for (i, member) in members.iter_mut().enumerate() {
        member.role = match tax_role(member, i, first_files, ids) {
            Ok(role) => role,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        first_files |= i == 0 && member.role == TaxRole::Filer;
    }
    for i in 0..members.len() {
        if let TaxRole::ClaimedBy(by) = members[i].role
            && members[by].role != TaxRole::Filer
        {
            let path = format!("people[{i}].claimed_by");
            errors.push(FieldError::new(path, format!("people[{by}] files no return of their own")));
        }
        let says_joint = members[i].said.filing_status == Some(FilingStatus::MarriedFilingJointly);
        let Some(spouse) = members[i].spouse else {
            if says_joint {
                let message = "list the spouse of the joint return too, even if not applying";
                errors.push(FieldError::new(format!("people[{i}].filing_status"), message));
            }
            continue;
        };
        let together = |m: &Member<'_>| {
            m.role == TaxRole::Filer && matches!(m.said.filing_status, None | Some(FilingStatus::MarriedFilingJointly))
        };
        members[i].joint = together(&members[i]) && together(&members[spouse]);
        if says_joint && !members[i].joint {
            let message = "a joint return needs a spouse who files jointly too";
            errors.push(FieldError::new(format!("people[{i}].filing_status"), message));
        }
    }
}

fn check_references(household: &Household, ids: &HashMap<String, usize>, errors: &mut Vec<FieldError>) {
    let mut known = |path: String, name: &str, outside: bool| {
        let stands_outside = outside && name == "someone_else";
        if !stands_outside && !ids.contains_key(name) {
            errors.push(FieldError::new(path, format!("nobody here has the id `{name}`")));
        }
    };
    for (i, person) in household.people.iter().enumerate() {
        for (k, name) in person.caretaker_of.iter().enumerate() {
            known(format!("people[{i}].caretaker_of[{k}]"), name, false);
        }
    }
    for (i, offer) in household.employer_offers.iter().enumerate() {
        known(format!("employer_offers[{i}].employee"), &offer.employee, true);
        for (k, name) in offer.covers.iter().enumerate() {
            known(format!("employer_offers[{i}].covers[{k}]"), name, false);
        }
        for (k, name) in offer.enrolled.iter().enumerate() {
            known(format!("employer_offers[{i}].enrolled[{k}]"), name, false);
        }
    }
    for (i, offer) in household.hra_offers.iter().enumerate() {
        known(format!("hra_offers[{i}].employee"), &offer.employee, true);
        for (k, name) in offer.covers.iter().enumerate() {
            known(format!("hra_offers[{i}].covers[{k}]"), name, false);
        }
    }
    let people = household.people.len();
    let message = format!("must have one entry for each of the {people} people");
    for (i, plan) in household.silver_plans.iter().enumerate() {
        if plan.member_premiums.len() != people {
            errors.push(FieldError::new(format!("silver_plans[{i}].member_premiums"), message.clone()));
        }
    }
    for (i, plan) in household.dental_plans.iter().enumerate() {
        if plan.member_premiums.len() != people {
            errors.push(FieldError::new(format!("dental_plans[{i}].member_premiums"), message.clone()));
        }
    }
}
