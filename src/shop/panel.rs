//! "Your help", before the list, in three lines: who gets what, the credit, and the nearest income at which that
//! changes.
//!
//! Called by `plans`. It only puts the engine's findings into words and links, and must never decide anything.
//! Medicaid and CHIP come before plans, because they cost people less. A single person is "you"; others are named by
//! their ages.

use crate::eligibility::tables::{CsrLevel, MedicaidAgency};
use crate::eligibility::{ChipCategory, MedicaidCategory, PersonAnswer};
use crate::filing::codes::{Metal, Product};
use crate::quote::ask::address::Search;
use crate::quote::filters::Facet;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::quote::policy::{self, Help, TaxPart};
use crate::quote::yearly::{self, YearlyCosts};
use crate::shop::fixed::Fixed;
use crate::shop::links::Links;
use crate::shop::view::whole_dollars;
use crate::shop::words::assumed;
use crate::shop::words::search as words;
use crate::types::Cents;
use crate::web::page::Cx;

/// One line, and the links at its end.
pub struct HelpLine {
    pub words: String,
    pub links: Vec<(String, String)>,
}

/// What the box says.
pub struct Panel {
    pub heading: String,
    /// Everybody may get Medicaid or CHIP: that is the page's answer.
    pub first: bool,
    pub lines: Vec<HelpLine>,
    /// One tap away.
    pub more: Vec<String>,
    /// `None` without an income: then there is nothing to explain.
    pub how: Option<String>,
    pub without: Option<String>,
}

impl Panel {
    /// `turning` is the nearest income at which the help changes, in words.
    pub fn new(
        cx: &Cx,
        links: &Links,
        help: Option<&Help>,
        (tally, years): (&Tally, &mut Option<YearlyCosts>),
        turning: Option<String>,
    ) -> Panel {
        let search = links.search;
        let mut lines = Vec::new();
        if let Some(fixed) = Fixed::of(cx, search.product) {
            lines.extend(fixed.help.iter().cloned().map(plain));
            if search.product == Product::Medical {
                lines.extend(level_words(cx, search).map(plain));
                lines.extend(silver_line(cx, links, tally, years));
            }
            let heading = cx.t("help.heading").to_string();
            return Panel { heading, first: false, lines, more: Vec::new(), how: None, without: None };
        }
        let Some(help) = help else {
            lines.extend(level_words(cx, search).map(plain));
            lines.extend(medicare_lines(cx, links));
            let heading = cx.t("help.heading").to_string();
            return Panel { heading, first: false, lines, more: Vec::new(), how: None, without: None };
        };
        let nobody_shops = !help.determination.people.iter().any(PersonAnswer::shops);
        lines.extend(public_lines(cx, search, help));
        lines.extend(gap_line(cx, search, help).map(plain));
        lines.extend(credit_line(cx, search, tally, nobody_shops).map(plain));
        lines.extend(medicare_lines(cx, links));
        lines.extend(turning.map(plain));
        lines.extend(silver_line(cx, links, tally, years));
        let people = help.determination.people.len();
        let taken = (people > 1).then(|| taken_words(cx, search)).into_iter().chain(assumed::words(cx, search));
        let repay = search.policy.credit.is_some().then(|| cx.t("help.repay").to_string());
        Panel {
            heading: cx.t(if nobody_shops { "help.heading_public" } else { "help.heading" }).to_string(),
            first: nobody_shops,
            lines,
            more: referral_words(cx, search, help)
                .into_iter()
                .chain(taken)
                .chain(apart_words(cx, search, help))
                .chain(repay)
                .collect(),
            how: Some(links.all_at("/how")),
            without: Some(cx.href(&format!("/plans?{}", search.with(Search::forget_private)))),
        }
    }
}

fn plain(words: String) -> HelpLine {
    HelpLine { words, links: Vec::new() }
}

/// `key.you`, `key.one` or `key.other`, with these people's ages.
fn of_people(cx: &Cx, search: &Search, key: &str, people: &[usize], values: &[(&str, &str)]) -> String {
    let all = search.household.people();
    let ages: Vec<u8> = people.iter().filter_map(|i| all.get(*i)).map(|person| person.age).collect();
    let form = match (all.len(), ages.len()) {
        (1, _) => "you",
        (_, 1) => "one",
        _ => "other",
    };
    let ages = words::ages_words(cx, &ages);
    let values: Vec<(&str, &str)> = values.iter().copied().chain([("people", ages.as_str())]).collect();
    cx.tf(&format!("{key}.{form}"), &values)
}

