//! The preliminary determination of an application: the engine's answer over exact premiums.
//!
//! Called when an application is sent, and by nothing while somebody types. Premiums of the silver plans sold where the
//! household lives go into the engine's household, so that the engine finds every tax household's benchmark itself, and
//! the same JSON gives the same answer in `windowshop determine` years later. It asks nothing outside of this process.

use serde_json::{Value, json};
use time::Date;

use super::household::household;
use super::sheet::RowId;
use super::view::View;
use crate::catalogue::Catalogue;
use crate::catalogue::places::Place;
use crate::eligibility::household::HraKind;
use crate::eligibility::{Determination, FieldError, Household, Tables, determine, rounding};
use crate::filing::codes::{Feature, Metal, Product};
use crate::quote::QuoteError;
use crate::quote::market;
use crate::quote::policy::DatedRules;
use crate::types::{Cents, CountyFips, Zip5};

/// What the engine was given, and what it answered.
pub struct Determined {
    /// As `windowshop determine` reads it.
    pub household: Value,
    pub determination: Determination,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Undetermined {
    /// The home is in no county that we sell in.
    #[error("the home is in no county of this catalogue")]
    NoPlace,
    /// The engine refused what the pages had accepted. The paths are for the log.
    #[error("the eligibility engine refused {}", paths(.0))]
    Refused(Vec<FieldError>),
    #[error(transparent)]
    Quote(#[from] QuoteError),
}

fn paths(faults: &[FieldError]) -> String {
    faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>().join(", ")
}

/// Works the determination out.
///
/// # Errors
///
/// See [`Undetermined`].
pub async fn determined(catalogue: &Catalogue, tables: &Tables, view: &View<'_>) -> Result<Determined, Undetermined> {
    let place = place(catalogue, view).ok_or(Undetermined::NoPlace)?;
    let year = u16::try_from(view.year).map_err(|_| Undetermined::NoPlace)?;
    let rules = DatedRules::of_year(tables, year).ok_or(QuoteError::NoRules(year))?;
    let people: Vec<RowId> = view.people().collect();
    // First without premiums: who may get a credit, and how old each is when coverage starts.
    let bare = household(view, &|_| None);
    let first = answer(tables, view.today, &bare)?;
    let silver = judging_silver(catalogue, &place, rules, view, &first).await?;
    let mut said = household(view, &|row| silver.iter().find(|(own, _)| *own == row).map(|(_, cents)| cents.0));
    if first.tax_households.iter().any(|tax| !tax.eligible_indexes.is_empty()) {
        let eligible = |at: usize| first.tax_households.iter().any(|tax| tax.eligible_indexes.contains(&at));
        let ages: Vec<Option<u8>> = (0..people.len()).map(|at| eligible(at).then(|| first.people[at].age)).collect();
        let (silver, dental) = premiums(catalogue, &place, rules, &ages).await?;
        said["silver_plans"] = silver;
        said["dental_plans"] = dental;
    }
    let determination = answer(tables, view.today, &said)?;
    Ok(Determined { household: said, determination })
}

/// What the engine refuses of the answers as they stand, because they do not fit together; empty if it takes them. The check
/// page says so before anybody signs.
pub fn unfit(tables: &Tables, view: &View) -> Vec<FieldError> {
    match answer(tables, view.today, &household(view, &|_| None)) {
        Err(Undetermined::Refused(faults)) => faults,
        _ => Vec::new(),
    }
}

pub(super) fn answer(tables: &Tables, today: Date, said: &Value) -> Result<Determination, Undetermined> {
    let refused = |fault| Undetermined::Refused(vec![fault]);
    let household = Household::from_json(&said.to_string()).map_err(refused)?;
    determine(&household, tables, today).map_err(Undetermined::Refused)
}

/// Where the household lives, as the catalogue knows it.
pub fn place(catalogue: &Catalogue, view: &View) -> Option<Place> {
    let zip = Zip5::parse(view.text("zip", super::sheet::HOUSEHOLD))?;
    let county = CountyFips::parse(&view.county()?.fips)?;
    catalogue.places.place(zip, county)
}

/// For each employee whose employer offers money: the silver premium for them alone that it is judged by.
async fn judging_silver(
    catalogue: &Catalogue,
    place: &Place,
    rules: DatedRules,
    view: &View<'_>,
    first: &Determination,
) -> Result<Vec<(RowId, Cents)>, QuoteError> {
    let mut found = Vec::new();
    for row in view.offered() {
        let answer = first.people.iter().find(|person| person.id == row.to_string());
        let kind = match view.text("offer_kind", row) {
            "ichra" => HraKind::Ichra,
            "qsehra" => HraKind::Qsehra,
            _ => continue,
        };
        if let Some(answer) = answer {
            let silver = market::silver_alone(catalogue, place, answer.age, rules).await?;
            found.extend(silver.map(|silver| (row, silver.judging(kind))));
        }
    }
    Ok(found)
}

/// Silver plans, and dental plans for children, with the premium of each member for essential benefits; `null` for whoever
/// is not eligible for a credit.
pub(super) async fn premiums(
    catalogue: &Catalogue,
    place: &Place,
    rules: DatedRules,
    ages: &[Option<u8>],
) -> Result<(Value, Value), QuoteError> {
    let mut silver = Rows::default();
    let mut dental = Rows::default();
    for (at, age) in ages.iter().enumerate() {
        let Some(age) = *age else { continue };
        for offer in market::for_one(catalogue, place, (age, Product::Medical), rules).await? {
            if offer.plan.metal == Some(Metal::Silver) {
                let with_dental = offer.facts.packed.has(Feature::ChildDental);
                silver.put(&offer.plan.plan_id.to_string(), with_dental, (at, ages.len()), offer.ehb_premium());
            }
        }
        if age < rules.rating.dental_under_age {
            for offer in market::for_one(catalogue, place, (age, Product::Dental), rules).await? {
                let part = rounding::ehb_share(offer.premium, offer.plan.pediatric_dental_ppm);
                dental.put(&offer.plan.plan_id.to_string(), false, (at, ages.len()), part);
            }
        }
    }
    let silver = silver.0.into_iter().map(
        |row| json!({"plan_id": row.plan, "member_premiums": row.premiums, "pediatric_dental": row.pediatric_dental}),
    );
    let dental = dental.0.into_iter().map(|row| json!({"plan_id": row.plan, "member_premiums": row.premiums}));
    Ok((silver.collect(), dental.collect()))
}

#[derive(Default)]
struct Rows(Vec<Row>);

struct Row {
    plan: String,
    pediatric_dental: bool,
    /// In dollars as text, by the places of the people.
    premiums: Vec<Option<String>>,
}

impl Rows {
    fn put(&mut self, plan: &str, pediatric_dental: bool, (at, many): (usize, usize), premium: Cents) {
        let row = match self.0.iter().position(|row| row.plan == plan) {
            Some(row) => row,
            None => {
                self.0.push(Row { plan: plan.to_string(), pediatric_dental, premiums: vec![None; many] });
                self.0.len() - 1
            }
        };
        self.0[row].premiums[at] = Some(premium.decimal());
    }
}
