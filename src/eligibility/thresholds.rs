//! What a different income would change: the yearly MAGI amounts at which an answer changes, up and down.
//!
//! Called by the page "How we worked this out" and by `windowshop determine --thresholds`. Candidates come from the
//! tables; each is tried by determining the household one cent below and above, so it must never report a change that
//! does not happen.

use serde::Serialize;
use time::Date;

use super::determination::{ChipCategory, Determination, MedicaidCategory, TaxHouseholdAnswer};
use super::determine::Checked;
use super::family::HIGHEST_INCOME;
use super::household::{FieldError, Household};
use super::rounding::{Pct, Ratio, income_at_most, income_below};
use super::state::State;
use super::tables::{CsrLevel, Group, GuidelineProgram, Tables};
use crate::types::Cents;

/// What changes at a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Credit,
    Csr,
    Medicaid,
    Chip,
    BasicHealth,
    CoverageGap,
    /// The share of income to pay steps up.
    ApplicablePercentage,
}

/// An answer on one side of a threshold; in JSON as `determine` words it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Side {
    #[serde(serialize_with = "no")]
    No,
    #[serde(serialize_with = "yes")]
    Yes,
    Medicaid(MedicaidCategory),
    Chip(ChipCategory),
    Csr(CsrLevel),
    #[serde(serialize_with = "decimal")]
    Percent(Pct),
}

fn no<S: serde::Serializer>(to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str("no")
}

fn yes<S: serde::Serializer>(to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str("yes")
}

fn decimal<S: serde::Serializer>(percent: &Pct, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&percent.decimal())
}

impl From<bool> for Side {
    fn from(answer: bool) -> Side {
        if answer { Side::Yes } else { Side::No }
    }
}

/// One answer on both sides of a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// `None`: the tax household.
    pub person: Option<String>,
    pub what: What,
    pub at_or_below: Side,
    pub above: Side,
}

/// A yearly MAGI of the first person's tax household.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Threshold {
    /// The highest income, to the cent, for which the answers in `at_or_below` hold.
    #[serde(serialize_with = "dollars")]
    pub at_most: Cents,
    /// Above the income the household gave (or equal to it).
    pub ahead: bool,
    pub turns: Vec<Turn>,
}

fn dollars<S: serde::Serializer>(amount: &Cents, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(amount.0 as f64 / 100.0)
}

/// The nearest threshold below the household's income, and the nearest at or above it.
pub fn nearest(thresholds: &[Threshold]) -> (Option<&Threshold>, Option<&Threshold>) {
    (thresholds.iter().rev().find(|t| !t.ahead), thresholds.iter().find(|t| t.ahead))
}

/// Every threshold of the first person's tax household, ascending; empty if that person files no return.
///
/// # Errors
///
/// As `determine`.
pub fn thresholds(household: &Household, tables: &Tables, as_of: Date) -> Result<Vec<Threshold>, Vec<FieldError>> {
    let checked = Checked::of(household, tables, as_of)?;
    let now = checked.at(Cents::ZERO)?;
    let Some(first) = first_household(&now) else { return Ok(Vec::new()) };
    let amounts = candidates(household, tables, as_of, &now, first).into_iter();
    let found = amounts.map(|amount| at(&checked, first.magi, amount));
    found.filter_map(Result::transpose).collect()
}

/// The threshold with a turn that matters nearest to an income: of two equally near, the lower. It looks at no amount
/// farther away, because each takes a determination of the household, and two where something turns. `now`: the household as it
/// is.
///
/// # Errors
///
/// As `determine`.
pub fn nearest_to(
    (income, now): (Cents, &Determination),
    matters: impl Fn(&Turn) -> bool,
    (household, tables, as_of): (&Household, &Tables, Date),
) -> Result<Option<Threshold>, Vec<FieldError>> {
    let Some(first) = first_household(now) else { return Ok(None) };
    let checked = Checked::of(household, tables, as_of)?;
    let mut amounts = candidates(household, tables, as_of, now, first);
    amounts.sort_by_key(|amount| (amount.0 - income.0).abs());
    for amount in amounts {
        let ahead = amount >= first.magi;
        let far = checked.at(side(first.magi, amount, ahead))?;
        // Nothing that matters has turned between the income and this amount, or it would have been found: so the answers on
        // its near side are today's.
        if first.magi == income && !turns_between(ahead, now, &far).iter().any(&matters) {
            continue;
        }
        let near = checked.at(side(first.magi, amount, !ahead))?;
        let turns = turns_between(ahead, &near, &far);
        if turns.iter().any(&matters) {
            return Ok(Some(Threshold { at_most: amount, ahead, turns }));
        }
    }
    Ok(None)
}

