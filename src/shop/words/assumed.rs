//! What was assumed about tax returns, in words, for people whom it may be wrong for.
//!
//! Called by the help on the list and by "How we worked this out". It decides nothing: the parts are those of `policy`.

use crate::quote::ask::address::Search;
use crate::quote::ask::people::{Person, Relation};
use crate::quote::policy::{TaxPart, tax_parts};
use crate::web::page::Cx;

/// A dependent of this age may be a roommate or a grown child with a return of their own (26 USC 152(c)(3), (d)).
const GROWN: u8 = 19;
/// Parents may claim a student until the end of the year in which they turn this age (26 USC 152(c)(3)(A)(ii)).
const CLAIMED_UNDER: u8 = 24;
/// Younger dependents have no pay that obliges them to file.
const MAY_EARN: u8 = 14;

/// One sentence for each trap that the household may be in.
pub fn words(cx: &Cx, search: &Search) -> Vec<String> {
    let people = search.household.people();
    let parts = tax_parts(&search.household);
    let those = |fits: &dyn Fn(&Person, TaxPart) -> bool| -> Vec<String> {
        let fitting = people.iter().zip(&parts).enumerate().filter(|(_, (person, part))| fits(person, **part));
        fitting.map(|(i, _)| (i + 1).to_string()).collect()
    };
    let dependent = |part: TaxPart| matches!(part, TaxPart::Child | TaxPart::OtherDependent);
    let own = those(&|_, part| part == TaxPart::OwnReturn);
    let grown = those(&|person, part| dependent(part) && person.relation == Relation::Unsaid && person.age >= GROWN);
    let earning = those(&|person, part| dependent(part) && person.age >= MAY_EARN);
    let young = people.len() == 1 && people[0].age < CLAIMED_UNDER;
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
