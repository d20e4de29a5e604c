//! The filters of the shop, each written once: its name in the address, the condition a plan must meet, its message,
//! and how its choices are counted.
//!
//! [`FILTERS`] is read by `ask::facets` (address), `market::query` (condition), `market::tally` (counts) and `shop`
//! (form, chips, ways out of an empty list). None of them knows a filter by name: everything about a filter is
//! decided in its row. SQL text in the conditions is our own; what visitors type is always bound.
//!
//! To add a filter: its name in [`Facet`], its row in [`FILTERS`], its messages in both languages, its line in
//! docs/addresses.md. A test checks every row's condition against its counting on real plans.

use strum::{EnumCount, VariantArray};

use crate::filing::codes::{Feature, Metal, PlanType, Program};
use crate::quote::offer::{Misses, Offer};
use crate::types::Cents;

/// The filters by name, in the order of the address and the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumCount, VariantArray)]
pub enum Facet {
    Metal,
    Type,
    Issuer,
    Premium,
    Deductible,
    Moop,
    Hsa,
    NationalNetwork,
    NoReferral,
    StandardDesign,
    ChildDental,
    AdultDental,
    NewPlan,
    Stars,
    Programs,
    Text,
}

impl Facet {
    /// Its row.
    pub fn filter(self) -> &'static Filter {
        &FILTERS[self as usize]
    }

    /// Its number in a plan's [`Misses`].
    pub const fn number(self) -> i64 {
        self as i64 + 1
    }
}

const _: () = assert!(Facet::COUNT as i64 <= Misses::FILTERS_MAX);

/// One filter. In SQL, `s` is a plan sold here, and `v` the household's variant of it.
pub struct Filter {
    pub facet: Facet,
    /// Its name in the address.
    pub name: &'static str,
    /// The message above its choices and before its range.
    pub legend: &'static str,
    /// The glossary entry that explains it.
    pub term: Option<&'static str>,
    /// Whether dental plans have it too.
    pub dental: bool,
    pub rule: Rule,
}