/// What turns at an amount, if anything does: the household at most there, and one cent above.
fn at(checked: &Checked<'_>, magi: Cents, amount: Cents) -> Result<Option<Threshold>, Vec<FieldError>> {
    let (below, above) = (checked.at(side(magi, amount, false))?, checked.at(side(magi, amount, true))?);
    let turns = turns(&below, &above);
    Ok((!turns.is_empty()).then_some(Threshold { at_most: amount, ahead: amount >= magi, turns }))
}

/// From an income to an amount, or to one cent above it.
fn side(magi: Cents, amount: Cents, above: bool) -> Cents {
    amount - magi + Cents(i64::from(above))
}

/// What turns between the side of an amount that is nearer to the income and the other. `ahead`: the amount is above the
/// income.
fn turns_between(ahead: bool, near: &Determination, far: &Determination) -> Vec<Turn> {
    if ahead { turns(near, far) } else { turns(far, near) }
}

fn first_household(answer: &Determination) -> Option<&TaxHouseholdAnswer> {
    answer.tax_households.iter().find(|t| t.member_indexes.contains(&0))
}

fn candidates(
    household: &Household,
    tables: &Tables,
    as_of: Date,
    now: &Determination,
    first: &TaxHouseholdAnswer,
) -> Vec<Cents> {
    let year = household.plan_year;
    let mut out = Vec::new();
    let line = first.guideline;
    out.extend(tables.bands(year).iter().map(|b| income_below(b.fpl_from, line)));
    out.extend(tables.csr_bands(year).filter_map(|b| b.fpl_to).map(|to| income_at_most(to, line)));
    if let Some(limits) = tables.credit_limits(year) {
        out.push(income_below(limits.minimum_fpl, line));
        out.extend(limits.maximum_fpl.map(|max| income_at_most(max, line)));
    }
    for &i in &first.member_indexes {
        let own = household.people.get(i).and_then(|p| p.state.as_deref());
        let Some(state) = State::parse(own.unwrap_or(&household.state)) else { continue };
        let Some(medicaid) = &now.people[i].medicaid_household else { continue };
        let Some((guideline, _)) = tables.guideline(GuidelineProgram::Medicaid, as_of, state.area()) else {
            continue;
        };
        let medicaid_line = guideline.amount(medicaid.size);
        for group in Group::ALL {
            let Some(limit) = tables.limit(state, group, as_of) else { continue };
            if group == Group::BasicHealth {
                out.push(income_at_most(limit.limit_fpl, line));
            }
            // The Medicaid household may have other incomes: the amount missing to its limit is missing to the filer.
            let missing = income_at_most(limit.limit_fpl, medicaid_line) - medicaid.monthly_income_x12;
            out.push(first.magi + missing);
        }
    }
    out.retain(|amount| amount.0 >= 0 && *amount < HIGHEST_INCOME);
    out.sort_unstable();
    out.dedup();
    out
}

fn turns(below: &Determination, above: &Determination) -> Vec<Turn> {
    let mut out = Vec::new();
    for (b, a) in below.people.iter().zip(&above.people) {
        let mut turn = |what, at_or_below: Side, above: Side| {
            if at_or_below != above {
                out.push(Turn { person: Some(b.id.clone()), what, at_or_below, above });
            }
        };
        let medicaid = |category: Option<MedicaidCategory>| category.map_or(Side::No, Side::Medicaid);
        let chip = |category: Option<ChipCategory>| category.map_or(Side::No, Side::Chip);
        turn(What::Medicaid, medicaid(b.medicaid), medicaid(a.medicaid));
        turn(What::Chip, chip(b.chip), chip(a.chip));
        turn(What::BasicHealth, b.basic_health.into(), a.basic_health.into());
        turn(What::CoverageGap, b.coverage_gap.into(), a.coverage_gap.into());
        turn(What::Credit, b.credit.into(), a.credit.into());
        turn(What::Csr, Side::Csr(b.csr), Side::Csr(a.csr));
    }
    if let (Some(b), Some(a)) = (first_household(below), first_household(above))
        && let (Some(before), Some(after)) = (b.applicable, a.applicable)
        && steps_up(before, after)
        && !(b.eligible_indexes.is_empty() && a.eligible_indexes.is_empty())
    {
        let turn = Turn {
            person: None,
            what: What::ApplicablePercentage,
            at_or_below: Side::Percent(before.shown()),
            above: Side::Percent(after.shown()),
        };
        out.push(turn);
    }
    out
}

