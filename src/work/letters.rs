//! Letters: put down with what they tell of, sent by a worker, and what became of each.
//!
//! Called by whoever has to tell somebody something, inside their own change. A letter may come twice and is never lost:
//! its `Message-ID` is made of its key, so a mailbox can drop the second. It must never hold more than `mail` allows;
//! neither address nor code is in any column but the sealed payload, which goes when the letter has gone.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::AnyConnection;
use zeroize::{Zeroize as _, Zeroizing};

use super::held::{Effect, NoEffect};
use super::queue::{self, Kind, NewJob, Repeats, id_of};
use super::worker::{Handler, Hands, Job, Outcome};
use crate::account::changes;
use crate::account::people::{Means, OPEN};
use crate::mail::{Letter, Post, Refusal};
use crate::sealing::{DataKey, SealFault};
use crate::store::many::{self, Asked};
use crate::store::vault::{SITE, Vault};
use crate::store::{Change, Millis, Store, StoreError, Tx};
use crate::types::hex;

/// A server that refuses is asked again for a day; twice the same letter does no harm.
pub static LETTER: Kind = Kind {
    name: "letter",
    max_attempts: 100,
    gives_up_after: Some(Duration::from_secs(24 * 3600)),
    pause: Duration::from_secs(30),
    pause_max: Duration::from_secs(3600),
    repeats: Repeats::AtLeastOnce,
};
/// The same for letters that say that an application is not sent: of a kind of its own, so that a worker of an older binary,
/// which does not know their words, passes them by.
pub static REMINDER: Kind = Kind {
    name: "reminder",
    max_attempts: 100,
    gives_up_after: Some(Duration::from_secs(24 * 3600)),
    pause: Duration::from_secs(30),
    pause_max: Duration::from_secs(3600),
    repeats: Repeats::AtLeastOnce,
};
/// The letter that says that there is a message in the account, and no more.
pub const MESSAGE: &str = "message";
/// In place of a server: a person has mailed it, on paper.
pub const PAPER: &str = "paper";
/// While the server is away.
const AWAY_PAUSE: Duration = Duration::from_secs(60);
const TOKEN_PURPOSE: &str = "windowshop bounce token v1";
/// Bytes of a token's MAC.
const MAC_BYTES: usize = 8;

/// What is sealed in the job. Has no `Debug`; wiped when dropped.
#[derive(Serialize, Deserialize, Clone)]
pub struct Said {
    /// Which words.
    pub template: String,
    pub lang: String,
    /// Empty: the address of the account, as it is when the letter is sent, and its language.
    pub to: String,
    pub code: String,
    /// A code is good until then; after that the letter is not sent.
    pub good_until: Option<Millis>,
    /// The letter is about this draft, and not sent if the draft is not as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_draft: Option<OfDraft>,
}

/// What a letter says of a draft: days, as `2027-01-15`.
#[derive(Serialize, Deserialize, Clone)]
pub struct OfDraft {
    pub id: String,
    pub changed_at: Millis,
    pub kept_until: String,
    /// Empty: the letter is not about that.
    pub season_ends: String,
}

impl OfDraft {
    /// Whether the draft is there, not sent, not changed.
    ///
    /// # Errors
    ///
    /// If the store is away.
    pub async fn is_as_it_was(&self, connection: &mut AnyConnection, owner: &str) -> Result<bool, StoreError> {
        let asked = sqlx::query_scalar(
            "SELECT count(*) FROM draft WHERE id = $1 AND owner = $2 AND state = $3 AND changed_at = $4",
        );
        let asked = asked.bind(self.id.as_str()).bind(owner).bind(OPEN).bind(self.changed_at);
        let there: i64 = asked.fetch_one(connection).await?;
        Ok(there > 0)
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        self.to.zeroize();
        self.code.zeroize();
    }
}

/// A letter to be put down.
#[derive(Clone)]
pub struct Posted {
    pub kind: &'static Kind,
    pub vault: Vault,
    /// Identifiers; a second letter with the same key is not sent.
    pub key: String,
    /// Whose data key seals it; [`SITE`] if they have none any more.
    pub owner: String,
    /// It goes to the owner's own address: if that refuses it, the address is bad.
    pub own_address: bool,
    pub said: Said,
    /// How long its code is good.
    pub lasts: Option<Millis>,
    pub request_id: Arc<str>,
}

