//! Sending an application: everything that was worked out before is frozen in one transaction, many people's at a time.
//!
//! Called by the page that signs. A task takes whatever waits, up to [`GROUP`] applications, and commits them together:
//! the disk is asked to flush once for all of them. The draft is what makes it safe to send twice: it can be closed once.
//! It must ask no service outside, and hold no words of a person but sealed.

use std::sync::Arc;

use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use crate::account::people::Means;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, Millis, Store, StoreError, Tx};
use crate::types;
use crate::work::{self, Kind, NewJob, enqueue, letters};

/// Applications in one transaction: more gain nothing, and the last of them would wait longer.
pub const GROUP: usize = 64;
/// Applications that may wait for a transaction. Whoever comes then is told to try again; the draft is saved.
pub const WAITING: usize = 1_024;
const OPEN: i64 = 0;
const SUBMITTED: i64 = 1;
/// How long a guest's printed code opens what was sent: past the plan year, into the season of its tax return.
pub const CODE_DAYS: Millis = 550 * 24 * 3_600_000;
/// Digits of a reference number.
const REFERENCE_DIGITS: u32 = 12;

/// An application, ready to be frozen: all that is personal in it is sealed.
pub struct Sending {
    pub id: String,
    pub draft: String,
    /// The version of the draft that was checked and signed.
    pub draft_version: i64,
    pub owner: String,
    pub reference: String,
    pub plan_year: i32,
    pub answers: Vec<u8>,
    pub answers_version: i64,
    pub determination: Vec<u8>,
    pub catalogue: String,
    pub notice: String,
    pub notice_body: Vec<u8>,
    /// Who is told by e-mail that there is a message; `None`: whoever wants letters on paper.
    pub told: Option<Told>,
    /// What has to be done afterwards: put down with it.
    pub jobs: Vec<ToDo>,
    pub session: String,
}

/// A job that follows from sending. Its key and payload are identifiers.
pub struct ToDo {
    pub kind: &'static Kind,
    pub key: String,
    pub payload: Vec<u8>,
}

/// Where a letter without a word of the notice goes.
pub struct Told {
    /// Empty: the account's own address, which was proved.
    pub to: Zeroizing<String>,
    /// Empty: the account's language.
    pub lang: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is on record now.
    Now { application: String },
    /// It was on record already: sent twice, or from another tab.
    Before { application: String },
    /// The draft has changed since it was checked: it has to be checked again.
    Changed,
}

/// A new reference number, as digits.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_reference() -> Result<String, getrandom::Error> {
    let n = getrandom::u64()? % 10_u64.pow(REFERENCE_DIGITS);
    Ok(format!("{n:012}"))
}

