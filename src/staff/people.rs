//! Accounts of the desk: made and reset with a code for the first day, set up by their owner, used with password and app.
//!
//! What is random or slow is made before a change begins. Each code counts once, decided by the statement that takes it.

use sqlx::AnyConnection;
use strum::{EnumIter, EnumString, IntoStaticStr};
use zeroize::Zeroizing;

use crate::account::codes::{self, TOTP_KEY_BYTES};
use crate::account::people::Means;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::vault::{SITE, Vault};
use crate::store::{Change, Millis, StoreError, Tx, columns};

/// How long the code that begins is good (ASVS 5.0, 6.4.1).
pub const BEGIN_WITHIN: Millis = 72 * 3_600_000;
/// Characters of a login.
const LOGIN_CHARS: std::ops::RangeInclusive<usize> = 2..=40;

/// The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// The line of documents: open, accept, reject.
    Reviewer,
    /// The same; and who has what open, the accounts, what came from outside unreadable, the record of deeds.
    Supervisor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// There is no password or app yet.
    Invited,
    Active,
    Disabled,
}

/// An account as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub login: String,
    pub role: Role,
    pub state: State,
    pub made_at: Millis,
    pub seen_at: Option<Millis>,
}

type Row = (String, String, String, String, i64, Option<i64>);

fn person((id, login, role, state, made_at, seen_at): Row) -> Result<Person, StoreError> {
    let odd =
        |_| StoreError::Refused("an account of the desk with a role or state that this binary does not know".into());
    Ok(Person { id, login, role: role.parse().map_err(odd)?, state: state.parse().map_err(odd)?, made_at, seen_at })
}

/// A login as it is kept: small letters, digits, `.`, `-`, `_`; `None` if it has others, or too many.
pub fn login(typed: &str) -> Option<String> {
    let login = typed.trim().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    (LOGIN_CHARS.contains(&login.len()) && login.bytes().all(plain)).then_some(login)
}

/// All accounts, the oldest first.
///
/// # Errors
///
/// If the store is away.
pub async fn all(connection: &mut AnyConnection) -> Result<Vec<Person>, StoreError> {
    let asked = sqlx::query_as("SELECT id, login, role, state, made_at, seen_at FROM desk_user ORDER BY made_at");
    let rows: Vec<Row> = asked.fetch_all(connection).await?;
    rows.into_iter().map(person).collect()
}

/// One, by its login; `None` if there is none.
///
/// # Errors
///
/// If the store is away.
pub async fn of_login(connection: &mut AnyConnection, login: &str) -> Result<Option<Person>, StoreError> {
    let asked = sqlx::query_as("SELECT id, login, role, state, made_at, seen_at FROM desk_user WHERE login = $1");
    let row: Option<Row> = asked.bind(login).fetch_optional(connection).await?;
    row.map(person).transpose()
}

/// One, by its ID; `None` if there is none.
///
/// # Errors
///
/// If the store is away.
pub async fn of_id(connection: &mut AnyConnection, id: &str) -> Result<Option<Person>, StoreError> {
    let asked = sqlx::query_as("SELECT id, login, role, state, made_at, seen_at FROM desk_user WHERE id = $1");
    let row: Option<Row> = asked.bind(id).fetch_optional(connection).await?;
    row.map(person).transpose()
}

async fn note(tx: &mut Tx, means: &Means, (deed, actor): (Deed, &Actor), id: &str) -> Result<(), StoreError> {
    let record = format!("desk:{id}");
    means.audit.append(tx, &Entry { actor, deed, owner: SITE, record: &record, session: "" }).await
}

/// An operator makes an account; its owner begins with the code.
pub struct Add {
    pub means: Means,
    pub actor: Actor,
    pub id: String,
    pub login: String,
    pub role: Role,
    pub code_hash: Vec<u8>,
}

