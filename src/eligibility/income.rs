//! Modified adjusted gross income (MAGI) per person and per tax household, and who must file.
//!
//! Called by `determine` after `family`; `limits` reduces deductions and losses to what counts. Yearly for the
//! credit; for Medicaid also the current month, kept as twelve times the month so that no fraction of a cent is lost.
//! It must never decide eligibility.

use time::Date;

use super::assumptions::{Assumed, Code};
use super::coverage;
use super::family::{Family, TaxRole, resolve};
use super::household::{FieldError, FilingStatus, Frequency, Household, Income, Person};
use super::limits::{self, Bound, Manner, OnReturn, Sources};
use super::rounding::yearly;
use super::tables::{NumberCode, Tables};
use crate::types::Cents;

/// One person's income; yearly amounts. A loss can be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonIncome {
    /// MAGI of the year for the credit.
    pub year: Cents,
    /// MAGI of the year for Medicaid and CHIP.
    pub medicaid_year: Cents,
    /// Twelve times the MAGI of the current month for Medicaid and CHIP.
    pub medicaid_month_x12: Cents,
    /// Must file a return, if this person is a dependent.
    pub must_file: bool,
}

/// A filer with the spouse on a joint return and everyone they claim.
#[derive(Debug, Clone)]
pub struct TaxHousehold {
    pub filers: Vec<usize>,
    /// Filers first, then dependents in list order.
    pub members: Vec<usize>,
}

/// Every tax household of the list, in the order of its first filer.
pub fn tax_households(family: &Family<'_>) -> Vec<TaxHousehold> {
    let mut out: Vec<TaxHousehold> = Vec::new();
    for (i, member) in family.members.iter().enumerate() {
        if member.role != TaxRole::Filer || out.iter().any(|t| t.filers.contains(&i)) {
            continue;
        }
        let mut filers = vec![i];
        filers.extend(member.spouse.filter(|_| member.joint));
        let mut members = filers.clone();
        for (k, other) in family.members.iter().enumerate() {
            if matches!(other.role, TaxRole::ClaimedBy(by) if filers.contains(&by)) {
                members.push(k);
            }
        }
        out.push(TaxHousehold { filers, members });
    }
    out
}

/// Household income for the credit: filers, and dependents who must file (26 USC 36B(d)(2)); never below zero.
pub fn household_income(household: &TaxHousehold, incomes: &[PersonIncome]) -> Cents {
    let counted = |i: &usize| household.filers.contains(i) || incomes[*i].must_file;
    let sum: Cents = household.members.iter().filter(|i| counted(i)).map(|&i| incomes[i].year).sum();
    sum.at_least_zero()
}

/// Every person's income in list order, and the limits that applied, by the first filer of the return.
pub type Incomes = (Vec<PersonIncome>, Vec<(usize, Bound)>);

/// Every person's income, in list order, and what the limits did on each person's return.
///
/// # Errors
///
/// If a kind is unknown, or there is a sum for the household in addition to incomes of its people.
pub fn incomes(
    family: &Family<'_>,
    households: &[TaxHousehold],
    tables: &Tables,
    assumed: &mut Vec<Assumed>,
) -> Result<Incomes, Vec<FieldError>> {
    let mut errors = Vec::new();
    let sources: Vec<Sources> = (0..family.members.len()).map(|i| sources_of(family, i, tables, &mut errors)).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let (limited, bounds) = limited(family, sources, tables, assumed);
    let mut out: Vec<PersonIncome> =
        limited.iter().enumerate().map(|(i, sources)| person_income(family, i, sources, tables)).collect();
    let said = family.said;
    let summed = said.household_income.is_some() || said.household_income_monthly.is_some();
    if summed {
        let first = households.iter().find(|t| t.members.contains(&0));
        let covered = first.map_or(&[0][..], |t| &t.members);
        for &i in covered {
            if has_own(family.members[i].said) {
                let message = "household_income covers this person already: give one or the other";
                errors.push(FieldError::new(format!("people[{i}].incomes"), message));
            }
        }
        let month = said.household_income_monthly.map(|m| yearly(m, 12));
        let year = said.household_income.or(month).unwrap_or_default();
        let bearer = first.and_then(|t| t.filers.first()).copied().unwrap_or(0);
        if let Some(income) = out.get_mut(bearer) {
            income.year = year;
            income.medicaid_year = year;
            income.medicaid_month_x12 = month.unwrap_or(year);
            income.must_file = true;
        }
    }
    note_no_income(family, households, summed, assumed);
    if errors.is_empty() { Ok((out, bounds)) } else { Err(errors) }
}

