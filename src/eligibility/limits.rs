//! The most that deductions and losses may reduce income in a year: by person, by return, by other earnings.
//!
//! Called by `income` with everything on one return, added up by kind, so that a sum split over rows or spouses gives
//! the same result. Every limit is a dated row (`deduction_limits.csv`, `loss_limits.csv`). It must decide nothing
//! else, and reports for each limit that applied what was claimed and what counts.

use std::collections::BTreeMap;

use super::assumptions::Code;
use super::tables::{
    Base, Citation, CountsForMedicaid, DeductionLimit, IncomeNature, LossLimit, Per, PlanAtWork, Status, Tables,
};
use crate::types::Cents;

/// Amounts of one kind: for the year, and for the current month times twelve.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    pub year: Cents,
    /// Twelve times what comes steadily in the current month.
    pub steady_x12: Cents,
    /// Twelve times what comes once, in the current month.
    pub once_x12: Cents,
}

/// One person's sources by kind; deductions are positive.
pub type Sources = BTreeMap<String, Flow>;

/// A person on a return.
pub struct OnReturn {
    pub person: usize,
    pub age: Option<u8>,
    /// Enrolled in Medicare.
    pub medicare: bool,
    /// Takes part in a pension plan at work.
    pub workplace_plan: bool,
    pub sources: Sources,
}

/// How the return is filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Alone,
    Joint,
    /// Married, filing separately.
    Separate,
    /// By somebody who is claimed by somebody else.
    Dependent,
}

/// A limit that applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    pub kind: String,
    pub loss: bool,
    pub said: Cents,
    pub allowed: Cents,
    pub citation: Citation,
    pub status: Status,
}

/// What the limits assumed.
pub type LimitAssumption = (Code, usize);

/// Reduces the sources of one return to what counts. `family_hsa`: the health savings account goes with family
/// coverage.
pub fn apply(
    people: &mut [OnReturn],
    manner: Manner,
    family_hsa: bool,
    (tables, plan_year): (&Tables, i32),
) -> (Vec<Bound>, Vec<LimitAssumption>) {
    let mut cut = Cut { manner, family_hsa, plan_year, bound: Vec::new(), assumed: Vec::new() };
    let listed = |list: &str, kind: &str| list.split_whitespace().any(|k| k == kind);
    // Losses first, those with a phase-out last: it depends on the income that the others leave. Deductions in the order
    // of their rows.
    let mut losses: Vec<&LossLimit> = tables.loss_limits(plan_year).collect();
    losses.sort_by_key(|l| l.phase_out_from.is_some());
    for limit in losses {
        let rest = total(people, tables, |kind| !listed(&limit.kinds, kind) && !listed(&limit.income_without, kind));
        cut.losses(people, limit, rest);
    }
    for limit in tables.deduction_limits(plan_year) {
        let income = total(people, tables, |kind| kind != limit.kind && !listed(&limit.income_without, kind));
        cut.deduction(people, limit, income, tables);
    }
    (cut.bound, cut.assumed)
}

/// The year's income of some kinds, minus deductions, for the credit.
fn total(people: &[OnReturn], tables: &Tables, counts: impl Fn(&str) -> bool) -> Cents {
    let mut sum = Cents::ZERO;
    for (kind, flow) in people.iter().flat_map(|p| &p.sources) {
        let Some(row) = tables.income_kind(kind).filter(|row| row.counts_for_credit && counts(kind)) else { continue };
        sum += if row.nature == IncomeNature::Deduction { -flow.year } else { flow.year };
    }
    sum
}

struct Cut {
    manner: Manner,
    family_hsa: bool,
    plan_year: i32,
    bound: Vec<Bound>,
    assumed: Vec<LimitAssumption>,
}

