//! What is done at the desk, each in one transaction with its row of the record: opening an issue, handing it over, taking in
//! paper, reading a document, accepting, rejecting.
//!
//! An issue is open with one person at a time. Whoever decides takes that row first, so of two who decide at once the second
//! finds that it is done.

use super::matter;
use crate::account::people::Means;
use crate::application::record::Notice;
use crate::documents::stored::{self, Reason};
use crate::staff::session::WHOLE;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, Millis, StoreError, Tx};
use crate::verify::case::Case;
use crate::verify::{Room, notice};

/// Who does what to which issue.
#[derive(Clone)]
pub struct Hand {
    pub means: Means,
    /// The ID of the account of the desk.
    pub by: String,
    pub dmi: String,
    /// The start of the session's hash, for the record.
    pub session: String,
}

impl Hand {
    fn actor(&self) -> Actor {
        Actor::Desk(self.by.clone())
    }

    async fn note(&self, tx: &mut Tx, deed: Deed, (owner, record): (&str, &str)) -> Result<(), StoreError> {
        let actor = self.actor();
        self.means.audit.append(tx, &Entry { actor: &actor, deed, owner, record, session: &self.session }).await
    }

    /// Takes the row that says that the issue is open with this person; whose it is, or `None` if it is not.
    async fn take(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        let taken = sqlx::query_scalar(
            "UPDATE desk_item SET taken_at = taken_at WHERE dmi = $1 AND desk_user = $2 RETURNING owner",
        );
        Ok(taken.bind(self.dmi.as_str()).bind(self.by.as_str()).fetch_optional(tx.conn()).await?)
    }

    /// Nothing waits any more: the issue leaves this person's hands.
    async fn put_back(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let gone = sqlx::query("DELETE FROM desk_item WHERE dmi = $1 AND desk_user = $2");
        gone.bind(self.dmi.as_str()).bind(self.by.as_str()).execute(tx.conn()).await?;
        Ok(())
    }
}

/// What came of opening an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    Mine,
    /// Somebody else has it open, since when.
    With(String, Millis),
    Nowhere,
}

/// Opens an issue: from now on this person sees whose it is. One that somebody has left open for a working day is free.
pub struct Open(pub Hand);

impl Change for Open {
    type Done = Opened;

    async fn run(&self, tx: &mut Tx) -> Result<Opened, StoreError> {
        let (hand, now) = (&self.0, tx.now());
        let Some(issue) = matter::one(tx.conn(), &hand.dmi).await? else { return Ok(Opened::Nowhere) };
        if hand.take(tx).await?.is_some() {
            return Ok(Opened::Mine);
        }
        let taken = sqlx::query(
            "INSERT INTO desk_item (dmi, owner, desk_user, taken_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (dmi) DO UPDATE SET owner = $2, desk_user = $3, taken_at = $4 WHERE desk_item.taken_at <= $5",
        );
        let taken = taken.bind(hand.dmi.as_str()).bind(issue.owner()).bind(hand.by.as_str()).bind(now);
        if taken.bind(now - WHOLE).execute(tx.conn()).await?.rows_affected() == 1 {
            hand.note(tx, Deed::ItemOpened, (issue.owner(), &format!("dmi:{}", hand.dmi))).await?;
            return Ok(Opened::Mine);
        }
        let asked = sqlx::query_as("SELECT desk_user, taken_at FROM desk_item WHERE dmi = $1");
        let with: Option<(String, i64)> = asked.bind(hand.dmi.as_str()).fetch_optional(tx.conn()).await?;
        Ok(with.map_or(Opened::Nowhere, |(by, since)| Opened::With(by, since)))
    }
}

/// Puts an issue back into the line, or, for a supervisor, into other hands (`to`).
pub struct Move {
    pub hand: Hand,
    /// `None`: whoever opens it next.
    pub to: Option<String>,
    /// Also what is open with somebody else.
    pub any: bool,
}

impl Change for Move {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (hand, now) = (&self.hand, tx.now());
        if !self.any {
            let held = hand.take(tx).await?;
            hand.put_back(tx).await?;
            return Ok(held.is_some());
        }
        let Some(issue) = matter::one(tx.conn(), &hand.dmi).await? else { return Ok(false) };
        match &self.to {
            None => {
                let gone = sqlx::query("DELETE FROM desk_item WHERE dmi = $1").bind(hand.dmi.as_str());
                gone.execute(tx.conn()).await?;
            }
            Some(to) => {
                sqlx::query(
                    "INSERT INTO desk_item (dmi, owner, desk_user, taken_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (dmi) DO UPDATE SET owner = $2, desk_user = $3, taken_at = $4",
                )
                .bind(hand.dmi.as_str())
                .bind(issue.owner())
                .bind(to.as_str())
                .bind(now)
                .execute(tx.conn())
                .await?;
            }
        }
        hand.note(tx, Deed::ItemMoved, (issue.owner(), &format!("dmi:{}", hand.dmi))).await?;
        Ok(true)
    }
}

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    Done,
    /// Somebody has decided about this document before.
    Before,
    /// The issue is not open with this person.
    NotMine,
    /// The issue was closed meanwhile, by time or by an answer.
    Closed,
}

