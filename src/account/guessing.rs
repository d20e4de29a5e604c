//! Counters against guessing that nobody can aim at somebody else (OWASP, device cookies).
//!
//! Called by whatever checks a password or a code. A browser that has signed in before has a counter of its own for its
//! account; all others share one per account, and one per network address. So two hundred wrong passwords from
//! elsewhere close the door for strangers, and the owner's own browser stays welcome. Counters are in the store, so that
//! processes agree; buckets are MACs, so that the table says nothing of whom it counts.
//!
//! A try is counted before it is judged: a thousand at once are a thousand tries, not one. A right one is given back.

use std::net::IpAddr;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;

use crate::sealing::SealFault;
use crate::store::vault::{SITE, Vault};
use crate::store::{Change, Millis, Store, StoreError, Tx};

const MINUTE: Millis = 60_000;
/// The longest that a door stays closed at a time.
const CLOSED_MAX: Millis = 60 * MINUTE;
/// Each further try makes the pause longer by a tenth.
const GROWTH: f64 = 1.1;
/// NIST SP 800-63B-4, 3.2.2: no more failures in a row than this; then only a reset opens.
pub const STREAK_MAX: i64 = 100;
/// Rows of data/office/letter_limits.csv, with reasons.
const LETTER_LIMITS: &str = include_str!("../../data/office/letter_limits.csv");
/// The row in force; a test reads it. None would let nobody have a letter, which is seen at once.
static SENDER_LIMIT: LazyLock<(i64, Millis)> = LazyLock::new(|| in_force(LETTER_LIMITS).unwrap_or_default());
const PURPOSE: &str = "windowshop guess bucket v1";

#[derive(Deserialize)]
struct LetterLimit {
    to: String,
    most: i64,
    minutes: i64,
}

/// Letters, and in how much time.
fn in_force(rows: &str) -> Option<(i64, Millis)> {
    let mut rows = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(rows.as_bytes());
    let mut rows = rows.deserialize().filter_map(Result::ok);
    rows.find(|row: &LetterLimit| row.to.is_empty()).map(|row| (row.most, row.minutes * MINUTE))
}

/// Whose tries are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// A browser that has signed in to this account before.
    KnownDevice,
    /// Everybody else who tries this account, which need not exist.
    Strangers,
    /// One network address, all accounts.
    Network,
    /// One network address that has letters sent, to any address.
    Sender,
    /// One network address that has letters sent to one address.
    Visitor,
    /// All letters that strangers have sent to one address.
    Letters,
}

impl Who {
    /// Tries, and in how much time.
    fn limit(self) -> (i64, Millis) {
        match self {
            Who::KnownDevice => (10, 10 * MINUTE),
            Who::Strangers => (5, 10 * MINUTE),
            Who::Network => (300, 5 * MINUTE),
            Who::Sender => *SENDER_LIMIT,
            Who::Visitor => (5, 10 * MINUTE),
            Who::Letters => (20, 60 * MINUTE),
        }
    }

    /// How long the door closes at the try that is this many over the limit.
    fn pause(self, over: i64) -> Millis {
        let (_, window) = self.limit();
        let grown = window as f64 * GROWTH.powi(i32::try_from(over).unwrap_or(i32::MAX));
        if grown < CLOSED_MAX as f64 { grown as Millis } else { CLOSED_MAX }
    }
}

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    who: Who,
    mac: Vec<u8>,
}

/// Makes buckets. Has no `Debug`.
#[derive(Clone)]
pub struct Buckets {
    mac: Hmac<Sha256>,
}

impl Buckets {
    /// # Errors
    ///
    /// If the site's key is not there.
    pub async fn open(store: &Store, vault: &Vault) -> Result<Buckets, StoreError> {
        let mut connection = store.read().await?;
        let gone = SealFault::Unreadable { table: "data_key", column: "wrapped" };
        let key = vault.subkey(&mut connection, SITE, PURPOSE).await?.ok_or_else(|| gone.clone())?;
        Ok(Buckets { mac: Hmac::new_from_slice(key.as_slice()).map_err(|_| gone)? })
    }

    /// `account`: what the account is found by, whether it exists or not; `device`: the hash of its cookie.
    pub fn device(&self, account: &[u8], device: &[u8]) -> Bucket {
        self.bucket(Who::KnownDevice, &[account, device])
    }

    pub fn strangers(&self, account: &[u8]) -> Bucket {
        self.bucket(Who::Strangers, &[account])
    }

    /// IPv6 by its first 64 bits: one household has all that follow.
    pub fn network(&self, address: IpAddr) -> Bucket {
        match address {
            IpAddr::V4(address) => self.bucket(Who::Network, &[&address.octets()]),
            IpAddr::V6(address) => self.bucket(Who::Network, &[&address.octets()[..8]]),
        }
    }