impl Cut {
    fn losses(&mut self, people: &mut [OnReturn], limit: &LossLimit, rest: Cents) {
        let most = match self.manner {
            Manner::Joint => limit.joint_amount,
            Manner::Separate => limit.separate_amount,
            Manner::Alone | Manner::Dependent => limit.amount,
        };
        let most = left_of(most, rest, limit.phase_out_from, limit.phase_out_to);
        let kinds: Vec<&str> = limit.kinds.split(' ').collect();
        let net = |of: fn(&Flow) -> Cents, people: &[OnReturn]| -> Cents {
            people.iter().flat_map(|p| kinds.iter().filter_map(|k| p.sources.get(*k))).map(of).sum()
        };
        let said = net(|f| f.year, people);
        if said < Cents::ZERO && limit.phase_out_from.is_some() {
            self.assumed.extend(
                people.iter().filter(|p| p.sources.contains_key(kinds[0])).map(|p| (Code::ActiveRental, p.person)),
            );
        }
        // What exceeds the limit is put back into the losses, so that the net equals the limit.
        for (of, to, times) in PARTS {
            let net = net(of, people);
            let over = -(net + most * times);
            if over > Cents::ZERO {
                put_back(people, &kinds, (of, to), over);
            }
        }
        if said < -most {
            self.bound.push(Bound {
                kind: kinds[0].to_string(),
                loss: true,
                said: -said,
                allowed: most,
                citation: limit.citation.clone(),
                status: limit.status,
            });
        }
    }

    fn deduction(&mut self, people: &mut [OnReturn], limit: &DeductionLimit, income: Cents, tables: &Tables) {
        let kind = &limit.kind;
        let claims: Vec<Flow> = people.iter().map(|p| p.sources.get(kind).copied().unwrap_or_default()).collect();
        if claims.iter().all(|claim| *claim == Flow::default()) {
            return;
        }
        let said: Cents = claims.iter().map(|claim| claim.year).sum();
        let (each, whole) = self.most(people, &claims, limit, (income, tables));
        let (from, to) = match self.manner {
            Manner::Joint => (limit.joint_phase_out_from, limit.joint_phase_out_to),
            _ => (limit.phase_out_from, limit.phase_out_to),
        };
        let mut allowed = None;
        for (of, set, times) in PARTS {
            let capped =
                |claim: &Flow, most: &Option<Cents>| most.map_or(of(claim), |most| of(claim).min(most * times));
            let mine: Vec<Cents> = claims.iter().zip(&each).map(|(claim, most)| capped(claim, most)).collect();
            let sum: Cents = mine.iter().copied().sum();
            let kept = left_of(whole.map_or(sum, |whole| sum.min(whole * times)), income, from, to);
            for (p, part) in people.iter_mut().zip(share_out(kept, &mine)) {
                if let Some(flow) = p.sources.get_mut(kind) {
                    set(flow, part);
                }
            }
            // The year comes first.
            allowed.get_or_insert(kept);
        }
        let mut assume = |code: Code, holds: bool| {
            let claiming = people.iter().zip(&claims).filter(|(_, claim)| holds && **claim != Flow::default());
            self.assumed.extend(claiming.map(|(p, _)| (code, p.person)));
        };
        assume(Code::FamilyHsa, self.family_hsa && limit.family_amount.is_some());
        assume(Code::NoWorkplacePlan, limit.of == Some(Base::Pay));
        let allowed = allowed.unwrap_or(said);
        if allowed < said {
            let (citation, status) = (limit.citation.clone(), limit.status);
            self.bound.push(Bound { kind: kind.clone(), loss: false, said, allowed, citation, status });
        }
    }

