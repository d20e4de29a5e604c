//! What people change about their own account, and what its pages show of it.
//!
//! Called by the office's pages, which have asked for the password before. Whatever is random or slow was made before a
//! change begins.

use sqlx::AnyConnection;
use zeroize::Zeroizing;

use super::pending::{Pending, Take};
use super::people::{Means, SignUp, SignedUp, has_totp, id_of, note, open_text, take_over};
use super::steps::{Factor, UseApps, UseMailed};
use crate::store::audit::Deed;
use crate::store::lookup::{self, Sought};
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// Makes the account of an address that has just been proved by a mailed code.
pub struct SignUpProved(pub SignUp);

impl Change for SignUpProved {
    type Done = SignedUp;

    async fn run(&self, tx: &mut Tx) -> Result<SignedUp, StoreError> {
        let done = self.0.run(tx).await?;
        let now = tx.now();
        let proved = sqlx::query("UPDATE account SET email_confirmed_at = $1 WHERE id = $2");
        proved.bind(now).bind(self.0.account.as_str()).execute(tx.conn()).await?;
        Ok(done)
    }
}

/// Somebody has signed in: what a guest had begun in this browser is theirs, and look-ups are renewed.
pub struct Arrived {
    pub means: Means,
    pub owner: String,
    /// `guest:ID` of what they had begun.
    pub guest: Option<String>,
    /// What they were found by.
    pub email: Sought,
    pub by: Factor,
    /// Empty: this browser is not known.
    pub device: String,
    pub session: String,
}

impl Change for Arrived {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (owner, now) = (self.owner.as_str(), tx.now());
        let vault = &self.means.vault;
        let Some(key) = vault.open(tx.conn(), owner).await? else { return Err(StoreError::Stale) };
        lookup::claim(tx, vault, &self.email, owner).await?;
        let seen = sqlx::query("UPDATE account SET seen_at = $1 WHERE id = $2");
        seen.bind(now).bind(id_of(owner)).execute(tx.conn()).await?;
        let seen = sqlx::query("UPDATE device SET seen_at = $1 WHERE id = $2 AND owner = $3");
        seen.bind(now).bind(self.device.as_str()).bind(owner).execute(tx.conn()).await?;
        let by = format!("by:{}", <&str>::from(self.by));
        note(tx, &self.means, Deed::SignedIn, (owner, &by), &self.session).await?;
        match &self.guest {
            Some(guest) => take_over(tx, &self.means, guest, (owner, &key), &self.session).await,
            None => Ok(()),
        }
    }
}

/// Somebody who is signed in takes over what a guest had begun.
pub struct TakeOver {
    pub means: Means,
    pub owner: String,
    pub guest: String,
    pub session: String,
}

impl Change for TakeOver {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let owner = self.owner.as_str();
        let Some(key) = self.means.vault.open(tx.conn(), owner).await? else { return Err(StoreError::Stale) };
        take_over(tx, &self.means, &self.guest, (owner, &key), &self.session).await
    }
}

/// The same password, hashed with today's parameters. Nothing is done if it was changed meanwhile.
pub struct Rehashed {
    pub vault: Vault,
    pub owner: String,
    pub before: Zeroizing<String>,
    pub hash: Zeroizing<String>,
}

impl Change for Rehashed {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (owner, id) = (self.owner.as_str(), id_of(&self.owner));
        let Some(key) = self.vault.open(tx.conn(), owner).await? else { return Ok(false) };
        let asked = sqlx::query_as("SELECT password, version FROM account WHERE id = $1").bind(id);
        let found: Option<(Vec<u8>, i64)> = asked.fetch_optional(tx.conn()).await?;
        let Some((sealed, version)) = found else { return Ok(false) };
        if open_text(&key, columns::ACCOUNT_PASSWORD, (id, owner), &sealed)? != self.before {
            return Ok(false);
        }
        let sealed = key.seal(columns::ACCOUNT_PASSWORD.at(id, owner), self.hash.as_bytes())?;
        let kept = sqlx::query("UPDATE account SET password = $1 WHERE id = $2 AND version = $3");
        Ok(kept.bind(sealed).bind(id).bind(version).execute(tx.conn()).await?.rows_affected() == 1)
    }
}

