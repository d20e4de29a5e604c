//! `determine`: applies the rules in the order of the law. Family, income and poverty line first, then each person's
//! options, then the tax household's credit.
//!
//! Called by the shop for each household and by `windowshop determine`. Each step is in its own module; this one must
//! only pass answers along.

use time::Date;

use super::assumptions::{Assumed, Assumption, Code};
use super::determination::{
    ChipCategory, Determination, MarketplaceAnswer, MedicaidDecision, MedicaidHouseholdAnswer, PersonAnswer,
};
use super::family::{Family, TaxRole, resolve};
use super::household::{FieldError, FilingStatus, Household, Incarceration, NotProved};
use super::income::{self, PersonIncome, TaxHousehold};
use super::limits::Bound;
use super::medicaid::{self, PublicCoverage};
use super::reasons::{Outcome, Reason, Rule, Value};
use super::rounding::Ratio;
use super::tables::{
    CreditLimits, CsrLevel, Group, Guideline, GuidelineProgram, ImmigrationAnswer, ImmigrationProgram,
    ImmigrationStatus, Marketplace, MarketplaceKind, NumberCode, Rounding, StateChoice, Tables,
};
use super::{coverage, csr, household_credit, immigration, medicaid_household};
use crate::types::Cents;

/// A tax household with its income measured.
pub(super) struct Measured<'t> {
    pub(super) people: TaxHousehold,
    pub(super) magi: Cents,
    pub(super) guideline: &'t Guideline,
    pub(super) line: Cents,
    pub(super) fpl: Ratio,
    pub(super) limits: &'t CreditLimits,
    pub(super) in_range: bool,
    /// Filing status and reconciliation rule nobody out.
    pub(super) filing_ok: bool,
    pub(super) reasons: Vec<Reason>,
}

/// What the steps share.
pub(super) struct Work<'a> {
    pub(super) family: &'a Family<'a>,
    pub(super) tables: &'a Tables,
    pub(super) incomes: Vec<PersonIncome>,
    /// Limits on deductions and losses that applied, by the first filer of the return.
    pub(super) bounds: &'a [(usize, Bound)],
    pub(super) rounding: &'a Rounding,
    pub(super) kind: MarketplaceKind,
}

/// Determines a household on a given day.
///
/// # Errors
///
/// Every field that cannot be used, by its path.
pub fn determine(household: &Household, tables: &Tables, as_of: Date) -> Result<Determination, Vec<FieldError>> {
    Checked::of(household, tables, as_of)?.at(Cents::ZERO)
}

/// A household after checking: what does not change with its income, so that other incomes can be tried.
pub(super) struct Checked<'a> {
    family: Family<'a>,
    tables: &'a Tables,
    households: Vec<TaxHousehold>,
    incomes: Vec<PersonIncome>,
    bounds: Vec<(usize, Bound)>,
    assumed: Vec<Assumed>,
    marketplace: &'a Marketplace,
    rounding: &'a Rounding,
}