    /// The most that each person, and the whole return, may deduct before the return's phase-out; `None`: no such limit.
    fn most(
        &self,
        people: &[OnReturn],
        claims: &[Flow],
        limit: &DeductionLimit,
        (income, tables): (Cents, &Tables),
    ) -> (Vec<Option<Cents>>, Option<Cents>) {
        let base = limit.family_amount.filter(|_| self.family_hsa).or(limit.amount);
        let catch_up = |p: &OnReturn| match (p.age, limit.catch_up_age, limit.catch_up) {
            (Some(age), Some(from), Some(more)) if age >= from => more,
            _ => Cents::ZERO,
        };
        let in_medicare = |p: &OnReturn| p.medicare && !limit.medicare;
        let claiming = people.iter().zip(claims).filter(|(p, claim)| **claim != Flow::default() && !in_medicare(p));
        let (mut each, mut whole): (Vec<Option<Cents>>, Option<Cents>) = match limit.per {
            Per::Person => (people.iter().map(|p| base.map(|base| base + catch_up(p))).collect(), None),
            Per::Return => {
                let more: Cents = claiming.map(|(p, _)| catch_up(p)).sum();
                (vec![None; people.len()], base.map(|base| base + more))
            }
        };
        let percent = limit.percent_of.map_or(10_000, |percent| percent.0);
        let part = |profit: Cents| Some(Cents(profit.0.saturating_mul(percent) / 10_000));
        match limit.of {
            Some(Base::Pay) => {
                // On a joint return one spouse's pay supports the other's contribution (26 USC 219(c)).
                whole = Some(people.iter().map(|p| pay(p, tables)).sum());
                each = (0..people.len())
                    .map(|i| each[i].map(|m| self.beside_a_plan(people, i, m, income, tables)))
                    .collect();
            }
            Some(Base::SelfEmployment) => each = people.iter().map(|p| part(profit(p))).collect(),
            Some(Base::SelfEmploymentNet) => each = people.iter().map(|p| part(net_profit(p))).collect(),
            None => {}
        }
        for (most, _) in each.iter_mut().zip(people).filter(|(_, p)| in_medicare(p)) {
            *most = Some(Cents::ZERO);
        }
        let barred = match self.manner {
            Manner::Separate => !limit.separate,
            Manner::Dependent => !limit.dependent,
            Manner::Alone | Manner::Joint => false,
        };
        (each, if barred { Some(Cents::ZERO) } else { whole })
    }

    /// What a pension plan at work leaves of a person's retirement contribution (26 USC 219(g)).
    fn beside_a_plan(&self, people: &[OnReturn], i: usize, most: Cents, income: Cents, tables: &Tables) -> Cents {
        let spouse_has = self.manner == Manner::Joint && people.iter().any(|p| p.workplace_plan);
        let who = match (people[i].workplace_plan, self.manner) {
            (true, Manner::Joint) => PlanAtWork::Joint,
            (true, Manner::Separate) => PlanAtWork::Separate,
            (true, Manner::Alone | Manner::Dependent) => PlanAtWork::Alone,
            (false, _) if spouse_has => PlanAtWork::Spouse,
            (false, _) => return most,
        };
        let Some(row) = tables.workplace_plan(self.plan_year, who) else { return most };
        let left = left_of(most, income, Some(row.phase_out_from), Some(row.phase_out_to));
        // Rounded up to ten dollars, and never a trifle (219(g)(2)(B), (C)).
        let tens = Cents((left.0 + 999) / 1_000 * 1_000);
        if left == Cents::ZERO { left } else { tens.max(row.at_least).min(most) }
    }
}

type Of = fn(&Flow) -> Cents;
type To = fn(&mut Flow, Cents);

/// The three amounts of a flow, and how many years' limits each may fill: a one-time amount in a month may fill the
/// year's.
const PARTS: [(Of, To, i64); 3] = [
    (|f| f.year, |f, to| f.year = to, 1),
    (|f| f.steady_x12, |f, to| f.steady_x12 = to, 1),
    (|f| f.once_x12, |f, to| f.once_x12 = to, 12),
];

/// What is left of an amount at an income between the two ends of a phase-out.
fn left_of(amount: Cents, income: Cents, from: Option<Cents>, to: Option<Cents>) -> Cents {
    let (Some(from), Some(to)) = (from, to) else { return amount };
    let over = (income - from).at_least_zero().min(to - from);
    let lost = i128::from(amount.0) * i128::from(over.0) / i128::from((to - from).0.max(1));
    amount - Cents(lost as i64)
}

