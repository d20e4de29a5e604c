//! Documents as they are kept: sealed under a key of their own, which is sealed under their owner's.
//!
//! Called by uploads and by whatever shows or hands out a document. One that was taken is never lost to what comes after it:
//! each is a change of its own.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use sqlx::AnyConnection;
use strum::{EnumIter, EnumString, IntoStaticStr};
use zeroize::Zeroizing;

use super::kinds::Kind;
use crate::account::people::{Means, new_id};
use crate::sealing::value::DataKeyBytes;
use crate::sealing::{DataKey, SealFault};
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::vault::{SITE, Vault};
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// Documents of one data-matching issue: more are no proof of one thing.
pub const FILES_MAX: i64 = 30;
/// Bytes of one owner's documents: a household of eight with everything.
pub const OWNER_BYTES_MAX: i64 = 300 * 1024 * 1024;
/// Of what is kept aside for an operator.
const ASIDE_BYTES_MAX: usize = 64 * 1024;
/// Uploads kept aside of one owner; more of the same tell nothing new.
const ASIDE_MAX: i64 = 20;
const MARK_PURPOSE: &str = "windowshop document mark v1";

/// Digits of an issue's ID that are written on paper: enough that no two are alike.
const NUMBER_DIGITS: usize = 12;

/// The number that is written on a cover page: the beginning of an issue's ID.
pub fn number(dmi: &str) -> String {
    dmi.chars().take(NUMBER_DIGITS).collect::<String>().to_ascii_uppercase()
}

/// What became of a document. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    Received,
    Accepted,
    Rejected,
}

/// Why a document was not accepted: words for its owner in every language, `proof.reason.…`. The words are for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Reason {
    Unreadable,
    Incomplete,
    WrongPerson,
    WrongKind,
    TooOld,
    Mismatch,
    Locked,
}

/// A file, sealed and ready to be kept. Has no `Debug`.
pub struct Sealed {
    pub id: String,
    kind: Kind,
    bytes: usize,
    secret: DataKeyBytes,
    name: Vec<u8>,
    body: Vec<u8>,
    digest: [u8; 32],
}

impl Sealed {
    /// Takes some ten milliseconds for a large file.
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn of(name: &str, kind: Kind, body: &[u8]) -> Result<Sealed, SealFault> {
        let (id, (own, secret)) = (new_id()?, DataKey::fresh()?);
        Ok(Sealed {
            kind,
            bytes: body.len(),
            secret,
            name: own.seal(columns::DOCUMENT_NAME.at(&id, &id), name.as_bytes())?,
            body: own.seal(columns::DOCUMENT_BODY.at(&id, &id), body)?,
            digest: Sha256::digest(body).into(),
            id,
        })
    }
}

/// Keeps a file that somebody sends for an issue of theirs.
pub struct Keep {
    pub means: Means,
    pub owner: String,
    pub dmi: String,
    pub sealed: Sealed,
    pub session: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Kept {
    Now,
    /// The same file is here already: sent twice, or again after a failure.
    Before,
    /// They have sent as much as we keep.
    Full,
    /// What it is for is closed, or not theirs.
    Closed,
}

impl Change for Keep {
    type Done = Kept;