/// Reports a household, a return, or a person on no return, of whose income nothing was said: it counts as none.
fn note_no_income(family: &Family<'_>, households: &[TaxHousehold], summed: bool, assumed: &mut Vec<Assumed>) {
    let silent = |of: &[usize]| !of.iter().any(|&i| has_own(family.members[i].said));
    if !summed && !family.members.iter().any(|m| has_own(m.said)) {
        assumed.push(Assumed { person: None, code: Code::NoIncome, other: None });
        return;
    }
    let on_no_return = |i: &usize| !households.iter().any(|t| t.members.contains(i));
    let returns = households.iter().filter(|t| !(summed && t.members.contains(&0))).filter(|t| silent(&t.members));
    let alone = (0..family.members.len()).filter(on_no_return).filter(|&i| silent(&[i]) && !(summed && i == 0));
    // A return is named after the first person, or else the oldest, so that the order of the others says nothing.
    let name = |&i: &usize| (i != 0, std::cmp::Reverse(family.members[i].age), &family.members[i].id);
    let one_of_each =
        returns.filter_map(|t| t.filers.iter().copied().min_by(|a, b| name(a).cmp(&name(b)))).chain(alone);
    assumed.extend(one_of_each.map(|i| Assumed::of(Code::NoIncome, i)));
}

fn has_own(person: &Person) -> bool {
    !person.incomes.is_empty() || person.projected_annual_income.is_some() || person.current_monthly_income.is_some()
}

/// Adds `shift` per year to the first filer of the first person's tax household, or to the first person.
pub fn shifted(mut incomes: Vec<PersonIncome>, households: &[TaxHousehold], shift: Cents) -> Vec<PersonIncome> {
    let first = households.iter().find(|t| t.members.contains(&0)).and_then(|t| t.filers.first()).copied();
    if let Some(income) = incomes.get_mut(first.unwrap_or(0)) {
        for amount in [&mut income.year, &mut income.medicaid_year, &mut income.medicaid_month_x12] {
            *amount += shift;
        }
    }
    incomes
}

/// One person's sources by kind; unknown kinds are errors at `{path}incomes[n].kind`.
fn by_kind(
    items: &[Income],
    (tables, plan_year, as_of): (&Tables, i32, Option<Date>),
    path: &str,
    errors: &mut Vec<FieldError>,
) -> Sources {
    let mut out = Sources::new();
    for (k, item) in items.iter().enumerate() {
        if tables.income_kind(&item.kind).is_none() {
            let known: Vec<_> = tables.income_kinds().iter().map(|k| k.kind.as_str()).collect();
            let message = format!("`{}` is not a kind we know; use one of {}", item.kind, known.join(", "));
            errors.push(FieldError::new(format!("{path}incomes[{k}].kind"), message));
            continue;
        }
        let needed = match item.frequency {
            Frequency::Hourly if item.hours_per_week.is_none() => Some("hours_per_week"),
            Frequency::Daily if item.days_per_week.is_none() => Some("days_per_week"),
            _ => None,
        };
        if let Some(field) = needed {
            let message = "say how many in a usual week, for example 37.5";
            errors.push(FieldError::new(format!("{path}incomes[{k}].{field}"), message));
        }
        let flow = out.entry(item.kind.clone()).or_default();
        flow.year += item.in_year(plan_year);
        if as_of.is_none_or(|day| item.comes(day)) {
            // A one-time payment belongs entirely to its month; a steady one is spread over the months.
            match item.frequency {
                Frequency::Once => flow.once_x12 += item.amount * 12,
                _ => flow.steady_x12 += item.yearly(),
            }
        }
    }
    out
}

fn sources_of(family: &Family<'_>, i: usize, tables: &Tables, errors: &mut Vec<FieldError>) -> Sources {
    let when = (tables, family.said.plan_year, Some(family.as_of));
    by_kind(&family.members[i].said.incomes, when, &format!("people[{i}]."), errors)
}

/// The sources after the limits of each return.
fn limited(
    family: &Family<'_>,
    sources: Vec<Sources>,
    tables: &Tables,
    assumed: &mut Vec<Assumed>,
) -> (Vec<Sources>, Vec<(usize, Bound)>) {
    let mut out = sources;
    let mut bounds = Vec::new();
    let mut done = vec![false; out.len()];
    for i in 0..out.len() {
        if done[i] {
            continue;
        }
        let member = &family.members[i];
        let joint = member.spouse.filter(|_| member.joint);
        let people: Vec<usize> = std::iter::once(i).chain(joint).collect();
        let manner = match member.role {
            TaxRole::ClaimedBy(_) | TaxRole::ClaimedOutside => Manner::Dependent,
            _ if joint.is_some() => Manner::Joint,
            _ if member.said.filing_status == Some(FilingStatus::MarriedFilingSeparately) => Manner::Separate,
            _ => Manner::Alone,
        };
        let said = people.iter().find_map(|&p| family.members[p].said.hsa_family_coverage);
        let mut on: Vec<OnReturn> = people
            .iter()
            .map(|&p| OnReturn {
                person: p,
                age: Some(family.members[p].age),
                medicare: coverage::enrolled_in_medicare(family, tables, p),
                workplace_plan: family.members[p].said.workplace_plan == Some(true),
                sources: std::mem::take(&mut out[p]),
            })
            .collect();
        let family_hsa = said.unwrap_or(family.members.len() > 1);
        let (bound, guessed) = limits::apply(&mut on, manner, family_hsa, (tables, family.said.plan_year));
        bounds.extend(bound.into_iter().map(|bound| (i, bound)));
        let settled = |code, person: usize| match code {
            Code::FamilyHsa => said.is_some(),
            Code::NoWorkplacePlan => family.members[person].said.workplace_plan.is_some(),
            _ => false,
        };
        assumed.extend(guessed.into_iter().filter(|(c, p)| !settled(*c, *p)).map(|(c, p)| Assumed::of(c, p)));
        for person in on {
            done[person.person] = true;
            out[person.person] = person.sources;
        }
    }
    (out, bounds)
}