/// `4821 9307 5512`
pub fn shown(reference: &str) -> String {
    let digits: Vec<char> = reference.chars().collect();
    digits.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

type Waiting = (Arc<Sending>, oneshot::Sender<Result<Sent, StoreError>>);

/// The way in. A clone is the same way.
#[derive(Clone)]
pub struct Submitter {
    queue: mpsc::Sender<Waiting>,
}

impl Submitter {
    /// Starts the task that commits. It ends when the last clone is gone.
    pub fn start(store: Store, means: Means) -> Submitter {
        let (queue, mut waiting) = mpsc::channel::<Waiting>(WAITING);
        tokio::spawn(async move {
            let mut group = Vec::with_capacity(GROUP);
            while waiting.recv_many(&mut group, GROUP).await > 0 {
                commit(&store, &means, std::mem::take(&mut group)).await;
                // For the letters that were put down with them.
                work::ring();
            }
        });
        Submitter { queue }
    }

    /// Freezes an application, together with whatever else waits.
    ///
    /// # Errors
    ///
    /// If the store is away, or too many wait. After [`StoreError::Away`] it may have been done all the same: sending
    /// again tells.
    pub async fn send(&self, sending: Sending) -> Result<Sent, StoreError> {
        let (answer, answered) = oneshot::channel();
        let full = |_| StoreError::Busy("too many applications wait for the store".to_string());
        self.queue.try_send((Arc::new(sending), answer)).map_err(full)?;
        answered.await.unwrap_or_else(|_| Err(StoreError::Away("the process is stopping".to_string())))
    }
}

/// All of a group, or, if one of them stands in the way of the others, one by one.
async fn commit(store: &Store, means: &Means, mut group: Vec<Waiting>) {
    // Two processes close drafts in the same order, so that they do not wait for each other in a circle.
    group.sort_by(|(one, _), (other, _)| one.draft.cmp(&other.draft));
    let sendings: Vec<Arc<Sending>> = group.iter().map(|(sending, _)| Arc::clone(sending)).collect();
    let several = sendings.len() > 1;
    match store.begin_write(Group { means: means.clone(), sendings }).await {
        Ok(sent) => group.into_iter().zip(sent).for_each(|((_, answer), sent)| drop(answer.send(Ok(sent)))),
        // Away is away for each of them.
        Err(error) if several && !matches!(error, StoreError::Away(_)) => {
            for (sending, answer) in group {
                let alone = Group { means: means.clone(), sendings: vec![sending] };
                let sent = store.begin_write(alone).await;
                drop(answer.send(sent.map(|sent| sent.into_iter().next().unwrap_or(Sent::Changed))));
            }
        }
        Err(error) => {
            let mut words = Some(error);
            for (_, answer) in group {
                let error = words.take().unwrap_or_else(|| StoreError::Away("the store is away".to_string()));
                drop(answer.send(Err(error)));
            }
        }
    }
}

/// Applications that are frozen together.
struct Group {
    means: Means,
    sendings: Vec<Arc<Sending>>,
}

impl Change for Group {
    type Done = Vec<Sent>;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<Sent>, StoreError> {
        let mut sent = Vec::with_capacity(self.sendings.len());
        for sending in &self.sendings {
            sent.push(one(tx, &self.means, sending).await?);
        }
        Ok(sent)
    }
}

async fn one(tx: &mut Tx, means: &Means, sending: &Sending) -> Result<Sent, StoreError> {
    let now = tx.now();
    // Closing the draft decides: it takes the row, so a save from another tab comes before it and makes the version
    // stale, or finds it closed.
    let closed = sqlx::query(
        "UPDATE draft SET state = $1, version = version + 1, changed_at = $2 \
         WHERE id = $3 AND owner = $4 AND version = $5 AND state = $6",
    )
    .bind(SUBMITTED)
    .bind(now)
    .bind(sending.draft.as_str())
    .bind(sending.owner.as_str())
    .bind(sending.draft_version)
    .bind(OPEN)
    .execute(tx.conn())
    .await?;
    if closed.rows_affected() == 0 {
        return Ok(match of_draft(tx.conn(), &sending.draft, &sending.owner).await? {
            Some(application) => Sent::Before { application },
            None => Sent::Changed,
        });
    }
    freeze(tx, sending, now).await?;
    let (actor, record) = (Actor::of_owner(&sending.owner), format!("application:{}", sending.id));
    let entry = Entry {
        actor: &actor,
        deed: Deed::ApplicationSent,
        owner: &sending.owner,
        record: &record,
        session: &sending.session,
    };
    means.audit.append(tx, &entry).await?;
    if let Some(told) = &sending.told {
        let key = format!("notice:{}", sending.notice);
        letters::tell_at(tx, means, &sending.owner, &key, (&told.to, &told.lang)).await?;
    }
    for ToDo { kind, key, payload } in &sending.jobs {
        let (owner, request_id) = (sending.owner.as_str(), types::request_id());
        let (run_at, deadline, request_id) = (None, None, request_id.as_ref());
        enqueue(tx, &means.vault, &NewJob { kind, key, owner, run_at, deadline, payload, request_id }).await?;
    }
    Ok(Sent::Now { application: sending.id.clone() })
}

async fn freeze(tx: &mut Tx, sending: &Sending, now: Millis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO application (id, draft, owner, reference, plan_year, answers, answers_version, determination, \
         catalogue, submitted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(sending.id.as_str())
    .bind(sending.draft.as_str())
    .bind(sending.owner.as_str())
    .bind(sending.reference.as_str())
    .bind(i64::from(sending.plan_year))
    .bind(sending.answers.as_slice())
    .bind(sending.answers_version)
    .bind(sending.determination.as_slice())
    .bind(sending.catalogue.as_str())
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query(
        "INSERT INTO notice (id, application, owner, kind, body, posted_at, read_at) \
         VALUES ($1, $2, $3, 'eligibility', $4, $5, NULL)",
    )
    .bind(sending.notice.as_str())
    .bind(sending.id.as_str())
    .bind(sending.owner.as_str())
    .bind(sending.notice_body.as_slice())
    .bind(now)
    .execute(tx.conn())
    .await?;
    sqlx::query("UPDATE resume_code SET expires_at = $1 WHERE owner = $2")
        .bind(now + CODE_DAYS)
        .bind(sending.owner.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

async fn of_draft(connection: &mut AnyConnection, draft: &str, owner: &str) -> Result<Option<String>, StoreError> {
    let asked = sqlx::query_scalar("SELECT id FROM application WHERE draft = $1 AND owner = $2");
    Ok(asked.bind(draft).bind(owner).fetch_optional(connection).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_number_is_twelve_digits_in_groups() {
        let reference = new_reference().expect("random");
        assert!(reference.len() == 12 && reference.chars().all(|c| c.is_ascii_digit()));
        assert_eq!(shown("482193075512"), "4821 9307 5512");
    }
}
