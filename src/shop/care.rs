//! `GET /care`: how much care each covered person expects, and their sex. All of it is optional, and only the likely
//! yearly cost looks at it.
//!
//! The rest of the search is carried along unchanged, so that the form leads back to the same list. What a choice means
//! is said by `cost_words`, from the utilization table.

use askama::Template;
use axum::response::Response;

use crate::costs::Use;
use crate::costs::price_index::price_index;
use crate::costs::utilization::{Condition, PRICE_LEVEL, Sex};
use crate::quote::ask::address::Search;
use crate::quote::ask::people::Person;
use crate::quote::ask::rows::PersonRow;
use crate::shop::open::{Instead, Open, Page, open};
use crate::shop::words::costs::{conditions, use_label, use_sentence};
use crate::shop::words::search as words;
use crate::web::page::{self, Cx};

/// One answer of a question.
struct Choice {
    value: String,
    words: String,
    /// What it means for this person.
    sentence: Option<String>,
    ticked: bool,
}

/// The questions about one person.
struct PersonForm {
    /// Place among the people of the address, from 1.
    n: usize,
    legend: String,
    sexes: Vec<Choice>,
    uses: Vec<Choice>,
    conditions: Vec<Choice>,
    /// The box of conditions holds the answer.
    open: bool,
}

#[derive(Template)]
#[template(path = "care.html")]
struct CarePage<'a> {
    cx: &'a Cx,
    who: String,
    notes: Vec<String>,
    people: Vec<PersonForm>,
    /// Somebody's sex is not said: the sentences are means.
    mean: bool,
    /// Words on the prices: of the table's year, raised to the plan year's.
    numbers: String,
    carried: Vec<(String, String)>,
    back: String,
}

/// `GET /care`, `GET /es/care`.
pub async fn care(cx: Cx) -> Result<Response, Instead> {
    let Open { search, query, notes, policy, .. } = open(&cx, &Page::new("/care"))?;
    let covered = || search.household.people().iter().enumerate().filter(|(_, person)| person.needs_cover);
    let template = CarePage {
        who: words::who(&cx, &search),
        notes,
        people: covered().map(|(i, person)| person_form(&cx, i + 1, person, search.year)).collect(),
        mean: covered().any(|(_, person)| person.sex.is_none()),
        numbers: cx
            .tf("care_page.numbers", &[("table_year", &PRICE_LEVEL.to_string()), ("year", &search.year.to_string())]),
        carried: carried(&search),
        back: cx.href(&format!("/plans?{query}")),
        cx: &cx,
    };
    Ok(page::render(&cx, template, policy))
}

/// The whole search but this page's own answers; those about people without coverage are kept.
fn carried(search: &Search) -> Vec<(String, String)> {
    let rest = search.pairs().into_iter().filter(|(name, _)| !matches!(*name, "sex" | "care"));
    let mut pairs: Vec<(String, String)> = rest.map(|(name, value)| (name.to_string(), value)).collect();
    for (i, person) in search.household.people().iter().enumerate().filter(|(_, person)| !person.needs_cover) {
        pairs.extend(PersonRow::of(person).carried(i + 1));
    }
    pairs
}

/// Whether the form offers a birth: not for a small child, not for a man. An address may still say so.
fn may_give_birth(person: &Person) -> bool {
    let likely = person.sex != Some(Sex::Male) && (10..=60).contains(&person.age);
    likely || person.expected_care() == Use::Condition(Condition::Maternity)
}

fn person_form(cx: &Cx, n: usize, person: &Person, year: u16) -> PersonForm {
    let sex = |sex: Option<Sex>, key: &str| Choice {
        value: sex.map_or("any", Sex::letter).to_string(),
        words: cx.t(key).to_string(),
        sentence: None,
        ticked: person.sex == sex,
    };
    let chosen = person.expected_care();
    let choice = |usage: Use| Choice {
        value: usage.word(),
        words: use_label(cx, usage),
        sentence: use_sentence(cx, person.age, person.sex, usage, price_index(year).millionths),
        ticked: usage == chosen,
    };
    // A tenth comes from an address alone, but must not be lost here.
    let tenth = Some(chosen).filter(|usage| matches!(usage, Use::Decile(_)));
    PersonForm {
        n,
        legend: words::person(cx, n, person.age),
        sexes: vec![
            sex(None, "care_page.sex_unsaid"),
            sex(Some(Sex::Female), "care_page.sex_female"),
            sex(Some(Sex::Male), "care_page.sex_male"),
        ],
        uses: [Use::Any, Use::Low, Use::Medium, Use::High].into_iter().chain(tenth).map(choice).collect(),
        conditions: conditions(cx)
            .into_iter()
            .filter(|condition| *condition != Condition::Maternity || may_give_birth(person))
            .map(|condition| choice(Use::Condition(condition)))
            .collect(),
        open: matches!(chosen, Use::Condition(_)),
    }
}
