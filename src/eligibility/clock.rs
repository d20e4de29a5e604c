//! Which day it is, where: a state's own day for what begins and for what is said, a generous one for last days.
//!
//! Called by the enrollment pages and by every search. The caller gives the moment; nothing here looks at a clock.

use time::{Date, Duration, OffsetDateTime, Time, UtcOffset};

use super::state::State;
use super::tables::{StateClock, Tables};

/// Stands for the country where no state is known: Eastern time, which half of the people have.
const NO_STATE: &str = "DC";
/// Where a day of the fifty states ends last.
const LAST_TO_END: &str = "HI";
/// The hour at which clocks are moved (15 USC 260a(a)).
const MOVED_AT: Time = time::macros::time!(2:00);

/// One moment as the day that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// On the wall where the people are: what begins today has begun.
    pub own: Date,
    /// By which a last day is judged: nobody is told too early that it is over.
    pub last: Date,
}

impl Days {
    /// The same day for both: in the middle of the day, and in tests.
    pub fn both(day: Date) -> Days {
        Days { own: day, last: day }
    }
}

impl Tables {
    /// The days of a moment in a state; of the East where no state is known.
    pub fn days(&self, state: Option<State>, now: OffsetDateTime) -> Days {
        let at = |state: Option<State>| state.map(|state| self.day_of(self.clock(state), now));
        let own = at(state.or_else(|| State::parse(NO_STATE))).unwrap_or_else(|| now.date());
        let last = at(State::parse(LAST_TO_END)).unwrap_or(own);
        Days { own, last: last.min(own) }
    }

    /// What the clocks on the wall say in a state; in the East where no state is known.
    pub fn wall(&self, state: Option<State>, now: OffsetDateTime) -> OffsetDateTime {
        let state = state.or_else(|| State::parse(NO_STATE));
        state.map_or(now, |state| self.wall_of(self.clock(state), now))
    }

    fn day_of(&self, clock: &StateClock, now: OffsetDateTime) -> Date {
        self.wall_of(clock, now).date()
    }

    fn wall_of(&self, clock: &StateClock, now: OffsetDateTime) -> OffsetDateTime {
        let offset = UtcOffset::from_hms(clock.utc_hours, 0, 0).unwrap_or(UtcOffset::UTC);
        let standard = now.to_offset(offset);
        let moved = clock.summer_time
            && self.daylight_time(standard.year()).is_some_and(|year| {
                // Back at 2 a.m. of daylight time, which is 1 a.m. of standard time.
                let back = year.ends.with_time(MOVED_AT).assume_offset(offset) - Duration::HOUR;
                (year.starts.with_time(MOVED_AT).assume_offset(offset)..back).contains(&standard)
            });
        if moved { standard + Duration::HOUR } else { standard }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    /// 15 USC 260a(a), 263: on 1 November 2026 clocks go back at 2 a.m., two hours after open enrollment begins.
    #[test]
    fn a_day_is_the_states_own() {
        let tables = Tables::load().expect("the tables");
        let day = |state: &str, now| tables.days(State::parse(state), now).own;
        for (state, before, after) in [
            ("OH", datetime!(2026-11-01 03:59 UTC), datetime!(2026-11-01 04:00 UTC)),
            ("TX", datetime!(2026-11-01 04:59 UTC), datetime!(2026-11-01 05:00 UTC)),
            ("AZ", datetime!(2026-11-01 06:59 UTC), datetime!(2026-11-01 07:00 UTC)),
            ("UT", datetime!(2026-11-01 05:59 UTC), datetime!(2026-11-01 06:00 UTC)),
            ("OR", datetime!(2026-11-01 06:59 UTC), datetime!(2026-11-01 07:00 UTC)),
            ("AK", datetime!(2026-11-01 07:59 UTC), datetime!(2026-11-01 08:00 UTC)),
            ("HI", datetime!(2026-11-01 09:59 UTC), datetime!(2026-11-01 10:00 UTC)),
        ] {
            assert_eq!(day(state, before), date!(2026 - 10 - 31), "{state}");
            assert_eq!(day(state, after), date!(2026 - 11 - 01), "{state}");
        }
        // In winter an hour later.
        assert_eq!(day("OH", datetime!(2026-12-16 04:59 UTC)), date!(2026 - 12 - 15));
        assert_eq!(day("OH", datetime!(2026-12-16 05:00 UTC)), date!(2026 - 12 - 16));
        // The night after the clocks went back is one of standard time.
        assert_eq!(day("OH", datetime!(2026-11-02 04:30 UTC)), date!(2026 - 11 - 01));
        assert_eq!(tables.days(None, datetime!(2026-11-01 04:00 UTC)).own, date!(2026 - 11 - 01));
    }

    #[test]
    fn a_last_day_ends_last_in_hawaii() {
        let tables = Tables::load().expect("the tables");
        let night = datetime!(2026-12-16 06:00 UTC);
        let days = tables.days(State::parse("OH"), night);
        assert_eq!(days, Days { own: date!(2026 - 12 - 16), last: date!(2026 - 12 - 15) });
    }
}
