//! Taking people off a plan while the others stay, written down: one transaction, done twice it is done once.
//!
//! Called by the page that has shown what it means (`leaving`). Those who stay go on under the same number, with a row from each day
//! on which something is different. If who held the plan leaves, the others go on in an enrollment of their own that follows this
//! one: an insurer knows a policy by its subscriber. What was signed stays as it is.

use std::sync::Arc;

use time::Date;

use super::end_rules::{Last, Reason};
use super::ended::{self, Said, Told};
use super::ending::{self, By, Done, Put};
use super::leaving::{Left, first_day};
use super::record::{self, ChangeKind, Enrollment, NewEnrollment, State};
use super::sign::new_number;
use super::step::{self, Step, Taken};
use super::timeline;
use crate::account::people::Means;
use crate::application::sheet::RowId;
use crate::store::audit::Actor;
use crate::store::{Change, StoreError, Tx};
use crate::verify::{Knows, id_of};

/// Before the reason why who held it leaves: those who stay go on in an enrollment of their own. Also the first step's code there.
pub const NEW_SUBSCRIBER: &str = "new_subscriber";

/// Takes people off an enrollment.
pub struct Leave {
    means: Means,
    knows: Arc<Knows>,
    wish: Wish,
    left: Left,
    /// Drawn before the transaction, which may run several times.
    number: String,
}

/// As the page showed it.
pub struct Wish {
    pub owner: String,
    pub enrollment: String,
    /// Its version.
    pub seen: i64,
    pub who: Vec<RowId>,
    pub reason: Reason,
    /// X12 maintenance reason of the rule.
    pub code: String,
    pub last: Last,
    pub session: String,
}

impl Leave {
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn new((means, knows): (Means, Arc<Knows>), wish: Wish, left: Left) -> Result<Leave, getrandom::Error> {
        Ok(Leave { means, knows, wish, left, number: new_number()? })
    }

    fn first_day(&self, enrollment: &Enrollment) -> Date {
        first_day(enrollment, self.wish.last)
    }
}

impl Change for Leave {
    type Done = Done;

    async fn run(&self, tx: &mut Tx) -> Result<Done, StoreError> {
        let wish = &self.wish;
        let found = record::one(tx.conn(), &self.means.vault, (&wish.owner, &wish.enrollment)).await?;
        let Some(enrollment) = found else { return Err(StoreError::Stale) };
        let timeline = timeline::of(tx.conn(), &self.means.vault, &enrollment, |_| true).await?;
        let first = self.first_day(&enrollment);
        let Some(before) = timeline.on(first.previous_day().unwrap_or(first)) else { return Ok(Done::Changed) };
        let is_on = |row: &RowId| timeline.on(first).is_some_and(|then| then.people.iter().any(|own| own.row == *row));
        let over = !enrollment.state.is_live() && self.left.new_subscriber && enrollment.version > wish.seen;
        if over || !wish.who.iter().any(is_on) {
            return Ok(Done::Before);
        }
        let ends = match (self.left.new_subscriber, wish.last) {
            (true, Last::Day(day)) => day,
            (true, Last::Never) => enrollment.starts,
            (false, _) => enrollment.ends,
        };
        let fits = enrollment.version == wish.seen && enrollment.state.is_live();
        if !fits || !ending::take(tx, &enrollment, ends).await? {
            return Ok(Done::Changed);
        }
        if self.left.new_subscriber {
            self.apart(tx, &enrollment).await?;
        } else {
            self.together(tx, &enrollment).await?;
        }
        let gone = before.people.iter().filter(|own| wish.who.contains(&own.row)).collect();
        let stay = self.left.times.first().map(|since| &since.signed);
        let (last, said) = (wish.last, Said::Asked(wish.reason));
        let number = self.left.new_subscriber.then_some(self.number.as_str());
        let told = Told { enrollment: &enrollment, before, gone, stay, number, last, said };
        ended::post(tx, (&self.means, &self.knows), &told).await?;
        Ok(Done::Now)
    }
}

