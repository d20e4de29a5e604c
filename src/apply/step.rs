//! `/account/apply/STEP[/ROW]`: one page of the application, shown and saved. One pair for all steps.
//!
//! What was typed is saved first and judged after: an answer that is not accepted is kept as typed, with what is wrong
//! beside it (422). Another tab's change of the same page is shown, never overwritten unseen (409).

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;

use super::around::{around, count, open, refused, view};
use super::disagreed::{Told, told};
use super::field::{Control, Field, Words, is_mask};
use super::marks::{ASKS_MORE, CHECK_PAGE, FROM_CHECK, NOT_SAVED, SET_ASIDE, address, marked};
use super::people::{Person, listed};
use crate::application::disagree::{self, Disagreement};
use crate::application::flow::{self, Place, asked_name};
use crate::application::kinds::Kind;
use crate::application::saved::{Guard, Saved};
use crate::application::sheet::{HOUSEHOLD, RowId, Sheet, key};
use crate::application::steps::Question;
use crate::application::steps::people::YOU_STEP;
use crate::application::view::View;
use crate::eligibility::rounding::{Ratio, shown_cents};
use crate::eligibility::{self, Household, PersonIncome};
use crate::office::desk::{Answer, Desk};
use crate::office::form::Form;
use crate::office::view::{Bar, bar};
use crate::shop::income::limited_words;
use crate::telemetry::funnel::Came;
use crate::text::i18n::Lang;
use crate::web::page::{self, CachePolicy, Cx};

/// What has to be put right, as the summary at the top lists it.
pub struct Problem {
    pub field: String,
    pub words: String,
}

/// The sums of one earner, in words.
pub struct Sum {
    pub name: String,
    pub month: String,
    pub year: String,
}

#[derive(Template)]
#[template(path = "apply/step.html")]
pub struct StepPage<'a> {
    pub cx: &'a Cx,
    pub bar: Option<Bar>,
    pub title: String,
    pub lead: Option<String>,
    pub faults: Vec<Problem>,
    pub notes: Vec<String>,
    pub action: String,
    pub fields: Vec<Field>,
    /// Names of the answers on the page, and what they were when it was shown.
    pub on: String,
    pub seen: String,
    /// Carried along: back to the check page.
    pub from: Option<&'static str>,
    pub submit: String,
    pub back: String,
    /// The household's page lists its people; `None` on all others.
    pub people: Option<(Vec<Person>, Vec<Person>)>,
    /// Nobody else fits in.
    pub full: bool,
    /// The page of the year's sums, and what the law counts less of.
    pub sums: Vec<Sum>,
    pub limits: Vec<String>,
    /// Answers that cannot both be true, one of them here.
    pub disagree: Vec<Told>,
    /// The employer's sheet, beside what a job offers.
    pub sheet: bool,
    /// A guest's code, on the first page: nothing else brings them back.
    pub code: Option<String>,
}

/// `GET /account/apply/STEP`
pub async fn show_household(desk: Desk, Path(step): Path<String>) -> Answer {
    show_page(&desk, &step, HOUSEHOLD).await
}

/// `POST /account/apply/STEP`
pub async fn save_household(desk: Desk, Path(step): Path<String>) -> Answer {
    self::save_page(desk, &step, HOUSEHOLD).await
}

/// `GET /account/apply/STEP/ROW`
pub async fn show(desk: Desk, Path((step, row)): Path<(String, String)>) -> Answer {
    show_page(&desk, &step, row_of(&row)).await
}

/// An address that was mistyped is one that the application does not have: it leads to what is open.
fn row_of(text: &str) -> RowId {
    text.parse().unwrap_or(RowId::MAX)
}

async fn show_page(desk: &Desk, step: &str, row: RowId) -> Answer {
    let open = open(desk).await?;
    let around = around(&desk.cx, &open.sheet);
    let view = view(&open.sheet, &around)?;
    let Some(place) = flow::place(&view, step, row) else { return Ok(desk.go(&next_address(&view, None))) };
    let cx = &desk.cx;
    if !cx.is_marked(ASKS_MORE) {
        count(cx, place.step.name, Came::Shown);
    }
    let notes = [(ASKS_MORE, "apply.asked_more"), (NOT_SAVED, "apply.page_gone"), (SET_ASIDE, "apply.set_aside")];
    let notes = notes.into_iter().filter(|(mark, _)| cx.is_marked(mark)).map(|(_, key)| cx.t(key).to_string());
    let mut page = page_of(desk, &view, &place, (notes.collect(), false, cx.is_marked(FROM_CHECK)));
    let first = place.step.name == YOU_STEP.name && desk.visitor.guest().is_some();
    page.code = open.code.filter(|_| first);
    Ok(page::render_status(cx, StatusCode::OK, page, CachePolicy::Private))
}

