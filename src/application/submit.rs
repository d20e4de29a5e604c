//! Sending an application: everything that was worked out before is frozen in one transaction, many people's at a time.
//!
//! Called by the page that signs. A task takes whatever waits, up to [`GROUP`] applications, and commits them together:
//! the disk is asked to flush once for all of them. The draft is what makes it safe to send twice: it can be closed once.
//! It must ask no service outside, and hold no words of a person but sealed.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::AnyConnection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::account::people::Means;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::many::{self, Asked};
use crate::store::wait;
use crate::store::{Change, Millis, Store, StoreError, Tx};
use crate::work::{self, letters, queue};

/// Applications in one transaction: more gain nothing, and the last of them would wait longer.
pub const GROUP: usize = 64;
/// Applications that may wait for a transaction. Whoever comes then is told to try again; the draft is saved.
pub const WAITING: usize = 1_024;
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
    /// The application that this one is a change of.
    pub follows: Option<String>,
    pub answers: Vec<u8>,
    pub answers_version: i64,
    pub determination: Vec<u8>,
    pub catalogue: String,
    pub notice: String,
    pub notice_body: Vec<u8>,
    /// "There is a message for you", without a word of the notice; `None`: whoever wants letters on paper.
    pub letter: Option<letters::Ready>,
    /// What has to be done afterwards.
    pub jobs: Vec<queue::Ready>,
    pub session: String,
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
    /// Changes with each transaction: whoever waits for a later one hears that the store answers.
    groups: watch::Receiver<()>,
}

impl Submitter {
    /// Starts the task that commits. It ends when the last clone is gone.
    pub fn start(store: Store, means: Means) -> Submitter {
        let (queue, mut waiting) = mpsc::channel::<Waiting>(WAITING);
        let (heard, groups) = watch::channel(());
        tokio::spawn(async move {
            let mut group = Vec::with_capacity(GROUP);
            while waiting.recv_many(&mut group, GROUP).await > 0 {
                commit(&store, &means, std::mem::take(&mut group), &heard).await;
                // For the letters that were put down with them.
                work::ring();
            }
        });
        Submitter { queue, groups }
    }

    /// Freezes an application, together with whatever else waits.
    ///
    /// # Errors
    ///
    /// If the store is away, or too many wait. After [`StoreError::Away`] it may have been done all the same: sending
    /// again tells.
    pub async fn send(&self, sending: Sending) -> Result<Sent, StoreError> {
        let (answer, mut answered) = oneshot::channel();
        let mut groups = self.groups.clone();
        groups.mark_unchanged();
        // The task that commits waits for itself alone.
        let waiting = wait::Waiting::begin();
        let full = |_| StoreError::Busy("too many applications wait for the store".to_string());
        self.queue.try_send((Arc::new(sending), answer)).map_err(full)?;
        loop {
            tokio::select! {
                biased;
                sent = &mut answered => {
                    let sent = sent.unwrap_or_else(|_| Err(StoreError::Away("the process is stopping".to_string())));
                    waiting.heard(&sent);
                    return sent;
                }
                Ok(()) = groups.changed() => waiting.answered(),
            }
        }
    }
}

