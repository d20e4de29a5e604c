//! The address of `/enroll`: state, plan year, and what happened when.
//!
//! `/enroll?state=OH&year=2027&event=birth.2026-11-03&event=marriage.2026-10-03.yes`, in which the events travel sealed.
//! Forms send the kind alone and the date in three fields (`event=birth&month_birth=11&day_birth=3&year_birth=2026`), in
//! their body. Called by this room's pages.
//! Reading never fails: faults are marked where they are, and everything typed is kept. It holds nothing but kinds
//! and dates.

use std::collections::HashMap;

use time::{Date, Duration, Month};

use super::known_place;
use crate::eligibility::Tables;
use crate::eligibility::enrollment::event_code;
use crate::eligibility::tables::{PriorCoverage, SepKind};
use crate::quote::ask::facets::{Note, NoteKind};

/// Events that people know of a year ahead: no window looks further.
const AHEAD: Duration = Duration::days(366);
/// The longest window is 90 days; anything older than this is a typo, not a question.
const BEHIND: Duration = Duration::days(3 * 366);
/// Characters kept of anything typed.
const TYPED_MAX: usize = 20;

/// One event as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventAsked {
    pub kind: String,
    pub month: String,
    pub day: String,
    pub year: String,
    pub had_coverage: Option<bool>,
    /// The date in the fields, once settled. `None`: still to be asked, wrong, or not needed.
    pub date: Option<Date>,
    /// Message key of what is wrong with the date.
    pub fault: Option<&'static str>,
}

/// What was read from an address.
#[derive(Debug, Clone, Default)]
pub struct EnrollQuery {
    pub state: String,
    pub zip: String,
    pub year: Option<i32>,
    pub events: Vec<EventAsked>,
    /// Kinds that open no special enrollment (or no longer do), as typed.
    pub unknown: Vec<String>,
    pub notes: Vec<Note>,
}

/// Whether this kind has a window that a date opens; members of tribes need none.
pub fn needs_date(kind: &SepKind) -> bool {
    kind.days_before.is_some() || kind.days_after.is_some()
}

pub fn needs_coverage_answer(kind: &SepKind) -> bool {
    kind.prior_coverage != PriorCoverage::No
}

impl EnrollQuery {
    pub fn read(query: &str, tables: &Tables, today: Date) -> EnrollQuery {
        let mut asked = EnrollQuery::default();
        let mut fields: HashMap<String, String> = HashMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value: String = value.trim().chars().take(60).collect();
            match name.as_ref() {
                _ if value.is_empty() => {}
                "state" => asked.state = short(&value),
                "zip" => asked.zip = short(&value),
                "year" => match value.parse() {
                    Ok(year) => asked.year = Some(year),
                    Err(_) => asked.notes.push(Note::new("year", &value, NoteKind::BadValue)),
                },
                "event" => asked.take_event(&value),
                name if is_field(name) => {
                    fields.insert(name.to_string(), value);
                }
                name => asked.notes.push(Note::new(name, &value, NoteKind::UnknownName)),
            }
        }
        asked.settle(&mut fields, tables, today);
        asked
    }

    /// `birth`, `birth.2026-11-03`, `birth.11/3/2026`, `marriage.2026-10-03.yes`.
    fn take_event(&mut self, value: &str) {
        let mut parts = value.splitn(3, '.');
        let kind = event_code(parts.next().unwrap_or_default()).to_string();
        if self.events.iter().any(|event| event.kind == kind) {
            return;
        }
        let typed = parts.next().unwrap_or_default();
        let mut event = EventAsked { kind, had_coverage: parts.next().and_then(yes_no), ..EventAsked::default() };
        match read_date(typed) {
            Some(date) => event.fill(date),
            // Shown again in the month field: the fields cannot hold its parts.
            None => event.month = short(typed),
        }
        self.events.push(event);
    }

    fn settle(&mut self, fields: &mut HashMap<String, String>, tables: &Tables, today: Date) {
        let mut known = Vec::new();
        for mut event in std::mem::take(&mut self.events) {
            let Some(kind) = tables.sep_kind(&event.kind, today) else {
                self.unknown.push(event.kind.chars().take(40).collect());
                continue;
            };
            if needs_coverage_answer(kind) {
                let said = fields.remove(&format!("had_{}", event.kind));
                event.had_coverage = said.as_deref().and_then(yes_no).or(event.had_coverage);
            } else {
                event.had_coverage = None;
            }
            if needs_date(kind) {
                event.take_fields(fields);
                event.read(today);
            } else {
                (event.month, event.day, event.year) = Default::default();
            }
            known.push(event);
        }
        known.sort_by_key(|event| known_place(&event.kind));
        self.events = known;
    }

    /// Everything settled, in canonical order. `state` as found, by its code or a ZIP.
    pub fn pairs(&self, state: Option<&str>) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<_> = state.map(|state| ("state", state.to_string())).into_iter().collect();
        pairs.extend(self.year.map(|year| ("year", year.to_string())));
        pairs.extend(self.events.iter().map(|event| ("event", event.written())));
        pairs
    }
}

impl EventAsked {
    fn fill(&mut self, date: Date) {
        self.month = u8::from(date.month()).to_string();
        self.day = date.day().to_string();
        self.year = date.year().to_string();
    }

    /// Fields win over the event's own date: they are what the person just typed.
    fn take_fields(&mut self, fields: &mut HashMap<String, String>) {
        let mut typed = |name: &str| fields.remove(&format!("{name}_{}", self.kind)).map(|text| short(&text));
        let (month, day, year) = (typed("month"), typed("day"), typed("year"));
        if month.is_some() || day.is_some() || year.is_some() {
            self.month = month.unwrap_or_default();
            self.day = day.unwrap_or_default();
            self.year = year.unwrap_or_default();
        }
    }