/// More than the slope of a band can cause in one cent.
fn steps_up(before: Ratio, after: Ratio) -> bool {
    let Pct(b) = before.shown();
    let Pct(a) = after.shown();
    a - b > 1
}

#[cfg(test)]
mod tests {
    use super::super::determine::determine;
    use super::super::household::Person;
    use super::*;
    use time::macros::date;

    fn single(state: &str, income: i64) -> Household {
        let person = Person { age: Some(40), ..Person::default() };
        Household {
            plan_year: 2026,
            state: state.into(),
            people: vec![person],
            household_income: Some(Cents(income)),
            ..Household::default()
        }
    }

    #[test]
    fn names_the_cliff_and_the_doors_around_an_income() {
        let tables = Tables::load().unwrap();
        let found = thresholds(&single("OH", 3_765_000), &tables, date!(2026 - 06 - 01)).unwrap();
        let (down, up) = nearest(&found);
        let (down, up) = (down.unwrap(), up.unwrap());
        // 37,650 is above 200 % (31,300) and below 250 % (39,125).
        assert_eq!((down.at_most, up.at_most), (Cents(3_130_000), Cents(3_912_500)));
        assert_eq!((up.turns[0].what, up.turns[0].above), (What::Csr, Side::Csr(CsrLevel::None)));
        let cliff = found.last().unwrap();
        assert_eq!(cliff.at_most, Cents(6_260_000));
        assert_eq!((cliff.turns[0].what, cliff.turns[0].above), (What::Credit, Side::No));
        let medicaid = found.iter().find(|t| t.turns.iter().any(|t| t.what == What::Medicaid)).unwrap();
        assert_eq!(medicaid.at_most, Cents(15_960 * 138));
    }

    #[test]
    fn the_nearest_is_the_first_of_all_by_distance() {
        let tables = Tables::load().unwrap();
        let matters = |turn: &Turn| turn.what != What::ApplicablePercentage;
        for income in (0..9_000_000).step_by(411_700) {
            let (household, day) = (single("OH", income), date!(2026 - 06 - 01));
            let all = thresholds(&household, &tables, day).unwrap();
            let all = all.into_iter().filter(|found| found.turns.iter().any(matters));
            let expected = all.min_by_key(|found| (found.at_most.0 - income).abs());
            let now = determine(&household, &tables, day).unwrap();
            let found = nearest_to((Cents(income), &now), matters, (&household, &tables, day)).unwrap();
            assert_eq!(found, expected, "{income}");
        }
    }

    #[test]
    fn without_expansion_the_gap_ends_where_the_credit_begins() {
        let tables = Tables::load().unwrap();
        let found = thresholds(&single("TX", 1_200_000), &tables, date!(2026 - 06 - 01)).unwrap();
        let begins = found.iter().find(|t| t.turns.iter().any(|t| t.what == What::Credit)).unwrap();
        assert_eq!(begins.at_most, Cents(1_564_999));
        assert!(begins.turns.iter().any(|t| t.what == What::CoverageGap && t.at_or_below == Side::Yes));
        assert!(found.iter().any(|t| t.turns.iter().any(|t| t.what == What::ApplicablePercentage)));
    }

    #[test]
    fn sides_are_words_in_json() {
        let sides = [
            Side::No,
            Side::Yes,
            Side::Medicaid(MedicaidCategory::Infant),
            Side::Csr(CsrLevel::Csr94),
            Side::Percent(Pct(996)),
        ];
        assert_eq!(serde_json::to_string(&sides).unwrap(), r#"["no","yes","infant","94","9.96"]"#);
    }
}
