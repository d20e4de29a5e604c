//! The eligibility notice (45 CFR 155.230, 155.310(g)): what each person can get, why, why nothing else, what next and by
//! when, how to appeal. Written once, in every language, when the application is sent; kept as it was written.
//!
//! Called by `send`. It must only put into words what the engine has answered.

use axum::http::Uri;
use time::{Date, Duration};

use super::changed::Changed;
use super::field::capitalized;
use crate::application::change::TOLD_ON;
use crate::application::record::{Letter, Notice, Part, PersonPart};
use crate::application::sheet::RowId;
use crate::application::steps::coverage::has_a_day;
use crate::application::submit::shown;
use crate::application::view::View;
use crate::eligibility::clock::Days;
use crate::eligibility::enrollment::{self, Event, SepWindow, WindowStatus, open_enrollment};
use crate::eligibility::tables::{CsrLevel, Marketplace, PriorCoverage};
use crate::eligibility::{Determination, PersonAnswer, TaxHouseholdAnswer};
use crate::shop::how::outcomes;
use crate::shop::season;
use crate::shop::words::reasons::{self, Step};
use crate::web::page::Cx;

/// What a notice is written from.
pub struct About<'a> {
    pub view: &'a View<'a>,
    pub determination: &'a Determination,
    pub reference: &'a str,
    pub days: Days,
    /// It is a change of an earlier application.
    pub change: Option<Changed<'a>>,
    /// Days in which an appeal can be made (45 CFR 155.520(b)).
    pub appeal_days: i64,
}

