//! What help a household may get while it browses: the shop's side of `eligibility::determine`.
//!
//! Called by `settle`. Turns the address into the engine's household, and the engine's answer into what prices need: who
//! buys a plan, which variant they would get, and the terms of their credit. It must never decide eligibility itself. The
//! benchmark comes from the same statement as the list (`query::build_query`), so a price and its credit always agree.

use std::sync::Arc;

use time::Date;

use crate::catalogue::places::Place;
use crate::eligibility::household::{
    CoverageState, EmployerOffer, Frequency, Household as EligibilityHousehold, OtherCoverage,
    Person as EligibilityPerson, Relationship,
};
use crate::eligibility::rating::RatingRules;
use crate::eligibility::tables::CsrLevel;
use crate::eligibility::{Determination, FieldError, Tables, TaxHouseholdAnswer, determine};
use crate::filing::codes::{Metal, VariantKind};
use crate::quote::ask::money::Finances;
use crate::quote::ask::people::{Household, Person, Relation};

/// Adults no further apart in age than this are assumed to be a couple if nothing else is said. The page says so.
const COUPLE_AGE_GAP: u8 = 20;
/// Younger people do not file the household's return while an adult is on it.
const ADULT_FROM: u8 = 18;
/// A letter `s` on anybody younger is a typo.
const YOUNGEST_SPOUSE: u8 = ADULT_FROM;

/// Who is on the policy and on what terms. Without an income: everyone who needs coverage, at full price.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The people who buy; the others are kept as not needing coverage.
    pub household: Household,
    /// Cost-sharing reductions: these decide the variant of each plan.
    pub level: CsrLevel,
    /// The rules by which they are charged.
    pub rating: RatingRules,
    pub catastrophic: bool,
    /// `None`: no income given, or nobody is eligible for a credit.
    pub credit: Option<Arc<CreditTerms>>,
}

/// What turns a benchmark premium into a credit.
#[derive(Debug)]
pub struct CreditTerms {
    /// The members whose premiums the credit helps pay, without tobacco (26 USC 36B(b)(3)(C)).
    pub eligible: Household,
    /// Whether these are exactly the people on the policy and none uses tobacco: then the list's own premiums are the
    /// benchmark's.
    pub same_as_policy: bool,
    pub answer: TaxHouseholdAnswer,
}

/// The engine's answer for the household of an address.
#[derive(Debug, Clone)]
pub struct Help {
    pub determination: Arc<Determination>,
}

impl Policy {
    /// Full prices. A household of tribal members only gets limited cost sharing at any income (45 CFR 155.350(b)).
    pub fn at_full_price(household: &Household, rating: RatingRules) -> Policy {
        let tribal = household.covered().all(|person| person.tribal_member);
        let level = if tribal { CsrLevel::Limited } else { CsrLevel::None };
        // Under 30 on the first day of the plan year, or with an exemption that only the Marketplace can grant
        // (45 CFR 155.305(h), 156.155). All on the policy must qualify.
        let catastrophic = household.covered().all(|person| person.age < rating.catastrophic_under_age);
        Policy { household: household.clone(), level, rating, catastrophic, credit: None }
    }

    pub fn variants(&self) -> VariantKinds {
        VariantKinds::of_level(self.level)
    }

    /// Whether a plan filed as child-only may be sold to them (45 CFR 156.200(c)(2)).
    pub fn children_only(&self) -> bool {
        self.household.covered().all(|person| person.age < self.rating.child_only_under_age)
    }

    pub fn with_help(household: &Household, rating: RatingRules, determination: &Determination) -> Policy {
        let shops: Vec<bool> = determination.people.iter().map(|person| person.shops()).collect();
        // Everyone is eligible for Medicaid or CHIP: they can still look, at full price.
        if !shops.contains(&true) {
            return Policy::at_full_price(household, rating);
        }
        let buyers = household.only(|i| shops.get(i).copied().unwrap_or(false));
        let answer = determination.tax_households.first();
        let level = answer.map_or(CsrLevel::None, |answer| answer.csr_together);
        let credit = answer.filter(|answer| !answer.eligible_indexes.is_empty() && answer.applicable.is_some());
        let credit = credit.map(|answer| {
            let eligible = household.only(|i| answer.eligible_indexes.contains(&i)).without_tobacco();
            let same_as_policy = eligible == buyers;
            Arc::new(CreditTerms { eligible, same_as_policy, answer: answer.clone() })
        });
        let catastrophic =
            determination.people.iter().zip(&shops).all(|(person, shops)| !*shops || person.catastrophic);
        Policy { household: buyers, level, rating, catastrophic, credit }
    }
}

