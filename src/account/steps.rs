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

/// How somebody has proved who they are, besides the password. The words are for good: the record of deeds holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Factor {
    /// It has taken a second step before.
    KnownBrowser,
    App,
    PrintedCode,
    MailedCode,
}

/// Digits of an app's code.
const APP_DIGITS: usize = 6;

/// Which of the two a typed code can only be: the app's or a printed one.
pub fn app_or_printed(typed: &str) -> Factor {
    let digits = typed.chars().filter(char::is_ascii_digit).count();
    let others = typed.chars().any(|c| !c.is_ascii_digit() && !c.is_whitespace() && c != '-');
    if digits == APP_DIGITS && !others { Factor::App } else { Factor::PrintedCode }
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

/// The app's code or a printed one, used up if it is right.
pub struct UseApps {
    pub means: Means,
    pub owner: String,
    pub typed: Zeroizing<String>,
    pub session: String,
}

impl UseApps {
    /// Whether it is right; nothing is used up.
    pub(super) async fn judge(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let owner = self.owner.as_str();
        if app_or_printed(&self.typed) == Factor::App {
            let now = seconds(tx.now());
            let found = totp_of(tx, &self.means.vault, owner).await?;
            return Ok(found.is_some_and(|(key, last)| codes::totp_step(&key, &self.typed, now, last).is_some()));
        }
        let Some(hash) = codes::code_hash(&self.typed) else { return Ok(false) };
        let asked = sqlx::query_scalar(
            "SELECT count(*) FROM recovery_code WHERE owner = $1 AND code_hash = $2 AND used_at IS NULL",
        );
        let found: i64 = asked.bind(owner).bind(hash).fetch_one(tx.conn()).await?;
        Ok(found > 0)
    }
}

impl Change for UseApps {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (means, owner, typed) = (self.means.clone(), self.owner.clone(), self.typed.clone());
        let session = self.session.clone();
        match app_or_printed(&self.typed) {
            Factor::App => UseTotp { means, owner, typed, recovery: Vec::new(), session }.run(tx).await,
            _ => Ok(UseRecovery { means, owner, typed, session }.run(tx).await?.is_some()),
        }
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

/// Where and for what a code was mailed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub owner: String,
    pub purpose: Purpose,
    /// The hash of the session that asked, in hexadecimal digits.
    pub session: String,
    /// The address that the code proves; empty if it proves none. A code on its way to one address is no proof of another
    /// that was typed since.
    pub address: String,
}

impl Asked {
    fn purpose(&self) -> &'static str {
        self.purpose.into()
    }

    fn hash(&self, code: &str) -> Vec<u8> {
        codes::mailed_hash(&self.owner, self.purpose(), (&self.session, &self.address), code)
    }

    /// Counts a try and judges it. Counted first: a thousand at once are a thousand tries.
    async fn is_right(&self, tx: &mut Tx, typed: &str) -> Result<bool, StoreError> {
        let now = tx.now();
        let counted = sqlx::query_scalar(
            "UPDATE sent_code SET tries = tries + 1 \
             WHERE session = $1 AND purpose = $2 AND owner = $3 AND expires_at > $4 AND tries < $5 RETURNING code_hash",
        );
        let counted = counted.bind(self.session.as_str()).bind(self.purpose()).bind(self.owner.as_str()).bind(now);
        let kept: Option<Vec<u8>> = counted.bind(MAILED_TRIES).fetch_optional(tx.conn()).await?;
        Ok(kept == Some(self.hash(typed)))
    }
}

/// Keeps what was mailed; an earlier code of this session for the same purpose is good no longer. Codes of other sessions
/// stay: nobody takes away what somebody else has asked for.
pub struct Mailed {
    pub asked: Asked,
    pub code: Zeroizing<String>,
}

impl Change for Mailed {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (asked, now) = (&self.asked, tx.now());
        let over = sqlx::query("DELETE FROM sent_code WHERE owner = $1 AND expires_at <= $2");
        over.bind(asked.owner.as_str()).bind(now).execute(tx.conn()).await?;
        sqlx::query(
            "INSERT INTO sent_code (session, purpose, owner, code_hash, made_at, expires_at, tries) \
             VALUES ($1, $2, $3, $4, $5, $6, 0) \
             ON CONFLICT (session, purpose) DO UPDATE SET \
             owner = $3, code_hash = $4, made_at = $5, expires_at = $6, tries = 0",
        )
        .bind(asked.session.as_str())
        .bind(asked.purpose())
        .bind(asked.owner.as_str())
        .bind(asked.hash(&self.code))
        .bind(now)
        .bind(now + MAILED_FOR)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// A mailed code, typed. Five wrong ones, and it is good no longer.
pub struct UseMailed {
    pub asked: Asked,
    pub typed: Zeroizing<String>,
}

impl Change for UseMailed {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let asked = &self.asked;
        if !asked.is_right(tx, &self.typed).await? {
            return Ok(false);
        }
        let gone = sqlx::query("DELETE FROM sent_code WHERE session = $1 AND purpose = $2");
        let gone = gone.bind(asked.session.as_str()).bind(asked.purpose()).execute(tx.conn()).await?;
        Ok(gone.rows_affected() == 1)
    }
}

/// Judges a mailed code and does not use it up; a right one costs no try.
pub struct JudgeMailed {
    pub asked: Asked,
    pub typed: Zeroizing<String>,
}

impl Change for JudgeMailed {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let asked = &self.asked;
        let right = asked.is_right(tx, &self.typed).await?;
        if right {
            let back = sqlx::query("UPDATE sent_code SET tries = tries - 1 WHERE session = $1 AND purpose = $2");
            back.bind(asked.session.as_str()).bind(asked.purpose()).execute(tx.conn()).await?;
        }
        Ok(right)
    }
}

/// For whom this session has asked a code for a new password; `None` if for nobody who has an account.
///
/// # Errors
///
/// If the store is away.
pub async fn forgotten_by(
    connection: &mut AnyConnection,
    session: &str,
    now: Millis,
) -> Result<Option<String>, StoreError> {
    let asked =
        sqlx::query_scalar("SELECT owner FROM sent_code WHERE session = $1 AND purpose = $2 AND expires_at > $3");
    let asked = asked.bind(session).bind(<&str>::from(Purpose::NewPassword)).bind(now);
    Ok(asked.fetch_optional(connection).await?)
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

/// The device of this owner with this cookie; `None` for a browser not seen before, or not for so long that the schedule
/// forgets it.
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