impl Change for Add {
    /// `false`: there is one with this login.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let now = tx.now();
        let made = sqlx::query(
            "INSERT INTO desk_user (id, login, role, state, password, secret, last_step, code_hash, code_until, made_at, \
             seen_at) VALUES ($1, $2, $3, 'invited', $4, $4, 0, $5, $6, $7, NULL) ON CONFLICT (login) DO NOTHING",
        )
        .bind(self.id.as_str())
        .bind(self.login.as_str())
        .bind(<&str>::from(self.role))
        .bind(Vec::<u8>::new())
        .bind(self.code_hash.as_slice())
        .bind(now + BEGIN_WITHIN)
        .bind(now)
        .execute(tx.conn())
        .await?;
        if made.rows_affected() == 0 {
            return Ok(false);
        }
        note(tx, &self.means, (Deed::DeskUserAdded, &self.actor), &self.id).await?;
        Ok(true)
    }
}

/// Password and app are lost, or not to be trusted: they go, and a new code begins. Also for one that was disabled.
pub struct Reset {
    pub means: Means,
    pub actor: Actor,
    pub id: String,
    pub code_hash: Vec<u8>,
}

impl Change for Reset {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let now = tx.now();
        let reset = sqlx::query(
            "UPDATE desk_user SET state = 'invited', password = $1, secret = $1, last_step = 0, code_hash = $2, \
             code_until = $3 WHERE id = $4",
        )
        .bind(Vec::<u8>::new())
        .bind(self.code_hash.as_slice())
        .bind(now + BEGIN_WITHIN)
        .bind(self.id.as_str())
        .execute(tx.conn())
        .await?;
        if reset.rows_affected() == 0 {
            return Ok(false);
        }
        end_sessions(tx, &self.id).await?;
        note(tx, &self.means, (Deed::DeskUserReset, &self.actor), &self.id).await?;
        Ok(true)
    }
}

/// Somebody works here no longer: signed out everywhere, and what they had open goes back into the line.
pub struct Disable {
    pub means: Means,
    pub actor: Actor,
    pub id: String,
}

impl Change for Disable {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let ended = sqlx::query(
            "UPDATE desk_user SET state = 'disabled', password = $1, secret = $1, code_hash = $1, code_until = 0 \
             WHERE id = $2 AND state <> 'disabled'",
        );
        let ended = ended.bind(Vec::<u8>::new()).bind(self.id.as_str()).execute(tx.conn()).await?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        end_sessions(tx, &self.id).await?;
        let items = sqlx::query("DELETE FROM desk_item WHERE desk_user = $1");
        items.bind(self.id.as_str()).execute(tx.conn()).await?;
        let appeals = sqlx::query("UPDATE appeal SET taken_by = NULL, taken_at = NULL WHERE taken_by = $1");
        appeals.bind(self.id.as_str()).execute(tx.conn()).await?;
        note(tx, &self.means, (Deed::DeskUserDisabled, &self.actor), &self.id).await?;
        Ok(true)
    }
}

async fn end_sessions(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM desk_session WHERE desk_user = $1").bind(id).execute(tx.conn()).await?;
    Ok(())
}

/// The password of a login, as kept; `None` for one that is not there, not set up, or disabled.
///
/// # Errors
///
/// If the store is away.
pub async fn password_of(
    connection: &mut AnyConnection,
    vault: &Vault,
    login: &str,
) -> Result<Option<(Person, Zeroizing<String>)>, StoreError> {
    // The same statements for every login, so that the time tells nothing.
    let key = vault.open(connection, SITE).await?.ok_or(StoreError::Stale)?;
    let asked = sqlx::query_scalar("SELECT password FROM desk_user WHERE login = $1 AND state = 'active'");
    let sealed: Option<Vec<u8>> = asked.bind(login).fetch_optional(&mut *connection).await?;
    let found = of_login(connection, login).await?;
    let (Some(sealed), Some(found)) = (sealed, found) else { return Ok(None) };
    let plain = key.open(columns::DESK_USER_PASSWORD.at(&found.id, SITE), &sealed)?;
    Ok(Some((found, Zeroizing::new(String::from_utf8_lossy(&plain).into_owned()))))
}

/// Whose code this is, if it is that of the login, good and not used up.
///
/// # Errors
///
/// If the store is away.
pub async fn begins(
    connection: &mut AnyConnection,
    (login, typed): (&str, &str),
    now: Millis,
) -> Result<Option<Person>, StoreError> {
    let Some(hash) = codes::code_hash(typed) else { return Ok(None) };
    let asked = sqlx::query_as(
        "SELECT id, login, role, state, made_at, seen_at FROM desk_user \
         WHERE login = $1 AND state = 'invited' AND code_hash = $2 AND code_until > $3",
    );
    let row: Option<Row> = asked.bind(login).bind(hash).bind(now).fetch_optional(connection).await?;
    row.map(person).transpose()
}

