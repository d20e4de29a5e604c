//! `/enroll`: is open enrollment open today, what else lets a person enroll, and what changed this year.
//!
//! Called by the router. All dates come from the rules' tables and today's date from the injected clock, so no shared
//! cache may keep these pages. It must never ask who somebody is: an address holds a state, a year, and, sealed, kinds of
//! events and their dates: what happened in somebody's life is nobody else's business.

mod query;
mod special;

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use time::Date;

use self::query::EnrollQuery;
pub use self::special::known_place;
use self::special::{EventAnswer, EventQuestion, KindGroup};
use crate::eligibility::clock::Days;
use crate::eligibility::enrollment::{EnrollmentStep, OpenEnrollment, WindowStatus, open_enrollment};
use crate::eligibility::law::law;
use crate::eligibility::tables::{Marketplace, Status};
use crate::eligibility::{State, Tables};
use crate::quote::ask::address::write_query;
use crate::quote::ask::facets::{Note, NoteKind};
use crate::shop::home::FieldFault;
use crate::shop::open::{self, Instead};
use crate::shop::open::{days, version};
use crate::shop::words::dates::{ChangeWords, changes_page};
use crate::shop::words::search as words;
use crate::text::calendar::{self, Deadline};
use crate::types::Zip5;
use crate::web::error::Failure;
use crate::web::page::{self, CachePolicy, Cx};

/// Open enrollment for a place and plan year, in words, as of today.
pub struct Season {
    pub year: i32,
    pub heading: String,
    pub status: WindowStatus,
    /// "Yes. Open enrollment for 2027 in Ohio is open today. …"
    pub verdict: String,
    /// "Choose a plan from … to …: coverage starts …."
    pub steps: Vec<String>,
    /// Whose dates these are, and how certain they are.
    pub notes: Vec<String>,
    pub citation: Option<String>,
    pub marketplace: Option<Marketplace>,
    /// The next season, if this one is over.
    pub next: Option<String>,
    /// Address of its calendar file; `None` once it is over, or if we do not know the state's own last day.
    pub ics: Option<String>,
}

/// A state with HealthCare.gov's own dates: represents most of the country while no state is chosen.
fn federal_state(tables: &Tables, year: i32) -> Option<State> {
    State::all().find(|state| tables.open_enrollment(*state, year).first().is_some_and(|s| s.marketplace == "federal"))
}

/// Whether all we know about a state-run marketplace's season is what most of them keep.
fn only_usual(tables: &Tables, state: State, year: i32) -> bool {
    tables.open_enrollment(state, year).first().is_some_and(|span| span.marketplace == "state")
}

/// Open enrollment for a state and plan year, or HealthCare.gov's if no state is given. `None` without either.
pub fn season(cx: &Cx, state: Option<State>, year: i32) -> Option<Season> {
    let (tables, days) = (&cx.app.tables, days(cx, state));
    let of = state.or_else(|| federal_state(tables, year))?;
    let open = open_enrollment(tables, of, year, days);
    let place = place_words(cx, state);
    let marketplace = tables.marketplace(of, year).cloned();
    let year_words = year.to_string();
    let date = |date: Option<Date>| date.map(|d| cx.date(d)).unwrap_or_default();
    let (opens, ends) = (date(open.opens), date(open.ends));
    // Counted to the day that matters now: the last for the next start of coverage.
    let left = open.select_by.map(|by| days_left(cx, days, by)).unwrap_or_default();
    let (by, start) = (date(open.select_by), date(open.coverage_start));
    let lang = cx.lang.code();
    let name = marketplace.as_ref().map(|m| m.site(lang).0.to_string()).unwrap_or_default();
    let values = [
        ("year", year_words.as_str()),
        ("place", &place),
        ("opens", &opens),
        ("ends", &ends),
        ("by", &by),
        ("start", &start),
        ("left", &left),
        ("name", &name),
    ];
    let key = match open.status {
        WindowStatus::Open if only_usual(tables, of, year) => "enroll.open_default",
        WindowStatus::Open if open.select_by != open.ends => "enroll.open_steps",
        WindowStatus::Open => "enroll.open",
        WindowStatus::NotYet => "enroll.not_yet",
        WindowStatus::Closed => "enroll.closed",
        WindowStatus::Unknown => "enroll.unknown",
    };
    let over = matches!(open.status, WindowStatus::Closed | WindowStatus::Unknown);
    let step = |step: &EnrollmentStep| {
        let [from, to, start] = [step.selected_from, step.selected_to, step.coverage_start].map(|day| cx.date(day));
        cx.tf("enroll.step", &[("from", &from), ("to", &to), ("start", &start)])
    };
    Some(Season {
        year,
        heading: cx.tf("enroll.season", &values),
        status: open.status,
        verdict: cx.tf(key, &values),
        steps: open.steps.iter().map(step).collect(),
        notes: season_notes(cx, of, year, &open),
        citation: open.citation.map(|citation| law(&citation.text)).filter(|law| !law.is_empty()),
        next: over.then(|| next_words(cx, state)),
        ics: (!over && !only_usual(tables, of, year)).then(|| {
            let mut pairs: Vec<_> = state.map(|s| ("state", s.code().to_string())).into_iter().collect();
            pairs.push(("year", year_words.clone()));
            cx.href(&format!("/enroll/deadline.ics?{}", write_query(&pairs)))
        }),
        marketplace,
    })
}

