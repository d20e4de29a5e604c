//! The record of deeds: who did what to whose record, when, from which session. Append-only and chained.
//!
//! Every change that touches a person's record appends its row in the same transaction: either both are there or
//! neither. Each row carries a MAC over the row before it and itself; each lane's end carries a MAC of its own. So a
//! row that was changed, inserted or removed shows, and so does one cut off the end, to whoever holds the site's key.
//! It must never hold what somebody typed: actors, owners and records are identifiers, deeds are a closed list.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, FromRow, Row as _};
use strum::{EnumString, IntoStaticStr};

use super::many::{self, Asked};
use super::vault::{SITE, Vault};
use super::{Millis, Store, StoreError, Tx};
use crate::sealing::SealFault;
use crate::types::hex;

/// Chains side by side. Two deeds of one lane wait for each other on PostgreSQL.
pub const LANES: i64 = 16;
/// Rows read at a time by whoever proves the chains.
const PAGE: i64 = 1_000;
/// Of a session's hash: enough to tell sessions apart, too little to be one.
const SESSION_CHARS: usize = 12;
/// Of the hash over all ends: too much for anybody to find another store with the same word.
const ENDS_BYTES: usize = 16;
const PURPOSE: &str = "windowshop audit chain v1";

/// What was done. The words are for good: rows hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Deed {
    /// An operator looked at who a lookup belongs to.
    Found,
    /// Data keys were wrapped under a newer key.
    KeysRotated,
    /// The store was copied out.
    BackedUp,
    /// The store was filled from a backup.
    Restored,
    /// A guest began an application.
    DraftBegun,
    /// An account took over what a guest had begun.
    DraftTaken,
    /// An application was sent: answers, determination and notice were frozen.
    ApplicationSent,
    /// A source answered what was asked about somebody.
    Checked,
    /// A data-matching issue was opened.
    DmiOpened,
    /// It was closed: proved, or not needed any more.
    DmiClosed,
    /// Nothing came in time.
    DmiExpired,
    /// The engine was asked again after something was found out.
    Redetermined,
    /// Somebody said that a notice is wrong.
    AppealFiled,
    /// They took that back.
    AppealWithdrawn,
    /// A reviewer opened it: names, and what was said, were shown.
    AppealOpened,
    AppealDecided,
    /// An application went to a state's agency.
    TransferSent,
    /// The agency answered, or sent somebody here.
    TransferAnswered,
    /// An operator had it sent again.
    TransferResent,
    /// An operator took out what is in it, or the letter to whom an agency sent here.
    TransferShown,
    /// An operator had a file of an agency read.
    TransferRead,
    /// A file to an insurer lies where its transport takes it.
    InsurerFileSent,
    /// A file of an insurer was taken.
    InsurerFileTaken,
    /// An operator wants a file to an insurer sent again.
    InsurerFileAgain,
    /// An operator had a file of an insurer read, or looked into one.
    InsurerFileRead,
    /// A plan was signed for.
    Enrolled,
    /// People, amounts or the insurer's answer changed.
    CoverageChanged,
    /// Given up before it began.
    CoverageCancelled,
    /// It has a last day.
    CoverageEnded,
    /// It goes on as if it had not ended.
    CoverageReinstated,
    /// The next year's plan was signed for, or taken over.
    CoverageRenewed,
    /// A year's record for the tax return was made, or corrected.
    TaxRecordMade,
    AccountMade,
    SignedIn,
    PasswordChanged,
    AddressChanged,
    SecondStepAdded,
    SecondStepRemoved,
    RecoveryCodeUsed,
    RecoveryCodesMade,
    /// A record was given to its owner or an operator as a file.
    Exported,
    /// Somebody was signed out everywhere.
    SessionsEnded,
    /// A person's data key was destroyed.
    Deleted,
    /// A letter came back.
    LetterBounced,
    /// An operator brought a job back.
    JobRetried,
    /// An operator gave a job up.
    JobDropped,
    /// Somebody has sent a document.
    DocumentSent,
    /// A reviewer opened somebody's data-matching issue: names and answers were shown.
    ItemOpened,
    /// A supervisor gave it to another reviewer, or back into the line.
    ItemMoved,
    /// A reviewer was given somebody's document.
    DocumentOpened,
    /// Paper came by post.
    PaperReceived,
    DocumentAccepted,
    DocumentRejected,
    /// What nobody could read was opened by a supervisor.
    AsideOpened,
    /// A notice that somebody wants on paper was written to a file for an operator.
    NoticePrinted,
    /// It is in the mail.
    NoticeMailed,
    /// Of the accounts of the desk.
    DeskUserAdded,
    DeskUserReset,
    DeskUserDisabled,
    DeskSignedIn,
    /// An operator let a kind of job stand still, or go on.
    QueuePaused,
    QueueResumed,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Account(String),
    Guest(String),
    /// The user name that the command ran under.
    Operator(String),
    /// The ID of an account of the desk.
    Desk(String),
    Site,
}

