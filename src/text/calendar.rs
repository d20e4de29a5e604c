//! Calendar files (RFC 5545) for deadlines: all-day events with reminders.
//!
//! Called by `enroll`. Pure text: the caller supplies the time. It never writes anything about a person beyond the
//! words it is given.

use std::fmt::Write as _;

use time::{Date, OffsetDateTime, UtcOffset};

/// Longest content line in octets, without its line break (RFC 5545, 3.1).
const LINE_OCTETS: usize = 75;
/// When a calendar reminds: a week before, and again the day before for people who saved it late.
const REMINDERS: [&str; 2] = ["-P7D", "-P1D"];

/// The last day to do something.
#[derive(Debug, Clone)]
pub struct Deadline {
    /// Identifies the deadline: saving the same one twice gives one entry. Letters, digits and hyphens.
    pub id: String,
    pub day: Date,
    pub summary: String,
    pub description: String,
    /// Where to act.
    pub url: Option<String>,
}

/// The file: one calendar with an all-day entry for each deadline. `now` is its creation time; `lang` a language
/// code.
pub fn file(deadlines: &[Deadline], now: OffsetDateTime, lang: &str) -> String {
    let mut out = String::new();
    let mut line = |text: &str| fold(&mut out, text);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line(&format!("PRODID:-//Windowshop//Enrollment deadlines//{}", lang.to_uppercase()));
    line("CALSCALE:GREGORIAN");
    let stamp = now.to_offset(UtcOffset::UTC);
    let stamp = format!("{}T{:02}{:02}{:02}Z", day(stamp.date()), stamp.hour(), stamp.minute(), stamp.second());
    for deadline in deadlines {
        line("BEGIN:VEVENT");
        line(&format!("UID:{}@windowshop", deadline.id));
        line(&format!("DTSTAMP:{stamp}"));
        line(&format!("DTSTART;VALUE=DATE:{}", day(deadline.day)));
        // An all-day event ends on the next day; the calendar's last day has none.
        if let Some(after) = deadline.day.next_day() {
            line(&format!("DTEND;VALUE=DATE:{}", day(after)));
        }
        line(&format!("SUMMARY:{}", escape(&deadline.summary)));
        line(&format!("DESCRIPTION:{}", escape(&deadline.description)));
        if let Some(url) = &deadline.url {
            line(&format!("URL:{}", one_line(url)));
        }
        // A deadline does not mark a day as busy.
        line("TRANSP:TRANSPARENT");
        for trigger in REMINDERS {
            line("BEGIN:VALARM");
            line("ACTION:DISPLAY");
            line(&format!("TRIGGER:{trigger}"));
            line(&format!("DESCRIPTION:{}", escape(&deadline.summary)));
            line("END:VALARM");
        }
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    out
}

/// `20261215`.
fn day(date: Date) -> String {
    let mut out = String::with_capacity(8);
    // Writing to a String cannot fail.
    let _ = write!(out, "{:04}{:02}{:02}", date.year(), u8::from(date.month()), date.day());
    out
}

/// A TEXT value (RFC 5545, 3.3.11): escapes backslash, semicolon, comma and line breaks; drops other control
/// characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Writes a content line in pieces of at most 75 octets, never splitting a character; continuation lines begin with a
/// space.
fn fold(out: &mut String, line: &str) {
    let mut room = LINE_OCTETS;
    for c in line.chars() {
        if c.len_utf8() > room {
            out.push_str("\r\n ");
            room = LINE_OCTETS - 1;
        }
        out.push(c);
        room -= c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::{date, datetime};

    fn folded(line: &str) -> String {
        let mut out = String::new();
        fold(&mut out, line);
        out
    }

    #[test]
    fn a_deadline_is_a_whole_day_with_reminders() {
        let deadline = Deadline {
            id: "open-2027-20261215".into(),
            day: date!(2026 - 12 - 15),
            summary: "Last day; choose, or wait".into(),
            description: "One\nTwo".into(),
            url: Some("https://www.healthcare.gov".into()),
        };
        let text = file(&[deadline], datetime!(2026-11-21 03:04:05 -5), "es");
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(
            lines[..13],
            [
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "PRODID:-//Windowshop//Enrollment deadlines//ES",
                "CALSCALE:GREGORIAN",
                "BEGIN:VEVENT",
                "UID:open-2027-20261215@windowshop",
                "DTSTAMP:20261121T080405Z",
                "DTSTART;VALUE=DATE:20261215",
                "DTEND;VALUE=DATE:20261216",
                "SUMMARY:Last day\\; choose\\, or wait",
                "DESCRIPTION:One\\nTwo",
                "URL:https://www.healthcare.gov",
                "TRANSP:TRANSPARENT",
            ]
        );
        assert_eq!(text.matches("BEGIN:VALARM").count(), 2);
        assert!(text.contains("TRIGGER:-P7D\r\n") && text.ends_with("END:VCALENDAR\r\n"));
    }

    #[test]
    fn lines_break_after_75_octets_and_never_inside_a_character() {
        assert_eq!(folded(&"x".repeat(75)), format!("{}\r\n", "x".repeat(75)));
        assert_eq!(folded(&"x".repeat(76)), format!("{}\r\n x\r\n", "x".repeat(75)));
        assert_eq!(folded(&format!("{}é", "x".repeat(74))), format!("{}\r\n é\r\n", "x".repeat(74)));
    }

    proptest! {
        #[test]
        fn folding_loses_nothing(text in "[ -~é€😀]{0,400}") {
            let out = folded(&text);
            prop_assert!(out.split("\r\n").all(|piece| piece.len() <= LINE_OCTETS));
            prop_assert_eq!(out.replace("\r\n ", ""), format!("{text}\r\n"));
        }

        #[test]
        fn escaped_text_is_one_line(text in any::<String>()) {
            prop_assert!(!escape(&text).chars().any(char::is_control));
        }
    }
}