fn season_notes(cx: &Cx, state: State, year: i32, open: &OpenEnrollment) -> Vec<String> {
    let tables = &cx.app.tables;
    let Some(marketplace) = tables.marketplace(state, year) else { return Vec::new() };
    let state_words = cx.t(&format!("state.{}", state.code()));
    let values = [("state", state_words), ("name", marketplace.site(cx.lang.code()).0)];
    let rows = tables.open_enrollment(state, year);
    let whose = match rows.first().map(|row| row.marketplace.as_str()) {
        Some("state") => Some("enroll.state_default"),
        Some("federal") | None => None,
        Some(_) => Some("enroll.state_own"),
    };
    let unsure = (open.verified == Status::Unverified && open.status != WindowStatus::Unknown)
        .then_some("enroll.dates_unverified");
    whose.into_iter().chain(unsure).map(|key| cx.tf(key, &values)).collect()
}

/// "in Ohio", "at HealthCare.gov (most states)".
fn place_words(cx: &Cx, state: Option<State>) -> String {
    match state {
        Some(state) => cx.tf("enroll.in_state", &[("state", cx.t(&format!("state.{}", state.code())))]),
        None => cx.t("enroll.in_most").to_string(),
    }
}

/// "24 days left", "today is the last day".
fn days_left(cx: &Cx, days: Days, ends: Date) -> String {
    match (ends - days.own).whole_days() {
        // The generous day has not ended yet.
        ..=0 => cx.t("enroll.last_day_today").to_string(),
        days => cx.n("enroll.days_left", days),
    }
}

/// When people can enroll without a reason, now or next.
fn next_words(cx: &Cx, state: Option<State>) -> String {
    let (tables, days) = (&cx.app.tables, days(cx, state));
    let place = place_words(cx, state);
    let next = tables.years_supported().iter().find_map(|&year| {
        let of = state.or_else(|| federal_state(tables, year))?;
        let open = open_enrollment(tables, of, year, days);
        let key = match open.status {
            WindowStatus::Open if only_usual(tables, of, year) => "enroll.next_is_now_default",
            WindowStatus::Open => "enroll.next_is_now",
            WindowStatus::NotYet => "enroll.next",
            WindowStatus::Closed | WindowStatus::Unknown => return None,
        };
        let (opens, ends) = (cx.date(open.opens?), cx.date(open.ends?));
        let year = year.to_string();
        Some(cx.tf(key, &[("year", &year), ("place", &place), ("opens", &opens), ("ends", &ends)]))
    });
    next.unwrap_or_else(|| cx.tf("enroll.next_unknown", &[("place", &place)]))
}

/// Plan years to choose from: those loaded, and the following one if there are rules for it.
fn years(cx: &Cx) -> Vec<i32> {
    let mut years: Vec<i32> = cx.catalogues.years().map(i32::from).collect();
    years.sort_unstable();
    let next = years.last().map(|last| last + 1);
    years.extend(next.filter(|next| cx.app.tables.years_supported().contains(next)));
    years
}

/// The year people most likely mean: one whose season is open, else one still to come, else the last.
fn likely_year(cx: &Cx, state: Option<State>, years: &[i32]) -> i32 {
    let (tables, days) = (&cx.app.tables, days(cx, state));
    let with = |wanted: WindowStatus| {
        let fits = |year: &&i32| {
            let of = state.or_else(|| federal_state(tables, **year));
            of.is_some_and(|of| open_enrollment(tables, of, **year, days).status == wanted)
        };
        years.iter().find(fits).copied()
    };
    let newest = i32::from(cx.catalogues.newest().year);
    with(WindowStatus::Open).or_else(|| with(WindowStatus::NotYet)).unwrap_or(newest)
}

