//! `GET /care`: how much care each covered person expects, and their sex. All of it is optional, and only the likely
//! yearly cost uses it.
//!
//! Called by the router. The rest of the search is carried along unchanged, so the form leads back to the same list.
//! It must never put what people answer here into a readable address. `words::costs` says what a choice means, from
//! the utilization table.

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

/// One answer to a question.
struct CareChoice {
    value: String,
    words: String,
    ticked: bool,
}

/// The questions about one person.
struct PersonForm {
    /// Position among the people in the address, starting at 1.
    n: usize,
    legend: String,
    sexes: Vec<CareChoice>,
    uses: Vec<CareChoice>,
    /// What the chosen answer means for this person.
    chosen: Option<String>,
    conditions: Vec<CareChoice>,
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
    /// What each answer means, for all people of one age and sex together: (who, (answer, meaning)).
    meanings: Vec<(String, Vec<(String, String)>)>,
    /// Somebody's sex is not said: the sentences are means.
    mean: bool,
    /// About the prices: from the table's year, adjusted to the plan year.
    numbers: String,
    carried: Vec<(String, String)>,
    back: String,
}

/// `GET /care`, `GET /es/care`.
pub async fn care(cx: Cx) -> Result<Response, Instead> {
    let Open { search, query, notes, caching, .. } = open(&cx, &Page::new("/care")).await?;
    let covered = || search.household.people().iter().enumerate().filter(|(_, person)| person.needs_cover);
    let template = CarePage {
        who: words::who(&cx, &search),
        notes,
        people: covered().map(|person| person_form(&cx, &search, person)).collect(),
        meanings: meanings(&cx, covered().map(|(_, person)| person), search.year),
        mean: covered().any(|(_, person)| person.sex.is_none()),
        numbers: cx
            .tf("care_page.numbers", &[("table_year", &PRICE_LEVEL.to_string()), ("year", &search.year.to_string())]),
        carried: carried(&search),
        back: cx.href(&format!("/plans?{query}")),
        cx: &cx,
    };
    Ok(page::render(&cx, template, caching))
}

/// The whole search except this page's own answers; those about people without coverage are kept.
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

/// For each age and sex among the people, what the answers mean: said once, however many people it holds for.
fn meanings<'p>(cx: &Cx, people: impl Iterator<Item = &'p Person>, year: u16) -> Vec<(String, Vec<(String, String)>)> {
    let mut kinds: Vec<(u8, Option<Sex>)> = people.map(|person| (person.age, person.sex)).collect();
    kinds.sort_unstable_by_key(|(age, sex)| (std::cmp::Reverse(*age), sex.map(Sex::letter)));
    kinds.dedup();
    let of = |(age, sex): (u8, Option<Sex>)| {
        let someone = Person { sex, ..Person::of_age(age) };
        let known = conditions(cx).into_iter().filter(|of| *of != Condition::Maternity || may_give_birth(&someone));
        let uses = [Use::Any, Use::Low, Use::Medium, Use::High].into_iter().chain(known.map(Use::Condition));
        let said = uses.filter_map(|usage| {
            Some((use_label(cx, usage), use_sentence(cx, age, sex, usage, price_index(year).millionths)?))
        });
        let sex = sex.map(|sex| cx.t(if sex == Sex::Female { "cost.female" } else { "cost.male" }));
        let who = [words::age_words(cx, age)].into_iter().chain(sex.map(str::to_string));
        (who.collect::<Vec<_>>().join(", "), said.collect())
    };
    kinds.into_iter().map(of).collect()
}

fn person_form(cx: &Cx, search: &Search, (place, person): (usize, &Person)) -> PersonForm {
    let sex = |sex: Option<Sex>, key: &str| CareChoice {
        value: sex.map_or("any", Sex::letter).to_string(),
        words: cx.t(key).to_string(),
        ticked: person.sex == sex,
    };
    let chosen = person.expected_care();
    let choice = |usage: Use| CareChoice { value: usage.word(), words: use_label(cx, usage), ticked: usage == chosen };
    // A tenth comes from an address alone, but must not be lost here.
    let tenth = Some(chosen).filter(|usage| matches!(usage, Use::Decile(_)));
    PersonForm {
        n: place + 1,
        legend: words::person_at(cx, search, place),
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
        // "Not sure" is what everybody has not said anything about: its sentence would stand there for each of a family.
        chosen: (chosen != Use::Any)
            .then(|| use_sentence(cx, person.age, person.sex, chosen, price_index(search.year).millionths))
            .flatten(),
        open: matches!(chosen, Use::Condition(_)),
    }
}