impl Leave {
    /// Under the same number.
    async fn together(&self, tx: &mut Tx, enrollment: &Enrollment) -> Result<(), StoreError> {
        let wish = &self.wish;
        let (actor, held) = (Actor::of_owner(&wish.owner), ending::held(tx, enrollment).await?);
        let by = By { actor: &actor, session: &wish.session, reason: wish.reason.word(), code: &wish.code };
        let day = self.first_day(enrollment);
        let put = Put { step: Step::Changed, kind: ChangeKind::Change, day, held: &held, by: &by };
        let key = self.means.vault.open(tx.conn(), &wish.owner).await?.ok_or(StoreError::Stale)?;
        for since in &self.left.times {
            ending::row(tx, &key, enrollment, (&put, since.from, &since.signed)).await?;
        }
        let taken = Taken { step: put.step, from_day: day, code: by.code, actor: &actor, session: by.session };
        if !step::apply(tx, &self.means, &enrollment.id, &taken).await? {
            ending::again(tx, &self.means, enrollment, &taken).await?;
        }
        Ok(())
    }

    /// Under a number of their own, in the same plan, without a gap.
    async fn apart(&self, tx: &mut Tx, old: &Enrollment) -> Result<(), StoreError> {
        let wish = &self.wish;
        let (actor, held) = (Actor::of_owner(&wish.owner), ending::held(tx, old).await?);
        let reason = format!("{NEW_SUBSCRIBER}_{}", wish.reason.word());
        let by = By { actor: &actor, session: &wish.session, reason: &reason, code: &wish.code };
        let (step, kind, day) = match wish.last {
            Last::Never => (Step::Cancelled, ChangeKind::Cancel, old.starts),
            Last::Day(day) => (Step::Ended, ChangeKind::Terminate, day),
        };
        let withdrawn = step == Step::Cancelled && ending::withdraw(tx, old).await?;
        let of_old = if withdrawn { ending::WITHDRAWN } else { &held };
        ending::put(tx, &self.means, old, &Put { step, kind, day, held: of_old, by: &by }).await?;
        let Some(first) = self.left.times.first() else { return Err(StoreError::Stale) };
        let id = id_of(&["enrollment", &old.id, NEW_SUBSCRIBER, &first.from.to_string()]);
        let signed = record::Signed { starts: first.from, ..first.signed.clone() };
        let key = self.means.vault.open(tx.conn(), &wish.owner).await?.ok_or(StoreError::Stale)?;
        let new = NewEnrollment {
            id: &id,
            owner: &old.owner,
            application: &old.application,
            number: &self.number,
            // Nobody has signed it as a choice.
            choice: 0,
            plan_year: old.plan_year,
            state: if held.is_empty() { State::Signed } else { old.state },
            starts: first.from,
            ends: old.ends,
            signed: &signed,
            catalogue: &old.catalogue,
            follows: &old.id,
        };
        if !record::insert(tx, &key, &new).await? {
            return Err(StoreError::Stale);
        }
        let opened = record::one(tx.conn(), &self.means.vault, (&old.owner, &id)).await?;
        let own = opened.ok_or(StoreError::Stale)?;
        let initial = Put { step: Step::Signed, kind: ChangeKind::Initial, day: first.from, held: &held, by: &by };
        ending::row(tx, &key, &own, (&initial, first.from, &signed)).await?;
        let change = Put { kind: ChangeKind::Change, ..initial };
        for later in &self.left.times[1..] {
            let signed = record::Signed { starts: first.from, ..later.signed.clone() };
            ending::row(tx, &key, &own, (&change, later.from, &signed)).await?;
        }
        let session = &wish.session;
        let taken = Taken { step: Step::Signed, from_day: first.from, code: NEW_SUBSCRIBER, actor: &actor, session };
        step::apply(tx, &self.means, &id, &taken).await.map(drop)
    }
}
