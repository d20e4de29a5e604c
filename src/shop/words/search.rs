//! A search in words: heading, people, place, filters, notes. Every filter that has SQL has words here.
//!
//! Called by the pages of a search. It must never show a message that names a plan as better than another.

use crate::catalogue::Catalogue;
use crate::costs::Use;
use crate::costs::utilization::Sex;
use crate::eligibility::tables::Marketplace;
use crate::filing::codes::Product;
use crate::filing::marks::Provenance;
use crate::quote::ask::address::{PLANS_MAX, Search};
use crate::quote::ask::facets::{Note, Span, Wish};
use crate::quote::ask::people::{Immigration, Person, Relation};
use crate::quote::filters::{Facet, Filter, Rule, Values};
use crate::quote::market::tally::Tally;
use crate::shop::fixed::Fixed;
use crate::shop::words::costs as cost_words;
use crate::types::Cents;
use crate::web::page::Cx;

fn dollars(whole: u32) -> String {
    Cents(i64::from(whole) * 100).dollars()
}

/// "47 health plans in Hamilton County, OH: silver or gold, premium up to $450": the page's title.
pub fn title(cx: &Cx, search: &Search, total: usize) -> String {
    let key = match search.product {
        Product::Medical => "plans.heading_medical",
        Product::Dental => "plans.heading_dental",
    };
    let plans = cx.n(key, total as i64);
    let county = county_words(cx, search);
    let filters = filter_words(cx, search, None);
    match filters.is_empty() {
        true => cx.tf("plans.title", &[("plans", &plans), ("county", &county)]),
        false => {
            let filters: Vec<String> = filters.into_iter().map(|(_, words)| words).collect();
            cx.tf("plans.title_filtered", &[("plans", &plans), ("county", &county), ("filters", &filters.join(", "))])
        }
    }
}

/// "130 plans, from $291.81 a month": the answer.
pub fn heading(cx: &Cx, search: &Search, tally: &Tally) -> String {
    let key = match search.product {
        Product::Medical => "plans.count",
        Product::Dental => "plans.heading_dental",
    };
    let total = tally.total();
    let lowest = tally.offers().iter().filter(|offer| offer.misses.is_empty()).map(|offer| offer.net()).min();
    let Some(lowest) = lowest else {
        return cx.t(if search.facets.is_empty() { "plans.none_sold" } else { "plans.none" }).to_string();
    };
    let key_from = if total == 1 { "plans.at" } else { "plans.from" };
    let plans = cx.n(key, total as i64);
    cx.tf(key_from, &[("plans", &plans), ("amount", &lowest.dollars_cents())])
}

/// "Prices after your tax credit. Lowest likely yearly cost first."
pub fn sub(cx: &Cx, search: &Search) -> String {
    let whose = if search.policy.credit.is_some() { "plans.after_credit" } else { "plans.full_price" };
    let whose = (search.product == Product::Medical).then(|| cx.t(whose));
    let order = cx.t(&format!("sort.{}_short", search.sort.key()));
    whose.into_iter().chain([order]).collect::<Vec<_>>().join(" ")
}

/// "a month", and for whom if some of the people typed are not on the policy.
pub fn a_month(cx: &Cx, search: &Search) -> String {
    let covered: Vec<u8> = search.policy.household.covered().map(|person| person.age).collect();
    match covered.len() == search.household.people().len() {
        true => cx.t("card.a_month").to_string(),
        false => cx.tf("card.a_month_for", &[("people", &ages_words(cx, &covered))]),
    }
}

/// "age 40", "ages 40 and 38".
pub fn ages_words(cx: &Cx, ages: &[u8]) -> String {
    let words: Vec<String> = ages.iter().map(u8::to_string).collect();
    cx.n("person.ages", ages.len() as i64).replace("{ages}", &cost_words::joined(cx, words).unwrap_or_default())
}

/// "Hamilton County, OH"; "condado de Hamilton, OH".
pub fn county_words(cx: &Cx, search: &Search) -> String {
    format!("{}, {}", county_name(cx, &search.place.county.name), search.place.county.state)
}

/// A county's name in this language: the Census adds the kind of place in English at the end.
pub fn county_name(cx: &Cx, name: &str) -> String {
    let kinds = [(" County", "county"), (" Parish", "parish"), (" Borough", "borough")];
    let kind = kinds.into_iter().find_map(|(end, kind)| Some((name.strip_suffix(end)?, kind)));
    kind.map_or_else(|| name.to_string(), |(bare, kind)| cx.tf(&format!("place.{kind}"), &[("name", bare)]))
}

