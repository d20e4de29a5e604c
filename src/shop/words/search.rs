//! A search in words: heading, chips, notes, ways out of an empty list. Every filter that has SQL has words here.

use crate::catalogue::Catalogue;
use crate::costs::Use;
use crate::costs::utilization::Sex;
use crate::filing::codes::{Product, Sort};
use crate::filing::marks::Provenance;
use crate::quote::ask::address::{PLANS_MAX, Search};
use crate::quote::ask::facets::{Facets, Note, Span, Wish};
use crate::quote::ask::people::Person;
use crate::quote::filters::{Facet, Filter, Rule, Values};
use crate::quote::market::tally::{Relax, Tally};
use crate::shop::links::{Links, Wishes};
use crate::shop::plans::{Chip, SortLink, WayOut};
use crate::shop::words::costs as cost_words;
use crate::types::{Cents, group_thousands};
use crate::web::page::Cx;

fn dollars(whole: u32) -> String {
    Cents(i64::from(whole) * 100).dollars()
}

/// "47 health plans in Hamilton County, OH: silver or gold, premium up to $450".
pub fn heading(cx: &Cx, search: &Search, total: usize) -> String {
    let key = match search.product {
        Product::Medical => "plans.heading_medical",
        Product::Dental => "plans.heading_dental",
    };
    let plans = cx.n(key, total as i64);
    let county = county_words(search);
    let filters = filter_words(cx, search, None);
    match filters.is_empty() {
        true => cx.tf("plans.heading", &[("plans", &plans), ("county", &county)]),
        false => {
            let filters: Vec<String> = filters.into_iter().map(|(_, words)| words).collect();
            cx.tf("plans.heading_filtered", &[("plans", &plans), ("county", &county), ("filters", &filters.join(", "))])
        }
    }
}

pub fn county_words(search: &Search) -> String {
    format!("{}, {}", search.place.county.name, search.place.county.state)
}

/// "ZIP 45202 · Hamilton County, OH · 40, 38 (tobacco) and 5 years old · coverage in 2026".
pub fn who(cx: &Cx, search: &Search) -> String {
    let people: Vec<String> = search.household.people().iter().map(|person| person_words(cx, person)).collect();
    let mut words = cx.tf(
        "plans.who",
        &[
            ("zip", &search.place.zip.to_string()),
            ("county", &county_words(search)),
            ("people", &people.join("; ")),
            ("year", &search.year.to_string()),
        ],
    );
    if let Some(money) = &search.finances {
        words.push(' ');
        words.push_str(&cx.tf("plans.who_income", &[("income", &money.income.dollars())]));
    }
    words
}

/// "Person 2 (38 years old)", counted from 1.
pub fn person(cx: &Cx, n: usize, age: u8) -> String {
    cx.tf("help.person", &[("n", &n.to_string()), ("age", &age_words(cx, age))])
}

/// The same of the person at this place of the household, from 0.
pub fn person_at(cx: &Cx, search: &Search, place: usize) -> String {
    search.household.people().get(place).map(|of| person(cx, place + 1, of.age)).unwrap_or_default()
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
    let mut words = age_words(cx, person.age);
    for (set, key) in [
        (person.tobacco, "person.tobacco"),
        (person.pregnant, "person.pregnant"),
        (person.tribal_member, "person.tribal_member"),
        (!person.needs_cover, "person.no_cover"),
        (person.other_coverage, "person.other_coverage"),
        (person.no_free_part_a, "person.no_free_part_a"),
    ] {
        if set {
            words.push_str(", ");
            words.push_str(cx.t(key));
        }
    }
    words
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

/// Each filter that is set, with its words. Without the catalogue, insurers are counted and not named.
fn filter_words(cx: &Cx, search: &Search, catalogue: Option<&Catalogue>) -> Vec<(Facet, String)> {
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

fn span_words(cx: &Cx, what: &str, span: &Span) -> Option<String> {
    Some(match (span.min, span.max) {
        (None, None) => return None,
        (Some(min), None) => cx.tf("filter.from", &[("what", what), ("min", &dollars(min))]),
        (None, Some(max)) => cx.tf("filter.up_to", &[("what", what), ("max", &dollars(max))]),
        (Some(min), Some(max)) => {
            cx.tf("filter.between", &[("what", what), ("min", &dollars(min)), ("max", &dollars(max))])
        }
    })
}

/// The filters that are set, each with the address of the list without it.
pub fn chips(cx: &Cx, links: &Links, catalogue: &Catalogue) -> Vec<Chip> {
    filter_words(cx, links.search, Some(catalogue))
        .into_iter()
        .map(|(facet, words)| Chip { words, remove: remove_href(links, facet) })
        .collect()
}

fn remove_href(links: &Links, facet: Facet) -> String {
    links.list(|wishes| wishes.facets.clear(facet))
}

/// What we did not follow in the address.
pub fn notes(cx: &Cx, notes: &[Note]) -> Vec<String> {
    // A few are enough to say that the address is not one of ours.
    let max = PLANS_MAX.to_string();
    let said = |note: &Note| {
        let Note { name, value, .. } = note;
        cx.tf(note.key(), &[("name", name), ("value", value), ("plan", value), ("max", &max)])
    };
    notes.iter().take(5).map(said).collect()
}

/// What everyone who sees a price of this catalogue must be told.
pub fn warnings(cx: &Cx, catalogue: &Catalogue) -> Vec<String> {
    let key = match catalogue.provenance {
        Provenance::Filed => None,
        Provenance::Illustrative => Some("warning.illustrative"),
        Provenance::Invented => Some("warning.invented"),
    };
    // A note is a key of ours where there are words for it in both languages, else it is shown as it was given.
    let note = catalogue.note.as_deref().map(|note| cx.known(&format!("warning.{note}")).unwrap_or(note));
    key.map(|key| cx.t(key)).into_iter().chain(note).map(str::to_string).collect()
}

pub fn sorts(cx: &Cx, links: &Links) -> Vec<SortLink> {
    let search = links.search;
    let link = |sort: Sort| SortLink {
        words: cx.t(sort.message()).to_string(),
        href: links.list(|wishes| wishes.sort = sort),
        current: search.sort == sort,
    };
    Sort::ALL.iter().copied().filter(|sort| sort.fits(search.product)).map(link).collect()
}

/// How the order was made.
pub fn order(cx: &Cx, search: &Search, tally: &Tally) -> String {
    let estimated = || tally.offers().iter().any(|offer| offer.cost.is_some_and(|cost| cost.is_ok()));
    match search.sort.is_by_cost() && tally.total() > 0 && !estimated() {
        // The order that is left where no plan has an estimate.
        true => cx.t("cost.none_here").to_string(),
        false => cx.t(&format!("sort.{}_explained", search.sort.key())).to_string(),
    }
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
        cx.tf("cost.taken_person", &[("n", &n.to_string()), ("sex", cx.t(sex)), ("care", &care)])
    });
    let words = words.collect::<Vec<_>>().join("; ");
    let mut taken = cx.tf("cost.taken", &[("people", &words)]);
    if crate::quote::yearly::people(search).iter().any(cost_words::lacks_drugs) {
        taken.push(' ');
        taken.push_str(cx.t("use.no_drugs"));
    }
    taken
}