/// The state asked for, or what is wrong with it (message key, what was typed).
fn find_state(cx: &Cx, asked: &EnrollQuery) -> Result<Option<State>, (&'static str, String)> {
    let (code, typed) = match (asked.state.as_str(), asked.zip.as_str()) {
        ("", "") => return Ok(None),
        ("", zip) => {
            let places = &cx.catalogues.newest().places;
            let county = Zip5::parse(zip).and_then(|zip| places.counties(zip).next());
            let Some(county) = county else { return Err(("enroll.zip_unknown", zip.to_string())) };
            (county.state.to_uppercase(), zip)
        }
        (state, _) => (state.to_uppercase(), state),
    };
    match State::parse(&code) {
        Some(state) => Ok(Some(state)),
        None => match cx.known(&format!("state.{code}")) {
            Some(name) => Err(("enroll.no_marketplace", name.to_string())),
            None => Err(("enroll.state_unknown", typed.to_string())),
        },
    }
}

#[derive(Template)]
#[template(path = "enroll.html")]
struct EnrollPage<'a> {
    cx: &'a Cx,
    today: String,
    faults: Vec<FieldFault>,
    notes: Vec<String>,
    /// (postal code, name, chosen), by name.
    states: Vec<(&'static str, &'a str, bool)>,
    state_fault: Option<String>,
    years: Vec<(i32, bool)>,
    /// What the page's other form carries along.
    events_carried: Vec<(&'static str, String)>,
    place_carried: Vec<(&'static str, String)>,
    season: Option<Season>,
    answers: Vec<EventAnswer>,
    /// If nothing that happened opens a window today: when they can enroll anyway.
    otherwise: Option<String>,
    questions: Vec<EventQuestion>,
    /// Some dates are still missing.
    asking: bool,
    groups: Vec<KindGroup>,
    kinds_fault: Option<String>,
    /// Program, its address, telephone.
    medicaid: Option<(String, String, String)>,
    changes: Vec<ChangeWords>,
    year: i32,
    clear: String,
}

/// `GET` and `POST /enroll`, `/es/enroll`.
pub async fn enroll(cx: Cx) -> Result<Response, Instead> {
    let mut asked = EnrollQuery::read(&cx.query, &cx.app.tables, cx.today());
    let years = years(&cx);
    if let Some(year) = asked.year.take_if(|year| !years.contains(year)) {
        asked.notes.push(Note::new("year", &year.to_string(), NoteKind::BadValue));
    }
    let found = find_state(&cx, &asked);
    let faulty = found.is_err() || !asked.unknown.is_empty() || asked.events.iter().any(|event| event.fault.is_some());
    let canonical = write_query(&asked.pairs(found.as_ref().ok().copied().flatten().map(State::code)));
    if !faulty {
        open::follow(&cx, &asked.notes, "/enroll", &canonical)?;
    }
    let state = found.as_ref().ok().copied().flatten();
    let caching = CachePolicy::Own { version: version(&cx, &cx.catalogues.version(), state) };
    if !faulty {
        open::unchanged(&cx, &caching)?;
    }
    let status = if faulty { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page::render_status(&cx, status, build(&cx, &asked, found, &years), caching))
}

fn build<'a>(
    cx: &'a Cx,
    asked: &EnrollQuery,
    found: Result<Option<State>, (&'static str, String)>,
    years: &[i32],
) -> EnrollPage<'a> {
    let mut faults = Vec::new();
    let mut fault = |field: &str, words: String| {
        faults.push(FieldFault { field: field.to_string(), words: words.clone() });
        words
    };
    let (state, state_fault) = match found {
        Ok(state) => (state, None),
        Err((key, typed)) => (None, Some(fault("state", cx.tf(key, &[("typed", &typed)])))),
    };
    let kinds_fault = asked.unknown.first().map(|kind| fault("kinds", special::unknown_words(cx, kind)));
    let questions = special::questions(cx, asked);
    for question in &questions {
        if let Some(words) = &question.fault {
            fault(&format!("month_{}", question.kind), format!("{}: {words}", question.name));
        }
    }
    let year = asked.year.unwrap_or_else(|| likely_year(cx, state, years));
    let answers = special::answers(cx, asked, state);
    let none_open = !answers.is_empty() && !answers.iter().any(|answer| answer.open);
    let carried = asked.pairs(state.map(State::code));
    EnrollPage {
        today: cx.tf("enroll.today", &[("date", &cx.date(days(cx, state).own))]),
        notes: words::notes(cx, &asked.notes),
        states: states(cx, state),
        state_fault,
        years: years.iter().map(|&y| (y, y == year)).collect(),
        events_carried: carried.iter().filter(|(name, _)| *name == "event").cloned().collect(),
        place_carried: carried.into_iter().filter(|(name, _)| *name != "event").collect(),
        season: season(cx, state, year),
        otherwise: none_open.then(|| next_words(cx, state)),
        asking: questions.iter().any(|question| question.open),
        answers,
        groups: special::groups(cx, asked),
        kinds_fault,
        medicaid: state.and_then(|state| medicaid(cx, state)),
        changes: u16::try_from(year).map(|year| changes_page(cx, year)).unwrap_or_default(),
        year,
        clear: cx.href("/enroll"),
        questions,
        faults,
        cx,
    }
}