/// `POST /account/apply/STEP/ROW`
pub async fn save(desk: Desk, Path((step, row)): Path<(String, String)>) -> Answer {
    save_page(desk, &step, row_of(&row)).await
}

async fn save_page(desk: Desk, step: &str, row: RowId) -> Answer {
    let open = open(&desk).await?;
    let before = around(&desk.cx, &open.sheet);
    let earlier = view(&open.sheet, &before)?;
    let Some(place) = flow::place(&earlier, step, row) else {
        // Somebody was taken out, or another answer made the page needless, while it was open here.
        return Ok(desk.go(&marked(next_address(&earlier, None), [Some(NOT_SAVED)])));
    };
    let on: Vec<String> = shown_keys(&desk.form, &earlier, &place);
    let typed = typed(&desk.form, &earlier, &place, &on);
    let asked = asked(&earlier, &place);
    let guard = || {
        let (keys, word) = (on.clone(), desk.form.get("seen").to_string());
        (!word.is_empty()).then(|| Guard { keys, word, typed: typed.clone() })
    };
    let edit = || {
        let (typed, asked, step, row) = (typed.clone(), asked.clone(), place.step, place.row);
        let edit = move |sheet: &mut Sheet| {
            if typed.values().any(|text| !text.is_empty()) && sheet.join(row) {
                sheet.set("everyone", HOUSEHOLD, "");
            }
            for (name, text) in typed.iter().chain(&asked) {
                set(sheet, name, text);
            }
            flow::follow_up(sheet, step, row);
        };
        Box::new(edit) as Box<dyn Fn(&mut Sheet) + Send + Sync>
    };
    let owner = desk.owner().unwrap_or_default().to_string();
    match super::around::save(&desk, &owner, false, (guard, edit)).await? {
        Saved::None => Ok(desk.go(&super::around::begin_address(&desk))),
        Saved::Clash(stored) => clash(&desk, &place, &stored, &typed),
        Saved::Done(sheet) => {
            let aside = {
                let now = around(&desk.cx, &sheet);
                let later = view(&sheet, &now)?;
                let (old, new) = (flow::answered(&earlier), flow::answered(&later));
                old.difference(&new).any(|name| !get(&sheet, name).is_empty())
            };
            saved(&desk, &place, &sheet, (&on, aside, &disagree::all(&earlier)))
        }
    }
}

/// After saving: the same page if something on it is wrong or new, else the next one.
fn saved(desk: &Desk, place: &Place, sheet: &Sheet, (on, aside, before): (&[String], bool, &[Disagreement])) -> Answer {
    let around = around(&desk.cx, sheet);
    let view = view(sheet, &around)?;
    let from_check = desk.form.get("from") == "check";
    let (aside, back) = (aside.then_some(SET_ASIDE), from_check.then_some(FROM_CHECK));
    if let Some(lang) = switched(desk) {
        return Ok(page::redirect_in(&desk.cx, lang, &marked(address(place), [back])));
    }
    let Some(place) = flow::place(&view, place.step.name, place.row) else {
        count(&desk.cx, place.step.name, Came::Answered);
        return Ok(desk.go(&marked(next_address(&view, Some(place)), [aside, back])));
    };
    let faults = place.faults(&view);
    let was_on = |name: &String| on.contains(name);
    if faults.iter().any(|fault| was_on(&key(fault.question.name, fault.row))) {
        count(&desk.cx, place.step.name, Came::Refused(&refused(&faults)));
        let page = page_of(desk, &view, &place, (Vec::new(), true, from_check));
        return Ok(page::render_status(&desk.cx, StatusCode::UNPROCESSABLE_ENTITY, page, CachePolicy::Private));
    }
    let new = place.step.asked(&view, place.row).iter().any(|(question, row)| !was_on(&key(question.name, *row)));
    if new && !faults.is_empty() {
        return Ok(desk.go(&marked(address(&place), [Some(ASKS_MORE), back])));
    }
    count(&desk.cx, place.step.name, Came::Answered);
    // Said once where it was answered; whoever goes on all the same meets it again on the check page.
    if disagree::all(&view).iter().any(|own| own.is_on(&view, &place) && !before.contains(own)) {
        return Ok(desk.go(&marked(address(&place), [aside, back])));
    }
    // Pages that this answer has opened come first. When a change of a sent application is reported, every page has its
    // answer already: the next one to change is picked from the list.
    let change = view.sheet.follows().is_some();
    let next = match flow::first_open(&view) {
        None if from_check => CHECK_PAGE.to_string(),
        None if change => super::ROOT.to_string(),
        _ if from_check || change => next_address(&view, None),
        _ => next_address(&view, Some(&place)),
    };
    let back = back.filter(|_| next != CHECK_PAGE);
    Ok(desk.go(&marked(next, [aside, back])))
}