/// Everybody but the session of this hash is signed out; empty: everybody.
async fn end_others(tx: &mut Tx, owner: &str, but: &[u8]) -> Result<u64, StoreError> {
    let gone = sqlx::query("DELETE FROM pending WHERE owner = $1 AND session <> $2");
    gone.bind(owner).bind(but).execute(tx.conn()).await?;
    let gone = sqlx::query("DELETE FROM session WHERE owner = $1 AND id_hash <> $2");
    Ok(gone.bind(owner).bind(but).execute(tx.conn()).await?.rows_affected())
}

/// Every known browser is a stranger again, save the one of the session of this hash. Before sessions end.
async fn forget_others(tx: &mut Tx, owner: &str, but: &[u8]) -> Result<(), StoreError> {
    let gone = sqlx::query(
        "DELETE FROM device WHERE owner = $1 AND id NOT IN \
         (SELECT device FROM session WHERE owner = $1 AND id_hash = $2)",
    );
    gone.bind(owner).bind(but).execute(tx.conn()).await?;
    Ok(())
}

/// Another password. Everybody else is signed out.
pub struct NewPassword {
    pub means: Means,
    pub owner: String,
    /// The argon2id string.
    pub hash: Zeroizing<String>,
    pub chars: i64,
    /// The session that stays; empty: none.
    pub but: Vec<u8>,
    /// Browsers that were known are strangers again, save the one of the session that stays.
    pub forget: bool,
    pub session: String,
}

impl Change for NewPassword {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let owner = self.owner.as_str();
        let Some(key) = self.means.vault.open(tx.conn(), owner).await? else { return Ok(false) };
        let sealed = key.seal(columns::ACCOUNT_PASSWORD.at(id_of(owner), owner), self.hash.as_bytes())?;
        let kept =
            sqlx::query("UPDATE account SET password = $1, password_chars = $2, version = version + 1 WHERE id = $3");
        let kept = kept.bind(sealed).bind(self.chars).bind(id_of(owner)).execute(tx.conn()).await?;
        if kept.rows_affected() != 1 {
            return Ok(false);
        }
        if self.forget {
            forget_others(tx, owner, &self.but).await?;
        }
        end_others(tx, owner, &self.but).await?;
        note(tx, &self.means, Deed::PasswordChanged, (owner, ""), &self.session).await?;
        Ok(true)
    }
}

/// A forgotten password: the mailed code and, where there is an app, its code. Both are judged before either is used up,
/// and both are used up together with the change; then everybody is signed out and every browser is a stranger.
/// `Done` is false if one is wrong, and costs a try of the mailed code only if that is the wrong one.
pub struct Forgotten {
    pub mailed: UseMailed,
    pub apps: UseApps,
    /// The argon2id string.
    pub hash: Zeroizing<String>,
    pub chars: i64,
}

impl Change for Forgotten {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let owner = self.apps.owner.as_str();
        let has_app = has_totp(tx.conn(), owner).await?;
        if has_app && !self.apps.judge(tx).await? || !self.mailed.run(tx).await? {
            return Ok(false);
        }
        // Used for a sign-in in this very moment: nothing of this has happened then.
        if has_app && !self.apps.run(tx).await? {
            return Err(StoreError::Stale);
        }
        let change = NewPassword {
            means: self.apps.means.clone(),
            owner: owner.to_string(),
            hash: self.hash.clone(),
            chars: self.chars,
            but: Vec::new(),
            forget: true,
            session: self.apps.session.clone(),
        };
        change.run(tx).await
    }
}

/// Another address, proved by a mailed code. `Done` is false if somebody else has it by now.
pub struct NewAddress {
    pub means: Means,
    pub owner: String,
    pub email: Sought,
    pub typed: Zeroizing<String>,
    pub session: String,
}

