//! A tax household's credit: its eligible members, the benchmark among the plans given, and the calculation in steps.
//!
//! Called by `determine` as its last step. It must never decide who is eligible: that is settled before.

use super::determination::{PersonAnswer, TaxHouseholdAnswer};
use super::determine::{Measured, Work, names};
use super::reasons::{Outcome, Reason, Rule, Value};
use super::rounding::{Ratio, shown_cents};
use super::{benchmark, coverage, credit, csr};
use crate::types::Cents;

/// The answer for one tax household, once every person has theirs.
pub(super) fn answer(work: &Work<'_>, measured: Measured<'_>, people: &[PersonAnswer]) -> TaxHouseholdAnswer {
    let (family, tables) = (&work.family, work.tables);
    let eligible: Vec<usize> = measured.people.members.iter().copied().filter(|&i| people[i].credit).collect();
    let bands = tables.bands(family.said.plan_year);
    let found = credit::applicable_percentage(bands, measured.fpl);
    let applicable = found.map(|(ratio, _)| ratio);
    let contribution = applicable.map(|a| shown_cents(credit::contribution_monthly(measured.magi, a)));
    let mut reasons = measured.reasons;
    if let Some((ratio, band)) = found {
        let reason = Reason::new(tables, Rule::ApplicablePercentage, Outcome::Noted).cite(&band.citation, band.status);
        let reason = reason
            .input("initial_percent", Value::Percent(band.initial_percent))
            .input("final_percent", Value::Percent(band.final_percent));
        reasons.push(reason.input("applicable_percentage", Value::Percent(ratio.shown())));
    }
    if let Some(amount) = contribution {
        let reason = Reason::new(tables, Rule::ExpectedContribution, Outcome::Noted);
        reasons.push(reason.input("contribution_monthly", Value::Money(amount)));
    }
    let first = measured.people.members.contains(&0);
    let benchmark = find_benchmark(work, &eligible, first);
    let qsehra = coverage::qsehra_reduction(family, tables, &eligible, measured.magi);
    let shopping: Vec<usize> = measured.people.members.iter().copied().filter(|&i| people[i].shops()).collect();
    let choices: Vec<csr::Choices> = shopping.iter().map(|&i| people[i].csr_choices).collect();
    let csr_together = csr::together(&choices);
    let better = shopping.iter().filter(|&&i| csr::together(&[people[i].csr_choices]) > csr_together);
    let csr_better_apart: Vec<usize> = better.copied().collect();
    let mut answer = TaxHouseholdAnswer {
        filers: names(work, &measured.people.filers),
        members: names(work, &measured.people.members),
        family_size: measured.people.members.len(),
        magi: measured.magi,
        guideline_year: measured.guideline.guideline_year,
        guideline: measured.line,
        fpl_percent: measured.fpl.shown(),
        fpl_percent_exact: measured.fpl.exact(),
        applicable_percentage: applicable.map(Ratio::shown),
        applicable_percentage_exact: applicable.map(Ratio::exact),
        contribution_monthly: contribution,
        credit_eligible: names(work, &eligible),
        benchmark_monthly: benchmark.as_ref().map(|b| b.monthly),
        benchmark_plans: benchmark.map(|b| b.plans).unwrap_or_default(),
        credit_monthly: None,
        qsehra_monthly: qsehra,
        csr_together,
        csr_better_apart: names(work, &csr_better_apart),
        reasons,
        member_indexes: measured.people.members,
        eligible_indexes: eligible,
        fpl: measured.fpl,
        applicable,
        rounding: work.rounding.credit_rounding,
    };
    finish_credit(work, &mut answer);
    answer
}

fn finish_credit(work: &Work<'_>, answer: &mut TaxHouseholdAnswer) {
    let tables = work.tables;
    if answer.eligible_indexes.is_empty() {
        answer.credit_monthly = Some(Cents::ZERO);
        answer.reasons.push(Reason::new(tables, Rule::MonthlyCredit, Outcome::NotMet));
        return;
    }
    let Some(monthly) = answer.benchmark_monthly else {
        answer.reasons.push(Reason::new(tables, Rule::Benchmark, Outcome::Noted).input("known", Value::YesNo(false)));
        return;
    };
    answer.reasons.push(
        Reason::new(tables, Rule::Benchmark, Outcome::Noted)
            .input("benchmark_monthly", Value::Money(monthly))
            .input("members", Value::Number(answer.eligible_indexes.len() as i64)),
    );
    if answer.qsehra_monthly != Cents::ZERO {
        let reason = Reason::new(tables, Rule::QsehraReduces, Outcome::Noted);
        answer.reasons.push(reason.input("monthly", Value::Money(answer.qsehra_monthly)));
    }
    let credit = answer.credit_for(monthly);
    answer.credit_monthly = Some(credit);
    let reason = Reason::test(tables, Rule::MonthlyCredit, credit != Cents::ZERO);
    let reason = reason.cite(&work.rounding.citation, work.rounding.status);
    answer.reasons.push(reason.input("credit_monthly", Value::Money(credit)));
}

fn find_benchmark(work: &Work<'_>, eligible: &[usize], first: bool) -> Option<benchmark::Benchmark> {
    let said = work.family.said;
    if eligible.is_empty() {
        return None;
    }
    if let Some(monthly) = said.benchmark_monthly.filter(|_| first) {
        return Some(benchmark::Benchmark { monthly, plans: Vec::new() });
    }
    let rules = benchmark::RatingRules::on(work.tables, work.family.coverage_start)?;
    let ages: Vec<u8> = work.family.members.iter().map(|m| m.age).collect();
    let plans: Vec<_> = said
        .silver_plans
        .iter()
        .map(|p| benchmark::SilverPlan {
            plan_id: &p.plan_id,
            member_premiums: p.member_premiums.clone(),
            pediatric_dental: p.pediatric_dental,
        })
        .collect();
    let dental: Vec<_> = said
        .dental_plans
        .iter()
        .map(|p| benchmark::DentalPlan { plan_id: &p.plan_id, member_premiums: p.member_premiums.clone() })
        .collect();
    benchmark::benchmark(&ages, &groups_by_place(work, eligible), &plans, &dental, rules)
}

/// Members of one state, county and ZIP code may share a policy.
fn groups_by_place(work: &Work<'_>, eligible: &[usize]) -> Vec<Vec<usize>> {
    let said = work.family.said;
    let place = |i: usize| {
        let member = &work.family.members[i];
        let elsewhere = member.said.state.is_some() || member.said.county_fips.is_some() || member.said.zip.is_some();
        let or = |own: &'_ Option<String>, home: &'_ Option<String>| {
            if elsewhere { own.clone() } else { home.clone() }
        };
        (member.state, or(&member.said.county_fips, &said.county_fips), or(&member.said.zip, &said.zip))
    };
    let mut groups: Vec<(_, Vec<usize>)> = Vec::new();
    for &i in eligible {
        let here = place(i);
        match groups.iter_mut().find(|(there, _)| *there == here) {
            Some((_, members)) => members.push(i),
            None => groups.push((here, vec![i])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}
