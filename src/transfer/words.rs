//! What people are told of a transfer, in every language: notices, and the agency's name and telephone.
//!
//! Called inside the change of whatever it tells of. It never promises what an agency has not said.

use time::Date;

use super::record::Line;
use super::steps::{ACCEPTED, Chance, DENIED, DETERMINED, REJECTED, SENT, Step};
use crate::application::record::{Letter, Notice, Part, PersonPart};
use crate::application::sheet::HOUSEHOLD;
use crate::application::submit::shown;
use crate::eligibility::Tables;
use crate::store::Millis;
use crate::text::i18n::Lang;
use crate::verify::Knows;
use crate::verify::case::Case;

/// Messages about whom an agency does not have to look at any more.
const ENDED: &str = "ended";

/// What a notice is about.
pub struct Told<'a> {
    pub line: &'a Line,
    pub step: &'static str,
    pub people: &'a [&'a Step],
    pub chance: &'a Chance,
    pub now: Millis,
}

/// Name and telephone of a state's agency; both may be unknown.
pub fn agency(tables: &Tables, state: &str) -> (String, String) {
    let found = tables.medicaid_agency(state);
    found.map(|agency| (agency.agency.clone(), agency.phone.clone())).unwrap_or_default()
}

/// The last day of a special enrollment period that an event opens; `None` if we know none.
pub fn closes(tables: &Tables, kind: &str, day: &str) -> Option<Date> {
    let day = read_day(day)?;
    day.checked_add(time::Duration::days(tables.sep_kind(kind, day)?.days_after?))
}

struct Says<'a> {
    knows: &'a Knows,
    case: &'a Case,
    lang: Lang,
}

impl Says<'_> {
    fn t(&self, key: &str) -> String {
        self.knows.messages.t(self.lang, key).to_string()
    }

    fn tf(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.knows.messages.tf(self.lang, key, values)
    }

    fn date(&self, day: Date) -> String {
        self.knows.messages.date(self.lang, day)
    }

    fn day(&self, at: Millis) -> String {
        self.date(self.case.day(&self.knows.tables, at))
    }

    fn name(&self, person: u32) -> String {
        let name = self.case.name(person);
        if name.is_empty() { self.tf("how.person", &[("n", &person.to_string())]) } else { name }
    }

    /// `Ohio Department of Medicaid, 1-800-324-8680`, or "your state's Medicaid agency".
    fn agency(&self, state: &str) -> (String, String) {
        let (name, phone) = agency(&self.knows.tables, state);
        let name = if name.is_empty() { self.t("transfer.agency") } else { name };
        let call = match phone.as_str() {
            "" => self.t("transfer.call_unknown"),
            phone => self.tf("transfer.call", &[("agency", &name), ("phone", phone)]),
        };
        (name, call)
    }

    fn letter(&self, told: &Told) -> Letter {
        let (agency, call) = self.agency(&told.line.state);
        let reference = shown(&self.case.application.reference);
        let when = self.day(told.people.first().map_or(told.now, |own| own.said_at));
        let values = [("agency", &agency[..]), ("when", &when), ("reference", &reference)];
        let sent = self.day(self.case.application.submitted_at);
        // Nobody is referred any more: then it is another letter.
        let ended = told.step == SENT && told.line.referred().is_empty();
        let named = if ended { ENDED } else { told.step };
        let mut lead = vec![
            self.tf("notice.about", &[("reference", &reference), ("when", &sent)]),
            self.tf(&format!("transfer.notice.{named}.lead"), &values),
        ];
        if named == SENT && told.line.number > 1 {
            lead.push(self.t("transfer.notice.sent.again"));
        }
        let people = match told.step {
            SENT => told.line.referrals().into_iter().map(|row| self.person(row, None, told)).collect(),
            _ => told
                .people
                .iter()
                .filter(|own| own.person != HOUSEHOLD)
                .map(|own| self.person(own.person, Some(own), told))
                .collect(),
        };
        let mut next = vec![self.tf(&format!("transfer.notice.{named}.next"), &values)];
        if named == SENT && told.line.referrals().iter().any(|row| told.line.has_ended(*row)) {
            next.push(self.t("transfer.notice.ended.next"));
        }
        if told.step == DENIED {
            next.push(match told.chance {
                Chance::Season(ends) => self.tf("transfer.denied.season", &[("date", &self.date(*ends))]),
                Chance::Special(Some(closes)) => self.tf("transfer.denied.special", &[("date", &self.date(*closes))]),
                Chance::Special(None) | Chance::None => self.t("transfer.denied.ask"),
            });
        }
        let [name, url, phone] = self.place();
        let place = [("name", name.as_str()), ("url", url.as_str()), ("phone", phone.as_str())];
        let mut who = vec![call];
        if !ended {
            who.push(self.t("transfer.notice.rights"));
        }
        let parts = vec![
            Part { heading: self.t("notice.next"), lines: next },
            Part { heading: self.t("transfer.notice.agency"), lines: who },
            Part {
                heading: self.t("notice.help"),
                lines: vec![self.tf("notice.help_lines", &place), self.t("notice.civil")],
            },
        ];
        let title = self.t(&format!("transfer.notice.{named}.title"));
        Letter { lang: self.lang.code().to_string(), title, lead, people, parts }
    }

    fn person(&self, row: u32, own: Option<&Step>, told: &Told) -> PersonPart {
        let name = self.name(row);
        let program = match own.map(|own| own.program) {
            Some("chip") => self.t("transfer.program.chip"),
            Some("medicaid") => self.t("transfer.program.medicaid"),
            _ => self.t("transfer.program.both"),
        };
        let from = own.map(|own| own.from_day.as_str()).and_then(read_day).map(|day| self.date(day));
        let result = match (told.step, from) {
            (SENT, _) if told.line.has_ended(row) => self.tf("transfer.person.ended", &[("name", &name)]),
            (SENT, _) => self.tf("transfer.person.sent", &[("name", &name)]),
            (ACCEPTED, _) => self.tf("transfer.person.accepted", &[("name", &name)]),
            (REJECTED, _) => self.tf("transfer.person.rejected", &[("name", &name)]),
            (DETERMINED, Some(from)) => {
                self.tf("transfer.person.determined_from", &[("name", &name), ("program", &program), ("date", &from)])
            }
            (DETERMINED, None) => self.tf("transfer.person.determined", &[("name", &name), ("program", &program)]),
            _ => self.tf("transfer.person.denied", &[("name", &name), ("program", &program)]),
        };
        PersonPart { name, results: vec![result], why: Vec::new() }
    }

    fn place(&self) -> [String; 3] {
        let market = self.case.state().and_then(|state| self.knows.tables.marketplace(state, self.case.plan_year()));
        market.map_or_else(Default::default, |market| {
            let (name, url, _) = market.site(self.lang.code());
            [name.to_string(), url.to_string(), market.phone.clone()]
        })
    }
}

fn read_day(text: &str) -> Option<Date> {
    Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).ok()
}

/// The notice of a step, in every language.
pub fn notice(knows: &Knows, case: &Case, told: &Told) -> Notice {
    Notice { letters: knows.messages.languages().map(|lang| Says { knows, case, lang }.letter(told)).collect() }
}