impl Change for NewAddress {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (owner, now) = (self.owner.as_str(), tx.now());
        let vault = &self.means.vault;
        let Some(key) = vault.open(tx.conn(), owner).await? else { return Err(StoreError::Stale) };
        if lookup::find(tx.conn(), vault, &self.email).await?.is_some_and(|holder| holder != owner) {
            return Ok(false);
        }
        lookup::release(tx, owner).await?;
        lookup::claim(tx, vault, &self.email, owner).await?;
        let sealed = key.seal(columns::ACCOUNT_EMAIL.at(id_of(owner), owner), self.typed.as_bytes())?;
        let kept =
            sqlx::query("UPDATE account SET email = $1, email_confirmed_at = $2, version = version + 1 WHERE id = $3");
        kept.bind(sealed).bind(now).bind(id_of(owner)).execute(tx.conn()).await?;
        // What is known of the old address says nothing of the new one.
        sqlx::query("DELETE FROM mail_state WHERE owner = $1").bind(owner).execute(tx.conn()).await?;
        note(tx, &self.means, Deed::AddressChanged, (owner, ""), &self.session).await?;
        Ok(true)
    }
}

/// Ends one of an owner's sessions, or all but one, and notes it.
pub struct EndSessions {
    pub means: Means,
    pub owner: String,
    pub which: Which,
    pub session: String,
}

pub enum Which {
    /// By its hash.
    One(Vec<u8>),
    /// All but this one, and every browser that needed no second step.
    Others(Vec<u8>),
}

impl Change for EndSessions {
    type Done = u64;

    async fn run(&self, tx: &mut Tx) -> Result<u64, StoreError> {
        let owner = self.owner.as_str();
        let gone = match &self.which {
            Which::One(hash) => {
                let device = sqlx::query(
                    "DELETE FROM device WHERE owner = $1 AND id IN \
                     (SELECT device FROM session WHERE owner = $1 AND id_hash = $2)",
                );
                device.bind(owner).bind(hash.as_slice()).execute(tx.conn()).await?;
                let gone = sqlx::query("DELETE FROM pending WHERE owner = $1 AND session = $2");
                gone.bind(owner).bind(hash.as_slice()).execute(tx.conn()).await?;
                let gone = sqlx::query("DELETE FROM session WHERE owner = $1 AND id_hash = $2");
                gone.bind(owner).bind(hash.as_slice()).execute(tx.conn()).await?.rows_affected()
            }
            Which::Others(hash) => {
                forget_others(tx, owner, hash).await?;
                end_others(tx, owner, hash).await?
            }
        };
        note(tx, &self.means, Deed::SessionsEnded, (owner, ""), &self.session).await?;
        Ok(gone)
    }
}

/// The password was typed again: the session goes on under a new ID, and ends when it would have ended. What was sent while it
/// was locked is taken with it, so that neither is done alone. [`StoreError::Stale`] if the session is over.
pub struct Unlock {
    pub vault: Vault,
    pub owner: String,
    pub old: Vec<u8>,
    pub new: Vec<u8>,
}

impl Change for Unlock {
    type Done = Option<Pending>;

    async fn run(&self, tx: &mut Tx) -> Result<Option<Pending>, StoreError> {
        let now = tx.now();
        // Forms before sessions, as in all changes that touch both: two of them must not wait for each other.
        let take = Take { vault: self.vault.clone(), session: self.old.clone(), owner: self.owner.clone() };
        let taken = take.run(tx).await?;
        let rotated = sqlx::query(
            "UPDATE session SET id_hash = $1, seen_at = $2, authenticated_at = $2 \
             WHERE id_hash = $3 AND owner = $4 AND expires_at > $2",
        );
        let rotated = rotated.bind(self.new.as_slice()).bind(now).bind(self.old.as_slice()).bind(self.owner.as_str());
        match rotated.execute(tx.conn()).await?.rows_affected() {
            0 => Err(StoreError::Stale),
            _ => Ok(taken),
        }
    }
}

/// The owner was handed everything that there is of them.
pub struct NoteExport {
    pub means: Means,
    pub owner: String,
    pub session: String,
}

impl Change for NoteExport {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        note(tx, &self.means, Deed::Exported, (&self.owner, ""), &self.session).await
    }
}