    async fn run(&self, tx: &mut Tx) -> Result<Kept, StoreError> {
        let (owner, dmi, now, sealed) = (self.owner.as_str(), self.dmi.as_str(), tx.now(), &self.sealed);
        let Some(application) = received(tx, (owner, dmi)).await? else { return Ok(Kept::Closed) };
        let vault = &self.means.vault;
        let key = vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let mark = mark(tx, vault, owner, &sealed.digest).await?;
        let asked = sqlx::query_scalar("SELECT count(*) FROM document WHERE dmi = $1 AND mark = $2");
        let before: i64 = asked.bind(dmi).bind(mark.as_slice()).fetch_one(tx.conn()).await?;
        let kept = match before {
            0 if is_full(tx, (owner, dmi), sealed.bytes).await? => Kept::Full,
            0 => Kept::Now,
            _ => Kept::Before,
        };
        if kept != Kept::Now {
            for back in TAKEN_BACK {
                sqlx::query(back).bind(dmi).execute(tx.conn()).await?;
            }
            return Ok(kept);
        }
        sqlx::query(
            "INSERT INTO document (id, owner, application, dmi, how, kind, bytes, secret, name, mark, state, reason, \
             sent_at, reviewed_at, reviewer) \
             VALUES ($1, $2, $3, $4, 'upload', $5, $6, $7, $8, $9, 'received', '', $10, NULL, '')",
        )
        .bind(sealed.id.as_str())
        .bind(owner)
        .bind(application)
        .bind(dmi)
        .bind(<&str>::from(sealed.kind))
        .bind(i64::try_from(sealed.bytes).unwrap_or(i64::MAX))
        .bind(key.seal(columns::DOCUMENT_SECRET.at(&sealed.id, owner), sealed.secret.as_slice())?)
        .bind(sealed.name.as_slice())
        .bind(mark)
        .bind(now)
        .execute(tx.conn())
        .await?;
        let body = sqlx::query("INSERT INTO document_body (document, body) VALUES ($1, $2)");
        body.bind(sealed.id.as_str()).bind(sealed.body.as_slice()).execute(tx.conn()).await?;
        let (actor, record) = (Actor::of_owner(owner), format!("document:{}", sealed.id));
        let entry = Entry { actor: &actor, deed: Deed::DocumentSent, owner, record: &record, session: &self.session };
        self.means.audit.append(tx, &entry).await?;
        Ok(Kept::Now)
    }
}

/// What a document is for, each under its own ID: a data-matching issue, or an event that has to be proved.
const TAKEN_IN: [&str; 2] = [
    "UPDATE dmi SET in_review = in_review + 1 WHERE id = $1 AND owner = $2 AND state IN ('open', 'expired') \
     RETURNING application",
    "UPDATE event_proof SET in_review = in_review + 1 WHERE id = $1 AND owner = $2 AND state = 'open' \
     RETURNING application",
];
const TAKEN_BACK: [&str; 2] = [
    "UPDATE dmi SET in_review = in_review - 1 WHERE id = $1",
    "UPDATE event_proof SET in_review = in_review - 1 WHERE id = $1",
];

/// A document waits for whoever decides. Takes the row of what it is for: it is not closed meanwhile, and two uploads of one file come
/// one after the other. Its application; `None`: nothing is taken for it any more, or it is not theirs.
///
/// # Errors
///
/// If the store is away.
pub async fn received(tx: &mut Tx, (owner, id): (&str, &str)) -> Result<Option<String>, StoreError> {
    for taken in TAKEN_IN {
        let asked = sqlx::query_scalar(taken).bind(id).bind(owner);
        if let Some(application) = asked.fetch_optional(tx.conn()).await? {
            return Ok(Some(application));
        }
    }
    Ok(None)
}

/// The same contents of one owner have the same mark; it says nothing to whoever lacks the owner's key.
async fn mark(tx: &mut Tx, vault: &Vault, owner: &str, digest: &[u8]) -> Result<Vec<u8>, StoreError> {
    let key = vault.subkey(tx.conn(), owner, MARK_PURPOSE).await?.ok_or(StoreError::Stale)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).map_err(|_| StoreError::Stale)?;
    mac.update(digest);
    Ok(mac.finalize().into_bytes().to_vec())
}

async fn is_full(tx: &mut Tx, (owner, dmi): (&str, &str), more: usize) -> Result<bool, StoreError> {
    let asked = sqlx::query_scalar("SELECT count(*) FROM document WHERE dmi = $1");
    let files: i64 = asked.bind(dmi).fetch_one(tx.conn()).await?;
    let asked = sqlx::query_scalar("SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM document WHERE owner = $1");
    let bytes: i64 = asked.bind(owner).fetch_one(tx.conn()).await?;
    Ok(files >= FILES_MAX || bytes.saturating_add(i64::try_from(more).unwrap_or(i64::MAX)) > OWNER_BYTES_MAX)
}

/// What nobody sends by mistake, kept aside for an operator: its beginning, under the site's key.
pub struct PutAside {
    pub vault: Vault,
    pub id: String,
    pub owner: String,
    pub reason: &'static str,
    pub body: Vec<u8>,
    /// Of all of it.
    pub bytes: usize,
}