/// Paper with the issue's number has come.
pub struct Paper {
    pub hand: Hand,
    pub id: String,
}

impl Change for Paper {
    type Done = Decided;

    async fn run(&self, tx: &mut Tx) -> Result<Decided, StoreError> {
        let (hand, now) = (&self.hand, tx.now());
        let Some(owner) = hand.take(tx).await? else { return Ok(Decided::NotMine) };
        let Some(application) = stored::received(tx, (&owner, &hand.dmi)).await? else { return Ok(Decided::Closed) };
        // Each envelope is another: its own ID is its mark.
        sqlx::query(
            "INSERT INTO document (id, owner, application, dmi, how, kind, bytes, secret, name, mark, state, reason, \
             sent_at, reviewed_at, reviewer) \
             VALUES ($1, $2, $3, $4, 'post', '', 0, $5, $5, $6, 'received', '', $7, NULL, '')",
        )
        .bind(self.id.as_str())
        .bind(owner.as_str())
        .bind(application)
        .bind(hand.dmi.as_str())
        .bind(Vec::<u8>::new())
        .bind(self.id.as_bytes())
        .bind(now)
        .execute(tx.conn())
        .await?;
        hand.note(tx, Deed::PaperReceived, (&owner, &format!("document:{}", self.id))).await?;
        Ok(Decided::Done)
    }
}

/// Somebody is given a document: written down before it is opened. `Done`: whose it is, if the issue is open with them.
pub struct Handed {
    pub hand: Hand,
    pub document: String,
}

impl Change for Handed {
    type Done = Option<String>;

    async fn run(&self, tx: &mut Tx) -> Result<Option<String>, StoreError> {
        let Some(owner) = self.hand.take(tx).await? else { return Ok(None) };
        let record = format!("document:{}", self.document);
        self.hand.note(tx, Deed::DocumentOpened, (&owner, &record)).await?;
        Ok(Some(owner))
    }
}

/// Writes a decision on a document that waits. `false`: it does not wait any more.
async fn decide(tx: &mut Tx, hand: &Hand, document: &str, (state, reason): (&str, &str)) -> Result<bool, StoreError> {
    let now = tx.now();
    let decided = sqlx::query(
        "UPDATE document SET state = $1, reason = $2, reviewed_at = $3, reviewer = $4 \
         WHERE id = $5 AND dmi = $6 AND state = 'received'",
    )
    .bind(state)
    .bind(reason)
    .bind(now)
    .bind(hand.by.as_str())
    .bind(document)
    .bind(hand.dmi.as_str())
    .execute(tx.conn())
    .await?;
    Ok(decided.rows_affected() == 1)
}

/// A document proves it: the issue is settled, and the redetermination and its notice are put down; of an event, the insurers are
/// told.
pub struct Accept {
    pub hand: Hand,
    pub room: Room,
    pub document: String,
}

impl Change for Accept {
    type Done = Decided;

    async fn run(&self, tx: &mut Tx) -> Result<Decided, StoreError> {
        let hand = &self.hand;
        let Some(owner) = hand.take(tx).await? else { return Ok(Decided::NotMine) };
        let matter = matter::one(tx.conn(), &hand.dmi).await?.ok_or(StoreError::Stale)?;
        if !decide(tx, hand, &self.document, ("accepted", "")).await? {
            return Ok(Decided::Before);
        }
        let closed = matter.accept(tx, &self.room, (&hand.actor(), &hand.session)).await?;
        matter.reviewed(tx).await?;
        hand.put_back(tx).await?;
        hand.note(tx, Deed::DocumentAccepted, (&owner, &format!("document:{}", self.document))).await?;
        Ok(if closed { Decided::Done } else { Decided::Closed })
    }
}

/// A document does not prove it: its owner is told why, and what to do. The issue stays open, and its time goes on.
pub struct Reject {
    pub hand: Hand,
    pub room: Room,
    pub case: Case,
    pub document: String,
    pub reason: Reason,
    /// In every language.
    pub notice: Notice,
}

impl Change for Reject {
    type Done = Decided;

    async fn run(&self, tx: &mut Tx) -> Result<Decided, StoreError> {
        let hand = &self.hand;
        let Some(owner) = hand.take(tx).await? else { return Ok(Decided::NotMine) };
        // A guest who has made an account meanwhile has another key: the page is made again for them.
        if owner != self.case.owner {
            return Err(StoreError::Stale);
        }
        if !decide(tx, hand, &self.document, ("rejected", self.reason.into())).await? {
            return Ok(Decided::Before);
        }
        matter::one(tx.conn(), &hand.dmi).await?.ok_or(StoreError::Stale)?.reviewed(tx).await?;
        let asked = sqlx::query_scalar("SELECT count(*) FROM document WHERE dmi = $1 AND state = 'received'");
        let waiting: i64 = asked.bind(hand.dmi.as_str()).fetch_one(tx.conn()).await?;
        if waiting == 0 {
            hand.put_back(tx).await?;
        }
        let kind = format!("document_rejected:{}", self.document);
        notice::post(tx, &self.room.means, &self.case, &kind, &self.notice).await?;
        hand.note(tx, Deed::DocumentRejected, (&owner, &format!("document:{}", self.document))).await?;
        Ok(Decided::Done)
    }
}
