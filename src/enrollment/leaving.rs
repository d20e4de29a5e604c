//! Taking people off a plan while the others stay: what those who stay have from the day after, in exact figures.
//!
//! Called by the page that asks for it, and written down by `ending::Leave`. People who stay are rated as everybody is
//! (`price`, `quote::market::tally`), as old as they were on the first day, by a catalogue that still prices the whole plan as it was
//! signed. If there is none, what was signed for each person is taken away; where that says too little (a child who was not charged
//! moves up, or the plan has one price for a family) there is no answer. The credit is the one that was determined, less what belongs to
//! tax households that leave, and never more than the plan can use. It must never work out a credit.

use time::Date;

use super::check::{essential, responsible};
use super::end_rules::{Last, Reason};
use super::price::{self, Unpriced, by_person};
use super::record::{Enrollment, Signed, SignedPerson};
use super::results::{Results, TaxResult};
use super::timeline::{Since, Timeline};
use crate::application::sheet::{HOUSEHOLD, RowId, YOU};
use crate::application::view::age_on;
use crate::catalogue::Catalogue;
use crate::eligibility::Tables;
use crate::eligibility::rating::RatingRules;
use crate::filing::codes::Product;
use crate::quote::QuoteError;
use crate::quote::fixed::{FixedCredit, FixedShare, in_proportion};
use crate::quote::market;
use crate::store::StoreError;
use crate::types::{Cents, PlanId};

/// By what it is worked out.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// Of the plan year, if one is loaded.
    pub catalogue: Option<&'a Catalogue>,
    pub tables: &'a Tables,
    /// What counts for their application; `None`: it is gone.
    pub results: Option<&'a Results>,
}

/// Who leaves, and their last day.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    pub who: &'a [RowId],
    pub last: Last,
    pub reason: Reason,
}

/// What those who stay have. Has no `Debug`: it holds what people typed.
pub struct Left {
    /// From the first day without them, and again from each later day on which more is different.
    pub times: Vec<Since>,
    /// Who held the plan leaves: the others go on under a number of their own, with the first of them as the subscriber.
    pub new_subscriber: bool,
}

