//! Beginning as a guest, becoming an account, being found again: each one change of the store.
//!
//! Called by the pages of sign-up, sign-in and resuming. Whatever is random or slow (IDs, hashes of passwords) is made
//! before the change begins. It must never tell a caller's page more than the page may show: whether an address is
//! taken comes back as a value, and the page shows the same either way.

use sqlx::AnyConnection;
use time::Date;
use zeroize::Zeroizing;

use crate::sealing::{Column, DataKey, SealFault};
use crate::store::audit::{Actor, Audit, Deed, Entry};
use crate::store::lookup::{self, Sought};
use crate::store::vault::{SITE, Vault};
use crate::store::{Change, Millis, StoreError, Tx, columns};
use crate::types::hex;

use super::retention::DAY;
use super::{codes, owned};

/// How long a draft is kept after its last change.
pub const DRAFT_DAYS: Millis = 90 * DAY;
/// A draft is open until it is submitted, withdrawn or expired.
pub const OPEN: i64 = 0;
/// The version of an empty document of answers.
const ANSWERS_VERSION: i64 = 1;
const NO_ANSWERS: &[u8] = b"{}";

/// A new random ID: 32 hexadecimal digits.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_id() -> Result<String, SealFault> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| SealFault::NoRandomness)?;
    Ok(hex(&bytes))
}

pub fn guest_owner(id: &str) -> String {
    format!("guest:{id}")
}

pub fn account_owner(id: &str) -> String {
    format!("account:{id}")
}

/// The ID in `account:ID`.
pub fn id_of(owner: &str) -> &str {
    owner.trim_start_matches("account:")
}

/// Appends what an owner did to their own record.
pub(super) async fn note(
    tx: &mut Tx,
    means: &Means,
    deed: Deed,
    (owner, record): (&str, &str),
    session: &str,
) -> Result<(), StoreError> {
    let actor = Actor::of_owner(owner);
    means.audit.append(tx, &Entry { actor: &actor, deed, owner, record, session }).await
}

/// Sealed words, opened.
pub(super) fn open_text(
    key: &DataKey,
    column: Column,
    (row, owner): (&str, &str),
    sealed: &[u8],
) -> Result<Zeroizing<String>, SealFault> {
    let plain = key.open(column.at(row, owner), sealed)?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&plain).into_owned()))
}

/// Whether an app's codes are needed to sign in.
pub(super) async fn has_totp(connection: &mut AnyConnection, owner: &str) -> Result<bool, StoreError> {
    let asked = sqlx::query_scalar("SELECT count(*) FROM totp WHERE owner = $1 AND confirmed_at IS NOT NULL");
    let factors: i64 = asked.bind(owner).fetch_one(connection).await?;
    Ok(factors > 0)
}

/// What a change needs of the office.
#[derive(Clone)]
pub struct Means {
    pub vault: Vault,
    pub audit: Audit,
}

/// Somebody begins: a draft with a key of its own, and a code to come back with.
pub struct BeginDraft {
    pub means: Means,
    pub guest: String,
    pub draft: String,
    /// Of the printed code.
    pub code_hash: Vec<u8>,
    pub session: String,
}

impl Change for BeginDraft {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (owner, now) = (guest_owner(&self.guest), tx.now());
        let key = self.means.vault.create(tx, &owner).await?;
        let answers = key.seal(columns::DRAFT_ANSWERS.at(&self.draft, &owner), NO_ANSWERS)?;
        begin_draft(tx, &self.means, (&owner, &self.draft, answers), &self.session).await?;
        sqlx::query("INSERT INTO resume_code (code_hash, owner, made_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(self.code_hash.as_slice())
            .bind(owner.as_str())
            .bind(now)
            .bind(now + DRAFT_DAYS)
            .execute(tx.conn())
            .await?;
        Ok(())
    }
}

