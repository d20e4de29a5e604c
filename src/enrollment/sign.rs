//! Signing: what was checked becomes enrollments, in one transaction with everything that follows from it.
//!
//! Called by the page that is signed. A choice can be signed once: its version says whether it was, so a double click, another
//! tab or another process finds what the first one made. If what counts has changed since the page was shown, nothing is
//! written, and it has to be checked again. Whatever the same people had of the same kind before ends when the new one begins.

use std::sync::Arc;

use time::{Date, Month};

use super::check::{Checked, Line};
use super::ending;
use super::event_proof::{self, HELD};
use super::record::{self, ChangeKind, Enrollment, NewChange, NewEnrollment, State};
use super::replaced;
use super::results::{Results, is_superseded, number_of};
use super::step::{self, Step, Taken};
use super::words;
use crate::account::people::Means;
use crate::sealing::DataKey;
use crate::store::audit::Actor;
use crate::store::{Change, StoreError, Tx};
use crate::verify::{Knows, id_of, notice};

/// Digits of an enrollment's number.
const NUMBER_DIGITS: u32 = 10;
/// Why an enrollment ended: another plan was signed for.
pub const REPLACED: &str = "replaced";

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// On record now: IDs of enrollments, in the order of the lines.
    Now { enrollments: Vec<String> },
    /// On record already: a double click, or another tab.
    Before { enrollments: Vec<String> },
    /// The choice, the results or a price have changed since the page was shown: it has to be checked again.
    Changed,
}

/// What is to be signed.
pub struct Sign {
    means: Means,
    knows: Arc<Knows>,
    results: Arc<Results>,
    checked: Checked,
    /// The version of the choice that was checked.
    seen: i64,
    /// [`Checked::mark`] of the page that was signed.
    shown: String,
    session: String,
    /// Drawn before the transaction, which may run several times.
    numbers: Vec<String>,
}

impl Sign {
    /// `shown`: [`Checked::mark`] as the page that was signed had it.
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn new(
        (means, knows): (Means, Arc<Knows>),
        (results, checked): (Arc<Results>, Checked),
        (seen, shown): (i64, &str),
        session: &str,
    ) -> Result<Sign, getrandom::Error> {
        let numbers = checked.lines.iter().map(|_| new_number()).collect::<Result<_, _>>()?;
        let (shown, session) = (shown.to_string(), session.to_string());
        Ok(Sign { means, knows, results, checked, seen, shown, session, numbers })
    }
}

/// Ten digits, the first of them none.
///
/// # Errors
///
/// If the system has no randomness.
pub fn new_number() -> Result<String, getrandom::Error> {
    let least = 10_u64.pow(NUMBER_DIGITS - 1);
    Ok((least + getrandom::u64()? % (9 * least)).to_string())
}

