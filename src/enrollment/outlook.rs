//! What becomes of somebody's plans in the next year if they do nothing (45 CFR 155.335(j)): which plan takes the place of each, for
//! whom, at which price and with which credit; or why none does.
//!
//! Called by the day's chore that renews (`renewing`), and by the page of renewal, so that both say the same. It changes nothing,
//! and never guesses: people are who they were, results are those that were determined for that year.

use std::sync::Arc;

use sqlx::AnyConnection;
use time::{Date, Month, OffsetDateTime};

use super::check::{By, Checked, Unfit, from_day};
use super::choice::{self, Choice, GroupChoice, Use};
use super::dates::Start;
use super::price::{Asking, age};
use super::record::{Enrollment, Signed, SignedPerson, State, Why};
use super::renewal::{self, Next};
use super::renewal_rules::RenewalRules;
use super::results::{self, PersonResult, Results};
use super::signed::BY_MARKETPLACE;
use super::whole::{self, Whole};
use crate::application::record as applications;
use crate::application::sheet::RowId;
use crate::catalogue::Catalogue;
use crate::eligibility::Tables;
use crate::filing::codes::{Metal, Product};
use crate::store::vault::Vault;
use crate::store::{Reading, StoreError};
use crate::types::PlanId;
use crate::verify::renew::consented;

/// By what it is worked out.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub vault: &'a Vault,
    pub tables: &'a Tables,
    pub rules: &'a RenewalRules,
    /// Of the next year.
    pub catalogue: &'a Catalogue,
}

/// What becomes of everything that an owner has in the year before the catalogue's.
pub struct Outlook {
    pub owner: String,
    /// What counts for the next year; `None`: it has not been determined.
    pub results: Option<Arc<Results>>,
    /// Somebody let us look at tax data for that year: without it nobody has a credit.
    pub consented: bool,
    /// What is there or on its way, the oldest first.
    pub fates: Vec<Fate>,
    /// New plans with their prices.
    pub checked: Option<Checked>,
    /// Every enrollment of the owner with its version, as it was read.
    pub seen: Vec<(String, i64)>,
}

/// One plan's.
pub struct Fate {
    pub old: Enrollment,
    /// People and amounts as the latest change has them.
    pub now: Signed,
    pub next: Next,
    /// Who cannot stay on it.
    pub leaves: Vec<(SignedPerson, Leaves)>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Place among the lines of [`Outlook::checked`].
    Renewed(usize),
    /// It was renewed before: the new enrollment.
    Before(String),
    /// They have signed for another plan of that year.
    Chosen(String),
    /// They have said no.
    Declined,
    /// Its insurer has not said that it is paid, or it waits for something else.
    Waits,
    /// It needs results for that year.
    Undetermined,
    None(NoPlan),
}

/// Why no plan takes its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum NoPlan {
    /// The crosswalk says so.
    Gone,
    /// Our data does not say.
    Unknown,
    /// It is not sold to these people where they live.
    NotSold,
    /// Nobody on it can stay.
    Nobody,
    /// Its people are in other groups meanwhile.
    Apart,
}

impl NoPlan {
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// Why somebody cannot stay on a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Leaves {
    /// Medicaid, CHIP or the Basic Health Program, as determined for that year.
    Public,
    /// Cannot buy here, or does not apply.
    NotEligible,
    /// Too old for a parent's plan.
    Aged,
    /// Is not in the application that counts.
    Gone,
}

impl Leaves {
    pub fn word(self) -> &'static str {
        self.into()
    }
}

/// Why it cannot be worked out.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error(transparent)]
    Catalogue(#[from] sqlx::Error),
}

impl Outlook {
    /// Those that a line of `checked` goes on from, in its order.
    pub fn renewed(&self) -> Vec<&Fate> {
        let lines = self.checked.as_ref().map_or(0, |checked| checked.lines.len());
        (0..lines).filter_map(|line| self.fates.iter().find(|fate| fate.outcome == Outcome::Renewed(line))).collect()
    }

    /// Those that no plan takes the place of, each with the reason.
    pub fn without(&self) -> Vec<(&Fate, NoPlan)> {
        let none = |fate: &'_ Fate| match fate.outcome {
            Outcome::None(why) => Some(why),
            _ => None,
        };
        self.fates.iter().filter_map(|fate| none(fate).map(|why| (fate, why))).collect()
    }
}