/// The first row of a draft, with its sealed answers.
pub(super) async fn begin_draft(
    tx: &mut Tx,
    means: &Means,
    (owner, draft, answers): (&str, &str, Vec<u8>),
    session: &str,
) -> Result<(), StoreError> {
    let now = tx.now();
    sqlx::query(
        "INSERT INTO draft (id, owner, answers, answers_version, version, state, made_at, changed_at) \
         VALUES ($1, $2, $3, $4, 1, $5, $6, $6)",
    )
    .bind(draft)
    .bind(owner)
    .bind(answers)
    .bind(ANSWERS_VERSION)
    .bind(OPEN)
    .bind(now)
    .execute(tx.conn())
    .await?;
    note(tx, means, Deed::DraftBegun, (owner, &format!("draft:{draft}")), session).await
}

/// Whose the draft of a printed code is; `None` for a code that is wrong, used up or too old.
///
/// # Errors
///
/// If the store is away.
pub async fn resume(connection: &mut AnyConnection, typed: &str, now: Millis) -> Result<Option<String>, StoreError> {
    let Some(hash) = codes::code_hash(typed) else { return Ok(None) };
    let asked = sqlx::query_scalar("SELECT owner FROM resume_code WHERE code_hash = $1 AND expires_at > $2");
    Ok(asked.bind(hash).bind(now).fetch_optional(connection).await?)
}

/// Somebody makes an account, and takes what they have begun with them.
pub struct SignUp {
    pub means: Means,
    pub account: String,
    pub email: Sought,
    pub typed_email: Zeroizing<String>,
    /// The argon2id string.
    pub password: Zeroizing<String>,
    pub password_chars: i64,
    pub lang: String,
    /// `guest:ID` of what they have begun.
    pub guest: Option<String>,
    pub session: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedUp {
    Made,
    /// The address has an account: its owner gets a mail, the page shows the same. Nothing was changed.
    Taken {
        owner: String,
    },
}

impl Change for SignUp {
    type Done = SignedUp;

