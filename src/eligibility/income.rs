//! Modified adjusted gross income (MAGI) per person and per tax household, and who must file.
//!
//! Called by `determine` after `family`. Yearly for the credit; for Medicaid also the current month, kept as twelve
//! times the month so that no fraction of a cent is lost. It never decides eligibility.

use super::family::{Family, TaxRole};
use super::household::{FieldError, Frequency, Income};
use super::rounding::yearly;
use super::tables::{CountsForMedicaid, IncomeNature, Tables};
use crate::types::Cents;

/// One person's income; amounts a year. A loss may be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonIncome {
    /// MAGI of the year for the credit.
    pub year: Cents,
    /// MAGI of the year for Medicaid and CHIP.
    pub medicaid_year: Cents,
    /// Twelve times the MAGI of the current month for Medicaid and CHIP.
    pub medicaid_month_x12: Cents,
    /// Obliged to file a return, if this person is a dependent.
    pub must_file: bool,
}

/// A filer with the spouse of a joint return and everyone they claim.
#[derive(Debug, Clone)]
pub struct TaxHousehold {
    pub filers: Vec<usize>,
    /// Filers first, then dependents in the order of the list.
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

/// Every person's income, in the order of the list.
///
/// # Errors
/// Kinds we do not know; a sum for the household beside incomes of its people.
pub fn incomes(
    family: &Family<'_>,
    households: &[TaxHousehold],
    tables: &Tables,
) -> Result<Vec<PersonIncome>, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut out: Vec<PersonIncome> =
        (0..family.members.len()).map(|i| person_income(family, i, tables, &mut errors)).collect();
    let said = family.said;
    if said.household_income.is_some() || said.household_income_monthly.is_some() {
        let first = households.iter().find(|t| t.members.contains(&0));
        let covered = first.map_or(&[0][..], |t| &t.members);
        for &i in covered {
            let person = family.members[i].said;
            let own = !person.incomes.is_empty()
                || person.projected_annual_income.is_some()
                || person.current_monthly_income.is_some();
            if own {
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
    if errors.is_empty() { Ok(out) } else { Err(errors) }
}

/// Adds `shift` a year to the first filer of the first person's tax household, or to the first person.
pub fn shifted(mut incomes: Vec<PersonIncome>, households: &[TaxHousehold], shift: Cents) -> Vec<PersonIncome> {
    let first = households.iter().find(|t| t.members.contains(&0)).and_then(|t| t.filers.first()).copied();
    if let Some(income) = incomes.get_mut(first.unwrap_or(0)) {
        for amount in [&mut income.year, &mut income.medicaid_year, &mut income.medicaid_month_x12] {
            *amount += shift;
        }
    }
    incomes
}

/// The sum of one person's sources, and whether the person would have to file as a dependent (IRS Publication 501).
///
/// For the page that helps people add up an income. Deductions come off; what does not count is left out.
///
/// # Errors
/// Kinds we do not know, by `incomes[n].kind`.
pub fn sum_of(items: &[Income], tables: &Tables, plan_year: i32) -> Result<PersonIncome, Vec<FieldError>> {
    let mut errors = Vec::new();
    let (mut sum, earned, unearned) = sum_sources(items, tables, "", &mut errors);
    sum.must_file = dependent_must_file(tables, plan_year, earned, unearned);
    if errors.is_empty() { Ok(sum) } else { Err(errors) }
}

/// The sums, and gross earned and unearned income a year. `path` is of the person, for errors.
fn sum_sources(
    items: &[Income],
    tables: &Tables,
    path: &str,
    errors: &mut Vec<FieldError>,
) -> (PersonIncome, Cents, Cents) {
    let mut sum = PersonIncome::default();
    let (mut earned, mut unearned) = (Cents::ZERO, Cents::ZERO);
    for (k, item) in items.iter().enumerate() {
        let Some(kind) = tables.income_kind(&item.kind) else {
            let known: Vec<_> = tables.income_kinds().iter().map(|k| k.kind.as_str()).collect();
            let message = format!("`{}` is not a kind we know; use one of {}", item.kind, known.join(", "));
            errors.push(FieldError::new(format!("{path}incomes[{k}].kind"), message));
            continue;
        };
        let sign = if kind.nature == IncomeNature::Deduction { -1 } else { 1 };
        let year = yearly(item.amount, item.frequency.per_year()) * sign;
        // A payment made once belongs to its month in full; a steady one gives each month its share.
        let month_x12 = if item.frequency == Frequency::Once { year * 12 } else { year };
        if kind.counts_for_credit {
            sum.year += year;
        }
        match kind.counts_for_medicaid {
            CountsForMedicaid::Yes => {
                sum.medicaid_year += year;
                sum.medicaid_month_x12 += month_x12;
            }
            CountsForMedicaid::Month => {
                sum.medicaid_month_x12 += month_x12;
            }
            CountsForMedicaid::No => {}
        }
        if kind.counts_for_filing {
            match kind.nature {
                IncomeNature::Earned => earned += year,
                _ => unearned += year,
            }
        }
    }
    (sum, earned, unearned)
}

fn person_income(family: &Family<'_>, i: usize, tables: &Tables, errors: &mut Vec<FieldError>) -> PersonIncome {
    let person = family.members[i].said;
    let (mut sum, mut earned, unearned) = sum_sources(&person.incomes, tables, &format!("people[{i}]."), errors);
    if let Some(year) = person.projected_annual_income {
        let unchanged = person.incomes.is_empty();
        sum.year = year;
        sum.medicaid_year = year;
        if unchanged {
            sum.medicaid_month_x12 = year;
            // One sum does not say where it comes from: read it as pay.
            earned = year;
        }
    }
    if let Some(month) = person.current_monthly_income {
        sum.medicaid_month_x12 = yearly(month, 12);
        if person.projected_annual_income.is_none() && person.incomes.is_empty() {
            let year = yearly(month, 12);
            sum.year = year;
            sum.medicaid_year = year;
            earned = year;
        }
    }
    sum.must_file =
        person.required_to_file.unwrap_or_else(|| dependent_must_file(tables, family.said.plan_year, earned, unearned));
    sum
}

/// Whether a single dependent under 65 must file (IRS Publication 501, table 2).
pub fn dependent_must_file(tables: &Tables, plan_year: i32, earned: Cents, unearned: Cents) -> bool {
    let Some(limit) = tables.filing(plan_year) else { return false };
    let gross = earned + unearned;
    let floor = limit.unearned_over.max(earned.min(limit.earned_cap) + limit.earned_plus);
    earned > limit.earned_over || unearned > limit.unearned_over || gross > floor
}