/// What a plan must meet, as an SQL condition and as the same test of an [`Offer`] in memory, for counting. What was
/// not filed is NULL or `None` and fails: we cannot show that it meets the filter.
pub enum Rule {
    /// The plan's value is any of those ticked. Words: those of the values, joined by "or".
    AnyOf { values: Values, column: &'static str, of: fn(&Offer) -> i64 },
    /// The plan has every one of the values ticked; each is a bit of the column.
    AllOf { values: Values, column: &'static str, of: fn(&Offer) -> i64, says: &'static str },
    /// The plan's value is at least the one chosen, from 1 to `most`.
    AtLeast { most: i64, column: &'static str, of: fn(&Offer) -> i64, says: &'static str },
    /// The household's amount is in the range (whole dollars, inclusive): one person's amount, or the family's.
    Within { one: &'static str, family: &'static str, of: fn(&Offer) -> Option<Cents> },
    /// The same for what the household pays after its credit. Decided after the statement has run, because the credit
    /// depends on the second-lowest silver plan among everything it finds (`Tally::new`).
    WithinAfterCredit { of: fn(&Offer) -> Cents },
    /// Yes/no. These share one name in the address; each has its own word there, which also ends its message.
    Holds { condition: &'static str, of: fn(&Offer) -> bool, says: &'static str },
    /// Each word typed begins a word of the plan's or insurer's name, or the whole text is the start of a plan ID.
    Names { says: &'static str },
}

/// Values that can be ticked.
#[derive(Clone, Copy)]
pub enum Values {
    /// A closed set: code by word in the address, and message by code.
    Closed { code: fn(&str) -> Option<i64>, message: fn(i64) -> Option<&'static str> },
    /// HIOS issuer IDs. The catalogue has the names; where it is not available, this message says how many are
    /// ticked.
    Issuers { says: &'static str },
}

const METALS: Values = Values::Closed {
    code: |word| Metal::from_key(word).map(Metal::code),
    message: |code| Metal::from_code(code).map(Metal::message),
};
const TYPES: Values = Values::Closed {
    code: |word| PlanType::from_key(word).map(PlanType::code),
    message: |code| PlanType::from_code(code).map(PlanType::message),
};
const PROGRAMS: Values = Values::Closed {
    code: |word| Program::from_key(word).map(Program::bit),
    message: |bit| Program::from_bit(bit).map(Program::message),
};

/// HIOS issuer IDs have five digits.
const ISSUER_ID_MAX: i64 = 99_999;

/// Every filter, in the order of [`Facet`].
pub static FILTERS: [Filter; Facet::COUNT] = [
    // Metal level of a medical plan, or coverage level of a dental plan.
    Filter {
        facet: Facet::Metal,
        name: "metal",
        legend: "filter.metal",
        term: Some("metal-level"),
        dental: true,
        rule: Rule::AnyOf { values: METALS, column: "v.metal", of: |offer| offer.facts.packed.metal() },
    },
    // Network type: HMO, PPO, EPO, POS, indemnity.
    Filter {
        facet: Facet::Type,
        name: "type",
        legend: "filter.type",
        term: Some("network"),
        dental: true,
        rule: Rule::AnyOf { values: TYPES, column: "v.plan_type", of: |offer| offer.facts.packed.plan_type() },
    },
    // Who sells it.
    Filter {
        facet: Facet::Issuer,
        name: "issuer",
        legend: "filter.issuer",
        term: None,
        dental: true,
        rule: Rule::AnyOf {
            values: Values::Issuers { says: "filter.issuers_chosen" },
            column: "v.issuer_id",
            of: |offer| i64::from(offer.facts.issuer_id),
        },
    },
    // What the household pays per month.
    Filter {
        facet: Facet::Premium,
        name: "premium",
        legend: "filter.premium",
        term: Some("premium"),
        dental: true,
        rule: Rule::WithinAfterCredit { of: |offer| offer.net() },
    },
    // In network, per year.
    Filter {
        facet: Facet::Deductible,
        name: "deductible",
        legend: "filter.deductible",
        term: Some("deductible"),
        dental: true,
        rule: Rule::Within {
            one: "v.deductible_individual",
            family: "v.deductible_family",
            of: |offer| offer.deductible,
        },
    },
    // The most the household pays out of pocket in a year, in network.
    Filter {
        facet: Facet::Moop,
        name: "moop",
        legend: "filter.moop",
        term: Some("out-of-pocket-maximum"),
        dental: true,
        rule: Rule::Within { one: "v.moop_individual", family: "v.moop_family", of: |offer| offer.moop },
    },
    // Can be combined with a health savings account.
    yes_no(Facet::Hsa, "feature.hsa", "v.hsa = 1", |offer| offer.facts.packed.has(Feature::Hsa)),
    // The network covers the whole country, not just the service area. Dental plans file this too.
    Filter {
        dental: true,
        ..yes_no(Facet::NationalNetwork, "feature.national", "v.national = 1", |offer| {
            offer.facts.packed.has(Feature::NationalNetwork)
        })
    },
    // Specialists can be seen without a referral.
    yes_no(Facet::NoReferral, "feature.noreferral", "v.referral_free = 1", |offer| {
        offer.facts.packed.has(Feature::NoReferral)
    }),
    // One of CMS's standardized plan options (45 CFR 156.201).
    yes_no(Facet::StandardDesign, "feature.standard", "v.standard_design = 1", |offer| {
        offer.facts.packed.has(Feature::StandardDesign)
    }),
    // Covers children's dental check-ups or basic dental care.
    yes_no(Facet::ChildDental, "feature.childdental", "v.child_dental = 1", |offer| {
        offer.facts.packed.has(Feature::ChildDental)
    }),
    // Covers adults' routine or basic dental care.
    yes_no(Facet::AdultDental, "feature.adultdental", "v.adult_dental = 1", |offer| {
        offer.facts.packed.has(Feature::AdultDental)
    }),
    // Not sold last year. Dental plans file this too.
    Filter {
        dental: true,
        ..yes_no(Facet::NewPlan, "feature.new", "v.is_new = 1", |offer| offer.facts.packed.has(Feature::NewPlan))
    },
    // CMS's overall quality rating; unrated plans have none.
    Filter {
        facet: Facet::Stars,
        name: "stars",
        legend: "filter.stars",
        term: None,
        dental: true,
        rule: Rule::AtLeast {
            most: 5,
            column: "v.stars",
            of: |offer| offer.facts.packed.stars(),
            says: "stars.at_least",
        },
    },
    // Disease-management programs that the insurer offers.
    Filter {
        facet: Facet::Programs,
        name: "programs",
        legend: "filter.programs",
        term: Some("disease-management"),
        dental: false,
        rule: Rule::AllOf {
            values: PROGRAMS,
            column: "v.programs",
            of: |offer| offer.facts.packed.programs(),
            says: "filter.programs_chosen",
        },
    },
    // Words typed.
    Filter {
        facet: Facet::Text,
        name: "q",
        legend: "filter.text",
        term: None,
        dental: true,
        rule: Rule::Names { says: "filter.text_chosen" },
    },
];

/// A row for a yes/no filter of medical plans: its `with=` word, which also ends its message.
const fn yes_no(facet: Facet, says: &'static str, condition: &'static str, of: fn(&Offer) -> bool) -> Filter {
    let rule = Rule::Holds { condition, of, says };
    Filter { facet, name: "with", legend: "filter.with", term: None, dental: false, rule }
}

impl Filter {
    /// The code of a word in the address; `None` if it is not a value of this filter.
    pub fn code(&self, word: &str) -> Option<i64> {
        match &self.rule {
            Rule::AnyOf { values, .. } | Rule::AllOf { values, .. } => values.code(word),
            Rule::AtLeast { most, .. } => word.parse().ok().filter(|n| (1..=*most).contains(n)),
            Rule::Holds { .. } => (self.yes_word() == Some(word)).then_some(YES),
            Rule::Within { .. } | Rule::WithinAfterCredit { .. } | Rule::Names { .. } => None,
        }
    }

    /// The value's word in the address.
    pub fn word(&self, code: i64) -> String {
        match &self.rule {
            Rule::AnyOf { values: Values::Closed { message, .. }, .. }
            | Rule::AllOf { values: Values::Closed { message, .. }, .. } => {
                message(code).map_or_else(String::new, |message| last_word(message).to_string())
            }
            Rule::Holds { says, .. } => last_word(says).to_string(),
            _ => code.to_string(),
        }
    }

    /// The word of a yes/no filter.
    pub fn yes_word(&self) -> Option<&'static str> {
        match &self.rule {
            Rule::Holds { says, .. } => Some(last_word(says)),
            _ => None,
        }
    }

    /// The household's amount that a range tests; `None` if it is not filed, or the filter has no range.
    pub fn amount(&self, offer: &Offer) -> Option<Cents> {
        match &self.rule {
            Rule::Within { of, .. } => of(offer),
            Rule::WithinAfterCredit { of } => Some(of(offer)),
            _ => None,
        }
    }

    pub fn is_range(&self) -> bool {
        matches!(self.rule, Rule::Within { .. } | Rule::WithinAfterCredit { .. })
    }

    /// Whether variants of the same plan can differ in what this filter tests.
    pub fn looks_at_variant(&self) -> bool {
        matches!(self.rule, Rule::Within { .. } | Rule::Holds { .. })
    }
}

/// The only value of a yes/no filter.
pub const YES: i64 = 1;

impl Values {
    fn code(self, word: &str) -> Option<i64> {
        match self {
            Values::Closed { code, .. } => code(word),
            Values::Issuers { .. } => word.parse().ok().filter(|id| (0..=ISSUER_ID_MAX).contains(id)),
        }
    }
}

/// Messages of closed sets end with the word of the address: `metal.silver`.
fn last_word(message: &'static str) -> &'static str {
    message.rsplit_once('.').map_or(message, |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_its_place_and_all_differ() {
        let mut names = std::collections::HashSet::new();
        for (facet, filter) in Facet::VARIANTS.iter().zip(&FILTERS) {
            assert_eq!(filter.facet, *facet);
            assert!(names.insert((filter.name, filter.yes_word())), "{} stands twice", filter.name);
        }
    }

    #[test]
    fn every_filter_is_in_the_public_contract() {
        let contract = include_str!("../../docs/addresses.md");
        for filter in &FILTERS {
            let row = contract.lines().find(|line| line.starts_with(&format!("| `{}` |", filter.name)));
            let row = row.unwrap_or_else(|| panic!("docs/addresses.md has no row `{}`", filter.name));
            if let Some(word) = filter.yes_word() {
                assert!(row.contains(&format!("`{word}`")), "docs/addresses.md: `{}` lacks `{word}`", filter.name);
            }
        }
    }
}
