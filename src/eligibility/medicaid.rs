//! Medicaid and CHIP for one person: the groups in order, income against the state's limit, and what rules them out
//! (status, other insurance, denial).
//!
//! Called by `determine` for everyone who applies. MAGI groups only: age, disability and long-term care are referred
//! to the state and must never be decided here.

use super::determination::{ChipCategory, MedicaidCategory};
use super::family::Family;
use super::household::{CoverageState, FormerFosterCare, Incarceration, OtherCoverage};
use super::medicaid_household::MedicaidHousehold;
use super::reasons::{Outcome, Reason, Rule, Value};
use super::rounding::{Pct, Ratio};
use super::tables::{BlocksWhen, Group, Guideline, MedicaidLimit, NumberCode, StateChoice, Tables};
use super::{coverage, immigration, work_rule};
use crate::types::Cents;

/// The Medicaid and CHIP result for one person.
#[derive(Debug, Default)]
pub struct PublicCoverage {
    pub medicaid: Option<MedicaidCategory>,
    pub chip: Option<ChipCategory>,
    pub emergency: bool,
    /// Income and group fit; only status rules it out.
    pub barred_by_status: bool,
    /// Would be in the adult group but for the 80 hours: that rules out the credit too.
    pub failed_community_engagement: bool,
    /// Twelve times the person's own income for the month.
    own_month_x12: Cents,
    pub reasons: Vec<Reason>,
}

/// What the tests below need to know about one person.
struct Case<'a> {
    family: &'a Family<'a>,
    tables: &'a Tables,
    i: usize,
    guideline: &'a Guideline,
    household: &'a MedicaidHousehold,
}

impl Case<'_> {
    fn number(&self, code: NumberCode) -> i64 {
        // A number that is not in force cannot admit anyone: no age is below zero.
        self.tables.number(code, self.family.as_of).map_or(0, |n| n.value)
    }

    fn limit(&self, group: Group) -> Option<&MedicaidLimit> {
        self.tables.limit(self.family.members[self.i].state, group, self.family.as_of)
    }

    /// Compares income with the dollar amount the state set for parents in a household of this size, if we know it.
    fn parent_standard(&self, income: Cents, reasons: &mut Vec<Reason>) -> Option<bool> {
        let state = self.family.members[self.i].state;
        let row = self.tables.parent_standard(state, self.household.size, self.family.as_of)?;
        let line = self.guideline.amount(self.household.size);
        let percent = Pct(self.number(NumberCode::MagiDisregardPercent) * 100);
        let disregard = if row.plus_disregard { super::rounding::income_at_most(percent, line) } else { Cents::ZERO };
        let limit = row.monthly * 12 + disregard;
        let met = income <= limit;
        reasons.push(
            Reason::test(self.tables, Rule::MedicaidLimit, met)
                .cite(&row.citation, row.status)
                .input("group", Value::Text("parent".into()))
                .input("household_size", Value::Number(self.household.size as i64))
                .compare(Value::Money(income), "at_most", Value::Money(limit)),
        );
        Some(met)
    }

    /// Compares income with the group's limit; the limit row includes the 5 % disregard.
    fn income_within(&self, group: Group, income: Cents, rule: Rule, reasons: &mut Vec<Reason>) -> bool {
        let Some(limit) = self.limit(group) else { return false };
        if group == Group::Parent
            && let Some(met) = self.parent_standard(income, reasons)
        {
            return met;
        }
        let fpl = Ratio::percent_of(income, self.guideline.amount(self.household.size));
        let met = fpl.at_most(limit.limit_fpl);
        let name = serde_json::to_value(group).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default();
        reasons.push(
            Reason::test(self.tables, rule, met)
                .cite(&limit.citation, limit.status)
                .input("group", Value::Text(name))
                .input("yearly_income", Value::Money(income))
                .input("household_size", Value::Number(self.household.size as i64))
                .compare(Value::Percent(fpl.shown()), "at_most", Value::Percent(limit.limit_fpl)),
        );
        met
    }
}