/// Puts `over` back into the losses of some kinds, in proportion to them.
fn put_back(people: &mut [OnReturn], kinds: &[&str], (of, to): (Of, To), over: Cents) {
    let mut flows: Vec<&mut Flow> = people
        .iter_mut()
        .flat_map(|p| p.sources.iter_mut().filter(|(kind, _)| kinds.contains(&kind.as_str())).map(|(_, flow)| flow))
        .filter(|flow| of(flow) < Cents::ZERO)
        .collect();
    let losses: Vec<Cents> = flows.iter().map(|flow| -of(flow)).collect();
    for (flow, part) in flows.iter_mut().zip(share_out(over, &losses)) {
        let now = of(flow) + part;
        to(flow, now);
    }
}

/// Splits an amount in proportion to weights; leftover cents go to the largest.
fn share_out(amount: Cents, weights: &[Cents]) -> Vec<Cents> {
    let sum: Cents = weights.iter().copied().sum();
    if sum <= Cents::ZERO {
        return vec![Cents::ZERO; weights.len()];
    }
    let part = |w: &Cents| Cents((i128::from(amount.0) * i128::from(w.0) / i128::from(sum.0)) as i64);
    let mut out: Vec<Cents> = weights.iter().map(part).collect();
    let rest = amount - out.iter().copied().sum();
    if let Some(largest) = (0..weights.len()).max_by_key(|&i| weights[i]) {
        out[largest] += rest;
    }
    out
}

/// Pay from work, business profit, and alimony under the old law (26 USC 219(f)(1)).
fn pay(person: &OnReturn, tables: &Tables) -> Cents {
    let earned = |kind: &str| {
        let work =
            tables.income_kind(kind).is_some_and(|row| row.nature == IncomeNature::Earned && row.counts_for_filing);
        (work && !matches!(kind, "foreign_earned_excluded" | "scholarship_for_living_costs"))
            || kind == "alimony_agreed_before_2019"
    };
    let business = |kind: &str| matches!(kind, "self_employment" | "farming_fishing");
    let kinds = person.sources.iter().filter(|(kind, _)| earned(kind) && !business(kind));
    let sum: Cents = kinds.map(|(_, flow)| flow.year.at_least_zero()).sum();
    // A loss from a business takes nothing off wages (26 USC 219(f)(1), 401(c)(2); IRS Publication 590-A).
    sum + net_profit(person)
}

/// Profit minus the deduction for self-employment tax.
fn net_profit(person: &OnReturn) -> Cents {
    let tax = person.sources.get("self_employment_tax").map_or(Cents::ZERO, |flow| flow.year);
    (profit(person) - tax).at_least_zero()
}

fn profit(person: &OnReturn) -> Cents {
    let of = |kind: &str| person.sources.get(kind).map_or(Cents::ZERO, |flow| flow.year);
    (of("self_employment") + of("farming_fishing")).at_least_zero()
}

/// The sums of a person's sources, after the limits.
pub fn sums(sources: &Sources, tables: &Tables) -> Sums {
    let mut sums = Sums::default();
    for (kind, flow) in sources {
        let Some(row) = tables.income_kind(kind) else { continue };
        let sign = if row.nature == IncomeNature::Deduction { -1 } else { 1 };
        let month = (flow.steady_x12 + flow.once_x12) * sign;
        if row.counts_for_credit {
            sums.year += flow.year * sign;
        }
        match row.counts_for_medicaid {
            CountsForMedicaid::Yes => {
                sums.medicaid_year += flow.year * sign;
                sums.medicaid_month_x12 += month;
            }
            CountsForMedicaid::Month => sums.medicaid_month_x12 += month,
            CountsForMedicaid::No => {}
        }
        if row.counts_for_filing {
            match row.nature {
                IncomeNature::Earned => sums.earned += flow.year,
                _ => sums.unearned += flow.year,
            }
        }
    }
    sums
}

/// MAGI by program, and gross earned and unearned income.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub year: Cents,
    pub medicaid_year: Cents,
    pub medicaid_month_x12: Cents,
    pub earned: Cents,
    pub unearned: Cents,
}
