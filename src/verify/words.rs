//! The notices of this room in every language: what could not be checked and what to send, reminders, what was decided
//! with before and after in numbers.
//!
//! Called inside the change that they tell of. They repeat no amount that a source has told (IRS Publication 1075).

use serde_json::Value;
use time::{Date, Duration, Month};

use super::case::{Case, cents};
use super::dmi::{Dmi, EXPIRED};
use super::effective::Cause;
use super::rules::{Subject, ToSend};
use super::{Knows, moment};
use crate::application::record::{ITEM, Letter, Notice, Part, PersonPart};
use crate::application::submit::shown;
use crate::eligibility::State;
use crate::eligibility::enrollment::open_enrollment;
use crate::store::Millis;
use crate::text::i18n::{Lang, Messages};
use crate::types::Cents;

/// One language's words about one application; rooms below say their notices with it, too.
pub struct Says<'a> {
    pub(super) messages: &'a Messages,
    pub(super) lang: Lang,
    pub(super) knows: &'a Knows,
    pub(super) case: &'a Case,
}

impl Says<'_> {
    pub fn t(&self, key: &str) -> String {
        self.messages.t(self.lang, key).to_string()
    }

    pub fn tf(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.messages.tf(self.lang, key, values)
    }

    /// "Ana, Ben and Cai".
    pub fn list(&self, items: &[String]) -> String {
        self.messages.list(self.lang, items)
    }

    pub fn date(&self, day: Date) -> String {
        self.messages.date(self.lang, day)
    }

    pub fn name(&self, person: u32) -> String {
        let name = self.case.name(person);
        if name.is_empty() { self.tf("how.person", &[("n", &person.to_string())]) } else { name }
    }

    /// The household's own day at a moment.
    pub fn day_of(&self, at: Millis) -> Date {
        wall(self.knows, self.case, at)
    }

    pub fn part(&self, heading: &str, lines: Vec<String>) -> Part {
        Part { heading: self.t(heading), lines }
    }

    fn document(&self, name: &str) -> String {
        self.t(&format!("verify.document.{name}"))
    }

    /// `About the application with the number …`
    pub fn about(&self) -> String {
        let sent = wall(self.knows, self.case, self.case.application.submitted_at);
        let (number, when) = (shown(&self.case.application.reference), self.date(sent));
        self.tf("notice.about", &[("reference", &number), ("when", &when)])
    }

    /// Who runs the marketplace: name, address, telephone.
    pub(super) fn place(&self) -> [String; 3] {
        let state = self.case.state();
        let market = state.and_then(|state| self.knows.tables.marketplace(state, self.case.plan_year()));
        market.map_or_else(Default::default, |market| {
            let (name, url, _) = market.site(self.lang.code());
            [name.to_string(), url.to_string(), market.phone.clone()]
        })
    }

    pub fn help(&self) -> Part {
        let [name, url, phone] = self.place();
        let place = [("name", name.as_str()), ("url", url.as_str()), ("phone", phone.as_str())];
        self.part("notice.help", vec![self.tf("notice.help_lines", &place), self.t("notice.civil")])
    }

    /// What one issue is about, until when, and what can be sent.
    fn issue(&self, dmi: &Dmi) -> Part {
        let (name, kind) = (self.name(dmi.person), dmi.kind.word());
        let subject = self.t(&format!("verify.subject.{kind}"));
        let day = self.case.day(&self.knows.tables, dmi.opened_at);
        let mut lines = vec![
            self.tf(&format!("verify.open.{kind}"), &[("name", &name)]),
            self.tf("verify.until", &[("date", &self.date(dmi.due_day))]),
        ];
        lines.extend(self.to_send(&self.knows.rules.to_send(dmi.kind, day)));
        lines.extend(
            self.knows
                .rules
                .kind(dmi.kind, day)
                .map(|kind| self.tf(&format!("verify.if_nothing.{}", kind.expiry.word()), &[("name", &name)])),
        );
        let heading = self.tf("verify.heading", &[("name", &name), ("subject", &subject)]);
        Part { heading, lines }
    }

    fn to_send(&self, send: &ToSend) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, names) in [
            ("verify.send_one", &send.alone),
            ("verify.send_two", &send.together),
            ("verify.send_beside", &send.beside),
        ] {
            if !names.is_empty() {
                lines.push(self.t(key));
                lines.extend(names.iter().map(|name| format!("{ITEM}{}", self.document(name))));
            }
        }
        lines
    }

    pub fn letter(&self, title: &str, lead: Vec<String>, people: Vec<PersonPart>, parts: Vec<Part>) -> Letter {
        Letter { lang: self.lang.code().to_string(), title: self.t(title), lead, people, parts }
    }
}

