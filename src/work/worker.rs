//! Doing what waits: claims jobs, hands each to its kind's handler, and settles what came of it.
//!
//! Started by `serve`, or by `windowshop worker`. A worker may die at any moment: its lease runs out, the job is
//! somebody else's, and whatever it still says is thrown away. It must never keep a transaction open while a handler
//! works, and a handler that panics costs one attempt of one job.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tracing::Instrument as _;
use zeroize::Zeroizing;

use super::counts::Counts;
use super::held::{AboutTo, Die, Effect, Extend, Finish, Later, NoEffect, Postpone, Ticket};
use super::queue::{self, BELL, Claim, Held, Kind, LEASE, Repeats};
use crate::store::vault::Vault;
use crate::store::wait::within;
use crate::store::{Change, Store, StoreError, columns};
use crate::types::hex;

/// Between two looks at the queue while there was work lately, and while there was none: give or take a half.
const BUSY_PAUSE: Duration = Duration::from_millis(500);
const IDLE_PAUSE: Duration = Duration::from_secs(2);
/// Looks that found nothing before the pause becomes the longer one.
const BUSY_LOOKS: u32 = 8;
/// Between two tries to write down what came of a job while the store is away; doubles.
const SETTLE_PAUSE: Duration = Duration::from_millis(250);
const SETTLE_TRIES: u32 = 7;
/// A store that is silent for so long is lost, and what waits for it would never end.
pub(super) const SILENT: Duration = Duration::from_secs(30);

/// A job with its payload opened. Has no `Debug`.
pub struct Job {
    pub held: Held,
    payload: Zeroizing<Vec<u8>>,
}

impl Job {
    /// What it was put down with.
    ///
    /// # Errors
    ///
    /// What becomes of a job that another version has put down, with a payload that this one cannot read.
    pub fn said<T: DeserializeOwned>(&self) -> Result<T, Outcome> {
        serde_json::from_slice(&self.payload).map_err(|_| Outcome::dead("its payload is not of this version"))
    }
}

/// Does the jobs of one kind. Its calls to other servers happen in no transaction; what it wants written comes back as
/// the effect of its outcome.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    async fn work(&self, job: &Job, hands: &Hands) -> Outcome;

    /// Whether jobs of a kind stay in the queue for now, since what they need is known to be away. Otherwise thousands of them would
    /// be taken out and put off again and again, each with two transactions, for as long as it lasts.
    fn rests(&self, _kind: &str) -> bool {
        false
    }
}

/// What came of an attempt. Reasons are our own words.
pub enum Outcome {
    /// The effect is written in the transaction that takes the job out of the queue.
    Done(Arc<dyn Effect>),
    /// It failed, and may go well later.
    Later(String),
    /// It could not be tried, since what it needs is away: costs no attempt.
    Postpone(Duration, String),
    /// It can never be done. The effect is written with that.
    Dead(String, Arc<dyn Effect>),
    /// Its owner's key is destroyed, and what it was about with it.
    Gone,
}

impl Outcome {
    pub fn done(effect: impl Effect) -> Outcome {
        Outcome::Done(Arc::new(effect))
    }

    pub fn dead(why: impl Into<String>) -> Outcome {
        Outcome::Dead(why.into(), Arc::new(NoEffect))
    }
}

/// What a handler may do with its job while it works.
pub struct Hands {
    store: Store,
    ticket: Ticket,
}

impl Hands {
    /// Writes down that something outside of the store is about to be done. What a later worker makes of it is the
    /// kind's [`Repeats`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Stale`] if the job is somebody else's by now: then it must not be done.
    pub async fn about_to(&self) -> Result<(), StoreError> {
        self.store.begin_write(AboutTo { ticket: self.ticket }).await
    }
}

