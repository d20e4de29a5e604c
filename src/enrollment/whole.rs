//! An enrollment with all that a page shows of it: as it was signed, as it is now, what became of it.
//!
//! Called by the pages of coverage. It changes nothing.

use sqlx::AnyConnection;

use super::record::{self, Enrollment, Signed};
use super::step::{self, StepLine};
use super::timeline::{self, Timeline};
use crate::store::StoreError;
use crate::store::vault::Vault;

/// Has no `Debug`: it holds what people typed.
pub struct Whole {
    pub enrollment: Enrollment,
    /// People and amounts as the latest change has them.
    pub now: Signed,
    /// By day.
    pub timeline: Timeline,
    /// The oldest first.
    pub steps: Vec<StepLine>,
}

/// An owner's, the oldest first.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn all(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Vec<Whole>, StoreError> {
    let mut all = Vec::new();
    for enrollment in record::of(connection, vault, owner).await? {
        all.push(whole(connection, vault, enrollment).await?);
    }
    Ok(all)
}

/// One of an owner's; `None` if there is none of this ID.
///
/// # Errors
///
/// If the store is away, or it does not open.
pub async fn one(connection: &mut AnyConnection, vault: &Vault, of: (&str, &str)) -> Result<Option<Whole>, StoreError> {
    match record::one(connection, vault, of).await? {
        Some(enrollment) => whole(connection, vault, enrollment).await.map(Some),
        None => Ok(None),
    }
}

async fn whole(connection: &mut AnyConnection, vault: &Vault, enrollment: Enrollment) -> Result<Whole, StoreError> {
    let now = record::now(connection, vault, &enrollment).await?;
    let steps = step::of(connection, &enrollment.id).await?;
    let timeline = timeline::of(connection, vault, &enrollment, |_| true).await?;
    Ok(Whole { enrollment, now, timeline, steps })
}
