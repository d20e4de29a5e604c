//! What would be signed: every chosen plan of every group with its exact price, people, place and first day.
//!
//! Called by the page that is signed, to show it, and again when it is signed: `sign` takes nothing else. It must never change
//! what was chosen.

use std::collections::BTreeSet;

use time::{Date, OffsetDateTime};

use super::choice::GroupChoice;
use super::dates::{NotNow, Start, start};
use super::event_proof::{self, ToProve};
use super::households;
use super::price::{self, Asking, Unpriced, available, by_person, people_of, search_for};
use super::record::{Mailing, Signed, SignedPerson, SignedPlace, SignedPlan};
use super::results::Results;
use super::signed::Responsible;
use crate::application::kinds;
use crate::application::sheet::{HOUSEHOLD, RowId, YOU};
use crate::application::view::age_on;
use crate::catalogue::Catalogue;
use crate::eligibility::Tables;
use crate::eligibility::tables::CsrLevel;
use crate::filing::codes::{Product, VariantKind};
use crate::quote::QuoteError;
use crate::quote::ask::search::Search;
use crate::quote::market;
use crate::quote::offer::Offer;
use crate::types::{Cents, PlanId};

/// From this age on people answer for themselves.
const OF_AGE: i32 = 18;

/// All that can be signed together.
pub struct Checked {
    pub start: Start,
    /// What has to be proved before an insurer is told.
    pub proof: Option<ToProve>,
    pub lines: Vec<Line>,
    /// See [`Results::number`]: what it was worked out from.
    pub results: i64,
    pub plan_year: i32,
    /// Version of the catalogue.
    pub catalogue: String,
}

/// One policy.
pub struct Line {
    /// Place among the groups.
    pub group: usize,
    pub product: Product,
    pub signed: Signed,
}

impl Checked {
    /// What there is to pay for all of it, a month.
    pub fn net(&self) -> Cents {
        self.lines.iter().map(|line| line.signed.net()).sum()
    }
}

/// Who signs.
pub struct By<'a> {
    /// As typed; empty while it is only shown.
    pub signature: &'a str,
    pub lang: &'a str,
}

/// Why it cannot be signed as it is.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// Nobody may enroll now.
    #[error("no enrollment period is open")]
    NotNow(NotNow),
    /// No plan has been chosen.
    #[error("no plan is chosen")]
    Nothing,
    /// Somebody is in two groups, or in one that cannot buy here.
    #[error("the groups do not fit")]
    Groups,
    /// A plan is not sold to its group: it was taken off, or never was.
    #[error("the plan {plan} is not sold to group {group}")]
    NotSold { group: usize, product: Product, plan: String },
    #[error(transparent)]
    Unpriced(#[from] Unpriced),
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalogue(#[from] sqlx::Error),
}

/// From which day it would start, then every line. `asking.start` is not looked at.
///
/// # Errors
///
/// See [`Unfit`].
pub async fn worked_out(asking: &Asking<'_>, by: &By<'_>, now: OffsetDateTime) -> Result<Checked, Unfit> {
    let start = start(asking.tables, asking.results, now, asking.choice.begin).map_err(Unfit::NotNow)?;
    from_day(asking, by, (start, now)).await
}

/// Every line from a day that is given: a plan that is renewed begins with the year.
///
/// # Errors
///
/// See [`Unfit`].
pub async fn from_day(
    asking: &Asking<'_>,
    by: &By<'_>,
    (start, now): (Start, OffsetDateTime),
) -> Result<Checked, Unfit> {
    let asking = Asking { start: start.day, why: Some(&start.why), ..*asking };
    fit(&asking)?;
    let mut lines = Vec::new();
    for (group, chosen) in asking.choice.groups.iter().enumerate() {
        for (product, plan) in [(Product::Medical, &chosen.medical), (Product::Dental, &chosen.dental)] {
            if let Some(plan) = plan {
                let said =
                    Said { asking: &asking, by, start: &start, today: today(asking.tables, asking.results, now) };
                lines.push(Line { group, product, signed: line(&said, (group, product), plan).await? });
            }
        }
    }
    if lines.is_empty() {
        return Err(Unfit::Nothing);
    }
    Ok(Checked {
        proof: event_proof::to_prove(asking.tables, asking.results, &start.why, now),
        lines,
        results: asking.results.number,
        plan_year: asking.results.plan_year,
        catalogue: asking.catalogue.version.clone(),
        start,
    })
}

/// The household's own day.
pub fn today(tables: &Tables, results: &Results, now: OffsetDateTime) -> Date {
    tables.days(Some(results.state), now).own
}

/// Whether each person stands in one group at most, and buys here.
fn fit(asking: &Asking<'_>) -> Result<(), Unfit> {
    let mut seen = BTreeSet::new();
    let shops = |row: &RowId| asking.results.person(*row).is_some_and(|person| person.shops);
    for group in &asking.choice.groups {
        let within = group.dental_people.iter().all(|row| group.people.contains(row));
        if group.people.is_empty() || !within || !group.people.iter().all(|row| shops(row) && seen.insert(*row)) {
            return Err(Unfit::Groups);
        }
    }
    Ok(())
}

struct Said<'a> {
    asking: &'a Asking<'a>,
    by: &'a By<'a>,
    start: &'a Start,
    today: Date,
}

