//! Renewing without a signature (45 CFR 155.335(j)): when the plans of the next year are here, each plan in force is renewed for
//! people who have not chosen, as `outlook` works it out, with a row for the insurer, a step, and one notice.
//!
//! Carried out once a day by `serve`, so many owners at most in one go; the rest comes the day after. What is made has an ID that
//! follows from what it renews, and everything of an owner is one transaction: two processes, or one that dies, do it once. It must
//! never renew for somebody who has said no, has chosen, or has not paid.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::AnyConnection;

use super::outlook::{self, Around, Outlook, Trouble};
use super::record::{self, ChangeKind, NewChange, NewEnrollment, State};
use super::renewal_rules::RenewalRules;
use super::renewal_words::words;
use super::results::{is_superseded, number_of_year};
use super::sign::{new_number, year_end};
use super::signed::RENEWED;
use super::step::{self, Step, Taken};
use crate::account::people::Means;
use crate::catalogue::Catalogue;
use crate::eligibility::State as Place;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, Millis, StoreError, Tx};
use crate::verify::{Room, id_of, moment, notice};

/// Plans looked at in one statement.
const BATCH: i64 = 1_000;
/// Owners whose plans are renewed in one run: the store has other work, too.
pub const MOST: u64 = 20_000;

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Plans that were renewed.
    pub renewed: u64,
    /// Plans of which somebody was told that nothing takes their place.
    pub without: u64,
    /// Owners for whom it could not be worked out, each with a line in the log.
    pub failed: u64,
}

/// Renews what is in force in the year before the catalogue's. `now`: by the store's clock.
///
/// # Errors
///
/// If the store is away. What was done before that is done.
pub async fn carry_out(
    room: &Room,
    catalogue: &Arc<Catalogue>,
    rules: &RenewalRules,
    now: Millis,
) -> Result<Report, StoreError> {
    let (year, tables) = (i32::from(catalogue.year), &room.knows.tables);
    let is_time = |state: Place| rules.is_time(tables, (state, year), tables.days(Some(state), moment(now)));
    let mut report = Report::default();
    if !Place::all().any(is_time) {
        return Ok(report);
    }
    // By the moment at which they were made; an owner's plans are looked at together, once.
    let (mut after, mut seen, mut done) = (Millis::MIN, BTreeSet::new(), 0);
    while done < MOST {
        let mut connection = room.store.read().await?;
        let found = due(&mut connection, (year, after)).await?;
        drop(connection);
        let Some((_, last)) = found.last() else { break };
        let (last, is_full) = (*last, i64::try_from(found.len()) == Ok(BATCH));
        let owners: Vec<String> =
            found.into_iter().map(|(owner, _)| owner).filter(|owner| seen.insert(owner.clone())).collect();
        if owners.is_empty() && !is_full {
            break;
        }
        // More of one moment than a batch holds were never signed.
        after = if owners.is_empty() { last + 1 } else { last };
        for owner in owners {
            match one(room, (catalogue, rules), &owner, now).await {
                Ok((0, 0)) => {}
                Ok((renewed, without)) => {
                    (report.renewed, report.without) = (report.renewed + renewed, report.without + without);
                    done += 1;
                }
                Err(Trouble::Store(StoreError::Away(why))) => return Err(StoreError::Away(why)),
                // One household's trouble is nobody else's.
                Err(error) => {
                    tracing::error!(%error, "somebody's plans could not be renewed");
                    report.failed += 1;
                }
            }
        }
    }
    Ok(report)
}

/// Owners of plans that may have to be renewed, and when each was made.
pub const DUE: &str = "SELECT e.owner, e.made_at FROM enrollment e WHERE e.plan_year = $1 AND e.made_at >= $2 \
     AND e.state IN ('sent', 'accepted', 'confirmed') AND e.no_renewal_at IS NULL \
     AND NOT EXISTS (SELECT 1 FROM enrollment n WHERE n.follows = e.id AND n.plan_year = $3) \
     AND NOT EXISTS (SELECT 1 FROM enrollment_step s WHERE s.enrollment = e.id AND s.step = 'not_renewed') \
     ORDER BY e.made_at LIMIT $4";

