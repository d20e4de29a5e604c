//! What an insurer did with an enrollment: the first payment came, it never began, it ends, it goes on.
//!
//! Called by `inbox` inside the transaction that takes a file. What is over stays over, and what we cannot place is told to
//! the caller with its reason: an operator looks.

use time::Date;

use super::member;
use crate::enrollment::record::{self as enrollments, Enrollment, State};
use crate::enrollment::sign::year_end;
use crate::enrollment::step::{self, Step, Taken};
use crate::store::audit::Actor;
use crate::store::{StoreError, Tx};
use crate::verify::Room;
use crate::x834::coverage::Coverage;
use crate::x834::{Extra, Kind, Reason};

/// What became of one answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    Moved,
    Known,
    /// Why it is kept for an operator.
    Aside(&'static str),
}

/// Writes it down in the transaction of its file.
///
/// # Errors
///
/// If the store is away.
pub async fn apply(tx: &mut Tx, room: &Room, issuer: &str, said: &Coverage) -> Result<Fate, StoreError> {
    let own = match found(tx, (room, issuer), said).await? {
        Ok(own) => own,
        Err(why) => return Ok(Fate::Aside(why)),
    };
    let Some((step, from_day)) = meaning(said, &own) else { return Ok(Fate::Known) };
    let ended = step == Step::Ended;
    if ended && !(own.starts..=own.ends).contains(&from_day) {
        return Ok(Fate::Aside("ends on a day on which it is not in force, or says none"));
    }
    let asked = sqlx::query_scalar(
        "SELECT count(*) FROM enrollment_step WHERE enrollment = $1 AND step = $2 AND from_day = $3",
    );
    let before: i64 =
        asked.bind(own.id.as_str()).bind(step.word()).bind(from_day.to_string()).fetch_one(tx.conn()).await?;
    if before > 0 {
        return Ok(Fate::Known);
    }
    if matches!(own.state, State::Signed | State::WaitingProof) {
        return Ok(Fate::Aside("about an enrollment that was not sent yet"));
    }
    if !own.state.is_live() && step != Step::Reinstated {
        return Ok(Fate::Aside("about an enrollment that is over here"));
    }
    let code = said.extra.map(Extra::code).unwrap_or_default();
    let says = Taken { step, from_day, code, actor: &Actor::Site, session: "" };
    step::apply(tx, &room.means, &own.id, &says).await?;
    if ended {
        let ends = sqlx::query("UPDATE enrollment SET ends = $1 WHERE id = $2");
        ends.bind(from_day.to_string()).bind(own.id.as_str()).execute(tx.conn()).await?;
    }
    if step == Step::Reinstated {
        // Without a gap, to the end of its year, as it was from the beginning.
        let year = i32::try_from(own.plan_year).unwrap_or_default();
        let ends = sqlx::query("UPDATE enrollment SET ends = $1 WHERE id = $2");
        ends.bind(year_end(year, own.ends).to_string()).bind(own.id.as_str()).execute(tx.conn()).await?;
    }
    if step == Step::Confirmed {
        let paid =
            sqlx::query("UPDATE enrollment_change SET answer = 'confirmed' WHERE enrollment = $1 AND kind = 'initial'");
        paid.bind(own.id.as_str()).execute(tx.conn()).await?;
    }
    Ok(Fate::Moved)
}

/// The enrollment that an insurer's transaction is about, or why it is about none.
async fn found(
    tx: &mut Tx,
    (room, issuer): (&Room, &str),
    said: &Coverage,
) -> Result<Result<Enrollment, &'static str>, StoreError> {
    let asked = sqlx::query_as("SELECT owner, id, issuer FROM enrollment WHERE number = $1");
    let found: Option<(String, String, String)> = asked.bind(said.policy.as_str()).fetch_optional(tx.conn()).await?;
    let Some((owner, id, of)) = found else { return Ok(Err("about an enrollment that we have not")) };
    if of != issuer {
        return Ok(Err("about an enrollment with another insurer"));
    }
    let vault = &room.means.vault;
    let Some(own) = enrollments::one(tx.conn(), vault, (&owner, &id)).await? else {
        return Ok(Err("about an enrollment whose owner is gone"));
    };
    if member::subscriber_id(&own.signed) != said.subscriber {
        return Ok(Err("names another subscriber than the enrollment has"));
    }
    // The variant can be another one from a month on, and an insurer can speak of either.
    let plan = &own.signed.plan.id;
    if !said.plan.is_empty() && said.plan.get(..plan.len()) != Some(plan.as_str()) {
        return Ok(Err("names another plan than the enrollment has"));
    }
    Ok(Ok(own))
}

/// The step that an insurer's word comes to, with its day; `None`: it changes nothing.
fn meaning(said: &Coverage, own: &Enrollment) -> Option<(Step, Date)> {
    let end = said.ends.unwrap_or(Date::MIN);
    match said.extra {
        Some(Extra::Confirm) => Some((Step::Confirmed, own.starts)),
        Some(Extra::InsurerReinstates) => Some((Step::Reinstated, said.begins.unwrap_or(own.starts))),
        Some(extra) if extra.cancels() => Some((Step::Cancelled, own.starts)),
        Some(extra) if extra.ends() => Some((Step::Ended, end)),
        Some(_) => None,
        None => match (said.kind, said.reason) {
            (Kind::Initial, Some(Reason::Initial)) => Some((Step::Confirmed, own.starts)),
            (Kind::Cancel, _) => Some((Step::Cancelled, own.starts)),
            (Kind::Terminate, _) => Some((Step::Ended, end)),
            (Kind::Reinstate, _) => Some((Step::Reinstated, said.begins.unwrap_or(own.starts))),
            _ => None,
        },
    }
}