    fn read(&mut self, today: Date) {
        let blank = [&self.month, &self.day, &self.year].map(|text| text.is_empty());
        let date = match blank {
            [true, true, true] => return,
            // A whole date typed or pasted into the first field.
            [false, true, true] if !self.month.bytes().all(|b| b.is_ascii_digit()) => read_date(&self.month),
            [false, false, false] => parts(&self.year, &self.month, &self.day),
            _ => {
                self.fault = Some("enroll.date_incomplete");
                return;
            }
        };
        self.fault = match date {
            None => Some("enroll.date_impossible"),
            Some(date) if date - today > AHEAD => Some("enroll.date_too_far"),
            Some(date) if today - date > BEHIND => Some("enroll.date_too_old"),
            Some(date) => {
                self.fill(date);
                self.date = Some(date);
                None
            }
        };
    }

    /// As written in the address.
    pub fn written(&self) -> String {
        let mut out = self.kind.clone();
        if let Some(date) = self.date {
            out += &format!(".{}", iso(date));
            match self.had_coverage {
                Some(true) => out += ".yes",
                Some(false) => out += ".no",
                None => {}
            }
        }
        out
    }
}

fn is_field(name: &str) -> bool {
    ["month_", "day_", "year_", "had_"].iter().any(|field| name.starts_with(field))
}

fn short(text: &str) -> String {
    text.chars().take(TYPED_MAX).collect()
}

fn yes_no(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// `2026-11-03`.
pub fn iso(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// Parses `2026-11-03`, `11/3/2026`, `11-3-2026` and `11/3/26`: month before day, as on forms in the United States.
pub fn read_date(text: &str) -> Option<Date> {
    let mut split = text.split(['-', '/']).map(str::trim);
    let (a, b, c) = (split.next()?, split.next()?, split.next()?);
    if split.next().is_some() {
        return None;
    }
    if a.len() == 4 { parts(a, b, c) } else { parts(c, a, b) }
}

fn parts(year: &str, month: &str, day: &str) -> Option<Date> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u16>().ok()).flatten();
    let year = match (year.len(), number(year)?) {
        // "26" is in this century.
        (2, year) => 2000 + year,
        (4, year) => year,
        _ => return None,
    };
    let month = Month::try_from(u8::try_from(number(month)?).ok()?).ok()?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(number(day)?).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::ask::address::write_query;
    use proptest::prelude::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 21);

    fn asked(query: &str) -> EnrollQuery {
        EnrollQuery::read(query, &Tables::load().unwrap(), TODAY)
    }

    #[test]
    fn dates_are_read_as_people_write_them() {
        for text in ["2026-11-03", "11/3/2026", "11/03/26", "11-3-2026", " 11 / 3 / 2026 "] {
            assert_eq!(read_date(text), Some(date!(2026 - 11 - 03)), "{text}");
        }
        for text in
            ["2026-02-30", "13/1/2026", "3/11", "", "11/3/2026/1", "-1/3/2026", "11/3/226", "+1/3/2026", "a/b/c"]
        {
            assert_eq!(read_date(text), None, "{text}");
        }
    }

    #[test]
    fn the_form_and_the_address_say_the_same() {
        let form = asked(
            "state=OH&event=moved&event=birth&month_birth=11&day_birth=3&year_birth=2026&had_moved=yes&month_moved=10%2F1%2F2026",
        );
        let written = write_query(&form.pairs(Some("OH")));
        assert_eq!(written, "state=OH&event=birth.2026-11-03&event=moved.2026-10-01.yes");
        assert_eq!(write_query(&asked(&written).pairs(Some("OH"))), written);
    }

    #[test]
    fn wrong_dates_are_marked_and_kept() {
        for (typed, fault) in [
            ("month_birth=2&day_birth=30&year_birth=2026", "enroll.date_impossible"),
            ("month_birth=2&day_birth=3", "enroll.date_incomplete"),
            ("month_birth=2", "enroll.date_incomplete"),
            ("month_birth=2&day_birth=3&year_birth=2062", "enroll.date_too_far"),
            ("month_birth=2&day_birth=3&year_birth=1999", "enroll.date_too_old"),
            ("month_birth=soon", "enroll.date_impossible"),
        ] {
            let asked = asked(&format!("event=birth&{typed}"));
            assert_eq!((asked.events[0].fault, asked.events[0].date), (Some(fault), None), "{typed}");
            assert!(typed.ends_with(&asked.events[0].year), "{typed}");
        }
        let ended = asked("event=low_income_monthly&event=lottery&event=birth.2026-02-30");
        assert_eq!(ended.unknown, ["low_income_monthly", "lottery"]);
        assert_eq!(
            (ended.events[0].month.as_str(), ended.events[0].fault),
            ("2026-02-30", Some("enroll.date_impossible"))
        );
    }

    proptest! {
        #[test]
        fn any_address_settles_in_one_step(query in "(event=(birth|moved|marriage|tribal_member|x)(\\.[0-9/-]{0,11}(\\.(yes|no|z))?)?&|(month|day|year)_birth=[0-9/]{0,5}&|state=[A-Z]{0,3}&){0,6}") {
            let first = asked(&query);
            let again = asked(&write_query(&first.pairs(None)));
            prop_assert_eq!(again.pairs(None), first.pairs(None));
            prop_assert!(again.unknown.is_empty() && again.events.iter().all(|event| event.fault.is_none()));
        }
    }
}