impl Actor {
    /// Somebody who acts on their own record.
    pub fn of_owner(owner: &str) -> Actor {
        match owner.split_once(':') {
            Some(("account", id)) => Actor::Account(id.to_string()),
            Some(("guest", id)) => Actor::Guest(id.to_string()),
            _ => Actor::Site,
        }
    }

    fn text(&self) -> String {
        match self {
            Actor::Account(id) => format!("account:{id}"),
            Actor::Guest(id) => format!("guest:{id}"),
            Actor::Operator(name) => format!("operator:{name}"),
            Actor::Desk(id) => format!("desk:{id}"),
            Actor::Site => SITE.to_string(),
        }
    }
}

/// A row to be appended.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub actor: &'a Actor,
    pub deed: Deed,
    /// Whose record: the owner of its data key.
    pub owner: &'a str,
    /// What of it, `draft:…`; empty for all of it.
    pub record: &'a str,
    /// The session's hash; empty if there is none.
    pub session: &'a str,
}

/// A row as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub lane: i64,
    pub number: i64,
    pub at: Millis,
    pub actor: String,
    pub deed: String,
    pub owner: String,
    pub record: String,
    pub session: String,
    chain: Vec<u8>,
}

/// The end of a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    lane: i64,
    last: i64,
    chain: Vec<u8>,
    mark: Vec<u8>,
}

impl Row {
    fn of(entry: &Entry<'_>, (lane, number): (i64, i64), at: Millis) -> Row {
        Row {
            lane,
            number,
            at,
            actor: entry.actor.text(),
            deed: <&str>::from(entry.deed).to_string(),
            owner: entry.owner.to_string(),
            record: entry.record.to_string(),
            session: entry.session.chars().take(SESSION_CHARS).collect(),
            chain: Vec::new(),
        }
    }
}

impl FromRow<'_, AnyRow> for Row {
    fn from_row(row: &AnyRow) -> Result<Row, sqlx::Error> {
        Ok(Row {
            lane: row.try_get("lane")?,
            number: row.try_get("number")?,
            at: row.try_get("at")?,
            actor: row.try_get("actor")?,
            deed: row.try_get("deed")?,
            owner: row.try_get("owner")?,
            record: row.try_get("record")?,
            session: row.try_get("session")?,
            chain: row.try_get("chain")?,
        })
    }
}

impl FromRow<'_, AnyRow> for End {
    fn from_row(row: &AnyRow) -> Result<End, sqlx::Error> {
        Ok(End {
            lane: row.try_get("lane")?,
            last: row.try_get("last")?,
            chain: row.try_get("chain")?,
            mark: row.try_get("mark")?,
        })
    }
}

/// What a proof of all chains found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    pub rows: i64,
    /// In words, each with its place; empty if every chain holds.
    pub faults: Vec<String>,
    /// One word over the ends of all lanes: two proofs with the same word saw the same rows.
    pub ends: String,
}

/// Holds the key of the chains. Has no `Debug`.
#[derive(Clone)]
pub struct Audit {
    mac: Hmac<Sha256>,
}

impl Audit {
    /// # Errors
    ///
    /// If the site's key is not there, or does not open with this key file.
    pub async fn open(store: &Store, vault: &Vault) -> Result<Audit, StoreError> {
        let mut connection = store.read().await?;
        let gone = SealFault::Unreadable { table: "data_key", column: "wrapped" };
        let key = vault.subkey(&mut connection, SITE, PURPOSE).await?.ok_or_else(|| gone.clone())?;
        Ok(Audit { mac: Hmac::new_from_slice(key.as_slice()).map_err(|_| gone)? })
    }

    /// Appends a row to its owner's lane.
    ///
    /// # Errors
    ///
    /// If the store is away; the whole transaction is then undone.
    pub async fn append(&self, tx: &mut Tx, entry: &Entry<'_>) -> Result<(), StoreError> {
        self.append_all(tx, std::slice::from_ref(entry)).await
    }