/// The first day: a password, and a key for an app, which count once a code has proved that the app has it.
pub struct SetUp {
    pub means: Means,
    pub id: String,
    pub code: Zeroizing<String>,
    /// The argon2id string.
    pub password: Zeroizing<String>,
    pub secret: Zeroizing<[u8; TOTP_KEY_BYTES]>,
}

impl Change for SetUp {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (now, id) = (tx.now(), self.id.as_str());
        let Some(hash) = codes::code_hash(&self.code) else { return Ok(false) };
        let key = self.means.vault.open(tx.conn(), SITE).await?.ok_or(StoreError::Stale)?;
        let kept = sqlx::query(
            "UPDATE desk_user SET password = $1, secret = $2, last_step = 0 \
             WHERE id = $3 AND state = 'invited' AND code_hash = $4 AND code_until > $5",
        )
        .bind(key.seal(columns::DESK_USER_PASSWORD.at(id, SITE), self.password.as_bytes())?)
        .bind(key.seal(columns::DESK_USER_SECRET.at(id, SITE), self.secret.as_slice())?)
        .bind(id)
        .bind(hash)
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(kept.rows_affected() == 1)
    }
}

/// The key of an account's app, opened; `None` if it has none.
///
/// # Errors
///
/// If the store is away.
pub async fn secret_of(
    connection: &mut AnyConnection,
    vault: &Vault,
    id: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let key = vault.open(connection, SITE).await?.ok_or(StoreError::Stale)?;
    let asked = sqlx::query_scalar("SELECT secret FROM desk_user WHERE id = $1");
    let sealed: Option<Vec<u8>> = asked.bind(id).fetch_optional(connection).await?;
    let Some(sealed) = sealed.filter(|sealed| !sealed.is_empty()) else { return Ok(None) };
    Ok(Some(key.open(columns::DESK_USER_SECRET.at(id, SITE), &sealed)?))
}

/// A code of the app: proves a new account, or lets an active one in. `Done`: it was right, and nobody used it before.
pub struct UseApp {
    pub means: Means,
    pub id: String,
    pub typed: Zeroizing<String>,
    /// `Invited`: it proves the app of the first day; `Active`: it is a sign-in.
    pub of: State,
}

impl Change for UseApp {
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (now, id) = (tx.now(), self.id.as_str());
        let Some(secret) = secret_of(tx.conn(), &self.means.vault, id).await? else { return Ok(false) };
        let asked = sqlx::query_scalar("SELECT last_step FROM desk_user WHERE id = $1");
        let last: i64 = asked.bind(id).fetch_one(tx.conn()).await?;
        let (last, seconds) = (u64::try_from(last).unwrap_or(0), u64::try_from(now / 1000).unwrap_or(0));
        let Some(step) = codes::totp_step(&secret, &self.typed, seconds, last) else { return Ok(false) };
        // The code of the first day is used up with it.
        let taken = sqlx::query(
            "UPDATE desk_user SET state = 'active', last_step = $1, seen_at = $2, code_hash = $3, code_until = 0 \
             WHERE id = $4 AND state = $5 AND last_step < $1",
        )
        .bind(i64::try_from(step).unwrap_or(i64::MAX))
        .bind(now)
        .bind(Vec::<u8>::new())
        .bind(id)
        .bind(<&str>::from(self.of))
        .execute(tx.conn())
        .await?;
        if taken.rows_affected() != 1 {
            return Ok(false);
        }
        note(tx, &self.means, (Deed::DeskSignedIn, &Actor::Desk(id.to_string())), id).await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::login;

    #[test]
    fn a_login_is_a_plain_word() {
        assert_eq!(login(" Maria.Ruiz-2 ").as_deref(), Some("maria.ruiz-2"));
        for wrong in ["", "a", "maría", "a b", "a:b", "a@b", &"a".repeat(41)] {
            assert_eq!(login(wrong), None, "{wrong}");
        }
    }
}