async fn due(
    connection: &mut AnyConnection,
    (year, after): (i32, Millis),
) -> Result<Vec<(String, Millis)>, StoreError> {
    let asked = sqlx::query_as(DUE).bind(i64::from(year) - 1).bind(after).bind(i64::from(year)).bind(BATCH);
    Ok(asked.fetch_all(connection).await?)
}

/// How many plans were renewed, and how many have nothing in their place.
async fn one(
    room: &Room,
    (catalogue, rules): (&Arc<Catalogue>, &RenewalRules),
    owner: &str,
    now: Millis,
) -> Result<(u64, u64), Trouble> {
    let around = Around { vault: &room.means.vault, tables: &room.knows.tables, rules, catalogue };
    let connection = room.store.read().await?;
    let outlook = outlook::of(connection, &around, (owner, None), moment(now)).await?;
    let Some(results) = &outlook.results else { return Ok((0, 0)) };
    let days = around.tables.days(Some(results.state), moment(now));
    if !rules.is_time(around.tables, (results.state, results.plan_year), days) {
        return Ok((0, 0));
    }
    let (renewed, without) = (outlook.renewed().len(), outlook.without().len());
    if renewed + without == 0 {
        return Ok((0, 0));
    }
    let written = room.store.begin_long_write(Renew::of(room, outlook, now)?).await?;
    Ok(if written { (renewed as u64, without as u64) } else { (0, 0) })
}

/// Writes it down, once.
pub struct Renew {
    room: Room,
    outlook: Arc<Outlook>,
    /// Drawn before the transaction, which may run several times.
    numbers: Vec<String>,
    /// When it was worked out.
    now: Millis,
}

impl Change for Renew {
    /// `false`: something has changed since it was worked out. The next run works it out again.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let outlook = &self.outlook;
        let Some(results) = &outlook.results else { return Ok(false) };
        let (owner, application) = (outlook.owner.as_str(), results.application.as_str());
        // Whoever redetermines takes the first row, whoever signs, ends or says no takes one of the others.
        let taken = sqlx::query("UPDATE verification_run SET version = version + 1 WHERE application = $1");
        taken.bind(application).execute(tx.conn()).await?;
        record::take_all(tx, owner).await?;
        if !self.is_as_seen(tx).await? {
            return Ok(false);
        }
        let key = self.room.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let lines = outlook.checked.iter().flat_map(|checked| &checked.lines);
        for ((line, fate), number) in lines.zip(outlook.renewed()).zip(&self.numbers) {
            let signed = &line.signed;
            let id = id_of(&["renewed", &fate.old.id, &results.plan_year.to_string()]);
            let new = NewEnrollment {
                id: &id,
                owner,
                application,
                number,
                // Of no choice: those begin with 1.
                choice: 0,
                plan_year: i64::from(results.plan_year),
                state: State::Signed,
                starts: signed.starts,
                ends: year_end(results.plan_year, signed.starts),
                signed,
                catalogue: outlook.checked.as_ref().map_or("", |checked| checked.catalogue.as_str()),
                follows: &fate.old.id,
            };
            if !record::insert(tx, &key, &new).await? {
                return Err(StoreError::Stale);
            }
            let kind = ChangeKind::Initial;
            let from_day = signed.starts;
            let change = NewChange { enrollment: &id, owner, kind, from_day, reason: RENEWED, body: signed, held: "" };
            record::add_change(tx, &key, &change).await?;
            self.step(tx, &id, (Step::Renewed, from_day, "")).await?;
        }
        for (fate, why) in outlook.without() {
            let from_day = fate.old.ends.next_day().unwrap_or(fate.old.ends);
            self.step(tx, &fate.old.id, (Step::NotRenewed, from_day, why.word())).await?;
        }
        let letter = words(&self.room.knows, outlook, (results, self.now), &self.numbers);
        let about: Vec<&str> = outlook.renewed().into_iter().map(|fate| fate.old.id.as_str()).collect();
        let without: Vec<&str> = outlook.without().into_iter().map(|(fate, _)| fate.old.id.as_str()).collect();
        let kind = format!("renewed:{}", id_of(&[&about[..], &without[..]].concat()));
        notice::post(tx, &self.room.means, &results.case, &kind, &letter).await?;
        Ok(true)
    }
}

