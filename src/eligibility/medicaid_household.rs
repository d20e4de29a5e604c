//! The Medicaid household of one person (42 CFR 435.603(f)) and its income (d).
//!
//! Called only by `medicaid`. Differs from the tax household for some dependents and for people who do not file; it
//! must never be used for the credit.

use super::family::{Family, TaxRole};
use super::income::{PersonIncome, TaxHousehold};
use super::tables::{NumberCode, StateChoice, Tables};
use crate::types::Cents;

/// Who counts for one person, and with what income.
#[derive(Debug, Clone)]
pub struct MedicaidHousehold {
    pub members: Vec<usize>,
    /// Members, plus the expected children that count.
    pub size: usize,
    /// The paragraph that defines it: `tax_filer`, `tax_dependent` or `non_filer`.
    pub kind: &'static str,
    /// MAGI of the year, never below zero.
    pub year: Cents,
    /// Twelve times the MAGI of the current month, never below zero.
    pub month_x12: Cents,
}

/// Builds the household of person `i`.
pub fn build(
    family: &Family<'_>,
    tables: &Tables,
    households: &[TaxHousehold],
    incomes: &[PersonIncome],
    i: usize,
) -> MedicaidHousehold {
    let (mut members, kind) = members(family, tables, households, i);
    if let Some(spouse) = family.members[i].spouse
        && family.live_together(i, spouse)
        && !members.contains(&spouse)
    {
        members.push(spouse);
    }
    let size = members.iter().map(|&m| counted_as(family, tables, i, m)).sum();
    let counts = |m: &&usize| income_counts(family, &members, **m, incomes);
    let (mut year, mut month) = (Cents::ZERO, Cents::ZERO);
    for &m in members.iter().filter(counts) {
        year += incomes[m].medicaid_year;
        month += incomes[m].medicaid_month_x12;
    }
    MedicaidHousehold { size, kind, year: year.at_least_zero(), month_x12: month.at_least_zero(), members }
}

fn members(family: &Family<'_>, tables: &Tables, households: &[TaxHousehold], i: usize) -> (Vec<usize>, &'static str) {
    let of_filer = |filer: usize| households.iter().find(|t| t.filers.contains(&filer)).map(|t| t.members.clone());
    match family.members[i].role {
        TaxRole::Filer => match of_filer(i) {
            Some(members) => (members, "tax_filer"),
            None => (non_filer(family, tables, i), "non_filer"),
        },
        TaxRole::ClaimedBy(by) if !non_filer_rules_apply(family, tables, i, by) => match of_filer(by) {
            Some(members) => (members, "tax_dependent"),
            None => (non_filer(family, tables, i), "non_filer"),
        },
        _ => (non_filer(family, tables, i), "non_filer"),
    }
}

/// The exceptions in (f)(2): claimed by someone other than a parent or spouse; a child living with both parents who
/// do not file jointly; a child claimed by a parent living elsewhere.
fn non_filer_rules_apply(family: &Family<'_>, tables: &Tables, i: usize, by: usize) -> bool {
    let member = &family.members[i];
    let by_spouse = member.spouse == Some(by);
    let by_parent = family.is_parent_of(by, i);
    if !by_spouse && !by_parent {
        return true;
    }
    if !is_child(family, tables, i) || by_spouse {
        return false;
    }
    let at_home: Vec<usize> = member.parents.iter().copied().filter(|&p| family.live_together(p, i)).collect();
    let apart = |a: usize, b: usize| !(family.members[a].joint && family.members[a].spouse == Some(b));
    let both_without_joint_return = matches!(at_home[..], [a, b, ..] if apart(a, b));
    both_without_joint_return || !family.live_together(by, i)
}

/// A child for the non-filer rules: under 19, or a full-time student under the state's age.
pub fn is_child(family: &Family<'_>, tables: &Tables, i: usize) -> bool {
    let member = &family.members[i];
    let day = family.as_of;
    let age = i64::from(member.age_now);
    let under = tables.number(NumberCode::ChildUnderAge, day).map_or(0, |n| n.value);
    let student_under = tables
        .option(member.state, StateChoice::StudentChildAge, day)
        .and_then(|o| o.value.parse::<i64>().ok())
        .unwrap_or(under);
    age < under || (member.said.full_time_student && age < student_under)
}

fn non_filer(family: &Family<'_>, tables: &Tables, i: usize) -> Vec<usize> {
    let mut out = vec![i];
    let me_child = is_child(family, tables, i);
    for k in 0..family.members.len() {
        if k == i || !family.live_together(i, k) {
            continue;
        }
        let my_child = family.is_parent_of(i, k) && is_child(family, tables, k);
        let my_parent = me_child && family.is_parent_of(k, i);
        let sibling = me_child
            && is_child(family, tables, k)
            && family.members[k].parents.iter().any(|p| family.members[i].parents.contains(p));
        if my_child || my_parent || sibling || family.members[i].spouse == Some(k) {
            out.push(k);
        }
    }
    out
}

/// How many people member `m` counts for in the household of person `i`.
fn counted_as(family: &Family<'_>, tables: &Tables, i: usize, m: usize) -> usize {
    let member = &family.members[m];
    if !member.said.pregnant {
        return 1;
    }
    let expected = usize::from(member.said.expected_children.max(1));
    if m == i {
        return 1 + expected;
    }
    match tables.option(member.state, StateChoice::PregnancyCountsForOthers, family.as_of).map(|o| o.value.as_str()) {
        Some("2") => 2,
        Some("each") => 1 + expected,
        _ => 1,
    }
}

/// A child's or dependent's income is left out if they live with the parents or filer, unless it requires them to
/// file, whether or not they do (d)(2).
fn income_counts(family: &Family<'_>, household: &[usize], m: usize, incomes: &[PersonIncome]) -> bool {
    let beside_parent = family.members[m].parents.iter().any(|p| household.contains(p));
    let beside_filer = matches!(family.members[m].role, TaxRole::ClaimedBy(by) if household.contains(&by));
    !(beside_parent || beside_filer) || incomes[m].must_file
}