/// Assesses one person. `annual_below_poverty`: the tax household's yearly income is below 100 % (gap filling).
pub fn assess(
    family: &Family<'_>,
    tables: &Tables,
    i: usize,
    guideline: &Guideline,
    (household, own_month_x12): (&MedicaidHousehold, Cents),
    annual_below_poverty: bool,
) -> PublicCoverage {
    let mut out = PublicCoverage { own_month_x12, ..PublicCoverage::default() };
    let member = &family.members[i];
    let case = Case { family, tables, i, guideline, household };
    out.reasons.push(
        Reason::new(tables, Rule::MedicaidHousehold, Outcome::Noted)
            .input("rule", Value::Word(household.kind))
            .input("size", Value::Number(household.size as i64))
            .input(
                "monthly_income",
                Value::Money(super::rounding::shown_cents(Ratio { num: i128::from(household.month_x12.0), den: 12 })),
            ),
    );
    if !member.said.resident {
        out.reasons.push(Reason::new(tables, Rule::MedicaidResidency, Outcome::NotMet));
        return out;
    }
    if denied(&case, &mut out.reasons) {
        // The state's own statement that status rules out Medicaid opens the credit below the poverty line, while
        // that rule was in force.
        out.barred_by_status = member.said.medicaid_denied.as_ref().is_some_and(|d| d.because_of_immigration);
        return out;
    }
    let mut category = medicaid_category(&case, household.month_x12, &mut out);
    let mut income = household.month_x12;
    if category.is_none() && annual_below_poverty && household.year < household.month_x12 {
        let reason = Reason::new(tables, Rule::GapFilling, Outcome::Met);
        out.reasons.push(reason.input("yearly_income", Value::Money(household.year)));
        income = household.year;
        category = medicaid_category(&case, income, &mut out);
    }
    let status_ok = if category.is_some()
        || member.said.pregnant
        || i64::from(member.age_now) < case.number(NumberCode::ChildUnderAge)
    {
        immigration::opens_medicaid(family, tables, i, &mut out.reasons)
    } else {
        // Nothing to open; evaluated anyway, because the credit below the poverty line needs the answer.
        immigration::opens_medicaid(family, tables, i, &mut Vec::new())
    };
    out.barred_by_status = !status_ok;
    match category {
        Some(category) if status_ok => out.medicaid = Some(category),
        Some(_) => {
            out.emergency = true;
            out.reasons.push(Reason::new(tables, Rule::EmergencyMedicaid, Outcome::Met));
        }
        None => {}
    }
    if out.medicaid.is_none() {
        out.chip = chip_category(&case, income, status_ok, &mut out.reasons);
    }
    out
}

fn denied(case: &Case<'_>, reasons: &mut Vec<Reason>) -> bool {
    let Some(denial) = &case.family.members[case.i].said.medicaid_denied else { return false };
    let days = case.number(NumberCode::MedicaidDenialDays);
    let recent = (case.family.as_of - denial.date).whole_days() <= days;
    let holds = recent || denial.because_of_immigration;
    let outcome = if holds { Outcome::NotMet } else { Outcome::Noted };
    let reason = Reason::new(case.tables, Rule::MedicaidDenied, outcome).input("denied_on", Value::Day(denial.date));
    reasons.push(reason.input("because_of_immigration", Value::YesNo(denial.because_of_immigration)));
    holds
}

/// The first group, in order, whose limit this income meets.
fn medicaid_category(case: &Case<'_>, income: Cents, out: &mut PublicCoverage) -> Option<MedicaidCategory> {
    let member = &case.family.members[case.i];
    let said = member.said;
    let age = i64::from(member.age_now);
    let reasons = &mut out.reasons;
    if said.receives_ssi {
        reasons.push(Reason::new(case.tables, Rule::MedicaidSsi, Outcome::Met));
        return Some(MedicaidCategory::Ssi);
    }
    if age < case.number(NumberCode::ChildUnderAge) {
        let (group, insured, category) = match age {
            0 => (Group::Infant, Group::InfantInsured, MedicaidCategory::Infant),
            1..=5 => (Group::Child1To5, Group::Child1To5Insured, MedicaidCategory::Child1To5),
            _ => (Group::Child6To18, Group::Child6To18Insured, MedicaidCategory::Child6To18),
        };
        // The part of the group that CHIP pays for is for children without other insurance.
        let lower = case.limit(insured).is_some() && coverage::insured(case.family, case.tables, case.i);
        let (group, rule) = if lower { (insured, Rule::ChildInsured) } else { (group, Rule::MedicaidLimit) };
        if case.income_within(group, income, rule, reasons) {
            return Some(category);
        }
    }
    if (said.pregnant || said.postpartum) && case.income_within(Group::Pregnant, income, Rule::MedicaidLimit, reasons) {
        return Some(MedicaidCategory::Pregnant);
    }
    if cares_for_dependent_child(case) && case.income_within(Group::Parent, income, Rule::MedicaidLimit, reasons) {
        return Some(MedicaidCategory::Parent);
    }
    if let Some(foster) = &said.former_foster_care {
        let met = age < case.number(NumberCode::FormerFosterUnderAge)
            && i64::from(foster.left_at_age) >= case.number(NumberCode::FormerFosterLeftAtLeast)
            && foster.had_medicaid
            && of_this_state_or_any(case, foster);
        let reason = Reason::test(case.tables, Rule::FormerFosterCare, met);
        reasons.push(reason.input("left_at_age", Value::Number(i64::from(foster.left_at_age))));
        if met {
            return Some(MedicaidCategory::FormerFosterCare);
        }
    }
    let young = (case.number(NumberCode::ChildUnderAge)..case.number(NumberCode::YoungAdultUnderAge)).contains(&age);
    if young && case.income_within(Group::YoungAdult, income, Rule::MedicaidLimit, reasons) {
        return Some(MedicaidCategory::YoungAdult);
    }
    adult_group(case, income, out).then_some(MedicaidCategory::Adult)
}

