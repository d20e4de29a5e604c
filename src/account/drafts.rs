//! What somebody has begun and keeps: the searches saved while browsing, and later the answers of an application.
//!
//! Called by the office's pages. One sealed document a draft; a save says which version it saw. It must never look into
//! a search: that is the shop's business, here it is a text.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::AnyConnection;
use zeroize::{Zeroize as _, Zeroizing};

use super::people::{self, BeginDraft, DRAFT_DAYS, Means, OPEN};
use crate::sealing::DataKey;
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// Searches kept in one draft; the oldest goes when another comes.
pub const KEPT_MAX: usize = 12;

/// A draft's document. Has no `Debug`. What a newer version wrote into it stays.
#[derive(Clone, Serialize, Deserialize, Default)]
pub struct Answers {
    /// A guest's own printed code, so that the page can show it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_code: Option<String>,
    /// The newest first.
    #[serde(default)]
    pub shop: Vec<Kept>,
    /// The application's own document (`application::sheet`); `None` until one is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A search of the shop as its address says it, private answers opened.
#[derive(Clone, Serialize, Deserialize)]
pub struct Kept {
    pub query: String,
    pub at: Millis,
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.query.zeroize();
    }
}

/// A draft as its page needs it.
pub struct Draft {
    pub id: String,
    pub changed_at: Millis,
    pub version: i64,
    pub answers: Answers,
    /// Not sent yet.
    pub is_open: bool,
}

/// An owner's drafts, the one changed last first; those that were sent as well: the searches and the printed code in them are
/// still theirs.
///
/// # Errors
///
/// If the store is away, or a draft does not open.
pub async fn of(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Vec<Draft>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(Vec::new()) };
    let asked = sqlx::query_as(
        "SELECT id, answers, changed_at, version, state FROM draft WHERE owner = $1 ORDER BY changed_at DESC",
    );
    let found: Vec<(String, Vec<u8>, i64, i64, i64)> = asked.bind(owner).fetch_all(connection).await?;
    let draft = |(id, answers, changed_at, version, state): (String, Vec<u8>, i64, i64, i64)| {
        let answers = key.open_json(columns::DRAFT_ANSWERS.at(&id, owner), &answers)?;
        Ok(Draft { answers, id, changed_at, version, is_open: state == OPEN })
    };
    found.into_iter().map(draft).collect()
}

/// A guest's printed code, whatever has become of the draft that it came with, and until when it opens what is theirs; an account has
/// none.
///
/// # Errors
///
/// If the store is away.
pub async fn code_of(
    connection: &mut AnyConnection,
    owner: &str,
    drafts: &[Draft],
) -> Result<Option<(String, Millis)>, StoreError> {
    let Some(code) = drafts.iter().find_map(|draft| draft.answers.resume_code.clone()) else { return Ok(None) };
    let asked = sqlx::query_scalar("SELECT expires_at FROM resume_code WHERE owner = $1");
    let until: Option<Millis> = asked.bind(owner).fetch_optional(connection).await?;
    Ok(until.map(|until| (code, until)))
}

/// Whose open draft is changed, and what one that has to be made is called.
pub struct Place<'a> {
    pub owner: &'a str,
    pub new_draft: &'a str,
    pub session: &'a str,
}

/// Changes the document of an owner's open draft, or of a new one. `None` from `change`: nothing is written.
///
/// # Errors
///
/// `Stale` if another tab was faster: run it again.
pub async fn edit<T>(
    tx: &mut Tx,
    means: &Means,
    place: &Place<'_>,
    change: impl FnOnce(&mut Answers, Millis) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    let (owner, now) = (place.owner, tx.now());
    let Some(key) = means.vault.open(tx.conn(), owner).await? else { return Err(StoreError::Stale) };
    let asked = sqlx::query_as(
        "SELECT id, answers, version FROM draft WHERE owner = $1 AND state = $2 ORDER BY changed_at DESC LIMIT 1",
    );
    let found: Option<(String, Vec<u8>, i64)> = asked.bind(owner).bind(OPEN).fetch_optional(tx.conn()).await?;
    let mut answers = match &found {
        Some((id, answers, _)) => key.open_json(columns::DRAFT_ANSWERS.at(id, owner), answers)?,
        None => Answers::default(),
    };
    let Some(done) = change(&mut answers, now) else { return Ok(None) };
    match found {
        Some((id, _, version)) => write(tx, &key, (owner, &id, version), &answers).await?,
        None => {
            let sealed = key.seal_json(columns::DRAFT_ANSWERS.at(place.new_draft, owner), &answers)?;
            people::begin_draft(tx, means, (owner, place.new_draft, sealed), place.session).await?;
        }
    }
    Ok(Some(done))
}

