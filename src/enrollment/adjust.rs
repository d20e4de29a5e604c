//! New results reach what was signed: when a determination is another one, each plan of the household that goes on is worked out again,
//! and what is different holds from the day that the rules give.
//!
//! A job (`verify::follow`), put down in the transaction of the redetermination, or of a change that was sent; done once, whenever a
//! worker dies. Nothing changes backwards, nothing is written where nothing differs, and what has ended is left alone. What was signed
//! stays; a change is another row. It must never set a premium.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::AnyConnection;
use time::Date;

use super::again::{self, Again, Place, Policy, Without};
use super::choice;
use super::record::{self, ChangeKind, Enrollment, NewChange, Signed, day_of};
use super::results::{self, Results};
use super::step::{self, Step, Taken};
use super::timeline::{self, Timeline};
use super::{adjust_words, choice::Use};
use crate::application::record::{self as applications, in_force};
use crate::application::sheet::RowId;
use crate::filing::codes::{Product, VariantKind};
use crate::sealing::DataKey;
use crate::store::audit::{Actor, Deed, Entry};
use crate::store::{Change, StoreError, Tx};
use crate::verify::case::Case;
use crate::verify::effective::Cause;
use crate::verify::{Room, follow, id_of, notice, plan};
use crate::work::worker::Job;
use crate::work::{Handler, Hands, Outcome};

/// Whether a variant of a plan (14 characters) was filed for a year; `None`: there is no catalogue here that knows the plan. Then it is
/// taken as filed: each plan must have them (45 CFR 156.420(a), (b)).
pub type Filed = Arc<dyn Fn(i64, &str, VariantKind) -> Option<bool> + Send + Sync>;

/// `enrollment_change.held`: nothing of it concerns the insurer.
pub const OURS: &str = "ours";
/// `enrollment_change.file` of what was never told and is not any more, because it is otherwise now.
const REPLACED: &str = "replaced";

/// Does `adjust`.
pub struct Adjustments {
    pub room: Room,
    pub filed: Filed,
}

#[async_trait]
impl Handler for Adjustments {
    async fn work(&self, job: &Job, _: &Hands) -> Outcome {
        let about: plan::About = match job.said() {
            Ok(about) => about,
            Err(outcome) => return outcome,
        };
        let key = job.held.key.strip_prefix(follow::KEY).and_then(|rest| rest.strip_suffix(&about.application));
        let Some(why) = key.map(|why| why.trim_end_matches(':')) else {
            return Outcome::dead("its key names no cause");
        };
        // Results of a year are nothing to the plans of another.
        let (cause, only) = (Cause::of(why), why.strip_prefix("rules:").and_then(|year| year.parse().ok()));
        match plan::open(&self.room, &job.held.owner, &about.application).await {
            Ok(case) => {
                let (room, filed) = (self.room.clone(), Arc::clone(&self.filed));
                Outcome::done(Adjust { room, case: Arc::new(case), cause, only, filed })
            }
            Err(outcome) => outcome,
        }
    }
}

/// Works all plans of an application, and of those that it follows, out again.
pub struct Adjust {
    pub room: Room,
    pub case: Arc<Case>,
    pub cause: Cause,
    /// Plans of this year only; `None`: of every year.
    pub only: Option<i64>,
    pub filed: Filed,
}

/// A plan that goes on.
struct Own {
    enrollment: Enrollment,
    timeline: Timeline,
    wish: Use,
    /// The first day of which something can be different.
    first: Date,
}

/// What is written for one plan.
pub struct Written {
    pub enrollment: Enrollment,
    pub before: Signed,
    pub now: Signed,
    pub from: Date,
    /// Everybody on it has public coverage now.
    pub all_public: bool,
}