/// All of a group, or, if one of them stands in the way of the others, one by one.
async fn commit(store: &Store, means: &Means, mut group: Vec<Waiting>, heard: &watch::Sender<()>) {
    // Two processes close drafts in the same order, so that they do not wait for each other in a circle.
    group.sort_by(|(one, _), (other, _)| one.draft.cmp(&other.draft));
    let sendings: Vec<Arc<Sending>> = group.iter().map(|(sending, _)| Arc::clone(sending)).collect();
    let several = sendings.len() > 1;
    let sent = store.begin_write(Group { means: means.clone(), sendings }).await;
    if !matches!(sent, Err(StoreError::Away(_))) {
        heard.send_replace(());
    }
    match sent {
        Ok(sent) => group.into_iter().zip(sent).for_each(|((_, answer), sent)| drop(answer.send(Ok(sent)))),
        // Away is away for each of them.
        Err(error) if several && !matches!(error, StoreError::Away(_)) => {
            for (sending, answer) in group {
                let alone = Group { means: means.clone(), sendings: vec![sending] };
                let sent = store.begin_write(alone).await;
                if sent.is_ok() {
                    heard.send_replace(());
                }
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
        let mut closed = self.close(tx).await?;
        let is_first = |sending: &&Sending| closed.remove(&(sending.draft.clone(), sending.draft_version + 1));
        let new: Vec<&Sending> = self.sendings.iter().map(|sending| &**sending).filter(is_first).collect();
        freeze(tx, &new).await?;
        self.record(tx, &new).await?;
        let letters: Vec<&letters::Ready> = new.iter().filter_map(|sending| sending.letter.as_ref()).collect();
        letters::put(tx, &letters).await?;
        let jobs: Vec<&queue::Ready> = new.iter().flat_map(|sending| &sending.jobs).collect();
        queue::put(tx, &jobs).await?;
        let new: BTreeSet<&str> = new.iter().map(|sending| sending.id.as_str()).collect();
        let mut sent = Vec::with_capacity(self.sendings.len());
        for sending in &self.sendings {
            sent.push(match new.contains(sending.id.as_str()) {
                true => Sent::Now { application: sending.id.clone() },
                false => match of_draft(tx.conn(), &sending.draft, &sending.owner).await? {
                    Some(application) => Sent::Before { application },
                    None => Sent::Changed,
                },
            });
        }
        Ok(sent)
    }
}

impl Group {
    /// Closes the drafts, each with its version from now on. That decides: it takes the row, so a save from another tab
    /// comes before it and makes the version stale, or finds it closed.
    async fn close(&self, tx: &mut Tx) -> Result<BTreeSet<(String, i64)>, StoreError> {
        let now = tx.now();
        // Joined, not `IN`, and the state as a sum (`+`), which no index has: SQLite would otherwise read every open draft.
        let statement = "UPDATE draft SET state = $1, version = version + 1, changed_at = $2 \
             FROM (VALUES ($3, $4, CAST($5 AS BIGINT))) AS sent WHERE id = sent.column1 AND owner = sent.column2 \
             AND version = sent.column3 AND +state = 0 RETURNING id, version";
        let bind = |asked: Asked, sending: &Arc<Sending>| {
            asked.bind(sending.draft.as_str()).bind(sending.owner.as_str()).bind(sending.draft_version)
        };
        let before = |asked: Asked| asked.bind(SUBMITTED).bind(now);
        Ok(many::fetch(tx, statement, before, (&self.sendings, bind)).await?.into_iter().collect())
    }

    async fn record(&self, tx: &mut Tx, new: &[&Sending]) -> Result<(), StoreError> {
        let records: Vec<String> = new.iter().map(|sending| format!("application:{}", sending.id)).collect();
        let actors: Vec<Actor> = new.iter().map(|sending| Actor::of_owner(&sending.owner)).collect();
        let mut entries = Vec::with_capacity(new.len());
        for ((sending, record), actor) in new.iter().zip(&records).zip(&actors) {
            let (owner, session) = (sending.owner.as_str(), sending.session.as_str());
            entries.push(Entry { actor, deed: Deed::ApplicationSent, owner, record, session });
        }
        self.means.audit.append_all(tx, &entries).await
    }
}

async fn freeze(tx: &mut Tx, new: &[&Sending]) -> Result<(), StoreError> {
    let now = tx.now();
    let statement = "INSERT INTO application (id, draft, owner, reference, plan_year, answers, answers_version, \
         determination, catalogue, submitted_at, follows) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CAST($11 AS TEXT))";
    let bind = |asked: Asked, sending: &&Sending| {
        let asked = asked.bind(sending.id.as_str()).bind(sending.draft.as_str()).bind(sending.owner.as_str());
        let asked = asked.bind(sending.reference.as_str()).bind(i64::from(sending.plan_year));
        let asked = asked.bind(sending.answers.as_slice()).bind(sending.answers_version);
        let asked = asked.bind(sending.determination.as_slice()).bind(sending.catalogue.as_str()).bind(now);
        asked.bind(sending.follows.as_deref())
    };
    many::run(tx, statement, many::nothing, (new, bind)).await?;
    let statement = "INSERT INTO notice (id, application, owner, kind, body, posted_at, read_at) \
         VALUES ($1, $2, $3, 'eligibility', $4, $5, NULL)";
    let bind = |asked: Asked, sending: &&Sending| {
        let asked = asked.bind(sending.notice.as_str()).bind(sending.id.as_str()).bind(sending.owner.as_str());
        asked.bind(sending.notice_body.as_slice()).bind(now)
    };
    many::run(tx, statement, many::nothing, (new, bind)).await?;
    let statement = "UPDATE resume_code SET expires_at = $1 WHERE owner IN (VALUES ($2))";
    let bind = |asked: Asked, sending: &&Sending| asked.bind(sending.owner.as_str());
    many::run(tx, statement, |asked| asked.bind(now + CODE_DAYS), (new, bind)).await?;
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