async fn line(said: &Said<'_>, (group, product): (usize, Product), plan: &str) -> Result<Signed, Unfit> {
    let (asking, results) = (said.asking, said.asking.results);
    let not_sold = || Unfit::NotSold { group, product, plan: plan.to_string() };
    let search = search_for(asking, (group, product)).await?;
    let tally = market::tally(asking.catalogue, &search).await?;
    let plan_pk = PlanId::parse(plan).and_then(|plan| asking.catalogue.variants.find(&plan)).ok_or_else(not_sold)?;
    let offer = tally.find(plan_pk).ok_or_else(not_sold)?;
    let each = by_person(asking.catalogue, &search, (plan_pk, offer.premium)).await?;
    let chosen = &asking.choice.groups[group];
    let rows = people_of(chosen, product);
    let essential = essential(asking.catalogue, &search, offer).await?;
    let kind = kind_of(asking.catalogue, &search, offer);
    let people = rows.iter().zip(each).map(|(row, premium)| person(said, (*row, rows[0]), premium));
    let responsible = rows.first().and_then(|row| responsible(results, *row, said.start.day));
    let people: Vec<SignedPerson> = people.collect::<Option<_>>().ok_or(Unfit::Groups)?;
    Ok(Signed {
        plan: plan_of(asking.catalogue, offer, (search.product, kind)).await?,
        place: place_of(results, &search),
        premium: offer.premium,
        essential: Some(essential),
        credit: offer.credit,
        credit_available: available(asking, (group, product)).await?,
        benchmark: benchmark(results, chosen),
        csr: level_of(kind),
        starts: said.start.day,
        why_now: said.start.why.clone(),
        application_reference: results.case.application.reference.clone(),
        signature: said.by.signature.to_string(),
        signed_on: said.today,
        lang: said.by.lang.to_string(),
        renews: None,
        responsible,
        households: households::of(asking, (&search, chosen, rows), (essential, offer.credit), &people),
        people,
    })
}

/// Whoever answers for a subscriber who is a child: the contact person of the application.
pub(super) fn responsible(results: &Results, subscriber: RowId, on: Date) -> Option<Responsible> {
    let born = results.person(subscriber)?.born?;
    let name = |question: &str| results.case.text(question, YOU).trim().to_string();
    let child = subscriber != YOU && age_on(born, on) < OF_AGE;
    child.then(|| Responsible { first: name("first_name"), last: name("last_name") })
}

/// What of the premium is for essential health benefits: of a dental plan the children's part (26 CFR 1.36B-3(k)), as filed.
pub(super) async fn essential(catalogue: &Catalogue, search: &Search, offer: &Offer<'_>) -> Result<Cents, QuoteError> {
    if search.product == Product::Medical {
        return Ok(offer.ehb_premium());
    }
    let parts = market::children_parts(catalogue, search).await?;
    Ok(parts.get(&offer.plan_pk).copied().unwrap_or(Cents::ZERO))
}

/// Of the tax households whose credit helps pay for somebody of the group, all of their people together: what Form 1095-A has in
/// column B, for each policy of a tax household the same (Instructions for Form 1095-A, part III).
fn benchmark(results: &Results, group: &GroupChoice) -> Option<Cents> {
    let helped =
        results.tax_households.iter().filter(|tax| tax.eligible.iter().any(|(row, _)| group.people.contains(row)));
    let mut found = helped.map(|tax| tax.benchmark).peekable();
    found.peek()?;
    found.sum()
}