impl Change for Adjust {
    type Done = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let (case, owner) = (&*self.case, self.case.owner.as_str());
        // What was sent after it counts: it has a job of its own.
        if applications::followed_by(tx.conn(), (owner, case.id())).await?.is_some() {
            return Ok(());
        }
        record::take_all(tx, owner).await?;
        let chain = chain(tx.conn(), (owner, case.id())).await?;
        let all = record::of(tx.conn(), &self.room.means.vault, owner).await?;
        let counts =
            |own: &Enrollment| chain.contains(&own.application) && self.only.is_none_or(|year| year == own.plan_year);
        let live = all.into_iter().filter(|own| own.state.is_live() && counts(own));
        let live: Vec<Enrollment> = live.collect();
        let key = self.room.means.vault.open(tx.conn(), owner).await?.ok_or(StoreError::Stale)?;
        let years: BTreeSet<i64> = live.iter().map(|own| own.plan_year).collect();
        let mut written = Vec::new();
        for year in years {
            let of_year = live.iter().filter(|own| own.plan_year == year).cloned().collect();
            let Some(results) = self.counting(tx, &key, (&chain, year)).await? else { continue };
            written.extend(self.of_year(tx, &key, (&results, of_year)).await?);
        }
        if written.is_empty() {
            return Ok(());
        }
        let letter = adjust_words::adjusted(&self.room.knows, case, &written);
        let Some(letter) = letter else { return Ok(()) };
        let rows: Vec<String> = written.iter().map(|own| format!("{}:{}", own.enrollment.id, own.from)).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let kind = format!("adjusted:{}:{}", tx.now(), id_of(&rows));
        notice::post(tx, &self.room.means, case, &kind, &letter).await.map(drop)
    }
}

/// An application and those that it follows, the newest first.
async fn chain(connection: &mut AnyConnection, (owner, application): (&str, &str)) -> Result<Vec<String>, StoreError> {
    let mut chain = vec![application.to_string()];
    while let Some(before) = applications::follows(connection, (owner, &chain[chain.len() - 1])).await? {
        chain.push(before);
    }
    Ok(chain)
}

impl Adjust {
    /// What counts for a plan year: of the newest application that has anything for it. `None`: none has.
    async fn counting(
        &self,
        tx: &mut Tx,
        key: &DataKey,
        (chain, year): (&[String], i64),
    ) -> Result<Option<Results>, StoreError> {
        let (vault, tables) = (&self.room.means.vault, &self.room.knows.tables);
        let Ok(year) = i32::try_from(year) else { return Ok(None) };
        for id in chain {
            let Some(case) = Case::open(tx.conn(), vault, (&self.case.owner, id)).await? else { continue };
            let found = in_force(tx.conn(), key, (&case.owner, &case.application), year).await?;
            if case.plan_year() == year || found.number > 0 {
                let counts = (found.number, found.household, found.determination);
                return results::read(tables, case, &counts, (Vec::new(), false)).map(Some);
            }
        }
        Ok(None)
    }

    async fn of_year(
        &self,
        tx: &mut Tx,
        key: &DataKey,
        (results, enrollments): (&Results, Vec<Enrollment>),
    ) -> Result<Vec<Written>, StoreError> {
        let knows = &self.room.knows;
        let today = self.case.day(&knows.tables, tx.now());
        let from = knows.effective.day(self.cause, self.case.marketplace(&knows.tables), today);
        let mut own = Vec::with_capacity(enrollments.len());
        for enrollment in enrollments {
            let (timeline, wish) = self.read(tx, &enrollment).await?;
            own.push(Own { first: from.max(enrollment.starts), enrollment, timeline, wish });
        }
        let order = self.order(tx, results, &own).await?;
        // On each of these days something can be different: somebody begins, or leaves.
        let mut days: BTreeSet<Date> = own.iter().map(|own| own.first).collect();
        days.extend(own.iter().flat_map(|own| own.timeline.after(own.first).iter().map(|since| since.from)));
        let mut then: Vec<(Date, Vec<Again>)> = Vec::with_capacity(days.len());
        for day in days {
            then.push((day, amounts(results, &own, &order, day)?));
        }
        let mut written = Vec::new();
        for (at, own) in own.iter().enumerate() {
            let of = |(day, all): &(Date, Vec<Again>)| (*day, all[at].clone());
            let own_days = then.iter().filter(|(day, _)| (own.first..=own.enrollment.ends).contains(day)).map(of);
            written.extend(self.lay(tx, key, (results, own), own_days.collect()).await?);
        }
        Ok(written)
    }

