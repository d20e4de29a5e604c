//! "Help with costs", before the list: what each person may get, the credit, extra savings, and where to go.
//!
//! Only words and links over what the engine found; nothing is decided here. Medicaid and CHIP come before plans,
//! because they cost people less.

use crate::eligibility::tables::{CsrLevel, MedicaidAgency};
use crate::eligibility::{ChipCategory, PersonAnswer};
use crate::filing::codes::{Metal, Product};
use crate::quote::ask::address::Search;
use crate::quote::filters::Facet;
use crate::quote::market::tally::Tally;
use crate::quote::offer::Offer;
use crate::quote::policy::{self, Help, TaxPart};
use crate::quote::yearly::{self, YearlyCosts};
use crate::shop::links::Links;
use crate::shop::view::whole_dollars;
use crate::shop::words::assumed;
use crate::shop::words::search as words;
use crate::types::Cents;
use crate::web::page::Cx;

/// What the box says. Without an income: only the invitation to give one.
pub struct Panel {
    /// Address of the questions, with everything typed so far.
    pub add: Option<String>,
    pub lines: Vec<String>,
    /// Medicaid and CHIP by person, then how to apply.
    pub public: Vec<String>,
    pub agency: Option<Agency>,
    pub gap: Vec<String>,
    /// Set where the filters hide the plans that carry extra savings: the address that shows them.
    pub show_silver: Option<String>,
    /// What that may cost in a year.
    pub silver_costs: Option<String>,
    pub taken: Option<String>,
    pub how: Option<String>,
    pub without: Option<String>,
    pub change: String,
}

pub struct Agency {
    pub words: String,
    /// Blank where we do not know it.
    pub url: String,
    pub phone: Option<String>,
}

impl Panel {
    pub fn new(cx: &Cx, links: &Links, help: Option<&Help>, tally: &Tally, years: &mut Option<YearlyCosts>) -> Panel {
        let search = links.search;
        let change = links.all_at("/");
        let Some(help) = help else {
            let add = (search.product == Product::Medical).then(|| change.clone());
            return Panel {
                add,
                lines: level_words(cx, search).into_iter().collect(),
                public: Vec::new(),
                agency: None,
                gap: Vec::new(),
                show_silver: None,
                silver_costs: None,
                taken: None,
                how: None,
                without: None,
                change,
            };
        };
        let people = &help.determination.people;
        let agency = cx.app.tables.medicaid_agency(&search.place.county.state);
        let public: Vec<String> =
            people.iter().enumerate().filter_map(|(i, p)| public_words(cx, search, (i, p), agency)).collect();
        let without = search.with(Search::forget_private);
        Panel {
            add: None,
            lines: lines(cx, search, help, tally),
            agency: people.iter().any(PersonAnswer::public_coverage).then(|| agency_words(cx, agency)),
            public,
            gap: gap_words(cx, search, help),
            silver_costs: years
                .as_mut()
                .filter(|_| silver_hidden(search))
                .and_then(|years| silver_costs(cx, tally, years)),
            show_silver: silver_hidden(search)
                .then(|| links.list(|wishes| wishes.facets.tick(Facet::Metal, Metal::Silver.code()))),
            taken: taken(cx, search),
            how: Some(links.who_at("/how")),
            without: Some(cx.href(&format!("/plans?{without}"))),
            change,
        }
    }
}

/// Credit and extra savings.
fn lines(cx: &Cx, search: &Search, help: &Help, tally: &Tally) -> Vec<String> {
    let mut lines = Vec::new();
    let nobody_shops = !help.determination.people.iter().any(PersonAnswer::shops);
    if search.product == Product::Medical {
        lines.push(match (&search.policy.credit, tally.credit) {
            _ if nobody_shops => cx.t("help.all_public").to_string(),
            (None, _) => cx.t("help.no_credit").to_string(),
            (Some(_), None) => cx.t("help.no_benchmark").to_string(),
            (Some(_), Some(credit)) if credit.0 == 0 => cx.t("help.credit_zero").to_string(),
            (Some(_), Some(credit)) => cx.tf("help.credit", &[("credit", &credit.dollars_cents())]),
        });
    }
    lines.extend(medicare_words(cx, search));
    lines.extend(level_words(cx, search));
    lines.extend(apart_words(cx, search, help));
    if search.policy.credit.is_some() {
        lines.push(cx.t("help.repay").to_string());
    }
    lines
}

/// Who is taken to have Medicare, which is no credit, and how to say otherwise.
fn medicare_words(cx: &Cx, search: &Search) -> Option<String> {
    let people = search.household.people().iter().enumerate();
    let named: Vec<String> = people
        .filter(|(_, p)| p.needs_cover && p.may_have_medicare() && !p.other_coverage)
        .map(|(i, _)| (i + 1).to_string())
        .collect();
    (!named.is_empty()).then(|| cx.tf("help.medicare", &[("people", &named.join(", "))]))
}

