//! What an insurer did with an enrollment: the first payment came, it never began, it ends, it goes on.
//!
//! Called by `inbox` inside the transaction that takes a file. What is over stays over, and what we cannot place is told to
//! the caller with its reason: an operator looks.

use time::Date;

use super::member;
use crate::enrollment::ending::{self, Word};
use crate::enrollment::record::{self as enrollments, Enrollment, State};
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

/// What an insurer's transaction comes to.
enum Meaning {
    /// The first month is paid.
    Paid,
    Says(Word),
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
    let code = said.extra.map(Extra::code).unwrap_or_default();
    match meaning(said, &own) {
        None => Ok(Fate::Known),
        Some(Meaning::Paid) => paid(tx, room, &own, code).await,
        Some(Meaning::Says(word)) => says(tx, room, &own, (word, code)).await,
    }
}

/// Why an answer about an enrollment as it stands cannot be placed.
fn odd(own: &Enrollment) -> Option<Fate> {
    match own.state {
        State::Signed | State::WaitingProof => Some(Fate::Aside("about an enrollment that was not sent yet")),
        state if !state.is_live() => Some(Fate::Aside("about an enrollment that is over here")),
        _ => None,
    }
}

async fn paid(tx: &mut Tx, room: &Room, own: &Enrollment, code: &str) -> Result<Fate, StoreError> {
    let asked = sqlx::query_scalar(
        "SELECT count(*) FROM enrollment_step WHERE enrollment = $1 AND step = $2 AND from_day = $3",
    );
    let (step, day) = (Step::Confirmed, own.starts.to_string());
    let before: i64 = asked.bind(own.id.as_str()).bind(step.word()).bind(day).fetch_one(tx.conn()).await?;
    if before > 0 {
        return Ok(Fate::Known);
    }
    if let Some(fate) = odd(own) {
        return Ok(fate);
    }
    let taken = Taken { step, from_day: own.starts, code, actor: &Actor::Site, session: "" };
    step::apply(tx, &room.means, &own.id, &taken).await?;
    let paid =
        sqlx::query("UPDATE enrollment_change SET answer = 'confirmed' WHERE enrollment = $1 AND kind = 'initial'");
    paid.bind(own.id.as_str()).execute(tx.conn()).await?;
    Ok(Fate::Moved)
}

async fn says(tx: &mut Tx, room: &Room, own: &Enrollment, (word, code): (Word, &str)) -> Result<Fate, StoreError> {
    let known = match word {
        Word::Cancelled => own.state == State::Cancelled,
        Word::Ended(day) => own.state == State::Ended && own.ends == day,
        Word::Reinstated(_) => own.state.is_live() && odd(own).is_none(),
    };
    if known {
        return Ok(Fate::Known);
    }
    match word {
        Word::Ended(day) if !(own.starts..=own.ends).contains(&day) => {
            return Ok(Fate::Aside("ends on a day on which it is not in force, or says none"));
        }
        Word::Reinstated(_) if ending::is_replaced(tx, own).await? => {
            return Ok(Fate::Aside("goes on with an enrollment that another one has replaced"));
        }
        Word::Reinstated(_) if !own.state.is_live() => {}
        _ => {
            if let Some(fate) = odd(own) {
                return Ok(fate);
            }
        }
    }
    let moved = ending::by_insurer(tx, (&room.means, &room.knows), own, (word, code)).await?;
    Ok(if moved { Fate::Moved } else { Fate::Known })
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
    let plan = own.plan.replace('-', "");
    if !said.plan.is_empty() && said.plan != plan {
        return Ok(Err("names another plan than the enrollment has"));
    }
    Ok(Ok(own))
}

/// What an insurer's word comes to; `None`: it changes nothing.
fn meaning(said: &Coverage, own: &Enrollment) -> Option<Meaning> {
    let ended = Word::Ended(said.ends.unwrap_or(Date::MIN));
    let back = Word::Reinstated(said.begins.unwrap_or(own.starts));
    Some(match said.extra {
        Some(Extra::Confirm) => Meaning::Paid,
        Some(Extra::InsurerReinstates) => Meaning::Says(back),
        Some(extra) if extra.cancels() => Meaning::Says(Word::Cancelled),
        Some(extra) if extra.ends() => Meaning::Says(ended),
        Some(_) => return None,
        None => match (said.kind, said.reason) {
            (Kind::Initial, Some(Reason::Initial)) => Meaning::Paid,
            (Kind::Cancel, _) => Meaning::Says(Word::Cancelled),
            (Kind::Terminate, _) => Meaning::Says(ended),
            (Kind::Reinstate, _) => Meaning::Says(back),
            _ => return None,
        },
    })
}