impl<'a> Checked<'a> {
    /// # Errors
    ///
    /// As [`determine`].
    pub(super) fn of(
        household: &'a Household,
        tables: &'a Tables,
        as_of: Date,
    ) -> Result<Checked<'a>, Vec<FieldError>> {
        let family = resolve(household, tables, as_of)?;
        let households = income::tax_households(&family);
        let mut errors = coverage::check_kinds(&family, tables);
        let mut assumed = family.assumed.clone();
        let found = income::incomes(&family, &households, tables, &mut assumed);
        let (incomes, bounds) = found.unwrap_or_else(|more| {
            errors.extend(more);
            Default::default()
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        let year = household.plan_year;
        let marketplace = tables.marketplace(family.state, year).ok_or_else(|| no_rules("state", "marketplace"))?;
        let platform = marketplace.kind.platform();
        let rounding = tables.rounding(platform, year).ok_or_else(|| no_rules("plan_year", "rounding rule"))?;
        for (i, member) in family.members.iter().enumerate() {
            if coverage::silent_on_medicare(&family, tables, i) && member.said.applying {
                assumed.push(Assumed::of(Code::NoFreePartAFrom65, i));
            }
        }
        assumed.sort_unstable();
        assumed.dedup();
        Ok(Checked { family, tables, households, incomes, bounds, assumed, marketplace, rounding })
    }

    /// The answer with `shift` cents per year more (or less) for the first filer of the first person's tax household: how
    /// `thresholds` finds out what another income would change.
    ///
    /// # Errors
    ///
    /// As [`determine`].
    pub(super) fn at(&self, shift: Cents) -> Result<Determination, Vec<FieldError>> {
        let Checked { family, tables, households, marketplace, .. } = self;
        let incomes = income::shifted(self.incomes.clone(), households, shift);
        let (bounds, rounding, kind) = (&self.bounds[..], self.rounding, marketplace.kind);
        let work = Work { family, tables, incomes, bounds, rounding, kind };
        let measured = households
            .iter()
            .map(|people| measure(&work, people.clone()))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| no_rules("plan_year", "poverty guideline"))?;
        let public = assess_all(&work, &measured).ok_or_else(|| no_rules("as_of", "Medicaid guideline"))?;
        let allowed: Vec<bool> = measured.iter().map(|m| allowed_by_income(&work, m, &public)).collect();
        let mut people = Vec::with_capacity(family.members.len());
        for (i, (public, household)) in public.into_iter().enumerate() {
            let which = measured.iter().position(|m| m.people.members.contains(&i));
            let measure = which.map(|w| (&measured[w], allowed[w]));
            people.push(person(&work, i, public, household, measure));
        }
        let tax_households = measured.into_iter().map(|m| household_credit::answer(&work, m, &people)).collect();
        let id = |i: usize| family.members[i].id.clone();
        Ok(Determination {
            id: family.said.id.clone(),
            plan_year: family.said.plan_year,
            as_of: family.as_of,
            coverage_start: family.coverage_start,
            state: family.state,
            marketplace: MarketplaceAnswer { kind, name: marketplace.name.clone(), url: marketplace.url.clone() },
            people,
            tax_households,
            assumptions: self.assumed.iter().map(|a| Assumption::new(tables, *a, id)).collect(),
        })
    }
}

fn no_rules(field: &str, what: &str) -> Vec<FieldError> {
    vec![FieldError::new(field, format!("we have no {what} for this"))]
}

pub(super) fn names(work: &Work<'_>, which: &[usize]) -> Vec<String> {
    which.iter().map(|&i| work.family.members[i].id.clone()).collect()
}

fn measure<'a>(work: &Work<'a>, people: TaxHousehold) -> Option<Measured<'a>> {
    let (family, tables) = (work.family, work.tables);
    let area = family.members[*people.filers.first()?].state.area();
    let (guideline, row) = tables.guideline(GuidelineProgram::Credit, family.coverage_start, area)?;
    let limits = tables.credit_limits(family.said.plan_year)?;
    let magi = income::household_income(&people, &work.incomes);
    let line = guideline.amount(people.members.len());
    let fpl = Ratio::percent_of(magi, line);
    let in_range = fpl.at_least(limits.minimum_fpl) && limits.maximum_fpl.is_none_or(|max| fpl.at_most(max));
    let mut reasons = Vec::with_capacity(8);
    let size = Value::Number(people.members.len() as i64);
    reasons.push(Reason::new(tables, Rule::FamilySize, Outcome::Noted).input("family_size", size));
    reasons.push(Reason::new(tables, Rule::HouseholdIncome, Outcome::Noted).input("magi", Value::Money(magi)));
    for (_, bound) in work.bounds.iter().filter(|(i, _)| people.members.contains(i)) {
        let rule = if bound.loss { Rule::LossLimit } else { Rule::DeductionLimit };
        let reason = Reason::new(tables, rule, Outcome::Noted).cite(&bound.citation, bound.status);
        let reason = reason.input("income_kind", Value::Text(bound.kind.clone()));
        reasons.push(reason.compare(Value::Money(bound.said), "at_most", Value::Money(bound.allowed)));
    }
    for &i in people.members.iter().filter(|i| !people.filers.contains(i) && work.incomes[**i].year != Cents::ZERO) {
        let income = &work.incomes[i];
        let outcome = if income.must_file { Outcome::Met } else { Outcome::NotMet };
        let mut reason = Reason::new(tables, Rule::DependentIncome, outcome);
        if let Some(row) = tables.filing(family.said.plan_year) {
            reason = reason.cite(&row.citation, row.status).input("earned_over", Value::Money(row.earned_over));
        }
        let who = Value::Text(family.members[i].id.clone());
        reasons.push(reason.input("person", who).input("income", Value::Money(income.year)));
    }
    reasons.push(
        Reason::new(tables, Rule::FplPercent, Outcome::Noted)
            .cite(&row.citation, row.status)
            .input("guideline_year", Value::Number(i64::from(guideline.guideline_year)))
            .input("poverty_line", Value::Money(line))
            .input("fpl_percent", Value::Percent(fpl.shown())),
    );
    reasons.push(range_reason(tables, limits, magi, line, fpl));
    let filing_ok = filing_ok(work, &people, &mut reasons);
    Some(Measured { people, magi, guideline, line, fpl, limits, in_range, filing_ok, reasons })
}

