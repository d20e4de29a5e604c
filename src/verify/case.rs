//! An application that was sent, opened for checking: what was answered, by row and question, and what the engine said.
//!
//! Made again by each job, from what was frozen. It holds what people typed: it has no `Debug`, and nothing of it is logged.

use serde_json::Value;
use sqlx::AnyConnection;
use time::Date;

use super::moment;
use crate::application::record::{self, Application};
use crate::application::sheet::{HOUSEHOLD, RowId, key};
use crate::eligibility::tables::MarketplaceKind;
use crate::eligibility::{State, Tables};
use crate::store::vault::Vault;
use crate::store::{Millis, StoreError};

pub struct Case {
    pub owner: String,
    pub application: Application,
}

/// A tax household as the engine answered it.
pub struct TaxHousehold {
    pub filers: Vec<RowId>,
    pub members: Vec<RowId>,
    /// Who can have the credit.
    pub eligible: Vec<RowId>,
    /// In cents, as it was told.
    pub magi: i64,
}

impl Case {
    /// `None`: the owner is gone, or has no such application.
    ///
    /// # Errors
    ///
    /// If the store is away, or something does not open.
    pub async fn open(
        connection: &mut AnyConnection,
        vault: &Vault,
        (owner, id): (&str, &str),
    ) -> Result<Option<Case>, StoreError> {
        let found = record::one(connection, vault, (owner, id)).await?;
        Ok(found.map(|application| Case { owner: owner.to_string(), application }))
    }

    pub fn id(&self) -> &str {
        &self.application.id
    }

    /// An answer as it was typed; empty if the question was not asked.
    pub fn text(&self, question: &str, row: RowId) -> &str {
        self.application.frozen.answers.get(key(question, row)).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn said(&self, question: &str, row: RowId, answer: &str) -> bool {
        self.text(question, row) == answer
    }

    /// Whether a person is among those who were ticked in a question about the household.
    pub fn among(&self, question: &str, person: RowId) -> bool {
        self.text(question, HOUSEHOLD).split(',').any(|part| part.trim().parse() == Ok(person))
    }

    /// Who applies, in the order of the household.
    pub fn applicants(&self) -> Vec<RowId> {
        let people = self.application.frozen.household["people"].as_array();
        let applying = |person: &&Value| person["applying"].as_bool().unwrap_or(true);
        people.into_iter().flatten().filter(applying).filter_map(|person| row(&person["id"])).collect()
    }

    /// Tax households of the first determination.
    pub fn tax_households(&self) -> Vec<TaxHousehold> {
        let all = self.application.determination["tax_households"].as_array();
        let one = |tax: &Value| TaxHousehold {
            filers: rows(&tax["filers"]),
            members: rows(&tax["members"]),
            eligible: rows(&tax["credit_eligible"]),
            magi: cents(&tax["magi"]),
        };
        all.into_iter().flatten().map(one).collect()
    }

    /// First and last name, or what there is of them; empty for the household.
    pub fn name(&self, person: RowId) -> String {
        let parts = ["first_name", "middle_name", "last_name"].map(|part| self.text(part, person).trim());
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    pub fn state(&self) -> Option<State> {
        State::parse(self.application.determination["state"].as_str()?)
    }

    pub fn plan_year(&self) -> i32 {
        self.application.year()
    }

    pub fn marketplace(&self, tables: &Tables) -> Option<MarketplaceKind> {
        Some(tables.marketplace(self.state()?, self.plan_year())?.kind)
    }

    /// The household's own day at a moment.
    pub fn day(&self, tables: &Tables, at: Millis) -> Date {
        tables.days(self.state(), moment(at)).own
    }

    /// The moment at which a day of the household's state is over.
    pub fn end_of(&self, tables: &Tables, day: Date) -> Millis {
        let midnight = day.next_day().unwrap_or(day).midnight();
        let mut utc = midnight.assume_utc();
        // The second time with the offset that holds at that very moment.
        for _ in 0..2 {
            let wall = tables.wall(self.state(), utc);
            let shown = time::PrimitiveDateTime::new(wall.date(), wall.time());
            utc += midnight - shown;
        }
        utc.unix_timestamp() * 1000
    }
}

fn row(id: &Value) -> Option<RowId> {
    id.as_str()?.parse().ok()
}

fn rows(ids: &Value) -> Vec<RowId> {
    ids.as_array().into_iter().flatten().filter_map(row).collect()
}

/// Dollars of JSON as cents: what the engine writes has two decimals.
pub fn cents(dollars: &Value) -> i64 {
    (dollars.as_f64().unwrap_or_default() * 100.0).round() as i64
}