/// Foster care in another state counts for those who turned 18 after the rule for all states took effect.
fn of_this_state_or_any(case: &Case<'_>, foster: &FormerFosterCare) -> bool {
    let member = &case.family.members[case.i];
    let there = foster.state.as_deref().and_then(super::state::State::parse);
    if there.is_none_or(|state| state == member.state) {
        return true;
    }
    let year = match member.said.date_of_birth {
        Some(born) => born.year() + 18,
        None => case.family.as_of.year() - (i32::from(member.age_now) - 18),
    };
    let day = member.said.date_of_birth.unwrap_or(case.family.as_of);
    let turned_18 = day.replace_year(year).unwrap_or(day);
    case.tables.number(NumberCode::FormerFosterAnyState, turned_18).is_some()
}

fn adult_group(case: &Case<'_>, income: Cents, out: &mut PublicCoverage) -> bool {
    let member = &case.family.members[case.i];
    let age = i64::from(member.age_now);
    let ages = case.number(NumberCode::AdultGroupMinimumAge)..case.number(NumberCode::AdultGroupUnderAge);
    if !ages.contains(&age) || member.said.pregnant || in_medicare(case) {
        return false;
    }
    if !case.income_within(Group::Adult, income, Rule::MedicaidLimit, &mut out.reasons) {
        return false;
    }
    if let Some(child) = uncovered_child(case) {
        let reason = Reason::new(case.tables, Rule::DependentChildCovered, Outcome::NotMet);
        out.reasons.push(reason.input("child", Value::Text(case.family.members[child].id.clone())));
        return false;
    }
    let test = work_rule::test(case.family, case.tables, case.i, out.own_month_x12);
    let Some(test) = test else { return true };
    let hours = Value::Number(case.number(NumberCode::CommunityEngagementHours));
    let outcome = if test.passes { Outcome::Noted } else { Outcome::NotMet };
    let mut reason = Reason::new(case.tables, Rule::CommunityEngagement, outcome).input("hours_a_month", hours);
    if let Some(by_income) = test.by_income {
        reason = reason.input("met_by_monthly_income", Value::Money(by_income));
    }
    out.reasons.push(reason);
    // Where the hours are a state's own condition, nobody loses a credit by not showing them.
    out.failed_community_engagement = !test.passes && !test.by_state_alone;
    test.passes
}

/// A parent or caretaker of a dependent child at home, or the spouse of one.
fn cares_for_dependent_child(case: &Case<'_>) -> bool {
    let family = case.family;
    let state = family.members[case.i].state;
    let chosen = case.tables.option(state, StateChoice::DependentChildAge, family.as_of).map(|o| o.value.as_str());
    // Under 18; a state may add students of 18, or go up to 19. Where we do not know, students count.
    let (under, students) = match chosen.and_then(|value| value.parse().ok()) {
        Some(age) => (age, false),
        None => (case.number(NumberCode::DependentChildUnderAge), true),
    };
    let dependent = |k: usize| {
        let age = i64::from(family.members[k].age_now);
        let student = students && age == under && family.members[k].said.full_time_student;
        family.live_together(case.i, k) && (age < under || student)
    };
    let cares = |who: usize| {
        (0..family.members.len()).any(|k| {
            let named = family.members[who].said.caretaker_of.contains(&family.members[k].id);
            k != who && dependent(k) && (named || family.is_parent_of(who, k))
        })
    };
    let spouse = family.members[case.i].spouse.filter(|&s| family.live_together(case.i, s));
    cares(case.i) || spouse.is_some_and(cares)
}