fn range_reason(tables: &Tables, limits: &CreditLimits, magi: Cents, line: Cents, fpl: Ratio) -> Reason {
    let low = fpl.at_least(limits.minimum_fpl);
    let high = limits.maximum_fpl.is_none_or(|max| fpl.at_most(max));
    let limit = |pct| Value::Money(super::rounding::income_at_most(pct, line));
    let reason = Reason::test(tables, Rule::CreditIncomeRange, low && high).cite(&limits.citation, limits.status);
    match limits.maximum_fpl {
        Some(max) if low => {
            reason.input("maximum_fpl", Value::Percent(max)).compare(Value::Money(magi), "at_most", limit(max))
        }
        _ => reason.input("minimum_fpl", Value::Percent(limits.minimum_fpl)).compare(
            Value::Money(magi),
            "at_least",
            limit(limits.minimum_fpl),
        ),
    }
}

fn filing_ok(work: &Work<'_>, people: &TaxHousehold, reasons: &mut Vec<Reason>) -> bool {
    let mut ok = true;
    for &i in &people.filers {
        let member = &work.family.members[i];
        let said = member.said;
        let unmarried =
            matches!(said.filing_status, Some(FilingStatus::HeadOfHousehold | FilingStatus::QualifyingSurvivingSpouse));
        let separate = said.filing_status == Some(FilingStatus::MarriedFilingSeparately)
            || (member.spouse.is_some() && !member.joint && !unmarried);
        if separate {
            let excepted = said.separate_filing_exception.is_some();
            let reason = Reason::test(work.tables, Rule::MarriedFilingSeparately, excepted);
            reasons.push(reason.input("exception", Value::YesNo(excepted)));
            ok &= excepted;
        }
        if said.not_proved.contains(&NotProved::Income) {
            reasons.push(Reason::new(work.tables, Rule::IncomeProved, Outcome::NotMet));
            ok = false;
        }
        let years = i64::from(said.years_without_reconciling);
        let most = work.tables.number(NumberCode::RefusedReconcilingYears, work.family.coverage_start);
        if let Some(most) = most.filter(|most| years >= most.value) {
            let reason = Reason::new(work.tables, Rule::Reconciliation, Outcome::NotMet);
            let reason = reason.cite(&most.citation, most.status);
            reasons.push(reason.compare(Value::Number(years), "less_than", Value::Number(most.value)));
            ok = false;
        }
    }
    ok
}

type Assessed = (PublicCoverage, Option<MedicaidHouseholdAnswer>);

fn assess_all(work: &Work<'_>, measured: &[Measured<'_>]) -> Option<Vec<Assessed>> {
    let (family, tables) = (work.family, work.tables);
    let households: Vec<TaxHousehold> = measured.iter().map(|m| m.people.clone()).collect();
    let mut out = Vec::with_capacity(family.members.len());
    for (i, member) in family.members.iter().enumerate() {
        if !member.said.applying {
            out.push((PublicCoverage::default(), None));
            continue;
        }
        let (guideline, _) = tables.guideline(GuidelineProgram::Medicaid, family.as_of, member.state.area())?;
        let household = medicaid_household::build(family, tables, &households, &work.incomes, i);
        let below = measured
            .iter()
            .find(|m| m.people.members.contains(&i))
            .is_some_and(|m| !m.fpl.at_least(m.limits.minimum_fpl));
        let public =
            medicaid::assess(family, tables, i, guideline, (&household, work.incomes[i].medicaid_month_x12), below);
        let answer = MedicaidHouseholdAnswer {
            members: names(work, &household.members),
            size: household.size,
            monthly_income_x12: household.month_x12,
            guideline_year: guideline.guideline_year,
            fpl_percent: Ratio::percent_of(household.month_x12, guideline.amount(household.size)).shown(),
        };
        out.push((public, Some(answer)));
    }
    Some(out)
}

