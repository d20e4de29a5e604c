//! The store's times as people read them on a wall.

use time::OffsetDateTime;

use crate::eligibility::State;
use crate::store::Millis;
use crate::web::page::Cx;

/// The country's first and last large time zones, by a place in each: nobody has told us where they are.
const EAST: &str = "NY";
const WEST: &str = "CA";

fn moment(at: Millis) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at / 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `7:45 PM`, `7:45 p. m.`
fn time_words(cx: &Cx, wall: OffsetDateTime) -> String {
    let (hour, minute) = (wall.hour(), wall.minute());
    let half = if hour < 12 { cx.t("office.clock.am") } else { cx.t("office.clock.pm") };
    let hour = match hour % 12 {
        0 => 12,
        hour => hour,
    };
    format!("{hour}:{minute:02} {half}")
}

/// `7:45 PM Eastern time (4:45 PM Pacific time)`.
pub fn clock(cx: &Cx, at: Millis) -> String {
    let wall = |place| time_words(cx, cx.app.tables.wall(State::parse(place), moment(at)));
    cx.tf("office.clock.both", &[("east", &wall(EAST)), ("west", &wall(WEST))])
}

/// `November 26, 2026, 7:45 PM Eastern time`.
pub fn day_and_clock(cx: &Cx, at: Millis) -> String {
    let wall = cx.app.tables.wall(State::parse(EAST), moment(at));
    let date = cx.date(wall.date());
    cx.tf("office.clock.day", &[("date", &date), ("time", &time_words(cx, wall))])
}

/// `November 26, 2026`
pub fn day_of(cx: &Cx, at: Millis) -> String {
    cx.date(cx.app.tables.wall(State::parse(EAST), moment(at)).date())
}