    /// How an enrollment is by day, and how much of the credit was wanted when somebody last said so.
    async fn read(&self, tx: &mut Tx, enrollment: &Enrollment) -> Result<(Timeline, Use), StoreError> {
        let vault = &self.room.means.vault;
        let timeline = timeline::of(tx.conn(), vault, enrollment, |_| true).await?;
        let said = record::changes(tx.conn(), &enrollment.id).await?.into_iter().rfind(|change| {
            let says = matches!(change.kind, ChangeKind::Initial | ChangeKind::Change);
            says && !Cause::is_found(&change.reason)
        });
        let Some(said) = said else { return Ok((timeline, again::wish_of(&enrollment.signed))) };
        let opened = record::change_opened(tx.conn(), vault, &said.id).await?;
        Ok((timeline, opened.map_or(Use::All, |(_, signed)| again::wish_of(&signed))))
    }

    /// The order in which the credit was parted when it was signed for: groups of the choice, where these plans are still theirs; else as
    /// they were made. People without a plan here keep their part of the credit.
    async fn order(&self, tx: &mut Tx, results: &Results, own: &[Own]) -> Result<Vec<Place>, StoreError> {
        let medical: Vec<usize> =
            (0..own.len()).filter(|at| own[*at].enrollment.product != Product::Dental.key()).collect();
        let rows = |at: usize| -> BTreeSet<RowId> {
            own[at].enrollment.signed.people.iter().map(|person| person.row).collect()
        };
        let Some(first) = own.first() else { return Ok(Vec::new()) };
        let of = (self.case.owner.as_str(), first.enrollment.application.as_str());
        let saved = choice::load(tx.conn(), &self.room.means.vault, of).await?.choice;
        let mut order = Vec::new();
        let mut placed = BTreeSet::new();
        for group in &saved.groups {
            let people: BTreeSet<RowId> = group.people.iter().copied().collect();
            let plan = medical.iter().copied().find(|at| rows(*at) == people && !placed.contains(at));
            placed.extend(plan);
            let without = Without { people: group.people.clone(), no_medical: group.no_medical };
            order.push(plan.map_or(Place::Without(without), Place::Policy));
        }
        let covered: BTreeSet<RowId> = medical.iter().flat_map(|at| rows(*at)).collect();
        if placed.len() < medical.len() {
            order = medical.iter().map(|at| Place::Policy(*at)).collect();
        }
        // Whoever stands in no group, and nobody twice.
        let stands = |row: &RowId| {
            covered.contains(row)
                || order.iter().any(|place| matches!(place, Place::Without(own) if own.people.contains(row)))
        };
        let others: Vec<RowId> = results.shoppers().into_iter().filter(|row| !stands(row)).collect();
        order.retain(|place| match place {
            Place::Without(own) => !own.people.iter().any(|row| covered.contains(row)),
            Place::Policy(_) => true,
        });
        if !others.is_empty() {
            order.push(Place::Without(Without { people: others, no_medical: false }));
        }
        Ok(order)
    }

    /// Writes what is different of one plan; `None`: nothing is.
    async fn lay(
        &self,
        tx: &mut Tx,
        key: &DataKey,
        (results, own): (&Results, &Own),
        days: Vec<(Date, Again)>,
    ) -> Result<Option<Written>, StoreError> {
        let at = |day: Date| own.timeline.on(day).unwrap_or(&own.enrollment.signed);
        let then = |day: Date, again: &Again| again::changed(at(day), again, self.kind(own, again));
        let states: Vec<(Date, Signed)> = days.iter().map(|(day, again)| (*day, then(*day, again))).collect();
        // What stays as it is until a later day is not touched.
        let Some(first) = states.iter().position(|(day, signed)| at(*day) != signed) else { return Ok(None) };
        let states = &states[first..];
        let (mut last, mut told): (Option<&Signed>, _) = (None, None);
        for (n, (day, signed)) in states.iter().enumerate() {
            if last == Some(signed) {
                continue;
            }
            // What was told of later days is over with this row, too, as long as it holds.
            let mut holds = states[n..].iter().take_while(|(_, then)| then == signed);
            let concerns = holds.any(|(day, then)| again::differs_for_insurer(at(*day), then))
                || last.is_some_and(|last| again::differs_for_insurer(last, signed));
            put(tx, (&self.room, key), (&own.enrollment, concerns), (*day, signed, self.cause)).await?;
            told = told.or(Some((*day, at(*day).clone(), signed.clone())));
            last = Some(signed);
        }
        Ok(told.map(|(from, before, now)| {
            let all_public = again::all_public(results, &now);
            Written { enrollment: own.enrollment.clone(), before, now, from, all_public }
        }))
    }

