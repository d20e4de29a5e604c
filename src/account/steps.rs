//! The second step: an app's codes, printed codes, mailed codes, and the browsers that need none.
//!
//! Called by sign-in and by the pages that change it. Each code is taken at most once, decided by the statement that
//! takes it: two requests with one code are one sign-in.

use sqlx::AnyConnection;
use zeroize::Zeroizing;

use super::codes::{self, TOTP_KEY_BYTES};
use super::password::CHARS_ALONE;
use super::people::{Means, id_of, note};
use crate::store::audit::Deed;
use crate::store::vault::Vault;
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// How long a mailed code is good, and how often it may be tried.
pub const MAILED_FOR: Millis = 10 * 60_000;
const MAILED_TRIES: i64 = 5;

/// What a mailed code is for. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Purpose {
    ConfirmAddress,
    SecondStep,
    NewPassword,
}

/// An app's key as it stands: opened, with the last step taken.
async fn totp_of(tx: &mut Tx, vault: &Vault, owner: &str) -> Result<Option<(Zeroizing<Vec<u8>>, u64)>, StoreError> {
    let Some(key) = vault.open(tx.conn(), owner).await? else { return Ok(None) };
    let asked = sqlx::query_as("SELECT secret, last_step FROM totp WHERE owner = $1").bind(owner);
    let found: Option<(Vec<u8>, i64)> = asked.fetch_optional(tx.conn()).await?;
    let Some((sealed, last_step)) = found else { return Ok(None) };
    let secret = key.open(columns::TOTP_SECRET.at(owner, owner), &sealed)?;
    Ok(Some((secret, u64::try_from(last_step).unwrap_or(0))))
}

fn seconds(now: Millis) -> u64 {
    u64::try_from(now / 1000).unwrap_or(0)
}

/// Keeps a new key for an app, which counts once a right code has proved that the app has it. `Done` is false if the
/// owner is gone, or has one that counts.
pub struct StartTotp {
    pub vault: Vault,
    pub owner: String,
    pub secret: Zeroizing<[u8; TOTP_KEY_BYTES]>,
}

impl Change for StartTotp {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let owner = self.owner.as_str();
        let Some(key) = self.vault.open(tx.conn(), owner).await? else { return Ok(false) };
        let sealed = key.seal(columns::TOTP_SECRET.at(owner, owner), self.secret.as_slice())?;
        let kept = sqlx::query(
            "INSERT INTO totp (owner, secret, last_step, confirmed_at) VALUES ($1, $2, 0, NULL) \
             ON CONFLICT (owner) DO UPDATE SET secret = $2, last_step = 0 WHERE totp.confirmed_at IS NULL",
        );
        Ok(kept.bind(owner).bind(sealed).execute(tx.conn()).await?.rows_affected() == 1)
    }
}

/// A code of the app: proves a new key, or is the second step.
pub struct UseTotp {
    pub means: Means,
    pub owner: String,
    pub typed: Zeroizing<String>,
    /// Of new recovery codes, if this proves a new key.
    pub recovery: Vec<Vec<u8>>,
    pub session: String,
}

impl Change for UseTotp {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (owner, now) = (self.owner.as_str(), tx.now());
        let Some((secret, last_step)) = totp_of(tx, &self.means.vault, owner).await? else { return Ok(false) };
        let Some(step) = codes::totp_step(&secret, &self.typed, seconds(now), last_step) else { return Ok(false) };
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        // Whoever comes second with the same code finds the step taken.
        let taken = sqlx::query("UPDATE totp SET last_step = $1 WHERE owner = $2 AND last_step < $1");
        if taken.bind(step).bind(owner).execute(tx.conn()).await?.rows_affected() != 1 {
            return Ok(false);
        }
        let proved = sqlx::query("UPDATE totp SET confirmed_at = $1 WHERE owner = $2 AND confirmed_at IS NULL");
        if proved.bind(now).bind(owner).execute(tx.conn()).await?.rows_affected() == 1 {
            new_recovery_codes(tx, owner, &self.recovery).await?;
            note(tx, &self.means, Deed::SecondStepAdded, (owner, ""), &self.session).await?;
        }
        Ok(true)
    }
}

pub(super) async fn new_recovery_codes(tx: &mut Tx, owner: &str, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM recovery_code WHERE owner = $1").bind(owner).execute(tx.conn()).await?;
    for (number, hash) in (1_i64..).zip(hashes) {
        sqlx::query("INSERT INTO recovery_code (owner, number, code_hash, used_at) VALUES ($1, $2, $3, NULL)")
            .bind(owner)
            .bind(number)
            .bind(hash.as_slice())
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}

/// A printed code instead of the app. `Done` is how many are left, or `None` if it is no code of theirs.
pub struct UseRecovery {
    pub means: Means,
    pub owner: String,
    pub typed: Zeroizing<String>,
    pub session: String,
}

impl Change for UseRecovery {
    type Done = Option<i64>;

    async fn run(&self, tx: &mut Tx) -> Result<Option<i64>, StoreError> {
        let (owner, now) = (self.owner.as_str(), tx.now());
        let Some(hash) = codes::code_hash(&self.typed) else { return Ok(None) };
        let used = sqlx::query(
            "UPDATE recovery_code SET used_at = $1 WHERE owner = $2 AND code_hash = $3 AND used_at IS NULL",
        );
        if used.bind(now).bind(owner).bind(hash).execute(tx.conn()).await?.rows_affected() != 1 {
            return Ok(None);
        }
        note(tx, &self.means, Deed::RecoveryCodeUsed, (owner, ""), &self.session).await?;
        let left = sqlx::query_scalar("SELECT count(*) FROM recovery_code WHERE owner = $1 AND used_at IS NULL");
        Ok(Some(left.bind(owner).fetch_one(tx.conn()).await?))
    }
}

/// What removing the app's codes came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    Done,
    /// The password is too short to stand alone: a longer one comes first, in the same step.
    NeedsLongerPassword,
    /// There was nothing to remove.
    Nothing,
}