/// Income in range, or below it in the years of the exception for people kept out of Medicaid by their status.
fn allowed_by_income(work: &Work<'_>, measured: &Measured<'_>, public: &[Assessed]) -> bool {
    let excepted = measured.limits.below_minimum_if_barred_from_medicaid
        && !measured.fpl.at_least(measured.limits.minimum_fpl)
        && measured.people.members.iter().any(|&i| {
            let status = work.family.members[i].said.immigration.status;
            let day = immigration::coverage_day(work.family);
            let present = work
                .tables
                .immigration(ImmigrationProgram::Marketplace, status, day)
                .is_some_and(|row| row.answer == ImmigrationAnswer::Yes);
            status != ImmigrationStatus::UsCitizen && present && public[i].0.barred_by_status
        });
    measured.in_range || excepted
}

fn person(
    work: &Work<'_>,
    i: usize,
    public: PublicCoverage,
    household: Option<MedicaidHouseholdAnswer>,
    measured: Option<(&Measured<'_>, bool)>,
) -> PersonAnswer {
    let (family, tables) = (work.family, work.tables);
    let member = &family.members[i];
    let said = member.said;
    let mut answer = PersonAnswer {
        id: member.id.clone(),
        age: member.age,
        applying: said.applying,
        marketplace: false,
        credit: false,
        csr: CsrLevel::None,
        csr_choices: csr::Choices::default(),
        medicaid: public.medicaid,
        chip: public.chip,
        basic_health: false,
        emergency_medicaid: public.emergency,
        coverage_gap: false,
        catastrophic: false,
        non_magi_referral: false,
        medicaid_decision: decision(work, i),
        medicaid_household: household,
        reasons: public.reasons,
    };
    if !said.applying {
        answer.reasons.push(Reason::new(tables, Rule::NotApplying, Outcome::Noted));
        return answer;
    }
    answer.marketplace = marketplace(work, i, &mut answer.reasons);
    let medicare = said.other_coverage.iter().any(|c| c.kind.starts_with("medicare"));
    let old = tables.number(NumberCode::AdultGroupUnderAge, family.as_of);
    answer.non_magi_referral = said.blind_or_disabled
        || said.needs_long_term_care
        || said.receives_ssi
        || medicare
        || old.is_some_and(|n| i64::from(member.age_now) >= n.value);
    if answer.non_magi_referral && answer.medicaid.is_none() {
        answer.reasons.push(Reason::new(tables, Rule::NonMagiReferral, Outcome::Noted));
    }
    let Some((measured, allowed)) = measured else {
        let outside = member.role == TaxRole::ClaimedOutside;
        let rule = if outside { Rule::ClaimedBySomeoneElse } else { Rule::MustFile };
        answer.reasons.push(Reason::new(tables, rule, Outcome::NotMet));
        finish(work, i, &mut answer, None, (false, false));
        return answer;
    };
    let mut doors = Vec::new();
    let shut_out = coverage::shuts_out(family, tables, i, measured.magi, &mut doors);
    let barred = public.barred_by_status;
    if answer.marketplace && !shut_out && answer.medicaid.is_none() {
        answer.basic_health = basic_health(work, i, measured, barred, &answer, &mut doors);
    }
    answer.reasons.append(&mut doors);
    if answer.public_coverage() {
        answer.reasons.push(Reason::new(tables, Rule::MedicaidOrChipInstead, Outcome::NotMet));
    }
    let status =
        answer.marketplace && immigration::opens(family, tables, i, ImmigrationProgram::Credit, &mut answer.reasons);
    if allowed && !measured.in_range {
        answer.reasons.push(Reason::new(tables, Rule::BelowPovertyException, Outcome::Met));
    }
    answer.credit = status
        && allowed
        && measured.filing_ok
        && !shut_out
        && !answer.public_coverage()
        && !public.failed_community_engagement;
    finish(work, i, &mut answer, Some(measured), (barred, public.failed_community_engagement));
    answer
}

/// Cost-sharing level, catastrophic plans and the coverage gap: what follows from the answers so far.
/// `(barred, idle)`: status rules out Medicaid; the work rule alone does.
fn finish(
    work: &Work<'_>,
    i: usize,
    answer: &mut PersonAnswer,
    measured: Option<&Measured<'_>>,
    (barred, idle): (bool, bool),
) {
    let (family, tables) = (work.family, work.tables);
    let member = &family.members[i];
    let year = family.said.plan_year;
    if answer.marketplace && !answer.public_coverage() {
        let fpl = measured.map(|m| m.fpl);
        answer.csr_choices = csr::Choices::of(tables, year, fpl, answer.credit, member.said.tribal_member);
        if let Some(band) = csr::level(tables, year, fpl, answer.credit, member.said.tribal_member) {
            answer.csr = band.level;
            let rule = if band.tribal { Rule::CsrTribal } else { Rule::CsrIncome };
            let mut reason = Reason::new(tables, rule, Outcome::Met).cite(&band.citation, band.status);
            if let (Some(fpl), Some(to)) = (fpl, band.fpl_to) {
                reason = reason.compare(Value::Percent(fpl.shown()), "at_most", Value::Percent(to));
            }
            answer.reasons.push(reason);
        }
    }
    let young = tables
        .number(NumberCode::CatastrophicUnderAge, family.coverage_start)
        .is_some_and(|n| i64::from(member.age_at_year_start) < n.value);
    let by_income = tables.number(NumberCode::CatastrophicIfNoCreditByIncome, family.coverage_start).is_some()
        && measured.is_some_and(|m| !m.in_range);
    answer.catastrophic = answer.marketplace && (young || member.said.hardship_exemption || by_income);
    if answer.catastrophic {
        let reason = Reason::new(tables, Rule::Catastrophic, Outcome::Met).input("young", Value::YesNo(young));
        let reason = reason.input("hardship_exemption", Value::YesNo(member.said.hardship_exemption));
        answer.reasons.push(reason.input("no_credit_by_income", Value::YesNo(by_income)));
    }
    let number = |code| tables.number(code, family.as_of).map_or(0, |n| n.value);
    let ages = number(NumberCode::AdultGroupMinimumAge)..number(NumberCode::AdultGroupUnderAge);
    let poor = measured.is_some_and(|m| !m.fpl.at_least(m.limits.minimum_fpl));
    let not_expanded = !tables.chose(member.state, StateChoice::AdultExpansion, family.as_of);
    if poor
        && not_expanded
        && !barred
        && !idle
        && !answer.credit
        && !answer.public_coverage()
        && ages.contains(&i64::from(member.age_now))
    {
        answer.coverage_gap = true;
        answer.reasons.push(Reason::new(tables, Rule::CoverageGap, Outcome::Noted));
    }
}

fn decision(work: &Work<'_>, i: usize) -> MedicaidDecision {
    let state = work.family.members[i].state;
    match work.kind {
        MarketplaceKind::Sbm => MedicaidDecision::StateMarketplace,
        _ if work.tables.chose(state, StateChoice::MarketplaceDecidesMedicaid, work.family.as_of) => {
            MedicaidDecision::Marketplace
        }
        _ => MedicaidDecision::StateAgency,
    }
}

fn marketplace(work: &Work<'_>, i: usize, reasons: &mut Vec<Reason>) -> bool {
    let said = work.family.members[i].said;
    let status = immigration::opens(work.family, work.tables, i, ImmigrationProgram::Marketplace, reasons);
    if said.incarcerated != Incarceration::No {
        let pending = said.incarcerated == Incarceration::PendingDisposition;
        let reason = Reason::test(work.tables, Rule::MarketplaceIncarceration, pending);
        reasons.push(reason.input("pending_disposition", Value::YesNo(pending)));
    }
    if !said.resident {
        reasons.push(Reason::new(work.tables, Rule::MarketplaceResidency, Outcome::NotMet));
    }
    status && said.incarcerated != Incarceration::Yes && said.resident
}

fn basic_health(
    work: &Work<'_>,
    i: usize,
    measured: &Measured<'_>,
    barred: bool,
    answer: &PersonAnswer,
    reasons: &mut Vec<Reason>,
) -> bool {
    let member = &work.family.members[i];
    let day = immigration::coverage_day(work.family);
    let Some(limit) = work.tables.limit(member.state, Group::BasicHealth, day) else { return false };
    let too_old = work.tables.number(NumberCode::AdultGroupUnderAge, day);
    let in_chip = matches!(answer.chip, Some(ChipCategory::Child | ChipCategory::Pregnant));
    if in_chip || too_old.is_some_and(|n| i64::from(member.age) >= n.value) {
        return false;
    }
    // Below the adult limit the program is for people kept out of Medicaid by their status.
    let above_medicaid = work
        .tables
        .limit(member.state, Group::Adult, work.family.as_of)
        .is_none_or(|adult| !measured.fpl.at_most(adult.limit_fpl));
    let met = measured.fpl.at_most(limit.limit_fpl) && (above_medicaid || barred);
    let reason = Reason::test(work.tables, Rule::BasicHealth, met).cite(&limit.citation, limit.status);
    reasons.push(reason.compare(Value::Percent(measured.fpl.shown()), "at_most", Value::Percent(limit.limit_fpl)));
    met
}