/// The other language that was pressed instead of "Save and go on": what was typed is saved, and judged later.
fn switched(desk: &Desk) -> Option<Lang> {
    desk.cx.other_languages().find(|lang| lang.code() == desk.form.get("switch"))
}

/// Where to go on: the page after this one, or the first that needs something, or the check page.
pub fn next_address(view: &View, place: Option<&Place>) -> String {
    let next = match place {
        Some(place) => flow::after(view, place),
        None => flow::first_open(view),
    };
    // At the end of the list, whatever was left open on the way comes first.
    match next.or_else(|| flow::first_open(view)) {
        Some(next) => address(&next),
        None => CHECK_PAGE.to_string(),
    }
}

/// The answers that the page had; only names that it can have.
fn shown_keys(form: &Form, view: &View, place: &Place) -> Vec<String> {
    let may = place.keys(view);
    form.get("on").split(',').filter(|name| may.contains(*name)).map(str::to_string).collect()
}

/// What was typed into the questions that the page had.
fn typed(form: &Form, view: &View, place: &Place, on: &[String]) -> BTreeMap<String, String> {
    let rows = |question: &'static Question| {
        let names = on.iter().filter_map(move |name| {
            let (own, row) = name.rsplit_once('.')?;
            (own == question.name).then(|| row.parse::<RowId>().ok()).flatten()
        });
        names.map(move |row| (question, row)).collect::<Vec<_>>()
    };
    let questions = place.step.questions.iter().flat_map(rows);
    questions.map(|(question, row)| (key(question.name, row), one(form, view, question, row))).collect()
}

fn one(form: &Form, view: &View, question: &Question, row: RowId) -> String {
    let name = key(question.name, row);
    match question.kind {
        Kind::Date(_) => {
            let parts = ["m", "d", "y"].map(|part| form.get(&format!("{name}.{part}")).to_string());
            if parts.iter().all(String::is_empty) { String::new() } else { parts.join("/") }
        }
        Kind::Several(_) | Kind::SeveralOf(_) | Kind::People(_) => form.all(&name).collect::<Vec<_>>().join(","),
        // A number that came back as it was masked was not changed.
        Kind::Ssn if is_mask(form.get(&name)) => view.text(question.name, row).to_string(),
        _ => form.get(&name).to_string(),
    }
}

/// Who was on the page of each question about people.
fn asked(view: &View, place: &Place) -> BTreeMap<String, String> {
    let of = |(question, row): (&'static Question, RowId)| match question.kind {
        Kind::People(eligible) => {
            let people: Vec<String> = eligible(view, row).iter().map(ToString::to_string).collect();
            Some((key(&asked_name(question.name), row), people.join(",")))
        }
        _ => None,
    };
    place.step.asked(view, place.row).into_iter().filter_map(of).collect()
}

fn set(sheet: &mut Sheet, name: &str, text: &str) {
    if let Some((question, row)) = name.rsplit_once('.') {
        sheet.set(question, row.parse().unwrap_or_default(), text);
    }
}

fn get<'s>(sheet: &'s Sheet, name: &str) -> &'s str {
    let (question, row) = name.rsplit_once('.').unwrap_or((name, "0"));
    sheet.get(question, row.parse().unwrap_or_default())
}

/// Both tabs' answers: those typed here in the fields, those saved there beside them.
fn clash(desk: &Desk, place: &Place, stored: &Sheet, typed: &BTreeMap<String, String>) -> Answer {
    let mut mine = stored.clone();
    typed.iter().for_each(|(name, text)| set(&mut mine, name, text));
    let around = around(&desk.cx, &mine);
    let view = view(&mine, &around)?;
    let theirs = super::around::view(stored, &around)?;
    let words = Words::new(&desk.cx, &theirs);
    let from_check = desk.form.get("from") == "check";
    let mut page = page_of(desk, &view, place, (vec![desk.cx.t("apply.clash").to_string()], false, from_check));
    for (question, row) in place.step.asked(&view, place.row) {
        let name = key(question.name, row);
        let changed = typed.get(&name).is_some_and(|text| text != get(stored, &name));
        if let Some(field) = page.fields.iter_mut().find(|field| changed && field.id == name) {
            let other = words.answer(question, row);
            let other = other.unwrap_or_else(|| desk.cx.t("apply.clash_empty").to_string());
            field.other = Some(desk.cx.tf("apply.clash_other", &[("value", &other)]));
        }
    }
    // Whoever sends this page now has seen both.
    page.seen = stored.word_over(page.on.split(','));
    Ok(page::render_status(&desk.cx, StatusCode::CONFLICT, page, CachePolicy::Private))
}