/// The workers of this process.
pub struct Workers {
    /// What they did, and what waits.
    pub counts: Arc<Counts>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// A kind with who does it.
pub type Handled = (&'static Kind, Arc<dyn Handler>);

struct Room {
    store: Store,
    vault: Vault,
    kinds: Vec<Handled>,
    /// Random: a name that came twice would hold another's jobs.
    name: String,
    counts: Arc<Counts>,
}

impl Workers {
    /// Starts so many; zero counts and does nothing.
    ///
    /// # Errors
    ///
    /// If the system has no randomness.
    pub fn start(store: &Store, vault: &Vault, kinds: Vec<Handled>, places: usize) -> anyhow::Result<Workers> {
        let mut name = [0; 8];
        getrandom::fill(&mut name).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let counts = Arc::new(Counts::new(kinds.iter().map(|(kind, _)| kind.name)));
        let room = Arc::new(Room {
            store: store.clone(),
            vault: vault.clone(),
            kinds,
            name: hex(&name),
            counts: Arc::clone(&counts),
        });
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            if places > 0 {
                keep_working(room, places, stopped).await;
            }
        });
        Ok(Workers { counts, stop, task })
    }

    /// No new jobs from now on.
    pub fn stop_claiming(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until what is held is done, at most so long; the leases of the rest run out.
    pub async fn finish(self, within: Duration) {
        self.stop_claiming();
        let abort = self.task.abort_handle();
        if tokio::time::timeout(within, self.task).await.is_err() {
            abort.abort();
            tracing::warn!("stopped with jobs unfinished after {} s: their leases run out", within.as_secs());
        }
    }
}

async fn keep_working(room: Arc<Room>, places: usize, mut stop: watch::Receiver<bool>) {
    let (mut bell, mut running, mut idle, mut away) = (BELL.subscribe(), JoinSet::new(), 0_u32, false);
    // Told to stop, or the sender is gone.
    while !*stop.borrow_and_update() && stop.has_changed().is_ok() {
        while running.try_join_next().is_some() {}
        if running.len() >= places {
            tokio::select! {
                _ = running.join_next() => {}
                _ = stop.changed() => {}
            }
            continue;
        }
        bell.borrow_and_update();
        let claimed = within(SILENT, room.claim(places - running.len(), idle as usize)).await.flatten();
        match &claimed {
            Err(error) if !away => tracing::error!(%error, "the queue cannot be read: trying again"),
            Ok(_) if away => tracing::warn!("the queue can be read again"),
            _ => {}
        }
        away = claimed.is_err();
        let claimed = claimed.unwrap_or_default();
        if !claimed.is_empty() {
            idle = 0;
            for held in claimed {
                let span = tracing::error_span!("job", id = %held.request_id, kind = %held.kind, job = held.id);
                running.spawn(Arc::clone(&room).one(held).instrument(span));
            }
            continue;
        }
        idle = idle.saturating_add(1);
        let pause = if idle < BUSY_LOOKS { BUSY_PAUSE } else { IDLE_PAUSE };
        tokio::select! {
            () = tokio::time::sleep(pause / 2 + drawn(pause)) => {}
            _ = bell.changed() => {}
            _ = stop.changed() => {}
        }
    }
    while running.join_next().await.is_some() {}
}

impl Room {
    /// `turn`: which kind is looked at first.
    async fn claim(&self, most: usize, turn: usize) -> Result<Vec<Held>, StoreError> {
        let mut connection = self.store.read().await?;
        let next = queue::next(&mut connection).await?;
        drop(connection);
        if next.is_none() {
            return Ok(Vec::new());
        }
        if next > Some(self.store.now().await?) {
            return Ok(Vec::new());
        }
        let awake = self.kinds.iter().filter(|(kind, handler)| !handler.rests(kind.name));
        let mut kinds: Vec<&'static str> = awake.map(|(kind, _)| kind.name).collect();
        if kinds.is_empty() {
            return Ok(Vec::new());
        }
        let first = (turn + drawn_below(kinds.len())) % kinds.len();
        kinds.rotate_left(first);
        let most = i64::try_from(most).unwrap_or(1);
        let claim = Claim { engine: self.store.engine(), kinds, most, worker: self.name.clone() };
        self.store.begin_write(claim).await
    }