impl Change for Posted {
    /// Whether it is new.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let mut said = self.said.clone();
        said.good_until = self.lasts.map(|lasts| tx.now() + lasts);
        let gone = SealFault::Unreadable { table: "job", column: "payload" };
        let key = self.vault.open(tx.conn(), &self.owner).await?.ok_or(gone)?;
        let ready = Ready::of(&key, self, &said)?;
        if queue::put(tx, &[&ready.job]).await? == 0 {
            return Ok(false);
        }
        note(tx, &[&ready]).await?;
        Ok(true)
    }
}

/// A letter that is sealed already. Has no `Debug`.
pub struct Ready {
    job: queue::Ready,
    template: String,
    /// Whose the row of the letter is.
    to: String,
}

impl Ready {
    /// The letter "there is a message for you", for one transaction with others. `(to, lang)` as for [`tell_at`].
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn message(
        data_key: &DataKey,
        vault: &Vault,
        (owner, key): (&str, &str),
        said: (&str, &str),
    ) -> Result<Ready, StoreError> {
        let posted = message(vault, (owner, key), said);
        Ready::of(data_key, &posted, &posted.said)
    }

    fn of(key: &DataKey, posted: &Posted, said: &Said) -> Result<Ready, StoreError> {
        let job = NewJob {
            kind: posted.kind,
            key: &posted.key,
            owner: &posted.owner,
            run_at: None,
            payload: said,
            request_id: &posted.request_id,
        };
        let to = if posted.own_address { posted.owner.clone() } else { SITE.to_string() };
        Ok(Ready { job: job.sealed(key)?, template: said.template.clone(), to })
    }
}

/// Puts letters down whose keys are new, in the caller's transaction. After the commit, [`ring`](super::ring).
///
/// # Errors
///
/// If the store is away.
pub async fn put(tx: &mut Tx, letters: &[&Ready]) -> Result<(), StoreError> {
    let jobs: Vec<&queue::Ready> = letters.iter().map(|letter| &letter.job).collect();
    queue::put(tx, &jobs).await?;
    note(tx, letters).await
}

/// The rows that say what becomes of letters.
async fn note(tx: &mut Tx, letters: &[&Ready]) -> Result<(), StoreError> {
    let now = tx.now();
    let statement = "INSERT INTO letter (key, job, owner, template, queued_at, mailed_at, accepted_by, bounced_at, code) \
         VALUES ($1, $2, $3, $4, $5, NULL, '', NULL, '') ON CONFLICT DO NOTHING";
    let bind = |asked: Asked, letter: &&Ready| {
        let asked = asked.bind(letter.job.key.as_str()).bind(id_of(&letter.job.key)).bind(letter.to.as_str());
        asked.bind(letter.template.as_str()).bind(now)
    };
    many::run(tx, statement, many::nothing, (letters, bind)).await?;
    Ok(())
}

/// Puts down the letter "there is a message for you" to an account, in the caller's transaction. `key`: of the message,
/// `notice:…`. After the commit, [`ring`](super::ring).
///
/// # Errors
///
/// If the store is away, or the account is gone.
pub async fn tell(tx: &mut Tx, means: &Means, owner: &str, key: &str) -> Result<bool, StoreError> {
    tell_at(tx, means, owner, key, ("", "")).await
}

/// The same to an address that a guest has given, in their language.
///
/// # Errors
///
/// As [`tell`].
pub async fn tell_at(
    tx: &mut Tx,
    means: &Means,
    owner: &str,
    key: &str,
    said: (&str, &str),
) -> Result<bool, StoreError> {
    message(&means.vault, (owner, key), said).run(tx).await
}

fn message(vault: &Vault, (owner, key): (&str, &str), (to, lang): (&str, &str)) -> Posted {
    let said = Said {
        template: MESSAGE.to_string(),
        lang: lang.to_string(),
        to: to.to_string(),
        code: String::new(),
        good_until: None,
        of_draft: None,
    };
    let (vault, request_id) = (vault.clone(), crate::types::request_id());
    let (key, owner, own_address) = (key.to_string(), owner.to_string(), true);
    Posted { kind: &LETTER, vault, key, owner, own_address, said, lasts: None, request_id }
}

/// What became of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterState {
    pub queued_at: Millis,
    /// A server has taken it.
    pub mailed_at: Option<Millis>,
    /// That server's name, `outbox`, or [`PAPER`]; empty before.
    pub accepted_by: String,
    /// It came back, or was refused at once.
    pub bounced_at: Option<Millis>,
    /// How the address was refused; `late`, `gone` or `bounced` if the letter was not sent; empty if all is well.
    pub code: String,
}