/// With a capital: names that begin a line ("Condado de Hamilton").
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// "Ages 40, 38 (uses tobacco), 5 · 45202, Hamilton County, OH · 2026 · $52,000 a year".
pub fn who(cx: &Cx, search: &Search) -> String {
    if let Some(fixed) = Fixed::of(cx, search.product) {
        return fixed.who.clone();
    }
    let people = search.household.people();
    let said: Vec<String> = people.iter().map(|person| short_words(cx, person)).collect();
    let people = cx.n("plans.who_people", people.len() as i64).replace("{people}", &said.join(", "));
    let zip = search.place.zip.to_string();
    let place = cx.tf("plans.who_place", &[("zip", &zip), ("county", &county_words(cx, search))]);
    let income =
        search.finances.as_ref().map(|money| cx.tf("plans.who_income", &[("income", &money.income.dollars())]));
    [people, place, search.year.to_string()].into_iter().chain(income).collect::<Vec<_>>().join(" · ")
}

/// "38", "38 (uses tobacco)".
fn short_words(cx: &Cx, person: &Person) -> String {
    let traits = traits(cx, person);
    match traits.is_empty() {
        true => person.age.to_string(),
        false => format!("{} ({})", person.age, traits.join(", ")),
    }
}

/// "Person 2 (38 years old)", counted from 1.
pub fn person(cx: &Cx, n: usize, age: u8) -> String {
    cx.tf("help.person", &[("n", &n.to_string()), ("age", &age_words(cx, age))])
}

/// The same for the person at this position in the household, starting at 0; a single person is "You".
pub fn person_at(cx: &Cx, search: &Search, place: usize) -> String {
    if search.household.people().len() == 1 {
        return cx.t("ask.person_you").to_string();
    }
    search.household.people().get(place).map(|of| person(cx, place + 1, of.age)).unwrap_or_default()
}

/// "Go to HealthCare.gov"; a site that does not speak the reader's language says so.
pub fn go_words(cx: &Cx, marketplace: &Marketplace) -> String {
    let (name, _, speaks) = marketplace.site(cx.lang.code());
    cx.tf(if speaks { "elsewhere.go" } else { "elsewhere.go_english" }, &[("name", name)])
}

/// "38 years old".
pub fn age_words(cx: &Cx, age: u8) -> String {
    match age {
        0 => cx.t("person.under_one").to_string(),
        age => cx.n("person.age", i64::from(age)),
    }
}

/// "38 years old, uses tobacco".
pub fn person_words(cx: &Cx, person: &Person) -> String {
    let mut words = vec![age_words(cx, person.age)];
    words.extend(traits(cx, person).into_iter().map(str::to_string));
    words.join(", ")
}

fn traits<'a>(cx: &'a Cx, person: &Person) -> Vec<&'a str> {
    let all = [
        (person.tobacco, "person.tobacco"),
        (person.pregnant, "person.pregnant"),
        (person.tribal_member, "person.tribal_member"),
        (!person.needs_cover, "person.no_cover"),
        (person.other_coverage, "person.other_coverage"),
        (person.no_free_part_a, "person.no_free_part_a"),
        (person.relation == Relation::OwnReturn, "person.own_return"),
        (person.immigration == Immigration::RecentGreenCard, "person.recent_green_card"),
        (person.immigration == Immigration::OtherLawful, "person.other_lawful"),
        (person.immigration == Immigration::NotLawful, "person.not_lawful"),
    ];
    all.into_iter().filter(|(set, _)| *set).map(|(_, key)| cx.t(key)).collect()
}

/// One value of a filter, in words.
pub fn value_words(cx: &Cx, filter: &Filter, code: i64, catalogue: Option<&Catalogue>) -> String {
    match &filter.rule {
        Rule::AnyOf { values, .. } | Rule::AllOf { values, .. } => match (values, catalogue) {
            (Values::Closed { message, .. }, _) => message(code).map(|key| cx.t(key).to_string()),
            (Values::Issuers { .. }, Some(catalogue)) => Some(catalogue.issuer_name(code as u32)),
            (Values::Issuers { .. }, None) => None,
        }
        .unwrap_or_else(|| filter.word(code)),
        Rule::AtLeast { says, .. } => cx.n(says, code),
        Rule::Holds { says, .. } => cx.t(says).to_string(),
        Rule::Within { .. } | Rule::WithinAfterCredit { .. } | Rule::Names { .. } => filter.word(code),
    }
}