/// Why it cannot be said what they have.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Nobody leaves who is on it, or nobody would stay.
    #[error("nobody leaves, or nobody stays")]
    Nobody,
    /// The plan is not sold to those who would stay: to children alone, for example.
    #[error("the plan is not sold to those who stay")]
    NotSold,
    /// Neither a catalogue nor what was signed says what they cost.
    #[error("what those who stay cost is not known")]
    Unknown,
    #[error(transparent)]
    Quote(#[from] QuoteError),
    #[error(transparent)]
    Catalogue(#[from] sqlx::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first day without them.
pub fn first_day(enrollment: &Enrollment, last: Last) -> Date {
    match last {
        Last::Never => enrollment.starts,
        Last::Day(day) => day.next_day().unwrap_or(day),
    }
}

/// What those who stay have from the first day without the others.
///
/// # Errors
///
/// See [`Unfit`].
pub async fn worked_out(
    by: By<'_>,
    (enrollment, timeline): (&Enrollment, &Timeline),
    wish: Wish<'_>,
) -> Result<Left, Unfit> {
    let from = first_day(enrollment, wish.last);
    let then = timeline.on(from).ok_or(Unfit::Nobody)?;
    let leaves = |person: &SignedPerson| wish.who.contains(&person.row);
    if !then.people.iter().any(leaves) || then.people.iter().all(leaves) {
        return Err(Unfit::Nobody);
    }
    let new_subscriber = then.people.first().is_some_and(leaves);
    // Whoever left before is on no plan either.
    let ever: Vec<RowId> = timeline.all().iter().flat_map(|since| &since.signed.people).map(|own| own.row).collect();
    let who = (wish.who, &ever[..]);
    let mut times = vec![Since { from, signed: without(by, then, who).await? }];
    for later in timeline.after(from).iter().filter(|since| since.from <= enrollment.ends) {
        let stays = later.signed.people.iter().any(|person| !leaves(person));
        // Everybody would be gone from then on: that is an end of the plan.
        let signed = if stays { without(by, &later.signed, who).await? } else { return Err(Unfit::Nobody) };
        times.push(Since { from: later.from, signed });
    }
    if new_subscriber {
        for since in &mut times {
            under_a_new_subscriber(&mut since.signed, by.results);
            let own = since.signed.people.first().map(|own| own.row);
            // Whoever has died answers for nobody.
            let alive = !(wish.reason == Reason::Death && wish.who.contains(&YOU));
            since.signed.responsible =
                by.results.filter(|_| alive).zip(own).and_then(|(results, own)| responsible(results, own, from));
        }
    }
    Ok(Left { times, new_subscriber })
}

/// What a policy costs.
struct Priced {
    premium: Cents,
    essential: Cents,
    each: Vec<Cents>,
    credit: Cents,
}

/// `who` leaves of those who were `ever` on it.
async fn without(by: By<'_>, signed: &Signed, (who, ever): (&[RowId], &[RowId])) -> Result<Signed, Unfit> {
    let people: Vec<SignedPerson> = signed.people.iter().filter(|own| !who.contains(&own.row)).cloned().collect();
    let credit = credit_of(by, signed, &people);
    let shares = |whole: Cents| credit.iter().map(|(tax, weight)| share(&credit, (*tax, *weight), whole)).collect();
    let used: Vec<FixedShare> = shares(signed.credit);
    let priced = match rated(by, (signed, &people), used.clone()).await? {
        Some(priced) => priced,
        None => taken_away(by, (signed, &people), FixedCredit::new(used)).ok_or(Unfit::Unknown)?,
    };
    let available: Vec<FixedShare> = shares(signed.credit_available);
    let mut left = signed.clone();
    left.people = people.into_iter().zip(priced.each).map(|(own, premium)| SignedPerson { premium, ..own }).collect();
    (left.premium, left.essential, left.credit) = (priced.premium, Some(priced.essential), priced.credit);
    left.credit_available = FixedCredit::new(available).most();
    left.benchmark = benchmark(by, signed, (&left.people, ever))?;
    Ok(left)
}

/// A tax household with a credit for somebody on the policy: its credit, and what its people who stay cost in the benchmark plan
/// (0: none of them stays).
type Credit = (Cents, i64);

fn credit_of(by: By<'_>, signed: &Signed, stay: &[SignedPerson]) -> Vec<Credit> {
    // Without results the credit is of one tax household, which stays.
    let Some(results) = by.results else { return vec![(signed.credit, 1)] };
    let weight = |tax: &TaxResult, people: &[SignedPerson]| -> i64 {
        let eligible = tax.eligible.iter().filter(|(row, _)| people.iter().any(|own| own.row == *row));
        eligible.map(|(_, weight)| *weight).sum()
    };
    let helped = results.tax_households.iter().filter(|tax| weight(tax, &signed.people) > 0);
    helped.map(|tax| (tax.credit.at_least_zero(), weight(tax, stay))).collect()
}

/// A tax household's part of what the policy uses: in proportion to what was determined for each; none if nobody of it stays.
fn share(all: &[Credit], (own, weight): Credit, whole: Cents) -> FixedShare {
    let credits: Vec<i64> = all.iter().map(|(credit, _)| credit.0).collect();
    let at = all.iter().position(|credit| *credit == (own, weight)).unwrap_or_default();
    let part = in_proportion(whole.0, &credits)[at];
    FixedShare { most: if weight > 0 { Cents(part) } else { Cents::ZERO }, weight }
}

/// By the catalogue, if it still prices the whole plan as it was signed. `None`: it does not, or there is none.
async fn rated(
    by: By<'_>,
    (signed, stay): (&Signed, &[SignedPerson]),
    shares: Vec<FixedShare>,
) -> Result<Option<Priced>, Unfit> {
    let Some(catalogue) = by.catalogue else { return Ok(None) };
    let Some(plan_pk) = PlanId::parse(&signed.plan.id).and_then(|plan| catalogue.variants.find(&plan)) else {
        return Ok(None);
    };
    let search = |people: &[SignedPerson], shares| {
        match price::of_signed((catalogue, by.tables), (signed, people), shares) {
            Ok(search) => Ok(Some(search)),
            // Another county, or more people than one can ask for: as if there was no catalogue.
            Err(Unpriced::NoPlace | Unpriced::NoGroup) => Ok(None),
            Err(Unpriced::Quote(why)) => Err(why),
        }
    };
    let Some(whole) = search(&signed.people, Vec::new())? else { return Ok(None) };
    let tally = market::tally(catalogue, &whole).await?;
    if tally.find(plan_pk).map(|offer| offer.premium) != Some(signed.premium) {
        return Ok(None);
    }
    let Some(search) = search(stay, shares)? else { return Ok(None) };
    let tally = market::tally(catalogue, &search).await?;
    let offer = tally.find(plan_pk).ok_or(Unfit::NotSold)?;
    let each = by_person(catalogue, &search, (plan_pk, offer.premium)).await?;
    let essential = essential(catalogue, &search, offer).await?;
    Ok(Some(Priced { premium: offer.premium, essential, each, credit: offer.credit }))
}

/// By what was signed for each person. `None`: it says too little.
fn taken_away(by: By<'_>, (signed, stay): (&Signed, &[SignedPerson]), credit: FixedCredit) -> Option<Priced> {
    let rules = RatingRules::on(by.tables, signed.starts)?;
    let age = |person: &SignedPerson| age_on(person.born, signed.starts);
    let whole: Cents = signed.people.iter().map(|own| own.premium).sum();
    let is_child = |own: &SignedPerson| age(own) < i32::from(rules.child_under_age);
    let is_free = |own: &SignedPerson| own.premium == Cents::ZERO;
    let one_price = signed.people.iter().any(|own| !is_child(own) && is_free(own));
    let stays = |row: RowId| stay.iter().any(|own| own.row == row);
    let child_leaves = signed.people.iter().any(|own| is_child(own) && !is_free(own) && !stays(own.row));
    let moves_up = child_leaves && stay.iter().any(is_free);
    if whole != signed.premium || one_price || moves_up {
        return None;
    }
    let each: Vec<Cents> = stay.iter().map(|own| own.premium).collect();
    let premium: Cents = each.iter().copied().sum();
    let dental = signed.plan.product == Product::Dental.key();
    let counts = |own: &&SignedPerson| !dental || age(own) < i32::from(rules.dental_under_age);
    let sum = |people: &[SignedPerson]| people.iter().filter(counts).map(|own| own.premium.0).sum::<i64>();
    let before = signed.essential.unwrap_or(signed.premium);
    let (of_all, of_stay) = (sum(&signed.people), sum(stay));
    let essential = match of_all {
        0 => Cents::ZERO,
        _ => Cents(in_proportion(before.0, &[of_stay, of_all - of_stay])[0]),
    };
    Some(Priced { premium, essential, each, credit: credit.applied(essential) })
}

/// Of the tax households whose credit helps pay for somebody who stays: the second lowest silver plan for all of their people but those
/// who leave (26 CFR 1.36B-3(b)(1), (d)(1)).
fn benchmark(
    by: By<'_>,
    signed: &Signed,
    (stay, ever): (&[SignedPerson], &[RowId]),
) -> Result<Option<Cents>, StoreError> {
    let Some(results) = by.results.filter(|_| signed.benchmark.is_some()) else { return Ok(signed.benchmark) };
    let stays = |row: &RowId| stay.iter().any(|own| own.row == *row);
    let gone: Vec<RowId> = ever.iter().filter(|row| !stays(row)).copied().collect();
    let without = results.benchmarks_without(by.tables, &gone)?;
    let helped = |tax: &TaxResult| tax.eligible.iter().any(|(row, _)| stays(row));
    let mut found = results.tax_households.iter().zip(without).filter(|(tax, _)| helped(tax)).map(|(_, own)| own);
    let Some(first) = found.next() else { return Ok(None) };
    Ok(found.fold(first, |sum, own| Some(sum? + own?)))
}

/// The spouse of who held the plan, else the oldest, is the subscriber from now on; the others are what they are to them.
fn under_a_new_subscriber(signed: &mut Signed, results: Option<&Results>) {
    let spouse = |own: &SignedPerson| matches!(own.relation.as_str(), "spouse" | "domestic_partner");
    let oldest = (0..signed.people.len()).min_by_key(|at| (!spouse(&signed.people[*at]), signed.people[*at].born));
    let Some(at) = oldest else { return };
    let subscriber = signed.people.remove(at);
    signed.people.insert(0, subscriber);
    let row = signed.people[0].row;
    for own in &mut signed.people {
        own.relation = match results {
            Some(results) => results.relation(own.row, row),
            None if own.row == row => "self".to_string(),
            None => own.relation.clone(),
        };
        let contact = |question: &str| {
            let results = results.filter(|_| own.row == row)?;
            let told = [YOU, HOUSEHOLD].map(|row| results.case.text(question, row).trim());
            told.into_iter().find(|told| !told.is_empty()).map(str::to_string)
        };
        (own.phone, own.email) = (contact("phone"), contact("email"));
    }
}
