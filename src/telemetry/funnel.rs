//! How often each page of the application is shown, answered and refused: counted in memory, added to the store now and then.
//!
//! Called by the pages of the application; `application::funnel` takes what waits and writes it down. It knows no account, no
//! draft, no address and no time finer than a day: a key is made of words of closed lists, which its type holds. It must
//! never make a page wait, or hold anything that was typed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use strum::{EnumIter, IntoStaticStr};
use time::{OffsetDateTime, Time};

/// Different counts that may wait for a store that is away: every page, question and language of a week. What has a row
/// already goes on; new rows are given up, and how many is counted.
pub const KEYS_MAX: usize = 4_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Event {
    /// The page was shown to be answered; not when it came back with what is wrong.
    Shown,
    /// It was answered, and the next page came.
    Answered,
    /// Something on it was missing or could not be read.
    Refused,
    /// A question was among that.
    Field,
}

/// One count of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// When the day began, UTC, in milliseconds since 1970.
    pub day: i64,
    pub lang: &'static str,
    pub step: &'static str,
    pub event: Event,
    /// The question, for [`Event::Field`]; else empty.
    pub field: &'static str,
}

/// What a page has come to.
#[derive(Debug, Clone, Copy)]
pub enum Came<'a> {
    Shown,
    Answered,
    /// With the names of the questions.
    Refused(&'a [&'static str]),
}

#[derive(Debug, Default)]
struct Counts {
    waiting: BTreeMap<Key, u64>,
    /// Since the start of this process, for metrics; no question, no language, no day.
    ever: BTreeMap<(&'static str, Event), u64>,
    given_up: u64,
}

impl Counts {
    fn add(&mut self, key: Key, by: u64) {
        if let Some(count) = self.waiting.get_mut(&key) {
            *count += by;
        } else if self.waiting.len() < KEYS_MAX {
            self.waiting.insert(key, by);
        } else {
            self.given_up += by;
        }
    }
}

/// The counters of one process.
#[derive(Debug, Default)]
pub struct Funnel {
    counts: Mutex<Counts>,
}

impl Funnel {
    pub fn count(&self, now: OffsetDateTime, lang: &'static str, step: &'static str, came: Came<'_>) {
        let day = now.to_offset(time::UtcOffset::UTC).replace_time(Time::MIDNIGHT).unix_timestamp() * 1000;
        let mut counts = self.counts();
        let mut add = |event, field| {
            counts.add(Key { day, lang, step, event, field }, 1);
            if event != Event::Field {
                *counts.ever.entry((step, event)).or_default() += 1;
            }
        };
        match came {
            Came::Shown => add(Event::Shown, ""),
            Came::Answered => add(Event::Answered, ""),
            Came::Refused(fields) => {
                add(Event::Refused, "");
                fields.iter().for_each(|field| add(Event::Field, field));
            }
        }
    }

    /// Everything that waits, which then does no longer.
    pub fn take(&self) -> Vec<(Key, u64)> {
        std::mem::take(&mut self.counts().waiting).into_iter().collect()
    }

    /// What could not be written waits again, with what came meanwhile.
    pub fn put_back(&self, taken: Vec<(Key, u64)>) {
        let mut counts = self.counts();
        taken.into_iter().for_each(|(key, by)| counts.add(key, by));
    }

    /// Since the start of this process.
    pub fn ever(&self, step: &'static str, event: Event) -> u64 {
        self.counts().ever.get(&(step, event)).copied().unwrap_or(0)
    }

    /// Different counts that wait.
    pub fn waiting(&self) -> usize {
        self.counts().waiting.len()
    }

    /// Counts that found no room.
    pub fn given_up(&self) -> u64 {
        self.counts().given_up
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn what_waits_is_bounded_and_nothing_that_has_a_row_is_lost() {
        let funnel = Funnel::default();
        let first = datetime!(2026-11-27 23:59:59 UTC);
        for day in 0..i64::try_from(KEYS_MAX).expect("few") + 5 {
            funnel.count(first + time::Duration::days(day), "en", "home", Came::Shown);
        }
        assert_eq!((funnel.waiting(), funnel.given_up()), (KEYS_MAX, 5));
        funnel.count(first, "en", "home", Came::Shown);
        assert_eq!(funnel.given_up(), 5);
        let taken = funnel.take();
        assert_eq!(taken[0].1, 2);
        assert_eq!(taken[0].0.day, datetime!(2026-11-27 0:00 UTC).unix_timestamp() * 1000);
        funnel.count(first, "en", "home", Came::Refused(&["zip"]));
        funnel.put_back(taken);
        let again = funnel.take();
        assert_eq!(again.iter().map(|(_, count)| count).sum::<u64>(), u64::try_from(KEYS_MAX).expect("few") + 1);
        assert_eq!(funnel.ever("home", Event::Shown), u64::try_from(KEYS_MAX).expect("few") + 6);
        assert_eq!((funnel.ever("home", Event::Refused), funnel.ever("home", Event::Field)), (1, 0));
    }
}