/// Which variant of a plan a household would be enrolled in: one kind for silver plans, one for all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariantKinds {
    pub silver: VariantKind,
    pub other: VariantKind,
}

impl VariantKinds {
    pub const STANDARD: VariantKinds = VariantKinds::both(VariantKind::Standard);

    const fn both(kind: VariantKind) -> VariantKinds {
        VariantKinds { silver: kind, other: kind }
    }

    /// 45 CFR 155.305(g), 155.350, 156.420: tribal members get reductions at every metal level, others at silver
    /// only.
    pub fn of_level(level: CsrLevel) -> VariantKinds {
        let silver_only = |silver| VariantKinds { silver, ..VariantKinds::STANDARD };
        match level {
            CsrLevel::None => VariantKinds::STANDARD,
            CsrLevel::Zero => VariantKinds::both(VariantKind::ZeroCostSharing),
            CsrLevel::Limited => VariantKinds::both(VariantKind::LimitedCostSharing),
            CsrLevel::Csr73 => silver_only(VariantKind::Silver73),
            CsrLevel::Csr87 => silver_only(VariantKind::Silver87),
            CsrLevel::Csr94 => silver_only(VariantKind::Silver94),
        }
    }

    /// Catastrophic and dental plans have no reduced variants.
    pub fn of_metal(self, metal: Option<Metal>) -> VariantKind {
        match metal {
            Some(Metal::Silver) => self.silver,
            Some(Metal::Catastrophic | Metal::Low | Metal::High) => VariantKind::Standard,
            _ => self.other,
        }
    }
}

/// What a person has, or could have, beside a plan of the marketplace, as the engine names it.
fn other_coverage(person: &Person) -> Vec<OtherCoverage> {
    // Any coverage that rules out the credit simply by being held; which kind does not matter here.
    let had = person.other_coverage.then_some(("other_full_benefit", CoverageState::Enrolled));
    let medicare = match person.no_free_part_a {
        true => Some("medicare_none"),
        false => person.may_have_medicare().then_some("medicare_part_a_free"),
    };
    let kinds = had.into_iter().chain(medicare.map(|kind| (kind, CoverageState::Eligible)));
    kinds.map(|(kind, state)| OtherCoverage { kind: kind.into(), state, ends: None }).collect()
}

/// The engine's household for an address.
pub fn eligibility_household(
    year: u16,
    place: &Place,
    household: &Household,
    money: &Finances,
) -> EligibilityHousehold {
    let parts = tax_parts(household);
    let filer = parts.iter().position(|part| *part == TaxPart::Files).unwrap_or(0);
    let relations = relations(&parts);
    let together = household.people().iter().zip(&relations).zip(&parts);
    let people = together.map(|((person, relationship), part)| EligibilityPerson {
        age: Some(i32::from(person.age)),
        relationship: Some(*relationship),
        // Said outright, so that the page and the engine cannot take different things for granted.
        claimed_by: Some(match part {
            TaxPart::Files | TaxPart::Spouse => "nobody".to_string(),
            TaxPart::Child | TaxPart::OtherDependent => (filer + 1).to_string(),
        }),
        applying: person.needs_cover,
        pregnant: person.pregnant,
        uses_tobacco: person.tobacco,
        tribal_member: person.tribal_member,
        other_coverage: other_coverage(person),
        ..EligibilityPerson::default()
    });
    let ids: Vec<String> = (1..=household.people().len()).map(|n| n.to_string()).collect();
    let offer = money.job_offer.map(|self_only| EmployerOffer {
        employee: "1".into(),
        covers: if money.family_offer.is_some() { ids } else { vec!["1".into()] },
        enrolled: Vec::new(),
        self_only_premium: Some(self_only),
        family_premium: money.family_offer,
        premium_frequency: Frequency::Monthly,
        starts: None,
        waiting_days: 0,
        ends: None,
        minimum_value: true,
        family_minimum_value: None,
    });
    EligibilityHousehold {
        plan_year: i32::from(year),
        state: place.county.state.clone(),
        county_fips: Some(place.county.fips.to_string()),
        zip: Some(place.zip.to_string()),
        people: people.collect(),
        household_income: Some(money.income),
        household_income_monthly: money.monthly,
        employer_offers: offer.into_iter().collect(),
        ..EligibilityHousehold::default()
    }
}