/// A child under 19 in the home of this parent or caretaker who has no minimum essential coverage, a job's plan
/// included, and asks for none (42 CFR 435.119(c)).
fn uncovered_child(case: &Case<'_>) -> Option<usize> {
    let under = case.number(NumberCode::ChildUnderAge);
    let family = case.family;
    (0..family.members.len()).find(|&k| {
        let child = &family.members[k];
        let public = |c: &OtherCoverage| {
            let goes_on = c.ends.is_none_or(|end| end >= family.coverage_start);
            c.state == CoverageState::Enrolled
                && goes_on
                && matches!(c.kind.as_str(), "medicaid" | "chip" | "marketplace")
        };
        let cares = family.is_parent_of(case.i, k) || family.members[case.i].said.caretaker_of.contains(&child.id);
        i64::from(child.age_now) < under
            && cares
            && family.live_together(case.i, k)
            && !child.said.applying
            && !child.said.other_coverage.iter().any(public)
            && !coverage::insured(family, case.tables, k)
    })
}

/// Entitled to or enrolled in Medicare, by the kind of coverage (42 CFR 435.119(b)(3)); Part A that could be bought
/// is neither.
fn in_medicare(case: &Case<'_>) -> bool {
    let start = case.family.coverage_start;
    case.family.members[case.i].said.other_coverage.iter().any(|c| {
        let when = case.tables.coverage_kind(&c.kind).map(|kind| kind.bars_adult_group_when);
        let bars = match when {
            Some(BlocksWhen::Eligible) => true,
            Some(BlocksWhen::Enrolled) => c.state == CoverageState::Enrolled,
            Some(BlocksWhen::Never) | None => false,
        };
        bars && c.ends.is_none_or(|end| end >= start)
    })
}

fn chip_category(case: &Case<'_>, income: Cents, status_ok: bool, reasons: &mut Vec<Reason>) -> Option<ChipCategory> {
    let member = &case.family.members[case.i];
    let said = member.said;
    let child = i64::from(member.age_now) < case.number(NumberCode::ChildUnderAge);
    if said.incarcerated != Incarceration::No {
        return None;
    }
    if child
        && status_ok
        && case.income_within(Group::ChipChild, income, Rule::ChipLimit, reasons)
        && uninsured(case, reasons)
        && waited(case, reasons)
    {
        return Some(ChipCategory::Child);
    }
    // Who has other insurance is no targeted low-income child or woman (42 CFR 457.310(b)(2)(ii); 42 USC 1397ll(d)(2)).
    if said.pregnant
        && status_ok
        && case.income_within(Group::ChipPregnant, income, Rule::ChipLimit, reasons)
        && uninsured(case, reasons)
    {
        return Some(ChipCategory::Pregnant);
    }
    if said.pregnant && case.income_within(Group::ChipUnborn, income, Rule::Unborn, reasons) && uninsured(case, reasons)
    {
        return Some(ChipCategory::Unborn);
    }
    None
}

fn uninsured(case: &Case<'_>, reasons: &mut Vec<Reason>) -> bool {
    let insured = coverage::insured(case.family, case.tables, case.i);
    if insured {
        reasons.push(Reason::new(case.tables, Rule::ChipInsured, Outcome::NotMet));
    }
    !insured
}

fn waited(case: &Case<'_>, reasons: &mut Vec<Reason>) -> bool {
    let member = &case.family.members[case.i];
    let Some(option) = case.tables.option(member.state, StateChoice::ChipWaitingDays, case.family.as_of) else {
        return true;
    };
    let days = option.value.parse::<i64>().unwrap_or(0);
    let last_end = member.said.other_coverage.iter().filter(|c| c.kind == "employer").filter_map(|c| c.ends).max();
    let met = last_end.is_none_or(|end| (case.family.as_of - end).whole_days() >= days);
    if !met {
        let reason = Reason::new(case.tables, Rule::ChipWaiting, Outcome::NotMet).cite(&option.citation, option.status);
        reasons.push(reason.input("waiting_days", Value::Number(days)));
    }
    met
}
