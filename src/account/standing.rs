//! How the checks of somebody's newest application stand, in as much as the account's home says of it.
//!
//! Called by that page. It changes nothing, and says nothing of what a source has answered.

use sqlx::AnyConnection;

use crate::store::{Millis, StoreError};

/// What the home page needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Something had to be proved, now or earlier, of any application.
    pub ever_needed: bool,
    /// Of the newest application.
    pub checks: Option<Checks>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checks {
    /// Not begun, or an office has not answered.
    Waiting,
    /// Nothing is open.
    Done,
    /// Something has to be sent: by which day (`2027-02-25`), the first of them; `None` if its notice is not written yet.
    Needed(Option<String>),
}

/// Of an owner. `asks`: this site asks offices at all, so that an application without checks waits for them.
///
/// # Errors
///
/// If the store is away.
pub async fn of(connection: &mut AnyConnection, owner: &str, asks: bool) -> Result<Standing, StoreError> {
    let asked = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM dmi WHERE owner = $1) + (SELECT count(*) FROM event_proof WHERE owner = $1)",
    );
    let issues: i64 = asked.bind(owner).fetch_one(&mut *connection).await?;
    let asked = sqlx::query_scalar("SELECT id FROM application WHERE owner = $1 ORDER BY submitted_at DESC LIMIT 1");
    let newest: Option<String> = asked.bind(owner).fetch_optional(&mut *connection).await?;
    let checks = match newest {
        Some(newest) => checks(connection, &newest, asks).await?,
        None => None,
    };
    Ok(Standing { ever_needed: issues > 0, checks })
}

async fn checks(connection: &mut AnyConnection, application: &str, asks: bool) -> Result<Option<Checks>, StoreError> {
    let asked = sqlx::query_scalar("SELECT count(*) FROM verification_run WHERE application = $1");
    let runs: i64 = asked.bind(application).fetch_one(&mut *connection).await?;
    if runs == 0 {
        return Ok(asks.then_some(Checks::Waiting));
    }
    let asked = sqlx::query_as(
        "SELECT due_day, noticed_at FROM dmi WHERE application = $1 AND state = 'open' AND in_review = 0 ORDER BY due_at",
    );
    let open: Vec<(String, Option<Millis>)> = asked.bind(application).fetch_all(&mut *connection).await?;
    if !open.is_empty() {
        let noticed = open.into_iter().find(|(_, noticed_at)| noticed_at.is_some());
        return Ok(Some(Checks::Needed(noticed.map(|(day, _)| day))));
    }
    // What was sent and is looked at is for others to do, too.
    let asked = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM verification WHERE application = $1 AND state IN ('waiting', 'pending')) \
         + (SELECT count(*) FROM dmi WHERE application = $1 AND state = 'open')",
    );
    let waiting: i64 = asked.bind(application).fetch_one(connection).await?;
    Ok(Some(if waiting > 0 { Checks::Waiting } else { Checks::Done }))
}