/// The page as it stands.
pub fn page_of<'a>(
    desk: &'a Desk,
    view: &View<'_>,
    place: &Place,
    (notes, judged, from_check): (Vec<String>, bool, bool),
) -> StepPage<'a> {
    let cx = &desk.cx;
    let words = Words::new(cx, view);
    let faults = if judged { place.faults(view) } else { Vec::new() };
    let asked = place.step.asked(view, place.row);
    let field = |(question, row): &(&'static Question, RowId)| {
        let fault = faults.iter().find(|fault| fault.question.name == question.name && fault.row == *row);
        words.field(question, *row, fault)
    };
    let fields: Vec<Field> = asked.iter().map(field).collect();
    let problems =
        fields.iter().filter_map(|field| Some(Problem { field: first_control(field), words: field.fault.clone()? }));
    let faults = problems.collect();
    let on: Vec<String> = asked.iter().map(|(question, row)| key(question.name, *row)).collect();
    let (sums, limits) = if place.step.name == "income-total" { sums(&words) } else { Default::default() };
    let here: Vec<Disagreement> = disagree::all(view).into_iter().filter(|own| own.is_on(view, place)).collect();
    let back = match flow::before(view, place) {
        _ if from_check => CHECK_PAGE.to_string(),
        Some(before) => address(&before),
        None => super::ROOT.to_string(),
    };
    StepPage {
        bar: bar(cx, &desk.visitor),
        title: words.title(place.step, place.row),
        lead: words.lead(place.step, place.row),
        faults,
        notes,
        action: cx.href(&address(place)),
        seen: view.sheet.word_over(on.iter().map(String::as_str)),
        on: on.join(","),
        fields,
        from: from_check.then_some("check"),
        submit: cx.t("apply.next").to_string(),
        back: cx.href(&back),
        full: view.sheet.is_full(),
        people: (place.step.name == "household").then(|| listed(&words)),
        sums,
        limits,
        disagree: here.iter().map(|own| told(&words, own, &place.address())).collect(),
        sheet: place.step.name == "offer",
        code: None,
        cx,
    }
}

/// The control that an error leads to: the first part of a date, the first of a list.
fn first_control(field: &Field) -> String {
    match &field.control {
        Control::Date { .. } => format!("{}.m", field.id),
        Control::Radios(choices) | Control::Ticks(choices) => {
            choices.first().map_or_else(|| field.id.clone(), |choice| format!("{}-{}", field.id, choice.value))
        }
        _ => field.id.clone(),
    }
}

/// What the engine makes of each earner's answers, and what limits on a return took off: as the determination counts it.
fn sums(words: &Words) -> (Vec<Sum>, Vec<String>) {
    let (cx, view) = (words.cx, words.view);
    let said = crate::application::household::household(view, &|_| None);
    let Ok(mut household) = Household::from_json(&said.to_string()) else { return Default::default() };
    // A sum of their own is asked for beside this one, and does not replace it.
    household.people.iter_mut().for_each(|person| person.projected_annual_income = None);
    let Ok((incomes, bounds)) = eligibility::counted(&household, view.around.tables, view.today) else {
        return Default::default();
    };
    let earners = view.earners();
    let year = view.year.to_string();
    let one = |(row, income): (RowId, PersonIncome)| {
        let month = shown_cents(Ratio { num: i128::from(income.medicaid_month_x12.0), den: 12 }).dollars_cents();
        Sum {
            name: words.person(row),
            month: cx.tf("apply.total.month", &[("amount", &month)]),
            year: cx.tf("apply.total.year", &[("amount", &income.year.dollars_cents()), ("year", &year)]),
        }
    };
    let sums = view.people().zip(incomes).filter(|(row, _)| earners.contains(row)).map(one).collect();
    (sums, bounds.iter().map(|bound| limited_words(cx, bound)).collect())
}