/// New printed codes in place of the old.
pub struct NewRecoveryCodes {
    pub means: Means,
    pub owner: String,
    pub hashes: Vec<Vec<u8>>,
    pub session: String,
}

impl Change for NewRecoveryCodes {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        super::steps::new_recovery_codes(tx, &self.owner, &self.hashes).await?;
        note(tx, &self.means, Deed::RecoveryCodesMade, (&self.owner, ""), &self.session).await
    }
}

/// An account as its own pages show it. Has no `Debug`.
pub struct Account {
    pub email: Zeroizing<String>,
    /// The argon2id string.
    pub password: Zeroizing<String>,
    pub lang: String,
    pub has_totp: bool,
    pub recovery_left: i64,
    pub made_at: Millis,
}

/// # Errors
///
/// If the store is away, or something sealed does not open.
pub async fn account(
    connection: &mut AnyConnection,
    vault: &Vault,
    owner: &str,
) -> Result<Option<Account>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(None) };
    let id = id_of(owner);
    let asked = sqlx::query_as("SELECT email, password, lang, made_at FROM account WHERE id = $1").bind(id);
    let found: Option<(Vec<u8>, Vec<u8>, String, i64)> = asked.fetch_optional(&mut *connection).await?;
    let Some((email, password, lang, made_at)) = found else { return Ok(None) };
    let email = open_text(&key, columns::ACCOUNT_EMAIL, (id, owner), &email)?;
    let password = open_text(&key, columns::ACCOUNT_PASSWORD, (id, owner), &password)?;
    let has_totp = has_totp(connection, owner).await?;
    let left = sqlx::query_scalar("SELECT count(*) FROM recovery_code WHERE owner = $1 AND used_at IS NULL");
    let recovery_left: i64 = left.bind(owner).fetch_one(connection).await?;
    Ok(Some(Account { email, password, lang, has_totp, recovery_left, made_at }))
}

/// The key of an app that is being set up, opened for the page that shows it.
///
/// # Errors
///
/// As [`account`].
pub async fn totp_in_setup(
    connection: &mut AnyConnection,
    vault: &Vault,
    owner: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(None) };
    let asked = sqlx::query_scalar("SELECT secret FROM totp WHERE owner = $1 AND confirmed_at IS NULL");
    let found: Option<Vec<u8>> = asked.bind(owner).fetch_optional(connection).await?;
    found.map(|sealed| Ok(key.open(columns::TOTP_SECRET.at(owner, owner), &sealed)?)).transpose()
}

/// A browser that is signed in.
pub struct SignedIn {
    pub id_hash: Vec<u8>,
    /// What it calls itself; empty if it was not told.
    pub name: Zeroizing<String>,
    pub shared: bool,
    pub made_at: Millis,
    pub seen_at: Millis,
}

/// Where somebody is signed in, the one seen last first.
///
/// # Errors
///
/// As [`account`].
pub async fn signed_in(
    connection: &mut AnyConnection,
    vault: &Vault,
    owner: &str,
    now: Millis,
) -> Result<Vec<SignedIn>, StoreError> {
    let Some(key) = vault.open(connection, owner).await? else { return Ok(Vec::new()) };
    let asked = sqlx::query_as(
        "SELECT session.id_hash, session.shared, session.made_at, session.seen_at, session.device, device.name \
         FROM session LEFT JOIN device ON device.id = session.device AND device.owner = session.owner \
         WHERE session.owner = $1 AND session.expires_at > $2 AND session.authenticated_at IS NOT NULL \
         ORDER BY session.seen_at DESC",
    );
    type Found = (Vec<u8>, i64, i64, i64, String, Option<Vec<u8>>);
    let found: Vec<Found> = asked.bind(owner).bind(now).fetch_all(connection).await?;
    let one = |(id_hash, shared, made_at, seen_at, device, name): Found| {
        let name = match name {
            Some(sealed) => open_text(&key, columns::DEVICE_NAME, (&device, owner), &sealed)?,
            None => Zeroizing::default(),
        };
        Ok(SignedIn { id_hash, name, shared: shared != 0, made_at, seen_at })
    };
    found.into_iter().map(one).collect()
}
