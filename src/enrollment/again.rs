//! What was signed, worked out once more for results that are others now: the credit that each plan uses, the most that it could use,
//! the benchmark, the level of cost sharing.
//!
//! Called by `adjust`. A premium never changes by a new result: it was frozen with the catalogue that priced it, and with it the part for
//! essential health benefits, which is the most that a credit pays. So no catalogue is needed, and one that is gone changes nothing;
//! the credit is parted by the function that parted it for the list and the signature (`parting`, `share`). Pure.

use super::check::{benchmark, level_of};
use super::choice::Use;
use super::parting::{self, with_credit};
use super::record::{Signed, SignedHousehold};
use super::results::{PersonResult, Results};
use super::share::{parted, share_of};
use crate::application::sheet::RowId;
use crate::eligibility::csr;
use crate::eligibility::tables::CsrLevel;
use crate::filing::codes::{Metal, Product, VariantKind};
use crate::quote::fixed::{FixedCredit, FixedShare, in_proportion};
use crate::quote::policy::VariantKinds;
use crate::types::Cents;

/// A plan of the household as it is on a day, and how much of the credit it is to use.
pub struct Policy<'a> {
    pub now: &'a Signed,
    pub wish: Use,
}

impl Policy<'_> {
    fn is_dental(&self) -> bool {
        self.now.plan.product == Product::Dental.key()
    }

    fn people(&self) -> Vec<RowId> {
        self.now.people.iter().map(|person| person.row).collect()
    }

    fn metal(&self) -> Option<Metal> {
        Metal::from_key(&self.now.plan.metal)
    }
}

/// People of the household who have no medical plan here, in the order in which the credit was parted: their part of it is kept for
/// them, unless they want no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Without {
    pub people: Vec<RowId>,
    pub no_medical: bool,
}

/// The order in which the credit is parted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A medical plan: its place among the policies.
    Policy(usize),
    Without(Without),
}

/// Amounts and level of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    pub credit: Cents,
    /// Whose credit it is, where the tax households are on record.
    pub households: Vec<SignedHousehold>,
    /// What could be used for these people.
    pub available: Cents,
    pub benchmark: Option<Cents>,
    /// Of a medical plan: the variant that they get.
    pub kind: Option<VariantKind>,
}

/// What a plan can use of a credit without end; `None`: it was signed before this was kept, and nobody knows.
pub fn usable(signed: &Signed) -> Option<Cents> {
    let catastrophic = Metal::from_key(&signed.plan.metal) == Some(Metal::Catastrophic);
    if catastrophic { Some(Cents::ZERO) } else { signed.essential }
}

/// What of the credit that could be used was wanted, as it was signed.
pub fn wish_of(signed: &Signed) -> Use {
    let most = usable(signed).map_or(signed.credit_available, |usable| usable.min(signed.credit_available));
    match signed.credit {
        credit if credit >= most => Use::All,
        Cents::ZERO => Use::None,
        monthly => Use::Part { monthly },
    }
}

/// No more of an amount than is wanted.
pub fn wanted(wish: Use, credit: Cents) -> Cents {
    match wish {
        Use::All => credit,
        Use::None => Cents::ZERO,
        Use::Part { monthly } => monthly.min(credit),
    }
}