pub(super) fn wall(knows: &Knows, case: &Case, at: Millis) -> Date {
    case.day(&knows.tables, at)
}

/// A notice, said once in each language of the site.
pub fn in_every_language(knows: &Knows, case: &Case, letter: impl Fn(&Says) -> Letter) -> Notice {
    let says = |lang| Says { messages: &knows.messages, lang, knows, case };
    Notice { letters: knows.messages.languages().map(|lang| letter(&says(lang))).collect() }
}

/// What could not be checked, what to send, until when, and that everything goes on meanwhile.
pub fn opened(knows: &Knows, case: &Case, dmis: &[Dmi], now: Millis) -> Notice {
    let today = wall(knows, case, now);
    in_every_language(knows, case, |says| {
        let lead = vec![
            says.about(),
            says.tf("verify.opened.lead", &[("date", &says.date(today))]),
            says.t("verify.meanwhile"),
        ];
        let mut parts: Vec<Part> = dmis.iter().map(|dmi| says.issue(dmi)).collect();
        parts.push(says.part("verify.how.title", vec![says.t("verify.how.lines"), says.t("verify.how.mistyped")]));
        parts.push(says.part("verify.cannot.title", vec![says.t("verify.cannot.lines")]));
        parts.push(says.help());
        says.letter("verify.opened.title", lead, Vec::new(), parts)
    })
}

/// That something is still needed.
pub fn reminder(knows: &Knows, case: &Case, dmis: &[Dmi], now: Millis) -> Notice {
    in_every_language(knows, case, |says| {
        let days = dmis.iter().map(|dmi| dmi.days_left(now)).min().unwrap_or_default();
        let left = says.messages.n(says.lang, "verify.reminder.left", days);
        let mut lead = vec![says.about(), left, says.t("verify.meanwhile")];
        if dmis.iter().any(|dmi| dmi.in_review > 0) {
            lead.push(says.t("verify.reminder.in_review"));
        }
        let mut parts: Vec<Part> = dmis.iter().map(|dmi| says.issue(dmi)).collect();
        parts.push(says.part("verify.how.title", vec![says.t("verify.how.lines"), says.t("verify.how.mistyped")]));
        parts.push(says.help());
        says.letter("verify.reminder.title", lead, Vec::new(), parts)
    })
}

/// What a redetermination is told from.
pub struct Told<'a> {
    pub cause: &'a str,
    pub dmis: &'a [Dmi],
    pub now: Millis,
    /// The plan year that it is about.
    pub year: i32,
}