/// Whose own cost-sharing level is better than that of one policy for all (45 CFR 155.305(g)(3)).
fn apart_words(cx: &Cx, search: &Search, help: &Help) -> Option<String> {
    let better = &help.determination.tax_households.first()?.csr_better_apart;
    let shown = search.product == Product::Medical && !better.is_empty();
    shown.then(|| cx.tf("help.csr_apart", &[("people", &better.join(", "))]))
}

fn level_words(cx: &Cx, search: &Search) -> Option<String> {
    let key = match search.level() {
        CsrLevel::Zero => "help.csr_zero",
        CsrLevel::Limited => "help.csr_limited",
        CsrLevel::Csr73 => "help.csr_73",
        CsrLevel::Csr87 => "help.csr_87",
        CsrLevel::Csr94 => "help.csr_94",
        CsrLevel::None => return None,
    };
    Some(cx.t(key).to_string())
}

/// Someone who filters silver away loses the extra savings.
fn silver_hidden(search: &Search) -> bool {
    let silver_only = matches!(search.level(), CsrLevel::Csr73 | CsrLevel::Csr87 | CsrLevel::Csr94);
    let metals = search.facets.codes(Facet::Metal);
    silver_only && !metals.is_empty() && !metals.contains(&Metal::Silver.code())
}

/// "The lowest likely yearly cost is at most $2,875 among silver plans, and $3,226 among the plans shown."
fn silver_costs(cx: &Cx, tally: &Tally, years: &mut YearlyCosts) -> Option<String> {
    let silver = |offer: &&Offer| offer.plan.metal == Some(Metal::Silver);
    let with = yearly::lowest(years, tally.beside(Facet::Metal).filter(silver))?;
    let shown = yearly::lowest(years, tally.offers().iter().filter(|offer| offer.misses.is_empty()))?;
    let words = |(amount, at_most): (Cents, bool)| match at_most {
        true => cx.tf("cost.at_most_inside", &[("amount", &whole_dollars(amount))]),
        false => whole_dollars(amount),
    };
    Some(cx.tf("help.silver_costs", &[("silver", &words(with)), ("shown", &words(shown))]))
}

fn public_words(
    cx: &Cx,
    search: &Search,
    of: (usize, &PersonAnswer),
    agency: Option<&MedicaidAgency>,
) -> Option<String> {
    let (i, answer) = of;
    let person = words::person_at(cx, search, i);
    let say = |key: &str, program: &str| cx.tf(key, &[("person", &person), ("program", program)]);
    let named = |name: Option<&str>, plain: &str| name.filter(|name| !name.is_empty()).unwrap_or(plain).to_string();
    if answer.medicaid.is_some() {
        return Some(say("help.medicaid", &named(agency.map(|a| a.program.as_str()), "Medicaid")));
    }
    if matches!(answer.chip, Some(ChipCategory::Child | ChipCategory::Pregnant | ChipCategory::Unborn)) {
        return Some(say("help.chip", &named(agency.map(|a| a.chip_program.as_str()), "CHIP")));
    }
    if answer.basic_health {
        return Some(say("help.basic_health", ""));
    }
    if answer.emergency_medicaid {
        return Some(say("help.emergency", ""));
    }
    answer.non_magi_referral.then(|| say("help.referral", ""))
}

fn agency_words(cx: &Cx, agency: Option<&MedicaidAgency>) -> Agency {
    let Some(agency) = agency else {
        return Agency { words: cx.t("help.agency_unknown").to_string(), url: String::new(), phone: None };
    };
    let phone = (!agency.phone.is_empty()).then(|| cx.tf("help.agency_phone", &[("phone", &agency.phone)]));
    Agency { words: cx.tf("help.agency", &[("agency", &agency.agency)]), url: agency.url.clone(), phone }
}

/// The coverage gap, with the income at which a credit would begin.
fn gap_words(cx: &Cx, search: &Search, help: &Help) -> Vec<String> {
    let line = help.determination.tax_households.first().map(|answer| answer.guideline.dollars()).unwrap_or_default();
    let people = help.determination.people.iter().enumerate().filter(|(_, person)| person.coverage_gap);
    people.map(|(i, _)| cx.tf("help.gap", &[("person", &words::person_at(cx, search, i)), ("amount", &line)])).collect()
}

/// What was assumed of returns: who files, whether a grown person is a dependent, whether somebody claims the filer.
fn taken(cx: &Cx, search: &Search) -> Option<String> {
    let people = search.household.people().len();
    let all = (people > 1).then(|| taken_words(cx, search));
    let words: Vec<String> = all.into_iter().chain(assumed::words(cx, search)).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// How we took the people to be related: shown, so that it can be put right.
fn taken_words(cx: &Cx, search: &Search) -> String {
    let parts = policy::tax_parts(&search.household);
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