/// The variant that a group gets, as `market` takes it: the standard one where theirs was not filed.
fn kind_of(catalogue: &Catalogue, search: &Search, offer: &Offer<'_>) -> VariantKind {
    let wanted = search.variants().of_metal(offer.plan.metal);
    let filed = catalogue.variants.variant(offer.plan_pk, wanted).is_some();
    if filed { wanted } else { VariantKind::Standard }
}

/// What a variant has: by income none but with silver.
fn level_of(kind: VariantKind) -> CsrLevel {
    match kind {
        VariantKind::OffExchange | VariantKind::Standard => CsrLevel::None,
        VariantKind::ZeroCostSharing => CsrLevel::Zero,
        VariantKind::LimitedCostSharing => CsrLevel::Limited,
        VariantKind::Silver73 => CsrLevel::Csr73,
        VariantKind::Silver87 => CsrLevel::Csr87,
        VariantKind::Silver94 => CsrLevel::Csr94,
    }
}

async fn plan_of(
    catalogue: &Catalogue,
    offer: &Offer<'_>,
    (product, kind): (Product, VariantKind),
) -> Result<SignedPlan, Unfit> {
    let (phone, payment) = catalogue.insurer(offer.facts.issuer_id).await?;
    Ok(SignedPlan {
        id: offer.plan.plan_id.clone(),
        variant: format!("{:02}", kind.code()),
        name: offer.plan.name.clone(),
        issuer_id: format!("{:05}", offer.facts.issuer_id),
        issuer_name: catalogue.issuer_name(offer.facts.issuer_id),
        product: product.key().to_string(),
        metal: offer.plan.metal.map(|metal| metal.key().to_string()).unwrap_or_default(),
        payment,
        phone,
        address: None,
    })
}

fn place_of(results: &Results, search: &Search) -> SignedPlace {
    let text = |question: &str| results.case.text(question, HOUSEHOLD).trim().to_string();
    let street = |names: [&str; 2]| names.map(&text).into_iter().filter(|line| !line.is_empty()).collect();
    let mailing = (!text("mail_street").is_empty()).then(|| Mailing {
        street: street(["mail_street", "mail_unit"]),
        city: text("mail_city"),
        state: text("mail_state"),
        zip: text("mail_zip"),
    });
    SignedPlace {
        street: street(["street", "unit"]),
        city: text("city"),
        state: search.place.county.state.clone(),
        zip: search.place.zip.to_string(),
        county_fips: search.place.county.fips.to_string(),
        county_name: search.place.county.name.clone(),
        rating_area: search.place.rating_area_number,
        mailing,
    }
}

/// `None`: there is no such person, or no birthday.
fn person(said: &Said<'_>, (row, subscriber): (RowId, RowId), premium: Cents) -> Option<SignedPerson> {
    let results = said.asking.results;
    let person = results.person(row)?;
    let text = |question: &str| results.case.text(question, row).trim().to_string();
    let suffix = text("suffix");
    // One of the household takes the letters: the contact person's telephone and e-mail are the subscriber's.
    let contact = |question: &str| {
        let told = [YOU, HOUSEHOLD].map(|row| results.case.text(question, row).trim()).into_iter();
        told.filter(|told| row == subscriber && !told.is_empty()).map(str::to_string).next()
    };
    Some(SignedPerson {
        row,
        relation: results.relation(row, subscriber),
        first: text("first_name"),
        middle: text("middle_name"),
        last: text("last_name"),
        suffix: if suffix == kinds::NONE { String::new() } else { suffix },
        born: person.born?,
        sex: text("sex"),
        ssn: kinds::ssn(results.case.text("ssn", row)),
        tobacco: person.tobacco,
        premium,
        phone: contact("phone"),
        email: contact("email"),
        races: races(results.case.text("race", row)),
    })
}

/// Nothing of whoever does not want to say.
fn races(told: &str) -> Vec<String> {
    let all: Vec<String> = kinds::parts(told).map(str::to_string).collect();
    if all.iter().any(|word| word == "no_answer") { Vec::new() } else { all }
}

/// The price of one plan for a group, as the list has it; `None`: it is not sold to them.
///
/// # Errors
///
/// See [`Unfit`].
pub async fn priced(
    asking: &Asking<'_>,
    (group, product): (usize, Product),
    plan: &PlanId,
) -> Result<Option<(Cents, Cents)>, price::Unpriced> {
    let search = search_for(asking, (group, product)).await?;
    let tally = market::tally(asking.catalogue, &search).await?;
    let offer = asking.catalogue.variants.find(plan).and_then(|plan_pk| tally.find(plan_pk));
    Ok(offer.map(|offer| (offer.premium, offer.credit)))
}