    /// The variant, if it was filed.
    fn kind(&self, own: &Own, again: &Again) -> Option<VariantKind> {
        let kind = again.kind?;
        let filed = (self.filed)(own.enrollment.plan_year, &own.enrollment.signed.plan.id, kind);
        Some(if filed == Some(false) { VariantKind::Standard } else { kind })
    }
}

/// Amounts of each plan on a day, with the people that each has then.
fn amounts(results: &Results, own: &[Own], order: &[Place], day: Date) -> Result<Vec<Again>, StoreError> {
    let policy =
        |own: &'_ Own| -> (Signed, Use) { (own.timeline.on(day).unwrap_or(&own.enrollment.signed).clone(), own.wish) };
    let held: Vec<(Signed, Use)> = own.iter().map(policy).collect();
    let policies: Vec<Policy<'_>> = held.iter().map(|(now, wish)| Policy { now, wish: *wish }).collect();
    let found = again::again(results, &policies, order);
    found.ok_or_else(|| StoreError::Refused("an enrollment whose part for essential benefits nobody knows".to_string()))
}

/// A row for the insurer, if it concerns them, the step that people see, the deed. What they were never told of its first day on is told as
/// it is now; what waits for something goes on waiting for it.
async fn put(
    tx: &mut Tx,
    (room, key): (&Room, &DataKey),
    (enrollment, concerns): (&Enrollment, bool),
    (from_day, body, cause): (Date, &Signed, Cause),
) -> Result<(), StoreError> {
    let (id, owner) = (enrollment.id.as_str(), enrollment.owner.as_str());
    write(tx, key, (enrollment, body), (from_day, cause, concerns)).await?;
    let taken = Taken { step: Step::Changed, from_day, code: cause.word(), actor: &Actor::Site, session: "" };
    if concerns && step::apply(tx, &room.means, id, &taken).await? {
        return Ok(());
    }
    // The step is there already, or nobody has to see one.
    step::take(tx, id).await?;
    let record = format!("enrollment:{id}");
    let entry = Entry { actor: &Actor::Site, deed: Deed::CoverageChanged, owner, record: &record, session: "" };
    room.means.audit.append(tx, &entry).await
}

/// Writes the row; see [`put`].
pub(super) async fn write(
    tx: &mut Tx,
    key: &DataKey,
    (enrollment, body): (&Enrollment, &Signed),
    (from_day, cause, concerns): (Date, Cause, bool),
) -> Result<(), StoreError> {
    let (id, owner, reason) = (enrollment.id.as_str(), enrollment.owner.as_str(), cause.word());
    let asked = sqlx::query_as(
        "SELECT id, from_day, held FROM enrollment_change WHERE enrollment = $1 AND kind = 'initial' AND file = '' \
         AND held <> 'withdrawn'",
    );
    let untold: Option<(String, String, String)> = asked.bind(id).fetch_optional(tx.conn()).await?;
    let (kind, held) = match untold {
        Some((initial, day, held)) if day_of(&day) == Some(from_day) => {
            let never = sqlx::query("UPDATE enrollment_change SET file = $1, held = '' WHERE id = $2 AND file = ''");
            never.bind(REPLACED).bind(initial).execute(tx.conn()).await?;
            (ChangeKind::Initial, held)
        }
        Some((_, _, held)) if concerns => (ChangeKind::Change, held),
        None if concerns => (ChangeKind::Change, String::new()),
        _ => (ChangeKind::Change, OURS.to_string()),
    };
    let change = NewChange { enrollment: id, owner, kind, from_day, reason, body, held: &held };
    record::add_change(tx, key, &change).await.map(drop)
}