impl Checked {
    /// What the page showed, in one word: plans, people, amounts and days. Tells nobody anything.
    pub fn mark(&self) -> String {
        let mut said: Vec<String> = vec![self.results.to_string(), self.catalogue.clone()];
        said.extend(self.proof.iter().map(|asked| asked.due_day.to_string()));
        for Line { signed, .. } in &self.lines {
            said.extend([signed.plan_id(), signed.starts.to_string(), signed.plan.product.clone()]);
            said.extend([signed.premium, signed.credit].map(|amount| amount.0.to_string()));
            said.extend(signed.people.iter().map(|person| person.row.to_string()));
        }
        id_of(&said.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

impl Change for Sign {
    type Done = Signing;

    async fn run(&self, tx: &mut Tx) -> Result<Signing, StoreError> {
        let (owner, application) = (self.results.owner.as_str(), self.results.application.as_str());
        // Whoever determines it again takes this row, too: either it came before, or it waits.
        let taken = sqlx::query("UPDATE verification_run SET version = version + 1 WHERE application = $1");
        taken.bind(application).execute(tx.conn()).await?;
        let before = self.before(tx).await?;
        if !before.is_empty() {
            return Ok(Signing::Before { enrollments: before });
        }
        let same = number_of(tx.conn(), application).await? == self.checked.results;
        if !same || self.shown != self.checked.mark() || is_superseded(tx.conn(), application).await? {
            return Ok(Signing::Changed);
        }
        let now = tx.now();
        let closed = sqlx::query(
            "UPDATE plan_choice SET version = version + 1, changed_at = $1 \
             WHERE application = $2 AND owner = $3 AND version = $4",
        );
        let closed = closed.bind(now).bind(application).bind(owner).bind(self.seen).execute(tx.conn()).await?;
        if closed.rows_affected() == 0 {
            let before = self.before(tx).await?;
            return Ok(if before.is_empty() { Signing::Changed } else { Signing::Before { enrollments: before } });
        }
        let key = self.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        record::take_all(tx, owner).await?;
        let proof = match &self.checked.proof {
            Some(asked) => event_proof::ask(tx, &self.knows.tables, (&self.results, asked)).await?,
            None => None,
        };
        let had = replaced::had(tx.conn(), &self.means.vault, owner).await?;
        let under = proof.as_ref().map(|(id, _)| id.as_str());
        let about = (application, self.checked.plan_year);
        let (mut enrollments, mut ended) = (Vec::new(), Vec::new());
        for (line, number) in self.checked.lines.iter().zip(&self.numbers) {
            let replaced: Vec<&Enrollment> =
                had.iter().filter(|old| replaced::replaces(&line.signed, about, old)).collect();
            for old in &replaced {
                if !ended.contains(&old.id) {
                    self.end(tx, &key, old).await?;
                    ended.push(old.id.clone());
                }
            }
            let follows = replaced.first().map_or("", |old| old.id.as_str());
            enrollments.push(self.enroll(tx, &key, (line, number), (follows, under)).await?);
        }
        let ended: Vec<&Enrollment> = had.iter().filter(|old| ended.contains(&old.id)).collect();
        // Only now: what is signed may wait for the same proof.
        for proof in ended.iter().filter_map(|old| old.proof.as_ref()) {
            event_proof::let_go(tx, proof).await?;
        }
        let told = words::Told {
            checked: &self.checked,
            numbers: &self.numbers,
            ended: &ended,
            waits_until: proof.map(|(_, last)| last),
        };
        let letter = words::signed(&self.knows, &self.results.case, &told);
        notice::post(tx, &self.means, &self.results.case, &format!("enrolled:{}", self.seen), &letter).await?;
        Ok(Signing::Now { enrollments })
    }
}

impl Sign {
    /// What was made of this version of the choice.
    async fn before(&self, tx: &mut Tx) -> Result<Vec<String>, StoreError> {
        let asked = sqlx::query_scalar(
            "SELECT id FROM enrollment WHERE application = $1 AND owner = $2 AND choice = $3 ORDER BY made_at",
        );
        let (owner, application) = (self.results.owner.as_str(), self.results.application.as_str());
        Ok(asked.bind(application).bind(owner).bind(self.seen).fetch_all(tx.conn()).await?)
    }

    async fn enroll(
        &self,
        tx: &mut Tx,
        key: &DataKey,
        (line, number): (&Line, &str),
        (follows, proof): (&str, Option<&str>),
    ) -> Result<String, StoreError> {
        let (owner, application, signed) = (&self.results.owner, &self.results.application, &line.signed);
        let (seen, group) = (self.seen.to_string(), line.group.to_string());
        let id = id_of(&["enrollment", application, &seen, &group, &signed.plan.product]);
        let new = NewEnrollment {
            id: &id,
            owner,
            application,
            number,
            choice: self.seen,
            plan_year: i64::from(self.checked.plan_year),
            state: State::Signed,
            starts: signed.starts,
            ends: year_end(self.checked.plan_year, signed.starts),
            signed,
            catalogue: &self.checked.catalogue,
            follows,
        };
        record::insert(tx, key, &new).await?;
        let reason = signed.why_now.code();
        let kind = ChangeKind::Initial;
        let held = if proof.is_some() { HELD } else { "" };
        let change = NewChange { enrollment: &id, owner, kind, from_day: signed.starts, reason, body: signed, held };
        record::add_change(tx, key, &change).await?;
        self.step(tx, &id, (Step::Signed, signed.starts, "")).await?;
        if let Some(proof) = proof {
            let under = sqlx::query("UPDATE enrollment SET proof = $1 WHERE id = $2");
            under.bind(proof).bind(id.as_str()).execute(tx.conn()).await?;
            self.step(tx, &id, (Step::WaitingProof, signed.starts, "")).await?;
        }
        Ok(id)
    }

    /// What the same people had ends on the day before, or never begins. `old`: with the people who are on it now.
    async fn end(&self, tx: &mut Tx, key: &DataKey, old: &Enrollment) -> Result<(), StoreError> {
        if let Some(proof) = &old.proof {
            event_proof::take(tx, proof).await?;
        }
        step::take(tx, &old.id).await?;
        let starts = self.checked.start.day;
        let last = starts.previous_day().unwrap_or(starts);
        let begins = old.starts < starts;
        let (kind, from_day) = if begins { (ChangeKind::Terminate, last) } else { (ChangeKind::Cancel, old.starts) };
        let (enrollment, owner) = (old.id.as_str(), old.owner.as_str());
        let held = ending::hold(tx, old, !begins).await?;
        let change = NewChange { enrollment, owner, kind, from_day, reason: REPLACED, body: &old.signed, held: &held };
        record::add_change(tx, key, &change).await?;
        if begins {
            let ends = sqlx::query("UPDATE enrollment SET ends = $1 WHERE id = $2");
            ends.bind(last.to_string()).bind(enrollment).execute(tx.conn()).await?;
        }
        let step = if begins { Step::Ended } else { Step::Cancelled };
        self.step(tx, enrollment, (step, from_day, REPLACED)).await
    }

    async fn step(&self, tx: &mut Tx, id: &str, (step, from_day, code): (Step, Date, &str)) -> Result<(), StoreError> {
        let actor = Actor::of_owner(&self.results.owner);
        let taken = Taken { step, from_day, code, actor: &actor, session: &self.session };
        step::apply(tx, &self.means, id, &taken).await.map(drop)
    }
}

/// The last day of the plan year.
pub fn year_end(plan_year: i32, or: Date) -> Date {
    Date::from_calendar_date(plan_year, Month::December, 31).unwrap_or(or)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_ten_digits_and_no_leading_zero() {
        for _ in 0..200 {
            let number = new_number().expect("random");
            assert!(number.len() == 10 && !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit()));
        }
    }
}