impl Renew {
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn of(room: &Room, outlook: Outlook, now: Millis) -> Result<Renew, StoreError> {
        let numbers = outlook.renewed().iter().map(|_| new_number()).collect::<Result<_, _>>();
        let numbers = numbers.map_err(|_| StoreError::Refused("the system has no randomness".to_string()))?;
        Ok(Renew { room: room.clone(), outlook: Arc::new(outlook), numbers, now })
    }

    /// Nobody has signed, ended, said no, reported a change or been determined again since it was worked out.
    async fn is_as_seen(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let outlook = &self.outlook;
        let Some(results) = &outlook.results else { return Ok(false) };
        let asked = sqlx::query_as("SELECT id, version FROM enrollment WHERE owner = $1");
        let mut now: Vec<(String, i64)> = asked.bind(outlook.owner.as_str()).fetch_all(tx.conn()).await?;
        let mut seen = outlook.seen.clone();
        now.sort();
        seen.sort();
        let own = results.case.plan_year() == results.plan_year;
        let year = (!own).then_some(results.plan_year);
        let number = number_of_year(tx.conn(), &results.application, year).await?;
        Ok(now == seen && number == results.number && !is_superseded(tx.conn(), &results.application).await?)
    }

    async fn step(
        &self,
        tx: &mut Tx,
        id: &str,
        (step, from_day, code): (Step, time::Date, &str),
    ) -> Result<(), StoreError> {
        let taken = Taken { step, from_day, code, actor: &Actor::Site, session: "" };
        step::apply(tx, &self.room.means, id, &taken).await.map(drop)
    }
}

/// When its owner said that an enrollment must not be renewed; `None`: nobody did.
///
/// # Errors
///
/// If the store is away.
pub async fn declined_at(connection: &mut AnyConnection, enrollment: &str) -> Result<Option<Millis>, StoreError> {
    let asked = sqlx::query_scalar("SELECT no_renewal_at FROM enrollment WHERE id = $1");
    let found: Option<Option<Millis>> = asked.bind(enrollment).fetch_optional(connection).await?;
    Ok(found.flatten())
}

/// What takes the place of an enrollment in the next year: its ID.
///
/// # Errors
///
/// If the store is away.
pub async fn renewed_by(connection: &mut AnyConnection, enrollment: &str) -> Result<Option<String>, StoreError> {
    let asked = sqlx::query_scalar(
        "SELECT n.id FROM enrollment n JOIN enrollment e ON e.id = n.follows AND e.plan_year < n.plan_year \
         WHERE n.follows = $1",
    );
    Ok(asked.bind(enrollment).fetch_optional(connection).await?)
}

/// Somebody does not want a plan to be renewed, or does after all.
pub struct Wish {
    pub means: Means,
    pub owner: String,
    pub enrollment: String,
    pub renew: bool,
    pub session: String,
}

impl Change for Wish {
    /// `false`: it was so already, or it is too late: another plan follows, or it is over.
    type Done = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, StoreError> {
        let (owner, id) = (self.owner.as_str(), self.enrollment.as_str());
        record::take_all(tx, owner).await?;
        let found = record::one(tx.conn(), &self.means.vault, (owner, id)).await?.ok_or(StoreError::Stale)?;
        let is_no = declined_at(tx.conn(), id).await?.is_some();
        if is_no != self.renew || !found.state.is_live() || renewed_by(tx.conn(), id).await?.is_some() {
            return Ok(false);
        }
        let at = (!self.renew).then(|| tx.now());
        let written = sqlx::query("UPDATE enrollment SET no_renewal_at = $1, version = version + 1 WHERE id = $2");
        written.bind(at).bind(id).execute(tx.conn()).await?;
        let (record, actor) = (format!("enrollment:{id}"), Actor::of_owner(owner));
        let entry =
            Entry { actor: &actor, deed: Deed::CoverageChanged, owner, record: &record, session: &self.session };
        self.means.audit.append(tx, &entry).await?;
        Ok(true)
    }
}