    /// Appends several rows, each to its owner's lane, those of one lane in their order.
    ///
    /// # Errors
    ///
    /// As [`append`](Audit::append).
    pub async fn append_all(&self, tx: &mut Tx, entries: &[Entry<'_>]) -> Result<(), StoreError> {
        let mut lanes: BTreeMap<i64, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            lanes.entry(lane_of(entry.owner)).or_default().push(entry);
        }
        let at = tx.now();
        let mut ends = take_ends(tx, &lanes).await?;
        let mut rows = Vec::with_capacity(entries.len());
        for end in &mut ends {
            let entries = lanes.remove(&end.lane).unwrap_or_default();
            let mut number = end.last - i64::try_from(entries.len()).unwrap_or_default();
            for entry in entries {
                number += 1;
                let mut row = Row::of(entry, (end.lane, number), at);
                row.chain = self.link(&end.chain, &row);
                end.chain.clone_from(&row.chain);
                rows.push(row);
            }
            end.mark = self.mark(end.lane, end.last, &end.chain);
        }
        let statement = "INSERT INTO audit (lane, number, at, actor, deed, owner, record, session, chain) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let bind = |asked: Asked, row: &Row| {
            let asked = asked.bind(row.lane).bind(row.number).bind(row.at).bind(row.actor.as_str());
            let asked = asked.bind(row.deed.as_str()).bind(row.owner.as_str()).bind(row.record.as_str());
            asked.bind(row.session.as_str()).bind(row.chain.as_slice())
        };
        many::run(tx, statement, many::nothing, (&rows, bind)).await?;
        // The rows are there and ours: only what follows them is written.
        let statement = "INSERT INTO audit_lane (lane, last, chain, mark) VALUES ($1, 0, $2, $3) \
             ON CONFLICT (lane) DO UPDATE SET chain = excluded.chain, mark = excluded.mark";
        let bind = |asked: Asked, end: &End| asked.bind(end.lane).bind(end.chain.as_slice()).bind(end.mark.as_slice());
        many::run(tx, statement, many::nothing, (&ends, bind)).await?;
        Ok(())
    }

    /// Proves every chain, from its first row to its end.
    ///
    /// # Errors
    ///
    /// If the store is away. A chain that does not hold is a finding, not an error.
    pub async fn prove(&self, store: &Store) -> Result<Proof, StoreError> {
        let mut snapshot = store.snapshot().await?;
        let ends: Vec<End> = sqlx::query_as("SELECT lane, last, chain, mark FROM audit_lane ORDER BY lane")
            .fetch_all(&mut *snapshot)
            .await?;
        let mut proof = Proof::default();
        let mut word = Sha256::new();
        for lane in 0..LANES {
            let none = End { lane, last: 0, chain: Vec::new(), mark: Vec::new() };
            let end = ends.iter().find(|end| end.lane == lane).unwrap_or(&none);
            self.prove_lane(&mut snapshot, end, &mut proof).await?;
            word.update(end.last.to_be_bytes());
            word.update(&end.chain);
        }
        let elsewhere: i64 = sqlx::query_scalar("SELECT count(*) FROM audit WHERE lane < 0 OR lane >= $1")
            .bind(LANES)
            .fetch_one(&mut *snapshot)
            .await?;
        if elsewhere > 0 {
            proof.faults.push(format!("{elsewhere} rows are in lanes that do not exist"));
        }
        proof.ends = hex(&word.finalize()[..ENDS_BYTES]);
        Ok(proof)
    }

    async fn prove_lane(&self, snapshot: &mut AnyConnection, end: &End, proof: &mut Proof) -> Result<(), StoreError> {
        let (mut number, mut chain) = (0, Vec::new());
        loop {
            let rows = page(snapshot, end.lane, number).await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                let place = format!("lane {}, row {}", end.lane, row.number);
                if row.number != number + 1 {
                    proof.faults.push(format!("{place}: {} rows before it are gone", row.number - number - 1));
                } else if !self.links(&chain, &row) {
                    proof.faults.push(format!("{place}: was changed, or the row before it was"));
                }
                (number, chain) = (row.number, row.chain);
                proof.rows += 1;
            }
        }
        let lane = end.lane;
        if number < end.last {
            proof.faults.push(format!("lane {lane}: {} rows are gone from its end", end.last - number));
        } else if number > end.last || chain != end.chain {
            proof.faults.push(format!("lane {lane}: its end is not the last row"));
        } else if end.last > 0 && !self.marks(end) {
            proof.faults.push(format!("lane {lane}: its end was changed"));
        }
        Ok(())
    }

    fn fed(&self, before: &[u8], row: &Row) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(b"row");
        part(&mut mac, before);
        for number in [row.lane, row.number, row.at] {
            mac.update(&number.to_be_bytes());
        }
        for text in [&row.actor, &row.deed, &row.owner, &row.record, &row.session] {
            part(&mut mac, text.as_bytes());
        }
        mac
    }

    fn link(&self, before: &[u8], row: &Row) -> Vec<u8> {
        self.fed(before, row).finalize().into_bytes().to_vec()
    }

    fn links(&self, before: &[u8], row: &Row) -> bool {
        self.fed(before, row).verify_slice(&row.chain).is_ok()
    }

    fn fed_end(&self, lane: i64, last: i64, chain: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(b"end");
        mac.update(&lane.to_be_bytes());
        mac.update(&last.to_be_bytes());
        part(&mut mac, chain);
        mac
    }

    fn mark(&self, lane: i64, last: i64, chain: &[u8]) -> Vec<u8> {
        self.fed_end(lane, last, chain).finalize().into_bytes().to_vec()
    }

    fn marks(&self, end: &End) -> bool {
        self.fed_end(end.lane, end.last, &end.chain).verify_slice(&end.mark).is_ok()
    }
}