/// What becomes of an owner's plans. `as_if`: one that is priced as if its people wanted it and had paid.
///
/// # Errors
///
/// See [`Trouble`].
pub async fn of(
    mut connection: Reading,
    around: &Around<'_>,
    (owner, as_if): (&str, Option<&str>),
    now: OffsetDateTime,
) -> Result<Outlook, Trouble> {
    let year = i32::from(around.catalogue.year);
    let all = whole::all(&mut connection, around.vault, owner).await?;
    let seen = all.iter().map(|own| (own.enrollment.id.clone(), own.enrollment.version)).collect();
    let declined = declined(&mut connection, owner).await?;
    let results = counts(&mut connection, around, (owner, year)).await?.map(Arc::new);
    let of_year = |own: &&Whole, year: i32| own.enrollment.plan_year == i64::from(year);
    let later: Vec<&Whole> = all.iter().filter(|own| of_year(own, year)).collect();
    let mut fates = Vec::new();
    for own in all.iter().filter(|own| of_year(own, year - 1) && own.enrollment.state.is_live()) {
        let mut outcome = before_asking((own, &later), declined.contains(&own.enrollment.id), results.is_some());
        if results.is_some()
            && as_if == Some(own.enrollment.id.as_str())
            && matches!(outcome, Outcome::Declined | Outcome::Waits)
        {
            outcome = Outcome::None(NoPlan::Nobody);
        }
        let (old, now) = (own.enrollment.clone(), own.now.clone());
        fates.push(Fate { old, now, next: Next::Unknown, leaves: Vec::new(), outcome });
    }
    let consented = results.as_ref().is_some_and(|results| consented(&results.case, year));
    let mut outlook = Outlook { owner: owner.to_string(), results, consented, fates, checked: None, seen };
    if let Some(results) = outlook.results.clone() {
        let wanted = wanted(&mut connection, around.vault, (&outlook, &results)).await?;
        // Prices come from the catalogue, where there may be a line.
        drop(connection);
        priced(around, &mut outlook, (&results, wanted), now).await?;
    }
    Ok(outlook)
}

/// IDs of enrollments that must not be renewed.
async fn declined(connection: &mut AnyConnection, owner: &str) -> Result<Vec<String>, StoreError> {
    let asked = sqlx::query_scalar("SELECT id FROM enrollment WHERE owner = $1 AND no_renewal_at IS NOT NULL");
    Ok(asked.bind(owner).fetch_all(connection).await?)
}

/// What counts for a year: of the newest application for it, else of the newest one of the year before, redetermined.
async fn counts(
    connection: &mut AnyConnection,
    around: &Around<'_>,
    (owner, year): (&str, i32),
) -> Result<Option<Results>, StoreError> {
    let all = applications::of(connection, around.vault, owner).await?;
    let is_followed = |id: &str| all.iter().any(|other| other.follows.as_deref() == Some(id));
    let newest = |year: i32| all.iter().find(|own| own.year() == year && !is_followed(&own.id));
    let Some(application) = newest(year).or_else(|| newest(year - 1)) else { return Ok(None) };
    results::of_year(connection, around.vault, around.tables, (owner, &application.id), year).await
}

/// What is known without a price; [`Outcome::Undetermined`]: there may be one.
fn before_asking((own, later): (&Whole, &[&Whole]), declined: bool, determined: bool) -> Outcome {
    let enrollment = &own.enrollment;
    let took = |other: &&&Whole| other.enrollment.follows.as_deref() == Some(enrollment.id.as_str());
    let same = |other: &&&Whole| {
        let known = |person: &SignedPerson| {
            let is_same = other.enrollment.application == enrollment.application;
            other.now.people.iter().any(|had| is_person(person, (had.row, is_same), Some(had.born), &had.first))
        };
        other.enrollment.product == enrollment.product && own.now.people.iter().any(known)
    };
    if let Some(other) = later.iter().find(took) {
        return Outcome::Before(other.enrollment.id.clone());
    }
    if let Some(other) = later.iter().find(same) {
        return Outcome::Chosen(other.enrollment.id.clone());
    }
    if declined {
        return Outcome::Declined;
    }
    let sent = matches!(enrollment.state, State::Sent | State::Accepted | State::Confirmed);
    if !sent || !own.steps.iter().any(|line| line.step == "confirmed") {
        return Outcome::Waits;
    }
    if determined { Outcome::None(NoPlan::Nobody) } else { Outcome::Undetermined }
}