/// Every plan of a household, in the order of `policies`. What one plan's people do not want to use stays with them: no other plan gets
/// it without a word. `None`: of a plan the part for essential benefits is not known.
pub fn again(results: &Results, policies: &[Policy<'_>], order: &[Place]) -> Option<Vec<Again>> {
    let rows: Vec<Vec<RowId>> = policies.iter().map(Policy::people).collect();
    let caps: Vec<Cents> = policies.iter().map(|policy| usable(policy.now)).collect::<Option<_>>()?;
    let groups: Vec<&[RowId]> = order
        .iter()
        .map(|place| match place {
            Place::Policy(at) => rows[*at].as_slice(),
            Place::Without(without) => without.people.as_slice(),
        })
        .collect();
    let most: Vec<Option<Cents>> = order
        .iter()
        .map(|place| match place {
            Place::Policy(at) => Some(caps[*at]),
            Place::Without(without) => without.no_medical.then_some(Cents::ZERO),
        })
        .collect();
    let all: Vec<usize> = (0..results.tax_households.len()).collect();
    let credit = |tax: usize| results.tax_households[tax].credit.at_least_zero().0;
    let mut found: Vec<(Cents, Cents)> = vec![(Cents::ZERO, Cents::ZERO); policies.len()];
    // Whose credit it is: by policy, by tax household.
    let mut whose: Vec<Vec<i64>> = vec![vec![0; all.len()]; policies.len()];
    let mut left: Vec<i64> = all.iter().map(|tax| credit(*tax)).collect();
    for parting in parting::of(results, (&groups, &most), &all, credit) {
        let used = parted(parting.wanted, &parting.parts);
        left[parting.tax] -= used.iter().sum::<i64>();
        for (at, place) in order.iter().enumerate() {
            if let Place::Policy(policy) = place {
                found[*policy].0 += Cents(used[at]);
                whose[*policy][parting.tax] += used[at];
                if parting.parts[at].weight > 0 {
                    found[*policy].1 += Cents(share_of(parting.wanted, &parting.parts, at));
                }
            }
        }
    }
    // What medical plans leave goes, in their order, to the children's part of dental plans (26 CFR 1.36B-3(k)).
    for (at, policy) in policies.iter().enumerate().filter(|(_, policy)| policy.is_dental()) {
        let sharing = with_credit(results, &rows[at]);
        let share =
            |tax: &usize| FixedShare { most: Cents(left[*tax]), weight: parting::weight(results, *tax, &rows[at]) };
        let fixed = FixedCredit::new(sharing.iter().map(share).collect());
        let used = fixed.applied_each(usable(policy.now)?);
        found[at] = (used.iter().copied().sum(), fixed.most());
        for (tax, used) in sharing.iter().zip(used) {
            left[*tax] -= used.0;
            whose[at][*tax] += used.0;
        }
    }
    let one = |(at, policy): (usize, &Policy<'_>)| Again {
        credit: wanted(policy.wish, found[at].0),
        households: households(results, policy, &whose[at]),
        available: found[at].1,
        benchmark: benchmark(results, &rows[at]),
        kind: (!policy.is_dental()).then(|| kind(results, policy)),
    };
    Some(policies.iter().enumerate().map(one).collect())
}

/// The tax households of a plan with the credit that is their own now. `whose`: what they could use, by tax household.
fn households(results: &Results, policy: &Policy<'_>, whose: &[i64]) -> Vec<SignedHousehold> {
    let used = wanted(policy.wish, Cents(whose.iter().sum()));
    let each = if used == Cents::ZERO { vec![0; whose.len()] } else { in_proportion(used.0, whose) };
    let one = |own: &SignedHousehold| {
        let tax = own.people.iter().find_map(|row| results.person(*row)?.tax_household);
        let eligible = |row: &RowId| own.people.contains(row);
        let helped =
            tax.map(|tax| &results.tax_households[tax]).filter(|tax| tax.eligible.iter().any(|(row, _)| eligible(row)));
        SignedHousehold {
            credit: tax.map_or(Cents::ZERO, |tax| Cents(each[tax])),
            benchmark: helped.and_then(|tax| tax.benchmark),
            ..own.clone()
        }
    };
    policy.now.households.iter().map(one).collect()
}

/// The variant that the people of a plan get: by the last level for which all are eligible (45 CFR 155.305(g)(3)). Whoever does not buy
/// here any more is not counted: they have to be taken off, and cost nobody else the savings until then.
fn kind(results: &Results, policy: &Policy<'_>) -> VariantKind {
    let people = policy.now.people.iter().filter_map(|person| results.person(person.row));
    let choices: Vec<csr::Choices> = people.filter(|person| person.shops).map(|person| person.choices).collect();
    VariantKinds::of_level(csr::together(&choices)).of_metal(policy.metal())
}

/// As it is from a day on. `kind`: see [`Again`], the standard one where theirs was not filed.
pub fn changed(now: &Signed, again: &Again, kind: Option<VariantKind>) -> Signed {
    let mut then = Signed {
        credit: again.credit,
        households: again.households.clone(),
        credit_available: again.available,
        benchmark: again.benchmark,
        ..now.clone()
    };
    if let Some(kind) = kind {
        then.plan.variant = format!("{:02}", kind.code());
        then.csr = level_of(kind);
    }
    then
}

/// Whether an insurer has to be told.
pub fn differs_for_insurer(before: &Signed, now: &Signed) -> bool {
    let told = |signed: &Signed| (signed.premium, signed.credit, signed.plan.variant.clone());
    told(before) != told(now)
}

/// Whether everybody on a plan has Medicaid, CHIP or the Basic Health Program now.
pub fn all_public(results: &Results, signed: &Signed) -> bool {
    let has = |row: RowId| results.person(row).is_some_and(|person: &PersonResult| person.public_coverage);
    !signed.people.is_empty() && signed.people.iter().all(|person| has(person.row))
}

/// No level but the standard one.
pub fn has_level(signed: &Signed) -> bool {
    signed.csr != CsrLevel::None
}
