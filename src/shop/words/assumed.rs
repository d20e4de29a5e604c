//! What was assumed about tax returns, in words, for people whom it may be wrong for.
//!
//! Called by the help on the list and by "How we worked this out". It decides nothing: the parts are those of `policy`.

use crate::quote::ask::address::Search;
use crate::quote::ask::people::{Person, Relation};
use crate::quote::policy::{TaxPart, tax_parts};
use crate::web::page::Cx;

/// One sentence for each trap that the household may be in.
pub fn words(cx: &Cx, search: &Search) -> Vec<String> {
    let people = search.household.people();
    let ages = search.policy.rules.ages;
    let parts = tax_parts(&search.household, ages);
    let those = |fits: &dyn Fn(&Person, TaxPart) -> bool| -> Vec<String> {
        let fitting = people.iter().zip(&parts).enumerate().filter(|(_, (person, part))| fits(person, **part));
        fitting.map(|(i, _)| (i + 1).to_string()).collect()
    };
    let dependent = |part: TaxPart| matches!(part, TaxPart::Child | TaxPart::OtherDependent);
    let own = those(&|_, part| part == TaxPart::OwnReturn);
    // A dependent of this age may be a roommate or a grown child with a return of their own (26 USC 152(c)(3), (d)).
    let is_grown = |person: &Person| person.age >= ages.qualifying_child_under;
    let grown = those(&|person, part| dependent(part) && person.relation == Relation::Unsaid && is_grown(person));
    let earning = those(&|person, part| dependent(part) && person.age >= ages.youngest_paid);
    let young = people.len() == 1 && people[0].age < ages.student_child_under;
    let mut words = Vec::new();
    for (key, who) in [("help.own_return", &own), ("help.assume_grown", &grown)] {
        if !who.is_empty() {
            words.push(cx.tf(key, &[("people", &who.join(", "))]));
        }
    }
    words.extend((!earning.is_empty()).then(|| cx.t("help.assume_dependent_income").to_string()));
    words.extend(young.then(|| cx.t("help.assume_claimed").to_string()));
    words
}