/// Each filter that is set, with its words. Without the catalogue, insurers are counted, not named.
pub(super) fn filter_words(cx: &Cx, search: &Search, catalogue: Option<&Catalogue>) -> Vec<(Facet, String)> {
    let values = |filter: &Filter, codes: &[i64], between: &str| {
        let words: Vec<String> = codes.iter().map(|code| value_words(cx, filter, *code, catalogue)).collect();
        words.join(between)
    };
    let words = |(filter, wish): (&'static Filter, &Wish)| {
        let words = match (wish, &filter.rule) {
            (Wish::Range(span), _) => span_words(cx, cx.t(filter.legend), span)?,
            (Wish::Text(text), Rule::Names { says }) => cx.tf(says, &[("text", text)]),
            (Wish::Text(text), _) => text.clone(),
            (Wish::Codes(codes), Rule::AllOf { says, .. }) => {
                cx.tf(says, &[("programs", &values(filter, codes, ", "))])
            }
            (Wish::Codes(codes), Rule::AnyOf { values: Values::Issuers { says }, .. }) if catalogue.is_none() => {
                cx.n(says, codes.len() as i64)
            }
            (Wish::Codes(codes), _) => values(filter, codes, &format!(" {} ", cx.t("words.or"))),
        };
        Some((filter.facet, words))
    };
    search.facets.iter().filter_map(words).collect()
}

pub(super) fn span_words(cx: &Cx, what: &str, span: &Span) -> Option<String> {
    Some(match (span.min, span.max) {
        (None, None) => return None,
        (Some(min), None) => cx.tf("filter.from", &[("what", what), ("min", &dollars(min))]),
        (None, Some(max)) => cx.tf("filter.up_to", &[("what", what), ("max", &dollars(max))]),
        (Some(min), Some(max)) => {
            cx.tf("filter.between", &[("what", what), ("min", &dollars(min)), ("max", &dollars(max))])
        }
    })
}

/// What we ignored in the address.
pub fn notes(cx: &Cx, notes: &[Note]) -> Vec<String> {
    // A few are enough to say that the address is not one of ours.
    let max = PLANS_MAX.to_string();
    let said = |note: &Note| {
        let Note { name, value, .. } = note;
        cx.tf(note.key(), &[("name", name), ("value", value), ("plan", value), ("max", &max)])
    };
    notes.iter().take(5).map(said).collect()
}

/// What everyone who sees a price from this catalogue must be told.
fn warnings(cx: &Cx, catalogue: &Catalogue) -> Vec<String> {
    let key = match catalogue.provenance {
        Provenance::Filed => None,
        Provenance::Illustrative => Some("warning.illustrative"),
        Provenance::Invented => Some("warning.invented"),
    };
    // A note is a message key of ours if it has words in both languages; otherwise it is shown as given.
    let note = catalogue.note.as_deref().map(|note| cx.known(&format!("warning.{note}")).unwrap_or(note));
    key.map(|key| cx.t(key)).into_iter().chain(note).map(str::to_string).collect()
}

/// The same for a page without any price: what is special about some premiums concerns nobody there.
pub fn warnings_without_price(cx: &Cx, catalogue: &Catalogue) -> Vec<String> {
    let note = cx.t("warning.age_curve");
    warnings(cx, catalogue).into_iter().filter(|words| words != note).collect()
}

/// What must be known before reading a price, and what can be read after the list: `warnings`, sorted by whom they
/// concern. Premiums published for two ages matter only to other ages, and most of all to tobacco users.
pub fn warnings_for(cx: &Cx, catalogue: &Catalogue, search: &Search) -> (Vec<String>, Vec<String>) {
    if catalogue.note.as_deref() != Some("age_curve") {
        return (warnings(cx, catalogue), Vec::new());
    }
    let note = cx.t("warning.age_curve").to_string();
    let mut first = warnings_without_price(cx, catalogue);
    let covered = || search.policy.household.covered();
    first.extend(covered().any(|person| person.tobacco).then(|| cx.t("warning.age_curve_tobacco").to_string()));
    let published = |age: u8| matches!(age, 27 | 40);
    let later = covered().any(|person| !published(person.age)).then_some(note);
    (first, later.into_iter().collect())
}

/// What the yearly costs assume: "Person 1: female, Having a baby. Person 2: any year can come …".
pub fn expected(cx: &Cx, search: &Search) -> String {
    let people: Vec<_> = search.household.people().iter().zip(1..).filter(|(person, _)| person.needs_cover).collect();
    if people.iter().all(|(person, _)| person.sex.is_none() && person.expected_care() == Use::Any) {
        return cx.t("cost.taken_any").to_string();
    }
    let words = people.into_iter().map(|(person, n)| {
        let sex = match person.sex {
            Some(Sex::Female) => "cost.female",
            Some(Sex::Male) => "cost.male",
            None => "cost.sex_unsaid",
        };
        let care = cost_words::use_label(cx, person.expected_care());
        // A single person is "you".
        let key = if search.household.people().len() == 1 { "cost.taken_you" } else { "cost.taken_person" };
        cx.tf(key, &[("n", &n.to_string()), ("sex", cx.t(sex)), ("care", &care)])
    });
    let words = words.collect::<Vec<_>>().join("; ");
    let mut taken = cx.tf("cost.taken", &[("people", &words)]);
    if crate::quote::yearly::people(search).iter().any(cost_words::lacks_drugs) {
        taken.push(' ');
        taken.push_str(cx.t("use.no_drugs"));
    }
    taken
}
