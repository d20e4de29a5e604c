//! Where somebody is: which pages there are for these answers, which are answered, which comes next.
//!
//! Worked out from the answers each time; nothing of it is stored between requests, so Back, a deep link and a second tab cannot
//! disagree with it. Called by the pages and by the paper packet.

use std::collections::BTreeSet;

use super::change::TOLD_ON;
use super::kinds::{Kind, NONE, Odd, parts};
use super::sheet::{HOUSEHOLD, RowId, Sheet, Table, key};
use super::steps::{Question, STEPS, Section, Step, changed, income, named, people, sending};
use super::view::View;

/// A page: a step, and the row that it is about.
#[derive(Clone, Copy)]
pub struct Place {
    pub step: &'static Step,
    pub row: RowId,
}

impl PartialEq for Place {
    fn eq(&self, other: &Place) -> bool {
        self.step.name == other.step.name && self.row == other.row
    }
}

/// What a page still needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing on it was ever answered.
    NotStarted,
    /// Something on it is missing or cannot be read.
    NeedsAnswer,
    Ready,
}

/// One answer that does not do.
#[derive(Clone, Copy)]
pub struct Fault {
    pub question: &'static Question,
    pub row: RowId,
    pub odd: Odd,
}

impl Place {
    /// Below the address of the application: `person/2`, `home`.
    pub fn address(&self) -> String {
        match self.row {
            HOUSEHOLD => self.step.name.to_string(),
            row => format!("{}/{row}", self.step.name),
        }
    }

    /// Nobody has to answer it.
    pub fn is_optional(&self) -> bool {
        self.step.section == Section::Sending
    }

    /// Everything on the page that is missing or wrong, in the order of the page.
    pub fn faults(&self, view: &View) -> Vec<Fault> {
        let asked = self.step.asked(view, self.row).into_iter();
        asked.filter_map(|(question, row)| Some(Fault { question, row, odd: fault(question, view, row)? })).collect()
    }

    pub fn state(&self, view: &View) -> State {
        let asked = self.step.asked(view, self.row);
        if asked.iter().all(|(question, row)| fault(question, view, *row).is_none()) {
            State::Ready
        } else if asked.iter().all(|(question, row)| view.text(question.name, *row).is_empty()) {
            State::NotStarted
        } else {
            State::NeedsAnswer
        }
    }

    /// The names of all answers that its page can show, asked now or not: what one form may change.
    pub fn keys(&self, view: &View) -> BTreeSet<String> {
        let rows = |question: &Question| match question.of {
            super::steps::Of::Page => vec![self.row],
            super::steps::Of::Each(rows) => rows(view, self.row),
        };
        let of = |question: &'static Question| rows(question).into_iter().map(|row| key(question.name, row));
        self.step.questions.iter().flat_map(of).collect()
    }
}

/// Why an answer does not do; `None` if it does.
fn fault(question: &Question, view: &View, row: RowId) -> Option<Odd> {
    let text = view.text(question.name, row).trim();
    if text.is_empty() && !question.must {
        return None;
    }
    if let Err(odd) = question.kind.check(text, view, row) {
        return Some(odd);
    }
    match question.kind {
        // Somebody has joined the household since it was answered.
        Kind::People(eligible) => {
            let asked = view.text(&asked_name(question.name), row);
            let unasked = |person: RowId| !parts(asked).any(|part| part.parse() == Ok(person));
            eligible(view, row).into_iter().any(unasked).then_some(Odd::Missing)
        }
        _ => None,
    }
}

/// Where it is kept who was on the page when a question about people was answered.
pub fn asked_name(question: &str) -> String {
    format!("{question}#asked")
}

/// Every page for these answers, in order; worked out once for a view.
pub fn places<'v>(view: &'v View) -> &'v [Place] {
    view.places.get_or_init(|| find_places(view))
}

fn find_places(view: &View) -> Vec<Place> {
    let of = |step: &&'static Step| {
        let step = *step;
        step.rows(view)
            .into_iter()
            .map(move |row| Place { step, row })
            .filter(|place| !place.step.asked(view, place.row).is_empty())
            .collect::<Vec<_>>()
    };
    STEPS.iter().flat_map(of).collect()
}

/// The page of an address, if there is one for these answers: one of [`places`], or that of somebody who is about to come
/// into the household.
pub fn place(view: &View, step: &str, row: RowId) -> Option<Place> {
    let place = Place { step: named(step)?, row };
    let begins = place.step.name == people::PERSON.name && view.sheet.is_begun(row);
    (begins || places(view).contains(&place)).then_some(place)
}

/// The first page that still needs something; `None` if all is ready to be checked and sent.
pub fn first_open(view: &View) -> Option<Place> {
    places(view).iter().find(|place| place.state(view) != State::Ready).copied()
}

/// The page after this one. From a page that no longer applies: the first open one.
pub fn after(view: &View, place: &Place) -> Option<Place> {
    let all = places(view);
    match all.iter().position(|own| own == place) {
        // What nobody has to answer is not put in anybody's way.
        Some(at) => all[at + 1..].iter().find(|next| !next.is_optional()).copied(),
        None => first_open(view),
    }
}

