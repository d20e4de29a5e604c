//! Other coverage and job offers: what rules out the credit (26 USC 36B(c)(2); 26 CFR 1.36B-2).
//!
//! Called by `determine` for each member of a tax household. Costs are yearly or monthly cents; affordability is
//! compared exactly and must never be rounded first.

use super::credit::affordable;
use time::Duration;

use super::family::{Family, TaxRole};
use super::household::{CoverageState, EmployerOffer, FieldError, HraKind, HraOffer, OtherCoverage};
use super::reasons::{Outcome, Reason, Rule, Value};
use super::rounding::yearly;
use super::tables::{BlocksWhen, NumberCode, Tables};
use crate::types::Cents;

/// Unknown kinds of coverage are errors.
pub fn check_kinds(family: &Family<'_>, tables: &Tables) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (i, member) in family.members.iter().enumerate() {
        for (k, coverage) in member.said.other_coverage.iter().enumerate() {
            if tables.coverage_kind(&coverage.kind).is_none() {
                let known: Vec<_> = tables.coverage_kinds().iter().map(|k| k.kind.as_str()).collect();
                let message = format!("`{}` is not a kind we know; use one of {}", coverage.kind, known.join(", "));
                errors.push(FieldError::new(format!("people[{i}].other_coverage[{k}].kind"), message));
            }
        }
    }
    errors
}

/// Whether someone 65 or older said nothing about Medicare or quarters of work. Then we assume, and report, that they
/// cannot have Part A without a premium. Nearly everyone can, and being able to is enough to rule out the credit (26
/// CFR 1.36B-2(c)(2)(i)), so the shop answers the question for them.
pub fn silent_on_medicare(family: &Family<'_>, tables: &Tables, i: usize) -> bool {
    let said = &family.members[i].said;
    old_enough(family, tables, i)
        && said.work_quarters.is_none()
        && !said.other_coverage.iter().any(|c| c.kind.starts_with("medicare"))
}

/// Enrolled in any part of Medicare when coverage starts.
pub fn enrolled_in_medicare(family: &Family<'_>, tables: &Tables, i: usize) -> bool {
    let open = |c: &&OtherCoverage| c.ends.is_none_or(|end| end >= family.coverage_start);
    family.members[i].said.other_coverage.iter().filter(open).any(|c| {
        let kind = tables.coverage_kind(&c.kind);
        c.state == CoverageState::Enrolled && kind.is_some_and(|k| k.bars_adult_group_when != BlocksWhen::Never)
    })
}

/// Has other insurance, or a job's plan, when coverage starts; Medicaid and CHIP aside (42 CFR 457.310(b)(2)).
pub fn insured(family: &Family<'_>, tables: &Tables, i: usize) -> bool {
    let open = |c: &&OtherCoverage| c.ends.is_none_or(|end| end >= family.coverage_start);
    family.members[i].said.other_coverage.iter().filter(open).any(|c| {
        c.state == CoverageState::Enrolled
            && !matches!(c.kind.as_str(), "medicaid" | "chip")
            && tables.coverage_kind(&c.kind).is_some_and(|k| k.counts_as_insured)
    }) || in_job_plan(family, i)
}

fn in_job_plan(family: &Family<'_>, i: usize) -> bool {
    let id = &family.members[i].id;
    let open = |o: &&EmployerOffer| o.ends.is_none_or(|end| end >= family.coverage_start);
    family.said.employer_offers.iter().filter(open).any(|o| o.enrolled.contains(id))
}

/// Premium-free Part A by age and the quarters of work given.
fn earned_part_a(family: &Family<'_>, tables: &Tables, i: usize) -> bool {
    let needed = tables.number(NumberCode::MedicareFreePartAQuarters, family.coverage_start);
    let quarters = family.members[i].said.work_quarters.map(i64::from);
    old_enough(family, tables, i) && needed.zip(quarters).is_some_and(|(needed, own)| own >= needed.value)
}

fn old_enough(family: &Family<'_>, tables: &Tables, i: usize) -> bool {
    let from = tables.number(NumberCode::MedicareAge, family.coverage_start);
    from.is_some_and(|from| i64::from(family.members[i].age) >= from.value)
}

/// Whether person `i` is on the employee's tax return: only then is a mere offer enough. A related person that the
/// employee does not claim is ruled out while enrolled, not before (26 CFR 1.36B-2(c)(4)(i)).
fn on_return_of(family: &Family<'_>, employee: &str, i: usize) -> bool {
    let member = &family.members[i];
    if member.id == employee {
        return true;
    }
    let Some(e) = family.members.iter().position(|m| m.id == employee) else { return false };
    let joint = |a: usize| family.members[a].spouse.filter(|_| family.members[a].joint);
    let claims = |filer: usize| member.role == TaxRole::ClaimedBy(filer);
    joint(e) == Some(i) || claims(e) || joint(e).is_some_and(claims)
}

/// Whether other coverage or a job offer rules out the credit for person `i`.
pub fn shuts_out(family: &Family<'_>, tables: &Tables, i: usize, magi: Cents, reasons: &mut Vec<Reason>) -> bool {
    let mut shut = false;
    let member = &family.members[i];
    for coverage in &member.said.other_coverage {
        let ended = coverage.ends.is_some_and(|end| end < family.coverage_start);
        let Some(kind) = tables.coverage_kind(&coverage.kind).filter(|_| !ended) else { continue };
        let blocks = match kind.blocks_credit_when {
            BlocksWhen::Eligible => true,
            BlocksWhen::Enrolled => coverage.state == CoverageState::Enrolled,
            BlocksWhen::Never => false,
        };
        if blocks {
            let reason = Reason::new(tables, Rule::OtherCoverage, Outcome::NotMet).cite(&kind.citation, kind.status);
            reasons.push(reason.input("kind", Value::Text(coverage.kind.clone())));
            shut = true;
        }
    }
    if earned_part_a(family, tables, i) {
        reasons.push(Reason::new(tables, Rule::MedicareByAge, Outcome::NotMet));
        shut = true;
    }
    for offer in &family.said.employer_offers {
        shut |= offer_shuts_out(family, tables, i, offer, magi, reasons);
    }
    for offer in &family.said.hra_offers {
        shut |= hra_shuts_out(family, tables, i, offer, magi, reasons);
    }
    shut
}