/// All states, sorted by their names in this language.
fn states(cx: &Cx, chosen: Option<State>) -> Vec<(&'static str, &str, bool)> {
    let named = |s: State| (s.code(), cx.known(&format!("state.{}", s.code())).unwrap_or(s.code()), Some(s) == chosen);
    let mut states: Vec<_> = State::all().map(named).collect();
    states.sort_by_key(|(_, name, _)| *name);
    states
}

fn medicaid(cx: &Cx, state: State) -> Option<(String, String, String)> {
    let agency = cx.app.tables.medicaid_agency(state.code())?;
    let name = if agency.program.is_empty() { &agency.agency } else { &agency.program };
    (!agency.url.is_empty()).then(|| (name.clone(), agency.url.clone(), agency.phone.clone()))
}

/// `GET /enroll/deadline.ics`: the last days of what the address names, for a calendar. One file per event, or one
/// for a year's open enrollment.
///
/// # Errors
///
/// `NotFound` if the address names nothing that has a last day.
pub async fn deadline(cx: Cx) -> Result<Response, Failure> {
    let asked = EnrollQuery::read(&cx.query, &cx.app.tables, cx.today());
    let state = find_state(&cx, &asked).map_err(|_| Failure::NotFound)?;
    let deadlines = match asked.events.is_empty() {
        false => special::deadlines(&cx, &asked, state),
        true => season_deadlines(&cx, state, asked.year.ok_or(Failure::NotFound)?),
    };
    let Some(first) = deadlines.first() else { return Err(Failure::NotFound) };
    let name = HeaderValue::try_from(format!("attachment; filename=\"{}.ics\"", first.id));
    let name = name.map_err(Failure::internal)?;
    let text = calendar::file(&deadlines, (cx.app.clock)(), cx.lang.code());
    // The file has a new timestamp every second: a cache could only be wrong.
    let mut response = page::send(&cx, StatusCode::OK, "text/calendar; charset=utf-8", text, CachePolicy::Private);
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

fn season_deadlines(cx: &Cx, state: Option<State>, year: i32) -> Vec<Deadline> {
    let Some(of) = state.or_else(|| federal_state(&cx.app.tables, year)) else { return Vec::new() };
    if only_usual(&cx.app.tables, of, year) {
        // A date that may be too late must not get into anybody's calendar.
        return Vec::new();
    }
    let open = open_enrollment(&cx.app.tables, of, year, days(cx, state));
    let (place, year_words) = (place_words(cx, state), year.to_string());
    let one = |step: &EnrollmentStep| {
        let start = cx.date(step.coverage_start);
        let values = [("year", year_words.as_str()), ("place", &place), ("start", &start)];
        Deadline {
            id: format!("open-enrollment-{year}-{}-{}", state.map_or("us", State::code), query::iso(step.selected_to)),
            day: step.selected_to,
            summary: cx.tf("enroll.ics_season", &values),
            description: cx.t("enroll.ics_check").to_string(),
            url: marketplace_url(cx, of, year),
        }
    };
    open.steps.iter().map(one).collect()
}

fn marketplace_url(cx: &Cx, state: State, year: i32) -> Option<String> {
    cx.app.tables.marketplace(state, year).map(|m| m.site(cx.lang.code()).1.to_string()).filter(|url| !url.is_empty())
}