/// Adds the rows to come to the ends of their lanes, which locks them until the transaction ends; returns the ends with
/// the chains as they were. In the order of the lanes, as every process does, so that no two wait for each other.
async fn take_ends(tx: &mut Tx, lanes: &BTreeMap<i64, Vec<&Entry<'_>>>) -> Result<Vec<End>, StoreError> {
    let counts: Vec<(i64, i64)> =
        lanes.iter().map(|(lane, entries)| (*lane, i64::try_from(entries.len()).unwrap_or_default())).collect();
    let statement = "INSERT INTO audit_lane (lane, last, chain, mark) VALUES ($1, $2, $3, $3) \
         ON CONFLICT (lane) DO UPDATE SET last = audit_lane.last + excluded.last RETURNING lane, last, chain, mark";
    let bind = |asked: Asked, (lane, count): &(i64, i64)| asked.bind(*lane).bind(*count).bind(Vec::<u8>::new());
    many::fetch(tx, statement, many::nothing, (&counts, bind)).await
}

async fn page(connection: &mut AnyConnection, lane: i64, after: i64) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT lane, number, at, actor, deed, owner, record, session, chain FROM audit \
         WHERE lane = $1 AND number > $2 ORDER BY number LIMIT $3",
    );
    Ok(rows.bind(lane).bind(after).bind(PAGE).fetch_all(connection).await?)
}

/// What was done to one owner's records, oldest first, at most `most` rows.
///
/// # Errors
///
/// If the store is away.
pub async fn of_owner(connection: &mut AnyConnection, owner: &str, most: i64) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT lane, number, at, actor, deed, owner, record, session, chain FROM audit \
         WHERE owner = $1 ORDER BY lane, number LIMIT $2",
    );
    Ok(rows.bind(owner).bind(most).fetch_all(connection).await?)
}

/// When this was last done to an owner's records; `None` if never.
///
/// # Errors
///
/// If the store is away.
pub async fn last(connection: &mut AnyConnection, owner: &str, deed: Deed) -> Result<Option<Millis>, StoreError> {
    let asked = sqlx::query_scalar("SELECT max(at) FROM audit WHERE owner = $1 AND deed = $2");
    Ok(asked.bind(owner).bind(<&str>::from(deed)).fetch_one(connection).await?)
}

/// The latest rows of all lanes, newest first.
///
/// # Errors
///
/// If the store is away.
pub async fn latest(connection: &mut AnyConnection, most: i64) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as(
        "SELECT lane, number, at, actor, deed, owner, record, session, chain FROM audit \
         ORDER BY at DESC, lane, number DESC LIMIT $1",
    );
    Ok(rows.bind(most).fetch_all(connection).await?)
}

/// One owner's deeds are all in one lane.
fn lane_of(owner: &str) -> i64 {
    i64::from(Sha256::digest(owner.as_bytes())[0]) % LANES
}

/// With its length before it: no two rows are fed as the same bytes.
fn part(mac: &mut Hmac<Sha256>, bytes: &[u8]) {
    mac.update(&(bytes.len() as u64).to_be_bytes());
    mac.update(bytes);
}