/// The credit and, in the same line, what silver plans offer.
fn credit_line(cx: &Cx, search: &Search, tally: &Tally, nobody_shops: bool) -> Option<String> {
    let level = level_words(cx, search);
    if search.product != Product::Medical {
        return level;
    }
    let credit = match (&search.policy.credit, tally.credit) {
        _ if nobody_shops => cx.t("help.all_public").to_string(),
        (None, _) => cx.t("help.no_credit").to_string(),
        (Some(_), None) => cx.t("help.no_benchmark").to_string(),
        (Some(_), Some(credit)) if credit.0 == 0 => cx.t("help.credit_zero").to_string(),
        (Some(_), Some(credit)) => cx.tf("help.credit", &[("credit", &credit.dollars_cents())]),
    };
    Some([Some(credit), level].into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// Who has a better cost-sharing level alone than on one policy for all (45 CFR 155.305(g)(3)).
fn apart_words(cx: &Cx, search: &Search, help: &Help) -> Option<String> {
    let better = &help.determination.tax_households.first()?.csr_better_apart;
    let shown = search.product == Product::Medical && !better.is_empty();
    shown.then(|| cx.tf("help.csr_apart", &[("people", &better.join(", "))]))
}

fn level_words(cx: &Cx, search: &Search) -> Option<String> {
    let alone = search.household.people().len() == 1;
    let key = match (search.level(), alone) {
        (CsrLevel::Zero, false) => "help.csr_zero",
        (CsrLevel::Zero, true) => "help.csr_zero_you",
        (CsrLevel::Limited, false) => "help.csr_limited",
        (CsrLevel::Limited, true) => "help.csr_limited_you",
        (CsrLevel::Csr73, _) => "help.csr_73",
        (CsrLevel::Csr87, _) => "help.csr_87",
        (CsrLevel::Csr94, _) => "help.csr_94",
        (CsrLevel::None, _) => return None,
    };
    Some(cx.t(key).to_string())
}

/// Someone who filters out silver loses the extra savings.
fn silver_hidden(search: &Search) -> bool {
    let silver_only = matches!(search.level(), CsrLevel::Csr73 | CsrLevel::Csr87 | CsrLevel::Csr94);
    let metals = search.facets.codes(Facet::Metal);
    silver_only && !metals.is_empty() && !metals.contains(&Metal::Silver.code())
}

/// "The lowest likely yearly cost is $2,875 or less among silver plans, and $3,226 among the plans shown."
fn silver_costs(cx: &Cx, tally: &Tally, years: &mut YearlyCosts) -> Option<String> {
    let silver = |offer: &&Offer| offer.plan.metal == Some(Metal::Silver);
    let with = yearly::lowest(years, tally.beside(Facet::Metal).filter(silver))?;
    let shown = yearly::lowest(years, tally.offers().iter().filter(|offer| offer.misses.is_empty()))?;
    let words = |(amount, at_most): (Cents, bool)| match at_most {
        true => cx.tf("cost.at_most", &[("amount", &whole_dollars(amount))]),
        false => whole_dollars(amount),
    };
    Some(cx.tf("help.silver_costs", &[("silver", &words(with)), ("shown", &words(shown))]))
}

fn silver_line(cx: &Cx, links: &Links, tally: &Tally, years: &mut Option<YearlyCosts>) -> Option<HelpLine> {
    if !silver_hidden(links.search) {
        return None;
    }
    let costs = years.as_mut().and_then(|years| silver_costs(cx, tally, years));
    let words =
        [Some(cx.t("help.silver_hidden").to_string()), costs].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let show = links.list(|wishes| wishes.facets.tick(Facet::Metal, Metal::Silver.code()));
    Some(HelpLine { words, links: vec![(cx.t("help.show_silver").to_string(), show)] })
}

/// Medicaid, CHIP and so on: people with the same answer in one line, followed by how to apply.
fn public_lines(cx: &Cx, search: &Search, help: &Help) -> Vec<HelpLine> {
    let agency = cx.app.tables.medicaid_agency(&search.place.county.state);
    let mut groups: Vec<((&'static str, String), Vec<usize>)> = Vec::new();
    for (i, answer) in help.determination.people.iter().enumerate() {
        let Some(found) = public_answer(answer, agency) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == found) {
            Some((_, people)) => people.push(i),
            None => groups.push((found, vec![i])),
        }
    }
    let line = |((key, program), people): &((&'static str, String), Vec<usize>)| {
        plain(of_people(cx, search, key, people, &[("program", program)]))
    };
    let mut lines: Vec<HelpLine> = groups.iter().map(line).collect();
    let apply = help.determination.people.iter().any(PersonAnswer::public_coverage);
    if let Some(last) = lines.last_mut().filter(|_| apply) {
        let (words, links) = agency_words(cx, agency);
        last.words = format!("{} {words}", last.words);
        last.links.extend(links);
    }
    lines
}

/// (message, name of the program) of what a person may get in addition to a plan. Each program is named only for the
/// people it serves: a child is not sent to the program for adults.
fn public_answer(answer: &PersonAnswer, agency: Option<&MedicaidAgency>) -> Option<(&'static str, String)> {
    // The state's own name, and the one that everybody knows unless it is part of it: "Hoosier Healthwise (Medicaid)".
    let named = |name: Option<&str>, plain: &str| match name.filter(|name| !name.is_empty()) {
        Some(name) if !name.contains(plain) => format!("{name} ({plain})"),
        name => name.unwrap_or(plain).to_string(),
    };
    if let Some(category) = answer.medicaid {
        use MedicaidCategory::{Child1To5, Child6To18, Infant, Pregnant};
        let of_children = matches!(category, Infant | Child1To5 | Child6To18 | Pregnant);
        let child = agency.map(|a| a.child_program.as_str()).filter(|name| of_children && !name.is_empty());
        return Some(("gets.medicaid", named(child.or(agency.map(|a| a.program.as_str())), "Medicaid")));
    }
    if matches!(answer.chip, Some(ChipCategory::Child | ChipCategory::Pregnant | ChipCategory::Unborn)) {
        return Some(("gets.chip", named(agency.map(|a| a.chip_program.as_str()), "CHIP")));
    }
    if answer.basic_health {
        return Some(("gets.basic_health", String::new()));
    }
    answer.emergency_medicaid.then(|| ("gets.emergency", String::new()))
}

/// Who might get Medicaid by rules that the state looks at separately.
fn referral_words(cx: &Cx, search: &Search, help: &Help) -> Option<String> {
    let people = help.determination.people.iter().enumerate();
    let referred = people.filter(|(_, answer)| answer.non_magi_referral && !answer.public_coverage());
    let people: Vec<usize> = referred.map(|(i, _)| i).collect();
    (!people.is_empty()).then(|| of_people(cx, search, "gets.referral", &people, &[]))
}

/// How to apply, with the agency's telephone and page where we know them.
fn agency_words(cx: &Cx, agency: Option<&MedicaidAgency>) -> (String, Vec<(String, String)>) {
    let Some(agency) = agency else { return (cx.t("help.agency_unknown").to_string(), Vec::new()) };
    let phone = (!agency.phone.is_empty()).then(|| (agency.phone.clone(), format!("tel:+{}", agency.phone)));
    let page = (!agency.url.is_empty()).then(|| (agency.agency.clone(), agency.url.clone()));
    let apply = cx.t("help.apply");
    let words = if page.is_some() { apply.to_string() } else { format!("{apply} {}", agency.agency) };
    (words, phone.into_iter().chain(page).collect())
}

/// The coverage gap, with the income at which a credit would start.
fn gap_line(cx: &Cx, search: &Search, help: &Help) -> Option<String> {
    let line = help.determination.tax_households.first().map(|answer| answer.guideline.dollars()).unwrap_or_default();
    let people = help.determination.people.iter().enumerate().filter(|(_, person)| person.coverage_gap);
    let people: Vec<usize> = people.map(|(i, _)| i).collect();
    (!people.is_empty()).then(|| of_people(cx, search, "gets.gap", &people, &[("amount", &line)]))
}

/// Medicare from 65, and for whom that birthday may fall in the year.
fn medicare_lines(cx: &Cx, links: &Links) -> Vec<HelpLine> {
    let search = links.search;
    let year = search.year.to_string();
    let those = |wanted: &dyn Fn(&crate::quote::ask::people::Person) -> bool| -> Vec<usize> {
        let people = search.household.people().iter().enumerate();
        people.filter(|(_, person)| person.needs_cover && wanted(person)).map(|(i, _)| i).collect()
    };
    let has = those(&|person| person.may_have_medicare(search.policy.rules.ages) && !person.other_coverage);
    let soon = those(&|person| person.age + 1 == search.policy.rules.ages.medicare_from);
    let mut lines = Vec::new();
    if let Some(first) = has.first() {
        let words = of_people(cx, search, "gets.medicare", &has, &[("year", &year)]);
        let ask = format!("{}&each=1#age{}", links.all_at("/"), first + 1);
        lines.push(HelpLine { words, links: vec![(cx.t("help.medicare_not_free").to_string(), ask)] });
    }
    if !soon.is_empty() {
        lines.push(plain(of_people(cx, search, "gets.medicare_soon", &soon, &[("year", &year)])));
    }
    lines
}

/// How we assumed the people to be related: shown, so that it can be corrected.
fn taken_words(cx: &Cx, search: &Search) -> String {
    let parts = policy::tax_parts(&search.household, search.policy.rules.ages);
    let words: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(i, part)| {
            let key = match part {
                TaxPart::Files => "relation.applicant",
                TaxPart::Spouse => "relation.spouse",
                TaxPart::Child => "relation.child",
                TaxPart::OtherDependent => "relation.dependent",
                TaxPart::OwnReturn => "relation.own",
            };
            cx.tf(key, &[("n", &(i + 1).to_string())])
        })
        .collect();
    cx.tf("help.taken", &[("people", &words.join(", "))])
}
