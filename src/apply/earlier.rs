//! The application that an open change follows, as it stands now: for the check page, for sending, for the notice.
//!
//! Called by pages of this room. It changes nothing.

use serde_json::Value;

use crate::application::record::{self, Application, Frozen};
use crate::application::view::View;
use crate::eligibility::Determination;
use crate::office::desk::{Desk, Instead};
use crate::store::StoreError;
use crate::verify::amend::amended;
use crate::verify::case::Case;
use crate::verify::{Knows, carry, redetermine};

pub struct Earlier {
    pub case: Case,
    /// The determination that counts until the change holds, as JSON.
    pub in_force: Value,
    /// Another change of it was sent meanwhile.
    pub followed: bool,
}

impl Earlier {
    /// `None`: the answers are no change.
    ///
    /// # Errors
    ///
    /// If the store is away, or the application is gone.
    pub async fn of(desk: &Desk, owner: &str, view: &View<'_>) -> Result<Option<Earlier>, Instead> {
        let Some(id) = view.sheet.follows() else { return Ok(None) };
        let vault = &desk.office.means.vault;
        let mut connection = desk.office.read().await?;
        let case = Case::open(&mut connection, vault, (owner, id)).await?.ok_or(StoreError::Stale)?;
        let key = vault.open(&mut connection, owner).await?.ok_or(StoreError::Stale)?;
        let in_force = record::in_force(&mut connection, &key, (owner, &case.application), view.year).await?;
        let followed = record::followed_by(&mut connection, (owner, id)).await?.is_some();
        Ok(Some(Earlier { case, in_force: in_force.determination, followed }))
    }

    /// What had not been proved in time, and is told as before, holds on (45 CFR 155.315(f)(5)): the household amended by it,
    /// and what the engine says of that. `None`: there is nothing of the kind.
    ///
    /// # Errors
    ///
    /// If the store is away, or the engine refuses the household.
    pub async fn amended(
        &self,
        desk: &Desk,
        knows: &Knows,
        (frozen, determination): (&Frozen, &Determination),
    ) -> Result<Option<(Value, Determination)>, Instead> {
        let application = Application {
            id: String::new(),
            reference: String::new(),
            plan_year: self.case.application.plan_year,
            submitted_at: 0,
            catalogue: String::new(),
            frozen: Frozen {
                answers: frozen.answers.clone(),
                household: frozen.household.clone(),
                county: frozen.county.clone(),
                amended: None,
            },
            determination: serde_json::to_value(determination).map_err(anyhow::Error::from)?,
            follows: Some(self.case.application.id.clone()),
        };
        let new = Case { owner: self.case.owner.clone(), application };
        let mut connection = desk.office.read().await?;
        let vault = &desk.office.means.vault;
        let unproved = carry::unproved(&mut connection, (vault, knows), (&self.case, &new)).await?;
        drop(connection);
        if unproved.is_empty() {
            return Ok(None);
        }
        let said = amended(&knows.tables, &frozen.household, (&new.tax_households(), &unproved))?;
        let decided = redetermine::answer(knows, &said)?;
        Ok(Some((said, decided)))
    }
}