impl Change for PutAside {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let now = tx.now();
        let site = self.vault.open(tx.conn(), SITE).await?.ok_or(StoreError::Stale)?;
        let asked = sqlx::query_scalar("SELECT count(*) FROM aside WHERE owner = $1 AND source = 'upload'");
        let before: i64 = asked.bind(self.owner.as_str()).fetch_one(tx.conn()).await?;
        if before >= ASIDE_MAX {
            return Ok(());
        }
        let begin = self.body.get(..self.body.len().min(ASIDE_BYTES_MAX)).unwrap_or_default();
        let body = site.seal(columns::ASIDE_BODY.at(&self.id, SITE), begin)?;
        sqlx::query(
            "INSERT INTO aside (id, source, owner, reason, body, bytes, at, seen_by) \
             VALUES ($1, 'upload', $2, $3, $4, $5, $6, '')",
        )
        .bind(self.id.as_str())
        .bind(self.owner.as_str())
        .bind(self.reason)
        .bind(body)
        .bind(i64::try_from(self.bytes).unwrap_or(i64::MAX))
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// A document as its owner, or whoever has its issue open, sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: String,
    pub dmi: String,
    /// `None`: on paper.
    pub kind: Option<Kind>,
    pub bytes: i64,
    /// Empty for paper.
    pub name: String,
    pub state: State,
    /// Empty, or a word of the list of reasons.
    pub reason: String,
    pub sent_at: Millis,
    pub reviewed_at: Option<Millis>,
}

type Row = (String, String, String, i64, Vec<u8>, Vec<u8>, String, String, i64, Option<i64>);

/// An owner's documents, the newest first.
///
/// # Errors
///
/// If the store is away, or something does not open.
pub async fn of_owner(connection: &mut AnyConnection, vault: &Vault, owner: &str) -> Result<Vec<Document>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(Vec::new()) };
    let asked = sqlx::query_as(
        "SELECT id, dmi, kind, bytes, secret, name, state, reason, sent_at, reviewed_at FROM document \
         WHERE owner = $1 ORDER BY sent_at DESC",
    );
    let rows: Vec<Row> = asked.bind(owner).fetch_all(connection).await?;
    rows.into_iter().map(|row| opened(&key, owner, row).map(|(document, _)| document)).collect()
}

fn opened(key: &DataKey, owner: &str, row: Row) -> Result<(Document, Option<DataKey>), StoreError> {
    let (id, dmi, kind, bytes, secret, name, state, reason, sent_at, reviewed_at) = row;
    let odd = |_| StoreError::Refused("a document of a kind or state that this binary does not know".to_string());
    let (kind, name, own) = match kind.as_str() {
        "" => (None, String::new(), None),
        kind => {
            let secret = key.open(columns::DOCUMENT_SECRET.at(&id, owner), &secret)?;
            let own = DataKey::of_bytes(&secret).ok_or(StoreError::Stale)?;
            let name = own.open(columns::DOCUMENT_NAME.at(&id, &id), &name)?;
            (Some(kind.parse::<Kind>().map_err(odd)?), String::from_utf8_lossy(&name).into_owned(), Some(own))
        }
    };
    let state = state.parse::<State>().map_err(odd)?;
    Ok((Document { id, dmi, kind, bytes, name, state, reason, sent_at, reviewed_at }, own))
}

/// One document of an owner with its contents; `None` if there is none of this ID, or it is on paper.
///
/// # Errors
///
/// As [`of_owner`].
pub async fn contents(
    connection: &mut AnyConnection,
    vault: &Vault,
    (owner, id): (&str, &str),
) -> Result<Option<(Document, Zeroizing<Vec<u8>>)>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(None) };
    let asked = sqlx::query_as(
        "SELECT id, dmi, kind, bytes, secret, name, state, reason, sent_at, reviewed_at FROM document \
         WHERE owner = $1 AND id = $2",
    );
    let row: Option<Row> = asked.bind(owner).bind(id).fetch_optional(&mut *connection).await?;
    let Some((document, Some(own))) = row.map(|row| opened(&key, owner, row)).transpose()? else { return Ok(None) };
    let asked = sqlx::query_scalar("SELECT body FROM document_body WHERE document = $1");
    let body: Option<Vec<u8>> = asked.bind(id).fetch_optional(connection).await?;
    let Some(body) = body else { return Ok(None) };
    let body = own.open(columns::DOCUMENT_BODY.at(id, id), &body)?;
    Ok(Some((document, body)))
}