impl Told<'_> {
    /// The issues that this one is about.
    fn about(&self) -> Vec<&Dmi> {
        let (what, id) = self.cause.split_once(':').unwrap_or((self.cause, ""));
        let own = self.dmis.iter().find(|dmi| dmi.id == id);
        let with = |dmi: &&Dmi| own.is_some_and(|own| dmi.closed_at == own.closed_at && dmi.state == EXPIRED);
        match what {
            "dmi_expired" => self.dmis.iter().filter(with).collect(),
            "dmi_resolved" => own.into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// What was decided, with before and after.
pub fn redetermined(knows: &Knows, case: &Case, told: &Told, (before, after): (&Value, &Value)) -> Notice {
    let today = wall(knows, case, told.now);
    let about = told.about();
    let expired = about.iter().any(|dmi| dmi.state == EXPIRED);
    let changes_from = knows.effective.day(Cause::of(told.cause), case.marketplace(&knows.tables), today);
    let changes_from = changes_from.max(first_of(told.year, today));
    in_every_language(knows, case, |says| {
        let mut lead = vec![says.about()];
        for dmi in &about {
            let name = says.name(dmi.person);
            let subject = says.t(&format!("verify.subject.{}", dmi.kind.word()));
            let key = if dmi.state == EXPIRED { "verify.decided.expired" } else { "verify.decided.resolved" };
            let values = [("name", &name[..]), ("subject", &subject), ("date", &says.date(dmi.due_day))];
            lead.push(says.tf(key, &values));
        }
        if about.is_empty() {
            lead.push(says.t(match told.cause.split(':').next() {
                Some("appeal_kept") => "verify.decided.appeal_kept",
                Some("appeal_over") => "verify.decided.appeal_over",
                Some("appeal") => "verify.decided.appeal",
                _ => "verify.decided.rules",
            }));
        }
        let same = credits(before) == credits(after) && every_result(says, before) == every_result(says, after);
        lead.push(match same {
            true => says.t("verify.decided.same"),
            false => says.tf("verify.decided.from", &[("date", &says.date(changes_from))]),
        });
        if told.year != case.plan_year() {
            lead.push(says.tf("verify.decided.of_year", &[("year", &told.year.to_string())]));
        }
        lead.extend(says.credit_lines(before, after));
        let people = people_of(after).map(|person| says.before_and_after(before, person)).collect();
        let mut parts = Vec::new();
        if expired {
            parts.push(says.part("verify.back.title", says.way_back(&about)));
        }
        // What an appeal itself has kept or ended is no new decision.
        if !told.cause.starts_with("appeal_") {
            parts.push(says.appeal(today));
        }
        parts.push(says.help());
        says.letter("verify.decided.title", lead, people, parts)
    })
}

/// From which day a change holds: the first of the next month, and never before its plan year.
fn from(year: i32, today: Date) -> Date {
    next_month(today).max(first_of(year, today))
}

fn first_of(year: i32, otherwise: Date) -> Date {
    Date::from_calendar_date(year, Month::January, 1).unwrap_or(otherwise)
}

/// Whether nobody gets anything else, and no credit is another one.
pub fn is_same(messages: &Messages, (before, after): (&Value, &Value)) -> bool {
    let all = |lang: Lang, of: &Value| -> Vec<(String, Vec<String>)> {
        people_of(of).map(|own| (own["id"].to_string(), gets(messages, lang, own))).collect()
    };
    let same = |lang| all(lang, before) == all(lang, after);
    credits(before) == credits(after) && messages.languages().all(same)
}

/// The results of the next plan year, worked out from what was told (45 CFR 155.335(h)).
pub fn renewed(
    knows: &Knows,
    case: &Case,
    (year, consented, now): (i32, bool, Millis),
    (before, after): (&Value, &Value),
) -> Notice {
    let today = wall(knows, case, now);
    let ends = case.state().and_then(|state| open_enrollment(&knows.tables, state, year, knows.days(case, now)).ends);
    in_every_language(knows, case, |says| {
        let number = year.to_string();
        let of_year = [("year", &number[..])];
        let mut lead = vec![says.about(), says.tf("verify.renewed.lead", &of_year)];
        lead.push(says.tf("verify.renewed.from", &[("date", &says.date(from(year, today)))]));
        if !consented {
            lead.push(says.tf("verify.renewed.no_consent", &of_year));
        }
        lead.extend(says.credit_lines(before, after));
        let people = people_of(after).map(|person| says.before_and_after(before, person)).collect();
        let mut next = vec![says.tf("verify.renewed.look", &of_year)];
        next.extend(ends.map(|ends| says.tf("verify.renewed.until", &[("date", &says.date(ends))])));
        next.push(says.t("verify.renewed.report"));
        let parts = vec![says.part("notice.next", next), says.appeal(today), says.help()];
        let mut letter = says.letter("verify.renewed.title", lead, people, parts);
        letter.title = says.tf("verify.renewed.title", &of_year);
        letter
    })
}

fn people_of(determination: &Value) -> impl Iterator<Item = &Value> {
    determination["people"].as_array().into_iter().flatten()
}

/// The monthly credit of all tax households together, in cents.
pub fn credit(determination: &Value) -> i64 {
    credits(determination).into_iter().sum()
}

/// The monthly credit of each tax household.
fn credits(determination: &Value) -> Vec<i64> {
    let all = determination["tax_households"].as_array();
    all.into_iter().flatten().map(|tax| cents(&tax["credit_monthly"])).collect()
}

fn every_result(says: &Says, determination: &Value) -> Vec<Vec<String>> {
    people_of(determination).map(|person| says.results(person)).collect()
}

/// The first day of the next month: a change holds from there (45 CFR 155.330(f)(1)).
pub fn next_month(day: Date) -> Date {
    let (year, month) = match day.month() {
        Month::December => (day.year() + 1, Month::January),
        month => (day.year(), month.next()),
    };
    Date::from_calendar_date(year, month, 1).unwrap_or(day)
}

impl Says<'_> {
    fn credit_lines(&self, before: &Value, after: &Value) -> Vec<String> {
        let (before, after) = (credits(before), credits(after));
        let pairs = before.into_iter().zip(after).filter(|(before, after)| *before != 0 || *after != 0);
        let line = |(before, after): (i64, i64)| {
            let (before, after) = (Cents(before).dollars_cents(), Cents(after).dollars_cents());
            self.tf("verify.decided.credit", &[("before", &before), ("after", &after)])
        };
        pairs.map(line).collect()
    }

    fn before_and_after(&self, before: &Value, person: &Value) -> PersonPart {
        let id = person["id"].as_str().unwrap_or_default();
        let row = id.parse().unwrap_or_default();
        let old = people_of(before).find(|old| old["id"] == person["id"]);
        let (old, new) = (old.map(|old| self.results(old)).unwrap_or_default(), self.results(person));
        let line = |key: &str, results: &[String]| self.tf(key, &[("list", &results.join("; "))]);
        let results = match old == new {
            true => vec![line("verify.decided.unchanged", &new)],
            false => vec![line("verify.decided.before", &old), line("verify.decided.after", &new)],
        };
        PersonPart { name: self.name(row), results, why: Vec::new() }
    }

    fn results(&self, person: &Value) -> Vec<String> {
        gets(self.messages, self.lang, person)
    }

    fn way_back(&self, about: &[&Dmi]) -> Vec<String> {
        let mut lines = vec![self.t("verify.back.lines")];
        let status = [Subject::Citizenship, Subject::LawfulPresence, Subject::Ssn];
        if about.iter().any(|dmi| status.contains(&dmi.kind)) {
            let kind = self.knows.tables.sep_kinds(about[0].due_day).find(|kind| kind.code == "data_matching_resolved");
            let days = kind.and_then(|kind| kind.days_after).map(|days| days.to_string()).unwrap_or_default();
            lines.push(self.tf("verify.back.sep", &[("days", &days)]));
        }
        lines
    }

    fn appeal(&self, today: Date) -> Part {
        let [name, url, phone] = self.place();
        let days = self.knows.rules.time("appeal_days", today).unwrap_or_default();
        let until = today.checked_add(Duration::days(days)).unwrap_or(today);
        let place = [("name", name.as_str()), ("url", url.as_str()), ("phone", phone.as_str())];
        let lines = vec![
            self.tf("notice.appeal", &[("date", &self.date(until))]),
            self.t("notice.appeal_here"),
            self.tf("notice.appeal_how", &place),
        ];
        self.part("notice.wrong", lines)
    }
}

/// What somebody can get, in a few words: a person of a determination as it stands in JSON.
pub fn gets(messages: &Messages, lang: Lang, person: &Value) -> Vec<String> {
    let t = |key: &str| messages.t(lang, key).to_string();
    let is = |name: &str| person[name].as_bool().unwrap_or_default();
    if !is("applying") {
        return vec![t("verify.gets.not_applying")];
    }
    let mut found = Vec::new();
    if !person["medicaid"].is_null() {
        found.push(t("verify.gets.medicaid"));
    }
    if !person["chip"].is_null() {
        found.push(t("verify.gets.chip"));
    }
    if is("basic_health") {
        found.push(t("verify.gets.basic_health"));
    }
    if found.is_empty() && is("marketplace") {
        found.push(t("verify.gets.plan"));
        found.push(t(if is("credit") { "verify.gets.credit" } else { "verify.gets.no_credit" }));
        let level = person["csr"].as_str().unwrap_or("none");
        if level != "none" {
            let level = t(&format!("csr.{level}"));
            found.push(messages.tf(lang, "notice.csr", &[("level", &level)]).trim_end_matches('.').to_string());
        }
    }
    if found.is_empty() {
        found.push(t("verify.gets.nothing"));
    }
    found
}

/// A subject's words, for pages: `verify.subject.…`.
pub fn subject_key(subject: Subject) -> String {
    format!("verify.subject.{}", subject.word())
}

/// The day of a moment in a state, for pages.
pub fn day_in(knows: &Knows, state: Option<State>, at: Millis) -> Date {
    knows.tables.days(state, moment(at)).own
}