/// Whether somebody on a plan is a person of an application, which numbers its rows for itself unless it is the same one.
fn is_person(person: &SignedPerson, (row, is_same): (RowId, bool), born: Option<Date>, first: &str) -> bool {
    let alike = |text: &str| text.trim().to_lowercase();
    if is_same {
        return person.row == row;
    }
    Some(person.born) == born && (alike(&person.first) == alike(first) || person.row == row)
}

fn found<'r>(results: &'r Results, old: &Enrollment, person: &SignedPerson) -> Option<&'r PersonResult> {
    let is_same = results.application == old.application;
    let of =
        |own: &&PersonResult| is_person(person, (own.row, is_same), own.born, results.case.text("first_name", own.row));
    results.people.iter().find(of)
}

/// How much of the credit was wanted: as it stands in the application that the first of the plans was chosen for.
async fn wanted(
    connection: &mut AnyConnection,
    vault: &Vault,
    (outlook, results): (&Outlook, &Results),
) -> Result<Vec<(RowId, Use)>, StoreError> {
    let Some(first) = outlook.fates.first() else { return Ok(Vec::new()) };
    let old = &first.old;
    let saved = choice::load(connection, vault, (&outlook.owner, &old.application)).await?;
    let of_now = |(row, wanted): &(RowId, Use)| {
        let everybody = outlook.fates.iter().flat_map(|fate| &fate.now.people);
        let person = everybody.into_iter().find(|person| person.row == *row);
        let own = person.and_then(|person| found(results, old, person)).map(|own| own.row);
        // A filer who is on no plan is known by the row alone.
        (own.unwrap_or(*row), *wanted)
    };
    Ok(saved.choice.credit.iter().map(of_now).collect())
}

/// Whoever stays, in the plan's order; the others with the reason.
fn parted(
    around: &Around<'_>,
    results: &Results,
    fate: &Fate,
    start: Date,
) -> (Vec<RowId>, Vec<(SignedPerson, Leaves)>) {
    let kind = super::tax_year::marketplace(around.tables, &fate.now, results.plan_year);
    let until = around.rules.child_until(kind, start);
    let (mut stay, mut leave) = (Vec::new(), Vec::new());
    for person in &fate.now.people {
        let is_child = ["child", "stepchild", "foster_child"].contains(&person.relation.as_str());
        let why = match found(results, &fate.old, person) {
            None => Leaves::Gone,
            Some(own) if own.public_coverage => Leaves::Public,
            Some(own) if !own.shops => Leaves::NotEligible,
            Some(own) if is_child && until.is_some_and(|until| age(own, start) >= until) => Leaves::Aged,
            Some(own) => {
                stay.push(own.row);
                continue;
            }
        };
        leave.push((person.clone(), why));
    }
    (stay, leave)
}

/// Of each group and product the plan that it goes on from: its place among the fates.
type Places = Vec<(usize, Product, usize)>;

/// Looks for the plans that take the place of those that may be renewed, and puts their people together.
async fn gathered(
    around: &Around<'_>,
    outlook: &mut Outlook,
    (results, day): (&Results, Date),
) -> Result<(Vec<GroupChoice>, Places), Trouble> {
    let (mut groups, mut places) = (Vec::new(), Places::new());
    let is_dental = |fate: &Fate| fate.old.product == "dental";
    let mut order: Vec<usize> = (0..outlook.fates.len()).collect();
    order.sort_by_key(|at| is_dental(&outlook.fates[*at]));
    for at in order {
        let fate = &mut outlook.fates[at];
        if !matches!(fate.outcome, Outcome::None(_)) {
            continue;
        }
        let (rows, leaves) = parted(around, results, fate, day);
        fate.leaves = leaves;
        if rows.is_empty() {
            continue;
        }
        let catastrophic = fate.now.plan.metal == Metal::Catastrophic.key();
        let young = |row: &RowId| results.person(*row).is_some_and(|person| person.catastrophic);
        let aged_off = catastrophic && !rows.iter().all(young);
        fate.next = renewal::next(around.catalogue, &fate.now, aged_off).await?;
        let own = PlanId::parse(&fate.now.plan.id);
        let plan = own.as_ref().and_then(|own| fate.next.plan(own)).map(ToString::to_string);
        let Some(plan) = plan else {
            fate.outcome = Outcome::None(if fate.next == Next::Unknown { NoPlan::Unknown } else { NoPlan::Gone });
            continue;
        };
        let product = if is_dental(fate) { Product::Dental } else { Product::Medical };
        match placed(&mut groups, (product, &rows), plan) {
            Some(group) => places.push((group, product, at)),
            None => fate.outcome = Outcome::None(NoPlan::Apart),
        }
    }
    Ok((groups, places))
}