    async fn one(self: Arc<Self>, held: Held) {
        let (ticket, kind, begun) = (held.ticket(), held.kind.clone(), Instant::now());
        let Some((of, handler)) = self.kinds.iter().find(|(of, _)| of.name == kind) else { return };
        let attempt = held.attempt;
        let outcome = match self.opened(of, held).await {
            Ok(job) => match self.handled(Arc::clone(handler), job).await {
                Some(outcome) => outcome,
                // Somebody else's by now.
                None => return tracing::warn!("a job was lost to another worker: its lease could not be extended"),
            },
            Err(outcome) => outcome,
        };
        let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.settle(of, (ticket, attempt), outcome, ms).await;
    }

    /// The payload, or why the handler is not asked.
    async fn opened(&self, kind: &Kind, held: Held) -> Result<Job, Outcome> {
        if kind.repeats == Repeats::AtMostOnce && held.began_at.is_some() {
            return Err(Outcome::dead("a worker fell silent while it did this: look whether it was done"));
        }
        let opened = async {
            let mut connection = self.store.read().await?;
            let Some(key) = self.vault.open(&mut connection, &held.owner).await? else { return Ok(None) };
            let payload = key.open(columns::JOB_PAYLOAD.at(&held.key, &held.owner), &held.payload)?;
            Ok::<_, StoreError>(Some(payload))
        };
        match within(SILENT, opened).await.flatten() {
            Ok(Some(payload)) => Ok(Job { held, payload }),
            Ok(None) => Err(Outcome::Gone),
            Err(error) => Err(Outcome::Later(words(&error).to_string())),
        }
    }

    /// Runs the handler while the lease is extended. `None`: the job is lost.
    async fn handled(&self, handler: Arc<dyn Handler>, job: Job) -> Option<Outcome> {
        let ticket = job.held.ticket();
        let hands = Hands { store: self.store.clone(), ticket };
        // In a set, so that it ends with this task; by itself, so that its panic is its own.
        let mut alone = JoinSet::new();
        let work = async move {
            let done = within(SILENT, handler.work(&job, &hands)).await;
            done.unwrap_or_else(|silent| Outcome::Later(words(&silent).to_string()))
        };
        alone.spawn(work.instrument(tracing::Span::current()));
        tokio::select! {
            ended = alone.join_next() => Some(ended.map_or_else(|| Outcome::dead("it ended"), judged)),
            () = self.keep_extending(ticket) => None,
        }
    }

    /// Returns when the lease is lost.
    async fn keep_extending(&self, ticket: Ticket) {
        let mut until = Instant::now() + LEASE;
        let mut pause = LEASE / 2;
        while Instant::now() < until {
            tokio::time::sleep(pause).await;
            let asked = Instant::now();
            match self.store.begin_write(Extend { ticket }).await {
                Ok(()) => (until, pause) = (asked + LEASE, LEASE / 2),
                Err(StoreError::Stale) => return,
                Err(_) => pause = LEASE / 12,
            }
        }
    }

    /// Writes down what came of it.
    async fn settle(&self, kind: &'static Kind, (ticket, attempt): (Ticket, i64), outcome: Outcome, ms: u64) {
        let pause = drawn(pause_of(kind, attempt));
        let settled = match outcome {
            Outcome::Done(effect) => return self.done(kind, (ticket, attempt), ("done", effect), ms).await,
            Outcome::Gone => return self.done(kind, (ticket, attempt), ("gone", Arc::new(NoEffect)), ms).await,
            Outcome::Later(why) => self.until_there(|| Later { ticket, pause, why: why.clone() }).await,
            Outcome::Postpone(pause, why) => {
                let pause = pause / 2 + drawn(pause);
                self.until_there(|| Postpone { ticket, pause, why: why.clone() }).await
            }
            Outcome::Dead(why, effect) => {
                let die = || Die { ticket, why: why.clone(), effect: Arc::clone(&effect) };
                self.until_there(die).await.map(|()| true)
            }
        };
        self.failed(kind, attempt, settled, ms);
    }