/// `None`: no letter has this key.
///
/// # Errors
///
/// If the store is away.
pub async fn letter_state(connection: &mut AnyConnection, key: &str) -> Result<Option<LetterState>, StoreError> {
    let asked = sqlx::query_as("SELECT queued_at, mailed_at, accepted_by, bounced_at, code FROM letter WHERE key = $1");
    type Found = (Millis, Option<Millis>, String, Option<Millis>, String);
    let found: Option<Found> = asked.bind(key).fetch_optional(connection).await?;
    Ok(found.map(|(queued_at, mailed_at, accepted_by, bounced_at, code)| LetterState {
        queued_at,
        mailed_at,
        accepted_by,
        bounced_at,
        code,
    }))
}

/// Since when, and how, an owner's address has been refusing letters; `None` if it has not.
///
/// # Errors
///
/// If the store is away.
pub async fn bad_address(connection: &mut AnyConnection, owner: &str) -> Result<Option<(Millis, String)>, StoreError> {
    let asked = sqlx::query_as("SELECT bounced_at, code FROM mail_state WHERE owner = $1 AND bounced_at IS NOT NULL");
    Ok(asked.bind(owner).fetch_optional(connection).await?)
}

/// Makes and reads the tokens that come back with bounces. Has no `Debug`.
#[derive(Clone)]
pub struct Tokens {
    mac: Hmac<Sha256>,
}

impl Tokens {
    /// # Errors
    ///
    /// If the site's own key does not open.
    pub async fn open(store: &Store, vault: &Vault) -> Result<Tokens, StoreError> {
        let mut connection = store.read().await?;
        let gone = SealFault::Unreadable { table: "data_key", column: "wrapped" };
        let key = vault.subkey(&mut connection, SITE, TOKEN_PURPOSE).await?.ok_or_else(|| gone.clone())?;
        Ok(Tokens { mac: Hmac::new_from_slice(key.as_slice()).map_err(|_| gone)? })
    }

    /// Hexadecimal digits: the job, and a MAC over it, so that nobody makes up bounces of others' letters.
    pub fn of(&self, job: i64) -> String {
        let mut mac = self.mac.clone();
        mac.update(&job.to_be_bytes());
        format!("{job:016x}{}", hex(&mac.finalize().into_bytes()[..MAC_BYTES]))
    }

    /// The job of a token of ours.
    pub fn read(&self, token: &str) -> Option<i64> {
        let token = token.to_ascii_lowercase();
        let job = i64::from_str_radix(token.get(..16)?, 16).ok()?;
        let mut mac = self.mac.clone();
        mac.update(&job.to_be_bytes());
        let given: Option<Vec<u8>> =
            (16..token.len()).step_by(2).map(|at| u8::from_str_radix(token.get(at..at + 2)?, 16).ok()).collect();
        let given = given.filter(|given| given.len() == MAC_BYTES)?;
        mac.verify_truncated_left(&given).is_ok().then_some(job)
    }
}

/// Subject, text and language of a letter; `None` if there is no such letter.
pub struct Words {
    pub subject: String,
    pub text: Zeroizing<String>,
    pub lang: &'static str,
}

/// Makes the words: told to this room by whoever starts the workers.
pub type Speaks = Arc<dyn Fn(&Said) -> Option<Words> + Send + Sync>;

/// Sends letters.
pub struct Letters {
    pub post: Post,
    pub store: Store,
    pub vault: Vault,
    pub tokens: Tokens,
    pub speaks: Speaks,
}

#[async_trait]
impl Handler for Letters {
    async fn work(&self, job: &Job, hands: &Hands) -> Outcome {
        let key = job.held.key.clone();
        let note = |became: Became| -> Arc<dyn Effect> { Arc::new(Note { key: key.clone(), became }) };
        let letter = match self.letter(job).await {
            Ok(Ok(letter)) => letter,
            Ok(Err(unsent)) => return Outcome::Done(note(Became::NotSent(unsent))),
            Err(outcome) => return outcome,
        };
        if let Err(error) = hands.about_to().await {
            return Outcome::Later(format!("nothing was sent: {}", super::worker::words(&error)));
        }
        match self.post.hand_over(&letter).await {
            Ok(by) => Outcome::Done(note(Became::Mailed(by))),
            Err(Refusal::Away(why)) => Outcome::Postpone(AWAY_PAUSE, why),
            Err(Refusal::Later(why)) => Outcome::Later(why),
            Err(Refusal::Address(code)) => Outcome::Done(note(Became::Refused(code))),
            Err(Refusal::Never(why)) => Outcome::Dead(why, Arc::new(NoEffect)),
        }
    }
}