/// Every person's income as a determination counts it, in list order, and the limits that applied: for a page that says
/// the sums before there is a determination.
///
/// # Errors
///
/// Every field that cannot be used, by its path.
pub fn counted(
    household: &Household,
    tables: &Tables,
    as_of: Date,
) -> Result<(Vec<PersonIncome>, Vec<Bound>), Vec<FieldError>> {
    let family = resolve(household, tables, as_of)?;
    let (incomes, bounds) = incomes(&family, &tax_households(&family), tables, &mut Vec::new())?;
    Ok((incomes, bounds.into_iter().map(|(_, bound)| bound).collect()))
}

/// What the page that adds up an income gets: the sum, and the limits that applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summed {
    pub income: PersonIncome,
    pub bounds: Vec<Bound>,
}

/// The sum of one return's sources. `ages` of the people on the policy, filer first, as far as known: they decide
/// catch-up amounts and whether a health savings account goes with family coverage.
///
/// For the page that helps people add up an income. Deductions are subtracted, up to their limits; what does not
/// count is left out.
///
/// # Errors
///
/// Unknown kinds, by `incomes[n].kind`.
pub fn sum_of(items: &[Income], tables: &Tables, plan_year: i32, ages: &[u8]) -> Result<Summed, Vec<FieldError>> {
    let mut errors = Vec::new();
    let sources = by_kind(items, (tables, plan_year, None), "", &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let age = ages.first().copied();
    let mut on = [OnReturn { person: 0, age, medicare: false, workplace_plan: false, sources }];
    let (bounds, _) = limits::apply(&mut on, Manner::Alone, ages.len() > 1, (tables, plan_year));
    let [on] = on;
    let sums = limits::sums(&on.sources, tables);
    let must_file = dependent_must_file(tables, plan_year, sums.earned, sums.unearned, false);
    let income = PersonIncome {
        year: sums.year,
        medicaid_year: sums.medicaid_year,
        medicaid_month_x12: sums.medicaid_month_x12,
        must_file,
    };
    Ok(Summed { income, bounds })
}

fn person_income(family: &Family<'_>, i: usize, sources: &Sources, tables: &Tables) -> PersonIncome {
    let member = &family.members[i];
    let person = member.said;
    let sums = limits::sums(sources, tables);
    let mut income = PersonIncome {
        year: sums.year,
        medicaid_year: sums.medicaid_year,
        medicaid_month_x12: sums.medicaid_month_x12,
        must_file: false,
    };
    let mut earned = sums.earned;
    if let Some(year) = person.projected_annual_income {
        income.year = year;
        income.medicaid_year = year;
        if person.incomes.is_empty() {
            income.medicaid_month_x12 = year;
            // A single sum does not say where it comes from: treat it as pay.
            earned = year;
        }
    }
    if let Some(month) = person.current_monthly_income {
        income.medicaid_month_x12 = yearly(month, 12);
        if person.projected_annual_income.is_none() && person.incomes.is_empty() {
            let year = yearly(month, 12);
            income.year = year;
            income.medicaid_year = year;
            earned = year;
        }
    }
    income.must_file = person.required_to_file.unwrap_or_else(|| must_file(family, i, tables, earned, sums.unearned));
    income
}

/// Whether a return is required by law, whether or not one is filed (26 USC 6012(a)(1)).
fn must_file(family: &Family<'_>, i: usize, tables: &Tables, earned: Cents, unearned: Cents) -> bool {
    let member = &family.members[i];
    let year = family.said.plan_year;
    let old = tables.number(NumberCode::MedicareAge, family.coverage_start);
    let aged = old.is_some_and(|n| i64::from(member.age) >= n.value);
    match member.role {
        TaxRole::ClaimedBy(_) | TaxRole::ClaimedOutside => dependent_must_file(tables, year, earned, unearned, aged),
        TaxRole::Filer | TaxRole::NonFiler => tables.filing(year).is_some_and(|limit| {
            let more = if aged { limit.aged_more } else { Cents::ZERO };
            earned + unearned >= limit.alone_from + more
        }),
    }
}

/// Whether a single dependent must file (IRS Publication 501, table 2). `aged`: 65 or older.
fn dependent_must_file(tables: &Tables, plan_year: i32, earned: Cents, unearned: Cents, aged: bool) -> bool {
    let Some(limit) = tables.filing(plan_year) else { return false };
    let more = if aged { limit.aged_more } else { Cents::ZERO };
    let gross = earned + unearned;
    let floor = limit.unearned_over.max(earned.min(limit.earned_cap) + limit.earned_plus);
    earned > limit.earned_over + more || unearned > limit.unearned_over + more || gross > floor + more
}