    async fn run(&self, tx: &mut Tx) -> Result<SignedUp, StoreError> {
        let (owner, now) = (account_owner(&self.account), tx.now());
        let vault = &self.means.vault;
        if let Some(owner) = lookup::find(tx.conn(), vault, &self.email).await? {
            return Ok(SignedUp::Taken { owner });
        }
        let key = vault.create(tx, &owner).await?;
        // Two at once: the second one meets the first one's row, and is undone as a whole.
        lookup::claim(tx, vault, &self.email, &owner).await?;
        let email = key.seal(columns::ACCOUNT_EMAIL.at(&self.account, &owner), self.typed_email.as_bytes())?;
        let password = key.seal(columns::ACCOUNT_PASSWORD.at(&self.account, &owner), self.password.as_bytes())?;
        sqlx::query(
            "INSERT INTO account (id, email, password, password_chars, lang, email_confirmed_at, version, made_at, \
             seen_at) VALUES ($1, $2, $3, $4, $5, NULL, 1, $6, $6)",
        )
        .bind(self.account.as_str())
        .bind(email)
        .bind(password)
        .bind(self.password_chars)
        .bind(self.lang.as_str())
        .bind(now)
        .execute(tx.conn())
        .await?;
        note(tx, &self.means, Deed::AccountMade, (&owner, ""), &self.session).await?;
        if let Some(guest) = &self.guest {
            take_over(tx, &self.means, guest, (owner.as_str(), &key), &self.session).await?;
        }
        Ok(SignedUp::Made)
    }
}

/// Everything of a guest goes over to an account: sealed again under its key, and the guest's key destroyed.
///
/// # Errors
///
/// `Stale` if another tab saved meanwhile.
pub(super) async fn take_over(
    tx: &mut Tx,
    means: &Means,
    guest: &str,
    (owner, key): (&str, &DataKey),
    session: &str,
) -> Result<(), StoreError> {
    let Some(old) = means.vault.open(tx.conn(), guest).await? else { return Ok(()) };
    let drafts = sqlx::query_as("SELECT id, answers, version FROM draft WHERE owner = $1 ORDER BY changed_at");
    let drafts: Vec<(String, Vec<u8>, i64)> = drafts.bind(guest).fetch_all(tx.conn()).await?;
    for (id, answers, version) in drafts {
        let plain = old.open(columns::DRAFT_ANSWERS.at(&id, guest), &answers)?;
        let answers = key.seal(columns::DRAFT_ANSWERS.at(&id, owner), &plain)?;
        // A save from another tab either came before this transaction began to read, or finds the draft gone.
        let moved =
            sqlx::query("UPDATE draft SET owner = $1, answers = $2 WHERE id = $3 AND owner = $4 AND version = $5");
        let moved =
            moved.bind(owner).bind(answers).bind(id.as_str()).bind(guest).bind(version).execute(tx.conn()).await?;
        if moved.rows_affected() != 1 {
            return Err(StoreError::Stale);
        }
        note(tx, means, Deed::DraftTaken, (owner, &format!("draft:{id}")), session).await?;
    }
    owned::take_frozen(tx, (guest, &old), (owner, key)).await?;
    for statement in [
        "DELETE FROM resume_code WHERE owner = $1",
        "DELETE FROM pending WHERE owner = $1",
        // Of the address that a guest gave; the account's own has just been proved.
        "DELETE FROM mail_state WHERE owner = $1",
    ] {
        sqlx::query(statement).bind(guest).execute(tx.conn()).await?;
    }
    sqlx::query("UPDATE session SET owner = $1 WHERE owner = $2").bind(owner).bind(guest).execute(tx.conn()).await?;
    Vault::destroy(tx, guest).await?;
    Ok(())
}

/// What signing in needs to know of an account. Has no `Debug`.
pub struct Found {
    pub owner: String,
    /// The argon2id string.
    pub password: Zeroizing<String>,
    pub lang: String,
    pub has_totp: bool,
}

/// The account of an address; `None` if nobody has it. The same statements run either way, so that the time tells
/// nothing.
///
/// # Errors
///
/// If the store is away.
pub async fn find(connection: &mut AnyConnection, vault: &Vault, email: &Sought) -> Result<Option<Found>, StoreError> {
    let found = lookup::find(connection, vault, email).await?;
    // For an address that nobody has, the site's own key is opened, and nobody's account is looked for.
    let owner = found.as_deref().unwrap_or(SITE);
    let key = vault.open(connection, owner).await?;
    let id = id_of(owner).to_string();
    let asked = sqlx::query_as("SELECT password, lang FROM account WHERE id = $1").bind(id.as_str());
    let account: Option<(Vec<u8>, String)> = asked.fetch_optional(&mut *connection).await?;
    let has_totp = has_totp(connection, owner).await?;
    let (Some(owner), Some(key), Some((sealed, lang))) = (found, key, account) else { return Ok(None) };
    let password = open_text(&key, columns::ACCOUNT_PASSWORD, (&id, &owner), &sealed)?;
    Ok(Some(Found { owner, password, lang, has_totp }))
}

/// A person goes: their key is destroyed, and with it everything sealed; what is not sealed goes row by row.
pub struct Delete {
    pub means: Means,
    pub owner: String,
    /// Where the person lives, for what is in force.
    pub today: Date,
    pub actor: Actor,
    pub session: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    Gone,
    /// Somebody else was faster.
    NotThere,
    /// Nothing was deleted: these plans have to be cancelled or ended first.
    HasPlans(Vec<String>),
}

impl Change for Delete {
    type Done = Deletion;

    async fn run(&self, tx: &mut Tx) -> Result<Deletion, StoreError> {
        let owner = self.owner.as_str();
        // Whoever signs takes one of these rows: either it came before, or it finds nobody.
        let locked = sqlx::query("UPDATE plan_choice SET version = version + 1 WHERE owner = $1");
        locked.bind(owner).execute(tx.conn()).await?;
        let plans = owned::plans_in_force(tx.conn(), owner, self.today).await?;
        if !plans.is_empty() {
            return Ok(Deletion::HasPlans(plans));
        }
        if !Vault::destroy(tx, owner).await? {
            return Ok(Deletion::NotThere);
        }
        owned::delete(tx, owner).await?;
        sqlx::query("DELETE FROM account WHERE id = $1").bind(id_of(owner)).execute(tx.conn()).await?;
        let entry = Entry { actor: &self.actor, deed: Deed::Deleted, owner, record: "", session: &self.session };
        self.means.audit.append(tx, &entry).await?;
        Ok(Deletion::Gone)
    }
}