    async fn done(
        &self,
        kind: &'static Kind,
        (ticket, attempt): (Ticket, i64),
        (outcome, effect): (&'static str, Arc<dyn Effect>),
        ms: u64,
    ) {
        let settled = match self.until_there(|| Finish { ticket, outcome, effect: Arc::clone(&effect) }).await {
            Ok(()) => {
                self.counts.done(kind.name);
                return tracing::info!(attempt, ms, outcome, "a job is done");
            }
            Err(StoreError::Stale) => Err(StoreError::Stale),
            // Its effect is refused: a failed attempt.
            Err(error) => {
                let (why, pause) = (words(&error).to_string(), drawn(pause_of(kind, attempt)));
                self.until_there(|| Later { ticket, pause, why: why.clone() }).await
            }
        };
        self.failed(kind, attempt, settled, ms);
    }

    /// `settled`: whether it is dead.
    fn failed(&self, kind: &'static Kind, attempt: i64, settled: Result<bool, StoreError>, ms: u64) {
        self.counts.failed(kind.name);
        match settled {
            Ok(true) => tracing::error!(attempt, ms, "a job is dead: windowshop queue show says why"),
            Ok(false) => tracing::warn!(attempt, ms, "a job comes again later"),
            Err(StoreError::Stale) => {
                tracing::warn!(attempt, ms, "a job was another worker's: its result is thrown away");
            }
            Err(error) => tracing::error!(%error, "what came of a job could not be written: its lease runs out"),
        }
    }

    /// Tries for as long as a store that was away for a moment takes to come back.
    async fn until_there<C: Change>(&self, change: impl Fn() -> C) -> Result<C::Done, StoreError> {
        let mut pause = SETTLE_PAUSE;
        for _ in 1..SETTLE_TRIES {
            match self.store.begin_write(change()).await {
                Err(StoreError::Away(_) | StoreError::Busy(_)) => {}
                done => return done,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        self.store.begin_write(change()).await
    }
}

/// A handler's own end, or its panic.
fn judged(ended: Result<Outcome, JoinError>) -> Outcome {
    ended.unwrap_or_else(|_| Outcome::Later("its handler panicked: the log has the place".to_string()))
}

/// What an error of the store is called in a job's row.
pub fn words(error: &StoreError) -> &'static str {
    match error {
        StoreError::Away(_) | StoreError::Busy(_) => "the store was away",
        StoreError::Taken { .. } => "what it makes is already there",
        StoreError::Stale => "something changed meanwhile",
        StoreError::Sealed(_) => "something sealed does not open",
        StoreError::Refused(_) => "the store refused a statement",
    }
}

/// The longest pause after this attempt.
fn pause_of(kind: &Kind, attempt: i64) -> Duration {
    let doubled = u32::try_from(attempt - 1).unwrap_or(0).min(20);
    kind.pause.saturating_mul(1 << doubled).min(kind.pause_max)
}

/// From zero to this, so that jobs that failed together do not come back together.
fn drawn(most: Duration) -> Duration {
    let mut bytes = [0; 4];
    // Without randomness they do.
    let _ = getrandom::fill(&mut bytes);
    most.mul_f64(f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX))
}

fn drawn_below(count: usize) -> usize {
    let place = drawn(Duration::from_secs(count as u64)).as_secs();
    usize::try_from(place).unwrap_or(0).min(count.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    static KIND: Kind = Kind {
        name: "test",
        max_attempts: 9,
        gives_up_after: None,
        pause: Duration::from_secs(30),
        pause_max: Duration::from_secs(3600),
        repeats: Repeats::AtLeastOnce,
    };

    #[test]
    fn pauses_double_up_to_their_most_and_are_drawn_below_it() {
        let seconds: Vec<u64> = (1..=9).map(|attempt| pause_of(&KIND, attempt).as_secs()).collect();
        assert_eq!(seconds, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(pause_of(&KIND, 1000).as_secs(), 3600);
        let drawn: Vec<Duration> = (0..200).map(|_| drawn(Duration::from_secs(100))).collect();
        assert!(drawn.iter().all(|pause| *pause <= Duration::from_secs(100)));
        assert!(drawn.iter().any(|pause| pause.as_secs() < 20) && drawn.iter().any(|pause| pause.as_secs() > 80));
        assert!((0..100).all(|_| drawn_below(3) < 3));
    }
}