/// Removes the app's codes and the printed ones.
pub struct RemoveTotp {
    pub means: Means,
    pub owner: String,
    pub session: String,
}

impl Change for RemoveTotp {
    type Done = Removed;

    async fn run(&self, tx: &mut Tx) -> Result<Removed, StoreError> {
        let owner = self.owner.as_str();
        let chars = sqlx::query_scalar("SELECT password_chars FROM account WHERE id = $1").bind(id_of(owner));
        let chars: Option<i64> = chars.fetch_optional(tx.conn()).await?;
        let least = i64::try_from(CHARS_ALONE).unwrap_or(i64::MAX);
        if chars.is_some_and(|chars| chars < least) {
            return Ok(Removed::NeedsLongerPassword);
        }
        let gone = sqlx::query("DELETE FROM totp WHERE owner = $1").bind(owner).execute(tx.conn()).await?;
        if gone.rows_affected() == 0 {
            return Ok(Removed::Nothing);
        }
        sqlx::query("DELETE FROM recovery_code WHERE owner = $1").bind(owner).execute(tx.conn()).await?;
        note(tx, &self.means, Deed::SecondStepRemoved, (owner, ""), &self.session).await?;
        Ok(Removed::Done)
    }
}

/// Keeps what was mailed; an earlier code for the same purpose is good no longer.
pub struct Mailed {
    pub owner: String,
    pub purpose: Purpose,
    /// The session that asked; empty for what is opened in another browser.
    pub session: String,
    pub code: Zeroizing<String>,
}

impl Change for Mailed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (owner, purpose, now) = (self.owner.as_str(), <&str>::from(self.purpose), tx.now());
        sqlx::query(
            "INSERT INTO mailed_code (owner, purpose, code_hash, made_at, expires_at, tries) \
             VALUES ($1, $2, $3, $4, $5, 0) \
             ON CONFLICT (owner, purpose) DO UPDATE SET code_hash = $3, made_at = $4, expires_at = $5, tries = 0",
        )
        .bind(owner)
        .bind(purpose)
        .bind(codes::mailed_hash(owner, purpose, &self.session, &self.code))
        .bind(now)
        .bind(now + MAILED_FOR)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// A mailed code, typed. Five wrong ones, and it is good no longer.
pub struct UseMailed {
    pub owner: String,
    pub purpose: Purpose,
    pub session: String,
    pub typed: Zeroizing<String>,
}

impl Change for UseMailed {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (owner, purpose, now) = (self.owner.as_str(), <&str>::from(self.purpose), tx.now());
        // Counted before it is judged.
        let counted = sqlx::query_scalar(
            "UPDATE mailed_code SET tries = tries + 1 \
             WHERE owner = $1 AND purpose = $2 AND expires_at > $3 AND tries < $4 RETURNING code_hash",
        );
        let kept: Option<Vec<u8>> =
            counted.bind(owner).bind(purpose).bind(now).bind(MAILED_TRIES).fetch_optional(tx.conn()).await?;
        if kept != Some(codes::mailed_hash(owner, purpose, &self.session, &self.typed)) {
            return Ok(false);
        }
        let gone = sqlx::query("DELETE FROM mailed_code WHERE owner = $1 AND purpose = $2");
        Ok(gone.bind(owner).bind(purpose).execute(tx.conn()).await?.rows_affected() == 1)
    }
}

/// This browser is known from now on: it has taken a second step.
pub struct KnowDevice {
    pub vault: Vault,
    pub owner: String,
    pub device: String,
    pub token_hash: Vec<u8>,
    /// What the browser calls itself.
    pub name: String,
}

impl Change for KnowDevice {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (owner, now) = (self.owner.as_str(), tx.now());
        let Some(key) = self.vault.open(tx.conn(), owner).await? else { return Err(StoreError::Stale) };
        let name = key.seal(columns::DEVICE_NAME.at(&self.device, owner), self.name.as_bytes())?;
        sqlx::query(
            "INSERT INTO device (id, owner, token_hash, name, made_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)",
        )
        .bind(self.device.as_str())
        .bind(owner)
        .bind(self.token_hash.as_slice())
        .bind(name)
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// The device of this owner with this cookie; `None` for a browser not seen before.
///
/// # Errors
///
/// If the store is away.
pub async fn known_device(
    connection: &mut AnyConnection,
    owner: &str,
    token_hash: &[u8],
) -> Result<Option<String>, StoreError> {
    let asked =
        sqlx::query_scalar("SELECT id FROM device WHERE owner = $1 AND token_hash = $2 ORDER BY made_at LIMIT 1");
    Ok(asked.bind(owner).bind(token_hash).fetch_optional(connection).await?)
}