/// Prices all at once: a credit is shared by the plans of a tax household. What is not sold to its people is left out.
async fn priced(
    around: &Around<'_>,
    outlook: &mut Outlook,
    (results, credit): (&Arc<Results>, Vec<(RowId, Use)>),
    now: OffsetDateTime,
) -> Result<(), Trouble> {
    let Ok(day) = Date::from_calendar_date(results.plan_year, Month::January, 1) else { return Ok(()) };
    let (groups, mut places) = gathered(around, outlook, (results, day)).await?;
    let mut choice = Choice { groups, credit, ..Choice::default() };
    let lang = outlook.fates.first().map(|fate| fate.now.lang.clone()).unwrap_or_default();
    let by = By { signature: BY_MARKETPLACE, lang: &lang };
    while !choice.groups.is_empty() {
        let start = Start { day, why: Why::Renewal, sign_by: None, next_month: None };
        let (catalogue, tables) = (around.catalogue, around.tables);
        let asking = Asking { catalogue, tables, results, choice: &choice, start: day, why: None };
        match from_day(&asking, &by, (start, now)).await {
            Ok(mut checked) => {
                for (line, signed) in checked.lines.iter_mut().enumerate() {
                    let place = places.iter().find(|own| (own.0, own.1) == (signed.group, signed.product));
                    let Some((.., at)) = place else { continue };
                    let fate = &mut outlook.fates[*at];
                    fate.outcome = Outcome::Renewed(line);
                    signed.signed.renews = Some(fate.old.id.clone());
                }
                outlook.checked = Some(checked);
                break;
            }
            Err(Unfit::NotSold { group, product, .. }) => {
                let place = places.iter().position(|own| (own.0, own.1) == (group, product));
                let Some(place) = place else { break };
                let (.., at) = places.remove(place);
                outlook.fates[at].outcome = Outcome::None(NoPlan::NotSold);
                let chosen = &mut choice.groups[group];
                match product {
                    Product::Medical => chosen.medical = None,
                    Product::Dental => (chosen.dental, chosen.dental_people) = (None, Vec::new()),
                }
            }
            Err(Unfit::Nothing) => break,
            Err(other) => return Err(other.into()),
        }
    }
    Ok(())
}

/// Puts a plan with its people among the groups; the group, or `None`: they fit into none.
fn placed(groups: &mut Vec<GroupChoice>, (product, rows): (Product, &[RowId]), plan: String) -> Option<usize> {
    let within = |group: &GroupChoice| rows.iter().all(|row| group.people.contains(row));
    let taken = groups.iter().any(|group| rows.iter().any(|row| group.people.contains(row)));
    let place = groups.iter().position(within);
    match (product, place) {
        (Product::Dental, Some(at)) if groups[at].dental.is_none() => {
            let group = &mut groups[at];
            group.dental = Some(plan);
            group.dental_people = if rows.len() < group.people.len() { rows.to_vec() } else { Vec::new() };
            Some(at)
        }
        _ if taken => None,
        (Product::Medical, _) => {
            groups.push(GroupChoice { medical: Some(plan), ..GroupChoice::of(rows.to_vec()) });
            Some(groups.len() - 1)
        }
        (Product::Dental, _) => {
            let own = GroupChoice { dental: Some(plan), no_medical: true, ..GroupChoice::of(rows.to_vec()) };
            groups.push(own);
            Some(groups.len() - 1)
        }
    }
}