impl About<'_> {
    /// The notice in every language of the site.
    pub fn notice(&self, cx: &Cx) -> Notice {
        let languages = cx.app.messages.languages();
        Notice { letters: languages.map(|lang| self.letter(&in_language(cx, lang.prefix()))).collect() }
    }

    fn letter(&self, cx: &Cx) -> Letter {
        let (year, when) = (self.view.year.to_string(), cx.date(self.days.own));
        let marketplace = cx.app.tables.marketplace(self.determination.state, self.view.year);
        let about = [("reference", &shown(self.reference)[..]), ("when", &when)];
        let mut lead = vec![cx.tf("notice.about", &about), cx.t("notice.preliminary").to_string()];
        lead.extend(self.change.iter().flat_map(|change| change.lead(cx, self)));
        lead.extend(self.credits(cx));
        Letter {
            lang: cx.lang.code().to_string(),
            title: cx.tf("notice.title", &[("year", &year)]),
            lead,
            people: self.determination.people.iter().map(|person| self.person(cx, person)).collect(),
            parts: [
                self.change.as_ref().map(|change| change.before_and_now(cx, self)),
                self.change.as_ref().map(|change| change.plan(cx, self)),
                Some(self.next(cx, marketplace)),
                Some(part(cx, "notice.change", vec![cx.tf("notice.change_lines", &place(cx, marketplace))])),
                Some(self.appeal(cx, marketplace)),
                Some(part(
                    cx,
                    "notice.help",
                    vec![cx.tf("notice.help_lines", &place(cx, marketplace)), cx.t("notice.civil").to_string()],
                )),
                self.assumed(cx),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    pub(super) fn name(&self, cx: &Cx, id: &str) -> String {
        let row: RowId = id.parse().unwrap_or_default();
        let name = self.view.name(row);
        if name.is_empty() { cx.tf("how.person", &[("n", id)]) } else { name }
    }

    fn names(&self, cx: &Cx, ids: &[String]) -> String {
        cx.list(&ids.iter().map(|id| self.name(cx, id)).collect::<Vec<_>>())
    }

    /// A sentence for each tax household with a credit.
    fn credits(&self, cx: &Cx) -> Vec<String> {
        let with = |tax: &&TaxHouseholdAnswer| !tax.credit_eligible.is_empty();
        let mut lines: Vec<String> = self
            .determination
            .tax_households
            .iter()
            .filter(with)
            .map(|tax| {
                let names = self.names(cx, &tax.credit_eligible);
                let key = if tax.credit_eligible.len() == 1 { "notice.credit_one" } else { "notice.credit_household" };
                match tax.credit_monthly.zip(tax.benchmark_monthly) {
                    Some((credit, benchmark)) => cx.tf(
                        key,
                        &[
                            ("names", &names),
                            ("amount", &credit.dollars_cents()),
                            ("benchmark", &benchmark.dollars_cents()),
                            ("income", &tax.magi.dollars_cents()),
                        ],
                    ),
                    None => cx.tf("notice.credit_none_priced", &[("names", &names)]),
                }
            })
            .collect();
        if !lines.is_empty() {
            lines.push(cx.t("notice.tax_time").to_string());
        }
        lines
    }

    fn person(&self, cx: &Cx, person: &PersonAnswer) -> PersonPart {
        let mut results = outcomes(cx, person);
        if person.shops() && person.csr != CsrLevel::None {
            let level = cx.t(&format!("csr.{}", person.csr.word())).to_string();
            results.push(cx.tf("notice.csr", &[("level", &level)]));
        }
        let tax = self.determination.tax_households.iter().find(|tax| tax.members.contains(&person.id));
        let fpl = tax.map(|tax| tax.fpl_percent);
        let mut steps = reasons::steps(cx, &person.reasons, fpl, false);
        if person.applying {
            steps.extend(tax.map(|tax| reasons::steps(cx, &tax.reasons, fpl, false)).unwrap_or_default());
        }
        PersonPart { name: self.name(cx, &person.id), results, why: steps.iter().map(line).collect() }
    }

    /// Until when who can do what.
    fn next(&self, cx: &Cx, marketplace: Option<&Marketplace>) -> Part {
        let mut lines = Vec::new();
        let public = self.determination.people.iter().any(|person| person.applying && person.public_coverage());
        if public {
            lines.push(cx.t("notice.medicaid").to_string());
            if let Some(agency) = cx.app.tables.medicaid_agency(self.determination.state.code()) {
                // Of some agencies we know only one of the two, or neither.
                let ways = [agency.url.as_str(), agency.phone.as_str()];
                let ways: Vec<&str> = ways.into_iter().filter(|way| !way.is_empty()).collect();
                lines.push(match &ways[..] {
                    [] => format!("{}.", agency.agency),
                    ways => format!("{}: {}.", agency.agency, ways.join(", ")),
                });
            }
        }
        if self.determination.people.iter().any(PersonAnswer::shops) {
            lines.extend(self.season(cx, marketplace));
            lines.extend(self.special(cx));
            lines.push(cx.t("notice.pay").to_string());
        } else if !public {
            lines.push(cx.t("notice.nobody_shops").to_string());
        }
        part(cx, "notice.next", lines)
    }

    fn season(&self, cx: &Cx, marketplace: Option<&Marketplace>) -> Vec<String> {
        let open = open_enrollment(&cx.app.tables, self.determination.state, self.view.year, self.days);
        let year = self.view.year.to_string();
        let date = |day: Option<Date>| day.map(|day| cx.date(day)).unwrap_or_default();
        let (opens, ends) = (date(open.opens), date(open.ends));
        let (start, select_by) = (date(open.coverage_start), date(open.select_by));
        let mut values =
            vec![("year", &year[..]), ("opens", &opens), ("ends", &ends), ("start", &start), ("select_by", &select_by)];
        values.extend(place(cx, marketplace));
        let key = match open.status {
            WindowStatus::Open => "notice.open",
            WindowStatus::NotYet => "notice.not_yet",
            WindowStatus::Closed => "notice.closed",
            WindowStatus::Unknown => "notice.unknown",
        };
        let coming =
            u16::try_from(self.view.year).ok().and_then(|year| season::next(cx, self.determination.state, year));
        let coming = coming.map(|coming| coming.words(cx).0);
        [cx.tf(key, &values)].into_iter().chain(coming).collect()
    }

    /// What the events that were told open.
    fn special(&self, cx: &Cx) -> Vec<String> {
        let mut lines: Vec<String> =
            self.windows().iter().map(|window| special_words(cx, self.view.year, window)).collect();
        if !lines.is_empty() {
            lines.push(cx.t("notice.sep_proof").to_string());
        }
        lines
    }

    /// The special enrollment periods of the events that were told.
    pub(super) fn windows(&self) -> Vec<SepWindow> {
        self.windows_of(|_| true)
    }

    /// Of what was told in this change: an event that came over as it was sent before changes nothing now.
    pub(super) fn new_windows(&self) -> Vec<SepWindow> {
        let text = |question, row| self.view.text(question, row);
        self.windows_of(|row| text(TOLD_ON, row).is_empty() || text(TOLD_ON, row) != text("event_day", row))
    }

    fn windows_of(&self, counts: impl Fn(RowId) -> bool) -> Vec<SepWindow> {
        let event = |row: RowId| {
            let dated = has_a_day(self.view, row);
            let date = self.view.date("event_day", row).or((!dated).then_some(self.days.own))?;
            let had_coverage = match self.view.text("event_covered_before", row) {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            };
            Some(Event { kind: self.view.text("kind", row).to_string(), date, had_coverage })
        };
        let events: Vec<Event> = self.view.events().filter(|row| counts(*row)).filter_map(event).collect();
        enrollment::special(self.view.around.tables, &events, self.days).unwrap_or_default()
    }

    fn appeal(&self, cx: &Cx, marketplace: Option<&Marketplace>) -> Part {
        let until = self.days.own.checked_add(Duration::days(self.appeal_days)).unwrap_or(self.days.own);
        let mut lines = vec![
            cx.tf("notice.appeal", &[("date", &cx.date(until))]),
            cx.t("notice.appeal_here").to_string(),
            cx.tf("notice.appeal_how", &place(cx, marketplace)),
        ];
        if self.determination.people.iter().any(|person| person.applying) {
            lines.push(cx.t("notice.appeal_state").to_string());
        }
        part(cx, "notice.wrong", lines)
    }

    fn assumed(&self, cx: &Cx) -> Option<Part> {
        let lines: Vec<String> = self
            .determination
            .assumptions
            .iter()
            .map(|assumed| {
                let code = serde_json::to_value(assumed.code).ok();
                let code = code.as_ref().and_then(|code| code.as_str()).unwrap_or_default();
                let who = assumed.person.as_deref().map(|id| self.name(cx, id)).unwrap_or_default();
                let words = cx.t(&format!("assumed.{code}"));
                if who.is_empty() { words.to_string() } else { format!("{who}: {words}") }
            })
            .chain(self.unsure(cx))
            .collect();
        (!lines.is_empty()).then(|| part(cx, "notice.assumed", lines))
    }

    /// What nobody knew, and how it was counted.
    fn unsure(&self, cx: &Cx) -> Vec<String> {
        let view = self.view;
        let mut lines = Vec::new();
        let mut say = |key: &str, row: RowId| lines.push(cx.tf(key, &[("name", &self.name(cx, &row.to_string()))]));
        let no_citizens = view.applicants().filter(|row| view.said("citizen", *row, "no"));
        no_citizens.filter(|row| view.said("status", *row, "unsure")).for_each(|row| say("notice.unsure_status", row));
        for row in view.offered() {
            let plan = view.said("offer_kind", row, "plan");
            if view.said("offer_kind", row, "unsure") || (plan && !view.yes("offer_cost_known", row)) {
                say("notice.unsure_cost", row);
            } else if plan && view.said("offer_minimum_value", row, "unsure") {
                say("notice.unsure_value", row);
            }
        }
        lines
    }
}

/// The same visitor's page in another language, for its words only.
fn in_language(cx: &Cx, prefix: &str) -> Cx {
    let uri = Uri::try_from(format!("{prefix}/account")).unwrap_or_default();
    Cx::new(&cx.app, &uri, "")
}

pub(super) fn part(cx: &Cx, heading: &str, lines: Vec<String>) -> Part {
    Part { heading: cx.t(heading).to_string(), lines }
}

/// Name, address and phone of the marketplace.
fn place<'m>(cx: &Cx, marketplace: Option<&'m Marketplace>) -> Vec<(&'static str, &'m str)> {
    let (name, url, _) = marketplace.map_or(("", "", false), |market| market.site(cx.lang.code()));
    vec![("name", name), ("url", url), ("phone", marketplace.map_or("", |market| market.phone.as_str()))]
}

/// `Income must be in the range …: met. Income 240% …, limit 400%. (26 USC 36B)`
fn line(step: &Step) -> String {
    let mut words = format!("{}: {}.", step.rule, step.outcome.to_lowercase());
    for more in [&step.compared, &step.read].into_iter().flatten() {
        words.push(' ');
        words.push_str(&capitalized(more));
        words.push('.');
    }
    if !step.citation.is_empty() {
        words.push_str(&format!(" ({})", step.citation));
    }
    words
}

/// As `enrollment::dates` will answer when a plan is chosen.
fn special_words(cx: &Cx, plan_year: i32, window: &SepWindow) -> String {
    let event = cx.t(&format!("sep.{}.name", window.kind)).to_string();
    let date = |day: Option<Date>| day.map(|day| cx.date(day)).unwrap_or_default();
    let (day, opens, closes) = (cx.date(window.event), date(window.opens), date(window.closes));
    let start = date(window.coverage_start);
    let (year, next) = (plan_year.to_string(), (plan_year + 1).to_string());
    let values = [
        ("event", &event[..]),
        ("date", &day),
        ("opens", &opens),
        ("closes", &closes),
        ("start", &start),
        ("year", &year),
        ("next", &next),
    ];
    let is_open = window.status == WindowStatus::Open;
    if is_open && window.prior_coverage != PriorCoverage::No && window.had_coverage != Some(true) {
        return cx.tf("choose.no_prior", &values);
    }
    if is_open && window.coverage_start.is_some_and(|start| start.year() > plan_year) {
        return cx.tf("choose.other_year", &values);
    }
    let key = match (window.status, window.coverage_start, window.closes) {
        (WindowStatus::NotYet, ..) => "notice.sep_not_yet",
        (WindowStatus::Closed, ..) => "notice.sep_closed",
        (_, Some(_), None) => "notice.sep_open_any",
        (_, Some(_), Some(_)) => "notice.sep_open",
        _ => "notice.sep_fits",
    };
    cx.tf(key, &values)
}