fn offer_shuts_out(
    family: &Family<'_>,
    tables: &Tables,
    i: usize,
    offer: &EmployerOffer,
    magi: Cents,
    reasons: &mut Vec<Reason>,
) -> bool {
    let id = &family.members[i].id;
    if offer.enrolled.contains(id) {
        let reason = Reason::new(tables, Rule::EmployerOffer, Outcome::NotMet);
        reasons.push(reason.input("enrolled", Value::YesNo(true)));
        return true;
    }
    let Some(row) = tables.esi(family.said.plan_year) else { return false };
    if !offer.covers.contains(id) {
        return false;
    }
    if !on_return_of(family, &offer.employee, i) {
        let reason = Reason::new(tables, Rule::EmployerOfferNotClaimed, Outcome::Met);
        reasons.push(reason.input("employee", Value::Text(offer.employee.clone())));
        return false;
    }
    // A waiting period is not an offer yet, and an expired offer is none (26 CFR 1.36B-2(c)(3)(iii)).
    let begins = offer.starts.and_then(|day| day.checked_add(Duration::days(i64::from(offer.waiting_days))));
    let over = offer.ends.is_some_and(|end| end < family.coverage_start);
    if let Some(day) = begins.filter(|day| *day > family.coverage_start).or(offer.ends.filter(|_| over)) {
        let reason = Reason::new(tables, Rule::EmployerOfferTime, Outcome::Met);
        reasons.push(reason.input(if over { "ends" } else { "begins" }, Value::Day(day)));
        return false;
    }
    let employee = offer.employee == *id;
    let by_family =
        !employee && tables.number(NumberCode::FamilyOfferUsesFamilyPremium, family.coverage_start).is_some();
    let premium = if by_family { offer.family_premium } else { offer.self_only_premium };
    let value = if employee { offer.minimum_value } else { offer.family_minimum_value.unwrap_or(offer.minimum_value) };
    let base = Reason::new(tables, Rule::EmployerOffer, Outcome::Noted)
        .cite(&row.citation, row.status)
        .input("measured_by", Value::Word(if by_family { "family_premium" } else { "self_only_premium" }))
        .input("minimum_value", Value::YesNo(value));
    let Some(premium) = premium else {
        // An offer without its cost cannot be judged: report that, and rule nobody out.
        reasons.push(base.input("premium_given", Value::YesNo(false)));
        return false;
    };
    let cost = yearly(premium, offer.premium_frequency.per_year());
    let shut = value && affordable(cost, row.percent, magi);
    let most = Cents(((i128::from(row.percent.0) * i128::from(magi.0)) / 10_000).min(i128::from(i64::MAX)) as i64);
    let mut reason = base.input("percent_of_income", Value::Percent(row.percent)).compare(
        Value::Money(cost),
        "at_most",
        Value::Money(most),
    );
    reason.outcome = if shut { Outcome::NotMet } else { Outcome::Met };
    reasons.push(reason);
    shut
}

/// Whether the HRA makes the silver plan that it is judged by affordable; the yearly cost left to the employee.
fn hra_affordable(family: &Family<'_>, tables: &Tables, offer: &HraOffer, magi: Cents) -> Option<(bool, Cents)> {
    let row = tables.esi(family.said.plan_year)?;
    let left = (offer.lowest_silver_self_only_monthly - offer.self_only_monthly).at_least_zero();
    let cost = yearly(left, 12);
    Some((affordable(cost, row.percent, magi), cost))
}

fn hra_shuts_out(
    family: &Family<'_>,
    tables: &Tables,
    i: usize,
    offer: &HraOffer,
    magi: Cents,
    reasons: &mut Vec<Reason>,
) -> bool {
    if !offer.covers.contains(&family.members[i].id) {
        return false;
    }
    let Some((affordable, cost)) = hra_affordable(family, tables, offer, magi) else { return false };
    let accepted = offer.kind == HraKind::Ichra && offer.accepted;
    if !accepted && !on_return_of(family, &offer.employee, i) {
        return false;
    }
    let shut = accepted || affordable;
    let reason = Reason::test(tables, Rule::HraOffer, !shut)
        .input("accepted", Value::YesNo(accepted))
        .input("affordable", Value::YesNo(affordable))
        .input("lowest_silver_after_hra_yearly", Value::Money(cost));
    reasons.push(reason);
    shut
}

/// How much unaffordable QSEHRA offers reduce the monthly credit of these eligible members.
pub fn qsehra_reduction(family: &Family<'_>, tables: &Tables, eligible: &[usize], magi: Cents) -> Cents {
    let mut sum = Cents::ZERO;
    for offer in family.said.hra_offers.iter().filter(|o| o.kind == HraKind::Qsehra) {
        let covered = eligible.iter().filter(|&&i| offer.covers.contains(&family.members[i].id)).count();
        let unaffordable = hra_affordable(family, tables, offer, magi).is_some_and(|(ok, _)| !ok);
        if covered > 0 && unaffordable {
            let amount = match offer.family_monthly {
                Some(family) if offer.covers.len() > 1 => family,
                _ => offer.self_only_monthly,
            };
            sum += amount;
        }
    }
    sum
}