/// The page before this one.
pub fn before(view: &View, place: &Place) -> Option<Place> {
    let all = places(view);
    match all.iter().position(|own| own == place) {
        Some(at) => at.checked_sub(1).map(|before| all[before]),
        // Whoever is about to come in comes from the list of people.
        None => all.iter().find(|own| own.step.name == people::HOUSEHOLD_STEP.name).copied(),
    }
}

/// The page that signs.
pub fn sign() -> Place {
    Place { step: &sending::SIGN, row: HOUSEHOLD }
}

/// The answers that count now: what is frozen at submission, and what a check page shows.
pub fn answered(view: &View) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for place in places(view).iter().chain([&sign()]) {
        for (question, row) in place.step.asked(view, place.row) {
            keys.insert(key(question.name, row));
        }
    }
    for table in [Table::Incomes, Table::Events] {
        let rows: Vec<RowId> = match table {
            Table::Incomes => view.incomes().collect(),
            _ => view.events().collect(),
        };
        for row in rows {
            keys.extend(["kind", "person"].map(|name| key(name, row)));
        }
    }
    keys
}

/// Rows that follow from what was picked on a page: a source of income for each kind, an event for each kind.
pub fn follow_up(sheet: &mut Sheet, step: &Step, row: RowId) {
    match step.name {
        "income-kinds" => {
            for question in ["income_kinds", "deduction_kinds"] {
                let kinds: Vec<String> = picked(sheet, question, row);
                // Only what was on the page: nothing else has a page of its own.
                let known = |kind: &&String| income::INCOMES.iter().chain(income::DEDUCTIONS).any(|own| own == *kind);
                kinds.iter().filter(known).for_each(|kind| ensure(sheet, Table::Incomes, row, kind));
            }
        }
        "changed" => events_of_change(sheet),
        "events" => {
            let kinds = picked(sheet, "events", HOUSEHOLD);
            kinds.iter().for_each(|kind| ensure(sheet, Table::Events, HOUSEHOLD, kind));
        }
        "income" if sheet.get("another", row) == "yes" => another(sheet, row),
        _ => {}
    }
}

/// What was told as a change is an event of its day, unless the pages of events say otherwise already. What was sent as an event
/// before stays one, with its day, as long as the same is not told again.
fn events_of_change(sheet: &mut Sheet) {
    let kinds = changed::events(&picked(sheet, "what_changed", HOUSEHOLD));
    let came_over: Vec<(RowId, String)> = {
        let row = |row| Some((row, sheet.get("kind", row).to_string())).filter(|_| !sheet.get(TOLD_ON, row).is_empty());
        sheet.rows(Table::Events).filter_map(row).collect()
    };
    let day = sheet.get("changed_on", HOUSEHOLD).to_string();
    let stays = |kind: &String| {
        let of_changes = changed::EVENTS.iter().any(|(_, own)| own == kind);
        !kinds.contains(&kind.as_str()) && (!of_changes || came_over.iter().any(|(_, own)| own == kind))
    };
    let before = picked(sheet, "events", HOUSEHOLD).into_iter().filter(stays);
    let all: Vec<String> = kinds.iter().map(|kind| (*kind).to_string()).chain(before).collect();
    let told = if all.is_empty() { NONE.to_string() } else { all.join(",") };
    sheet.set("events", HOUSEHOLD, &told);
    all.iter().for_each(|kind| ensure(sheet, Table::Events, HOUSEHOLD, kind));
    let of_it = |row: &RowId| kinds.contains(&sheet.get("kind", *row));
    let rows: Vec<RowId> = sheet.rows(Table::Events).filter(of_it).collect();
    for row in rows {
        sheet.set("event_day", row, &day);
    }
    for (row, kind) in came_over.iter().filter(|(_, kind)| !kinds.contains(&kind.as_str())) {
        // It was told again, and that was taken back.
        if sheet.get("event_day", *row) == day && changed::EVENTS.iter().any(|(_, own)| own == kind) {
            let told_on = sheet.get(TOLD_ON, *row).to_string();
            sheet.set("event_day", *row, if told_on == NONE { "" } else { &told_on });
        }
    }
}

fn picked(sheet: &Sheet, question: &str, row: RowId) -> Vec<String> {
    parts(sheet.get(question, row)).filter(|part| *part != NONE).map(str::to_string).collect()
}

/// A row of this kind and owner, unless there is one.
fn ensure(sheet: &mut Sheet, table: Table, owner: RowId, kind: &str) {
    let owner = owner.to_string();
    let is = |row: RowId| sheet.get("kind", row) == kind && sheet.get("person", row) == owner;
    if sheet.rows(table).any(is) {
        return;
    }
    if let Some(row) = sheet.add(table) {
        sheet.set("kind", row, kind);
        sheet.set("person", row, &owner);
    }
}

/// "Do you have another job?": one more of its kind, once.
fn another(sheet: &mut Sheet, row: RowId) {
    let (kind, owner) = (sheet.get("kind", row).to_string(), sheet.get("person", row).to_string());
    if !income::SEVERAL_OF.contains(&kind.as_str()) {
        return;
    }
    let later = sheet
        .rows(Table::Incomes)
        .any(|own| own > row && sheet.get("kind", own) == kind && sheet.get("person", own) == owner);
    if later {
        return;
    }
    if let Some(next) = sheet.add(Table::Incomes) {
        sheet.set("kind", next, &kind);
        sheet.set("person", next, &owner);
    }
}