impl Letters {
    /// The letter, or why there is none to be sent.
    async fn letter(&self, job: &Job) -> Result<Result<Letter, &'static str>, Outcome> {
        let held = &job.held;
        let mut said: Said = job.said()?;
        let away = |error: StoreError| Outcome::Later(super::worker::words(&error).to_string());
        let now = self.store.now().await.map_err(away)?;
        if said.good_until.is_some_and(|until| until <= now) {
            return Ok(Err("late"));
        }
        if let Some(of) = &said.of_draft {
            let mut connection = self.store.read().await.map_err(away)?;
            if !of.is_as_it_was(&mut connection, &held.owner).await.map_err(away)? {
                return Ok(Err("late"));
            }
            if bad_address(&mut connection, &held.owner).await.map_err(away)?.is_some() {
                return Ok(Err("bounced"));
            }
        }
        if said.to.is_empty() {
            let mut connection = self.store.read().await.map_err(away)?;
            let account = changes::account(&mut connection, &self.vault, &held.owner).await.map_err(away)?;
            let Some(account) = account else { return Ok(Err("gone")) };
            said.to = account.email.to_string();
            said.lang = account.lang.clone();
        }
        let Some(words) = (self.speaks)(&said) else { return Err(Outcome::dead("nobody here knows this letter")) };
        Ok(Ok(Letter {
            to: Zeroizing::new(said.to.trim().to_string()),
            subject: words.subject,
            text: words.text,
            lang: words.lang,
            id: hex(&Sha256::digest(held.key.as_bytes())[..16]),
            token: self.tokens.of(held.id),
        }))
    }
}

enum Became {
    /// Taken by this server.
    Mailed(String),
    Refused(String),
    NotSent(&'static str),
}

/// What became of a letter, written with the end of its job.
struct Note {
    key: String,
    became: Became,
}

impl Change for Note {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        match &self.became {
            Became::Mailed(by) => {
                let mailed = sqlx::query("UPDATE letter SET mailed_at = $2, accepted_by = $3 WHERE key = $1");
                mailed.bind(self.key.as_str()).bind(now).bind(by.as_str()).execute(tx.conn()).await?;
            }
            Became::NotSent(why) => {
                let unsent = sqlx::query("UPDATE letter SET code = $2 WHERE key = $1");
                unsent.bind(self.key.as_str()).bind(*why).execute(tx.conn()).await?;
            }
            Became::Refused(code) => drop(refused(tx, &self.key, code).await?),
        }
        Ok(())
    }
}

/// Whose address a letter went to: its owner's, or [`SITE`] for nobody's. One that a guest was sent went to the address
/// that the guest gave, which says nothing of the account that took the guest's things over.
pub(super) async fn to_blame(tx: &mut Tx, key: &str, owner: String) -> Result<String, StoreError> {
    let asked = sqlx::query_scalar("SELECT count(*) FROM job_done WHERE key = $1 AND owner <> $2");
    let others: i64 = asked.bind(key).bind(owner.as_str()).fetch_one(tx.conn()).await?;
    Ok(if others == 0 { owner } else { SITE.to_string() })
}

/// A letter came back for good: its owner's address is bad, until the owner changes it. Returns the owner.
pub(super) async fn refused(tx: &mut Tx, key: &str, code: &str) -> Result<Option<String>, StoreError> {
    let now = tx.now();
    let bounced = sqlx::query_scalar("UPDATE letter SET bounced_at = $2, code = $3 WHERE key = $1 RETURNING owner");
    let owner: Option<String> = bounced.bind(key).bind(now).bind(code).fetch_optional(tx.conn()).await?;
    let owner = match owner {
        Some(owner) => Some(to_blame(tx, key, owner).await?),
        None => None,
    };
    if let Some(owner) = owner.as_deref().filter(|owner| *owner != SITE) {
        sqlx::query(
            "INSERT INTO mail_state (owner, bounced_at, code, soft, changed_at) VALUES ($1, $2, $3, 0, $2) \
             ON CONFLICT (owner) DO UPDATE SET bounced_at = $2, code = $3, changed_at = $2",
        )
        .bind(owner)
        .bind(now)
        .bind(code)
        .execute(tx.conn())
        .await?;
    }
    Ok(owner)
}