/// (words, address, whether it is the one shown): medical and dental plans are two lists.
pub fn products(cx: &Cx, links: &Links) -> Vec<(String, String, bool)> {
    let link = |product: Product| {
        let change = |wishes: &mut Wishes| {
            if wishes.product != product {
                // Filters of one product mean little for the other.
                wishes.facets = Facets::default();
                wishes.product = product;
                wishes.sort = Sort::usual(product);
            }
        };
        let words = cx.t(product.message()).to_string();
        (words, links.list(change), links.search.product == product)
    };
    [Product::Medical, Product::Dental].into_iter().map(link).collect()
}

/// "Plans 11 to 20 of 47".
pub fn range(cx: &Cx, first: usize, shown: usize, total: usize) -> String {
    let number = |n: usize| group_thousands(n as i64);
    cx.tf("plans.range", &[("first", &number(first + 1)), ("last", &number(first + shown)), ("total", &number(total))])
}

/// Why catastrophic plans are not in the list.
pub fn catastrophic(cx: &Cx, search: &Search) -> Option<String> {
    let hidden = search.product == Product::Medical && !search.policy.catastrophic;
    hidden.then(|| cx.t("plans.catastrophic_hidden").to_string())
}

/// Which filter to relax, and by how much, when nothing is found.
pub fn ways_out(cx: &Cx, links: &Links, tally: &Tally) -> Vec<WayOut> {
    let search = links.search;
    let set = filter_words(cx, search, None);
    let mut ways: Vec<WayOut> = tally
        .relax(&search.facets)
        .into_iter()
        .filter_map(|relax| {
            let (_, words) = set.iter().find(|(facet, _)| *facet == relax.facet)?;
            Some(way_out(cx, links, &relax, words))
        })
        .collect();
    if ways.is_empty() && !search.facets.is_empty() {
        // No single filter is to blame.
        let href = links.list(|wishes| wishes.facets = Facets::default());
        let words = cx.n("plans.way_out_all", tally.sold() as i64);
        ways.push(WayOut { words, href });
    }
    ways
}

fn way_out(cx: &Cx, links: &Links, relax: &Relax, filter: &str) -> WayOut {
    let plans = cx.n("plans.count", relax.plans as i64);
    let Some(nearest) = relax.nearest else {
        let words = cx.tf("plans.way_out", &[("filter", filter), ("plans", &plans)]);
        return WayOut { words, href: remove_href(links, relax.facet) };
    };
    // For an amount: move the end that stands in the way just far enough for the first plan.
    let up = u32::try_from((nearest.0 + 99) / 100).unwrap_or(u32::MAX);
    let down = u32::try_from(nearest.0 / 100).unwrap_or(0);
    let change = |wishes: &mut Wishes| {
        let Span { min, max } = wishes.facets.span(relax.facet);
        let (min, max) = (min.map(|min| min.min(down)).filter(|min| *min > 0), max.map(|max| max.max(up)));
        wishes.facets.set_span(relax.facet, Span { min, max });
    };
    let words = cx.tf("plans.way_out_amount", &[("filter", filter), ("amount", &nearest.dollars_cents())]);
    WayOut { words, href: links.list(change) }
}