    /// `to`: the address that letters go to. Whoever fills a mailbox is held by their own network's counter long before
    /// the mailbox is closed to others.
    pub fn letters(&self, to: &[u8], from: IpAddr) -> [Bucket; 3] {
        let network = self.network(from);
        let sender = self.bucket(Who::Sender, &[&network.mac]);
        [sender, self.bucket(Who::Visitor, &[to, &network.mac]), self.bucket(Who::Letters, &[to])]
    }

    fn bucket(&self, who: Who, parts: &[&[u8]]) -> Bucket {
        let mut mac = self.mac.clone();
        mac.update(&[who as u8]);
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Bucket { who, mac: mac.finalize().into_bytes().to_vec() }
    }
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    Allowed,
    /// Come back then. The page says the time, and nothing of whether the account exists.
    ClosedUntil(Millis),
}

/// Counts a try in each of its buckets, in their order. One that is turned away is counted no further: who is held by their
/// own network's counter does not use up what belongs to others.
pub struct Try {
    pub buckets: Vec<Bucket>,
}

impl Change for Try {
    type Done = Counted;

    async fn run(&self, tx: &mut Tx) -> Result<Counted, StoreError> {
        for bucket in &self.buckets {
            if let closed @ Counted::ClosedUntil(_) = count(tx, bucket).await? {
                return Ok(closed);
            }
        }
        Ok(Counted::Allowed)
    }
}

async fn count(tx: &mut Tx, bucket: &Bucket) -> Result<Counted, StoreError> {
    let (now, (most, window)) = (tx.now(), bucket.who.limit());
    // Nothing comes back while the door is closed: such a try is not counted, so that it does not stay closed forever.
    let counted = sqlx::query_as(
        "INSERT INTO guess (bucket, failures, streak, window_began_at, closed_until) VALUES ($1, 1, 1, $2, 0) \
         ON CONFLICT (bucket) DO UPDATE SET \
         failures = CASE WHEN guess.window_began_at <= $3 THEN 1 ELSE guess.failures + 1 END, \
         window_began_at = CASE WHEN guess.window_began_at <= $3 THEN $2 ELSE guess.window_began_at END, \
         streak = guess.streak + 1 \
         WHERE guess.closed_until <= $2 \
         RETURNING failures, streak",
    );
    let counted: Option<(i64, i64)> =
        counted.bind(bucket.mac.as_slice()).bind(now).bind(now - window).fetch_optional(tx.conn()).await?;
    let Some((failures, streak)) = counted else {
        let asked = sqlx::query_scalar("SELECT closed_until FROM guess WHERE bucket = $1");
        let until = asked.bind(bucket.mac.as_slice()).fetch_one(tx.conn()).await?;
        return Ok(Counted::ClosedUntil(until));
    };
    // Letters are no guesses: asking often wears nothing out.
    let worn_out = matches!(bucket.who, Who::KnownDevice | Who::Strangers) && streak > STREAK_MAX;
    if failures <= most && !worn_out {
        return Ok(Counted::Allowed);
    }
    let until = now + bucket.who.pause(streak - most);
    sqlx::query("UPDATE guess SET closed_until = $1, failures = 0 WHERE bucket = $2")
        .bind(until)
        .bind(bucket.mac.as_slice())
        .execute(tx.conn())
        .await?;
    Ok(Counted::ClosedUntil(until))
}

/// The try was right: it is given back, and the row of failures is over. The network's counter only gets its try back.
pub struct Right {
    pub buckets: Vec<Bucket>,
}

impl Change for Right {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for bucket in &self.buckets {
            let statement = match bucket.who {
                Who::Network => "UPDATE guess SET failures = failures - 1, streak = streak - 1 WHERE bucket = $1",
                // A letter that was sent stays counted.
                Who::Sender | Who::Visitor | Who::Letters => continue,
                // Strangers keep their count: a right try by one of them is no proof of the others.
                Who::Strangers => "UPDATE guess SET failures = failures - 1, streak = 0 WHERE bucket = $1",
                Who::KnownDevice => "DELETE FROM guess WHERE bucket = $1",
            };
            sqlx::query(statement).bind(bucket.mac.as_slice()).execute(tx.conn()).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_letters_is_a_row() {
        assert_eq!(in_force(LETTER_LIMITS), Some((20, 60 * MINUTE)));
        assert_eq!(in_force("from,to,most,minutes\n2026-01-01,2027-01-01,20,60\n"), None);
    }

    #[test]
    fn pauses_grow_and_end_at_an_hour() {
        assert_eq!(Who::Strangers.pause(0), 10 * MINUTE);
        assert_eq!(Who::Strangers.pause(1), 11 * MINUTE);
        assert_eq!(Who::Strangers.pause(50), CLOSED_MAX);
        assert_eq!(Who::Network.pause(i64::MAX), CLOSED_MAX);
        assert_eq!(Who::Letters.pause(1), CLOSED_MAX);
    }
}