/// A person's part on the tax return that the household is taken to file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxPart {
    Files,
    Spouse,
    Child,
    OtherDependent,
}

/// Everybody's part, as said or else as is most likely; the page says what we assumed. The order of the people matters
/// only if a letter refers to the first of them. Otherwise the oldest adult files, another adult of about that age is the
/// spouse, and the others are dependents.
pub fn tax_parts(household: &Household) -> Vec<TaxPart> {
    let people = household.people();
    let first_is_grown = people[0].age >= ADULT_FROM;
    let grown = |i: usize| people[i].age >= ADULT_FROM;
    // A letter that nobody can mean (a spouse who is a child, or of a child) is ignored.
    let said = |i: usize| match people[i].relation {
        Relation::Spouse if people[i].age < YOUNGEST_SPOUSE => Relation::Unsaid,
        relation if first_is_grown => relation,
        _ => Relation::Unsaid,
    };
    let letters = (1..people.len()).any(|i| said(i) != Relation::Unsaid);
    let oldest = |of: &dyn Fn(usize) -> bool| {
        (0..people.len()).filter(|&i| of(i)).min_by_key(|&i| (std::cmp::Reverse(people[i].age), i))
    };
    let filer = if letters { 0 } else { oldest(&grown).unwrap_or(0) };
    let likely = |i: usize| {
        i != filer
            && grown(i)
            && said(i) == Relation::Unsaid
            && people[i].age.abs_diff(people[filer].age) <= COUPLE_AGE_GAP
    };
    let spouse = (1..people.len()).find(|&i| said(i) == Relation::Spouse);
    let spouse = spouse.or_else(|| oldest(&likely).filter(|_| grown(filer)));
    let part = |i: usize| {
        if i == filer {
            TaxPart::Files
        } else if Some(i) == spouse {
            TaxPart::Spouse
        } else if people[i].age < people[filer].age {
            TaxPart::Child
        } else {
            TaxPart::OtherDependent
        }
    };
    (0..people.len()).map(part).collect()
}

/// The same as relationships to the first person, which is how the engine reads them.
fn relations(parts: &[TaxPart]) -> Vec<Relationship> {
    let first_is_child = !matches!(parts[0], TaxPart::Files | TaxPart::Spouse);
    parts
        .iter()
        .enumerate()
        .map(|(i, part)| match (part, first_is_child) {
            _ if i == 0 => Relationship::Applicant,
            (TaxPart::Files | TaxPart::Spouse, true) => Relationship::Parent,
            (TaxPart::Files | TaxPart::Spouse, false) => Relationship::Spouse,
            (TaxPart::Child, true) => Relationship::Sibling,
            (TaxPart::Child, false) => Relationship::Child,
            (TaxPart::OtherDependent, _) => Relationship::OtherRelative,
        })
        .collect()
}

pub fn determine_help(tables: &Tables, household: &EligibilityHousehold, as_of: Date) -> Result<Help, Vec<FieldError>> {
    determine(household, tables, as_of).map(|determination| Help { determination: Arc::new(determination) })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The rules of 2026, from the tables.
    pub fn rules() -> RatingRules {
        static RULES: std::sync::LazyLock<RatingRules> = std::sync::LazyLock::new(|| {
            let tables = Tables::load().expect("the tables");
            RatingRules::on(&tables, time::macros::date!(2026 - 01 - 01)).expect("rules of 2026")
        });
        *RULES
    }

    #[test]
    fn catastrophic_and_child_only_plans_follow_the_dated_ages() {
        let policy = |people: &str| Policy::at_full_price(&Household::parse(people).expect("a household"), rules());
        assert!(policy("29,40n").catastrophic && !policy("29,30").catastrophic);
        assert!(policy("20,3").children_only() && !policy("21").children_only());
        assert_eq!(policy("40m").level, CsrLevel::Limited);
        assert_eq!(policy("40m,38").level, CsrLevel::None);
    }
}