/// Keeps a search in the owner's draft; makes one if there is none.
pub struct KeepSearch {
    pub means: Means,
    pub owner: String,
    /// The ID of a draft that has to be made.
    pub new_draft: String,
    pub query: Zeroizing<String>,
    /// A guest's printed code.
    pub code: Option<Zeroizing<String>>,
    pub session: String,
}

impl Change for KeepSearch {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let place = Place { owner: &self.owner, new_draft: &self.new_draft, session: &self.session };
        let kept = edit(tx, &self.means, &place, |answers, now| {
            if let Some(code) = &self.code {
                answers.resume_code = Some(code.to_string());
            }
            if !self.query.is_empty() {
                answers.shop.retain(|kept| kept.query != *self.query);
                answers.shop.insert(0, Kept { query: self.query.to_string(), at: now });
                answers.shop.truncate(KEPT_MAX);
            }
            Some(())
        });
        kept.await.map(drop)
    }
}

/// Writes a document that was read at this version. `Stale` if another tab was faster.
async fn write(
    tx: &mut Tx,
    key: &DataKey,
    (owner, id, version): (&str, &str, i64),
    answers: &Answers,
) -> Result<(), StoreError> {
    let now = tx.now();
    let written = sqlx::query(
        "UPDATE draft SET answers = $1, version = version + 1, changed_at = $2 \
         WHERE id = $3 AND owner = $4 AND version = $5",
    )
    .bind(key.seal_json(columns::DRAFT_ANSWERS.at(id, owner), answers)?)
    .bind(now)
    .bind(id)
    .bind(owner)
    .bind(version)
    .execute(tx.conn())
    .await?;
    if written.rows_affected() != 1 {
        return Err(StoreError::Stale);
    }
    // The draft is kept from its last change, so is what opens it. A code that opens something sent lasts longer.
    sqlx::query("UPDATE resume_code SET expires_at = $1 WHERE owner = $2 AND expires_at < $1")
        .bind(now + DRAFT_DAYS)
        .bind(owner)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Somebody begins with a search in hand: draft, code and search in one change.
pub struct BeginWith {
    pub begin: BeginDraft,
    pub keep: KeepSearch,
}

impl Change for BeginWith {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        self.begin.run(tx).await?;
        self.keep.run(tx).await
    }
}

/// Takes one kept search away. `Done` is false if it was not there.
pub struct DropSearch {
    pub means: Means,
    pub owner: String,
    pub draft: String,
    /// When it was kept.
    pub at: Millis,
}

impl Change for DropSearch {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (owner, id) = (self.owner.as_str(), self.draft.as_str());
        let Some(key) = self.means.vault.open(tx.conn(), owner).await? else { return Ok(false) };
        let asked = sqlx::query_as("SELECT answers, version FROM draft WHERE id = $1 AND owner = $2");
        let found: Option<(Vec<u8>, i64)> = asked.bind(id).bind(owner).fetch_optional(tx.conn()).await?;
        let Some((answers, version)) = found else { return Ok(false) };
        let mut answers: Answers = key.open_json(columns::DRAFT_ANSWERS.at(id, owner), &answers)?;
        let before = answers.shop.len();
        answers.shop.retain(|kept| kept.at != self.at);
        if answers.shop.len() == before {
            return Ok(false);
        }
        write(tx, &key, (owner, id, version), &answers).await?;
        Ok(true)
    }
}
